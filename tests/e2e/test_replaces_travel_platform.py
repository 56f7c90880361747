"""A session of the travel platform (replacing.md, B): travellers write to each other, with breaks in the line."""

from tests import media_files
from tests.e2e.attachments import opened, upload
from tests.e2e.stack import Stack


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
