"""<parley-composer>: what is sent, what is refused before it is sent, and what helps with the writing."""

import json
from typing import Any

import pytest
from playwright.sync_api import FilePayload, Locator, Page, expect

from tests.web.browser import DESKTOP, PHONE, Pages, Profile
from tests.web.sources import show, violations

BODY = (
    '<main><parley-thread conversation="d_1"></parley-thread>'
    '<parley-composer conversation="d_1"></parley-composer></main>'
)
SETUP = """
import "/given/setup.js"
%s
configure({store})
"""
SETTLED = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 30))))"
PLAIN = "store.addConversation('d_1', {messages: [{text: 'hers'}, {sender_id: 'alice', text: 'mine'}]})"
GROUP = "store.addConversation('d_1', {members: ['alice', 'bob', 'carol'], messages: [{text: 'hers'}]})"


def opened(pages: Pages, script: str = PLAIN, profile: Profile = DESKTOP, body: str = BODY, **options: Any) -> Page:
    page = show(pages, body, SETUP % script, profile, **options)
    page.evaluate(SETTLED)
    return page


def box(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Write a message")


def sent(page: Page) -> Any:
    page.evaluate(SETTLED)
    return page.evaluate("calls('send')")


def file(name: str = "a.png", kind: str = "image/png", size: int = 5) -> FilePayload:
    return {"name": name, "mimeType": kind, "buffer": b"x" * size}


def attach(page: Page, *files: FilePayload) -> None:
    page.locator("input[type=file]").set_input_files([*files])


def message(text: str, **more: Any) -> list[Any]:
    return ["d_1", {"text": text, "files": [], "mentions": [], "reply_to": None, **more}]


# --- Writing ---------------------------------------------------------------------------------------------------------


def test_enter_sends_and_shift_enter_breaks_the_line(pages: Pages) -> None:
    page = opened(pages)
    box(page).click()
    page.keyboard.type("one")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("two ")
    assert sent(page) == []
    page.keyboard.press("Enter")

    assert sent(page) == [message("one\ntwo")]
    expect(box(page)).to_have_value("")
    expect(page.get_by_role("article").last).to_contain_text("one")
    page.keyboard.type("three")
    page.keyboard.press("Enter")
    assert len(sent(page)) == 2


def test_enter_within_an_input_method_is_its_own(pages: Pages) -> None:
    page = opened(pages)
    box(page).fill("にほ")

    box(page).dispatch_event("keydown", {"key": "Enter", "isComposing": True, "bubbles": True})
    box(page).dispatch_event("keydown", {"key": "Enter", "keyCode": 229, "bubbles": True})

    assert sent(page) == []


def test_nothing_is_not_sent(pages: Pages) -> None:
    page = opened(pages)
    box(page).fill("  \n ")

    page.keyboard.press("Enter")

    assert sent(page) == []
    expect(page.get_by_role("button", name="Send")).to_have_count(0)
    expect(page.get_by_role("button", name="Record a voice message")).to_be_visible()


def test_the_page_may_keep_a_message_back(pages: Pages) -> None:
    page = opened(pages)
    page.evaluate(
        "composer.addEventListener('parley-send', event => (window.asked = event.detail.text, event.preventDefault()))"
    )
    box(page).fill("no")

    page.get_by_role("button", name="Send").click()

    assert sent(page) == []
    assert page.evaluate("asked") == "no"
    expect(box(page)).to_have_value("no")


def test_the_limit_counts_characters_as_the_server_does(pages: Pages) -> None:
    page = opened(pages)

    box(page).fill("😀" * 9990)
    expect(page.get_by_text("10 characters left")).to_be_visible()
    box(page).fill("😀" * 10001)

    expect(page.get_by_text("1 character too many")).to_be_visible()
    expect(page.get_by_role("button", name="Send")).to_be_disabled()
    box(page).press("Enter")
    assert sent(page) == []
    box(page).fill("😀" * 10000)
    box(page).press("Enter")
    assert len(sent(page)) == 1


def test_others_see_that_something_is_written(pages: Pages) -> None:
    page = opened(pages)

    box(page).press_sequentially("hi")
    assert page.evaluate("calls('startTyping').length") == 2
    box(page).fill("")

    assert page.evaluate("calls('stopTyping').length") == 1


def test_a_draft_waits_in_each_conversation(pages: Pages) -> None:
    page = opened(pages, f"{PLAIN}; store.addConversation('d_2')")
    box(page).fill("for bob")

    page.evaluate("composer.conversation = 'd_2'")
    expect(box(page)).to_have_value("")
    box(page).fill("for the other")
    page.evaluate("composer.conversation = 'd_1'")

    expect(box(page)).to_have_value("for bob")
    assert page.evaluate("store.draft('d_2').text") == "for the other"


def test_a_failure_to_send_keeps_the_text(pages: Pages) -> None:
    page = opened(pages)
    page.evaluate("void (store.send = () => { throw refusal('failed', 'This browser has no room left.') })")
    box(page).fill("keep me")

    box(page).press("Enter")

    expect(page.get_by_role("alert")).to_contain_text("This browser has no room left.")
    expect(box(page)).to_have_value("keep me")


# --- Replies and edits -----------------------------------------------------------------------------------------------


def test_a_reply_shows_what_it_answers(pages: Pages) -> None:
    page = opened(pages)
    page.evaluate("thread.reply(store.message('d_1.1'))")

    expect(page.locator(".about")).to_contain_text("Reply to Bob Stone")
    expect(page.locator(".about")).to_contain_text("hers")
    assert page.evaluate("composer.shadowRoot.activeElement?.tagName") == "TEXTAREA"
    page.keyboard.type("an answer")
    page.keyboard.press("Enter")

    assert sent(page) == [message("an answer", reply_to="d_1.1")]
    expect(page.locator(".about")).to_have_count(0)


def test_a_reply_can_be_left(pages: Pages) -> None:
    page = opened(pages)
    page.evaluate("thread.reply(store.message('d_1.1'))")
    page.locator(".about").wait_for()
    page.keyboard.type("words")

    page.keyboard.press("Escape")
    page.keyboard.press("Enter")

    assert sent(page) == [message("words")]


def test_an_edit_begins_with_the_text_and_gives_back_what_was_being_written(pages: Pages) -> None:
    page = opened(pages)
    box(page).fill("half a mess")
    page.evaluate("thread.edit(store.message('d_1.2'))")

    expect(box(page)).to_have_value("mine")
    box(page).fill("mine, better")
    page.get_by_role("button", name="Save").click()

    expect(box(page)).to_have_value("half a mess")
    assert page.evaluate("calls('edit')") == [["d_1.2", {"text": "mine, better", "mentions": []}]]
    expect(page.get_by_role("article").last).to_contain_text("mine, better")


def test_the_arrow_up_edits_the_last_message(pages: Pages) -> None:
    page = opened(pages)
    box(page).focus()

    page.keyboard.press("ArrowUp")

    expect(page.locator(".about")).to_contain_text("Edit message")
    expect(box(page)).to_have_value("mine")
    page.keyboard.press("Escape")
    expect(box(page)).to_have_value("")


def test_an_edit_that_is_refused_stays(pages: Pages) -> None:
    page = opened(pages)
    page.evaluate("store.failing.set('edit', refusal('edit_window_over', 'This message is too old to be edited.'))")
    page.evaluate("thread.edit(store.message('d_1.2'))")
    box(page).fill("later")

    box(page).press("Enter")

    expect(page.get_by_role("alert")).to_contain_text("This message is too old to be edited.")
    expect(box(page)).to_have_value("later")


# --- Mentions --------------------------------------------------------------------------------------------------------


def test_people_are_suggested_after_an_at(pages: Pages) -> None:
    page = opened(pages, GROUP)
    box(page).click()
    page.keyboard.type("hello @")

    options = page.get_by_role("listbox", name="People to mention").get_by_role("option")
    expect(options).to_have_count(3)
    page.keyboard.type("dí")
    expect(options).to_have_count(1)
    assert box(page).get_attribute("aria-activedescendant") == "suggestion-0"
    assert not violations(page)
    page.keyboard.press("Enter")
    page.keyboard.type("and @Bob, too")
    page.keyboard.press("Enter")

    assert sent(page) == [message("hello @Carol Díaz and @Bob, too", mentions=["carol"])]


def test_a_suggestion_can_be_clicked_and_left(pages: Pages) -> None:
    page = opened(pages, GROUP)
    box(page).click()
    page.keyboard.type("@")
    page.get_by_role("option", name="everyone").click()
    expect(box(page)).to_have_value("@everyone ")
    page.keyboard.type("@b")
    expect(page.get_by_role("option")).to_have_count(1)

    page.keyboard.press("Escape")
    expect(page.get_by_role("option")).to_have_count(0)
    page.keyboard.press("Enter")

    assert sent(page) == [message("@everyone @b", mentions=["*"])]


def test_a_name_that_is_taken_out_again_is_not_mentioned(pages: Pages) -> None:
    page = opened(pages, GROUP)
    box(page).click()
    page.keyboard.type("@car")
    page.keyboard.press("Tab")
    box(page).fill("nobody")
    page.keyboard.press("Enter")

    assert sent(page) == [message("nobody")]


# --- Emoji and GIFs --------------------------------------------------------------------------------------------------


def test_emoji_are_found_by_name_and_put_where_the_caret_is(pages: Pages) -> None:
    page = opened(pages)
    box(page).fill("ab")
    box(page).evaluate("area => area.setSelectionRange(1, 1)")
    page.get_by_role("button", name="Emoji").click()
    page.get_by_role("tab", name="Smileys").wait_for()
    assert not violations(page)

    page.get_by_role("searchbox", name="Search emoji").fill("party pop")
    page.get_by_role("button", name="party popper").click()
    page.keyboard.press("Escape")

    expect(box(page)).to_have_value("a🎉b")
    page.get_by_role("button", name="Emoji").click()
    expect(page.get_by_role("tab", name="Recent")).to_be_visible()


def test_emoji_can_be_chosen_by_keys_alone(pages: Pages) -> None:
    page = opened(pages)
    page.get_by_role("button", name="Emoji").focus()
    page.keyboard.press("Enter")
    page.get_by_role("tab", name="Smileys").wait_for()

    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")

    page.wait_for_function("() => composer.shadowRoot.activeElement?.ariaLabel === 'Emoji'")
    assert page.evaluate("composer.text")


def test_a_pages_search_finds_gifs(pages: Pages) -> None:
    page = opened(
        pages,
        f"""{PLAIN}
        composer.gifSearch = async q => [{{url: pixel, preview_url: pixel, title: `${{q || 'popular'}} cat`}}]
        """,
        policy="default-src 'self' blob: 'unsafe-inline'",
    )
    page.get_by_role("button", name="GIFs").click()
    page.get_by_role("searchbox", name="Search GIFs").fill("happy")

    page.get_by_role("button", name="happy cat").click()
    page.get_by_role("listitem").wait_for()
    page.get_by_role("button", name="Send").click()

    assert sent(page)[0][1]["files"] == [{"name": "happy cat.gif", "type": "image/gif", "size": 70}]


def test_any_emoji_is_a_reaction(pages: Pages) -> None:
    page = opened(pages)
    page.get_by_role("article").first.hover()
    page.get_by_role("button", name="More").click()
    page.locator(".quicks").get_by_role("button", name="More").click()

    page.get_by_role("searchbox", name="Search emoji").fill("rocket")
    page.get_by_role("button", name="rocket").click()

    page.evaluate(SETTLED)
    assert page.evaluate("calls('react')") == [["d_1.1", "🚀", True]]
    expect(page.get_by_role("dialog")).to_have_count(0)


# --- Files -----------------------------------------------------------------------------------------------------------


def test_files_are_shown_before_they_are_sent_and_can_be_taken_off(pages: Pages) -> None:
    page = opened(pages)
    attach(page, file("a.png"), file("plan.pdf", "application/pdf", 2000), file("b.png"))
    expect(page.get_by_role("listitem")).to_have_count(3)
    pages.shoot(page, "composer-files")

    page.get_by_role("button", name="Remove b.png").click()
    box(page).fill("look")
    page.get_by_role("button", name="Send").click()

    assert sent(page)[0][1] == {
        "text": "look",
        "files": [
            {"name": "a.png", "type": "image/png", "size": 5},
            {"name": "plan.pdf", "type": "application/pdf", "size": 2000},
        ],
        "mentions": [],
        "reply_to": None,
    }
    expect(page.get_by_role("listitem")).to_have_count(0)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (file("big.png", size=10_000_001), "big.png is too large: files may have 10 MB at most."),
        (file("run.exe", "application/x-msdownload"), "run.exe is of a type that cannot be sent here."),
        (file("none.png", size=0), "none.png is empty."),
    ],
)
def test_a_file_that_would_be_refused_is_not_taken(pages: Pages, given: FilePayload, words: str) -> None:
    page = opened(pages)

    attach(page, given, file("good.png"))

    expect(page.get_by_role("alert")).to_contain_text(words)
    expect(page.get_by_role("listitem").filter(has_text=given["name"])).to_have_count(1)  # the note
    expect(page.locator(".tray li")).to_have_count(1)


