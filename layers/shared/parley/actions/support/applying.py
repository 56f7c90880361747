"""Macros applied: the reply, all changes of the ticket and the entry of its history are one transaction.

A repeat with the same `client_id` gets the result again, also after the macro was changed or deleted.
"""

import msgspec
from msgspec import UNSET, Struct

from parley.actions import access, limits, named, push
from parley.actions.messages import messages
from parley.actions.named import Known
from parley.actions.parallel import in_parallel
from parley.actions.support import changing
from parley.actions.support.answers import no_ticket
from parley.actions.support.changing import Change, Found
from parley.actions.support.macros import no_macro
from parley.actions.support.roles import require_agent
from parley.adapters.conversations import conversations
from parley.adapters.conversations.messages import Ahead, before_sending
from parley.adapters.dynamodb import batches, conditions, tables
from parley.adapters.people import agents, named_users
from parley.adapters.support import desks, kept_macros
from parley.domain.api import ids
from parley.domain.api.errors import NotFound, client_id_reused
from parley.domain.api.identity import PSEUDONYM_PREFIX, is_reserved
from parley.domain.api.request import Request
from parley.domain.api.requests import Draft
from parley.domain.api.types import Message, SentMessage
from parley.domain.conversations.head import Head, Membership
from parley.domain.conversations.named import in_messages
from parley.domain.conversations.send_steps import Earlier, record_of
from parley.domain.conversations.steps import OfTicket, Step
from parley.domain.support import macros, ticket_steps
from parley.domain.support.effects import reply_of
from parley.domain.support.macros import AppliedMacro, ApplyMacro, MacroEffects, StoredMacro, applied_fingerprint
from parley.domain.support.replies import values_of
from parley.domain.support.ticket import StoredTicket, in_tickets, view_ticket
from parley.domain.support.ticket_steps import TicketAct

PLACE = "{macro_id}"  # the part of the path that a refusal of a macro's effects names


class Around(Struct, frozen=True, kw_only=True):
    """The people whom a macro has to know, and the new assignee's side of the ticket, if they are in it."""

    users: named.Users = {}
    assignee: Membership | None = None


class Applying(Struct, frozen=True, kw_only=True):
    """A macro, and all that was read of the ticket that it is applied to."""

    macro: StoredMacro
    ahead: Ahead
    found: Found
    users: named.Users

    @property
    def effects(self) -> MacroEffects:
        """Returns what the macro does."""
        return self.macro.content.effects


def apply_macro(request: Request, ticket_id: str, macro_id: str, wanted: ApplyMacro) -> AppliedMacro:
    """Does all that a macro says to a ticket, or nothing of it, and returns the ticket with the reply.

    Four round trips (read, the people, write, the devices), and three more for each lost race. Raises Forbidden for a
    caller who is no agent and for the requester, NotFound for an unknown ticket or macro, Conflict for a closed ticket
    and for what cannot be done to this one.
    """
    require_agent(request, people_only=True)
    ids.check_ticket_id(ticket_id, "{ticket_id}")
    ids.check_macro_id(macro_id, PLACE)
    tokens: limits.Asked | None = None
    for _ in conditions.tries():
        ahead, macro = _read(request, ticket_id, macro_id, wanted)
        ticket, head = _admitted(request, ahead)
        limits.tell(request, head)
        if ahead.earlier is not None:
            return _replayed(request, ahead, ahead.earlier, ticket, head, macro_id)
        if macro is None:
            raise no_macro()
        around, tokens = _around(request, ticket, macro.content.effects, tokens)
        found = _found(request, ticket, head, ahead.mine, macro.content.effects, around)
        applied = _apply(request, Applying(macro=macro, ahead=ahead, found=found, users=around.users), wanted, tokens)
        if applied is not None:
            return applied
    raise conditions.busy()


def _read(request: Request, ticket_id: str, macro_id: str, wanted: ApplyMacro) -> tuple[Ahead, StoredMacro | None]:
    """Returns what a message in the ticket must know, and the macro; one round trip."""
    return in_parallel(
        lambda: before_sending(ticket_id, request.user_id, wanted.client_id, request.now_s),
        lambda: kept_macros.get_macro(macro_id),
    )


