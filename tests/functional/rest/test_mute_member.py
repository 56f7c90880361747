"""PUT /admin/conversations/{conversation_id}/mutes/{user_id}: a moderator keeps a member from writing."""

import pytest

from parley.domain.conversations.group_steps import MAX_MUTED
from tests.functional.erasures import erased, everything
from tests.functional.moderation import moderator, open_to_moderators, report
from tests.functional.replies import refusal
from tests.functional.talk import bare, make_group, open_direct, say
from tests.harness import Parley, Reply, User

MUTED = ("muted", 403)


@pytest.fixture
def group(parley: Parley) -> tuple[User, User, str, str]:
    """Returns alice, mallory, the group that mallory owns, and the id of what mallory has said there."""
    alice, mallory = parley.user("alice"), parley.user("mallory")
    group_id = make_group(mallory, alice)
    [message_id] = say(mallory, group_id, "Fool!")
    report(alice, message_id)
    return alice, mallory, group_id, message_id


def mute(mona: User, group_id: str, user_id: str = "mallory", **body: object) -> Reply:
    return mona.put(f"/admin/conversations/{group_id}/mutes/{user_id}", json=body)


def test_muted_owner_reads_and_no_longer_writes(parley: Parley, group: tuple[User, User, str, str]) -> None:
    alice, mallory, group_id, message_id = group
    mona = moderator(parley)

    assert bare(mute(mona, group_id).json) == {"conversation_id": group_id, "user_id": "mallory", "muted": True}

    phone = mallory.connect()
    acts = [
        mallory.post(f"/conversations/{group_id}/messages", json={"text": "You!"}),
        mallory.patch(f"/messages/{message_id}", json={"text": "You!"}),
        mallory.put(f"/messages/{message_id}/reactions/%F0%9F%91%8D"),
        mallory.put(f"/messages/{message_id}/pin"),
        mallory.patch(f"/conversations/{group_id}", json={"title": "You!"}),
    ]
    assert [refusal(reply)[:2] for reply in acts] == [MUTED] * len(acts)
    for action in ("send_message", "typing_start"):
        frame = phone.request(
            action, {"conversation_id": group_id, "text": "You!"} if action[0] == "s" else {"conversation_id": group_id}
        )
        assert frame["error"]["code"] == "muted"
    assert mallory.get(f"/conversations/{group_id}/messages").json["messages"][-1]["text"] == "Fool!"
    assert mallory.delete(f"/messages/{message_id}").status == 200
    assert mallory.patch(f"/conversations/{group_id}/members/alice", json={"role": "owner"}).status == 200
    assert alice.post(f"/conversations/{group_id}/messages", json={"text": "Quiet."}).status == 201


def test_members_hear_of_it_and_clients_know_the_rights(parley: Parley, group: tuple[User, User, str, str]) -> None:
    _, mallory, group_id, _ = group
    phone = mallory.connect()

    mute(moderator(parley), group_id)

    [event] = phone.events("conversation_updated")
    shared = event["data"]["shared"]
    assert (shared["muted_ids"], event["data"]["user_id"]) == (["mallory"], "~parley.system-moderators")
    assert shared["capabilities"]["muted_owner"] == mallory.get(f"/conversations/{group_id}").json["capabilities"]
    assert "send_message" not in shared["capabilities"]["muted_owner"]
    assert phone.events("new_message") == []


def test_other_conversations_stay_open(parley: Parley, group: tuple[User, User, str, str]) -> None:
    alice, mallory, group_id, _ = group
    mute(moderator(parley), group_id)

    assert say(mallory, open_direct(mallory, alice), "Hello")


def test_person_who_leaves_and_comes_back_is_still_muted(parley: Parley, group: tuple[User, User, str, str]) -> None:
    alice, mallory, group_id, _ = group
    assert mallory.patch(f"/conversations/{group_id}/members/alice", json={"role": "owner"}).status == 200
    mute(moderator(parley), group_id)
    assert mallory.delete(f"/conversations/{group_id}/members/mallory").status == 200
    assert alice.post(f"/conversations/{group_id}/members", json={"user_ids": ["mallory"]}).status == 200

    refused = mallory.post(f"/conversations/{group_id}/messages", json={"text": "You!"})

    assert refusal(refused)[:2] == MUTED


def test_erased_person_is_in_no_list(parley: Parley, group: tuple[User, User, str, str]) -> None:
    _, _, group_id, _ = group
    mute(moderator(parley), group_id)

    erased(parley, "mallory")

    assert '"mallory"' not in everything(parley)


def test_second_try_writes_nothing_more(parley: Parley, group: tuple[User, User, str, str]) -> None:
    *_, group_id, _ = group
    mona = moderator(parley)
    first = mute(mona, group_id)
    before = everything(parley)

    assert (mute(mona, group_id).json, everything(parley)) == (first.json, before)


def test_person_who_is_not_in_the_group(parley: Parley, group: tuple[User, User, str, str]) -> None:
    *_, group_id, _ = group
    parley.user("carol")

    assert refusal(mute(moderator(parley), group_id, "carol")) == ("member_not_found", 404, [])


def test_group_has_a_bound_of_muted_members(parley: Parley, group: tuple[User, User, str, str]) -> None:
    *_, group_id, _ = group
    parley.store.client("dynamodb").update_item(
        TableName=parley.template.resources["Conversations"].ref,
        Key={"conversation_id": {"S": group_id}},
        UpdateExpression="SET muted_ids = :ids",
        ExpressionAttributeValues={":ids": {"L": [{"S": f"u{number}"} for number in range(MAX_MUTED)]}},
    )

    assert refusal(mute(moderator(parley), group_id))[:2] == ("too_many_muted", 409)


def test_nobody_mutes_themselves_or_a_moderator_of_their_rank(parley: Parley) -> None:
    alice, mona, max_ = parley.user("alice"), moderator(parley), moderator(parley, "max")
    group_id = make_group(alice, mona, max_)
    [message_id] = say(max_, group_id, "Fool!")
    report(alice, message_id)

    assert [refusal(mute(mona, group_id, one))[:2] for one in ("max", "mona")] == [("rank_too_high", 403)] * 2


def test_act_that_is_taken_back_and_made_again_within_a_millisecond_has_two_entries(parley: Parley) -> None:
    alice, mallory = parley.user("alice"), parley.user("mallory")
    group, mona = open_to_moderators(parley, make_group(alice, mallory)), moderator(parley)
    path = f"/admin/conversations/{group}/mutes/mallory"

    statuses = [mona.request(method, path, json={}).status for method in ("PUT", "DELETE", "PUT", "PUT")]

    assert statuses == [200, 200, 200, 200]
    made = [entry["action"] for entry in mona.get("/admin/audit").json["entries"]]
    assert (made.count("mute_member"), made.count("unmute_member")) == (2, 1)


def test_member_who_never_signed_in_is_an_ordinary_person(parley: Parley) -> None:
    alice, mona = parley.user("alice"), moderator(parley)
    group_id = open_to_moderators(parley, make_group(alice, User(parley, "", "ghost")))

    assert mute(mona, group_id, "ghost").status == 200
    assert mona.delete(f"/admin/conversations/{group_id}/members/ghost").status == 200
