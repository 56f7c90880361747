"""GET /admin/warnings: the newest warnings of a person, for moderators."""

from tests.functional.moderation import moderator, report
from tests.functional.replies import invalid, refusal
from tests.functional.talk import bare, in_s, open_direct, say
from tests.harness import Parley, User


def warn(by: User, reason: str, **more: object) -> str:
    reply = by.post("/admin/warnings", json={"user_id": "mallory", "reason": reason, **more})
    assert reply.status == 201, reply
    return str(reply.json["id"])


def test_moderators_see_what_others_have_warned_a_person_of(parley: Parley) -> None:
    alice, mallory = parley.user("alice"), parley.user("mallory")
    [message_id] = say(mallory, open_direct(alice, mallory), "You are a fool.")
    report_id = report(alice, message_id).json["id"]
    mona, max_ = moderator(parley), moderator(parley, "max")
    first = warn(mona, "No insults here.", report_id=report_id)
    parley.advance(1)
    second = warn(max_, "I have told you.")

    shown = max_.get("/admin/warnings?user_id=mallory").json

    of_each = {"user_id": "mallory"}
    assert bare(shown) == {
        "warnings": [
            of_each | {"id": second, "reason": "I have told you.", "warned_at": in_s(parley, 0), "report_id": None},
            of_each
            | {"id": first, "reason": "No insults here.", "warned_at": in_s(parley, -1), "report_id": report_id},
        ]
    }


def test_person_without_warnings_has_none(parley: Parley) -> None:
    parley.user("mallory")

    assert moderator(parley).get("/admin/warnings?user_id=mallory").json == {"warnings": [], "users": {}}


def test_the_newest_ten_are_shown(parley: Parley) -> None:
    parley.user("mallory")
    mona = moderator(parley)
    given = [warn(mona, f"{number}", client_id=f"c{number}") for number in range(11)]

    shown = mona.get("/admin/warnings?user_id=mallory").json["warnings"]

    assert [each["id"] for each in shown] == given[:0:-1]


def test_list_begins_with_a_person(parley: Parley) -> None:
    mona = moderator(parley)

    assert refusal(mona.get("/admin/warnings")) == invalid(("?user_id", "required"))
    assert refusal(mona.get("/admin/warnings?user_id=a%23b")) == invalid(("?user_id", "bad_format"))
