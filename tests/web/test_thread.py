"""<parley-thread>: what it shows, what it does, and where it stands while messages come and go."""

import json
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.web.browser import DESKTOP, PHONE, Pages, Profile
from tests.web.sources import show, violations

BODY = '<main><parley-thread conversation="d_1"></parley-thread></main>'
SETUP = """
import "/given/setup.js"
%s
configure({store})
"""
SETTLED = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 30))))"


def opened(pages: Pages, script: str, profile: Profile = DESKTOP, body: str = BODY, **options: Any) -> Page:
    """Returns a page with a thread over a double of the store, drawn."""
    page = show(pages, body, SETUP % script, profile, **options)
    page.evaluate(SETTLED)
    return page


def bubbles(page: Page) -> Locator:
    return page.get_by_role("article")


def with_messages(pages: Pages, *messages: dict[str, Any], more: str = "", **options: Any) -> Page:
    return opened(pages, f"store.addConversation('d_1', {{messages: {json.dumps(messages)}, {more}}})", **options)


# --- States ----------------------------------------------------------------------------------------------------------


def test_it_loads_then_shows_then_says_that_nothing_is_there(pages: Pages) -> None:
    page = opened(pages, "store.delay = 1500; store.addConversation('d_1')")

    expect(page.get_by_role("status", name="Loading")).to_be_visible()
    expect(page.get_by_text("No messages yet")).to_be_visible()
    assert page.evaluate("calls('open')") == [["d_1"]]


def test_a_failure_says_why_and_can_be_tried_again(pages: Pages) -> None:
    page = opened(
        pages,
        """
        store.failing.set('open', refusal('network', 'x'))
        store.addConversation('d_1', {messages: [{text: 'there it is'}]})
        """,
    )
    expect(page.get_by_text("The messages did not load")).to_be_visible()
    expect(page.get_by_text("There is no connection to the server.")).to_be_visible()

    page.evaluate("store.failing.clear()")
    page.get_by_role("button", name="Try again").click()

    expect(page.get_by_text("there it is")).to_be_visible()


def test_offline_says_so_and_keeps_what_is_there(pages: Pages) -> None:
    page = with_messages(pages, {"text": "hello"})

    page.evaluate("store.setConnection({status: 'offline'})")

    expect(page.get_by_text("You are offline.")).to_be_visible()
    expect(page.get_by_text("hello")).to_be_visible()


def test_it_leaves_the_conversation_that_it_opened(pages: Pages) -> None:
    page = opened(pages, "store.addConversation('d_1'); store.addConversation('d_2')")

    page.evaluate("thread.conversation = 'd_2'")
    page.evaluate(SETTLED)
    page.evaluate("thread.remove()")

    assert page.evaluate("[calls('open'), calls('close')]") == [[["d_1"], ["d_2"]], [["d_1"], ["d_2"]]]
    assert page.evaluate("calls('unwatchPresence').length") == page.evaluate("calls('watchPresence').length") > 0


# --- What a message shows --------------------------------------------------------------------------------------------


def test_own_messages_stand_at_the_right_and_others_at_the_left(pages: Pages) -> None:
    page = with_messages(pages, {"text": "hers"}, {"sender_id": "alice", "text": "mine"})

    lefts = page.evaluate("[...thread.shadowRoot.querySelectorAll('.bubble')].map(one => one.getBoundingClientRect())")

    # The column of messages is in the middle of a wide window, and no wider than can be read.
    column = page.evaluate("thread.shadowRoot.querySelector('[role=article]').getBoundingClientRect()")
    assert column["left"] <= lefts[0]["left"] < column["left"] + 100
    assert column["right"] - 40 < lefts[1]["right"] <= column["right"]
    assert all(box["width"] < 800 for box in lefts)
    expect(page.get_by_role("article", name="Bob Stone")).to_contain_text("hers")
    expect(page.get_by_role("article", name="You")).to_contain_text("mine")


def test_markdown_is_shown_and_html_is_not(pages: Pages) -> None:
    page = with_messages(pages, {"text": "**bold** <b>x</b> https://example.com/a [l](javascript:alert(1))"})

    assert page.evaluate("[...thread.shadowRoot.querySelectorAll('.text strong')].map(one => one.textContent)") == [
        "bold"
    ]
    assert page.evaluate(
        "[...thread.shadowRoot.querySelectorAll('.text a')].map(one => [one.href, one.rel, one.target])"
    ) == [["https://example.com/a", "noopener noreferrer nofollow", "_blank"]]
    expect(bubbles(page)).to_contain_text("<b>x</b>")


