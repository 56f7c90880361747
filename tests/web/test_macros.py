"""Macros in `<parley-desk>`: the menu, what one will do, and applying it."""

from typing import Any

from playwright.sync_api import Page, expect

from tests.web.around import ARABIC, HOSTILE, calls, show_around
from tests.web.browser import SMALL_PHONE, Pages
from tests.web.sources import violations
from tests.web.test_desk import DESK, ELSEWHERE, QUEUE

APPLY = "/support/tickets/{ticket_id}/macros/{macro_id}"
MACROS = """
const macro = window.macro = (id, title, effects) => ({id, title, version: 1, effects: {
  reply: null, add_tags: [], remove_tags: [], take: false, ...effects}})
window.kept = [
  macro("mc_2", "Refund", {reply: "Hello {{requester.name}}, the **money** is on its way.", status: "resolved",
    add_tags: ["refund"], remove_tags: ["vip"], take: true}),
  macro("mc_1", "Ask the airline", {priority: "high", team: null, assignee_id: "otto"})]
store.answers.set("GET /support/macros", ({query}) => {
  const from = Number(query.cursor ?? 0), to = from + query.limit
  return {macros: kept.slice(from, to), next: to < kept.length ? `${to}` : null}
})
const after = more => ({ticket: mine({status: "resolved", tags: ["refund"], version: 5, ...more}), message: null})
window.refuse = (code, detail) => store.answers.set("POST %s", Object.assign(new Error(), {code, detail}))
window.admit = () => store.answers.set("POST %s", () => after())
store.answers.set("GET /support/tickets/{ticket_id}", () => mine({tags: ["vip"], status: "in_progress", version: 4}))
all[0].tags = ["vip", "late"]
admit()
""".replace("%s", APPLY)


def macros(pages: Pages, setup: str = "", **options: Any) -> Page:
    """Returns a page with a ticket that is open."""
    page = show_around(pages, DESK, QUEUE + MACROS + setup, **options)
    page.locator(".ticket").first.click()
    expect(page.locator(".clocks span")).to_have_count(2)
    return page


def look(page: Page, title: str) -> None:
    page.get_by_role("button", name="Macros").click()
    page.get_by_role("menuitem", name=title).click()


def applied(page: Page) -> list[Any]:
    return [asked[1] for asked in calls(page, "POST") if asked[0] == APPLY]


def test_a_macro_says_what_it_does_and_is_applied_once(pages: Pages) -> None:
    page = macros(pages, ELSEWHERE)
    page.get_by_role("button", name="Macros").click()
    expect(page.get_by_role("menuitem")).to_have_text(["Ask the airline", "Refund"])
    page.keyboard.press("r")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Refund")
    expect(dialog.locator(".body > p")).to_have_text(["Status: Open Resolved", "Agent: – You", "Tags: − vip + refund"])
    expect(dialog.locator("blockquote")).to_have_text("Hello {{requester.name}}, the money is on its way.")
    expect(page.get_by_role("button", name="Apply")).to_be_focused()
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Macros")).to_be_focused()
    assert applied(page) == []

    look(page, "Refund")
    page.evaluate("refuse('network')")
    page.get_by_role("button", name="Apply").click()
    expect(dialog.get_by_role("alert")).to_contain_text("There is no connection to the server.")
    expect(page.get_by_role("alert")).to_have_count(1)
    reads = len([asked for asked in calls(page, "GET") if asked[0].endswith("/messages")])
    page.evaluate("admit()")
    page.get_by_role("button", name="Apply").click()
    expect(dialog).to_have_count(0)
    expect(page.locator(".top .status")).to_have_text("Resolved")
    expect(page.get_by_role("button", name="Agent: You")).to_be_visible()
    first, second = applied(page)
    assert first == second  # one act, however often it is tried
    assert first["path"] == {"ticket_id": "t_1", "macro_id": "mc_2"}
    assert first["body"].pop("client_id") and first["body"] == {"version": 1}
    # The agent is not in the ticket, so its thread is read again.
    assert len([asked for asked in calls(page, "GET") if asked[0].endswith("/messages")]) == reads + 1

    look(page, "Ask the airline")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert applied(page)[-1]["body"]["client_id"] != second["body"]["client_id"]


