"""The first calls of a process: many threads make them at once, and each finds the connection of its table."""

import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from pynamodb.attributes import UnicodeAttribute

from tests.harness import Parley

THREADS = 32


def fresh_table(number: int) -> Any:
    from parley.adapters.dynamodb import tables  # which reads the environment of the functions

    class Fresh(tables.Table):
        class Meta:
            table_name = f"first-calls-{number}"

        user_id = UnicodeAttribute(hash_key=True)

    return Fresh


@pytest.fixture(autouse=True)
def hasty_threads() -> Iterator[None]:
    """Lets threads change places as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_first_calls_at_once_find_one_connection(parley: Parley) -> None:
    from parley.adapters.dynamodb import clients

    for number in range(50):
        model, barrier = fresh_table(number), threading.Barrier(THREADS)

        def connect(_: int, model: Any = model, barrier: threading.Barrier = barrier) -> object:
            barrier.wait()
            connection = model._get_connection().connection
            assert connection.get_meta_table(model.Meta.table_name).hash_keyname == "user_id"
            return connection

        with ThreadPoolExecutor(THREADS) as pool:
            assert set(pool.map(connect, range(THREADS))) == {clients.dynamodb}
