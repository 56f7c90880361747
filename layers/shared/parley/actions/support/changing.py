"""Changes of a ticket: read, decide, write and tell; again after a lost race.

The ticket, its conversation with the system message, and the entry of the history are one transaction. A caller who
repeats a request gets its result again, and the others are told again: an earlier try may have died before it told.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from pynamodb.transactions import TransactWrite

from parley.actions import access, limits, named, push, screening
from parley.actions.conversations import group_changes
from parley.actions.screening import Screened
from parley.actions.support.answers import answer, no_ticket, ticket_closed
from parley.actions.support.roles import agents_only, require_agent
from parley.adapters.conversations import conversations, journal, words_left_behind
from parley.adapters.dynamodb import batches, conditions, tables
from parley.adapters.moderation import word_list_cache
from parley.adapters.people import account_states, agents, named_users
from parley.adapters.support import desks, tickets
from parley.domain.api import ids
from parley.domain.api.errors import AlreadyAssigned, Conflict, Field, Forbidden, Invalid
from parley.domain.api.identity import PSEUDONYM_PREFIX, is_reserved
from parley.domain.api.outbox import OutboxEntry
from parley.domain.api.request import Request
from parley.domain.conversations.head import Head, Membership
from parley.domain.conversations.steps import Step
from parley.domain.support import effects, roster, ticket_clocks, ticket_steps
from parley.domain.support.automations import is_of_person
from parley.domain.support.desk import Desk
from parley.domain.support.follow_ups import is_silent
from parley.domain.support.requests import AssignTicket, RateTicket, UpdateTicket
from parley.domain.support.status import Side, check_move
from parley.domain.support.ticket import FieldChange, StoredTicket, SupportTicketAnswer

OF_THE_DESK = ("subject", "priority", "category", "tags")


class Found(Struct, frozen=True, kw_only=True):
    """A ticket that the caller may see, with what a change of it must know.

    `sides` has the memberships of the caller and of the new assignee; `assignee` is that person, if Parley knows them.
    """

    ticket: StoredTicket
    head: Head
    sides: Mapping[str, Membership]
    assignee_role: str | None


class Change(Struct, frozen=True, kw_only=True):
    """The change that a request wants of a ticket: new values of its fields, its subject, and an agent who comes in.

    `screened` is the subject as the banned words leave it, `about` what the history says besides.
    """

    fields: Mapping[str, Any] = {}
    screened: Screened | None = None
    arrives: str | None = None
    about: Mapping[str, object] = {}


class Asked(Struct, frozen=True, kw_only=True):
    """A request for a change: how it is decided, and the `version` that the caller knows, if they name one.

    `person` may become the assignee; `has_words` if `decide` looks for banned words. The rate limit counts the length
    of `counted`. `event` names the entry of the history; `may_be_closed` if a closed ticket can take the change.
    `is_of_many` if the request changes other tickets, too: it has taken its tokens, and each change one of what others
    see at once.
    """

    decide: Callable[[Found], Change]
    event: str = "updated"
    may_be_closed: bool = False
    version: int | None = None
    person: str | None = None
    has_words: bool = False
    counted: str = ""
    is_of_many: bool = False


class Made(Struct, frozen=True, kw_only=True):
    """A ticket after a change, with the caller's side of it and the people whom its events have named."""

    ticket: StoredTicket
    head: Head
    mine: Membership | None
    users: named.Users


def update_ticket(request: Request, ticket_id: str, wanted: UpdateTicket) -> SupportTicketAnswer:
    """Changes a ticket, and returns it; the requester changes its status only.

    Four round trips (read, write, the devices, the roles), and two more for each lost race.
    """
    desk = desks.current()
    check_category(request, wanted.category, desk)

    def decide(found: Found) -> Change:
        return decide_update(request, found, wanted, desk)

    has_words = wanted.subject is not msgspec.UNSET
    return change(request, ticket_id, Asked(decide=decide, version=wanted.version, has_words=has_words))


