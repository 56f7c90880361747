"""The firing of the desk's rules: read, decide, write and tell; again after a lost race.

A job of the queue fires them for a new ticket, and for a message of the requester's; the sweep's look (`due.py`) for a
ticket that rests, and for a clock that has warned. All that one cause does is one transaction, with a mark in the
ticket (`Fired`). So a job that comes again does nothing, but tells again: an earlier try may have died before it told.
"""

from collections.abc import Collection, Sequence

from aws_lambda_powertools import Logger
from msgspec import Struct
from msgspec.structs import replace

from parley.actions import access, push
from parley.actions.conversations import group_changes
from parley.adapters import metrics
from parley.adapters.conversations import conversations, journal, messages
from parley.adapters.dynamodb import batches, conditions, retrying, tables
from parley.adapters.people import agents, named_users
from parley.adapters.support import automations, desks, tickets
from parley.domain.api import ids
from parley.domain.api.identity import DESK
from parley.domain.api.outbox import OutboxEntry
from parley.domain.api.request import Request
from parley.domain.conversations.head import Head
from parley.domain.conversations.message import StoredMessage
from parley.domain.conversations.steps import Change, no_earlier
from parley.domain.support import ticket_clocks, ticket_steps
from parley.domain.support.automations import (
    MAX_FIRINGS,
    MINUTE_MS,
    AutomationRule,
    Cause,
    Decision,
    Facts,
    Firing,
    LeftOut,
    StoredAutomations,
    decide,
    holds,
    is_of_person,
    people_in,
)
from parley.domain.support.desk import Desk
from parley.domain.support.follow_ups import RULE_FIRED, TicketFollowUp
from parley.domain.support.ticket import NOTHING_FIRED, StoredTicket
from parley.domain.support.ticket_clocks import Look

FIRST_SEQ = 1  # of the description
MAX_LOOKED_BACK = 100  # messages of the desk and of system senders, before which the last one of a person is looked for
CLOSED_LOOK_MS = 15 * 60_000  # between two looks of a rule that waits for the desk to close

logger = Logger()


class People(Struct, frozen=True, kw_only=True):
    """Those of the people whom rules name who are agents now, and who of them are in the ticket."""

    agents: frozenset[str] = frozenset()
    inside: frozenset[str] = frozenset()


class Around(Struct, frozen=True, kw_only=True):
    """The people whom rules name, and when the newest note beside the ticket was written, 0 for none."""

    people: People = People()
    noted_at_ms: int = 0


class Found(Struct, frozen=True, kw_only=True):
    """A ticket whose rules may fire, its conversation, and the message that is the cause."""

    ticket: StoredTicket
    head: Head
    message: StoredMessage | None
    people: People


class Acts(Struct, frozen=True, kw_only=True):
    """All that rules of a list of this version do to a ticket at once: the state after it, and who comes in."""

    version: int
    after: StoredTicket
    firings: tuple[Firing, ...] = ()
    arrives: str | None = None

    @property
    def texts(self) -> list[str]:
        """Returns the replies, in their order."""
        return [firing.reply for firing in self.firings if firing.reply is not None]

    def entries(self, request: Request, hidden: int | None) -> list[OutboxEntry]:
        """Returns the entries of the history, one for each rule; `hidden` are those before that a requester misses."""
        found = []
        for firing in self.firings:
            hidden = _hidden(hidden, firing)
            state = replace(firing.after, hidden=hidden)
            found.append(
                ticket_steps.history_entry(state, request, RULE_FIRED, firing.changes, **_about(firing, self.version))
            )
        return found


def _hidden(hidden: int | None, firing: Firing) -> int | None:
    return hidden if firing.is_seen else (hidden or 0) + 1


