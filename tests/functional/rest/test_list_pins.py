"""GET /conversations/{conversation_id}/pins: what is pinned, as it is now."""

from tests.functional.talk import make_group, open_direct, say
from tests.harness import Parley


def test_latest_pin_comes_first_as_the_message_is_now(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    first, second, third = say(alice, direct, "one", "two", "three")
    for message_id in (third, first, second):
        alice.put(f"/messages/{message_id}/pin")
    alice.patch(f"/messages/{first}", json={"text": "uno"})
    bob.put(f"/messages/{first}/reactions/%F0%9F%91%8D")

    pins = bob.get(f"/conversations/{direct}/pins").json["messages"]

    assert [one["text"] for one in pins] == ["two", "uno", "three"]
    assert pins[1]["reactions"][0]["mine"] is True


def test_group_without_pins_has_an_empty_list(parley: Parley) -> None:
    alice = parley.user("alice")

    assert alice.get(f"/conversations/{make_group(alice)}/pins").json == {"messages": []}
