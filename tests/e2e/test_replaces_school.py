"""A session of the school platform (replacing.md, E): who may write to whom, and a group of a class."""

from collections.abc import Iterator
from urllib.parse import quote

import pytest

from tests import media_files
from tests.e2e.attachments import PNG, upload
from tests.e2e.pushes import PushedBrowser, decided
from tests.e2e.stack import Person, Stack, running
from tests.harness.web_push import push_service

QUICK = ("👍", "❤️", "😊", "😮", "😢", "🎉")
ROLES = ("admin", "teacher", "parent", "student")


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running(tmp_path_factory.mktemp("school"), "--parameter", "Policy=school") as started:
        yield started


def people(school: Stack) -> list[Person]:
    return [school.person(role, role=role) for role in ROLES]


def group_of(owner: Person, *others: Person, **fields: object) -> str:
    member_ids = [one.user_id for one in others]
    group_id: str = owner.post("/conversations", type="group", title="7b", member_ids=member_ids, **fields)["id"]
    return group_id


def test_the_role_matrix_holds_and_the_directory_shows_the_same(school: Stack) -> None:
    allowed = {
        "admin": {"admin", "teacher", "parent", "student"},
        "teacher": {"student", "parent", "admin"},
        "parent": {"teacher", "admin"},
        "student": {"teacher", "admin"},
    }
    callers, others = people(school), people(school)

    for caller, role in zip(callers, ROLES, strict=True):
        found = {other: caller.get(f"/users?role={other}&q={other}")["users"] for other in ROLES}
        for other, other_role in zip(others, ROLES, strict=True):
            wanted = {"type": "direct", "user_id": other.user_id}
            opened = caller.request("POST", "/conversations", wanted)
            assert opened.status == (201 if other_role in allowed[role] else 404), (role, other_role)
            listed = other.user_id in {one["id"] for one in found[other_role]}
            assert listed is (other_role in allowed[role]), (role, other_role)


def test_a_group_with_roles_from_its_making_to_announcements(school: Stack) -> None:
    _, teacher, parent, student = people(school)
    second = school.person("student", role="student")
    group = group_of(teacher, parent, student, description="Class 7b")

    with student.online() as phone, second.online() as tablet:
        teacher.put(f"/conversations/{group}/members/{second.user_id}", role="admin")
        added, created = phone.event("member_added"), tablet.event("conversation_created")
        teacher.patch(f"/conversations/{group}", posting="admins")
        updated = phone.event("conversation_updated")["shared"]
        refused = phone.refused("send_message", conversation_id=group, text="May I?")
        tablet.ask("send_message", conversation_id=group, text="Trip on Friday")
        heard = iter(lambda: phone.event("message_notification")["message"], None)
        told = next(one for one in heard if one["kind"] == "text")  # among the notes of what has changed
        teacher.delete(f"/conversations/{group}/members/{parent.user_id}")
        removed = phone.event("member_removed")

    roles = {one["user_id"]: one["role"] for one in student.get(f"/conversations/{group}/members")["members"]}
    assert (added["user_ids"], created["conversation"]["description"]) == ([second.user_id], "Class 7b")
    assert added["shared"]["admin_ids"] == [second.user_id]
    assert (updated["posting"], refused["code"], refused["status"]) == ("admins", "posting_restricted", 403)
    assert (told["text"], told["sender_id"]) == ("Trip on Friday", second.user_id)
    assert removed["removed_id"] == parent.user_id
    assert roles == {teacher.user_id: "owner", second.user_id: "admin", student.user_id: "member"}
    assert parent.request("GET", f"/conversations/{group}").status == 404


def test_mute_pin_reactions_mentions_pins_and_forwarding(school: Stack) -> None:
    admin, teacher, parent, student = people(school)
    group = group_of(teacher, parent, student)
    until = "2199-01-01T00:00:00.000Z"

    muted = student.patch(f"/conversations/{group}/settings", muted_until=until, pinned=True)["settings"]
    body = {"text": "@Student bring the form", "mentions": [student.user_id]}
    sent = teacher.post(f"/conversations/{group}/messages", **body)
    mentioned = student.get(f"/conversations/{group}")
    for emoji in QUICK:
        parent.put(f"/messages/{sent['id']}/reactions/{quote(emoji)}")
    student.put(f"/messages/{sent['id']}/reactions/{quote('👍')}")
    parent.delete(f"/messages/{sent['id']}/reactions/{quote('🎉')}")
    reactions = student.get(f"/messages/{sent['id']}")["reactions"]
    pinned = teacher.put(f"/messages/{sent['id']}/pin")["pinned"]
    not_a_students = student.request("DELETE", f"/messages/{sent['id']}/pin")
    to_admin = teacher.opens(admin)
    forwarded = teacher.post(f"/messages/{sent['id']}/forward", conversation_ids=[to_admin])["messages"]
    student.patch(f"/conversations/{group}/read-all")

    assert (muted["muted_until"], muted["pinned"]) == (until, True)
    assert [one["id"] for one in student.get("/conversations?state=pinned")["conversations"]] == [group]
    assert (mentioned["unread_mentions"], mentioned["mention_seqs"]) == (1, [sent["seq"]])
    assert student.get(f"/conversations/{group}")["unread_mentions"] == 0
    assert {one["emoji"]: (one["count"], one["mine"]) for one in reactions} == {
        "👍": (2, True),
        **{emoji: (1, False) for emoji in QUICK[1:-1]},
    }
    assert (pinned, not_a_students.status) == (True, 403)
    assert [one["id"] for one in parent.get(f"/conversations/{group}/pins")["messages"]] == [sent["id"]]
    assert [one["forwarded_from"]["sender_id"] for one in forwarded] == [teacher.user_id]
    assert admin.get(f"/conversations/{to_admin}/messages")["messages"][0]["text"] == body["text"]


