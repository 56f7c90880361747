"""POST /admin/search/export: what a search of a person's messages finds, as a file."""

import pytest

from tests.functional.erasures import erase, host
from tests.functional.exports import fetched, lines, shown
from tests.functional.moderation import moderator, report, talk
from tests.functional.replies import invalid, refusal
from tests.functional.talk import in_s, make_group, say
from tests.harness import Frame, Parley, User

ASKED = {"q": "fool", "user_id": "mallory"}
SEARCHES = "parley.actions.exports.searches"


def ask(mona: User, **more: object) -> Frame:
    reply = mona.post("/admin/search/export", json=ASKED | more)
    assert reply.status == 202, reply
    return dict(reply.json)


def done(parley: Parley, mona: User, **more: object) -> Frame:
    asked = ask(mona, **more)
    parley.drain()
    return shown(mona, asked["id"])


def found(parley: Parley, export: Frame) -> list[str]:
    """Returns the texts of the messages in a file."""
    return [line["text"] for line in lines(fetched(parley, export["url"]))[1:]]


def quarrel(parley: Parley, *texts: str) -> User:
    """Lets mallory say this in a reported conversation; returns alice."""
    alice, _, ids = talk(parley, *texts)
    assert report(alice, ids[0]).status == 201
    return alice


def test_file_has_what_the_search_finds(parley: Parley) -> None:
    alice = quarrel(parley, "A fool.", "Nothing.", "Fool again.")
    group = make_group(alice, parley.user("mallory"))
    say(parley.user("mallory"), group, "Fool where nobody has reported it.")
    mona = moderator(parley)

    export = done(parley, mona)

    assert (export["state"], export["conversation_id"], export["format"]) == ("done", None, "jsonl")
    assert export["progress"] == {"done": 2, "total": 2}
    about, *hits = lines(fetched(parley, export["url"]))
    of_search = {"q": "fool", "user_id": "mallory", "from": "1970-01-01T00:00:00.000Z", "to": in_s(parley, 0.001)}
    assert about == {
        "parley_export": 1, "exported_at": in_s(parley, 0), "exported_by": "mona", "search": of_search,
    }  # fmt: skip
    searched = mona.get("/admin/search?q=fool&user_id=mallory").json["results"]
    assert hits == [hit["message"] for hit in searched] and len(hits) == 2


def test_log_says_what_was_exported_without_the_words(parley: Parley) -> None:
    quarrel(parley, "A fool.")
    mona = moderator(parley)
    asked = ask(mona, to="2036-01-01T00:00:00Z")

    [entry] = [each for each in mona.get("/admin/audit").json["entries"] if each["action"] == "export_search"]

    times = {"from": "1970-01-01T00:00:00.000Z", "to": "2036-01-01T00:00:00.000Z"}
    assert (entry["target"], entry["details"]) == ("mallory", {"export_id": asked["id"], **times})


def test_equal_request_gets_the_export_that_is_under_way(parley: Parley) -> None:
    quarrel(parley, "A fool.")
    mona = moderator(parley)
    first = ask(mona)

    assert ask(mona) == first
    assert ask(mona, q="other")["id"] != first["id"]


def test_many_hits_take_steps_and_the_file_has_a_bound(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{SEARCHES}.PAGE", 1)
    monkeypatch.setattr(f"{SEARCHES}.MAX_PAGES", 1)
    monkeypatch.setattr(f"{SEARCHES}.MAX_HITS", 3)
    quarrel(parley, *(f"fool {number}" for number in range(5)))

    export = done(parley, moderator(parley))

    assert found(parley, export) == ["fool 4", "fool 3", "fool 2"]
    assert export["progress"] == {"done": 3, "total": 3}


def test_host_exports_what_it_finds_anywhere(parley: Parley) -> None:
    talk(parley, "A fool.")

    assert found(parley, done(parley, host(parley))) == ["A fool."]


def test_moderator_who_is_none_any_more_gets_no_file(parley: Parley) -> None:
    quarrel(parley, "A fool.")
    mona = moderator(parley)
    export = done(parley, mona)
    host(parley).put("/users/mona", json={"name": "Mona", "role": "user"})

    assert refusal(mona.get(f"/exports/{export['id']}")) == ("export_not_found", 404, [])


def test_erasure_deletes_the_files_of_searches(parley: Parley) -> None:
    quarrel(parley, "A fool.")
    mona = moderator(parley)
    export = done(parley, mona)

    erase(parley, "mallory")
    parley.drain()

    assert mona.get(f"/exports/{export['id']}").status == 404
    bucket = parley.template.resources["ExportFiles"].ref
    assert "Contents" not in parley.store.client("s3").list_objects_v2(Bucket=bucket)


def test_wrong_search_is_refused(parley: Parley) -> None:
    mona = moderator(parley)

    for wrong, expected in (
        ({"q": "!"}, ("/q", "blank")),
        ({"from": "2026-02-30T00:00:00Z"}, ("/from", "bad_format")),
        ({"user_id": "a#b"}, ("/user_id", "bad_format")),
        ({"format": "html"}, ("/format", "unknown_field")),
    ):
        assert refusal(mona.post("/admin/search/export", json=ASKED | wrong)) == invalid(expected)
