"""The fixture template and the gateway: `parley` as in the functional tests, `calls` what its handlers were told."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.harness import fixtures
from tests.harness.fixtures import System
from tests.harness.parley import Parley

TEMPLATE = Path(__file__).parent / "fixture" / "template.yaml"


@pytest.fixture(scope="session")
def systems() -> Iterator[Callable[[str], System]]:
    with fixtures.systems(TEMPLATE) as system_on:
        yield system_on


@pytest.fixture(scope="session")
def system(systems: Callable[[str], System], engine: str) -> System:
    return systems(engine)


@pytest.fixture
def parley(system: System) -> Iterator[Parley]:
    with fixtures.fresh(system) as parley:
        yield parley


@pytest.fixture
def calls(parley: Parley) -> list[tuple[str, dict[str, Any]]]:
    """Every call of the fixture's handlers in this test: which, with what event."""
    import parley_fixture  # on the path only once `parley` has put the fixture's code there

    parley_fixture.calls.clear()
    return parley_fixture.calls