def decide_update(request: Request, found: Found, wanted: UpdateTicket, desk: Desk) -> Change:
    """Returns the change that the fields of a request make; refuses an illegal status, and what is the desk's alone."""
    side = _side(request, found)
    given = [name for name in OF_THE_DESK if getattr(wanted, name) is not msgspec.UNSET]
    if given and side == "requester":
        raise _not_the_requesters(request, given)
    if wanted.status is not msgspec.UNSET:
        check_move(found.ticket.status, wanted.status, side, f"{request.field_prefix}/status")
    names = ("status", "priority", "category")
    fields = {name: getattr(wanted, name) for name in names if getattr(wanted, name) is not msgspec.UNSET}
    if wanted.tags is not msgspec.UNSET:
        fields["tags"] = tuple(dict.fromkeys(wanted.tags))
    if wanted.category is not msgspec.UNSET:
        fields["team"] = effects.team_after(found.ticket, wanted.category, desk)
    screened = None
    if wanted.subject is not msgspec.UNSET:
        screened = screening.screen(request, wanted.subject, "subject")
    return Change(fields=fields, screened=screened)


def take_ticket(request: Request, ticket_id: str) -> SupportTicketAnswer:
    """Assigns a ticket to the calling agent, who comes into it, and returns it; raises AlreadyAssigned.

    A person who is no agent any more has it no longer. An open ticket is in progress from now on. Round trips as of
    `update_ticket`, and one more if another has it.
    """
    require_agent(request, people_only=True)
    me = request.user_id

    def decide(found: Found) -> Change:
        check_not_requester(request, found, me)
        fields = {"assignee_id": me}
        if is_free(found.ticket, me, _is_gone) and found.ticket.status == "open":
            fields["status"] = "in_progress"
        return Change(fields=fields, arrives=me)

    return change(request, ticket_id, Asked(decide=decide))


def is_free(ticket: StoredTicket, user_id: str, is_gone: Callable[[str], bool]) -> bool:
    """Says whether a ticket becomes this agent's by taking it; False if it is theirs. Raises AlreadyAssigned.

    `is_gone` says whether an assignee was erased, or has lost the role.
    """
    holder = ticket.assignee_id
    if holder is None or holder == user_id:
        return holder is None
    if not is_gone(holder):
        detail, rule = "Another agent has this ticket.", "one agent has a ticket"
        raise AlreadyAssigned("already_assigned", detail, rule=rule, assignee_id=holder)
    return True


def _is_gone(user_id: str) -> bool:
    """Says whether an assignee was erased, or has lost the role; one round trip."""
    if user_id.startswith(PSEUDONYM_PREFIX):
        return True
    known = named_users.read_named([user_id]).get(user_id)
    return known is not None and not agents.is_agent(known.role)


def assign_ticket(request: Request, ticket_id: str, wanted: AssignTicket) -> SupportTicketAnswer:
    """Assigns a ticket to an agent, who comes into it, or to nobody, and returns it.

    Raises Invalid for a person who is no agent, and for an unknown team. Round trips as of `update_ticket`.
    """
    require_agent(request)
    team = wanted.team
    check_team(request, team, desks.current())

    def decide(found: Found) -> Change:
        person = wanted.assignee_id
        check_not_requester(request, found, request.user_id)
        check_assignee(request, found, person, f"{request.field_prefix}/assignee_id")
        fields = {"assignee_id": person} | ({} if team is msgspec.UNSET else {"team": team})
        return Change(fields=fields, arrives=person, about={"note": wanted.note})

    asked = Asked(decide=decide, version=wanted.version, person=wanted.assignee_id, counted=wanted.note or "")
    return change(request, ticket_id, asked)


