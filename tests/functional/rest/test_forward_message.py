"""POST /messages/{message_id}/forward: a text goes on to other conversations, with word of who wrote it."""

from typing import Any

import pytest

from tests.functional.attachments import clean_attachment
from tests.functional.replies import Meanwhile, invalid, outside, refusal
from tests.functional.talk import contents, make_group, open_direct, say
from tests.harness import Parley, Reply


def test_text_goes_on_with_its_origin(parley: Parley) -> None:
    alice, bob, carol = (parley.user(one) for one in ("alice", "bob", "carol"))
    [message_id] = say(bob, open_direct(alice, bob), "the address")
    wrote_at = alice.get(f"/messages/{message_id}").json["created_at"]
    direct, group = open_direct(alice, carol), make_group(alice, carol)
    screen = carol.connect()

    body = {"conversation_ids": [direct, group, direct], "client_id": "f1"}
    forwarded = alice.post(f"/messages/{message_id}/forward", json=body)

    assert (forwarded.status, forwarded.json["failed"]) == (200, [])
    assert [one["conversation_id"] for one in forwarded.json["messages"]] == [direct, group]
    for told in contents(screen.events("message_notification")):
        assert told["message"]["text"] == "the address"
        assert told["message"]["sender_id"] == "alice"
        assert told["message"]["forwarded_from"] == {"sender_id": "bob", "created_at": wrote_at}


def test_forwarded_again_it_keeps_its_first_origin(parley: Parley) -> None:
    alice, bob, carol = (parley.user(one) for one in ("alice", "bob", "carol"))
    [message_id] = say(bob, open_direct(alice, bob), "the address")
    body = {"conversation_ids": [open_direct(alice, carol)]}
    [once] = alice.post(f"/messages/{message_id}/forward", json=body).json["messages"]

    body = {"conversation_ids": [open_direct(carol, bob)]}
    [twice] = carol.post(f"/messages/{once['id']}/forward", json=body).json["messages"]

    assert twice["forwarded_from"] == once["forwarded_from"]


def test_retry_writes_nothing_twice(parley: Parley) -> None:
    alice, bob, carol = (parley.user(one) for one in ("alice", "bob", "carol"))
    [message_id] = say(bob, open_direct(alice, bob), "the address")
    direct = open_direct(alice, carol)
    body = {"conversation_ids": [direct], "client_id": "f1"}

    first, again = (alice.post(f"/messages/{message_id}/forward", json=body).json["messages"][0] for _ in range(2))

    assert (first["id"], first["replayed"], again["replayed"]) == (again["id"], False, True)
    assert carol.get(f"/conversations/{direct}").json["last_seq"] == 1


class Sent:
    """Alice has said something in a group with bob, who has forwarded it to two other conversations."""

    def __init__(self, parley: Parley, files: int) -> None:
        self.parley = parley
        self.alice, self.bob, self.carol, self.dave = (parley.user(name) for name in ("alice", "bob", "carol", "dave"))
        self.group = make_group(self.alice, self.bob)
        self.targets = [open_direct(self.bob, self.carol), make_group(self.dave, self.bob)]
        carried = [clean_attachment(parley, self.alice, self.group) for _ in range(files)]
        body = {"text": "the address", "attachment_ids": carried}
        reply = self.alice.post(f"/conversations/{self.group}/messages", json=body)
        assert reply.status == 201, reply
        self.message_id: str = reply.json["id"]
        self.first = self.forward(self.targets)
        assert (self.first.status, len(self.first.json["messages"])) == (200, 2), self.first
        parley.drain()

    def forward(self, targets: list[str], client_id: str | None = "f1") -> Reply:
        body = {"conversation_ids": targets} | ({"client_id": client_id} if client_id else {})
        return self.bob.post(f"/messages/{self.message_id}/forward", json=body)

    def last_seqs(self) -> list[int]:
        return [self.bob.get(f"/conversations/{target}").json["last_seq"] for target in self.targets]


def delete_for_all(sent: Sent) -> Reply:
    return sent.alice.delete(f"/messages/{sent.message_id}")


def hide(sent: Sent) -> Reply:
    return sent.bob.delete(f"/messages/{sent.message_id}?scope=me")


