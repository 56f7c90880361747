"""A session of the chat backend (replacing.md, D): write to an id, hear of it inside and outside the room."""

from tests.e2e.stack import Stack


def test_writing_to_somebody_opens_the_conversation_and_tells_them(stack: Stack) -> None:
    ali, bea = stack.person("ali"), stack.person("bea")

    with bea.online() as phone:  # no personal room: each connected person hears of what is theirs
        first = ali.post("/messages", user_id=bea.user_id, text="Hello")
        opened = phone.event("conversation_created")
        told = phone.event("message_notification")
        second = ali.post("/messages", user_id=bea.user_id, text="Anybody there?")

    assert (first["seq"], second["seq"], first["conversation_id"]) == (1, 2, second["conversation_id"])
    assert opened["conversation"]["id"] == told["conversation_id"] == first["conversation_id"]
    assert told["message"]["text"] == "Hello"
    page = bea.get(f"/conversations/{first['conversation_id']}/messages")["messages"]
    assert [(one["sender_id"], one["text"]) for one in page] == [
        (ali.user_id, "Hello"),
        (ali.user_id, "Anybody there?"),
    ]


def test_a_message_comes_whole_into_the_room_and_as_a_notification_outside(stack: Stack) -> None:
    ali, bea = stack.person("ali"), stack.person("bea")
    chat, text = ali.opens(bea), "word " * 50

    with ali.online() as sender, bea.online() as room, bea.online() as outside:
        room.ask("join_conversation", conversation_id=chat)
        joined = sender.event("user_joined_conversation")
        sender.ask("typing_start", conversation_id=chat)
        typing = room.event("user_typing")
        sender.ask("typing_stop", conversation_id=chat)
        stopped = room.event("user_stopped_typing")
        sender.ask("send_message", conversation_id=chat, text=text)
        whole, preview = room.event("new_message"), outside.event("message_notification")
        room.ask("mark_conversation_read", conversation_id=chat)
        read = sender.event("conversation_read")
        room.ask("leave_conversation", conversation_id=chat)
        left = sender.event("user_left_conversation")
        sender.ask("send_message", conversation_id=chat, text="you have left")
        after = room.event("message_notification")["message"]

    assert (whole["message"]["text"], preview["message"]["text"]) == (text, text[:100])
    assert {one["user_id"] for one in (joined, read, left)} == {bea.user_id}
    assert {one["user_id"] for one in (typing, stopped)} == {ali.user_id}
    assert after["text"] == "you have left"


def test_unread_by_conversation_search_and_soft_delete(stack: Stack) -> None:
    ali, bea, cem = stack.person("ali"), stack.person("bea"), stack.person("cem")
    from_ali = [ali.post("/messages", user_id=bea.user_id, text=f"invoice {number}") for number in range(3)]
    from_cem = cem.post("/messages", user_id=bea.user_id, text="invoice of mine")
    chat = from_ali[0]["conversation_id"]

    unread = bea.get("/unread")
    in_chat = bea.get(f"/search?q=invoice&conversation_id={chat}")["results"]
    deleted = ali.delete(f"/messages/{from_ali[1]['id']}")
    bea.delete(f"/messages/{from_ali[0]['id']}?scope=me")
    bea.patch(f"/conversations/{chat}/read-all")

    counted = {one["conversation_id"]: one["unread"] for one in unread["conversations"]}
    assert (counted, unread["total"]) == ({chat: 3, from_cem["conversation_id"]: 1}, 4)
    assert [one["message"]["text"] for one in in_chat] == ["invoice 2", "invoice 1", "invoice 0"]
    assert (deleted["text"], deleted["deleted_at"] is None) == ("", False)
    seen = {
        person.user_id: [one["text"] for one in person.get(f"/conversations/{chat}/messages")["messages"]]
        for person in (ali, bea)
    }
    assert seen == {ali.user_id: ["invoice 0", "", "invoice 2"], bea.user_id: ["", "", "invoice 2"]}
    assert bea.get("/unread-count")["total"] == 1
