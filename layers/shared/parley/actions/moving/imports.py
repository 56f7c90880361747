"""Importing a conversation of another system: its head, its messages in parts, and at last its members' sides.

Until the last step nobody but the run sees it, and nobody is told of any of it.
"""

from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace

from parley.actions import access
from parley.actions.moving import files
from parley.actions.people import may_open
from parley.actions.people.profiles import require_service
from parley.adapters.conversations import messages
from parley.adapters.dynamodb import batches, conditions, tables
from parley.adapters.dynamodb.batches import Rows
from parley.adapters.moving import import_rows
from parley.adapters.people import blocks, erased_people, policies, senders
from parley.domain.api import ids
from parley.domain.api.errors import Field, Invalid, NotFound, Unprocessable
from parley.domain.api.identity import is_reserved
from parley.domain.api.request import Request
from parley.domain.api.types import Context
from parley.domain.conversations.head import Head
from parley.domain.conversations.message import StoredMessage
from parley.domain.conversations.steps import PersonalMark
from parley.domain.erasure import job
from parley.domain.moving import imports
from parley.domain.moving.imports import Import, ImportAnswer
from parley.domain.moving.requests import FinishImport, ImportConversation, ImportedMessage, ImportMessages
from parley.domain.people.policy import NO_CONTEXT
from parley.domain.text.emoji import normalise

_Keys = dict[type[tables.Table], Iterable[batches.Key]]


def import_conversation(request: Request, wanted: ImportConversation) -> tuple[ImportAnswer, bool]:
    """Returns the import of a conversation, and whether this call began it; the same run finds it again.

    Two round trips; one if it is there. Raises Conflict if the conversation is in use, or another run imports it,
    and Unprocessable if this run began it with other content.
    """
    require_service(request, "import conversations", "POST /migration/conversations")
    imports.check_created(wanted, request.now_ms)
    head, opening = _new_head(request, wanted)
    for _ in conditions.tries():
        rows = batches.read_rows(_keys_to_begin(request, head, wanted, opening))
        if wanted.type == "notes":
            head = _notes_head(rows, head.conversation_id, wanted)
        known = import_rows.import_of(rows, head.conversation_id)
        if known is not None:
            imports.check_run(known, wanted.run)
            imports.check_same(known, head)
            return imports.answer(known), False
        _check_members(request, wanted, rows, opening)
        try:
            import_rows.create(head, wanted.run)
        except conditions.LostRace:
            continue
        return imports.answer(Import(head=head, run=wanted.run, is_hidden=True, done_seq=None)), True
    raise conditions.busy()


def _new_head(request: Request, wanted: ImportConversation) -> tuple[Head, may_open.Opening | None]:
    """Returns the head of a new import, and of a direct conversation its opening, which gives it its id."""
    if wanted.type == "group":
        return imports.group_head(ids.imported_group_id(wanted.source_id), wanted), None
    if wanted.type == "ticket":
        _check_topic(wanted)
        return imports.ticket_head(ids.imported_ticket_id(wanted.source_id), wanted), None
    if wanted.type == "notes":
        return imports.notes_head(ids.notes_id(ids.imported_ticket_id(wanted.source_id)), wanted, None), None
    unnamed = imports.direct_head("", wanted)
    first, second = unnamed.participants
    pointers = ("/members/0/user_id", "/members/1/user_id")
    opening = may_open.opening(request.in_name_of(first), second, wanted.context, pointers)
    return imports.direct_head(opening.conversation_id, wanted), opening


def _check_topic(wanted: ImportConversation) -> None:
    """Raises Invalid for a ticket about something that the policy does not know."""
    about = wanted.context
    if about is not None and about.type != NO_CONTEXT and not policies.current().knows(Context(about.type, about.id)):
        fields = (Field("/context/type", "not_allowed"),)
        raise Invalid("unknown_context_type", f"There are no conversations of the type `{about.type}`.", fields=fields)


