"""`<parley-support>`: a customer's requests, the form for a new one, the conversation and the rating."""

import pytest
from playwright.sync_api import Page, expect

from tests.web.around import HOSTILE, LOOKS, calls, show_around
from tests.web.browser import PHONE, Pages, Profile
from tests.web.sources import violations

SUPPORT = "<parley-support></parley-support>"
TICKETS = """
const ticket = window.ticket = (id, number, subject, status, more = {}) => ({
  id, number, subject, status, priority: "medium", category: "booking", requester_id: "alice", assignee_id: null,
  team: null, tags: [], rating: null, merged_into: null, merged_from: [], follow_up_of: null, source_message_id: null,
  context: null, last_message: null, last_seq: 1, unread: 0, created_at: "2026-11-29T10:00:00.000Z",
  updated_at: "2026-11-29T11:00:00.000Z", version: 1, ...more})
const members = ["alice", "otto"]
const messages = [{sender_id: "alice", text: "I cannot see it."}, {sender_id: "otto", text: "One moment, please."}]
const all = [
  ticket("t_1", "104829377", "My seats are not confirmed", "in_progress", {assignee_id: "otto"}),
  ticket("t_2", "104829385", "The invoice of trip 204", "resolved", {created_at: "2026-11-27T10:00:00.000Z"}),
  ticket("t_3", "104829393", "The return flight", "waiting_on_customer", {created_at: "2026-11-20T10:00:00.000Z"}),
  ticket("t_4", "104829401", "Refund", "closed", {created_at: "2026-10-20T10:00:00.000Z", rating: 4}),
]
store.answers.set("GET /support/tickets", {tickets: all, next: null, users: {}})
for (const {id} of [...all, {id: "t_5"}])
  store.addConversation(id, {type: "ticket", members, messages, title_shown: "A ticket", other: null,
    unread: id === "t_1" ? 2 : 0})
"""


def choose(page: Page, index: int) -> None:
    page.locator(".ticket").nth(index).click()


def test_it_lists_the_requests_with_their_status(pages: Pages) -> None:
    page = show_around(pages, SUPPORT, TICKETS)

    expect(page.locator(".ticket strong")).to_have_text(
        ["My seats are not confirmed", "The invoice of trip 204", "The return flight", "Refund"]
    )
    expect(page.locator(".ticket .status")).to_have_text(["In progress", "Resolved", "Waiting for you", "Closed"])
    expect(page.locator(".ticket").first).to_contain_text("2 unread messages")
    choose(page, 0)
    expect(page.locator("parley-thread")).to_contain_text("One moment, please.")
    expect(page.locator(".top")).to_contain_text("Otto Brandt")
    expect(page.locator("parley-composer")).to_have_count(1)


def test_a_status_changes_as_the_event_comes(pages: Pages) -> None:
    page = show_around(
        pages,
        SUPPORT,
        "const heard = []; window.tell = event => heard.forEach(listener => listener(event));"
        "store.client.on = (type, listener) => { if (type === 'event') heard.push(listener); return () => {} };"
        + TICKETS,
    )
    expect(page.locator(".ticket")).to_have_count(4)

    page.evaluate(
        "tell({event: 'ticket_updated', data: {ticket: ticket('t_1', '1', 'My seats', 'resolved', {version: 3})}})"
    )
    page.evaluate(
        "tell({event: 'ticket_updated', data: {ticket: ticket('t_1', '104829377', 'Old news', 'open', {version: 2})}})"
    )

    expect(page.locator(".ticket .status").first).to_have_text("Resolved")
    expect(page.locator(".ticket strong").first).to_have_text("My seats")


def test_a_new_request_needs_a_subject_and_a_description(pages: Pages) -> None:
    page = show_around(pages, f"<div>{SUPPORT.replace('>', ' context=booking:b-81>', 1)}</div>", TICKETS)
    page.evaluate("""store.answers.set("POST /support/tickets", ({body}) =>
        ticket("t_5", "104829419", body.subject, "open", {created_at: "2026-11-29T11:59:00.000Z"}))""")
    page.get_by_role("button", name="New request").first.click()
    expect(page.get_by_label("Subject")).to_be_focused()
    page.get_by_role("button", name="Send request").click()
    expect(page.get_by_label("Subject")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_text("Fill in this field.")).to_have_count(2)
    assert calls(page, "POST") == []

    page.get_by_label("Subject").fill("Where is my ticket?")
    page.get_by_label("Category").select_option("complaint")
    page.get_by_label("How can we help?").fill("I cannot find it.")
    page.get_by_role("button", name="Send request").click()

    expect(page.locator(".ticket strong").first).to_have_text("Where is my ticket?")
    expect(page.locator("parley-thread")).to_be_visible()
    body = calls(page, "POST")[0][1]["body"]
    assert body.pop("client_id")
    assert body == {
        "subject": "Where is my ticket?",
        "description": "I cannot find it.",
        "category": "complaint",
        "context": {"type": "booking", "id": "b-81"},
    }


