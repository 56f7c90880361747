"""The message button, the bell, toasts, the unread badge and presence."""

import pytest
from playwright.sync_api import expect

from tests.web.around import HOSTILE, LOOKS, calls, show_around
from tests.web.browser import Pages, Profile
from tests.web.sources import violations

BUTTON = '<parley-message-button user="carol" context="pattern:shawl-12" title="Shawl No. 12"></parley-message-button>'
BELL = "<parley-notifications></parley-notifications>"
TOASTS = "<parley-toasts></parley-toasts>"
NOTICES = """
store.notifications = {unseen: 2, all: [
  {id: "n1", kind: "message", conversation_id: "d_1", message_id: "d_1.1", title: "Bob Stone", text: "Shall we meet?",
   count: 3, created_at: "2026-11-29T11:58:00.000Z", seen: false},
  {id: "n2", kind: "mention", conversation_id: "g_1", message_id: "g_1.1", title: "Dóra Kovács", text: "@Alice",
   count: 1, created_at: "2026-11-29T09:00:00.000Z", seen: false},
  {id: "n3", kind: "missed_call", conversation_id: "d_1", message_id: null, title: "Missed call", text: "", count: 1,
   created_at: "2026-11-28T09:00:00.000Z", seen: true},
]}
"""


def test_the_first_message_makes_the_conversation(pages: Pages) -> None:
    page = show_around(pages, BUTTON)

    page.get_by_role("button", name="Message Carol Díaz").click()
    page.get_by_role("textbox", name="Write a message").fill("Does it work in one colour less?")
    assert calls(page, "openContext") == []
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").get_by_text("Your message was sent.")).to_be_visible()
    page.get_by_role("dialog").get_by_role("button", name="Open").click()

    about = {"type": "pattern", "id": "shawl-12", "title": "Shawl No. 12"}
    assert calls(page, "openContext") == [[{"user_id": "carol", "context": about}]]
    assert calls(page, "send")[0][1]["text"] == "Does it work in one colour less?"
    assert page.evaluate("store.current") == "d_new"
    assert page.evaluate("told.filter(([name]) => name !== 'unread')") == [["send", "d_new"], ["select", "d_new"]]


def test_a_button_says_why_a_person_may_not_be_written_to(pages: Pages) -> None:
    page = show_around(
        pages,
        BUTTON,
        "store.explanation = {allowed: false, code: 'role_not_allowed', detail: 'Not to her.', conversation_id: null}",
    )

    page.get_by_role("button", name="Message Carol Díaz").click()

    expect(page.get_by_role("dialog").get_by_role("alert")).to_have_text("Not to her.")
    expect(page.get_by_role("textbox")).to_have_count(0)


def test_a_button_for_oneself_is_none(pages: Pages) -> None:
    page = show_around(pages, '<parley-message-button user="alice"></parley-message-button>')

    expect(page.get_by_role("button")).to_have_count(0)


def test_the_bell_lists_and_a_click_opens(pages: Pages) -> None:
    page = show_around(pages, BELL, NOTICES)
    page.get_by_role("button", name="Notifications, 2 new notifications").click()
    expect(page.locator(".notice strong")).to_have_text(["Bob Stone", "Dóra Kovács", "Missed call"])

    page.locator(".notice").nth(1).click()

    expect(page.get_by_role("dialog")).to_have_count(0)
    assert page.evaluate("store.current") == "g_1"
    assert calls(page, "seeNotification") == [["n2"]]
    assert calls(page, "jump") == [["g_1", 1]]
    page.get_by_role("button", name="Notifications, 1 new notification").click()
    page.get_by_role("button", name="Mark all as seen").click()
    expect(page.get_by_role("button", name="Notifications", exact=True)).to_be_visible()


def test_an_empty_bell_says_what_comes_there(pages: Pages) -> None:
    page = show_around(pages, BELL)

    page.get_by_role("button", name="Notifications").click()

    expect(page.get_by_role("dialog")).to_contain_text("Nothing new")


def test_a_toast_tells_of_other_conversations_by_their_settings(pages: Pages) -> None:
    page = show_around(
        pages,
        TOASTS,
        "store.select('d_2'); store.setSettings('d_4', {notifications: 'mentions'})",
    )

    page.evaluate("""() => {
        store.arrive("d_1", {sender_id: "bob", text: "one"})
        store.arrive("d_1", {sender_id: "bob", text: "Are you **there**?"})
        store.arrive("d_2", {sender_id: "carol", text: "it is open"})
        store.arrive("d_3", {sender_id: "yuki", text: "it is muted"})
        store.arrive("d_4", {sender_id: "layla", text: "mentions only"})
        store.arrive("d_4", {sender_id: "layla", text: "to you", mentions: ["alice"]})
    }""")

    expect(page.locator(".toast .words")).to_have_text(["Are you there?", "to you"])
    page.locator(".toast .open").first.click()
    assert page.evaluate("store.current") == "d_1"
    page.get_by_role("button", name="Dismiss").click()
    expect(page.locator(".toast")).to_have_count(0)


