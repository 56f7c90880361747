"""A browser for the tests of a file, the pages of a test, and a stack that serves both."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from local.web import policy
from tests.e2e.stack import Stack
from tests.e2e.stack import running as running_stack
from tests.web import browser as chromium
from tests.web.browser import Pages
from tests.web.talking import Talk


# For a file and not for the session: Playwright keeps an event loop in this thread while it runs, beside which other
# tests of the same worker could not run theirs. Chromium starts in half a second.
@pytest.fixture(scope="module")
def browser(request: pytest.FixtureRequest) -> Iterator[Browser]:
    executable = chromium.find(needs_windows=getattr(request.module, "NEEDS_WINDOWS", False))
    if executable is None:
        chromium.leave_out(chromium.MISSING)
    with chromium.running(executable) as running:
        yield running


@pytest.fixture
def pages(browser: Browser) -> Iterator[Pages]:
    """The pages of a test, which fail it if they complain."""
    opened = Pages(browser, policy=policy())
    yield opened
    opened.close()
    assert not opened.unexpected(), "\n".join(opened.unexpected())


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running_stack(tmp_path_factory.mktemp("state")) as started:
        yield started


@pytest.fixture
def talk(stack: Stack) -> Talk:
    alice, bob = stack.person("alice"), stack.person("bob")
    conversation_id = alice.opens(bob)
    alice.post(f"/conversations/{conversation_id}/messages", text="Hello, Bob")
    return Talk(stack, alice, bob, conversation_id)