def test_days_part_the_messages_and_times_are_told_from_now(pages: Pages) -> None:
    page = opened(
        pages,
        """store.addConversation('d_1', {messages: [
            {text: 'old', created_at: ago(60 * 24 * 3)},
            {text: 'yesterday', created_at: ago(60 * 24)},
            {text: 'now', created_at: ago(2)},
        ]})""",
    )

    assert page.locator(".day").all_inner_texts() == ["Thursday", "Yesterday", "Today"]
    newest = bubbles(page).last.locator("time")
    assert newest.inner_text() == "2m ago"
    assert newest.get_attribute("title") == "Sunday, November 29, 2026 at 12:58:00 PM"


@pytest.mark.parametrize(("delivered", "read", "words"), [(0, 0, "Sent"), (1, 0, "Delivered"), (1, 1, "Read")])
def test_marks_say_how_far_a_message_has_got(pages: Pages, delivered: int, read: int, words: str) -> None:
    page = with_messages(
        pages,
        {"sender_id": "alice", "text": "mine"},
    )
    page.evaluate(
        f"store.change('d_1', {{members: [{{user_id: 'bob', delivered_seq: {delivered}, read_seq: {read}}}]}})"
    )

    expect(bubbles(page)).to_contain_text(words)


def test_a_message_that_waits_and_one_that_failed_can_be_told_apart(pages: Pages) -> None:
    page = opened(
        pages,
        """
        store.addConversation('d_1', {messages: [{text: 'hi'}]})
        store.setPending('d_1', [
          pending('waits', 'waiting'),
          pending('failed', 'failed', refusal('blocked', 'One of you has blocked the other.')),
        ])
        """,
    )

    expect(bubbles(page).nth(1)).to_contain_text("Waiting to be sent")
    expect(bubbles(page).nth(2)).to_contain_text("One of you has blocked the other.")
    bubbles(page).nth(2).get_by_role("button", name="Try again").click()
    bubbles(page).nth(2).get_by_role("button", name="Discard").click()
    assert page.evaluate("[calls('retry'), calls('discard')]") == [[["failed"]], [["failed"]]]


def test_a_message_of_ones_own_stays_the_same_element_when_it_is_stored(pages: Pages) -> None:
    page = opened(pages, "store.addConversation('d_1', {messages: [{text: 'hi'}]})")
    page.evaluate("""() => {
        store.setPending('d_1', [pending('c1', 'sending', null, {text: 'mine'})])
    }""")
    page.evaluate(SETTLED)

    same = page.evaluate("""async () => {
        const before = rows().at(-1)
        store.setPending('d_1', [])
        store.receive('d_1', {sender_id: 'alice', client_id: 'c1', text: 'mine'})
        await new Promise(done => setTimeout(done, 50))
        return before === rows().at(-1) && rows().length
    }""")

    assert same == 2


def test_tombstones_forwards_edits_pins_and_answers(pages: Pages) -> None:
    page = with_messages(
        pages,
        {"text": "the **first** one"},
        {"deleted_at": "2026-11-29T11:00:00.000Z"},
        {"deleted_at": "2026-11-29T11:00:00.000Z", "removed": True},
        {"text": "words", "forwarded_from": {"sender_id": "carol", "created_at": "2026-11-29T11:00:00.000Z"}},
        {"text": "better words", "edited_at": "2026-11-29T11:00:00.000Z", "pinned": True},
        {"sender_id": "alice", "text": "an answer", "reply_to": "d_1.1"},
        {"text": "of what is gone", "reply_to": "d_1.2"},
        {"text": "unseen", "hidden": True},
    )

    for index, words in enumerate(
        (
            "first",
            "Message deleted",
            "Removed by a moderator",
            "Forwarded from Carol Díaz",
            "edited",
            "the first one",
            "Message deleted",
        )
    ):
        expect(bubbles(page).nth(index)).to_contain_text(words)
    expect(bubbles(page).nth(4)).to_contain_text("Pinned")
    expect(page.get_by_text("unseen")).to_have_count(0)


