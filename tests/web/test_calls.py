"""Calls between people in browsers, upon the stack that `make run` starts: voices and pictures really pass."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.e2e.stack import Person, Stack
from tests.web import browser as chromium
from tests.web.around import show_around
from tests.web.browser import DESKTOP, PHONE, SMALL_PHONE, Pages, Profile
from tests.web.sources import violations
from tests.web.test_demo import opened, screen

CHAT = '<parley-chat conversation="%s"></parley-chat>'
PARTS = """<parley-toasts></parley-toasts><parley-thread conversation="%s"></parley-thread>
<parley-composer conversation="%s"></parley-composer>"""
WHOLE = "<style>html, body { margin: 0; height: 100% } main { height: 100% }</style>"
SCRIPT = """
import { configure } from "/web/parley.js"
window.store = configure(%s)
"""
ALLOWED = ("local-network-access", "microphone", "camera")
# Keeps each connection, for what it counts.
WATCH = """
window.peers = []
const Real = RTCPeerConnection
window.RTCPeerConnection = class extends Real { constructor(...given) { super(...given); peers.push(this) } }
window.received = async kind => {
  const all = []
  for (const peer of peers) for (const [, one] of await peer.getStats()) all.push(one)
  return all.filter(one => one.type === "inbound-rtp" && one.kind === kind)
    .reduce((sum, one) => sum + one.bytesReceived, 0)
}
// How many sounds there are in all tabs of this device.
window.sounds = () => Number(localStorage.sounds ?? 0)
const Sound = AudioContext
window.AudioContext = class extends Sound {
  constructor(...given) { super(...given); localStorage.sounds = sounds() + 1 }
  close() { localStorage.sounds = sounds() - 1; return super.close() }
}
"""


RINGS_ONCE = """async () => {
  const {held, pending} = await navigator.locks.query()
  return [held, pending].every(locks => locks.filter(({name}) => name.startsWith("parley:ring:")).length === 1)
}"""
SESSION = "import('/web/components/calls/session.js').then(({sessions}) => sessions.get(store))"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser that shares a screen without asking; it tells its address, because nothing resolves .local."""
    executable = chromium.find()
    if executable is None:
        chromium.leave_out(chromium.MISSING)
    arguments = ("--use-fake-ui-for-media-stream", "--disable-features=WebRtcHideLocalIpsWithMdns")
    with chromium.running(executable, *arguments) as running:
        yield running


@dataclass
class Line:
    """Two people and their conversation."""

    stack: Stack
    alice: Person
    bob: Person
    conversation_id: str
    pages: Pages

    def device(self, profile: Profile = DESKTOP, **options: str) -> BrowserContext:
        context = self.pages.device(profile, permissions=["local-network-access"], **options)
        context.add_init_script(WATCH)
        return context

    def on(self, person: Person, profile: Profile = DESKTOP, **options: str) -> Page:
        """Returns a new device of a person."""
        return self.tab(self.device(profile), person, **options)

    def tab(
        self, context: BrowserContext, person: Person, lang: str = "en", allows: str = "*", body: str = CHAT
    ) -> Page:
        """Returns a tab of a device with the conversation on its screen, which may use what `allows` names."""
        origin = self.stack.rest_url.removesuffix("/v1")
        connection = {"url": self.stack.rest_url, "socketUrl": self.stack.websocket_url, "token": person.token}
        page = context.new_page()
        direction = ' dir="rtl"' if lang == "ar" else ""
        html = (
            f'<!doctype html><html lang="{lang}"{direction}><head><title>Calls</title>'
            f'<meta name="viewport" content="width=device-width">{WHOLE}</head>'
            f"<body><main>{body.replace('%s', self.conversation_id)}</main>"
            '<script type="module" src="/given/script.js"></script></body></html>'
        )
        script = SCRIPT % json.dumps(connection)
        headers = {"Permissions-Policy": ", ".join(f"{one}={allows}" for one in ("microphone", "camera"))}
        page.route(
            f"{origin}/given/script.js", lambda route: route.fulfill(body=script, content_type="text/javascript")
        )
        page.route(
            f"{origin}/given/page", lambda route: route.fulfill(body=html, content_type="text/html", headers=headers)
        )
        page.goto(f"{origin}/given/page")
        expect(page.locator("parley-composer textarea")).to_be_enabled()
        page.wait_for_function("() => store.connection.status === 'online'")
        return page


