"""A session of the play-test platform (replacing.md, A): a chat of a class, from opening to archive."""

import json
import time
import urllib.request
from urllib.parse import quote
from uuid import uuid4

from tests import media_files
from tests.e2e.attachments import PNG, checked, opened, upload
from tests.e2e.stack import PATIENCE_S, Person, Stack


def of_class(stack: Stack, class_id: str) -> tuple[Person, Person, str]:
    """Returns a teacher and a student of one class, and the id of their conversation about it."""
    contexts = {"class": [class_id]}
    teacher = stack.person("teacher", role="teacher", contexts=contexts)
    student = stack.person("student", role="student", contexts=contexts)
    about = {"type": "class", "id": class_id}
    opened = teacher.post("/conversations", type="direct", user_id=student.user_id, context=about)
    again = student.post("/conversations", type="direct", user_id=teacher.user_id, context=about)
    assert (again["id"], again["context"]) == (opened["id"], about)
    return teacher, student, opened["id"]


def gallery_of(person: Person, chat: str, count: int) -> list[dict[str, object]]:
    """Returns the pictures of a conversation, once there are so many: the stream brings them there."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        found: list[dict[str, object]] = person.get(f"/conversations/{chat}/attachments?kind=image")["attachments"]
        if len(found) >= count or time.monotonic() > deadline:
            return found
        time.sleep(0.1)


def test_both_have_it_open_and_see_each_other_come_type_read_and_go(stack: Stack) -> None:
    teacher, student, chat = of_class(stack, "7b")

    with teacher.online(by_ticket=True) as desk:
        desk.ask("join_conversation", conversation_id=chat)
        with student.online() as phone:
            came = desk.event("user_status_change")
            phone.ask("join_conversation", conversation_id=chat)
            joined = desk.event("user_joined_conversation")
            phone.ask("typing_start", conversation_id=chat)
            typing = desk.event("user_typing")
            first = phone.ask("send_message", conversation_id=chat, text="Is **page 3** for today?")
            phone.ask("typing_stop", conversation_id=chat)
            got = desk.event("new_message")["message"]
            badge = teacher.get("/unread-count")["total"]
            desk.ask("mark_read", message_id=first["id"])
            read = phone.event("message_read")
            phone.ask("send_message", conversation_id=chat, text="And page 4?")
            desk.ask("mark_conversation_read", conversation_id=chat)
            all_read = phone.event("conversation_read")
            phone.ask("leave_conversation", conversation_id=chat)
            left = desk.event("user_left_conversation")
            [status] = desk.ask("request_user_status", user_ids=[student.user_id])["statuses"]
        went = desk.event("user_status_change")
        assert desk.event("user_stopped_typing")["user_id"] == student.user_id

    assert {one["user_id"] for one in (came, joined, typing, left, status, went)} == {student.user_id}
    assert [one["status"] for one in (came, status, went)] == ["online", "online", "offline"]
    assert (got["id"], got["text"], badge) == (first["id"], "Is **page 3** for today?", 1)
    assert [(one["user_id"], one["seq"]) for one in (read, all_read)] == [(teacher.user_id, 1), (teacher.user_id, 2)]
    assert teacher.get("/unread-count")["total"] == 0


def test_history_search_settings_and_archive(stack: Stack) -> None:
    teacher, student, chat = of_class(stack, "8a")
    sent = [student.post(f"/conversations/{chat}/messages", text=f"question {number}") for number in range(5)]

    newest = teacher.get(f"/conversations/{chat}/messages?limit=2")
    older = teacher.get(f"/conversations/{chat}/messages?limit=2&before={newest['messages'][0]['seq']}")
    by_offset = teacher.get(f"/conversations/{chat}/messages?page=1&per_page=2")
    by_name = teacher.get("/conversations?q=stud&context_type=class&context_id=8a")["conversations"]
    by_content = teacher.get(f"/search?q={quote('question 3')}")["results"]
    settings = teacher.patch(f"/conversations/{chat}/settings", pinned=True, notifications="none")["settings"]
    archived = teacher.patch(f"/conversations/{chat}/archive", archived=True)

    assert [one["seq"] for one in older["messages"] + newest["messages"]] == [2, 3, 4, 5]
    assert (by_offset["total"], len(by_offset["messages"])) == (5, 2)
    assert [(one["id"], one["unread"]) for one in by_name] == [(chat, 5)]
    assert [one["message"]["id"] for one in by_content] == [sent[3]["id"]]
    assert (settings["pinned"], settings["notifications"], archived["archived"]) == (True, "none", True)
    assert teacher.get("/conversations?q=stud")["conversations"] == []
    assert [one["id"] for one in teacher.get("/conversations?state=archived")["conversations"]] == [chat]
    student.post(f"/conversations/{chat}/messages", text="It comes back by this")
    assert [one["id"] for one in teacher.get("/conversations")["conversations"]] == [chat]


def test_what_it_wished_for_reactions_edit_delete_report_and_block(stack: Stack) -> None:
    teacher, student, chat = of_class(stack, "9c")
    sent = student.post(f"/conversations/{chat}/messages", text="Thank yuo")

    with student.online() as phone:
        phone.ask("join_conversation", conversation_id=chat)
        teacher.put(f"/messages/{sent['id']}/reactions/{quote('👍')}")
        reacted = phone.event("reaction_added")
        edited = student.patch(f"/messages/{sent['id']}", text="Thank you")
        updated = phone.event("message_updated")["message"]
        teacher.delete(f"/messages/{sent['id']}/reactions/{quote('👍')}")
        taken_back = phone.event("reaction_removed")["message"]
        report = teacher.post(f"/messages/{sent['id']}/report", reason="spam")
        student.delete(f"/messages/{sent['id']}")
        deleted = phone.event("message_deleted")["message"]
        teacher.put(f"/users/{student.user_id}/block")
        refused = phone.refused("send_message", conversation_id=chat, text="Why?")

    assert (reacted["emoji"], [one["count"] for one in reacted["message"]["reactions"]]) == ("👍", [1])
    assert (edited["text"], updated["text"], updated["edited_at"] is None) == ("Thank you", "Thank you", False)
    assert (taken_back["reactions"], report["status"]) == ([], "open")
    assert (deleted["text"], deleted["deleted_at"] is None) == ("", False)
    assert (refused["status"], refused["code"]) == (403, "blocked")
    assert [one["user_id"] for one in teacher.get("/me/blocks")["blocks"]] == [student.user_id]


def test_what_it_wished_for_export(stack: Stack) -> None:
    teacher, student, chat = of_class(stack, "10d")
    texts = ["Which page?", "Page 7"]
    for person, text in zip((student, teacher), texts, strict=True):
        person.post(f"/conversations/{chat}/messages", text=text)

    export = teacher.request("POST", f"/conversations/{chat}/export", {"format": "jsonl"}).json
    until = time.monotonic() + PATIENCE_S
    while export["state"] != "done" and time.monotonic() < until:
        time.sleep(0.2)
        export = teacher.get(f"/exports/{export['id']}")

    assert export["state"] == "done"
    with urllib.request.urlopen(export["url"], timeout=PATIENCE_S) as file:
        about, *messages = [json.loads(line) for line in file]
    assert [one["text"] for one in messages] == texts
    assert chat in json.dumps(about)


def test_what_it_wished_for_calls(stack: Stack) -> None:
    teacher, student, chat = of_class(stack, "11e")
    call = {"conversation_id": chat, "call_id": str(uuid4())}

    with teacher.online() as desk, student.online() as phone:
        ringing = desk.ask("call_signal", **call, signal="offer", media="video", payload="v=0")
        offer = phone.event("call_signal")
        active = phone.ask("call_signal", **call, signal="answer", payload="yes")
        answer = desk.event("call_signal")
        desk.ask("call_signal", **call, signal="candidate", payload="192.0.2.1")
        candidate = phone.event("call_signal")
        ended = phone.ask("call_signal", **call, signal="hang_up")
        hung_up = desk.event("call_signal")
        missed = {**call, "call_id": str(uuid4())}
        phone.ask("call_signal", **missed, signal="offer", media="audio", payload="v=0")
        phone.ask("call_signal", **missed, signal="hang_up")

    assert [one["state"] for one in (ringing, active, ended)] == ["ringing", "active", "ended"]
    assert [one["signal"] for one in (offer, answer, candidate, hung_up)] == ["offer", "answer", "candidate", "hang_up"]
    assert [one["payload"] for one in (offer, answer, candidate)] == ["v=0", "yes", "192.0.2.1"]
    assert ended["reason"] == "hung_up"
    [note] = teacher.get(f"/conversations/{chat}/messages")["messages"]
    assert (note["system"]["event"], note["system"]["call_id"]) == ("call_missed", missed["call_id"])
    assert teacher.get(f"/conversations/{chat}")["unread"] == 1


def test_images_pdf_and_documents_five_to_a_message(stack: Stack) -> None:
    teacher, student, chat = of_class(stack, "11f")
    files = [(f"IMG_{number}.png", "image/png", PNG) for number in range(3)]
    files += [("Notes.txt", "text/plain", b"Bring your notes.\n"), ("Plan.pdf", "application/pdf", media_files.pdf())]
    attachment_ids = [upload(teacher, chat, *file) for file in files]
    sent = teacher.post(f"/conversations/{chat}/messages", text="For tomorrow", attachment_ids=attachment_ids)
    too_many = teacher.request(
        "POST", f"/conversations/{chat}/messages", {"attachment_ids": [*attachment_ids, "a_" + "a" * 26]}
    )
    liar = teacher.post(f"/conversations/{chat}/attachments", name="me.png", type="image/png", size=9)

    [message] = student.get(f"/conversations/{chat}/messages")["messages"]
    found = student.get(f"/search?q=notes&conversation_id={chat}")["results"]
    gallery = gallery_of(student, chat, 3)

    assert [one["name"] for one in message["attachments"]] == [name for name, _, _ in files]
    assert [one["kind"] for one in message["attachments"]] == ["image", "image", "image", "file", "file"]
    assert opened(student, f"/attachments/{attachment_ids[3]}", follow=True).content == b"Bring your notes.\n"
    assert opened(stack.person("outsider"), f"/attachments/{attachment_ids[3]}").status_code == 404
    assert [one["message"]["id"] for one in found] == [sent["id"]]
    assert too_many.status == 400
    assert checked(teacher, liar, b"no image!") == ("rejected", "type_mismatch")
    assert {one["id"] for one in gallery} == set(attachment_ids[:3])


def test_voice_message_as_a_browser_records_it(stack: Stack) -> None:
    teacher, student, chat = of_class(stack, "11g")
    recording = media_files.recording("audio/webm", seconds=2)
    voice_id = upload(teacher, chat, "voice.webm", "audio/webm", recording)
    with student.online() as screen:
        sent = teacher.post(f"/conversations/{chat}/messages", kind="voice", attachment_ids=[voice_id])
        told = screen.event("message_notification")["message"]
    student.put(f"/messages/{sent['id']}/played")
    [receipt] = teacher.get(f"/messages/{sent['id']}/receipts")["receipts"]

    assert (told["id"], told["kind"], told["attachments"][0]["kind"]) == (sent["id"], "voice", "audio")
    assert opened(student, f"/attachments/{voice_id}", follow=True).content == recording
    assert receipt["played_at"] is not None


def test_support_tickets_stand_beside_the_chat(stack: Stack) -> None:
    teacher, student, chat = of_class(stack, "7c")
    agnes = stack.person("agnes", role="agent")
    student.post(f"/conversations/{chat}/messages", text="May I hand it in later?")
    ticket = teacher.post(
        "/support/tickets", subject="No sound", description="In block 4.", context={"type": "block", "id": "4"}
    )
    picture = upload(agnes, ticket["id"], "settings.png", "image/png", PNG)
    agnes.post(f"/support/tickets/{ticket['id']}/respond", text="Look here.", attachment_ids=[picture])

    inbox = teacher.get("/conversations?type=direct,group")["conversations"]
    support = teacher.get("/support/tickets")["tickets"]
    counts = teacher.get("/unread-count")
    found = teacher.get("/search?q=block")["results"]

    assert [one["id"] for one in inbox] == [chat]
    assert [(one["id"], one["unread"], one["context"]["id"]) for one in support] == [(ticket["id"], 1, "4")]
    assert (counts["total"], counts["tickets"]["total"]) == (1, 1)
    assert [one["message"]["conversation_id"] for one in found] == [ticket["id"]]
    assert opened(teacher, f"/attachments/{picture}", follow=True).status_code == 200
    assert student.request("GET", f"/support/tickets/{ticket['id']}").status == 404
