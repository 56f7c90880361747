"""A dry run: each fault is named with file and line, and what is right is numbered as it will be in Parley."""

import json
import os
import re
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench import old_data
from parley_host.moving import importing, lines, reading, records, rows, runs
from tests.host.moving import school
from tests.host.moving.school import DAY, Record, attachment, direct, dry_run, group, member, message, user, write

OF_TICKETS = {"event": "ticket_updated"}
ROOT = Path(__file__).parents[3]


def faulty(tmp_path: Path, *records: Record, options: tuple[str, ...] = ()) -> school.Found:
    """Returns the dry run of the school and of records on its lines from 15 on."""
    whole = write(tmp_path / "school.jsonl", [*school.school(), *records])
    return dry_run(tmp_path / "run", whole, options=options)


def reaction(message_id: int, user_id: str) -> Record:
    return {"record": "reaction", "message_id": message_id, "user_id": user_id, "emoji": "👍"}


def read(user_id: str, **until: Any) -> Record:
    return {"record": "read", "conversation_id": "c1", "user_id": user_id, **until}


def nested(depth: int) -> Record:
    """Returns objects within each other."""
    made: Record = {}
    for _ in range(depth - 1):
        made = {"a": made}
    return made


def setting(user_id: str, **chosen: Any) -> Record:
    return {"record": "setting", "conversation_id": "c1", "user_id": user_id, **chosen}


