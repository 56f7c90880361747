"""The follow-ups of a ticket's change: the agents on duty learn of it, and one of them may get it.

They also learn of each message of the requester's while nobody has the ticket.

Each change leaves an entry of the history in the outbox, in its own transaction. The stream makes a follow-up of it
(`fan_out.start_ticket_follow_up`), and the queue runs the follow-up here, so that no request waits. Everything here may
happen twice, or late: a follow-up tells what the ticket is when it runs, and assigns a ticket only if nobody has it.
"""

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from parley.actions import access, named, push, ticket_audience
from parley.actions.live import fan_out
from parley.actions.parallel import in_parallel
from parley.actions.support import changing, firing
from parley.actions.support.roster import open_tickets_by_code
from parley.adapters.conversations import conversations, messages
from parley.adapters.dynamodb import batches, conditions, retrying, tables
from parley.adapters.live import connections
from parley.adapters.people import agents, named_users, suspensions
from parley.adapters.support import desks, roster, ticket_history, tickets
from parley.domain.api import ids
from parley.domain.api.identity import DESK
from parley.domain.conversations.events import MessageNotification, Shared
from parley.domain.conversations.head import Head
from parley.domain.conversations.named import in_event
from parley.domain.figures.tallies import agent_code
from parley.domain.live.presence import Connection
from parley.domain.support.clocks import ClockEvent, ClockEventKind
from parley.domain.support.events import TicketCreated, TicketSla, TicketUpdated, ticket_sla
from parley.domain.support.follow_ups import ABSENT, MESSAGE, REPLY, WAITING, TicketFollowUp
from parley.domain.support.roster import RosterEntry, in_turn, waits
from parley.domain.support.ticket import StoredTicket, SupportTicket, in_tickets, view_state, view_ticket

News = TicketUpdated | TicketSla | MessageNotification

POST_DELAYS_S = (2, 10, 60)  # before a post that was put off is tried again
MAX_ENTRIES = 100  # the last ones of the history, which are looked through for an assignment by hand


def run_ticket_follow_up(job: TicketFollowUp, now_ms: int) -> None:
    """Assigns a ticket if it waits for an agent, then tells the agents on duty of it, as it is by then.

    Before both the rules of the desk fire that the entry may fire (`firing.fire`).

    One round trip if nobody is on duty, else three and the posts. Four more for an assignment, and those of the change
    (`changing.change`).
    """
    if job.rules:
        firing.fire(job, now_ms)
    if job.event == REPLY:
        return
    if job.event == ABSENT:
        changing.release_by_itself(access.as_desk(now_ms), job.ticket_id, job.user_id)
        return
    if job.seeks and _is_to_be_assigned(job):
        _seek(job, now_ms)
    if job.event != WAITING:
        _tell(job, now_ms)


def _is_to_be_assigned(job: TicketFollowUp) -> bool:
    """Says whether the desk gives such a ticket to an agent."""
    rules = desks.current().assignment
    return rules.method is not None and (not job.released or rules.when_offline == "reassign")


def _read(ticket_id: str) -> tuple[StoredTicket | None, Head | None]:
    """Returns a ticket and its conversation's head; one round trip."""
    rows = batches.read_rows({tables.Ticket: [tickets.key(ticket_id)], tables.Conversation: [(ticket_id,)]})
    return tickets.of(rows, ticket_id), conversations.head_of(rows, ticket_id)


