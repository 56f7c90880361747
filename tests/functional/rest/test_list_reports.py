"""GET /admin/reports: the moderators' queue."""

import pytest

from tests.functional.moderation import TEXT, moderator, report, reported, talk
from tests.functional.replies import invalid, refusal
from tests.functional.talk import in_s
from tests.harness import Parley, Reply


def ids(reply: Reply) -> list[str]:
    return [one["id"] for one in reply.json["reports"]]


def file_reports(parley: Parley, count: int) -> list[str]:
    """Returns the ids of reports, the oldest first, a second between them."""
    alice, _, message_ids = talk(parley, *(f"insult {number}" for number in range(count)))
    found = []
    for message_id in message_ids:
        found.append(str(report(alice, message_id).json["id"]))
        parley.advance(1)
    return found


def test_report_stands_there_without_what_anybody_wrote(parley: Parley) -> None:
    report_id = reported(parley)

    reply = moderator(parley).get("/admin/reports")

    assert reply.status == 200
    [found] = reply.json["reports"]
    assert found == {
        "id": report_id,
        "message_id": found["message_id"],
        "conversation_id": found["message_id"].partition(".")[0],
        "sender_id": "mallory",
        "reporter_id": "alice",
        "reason": "harassment",
        "rule": None,
        "status": "open",
        "version": 1,
        "created_at": in_s(parley, 0),
        "handled_by": None,
        "handled_at": None,
    }
    assert TEXT not in reply.text and "Third" not in reply.text


def test_pages_hold_every_report_once_the_oldest_first(parley: Parley) -> None:
    filed = file_reports(parley, 5)
    mona = moderator(parley)

    pages, cursor = [], ""
    while cursor is not None:
        page = mona.get(f"/admin/reports?limit=2{cursor and '&cursor=' + cursor}")
        pages.append(ids(page))
        cursor = page.json["next"]

    assert pages == [filed[:2], filed[2:4], filed[4:]]
    assert ids(mona.get("/admin/reports?order=newest")) == filed[::-1]


def test_each_status_is_a_list_of_its_own(parley: Parley) -> None:
    one, two, three = file_reports(parley, 3)
    mona = moderator(parley)
    mona.patch(f"/admin/reports/{one}", json={"version": 1, "status": "resolved"})
    mona.patch(f"/admin/reports/{two}", json={"version": 1, "status": "in_review"})

    lists = {s: ids(mona.get(f"/admin/reports?status={s}")) for s in ("open", "in_review", "resolved", "dismissed")}

    assert lists == {"open": [three], "in_review": [two], "resolved": [one], "dismissed": []}


@pytest.mark.parametrize("role", ["user", "teacher", "Admin"])
def test_queue_is_for_moderators_and_the_host(parley: Parley, role: str) -> None:
    reported(parley)
    someone = parley.user("nosy", role=role)

    reply = someone.get("/admin/reports")

    assert refusal(reply) == ("moderators_only", 403, [])
    assert reply.json["rule"] == "ModeratorRoles"


def test_admin_moderates_too(parley: Parley) -> None:
    report_id = reported(parley)

    assert ids(moderator(parley, "ada", "admin").get("/admin/reports")) == [report_id]


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ("status=new", ("?status", "not_allowed")),
        ("order=random", ("?order", "not_allowed")),
        ("limit=0", ("?limit", "too_small")),
        ("cursor=x", ("?cursor", "bad_cursor")),
        ("cursor=WzEsInJfYSJd", ("?cursor", "bad_cursor")),
        ("reason=spam", ("?reason", "unknown_field")),
    ],
)
def test_wrong_parameter_is_named(parley: Parley, query: str, wrong: tuple[str, str]) -> None:
    assert refusal(moderator(parley).get(f"/admin/reports?{query}")) == invalid(wrong)
