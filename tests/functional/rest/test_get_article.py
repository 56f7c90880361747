"""GET /support/articles/{article_id}: everybody reads what is published, the desk also drafts."""

import pytest

from tests.functional.articles import PATH, admin, meanwhile, read, saved, vote, written
from tests.functional.desk import agent
from tests.functional.moderation import moderator
from tests.functional.replies import invalid, refusal
from tests.harness import Parley


def test_everybody_reads_a_published_article(parley: Parley) -> None:
    article_id = written(admin(parley))["id"]
    others = [parley.user("alice"), moderator(parley), parley.user("root", role="admin")]

    shown = [read(each, article_id) for each in others]

    assert [(each.status, each.json["created_by"], each.json["users"]) for each in shown] == [(200, None, {})] * 3


def test_desk_alone_reads_a_draft(parley: Parley) -> None:
    ada = admin(parley)
    draft = written(ada, state="draft")
    desk = [ada, agent(parley), parley.user("backend", role="service")]
    others = [parley.user("alice"), moderator(parley)]

    assert [read(each, draft["id"]).json for each in desk] == [draft] * 3
    for each in others:
        assert refusal(read(each, draft["id"])) == ("article_not_found", 404, [])


@pytest.mark.parametrize("article_id", [f"k_{'a' * 26}"])
def test_unknown_article_is_refused_like_a_draft(parley: Parley, article_id: str) -> None:
    assert refusal(read(admin(parley), article_id)) == ("article_not_found", 404, [])


def test_id_that_parley_did_not_make_is_refused(parley: Parley) -> None:
    alice = parley.user("alice")
    for wrong in ("hello", "k_" + "A" * 26, "k_" + "a" * 27):
        assert refusal(read(alice, wrong)) == invalid(("{article_id}", "bad_format"))


def test_reader_sees_their_own_vote(parley: Parley) -> None:
    alice, bob, article_id = parley.user("alice"), parley.user("bob"), written(admin(parley))["id"]
    assert vote(alice, article_id, instead_of_ticket=True).status == 200

    shown = [read(each, article_id).json for each in (alice, bob)]

    assert [each["own_vote"] for each in shown] == [{"helped": True, "instead_of_ticket": True}, None]
    assert [each["votes"] for each in shown] == [{"helped": 1, "not_helped": 0, "saved_tickets": 1}] * 2


def test_reader_never_gets_the_text_of_another_version(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    ada = admin(parley)
    article = written(ada)
    meanwhile(monkeypatch, "articles.newest_version", lambda: saved(ada, article, title="New", text="New text."))

    shown = read(ada, article["id"]).json

    assert (shown["title"], shown["text"], shown["version"]) == ("New", "New text.", 2)


def test_route_of_the_search_is_no_article(parley: Parley) -> None:
    assert refusal(parley.user("alice").get(f"{PATH}/search")) == invalid(("?q", "required"))
