"""Attachments in a hostile world: races, deaths, damaged rows and repeated deliveries, from upload to last deletion."""

import json
import threading
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.functions import Killed
from tests.functional.attachments import (
    ask,
    ask_upload,
    clean_attachment,
    kept,
    picture,
    scanned,
    set_row,
    states,
    unsent,
    upload,
)
from tests.functional.erasures import erased
from tests.functional.replies import Meanwhile
from tests.functional.talk import make_group, open_direct, say
from tests.harness import Parley, Reply, User


@pytest.fixture
def alice(parley: Parley) -> User:
    return parley.user("alice")


@pytest.fixture
def bob(parley: Parley) -> User:
    return parley.user("bob")


def send(person: User, conversation_id: str, *ids: str, **more: object) -> Reply:
    reply = person.post(f"/conversations/{conversation_id}/messages", json={"attachment_ids": list(ids)} | more)
    assert reply.status == 201, reply
    return reply


def forward(person: User, message_id: str, *targets: str) -> list[dict[str, Any]]:
    reply = person.post(f"/messages/{message_id}/forward", json={"conversation_ids": list(targets)})
    assert reply.status in (200, 201), reply
    assert not reply.json["failed"], reply
    messages: list[dict[str, Any]] = reply.json["messages"]
    return messages


class DieOnce:
    """A hook: one process dies at its `at`-th AWS call, before or right after it; the others live."""

    def __init__(self, at: int, after: bool) -> None:
        self.at, self.is_after, self.count, self.happened = at, after, 0, False

    def before(self, call: Any) -> None:
        if call.is_presigned:
            return
        self.count += 1
        if self.count == self.at and not self.is_after:
            self.happened = True
            raise Killed(f"killed before {call.operation}")

    def after(self, call: Any) -> None:
        if self.is_after and self.count >= self.at and not self.happened:
            self.happened = True
            raise Killed(f"killed after {call.operation}")


# --- forwards ---


def test_second_upload_with_the_form_of_a_deleted_photo_keeps_the_thumbnails_of_its_forwards(
    parley: Parley, alice: User, bob: User
) -> None:
    conversation_id, target = open_direct(alice, bob), make_group(bob, alice)
    done = scanned(alice, conversation_id, picture("JPEG", (800, 600)), "image/jpeg", "a.jpg")
    message = send(alice, conversation_id, done.id).json
    [copy] = forward(bob, message["id"], target)
    parley.drain()
    alice.delete(f"/messages/{message['id']}")
    parley.drain()
    before = kept(parley)[1]

    assert done.post(picture("JPEG", (8, 8))) in (200, 204)  # the form lives 15 minutes
    parley.drain()

    assert before == {f"files/{done.id}", f"thumbnails/{done.id}"}
    assert kept(parley)[1] == before
    thumb = bob.get(f"/attachments/{copy['attachments'][0]['id']}/thumbnail")
    assert parley.download(thumb.headers["location"]).status == 200


def test_duplicate_event_after_deletion_keeps_the_thumbnails_of_forwards(
    parley: Parley, alice: User, bob: User
) -> None:
    conversation_id, target = open_direct(alice, bob), make_group(bob, alice)
    done = scanned(alice, conversation_id, picture("JPEG", (800, 600)), "image/jpeg", "a.jpg")
    message = send(alice, conversation_id, done.id).json
    forward(bob, message["id"], target)
    parley.drain()
    alice.delete(f"/messages/{message['id']}")
    parley.drain()
    bucket = parley.template.resources["Quarantine"].ref
    event = {
        "Records": [{"eventName": "ObjectCreated:Post", "s3": {"bucket": {"name": bucket}, "object": {"key": done.id}}}]
    }
    parley.enqueue("AttachmentScans", json.dumps(event))
    parley.drain()
    assert kept(parley)[1] == {f"files/{done.id}", f"thumbnails/{done.id}"}


