"""One stack for the tests of a file, for it is never idle; what needs a stack to itself starts it with `running`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.clone import Clone, cloned
from tests.e2e.stack import Stack, running


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    # By default the clocks of issuer and Parley may differ by ten seconds, which a test would have to wait for.
    with running(tmp_path_factory.mktemp("state"), "--parameter", "JwtLeewayS=0") as started:
        yield started


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clone]:
    with cloned(tmp_path_factory.mktemp("parley")) as running_clone:
        yield running_clone
