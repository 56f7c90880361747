"""Clearing one's history, dissolving a group and marking as unread: by the visible controls, over the real stack."""

from playwright.sync_api import Page, expect

from tests.web.browser import Pages
from tests.web.sources import violations
from tests.web.talking import Talk


def details(page: Page) -> None:
    page.get_by_role("button", name="Details").click()


def confirm(page: Page, act: str) -> None:
    page.get_by_role("button", name=act).click()
    assert violations(page) == []
    page.get_by_role("dialog").get_by_role("button", name=act).click()


def test_a_cleared_history_is_gone_on_each_of_the_users_devices_alone(pages: Pages, talk: Talk) -> None:
    alice, phone, bob = talk.on(pages, talk.alice), talk.on(pages, talk.alice), talk.on(pages, talk.bob)
    for page in (alice, phone, bob):
        expect(page.get_by_role("article")).to_contain_text(["Hello, Bob"])

    details(alice)
    confirm(alice, "Clear the history")

    for page in (alice, phone):
        expect(page.get_by_role("article")).to_have_count(0)
    talk.bob.post(f"/conversations/{talk.conversation_id}/messages", text="What now?")
    for page in (alice, phone):
        expect(page.get_by_role("article")).to_contain_text(["What now?"])
    expect(bob.get_by_role("article")).to_contain_text(["Hello, Bob", "What now?"])


def test_a_dissolved_group_leaves_the_list_of_all(pages: Pages, talk: Talk) -> None:
    pages.allow("status of 404")  # what Bob looks at has gone
    group = talk.alice.post("/conversations", type="group", title="Summer fair", member_ids=[talk.bob.user_id])
    alice, bob = talk.on(pages, talk.alice), talk.on(pages, talk.bob)
    for page in (alice, bob):
        page.locator(f"[data-id={group['id']}]").click()

    details(bob)
    expect(bob.get_by_role("button", name="Leave the group")).to_be_visible()
    expect(bob.get_by_role("button", name="Dissolve the group")).to_have_count(0)
    details(alice)
    confirm(alice, "Dissolve the group")

    for page in (alice, bob):
        expect(page.locator("parley-inbox [data-id]")).to_have_count(1)


def test_a_conversation_of_two_cannot_be_left_but_archived(pages: Pages, talk: Talk) -> None:
    page = talk.on(pages, talk.alice)
    details(page)
    expect(page.get_by_role("button", name="Clear the history")).to_be_visible()
    expect(page.get_by_role("button", name="Leave the group")).to_have_count(0)


def test_a_conversation_is_marked_as_unread_until_it_is_opened(pages: Pages, talk: Talk) -> None:
    page, phone = talk.on(pages, talk.alice), talk.on(pages, talk.alice)
    phone.evaluate("store.select(null)")
    entry = f"[data-id={talk.conversation_id}]"
    page.locator(entry).click(button="right")
    page.get_by_role("menuitem", name="Mark as unread").click()

    for one in (page, phone):
        expect(one.locator(entry)).to_contain_text("1 unread message")
    phone.locator(entry).click()
    for one in (page, phone):
        expect(one.locator(entry)).not_to_contain_text("unread")