def _replayed(
    request: Request, ahead: Ahead, earlier: Earlier, ticket: StoredTicket, head: Head, macro_id: str
) -> AppliedMacro:
    """Returns the result of an earlier try again, and tells the others again if that may not have been done.

    Raises Unprocessable if that try was of something else. One round trip, and others if it tells.
    """
    expected = applied_fingerprint(macro_id)
    if earlier.seq:
        sent = messages.replay(request, ahead, earlier, (expected,), ())
        return _answer(request, ticket, head, ahead.mine, sent, sent.users, replayed=True)
    if earlier.fingerprint != expected:
        raise client_id_reused("message", request.field_prefix)
    sides = {} if ahead.mine is None else {request.user_id: ahead.mine}
    users = changing.tell_again(request, Found(ticket=ticket, head=head, sides=sides, assignee_role=None))
    return _answer(request, ticket, head, ahead.mine, None, users, replayed=True)


def _admitted(request: Request, ahead: Ahead) -> tuple[StoredTicket, Head]:
    """Returns the ticket to an agent; raises NotFound if it is not there."""
    try:
        head = access.admit(request, ahead.head, ahead.mine)
    except NotFound:
        raise no_ticket() from None
    if ahead.ticket is None:
        raise no_ticket()
    return ahead.ticket, head


def _around(
    request: Request, ticket: StoredTicket, effects: MacroEffects, tokens: limits.Asked | None
) -> tuple[Around, limits.Asked]:
    """Returns the people whom a macro has to know, and the tokens that it takes, once; one round trip at most."""

    def read() -> Around:
        return _read_people(request, ticket, effects)

    if tokens is not None:
        return read(), tokens
    return limits.own_beside(request, ticket.ticket_id, read, text=effects.reply or "")


def _read_people(request: Request, ticket: StoredTicket, effects: MacroEffects) -> Around:
    person, known = _assignee(effects), named.caller(request).users
    wanted = [
        *((request.user_id, ticket.requester_id) if effects.reply is not None else ()),
        *((ticket.assignee_id,) if effects.take and ticket.assignee_id is not None else ()),
        *((person,) if person is not None else ()),
    ]
    people = [each for each in dict.fromkeys(wanted) if each not in known and not is_reserved(each)]
    sides = [] if person is None else [(person, ticket.ticket_id)]
    if not people and not sides:
        return Around(users=dict(known))
    rows = batches.read_rows({tables.User: [(each,) for each in people], tables.Membership: sides})
    side = None if person is None else conversations.membership_of(rows, person, ticket.ticket_id)
    return Around(users={**known, **named_users.of(rows, people)}, assignee=side)


def _assignee(effects: MacroEffects) -> str | None:
    return None if effects.assignee_id is UNSET else effects.assignee_id


def _found(
    request: Request, ticket: StoredTicket, head: Head, mine: Membership | None, effects: MacroEffects, around: Around
) -> Found:
    """Returns a ticket as a change of it must know it."""
    sides = {side.user_id: side for side in (mine, around.assignee) if side is not None}
    person = _assignee(effects)
    known = None if person is None else around.users.get(person)
    return Found(ticket=ticket, head=head, sides=sides, assignee_role=None if known is None else known.role)


def _apply(request: Request, it: Applying, wanted: ApplyMacro, tokens: limits.Asked) -> AppliedMacro | None:
    """Decides and writes; returns None after a lost race."""
    changing.check_not_requester(request, it.found, request.user_id)
    if it.effects.reply is None:
        return _change(request, it, wanted, tokens)
    changing.check_may_change(request, it.found.ticket, wanted.version)
    return _reply(request, it, it.effects.reply, wanted, tokens)


