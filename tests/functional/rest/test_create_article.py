"""POST /support/articles: support admins write articles, each once, and 1,000 of them."""

import re

import pytest

from parley.domain.articles.article import MAX_ARTICLES
from tests.functional.articles import PATH, TEXT, admin, find, listed, meanwhile, read, rows, write, written
from tests.functional.desk import agent
from tests.functional.replies import invalid, refusal
from tests.functional.talk import named
from tests.harness import Parley


def test_support_admin_writes_an_article_that_everybody_reads(parley: Parley) -> None:
    ada, alice = admin(parley), parley.user("alice")

    reply = write(ada, category="booking")

    new = reply.json
    assert reply.status == 201
    assert re.fullmatch(r"k_[a-z2-7]{26}", new["id"])
    assert {name: value for name, value in new.items() if name not in ("id", "created_at", "updated_at")} == {
        "title": "Cancel a booking",
        "text": TEXT,
        "excerpt": TEXT,
        "category": "booking",
        "language": "en",
        "state": "published",
        "version": 1,
        "created_by": "ada",
        "updated_by": "ada",
        "votes": {"helped": 0, "not_helped": 0, "saved_tickets": 0},
        "own_vote": None,
        "users": named(parley, "ada"),
    }
    assert new["created_at"] == new["updated_at"]
    assert read(agent(parley), new["id"]).json == new
    assert read(alice, new["id"]).json == new | {"created_by": None, "updated_by": None, "users": {}}


def test_article_is_a_draft_unless_it_says_otherwise(parley: Parley) -> None:
    ada = admin(parley)

    reply = ada.post(PATH, json={"title": "Cancel", "text": TEXT, "language": "de-AT"})

    assert (reply.status, reply.json["state"], reply.json["category"]) == (201, "draft", None)
    assert find(ada, "cancel").json == {"results": [], "total": 0}


@pytest.mark.parametrize("role", ["user", "agent", "moderator", "admin"])
def test_only_support_admins_write_articles(parley: Parley, role: str) -> None:
    reply = write(parley.user("eve", role=role))

    assert (refusal(reply), reply.json["rule"]) == (("support_admins_only", 403, []), "SupportAdminRoles")
    assert listed(agent(parley)) == []


def test_host_writes_articles_in_its_own_name(parley: Parley) -> None:
    host, other = (parley.user(user_id, role="service") for user_id in ("backend", "worker"))

    new = written(host, client_id="c1")

    assert (new["created_by"], new["users"]["~parley.system-host"]["name"]) == ("~parley.system-host", "Host")
    assert write(other, client_id="c1").json == new


def test_a_client_id_makes_one_article_only(parley: Parley) -> None:
    ada = admin(parley)

    first, second = (write(ada, client_id="c1") for _ in range(2))

    assert (first.status, second.status, first.json) == (201, 200, second.json)
    assert len(listed(ada)) == 1
    other = write(ada, client_id="c1", title="Farewell")
    assert refusal(other) == ("client_id_reused", 422, [("/client_id", "client_id_reused")])
    assert write(admin(parley, "alan"), client_id="c1").status == 201


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({"title": " "}, [("/title", "blank")]),
        ({"title": "x" * 201}, [("/title", "too_long")]),
        ({"text": ""}, [("/text", "blank")]),
        ({"text": "x" * 20_001}, [("/text", "too_long")]),
        ({"text": "x" * 1_000_000}, [("/text", "too_long")]),
        ({"language": "de_DE"}, [("/language", "bad_format")]),
        ({"language": None}, [("/language", "wrong_type")]),
        ({"state": "hidden"}, [("/state", "not_allowed")]),
        ({"category": "A b"}, [("/category", "bad_format")]),
        ({"client_id": "a b"}, [("/client_id", "bad_format")]),
        ({"html": "<b>"}, [("/html", "unknown_field")]),
    ],
    ids=lambda value: str(value)[:40],
)
def test_bad_field_is_named(parley: Parley, fields: dict[str, object], errors: list[tuple[str, str]]) -> None:
    assert refusal(write(admin(parley), **fields)) == invalid(*errors)


def test_category_is_one_of_the_desk(parley: Parley) -> None:
    ada = admin(parley)

    assert refusal(write(ada, category="weather")) == ("unknown_category", 400, [("/category", "not_allowed")])
    assert listed(ada) == []


def test_html_stays_as_it_was_written(parley: Parley) -> None:
    ada, text = admin(parley), '<script>alert("1")</script> & <b>bold</b> [x](javascript:alert(1))\r\n\t{{x}}'

    new = written(ada, text=text, title="<i>Title</i>")

    shown = read(parley.user("alice"), new["id"])
    assert (shown.json["text"], shown.json["title"]) == (text, "<i>Title</i>")
    assert shown.headers["content-type"] == "application/json"
    assert shown.headers["x-content-type-options"] == "nosniff"


def test_largest_article_is_kept_and_found(parley: Parley) -> None:
    ada, text = admin(parley), "".join(chr(0x20000 + number) for number in range(20_000))

    new = written(ada, title="𠀀" * 200, text=text, language="zh")

    assert read(ada, new["id"]).json["text"] == text
    assert len(new["excerpt"]) == 200
    assert [each["id"] for each in find(ada, text[:3]).json["results"]] == [new["id"]]


def fill(parley: Parley, count: int) -> None:
    parley.store.client("dynamodb").put_item(
        TableName=parley.template.resources["Tickets"].ref,
        Item={"key": {"S": "articles"}, "place": {"S": "count"}, "article_count": {"N": str(count)}},
    )


def test_there_are_a_thousand_articles_and_no_more(parley: Parley) -> None:
    ada = admin(parley)
    fill(parley, MAX_ARTICLES - 1)
    last = written(ada, client_id="c1")

    full = write(ada)

    assert (refusal(full), full.json["rule"]) == (("too_many_articles", 409, []), "articles")
    assert write(ada, client_id="c1").status == 200
    assert ada.delete(f"{PATH}/{last['id']}").status == 200
    assert write(ada).status == 201


def test_two_at_once_do_not_pass_the_bound(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    ada, alan = admin(parley), admin(parley, "alan")
    fill(parley, MAX_ARTICLES - 1)
    meanwhile(monkeypatch, "articles.put_new", lambda: written(alan))

    assert refusal(write(ada)) == ("too_many_articles", 409, [])
    assert [each["created_by"] for each in listed(ada)] == ["alan"]


def test_two_at_once_with_one_client_id_make_one_article(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    ada = admin(parley)
    meanwhile(monkeypatch, "articles.put_new", lambda: written(ada, client_id="c1"))

    reply = write(ada, client_id="c1")

    assert (reply.status, [each["id"] for each in listed(ada)]) == (200, [reply.json["id"]])
    assert [row["article_count"] for row in rows(parley, "articles") if row["place"] == {"S": "count"}] == [{"N": "1"}]
