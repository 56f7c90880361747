"""Sounds, notifications of the desktop, and pushes to the browser: they tell a person who is not looking."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import CDPSession, Page, Route, expect

from tests.e2e.pushes import eventually
from tests.e2e.stack import Person, Stack
from tests.harness.web_push import Browser, PushService, push_service
from tests.web.browser import Pages
from tests.web.test_settings import settings

NEEDS_WINDOWS = True  # the browser without windows has no pushes
CHAT = '<parley-chat mode="integrated" address></parley-chat>'
# The notices of a page are counted instead of heard and seen; `hide` stands for a window that another one covers.
COUNTED = """
window.tones = 0
window.later = 0
window.shown = []
const now = performance.now.bind(performance)
performance.now = () => now() + later
const { start } = AudioScheduledSourceNode.prototype
OscillatorNode.prototype.start = function (at) { tones++; start.call(this, at) }
window.Notification = class {
  static permission = "default"
  static async requestPermission() { return Notification.permission = window.answer ?? "granted" }
  constructor(title, options) { Object.assign(this, {title, ...options, isOpen: true}); shown.push(this) }
  close() { this.isOpen = false }
}
const isSeen = async () => (await navigator.locks.query()).held.some(({name}) => name.startsWith("parley:seen:"))
window.hide = async isHidden => {
  Object.defineProperty(document, "visibilityState", {value: isHidden ? "hidden" : "visible", configurable: true})
  document.dispatchEvent(new Event("visibilitychange"))
  while ((await isSeen()) === isHidden) await new Promise(done => setTimeout(done, 20))
}
"""
OPEN = "() => shown.filter(one => one.isOpen).map(({title, body, tag}) => [title, body, tag])"


def ready(page: Page, lock: str) -> None:
    """Waits until the page holds a lock of that name."""
    page.evaluate(
        """async start => {
          const isHeld = async () => (await navigator.locks.query()).held.some(({name}) => name.startsWith(start))
          while (!(await isHeld())) await new Promise(done => setTimeout(done, 20))
        }""",
        lock,
    )


def say(person: Person, conversation_id: str, text: str) -> None:
    person.post(f"/conversations/{conversation_id}/messages", text=text)


def test_a_sound_is_made_for_what_nobody_reads(pages: Pages, stack: Stack) -> None:
    alice, bob, carol = stack.person("alice"), stack.person("bob"), stack.person("carol")
    with_bob, with_carol = alice.opens(bob), alice.opens(carol)
    page = settings(pages, stack, alice, body=CHAT, setup=COUNTED)
    entry = page.locator("parley-inbox [data-id]")
    expect(entry).to_have_count(2)

    ready(page, f"parley:seen:{alice.user_id}:")
    assert not page.evaluate("tones")
    entry.filter(has_text="Carol").click()  # browsers let a page make sounds after the first touch
    ready(page, f"parley:sound:{alice.user_id}")
    for text in ("one", "two", "three"):
        say(bob, with_bob, text)
    expect(entry.filter(has_text="three")).to_be_visible()
    page.wait_for_function("() => tones === 2")

    page.evaluate("later += 5000")
    say(carol, with_carol, "on the screen")
    expect(page.get_by_role("article")).to_have_count(1)
    alice.patch(f"/conversations/{with_bob}/settings", muted_until="2030-01-01T00:00:00Z")
    expect(entry.filter(has_text="Bob")).to_contain_text("Muted")
    say(bob, with_bob, "muted")
    expect(entry.filter(has_text="muted")).to_be_visible()
    page.evaluate("hide(true)")
    say(carol, with_carol, "behind the window")
    page.wait_for_function("() => tones === 4")

    page.evaluate("hide(false)")
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("switch", name="Sounds").uncheck()
    page.get_by_role("button", name="Close", exact=True).click()
    page.evaluate("() => { later += 5000; return hide(true) }")
    say(carol, with_carol, "silence")
    expect(page.get_by_role("article")).to_have_count(3)
    assert page.evaluate("tones") == 4

    page.evaluate("hide(false)")
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("switch", name="Sounds").check()  # which is heard at once
    page.get_by_role("button", name="1 hour").click()
    expect(page.get_by_text("Quiet until")).to_be_visible()
    page.evaluate("() => { later += 5000; return hide(true) }")
    say(carol, with_carol, "in quiet hours")
    expect(page.get_by_role("article")).to_have_count(4)
    page.get_by_role("button", name="End it now").click()
    expect(page.get_by_text("Quiet until")).to_have_count(0)
    say(carol, with_carol, "after them")
    page.wait_for_function("() => tones === 8")


def test_one_tab_of_a_browser_makes_the_sound(pages: Pages, stack: Stack) -> None:
    alice, bob = stack.person("alice"), stack.person("bob")
    conversation_id = alice.opens(bob)
    first = settings(pages, stack, alice, body=CHAT, setup=COUNTED)
    second = pages.tab(first, first.url)
    for page in (second, first):
        ready(page, f"parley:seen:{alice.user_id}:")
        page.locator("parley-inbox [role=searchbox], parley-inbox input").first.click()
        ready(page, f"parley:sound:{alice.user_id}")  # the follower has it, which was touched first

    say(bob, conversation_id, "once")
    second.wait_for_function("() => tones === 2")
    expect(first.locator("parley-inbox [data-id]")).to_contain_text("once")
    assert first.evaluate("tones") == 0
    second.close()
    first.wait_for_function("() => store.connection.status === 'online'")
    first.evaluate(
        """async id => {
          const mine = async () => (await navigator.locks.query()).held.filter(({name}) => name === id).length
          while (!(await mine())) await new Promise(done => setTimeout(done, 20))
        }""",
        f"parley:sound:{alice.user_id}",
    )
    say(bob, conversation_id, "again")
    first.wait_for_function("() => tones === 2")


def test_the_desktop_tells_while_the_page_is_not_in_front(pages: Pages, stack: Stack) -> None:
    alice, bob = stack.person("alice"), stack.person("bob")
    conversation_id = alice.opens(bob)
    page = settings(pages, stack, alice, body=CHAT, setup=COUNTED)
    page.get_by_role("button", name="Settings").click()
    page.evaluate("window.answer = 'denied'")
    page.get_by_role("switch", name="Notifications of the desktop").click()
    expect(page.get_by_text("Allow them in its settings for this site")).to_be_visible()
    expect(page.get_by_role("switch", name="Notifications of the desktop")).not_to_be_checked()
    page.evaluate("window.answer = 'granted'")
    page.get_by_role("switch", name="Notifications of the desktop").click()
    expect(page.get_by_role("switch", name="Notifications of the desktop")).to_be_checked()
    page.get_by_role("button", name="Close", exact=True).click()
    ready(page, f"parley:seen:{alice.user_id}:")

    say(bob, conversation_id, "seen in the list")
    expect(page.locator("parley-inbox [data-id]")).to_contain_text("seen in the list")
    page.evaluate("hide(true)")
    say(bob, conversation_id, "**not** seen")
    page.wait_for_function("() => shown.length === 1")
    say(bob, conversation_id, "the second")
    page.wait_for_function("() => shown.length === 2")
    assert page.evaluate(OPEN) == [["Bob", "the second", conversation_id]]
    alice.patch(f"/conversations/{conversation_id}/read-all")  # on another device
    page.wait_for_function("() => shown.every(one => !one.isOpen)")

    alice.patch("/me/notification-preferences", previews=False)
    page.reload()
    ready(page, f"parley:seen:{alice.user_id}:")
    page.evaluate("hide(true)")
    page.wait_for_function("() => store.connection.status === 'online'")
    say(bob, conversation_id, "a secret")
    page.wait_for_function("() => shown.length === 1")
    assert page.evaluate(OPEN) == [["Bob", "New messages", conversation_id]]
    page.evaluate("async () => { await hide(false); shown[0].onclick() }")
    expect(page.get_by_role("article").last).to_contain_text("a secret")
    assert f"conversation={conversation_id}" in page.url
    page.wait_for_function("() => shown.every(one => !one.isOpen)")


# No push service of a browser's maker is in reach: a subscription leads to one of this test.
SUBSCRIBED = """
const given = %s
const subscription = {endpoint: given.endpoint, toJSON: () => given, unsubscribe: async () => {
  localStorage.removeItem("subscribed")
  return true
}}
PushManager.prototype.getSubscription = async () => localStorage.getItem("subscribed") ? subscription : null
PushManager.prototype.subscribe = async ({userVisibleOnly, applicationServerKey}) => {
  if (!userVisibleOnly || applicationServerKey.length < 80) throw new Error("not asked as it should be")
  if (localStorage.getItem("broken")) throw new DOMException("push service error", "AbortError")
  localStorage.setItem("subscribed", "yes")
  return subscription
}
"""
SHOWN = """async () => {
  const registration = await navigator.serviceWorker.getRegistration("/web/worker.js")
  const all = await registration?.getNotifications() ?? []
  return all.map(({title, body, tag, silent}) => [title, body, tag, silent])
}"""
# A click of a person, as the browser tells the worker of one: without one it may open no window.
CLICK = """async () => {
  const [notification] = await registration.getNotifications()
  clients.constructor.prototype.openWindow = async url => { self.opened = url }
  self.opened = null
  dispatchEvent(new NotificationEvent("notificationclick", {notification}))
}"""


@pytest.fixture
def service() -> Iterator[PushService]:
    with push_service() as running:
        yield running


class Pushed:
    """Alice's browser, which takes pushes, and Bob, who writes to her."""

    def __init__(self, pages: Pages, stack: Stack, service: PushService) -> None:
        self.service, self.keys = service, Browser()
        self.alice, self.bob = stack.person("alice"), stack.person("bob")
        self.conversation_id = self.alice.opens(self.bob)
        given = {"endpoint": service.endpoint(self.alice.user_id), "keys": self.keys.keys()}
        setup = SUBSCRIBED % json.dumps(given)
        self.page = settings(pages, stack, self.alice, body=CHAT, setup=setup, permissions=["notifications"])
        self.origin = stack.rest_url.removesuffix("/v1")

    def switch(self, isOn: bool) -> None:
        """Sets the switch of pushes in the settings."""
        self.page.get_by_role("button", name="Settings").click()
        switch = self.page.get_by_role("switch", name="Push to this browser")
        expect(switch).to_be_enabled()
        assert switch.is_checked() != isOn
        switch.click()  # it shows the new state once the browser has agreed
        expect(self.page.get_by_role("dialog").get_by_role("status").filter(has_text="Saved")).to_be_attached()
        self.page.get_by_role("button", name="Close", exact=True).click()

    def next(self, text: str) -> str:
        """Returns the push of a message that Bob writes now, as the server has sent it."""
        before = len(self.service.bodies(self.alice.user_id))
        say(self.bob, self.conversation_id, text)
        bodies = eventually(lambda: self.service.bodies(self.alice.user_id), lambda found: len(found) > before)
        return self.keys.open(bodies[-1]).decode()

    def leave(self) -> Page:
        """Closes the page, and returns another page of this origin, without anything of Parley's."""
        blank = self.page.context.new_page()
        blank.route(
            f"{self.origin}/given/blank", lambda route: route.fulfill(body="<title>x</title>", content_type="text/html")
        )
        blank.goto(f"{self.origin}/given/blank")
        self.page.close()
        return blank


