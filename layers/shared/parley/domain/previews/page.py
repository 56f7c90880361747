"""A page's words about itself: OpenGraph (ogp.me), and its title and description where it has none.

Pages are hostile: every text is cut, put on one line, and without control and direction characters; clients show it as
text, never as HTML.
"""

import codecs
import re
from collections.abc import Mapping
from html import unescape
from urllib.parse import urljoin, urlsplit

from msgspec import Struct

from parley.domain.previews.links import MAX_URL_CHARACTERS

MAX_TITLE_CHARACTERS = 200
MAX_DESCRIPTION_CHARACTERS = 500
MAX_SITE_CHARACTERS = 100
MAX_TAGS = 2000  # read of a page; what describes it stands at its beginning
MAX_TAG_CHARACTERS = 8192
SNIFFED_BYTES = 1024  # in which a page states its encoding (HTML standard, "determining the character encoding")

_HTML = {"text/html", "application/xhtml+xml"}
_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([A-Za-z0-9_:.-]{1,40})""", re.IGNORECASE)
_STATED = re.compile(r"""charset\s*=\s*["']?\s*([A-Za-z0-9_:.-]{1,40})""", re.IGNORECASE)
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
# C0 and C1 controls, and the characters that turn a text's direction round (Unicode Bidirectional Algorithm, UAX #9).
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]+")
_TAG = re.compile(r"<(?P<closing>/?)(?P<name>[A-Za-z][^\s/>]{0,40})")
_ATTRIBUTE = re.compile(
    r"""[\s/]*(?P<name>[^\s/>=]+)(?:\s*=\s*(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>[^\s>"'][^\s>]*)))?"""
)
_RAW = {
    name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE)
    for name in ("title", "script", "style", "noscript", "template")
}
_TITLES = ("og:title", "twitter:title")
_DESCRIPTIONS = ("og:description", "twitter:description", "description")
_IMAGES = ("og:image:secure_url", "og:image", "og:image:url", "twitter:image")


class Page(Struct, frozen=True, kw_only=True):
    """The words of a page about itself; `title` is never empty, and `image_url` is absolute."""

    title: str
    description: str | None = None
    site: str
    image_url: str | None = None


def read_page(body: bytes, content_type: str, url: str) -> Page | None:
    """Returns what the page at `url` says about itself; None if it is no HTML, or has no title.

    `body` may be cut off anywhere.
    """
    if content_type.partition(";")[0].strip().lower() not in _HTML:
        return None
    head = _Head(_decoded(body, content_type))
    title = _shown(head.first(_TITLES) or head.title, MAX_TITLE_CHARACTERS)
    if not title:
        return None
    return Page(
        title=title,
        description=_shown(head.first(_DESCRIPTIONS), MAX_DESCRIPTION_CHARACTERS) or None,
        site=_shown(head.first(("og:site_name",)), MAX_SITE_CHARACTERS) or _host(url),
        image_url=_image(head.first(_IMAGES), url, head.base),
    )


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").removeprefix("www.")[:MAX_SITE_CHARACTERS]


def _image(address: str, url: str, base: str) -> str | None:
    try:
        absolute = urljoin(urljoin(url, base), address.strip()) if address.strip() else ""
        parts = urlsplit(absolute)
        is_usable = parts.scheme in ("https", "http") and parts.hostname and parts.username is None
    except ValueError:
        return None
    return absolute if is_usable and len(absolute) <= MAX_URL_CHARACTERS else None