def test_there_are_only_so_many_files(pages: Pages) -> None:
    page = opened(pages)

    attach(page, *(file(f"{n}.png") for n in range(6)))

    expect(page.get_by_role("alert")).to_contain_text("A message can carry 5 files.")
    expect(page.locator(".tray li")).to_have_count(5)


TRANSFER = """(what) => {
    const data = new DataTransfer()
    data.items.add(new File(['x'], 'pasted.gif', {type: 'image/gif'}))
    if (what.text) data.setData('text/plain', what.text)
    return data
}"""


def test_files_are_pasted_unless_they_are_a_picture_of_text(pages: Pages) -> None:
    page = opened(pages)
    box(page).focus()

    for text in ("words", ""):
        data = page.evaluate_handle(TRANSFER, {"text": text})
        box(page).evaluate(
            "(area, clipboardData) => area.dispatchEvent(new ClipboardEvent('paste', {clipboardData, bubbles: true}))",
            data,
        )
        page.evaluate(SETTLED)
        expect(page.locator(".tray li")).to_have_count(0 if text else 1)


def test_a_text_that_no_message_holds_becomes_a_file(pages: Pages) -> None:
    page = opened(pages)
    page.evaluate("void (window.data = new DataTransfer()).setData('text/plain', 'a word '.repeat(150_000))")
    pasted = "new ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true})"
    box(page).evaluate(f"area => area.dispatchEvent({pasted})")

    expect(page.locator(".tray li")).to_contain_text("text.txt")
    expect(box(page)).to_have_value("")


