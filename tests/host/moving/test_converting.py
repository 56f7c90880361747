"""Dumps of the five old systems, each from its tables to a conversation that people read in Parley."""

import json
from collections.abc import Mapping
from datetime import UTC
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from parley_host.moving import importing, mapping, rows
from parley_host.moving.mapping import TableMapping
from parley_host.moving.problems import Stop, Wrong
from tests.e2e.attachments import PNG
from tests.e2e.stack import Stack
from tests.host.moving.school import Found, dry_run

# As `mysql --batch` writes them: tabs, NULL, and escapes.
TRAVEL = {
    "users.tsv": "id\tname\n{0}1\tAnn\n{0}2\tBen\n",
    "conversations.tsv": "id\tuser1_id\tuser2_id\tlast_message_at\n1\t{0}1\t{0}2\t2026-03-01 09:02:00\n",
    "messages.tsv": (
        "id\tconversation_id\tsender_id\tmessage_text\tcreated_at\n"
        "1\t1\t{0}1\tTwo lines\\nand a \\t tab\t2026-03-01 09:01:00\n"
        "2\t1\t{0}2\tC:\\\\trips\t2026-03-01 09:02:00\n"
    ),
    "support_tickets.tsv": "id\tuser_id\tsubject\tcreated_at\n1\t{0}1\tLost\t2026-03-01 09:02:00\n",
    "bookings.tsv": "id\n1\n",
}
# As PostgreSQL's COPY … CSV HEADER writes them: quotes around lines, nothing for null.
SCHOOL = {
    "User.csv": "id,name,role\n{0}1,Ann,TEACHER\n{0}2,Ben,student\n{0}3,Cem,PARENT\n",
    "Conversation.csv": (
        "id,type,name,isArchived,createdBy,lastMessageAt\n"
        "{0}d,DIRECT,,f,{0}1,2026-03-01 09:03:00\n"
        '{0}g,GROUP,"Trip, May",f,{0}1,2026-03-01 09:04:00\n'
    ),
    "ConversationParticipant.csv": (
        "id,conversationId,userId,role,lastReadAt,unreadCount,isMuted,isPinned\n"
        "p1,{0}d,{0}1,MEMBER,2026-03-01 09:03:00,0,f,t\n"
        "p2,{0}d,{0}2,MEMBER,2026-03-01 09:01:00,2,t,f\n"
        "p3,{0}g,{0}1,ADMIN,,0,f,f\n"
        "p4,{0}g,{0}3,MEMBER,,1,f,f\n"
    ),
    "Message.csv": (
        "id,conversationId,senderId,content,attachments,isEdited,isDeleted,createdAt\n"
        '{0}m1,{0}d,{0}1,"Two lines\nand ""quotes""",,f,f,2026-03-01 09:01:00.123\n'
        "{0}m2,{0}d,{0}1,Edited,,t,f,2026-03-01 09:02:00+00\n"
        "{0}m3,{0}d,{0}1,Gone,,f,t,2026-03-01 09:03:00\n"
        '{0}m4,{0}g,{0}1,,"[""https://img.example/a/plan.pdf?v=1""]",f,f,2026-03-01 09:04:00\n'
    ),
    "MessageReaction.csv": "id,messageId,userId,emoji\nr1,{0}m1,{0}2,👍\n",
}
PATTERNS = {
    "users.json": '[{{"id": "{0}1", "name": "Ann"}},\n {{"id": "{0}2", "name": "Ben"}}]',
    "conversations.json": json.dumps(
        [
            {
                "id": "{0}c",
                "patternId": "scarf",
                "participantIds": ["{0}1", "{0}2"],
                "lastMessageId": None,
                "createdAt": 1772355600000,
                "title": "Scarf",
                "isActive": True,
            }
        ]
    )
    .replace("{", "{{")
    .replace("}", "}}")
    .replace("{{0}}", "{0}"),
    "messages.json": (
        '[{{"id": "{0}x", "conversationId": "{0}c", "senderId": "{0}1", "recipientId": "{0}2", "content": "Hi",\n'
        ' "attachmentUrl": null, "isRead": true, "sentAt": "2026-03-01T09:01:00Z"}},\n'
        ' {{"id": "{0}y", "conversationId": "{0}c", "senderId": "{0}1", "recipientId": "{0}2", "content": "Ho",\n'
        ' "attachmentUrl": "https://img.example/a.png", "isRead": false, "sentAt": "2026-03-01T09:02:00Z"}}]'
    ),
}
PATTERNS_MAPPING: Mapping[str, Any] = {
    "tables": {
        "users": {"record": "user", "id": "$id", "name": "$name"},
        "conversations": {
            "record": "conversation",
            "id": "$id",
            "type": "direct",
            "user_ids": "$participantIds",
            "context": {"type": "pattern", "id": "$patternId", "title": "$title?"},
            "created_at": {"column": "createdAt", "as": "time"},
        },
        "messages": [
            {
                "record": "message",
                "id": "$id",
                "conversation_id": "$conversationId",
                "sender_id": "$senderId",
                "text": "$content",
                "created_at": {"column": "sentAt", "as": "time"},
                "attachments": [{"url": "$attachmentUrl", "name": "$attachmentName?"}],
            },
            {
                "record": "read",
                "when": "isRead",
                "conversation_id": "$conversationId",
                "user_id": "$recipientId",
                "message_id": "$id",
            },
        ],
    },
    "left_out": ["conversations.lastMessageId", "conversations.isActive"],
}


