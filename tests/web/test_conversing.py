"""<parley-thread> and <parley-composer> over the real store, client and stack: two people in two browsers."""

import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import FilePayload, Locator, Page, expect

from tests.e2e.stack import PATIENCE_S, Stack
from tests.web.browser import DESKTOP, PHONE, Pages, Profile
from tests.web.sources import PIXEL

SCRIPT = """
import { configure } from "/web/parley.js"
const style = new CSSStyleSheet()
style.replaceSync(`html, body, main { height: 100%%; margin: 0 } main { display: flex; flex-direction: column }
  parley-thread { flex: 1; min-height: 0 }`)
document.adoptedStyleSheets = [style]
const demo = await (await fetch("/local/demo")).json()
const token = async () => (await (await fetch("/local/demo/token", {
  method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify({user_id: "%s"}),
})).json()).token
const socketUrl = `ws://localhost:${demo.socket_port}${demo.socket_path}`
window.store = configure({url: location.origin + demo.path, socketUrl, token})
window.thread = document.querySelector("parley-thread")
"""
ANA, BEN = "demo-ada", "demo-sam"


def root(stack: Stack) -> str:
    return stack.rest_url.removesuffix("/v1")


def token(stack: Stack, user_id: str) -> str:
    answer = httpx.post(f"{root(stack)}/local/demo/token", json={"user_id": user_id}, timeout=PATIENCE_S)
    return str(answer.json()["token"])


def rest(stack: Stack, user_id: str, method: str, path: str, body: object = None) -> Any:
    headers = {"Authorization": f"Bearer {token(stack, user_id)}"}
    answer = httpx.request(method, stack.rest_url + path, json=body, headers=headers, timeout=PATIENCE_S)
    while answer.status_code == 429:
        time.sleep(answer.json()["retry_after_ms"] / 1000)
        answer = httpx.request(method, stack.rest_url + path, json=body, headers=headers, timeout=PATIENCE_S)
    assert answer.status_code < 300, answer.text
    return answer.json()


@pytest.fixture(scope="module")
def conversation(stack: Stack) -> str:
    assert httpx.post(f"{root(stack)}/local/demo/seed", json={}, timeout=3 * PATIENCE_S).status_code == 204
    listed = rest(stack, ANA, "GET", "/conversations")["conversations"]
    return next(str(one["id"]) for one in listed if one["type"] == "direct" and BEN in str(one["members"]))


@pytest.fixture
def people(stack: Stack, pages: Pages, conversation: str) -> Iterator[tuple[Page, Page]]:
    yield opened(pages, stack, ANA, conversation), opened(pages, stack, BEN, conversation, PHONE)


def opened(pages: Pages, stack: Stack, user_id: str, conversation: str, profile: Profile = DESKTOP) -> Page:
    body = (
        f'<main><parley-thread conversation="{conversation}"></parley-thread>'
        f'<parley-composer conversation="{conversation}"></parley-composer></main>'
    )
    page = pages.show(
        body, SCRIPT % user_id, profile, origin=root(stack), policy="", permissions=["local-network-access"]
    )
    expect(page.get_by_role("textbox")).to_be_visible()
    expect(messages(page).first).to_be_visible(timeout=30_000)
    return page


def messages(page: Page) -> Locator:
    return page.get_by_role("article")


def write(page: Page, text: str) -> None:
    page.get_by_role("textbox").fill(text)
    page.get_by_role("textbox").press("Enter")


def menu(page: Page, item: str) -> None:
    messages(page).last.hover()
    page.get_by_role("button", name="More").click()
    page.get_by_role("menuitem", name=item).click()


def test_what_one_writes_the_other_reads(people: tuple[Page, Page]) -> None:
    ana, ben = people

    write(ana, "Hello **Ben**")
    expect(messages(ben).last).to_contain_text("Hello Ben")
    expect(messages(ana).last).to_contain_text("Read")
    ben.get_by_role("textbox").press_sequentially("Hi")
    expect(ana.locator(".typing")).to_be_visible()
    write(ben, "Hi Ana")

    expect(messages(ana).last).to_contain_text("Hi Ana")
    expect(ana.locator(".typing")).to_have_count(0)


