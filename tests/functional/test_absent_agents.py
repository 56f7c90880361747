"""The tickets of agents who go offline: kept, given to nobody, or to another agent, as the desk says."""

import time
from pathlib import Path

import pytest

from tests.functional.desk import (
    agent,
    assign,
    change,
    history,
    open_ticket,
    put_on_duty,
    take,
    use_desk,
)
from tests.functional.erasures import erased
from tests.functional.talk import forget_events
from tests.functional.test_desk_roster import heard, holder, on_duty
from tests.harness import Parley, Socket, User

SWEEP = "ClearStalePresence"
BY_TURN = '[assignment]\nmethod = "round_robin"\ngrace_minutes = 5\n'


@pytest.fixture
def alice(parley: Parley) -> User:
    return parley.user("alice")


def gone(parley: Parley, device: Socket, minutes: int = 6) -> None:
    """Lets an agent go, and time pass."""
    device.close()
    parley.clock.ms += minutes * 60_000


def look(parley: Parley, *there: User) -> None:
    """Lets the sweep look, while these agents have just connected."""
    for person in there:
        person.connect()
    parley.run_schedule(SWEEP)
    parley.drain()


@pytest.mark.parametrize("when_offline", ["", 'when_offline = "keep"\n'])
def test_an_agent_keeps_their_tickets_by_default(
    parley: Parley, alice: User, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, when_offline: str
) -> None:
    use_desk(monkeypatch, tmp_path, f"[assignment]\n{when_offline}")
    agnes, ticket_id = on_duty(parley, "agnes"), open_ticket(alice)
    assert take(agnes.user, ticket_id).status == 200
    parley.drain()
    gone(parley, agnes)

    with parley.watch() as calls:
        look(parley)

    assert holder(alice, ticket_id) == "agnes"
    assert [call for call in calls if "Tickets" in str(call.params) or "Figures" in str(call.params)] == []


@pytest.mark.parametrize("when_offline", ["keep", "unassign", "reassign"])
def test_another_agent_gets_the_ticket_of_an_erased_one(
    parley: Parley, alice: User, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, when_offline: str
) -> None:
    use_desk(monkeypatch, tmp_path, f'{BY_TURN}when_offline = "{when_offline}"\n')
    agnes = agent(parley)
    ticket_id = open_ticket(alice)
    assert take(agnes, ticket_id).status == 200
    parley.drain()
    ben = on_duty(parley, "ben")

    parley.clock.ms = time.time_ns() // 1_000_000  # the stream leaves out what is older
    erased(parley, "agnes")
    look(parley, ben.user)

    assert holder(alice, ticket_id) == "ben"


def test_tickets_become_nobodys_after_the_time_of_grace(
    parley: Parley, alice: User, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    use_desk(monkeypatch, tmp_path, BY_TURN + 'when_offline = "unassign"\n')
    agnes, ben = on_duty(parley, "agnes"), on_duty(parley, "ben")
    ticket_id, resolved, waiting = (open_ticket(alice) for _ in range(3))
    for each in (ticket_id, resolved, waiting):
        assert assign(ben.user, each, "agnes").status == 200
    assert change(agnes.user, resolved, status="resolved").status == 200
    assert change(agnes.user, waiting, status="waiting_on_customer").status == 200
    parley.drain()

    gone(parley, agnes, minutes=4)
    look(parley, ben.user)
    assert holder(alice, ticket_id) == "agnes"
    parley.clock.ms += 2 * 60_000
    phone = alice.connect()
    forget_events(phone)
    look(parley, ben.user)
    look(parley, ben.user)

    assert [holder(alice, each) for each in (ticket_id, resolved, waiting)] == [None, "agnes", None]
    entry = history(ben.user, ticket_id)[-1]
    assert (entry["user_id"], entry["note"]) == ("~parley.system-desk", "The agent is offline.")
    assert "note" not in history(alice, ticket_id)[-1]
    assert len(heard(phone, "ticket_updated")) == 2


def test_tickets_get_another_agent(
    parley: Parley, alice: User, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    use_desk(monkeypatch, tmp_path, BY_TURN + 'when_offline = "reassign"\n')
    agnes, ben = on_duty(parley, "agnes"), agent(parley, "ben")
    ticket_id = open_ticket(alice)
    parley.drain()
    assert holder(alice, ticket_id) == "agnes"
    assert put_on_duty(ben).status == 200
    gone(parley, agnes)

    look(parley, ben)

    assert holder(alice, ticket_id) == "ben"
    assert [entry["changes"].get("assignee_id") for entry in history(ben, ticket_id)[-2:]] == [
        {"from": "agnes", "to": None},
        {"from": None, "to": "ben"},
    ]


def test_who_comes_back_in_time_keeps_them(
    parley: Parley, alice: User, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    use_desk(monkeypatch, tmp_path, BY_TURN + 'when_offline = "unassign"\n')
    agnes, ticket_id = on_duty(parley, "agnes"), open_ticket(alice)
    assert take(agnes.user, ticket_id).status == 200
    parley.drain()
    gone(parley, agnes)

    look(parley, agnes.user)

    assert holder(alice, ticket_id) == "agnes"


def test_every_open_ticket_is_found_beyond_resolved_ones(
    parley: Parley, alice: User, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    use_desk(monkeypatch, tmp_path, BY_TURN + 'when_offline = "unassign"\n')
    monkeypatch.setattr("parley.actions.support.waiting.MAX_PART", 2)
    monkeypatch.setattr("parley.actions.support.waiting.MAX_JOBS", 2)
    agnes = on_duty(parley, "agnes")
    tickets = []
    for _ in range(6):
        tickets.append(open_ticket(alice))
        assert take(agnes.user, tickets[-1]).status == 200
        parley.clock.ms += 1000
    for each in tickets[3:]:
        assert change(agnes.user, each, status="resolved").status == 200
    parley.drain()
    gone(parley, agnes)

    look(parley)
    assert [holder(alice, each) for each in tickets] == ["agnes", None, None, "agnes", "agnes", "agnes"]
    look(parley)
    assert holder(alice, tickets[0]) is None
