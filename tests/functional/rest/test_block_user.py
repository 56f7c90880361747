"""PUT /users/{user_id}/block: neither of the two can write to the other directly any more."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import count

import pytest

from parley.domain.conversations import rights
from tests.functional.replies import Meanwhile, Refusal, at_once, invalid, refusal, stored
from tests.functional.talk import contents, forget_events, in_s, make_group, meet, names, open_direct, say
from tests.harness import Call, Parley, Reply, Socket, User

BLOCKED: Refusal = ("blocked", 403, [])


def block(person: User, user_id: str) -> Reply:
    return person.put(f"/users/{user_id}/block")


def open_with(person: User, user_id: str) -> Reply:
    return person.post("/conversations", json={"type": "direct", "user_id": user_id})


def write_to(person: User, user_id: str) -> Reply:
    return person.post("/messages", json={"user_id": user_id, "text": "hello"})


def test_somebody_is_blocked_from_now_on(parley: Parley) -> None:
    alice, mallory = parley.user("alice"), parley.user("mallory")

    reply = block(alice, "mallory")

    assert (reply.status, reply.json) == (200, {"user_id": "mallory", "blocked_at": in_s(parley, 0)})
    assert alice.get("/me/blocks").json == {"blocks": [reply.json], "next": None}
    assert mallory.get("/me/blocks").json == {"blocks": [], "next": None}


def test_blocking_again_changes_nothing(parley: Parley) -> None:
    alice = parley.user("alice")
    first = block(alice, "mallory")
    before = stored(parley)
    parley.advance(60)

    again = block(alice, "mallory")

    assert again.json == first.json
    assert stored(parley)["Blocks"] == before["Blocks"]


def test_neither_can_open_a_conversation_with_the_other(parley: Parley) -> None:
    alice, mallory = parley.user("alice"), parley.user("mallory")
    block(alice, "mallory")
    before = stored(parley)

    refused = [
        refusal(act(one, other))
        for act in (open_with, write_to)
        for one, other in ((alice, "mallory"), (mallory, "alice"))
    ]

    assert refused == [BLOCKED] * 4
    assert stored(parley) == before
    assert open_with(mallory, "alice").json["rule"] == rights.BLOCK_RULE
    assert "alice" not in open_with(mallory, "alice").json["detail"]


def test_others_are_not_concerned(parley: Parley) -> None:
    alice, mallory, bob = parley.user("alice"), parley.user("mallory"), parley.user("bob")
    block(alice, "mallory")

    assert open_with(alice, "bob").status == 201
    assert open_with(mallory, "bob").status == 201
    assert write_to(bob, "mallory").status == 201


def written(parley: Parley) -> dict[str, list[str]]:
    """Returns what is stored but for the tokens that a refused try may have used up."""
    return {table: rows for table, rows in stored(parley).items() if table != "Rates"}


ABOUT = {"type": "booking", "id": "b1"}
WRITING = {"send_message", "typing", "react", "edit_own", "pin_message", "close", "call"}


@dataclass
class Talk:
    """Alice and mallory, who have written to each other; alice's phone, and mallory's screen."""

    alice: User
    mallory: User
    conversation_id: str
    phone: Socket
    screen: Socket

    def capabilities(self, conversation_id: str | None = None) -> list[set[str]]:
        path = f"/conversations/{conversation_id or self.conversation_id}"
        return [set(person.get(path).json["capabilities"]) for person in (self.alice, self.mallory)]


@pytest.fixture
def talk(parley: Parley) -> Talk:
    people = [parley.user(name, contexts={"booking": ["b1"]}) for name in ("alice", "mallory")]
    conversation_id = open_direct(*people)
    for person in people:
        say(person, conversation_id, "hello")
    phone, screen = (person.connect() for person in people)
    return Talk(people[0], people[1], conversation_id, phone, screen)


def test_what_was_said_can_still_be_read_and_deleted(parley: Parley, talk: Talk) -> None:
    block(talk.alice, "mallory")

    for person, other, seq in ((talk.alice, "mallory", 1), (talk.mallory, "alice", 2)):
        assert open_with(person, other).status == 200
        assert len(person.get(f"/conversations/{talk.conversation_id}/messages").json["messages"]) == 2
        assert person.patch(f"/conversations/{talk.conversation_id}/read-all").status == 200
        assert person.delete(f"/messages/{talk.conversation_id}.{seq}").status == 200


def test_neither_writes_anything_into_what_is_open(parley: Parley, talk: Talk) -> None:
    elsewhere = {talk.alice: open_direct(talk.alice, parley.user("bob"))}
    elsewhere[talk.mallory] = open_direct(talk.mallory, parley.user("bob"))
    block(talk.alice, "mallory")
    forget_events(talk.phone, talk.screen)
    offer = {"conversation_id": talk.conversation_id, "call_id": "c1", "signal": "offer", "payload": "v=0"}
    path, own = f"/conversations/{talk.conversation_id}", {talk.alice: 1, talk.mallory: 2}

    for person, other, socket in ((talk.alice, "mallory", talk.phone), (talk.mallory, "alice", talk.screen)):
        message = f"/messages/{talk.conversation_id}.{own[person]}"
        source = say(person, elsewhere[person], "look")[0]
        before = written(parley)
        replies = [
            person.post(f"{path}/messages", json={"text": "hey"}),
            write_to(person, other),
            person.patch(message, json={"text": "hey you"}),
            person.put(f"{message}/reactions/%F0%9F%91%8D"),
            person.put(f"{message}/pin"),
        ]
        forwarded = person.post(f"/messages/{source}/forward", json={"conversation_ids": [talk.conversation_id]})
        frames = [
            socket.request("send_message", {"conversation_id": talk.conversation_id, "text": "hey"}),
            socket.request("typing_start", {"conversation_id": talk.conversation_id}),
            socket.request("call_signal", offer),
        ]
        assert [refusal(reply) for reply in replies] == [BLOCKED] * len(replies)
        assert refusal(forwarded) == (*BLOCKED[:2], [("/conversation_ids/0", "blocked")])
        assert [frame["error"]["code"] for frame in frames] == ["blocked"] * len(frames)
        assert written(parley) == before
    assert [
        frame for frame in talk.phone.events() if frame["data"].get("conversation_id") == talk.conversation_id
    ] == []


def test_both_see_it_in_what_they_may_do_wherever_they_talk(parley: Parley, talk: Talk) -> None:
    about = {"type": "direct", "user_id": "mallory", "context": ABOUT}
    other = talk.alice.post("/conversations", json=about).json["id"]
    assert all(may >= {"send_message", "typing"} for may in talk.capabilities())

    block(talk.alice, "mallory")

    for conversation_id in (talk.conversation_id, other):
        assert all(not may & WRITING and "delete_own" in may for may in talk.capabilities(conversation_id))


def test_both_are_told_on_all_devices_what_they_may_do_now(parley: Parley, talk: Talk) -> None:
    tablet, spy = talk.alice.connect(), parley.user("eve").connect()
    forget_events(talk.phone, talk.screen, tablet)

    block(talk.alice, "mallory")

    for device, heard in ((talk.phone, ["block_changed"]), (tablet, ["block_changed"]), (talk.screen, [])):
        frames = device.events()
        assert sorted(names(frames)) == sorted([*heard, "conversation_updated"])
        [updated] = [one["data"] for one in frames if one["event"] == "conversation_updated"]
        assert updated["conversation_id"] == talk.conversation_id
        assert "send_message" not in updated["shared"]["capabilities"]["member"]
        own = [one["data"] for one in frames if one["event"] == "block_changed"]
        assert own == [{"user_id": "mallory", "blocked": True, "at": in_s(parley, 0)}] * len(heard)
    assert spy.frames == []


def test_sync_tells_of_it_too(parley: Parley, talk: Talk) -> None:
    before = talk.mallory.get(f"/conversations/{talk.conversation_id}").json
    block(talk.alice, "mallory")

    cursors = {talk.conversation_id: {"seq": before["last_seq"], "change_seq": before["last_change_seq"]}}
    missed = talk.mallory.post("/sync", json={"cursors": cursors}).json["conversations"][talk.conversation_id]

    [change] = missed["changes"]
    assert change["event"] == "conversation_updated"
    assert "send_message" not in change["data"]["shared"]["capabilities"]["member"]


def test_block_that_comes_while_a_message_is_sent_wins(parley: Parley, talk: Talk) -> None:
    race = Meanwhile("TransactWriteItems", lambda: block(talk.alice, "mallory"))
    parley.hooks.append(race)

    reply = talk.mallory.post(f"/conversations/{talk.conversation_id}/messages", json={"text": "hey"})

    assert race.happened
    assert refusal(reply) == BLOCKED
    assert talk.alice.get(f"/conversations/{talk.conversation_id}").json["last_seq"] == 2


def test_messages_that_come_while_somebody_is_blocked_do_not_hold_it_up(parley: Parley, talk: Talk) -> None:
    race = Meanwhile("TransactWriteItems", lambda: say(talk.mallory, talk.conversation_id, "one more"))
    parley.hooks.append(race)

    assert block(talk.alice, "mallory").status == 200
    assert race.happened
    assert all("send_message" not in may for may in talk.capabilities())


class Before:
    """A hook: just before the call of that number, counted from now on, something else happens."""

    def __init__(self, number: int, happen: Callable[[], object]) -> None:
        self._number = number
        self._happen = happen
        self._count = 0
        self.happened = False

    def before(self, call: Call) -> None:
        if not self.happened:
            self._count += 1
            if self._count == self._number:
                self.happened = True
                self._happen()

    def after(self, call: Call) -> None:
        pass


def unblock(person: User, user_id: str) -> Reply:
    return person.delete(f"/users/{user_id}/block")


@pytest.mark.parametrize("was_blocked", [True, False])
@pytest.mark.parametrize(("act", "other"), [(block, unblock), (unblock, block)], ids=["block", "unblock"])
def test_two_devices_that_block_and_unblock_at_once_leave_no_block_that_nobody_sees(
    parley: Parley,
    monkeypatch: pytest.MonkeyPatch,
    act: Callable[[User, str], Reply],
    other: Callable[[User, str], Reply],
    was_blocked: bool,
) -> None:
    monkeypatch.setenv("SEND_BURST", "1000")
    alice = parley.user("alice")
    disagreed = []

    for number in count(1):
        mallory = parley.user(f"mallory{number}")
        conversation_id = open_direct(alice, mallory)
        if was_blocked:
            block(alice, mallory.user_id)
        between = Before(number, partial(other, alice, mallory.user_id))
        parley.hooks.append(between)
        assert act(alice, mallory.user_id).status == 200
        parley.hooks.remove(between)
        if not between.happened:
            break
        is_listed = mallory.user_id in {one["user_id"] for one in alice.get("/me/blocks").json["blocks"]}
        may_write = "send_message" in alice.get(f"/conversations/{conversation_id}").json["capabilities"]
        if is_listed == may_write:
            disagreed.append(number)

    assert number > 4
    assert disagreed == []


def test_other_one_is_not_told_who_opens_the_conversation(parley: Parley, talk: Talk) -> None:
    block(talk.alice, "mallory")
    forget_events(talk.phone, talk.screen)

    for action in ("join_conversation", "typing_stop", "leave_conversation"):
        assert talk.phone.request(action, {"conversation_id": talk.conversation_id})["type"] == "ack"

    assert talk.screen.events() == []


def test_groups_of_both_go_on(parley: Parley, talk: Talk) -> None:
    group_id = make_group(talk.alice, talk.mallory)
    block(talk.alice, "mallory")

    assert say(talk.mallory, group_id, "hello all")
    assert say(talk.alice, group_id, "hello you")


@pytest.mark.parametrize(("adder", "other"), [("mallory", "alice"), ("alice", "mallory")])
def test_neither_brings_the_other_into_a_group(parley: Parley, adder: str, other: str) -> None:
    people = {name: parley.user(name) for name in ("alice", "mallory", "bob")}
    person = people[adder]
    group = make_group(person, people["bob"])
    block(people["alice"], "mallory")
    before = written(parley)

    made = person.post("/conversations", json={"type": "group", "title": "Ha", "member_ids": ["bob", adder, other]})
    added = person.post(f"/conversations/{group}/members", json={"user_ids": ["bob", "carol", other]})
    put = person.put(f"/conversations/{group}/members/{other}", json={"role": "member"})

    assert refusal(made) == ("blocked", 403, [("/member_ids/2", "not_allowed")])
    assert refusal(added) == ("blocked", 403, [("/user_ids/2", "not_allowed")])
    assert refusal(put) == ("blocked", 403, [("{user_id}", "not_allowed")])
    assert "alice" not in made.json["detail"]
    assert written(parley) == before


def test_who_has_left_a_group_is_not_brought_back_by_somebody_they_have_blocked(parley: Parley) -> None:
    alice, mallory = parley.user("alice"), parley.user("mallory")
    group = make_group(mallory, alice)
    block(alice, "mallory")
    screen = alice.connect()

    assert mallory.post(f"/conversations/{group}/members", json={"user_ids": ["alice"]}).status == 200
    assert alice.delete(f"/conversations/{group}/members/alice").status == 200
    forget_events(screen)
    again = mallory.post(f"/conversations/{group}/members", json={"user_ids": ["alice"]})

    assert refusal(again)[0] == "blocked"
    assert screen.events() == []
    assert alice.get(f"/conversations/{group}").status == 404


def test_block_that_comes_while_a_conversation_is_opened_wins(parley: Parley) -> None:
    alice, mallory = parley.user("alice"), parley.user("mallory")
    race = Meanwhile("TransactWriteItems", lambda: block(alice, "mallory"))
    parley.hooks.append(race)

    reply = open_with(mallory, "alice")

    assert race.happened
    assert refusal(reply) == BLOCKED
    assert stored(parley)["Conversations"] == []


def test_neither_is_told_whether_the_other_is_there(parley: Parley) -> None:
    alice, mallory, bob = parley.user("alice"), parley.user("mallory"), parley.user("bob")
    for one, other in ((alice, mallory), (alice, bob), (mallory, bob)):
        meet(one, other)
    block(alice, "mallory")
    spy, friend = mallory.connect(), bob.connect()
    forget_events(spy, friend)

    phone = alice.connect()
    asked = {
        person.user_id: socket.request("request_user_status", {"user_ids": ["alice", "mallory", "bob"]})["data"]
        for person, socket in ((alice, phone), (mallory, spy), (bob, friend))
    }
    phone.close()

    assert spy.events() == []
    told = friend.events()
    assert names(told) == ["user_status_change", "user_status_change"]
    assert [one["user_id"] for one in contents(told)] == ["alice", "alice"]
    seen = {who: {one["user_id"] for one in data["statuses"]} for who, data in asked.items()}
    assert seen == {"alice": {"alice", "bob"}, "mallory": {"mallory", "bob"}, "bob": {"alice", "mallory", "bob"}}


def test_somebody_unknown_can_be_blocked_before_they_come(parley: Parley) -> None:
    alice = parley.user("alice")

    assert block(alice, "stranger").status == 200
    assert refusal(write_to(parley.user("stranger"), "alice")) == BLOCKED


def test_both_may_block_each_other_at_the_same_moment(parley: Parley) -> None:
    alice, mallory = parley.user("alice"), parley.user("mallory")

    replies = at_once([partial(block, alice, "mallory"), partial(block, mallory, "alice")])

    assert [reply.status for reply in replies] == [200, 200]
    assert len(alice.get("/me/blocks").json["blocks"]) == len(mallory.get("/me/blocks").json["blocks"]) == 1


def test_nobody_blocks_themselves(parley: Parley) -> None:
    reply = block(parley.user("alice"), "alice")

    assert refusal(reply) == ("self_block", 400, [("{user_id}", "not_allowed")])
    assert stored(parley)["Blocks"] == []


@pytest.mark.parametrize("wrong", ["a%2Fb", "a%23b", "%20", "%F0%9F%91%8B", "a" * 129, "alice%0A"])
def test_what_is_no_users_id_is_refused(parley: Parley, wrong: str) -> None:
    reply = block(parley.user("alice"), wrong)

    assert refusal(reply) == invalid(("{user_id}", "bad_format"))


def test_there_is_an_end_to_blocking(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parley.actions.people.blocks.MAX_BLOCKS", 2)
    alice = parley.user("alice")
    for user_id in ("one", "two"):
        block(alice, user_id)
    block(parley.user("mallory"), "alice")

    assert refusal(block(alice, "three")) == ("too_many_blocks", 409, [])
    assert block(alice, "two").status == 200
