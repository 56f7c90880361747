"""Bad conditions, met by people in a browser upon the stack that `make run` starts."""

import io
import os

from PIL import Image
from playwright.sync_api import FilePayload, expect

from tests.functional.attachments import EICAR
from tests.web.browser import PHONE, SMALL_PHONE, Pages
from tests.web.talking import PATIENCE_MS, Talk, bubbles, say, shows


def test_the_first_message_to_a_person_makes_the_conversation(pages: Pages, talk: Talk) -> None:
    carol = talk.stack.person("carol")
    desk, hers = talk.on(pages, talk.alice), talk.on(pages, talk.alice, PHONE)
    desk.get_by_role("button", name="New", exact=True).click()
    desk.get_by_role("searchbox", name="Search people by name").fill("Carol")
    desk.locator(".person", has_text="Carol").first.click()

    thread = desk.locator("parley-thread")
    expect(thread.get_by_role("heading").first).to_contain_text("Carol")
    expect(thread).to_contain_text("No messages yet")
    assert carol.get("/conversations")["conversations"] == []
    say(desk, "Hello, Carol")

    shows(desk, "Hello, Carol")
    expect(desk.locator("parley-inbox .entry.current .said")).to_contain_text("Hello, Carol")
    desk.wait_for_function("() => store.current.startsWith('d_')")
    expect(desk.get_by_role("button", name="Details")).to_be_visible()
    expect(hers.locator("parley-inbox .entry", has_text="Carol")).to_be_attached()
    say(desk, "Are you there?")
    shows(desk, "Hello, Carol", "Are you there?")
    [conversation] = carol.get("/conversations")["conversations"]
    assert conversation["last_message"]["text"] == "Are you there?"


def test_what_is_written_offline_to_a_new_person_is_in_the_list_and_sent_later(pages: Pages, talk: Talk) -> None:
    pages.allow("ERR_INTERNET_DISCONNECTED|Failed to load resource")
    dora = talk.stack.person("dora")
    desk = talk.on(pages, talk.alice)
    shows(desk, "Hello, Bob")
    desk.context.set_offline(True)
    desk.evaluate("window.dispatchEvent(new Event('offline'))")
    desk.evaluate("id => document.querySelector('parley-chat').setAttribute('user', id)", dora.user_id)
    desk.evaluate("document.querySelector('parley-chat').removeAttribute('conversation')")
    say(desk, "for later")
    shows(desk, "for later")
    entry = desk.locator("parley-inbox .entry.current")
    expect(entry.locator(".said")).to_contain_text("for later")
    expect(entry.locator(".menu-button")).to_have_count(0)

    desk.context.set_offline(False)

    desk.wait_for_function("() => store.current.startsWith('d_')", timeout=PATIENCE_MS)
    shows(desk, "for later")
    [conversation] = dora.get("/conversations")["conversations"]
    assert conversation["last_message"]["text"] == "for later"
    expect(bubbles(desk).last).to_contain_text("Sent")


FORBIDDEN = "IDBFactory.prototype.open = () => { throw new DOMException('denied', 'SecurityError') }"
FULL = "IDBObjectStore.prototype.put = () => { throw new DOMException('no room', 'QuotaExceededError') }; null"
KEEPS_NOTHING = "This browser keeps nothing for later."


def test_a_browser_that_forbids_storage_says_so_and_sends_nevertheless(pages: Pages, talk: Talk) -> None:
    pages.allow("ERR_INTERNET_DISCONNECTED|Failed to load resource")
    desk = talk.on(pages, talk.alice, script=FORBIDDEN)
    alert = desk.locator("parley-composer").get_by_role("alert")
    expect(alert).to_contain_text(KEEPS_NOTHING)
    say(desk, "sent without storage")
    shows(desk, "Hello, Bob", "sent without storage")
    expect(bubbles(desk).last).to_contain_text("Sent")

    alert.get_by_role("button", name="Dismiss").click()
    desk.context.set_offline(True)
    desk.evaluate("window.dispatchEvent(new Event('offline'))")
    say(desk, "kept in memory")
    shows(desk, "Hello, Bob", "sent without storage", "kept in memory")
    expect(alert).to_have_count(0)
    desk.context.set_offline(False)
    expect(bubbles(desk).last).to_contain_text("Sent", timeout=PATIENCE_MS)


