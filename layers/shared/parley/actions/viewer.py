"""Messages as one person sees them: with their own marks, and marked if they have blocked the sender."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from parley.actions.parallel import in_parallel
from parley.adapters.attachments import limits
from parley.adapters.conversations import personal_marks
from parley.adapters.people import blocks
from parley.domain.api import ids
from parley.domain.api.request import Request
from parley.domain.conversations.head import Head
from parley.domain.conversations.message import PersonalMarks, Reader, StoredMessage, Viewer


def reader_of(user_id: str, heads: Iterable[Head]) -> Reader:
    """Returns a user as the reader of these conversations: with their blocks, if these show there.

    One round trip; none if no group among them ends with a user's message.
    """
    blocked = blocks.blocked_by(user_id) if any(head.shows_words for head in heads) else ()
    return Reader(user_id=user_id, blocked=frozenset(blocked))


def viewer_of(
    request: Request, conversation_id: str, first_seq: int, last_seq: int, blocked: Collection[str] | None = None
) -> Viewer:
    """Returns how the caller sees the messages from `first_seq` to `last_seq`; one round trip.

    In a group it uses its own thread, unless it is given `blocked`. So of two calls in parallel, this must be the one
    that does not run in a thread.
    """

    def mine() -> Mapping[int, PersonalMarks]:
        return personal_marks.marks_on(conversation_id, request.user_id, first_seq, last_seq)

    if not ids.is_group_id(conversation_id):
        return _viewer(request, frozenset(), mine())
    if blocked is not None:
        return _viewer(request, frozenset(blocked), mine())
    marked, found = in_parallel(mine, lambda: frozenset(blocks.blocked_by(request.user_id)))
    return _viewer(request, found, marked)


def _viewer(request: Request, blocked: frozenset[str], marked: Mapping[int, PersonalMarks]) -> Viewer:
    since_ms = limits.files_since_ms(request.now_ms)
    return Viewer(user_id=request.user_id, blocked=blocked, marks=marked, files_since_ms=since_ms)


def author_as_viewer(user_id: str, marked: Mapping[int, PersonalMarks]) -> Viewer:
    """Returns how a user sees their own messages, which are never marked for them."""
    return Viewer(user_id=user_id, blocked=frozenset(), marks=marked)


def viewer_and_messages(
    request: Request,
    head: Head,
    span: tuple[int, int],
    read: Callable[[], Sequence[StoredMessage]],
    blocked: Collection[str] | None = None,
) -> tuple[Viewer, Sequence[StoredMessage]]:
    """Returns how the caller sees the messages of a span of seqs, and those of them that `read` returns.

    One round trip. Marks and messages are read side by side. A message that has changed since `head` was read may carry
    the caller's own reaction that the marks lack, so the marks are read again then. They may be newer than the message,
    because the client hears of newer changes, but never older. It uses its own thread, as `viewer_of` does. Messages
    before `head.first_seq` are left out: the caller does not see them.
    """
    conversation_id = head.conversation_id
    seen, found = in_parallel(lambda: viewer_of(request, conversation_id, *span, blocked), read)
    if any(message.change_seq > head.last_change_seq for message in found):
        seen = viewer_of(request, conversation_id, *span, blocked)
    return seen, [message for message in found if message.seq >= head.first_seq]