def test_a_macro_that_is_refused_says_why_and_is_tried_on_the_ticket_as_it_is(pages: Pages) -> None:
    page = macros(pages)
    look(page, "Refund")
    dialog = page.get_by_role("dialog", name="Refund")
    page.evaluate("refuse('ticket_changed', 'The ticket has changed.')")
    page.get_by_role("button", name="Apply").click()
    expect(dialog.get_by_role("alert")).to_contain_text("The ticket has changed.")
    expect(dialog.locator(".body > p").first).to_have_text("Status: In progress Resolved")
    page.evaluate("refuse('not_found', 'There is no such macro.')")
    page.get_by_role("button", name="Apply").click()
    expect(dialog.get_by_role("alert")).to_contain_text("There is no such macro.")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("alert")).to_have_count(0)

    assert [asked["body"]["version"] for asked in applied(page)] == [1, 4]
    assert len({asked["body"]["client_id"] for asked in applied(page)}) == 1
    page.evaluate("kept = []")
    page.get_by_role("button", name="Macros").click()
    expect(page.get_by_role("menuitem", name="No macros")).to_be_disabled()


def test_a_macro_that_closes_is_not_applied_by_haste_nor_to_a_closed_ticket(pages: Pages) -> None:
    page = macros(pages, "kept = [macro('mc_3', 'Close', {status: 'closed', priority: 'urgent', add_tags: ['vip']})]")
    look(page, "Close")
    dialog = page.get_by_role("dialog", name="Close")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    expect(dialog.locator(".body > p")).to_have_text(["Status: Open Closed"])  # the others are so already
    expect(dialog.get_by_role("button", name="Apply")).to_be_enabled()
    page.evaluate("tell({event: 'ticket_updated', data: {ticket: mine({status: 'closed', version: 9})}})")
    expect(dialog.get_by_role("button", name="Apply")).to_be_disabled()


def test_a_long_menu_is_bounded_and_typed_words_move_in_it(pages: Pages) -> None:
    page = macros(pages)
    page.evaluate("""kept = ["Ask", "Reply late", "Refund all", "Refund some", ...Array(60).keys()].map(
        (one, n) => macro(`mc_${n}`, `${one}`, {status: "resolved"}))""")
    page.get_by_role("button", name="Macros").click()
    expect(page.get_by_role("menuitem")).to_have_count(64)
    assert page.locator(".popover").evaluate(
        "one => one.clientHeight < innerHeight * .6 && one.clientHeight < one.scrollHeight"
    )
    for typed, title in [("ref", "Refund all"), ("refund s", "Refund some"), ("rr", "Refund some"), ("a", "Ask")]:
        page.keyboard.press("End")
        page.keyboard.type(typed)
        expect(page.get_by_role("menuitem", name=title, exact=True)).to_be_focused()
        page.wait_for_timeout(750)  # a pause begins a new word
    page.keyboard.press("Space")
    expect(page.get_by_role("dialog", name="Ask")).to_be_visible()


def test_all_macros_that_a_desk_may_have_are_in_the_menu_and_hostile_ones_are_words(pages: Pages) -> None:
    page = macros(pages, "window.hit = 0\n", profile=SMALL_PHONE)
    page.evaluate(
        """hostile => kept = Array.from({length: 250}, (_, n) => {
             const text = hostile[n] ?? `Macro ${n}`
             return macro(`mc_${n}`, text, {reply: text, category: text, team: text, add_tags: [text]}) })""",
        list(HOSTILE),
    )
    page.get_by_role("button", name="Macros").click()
    expect(page.get_by_role("menuitem")).to_have_count(200)
    assert len([asked for asked in calls(page, "GET") if asked[0] == "/support/macros"]) == 2
    assert page.locator(".popover").evaluate("one => one.getBoundingClientRect().right <= innerWidth")
    page.get_by_role("menuitem", name="<script>window.hit=1</script>", exact=True).click()
    expect(page.get_by_role("button", name="Apply")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Macros").click()
    page.get_by_role("menuitem", name="WWWW").click()
    assert page.locator(".macro .body").evaluate("one => one.scrollWidth <= one.clientWidth")
    assert page.evaluate("window.hit") == 0


def test_it_is_for_everyone(pages: Pages) -> None:
    page = macros(pages, color_scheme="light")
    pages.shoot(page, "macros-reply-light")
    look(page, "Refund")
    expect(page.get_by_role("button", name="Apply")).to_be_focused()
    pages.shoot(page, "macro-light")
    page = macros(pages, ARABIC, profile=SMALL_PHONE, color_scheme="dark")
    page.locator(".said > .icon").nth(1).click()
    expect(page.get_by_role("menuitem")).to_have_count(2)
    pages.shoot(page, "macros-320-rtl")
    bottom, top = (
        page.locator(one).evaluate_all(f"all => Math.max(...all.map(one => one.getBoundingClientRect().{edge}))")
        for one, edge in ((".said > .icon", "bottom"), (".said parley-composer", "top"))
    )
    assert bottom <= top  # the composer cuts no button
    assert violations(page) == []
    page.get_by_role("menuitem", name="Refund").click()
    expect(page.locator(".macro .main")).to_be_focused()
    pages.shoot(page, "macro-320-rtl")
    assert violations(page) == []