def test_files_are_dropped_anywhere_beside_the_composer(pages: Pages) -> None:
    page = opened(pages)
    data = page.evaluate_handle(TRANSFER, {})

    page.locator("main").dispatch_event("dragover", {"dataTransfer": data, "bubbles": True})
    expect(page.get_by_text("Drop files here")).to_be_visible()
    page.locator("main").dispatch_event("drop", {"dataTransfer": data, "bubbles": True})

    expect(page.get_by_text("Drop files here")).to_have_count(0)
    expect(page.locator(".tray li")).to_have_count(1)


def test_an_upload_shows_how_far_it_is_and_can_be_cancelled(pages: Pages) -> None:
    page = opened(pages)

    page.evaluate("""store.setPending('d_1', [pending('c1', 'uploading', null, {
        text: '', files: [{name: 'plan.pdf', type: 'application/pdf', size: 5, blob: new Blob(['x']), client_id: 'f1'}],
        pending: {state: 'uploading', progress: 0.4, error: null},
    })])""")

    assert page.get_by_role("progressbar", name="Uploading").get_attribute("value") in (None, "0.4")
    assert page.evaluate("thread.shadowRoot.querySelector('progress').value") == 0.4
    page.get_by_role("article").last.get_by_role("button", name="Cancel").click()
    assert page.evaluate("calls('discard')") == [["c1"]]


