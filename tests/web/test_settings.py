"""`<parley-settings>` upon the stack that `make run` starts, through its visible controls."""

import json
from collections.abc import Sequence

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.stack import Person, Stack
from tests.web.around import LOOKS, calls, show_around
from tests.web.browser import DESKTOP, SMALL_PHONE, Pages, Profile
from tests.web.sources import violations

SCRIPT = """
import {{ configure }} from "/web/parley.js"
{setup}
window.store = configure({connection})
"""
TRUSTED = "require-trusted-types-for 'script'; trusted-types parley"
WHOLE = "<style>html, body {{ margin: 0; height: 100%; color-scheme: {theme} }} main {{ height: 100% }}</style>"


def settings(
    pages: Pages,
    stack: Stack,
    person: Person,
    profile: Profile = DESKTOP,
    *,
    body: str = "<parley-settings></parley-settings>",
    theme: str = "light",
    setup: str = "",
    permissions: Sequence[str] = (),
) -> Page:
    """Returns a device of a person with `body` on its screen."""
    origin = stack.rest_url.removesuffix("/v1")
    connection = {"url": stack.rest_url, "socketUrl": stack.websocket_url, "token": person.token}
    context = pages.device(profile, permissions=["local-network-access", *permissions])
    page = context.new_page()
    script = SCRIPT.format(setup=setup, connection=json.dumps(connection))
    head = f'<meta charset="utf-8"><title>Settings</title>{WHOLE.format(theme=theme)}'
    html = f'<!doctype html><html lang="en"><head>{head}</head><body><main>{body}'
    context.route(f"{origin}/given/a.js", lambda route: route.fulfill(body=script, content_type="text/javascript"))
    context.route(
        f"{origin}/given/page",
        lambda route: route.fulfill(
            body=f'{html}</main><script type="module" src="/given/a.js"></script></body></html>',
            content_type="text/html",
            headers={"Content-Security-Policy": TRUSTED},
        ),
    )
    page.goto(f"{origin}/given/page")
    return page


DOUBLE = """
const at = "2026-11-29T10:00:00.000Z"
Intl.supportedValuesOf = () => ["Europe/Berlin", "Europe/Zurich"] // a few: axe looks at each
const told = {message: true, mention: true, reaction: false, missed_call: true, ticket: true, invitation: true}
const preferences = {channels: {in_app: told, push: told, email: told}, previews: true, email_state: "bounced",
  quiet_hours: {time_zone: "Europe/Berlin", days: {mon: [["22:00", "07:00"]], tue: [["22:00", "07:00"]],
    sat: [["00:00", "24:00"]]}}, do_not_disturb_until: null, exceptions: {mention: true, urgent_ticket: false}}
const answers = {
  "GET /me/notification-preferences": preferences,
  "PATCH /me/notification-preferences": preferences,
  "GET /me/blocks": {blocks: [{user_id: "bob", blocked_at: at}], next: null},
  "GET /me/devices": {devices: [
    {device_id: "web:Firefox:Windows:1", kind: "web_push", registered_at: at, fault: null},
    {device_id: "8f14", kind: "apns", registered_at: at, fault: {state: "failed", answer: "503", since: at}}],
    next: null},
}
for (const [route, answer] of Object.entries(answers)) store.answers.set(route, answer)
store.me = {id: "alice", show_last_seen: true, locale: "de-CH", time_zone: "Europe/Zurich",
  notifications: {web_push_public_key: null}}
store.loadMe = async () => {}
store.addConversation("d_1", {})
"""
ELEMENT = "<parley-settings></parley-settings>"


