"""DELETE /admin/conversations/{conversation_id}/members/{user_id}: a moderator takes a member out of a group."""

import pytest

from tests.functional.erasures import everything
from tests.functional.moderation import moderator, report
from tests.functional.replies import refusal
from tests.functional.talk import bare, make_group, open_direct, say
from tests.harness import Parley, User


@pytest.fixture
def group(parley: Parley) -> tuple[User, User, User, str, str]:
    """Returns alice, bob, mallory, the group that mallory owns, and alice's report of mallory."""
    alice, bob, mallory = (parley.user(one) for one in ("alice", "bob", "mallory"))
    group_id = make_group(mallory, alice, bob)
    [message_id] = say(mallory, group_id, "Fool!")
    return alice, bob, mallory, group_id, report(alice, message_id).json["id"]


def test_only_owner_is_taken_out_and_an_heir_gets_the_group(
    parley: Parley, group: tuple[User, User, User, str, str]
) -> None:
    alice, bob, mallory, group_id, report_id = group
    assert mallory.patch(f"/conversations/{group_id}/members/bob", json={"role": "admin"}).status == 200
    screen, phone, mona = bob.connect(), mallory.connect(), moderator(parley)

    gone = mona.delete(f"/admin/conversations/{group_id}/members/mallory?report_id={report_id}")

    assert bare(gone.json) == {"conversation_id": group_id, "user_id": "mallory", "member_count": 2}
    assert mallory.get(f"/conversations/{group_id}").status == 404
    [heard] = screen.events("member_removed")
    assert (heard["data"]["removed_id"], heard["data"]["user_id"]) == ("mallory", "~parley.system-moderators")
    assert heard["data"]["shared"]["owner_ids"] == ["bob"]
    assert len(phone.events("member_removed")) == 1
    assert mona.get(f"/admin/reports/{report_id}").json["report"]["status"] == "resolved"


def test_second_try_writes_nothing_more(parley: Parley, group: tuple[User, User, User, str, str]) -> None:
    *_, group_id, _ = group
    mona = moderator(parley)
    first = mona.delete(f"/admin/conversations/{group_id}/members/mallory")
    before = everything(parley)

    assert mona.delete(f"/admin/conversations/{group_id}/members/mallory").json == first.json
    assert everything(parley) == before


def test_person_who_is_not_in_the_group(parley: Parley, group: tuple[User, User, User, str, str]) -> None:
    *_, group_id, _ = group
    parley.user("carol")

    refused = moderator(parley).delete(f"/admin/conversations/{group_id}/members/carol")

    assert refusal(refused) == ("member_not_found", 404, [])


def test_nobody_takes_out_a_moderator_of_their_rank(parley: Parley) -> None:
    alice, mona, max_ = parley.user("alice"), moderator(parley), moderator(parley, "max")
    group_id = make_group(alice, mona, max_)
    [message_id] = say(max_, group_id, "Fool!")
    report(alice, message_id)

    for user_id in ("max", "mona"):
        refused = mona.delete(f"/admin/conversations/{group_id}/members/{user_id}")
        assert refusal(refused)[:2] == ("rank_too_high", 403)


def test_direct_conversation_keeps_its_two_people(parley: Parley) -> None:
    alice, mallory = parley.user("alice"), parley.user("mallory")
    direct = open_direct(alice, mallory)
    [message_id] = say(mallory, direct, "Fool!")
    report(alice, message_id)

    refused = moderator(parley).delete(f"/admin/conversations/{direct}/members/mallory")

    assert refusal(refused)[0] in ("groups_only", "member_not_found")


def test_group_moves_to_the_top_of_lists_after_an_hour(
    parley: Parley, group: tuple[User, User, User, str, str]
) -> None:
    alice, bob, _, group_id, _ = group
    parley.advance(3_700)
    open_direct(alice, bob)

    assert moderator(parley).delete(f"/admin/conversations/{group_id}/members/mallory").status == 200
    assert alice.get("/conversations").json["conversations"][0]["id"] == group_id
