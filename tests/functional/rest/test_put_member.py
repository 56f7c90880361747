"""PUT /conversations/{conversation_id}/members/{user_id}: somebody comes into a group, in a role, once."""

from tests.functional.replies import refusal
from tests.functional.talk import make_group
from tests.harness import Parley


def test_somebody_comes_in_as_an_admin_once(parley: Parley) -> None:
    alice, _ = parley.user("alice"), parley.user("bob", name="Bob B.")
    group = make_group(alice)

    first = alice.put(f"/conversations/{group}/members/bob", json={"role": "admin"})
    again = alice.put(f"/conversations/{group}/members/bob", json={"role": "admin"})

    assert (first.status, again.status) == (201, 200)
    assert first.json == again.json
    assert {"user_id": "bob", "name": "Bob B.", "role": "admin"}.items() <= first.json.items()
    assert alice.get(f"/conversations/{group}").json["member_count"] == 2


def test_member_brings_nobody_in(parley: Parley) -> None:
    alice, bob, _ = (parley.user(one) for one in ("alice", "bob", "carol"))
    group = make_group(alice, bob)

    assert refusal(bob.put(f"/conversations/{group}/members/carol", json={}))[0] == "admins_only"


def test_id_that_is_none_is_named(parley: Parley) -> None:
    alice = parley.user("alice")
    group = make_group(alice)

    refused = refusal(alice.put(f"/conversations/{group}/members/a%2Fb", json={}))
    assert refused == ("invalid_request", 400, [("{user_id}", "bad_format")])
