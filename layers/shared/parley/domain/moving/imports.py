"""Decides what of another system's conversation is stored, and names each part that cannot be."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal

from msgspec import UNSET, Struct
from msgspec.structs import replace

from parley.domain.api.bodies import decode_metadata
from parley.domain.api.custom_data import MAX_METADATA_BYTES, compact
from parley.domain.api.errors import Conflict, Field, Invalid, Unprocessable
from parley.domain.api.identity import PSEUDONYM_PREFIX, is_reserved, is_system_sender
from parley.domain.api.times import from_rfc3339, hour, rfc3339
from parley.domain.api.types import EVERYONE, Context, Moved, Note, Origin, Settings
from parley.domain.conversations.change_steps import MAX_PINS
from parley.domain.conversations.group_steps import MAX_ADMINS
from parley.domain.conversations.head import MAX_LISTED, Head, Membership, UnreadFrom
from parley.domain.conversations.message import StoredMessage, Tally
from parley.domain.conversations.send_steps import SENTENCES
from parley.domain.moving.requests import (
    FinishImport,
    ImportConversation,
    ImportedChanges,
    ImportedMember,
    ImportedMessage,
    ImportedNote,
    ImportedOrigin,
    ImportedReaction,
)
from parley.domain.people.policy import NO_CONTEXT
from parley.domain.text.emoji import normalise

MAX_NAMED = 20  # faults that a refusal names (reference/errors.md, "Fields")
MAX_PEOPLE = 1_000  # different people whom one request may name
IN_WORK = -1  # the `last_seq` of a head whose import is being undone: no step was decided at it
OF_GROUPS = ("description", "posting", "slow_mode_s", "history", "closed")  # what no other conversation has
OF_TICKETS = ("ticket_updated", "ticket_merged")  # events that no other conversation has
# The parts of a head by the fields of the body that began its import.
BEGUN_WITH = {
    "members": ("participants", "member_count", "owner_ids", "admin_ids"),
    "created_at": ("created_at_ms",),
    **{name: (name,) for name in ("context", "title", "requester_id", "custom_type", "metadata", *OF_GROUPS)},
}
Fault = tuple[Field, str]


class Import(Struct, frozen=True, kw_only=True):
    """A conversation with the run that brought it.

    While it is being imported only this area sees it; `done_seq` is its last message when the run finished it, None
    until then. `is_hidden` also while the import is being undone, whose head then has the `last_seq` `IN_WORK`.
    """

    head: Head
    run: str | None
    is_hidden: bool
    done_seq: int | None

    @property
    def is_being_undone(self) -> bool:
        return self.head.last_seq == IN_WORK


class ImportAnswer(Struct, frozen=True, kw_only=True):
    """An imported conversation: its state, and its last message that is stored."""

    conversation_id: str
    state: Literal["importing", "done"]
    last_seq: int


class UndoAnswer(Struct, frozen=True, kw_only=True):
    """The progress of undoing an import: call again until it is done."""

    conversation_id: str
    done: bool


def answer(known: Import) -> ImportAnswer:
    """Returns an import as the host's server sees it."""
    state: Literal["importing", "done"] = "importing" if known.is_hidden else "done"
    last_seq = known.head.last_seq if known.done_seq is None else known.done_seq
    return ImportAnswer(conversation_id=known.head.conversation_id, state=state, last_seq=last_seq)


def being_imported() -> Conflict:
    """Returns the refusal of a conversation that another is importing, or whose import is being undone."""
    detail = "This conversation is being imported; try again when that is over."
    return Conflict("conversation_importing", detail, rule="one run imports a conversation")


def is_live() -> Conflict:
    """Returns the refusal of a conversation that people use, or that another run has brought."""
    detail = "This conversation is in use: its messages have their numbers."
    return Conflict("conversation_live", detail, rule="a run changes only what it made itself and nobody has used")


def check_run(known: Import, run: str) -> None:
    """Raises Conflict unless this run made the conversation, and does not undo it."""
    if known.run != run:
        raise being_imported() if known.is_hidden else is_live()
    if known.is_being_undone:
        raise being_imported()


