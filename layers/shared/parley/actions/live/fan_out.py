"""Fan-out: the follow-ups of a stored message or change in a group. The stream starts it, a queue runs its parts.

A changed profile takes the same way, and so does a changed ticket.

A group's list entries move once an hour (`index`), and a large group's members are told in parts of a hundred
(`fan_out`): no sender waits for that. Everything here may happen twice.

Rows and queue messages call it `errand` and `errands`: functions of the previous version read and write them as well.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from msgspec.structs import replace

from parley.actions import named, push, ticket_events
from parley.actions.parallel import in_parallel
from parley.adapters.attachments import limits
from parley.adapters.conversations import conversations, messages
from parley.adapters.live import connections, queues
from parley.adapters.people import blocks
from parley.adapters.threads import Threads
from parley.domain.api.identity import DESK
from parley.domain.api.requests import MAX_SEQ
from parley.domain.conversations import events
from parley.domain.conversations.events import NamingEvent
from parley.domain.conversations.head import Head
from parley.domain.conversations.named import in_event, in_messages
from parley.domain.conversations.reading import ReadAllJob
from parley.domain.conversations.steps import CLOSE
from parley.domain.live.presence import Presence
from parley.domain.previews.job import is_of_preview
from parley.domain.support.follow_ups import MESSAGE, REPLY, RULE_FIRED, TicketFollowUp

if TYPE_CHECKING:
    from parley.domain.support.automations import Trigger

PART = 100  # members of one job: as many as one batch reads (DynamoDB quotas)
MAX_UPDATES_AT_ONCE = 16
USER_UPDATED = "user_updated"  # the follow-up that tells others of a changed profile (`user_updates.py`)
TICKET = "ticket"  # what follows a change of a ticket (`actions/support/follow_ups.py`)
DESK_HEARS = "desk"  # the follow-up that tells the agents on duty of a message in a ticket that nobody has
DISSOLVE = "dissolve"  # the follow-up that takes the next members out of a dissolved group (`dissolving.py`)
READ_ALL = "read_all"  # the follow-up that marks everything of a person as read (`actions/messages/reading_all.py`)
ADD = "add"  # the follow-up that adds the next people of everyone (`actions/conversations/adding.py`)

_updates = Threads(max_workers=MAX_UPDATES_AT_ONCE, thread_name_prefix="index")


class FanOut(Struct, frozen=True, kw_only=True):
    """The fan-out of one message (`seq`) or change (`change_seq`); `follow_ups` names the work."""

    conversation_id: str
    seq: int = 0
    change_seq: int = 0
    follow_ups: tuple[str, ...] = field(name="errands", default=())


class Delivery(Struct, frozen=True, kw_only=True):
    """The fan-out to a part of the members; or what follows a change of a ticket (`ticket`).

    Or a part of what marks everything of a person as read (`read_all`).
    """

    fan_out: FanOut = field(name="errand")
    user_ids: tuple[str, ...]
    ticket: TicketFollowUp | None = None
    read_all: ReadAllJob | None = None


def start_fan_out(row: Mapping[str, Any]) -> None:
    """Queues a job for each hundred members, if the row has follow-ups.

    One round trip for each thousand members, and one call of the queue for each ten jobs.
    """
    if "errands" in row:
        queues.deliver(list(_jobs(_of_row(row))))


def start_user_update(row: Mapping[str, Any]) -> None:
    """Queues the job that tells others of a changed profile, if the row is the outbox's entry of it; one call."""
    if row.get("outbox") != USER_UPDATED:
        return
    about = row["about"]
    # Functions of an earlier version find no conversation under this key, and do nothing.
    update = FanOut(conversation_id=row["conversation_id"], change_seq=about["profile_seq"], follow_ups=(USER_UPDATED,))
    queues.deliver([Delivery(fan_out=update, user_ids=(about["user_id"],))])


