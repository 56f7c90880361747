"""PUT /support/articles/{article_id}/vote: did this help? One vote a person, which may change."""

import json
from functools import partial
from itertools import pairwise

import pytest

from tests.functional.articles import PATH, admin, meanwhile, rows, saved, vote, votes, written
from tests.functional.desk import agent
from tests.functional.replies import Refusal, at_once, invalid, refusal
from tests.harness import Parley

DAY_MS = 86_400_000
NOT_FOUND: Refusal = ("article_not_found", 404, [])
# The votes of one person after another, and what the numbers are then.
STEPS = {
    "helped": ({"helped": True}, (1, 0, 0)),
    "saved": ({"helped": True, "instead_of_ticket": True}, (1, 0, 1)),
    "not helped": ({"helped": False}, (0, 1, 0)),
}


def days(parley: Parley) -> dict[str, tuple[int, int, int]]:
    """Returns the numbers of each day."""
    found: dict[str, tuple[int, int, int]] = {}
    for row in rows(parley, "article-days"):
        helped, not_helped, saved = (int(row.get(name, {"N": "0"})["N"]) for name in ("helped", "not_helped", "saved"))
        day = row["place"]["S"].partition("#")[0]
        before = found.get(day, (0, 0, 0))
        found[day] = (before[0] + helped, before[1] + not_helped, before[2] + saved)
    return found


def test_each_person_counts_once(parley: Parley) -> None:
    article_id = written(admin(parley))["id"]
    alice, bob = parley.user("alice"), parley.user("bob")

    replies = [vote(alice, article_id) for _ in range(3)]

    assert [(reply.status, reply.json) for reply in replies] == [
        (200, {"id": article_id, "helped": True, "instead_of_ticket": False})
    ] * 3
    vote(bob, article_id, False)
    assert votes(alice, article_id) == (1, 1, 0)


@pytest.mark.parametrize("before", STEPS)
@pytest.mark.parametrize("after", STEPS)
def test_vote_is_changed(parley: Parley, before: str, after: str) -> None:
    alice, article_id = parley.user("alice"), written(admin(parley))["id"]
    for name in (before, after):
        assert alice.put(f"{PATH}/{article_id}/vote", json=STEPS[name][0]).status == 200
        assert votes(alice, article_id) == STEPS[name][1]

    assert list(days(parley).values()) == [STEPS[after][1]]


def test_vote_that_is_changed_on_another_day_counts_there(parley: Parley) -> None:
    alice, article_id = parley.user("alice"), written(admin(parley))["id"]
    vote(alice, article_id)
    [first] = days(parley)
    parley.clock.ms += DAY_MS
    alice = parley.user("alice")

    vote(alice, article_id, instead_of_ticket=True)

    counted = days(parley)
    assert (counted.pop(first), list(counted.values())) == ((0, 0, 0), [(1, 0, 1)])
    parley.clock.ms += DAY_MS
    vote(parley.user("alice"), article_id, instead_of_ticket=True)
    assert len(days(parley)) == 2  # a repeat moves nothing


def test_metrics_of_the_desk_count_votes_and_saved_tickets(parley: Parley) -> None:
    ada = admin(parley)
    ids = [written(ada)["id"] for _ in range(2)]
    for number, article_id in enumerate(ids):
        vote(parley.user("alice"), article_id, instead_of_ticket=True)
        vote(parley.user(f"b{number}"), article_id, False)
        vote(parley.user(f"c{number}"), article_id)

    total = ada.get("/support/metrics").json["total"]

    assert total["articles"] == {"helped": 4, "not_helped": 2, "saved_tickets": 2}
    before = ada.get("/support/metrics?from=2020-01-01&to=2020-01-31").json["total"]
    assert before["articles"] == {"helped": 0, "not_helped": 0, "saved_tickets": 0}
    assert len([row for row in rows(parley, "article-days")]) <= 4


def test_saved_ticket_is_a_metric_once(parley: Parley, capsys: pytest.CaptureFixture[str]) -> None:
    alice, article_id = parley.user("alice"), written(admin(parley))["id"]
    capsys.readouterr()

    vote(alice, article_id, False)
    for _ in range(5):
        vote(alice, article_id, instead_of_ticket=True)
        vote(alice, article_id, instead_of_ticket=True)
        vote(alice, article_id)

    assert saved_tickets(capsys) == [[1]]