def test_system_messages_are_sentences(pages: Pages) -> None:
    page = with_messages(
        pages,
        {"kind": "system", "system": {"event": "members_added", "user_ids": ["carol", "alice"]}},
        {
            "kind": "system",
            "sender_id": "alice",
            "system": {"event": "title_changed", "user_ids": [], "title": "Scarf"},
        },
    )

    assert page.locator(".event").all_inner_texts() == [
        "Bob Stone added Carol Díaz and You",
        "You changed the title to “Scarf”",
    ]


def test_blocked_messages_are_folded_in_groups(pages: Pages) -> None:
    page = with_messages(pages, {"text": "secret", "blocked": True}, more="members: ['alice', 'bob', 'carol']")

    expect(page.get_by_text("secret")).to_have_count(0)
    page.get_by_role("button", name="Show").click()

    expect(page.get_by_text("secret")).to_be_visible()


def test_long_texts_fold(pages: Pages) -> None:
    page = with_messages(pages, {"text": "line\n" * 60 + "the end"})
    before = page.evaluate("rows()[0].getBoundingClientRect().height")
    assert before < 420

    page.get_by_role("button", name="Read all").click()

    expect(page.get_by_text("the end")).to_be_attached()
    page.get_by_role("button", name="Show less").click()
    page.evaluate(SETTLED)
    assert page.evaluate("rows()[0].getBoundingClientRect().height") == before


def test_mentions_are_marked(pages: Pages) -> None:
    page = with_messages(pages, {"text": "hello @Alice Meyer and @Nobody", "mentions": ["alice"]})

    assert page.locator(".mention").all_inner_texts() == ["@Alice Meyer"]
    expect(page.locator(".bubble.for-me")).to_have_count(1)


def test_a_context_is_the_head_of_its_conversation(pages: Pages) -> None:
    page = with_messages(
        pages,
        {"text": "hi"},
        more="title_shown: 'Scarf', title: 'Scarf', link: 'https://shop.example/scarf', context: {type: 'p', id: '1'}",
    )

    link = page.get_by_role("heading", name="Scarf").get_by_role("link")
    assert link.get_attribute("href") == "https://shop.example/scarf"
    expect(page.locator(".head p")).to_have_text("Bob Stone")


def test_presence_and_typing_are_in_the_head(pages: Pages) -> None:
    page = with_messages(pages, {"text": "hi"})

    page.evaluate("store.setPresence('bob', true)")
    expect(page.locator(".head p")).to_have_text("Online")
    page.evaluate("store.setPresence('bob', false, ago(60))")
    expect(page.locator(".head p")).to_have_text("Last seen 1h ago")
    page.evaluate("store.setTyping('d_1', ['bob'])")
    expect(page.locator(".head p")).to_have_text("typing…")
    expect(page.locator(".typing")).to_contain_text("Bob Stone is typing…")


# --- Files -----------------------------------------------------------------------------------------------------------

HASH = "1QcSHQRnh493V4dIh4eXh1h4kJUI"


def test_pictures_have_their_place_before_they_come_and_open(pages: Pages) -> None:
    page = opened(
        pages,
        f"""
        store.answers.set('a_1', {{url: pixel + '#whole', thumbnail_url: pixel, expires_at: ago(-9)}})
        store.addConversation('d_1', {{messages: [
            {{attachments: [image('a_1', {{placeholder: '{HASH}'}})]}},
            {{attachments: [image('a_2', {{expired: true}})]}},
        ]}})
        """,
    )

    picture = page.get_by_role("button", name="Open picture a_1.png")
    box = picture.bounding_box()
    assert box
    assert (round(box["width"]), round(box["height"])) == (320, 160)
    expect(picture.locator("img")).to_have_attribute("src", page.evaluate("pixel"))
    assert page.evaluate("calls('attachmentUrls')") == [[["a_1"]]]
    expect(page.get_by_role("button", name="a_2.png")).to_contain_text("No longer available")

    picture.click()
    expect(page.get_by_role("dialog", name="a_1.png").locator("img")).to_have_attribute(
        "src", page.evaluate("pixel") + "#whole"
    )
    assert not violations(page)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_files_say_their_name_size_and_pages(pages: Pages) -> None:
    page = with_messages(
        pages,
        {
            "attachments": [
                {"id": "f", "name": "plan.pdf", "type": "application/pdf", "kind": "file", "size": 120000, "pages": 3}
            ]
        },
    )

    button = page.get_by_role("button", name="plan.pdf")
    expect(button).to_contain_text("120 kB")
    expect(button).to_contain_text("3 pages")


