"""A session of the travel platform (replacing.md, B): travellers write to each other, with breaks in the line."""

import time
from collections.abc import Callable

from tests import media_files
from tests.e2e.attachments import opened, upload
from tests.e2e.pushes import PushedBrowser, decided
from tests.e2e.stack import PATIENCE_S, Device, Json, Person, Stack
from tests.harness.web_push import push_service


def test_a_conversation_by_the_other_ones_id_and_history_in_batches_of_fifty(stack: Stack) -> None:
    anna, bruno = stack.person("anna"), stack.person("bruno")
    first = anna.post("/messages", user_id=bruno.user_id, text="message 1")
    chat = first["conversation_id"]
    for number in range(2, 53):
        sender = anna if number % 2 else bruno  # by turns, and neither above the burst that one person has
        sender.post(f"/conversations/{chat}/messages", text=f"message {number}")
    anna.post("/messages", user_id=bruno.user_id, text="message 53")

    [listed] = bruno.get("/conversations")["conversations"]
    newest = bruno.get(f"/conversations/{chat}/messages")
    rest = bruno.get(f"/conversations/{chat}/messages?before={newest['messages'][0]['seq']}")

    names = {one["user_id"]: one["name"] for one in listed["members"]}
    assert (listed["id"], listed["unread"], names[anna.user_id]) == (chat, 1, "Anna")
    assert listed["last_message"]["text"] == "message 53"
    assert (len(newest["messages"]), newest["found_oldest"]) == (50, False)
    assert ([one["text"] for one in rest["messages"]], rest["found_oldest"]) == (
        ["message 1", "message 2", "message 3"],
        True,
    )


def test_conversations_are_found_by_the_name_of_the_other_one(stack: Stack) -> None:
    anna, carla, dario = stack.person("anna"), stack.person("carla"), stack.person("dario")
    with_carla, with_dario = anna.opens(carla), anna.opens(dario)

    found = {name: anna.get(f"/conversations?q={name}")["conversations"] for name in ("carl", "DARIO", "bruno")}

    assert {name: [one["id"] for one in those] for name, those in found.items()} == {
        "carl": [with_carla],
        "DARIO": [with_dario],
        "bruno": [],
    }


def test_coming_typing_reading_and_going_are_seen(stack: Stack) -> None:
    anna, bruno = stack.person("anna"), stack.person("bruno")
    chat = anna.opens(bruno)
    for person in (anna, bruno):
        person.post(f"/conversations/{chat}/messages", text="hello")

    with anna.online() as laptop:
        with bruno.online(by_ticket=True) as phone:
            came = laptop.event("user_status_change")
            phone.ask("join_conversation", conversation_id=chat)
            laptop.ask("typing_start", conversation_id=chat)
            typing = phone.event("user_typing")
            sent = laptop.ask("send_message", conversation_id=chat, text="Are you in Lisbon?")
            got = phone.event("new_message")["message"]
            phone.ask("mark_read", message_id=got["id"])
            read = laptop.event("message_read")
        went = laptop.event("user_status_change")

    assert [(one["user_id"], one["status"]) for one in (came, went)] == [
        (bruno.user_id, "online"),
        (bruno.user_id, "offline"),
    ]
    assert (typing["user_id"], got["id"]) == (anna.user_id, sent["id"])
    assert (read["message_id"], read["user_id"]) == (sent["id"], bruno.user_id)


def test_what_was_written_offline_is_sent_once_and_what_was_missed_is_fetched(stack: Stack) -> None:
    anna, bruno = stack.person("anna"), stack.person("bruno")
    chat = anna.opens(bruno)
    outbox = [{"conversation_id": chat, "text": f"from the train {n}", "client_id": f"train-{n}"} for n in range(3)]
    with anna.online() as train:
        train.ask("send_message", **outbox[0])  # it got through, but the line broke before she knew
    bruno.post(f"/conversations/{chat}/messages", text="where are you?")

    with bruno.online() as phone, anna.online() as train:
        caught = train.ask("sync", cursors={chat: 0})["conversations"][chat]
        acks = [train.ask("send_message", **message) for message in outbox]
        heard = [phone.event("message_notification")["message"] for _ in range(2)]
        assert "message_notification" not in phone.events()

    assert (caught["verdict"], caught["next"]["seq"]) == ("complete", 2)
    assert [one["text"] for one in caught["messages"]] == ["from the train 0", "where are you?"]
    assert [(one["seq"], one["replayed"]) for one in acks] == [(1, True), (3, False), (4, False)]
    assert [one["client_id"] for one in sorted(heard, key=lambda one: one["seq"])] == ["train-1", "train-2"]
    assert bruno.get(f"/conversations/{chat}")["last_seq"] == 4