# --- Who may not write -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("store.change('d_1', {state: 'closed', capabilities: []})", "This conversation is closed."),
        ("store.block('bob', true); store.change('d_1', {capabilities: []})", "You have blocked Bob Stone."),
        ("store.change('d_1', {capabilities: []})", "You cannot write here."),
        (
            "store.change('d_1', {type: 'group', posting: 'admins', capabilities: []})",
            "Only admins can write here.",
        ),
        ("store.change('d_1', {type: 'group', capabilities: []})", "A moderator has muted you in this group."),
        (
            "store.me = {suspension: {until: ago(-60), scope: 'write', reason: 'x'}}; store.tell()",
            "You are suspended until",
        ),
    ],
)
def test_who_may_not_write_reads_why(pages: Pages, script: str, words: str) -> None:
    page = opened(pages)
    expect(box(page)).to_be_visible()

    page.evaluate(script)

    expect(page.locator(".refused")).to_contain_text(words)
    expect(box(page)).to_have_count(0)


def test_slow_mode_says_when_the_next_message_may_go(pages: Pages) -> None:
    page = opened(pages, f"{PLAIN}; store.change('d_1', {{type: 'group', slow_mode_s: 90}})")
    box(page).fill("quick")

    expect(page.get_by_text("Slow mode: you can write again in 0:30.")).to_be_visible()
    expect(page.get_by_role("button", name="Send")).to_be_disabled()
    box(page).press("Enter")
    assert sent(page) == []
    page.evaluate("store.change('d_1', {role: 'admin'})")

    expect(page.get_by_role("button", name="Send")).to_be_enabled()