def _notes_head(rows: Rows, notes_id: str, wanted: ImportConversation) -> Head:
    """Returns the head of notes, whose ticket this run has begun; raises NotFound if it has not."""
    ticket = import_rows.import_of(rows, ids.ticket_of(notes_id))
    if ticket is None:
        fields = (Field("/source_id", "not_allowed"),)
        raise NotFound("ticket_not_found", "Import the ticket before its notes.", fields=fields)
    imports.check_run(ticket, wanted.run)
    return imports.notes_head(notes_id, wanted, ticket.head)


def _keys_to_begin(request: Request, head: Head, wanted: ImportConversation, opening: may_open.Opening | None) -> _Keys:
    if opening is not None:
        return opening.reads(request.in_name_of(wanted.members[0].user_id))
    conversation_ids = [head.conversation_id]
    if wanted.type == "notes":
        conversation_ids.append(ids.ticket_of(head.conversation_id))
    people = keys_of_people(each.user_id for each in wanted.members)
    return {tables.Conversation: [(each,) for each in conversation_ids], **people}


def keys_of_people(user_ids: Iterable[str]) -> _Keys:
    wanted = list(user_ids)
    return {
        tables.User: [(user_id,) for user_id in wanted],
        tables.Erasure: [(erased_people.key(user_id),) for user_id in wanted],
    }


def _check_members(request: Request, wanted: ImportConversation, rows: Rows, opening: may_open.Opening | None) -> None:
    """Raises NotFound for members whom Parley does not know; of two people the policy says what it may be about."""
    if opening is not None:
        opening.decide(request.in_name_of(wanted.members[0].user_id), rows)
    _require_known(rows, {each.user_id: f"/members/{place}/user_id" for place, each in enumerate(wanted.members)})


def _require_known(rows: Rows, people: Mapping[str, str]) -> None:
    """Raises NotFound for people without a profile, at their places, whatever a policy allows: nobody could tell who.

    Also for people who were erased.
    """
    for user_id, pointer in people.items():
        if erased_people.is_marked(rows, user_id):
            raise job.nobody(pointer)
    wrong = [pointer for user_id, pointer in people.items() if not rows.has(tables.User, user_id)]
    if wrong:
        fields = tuple(Field(pointer, "not_allowed") for pointer in wrong[: imports.MAX_NAMED])
        raise NotFound("unknown_user", "There is no such user.", fields=fields)


def import_messages(request: Request, conversation_id: str, wanted: ImportMessages) -> ImportAnswer:
    """Stores the next messages of an import, all of them before the answer; a repeat of stored ones changes nothing.

    Three round trips, one more for a repeat: the head with the people, at most `MAX_PEOPLE`; the rows; the head. Raises
    Unprocessable if a repeated message is not as it was stored.
    """
    require_service(request, "import messages", "POST /migration/conversations")
    ids.check_conversation_id(conversation_id, "{conversation_id}")
    people = imports.people_of(wanted.messages)
    known_people = [user_id for user_id in people if not is_reserved(user_id)]
    keys: _Keys = {
        tables.Conversation: [(conversation_id,)],
        tables.File: files.keys_of(wanted.messages),
        **keys_of_people(known_people),
    }
    for _ in conditions.tries():
        rows = batches.read_rows(keys)
        known = import_to_go_on(rows, conversation_id, wanted.run)
        if not known.is_hidden:
            raise imports.is_live()
        read = imports.read_messages(known.head, wanted.messages, request.now_ms)
        check_people(rows, people)
        read = files.with_files(rows, wanted.messages, read, request.now_ms)
        try:
            return imports.answer(replace(known, head=_store(known.head, wanted, read)))
        except conditions.LostRace:  # an earlier try of this request may have been faster
            continue
    raise conditions.busy()


