"""Groups are conversations like others: what is done in one between two people is done in one of many the same way."""

import pytest

from tests.functional.replies import Meanwhile, refusal
from tests.functional.talk import contents, forget_events, joined, make_group, names, open_direct, say
from tests.harness import Parley, Socket, User


def ack(socket: Socket, action: str, **data: object) -> dict[str, object]:
    reply = socket.request(action, data)
    assert reply["type"] == "ack", reply
    return dict(reply["data"])


def people(parley: Parley) -> tuple[User, User, User, str]:
    alice, bob, carol = (parley.user(one) for one in ("alice", "bob", "carol"))
    return alice, bob, carol, make_group(alice, bob, carol)


def test_everything_over_websocket_works_in_a_group(parley: Parley) -> None:
    alice, bob, carol, group = people(parley)
    phone, screen = joined(alice, group), joined(bob, group)
    forget_events(phone, screen)

    ack(phone, "typing_start", conversation_id=group)
    sent = ack(phone, "send_message", conversation_id=group, text="hello", client_id="c1")
    ack(phone, "typing_stop", conversation_id=group)
    ack(screen, "mark_delivered", message_id=sent["id"])
    ack(screen, "mark_read", message_id=sent["id"])
    ack(screen, "mark_conversation_read", conversation_id=group)
    ack(screen, "leave_conversation", conversation_id=group)

    assert names(screen.events()) == ["user_typing", "new_message", "user_stopped_typing"]
    assert names(phone.events()) == ["message_delivered", "message_read", "user_left_conversation"]
    receipts = {one["user_id"]: one for one in alice.get(f"/messages/{sent['id']}/receipts").json["receipts"]}
    assert receipts["bob"]["read_at"] is not None
    assert receipts["carol"] == {"user_id": "carol", "delivered_at": None, "read_at": None, "played_at": None}


def test_typing_that_runs_out_is_told_to_the_group(parley: Parley) -> None:
    alice, bob, _, group = people(parley)
    phone, screen = alice.connect(), bob.connect()
    ack(phone, "typing_start", conversation_id=group)
    parley.clock.ms += 60_000
    screen.events()

    parley.run_schedule("ClearStaleTyping")

    assert names(screen.events()) == ["user_stopped_typing"]


def test_who_writes_has_read(parley: Parley) -> None:
    alice, bob, _, group = people(parley)
    [first] = say(alice, group, "hello")
    say(bob, group, "hello yourself")

    assert bob.get(f"/conversations/{group}").json["unread"] == 0
    assert alice.get(f"/conversations/{group}").json["unread"] == 1
    receipts = {one["user_id"]: one for one in alice.get(f"/messages/{first}/receipts").json["receipts"]}
    assert receipts["bob"]["read_at"] is not None


def test_unread_lists_and_sync_hold_groups(parley: Parley) -> None:
    alice, bob, _, group = people(parley)
    say(alice, group, "hello")

    assert bob.get("/unread-count").json["total"] == 2
    assert bob.get("/unread").json["conversations"][0]["conversation_id"] == group
    caught = bob.post("/sync", json={"cursors": {group: 1}}).json["conversations"][group]
    assert [one["text"] for one in caught["messages"]] == ["hello"]
    assert caught["mine"]["unread"] == 2
    assert [one["id"] for one in bob.post("/sync", json={"cursors": {}}).json["joined"]] == [group]


def test_mention_is_counted_until_it_is_read(parley: Parley) -> None:
    alice, bob, carol, group = people(parley)
    body = {"text": "@bob look", "mentions": ["bob", "bob"]}
    named = alice.post(f"/conversations/{group}/messages", json=body).json
    say(alice, group, "and on")
    everyone = carol.post(f"/conversations/{group}/messages", json={"text": "all!", "mentions": ["*"]}).json

    shown = bob.get(f"/conversations/{group}").json
    assert named["mentions"] == ["bob"]
    assert (shown["unread_mentions"], shown["mention_seqs"]) == (2, [named["seq"], everyone["seq"]])
    assert carol.get(f"/conversations/{group}").json["unread_mentions"] == 0

    bob.patch(f"/messages/{named['id']}/read")
    assert bob.get(f"/conversations/{group}").json["mention_seqs"] == [everyone["seq"]]
    bob.patch(f"/conversations/{group}/read-all")
    assert bob.get(f"/conversations/{group}").json["unread_mentions"] == 0


def test_mentions_that_nobody_reads_stop_counting_at_a_hundred(parley: Parley) -> None:
    alice, bob, _, group = people(parley)
    for _ in range(102):
        body = {"text": "@bob look", "mentions": ["bob"]}
        assert alice.post(f"/conversations/{group}/messages", json=body).status == 201

    assert bob.get(f"/conversations/{group}").json["unread_mentions"] == 100