# The worker asks every page whether the person sees it, as soon as it has a push.
ASKED = """() => {
  window.pushes = 0
  navigator.serviceWorker.addEventListener("message", ({data}) => { pushes += data.parley === "visible" })
  navigator.serviceWorker.startMessages()
}"""


def deliver(page: Page, content: str) -> None:
    """Gives a push to the service worker, as the browser does after it has decrypted it.

    The browser says nothing of a push that it drops, so one that does not arrive is given again.
    """
    session: CDPSession = page.context.new_cdp_session(page)
    found: list[dict[str, Any]] = []
    session.on("ServiceWorker.workerRegistrationUpdated", lambda told: found.extend(told["registrations"]))
    session.send("ServiceWorker.enable")
    eventually(lambda: page.evaluate("1"), lambda _: bool(found))
    where = next(one for one in found if one["scopeURL"].endswith("/web/"))
    origin = where["scopeURL"].removesuffix("/web/")
    message = {"origin": origin, "registrationId": where["registrationId"], "data": content}
    if not page.evaluate("'pushes' in window"):
        page.evaluate(ASKED)
    before = page.evaluate("pushes")
    for _ in range(3):
        session.send("ServiceWorker.deliverPushMessage", message)
        if eventually(lambda: page.evaluate("pushes"), lambda pushes: pushes > before) > before:
            break
    else:
        pytest.fail("the service worker got none of three pushes")
    session.detach()