def start_ticket_follow_up(row: Mapping[str, Any]) -> None:
    """Queues what follows an entry of a ticket's history, unless it changes nothing that people see; one call.

    And the rules of the desk for a message of the requester's. Once in a while one round trip more, for the rules.
    """
    if row.get("outbox") != TICKET:
        _start_rules(row)
        return
    about, number = row["about"], int(row["seq"])
    changes = about.get("changes", {})
    if about["event"] in ("responded", RULE_FIRED) and not changes:
        return
    is_opened = about["event"] == "created" or changes.get("status", {}).get("to") == "open"
    is_left = about["user_id"] == DESK and changes.get("assignee_id", {"to": DESK}).get("to") is None
    is_released = is_left and not about.get("escalated")
    ticket_id = row["conversation_id"].rpartition("#")[2]
    queue_ticket_follow_ups(
        [
            TicketFollowUp(
                ticket_id=ticket_id,
                number=number,
                event=about["event"],
                user_id=about["user_id"],
                seeks=(is_opened or is_left) and about.get("state", {}).get("assignee_id") is None,
                released=is_released,
                clock=about.get("clock"),
                at_ms=int(about.get("at_ms", 0)),
                rules=_rules(row, "created", "idle") if about["event"] == "created" else 0,
            )
        ]
    )


def _start_rules(row: Mapping[str, Any]) -> None:
    """Queues the rules of the desk for a message of a ticket's requester, if there are any; one call."""
    if row.get("side") != "requester" or row.get("kind") == "system" or "#" in row["conversation_id"]:
        return
    version = _rules(row, "customer_reply")
    if version:
        job = TicketFollowUp(
            ticket_id=row["conversation_id"],
            number=int(row["seq"]),
            event=REPLY,
            user_id=row["sender_id"],
            rules=version,
        )
        queue_ticket_follow_ups([job])


