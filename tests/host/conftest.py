"""One stack for the tests of a file; an erasure takes some seconds in it."""

from collections.abc import Iterator

import pytest

from tests.e2e.stack import Stack, running


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running(tmp_path_factory.mktemp("state"), module="tests.host.quick_erasures") as started:
        yield started