def test_a_browser_without_room_says_so_and_sends_nevertheless(pages: Pages, talk: Talk) -> None:
    desk = talk.on(pages, talk.alice)
    shows(desk, "Hello, Bob")
    desk.evaluate(FULL)  # Chromium's own override of a quota does not bind IndexedDB
    say(desk, "a full disk")
    expect(desk.locator("parley-composer").get_by_role("alert")).to_contain_text(KEEPS_NOTHING)
    shows(desk, "Hello, Bob", "a full disk")
    expect(bubbles(desk).last).to_contain_text("Sent")


def test_a_file_that_turns_out_infected_is_told_and_reaches_nobody(pages: Pages, talk: Talk) -> None:
    desk, his = talk.on(pages, talk.alice), talk.on(pages, talk.bob)
    file: FilePayload = {"name": "notes.txt", "mimeType": "text/plain", "buffer": EICAR}
    desk.locator("parley-composer input[type=file]").set_input_files([file])
    say(desk, "look at this")
    expect(bubbles(desk).last).to_contain_text("The file contains malware and was not sent.", timeout=PATIENCE_MS)
    say(desk, "no, do not")

    shows(his, "Hello, Bob", "no, do not")
    expect(his.locator("parley-thread")).not_to_contain_text("notes.txt")
    bubbles(desk).filter(has_text="look at this").get_by_role("button", name="Discard").click()
    shows(desk, "Hello, Bob", "no, do not")


def noise(side: int) -> bytes:
    """Returns a PNG that no compression makes small: three bytes for each point."""
    held = io.BytesIO()
    Image.frombytes("RGB", (side, side), os.urandom(3 * side * side)).save(held, "PNG")
    return held.getvalue()


def test_slow_3g(pages: Pages, talk: Talk) -> None:
    his = talk.on(pages, talk.bob)
    desk = talk.on(pages, talk.alice, slow=True)
    shows(desk, "Hello, Bob")
    say(desk, "over 3G")
    expect(bubbles(desk).last).to_contain_text("over 3G")
    shot: FilePayload = {"name": "shot.png", "mimeType": "image/png", "buffer": noise(120)}
    desk.locator("parley-composer input[type=file]").set_input_files([shot])
    say(desk, "a picture")
    expect(bubbles(desk).last.get_by_role("progressbar")).to_be_visible(timeout=PATIENCE_MS)
    expect(bubbles(his).last.get_by_role("button", name="Open picture")).to_be_visible(timeout=PATIENCE_MS)
    shows(his, "Hello, Bob", "over 3G", "a picture")
    expect(bubbles(desk).last).to_contain_text("Read", timeout=PATIENCE_MS)
    shows(desk, "Hello, Bob", "over 3G", "a picture")


ANOTHER_VERSION = """
const told = Object.getOwnPropertyDescriptor(MessageEvent.prototype, "data").get
const changed = (text) => {
  const frame = JSON.parse(text)
  const { message, users } = frame.data
  Object.assign(message, {kind: "hologram", depth: {of: "a field"}})
  message.attachments.push({id: "a_1", kind: "hologram", name: "h.holo", type: "model/hologram", size: 1})
  for (const user of Object.values(users)) Object.assign(user, {role: "archivist", profile_seq: 2 ** 53 - 1, rank: 7})
  return JSON.stringify({...frame, mood: "new"})
}
Object.defineProperty(MessageEvent.prototype, "data", {get() {
  const text = told.call(this)
  return typeof text === "string" && text.includes("a hologram") ? changed(text) : text
}})
window.sockets = []
const Real = WebSocket
window.WebSocket = class extends Real { constructor(...given) { super(...given); sockets.push(this) } }
"""
UNKNOWN = """id => {
  const frames = [{type: "event", event: "hologram_opened", data: {conversation_id: id}}, {type: "beacon", x: 1},
    {type: "event", event: "message_dreamt", data: {message: {id: `${id}.1`}, change_seq: "soon"}}]
  for (const frame of frames)
    sockets.at(-1).dispatchEvent(new MessageEvent("message", {data: JSON.stringify(frame)}))
}"""


