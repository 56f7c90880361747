"""Terms: the words by which an index finds a text. One reading of a text makes those of the index and those of a query.

A word is one term, folded; one with signs (`c++`, `.net`) is a term of its own, too. Of a script without spaces, and of
pictures, each two neighbours are a term, and the last one alone: so each single character is the beginning of a term.
"""

import unicodedata
from collections.abc import Iterator

from parley.domain.text.queries import VOICINGS, Token, tokens

MAX_TERM_CHARACTERS = 32  # the beginning of a longer word stands for it


def terms(text: str) -> Iterator[str]:
    """Yields the terms under which an index finds a text, also those that come again."""
    for token in tokens(text):
        if token.is_unspaced:
            characters = _characters(token)
            yield from _pairs(characters)
            yield characters[-1]
        else:
            yield token.core[:MAX_TERM_CHARACTERS]
            if token.first or token.last:
                yield _signed(token)


def wanted_terms(text: str) -> Iterator[str]:
    """Yields the terms of a query: a text matches if each of them is the beginning of a term of the text."""
    for token in tokens(text):
        if token.is_unspaced:
            characters = _characters(token)
            yield from _pairs(characters) if len(characters) > 1 else characters
        else:
            yield _signed(token)


def _signed(token: Token) -> str:
    return (token.first + token.core + token.last)[:MAX_TERM_CHARACTERS]


def _pairs(characters: list[str]) -> Iterator[str]:
    return (first + second for first, second in zip(characters, characters[1:], strict=False))


def _characters(token: Token) -> list[str]:
    """Returns the characters of a run, each with its voicing: `が` is one."""
    found: list[str] = []
    for character in token.core.replace(" ", ""):
        if character in VOICINGS and found:
            found[-1] = unicodedata.normalize("NFC", found[-1] + character)
        else:
            found.append(character)
    return found