def _store(before: Head, wanted: ImportMessages, read: Sequence[StoredMessage]) -> Head:
    """Writes those messages that are not stored yet, and returns the head after them."""
    _check_repeated(before, read)
    new = [message for message in read if message.seq > before.last_seq]
    if not new:
        return before
    after = imports.with_messages(before, new)
    import_rows.write_messages(before, new, _reactions(wanted.messages, new))
    files.settle(new)
    import_rows.move(before, after, wanted.run)
    return after


def import_to_go_on(rows: Rows, conversation_id: str, run: str) -> Import:
    known = import_rows.import_of(rows, conversation_id)
    if known is None:
        raise access.no_conversation()
    imports.check_run(known, run)
    return known


def check_people(rows: Rows, people: Mapping[str, str]) -> None:
    """Raises NotFound for people whom Parley does not know, and Invalid for ids that no person has."""
    for user_id, pointer in people.items():
        if is_reserved(user_id) and not imports.is_pseudonym(user_id) and senders.system_sender(user_id) is None:
            raise Invalid.field(pointer, "not_allowed", "There is no such system sender.")
    _require_known(rows, {user_id: pointer for user_id, pointer in people.items() if not is_reserved(user_id)})


def _check_repeated(head: Head, read: Sequence[StoredMessage]) -> None:
    """Raises Unprocessable if messages that are stored come again with other content; one round trip if any come."""
    repeated = [message for message in read if message.seq <= head.last_seq]
    if not repeated:
        return
    stored = messages.some(head.conversation_id, [message.seq for message in repeated])
    for place, message in enumerate(repeated):
        if stored.get(message.seq) != message:
            pointer = f"/messages/{place}/seq"
            detail = f"Message {message.seq} is stored with other content."
            raise Unprocessable("import_differs", detail, fields=(Field(pointer, "contradiction"),))


def _reactions(wanted: Sequence[ImportedMessage], new: Sequence[StoredMessage]) -> list[PersonalMark]:
    """Returns the reactions to new messages; a deleted message has none. Nobody knows their times any more."""
    shown = {message.seq: message for message in new if message.deleted_at_ms is None}
    pairs = {
        (each.seq, user_id, normalise(reaction.emoji))
        for each in wanted
        if each.seq in shown
        for reaction in each.reactions
        for user_id in reaction.user_ids
    }
    return [
        PersonalMark(user_id=user_id, seq=seq, emoji=emoji, is_on=True, change_seq=0, at_ms=shown[seq].created_at_ms)
        for seq, user_id, emoji in sorted(pairs)
    ]


def finish_import(request: Request, conversation_id: str, wanted: FinishImport) -> ImportAnswer:
    """Shows an imported conversation to its members; again by the same run, it says that it is done.

    Two round trips; three for a group. Nobody is told. Raises Conflict if another run made the conversation.
    """
    require_service(request, "finish an import", "POST /migration/conversations")
    ids.check_conversation_id(conversation_id, "{conversation_id}")
    user_ids = [each.user_id for each in wanted.members]
    is_pair = not ids.has_members(conversation_id) and len(user_ids) == 2
    pair: list[batches.Key] = [(user_ids[0], user_ids[1])] if is_pair else []
    keys: _Keys = {
        tables.Conversation: [(conversation_id,)],
        tables.Erasure: [(erased_people.key(user_id),) for user_id in user_ids],
        tables.Block: pair,
    }
    for _ in conditions.tries():
        rows = batches.read_rows(keys)
        known = import_to_go_on(rows, conversation_id, wanted.run)
        if not known.is_hidden:
            return imports.answer(known)
        after, members = imports.finished(known.head, wanted, request.now_ms)
        for place, user_id in enumerate(user_ids):
            if erased_people.is_marked(rows, user_id):
                raise job.nobody(f"/members/{place}/user_id")
        if pair:
            blocks.of(rows, *user_ids).require_none()
        try:
            import_rows.finish(known.head, after, wanted.run, members, request.now_ms)
        except conditions.LostRace:
            continue
        return imports.answer(Import(head=after, run=wanted.run, is_hidden=False, done_seq=after.last_seq))
    raise conditions.busy()
