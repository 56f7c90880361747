"""`<parley-desk>`: the agents' queue, a ticket, notes, canned replies and clocks."""

import re

import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.web.around import HOSTILE, LOOKS, calls, show_around
from tests.web.browser import PHONE, Pages, Profile
from tests.web.sources import violations

DESK = "<parley-desk></parley-desk>"
QUEUE = """
const of = window.ticket = (id, subject, more = {}) => ({
  id, number: "467-308-850", subject, status: "open", priority: "medium", category: "booking", requester_id: "bob",
  assignee_id: null, team: null, tags: [], rating: null, merged_into: null, merged_from: [], follow_up_of: null,
  source_message_id: null, context: null, last_message: null, last_seq: 1, unread: 0, version: 1,
  created_at: "2026-11-29T10:00:00.000Z", updated_at: "2026-11-29T11:00:00.000Z", ...more})
const all = window.all = [of("t_1", "My seats", {priority: "urgent"}),
  of("t_2", "The invoice", {assignee_id: "otto", status: "in_progress"})]
const filtered = ({query}) => all.filter(one => !query.assignee || query.assignee === (one.assignee_id ?? "none"))
  .filter(one => !query.status || query.status.split(",").includes(one.status))
  .filter(one => !query.q || one.subject.includes(query.q))
const clock = (due_at, ended_at = null) => ({target_ms: 1, used_ms: 0, due_at, ended_at, breached_at: null})
const mine = window.mine = more => of("t_1", "My seats", {assignee_id: "alice", ...more})
const answers = {
  "GET /support/tickets/admin/all": asked => ({tickets: filtered(asked), next: null}),
  "GET /support/queue-counts": {open: 2, unassigned: 1},
  "GET /support/agents": {agents: [{user_id: "alice", available: false}, {user_id: "otto", available: true}]},
  "PUT /support/agents/{user_id}": ({body}) => body,
  "GET /support/canned-replies": {canned_replies: [
    {id: "r1", title: "Greeting", text: "Hello {{requester.name}}", filled: "Hello Bob", shortcut: "/hello"}]},
  "GET /support/tickets/{ticket_id}/notes": {messages: [
    {id: "n_1.1", sender_id: "otto", text: "They have **called** twice.", created_at: "2026-11-29T11:00:00.000Z"}]},
  "GET /support/tickets/{ticket_id}/sla": {first_response: clock("2026-11-29T14:30:00.000Z"),
    next_response: null, resolution: clock("2026-11-29T11:30:00.000Z")},
  "POST /support/tickets/{ticket_id}/take": () => mine({status: "in_progress", version: 2}),
  "PATCH /support/tickets/{ticket_id}": ({body}) => mine({...body, version: 3}),
  "POST /support/tickets/{ticket_id}/assign": ({body}) => mine({...body, version: 4}),
  "POST /support/tickets/{ticket_id}/respond": {id: "t_1.3"},
  "POST /support/tickets/{ticket_id}/notes": {id: "n_1.2"},
}
for (const [route, answer] of Object.entries(answers)) store.answers.set(route, answer)
const heard = []
window.tell = event => heard.forEach(listener => listener(event))
store.client.on = (type, listener) => { if (type === "event") heard.push(listener); return () => {} }
for (const id of ["t_1", "t_2"])
  store.addConversation(id, {type: "ticket", other: null, messages: [{sender_id: "bob", text: "I cannot see it."}]})
"""


# The agent is not in the first ticket.
ELSEWHERE = """
const had = store.conversation.bind(store)
store.conversation = id => id === "t_1" ? null : had(id)
store.answers.set("GET /conversations/{conversation_id}/messages", {messages: []})
window.uploads = []
store.client.upload = async ({conversation_id}, {name}) => (uploads.push([conversation_id, name]), {id: "a_1"})
"""


def desk(pages: Pages, setup: str = "") -> Page:
    page = show_around(pages, DESK, QUEUE + setup)
    expect(page.locator(".ticket")).to_have_count(2)
    return page


