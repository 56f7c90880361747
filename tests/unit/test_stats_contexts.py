"""Types of contexts in the statistics: those with the most conversations, whatever their names."""

from parley.domain.figures.tallies import MAX_CONTEXT_TYPES, most


def test_the_types_with_the_most_conversations_stay() -> None:
    counts = {f"a{number:02}": 1 for number in range(MAX_CONTEXT_TYPES)} | {"general": 100, "zebra": 2}

    shown = most(counts)

    assert len(shown) == MAX_CONTEXT_TYPES
    assert (shown["general"], shown["zebra"]) == (100, 2)
    assert list(shown) == sorted(shown)