def assign_by_itself(request: Request, ticket_id: str, user_id: str) -> SupportTicketAnswer:
    """Gives a ticket that waits for an agent to this one, who comes into it; in the name of the desk itself.

    Changes nothing if another was faster, or if the person is no agent any more. Round trips as of `update_ticket`.
    """

    def decide(found: Found) -> Change:
        is_agent = found.assignee_role is not None and agents.is_agent(found.assignee_role)
        if not is_agent or not roster.waits(found.ticket) or user_id == found.ticket.requester_id:
            return Change()
        return Change(fields={"assignee_id": user_id}, arrives=user_id)

    return change(request, ticket_id, Asked(decide=decide, person=user_id))


def release_by_itself(request: Request, ticket_id: str, user_id: str) -> SupportTicketAnswer:
    """Takes an open ticket from an agent who has been offline for too long; in the name of the desk itself.

    Changes nothing if they have it no more. Round trips as of `update_ticket`.
    """

    def decide(found: Found) -> Change:
        if found.ticket.assignee_id != user_id or found.ticket.status in ("resolved", "closed"):
            return Change()
        return Change(fields={"assignee_id": None}, about={"note": "The agent is offline."})

    return change(request, ticket_id, Asked(decide=decide))


def rate_ticket(request: Request, ticket_id: str, wanted: RateTicket) -> SupportTicketAnswer:
    """Keeps the requester's rating of a resolved or closed ticket, and returns it; it is rated once.

    A repeated rating is answered again; another number or comment is refused with Conflict. Round trips as of
    `update_ticket`.
    """

    comment_hash = ticket_steps.comment_hash(wanted.comment)

    def decide(found: Found) -> Change:
        if _side(request, found) != "requester":
            detail = "Only the requester rates a ticket."
            raise Forbidden("requester_only", detail, rule="the requester rates the help that they got")
        if found.ticket.status not in ("resolved", "closed"):
            raise Conflict("not_resolved", "The ticket is not resolved yet.", rule="a resolved or closed ticket")
        known = found.ticket
        # The version before has kept no hash of the comment.
        is_other = known.rating != wanted.rating or known.comment_hash not in (None, comment_hash)
        if known.rating is not None and is_other:
            raise Conflict("already_rated", "The ticket was rated before.", rule="one rating for a ticket")
        about = {"rating": wanted.rating, "comment": wanted.comment}
        return Change(fields={"rating": wanted.rating, "comment_hash": comment_hash}, about=about)

    asked = Asked(decide=decide, event="rated", may_be_closed=True, counted=wanted.comment or "")
    return change(request, ticket_id, asked)


def _wrong(pointer: str) -> Field:
    return Field(pointer, "not_allowed")


def check_category(request: Request, category: str | msgspec.UnsetType, desk: Desk) -> None:
    """Returns for a category of the desk, and for none; raises Invalid for any other."""
    if category is not msgspec.UNSET:
        ticket_steps.check_category(category, desk, f"{request.field_prefix}/category")


def check_team(request: Request, team: str | None | msgspec.UnsetType, desk: Desk) -> None:
    """Returns for a team of the desk, and for none; raises Invalid for any other."""
    if team is not msgspec.UNSET:
        ticket_steps.check_team(team, desk, f"{request.field_prefix}/team")


def check_assignee(request: Request, found: Found, person: str | None, pointer: str) -> None:
    """Returns if a person may get the ticket, or has it; raises Invalid for no agent, Forbidden for the requester.

    A refusal names the `pointer`.
    """
    if person is None or person == found.ticket.assignee_id:
        return
    check_not_requester(request, found, person, pointer)
    if found.assignee_role is None or not agents.is_agent(found.assignee_role):
        raise Invalid("unknown_assignee", "There is no such agent.", fields=(_wrong(pointer),))


def check_not_requester(request: Request, found: Found, user_id: str, *pointers: str) -> None:
    """Raises Forbidden for the requester of a ticket, for the fields at these places."""
    if user_id == found.ticket.requester_id:
        raise _own_ticket("Nobody answers a ticket of their own.", pointers)


