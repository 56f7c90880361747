"""The page at the root of `make run`, as a newcomer meets it."""

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import FrameLocator, Locator, Page, expect

from local.demo import GROUP, PERSONAS
from tests.e2e.stack import PATIENCE_S, Stack, running
from tests.web.browser import DESKTOP, PHONE, TABLET, Pages, Profile
from tests.web.sources import violations

JSON = {"Content-Type": "application/json"}


def root(stack: Stack) -> str:
    return stack.rest_url.removesuffix("/v1")


def ask(stack: Stack, method: str, path: str, body: object = None, **headers: str) -> httpx.Response:
    sent = {**JSON, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return httpx.request(method, root(stack) + path, json=body, headers=sent, timeout=3 * PATIENCE_S)


@pytest.fixture(scope="module")
def seeded(stack: Stack) -> Stack:
    assert ask(stack, "POST", "/local/demo/seed", {}).status_code == 204
    return stack


def listed(stack: Stack, user_id: str, path: str) -> list[dict[str, Any]]:
    """Returns what a list shows one of the demo's people."""
    token = ask(stack, "POST", "/local/demo/token", {"user_id": user_id}).json()["token"]
    answer = httpx.get(stack.rest_url + path, headers={"Authorization": f"Bearer {token}"}, timeout=PATIENCE_S)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = next(value for value in answer.json().values() if isinstance(value, list))
    return found


# --- its routes ------------------------------------------------------------------------------------------------------


def test_each_persona_gets_a_token_and_nobody_else(stack: Stack) -> None:
    people = ask(stack, "GET", "/local/demo").json()["personas"]

    assert [each["user_id"] for each in people] == [each.user_id for each in PERSONAS]
    for user_id in (each["user_id"] for each in people):
        assert ask(stack, "POST", "/local/demo/token", {"user_id": user_id}).json()["token"].count(".") == 2
    for user_id in ("mallory", "demo-host", "", "demo-ADA"):
        refused = ask(stack, "POST", "/local/demo/token", {"user_id": user_id})
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (400, "/user_id")


@pytest.mark.parametrize("path", ["/local/demo/token", "/local/demo/seed"])
def test_pages_of_other_sites_get_nothing(stack: Stack, path: str) -> None:
    body = {"user_id": PERSONAS[0].user_id}

    for origin in ("https://elsewhere.example", "null"):
        assert ask(stack, "POST", path, body, Origin=origin).status_code == 403
    assert ask(stack, "POST", path, body, Content_Type="text/plain").status_code == 415


def test_the_nine_roles_of_the_five_systems_are_there() -> None:
    titles = [persona.title.lower() for persona in PERSONAS]

    assert titles == ["teacher", "student", "parent", "creator", "player", "buyer", "customer", "agent", "admin"]


def test_seeding_again_changes_nothing(seeded: Stack) -> None:
    before = listed(seeded, "demo-ada", "/conversations")

    assert ask(seeded, "POST", "/local/demo/seed", {}).status_code == 204

    assert listed(seeded, "demo-ada", "/conversations") == before
    assert [each["title"] for each in before if each["type"] == "group"] == [GROUP]


def test_a_stack_that_starts_again_does_not_seed_again(tmp_path: Path) -> None:
    counts = []
    for _ in range(2):
        with running(tmp_path / "state") as stack:
            assert ask(stack, "POST", "/local/demo/seed", {}).status_code == 204
            [group] = [each for each in listed(stack, "demo-sam", "/conversations") if each["type"] == "group"]
            counts.append(len(listed(stack, "demo-sam", f"/conversations/{group['id']}/messages")))

    assert counts[0] == counts[1]


def test_everybody_finds_something(seeded: Stack) -> None:
    for persona in PERSONAS:
        assert listed(seeded, persona.user_id, "/conversations"), persona
    contexts = {
        each["context"]["type"]
        for persona in PERSONAS
        for each in listed(seeded, persona.user_id, "/conversations")
        if each.get("context")
    }
    assert {"class", "block", "pattern", "booking"} <= contexts
    pictures = [
        each["metadata"]["picture"] for each in listed(seeded, "demo-cleo", "/conversations") if each["context"]
    ]
    assert pictures and all(ask(seeded, "GET", path).status_code == 200 for path in pictures)
    assert len(listed(seeded, "demo-layla", "/support/tickets")) == 2
    assert {each["status"] for each in listed(seeded, "demo-otto", "/support/tickets/admin/all")} == {
        "open",
        "in_progress",
        "resolved",
    }
    assert len(listed(seeded, "demo-grace", "/admin/reports")) == 1
    assert len(listed(seeded, "demo-otto", "/support/canned-replies")) == 2


# --- the page --------------------------------------------------------------------------------------------------------


@pytest.fixture
def page(seeded: Stack, pages: Pages) -> Iterator[Page]:
    yield opened(seeded, pages, "/")


def opened(stack: Stack, pages: Pages, path: str, profile: Profile = DESKTOP, **options: Any) -> Page:
    page = pages.open(root(stack) + path, profile, **options)
    expect(page.locator("#notice")).to_be_hidden(timeout=60_000)
    return page


def person(page: Page, side: str) -> Any:
    return page.get_by_label(f"The person on the {side}")


def test_two_people_are_there_at_once(page: Page) -> None:
    assert person(page, "left").input_value() == "demo-ada"
    assert person(page, "right").input_value() == "demo-sam"
    expect(page.frame_locator("iframe >> nth=0").locator("#screen")).not_to_have_attribute("aria-busy", "true")


def test_the_page_says_where_it_is_in_its_address(seeded: Stack, pages: Pages, page: Page) -> None:
    person(page, "left").select_option("demo-layla")
    page.get_by_label("Theme").select_option("dark")
    page.locator(".pane").nth(0).get_by_role("button", name="Support").click()
    expect(page).to_have_url(re.compile(r"\?left=demo-layla&theme=dark&left-screen=support$"))

    page.reload()

    expect(person(page, "left")).to_have_value("demo-layla")
    assert page.locator("html").get_attribute("data-theme") == "dark"
    expect(page.locator(".pane").nth(0).get_by_role("button", name="Support")).to_have_attribute("aria-pressed", "true")
    again = opened(seeded, pages, "/?left=nobody&left-screen=desk")
    assert person(again, "left").input_value() == "demo-ada"


def test_a_phone_shows_one_person_with_a_switch(seeded: Stack, pages: Pages) -> None:
    page = opened(seeded, pages, "/", PHONE)
    left, right = page.locator(".pane").nth(0), page.locator(".pane").nth(1)
    expect(left).to_be_visible()
    expect(right).to_be_hidden()

    page.locator("#switch").get_by_role("button", name="Sam Okafor").tap()

    expect(left).to_be_hidden()
    expect(right).to_be_visible()


@pytest.mark.parametrize("profile", [PHONE, TABLET, DESKTOP], ids=["phone", "tablet", "desktop"])
def test_nothing_is_wider_than_the_screen(seeded: Stack, pages: Pages, profile: Profile) -> None:
    page = opened(seeded, pages, "/", profile)

    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    pages.shoot(page, f"demo-{profile.width}")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("profile", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_axe_finds_nothing(seeded: Stack, pages: Pages, profile: Profile, theme: str) -> None:
    page = opened(seeded, pages, f"/?theme={theme}", profile)
    page.get_by_text("Frames", exact=True).click()
    expect(page.locator("#rows li").first).to_be_visible()

    assert violations(page) == []
    pages.shoot(page, f"demo-{profile.width}-frames-{theme}")


def test_each_role_has_its_screen(page: Page) -> None:
    pane = page.locator(".pane").nth(1)

    def offered() -> list[str]:
        return pane.locator(".screens button").all_inner_texts()

    person(page, "right").select_option("demo-otto")
    assert offered() == ["Chat", "In a page", "Desk"]
    person(page, "right").select_option("demo-grace")
    assert offered() == ["Chat", "In a page", "Admin"]
    person(page, "right").select_option("demo-basil")
    assert offered() == ["Chat", "In a page", "Support"]


def test_the_log_shows_what_both_send_and_get(page: Page) -> None:
    page.get_by_text("Frames", exact=True).click()
    row = page.locator("#rows summary").filter(has_text="POST /local/demo/token").first
    expect(row).to_be_visible()

    row.click()

    expect(page.locator("#rows pre").first).to_contain_text("200 in")
    assert "eyJ" not in page.locator("#rows").inner_text()  # no token
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Clear").click()
    expect(page.locator("#count")).to_have_text("0")
    page.get_by_role("button", name="Go on").click()
    screen(page, "left").locator("parley-inbox").get_by_text("Spring fair").first.click()
    expect(page.locator("#rows summary").filter(has_text="join_conversation").first).to_be_visible()


# --- the people ------------------------------------------------------------------------------------------------------


def screen(page: Page, side: str) -> FrameLocator:
    return page.frame_locator(f".pane[data-side={side}] iframe")


def said(page: Page, side: str, text: str) -> Locator:
    """Returns a text in the open conversation of a side."""
    return screen(page, side).locator("parley-thread").get_by_text(text, exact=True)


def write(page: Page, side: str, text: str) -> None:
    field = screen(page, side).locator("parley-composer").get_by_role("textbox")
    field.press_sequentially(text)
    field.press("Enter")


@pytest.mark.parametrize("profile", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_two_people_talk_between_the_panes(seeded: Stack, pages: Pages, profile: Profile) -> None:
    page = opened(seeded, pages, "/?left=demo-petra&right=demo-ada", profile)
    texts = [f"Is it still four o'clock, {profile.width}?", f"Yes, see you then, {profile.width}!"]

    def turn(side: str) -> None:
        if profile is PHONE:
            page.locator(f"#switch [data-side={side}]").tap()

    for side, other in (("left", "Ada Rivera"), ("right", "Petra Lindqvist")):
        turn(side)
        screen(page, side).locator("parley-inbox").get_by_text(other, exact=True).first.click()
    turn("left")
    write(page, "left", texts[0])
    turn("right")
    expect(said(page, "right", texts[0])).to_be_visible()
    write(page, "right", texts[1])
    turn("left")
    expect(said(page, "left", texts[1])).to_be_visible()
    pages.shoot(page, f"demo-{profile.width}-talk")


def test_a_customer_reads_at_once_what_an_agent_answers(seeded: Stack, pages: Pages) -> None:
    subject, answer = "My seats are not confirmed", "Both seats are confirmed now."
    page = opened(seeded, pages, "/?left=demo-layla&right=demo-otto&left-screen=support&right-screen=desk")
    for side in ("left", "right"):
        screen(page, side).get_by_text(subject, exact=True).first.click()

    desk = screen(page, "right").locator("parley-desk")
    desk.get_by_placeholder("Write a message").fill(answer)
    desk.get_by_role("button", name="Send", exact=True).click()

    expect(said(page, "left", answer)).to_be_visible()
    pages.shoot(page, "demo-1440-desk")

    admin = seeded.person("sue", role="support_admin")
    effects = {"reply": "Have a good trip, {{requester.name}}.", "status": "waiting_on_customer", "add_tags": ["seats"]}
    admin.post("/support/macros", title="Good trip", effects=effects)
    desk.get_by_role("button", name="Macros").click()
    desk.get_by_role("menuitem", name="Good trip").click()
    expect(desk.get_by_role("dialog")).to_contain_text("Have a good trip, {{requester.name}}.")
    desk.get_by_role("button", name="Apply").click()
    for side in ("left", "right"):
        expect(said(page, side, "Have a good trip, ليلى حداد.")).to_be_visible()
    expect(desk.locator(".top .status")).to_have_text("Waiting for the customer")
    expect(screen(page, "left").locator(".top .status")).to_have_text("Waiting for you")


def test_an_article_helps_a_customer_and_a_macro_an_agent(seeded: Stack, pages: Pages) -> None:
    admin = seeded.person("sue", role="support_admin")
    wanted = {"title": "Change the name on a ticket", "language": "en-GB", "state": "published"}
    article = admin.post("/support/articles", text="Open **My bookings**, and choose the name.", **wanted)["id"]
    page = opened(seeded, pages, "/?left=demo-layla&right=demo-otto&left-screen=support&right-screen=desk")
    support = screen(page, "left").locator("parley-support")
    support.evaluate("one => one.setAttribute('articles', '')")
    support.get_by_role("searchbox", name="Search for help").fill("chan nam")
    expect(support.locator(".suggested mark")).to_have_text(["Chan", "nam", "nam"])
    support.get_by_role("button", name="New request").first.click()
    support.get_by_label("Subject").press_sequentially("The name on my ticket")
    support.get_by_label("How can we help?").fill("It is my old name.")
    support.get_by_role("button", name=wanted["title"]).click()
    expect(support.locator(".article strong")).to_have_text("My bookings")

    support.get_by_role("button", name="Yes", exact=True).click()
    support.get_by_role("button", name="My problem is solved").click()
    expect(support.get_by_role("heading", name="Good that it is solved")).to_be_visible()
    assert admin.get(f"/support/articles/{article}")["votes"] == {"helped": 1, "not_helped": 0, "saved_tickets": 1}
    support.get_by_role("button", name="Back to my request").click()
    support.get_by_role("button", name="Send request").click()

    expect(support.locator("parley-thread")).to_contain_text("It is my old name.")
    votes: dict[str, int] = {}
    ends_at = time.monotonic() + PATIENCE_S
    while votes.get("saved_tickets") != 0 and time.monotonic() < ends_at:  # the vote follows the request
        votes = admin.get(f"/support/articles/{article}")["votes"]
    assert votes == {"helped": 1, "not_helped": 0, "saved_tickets": 0}

    # An agent who is not in the ticket takes it with a macro.
    admin.post("/support/macros", title="Mine", effects={"reply": "I look at it.", "take": True})
    desk = screen(page, "right").locator("parley-desk")
    desk.get_by_role("searchbox").first.fill("name on my ticket")
    desk.locator(".ticket", has_text="The name on my ticket").click()
    desk.get_by_role("button", name="Macros").click()
    desk.get_by_role("menuitem", name="Mine").click()
    desk.get_by_role("button", name="Apply").click()
    for side in ("left", "right"):
        expect(said(page, side, "I look at it.")).to_be_visible()
    expect(desk.get_by_role("button", name="Agent: You")).to_be_visible()


def test_somebody_else_is_taken_and_finds_their_own_conversations(page: Page) -> None:
    person(page, "right").select_option("demo-yuki")

    inbox = screen(page, "right").locator("parley-inbox")
    expect(inbox.get_by_text("Castle, block 3")).to_be_visible()
    expect(inbox.get_by_text("Class 7b")).to_have_count(0)


def test_the_log_shows_the_frames_of_both(page: Page) -> None:
    page.get_by_text("Frames", exact=True).click()

    for side in ("left", "right"):
        screen(page, side).locator("parley-inbox").get_by_text("Class 7b: volcanoes").first.click()
    write(page, "left", "A frame, please.")

    rows = page.locator("#rows summary")
    expect(rows.filter(has_text="Ada Rivera").filter(has_text="ack send_message").first).to_be_visible()
    expect(rows.filter(has_text="Sam Okafor").filter(has_text="new_message").first).to_be_visible()


@pytest.mark.parametrize(("lang", "word"), [("de", "Nachrichten"), ("ar", "الرسائل")])
def test_the_language_and_its_direction_are_those_of_the_settings(
    seeded: Stack, pages: Pages, lang: str, word: str
) -> None:
    page = opened(seeded, pages, f"/?lang={lang}")

    expect(screen(page, "left").locator("parley-inbox").get_by_text(word).first).to_be_visible()
    assert screen(page, "left").locator("html").get_attribute("dir") == ("rtl" if lang == "ar" else None)
    pages.shoot(page, f"demo-1440-{lang}")


def test_a_stack_that_has_gone_is_said(seeded: Stack, pages: Pages) -> None:
    pages.allow("Failed to load resource|net::ERR")
    page = pages.device().new_page()
    page.route("**/local/demo", lambda route: route.abort())
    page.goto(f"{root(seeded)}/")

    expect(page.locator("#notice")).to_have_text(re.compile("Is `make run` still running"))


def test_a_person_has_a_window_of_their_own(seeded: Stack, pages: Pages, page: Page) -> None:
    address = page.locator(".own-window").nth(1).get_attribute("href")

    own = pages.open(f"{root(seeded)}{address}")

    expect(own).to_have_title(re.compile("^Sam Okafor"))


def test_the_documents_that_it_links_to_are_there(seeded: Stack, page: Page) -> None:
    for link in page.locator(".links a").all():
        answer = httpx.get(root(seeded) + str(link.get_attribute("href")), timeout=PATIENCE_S)
        assert json.loads(answer.text)["info"]["title"]
