"""DELETE /me/connections/{connection_id}: a person closes a device of their own."""

from urllib.parse import quote

from local.websocket import State
from tests.functional.replies import invalid, refusal
from tests.functional.talk import open_direct, say
from tests.harness import Parley, Socket, User


def close(person: User, device: Socket) -> int:
    return person.delete(f"/me/connections/{quote(device.connection_id, safe='')}").status


def is_closed(device: Socket) -> bool:
    return device.connection.state is State.CLOSED


def test_other_device_is_closed_and_the_rest_stay(parley: Parley) -> None:
    alice = parley.user("alice")
    lost, kept = alice.connect(), alice.connect()

    status = close(alice, lost)

    assert status == 200
    assert (is_closed(lost), is_closed(kept)) == (True, False)
    listed = alice.get("/me/connections").json["connections"]
    assert [one["connection_id"] for one in listed] == [kept.connection_id]


def test_watchers_hear_of_the_last_one_only(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    say(alice, conversation_id, "hello")
    say(bob, conversation_id, "hello")
    screen = bob.connect()
    one, other = alice.connect(), alice.connect()
    screen.frames.clear()

    close(alice, one)
    after_one = [event["data"]["status"] for event in screen.events("user_status_change")]
    close(alice, other)

    assert after_one == []
    assert [event["data"]["status"] for event in screen.events("user_status_change")][-1] == "offline"


def test_closing_what_is_closed_changes_nothing(parley: Parley) -> None:
    alice = parley.user("alice")
    lost = alice.connect()

    assert [close(alice, lost), close(alice, lost)] == [200, 200]


def test_another_persons_device_stays_open(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    device = bob.connect()

    close(alice, device)

    assert not is_closed(device)
    assert device.request("ping")["type"] == "ack"


def test_what_is_no_id_is_refused(parley: Parley) -> None:
    assert refusal(parley.user("alice").delete("/me/connections/%20")) == invalid(("{connection_id}", "bad_format"))