def _act(request: Request, it: Applying) -> TicketAct:
    """Returns what a macro does to its ticket; refuses what cannot be done."""
    ticket, person, me = it.found.ticket, _assignee(it.effects), request.user_id
    changing.check_assignee(request, it.found, person, PLACE)

    def is_gone(user_id: str) -> bool:
        holder = it.users.get(user_id)
        return user_id.startswith(PSEUDONYM_PREFIX) or (holder is not None and not agents.is_agent(holder.role))

    is_free = it.effects.take and changing.is_free(ticket, me, is_gone)
    fields = macros.fields_after(ticket, it.effects, desks.current(), me, PLACE, is_free=is_free)
    gets = fields.get("assignee_id")
    return TicketAct(
        fields=fields,
        arrives=gets if gets not in (None, ticket.assignee_id, *it.found.sides) else None,
        about={"macro_id": it.macro.macro_id},
        fingerprint=applied_fingerprint(it.macro.macro_id),
        pointer=PLACE,
    )


def _reply(request: Request, it: Applying, text: str, wanted: ApplyMacro, tokens: limits.Asked) -> AppliedMacro | None:
    """Writes a macro's reply with all that it changes; returns None after a lost race."""
    act, ticket, head = _act(request, it), it.found.ticket, it.found.head
    moved = msgspec.structs.replace(ticket, category=act.fields.get("category", ticket.category))
    values = values_of(moved, head, desks.current(), it.users, request.user_id)
    draft = Draft(text=reply_of(text, values, PLACE), client_id=wanted.client_id)
    ready = messages.prepared(request, head, draft, tokens, it.ahead, act=act)
    sent = messages.write(request, ready)
    if sent is None:
        return None
    after = ticket if ready.of_desk is None else ready.of_desk.ticket
    return _answer(request, after, ready.step.after, None, sent, {**it.users, **sent.users})


def _change(request: Request, it: Applying, wanted: ApplyMacro, tokens: limits.Asked) -> AppliedMacro | None:
    """Writes the changes of a macro without a reply, if there are any; returns None after a lost race."""
    act, found = _act(request, it), it.found
    head, after = found.head, changing.next_state(request, found, act.fields)
    changes = ticket_steps.changes_between(found.ticket, after, head, head.title or "")
    if not changes:
        users = changing.tell_again(request, found)
        return _answer(request, found.ticket, head, it.ahead.mine, None, {**it.users, **users})
    changing.check_may_change(request, found.ticket, wanted.version)
    change = Change(fields=act.fields, arrives=act.arrives, about=act.about)
    step = _recorded(request, changing.step_of(request, found, change, after, changes), act, wanted.client_id)
    entry = ticket_steps.history_entry(after, request, "updated", changes, **act.about)
    made = changing.write(request, found, limits.counted(request, step, tokens), after, entry, act.arrives)
    if made is None:
        return None
    if step.sent is not None:
        push.remember(step.new_message.message_id)  # a repeat finds this message by its `client_id`
    return _answer(request, made.ticket, made.head, made.mine, None, {**it.users, **made.users})


def _recorded(request: Request, step: Step, act: TicketAct, client_id: str | None) -> Step:
    """Returns the step with the record of a `client_id`, as a message has one, or a change that no message tells."""
    if client_id is None:
        return step
    record = record_of(client_id, act.fingerprint, request.now_s)
    if step.sent is None:
        part = msgspec.structs.replace(step.of_ticket or OfTicket(), record=record)
        return msgspec.structs.replace(step, of_ticket=part)
    return msgspec.structs.replace(step, sent=msgspec.structs.replace(step.sent, record=record))


def _answer(
    request: Request,
    ticket: StoredTicket,
    head: Head,
    mine: Membership | None,
    sent: SentMessage | None,
    known: named.Users,
    *,
    replayed: bool = False,
) -> AppliedMacro:
    """Returns a ticket after a macro; one round trip if it names people who are not `known`.

    A caller who is not in it, or has just written in it, has read it all.
    """
    seen = view_ticket(ticket, head, mine or head.newcomer(request.user_id))
    message = None if sent is None or sent.kind == "system" else _message(sent)
    people = [*in_tickets([seen]), *([] if message is None else in_messages([message]))]
    return AppliedMacro(
        ticket=seen,
        message=message,
        replayed=replayed,
        users=named.users(request, people, Known.of(known)),
    )


def _message(sent: SentMessage) -> Message:
    return Message(**{name: getattr(sent, name) for name in Message.__struct_fields__})
