"""Chromium, as Playwright drives it: pages on phones and desktops, and the complaints that fail a test.

    def test_a_page(pages: Pages) -> None:
        alice = pages.open(f"{stack.page_url}/", PHONE)      # a device of its own: no storage is shared
        other_tab = pages.tab(alice, url)                    # the same device
        page = pages.show("<main></main>", "document.title = 'x'")   # a page and its module, under the product's policy
        pages.allow(r"status of 404")                        # a line of the console that this test provokes
        pages.shoot(alice, "inbox-phone")                    # a picture, if SCREENSHOTS names a folder

At the end of a test its pages close. Console errors, uncaught errors and violations of the Content-Security-Policy of
any page fail it. The browser binds no port, and loads nothing but what the test serves from this machine.
"""

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Page,
    Route,
    WebError,
    expect,
    sync_playwright,
)

# Debian's Chromium without windows takes a third less of the processor for the same tests (D-757). It has no pushes,
# records no sound and shares no screen.
WITHOUT_WINDOWS = "chromium-headless-shell"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
OF_MACOS = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
PATIENCE_MS = 20_000  # for what takes a tenth of a second on a machine with nothing else to do
expect.set_options(timeout=PATIENCE_MS)
MISSING = (
    "no Chromium is installed, so no test has seen the web client in a browser: install chromium, "
    "or name one with CHROMIUM=/path/to/chromium"
)
# Quiet: no service of Google's is asked for anything. A fake camera and microphone; whether a page may use them is
# said by the test (`pages.open(..., permissions=["microphone"])`).
ARGUMENTS = (
    "--use-fake-device-for-media-stream",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--no-pings",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
)

KINDS = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".json": "application/json"}


@dataclass(frozen=True)
class Profile:
    """A device: its screen in CSS pixels, and whether fingers use it."""

    width: int
    height: int
    is_touch: bool = False
    scale: float = 1

    def options(self) -> dict[str, Any]:
        return {
            "viewport": {"width": self.width, "height": self.height},
            "device_scale_factor": self.scale,
            "has_touch": self.is_touch,
            "is_mobile": self.is_touch,
        }


PHONE = Profile(360, 740, is_touch=True, scale=2)
SMALL_PHONE = Profile(320, 568, is_touch=True, scale=2)
TABLET = Profile(768, 1024, is_touch=True)
DESKTOP = Profile(1440, 900)


def find(*, needs_windows: bool = True) -> str | None:
    """Returns the path of an installed Chromium, or None. CHROMIUM names one; an empty CHROMIUM means none."""
    named = os.environ.get("CHROMIUM")
    if named is not None:
        return shutil.which(named) if named else None
    whole = (*NAMES, OF_MACOS)
    wanted = whole if needs_windows else (WITHOUT_WINDOWS, *whole)
    return next((path for name in wanted if (path := shutil.which(name))), None)


def leave_out(reason: str) -> NoReturn:
    """Skips a test for want of something that this machine should have; in CI the test fails."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@contextmanager
def running(executable: str, *more: str) -> Iterator[Browser]:
    """Runs a browser without windows; `more` are further arguments."""
    with sync_playwright() as playwright:
        # Playwright drives it through a pipe, so that it binds no port; and without Chromium's sandbox, which neither
        # root nor most containers can have. The pages are our own.
        browser = playwright.chromium.launch(executable_path=executable, args=[*ARGUMENTS, *more], timeout=60_000)
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Pages:
    """The pages of one test."""

    browser: Browser
    policy: str = ""
    complaints: list[str] = field(default_factory=list)
    _allowed: list[re.Pattern[str]] = field(default_factory=list)
    _contexts: list[BrowserContext] = field(default_factory=list)

    def device(self, profile: Profile = DESKTOP, **options: Any) -> BrowserContext:
        """Returns a device with storage of its own; `options` are those of Playwright's `new_context`."""
        given = {"locale": "en-GB", "timezone_id": "Europe/Paris", **profile.options(), **options}
        context = self.browser.new_context(**given)
        context.set_default_timeout(PATIENCE_MS)
        context.on("console", self._note_console)
        context.on("weberror", self._note_error)
        self._contexts.append(context)
        return context

    def open(self, url: str, profile: Profile = DESKTOP, **options: Any) -> Page:
        """Returns a page on a new device, loaded."""
        page = self.device(profile, **options).new_page()
        page.goto(url)
        return page

    def tab(self, page: Page, url: str) -> Page:
        """Returns another page on the device of `page`, loaded."""
        opened = page.context.new_page()
        opened.goto(url)
        return opened

    def show(
        self,
        body: str,
        script: str = "",
        profile: Profile = DESKTOP,
        *,
        origin: str = "http://localhost",
        files: Mapping[str, str] | None = None,
        policy: str | None = None,
        head: str = "",
        **options: Any,
    ) -> Page:
        """Returns a page at `origin` with that body and that module, both served by the test.

        It has the Content-Security-Policy of the product's own pages, unless `policy` is another. `files` are further
        ones by their path, `{"/given/more.js": "…"}`; the server at `origin` has everything else.
        """
        header = self.policy if policy is None else policy
        document = (
            f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A page of a test</title>{head}'
            '<meta name="viewport" content="width=device-width, initial-scale=1"></head>'
            f'<body>{body}<script type="module" src="/given/page.js"></script></body></html>'
        )
        served = {"/given/page.html": document, "/given/page.js": script, **(files or {})}
        page = self.device(profile, **options).new_page()
        # The browser does not know that a page that a test serves is on this machine, and would ask the user.
        page.context.grant_permissions(["local-network-access"])
        _serve(page.context, origin, served, header)
        page.goto(f"{origin}/given/page.html")
        return page

    def allow(self, pattern: str) -> None:
        """Lets lines of the console pass that match a regular expression."""
        self._allowed.append(re.compile(pattern))

    def shoot(self, page: Page, name: str) -> None:
        """Writes a picture of what the page shows to the folder in SCREENSHOTS, if that is set."""
        folder = os.environ.get("SCREENSHOTS")
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=Path(folder) / f"{name}.png")

    def close(self) -> None:
        """Closes every device."""
        for context in self._contexts:
            try:
                context.close()
            except Error as problem:
                self.complaints.append(f"a device did not close: {problem.message}")

    def unexpected(self) -> list[str]:
        """Returns what pages have complained of and nobody has allowed."""
        return [said for said in self.complaints if not any(pattern.search(said) for pattern in self._allowed)]

    def _note_console(self, message: ConsoleMessage) -> None:
        # Chromium reports a violation of the policy as an error, and one that it only reports as a warning's text.
        if message.type in ("error", "assert") or "Content Security Policy" in message.text:
            self.complaints.append(f"{message.type}: {message.text} ({message.location.get('url', '')})")

    def _note_error(self, error: WebError) -> None:
        self.complaints.append(f"uncaught: {error.error.stack or error.error.message}")


def _serve(context: BrowserContext, origin: str, served: Mapping[str, str], policy: str) -> None:
    """Answers what a device asks of these paths; the server at `origin` answers all others.

    One route for all of them: Playwright compares each request with each route.
    """

    def answer(route: Route) -> None:
        path = route.request.url.removeprefix(origin).partition("?")[0]
        headers = {"Content-Type": f"{KINDS.get(Path(path).suffix, 'application/json')}; charset=utf-8"}
        if policy and path.endswith(".html"):
            headers["Content-Security-Policy"] = policy
        route.fulfill(status=200, headers=headers, body=served[path])

    context.route(re.compile(rf"^{re.escape(origin)}({'|'.join(map(re.escape, served))})(\?|$)"), answer)