@pytest.fixture
def line(stack: Stack, pages: Pages) -> Line:
    alice, bob = stack.person("alice"), stack.person("bob")
    conversation_id = alice.opens(bob)
    alice.post(f"/conversations/{conversation_id}/messages", text="May I call you?")
    return Line(stack, alice, bob, conversation_id, pages)


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).first.click()


def panel(page: Page) -> Locator:
    return page.locator("parley-calls-screen .panel")


def ring(page: Page) -> Locator:
    return page.locator("parley-calls-screen dialog.ring")


def talk(*pages: Page) -> None:
    """Waits until each hears what the other says."""
    for page in pages:
        page.wait_for_function("() => peers.at(-1)?.connectionState === 'connected'")
        hears(page)
        assert not panel(page).locator("video.remote").evaluate("one => one.paused || one.muted")


def hears(page: Page, kind: str = "audio") -> None:
    """Waits until what comes over the network becomes more."""
    page.wait_for_function("async kind => (window.before = await received(kind)) > 0", arg=kind)
    page.wait_for_function("async kind => await received(kind) > window.before", arg=kind)


def sees(page: Page) -> None:
    """Waits until the other person's picture is on the screen, and moves."""
    expect(panel(page).locator("video.remote")).to_be_visible()
    hears(page, "video")


def over(*pages: Page) -> None:
    for page in pages:
        expect(page.locator("parley-calls-screen :is(.panel, dialog)")).to_have_count(0)


def test_two_people_talk_show_their_faces_and_a_screen(line: Line) -> None:
    hers, his = line.on(line.alice), line.on(line.bob)
    press(hers, "Call")
    expect(panel(hers)).to_contain_text("Ringing")
    expect(ring(his)).to_contain_text("Incoming call")
    expect(ring(his)).to_be_focused()
    line.pages.shoot(his, "call-rings")
    press(his, "Answer")
    talk(hers, his)
    expect(panel(his)).to_be_focused()
    expect(panel(hers).locator(".status")).to_have_text("0:02")
    line.pages.shoot(hers, "call-audio")

    press(his, "Turn on the camera")
    sees(hers)
    press(hers, "Share your screen")
    sees(his)
    expect(panel(hers)).to_contain_text("You are sharing your screen.")
    line.pages.shoot(his, "call-video")
    line.pages.shoot(hers, "call-sharing")
    # The browser's own bar ends it, too.
    hers.evaluate(f"{SESSION}.then(one => one.local.getVideoTracks()[0].dispatchEvent(new Event('ended')))")
    expect(panel(his).locator("video.remote")).to_be_hidden()

    press(hers, "Hang up")
    over(hers, his)
    expect(hers.get_by_role("button", name="Call", exact=True)).to_be_focused()


def test_it_rings_in_one_tab_and_ends_everywhere(line: Line) -> None:
    hers = line.on(line.alice)
    device = line.device()
    first, second = line.tab(device, line.bob), line.tab(device, line.bob)
    phone = line.on(line.bob, PHONE)
    press(hers, "Video call")
    for page in (first, second, phone):
        expect(ring(page)).to_contain_text("Incoming video call")
    first.wait_for_function(RINGS_ONCE)
    for page in (first, phone):
        page.wait_for_function("() => sounds() === 1")
    # Escape makes it a bar that is silent: the other tab may sound in its place, and the call can still be answered.
    phone.keyboard.press("Escape")
    expect(ring(phone)).to_have_count(0)
    phone.wait_for_function("() => sounds() === 0")
    line.pages.shoot(phone, "call-silenced")

    press(second, "Answer with video")
    for page in (first, phone):
        over(page)
        page.wait_for_function("() => sounds() === 0")
    talk(hers, second)
    for page in (hers, second):
        sees(page)
    expect(second.get_by_role("button", name="Call", exact=True)).to_be_disabled()

    # The tab that has the connection is closed: the call goes on over another one.
    first.close()
    second.wait_for_function("() => store.connection.isLeader && store.connection.status === 'online'")
    press(hers, "Turn off the camera")
    expect(panel(second).locator("video.remote")).to_be_hidden()
    press(second, "Turn off the camera")
    expect(panel(hers).locator("video.remote")).to_be_hidden()
    # A page that is left hangs up.
    second.close()
    over(hers)


