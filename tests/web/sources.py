"""Pages that have the web client's own sources at /web/ of their origin, and no server besides."""

from base64 import b64decode
from functools import cache
from typing import Any

from playwright.sync_api import Page

from tests.web.browser import DESKTOP, Pages, Profile
from tests.web.tools import WEB

DOUBLES = WEB.parent / "tests" / "web" / "pages"
AXE = WEB / "node_modules" / "axe-core" / "axe.min.js"

PIXEL = b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEUlEQVR42mNIMDiAFTEMLQkAuqhUAfpqFpMAAAAASUVORK5CYII="
)  # a PNG of 8 by 8 pixels


@cache
def files() -> dict[str, str]:
    """Returns the sources by their address, and the doubles of tests/web/pages at /given/."""
    modules = [path for path in WEB.rglob("*.js") if not {"node_modules", "dist", "types", "tools"} & {*path.parts}]
    return {
        **{f"/web/{path.relative_to(WEB).as_posix()}": path.read_text() for path in modules},
        **{f"/given/{path.name}": path.read_text() for path in DOUBLES.glob("*.js")},
    }


def show(pages: Pages, body: str, script: str, profile: Profile = DESKTOP, **options: Any) -> Page:
    """Returns a page that may import the sources, with `window.ready` true after its module has run."""
    page = pages.show(body, f"{script}\nwindow.ready = true", profile, files=files(), **options)
    page.wait_for_function("() => window.ready")
    return page


def violations(page: Page, context: str = "document") -> list[str]:
    """Returns what axe-core finds on a page against WCAG 2.2 AA: each rule with the elements that break it."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text())  # the debugger's own code: the page's policy does not bind it
    page.emulate_media(reduced_motion="reduce")  # a colour in the middle of a change is none that stays
    page.wait_for_timeout(200)
    found = page.evaluate(
        """context => axe.run(context === 'document' ? document : context, {
             runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
             rules: {region: {enabled: false}, 'page-has-heading-one': {enabled: false}},
           }).then(({violations}) => violations)""",
        context,
    )
    return [
        f"{rule['id']}: {node['target']} {node['html'][:160]} {node.get('failureSummary', '')[:300]}"
        for rule in found
        for node in rule["nodes"]
    ]
