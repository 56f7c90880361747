"""The base of all elements: trees of elements, where an element finds its store, and windows over the page."""

import re

import pytest

from tests.web.browser import Pages
from tests.web.sources import show, violations

TREES = """
import { h, patch, safeUrl } from "/web/components/base/h.js"
Object.assign(window, {h, patch, safeUrl, root: document.querySelector("main")})
"""
ELEMENT = """
import { ParleyElement, configure, define, makeStoresWith } from "/web/components/base/element.js"
import { h } from "/web/components/base/h.js"
import { menu, modal, popover } from "/web/components/base/dialog.js"

class Store {
  heard = new Set()
  constructor(name, status = "online") { this.name = name; this.connection = {status, error: null} }
  subscribe(listener) { this.heard.add(listener); return () => this.heard.delete(listener) }
  change(name) { this.name = name; for (const listener of this.heard) listener() }
}
class Example extends ParleyElement {
  static attributes = ["prefix"]
  drawings = 0
  view(store) {
    this.drawings += 1
    return h("p", null, this.getAttribute("prefix"), store.name, this.over?.(), h("slot", null))
  }
}
define("parley-example", Example)
Object.assign(window, {Store, configure, makeStoresWith, h, menu, modal, popover})
window.shown = id => document.getElementById(id).shadowRoot.textContent
"""


def test_a_tree_becomes_elements_and_text_alone(pages: Pages) -> None:
    page = show(pages, "<main></main>", TREES)

    page.evaluate("""patch(root, [
        h('p', {class: 'a', 'aria-busy': false, hidden: false, title: null}, '<b>x</b>', 3, null, false, ['y']),
        h('svg', {viewBox: '0 0 1 1'}, h('path', {d: 'M0 0'})),
    ])""")

    assert page.evaluate("root.innerHTML") == (
        '<p class="a" aria-busy="false">&lt;b&gt;x&lt;/b&gt;3y</p><svg viewBox="0 0 1 1"><path d="M0 0"></path></svg>'
    )
    assert page.evaluate("root.querySelector('path') instanceof SVGPathElement")


@pytest.mark.parametrize(
    "address",
    ["javascript:alert(1)", " java\tscript:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc", "http://"],
)
def test_an_address_that_is_no_link_is_left_out(pages: Pages, address: str) -> None:
    page = show(pages, "<main></main>", TREES)

    page.evaluate(
        "address => patch(root, [h('a', {href: address}), h('img', {src: address}), h('iframe', {srcdoc: '<p>'})])",
        address,
    )

    assert page.evaluate("root.innerHTML") == "<a></a><img><iframe></iframe>"


def test_keyed_siblings_stay_the_same_elements_wherever_they_go(pages: Pages) -> None:
    page = show(pages, "<main></main>", TREES)

    outcome = page.evaluate("""() => {
        const draw = names => patch(root, h('ul', null, names.map(name => h('li', {key: name}, name))))
        const random = (seed => () => (seed = (seed * 48271) % 2147483647) / 2147483647)(7)
        const seen = new Map()
        for (let round = 0; round < 300; round++) {
            const names = [...'abcdefghijkl'].filter(() => random() < 0.6).sort(() => random() - 0.5)
            draw(names)
            const items = [...root.querySelectorAll('li')]
            if (items.map(item => item.textContent).join() !== names.join()) return `round ${round}`
            for (const name of [...seen.keys()]) if (!names.includes(name)) seen.delete(name)
            for (const item of items) {
                if ((seen.get(item.textContent) ?? item) !== item) return `round ${round}: another element`
                seen.set(item.textContent, item)
            }
        }
        return 'same'
    }""")

    assert outcome == "same"


def test_what_a_person_types_and_where_they_are_outlasts_a_change(pages: Pages) -> None:
    page = show(pages, "<main></main>", TREES)
    draw = "count => patch(root, [...Array(count).keys()].reverse().map(key => h('input', {key})))"
    page.evaluate(draw, 1)
    page.locator("input").fill("typed")

    page.evaluate(draw, 3)

    assert page.evaluate("[...root.children].map(input => input.value)") == ["", "", "typed"]
    assert page.evaluate("document.activeElement === root.children[2]")