def check_same(known: Import, head: Head) -> None:
    """Raises Unprocessable, naming the fields, if an import that goes on was begun with other content than `head`.

    Of more than `MAX_LISTED` members a head has the number, the owners and the admins. People may have changed a
    conversation whose import is done.
    """
    if not known.is_hidden:
        return
    names = [name for name, parts in BEGUN_WITH.items() if any(_part(known.head, x) != _part(head, x) for x in parts)]
    if names:
        detail = f"The import of this conversation was begun with other content: {', '.join(names)}."
        fields = tuple(Field(f"/{name}", "contradiction") for name in names)
        raise Unprocessable("import_differs", detail, fields=fields)


def _part(head: Head, name: str) -> Any:
    """Returns a field of a head; the order of people says nothing."""
    part = getattr(head, name)
    return sorted(part) if name in ("participants", "owner_ids", "admin_ids") else part


def group_head(conversation_id: str, wanted: ImportConversation) -> Head:
    """Returns the head of an imported group without messages; raises Invalid, naming each wrong field."""
    refuse(_faults_of_group(wanted))
    roles = {role: tuple(each.user_id for each in wanted.members if each.role == role) for role in ("owner", "admin")}
    return replace(_head(conversation_id, wanted), owner_ids=roles["owner"], admin_ids=roles["admin"])


def direct_head(conversation_id: str, wanted: ImportConversation) -> Head:
    """Returns the head of an imported direct conversation without messages; raises Invalid."""
    refuse(_faults_of_direct(wanted))
    return _head(conversation_id, wanted)


def ticket_head(conversation_id: str, wanted: ImportConversation) -> Head:
    """Returns the head of an imported ticket without messages; raises Invalid, naming each wrong field."""
    refuse(_faults_of_ticket(wanted))
    return replace(_head(conversation_id, wanted), requester_id=wanted.requester_id)


def notes_head(conversation_id: str, wanted: ImportConversation, ticket: Head | None) -> Head:
    """Returns the head of the notes of an imported ticket, if that is known, without messages; raises Invalid."""
    requester_id = None if ticket is None else ticket.requester_id
    refuse(_faults_of_notes(wanted, requester_id))
    return replace(_head(conversation_id, wanted), requester_id=requester_id)


def _head(conversation_id: str, wanted: ImportConversation) -> Head:
    created_at_ms, about = from_rfc3339(wanted.created_at) or 0, wanted.context
    listed = wanted.members if len(wanted.members) <= MAX_LISTED else ()
    return Head(
        conversation_id=conversation_id,
        type=wanted.type,
        context=Context(about.type, about.id) if about is not None and about.type != NO_CONTEXT else None,
        participants=tuple(each.user_id for each in listed),
        last_seq=0,
        last_change_seq=0,
        last_message=None,
        sent_seqs={},
        created_at_ms=created_at_ms,
        last_activity_ms=created_at_ms,
        active_hour=hour(created_at_ms),
        title=wanted.title or (about.title if about is not None else None),
        description=wanted.description,
        member_count=len(wanted.members),
        posting=wanted.posting,
        slow_mode_s=wanted.slow_mode_s,
        history=wanted.history,
        closed=wanted.closed,
        custom_type=wanted.custom_type,
        metadata=compact(wanted.metadata),
    )


def check_created(wanted: ImportConversation, now_ms: int) -> None:
    """Raises Invalid for a time of creation that no calendar has, or that is to come."""
    refuse(faults_of_time(wanted.created_at, "/created_at", 0, now_ms))


def _faults_of_direct(wanted: ImportConversation) -> Iterator[Fault]:
    if len(wanted.members) != 2:
        code = "too_few_items" if len(wanted.members) < 2 else "too_many_items"
        yield Field("/members", code, 2), "A direct conversation has two members."
    for place, member in enumerate(wanted.members):
        if member.role != "member":
            yield Field(f"/members/{place}/role", "contradiction"), "Only a group has roles."
    yield from _without(wanted, "A direct conversation", *OF_GROUPS, "requester_id")
    if wanted.title is not None and (wanted.context is None or wanted.context.type == NO_CONTEXT):
        yield Field("/title", "not_allowed"), "A direct conversation without a context has no title."


def _without(wanted: ImportConversation, thing: str, *names: str) -> Iterator[Fault]:
    """Yields the fault of each of these fields that is there; `thing` has none of them."""
    blank = ImportConversation(run=wanted.run, source_id="x", type="direct", members=[], created_at="")
    for name in names:
        if getattr(wanted, name) != getattr(blank, name):
            yield Field(f"/{name}", "contradiction"), f"{thing} has no {name}."


