"""Decides from the rows read what a change of a message writes: the new message and the log's entry.

Each function returns the step, or None if the message is that way already.
"""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import UNSET, Struct
from msgspec.structs import replace

from parley.domain.api import custom_data
from parley.domain.api.errors import Conflict, Forbidden, Invalid
from parley.domain.api.outbox import OutboxEntry
from parley.domain.api.request import Request
from parley.domain.api.requests import EditMessage
from parley.domain.api.types import EVERYONE, LinkPreview, Message
from parley.domain.conversations import rights
from parley.domain.conversations.head import LOOK_BACK, MAX_EVERYONE, Head, Membership
from parley.domain.conversations.message import PersonalMarks, StoredMessage, Tally, Viewer
from parley.domain.conversations.send_steps import check_mentions, with_mentions
from parley.domain.conversations.steps import Change, Changed, ChangeKind, OwnChange, PersonalMark, Step, next_change
from parley.domain.previews import job
from parley.domain.previews.links import first_link
from parley.domain.text.emoji import is_emoji, normalise

MAX_EDITS = 100  # of one message; each edit keeps one version
MAX_EMOJIS = 20  # different emojis on one message, so that it stays small
MAX_PINS = 50  # of one conversation, whose seqs its head holds


class Found(Struct, frozen=True, kw_only=True):
    """The rows read for a message that the caller wants to change; `mine` are the caller's marks on it, on or off.

    `named` holds memberships of the people whom it names, or will name; in a large group, of all of them. For a message
    that the caller hides, `side` is their own membership, and `hidden` are those of the `LOOK_BACK` messages before it
    that they have hidden.
    """

    caller_id: str
    head: Head
    message: StoredMessage
    mine: Sequence[PersonalMark] = ()
    named: Mapping[str, Membership | None] = {}
    side: Membership | None = None
    hidden: frozenset[int] = frozenset()
    blocked: frozenset[str] = frozenset()  # the caller's, in a group
    files_since_ms: int = 0  # the time of the youngest messages whose files are no longer kept

    def mark(self, emoji: str | None) -> PersonalMark | None:
        """Returns the caller's mark of one kind, on or off; None if the caller never set one."""
        return next((mark for mark in self.mine if mark.emoji == emoji), None)

    def members(self, user_ids: Iterable[str]) -> tuple[str, ...]:
        """Returns those of the people named who are in the conversation."""
        return tuple(
            user_id for user_id in user_ids if user_id in self.head.participants or self.named.get(user_id) is not None
        )

    def view(self) -> Message:
        """Returns the message as the caller sees it."""
        emojis = frozenset(mark.emoji for mark in self.mine if mark.is_on and mark.emoji is not None)
        hidden = self.mark(None)
        marks = PersonalMarks(emojis, hidden.at_ms if hidden is not None and hidden.is_on else None)
        viewer = Viewer(
            user_id=self.caller_id,
            blocked=self.blocked,
            marks={self.message.seq: marks},
            files_since_ms=self.files_since_ms,
        )
        return self.message.view(viewer)

    def for_all(self) -> Message:
        """Returns the message as events carry it."""
        return self.message.for_all(self.files_since_ms)

    def after(self, step: Step) -> "Found":
        """Returns this value as it is after a step."""
        changed = step.changed
        mark = changed.mark if changed else None
        mine = [*(other for other in self.mine if other.emoji != mark.emoji), mark] if mark else self.mine
        return replace(self, head=step.after, message=step.message or self.message, mine=mine)


def edit_message(request: Request, found: Found, wanted: EditMessage, window_s: int) -> Step | None:
    """Returns what an edit writes; refuses all but its author, and after `window_s` seconds (0: no end).

    An edit to the present content is allowed at any time: an earlier try may have written it. Only new words count as
    an edit, with a time, a number and a version; a product changes its data as often as it likes.
    """
    message = found.message
    _check_own(request, found, "edit_own")
    _check_there(message)
    worded = _worded(request, message, wanted)
    changed = _with_custom_data(worded, wanted)
    if changed.is_empty:
        pointer = f"{request.field_prefix}/text"
        raise Invalid.field(pointer, "blank", f"`{pointer}` must not be blank.")
    if changed == message:
        return None
    is_edit = worded != message
    link = first_link(changed.text)
    is_other_link = link != first_link(message.text)
    if is_other_link:
        changed = replace(changed, link_preview=None, without_preview=False)
    _check_editable(request, message, window_s, is_edit=is_edit)
    if is_edit:
        _check_names(request, found, wanted)
        edited_at_ms = max(request.now_ms, message.created_at_ms)
        changed = replace(changed, edited_at_ms=edited_at_ms, edit_count=message.edit_count + 1)
    entry = next_change(request, found.head, "message_updated", message_seq=message.seq)
    step = _step(found.head, Changed(entry=entry, message=changed, replaced=message if is_edit else None))
    step = _following(step, message, has_new_link=is_other_link and link is not None)
    return _with_names(found, step, message, changed)


