"""PUT /support/articles/{article_id}: an article is replaced as it was read, published, and taken back."""

from collections.abc import Callable

import pytest

from parley.domain.articles.article import MAX_VERSIONS
from tests.functional.articles import (
    PATH,
    TEXT,
    admin,
    found,
    index_rows,
    meanwhile,
    put,
    read,
    rows,
    saved,
    suggested,
    vote,
    votes,
    write,
    written,
)
from tests.functional.replies import Refusal, invalid, refusal
from tests.harness import Frame, Parley

NOBODYS = f"{PATH}/k_{'a' * 26}"
CHANGED: Refusal = ("article_changed", 409, [])


def test_article_is_replaced_as_a_whole(parley: Parley) -> None:
    ada, alan = admin(parley), admin(parley, "alan")
    before = written(ada, category="booking")

    after = saved(alan, before, title="Refunds", text="No *money*.", language="en-GB", category=None)

    assert (after["title"], after["text"], after["excerpt"]) == ("Refunds", "No *money*.", "No *money*.")
    assert (after["language"], after["category"], after["version"]) == ("en-GB", None, 2)
    assert (after["created_by"], after["updated_by"], set(after["users"])) == ("ada", "alan", {"ada", "alan"})
    assert (after["created_at"], after["id"]) == (before["created_at"], before["id"])
    assert read(ada, before["id"]).json == after


def test_published_article_is_found_by_its_new_words_alone(parley: Parley) -> None:
    ada = admin(parley)
    article = written(ada)
    assert found(ada, "booking") == [article["id"]]

    saved(ada, article, title="Pay by card", text="Choose a card.")

    assert (found(ada, "booking"), found(ada, "card")) == ([], [article["id"]])


def test_draft_is_published_and_taken_back(parley: Parley) -> None:
    ada, alice = admin(parley), parley.user("alice")
    draft = written(ada, state="draft")
    assert (read(alice, draft["id"]).status, found(alice, "cancel"), suggested(alice, "cancel it")) == (404, [], [])

    published = saved(ada, draft, state="published")
    assert (read(alice, draft["id"]).status, found(alice, "cancel")) == (200, [draft["id"]])
    assert suggested(alice, "cancel it") == [draft["id"]]

    saved(ada, published, state="draft")
    assert (read(alice, draft["id"]).status, found(alice, "cancel"), suggested(alice, "cancel it")) == (404, [], [])


def test_stale_version_is_refused(parley: Parley) -> None:
    ada, alan = admin(parley), admin(parley, "alan")
    article = written(ada)
    saved(ada, article, title="Mine")

    stale = put(alan, article, title="Yours")

    assert (refusal(stale), stale.json["rule"]) == (CHANGED, "version: as it was read")
    assert refusal(put(ada, article | {"version": 9}, title="Mine")) == CHANGED
    assert read(ada, article["id"]).json["title"] == "Mine"


def test_repeat_answers_the_same(parley: Parley) -> None:
    ada = admin(parley)
    article = written(ada)

    first, second = (put(ada, article, title="Again") for _ in range(2))

    assert (first.status, second.status, first.json) == (200, 200, second.json)
    assert refusal(put(admin(parley, "alan"), article, title="Again")) == CHANGED


def test_same_content_makes_no_version(parley: Parley) -> None:
    ada = admin(parley)
    article = written(ada)

    assert put(admin(parley, "alan"), article).json == article
    assert len([row for row in rows(parley, f"article#{article['id']}")]) == 1


def test_hundred_versions_are_kept(parley: Parley) -> None:
    ada = admin(parley)
    article = written(ada, state="draft")
    for number in range(MAX_VERSIONS + 2):
        article = saved(ada, article, title=f"Version {number}")

    kept = [row["version"]["N"] for row in rows(parley, f"article#{article['id']}")]

    assert [int(version) for version in kept] == list(range(4, MAX_VERSIONS + 4))
    [row] = [row for row in rows(parley, "articles") if row["place"]["S"].startswith("article#")]
    assert len(row["authors"]["L"]) == MAX_VERSIONS


