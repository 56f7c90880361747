"""Words as people compare them: without case, accents and width. For search, for the directory, and for banned words.

All of it rests on `fold`. It works character by character, so that each folded character comes from one of the
original. So highlights find their way back (`queries.py`), and a name's fold begins with the fold of its beginning.

- NFKD, casefold: `Ｐａｒｌｅｙ`, `PARLEY` and `parley` are one, so are `ß` and `ss`, `ﬁ` and `fi`, `①` and `1`.
- Marks go if a reader takes the letter for the same, with and without: on Latin, Greek and Cyrillic (`é`, `ё`, `й`),
  and the vowel points of Hebrew and Arabic, which most people leave out; with those, Arabic's hamza and madda on a
  carrier (`أ` is `ا`) and its filler, the tatweel. Letters that Unicode does not take apart: `ø ł đ ħ ŧ ı æ œ ð þ`.
- Marks stay if they are part of the word: the vowel signs of India, Thai's tones, the voicing of kana.
- Invisible characters go: zero-width and other ignorable characters, variation selectors, soft hyphens.

Canonically equivalent texts fold to the same, if their marks are in canonical order (NFC, NFD; all keyboards).
"""

import unicodedata
from collections.abc import Callable
from typing import Literal

from parley.domain.text.code_points import Ranges, is_in

MAX_KEY_CHARACTERS = 128  # of a name's sort key; 512 bytes at most, of 1,024 that DynamoDB allows

Span = tuple[int, int]  # start and end: code points of the text as it was written

_MAX_REMEMBERED = 16_384  # characters; Unicode has ten times as many, and a process lives long

# Letters with a stroke, ligatures: no decomposition gives their base letter (CLDR's Latin-ASCII transform does).
_LATIN = {"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ŧ": "t", "ı": "i", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th"}

# Default_Ignorable_Code_Point (DerivedCoreProperties.txt), except category Cf, and the tatweel.
_IGNORABLE: Ranges = (
    (0x34F, 0x34F), (0x640, 0x640), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x2065, 0x2065),
    (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFFA0, 0xFFA0), (0xE0000, 0xE0FFF),
)  # fmt: skip

# Blocks whose marks (Mn) leave the word the same: those for all alphabets, Cyrillic's own, points of Hebrew and Arabic.
_LOOSE_MARKS = (
    (0x300, 0x36F), (0x483, 0x489), (0x591, 0x5C7), (0x610, 0x61A), (0x64B, 0x65F), (0x670, 0x670), (0x6D6, 0x6ED),
    (0x898, 0x89F), (0x8CA, 0x8FF), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF), (0x2DE0, 0x2DFF),
    (0xA66F, 0xA67D), (0xA69E, 0xA69F), (0xFE20, 0xFE2F),
)  # fmt: skip

# Scripts that put no space between words (Blocks.txt): Thai and Lao, Myanmar, Khmer, Tai scripts, Balinese, Javanese,
# Han, kana, bopomofo, Yi.
_UNSPACED = (
    (0xE00, 0xEFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x1950, 0x19FF), (0x1A20, 0x1AAF), (0x1B00, 0x1B7F),
    (0x2E80, 0x2FDF), (0x3005, 0x3007), (0x3040, 0x312F), (0x31A0, 0x31BF), (0x31F0, 0x31FF), (0x3400, 0x4DBF),
    (0x4E00, 0xA4CF), (0xA980, 0xA9FF), (0xAA60, 0xAADF), (0xF900, 0xFAFF), (0x16FE0, 0x18DFF), (0x1AFF0, 0x1B16F),
    (0x20000, 0x3FFFF),
)  # fmt: skip
_PICTURES: Ranges = ((0x1F000, 0x1FAFF),)  # pictures, also those that this Python's Unicode does not know yet


class Remembered(dict[int, str]):
    """A table for str.translate that asks `of` once for each character that it meets."""

    def __init__(self, of: Callable[[str], str]) -> None:
        self._of = of

    def __missing__(self, code_point: int) -> str:
        found = self._of(chr(code_point))
        if len(self) < _MAX_REMEMBERED:
            self[code_point] = found
        return found


def is_ignorable(character: str) -> bool:
    """Says whether a character is invisible, or only a mark that `fold` takes off."""
    match unicodedata.category(character):
        case "Cf" | "Me":
            return True
        case "Mn":
            return is_in(_LOOSE_MARKS, character) or is_in(_IGNORABLE, character)
    return is_in(_IGNORABLE, character)


def is_unspaced(character: str) -> bool:
    """Says whether a character is of a script that writes words without spaces between them."""
    return is_in(_UNSPACED, character)


def is_letter(character: str) -> bool:
    """Says whether a character is part of words: a letter, a digit, a mark, or a character new to this Python."""
    return unicodedata.category(character)[0] in "LMN" or (
        unicodedata.category(character) == "Cn" and not is_in(_PICTURES, character)
    )


def kind_of(folded: str) -> Literal["gap", "picture", "unspaced", "word"]:
    """Returns the part that a folded character has in a search; a gap is between words."""
    if unicodedata.category(folded) == "So" or is_in(_PICTURES, folded):
        return "picture"
    if not is_letter(folded):
        return "gap"
    return "unspaced" if is_unspaced(folded) else "word"


def visible(character: str) -> str:
    """Returns the compatibility decomposition of a character without its ignorable parts; its case stays."""
    if is_ignorable(character):
        return ""
    return "".join(part for part in unicodedata.normalize("NFKD", character) if not is_ignorable(part))


def folded(character: str) -> str:
    """Returns the fold of one character: none, one or several."""
    # The casefold of a decomposed character may decompose again, and its decomposition may have another case.
    twice = "".join(visible(part).casefold() for part in visible(character).casefold())
    return "".join(_LATIN.get(part, part) for part in twice)


FOLD = Remembered(folded)


def fold(text: str) -> str:
    """Returns `text` folded for comparing; it may be longer or shorter, and empty."""
    return text.translate(FOLD)


def prefix_key(name: str) -> str:
    """Returns the key that sorts names and finds them by their start; spaces count once, and not at the ends.

    The key of a name's beginning is the beginning of the name's key. It is empty for an invisible name.
    """
    return " ".join(fold(name).split())[:MAX_KEY_CHARACTERS]
