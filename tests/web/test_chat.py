"""`<parley-chat>`: the list beside the thread, in a window over the page, in the page's address, and its details."""

import pytest
from playwright.sync_api import Page, expect

from tests.web.around import LOOKS, calls, show_around
from tests.web.browser import PHONE, Pages, Profile
from tests.web.sources import violations

CHAT = "<parley-chat></parley-chat>"
FLOATING = '<h1>A page</h1><button>Before</button><parley-chat mode="floating"></parley-chat>'


def entry(page: Page, conversation_id: str) -> None:
    page.locator(f"parley-inbox [data-id={conversation_id}] .open").click()


def test_a_wide_one_has_the_list_beside_the_thread(pages: Pages) -> None:
    page = show_around(pages, CHAT)
    expect(page.get_by_role("heading", name="Choose a conversation")).to_be_visible()

    entry(page, "d_1")

    expect(page.locator("parley-thread")).to_contain_text("Shall we meet at four then?")
    expect(page.locator("parley-inbox .entry.current .title")).to_have_text("Bob Stone")
    assert page.evaluate("told") == [["select", "d_1"]]  # of the chat alone


@pytest.mark.parametrize(
    ("profile", "body"), [(PHONE, CHAT), (Profile(1200, 800), f'<div class="box">{CHAT}</div>')], ids=["phone", "box"]
)
def test_a_narrow_one_has_one_screen_and_a_way_back(pages: Pages, profile: Profile, body: str) -> None:
    narrow = "const box = document.querySelector('.box'); if (box) box.style.cssText = 'width: 380px; height: 600px'"
    page = show_around(pages, body, narrow, profile)

    entry(page, "d_1")
    expect(page.locator("parley-thread")).to_be_visible()
    expect(page.locator("parley-inbox")).to_be_hidden()
    page.get_by_role("button", name="Back").click()

    expect(page.locator("parley-thread")).to_have_count(0)
    expect(page.locator("parley-inbox [data-id=d_1] .open")).to_be_focused()
    assert page.evaluate("store.current") is None


def test_a_floating_one_opens_by_its_button_and_closes_by_escape(pages: Pages) -> None:
    page = show_around(pages, FLOATING)
    launcher = page.get_by_role("button", name="Open messages, 16 unread messages")
    launcher.click()
    expect(page.get_by_role("dialog", name="Messages")).to_be_focused()
    entry(page, "d_1")
    expect(page.locator("parley-thread")).to_be_visible()

    page.keyboard.press("Escape")

    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator(".launcher")).to_be_focused()
    assert page.evaluate("store.current") is None  # so that nothing counts as read
    page.keyboard.press("Enter")
    expect(page.locator("parley-thread")).to_be_visible()  # where it was
    assert page.evaluate("told.filter(([name]) => name === 'open')") == [
        ["open", True],
        ["open", False],
        ["open", True],
    ]


def test_escape_closes_a_menu_before_the_window(pages: Pages) -> None:
    page = show_around(pages, FLOATING)
    page.locator(".launcher").click()
    page.locator("parley-inbox [data-id=d_1] .open").click(button="right")
    expect(page.get_by_role("menu")).to_be_visible()

    page.keyboard.press("Escape")

    expect(page.get_by_role("menu")).to_have_count(0)
    expect(page.get_by_role("dialog", name="Messages")).to_be_visible()


def test_a_selection_from_elsewhere_opens_a_floating_one(pages: Pages) -> None:
    page = show_around(pages, FLOATING)

    page.evaluate("store.select('d_2')")

    expect(page.locator("parley-thread")).to_contain_text("Thank you, that helps a lot")


def test_the_address_leads_to_a_conversation_and_follows_it(pages: Pages) -> None:
    page = show_around(
        pages, '<parley-chat address="chat"></parley-chat>', "history.replaceState(null, '', '?a=1&chat=d_2')"
    )
    expect(page.locator("parley-thread")).to_contain_text("Thank you, that helps a lot")

    entry(page, "d_1")
    assert page.evaluate("location.search") == "?a=1&chat=d_1"
    page.evaluate("history.back()")
    expect(page.locator("parley-inbox .entry.current .title")).to_have_text("Carol Díaz")
    page.evaluate("history.forward()")
    expect(page.locator("parley-inbox .entry.current .title")).to_have_text("Bob Stone")
    page.evaluate("store.select(null)")
    page.wait_for_function("() => location.search === '?a=1'")