def test_what_a_person_is_told_of_and_when(pages: Pages, stack: Stack) -> None:
    alice = stack.person("alice")
    page = settings(pages, stack, alice, body="<parley-inbox></parley-inbox>")
    page.get_by_role("button", name="Settings").click()

    page.get_by_role("checkbox", name="Reactions: Push").check()
    page.get_by_role("checkbox", name="Messages: E-mail").uncheck()
    page.get_by_role("switch", name="Show the words of messages").uncheck()
    page.get_by_role("switch", name="Messages that mention me").check()
    page.get_by_role("button", name="8 hours").click()
    expect(page.get_by_text("Quiet until")).to_be_visible()
    page.get_by_role("button", name="End it now").click()
    page.get_by_role("button", name="Add hours").click()
    page.get_by_label("From").fill("21:30")
    page.get_by_label("Until").fill("06:15")
    page.get_by_role("button", name="Sun", exact=True).click()
    page.get_by_label("Time zone").first.select_option("Asia/Tokyo")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("button", name="Save")).to_have_count(0)

    said = alice.get("/me/notification-preferences")
    night = [["21:30", "06:15"]]
    assert said["channels"]["push"]["reaction"] and not said["channels"]["email"]["message"]
    assert not said["previews"] and said["exceptions"]["mention"] and said["do_not_disturb_until"] is None
    assert said["quiet_hours"]["time_zone"] == "Asia/Tokyo"
    assert said["quiet_hours"]["days"]["sat"] == night and not said["quiet_hours"]["days"]["sun"]
    page.get_by_role("button", name="Remove these hours").click()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("button", name="Save")).to_have_count(0)
    assert alice.get("/me/notification-preferences")["quiet_hours"] is None


def test_a_person_their_blocks_devices_and_copies(pages: Pages, stack: Stack) -> None:
    alice, bob = stack.person("alice"), stack.person("bob")
    conversation_id = alice.opens(bob)
    alice.post(f"/conversations/{conversation_id}/messages", text="Keep this")
    alice.put(f"/users/{bob.user_id}/block")
    page = settings(pages, stack, alice)

    page.get_by_role("switch", name="Show when I was last online").click()
    page.get_by_label("Language of pushes and e-mails").select_option("fr")
    page.get_by_label("Time zone").select_option("America/Lima")
    page.get_by_role("button", name="Unblock Bob").click()
    expect(page.get_by_text("You have blocked nobody.")).to_be_visible()
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download: Bob").click()
    assert "Keep this" in download.value.path().read_text()

    me = alice.get("/me")
    assert (me["show_last_seen"], me["locale"], me["time_zone"]) == (False, "fr", "America/Lima")
    assert not alice.get("/me/blocks")["blocks"]
    page.reload()
    expect(page.get_by_role("button", name="Download: Bob")).to_be_visible()  # this device remembers it


def test_what_does_not_come_is_told_and_asked_for_again(pages: Pages) -> None:
    page = show_around(pages, ELEMENT, DOUBLE + "store.answers.set('GET /me/devices', new Error('no'))")
    devices = page.get_by_role("region", name="Devices with push")
    expect(devices.get_by_role("alert")).to_be_visible()
    page.evaluate("store.answers.set('GET /me/devices', {devices: [], next: null})")
    devices.get_by_role("button", name="Try again").click()
    expect(devices).to_contain_text("None yet.")
    page.evaluate("store.answers.set('PATCH /me/notification-preferences', new Error('no'))")
    page.get_by_role("switch", name="Show the words of messages").click()

    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_role("switch", name="Show the words of messages")).to_be_checked()
    expect(page.get_by_text("your address does not accept them")).to_be_visible()
    # The answer to a change turns nothing back that was changed since.
    page.evaluate("""window.waiting = []
      store.answers.set("PATCH /me/notification-preferences", () => new Promise(done => waiting.push(done)))""")
    page.get_by_role("switch", name="Show the words of messages").click()
    page.get_by_role("switch", name="Messages that mention me").click()
    page.evaluate("""async () => {
      waiting[0]({...store.answers.get("GET /me/notification-preferences"), previews: false})
      await new Promise(done => setTimeout(done))
    }""")
    expect(page.get_by_role("switch", name="Messages that mention me")).not_to_be_checked()


OTHER = """async () => {
  const {configure} = await import("/web/components/index.js")
  const {inboxOf} = await import("/given/people.js")
  window.store = inboxOf()
  store.userId = store.client.userId = "carol"
  store.connection = {...store.connection, status: "connecting"}
  configure({store})
}"""
OF_ALICE = """
store.answers.set("GET /admin/reports", {reports: [{id: "r", sender_id: "bob", reason: "spam", status: "open",
  created_at: at}], next: null, users: {}})
const tickets = {tickets: [{id: "t_1", number: "1", subject: "Mine", status: "open", priority: "low", tags: [],
  category: "general", requester_id: "alice", created_at: at, updated_at: at, version: 1}], next: null, users: {}}
store.answers.set("GET /support/tickets", tickets)
store.answers.set("GET /support/tickets/admin/all", tickets)
store.answers.set("GET /support/agents", {agents: []})
"""