# --- Everyone --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("profile", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_axe_finds_nothing(pages: Pages, scheme: str, language: str, profile: Profile) -> None:
    direction = "rtl" if language == "ar" else "ltr"
    turned = f"Object.assign(document.documentElement, {{lang: '{language}', dir: '{direction}'}})"
    page = opened(pages, f"{turned}\n{PLAIN}", profile, color_scheme=scheme, reduced_motion="reduce")
    assert not violations(page)

    page.evaluate("thread.reply(store.message('d_1.1'))")
    attach(page, file("a.png"), file("plan.pdf", "application/pdf"), file("x.exe", "application/x-dosexec"))
    page.locator("textarea").fill("words" * 1950)
    page.evaluate(SETTLED)
    pages.shoot(page, f"composer-{scheme}-{language}-{profile.width}")
    assert not violations(page)
    page.evaluate("store.change('d_1', {capabilities: []})")
    page.evaluate(SETTLED)
    assert not violations(page)


HOSTILE = ["<img src=x onerror='window.hurt = 1'>", "\u202eabc", '"><script>window.hurt = 1</script>']


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_names_are_names(pages: Pages, hostile: str) -> None:
    page = opened(pages, GROUP)
    page.evaluate("name => store.addUser('bob', {name, role: name})", hostile)
    attach(
        page, file(f"{hostile.replace('/', '')}.pdf", "application/pdf"), file(f"{hostile.replace('/', '')}.exe", "x/y")
    )
    page.evaluate("thread.reply(store.message('d_1.1'))")
    box(page).focus()
    page.keyboard.type("@")
    page.evaluate(SETTLED)

    assert page.evaluate("window.hurt") is None
    expect(page.locator(".about")).to_contain_text(json.loads(json.dumps(hostile)))
    assert page.evaluate("composer.shadowRoot.querySelectorAll('script, [onerror]').length") == 0