def _faults_of_ticket(wanted: ImportConversation) -> Iterator[Fault]:
    yield from _without(wanted, "A ticket", *OF_GROUPS)
    yield from _faults_of_desks(wanted)
    for name in ("title", "requester_id"):
        if getattr(wanted, name) is None:
            yield Field(f"/{name}", "required"), f"A ticket needs a {name}."
    if wanted.requester_id is not None and wanted.requester_id not in {each.user_id for each in wanted.members}:
        yield Field("/requester_id", "contradiction"), "The requester is a member of the ticket."


def _faults_of_notes(wanted: ImportConversation, requester_id: str | None) -> Iterator[Fault]:
    yield from _without(wanted, "A conversation of notes", *OF_GROUPS, "title", "context", "requester_id")
    yield from _faults_of_desks(wanted)
    for place, member in enumerate(wanted.members):
        if member.user_id == requester_id:
            yield Field(f"/members/{place}/user_id", "contradiction"), "The requester never sees the notes."


def _faults_of_desks(wanted: ImportConversation) -> Iterator[Fault]:
    if len(wanted.members) > MAX_LISTED:
        yield Field("/members", "too_many_items", MAX_LISTED), f"A ticket can have {MAX_LISTED} members here."
    yield from _repeated(
        (each.user_id for each in wanted.members), "/members/{}/user_id", "This member is named twice."
    )
    for place, member in enumerate(wanted.members):
        if member.role != "member":
            yield Field(f"/members/{place}/role", "contradiction"), "Only a group has roles."


def _faults_of_group(wanted: ImportConversation) -> Iterator[Fault]:
    yield from _without(wanted, "A group", "requester_id")
    if wanted.context is not None:
        yield Field("/context", "contradiction"), "A group has no context."
    if wanted.title is None:
        yield Field("/title", "required"), "A group needs a title."
    yield from _repeated(
        (each.user_id for each in wanted.members), "/members/{}/user_id", "This member is named twice."
    )
    roles = [each.role for each in wanted.members]
    if "owner" not in roles:
        yield Field("/members", "required"), "A group needs an owner."
    if len(roles) - roles.count("member") > MAX_ADMINS:
        yield Field("/members", "too_many_items", MAX_ADMINS), f"A group can have {MAX_ADMINS} owners and admins."


def _repeated(names: Iterable[object], pointer: str, detail: str) -> Iterator[Fault]:
    seen: set[object] = set()
    for place, name in enumerate(names):
        if name in seen:
            yield Field(pointer.format(place), "repeated"), detail
        seen.add(name)


def faults_of_time(text: str, pointer: str, since_ms: int | None, now_ms: int) -> Iterator[Fault]:
    """Yields the fault of a time that no calendar has, that is before `since_ms`, or that is to come."""
    at_ms = from_rfc3339(text)
    if at_ms is None:
        yield Field(pointer, "bad_format"), "There is no such time."
    elif at_ms > now_ms:
        yield Field(pointer, "too_large"), "This time is in the future."
    elif since_ms is not None and at_ms < since_ms:
        yield Field(pointer, "too_small"), f"This time is before {rfc3339(since_ms)}, which is earlier in the data."


def refuse(faults: Iterable[Fault]) -> None:
    """Raises Invalid with up to `MAX_NAMED` of these faults; its detail is the first one's."""
    found = [fault for fault, _ in zip(faults, range(MAX_NAMED), strict=False)]
    if found:
        raise Invalid("invalid_request", found[0][1], fields=tuple(field for field, _ in found))


def people_of(messages: Sequence[ImportedMessage]) -> dict[str, str]:
    """Returns the people whom messages name, each with the first place that does; Invalid for too many of them."""
    found: dict[str, str] = {}
    for place, message in enumerate(messages):
        for user_id, pointer in _named_in(message, f"/messages/{place}"):
            found.setdefault(user_id, pointer)
    if len(found) > MAX_PEOPLE:
        detail = f"One request can name {MAX_PEOPLE} people; send fewer messages at once."
        raise Invalid("invalid_request", detail, fields=(Field("/messages", "too_many_items", MAX_PEOPLE),))
    return found


