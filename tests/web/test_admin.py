"""`<parley-admin>`: every area by its visible controls, upon the stack that `make run` starts."""

import json
import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.stack import PATIENCE_S
from tests.e2e.stack import running as running_stack
from tests.web.around import HOSTILE, calls, show_around
from tests.web.browser import DESKTOP, PHONE, Pages, Profile
from tests.web.demo import Demo
from tests.web.sources import violations

# An admin who may do everything that the screen has.
RIGHTS = ("--parameter", "ModeratorReads=any", "--parameter", "SupportAdminRoles=support_admin,admin")
LOOKS = (
    ("light", DESKTOP, "light", "en"),
    ("phone-dark-rtl", PHONE, "dark", "ar"),
)


class Office(Demo):
    """The demo on a stack whose admin has every right."""

    def screen(
        self, pages: Pages, user: str = "grace", profile: Profile = DESKTOP, lang: str = "en", **more: Any
    ) -> Page:
        url = f"{self.root}/web/demo/pane.html?user=demo-{user}&screen=admin&lang={lang}"
        return pages.open(url, profile, reduced_motion="reduce", **more)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with running_stack(tmp_path_factory.mktemp("state"), *RIGHTS) as stack:
        office = Office(stack)
        office.seed()
        yield office


@pytest.fixture
def receiver() -> Iterator[tuple[str, list[str]]]:
    """A server that webhooks reach: its address, and the types of the events that it has got."""
    heard: list[str] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            heard.append(json.loads(body)["type"])
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Keeps the test's output short."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/events", heard
        server.shutdown()


def until(page: Page, holds: Callable[[], bool]) -> None:
    """Waits for what happens outside of the page."""
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end
        page.wait_for_timeout(50)


def area(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name).click()
    expect(page.get_by_role("tab", name=name)).to_have_attribute("aria-selected", "true")


def act(page: Page, name: str) -> Locator:
    """Presses a button that asks first; returns the dialog."""
    page.get_by_role("button", name=name, exact=True).first.click()
    return page.get_by_role("dialog")


def confirm(dialog: Locator, name: str) -> None:
    dialog.get_by_role("button", name=name, exact=True).click()
    expect(dialog).to_have_count(0)


def report(office: Office, text: str, note: str = "Again.") -> str:
    """A message of Yuki's that Cleo reports; returns its id."""
    body = {"type": "direct", "user_id": "demo-cleo", "context": {"type": "block", "id": "castle-3"}}
    talk = office.ask("yuki", "POST", "/conversations", body)
    sent = office.ask("yuki", "POST", f"/conversations/{talk['id']}/messages", {"text": text})
    office.ask("cleo", "POST", f"/messages/{sent['id']}/report", {"reason": "spam", "note": note})
    message: str = sent["id"]
    return message


def choose(page: Page, name: str, query: str = "") -> None:
    """Chooses a person in the dialog that is open."""
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("searchbox").fill(query or name.split()[0])
    dialog.locator(".person", has_text=name).click()


def test_a_report_is_read_claimed_and_decided(pages: Pages, office: Office) -> None:
    page = office.screen(pages)
    queue = page.locator(".queue")
    queue.locator(".row", has_text="田中ゆき").first.click()
    case = page.locator(".case")
    expect(case).to_contain_text("The same line again and again.")
    expect(case.locator(".reported")).to_contain_text("Free gems")
    expect(case).to_contain_text("Cleo Marchetti")

    page.get_by_role("button", name="Take it").click()
    expect(case.locator(".case-head .status")).to_have_text("In review")
    expect(queue.get_by_role("heading", name="No reports here")).to_be_visible()
    dialog = act(page, "Remove message")
    expect(dialog).to_contain_text("disappears for all members")
    dialog.get_by_label("Decision").fill("An advertisement")
    confirm(dialog, "Remove message")
    expect(page.get_by_text("The message was removed.")).to_be_visible()

    expect(case.locator(".case-head .status")).to_have_text("Resolved")
    expect(case.locator(".reported")).to_contain_text("Removed by a moderator")
    expect(case).to_contain_text("An advertisement")
    confirm(act(page, "Restore message"), "Restore message")
    expect(case.locator(".reported")).to_contain_text("Free gems")