def test_all_is_gone_after_original_and_forwards_are_deleted_in_any_order(
    parley: Parley, alice: User, bob: User
) -> None:
    for order in ((0, 1, 2), (2, 1, 0), (1, 0, 2), (2, 0, 1)):
        conversation_id, one, two = open_direct(alice, bob), make_group(bob, alice), make_group(bob, alice)
        done = scanned(alice, conversation_id, picture(), "image/png", "a.png")
        message = send(alice, conversation_id, done.id).json
        [first] = forward(bob, message["id"], one)
        [second] = forward(bob, first["id"], two)
        owners = {message["id"]: alice, first["id"]: bob, second["id"]: bob}
        for number, place in enumerate(order):
            message_id = (message["id"], first["id"], second["id"])[place]
            assert owners[message_id].delete(f"/messages/{message_id}").status == 200
            parley.drain()
            assert (f"files/{done.id}" in kept(parley)[1]) == (number < 2)
        assert (kept(parley)[1], done.row, unsent(parley, alice)) == (set(), {}, 0)


@pytest.mark.parametrize("after", [False, True])
def test_deletion_before_the_stream_has_settled_the_send_killed_anywhere(
    parley: Parley, alice: User, bob: User, after: bool
) -> None:
    for at in range(1, 14):
        conversation_id = open_direct(alice, bob)
        done = scanned(alice, conversation_id, picture(), "image/png", "a.png")
        message = send(alice, conversation_id, done.id).json
        alice.delete(f"/messages/{message['id']}")
        parley.hooks.append(hook := DieOnce(at, after))
        parley.drain()
        parley.hooks.remove(hook)
        parley.drain()
        assert (kept(parley)[1], done.row, unsent(parley, alice)) == (set(), {}, 0), at


@pytest.mark.parametrize("after", [False, True])
def test_forward_killed_anywhere_counts_right(parley: Parley, alice: User, bob: User, after: bool) -> None:
    for at in range(1, 9):
        conversation_id, target = open_direct(alice, bob), make_group(bob, alice, title=f"g{at}")
        done = scanned(alice, conversation_id, picture(), "image/png", "a.png")
        message = send(alice, conversation_id, done.id).json
        body = {"conversation_ids": [target], "client_id": f"f{at}"}
        with parley.kill(at, after=after):
            try:
                bob.post(f"/messages/{message['id']}/forward", json=body)
            except Killed:
                pass
        reply = bob.post(f"/messages/{message['id']}/forward", json=body)
        parley.drain()
        assert reply.status in (200, 201), reply
        assert done.row["refs"] == 2, at
        [copy] = reply.json["messages"]
        alice.delete(f"/messages/{message['id']}")
        bob.delete(f"/messages/{copy['id']}")
        parley.drain()
        assert (kept(parley)[1], done.row, unsent(parley, alice)) == (set(), {}, 0), at


# --- client_id ---


def test_retry_of_an_upload_whose_forward_lives_is_not_called_another_attachment(
    parley: Parley, alice: User, bob: User
) -> None:
    conversation_id, target = open_direct(alice, bob), make_group(bob, alice)
    done = upload(alice, conversation_id, picture(), "image/png", "a.png", client_id="c1")
    parley.drain()
    message = send(alice, conversation_id, done.id).json
    forward(bob, message["id"], target)
    alice.delete(f"/messages/{message['id']}")
    parley.drain()

    again = alice.post(
        f"/conversations/{conversation_id}/attachments",
        json={"name": "a.png", "type": "image/png", "size": len(picture()), "client_id": "c1"},
    )

    assert again.status == 200, again


def test_form_of_a_deleted_attachment_does_not_bring_it_back(parley: Parley, alice: User, bob: User) -> None:
    conversation_id = open_direct(alice, bob)
    done = scanned(alice, conversation_id, picture(), "image/png", "a.png")
    message = send(alice, conversation_id, done.id).json
    alice.delete(f"/messages/{message['id']}")
    parley.drain()
    assert done.post(picture("PNG", (8, 9))) in (200, 204)
    parley.drain()
    assert (kept(parley), done.row, unsent(parley, alice)) == ((set(), set()), {}, 0)


# --- limits ---


def test_uploads_that_never_came_do_not_lock_a_person_out(parley: Parley, alice: User, bob: User) -> None:
    """50 asked-for uploads whose form has ended and that are shown as `expired` still count for 24 hours."""
    conversation_id = open_direct(alice, bob)
    wanted = {"name": "a.png", "type": "image/png", "size": 100}
    ids = []
    for _ in range(50):
        parley.advance(1)
        ids.append(ask_upload(alice, conversation_id, **wanted))
    parley.advance(21 * 60)
    parley.run_schedule("ClearStaleAttachments")
    states = {
        alice.get(f"/attachments/{one}", headers={"Accept": "application/json"}).json["attachment"]["state"]
        for one in ids[:3]
    }
    assert states == {"expired"}
    assert alice.post(f"/conversations/{conversation_id}/attachments", json=wanted).status == 201


