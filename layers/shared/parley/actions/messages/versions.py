"""The earlier texts of an edited or deleted message: kept, and shown to moderators."""

from typing import Annotated

from msgspec import Meta, Struct

from parley.actions import access
from parley.adapters.conversations import messages
from parley.adapters.moderation import audit
from parley.adapters.people import account_states, moderators
from parley.domain.api import cursors, ids
from parley.domain.api.request import Request
from parley.domain.api.requests import VersionQuery
from parley.domain.api.times import rfc3339
from parley.domain.conversations import change_steps, history, rights
from parley.domain.conversations.message import StoredMessage
from parley.domain.moderation.audit import new_entry


class Version(Struct, frozen=True, kw_only=True):
    """A text of a message, and the time since which it had it."""

    text: str
    since: str


class VersionList(Struct, frozen=True, kw_only=True):
    """The texts of a message, oldest first; the last one is the present text, unless it was deleted.

    A removed text counts as present: it can be restored.

    If they do not fit into one answer, `next` brings the rest.
    """

    message_id: str
    versions: list[Version]
    next: str | None


class _Position(Struct, frozen=True, kw_only=True, array_like=True, forbid_unknown_fields=True):
    shown: Annotated[int, Meta(ge=1, le=change_steps.MAX_EDITS + 1)]  # versions: new ones are only added at the end


def list_versions(request: Request, message_id: str, query: VersionQuery) -> VersionList:
    """Returns the texts of a message; to moderators of the deployment and to a group's owners and admins.

    Two round trips, one more for a moderator: the audit log records the reading before it happens.
    """
    position = cursors.decode(query.cursor, _Position)
    message = _access(request, message_id)
    texts = messages.versions(message.conversation_id, message.seq)
    if message.removed is not None:
        texts.append(message.with_content(message.removed))
    elif message.deleted_at_ms is None:
        texts.append(message)
    start = position.shown if position is not None else 0
    shown = list(history.Room().fitting(_version(version) for version in texts[start:]))
    end = start + len(shown)
    more = cursors.encode(_Position(shown=end)) if end < len(texts) else None
    return VersionList(message_id=message_id, versions=shown, next=more)


def _access(request: Request, message_id: str) -> StoredMessage:
    """Returns a message to moderators, and to members who have the right; with the first read comes the role."""
    conversation_id, seq = ids.split_message_id(message_id, access.field_of(request, "message_id"))
    head, mine, message, _ = messages.head_and_message(conversation_id, seq, request.user_id)
    is_member = access.seen_at(request, head, mine, seq) is not None
    is_moderator = moderators.is_moderator(account_states.role_of(request))
    may_moderate = is_moderator and head is not None and access.is_moderated(request, head)
    if head is None or message is None or not (may_moderate or is_member):
        raise access.no_message()
    if may_moderate:
        audit.write_entry(new_entry(account_states.as_put(request), "read_edits", message_id))
    else:
        rights.require(head, request.user_id, "read_versions")
    return message


def _version(message: StoredMessage) -> Version:
    return Version(text=message.text, since=rfc3339(message.edited_at_ms or message.created_at_ms))