def test_a_dry_run_counts_what_it_finds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = dry_run(tmp_path / "run", write(tmp_path / "school.jsonl", school.school()))

    assert (found.status, found.problems, found.report["errors"]) == (0, [], 0)
    assert found.counts == {
        "users": 3,
        "contexts": 1,
        "people_of_contexts": 2,
        "conversations": 2,
        "merged_conversations": 0,
        "tickets": 0,
        "notes": 0,
        "entries_of_histories": 0,
        "members": 5,
        "messages": 6,
        "messages_with_files": 0,
        "unread": 1 + 0 + 1 + 2,  # ben's and ann's of the pair, whose last words are hers; cem's and ben's of the group
        "members_without_read_state": 4,
    }
    assert "messages                                 6" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("wrong", "code", "pointer"),
    [
        (message(9, "eve"), "missing_author", "/sender_id"),
        (message(9, "cem"), "not_a_member", "/sender_id"),
        (message(9, "ann", within="c9"), "unknown_conversation", "/conversation_id"),
        (message(9, "ann", created_at="2999-01-01T00:00:00Z"), "in_the_future", "/created_at"),
        (message(9, "ann", created_at=f"{DAY}09:00:00"), "no_time_zone", "/created_at"),
        (message(9, "ann", created_at="2026-02-30T09:00:00Z"), "bad_format", "/created_at"),
        (message(9, "ann", edited_at="2026-01-01T00:00:00Z"), "times_contradict", "/edited_at"),
        (message(9, "ann", 9, reply_to=99), "reply_to_nothing", "/reply_to"),
        (message(9, "ann", 9, reply_to=5), "reply_elsewhere", "/reply_to"),
        (message(9, "ann", 0, reply_to=3), "reply_to_later", "/reply_to"),
        (message(9, "ann", 9, reply_to=9), "cycle", "/reply_to"),
        (message(9, "ann", 9, reactions=[{"emoji": "👍", "user_ids": ["eve"]}]), "reaction_by_nobody", "/reactions"),
        (message(9, "ann", 9, reactions=[{"emoji": ":)", "user_ids": ["ben"]}]), "no_emoji", "/reactions/0/emoji"),
        (message(9, "ann", 9, mentions=["eve"]), "mention_of_nobody", "/mentions"),
        (message(9, "ann", 9, text="x" * 10_001), "too_long", "/text"),
        (message(9, "ann", 9, text=" \n"), "blank", "/text"),
        (message(9, "ann", 9, text="half \ud83d"), "not_unicode", "/text"),
        (message(9, "ann", 9, metadata={"\ud800": 1}), "not_unicode", "/metadata"),
        (message(9, "ann", 9, metadata={"a": ["b\ud800"]}), "not_unicode", "/metadata/a/0"),
        (message(9, "ann", 9, metadata={"a": "b\0"}), "not_unicode", "/metadata/a"),
        (message(9, "ann", 9, metadata={"a": 2**53}), "out_of_range", "/metadata/a"),
        (message(9, "ann", 9, metadata=nested(9)), "too_deep", "/metadata" + "/a" * 8),
        (message(9, "ann", 9, metadata=nested(900)), "too_deep", "/metadata" + "/a" * 64),
        (message(9, "ann", 9, kind=nested(900)), "too_deep", "/kind" + "/a" * 64),
        (message(9, "ann", 9, created_at="1969-12-31T23:59:59Z"), "out_of_range", "/created_at"),
        (message(9, "ann", 9, kind="system", text="", system=OF_TICKETS), "not_allowed", "/system/event"),
        (user("eve", metadata={"a": "\ud800"}), "not_unicode", "/metadata/a"),
        (user("eve", private_metadata={"\ud800": 1}), "not_unicode", "/private_metadata"),
        (user("eve", metadata={"a": "x" * 2_041}), "too_long", "/metadata"),
        (user("eve", email="\ud800@school.example"), "not_unicode", "/email"),
        (user("eve", role="service"), "bad_format", "/role"),
        (user(".."), "not_allowed", "/id"),
        (user("~parley.system-host"), "not_allowed", "/id"),
        (message(9, "ann", 9, **{"\ud800": 1}), "unknown_field", "/\\ud800"),
        (direct("c2", "ann", "cem", metadata={"\ud800": 1}), "not_unicode", "/metadata"),
        ({"record": "history", "ticket_id": "t", "user_id": "ann", "at": f"{DAY}09:00:00Z", "changes": {"\ud800": 1}},
         "not_unicode", "/changes"),
        (message(9, "ann", 9, colour="red"), "unknown_field", "/colour"),
        (message(9, "ann", 9, attachments=[{"name": "a.png"}]), "path_or_url", "/attachments/0"),
        (message(9, "ann", 9, attachments=[{"path": "../a.png"}]), "outside", "/attachments/0/path"),
        (message(9, "ann", 9, attachments=[{"path": "a", "size": 2**33}]), "out_of_range", "/attachments/0/size"),
        (message(9, "ann", 9, text=" "), "blank", "/text"),
        (message(9, "ann", 9, kind="voice", attachments=[{"path": "a"}, {"path": "b"}]), "too_many", "/attachments"),
        (attachment(1), "path_or_url", ""),
        (attachment(1, path="/etc/passwd"), "outside", "/path"),
        (attachment(99, path="a.png"), "attachment_to_nothing", "/message_id"),
        (message(3, "ann", 3, text="Other"), "contradiction", ""),
        (user("ann", name="Anna"), "contradiction", ""),
        (user("eve", role="a role"), "bad_format", "/role"),
        (direct("c1", "ann", "cem"), "contradiction", ""),
        (direct("c2", "ann", "ann"), "two_people", "/user_ids"),
        (direct("c2", "ann", "eve"), "unknown_user", "/user_id"),
        (group("g2"), "no_members", ""),
        (group("g2", title=None), "required", "/title"),
        (group("g2", context={"type": "class", "id": "7b"}), "not_allowed", "/context"),
        (member("g1", "eve"), "unknown_user", "/user_id"),
        (member("g9", "ann"), "unknown_conversation", "/conversation_id"),
        (member("g1", "ben", "boss"), "unknown_word", "/role"),
        (read("ben", message_id=5), "read_of_nothing", "/message_id"),
        (read("cem", at=f"{DAY}09:00:00Z"), "not_a_member", "/user_id"),
        (read("ben"), "message_or_time", ""),
        ({"record": "setting", "conversation_id": "c9", "user_id": "ben"}, "unknown_conversation", "/conversation_id"),
        (setting("ann", cleared_until=5), "setting_of_nothing", "/cleared_until"),  # which is the group's
        (setting("ann", unread_from=99), "setting_of_nothing", "/unread_from"),
        (reaction(99, "ben"), "reaction_to_nothing", "/message_id"),
        (reaction(1, "eve"), "reaction_by_nobody", "/user_id"),
        ({"record": "letter"}, "unknown_record", "/record"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)  # fmt: skip
def test_a_fault_is_named_with_file_and_line(tmp_path: Path, wrong: Record, code: str, pointer: str) -> None:
    found = faulty(tmp_path, wrong)

    assert found.status == 1
    assert (15, code, pointer) in found.lines
    assert {each["file"] for each in found.problems} == {str(tmp_path / "school.jsonl")}
    assert {each["line"] for each in found.problems} == {15}


@pytest.mark.parametrize(
    ("line", "code", "pointer"),
    [
        ('{"record": "user", "id": "eve", "metadata": {"a": 1e400}}', "out_of_range", "/metadata/a"),
        ('{"record": "user", "id": "eve", "name": 1e400}', "out_of_range", "/name"),
        ('{"record": "user", "id": "eve", "metadata": {"a": NaN}}', "bad_json", ""),
        ('{"record": "user", "id": ' + "9" * 5_000 + "}", "bad_json", ""),
        ("[" * 100_000, "bad_json", ""),
    ],
    ids=["large in metadata", "large", "NaN", "digits", "nested"],
)
def test_a_value_that_json_cannot_hold_is_named_with_file_and_line(
    tmp_path: Path, line: str, code: str, pointer: str
) -> None:
    source = write(tmp_path / "school.jsonl", school.school())
    with source.open("a", encoding="utf-8") as file:
        file.write(line + "\n")

    found = dry_run(tmp_path / "run", source)

    assert found.lines == [(15, code, pointer)]
    assert "sys." not in found.problems[0]["detail"]


@pytest.mark.parametrize("text", ["", "\n \n"])
def test_a_file_without_records_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "school.jsonl").write_text(text, encoding="utf-8")

    found = dry_run(tmp_path / "run", tmp_path / "school.jsonl")

    assert (found.status, found.lines) == (0, [(0, "empty", "")])


