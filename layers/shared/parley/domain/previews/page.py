"""A page's words about itself: OpenGraph (ogp.me), and its title and description where it has none.

Pages are hostile: every text is cut, put on one line, and without control and direction characters; clients show it as
text, never as HTML.
"""

import codecs
import re
from collections.abc import Iterable, Mapping
from html import unescape
from urllib.parse import urljoin, urlsplit

from msgspec import Struct

from parley.domain.api.fields import is_blank, is_unicode
from parley.domain.previews.links import MAX_URL_CHARACTERS

MAX_TITLE_CHARACTERS = 200
MAX_DESCRIPTION_CHARACTERS = 500
MAX_SITE_CHARACTERS = 100
MAX_TAGS = 2000  # read of a page; what describes it stands at its beginning
MAX_TAG_CHARACTERS = 8192
MAX_TYPE_CHARACTERS = 300  # read of the header that states type and encoding
SNIFFED_BYTES = 1024  # in which a page states its encoding (HTML standard, "determining the character encoding")

_HTML = {"text/html", "application/xhtml+xml"}
# Both take quadratic time for white space, so they are given short texts alone.
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
# A number has eight digits at most: Python refuses to read 4,300, and no character has as many as eight.
_NUMBER = re.compile(r"&#(?=[0-9])0*+([0-9]{0,8})[0-9]*+")
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
    """Returns what the page at `url` says about itself; None if it is no HTML, or has no title that can be seen.

    `body` may be cut off anywhere, and `url` is where the page was found, after all redirects.
    """
    if content_type.partition(";")[0].strip().lower() not in _HTML:
        return None
    head = _Head(_decoded(body, content_type))
    title = _first_shown([*head.values(_TITLES), head.title], MAX_TITLE_CHARACTERS)
    if not title:
        return None
    return Page(
        title=title,
        description=_first_shown(head.values(_DESCRIPTIONS), MAX_DESCRIPTION_CHARACTERS) or None,
        site=_first_shown(head.values(("og:site_name",)), MAX_SITE_CHARACTERS) or _host(url),
        image_url=_image(next(iter(head.values(_IMAGES)), ""), url, head.base),
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
    return absolute if is_usable and len(absolute) <= MAX_URL_CHARACTERS and is_unicode(absolute) else None


def _first_shown(texts: Iterable[str], most: int) -> str:
    """Returns the first of the texts of which something can be seen, on one line and cut; empty if there is none."""
    return next((shown for text in texts if (shown := _shown(text, most))), "")


def _shown(text: str, most: int) -> str:
    line = " ".join(_UNSEEN.sub(" ", text).split())
    cut = line if len(line) <= most else line[: most - 1].rstrip()
    if is_blank(cut):
        return ""
    return cut if len(line) <= most else f"{cut}…"


def _unescaped(text: str) -> str:
    """Returns a text with the characters that its references name, of any length."""
    return unescape(_NUMBER.sub(r"&#0\1", text)) if "&" in text else text


def _decoded(body: bytes, content_type: str) -> str:
    """Returns the text of a page: by its byte order mark, the header, its own word, or as UTF-8, in this order."""
    for mark, encoding in _MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(encoding, "replace")
    stated = _STATED.search(content_type[:MAX_TYPE_CHARACTERS])
    named = _CHARSET.search(body[:SNIFFED_BYTES])
    by_header = _encoding(stated[1]) if stated else None
    # A page whose word can be read in this way is not UTF-16, whatever it says (HTML standard, "prescan").
    by_itself = _encoding(named[1].decode("ascii")) if named and not named[1].lower().startswith(b"utf-16") else None
    return body.decode(by_header or by_itself or "utf-8", "replace")


def _encoding(name: str) -> str | None:
    """Returns the codec of an encoding that browsers know; None for any other."""
    try:
        codec = codecs.lookup(name).name
    except LookupError:
        return None
    return codec if codec in _ENCODINGS else _READ_AS.get(codec)


# The encodings of the web by the names of Python's codecs, and those that browsers read as another (WHATWG Encoding
# standard, "names and labels"). Python has codecs besides that are no encodings, or that read escapes.
_ENCODINGS = {
    *("utf-8", "utf-16", "utf-16-le", "utf-16-be", "gb18030", "big5hkscs", "euc_jp", "iso2022_jp", "cp932", "cp949"),
    *("cp866", "cp874", "koi8-r", "koi8-u", "mac-roman", "mac-cyrillic", *(f"cp{page}" for page in range(1250, 1259))),
    *(f"iso8859-{part}" for part in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)),
}
_READ_AS = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "big5hkscs",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
}


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

    def values(self, names: Iterable[str]) -> list[str]:
        """Returns the values of the names that have one, in their order."""
        return [self._meta[name] for name in names if name in self._meta]

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
            self.title = _unescaped(text[start : min(end.start(), most) if end else most])
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
        found.setdefault(attribute["name"].lower(), _unescaped(value))
        at = attribute.end()
    end = text.find(">", at, most)
    return found, end + 1 if end >= 0 else at
