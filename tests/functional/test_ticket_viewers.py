"""Agents who have a ticket open see each other and who types; its requester never learns who looks on."""

import pytest

from tests.functional.desk import agent, answered_ticket, open_ticket, put_on_duty
from tests.functional.erasures import host
from tests.functional.talk import LEASE_S, forget_events, named
from tests.harness import Frame, Parley, Socket, User


@pytest.fixture
def alice(parley: Parley) -> User:
    return parley.user("alice")


def on_duty(parley: Parley, user_id: str) -> Socket:
    """Returns the device of an agent who is on the roster."""
    person = agent(parley, user_id)
    assert put_on_duty(person).status == 200
    return person.connect()


def do(device: Socket, action: str, ticket_id: str) -> Frame:
    frame = device.request(action, {"conversation_id": ticket_id})
    assert frame["type"] == "ack", frame
    return dict(frame["data"])


def seen(frame: Frame) -> list[str]:
    return [viewer["user_id"] for viewer in frame["viewers"]]


def heard(device: Socket) -> list[tuple[str, str]]:
    return [(frame["event"], frame["data"]["user_id"]) for frame in device.events()]


def test_agents_see_each_other_and_the_requester_sees_nobody(parley: Parley, alice: User) -> None:
    ticket_id = open_ticket(alice)
    agnes, ben, cleo = (on_duty(parley, each) for each in ("agnes", "ben", "cleo"))
    phone = alice.connect()
    do(phone, "join_conversation", ticket_id)

    first, second = do(agnes, "join_conversation", ticket_id), do(ben, "join_conversation", ticket_id)

    assert (seen(first), seen(second)) == ([], ["agnes"])
    assert second["users"] == named(parley, "agnes")
    assert second["viewers"][0]["expires_at"] > second.get("now", "")
    assert heard(agnes) == [("user_joined_conversation", "ben")]
    assert (heard(cleo), heard(phone)) == ([], [])
    assert seen(do(phone, "join_conversation", ticket_id)) == []
    forget_events(agnes, ben)

    do(ben, "leave_conversation", ticket_id)

    assert heard(agnes) == [("user_left_conversation", "ben")]
    assert seen(do(agnes, "join_conversation", ticket_id)) == []
    assert heard(phone) == []


def test_typing_reaches_those_who_look_on_and_not_the_requester(parley: Parley, alice: User) -> None:
    ticket_id = open_ticket(alice)
    agnes, ben, cleo = (on_duty(parley, each) for each in ("agnes", "ben", "cleo"))
    phone = alice.connect()
    for device in (phone, agnes, ben):
        do(device, "join_conversation", ticket_id)
    forget_events(phone, agnes, ben, cleo)

    do(agnes, "typing_start", ticket_id)
    do(agnes, "typing_stop", ticket_id)
    do(phone, "typing_start", ticket_id)

    assert heard(ben) == [("user_typing", "agnes"), ("user_stopped_typing", "agnes"), ("user_typing", "alice")]
    assert heard(agnes) == [("user_typing", "alice")]
    assert (heard(phone), heard(cleo)) == ([], [])


def test_agents_in_the_ticket_hear_it_once(parley: Parley, alice: User) -> None:
    agnes, ben = on_duty(parley, "agnes"), on_duty(parley, "ben")
    ticket_id = answered_ticket(alice, agnes.user)
    phone = alice.connect()
    do(agnes, "join_conversation", ticket_id)
    forget_events(agnes, phone)

    assert seen(do(ben, "join_conversation", ticket_id)) == ["agnes"]
    do(agnes, "typing_start", ticket_id)

    assert heard(agnes) == [("user_joined_conversation", "ben")]
    assert heard(ben) == [("user_typing", "agnes")]
    assert heard(phone) == [("user_typing", "agnes")]  # an agent in the ticket is no secret


def test_former_agents_neither_see_nor_are_seen(parley: Parley, alice: User) -> None:
    ticket_id = open_ticket(alice)
    agnes, ben = on_duty(parley, "agnes"), on_duty(parley, "ben")
    for device in (agnes, ben):
        do(device, "join_conversation", ticket_id)
    forget_events(agnes, ben)
    assert host(parley).put("/users/ben", json={"role": "user"}).status == 200

    assert seen(do(agnes, "join_conversation", ticket_id)) == []
    do(agnes, "typing_start", ticket_id)

    assert heard(ben) == []


def test_an_agent_who_is_the_requester_sees_nobody(parley: Parley) -> None:
    agnes, ben = on_duty(parley, "agnes"), on_duty(parley, "ben")
    own = open_ticket(agnes.user)
    forget_events(agnes)
    do(ben, "join_conversation", own)

    assert seen(do(agnes, "join_conversation", own)) == []
    do(ben, "typing_start", own)

    assert heard(agnes) == []


@pytest.mark.parametrize("is_lost", [False, True])
def test_a_device_that_goes_is_no_viewer_any_more(parley: Parley, alice: User, is_lost: bool) -> None:
    ticket_id = open_ticket(alice)
    agnes, ben = on_duty(parley, "agnes"), on_duty(parley, "ben")
    for device in (agnes, ben):
        do(device, "join_conversation", ticket_id)
    forget_events(agnes)
    parley.lose_disconnects = is_lost

    ben.close()
    assert heard(agnes) == ([] if is_lost else [("user_left_conversation", "ben")])
    if is_lost:
        parley.clock.ms += LEASE_S * 1000 + 1000
    there = seen(do(on_duty(parley, "cleo"), "join_conversation", ticket_id))

    assert there == ([] if is_lost else ["agnes"])


def test_another_device_of_the_agent_keeps_them_there(parley: Parley, alice: User) -> None:
    ticket_id = open_ticket(alice)
    agnes, ben = on_duty(parley, "agnes"), on_duty(parley, "ben")
    tab = ben.user.connect()
    for device in (agnes, ben, tab):
        do(device, "join_conversation", ticket_id)
    forget_events(agnes)

    tab.close()

    assert heard(agnes) == []
    assert seen(do(agnes, "join_conversation", ticket_id)) == ["ben"]
