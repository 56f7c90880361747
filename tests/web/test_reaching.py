"""A message that was chosen elsewhere comes to the screen, on the stack that `make run` starts."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.stack import running
from tests.web.browser import DESKTOP, PHONE, Pages, Profile
from tests.web.talking import Talk

SOUGHT = "a teapot is sought"
MANY = 80
# A row is lit for 1.6 s: less than a busy machine may take to look once. So the page notes each row that was lit.
WATCH = """
globalThis.lit = []
const attach = Element.prototype.attachShadow
Element.prototype.attachShadow = function (init) {
  const root = attach.call(this, init)
  new MutationObserver((changes) => {
    for (const { type, target, addedNodes, oldValue } of changes) {
      if (/\\bflash\\b/.test(oldValue ?? "")) continue
      const found = type === "attributes" ? [target] : [...addedNodes].filter((node) => node instanceof Element)
      for (const element of found.flatMap((one) => [one, ...one.querySelectorAll(".flash")]))
        if (element.classList.contains("flash")) lit.push(element.textContent)
    }
  }).observe(root, { subtree: true, childList: true, attributeFilter: ["class"], attributeOldValue: true })
  return root
}
"""
LIMITS = ("--parameter", "SendBurst=1000", "--parameter", "SendsPerMinute=1000")


@pytest.fixture(scope="module")
def long_talk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Talk]:
    """Two people with many messages, of which the fifth is sought and pinned; another conversation is open."""
    with running(tmp_path_factory.mktemp("long"), *LIMITS) as stack:
        alice, bob = stack.person("alice"), stack.person("bob")
        conversation_id = alice.opens(bob)
        for number in range(1, MANY + 1):
            text = SOUGHT if number == 5 else f"note {number}"
            alice.post(f"/conversations/{conversation_id}/messages", text=text)
        alice.put(f"/messages/{conversation_id}.5/pin")
        yield Talk(stack, alice, bob, alice.opens(stack.person("carol")))


def reached(page: Page, text: str = SOUGHT) -> None:
    """The message was lit, and stays on the screen when more has come."""
    page.wait_for_function("text => lit.some((one) => one.includes(text))", arg=text)
    row = page.locator("parley-thread .row:not(.system)", has_text=text)
    expect(page.locator("parley-thread .spinner")).to_have_count(0)
    expect(row).to_be_in_viewport(ratio=1)


def chosen(page: Page, hit: Locator) -> None:
    page.evaluate("() => { lit = [] }")
    hit.click()
    reached(page)


def to_the_end(page: Page) -> None:
    page.get_by_role("button", name=re.compile("^Go to the newest")).click()
    expect(page.locator("parley-thread").get_by_text(f"note {MANY}")).to_be_in_viewport()


@pytest.mark.parametrize("profile", [DESKTOP, PHONE], ids=["wide", "narrow"])
def test_found_in_the_list_and_in_the_details_and_pinned(pages: Pages, long_talk: Talk, profile: Profile) -> None:
    page = long_talk.on(pages, long_talk.alice, profile, script=WATCH)
    if profile is PHONE:
        page.get_by_role("button", name="Back").click()
    page.locator("parley-inbox input[type=search]").fill("teapot")

    chosen(page, page.locator("parley-inbox .hit"))  # its conversation was not open
    if profile is DESKTOP:
        to_the_end(page)
        chosen(page, page.locator("parley-inbox .hit"))  # now it is

    to_the_end(page)
    details = page.locator("parley-details")
    page.get_by_role("button", name="Details").click()
    details.get_by_role("searchbox").fill("teapot")
    chosen(page, details.locator(".hit"))

    to_the_end(page)
    if profile is PHONE:
        page.get_by_role("button", name="Details").click()
    details.get_by_role("searchbox").fill("")
    details.get_by_role("button", name="Pinned messages").click()
    chosen(page, details.locator(".hit"))
    pages.shoot(page, f"reached-{profile.width}")


def test_named_by_the_address(pages: Pages, long_talk: Talk) -> None:
    (conversation,) = (one for one in long_talk.alice.get("/conversations")["conversations"] if one["last_seq"] > 1)
    page = long_talk.on(pages, long_talk.alice, script=WATCH, address=f"?conversation={conversation['id']}&message=5")

    reached(page)
