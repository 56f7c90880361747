"""GET /admin/conversations/{conversation_id}/messages: a moderator reads a conversation."""

from tests.functional.erasures import host
from tests.functional.moderation import moderator, report, talk
from tests.functional.replies import refusal
from tests.harness import Parley


def test_moderator_reads_around_a_reported_message(parley: Parley) -> None:
    alice, _, ids = talk(parley, *(f"text {number}" for number in range(1, 10)))
    report(alice, ids[4])
    mona, path = moderator(parley), f"/admin/conversations/{ids[0].split('.')[0]}/messages"

    page = mona.get(f"{path}?around=5&limit=3").json

    assert [message["seq"] for message in page["messages"]] == [4, 5, 6]
    entry = mona.get("/admin/audit").json["entries"][0]
    assert (entry["action"], entry["details"]) == ("read_messages", {"around": "5", "limit": "3"})
    assert len(mona.get(path).json["messages"]) == 9


def test_messages_are_as_all_members_see_them(parley: Parley) -> None:
    alice, _, [message_id] = talk(parley)
    report(alice, message_id)
    assert alice.delete(f"/messages/{message_id}?scope=me").status == 200

    [shown] = moderator(parley).get(f"/admin/conversations/{message_id.split('.')[0]}/messages").json["messages"]

    assert (shown["text"], shown["hidden"]) == ("You are a fool.", False)


def test_conversation_without_a_report_is_for_the_host_alone(parley: Parley) -> None:
    _, _, [message_id] = talk(parley)
    path = f"/admin/conversations/{message_id.split('.')[0]}/messages"

    assert refusal(moderator(parley).get(path)) == ("conversation_not_found", 404, [])
    assert len(host(parley).get(path).json["messages"]) == 1
