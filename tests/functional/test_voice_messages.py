"""Voice messages: a recording as its scanner finds it, and a message of a kind of its own."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from parley.domain.attachments.media_types import VOICE, VOICE_GRACE_MS
from tests import media_files
from tests.functional.attachments import clean_attachment, clean_recording, say_aloud, scanned
from tests.functional.replies import refusal
from tests.functional.talk import forget_events, frame_refusal, joined, make_group, open_direct
from tests.harness import Parley, Reply, User


@pytest.fixture
def alice(parley: Parley) -> User:
    return parley.user("alice")


@pytest.fixture
def bob(parley: Parley) -> User:
    return parley.user("bob")


@pytest.fixture
def conversation_id(alice: User, bob: User) -> str:
    return open_direct(alice, bob)


def voice(person: User, conversation_id: str, *ids: str, **more: object) -> Reply:
    body = {"kind": "voice", "attachment_ids": list(ids)} | more
    return person.post(f"/conversations/{conversation_id}/messages", json=body)


@pytest.mark.parametrize("mime", sorted(VOICE))
def test_recording_of_each_type_is_sent_with_its_duration_and_its_waveform(
    alice: User, conversation_id: str, mime: str
) -> None:
    done = scanned(alice, conversation_id, media_files.recording(mime, seconds=1.5), f"{mime}; codecs=any", "note")

    assert done.state == ("clean", None)
    sent = voice(alice, conversation_id, done.id)
    assert (sent.status, sent.json["kind"], sent.json["text"]) == (201, "voice", "")
    [recording] = sent.json["attachments"]
    assert (recording["type"], recording["kind"], len(recording["waveform"])) == (mime, "audio", 64)
    assert max(recording["waveform"]) == 100
    assert abs(recording["duration_ms"] - 1_500) <= 100  # encoders fill their last frame


@pytest.mark.parametrize(
    ("made", "declared"),
    [
        (lambda: media_files.recording("audio/mpeg"), "audio/ogg"),
        (lambda: media_files.video("webm", "libvpx"), "audio/webm"),
        (lambda: media_files.recording("audio/mp4")[:-2_000], "audio/mp4"),  # without the index at its end
        (lambda: media_files.recording("audio/webm")[:60], "audio/webm"),
        (lambda: media_files.recording("audio/wav")[:44], "audio/wav"),
        (lambda: media_files.recording("audio/ogg")[:50] + b"\x5a" * 5_000, "audio/ogg"),
    ],
)
def test_lying_or_broken_recording_is_rejected_and_cannot_be_sent(
    alice: User, conversation_id: str, made: Callable[[], bytes], declared: str
) -> None:
    done = scanned(alice, conversation_id, made(), declared)

    state, code = done.state
    assert (state, code in ("type_mismatch", "damaged", "no_audio")) == ("rejected", True)
    assert refusal(voice(alice, conversation_id, done.id))[:2] == ("attachment_rejected", 409)


def test_voice_message_is_one_wherever_it_is_shown(
    parley: Parley, alice: User, bob: User, conversation_id: str
) -> None:
    screen, phone = joined(bob, conversation_id), bob.connect()
    forget_events(screen, phone)

    message = say_aloud(parley, alice, conversation_id, text="Listen")

    [full], [brief] = screen.events("new_message"), phone.events("message_notification")
    assert (full["data"]["message"]["kind"], brief["data"]["message"]["kind"]) == ("voice", "voice")
    [in_history] = bob.get(f"/conversations/{conversation_id}/messages").json["messages"]
    assert (in_history["kind"], in_history["text"]) == ("voice", "Listen")
    assert in_history["attachments"] == message["attachments"]
    listed = bob.get(f"/conversations/{conversation_id}").json["last_message"]
    assert (listed["kind"], listed["attachments"]["kind"]) == ("voice", "audio")
    synced = phone.request("sync", {"cursors": {conversation_id: 0}})["data"]["conversations"][conversation_id]
    assert [one["kind"] for one in synced["messages"]] == ["voice"]
    [found] = bob.get(f"/search?q={quote('listen')}").json["results"]
    assert found["message"]["kind"] == "voice"


def test_forward_stays_a_voice_message_though_the_limit_is_lower_now(
    parley: Parley, alice: User, bob: User, conversation_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = make_group(bob, parley.user("carol"))
    message = say_aloud(parley, alice, conversation_id)
    monkeypatch.setenv("VOICE_MAX_S", "1")

    [copy] = bob.post(f"/messages/{message['id']}/forward", json={"conversation_ids": [target]}).json["messages"]

    assert (copy["kind"], copy["attachments"][0]["duration_ms"]) == ("voice", 2_500)


def test_caption_may_change_and_go(parley: Parley, alice: User, conversation_id: str) -> None:
    message = say_aloud(parley, alice, conversation_id, text="Listen")

    edited = alice.patch(f"/messages/{message['id']}", json={"text": ""}).json

    assert (edited["kind"], edited["text"], edited["attachments"]) == ("voice", "", message["attachments"])


def test_first_message_to_a_user_is_a_voice_message(parley: Parley, alice: User, bob: User) -> None:
    recording = clean_recording(parley, alice, open_direct(alice, bob))

    sent = alice.post("/messages", json={"user_id": "bob", "kind": "voice", "attachment_ids": [recording]})

    assert (sent.status, sent.json["kind"]) == (201, "voice")


def test_socket_sends_a_voice_message_and_a_retry_gets_it_again(
    parley: Parley, alice: User, conversation_id: str
) -> None:
    phone = alice.connect()
    recording = clean_recording(parley, alice, conversation_id)
    body = {"conversation_id": conversation_id, "kind": "voice", "attachment_ids": [recording], "client_id": "c1"}

    first, again = phone.request("send_message", body)["data"], phone.request("send_message", body)["data"]
    as_text = phone.request("send_message", body | {"kind": "text"})

    assert (first["kind"], again) == ("voice", first | {"replayed": True})
    assert frame_refusal(as_text)[:2] == ("client_id_reused", 422)


@pytest.mark.parametrize("transport", ["rest", "websocket"])
def test_voice_message_without_exactly_one_attachment_is_refused(
    parley: Parley, alice: User, conversation_id: str, transport: str
) -> None:
    two = [clean_recording(parley, alice, conversation_id) for _ in range(2)]
    for ids, code in (([], "too_few_items"), (two, "too_many_items")):
        if transport == "rest":
            found = refusal(voice(alice, conversation_id, *ids, text="hello"))
            assert found == ("voice_needs_one_audio", 400, [("/attachment_ids", code)])
        else:
            body = {"conversation_id": conversation_id, "kind": "voice", "attachment_ids": ids}
            found = frame_refusal(alice.connect().request("send_message", body))
            assert found == ("voice_needs_one_audio", 400, [("/data/attachment_ids", code)])
    assert alice.get(f"/conversations/{conversation_id}").json["last_seq"] == 0


@pytest.mark.parametrize(
    ("mime", "facts"),
    [
        ("audio/flac", {"duration_ms": 2_500}),
        ("video/mp4", {"duration_ms": 2_500}),
        ("application/pdf", {"pages": 3}),
        ("audio/ogg", {"size": 40_000}),  # clean, but nobody knows how long it is
    ],
)
def test_attachment_that_is_no_recording_is_no_voice_message(
    parley: Parley, alice: User, conversation_id: str, mime: str, facts: dict[str, Any]
) -> None:
    other = clean_attachment(parley, alice, conversation_id, thumbnail=None, asked={"type": mime}, **facts)

    reply = voice(alice, conversation_id, other)

    assert refusal(reply) == ("voice_needs_audio", 422, [("/attachment_ids/0", "voice_needs_audio")])
    assert voice(alice, conversation_id, other, kind="text").status == 201


def test_voice_message_lasts_as_long_as_the_limit_allows(
    parley: Parley, alice: User, conversation_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOICE_MAX_S", "60")
    longest = clean_recording(parley, alice, conversation_id, duration_ms=60_000 + VOICE_GRACE_MS)
    longer = clean_recording(parley, alice, conversation_id, duration_ms=60_001 + VOICE_GRACE_MS)

    refused = voice(alice, conversation_id, longer)

    assert refusal(refused) == ("voice_too_long", 422, [("/attachment_ids/0", "too_long")])
    assert refused.json["errors"][0]["limit"] == 60_000
    assert voice(alice, conversation_id, longest).status == 201
    assert voice(alice, conversation_id, longer, kind="text").status == 201  # as a file it may be sent


def test_nobody_sends_a_system_message(parley: Parley, alice: User, conversation_id: str) -> None:
    reply = voice(alice, conversation_id, clean_recording(parley, alice, conversation_id), kind="system")

    assert refusal(reply) == ("invalid_request", 400, [("/kind", "not_allowed")])