def test_the_queue_is_filtered_by_tabs_and_words(pages: Pages) -> None:
    page = desk(pages)
    expect(page.locator(".chip")).to_have_text(["Queue2", "Mine", "Nobody’s1", "Overdue", "Resolved"])
    expect(page.locator(".ticket").first).to_contain_text("Urgent")

    page.locator(".chip", has_text="Nobody").click()
    expect(page.locator(".ticket strong")).to_have_text(["My seats"])
    page.locator(".chip", has_text="Mine").click()
    expect(page.get_by_role("heading", name="No requests wait")).to_be_visible()
    page.locator(".chip", has_text="Queue").click()
    page.get_by_role("searchbox").fill("invoice")
    expect(page.locator(".ticket strong")).to_have_text(["The invoice"])


def test_an_agent_comes_on_duty_and_hears_of_tickets(pages: Pages) -> None:
    page = desk(pages)

    page.get_by_role("switch", name="On duty").check()
    page.evaluate("tell({event: 'ticket_created', data: {ticket: ticket('t_9', 'A new one')}})")
    page.evaluate("window.newer = ticket('t_2', 'The invoice', {status: 'waiting_on_customer', version: 2})")
    page.evaluate("tell({event: 'ticket_updated', data: {ticket: newer}})")

    expect(page.locator(".ticket strong")).to_have_text(["My seats", "The invoice", "A new one"])
    expect(page.locator(".ticket .status").nth(1)).to_have_text("Waiting for the customer")
    assert calls(page, "PUT")[0][1]["body"] == {"available": True}


def test_lists_and_their_numbers_follow_what_becomes_of_tickets(pages: Pages) -> None:
    page = desk(pages)
    queue, nobody = page.locator(".chip").nth(0), page.locator(".chip").nth(2)
    nobody.click()
    expect(page.locator(".ticket strong")).to_have_text(["My seats"])
    page.locator(".ticket").click()
    page.get_by_role("button", name="Take").click()
    expect(page.locator(".ticket")).to_have_count(0)  # an agent has it now
    expect(nobody).to_have_text("Nobody’s")
    expect(page.get_by_role("heading", name="My seats")).to_be_visible()  # and stays where the agent works on it

    page.evaluate("all[0] = mine({status: 'in_progress', version: 2})")
    queue.click()
    expect(queue).to_have_text("Queue2")
    page.locator(".ticket").first.click()
    page.get_by_label("Status").select_option("resolved")
    expect(page.locator(".ticket strong")).to_have_text(["The invoice"])
    expect(queue).to_have_text("Queue1")
    page.evaluate("all[0] = mine({status: 'resolved', version: 3})")
    page.locator(".chip", has_text="Resolved").click()
    expect(page.locator(".ticket strong")).to_have_text(["My seats"])


def test_off_duty_the_queue_is_read_again_as_long_as_it_can_be_seen(pages: Pages) -> None:
    page = desk(pages)
    page.clock.install()
    page.evaluate("document.querySelector('main').append(document.querySelector('parley-desk'))")  # now by this clock
    page.locator(".ticket").first.click()
    page.evaluate("all.splice(0, 1, ticket('t_7', 'Came off duty'))")
    page.clock.fast_forward(31_000)
    expect(page.locator(".ticket strong")).to_have_text(["Came off duty", "The invoice", "My seats"])
    expect(page.locator(".chip").first).to_have_text("Queue3")
    expect(page.get_by_role("heading", name="My seats")).to_be_visible()

    page.evaluate("all.push(ticket('t_8', 'Came while away'))")
    page.evaluate("store.connection = {...store.connection, status: 'offline'}; store.tell()")
    expect(page.locator(".list [part=offline]")).to_be_visible()
    page.evaluate("store.connection = {...store.connection, status: 'online'}; store.tell()")
    expect(page.locator(".ticket strong").nth(2)).to_have_text("Came while away")
    assert not calls(page, "PUT")


@pytest.mark.parametrize("body", [DESK, "<parley-inbox></parley-inbox>"])
def test_long_words_of_filters_wrap_and_are_never_cut(pages: Pages, body: str) -> None:
    german = "document.documentElement.lang = 'de'\n"
    page = show_around(pages, body, german + QUEUE, PHONE)
    chips = page.locator(".filters .chip")
    expect(chips.last).to_have_text(re.compile("Gelöst|Archiviert"))
    for width in (320, 360):
        page.set_viewport_size({"width": width, "height": 640})
        assert chips.last.evaluate("one => one.getBoundingClientRect().right <= innerWidth")
        assert page.locator(".filters").evaluate("row => row.scrollWidth <= row.clientWidth")


