"""Options of every test run, and what is said at its end."""

import gc
import os
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest

from tests.harness import rights

ROOT = Path(__file__).parent
ENGINES = ("moto", "ministack")
# One functional test in 16 has moto, which takes 2.7 times as long as ministack (D-890, D-943).
SHARES = ("moto", *["ministack"] * 15)
# Files that take a minute, or wait, come first: at the end of a run with several workers one would work alone.
FIRST = ("contracts", "e2e", "web", "host", "local", "template")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--engine",
        choices=(*ENGINES, "both"),
        help="the emulation of AWS under the functional tests; without it, each test has one or the other, by its name",
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "engine" in metafunc.fixturenames:
        metafunc.parametrize("engine", _engines(metafunc), scope="session")


def _engines(metafunc: pytest.Metafunc) -> list[str]:
    """Returns the engines on which a test runs; a module can name its own (`ENGINES`).

    A run on both takes twice as long, and fails where a kind of request to the store is made on one of them only.
    """
    own: tuple[str, ...] | None = getattr(metafunc.module, "ENGINES", None)
    match metafunc.config.getoption("--engine"):
        case None:
            return list(own or [SHARES[crc32(metafunc.definition.nodeid.encode()) % len(SHARES)]])
        case "both":
            return list(own or ENGINES)
        case chosen:
            return [each for each in own or ENGINES if each == chosen]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than processors: tests of whole stacks wait, for what runs out and for processes that start."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts the folders in the order of `FIRST`, and all others after those."""
    ranks = {ROOT / folder: rank for rank, folder in enumerate(FIRST)}
    items.sort(key=lambda item: min((ranks[each] for each in item.path.parents if each in ranks), default=len(FIRST)))


def pytest_collection_finish(session: pytest.Session) -> None:
    # All that is imported stays. Python would look through it for garbage again and again: a twentieth of all time.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    rights.findings.whole_suite = rights.is_whole_suite(session)
    rights.findings.on_both = session.config.getoption("--engine") == "both"


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """On a worker, hands the findings over; on the controller, or without workers, fails a run that leaves some out."""
    output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["rights"] = rights.findings.as_output()
    elif rights.findings.complaints() and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """pytest-xdist: a worker is done."""
    if "rights" in getattr(node, "workeroutput", {}):
        rights.findings.add(*node.workeroutput["rights"])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    complaints = rights.findings.complaints()
    if complaints:
        terminalreporter.section("rights in template.yaml that no test has used, or on one engine only")
        for line in complaints:
            terminalreporter.line(line)