def test_a_request_that_fails_keeps_what_was_written(pages: Pages) -> None:
    page = show_around(pages, SUPPORT, TICKETS)
    page.evaluate(
        """store.answers.set("POST /support/tickets",
             Object.assign(new Error(), {code: "x", detail: "The desk is closed."}))"""
    )
    page.get_by_role("button", name="New request").first.click()
    page.get_by_label("Subject").fill("S")
    page.get_by_label("How can we help?").fill("D")

    page.get_by_role("button", name="Send request").click()
    expect(page.get_by_role("alert")).to_contain_text("The desk is closed.")
    page.get_by_role("button", name="Send request").click()

    expect(page.get_by_label("Subject")).to_have_value("S")
    first, second = (asked[1]["body"]["client_id"] for asked in calls(page, "POST"))
    assert first == second  # one ticket, however often it is sent


HELD = """
window.held = []
store.answers.set("POST /support/tickets", ({body}) => new Promise((done, fail) => held.push({
  done: () => done(ticket("t_5", "104829419", body.subject, "open", {created_at: "2026-11-29T11:59:00.000Z"})), fail})))
"""


def send(page: Page, subject: str, description: str) -> None:
    page.get_by_label("Subject").fill(subject)
    page.get_by_label("How can we help?").fill(description)
    page.get_by_role("button", name="Send request").click()


def test_a_request_that_is_sent_leaves_another_form_alone(pages: Pages) -> None:
    page = show_around(pages, SUPPORT, TICKETS + HELD)
    new, subject = page.locator(".head .main"), page.get_by_label("Subject")
    new.click()
    send(page, "First", "D")
    for field in (subject, page.get_by_label("How can we help?")):
        expect(field).not_to_be_editable()  # the words would be lost
    new.click()
    expect(subject).to_have_value("")
    expect(subject).to_be_editable()
    subject.fill("Second")
    page.evaluate("held[0].done()")
    expect(page.locator(".ticket strong").first).to_have_text("First")
    expect(subject).to_have_value("Second")

    send(page, "Second", "D")
    page.evaluate("held[1].fail(Object.assign(new Error(), {code: 'x', detail: 'Not now.'}))")
    expect(page.get_by_role("alert")).to_contain_text("Not now.")
    expect(subject).to_be_editable()


def test_a_request_that_was_sent_before_it_was_changed_is_said_and_the_next_try_is_another(pages: Pages) -> None:
    page = show_around(pages, SUPPORT, TICKETS + HELD)
    page.locator(".head .main").click()
    send(page, "S", "D, and more")
    page.evaluate("held[0].fail(Object.assign(new Error(), {code: 'client_id_reused', detail: 'No.'}))")
    expect(page.get_by_role("alert")).to_contain_text("was sent before you changed it")
    assert len(calls(page, "GET")) == 2  # the list shows it
    page.get_by_role("button", name="Send request").click()
    page.evaluate("held[1].done()")

    expect(page.locator("parley-thread")).to_be_visible()
    first, second = (asked[1]["body"] for asked in calls(page, "POST"))
    assert first.pop("client_id") != second.pop("client_id")
    assert first == second


def test_what_is_written_is_kept_until_it_is_sent_or_cleared(pages: Pages) -> None:
    page = show_around(pages, SUPPORT, TICKETS + HELD)
    new, description = page.locator(".head .main"), page.get_by_label("How can we help?")
    new.click()
    page.get_by_label("Category").select_option("complaint")
    description.fill("One\nTwo")
    choose(page, 3)
    page.get_by_role("button", name="Ask again").click()
    expect(description).to_have_value("")  # another request
    new.click()
    expect(description).to_have_value("One\nTwo")
    expect(page.get_by_label("Category")).to_have_value("complaint")
    send(page, "S", "D")
    page.evaluate("held[0].done()")
    expect(page.locator("parley-thread")).to_be_visible()
    new.click()
    expect(description).to_have_value("")

    description.fill("D")
    description.fill("")
    assert page.evaluate("store.draft('request::')") is None


def test_a_customer_says_that_it_is_solved_and_opens_it_again(pages: Pages) -> None:
    page = show_around(pages, SUPPORT, TICKETS)
    page.evaluate("""store.answers.set("PATCH /support/tickets/{ticket_id}", ({path, body}) =>
        ticket(path.ticket_id, "104829377", "My seats", body.status, {version: 9}))""")
    choose(page, 0)

    page.get_by_role("button", name="It is solved").click()
    expect(page.get_by_text("How was our help?")).to_be_visible()
    page.get_by_role("button", name="Open again").click()

    assert [asked[1]["body"]["status"] for asked in calls(page, "PATCH")] == ["resolved", "open"]


