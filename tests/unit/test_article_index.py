"""The index of articles: its bounds, and what a beginning finds in it."""

import pytest

from parley.domain.articles import index
from parley.domain.articles.article import Content
from parley.domain.articles.finding import MAX_SUGGESTED, search, suggest
from parley.domain.articles.index import MAX_TERM_BYTES, MAX_TERMS, Index, IndexEntry, terms_of
from parley.domain.articles.requests import MAX_ARTICLE_CHARACTERS, SearchArticles, SuggestArticles
from parley.domain.text.terms import MAX_TERM_CHARACTERS, terms, wanted_terms


def entry(name: str, title: str, text: str = "") -> IndexEntry:
    content = Content(title=title, text=text, category=None, language="en", state="published")
    return IndexEntry(
        article_id=name,
        title=title,
        excerpt=text[:200],
        category=None,
        language="en",
        updated_at_ms=0,
        terms=terms_of(content),
    )


def found(made: Index, q: str) -> list[str]:
    return [each.id for each in search(made, SearchArticles(q=q)).results]


def content_of(text: str) -> Content:
    return Content(title="T", text=text, category=None, language="en", state="published")


def test_so_many_words_of_a_text_are_in_the_index_and_no_more() -> None:
    words = [f"w{number}" for number in range(MAX_TERMS + 1)]

    kept = terms_of(content_of(" ".join(words))).split("\n")

    assert set(kept) == set(words[:-1])
    assert len(kept) == MAX_TERMS


@pytest.mark.parametrize("letters", ["абвгдежзик", "αβγδεζηθικ", "ابتثجحخدذر", "abcdefghij"])
def test_words_of_twelve_letters_are_all_in_the_index(letters: str) -> None:
    """Such a text has 19,500 characters, about as many as an article can have."""
    to_letters = str.maketrans("0123456789", letters)
    words = [f"{number:012d}".translate(to_letters) for number in range(MAX_TERMS)]

    assert set(terms_of(content_of(" ".join(words))).split("\n")) == set(words)


def test_words_of_a_text_take_so_many_bytes_and_no_more() -> None:
    text = " ".join("ა" * 28 + f"{number:04d}" for number in range(600))[:MAX_ARTICLE_CHARACTERS]

    kept = terms_of(content_of(text))

    assert MAX_TERM_BYTES - 90 <= len(kept.encode()) + 1 <= MAX_TERM_BYTES


def test_index_of_all_articles_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "MAX_KNOWN_TERMS", 3)

    made = Index([entry("k_1", "one", "two three"), entry("k_2", "four", "two five six")])

    assert (found(made, "two"), found(made, "four"), found(made, "five")) == (["k_1", "k_2"], ["k_2"], [])


def test_empty_index_finds_nothing() -> None:
    made = Index()

    assert (found(made, "word"), len(made)) == ([], 0)
    assert suggest(made, SuggestArticles(subject="word")).suggestions == []


def test_beginning_finds_its_words_and_no_others() -> None:
    made = Index([entry("k_1", "bookings"), entry("k_2", "booth"), entry("k_3", "bo"), entry("k_4", "zoo")])

    assert [term for term, _ in made.beginning_with("boo")] == ["bookings", "booth"]
    assert [term for term, _ in made.beginning_with("")] == ["bo", "bookings", "booth", "zoo"]
    assert [list(made.beginning_with(term)) for term in ("a", "zz", "bookingss")] == [[], [], []]


@pytest.mark.parametrize("text", ["Crème C++ .NET", "日本語が好き", "ภาษาไทย", "👍👍", "עִבְרִית", "a1 B2", "ﬁ ①"])
def test_each_term_of_a_query_is_the_beginning_of_one_of_the_same_text(text: str) -> None:
    known = set(terms(text))

    assert known
    for wanted in wanted_terms(text):
        assert any(term.startswith(wanted) for term in known), wanted


def test_long_word_is_found_by_its_beginning() -> None:
    made = Index([entry("k_1", "x" * 200)])

    assert (found(made, "x" * 200), found(made, "x" * (MAX_TERM_CHARACTERS - 1))) == (["k_1"], ["k_1"])


def test_long_ticket_is_read_so_far_and_no_further() -> None:
    made = Index([entry(f"k_{number}", f"luggage {number}") for number in range(5)] + [entry("k_9", "other")])

    near = suggest(made, SuggestArticles(description="x " * 990 + "luggage"))
    far = suggest(made, SuggestArticles(description="x " * 1_000 + "luggage"))

    assert (len(near.suggestions), far.suggestions) == (MAX_SUGGESTED, [])
