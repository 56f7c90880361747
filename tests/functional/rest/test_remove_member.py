"""DELETE /conversations/{conversation_id}/members/{user_id}: a removed person gets nothing more, on any device."""

from tests.functional.replies import refusal
from tests.functional.talk import bare, contents, forget_events, joined, make_group, names, open_direct, say
from tests.harness import Parley, User


def test_removed_member_is_told_and_gets_nothing_more_on_any_device(parley: Parley) -> None:
    alice, bob, carol = (parley.user(one) for one in ("alice", "bob", "carol"))
    group = make_group(alice, bob, carol)
    screens = [joined(bob, group), bob.connect()]
    other = carol.connect()
    forget_events(*screens, other)

    removed = alice.delete(f"/conversations/{group}/members/bob")
    say(alice, group, "he is gone")

    assert bare(removed.json) == {"conversation_id": group, "user_id": "bob", "member_count": 2}
    for screen in screens:
        [told] = screen.events()
        assert (told["event"], told["data"]["removed_id"]) == ("member_removed", "bob")
    assert sorted(names(other.events())) == ["member_removed", "message_notification", "message_notification"]


def test_removed_member_finds_nothing_of_it(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    group = make_group(alice, bob)
    [message_id] = say(alice, group, "hello")
    screen = bob.connect()

    alice.delete(f"/conversations/{group}/members/bob")

    assert bob.get(f"/conversations/{group}").status == 404
    assert bob.get(f"/messages/{message_id}").status == 404
    assert bob.post(f"/conversations/{group}/messages", json={"text": "still here"}).status == 404
    assert bob.get("/conversations").json["conversations"] == []
    reply = screen.request("sync", {"cursors": {group: 0}})
    assert reply["data"]["left"] == [group]


def test_post_that_waits_in_the_queue_does_not_reach_who_was_removed_meanwhile(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    group = make_group(alice, bob)
    screen = bob.connect()
    parley.advance(40)
    screen.request("ping")
    screen.is_full = True
    say(alice, group, "a secret")

    alice.delete(f"/conversations/{group}/members/bob")
    screen.is_full = False
    parley.drain()

    assert "a secret" not in str(screen.frames)


def test_member_leaves(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    group = make_group(alice, bob)
    screen = alice.connect()

    first, again = (bob.delete(f"/conversations/{group}/members/bob") for _ in range(2))

    assert (first.status, again.status) == (200, 200)
    assert first.json == again.json
    assert contents(screen.events("message_notification"))[0]["message"]["system"]["event"] == "member_left"
    assert bob.get(f"/conversations/{group}").status == 404


def test_whoever_was_never_in_it_is_told_that_there_is_no_such_group(parley: Parley) -> None:
    alice, eve = parley.user("alice"), parley.user("eve")
    group = make_group(alice)

    refused = eve.delete(f"/conversations/{group}/members/eve")

    assert refusal(refused)[:2] == ("conversation_not_found", 404)


def test_member_removes_nobody_and_admin_no_owner(parley: Parley) -> None:
    alice, bob, carol = (parley.user(one) for one in ("alice", "bob", "carol"))
    group = make_group(alice, bob, carol)
    alice.patch(f"/conversations/{group}/members/bob", json={"role": "admin"})

    assert refusal(carol.delete(f"/conversations/{group}/members/bob"))[0] == "admins_only"
    assert refusal(bob.delete(f"/conversations/{group}/members/alice"))[0] == "owners_only"
    assert refusal(alice.delete(f"/conversations/{group}/members/dave"))[:2] == ("member_not_found", 404)


def test_member_who_comes_back_starts_anew(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    group = make_group(alice, bob)
    bob.delete(f"/conversations/{group}/members/bob")
    say(alice, group, "while you were away")

    alice.put(f"/conversations/{group}/members/bob", json={})

    assert bob.get(f"/conversations/{group}").json["unread"] == 1


def test_last_member_leaves_too_and_nobody_finds_the_group_again(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    group = make_group(alice, bob)
    phone, path = alice.connect(), f"/conversations/{group}"
    alone = bob.delete(f"{path}/members/bob")
    forget_events(phone)

    first, again = (alice.delete(f"{path}/members/alice") for _ in range(2))

    assert alone.json["member_count"] == 1
    assert first.status == 200
    assert bare(first.json) == {"conversation_id": group, "user_id": "alice", "member_count": 0}
    assert (again.status, again.json) == (200, first.json)
    assert names(phone.events()) == ["member_removed"]
    assert [person.get(path).status for person in (alice, bob)] == [404, 404]
    assert alice.get("/conversations").json["conversations"] == []
    assert refusal(alice.put(f"{path}/members/alice", json={}))[:2] == ("conversation_not_found", 404)


def ids_in(person: User, state: str = "active") -> list[str]:
    """Returns the conversations of a person's list."""
    return [one["id"] for one in person.get(f"/conversations?state={state}").json["conversations"]]


def test_direct_conversation_is_left_until_the_other_writes(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    say(bob, direct, "hello")
    phone, others = alice.connect(), bob.connect()
    forget_events(phone, others)

    first, again = (alice.delete(f"/conversations/{direct}/members/alice") for _ in range(2))

    assert (first.status, first.json) == (again.status, again.json)
    assert bare(first.json) == {"conversation_id": direct, "user_id": "alice", "member_count": 2}
    told = contents(phone.events())
    assert [one["own"]["archived"] for one in told] == [True, True]
    assert others.events() == []
    assert (ids_in(alice), ids_in(alice, "archived"), ids_in(bob)) == ([], [direct], [direct])
    assert bob.delete(f"/conversations/{direct}/members/bob").status == 200
    assert (ids_in(bob), ids_in(bob, "archived")) == ([], [direct])

    say(bob, direct, "are you there?")

    assert (ids_in(alice), ids_in(alice, "archived")) == ([direct], [])
    assert alice.get(f"/conversations/{direct}").json["unread"] == 2


def test_left_direct_conversation_tells_nothing_before_the_next_message(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    [mine] = say(alice, direct, "hello")
    alice.delete(f"/conversations/{direct}/members/alice")
    bob.put(f"/messages/{mine}/reactions/%F0%9F%91%8D")
    parley.drain()

    [notice] = alice.get(f"/messages/{mine}/notification-trace").json["notices"]
    assert {one["rule"] for one in notice["channels"]} == {"archived"}


def test_nobody_leaves_a_direct_conversation_for_another(parley: Parley) -> None:
    alice, bob, eve = (parley.user(one) for one in ("alice", "bob", "eve"))
    direct = open_direct(alice, bob)

    assert refusal(alice.delete(f"/conversations/{direct}/members/bob"))[:2] == ("groups_only", 403)
    assert refusal(eve.delete(f"/conversations/{direct}/members/eve"))[:2] == ("conversation_not_found", 404)
    assert "leave" in alice.get(f"/conversations/{direct}").json["capabilities"]
