"""A member's own settings in a conversation: archived, pinned, muted."""

import msgspec
from msgspec import UNSET

from parley.actions import access, named, push
from parley.actions.conversations import views
from parley.actions.conversations.lists import MAX_PINNED
from parley.actions.parallel import in_parallel
from parley.adapters.conversations import conversations, head_rows, journal
from parley.adapters.dynamodb import conditions
from parley.domain.api.errors import Conflict, Invalid
from parley.domain.api.request import Request
from parley.domain.api.requests import UpdateSettings
from parley.domain.api.times import from_rfc3339, rfc3339
from parley.domain.api.types import ConversationAnswer, Settings
from parley.domain.conversations.events import ConversationUpdated, Own
from parley.domain.conversations.head import Head, Membership
from parley.domain.conversations.steps import MemberWrites, OwnChange, Step


def archive_conversation(request: Request, conversation_id: str, *, archived: bool) -> ConversationAnswer:
    """Archives a conversation in the caller's list until its next message, or unarchives it.

    Three round trips and the posts.
    """
    return tell_and_answer(request, *set_archived(request, conversation_id, archived=archived))


def set_archived(request: Request, conversation_id: str, *, archived: bool) -> tuple[Head, Membership]:
    """Archives or unarchives a conversation; two round trips. A repeat writes nothing.

    Returns what `tell_own` tells the caller's devices then, also after a repeat: the first try may not have told them.
    """
    for _ in conditions.tries():
        head, mine = access.access_membership(request, conversation_id)
        after = head
        if archived != head.is_archived(mine):
            shelf = head_rows.shelf_of(request.user_id, archived=archived, notes=head.is_notes)
            archived_seq, own_seq = head.last_seq if archived else None, mine.own_seq + 1
            attributes = {"archived_seq": archived_seq, "shelf": shelf, "own_seq": own_seq}
            own = OwnChange(user_id=request.user_id, attributes=attributes, before=mine)
            after = msgspec.structs.replace(head, has_archived=archived or head.has_archived)
            step = Step(before=head, after=after, members=MemberWrites(own=own), rests_on_last=archived)
            try:
                journal.write(step, request.now_s)
            except conditions.LostRace:
                continue
            mine = msgspec.structs.replace(mine, archived_seq=archived_seq, own_seq=own_seq)
        return after, mine
    raise conditions.busy()


def update_settings(request: Request, conversation_id: str, wanted: UpdateSettings) -> ConversationAnswer:
    """Changes the caller's settings for a conversation, on all their devices; three round trips and the posts."""
    for _ in conditions.tries():
        head, mine = access.access_membership(request, conversation_id)
        settings = _settings(request, mine.settings, wanted)
        if settings.pinned and not mine.settings.pinned:
            _check_room_to_pin(request)
        is_new = settings != mine.settings  # else a retry; its first try may not have told the devices
        changed = msgspec.structs.replace(mine, settings=settings, own_seq=mine.own_seq + is_new)
        if not is_new or conversations.save_settings(mine, changed, request.now_ms):
            return tell_and_answer(request, head, changed)
    raise conditions.busy()


def _check_room_to_pin(request: Request) -> None:
    if len(conversations.pinned(request.user_id, MAX_PINNED)) >= MAX_PINNED:
        raise Conflict("too_many_pinned", f"You can pin {MAX_PINNED} conversations.", rule="pinned_conversations")


def _settings(request: Request, now: Settings, wanted: UpdateSettings) -> Settings:
    changed: dict[str, object] = {
        name: value
        for name in ("pinned", "notifications", "muted_until")
        if (value := getattr(wanted, name)) is not UNSET
    }
    if isinstance(wanted.muted_until, str):
        until_ms = from_rfc3339(wanted.muted_until)
        if until_ms is None:
            pointer = f"{request.field_prefix}/muted_until"
            raise Invalid.field(pointer, "bad_format", "There is no such time.")
        changed["muted_until"] = rfc3339(until_ms)
    return msgspec.structs.replace(now, **changed)


def tell_and_answer(request: Request, head: Head, mine: Membership) -> ConversationAnswer:
    """Tells the caller's other devices of their own side of a conversation, and returns the conversation as it is now.

    One round trip and the posts.
    """
    answer, _ = in_parallel(
        lambda: views.answer(request, head.seen_by(request.user_id, mine), mine),
        lambda: tell_own(request, head, mine),
    )
    return answer


def tell_own(request: Request, head: Head, mine: Membership) -> None:
    """Tells the caller's other devices the settings for a conversation."""
    own = Own.of(head, mine)
    event = ConversationUpdated(conversation_id=head.conversation_id, user_id=request.user_id, own=own)
    push.tell(request, [request.user_id], named.told_by_caller(request, event))
