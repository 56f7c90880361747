"""Two people of a running stack, each on devices of their own with `<parley-chat>` on the screen."""

import json
from dataclasses import dataclass

from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.e2e.stack import Person, Stack
from tests.web.browser import DESKTOP, Pages, Profile

WHOLE = "<style>html, body { margin: 0; height: 100% } main { height: 100% }</style>"
VIEWPORT = '<meta name="viewport" content="width=device-width, initial-scale=1">'
BODY = '<main><parley-chat conversation="%s"></parley-chat></main>'
SCRIPT = """
import { configure } from "/web/parley.js"
window.store = configure({...%s, ...window.given})
"""
PATIENCE_MS = 120_000  # a lost connection is noticed, and two tries are made: they are 30 s apart in the end


CONNECTION = "() => JSON.stringify(window.store?.connection)"

SLOW_3G = {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000}  # bytes a second


@dataclass
class Talk:
    """Two people and their conversation."""

    stack: Stack
    alice: Person
    bob: Person
    conversation_id: str

    def on(
        self,
        pages: Pages,
        person: Person,
        profile: Profile = DESKTOP,
        clock_ms: int = 0,
        script: str = "",
        slow: bool = False,
        address: str = "",
    ) -> Page:
        """Returns a new device of a person with the conversation on its screen; its clock is that much ahead.

        `script` runs before anything else does.
        """
        context = pages.device(profile, permissions=["local-network-access"])
        if script:
            context.add_init_script(script)
        if clock_ms:
            context.add_init_script(
                f"const now = Date.now; Date.now = () => now() + {clock_ms};"
                f"const Real = Date; globalThis.Date = class extends Real {{ constructor(...given) {{"
                f" super(...(given.length ? given : [Real.now()])) }} }}"
            )
        return self.tab(context, person, slow=slow, address=address)

    def tab(self, context: BrowserContext, person: Person, *, slow: bool = False, address: str = "") -> Page:
        """Returns another tab of a device with the conversation on its screen; `slow` is a network as 3G has it.

        `address` is a query: with one, the chat follows the page's address.
        """
        origin = self.stack.rest_url.removesuffix("/v1")
        connection = {"url": self.stack.rest_url, "socketUrl": self.stack.websocket_url, "token": person.token}
        page = context.new_page()
        if slow:
            context.new_cdp_session(page).send("Network.emulateNetworkConditions", SLOW_3G)
        shown = BODY % self.conversation_id
        if address:
            shown = shown.replace("<parley-chat", "<parley-chat address")
        document = f'<!doctype html><html lang="en"><head><title>Chat</title>{VIEWPORT}{WHOLE}</head><body>{shown}'
        script = f"{origin}/given/{person.user_id}.js"
        html = f'{document}<script type="module" src="{script}"></script></body></html>'
        page.route(
            script, lambda route: route.fulfill(body=SCRIPT % json.dumps(connection), content_type="text/javascript")
        )
        page.route(f"{origin}/given/page*", lambda route: route.fulfill(body=html, content_type="text/html"))
        page.goto(f"{origin}/given/page{address}")
        expect(page.locator("parley-composer textarea")).to_be_enabled(timeout=PATIENCE_MS)
        return page


def say(page: Page, text: str) -> None:
    page.locator("parley-composer textarea").fill(text)
    page.keyboard.press("Enter")


def bubbles(page: Page) -> Locator:
    return page.locator("parley-thread").get_by_role("article")


def shows(page: Page, *texts: str) -> None:
    """Waits until a device shows these messages, each once and in this order."""
    try:
        expect(bubbles(page)).to_have_count(len(texts), timeout=PATIENCE_MS)
    except AssertionError as error:
        error.add_note(f"{bubbles(page).all_inner_texts()}, {page.evaluate(CONNECTION)}")
        raise
    for index, text in enumerate(texts):
        expect(bubbles(page).nth(index)).to_contain_text(text)