def test_an_address_may_name_a_message(pages: Pages) -> None:
    page = show_around(
        pages, "<parley-chat address></parley-chat>", "history.replaceState(null, '', '?conversation=d_2&message=1')"
    )

    expect(page.locator("parley-thread")).to_be_visible()
    assert calls(page, "jump") == [["d_2", 1]]


def test_attributes_choose_a_conversation_or_a_person(pages: Pages) -> None:
    page = show_around(pages, '<parley-chat conversation="d_4"></parley-chat>')
    expect(page.locator("parley-inbox .entry.current .title")).to_have_text("ليلى حداد")

    page.evaluate("""() => {
        store.idWith = (recipient) => {
          window.asked = recipient
          return `to:${recipient.user_id}`
        }
        const chat = document.querySelector('parley-chat')
        chat.removeAttribute('conversation')
        chat.setAttribute('context', 'pattern:shawl-12')
        chat.setAttribute('context-title', 'Shawl')
        chat.setAttribute('user', 'mia')
    }""")

    page.wait_for_function("() => store.current === 'to:mia'")
    wanted = {"user_id": "mia", "context": {"type": "pattern", "id": "shawl-12", "title": "Shawl"}}
    assert page.evaluate("asked") == wanted


def test_nobody_signed_in(pages: Pages) -> None:
    page = show_around(pages, CHAT, "store.connection = {...store.connection, status: 'signed_out'}")

    expect(page.locator("parley-chat")).to_contain_text("You are signed out")


def test_another_person_signed_in(pages: Pages) -> None:
    error = "{code: 'other_person', status: 0, detail: ''}"
    page = show_around(pages, CHAT, f"store.connection = {{...store.connection, status: 'signed_out', error: {error}}}")

    expect(page.locator("parley-chat")).to_contain_text("as another person")


def details(page: Page, conversation_id: str) -> None:
    entry(page, conversation_id)
    page.get_by_role("button", name="Details").click()
    expect(page.get_by_role("heading", name="Details")).to_be_visible()


def test_details_follow_the_page_and_say_what_is_missing(pages: Pages) -> None:
    body = "<parley-inbox></parley-inbox><parley-details></parley-details>"
    page = show_around(pages, body, "store.select(null)")
    details = page.locator("parley-details")
    expect(details).to_contain_text("Choose a conversation")

    page.locator("parley-inbox .entry").first.click()
    shown = page.evaluate("store.conversation(store.current).title_shown")
    expect(details.get_by_role("heading", level=3)).to_have_text(shown)

    refusal = "Object.assign(new Error(), {code: 'x', detail: 'There is none.'})"
    page.evaluate(f"thread = store.thread; store.thread = () => ({{...thread.call(store, 'd_bob'), error: {refusal}}})")
    details.evaluate("details => details.setAttribute('conversation', 'd_unknown')")
    expect(details.get_by_role("alert").or_(details.locator(".state"))).to_contain_text("There is none.")


def test_both_panes_say_once_that_there_is_no_connection(pages: Pages) -> None:
    page = show_around(pages, CHAT)
    details(page, "d_1")
    page.evaluate("store.setConnection({status: 'offline'})")
    bar = page.get_by_text("You are offline.").filter(visible=True)
    expect(bar).to_have_count(1)

    page.set_viewport_size({"width": 400, "height": 700})
    page.get_by_role("button", name="Close", exact=True).click()
    expect(bar).to_have_count(1)


def test_a_conversation_that_only_begins_has_no_details(pages: Pages) -> None:
    page = show_around(pages, CHAT)
    details(page, "g_1")
    page.evaluate("store.select(store.idWith({user_id: 'zoe'}))")

    expect(page.locator("parley-chat .panes.detailed")).to_have_count(0)
    expect(page.locator("parley-composer")).to_be_visible()


