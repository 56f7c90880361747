"""Tables as CSV: quoted as RFC 4180 says, and harmless in a spreadsheet."""

import csv
import io

import pytest
from msgspec import Struct

from parley.domain.api.tables import table


class Inner(Struct):
    mean: float | None


class Line(Struct):
    name: str
    count: int
    inner: Inner


def cells(name: str, count: int = 1) -> list[list[str]]:
    text = table([Line(name, count, Inner(None))], ["name", "count", "inner.mean"]).text
    assert text.endswith("\r\n")
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


@pytest.mark.parametrize("name", ["plain", 'with "quotes"', "a,b", "two\r\nlines", "", "Ünï", " "])
def test_text_comes_back_as_it_was(name: str) -> None:
    assert cells(name) == [["name", "count", "inner.mean"], [name, "1", ""]]


@pytest.mark.parametrize("name", ["=1+1", "+49 30", "-2", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("x","y")'])
def test_formula_becomes_text(name: str) -> None:
    assert cells(name)[1][0] == f"'{name}"


def test_negative_number_stays_a_number() -> None:
    assert cells("x", -3)[1][1] == "-3"