def test_mentions_that_were_answered_make_room_for_new_ones(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    for _ in range(100):
        parley.advance(2)
        assert alice.post(f"/conversations/{direct}/messages", json={"text": "?", "mentions": ["bob"]}).status == 201
    say(bob, direct, "yes to all")
    assert bob.get(f"/conversations/{direct}").json["unread_mentions"] == 0

    newer = [
        alice.post(f"/conversations/{direct}/messages", json={"text": "and this?", "mentions": ["bob"]}).json["seq"]
        for _ in range(2)
    ]

    assert bob.get(f"/conversations/{direct}").json["mention_seqs"] == newer


def test_only_members_are_mentioned(parley: Parley) -> None:
    alice, bob, _, group = people(parley)
    parley.user("eve")
    path = f"/conversations/{group}/messages"

    refused = refusal(alice.post(path, json={"text": "x", "mentions": ["bob", "eve", "nobody"]}))

    assert refused == (
        "invalid_request",
        400,
        [("/mentions/1", "not_allowed"), ("/mentions/2", "not_allowed")],
    )
    direct = alice.post("/conversations", json={"type": "direct", "user_id": "bob"}).json["id"]
    everyone = alice.post(f"/conversations/{direct}/messages", json={"text": "x", "mentions": ["*"]})
    assert refusal(everyone)[:2] == ("groups_only", 403)
    many = {"text": "x", "mentions": [f"u{number}" for number in range(21)]}
    assert refusal(alice.post(path, json=many)) == ("invalid_request", 400, [("/mentions", "too_many_items")])


def test_reply_names_the_message_that_it_answers(parley: Parley) -> None:
    alice, bob, _, group = people(parley)
    [question] = say(alice, group, "when?")
    screen = joined(alice, group)
    forget_events(screen)

    answer = bob.post(f"/conversations/{group}/messages", json={"text": "at five", "reply_to": question}).json

    assert answer["reply_to"] == question
    assert contents(screen.events("new_message"))[0]["message"]["reply_to"] == question


def test_reply_to_another_conversation_or_to_nothing_is_refused(parley: Parley) -> None:
    alice, bob, _, group = people(parley)
    other = make_group(alice)
    path = f"/conversations/{group}/messages"

    for wrong in (f"{other}.1", f"{group}.99"):
        refused = refusal(alice.post(path, json={"text": "x", "reply_to": wrong}))
        assert refused == ("invalid_request", 400, [("/reply_to", "not_allowed")])
    refused = refusal(alice.post(path, json={"text": "x", "reply_to": "nothing"}))
    assert refused == ("invalid_request", 400, [("/reply_to", "bad_format")])


def test_same_client_id_with_another_reply_is_another_message(parley: Parley) -> None:
    alice, _, _, group = people(parley)
    path = f"/conversations/{group}/messages"
    assert alice.post(path, json={"text": "x", "client_id": "c1", "reply_to": f"{group}.1"}).status == 201

    assert alice.post(path, json={"text": "x", "client_id": "c1", "reply_to": f"{group}.1"}).status == 200
    assert refusal(alice.post(path, json={"text": "x", "client_id": "c1"}))[:2] == ("client_id_reused", 422)


def test_group_made_twice_with_one_client_id_is_one(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    screen = bob.connect()
    body = {"type": "group", "title": "Chess", "member_ids": ["bob"], "client_id": "g1"}

    first, again = (alice.post("/conversations", json=body) for _ in range(2))
    told = screen.events("conversation_created")
    other = bob.post("/conversations", json=body | {"member_ids": ["alice"]})

    assert (first.status, again.status, other.status) == (201, 200, 201)
    assert first.json == again.json
    assert other.json["id"] != first.json["id"]
    assert len(told) == 1


def test_repeated_making_gets_the_group_as_it_is_now_whatever_has_come_since(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    body = {"type": "group", "title": "Chess", "member_ids": ["bob"], "client_id": "g1"}
    group = alice.post("/conversations", json=body).json["id"]
    say(bob, group, "hello", "are you there?")
    alice.patch(f"/conversations/{group}/settings", json={"pinned": True})
    alice.patch(f"/conversations/{group}/archive", json={"archived": True})
    bob.put("/users/alice/block")
    banned = {"version": 0, "rules": [{"text": "chess", "action": "reject"}]}
    assert parley.user("mod", role="moderator").put("/admin/banned-words", json=banned).status == 200
    parley.advance(100)
    monkeypatch.setenv("POLICY", "school")

    again = alice.post("/conversations", json=body)

    assert (again.status, again.json) == (200, alice.get(f"/conversations/{group}").json)
    assert (again.json["unread"], again.json["settings"]["pinned"], again.json["archived"]) == (2, True, True)


@pytest.mark.parametrize(
    "other",
    [{"title": "Go"}, {"member_ids": ["carol"]}, {"description": "On Fridays"}, {"posting": "admins"}],
    ids=lambda other: next(iter(other)),
)
def test_same_client_id_with_another_group_is_refused_for_good(parley: Parley, other: dict[str, object]) -> None:
    alice = parley.user("alice")
    body = {"type": "group", "title": "Chess", "member_ids": ["bob"], "client_id": "g1"}
    first = alice.post("/conversations", json=body)

    for _ in range(2):
        refused = alice.post("/conversations", json=body | other)
        assert refusal(refused) == ("client_id_reused", 422, [("/client_id", "client_id_reused")])
        parley.advance(48 * 3600)
        alice = parley.user("alice")  # with a new token

    for same in (body, body | {"member_ids": ["bob", "alice", "bob"]}):
        again = alice.post("/conversations", json=same)
        assert (again.status, again.json["id"]) == (200, first.json["id"])
    assert len(parley.user("bob").get("/conversations").json["conversations"]) == 1


def test_maker_who_has_left_is_an_outsider_of_what_they_made(parley: Parley) -> None:
    alice = parley.user("alice")
    body = {"type": "group", "title": "Chess", "member_ids": ["bob"], "client_id": "g1"}
    group = alice.post("/conversations", json=body).json["id"]
    alice.patch(f"/conversations/{group}/members/bob", json={"role": "owner"})
    alice.delete(f"/conversations/{group}/members/alice")

    assert refusal(alice.post("/conversations", json=body))[:2] == ("conversation_not_found", 404)


def test_group_that_is_made_twice_at_the_same_moment_is_one(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    body = {"type": "group", "title": "Chess", "member_ids": ["bob"], "client_id": "g1"}
    race = Meanwhile("TransactWriteItems", lambda: alice.post("/conversations", json=body))
    parley.hooks.append(race)

    reply = alice.post("/conversations", json=body)

    assert race.happened
    assert (reply.status, reply.json) == (200, alice.get(f"/conversations/{reply.json['id']}").json)
    assert len(bob.get("/conversations").json["conversations"]) == 1


def test_outsider_of_a_group_finds_nothing(parley: Parley) -> None:
    alice, _, _, group = people(parley)
    [message_id] = say(alice, group, "a secret")
    eve = parley.user("eve")
    spy = eve.connect()

    for reply in (
        eve.get(f"/conversations/{group}"),
        eve.get(f"/conversations/{group}/messages"),
        eve.get(f"/conversations/{group}/members"),
        eve.get(f"/messages/{message_id}"),
        eve.post(f"/conversations/{group}/messages", json={"text": "x"}),
    ):
        assert refusal(reply)[1] == 404
    assert spy.request("join_conversation", {"conversation_id": group})["error"]["status"] == 404
    assert spy.events() == []


def test_list_is_filtered_by_state_context_and_words(parley: Parley) -> None:
    about = {"booking": ["b1"]}
    alice = parley.user("alice", contexts=about)
    bob, carol = parley.user("bob", name="Béla Bártok", contexts=about), parley.user("carol")
    booking = alice.post(
        "/conversations", json={"type": "direct", "user_id": "bob", "context": {"type": "booking", "id": "b1"}}
    ).json["id"]
    group = make_group(alice, carol)
    say(carol, group, "hello")

    def found(query: str) -> list[str]:
        return [one["id"] for one in alice.get(f"/conversations?{query}").json["conversations"]]

    assert found("") == [group, booking]
    assert found("context_type=booking") == found("context_type=booking&context_id=b1") == [booking]
    assert found("context_type=class") == found("context_type=booking&context_id=b2") == []
    assert found("state=unread") == [group]
    assert found("q=bela%20bar") == [booking]
    assert found("q=CHESS") == found("q=hello") == [group]
    assert found("q=nobody") == []
    assert bob.get("/conversations?q=alice").json["conversations"][0]["id"] == booking
    assert refusal(alice.get("/conversations?q=%20"))[2] == [("?q", "blank")]
    assert refusal(alice.get("/conversations?state=lost"))[2] == [("?state", "not_allowed")]


def test_filtered_pages_find_everything_once(parley: Parley) -> None:
    alice = parley.user("alice")
    groups = [make_group(alice, title=f"{'Odd' if number % 2 else 'Even'} {number}") for number in range(13)]

    found, cursor = [], ""
    while cursor is not None:
        page = alice.get(f"/conversations?q=odd&limit=2{cursor and f'&cursor={cursor}'}").json
        found += [one["id"] for one in page["conversations"]]
        cursor = page["next"]

    assert sorted(found) == sorted(groups[1::2])
    assert len(found) == len(set(found))