def shown(page: Page, count: int) -> Any:
    """Returns the notifications of the worker, once there are so many."""
    return eventually(lambda: page.evaluate(SHOWN), lambda found: len(found) == count)


def test_a_push_comes_without_a_page_and_leads_to_one(pages: Pages, stack: Stack, service: PushService) -> None:
    here = Pushed(pages, stack, service)
    here.switch(True)
    devices = here.alice.get("/me/devices")["devices"]
    assert [one["device_id"].split(":")[:3] for one in devices] == [["web", "Chrome", "Linux"]]
    blank = here.leave()

    content = here.next("Are you **there**?")
    deliver(blank, content)
    assert shown(blank, 1) == [["Bob", json.loads(content)["text"], here.conversation_id, False]]
    for nonsense in ("no JSON", "5", "null", json.dumps({"conversation_id": "", "message_id": 7, "text": {}})):
        deliver(blank, nonsense)
        assert ["New messages", "", "parley", False] in shown(blank, 2)
    worker = blank.context.service_workers[0]
    blank.evaluate("""async () => (await (await navigator.serviceWorker.getRegistration("/web/worker.js"))
        .getNotifications({tag: "parley"}))[0].close()""")
    worker.evaluate(CLICK)
    opened = eventually(lambda: worker.evaluate("opened"), bool)
    assert opened == f"{here.origin}/given/page?conversation={here.conversation_id}"