def test_a_rating_is_given_by_keyboard(pages: Pages) -> None:
    page = show_around(pages, SUPPORT, TICKETS)
    page.evaluate("""store.answers.set("POST /support/tickets/{ticket_id}/rating", ({body}) =>
        ticket("t_2", "104829385", "The invoice", "resolved", {version: 2, rating: body.rating}))""")
    choose(page, 1)

    page.get_by_role("radio", name="1 star", exact=True).focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.get_by_placeholder("Do you want to tell us more?").fill("Quick.")
    page.get_by_role("button", name="Send rating").click()

    expect(page.get_by_text("Your rating: 4 stars")).to_be_visible()
    assert calls(page, "POST")[0][1]["body"] == {"rating": 4, "comment": "Quick."}


def test_a_closed_request_is_continued_by_another(pages: Pages) -> None:
    page = show_around(pages, SUPPORT, TICKETS)
    page.evaluate("""store.answers.set("POST /support/tickets", ticket("t_5", "104829419", "Refund", "open"))""")
    choose(page, 3)
    expect(page.locator("parley-composer")).to_have_count(0)

    page.get_by_role("button", name="Ask again").click()
    expect(page.get_by_label("Subject")).to_have_value("Refund")
    page.get_by_label("How can we help?").fill("It did not come.")
    page.get_by_role("button", name="Send request").click()

    assert calls(page, "POST")[0][1]["body"]["follow_up_of"] == "t_4"


def test_own_categories_and_their_names(pages: Pages) -> None:
    page = show_around(pages, '<parley-support categories="visa: My visa, general, luggage"></parley-support>', TICKETS)

    page.get_by_role("button", name="New request").first.click()

    expect(page.get_by_label("Category").locator("option")).to_have_text(["My visa", "General", "luggage"])


def test_an_empty_list_and_one_that_fails(pages: Pages) -> None:
    page = show_around(pages, SUPPORT, "store.answers.set('GET /support/tickets', {tickets: [], next: null})")
    expect(page.get_by_role("heading", name="No requests yet")).to_be_visible()
    page = show_around(
        pages,
        SUPPORT,
        "store.answers.set('GET /support/tickets', Object.assign(new Error(), {code: 'x', detail: 'Not now.'}))",
    )
    expect(page.get_by_role("heading", name="Not now.")).to_be_visible()
    page.evaluate("store.answers.set('GET /support/tickets', {tickets: [], next: null})")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", name="No requests yet")).to_be_visible()


def test_a_phone_has_one_screen_and_a_way_back(pages: Pages) -> None:
    page = show_around(pages, SUPPORT, TICKETS, PHONE)
    choose(page, 0)
    expect(page.locator(".list")).to_be_hidden()

    page.get_by_role("button", name="Back").click()

    expect(page.locator(".list")).to_be_visible()


def test_hostile_subjects_are_words(pages: Pages) -> None:
    page = show_around(pages, SUPPORT, "window.hit = 0\n" + TICKETS)
    page.evaluate(
        """hostile => store.answers.set("GET /support/tickets", {next: null, tickets: hostile.map((text, n) =>
             ticket(`t_${n % 4 + 1}${n > 3 ? n : ""}`, "104829377", text, "open", {category: text}))})""",
        list(HOSTILE),
    )
    page.evaluate("document.querySelector('parley-support').replaceWith(document.createElement('parley-support'))")
    expect(page.locator(".ticket")).to_have_count(len(HOSTILE))
    choose(page, 1)

    assert page.evaluate("window.hit") == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize(("name", "profile", "scheme", "setup"), LOOKS)
def test_it_is_for_everyone(pages: Pages, name: str, profile: Profile, scheme: str, setup: str) -> None:
    page = show_around(pages, SUPPORT, setup + TICKETS, profile, color_scheme=scheme)
    expect(page.locator(".ticket")).to_have_count(4)
    pages.shoot(page, f"support-{name}")
    assert violations(page) == []
    page.locator(".head .main").click()
    page.locator("form .main").click()
    pages.shoot(page, f"support-form-{name}")
    assert violations(page) == []
    page.evaluate("document.querySelector('parley-support').setAttribute('ticket', 't_2')")
    page.evaluate(
        "document.querySelector('parley-support').replaceWith(document.querySelector('parley-support').cloneNode())"
    )
    page.locator(".stars label").nth(3).click()
    pages.shoot(page, f"support-rating-{name}")
    assert violations(page) == []


def test_the_head_of_a_request_wraps_in_a_narrow_pane_and_is_not_cut(pages: Pages) -> None:
    page = show_around(pages, SUPPORT, TICKETS)
    page.locator(".ticket").first.click()
    words = page.locator(".top .under .cut:visible")
    expect(words.first).to_be_visible()
    for width in (320, 720, 760, 900):
        page.set_viewport_size({"width": width, "height": 700})
        cut = words.evaluate_all(
            "all => all.filter(one => one.scrollWidth > one.clientWidth + 1).map(one => one.textContent)"
        )
        assert cut == [], width
        pages.shoot(page, f"support-head-{width}")
