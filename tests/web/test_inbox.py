"""`<parley-inbox>`: what it lists, how it is searched and filtered, and what can be done with an entry."""

import pytest
from playwright.sync_api import expect

from tests.web.around import HOSTILE, LOOKS, calls, show_around
from tests.web.browser import PHONE, Pages, Profile
from tests.web.sources import violations

INBOX = "<parley-inbox></parley-inbox>"
TITLES = ["Carol Díaz", "Bob Stone", "Spring fair 🌷", "田中ゆき", "ليلى حداد", "Fair Isle shawl No. 12", "Mia Rossi"]


def test_it_lists_who_wrote_what_and_when(pages: Pages) -> None:
    page = show_around(pages, INBOX, "store.setTyping('d_6', ['mia'])")

    expect(page.locator(".title")).to_have_text(TITLES)  # a pinned one first
    expect(page.locator(".top time")).to_have_text(
        ["1h ago", "2m ago", "3h ago", "Yesterday", "Friday", "Nov 20", "Nov 17"]
    )
    expect(page.locator(".said")).to_have_text(
        [
            "You:Thank you, that helps a lot 🙏",
            "Shall we meet at four then? I have the drawings with me.",
            "Dóra Kovács:2 files",
            "橋が閉まらない 😮",
            "Draft:Yes, I will",
            "Voice message",
            "typing…",
        ]
    )
    expect(page.locator("[data-id=d_1] .badge")).to_have_text("33 unread messages")
    expect(page.locator("[data-id=d_1] .dot")).to_have_attribute("aria-label", "Online")
    expect(page.locator("[data-id=g_1] .badge.at")).to_be_visible()
    assert calls(page, "watchPresence") == [[["bob", "carol", "layla", "mia", "otto", "yuki"]]]


def test_filters_show_a_part(pages: Pages) -> None:
    page = show_around(pages, INBOX, "store.change('d_6', {archived: true})")

    page.locator(".chip", has_text="Unread").click()
    expect(page.locator(".title")).to_have_text(["Bob Stone", "Spring fair 🌷", "田中ゆき"])
    page.locator(".chip", has_text="Pinned").click()
    expect(page.locator(".title")).to_have_text(["Carol Díaz"])
    page.locator(".chip", has_text="Archived").click()
    expect(page.locator(".title")).to_have_text(["Mia Rossi"])
    page.locator(".chip", has_text="All").click()
    expect(page.locator(".title")).to_have_count(6)


def test_a_click_selects_and_a_listener_may_decide_otherwise(pages: Pages) -> None:
    page = show_around(pages, INBOX)

    page.locator("[data-id=d_1] .open").click()
    expect(page.locator("[aria-current=true] .title")).to_have_text("Bob Stone")
    page.evaluate("addEventListener('parley-select', event => event.preventDefault())")
    page.locator("[data-id=d_2] .open").click()

    assert page.evaluate("store.current") == "d_1"
    assert page.evaluate("told") == [["select", "d_1"], ["select", "d_2"]]


def test_the_menu_of_an_entry_pins_mutes_archives_and_marks_as_read(pages: Pages) -> None:
    page = show_around(pages, INBOX)

    def choose(item: str) -> None:
        page.get_by_role("button", name="Actions for Bob Stone").focus()
        page.keyboard.press("Enter")
        page.get_by_role("menuitem", name=item).click()

    choose("Mark as read")
    choose("Pin")
    expect(page.locator(".title").first).to_have_text("Bob Stone")
    choose("Mute for a day")
    choose("Unmute")
    choose("Archive")
    expect(page.locator(".title")).not_to_contain_text(["Bob Stone"])
    expect(page.get_by_text("Bob Stone is in the archive now.")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".title").filter(has_text="Bob Stone")).to_be_visible()
    expect(page.get_by_role("button", name="Undo")).to_have_count(0)

    now = page.evaluate("store.now()")
    assert calls(page, "markRead") == [["d_1", None]]
    assert [given for _, given in calls(page, "setSettings")][0] == {"pinned": True}
    muted = calls(page, "setSettings")[1][1]["muted_until"]
    assert page.evaluate("Date.parse", muted) - now == 24 * 3_600_000
    assert calls(page, "setSettings")[2][1] == {"muted_until": None}
    assert calls(page, "archive") == [["d_1", True], ["d_1", False]]


def test_two_conversations_with_a_person_name_the_person(pages: Pages) -> None:
    titled = """for (const id of ["d_1", "d_2"]) store.change(id, {title: "Your order", title_shown: "Your order",
        context: {type: "order", id}})"""
    page = show_around(pages, INBOX, titled)
    entries = page.locator(".entry").filter(has_text="Your order")

    expect(entries).to_have_count(2)
    expect(entries.filter(has_text="Bob Stone")).to_have_count(1)
    page.evaluate("document.querySelector('main').append(document.createElement('parley-thread'))")
    entries.filter(has_text="Bob Stone").click()
    expect(page.locator("parley-thread [part=subtitle]")).to_have_text("Bob Stone · Online")