def test_reactions_replies_edits_pins_and_deletions_reach_the_other(people: tuple[Page, Page]) -> None:
    ana, ben = people
    write(ben, "the first version")
    expect(messages(ana).last).to_contain_text("the first version")

    messages(ana).last.hover()
    ana.locator(".toolbar .quick").first.click()
    expect(messages(ben).last.locator(".reactions")).to_contain_text("👍")
    menu(ana, "Reactions")
    expect(ana.get_by_role("dialog", name="Reactions").get_by_role("listitem")).to_contain_text(["👍"])
    ana.get_by_role("button", name="Close").click()
    menu(ana, "Pin")
    expect(messages(ben).last).to_contain_text("Pinned")
    menu(ana, "Reply")
    write(ana, "an answer")
    expect(messages(ben).last.locator(".quote")).to_contain_text("the first version")
    menu(ana, "Edit")
    write(ana, "a better answer")
    expect(messages(ben).last).to_contain_text("edited")
    expect(messages(ben).last).to_contain_text("a better answer")
    menu(ana, "Delete for everyone")
    ana.get_by_role("dialog").get_by_role("button", name="Delete").click()

    expect(messages(ben).last).to_contain_text("Message deleted")
    menu(ana, "Delete for me")
    expect(messages(ana).last).to_have_text("")


def test_a_picture_is_sent_and_seen(people: tuple[Page, Page]) -> None:
    ana, ben = people

    ana.locator("input[type=file]").set_input_files(FilePayload(name="dot.png", mimeType="image/png", buffer=PIXEL))
    write(ana, "a dot")

    expect(messages(ben).last.get_by_role("button", name="Open picture dot.png")).to_be_visible()
    picture = messages(ben).last.locator(".picture img")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") == 8
    messages(ben).last.get_by_role("button", name="Open picture dot.png").click()
    expect(ben.get_by_role("dialog", name="dot.png").locator("img")).to_be_visible()


def test_what_is_written_offline_is_sent_later(people: tuple[Page, Page]) -> None:
    ana, ben = people
    ana.context.set_offline(True)
    write(ana, "from a tunnel")
    expect(messages(ana).last).to_contain_text("from a tunnel")

    ana.context.set_offline(False)

    expect(messages(ben).last).to_contain_text("from a tunnel", timeout=60_000)
    expect(messages(ana).last).to_contain_text("Read", timeout=60_000)


def test_a_long_history_is_read_page_by_page(pages: Pages, stack: Stack, conversation: str) -> None:
    for number in range(1, 81):
        rest(stack, BEN, "POST", f"/conversations/{conversation}/messages", {"text": f"note {number}!"})
    ana = opened(pages, stack, ANA, conversation)
    expect(ana.get_by_text("New messages")).to_be_visible()
    expect(ana.get_by_text("note 1!")).to_be_visible()

    ana.get_by_role("button", name="go there").click()
    expect(ana.get_by_text("note 80!")).to_be_visible()
    ana.wait_for_function("() => store.conversation(thread.conversation).unread === 0")
    for _ in range(300):  # a slow machine draws a few frames a second
        if ana.get_by_text("note 1!").count():
            break
        ana.evaluate("thread.shadowRoot.querySelector('.scroller').scrollTop -= 700")
        ana.wait_for_timeout(80)

    expect(ana.get_by_text("note 1!")).to_be_attached()


def test_a_person_who_is_taken_out_is_told_and_one_who_is_let_in_again_reads_on(pages: Pages, stack: Stack) -> None:
    made = {"type": "group", "title": "Chess", "member_ids": [BEN]}
    group = rest(stack, ANA, "POST", "/conversations", made)["id"]
    rest(stack, ANA, "POST", f"/conversations/{group}/messages", {"text": "your move"})
    ben = opened(pages, stack, BEN, group)
    pages.allow(r"status of 404 .*/conversations/g_")

    rest(stack, ANA, "DELETE", f"/conversations/{group}/members/{BEN}")
    expect(ben.get_by_text("This conversation is not here")).to_be_visible()
    expect(ben.get_by_role("textbox")).to_have_count(0)

    rest(stack, ANA, "POST", f"/conversations/{group}/members", {"user_ids": [BEN]})
    expect(ben.get_by_text("your move")).to_be_visible()
    expect(ben.get_by_role("textbox")).to_be_visible()
