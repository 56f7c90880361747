"""GET /messages/{message_id}/preview/image: the picture of a link's page, under the same rules as its message."""

import io
import json
from collections.abc import Iterator

import pytest
from PIL import Image

from tests.functional.attachments import EICAR, kept, objects, picture
from tests.functional.erasures import erased
from tests.functional.moderation import moderator, report
from tests.functional.pages import Site, forget_pages, preview_of, serving
from tests.functional.replies import refusal
from tests.functional.talk import contents, make_group, open_direct, say
from tests.harness import Parley, User
from tests.harness.fixtures import forget_told

ENGINES = ("moto", "ministack")  # so that each right of the functions is used on both
AS_JSON = {"Accept": "application/json"}


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("ALLOW_PRIVATE_ADDRESSES", "true")
    with serving() as site:
        site.says("The game", image="/shot.png")
        site.files["/shot.png"] = ("image/png", picture("PNG", (800, 400)))
        yield site


@pytest.fixture
def alice(parley: Parley) -> User:
    return parley.user("alice")


@pytest.fixture
def bob(parley: Parley) -> User:
    return parley.user("bob")


@pytest.fixture
def direct(alice: User, bob: User) -> str:
    return open_direct(alice, bob)


def said(parley: Parley, person: User, conversation_id: str, text: str) -> str:
    """Lets a person write a link, and all that follows happen; returns the message's id."""
    [message_id] = say(person, conversation_id, text)
    parley.drain()
    return message_id


def code(person: User, message_id: str) -> tuple[str, int]:
    found = refusal(person.get(f"/messages/{message_id}/preview/image"))
    return found[0], found[1]


NONE = ("preview_image_not_found", 404)


def test_members_see_a_small_copy_that_the_scanner_has_written(
    parley: Parley, site: Site, alice: User, bob: User, direct: str
) -> None:
    screen = bob.connect()
    message_id = said(parley, alice, direct, f"{site.url}/a")

    found = preview_of(bob, message_id)
    assert found is not None
    image = found["image"]
    assert (image["width"], image["height"]) == (320, 160)
    events = contents(screen.events("message_updated"))
    assert [event["message"]["preview"].get("image") for event in events] == [None, image]
    reply = bob.get(f"/messages/{message_id}/preview/image")
    download = parley.download(reply.headers["location"])
    assert (reply.status, reply.headers["cache-control"], download.status) == (302, "no-store", 200)
    assert (download.headers["content-type"], download.headers["content-disposition"]) == ("image/jpeg", "inline")
    with Image.open(io.BytesIO(download.body)) as shown:
        assert (shown.format, shown.size) == ("JPEG", (320, 160))
    assert kept(parley) == (set(), {f"previews/{message_id}/{image['id']}"})


def test_json_tells_the_address_and_its_end(parley: Parley, site: Site, alice: User, direct: str) -> None:
    message_id = said(parley, alice, direct, f"{site.url}/a")

    found = alice.get(f"/messages/{message_id}/preview/image", headers=AS_JSON).json

    assert set(found) == {"url", "expires_at"}
    assert parley.download(found["url"]).status == 200


def test_nobody_else_gets_it(parley: Parley, site: Site, alice: User, bob: User) -> None:
    group = make_group(alice, bob)
    message_id = said(parley, alice, group, f"{site.url}/a")
    assert bob.get(f"/messages/{message_id}/preview/image").status == 302

    bob.delete(f"/conversations/{group}/members/bob")

    unknown = ("message_not_found", 404)
    assert [code(person, message_id) for person in (bob, parley.user("eve"))] == [unknown] * 2
    assert code(alice, f"{group}.99") == unknown
    assert code(alice, "m1")[1] == 400


def test_who_is_put_out_gets_it_no_more(parley: Parley, site: Site, alice: User, bob: User) -> None:
    group = make_group(alice, bob)
    message_id = said(parley, alice, group, f"{site.url}/a")

    assert alice.delete(f"/conversations/{group}/members/bob").status in (200, 204)

    assert code(bob, message_id) == ("message_not_found", 404)
    assert alice.get(f"/messages/{message_id}/preview/image").status == 302


