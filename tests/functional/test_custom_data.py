"""Data that a product attaches: a booking card is sent, changed, shown with its message, and goes with it."""

import json
from typing import Any

import pytest

from tests.functional.erasures import erased, everything
from tests.functional.exports import exported, fetched, lines
from tests.functional.replies import invalid, refusal
from tests.functional.talk import (
    bare,
    contents,
    fill,
    forget_events,
    frame_refusal,
    joined,
    make_group,
    open_direct,
    say,
)
from tests.harness import Parley, Reply, User

CARD: dict[str, Any] = {
    "custom_type": "booking.card",
    "metadata": {"id": 42, "price": 12.5, "state": "asked", "days": ["Mon", ""], "note": None, "in": {"room": "é<b>"}},
}
BARE: dict[str, Any] = {"custom_type": None, "metadata": None}


def send(person: User, conversation_id: str, **fields: object) -> Reply:
    return person.post(f"/conversations/{conversation_id}/messages", json=fields)


def data_of(shown: Any) -> dict[str, Any]:
    return {name: shown[name] for name in ("custom_type", "metadata")}


def stored_row(parley: Parley, message_id: str) -> dict[str, Any]:
    conversation_id, _, seq = message_id.rpartition(".")
    found: dict[str, Any] = parley.store.client("dynamodb").get_item(
        TableName=parley.template.resources["Messages"].ref,
        Key={"conversation_id": {"S": conversation_id}, "seq": {"N": seq}},
    )["Item"]
    return found


