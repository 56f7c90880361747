"""SES on this machine: `SendEmail` of its API of version 2 writes each e-mail as a file, as it would go over the wire.

Two pages of the REST port show the files: `/local/outbox`, and one for each e-mail.
"""

import base64
import binascii
import json
import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from html import escape
from pathlib import Path

from local.events import request_id

SEND_EMAIL = "/v2/email/outbound-emails"
MAX_MAILS = 1_000  # that are kept; the oldest are deleted
MAX_MAIL_BYTES = 40 * 1024 * 1024  # SES quotas, "Message size"
NAME = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9]{6,}")

_HEADERS = ("From", "To", "Reply-To", "Subject", "Date", "Message-ID", "List-Unsubscribe", "List-Unsubscribe-Post")
_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>
<style>body{{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem}}
table{{border-collapse:collapse;width:100%}}td,th{{text-align:start;padding:.3rem .6rem;border-top:1px solid #ddd;
overflow-wrap:anywhere}}iframe{{width:100%;height:32rem;border:1px solid #ddd}}pre{{white-space:pre-wrap}}</style>
</head><body><h1>{title}</h1>
{body}</body></html>
"""
# A name or a text in an e-mail is anybody's: its HTML runs no script, loads nothing and leaves the frame for no one.
_CLOSED = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; frame-ancestors 'self'; form-action 'none'"


@dataclass(frozen=True)
class Answer:
    """An answer over HTTP."""

    status: int
    headers: dict[str, str]
    body: bytes = b""


class Outbox:
    """The e-mails that were sent, as `.eml` files of a folder; `refusal` makes SES refuse, as (status, type, words)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.refusal: tuple[int, str, str] | None = None
        self._writing = threading.Lock()
        self._count = 0

    def send_email(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Returns SES's answer to one request of botocore; header names are in lower case."""
        if "authorization" not in headers:  # unsigned; the signature itself is not checked here
            return _refused(403, "MissingAuthenticationTokenException", "Missing Authentication Token")
        if (method, path) != ("POST", SEND_EMAIL):
            return _refused(404, "UnknownOperationException", "The local stack knows SendEmail only")
        if self.refusal is not None:
            return _refused(*self.refusal)
        try:
            content = json.loads(body)["Content"]["Raw"]["Data"]
            raw = base64.b64decode(content, validate=True)
        except (ValueError, KeyError, TypeError, binascii.Error):
            return _refused(400, "BadRequestException", "Only a raw message is taken")
        if len(raw) > MAX_MAIL_BYTES:
            return _refused(400, "BadRequestException", "Message length is more than 41943040 bytes long")
        return Answer(200, _common(), json.dumps({"MessageId": self.keep(raw)}).encode())

    def keep(self, raw: bytes) -> str:
        """Writes an e-mail; returns its name, which sorts by time."""
        with self._writing:
            self._count += 1
            name = f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{self._count:06d}"
            self.folder.mkdir(parents=True, exist_ok=True)
            while self._path(name).exists():  # of an earlier run within this second
                self._count += 1
                name = f"{name.rpartition('-')[0]}-{self._count:06d}"
            self._path(name).write_bytes(raw)
            for old in self.names()[MAX_MAILS:]:
                self._path(old).unlink(missing_ok=True)
        return name

    def names(self) -> list[str]:
        """Returns the names of the e-mails, the newest first."""
        return sorted((path.stem for path in self.folder.glob("*.eml") if NAME.fullmatch(path.stem)), reverse=True)

    def read(self, name: str) -> bytes | None:
        """Returns an e-mail as it was sent, or None if there is none of this name."""
        path = self._path(name)
        return path.read_bytes() if NAME.fullmatch(name) and path.is_file() else None

    def mails(self) -> list[EmailMessage]:
        """Returns the e-mails, the oldest first."""
        return [_parsed(raw) for name in reversed(self.names()) if (raw := self.read(name)) is not None]

    def empty(self) -> None:
        """Deletes the e-mails, and ends the refusals."""
        self.refusal = None
        for name in self.names():
            self._path(name).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.eml"

    # --- pages -------------------------------------------------------------------------------------------------------

    def page(self, name: str, kind: str) -> Answer:
        """Returns the list of e-mails (`name` is ""), or one as a page, as its HTML (`html`) or as a file (`eml`)."""
        if not name:
            return _html(_PAGE.format(title="Outbox", body=self._list()))
        raw = self.read(name)
        if raw is None:
            return Answer(404, {"Content-Type": "text/plain; charset=utf-8"}, b"There is no such e-mail.\n")
        if kind == "eml":
            return Answer(200, {"Content-Type": "message/rfc822", "X-Content-Type-Options": "nosniff"}, raw)
        mail = _parsed(raw)
        if kind == "html":
            return _html(_part(mail, "html"), sandbox=True)
        return _html(_PAGE.format(title=escape(str(mail["Subject"] or name)), body=_whole(name, mail)))

    def _list(self) -> str:
        rows = []
        for name in self.names():
            mail = _parsed(self.read(name) or b"")
            at = datetime.strptime(name[:15], "%Y%m%d-%H%M%S").replace(tzinfo=UTC)
            link = f'<a href="/local/outbox/{name}"><bdi>{escape(str(mail["Subject"] or "(no subject)"))}</bdi></a>'
            rows.append(
                f"<tr><td>{at:%Y-%m-%d %H:%M:%S} UTC</td><td>{escape(str(mail['To'] or ''))}</td><td>{link}</td>"
            )
        if not rows:
            return "<p>No e-mail has been sent yet.</p>"
        return f"<table><tr><th>Sent</th><th>To</th><th>Subject</th></tr>{''.join(rows)}</table>"


def _whole(name: str, mail: EmailMessage) -> str:
    shown = [(header, str(mail[header])) for header in _HEADERS if mail[header] is not None]
    rows = "".join(f"<tr><th>{header}</th><td><bdi>{escape(value)}</bdi></td></tr>" for header, value in shown)
    return (
        f'<table>{rows}</table><p><a href="/local/outbox/{name}.eml">{name}.eml</a></p>'
        f'<iframe sandbox="allow-popups" title="HTML" src="/local/outbox/{name}.html"></iframe>'
        f"<h2>Text</h2><pre>{escape(_part(mail, 'plain'))}</pre>"
    )


def _parsed(raw: bytes) -> EmailMessage:
    return message_from_bytes(raw, policy=policy.default)


def _part(mail: EmailMessage, kind: str) -> str:
    found = mail.get_body((kind,))
    return "" if found is None else str(found.get_content())


def _html(page: str, *, sandbox: bool = False) -> Answer:
    policies = f"{_CLOSED}; sandbox allow-popups" if sandbox else _CLOSED
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": policies,
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    return Answer(200, headers, page.encode("utf-8", "replace"))


def _refused(status: int, kind: str, words: str) -> Answer:
    return Answer(status, {**_common(), "x-amzn-ErrorType": kind}, json.dumps({"message": words}).encode())


def _common() -> dict[str, str]:
    return {"x-amzn-RequestId": request_id(), "Content-Type": "application/json"}