@pytest.mark.parametrize("is_group", [True, False])
def test_a_block_hides_it_as_little_as_a_file(
    parley: Parley, site: Site, alice: User, bob: User, is_group: bool
) -> None:
    conversation_id = make_group(alice, bob) if is_group else open_direct(alice, bob)
    message_id = said(parley, alice, conversation_id, f"{site.url}/a")

    assert bob.put("/users/alice/block").status in (200, 201, 204)

    for person in (alice, bob):
        assert preview_of(person, message_id) is not None
        assert person.get(f"/messages/{message_id}/preview/image").status == 302


def test_who_has_deleted_the_message_for_themselves_sees_none(
    parley: Parley, site: Site, alice: User, bob: User, direct: str
) -> None:
    message_id = said(parley, alice, direct, f"{site.url}/a")

    assert bob.delete(f"/messages/{message_id}?scope=me").status in (200, 204)

    assert code(bob, message_id) == NONE
    assert alice.get(f"/messages/{message_id}/preview/image").status == 302


@pytest.mark.parametrize("has_preview", [True, False])
def test_a_message_without_a_picture_has_none(
    parley: Parley, site: Site, alice: User, direct: str, has_preview: bool
) -> None:
    site.says("The game")
    message_id = said(parley, alice, direct, f"{site.url}/a" if has_preview else "no link")

    assert code(alice, message_id) == NONE


# --- pictures that nobody gets ----------------------------------------------------------------------------------------

