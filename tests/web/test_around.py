"""The inbox, the chat, notifications and support, upon the stack that `make run` starts: two people, two devices."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.e2e.stack import Stack
from tests.functional.attachments import picture
from tests.web.browser import DESKTOP, PATIENCE_MS, PHONE, Pages, Profile
from tests.web.demo import Demo
from tests.web.sources import violations


class Screens(Demo):
    """The demo's people, each with a device."""

    def screen(self, pages: Pages, user: str, screen: str = "chat", profile: Profile = DESKTOP) -> Page:
        """Returns one person's device with one of the demo's screens."""
        url = f"{self.root}/web/demo/pane.html?user=demo-{user}&screen={screen}"
        return pages.open(url, profile, reduced_motion="reduce")


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    """Lets what is expected take as long as it does beside other tests."""
    expect.set_options(timeout=PATIENCE_MS)
    yield
    expect.set_options(timeout=None)


@pytest.fixture(scope="module")
def demo(stack: Stack) -> Screens:
    screens = Screens(stack)
    screens.seed()
    return screens


def write(page: Page, text: str) -> None:
    field = page.locator("parley-composer").get_by_role("textbox")
    field.fill(text)
    field.press("Enter")


def test_two_people_talk_and_the_lists_follow(pages: Pages, demo: Screens) -> None:
    ada = demo.screen(pages, "ada")
    petra = demo.screen(pages, "petra", profile=PHONE)
    ada.locator("parley-inbox .entry", has_text="Petra Lindqvist").locator(".open").click()
    expect(petra.locator("parley-inbox .entry", has_text="Ada Rivera").locator(".dot")).to_be_visible()

    ada.locator("parley-composer").get_by_role("textbox").press_sequentially("See you on **Wedn", delay=30)
    entry = petra.locator("parley-inbox .entry", has_text="Ada Rivera")
    expect(entry).to_contain_text("typing…")
    write(ada, "See you on **Wednesday**!")
    expect(entry).to_contain_text("See you on Wednesday!")
    expect(entry.locator(".badge")).to_contain_text("1 unread message")
    entry.locator(".open").click()
    write(petra, "Yes, at four.")

    expect(ada.locator("parley-inbox .entry.current .said")).to_contain_text("Yes, at four.")
    petra.get_by_role("button", name="Back").click()
    expect(entry.locator(".said")).to_contain_text("You:Yes, at four.")
    expect(entry.locator(".mark.read")).to_be_visible()
    assert violations(ada) == []
    assert violations(petra) == []


def test_a_conversation_is_pinned_muted_and_archived_on_every_device(pages: Pages, demo: Screens) -> None:
    first = demo.screen(pages, "cleo")
    second = demo.screen(pages, "cleo", profile=PHONE)
    title = "Castle, block 3"

    def choose(item: str) -> None:
        first.get_by_role("button", name=f"Actions for {title}").click(force=True)
        first.get_by_role("menuitem", name=item).click()

    choose("Pin")
    expect(second.locator("parley-inbox .title").first).to_have_text(title)
    choose("Mute for a day")
    expect(second.locator("parley-inbox .entry.muted .title")).to_have_text(title)
    choose("Archive")
    expect(second.locator("parley-inbox .title", has_text=title)).to_have_count(0)
    second.locator(".chip", has_text="Archived").click()
    expect(second.locator("parley-inbox .title")).to_have_text([title])


def test_a_search_finds_a_message_and_goes_there(pages: Pages, demo: Screens) -> None:
    page = demo.screen(pages, "sam")

    page.get_by_role("searchbox").first.fill("magma")
    expect(page.locator("parley-inbox .hit mark")).to_have_text("magma")
    page.locator("parley-inbox .hit").click()

    expect(page.locator("parley-thread")).to_contain_text("label the magma chamber")


def test_a_group_is_made_and_its_members_learn_of_it(pages: Pages, demo: Screens) -> None:
    grace = demo.screen(pages, "grace")
    otto = demo.screen(pages, "otto", profile=PHONE)
    expect(otto.locator("parley-inbox .entry").first).to_be_visible()

    grace.get_by_role("button", name="New", exact=True).click()
    grace.get_by_role("button", name="New group").click()
    grace.keyboard.type("otto")
    grace.locator(".person", has_text="Otto Brandt").click()
    grace.get_by_role("button", name="Next").click()
    grace.get_by_label("Name of the group").fill("The night shift")
    grace.keyboard.press("Enter")
    expect(grace.locator("parley-thread")).to_contain_text("The night shift")
    expect(grace.get_by_role("textbox", name="Write a message")).to_be_focused()

    expect(otto.locator("parley-inbox .title", has_text="The night shift")).to_be_visible()
    grace.get_by_role("button", name="Details").click()
    grace.locator("parley-details").get_by_role("button", name="Members", exact=True).click()
    expect(grace.locator("parley-details .member")).to_have_count(2)
    grace.locator("parley-details").get_by_role("button", name="Rename").click()
    grace.get_by_role("textbox", name="Name of the group").fill("The late shift")
    grace.get_by_role("button", name="Save").click()
    expect(otto.locator("parley-inbox .title", has_text="The late shift")).to_be_visible()