def test_a_server_of_another_version(pages: Pages, talk: Talk) -> None:
    """It tells events, fields, kinds of messages and roles that this client does not know."""
    desk = talk.on(pages, talk.alice, script=ANOTHER_VERSION)
    shows(desk, "Hello, Bob")
    desk.evaluate(UNKNOWN, talk.conversation_id)
    talk.bob.post(f"/conversations/{talk.conversation_id}/messages", text="a hologram")
    shows(desk, "Hello, Bob", "a hologram")
    expect(bubbles(desk).last).to_contain_text("h.holo")
    expect(desk.locator("parley-thread header .role")).to_have_text("archivist")
    say(desk, "we still talk")
    shows(desk, "Hello, Bob", "a hologram", "we still talk")
    expect(bubbles(desk).last).to_contain_text("Sent")


def test_texts_and_names_at_their_limits(pages: Pages, talk: Talk) -> None:
    name = "א" * 128
    noam = talk.stack.known("noam", name=name)
    talk.alice.opens(noam)
    desk, his = talk.on(pages, talk.alice, SMALL_PHONE), talk.on(pages, talk.bob)
    say(desk, "e" + "\u0301" * 9_999)
    expect(bubbles(his)).to_have_count(2, timeout=PATIENCE_MS)
    assert his.evaluate("store.thread(store.current).messages.at(-1).text.length") == 10_000
    for page in (desk, his):
        box, screen = bubbles(page).last.bounding_box(), page.viewport_size
        assert box and screen and box["height"] < 2 * screen["height"]
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    desk.get_by_role("button", name="Back").click()
    expect(desk.locator("parley-inbox .title", has_text="אאא")).to_be_visible()
    assert desk.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_an_emoji_in_a_text_has_its_colours_also_if_the_font_of_the_text_has_it_without(
    pages: Pages, talk: Talk
) -> None:
    """DejaVu Sans has black emoji, and is what a Linux without other fonts writes with."""
    said = "Well done 😀"
    talk.alice.post(f"/conversations/{talk.conversation_id}/messages", text=said)
    his = talk.on(pages, talk.bob)
    shows(his, "Hello, Bob", said)

    picture = Image.open(io.BytesIO(bubbles(his).last.get_by_text(said).screenshot())).convert("HSV")
    points = zip(*(band.tobytes() for band in picture.split()), strict=True)
    hues = [hue for hue, saturation, value in points if saturation > 150 and value > 200]
    assert sum(20 < hue < 50 for hue in hues) > 20, hues  # yellow


def test_a_token_provider_that_fails_for_good_in_mid_session(pages: Pages, talk: Talk) -> None:
    pages.allow("Failed to load resource|Parley: signing in did not work")
    short = talk.stack.known(talk.alice.user_id, expires_in_s=25).token
    given = f"token: async () => (window.asks = (window.asks ?? 0) + 1) === 1 ? {short!r} : Promise.reject(new Error())"
    desk = talk.on(pages, talk.alice, script=f"window.given = {{{given}}}")
    shows(desk, "Hello, Bob")
    desk.locator("parley-inbox").get_by_role("searchbox").fill("Hello")
    expect(desk.locator("parley-inbox .hit")).to_have_count(1)  # the token is still good, though there is no newer one
    assert desk.evaluate("asks") > 1

    asks = desk.evaluate("asks")
    problem = {"status": 401, "code": "unauthorized", "detail": "The token has ended.", "title": "Unauthorized"}
    desk.route("**/v1/search**", lambda route: route.fulfill(status=401, json=problem))
    desk.locator("parley-inbox").get_by_role("searchbox").fill("Hello, B")
    expect(desk.locator("parley-chat")).to_contain_text("Signing in did not work")
    assert desk.evaluate("[store.connection.error.code, asks]") == ["no_token", asks + 2]


def test_two_people_in_two_tabs_of_one_browser(pages: Pages, talk: Talk) -> None:
    hers = talk.on(pages, talk.alice)
    his = talk.tab(hers.context, talk.bob)
    say(hers, "from Alice's tab")
    shows(his, "Hello, Bob", "from Alice's tab")
    say(his, "from Bob's tab")
    for page in (hers, his):
        shows(page, "Hello, Bob", "from Alice's tab", "from Bob's tab")
        assert page.evaluate("store.connection.isLeader")
    hers.reload()
    shows(hers, "Hello, Bob", "from Alice's tab", "from Bob's tab")
    assert hers.evaluate("store.userId") != his.evaluate("store.userId")
