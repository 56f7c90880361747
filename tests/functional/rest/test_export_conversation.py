"""POST /conversations/{conversation_id}/export: a job begins, once for a wish, and not without end."""

import pytest

from parley.domain.exports.job import MAX_RECENT, STALLED_MS
from tests.functional.exports import export, exported, shown
from tests.functional.moderation import open_to_moderators
from tests.functional.replies import MALFORMED, Meanwhile, invalid, malformed_bodies, refusal
from tests.functional.talk import in_s, open_direct, say
from tests.harness import Parley

WEEK_S = 7 * 86_400


def test_member_gets_an_export_that_is_on_its_way(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    say(alice, conversation_id, "one", "two")

    asked = export(bob, conversation_id, "html")

    assert asked == {
        "id": asked["id"],
        "conversation_id": conversation_id,
        "format": "html",
        "files": False,
        "state": "queued",
        "progress": {"done": 0, "total": 2},
        "created_at": in_s(parley, 0),
        "expires_at": asked["expires_at"],
        "size_bytes": None,
        "sha256": None,
        "url": None,
        "url_expires_at": None,
    }
    assert asked["expires_at"][:19] == in_s(parley, WEEK_S)[:19]


def test_same_wish_while_it_is_under_way_is_the_same_export(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    first = export(alice, conversation_id)
    parley.advance(60)

    again, page, bobs = (
        export(alice, conversation_id),
        export(alice, conversation_id, "html"),
        export(bob, conversation_id),
    )

    assert again == first
    assert len({first["id"], page["id"], bobs["id"]}) == 3


def test_what_is_over_can_be_asked_for_again(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    first = exported(parley, alice, conversation_id)
    say(bob, conversation_id, "one more")

    second = exported(parley, alice, conversation_id)

    assert first["id"] != second["id"]
    assert second["progress"] == {"done": 1, "total": 1}


def test_what_has_died_can_be_asked_for_again(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    first = export(alice, conversation_id)
    parley.advance(STALLED_MS / 1000)

    second = export(alice, conversation_id)

    assert shown(alice, first["id"])["state"] == "failed"
    assert (second["state"], second["id"] != first["id"]) == ("queued", True)


def test_two_wishes_at_the_same_moment_are_one_export(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    others = []

    def meanwhile() -> None:
        parley.clock.ms += 5
        others.append(export(alice, conversation_id))
        parley.clock.ms -= 5

    hook = Meanwhile("TransactWriteItems", meanwhile)
    parley.hooks.append(hook)

    mine = export(alice, conversation_id)

    assert [one["id"] for one in others] == [mine["id"]]


def test_retry_gets_the_first_answer_however_far_it_is(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    first = export(alice, conversation_id, client_id="e-1")
    parley.drain()
    parley.advance(3600)

    again = export(alice, conversation_id, client_id="e-1")

    assert (again["id"], again["state"]) == (first["id"], "done")


@pytest.mark.parametrize("change", ["format", "conversation"])
def test_client_id_of_another_export_is_refused(parley: Parley, change: str) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id, other_id = open_direct(alice, bob), open_direct(alice, parley.user("carol"))
    export(alice, conversation_id, client_id="e-1")

    body = {"format": "html" if change == "format" else "jsonl", "client_id": "e-1"}
    path = f"/conversations/{conversation_id if change == 'format' else other_id}/export"

    assert refusal(alice.post(path, json=body)) == (
        "client_id_reused",
        422,
        [("/client_id", "client_id_reused")],
    )


def test_nobody_gets_more_than_so_many_in_24_hours(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    for number in range(MAX_RECENT):
        export(alice, open_direct(alice, parley.bearer("", f"friend{number}")))
        parley.advance(1)

    refused = alice.post(f"/conversations/{conversation_id}/export", json={"format": "jsonl"})

    assert refusal(refused) == ("too_many_exports", 429, [])
    wait_s = 86_400 - MAX_RECENT
    assert refused.headers["retry-after"] == str(wait_s)
    assert export(bob, conversation_id)
    parley.advance(wait_s)
    alice = parley.user("alice")
    assert export(alice, conversation_id)


def test_moderator_exports_a_conversation_that_they_are_not_in(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    say(alice, conversation_id, "hello")
    open_to_moderators(parley, conversation_id)

    done = exported(parley, parley.user("mona", role="moderator"), conversation_id)

    assert (done["state"], done["progress"]) == ("done", {"done": 1, "total": 1})


def test_moderator_exports_no_conversation_without_a_report(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    conversation_id = open_direct(parley.user("alice"), parley.user("bob"))
    mona, path = parley.user("mona", role="moderator"), f"/conversations/{conversation_id}/export"

    refused = mona.post(path, json={"format": "jsonl"})
    monkeypatch.setenv("MODERATOR_READS", "any")

    assert refusal(refused) == ("conversation_not_found", 404, [])
    assert mona.post(path, json={"format": "jsonl"}).status == 202


def test_moderator_is_told_of_a_conversation_that_does_not_exist(parley: Parley) -> None:
    mona = parley.user("mona", role="moderator")

    absent = mona.post("/conversations/d_" + "a" * 26 + "/export", json={"format": "jsonl"})
    wrong = mona.post("/conversations/nothing/export", json={"format": "jsonl"})

    assert refusal(absent) == ("conversation_not_found", 404, [])
    assert refusal(wrong) == invalid(("{conversation_id}", "bad_format"))


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, ("/format", "required")),
        ({"format": "pdf"}, ("/format", "not_allowed")),
        ({"format": 1}, ("/format", "wrong_type")),
        ({"format": "html", "client_id": "a b"}, ("/client_id", "bad_format")),
        ({"format": "html", "files": "yes"}, ("/files", "wrong_type")),
        ({"format": "html", "since": 1}, ("/since", "unknown_field")),
    ],
    ids=["nothing", "another format", "number", "bad client_id", "files", "unknown field"],
)
def test_wrong_field_is_named(parley: Parley, body: dict[str, object], field: tuple[str, str]) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")

    reply = alice.post(f"/conversations/{open_direct(alice, bob)}/export", json=body)

    assert refusal(reply) == invalid(field)


def test_body_that_makes_no_sense_is_refused(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    path = f"/conversations/{open_direct(alice, bob)}/export"

    assert MALFORMED and malformed_bodies(lambda raw: alice.post(path, raw=raw)) == {}
