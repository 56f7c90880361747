"""PUT /admin/conversations/{conversation_id}/state: a moderator closes a conversation, or opens it again."""

from tests.functional.erasures import everything
from tests.functional.moderation import moderator, report, talk
from tests.functional.replies import refusal
from tests.functional.talk import make_group, say
from tests.harness import Parley, Reply, User


def put(mona: User, conversation_id: str, state: str = "closed", **more: object) -> Reply:
    return mona.put(f"/admin/conversations/{conversation_id}/state", json={"state": state, **more})


def test_direct_conversation_without_a_context_is_closed(parley: Parley) -> None:
    alice, mallory, [message_id] = talk(parley)
    direct = message_id.split(".")[0]
    report_id = report(alice, message_id).json["id"]
    phone, mona = mallory.connect(), moderator(parley)

    closed = put(mona, direct, report_id=report_id, resolution="Closed.")

    assert closed.json == {"conversation_id": direct, "state": "closed"}
    for person in (alice, mallory):
        refused = person.post(f"/conversations/{direct}/messages", json={"text": "Hello?"})
        assert refusal(refused)[:2] == ("conversation_closed", 403)
    [event] = phone.events("conversation_updated")
    assert (event["data"]["shared"]["state"], event["data"]["user_id"]) == ("closed", "~parley.system-moderators")
    [told] = phone.events("message_notification")
    assert (told["data"]["message"]["system"], told["data"]["message"]["sender_id"]) == (
        {"event": "closed"},
        "~parley.system-moderators",
    )
    decided = mona.get(f"/admin/reports/{report_id}").json["report"]
    assert (decided["status"], decided["resolution"]) == ("resolved", "Closed.")
    assert alice.get(f"/conversations/{direct}").json["unread"] == 2


def test_owner_cannot_open_what_a_moderator_has_closed(parley: Parley) -> None:
    alice, mallory = parley.user("alice"), parley.user("mallory")
    group = make_group(mallory, alice)
    [message_id] = say(mallory, group, "Fool!")
    report(alice, message_id)
    mona = moderator(parley)
    assert put(mona, group).status == 200

    refused = mallory.patch(f"/conversations/{group}", json={"state": "open"})

    assert refusal(refused)[:2] == ("conversation_locked", 403)
    assert "close" not in mallory.get(f"/conversations/{group}").json["capabilities"]
    assert put(mona, group, "open").json["state"] == "open"
    assert mallory.patch(f"/conversations/{group}", json={"state": "closed"}).status == 200


def test_moderator_closes_for_good_what_a_member_has_closed(parley: Parley) -> None:
    alice, mallory = parley.user("alice"), parley.user("mallory")
    group = make_group(mallory, alice)
    [message_id] = say(mallory, group, "Fool!")
    report(alice, message_id)
    assert mallory.patch(f"/conversations/{group}", json={"state": "closed"}).status == 200
    mona = moderator(parley)
    not_theirs = put(mona, group, "open")

    assert put(mona, group).json["state"] == "closed"

    assert refusal(not_theirs)[:2] == ("conversation_closed", 403)
    assert refusal(mallory.patch(f"/conversations/{group}", json={"state": "open"}))[0] == "conversation_locked"


def test_second_try_writes_nothing_more(parley: Parley) -> None:
    alice, _, [message_id] = talk(parley)
    direct = message_id.split(".")[0]
    report(alice, message_id)
    mona = moderator(parley)
    first = put(mona, direct)
    before = everything(parley)

    assert (put(mona, direct).json, everything(parley)) == (first.json, before)


def test_conversation_without_a_report_does_not_exist_for_moderators(parley: Parley) -> None:
    _, _, [message_id] = talk(parley)

    refused = put(moderator(parley), message_id.split(".")[0])

    assert refusal(refused) == ("conversation_not_found", 404, [])


def test_body_is_checked(parley: Parley) -> None:
    alice, _, [message_id] = talk(parley)
    report(alice, message_id)
    mona, path = moderator(parley), f"/admin/conversations/{message_id.split('.')[0]}/state"

    wrong = [mona.put(path, json=body) for body in ({}, {"state": "shut"}, {"state": "open", "resolution": "No."})]

    assert [refusal(reply)[2] for reply in wrong] == [
        [("/state", "required")],
        [("/state", "not_allowed")],
        [("/resolution", "contradiction")],
    ]


def test_direct_conversation_moves_to_the_top_of_lists_after_an_hour(parley: Parley) -> None:
    alice, _, [message_id] = talk(parley)
    direct = message_id.split(".")[0]
    report(alice, message_id)
    assert alice.patch(f"/conversations/{direct}/archive", json={"archived": True}).status == 200
    parley.advance(3_700)

    assert put(moderator(parley), direct).status == 200
    assert [one["id"] for one in alice.get("/conversations").json["conversations"]] == [direct]