def _about(firing: Firing, version: int) -> dict[str, object]:
    """Returns what the history says of a rule besides its changes.

    Nobody's id who is not in the ticket: an erasure would not find it. The list of this version names them. A rule that
    notifies has its name there, as it was then.
    """
    assignee_id, moved = firing.after.assignee_id, firing.changes.get("assignee_id")
    told: dict[str, object] = {
        "team": firing.notified_team,
        "assignee": assignee_id in firing.notified,
        "version": version if set(firing.notified) - {assignee_id} else None,
    }
    notify = {name: each for name, each in told.items() if each} or None
    return {
        "rule_id": firing.rule_id,
        "notify": notify,
        "rule_name": None if notify is None else firing.rule_name,
        "unseen": None if firing.is_seen else True,
        # As of a missed target: another agent's turn may come after it.
        "escalated": True if moved is not None and moved.after is None else None,
    }


def fire(job: TicketFollowUp, now_ms: int) -> None:
    """Fires the rules for a new ticket, or for a message of its requester's.

    One round trip without a rule that fires (the list is known for a minute), else three and the posts, and one more
    for the names in replies. Two more for each lost race.
    """
    request = access.as_desk(now_ms)
    stored = automations.known(request.now_s, job.rules)
    is_new = job.event == "created"
    rules = stored.enabled("created" if is_new else "customer_reply")
    seq = FIRST_SEQ if is_new else job.number
    for _ in conditions.tries():
        found = _read(job.ticket_id, seq, rules)
        if found is None or found.ticket.status == "closed" or not _is_cause(found, is_new=is_new):
            return
        fired = found.ticket.fired or NOTHING_FIRED
        if fired.has(seq):
            tell_again(request, found.head)
            return
        acts = _acts(request, stored, rules, found, is_new=is_new)
        try:
            _write(request, found, acts, seq)
        except conditions.LostRace:
            continue
        return
    raise retrying.busy()


def _is_cause(found: Found, *, is_new: bool) -> bool:
    """Says whether the message is a reply of the requester's; a new ticket is a cause whatever it begins with."""
    message = found.message
    if is_new or message is None:
        return is_new
    # A ticket that was a chat begins with forwarded messages, which have its own time.
    is_first = message.forwarded_from is not None and message.created_at_ms == found.ticket.created_at_ms
    return message.side == "requester" and message.seq > FIRST_SEQ and not is_first


def _read(ticket_id: str, seq: int, rules: Sequence[AutomationRule]) -> Found | None:
    """Returns what the rules must know of a ticket, None if it is not there; one round trip."""
    named_in = _named(rules)
    rows = batches.read_rows(
        {
            tables.Ticket: [tickets.key(ticket_id)],
            tables.Conversation: [(ticket_id,)],
            tables.Message: [(ticket_id, seq)],
            **_keys(ticket_id, named_in),
        }
    )
    ticket, head = tickets.of(rows, ticket_id), conversations.head_of(rows, ticket_id)
    if ticket is None or head is None:
        return None
    message = messages.readable_message(rows, ticket_id, seq)
    return Found(ticket=ticket, head=head, message=message, people=_people(rows, ticket_id, named_in))


def _named(rules: Sequence[AutomationRule]) -> list[str]:
    return list(dict.fromkeys(user_id for _, _, user_id in people_in(rules)))


def _keys(ticket_id: str, user_ids: Collection[str]) -> dict[type[tables.Table], list[batches.Key]]:
    return {
        tables.User: [(user_id,) for user_id in user_ids],
        tables.Membership: [(user_id, ticket_id) for user_id in user_ids],
    }


def _people(rows: batches.Rows, ticket_id: str, user_ids: Collection[str]) -> People:
    known = named_users.of(rows, user_ids)
    return People(
        agents=frozenset(user_id for user_id, person in known.items() if agents.is_agent(person.role)),
        inside=frozenset(user_id for user_id in user_ids if rows.has(tables.Membership, user_id, ticket_id)),
    )


