"""GET /admin/suspensions/{user_id}: a moderator looks at a suspension."""

from tests.functional.erasures import host
from tests.functional.moderation import moderator
from tests.functional.replies import Refusal, invalid, refusal
from tests.functional.suspending import HOUR_S, suspended
from tests.harness import Parley

NONE: Refusal = ("suspension_not_found", 404, [])


def test_suspension_is_shown_as_it_was_put(parley: Parley) -> None:
    parley.user("bob")
    suspension = suspended(parley, "bob", "all")

    for person in (moderator(parley, "max"), host(parley)):
        assert person.get("/admin/suspensions/bob").json == suspension


def test_person_who_is_not_suspended_has_none(parley: Parley) -> None:
    parley.user("bob")

    assert refusal(moderator(parley).get("/admin/suspensions/bob")) == NONE
    assert refusal(moderator(parley).get("/admin/suspensions/nina")) == NONE


def test_suspension_that_is_over_is_none(parley: Parley) -> None:
    parley.user("bob")
    suspended(parley, "bob")
    parley.advance(HOUR_S)

    assert refusal(moderator(parley).get("/admin/suspensions/bob")) == NONE


def test_only_moderators_may(parley: Parley) -> None:
    suspended(parley, parley.user("bob").user_id)

    assert refusal(parley.user("alice").get("/admin/suspensions/bob")) == ("moderators_only", 403, [])
    assert refusal(parley.user("bob").get("/admin/suspensions/bob"))[0] == "suspended"


def test_what_is_no_id_is_refused(parley: Parley) -> None:
    assert refusal(moderator(parley).get("/admin/suspensions/%20")) == invalid(("{user_id}", "bad_format"))