def test_a_voice_message_plays_and_says_so(pages: Pages) -> None:
    page = opened(
        pages,
        """
        store.answers.set('v_1', {url: silence(), expires_at: ago(-9)})
        store.addConversation('d_1', {messages: [{kind: 'voice', attachments: [voice('v_1')]}]})
        """,
    )

    page.get_by_role("button", name="Play").click()

    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    assert page.evaluate("calls('played')") == [["d_1.1"]]
    page.get_by_role("button", name="Playback speed").or_(page.get_by_role("button", name="Speed")).click()
    expect(page.get_by_text("1.5×")).to_be_visible()
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()  # it has come to its end


def test_a_preview_leads_to_its_page(pages: Pages) -> None:
    page = with_messages(
        pages,
        {
            "text": "https://example.com/",
            "preview": {
                "url": "https://example.com/",
                "title": "<i>Title</i>",
                "description": "About it",
                "site": "example.com",
            },
        },
        {"text": "x", "preview": {"url": "javascript:alert(1)", "title": "Bad", "description": None, "site": "x"}},
    )

    preview = page.get_by_role("link", name="About it")
    assert preview.get_attribute("rel") == "noopener noreferrer nofollow"
    expect(preview).to_contain_text("<i>Title</i>")
    expect(page.get_by_text("Bad")).to_have_count(0)


# --- Acts ------------------------------------------------------------------------------------------------------------


def test_a_reaction_is_one_click_and_a_second_takes_it_off(pages: Pages) -> None:
    page = with_messages(pages, {"text": "hello", "reactions": [{"emoji": "🎉", "count": 2, "mine": False}]})

    bubbles(page).hover()
    assert page.locator(".toolbar .quick").all_inner_texts() == ["👍", "❤️", "😊", "😮", "😢", "🎉"]
    page.locator(".toolbar .quick").first.click()
    mine = page.locator(".reactions .mine")
    expect(mine).to_have_text("👍1")
    expect(mine).to_have_attribute("aria-label", "👍 1: You")
    mine.click()

    expect(page.locator(".reactions .mine")).to_have_count(0)
    assert page.evaluate("calls('react')") == [["d_1.1", "👍", True], ["d_1.1", "👍", False]]
    expect(page.locator(".reactions button")).to_have_attribute("title", "🎉 2 people")


def test_the_page_chooses_the_reactions(pages: Pages) -> None:
    page = with_messages(pages, {"text": "hello"}, body=BODY.replace('"d_1"', '"d_1" reactions="🦊 🐻"'))

    bubbles(page).hover()

    assert page.locator(".toolbar .quick").all_inner_texts() == ["🦊", "🐻"]


def test_a_long_press_opens_the_menu_on_a_phone(pages: Pages) -> None:
    page = with_messages(pages, {"text": "hello"}, profile=PHONE)
    box = page.locator(".bubble").bounding_box()
    assert box
    at = {"pointerType": "touch", "clientX": box["x"] + 5, "clientY": box["y"] + 5, "bubbles": True, "composed": True}

    page.locator(".bubble").dispatch_event("pointerdown", at)
    page.get_by_role("menu", name="Actions").wait_for()
    page.locator(".quicks .quick").nth(1).click()

    assert page.evaluate("calls('react')") == [["d_1.1", "❤️", True]]
    expect(page.get_by_role("menu")).to_have_count(0)


def menu_of(page: Page, index: int) -> list[str]:
    bubbles(page).nth(index).hover()
    page.get_by_role("button", name="More").click()
    page.get_by_role("menu", name="Actions").wait_for()
    return page.get_by_role("menuitem").all_inner_texts()


def test_the_menu_has_what_a_person_may_do(pages: Pages) -> None:
    page = with_messages(pages, {"text": "hers"}, {"sender_id": "alice", "text": "mine"})

    assert menu_of(page, 0) == ["Reply", "Forward", "Copy text", "Pin", "Report", "Delete for me"]
    page.keyboard.press("Escape")
    assert menu_of(page, 1) == [
        "Reply", "Forward", "Copy text", "Edit", "Pin", "Message info", "Delete for me", "Delete for everyone",
    ]  # fmt: skip
    page.keyboard.press("Escape")
    page.evaluate("store.change('d_1', {capabilities: []})")
    assert menu_of(page, 0) == ["Forward", "Copy text", "Report", "Delete for me"]


