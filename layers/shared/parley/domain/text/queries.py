"""Queries: which words a user looks for, and where they are in a text.

A text is made ready for finding: folded, with a space before each word and none within it. Characters of a script
without spaces, and pictures, have spaces on both sides. So a search for " word" finds beginnings of words, and any part
of a text in Chinese or Thai.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import groupby, islice

from msgspec import Struct

from parley.domain.text.folding import FOLD, Remembered, Span, fold, folded, kind_of

MAX_QUERY_CHARACTERS = 200  # code points of a search; the request's class checks it
MAX_QUERY_WORDS = 10
MAX_HIGHLIGHTS = 100  # of one text: 10,000 characters may hold a word 5,000 times

VOICINGS = ("\u3099", "\u309a")  # が is か with one of them

# Signs that belong to a word if they touch it (D-850): `c++` and `c#` end with them, `.net` and `#tag` begin with them.
_SIGNS = "+#."
_LAST = "+#"
_FIRST = "#."
_GAP = f"[ {re.escape(_SIGNS)}]"
_UNVOICED = f"(?! ?[{''.join(VOICINGS)}])"

# A straight mark after a letter or digit is a sign for inches or minutes, and opens nothing.
_QUOTES = '"“”„‟«»＂'
_PHRASE = re.compile(rf'(?:[“„«]|(?<!\w)["”»＂])([^{_QUOTES}]+)[{_QUOTES}]')

# One word as it is in a text made for finding. A pattern finds a phrase, or a word with signs.
Word = str | re.Pattern[str]


def _spaced(character: str) -> str:
    return "".join(_spaced_part(part) for part in folded(character))


def _spaced_part(part: str) -> str:
    if part in VOICINGS:
        return part + " "
    match kind_of(part):
        case "word":
            return part
        case "gap":
            return " "
    return f" {part} "


def _signed(character: str) -> str:
    return "".join(part if part in _SIGNS else _spaced_part(part) for part in folded(character))


_space = Remembered(_spaced)
_sign = Remembered(_signed)


class Query(Struct, frozen=True):
    """A user's query: words that must all occur, in any order.

    Each may be the beginning of a longer word, not only the last: words grow endings in most languages (`Rechnung
    offen` finds "Rechnungen offen"), and people go back to words that they have not finished. In scripts without spaces
    a word is an unbroken run, and matches anywhere. Pictures count. Punctuation only parts words, with two exceptions
    (D-850): signs that end a name (`c++`, `C#`) or begin one (`.net`, `#tag`), and quotation marks. The words of
    `"a phrase"` follow each other, with nothing but punctuation and spaces between them, and each is whole.
    """

    words: tuple[Word, ...]

    @classmethod
    def parse(cls, text: str) -> "Query":
        """Returns the query of `text`; `is_searchable` and `is_too_long` say whether it can be searched for."""
        return cls(tuple(dict.fromkeys(_words_of(text))))

    @property
    def is_searchable(self) -> bool:
        """Says whether the query has a word or picture; spaces and punctuation are not enough."""
        return bool(self.words)

    @property
    def is_too_long(self) -> bool:
        """Says whether the query has more words than a search may have; a phrase counts as one."""
        return len(self.words) > MAX_QUERY_WORDS

    @property
    def asked(self) -> str:
        """Returns the part of a query that tells it from others: its words, in their order."""
        return "\n".join(word if isinstance(word, str) else word.pattern for word in self.words)

    def match(self, text: str) -> list[Span] | None:
        """Returns the places of the words in `text`, in order and without overlaps; None if one of them is missing.

        At most the first `MAX_HIGHLIGHTS` places. A query that is not searchable matches nothing.
        """
        prepared = _Prepared(text)
        found: list[Span] = []
        for word in self.words:
            places = prepared.places(word)
            if not places:
                return None
            found.extend(places)
        return _spans(text, found) if found else None

    def find(self, text: str) -> tuple[frozenset[Word], list[Span]]:
        """Returns those of the words that `text` holds, and their places as `match` gives them."""
        prepared = _Prepared(text)
        found = {word: places for word in self.words if (places := prepared.places(word))}
        all_places = [place for places in found.values() for place in places]
        return frozenset(found), _spans(text, all_places) if found else []


class _Prepared:
    """A text made ready for finding. Words with signs are looked for in the reading that keeps these."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._spaced = " " + text.translate(_space)

    @cached_property
    def _with_signs(self) -> str:
        """Returns the other reading; a place in one is the same place in the other."""
        return " " + self._text.translate(_sign)

    def places(self, word: Word) -> list[Span]:
        """Returns the start and end of each place of a word, without the spaces at its ends."""
        if not isinstance(word, str):
            return [found.span() for found in islice(word.finditer(self._with_signs), MAX_HIGHLIGHTS)]
        places: list[Span] = []
        before, after = len(word) - len(word.lstrip(" ")), len(word) - len(word.rstrip(" "))
        start = self._spaced.find(word)
        while start >= 0 and len(places) < MAX_HIGHLIGHTS:
            end = start + len(word)
            if not self._spaced.startswith(VOICINGS, end):
                places.append((start + before, end - after))
            start = self._spaced.find(word, start + 1)
        return places


