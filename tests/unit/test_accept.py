"""The header Accept: when a client gets a table rather than JSON."""

import pytest

from parley.triggers.accept import asks_for_table


@pytest.mark.parametrize(
    ("header", "is_table"),
    [
        ("", False),
        ("*/*", False),
        ("application/json", False),
        ("text/html", False),
        ("text/csv", True),
        ("Text/CSV; charset=utf-8", True),
        ("text/*", True),
        ("text/csv, application/json", False),
        ("text/csv, application/json;q=0.9", True),
        ("text/csv;q=0.5, application/json;q=0.6", False),
        ("text/csv, */*", True),
        ("text/csv;q=0.1, */*", False),
        ("text/csv;q=0.1, */*;q=0.1", True),
        ("application/*;q=0.2, text/*;q=0.3", True),
        ("text/*, text/csv;q=0, application/json;q=0.1", False),
        ("text/csv;q=0", False),
        ("text/csv;q=0, application/json;q=0", False),
        ("text/csv;q=1.0001, application/json;q=0.1", False),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", False),
    ],
)
def test_table_comes_if_the_client_likes_it_more_than_json(header: str, is_table: bool) -> None:
    assert asks_for_table(header) == is_table