def put_preview(request: Request, found: Found, preview: LinkPreview) -> Step:
    """Returns what shows the preview of the message's link."""
    return _with_preview(request, found, replace(found.message, link_preview=preview))


def remove_preview(request: Request, found: Found) -> Step | None:
    """Returns what takes the preview off a message, for good; refuses all but its author.

    A preview that is still being made never comes.
    """
    _check_own(request, found, "delete_own")
    _check_there(found.message)
    if found.message.without_preview or first_link(found.message.text) is None:
        return None
    return _with_preview(request, found, replace(found.message, link_preview=None, without_preview=True))


def _with_preview(request: Request, found: Found, changed: StoredMessage) -> Step:
    entry = next_change(request, found.head, "message_updated", message_seq=changed.seq)
    return _following(_step(found.head, Changed(entry=entry, message=changed)), found.message)


def _following(step: Step, before: StoredMessage, *, has_new_link: bool = False) -> Step:
    """Returns a step with the work that it leaves for previews: a look at a new link, the end of a picture."""
    after = step.message
    old = None if before.link_preview is None else before.link_preview.image or None
    new = None if after is None or after.link_preview is None else after.link_preview.image or None
    looks = (job.LOOK,) if has_new_link else ()
    drops = (job.drop(old.id),) if old is not None and old != new else ()
    return replace(step, of_preview=(*looks, *drops))


def _worded(request: Request, message: StoredMessage, wanted: EditMessage) -> StoredMessage:
    """Returns the message with the wanted text and mentions; refuses mentions without a text."""
    if wanted.words is not None:
        return replace(message, text=wanted.words, mentions=tuple(dict.fromkeys(wanted.mentions)))
    if wanted.mentions or (wanted.custom_type is UNSET and wanted.metadata is UNSET):
        pointer = f"{request.field_prefix}/text"
        raise Invalid.field(pointer, "required", f"`{pointer}` is missing.")
    return message


def _with_custom_data(message: StoredMessage, wanted: EditMessage) -> StoredMessage:
    """Returns the message with the wanted `custom_type` and metadata."""
    if wanted.custom_type is not UNSET:
        message = replace(message, custom_type=wanted.custom_type)
    if wanted.metadata is not UNSET:
        message = replace(message, metadata=custom_data.compact(wanted.metadata))
    return message


def _check_editable(request: Request, message: StoredMessage, window_s: int, *, is_edit: bool) -> None:
    if message.forwarded_from is not None:
        raise Forbidden(
            "forwarded_message",
            "A forwarded message cannot be edited.",
            rule="edit: a forwarded message stays as it was written",
        )
    if window_s and request.now_ms > message.created_at_ms + window_s * 1000:
        raise Forbidden(
            "edit_window_over",
            "This message is too old to be edited.",
            rule=f"EditWindowS = {window_s}: how long a message can be edited",
        )
    if is_edit and message.edit_count >= MAX_EDITS:
        raise Conflict("too_many_edits", f"A message can be edited {MAX_EDITS} times.", rule="edits")


def _with_names(found: Found, step: Step, before: StoredMessage, after: StoredMessage) -> Step:
    """Returns a step after which the unread mentions match the people whom its message names."""
    old, new = (
        dict.fromkeys(user_id for user_id in each.mentions if user_id != before.sender_id) for each in (before, after)
    )
    everyone_seqs = step.after.everyone_seqs
    if (EVERYONE in old) != (EVERYONE in new):
        others = {seq for seq in everyone_seqs if seq != before.seq}
        everyone_seqs = tuple(sorted(others | {before.seq} if EVERYONE in new else others)[-MAX_EVERYONE:])
    step = with_mentions(step, before.seq, (user_id for user_id in new if user_id not in old), found.named)
    unmentioned = found.members(user_id for user_id in old if user_id not in new)
    return replace(step, after=replace(step.after, everyone_seqs=everyone_seqs)).with_members(unmentioned=unmentioned)


def _check_names(request: Request, found: Found, wanted: EditMessage) -> None:
    """Refuses people whom an edit names, unless they are members or were named before, even if they left."""
    before = found.message.mentions
    if EVERYONE in wanted.mentions and EVERYONE not in before:
        rights.require(found.head, request.user_id, "mention_everyone")
    check_mentions(wanted.mentions, found.named, f"{request.field_prefix}/mentions", before)