def _acts(
    request: Request, stored: StoredAutomations, rules: Sequence[AutomationRule], found: Found, *, is_new: bool
) -> Acts:
    """Returns what the rules do for a message; one round trip if a reply names people."""
    ticket, message, desk = found.ticket, found.message, desks.current()
    at_ms = ticket.created_at_ms if is_new or message is None else message.created_at_ms
    cause = Cause(
        on="created" if is_new else "customer_reply",
        at_ms=at_ms,
        text="" if message is None else message.text,
        made_at_ms=no_earlier(request, found.head),
    )
    decision = _decided(rules, ticket, found.head, found.people, cause, desk)
    report(ticket.ticket_id, decision.left_out)
    after = _moved(ticket, decision.after, desk)
    if stored.idle_ms is not None and ticket.idle_at_ms is None:
        after = ticket_clocks.due_exactly(replace(after, idle_at_ms=at_ms + stored.idle_ms), desk)
    return _with_marks(stored, ticket, after, decision.firings, found.people)


def _decided(
    rules: Sequence[AutomationRule], ticket: StoredTicket, head: Head, people: People, cause: Cause, desk: Desk
) -> Decision:
    """Returns the decision on a cause; one round trip if a reply names people."""
    context = None if head.context is None else head.context.type
    facts = Facts(subject=head.title or "", context=context, agents=people.agents)
    decision = decide(rules, ticket, facts, cause, desk)
    if all(each.code != "placeholder_unfilled" for each in decision.left_out):
        return decision
    assignees = [rule.effects.assignee_id for rule in rules]
    user_ids = [ticket.requester_id, ticket.assignee_id, *assignees]
    names = named_users.read_named(user_id for user_id in user_ids if isinstance(user_id, str))
    known = {user_id: person.name for user_id, person in names.items()}
    return decide(rules, ticket, replace(facts, names=known), cause, desk)


def _moved(before: StoredTicket, after: StoredTicket, desk: Desk) -> StoredTicket:
    """Returns a ticket after rules with its clocks, and among the overdue ones if it belongs there."""
    if after.version == before.version:
        return after
    moved = ticket_clocks.moved(before, after, after.updated_at_ms, desk)
    return moved if moved.status == before.status else ticket_clocks.relisted(moved)


def _with_marks(
    stored: StoredAutomations, before: StoredTicket, after: StoredTicket, firings: Sequence[Firing], people: People
) -> Acts:
    """Returns the acts of rules that leave a ticket in the state `after`, without the mark of the cause."""
    hidden = before.hidden
    for firing in firings:
        hidden = _hidden(hidden, firing)
    assignee_id = after.assignee_id
    comes_in = assignee_id not in (None, before.assignee_id, *people.inside)
    arrives = assignee_id if comes_in else None
    return Acts(version=stored.version, after=replace(after, hidden=hidden), firings=tuple(firings), arrives=arrives)


def report(ticket_id: str, left_out: Sequence[LeftOut]) -> None:
    """Logs and counts the rules that could not fire."""
    for each in left_out:
        logger.warning("rule left out", rule_id=each.rule_id, code=each.code, ticket_id=ticket_id)
    if left_out:
        metrics.count("RulesLeftOut", len(left_out))


def _write(request: Request, found: Found, acts: Acts, seq: int) -> None:
    """Writes what the rules do, and tells of it; raises LostRace. Nothing for nothing."""
    before, after = found.ticket, acts.after
    if not acts.firings:
        if after != before and not tickets.move_idle(before, after):
            raise conditions.LostRace
        return
    after = replace(after, fired=(before.fired or NOTHING_FIRED).with_seq(seq))
    entries = acts.entries(request, before.hidden)
    subject = found.head.title or ""
    changes = ticket_steps.changes_between(before, after, found.head, subject)
    step = ticket_steps.acts_of_desk(request, found.head, after, acts.texts, changes, acts.arrives)
    if step is None:
        with conditions.transaction() as transaction:
            tickets.put_changed(transaction, before=before, after=after, history=None, more=entries)
        return
    journal.write(
        step,
        request.now_s,
        lambda transaction: tickets.put_changed(transaction, before=before, after=after, history=None, more=entries),
    )
    group_changes.tell_step(request, step, {}, after)


def tell_again(request: Request, head: Head) -> None:
    """Tells again of the desk's last change with its messages, unless something has changed since."""
    change = push.untold_change(request, head.conversation_id, head.shared_seq)
    if change is not None and change.user_id == DESK and change.kind == "ticket_updated":
        tell_made(request, head, change)