def test_a_report_is_dismissed_and_opened_again_and_a_refusal_is_a_sentence(pages: Pages, office: Office) -> None:
    report(office, "Buy my towers")
    page = office.screen(pages)
    page.get_by_label("Order").select_option("newest")
    page.locator(".row").first.click()
    case = page.locator(".case")
    expect(case.locator(".reported")).to_contain_text("Buy my towers")
    first = office.ask("grace", "GET", "/admin/reports?status=open&order=newest")["reports"][0]
    office.ask("grace", "PATCH", f"/admin/reports/{first['id']}", {"version": 1, "status": "in_review"})

    pages.allow("status of 409")
    dialog = act(page, "Reject the report")
    dialog.get_by_role("button", name="Reject the report").click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    expect(case.locator(".case-head .status")).to_have_text("In review")
    dialog.get_by_label("Internal note").fill("A joke between friends")
    confirm(dialog, "Reject the report")
    expect(case.locator(".case-head .status")).to_have_text("Dismissed")
    expect(case).to_contain_text("A joke between friends")
    page.get_by_role("button", name="Open again").click()
    expect(case.locator(".case-head .status")).to_have_text("Open")

    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("menuitem", name="Close the conversation").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("nobody can write")
    confirm(dialog, "Close the conversation")
    expect(case.locator(".case-head .status")).to_have_text("Resolved")
    talk = office.ask("yuki", "GET", f"/conversations/{first['conversation_id']}")
    assert talk["state"] == "closed"
    office.ask("grace", "PUT", f"/admin/conversations/{talk['id']}/state", {"state": "open"})


def test_a_person_is_suspended_warned_and_let_back(pages: Pages, office: Office) -> None:
    page = office.screen(pages)
    area(page, "Suspensions")
    expect(page.get_by_role("heading", name="Nobody is suspended")).to_be_visible()

    dialog = act(page, "Suspend a person")
    choose(page, "Basil Weber")
    dialog.get_by_label("How long").select_option("72")
    dialog.get_by_role("button", name="Suspend", exact=True).click()
    expect(dialog.get_by_text("Fill in this field.")).to_be_visible()
    dialog.get_by_label("Reason").fill("Three warnings")
    confirm(dialog, "Suspend")
    row = page.get_by_role("row", name="Basil Weber")
    expect(row).to_contain_text("Three warnings")
    expect(row).to_contain_text("You")
    assert office.ask("basil", "GET", "/me")["suspension"]["scope"] == "write"

    dialog = act(page, "Lift")
    expect(dialog).to_contain_text("Basil Weber can write again at once.")
    confirm(dialog, "Lift")
    expect(page.get_by_role("heading", name="Nobody is suspended")).to_be_visible()
    expect(page.get_by_role("tabpanel")).to_be_focused()  # its row is gone

    dialog = act(page, "Warn a person")
    choose(page, "Basil Weber")
    dialog.get_by_label("Reason").fill("Please be kind.")
    confirm(dialog, "Warn")
    dialog = act(page, "Warnings of a person")
    choose(page, "Basil Weber")
    confirm(dialog, "Show")
    expect(page.get_by_role("region", name="Warnings of Basil Weber")).to_contain_text("Please be kind.")
    pages.allow("status of 403")
    dialog = act(page, "Suspend a person")
    dialog.get_by_role("searchbox").fill("demo-grace")
    dialog.get_by_role("button", name="Take the id demo-grace").click()
    dialog.get_by_label("Reason").fill("Me")
    dialog.get_by_role("button", name="Suspend", exact=True).click()
    expect(dialog.get_by_role("alert")).to_be_visible()


