"""Reads the template of e-mails from TOML, and refuses a mistake with its line.

[html]
page = '''<html lang="{{language}}" dir="{{direction}}">… {{entries}} … {{unsubscribe_url}} …'''
entry = '''<p>{{title}} {{preview}} {{time}} {{link}}</p>'''
preview = '''<br>{{text}}'''            # once for each text of an entry
link = '''<a href="{{url}}">{{open}}</a>'''     # left out of an entry if the deployment has no address of its app
more = '''<p>{{more}}</p>'''            # left out if all entries have room
unsubscribe = '''<html …>… {{heading}} {{message}} {{form}} …'''       # the page that the link leads to
form = '''<form method="post">… {{button}} …</form>'''

[text]                                  # the same without HTML; `unsubscribe` and `form` belong to HTML alone
page = '''…'''

[words.en]                              # at least `en`, which everybody gets whose language is not here
direction = "ltr"                       # or "rtl"
subject = "{{count}} new notifications · {{sender}}"  # of several entries
subject_of_one = "{{title}} · {{sender}}"              # of an entry that is alone
time = "{{day}} {{month}} {{year}}, {{hour}}:{{minute}}"
months = "January February …"           # twelve words, apart by spaces
…

Values are escaped where they go into HTML. A placeholder in a value stays as it is.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Literal, TypeVar

from msgspec import Meta, Struct, ValidationError, convert

from parley.domain.text.toml_file import Lines, meant, read_tables

MAX_PART_CHARACTERS = 30_000
MAX_WORDS_CHARACTERS = 300
MONTHS = 12
DEFAULT_LANGUAGE = "en"

Part = Annotated[str, Meta(min_length=1, max_length=MAX_PART_CHARACTERS)]
Kind = TypeVar("Kind", bound=Struct)
Words = Annotated[str, Meta(min_length=1, max_length=MAX_WORDS_CHARACTERS, pattern=r"\S")]

_placeholder = re.compile(r"\{\{(.*?)\}\}")
_path = re.compile(r" - at (`key` in )?`\$\.?(?P<path>[^`]*)`$")
_unknown = re.compile(r"unknown field `([^`]*)`")
_language = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")

_PAGE = ("language", "direction", "subject", "greeting", "intro", "more", "reason")
_PLACEHOLDERS = {  # of each part, those that it must have first
    "page": (("entries", "unsubscribe_url"), (*_PAGE, "sender", "unsubscribe")),
    "entry": (("title",), ("preview", "time", "link")),
    "preview": (("text",), ()),
    "link": (("url",), ("open",)),
    "more": (("more",), ()),
    "unsubscribe": (("message", "form"), ("language", "direction", "heading", "sender")),
    "form": (("button",), ()),
}
_IN_WORDS = {
    "subject": ("count", "sender"),
    "subject_of_one": ("title", "sender"),
    "time": ("day", "month", "year", "hour", "minute"),
    "greeting": ("name",),
    "more": ("count",),
    "intro": ("sender",),
    "reason": ("sender",),
    "unsubscribe_question": ("sender",),
    "unsubscribe_done": ("sender",),
}


class MailTemplateError(ValueError):
    """The template of e-mails is wrong; the message names file, line and mistake."""


class Layout(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parts of an e-mail's text."""

    page: Part
    entry: Part
    preview: Part
    link: Part
    more: Part


