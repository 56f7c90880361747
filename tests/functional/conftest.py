"""The functional tests' one fixture: `parley`, a fresh system per test; see tests/harness."""

from collections.abc import Callable, Iterator

import pytest

from tests.harness import engines, fixtures, rights
from tests.harness.fixtures import System
from tests.harness.parley import Parley


@pytest.fixture(scope="session")
def systems() -> Iterator[Callable[[str], System]]:
    with fixtures.systems(engines.ROOT / "template.yaml") as system_on:
        yield system_on


@pytest.fixture(scope="session")
def system(systems: Callable[[str], System], engine: str) -> Iterator[System]:
    running = systems(engine)
    yield running
    rights.note(engine, running.checker)


@pytest.fixture
def parley(system: System) -> Iterator[Parley]:
    with fixtures.fresh(system) as parley:
        yield parley
