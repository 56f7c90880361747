"""A digest: the e-mail that tells a person of everything that gathered since the last one."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from urllib.parse import quote
from zoneinfo import ZoneInfo

from msgspec import Struct

from parley.domain.api import time_zones
from parley.domain.notifications.mail_template import Language, Layout, MailTemplate, filled
from parley.domain.notifications.notice import Notice, Recipient

MAX_ENTRIES = 50  # that are shown; the others are counted
MAX_HTML_BYTES = 90_000  # Gmail clips an e-mail of 102 KB
MAX_TITLE_CHARACTERS = 100
MAX_TEXT_CHARACTERS = 300

# Line ends, other control characters, and lone surrogates end a header or break an encoding. Embeddings and isolates
# of direction (UAX 9) would reach beyond the value; the marks of direction stay, because they do not.
_unsafe = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]+")
_spaces = re.compile(r"\s+")
_right_to_left = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]")
_ISOLATE, _END = "\u2068", "\u2069"


class Links(Struct, frozen=True, kw_only=True):
    """The addresses in an e-mail; `app` may have `{conversation_id}` in it, or be empty."""

    unsubscribe: str
    app: str = ""

    def to(self, conversation_id: str) -> str:
        """Returns the address of a conversation in the deployment's own application, or ""."""
        return self.app.replace("{conversation_id}", quote(conversation_id, safe=""))


class Digest(Struct, frozen=True, kw_only=True):
    """The words of an e-mail."""

    language: str
    subject: str
    text: str
    html: str


class Wish(Struct, frozen=True, kw_only=True):
    """The sender's name, the addresses in the e-mail, and whether it shows texts."""

    sender: str
    links: Links
    previews: bool = True


class _Form(Struct, frozen=True, kw_only=True):
    """HTML or text: the parts of the template, how its words are escaped, and how values are kept apart from them."""

    layout: Layout
    escaped: Callable[[str], str]
    apart: Callable[[str], str]

    def said(self, words: str, **values: str) -> str:
        """Returns a sentence of the template with values in it."""
        return filled(self.escaped(words), {name: self.apart(value) for name, value in values.items()})

    def entry(self, words: Language, values: Mapping[str, str], texts: Sequence[str]) -> str:
        """Returns the entry of one notice; without its address if that is empty."""
        link = {"url": self.escaped(values["url"]), "open": self.escaped(words.open)}
        parts = {
            "title": self.apart(values["title"]),
            "time": self.escaped(values["time"]),
            "preview": "".join(filled(self.layout.preview, {"text": self.apart(text)}) for text in texts),
            "link": filled(self.layout.link, link) if values["url"] else "",
        }
        return filled(self.layout.entry, parts)

    def page(self, words: Language, values: Mapping[str, str], left: int) -> str:
        """Returns the whole; `left` notices have no entry."""
        sender = {"sender": values["sender"]}
        more = {"more": self.said(words.more, count=str(left))}
        parts = {
            **{name: self.escaped(values[name]) for name in ("language", "direction", "subject", "unsubscribe_url")},
            "entries": values["entries"],
            "sender": self.apart(values["sender"]),
            "greeting": self.said(words.greeting, name=values["name"]),
            "intro": self.said(words.intro, **sender),
            "reason": self.said(words.reason, **sender),
            "unsubscribe": self.escaped(words.unsubscribe),
            "more": filled(self.layout.more, more) if left else "",
        }
        return filled(self.layout.page, parts)


def digest(template: MailTemplate, recipient: Recipient, name: str, notices: Sequence[Notice], wish: Wish) -> Digest:
    """Returns the e-mail that tells `recipient`, whom it calls `name`, of these notices, in their order.

    It shows MAX_ENTRIES of them, and fewer if the HTML gets too large; it counts the others.
    """
    language = template.language_of(recipient.locale)
    words, zone = template.words[language], _zone(recipient.time_zone)
    html = _Form(layout=template.html, escaped=escape, apart=_bdi)
    text = _Form(layout=template.text, escaped=str, apart=isolated)
    shown = [(_values(notice, words, zone, wish), _texts(notice, wish)) for notice in notices[:MAX_ENTRIES]]
    entries = _that_fit([html.entry(words, *each) for each in shown], template.html.page)
    subject = subject_of(words, notices, wish.sender)
    values = {
        "language": language,
        "direction": words.direction,
        "subject": subject,
        "sender": plain(wish.sender),
        "name": plain(name),
        "unsubscribe_url": wish.links.unsubscribe,
    }
    left = len(notices) - len(entries)
    texts = [text.entry(words, *each) for each in shown[: len(entries)]]
    return Digest(
        language=language,
        subject=subject,
        text=text.page(words, {**values, "entries": "".join(texts)}, left),
        html=html.page(words, {**values, "entries": "".join(entries)}, left),
    )


def subject_of(words: Language, notices: Sequence[Notice], sender: str) -> str:
    """Returns the subject: the title of a notice that is alone, else how many there are; and who sends it."""
    values = {"sender": isolated(plain(sender))}
    if len(notices) == 1:
        title = isolated(plain(notices[0].title, MAX_TITLE_CHARACTERS))
        return filled(words.subject_of_one, values | {"title": title})
    return filled(words.subject, values | {"count": str(len(notices))})


def plain(text: str, most: int = MAX_TITLE_CHARACTERS) -> str:
    """Returns a text on one line, without what ends a header or turns what follows; cut to `most` characters."""
    line = _spaces.sub(" ", _unsafe.sub(" ", text)).strip()
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"


def isolated(text: str) -> str:
    """Returns a text whose direction does not reach into its surroundings (UAX 9); as it is if it has only one."""
    return f"{_ISOLATE}{text}{_END}" if _right_to_left.search(text) else text


def _bdi(text: str) -> str:
    return f"<bdi>{escape(text)}</bdi>"


def _zone(name: str | None) -> ZoneInfo | None:
    return ZoneInfo(name) if name and time_zones.is_time_zone(name) else None


def _time(at_ms: int, words: Language, zone: ZoneInfo | None) -> str:
    """Returns a time as the language writes it, in the person's time zone; in UTC, it says so."""
    at = datetime.fromtimestamp(at_ms / 1000, zone or UTC)
    parts = {
        "year": f"{at:%Y}",
        "month": words.months.split()[at.month - 1],
        "day": str(at.day),
        "hour": f"{at:%H}",
        "minute": f"{at:%M}",
    }
    return f"{filled(words.time, parts)}{'' if zone else ' UTC'}"


def _values(notice: Notice, words: Language, zone: ZoneInfo | None, wish: Wish) -> dict[str, str]:
    """Returns the values of one entry, unescaped."""
    return {
        "title": plain(notice.title, MAX_TITLE_CHARACTERS),
        "time": _time(notice.at_ms, words, zone),
        "url": wish.links.to(notice.conversation_id),
    }


def _texts(notice: Notice, wish: Wish) -> list[str]:
    """Returns the texts of one entry, unescaped, without those that are empty: the notice's own, and the newest."""
    texts = (notice.text, *notice.newest) if wish.previews else ()
    return [shown for text in texts if (shown := plain(text, MAX_TEXT_CHARACTERS))]


def _that_fit(entries: Sequence[str], page: str) -> Sequence[str]:
    """Returns the first of the entries in HTML, as many as have room beside the page; at least one."""
    room = MAX_HTML_BYTES - len(page.encode())
    for number, entry in enumerate(entries):
        room -= len(entry.encode())
        if room < 0 and number:
            return entries[:number]
    return entries