def test_details_search_a_conversation_and_go_there(pages: Pages) -> None:
    page = show_around(pages, CHAT)
    page.evaluate("""store.hits = [{message: {id: "d_1.1", conversation_id: "d_1", seq: 1, sender_id: "bob",
        text: "the drawings", created_at: "2026-11-29T11:00:00.000Z"}, highlights: [[4, 12]]}]""")
    details(page, "d_1")

    page.get_by_role("searchbox", name="Search this conversation").fill("draw")
    page.locator("parley-details .hit").click()

    assert calls(page, "search") == [[{"q": "draw", "conversation_id": "d_1", "limit": 30}]]
    assert calls(page, "jump") == [["d_1", 1]]


def test_details_list_pins_and_files_and_set_notifications(pages: Pages) -> None:
    page = show_around(pages, CHAT)
    page.evaluate("""() => {
        const created_at = "2026-11-29T11:00:00.000Z"
        const text = "**four** o'clock"
        store.pinned = [{id: "d_1.1", conversation_id: "d_1", seq: 1, sender_id: "bob", text, created_at}]
        store.answers.set("GET /conversations/{conversation_id}/attachments",
          {attachments: [{id: "a1", name: "plan.pdf", kind: "file", size: 1_234_567, created_at}], next: null})
    }""")
    details(page, "d_1")
    for name in ("Pinned messages", "Files", "Notifications"):
        page.locator("parley-details").get_by_role("button", name=name, exact=True).click()

    expect(page.locator("parley-details .hit .words")).to_have_text("four o'clock")
    expect(page.locator("parley-details .file")).to_contain_text("plan.pdf")
    expect(page.locator("parley-details .file")).to_contain_text("1.2 MB")
    page.get_by_label("Mentions only").check()
    assert calls(page, "setSettings") == [["d_1", {"notifications": "mentions"}]]


def test_details_block_after_a_question(pages: Pages) -> None:
    page = show_around(pages, CHAT)
    details(page, "d_1")

    page.locator("parley-details").get_by_role("button", name="Block").click()
    expect(page.get_by_role("dialog")).to_contain_text("Bob Stone cannot write to you")
    page.get_by_role("dialog").get_by_role("button", name="Block").click()

    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("parley-details").get_by_role("button", name="Unblock")).to_be_visible()


def test_details_report_the_newest_message_of_the_other_person(pages: Pages) -> None:
    page = show_around(pages, CHAT)
    details(page, "d_1")

    page.locator("parley-details").get_by_role("button", name="Report").click()
    page.get_by_label("Reason").select_option("harassment")
    page.get_by_label("What happened?").fill("Again and again.")
    page.get_by_role("dialog").get_by_role("button", name="Report").click()

    expect(page.locator("parley-details")).to_contain_text("A moderator will look at it")
    assert calls(page, "report") == [["d_1.1", {"reason": "harassment", "note": "Again and again."}]]


ADMIN = """store.change("g_1", {role: "owner", capabilities: ["edit_conversation", "add_members", "remove_members",
    "change_roles", "change_owners", "leave", "export", "send_message"]})"""


def test_details_change_a_group(pages: Pages) -> None:
    page = show_around(pages, CHAT, ADMIN)
    details(page, "g_1")
    inner = page.locator("parley-details")

    inner.get_by_role("button", name="Rename").click()
    page.get_by_role("textbox", name="Name of the group").fill("Summer fair")
    page.get_by_role("textbox", name="What the group is for").fill("Stalls and music")
    page.get_by_role("checkbox", name="Only admins can write").check()
    page.get_by_role("button", name="Save").click()
    inner.get_by_role("button", name="Members", exact=True).click()
    inner.get_by_role("button", name="Actions for Dóra Kovács").click()
    page.get_by_role("menuitem", name="Make admin").click()
    inner.get_by_role("button", name="Actions for Mia Rossi").click()
    page.get_by_role("menuitem", name="Remove from the group").click()
    inner.get_by_role("button", name="Add people").click()
    expect(page.locator("dialog .person bdi")).to_have_text(["Carol Díaz", "田中ゆき", "ليلى حداد", "Otto Brandt"])
    page.locator("dialog .person").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    inner.get_by_role("button", name="Leave the group").click()
    page.get_by_role("dialog").get_by_role("button", name="Leave the group").click()
    page.wait_for_function("() => store.current === null")

    changed = {"title": "Summer fair", "description": "Stalls and music", "posting": "admins"}
    assert calls(page, "updateConversation") == [["g_1", changed]]
    assert calls(page, "setRole") == [["g_1", "dora", "admin"]]
    assert calls(page, "addMembers") == [["g_1", ["carol"]]]
    assert calls(page, "removeMember") == [["g_1", "mia"], ["g_1", "alice"]]


