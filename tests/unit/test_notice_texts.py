"""The words of notices: all languages say the same things, with their own plurals, and nobody's words add anything."""

import re
from typing import Any

import msgspec
import pytest

from parley.adapters.notifications import notice_texts
from parley.domain.notifications.notice import MAX_TEXT_CHARACTERS, MAX_TITLE_CHARACTERS
from parley.domain.notifications.texts import (
    FIRST_STRONG,
    POP,
    Texts,
    TextsError,
    Told,
    count_of,
    load,
    plural_of,
    text_of,
    title_of,
)

LANGUAGES = ("ar", "de", "en", "es", "fr")
ENGLISH = notice_texts.of_language("en")


def told(**known: Any) -> Told:
    return Told(**{"kind": "message", "name": "Alice", "title": None, "text": "hello"} | known)


def places(texts: Texts) -> dict[str, set[str]]:
    """Returns the places that each of a language's texts fills."""
    given = msgspec.to_builtins(texts)
    return {
        name: {place for each in ([text] if isinstance(text, str) else text.values()) for place in _in(each)}
        for name, text in given.items()
    }


def _in(text: str) -> list[str]:
    return re.findall(r"\{([a-z]*)\}", text)


def test_the_languages_are_those_of_the_interface() -> None:
    assert sorted(notice_texts.languages()) == sorted(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_fills_the_same_places(language: str) -> None:
    assert places(notice_texts.of_language(language)) == places(ENGLISH)


@pytest.mark.parametrize(
    ("locale", "language"),
    [("de", "de"), ("de-AT", "de"), ("DE", "de"), ("pt-BR", "en"), (None, "en"), ("ar-EG", "ar"), ("..", "en")],
)
def test_a_locale_has_the_words_of_its_language_or_english(locale: str | None, language: str) -> None:
    assert notice_texts.for_locale(locale)[0] == language


@pytest.mark.parametrize(
    ("language", "count", "plural"),
    [
        ("en", 0, "other"),
        ("en", 1, "one"),
        ("de", 2, "other"),
        ("fr", 0, "one"),
        ("fr", 1, "one"),
        ("fr", 2, "other"),
        ("ar", 0, "zero"),
        ("ar", 1, "one"),
        ("ar", 2, "two"),
        ("ar", 3, "few"),
        ("ar", 10, "few"),
        ("ar", 11, "many"),
        ("ar", 99, "many"),
        ("ar", 100, "other"),
        ("ar", 103, "few"),
    ],
)
def test_a_number_takes_the_plural_of_its_language(language: str, count: int, plural: str) -> None:
    assert plural_of(language, count) == plural


@pytest.mark.parametrize(
    ("known", "title", "text"),
    [
        ({}, "Alice", "hello"),
        ({"text": ""}, "Alice", "New message"),
        ({"text": "", "files": "image"}, "Alice", "Photo"),
        ({"text": "", "files": "voice"}, "Alice", "Voice message"),
        ({"is_group": True, "title": "Garden"}, "Garden", "Alice: hello"),
        ({"is_group": True, "title": "Garden", "count": 12}, "Garden", "12 new messages"),
        ({"kind": "mention", "is_group": True, "title": "Garden"}, "Garden", "Alice mentioned you: hello"),
        ({"kind": "mention", "is_group": True, "title": "Garden", "text": ""}, "Garden", "Alice mentioned you"),
        ({"kind": "reaction", "emoji": "👍"}, "Alice", "Alice reacted with 👍"),
        ({"kind": "missed_call"}, "Alice", "Missed call"),
        ({"kind": "missed_call", "is_video": True}, "Alice", "Missed video call"),
        ({"kind": "invitation", "is_group": True, "title": "Garden"}, "Garden", "Alice added you to Garden"),
        ({"kind": "ticket", "is_ticket": True, "title": "No water"}, "No water", "A ticket waits for an agent"),
        ({"kind": "ticket", "is_ticket": True}, "Ticket", "A ticket waits for an agent"),
    ],
)
def test_a_notice_says_what_has_happened(known: dict[str, Any], title: str, text: str) -> None:
    assert (title_of(ENGLISH, told(**known)), text_of(ENGLISH, "en", told(**known))) == (title, text)


def test_a_flood_says_where_it_is() -> None:
    assert count_of(ENGLISH, "en", 12, "Garden") == "12 new messages in Garden"
    assert count_of(ENGLISH, "en", 1, "Garden") == "1 new message in Garden"
    assert count_of(ENGLISH, "en", 3, "Garden", of_mentions=True) == "3 mentions in Garden"
    assert text_of(ENGLISH, "en", told(kind="mention", count=3, of_mentions=True)) == "3 mentions"


def test_what_a_person_writes_fills_no_place_and_adds_no_line() -> None:
    bad = told(name="{text}\r\nBcc: eve@example.org", title="a\u2028b\x00c", is_group=True, text="{name}\n\t{count}")

    assert text_of(ENGLISH, "en", bad) == "{text} Bcc: eve@example.org: {name} {count}"
    assert title_of(ENGLISH, bad) == "a b c"


def test_a_long_text_is_cut() -> None:
    long = told(title="t" * 101, is_group=True, text="x" * 300)

    assert len(title_of(ENGLISH, long)) == MAX_TITLE_CHARACTERS and title_of(ENGLISH, long).endswith("…")
    assert len(text_of(ENGLISH, "en", long)) == MAX_TEXT_CHARACTERS


def test_a_name_keeps_its_own_direction_in_a_text_that_runs_from_right_to_left() -> None:
    language, arabic = notice_texts.for_locale("ar")

    assert f"{FIRST_STRONG}Alice{POP}" in text_of(arabic, language, told(kind="mention", text=""))


@pytest.mark.parametrize(
    ("text", "said"),
    [("group = 1", "x.toml: "), ("group = ", "x.toml:1: "), ('colour = "red"', "x.toml: ")],
)
def test_a_file_that_is_wrong_says_where(text: str, said: str) -> None:
    with pytest.raises(TextsError, match=re.escape(said)):
        load(text, "x.toml")