def test_a_support_ticket_from_its_opening_to_its_rating(stack: Stack) -> None:
    traveller, agnes, bert = stack.person("traveller"), stack.person("agnes", "agent"), stack.person("bert", "agent")
    agnes.put(f"/support/agents/{agnes.user_id}", available=True)
    with agnes.online() as desk, traveller.online(by_ticket=True) as phone:
        opened = traveller.post(
            "/support/tickets",
            subject="Missed connection",
            description="My flight to Lisbon was late.",
            category="booking",
            priority="high",
        )
        place, chat = f"/support/tickets/{opened['id']}", {"conversation_id": opened["id"]}
        told = desk.event("ticket_created")["ticket"]
        queue = agnes.get(f"/support/tickets/admin/all?category=booking&requester={traveller.user_id}")["tickets"]
        taken = agnes.post(f"{place}/take")
        too_late = bert.request("POST", f"{place}/take", {})
        phone.ask("join_conversation", **chat)  # join-support
        desk.ask("join_conversation", **chat)
        desk.ask("typing_start", **chat)
        typing = phone.event("user_typing")
        agnes.post(f"{place}/respond", text="Which flight was it?")
        reply = phone.event("new_message")["message"]  # support-message-received
        phone.ask("send_message", **chat, text="TP 531, in the morning.")  # send-support-message
        answer = [desk.event("new_message")["message"] for _ in range(2)][1]  # after what she wrote herself, by REST
        agnes.post(f"{place}/notes", text="The airline pays.")
        resolved = agnes.patch(place, status="resolved")
        heard = changes_of(phone, opened["id"], "resolved")
        phone.ask("send_message", **chat, text="They did not pay.")
        reopened = changes_of(desk, opened["id"], "open")
        agnes.patch(place, status="resolved")
        rated = traveller.post(f"{place}/rating", rating=4, comment="In the end.")
        page = traveller.get(f"/conversations/{opened['id']}/messages")["messages"]

    assert (opened["status"], opened["category"], opened["priority"]) == ("open", "booking", "high")
    assert told["id"] == opened["id"] and [one["id"] for one in queue] == [opened["id"]]
    assert (taken["status"], taken["assignee_id"]) == ("in_progress", agnes.user_id)
    assert (too_late.status, too_late.json["code"]) == (409, "already_assigned")
    assert too_late.json["assignee_id"] == typing["user_id"] == agnes.user_id
    assert [(one["text"], one["from"]) for one in (reply, answer)] == [
        ("Which flight was it?", "support"),
        ("TP 531, in the morning.", "requester"),
    ]
    assert resolved["status"] == heard["status"] == "resolved" and reopened["assignee_id"] == agnes.user_id
    assert (rated["rating"], rated["status"]) == (4, "resolved")
    assert "The airline pays." not in [one["text"] for one in page]
    assert traveller.request("GET", f"{place}/notes").json["code"] == "agents_only"
    assert bert.request("GET", f"{place}/notes").json["messages"][0]["text"] == "The airline pays."
    shown = [one["event"] for one in traveller.get(f"{place}/history")["entries"]]
    assert shown[0] == "created" and {"updated", "responded", "rated"} <= set(shown)
    assert [one["id"] for one in traveller.get("/support/tickets")["tickets"]] == [opened["id"]]


def changes_of(device: Device, ticket_id: str, status: str) -> Json:
    """Returns a ticket as the event says that has brought it to a status."""
    while True:
        ticket: Json = device.event("ticket_updated")["ticket"]
        if (ticket["id"], ticket["status"]) == (ticket_id, status):
            return ticket


