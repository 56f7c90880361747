"""Pages with the elements around a thread, upon the store of tests/web/pages/people.js."""

from typing import Any

from playwright.sync_api import Page

from tests.web.browser import DESKTOP, PHONE, Pages, Profile
from tests.web.sources import show

SCRIPT = """
import { configure } from "/web/components/index.js"
import { inboxOf, PeopleDouble } from "/given/people.js"
const store = window.store = %s
window.told = []
for (const name of ["select", "open", "unread", "send", "ticket"])
  addEventListener(`parley-${name}`, ({detail}) =>
    told.push([name, detail.conversation_id ?? detail.open ?? detail.count]))
%s
configure({store})
"""
WHOLE = "<style>html, body { margin: 0; height: 100% } main { height: 100% }</style>"
ARABIC = "document.documentElement.lang = 'ar'; document.documentElement.dir = 'rtl'\n"
# Names of people, titles and texts as people write them.
HOSTILE = (
    "<img src=x onerror=window.hit=1>",
    "<script>window.hit=1</script>",
    '"><svg onload=window.hit=1>',
    "javascript:window.hit=1",
    "{{constructor.constructor('window.hit=1')()}}",
    "</style></textarea><iframe srcdoc='<script>parent.hit=1</script>'>",
    "\u202e" + "א" * 127,
    "a" + "\u0301" * 10_000,
    "W" * 128,
)
LOOKS: tuple[tuple[str, Profile, str, str], ...] = (
    ("light", DESKTOP, "light", ""),
    ("dark", DESKTOP, "dark", ""),
    ("phone", PHONE, "light", ""),
    ("rtl", DESKTOP, "dark", ARABIC),
    ("phone-rtl", PHONE, "light", ARABIC),
)


def show_around(
    pages: Pages, body: str, setup: str = "", profile: Profile = DESKTOP, *, made: str = "inboxOf()", **options: Any
) -> Page:
    """Returns a page with `body` and the store as `window.store`; `setup` runs before the elements get it."""
    script = SCRIPT % (made, setup)
    return show(
        pages, f"<main>{body}</main>", script, profile, head=WHOLE, policy="", **{"reduced_motion": "reduce", **options}
    )


def calls(page: Page, name: str) -> list[Any]:
    """Returns what the elements have asked of the store under a name: the arguments of each call."""
    found: list[Any] = page.evaluate(
        "name => store.calls.filter(([one]) => one === name).map(call => call.slice(1))", name
    )
    return found