def test_a_ticket_is_taken_changed_and_given_away(pages: Pages) -> None:
    page = desk(pages)
    page.locator(".ticket").first.click()
    expect(page.locator(".clocks")).to_contain_text("First reply2 hr left")
    expect(page.locator(".clocks .over")).to_contain_text("Resolution30 min over")

    page.get_by_role("button", name="Take").click()
    expect(page.get_by_role("button", name="Take")).to_have_count(0)
    page.get_by_label("Status").select_option("waiting_on_customer")
    page.get_by_label("Priority").select_option("low")
    page.get_by_role("button", name="Agent: You").click()
    page.get_by_role("menuitemcheckbox", name="Otto Brandt").click()
    expect(page.get_by_role("button", name="Agent: Otto Brandt")).to_be_visible()

    changes = [asked[1]["body"] for asked in calls(page, "PATCH")]
    assert changes == [{"status": "waiting_on_customer"}, {"priority": "low"}]
    assert calls(page, "POST")[-1][1]["body"] == {"assignee_id": "otto"}


def test_a_canned_reply_comes_by_menu_and_by_shortcut(pages: Pages) -> None:
    page = desk(pages)
    page.locator(".ticket").first.click()
    field = page.get_by_role("textbox", name="Write a message")

    page.get_by_role("button", name="Canned replies").click()
    page.get_by_role("menuitem", name="Greeting").click()
    expect(field).to_have_value("Hello Bob")
    page.get_by_role("button", name="Canned replies").click()
    page.get_by_role("menuitem", name="Greeting").click()
    expect(field).to_have_value("Hello Bob\nHello Bob")  # what is written stays
    field.fill("")
    field.press_sequentially("/hello ")
    expect(field).to_have_value("Hello Bob")
    field.press("Enter")
    expect(field).to_have_value("")

    assert [(to, draft["text"]) for to, draft in calls(page, "send")] == [("t_1", "Hello Bob")]


def test_notes_are_apart_and_never_sent_to_the_customer(pages: Pages) -> None:
    page = desk(pages)
    page.locator(".ticket").first.click()
    page.get_by_role("textbox", name="Write a message").fill("for the customer")

    page.get_by_role("tab", name="Conversation").press("ArrowRight")
    expect(page.get_by_role("tab", name="Notes (1)")).to_be_focused()
    expect(page.locator(".note")).to_contain_text("They have called twice.")
    note = page.get_by_role("textbox", name="Write a note for the agents")
    expect(note).to_have_value("")
    note.fill("Careful.")
    note.press("Enter")
    expect(note).to_have_value("")
    page.get_by_role("tab", name="Conversation").click()

    expect(page.get_by_role("textbox", name="Write a message")).to_have_value("for the customer")
    posted = [(asked[0], asked[1]["body"]["text"]) for asked in calls(page, "POST")]
    assert posted == [("/support/tickets/{ticket_id}/notes", "Careful.")]


def test_a_note_keeps_its_id_in_a_second_try_and_the_words_that_come_meanwhile(pages: Pages) -> None:
    page = desk(pages)
    page.locator(".ticket").first.click()
    page.get_by_role("tab", name="Conversation").press("ArrowRight")
    note = page.get_by_role("textbox", name="Write a note for the agents")
    page.evaluate("""() => {
      const { rest } = store.client
      store.client.rest = async (method, route, options) => {
        if (method !== "POST" || !route.endsWith("/notes")) return rest.call(store.client, method, route, options)
        ids.push(options.body.client_id)
        if (ids.length === 1) throw new TypeError("Failed to fetch")
        await new Promise(done => { window.answer = done })
        return {id: "n_1.2"}
      }
      window.ids = []
    }""")
    note.fill("Careful.")
    note.press("Enter")
    expect(page.get_by_role("alert").first).to_be_visible()
    note.press("Enter")
    page.wait_for_function("() => window.answer")
    note.press_sequentially(" And kind.")
    page.evaluate("answer()")

    expect(note).to_have_value("And kind.")
    assert len(set(page.evaluate("ids"))) == 1