def test_the_admins_see_what_the_desk_does(stack: Stack) -> None:
    traveller, agnes, ada = (
        stack.person("traveller"),
        stack.person("agnes", "agent"),
        stack.person("ada", "support_admin"),
    )
    mona = stack.person("mona", "admin")
    for category in ("general", "destination", "complaint"):
        ticket = traveller.post("/support/tickets", subject="Help", description="Please.", category=category)
    agnes.post(f"/support/tickets/{ticket['id']}/respond", text="We are sorry.")
    agnes.patch(f"/support/tickets/{ticket['id']}", status="closed")

    def rows() -> dict[str, Json]:
        return {row["key"]: row for row in ada.get("/support/metrics?by=agent")["rows"]}

    until(lambda: rows().get(agnes.user_id, {"first_response": {"count": 0}})["first_response"]["count"] == 1)
    until(lambda: person_of(mona, traveller.user_id)["sent"] == 3)

    until(lambda: person_of(mona, traveller.user_id)["received"] == 1)
    until(lambda: bool(agnes.get("/support/queue-counts")["status"]["closed"] >= 1))  # after the reply

    counts = agnes.get("/support/queue-counts")
    assert set(counts["category"]) == {"general", "booking", "destination", "complaint"}
    assert counts["open"] >= 2
    refused = [traveller.request("GET", path) for path in ("/support/metrics", "/admin/stats/users")]
    assert [(one.status, one.json["code"]) for one in refused] == [
        (403, "support_admins_only"),
        (403, "moderators_only"),
    ]


def person_of(reader: Person, user_id: str) -> Json:
    """Returns the figures of a person, from whichever page has them."""
    cursor = ""
    while True:
        page = reader.get(f"/admin/stats/users?limit=100{cursor}")
        for person in page["people"]:
            if person["user_id"] == user_id:
                found: Json = person
                return found
        assert page["next"], f"no figures of {user_id}"
        cursor = f"&cursor={page['next']}"


def until(holds: Callable[[], bool]) -> None:
    """Waits for figures, which are seconds late."""
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, "the figures did not come"
        time.sleep(0.2)


def test_what_it_wished_for_a_ticket_to_print(stack: Stack) -> None:
    traveller, guide = stack.person("traveller"), stack.person("guide")
    chat = traveller.opens(guide)
    boarding_pass = media_files.pdf(pages=2)

    with guide.online() as phone:
        attachment_id = upload(traveller, chat, "Bordkarte.pdf", "application/pdf", boarding_pass)
        with traveller.online() as laptop:
            laptop.ask("send_message", conversation_id=chat, attachment_ids=[attachment_id])
        [attachment] = phone.event("message_notification")["message"]["attachments"]

    assert (attachment["name"], attachment["pages"], attachment["has_thumbnail"]) == ("Bordkarte.pdf", 2, True)
    assert opened(guide, f"/attachments/{attachment_id}", follow=True).content == boarding_pass


def test_what_it_wished_for_notifications_preferences_and_do_not_disturb(stack: Stack) -> None:
    anna, bruno = stack.person("anna"), stack.person("bruno")
    chat = anna.opens(bruno)
    with push_service() as service:
        browser = PushedBrowser(bruno, service)
        told = anna.post(f"/conversations/{chat}/messages", text="The ferry leaves at nine")
        [push] = browser.pushes(1)
        bruno.patch(f"/conversations/{chat}/read-all")
        bruno.patch("/me/notification-preferences", do_not_disturb_until="2199-01-01T00:00:00Z")
        disturbing = anna.post(f"/conversations/{chat}/messages", text="Are you asleep?")
        rules = decided(bruno, disturbing["id"])
        inbox = bruno.get("/me/notifications")

    assert (push["message_id"], push["title"], push["text"]) == (told["id"], "Anna", "The ferry leaves at nine")
    assert rules["in_app"] == ("sent", "told") and rules["push"] == ("skipped", "do_not_disturb")
    [entry] = [each for each in inbox["notifications"] if each["conversation_id"] == chat]
    assert (entry["text"], entry["count"], entry["seen"]) == ("Are you asleep?", 1, False)
