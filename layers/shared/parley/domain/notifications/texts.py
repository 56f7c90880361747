"""The words of notices: what a title and a text say, in a person's language and with the plural that it needs.

The words themselves are files of the layer, one for each language (`parley/notices/`). What people have written is
filled in last, so that a brace in it fills nothing, and on one line, so that it adds no line to a header.
"""

import re
from collections.abc import Mapping
from typing import Literal

import msgspec
from msgspec import Struct

from parley.domain.notifications.notice import MAX_TEXT_CHARACTERS, MAX_TITLE_CHARACTERS, Kind
from parley.domain.notifications.ticket_news import TicketNews
from parley.domain.text.toml_file import read_tables

Plural = Literal["zero", "one", "two", "few", "many", "other"]
DEFAULT_LANGUAGE = "en"
RIGHT_TO_LEFT = frozenset({"ar"})
FIRST_STRONG, POP = "\u2068", "\u2069"  # around what is filled into a text that runs the other way (UAX #9)
_between_lines = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_place = re.compile(r"\{([a-z]+)\}")


class TextsError(Exception):
    """A file of words is wrong; the message says where."""


class TicketWords(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The words of notices of tickets: that one waits for an agent, or what has changed."""

    waits: str
    changed: str
    open: str
    in_progress: str
    waiting_on_customer: str
    waiting_on_you: str
    resolved: str
    closed: str
    yours: str
    taken: str
    low: str
    medium: str
    high: str
    urgent: str
    category: str
    team: str
    merged: str
    rated: str
    subject: str
    tags: str
    by_rule: str


class Texts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The words of one language, as its file has them."""

    group: str
    ticket: str
    new_message: str
    image: str
    audio: str
    video: str
    file: str
    files: str
    voice: str
    of_group: str
    mention: str
    mention_alone: str
    reaction: str
    missed_call: str
    missed_video_call: str
    invitation: str
    new_messages: Mapping[Plural, str]
    new_messages_in: Mapping[Plural, str]
    mentions: Mapping[Plural, str]
    mentions_in: Mapping[Plural, str]
    ticket_news: TicketWords


class Told(Struct, frozen=True, kw_only=True):
    """The content of a notice: who, where, and the words; `text` is "" without a preview.

    `files` is the kind of the attachments, or `files` for several. A direct conversation has no `title`. With
    `of_mentions` all of its messages name the recipient. A ticket without `news` waits for an agent.
    """

    kind: Kind
    name: str
    title: str | None
    text: str = ""
    files: str | None = None
    emoji: str | None = None
    is_video: bool = False
    is_group: bool = False
    is_ticket: bool = False
    news: TicketNews | None = None
    count: int = 1
    of_mentions: bool = False


def load(text: str, source: str) -> Texts:
    """Returns the words in a file; raises TextsError with the place of a mistake."""
    tables, _ = read_tables(text, source, TextsError)
    try:
        texts = msgspec.convert(tables, type=Texts)
    except msgspec.ValidationError as error:
        raise TextsError(f"{source}: {error}") from None
    for name in ("new_messages", "new_messages_in", "mentions", "mentions_in"):
        if "other" not in getattr(texts, name):
            raise TextsError(f"{source}: [{name}] has no `other`")
    return texts


def language_of(locale: str | None, known: frozenset[str]) -> str:
    """Returns the language of a locale such as `pt-BR`, English if there are no words in it."""
    language = (locale or DEFAULT_LANGUAGE).partition("-")[0].lower()
    return language if language in known else DEFAULT_LANGUAGE


def plural_of(language: str, count: int) -> Plural:
    """Returns the plural that a number takes, by CLDR's rules for whole numbers."""
    if language == "ar":
        return _arabic(count)
    is_one = count in (0, 1) if language == "fr" else count == 1
    return "one" if is_one else "other"


def _arabic(count: int) -> Plural:
    if count < 3:
        return ("zero", "one", "two")[count]
    rest = count % 100
    return "few" if 3 <= rest <= 10 else "many" if rest >= 11 else "other"


def title_of(texts: Texts, told: Told) -> str:
    """Returns the title of a notice: the sender of a direct conversation, else the conversation."""
    if told.is_ticket:
        title = told.title or texts.ticket
    elif told.is_group:
        title = told.title or texts.group
    else:
        title = told.name
    return _cut(on_one_line(title), MAX_TITLE_CHARACTERS)


def text_of(texts: Texts, language: str, told: Told) -> str:
    """Returns the text of a notice: "12 new messages" or "3 mentions" for several, else what has happened."""
    if told.count > 1:
        return count_of(texts, language, told.count, of_mentions=told.of_mentions)
    written = told.text or _written(texts, told)
    template, values = _template(texts, told, written)
    return _cut(_filled(template, language, values), MAX_TEXT_CHARACTERS)


def count_of(texts: Texts, language: str, count: int, title: str | None = None, *, of_mentions: bool = False) -> str:
    """Returns "12 new messages" or "12 mentions", or "12 new messages in Garden" with a title."""
    alone, in_title = (
        (texts.mentions, texts.mentions_in) if of_mentions else (texts.new_messages, texts.new_messages_in)
    )
    templates = alone if title is None else in_title
    template = templates.get(plural_of(language, count), templates["other"])
    return _cut(_filled(template, language, {"count": str(count), "title": title or ""}), MAX_TEXT_CHARACTERS)


def _template(texts: Texts, told: Told, written: str) -> tuple[str, dict[str, str]]:
    values = {"name": told.name, "text": written, "title": told.title or texts.group, "emoji": told.emoji or ""}
    match told.kind:
        case "mention":
            return (texts.mention if told.text else texts.mention_alone), values
        case "reaction":
            return texts.reaction, values
        case "missed_call":
            return (texts.missed_video_call if told.is_video else texts.missed_call), values
        case "invitation":
            return texts.invitation, values
        case "ticket":
            return _of_ticket(texts.ticket_news, told.news)
    return (texts.of_group if told.is_group or told.is_ticket else "{text}"), values


def _of_ticket(words: TicketWords, news: TicketNews | None) -> tuple[str, dict[str, str]]:
    if news is None:
        return words.waits, {}
    return getattr(words, news.what), {"number": news.number, "value": news.value}


def _written(texts: Texts, told: Told) -> str:
    return texts.new_message if told.files is None else str(getattr(texts, told.files, texts.file))


def _filled(template: str, language: str, values: Mapping[str, str]) -> str:
    """Returns a template with its places filled in one pass; each value keeps its own direction of writing."""
    around = (FIRST_STRONG, POP) if language in RIGHT_TO_LEFT else ("", "")
    return _place.sub(
        lambda found: values[found[1]] if found[1] == "count" else on_one_line(values[found[1]]).join(around), template
    )


def on_one_line(text: str) -> str:
    """Returns what a person has written without line breaks and control characters."""
    return _between_lines.sub(" ", text).strip()


def _cut(text: str, characters: int) -> str:
    return text if len(text) <= characters else text[: characters - 1].rstrip() + "…"
