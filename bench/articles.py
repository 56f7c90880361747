"""The price of the index of the knowledge base: bytes of its rows, read units, memory, and time to make and to ask it.

PYTHONPATH=layers/shared:. .venv/bin/python -m bench.articles
"""

import random
import sys
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator

from parley.domain.articles.article import MAX_ARTICLES, Content, excerpt_of
from parley.domain.articles.finding import search, suggest
from parley.domain.articles.index import Index, IndexEntry, terms_of
from parley.domain.articles.requests import MAX_ARTICLE_CHARACTERS, SearchArticles, SuggestArticles

LETTERS = "etaoinshrdlcumwfgypbvk"
CYRILLIC = "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэ"
WORDS = 30_000  # of the language that the articles are written in
TYPICAL_WORDS = 450  # of an article
CONSISTENT_UNIT = 4096  # bytes


def main() -> None:
    """Prints a line for each kind of articles."""
    words = list(_words(random.Random(7)))
    kinds: tuple[tuple[str, Callable[[random.Random], str]], ...] = (
        ("of 450 words", lambda dice: " ".join(_zipf(dice, words, TYPICAL_WORDS))),
        ("of 20,000 characters", lambda dice: " ".join(_zipf(dice, words, 4_000))[:MAX_ARTICLE_CHARACTERS]),
        ("of 20,000 characters, no word twice", lambda dice: " ".join(_letters(dice))[:MAX_ARTICLE_CHARACTERS]),
        ("in Cyrillic, no word twice", lambda dice: " ".join(_letters(dice, CYRILLIC, 12))[:MAX_ARTICLE_CHARACTERS]),
    )
    for name, made in kinds:
        dice = random.Random(8)
        entries = [_entry(dice, words, number, made(dice)) for number in range(MAX_ARTICLES)]
        print(f"1,000 articles {name}: {_measured(entries)}")


def _words(dice: random.Random) -> Iterator[str]:
    """Yields the words of a language, the frequent ones short, as they are."""
    seen: set[str] = set()
    while len(seen) < WORDS:
        length = min(2 + len(seen) // 200, dice.randint(4, 12))
        word = "".join(dice.choices(LETTERS, k=length))
        if word not in seen:
            seen.add(word)
            yield word


def _zipf(dice: random.Random, words: list[str], count: int) -> list[str]:
    return [words[int(WORDS ** dice.random()) - 1] for _ in range(count)]


def _letters(dice: random.Random, letters: str = LETTERS, length: int = 6) -> list[str]:
    return ["".join(dice.choices(letters, k=length)) for _ in range(3_000)]


def _entry(dice: random.Random, words: list[str], number: int, text: str) -> IndexEntry:
    title = " ".join(_zipf(dice, words, 6))[:200]
    content = Content(title=title, text=text, category=None, language="en", state="published")
    return IndexEntry(
        article_id=f"k_{number:026d}",
        title=title,
        excerpt=excerpt_of(text),
        category=None,
        language="en",
        updated_at_ms=number,
        terms=terms_of(content),
    )


def _measured(entries: list[IndexEntry]) -> str:
    stored = [
        len(zlib.compress(each.terms.encode(), 9)) + len(each.title) + len(each.excerpt) + 150 for each in entries
    ]
    units = sum(stored) / CONSISTENT_UNIT
    begun = time.process_time()
    index = Index(entries)
    making_s = time.process_time() - begun
    tracemalloc.start()
    kept = Index(entries)
    now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    asked = SuggestArticles(subject=entries[0].title, description=entries[1].terms.replace("\n", " ")[:10_000])
    sought = " ".join(entries[0].title.split()[:3])
    words = sum(sys.getsizeof(each.terms) for each in entries)
    return (
        f"rows {sum(stored) / 1e6:.1f} MB, the largest {max(stored) / 1e3:.0f} KB, {units:,.0f} read units; "
        f"kept {now / 1e6:.0f} MB (terms {kept.size / 1e6:.1f} MB) and the words of the parts {words / 1e6:.0f} MB, "
        f"{peak / 1e6:.0f} MB made in {making_s:.1f} s; "
        f"search {_ms(lambda: search(index, SearchArticles(q=sought))):.1f} ms, "
        f"suggestion {_ms(lambda: suggest(index, asked)):.1f} ms"
    )


def _ms(act: Callable[[], object]) -> float:
    """Returns the middle of nine times."""
    times = []
    for _ in range(9):
        begun = time.process_time()
        act()
        times.append(time.process_time() - begun)
    return sorted(times)[4] * 1000


if __name__ == "__main__":
    main()
