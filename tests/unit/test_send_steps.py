"""The writes of one send: the next seq, a time that never runs backwards, and what tells two bodies apart."""

from hashlib import sha256

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from parley.domain.api.errors import Invalid
from parley.domain.api.identity import Identity
from parley.domain.api.request import Request
from parley.domain.api.requests import Draft, SendMessage, SendMessageAction, SendMessageToUser
from parley.domain.api.times import HOUR_MS, hour
from parley.domain.conversations.head import Head
from parley.domain.conversations.send_steps import REPLAY_S, check_content, fingerprint, send_message

moments = st.integers(0, 10**13)
CONVERSATION = "d_" + "a" * 26


def head(last_seq: int, last_activity_ms: int) -> Head:
    return Head(
        conversation_id=CONVERSATION,
        type="direct",
        context=None,
        participants=("alice", "bob"),
        last_seq=last_seq,
        last_change_seq=0,
        last_message=None,
        sent_seqs={},
        created_at_ms=0,
        last_activity_ms=last_activity_ms,
        active_hour=hour(last_activity_ms),
    )


def call(now_ms: int) -> Request:
    return Request(caller=Identity(user_id="alice", name="Alice", expires_at_s=0), now_ms=now_ms, request_id="r")


@given(st.integers(0, 10**9), moments, moments)
def test_a_message_goes_right_behind_the_last(last_seq: int, last_activity_ms: int, now_ms: int) -> None:
    sending = send_message(head(last_seq, last_activity_ms), Draft(text="hello", client_id="c1"), call(now_ms))

    assert sending.sent is not None
    message, record = sending.sent.message, sending.sent.record
    assert (message.seq, message.sender_id, message.text, message.client_id) == (last_seq + 1, "alice", "hello", "c1")
    assert record is not None and record.expires_at_s == now_ms // 1000 + REPLAY_S


@given(moments, st.lists(moments, max_size=20))
def test_times_never_run_backwards_whatever_the_clocks_say(first_ms: int, clock: list[int]) -> None:
    now = head(0, first_ms)
    for now_ms in clock:
        message = send_message(now, Draft(text="hello"), call(now_ms)).new_message

        assert message.created_at_ms >= now.last_activity_ms
        assert message.created_at_ms in (now_ms, now.last_activity_ms)
        now = replace(now, last_seq=message.seq, last_activity_ms=message.created_at_ms)


@given(moments, moments)
def test_the_index_moves_with_the_first_message_of_an_hour(last_activity_ms: int, now_ms: int) -> None:
    sending = send_message(head(3, last_activity_ms), Draft(text="hello"), call(now_ms))

    assert sending.members.moves_index == (hour(now_ms) > hour(last_activity_ms))


def test_the_index_moves_once_an_hour() -> None:
    before = head(3, 5 * HOUR_MS)

    assert not send_message(before, Draft(text="hello"), call(6 * HOUR_MS - 1)).members.moves_index
    assert send_message(before, Draft(text="hello"), call(6 * HOUR_MS)).members.moves_index


def test_fingerprint_without_attachments_is_that_of_the_version_before() -> None:
    # A retry over an upgrade must be known again. Version 0.1.0 made this one.
    made_before = sha256(msgspec.json.encode(("text", "hello", None, ["bob"], None))).hexdigest()[:32]

    assert fingerprint(Draft(text="hello", mentions=["bob"])) == made_before
    assert fingerprint(Draft(text="hello", mentions=["bob"], attachment_ids=["a_" + "a" * 26])) != made_before
    assert fingerprint(Draft(attachment_ids=["a_" + "a" * 26])) != fingerprint(Draft(attachment_ids=["a_" + "b" * 26]))


@given(st.text(), st.text())
def test_fingerprints_tell_texts_apart(one: str, other: str) -> None:
    assert (fingerprint(Draft(text=one)) == fingerprint(Draft(text=other))) == (one == other)


def test_a_body_is_the_same_whichever_way_it_comes_in() -> None:
    drafts = [
        SendMessage(text="hello", client_id="c1"),
        SendMessageToUser(text="hello", client_id="c1", user_id="bob"),
        SendMessageAction(text="hello", client_id="c1", conversation_id=CONVERSATION),
    ]

    assert len({fingerprint(draft) for draft in drafts}) == 1


@pytest.mark.parametrize("draft", [Draft(), Draft(text="")])
def test_message_with_nothing_to_show_hears_what_it_may_carry(draft: Draft) -> None:
    with pytest.raises(Invalid) as refused:
        check_content(draft, "", 5)

    assert "A message needs a text, `attachment_ids` or a `custom_type`." in refused.value.detail