# --- erasure ---


def test_erasure_removes_the_persons_files(parley: Parley, alice: User, bob: User) -> None:
    conversation_id = open_direct(alice, bob)
    done = scanned(alice, conversation_id, picture(), "image/png", "Passport of Alice.png")
    send(alice, conversation_id, done.id)
    waits = scanned(alice, conversation_id, picture(), "image/png", "b.png")
    parley.drain()
    erased(parley, "alice")
    parley.drain()
    messages = bob.get(f"/conversations/{conversation_id}/messages").json["messages"]
    assert "Passport" not in json.dumps(messages)
    assert bob.get(f"/attachments/{done.id}").status == 404
    assert (kept(parley)[1], done.row, waits.row) == (set(), {}, {})


# --- names ---


@pytest.mark.parametrize("name", ["setup.bat", "open me.html", "x.svg", "run.ps1", "a.hta", "photo.jpg.js"])
def test_name_does_not_give_a_text_a_dangerous_extension(parley: Parley, alice: User, bob: User, name: str) -> None:
    conversation_id = open_direct(alice, bob)
    reply = alice.post(
        f"/conversations/{conversation_id}/attachments", json={"name": name, "type": "text/plain", "size": 100}
    )
    if reply.status < 300:
        done = upload(alice, conversation_id, b"<script>alert(1)</script>", "text/plain", name)
        parley.drain()
        send(alice, conversation_id, done.id)
        link = bob.get(f"/attachments/{done.id}").headers["location"]
        disposition = parley.download(link).headers["content-disposition"]
        assert not disposition.endswith(name.rpartition(".")[2]), disposition


def test_extension_fits_the_checked_type(parley: Parley, alice: User, bob: User) -> None:
    conversation_id = open_direct(alice, bob)
    done = scanned(alice, conversation_id, picture(), "image/png", "invoice.exe")
    assert done.state[0] != "clean" or not done.row["name"].endswith(".exe"), done.row


# --- damaged rows ---


def test_damaged_row_of_anothers_attachment_is_no_failure_of_the_reader(parley: Parley, alice: User, bob: User) -> None:
    conversation_id = open_direct(alice, bob)
    one = clean_attachment(parley, alice, conversation_id)
    send(alice, conversation_id, one)
    set_row(parley, one, state="bogus")
    assert bob.get(f"/attachments/{one}").status == 404


def test_damaged_attachments_text_of_a_message_hides_no_other(parley: Parley, alice: User, bob: User) -> None:
    conversation_id = open_direct(alice, bob)
    first, second = (clean_attachment(parley, alice, conversation_id) for _ in range(2))
    send(alice, conversation_id, first)
    send(alice, conversation_id, second, text="hello")
    parley.drain()
    parley.store.client("dynamodb").update_item(
        TableName=parley.template.resources["Messages"].ref,
        Key={"conversation_id": {"S": conversation_id}, "seq": {"N": "1"}},
        UpdateExpression="SET attachments = :x",
        ExpressionAttributeValues={":x": {"S": "[[1]]"}},
    )
    parley.drain()
    history = bob.get(f"/conversations/{conversation_id}/messages")
    gallery = bob.get(f"/conversations/{conversation_id}/attachments")
    sync = bob.post("/sync", json={"cursors": {conversation_id: 0}})
    search = bob.get("/search?q=hello")
    urls = bob.post("/attachments/urls", json={"ids": [first, second]})
    got = [each.status for each in (history, gallery, sync, search, urls)]
    assert got == [200] * 5
    assert urls.json["attachments"][second] is not None


def test_damaged_row_in_a_send_harms_no_other_message(parley: Parley, alice: User, bob: User) -> None:
    conversation_id = open_direct(alice, bob)
    bad, good = (clean_attachment(parley, alice, conversation_id) for _ in range(2))
    set_row(parley, bad, refs="many")
    send(alice, conversation_id, good)
    parley.drain()
    parley.advance(25 * 3600)
    parley.run_schedule("ClearStaleAttachments")
    assert unsent(parley, alice) >= 0


# --- what nobody finds again ---


