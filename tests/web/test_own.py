"""Pictures and bodies that a host draws, and elements that keep to every width."""

import pytest
from playwright.sync_api import expect

from tests.web.around import ARABIC, show_around
from tests.web.browser import DESKTOP, Pages, Profile

CHAT = '<parley-chat conversation="d_1"></parley-chat>'
OWN = """
const made = (tag, text) => Object.assign(document.createElement(tag), {textContent: text})
const { customize } = await import("/web/components/index.js")
window.customize = customize
window.drawing = {
  avatar: ({id}) => id === "bob" ? made("i", "B!") : null,
  body: ({custom_type, metadata}) => {
    if (custom_type === "broken") throw new Error("of the host")
    return custom_type === "order" ? made("b", `Order ${metadata.number}`) : null
  },
}
customize(drawing)
"""


def test_a_host_draws_avatars_and_bodies(pages: Pages) -> None:
    pages.allow("of the host")
    page = show_around(pages, CHAT, OWN)
    thread = page.locator("parley-thread")
    page.evaluate("store.receive('d_1', {text: 'in words', custom_type: 'order', metadata: {number: 7}})")
    page.evaluate("store.receive('d_1', {text: 'as it is', custom_type: 'broken'})")

    expect(thread.locator(".text b", has_text="Order 7")).to_be_visible()
    expect(thread.get_by_role("article").last).to_contain_text("as it is")
    expect(thread.locator("header .avatar i")).to_have_text("B!")
    expect(page.locator("parley-inbox .entry.current .avatar i")).to_have_text("B!")
    expect(page.locator("parley-inbox .entry .avatar", has_text="CD")).to_be_visible()
    assert page.evaluate("store.changeMessage('d_1.2', {metadata: {number: 8}})") is None
    expect(thread.locator(".text b", has_text="Order 8")).to_be_visible()
    expect(thread.locator(".text b", has_text="Order 7")).to_have_count(0)

    page.evaluate("customize({})")
    expect(thread.locator("header .avatar")).to_have_text("BS")
    expect(thread).to_contain_text("in words")


def test_a_slot_of_a_chat_is_the_body_of_one_message(pages: Pages) -> None:
    page = show_around(pages, f'{CHAT[:-14]}<u slot="message-d_1.1">mine</u></parley-chat>')
    expect(page.get_by_text("mine")).to_be_visible()
    expect(page.locator("parley-thread").get_by_text("Shall we meet at")).to_be_hidden()
    page.evaluate("document.querySelector('u').remove()")
    expect(page.locator("parley-thread").get_by_text("Shall we meet at")).to_be_visible()


WIDTHS = (320, 3840)
ELEMENTS = {
    "chat": '<parley-chat conversation="d_1"></parley-chat>',
    "group": '<parley-chat conversation="g_1"></parley-chat>',
    "list": "<parley-chat></parley-chat>",
    "support": "<parley-support></parley-support>",
    "small": '<parley-notifications></parley-notifications><parley-message-button user="carol"></parley-message-button>'
    '<parley-presence user="bob"></parley-presence><parley-unread></parley-unread>',
}
BEYOND = """() => {
  const found = []
  const look = (root) => {
    for (const one of root.querySelectorAll("*")) {
      const { left, right, width, height } = one.getBoundingClientRect()
      const isShown = width > 0 && height > 0 && one.checkVisibility({visibilityProperty: true})
      if (isShown && (right > innerWidth + 1 || left < -1) && !one.closest(".filters, .hidden"))
        found.push(`${one.tagName}.${one.className} ${left} to ${right}`)
      if (one.shadowRoot) look(one.shadowRoot)
    }
  }
  look(document)
  return document.documentElement.scrollWidth > innerWidth ? [...found, "the page"] : found
}"""
SMALL = """() => {
  const found = []
  const look = (root) => {
    for (const one of root.querySelectorAll("button, a[href], input, select, textarea, [tabindex='0']")) {
      const { width, height } = one.getBoundingClientRect()
      const isShown = one.checkVisibility({visibilityProperty: true}) && width > 0 && !one.closest("p")
      if (isShown && Math.min(width, height) < 23.5)
        found.push(`${one.tagName}.${one.className} ${width} × ${height}`)
    }
    for (const one of root.querySelectorAll("*")) if (one.shadowRoot) look(one.shadowRoot)
  }
  look(document)
  return found
}"""


@pytest.mark.parametrize("width", WIDTHS)
def test_no_element_is_wider_than_the_screen(pages: Pages, width: int) -> None:
    profile = Profile(width, 568 if width < 500 else 2160, is_touch=width < 500)
    long = "store.receive('d_1', {text: 'W'.repeat(400), sender_id: 'alice'})\n"
    for name, body in ELEMENTS.items():
        for setup in (long, ARABIC + long) if name == "group" else (long,):
            page = show_around(pages, body, setup, profile)
            page.wait_for_function("() => document.fonts.status === 'loaded'")
            assert page.evaluate(BEYOND) == [], name
            assert page.evaluate(SMALL) == [], name
            page.context.close()


def test_messages_stay_together_on_a_wide_screen(pages: Pages) -> None:
    page = show_around(pages, CHAT, "store.receive('d_1', {text: 'mine', sender_id: 'alice'})", Profile(3840, 2160))
    thread = page.locator("parley-thread")
    first, last = (thread.locator(".bubble").nth(n).bounding_box() for n in (0, 1))
    assert first and last and last["x"] + last["width"] - first["x"] < 1200
    page.set_viewport_size({"width": DESKTOP.width, "height": DESKTOP.height})
    own = thread.locator(".bubble").last.bounding_box()
    assert own and own["x"] + own["width"] > DESKTOP.width - 40