def delete_message(request: Request, found: Found) -> Step | None:
    """Returns what a deletion for everyone writes; refuses all but the author and, in a group, its admins."""
    message = found.message
    if message.sender_id != request.user_id:
        rights.require(found.head, request.user_id, "delete_any")
    _check_own(request, replace(found, message=replace(message, sender_id=request.user_id)), "delete_own")
    if message.removed is not None:
        return _forgotten(request, found, message.with_content(message.removed))
    if message.deleted_at_ms is not None:
        return None
    return _deleted(request, found, message.blanked(max(request.now_ms, message.created_at_ms)), replaced=message)


def _forgotten(request: Request, found: Found, content: StoredMessage) -> Step:
    """Returns what the deletion of a message writes that a moderator has removed: it is restorable no more (D-526).

    `content` is the message as it was. The removal has taken it off pins and mentions already.
    """
    blank = content.blanked(max(request.now_ms, content.created_at_ms))
    entry = next_change(request, found.head, "message_deleted", message_seq=content.seq)
    step = _step(found.head, Changed(entry=entry, message=blank, replaced=content))
    return replace(step, released=_released(content, entry, is_held=False))


def remove_message(request: Request, found: Found) -> Step | None:
    """Returns what a moderator's deletion writes: the same, but the content stays for a restore."""
    message = found.message
    rights.require(found.head, request.user_id, "remove_message")
    _check_no_note(message)
    if message.deleted_at_ms is not None:
        return None
    return _deleted(request, found, message.without_content(max(request.now_ms, message.created_at_ms)))


def _deleted(request: Request, found: Found, changed: StoredMessage, replaced: StoredMessage | None = None) -> Step:
    head, message = found.head, found.message
    pins = tuple(seq for seq in head.pins if seq != message.seq)
    entry = next_change(request, head, "message_deleted", message_seq=message.seq)
    step = _step(head, Changed(entry=entry, message=changed, replaced=replaced), pins=pins)
    step = replace(step, released=_released(message, entry, is_held=changed.removed is not None))
    return _with_names(found, _following(step, message), message, changed)


def restore_message(request: Request, found: Found) -> Step | None:
    """Returns what brings a removed message back, with its pin if there is room.

    Refuses a message that was deleted otherwise, or removed more than `RESTORABLE_MS` ago.
    """
    head, message = found.head, found.message
    rights.require(head, request.user_id, "remove_message")
    if message.deleted_at_ms is None:
        return None
    if message.removed is None or message.removed.until_ms <= request.now_ms:
        detail = "This message cannot be restored."
        raise Conflict("not_restorable", detail, rule="moderators restore what moderators removed, for 30 days")
    changed = message.with_content(message.removed)
    has_room = len(head.pins) < MAX_PINS
    pins = (*head.pins, message.seq) if changed.pinned and has_room else head.pins
    changed = replace(changed, pinned=message.seq in pins)
    entry = next_change(request, head, "message_updated", message_seq=message.seq)
    return _with_names(found, _step(head, Changed(entry=entry, message=changed), pins=pins), message, changed)


def _released(message: StoredMessage, entry: Change, *, is_held: bool) -> OutboxEntry | None:
    """Returns the outbox's entry of the attachments that a deletion releases; None if there are none.

    Attachments that are held end when the message can be restored no more.
    """
    if not message.attachments:
        return None
    return OutboxEntry(
        kind="attachments_released",
        id=message.message_id,
        number=entry.change_seq,
        at_ms=entry.at_ms,
        about={"attachment_ids": [attachment.id for attachment in message.attachments]}
        | ({"is_held": True} if is_held else {}),
    )


def hide_message(request: Request, found: Found) -> Step | None:
    """Returns the step that hides a message, of any sender, from the caller's own view."""
    head, message = found.head, found.message
    known = found.mark(None)
    if known is not None and known.is_on:
        return None
    mark = _personal_mark(request, found, None, is_on=True)
    is_listed = message.seq == head.last_seq or (found.side is not None and head.earlier_seq(found.side) == message.seq)
    attributes = {"hidden_seq": head.last_seq, "shown_seq": _shown_before(found)}
    own = OwnChange(user_id=request.user_id, attributes=attributes) if is_listed else None
    entry = next_change(request, head, "message_deleted", message_seq=message.seq, for_user_id=request.user_id)
    return _step(head, Changed(entry=entry, mark=mark)).with_members(own=own)


def _shown_before(found: Found) -> int | None:
    """Returns the newest message before this one that the caller sees; None if it is too far back."""
    oldest_seq = max(found.head.first_seq, found.head.last_seq - LOOK_BACK)
    seqs = range(found.message.seq - 1, oldest_seq - 1, -1)
    return next((seq for seq in seqs if seq not in found.hidden), None)