BAD = {
    "no picture": ("image/png", b"<html>"),
    "called a page": ("text/html", picture("PNG")),
    "damaged": ("image/png", picture("PNG", (800, 600))[:200]),
    "too large": ("image/jpeg", picture("JPEG") + bytes(1_000_000)),
    "infected": ("image/gif", b"GIF89a" + EICAR),
    "SVG": ("image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
}


@pytest.mark.parametrize("bad", BAD)
def test_a_picture_that_is_refused_leaves_the_words(
    parley: Parley, site: Site, alice: User, direct: str, bad: str
) -> None:
    site.files["/shot.png"] = BAD[bad]

    message_id = said(parley, alice, direct, f"{site.url}/a")

    assert preview_of(alice, message_id) == {
        "url": f"{site.url}/a",
        "title": "The game",
        "description": None,
        "site": "127.0.0.1",
    }
    assert kept(parley) == (set(), set())


@pytest.mark.parametrize("image", ["http://169.254.169.254/a.png", "http://10.0.0.1/a.png", "data:image/png;base64,AA"])
def test_a_picture_at_a_private_address_is_not_asked_for(
    parley: Parley, site: Site, alice: User, direct: str, image: str
) -> None:
    site.says("The game", image=image)

    message_id = said(parley, alice, direct, f"{site.url}/a")

    found = preview_of(alice, message_id)
    assert found is not None and "image" not in found


def test_a_picture_as_large_as_may_be_is_taken(parley: Parley, site: Site, alice: User, direct: str) -> None:
    body = picture("JPEG")
    site.files["/shot.png"] = ("image/jpeg", body + bytes(1_000_000 - len(body)))

    found = preview_of(alice, said(parley, alice, direct, f"{site.url}/a"))

    assert found is not None and (found["image"]["width"], found["image"]["height"]) == (40, 30)


# --- one for each message ---------------------------------------------------------------------------------------------


def test_the_next_message_with_the_link_has_a_copy_at_once(
    parley: Parley, site: Site, alice: User, bob: User, direct: str
) -> None:
    first = said(parley, alice, direct, f"{site.url}/a")
    screen = bob.connect()

    second = said(parley, alice, direct, f"{site.url}/a")

    assert site.asked == ["/a", "/shot.png"]
    [event] = contents(screen.events("message_updated"))
    assert event["message"]["preview"]["image"]["width"] == 320
    alice.delete(f"/messages/{first}")
    parley.drain()
    assert code(alice, first) == NONE
    location = bob.get(f"/messages/{second}/preview/image").headers["location"]
    assert parley.download(location).status == 200
    assert len(objects(parley, "Attachments")) == 1


def test_a_picture_is_asked_for_again_after_a_day(parley: Parley, site: Site, alice: User, direct: str) -> None:
    said(parley, alice, direct, f"{site.url}/a")
    forget_pages(parley)

    found = preview_of(alice, said(parley, alice, direct, f"{site.url}/a"))

    assert found is not None and found["image"]["width"] == 320
    assert site.asked == ["/a", "/shot.png"] * 2
    assert len(objects(parley, "Attachments")) == 2


def test_a_copy_of_a_picture_that_is_gone_is_made_from_the_site_again(
    parley: Parley, site: Site, alice: User, direct: str
) -> None:
    alice.delete(f"/messages/{said(parley, alice, direct, f'{site.url}/a')}")
    parley.drain()
    assert objects(parley, "Attachments") == {}

    found = preview_of(alice, said(parley, alice, direct, f"{site.url}/a"))

    assert found is not None and found["image"]["width"] == 320
    assert site.asked == ["/a", "/shot.png", "/shot.png"]


def test_a_forward_has_a_copy_of_its_own(parley: Parley, site: Site, alice: User, bob: User, direct: str) -> None:
    message_id = said(parley, alice, direct, f"{site.url}/a")
    other = open_direct(bob, parley.user("carol"))

    bob.post(f"/messages/{message_id}/forward", json={"conversation_ids": [other], "client_id": "f1"})
    parley.drain()
    alice.delete(f"/messages/{message_id}")
    parley.drain()

    [copy] = bob.get(f"/conversations/{other}/messages").json["messages"]
    assert bob.get(f"/messages/{copy['id']}/preview/image").status == 302
    assert len(objects(parley, "Attachments")) == 1


# --- it ends with its preview -----------------------------------------------------------------------------------------


def test_it_ends_with_the_message_the_link_or_the_preview(parley: Parley, site: Site, alice: User, direct: str) -> None:
    deleted, edited, removed = (said(parley, alice, direct, f"{site.url}/{name}") for name in "abc")
    site.files = {}

    alice.delete(f"/messages/{deleted}")
    alice.patch(f"/messages/{edited}", json={"text": f"{site.url}/other"})
    alice.delete(f"/messages/{removed}/preview")
    parley.drain()

    assert objects(parley, "Attachments") == {}
    assert [code(alice, message_id) for message_id in (deleted, edited, removed)] == [NONE] * 3


def test_an_edit_around_the_link_keeps_it(parley: Parley, site: Site, alice: User, direct: str) -> None:
    message_id = said(parley, alice, direct, f"{site.url}/a")

    alice.patch(f"/messages/{message_id}", json={"text": f"look: {site.url}/a"})
    parley.drain()

    assert alice.get(f"/messages/{message_id}/preview/image").status == 302
    assert len(objects(parley, "Attachments")) == 1


def test_a_moderators_removal_ends_it_and_a_restore_brings_the_words_back(
    parley: Parley, site: Site, alice: User, bob: User
) -> None:
    message_id = said(parley, alice, make_group(alice, bob), f"{site.url}/a")
    assert report(bob, message_id).status == 201
    judge = moderator(parley)

    assert judge.delete(f"/admin/messages/{message_id}").status == 200
    parley.drain()
    assert objects(parley, "Attachments") == {}
    assert judge.post(f"/admin/messages/{message_id}/restore").status == 200
    parley.drain()

    found = preview_of(bob, message_id)
    assert found is not None and "image" not in found


def test_an_erasure_ends_it(parley: Parley, site: Site, alice: User, direct: str) -> None:
    message_id = said(parley, alice, direct, f"{site.url}/a")
    assert len(objects(parley, "Attachments")) == 1

    erased(parley, "alice")

    assert objects(parley, "Attachments") == {}
    assert code(parley.user("bob"), message_id) == NONE


@pytest.mark.parametrize("verdict", ["clean", "infected"])
def test_a_virus_scanner_decides_about_it_first(
    parley: Parley, site: Site, alice: User, direct: str, monkeypatch: pytest.MonkeyPatch, verdict: str
) -> None:
    monkeypatch.setenv("MALWARE_SCAN", "external")
    message_id = said(parley, alice, direct, f"{site.url}/a")
    [key], clean = kept(parley)
    assert clean == set() and code(alice, message_id) == NONE
    client, bucket = parley.store.client("s3"), parley.template.resources["Quarantine"].ref
    etag = client.head_object(Bucket=bucket, Key=key)["ETag"].strip('"')

    said_of_it = {"source": "parley.scanner", "attachment_id": key, "etag": etag, "verdict": verdict}
    parley.enqueue("AttachmentScans", json.dumps(said_of_it))
    parley.drain()

    assert kept(parley) == (set(), {key} if verdict == "clean" else set())
    found = preview_of(alice, message_id)
    assert found is not None and ("image" in found) == (verdict == "clean")


@pytest.mark.parametrize("action", ["mask", "reject"])
def test_a_picture_comes_under_the_banned_words_of_its_time(
    parley: Parley, site: Site, alice: User, direct: str, monkeypatch: pytest.MonkeyPatch, action: str
) -> None:
    monkeypatch.setenv("MALWARE_SCAN", "external")
    message_id = said(parley, alice, direct, f"{site.url}/a")
    [key], _ = kept(parley)
    client, bucket = parley.store.client("s3"), parley.template.resources["Quarantine"].ref
    etag = client.head_object(Bucket=bucket, Key=key)["ETag"].strip('"')
    rules = {"version": 0, "rules": [{"text": "game", "action": action}]}
    assert moderator(parley).put("/admin/banned-words", json=rules).status == 200
    forget_told()

    clean = {"source": "parley.scanner", "attachment_id": key, "etag": etag, "verdict": "clean"}
    parley.enqueue("AttachmentScans", json.dumps(clean))
    parley.drain()

    is_masked = action == "mask"
    found = preview_of(alice, message_id)
    assert found is not None
    assert (found["title"], "image" in found) == (("The ****", True) if is_masked else ("The game", False))
    assert kept(parley) == (set(), {key} if is_masked else set())


def test_a_picture_that_comes_too_late_is_not_kept(parley: Parley, site: Site, alice: User, direct: str) -> None:
    message_id = said(parley, alice, direct, f"{site.url}/a")
    image = alice.get(f"/messages/{message_id}").json["preview"]["image"]
    at_ms = int(image["id"].partition("-")[0])
    alice.delete(f"/messages/{message_id}")
    parley.drain()
    client, bucket = parley.store.client("s3"), parley.template.resources["Attachments"].ref
    client.put_object(Bucket=bucket, Key=f"previews/{message_id}/{image['id']}", Body=b"late")
    job = {"conversation_id": direct, "seq": 1, "at_ms": at_ms, "picture": image}

    parley.enqueue("LinkLooks", json.dumps(job))
    parley.drain()

    assert objects(parley, "Attachments") == {}


def test_the_picture_of_an_earlier_link_is_not_shown(parley: Parley, site: Site, alice: User, direct: str) -> None:
    message_id = said(parley, alice, direct, f"{site.url}/a")
    image = alice.get(f"/messages/{message_id}").json["preview"]["image"]
    at_ms = int(image["id"].partition("-")[0])
    site.files = {}
    alice.patch(f"/messages/{message_id}", json={"text": f"{site.url}/other"})
    parley.drain()
    job = {"conversation_id": direct, "seq": 1, "at_ms": at_ms, "picture": image}

    parley.enqueue("LinkLooks", json.dumps(job))
    parley.drain()

    found = preview_of(alice, message_id)
    assert found is not None and found["url"] == f"{site.url}/other" and "image" not in found
    assert objects(parley, "Attachments") == {}


def test_an_old_message_has_none_as_it_has_no_files(
    parley: Parley, site: Site, alice: User, direct: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    message_id = said(parley, alice, direct, f"{site.url}/a")
    monkeypatch.setenv("ATTACHMENT_RETENTION_DAYS", "1")
    parley.clock.ms += 2 * 24 * 3600 * 1000

    found = preview_of(parley.user("alice"), message_id)

    assert found is not None and "image" not in found
    assert code(parley.user("alice"), message_id) == NONE