def _tell(job: TicketFollowUp, now_ms: int) -> None:
    """Posts the ticket to the agents on duty who are not in it: those in it were told by the request.

    Three round trips and the posts, one if nobody is to be told.
    """
    (ticket, head), entries = in_parallel(lambda: _read(job.ticket_id), roster.entries)
    if ticket is None or head is None:
        return
    on_duty = [entry.user_id for entry in entries if entry.available]
    what, again = ("desk", ticket.ticket_id, _version(job, ticket)), job.user_ids
    if not again and push.was_told(what):
        return
    concerned = [user_id for user_id in on_duty if user_id not in head.participants]
    concerned = [user_id for user_id in concerned if not again or user_id in again]
    present = [person for person in push.devices_of(concerned) if person.live(now_ms // 1000)]
    if not present:
        return
    # An agent who is not in a ticket has read it all.
    seen = view_ticket(ticket, head, head.newcomer("")) if job.event == "created" else None
    news = _news(job, ticket, head)
    if news is None:
        return
    people = in_event(news) if seen is None else in_tickets([seen])
    told, users = in_parallel(
        lambda: _may_be_told(ticket.ticket_id, [person.user_id for person in present], now_ms),
        lambda: named.for_many(people),
    )
    agents_told = [person for person in present if person.user_id in told]
    frames = _unless_open(job, head, _frames(news, seen, users))
    posts = push.posts_to(now_ms // 1000, agents_told, frames, ticket.ticket_id)
    put_off = push.deliver(posts, now_ms)
    push.remember(what)
    if put_off and job.tries < len(POST_DELAYS_S):  # not by the queue of posts: it asks who is in the conversation
        later = replace(
            job,
            **{"seeks": False, "rules": 0, "tries": job.tries + 1 if again else 1},
            user_ids=tuple(dict.fromkeys(post.user_id for post in put_off)),
        )
        fan_out.queue_ticket_follow_ups([later], delay_s=POST_DELAYS_S[later.tries - 1])


def _may_be_told(ticket_id: str, user_ids: Sequence[str], now_ms: int) -> set[str]:
    """Returns those of these people who have the role still and are not suspended; one round trip."""
    told, suspended = in_parallel(
        lambda: ticket_audience.of(ticket_id, user_ids), lambda: suspensions.suspended_among(user_ids, now_ms)
    )
    return told - suspended


def _version(job: TicketFollowUp, ticket: StoredTicket) -> int | str:
    """Returns what is told of a ticket: its version, the entry of a clock, or a message."""
    if job.event == MESSAGE:
        return ids.message_id(ticket.ticket_id, job.number)
    return ticket.version if job.clock is None else job.key


def _frames(news: News, seen: SupportTicket | None, users: named.Users) -> push.FrameFor:
    """Returns the frame of a new ticket as it is `seen`, or of its `news`."""
    if seen is not None:
        return push.frames_of(TicketCreated(conversation_id=seen.id, ticket=seen, users=users))
    return push.naming_frames_of(news, users)


def _unless_open(job: TicketFollowUp, head: Head, frame_for: push.FrameFor) -> push.FrameFor:
    """Returns the frames for devices that do not have the ticket open: the change itself has told the others.

    Not those of the agent who made it, nor any of a large ticket (`ticket_viewers.around`) or of a clock.
    """

    def frame(user_id: str, device: Connection) -> bytes | None:
        was_told = ticket_id in device.joined and user_id != job.user_id and tells_viewers
        return None if was_told else frame_for(user_id, device)

    ticket_id, tells_viewers = head.conversation_id, job.clock is None and not head.is_large
    return frame


def _news(job: TicketFollowUp, ticket: StoredTicket, head: Head) -> News | None:
    """Returns what a job tells of a ticket as it is now; None for a message if an agent has the ticket meanwhile.

    One round trip for a message.
    """
    if job.event == MESSAGE:
        message = messages.get_message(ticket.ticket_id, job.number) if waits(ticket) else None
        return None if message is None else MessageNotification.of(message.for_all())
    if job.clock is not None:
        kind: ClockEventKind = "breach" if job.event == "sla_breach" else "warning"
        return ticket_sla(ClockEvent(clock=job.clock, kind=kind, at_ms=job.at_ms), head, ticket)
    return TicketUpdated(
        conversation_id=ticket.ticket_id,
        change_seq=head.shared_seq,
        user_id=job.user_id,
        ticket=view_state(ticket, head),
        shared=Shared.of(head),
    )


def _seek(job: TicketFollowUp, now_ms: int) -> None:
    """Assigns a ticket to the agent whose turn it is; if there is none, it waits (`waiting.py`).

    Not a ticket that an agent has put back by hand since the follow-up began.
    """
    for _ in conditions.tries():
        (ticket, _), entries = in_parallel(lambda: _read(job.ticket_id), roster.entries)
        if ticket is None:
            return
        if not waits(ticket):
            _tell_again(job, ticket, entries, now_ms)
            return
        if _stays(job, ticket):
            return
        chosen = _choose(job, ticket, entries, now_ms)
        if chosen is None:
            return
        # Before the change, so that of two follow-ups at once each gives another agent's turn away.
        if chosen.turn_of == job.key or roster.take_turn(chosen, chosen.assigned(now_ms, job.key)):
            changing.assign_by_itself(access.as_desk(now_ms), job.ticket_id, chosen.user_id)
            return
    raise retrying.busy()


def _tell_again(job: TicketFollowUp, ticket: StoredTicket, entries: Iterable[RosterEntry], now_ms: int) -> None:
    """Tells again of the assignment by an earlier try of the follow-up, which may have died before it told."""
    if any(entry.user_id == ticket.assignee_id and entry.turn_of == job.key for entry in entries):
        changing.assign_by_itself(access.as_desk(now_ms), job.ticket_id, ticket.assignee_id or "")


def _stays(job: TicketFollowUp, ticket: StoredTicket) -> bool:
    """Says whether a ticket stays nobody's: an agent has put it back since then, or the desk itself to stay there.

    One round trip, none if nothing has happened since.
    """
    since = 1 if job.event == WAITING else job.number
    if ticket.entries <= since:
        return False
    later = ticket_history.entries_after(job.ticket_id, max(since, ticket.entries - MAX_ENTRIES), MAX_ENTRIES)
    moves = [entry.about for entry in later if "assignee_id" in entry.about.get("changes", {})]
    if not moves or moves[-1].get("escalated"):  # a missed target has taken it from its agent: for another one
        return False
    return moves[-1]["user_id"] != DESK or desks.current().assignment.when_offline != "reassign"


def _choose(
    job: TicketFollowUp, ticket: StoredTicket, entries: Sequence[RosterEntry], now_ms: int
) -> RosterEntry | None:
    """Returns the agent on duty whose turn it is: present, with the role, the skill and room. One round trip."""
    user_ids = [entry.user_id for entry in entries if entry.available]
    if not user_ids:
        return None
    (devices, suspended), (people, open_tickets) = in_parallel(
        lambda: in_parallel(lambda: connections.of(user_ids), lambda: suspensions.suspended_among(user_ids, now_ms)),
        lambda: in_parallel(lambda: _people(user_ids), open_tickets_by_code),
    )
    able = [
        entry
        for entry in entries
        if entry.user_id in people.keys() - suspended
        and agents.is_agent(people[entry.user_id].role)
        and devices[entry.user_id].live(now_ms // 1000)
    ]
    counts = {entry.user_id: open_tickets.get(agent_code(entry.user_id), 0) for entry in able}
    return in_turn(able, ticket, desks.current(), counts, job.key, now_ms)


def _people(user_ids: Sequence[str]) -> named.Users:
    """Returns those of these people who are known, with their roles, a moment old at most; one round trip."""
    rows = batches.read_rows({tables.User: [(user_id,) for user_id in user_ids]}, stale=(tables.User,))
    return dict(named_users.of(rows, user_ids))
