"""A file's way over real HTTP: a form, S3's event, the scanner with its decoders, the device's event, the download."""

from hashlib import md5
from pathlib import Path

import httpx
import pytest

from tests.e2e.attachments import described
from tests.e2e.stack import Person, Stack, running
from tests.functional.attachments import EICAR, picture


def upload(person: Person, conversation_id: str, body: bytes, type: str) -> str:
    """Uploads a file as a page does; returns the id of the attachment."""
    path = f"/conversations/{conversation_id}/attachments"
    made = person.post(path, name="a file", type=type, size=len(body))
    form = made["upload"]
    posted = httpx.post(form["url"], data=form["fields"], files={"file": ("a file", body)})
    assert posted.status_code in (200, 204), posted.text
    return str(made["attachment"]["id"])


def test_picture_is_uploaded_scanned_and_downloaded(stack: Stack) -> None:
    alice, bob = stack.person("alice"), stack.person("bob")
    conversation_id = alice.opens(bob)

    with alice.online() as phone:
        attachment_id = upload(alice, conversation_id, picture("PNG", (64, 48)), "image/png")
        first, second = (phone.event("attachment_updated")["attachment"] for _ in range(2))

    assert (first["state"], second["state"]) == ("scanning", "clean")
    assert (second["width"], second["height"]) == (64, 48)
    urls = alice.post("/attachments/urls", ids=[attachment_id])["attachments"][attachment_id]
    downloaded = httpx.get(urls["url"])
    assert (downloaded.status_code, downloaded.content[:4]) == (200, b"\x89PNG")


def test_test_file_of_virus_scanners_is_infected(stack: Stack) -> None:
    alice, bob = stack.person("alice"), stack.person("bob")
    conversation_id = alice.opens(bob)

    with alice.online() as phone:
        upload(alice, conversation_id, EICAR, "text/plain")
        states = [phone.event("attachment_updated")["attachment"]["state"] for _ in range(2)]

    assert states == ["scanning", "infected"]


@pytest.mark.parametrize("verdict", ["clean", "infected"])
def test_verdict_of_a_scanner_is_sent_to_the_local_queue(tmp_path: Path, verdict: str) -> None:
    body = b"words"
    with running(tmp_path, "--parameter", "MalwareScan=external") as stack:
        alice, bob = stack.person("alice"), stack.person("bob")
        conversation_id = alice.opens(bob)
        with alice.online() as phone:
            attachment_id = upload(alice, conversation_id, body, "text/plain")
            first = phone.event("attachment_updated")["attachment"]["state"]
            waiting = described(alice, attachment_id)["attachment"]["state"]
            said = {
                "source": "parley.scanner",
                "attachment_id": attachment_id,
                "etag": md5(body).hexdigest(),
                "verdict": verdict,
            }
            sent = httpx.post(f"{stack.rest_url.removesuffix('/v1')}/local/queues/AttachmentScans", json=said)
            last = phone.event("attachment_updated")["attachment"]["state"]

    assert (sent.status_code, first, waiting, last) == (202, "scanning", "scanning", verdict)