def test_a_page_that_can_be_seen_gets_none_and_one_behind_is_brought_to_the_front(
    pages: Pages, stack: Stack, service: PushService
) -> None:
    here = Pushed(pages, stack, service)
    page, id = here.page, here.conversation_id
    say(here.bob, id, "Where are you?")
    here.switch(True)
    ready(page, f"parley:seen:{here.alice.user_id}:")
    push = {"kind": "message", "conversation_id": id, "message_id": f"{id}.1", "title": "Bob", "count": 1, "badge": 1}

    page.evaluate("navigator.serviceWorker.addEventListener('message', ({data}) => window.asked = data.parley)")
    deliver(page, json.dumps({**push, "text": "seen", "conversation_id": "d_other"}))
    page.wait_for_function("() => window.asked === 'visible'")
    page.evaluate("Object.defineProperty(document, 'visibilityState', {value: 'hidden', configurable: true})")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    deliver(page, json.dumps({**push, "text": "not seen"}))
    assert shown(page, 1) == [["Bob", "not seen", id, False]]
    page.context.service_workers[0].evaluate(CLICK)
    expect(page.get_by_role("article")).to_contain_text("Where are you?")
    assert f"conversation={id}" in page.url and shown(page, 0) == []

    deliver(page, json.dumps({**push, "text": "read elsewhere"}))
    assert len(shown(page, 1)) == 1
    here.alice.patch(f"/conversations/{id}/read-all")
    assert shown(page, 0) == []

    page.get_by_role("button", name="Settings").click()
    page.get_by_role("switch", name="Sounds").uncheck()
    silent = "async () => (await navigator.serviceWorker.getRegistration('/web/worker.js')).active.scriptURL"
    assert "silent=1" in eventually(lambda: page.evaluate(silent), lambda url: "silent=1" in url)
    deliver(page, json.dumps({**push, "text": "silent"}))
    assert shown(page, 1) == [["Bob", "silent", id, True]]


def test_pushes_end_by_the_switch_from_another_device_and_at_sign_out(
    pages: Pages, stack: Stack, service: PushService
) -> None:
    here = Pushed(pages, stack, service)
    page, alice = here.page, here.alice

    def devices(count: int) -> int:
        return len(eventually(lambda: alice.get("/me/devices")["devices"], lambda found: len(found) == count))

    def ended() -> bool:
        count = "async () => (await navigator.serviceWorker.getRegistrations()).length"
        return bool(eventually(lambda: page.evaluate(count), lambda found: found == 0) == 0)

    page.evaluate("localStorage.broken = 'yes'")
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("switch", name="Push to this browser").click()
    expect(page.get_by_role("alert")).to_contain_text("could not sign up for pushes")
    expect(page.get_by_role("switch", name="Push to this browser")).not_to_be_checked()
    page.evaluate("localStorage.removeItem('broken')")
    page.get_by_role("switch", name="Push to this browser").click()
    own = page.get_by_role("listitem").filter(has_text="Chrome · Linux · This device")
    own.get_by_role("button", name="Remove Chrome · Linux").click()
    expect(page.get_by_role("switch", name="Push to this browser")).not_to_be_checked()
    assert devices(0) == 0 and ended()
    page.get_by_role("button", name="Close", exact=True).click()

    here.switch(True)
    assert devices(1) == 1
    here.switch(False)
    assert devices(0) == 0 and ended()

    # A renewal that was under way brings nothing back.
    here.switch(True)
    held: list[Route] = []

    def hold(route: Route) -> None:
        if route.request.method == "PUT" and not held:
            held.append(route)
        else:
            route.fallback()

    page.route("**/v1/me/devices/*", hold)
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("switch", name="Sounds").uncheck()
    eventually(lambda: page.evaluate("1") and held, bool)
    page.get_by_role("button", name="Close", exact=True).click()
    here.switch(False)
    with page.expect_response(lambda answer: answer.request.method == "DELETE"):
        held[0].continue_()
    assert devices(0) == 0 and ended()

    here.switch(True)
    alice.delete(f"/me/devices/{alice.get('/me/devices')['devices'][0]['device_id']}")  # on another device
    page.reload()
    ready(page, f"parley:seen:{alice.user_id}:")
    assert ended() and devices(0) == 0

    here.switch(True)
    assert devices(1) == 1
    page.evaluate("store.client.signOut()")
    assert devices(0) == 0 and ended()