def _not_the_requesters(request: Request, names: Sequence[str]) -> Forbidden:
    """Returns the refusal of the requester, who changes these fields of the desk: of an agent, or of a customer."""
    if agents.is_agent(account_states.role_of(request)):
        pointers = [f"{request.field_prefix}/{name}" for name in names]
        return _own_ticket("Of a ticket of their own an agent changes the `status` alone.", pointers)
    return agents_only(request, *names)


def _own_ticket(detail: str, pointers: Sequence[str]) -> Forbidden:
    fields = tuple(_wrong(pointer) for pointer in pointers)
    return Forbidden("own_ticket", detail, rule="another agent answers an agent's ticket", fields=fields)


def _side(request: Request, found: Found) -> Side:
    return "requester" if request.user_id == found.head.requester_id else "support"


def change(request: Request, ticket_id: str, asked: Asked) -> SupportTicketAnswer:
    """Returns a ticket after the change that `asked` decides on, or as it is if there is nothing to change.

    Raises NotFound for a ticket that the caller may not see, Conflict if it was changed since the version that the
    caller knows, and for a closed one.
    """
    request = access.as_host(request)
    made = make(request, ticket_id, asked)
    return answer(request, made.ticket, made.head, made.mine, made.users)


def make(request: Request, ticket_id: str, asked: Asked) -> Made:
    """Returns a ticket after a change, as `change` does, without the people whom nothing has named yet."""
    ids.check_ticket_id(ticket_id, "{ticket_id}")
    found, tokens = _read_and_take(request, ticket_id, asked)
    for number in conditions.tries():
        if number:
            found = _read(request, ticket_id, asked)
        limits.tell(request, found.head)
        wanted = asked.decide(found)
        after = next_state(request, found, wanted.fields)
        subject = found.head.title or "" if wanted.screened is None else wanted.screened.text
        changes = ticket_steps.changes_between(found.ticket, after, found.head, subject)
        mine = found.sides.get(request.user_id)
        if not changes:
            return Made(ticket=found.ticket, head=found.head, mine=mine, users=tell_again(request, found))
        check_may_change(request, found.ticket, asked.version, may_be_closed=asked.may_be_closed)
        step = limits.counted(request, step_of(request, found, wanted, after, changes), tokens)
        if asked.is_of_many and not number:
            limits.take_live(request)
        entry = ticket_steps.history_entry(after, request, asked.event, changes, **wanted.about)
        made = write(request, found, step, after, entry, wanted.arrives)
        if made is not None:
            return made
    raise conditions.busy()


def write(
    request: Request, found: Found, step: Step, after: StoredTicket, history: OutboxEntry, arrives: str | None
) -> Made | None:
    """Writes the step of a change with the ticket's state `after` it, and tells of it; returns None after a lost race.

    Two round trips.
    """
    beside = partial(put_change, request=request, found=found, after=after, history=history, arrives=arrives)
    try:
        journal.write(step, request.now_s, beside)
    except conditions.LostRace:
        return None
    there, users = group_changes.tell_step(request, step, found.sides, after)
    return Made(ticket=after, head=step.after, mine=there.get(request.user_id), users=users)


def put_change(
    transaction: TransactWrite,
    request: Request,
    found: Found,
    after: StoredTicket,
    history: OutboxEntry,
    arrives: str | None = None,
) -> None:
    """Adds a change of a ticket and its entry of the history to a transaction.

    An erasure finds the tickets of an agent by their memberships. One who changes a ticket and is not in it, and does
    not come in, leaves a trace instead.
    """
    tickets.put_changed(transaction, before=found.ticket, after=after, history=history)
    if not (request.user_id in (arrives, *found.sides) or is_reserved(request.user_id)):
        transaction.save(words_left_behind.row(request.user_id, found.ticket.ticket_id))


