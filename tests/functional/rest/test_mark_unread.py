"""PUT /conversations/{conversation_id}/unread: the conversation is unread for the caller until they read."""

from collections.abc import Callable

import pytest

from parley.domain.api.requests import MAX_SEQ
from tests.functional.replies import Meanwhile, Refusal, invalid, malformed_bodies, refusal, stored
from tests.functional.talk import contents, forget_events, make_group, names, open_direct, say
from tests.harness import Parley, Reply, User


def mark_unread(person: User, conversation_id: str, seq: int = 2) -> Reply:
    return person.put(f"/conversations/{conversation_id}/unread", json={"seq": seq})


def read_all(person: User, conversation_id: str) -> Reply:
    return person.patch(f"/conversations/{conversation_id}/read-all")


def shown(person: User, conversation_id: str) -> tuple[int, int | None, int]:
    """Returns what is unread, from where on it was marked so, and the read marker, as each answer has it."""
    one = person.get(f"/conversations/{conversation_id}").json
    [listed] = [each for each in person.get("/conversations").json["conversations"] if each["id"] == conversation_id]
    mine = person.post("/sync", json={"cursors": {conversation_id: 0}}).json["conversations"][conversation_id]["mine"]
    fields = ("unread", "unread_from_seq", "read_seq")
    answers = [tuple(each[name] for name in fields) for each in (one, listed, mine)]
    assert answers[0] == answers[1] == answers[2]
    counted = {each["conversation_id"]: each["unread"] for each in person.get("/unread").json["conversations"]}
    assert counted.get(conversation_id, 0) == one["unread"]
    return one["unread"], one["unread_from_seq"], one["read_seq"]


def talk(parley: Parley, *, is_group: bool) -> tuple[User, User, str]:
    """Returns two people, and a conversation of three messages which the second one has read."""
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = make_group(alice, bob) if is_group else open_direct(alice, bob)
    say(alice, conversation_id, *("one", "two", "three")[: 2 if is_group else 3])
    assert read_all(bob, conversation_id).json["unread"] == 0
    return alice, bob, conversation_id


KINDS = pytest.mark.parametrize("is_group", [False, True], ids=["direct", "group"])


@KINDS
def test_unread_again_from_the_message_on_and_the_marker_stays(parley: Parley, is_group: bool) -> None:
    alice, bob, conversation_id = talk(parley, is_group=is_group)

    reply = mark_unread(bob, conversation_id)

    assert (reply.status, reply.json) == (
        200,
        {
            "conversation_id": conversation_id,
            "read_seq": 3,
            "delivered_seq": 3,
            "unread": 2,
            "moved": False,
            "own": {
                "own_seq": 1,
                "settings": {"pinned": False, "muted_until": None, "notifications": "all"},
                "archived": False,
                "last_seq": 3,
                "visible_from_seq": 1,
                "read_seq": 3,
                "unread_from_seq": 2,
            },
        },
    )
    assert shown(bob, conversation_id) == (2, 2, 3)
    assert bob.get("/unread-count").json["total"] == bob.get("/me").json["unread"]["total"] == 2
    [receipt] = alice.get(f"/messages/{conversation_id}.3/receipts").json["receipts"]
    assert receipt["read_at"] is not None
    say(alice, conversation_id, "four")
    assert shown(bob, conversation_id) == (3, 2, 3)
    unread = bob.get("/conversations?state=unread").json["conversations"]
    assert [one["id"] for one in unread] == [conversation_id]


def read_newest(person: User, conversation_id: str) -> object:
    return person.patch(f"/messages/{conversation_id}.3/read")


def read_oldest(person: User, conversation_id: str) -> object:
    return person.patch(f"/messages/{conversation_id}.1/read")


def answer(person: User, conversation_id: str) -> object:
    return say(person, conversation_id, "yes")


@KINDS
@pytest.mark.parametrize("read", [read_all, read_newest, read_oldest, answer])
def test_the_next_read_ends_it(parley: Parley, read: Callable[[User, str], object], is_group: bool) -> None:
    _, bob, conversation_id = talk(parley, is_group=is_group)
    mark_unread(bob, conversation_id, 1)

    read(bob, conversation_id)

    assert shown(bob, conversation_id)[:2] == (0, None)
    assert mark_unread(bob, conversation_id, 3).json["unread"] == (2 if read is answer else 1)


def test_a_read_of_new_messages_ends_it(parley: Parley) -> None:
    alice, bob, conversation_id = talk(parley, is_group=False)
    mark_unread(bob, conversation_id)
    say(alice, conversation_id, "four", "five")

    reply = bob.patch(f"/messages/{conversation_id}.4/read")

    assert (reply.json["unread"], reply.json["own"]["unread_from_seq"]) == (1, None)
    assert shown(bob, conversation_id) == (1, None, 4)


def test_delivery_and_a_message_by_the_host_do_not_end_it(parley: Parley) -> None:
    _, bob, conversation_id = talk(parley, is_group=False)
    host = parley.user("backend", role="service")
    mark_unread(bob, conversation_id)

    bob.connect().request("mark_delivered", {"message_id": f"{conversation_id}.3"})
    host.post(f"/conversations/{conversation_id}/messages", json={"text": "for him", "sender_id": "bob"})

    assert shown(bob, conversation_id) == (3, 2, 3)


