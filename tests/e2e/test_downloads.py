"""A file on its way through a running stack: a browser's upload to the store, the check, the redirect, the bytes."""

import time
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.e2e.attachments import PNG, opened, upload
from tests.e2e.stack import PATIENCE_S, Person, Stack

TEXT = "Grüße aus dem Unterricht.\n".encode() * 10


@pytest.fixture
def alice(stack: Stack) -> Iterator[Person]:
    yield stack.person("alice")


def test_browser_follows_the_redirect_to_the_bytes_until_the_address_ends(stack: Stack, alice: Person) -> None:
    conversation_id = alice.opens(stack.person("bob"))
    attachment_id = upload(alice, conversation_id, "Grüße.txt", "text/plain", TEXT)
    signed_at = time.monotonic()
    redirect = opened(alice, f"/attachments/{attachment_id}")
    location = redirect.headers["location"]

    whole = opened(alice, f"/attachments/{attachment_id}", follow=True)
    part = httpx.get(location, headers={"Range": "bytes=5-9"}, timeout=PATIENCE_S)

    assert (redirect.status_code, redirect.content, redirect.headers["cache-control"]) == (302, b"", "no-store")
    assert urlsplit(location).port != urlsplit(stack.rest_url).port
    assert (whole.status_code, whole.content) == (200, TEXT)
    assert whole.headers["content-type"] == "text/plain"
    assert whole.headers["content-disposition"] == (
        "attachment; filename=\"Gru_e.txt\"; filename*=UTF-8''Gr%C3%BC%C3%9Fe.txt"
    )
    assert (part.status_code, part.content) == (206, TEXT[5:10])
    assert part.headers["content-range"] == f"bytes 5-9/{len(TEXT)}"

    assert parse_qs(urlsplit(location).query)["X-Amz-Expires"] == ["60"]
    time.sleep(max(0.0, 62 - (time.monotonic() - signed_at)))
    assert httpx.get(location, timeout=PATIENCE_S).status_code == 403
    assert opened(alice, f"/attachments/{attachment_id}", follow=True).content == TEXT


def test_picture_is_shown_and_has_a_thumbnail_and_a_stranger_gets_nothing(stack: Stack, alice: Person) -> None:
    eve = stack.person("eve")
    attachment_id = upload(alice, alice.opens(stack.person("bob")), "dot.png", "image/png", PNG)

    picture = opened(alice, f"/attachments/{attachment_id}", follow=True)
    thumbnail = opened(alice, f"/attachments/{attachment_id}/thumbnail", follow=True)
    urls = alice.post("/attachments/urls", ids=[attachment_id])["attachments"][attachment_id]

    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/png")
    assert picture.headers["content-disposition"].startswith("inline;")
    assert (thumbnail.status_code, thumbnail.headers["content-disposition"][:7]) == (200, "inline;")
    assert httpx.get(urls["url"], timeout=PATIENCE_S).content == picture.content
    assert opened(eve, f"/attachments/{attachment_id}").status_code == 404
    assert eve.post("/attachments/urls", ids=[attachment_id]) == {"attachments": {attachment_id: None}}
