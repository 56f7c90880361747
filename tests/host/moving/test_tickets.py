"""Tickets of an old system: checked with file and line, brought with notes, rating and history, verified, undone."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from parley_host import Parley, Signer
from parley_host.moving import importing, runs
from tests.e2e.stack import Stack
from tests.host.moving.school import DAY, Record, dry_run, message, user, write
from tests.host.moving.test_loading import dying


def ticket(**fields: Any) -> Record:
    about = {"id": 1, "requester_id": "ann", "subject": "My bicycle", "description": "It is broken.", "user_ids": []}
    return {"record": "ticket", **about, "created_at": f"{DAY}08:00:00Z", "status": "open", **fields}


def of_ticket(message_id: int, sender_id: str, minute: int, **fields: Any) -> Record:
    said = message(message_id, sender_id, minute, **fields)
    return {**{name: item for name, item in said.items() if name != "conversation_id"}, "ticket_id": 1}


def note(note_id: int, sender_id: str, **fields: Any) -> Record:
    return {**of_ticket(note_id, sender_id, 9), "record": "note", **fields}


def changed(user_id: str, minute: int, **moves: Any) -> Record:
    changes = {name: {"from": before, "to": after} for name, (before, after) in moves.items()}
    at = f"{DAY}09:{minute:02d}:00Z"
    return {"record": "history", "ticket_id": 1, "user_id": user_id, "at": at, "changes": changes}


def rated(rating: int = 4, **fields: Any) -> Record:
    return {"record": "rating", "ticket_id": 1, "rating": rating, **fields}


def desk(**fields: Any) -> list[Record]:
    """Returns a ticket with all that it can have, and a conversation and a message of the same ids."""
    return [
        user("ann"),
        user("sam", role="agent"),
        user("tom", role="agent"),
        {"record": "conversation", "id": 1, "type": "direct", "user_ids": ["ann", "sam"]},
        message(1, "ann", 1, within=1),
        ticket(assignee_id="sam", status="resolved", priority="high", category="booking", tags=["old-1"], **fields),
        of_ticket(1, "ann", 1),
        of_ticket(2, "sam", 2, reply_to=1, reactions=[{"emoji": "👍", "user_ids": ["ann"]}]),
        note(1, "sam"),
        note(2, "tom", reply_to=1),
        changed("tom", 1, assignee_id=(None, "sam"), status=("open", "in_progress")),
        changed("sam", 5, status=("in_progress", "resolved")),
        rated(comment="Quick."),
        {"record": "read", "ticket_id": 1, "user_id": "ann", "message_id": 1},
        {"record": "read", "notes_of": 1, "user_id": "sam", "message_id": 2},
        {"record": "setting", "ticket_id": 1, "user_id": "ann", "pinned": True},
    ]


def test_a_desk_without_faults_is_counted(tmp_path: Path) -> None:
    found = dry_run(tmp_path / "run", write(tmp_path / "desk.jsonl", desk()))

    assert (found.status, found.problems) == (0, [])
    counts = {name: found.counts[name] for name in ("conversations", "tickets", "notes", "entries_of_histories")}
    assert counts == {"conversations": 1, "tickets": 1, "notes": 2, "entries_of_histories": 3}
    assert found.counts["messages"] == 6  # the description is one


@pytest.mark.parametrize(
    "record, code, pointer",
    [
        (ticket(status="new"), "unknown_word", "/status"),
        (ticket(priority="normal"), "unknown_word", "/priority"),
        (ticket(requester_id="zoe"), "unknown_user", "/requester_id"),
        (ticket(assignee_id="zoe"), "unknown_user", "/assignee_id"),
        (ticket(assignee_id="ann"), "contradiction", "/assignee_id"),
        (ticket(subject=" "), "blank", "/subject"),
        (ticket(tags=["two words"]), "bad_format", "/tags/0"),
        (ticket(status_at="2020-01-01T00:00:00Z"), "times_contradict", "/status_at"),
        (ticket(replied_at="2199-01-01T00:00:00Z"), "in_the_future", "/replied_at"),
        (changed("zoe", 1), "unknown_user", "/user_id"),
        (changed("sam", 1, assignee_id=("zoe", None)), "unknown_user", "/changes/assignee_id/from"),
        (changed("sam", 1, status=("open", "done")), "unknown_word", "/changes/status/to"),
        ({**changed("sam", 1), "ticket_id": 9}, "unknown_ticket", "/ticket_id"),
        (rated(6), "out_of_range", "/rating"),
        (note(9, "ann"), "note_by_requester", "/sender_id"),
        (note(9, "sam", ticket_id=9), "unknown_ticket", "/ticket_id"),
        (note(9, "sam", text=None, kind="system", system={"event": "reopened"}), "no_members", ""),
        ({**of_ticket(9, "sam", 1), "ticket_id": 9}, "unknown_conversation", "/ticket_id"),
        ({"record": "read", "notes_of": 9, "user_id": "sam", "message_id": 1}, "unknown_conversation", "/notes_of"),
        ({**of_ticket(9, "sam", 1), "conversation_id": 1}, "contradiction", "/ticket_id"),
        (of_ticket(9, "sam", 1, reply_to=7), "reply_to_nothing", "/reply_to"),
        ({**message(9, "sam", 1), "conversation_id": None}, "required", "/conversation_id"),
    ],
)
def test_each_fault_has_its_line(tmp_path: Path, record: Record, code: str, pointer: str) -> None:
    others = [user("ann"), user("sam"), *([] if record["record"] == "ticket" else [ticket()])]

    found = dry_run(tmp_path / "run", write(tmp_path / "desk.jsonl", [*others, record]))

    assert found.status == 1
    line = len(others) + 1
    assert (line, code, pointer) in found.lines
    assert not [each for each in found.problems if re.search("(ticket|notes):[0-9]", each["detail"])]
    left_out = dry_run(tmp_path / "again", tmp_path / "desk.jsonl", options=["--leave-out"])
    assert left_out.status == 0


def test_a_description_is_the_first_message_wherever_its_ticket_stands(tmp_path: Path) -> None:
    records = [user("ann"), user("sam"), of_ticket(9, "sam", 1), ticket(description="It is broken.")]

    assert dry_run(tmp_path / "run", write(tmp_path / "desk.jsonl", records)).problems == []


def test_too_long_a_history_is_named(tmp_path: Path) -> None:
    entries = [changed("sam", number % 60) for number in range(251)]

    found = dry_run(tmp_path / "run", write(tmp_path / "desk.jsonl", [user("ann"), user("sam"), ticket(), *entries]))

    assert found.lines == [(254, "too_many", "")]


def test_the_travel_platform_has_its_tickets(tmp_path: Path) -> None:
    tables = {
        "users": "id,name\n7,Ann\n8,Sam\n",
        "support_tickets": "id,user_id,subject,description,category,status,priority,created_at\n"
        "1,7,Lost bag,It is blue.,booking,in_progress,high,2026-03-01 08:00:00\n"
        "2,7,Late,Very late.,booking,pending,normal,2026-03-01 08:00:00\n",
        "support_messages": "id,ticket_id,sender_id,message_text,is_admin,created_at\n"
        "1,1,8,We look for it.,1,2026-03-01 09:00:00\n",
    }
    for name, text in tables.items():
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")

    files = [tmp_path / f"{name}.csv" for name in tables]
    found = dry_run(tmp_path / "run", *files, options=["--from", "b", "--leave-out"])

    assert found.lines == [(3, "unknown_word", "/status")]
    assert (found.counts["tickets"], found.counts["messages"], found.counts["members"]) == (1, 2, 2)


@pytest.fixture
def parley(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Iterator[Parley]:
    secret = (stack.state / "jwt_secret").read_text(encoding="ascii")
    monkeypatch.setenv("PARLEY_URL", stack.rest_url)
    monkeypatch.setenv("PARLEY_SECRET", secret)
    with Parley(stack.rest_url, Signer(secret)) as made:
        yield made


def moved(*arguments: object) -> int:
    return importing.main([*map(str, arguments)])


def marked(records: list[Record], mark: str) -> list[Record]:
    text = json.dumps(records)
    for name in ("ann", "sam", "tom"):
        text = text.replace(f'"{name}"', f'"{name}.{mark}"')
    for name in ('"id": 1', '"ticket_id": 1', '"notes_of": 1', '"conversation_id": 1', '"message_id": 1'):
        text = text.replace(f"{name},", f'{name[:-1]}"1.{mark}",').replace(f"{name}}}", f'{name[:-1]}"1.{mark}"}}')
    text = text.replace('"reply_to": 1', f'"reply_to": "1.{mark}"')
    found: list[Record] = json.loads(text)
    return found


def test_a_ticket_is_brought_verified_and_undone(
    stack: Stack, tmp_path: Path, parley: Parley, capsys: pytest.CaptureFixture[str]
) -> None:
    path, run = write(tmp_path / "desk.jsonl", marked(desk(), "brought")), tmp_path / "run"

    assert moved(path, "--run", run) == 0
    assert moved("--run", run, "--verify") == 0
    assert moved(path, "--run", run) == 0

    lines = (run / runs.IDS).read_text(encoding="utf-8").splitlines()
    ids = {(each["record"], each["old"]): each["new"] for each in map(json.loads, lines)}
    ticket_id = ids["ticket", "1.brought"]
    seen = parley.get_ticket(ticket_id)
    assert (seen["subject"], seen["status"], seen["priority"], seen["rating"]) == ("My bicycle", "resolved", "high", 4)
    said = [each["text"] for each in parley.list_messages(ticket_id)]
    assert said == ["It is broken.", "Text 1", "Text 2"]
    assert ids["ticket_message", "1.brought"] == f"{ticket_id}.2"
    assert [each["text"] for each in parley.list_messages("n_" + ticket_id[2:])] == ["Text 1", "Text 2"]
    history = [*parley.list_ticket_history(ticket_id)]
    assert [each["event"] for each in history] == ["created", "updated", "updated", "rated"]
    assert history[3]["comment"] == "Quick."
    assert moved("--run", run, "--undo") == 0
    assert "100% 2 of 2," in capsys.readouterr().err.rpartition("undoing")[2]  # the notes go with it
    assert [each["id"] for each in parley.list_stored_conversations() if each["id"] == ticket_id] == []


@pytest.mark.parametrize("is_done", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("requests", range(1, 7))
def test_a_ticket_that_was_killed_continues_and_so_does_its_undoing(
    stack: Stack, tmp_path: Path, parley: Parley, monkeypatch: pytest.MonkeyPatch, requests: int, is_done: bool
) -> None:
    mark = f"killed{requests}{is_done}"
    path, run = write(tmp_path / "desk.jsonl", marked(desk()[:3] + desk()[5:], mark)), tmp_path / "run"

    with monkeypatch.context() as patched:
        patched.setattr(importing, "client", dying(stack, requests, is_done=is_done))
        assert moved(path, "--run", run, "--workers", 1) == 130
    assert moved("--run", run) == 0
    assert moved("--run", run, "--verify") == 0
    with monkeypatch.context() as patched:
        patched.setattr(importing, "client", dying(stack, requests % 2, is_done=is_done))
        assert moved("--run", run, "--undo", "--workers", 1) == 130
    assert moved("--run", run, "--undo") == 0
