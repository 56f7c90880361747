"""GET /me/reports: a reporter sees what they have reported, and what became of it."""

import pytest

from bench.calls import recording
from tests.functional.erasures import erased
from tests.functional.moderation import moderator, report, reported, talk
from tests.functional.replies import invalid, refusal
from tests.functional.suspending import suspend
from tests.harness import Parley


def test_reporter_sees_their_report_and_its_outcome(parley: Parley) -> None:
    report_id = reported(parley)
    alice = parley.user("alice")
    [before] = alice.get("/me/reports").json["reports"]

    suspend(parley, "mallory", report_id=report_id, resolution="Suspended.")

    [after] = alice.get("/me/reports").json["reports"]
    assert (before["id"], before["status"], before["note"]) == (report_id, "open", "Third time.")
    assert after == before | {"status": "resolved"}


def test_reporter_learns_nothing_of_the_moderator(parley: Parley) -> None:
    report_id = reported(parley)
    moderator(parley).patch(
        f"/admin/reports/{report_id}",
        json={"version": 1, "status": "dismissed", "resolution": "Harmless.", "note": "?"},
    )

    answer = parley.user("alice").get("/me/reports")

    assert answer.json["reports"][0]["status"] == "dismissed"
    assert "mona" not in answer.text
    assert "Harmless" not in answer.text


def test_others_see_nothing_of_it(parley: Parley) -> None:
    reported(parley)

    for user_id in ("mallory", "carol"):
        assert parley.user(user_id).get("/me/reports").json == {"reports": [], "next": None}
    assert moderator(parley).get("/me/reports").json["reports"] == []


def test_pages_come_newest_first_and_miss_nothing(parley: Parley) -> None:
    alice, _, ids = talk(parley, *(f"text {number}" for number in range(5)))
    filed = []
    for message_id in ids:
        parley.clock.ms += 1000
        filed.append(report(alice, message_id).json["id"])

    seen, cursor = [], ""
    while True:
        page = alice.get(f"/me/reports?limit=2{cursor}").json
        seen += [one["id"] for one in page["reports"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"

    assert seen == filed[::-1]


def test_rows_of_the_release_before_are_found(parley: Parley) -> None:
    """The index takes in what 0.1.0 has written: its rows have the reporter and the time."""
    from parley.adapters.dynamodb import tables

    reported(parley)
    row = tables.Report.get(parley.user("alice").get("/me/reports").json["reports"][0]["id"])

    assert {"reporter_id", "created_at_ms"} <= row.attribute_values.keys()
    assert not {"by_reporter", "reporter_key"} & row.attribute_values.keys()


def test_report_of_a_rule_is_nobodys_own(parley: Parley) -> None:
    rules = [{"text": "fool", "action": "flag"}]
    moderator(parley).put("/admin/banned-words", json={"version": 0, "rules": rules})
    talk(parley)

    for user_id in ("alice", "mallory"):
        assert parley.user(user_id).get("/me/reports").json["reports"] == []
    assert len(moderator(parley).get("/admin/reports").json["reports"]) == 1


def test_after_the_erasure_of_the_author_the_report_is_still_there(parley: Parley) -> None:
    report_id = reported(parley)

    erased(parley, "mallory")

    [own] = parley.user("alice").get("/me/reports").json["reports"]
    assert own["id"] == report_id


def test_it_takes_two_round_trips(parley: Parley) -> None:
    reported(parley)
    alice = parley.user("alice")
    alice.get("/me/reports")
    parley.hooks.clear()  # the recorder looks at items under the functions' names, which their roles do not allow

    with recording() as recorded:
        alice.get("/me/reports")

    assert recorded.round_trips <= 2


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ("limit=0", "?limit", "too_small"),
        ("limit=101", "?limit", "too_large"),
        ("cursor=x", "?cursor", "bad_cursor"),
        ("status=open", "?status", "unknown_field"),
    ],
)
def test_wrong_queries_are_named(parley: Parley, query: str, field: str, code: str) -> None:
    assert refusal(parley.user("alice").get(f"/me/reports?{query}")) == invalid((field, code))