def test_saved_ticket_is_a_metric_once_for_each_person_and_article(
    parley: Parley, capsys: pytest.CaptureFixture[str]
) -> None:
    ada, alice, bob = admin(parley), parley.user("alice"), parley.user("bob")
    first, second = (written(ada)["id"] for _ in range(2))
    capsys.readouterr()

    for voter, article_id in ((alice, first), (bob, first), (alice, second)):
        vote(voter, article_id, instead_of_ticket=True)

    assert saved_tickets(capsys) == [[1]] * 3


def saved_tickets(capsys: pytest.CaptureFixture[str]) -> list[list[int]]:
    """Returns the values of the metric since the last look."""
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"TicketsSaved"' in line]
    return [line["TicketsSaved"] for line in lines]


def test_article_that_did_not_help_saves_no_ticket(parley: Parley) -> None:
    alice, article_id = parley.user("alice"), written(admin(parley))["id"]

    reply = vote(alice, article_id, False, instead_of_ticket=True)

    assert refusal(reply) == invalid(("/instead_of_ticket", "contradiction"))
    assert votes(alice, article_id) == (0, 0, 0)


def test_nobody_votes_on_a_draft(parley: Parley) -> None:
    ada = admin(parley)
    draft = written(ada, state="draft")["id"]

    for person in (parley.user("alice"), parley.user("mona", role="moderator")):
        assert refusal(vote(person, draft)) == NOT_FOUND
    for person in (ada, agent(parley)):
        refused = vote(person, draft)
        assert refusal(refused) == ("article_not_published", 409, [("{article_id}", "article_not_published")])
        assert refused.json["rule"] == "state: published"
    assert votes(ada, draft) == (0, 0, 0)


def test_agents_vote_and_the_host_does_not(parley: Parley) -> None:
    article_id = written(admin(parley))["id"]
    assert vote(agent(parley), article_id).status == 200

    refused = vote(parley.user("backend", role="service"), article_id)

    assert (refusal(refused), refused.json["rule"]) == (("people_only", 403, []), "one vote a person")


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({}, ("/helped", "required")),
        ({"helped": None}, ("/helped", "wrong_type")),
        ({"helped": 1}, ("/helped", "wrong_type")),
        ({"helped": True, "comment": "x"}, ("/comment", "unknown_field")),
    ],
)
def test_bad_field_is_named(parley: Parley, body: dict[str, object], error: tuple[str, str]) -> None:
    article_id = written(admin(parley))["id"]
    assert refusal(parley.user("alice").put(f"{PATH}/{article_id}/vote", json=body)) == invalid(error)


def test_wrong_id_is_named(parley: Parley) -> None:
    alice = parley.user("alice")
    assert refusal(vote(alice, "hello")) == invalid(("{article_id}", "bad_format"))
    assert refusal(vote(alice, f"k_{'a' * 26}")) == NOT_FOUND


def test_two_votes_of_a_person_at_once_count_once(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    alice, article_id = parley.user("alice"), written(admin(parley))["id"]
    meanwhile(monkeypatch, "votes.put_vote", lambda: vote(alice, article_id, False))

    assert vote(alice, article_id).status == 200

    assert votes(alice, article_id) == (1, 0, 0)
    assert list(days(parley).values()) == [(1, 0, 0)]


def test_votes_of_many_at_once_all_count(parley: Parley) -> None:
    article_id = written(admin(parley))["id"]
    people = [parley.user(f"u{number}") for number in range(8)]

    replies = at_once([partial(vote, person, article_id) for person in people])

    assert [reply.status for reply in replies] == [200] * 8
    assert votes(people[0], article_id) == (8, 0, 0)


def test_vote_on_an_article_that_is_taken_back_meanwhile_is_refused(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, alice = admin(parley), parley.user("alice")
    article = written(ada)
    meanwhile(monkeypatch, "votes.put_vote", lambda: saved(ada, article, state="draft"))

    assert refusal(vote(alice, article["id"])) == NOT_FOUND
    assert days(parley) == {}


def test_vote_on_an_article_that_is_deleted_meanwhile_is_refused(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, alice = admin(parley), parley.user("alice")
    article = written(ada)
    meanwhile(monkeypatch, "votes.put_vote", lambda: ada.delete(f"{PATH}/{article['id']}"))

    assert refusal(vote(alice, article["id"])) == NOT_FOUND
    assert [row["place"]["S"].partition("#")[0] for row in rows(parley, f"article#{article['id']}")] == ["version"]


def test_votes_stay_with_each_version(parley: Parley) -> None:
    ada, alice = admin(parley), parley.user("alice")
    article = written(ada)
    vote(alice, article["id"])

    for before, after in pairwise(("published", "draft", "published")):
        assert article["state"] == before
        article = saved(ada, article, state=after)

    assert votes(ada, article["id"]) == (1, 0, 0)