def test_a_message_whose_files_are_left_out_is_left_out_if_nothing_stays(tmp_path: Path) -> None:
    files = [attachment(number, path=f"{place}.png") for number in (7, 8) for place in range(31)]
    records = [message(7, "ann", 7, text=""), message(8, "ann", 8), message(9, "ben", 9, reply_to=7), *files]

    found = faulty(tmp_path, *records, options=("--leave-out",))

    assert found.counts["messages"] == 6 + 2
    assert {(15, "blank", "/text"), (17, "reply_to_nothing", "/reply_to")} <= {*found.lines}


def test_no_more_than_50_messages_are_pinned(tmp_path: Path) -> None:
    pinned = [message(100 + number, "ann", 9, pinned=True) for number in range(51)]

    assert faulty(tmp_path, *pinned).lines == [(65, "too_many", "/pinned")]
    assert dry_run(tmp_path / "other", tmp_path / "school.jsonl", options=["--leave-out"]).counts["messages"] == 57


@pytest.mark.parametrize(
    ("odd", "code"),
    [
        (message(9, "ann", 2), "out_of_order"),
        (message(9, "ann", 0, created_at=f"{DAY}07:00:00Z"), "before_conversation"),
        (message(1, "ann", 1), "repeated"),
        (message(9, "ann", 9, attachments=[{"url": "https://10.0.0.1/a.png"}]), "private_address"),
        (message(9, "ann", 9, attachments=[{"url": "https://localhost/a.png"}]), "private_address"),
        (message(9, "ann", 9, attachments=[{"url": "https://169.254.169.254/a"}]), "private_address"),
        (message(9, "ann", 9, attachments=[{"url": "ftp://img.example/a.png"}]), "bad_url"),
        (message(9, "ann", 9, attachments=[{"url": "https://img.example/a", "size": 2**32}]), "file_too_large"),
        (message(9, "ann", 9, attachments=[{"path": "a.png"}]), "file_no_folder"),
        (attachment(1, url="https://10.0.0.1/a.png"), "private_address"),
        (attachment(1, path="a.png"), "file_no_folder"),
        (message(9, "ann", 9, attachments=[{"url": "a.png"}]), "bad_url"),
        (user("eve", time_zone="Mars/Phobos"), "unknown_time_zone"),
        (direct("c2", "ben", "ann"), "merged_pair"),
        (user("ann"), "repeated"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_an_oddity_is_a_warning_and_no_error(tmp_path: Path, odd: Record, code: str) -> None:
    found = faulty(tmp_path, odd)

    assert found.status == 0
    assert (code, "warning") in {(each["code"], each["severity"]) for each in found.problems}


def test_messages_out_of_order_are_one_warning_of_a_file(tmp_path: Path) -> None:
    found = faulty(tmp_path, *(message(20 - number, "ann", 20 - number) for number in range(9)))

    assert [(line, code) for line, code, _ in found.lines] == [(16, "out_of_order")]
    assert "conversation: 8. This" in found.problems[0]["detail"]


def test_a_group_has_a_bound_of_owners_and_admins(tmp_path: Path) -> None:
    people = [f"u{number}" for number in range(51)]
    some = [record for user_id in people for record in (user(user_id), member("g2", user_id, "owner"))]

    assert faulty(tmp_path, group("g2"), *some[:100]).status == 0
    assert faulty(tmp_path, group("g2"), *some).lines == [(15, "too_many_admins", "")]  # the file has changed


def test_files_that_are_missing_or_too_large_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"x")
    with (tmp_path / "b.png").open("wb") as file:
        file.truncate(5 * 2**30 + 1)  # a hole: it takes no room
    (tmp_path / "run.exe").write_bytes(b"MZ")
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "out.png").symlink_to("/etc/passwd")
    names = ("a.png", "b.png", "c/d.png", "run.exe", "empty.png", "out.png")

    found = faulty(
        tmp_path,
        message(9, "ann", 9, attachments=[{"path": name} for name in names]),
        attachment(9, path="e.png"),
        options=("--files", str(tmp_path)),
    )

    assert (found.status, found.counts["messages_with_files"]) == (0, 1)
    assert found.lines == [
        (15, "file_too_large", "/attachments/1/path"),
        (15, "file_missing", "/attachments/2/path"),
        (15, "file_type", "/attachments/3/path"),
        (15, "file_empty", "/attachments/4/path"),
        (15, "file_outside", "/attachments/5/path"),
        (16, "file_missing", "/path"),
    ]


def test_a_message_with_a_file_of_its_own_record_needs_no_text(tmp_path: Path) -> None:
    some = [message(9, "ann", 9, text=""), attachment(9, url="https://img.example/a.png")]

    found = faulty(tmp_path, *some)

    assert (found.status, found.lines, found.counts["messages_with_files"]) == (0, [], 1)


def test_a_message_has_a_bound_of_files(tmp_path: Path) -> None:
    own = [{"url": "https://img.example/a.png"}] * 28
    some = [message(9, "ann", 9, attachments=own), *(attachment(9, url="https://img.example/b.png") for _ in range(3))]

    assert faulty(tmp_path, *some[:3]).status == 0
    assert [code for _, code, _ in faulty(tmp_path, *some).lines] == ["too_many"] * 3


def test_a_former_member_of_a_group_has_written(tmp_path: Path) -> None:
    found = faulty(tmp_path, user("dee"), message(9, "dee", 9, within="g1"))

    assert (found.status, found.lines) == (0, [(16, "former_member", "/sender_id")])


def test_replies_in_a_circle_are_a_cycle(tmp_path: Path) -> None:
    found = faulty(tmp_path, message(8, "ann", 8, reply_to=9), message(9, "ben", 9, reply_to=8))

    assert found.lines == [(15, "cycle", "/reply_to")]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b'{"record": "user", "id": "e', "half_a_line"),
        (b"{record}\n", "bad_json"),
        (b'{"record": "user", "id": NaN}\n', "bad_json"),
        (b"[" * 100_000 + b"\n", "bad_json"),
        (b'{"record": "user", "id": "\xff"}\n', "not_utf8"),
        (b'{"record": "user", "id": "' + b"x" * lines.MAX_LINE_BYTES + b'"}\n', "line_too_long"),
        (b"7\n", "wrong_type"),
    ],
    ids=["half", "no JSON", "no number", "deep", "no UTF-8", "long", "no object"],
)
def test_a_line_that_cannot_be_read_is_named(tmp_path: Path, line: bytes, code: str) -> None:
    path = write(tmp_path / "school.jsonl", school.school())
    path.write_bytes(path.read_bytes() + line)

    assert dry_run(tmp_path / "run", path).lines == [(15, code, "")]