def test_words_are_banned_tried_and_let_go(pages: Pages, office: Office) -> None:
    page = office.screen(pages)
    area(page, "Banned words")
    dialog = act(page, "Add a rule")
    dialog.get_by_label("Word").first.fill("gems")
    dialog.get_by_label("What happens").select_option("reject")
    confirm(dialog, "Add")
    row = page.get_by_role("row", name="gems")
    expect(row).to_contain_text("Refuse")
    page.get_by_role("button", name="Try on reported messages").click()
    expect(page.get_by_role("region", name="Try on reported messages").locator("mark").first).to_have_text("gems")
    page.get_by_role("button", name="Edit: gems").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("What happens").select_option("mask")
    confirm(dialog, "Save")
    expect(row).to_contain_text("Mask with stars")

    # Another moderator was faster: the sentence says so, and the next try has their list.
    rules = office.ask("grace", "GET", "/admin/banned-words")
    more = [*rules["rules"], {"kind": "word", "text": "towers", "action": "flag"}]
    office.ask("grace", "PUT", "/admin/banned-words", {"version": rules["version"], "rules": more})
    pages.allow("status of 409")
    page.get_by_role("button", name="Remove gems").click()
    dialog.get_by_role("button", name="Remove", exact=True).click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    confirm(dialog, "Remove")
    expect(row).to_have_count(0)
    expect(page.get_by_role("row", name="towers")).to_be_visible()
    office.ask("grace", "PUT", "/admin/banned-words", {"version": rules["version"] + 2, "rules": []})


def test_the_tabs_follow_the_keys_and_rights_decide(pages: Pages, office: Office) -> None:
    page = office.screen(pages)
    page.get_by_role("tab", name="Reports").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Suspensions")).to_be_focused()
    expect(page.get_by_role("tabpanel", name="Suspensions")).to_be_visible()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("tab").last).to_be_focused()

    pages.allow("status of 403")
    petra = office.screen(pages, "petra")
    expect(petra.get_by_role("heading", name="You may not see this")).to_be_visible()
    assert violations(petra) == []


def test_the_log_says_what_moderators_did_and_a_search_finds_messages(pages: Pages, office: Office) -> None:
    office.ask("grace", "POST", "/admin/warnings", {"user_id": "demo-yuki", "reason": "Enough."})
    page = office.screen(pages)
    area(page, "Audit log")
    page.get_by_role("combobox", name="Act", exact=True).select_option("warn_user")
    row = page.get_by_role("row", name="田中ゆき")
    expect(row.first).to_contain_text("Warned a person")
    page.get_by_role("button", name="Who: Anyone").click()
    choose(page, "Otto Brandt")
    confirm(page.get_by_role("dialog"), "Show")
    expect(page.get_by_role("heading", name="No entries")).to_be_visible()
    page.get_by_role("button", name="Remove Otto Brandt").click()
    expect(row.first).to_be_visible()

    area(page, "Search")
    page.get_by_role("button", name="Person: Choose a person").click()
    choose(page, "田中ゆき")
    confirm(page.get_by_role("dialog"), "Show")
    page.get_by_role("button", name="Read", exact=True).first.click()
    talk = page.get_by_role("region", name="Conversation")
    expect(talk).to_contain_text("Fixed in the next build.")
    talk.get_by_role("button", name="Close").click()
    page.get_by_label("Words").fill("drawbridge")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.locator(".hits mark")).to_have_text("drawbridge")
    page.get_by_role("button", name="In the conversation").click()
    expect(talk.locator(".reported")).to_contain_text("Found")
    confirm(act(page, "Export what was found"), "Export")
    expect(page.get_by_role("link", name="Download")).to_be_visible()


def test_figures_are_charts_tables_and_files(pages: Pages, office: Office) -> None:
    page = office.screen(pages)
    until(
        page, lambda: office.ask("grace", "GET", "/admin/stats")["total"]["messages"] > 30
    )  # counted in the background
    area(page, "Figures")
    messages = page.get_by_role("figure", name="Messages", exact=True)
    expect(messages.locator(".bars rect")).to_have_count(1)
    numbers = messages.get_by_role("table", name="Messages")
    expect(numbers.get_by_role("row")).to_have_count(31)  # for a screen reader, before it is shown
    messages.get_by_role("button", name="As a table").click()
    expect(messages.locator("svg")).to_have_count(0)
    expect(messages.locator(".numbers")).to_be_visible()

    page.get_by_label("Time").select_option("7")
    expect(numbers.get_by_role("row")).to_have_count(8)
    page.get_by_label("Time").select_option("")
    today = page.get_by_label("To", exact=True).input_value()
    page.get_by_label("From", exact=True).fill(today)
    page.get_by_label("From", exact=True).blur()
    expect(numbers.get_by_role("row")).to_have_count(2)
    with page.expect_download() as told:
        page.get_by_role("region", name="Messaging").get_by_role("button", name="Download CSV").click()
    assert told.value.suggested_filename == f"messages-{today}-{today}.csv"
    head, line = told.value.path().read_text().splitlines()
    stats = office.ask("grace", "GET", f"/admin/stats?from={today}&to={today}")
    assert dict(zip(head.split(","), line.split(","), strict=True))["messages"] == str(stats["total"]["messages"])

    expect(page.get_by_role("region", name="Support").get_by_role("figure")).to_have_count(5)
    said = page.get_by_role("figure", name="First reply").locator("svg text").all_text_contents()
    assert len(set(said)) == len(said)  # also of the axis of a desk that has not replied yet
    page.get_by_role("combobox", name="Requests by").select_option("agent")
    expect(page.get_by_role("row", name="Otto Brandt").first).to_be_visible()
    expect(page.get_by_role("table", name="People", exact=True).get_by_role("row", name="田中ゆき")).to_be_visible()