def audited(parley: Parley, days: int = 3) -> set[tuple[str, str]]:
    from tools import audit_attachments

    now_s = parley.clock() // 1000 + days * audit_attachments.DAY_S
    audit_attachments.repair(audit_attachments.audit(now_s), now_s)
    return {(each.kind, each.key) for each in audit_attachments.audit(now_s)}


@pytest.mark.parametrize("operation", ["BatchGetItem", "TransactWriteItems", "DeleteObject", "DeleteItem"])
def test_send_during_the_sweep_leaves_all_or_nothing(parley: Parley, alice: User, bob: User, operation: str) -> None:
    conversation_id = open_direct(alice, bob)
    done = scanned(alice, conversation_id, picture(), "image/png", "a.png")
    parley.advance(24 * 3600)
    alice = parley.user("alice")
    replies = []

    def late_send() -> None:
        parley.clock.ms -= 5_000  # another function's clock, five seconds late
        replies.append(alice.post(f"/conversations/{conversation_id}/messages", json={"attachment_ids": [done.id]}))
        parley.clock.ms += 5_000

    from local.functions import stand_outside  # noqa: F401

    parley.hooks.append(hook := Meanwhile(operation, late_send))
    parley.run_schedule("ClearStaleAttachments")
    parley.hooks.remove(hook)
    parley.drain()
    if replies and replies[0].status == 201:
        assert f"files/{done.id}" in kept(parley)[1]
        assert bob.get(f"/conversations/{conversation_id}/attachments").json["attachments"] != []
        assert unsent(parley, alice) == 0
    else:
        assert (kept(parley), done.row, unsent(parley, alice)) == ((set(), set()), {}, 0)


@pytest.mark.parametrize("operation", ["BatchGetItem", "TransactWriteItems"])
def test_deletion_during_a_forward_leaves_right_counts(parley: Parley, alice: User, bob: User, operation: str) -> None:
    conversation_id, target = open_direct(alice, bob), make_group(bob, alice)
    done = scanned(alice, conversation_id, picture(), "image/png", "a.png")
    message = send(alice, conversation_id, done.id).json
    parley.drain()

    def delete() -> None:
        alice.delete(f"/messages/{message['id']}")
        parley.drain()

    parley.hooks.append(hook := Meanwhile(operation, delete))
    reply = bob.post(f"/messages/{message['id']}/forward", json={"conversation_ids": [target]})
    parley.hooks.remove(hook)
    parley.drain()
    if reply.status == 200 and reply.json["messages"]:
        [copy] = reply.json["messages"]
        assert f"files/{done.id}" in kept(parley)[1]
        bob.delete(f"/messages/{copy['id']}")
        parley.drain()
    assert (kept(parley)[1], done.row, unsent(parley, alice)) == (set(), {}, 0), reply


