"""The words of pages about themselves, kept for a day: a link that many people send is looked at once."""

from hashlib import sha256

import msgspec
from msgspec import Struct

from parley.adapters.dynamodb import batches, tables, unreadable
from parley.adapters.moderation import word_list_cache
from parley.domain.previews.page import Page

KEPT_S = 24 * 3600
SILENT_S = 3600  # for a page that says nothing, or could not be read: it may be mended soon


class Copied(Struct, frozen=True, kw_only=True):
    """The small picture of a page, as a message has it: the key of its object, and its size."""

    key: str
    width: int
    height: int


class Known(Struct, frozen=True):
    """A page that was looked at; None if it says nothing. `picture` is there if a message has shown it."""

    page: Page | None
    picture: Copied | None = None


def known_page(url: str, now_s: int) -> Known | None:
    """Returns what is known of the page at a URL; None if that was never asked, or too long ago.

    One round trip, which checks the version of the banned words as well; one more for a new list of them.
    """
    key = (_key(url), 0)
    rows = batches.read_rows(
        {tables.Message: [key], tables.WordList: word_list_cache.due(now_s)}, stale=(tables.WordList,)
    )
    word_list_cache.take(rows, now_s)
    row = rows.get(tables.Message, *key)
    if row is None or row.expires_at_s is None or row.expires_at_s <= now_s:
        return None
    try:
        if not row.about:
            return Known(None)
        picture = row.about.get("picture")
        copied = msgspec.convert(picture, type=Copied) if picture else None
        return Known(msgspec.convert(row.about, type=Page), copied)
    except unreadable.ERRORS:
        unreadable.report("Messages", [key[0]])
        return None


def put_page(url: str, page: Page | None, now_s: int, picture: Copied | None = None) -> None:
    """Keeps the words of a page about itself, and where its picture is; one round trip."""
    about = msgspec.to_builtins(page) if page else None
    tables.Message(
        conversation_id=_key(url),
        seq=0,
        about=about and (about | ({"picture": msgspec.to_builtins(picture)} if picture else {})),
        expires_at_s=now_s + (KEPT_S if page else SILENT_S),
    ).save()


def _key(url: str) -> str:
    return f"#page#{sha256(url.encode()).hexdigest()}"