def test_reply_and_edit_are_drafts_that_a_composer_takes_up(pages: Pages) -> None:
    page = with_messages(pages, {"text": "hers"}, {"sender_id": "alice", "text": "mine"})

    menu_of(page, 0)
    page.get_by_role("menuitem", name="Reply").click()
    assert page.evaluate("store.draft('d_1').reply_to") == "d_1.1"
    menu_of(page, 1)
    page.get_by_role("menuitem", name="Edit").click()

    assert page.evaluate("[store.draft('d_1').edits, store.draft('d_1').text]") == ["d_1.2", "mine"]


def test_deleting_for_everyone_asks_first(pages: Pages) -> None:
    page = with_messages(pages, {"sender_id": "alice", "text": "mine"})

    menu_of(page, 0)
    page.get_by_role("menuitem", name="Delete for everyone").click()
    dialog = page.get_by_role("dialog", name="Delete for everyone")
    dialog.wait_for()
    assert page.evaluate("calls('remove')") == []
    dialog.get_by_role("button", name="Delete").click()

    expect(page.get_by_text("Message deleted")).to_be_visible()
    assert page.evaluate("calls('remove')") == [["d_1.1", "everyone"]]
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_report_has_a_reason(pages: Pages) -> None:
    page = with_messages(pages, {"text": "hers"})

    menu_of(page, 0)
    page.get_by_role("menuitem", name="Report").click()
    page.get_by_role("radio", name="Harassment").check()
    page.get_by_label("What happened? (optional)").fill("again and again")
    assert not violations(page)
    page.get_by_role("dialog").get_by_role("button", name="Report").click()

    expect(page.get_by_text("A moderator will look at it.")).to_be_visible()
    assert page.evaluate("calls('report')") == [["d_1.1", {"reason": "harassment", "note": "again and again"}]]


def test_the_info_of_a_message_names_who_has_read_it(pages: Pages) -> None:
    page = with_messages(pages, {"sender_id": "alice", "text": "mine"})

    menu_of(page, 0)
    page.get_by_role("menuitem", name="Message info").click()

    dialog = page.get_by_role("dialog", name="Message info")
    expect(dialog).to_contain_text("Bob Stone")
    expect(dialog).to_contain_text("Read: Sunday, November 29, 2026 at 12:59:30")
    assert not violations(page)


def test_the_people_who_reacted_are_named_page_by_page(pages: Pages) -> None:
    page = with_messages(pages, {"text": "hello", "reactions": [{"emoji": "🎉", "count": 2, "mine": False}]})

    menu_of(page, 0)
    page.get_by_role("menuitem", name="Reactions").click()
    dialog = page.get_by_role("dialog", name="Reactions")
    expect(dialog.get_by_role("listitem")).to_have_count(1)  # the first page is empty, as one of a large group can be
    expect(dialog).to_contain_text("Bob Stone")
    assert not violations(page)
    dialog.get_by_role("button", name="More").click()

    expect(dialog.get_by_role("listitem")).to_have_count(2)
    expect(dialog.get_by_role("button", name="More")).to_have_count(0)
    page.keyboard.press("Escape")
    page.locator(".reactions button").click(button="right")
    expect(dialog).to_be_visible()


def test_a_message_is_forwarded_to_several(pages: Pages) -> None:
    page = opened(
        pages,
        """
        store.addConversation('d_1', {messages: [{text: 'hers'}]})
        store.addConversation('d_2', {members: ['alice', 'carol']})
        store.addConversation('g_3', {members: ['alice', 'carol', 'bob'], capabilities: []})
        """,
    )

    menu_of(page, 0)
    page.get_by_role("menuitem", name="Forward").click()
    dialog = page.get_by_role("dialog", name="Forward to")
    expect(dialog.get_by_role("checkbox")).to_have_count(2)
    assert not violations(page)
    dialog.get_by_role("searchbox").fill("carol")
    expect(dialog.get_by_role("checkbox")).to_have_count(1)
    dialog.get_by_role("checkbox").check()
    dialog.get_by_role("button", name="Forward").click()

    expect(page.get_by_role("dialog")).to_have_count(0)
    assert page.evaluate("calls('forward')") == [["d_1.1", ["d_2"]]]