def test_a_webhook_is_made_tested_and_ended(pages: Pages, office: Office, receiver: tuple[str, list[str]]) -> None:
    url, heard = receiver
    page = office.screen(pages, permissions=["clipboard-write"])
    area(page, "Webhooks")
    dialog = act(page, "Add a webhook")
    dialog.get_by_label("Address").fill("ftp://nobody")
    pages.allow("status of 400")
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    dialog.get_by_label("Address").fill(url)
    dialog.get_by_label("Events").fill("ticket.created")
    dialog.get_by_role("button", name="Add", exact=True).click()
    secret = page.get_by_role("dialog", name="The secret").locator(".secret")
    expect(secret).to_have_text(re.compile("^whsec_"))
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    first = secret.inner_text()
    page.keyboard.press("Escape")
    expect(secret).to_have_count(0)

    page.get_by_role("button", name="Test", exact=True).click()
    row = page.get_by_role("row", name="webhook.test")
    refresh = page.get_by_role("region", name="Deliveries").get_by_role("button", name="Refresh")
    until(page, lambda: heard == ["webhook.test"])
    refresh.click()
    expect(row).to_contain_text("Succeeded")
    row.get_by_role("button", name="Send again").click()
    until(page, lambda: heard == ["webhook.test"] * 2)
    page.get_by_label("Status").select_option("failed")
    expect(page.get_by_text("No deliveries with this status.")).to_be_visible()

    dialog = act(page, "Edit")
    dialog.get_by_label("What it is for").fill("The CRM")
    confirm(dialog, "Save")
    expect(page.get_by_role("listitem", name=url)).to_contain_text("The CRM")
    dialog = act(page, "New secret")
    dialog.get_by_role("button", name="New secret").click()
    expect(secret).not_to_have_text(first)
    page.keyboard.press("Escape")
    expect(page.get_by_text("Old secret until")).to_be_visible()
    dialog = act(page, "Disable")
    expect(dialog).to_contain_text(url)
    confirm(dialog, "Disable")
    expect(page.get_by_role("button", name="Enable")).to_be_visible()
    page.get_by_role("button", name="Enable").click()
    confirm(act(page, "Delete"), "Delete")
    expect(page.get_by_role("heading", name="No webhooks")).to_be_visible()


def test_a_refused_area_says_why_and_the_page_chooses_the_first(pages: Pages, office: Office) -> None:
    page = office.screen(pages)
    refusal = {"code": "moderators_only", "status": 403, "detail": "Only those who may read everything keep webhooks."}
    for path in ("webhooks", "audit**"):
        page.route(f"**/v1/admin/{path}", lambda route: route.fulfill(status=403, json=refusal))
    pages.allow("status of 403")
    expect(page.get_by_role("tab").first).to_be_visible()
    page.evaluate(
        """() => {
             const made = document.createElement("parley-admin")
             made.setAttribute("area", "audit")
             document.querySelector("#screen").replaceChildren(made)
           }"""
    )
    expect(page.get_by_role("tab", name="Audit log")).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("tab", name="Webhooks")).to_have_count(0)
    expect(page.get_by_role("tabpanel")).to_contain_text("You may not see this")
    area(page, "Suspensions")
    expect(page.get_by_role("heading", name="Nobody is suspended")).to_be_visible()


