"""GET /admin/removals/{removal_id}: the progress of a removal of what a person wrote."""

import pytest

from parley.domain.moderation.removals import KEPT_S, STALLED_MS
from tests.functional.moderation import moderator, talk
from tests.functional.replies import WRONG_IDS, Refusal, invalid, refusal
from tests.functional.talk import bare, in_s
from tests.harness import Frame, Parley, User

NO_REMOVAL: Refusal = ("removal_not_found", 404, [])


def asked(mona: User) -> Frame:
    body = {"user_id": "mallory", "hours": 24, "reason": "Spam."}
    return dict(mona.post("/admin/removals", json=body).json)


def test_every_moderator_sees_how_far_a_removal_is(parley: Parley) -> None:
    talk(parley)
    removal_id = asked(moderator(parley))["id"]

    shown = moderator(parley, "max").get(f"/admin/removals/{removal_id}").json

    expected = {"id": removal_id, "user_id": "mallory", "hours": 24, "reason": "Spam.", "report_id": None}
    expected |= {"state": "running", "code": None, "removed": 0, "finished_at": None}
    expected |= {"since": in_s(parley, -24 * 3600), "until": in_s(parley, 0), "created_at": in_s(parley, 0)}
    assert shown.pop("expires_at")[:19] == in_s(parley, KEPT_S)[:19]
    assert bare(shown) == expected


def test_job_that_has_not_moved_for_long_has_failed(parley: Parley) -> None:
    talk(parley)
    mona = moderator(parley)
    removal_id = asked(mona)["id"]
    parley.advance(STALLED_MS // 1000)

    assert mona.get(f"/admin/removals/{removal_id}").json["state"] == "failed"


def test_removal_can_be_asked_for_7_days(parley: Parley) -> None:
    talk(parley)
    removal_id = asked(moderator(parley))["id"]
    parley.advance(KEPT_S)

    assert refusal(moderator(parley).get(f"/admin/removals/{removal_id}")) == NO_REMOVAL


@pytest.mark.parametrize("wrong", WRONG_IDS.values(), ids=WRONG_IDS.keys())
def test_what_is_no_id_of_a_removal_is_refused(parley: Parley, wrong: str) -> None:
    reply = moderator(parley).get(f"/admin/removals/{wrong}")

    assert refusal(reply) == invalid(("{removal_id}", "bad_format"))


def test_unknown_removal_does_not_exist(parley: Parley) -> None:
    assert refusal(moderator(parley).get("/admin/removals/m_" + "a" * 26)) == NO_REMOVAL
