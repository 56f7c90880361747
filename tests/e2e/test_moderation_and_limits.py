"""Acts other than messages: a call, limits, banned words, reports, a person who is erased."""

import time
from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.e2e.stack import PATIENCE_S, Json, Person, Stack, running

RULES = [
    {"id": "no-scam", "kind": "word", "text": "scamcoin", "action": "reject"},
    {"id": "soft", "kind": "word", "text": "blast", "action": "mask"},
    {"id": "watch", "kind": "word", "text": "offshore", "action": "flag"},
]
SDP = "v=0\r\no=- 4611 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack with few sends and some banned words, which were there before anything was said: they hold at once."""
    limits = ("--parameter", "SendBurst=5", "--parameter", "SendsPerMinute=20")
    with running(tmp_path_factory.mktemp("strict"), *limits) as started:
        started.person("mona", role="moderator").put("/admin/banned-words", version=0, rules=RULES)
        yield started


def two(stack: Stack) -> tuple[Person, Person, str]:
    """Returns two people and the id of their conversation."""
    alice, bob = stack.person("alice"), stack.person("bob")
    return alice, bob, alice.opens(bob)


def test_a_call_is_offered_answered_and_hung_up(strict: Stack) -> None:
    alice, bob, chat = two(strict)
    call: Json = {"conversation_id": chat, "call_id": str(uuid4())}

    with alice.online() as phone, bob.online() as screen, bob.online(by_ticket=True) as tab:
        ringing = phone.ask("call_signal", **call, signal="offer", media="video", payload=SDP)
        offers = [device.event("call_signal") for device in (screen, tab)]
        active = screen.ask("call_signal", **call, signal="answer", payload=SDP)
        answer, elsewhere = phone.event("call_signal"), tab.event("call_signal")
        late = tab.refused("call_signal", **call, signal="answer", payload=SDP)
        screen.ask("call_signal", **call, signal="candidate", payload="candidate:1")
        candidate = phone.event("call_signal")
        ended = phone.ask("call_signal", **call, signal="hang_up")
        hung_up = screen.event("call_signal")

    assert (ringing["state"], active["state"]) == ("ringing", "active")
    assert [(one["signal"], one["payload"], one["from_user_id"]) for one in offers] == [
        ("offer", SDP, alice.user_id)
    ] * 2
    assert (answer["signal"], elsewhere["signal"], elsewhere["reason"]) == ("answer", "hang_up", "answered_elsewhere")
    assert (late["code"], late["status"], bool(late["rule"])) == ("answered_elsewhere", 409, True)
    assert (candidate["signal"], candidate["payload"]) == ("candidate", "candidate:1")
    assert (ended["state"], ended["reason"], hung_up["signal"]) == ("ended", "hung_up", "hang_up")


