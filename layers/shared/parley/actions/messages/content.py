"""The content of a message that is not sent yet."""

from parley.adapters.attachments import limits
from parley.domain.api.request import Request
from parley.domain.api.requests import Draft
from parley.domain.conversations import send_steps


def check_content(request: Request, draft: Draft) -> None:
    """Refuses a message with nothing to show, and one with more attachments than a message may carry."""
    most = limits.current().per_message if draft.attachment_ids else 0
    send_steps.check_content(draft, request.field_prefix, most)


def longest_voice_ms(draft: Draft) -> int:
    """Returns how long a voice message may last, in milliseconds; 0 for a draft of another kind."""
    return limits.current().voice_ms if draft.kind == "voice" else 0