class Token(Struct, frozen=True):
    """A word of a text without spaces at its ends; `first` and `last` are the signs that belong to it."""

    core: str
    is_unspaced: bool
    first: str = ""
    last: str = ""

    @property
    def word(self) -> Word:
        """Returns the token as a word that may be the beginning of a longer one."""
        if self.first or self.last:
            return re.compile(self.pattern)
        return f" {self.core} " if self.is_unspaced else f" {self.core}"

    @property
    def pattern(self) -> str:
        """Returns the regular expression that finds the token in a text with signs."""
        begins = "" if self.first else f"(?<={_GAP})"
        return begins + re.escape(self.first + self.core + self.last) + (_UNVOICED if self.is_unspaced else "")


def _words_of(text: str) -> Iterator[Word]:
    """Yields the words and phrases of a query."""
    after = 0
    for quoted in _PHRASE.finditer(text):
        parts = list(tokens(quoted[1]))
        if parts:
            yield from (token.word for token in tokens(text[after : quoted.start()]))
            yield re.compile(f"{_GAP}+".join(token.pattern for token in parts) + f"(?={_GAP}|$)")
            after = quoted.end()
    yield from (token.word for token in tokens(text[after:]))


def tokens(text: str) -> Iterator[Token]:
    """Yields the words of a text, folded; characters of scripts without spaces, and pictures, as runs."""
    groups = [(kind, "".join(group)) for kind, group in groupby(fold(text), key=kind_of)]
    for place, (kind, together) in enumerate(groups):
        if kind == "word":
            yield Token(together, False, _first_sign(groups, place), _last_signs(groups, place))
        elif kind != "gap":
            yield Token(together.translate(_space).strip(" "), True)


def _first_sign(groups: Sequence[tuple[str, str]], place: int) -> str:
    """Returns the sign before a word: one that nothing but a gap precedes. In `node.js` it parts two words."""
    kind, gap = groups[place - 1] if place else ("", "")
    is_lone = gap[-2:-1] not in _SIGNS if len(gap) > 1 else place == 1
    return gap[-1] if kind == "gap" and gap[-1] in _FIRST and is_lone else ""


def _last_signs(groups: Sequence[tuple[str, str]], place: int) -> str:
    """Returns the signs after a word. Between two words, as in `1+1`, they part these."""
    kind, gap = groups[place + 1] if place + 1 < len(groups) else ("", "")
    signs = gap[: len(gap) - len(gap.lstrip(_LAST))] if kind == "gap" else ""
    parts_words = signs == gap and place + 2 < len(groups) and groups[place + 2][0] == "word"
    return "" if parts_words else signs


def _spans(text: str, places: Iterable[Span]) -> list[Span]:
    return list(islice(_merged(text, _original(text, places)), MAX_HIGHLIGHTS))


def _original(text: str, places: Iterable[Span]) -> Iterator[Span]:
    """Yields `places` as places of the original text."""
    origins: Sequence[int] = range(-1, len(text))  # the extra one is the space that a text made for finding begins with
    if not text.isascii():
        origins = [-1, *(index for index, letter in enumerate(text) for _ in _space[ord(letter)])]
    for start, end in places:
        yield origins[start], origins[end - 1] + 1


def _merged(text: str, spans: Iterable[Span]) -> Iterator[Span]:
    """Yields the spans in order, touching ones as one, each with the marks after its last letter."""
    (start, end), *others = sorted(spans)
    for next_start, next_end in others:
        end = _with_marks(text, end)
        if next_start > end:
            yield start, end
            start = next_start
        end = max(end, next_end)
    yield start, _with_marks(text, end)


def _with_marks(text: str, end: int) -> int:
    while end < len(text) and (unicodedata.category(text[end])[0] == "M" or not FOLD[ord(text[end])]):
        end += 1
    return end
