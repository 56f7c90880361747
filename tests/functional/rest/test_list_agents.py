"""GET /support/agents: who is on the roster, online, and how busy."""

from tests.functional.desk import agent, open_ticket, put_on_duty, take
from tests.functional.talk import named
from tests.harness import Parley


def test_agents_come_with_their_devices_and_open_tickets(parley: Parley) -> None:
    parley.clock.ms = parley.clock.ms
    agnes, ben, alice = agent(parley), agent(parley, "ben"), parley.user("alice")
    put_on_duty(ben)
    put_on_duty(agnes)
    ben.connect()
    for _ in range(2):
        assert take(agnes, open_ticket(alice)).status == 200
    parley.drain()

    reply = agnes.get("/support/agents")

    assert reply.status == 200
    assert [(each["user_id"], each["online"], each["open_tickets"]) for each in reply.json["agents"]] == [
        ("agnes", False, 2),
        ("ben", True, 0),
    ]
    assert reply.json["users"] == named(parley, "agnes", "ben")


def test_an_empty_roster_is_empty(parley: Parley) -> None:
    assert agent(parley).get("/support/agents").json == {"agents": [], "users": {}}