def test_an_act_that_fails_says_why(pages: Pages) -> None:
    page = with_messages(pages, {"text": "hers"})
    page.evaluate("store.failing.set('pin', refusal('too_many_pins', 'A conversation has 100 pins.'))")

    menu_of(page, 0)
    page.get_by_role("menuitem", name="Pin").click()

    expect(page.get_by_role("alert")).to_contain_text("A conversation has 100 pins.")
    page.get_by_role("button", name="Dismiss").click()
    expect(page.get_by_role("alert")).to_have_count(0)


# --- Where it stands -------------------------------------------------------------------------------------------------


def test_only_what_is_near_the_screen_is_in_the_document(pages: Pages) -> None:
    page = opened(pages, "store.page = 50000; store.addConversation('d_1', {messages: numbered(50000)})")

    assert page.evaluate("onScreen().at(-1)") == 50000
    assert page.evaluate("rows().length") < 80
    page.evaluate("scroller().scrollTop = scroller().scrollHeight / 2")
    page.evaluate(SETTLED)
    middle = page.evaluate("onScreen()")
    assert 20000 < middle[0] < 30000
    assert middle == list(range(middle[0], middle[-1] + 1))
    assert page.evaluate("rows().length") < 80
    page.evaluate("scroller().scrollTop = 0")
    page.evaluate(SETTLED)
    assert page.evaluate("onScreen()[0]") == 1


def test_the_place_stays_while_older_messages_come(pages: Pages) -> None:
    page = opened(pages, "store.addConversation('d_1', {messages: numbered(400)})")
    page.evaluate("store.delay = 150; scroller().scrollTop = 900")
    page.evaluate(SETTLED)

    for _ in range(3):
        page.evaluate("scroller().scrollTop = 300")
        page.evaluate(SETTLED)
        before = page.evaluate("place()")
        page.wait_for_function("() => calls('loadOlder').length > 0")
        page.wait_for_timeout(400)
        after = page.evaluate("place()")
        assert before[0] == after[0]
        assert abs(before[1] - after[1]) <= 1


def test_all_of_the_history_can_be_scrolled_through_without_a_gap(pages: Pages) -> None:
    page = opened(pages, "store.addConversation('d_1', {messages: numbered(300)})")
    seen: set[int] = set(page.evaluate("onScreen()"))

    for _ in range(200):
        page.evaluate("scroller().scrollTop -= 500")
        page.evaluate(SETTLED)
        seen |= set(page.evaluate("onScreen()"))
        if 1 in seen:
            break

    assert seen == set(range(1, 301))


def test_at_the_end_it_follows_and_elsewhere_it_stays(pages: Pages) -> None:
    page = opened(pages, "store.page = 400; store.addConversation('d_1', {messages: numbered(300)})")

    page.evaluate("store.receive('d_1', {text: 'message 301'})")
    page.evaluate(SETTLED)
    assert page.evaluate("onScreen().at(-1)") == 301

    page.evaluate("scroller().scrollTop -= 2000")
    page.evaluate(SETTLED)
    before = page.evaluate("onScreen()")
    page.evaluate("store.receive('d_1', {text: 'message 302'}); store.receive('d_1', {text: 'message 303'})")
    page.evaluate(SETTLED)
    assert page.evaluate("onScreen()") == before
    button = page.get_by_role("button", name="new messages: go there")
    expect(button).to_contain_text("2")
    button.click()
    page.evaluate(SETTLED)
    assert page.evaluate("onScreen().at(-1)") == 303
    expect(page.locator(".newest")).to_have_count(0)


def test_the_end_lets_go_of_a_wheel_above_it(pages: Pages) -> None:
    """The row under the pointer changes before the list hears that it was scrolled."""
    page = opened(pages, "store.page = 400; store.addConversation('d_1', {messages: numbered(300)})")
    page.mouse.move(300, 400)

    for _ in range(4):
        page.mouse.wheel(0, -400)
        page.evaluate(SETTLED)

    assert page.evaluate("onScreen().at(-1)") < 295


def test_a_short_thread_stands_at_the_bottom_and_has_nowhere_to_jump(pages: Pages) -> None:
    page = opened(pages, "store.addConversation('d_1', {messages: numbered(4), read_seq: 2, unread: 2})")

    expect(page.locator(".line")).to_be_visible()
    expect(page.locator(".newest")).to_have_count(0)
    assert page.evaluate("rows().at(-1).getBoundingClientRect().bottom") > 860