@pytest.mark.parametrize("role", ["user", "agent", "moderator"])
def test_only_support_admins_and_the_host_replace_articles(parley: Parley, role: str) -> None:
    article = written(admin(parley))

    refused = put(parley.user("eve", role=role), article, title="Eve")

    assert (refusal(refused), refused.json["rule"]) == (("support_admins_only", 403, []), "SupportAdminRoles")
    assert saved(parley.user("backend", role="service"), article, title="Host")["updated_by"] == "~parley.system-host"


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({"version": 0}, [("/version", "too_small")]),
        ({"version": "1"}, [("/version", "wrong_type")]),
        ({"title": ""}, [("/title", "blank")]),
        ({"text": " \n"}, [("/text", "blank")]),
        ({"text": "x" * 1_000_000}, [("/text", "too_long")]),
        ({"state": "gone"}, [("/state", "not_allowed")]),
        ({"language": "de_DE"}, [("/language", "bad_format")]),
        ({"client_id": "c1"}, [("/client_id", "unknown_field")]),
    ],
    ids=lambda value: str(value)[:40],
)
def test_bad_field_is_named(parley: Parley, fields: dict[str, object], errors: list[tuple[str, str]]) -> None:
    ada = admin(parley)
    assert refusal(put(ada, written(ada), **fields)) == invalid(*errors)


def test_state_is_required(parley: Parley) -> None:
    ada = admin(parley)
    article = written(ada)

    reply = ada.put(f"{PATH}/{article['id']}", json={"version": 1, "title": "T", "text": "x", "language": "en"})

    assert refusal(reply) == invalid(("/state", "required"))


def test_unknown_category_is_refused(parley: Parley) -> None:
    ada = admin(parley)
    unknown = put(ada, written(ada), category="weather")
    assert refusal(unknown) == ("unknown_category", 400, [("/category", "not_allowed")])


def test_unknown_article_is_refused(parley: Parley) -> None:
    ada = admin(parley)
    body = {"version": 1, "title": "T", "text": "x", "language": "en", "state": "draft"}

    assert refusal(ada.put(NOBODYS, json=body)) == ("article_not_found", 404, [])
    assert refusal(ada.put(f"{PATH}/hello", json=body)) == invalid(("{article_id}", "bad_format"))


def test_one_of_two_who_save_at_once_is_refused(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    ada, alan = admin(parley), admin(parley, "alan")
    article = written(ada)
    meanwhile(monkeypatch, "articles.replace", lambda: saved(alan, article, title="Alan's"))

    assert refusal(put(ada, article, title="Ada's")) == CHANGED
    assert read(ada, article["id"]).json["title"] == "Alan's"
    assert (found(ada, "alan"), found(ada, "ada")) == ([article["id"]], [])


def test_vote_that_comes_in_between_counts(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    ada, alice = admin(parley), parley.user("alice")
    article = written(ada)
    meanwhile(monkeypatch, "articles.replace", lambda: vote(alice, article["id"]))

    assert put(ada, article, title="After").status == 200
    assert votes(ada, article["id"]) == (1, 0, 0)


def deleted(parley: Parley, article: Frame) -> Callable[[], object]:
    return lambda: admin(parley, "alan").delete(f"{PATH}/{article['id']}")


def test_article_that_is_deleted_while_it_is_published_stays_deleted(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = admin(parley)
    article = written(ada, state="draft")
    meanwhile(monkeypatch, "articles.replace", deleted(parley, article))

    assert refusal(put(ada, article, state="published")) == ("article_not_found", 404, [])
    assert (found(ada, "cancel"), index_rows(parley)) == ([], [])


def test_article_that_was_made_again_meanwhile_is_another_one(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    ada = admin(parley)
    article = written(ada, client_id="c1")

    def again() -> None:
        deleted(parley, article)()
        parley.clock.ms += 1000
        assert write(ada, client_id="c1", title="New", text=TEXT).status == 201

    meanwhile(monkeypatch, "articles.replace", again)

    assert put(ada, article, title="Late").json["title"] == "Late"
    assert read(ada, article["id"]).json["title"] == "Late"