def add_reaction(request: Request, found: Found, emoji: str) -> Step | None:
    """Returns the step that puts the caller's reaction on a message."""
    return _react(request, found, emoji, is_on=True)


def remove_reaction(request: Request, found: Found, emoji: str) -> Step | None:
    """Returns the step that takes the caller's reaction off a message."""
    return _react(request, found, emoji, is_on=False)


def _react(request: Request, found: Found, emoji: str, *, is_on: bool) -> Step | None:
    head, message = found.head, found.message
    rights.require(head, request.user_id, "react")
    known = found.mark(emoji)
    if (known is not None and known.is_on) == is_on:
        return None
    _check_there(message)
    tally = message.reactions.get(emoji, Tally(0, head.last_change_seq + 1))
    if is_on and tally.count == 0 and len(message.reactions) >= MAX_EMOJIS:
        raise Conflict("too_many_reactions", f"A message can carry {MAX_EMOJIS} different emojis.", rule="emojis")
    counted = {**message.reactions, emoji: Tally(tally.count + (1 if is_on else -1), tally.since)}
    changed = replace(message, reactions={kind: tally for kind, tally in counted.items() if tally.count > 0})
    mark = _personal_mark(request, found, emoji, is_on=is_on)
    kind: ChangeKind = "reaction_added" if is_on else "reaction_removed"
    entry = next_change(request, head, kind, message_seq=message.seq, emoji=emoji)
    return _step(head, Changed(entry=entry, message=changed, mark=mark))


def pin_message(request: Request, found: Found) -> Step | None:
    """Returns the step that pins a message for all members."""
    return _pin(request, found, is_on=True)


def unpin_message(request: Request, found: Found) -> Step | None:
    """Returns the step that unpins a message."""
    return _pin(request, found, is_on=False)


def _pin(request: Request, found: Found, *, is_on: bool) -> Step | None:
    head, message = found.head, found.message
    rights.require(head, request.user_id, "pin_message")
    if message.pinned == is_on:
        return None
    _check_there(message)
    if is_on and len(head.pins) >= MAX_PINS:
        raise Conflict("too_many_pins", f"A conversation can have {MAX_PINS} pinned messages.", rule="pins")
    pins = (*head.pins, message.seq) if is_on else tuple(seq for seq in head.pins if seq != message.seq)
    entry = next_change(request, head, "message_updated", message_seq=message.seq)
    return _step(head, Changed(entry=entry, message=replace(message, pinned=is_on)), pins=pins)


def check_emoji(emoji: str, pointer: str) -> str:
    """Returns the single form under which an emoji is counted; refuses a text that is not one emoji."""
    if not is_emoji(emoji):
        raise Invalid.field(pointer, "bad_format", "A reaction is one emoji.")
    return normalise(emoji)


def _check_no_note(message: StoredMessage) -> None:
    if message.kind == "system":
        raise Forbidden(
            "system_message", "Nobody can change a system message.", rule="system messages stay as they are"
        )


def _check_own(request: Request, found: Found, capability: str) -> None:
    _check_no_note(found.message)
    if found.message.sender_id != request.user_id:
        raise Forbidden("not_your_message", "Only the author can edit a message.", rule="edit: the message's sender")
    rights.require(found.head, request.user_id, capability)


def _check_there(message: StoredMessage) -> None:
    if message.deleted_at_ms is not None:
        raise gone()


def gone() -> Conflict:
    """Returns the refusal of a change to a message that was deleted for everyone."""
    return Conflict("message_deleted", "This message was deleted.", rule="a deleted message stays deleted")


def _personal_mark(request: Request, found: Found, emoji: str | None, *, is_on: bool) -> PersonalMark:
    known = found.mark(emoji)
    return PersonalMark(
        user_id=request.user_id,
        seq=found.message.seq,
        emoji=emoji,
        is_on=is_on,
        change_seq=found.head.last_change_seq + 1,
        at_ms=request.now_ms,
        before_seq=known.change_seq if known is not None else 0,
    )


def _step(head: Head, changed: Changed, *, pins: tuple[int, ...] | None = None) -> Step:
    """Returns the step of a change. The message bears the change's seq, and the list shows the changed last message."""
    change_seq, message = changed.entry.change_seq, changed.message
    if message is not None:
        message = replace(message, change_seq=change_seq)
    is_last = message is not None and message.seq == head.last_seq
    after = replace(
        head,
        last_change_seq=change_seq,
        pins=head.pins if pins is None else pins,
        last_message=message.preview() if message is not None and is_last else head.last_message,
    )
    return Step(before=head, after=after, changed=replace(changed, message=message))