SLOW = """
const at = "2026-11-29T10:00:00.000Z"
const answers = {
  "GET /admin/reports": {reports: [], next: null, users: {}},
  "GET /admin/suspensions": {suspensions: [{user_id: "bob", scope: "all", until: at, reason: "Spam",
    suspended_by: "carol"}], next: null, users: {}},
  "GET /admin/webhooks": {webhooks: [{id: "w_1", url: "https://example.org/", events: ["*"], enabled: true,
    version: 1}]},
}
for (const [route, answer] of Object.entries(answers)) store.answers.set(route, answer)
for (const route of ["DELETE /admin/suspensions/{user_id}", "POST /admin/webhooks/{webhook_id}/test"])
  store.answers.set(route, () => new Promise((done, fail) => Object.assign(window, {done, fail})))
// Timers of what was told run when the test says so.
window.timers = []
const wait = setTimeout
window.setTimeout = (run, ms, ...more) => ms === 8000 ? timers.push(run) : wait(run, ms, ...more)
"""


def test_a_slow_act_disturbs_no_later_one(pages: Pages) -> None:
    page = show_around(pages, "<parley-admin area='suspensions'></parley-admin>", SLOW)
    act(page, "Lift").get_by_role("button", name="Lift", exact=True).click()
    page.keyboard.press("Escape")
    later = act(page, "Warnings of a person")
    page.evaluate("done({})")
    expect(page.locator(".told")).to_contain_text("Bob Stone")
    expect(later).to_be_visible()
    page.evaluate("timers.splice(0).forEach(run => run())")
    expect(page.locator(".told")).to_be_empty()
    assert page.evaluate("timers.length") == 0

    page.keyboard.press("Escape")
    act(page, "Lift").get_by_role("button", name="Lift", exact=True).click()
    page.keyboard.press("Escape")
    page.evaluate("fail(Object.assign(new Error(), {detail: 'Another admin was faster.'}))")
    expect(page.get_by_role("alert")).to_contain_text("Another admin was faster.")
    area(page, "Webhooks")
    page.get_by_role("button", name="Test", exact=True).dblclick()
    assert len(calls(page, "POST")) == 1
    act(page, "Add a webhook").get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("textbox", name="Address (URL)")).to_be_focused()


@pytest.mark.parametrize(("name", "profile", "scheme", "lang"), LOOKS)
def test_it_is_for_everyone(pages: Pages, office: Office, name: str, profile: Profile, scheme: str, lang: str) -> None:
    hostile = f"{HOSTILE[0]} {HOSTILE[2]} {HOSTILE[-1]}"
    report(office, f"{hostile} {name}", hostile)
    end = (datetime.now(UTC) + timedelta(days=30)).strftime("%Y-%m-%dT%H:%M:%SZ")
    suspension = {"until": end, "scope": "write", "reason": hostile}
    office.ask("grace", "PUT", "/admin/suspensions/demo-basil", suspension)
    page = office.screen(pages, profile=profile, lang=lang, color_scheme=scheme)
    expect(page.locator("[role=tab]").first).to_be_visible()
    for tab in page.locator("[role=tab]").all():
        tab.click()
        expect(page.locator(".bones")).to_have_count(0)
        area_name = re.sub(r".*-", "", tab.get_attribute("id") or "")
        pages.shoot(page, f"admin-{area_name}-{name}")
        assert violations(page) == [], area_name
    page.locator("[role=tab]").first.click()
    page.locator(".row").first.click()
    expect(page.locator(".case .said li").first).to_be_visible()
    pages.shoot(page, f"admin-report-{name}")
    assert violations(page) == []
    page.locator(".acts-bar .danger").last.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    pages.shoot(page, f"admin-dialog-{name}")
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.set_viewport_size({"width": 320, "height": 640})
    for tab in page.locator("[role=tab]").all():
        tab.click()
        expect(page.locator(".bones")).to_have_count(0)
        assert page.locator(".panel").evaluate("panel => panel.scrollWidth <= panel.clientWidth"), tab.inner_text()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("window.hit === undefined")
    office.ask("grace", "DELETE", "/admin/suspensions/demo-basil")
