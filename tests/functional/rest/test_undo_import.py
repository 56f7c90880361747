"""DELETE /migration/conversations/{conversation_id}: an import is undone, unless people have used what it brought."""

from collections.abc import Callable

import pytest

from tests.functional.moving import (
    RUN,
    begin,
    bring,
    direct,
    finish,
    group,
    host_of,
    imported_direct,
    message,
    people,
)
from tests.functional.replies import invalid, refusal, stored
from tests.functional.talk import open_direct, say
from tests.harness import Parley, Reply


def undo(parley: Parley, conversation_id: str, run: str = RUN) -> Reply:
    return host_of(parley).delete(f"/migration/conversations/{conversation_id}?run={run}")


def test_nothing_is_left_of_it(parley: Parley) -> None:
    people(parley, "alice", "bob")
    before = stored(parley)
    reacted = message(2, "bob", reactions=[{"emoji": "👍", "user_ids": ["alice"]}])
    conversation_id = imported_direct(parley, message(1), reacted)

    reply = undo(parley, conversation_id)

    assert reply.json == {"conversation_id": conversation_id, "done": True}
    assert stored(parley) == before
    assert undo(parley, conversation_id).json["done"]
    assert open_direct(parley.user("alice"), parley.user("bob")) == conversation_id


def test_group_of_any_size_goes_with_its_traces(parley: Parley) -> None:
    names = [f"p{number}" for number in range(101)]
    people(parley, *names[:100])
    people(parley, names[100], "carol")
    before = stored(parley)
    conversation_id = begin(parley, group(*names))
    origin = {"sender_id": "carol", "created_at": "2023-01-01T00:00:00Z"}
    bring(parley, conversation_id, message(1, "p1"), message(2, "p2", forwarded_from=origin))
    finish(parley, conversation_id, 2, *({"user_id": each, "read_seq": 0} for each in names))

    assert undo(parley, conversation_id).json["done"]
    assert stored(parley) == before


def test_import_that_was_never_finished_is_undone(parley: Parley) -> None:
    people(parley, "alice", "bob")
    before = stored(parley)
    conversation_id = begin(parley, direct())
    bring(parley, conversation_id, message(1))

    assert undo(parley, conversation_id).json["done"]
    assert stored(parley) == before


def test_large_conversation_takes_several_calls(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parley.actions.moving.undoing.MAX_UNDONE", 2)
    conversation_id = imported_direct(parley, *(message(seq) for seq in range(1, 6)))

    answers = [undo(parley, conversation_id).json["done"] for _ in range(3)]

    assert answers == [False, False, True]
    assert parley.user("alice").get(f"/conversations/{conversation_id}").status == 404


def test_conversation_is_hidden_from_the_first_call_on(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parley.actions.moving.undoing.MAX_UNDONE", 1)
    conversation_id = imported_direct(parley, message(1), message(2))
    alice = parley.user("alice")

    assert not undo(parley, conversation_id).json["done"]

    assert alice.get("/conversations").json["conversations"] == []
    reply = alice.post("/conversations", json={"type": "direct", "user_id": "bob"})
    assert refusal(reply) == ("conversation_importing", 409, [])
    assert refusal(host_of(parley).post("/migration/conversations", json=direct()))[0] == "conversation_importing"
    assert refusal(bring(parley, conversation_id, message(3)))[0] == "conversation_importing"
    assert refusal(undo(parley, conversation_id, "second"))[0] == "conversation_importing"


@pytest.mark.parametrize(
    "use",
    [
        lambda alice, talk: say(alice, talk, "new"),
        lambda alice, talk: alice.patch(f"/messages/{talk}.2/read"),
        lambda alice, talk: alice.put(f"/messages/{talk}.2/reactions/%F0%9F%91%8D"),
        lambda alice, talk: alice.patch(f"/conversations/{talk}/archive", json={"archived": True}),
        lambda alice, talk: alice.patch(f"/conversations/{talk}/settings", json={"pinned": True}),
        lambda alice, talk: alice.post(f"/messages/{talk}.2/report", json={"reason": "spam"}),
        lambda alice, talk: alice.put("/users/bob/block"),
        lambda alice, talk: alice.delete(f"/conversations/{talk}/history"),
        lambda alice, talk: alice.put(f"/conversations/{talk}/unread", json={"seq": 1}),
    ],
    ids=["message", "read", "reaction", "archived", "pinned", "reported", "blocked", "cleared", "unread"],
)
def test_conversation_that_was_used_stays(parley: Parley, use: Callable[..., object]) -> None:
    conversation_id = imported_direct(parley, message(1), message(2, "bob"))
    assert use(parley.user("alice"), conversation_id)
    before = stored(parley)

    assert refusal(undo(parley, conversation_id)) == ("conversation_live", 409, [])
    assert stored(parley) == before


def test_what_no_run_or_another_has_brought_stays(parley: Parley) -> None:
    conversation_id = imported_direct(parley, message(1))
    other = open_direct(parley.user("carol"), parley.user("dave"))

    assert refusal(undo(parley, conversation_id, "second")) == ("conversation_live", 409, [])
    assert refusal(undo(parley, other)) == ("conversation_live", 409, [])


def test_message_that_was_under_way_does_not_come_after_it(parley: Parley) -> None:
    """A send that has read the head before the undoing began is decided again, and finds nothing."""
    conversation_id = imported_direct(parley, message(1))
    alice = parley.user("alice")

    class Meanwhile:
        done = False

        def before(self, call: object) -> None:
            if not self.done and getattr(call, "operation", "") == "TransactWriteItems":
                self.done = True
                assert undo(parley, conversation_id).json["done"]

        def after(self, call: object) -> None:
            return None

    parley.hooks.append(Meanwhile())
    assert alice.post(f"/conversations/{conversation_id}/messages", json={"text": "late"}).status == 404


def test_wrong_requests_are_refused(parley: Parley) -> None:
    host, missing = host_of(parley), "d_" + "a" * 26

    assert refusal(host.delete(f"/migration/conversations/{missing}")) == invalid(("?run", "required"))
    assert refusal(undo(parley, missing, "a%20b")) == invalid(("?run", "bad_format"))
    assert refusal(undo(parley, "nothing"))[1] == 400
    assert undo(parley, missing).json["done"]


def test_nobody_but_the_host_may(parley: Parley) -> None:
    conversation_id = imported_direct(parley, message(1))
    mallory = parley.user("mallory", role="moderator")

    reply = mallory.delete(f"/migration/conversations/{conversation_id}?run={RUN}")

    assert refusal(reply) == ("service_only", 403, [])