def _named_in(message: ImportedMessage, pointer: str) -> Iterator[tuple[str, str]]:
    yield message.sender_id, f"{pointer}/sender_id"
    if message.system is not None and (moved := message.system.changes.assignee_id) is not None:
        for name, user_id in (("from", moved.before), ("to", moved.after)):
            if user_id is not None:
                yield user_id, f"{pointer}/system/changes/assignee_id/{name}"
    for place, user_id in enumerate(message.mentions):
        if user_id != EVERYONE:
            yield user_id, f"{pointer}/mentions/{place}"
    for number, reaction in enumerate(message.reactions):
        for place, user_id in enumerate(reaction.user_ids):
            yield user_id, f"{pointer}/reactions/{number}/user_ids/{place}"


def is_pseudonym(user_id: str) -> bool:
    """Says whether an id replaces an erased person's: an export has some, and nobody has the id."""
    return is_reserved(user_id) and not is_system_sender(user_id) and user_id.startswith(PSEUDONYM_PREFIX)


def read_messages(head: Head, wanted: Sequence[ImportedMessage], now_ms: int) -> list[StoredMessage]:
    """Returns messages as they are stored; raises Invalid, naming each wrong field of each message.

    Their seqs follow each other and the last message that is stored, or repeat stored ones. Times never fall.
    """
    refuse(_faults_of_messages(head, wanted, now_ms))
    return [_read_message(head, each, place) for place, each in enumerate(wanted)]


def _faults_of_messages(head: Head, wanted: Sequence[ImportedMessage], now_ms: int) -> Iterator[Fault]:
    first = wanted[0].seq
    if first > head.last_seq + 1:
        yield Field("/messages/0/seq", "too_large", head.last_seq + 1), f"The next message is {head.last_seq + 1}."
    before_ms = head.last_activity_ms if 1 < first == head.last_seq + 1 else None
    for place, message in enumerate(wanted):
        if message.seq != first + place:
            yield Field(f"/messages/{place}/seq", "not_allowed"), f"The message after {first + place - 1} is missing."
            return
        yield from _faults_of_message(head, message, f"/messages/{place}", before_ms, now_ms)
        before_ms = max(before_ms or 0, from_rfc3339(message.created_at) or 0)
    pins = [each for each in wanted if each.pinned and each.seq > head.last_seq]
    if len(head.pins) + len(pins) > MAX_PINS:
        yield Field("/messages", "too_many_items", MAX_PINS), f"A conversation can have {MAX_PINS} pinned messages."


def _faults_of_message(
    head: Head, message: ImportedMessage, pointer: str, before_ms: int | None, now_ms: int
) -> Iterator[Fault]:
    yield from faults_of_time(message.created_at, f"{pointer}/created_at", before_ms, now_ms)
    created_at_ms = from_rfc3339(message.created_at)
    for name in ("edited_at", "deleted_at"):
        if (text := getattr(message, name)) is not None:
            yield from faults_of_time(text, f"{pointer}/{name}", created_at_ms, now_ms)
    is_of_two = message.sender_id in head.participants or is_reserved(message.sender_id)
    if not head.has_members and not is_of_two:
        yield Field(f"{pointer}/sender_id", "not_allowed"), "The sender is not in this conversation."
    if message.reply_to_seq is not None and message.reply_to_seq >= message.seq:
        yield Field(f"{pointer}/reply_to_seq", "not_allowed"), "A reply needs an earlier message."
    if message.system is not None and message.system.event in OF_TICKETS and not head.is_ticket:
        yield Field(f"{pointer}/system/event", "not_allowed"), "This event is one of tickets."
    yield from _faults_of_content(message, pointer)
    for number, reaction in enumerate(message.reactions):
        yield from _faults_of_reaction(reaction, f"{pointer}/reactions/{number}")


def _faults_of_content(message: ImportedMessage, pointer: str) -> Iterator[Fault]:
    if message.kind == "system":
        if message.system is None:
            yield Field(f"{pointer}/system", "required"), "A system message tells of an event."
        if message.text or message.custom_type is not None or message.attachment_ids:
            yield Field(f"{pointer}/text", "contradiction"), "A system message has no content of its own."
    elif message.system is not None:
        yield Field(f"{pointer}/system", "contradiction"), "Only a system message tells of an event."
    elif message.deleted_at is None and not (message.text or message.custom_type or message.attachment_ids):
        yield Field(f"{pointer}/text", "required"), "A message needs a text, attachments or a custom_type."
    elif message.deleted_at is None and message.kind == "voice" and len(message.attachment_ids) != 1:
        code = "too_many_items" if message.attachment_ids else "too_few_items"
        yield Field(f"{pointer}/attachment_ids", code, 1), "A voice message has exactly one attachment."