def test_a_thread_begins_at_what_is_unread_however_far_back_that_is(pages: Pages) -> None:
    page = opened(pages, "store.addConversation('d_1', {messages: numbered(300), read_seq: 100, unread: 200})")

    expect(page.locator(".line")).to_be_visible()
    assert 101 in page.evaluate("onScreen()")
    page.wait_for_function("() => calls('markRead').length > 0")
    assert page.evaluate("calls('markRead')[0][1]") < 130


def test_ones_own_message_brings_the_end_to_the_screen(pages: Pages) -> None:
    page = opened(pages, "store.page = 400; store.addConversation('d_1', {messages: numbered(300)})")
    page.evaluate("scroller().scrollTop = 0")
    page.evaluate(SETTLED)

    page.evaluate("""store.setPending('d_1', [pending('c1', 'sending', null, {text: 'message 301'})])""")
    page.evaluate(SETTLED)

    assert page.evaluate("onScreen().at(-1)") == 301


def test_a_jump_goes_to_what_is_held_and_to_what_is_not(pages: Pages) -> None:
    page = opened(pages, "store.addConversation('d_1', {messages: numbered(500)})")

    page.evaluate("thread.jump(460)")
    page.evaluate(SETTLED)
    assert 460 in page.evaluate("onScreen()")
    assert page.evaluate("calls('jump')") == []
    page.evaluate("thread.jump(100)")
    page.evaluate(SETTLED)
    assert 100 in page.evaluate("onScreen()")
    assert page.evaluate("calls('jump')") == [["d_1", 100]]
    expect(page.locator(".flash")).to_contain_text("message 100")

    page.get_by_role("button", name="Go to the newest message").click()
    page.evaluate(SETTLED)
    assert page.evaluate("onScreen().at(-1)") == 500


def test_the_quote_of_an_answer_leads_to_its_message(pages: Pages) -> None:
    page = opened(
        pages,
        "store.addConversation('d_1', {messages: [...numbered(300), {text: 'an answer', reply_to: 'd_1.20'}]})",
    )

    page.locator(".quote").click()

    page.wait_for_function("() => onScreen().includes(20)")


def test_unread_messages_begin_at_a_line(pages: Pages) -> None:
    page = opened(
        pages,
        "store.page = 400; store.addConversation('d_1', {messages: numbered(300), read_seq: 250, unread: 50})",
    )

    expect(page.locator(".line")).to_have_text("New messages")
    first = page.evaluate("onScreen()")
    assert 252 in first
    assert 300 not in first


def test_what_was_on_the_screen_is_read_and_nothing_else(pages: Pages) -> None:
    page = opened(
        pages,
        "store.page = 400; store.addConversation('d_1', {messages: numbered(300), read_seq: 200, unread: 100})",
    )
    page.wait_for_function("() => calls('markRead').length > 0")

    last = page.evaluate("onScreen().at(-1)")
    marked = page.evaluate("calls('markRead').at(-1)[1]")
    assert last - 1 <= marked <= last < 300
    page.evaluate("scroller().scrollTop = scroller().scrollHeight")
    page.wait_for_function("() => calls('markRead').at(-1)[1] === 300")


def test_nothing_is_read_while_nobody_looks(pages: Pages) -> None:
    page = opened(
        pages,
        """
        let isLooking = false
        document.hasFocus = () => isLooking
        window.look = () => { isLooking = true; window.dispatchEvent(new Event('focus')) }
        store.addConversation('d_1', {messages: numbered(3), read_seq: 0, unread: 3})
        """,
    )
    page.wait_for_timeout(500)
    assert page.evaluate("calls('markRead')") == []
    page.evaluate("store.receive('d_1', {text: 'message 4'})")
    page.wait_for_timeout(400)
    assert page.evaluate("calls('markRead')") == []

    page.evaluate("look()")

    page.wait_for_function("() => calls('markRead').length === 1")
    assert page.evaluate("calls('markRead')") == [["d_1", 4]]


def test_what_comes_is_said_to_those_who_hear(pages: Pages) -> None:
    page = with_messages(pages, {"text": "hi"})

    page.evaluate("store.receive('d_1', {text: 'have you **heard**?'})")

    expect(page.locator("[aria-live]")).to_have_text("Bob Stone: have you heard?")