def test_a_refusal_is_shown_and_the_reply_kept(pages: Pages) -> None:
    page = desk(pages, ELSEWHERE)
    page.evaluate("""store.answers.set("POST /support/tickets/{ticket_id}/respond",
        Object.assign(new Error(), {code: "x", detail: "The ticket is closed."}))""")
    page.locator(".ticket").first.click()
    field = page.get_by_role("textbox", name="Write a message")
    field.fill("Hello")
    field.press("Enter")

    expect(page.get_by_role("alert")).to_contain_text("The ticket is closed.")
    expect(field).to_have_value("Hello")

    page.evaluate("""store.answers.set("POST /support/tickets/{ticket_id}/respond", {id: "t_1.3"})""")
    field.press("Enter")
    expect(field).to_have_value("")
    first, second = [asked[1]["body"] for asked in calls(page, "POST")]
    assert first == second  # it is the same reply


def test_a_note_between_two_tries_of_a_reply_leaves_it_the_same_reply(pages: Pages) -> None:
    page = desk(pages, ELSEWHERE)
    page.evaluate("""store.answers.set("POST /support/tickets/{ticket_id}/respond",
        Object.assign(new Error(), {code: "x", detail: "No answer came."}))""")
    page.locator(".ticket").first.click()
    field = page.get_by_role("textbox", name="Write a message")
    field.fill("Hello")
    field.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("No answer came.")
    page.get_by_role("tab", name="Conversation").press("ArrowRight")
    note = page.get_by_role("textbox", name="Write a note for the agents")
    note.fill("They wait.")
    note.press("Enter")
    expect(note).to_have_value("")
    page.get_by_role("tab", name="Conversation").click()

    page.evaluate("""store.answers.set("POST /support/tickets/{ticket_id}/respond", {id: "t_1.3"})""")
    field.press("Enter")
    expect(field).to_have_value("")

    first, second = [asked[1]["body"] for asked in calls(page, "POST") if asked[0].endswith("/respond")]
    assert first == second


def test_a_reply_has_files_emoji_and_voice_as_everywhere(pages: Pages) -> None:
    page = desk(pages, ELSEWHERE)
    page.locator(".ticket").nth(1).click()  # of one that the agent is in
    expect(page.get_by_role("button", name="Record a voice message")).to_be_visible()
    page.get_by_role("button", name="Emoji").click()
    page.get_by_role("searchbox", name="Search emoji").fill("rocket")
    page.get_by_role("button", name="rocket").first.click()
    expect(page.get_by_role("textbox", name="Write a message")).to_have_value("🚀")
    seat: FilePayload = {"name": "seat.pdf", "mimeType": "application/pdf", "buffer": b"%PDF"}
    page.locator("parley-composer input[type=file]").set_input_files([seat])
    page.get_by_role("button", name="Send").click()
    expect(page.locator("parley-composer .tray")).to_have_count(0)
    assert [(to, draft["text"], draft["files"][0]["name"]) for to, draft in calls(page, "send")] == [
        ("t_2", "🚀", "seat.pdf")
    ]

    page.locator(".ticket").first.click()  # one that another agent is in
    expect(page.get_by_role("button", name="Record a voice message")).to_have_count(0)
    page.locator("parley-composer input[type=file]").set_input_files([seat])
    page.get_by_role("button", name="Send").click()
    expect(page.locator("parley-composer .tray")).to_have_count(0)
    path, asked = calls(page, "POST")[-1]
    assert (path, asked["body"]["attachment_ids"]) == ("/support/tickets/{ticket_id}/respond", ["a_1"])
    assert page.evaluate("uploads") == [["t_1", "seat.pdf"]]
    assert violations(page) == []
    pages.shoot(page, "desk-reply")