def test_another_person_finds_nothing_that_the_one_before_has_sought_or_written(pages: Pages) -> None:
    body = "<parley-inbox></parley-inbox><parley-composer conversation='d_1'></parley-composer>"
    body += "<parley-notifications></parley-notifications><parley-toasts>"
    hits = """store.hits = [{message: {...store.thread('d_1').messages[0], text: 'A castle of Alice'}, highlights: []}]
"""
    page = show_around(pages, body, hits)
    page.get_by_role("searchbox").fill("castle")
    expect(page.get_by_text("A castle of Alice")).to_be_visible()
    page.locator("parley-composer textarea").fill("Alice writes")
    page.evaluate("store.arrive('d_2', {text: 'Alice is told', sender_id: 'carol'})")
    expect(page.locator("parley-toasts .toast")).to_be_visible()

    page.evaluate("store.delay = 60_000")
    page.get_by_role("button", name="Notifications").click()  # this answer comes for nobody
    page.evaluate(OTHER.replace('"connecting"', '"online"'))

    expect(page.get_by_role("searchbox")).to_have_value("")
    expect(page.get_by_text("A castle of Alice")).to_have_count(0)
    expect(page.locator("parley-toasts .toast")).to_have_count(0)
    expect(page.locator("parley-composer textarea")).to_have_value("")
    assert not calls(page, "setDraft")
    assert len(calls(page, "loadNotifications")) == 1


@pytest.mark.parametrize(
    ("element", "shown"),
    [("settings", ".rows .what"), ("admin", "[role=tabpanel] .row"), ("desk", ".ticket"), ("support", ".ticket")],
)
def test_another_person_sees_nothing_of_the_one_before(pages: Pages, element: str, shown: str) -> None:
    page = show_around(pages, f"<parley-{element}></parley-{element}>", DOUBLE + OF_ALICE)
    expect(page.locator(shown).first).to_be_visible()

    page.evaluate(OTHER)

    expect(page.locator(shown)).to_have_count(0)


def test_what_the_browser_forbids_is_not_saved_and_a_copy_is_waited_for(pages: Pages) -> None:
    setup = """
Notification.requestPermission = async () => "denied"
localStorage.setItem("parley:exports:alice", JSON.stringify([{id: "e_1", title: "Bob Stone"}]))
let tries = 0
store.answers.set("GET /exports/{export_id}", () => {
  if (tries++ === 0) throw Object.assign(new Error("The connection failed."), {mayPass: true})
  return {id: "e_1", state: "done", created_at: at, size_bytes: 9, url: "https://files.example/e_1"}
})
"""
    page = show_around(pages, ELEMENT, DOUBLE + setup)
    page.get_by_role("switch", name="Show the words of messages").click()
    said = page.locator("parley-settings-screen p[role=status]")
    expect(said).not_to_be_empty()
    page.get_by_role("switch", name="Notifications of the desktop").click()

    expect(said).to_be_empty()
    expect(page.get_by_role("button", name="Download: Bob Stone")).to_be_visible()


@pytest.mark.parametrize(("name", "profile", "theme", "setup"), [*LOOKS, ("small", SMALL_PHONE, "dark", "")])
def test_looks(pages: Pages, name: str, profile: Profile, theme: str, setup: str) -> None:
    page = show_around(pages, ELEMENT, DOUBLE + setup, profile, color_scheme=theme)
    expect(page.locator(".rows .danger")).to_be_visible()

    assert not violations(page)
    wide = "document.querySelector('parley-settings').root.querySelector('*').scrollWidth"
    assert page.evaluate(f"{wide} <= innerWidth && document.documentElement.scrollWidth <= innerWidth")
    page.set_viewport_size({"width": profile.width, "height": 2400})
    pages.shoot(page, f"settings-{name}")
