"""An erasure takes a person's name out of articles, and their votes away; texts and numbers stay."""

from tests.functional.articles import PATH, admin, index_rows, read, rows, saved, vote, votes, written
from tests.functional.erasures import erased
from tests.harness import Parley


def test_authors_get_a_pseudonym_and_texts_stay(parley: Parley) -> None:
    ada, alan = admin(parley), admin(parley, "alan")
    first, second = written(ada), written(alan)
    saved(alan, first, title="Alan's")
    saved(ada, second, title="Ada's", state="draft")

    erased(parley, "ada")

    shown = [read(alan, article["id"]).json for article in (first, second)]
    pseudonym = shown[0]["created_by"]
    assert pseudonym.startswith("~")
    assert [(each["created_by"], each["updated_by"]) for each in shown] == [(pseudonym, "alan"), ("alan", pseudonym)]
    assert [each["title"] for each in shown] == ["Alan's", "Ada's"]
    versions = alan.get(f"{PATH}/{first['id']}/versions").json["versions"]
    assert [each["by"] for each in versions] == ["alan", pseudonym]
    kept = [*rows(parley, "articles"), *index_rows(parley), *rows(parley, f"article#{first['id']}")]
    assert "ada" not in str(kept)


def test_votes_go_and_what_they_counted_stays(parley: Parley) -> None:
    ada, alice, bob = admin(parley), parley.user("alice"), parley.user("bob")
    ids = [written(ada)["id"] for _ in range(3)]
    for article_id in ids[:2]:
        vote(alice, article_id, instead_of_ticket=True)
        vote(bob, article_id, False)

    receipt = erased(parley, "alice")

    assert receipt["removed"]["article_votes"] == 2
    assert [votes(ada, article_id) for article_id in ids] == [(1, 1, 1), (1, 1, 1), (0, 0, 0)]
    for article_id in ids:
        assert "alice" not in str(rows(parley, f"article#{article_id}"))
    assert read(bob, ids[0]).json["own_vote"] == {"helped": False, "instead_of_ticket": False}


def test_many_articles_are_gone_through(parley: Parley) -> None:
    ada, alice = admin(parley), parley.user("alice")
    ids = [written(ada, state="published" if number % 2 else "draft")["id"] for number in range(47)]
    voted = [article_id for article_id in ids if vote(alice, article_id).status == 200]
    assert len(voted) == 23

    assert erased(parley, "alice")["removed"]["article_votes"] == 23
