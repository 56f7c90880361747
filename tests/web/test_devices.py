"""People with two devices each, in browsers upon the stack that `make run` starts, through what can go wrong.

Everything is done by the visible controls of `<parley-chat>`; the connection is the only thing that a test gives.
"""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.stack import free_port, running
from tests.web.browser import PHONE, Pages
from tests.web.talking import PATIENCE_MS, Talk, bubbles, say, shows

WITHOUT_HISTORY = """
window.isCut = true
const real = fetch
window.fetch = (...asked) => isCut && /messages/.test(asked[0]) ? Promise.reject(new TypeError("cut")) : real(...asked)
"""


def test_two_people_with_two_devices_each(pages: Pages, talk: Talk) -> None:
    desk, phone = talk.on(pages, talk.alice), talk.on(pages, talk.alice, PHONE)
    hers, his = talk.on(pages, talk.bob), talk.on(pages, talk.bob, PHONE)
    say(desk, "Tea at **five**?")
    for page in (desk, phone, hers, his):
        shows(page, "Hello, Bob", "Tea at five?")
    expect(bubbles(his).last.locator("strong")).to_have_text("five")

    his.bring_to_front()
    his.locator("parley-composer textarea").press_sequentially("Yes", delay=30)
    for _ in range(40):  # keys follow: others see it for five seconds after a key
        if "typing" in desk.locator("parley-thread").inner_text():
            break
        his.locator("parley-composer textarea").press("!")
        his.keyboard.press("Backspace")
        his.wait_for_timeout(500)
    expect(desk.locator("parley-thread")).to_contain_text("typing")
    his.get_by_role("button", name="Send").click()
    for page in (desk, phone, hers, his):
        shows(page, "Hello, Bob", "Tea at five?", "Yes")

    bubbles(desk).last.hover()
    desk.get_by_role("button", name="❤️").first.click()
    for page in (phone, hers, his):
        expect(bubbles(page).last).to_contain_text("❤️")


def test_a_minute_offline_in_mid_send(pages: Pages, talk: Talk) -> None:
    pages.allow("ERR_INTERNET_DISCONNECTED|Failed to load resource")
    desk, his = talk.on(pages, talk.alice), talk.on(pages, talk.bob)
    desk.context.set_offline(True)
    desk.evaluate("window.dispatchEvent(new Event('offline'))")
    for text in ("one", "two", "three"):
        say(desk, text)
    shows(desk, "Hello, Bob", "one", "two", "three")
    say(his, "are you there?")
    desk.context.set_offline(False)
    for page in (desk, his):
        expect(bubbles(page)).to_have_count(5, timeout=PATIENCE_MS)
    assert bubbles(desk).all_inner_texts() != []
    assert [text for text in ("one", "two", "three") if bubbles(his).filter(has_text=text).count() != 1] == []


def test_the_leading_tab_is_closed(pages: Pages, talk: Talk) -> None:
    first = talk.on(pages, talk.alice)
    second = talk.tab(first.context, talk.alice)
    his = talk.on(pages, talk.bob)
    assert first.evaluate("store.connection.isLeader") and not second.evaluate("store.connection.isLeader")
    say(second, "from the second tab")
    for page in (first, second, his):
        shows(page, "Hello, Bob", "from the second tab")

    first.close()

    second.wait_for_function("() => store.connection.isLeader && store.connection.status === 'online'")
    say(his, "still there?")
    shows(second, "Hello, Bob", "from the second tab", "still there?")
    say(second, "yes")
    shows(his, "Hello, Bob", "from the second tab", "still there?", "yes")


def test_a_page_that_is_loaded_again_shows_what_it_kept_and_sends_what_it_had_not(pages: Pages, talk: Talk) -> None:
    pages.allow("ERR_|Failed to load resource|WebSocket connection")
    desk = talk.on(pages, talk.alice)
    say(desk, "kept")
    shows(desk, "Hello, Bob", "kept")
    desk.wait_for_timeout(1000)  # what is kept is written twice a second
    desk.evaluate("() => { store.client.request = () => new Promise(() => {}) }")  # a send that never comes back
    say(desk, "on its way")
    shows(desk, "Hello, Bob", "kept", "on its way")

    desk.reload()

    shows(desk, "Hello, Bob", "kept", "on its way")
    his = talk.on(pages, talk.bob)
    shows(his, "Hello, Bob", "kept", "on its way")


@pytest.mark.parametrize("hours", [2, -2])
def test_a_clock_that_is_hours_off(pages: Pages, talk: Talk, hours: int) -> None:
    desk, his = talk.on(pages, talk.alice, clock_ms=hours * 3_600_000), talk.on(pages, talk.bob)
    say(his, "what time is it?")
    shows(desk, "Hello, Bob", "what time is it?")
    say(desk, "now")
    shows(his, "Hello, Bob", "what time is it?", "now")
    for page in (desk, his):
        expect(page.locator("parley-thread")).to_contain_text("Online")
    desk.evaluate("() => { store.client.request = () => new Promise(() => {}) }")  # a send that never comes back
    say(desk, "on its way")
    shows(desk, "Hello, Bob", "what time is it?", "now", "on its way")
    for page in (desk, his):
        for told in bubbles(page).all_inner_texts():
            assert "hour" not in told and "2h" not in told


def test_a_network_that_goes_before_anything_was_read_and_comes_back(pages: Pages, talk: Talk) -> None:
    desk = talk.on(pages, talk.alice, script=WITHOUT_HISTORY)
    expect(desk.locator("parley-thread")).to_contain_text("The messages did not load")
    desk.evaluate("() => { store.client.request = () => new Promise(() => {}) }")  # a send that never comes back
    say(desk, "on its way")
    shows(desk, "on its way")

    desk.evaluate("() => { isCut = false; dispatchEvent(new Event('online')) }")

    shows(desk, "Hello, Bob", "on its way")


def test_the_stack_is_killed_and_comes_back(pages: Pages, tmp_path: Path) -> None:
    rest, socket = str(free_port()), str(free_port())
    pages.allow("ERR_|Failed to load resource|WebSocket connection")
    with running(tmp_path, REST_PORT=rest, WS_PORT=socket) as stack:
        alice, bob = stack.person("alice"), stack.person("bob")
        talk = Talk(stack, alice, bob, alice.opens(bob))
        desk, his = talk.on(pages, alice), talk.on(pages, bob)
        say(desk, "before")
        shows(his, "before")
    say(desk, "meanwhile")
    shows(desk, "before", "meanwhile")
    expect(desk.locator("parley-chat")).to_contain_text("offline", ignore_case=True, timeout=PATIENCE_MS)
    with running(tmp_path, REST_PORT=rest, WS_PORT=socket):
        for page in (desk, his):
            shows(page, "before", "meanwhile")
        say(his, "after")
        for page in (desk, his):
            shows(page, "before", "meanwhile", "after")
