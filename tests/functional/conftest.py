"""The functional tests' one fixture: `parley`, a fresh system per test, on each engine; see tests/harness."""

from collections.abc import Iterator

import pytest

from tests.harness import engines, fixtures, rights
from tests.harness.fixtures import System
from tests.harness.parley import Parley


@pytest.fixture(scope="session")
def system(engine: str) -> Iterator[System]:
    with fixtures.system(engines.ROOT / "template.yaml", engine) as running:
        yield running
        rights.note(running.checker)


@pytest.fixture
def parley(system: System) -> Iterator[Parley]:
    with fixtures.fresh(system) as parley:
        yield parley