def test_only_ones_own_devices_are_told(parley: Parley) -> None:
    alice, bob, conversation_id = talk(parley, is_group=True)
    phone, laptop, screen = bob.connect(), bob.connect(), alice.connect()
    forget_events(phone, laptop, screen)

    mark_unread(bob, conversation_id)
    read_all(bob, conversation_id)

    for socket in (phone, laptop):
        frames = socket.events()
        assert names(frames) == ["conversation_updated"] * 2
        own = [one["own"] for one in contents(frames)]
        assert [(one["own_seq"], one["read_seq"], one["unread_from_seq"]) for one in own] == [(1, 3, 2), (2, 3, None)]
    assert screen.frames == []


def test_a_second_time_changes_nothing(parley: Parley) -> None:
    _, bob, conversation_id = talk(parley, is_group=False)
    first = mark_unread(bob, conversation_id)
    phone = bob.connect()
    forget_events(phone)
    before = stored(parley)

    again = mark_unread(bob, conversation_id)

    assert again.json == first.json
    assert stored(parley) == before
    assert phone.frames == []


def test_another_message_may_be_marked_then(parley: Parley) -> None:
    _, bob, conversation_id = talk(parley, is_group=False)

    answers = [mark_unread(bob, conversation_id, seq).json for seq in (3, 1, 2)]

    assert [(one["unread"], one["own"]["own_seq"]) for one in answers] == [(1, 1), (3, 2), (2, 3)]


def test_a_message_that_is_unread_anyway_stays_so(parley: Parley) -> None:
    alice, bob, conversation_id = talk(parley, is_group=False)
    say(alice, conversation_id, "four", "five")

    assert mark_unread(bob, conversation_id, 5).json["unread"] == 2
    assert mark_unread(bob, conversation_id, 2).json["unread"] == 4


def test_unread_mentions_stay_read(parley: Parley) -> None:
    alice, bob, group = talk(parley, is_group=True)
    alice.post(f"/conversations/{group}/messages", json={"text": "look", "mentions": ["bob"]})
    read_all(bob, group)

    mark_unread(bob, group, 4)

    one = bob.get(f"/conversations/{group}").json
    assert (one["unread"], one["unread_mentions"], one["mention_seqs"]) == (1, 0, [])


@pytest.mark.parametrize("act", [read_all, mark_unread])
def test_two_devices_at_once_end_alike(parley: Parley, act: Callable[[User, str], Reply]) -> None:
    alice, bob, conversation_id = talk(parley, is_group=False)
    say(alice, conversation_id, "four")
    race = Meanwhile("UpdateItem", lambda: act(bob, conversation_id), table="Memberships")
    parley.hooks.append(race)

    reply = mark_unread(bob, conversation_id, 1)

    assert race.happened
    assert (reply.json["unread"], reply.json["own"]["unread_from_seq"]) == (4, 1)
    assert shown(bob, conversation_id)[:2] == (4, 1)


def test_who_leaves_meanwhile_is_told_so(parley: Parley) -> None:
    alice, bob, group = talk(parley, is_group=True)
    race = Meanwhile("UpdateItem", lambda: alice.delete(f"/conversations/{group}/members/bob"), table="Memberships")
    parley.hooks.append(race)

    assert refusal(mark_unread(bob, group)) == ("conversation_not_found", 404, [])


@pytest.mark.parametrize(
    "body, refused",
    [
        ({}, invalid(("/seq", "required"))),
        ({"seq": None}, invalid(("/seq", "wrong_type"))),
        ({"seq": "2"}, invalid(("/seq", "wrong_type"))),
        ({"seq": 1.5}, invalid(("/seq", "wrong_type"))),
        ({"seq": True}, invalid(("/seq", "wrong_type"))),
        ({"seq": 0}, invalid(("/seq", "too_small"))),
        ({"seq": -1}, invalid(("/seq", "too_small"))),
        ({"seq": 4}, invalid(("/seq", "too_large"))),
        ({"seq": MAX_SEQ}, invalid(("/seq", "too_large"))),
        ({"seq": MAX_SEQ + 1}, invalid(("/seq", "too_large"))),
        ({"seq": 2, "more": 1}, invalid(("/more", "unknown_field"))),
    ],
)
def test_bad_input_is_refused_by_field(parley: Parley, body: object, refused: Refusal) -> None:
    _, bob, conversation_id = talk(parley, is_group=False)
    before = stored(parley)

    assert refusal(bob.put(f"/conversations/{conversation_id}/unread", json=body)) == refused
    assert stored(parley) == before


def test_only_what_the_caller_sees_can_be_unread(parley: Parley) -> None:
    alice, bob, conversation_id = talk(parley, is_group=False)
    assert bob.delete(f"/conversations/{conversation_id}/history").status == 200
    say(alice, conversation_id, "four")

    assert refusal(mark_unread(bob, conversation_id, 3)) == invalid(("/seq", "too_small"))
    assert mark_unread(bob, conversation_id, 4).json["unread"] == 1


def test_empty_conversation_has_no_message_to_mark(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")

    reply = mark_unread(alice, open_direct(alice, bob), 1)

    assert (refusal(reply), reply.json["errors"][0]["limit"]) == (invalid(("/seq", "too_large")), 0)


def test_malformed_bodies_are_refused(parley: Parley) -> None:
    _, bob, conversation_id = talk(parley, is_group=False)

    assert malformed_bodies(lambda raw: bob.put(f"/conversations/{conversation_id}/unread", raw=raw)) == {}


def test_outsider_is_told_it_does_not_exist(parley: Parley) -> None:
    _, _, conversation_id = talk(parley, is_group=False)
    eve = parley.user("eve")
    before = stored(parley)

    outside, nowhere = mark_unread(eve, conversation_id), mark_unread(eve, "d_" + "a" * 26)

    assert refusal(outside) == refusal(nowhere) == ("conversation_not_found", 404, [])
    assert stored(parley) == before