class HtmlLayout(Layout, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parts of an e-mail's HTML, and of the page to which its link to unsubscribe leads."""

    unsubscribe: Part
    form: Part


class Language(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The words in one language."""

    direction: Literal["ltr", "rtl"]
    subject: Words
    subject_of_one: Words
    time: Words
    months: Words
    greeting: Words
    intro: Words
    more: Words
    open: Words
    reason: Words
    unsubscribe: Words
    unsubscribe_heading: Words
    unsubscribe_question: Words
    unsubscribe_button: Words
    unsubscribe_done: Words
    unsubscribe_over: Words
    unsubscribe_wrong: Words
    unsubscribe_busy: Words


class _File(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    html: HtmlLayout
    text: Layout
    words: dict[str, dict[str, object]]


class MailTemplate(Struct, frozen=True, kw_only=True):
    """The parts and the words of e-mails; `source` is the name of the file."""

    source: str
    html: HtmlLayout
    text: Layout
    words: Mapping[str, Language]

    def language_of(self, locale: str | None) -> str:
        """Returns the language that a person with this language tag gets; `en` if the template has none of theirs."""
        parts = (locale or "").replace("_", "-").split("-")
        for length in range(len(parts), 0, -1):
            tag = "-".join(parts[:length]).lower()
            found = [known for known in self.words if known.lower() == tag]
            if found:
                return found[0]
        return DEFAULT_LANGUAGE


def load(text: str, source: str) -> MailTemplate:
    """Returns the template that a text in TOML holds; raises MailTemplateError for the first mistake."""
    tables, lines = read_tables(text, source, MailTemplateError)
    file = _converted(tables, _File, lines, source)
    words = {tag: _converted(table, Language, lines, source, "words", tag) for tag, table in file.words.items()}
    mistake = _mistake_of_parts("html", file.html) or _mistake_of_parts("text", file.text) or _mistake_of_words(words)
    if mistake is not None:
        path, sentence = mistake
        raise MailTemplateError(f"{source}:{lines.find(*path)}: {'.'.join(path)}: {sentence}")
    return MailTemplate(source=source, html=file.html, text=file.text, words=words)


def _converted(table: Mapping[str, object], kind: type[Kind], lines: Lines, source: str, *above: str) -> Kind:
    try:
        return convert(table, type=kind)
    except ValidationError as error:
        found, unknown = _path.search(str(error)), _unknown.search(str(error))
        path = [*above, *(part for part in re.split(r"[.\[\]]+", found["path"] if found else "") if part)]
        line = lines.find(*path, *([unknown[1]] if unknown else []))
        place = ".".join(path) or "the file"
        raise MailTemplateError(f"{source}:{line}: {place}: {_path.sub('', str(error))}") from None


def _mistake_of_parts(table: str, layout: Layout) -> tuple[tuple[str, ...], str] | None:
    for name in layout.__struct_fields__:
        needed, others = _PLACEHOLDERS[name]
        used = _placeholder.findall(getattr(layout, name))
        if missing := [one for one in needed if one not in used]:
            return (table, name), f"{{{{{missing[0]}}}}} is missing"
        if sentence := _unknown_of(used, (*needed, *others)):
            return (table, name), sentence
    return None


def _mistake_of_words(words: Mapping[str, Language]) -> tuple[tuple[str, ...], str] | None:
    if DEFAULT_LANGUAGE not in words:
        return ("words",), f"`{DEFAULT_LANGUAGE}` is missing"
    for tag, language in words.items():
        if not _language.fullmatch(tag):
            return ("words", tag), "a language is a tag as `de` or `pt-BR`"
        if len(language.months.split()) != MONTHS:
            return ("words", tag, "months"), f"{len(language.months.split())} months instead of {MONTHS}"
        for name in Language.__struct_fields__:
            if sentence := _unknown_of(_placeholder.findall(getattr(language, name)), _IN_WORDS.get(name, ())):
                return ("words", tag, name), sentence
    return None


def _unknown_of(used: list[str], known: tuple[str, ...]) -> str | None:
    for name in used:
        if name not in known:
            may = ", ".join(f"{{{{{one}}}}}" for one in known) or "none"
            return f"{{{{{name}}}}} is unknown here; known: {may}{meant(name, known)}"
    return None


def filled(part: str, values: Mapping[str, str]) -> str:
    """Returns a part with its placeholders replaced, once: a placeholder in a value stays as it is."""
    return _placeholder.sub(lambda match: values.get(match[1], ""), part)