def _read_and_take(request: Request, ticket_id: str, asked: Asked) -> tuple[Found, limits.Asked]:
    """Returns what a change must know, and the tokens that it takes; one round trip."""
    if asked.is_of_many:
        return _read(request, ticket_id, asked), limits.Asked()
    return limits.own_beside(request, ticket_id, lambda: _read(request, ticket_id, asked), text=asked.counted)


def step_of(
    request: Request, found: Found, wanted: Change, after: StoredTicket, changes: Mapping[str, FieldChange]
) -> Step:
    """Returns the step of a change, by which an agent may come in."""
    subject = wanted.screened or Screened(text=found.head.title or "")
    step = ticket_steps.change_ticket(
        request,
        found.head,
        after,
        subject.text,
        changes,
        is_in_it=request.user_id in found.sides,
        arrives=wanted.arrives if wanted.arrives not in (None, *found.sides) else None,
    )
    return screening.flagged(request, step, subject)


def next_state(request: Request, found: Found, fields: Mapping[str, Any]) -> StoredTicket:
    """Returns the state of a ticket with these values of its fields, and with its clocks as they then are."""
    changed = {name: value for name, value in fields.items() if value != getattr(found.ticket, name)}
    after = ticket_steps.changed_at(found.ticket, request.now_ms, **changed)
    if is_silent(changed) and is_of_person(request.user_id, is_change=True):
        after = replace(after, acted_at_ms=after.updated_at_ms)  # a rest ends, though no message says so
    after = ticket_clocks.moved(found.ticket, after, after.updated_at_ms, desks.current())
    return after if after.status == found.ticket.status else ticket_clocks.relisted(after)


def _read(request: Request, ticket_id: str, asked: Asked) -> Found:
    """Returns what a change must know; one round trip."""
    person, has_words = asked.person, asked.has_words
    people = list(dict.fromkeys([request.user_id, *([person] if person is not None else [])]))
    wanted: dict[type[tables.Table], list[batches.Key]] = {
        tables.Ticket: [tickets.key(ticket_id)],
        tables.Conversation: [(ticket_id,)],
        tables.Membership: [(user_id, ticket_id) for user_id in people],
        tables.WordList: list(word_list_cache.due(request.now_s)) if has_words else [],
        tables.User: [(person,)] if person is not None else [],
    }
    rows = batches.read_rows(wanted, stale=(tables.WordList,))
    if has_words:
        word_list_cache.take(rows, request.now_s)
    head, ticket = conversations.head_of(rows, ticket_id), tickets.of(rows, ticket_id)
    sides = {user_id: conversations.membership_of(rows, user_id, ticket_id) for user_id in people}
    mine = sides[request.user_id]
    if head is None or ticket is None or not (request.acts_as or access.is_admitted(request, head, mine)):
        raise no_ticket()
    known = None if person is None else named_users.of(rows, [person]).get(person)
    return Found(
        ticket=ticket,
        head=head,
        sides={user_id: side for user_id, side in sides.items() if side is not None},
        assignee_role=None if known is None else known.role,
    )


def check_may_change(
    request: Request, ticket: StoredTicket, version: int | None, *, may_be_closed: bool = False
) -> None:
    """Refuses a change of a closed ticket, and one that was decided on an older version."""
    if ticket.status == "closed" and not may_be_closed:
        raise ticket_closed(ticket)
    if version not in (None, ticket.version):
        detail = "The ticket has changed; read it again."
        pointer = f"{request.field_prefix}/version"
        raise Conflict("ticket_changed", detail, rule="version: as it was read", fields=(_wrong(pointer),))


def tell_again(request: Request, found: Found) -> named.Users:
    """Tells again of the caller's change, if nothing has changed since; one or two round trips, or none.

    Returns the people whom its events have named.
    """
    change = push.untold_change(request, found.head.conversation_id, found.head.shared_seq)
    if change is None or change.user_id != request.user_id or change.kind != "ticket_updated":
        return {}
    return group_changes.tell_made(request, found.head, found.sides, change)
