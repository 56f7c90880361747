"""A deployment that is exported, emptied and imported again is as it was, whatever was in it."""

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from parley_host.moving import exporting, importing, runs
from tests import media_files
from tests.e2e.attachments import PNG, upload
from tests.e2e.stack import Stack
from tests.host.moving import school
from tests.host.moving.school import Record, direct, group, member, message, user, write

PEOPLE = ("ann", "ben", "cem")
AT = "2026-03-02T10:00:00Z"
FLAGS = st.booleans()
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=30).map(
    lambda text: "x" + text
)


@pytest.fixture(autouse=True)
def access(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLEY_URL", stack.rest_url)
    monkeypatch.setenv("PARLEY_SECRET", (stack.state / "jwt_secret").read_text(encoding="ascii"))


@st.composite
def _messages(draw: Any, within: str, people: tuple[str, ...]) -> list[Record]:
    """Returns messages with everything that a message can have."""
    made: list[Record] = []
    for number in range(draw(st.integers(0, 6))):
        fields: Record = {"text": draw(TEXTS)}
        if made and draw(FLAGS):
            fields["reply_to"] = made[draw(st.integers(0, len(made) - 1))]["id"]
        if draw(FLAGS):
            some = draw(st.lists(st.sampled_from(people), min_size=1, unique=True))
            fields["reactions"] = [{"emoji": "👍", "user_ids": some}]
        for name, value in (
            ("edited_at", AT),
            ("deleted_at", AT),
            ("pinned", True),
            ("metadata", {"a": [1, {"b": "ü"}]}),
            ("custom_type", "booking"),
            ("mentions", [people[0]]),
            ("attachments", [{"path": "notes.txt"}]),
            ("forwarded_from", {"sender_id": people[1], "created_at": "2026-01-01T00:00:00Z"}),
        ):
            if draw(st.integers(0, 3)) == 0:
                fields[name] = value
        if draw(st.integers(0, 5)) == 0:
            note = {"event": "members_added", "user_ids": [people[0]]}
            fields = {"text": "", "kind": "system", "system": note}
        elif draw(st.integers(0, 5)) == 0:
            fields |= {"text": "", "kind": "voice", "attachments": [{"path": "voice.webm"}]}
        made.append(message(f"{within}-{number}", draw(st.sampled_from(people)), number, within=within, **fields))
    return made


@st.composite
def _sides(draw: Any, within: str, people: tuple[str, ...], messages: list[Record]) -> list[Record]:
    """Returns markers and settings of some members."""
    made: list[Record] = []
    for user_id in people:
        whose = {"conversation_id": within, "user_id": user_id}
        if messages and draw(FLAGS):
            until = draw(st.sampled_from(messages))["id"]
            made.append({"record": "read", **whose, draw(st.sampled_from(("message_id", "delivered_id"))): until})
        if draw(FLAGS):
            level = draw(st.sampled_from(("all", "none")))
            chosen: Record = {"pinned": draw(FLAGS), "archived": draw(FLAGS), "notifications": level}
            for name in ("cleared_until", "unread_from"):
                if messages and draw(FLAGS):
                    chosen[name] = draw(st.sampled_from(messages))["id"]
            made.append({"record": "setting", **whose, **chosen})
    return made


def _of_ticket(records: list[Record], place: str = "ticket_id") -> list[Record]:
    """Returns records of a conversation as those of the ticket, or of its notes."""
    kept = [{name: item for name, item in each.items() if name != "conversation_id"} for each in records]
    return [
        {**each, "record": "note", "ticket_id": "t1"}
        if place == "notes_of" and each["record"] == "message"
        else {**each, place: "t1"}
        for each in kept
    ]


@st.composite
def _tickets(draw: Any) -> list[Record]:
    """Returns a ticket with its messages, its notes, its history and its rating."""
    said, noted = draw(_messages("t1", PEOPLE[:2])), draw(_messages("n1", PEOPLE[1:]))
    moves: Record = {"status": {"from": "open", "to": "in_progress"}, "tags": {"from": [], "to": ["old-1"]}}
    moves["assignee_id"] = {"from": "cem", "to": "ben"}
    state: Record = {"priority": "high", "category": "booking", "tags": ["old-1"], "assignee_id": "ben"}
    state |= {"description": draw(TEXTS), "metadata": {"number": 17}}
    # The days of a resolved one begin with each import.
    status = draw(st.sampled_from(("open", "in_progress", "waiting_on_customer", "closed")))
    about = {"id": "t1", "requester_id": "ann", "subject": draw(TEXTS), "created_at": "2026-03-01T08:00:00Z"}
    at = {"user_id": "cem", "at": "2026-03-01T08:30:00Z"}
    changed = {"record": "history", "ticket_id": "t1", **at, "changes": moves, "note": "For Ben"}
    rated = {"record": "rating", "ticket_id": "t1", "rating": draw(st.integers(1, 5)), "comment": draw(TEXTS)}
    authors = tuple(sorted({each["sender_id"] for each in noted if each.get("kind") != "system"}))
    noted = noted if authors else []  # notes begin with what a person writes
    return [
        {"record": "ticket", **about, "status": status, **(state if draw(FLAGS) else {})},
        *_of_ticket(said),
        *_of_ticket(noted, "notes_of"),
        *([changed] if draw(FLAGS) else []),
        *([rated] if draw(FLAGS) else []),
        *_of_ticket(draw(_sides("t1", PEOPLE[:1], said))),
        *_of_ticket(draw(_sides("n1", authors, noted)), "notes_of"),
    ]


@st.composite
def _deployments(draw: Any) -> list[Record]:
    """Returns people, a direct conversation, a group and a ticket."""
    pair, trio = draw(_messages("c1", PEOPLE[:2])), draw(_messages("g1", PEOPLE))
    about = {"context": {"type": "class", "id": "7b", "title": "Maths"}} if draw(FLAGS) else {}
    rules = {
        "posting": "admins",
        "slow_mode_s": 30,
        "closed": draw(FLAGS),
        "description": "For all",
        "history": "joined",
    }
    late = {"joined_after": trio[-1]["id"]} if trio else {}
    return [
        *(user(name) for name in (*PEOPLE, "dee")),  # no conversation names her
        {"record": "context", "type": "class", "id": "7b", "user_ids": [*PEOPLE[:2]]},
        direct("c1", *PEOPLE[:2], **about),
        group("g1", title=draw(TEXTS), **(rules if draw(FLAGS) else {})),
        *(member("g1", name, role) for name, role in zip(PEOPLE[:2], ("owner", "admin"), strict=True)),
        {**member("g1", PEOPLE[2]), **late},
        *pair,
        *trio,
        *draw(_sides("c1", PEOPLE[:2], pair)),
        *draw(_sides("g1", PEOPLE, trio)),
        *draw(_tickets()),
    ]


def moved(*arguments: object) -> int:
    return importing.main([*map(str, arguments)])


def exported(folder: Path) -> list[Path]:
    assert exporting.main([str(folder)]) == 0
    return [folder / name for name in exporting.FILES]


def content(files: list[Path]) -> list[str]:
    """Returns the records of an export: the same ids in each, and the bytes of files for their paths."""
    text = "".join(path.read_text(encoding="utf-8") for path in files)
    records: list[Mapping[str, Any]] = [json.loads(line) for line in text.split("\n") if line]
    for each in records:
        if each["record"] == "conversation" and each["type"] == "group":
            text = text.replace(each["id"], "group")
        if each["record"] == "ticket":
            text = text.replace(each["id"], "ticket").replace("n_" + each["id"][2:], "notes")
    return sorted(_with_bytes(json.loads(line), files[0].parent) for line in text.split("\n") if line)


def _with_bytes(record: Record, folder: Path) -> str:
    for each in record.get("attachments", ()):
        each["bytes"] = (folder / exporting.FILES_OF_MESSAGES / each.pop("path")).read_bytes().hex()
    return json.dumps(record, sort_keys=True)


def of_people(line: str) -> bool:
    return json.loads(line)["record"] in ("user", "context")


# An example takes seconds, so a failing one is shown as it is: the others would wait for a smaller one for minutes.
@settings(
    max_examples=6, deadline=None, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(records=_deployments())
def test_an_export_that_is_imported_is_the_same_deployment(stack: Stack, records: list[Record]) -> None:
    mark = uuid4().hex[:8]
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        text = json.dumps(records)
        for name in (*PEOPLE, "dee"):
            text = text.replace(f'"{name}"', f'"{name}.{mark}"')
        path = write(folder / "source.jsonl", json.loads(text))
        (folder / "voice.webm").write_bytes(media_files.recording("audio/webm", seconds=1))
        (folder / "notes.txt").write_text("Bring your books.", encoding="utf-8")
        assert moved(path, "--files", folder, "--run", folder / "first") == 0

        first = exported(folder / "one")
        assert moved("--run", folder / "first", "--undo") == 0
        assert [line for line in content(exported(folder / "empty")) if not of_people(line)] == []
        assert moved(*first, "--files", folder / "one" / "files", "--run", folder / "second") == 0
        second = exported(folder / "two")

        assert content(second) == content(first)
        assert moved("--run", folder / "second", "--undo") == 0


def test_an_export_has_what_people_wrote(stack: Stack, tmp_path: Path) -> None:
    ann, ben = stack.person("ann"), stack.person("ben")
    chat = ann.opens(ben)
    picture = upload(ann, chat, "plan.png", "image/png", PNG)
    sent = ann.post(f"/conversations/{chat}/messages", text="Hello", attachment_ids=[picture])
    ben.put(f"/messages/{sent['id']}/reactions/{quote('👍')}")

    files = exported(tmp_path / "out")

    records = [json.loads(line) for path in files for line in path.read_text(encoding="utf-8").split("\n") if line]
    ids = {each["id"] for each in records if each["record"] == "user"}
    assert {ann.user_id, ben.user_id} <= ids
    whose = {"record": "reaction", "message_id": sent["id"], "user_id": ben.user_id, "emoji": "👍"}
    assert whose in records
    [hello] = [each for each in records if each["record"] == "message" and each["id"] == sent["id"]]
    assert (hello["text"], hello["sender_id"]) == ("Hello", ann.user_id)
    [file] = hello["attachments"]
    assert (file["path"], file["name"], file["type"]) == (f"{picture}/plan.png", "plan.png", "image/png")
    brought = (tmp_path / "out" / "files" / file["path"]).read_bytes()
    assert brought.startswith(PNG[:8]) and len(brought) == file["size"]


def test_an_export_has_what_people_chose_and_people_of_no_conversation(stack: Stack, tmp_path: Path) -> None:
    text = json.dumps(
        [
            *(user(f"{name}.chose") for name in (*PEOPLE, "dee")),
            direct("c1", "ann.chose", "ben.chose"),
            *(message(number, "ann.chose", number) for number in (1, 2, 3)),
            {
                "record": "setting",
                "conversation_id": "c1",
                "user_id": "ann.chose",
                "cleared_until": 3,
                "unread_from": 1,
            },
            {
                "record": "setting",
                "conversation_id": "c1",
                "user_id": "ben.chose",
                "cleared_until": 1,
                "unread_from": 3,
            },
            {"record": "read", "conversation_id": "c1", "user_id": "ben.chose", "message_id": 3},
            group("g.chose", history="joined", user_ids=["ann.chose", "cem.chose"], created_by="ann.chose"),
            *(message(number, "ann.chose", number, within="g.chose") for number in (4, 5)),
            {"record": "setting", "conversation_id": "g.chose", "user_id": "cem.chose", "cleared_until": 4},
            {"record": "setting", "conversation_id": "g.chose", "user_id": "ann.chose", "unread_from": 4},
        ]
    )
    assert moved(write(tmp_path / "source.jsonl", json.loads(text)), "--run", tmp_path / "run") == 0
    assert moved("--run", tmp_path / "run", "--verify") == 0
    report = json.loads((tmp_path / "run" / runs.REPORT).read_text(encoding="utf-8"))
    [chat] = stack.known("ben.chose").get("/conversations")["conversations"]
    [hers] = stack.known("ann.chose").get("/conversations")["conversations"][1:]

    files = exported(tmp_path / "out")

    found = [json.loads(line) for line in "".join(content_of(files)).split("\n") if line]
    assert "dee.chose" in {each["id"] for each in found if each["record"] == "user"}
    marks = {
        each["user_id"]: tuple(each.get(name, "").partition(".")[2] for name in ("cleared_until", "unread_from"))
        for each in found
        if each["record"] == "setting" and each.get("conversation_id") == chat["id"]
    }
    assert marks == {"ann.chose": ("3", ""), "ben.chose": ("1", "3")}
    [listed] = [each for each in found if each["record"] == "conversation" and each.get("history") == "joined"]
    in_group = [each for each in found if each["record"] == "setting" and each.get("conversation_id") == listed["id"]]
    assert {each["user_id"]: (each.get("cleared_until"), each.get("unread_from")) for each in in_group} == {
        "ann.chose": (None, f"{listed['id']}.1"),
        "cem.chose": (f"{listed['id']}.1", None),
    }
    assert (chat["unread"], hers["unread"], report["counts"]["unread"]) == (1, 0, 4)


def test_people_see_after_an_import_what_came_after_they_joined_a_group(stack: Stack, tmp_path: Path) -> None:
    people = [f"{name}.late" for name in (*PEOPLE, "dee")]
    records = [
        *map(user, people),
        group("g.late", history="joined", created_by=people[0]),
        member("g.late", people[0], "owner"),
        member("g.late", people[1], joined_after=1),
        member("g.late", people[2], joined_after=1, history="all"),
        member("g.late", people[3]),
        *(message(number, people[0], number, within="g.late") for number in (1, 2)),
    ]

    assert moved(write(tmp_path / "source.jsonl", records), "--run", tmp_path / "run") == 0
    assert moved("--run", tmp_path / "run", "--verify") == 0
    first = _seen(stack, people)
    files = exported(tmp_path / "out")
    assert moved("--run", tmp_path / "run", "--undo") == 0
    assert moved(_only(files, people, tmp_path / "late.jsonl"), "--run", tmp_path / "again") == 0

    assert first == [["Text 1", "Text 2"], ["Text 2"], ["Text 1", "Text 2"], ["Text 1", "Text 2"]]
    assert _seen(stack, people) == first


def _only(files: list[Path], people: list[str], path: Path) -> Path:
    """Writes the users, the group and the messages of these people out of an export; other tests have more there."""
    found = [json.loads(line) for line in "".join(content_of(files)).split("\n") if line]
    within = {each["conversation_id"] for each in found if each.get("user_id") in people}
    names = ("conversation_id", "id")
    kept = [each for each in found if {each.get(name) for name in names} & {*people, *within}]
    return write(path, kept)


def _seen(stack: Stack, people: list[str]) -> list[list[str]]:
    """Returns the texts that each person finds in their only conversation."""
    found = []
    for each in map(stack.known, people):
        [chat] = each.get("/conversations")["conversations"]
        found.append([one["text"] for one in each.get(f"/conversations/{chat['id']}/messages")["messages"]])
    return found


def lines_of(files: list[Path]) -> list[Record]:
    return [json.loads(line) for line in "".join(content_of(files)).split("\n") if line]


def in_use(stack: Stack) -> tuple[str, str]:
    """Returns a group whose system messages the server has written, and one of its members who never signed in."""
    ann, ben, cem = (stack.person(name) for name in PEOPLE)
    quiet = f"quiet.{uuid4().hex[:8]}"
    group_id = ann.post("/conversations", type="group", title="Hikers", member_ids=[ben.user_id, cem.user_id])["id"]
    for each in ({"title": "Hiking"}, {"history": "joined"}, {"posting": "admins", "slow_mode_s": 10}):
        ann.patch(f"/conversations/{group_id}", **each)
    ann.post(f"/conversations/{group_id}/members", user_ids=[quiet])
    ben.delete(f"/conversations/{group_id}/members/{ben.user_id}")
    ann.patch(f"/conversations/{group_id}/read-all")
    dissolved = ann.post("/conversations", type="group", title="Short", member_ids=[ben.user_id, cem.user_id])["id"]
    ann.delete(f"/conversations/{dissolved}")
    return group_id, quiet


def test_what_the_server_wrote_is_imported(stack: Stack, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    group_id, quiet = in_use(stack)
    files = exported(tmp_path / "one")
    out = capsys.readouterr().out
    found = lines_of(files)
    assert {"record": "user", "id": quiet} in found
    assert "groups without members are left out." in out
    texts = [each for each in found if each["record"] == "message" and each.get("kind") == "system"]
    assert texts and not any("text" in each for each in texts)

    mine = [
        each for each in found if each["record"] == "user" or group_id in (each.get("id"), each.get("conversation_id"))
    ]
    again = write(tmp_path / "mine.jsonl", mine)
    assert moved(again, "--run", tmp_path / "run") == 0
    assert moved("--run", tmp_path / "run", "--verify") == 0
    names = new_ids(tmp_path / "run")
    host = stack.person("host", role="service")
    first, second = (host.get(f"/conversations/{each}/messages")["messages"] for each in (group_id, names[group_id]))
    assert len(second) > 5
    for each in (*first, *second):
        del each["id"], each["conversation_id"]
    assert second == first


def test_last_messages_without_a_text_are_verified(stack: Stack, tmp_path: Path) -> None:
    mark = uuid4().hex[:8]
    (tmp_path / "voice.webm").write_bytes(media_files.recording("audio/webm", seconds=1))
    (tmp_path / "notes.txt").write_text("Bring your books.", encoding="utf-8")
    last: list[Record] = [
        {"kind": "system", "system": {"event": "history_changed"}},
        {"kind": "voice", "attachments": [{"path": "voice.webm"}]},
        {"attachments": [{"path": "notes.txt"}]},
        {"attachments": [{"path": "lost.txt"}]},
        {"custom_type": "booking"},
        {"deleted_at": AT},
    ]
    records = [user(f"ann.{mark}"), user(f"ben.{mark}")]
    for number, fields in enumerate(last):
        within = f"{mark}-{number}"
        records.append(group(within, user_ids=[f"ann.{mark}", f"ben.{mark}"]))
        said = message(within, f"ann.{mark}", number, within=within, **fields)
        records.append({name: item for name, item in said.items() if name != "text"})
    path = write(tmp_path / "source.jsonl", records)

    assert moved(path, "--files", tmp_path, "--run", tmp_path / "run", "--leave-out") == 0
    assert moved("--run", tmp_path / "run", "--verify") == 0


def test_a_desk_in_use_is_imported(stack: Stack, tmp_path: Path) -> None:
    ann, sam, tom = stack.person("ann"), stack.person("sam", role="agent"), stack.person("tom", role="agent")
    subject = f"My booking {uuid4().hex[:8]}"
    about = {"subject": subject, "description": "I cannot see it."}
    kept, merged = (ann.post("/support/tickets", **about)["id"] for _ in range(2))
    sam.post(f"/support/tickets/{kept}/respond", text="Let me look.")
    sam.post(f"/support/tickets/{kept}/take")
    tom.post(f"/support/tickets/{merged}/merge", into=kept)
    stack.person("kim", role="agent").post(f"/support/tickets/{kept}/notes", text="They have called twice.")
    sam.patch(f"/support/tickets/{kept}", status="resolved")
    ann.post(f"/support/tickets/{kept}/rating", rating=4, comment="Quick.")
    found = lines_of(exported(tmp_path / "one"))
    mine = [
        each
        for each in found
        if each["record"] == "user" or kept in (each.get("id"), each.get("ticket_id"), each.get("notes_of"))
    ]

    assert moved(write(tmp_path / "mine.jsonl", mine), "--run", tmp_path / "run") == 0
    assert moved("--run", tmp_path / "run", "--verify") == 0

    names = new_ids(tmp_path / "run")
    host = stack.person("host", role="service")
    first, second = (
        [(each["event"], each["user_id"], each["changes"].get("rating")) for each in entries if wanted(each)]
        for entries in (host.get(f"/support/tickets/{each}/history")["entries"] for each in (kept, names[kept]))
    )
    assert second == first
    assert {"responded", "rated"} <= {event for event, *_ in second}
    before, after = (
        sorted(each["user_id"] for each in host.get(f"/migration/conversations/{one}/members")["members"])
        for one in (kept, names[kept])
    )
    assert after == before and tom.user_id not in after
    events = [
        each["system"]["event"]
        for each in host.get(f"/conversations/{names[kept]}/messages")["messages"]
        if each["kind"] == "system"
    ]
    assert "ticket_merged" in events


def wanted(entry: Record) -> bool:
    """Says whether an entry is one of those that an export has: a merge is a link to another ticket."""
    return not {*entry["changes"]} & {"merged_from", "merged_into"}


def new_ids(run: Path) -> Mapping[str, str]:
    """Returns the new ids by the old ones, of notes those of their tickets."""
    lines = (run / runs.IDS).read_text(encoding="utf-8").splitlines()
    return {each["old"]: each["new"] for each in map(json.loads, lines) if each["record"] != "notes"}


def content_of(files: list[Path]) -> list[str]:
    return [path.read_text(encoding="utf-8") for path in files]


def test_a_folder_with_files_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "users.jsonl", school.school())

    assert exporting.main([str(tmp_path)]) == 1
    assert f"{tmp_path} is not empty." in capsys.readouterr().err
