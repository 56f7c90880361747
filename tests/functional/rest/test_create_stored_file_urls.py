"""POST /migration/conversations/{conversation_id}/attachments/urls: an export reads the files of messages."""

from tests.functional.attachments import FILE, THUMBNAIL, carry, clean_attachment, set_row
from tests.functional.moderation import moderator
from tests.functional.moving import begin, clean_file, direct, host_of, people
from tests.functional.replies import invalid, malformed_bodies, refusal
from tests.functional.talk import in_s, make_group, open_direct, say
from tests.harness import Parley, Reply

MISSING = "d_" + "a" * 26


def ask(parley: Parley, conversation_id: str, *attachment_ids: str) -> Reply:
    path = f"/migration/conversations/{conversation_id}/attachments/urls"
    return host_of(parley).post(path, json={"ids": list(attachment_ids)})


def test_the_host_gets_the_files_that_messages_show(parley: Parley) -> None:
    alice, bob, carol = parley.user("alice"), parley.user("bob"), parley.user("carol")
    group, elsewhere = make_group(alice, bob), open_direct(alice, carol)
    names = ("picture", "plain", "deleted", "hidden", "elsewhere", "unsent", "pending")
    places = {name: elsewhere if name == "elsewhere" else group for name in names}
    found = {
        name: clean_attachment(parley, alice, place, thumbnail=None if name == "plain" else THUMBNAIL)
        for name, place in places.items()
    }
    messages = {name: say(alice, places[name], name)[0] for name in names[:5]}
    for name, message_id in messages.items():
        carry(parley, found[name], message_id)
    set_row(parley, found["pending"], state="pending")
    alice.delete(f"/messages/{messages['deleted']}")
    bob.delete(f"/messages/{messages['hidden']}?scope=me")

    reply = ask(parley, group, *found.values(), "a_" + "a" * 26)

    assert reply.status == 200, reply
    urls = reply.json["attachments"]
    assert list(urls) == [*found.values(), "a_" + "a" * 26]
    assert [name for name, each in found.items() if urls[each]] == ["picture", "plain", "hidden"]
    assert urls[found["picture"]]["expires_at"] == in_s(parley, 60)
    assert parley.download(urls[found["picture"]]["url"]).body == FILE
    assert parley.download(urls[found["picture"]]["thumbnail_url"]).body == THUMBNAIL
    assert urls[found["plain"]]["thumbnail_url"] is None


def test_the_audit_log_says_that_the_host_read_files(parley: Parley) -> None:
    conversation_id = open_direct(parley.user("alice"), parley.user("bob"))

    assert ask(parley, conversation_id, "a_" + "a" * 26).status == 200

    [entry] = moderator(parley).get("/admin/audit").json["entries"]
    assert (entry["action"], entry["target"], entry["details"]["what"]) == (
        "read_conversation",
        conversation_id,
        "files",
    )


def test_files_of_an_import_that_goes_on_are_not_there(parley: Parley) -> None:
    people(parley, "alice", "bob")
    conversation_id = begin(parley, direct())

    reply = ask(parley, conversation_id, clean_file(parley, conversation_id))

    assert refusal(reply)[:2] == ("conversation_not_found", 404)


def test_wrong_requests_are_refused(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    path = f"/migration/conversations/{conversation_id}/attachments/urls"

    assert refusal(ask(parley, MISSING, "a_" + "a" * 26))[:2] == ("conversation_not_found", 404)
    assert refusal(ask(parley, "nothing", "a_" + "a" * 26))[1] == 400
    assert refusal(ask(parley, conversation_id)) == invalid(("/ids", "too_few_items"))
    assert refusal(ask(parley, conversation_id, *["a_" + "a" * 26] * 51)) == invalid(("/ids", "too_many_items"))
    assert refusal(alice.post(path, json={"ids": ["a_" + "a" * 26]})) == ("service_only", 403, [])
    assert malformed_bodies(lambda raw: host_of(parley).post(path, raw=raw)) == {}
