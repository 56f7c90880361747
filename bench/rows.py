"""The rows of the table: a number, its budget, and whether it is met."""

from typing import Literal

from msgspec import Struct

Verdict = Literal["met", "MISSED", ""]


class Row(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One measured number; `budget` is the most that it may be, None for a number that only informs."""

    key: str  # stays the same from run to run, so that runs can be compared
    what: str
    number: float
    unit: str
    budget: float | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        return None if self.budget is None else self.number / self.budget

    @property
    def verdict(self) -> Verdict:
        """Returns whether the budget is met; a row without a budget has no verdict."""
        if self.budget is None:
            return ""
        return "met" if self.number <= self.budget else "MISSED"


class Section(Struct, frozen=True, kw_only=True):
    """The result of one measurement: rows for the table, and plain numbers that another section calculates with."""

    rows: list[Row]
    numbers: dict[str, float] = {}
