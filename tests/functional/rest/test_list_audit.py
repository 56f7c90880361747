"""GET /admin/audit: what moderators and administrators did, the newest first."""

from datetime import UTC, datetime
from hashlib import sha256

import pytest

from tests.functional.erasures import erase
from tests.functional.moderation import moderator, open_to_moderators, report, talk
from tests.functional.replies import invalid, refusal
from tests.functional.talk import make_group, open_direct, say
from tests.harness import Parley, User


def act(parley: Parley, person: User, report_ids: list[str]) -> None:
    """Lets a moderator read reports, a second between them."""
    for report_id in report_ids:
        assert person.get(f"/admin/reports/{report_id}").status == 200
        parley.clock.ms += 1000


def filed(parley: Parley, count: int) -> list[str]:
    alice, _, message_ids = talk(parley, *(f"insult {number}" for number in range(count)))
    return [str(report(alice, one).json["id"]) for one in message_ids]


def at(parley: Parley, year: int, month: int, day: int) -> None:
    """Sets the clock; tokens of before have run out."""
    parley.clock.ms = int(datetime(year, month, day, tzinfo=UTC).timestamp()) * 1000


def pages(person: User, query: str) -> list[list[str]]:
    """Returns the targets on each page."""
    found, cursor = [], ""
    while cursor is not None:
        page = person.get(f"/admin/audit?{query}{cursor and '&cursor=' + cursor}").json
        found.append([entry["target"] for entry in page["entries"]])
        cursor = page["next"]
    return found


def targets(person: User, query: str) -> list[str]:
    """Returns the targets on all pages."""
    return [one for page in pages(person, query) for one in page]


def test_pages_hold_every_entry_once_the_newest_first_over_months(parley: Parley) -> None:
    at(parley, 2027, 1, 31)
    reports = filed(parley, 5)
    act(parley, moderator(parley), reports[:2])
    at(parley, 2027, 2, 3)
    act(parley, moderator(parley), reports[2:3])
    at(parley, 2027, 4, 1)
    mona = moderator(parley)
    act(parley, mona, reports[3:])

    found = pages(mona, "limit=2")

    assert [one for page in found for one in page] == reports[::-1]
    assert found[:2] == [[reports[4], reports[3]], [reports[2], reports[1]]]


def test_actor_action_and_day_narrow_it_down(parley: Parley) -> None:
    at(parley, 2027, 3, 9)
    one, two, three = filed(parley, 3)
    act(parley, moderator(parley), [one])
    at(parley, 2027, 3, 10)
    mona, ada = moderator(parley), moderator(parley, "ada", "admin")
    act(parley, mona, [two])
    act(parley, ada, [three])
    ada.patch(f"/admin/reports/{one}", json={"version": 1, "status": "dismissed"})

    assert targets(mona, "actor=mona") == [two, one]
    assert targets(mona, "actor=ada&action=read_report") == [three]
    assert targets(mona, "action=resolve_report") == [one]
    assert targets(mona, "from=2027-03-10&action=read_report") == [three, two]
    assert targets(mona, "from=2027-03-11") == []
    assert targets(mona, "from=2027-03-10T00:00:00Z&action=read_report") == [three, two]
    assert targets(mona, "from=0001-01-01&action=read_report") == targets(mona, "action=read_report")


def test_one_request_looks_through_so_many_entries_and_the_next_goes_on(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("parley.actions.moderation.audit.MAX_LOOKED", 2)
    at(parley, 2027, 3, 9)
    reports = filed(parley, 3)
    act(parley, moderator(parley, "ada", "admin"), reports[:1])
    mona = moderator(parley)
    act(parley, mona, reports[1:])

    found = pages(mona, "actor=ada")

    assert found[0] == [] and [one for page in found for one in page] == reports[:1]


def test_long_ago_takes_several_requests(parley: Parley) -> None:
    at(parley, 2026, 12, 1)
    reports = filed(parley, 1)
    act(parley, moderator(parley), reports)
    at(parley, 2028, 6, 1)

    found = pages(moderator(parley), "limit=5")

    assert len(found) == 3 and [one for page in found for one in page] == reports


@pytest.mark.parametrize("role", ["user", "service"])
def test_log_is_for_moderators(parley: Parley, role: str) -> None:
    assert refusal(parley.user("nosy", role=role).get("/admin/audit")) == ("moderators_only", 403, [])


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ("actor=a%23b", ("?actor", "bad_format")),
        ("action=sleep", ("?action", "not_allowed")),
        ("from=yesterday", ("?from", "bad_format")),
        ("from=2026-02-30", ("?from", "bad_format")),
        ("limit=1000", ("?limit", "too_large")),
        ("cursor=x", ("?cursor", "bad_cursor")),
        ("cursor=WyIyMDI2LTEzIiwgbnVsbF0", ("?cursor", "bad_cursor")),
        ("since=2026-01-01", ("?since", "unknown_field")),
    ],
)
def test_wrong_parameter_is_named(parley: Parley, query: str, wrong: tuple[str, str]) -> None:
    assert refusal(moderator(parley).get(f"/admin/audit?{query}")) == invalid(wrong)


def test_what_moderators_read_or_take_away_of_others_and_whom_the_host_erases_is_told(parley: Parley) -> None:
    alice, bob, mona = parley.user("alice"), parley.user("bob"), moderator(parley)
    conversation_id = open_to_moderators(parley, open_direct(alice, bob))
    [message_id] = say(alice, conversation_id, "one")
    alice.patch(f"/messages/{message_id}", json={"text": "two"})

    assert mona.get(f"/messages/{message_id}/versions").status == 200
    parley.clock.ms += 1000
    export = mona.post(f"/conversations/{conversation_id}/export", json={"format": "jsonl"}).json
    parley.clock.ms += 1000
    erasure = erase(parley, "bob")
    erase(parley, "bob")  # asked for again, it is the same one

    told = mona.get("/admin/audit").json["entries"]
    assert [(one["actor_id"], one["action"], one["target"]) for one in told] == [
        ("host", "erase_user", erasure["id"]),
        ("mona", "export_conversation", conversation_id),
        ("mona", "read_edits", message_id),
    ]
    assert told[0]["details"] == {"user_sha256": sha256(b"bob").hexdigest()}
    assert told[1]["details"] == {"export_id": export["id"], "format": "jsonl"}


def test_what_shows_nothing_that_anybody_wrote_is_nothing_for_the_log(parley: Parley) -> None:
    [report_id] = filed(parley, 1)
    mona = moderator(parley)

    for path in ("/admin/reports", "/admin/banned-words", "/admin/audit", "/users", "/users/alice"):
        assert mona.get(path).status == 200
    assert targets(mona, "") == []

    assert mona.get(f"/admin/reports/{report_id}").status == 200
    assert targets(mona, "") == [report_id]


def test_what_members_do_in_their_own_conversations_is_nothing_for_the_log(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    group = make_group(alice, bob)
    [message_id] = say(bob, group, "one")
    bob.patch(f"/messages/{message_id}", json={"text": "two"})

    assert alice.get(f"/messages/{message_id}/versions").status == 200
    assert alice.post(f"/conversations/{group}/export", json={"format": "jsonl"}).status == 202

    assert targets(moderator(parley), "") == []