def _faults_of_reaction(reaction: ImportedReaction, pointer: str) -> Iterator[Fault]:
    try:
        normalise(reaction.emoji)
    except ValueError:
        yield Field(f"{pointer}/emoji", "bad_format"), "That is not one emoji."
    pointer = f"{pointer}/user_ids/{{}}"
    yield from _repeated(reaction.user_ids, pointer, "This person is named twice for one emoji.")


def _read_message(head: Head, wanted: ImportedMessage, place: int) -> StoredMessage:
    raw, edited = wanted.metadata, wanted.edited_at
    message = StoredMessage(
        conversation_id=head.conversation_id,
        seq=wanted.seq,
        sender_id=wanted.sender_id,
        kind=wanted.kind,
        text=wanted.text if wanted.system is None else SENTENCES.get(wanted.system.event, ""),
        created_at_ms=from_rfc3339(wanted.created_at) or 0,
        client_id=wanted.client_id,
        edited_at_ms=None if edited is None else from_rfc3339(edited),
        system=_note(wanted.system),
        reply_to_seq=wanted.reply_to_seq,
        forwarded_from=_origin(wanted.forwarded_from, place),
        mentions=tuple(dict.fromkeys(wanted.mentions)),
        custom_type=wanted.custom_type,
        metadata=None
        if raw is UNSET
        else decode_metadata(bytes(raw), f"/messages/{place}/metadata", MAX_METADATA_BYTES),
        reactions=_tallies(wanted.reactions),
        pinned=wanted.pinned,
        side="system" if head.is_ticket and wanted.kind == "system" else head.side_of(wanted.sender_id),
    )
    return message if wanted.deleted_at is None else message.blanked(from_rfc3339(wanted.deleted_at) or 0)


def _tallies(reactions: Sequence[ImportedReaction]) -> dict[str, Tally]:
    people: dict[str, set[str]] = {}
    for reaction in reactions:
        people.setdefault(normalise(reaction.emoji), set()).update(reaction.user_ids)
    return {emoji: Tally(len(user_ids), 0) for emoji, user_ids in people.items()}


def _note(wanted: ImportedNote | None) -> Note | None:
    if wanted is None:
        return None
    return Note(
        event=wanted.event,
        user_ids=wanted.user_ids,
        role=wanted.role,
        title=wanted.title,
        count=wanted.count,
        call_id=wanted.call_id,
        media=wanted.media,
        duration_s=wanted.duration_s,
        # A system message has no long fields: the event of a change has the whole ticket.
        changes={
            name: Moved(each.before, each.after)
            for name, each in moves(wanted.changes).items()
            if name not in ("subject", "tags")
        },
    )


def moves(wanted: ImportedChanges) -> dict[str, Any]:
    """Returns the fields of a ticket that changed, each with its values before and after."""
    found = {name: getattr(wanted, name) for name in wanted.__struct_fields__}
    return {name: each for name, each in found.items() if each is not None}


def _origin(wanted: ImportedOrigin | None, place: int) -> Origin | None:
    if wanted is None:
        return None
    at_ms = from_rfc3339(wanted.created_at)
    if at_ms is None:
        raise Invalid.field(f"/messages/{place}/forwarded_from/created_at", "bad_format", "There is no such time.")
    return Origin(sender_id=wanted.sender_id, created_at=rfc3339(at_ms))


def with_messages(head: Head, messages: Sequence[StoredMessage]) -> Head:
    """Returns the head after these messages, the first of which is the next one."""
    last = messages[-1]
    sent_seqs = {} if head.has_members else {each.sender_id: each.seq for each in messages if each.kind != "system"}
    return replace(
        head,
        last_seq=last.seq,
        last_message=last.preview(),
        sent_seqs={**head.sent_seqs, **{key: seq for key, seq in sent_seqs.items() if key in head.participants}},
        created_at_ms=min(head.created_at_ms, messages[0].created_at_ms),
        last_activity_ms=last.created_at_ms,
        active_hour=hour(last.created_at_ms),
        pins=(*head.pins, *(each.seq for each in messages if each.pinned)),
    )