def test_typing_deleting_and_searching_in_a_group(school: Stack) -> None:
    _, teacher, parent, student = people(school)
    group = group_of(teacher, parent, student)
    slip = parent.post(f"/conversations/{group}/messages", text="Where is teh museum?")
    asked = parent.post(f"/conversations/{group}/messages", text="Where is the museum?")

    with teacher.online() as desk, student.online() as phone:
        desk.ask("typing_start", conversation_id=group)
        typing = phone.event("user_typing")
        desk.ask("typing_stop", conversation_id=group)
        stopped = phone.event("user_stopped_typing")
        parent.delete(f"/messages/{slip['id']}")
        deleted = phone.event("message_deleted")["message"]
        student.delete(f"/messages/{asked['id']}?scope=me")
    not_a_students = student.request("DELETE", f"/messages/{asked['id']}")

    def found(person: Person) -> list[str]:
        return [one["message"]["id"] for one in person.get("/search?q=museum")["results"]]

    assert (typing["user_id"], stopped["user_id"]) == (teacher.user_id, teacher.user_id)
    assert (deleted["id"], deleted["text"], deleted["deleted_at"] is None) == (slip["id"], "", False)
    assert not_a_students.status == 403
    assert (found(teacher), found(student)) == ([asked["id"]], [])


def test_ten_images_and_more_in_two_messages_with_previews(school: Stack) -> None:
    teacher, student = school.person("photographer", role="teacher"), school.person("viewer", role="student")
    chat = group_of(teacher, student)
    attachment_ids = [upload(teacher, chat, f"trip {number}.png", "image/png", PNG) for number in range(12)]
    for first in range(0, 12, 5):
        teacher.post(f"/conversations/{chat}/messages", attachment_ids=attachment_ids[first : first + 5])

    messages = student.get(f"/conversations/{chat}/messages")["messages"]
    urls = student.post("/attachments/urls", ids=attachment_ids)["attachments"]
    [listed] = student.get("/conversations")["conversations"]

    shown = [one["id"] for message in messages for one in message["attachments"]]
    assert shown == attachment_ids
    assert all(each["thumbnail_url"] for each in urls.values())
    assert all(one["placeholder"] for message in messages for one in message["attachments"])
    assert listed["last_message"]["text"] == ""
    assert listed["last_message"]["attachments"]["count"] == 2


def test_voice_message_is_heard_and_shows_that_it_was(school: Stack) -> None:
    teacher, student = school.person("speaker", role="teacher"), school.person("listener", role="student")
    chat = group_of(teacher, student)
    recording = media_files.recording("audio/mp4", seconds=2)
    voice_id = upload(teacher, chat, "Sprachnachricht.m4a", "audio/mp4", recording)
    sent = teacher.post(f"/conversations/{chat}/messages", kind="voice", attachment_ids=[voice_id])

    message = student.get(f"/messages/{sent['id']}")
    played = student.put(f"/messages/{sent['id']}/played")
    receipts = teacher.get(f"/messages/{sent['id']}/receipts")["receipts"]

    assert (message["kind"], message["text"], len(message["attachments"][0]["waveform"])) == ("voice", "", 64)
    assert 1_900 <= message["attachments"][0]["duration_ms"] <= 2_200
    assert (student.user_id, played["played_at"]) in {(one["user_id"], one["played_at"]) for one in receipts}


def test_pushes_and_quiet_hours_that_a_mention_passes(school: Stack) -> None:
    _, teacher, parent, student = people(school)
    every_day = {day: [["00:00", "24:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
    with push_service() as service:
        browser = PushedBrowser(student, service)
        quiet = {"time_zone": "Europe/Madrid", "days": every_day}
        student.patch("/me/notification-preferences", quiet_hours=quiet, exceptions={"mention": True})
        group = group_of(teacher, parent, student)
        silent = teacher.post(f"/conversations/{group}/messages", text="Homework is online")
        rules = decided(student, silent["id"])
        loud = teacher.post(f"/conversations/{group}/messages", text="@Student your form", mentions=[student.user_id])
        [push] = browser.pushes(1)

    assert rules["push"] == ("skipped", "quiet_hours")
    assert (push["kind"], push["message_id"]) == ("mention", loud["id"])
