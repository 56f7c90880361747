"""<parley-inbox> with 10,000 conversations, upon the product's own store and replica."""

from playwright.sync_api import Page, expect

from tests.web.around import WHOLE
from tests.web.browser import DESKTOP, Pages
from tests.web.sources import show, violations

SCRIPT = """
import { configure } from "/web/components/index.js"
import { storeOf } from "/given/many.js"
window.many = storeOf(10_000)
window.store = many.store
await many.loaded()
configure({store})
"""
COUNT = 9_900  # every hundredth is archived


def opened(pages: Pages) -> Page:
    page = show(
        pages,
        "<main><parley-inbox></parley-inbox></main>",
        SCRIPT,
        DESKTOP,
        head=WHOLE,
        policy="",
        reduced_motion="reduce",
    )
    expect(page.locator(".entry").first).to_contain_text("Ada 0")
    return page


def titles(page: Page) -> list[str]:
    """Returns the titles on the screen, from its top."""
    found: list[str] = page.evaluate("""() => {
        const root = document.querySelector("parley-inbox").shadowRoot
        const box = root.querySelector(".scroll").getBoundingClientRect()
        return [...root.querySelectorAll(".entry")].filter(one => {
          const {top, bottom} = one.getBoundingClientRect()
          return top >= box.top - 2 && bottom <= box.bottom
        }).map(one => one.querySelector(".title").textContent)
    }""")
    return found


def test_the_list_holds_what_is_near_the_screen(pages: Pages) -> None:
    page = opened(pages)
    entries = page.locator(".entry")
    assert entries.count() < 60
    expect(entries.first).to_have_attribute("aria-setsize", str(COUNT))
    assert violations(page) == []

    scroller = page.locator(".scroll")
    scroller.evaluate("one => one.scrollTop = one.scrollHeight / 2")
    page.wait_for_function("() => !document.querySelector('parley-inbox').shadowRoot.textContent.includes('Ada 0')")
    numbers = [int(title.split()[1]) for title in titles(page)]
    assert len(numbers) > 5 and abs(numbers[0] - 5_000) < 60
    assert numbers == [n for n in range(numbers[0], numbers[-1] + 1) if n % 100 != 50]
    assert entries.count() < 60

    page.evaluate("many.receive(7000, 'now at the top')")  # what is on the screen may move by one entry
    scroller.evaluate("one => one.scrollTop = 0")
    expect(entries.first.locator(".said")).to_have_text("now at the top")
    assert entries.count() < 60


def test_keys_reach_every_entry(pages: Pages) -> None:
    page = opened(pages)
    page.locator(".entry .open").first.focus()
    for _ in range(40):
        page.keyboard.press("ArrowDown")
    expect(page.locator(".open:focus")).to_contain_text("Ada 40")
    page.keyboard.press("End")
    expect(page.locator(".open:focus")).to_contain_text("Hana 9999")
    page.keyboard.press("ArrowUp")
    expect(page.locator(".open:focus")).to_contain_text("Gus 9998")
    page.keyboard.press("Home")
    expect(page.locator(".open:focus")).to_contain_text("Ada 0")
    page.keyboard.press("Enter")
    assert page.evaluate("store.current") == "d_0"


def test_search_and_filters(pages: Pages) -> None:
    page = opened(pages)
    page.locator(".chip", has_text="Unread").click()
    expect(page.locator(".entry").first).to_have_attribute("aria-setsize", "1000")
    expect(page.locator(".entry .title").nth(1)).to_have_text("Finn 13")
    page.locator(".chip", has_text="Archived").click()
    expect(page.locator(".entry").first).to_have_attribute("aria-setsize", "100")
    page.locator(".scroll").evaluate("one => one.scrollTop = one.scrollHeight")
    expect(page.locator(".entry .title").last).to_contain_text("9950")
    page.get_by_role("searchbox").fill("dora 77")
    expect(page.locator(".entry .title").first).to_have_text("Dóra 771")
    assert page.locator(".entry .title").all_inner_texts() == [
        f"Dóra {n}" for n in sorted([771, 779, *range(7700, 7800)]) if n % 8 == 3
    ]
