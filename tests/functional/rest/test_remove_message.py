"""DELETE /admin/messages/{message_id}: a moderator removes a message for all members."""

import pytest

from tests.functional.attachment_ends import objects, sent, settle, step
from tests.functional.attachments import clean_attachment
from tests.functional.erasures import erased, everything, host
from tests.functional.moderation import TEXT, moderator, report, reported, talk
from tests.functional.replies import Meanwhile, Refusal, invalid, refusal
from tests.functional.suspending import DAY_S
from tests.functional.talk import bare, in_s, joined, make_group, open_direct, say
from tests.harness import Frame, Parley, User

NO_MESSAGE: Refusal = ("message_not_found", 404, [])
TOO_HIGH: Refusal = ("rank_too_high", 403, [])


def remove(moderator: User, message_id: str, query: str = "") -> Frame:
    reply = moderator.delete(f"/admin/messages/{message_id}{query}")
    assert reply.status == 200, reply
    return dict(reply.json)


def actions(mona: User) -> list[tuple[str, str]]:
    return [(one["action"], one["target"]) for one in mona.get("/admin/audit").json["entries"]]


def test_moderator_who_is_no_member_removes_a_reported_message(parley: Parley) -> None:
    alice, mallory, [message_id] = talk(parley)
    conversation_id = message_id.split(".")[0]
    report(alice, message_id)
    phone = joined(mallory, conversation_id)

    tombstone = remove(moderator(parley), message_id)

    assert (tombstone["text"], tombstone["removed"], tombstone["deleted_at"]) == ("", True, in_s(parley, 0))
    for person in (alice, mallory):
        assert person.get(f"/messages/{message_id}").json == tombstone
        assert person.get("/search?q=fool").json["results"] == []
    [event] = phone.events("message_deleted")
    assert (event["data"]["message"], event["data"]["user_id"]) == (bare(tombstone), "~parley.system-moderators")
    listed = alice.get("/conversations").json["conversations"][0]["last_message"]
    assert (listed["text"], listed["deleted_at"]) == ("", in_s(parley, 0))


def test_report_is_decided_and_its_reporter_told_in_the_same_act(parley: Parley) -> None:
    report_id = reported(parley, TEXT)
    phone, mona = parley.user("alice").connect(), moderator(parley)
    message_id = mona.get(f"/admin/reports/{report_id}").json["report"]["message_id"]

    remove(mona, message_id, f"?report_id={report_id}&resolution=Removed.")

    decided = mona.get(f"/admin/reports/{report_id}").json["report"]
    assert (decided["status"], decided["resolution"], decided["handled_by"]) == ("resolved", "Removed.", "mona")
    assert [event["data"]["report"]["status"] for event in phone.events("report_updated")] == ["resolved"]
    entry = next(one for one in mona.get("/admin/audit").json["entries"] if one["action"] == "remove_message")
    assert (entry["target"], entry["details"]) == (message_id, {"report_id": report_id})


def test_message_of_a_conversation_without_a_report_does_not_exist_for_moderators(parley: Parley) -> None:
    alice, mallory, [message_id] = talk(parley)
    elsewhere = make_group(alice, mallory)
    [other] = say(mallory, elsewhere, TEXT)
    report(alice, other)

    refused = moderator(parley).delete(f"/admin/messages/{message_id}")

    assert refusal(refused) == NO_MESSAGE
    assert alice.get(f"/messages/{message_id}").json["text"] == TEXT


