"""The roster's rules: which agent gets a ticket by themselves."""

from hypothesis import given
from hypothesis import strategies as st

from parley.domain.support.desk import Assignment, Category, Desk
from parley.domain.support.hours import around_the_clock
from parley.domain.support.roster import COUNTS_LAG_MS, MAX_LIMIT, MAX_RECENT, RosterEntry, in_turn, waits
from parley.domain.support.ticket import StoredTicket

NOW_MS = 1_800_000_000_000


def desk(**rules: object) -> Desk:
    return Desk(
        source="desk.toml",
        hours=around_the_clock(),
        categories={"general": Category(name="General"), "legal": Category(name="Legal", skill="legal")},
        teams=("travel", "quality"),
        skills=("legal",),
        assignment=Assignment(**{"method": "round_robin", **rules}),  # type: ignore[arg-type]
    )


def ticket(**fields: object) -> StoredTicket:
    state = {"ticket_id": "t_1", "number": "1", "status": "open", "priority": "medium", "category": "general"}
    times = {"version": 1, "created_at_ms": NOW_MS, "updated_at_ms": NOW_MS}
    return StoredTicket(**{**state, **times, "requester_id": "alice", **fields})  # type: ignore[arg-type]


def agent(user_id: str, **fields: object) -> RosterEntry:
    return RosterEntry(**{"user_id": user_id, "available": True, **fields})  # type: ignore[arg-type]


def chosen(
    *entries: RosterEntry, of: StoredTicket | None = None, by: Desk | None = None, turn_of: str = "", **counts: int
) -> str | None:
    found = in_turn(entries, of or ticket(), by or desk(), counts, turn_of, NOW_MS)
    return None if found is None else found.user_id


def test_who_got_a_ticket_longest_ago_is_next() -> None:
    a, b, c = agent("a", assigned_at_ms=(5,)), agent("b", assigned_at_ms=(3,)), agent("c", assigned_at_ms=(4,))

    assert chosen(a, b, c, a=0, b=9) == "b"
    assert chosen(a, b, c, agent("d")) == "d"
    assert chosen(agent("b"), agent("a")) == "a"
    assert chosen(a, b, c, by=desk(method="least_busy"), a=1, b=2, c=1) == "c"


def test_who_may_not_get_it_is_passed_over() -> None:
    assert chosen(agent("a", available=False)) is None
    assert chosen(agent("alice")) is None
    assert chosen(agent("a", teams=("quality",)), agent("b"), of=ticket(team="travel")) == "b"
    assert chosen(agent("a", teams=("quality", "travel")), of=ticket(team="travel")) == "a"
    assert chosen(agent("a"), agent("b", skills=("legal",)), of=ticket(category="legal")) == "b"
    assert chosen(agent("a"), of=ticket(category="gone")) == "a"  # the desk has this category no more


def test_limit_is_the_agents_own_or_the_desks() -> None:
    assert chosen(agent("a", limit=0)) is None
    assert chosen(agent("a", limit=2), a=1) == "a"
    assert chosen(agent("a", limit=2), a=2) is None
    assert chosen(agent("a"), by=desk(limit=3), a=2) == "a"
    assert chosen(agent("a"), by=desk(limit=3), a=3) is None
    assert chosen(agent("a"), a=MAX_LIMIT - 1) == "a"
    assert chosen(agent("a"), a=MAX_LIMIT) is None


def test_tickets_that_the_counts_may_not_have_count_besides() -> None:
    recent, old = NOW_MS - COUNTS_LAG_MS + 1, NOW_MS - COUNTS_LAG_MS

    assert chosen(agent("a", limit=2, assigned_at_ms=(recent,)), a=1) is None
    assert chosen(agent("a", limit=2, assigned_at_ms=(old,)), a=1) == "a"


def test_a_retry_finds_whom_it_chose() -> None:
    full = agent("b", limit=1, assigned_at_ms=(NOW_MS,), turn_of="t_1#1")

    assert chosen(agent("a"), full, turn_of="t_1#1", b=1) == "b"
    assert chosen(agent("a"), full, turn_of="t_1#2", b=1) == "a"


@given(st.lists(st.integers(NOW_MS, NOW_MS + 10_000), min_size=1, max_size=120))
def test_times_of_turns_rise_and_are_bounded(times: list[int]) -> None:
    entry = agent("a")
    for at_ms in times:
        after = entry.assigned(at_ms, "t_1#1")
        assert after.assigned_at_ms[-1] > (entry.assigned_at_ms[-1] if entry.assigned_at_ms else 0)
        assert len(after.assigned_at_ms) <= MAX_RECENT
        entry = after


def test_a_ticket_waits_if_nobody_has_it_and_the_desk_has_to_do_something() -> None:
    assert [
        waits(ticket(status=status)) for status in ("open", "in_progress", "waiting_on_customer", "resolved", "closed")
    ] == [True, True, False, False, False]
    assert not waits(ticket(assignee_id="a"))
