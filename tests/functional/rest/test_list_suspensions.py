"""GET /admin/suspensions: a moderator looks at the suspensions that hold."""

from tests.functional.erasures import host
from tests.functional.moderation import moderator
from tests.functional.replies import invalid, refusal
from tests.functional.suspending import suspend
from tests.functional.talk import bare, in_s
from tests.harness import Frame, Parley, User


def suspend_for(parley: Parley, **seconds: int) -> None:
    """Suspends people, each for so many seconds."""
    for user_id, length_s in seconds.items():
        parley.user(user_id)
        assert suspend(parley, user_id, until=in_s(parley, length_s)).status == 200


def pages(person: User, limit: int) -> list[list[Frame]]:
    """Returns the suspensions of each page."""
    found, cursor = [], ""
    while True:
        page = person.get(f"/admin/suspensions?limit={limit}{cursor}").json
        found.append(page["suspensions"])
        if page["next"] is None:
            return found
        cursor = f"&cursor={page['next']}"


def test_first_to_end_comes_first(parley: Parley) -> None:
    suspend_for(parley, alice=300, bob=100, carol=200)

    [page] = pages(moderator(parley), 3)

    assert [each["user_id"] for each in page] == ["bob", "carol", "alice"]
    assert page[0] == bare(moderator(parley).get("/admin/suspensions/bob").json)


def test_pages_have_everybody_once(parley: Parley) -> None:
    suspend_for(parley, alice=100, bob=100, carol=100, dave=200)

    found = pages(host(parley), 1)

    assert [len(page) for page in found] == [1, 1, 1, 1]
    assert {page[0]["user_id"] for page in found} == {"alice", "bob", "carol", "dave"}


def test_what_is_over_or_lifted_is_not_listed(parley: Parley) -> None:
    suspend_for(parley, alice=100, bob=200, carol=300)
    moderator(parley).delete("/admin/suspensions/carol")

    parley.advance(100)

    assert [each["user_id"] for each in pages(moderator(parley), 50)[0]] == ["bob"]


def test_nobody_is_suspended(parley: Parley) -> None:
    assert moderator(parley).get("/admin/suspensions").json == {"suspensions": [], "next": None, "users": {}}


def test_only_moderators_may(parley: Parley) -> None:
    assert refusal(parley.user("alice").get("/admin/suspensions")) == ("moderators_only", 403, [])


def test_wrong_parameters_are_named(parley: Parley) -> None:
    mona = moderator(parley)

    assert refusal(mona.get("/admin/suspensions?cursor=abc")) == invalid(("?cursor", "bad_cursor"))
    assert refusal(mona.get("/admin/suspensions?limit=101")) == invalid(("?limit", "too_large"))