def test_moderators_who_read_any_conversation_remove_any_message(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, _, [message_id] = talk(parley)
    monkeypatch.setenv("MODERATOR_READS", "any")

    assert remove(moderator(parley), message_id)["removed"]


def test_host_removes_any_message(parley: Parley) -> None:
    _, _, [message_id] = talk(parley)

    assert remove(host(parley), message_id)["removed"]


def test_message_that_a_rule_has_flagged_is_reported(parley: Parley) -> None:
    mona = moderator(parley)
    rules = {"version": 0, "rules": [{"text": "fool", "action": "flag"}]}
    assert mona.put("/admin/banned-words", json=rules).status == 200
    parley.advance(61)
    _, _, [message_id] = talk(parley)

    assert remove(mona, message_id)["removed"]


def test_report_that_an_earlier_version_wrote_gives_the_right(parley: Parley) -> None:
    report_id = reported(parley, TEXT)
    mona = moderator(parley)
    message_id = mona.get(f"/admin/reports/{report_id}").json["report"]["message_id"]
    heads = parley.template.resources["Conversations"].ref
    parley.store.client("dynamodb").update_item(
        TableName=heads,
        Key={"conversation_id": {"S": message_id.split(".")[0]}},
        UpdateExpression="REMOVE is_reported",
    )

    refused = mona.delete(f"/admin/messages/{message_id}")
    removed = remove(mona, message_id, f"?report_id={report_id}")

    assert (refusal(refused), removed["removed"]) == (NO_MESSAGE, True)
    assert mona.post(f"/admin/messages/{message_id}/restore").status == 200


def test_nobody_removes_what_they_wrote_or_a_person_of_their_rank_did(parley: Parley) -> None:
    mona, max_ = moderator(parley), moderator(parley, "max")
    direct = open_direct(mona, max_)
    [own] = say(mona, direct, "mine")
    [peers] = say(max_, direct, "his")
    report(mona, peers)

    for message_id in (own, peers):
        assert refusal(mona.delete(f"/admin/messages/{message_id}")) == TOO_HIGH
    assert remove(moderator(parley, "ada", "admin"), peers)["removed"]


def test_role_that_changes_meanwhile_is_looked_at_again(parley: Parley) -> None:
    alice, _, [message_id] = talk(parley)
    report(alice, message_id)
    mona, server = moderator(parley), host(parley)
    promoted = {"name": "Mallory", "role": "admin"}
    meanwhile = Meanwhile("TransactWriteItems", lambda: server.put("/users/mallory", json=promoted))
    parley.hooks.append(meanwhile)

    reply = mona.delete(f"/admin/messages/{message_id}")

    assert meanwhile.happened
    assert refusal(reply) == TOO_HIGH


def test_second_try_writes_nothing_more(parley: Parley) -> None:
    report_id = reported(parley, TEXT)
    mona = moderator(parley)
    message_id = mona.get(f"/admin/reports/{report_id}").json["report"]["message_id"]
    query = f"?report_id={report_id}&resolution=Removed."
    first = remove(mona, message_id, query)
    parley.advance(1)
    before = everything(parley)

    assert remove(mona, message_id, query) == first
    assert everything(parley) == before
    other = mona.delete(f"/admin/messages/{message_id}?report_id={report_id}&resolution=No.")
    assert refusal(other)[:2] == ("report_changed", 409)


def test_report_must_be_about_this_person_and_conversation(parley: Parley) -> None:
    alice, mallory, [message_id] = talk(parley)
    [answer] = say(alice, message_id.split(".")[0], "Stop it.")
    report_id = report(alice, message_id).json["id"]
    mona = moderator(parley)

    wrong = mona.delete(f"/admin/messages/{answer}?report_id={report_id}")
    missing = mona.delete(f"/admin/messages/{answer}?report_id=r_{'a' * 26}")
    alone = mona.delete(f"/admin/messages/{answer}?resolution=No.")

    assert refusal(wrong) == invalid(("?report_id", "contradiction"))
    assert refusal(missing)[:2] == ("report_not_found", 404)
    assert refusal(alone) == invalid(("?resolution", "contradiction"))


def test_removed_message_is_no_mention_and_no_pin_any_more(parley: Parley) -> None:
    alice, bob, mallory = (parley.user(one) for one in ("alice", "bob", "mallory"))
    group = make_group(alice, bob, mallory)
    body = {"text": TEXT, "mentions": ["bob"]}
    message_id = mallory.post(f"/conversations/{group}/messages", json=body).json["id"]
    assert alice.put(f"/messages/{message_id}/pin").status == 200
    report(alice, message_id)

    remove(moderator(parley), message_id)

    seen = bob.get(f"/conversations/{group}").json
    assert (seen["unread_mentions"], bob.get(f"/conversations/{group}/pins").json["messages"]) == (0, [])


def test_removed_text_is_for_moderators_alone(parley: Parley) -> None:
    alice, _, [message_id] = talk(parley)
    report(alice, message_id)
    mona = moderator(parley)
    remove(mona, message_id)

    assert [one["text"] for one in mona.get(f"/messages/{message_id}/versions").json["versions"]] == [TEXT]


def test_files_are_closed_to_members_and_kept_for_30_days(parley: Parley) -> None:
    alice, mallory = parley.user("alice"), parley.user("mallory")
    direct = open_direct(alice, mallory)
    attachment_id = clean_attachment(parley, mallory, direct)
    body = {"attachment_ids": [attachment_id]}
    message_id = mallory.post(f"/conversations/{direct}/messages", json=body).json["id"]
    parley.drain()
    report(alice, message_id)

    remove(moderator(parley), message_id)
    parley.drain()

    assert alice.get(f"/attachments/{attachment_id}").status == 404
    assert alice.get(f"/conversations/{direct}/attachments").json["attachments"] == []
    assert objects(parley)
    parley.advance(29 * DAY_S)
    parley.run_schedule("ClearStaleAttachments")
    assert objects(parley)
    parley.advance(DAY_S + 7_200)
    parley.run_schedule("ClearStaleAttachments")
    assert not objects(parley)


def test_erasure_of_the_author_leaves_nothing_of_a_removed_message(parley: Parley) -> None:
    alice, mallory, bob = (parley.user(one) for one in ("alice", "mallory", "bob"))
    group = make_group(alice, mallory, bob)
    attachment_id = clean_attachment(parley, mallory, group)
    body = {"text": TEXT, "attachment_ids": [attachment_id], "mentions": ["bob"]}
    message_id = mallory.post(f"/conversations/{group}/messages", json=body).json["id"]
    report(alice, message_id)
    remove(moderator(parley), message_id)
    parley.drain()

    erased(parley, "bob")
    assert '"bob"' not in everything(parley)
    erased(parley, "mallory")

    assert TEXT not in everything(parley)
    assert not objects(parley)


def test_message_is_removed_in_a_closed_conversation(parley: Parley) -> None:
    alice, mallory = parley.user("alice"), parley.user("mallory")
    group = make_group(alice, mallory)
    [message_id] = say(mallory, group, TEXT)
    report(alice, message_id)
    assert alice.patch(f"/conversations/{group}", json={"state": "closed"}).status == 200

    assert remove(moderator(parley), message_id)["removed"]


def test_system_message_stays(parley: Parley) -> None:
    alice, mallory = parley.user("alice"), parley.user("mallory")
    group = make_group(mallory, alice)
    report(alice, f"{group}.1")

    refused = moderator(parley).delete(f"/admin/messages/{group}.1")

    assert refusal(refused)[:2] == ("system_message", 403)


def test_message_that_its_author_has_deleted_stays_deleted(parley: Parley) -> None:
    alice, mallory, [message_id] = talk(parley)
    report(alice, message_id)
    assert mallory.delete(f"/messages/{message_id}").status == 200
    mona = moderator(parley)

    assert remove(mona, message_id)["removed"] is False
    assert ("remove_message", message_id) not in actions(mona)


def test_held_step_that_comes_after_the_restore_changes_nothing(parley: Parley) -> None:
    alice, mallory = parley.user("alice"), parley.user("mallory")
    direct = open_direct(alice, mallory)
    [attachment_id] = sent(parley, mallory, direct)

    settle(parley, step("held", direct, attachment_id))

    assert objects(parley)
