"""The words of pages about themselves, kept for a day: a link that many people send is looked at once."""

from hashlib import sha256

import msgspec
from msgspec import Struct

from parley.adapters.dynamodb import batches, tables, unreadable
from parley.domain.previews.page import Page

KEPT_S = 24 * 3600
SILENT_S = 3600  # for a page that says nothing, or could not be read: it may be mended soon


class Known(Struct, frozen=True):
    """A page that was looked at; None if it says nothing."""

    page: Page | None


def known_page(url: str, now_s: int) -> Known | None:
    """Returns what is known of the page at a URL; None if that was never asked, or too long ago. One round trip."""
    key = (_key(url), 0)
    row = batches.read_rows({tables.Message: [key]}).get(tables.Message, *key)
    if row is None or row.expires_at_s is None or row.expires_at_s <= now_s:
        return None
    try:
        return Known(msgspec.convert(row.about, type=Page) if row.about else None)
    except unreadable.ERRORS:
        unreadable.report("Messages", [key[0]])
        return None


def put_page(url: str, page: Page | None, now_s: int) -> None:
    """Keeps the words of a page about itself; one round trip."""
    tables.Message(
        conversation_id=_key(url),
        seq=0,
        about=msgspec.to_builtins(page) if page else None,
        expires_at_s=now_s + (KEPT_S if page else SILENT_S),
    ).save()


def _key(url: str) -> str:
    return f"#page#{sha256(url.encode()).hexdigest()}"
