"""DELETE /support/articles/{article_id}: an article goes; its versions and votes follow with the sweep."""

import pytest

from tests.functional.articles import (
    PATH,
    admin,
    found,
    index_rows,
    listed,
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
from tests.functional.replies import invalid, refusal
from tests.harness import Parley


def test_deleted_article_is_gone(parley: Parley) -> None:
    ada, alice = admin(parley), parley.user("alice")
    gone, stays = written(ada), written(ada, title="Pay", text="Card.")

    replies = [ada.delete(f"{PATH}/{gone['id']}") for _ in range(2)]

    assert [(reply.status, reply.json) for reply in replies] == [(200, {"id": gone["id"]})] * 2
    assert [each["id"] for each in listed(ada)] == [stays["id"]]
    assert (found(alice, "cancel"), suggested(alice, "cancel my booking"), read(ada, gone["id"]).status) == (
        [],
        [],
        404,
    )
    assert refusal(put(ada, gone)) == ("article_not_found", 404, [])
    assert refusal(vote(alice, gone["id"])) == ("article_not_found", 404, [])


def test_article_that_was_deleted_twice_counts_once(parley: Parley) -> None:
    ada = admin(parley)
    ids = [written(ada)["id"] for _ in range(2)]

    for _ in range(2):
        ada.delete(f"{PATH}/{ids[0]}")

    [count] = [row["article_count"] for row in rows(parley, "articles") if row["place"] == {"S": "count"}]
    assert count == {"N": "1"}


@pytest.mark.parametrize("role", ["user", "agent", "moderator"])
def test_only_support_admins_and_the_host_delete_articles(parley: Parley, role: str) -> None:
    article_id = written(admin(parley))["id"]

    refused = parley.user("eve", role=role).delete(f"{PATH}/{article_id}")

    assert (refusal(refused), refused.json["rule"]) == (("support_admins_only", 403, []), "SupportAdminRoles")
    assert parley.user("backend", role="service").delete(f"{PATH}/{article_id}").status == 200


def test_id_that_parley_did_not_make_is_refused(parley: Parley) -> None:
    assert refusal(admin(parley).delete(f"{PATH}/hello")) == invalid(("{article_id}", "bad_format"))


def test_article_that_was_saved_meanwhile_is_deleted_all_the_same(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = admin(parley)
    article = written(ada)
    meanwhile(monkeypatch, "articles.delete", lambda: saved(ada, article, state="draft"))

    assert ada.delete(f"{PATH}/{article['id']}").status == 200
    assert (listed(ada), index_rows(parley)) == ([], [])


def test_sweep_takes_away_what_is_left(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parley.actions.articles.remains.PART", 3)  # of eight rows
    ada = admin(parley)
    gone, stays = written(ada), written(ada)
    for number in range(5):
        assert vote(parley.user(f"u{number}"), gone["id"]).status == 200
    article = saved(ada, saved(ada, gone, title="Two"), title="Three")
    vote(ada, stays["id"])
    ada.delete(f"{PATH}/{article['id']}")
    assert len(rows(parley, f"article#{gone['id']}")) == 8

    parley.run_schedule("SweepTickets")

    assert (rows(parley, f"article#{gone['id']}"), rows(parley, "article-remains")) == ([], [])
    assert (len(rows(parley, f"article#{stays['id']}")), votes(ada, stays["id"])) == (2, (1, 0, 0))


def test_article_of_the_same_client_id_begins_without_the_old_ones_parts(parley: Parley) -> None:
    ada, alice, bob = admin(parley), parley.user("alice"), parley.user("bob")
    old = saved(ada, written(ada, client_id="c1"), title="Old")
    vote(alice, old["id"])
    vote(bob, old["id"])
    ada.delete(f"{PATH}/{old['id']}")
    parley.clock.ms += 1000

    new = write(ada, client_id="c1").json

    assert (new["id"], new["title"], new["version"]) == (old["id"], "Cancel a booking", 1)
    assert read(alice, new["id"]).json["own_vote"] is None
    assert vote(alice, new["id"], False).status == 200
    parley.run_schedule("SweepTickets")
    assert votes(ada, new["id"]) == (0, 1, 0)
    assert read(alice, new["id"]).json["own_vote"] == {"helped": False, "instead_of_ticket": False}
    assert len(ada.get(f"{PATH}/{new['id']}/versions").json["versions"]) == 1
    places = [row["place"]["S"] for row in rows(parley, f"article#{new['id']}")]
    assert [place.partition("#")[0] for place in places] == ["version", "vote"]