def test_a_last_line_without_a_line_feed_is_whole_if_its_json_is(tmp_path: Path) -> None:
    path = tmp_path / "users.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"record": "user", "id": 7}\n\n{"record": "user", "id": 8}')

    assert dry_run(tmp_path / "run", path).counts["users"] == 2


def test_files_that_contradict_each_other_are_both_named(tmp_path: Path) -> None:
    one = write(tmp_path / "one.jsonl", school.school())
    other = write(tmp_path / "other.jsonl", [user("ben", name="Benjamin")])

    [problem] = dry_run(tmp_path / "run", one, other).problems

    assert (problem["file"], problem["line"]) == (str(other), 1)
    assert problem["detail"] == f"{one}:2 says something else of the same id."


def numbered(run: runs.Run, conversation_id: str) -> dict[int, str]:
    staging = run.staging()
    query = "SELECT seq, id FROM messages m JOIN numbers n ON n.place = m.place WHERE conversation_id = ? ORDER BY seq"
    found = {row["seq"]: row["id"] for row in staging.rows(query, (conversation_id,))}
    staging.close()
    return found


def marks(run: runs.Run) -> dict[tuple[str, str], tuple[int, int]]:
    """Returns up to where a person has cleared, and from where on they have marked as unread, of those who have."""
    staging = run.staging()
    try:
        found = staging.rows("SELECT * FROM members WHERE cleared_seq > 0 OR unread_from_seq IS NOT NULL")
        return {(row["conversation_id"], row["user_id"]): (row["cleared_seq"], row["unread_from_seq"]) for row in found}
    finally:
        staging.close()


