"""Files in end-to-end tests: uploaded as a page does, and opened as a browser does."""

import time
from typing import Any

import httpx

from tests.e2e.stack import PATIENCE_S, Person

# The smallest PNG that is a picture: one pixel.
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c49444154789c63606060000000040001f61738550000000049454e44ae426082"
)


def upload(
    person: Person, conversation_id: str | None, name: str, content_type: str, body: bytes, **more: object
) -> str:
    """Uploads a file as a page does, and waits until it is clean; returns the attachment's id.

    Without a conversation, `more` says with whom it will be, and about what.
    """
    path = f"/conversations/{conversation_id}/attachments" if conversation_id else "/attachments"
    asked = person.post(path, name=name, type=content_type, size=len(body), **more)
    state, code = checked(person, asked, body)
    assert (state, code) == ("clean", None)
    return str(asked["attachment"]["id"])


def checked(person: Person, asked: dict[str, Any], body: bytes) -> tuple[str, str | None]:
    """Uploads a file with the form of an answer; returns the state and the code that the check ends with."""
    form, attachment_id = asked["upload"], asked["attachment"]["id"]
    posted = httpx.post(form["url"], data=form["fields"], files={"file": ("file", body)}, timeout=PATIENCE_S)
    assert posted.status_code == 204, posted.text
    deadline = time.monotonic() + 3 * PATIENCE_S  # the scanner imports its decoders first
    while True:
        attachment = described(person, attachment_id)["attachment"]
        if attachment["state"] not in ("pending", "scanning"):
            return attachment["state"], attachment.get("code")
        assert time.monotonic() < deadline, attachment
        time.sleep(0.1)


def described(person: Person, attachment_id: str) -> dict[str, Any]:
    answer = opened(person, f"/attachments/{attachment_id}", accept="application/json")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def opened(person: Person, path: str, accept: str = "*/*", *, follow: bool = False) -> httpx.Response:
    """Returns what a browser gets; it does not pass the token on to another host."""
    headers = {"Authorization": f"Bearer {person.token}", "Accept": accept}
    return httpx.get(person.stack.rest_url + path, headers=headers, follow_redirects=follow, timeout=PATIENCE_S)
