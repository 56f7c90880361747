"""Messages that carry attachments: what may be sent, and how everybody sees it."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from parley.domain.attachments.attachment import FORM_S, UNSENT_S
from tests.functional.attachments import ASKED, FILE, ask_upload, clean_attachment, put_object, set_row
from tests.functional.replies import Refusal, at_once, invalid, refusal, stored
from tests.functional.talk import (
    bare,
    contents,
    forget_events,
    frame_refusal,
    joined,
    make_group,
    names,
    open_direct,
    say,
)
from tests.harness import Parley, Reply, User

PHOTO: dict[str, Any] = {
    "width": 4032,
    "height": 3024,
    "placeholder": "1QcSHQRnh493V4dIh4eXh1h4kJUI",
    "thumbnail_type": "image/webp",
    "kind": "image",
    "type": "image/jpeg",
    "size": 3_145_728,
}
A_PHOTO = {"name": "IMG_2041.jpg", "type": "image/jpeg", "size": 3_145_728}


def send(person: User, conversation_id: str, *ids: str, **more: object) -> Reply:
    return person.post(f"/conversations/{conversation_id}/messages", json={"attachment_ids": list(ids)} | more)


def photo(parley: Parley, person: User, conversation_id: str, **asked: object) -> str:
    """Returns the id of a photo that the scanner has found clean."""
    return clean_attachment(parley, person, conversation_id, thumbnail=None, asked=A_PHOTO | asked, **PHOTO)


def row(parley: Parley, attachment_id: str) -> dict[str, Any]:
    dynamodb = parley.store.client("dynamodb")
    key = {"attachment_id": {"S": attachment_id}}
    found: dict[str, Any] = dynamodb.get_item(
        TableName=parley.template.resources["Files"].ref, Key=key, ConsistentRead=True
    )["Item"]
    return found


@pytest.fixture
def alice(parley: Parley) -> User:
    return parley.user("alice")


@pytest.fixture
def bob(parley: Parley) -> User:
    return parley.user("bob")


def test_message_carries_attachments_and_no_text(parley: Parley, alice: User, bob: User) -> None:
    conversation_id = open_direct(alice, bob)
    screen, phone = joined(bob, conversation_id), bob.connect()
    forget_events(screen, phone)
    first = photo(parley, alice, conversation_id)
    second = clean_attachment(parley, alice, conversation_id, asked={"name": "plan.pdf"}, pages=3)

    sent = send(alice, conversation_id, second, first)

    assert sent.status == 201
    assert sent.json["text"] == ""
    assert sent.json["attachments"] == [
        {
            "id": second,
            "name": "plan.pdf",
            "type": "application/pdf",
            "kind": "file",
            "size": len(b"%PDF-1.7 the whole file"),
            "pages": 3,
            "has_thumbnail": True,
        },
        {
            "id": first,
            **A_PHOTO,
            "kind": "image",
            "width": 4032,
            "height": 3024,
            "placeholder": PHOTO["placeholder"],
            "has_thumbnail": True,
        },
    ]
    message = {name: value for name, value in bare(sent.json).items() if name != "replayed"}
    path = f"/conversations/{conversation_id}"
    assert bob.get(f"{path}/messages").json["messages"] == [message]
    assert bare(bob.get(f"/messages/{message['id']}").json) == message
    caught = bob.post("/sync", json={"cursors": {conversation_id: 0}}).json["conversations"][conversation_id]
    assert caught["messages"] == [message]
    for device, name in ((screen, "new_message"), (phone, "message_notification")):
        assert contents(device.events(name)) == [{"conversation_id": conversation_id, "message": message}]
    last = {"count": 2, "kind": "file", "name": "plan.pdf"}
    assert bob.get(path).json["last_message"]["attachments"] == last
    [listed] = bob.get("/conversations?q=plan").json["conversations"]
    assert listed["last_message"]["attachments"] == last
    rows = [row(parley, one) for one in (second, first)]
    assert [(one["seq"], one["position"], one["state"]) for one in rows] == [
        ({"N": "1"}, {"N": "0"}, {"S": "clean"}),
        ({"N": "1"}, {"N": "1"}, {"S": "clean"}),
    ]


def test_waveform_comes_back_as_the_scanner_found_it(parley: Parley, alice: User, bob: User) -> None:
    conversation_id = open_direct(alice, bob)
    peaks = [0, 100, *range(62)]
    sound = clean_attachment(
        parley,
        alice,
        conversation_id,
        thumbnail=None,
        asked={"name": "a.ogg", "type": "audio/ogg"},
        waveform=bytes(peaks).hex(),
        duration_ms=2_500,
    )

    [attachment] = send(alice, conversation_id, sound).json["attachments"]

    assert (attachment["waveform"], attachment["duration_ms"], attachment["kind"]) == (peaks, 2_500, "audio")
    [message] = bob.get(f"/conversations/{conversation_id}/messages").json["messages"]
    assert message["attachments"] == [attachment]


def test_same_client_id_gets_the_first_answer_again_over_both_transports(
    parley: Parley, alice: User, bob: User
) -> None:
    conversation_id = open_direct(alice, bob)
    one, other = photo(parley, alice, conversation_id), photo(parley, alice, conversation_id)
    phone = alice.connect()

    first = send(alice, conversation_id, one, client_id="c1")
    again = send(alice, conversation_id, one, client_id="c1")
    draft = {"conversation_id": conversation_id, "attachment_ids": [one], "client_id": "c1"}
    ack = phone.request("send_message", draft)
    different = send(alice, conversation_id, other, client_id="c1")

    assert (first.status, again.status) == (201, 200)
    assert again.json == first.json | {"replayed": True} == ack["data"]
    assert refusal(different)[:2] == ("client_id_reused", 422)


@pytest.mark.parametrize("transport", ["rest", "websocket"])
@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({}, ("/text", "required")),
        ({"text": ""}, ("/text", "blank")),
        ({"text": " \u200b"}, ("/text", "blank")),
        ({"text": " ", "attachment_ids": ["a_" + "a" * 26]}, ("/text", "blank")),
        ({"attachment_ids": []}, ("/text", "required")),
        ({"text": None}, ("/text", "wrong_type")),
        ({"attachment_ids": ["nothing"]}, ("/attachment_ids/0", "bad_format")),
        ({"attachment_ids": ["a_" + "a" * 26 + "\n"]}, ("/attachment_ids/0", "bad_format")),
        ({"attachment_ids": ["a_" + "a" * 26] * 2}, ("/attachment_ids/1", "repeated")),
        ({"attachment_ids": ["a_" + "a" * 26] * 31}, ("/attachment_ids", "too_many_items")),
    ],
)
def test_wrong_content_is_refused(
    alice: User, bob: User, transport: str, fields: dict[str, object], wrong: tuple[str, str]
) -> None:
    conversation_id = open_direct(alice, bob)

    if transport == "rest":
        found = refusal(alice.post(f"/conversations/{conversation_id}/messages", json=fields))
        assert found == invalid(wrong)
    else:
        found = frame_refusal(alice.connect().request("send_message", fields | {"conversation_id": conversation_id}))
        assert found == ("invalid_request", 400, [("/data" + wrong[0], wrong[1])])


def test_more_attachments_than_a_message_may_carry(parley: Parley, alice: User, bob: User) -> None:
    conversation_id = open_direct(alice, bob)
    ids = [f"a_{letter * 26}" for letter in "abcdef"]

    reply = send(alice, conversation_id, *ids)

    assert refusal(reply) == ("too_many_attachments", 400, [("/attachment_ids", "too_many_items")])
    assert reply.json["errors"][0]["limit"] == 5


def _of_bob(parley: Parley, alice: User, bob: User, conversation_id: str) -> str:
    return photo(parley, bob, conversation_id)


def _of_other(parley: Parley, alice: User, bob: User, conversation_id: str) -> str:
    return photo(parley, alice, make_group(alice, bob))


def _of_bob_elsewhere(parley: Parley, alice: User, bob: User, conversation_id: str) -> str:
    return photo(parley, bob, make_group(bob))


def _absent(parley: Parley, alice: User, bob: User, conversation_id: str) -> str:
    return "a_" + "a" * 26


def _in_state(state: str, **fields: object) -> Callable[[Parley, User, User, str], str]:
    def made(parley: Parley, alice: User, bob: User, conversation_id: str) -> str:
        attachment_id = ask_upload(alice, conversation_id)
        set_row(parley, attachment_id, state=state, version=2, **fields)
        return attachment_id

    return made


def _too_old(parley: Parley, alice: User, bob: User, conversation_id: str) -> str:
    attachment_id = photo(parley, alice, conversation_id)
    parley.advance(UNSENT_S)
    return attachment_id


def _sent(parley: Parley, alice: User, bob: User, conversation_id: str) -> str:
    attachment_id = photo(parley, alice, conversation_id)
    assert send(alice, conversation_id, attachment_id).status == 201
    return attachment_id


@pytest.mark.parametrize(
    ("made", "code", "status"),
    [
        (_absent, "attachment_not_found", 404),
        (_of_bob, "attachment_not_found", 404),
        (_of_bob_elsewhere, "attachment_not_found", 404),
        (_of_other, "attachment_of_other_conversation", 422),
        (_in_state("pending"), "attachment_not_ready", 409),
        (_in_state("scanning"), "attachment_not_ready", 409),
        (_in_state("rejected", code="damaged"), "attachment_rejected", 409),
        (_in_state("infected"), "attachment_infected", 409),
        (_in_state("deleted"), "attachment_expired", 409),
        (_too_old, "attachment_expired", 409),
        (_sent, "attachment_sent", 409),
    ],
)
def test_attachment_that_cannot_be_sent_is_refused_with_a_code_of_its_own(
    parley: Parley,
    alice: User,
    bob: User,
    made: Callable[[Parley, User, User, str], str],
    code: str,
    status: int,
) -> None:
    conversation_id = open_direct(alice, bob)
    wrong = made(parley, alice, bob, conversation_id)
    good = photo(parley, alice, conversation_id)
    before = stored(parley)

    reply = send(alice, conversation_id, good, wrong, text="look")

    expected: Refusal = (code, status, [("/attachment_ids/1", code)])
    assert refusal(reply) == expected
    assert ("retry_after_ms" in reply.json) == (code == "attachment_not_ready")
    assert stored(parley) == before


def test_refused_send_names_every_attachment_that_it_cannot_carry(parley: Parley, alice: User, bob: User) -> None:
    conversation_id = open_direct(alice, bob)
    good = photo(parley, alice, conversation_id)
    waiting = _in_state("scanning")(parley, alice, bob, conversation_id)
    rejected = _in_state("rejected", code="damaged")(parley, alice, bob, conversation_id)

    reply = send(alice, conversation_id, waiting, good, rejected, "a_" + "a" * 26)

    assert refusal(reply) == (
        "attachment_not_ready",
        409,
        [
            ("/attachment_ids/0", "attachment_not_ready"),
            ("/attachment_ids/2", "attachment_rejected"),
            ("/attachment_ids/3", "attachment_not_found"),
        ],
    )
    assert reply.json["retry_after_ms"] == 2000


def test_attachment_without_a_file_is_not_to_be_waited_for_when_its_form_has_ended(
    parley: Parley, alice: User, bob: User
) -> None:
    conversation_id = open_direct(alice, bob)
    attachment_id = ask_upload(alice, conversation_id)
    parley.advance(FORM_S)

    sent = send(alice, conversation_id, attachment_id)
    opened = alice.get(f"/attachments/{attachment_id}")

    for reply in (sent, opened):
        assert reply.json["code"] == "attachment_not_ready"
        assert reply.json["detail"] == "No file came before the form of its upload ended; upload the file again."
        assert "retry_after_ms" not in reply.json


def test_two_sends_of_one_attachment_at_once_make_one_message(parley: Parley, alice: User, bob: User) -> None:
    conversation_id = open_direct(alice, bob)
    attachment_id = photo(parley, alice, conversation_id)

    replies = at_once([lambda: send(alice, conversation_id, attachment_id)] * 4)

    assert sorted(reply.status for reply in replies) == [201, 409, 409, 409]
    assert {reply.json["code"] for reply in replies if reply.status == 409} == {"attachment_sent"}
    assert bob.get(f"/conversations/{conversation_id}").json["last_seq"] == 1


def test_first_message_to_a_user_carries_an_attachment(parley: Parley, alice: User, bob: User) -> None:
    conversation_id = open_direct(alice, bob)
    attachment_id = photo(parley, alice, conversation_id)

    reply = alice.post("/messages", json={"user_id": "bob", "attachment_ids": [attachment_id], "client_id": "c1"})
    again = alice.post("/messages", json={"user_id": "bob", "attachment_ids": [attachment_id], "client_id": "c1"})

    assert (reply.status, again.status) == (201, 200)
    assert [one["id"] for one in reply.json["attachments"]] == [attachment_id]


def ahead_of_talk(parley: Parley, person: User, user_id: str, **found: object) -> str:
    """Returns the id of a file for a conversation that nobody has opened; its row is as a scan left it."""
    reply = person.post("/attachments", json=ASKED | {"user_id": user_id})
    assert reply.status == 201, reply
    attachment_id = str(reply.json["attachment"]["id"])
    put_object(parley, f"files/{attachment_id}", FILE)
    set_row(parley, attachment_id, **{"state": "clean", "version": 3, **found})
    return attachment_id


def test_message_with_a_file_opens_the_conversation(parley: Parley, alice: User, bob: User) -> None:
    phone, attachment_id = bob.connect(), ahead_of_talk(parley, alice, "bob")

    reply = alice.post("/messages", json={"user_id": "bob", "attachment_ids": [attachment_id], "client_id": "c1"})
    again = alice.post("/messages", json={"user_id": "bob", "attachment_ids": [attachment_id], "client_id": "c1"})

    assert (reply.status, again.status, again.json["id"]) == (201, 200, reply.json["id"])
    assert (reply.json["seq"], [one["id"] for one in reply.json["attachments"]]) == (1, [attachment_id])
    assert names(phone.events())[:2] == ["conversation_created", "message_notification"]
    assert bob.get(f"/attachments/{attachment_id}").status == 302


def _mine_in(state: str, **more: object) -> Callable[[Parley, User, User], list[str]]:
    return lambda parley, alice, carol: [ahead_of_talk(parley, alice, "bob", state=state, **more)]


REFUSED_FIRST: dict[str, tuple[Callable[[Parley, User, User], list[str]], str]] = {
    "not scanned": (_mine_in("scanning"), "attachment_not_ready"),
    "rejected": (_mine_in("rejected", code="damaged"), "attachment_rejected"),
    "not there": (lambda parley, alice, carol: ["a_" + "a" * 26], "attachment_not_found"),
    "another's": (lambda parley, alice, carol: [ahead_of_talk(parley, carol, "bob")], "attachment_not_found"),
    "for another person": (
        lambda parley, alice, carol: [ahead_of_talk(parley, alice, "carol")],
        "attachment_of_other_conversation",
    ),
    "too many": (lambda parley, alice, carol: [f"a_{letter * 26}" for letter in "abcdef"], "too_many_attachments"),
}


@pytest.mark.parametrize("made, code", REFUSED_FIRST.values(), ids=REFUSED_FIRST)
def test_refused_first_message_opens_no_conversation(
    parley: Parley, alice: User, bob: User, made: Callable[[Parley, User, User], list[str]], code: str
) -> None:
    phone = bob.connect()
    body = {"user_id": "bob", "attachment_ids": made(parley, alice, parley.user("carol"))}

    reply = alice.post("/messages", json=body)

    assert reply.json["code"] == code
    assert phone.events() == []
    assert stored(parley)["Conversations"] == []
    assert stored(parley)["Memberships"] == []


def test_edit_changes_the_text_alone_and_may_leave_none(parley: Parley, alice: User, bob: User) -> None:
    conversation_id = open_direct(alice, bob)
    message = send(alice, conversation_id, photo(parley, alice, conversation_id), text="look").json
    [bare] = say(alice, conversation_id, "bare")

    edited = alice.patch(f"/messages/{message['id']}", json={"text": ""})
    refused = alice.patch(f"/messages/{bare}", json={"text": ""})

    assert (edited.status, edited.json["text"], edited.json["attachments"]) == (200, "", message["attachments"])
    assert refusal(refused) == invalid(("/text", "blank"))


def test_deleted_message_releases_its_attachments(parley: Parley, alice: User, bob: User) -> None:
    conversation_id = open_direct(alice, bob)
    attachment_id = photo(parley, alice, conversation_id)
    message = send(alice, conversation_id, attachment_id, text="look").json
    [bare] = say(alice, conversation_id, "bare")

    hidden = bob.delete(f"/messages/{message['id']}?scope=me")
    assert (hidden.json["attachments"], released(parley)) == ([], [])
    deleted = alice.delete(f"/messages/{message['id']}")
    alice.delete(f"/messages/{bare}")

    assert (deleted.status, deleted.json["attachments"]) == (200, [])
    messages = bob.get(f"/conversations/{conversation_id}/messages").json["messages"]
    assert [one["attachments"] for one in messages] == [[], []]
    assert released(parley) == [(f"#attachments_released#{message['id']}", "2", [attachment_id])]


def released(parley: Parley) -> list[tuple[str, str, list[str]]]:
    """Returns key, number and attachments of each entry of the outbox about released attachments."""
    scanned = parley.store.client("dynamodb").scan(TableName=parley.template.resources["Messages"].ref)["Items"]
    return [
        (
            item["conversation_id"]["S"],
            item["seq"]["N"],
            [one["S"] for one in item["about"]["M"]["attachment_ids"]["L"]],
        )
        for item in scanned
        if item.get("outbox") == {"S": "attachments_released"}
    ]


def test_forward_makes_attachments_of_its_own_that_show_the_same_files(parley: Parley, alice: User, bob: User) -> None:
    conversation_id, target = open_direct(alice, bob), make_group(bob, parley.user("carol"))
    first = photo(parley, alice, conversation_id)
    message = send(alice, conversation_id, first, text="look").json
    path, body = f"/messages/{message['id']}/forward", {"conversation_ids": [target], "client_id": "f1"}

    [forwarded] = bob.post(path, json=body).json["messages"]
    [again] = bob.post(path, json=body).json["messages"]
    [further] = (bob.post(f"/messages/{forwarded['id']}/forward", json={"conversation_ids": [conversation_id]})).json[
        "messages"
    ]

    assert again == forwarded | {"replayed": True}
    [copy], [second_copy] = forwarded["attachments"], further["attachments"]
    assert copy["id"] not in (first, second_copy["id"])
    assert copy | {"id": first} == message["attachments"][0] == second_copy | {"id": first}
    assert row(parley, first)["refs"] == {"N": "3"}
    shown = row(parley, copy["id"])
    assert (shown["file_id"], shown["refs"], shown["user_id"]) == ({"S": first}, {"N": "1"}, {"S": "bob"})
    assert (shown["conversation_id"], shown["seq"]) == ({"S": target}, {"N": str(forwarded["seq"])})
    assert "sweep_shard" not in shown
    assert row(parley, second_copy["id"])["file_id"] == {"S": first}
    assert (row(parley, second_copy["id"])["user_id"], shown["is_counted"]) == ({"S": "bob"}, {"BOOL": False})


def test_forward_of_a_deleted_file_is_refused(parley: Parley, alice: User, bob: User) -> None:
    conversation_id, target = open_direct(alice, bob), make_group(bob, alice)
    attachment_id = photo(parley, alice, conversation_id)
    message = send(alice, conversation_id, attachment_id).json
    path, body = f"/messages/{message['id']}/forward", {"conversation_ids": [target]}
    set_row(parley, attachment_id, refs=0)

    released_only = bob.post(path, json=body)
    set_row(parley, attachment_id, state="deleted")
    deleted = bob.post(path, json=body)

    assert [one["code"] for one in released_only.json["failed"]] == ["attachment_expired"]
    assert refusal(deleted) == ("attachment_expired", 409, [])
    assert row(parley, attachment_id)["refs"] == {"N": "0"}


def test_thirty_attachments_are_sent_forwarded_and_deleted(
    parley: Parley, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAX_ATTACHMENTS_PER_MESSAGE", "30")
    conversation_id, target = open_direct(alice, bob), make_group(alice, bob)
    name = "ü" * 125 + ".jpg"  # 254 bytes
    ids = [photo(parley, alice, conversation_id, name=name) for _ in range(30)]
    screen = joined(bob, conversation_id)

    sent = send(alice, conversation_id, *ids, text="👋" * 10_000)
    [forwarded] = alice.post(f"/messages/{sent.json['id']}/forward", json={"conversation_ids": [target]}).json[
        "messages"
    ]
    alice.delete(f"/messages/{sent.json['id']}")

    assert [one["id"] for one in sent.json["attachments"]] == ids
    assert len(forwarded["attachments"]) == 30
    assert [len(one["message"]["attachments"]) for one in contents(screen.events("new_message"))] == [30]
    assert [attachment_ids for _, _, attachment_ids in released(parley)] == [ids]
    [shown] = bob.get(f"/conversations/{target}/messages?limit=1").json["messages"]
    assert shown["attachments"] == forwarded["attachments"]


def test_search_finds_a_message_by_the_name_of_its_file(parley: Parley, alice: User, bob: User) -> None:
    conversation_id = open_direct(alice, bob)
    plan = clean_attachment(parley, alice, conversation_id, asked={"name": "Stundenplan 7b.pdf"})
    other = photo(parley, alice, conversation_id)
    message = send(alice, conversation_id, other, plan, text="für morgen").json

    def hits(words: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = bob.get(f"/search?q={quote(words)}").json["results"]
        return found

    [by_name] = hits("stundenplan")
    [by_text] = hits("morgen")

    assert (by_name["message"]["id"], by_name["attachment_ids"], by_name["highlights"]) == (message["id"], [plan], [])
    assert (by_text["attachment_ids"], by_text["highlights"]) == ([], [[4, 10]])
    assert hits("stundenplan abend") == []


def test_search_finds_words_of_the_text_and_of_a_files_name_together(parley: Parley, alice: User, bob: User) -> None:
    conversation_id = open_direct(alice, bob)
    plan, menu = (
        clean_attachment(parley, alice, conversation_id, asked={"name": name}) for name in ("Plan 7b.pdf", "Menu.pdf")
    )
    message = send(alice, conversation_id, photo(parley, alice, conversation_id), plan, menu, text="für morgen").json

    def hits(words: str) -> list[tuple[str, list[str], list[list[int]]]]:
        found = bob.get(f"/search?q={quote(words)}").json["results"]
        return [(hit["message"]["id"], hit["attachment_ids"], hit["highlights"]) for hit in found]

    assert hits("plan morgen") == [(message["id"], [plan], [[4, 10]])]
    assert hits("menu plan für") == [(message["id"], [plan, menu], [[0, 3]])]
    assert hits("7b menu") == [(message["id"], [plan, menu], [])]
    assert hits("plan morgen abend") == []


def test_answers_pins_mentions_and_reports_show_attachments(parley: Parley, alice: User, bob: User) -> None:
    group = make_group(alice, bob)
    moderator = parley.user("mo", role="moderator")
    attachment_id = photo(parley, alice, group)
    message = send(alice, group, attachment_id, mentions=["bob"]).json
    shown = message["attachments"]

    [answer] = [bob.post(f"/conversations/{group}/messages", json={"text": "nice", "reply_to": message["id"]})]
    alice.put(f"/messages/{message['id']}/pin")
    report = bob.post(f"/messages/{message['id']}/report", json={"reason": "spam"}).json

    assert (answer.status, answer.json["reply_to"]) == (201, message["id"])
    assert bob.get(f"/conversations/{group}/pins").json["messages"][0]["attachments"] == shown
    assert alice.get(f"/conversations/{group}/mentions").status == 200
    context = moderator.get(f"/admin/reports/{report['id']}").json["context"]
    assert [one["attachments"] for one in context if one["id"] == message["id"]] == [shown]
