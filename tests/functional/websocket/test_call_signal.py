"""call_signal: two people call each other; each signal reaches the devices that it is for, and no other."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.functional.calling import CALL, SDP, call_and_answer, code, heard, ring, signal, signals, state
from tests.functional.replies import stored
from tests.functional.talk import frame_refusal, in_s, make_group, open_direct, say
from tests.harness import Frame, Parley, Socket, User
from tests.harness.fixtures import forget_told

OTHER = "5c3b9e0e-0000-4000-8000-000000000002"


@dataclass
class Pair:
    """Alice has a phone and a laptop, bob a screen and a tab; eve is in no conversation with both."""

    parley: Parley
    alice: User
    bob: User
    conversation_id: str
    phone: Socket
    laptop: Socket
    screen: Socket
    tab: Socket
    outsider: Socket

    def says(self, device: Socket, what: str, call_id: str = CALL, **more: object) -> Frame:
        return signal(device, self.conversation_id, what, call_id, **more)

    def stay(self, seconds: float, *but: Socket) -> None:
        """Lets time go by, while all devices but some go on pinging."""
        while seconds > 0:
            self.parley.advance(min(seconds, 60))
            seconds -= 60
            for device in (self.phone, self.laptop, self.screen, self.tab, self.outsider):
                if device.closed is None and device not in but:
                    device.request("ping")


@pytest.fixture
def pair(parley: Parley) -> Pair:
    alice, bob, eve = parley.user("alice"), parley.user("bob"), parley.user("eve")
    conversation_id = open_direct(alice, bob)
    open_direct(eve, alice)
    devices = [person.connect() for person in (alice, alice, bob, bob, eve)]
    for device in devices:
        device.frames.clear()
    return Pair(parley, alice, bob, conversation_id, *devices)


def rows(parley: Parley) -> list[dict[str, Any]]:
    """Returns calls and lines, without the counters of their signals."""
    table = parley.functions.environment["CALLS_TABLE"]
    items: list[dict[str, Any]] = parley.store.client("dynamodb").scan(TableName=table, ConsistentRead=True)["Items"]
    return [one for one in items if "signals" not in one]


def lines(parley: Parley) -> list[str]:
    """Returns who is in a call."""
    return sorted(row["conversation_id"]["S"] for row in rows(parley) if "live_call_id" in row)


# --- a call as it should be ------------------------------------------------------------------------------------------


def test_offer_rings_on_every_device_of_the_callee_and_nowhere_else(pair: Pair) -> None:
    reply = pair.says(pair.phone, "offer", media="video", payload=SDP)

    told = {
        "conversation_id": pair.conversation_id,
        "call_id": CALL,
        "signal": "offer",
        "from_user_id": "alice",
        "from_connection_id": pair.phone.connection_id,
        "media": "video",
        "payload": SDP,
        "reason": None,
        "rings_until": in_s(pair.parley, 45),
        "at": in_s(pair.parley, 0),
    }
    assert signals(pair.screen) == signals(pair.tab) == [told]
    assert pair.laptop.frames == pair.outsider.frames == pair.phone.frames == []
    assert reply["data"] == {
        "conversation_id": pair.conversation_id,
        "call_id": CALL,
        "state": "ringing",
        "reason": None,
        "media": "video",
        "caller_id": "alice",
        "callee_id": "bob",
        "started_at": in_s(pair.parley, 0),
        "rings_until": in_s(pair.parley, 45),
        "answered_at": None,
        "ended_at": None,
    }


def test_two_devices_talk_once_one_has_answered(pair: Pair) -> None:
    ring(pair.phone, pair.conversation_id)
    heard(pair.screen), heard(pair.tab)

    pair.says(pair.screen, "ringing")
    pair.parley.advance(3)
    answered = pair.says(pair.screen, "answer", payload="yes")
    pair.says(pair.phone, "candidate", payload="by relay")
    pair.says(pair.screen, "candidate", payload="directly")

    assert state(answered) == ("active", None)
    assert answered["data"]["answered_at"] == in_s(pair.parley, 0)
    assert heard(pair.phone) == [("ringing", None), ("answer", "yes"), ("candidate", "directly")]
    assert heard(pair.screen) == [("candidate", "by relay")]
    assert heard(pair.tab) == [("hang_up", "answered_elsewhere")]
    assert pair.laptop.frames == pair.outsider.frames == []


def test_callers_candidates_reach_all_that_ring(pair: Pair) -> None:
    ring(pair.phone, pair.conversation_id)

    pair.says(pair.phone, "candidate", payload="first")

    assert heard(pair.screen) == heard(pair.tab) == [("offer", SDP), ("candidate", "first")]


def test_what_is_sent_can_be_changed_by_either_side(pair: Pair) -> None:
    call_and_answer(pair.phone, pair.screen, pair.conversation_id)
    heard(pair.tab)

    offer = pair.says(pair.screen, "offer", media="audio", payload="no picture")
    pair.says(pair.phone, "answer", payload="as you like")
    [told] = signals(pair.phone)

    assert state(offer) == ("active", None)
    assert (told["signal"], told["payload"], told["media"], told["rings_until"]) == (
        "offer",
        "no picture",
        "audio",
        None,
    )
    assert heard(pair.screen) == [("answer", "as you like")]
    assert pair.tab.frames == pair.laptop.frames == []


@pytest.mark.parametrize("who", ["phone", "screen"])
def test_either_side_ends_it(pair: Pair, who: str) -> None:
    call_and_answer(pair.phone, pair.screen, pair.conversation_id)
    heard(pair.tab)
    ending: Socket = getattr(pair, who)
    other = pair.screen if ending is pair.phone else pair.phone

    reply = pair.says(ending, "hang_up")
    [told] = signals(other)

    assert state(reply) == ("ended", "hung_up")
    assert (told["signal"], told["reason"], told["from_user_id"]) == ("hang_up", "hung_up", ending.user.user_id)
    assert pair.tab.frames == pair.laptop.frames == ending.frames == []
    assert lines(pair.parley) == []


def test_callee_declines(pair: Pair) -> None:
    ring(pair.phone, pair.conversation_id)
    heard(pair.screen), heard(pair.tab)

    reply = pair.says(pair.tab, "hang_up")

    assert state(reply) == ("ended", "declined")
    assert heard(pair.phone) == heard(pair.screen) == [("hang_up", "declined")]
    assert code(pair.says(pair.screen, "answer")) == ("call_over", 409)


def test_caller_gives_up(pair: Pair) -> None:
    ring(pair.phone, pair.conversation_id)
    heard(pair.screen), heard(pair.tab)

    reply = pair.says(pair.phone, "hang_up")

    assert state(reply) == ("ended", "missed")
    assert heard(pair.screen) == heard(pair.tab) == [("hang_up", "missed")]
    assert heard(pair.phone) == heard(pair.laptop) == []


def test_device_that_comes_late_rings_by_the_repeated_offer(pair: Pair) -> None:
    ring(pair.phone, pair.conversation_id)
    heard(pair.screen), heard(pair.tab)
    pair.parley.advance(5)
    watch = pair.bob.connect()
    before = rows(pair.parley)

    again = pair.says(pair.phone, "offer", media="video", payload="with candidates")

    assert state(again) == ("ringing", None)
    assert heard(watch) == heard(pair.screen) == [("offer", "with candidates")]
    assert again["data"]["rings_until"] == in_s(pair.parley, 40)
    assert rows(pair.parley) == before
    assert state(pair.says(watch, "answer", payload="here")) == ("active", None)


# --- what stays of it ------------------------------------------------------------------------------------------------


def notes(pair: Pair) -> list[dict[str, Any]]:
    """Returns the messages of the conversation, as bob reads them."""
    found: list[dict[str, Any]] = pair.bob.get(f"/conversations/{pair.conversation_id}/messages").json["messages"]
    return found


def test_missed_call_leaves_a_message_that_both_sides_get(pair: Pair) -> None:
    ring(pair.phone, pair.conversation_id)

    pair.says(pair.phone, "hang_up")
    pair.says(pair.phone, "hang_up")

    [note] = notes(pair)
    assert (note["sender_id"], note["kind"], note["text"]) == ("alice", "system", "A call was missed.")
    assert note["system"] == {"event": "call_missed", "user_ids": ["bob"], "call_id": CALL, "media": "video"}
    for device in (pair.phone, pair.laptop, pair.screen, pair.tab):
        [told] = device.events("message_notification")
        assert told["data"]["message"] == note
    assert pair.outsider.frames == []
    assert [person.get("/unread-count").json["total"] for person in (pair.alice, pair.bob)] == [0, 1]


def test_device_that_has_it_open_gets_the_message_in_full(pair: Pair) -> None:
    pair.screen.request("join_conversation", {"conversation_id": pair.conversation_id})
    ring(pair.phone, pair.conversation_id)

    pair.says(pair.phone, "hang_up")

    assert len(pair.screen.events("new_message")) == 1
    assert len(pair.tab.events("message_notification")) == 1


def test_who_was_busy_finds_the_message(pair: Pair) -> None:
    carol = pair.parley.user("carol")
    with_bob = open_direct(carol, pair.bob)
    call_and_answer(pair.phone, pair.screen, pair.conversation_id)
    mobile = carol.connect()

    for _ in range(2):
        signal(mobile, with_bob, "offer", OTHER, payload=SDP)

    [told] = pair.screen.events("message_notification")
    assert told["data"]["message"]["system"] == {
        "event": "call_missed",
        "user_ids": ["bob"],
        "call_id": OTHER,
        "media": "audio",
    }
    assert len(mobile.events("message_notification")) == 1
    assert notes(pair) == []


@pytest.mark.parametrize("how", ["declined", "hung up"])
def test_call_that_was_taken_leaves_no_message(pair: Pair, how: str) -> None:
    ring(pair.phone, pair.conversation_id)
    if how == "hung up":
        pair.says(pair.screen, "answer")

    pair.says(pair.screen, "hang_up")

    assert notes(pair) == []
    assert pair.phone.events("message_notification") == []


def test_message_that_comes_meanwhile_is_not_lost_nor_is_the_one_of_the_call(pair: Pair) -> None:
    ring(pair.phone, pair.conversation_id)
    meanwhile(pair, lambda: say(pair.bob, pair.conversation_id, "cannot talk"))

    assert state(pair.says(pair.phone, "hang_up")) == ("ended", "missed")

    assert [(note["seq"], note["kind"]) for note in notes(pair)] == [(1, "text"), (2, "system")]


def test_missed_call_brings_the_conversation_to_the_top(pair: Pair) -> None:
    ring(pair.phone, pair.conversation_id)
    pair.parley.clock.ms += 3_600_000
    open_direct(pair.bob, pair.parley.user("carol"))
    pair.parley.clock.ms += 3_600_000

    pair.says(pair.phone, "hang_up")

    first = pair.bob.get("/conversations").json["conversations"][0]
    assert (first["id"], first["last_message"]["text"]) == (pair.conversation_id, "A call was missed.")


# --- races -----------------------------------------------------------------------------------------------------------


class Meanwhile:
    """A hook: once, right before a function writes (or `when` says so), another person does something."""

    def __init__(self, act: Callable[[], object], when: Callable[[Any], bool] = lambda call: writes(call)) -> None:
        self._act = act
        self._when = when
        self.done = False

    def before(self, call: Any) -> None:
        if self._when(call) and not self.done:
            self.done = True
            self._act()

    def after(self, call: Any) -> None:
        pass


def writes(call: Any) -> bool:
    return call.operation in ("TransactWriteItems", "PutItem")


def looks_at_lines(call: Any) -> bool:
    return call.operation == "BatchGetItem" and "#line" in str(call.params)


def meanwhile(pair: Pair, act: Callable[[], object]) -> None:
    pair.parley.hooks.append(Meanwhile(act))


def test_two_devices_answer_at_once_and_one_of_them_gets_the_call(pair: Pair) -> None:
    ring(pair.phone, pair.conversation_id)
    heard(pair.screen), heard(pair.tab)
    faster: list[Frame] = []
    meanwhile(pair, lambda: faster.append(pair.says(pair.tab, "answer", payload="tab")))

    slower = pair.says(pair.screen, "answer", payload="screen")

    assert state(faster[0]) == ("active", None)
    assert code(slower) == ("answered_elsewhere", 409)
    assert heard(pair.phone) == [("answer", "tab")]
    assert heard(pair.screen) == [("hang_up", "answered_elsewhere")]
    assert code(pair.says(pair.screen, "candidate", payload="x")) == ("not_in_call", 409)


def test_answer_and_decline_at_once_come_out_one_way(pair: Pair) -> None:
    ring(pair.phone, pair.conversation_id)
    meanwhile(pair, lambda: pair.says(pair.tab, "hang_up"))

    slower = pair.says(pair.screen, "answer", payload="yes")

    assert code(slower) == ("call_over", 409)
    assert heard(pair.phone) == [("hang_up", "declined")]
    assert lines(pair.parley) == []


def test_hang_up_that_meets_an_answer_ends_the_call(pair: Pair) -> None:
    ring(pair.phone, pair.conversation_id)
    meanwhile(pair, lambda: pair.says(pair.screen, "answer", payload="yes"))

    reply = pair.says(pair.phone, "hang_up")

    assert state(reply) == ("ended", "hung_up")
    assert ("hang_up", "hung_up") in heard(pair.screen)
    assert lines(pair.parley) == []


def test_of_two_who_call_each_other_at_once_the_first_ones_call_rings(pair: Pair) -> None:
    meanwhile(pair, lambda: pair.says(pair.screen, "offer", OTHER, payload="bob's"))

    slower = pair.says(pair.phone, "offer", payload="alice's")

    assert code(slower) == ("called_already", 409)
    assert heard(pair.phone) == heard(pair.laptop) == [("offer", "bob's")]
    assert pair.screen.frames == pair.tab.frames == []
    assert state(pair.says(pair.phone, "answer", OTHER, payload="hello")) == ("active", None)


def test_the_same_offer_twice_at_once_is_one_call(pair: Pair) -> None:
    meanwhile(pair, lambda: pair.says(pair.phone, "offer", payload=SDP))

    again = pair.says(pair.phone, "offer", payload=SDP)

    assert state(again) == ("ringing", None)
    assert lines(pair.parley) == ["alice#line", "bob#line"]


def test_offer_that_meets_the_end_of_another_call_rings(pair: Pair) -> None:
    carol = pair.parley.user("carol")
    with_carol = open_direct(carol, pair.bob)
    mobile = carol.connect()
    call_and_answer(mobile, pair.tab, with_carol)
    ended = Meanwhile(lambda: signal(mobile, with_carol, "hang_up"), looks_at_lines)
    pair.parley.hooks.append(ended)

    assert state(pair.says(pair.phone, "offer", OTHER, payload=SDP)) == ("ringing", None)
    assert ended.done


def test_delivered_twice_it_is_one_call(pair: Pair) -> None:
    pair.parley.deliver_twice = True

    ring(pair.phone, pair.conversation_id)
    assert set(heard(pair.screen)) == {("offer", SDP)}
    assert state(pair.says(pair.screen, "answer", payload="yes")) == ("active", None)
    assert set(heard(pair.tab)) == {("offer", SDP), ("hang_up", "answered_elsewhere")}
    assert state(pair.says(pair.phone, "hang_up")) == ("ended", "hung_up")
    assert lines(pair.parley) == []


# --- busy ------------------------------------------------------------------------------------------------------------


def test_who_is_in_another_call_is_busy_and_does_not_ring(pair: Pair) -> None:
    carol = pair.parley.user("carol")
    with_bob = open_direct(carol, pair.bob)
    mobile = carol.connect()
    call_and_answer(pair.phone, pair.screen, pair.conversation_id)
    heard(pair.tab)

    reply = signal(mobile, with_bob, "offer", OTHER, payload=SDP)
    again = signal(mobile, with_bob, "offer", OTHER, payload=SDP)

    assert state(reply) == state(again) == ("ended", "busy")
    assert heard(pair.screen) == heard(pair.tab) == []
    assert lines(pair.parley) == ["alice#line", "bob#line"]
    assert state(pair.says(pair.phone, "candidate", payload="still here")) == ("active", None)

    pair.says(pair.screen, "hang_up")
    assert state(signal(mobile, with_bob, "offer", OTHER, payload=SDP)) == ("ended", "busy")
    assert state(signal(mobile, with_bob, "offer", "a-new-call", payload=SDP)) == ("ringing", None)


def test_who_rings_is_busy_too(pair: Pair) -> None:
    carol = pair.parley.user("carol")
    with_bob = open_direct(carol, pair.bob)
    ring(pair.phone, pair.conversation_id)

    assert state(signal(carol.connect(), with_bob, "offer", OTHER)) == ("ended", "busy")


def test_caller_is_in_one_call_only(pair: Pair) -> None:
    carol = pair.parley.user("carol")
    with_carol = open_direct(pair.alice, carol)
    call_and_answer(pair.phone, pair.screen, pair.conversation_id)

    reply = signal(pair.laptop, with_carol, "offer", OTHER, payload=SDP)

    assert code(reply) == ("in_another_call", 409)
    assert code(pair.says(pair.phone, "offer", OTHER, payload=SDP)) == ("in_another_call", 409)


def test_who_is_being_called_answers_or_declines_first(pair: Pair) -> None:
    carol = pair.parley.user("carol")
    with_carol = open_direct(pair.bob, carol)
    ring(pair.phone, pair.conversation_id)

    reply = signal(pair.tab, with_carol, "offer", OTHER, payload=SDP)

    assert code(reply) == ("in_another_call", 409)
    assert state(pair.says(pair.screen, "answer")) == ("active", None)


def test_call_that_rang_out_keeps_nobody_busy_even_before_the_sweep(pair: Pair) -> None:
    carol = pair.parley.user("carol")
    with_bob = open_direct(carol, pair.bob)
    mobile = carol.connect()
    ring(pair.phone, pair.conversation_id)
    heard(pair.screen), heard(pair.tab)
    pair.parley.advance(47)

    reply = signal(mobile, with_bob, "offer", OTHER, payload=SDP)

    assert state(reply) == ("ringing", None)
    assert heard(pair.phone) == [("hang_up", "missed")]
    assert heard(pair.screen) == [("hang_up", "missed"), ("offer", SDP)]
    assert lines(pair.parley) == ["bob#line", "carol#line"]


# --- lost devices ----------------------------------------------------------------------------------------------------


def test_device_goes_on_with_its_next_connection(pair: Pair) -> None:
    call_and_answer(pair.phone, pair.screen, pair.conversation_id)
    heard(pair.tab)
    before = pair.phone.connection_id
    pair.phone.close()
    phone = pair.alice.connect()

    early = pair.says(phone, "candidate", payload="x")
    reply = pair.says(phone, "resume", previous_connection_id=before)
    again = pair.says(phone, "resume", previous_connection_id=before)
    pair.says(pair.screen, "candidate", payload="to the new one")

    assert code(early) == ("not_in_call", 409)
    assert state(reply) == state(again) == ("active", None)
    assert [one["from_connection_id"] for one in signals(pair.screen)] == [phone.connection_id] * 2
    assert heard(phone) == [("candidate", "to the new one")]
    assert pair.tab.frames == pair.laptop.frames == []


def test_nobody_resumes_what_was_not_theirs(pair: Pair) -> None:
    call_and_answer(pair.phone, pair.screen, pair.conversation_id)
    heard(pair.tab)

    by_guess = pair.says(pair.laptop, "resume", previous_connection_id="someone")
    by_the_other_sides = pair.says(pair.laptop, "resume", previous_connection_id=pair.screen.connection_id)

    assert code(by_guess) == code(by_the_other_sides) == ("not_in_call", 409)
    assert state(pair.says(pair.phone, "candidate", payload="still here")) == ("active", None)


def test_who_comes_back_too_late_is_told_how_it_ended(pair: Pair) -> None:
    call_and_answer(pair.phone, pair.screen, pair.conversation_id)
    before = pair.phone.connection_id
    pair.phone.close()
    pair.says(pair.screen, "hang_up")

    reply = pair.says(pair.alice.connect(), "resume", previous_connection_id=before)

    assert state(reply) == ("ended", "hung_up")


def test_call_is_hung_up_from_another_device_only_where_its_own_is_gone(pair: Pair) -> None:
    call_and_answer(pair.phone, pair.screen, pair.conversation_id)

    too_early = pair.says(pair.laptop, "hang_up")
    pair.phone.close()
    reply = pair.says(pair.laptop, "hang_up")

    assert code(too_early) == ("not_in_call", 409)
    assert state(reply) == ("ended", "hung_up")
    assert heard(pair.screen) == [("hang_up", "hung_up")]


def test_who_lost_the_device_calls_anew_from_another(pair: Pair) -> None:
    carol = pair.parley.user("carol")
    with_carol = open_direct(pair.alice, carol)
    call_and_answer(pair.phone, pair.screen, pair.conversation_id)
    pair.phone.close()

    reply = signal(pair.laptop, with_carol, "offer", OTHER, payload=SDP)

    assert state(reply) == ("ringing", None)
    assert heard(pair.screen) == [("hang_up", "failed")]
    assert lines(pair.parley) == ["alice#line", "carol#line"]


# --- whose call it is not --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["offer", "answer", "candidate", "hang_up", "ringing", "resume"])
def test_stranger_learns_and_changes_nothing(pair: Pair, what: str) -> None:
    call_and_answer(pair.phone, pair.screen, pair.conversation_id)
    heard(pair.tab)
    before = stored(pair.parley)
    more = {"previous_connection_id": pair.phone.connection_id} if what == "resume" else {}

    reply = pair.says(pair.outsider, what, **more)

    assert code(reply) == ("conversation_not_found", 404)
    assert stored(pair.parley) == before
    assert [device.frames for device in (pair.phone, pair.laptop, pair.screen, pair.tab)] == [[]] * 4


@pytest.mark.parametrize("what", ["offer", "candidate", "answer"])
@pytest.mark.parametrize("who", ["laptop", "tab"])
def test_idle_device_injects_nothing_into_a_call(pair: Pair, who: str, what: str) -> None:
    call_and_answer(pair.phone, pair.screen, pair.conversation_id)
    heard(pair.tab)

    reply = pair.says(getattr(pair, who), what, payload="let me in")

    expected = "answered_elsewhere" if (who, what) == ("tab", "answer") else "not_in_call"
    assert code(reply) == (expected, 409)
    assert pair.phone.frames == pair.screen.frames == []


@pytest.mark.parametrize(
    ("who", "what", "expected"),
    [
        ("screen", "offer", "not_in_call"),
        ("screen", "candidate", "not_in_call"),
        ("phone", "answer", "signal_not_expected"),
        ("phone", "ringing", "signal_not_expected"),
        ("laptop", "answer", "not_in_call"),
        ("laptop", "offer", "not_in_call"),
    ],
)  # fmt: skip
def test_signal_out_of_place_is_refused_while_it_rings(pair: Pair, who: str, what: str, expected: str) -> None:
    ring(pair.phone, pair.conversation_id)
    heard(pair.screen), heard(pair.tab)

    reply = pair.says(getattr(pair, who), what)

    assert code(reply) == (expected, 409)
    assert pair.phone.frames == pair.screen.frames == pair.tab.frames == []


def test_call_of_the_same_id_elsewhere_is_another_call(pair: Pair) -> None:
    call_and_answer(pair.phone, pair.screen, pair.conversation_id)
    eve = pair.outsider.user
    with_dave = open_direct(eve, pair.parley.user("dave"))

    assert state(signal(pair.outsider, with_dave, "offer")) == ("ringing", None)
    assert code(signal(pair.outsider, open_direct(eve, pair.alice), "hang_up")) == ("call_not_found", 404)
    assert state(pair.says(pair.phone, "candidate", payload="x")) == ("active", None)


def test_group_has_no_calls(pair: Pair) -> None:
    group_id = make_group(pair.alice, pair.bob)

    reply = signal(pair.phone, group_id, "offer")

    assert code(reply) == ("direct_only", 403)
    assert code(signal(pair.outsider, group_id, "offer")) == ("conversation_not_found", 404)
    assert rows(pair.parley) == []


def block(pair: Pair) -> None:
    assert pair.bob.put("/users/alice/block").status == 200


def test_who_is_blocked_cannot_call_nor_who_has_blocked(pair: Pair) -> None:
    block(pair)

    replies = [pair.says(pair.phone, "offer", payload=SDP), pair.says(pair.screen, "offer", OTHER, payload=SDP)]

    assert [code(reply) for reply in replies] == [("blocked", 403)] * 2
    assert rows(pair.parley) == []
    assert heard(pair.screen) == heard(pair.phone) == []


def test_block_that_comes_while_a_call_begins_wins(pair: Pair) -> None:
    meanwhile(pair, lambda: block(pair))

    assert code(pair.says(pair.phone, "offer", payload=SDP)) == ("blocked", 403)
    assert rows(pair.parley) == []
    assert heard(pair.screen) == []


def test_block_while_it_rings_leaves_no_message_of_the_call(pair: Pair) -> None:
    ring(pair.phone, pair.conversation_id)
    block(pair)

    assert state(pair.says(pair.phone, "hang_up")) == ("ended", "missed")

    assert notes(pair) == []
    assert lines(pair.parley) == []
    assert pair.screen.events("message_notification") == []


def test_closed_conversation_has_no_new_calls(pair: Pair) -> None:
    contexts = {"booking": ["b1"]}
    alice, bob = pair.parley.user("alice", contexts=contexts), pair.parley.user("bob", contexts=contexts)
    about = {"type": "booking", "id": "b1"}
    opened = alice.post("/conversations", json={"type": "direct", "user_id": "bob", "context": about}).json["id"]
    call_and_answer(pair.phone, pair.screen, opened)

    assert bob.patch(f"/conversations/{opened}", json={"state": "closed"}).status == 200

    assert state(signal(pair.phone, opened, "hang_up")) == ("ended", "hung_up")
    assert code(signal(pair.phone, opened, "offer", OTHER)) == ("conversation_closed", 403)


@pytest.mark.parametrize("what", ["answer", "candidate", "hang_up", "ringing"])
def test_nothing_can_be_said_in_a_call_that_is_none(pair: Pair, what: str) -> None:
    assert code(pair.says(pair.phone, what)) == ("call_not_found", 404)


@pytest.mark.parametrize("what", ["answer", "candidate", "ringing"])
def test_nothing_can_be_said_in_a_call_that_is_over(pair: Pair, what: str) -> None:
    ring(pair.phone, pair.conversation_id)
    pair.says(pair.phone, "hang_up")

    assert code(pair.says(pair.screen, what)) == ("call_over", 409)
    assert code(pair.says(pair.screen, "offer")) == ("call_over", 409)
    assert state(pair.says(pair.phone, "offer")) == ("ended", "missed")


# --- time ------------------------------------------------------------------------------------------------------------


def test_call_that_has_rung_out_cannot_be_answered(pair: Pair) -> None:
    ring(pair.phone, pair.conversation_id)
    heard(pair.screen), heard(pair.tab)
    pair.parley.advance(45)

    reply = pair.says(pair.screen, "answer", payload="yes")

    assert code(reply) == ("call_over", 409)
    assert heard(pair.phone) == heard(pair.tab) == [("hang_up", "missed")]
    assert lines(pair.parley) == []


@pytest.mark.parametrize("who", ["phone", "screen"])
def test_call_that_has_rung_out_is_missed_whoever_hangs_up(pair: Pair, who: str) -> None:
    ring(pair.phone, pair.conversation_id)
    pair.parley.advance(45)

    assert state(pair.says(getattr(pair, who), "hang_up")) == ("ended", "missed")


def test_answer_in_the_last_second_counts(pair: Pair) -> None:
    ring(pair.phone, pair.conversation_id)
    pair.parley.advance(44.9)

    assert state(pair.says(pair.screen, "answer", payload="yes")) == ("active", None)


def test_hang_up_again_tells_again_only_while_it_is_news(pair: Pair) -> None:
    call_and_answer(pair.phone, pair.screen, pair.conversation_id)
    pair.says(pair.phone, "hang_up")
    heard(pair.screen)
    forget_told()

    assert state(pair.says(pair.phone, "hang_up")) == ("ended", "hung_up")
    assert heard(pair.screen) == [("hang_up", "hung_up")]
    pair.parley.advance(31)
    forget_told()
    assert state(pair.says(pair.phone, "hang_up")) == ("ended", "hung_up")
    assert pair.screen.frames == []


# --- bad input -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "more", "pointer", "wrong"),
    [
        ("shout", {}, "/data/signal", "not_allowed"),
        ("offer", {"media": "smell"}, "/data/media", "not_allowed"),
        ("offer", {"payload": "x" * 16_385}, "/data/payload", "too_long"),
        ("offer", {"payload": '"' * 16_384}, "/data/payload", "too_long"),
        ("offer", {"payload": {"sdp": ""}}, "/data/payload", "wrong_type"),
        ("offer", {"previous_connection_id": "x"}, "/data/previous_connection_id", "not_allowed"),
        ("answer", {"media": "audio"}, "/data/media", "not_allowed"),
        ("hang_up", {"payload": "bye"}, "/data/payload", "not_allowed"),
        ("ringing", {"payload": "tut"}, "/data/payload", "not_allowed"),
        ("resume", {}, "/data/previous_connection_id", "required"),
        ("resume", {"previous_connection_id": ""}, "/data/previous_connection_id", "too_short"),
        ("resume", {"previous_connection_id": "x" * 129}, "/data/previous_connection_id", "too_long"),
        ("hang_up", {"reason": "bored"}, "/data/reason", "unknown_field"),
    ],
    ids=lambda one: one if isinstance(one, str) and len(one) < 30 else "",
)  # fmt: skip
def test_wrong_field_is_named(pair: Pair, what: str, more: dict[str, Any], pointer: str, wrong: str) -> None:
    reply = pair.says(pair.phone, what, **more)

    assert frame_refusal(reply) == ("invalid_request", 400, [(pointer, wrong)])
    assert rows(pair.parley) == []
    assert pair.screen.frames == []


@pytest.mark.parametrize("call_id", ["", "a b", "a#b", "x" * 65, 7, None], ids=str)
def test_wrong_call_id_is_named(pair: Pair, call_id: object) -> None:
    reply = signal(pair.phone, pair.conversation_id, "offer", call_id)  # type: ignore[arg-type]

    name, status, fields = frame_refusal(reply)
    assert (name, status) == ("invalid_request", 400)
    assert {pointer for pointer, _ in fields} == {"/data/call_id"}


def test_largest_payload_gets_through(pair: Pair) -> None:
    payload = "a=candidate:1 1 udp\r\n" * 780  # 16,380 characters
    assert state(pair.says(pair.phone, "offer", payload=payload)) == ("ringing", None)

    assert heard(pair.screen) == [("offer", payload)]


def test_ended_calls_are_forgotten_after_a_day_and_running_ones_are_not(pair: Pair) -> None:
    ring(pair.phone, pair.conversation_id)
    assert all("expires_at_s" not in row for row in rows(pair.parley))

    pair.says(pair.phone, "hang_up")

    [row] = rows(pair.parley)
    assert int(row["expires_at_s"]["N"]) == pair.parley.clock() // 1000 + 24 * 3600
    assert "due_at_s" not in row and "payload" not in row
