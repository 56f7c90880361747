"""GET /migration/conversations/{conversation_id}/reactions: an export reads who reacted, former members too."""

import pytest

from tests.functional.moving import host_of
from tests.functional.replies import invalid, refusal
from tests.functional.talk import make_group, open_direct, say
from tests.harness import Parley

PATH = "/migration/conversations"
THUMB, HEART = "%F0%9F%91%8D", "%E2%9D%A4%EF%B8%8F"


def test_reactions_of_all_are_found_page_by_page(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parley.actions.moving.reading.MAX_EXAMINED", 2)
    alice, bob, carol = (parley.user(each) for each in ("alice", "bob", "carol"))
    conversation_id = make_group(alice, bob, carol)
    one, two = say(alice, conversation_id, "one", "two")
    for person, message_id, emoji in ((bob, one, THUMB), (bob, two, HEART), (carol, two, THUMB), (carol, one, HEART)):
        assert person.put(f"/messages/{message_id}/reactions/{emoji}").status == 200
    carol.delete(f"/messages/{one}/reactions/{HEART}")
    alice.delete(f"/messages/{one}?for=me")
    alice.delete(f"/conversations/{conversation_id}/members/carol")

    host, found, cursor = host_of(parley), [], ""
    while True:
        page = host.get(f"{PATH}/{conversation_id}/reactions{cursor}").json
        found += page["reactions"]
        if page["next"] is None:
            break
        cursor = f"?cursor={page['next']}"

    assert sorted((each["seq"], each["emoji"], each["user_id"]) for each in found) == [
        (2, "👍", "bob"),
        (3, "❤️", "bob"),
        (3, "👍", "carol"),
    ]


def test_wrong_requests_are_refused(parley: Parley) -> None:
    host, missing = host_of(parley), "d_" + "a" * 26
    conversation_id = open_direct(parley.user("alice"), parley.user("bob"))

    assert refusal(host.get(f"{PATH}/{missing}/reactions"))[:2] == ("conversation_not_found", 404)
    assert refusal(host.get(f"{PATH}/nothing/reactions"))[1] == 400
    assert refusal(host.get(f"{PATH}/{conversation_id}/reactions?cursor=x")) == invalid(("?cursor", "bad_cursor"))
    assert refusal(parley.user("alice").get(f"{PATH}/{conversation_id}/reactions")) == ("service_only", 403, [])