def test_card_is_in_answer_event_history_and_sync(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    screen, phone = joined(bob, direct), alice.connect()
    away = bob.connect()

    sent = send(alice, direct, text="May I book it?", **CARD)

    assert (sent.status, data_of(sent.json)) == (201, CARD)
    for device, name in ((screen, "new_message"), (phone, "message_notification"), (away, "message_notification")):
        [told] = contents(device.events(name))
        assert data_of(told["message"]) == CARD
    assert data_of(bob.get(f"/messages/{sent.json['id']}").json) == CARD
    [shown] = bob.get(f"/conversations/{direct}/messages").json["messages"]
    assert data_of(shown) == CARD
    caught = bob.post("/sync", json={"cursors": {direct: 0}}).json["conversations"][direct]
    assert [data_of(one) for one in caught["messages"]] == [CARD]
    assert list(shown["metadata"]) == list(CARD["metadata"])  # also in this order


def test_action_and_message_to_a_user_take_it_too(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")

    first = alice.post("/messages", json={"user_id": "bob", "text": "hello", **CARD})
    draft = {"conversation_id": first.json["conversation_id"], "text": "hello", **CARD}
    second = bob.connect().request("send_message", draft)

    assert [data_of(first.json), data_of(second["data"])] == [CARD, CARD]


def test_card_needs_no_words_but_a_name(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)

    card, data_only = send(alice, direct, **CARD), send(alice, direct, metadata={"a": 1})

    assert (card.status, card.json["text"]) == (201, "")
    assert refusal(data_only) == invalid(("/text", "required"))
    last = bob.get("/conversations").json["conversations"][0]["last_message"]
    assert (last["text"], last["custom_type"], "metadata" in last) == ("", "booking.card", False)


def test_message_without_it_stores_nothing_of_it(parley: Parley) -> None:
    alice = parley.user("alice")
    direct = open_direct(alice, parley.user("bob"))

    [plain] = say(alice, direct, "hello")
    nothing = send(alice, direct, text="hello", **BARE).json["id"]

    for message_id in (plain, nothing):
        assert not {"custom_type", "metadata"} & stored_row(parley, message_id).keys()
        assert data_of(alice.get(f"/messages/{message_id}").json) == BARE


WRONG: dict[str, tuple[dict[str, Any], tuple[str, str]]] = {
    "type with a space": ({"custom_type": "a b"}, ("custom_type", "bad_format")),
    "empty type": ({"custom_type": ""}, ("custom_type", "bad_format")),
    "type of 65": ({"custom_type": "a" * 65}, ("custom_type", "too_long")),
    "list": ({"metadata": [1]}, ("metadata", "wrong_type")),
    "large": ({"metadata": {"a": "x" * 4_089}}, ("metadata", "too_many_bytes")),
    "NUL": ({"metadata": {"a": "\0"}}, ("metadata/a", "bad_format")),
}


@pytest.mark.parametrize("fields, wrong", WRONG.values(), ids=WRONG)
def test_wrong_data_is_named_on_every_way_in(parley: Parley, fields: dict[str, Any], wrong: tuple[str, str]) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    [message_id] = say(alice, direct, "hello")
    place, code = wrong

    for refused in (
        send(alice, direct, text="hello", **fields),
        alice.post("/messages", json={"user_id": "bob", "text": "hello", **fields}),
        alice.patch(f"/messages/{message_id}", json=fields),
    ):
        assert refusal(refused) == invalid((f"/{place}", code))
    framed = alice.connect().request("send_message", {"conversation_id": direct, "text": "hello", **fields})
    assert frame_refusal(framed) == invalid((f"/data/{place}", code))
    assert bob.get(f"/conversations/{direct}").json["last_seq"] == 1


def test_name_that_stands_twice_is_refused(parley: Parley) -> None:
    alice = parley.user("alice")
    direct = open_direct(alice, parley.user("bob"))

    raw = b'{"text":"a","metadata":{"order":{"state":"paid","state":"asked"}}}'
    refused = alice.post(f"/conversations/{direct}/messages", raw=raw)

    assert refusal(refused) == invalid(("/metadata/order/state", "repeated"))


# --- changes ---------------------------------------------------------------------------------------------------------


def test_author_changes_the_data_alone(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    message_id = send(alice, direct, text="May I book it?", **CARD).json["id"]
    screen = joined(bob, direct)
    forget_events(screen)
    paid = {"id": 42, "state": "paid"}

    changed = alice.patch(f"/messages/{message_id}", json={"metadata": paid})

    assert (changed.status, changed.json["text"], changed.json["change_seq"]) == (200, "May I book it?", 1)
    assert data_of(changed.json) == {"custom_type": "booking.card", "metadata": paid}
    assert changed.json["edited_at"] is None  # its words are as they were
    [told] = contents(screen.events("message_updated"))
    assert (told["change_seq"], told["message"]) == (1, bare(changed.json))
    caught = bob.post("/sync", json={"cursors": {direct: {"seq": 1, "change_seq": 0}}}).json["conversations"][direct]
    assert [one["data"]["message"]["metadata"] for one in caught["changes"]] == [paid]


def test_null_clears_and_the_list_follows(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    message_id = send(alice, direct, text="hello", **CARD).json["id"]

    changed = alice.patch(f"/messages/{message_id}", json=BARE)

    assert data_of(changed.json) == BARE
    assert bob.get(f"/conversations/{direct}").json["last_message"]["custom_type"] is None
    assert not {"custom_type", "metadata"} & stored_row(parley, message_id).keys()


def test_words_and_data_change_together_as_one_edit(parley: Parley) -> None:
    alice = parley.user("alice")
    message_id = send(alice, open_direct(alice, parley.user("bob")), text="helo", **CARD).json["id"]

    changed = alice.patch(f"/messages/{message_id}", json={"text": "hello", "custom_type": "offer"}).json

    assert (changed["text"], changed["custom_type"], changed["metadata"]) == ("hello", "offer", CARD["metadata"])
    assert (changed["change_seq"], changed["edited_at"] is None) == (1, False)


def test_edit_of_the_text_leaves_the_data_and_a_change_of_data_the_mentions(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    message_id = send(alice, make_group(alice, bob), text="hi", mentions=["bob"], **CARD).json["id"]

    of_data = alice.patch(f"/messages/{message_id}", json={"metadata": {"a": 1}}).json
    of_text = alice.patch(f"/messages/{message_id}", json={"text": "hi", "mentions": []}).json

    assert (of_data["mentions"], of_data["edited_at"]) == (["bob"], None)
    assert (of_text["mentions"], of_text["metadata"]) == ([], {"a": 1})


def test_one_is_not_true_and_order_counts(parley: Parley) -> None:
    alice = parley.user("alice")
    direct = open_direct(alice, parley.user("bob"))
    message_id = send(alice, direct, text="hello", metadata={"a": 1, "b": 2}).json["id"]

    for number, metadata in enumerate(({"a": True, "b": 2}, {"b": 2, "a": True}, {"b": 2, "a": True}), 1):
        changed = alice.patch(f"/messages/{message_id}", json={"metadata": metadata}).json
        assert (json.dumps(changed["metadata"]), changed["change_seq"]) == (json.dumps(metadata), min(number, 2))


def test_change_needs_something_to_change(parley: Parley) -> None:
    alice = parley.user("alice")
    [message_id] = say(alice, open_direct(alice, parley.user("bob")), "hello")

    for body in ({}, {"mentions": ["bob"]}, {"mentions": ["bob"], "metadata": {}}):
        assert refusal(alice.patch(f"/messages/{message_id}", json=body)) == invalid(("/text", "required"))


def test_card_without_words_keeps_its_name(parley: Parley) -> None:
    alice = parley.user("alice")
    message_id = send(alice, open_direct(alice, parley.user("bob")), **CARD).json["id"]

    refused = alice.patch(f"/messages/{message_id}", json={"custom_type": None})

    assert refusal(refused) == invalid(("/text", "blank"))


def test_only_the_author_changes_data_and_within_the_window(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    alice, bob = parley.user("alice", expires_in_s=100_000), parley.user("bob")
    message_id = send(alice, open_direct(alice, bob), **CARD).json["id"]

    assert refusal(bob.patch(f"/messages/{message_id}", json={"metadata": {}}))[:2] == ("not_your_message", 403)
    monkeypatch.setenv("EDIT_WINDOW_S", "60")
    parley.clock.ms += 61_000
    late = alice.patch(f"/messages/{message_id}", json={"metadata": {}})
    same = alice.patch(f"/messages/{message_id}", json={"metadata": CARD["metadata"]})
    assert (refusal(late)[:2], same.status) == (("edit_window_over", 403), 200)


def test_data_changes_more_often_than_words_may(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parley.domain.conversations.change_steps.MAX_EDITS", 1)
    alice, mia = parley.user("alice"), parley.user("mia", "moderator")
    message_id = send(alice, open_direct(alice, parley.user("bob")), text="one", **CARD).json["id"]
    assert alice.patch(f"/messages/{message_id}", json={"text": "two"}).status == 200

    states = [alice.patch(f"/messages/{message_id}", json={"metadata": {"n": one}}).status for one in range(3)]

    assert states == [200] * 3
    assert refusal(alice.patch(f"/messages/{message_id}", json={"text": "three"}))[:2] == ("too_many_edits", 409)
    assert parley.user("bob").post(f"/messages/{message_id}/report", json={"reason": "spam"}).status == 201
    versions = mia.get(f"/messages/{message_id}/versions").json["versions"]
    assert [one["text"] for one in versions] == ["one", "two"]


# --- what becomes of it ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scope", ["everyone", "me"])
def test_deleted_message_shows_none(parley: Parley, scope: str) -> None:
    alice = parley.user("alice")
    direct = open_direct(alice, parley.user("bob"))
    message_id = send(alice, direct, **CARD).json["id"]

    deleted = alice.delete(f"/messages/{message_id}?scope={scope}").json

    assert data_of(deleted) == BARE
    assert data_of(alice.get(f"/messages/{message_id}").json) == BARE
    assert ("metadata" in stored_row(parley, message_id)) == (scope == "me")


def test_forward_carries_it_as_it_is_then(parley: Parley) -> None:
    alice, bob, carol = (parley.user(one) for one in ("alice", "bob", "carol"))
    message_id = send(bob, open_direct(alice, bob), **CARD).json["id"]

    body = {"conversation_ids": [open_direct(alice, carol)]}
    [copy] = alice.post(f"/messages/{message_id}/forward", json=body).json["messages"]

    assert (data_of(copy), copy["forwarded_from"]["sender_id"]) == (CARD, "bob")
    refused = alice.patch(f"/messages/{copy['id']}", json={"metadata": {}})
    assert refusal(refused)[:2] == ("forwarded_message", 403)


def test_retry_gets_the_first_and_other_data_are_another_message(parley: Parley) -> None:
    alice = parley.user("alice")
    direct = open_direct(alice, parley.user("bob"))

    first, again = (send(alice, direct, client_id="c1", text="hello", **CARD) for _ in range(2))
    changes: list[dict[str, Any]] = [{"metadata": {}}, {"metadata": None}, {"custom_type": "other"}]
    others = [send(alice, direct, client_id="c1", text="hello", **CARD | change) for change in changes]

    assert (first.status, again.status, again.json["id"]) == (201, 200, first.json["id"])
    assert {refusal(other)[0] for other in others} == {"client_id_reused"}


def test_neither_banned_words_nor_search_read_it(parley: Parley) -> None:
    alice, mia = parley.user("alice"), parley.user("mia", "moderator")
    rules = {"version": 0, "rules": [{"text": "wombat", "action": "reject"}]}
    assert mia.put("/admin/banned-words", json=rules).status == 200
    direct = open_direct(alice, parley.user("bob"))

    sent = send(alice, direct, text="hello", custom_type="wombat", metadata={"wombat": "wombat"})

    assert sent.status == 201
    assert alice.get("/search?q=wombat").json["results"] == []


def test_longer_data_take_more_tokens(parley: Parley) -> None:
    alice = parley.user("alice")
    direct = open_direct(alice, parley.user("bob"))

    def left_after(**fields: object) -> int:
        reply = send(alice, direct, **fields)
        assert reply.status == 201
        return int(reply.headers["ratelimit"].partition(";r=")[2].partition(";")[0])

    before = left_after(text="x")
    after = left_after(text="x" * 4_096, metadata={"a": "x" * 100})

    assert before - after == 2


def test_export_has_it_in_lines_and_as_text_in_html(parley: Parley) -> None:
    alice = parley.user("alice")
    direct = open_direct(alice, parley.user("bob"))
    send(alice, direct, **CARD)

    done = exported(parley, alice, direct)
    page = fetched(parley, exported(parley, alice, direct, "html")["url"]).decode()

    _, message = lines(fetched(parley, done["url"]))
    assert data_of(message) == CARD
    assert "booking.card" in page and "&quot;state&quot;: &quot;asked&quot;" in page
    assert "é&lt;b&gt;" in page and "é<b>" not in page


def test_data_of_somebody_erased_are_gone_and_the_data_of_others_are_not(parley: Parley) -> None:
    zoe, bob, carol = (parley.user(one) for one in ("zoe", "bob", "carol"))
    direct, elsewhere = open_direct(zoe, bob), open_direct(bob, carol)
    hers = send(zoe, direct, text="hi", custom_type="booking", metadata={"secret": "wombat"}).json["id"]
    send(bob, direct, **CARD)
    assert bob.post(f"/messages/{hers}/forward", json={"conversation_ids": [elsewhere]}).status == 200

    erased(parley, "zoe")

    assert "wombat" not in everything(parley)
    first, second = bob.get(f"/conversations/{direct}/messages").json["messages"]
    assert (data_of(first), data_of(second)) == (BARE, CARD)


def test_damaged_data_hide_no_message(parley: Parley) -> None:
    alice = parley.user("alice")
    direct = open_direct(alice, parley.user("bob"))
    message_id = send(alice, direct, text="hello", **CARD).json["id"]
    parley.store.client("dynamodb").update_item(
        TableName=parley.template.resources["Messages"].ref,
        Key={"conversation_id": {"S": direct}, "seq": {"N": "1"}},
        UpdateExpression="SET metadata = :m",
        ExpressionAttributeValues={":m": {"S": "{half"}},
    )

    shown = alice.get(f"/messages/{message_id}").json

    assert (shown["text"], data_of(shown)) == ("hello", CARD | {"metadata": None})


def test_page_of_the_largest_messages_is_cut_and_goes_on(parley: Parley) -> None:
    alice = parley.user("alice")
    direct = open_direct(alice, parley.user("bob"))
    large = {"a": "é" * 2_044}
    message_id = send(alice, direct, text="x" * 10_000, custom_type="card", metadata=large).json["id"]
    fill(parley, direct, ["\x01" * 10_000] * 100)

    page = alice.get(f"/conversations/{direct}/messages?limit=100")

    assert page.status == 200
    seqs = [one["seq"] for one in page.json["messages"]]
    assert 0 < len(seqs) < 100 and seqs[-1] == 100
    assert {json.dumps(one["metadata"]) for one in page.json["messages"]} == {json.dumps(large)}
    assert message_id.endswith(".1")
    assert len(json.dumps(page.text)) < 6 * 1024 * 1024
