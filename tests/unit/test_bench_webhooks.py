"""The rows of webhooks under load: delays of what came, and the events that did not."""

import pytest

from bench import webhooks


def test_rows_tell_the_median_its_growth_and_the_lost_ones() -> None:
    sent_s = {f"m{number}": float(number) for number in range(300)}
    came_s = {name: at_s + (0.2 if at_s < 150 else 0.5) for name, at_s in sent_s.items() if name != "m7"}

    rows = {row.key: row for row in webhooks.rows_of(sent_s, came_s)}

    assert rows["webhooks.p50"].number == pytest.approx(500)
    assert rows["webhooks.growth"].number == pytest.approx(2.5) and rows["webhooks.growth"].verdict == "MISSED"
    assert (rows["webhooks.lost"].number, rows["webhooks.lost"].unit) == (1, "of 300")


def test_nothing_that_came_misses_the_budget() -> None:
    rows = {row.key: row for row in webhooks.rows_of({"m1": 1.0}, {})}

    assert rows["webhooks.p50"].verdict == rows["webhooks.lost"].verdict == "MISSED"
