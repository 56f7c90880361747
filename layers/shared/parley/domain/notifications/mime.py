"""An e-mail as bytes (RFC 5322, MIME), with the headers of bulk mail that one can leave (RFC 2369, 8058, 3834)."""

import re
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from hashlib import sha256

from msgspec import Struct

from parley.domain.notifications.addresses import sendable
from parley.domain.notifications.digest import Digest, plain

_simple = re.compile(r"[A-Za-z0-9]+( [A-Za-z0-9]+)*")
_WORD_BYTES = 39  # in base64 an encoded word of 64 characters; a line with one has 76 at most (RFC 2047)
_BODY = SMTP.clone(cte_type="7bit")


class Sender(Struct, frozen=True, kw_only=True):
    """The author of an e-mail, and the address for answers; "" is the author's own."""

    address: str
    name: str = ""
    reply_to: str = ""


class Envelope(Struct, frozen=True, kw_only=True):
    """Everything around an e-mail's words. `key` is the same for each try of it, and says nothing of a person."""

    sender: Sender
    to: str
    key: str
    at_ms: int
    unsubscribe_url: str


def message(digest: Digest, envelope: Envelope) -> bytes:
    """Returns an e-mail; the same bytes for the same digest and envelope. ValueError for an address that is none."""
    made = EmailMessage(policy=_BODY)
    made.set_content(digest.text)
    made.add_alternative(digest.html, subtype="html")
    made.set_boundary(f"=_{sha256(envelope.key.encode()).hexdigest()[:32]}")
    lines = [f"{name}: {value}\r\n" for name, value in _headers(digest, envelope)]
    return "".join(lines).encode("ascii") + made.as_bytes()


def _headers(digest: Digest, envelope: Envelope) -> Iterator[tuple[str, str]]:
    """Yields the headers in ASCII.

    The library does not write them: it reads encoded words in a name as it gets them, so one that holds a line end
    would begin a header of its own; and it encodes long addresses, which no program finds then.
    """
    sender, from_address = envelope.sender, _checked(envelope.sender.address)
    name = plain(sender.name)
    yield "From", f"{_encoded(name)}\r\n <{from_address}>" if name else from_address
    yield "To", _checked(envelope.to)
    if sender.reply_to:
        yield "Reply-To", _checked(sender.reply_to)
    yield "Subject", _encoded(digest.subject)
    yield "Date", format_datetime(datetime.fromtimestamp(envelope.at_ms // 1000, UTC))
    # SES writes a Message-ID of its own over this one; other senders keep it, and receivers then know a second copy.
    yield "Message-ID", f"<{envelope.key}@{from_address.rpartition('@')[2]}>"
    yield "List-Unsubscribe", f"<{envelope.unsubscribe_url}>"
    yield "List-Unsubscribe-Post", "List-Unsubscribe=One-Click"
    yield "Auto-Submitted", "auto-generated"
    yield "X-Auto-Response-Suppress", "All"
    yield "Content-Language", digest.language


def _checked(address: str) -> str:
    written = sendable(address)
    if written is None:
        raise ValueError("no address that can be sent to")
    return written


def _encoded(text: str) -> str:
    """Returns a text for a header: words of letters and digits as they are, all else as encoded words (RFC 2047)."""
    if _simple.fullmatch(text):
        return text
    words, chunk = [], b""
    for character in text:
        more = character.encode()
        if len(chunk) + len(more) > _WORD_BYTES:
            words.append(chunk)
            chunk = b""
        chunk += more
    return "\r\n ".join(f"=?utf-8?b?{b64encode(word).decode()}?=" for word in [*words, chunk])