def test_an_act_that_fails_says_why(pages: Pages) -> None:
    page = show_around(
        pages,
        INBOX,
        "store.failing.set('archive', Object.assign(new Error(), {code: 'x', detail: 'The server is tired.'}))",
    )

    page.locator("[data-id=d_1] .open").click(button="right")
    page.get_by_role("menuitem", name="Archive").click()

    expect(page.get_by_role("alert")).to_contain_text("The server is tired.")
    page.get_by_role("button", name="Dismiss").click()
    expect(page.get_by_role("alert")).to_have_count(0)


def test_a_finger_that_stays_opens_the_menu(pages: Pages) -> None:
    page = show_around(pages, INBOX, profile=PHONE)
    entry = page.locator("[data-id=d_1] .open")

    entry.dispatch_event("pointerdown", {"pointerType": "touch", "clientX": 100, "clientY": 200})

    expect(page.get_by_role("menu")).to_be_visible()
    assert page.evaluate("store.current") is None


def test_the_keyboard_alone_reaches_everything(pages: Pages) -> None:
    page = show_around(pages, INBOX)
    page.locator("input[type=search]").focus()

    page.keyboard.press("ArrowDown")
    expect(page.locator("[data-id=d_2] .open")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("End")
    expect(page.locator("[data-id=d_6] .open")).to_be_focused()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Actions for Bob Stone")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitem", name="Mark as read")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Actions for Bob Stone")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("store.current") == "d_1"
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(page.locator("input[type=search]")).to_be_focused()


def test_a_search_filters_at_once_and_asks_the_server_for_the_rest(pages: Pages) -> None:
    page = show_around(
        pages,
        INBOX,
        """
        store.delay = 200
        store.finds = ["g_1"]
        store.hits = [{message: {id: "d_1.1", conversation_id: "d_1", seq: 1, sender_id: "bob", text: "the 👍 drawings",
                                 created_at: "2026-11-29T11:00:00.000Z"}, highlights: [[6, 14]]}]
        """,
    )

    page.locator("input[type=search]").fill("carol")
    expect(page.locator(".title.cut")).to_have_text(["Carol Díaz"])  # before any answer
    expect(page.get_by_role("heading", name="People")).to_be_visible()
    expect(page.locator(".entry .title")).to_have_text(["Carol Díaz", "Spring fair 🌷"])
    expect(page.locator("mark")).to_have_text("drawings")
    page.locator(".hit").click()

    assert calls(page, "jump") == [["d_1", 1]]
    assert calls(page, "search") == [[{"q": "carol", "limit": 20}]]
    page.locator("input[type=search]").press("Escape")
    expect(page.locator(".entry")).to_have_count(7)


def test_a_search_asks_after_a_pause_and_not_with_each_letter(pages: Pages) -> None:
    page = show_around(pages, INBOX)

    page.locator("input[type=search]").press_sequentially("zzzz", delay=20)

    expect(page.get_by_role("heading", name="Nothing found")).to_be_visible()
    assert calls(page, "search") == [[{"q": "zzzz", "limit": 20}]]


def test_a_search_that_fails_shows_what_is_held(pages: Pages) -> None:
    page = show_around(
        pages,
        INBOX,
        "store.failing.set('search', Object.assign(new Error(), {code: 'rate_limited', detail: 'Too many.'}))",
    )

    page.locator("input[type=search]").fill("bob")

    expect(page.get_by_role("alert")).to_contain_text("Too many.")
    expect(page.locator(".entry .title")).to_have_text(["Bob Stone"])


def test_a_new_chat_begins_with_a_person_of_the_directory(pages: Pages) -> None:
    page = show_around(pages, INBOX)

    page.get_by_role("button", name="New", exact=True).click()
    expect(page.get_by_role("searchbox", name="Search people by name")).to_be_focused()
    page.keyboard.type("mia")
    expect(page.locator(".person bdi")).to_have_text(["Mia Rossi"])
    page.locator(".person").click()

    expect(page.get_by_role("dialog")).to_have_count(0)
    assert calls(page, "begin") == [[{"user_id": "mia"}]]
    assert page.evaluate("store.current") == "to:mia"


def test_a_refusal_says_the_policys_reason(pages: Pages) -> None:
    reason = "Students write to teachers of their own classes only."
    page = show_around(
        pages,
        INBOX,
        f"store.failing.set('begin', Object.assign(new Error(), {{code: 'not_allowed', detail: {reason!r}}}))",
    )

    page.get_by_role("button", name="New", exact=True).click()
    page.locator(".person").first.click()

    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text(reason)