def test_a_call_is_declined_missed_and_made_again(line: Line) -> None:
    hers, his = line.on(line.alice), line.on(line.bob, body=PARTS)
    press(hers, "Call")
    ring(his).get_by_role("button", name="Decline").click()
    expect(panel(hers)).to_contain_text("The call was declined.")
    over(his)
    press(hers, "Call again")
    expect(ring(his)).to_be_visible()
    press(hers, "Hang up")
    over(hers, his)
    # Both read of the missed call, and may call again from there.
    missed = his.locator("parley-thread [part=system]")
    expect(missed).to_contain_text("Missed call from Alice")
    expect(hers.locator("parley-thread [part=system]")).to_contain_text("Nobody answered your call")
    missed.get_by_role("button", name="Call back").click()
    ring(hers).get_by_role("button", name="Answer", exact=True).click()
    talk(hers, his)
    press(hers, "Mute the microphone")
    assert hers.evaluate(f"{SESSION}.then(one => one.local.getAudioTracks()[0].enabled)") is False
    press(hers, "Make the call small")
    expect(panel(hers).get_by_role("button", name="Unmute the microphone")).to_be_visible()
    hers.locator("parley-composer textarea").fill("I can write meanwhile.")
    hers.keyboard.press("Enter")
    expect(his.locator("parley-thread")).to_contain_text("I can write meanwhile.")
    line.pages.shoot(hers, "call-small")
    press(hers, "Show the call")

    # A lost path is found again.
    his.evaluate("""() => {
        window.states = []
        peers.at(-1).addEventListener('signalingstatechange', event => states.push(event.target.signalingState))
        peers.at(-1).restartIce()
    }""")
    his.wait_for_function("() => states.join() === 'have-local-offer,stable'")
    hears(his)
    press(his, "Hang up")
    over(hers, his)
    # A page without any element that shows calls gets one with the first call.
    his.evaluate("document.querySelector('parley-toasts').remove()")
    missed.get_by_role("button", name="Call back").click()
    expect(ring(hers)).to_be_visible()
    press(his, "Hang up")
    over(hers, his)


def test_the_panes_of_the_demo_call_each_other(stack: Stack, pages: Pages) -> None:
    origin = stack.rest_url.removesuffix("/v1")
    assert httpx.post(f"{origin}/local/demo/seed", json={}, timeout=60).status_code == 204
    page = opened(stack, pages, "/?left=demo-petra&right=demo-ada&right-screen=page")
    left, right = screen(page, "left"), screen(page, "right")
    left.locator("parley-inbox").get_by_text("Ada Rivera", exact=True).first.click()
    left.get_by_role("button", name="Video call").click()
    # A page of toasts and a floating chat rings once.
    expect(right.locator("dialog.ring")).to_have_count(1)
    right.get_by_role("button", name="Answer with video").click()
    for pane in (left, right):
        expect(pane.locator(".panel video.remote")).to_be_visible()
    pages.shoot(page, "call-demo")
    right.get_by_role("button", name="Hang up").click()
    for pane in (left, right):
        expect(pane.locator(".panel")).to_have_count(0)


def test_a_microphone_that_is_not_allowed(line: Line) -> None:
    hers, his = line.tab(line.device(), line.alice, allows="()"), line.on(line.bob)
    line.pages.allow("Permissions policy violation")
    press(hers, "Call")
    expect(panel(hers)).to_contain_text("This page may not use your microphone.")
    press(hers, "Close")
    over(hers)
    # In quiet hours it rings to be seen, and to be heard nowhere; so it does without sounds.
    until = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    preferences = {"do_not_disturb_until": until}
    assert line.alice.request("PATCH", "/me/notification-preferences", preferences).status == 200
    with hers.expect_response("**/me/notification-preferences"):
        press(his, "Call")
    expect(ring(hers)).to_be_visible()
    assert hers.evaluate("sounds()") == 0
    press(his, "Hang up")
    over(hers, his)
    # One can be called all the same, and hear.
    press(his, "Call")
    press(hers, "Answer")
    expect(panel(hers).get_by_role("alert")).to_contain_text("The other person cannot hear you.")
    hears(hers)
    line.pages.shoot(hers, "call-denied")
    press(hers, "Try again")
    expect(panel(hers).get_by_role("alert")).to_be_visible()
    press(hers, "Hang up")
    over(hers, his)


