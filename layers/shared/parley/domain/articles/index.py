"""The index of the published articles, as a process keeps it: from each term to the articles that have it.

All terms stand in one row of bytes, in order, so that a beginning finds its terms by halving; the numbers of articles
stand in one array. A dictionary of words and lists would take ten times the memory (D-934).
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate
from math import log

from msgspec import Struct
from msgspec.structs import replace

from parley.domain.articles.article import Content, StoredArticle, excerpt_of, is_of_language
from parley.domain.text.terms import terms

MAX_TERMS = 1500  # of an article's text; those after them are not found
MAX_TERM_BYTES = 40_000  # of all of them in UTF-8: 1,500 words of 25 bytes, or the longest text in letters of two
MAX_KNOWN_TERMS = 250_000  # of all articles, some ten times what those of one language have
TITLE_WEIGHT = 3.0
BEGINNING_WEIGHT = 0.5  # of a longer word


class IndexEntry(Struct, frozen=True, kw_only=True):
    """A published article in the index. `terms` are those of its text, one a line."""

    article_id: str
    title: str
    excerpt: str
    category: str | None
    language: str
    updated_at_ms: int
    terms: str = ""

    def is_of(self, category: str | None, language: str | None) -> bool:
        """Says whether the article has the category and the language that are asked for, if any."""
        return category in (None, self.category) and is_of_language(self.language, language)


def entry_of(article: StoredArticle, content: Content) -> IndexEntry:
    """Returns the entry of a published article; the index takes the terms of the title from the title."""
    return IndexEntry(
        article_id=article.article_id,
        title=article.title,
        excerpt=excerpt_of(content.text),
        category=article.category,
        language=article.language,
        updated_at_ms=article.updated_at_ms,
        terms=terms_of(content),
    )


def terms_of(content: Content) -> str:
    """Returns the first terms of a text, each once on a line of its own; in order, for they pack better so."""
    room = MAX_TERM_BYTES
    kept: list[str] = []
    for term in dict.fromkeys(terms(content.text)):
        room -= len(term.encode()) + 1
        if room < 0 or len(kept) == MAX_TERMS:
            break
        kept.append(term)
    return "\n".join(sorted(kept))


class Index:
    """The articles, and where each term is."""

    def __init__(self, entries: Iterable[IndexEntry] = ()) -> None:
        self.entries: list[IndexEntry] = []
        places: dict[str, array[int]] = {}
        for entry in entries:
            self._add(entry, places)
        known = sorted(places)
        self._terms = "".join(known).encode()
        self._starts = array("I", accumulate((len(term.encode()) for term in known), initial=0))
        self._firsts = array("I", accumulate((len(places[term]) for term in known), initial=0))
        self._places = array("H")
        for term in known:
            self._places.extend(places.pop(term))

    def _add(self, entry: IndexEntry, places: dict[str, "array[int]"]) -> None:
        """Adds an article: twice its number for a term of its text, and one more for a term of its title."""
        number = 2 * len(self.entries)
        of_title = set(terms(entry.title))
        for term in of_title:
            places.setdefault(term, array("H")).append(number + 1)
        has_room = len(places) < MAX_KNOWN_TERMS
        for term in entry.terms.split("\n"):
            if term and term not in of_title and (has_room or term in places):
                places.setdefault(term, array("H")).append(number)
        self.entries.append(replace(entry, terms=""))

    def __len__(self) -> int:
        return len(self.entries)

    @property
    def size(self) -> int:
        """Returns how many bytes the terms take, with where they are."""
        arrays = (self._starts, self._firsts, self._places)
        return len(self._terms) + sum(each.itemsize * len(each) for each in arrays)

    def beginning_with(self, beginning: str) -> Iterator[tuple[str, "array[int]"]]:
        """Yields each term that begins so, with its places."""
        wanted = beginning.encode()
        at = bisect_left(range(len(self._starts) - 1), wanted, key=self._term)
        while at < len(self._starts) - 1 and (term := self._term(at)).startswith(wanted):
            yield term.decode(), self._places[self._firsts[at] : self._firsts[at + 1]]
            at += 1

    def weights(self, beginning: str) -> dict[int, float]:
        """Returns the articles that have a term which begins so, by number, each with the greatest weight of a term."""
        found: dict[int, float] = {}
        for term, places in self.beginning_with(beginning):
            weigh(found, places, 1.0 if term == beginning else BEGINNING_WEIGHT)
        return found

    def rarity(self, count: int) -> float:
        """Returns what a word is worth that so many of the articles have: the fewer, the more."""
        return log(1 + len(self.entries) / count)

    def _term(self, at: int) -> bytes:
        return self._terms[self._starts[at] : self._starts[at + 1]]


def weigh(found: dict[int, float], places: Iterable[int], weight: float) -> None:
    """Raises the weights of the articles at these places, which are more in a title."""
    for place in places:
        value = weight * TITLE_WEIGHT if place % 2 else weight
        number = place // 2
        if value > found.get(number, 0.0):
            found[number] = value


def ranked(index: Index, scores: Mapping[int, float]) -> list[tuple[IndexEntry, float]]:
    """Returns the articles of these scores, the greatest first; of equal ones the one that was saved last."""

    def order(number: int) -> tuple[float, int, str]:
        entry = index.entries[number]
        return (-scores[number], -entry.updated_at_ms, entry.article_id)

    return [(index.entries[number], scores[number]) for number in sorted(scores, key=order)]