def tell_made(request: Request, head: Head, change: Change) -> None:
    """Tells again of a change by the desk itself, of its messages and of the agent whom it has brought in.

    Three round trips and the posts, two without such an agent, none of a change that no message tells.
    """
    if change.message_seq is None:
        group_changes.tell_news(request, head, {}, (), (change,))
        return
    ticket_id, first = head.conversation_id, change.message_seq
    made = [
        each
        for each in messages.changes(ticket_id, max(1, change.change_seq - 1), change.change_seq)
        if each.message_seq == change.message_seq
    ]
    written = []
    for message in messages.between(ticket_id, first, min(head.last_seq, first + MAX_FIRINGS + 1)):
        if message.sender_id != DESK:
            break
        written.append(message)
    came = [(user_id, ticket_id) for each in made for user_id in each.user_ids]
    sides = conversations.memberships(came) if came else {}
    there = {user_id: side for (user_id, _), side in sides.items()}
    group_changes.tell_news(request, head, there, written, made)


# ---- the sweep's look


def at_look(request: Request, ticket: StoredTicket, head: Head, looked: Look, desk: Desk) -> Acts:
    """Returns what rules do at the sweep's look at a ticket, after all that the look itself does.

    No round trip if neither a clock has warned nor the ticket may have rested for long enough; the list is known for a
    minute. Else one for the people whom rules name and for the notes, one if no person has spoken last, and one for
    names.
    """
    after = looked.after
    warnings = _warnings(looked)
    is_resting = ticket.idle_at_ms is not None and ticket.idle_at_ms < request.now_ms
    if after.status == "closed" or not (warnings or is_resting) or ticket.is_as_imported:
        idle_at_ms = None if is_resting else after.idle_at_ms
        return Acts(version=0, after=ticket_clocks.due_exactly(replace(after, idle_at_ms=idle_at_ms), desk))
    stored = automations.known(request.now_s)
    rules = [*(stored.enabled("sla_warning") if warnings else ()), *(stored.enabled("idle") if is_resting else ())]
    around = _read_around(ticket.ticket_id, rules)
    people = around.people
    made_at_ms = no_earlier(request, head)
    firings: list[Firing] = []
    state = after
    for cause in warnings:
        cause = replace(cause, most=MAX_FIRINGS - len(firings), made_at_ms=made_at_ms)
        decision = _decided(rules, state, head, people, cause, desk)
        report(ticket.ticket_id, decision.left_out)
        firings += decision.firings
        state = decision.after
    state, more = _rested(request, stored, state, head, around, desk, len(firings)) if is_resting else (state, ())
    firings += more
    state = _moved(after, state, desk)
    return _with_marks(stored, looked.after, ticket_clocks.due_exactly(state, desk), firings, people)


def _warnings(looked: Look) -> list[Cause]:
    """Returns the warnings of clocks that still run, as causes."""
    sla = looked.after.sla
    if sla is None:
        return []
    running = {name for name, clock in sla.clocks.named().items() if clock.ended_at_ms is None}
    return [
        Cause(on="sla_warning", at_ms=event.at_ms, clock=event.clock)
        for event in looked.said
        if event.kind == "warning" and event.clock in running
    ]


def _read_around(ticket_id: str, rules: Sequence[AutomationRule]) -> Around:
    """Returns the people whom rules name, and for idle rules when the newest note was written; one round trip at most.

    A conversation of notes that cannot be read counts as none, which is reported.
    """
    user_ids = _named(rules)
    wanted: dict[type[tables.Table], list[batches.Key]] = _keys(ticket_id, user_ids) if user_ids else {}
    notes_id = ids.notes_id(ticket_id)
    if any(rule.on == "idle" for rule in rules):
        wanted[tables.Conversation] = [(notes_id,)]
    if not wanted:
        return Around()
    rows = batches.read_rows(wanted)
    notes = conversations.readable_heads(rows, [notes_id]).get(notes_id)
    people = _people(rows, ticket_id, user_ids) if user_ids else People()
    return Around(people=people, noted_at_ms=0 if notes is None else notes.last_activity_ms)


