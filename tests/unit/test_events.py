"""A client's copy after events: the same as a fresh read, though they come twice, late or in another order."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from parley.domain.api import ids
from parley.domain.api.identity import Identity
from parley.domain.api.request import Request
from parley.domain.api.requests import Draft
from parley.domain.api.types import Conversation, UserStatus
from parley.domain.conversations import events, views
from parley.domain.conversations.client_model import apply
from parley.domain.conversations.events import (
    ConversationRead,
    Event,
    MessageDelivered,
    MessageNotification,
    MessageRead,
    NewMessage,
    UserStatusChange,
    UserTyping,
)
from parley.domain.conversations.head import Head, Membership
from parley.domain.conversations.message import PREVIEW_CHARACTERS, Reader
from parley.domain.conversations.send_steps import send_message
from parley.domain.support.events import TicketCreated

PEOPLE = ("alice", "bob")
CONVERSATION = "d_" + "a" * 26


class Talk:
    """A conversation as the tables hold it, with the events that each change pushes."""

    def __init__(self) -> None:
        self.head = Head(
            conversation_id=CONVERSATION,
            type="direct",
            context=None,
            participants=PEOPLE,
            last_seq=0,
            last_change_seq=0,
            last_message=None,
            sent_seqs={},
            created_at_ms=0,
            last_activity_ms=0,
            active_hour=0,
        )
        self.sides = {one: Membership(user_id=one, conversation_id=CONVERSATION) for one in PEOPLE}
        self.pushed: list[Event] = []

    def send(self, user_id: str, text: str, *, in_full: bool) -> None:
        caller = Identity(user_id=user_id, name="", expires_at_s=0)
        call = Request(caller=caller, now_ms=self.head.last_activity_ms + 1_000, request_id="r")
        step = send_message(self.head, Draft(text=text), call)
        self.head = step.after
        shown = step.new_message.for_all()
        full = NewMessage(conversation_id=CONVERSATION, message=shown)
        self.pushed.append(full if in_full else MessageNotification.of(shown))

    def read(self, user_id: str, seq: int) -> None:
        if seq <= self.head.read_seq(self.sides[user_id]):
            return
        self.sides[user_id] = replace(self.sides[user_id], read_seq=seq)
        message_id = ids.message_id(CONVERSATION, seq)
        one = MessageRead(conversation_id=CONVERSATION, message_id=message_id, seq=seq, user_id=user_id, read_at="")
        whole = ConversationRead(conversation_id=CONVERSATION, seq=seq, user_id=user_id, read_at="")
        self.pushed.append(whole if seq == self.head.last_seq else one)

    def deliver(self, user_id: str, seq: int) -> None:
        if seq <= self.head.delivered_seq(self.sides[user_id]):
            return
        self.sides[user_id] = replace(self.sides[user_id], delivered_seq=seq)
        message_id = ids.message_id(CONVERSATION, seq)
        self.pushed.append(
            MessageDelivered(
                conversation_id=CONVERSATION, message_id=message_id, seq=seq, user_id=user_id, delivered_at=""
            )
        )

    def seen_by(self, user_id: str) -> Conversation:
        return views.view_conversation(self.head, Reader(user_id=user_id, blocked=frozenset()), self.sides, {})


@st.composite
def talks(draw: st.DrawFn) -> tuple[Talk, dict[str, Conversation]]:
    """Draws a talk, and what each member saw at some moment before its last events."""
    talk = Talk()
    steps = draw(st.lists(st.sampled_from(["send", "read", "deliver"]), max_size=12))
    start = draw(st.integers(0, len(steps) // 2))
    seen = {one: talk.seen_by(one) for one in PEOPLE}
    for number, step in enumerate(steps):
        if number == start:
            seen = {one: talk.seen_by(one) for one in PEOPLE}
            talk.pushed.clear()
        user_id = draw(st.sampled_from(PEOPLE))
        if step == "send":
            talk.send(user_id, draw(st.sampled_from(["", "hello", "x" * 101, "👋" * 100])), in_full=draw(st.booleans()))
        else:
            move = talk.read if step == "read" else talk.deliver
            move(user_id, draw(st.integers(0, talk.head.last_seq)))
    return talk, seen


def applied(pushed: list[Event], conversation: Conversation, viewer_id: str) -> Conversation:
    for event in pushed:
        conversation = apply(event, conversation, viewer_id)
    return conversation


@given(talks(), st.sampled_from(PEOPLE))
def test_events_lead_from_the_old_snapshot_to_the_new(
    drawn: tuple[Talk, dict[str, Conversation]], viewer_id: str
) -> None:
    talk, seen = drawn

    assert applied(talk.pushed, seen[viewer_id], viewer_id) == talk.seen_by(viewer_id)


@given(talks(), st.sampled_from(PEOPLE), st.data())
def test_events_may_come_twice_and_in_any_order(
    drawn: tuple[Talk, dict[str, Conversation]], viewer_id: str, data: st.DataObject
) -> None:
    talk, seen = drawn
    again = data.draw(st.lists(st.sampled_from(talk.pushed))) if talk.pushed else []
    mixed = data.draw(st.permutations([*talk.pushed, *again]))

    assert applied(mixed, seen[viewer_id], viewer_id) == talk.seen_by(viewer_id)


@given(talks(), st.sampled_from(PEOPLE), st.data())
def test_no_event_moves_a_marker_back(
    drawn: tuple[Talk, dict[str, Conversation]], viewer_id: str, data: st.DataObject
) -> None:
    talk, seen = drawn
    before = data.draw(st.sampled_from([seen[viewer_id], talk.seen_by(viewer_id)]))
    for event in data.draw(st.permutations(talk.pushed)):
        after = apply(event, before, viewer_id)

        assert after.last_seq >= before.last_seq
        assert after.unread >= 0
        for old, new in zip(before.members, after.members, strict=True):
            assert (new.read_seq or 0) >= (old.read_seq or 0)
            assert (new.delivered_seq or 0) >= max(old.delivered_seq or 0, new.read_seq or 0)
        before = after


def test_a_marker_that_comes_before_its_message_leaves_nothing_unread() -> None:
    talk = Talk()
    before = talk.seen_by("alice")
    talk.send("bob", "hello", in_full=True)
    talk.read("alice", 1)

    early = apply(talk.pushed[1], before, "alice")

    assert (early.last_seq, early.read_seq, early.unread) == (0, 1, 0)
    assert apply(talk.pushed[0], early, "alice") == talk.seen_by("alice")


def test_what_is_about_no_marker_changes_no_conversation() -> None:
    shown = Talk().seen_by("alice")
    typing = UserTyping(conversation_id=CONVERSATION, user_id="bob", expires_at="")
    status = UserStatusChange.of(UserStatus(user_id="bob", status="online", last_seen=None, expires_at=None))

    assert applied([typing, status], shown, "alice") == shown


EVENTS = events.kinds()
assert TicketCreated in EVENTS  # it knows the classes of modules that are imported


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.__name__)
def test_every_event_has_a_name_of_its_own(event: type[Event]) -> None:
    assert [one.name for one in EVENTS].count(event.name) == 1
    assert "name" not in event.__struct_fields__  # it stands beside `data`, not in it


@given(st.text(max_size=300))
def test_a_notification_holds_a_preview_of_the_text(text: str) -> None:
    talk = Talk()
    talk.send("bob", text, in_full=True)
    full = talk.pushed[0]
    assert isinstance(full, NewMessage)

    cut = MessageNotification.of(full.message)

    assert cut.message.text == text[:PREVIEW_CHARACTERS]
    assert replace(cut.message, text=text) == full.message


def test_a_frame_is_type_event_and_data() -> None:
    event = UserTyping(conversation_id=CONVERSATION, user_id="bob", expires_at="2026-11-21T07:30:00.000Z")

    assert json.loads(events.encode(event)) == {
        "type": "event",
        "event": "user_typing",
        "data": {
            "conversation_id": CONVERSATION,
            "user_id": "bob",
            "expires_at": "2026-11-21T07:30:00.000Z",
            "users": {},
        },
    }