def test_a_group_is_made_of_people_and_a_name(pages: Pages) -> None:
    page = show_around(pages, INBOX)

    page.get_by_role("button", name="New", exact=True).click()
    page.get_by_role("button", name="New group").click()
    expect(page.get_by_role("button", name="Next")).to_be_disabled()
    for name in ("Bob Stone", "Mia Rossi", "Otto Brandt"):
        page.get_by_role("dialog").get_by_role("button", name=name, pressed=False).click()
    page.get_by_role("button", name="Remove Mia Rossi").click()
    page.get_by_role("button", name="Next").click()
    page.get_by_label("Name of the group").fill(" The tent ")
    page.keyboard.press("Enter")

    expect(page.get_by_role("dialog")).to_have_count(0)
    assert calls(page, "createGroup") == [[{"title": "The tent", "member_ids": ["bob", "otto"]}]]
    assert page.evaluate("store.current") == "g_new"


def test_the_rest_of_the_list_is_read_when_its_end_is_seen(pages: Pages) -> None:
    page = show_around(
        pages,
        INBOX,
        """
        for (let n = 0; n < 30; n++) store.addEntry(`x_${n}`, {ago: (20 + n) * 86400000, members: ["alice", "mia"]})
        store.more.active = true
        store.loads = () => store.addEntry("last", {ago: 9e9, members: ["alice", "otto"], title_shown: "The last one"})
        """,
        Profile(400, 500),
    )
    expect(page.locator(".entry").first).to_have_attribute("aria-setsize", "37")
    assert calls(page, "loadMore") == []

    page.locator(".scroll").evaluate("list => list.scrollTo(0, list.scrollHeight)")

    expect(page.get_by_text("The last one")).to_be_attached()
    assert calls(page, "loadMore") == [["active"]]


@pytest.mark.parametrize(
    ("setup", "shown"),
    [
        ("", "No conversations yet"),
        ("store.connection = {...store.connection, status: 'signed_out'}", "You are signed out"),
        (
            "store.state = {isListed: false}; store.connection = {...store.connection, status: 'offline'}",
            "no connection",
        ),
        ("store.connection = {...store.connection, status: 'offline'}", "no connection"),
        (
            "store.connection = {...store.connection, status: 'suspended', error: {detail: 'Until Monday.'}}",
            "Until Monday.",
        ),
    ],
)
def test_each_state_says_what_it_is(pages: Pages, setup: str, shown: str) -> None:
    page = show_around(pages, INBOX, setup, made="new PeopleDouble()")

    expect(page.locator("parley-inbox")).to_contain_text(shown)
    assert violations(page) == []


def test_a_list_on_its_way_is_a_skeleton(pages: Pages) -> None:
    page = show_around(pages, INBOX, "store.state = {isListed: false}", made="new PeopleDouble()")

    expect(page.get_by_role("status", name="Loading")).to_be_visible()


ADD_HOSTILE = """hostile => hostile.forEach((text, n) => {
    const id = `d_${n}`
    const created_at = "2026-11-29T11:00:00.000Z"
    store.addUser(`u${n}`, {name: text, role: text, avatar_url: text})
    store.addEntry(id, {members: ["alice", `u${n}`], text, from: `u${n}`, title_shown: text, draft: n % 2 ? text : ""})
    store.people.push({id: `u${n}`, name: text, role: text, avatar_url: text})
    const message = {id: `${id}.1`, conversation_id: id, seq: 1, sender_id: `u${n}`, text, created_at}
    store.hits.push({message, highlights: [[0, 5]]})
})"""
MADE = "root => root.querySelectorAll('script, iframe, svg[onload], img[onerror]:not([alt])').length"


def test_names_and_texts_are_shown_as_they_are_written(pages: Pages) -> None:
    pages.allow("Failed to load resource")  # a name is no picture
    page = show_around(pages, INBOX, "window.hit = 0", made="new PeopleDouble()")
    page.evaluate(ADD_HOSTILE, list(HOSTILE))
    expect(page.locator(".entry")).to_have_count(len(HOSTILE))
    page.locator("input[type=search]").fill("a")
    expect(page.locator(".hit")).to_have_count(len(HOSTILE))
    page.get_by_role("button", name="New", exact=True).click()
    expect(page.locator("dialog .person")).to_have_count(len(HOSTILE))

    assert page.evaluate("window.hit") == 0
    assert page.evaluate(f"({MADE})(document.querySelector('parley-inbox').shadowRoot)") == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize(("name", "profile", "scheme", "setup"), LOOKS)
def test_it_is_for_everyone(pages: Pages, name: str, profile: Profile, scheme: str, setup: str) -> None:
    page = show_around(
        pages, INBOX, setup + "store.setTyping('d_6', ['mia']); store.select('d_1')", profile, color_scheme=scheme
    )
    expect(page.locator(".entry")).to_have_count(7)
    assert violations(page) == []
    pages.shoot(page, f"inbox-{name}")

    page.locator(".new").click()
    expect(page.locator(".person")).to_have_count(7)
    pages.shoot(page, f"inbox-new-{name}")
    assert violations(page) == []