def _rules(row: Mapping[str, Any], *triggers: "Trigger") -> int:
    """Returns the version of the desk's rules if one of these triggers has any, else 0; a round trip a minute."""
    from parley.adapters.support import automations  # the rules, which no other row needs

    stored = automations.known(int(row["created_at_ms"]) // 1000)
    return stored.version if any(stored.enabled(trigger) for trigger in triggers) else 0


def queue_ticket_follow_ups(jobs: Sequence[TicketFollowUp], delay_s: int = 0) -> None:
    """Queues what follows entries of tickets' histories; one call for each ten."""
    queues.deliver([_delivery(job) for job in jobs], delay_s=delay_s)


def _delivery(job: TicketFollowUp) -> Delivery:
    # Functions of an earlier version find no conversation under this key, and do nothing.
    fan_out = FanOut(conversation_id=f"#{TICKET}#{job.ticket_id}", seq=job.number, follow_ups=(TICKET,))
    return Delivery(fan_out=fan_out, user_ids=(), ticket=job)


def _of_row(row: Mapping[str, Any]) -> FanOut:
    """Returns the fan-out of a message's row, or of one of the change log."""
    conversation_id, _, what = row["conversation_id"].partition("#")
    seq = row["seq"]
    follow_ups = tuple(row["errands"].split(","))
    if what == "c":
        return FanOut(conversation_id=conversation_id, change_seq=seq, follow_ups=follow_ups)
    return FanOut(conversation_id=conversation_id, seq=seq, follow_ups=follow_ups)


def _jobs(fan_out: FanOut) -> Iterator[Delivery]:
    elsewhere = (each for each in fan_out.follow_ups if each != CLOSE and not is_of_preview(each))
    fan_out = replace(fan_out, follow_ups=tuple(elsewhere))
    for alone in (ADD, DISSOLVE):  # a job of its own, and none of it for the members' jobs
        if alone in fan_out.follow_ups:
            if alone == ADD or fan_out.change_seq:  # the step's message has the follow-up, too
                yield Delivery(fan_out=replace(fan_out, follow_ups=(alone,)), user_ids=())
            fan_out = replace(fan_out, follow_ups=tuple(each for each in fan_out.follow_ups if each != alone))
    if DESK_HEARS in fan_out.follow_ups:
        yield _delivery(
            TicketFollowUp(ticket_id=fan_out.conversation_id, number=fan_out.seq, event=MESSAGE, user_id="")
        )
        fan_out = replace(fan_out, follow_ups=tuple(each for each in fan_out.follow_ups if each != DESK_HEARS))
    if not fan_out.follow_ups:
        return
    head = conversations.head(fan_out.conversation_id)
    if head is None:
        return
    if not head.is_large:
        yield Delivery(fan_out=fan_out, user_ids=head.participants)
        return
    after: str | None = None
    while members := conversations.member_ids(fan_out.conversation_id, conversations.MAX_RECENT, after):
        for first in range(0, len(members), PART):
            yield Delivery(fan_out=fan_out, user_ids=tuple(members[first : first + PART]))
        after = members[-1]


def run_fan_out(delivery: Delivery, now_ms: int) -> None:
    """Does the follow-ups for a part of the members; six round trips, the posts, one more for each moved entry."""
    fan_out = delivery.fan_out
    head = conversations.head(fan_out.conversation_id)
    if head is None:
        return
    if "index" in fan_out.follow_ups:
        list(_updates.map(lambda user_id: conversations.move_entry(head, user_id, fan_out.seq), delivery.user_ids))
    if "fan_out" in fan_out.follow_ups:
        _tell(head, fan_out, delivery.user_ids, now_ms)


def _tell(head: Head, fan_out: FanOut, user_ids: Sequence[str], now_ms: int) -> None:
    """Posts to those of these people who are online and still in the group."""
    people = connections.of(user_ids)
    online = [person for person in people.values() if person.live(now_ms // 1000)]
    if not online:
        return
    members = conversations.memberships((person.user_id, head.conversation_id) for person in online)
    still_in = [person for person in online if (person.user_id, head.conversation_id) in members]
    if not still_in:
        return
    frames = _frames(head, fan_out, [person.user_id for person in still_in], now_ms)
    if frames is not None:
        told, seq = frames
        seeing = [
            person
            for person in still_in
            if head.visible_from_seq(person.user_id, members[person.user_id, head.conversation_id]) <= seq
        ]
        _post(head, seeing, told, now_ms)


def _post(head: Head, people: Sequence[Presence], frames: push.FrameFor, now_ms: int) -> None:
    posts = push.posts_to(now_ms // 1000, people, frames, head.conversation_id)
    if later := push.deliver(posts, now_ms):
        queues.retry_later(later)


def _frames(head: Head, fan_out: FanOut, user_ids: Sequence[str], now_ms: int) -> tuple[push.FrameFor, int] | None:
    """Returns the frames for these members, of the message or change as it is now, and the seq of its message.

    For members who do not see as far back there is no frame. The seq is the newest for a change of the conversation.
    Returns None for a change that concerns only one person.
    """
    if fan_out.seq:
        message = messages.get_message(head.conversation_id, fan_out.seq)
        if message is None:
            return None
        shown = message.for_all()
        users, blockers = in_parallel(
            lambda: named.for_many(in_messages([shown])),
            lambda: blocks.blockers_of(shown.sender_id, user_ids) if shown.kind != "system" else (),
        )
        return push.new_message(shown, users, blockers), shown.seq
    for change in messages.changes(head.conversation_id, fan_out.change_seq, fan_out.change_seq):
        if not change.is_for_all:  # rows of an earlier version have the follow-up anyway
            return None
        if not change.is_of_message:
            ticket = ticket_events.ticket_of(head, (change,))
            return _frames_of_event(ticket_events.of_change(change, head, None, ticket)), MAX_SEQ
        changed = messages.get_message(head.conversation_id, change.message_seq or 0)
        if changed is None:
            return None
        event = events.of_change(change, head, changed.for_all(limits.files_since_ms(now_ms)))
        return _frames_of_event(event), changed.seq
    return None


def _frames_of_event(event: NamingEvent) -> push.FrameFor:
    """Returns the frame of an event with the people whom it names; one round trip."""
    return push.naming_frames_of(event, named.for_many(in_event(event)))