def test_a_message_from_a_button_comes_as_a_toast(pages: Pages, demo: Screens) -> None:
    cleo = demo.screen(pages, "cleo", "page")
    basil = demo.screen(pages, "basil", "page", PHONE)
    expect(cleo.get_by_role("button", name="Message Basil Weber")).to_be_visible()

    basil.get_by_role("button", name="Message Cleo Marchetti").click()
    basil.get_by_role("textbox", name="Write a message").fill("Is the pattern for beginners?")
    basil.keyboard.press("Enter")
    expect(basil.get_by_text("Your message was sent.")).to_be_visible()

    expect(cleo.locator("parley-toasts .words")).to_contain_text("Is the pattern for beginners?")
    expect(cleo.locator("parley-unread .badge")).to_be_visible()
    cleo.locator("parley-toasts .open").click()
    expect(cleo.locator("parley-chat parley-thread")).to_contain_text("Is the pattern for beginners?")
    expect(cleo.locator("parley-unread .badge")).to_have_count(0)


def test_a_person_without_the_right_reads_why(pages: Pages, demo: Screens) -> None:
    page = demo.screen(pages, "petra", "page")

    page.get_by_role("button", name="Message Cleo Marchetti").click()

    expect(page.get_by_role("dialog").get_by_role("alert")).to_be_visible()
    expect(page.get_by_role("dialog").get_by_role("alert")).not_to_contain_text("`")
    assert violations(page) == []


def test_a_customer_asks_and_an_agent_answers(pages: Pages, demo: Screens) -> None:
    page = demo.screen(pages, "basil", "support")
    page.get_by_role("button", name="New request").first.click()
    page.get_by_label("Subject").fill("Where is the second chart?")
    page.get_by_label("Category").select_option("complaint")
    page.get_by_label("How can we help?").fill("It is **not** in the file.")
    shot: FilePayload = {"name": "chart.png", "mimeType": "image/png", "buffer": picture()}
    twice: FilePayload = {"name": "twice.png", "mimeType": "image/png", "buffer": picture()}
    page.locator("parley-support input[type=file]").first.set_input_files([shot, twice])
    page.get_by_role("button", name="Remove twice.png").click()
    page.get_by_role("button", name="Send request").click()
    expect(page.locator("parley-thread")).to_contain_text("It is not in the file.")
    expect(page.locator("parley-thread").get_by_role("button", name="Open picture chart.png")).to_be_visible()
    ticket = demo.ask("basil", "GET", "/support/tickets")["tickets"][0]

    otto = demo.screen(pages, "otto", "desk")
    otto.get_by_role("switch", name="On duty").check()
    otto.locator(".chip", has_text="Nobody").click()
    otto.locator(".ticket", has_text="Where is the second chart?").click()
    expect(otto.locator(".note.plain")).to_contain_text("It is not in the file.")  # nobody is in it yet
    otto.get_by_role("button", name="Take").click()
    expect(page.locator(".ticket[aria-current] .status")).to_have_text("In progress")
    expect(page.locator("parley-thread")).to_contain_text("In charge: Otto Brandt")
    otto.get_by_role("tab", name="Notes").click()
    otto.get_by_role("textbox", name="Write a note for the agents").fill("A *regular* customer.")
    otto.keyboard.press("Enter")
    expect(otto.locator(".note")).to_contain_text("A regular customer.")
    otto.get_by_role("tab", name="Conversation").click()
    otto.get_by_role("button", name="Canned replies").click()
    otto.get_by_role("menuitem").first.click()
    field = otto.get_by_role("textbox", name="Write a message")
    expect(field).to_have_value(re.compile("Basil"))
    field.press("End")
    field.press_sequentially(" Here it is.")
    otto.keyboard.press("Enter")
    expect(page.locator("parley-thread")).to_contain_text("Here it is.")
    assert violations(otto) == []
    page.get_by_role("button", name="It is solved").click()
    page.locator(".stars label").nth(4).click()
    page.get_by_role("button", name="Send rating").click()
    expect(page.get_by_text("Your rating: 5 stars")).to_be_visible()

    assert violations(page) == []
    assert demo.ask("otto", "GET", f"/support/tickets/{ticket['id']}")["rating"] == 5