# --- Everyone --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("profile", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_axe_finds_nothing(pages: Pages, scheme: str, language: str, profile: Profile) -> None:
    direction = "rtl" if language == "ar" else "ltr"
    turned = f"Object.assign(document.documentElement, {{lang: '{language}', dir: '{direction}'}})"
    page = opened(pages, f"{turned}\neverything()", profile, color_scheme=scheme, reduced_motion="reduce")
    page.wait_for_timeout(300)
    assert not violations(page)

    page.evaluate("thread.jump(1)")
    page.evaluate(SETTLED)
    page.evaluate("thread.openMenu('d_1.1', {x: 100, y: 100})")
    page.get_by_role("menu").wait_for()
    pages.shoot(page, f"thread-{scheme}-{language}-{profile.width}")
    assert not violations(page)


def test_it_can_be_used_by_keys_alone(pages: Pages) -> None:
    page = opened(pages, "store.addConversation('d_1', {messages: numbered(60)})")

    focused = "focused()"
    page.keyboard.press("Tab")
    while page.evaluate(focused) != "60":
        page.keyboard.press("Tab")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    page.evaluate(SETTLED)
    assert page.evaluate(focused) == "58"
    page.keyboard.press("Tab")
    page.evaluate(SETTLED)
    assert page.evaluate(focused) == "React with 👍"
    page.keyboard.press("Enter")
    page.wait_for_function("() => calls('react').length === 1")
    page.keyboard.press("Escape")
    page.evaluate(SETTLED)
    assert page.evaluate(focused) == "58"
    page.keyboard.press("Enter")
    page.get_by_role("menu", name="Actions").wait_for()
    page.keyboard.press("Escape")
    page.evaluate(SETTLED)
    assert page.evaluate(focused) == "58"
    page.keyboard.press("Home")
    page.wait_for_function("() => Number(focused()) <= 12")
    page.keyboard.press("End")
    page.wait_for_function("() => focused() === '60'")


HOSTILE = [
    "<script>window.hurt = 1</script>",
    "<img src=x onerror='window.hurt = 1'>",
    '"><svg onload=window.hurt=1>',
    "[x](javascript:window.hurt=1) [y](data:text/html,<script>window.hurt=1</script>) <javascript:window.hurt=1>",
    "{{constructor.constructor('window.hurt = 1')()}} ${window.hurt = 1}",
    "</style><style>* { display: none }</style>",
    "\u202eabc\u202e <b>\u2066",
    "e" + "\u0301" * 5000,
    "***" * 3000 + "[" * 500,
]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_text_is_text_wherever_it_stands(pages: Pages, hostile: str) -> None:
    short = hostile[:100]
    message = {
        "text": hostile,
        "attachments": [
            {"id": "f", "name": short, "type": "application/pdf", "kind": "file", "size": 1},
            {"id": "i", "name": short, "type": "image/png", "kind": "image", "size": 1, "placeholder": short},
        ],
        "reactions": [{"emoji": short, "count": 1, "mine": False}],
        "preview": {"url": "https://example.com/", "title": short, "description": hostile[:500], "site": short},
        "mentions": ["bob"],
    }
    page = with_messages(
        pages,
        message,
        {
            "sender_id": "alice",
            "text": hostile,
            "reply_to": "d_1.1",
            "forwarded_from": {"sender_id": "bob", "created_at": "2026-11-29T11:00:00Z"},
        },
        {"kind": "system", "system": {"event": "title_changed", "user_ids": ["bob"], "title": short}},
        more=f"title_shown: {json.dumps(short)}, link: {json.dumps(short)}, description: {json.dumps(short)}",
    )
    page.evaluate("short => store.addUser('bob', {name: short, role: short})", short)
    page.evaluate("store.setTyping('d_1', ['bob'])")
    page.evaluate("store.receive('d_1', {text: 'again'})")
    page.wait_for_timeout(900)

    assert page.evaluate("window.hurt") is None
    assert (
        page.evaluate(
            "thread.shadowRoot.querySelectorAll('script, style, iframe, object, .text b, svg[onload]').length"
        )
        == 0
    )
    heights = page.evaluate("rows().map(row => row.getBoundingClientRect().height)")
    assert max(heights) < 1200
