"""GET /exports/{export_id}: its owner sees how far it is and gets the file; nobody else learns that it is there."""

from hashlib import sha256

import pytest

from tests.functional.exports import export, exported, fetched, shown
from tests.functional.moderation import open_to_moderators
from tests.functional.replies import invalid, refusal
from tests.functional.talk import in_s, open_direct, say
from tests.harness import Parley

ABSENT = "x_" + "a" * 26


@pytest.mark.parametrize("format", ["jsonl", "html"])
def test_owner_gets_the_file_as_it_is_said_to_be(parley: Parley, format: str) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    say(alice, conversation_id, "Grüße 👋")

    done = exported(parley, bob, conversation_id, format)

    content = fetched(parley, done["url"])
    assert (done["state"], done["progress"]) == ("done", {"done": 1, "total": 1})
    assert done["size_bytes"] == len(content)
    assert done["sha256"] == sha256(content).hexdigest()
    assert done["url_expires_at"] == in_s(parley, 300)
    assert "Grüße 👋" in content.decode()


def test_file_is_saved_under_a_name_and_never_shown_by_the_store(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    done = exported(parley, alice, conversation_id, "html")

    bucket = parley.template.resources["ExportFiles"].ref
    stored = parley.store.client("s3").head_object(Bucket=bucket, Key=f"{done['id']}/{conversation_id}.html")

    assert stored["ContentDisposition"] == f'attachment; filename="{conversation_id}.html"'
    assert stored["ContentType"] == "text/html; charset=utf-8"


def test_each_look_gets_an_address_of_its_own(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    done = exported(parley, alice, open_direct(alice, bob))
    parley.advance(3600)

    later = shown(parley.user("alice"), done["id"])

    assert later["url_expires_at"] == in_s(parley, 300)
    assert fetched(parley, later["url"])


def test_export_is_its_owners_alone(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    done = exported(parley, alice, open_direct(alice, bob))

    for other in (bob, parley.user("eve"), parley.user("mona", role="admin")):
        theirs, nobodys = other.get(f"/exports/{done['id']}"), other.get(f"/exports/{ABSENT}")

        assert refusal(theirs) == refusal(nobodys) == ("export_not_found", 404, [])
        assert theirs.json["detail"] == nobodys.json["detail"]


def test_moderator_who_is_none_any_more_gets_nothing(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_to_moderators(parley, open_direct(alice, bob))
    done = exported(parley, parley.user("mona", role="moderator"), conversation_id)

    assert refusal(parley.user("mona", role="user").get(f"/exports/{done['id']}")) == ("export_not_found", 404, [])
    assert shown(parley.user("mona", role="moderator"), done["id"])["url"]


def test_after_a_week_there_is_nothing(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    done = exported(parley, alice, open_direct(alice, bob))
    parley.advance(7 * 86_400 - 1)
    before = parley.user("alice").get(f"/exports/{done['id']}").status
    parley.advance(1)

    after = parley.user("alice").get(f"/exports/{done['id']}")

    assert before == 200
    assert refusal(after) == ("export_not_found", 404, [])


@pytest.mark.parametrize(
    "wrong",
    ["nothing", "alice%23", "x_" + "A" * 26, ABSENT + "%0A", "d_" + "a" * 26],
    ids=["word", "row of a person", "capitals", "line feed", "conversation"],
)
def test_what_is_no_id_is_refused(parley: Parley, wrong: str) -> None:
    alice = parley.user("alice")
    export(alice, open_direct(alice, parley.user("bob")))

    assert refusal(alice.get(f"/exports/{wrong}")) == invalid(("{export_id}", "bad_format"))
