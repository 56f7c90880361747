"""Work that the start of a function must not do; `bench/cold_start.py` measures its time."""

import subprocess
import sys
from collections.abc import Callable

import pytest

from bench.cold_start import _variables
from bench.stage import handlers

# Says how often the garbage collector ran while a module was imported, and which modules were.
_STARTED = """
import gc, sys
runs = []
import parley
gc.callbacks.append(lambda phase, found: runs.append(phase))
import {}
print(len(runs), *sys.modules)
"""


Started = Callable[[str], tuple[int, set[str]]]


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Started:
    """Returns how often the collector ran while Lambda would start a handler, and the modules that are there then."""
    variables = _variables(str(tmp_path_factory.mktemp("byte_code")))

    def start(module: str) -> tuple[int, set[str]]:
        command = [sys.executable, "-c", _STARTED.format(module)]
        found = subprocess.run(command, env=variables, check=True, capture_output=True, text=True).stdout
        runs, *modules = found.split()
        return int(runs), set(modules)

    start("websocket.authorize")  # writes the byte code: compiling makes garbage too
    return start


@pytest.mark.parametrize("module", ["rest.authorize", "websocket.authorize", "rest.send_message"])
def test_no_garbage_is_sought_while_a_function_starts(started: Started, module: str) -> None:
    started(module)

    assert f"{module}.handler" in handlers()
    assert started(module)[0] == 0


def test_authorizers_import_nothing_of_the_message_path(started: Started) -> None:
    for module in ("rest.authorize", "websocket.authorize"):
        _, modules = started(module)
        assert (
            modules
            & {"parley.adapters.live.sockets", "parley.actions.live.presence", "parley.actions.messages.messages"}
            == set()
        )


def test_authorizers_read_no_policy_before_a_token_has_a_list_of_roles(started: Started) -> None:
    for module in ("rest.authorize", "websocket.authorize"):
        _, modules = started(module)
        assert modules & {"parley.adapters.people.policies", "parley.domain.people.policy_file", "tomllib"} == set()


def test_only_the_authorizers_import_what_checks_a_signature(started: Started) -> None:
    _, modules = started("websocket.send_message")

    assert modules & {"jwt", "cryptography", "boto3"} == set()


def test_only_a_new_time_zone_reads_the_names_of_all(started: Started) -> None:
    for module in ("rest.authorize", "rest.put_user", "rest.update_me"):
        _, modules = started(module)
        assert modules & {"tzdata", "zoneinfo"} == set()
