"""The action `send_message`: into a conversation, or to a user."""

from msgspec import UNSET
from msgspec.structs import asdict

from parley.actions.messages import messages
from parley.domain.api.errors import Field, Invalid
from parley.domain.api.request import Request
from parley.domain.api.requests import SendMessageAction, SendMessageToUser
from parley.domain.api.types import SentMessage


def send_message(request: Request, wanted: SendMessageAction) -> SentMessage:
    """Writes a message into a conversation, or to a user as POST /messages does.

    Raises Invalid unless the frame names exactly one of the two. A context stands for the user if one other person of
    it can be meant.
    """
    names_nobody = wanted.user_id is UNSET and (wanted.context is None or wanted.context.id is None)
    if wanted.conversation_id is UNSET and names_nobody:
        pointer = f"{request.field_prefix}/conversation_id"
        raise Invalid.field(pointer, "required", "A message needs a conversation_id or a user_id.")
    if wanted.conversation_id is UNSET:
        return _to_user(request, wanted)
    _refuse_fields_of_a_user(request, wanted)
    return messages.send_message(request, wanted.conversation_id, wanted)


def _refuse_fields_of_a_user(request: Request, wanted: SendMessageAction) -> None:
    given = {
        "user_id": wanted.user_id is not UNSET,
        "context": wanted.context is not None,
        "conversation": wanted.conversation is not None,
    }
    wrong = [name for name, is_given in given.items() if is_given]
    if wrong:
        raise Invalid(
            "invalid_request",
            f"A message into a conversation has no {wrong[0]}.",
            fields=tuple(Field(f"{request.field_prefix}/{name}", "contradiction") for name in wrong),
        )


def _to_user(request: Request, wanted: SendMessageAction) -> SentMessage:
    from parley.actions.messages import send_to_user  # a send into a conversation opens none

    fields = asdict(wanted)
    del fields["conversation_id"]
    fields["user_id"] = None if wanted.user_id is UNSET else wanted.user_id
    return send_to_user.send_message_to_user(request, SendMessageToUser(**fields))