def dumps(folder: Path, files: Mapping[str, str], mark: str) -> Path:
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text.format(mark), encoding="utf-8")
    return folder


def moved(stack: Stack, monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setenv("PARLEY_URL", stack.rest_url)
    monkeypatch.setenv("PARLEY_SECRET", (stack.state / "jwt_secret").read_text(encoding="ascii"))
    return importing.main([*map(str, arguments)])


def test_the_travel_platform_moves_in(stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = dumps(tmp_path / "dump", TRAVEL, "70")
    run = tmp_path / "run"

    assert moved(stack, monkeypatch, folder, "--from", "b", "--read-until", "2026-03-01", "--run", run) == 0
    assert moved(stack, monkeypatch, "--run", run, "--verify") == 0

    ann = stack.known("701")
    chats = {each["type"]: each for each in ann.get("/conversations")["conversations"]}
    chat = chats["direct"]
    assert (chats["ticket"]["title"], ann.get("/support/tickets")["tickets"][0]["status"]) == ("Lost", "open")
    texts = [each["text"] for each in ann.get(f"/conversations/{chat['id']}/messages?after=0")["messages"]]
    assert texts == ["Two lines\nand a \t tab", "C:\\trips"]
    assert (chat["unread"], chat["last_message"]["sender_id"]) == (0, "702")
    ann.post(f"/conversations/{chat['id']}/messages", text="Still here")
    assert stack.known("702").get("/conversations")["conversations"][0]["unread"] == 1


def test_the_school_moves_in(stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = dumps(tmp_path / "dump", SCHOOL, "cuid")
    run = tmp_path / "run"

    assert moved(stack, monkeypatch, folder, "--from", "e", "--run", run) == 0
    assert moved(stack, monkeypatch, "--run", run, "--verify") == 0

    ben, cem = stack.known("cuid2"), stack.known("cuid3")
    [chat] = ben.get("/conversations")["conversations"]
    messages = ben.get(f"/conversations/{chat['id']}/messages?after=0")["messages"]
    assert [each["text"] for each in messages] == ['Two lines\nand "quotes"', "Edited", ""]
    assert [each["edited_at"] is not None for each in messages] == [False, True, False]
    assert messages[0]["reactions"] == [{"emoji": "👍", "count": 1, "mine": True}]
    assert messages[0]["created_at"] == "2026-03-01T09:01:00.123Z"
    assert (chat["unread"], chat["settings"]["notifications"]) == (3, "none")
    [group] = cem.get("/conversations")["conversations"]
    assert (group["title"], group["unread"], group["last_message"]["text"]) == ("Trip, May", 1, "plan.pdf")


def test_the_pattern_marketplace_moves_in_by_a_mapping(
    stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = dumps(tmp_path / "dump", PATTERNS, "craft")
    (tmp_path / "c.map").write_text(json.dumps(PATTERNS_MAPPING), encoding="utf-8")
    run = tmp_path / "run"

    assert moved(stack, monkeypatch, folder, "--from", tmp_path / "c.map", "--run", run) == 0
    assert moved(stack, monkeypatch, "--run", run, "--verify") == 0

    [chat] = stack.known("craft2").get("/conversations")["conversations"]
    assert (chat["context"], chat["unread"]) == ({"type": "pattern", "id": "scarf"}, 1)
    assert chat["last_message"]["text"] == "Ho"


# PostgreSQL again, with columns that are not documented: their owner knows them.
PLAY = {
    "users.csv": "user_id,display_name,kind\n{0}1,Ann,CREATOR\n{0}2,Ben,player\n",
    "conversations.csv": "conv_id,first_id,second_id,context,block_id,opened\n{0}c,{0}1,{0}2,block,b7,1772355600\n",
    "direct_messages.csv": (
        "dm_id,conv_id,author_id,body,is_read,created\n"
        "{0}m1,{0}c,{0}1,Hi,t,2026-03-01 10:01:00+01\n"
        "{0}m2,{0}c,{0}1,Ho,f,2026-03-01 10:02:00+01\n"
    ),
    "conversation_settings.csv": "conv_id,user_id,archived,muted\n{0}c,{0}2,t,f\n",
}
PLAY_MAPPING: Mapping[str, Any] = {
    "words": {"role": {"CREATOR": "creator", "player": "player"}},
    "tables": {
        "users": {
            "record": "user",
            "id": "$user_id",
            "name": "$display_name",
            "role": {"column": "kind", "word": "role"},
        },
        "conversations": {
            "record": "conversation",
            "id": "$conv_id",
            "type": "direct",
            "user_ids": ["$first_id", "$second_id"],
            "context": {"type": "$context", "id": "$block_id"},
            "created_at": {"column": "opened", "as": "time"},
        },
        "direct_messages": [
            {
                "record": "message",
                "id": "$dm_id",
                "conversation_id": "$conv_id",
                "sender_id": "$author_id",
                "text": "$body",
                "created_at": {"column": "created", "as": "time"},
            },
            {
                "record": "read",
                "when": "is_read",
                "conversation_id": "$conv_id",
                "user_id": "{0}2",
                "message_id": "$dm_id",
            },
        ],
        "conversation_settings": {
            "record": "setting",
            "conversation_id": "$conv_id",
            "user_id": "$user_id",
            "archived": {"column": "archived", "as": "flag"},
            "muted_until": {"column": "forever?", "default": "2099-01-01T00:00:00Z", "when": "muted"},
        },
    },
}
# Sequelize's tables: whole numbers as ids, soft deletion.
BACKEND = {
    "Users.tsv": "id\tname\n{0}1\tAnn\n{0}2\tBen\n",
    "Conversations.tsv": "id\tuserA\tuserB\n5\t{0}1\t{0}2\n",
    "Messages.tsv": (
        "id\tsenderId\treceiverId\tconversationId\tcontent\treadAt\tcreatedAt\tdeletedAt\n"
        "11\t{0}1\t{0}2\t5\tHi\t2026-03-01 09:05:00\t2026-03-01 09:01:00\tNULL\n"
        "12\t{0}1\t{0}2\t5\tGone\tNULL\t2026-03-01 09:02:00\t2026-03-01 09:03:00\n"
    ),
}
BACKEND_MAPPING: Mapping[str, Any] = {
    "time_zone": "Europe/Berlin",
    "tables": {
        "Users": {"record": "user", "id": "$id", "name": "$name"},
        "Conversations": {"record": "conversation", "id": "$id", "type": "direct", "user_ids": ["$userA", "$userB"]},
        "Messages": [
            {
                "record": "message",
                "id": "$id",
                "conversation_id": "$conversationId",
                "sender_id": "$senderId",
                "text": "$content",
                "created_at": {"column": "createdAt", "as": "time"},
                "deleted_at": {"column": "deletedAt?", "as": "time"},
            },
            {
                "record": "read",
                "when": {"column": "readAt", "is_not": [None]},
                "conversation_id": "$conversationId",
                "user_id": "$receiverId",
                "message_id": "$id",
            },
        ],
    },
}


@pytest.mark.parametrize(
    ("files", "given", "mark", "seen"),
    [
        (PLAY, PLAY_MAPPING, "play", (True, 1, "Ho", "2026-03-01T09:02:00.000Z", {"type": "block", "id": "b7"})),
        (BACKEND, BACKEND_MAPPING, "90", (False, 1, "", "2026-03-01T08:02:00.000Z", None)),
    ],
    ids=["play-test platform", "chat backend"],
)
def test_a_system_without_documented_columns_moves_in_by_a_mapping(
    stack: Stack,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    files: Mapping[str, str],
    given: Mapping[str, Any],
    mark: str,
    seen: tuple[object, ...],
) -> None:
    folder = dumps(tmp_path / "dump", files, mark)
    (tmp_path / "map.json").write_text(json.dumps(given).replace("{0}", mark), encoding="utf-8")
    run = tmp_path / "run"

    assert moved(stack, monkeypatch, folder, "--from", tmp_path / "map.json", "--run", run) == 0
    assert moved(stack, monkeypatch, "--run", run, "--verify") == 0

    state = "archived" if seen[0] else "active"
    [chat] = stack.known(f"{mark}2").get(f"/conversations?state={state}")["conversations"]
    last = chat["last_message"]
    assert (chat["archived"], chat["unread"], last["text"], last["created_at"], chat["context"]) == seen


KEY = bytes.fromhex("ff00ab12")


@pytest.mark.parametrize(
    ("when", "key", "holds"),
    [
        ({"column": "key", "is_not": [None]}, KEY, True),
        ({"column": "key", "is": [None]}, KEY, False),
        ({"column": "key", "is": [None]}, None, True),
        ({"column": "key", "is": ["ff00ab12"], "as": "hex"}, KEY, True),
        ({"column": "key", "is": [None, "0xFF00AB12"], "as": "hex"}, KEY, True),
        ({"column": "key", "is": [None, "ff00ab12"], "as": "hex"}, None, True),
        ({"column": "key", "is_not": ["ff00ab12"], "as": "hex"}, KEY, False),
        ({"column": "key", "is": ["ab"], "as": "hex"}, KEY, False),
        ({"column": "key", "is": ["abc"]}, b"abc", True),
        ({"column": "key", "is": ["abc"], "as": "lower"}, "ABC", True),
        ({"column": "key", "is": [7]}, "7", True),
        ({"column": "key", "is": [True], "as": "flag"}, b"\x01", True),
    ],
)
def test_a_condition_may_be_about_bytes(when: Any, key: Any, holds: bool) -> None:
    template = {"record": "user", "id": "$id", "when": when}

    found = [*TableMapping({"tables": {"t": template}}).records("t", {"id": "7", "key": key})]

    assert found == ([{"record": "user", "id": "7"}] if holds else [])


@pytest.mark.parametrize(
    ("when", "code"),
    [({"column": "key", "is": ["ff"]}, "not_utf8"), ("key", "not_utf8"), ("!key", "not_utf8")],
)
@pytest.mark.parametrize("within", [False, True])
def test_a_condition_names_the_column_that_it_cannot_read(when: Any, code: str, within: bool) -> None:
    name = {"column": "name", "when": when}
    template = {"record": "user", "id": "$id", **({"name": name} if within else {"when": when})}

    with pytest.raises(Wrong) as raised:
        [*TableMapping({"tables": {"t": template}}).records("t", {"id": "7", "name": "Ann", "key": KEY})]

    assert (raised.value.code, raised.value.below) == (code, "/key")


def test_files_that_have_a_table_of_their_own_move_in_with_their_messages(
    stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = (
        "file_id,dm_id,ticket_id,filename,original\n"
        "1,{0}m2,,1700-plan.png,Plan der Woche.png\n2,,77,1701-x.txt,x.txt\n3,{0}m2,,1702-gone.png,gone.png\n"
    )
    folder = dumps(tmp_path / "dump", {**PLAY, "message_attachments.csv": rows}, "filed")
    table = {
        "record": "attachment",
        "when": {"column": "dm_id", "is_not": [None]},
        "message_id": "$dm_id",
        "path": "$filename",
        "name": "$original",
    }
    mapping = {**PLAY_MAPPING, "tables": {**PLAY_MAPPING["tables"], "message_attachments": table}}
    (tmp_path / "map.json").write_text(json.dumps(mapping).replace("{0}", "filed"), encoding="utf-8")
    (tmp_path / "uploads").mkdir()
    (tmp_path / "uploads" / "1700-plan.png").write_bytes(PNG)
    run = tmp_path / "run"
    asked = (folder, "--from", tmp_path / "map.json", "--files", tmp_path / "uploads", "--run", run)

    assert moved(stack, monkeypatch, *asked) == 0
    assert moved(stack, monkeypatch, "--run", run, "--verify") == 0

    [chat] = stack.known("filed1").get("/conversations")["conversations"]
    found = stack.known("filed1").get(f"/conversations/{chat['id']}/messages")["messages"][1]["attachments"]
    assert [(each["name"], each["type"]) for each in found] == [("Plan der Woche.png", "image/png")]
    problems = [json.loads(line) for line in (run / "problems.jsonl").read_text(encoding="utf-8").splitlines()]
    named = [(Path(each["file"]).name, each["line"], each["code"]) for each in problems if each["code"] != "left_out"]
    assert named == [("message_attachments.csv", 4, "file_missing")]
    ids = [json.loads(line) for line in (run / "ids.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {"record": "attachment", "old": "1700-plan.png", "name": "Plan der Woche.png", "new": found[0]["id"]} in ids


def of_users(table: str = "t", **record: object) -> str:
    return json.dumps({"tables": {table: {"record": "user", **record}}})


def rehearsed(tmp_path: Path, files: Mapping[str, str], named: object) -> Found:
    return dry_run(tmp_path / "run", dumps(tmp_path / "dump", files, "u"), options=("--from", str(named)))


def test_tables_and_columns_without_a_place_are_named(tmp_path: Path) -> None:
    more = TRAVEL["messages.tsv"].replace("\n", "\tx\n").replace("created_at\tx", "created_at\tcolour")

    found = rehearsed(tmp_path, {**TRAVEL, "messages.tsv": more}, "b")

    named = {(Path(each["file"]).name, each["pointer"]) for each in found.problems if each["code"] == "left_out"}
    assert named == {("messages.tsv", "/colour"), ("bookings.tsv", "/bookings")}
    assert found.status == 0


@pytest.mark.parametrize(
    ("file", "before", "after", "problem"),
    [
        ("User.csv", "TEACHER", "CARETAKER", (2, "unknown_word", "/role")),
        ("Conversation.csv", "GROUP", "CHANNEL", (3, "unknown_word", "/type")),
        ("Message.csv", "09:02:00+00", "noon", (4, "bad_format", "/createdAt")),
        ("Message.csv", ",t,f,2026", ",perhaps,f,2026", (4, "wrong_type", "/isEdited")),
        ("Message.csv", '"[""https', '"{{""https', (6, "bad_json", "/attachments")),
        ("MessageReaction.csv", "👍", ":)", (2, "no_emoji", "/emoji")),
        ("User.csv", "Ann,", "Ann,more,", (2, "bad_row", "")),
    ],
)
def test_a_value_that_the_map_does_not_know_is_named_with_its_line(
    tmp_path: Path, file: str, before: str, after: str, problem: tuple[int, str, str]
) -> None:
    found = rehearsed(tmp_path, {**SCHOOL, file: SCHOOL[file].replace(before, after)}, "e")

    assert found.status == 1
    assert (file, *problem) in {
        (Path(each["file"]).name, each["line"], each["code"], each["pointer"]) for each in found.problems
    }


@pytest.mark.parametrize(
    ("record", "named"),
    [
        ({"when": "nosuch"}, {("/nosuch", "The table users has no column nosuch: see the mapping.")}),
        ({"when": "!nosuch"}, {("/nosuch", "The table users has no column nosuch: see the mapping.")}),
        ({"when": {"column": "nosuch", "is_not": [None]}},
         {("/nosuch", "The table users has no column nosuch: see the mapping.")}),
        ({"name": {"column": "name", "when": "nosuch"}},
         {("/nosuch", "The table users has no column nosuch: see the mapping.")}),
        ({"name": "$nosuch"}, {("/nosuch", "The table users has no column nosuch: see the mapping.")}),
        ({"name": {"column": ["a", "b"]}}, {("/a", "The table users has no column a or b: see the mapping.")}),
        ({"name": {"column": ["a", "name"]}}, set()),
        ({"name": "$nosuch?", "when": "!nosuch?"}, set()),
    ],
)  # fmt: skip
@pytest.mark.parametrize("ending", ["tsv", "jsonl"])
def test_a_column_of_the_mapping_that_the_table_does_not_have_is_named(
    tmp_path: Path, record: Mapping[str, object], named: set[tuple[str, str]], ending: str
) -> None:
    users = "id\tname\n1\tAnn\n2\tBen\n" if ending == "tsv" else '{{"id": 1}}\n{{"id": 2, "name": "Ben"}}\n'
    (tmp_path / "map.json").write_text(of_users(table="users", id="$id", **record), encoding="utf-8")

    found = rehearsed(tmp_path, {f"users.{ending}": users}, tmp_path / "map.json")

    assert {(each["pointer"], each["detail"]) for each in found.problems if each["code"] == "no_column"} == named
    assert found.status == bool(named)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("[]", "the mapping has no object `tables`"),
        ('{"tables": {}, "colour": 1}', "the mapping has no member 'colour'"),
        ('{"tables": {"t": {"record": "letter"}}}', "tables.t[0] of the mapping: `record` is one of"),
        ('{"tables": {"t": {"record": "user", "colour": "$c"}}}', "a user has no field 'colour'"),
        ('{"tables": {"t": {"record": "user", "id": {"column": "i", "as": "date"}}}}', "`as` is one of"),
        ('{"tables": {"t": {"record": "user", "role": {"column": "r", "word": "role"}}}}', "`words` has no 'role'"),
        ('{"tables": {"t": {"record": "user", "when": 3, "id": "$i"}}}', "`when` is a column"),
        (
            '{"tables": {"t": {"record": "user", "id": "$i", "when": {"column": "i", "is": [1], "as": "hax"}}}}',
            "`as` is one of",
        ),
        ('{"tables": {}, "time_zone": "Mars/Base"}', "time zone 'Mars/Base' is not known"),
        ("{", "is no JSON"),
        ("[" * 100_000, "nested too deeply"),
        ('{"tables": ' + "9" * 5_000 + "}", "too many digits"),
        ('{"tables": {"t": {"record": ["message"]}}}', "tables.t[0] of the mapping: `record` is one of"),
        ('{"tables": {"t": 5}}', "tables.t[0] of the mapping: `record` is one of"),
        (of_users(id={"column": "sent_at", "as": ["time"]}), "tables.t[0].id.as of the mapping: `as` is one of"),
        (of_users(id={"column": "i", "word": ["w"]}), "tables.t[0].id.word of the mapping: `words` has no"),
        (of_users(when={"column": "id", "is": 5}), "tables.t[0].when of the mapping: `when` is a column"),
        (of_users(when={"column": "id", "is": [[]]}), "tables.t[0].when of the mapping: `when` is a column"),
        (of_users(when={"column": 5, "is": []}), "tables.t[0].when.column of the mapping: this is no name"),
        (of_users(when=""), "tables.t[0].when of the mapping: this is no name of a column"),
        (of_users(name={"column": "n", "when": "!"}), "tables.t[0].name.when of the mapping: this is no name"),
        (of_users(name="$"), "tables.t[0].name of the mapping: this is no name of a column"),
        (of_users(id={"column": []}), "tables.t[0].id.column of the mapping: this is no name of a column"),
        (of_users(id={"column": 5}), "tables.t[0].id.column of the mapping: this is no name of a column"),
        (of_users(id={"column": ["a", 5]}), "tables.t[0].id.column[1] of the mapping: this is no name of a column"),
        (of_users(id={"column": "i", "is": 5}), "tables.t[0].id of the mapping: no member is called 'is'"),
        (of_users(metadata={"a": {"each": "$b"}}), "tables.t[0].metadata.a of the mapping: `each` is a list"),
        (of_users(metadata={"a": [{"column": 5}]}), "tables.t[0].metadata.a[0].column of the mapping"),
        ('{"tables": {"t": {"record": "user", "metadata": {"a": 1e999}}}}', "tables/t/metadata/a of the mapping: The"),
        ('{"tables": {"t": {"record": "user", "metadata": {"\\ud800": 1}}}}', "half a surrogate pair"),
        ('{"tables": {}, "left_out": 5}', "left_out of the mapping: this is a list"),
        ('{"tables": {}, "left_out": [[]]}', "left_out of the mapping: this is a list"),
        ('{"tables": {}, "words": []}', "words of the mapping: this is an object"),
        ('{"tables": {}, "words": {"role": {"A": 5}}}', "words.role of the mapping: this is an object"),
        ('{"tables": {}, "time_zone": ["UTC"]}', "time_zone of the mapping: this is the name"),
        ('{"tables": {}, "time_zone": "Europe"}', "time zone 'Europe' is not known"),
    ],
    ids=lambda value: None if len(value) > 200 else value,
)
def test_a_mistake_in_a_mapping_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], given: str, sentence: str
) -> None:
    (tmp_path / "m.json").write_text(given, encoding="utf-8")

    assert importing.main(["x.csv", "--from", str(tmp_path / "m.json"), "--run", str(tmp_path / "run")]) == 1
    assert sentence in capsys.readouterr().err


def test_a_known_mapping_can_be_printed_and_changed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    importing.main(["--print-mapping", "e"])

    assert TableMapping(json.loads(capsys.readouterr().out)).has("MessageReaction")


@pytest.mark.parametrize(
    ("value", "time"),
    [
        ("2026-03-01 09:01:00", "2026-03-01T08:01:00.000Z"),
        ("2026-07-01T09:01", "2026-07-01T07:01:00.000Z"),
        ("2026-03-01 09:01:00.5+02", "2026-03-01T07:01:00.500Z"),
        ("2026-03-01T09:01:00Z", "2026-03-01T09:01:00.000Z"),
        (1772355600, "2026-03-01T09:00:00.000Z"),
        ("1772355600123", "2026-03-01T09:00:00.123Z"),
    ],
)
def test_a_time_of_an_old_system_is_read(value: object, time: str) -> None:
    assert mapping.time_of(value, ZoneInfo("Europe/Berlin")) == time


@pytest.mark.parametrize("value", ["yesterday", "2026-13-01 00:00:00", -1, True, "9" * 15, "2026-03-01"])
def test_no_time_is_named(value: object) -> None:
    with pytest.raises(Wrong):
        mapping.time_of(value, UTC)


@pytest.mark.parametrize("text", ["[]", "", "[1, 22,\n333]", "[" + "12345678, " * 20_000 + "1]"])
def test_a_list_in_a_file_is_read_piece_by_piece(tmp_path: Path, text: str) -> None:
    path = tmp_path / "list.json"
    path.write_text(text, encoding="utf-8")
    found = [*rows.rows(path)]

    assert [row.value for row in found] == json.loads(text or "[]")
    if len(found) > 2:
        assert [row.value for row in rows.rows(path, found[1].end)] == [row.value for row in found[2:]]


def test_half_a_list_is_named(tmp_path: Path) -> None:
    path = tmp_path / "list.json"
    path.write_text('[{"id": 1},\n{"id": ', encoding="utf-8")

    found = [*rows.rows(path)]

    assert [(row.number, row.fault and row.fault.code) for row in found] == [(1, None), (2, "bad_json")]


def test_a_dump_without_a_mapping_needs_one() -> None:
    with pytest.raises(Stop, match="no JSON|cannot be read"):
        mapping.read(Path("missing.json"))
