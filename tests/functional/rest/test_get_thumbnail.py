"""GET /attachments/{attachment_id}/thumbnail: the small picture, under the same rules as the file."""

from tests.functional.attachments import THUMBNAIL, ask_upload, carry, clean_attachment
from tests.functional.replies import refusal
from tests.functional.talk import open_direct, say
from tests.harness import Parley


def test_member_is_sent_to_the_small_picture_which_a_browser_shows(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    attachment_id = clean_attachment(parley, alice, conversation_id)
    carry(parley, attachment_id, say(alice, conversation_id, "look")[0])

    reply = bob.get(f"/attachments/{attachment_id}/thumbnail")
    download = parley.download(reply.headers["location"])

    assert (reply.status, reply.headers["cache-control"]) == (302, "no-store")
    assert (download.status, download.body) == (200, THUMBNAIL)
    assert download.headers["content-type"] == "image/webp"
    assert download.headers["content-disposition"].startswith('inline; filename="Stundenplan.webp"')


def test_json_is_that_of_the_attachment(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    attachment_id = clean_attachment(parley, alice, open_direct(alice, bob))

    found = [
        alice.get(f"/attachments/{attachment_id}{part}", headers={"Accept": "application/json"}).json
        for part in ("", "/thumbnail")
    ]

    assert found[0]["attachment"] == found[1]["attachment"]
    assert parley.download(found[1]["thumbnail_url"]).body == THUMBNAIL


def test_file_without_a_picture_has_no_thumbnail(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    attachment_id = clean_attachment(parley, alice, open_direct(alice, bob), thumbnail=None)

    assert refusal(alice.get(f"/attachments/{attachment_id}/thumbnail"))[:2] == ("thumbnail_not_found", 404)
    described = alice.get(f"/attachments/{attachment_id}", headers={"Accept": "application/json"}).json
    assert (described["thumbnail_url"], described["attachment"].get("has_thumbnail")) == (None, None)


def test_outsiders_and_the_uploader_of_an_unchecked_file_get_none(parley: Parley) -> None:
    alice, bob, eve = parley.user("alice"), parley.user("bob"), parley.user("eve")
    conversation_id = open_direct(alice, bob)
    clean, pending = clean_attachment(parley, alice, conversation_id), ask_upload(alice, conversation_id)

    assert refusal(eve.get(f"/attachments/{clean}/thumbnail"))[:2] == ("attachment_not_found", 404)
    assert refusal(alice.get(f"/attachments/{pending}/thumbnail"))[:2] == ("attachment_not_ready", 409)