def _rested(
    request: Request, stored: StoredAutomations, ticket: StoredTicket, head: Head, around: Around, desk: Desk, done: int
) -> tuple[StoredTicket, tuple[Firing, ...]]:
    """Returns a ticket after the idle rules that fire now, and these; `done` rules have fired at this look already.

    A rule that cannot fire is reported once in a rest: the ticket's mark has it then.
    """
    if stored.idle_ms is None:
        return replace(ticket, idle_at_ms=None), ()
    marks = ticket.fired or NOTHING_FIRED
    rules, since_ms = stored.enabled("idle"), _since_ms(ticket, head, around)
    known = marks if marks.since_ms == since_ms else replace(marks, since_ms=since_ms, rules=(), left_out=())
    before = known.rules
    cause = Cause(
        on="idle",
        at_ms=request.now_ms,
        since_ms=since_ms,
        fired=before,
        most=max(0, MAX_FIRINGS - len(before) - done),
        made_at_ms=no_earlier(request, head),
    )
    decision = _decided(rules, ticket, head, around.people, cause, desk)
    report(ticket.ticket_id, [each for each in decision.left_out if each.rule_id not in known.left_out])
    fired = (*before, *(firing.rule_id for firing in decision.firings))
    after = replace(
        decision.after, idle_at_ms=_next_idle_ms(stored, decision.after, head, replace(cause, fired=fired), desk)
    )
    missed = {*known.left_out, *(each.rule_id for each in decision.left_out)}
    left_out = tuple(rule.id for rule in rules if rule.id in missed)
    if decision.firings or left_out != known.left_out:
        after = replace(after, fired=replace(known, rules=fired, left_out=left_out))
    return after, decision.firings


def _since_ms(ticket: StoredTicket, head: Head, around: Around) -> int:
    """Returns when a person has last done something: a message, a change, a note, or a change that no message tells."""
    known_ms = (ticket.fired or NOTHING_FIRED).since_ms
    return max(around.noted_at_ms, ticket.acted_at_ms or 0, _active_ms(head, known_ms))


def _next_idle_ms(stored: StoredAutomations, ticket: StoredTicket, head: Head, cause: Cause, desk: Desk) -> int:
    """Returns when an idle rule may fire next: after what a person does from now on, or one that has not fired yet."""
    now_ms = cause.at_ms
    instants = [now_ms + (stored.idle_ms or 0)]
    for rule in stored.enabled("idle"):
        at_ms = cause.since_ms + (rule.after_minutes or 0) * MINUTE_MS
        if rule.id in cause.fired:
            continue
        if at_ms > now_ms:
            instants.append(at_ms)
        elif rule.conditions.hours is not None and _waits_for_hours(rule, ticket, head, now_ms, desk):
            opens_ms = desk.hours.after(now_ms, 1) if rule.conditions.hours == "open" else now_ms + CLOSED_LOOK_MS
            instants += [] if opens_ms is None else [opens_ms]
    return min(instants)


def _waits_for_hours(rule: AutomationRule, ticket: StoredTicket, head: Head, now_ms: int, desk: Desk) -> bool:
    """Says whether a rule would fire at another time of the day."""
    context = None if head.context is None else head.context.type
    is_open = desk.hours.is_open(now_ms)
    return not holds(rule.conditions, ticket, context, (), is_open=is_open) and holds(
        rule.conditions, ticket, context, (), is_open=not is_open
    )


def _active_ms(head: Head, known_ms: int) -> int:
    """Returns when a person has last written in a ticket, or changed it; one round trip if no person spoke last.

    If the desk and system senders have written all the newest messages, that is the time that is known.
    """
    last = head.last_message
    if last is None or is_of_person(last.sender_id, is_change=last.kind == "system"):
        return head.last_activity_ms
    found = messages.newest(
        head.conversation_id, max(1, head.last_seq - MAX_LOOKED_BACK), head.last_seq, MAX_LOOKED_BACK
    )
    acts = [each.created_at_ms for each in found if is_of_person(each.sender_id, is_change=each.kind == "system")]
    return max(acts, default=known_ms or head.created_at_ms)
