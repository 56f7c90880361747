"""GET /support/articles: the articles by id, a page at a time, without texts; drafts for the desk alone."""

import pytest

from tests.functional.articles import PATH, admin, listed, rows, written
from tests.functional.desk import agent
from tests.functional.replies import invalid, refusal
from tests.functional.talk import named
from tests.harness import Frame, Parley, User


def test_pages_hold_all_articles_once(parley: Parley) -> None:
    ada, alice = admin(parley), parley.user("alice")
    made = sorted(written(ada, title=f"Article {number}")["id"] for number in range(5))
    written(ada, state="draft")

    seen, query = [], "?limit=2"
    while query:
        page = alice.get(f"{PATH}{query}").json
        seen += [each["id"] for each in page["articles"]]
        assert (page["users"], len(page["articles"]) <= 2) == ({}, True)
        query = page["next"] and f"?limit=2&cursor={page['next']}"

    assert seen == made


def test_articles_come_without_texts(parley: Parley) -> None:
    ada = admin(parley)
    new = written(ada, text="word " * 500)

    [article] = listed(agent(parley))

    assert article == {name: new[name] for name in new if name not in ("text", "own_vote", "users")}
    assert article["excerpt"] == ("word " * 500)[:200]
    assert ada.get(PATH).json["users"] == named(parley, "ada")
    [shown] = listed(parley.user("alice"))
    assert shown == article | {"created_by": None, "updated_by": None}


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("", {"A", "B", "C", "D"}),
        ("?category=booking", {"A"}),
        ("?category=general", {"B"}),
        ("?language=de", {"B", "C"}),
        ("?language=de-at", {"C"}),
        ("?language=d_e", None),
        ("?state=draft", {"D"}),
        ("?state=published", {"A", "B", "C"}),
        ("?state=published&language=en&category=general", set()),
    ],
)
def test_filters_work_together(parley: Parley, query: str, titles: set[str] | None) -> None:
    ada = admin(parley)
    written(ada, title="A", category="booking")
    written(ada, title="B", category="general", language="de")
    written(ada, title="C", language="de-AT")
    written(ada, title="D", state="draft")

    if titles is None:
        assert refusal(ada.get(f"{PATH}{query}")) == invalid(("?language", "bad_format"))
    else:
        assert {each["title"] for each in listed(ada, query)} == titles


def drafts_of(reader: User) -> tuple[str, int, list[tuple[str, str]]]:
    return refusal(reader.get(f"{PATH}?state=draft"))


def test_others_do_not_list_drafts(parley: Parley) -> None:
    written(admin(parley), state="draft")
    alice = parley.user("alice")

    assert listed(alice) == []
    for reader in (alice, parley.user("mona", role="moderator")):
        assert drafts_of(reader) == ("agents_only", 403, [("?state", "not_allowed")])
    for reader in (agent(parley), parley.user("backend", role="service")):
        assert len(listed(reader, "?state=draft")) == 1


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("?state=gone", ("?state", "not_allowed")),
        ("?limit=0", ("?limit", "too_small")),
        ("?limit=101", ("?limit", "too_large")),
        ("?cursor=x", ("?cursor", "bad_cursor")),
        ("?cursor=eyJhcnRpY2xlX2lkIjoieCJ9", ("?cursor", "bad_cursor")),
        ("?tag=a", ("?tag", "unknown_field")),
    ],
)
def test_wrong_query_is_named(parley: Parley, query: str, error: tuple[str, str]) -> None:
    assert refusal(parley.user("alice").get(f"{PATH}{query}")) == invalid(error)


def test_damaged_article_hides_no_other(parley: Parley) -> None:
    ada = admin(parley)
    damaged, whole = sorted((written(ada), written(ada)), key=by_id)
    parley.store.client("dynamodb").update_item(
        TableName=parley.template.resources["Tickets"].ref,
        Key={"key": {"S": "articles"}, "place": {"S": f"article#{damaged['id']}"}},
        UpdateExpression="REMOVE content_hash",
    )

    page = ada.get(PATH).json

    assert ([each["id"] for each in page["articles"]], page["next"]) == ([whole["id"]], None)
    kept = [row["place"]["S"] for row in rows(parley, "articles")]
    assert sum(place.startswith("article#") for place in kept) == 2


def by_id(article: Frame) -> str:
    return str(article["id"])
