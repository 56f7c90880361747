# Made by `make docs`: change layers/shared/parley/domain/text/code_points.py instead.
"""Ranges of code points: a table of Unicode about characters, without the whole table."""

import sys
from bisect import bisect_right

Ranges = tuple[tuple[int, int], ...]  # first and last, ascending and apart


def is_in(ranges: Ranges, character: str) -> bool:
    """Says whether a character lies in one of the ranges."""
    before = bisect_right(ranges, (ord(character), sys.maxunicode))
    return before > 0 and ord(character) <= ranges[before - 1][1]
