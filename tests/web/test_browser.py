"""The ground of the other tests here: a page that complains fails its test, and a run says that it had no browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from local.web import policy
from tests.harness.nested import run_tests
from tests.web.browser import DESKTOP, MISSING, PHONE, Pages, leave_out

ROOT = Path(__file__).parents[2]


@pytest.fixture
def opened(browser: Browser) -> Iterator[Pages]:
    """Pages whose complaints the test reads itself."""
    opened = Pages(browser, policy=policy())
    yield opened
    opened.close()


def complaint(opened: Pages, script: str, body: str = "") -> str:
    """Returns what the page of a script complains of."""
    page = opened.show(body, script)
    page.wait_for_function("() => document.readyState === 'complete'")
    page.evaluate("new Promise(done => setTimeout(done))")
    return "\n".join(opened.unexpected())


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("console.error('it went wrong')", "error: it went wrong"),
        ("console.assert(1 === 2, 'no sum')", "assert: no sum"),
        ("setTimeout(() => { throw new Error('out of nothing') })", "uncaught: Error: out of nothing"),
        ("Promise.reject(new Error('nobody caught it'))", "uncaught: Error: nobody caught it"),
        ("document.body.innerHTML = '<b>text</b>'", "TrustedHTML"),
        ("document.body.setAttribute('style', 'color: red')", "style-src"),
        ("fetch('https://elsewhere.example/').catch(() => {})", "connect-src"),
        ("document.body.append(Object.assign(new Image(), {src: 'https://elsewhere.example/a.png'}))", "img-src"),
        ("trustedTypes.createPolicy('mine', {})", "trusted-types"),
    ],
)
def test_a_page_that_complains_fails_its_test(opened: Pages, script: str, said: str) -> None:
    assert said in complaint(opened, script)


@pytest.mark.parametrize(
    "body",
    ["<p style='color: red'></p>", "<script>1</script>", "<p onclick='1'></p><script src='data:,1'></script>"],
)
def test_nothing_inline_runs(opened: Pages, body: str) -> None:
    assert "Content Security Policy" in complaint(opened, "", body)


def test_a_quiet_page_fails_nothing(pages: Pages) -> None:
    page = pages.show("<p>a page</p>", "document.querySelector('p').textContent = 'has run'; console.warn('careful')")

    assert page.locator("p").inner_text() == "has run"


def test_a_test_can_expect_a_complaint(pages: Pages) -> None:
    pages.allow("as it should")

    pages.show("", "console.error('it fails as it should')")


def test_devices_share_nothing_and_tabs_share_their_device(pages: Pages) -> None:
    alice = pages.show("", "localStorage.setItem('who', 'alice')")
    bob = pages.show("")

    assert pages.tab(alice, alice.url).evaluate("localStorage.getItem('who')") == "alice"
    assert bob.evaluate("localStorage.getItem('who')") is None


def test_a_phone_is_touched_and_a_desktop_is_not(pages: Pages) -> None:
    coarse = "[innerWidth, matchMedia('(pointer: coarse)').matches]"

    assert pages.show("", profile=PHONE).evaluate(coarse) == [360, True]
    assert pages.show("", profile=DESKTOP).evaluate(coarse) == [1440, False]


def test_the_browser_may_keep_a_clients_state_and_lead_its_tabs(pages: Pages) -> None:
    """A page at localhost is a secure context, as one over TLS is."""
    page = pages.show("")

    assert page.evaluate("[isSecureContext, typeof indexedDB, typeof navigator.locks, typeof BroadcastChannel]") == [
        True,
        "object",
        "object",
        "function",
    ]


def test_the_machine_can_draw_what_people_write(pages: Pages) -> None:
    """An emoji has its colours; Arabic and Japanese have glyphs, and not the box of a character that no font has."""
    page = pages.show(
        "<canvas width='40' height='40'></canvas>",
        """
        const context = document.querySelector('canvas').getContext('2d', {willReadFrequently: true})
        window.drawn = (text) => {
          context.reset(); context.font = '30px sans-serif'; context.fillText(text, 2, 30)
          return [...context.getImageData(0, 0, 40, 40).data]
        }
        """,
    )
    page.wait_for_function("() => window.drawn")

    pixels = page.evaluate("drawn('😀\\uFE0F')")  # without it, Chromium takes a black one of the text's font
    has_colours = any(len({*pixels[at : at + 3]}) > 1 for at in range(0, len(pixels), 4))
    missing = page.evaluate("drawn('\\u{10FFFE}')")
    lacking = [text for text in ("م", "日", "é") if page.evaluate("text => drawn(text)", text) == missing]
    if lacking or not has_colours:
        leave_out(f"no font has {' '.join(lacking) or '😀'}: install those that .ci/run names")


def test_a_picture_is_taken_where_a_folder_is_named(
    pages: Pages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = pages.show("<p>a page</p>")

    monkeypatch.delenv("SCREENSHOTS", raising=False)
    pages.shoot(page, "first")
    monkeypatch.setenv("SCREENSHOTS", str(tmp_path / "pictures"))
    pages.shoot(page, "second")

    assert [path.name for path in tmp_path.rglob("*.png")] == ["second.png"]


@pytest.mark.parametrize(("ci", "outcome", "status"), [("", "1 skipped", 0), ("true", "1 error", 1)])
def test_without_a_browser_a_run_says_what_it_left_out_and_ci_fails(ci: str, outcome: str, status: int) -> None:
    run = run_tests(f"{__file__}::{QUIET}", CHROMIUM="", CI=ci)

    assert run.returncode == status, run.stdout
    assert outcome in run.stdout
    assert MISSING in run.stdout


QUIET = test_a_quiet_page_fails_nothing.__name__
