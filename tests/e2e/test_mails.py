"""The local stack sends e-mails to its outbox: files as they go over the wire, and a page that shows them."""

import time
from email import message_from_bytes, policy
from pathlib import Path

import httpx

from tests.e2e.stack import PATIENCE_S, running

SOON = ("--parameter", "NotifyAfterS=1", "--parameter", "MailAfterS=1")


def test_an_unread_message_becomes_an_e_mail_that_can_be_left(tmp_path: Path) -> None:
    with running(tmp_path, *SOON) as stack:
        ana, host = stack.person("ana"), stack.person("host", role="service")
        said = {"name": "Bob", "email": "bob@example.org", "locale": "de"}
        assert host.request("PUT", "/users/bob", said).status in (200, 201)
        assert ana.request("POST", "/messages", {"user_id": "bob", "text": "Mittagessen?"}).status == 201

        deadline = time.monotonic() + PATIENCE_S
        while not (found := sorted((tmp_path / "outbox").glob("*.eml"))) and time.monotonic() < deadline:
            time.sleep(0.2)

        mail = message_from_bytes(found[0].read_bytes(), policy=policy.default)
        assert mail["To"] == "bob@example.org" and mail["Content-Language"] == "de"
        base = stack.rest_url.rpartition("/")[0]
        assert found[0].stem in httpx.get(f"{base}/local/outbox").text
        link = str(mail["List-Unsubscribe"]).strip("<>")
        assert "<form" in httpx.get(link).text
        assert httpx.post(link, content="List-Unsubscribe=One-Click").status_code == 200
        assert httpx.get(link[:-1]).status_code == 404
