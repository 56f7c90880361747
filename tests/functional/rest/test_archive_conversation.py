"""PATCH /conversations/{conversation_id}/archive: out of the list until something new comes."""

from collections.abc import Callable
from contextvars import Context

import pytest

from tests.functional.replies import Meanwhile
from tests.functional.talk import contents, make_group, open_direct, say
from tests.harness import Parley, User


def listed(person: User, state: str = "active") -> list[str]:
    return [one["id"] for one in person.get(f"/conversations?state={state}").json["conversations"]]


def test_archived_conversation_is_out_of_the_way_until_a_message_comes(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    say(alice, direct, "hello")

    archived = alice.patch(f"/conversations/{direct}/archive", json={"archived": True})

    assert archived.json["archived"] is True
    assert (listed(alice), listed(alice, "archived")) == ([], [direct])
    assert (listed(bob), listed(bob, "archived")) == ([direct], [])

    say(bob, direct, "are you there?")

    assert (listed(alice), listed(alice, "archived")) == ([direct], [])
    assert alice.get(f"/conversations/{direct}").json["archived"] is False


def test_group_comes_back_too_once_the_stream_has_run(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    group = make_group(alice, bob)
    alice.patch(f"/conversations/{group}/archive", json={"archived": True})
    assert listed(alice) == []

    say(bob, group, "are you there?")
    parley.drain()

    assert (listed(alice), listed(alice, "archived")) == ([group], [])


def test_it_is_taken_out_by_hand(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    alice.patch(f"/conversations/{direct}/archive", json={})

    taken_out = alice.patch(f"/conversations/{direct}/archive", json={"archived": False})

    assert taken_out.json["archived"] is False
    assert listed(alice) == [direct]


def test_ones_other_devices_are_told_and_nobody_else(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    mine, theirs = alice.connect(), bob.connect()
    theirs.events()

    alice.patch(f"/conversations/{direct}/archive", json={"archived": True})

    [told] = contents(mine.events("conversation_updated"))
    assert told["own"]["archived"] is True
    assert theirs.events() == []


@pytest.mark.parametrize("first", ["archive", "settings"])
def test_what_two_devices_set_at_once_is_told_in_one_order(parley: Parley, first: str) -> None:
    alice = parley.user("alice")
    direct = open_direct(alice, parley.user("bob"))
    screen = alice.connect()
    bodies = {"archive": {"archived": True}, "settings": {"notifications": "none"}}
    [second] = bodies.keys() - {first}
    write = {"archive": "TransactWriteItems", "settings": "UpdateItem"}[second]

    def set_first() -> None:
        alice.patch(f"/conversations/{direct}/{first}", json=bodies[first])

    meanwhile = Meanwhile(write, set_first)
    parley.hooks.append(meanwhile)

    shown = alice.patch(f"/conversations/{direct}/{second}", json=bodies[second]).json

    assert meanwhile.happened
    assert (shown["archived"], shown["settings"]["notifications"], shown["own_seq"]) == (True, "none", 2)
    told = [one["own"] for one in contents(screen.events("conversation_updated"))]
    assert [one["own_seq"] for one in told] == [1, 2]
    assert {name: told[-1][name] for name in ("archived", "settings")} == {
        name: shown[name] for name in ("archived", "settings")
    }


@pytest.mark.parametrize("others", [False, True], ids=["nobody has archived it", "the other has"])
@pytest.mark.parametrize("make", [open_direct, make_group], ids=["direct", "group"])
def test_message_that_comes_in_between_is_put_away_too_and_the_next_one_brings_it_back(
    parley: Parley, make: Callable[[User, User], str], others: bool
) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = make(alice, bob)
    if others:
        bob.patch(f"/conversations/{conversation_id}/archive", json={"archived": True})

    def come() -> None:
        say(bob, conversation_id, "wait")
        Context().run(parley.drain)  # what runs the streams makes none of the function's calls

    meanwhile = Meanwhile("TransactWriteItems", come)
    parley.hooks.append(meanwhile)

    archived = alice.patch(f"/conversations/{conversation_id}/archive", json={"archived": True})

    assert meanwhile.happened
    assert archived.status == 200, archived
    assert (listed(alice), listed(alice, "archived")) == ([], [conversation_id])
    say(bob, conversation_id, "and another")
    parley.drain()
    assert (listed(alice), listed(alice, "archived")) == ([conversation_id], [])
