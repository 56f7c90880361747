"""The unread messages that name a user, so that a client can jump from one mention to the next."""

from collections.abc import Collection, Sequence

from msgspec import Struct

from parley.actions import access, named
from parley.actions.viewer import viewer_and_messages
from parley.adapters.conversations import messages
from parley.domain.api import cursors
from parley.domain.api.request import Request
from parley.domain.api.requests import Page, Seq
from parley.domain.api.types import Message, NamedUser
from parley.domain.conversations import history
from parley.domain.conversations.message import StoredMessage, Viewer
from parley.domain.conversations.named import in_messages


class MentionList(Struct, frozen=True, kw_only=True):
    """The caller's unread mentions in a conversation, the newest first; `next` brings the older ones."""

    messages: list[Message]
    next: str | None
    users: dict[str, NamedUser]


class _MentionPosition(Struct, frozen=True, kw_only=True, array_like=True, forbid_unknown_fields=True):
    """The mention after which the list goes on: a marker that moves meanwhile shortens the rest, and moves nothing."""

    before: Seq


def list_mentions(request: Request, conversation_id: str, query: Page) -> MentionList:
    """Returns the unread messages that name the caller or everyone, the newest first; two round trips.

    Three where the caller has deleted one of them for themselves: those are left out, and older ones come instead. What
    has been deleted for everyone names nobody any more.
    """
    position = cursors.decode(query.cursor, _MentionPosition)
    head, mine = access.access_membership(request, conversation_id)
    unread = [seq for seq in head.unread_mentions(mine) if position is None or seq < position.before]
    seqs = unread[::-1]
    if not seqs:
        return MentionList(messages=[], next=None, users={})

    def read(wanted: Sequence[int], blocked: Collection[str] | None = None) -> tuple[Viewer, Sequence[StoredMessage]]:
        span = (unread[0], unread[-1])
        return viewer_and_messages(
            request, head, span, lambda: list(messages.some(conversation_id, wanted).values()), blocked
        )

    taken = seqs[: query.limit]
    (viewer, found), known = named.beside(request, head, lambda: read(taken))
    seqs = [seq for seq in seqs if not viewer.hides(seq)]
    if seqs[: query.limit] != taken:
        taken = seqs[: query.limit]
        viewer, found = read(taken, viewer.blocked)

    # Head and membership are not read at one moment, nor is a message with them: each says by itself what it is now.
    still = [message for message in found if message.names(request.user_id) and not viewer.is_hidden(message)]
    shown = list(history.Room().fitting(viewer.view(message) for message in still))
    before = shown[-1].seq if len(shown) < len(still) else taken[-1] if len(taken) < len(seqs) else None
    return MentionList(
        messages=shown,
        next=None if before is None else cursors.encode(_MentionPosition(before=before)),
        users=named.users(request, in_messages(shown), known),
    )
