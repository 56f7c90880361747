"""GET /attachments/{attachment_id}: readers of the message get its file, at an address for 60 seconds."""

from collections.abc import Callable

import pytest

from tests.functional.attachments import FILE, ask_upload, carry, clean_attachment, set_row
from tests.functional.replies import Refusal, invalid, refusal
from tests.functional.talk import in_s, make_group, open_direct, say
from tests.harness import Parley, Reply, User

AS_JSON = {"Accept": "application/json"}
NOT_FOUND: Refusal = ("attachment_not_found", 404, [])


def describe(person: User, attachment_id: str) -> Reply:
    return person.get(f"/attachments/{attachment_id}", headers=AS_JSON)


def sent_file(parley: Parley, sender: User, conversation_id: str, **found: object) -> tuple[str, str]:
    """Returns the ids of a clean attachment and of the message that carries it."""
    attachment_id = clean_attachment(parley, sender, conversation_id, **found)  # type: ignore[arg-type]
    [message_id] = say(sender, conversation_id, "look")
    carry(parley, attachment_id, message_id)
    return attachment_id, message_id


def test_member_is_sent_to_the_file_which_comes_under_its_name(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    attachment_id, _ = sent_file(parley, alice, open_direct(alice, bob), name="Übung “1”.pdf")

    reply = bob.get(f"/attachments/{attachment_id}")
    download = parley.download(reply.headers["location"])

    assert (reply.status, reply.text) == (302, "")
    assert reply.headers["cache-control"] == "no-store"
    assert reply.headers["access-control-allow-origin"] == "*"
    assert (download.status, download.body) == (200, FILE)
    assert download.headers["content-type"] == "application/pdf"
    assert download.headers["content-disposition"] == (
        "attachment; filename=\"Ubung _1_.pdf\"; filename*=UTF-8''%C3%9Cbung%20%E2%80%9C1%E2%80%9D.pdf"
    )
    assert download.headers["cache-control"] == "private, max-age=60"


@pytest.mark.parametrize(
    ("type", "inline"),
    [
        ("image/png", True),
        ("image/webp", True),
        ("application/pdf", False),
        ("text/plain", False),
        ("video/mp4", False),
    ],
)
def test_only_images_are_shown_by_the_browser_itself(parley: Parley, type: str, inline: bool) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    attachment_id, _ = sent_file(parley, alice, open_direct(alice, bob), type=type)

    location = bob.get(f"/attachments/{attachment_id}").headers["location"]
    headers = parley.download(location).headers

    assert headers["content-type"] == type
    assert headers["content-disposition"].startswith("inline;" if inline else "attachment;")


def test_address_serves_parts_and_ends_after_60_seconds(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    attachment_id, _ = sent_file(parley, alice, open_direct(alice, bob))
    location = bob.get(f"/attachments/{attachment_id}").headers["location"]

    part = parley.download(location, {"Range": "bytes=1-3"})
    parley.advance(59)
    late = parley.download(location)
    parley.advance(1)
    too_late = parley.download(location)

    assert (part.status, part.body, part.headers["content-range"]) == (206, FILE[1:4], f"bytes 1-3/{len(FILE)}")
    assert (late.status, too_late.status) == (200, 403)


def test_json_describes_the_attachment_and_has_its_addresses(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    attachment_id, message_id = sent_file(parley, alice, conversation_id, pages=3)

    reply = describe(bob, attachment_id)

    assert reply.status == 200
    assert reply.json["attachment"] == {
        "id": attachment_id,
        "conversation_id": conversation_id,
        "message_id": message_id,
        "name": "Stundenplan.pdf",
        "type": "application/pdf",
        "kind": "file",
        "size": len(FILE),
        "pages": 3,
        "has_thumbnail": True,
        "state": "clean",
        "created_at": in_s(parley, 0),
    }
    assert reply.json["expires_at"] == in_s(parley, 60)
    assert parley.download(reply.json["url"]).body == FILE
    assert parley.download(reply.json["thumbnail_url"]).status == 200


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        (None, 302),
        ("*/*", 302),
        ("image/avif,image/webp,image/png,*/*;q=0.8", 302),
        ("application/json;q=0.5, image/*", 302),
        ("application/json;q=0", 302),
        ("application/json", 200),
        ("application/json, text/plain, */*", 200),
        ("text/html;q=0.7, Application/JSON;q=0.9", 200),
    ],
)
def test_accept_says_whether_a_client_wants_json(parley: Parley, accept: str | None, status: int) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    attachment_id, _ = sent_file(parley, alice, open_direct(alice, bob))

    assert bob.get(f"/attachments/{attachment_id}", headers={"Accept": accept}).status == status


def test_uploader_sees_every_state_and_others_see_nothing_before_it_is_sent(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    attachment_id = ask_upload(alice, open_direct(alice, bob))
    seen, opened = [], []

    for state in ("pending", "scanning", "rejected", "infected", "deleted"):
        set_row(parley, attachment_id, state=state)
        shown = describe(alice, attachment_id).json
        seen.append((shown["attachment"]["state"], shown["url"], shown["thumbnail_url"]))
        opened.append(alice.get(f"/attachments/{attachment_id}"))
        assert refusal(describe(bob, attachment_id)) == NOT_FOUND
        assert refusal(bob.get(f"/attachments/{attachment_id}")) == NOT_FOUND

    states = ("pending", "scanning", "rejected", "infected", "expired")
    assert seen == [(state, None, None) for state in states]
    assert [refusal(reply)[:2] for reply in opened] == [
        ("attachment_not_ready", 409),
        ("attachment_not_ready", 409),
        ("attachment_rejected", 409),
        ("attachment_infected", 409),
        ("attachment_not_found", 404),
    ]
    assert opened[1].json["retry_after_ms"] == 2000


def test_uploader_opens_a_clean_file_before_it_is_sent_and_nobody_else_does(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    attachment_id = clean_attachment(parley, alice, open_direct(alice, bob))

    assert alice.get(f"/attachments/{attachment_id}").status == 302
    assert refusal(bob.get(f"/attachments/{attachment_id}")) == NOT_FOUND


def test_file_of_a_message_that_its_reader_has_hidden_is_gone_for_them_alone(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    attachment_id, message_id = sent_file(parley, alice, open_direct(alice, bob))

    assert bob.delete(f"/messages/{message_id}?scope=me").status == 200

    assert refusal(bob.get(f"/attachments/{attachment_id}")) == NOT_FOUND
    assert refusal(describe(bob, attachment_id)) == NOT_FOUND
    assert alice.get(f"/attachments/{attachment_id}").status == 302


def test_file_of_a_deleted_message_is_gone_at_once_and_for_its_sender_too(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    attachment_id, message_id = sent_file(parley, alice, open_direct(alice, bob))

    assert alice.delete(f"/messages/{message_id}").status == 200

    for person in (alice, bob):
        assert refusal(person.get(f"/attachments/{attachment_id}")) == NOT_FOUND
        assert refusal(describe(person, attachment_id)) == NOT_FOUND


def test_removed_member_loses_all_files_at_once_and_a_new_one_sees_those_of_the_history(parley: Parley) -> None:
    alice, bob, carol = parley.user("alice"), parley.user("bob"), parley.user("carol")
    group = make_group(alice, bob)
    attachment_id, _ = sent_file(parley, alice, group)
    own, _ = sent_file(parley, bob, group)
    assert bob.get(f"/attachments/{attachment_id}").status == 302

    assert alice.delete(f"/conversations/{group}/members/bob").status == 200
    assert alice.post(f"/conversations/{group}/members", json={"user_ids": ["carol"]}).status == 200

    assert refusal(bob.get(f"/attachments/{attachment_id}")) == NOT_FOUND
    assert refusal(describe(bob, own)) == NOT_FOUND
    assert carol.get(f"/attachments/{attachment_id}").status == 302


def test_forwarded_attachment_shows_the_file_of_the_first_one(parley: Parley) -> None:
    alice, bob, carol = parley.user("alice"), parley.user("bob"), parley.user("carol")
    first, _ = sent_file(parley, alice, open_direct(alice, bob))
    forwarded = ask_upload(bob, open_direct(bob, carol))
    [message_id] = say(bob, open_direct(bob, carol), "look")
    set_row(parley, forwarded, state="clean", file_id=first)
    carry(parley, forwarded, message_id)

    location = carol.get(f"/attachments/{forwarded}").headers["location"]

    assert parley.download(location).body == FILE
    assert refusal(carol.get(f"/attachments/{first}")) == NOT_FOUND


def test_others_get_nothing_of_a_file_that_is_no_longer_kept(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    attachment_id, _ = sent_file(parley, alice, open_direct(alice, bob))
    set_row(parley, attachment_id, state="deleted")

    assert refusal(describe(bob, attachment_id)) == NOT_FOUND
    assert describe(alice, attachment_id).json["attachment"]["state"] == "expired"


@pytest.mark.parametrize("ask", [describe, lambda person, name: person.get(f"/attachments/{name}")])
def test_outsider_cannot_tell_an_attachment_from_one_that_does_not_exist(
    parley: Parley, ask: Callable[[User, str], Reply]
) -> None:
    alice, bob, eve = parley.user("alice"), parley.user("bob"), parley.user("eve")
    in_direct, _ = sent_file(parley, alice, open_direct(alice, bob))
    in_group, _ = sent_file(parley, alice, make_group(alice, bob))

    refusals = [refusal(ask(eve, name)) for name in (in_direct, in_group, "a_" + "a" * 26)]

    assert refusals == [NOT_FOUND] * 3


def test_id_that_parley_never_makes_is_named(parley: Parley) -> None:
    alice = parley.user("alice")

    assert refusal(alice.get("/attachments/plan.pdf")) == invalid(("{attachment_id}", "bad_format"))
