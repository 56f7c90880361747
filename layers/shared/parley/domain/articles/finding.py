"""Finding articles: by the words of a search, which must all occur, and for a ticket that is being written."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from parley.domain.api.times import rfc3339
from parley.domain.articles.index import Index, IndexEntry, ranked, weigh
from parley.domain.articles.requests import SearchArticles, SuggestArticles
from parley.domain.text.folding import is_unspaced
from parley.domain.text.queries import Query, tokens
from parley.domain.text.terms import terms, wanted_terms

MAX_SUGGESTED = 5
MAX_LOOKED_UP = 100  # terms of a ticket
MAX_READ = 2000  # characters of a ticket's description
SUBJECT_WEIGHT = 2.0
LIKE_WEIGHT = 0.6  # of a word with another ending
LEAST_SHARE = 0.4  # of the best one's score
TELLING_CHARACTERS = 4  # shorter words tell too little, except with a digit or a sign
STEM_CHARACTERS = 4
MAX_ENDING_CHARACTERS = 3


class ArticleHighlights(Struct, frozen=True, kw_only=True):
    """The places of the words: start and end, in characters of the title and of the excerpt."""

    title: list[tuple[int, int]]
    excerpt: list[tuple[int, int]]


class SuggestedArticle(Struct, frozen=True, kw_only=True):
    """A published article, as a list of results shows it."""

    id: str
    title: str
    excerpt: str
    category: str | None
    language: str
    updated_at: str


class FoundArticle(SuggestedArticle, frozen=True, kw_only=True):
    """A published article, with the places of the words."""

    highlights: ArticleHighlights


class FoundArticles(Struct, frozen=True, kw_only=True):
    """The best results of a search; `total` counts all."""

    results: list[FoundArticle]
    total: int


class SuggestedArticles(Struct, frozen=True, kw_only=True):
    """The articles that may help instead of a ticket, the best first."""

    suggestions: list[SuggestedArticle]


def search(index: Index, wanted: SearchArticles) -> FoundArticles:
    """Returns the articles that have all words of a search, the best first; quotation marks do not count."""
    query = Query(tuple(dict.fromkeys(token.word for token in tokens(wanted.q))))
    scores: dict[int, float] | None = None
    for term in dict.fromkeys(wanted_terms(wanted.q)):
        found = index.weights(term)
        worth = index.rarity(len(found)) if found else 0.0
        before = scores
        scores = {
            number: weight * worth + (0.0 if before is None else before[number])
            for number, weight in found.items()
            if before is None or number in before
        }
    hits = [entry for entry, _ in ranked(index, scores or {}) if entry.is_of(wanted.category, wanted.language)]
    return FoundArticles(results=[_hit(entry, query) for entry in hits[: wanted.limit]], total=len(hits))


def _hit(entry: IndexEntry, query: Query) -> FoundArticle:
    highlights = ArticleHighlights(title=query.find(entry.title)[1], excerpt=query.find(entry.excerpt)[1])
    return FoundArticle(**_shown(entry), highlights=highlights)


def _shown(entry: IndexEntry) -> dict[str, Any]:
    return {
        "id": entry.article_id,
        "title": entry.title,
        "excerpt": entry.excerpt,
        "category": entry.category,
        "language": entry.language,
        "updated_at": rfc3339(entry.updated_at_ms),
    }


def suggest(index: Index, wanted: SuggestArticles) -> SuggestedArticles:
    """Returns the articles that may help with a ticket, up to `MAX_SUGGESTED`, the best first.

    An article counts if it has a telling word of the ticket in its title, or two anywhere: a word of four letters, with
    a digit or a sign, or of a script without spaces, that at most a quarter of the articles have, or five.
    """
    scores: dict[int, float] = {}
    telling: dict[int, int] = {}
    for term, worth in _terms_of(wanted).items():
        found = _like(index, term)
        if not found:
            continue
        is_telling = len(found) <= max(5, len(index) // 4)
        for number, weight in found.items():
            scores[number] = scores.get(number, 0.0) + weight * worth * index.rarity(len(found))
            if is_telling:
                telling[number] = telling.get(number, 0) + (2 if weight > 1 else 1)
    good = {number: scores[number] for number, count in telling.items() if count > 1}
    hits = [(entry, score) for entry, score in ranked(index, good) if entry.is_of(None, wanted.language)]
    kept = [entry for entry, score in hits[:MAX_SUGGESTED] if score >= LEAST_SHARE * hits[0][1]]
    return SuggestedArticles(suggestions=[SuggestedArticle(**_shown(entry)) for entry in kept])


def _terms_of(wanted: SuggestArticles) -> Mapping[str, float]:
    """Returns the first telling terms of a ticket with their weights: those of the subject count twice."""
    found: dict[str, float] = {}
    for text, weight in ((wanted.subject, SUBJECT_WEIGHT), (wanted.description[:MAX_READ], 1.0)):
        for term in filter(_tells, terms(text)):
            if len(found) == MAX_LOOKED_UP:
                return found
            found.setdefault(term, weight)
    return found


def _tells(term: str) -> bool:
    if is_unspaced(term[0]):
        return len(term) > 1
    return len(term) >= TELLING_CHARACTERS or not term.isalpha()


def _like(index: Index, term: str) -> dict[int, float]:
    """Returns the articles that have a term, by number with its weight, or a word that differs in its ending alone."""
    found: dict[int, float] = {}
    for known, places in _forms(index, term):
        weigh(found, places, 1.0 if known == term else LIKE_WEIGHT)
    return found


def _forms(index: Index, term: str) -> Iterator[tuple[str, Iterable[int]]]:
    if is_unspaced(term[0]) or not term.isalpha() or len(term) <= STEM_CHARACTERS:
        yield from ((known, places) for known, places in index.beginning_with(term) if known == term)
        return
    stem = term[: max(STEM_CHARACTERS, len(term) - MAX_ENDING_CHARACTERS)]
    for known, places in index.beginning_with(stem):
        if abs(len(known) - len(term)) <= MAX_ENDING_CHARACTERS:
            yield known, places