# A session whose signals are the test's. Sounds are counted, and timers of 5 seconds wait for the test.
ALONE = """async () => {
  const { Session, sessions } = await import("/web/components/calls/session.js")
  Object.assign(window, {sounds: 0, hasSound: true, hungUp: false, heard: {}, timers: []})
  window.AudioContext = class {
    state = "suspended"
    constructor() {
      if (!hasSound) throw new DOMException("There is no device.", "NotSupportedError")
      sounds++
    }
    addEventListener() {}
    close() { sounds-- }
  }
  const wait = setTimeout
  window.setTimeout = (run, ms, ...more) => ms === 5000 ? timers.push(run) : wait(run, ms, ...more)
  window.configure = (await import("/web/components/index.js")).configure
  sessions.set(store, new Session(store, {on: (type, listener) => { heard[type] = listener }}))
  window.call = {conversationId: "d_1", media: "audio", hangUp() { hungUp = true }}
  window.become = (type, change) => heard[type](Object.assign(call, change))
  await import("/web/components/calls/screen.js")
  document.querySelector("main").append(document.createElement("parley-calls-screen"))
}"""


def test_a_call_that_no_screen_shows_is_silent_and_ends(pages: Pages) -> None:
    page = show_around(pages, "")
    page.evaluate(ALONE)
    page.evaluate("become('call', {state: 'incoming', isHere: false})")
    expect(page.locator("dialog.ring")).to_be_visible()
    page.wait_for_function("() => sounds === 1")
    page.evaluate("document.querySelector('parley-calls-screen').remove()")
    assert page.evaluate("sounds") == 0
    page.evaluate("document.querySelector('main').append(document.createElement('parley-calls-screen'))")
    page.wait_for_function("() => sounds === 1")
    page.evaluate("become('end', {state: 'ended', reason: 'missed', isOutgoing: false})")

    # A device without sound shows the call all the same.
    page.evaluate("hasSound = false")
    page.evaluate("become('change', {state: 'ringing', isHere: true, isOutgoing: true})")
    expect(panel(page)).to_contain_text("Ringing")
    # Nobody is signed in any more: the call is on no screen, and ends.
    page.evaluate("configure(null)")
    expect(panel(page)).to_have_count(0)
    page.evaluate("timers.splice(0).forEach(run => run())")
    assert page.evaluate("hungUp")


@pytest.mark.parametrize(
    ("name", "profile", "scheme", "lang"),
    [("light", DESKTOP, "light", "en"), ("dark-rtl", SMALL_PHONE, "dark", "ar")],
)
def test_it_is_for_everyone(line: Line, name: str, profile: Profile, scheme: str, lang: str) -> None:
    hers = line.on(line.alice)
    his = line.tab(line.device(profile, color_scheme=scheme), line.bob, lang)
    press(hers, "Video call")
    expect(ring(his)).to_be_visible()
    line.pages.shoot(his, f"call-rings-{name}")
    assert violations(his) == []
    his.keyboard.press("Tab")
    his.keyboard.press("Escape")
    expect(panel(his)).to_be_visible()
    line.pages.shoot(his, f"call-bar-{name}")
    assert violations(his) == []
    panel(his).locator(".go").last.click()
    sees(his)
    line.pages.shoot(his, f"call-seen-{name}")
    assert violations(his) == []
    panel(his).locator(".round:has(+ .end)").click()
    expect(panel(his)).to_have_class("panel small video seen")
    line.pages.shoot(his, f"call-small-{name}")
    assert violations(his) == []
    press(hers, "Hang up")
    over(his)