def test_hostile_words_are_words(pages: Pages) -> None:
    page = show_around(pages, DESK, "window.hit = 0\n" + QUEUE)
    page.evaluate(
        """hostile => {
             const more = (text, n) => ({category: text, requester_id: `u${n}`})
             const tickets = hostile.map((text, n) => ticket(`t_${n + 1}`, text, more(text, n)))
             hostile.forEach((text, n) => store.addUser(`u${n}`, {name: text}))
             store.answers.set("GET /support/tickets/admin/all", {tickets, next: null})
             const created_at = "2026-11-29T11:00:00.000Z"
             const messages = hostile.map((text, n) => ({id: `n_1.${n}`, sender_id: `u${n}`, text, created_at}))
             store.answers.set("GET /support/tickets/{ticket_id}/notes", {messages})
           }""",
        list(HOSTILE),
    )
    page.locator(".chip").first.click()
    expect(page.locator(".ticket")).to_have_count(len(HOSTILE))
    page.locator(".ticket").nth(1).click()
    page.get_by_role("tab", name="Notes").click()
    expect(page.locator(".note")).to_have_count(len(HOSTILE))

    assert page.evaluate("window.hit") == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_phone_has_one_screen_and_a_way_back(pages: Pages) -> None:
    page = show_around(pages, DESK, QUEUE, PHONE)
    page.locator(".ticket").first.click()
    expect(page.locator(".list")).to_be_hidden()

    page.get_by_role("button", name="Back").click()

    expect(page.locator(".list")).to_be_visible()


@pytest.mark.parametrize(("name", "profile", "scheme", "setup"), LOOKS)
def test_it_is_for_everyone(pages: Pages, name: str, profile: Profile, scheme: str, setup: str) -> None:
    page = show_around(pages, DESK, setup + QUEUE, profile, color_scheme=scheme)
    expect(page.locator(".ticket")).to_have_count(2)
    assert violations(page) == []
    page.locator(".ticket").first.click()
    expect(page.locator(".clocks span")).to_have_count(2)
    pages.shoot(page, f"desk-{name}")
    assert violations(page) == []
    page.locator("[role=tab]").nth(1).click()
    expect(page.locator(".note")).to_be_visible()
    pages.shoot(page, f"desk-notes-{name}")
    assert violations(page) == []


HISTORY = """
const then = "2026-11-29T11:00:00.000Z"
store.answers.set("GET /support/tickets/{ticket_id}/history", ({query}) => query.cursor
  ? {entries: [{number: 4, event: "dreamt", user_id: "bob", at: then, changes: {}}], next: null}
  : {entries: [{number: 1, event: "created", user_id: "bob", at: then, changes: {}},
      {number: 2, event: "updated", user_id: "alice", at: then, note: "He has <b>called</b>", changes: {
        status: {from: "open", to: "waiting_on_customer"}, assignee_id: {from: null, to: "otto"},
        tags: {from: [], to: ["vip"]}}},
      {number: 3, event: "sla_breach", user_id: "bob", at: then, clock: "resolution", changes: {}}], next: "c1"})
window.lookers = []
store.client.replica = {viewers: () => lookers}
"""


def test_the_history_of_a_ticket_and_who_looks_at_it(pages: Pages) -> None:
    page = desk(pages, HISTORY)
    page.locator(".ticket").first.click()
    expect(page.locator(".viewers")).to_be_empty()
    page.evaluate("""() => {
        lookers.push("bob", "otto")  // bob is its requester
        tell({event: "user_joined_conversation", data: {conversation_id: "t_1", user_id: "otto"}})
    }""")
    expect(page.locator(".viewers")).to_have_text("Also looking at this: Otto Brandt")

    page.get_by_role("tab", name="Notes").click()
    page.get_by_role("tab", name="Notes").press("ArrowRight")
    expect(page.get_by_role("tab", name="History")).to_be_focused()
    entries = page.locator(".history > li")
    expect(entries.first).to_contain_text("Bob Stone opened the request")
    expect(entries.nth(1)).to_contain_text("You changed the request")
    expect(entries.nth(1).locator("p")).to_have_text(
        ["Status: Open Waiting for the customer", "Agent: – Otto Brandt", "Tags: + vip"]
    )
    expect(entries.nth(1).locator("blockquote")).to_have_text("He has <b>called</b>")
    expect(entries.nth(2)).to_contain_text("Missed: Resolution")
    expect(page.get_by_role("textbox", name="Write a message")).to_have_count(0)
    page.get_by_role("button", name="Show more").click()
    expect(entries).to_have_count(4)
    assert violations(page) == []
    pages.shoot(page, "desk-history")