def remove_the_caller(sent: Sent) -> Reply:
    return sent.alice.delete(f"/conversations/{sent.group}/members/bob")


def edit(sent: Sent) -> Reply:
    return sent.alice.patch(f"/messages/{sent.message_id}", json={"text": "another address"})


def block_the_caller(sent: Sent) -> Reply:
    return sent.carol.put("/users/bob/block")


FORWARDED = pytest.mark.parametrize("files", [0, 2], ids=["text", "files"])


@FORWARDED
@pytest.mark.parametrize("happens", [delete_for_all, hide, remove_the_caller, edit, block_the_caller])
def test_repeat_gets_the_first_answer_whatever_has_happened_since(parley: Parley, files: int, happens: Any) -> None:
    sent = Sent(parley, files)
    assert happens(sent).status in (200, 204)
    parley.drain()

    again = sent.forward(sent.targets)

    expected = [message | {"replayed": True} for message in sent.first.json["messages"]]
    assert (again.status, again.json) == (200, {"messages": expected, "failed": []})
    assert sent.last_seqs() == [1, 2]


@FORWARDED
@pytest.mark.parametrize(
    ("happens", "expected"),
    [
        (delete_for_all, "message_deleted"),
        (hide, "message_deleted"),
        (remove_the_caller, "message_not_found"),
    ],
)
def test_repeat_tells_for_each_conversation_that_the_first_did_not_reach_why_it_cannot(
    parley: Parley, files: int, happens: Any, expected: str
) -> None:
    sent = Sent(parley, files)
    missed = open_direct(sent.bob, parley.user("erin"))
    assert happens(sent).status in (200, 204)

    again = sent.forward([missed, *sent.targets])

    assert [message["id"] for message in again.json["messages"]] == [
        message["id"] for message in sent.first.json["messages"]
    ]
    [failed] = again.json["failed"]
    assert (failed["conversation_id"], failed["code"]) == (missed, expected)
    assert sent.bob.get(f"/conversations/{missed}").json["last_seq"] == 0


@FORWARDED
def test_message_that_is_gone_is_not_forwarded_under_another_client_id(parley: Parley, files: int) -> None:
    sent = Sent(parley, files)
    assert delete_for_all(sent).status == 200

    replies = [sent.forward(sent.targets, client_id) for client_id in (None, "f2")]

    assert [(reply.status, reply.json["code"]) for reply in replies] == [(409, "message_deleted")] * 2
    assert sent.last_seqs() == [1, 2]


def test_client_id_of_another_message_brings_no_answer_of_it(parley: Parley) -> None:
    sent = Sent(parley, 0)
    [other_id] = say(sent.alice, sent.group, "the time")
    body = {"conversation_ids": sent.targets, "client_id": "f1"}

    while_there = sent.bob.post(f"/messages/{other_id}/forward", json=body)
    assert sent.alice.delete(f"/messages/{other_id}").status == 200
    when_gone = sent.bob.post(f"/messages/{other_id}/forward", json=body)

    assert [failed["code"] for failed in while_there.json["failed"]] == ["client_id_reused"] * 2
    assert (when_gone.status, when_gone.json["code"]) == (409, "message_deleted")


def test_conversation_that_the_caller_has_left_since_fails_and_the_others_repeat(parley: Parley) -> None:
    sent = Sent(parley, 0)
    direct, group = sent.targets
    assert sent.bob.delete(f"/conversations/{group}/members/bob").status in (200, 204)

    again = sent.forward(sent.targets)

    assert [message["conversation_id"] for message in again.json["messages"]] == [direct]
    [failed] = again.json["failed"]
    assert (failed["conversation_id"], failed["code"]) == (group, "conversation_not_found")


