"""GET /me/notifications: the inbox, newest first, each entry as the caller may see it now."""

from tests.functional.calling import ring, signal
from tests.functional.notifying import spoil
from tests.functional.talk import fill, make_group, meet, open_direct, say
from tests.harness import Frame, Parley, User

PATH = "/me/notifications"


def inbox(reader: User, query: str = "") -> Frame:
    reply = reader.get(f"{PATH}{query}")
    assert reply.status == 200, reply
    return dict(reply.json)


def test_unread_messages_of_a_conversation_are_one_entry(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    say(alice, conversation_id, "one", "two")
    parley.drain()

    found = inbox(bob)

    [entry] = found["notifications"]
    assert (found["unseen"], found["capped"], found["next"]) == (1, False, None)
    assert (entry["kind"], entry["title"], entry["text"], entry["count"]) == ("message", "Alice", "two", 2)
    assert entry["message_id"] == f"{conversation_id}.2" and not entry["seen"]
    assert inbox(alice)["notifications"] == []


def test_reading_the_conversation_on_any_device_makes_the_entry_seen(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    say(alice, conversation_id, "one")
    parley.drain()
    bob.patch(f"/conversations/{conversation_id}/read-all")

    found = inbox(bob)

    assert found["unseen"] == 0 and [each["seen"] for each in found["notifications"]] == [True]


def test_an_entry_says_what_the_message_says_now(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    [message_id] = say(alice, conversation_id, "helo")
    parley.drain()
    alice.patch(f"/messages/{message_id}", json={"text": "hello"})
    assert [each["text"] for each in inbox(bob)["notifications"]] == ["hello"]

    alice.delete(f"/messages/{message_id}")
    assert "hello" not in str(inbox(bob))


def test_an_entry_tells_the_messages_that_are_there_and_no_notes_of_the_system(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    group = make_group(alice, bob)
    ids = say(alice, group, "one", "two", "three")
    parley.drain()

    def told() -> list[tuple[str, int, str]]:
        entries = [each for each in inbox(bob)["notifications"] if each["kind"] == "message"]
        return [(each["text"], each["count"], each["message_id"]) for each in entries]

    assert told() == [("Alice: three", 3, ids[2])]
    alice.delete(f"/messages/{ids[2]}")
    assert told() == [("Alice: two", 2, ids[1])]
    alice.delete(f"/messages/{ids[0]}")
    assert told() == [("Alice: two", 1, ids[1])]
    alice.delete(f"/messages/{ids[1]}")
    assert told() == [] and inbox(bob)["unseen"] == 1  # the invitation


def mention(sender: User, conversation_id: str, user_id: str, text: str) -> str:
    sent = sender.post(f"/conversations/{conversation_id}/messages", json={"text": text, "mentions": [user_id]})
    assert sent.status == 201, sent
    return str(sent.json["id"])


def test_a_mention_has_an_entry_of_its_own_and_the_other_message_keeps_its_own(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    say(alice, conversation_id, "lunch?")
    mentioned = mention(alice, conversation_id, "bob", "hey @Bob")
    parley.drain()

    entries = {each["kind"]: each for each in inbox(bob)["notifications"]}

    assert len(entries) == len(inbox(bob)["notifications"]) == 2
    assert (entries["message"]["text"], entries["message"]["count"]) == ("lunch?", 1)
    assert (entries["mention"]["message_id"], entries["mention"]["count"]) == (mentioned, 1)
    alice.patch(f"/messages/{mentioned}", json={"text": "hey", "mentions": []})
    assert "mention" not in {each["kind"] for each in inbox(bob)["notifications"]}


def mentions_of(reader: User) -> list[tuple[str, int, str]]:
    entries = [each for each in inbox(reader)["notifications"] if each["kind"] == "mention"]
    return [(each["text"], each["count"], each["message_id"]) for each in entries]


def test_the_mentions_of_a_conversation_are_one_entry_that_tells_the_newest(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    group = make_group(alice, bob)
    ids = [mention(alice, group, "bob", f"{word} @Bob") for word in ("one", "two", "three", "four")]
    parley.drain()

    assert mentions_of(bob) == [("Alice mentioned you: four @Bob", 4, ids[3])]
    assert alice.delete(f"/messages/{ids[3]}").status == 200
    assert alice.patch(f"/messages/{ids[0]}", json={"text": "one", "mentions": []}).status == 200
    assert mentions_of(bob) == [("Alice mentioned you: three @Bob", 2, ids[2])]
    assert bob.delete(f"/messages/{ids[2]}?scope=me").status == 200
    assert mentions_of(bob) == [("Alice mentioned you: two @Bob", 1, ids[1])]
    last = mention(alice, group, "bob", "five @Bob")
    parley.drain()
    assert [text for text, *_ in mentions_of(bob)] == ["Alice mentioned you: five @Bob"]
    assert bob.patch(f"/messages/{last}/read").status == 200
    assert [each["seen"] for each in inbox(bob)["notifications"] if each["kind"] == "mention"] == [True]


def test_a_mention_after_the_entry_was_marked_is_news(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    group = make_group(alice, bob)
    mention(alice, group, "bob", "one @Bob")
    parley.drain()
    [entry] = [each for each in inbox(bob)["notifications"] if each["kind"] == "mention"]
    assert bob.post(f"{PATH}/{entry['id']}/seen").status == 200
    parley.advance(1)
    mention(alice, group, "bob", "two @Bob")
    phone = bob.connect()
    parley.advance(30)
    parley.drain()

    [again] = [each for each in inbox(bob)["notifications"] if each["kind"] == "mention"]
    assert (again["id"], again["seen"], again["count"]) == (entry["id"], False, 2)
    told = [frame["data"]["notification"] for frame in phone.events("notification")]
    assert [(each["id"], each["count"], each["text"]) for each in told] == [
        (entry["id"], 2, "Alice mentioned you: two @Bob")
    ]


def test_a_mention_before_a_flood_of_other_messages_counts_and_is_told(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    say(alice, conversation_id, "hello")
    bob.patch(f"/conversations/{conversation_id}/settings", json={"notifications": "mentions"})
    first = mention(alice, conversation_id, "bob", "one @Bob")
    for number in range(110):
        say(alice, conversation_id, f"message {number}")
        parley.advance(0.2)
    last = mention(alice, conversation_id, "bob", "two @Bob")
    parley.drain()

    assert mentions_of(bob) == [("Alice mentioned you: two @Bob", 2, last)]
    assert alice.delete(f"/messages/{last}").status == 200
    assert mentions_of(bob) == [("Alice mentioned you: one @Bob", 1, first)]


def test_what_a_level_keeps_away_is_not_counted(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    group = make_group(alice, bob)
    say(alice, group, "one")
    parley.drain()
    assert bob.patch(f"/conversations/{group}/read-all").status == 200
    assert bob.patch(f"/conversations/{group}/settings", json={"notifications": "mentions"}).status == 200
    say(alice, group, "two", "three")
    parley.drain()

    [entry] = [each for each in inbox(bob)["notifications"] if each["kind"] == "message"]
    assert (entry["text"], entry["count"], entry["seen"]) == ("Alice: one", 1, True)


def test_a_message_that_one_has_deleted_for_oneself_is_not_told(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    ids = say(alice, conversation_id, "one", "two")
    parley.drain()
    assert bob.delete(f"/messages/{ids[1]}?scope=me").status == 200
    assert [(each["text"], each["count"]) for each in inbox(bob)["notifications"]] == [("one", 1)]
    assert bob.delete(f"/messages/{ids[0]}?scope=me").status == 200

    assert inbox(bob)["notifications"] == []


def test_a_blocked_sender_of_the_newest_message_of_a_group_hides_no_other(parley: Parley) -> None:
    alice, bob, carol = parley.user("alice"), parley.user("bob"), parley.user("carol")
    group = make_group(alice, bob, carol)
    say(carol, group, "lunch?")
    say(alice, group, "no")
    parley.drain()
    bob.put("/users/alice/block")

    entries = [each for each in inbox(bob)["notifications"] if each["kind"] == "message"]
    assert [(each["text"], each["count"]) for each in entries] == [("Carol: lunch?", 1)]


def test_a_flood_is_counted_to_the_end(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    say(alice, conversation_id, "one")
    parley.drain()
    fill(parley, conversation_id, [f"message {number}" for number in range(129)], from_ms=parley.clock())
    last = say(alice, conversation_id, "last")
    parley.drain()

    [entry] = inbox(bob)["notifications"]
    assert (entry["count"], entry["message_id"]) == (130, last[0])


def test_nothing_of_a_group_that_one_has_left_is_in_the_list(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    group = make_group(alice, bob)
    say(alice, group, "secret")
    parley.drain()
    assert {each["kind"] for each in inbox(bob)["notifications"]} == {"invitation", "message"}

    alice.delete(f"/conversations/{group}/members/bob")

    assert inbox(bob) == {"notifications": [], "unseen": 0, "capped": False, "next": None}


def test_nothing_of_a_person_whom_one_has_blocked_is_in_the_list(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    say(alice, conversation_id, "hello")
    parley.drain()
    bob.put("/users/alice/block")

    assert inbox(bob)["notifications"] == []


def test_pages_end_and_hold_each_entry_once(parley: Parley) -> None:
    bob = parley.user("bob")
    others = [parley.user(f"u{number}") for number in range(5)]
    for other in others:
        say(other, open_direct(other, bob), "hello")
        parley.drain()
        parley.advance(1)

    first = inbox(bob, "?limit=2")
    second = inbox(bob, f"?limit=2&cursor={first['next']}")
    third = inbox(bob, f"?limit=2&cursor={second['next']}")

    titles = [each["title"] for page in (first, second, third) for each in page["notifications"]]
    assert titles == ["U4", "U3", "U2", "U1", "U0"] and third["next"] is None
    assert (first["unseen"], second["unseen"]) == (5, None)


def test_the_missed_calls_of_a_conversation_are_one_entry(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = meet(alice, bob)
    phone, _ = alice.connect(), bob.connect()

    def call(number: int) -> None:
        call_id = f"5c3b9e0e-0000-4000-8000-{number:012}"
        ring(phone, conversation_id, call_id)
        signal(phone, conversation_id, "hang_up", call_id)
        parley.advance(30)
        parley.drain()

    def calls() -> list[tuple[str, int, bool]]:
        entries = [each for each in inbox(bob)["notifications"] if each["kind"] == "missed_call"]
        return [(each["text"], each["count"], each["seen"]) for each in entries]

    for number in range(3):
        call(number)
    assert calls() == [("Missed video call", 3, False)]
    assert bob.patch(f"/conversations/{conversation_id}/read-all").status == 200
    assert calls() == [("Missed video call", 3, True)]
    call(3)
    assert calls() == [("Missed video call", 1, False)]


def test_a_page_is_filled_in_place_of_what_is_gone(parley: Parley) -> None:
    bob = parley.user("bob")
    others = [parley.user(f"u{number}") for number in range(8)]
    for other in others:
        say(other, open_direct(other, bob), "hello")
        parley.drain()
        parley.advance(1)
    for other in others[2:6]:
        assert bob.put(f"/users/{other.user_id}/block").status == 200

    def titles(page: Frame) -> list[str]:
        return [each["title"] for each in page["notifications"]]

    first = inbox(bob, "?limit=1")
    second = inbox(bob, f"?limit=1&cursor={first['next']}")
    third = inbox(bob, f"?limit=1&cursor={second['next']}")  # three reads find three that are gone
    fourth = inbox(bob, f"?limit=1&cursor={third['next']}")
    fifth = inbox(bob, f"?limit=1&cursor={fourth['next']}")
    assert [titles(page) for page in (first, second, third, fourth, fifth)] == [["U7"], ["U6"], [], ["U1"], ["U0"]]
    assert fifth["next"] is None and first["unseen"] == 4
    assert titles(inbox(bob, f"?limit=2&cursor={second['next']}")) == ["U1", "U0"]

    for other in others[:2]:
        assert bob.put(f"/users/{other.user_id}/block").status == 200
    last = inbox(bob, "?limit=2")
    assert (titles(last), last["next"]) == (["U7", "U6"], None)


def test_an_entry_that_cannot_be_read_hides_no_other(parley: Parley) -> None:
    alice, bob, carol = (parley.user(name) for name in ("alice", "bob", "carol"))
    of_alice, of_carol = open_direct(alice, bob), open_direct(carol, bob)
    say(alice, of_alice, "one")
    say(carol, of_carol, "two")
    parley.drain()
    spoil(parley, "bob", f"c#{of_alice}", "seq")

    assert [each["title"] for each in inbox(bob)["notifications"]] == ["Carol"]


def test_a_reaction_says_which(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = meet(alice, bob)
    [message_id] = say(bob, conversation_id, "well?")
    alice.put(f"/messages/{message_id}/reactions/%F0%9F%91%8D")
    parley.drain()
    assert "Alice reacted with 👍" in [each["text"] for each in inbox(bob)["notifications"]]

    alice.delete(f"/messages/{message_id}/reactions/%F0%9F%91%8D")
    assert "reaction" not in {each["kind"] for each in inbox(bob)["notifications"]}


def test_a_reaction_that_was_taken_back_is_not_told_though_another_person_has_the_same(parley: Parley) -> None:
    alice, bob, carol = parley.user("alice"), parley.user("bob"), parley.user("carol")
    group = make_group(bob, alice, carol)
    [message_id] = say(bob, group, "well?")
    path = f"/messages/{message_id}/reactions/%F0%9F%91%8D"
    for each in (carol, alice):
        assert each.put(path).status == 200
        parley.drain()
    assert "Alice reacted with 👍" in [each["text"] for each in inbox(bob)["notifications"]]

    assert alice.delete(path).status == 200
    assert "Carol reacted with 👍" in [each["text"] for each in inbox(bob)["notifications"]]
    assert carol.delete(path).status == 200
    assert "reaction" not in {each["kind"] for each in inbox(bob)["notifications"]}

    assert alice.put(path).status == 200
    parley.drain()
    assert "Alice reacted with 👍" in [each["text"] for each in inbox(bob)["notifications"]]
