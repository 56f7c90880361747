"""At the end of a run of the whole functional suite: the rights in stacks/ that no test has used fail it.

In a run with each test on both engines (`--engine both`), a right to a table, a queue or a bucket must be used on each,
because engines differ in how they take requests.
With pytest-xdist every worker knows only its own tests, so each hands its findings to the controller.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.harness.iam import Checker

FUNCTIONAL = Path(__file__).parents[1] / "functional"
_OF_THE_STORE = ("dynamodb:", "sqs:", "s3:")


class Findings:
    """The findings of one process: every right there is, and on which engines each was used."""

    def __init__(self) -> None:
        self.granted: set[str] = set()
        self.used: dict[str, set[str]] = {}  # by engine
        self.whole_suite = False
        self.on_both = False

    def add(self, granted: Iterable[str], used: dict[str, Iterable[str]], whole_suite: bool) -> None:
        self.granted |= set(granted)
        for engine, those in used.items():
            self.used.setdefault(engine, set()).update(those)
        self.whole_suite = self.whole_suite or whole_suite

    def complaints(self) -> list[str]:
        """Returns a line for each right that was used nowhere, or not everywhere."""
        if not self.whole_suite:
            return []
        somewhere: set[str] = set().union(*self.used.values())
        return sorted(self.granted - somewhere) + [
            f"{right}: not on {engine}"
            for right in sorted(self.granted & somewhere)
            for engine, those in sorted(self.used.items())
            if self.on_both and right not in those and any(kind in right for kind in _OF_THE_STORE)
        ]

    def as_output(self) -> list[Any]:
        """Returns the findings as what xdist can carry to the controller."""
        return [sorted(self.granted), {engine: sorted(those) for engine, those in self.used.items()}, self.whole_suite]


findings = Findings()


def note(engine: str, checker: Checker) -> None:
    """Adds what a checker has seen."""
    used = [str(right) for right in checker.used]
    findings.add([*checker.unused(), *used], {engine: used}, False)


def is_whole_suite(session: pytest.Session) -> bool:
    """Says whether a session has every test module of tests/functional, and nobody asked to leave tests out."""
    collected = {item.path for item in session.items}
    options = session.config.option
    narrowed = (
        options.keyword or options.markexpr or getattr(options, "lf", False) or getattr(options, "deselect", None)
    )
    return not narrowed and collected.issuperset(FUNCTIONAL.rglob("test_*.py"))
