"""Agents who have a ticket open see each other and who types; its requester never learns who looks on."""

import time

import pytest

from tests.functional.desk import agent, answered_ticket, change, open_ticket, put_on_duty, respond, take
from tests.functional.erasures import erased, host
from tests.functional.talk import LEASE_S, forget_events, joined, named, say
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


def told(device: Socket) -> list[str]:
    names = [frame["event"] for frame in device.events()]
    forget_events(device)
    return names


def test_messages_and_changes_reach_those_who_look_on(parley: Parley, alice: User) -> None:
    agnes, ben, cleo = agent(parley), agent(parley, "ben"), agent(parley, "cleo")
    ticket_id = open_ticket(alice)
    looking, closed, other = joined(ben, ticket_id), ben.connect(), cleo.connect()
    phone = alice.connect()
    forget_events(looking, closed, other, phone)

    [message_id] = say(alice, ticket_id, "Please hurry.")
    assert told(looking) == ["new_message"]
    assert alice.put(f"/messages/{message_id}/reactions/%F0%9F%91%8D").status == 200
    assert alice.patch(f"/messages/{message_id}", json={"text": "Please."}).status == 200
    assert told(looking) == ["reaction_added", "message_updated"]
    assert respond(agnes, ticket_id).status == 201
    assert told(looking)[:2] == ["new_message", "member_added"]
    assert change(agnes, ticket_id, priority="high").status == 200
    assert told(looking) == ["new_message", "ticket_updated"]
    assert change(alice, ticket_id, status="closed").status == 200
    assert told(looking) == ["new_message", "ticket_updated"]

    assert (told(closed), told(other)) == ([], [])
    assert "ben" not in str([frame["data"] for frame in phone.events()])


def test_agents_on_duty_who_look_on_hear_of_a_change_once(parley: Parley, alice: User) -> None:
    parley.clock.ms = time.time_ns() // 1_000_000
    agnes, ben, ticket_id = agent(parley), on_duty(parley, "ben"), open_ticket(alice)
    parley.drain()
    do(ben, "join_conversation", ticket_id)
    tab = ben.user.connect()
    forget_events(ben, tab)

    assert change(agnes, ticket_id, priority="high").status == 200
    parley.drain()

    assert (told(ben), told(tab)) == (["new_message", "ticket_updated"], ["ticket_updated"])


def test_agents_on_duty_hear_of_messages_in_a_ticket_that_nobody_has(parley: Parley, alice: User) -> None:
    parley.clock.ms = time.time_ns() // 1_000_000
    ben, cleo, looking = on_duty(parley, "ben"), on_duty(parley, "cleo"), on_duty(parley, "agnes")
    off = agent(parley, "dora").connect()
    ticket_id = open_ticket(alice)
    parley.drain()
    do(looking, "join_conversation", ticket_id)
    assert host(parley).put("/users/cleo", json={"role": "user"}).status == 200
    parley.drain()
    phone = alice.connect()
    forget_events(ben, cleo, looking, off, phone)

    [message_id] = say(alice, ticket_id, "Please hurry.")
    parley.drain()

    [frame] = ben.events()
    assert (frame["event"], frame["data"]["conversation_id"]) == ("message_notification", ticket_id)
    assert frame["data"]["users"] == named(parley, "alice")
    forget_events(ben)
    assert told(looking) == ["new_message"]
    assert (told(cleo), told(off), told(phone)) == ([], [], ["message_notification"])

    assert take(looking.user, ticket_id).status == 200
    parley.drain()
    forget_events(ben)
    say(alice, ticket_id, "Thank you.")
    parley.drain()

    assert told(ben) == []


@pytest.mark.parametrize("how", ["left", "former", "own"])
def test_messages_reach_nobody_who_looks_on_no_more(parley: Parley, alice: User, how: str) -> None:
    agnes, ben = agent(parley), agent(parley, "ben")
    ticket_id = open_ticket(ben if how == "own" else alice)
    device = joined(ben, ticket_id)
    if how == "left":
        do(device, "leave_conversation", ticket_id)
    if how == "former":
        assert host(parley).put("/users/ben", json={"role": "user"}).status == 200
    forget_events(device)

    assert respond(agnes, ticket_id).status == 201

    names = ["new_message", "member_added", "ticket_updated"]
    assert [name for name in told(device) if name in names] == (names[:2] if how == "own" else [])


def test_agents_off_the_roster_look_on_as_others_do(parley: Parley, alice: User) -> None:
    ticket_id = open_ticket(alice)
    ben, ada = on_duty(parley, "ben"), parley.user("ada", role="support_admin").connect()
    assert seen(do(ben, "join_conversation", ticket_id)) == []

    assert seen(do(ada, "join_conversation", ticket_id)) == ["ben"]
    assert heard(ben) == [("user_joined_conversation", "ada")]
    forget_events(ben)
    do(ben, "typing_start", ticket_id)
    assert heard(ada) == [("user_typing", "ben")]
    forget_events(ada)

    ben.close()

    assert heard(ada) == [("user_left_conversation", "ben")]
    assert seen(do(on_duty(parley, "cleo"), "join_conversation", ticket_id)) == ["ada"]


def viewers(parley: Parley) -> list[str]:
    """Returns the agents whom the rows of tickets name as those who may have them open."""
    rows = parley.store.client("dynamodb").scan(TableName=parley.template.resources["Connections"].ref)["Items"]
    return [user_id for row in rows for user_id in row.get("viewers", {"SS": []})["SS"]]


@pytest.mark.parametrize("how", ["leaves", "disconnects", "dies", "erased"])
def test_row_of_a_ticket_forgets_who_has_gone(parley: Parley, alice: User, how: str) -> None:
    ticket_id = open_ticket(alice)
    device = joined(agent(parley), ticket_id)
    assert viewers(parley) == ["agnes"]

    parley.lose_disconnects = how == "dies"
    if how == "leaves":
        do(device, "leave_conversation", ticket_id)
    elif how == "erased":
        parley.drain()
        erased(parley, "agnes")
    else:
        device.close()
    if how == "dies":
        parley.clock.ms += LEASE_S * 1000 + 1000
        parley.run_schedule("ClearStalePresence")

    assert viewers(parley) == []


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


@pytest.mark.parametrize("acts", [("join_conversation", "leave_conversation"), ("typing_start", "typing_stop")])
def test_the_requester_pays_the_same_whether_an_agent_looks_on_or_not(parley: Parley, acts: tuple[str, str]) -> None:
    """The rest of their limit would tell: an act that others hear of takes a whole token."""
    agnes, left = on_duty(parley, "agnes"), []
    for name, is_watched in (("alice", True), ("bob", False)):
        customer = parley.user(name)
        ticket_id, phone = open_ticket(customer), customer.connect()
        if is_watched:
            do(agnes, "join_conversation", ticket_id)
        for number in range(16):
            answer = phone.request(acts[number % 2], {"conversation_id": ticket_id})
            assert answer["type"] == "ack", answer
        left.append([(one["policy"], one["remaining"]) for one in answer["rate_limits"]])

    assert left[0] == left[1]