def markers(run: runs.Run) -> dict[tuple[str, str], int]:
    staging = run.staging()
    found = {(row["conversation_id"], row["user_id"]): row["read_seq"] for row in staging.rows("SELECT * FROM members")}
    staging.close()
    return found


def test_messages_are_numbered_by_time_and_then_by_line(tmp_path: Path) -> None:
    found = faulty(tmp_path, message(7, "ann", 3), message(8, "ben", 0))

    assert numbered(found.run, "c1") == {1: "8", 2: "1", 3: "2", 4: "3", 5: "7", 6: "4"}


def test_two_conversations_of_one_pair_become_one(tmp_path: Path) -> None:
    found = faulty(tmp_path, direct("c2", "ben", "ann"), message(7, "ben", 0, within="c2"))

    assert numbered(found.run, "c1") == {1: "7", 2: "1", 3: "2", 4: "3", 5: "4"}
    assert (found.counts["conversations"], found.counts["merged_conversations"]) == (2, 1)


def test_a_marker_is_the_furthest_of_those_known_and_of_the_own_messages(tmp_path: Path) -> None:
    in_the_group = {**read("ben", at=f"{DAY}09:05:30Z"), "conversation_id": "g1"}

    found = faulty(tmp_path, in_the_group, read("ben", message_id=1))

    assert markers(found.run) == {
        ("c1", "ann"): 4,
        ("c1", "ben"): 3,
        ("g1", "ann"): 2,
        ("g1", "ben"): 1,
        ("g1", "cem"): 1,
    }


def test_all_is_read_up_to_a_date_if_no_marker_says_otherwise(tmp_path: Path) -> None:
    found = faulty(tmp_path, message(7, "ann", 7, within="g1"), options=("--read-until", f"{DAY}09:06:00Z"))

    assert markers(found.run)["c1", "ben"] == 3  # the marker says so
    assert (markers(found.run)["g1", "ben"], markers(found.run)["g1", "cem"]) == (2, 2)


@pytest.mark.parametrize(
    ("rules", "whose", "cleared", "hidden"),
    [
        ({}, {"joined_after": 5}, {}, 0),
        ({"history": "joined"}, {}, {}, 0),
        ({"history": "joined"}, {"joined_after": 5}, {}, 1),
        ({"history": "joined"}, {"joined_after": 6}, {}, 2),
        ({"history": "joined"}, {"joined_after": 5, "history": "all"}, {}, 0),
        ({"history": "all"}, {"joined_after": 5, "history": "joined"}, {}, 1),
        ({"history": "joined"}, {"joined_after": 5, "history": "all"}, {"cleared_until": 5}, 1),
        ({"history": "joined"}, {"joined_after": 5}, {"cleared_until": 6}, 2),
        ({"history": "joined"}, {"joined_after": 6}, {"cleared_until": 5}, 2),
    ],
)
def test_people_who_came_into_a_group_later_see_nothing_older_if_it_says_so(
    tmp_path: Path, rules: Record, whose: Record, cleared: Record, hidden: int
) -> None:
    records = [each for each in school.school() if each.get("id") != "g1"]
    records += [group("g1", created_by="ann", user_ids=["ann", "ben"], **rules), member("g1", "cem", **whose)]
    chosen = {**setting("cem", **cleared), "conversation_id": "g1"}

    found = dry_run(tmp_path / "run", write(tmp_path / "school.jsonl", [*records, chosen]))

    assert found.status == 0
    assert marks(found.run).get(("g1", "cem"), (0, None)) == (hidden, None)
    assert found.counts["unread"] == (3 if hidden == 2 else 4)