def test_listeners_change_with_the_tree_and_refs_see_both_ends(pages: Pages) -> None:
    page = show(pages, "<main></main>", TREES)

    outcome = page.evaluate("""() => {
        const said = []
        const ref = (element, going) => said.push(element ? `in ${element.isConnected}` : `out ${going.isConnected}`)
        patch(root, h('button', {ref, onclick: () => said.push('first')}))
        const button = root.firstChild
        button.click()
        patch(root, h('button', {ref, onclick: () => said.push('second')}))
        button.click()
        patch(root, h('button', {ref}))
        button.click()
        patch(root, null)
        return said
    }""")

    assert outcome == ["in true", "first", "second", "out true"]


def test_a_tree_that_is_the_same_one_is_not_looked_at(pages: Pages) -> None:
    page = show(pages, "<main></main>", TREES)

    outcome = page.evaluate("""() => {
        const tree = h('p', null, 'x')
        patch(root, tree)
        root.firstChild.textContent = 'changed'
        patch(root, tree)
        return root.textContent
    }""")

    assert outcome == "changed"


def test_styles_are_set_without_an_attribute_of_the_source(pages: Pages) -> None:
    """The policy forbids inline styles; those of the CSS object model are none."""
    page = show(pages, "<main></main>", TREES)

    page.evaluate("patch(root, h('p', {style: {'--hue': 3, color: 'red'}}))")
    page.evaluate("patch(root, h('p', {style: {'--hue': 4}}))")

    assert page.evaluate("root.firstChild.style.cssText") == "--hue: 4;"


def test_an_element_takes_its_own_store_then_that_around_it_then_the_pages(pages: Pages) -> None:
    page = show(
        pages,
        "<parley-example id=a></parley-example>"
        "<parley-example id=b><div><parley-example id=c></parley-example></div></parley-example>",
        ELEMENT,
    )
    assert page.evaluate("[shown('a').includes('signed out'), shown('c').includes('signed out')]") == [True, True]

    page.evaluate("configure({store: window.page = new Store('page')})")
    page.evaluate("b.store = window.own = new Store('own')")

    assert page.evaluate("[shown('a'), shown('b'), shown('c')]") == ["page", "own", "own"]
    page.evaluate("own.change('changed')")
    assert page.evaluate("[shown('a'), shown('c')]") == ["page", "changed"]
    page.evaluate("configure(null)")
    assert "signed out" in page.evaluate("shown('a')")
    assert page.evaluate("[window.page.heard.size, own.heard.size]") == [0, 2]


MAKER = """
window.ended = []
makeStoresWith(({url}) => Object.assign(new Store(url), {client: {close: () => ended.push(url)}}))
"""


def test_a_connection_that_configure_has_made_ends_with_the_next_call(pages: Pages) -> None:
    page = show(pages, "<parley-example id=a></parley-example>", ELEMENT + MAKER)
    page.evaluate("configure({url: 'one'})")
    assert page.evaluate("[shown('a'), ended.length]") == ["one", 0]
    page.evaluate("configure({url: 'two'})")
    assert page.evaluate("[shown('a'), ended]") == ["two", ["one"]]
    page.evaluate("configure({store: window.own = new Store('own')}); configure(null)")
    assert page.evaluate("ended") == ["one", "two"]


def test_a_connection_of_attributes_ends_when_no_element_needs_it(pages: Pages) -> None:
    body = "<parley-example id=a url=one></parley-example><parley-example id=b url=one></parley-example>"
    page = show(pages, body, ELEMENT + MAKER)
    page.clock.install()
    page.evaluate("a.remove()")
    page.clock.run_for(6000)
    assert page.evaluate("[shown('b'), ended]") == ["one", []]
    page.evaluate("document.body.append(b)")  # it is moved
    page.clock.run_for(6000)
    assert page.evaluate("ended") == []
    page.evaluate("b.setAttribute('url', 'two')")
    page.clock.run_for(6000)
    assert page.evaluate("[shown('b'), ended]") == ["two", ["one"]]


def test_an_element_is_drawn_once_for_all_that_changes_at_a_time(pages: Pages) -> None:
    page = show(pages, "<parley-example id=a></parley-example>", ELEMENT)
    page.evaluate("configure({store: window.own = new Store('one')})")
    before = page.evaluate("a.drawings")

    page.evaluate("own.change('two'); own.change('three'); a.setAttribute('prefix', 'the ')")

    assert page.evaluate("[shown('a'), a.drawings]") == ["the three", before + 1]
    page.evaluate("a.remove(); own.change('four')")
    assert page.evaluate("own.heard.size") == 0