def _shown(text: str, most: int) -> str:
    """Returns a text on one line, cut to so many characters."""
    line = " ".join(_UNSEEN.sub(" ", text).split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def _decoded(body: bytes, content_type: str) -> str:
    """Returns the text of a page: by its byte order mark, the header, its own word, or as UTF-8, in this order."""
    for mark, encoding in _MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(encoding, "replace")
    stated = _STATED.search(content_type)
    named = _CHARSET.search(body[:SNIFFED_BYTES])
    names: tuple[str | None, ...] = (stated[1] if stated else None, named[1].decode("ascii") if named else None)
    for name in names:
        if name is not None and (known := _encoding(name)) is not None:
            return body.decode(known, "replace")
    return body.decode("utf-8", "replace")


def _encoding(name: str) -> str | None:
    """Returns the codec of an encoding that a page may have; None for one that is unknown, or not of text."""
    lowered = name.lower()
    if lowered in ("iso-8859-1", "latin1", "latin-1", "us-ascii", "ascii"):
        return "cp1252"  # what browsers read as such (Encoding standard, "names and labels")
    try:
        codec = codecs.lookup(lowered)
    except LookupError:
        return None
    return codec.name if getattr(codec, "_is_text_encoding", True) and codec.name not in _UNSAFE else None


_UNSAFE = {"utf-7", "unicode_escape", "raw_unicode_escape", "idna", "punycode", "undefined"}  # no page's encoding


class _Head:
    """The head of a page: its `title`, `base` and metadata; the first of a name counts, as browsers do it.

    The standard library's parser takes quadratic time for some pages (3.9 s for 40 KB of `<meta `, measured with
    Python 3.11), so this reads tags by itself: `MAX_TAGS` of them, each `MAX_TAG_CHARACTERS` long at most.
    """

    def __init__(self, text: str) -> None:
        self.title = ""
        self.base = ""
        self._meta: dict[str, str] = {}
        at = 0
        for _ in range(MAX_TAGS):
            at = text.find("<", at)
            end = -1 if at < 0 else self._read_markup(text, at)
            if end < 0:
                return
            at = end

    def first(self, names: tuple[str, ...]) -> str:
        """Returns the first value that is not empty, in the order of the names."""
        return next((value for name in names if (value := self._meta.get(name, ""))), "")

    def _read_markup(self, text: str, at: int) -> int:
        """Reads a tag, a comment or a declaration; returns where it ends, or -1 if the head ends here."""
        if text.startswith("<!--", at):
            return _after(text, "-->", at + 4)
        if text.startswith(("<!", "<?"), at):
            return _after(text, ">", at)
        tag = _TAG.match(text, at)
        if tag is None:
            return at + 1
        name = tag["name"].lower()
        if name == "body" or (name == "head" and tag["closing"]):
            return -1
        attributes, end = _attributes(text, tag.end())
        if tag["closing"]:
            return end
        self._note(name, attributes)
        return self._read_content(text, name, end) if name in _RAW else end

    def _note(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "base":
            self.base = self.base or attributes.get("href", "").strip()
        elif name == "meta" and (content := attributes.get("content", "").strip()):
            of = attributes.get("property") or attributes.get("name") or ""
            self._meta.setdefault(of.strip().lower(), content)

    def _read_content(self, text: str, name: str, start: int) -> int:
        """Reads what stands in an element without tags of its own; returns where it ends."""
        end = _RAW[name].search(text, start)
        if name == "title" and not self.title:
            most = start + MAX_TAG_CHARACTERS
            self.title = unescape(text[start : min(end.start(), most) if end else most])
        return end.end() if end else -1


def _after(text: str, mark: str, start: int) -> int:
    end = text.find(mark, start)
    return end + len(mark) if end >= 0 else -1


def _attributes(text: str, start: int) -> tuple[dict[str, str], int]:
    """Returns the attributes of a tag and where it ends."""
    found: dict[str, str] = {}
    at, most = start, start + MAX_TAG_CHARACTERS
    while attribute := _ATTRIBUTE.match(text, at, most):
        value = attribute["double"] or attribute["single"] or attribute["bare"] or ""
        found.setdefault(attribute["name"].lower(), unescape(value))
        at = attribute.end()
    end = text.find(">", at, most)
    return found, end + 1 if end >= 0 else at
