"""GET /migration/conversations: an export finds every conversation of the deployment."""

from typing import Any

from tests.functional.moderation import moderator
from tests.functional.moving import begin, bring, finish, group, host_of, message, people
from tests.functional.replies import invalid, refusal
from tests.functional.talk import make_group, open_direct, say
from tests.harness import Parley

PATH = "/migration/conversations"


def pages(parley: Parley, limit: int) -> list[list[dict[str, Any]]]:
    host, found, cursor = host_of(parley), [], ""
    while True:
        page = host.get(f"{PATH}?limit={limit}{cursor}").json
        found.append(page["conversations"])
        if page["next"] is None:
            return found
        cursor = f"&cursor={page['next']}"


def test_every_conversation_is_on_one_page(parley: Parley) -> None:
    alice, bob, carol = (parley.user(each) for each in ("alice", "bob", "carol"))
    made = [open_direct(alice, bob), open_direct(alice, carol), make_group(alice, bob, description="On Mondays")]
    say(alice, made[0], "hello")
    people(parley, "dave", "erin")
    begin(parley, group("dave", "erin"))  # which is not there yet

    found = pages(parley, 2)

    assert all(len(page) <= 2 for page in found)
    listed = {one["id"]: one for page in found for one in page}
    assert sorted(listed) == sorted(made)
    assert (listed[made[0]]["type"], listed[made[0]]["last_seq"], listed[made[0]]["member_count"]) == ("direct", 1, 2)
    assert (listed[made[2]]["title"], listed[made[2]]["description"], listed[made[2]]["state"]) == (
        "Chess",
        "On Mondays",
        "open",
    )


def test_groups_keep_their_choice_of_what_newcomers_see(parley: Parley) -> None:
    people(parley, "alice", "bob", "carol")
    conversation_id = begin(parley, group("alice", "bob", history="joined"))
    bring(parley, conversation_id, message(1))
    finish(parley, conversation_id, 1, *({"user_id": user_id, "read_seq": 0} for user_id in ("alice", "bob")))
    assert (
        parley.user("alice").post(f"/conversations/{conversation_id}/members", json={"user_ids": ["carol"]}).status
        == 200
    )

    [listed] = host_of(parley).get(PATH).json["conversations"]
    shown = parley.user("carol").get(f"/conversations/{conversation_id}/messages").json["messages"]

    assert listed["history"] == "joined"
    assert [one["seq"] for one in shown] == [2]


def test_audit_log_records_each_page(parley: Parley) -> None:
    host_of(parley).get(PATH)

    [entry] = moderator(parley).get("/admin/audit").json["entries"]

    assert (entry["action"], entry["target"], entry["actor_id"]) == ("list_conversations", "*", "backend")


def test_wrong_requests_are_refused(parley: Parley) -> None:
    host = host_of(parley)

    assert refusal(host.get(f"{PATH}?cursor=x")) == invalid(("?cursor", "bad_cursor"))
    assert refusal(host.get(f"{PATH}?limit=101")) == invalid(("?limit", "too_large"))
    assert refusal(parley.user("mallory", role="moderator").get(PATH)) == ("service_only", 403, [])
