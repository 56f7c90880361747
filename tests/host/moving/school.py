"""A small school in the format of parley-import, and what a dry run says about it."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from parley_host.moving import importing, runs

Record = dict[str, Any]
DAY = "2026-03-01T"


def user(user_id: str, **fields: Any) -> Record:
    return {"record": "user", "id": user_id, "name": user_id.title(), "role": "teacher", **fields}


def direct(conversation_id: str | int, *people: str, **fields: Any) -> Record:
    about = {"created_at": f"{DAY}08:00:00Z", "user_ids": [*people]}
    return {"record": "conversation", "id": conversation_id, "type": "direct", **about, **fields}


def group(conversation_id: str, **fields: Any) -> Record:
    about = {"created_at": f"{DAY}08:00:00Z", "title": "Class"}
    return {"record": "conversation", "id": conversation_id, "type": "group", **about, **fields}


def member(conversation_id: str, user_id: str, role: str = "member", **fields: Any) -> Record:
    return {"record": "member", "conversation_id": conversation_id, "user_id": user_id, "role": role, **fields}


def message(
    message_id: str | int, sender_id: str, minute: int = 0, *, within: str | int = "c1", **fields: Any
) -> Record:
    at = {"created_at": f"{DAY}09:{minute:02d}:00Z", "text": f"Text {message_id}"}
    return {
        "record": "message",
        "id": message_id,
        "conversation_id": within,
        "sender_id": sender_id,
        **at,
        **fields,
    }


def attachment(message_id: str | int, **about: Any) -> Record:
    return {"record": "attachment", "message_id": message_id, **about}


def school() -> list[Record]:
    """Returns users, a conversation of two with four messages, and a group with two."""
    return [
        user("ann"),
        user("ben"),
        user("cem"),
        {"record": "context", "type": "class", "id": "7b", "user_ids": ["ann", "ben"]},
        direct("c1", "ann", "ben"),
        message(1, "ann", 1),
        message(2, "ben", 2, reply_to=1, edited_at=f"{DAY}10:00:00Z"),
        message(3, "ann", 3, reactions=[{"emoji": "❤", "user_ids": ["ben"]}], metadata={"page": 3}),
        message(4, "ann", 4, text="Gone", deleted_at=f"{DAY}11:00:00Z"),
        {"record": "read", "conversation_id": "c1", "user_id": "ben", "message_id": 3},
        {"record": "setting", "conversation_id": "c1", "user_id": "ben", "archived": True},
        group("g1", created_by="ann", user_ids=["ann", "ben", "cem"]),
        message(5, "cem", 5, within="g1"),
        message(6, "ann", 6, within="g1", mentions=["ben"]),
    ]


def write(path: Path, records: Iterable[Record]) -> Path:
    text = "".join(json.dumps(each) + "\n" for each in records)
    path.write_text(text, encoding="utf-8")
    return path


@dataclass(frozen=True)
class Found:
    """The outcome of a dry run: its exit status, its report, and its problems."""

    status: int
    report: Mapping[str, Any]
    problems: list[Mapping[str, Any]]
    run: runs.Run

    @property
    def counts(self) -> Mapping[str, int]:
        counts: Mapping[str, int] = self.report["counts"]
        return counts

    @property
    def lines(self) -> list[tuple[int, str, str]]:
        """Returns line, code and pointer of each problem."""
        return [(each["line"], each["code"], each["pointer"]) for each in self.problems]


def dry_run(folder: Path, *files: Path | str, options: Iterable[str] = ()) -> Found:
    status = importing.main([*map(str, files), "--run", str(folder), "--dry-run", *options])
    problems = (folder / runs.PROBLEMS).read_text(encoding="utf-8").splitlines()
    report = json.loads((folder / runs.REPORT).read_text(encoding="utf-8"))
    return Found(status, report, [json.loads(line) for line in problems], runs.find(folder))