def test_data_for_a_rehearsal_of_any_size_has_no_faults(tmp_path: Path) -> None:
    found = dry_run(tmp_path / "run", write(tmp_path / "old.jsonl", old_data.records(1_003)))

    assert (found.status, found.problems) == (0, [])
    assert (found.counts["users"], found.counts["conversations"], found.counts["messages"]) == (5, 5, 1_003)


def test_errors_can_be_left_out(tmp_path: Path) -> None:
    wrong = [
        message(7, "eve", 7),
        message(8, "ann", 8, reply_to=7),
        message(9, "ann", 9, reactions=[{"emoji": "👍", "user_ids": ["eve"]}]),
        direct("c2", "ann", "eve"),
        message(10, "ann", 9, within="c2"),
        setting("ann", cleared_until=99, unread_from=3),
    ]

    found = faulty(tmp_path, *wrong, options=("--leave-out",))

    assert found.status == 0
    assert numbered(found.run, "c1") == {1: "1", 2: "2", 3: "3", 4: "4", 5: "8", 6: "9"}
    assert found.counts["conversations"] == 2
    assert marks(found.run) == {("c1", "ann"): (0, 3)}
    codes = [code for _, code, _ in found.lines]
    assert codes.count("missing_author") == 1 and "reply_to_nothing" in codes and "reaction_by_nobody" in codes


def test_a_message_whose_files_are_left_out_is_left_out_if_it_is_empty_then(tmp_path: Path) -> None:
    empty = [message(7, "ann", 7, text=""), *(attachment(7, path=f"{n}.pdf") for n in range(31))]
    full = [message(8, "ann", 8, reply_to=7), *(attachment(8, path=f"{n}.pdf") for n in range(31))]

    found = faulty(tmp_path, *empty, *full, options=("--leave-out",))

    assert found.status == 0
    assert numbered(found.run, "c1") == {1: "1", 2: "2", 3: "3", 4: "4", 5: "8"}
    errors = [(each["line"], each["code"]) for each in found.problems if each["severity"] == "error"]
    assert (errors[0], errors[32]) == ((15, "blank"), (47, "reply_to_nothing"))
    assert [code for _, code in errors].count("too_many") == 62


REAL = rows.json_lines


def interrupted(by: BaseException, after: int, *place: Any) -> Iterator[rows.Row]:
    """Yields the rows of a file up to a line, and raises an error then."""
    for row in REAL(*place):
        if row.number > after:
            raise by
        yield row


@pytest.mark.parametrize("after", [1, 4, 9])
def test_an_interrupted_reading_continues(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    path = write(tmp_path / "school.jsonl", [*school.school(), message(9, "eve")])
    whole = dry_run(tmp_path / "whole", path)
    monkeypatch.setattr(reading, "ROWS_AT_ONCE", 2)
    with monkeypatch.context() as patched:
        patched.setattr(rows, "json_lines", lambda *place: interrupted(KeyboardInterrupt(), after, *place))
        assert importing.main([str(path), "--run", str(tmp_path / "run"), "--dry-run"]) == 130
    again = dry_run(tmp_path / "run")

    assert (again.counts, again.problems) == (whole.counts, whole.problems)


def test_a_file_that_goes_away_is_named_with_the_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "school.jsonl", school.school())

    away = OSError(5, "Input/output error")
    monkeypatch.setattr(rows, "json_lines", lambda *place: interrupted(away, 3, *place))

    assert importing.main([str(path), "--run", str(tmp_path / "run")]) == 1
    assert f"{path} went away while it was read, after line 3: Input/output error." in capsys.readouterr().err