def test_who_writes_too_fast_is_told_for_how_long_to_wait(strict: Stack) -> None:
    alice, _, chat = two(strict)
    path = f"/conversations/{chat}/messages"

    answers = [alice.request("POST", path, {"text": "Hello?", "client_id": f"c{number}"}) for number in range(10)]
    refused = next(one for one in answers if one.status == 429)
    with alice.online() as phone:
        while (by_frame := phone.request("send_message", {"conversation_id": chat, "text": "Hello?"}))["type"] == "ack":
            pass
        problem = by_frame["error"]
        time.sleep(problem["retry_after_ms"] / 1000)
        sent = phone.ask("send_message", conversation_id=chat, text="Hello!", client_id="later")

    assert (refused.json["code"], refused.json["rule"]) == ("rate_limited", "send")
    assert refused.headers["Retry-After"] == str(-(-refused.json["retry_after_ms"] // 1000))
    assert refused.headers["RateLimit-Policy"] == '"send";q=5;w=15'
    assert refused.headers["RateLimit"].startswith('"send";r=0;t=')
    assert "Retry-After" in refused.headers["Access-Control-Expose-Headers"]
    assert (problem["code"], problem["status"], by_frame["rate_limits"][0]["remaining"]) == ("rate_limited", 429, 0)
    assert alice.get(f"{path}?limit=1")["messages"][0]["id"] == sent["id"]


def test_banned_words_are_refused_masked_or_brought_before_the_moderators(strict: Stack) -> None:
    alice, bob, chat = two(strict)
    mona = strict.person("mona", role="moderator")

    by_rest = alice.request("POST", f"/conversations/{chat}/messages", {"text": "Buy SCΑMCOIN now"})  # a Greek Α
    with alice.online() as phone, bob.online() as screen:
        screen.ask("join_conversation", conversation_id=chat)
        by_frame = phone.refused("send_message", conversation_id=chat, text="s c a m c o i n")
        phone.ask("send_message", conversation_id=chat, text="Blast it")
        masked = screen.event("new_message")["message"]
        flagged = phone.ask("send_message", conversation_id=chat, text="An offshore account")

    assert [(one["status"], one["code"], one["rule"]) for one in (by_rest.json, by_frame)] == [
        (422, "banned_words", "banned_words: no-scam")
    ] * 2
    assert masked["text"] == "***** it"
    [queued] = [one for one in mona.get("/admin/reports")["reports"] if one["message_id"] == flagged["id"]]
    assert (queued["rule"], queued["reporter_id"]) == ("watch", None)


def test_a_report_goes_through_the_queue_and_the_log(strict: Stack) -> None:
    alice, bob, chat = two(strict)
    mona, ada = strict.person("mona", role="moderator"), strict.person("ada", role="admin")
    sent = alice.post(f"/conversations/{chat}/messages", text="You fool")
    filed = bob.post(f"/messages/{sent['id']}/report", reason="harassment", note="Third time.")
    alice.patch(f"/messages/{sent['id']}", text="You friend")
    path = f"/admin/reports/{filed['id']}"

    nosy = alice.request("GET", path)
    queued = [one["id"] for one in mona.get("/admin/reports?order=newest")["reports"]]
    read = mona.get(path)
    mona.patch(path, version=1, status="resolved", resolution="warned")
    late = ada.request("PATCH", path, {"version": 1, "status": "dismissed"})
    log = ada.get(f"/admin/audit?actor={mona.user_id}")["entries"]

    assert (nosy.status, nosy.json["code"]) == (403, "moderators_only")
    assert filed["id"] in queued
    assert (read["report"]["text"], read["report"]["note"]) == ("You fool", "Third time.")
    assert (read["message"]["text"], [one["id"] for one in read["context"]]) == ("You friend", [sent["id"]])
    assert (late.status, late.json["code"]) == (409, "report_changed")
    assert [(one["action"], one["target"]) for one in log] == [
        ("resolve_report", filed["id"]), ("read_report", filed["id"]),
    ]  # fmt: skip
    assert filed["id"] in [one["id"] for one in mona.get("/admin/reports?status=resolved")["reports"]]


def test_somebody_is_erased_while_others_look_on(strict: Stack) -> None:
    alice, bob, chat = two(strict)
    host = strict.person("host", role="service")
    sent = alice.post(f"/conversations/{chat}/messages", text="My secret")

    with bob.online() as screen:
        screen.ask("join_conversation", conversation_id=chat)
        asked = host.request("DELETE", f"/users/{alice.user_id}")
        told = screen.event("conversation_updated")

    begun = time.monotonic()
    while (message := bob.get(f"/messages/{sent['id']}"))["text"] and time.monotonic() < begun + PATIENCE_S:
        time.sleep(0.2)
    shown = host.get(f"/erasures/{asked.json['id']}")

    assert (asked.status, asked.json["state"]) == (202, "running")
    assert (told["conversation_id"], told["shared"]["state"]) == (chat, "closed")
    assert (message["text"], message["deleted_at"] is None) == ("", False)
    assert message["sender_id"].startswith("~parley.erased-")
    assert (shown["state"], shown["removed"]["messages"]) == ("running", 1)  # a second round follows five minutes later
    late = bob.request("POST", f"/conversations/{chat}/messages", {"text": "Are you there?"})
    assert (late.status, late.json["code"]) == (403, "conversation_closed")
    assert bob.request("GET", f"/users/{alice.user_id}").status == 404