def test_history_and_others_with_the_longest_names_fit(
    parley: Parley, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    from parley.domain.api.types import MessageAttachment
    from parley.domain.attachments import compact

    conversation_id = open_direct(alice, bob)
    many = tuple(
        MessageAttachment(
            id="a_" + f"{number:026d}".replace("0", "a").replace("1", "b").replace("8", "c").replace("9", "d"),
            name="\U0001f600" * 62 + ".png",
            type="application/vnd.openxmlformats-officedocument.presentationml.presentation",
            kind="file",
            size=10**7,
            waveform=[100] * 64,
            placeholder="x" * 36,
            has_thumbnail=True,
        )
        for number in range(30)
    )
    ids = []
    for _ in range(10):
        parley.advance(60)
        ids += say(alice, conversation_id, *("x" * 10 for _ in range(10)))
    text = compact.encode(many)
    for seq in range(1, 101):
        parley.store.client("dynamodb").update_item(
            TableName=parley.template.resources["Messages"].ref,
            Key={"conversation_id": {"S": conversation_id}, "seq": {"N": str(seq)}},
            UpdateExpression="SET attachments = :x",
            ExpressionAttributeValues={":x": {"S": text}},
        )
    limit = 6 * 1024 * 1024 - 2000
    history = bob.get(f"/conversations/{conversation_id}/messages?limit=100")
    sync = bob.post("/sync", json={"cursors": {conversation_id: 0}})
    search = bob.get("/search?q=png&limit=100")
    for reply in (history, sync, search):
        assert reply.status == 200, reply.text[:300]
        assert len(json.dumps(reply.text)) < limit, len(json.dumps(reply.text))
    assert len(history.json["messages"]) > 10


# --- a whole life ---


@pytest.mark.parametrize("after", [False, True])
def test_scan_that_dies_once_anywhere_ends_the_same(parley: Parley, alice: User, bob: User, after: bool) -> None:
    conversation_id = open_direct(alice, bob)
    for at in range(1, 16):
        good = upload(alice, conversation_id, picture("PNG", (40, 30 + at)), "image/png", f"a{at}.png")
        bad = upload(alice, conversation_id, b"%PDF-nothing", "application/pdf", f"b{at}.pdf")
        parley.hooks.append(hook := DieOnce(at, after))
        parley.drain()
        parley.hooks.remove(hook)
        parley.drain()
        assert (good.state[0], bad.state[0]) == ("clean", "rejected"), at
        assert kept(parley)[0] == set()
        assert unsent(parley, alice) == 1, at
        send(alice, conversation_id, good.id)
        parley.drain()
        assert unsent(parley, alice) == 0, at


@pytest.mark.parametrize("after", [False, True])
def test_sweep_that_dies_once_anywhere_ends_the_same(parley: Parley, alice: User, bob: User, after: bool) -> None:
    for at in range(1, 14):
        alice = parley.user("alice")
        conversation_id = open_direct(alice, bob)
        never = ask(alice, conversation_id, "image/png", 10)
        clean = scanned(alice, conversation_id, picture(), "image/png", "a.png")
        late = upload(alice, conversation_id, picture(), "image/png", "b.png")
        parley.dequeue("AttachmentScans")
        parley.advance(24 * 3600 + 1)
        parley.hooks.append(hook := DieOnce(at, after))
        try:
            parley.run_schedule("ClearStaleAttachments")
        except Killed:
            pass
        parley.hooks.remove(hook)
        parley.advance(120)
        parley.run_schedule("ClearStaleAttachments")
        alice, bob = parley.user("alice"), parley.user("bob")
        assert (never.row, clean.row, late.row, kept(parley)) == ({}, {}, {}, (set(), set())), at
        assert unsent(parley, alice) == 0, at


def test_everything_twice_and_out_of_order(parley: Parley, alice: User, bob: User) -> None:
    parley.deliver_out_of_order = True
    conversation_id, target = open_direct(alice, bob), make_group(bob, alice)
    files = [upload(alice, conversation_id, picture("PNG", (40, 30 + n)), "image/png", f"{n}.png") for n in range(4)]
    parley.deliver_twice = True
    parley.drain()
    parley.deliver_twice = False
    message = send(alice, conversation_id, *(each.id for each in files)).json
    [copy] = forward(bob, message["id"], target)
    [again] = forward(alice, copy["id"], conversation_id)
    alice.delete(f"/messages/{message['id']}")
    alice.delete(f"/messages/{again['id']}")
    parley.deliver_twice = True
    parley.drain()
    parley.deliver_twice = False
    assert len(kept(parley)[1]) == 8
    assert len(bob.get(f"/conversations/{target}/attachments").json["attachments"]) == 4
    bob.delete(f"/messages/{copy['id']}")
    parley.deliver_twice = True
    parley.drain()
    parley.deliver_twice = False
    assert (kept(parley), [each.row for each in files], unsent(parley, alice)) == ((set(), set()), [{}] * 4, 0)


def test_devices_hear_that_an_attachment_has_expired(parley: Parley, alice: User, bob: User) -> None:
    """The guide: "Your devices get the event `attachment_updated` … for each change"."""
    conversation_id = open_direct(alice, bob)
    ask_upload(alice, conversation_id)
    parley.advance(24 * 3600 + 1)
    phone = parley.user("alice").connect()
    parley.run_schedule("ClearStaleAttachments")
    parley.drain()
    assert states(phone) == ["expired"]


def test_damaged_message_row_in_the_stream_harms_no_other(parley: Parley, alice: User, bob: User) -> None:
    conversation_id = open_direct(alice, bob)
    first, second = (clean_attachment(parley, alice, conversation_id) for _ in range(2))
    send(alice, conversation_id, first)
    parley.store.client("dynamodb").update_item(
        TableName=parley.template.resources["Messages"].ref,
        Key={"conversation_id": {"S": conversation_id}, "seq": {"N": "1"}},
        UpdateExpression="SET attachments = :x",
        ExpressionAttributeValues={":x": {"S": "[1]"}},
    )
    send(alice, conversation_id, second)
    parley.drain()
    gallery = bob.get(f"/conversations/{conversation_id}/attachments").json["attachments"]
    assert second in [each["id"] for each in gallery]


def test_erasure_of_a_forwarder_gives_the_file_back(parley: Parley, alice: User, bob: User) -> None:
    carol = parley.user("carol")
    conversation_id, target = make_group(alice, bob), make_group(bob, carol)
    done = scanned(alice, conversation_id, picture(), "image/png", "a.png")
    message = send(alice, conversation_id, done.id).json
    forward(bob, message["id"], target)
    parley.drain()
    erased(parley, "bob")
    parley.drain()
    assert alice.delete(f"/messages/{message['id']}").status == 200
    parley.drain()
    assert (kept(parley)[1], done.row) == (set(), {})


def test_file_of_an_erased_persons_message_is_found_by_the_audit(parley: Parley, alice: User, bob: User) -> None:
    conversation_id = open_direct(alice, bob)
    done = scanned(alice, conversation_id, picture(), "image/png", "a.png")
    send(alice, conversation_id, done.id)
    parley.drain()
    erased(parley, "alice")
    parley.drain()
    audited(parley)
    parley.run_schedule("ClearStaleAttachments")
    assert (kept(parley)[1], done.row) == (set(), {})


class Conflicts:
    """A hook: as DynamoDB, a transaction is cancelled whose item is in another one under way."""

    def __init__(self) -> None:
        self.lock, self.busy, self.cancelled = threading.Lock(), dict[int, set[str]](), 0

    def before(self, call: Any) -> None:
        if call.operation != "TransactWriteItems":
            return
        mine = set()
        for one in call.params["TransactItems"]:
            [(_, what)] = one.items()
            key = what.get("Key") or {
                name: what["Item"][name] for name in ("attachment_id", "conversation_id", "seq") if name in what["Item"]
            }
            mine.add(what["TableName"] + json.dumps(key, sort_keys=True))
        with self.lock:
            if any(mine & other for other in self.busy.values()):
                self.cancelled += 1
                raise ClientError(
                    {
                        "Error": {"Code": "TransactionCanceledException", "Message": "x"},
                        "CancellationReasons": [{"Code": "TransactionConflict"} for _ in mine],
                    },
                    "TransactWriteItems",
                )
            self.busy[threading.get_ident()] = mine
        time.sleep(0.015)

    def after(self, call: Any) -> None:
        with self.lock:
            self.busy.pop(threading.get_ident(), None)


def test_forward_to_twenty_conversations_with_five_files(parley: Parley, alice: User, bob: User) -> None:
    conversation_id = open_direct(alice, bob)
    files = [clean_attachment(parley, alice, conversation_id) for _ in range(5)]
    message = send(alice, conversation_id, *files).json
    targets = [make_group(bob, alice, title=f"g{number}") for number in range(20)]
    parley.hooks.append(hook := Conflicts())
    try:
        reply = bob.post(f"/messages/{message['id']}/forward", json={"conversation_ids": targets})
    finally:
        parley.hooks.remove(hook)
    assert hook.cancelled > 0
    assert (len(reply.json["messages"]), reply.json["failed"]) == (20, [])


def test_damaged_rows_are_refused_and_not_a_failure(parley: Parley, alice: User, bob: User) -> None:
    conversation_id, target = open_direct(alice, bob), make_group(bob, alice)
    one, two = (clean_attachment(parley, alice, conversation_id) for _ in range(2))
    message = send(alice, conversation_id, one).json
    set_row(parley, one, size="large")
    set_row(parley, two, size="large")
    got = {
        "forward": bob.post(f"/messages/{message['id']}/forward", json={"conversation_ids": [target]}).status,
        "send own": alice.post(f"/conversations/{conversation_id}/messages", json={"attachment_ids": [two]}).status,
        "send another's": bob.post(f"/conversations/{conversation_id}/messages", json={"attachment_ids": [two]}).status,
        "get": bob.get(f"/attachments/{one}").status,
    }
    assert not [name for name, status in got.items() if status >= 500], got
