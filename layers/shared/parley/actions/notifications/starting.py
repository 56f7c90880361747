"""Starting notifications: from rows of the stream to jobs in the queue, in one call for a whole batch.

Nobody is told here. A person who is connected gets a while to look by themselves: their job waits in the queue. Nobody
waits for the job of a person who is not. In groups the job itself finds out, because there is one for many people.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from parley.adapters.conversations import conversations
from parley.adapters.live import connections
from parley.adapters.notifications import jobs
from parley.adapters.support import roster
from parley.domain.conversations.head import Head
from parley.domain.live.presence import Presence
from parley.domain.notifications.occasion import MAX_TOLD, NotificationJob, Occasion, OccasionKind
from parley.domain.notifications.ticket_news import new_assignee
from parley.domain.support.follow_ups import is_silent

TICKET = "ticket"  # the outbox's entries of the histories of tickets
FEW = 10  # people whose devices the reader of the stream looks up itself

_OF_NOTES: Mapping[str, OccasionKind] = {
    "call_missed": "missed_call",
    "members_added": "invitation",
    "group_created": "invitation",
}


def occasions_of(row: Mapping[str, Any]) -> list[Occasion]:
    """Returns of what a row of the stream may be an occasion to tell; no round trip."""
    if row.get("outbox") == TICKET:
        return _of_ticket(row)
    conversation_id, _, what = row["conversation_id"].partition("#")
    if "kind" in row and not what:
        return _of_message(row)
    change = row.get("change")
    if what == "c" and change is not None and change["kind"] == "reaction_added":
        return [
            Occasion(
                kind="reaction",
                conversation_id=conversation_id,
                seq=int(change["message_seq"]),
                number=int(row["seq"]),
                by=change["user_id"],
                at_ms=int(change["at_ms"]),
                emoji=change.get("emoji") or "",
            )
        ]
    return []


def _of_ticket(row: Mapping[str, Any]) -> list[Occasion]:
    """Returns that a ticket waits for an agent, once for each opening and reopening, or that it has changed."""
    about = row["about"]
    changes, assignee_id = about.get("changes", {}), about.get("state", {}).get("assignee_id")
    ticket_id = row["conversation_id"].rpartition("#")[2]
    number, at_ms, by = int(row["seq"]), int(row["created_at_ms"]), about["user_id"]
    is_opened = about["event"] == "created" or changes.get("status", {}).get("to") == "open"
    found: list[Occasion] = []
    if is_opened and assignee_id is None:
        team = about.get("state", {}).get("team")
        found.append(
            Occasion(kind="waiting_ticket", conversation_id=ticket_id, number=number, by=by, at_ms=at_ms, team=team)
        )
    of_rule = _of_rule(ticket_id, row, about["notify"]) if "notify" in about else None
    found += [] if of_rule is None else [of_rule]
    by_rule = () if of_rule is None else of_rule.user_ids
    is_told = is_opened or (changes and not is_silent(changes))
    told = (assignee_id,) if assignee_id not in (None, *by_rule) and is_told else ()
    tells_requester = about["event"] != "created" and _tells_requester(changes)
    if told or tells_requester:
        found.append(
            Occasion(
                kind="ticket",
                conversation_id=ticket_id,
                number=number,
                by=by,
                at_ms=at_ms,
                user_ids=told,
                tells_requester=tells_requester,
                assignee_id=new_assignee(about) or "",
            )
        )
    return found


def _of_rule(ticket_id: str, row: Mapping[str, Any], by_rule: Mapping[str, Any]) -> Occasion:
    """Returns that a rule of the desk notifies agents: the assignee, some by id, and those of a team.

    No history names them: the rule does, as it is now. A round trip a minute for the rules.
    """
    about, at_ms = row["about"], int(row["created_at_ms"])
    people = [about["state"]["assignee_id"]] if by_rule.get("assignee") else []
    if version := int(by_rule.get("version", 0)):
        from parley.adapters.support import automations  # the rules, which no other row needs

        rules = automations.known(at_ms // 1000, version).rules
        notified = [rule.effects.notify for rule in rules if rule.id == about["rule_id"]]
        people += [user_id for each in notified if each is not None for user_id in each.user_ids]
    return Occasion(
        kind="ticket",
        conversation_id=ticket_id,
        number=int(row["seq"]),
        by=about["user_id"],
        at_ms=at_ms,
        user_ids=tuple(dict.fromkeys(people)),
        team=by_rule.get("team"),
        assignee_id=new_assignee(about) or "",
        by_rule=True,
    )


def _tells_requester(changes: Mapping[str, Any]) -> bool:
    """Says whether a requester is told of changes: of the status, and that an agent takes the ticket, not of moves."""
    taken = changes.get("assignee_id", {})
    return "status" in changes or (taken.get("from") is None and taken.get("to") is not None)


def _of_message(row: Mapping[str, Any]) -> list[Occasion]:
    known = {
        "conversation_id": row["conversation_id"],
        "seq": int(row["seq"]),
        "by": row["sender_id"],
        "at_ms": int(row["created_at_ms"]),
    }
    if row["kind"] != "system":
        return [Occasion(kind="message", **known)]
    note = row.get("system") or {}
    kind, people = _OF_NOTES.get(note.get("event", "")), note.get("user_ids", ())
    return [] if kind is None or not people else [Occasion(kind=kind, user_ids=tuple(people), **known)]


def queue_occasions(occasions: Sequence[Occasion]) -> None:
    """Queues the jobs of some occasions.

    One round trip for the heads, one for the devices of few people, one for each 1,000 members of a large group, and
    one call of the queue for each ten jobs. Nothing for nobody.
    """
    # The message of a reaction names whom to tell: the job reads it.
    many = [each for each in occasions if each.kind == "reaction"]
    few: list[Occasion] = []
    of_head = _with_agents([each for each in occasions if each.kind != "reaction"])
    heads = conversations.heads(dict.fromkeys(each.conversation_id for each in of_head)) if of_head else {}
    for each in of_head:
        for part in _parts(each, heads.get(each.conversation_id)):
            (few if len(part.user_ids) <= FEW else many).append(part)
    present = connections.readable(dict.fromkeys(user_id for each in few for user_id in each.user_ids), stale=True)
    now_ms = max((each.at_ms for each in few), default=0)
    told = [(NotificationJob(occasions=(part,), splits=True), 0) for part in many]
    jobs.queue_jobs([*jobs_by_presence(few, present, now_ms), *told])


def _parts(occasion: Occasion, head: Head | None) -> Iterator[Occasion]:
    """Yields an occasion with its people, as many as a job holds; a round trip for 1,000 members of a large group."""
    if head is None:
        return
    if occasion.kind in ("ticket", "waiting_ticket"):
        requester = (head.requester_id,) if occasion.tells_requester and head.requester_id else ()
        people = dict.fromkeys([*occasion.user_ids, *requester])
        # A rule notifies agents of what its requester may not see.
        yield from _chunks(occasion, [each for each in people if not (occasion.by_rule and each == head.requester_id)])
        return
    if occasion.user_ids or not head.is_large:
        yield from _chunks(occasion, occasion.user_ids or head.participants)
        return
    after: str | None = None
    while members := conversations.member_ids(head.conversation_id, conversations.MAX_RECENT, after):
        yield from _chunks(occasion, members)
        after = members[-1]


def _with_agents(occasions: Sequence[Occasion]) -> list[Occasion]:
    """Returns occasions with the agents who may take a ticket: its team's, else all of the roster.

    And with those of the team that a rule notifies. An agent without teams is in all of them. One round trip if a
    ticket waits, or a team is notified.
    """
    if not any(each.kind == "waiting_ticket" or each.team is not None for each in occasions):
        return list(occasions)
    agents = roster.entries()
    found = []
    for each in occasions:
        of_team = [agent.user_id for agent in agents if each.team in (None, *agent.teams) or not agent.teams]
        if each.kind == "waiting_ticket":
            each = replace(each, user_ids=tuple(of_team or (agent.user_id for agent in agents)))
        elif each.team is not None:
            each = replace(each, user_ids=tuple(dict.fromkeys((*each.user_ids, *of_team))))
        found.append(each)
    return found


def _chunks(occasion: Occasion, people: Sequence[str]) -> Iterator[Occasion]:
    others = [user_id for user_id in people if user_id != occasion.by]
    for first in range(0, len(others), MAX_TOLD):
        yield replace(occasion, user_ids=tuple(others[first : first + MAX_TOLD]))


def jobs_by_presence(
    occasions: Sequence[Occasion], present: Mapping[str, Presence], now_ms: int
) -> list[tuple[NotificationJob, int]]:
    """Returns the jobs of those who are not connected, at once, and of the others, who get a while to look."""
    here = connected(present, now_ms)
    at_once = packed(occasions, lambda user_id: user_id not in here)
    later = packed(occasions, lambda user_id: user_id in here)
    return [*((NotificationJob(occasions=part), 0) for part in at_once), *later_jobs(later)]


def connected(present: Mapping[str, Presence], now_ms: int) -> set[str]:
    """Returns those of some people who have a device that is connected."""
    return {user_id for user_id, person in present.items() if person.live(now_ms // 1000)}


def later_jobs(parts: Iterable[tuple[Occasion, ...]]) -> list[tuple[NotificationJob, int]]:
    """Returns the jobs of people who get a while to look by themselves."""
    return [(NotificationJob(occasions=part), jobs.notify_after_s()) for part in parts]


def packed(
    occasions: Sequence[Occasion], is_of: Callable[[str], bool] = lambda _: True
) -> Iterator[tuple[Occasion, ...]]:
    """Yields the occasions of some of their people, together as many as a job holds."""
    part: list[Occasion] = []
    count = 0
    for each in occasions:
        people = tuple(user_id for user_id in each.user_ids if is_of(user_id))
        if part and count + len(people) > MAX_TOLD:
            yield tuple(part)
            part, count = [], 0
        if people:
            part.append(replace(each, user_ids=people))
            count += len(people)
    if part:
        yield tuple(part)
