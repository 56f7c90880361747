"""At the end of a run of the whole functional suite: the rights in template.yaml that no test has used fail it.

With pytest-xdist every worker knows only its own tests, so each hands its findings to the controller.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.harness.iam import Checker

FUNCTIONAL = Path(__file__).parents[1] / "functional"


class Findings:
    """What one process has seen: every right there is, and those that were used."""

    def __init__(self) -> None:
        self.granted: set[str] = set()
        self.used: set[str] = set()
        self.whole_suite = False

    def add(self, granted: Sequence[str], used: Sequence[str], whole_suite: bool) -> None:
        self.granted |= set(granted)
        self.used |= set(used)
        self.whole_suite = self.whole_suite or whole_suite

    def unused(self) -> list[str]:
        return sorted(self.granted - self.used) if self.whole_suite else []

    def as_output(self) -> list[Any]:
        """Returns the findings as what xdist can carry to the controller."""
        return [sorted(self.granted), sorted(self.used), self.whole_suite]


findings = Findings()


def note(checker: Checker) -> None:
    """Adds what a checker has seen."""
    unused = checker.unused()
    findings.add(unused, [], False)
    findings.add([], [str(right) for right in checker.used], False)


def is_whole_suite(session: pytest.Session) -> bool:
    """Says whether a session has every test module of tests/functional, and nobody asked to leave tests out."""
    collected = {item.path for item in session.items}
    options = session.config.option
    narrowed = (
        options.keyword or options.markexpr or getattr(options, "lf", False) or getattr(options, "deselect", None)
    )
    return not narrowed and collected.issuperset(FUNCTIONAL.rglob("test_*.py"))