def test_a_toast_goes_by_itself_but_not_under_the_pointer(pages: Pages) -> None:
    page = show_around(pages, TOASTS)
    page.clock.install()
    page.evaluate("store.arrive('d_1', {text: 'hello'})")
    page.locator(".toast .open").hover()
    page.clock.run_for(30_000)
    expect(page.locator(".toast")).to_have_count(1)

    page.mouse.move(0, 600)
    page.clock.run_for(9_000)

    expect(page.locator(".toast")).to_have_count(0)


def test_the_badge_of_a_navigation_bar(pages: Pages) -> None:
    page = show_around(pages, '<parley-unread href="/messages"></parley-unread>')
    link = page.get_by_role("link", name="Messages, 16 unread messages")
    expect(link).to_have_attribute("href", "http://localhost/messages")

    page.evaluate("store.change('g_1', {unread: 0})")

    expect(page.get_by_role("link", name="Messages, 4 unread messages")).to_be_visible()
    page.evaluate("store.change('d_1', {unread: 500})")
    expect(page.locator("parley-unread .badge")).to_have_attribute("data-count", "99+")
    assert page.evaluate("told") == [["unread", 16], ["unread", 4], ["unread", 501]]


def test_a_badge_leads_nowhere_dangerous(pages: Pages) -> None:
    page = show_around(pages, '<parley-unread href="javascript:alert(1)"></parley-unread>')

    expect(page.locator("parley-unread a")).not_to_have_attribute("href", "javascript:alert(1)")


def test_presence_is_a_dot_and_words(pages: Pages) -> None:
    page = show_around(
        pages,
        "<parley-presence user='bob'></parley-presence><parley-presence user='carol'></parley-presence>"
        "<parley-presence user='mia'></parley-presence>",
    )

    expect(page.locator("parley-presence").nth(0)).to_have_text("Online")
    expect(page.locator("parley-presence").nth(1)).to_have_text("Last seen 40m ago")
    expect(page.locator("parley-presence").nth(2)).to_have_text("")
    assert [["bob"]] in calls(page, "watchPresence")


def test_hostile_names_are_words(pages: Pages) -> None:
    pages.allow("Failed to load resource")
    page = show_around(pages, BELL + TOASTS, "window.hit = 0")
    page.evaluate(
        """hostile => {
             const all = {kind: "message", conversation_id: "d_1", message_id: null, count: 1, seen: false}
             const created_at = "2026-11-29T11:58:00.000Z"
             store.notifications.all = hostile.map((text, n) => ({...all, id: `${n}`, title: text, text, created_at}))
             for (const text of hostile) { store.change("d_1", {title_shown: text}); store.arrive("d_1", {text}) }
           }""",
        list(HOSTILE),
    )
    page.locator(".bell").click()

    expect(page.locator(".notice")).to_have_count(len(HOSTILE))
    assert page.evaluate("window.hit") == 0


PAGE = f"""<h1>A page</h1><parley-unread href="/x"></parley-unread>{BELL}
<parley-presence user="bob"></parley-presence>{BUTTON}{TOASTS}"""


@pytest.mark.parametrize(("name", "profile", "scheme", "setup"), LOOKS)
def test_they_are_for_everyone(pages: Pages, name: str, profile: Profile, scheme: str, setup: str) -> None:
    dark = "document.documentElement.style.colorScheme = 'light dark'\n"
    page = show_around(pages, PAGE, dark + setup + NOTICES, profile, color_scheme=scheme)
    page.evaluate("store.arrive('d_1', {text: 'Are you there?'})")
    expect(page.locator(".toast")).to_have_count(1)
    pages.shoot(page, f"page-{name}")
    assert violations(page) == []
    page.locator(".toast .icon").click()
    page.locator(".bell").click()
    expect(page.locator(".notice")).to_have_count(3)
    pages.shoot(page, f"bell-{name}")
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.locator("parley-message-button button").click()
    expect(page.locator("textarea")).to_be_visible()
    pages.shoot(page, f"write-{name}")
    assert violations(page) == []
