"""Options of every test run, and what is said at its end."""

from typing import Any

import pytest

from tests.harness import rights

ENGINES = ("moto", "ministack")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--engine", choices=ENGINES, help="run the functional tests on this emulation of AWS only")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "engine" in metafunc.fixturenames:
        chosen = metafunc.config.getoption("--engine")
        engines = getattr(metafunc.module, "ENGINES", ENGINES)  # a module can say that one is enough
        metafunc.parametrize("engine", [each for each in engines if chosen in (None, each)], scope="session")


def pytest_collection_finish(session: pytest.Session) -> None:
    rights.findings.whole_suite = rights.is_whole_suite(session)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """On a worker, hands the findings over; on the controller, or without workers, fails a run with unused rights."""
    output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["rights"] = rights.findings.as_output()
    elif rights.findings.unused() and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """pytest-xdist: a worker is done."""
    if "rights" in getattr(node, "workeroutput", {}):
        rights.findings.add(*node.workeroutput["rights"])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    unused = rights.findings.unused()
    if unused:
        terminalreporter.section("rights in template.yaml that no test has used")
        for line in unused:
            terminalreporter.line(line)