@pytest.mark.parametrize(
    ("body", "scheme", "expected"),
    [
        ("<parley-example id=a></parley-example>", "dark", "light dark"),
        ("<parley-example id=a theme=light></parley-example>", "dark", "light"),
        ("<parley-example theme=dark><parley-example id=a></parley-example></parley-example>", "light", "dark"),
    ],
)
def test_the_theme_is_the_elements_or_that_around_it_or_the_devices(
    pages: Pages, body: str, scheme: str, expected: str
) -> None:
    page = show(pages, body, f"{ELEMENT}; configure({{store: new Store('x')}})", color_scheme=scheme)

    assert page.evaluate("getComputedStyle(a).colorScheme") == expected


def test_a_suspended_person_reads_why(pages: Pages) -> None:
    page = show(pages, "<parley-example id=a></parley-example>", ELEMENT)

    page.evaluate("""() => {
        const store = new Store('x', 'suspended')
        store.connection.error = {code: 'suspended', detail: 'x', until: '2026-12-01T00:57:36.452Z', reason: 'Spam'}
        configure({store})
    }""")

    assert "You are suspended until Tuesday" in page.evaluate("shown('a')")
    assert page.evaluate("shown('a')").endswith("Reason: Spam")
    told = page.evaluate("a.because({code: 'x', detail: 'Not before 2026-12-01T00:57:36.452Z, and twice.'})")
    assert re.fullmatch(r"Not before Tuesday.*2026.*1:57:36.*, and twice\.", told)


OVER = """
configure({store: new Store('')})
const draw = over => { a.over = over; a.update() }
const close = () => draw(null)
window.said = []
window.openModal = () => draw(() => modal(
  {title: 'Sure?', close: 'Close', onclose: close}, h('input', {'aria-label': 'Name'}), h('button', null, 'Yes'),
))
window.openMenu = event => draw(() => menu({anchor: event.target, label: 'More', onclose: close, items: [
  {label: 'Reply', act: () => said.push('reply')},
  {label: 'Forward', act: openModal},
  null,
  {label: 'Delete', isDanger: true, act: () => said.push('delete')},
]}))
document.querySelector('#modal').onclick = openModal
document.querySelector('#menu').onclick = openMenu
"""
BUTTONS = """<main>
<button id=modal>Modal</button> <button id=menu>Menu</button> <parley-example id=a></parley-example>
</main>"""


def test_a_dialog_keeps_the_focus_closes_by_escape_and_gives_the_focus_back(pages: Pages) -> None:
    page = show(pages, BUTTONS, ELEMENT + OVER)
    page.locator("#modal").focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Sure?")
    dialog.wait_for()

    for _ in range(6):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement === a || document.activeElement === document.body")
    assert not violations(page)
    page.keyboard.press("Escape")

    assert dialog.count() == 0
    assert page.evaluate("document.activeElement.id") == "modal"


def test_a_click_beside_a_dialog_closes_it(pages: Pages) -> None:
    page = show(pages, BUTTONS, ELEMENT + OVER)
    page.locator("#modal").click()
    page.get_by_role("dialog").wait_for()

    page.mouse.click(5, 5)

    assert page.get_by_role("dialog").count() == 0


def test_a_menu_is_moved_in_by_keys(pages: Pages) -> None:
    page = show(pages, BUTTONS, ELEMENT + OVER)
    page.locator("#menu").click()
    page.get_by_role("menu", name="More").wait_for()

    def focused() -> str:
        return str(page.evaluate("a.shadowRoot.activeElement?.textContent"))

    assert focused() == "Reply"
    assert not violations(page)
    for key, expected in (("ArrowUp", "Delete"), ("ArrowDown", "Reply"), ("End", "Delete"), ("f", "Forward")):
        page.keyboard.press(key)
        assert focused() == expected
    page.keyboard.press("Escape")
    page.wait_for_function("() => document.activeElement.id === 'menu'")
    assert page.get_by_role("menu").count() == 0


def test_a_menus_item_may_open_a_dialog(pages: Pages) -> None:
    page = show(pages, BUTTONS, ELEMENT + OVER)
    page.locator("#menu").click()

    page.get_by_role("menuitem", name="Forward").click()

    page.get_by_role("dialog", name="Sure?").wait_for()
    assert page.get_by_role("menu").count() == 0
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.id") == "menu"


def test_a_click_elsewhere_closes_a_menu_and_does_nothing_else(pages: Pages) -> None:
    page = show(pages, BUTTONS, ELEMENT + OVER)
    page.locator("#menu").click()
    page.get_by_role("menu").wait_for()

    page.mouse.click(600, 500)

    page.get_by_role("menu").wait_for(state="detached")
    assert page.evaluate("said") == []