def test_details_export_and_wait_for_the_file(pages: Pages) -> None:
    page = show_around(pages, CHAT)
    page.evaluate("""() => {
        const made = {id: "e_1", state: "running", url: null}
        store.answers.set("POST /conversations/{conversation_id}/export", made)
        store.answers.set("GET /exports/{export_id}", {...made, state: "done", url: "https://files.example/e_1"})
    }""")
    details(page, "d_1")

    page.locator("parley-details").get_by_role("button", name="Export").click()
    page.get_by_label("Data (JSON Lines)").check()
    page.get_by_role("dialog").get_by_role("button", name="Export").click()

    expect(page.get_by_role("dialog").get_by_role("link", name="Download")).to_have_attribute(
        "href", "https://files.example/e_1"
    )
    asked = calls(page, "POST")[0][1]
    assert (asked["body"]["format"], asked["body"]["files"]) == ("jsonl", False)


@pytest.mark.parametrize(("name", "profile", "scheme", "setup"), LOOKS)
def test_it_is_for_everyone(pages: Pages, name: str, profile: Profile, scheme: str, setup: str) -> None:
    page = show_around(pages, CHAT, setup, profile, color_scheme=scheme)
    assert violations(page) == []
    entry(page, "g_1")
    expect(page.locator("parley-thread .row")).to_have_count(1)
    pages.shoot(page, f"chat-{name}")
    assert violations(page) == []
    page.locator("parley-thread [slot=actions]").last.click()
    page.locator("parley-details .fold").first.click()
    expect(page.locator("parley-details .member")).to_have_count(4)
    pages.shoot(page, f"chat-details-{name}")
    assert violations(page) == []


@pytest.mark.parametrize(("name", "profile", "scheme", "setup"), LOOKS)
def test_a_floating_one_is_for_everyone(pages: Pages, name: str, profile: Profile, scheme: str, setup: str) -> None:
    page = show_around(pages, FLOATING, setup, profile, color_scheme=scheme)
    page.locator(".launcher").click()
    expect(page.locator("parley-inbox .entry")).to_have_count(7)
    pages.shoot(page, f"floating-{name}")
    assert violations(page, "parley-chat") == []


def test_a_long_press_opens_a_menu_that_stays_when_the_finger_lifts(pages: Pages) -> None:
    page = show_around(pages, CHAT, profile=PHONE)
    finger = page.context.new_cdp_session(page)
    menu = page.get_by_role("menu")

    def press(selector: str) -> None:
        box = page.locator(selector).first.bounding_box()
        assert box is not None
        at = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
        finger.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [at]})
        expect(menu).to_be_visible()
        finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 50)))")
        expect(menu).to_be_visible()

    press("parley-inbox [data-id=d_1] .open")
    menu.get_by_role("menuitem", name="Archive").tap()
    expect(menu).to_have_count(0)
    assert calls(page, "archive") == [["d_1", True]]

    page.locator("parley-inbox [data-id=d_2] .open").tap()
    press("parley-thread .bubble")
    page.touchscreen.tap(5, 300)  # elsewhere
    expect(menu).to_have_count(0)
    press("parley-thread .bubble")
    menu.get_by_role("menuitem", name="Reply").tap()
    expect(menu).to_have_count(0)
    assert page.evaluate("store.draft('d_2').reply_to") is not None