def test_record_of_an_older_version_still_answers(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as older:
        older.setattr(
            "parley.domain.conversations.send_steps.fingerprints",
            lambda draft, forward: (fingerprint_of_content(draft, forward),),
        )
        sent = Sent(parley, 2)

    again = sent.forward(sent.targets)

    assert [message["replayed"] for message in again.json["messages"]] == [True, True]
    assert sent.last_seqs() == [1, 2]


def fingerprint_of_content(draft: Any, forward: Any) -> str:
    from parley.domain.conversations.send_steps import fingerprint

    return fingerprint(draft, forward and forward.origin)


def test_nothing_is_written_unless_all_are_the_callers(parley: Parley) -> None:
    alice, bob, carol = (parley.user(one) for one in ("alice", "bob", "carol"))
    [message_id] = say(bob, open_direct(alice, bob), "the address")
    mine, theirs = open_direct(alice, carol), open_direct(bob, carol)

    refused = alice.post(f"/messages/{message_id}/forward", json={"conversation_ids": [mine, theirs]})

    assert refusal(refused) == invalid(("/conversation_ids/1", "not_allowed"))
    assert carol.get(f"/conversations/{mine}").json["last_seq"] == 0


def test_where_one_may_not_write_nothing_is_written_anywhere(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct, group = open_direct(alice, bob), make_group(bob, alice, posting="admins")
    [message_id] = say(bob, direct, "the address")

    refused = alice.post(f"/messages/{message_id}/forward", json={"conversation_ids": [direct, group]})

    assert refusal(refused) == ("posting_restricted", 403, [("/conversation_ids/1", "posting_restricted")])
    assert bob.get(f"/conversations/{direct}").json["last_seq"] == 1


def test_each_conversation_that_refuses_is_named_with_its_own_code(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct, strict = open_direct(alice, bob), make_group(bob, alice, posting="admins")
    with_carol = open_direct(alice, parley.user("carol"))
    [message_id] = say(bob, direct, "the address")
    assert parley.user("carol").put("/users/alice/block").status == 200
    targets = [with_carol, direct, strict]

    refused = alice.post(f"/messages/{message_id}/forward", json={"conversation_ids": targets})

    code, status, fields = refusal(refused)
    assert (code, status) == ("blocked", 403)
    assert fields == [("/conversation_ids/0", "blocked"), ("/conversation_ids/2", "posting_restricted")]
    assert bob.get(f"/conversations/{direct}").json["last_seq"] == 1


def test_conversation_that_refuses_after_the_check_is_in_failed(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct, group = open_direct(alice, bob), make_group(bob, alice)
    [message_id] = say(bob, direct, "the address")

    def close() -> None:
        outside(lambda: bob.patch(f"/conversations/{group}", json={"posting": "admins"}))

    parley.hooks.append(hook := Meanwhile("TransactWriteItems", close))
    reply = alice.post(f"/messages/{message_id}/forward", json={"conversation_ids": [group]})
    parley.hooks.remove(hook)

    assert (hook.happened, reply.status, reply.json["messages"]) == (True, 200, [])
    assert [(each["conversation_id"], each["code"]) for each in reply.json["failed"]] == [(group, "posting_restricted")]


def test_what_is_gone_or_no_message_is_not_forwarded(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct, group = open_direct(alice, bob), make_group(alice, bob)
    deleted, hidden = say(alice, direct, "one", "two")
    alice.delete(f"/messages/{deleted}")
    alice.delete(f"/messages/{hidden}?scope=me")
    body = {"conversation_ids": [direct]}

    for gone in (deleted, hidden):
        assert refusal(alice.post(f"/messages/{gone}/forward", json=body))[:2] == ("message_deleted", 409)
    assert refusal(alice.post(f"/messages/{group}.1/forward", json=body))[:2] == ("system_message", 403)


def test_wrong_fields_are_named(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    [message_id] = say(bob, open_direct(alice, bob), "the address")
    path = f"/messages/{message_id}/forward"
    many = ["d_" + "a" * 26] * 21

    assert refusal(alice.post(path, json={})) == invalid(("/conversation_ids", "required"))
    assert refusal(alice.post(path, json={"conversation_ids": []})) == invalid(("/conversation_ids", "too_few_items"))
    assert refusal(alice.post(path, json={"conversation_ids": many})) == invalid(
        ("/conversation_ids", "too_many_items")
    )
    assert refusal(alice.post(path, json={"conversation_ids": ["x"]})) == invalid(("/conversation_ids/0", "bad_format"))