def finished(head: Head, wanted: FinishImport, now_ms: int) -> tuple[Head, list[Membership]]:
    """Returns the head after the import, and the memberships; raises Invalid, naming each wrong field.

    A person of a direct conversation sees whether the other is online when both have written.
    """
    refuse(_faults_of_end(head, wanted, now_ms))
    after = replace(
        head,
        has_archived=any(each.archived for each in wanted.members),
        awaits_answer=not head.has_members and len(head.sent_seqs) < 2,
        closed=head.closed or (wanted.ticket is not None and wanted.ticket.status == "closed"),
    )
    for each in wanted.members:
        if each.visible_from_seq > 1 and not head.is_desks:
            after = after.with_horizon(each.user_id, each.visible_from_seq)
    return after, [_membership(head, each, now_ms) for each in wanted.members]


def _faults_of_end(head: Head, wanted: FinishImport, now_ms: int) -> Iterator[Fault]:
    if wanted.last_seq != head.last_seq:
        yield Field("/last_seq", "not_allowed", head.last_seq), f"The last message that is stored is {head.last_seq}."
    user_ids = [each.user_id for each in wanted.members]
    yield from _repeated(user_ids, "/members/{}/user_id", "This member is named twice.")
    if head.is_ticket and wanted.ticket is None:
        yield Field("/ticket", "required"), "A ticket has a state."
    if not head.is_ticket and wanted.ticket is not None:
        yield Field("/ticket", "contradiction"), "Only a ticket has a state."
    known = {*head.participants, *head.owner_ids, *head.admin_ids}
    if len(user_ids) != head.member_count or not known <= set(user_ids):
        yield Field("/members", "contradiction"), "These are not the members with whom the import began."
    for place, member in enumerate(wanted.members):
        yield from _faults_of_member(head, member, f"/members/{place}")


def _faults_of_member(head: Head, member: ImportedMember, pointer: str) -> Iterator[Fault]:
    for name in ("read_seq", "delivered_seq", "since_seq"):
        if (getattr(member, name) or 0) > head.last_seq:
            yield Field(f"{pointer}/{name}", "too_large", head.last_seq), f"The last message is {head.last_seq}."
    if member.visible_from_seq > head.last_seq + 1:
        limit = head.last_seq + 1
        yield Field(f"{pointer}/visible_from_seq", "too_large", limit), f"The next message would be {limit}."
    if member.unread_from_seq is not None:
        yield from _faults_of_mark(head, member, member.unread_from_seq, f"{pointer}/unread_from_seq")
    for place, seq in enumerate(member.mention_seqs):
        if not member.read_seq < seq <= head.last_seq:
            detail = "An unread mention is after the last message that was read."
            yield Field(f"{pointer}/mention_seqs/{place}", "not_allowed"), detail
    until = member.settings.muted_until
    if until is not None and from_rfc3339(until) is None:
        yield Field(f"{pointer}/settings/muted_until", "bad_format"), "There is no such time."


def _faults_of_mark(head: Head, member: ImportedMember, seq: int, pointer: str) -> Iterator[Fault]:
    if seq > head.last_seq:
        yield Field(pointer, "too_large", head.last_seq), f"The last message is {head.last_seq}."
    elif seq < member.visible_from_seq:
        limit = member.visible_from_seq
        yield Field(pointer, "too_small", limit), f"The message {limit} is the first one that they see."


def _membership(head: Head, member: ImportedMember, now_ms: int) -> Membership:
    until = None if member.settings.muted_until is None else from_rfc3339(member.settings.muted_until)
    read_seq = max(member.read_seq, head.sent_seqs.get(member.user_id, 0))  # as `Head.read_seq` will have it
    seq = member.unread_from_seq
    return Membership(
        user_id=member.user_id,
        conversation_id=head.conversation_id,
        read_seq=member.read_seq,
        delivered_seq=max(member.read_seq, member.delivered_seq or 0),
        settings=Settings(
            pinned=member.settings.pinned,
            muted_until=None if until is None else rfc3339(until),
            notifications=member.settings.notifications,
        ),
        archived_seq=head.last_seq if member.archived else None,
        mention_seqs=frozenset(member.mention_seqs),
        since_ms=head.created_at_ms,
        since_seq=member.since_seq,
        visible_from_seq=member.visible_from_seq if head.is_group else 1,
        unread_from=None if seq is None else UnreadFrom(seq=seq, read_seq=read_seq, at_ms=now_ms),
    )