def test_a_file_that_changes_between_two_tries_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "school.jsonl", school.school())
    with monkeypatch.context() as patched:
        patched.setattr(reading, "ROWS_AT_ONCE", 2)
        patched.setattr(rows, "json_lines", lambda *place: interrupted(KeyboardInterrupt(), 5, *place))
        importing.main([str(path), "--run", str(tmp_path / "run")])
    write(path, school.school()[:3])

    assert dry_run(tmp_path / "run", path).counts["users"] == 3
    assert dry_run(tmp_path / "run").counts["conversations"] == 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["missing.jsonl", "--run", "run"], "cannot be read: No such file or directory"),
        (["--run", "run"], "Name the files of the run."),
        (["school.jsonl", "--run", "run", "--read-until", "yesterday"], "--read-until: A time is written as"),
        (["school.jsonl", "--run", "."], "is neither empty nor the folder of a run"),
    ],
)
def test_a_wrong_command_ends_with_a_sentence(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    sentence: str,
) -> None:
    write(tmp_path / "school.jsonl", school.school())
    monkeypatch.chdir(tmp_path)

    assert importing.main(arguments) == 1
    assert sentence in capsys.readouterr().err


def test_a_run_with_other_options_is_read_again(tmp_path: Path) -> None:
    path = write(tmp_path / "school.jsonl", [*school.school(), message(9, "eve")])

    first = dry_run(tmp_path / "run", path)
    second = dry_run(tmp_path / "run", path, options=("--leave-out",))

    assert (first.status, second.status) == (1, 0)
    assert first.run.id == second.run.id


def test_the_guide_has_each_record_with_its_fields() -> None:
    guide = (ROOT / "docs" / "operate" / "moving-in.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", guide.partition("## The format")[2].partition("###")[0], re.MULTILINE)
    fields = {record: re.findall(r"`(\w+)`(\*?)", named) for record, named in rows}

    assert {record: {name for name, _ in named} for record, named in fields.items()} == {
        record: {*kind.fields} for record, kind in records.KINDS.items()
    }
    assert {record: sorted(name for name, needed in named if needed) for record, named in fields.items()} == {
        record: sorted(kind.needed) for record, kind in records.KINDS.items()
    }


def test_the_memory_of_a_dry_run_does_not_grow_with_the_messages(tmp_path: Path) -> None:
    def peak(messages: int) -> int:
        path = tmp_path / f"{messages}.jsonl"
        with path.open("w", encoding="utf-8") as file:
            for each in (user("ann"), user("ben"), direct("c1", "ann", "ben")):
                file.write(json.dumps(each) + "\n")
            for number in range(messages):
                file.write(json.dumps(message(number, "ann", number % 60)) + "\n")
        tracemalloc.start()
        dry_run(tmp_path / f"run-{messages}", path, options=("--leave-out",))
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        os.unlink(path)
        return found

    assert peak(12_000) < peak(3_000) + 500_000


@pytest.mark.parametrize("second", ["--dry-run", "--verify", "--undo", "--people-are-there"])
def test_a_second_command_on_a_folder_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], second: str
) -> None:
    path, real = write(tmp_path / "school.jsonl", school.school()), importing.staged
    found: list[int] = []

    def interrupted(*arguments: Any) -> Any:
        if not found:
            found.append(-1)  # a second command that is not refused comes here, too
            found.append(importing.main(["--run", str(tmp_path / "run"), second]))
        return real(*arguments)

    monkeypatch.setattr(importing, "staged", interrupted)

    assert dry_run(tmp_path / "run", path).status == 0
    assert found == [-1, 1]
    assert f"Another command works with {tmp_path / 'run'}." in capsys.readouterr().err


def test_a_command_that_died_holds_no_folder(tmp_path: Path) -> None:
    path, folder = write(tmp_path / "school.jsonl", school.school()), tmp_path / "run"
    runs.make(folder)
    holding = (
        "import pathlib, sys, time; from parley_host.moving import runs\n"
        "with runs.held(pathlib.Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", holding, str(folder)]
    with subprocess.Popen(command, cwd=ROOT / "host" / "src", stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdout.readline() == b"held\n"
        refused = importing.main([str(path), "--run", str(folder), "--dry-run"])
        process.kill()

    assert (refused, dry_run(folder, path).status) == (1, 0)
