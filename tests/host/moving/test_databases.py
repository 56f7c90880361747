"""Databases of the old systems, read from servers that run: from their tables to a conversation that works."""

import json
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing
from importlib.abc import MetaPathFinder
from pathlib import Path
from typing import Any

import pytest

from parley_host.moving import importing, reading, runs
from tests.e2e.stack import ROOT, Stack
from tests.harness.nested import run_tests
from tests.host.moving import servers
from tests.host.moving.school import Found, dry_run
from tests.host.moving.servers import Server
from tests.host.moving.test_converting import BACKEND, BACKEND_MAPPING, PLAY, PLAY_MAPPING, moved

SOURCE = ROOT / "host" / "src"
TRAVEL = (
    "CREATE TABLE users (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(100))",
    "CREATE TABLE conversations (id INT AUTO_INCREMENT PRIMARY KEY, user1_id INT, user2_id INT,"
    " last_message_at DATETIME)",
    "CREATE TABLE messages (id INT AUTO_INCREMENT PRIMARY KEY, conversation_id INT, sender_id INT, message_text TEXT,"
    " created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP)",
    "CREATE TABLE `odd ``name` (x INT)",
    "SET time_zone = '+02:00'",
    "INSERT INTO users VALUES (801, 'Ann'), (802, 'Ben')",
    "INSERT INTO conversations VALUES (1, 801, 802, '2026-03-01 09:02:00')",
    "INSERT INTO messages VALUES (1, 1, 801, 'Two lines\nand a \t tab 🎿', '2026-03-01 11:01:00'),"
    " (2, 1, 802, 'C:\\\\trips', '2026-03-01 11:02:00')",
)
SCHOOL = (
    "CREATE TYPE \"ConversationType\" AS ENUM ('DIRECT', 'GROUP')",
    "CREATE TYPE \"Role\" AS ENUM ('ADMIN', 'TEACHER', 'PARENT', 'STUDENT')",
    'CREATE TABLE "User" (id text PRIMARY KEY, name text NOT NULL, email text, role "Role" NOT NULL)',
    'CREATE TABLE "Conversation" (id text PRIMARY KEY, type "ConversationType" NOT NULL, name text,'
    ' "isArchived" boolean NOT NULL DEFAULT false, "createdBy" text, "lastMessageAt" timestamp(3))',
    'CREATE TABLE "ConversationParticipant" (id text PRIMARY KEY, "conversationId" text NOT NULL,'
    ' "userId" text NOT NULL,'
    ' role text NOT NULL DEFAULT \'MEMBER\', "lastReadAt" timestamptz, "unreadCount" int NOT NULL DEFAULT 0,'
    ' "isMuted" boolean NOT NULL DEFAULT false, "isPinned" boolean NOT NULL DEFAULT false)',
    'CREATE TABLE "Message" (id text PRIMARY KEY, "conversationId" text NOT NULL, "senderId" text NOT NULL,'
    ' content text, attachments jsonb, "isEdited" boolean NOT NULL DEFAULT false,'
    ' "isDeleted" boolean NOT NULL DEFAULT false, "createdAt" timestamp(3) NOT NULL)',
    'CREATE TABLE "MessageReaction" (id text, "messageId" text, "userId" text, emoji text)',
    "CREATE TABLE _prisma_migrations (id text)",
    "INSERT INTO \"User\" VALUES ('db1', 'Ann', NULL, 'TEACHER'), ('db2', 'Ben', NULL, 'STUDENT'),"
    " ('db3', 'Cem', NULL, 'PARENT')",
    "INSERT INTO \"Conversation\" VALUES ('dbd', 'DIRECT', NULL, false, 'db1', NULL),"
    " ('dbg', 'GROUP', 'Trip, May', false, 'db1', NULL)",
    'INSERT INTO "ConversationParticipant" VALUES'
    " ('p1', 'dbd', 'db1', 'MEMBER', '2026-03-01 09:03:00Z', 0, false, true),"
    " ('p2', 'dbd', 'db2', 'MEMBER', '2026-03-01 10:01:30+01', 2, true, false),"
    " ('p3', 'dbg', 'db1', 'ADMIN', NULL, 0, false, false), ('p4', 'dbg', 'db3', 'MEMBER', NULL, 1, false, false)",
    'INSERT INTO "Message" VALUES'
    " ('dbm1', 'dbd', 'db1', E'Two lines\nand \"quotes\" 🎒', NULL, false, false, '2026-03-01 09:01:00.123'),"
    " ('dbm2', 'dbd', 'db1', 'Edited', NULL, true, false, '2026-03-01 09:02:00'),"
    " ('dbm3', 'dbd', 'db1', 'Gone', NULL, false, true, '2026-03-01 09:03:00'),"
    " ('dbm4', 'dbg', 'db1', '', '[\"https://img.example/a/plan.pdf?v=1\"]', false, false, '2026-03-01 09:04:00')",
    "INSERT INTO \"MessageReaction\" VALUES ('r1', 'dbm1', 'db2', '👍')",
)


@pytest.fixture(scope="module")
def travel() -> Iterator[Server]:
    with servers.mariadb() as server:
        server.run(*TRAVEL)
        yield server


@pytest.fixture(scope="module")
def school() -> Iterator[Server]:
    with servers.postgresql() as server:
        server.run(*SCHOOL)
        yield server


def texts(stack: Stack, user_id: str, chat: str) -> list[str]:
    found = stack.known(user_id).get(f"/conversations/{chat}/messages?after=0")["messages"]
    return [each["text"] for each in found]


def test_the_travel_platform_moves_in_from_its_server(
    stack: Stack, travel: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "run"
    command = (travel.url, "--from", "b", "--read-until", "2026-03-01", "--run", run)

    assert moved(stack, monkeypatch, *command) == 0
    assert moved(stack, monkeypatch, "--run", run, "--verify") == 0

    ann, ben = stack.known("801"), stack.known("802")
    [chat] = ann.get("/conversations")["conversations"]
    assert texts(stack, "801", chat["id"]) == ["Two lines\nand a \t tab 🎿", "C:\\trips"]
    assert chat["last_message"]["created_at"] == "2026-03-01T09:02:00.000Z"
    with monkeypatch.context() as patched:
        patched.setattr(reading.Reader, "read", None)  # what is in Parley is not read again
        assert moved(stack, patched, *command) == 0
    sent = ann.post(f"/conversations/{chat['id']}/messages", text="Still here")
    assert sent["seq"] == 3
    assert texts(stack, "802", chat["id"])[2:] == ["Still here"]
    assert ben.get("/conversations")["conversations"][0]["unread"] == 1


def test_the_school_moves_in_from_its_server(
    stack: Stack, school: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "run"

    assert moved(stack, monkeypatch, f"{school.url}?schema=public", "--from", "e", "--run", run) == 0
    assert moved(stack, monkeypatch, "--run", run, "--verify") == 0

    ben, cem = stack.known("db2"), stack.known("db3")
    [chat] = ben.get("/conversations")["conversations"]
    messages = ben.get(f"/conversations/{chat['id']}/messages?after=0")["messages"]
    assert [each["text"] for each in messages] == ['Two lines\nand "quotes" 🎒', "Edited", ""]
    assert messages[0]["reactions"] == [{"emoji": "👍", "count": 1, "mine": True}]
    assert messages[0]["created_at"] == "2026-03-01T09:01:00.123Z"
    assert (chat["unread"], chat["settings"]["notifications"]) == (2, "none")
    [group] = cem.get("/conversations")["conversations"]
    assert (group["title"], group["unread"]) == ("Trip, May", 1)
    sent = cem.post(f"/conversations/{group['id']}/messages", text="Here, too")
    assert (sent["seq"], texts(stack, "db1", group["id"])[1:]) == (2, ["Here, too"])


def tables(files: Mapping[str, str], mark: str) -> Iterator[str]:
    """Yields the statements that make tables of dumps, whose columns are all text."""
    for name, text in files.items():
        table, _, ending = name.partition(".")
        separator = "," if ending == "csv" else "\t"
        header, *rows = [line.split(separator) for line in text.format(mark).splitlines()]
        columns = ", ".join(f'"{each}" text' for each in header)
        yield f'CREATE TABLE {mark}."{table}" ({columns}, PRIMARY KEY ("{header[0]}"))'
        for row in rows:
            values = ", ".join("NULL" if each == "NULL" else f"'{each}'" for each in row)
            yield f'INSERT INTO {mark}."{table}" VALUES ({values})'


@pytest.mark.parametrize(
    ("files", "given", "mark", "texts_seen"),
    [(PLAY, PLAY_MAPPING, "p", ["Hi", "Ho"]), (BACKEND, BACKEND_MAPPING, "q", ["Hi", ""])],
)
def test_a_system_with_a_mapping_moves_in_from_a_schema_of_its_server(
    stack: Stack,
    school: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    files: Mapping[str, str],
    given: Mapping[str, Any],
    mark: str,
    texts_seen: list[str],
) -> None:
    (tmp_path / "m.json").write_text(json.dumps(given).replace("{0}", mark), encoding="utf-8")
    school.run(f"CREATE SCHEMA {mark}", *tables(files, mark))
    source = (f"{school.url}?schema={mark}", "--from", tmp_path / "m.json")

    assert moved(stack, monkeypatch, *source, "--run", tmp_path / "run") == 0
    assert moved(stack, monkeypatch, "--run", tmp_path / "run", "--verify") == 0

    ben = stack.known(f"{mark}2")
    listed = ben.get("/conversations")["conversations"] + ben.get("/conversations?state=archived")["conversations"]
    [chat] = listed
    assert (texts(stack, f"{mark}2", chat["id"]), chat["unread"]) == (texts_seen, 1)
    assert stack.known(f"{mark}1").post(f"/conversations/{chat['id']}/messages", text="Next")["seq"] == 3


def test_a_password_is_nowhere(
    school: Server, travel: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number, (server, named) in enumerate(((school, "e"), (travel, "b"))):
        assert dry_run(tmp_path / str(number), server.url, options=("--from", named)).status == 0
        wrong = server.url.replace(f":{server.password}@", ":wr0ng-pass@")
        assert importing.main([wrong, "--from", named, "--run", str(tmp_path / "wrong")]) == 1
        said = "".join(capsys.readouterr())
        assert f"{server.name} cannot be opened: " in said
        assert "wr0ng-pass" not in said
        assert server.password not in said
        for path in tmp_path.rglob("*"):
            assert path.is_dir() or server.password.encode() not in path.read_bytes()


def test_a_database_is_read_anew_until_its_import_begins(
    school: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ("--from", "e")
    assert dry_run(tmp_path / "run", school.url, options=arguments).counts["users"] == 3
    school.run("INSERT INTO \"User\" VALUES ('db4', 'Dee', NULL, 'STUDENT')")
    try:
        assert dry_run(tmp_path / "run", school.url, options=arguments).counts["users"] == 4
    finally:
        school.run("DELETE FROM \"User\" WHERE id = 'db4'")
    assert dry_run(tmp_path / "run").counts["users"] == 4  # without a source: as it was read


def test_problems_name_table_row_and_key(school: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    school.run(
        "INSERT INTO \"Message\" VALUES ('dba', 'dbd', 'nobody', 'Hm', NULL, false, false, '2026-03-01 09:05:00'),"
        " ('dbb', 'dbd', 'db1', 'Hm', NULL, false, false, 'infinity')"
    )
    try:
        found = dry_run(tmp_path / "run", school.url, options=("--from", "e"))
    finally:
        school.run("DELETE FROM \"Message\" WHERE id IN ('dba', 'dbb')")

    named = [(each["file"], each["line"], each.get("key"), each["code"], each["pointer"]) for each in found.problems]
    place = f"{school.name}/Message"
    assert (place, 1, "id 'dba'", "missing_author", "/sender_id") in named
    assert (place, 2, "id 'dbb'", "bad_format", "/createdAt") in named
    assert (f"{school.name}/_prisma_migrations", 0, None, "left_out", "/_prisma_migrations") in named
    assert f"{place}:2 (id 'dbb') /createdAt: 'infinity' is no time." in capsys.readouterr().out


def people_of(path: Path, *rows: tuple[bytes, object]) -> str:
    """Writes people with keys of bytes to a file of SQLite; returns its address."""
    with closing(sqlite3.connect(path)) as made, made:
        made.execute("CREATE TABLE people (id BLOB PRIMARY KEY, name) WITHOUT ROWID")
        made.executemany("INSERT INTO people VALUES (?, ?)", rows)
    return f"sqlite:///{path}"


PEOPLE = {"tables": {"people": {"record": "user", "id": {"column": "id", "as": "hex"}, "name": "$name"}}}


def test_a_key_of_bytes_is_named_in_hexadecimal(tmp_path: Path) -> None:
    found = read_rows(people_of(tmp_path / "old.db", (b"\xff\x00\xab", 7)), tmp_path, PEOPLE)

    assert [(each["code"], each["key"]) for each in found.problems] == [("wrong_type", "id 0xff00ab")]


def test_a_report_stays_if_the_next_reading_fails(tmp_path: Path) -> None:
    address = people_of(tmp_path / "old.db", (b"\xab", "Ann"), (b"\xac", 7))
    first = read_rows(address, tmp_path, PEOPLE)
    (tmp_path / "old.db").write_bytes(b"no database" * 100)

    assert importing.main([address, "--from", str(tmp_path / "m.json"), "--run", str(tmp_path / "run")]) == 1

    assert json.loads((tmp_path / "run" / runs.REPORT).read_text(encoding="utf-8")) == first.report
    assert json.loads((tmp_path / "run" / runs.PROBLEMS).read_text(encoding="utf-8")) == first.problems[0]


def read_rows(server_or_path: str, tmp_path: Path, mapping: object) -> Found:
    (tmp_path / "m.json").write_text(json.dumps(mapping), encoding="utf-8")
    return dry_run(tmp_path / "run", server_or_path, options=("--from", str(tmp_path / "m.json")))


KINDS = {
    "tables": {
        "kinds": [
            {
                "record": "user",
                "id": {"column": "code", "as": "hex"},
                "name": "$name",
                "metadata": {
                    "flag": {"column": "flag", "as": "flag"},
                    "word": "$word",
                    "price": "$price",
                    "data": {"column": "data", "as": "json"},
                    "at": {"column": "at", "as": "time"},
                    "stamp": {"column": "stamp", "as": "time"},
                    "raw": "$raw",
                    "count": "$count",
                },
            },
        ]
    }
}
SEEN = {
    "flag": True,
    "word": "b",
    "price": "1.50",
    "data": {"a": [1]},
    "at": "2026-03-01T09:00:00.500Z",
    "stamp": "2026-03-01T08:00:00.000Z",
    "raw": "ü",
    "count": 3,
}


def test_values_of_mariadb_are_as_in_a_dump(travel: Server, tmp_path: Path) -> None:
    travel.run(
        "CREATE TABLE kinds (code BINARY(3) PRIMARY KEY, name VARCHAR(9), flag BIT(1), word ENUM('a', 'b'),"
        " price DECIMAL(9, 2), data JSON, at DATETIME(3), stamp TIMESTAMP NULL, raw BLOB, count INT)",
        "SET time_zone = '+01:00'",
        "INSERT INTO kinds VALUES (0x00FF01, 'x', b'1', 'b', 1.5, '{\"a\": [1]}', '2026-03-01 09:00:00.5',"
        " '2026-03-01 09:00:00', 'ü', 3)",
    )
    try:
        found = read_rows(travel.url, tmp_path, KINDS)
    finally:
        travel.run("DROP TABLE kinds")

    assert staged_user(found) == ("00ff01", SEEN)


def test_values_of_postgresql_are_as_in_a_dump(school: Server, tmp_path: Path) -> None:
    school.run(
        "CREATE TYPE word AS ENUM ('a', 'b')",
        "CREATE TABLE kinds (code bytea, name varchar(9), flag boolean, word word, price numeric(9, 2), data json,"
        " at timestamp(3), stamp timestamptz, raw bytea, count int)",
        "SET TimeZone = 'Europe/Berlin'",
        "INSERT INTO kinds VALUES ('\\x00ff01', 'x', true, 'b', 1.5, '{\"a\": [1]}', '2026-03-01 09:00:00.5',"
        " '2026-03-01 09:00:00', '\\xc3bc', 3)",
    )
    try:
        found = read_rows(school.url, tmp_path, KINDS)
    finally:
        school.run("DROP TABLE kinds", "DROP TYPE word")

    assert staged_user(found) == ("00ff01", SEEN)


def staged_user(found: Found) -> tuple[str, object]:
    assert found.status == 0, found.problems
    staging = found.run.staging()
    try:
        [row] = staging.rows("SELECT id, body FROM users")
        return row["id"], json.loads(row["body"])["metadata"]
    finally:
        staging.close()


def test_values_of_sqlite_are_as_in_a_dump(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "old.db") as old:
        old.execute("CREATE TABLE kinds (code, name, flag, word, price, data, at, stamp, raw, count)")
        values = (
            b"\x00\xff\x01",
            "x",
            1,
            "b",
            "1.50",
            '{"a": [1]}',
            "2026-03-01 09:00:00.5",
            1772352000,
            "ü".encode(),
            3,
        )
        old.execute(f"INSERT INTO kinds VALUES ({', '.join('?' * len(values))})", values)
    old.close()

    assert staged_user(read_rows(f"sqlite:///{tmp_path}/old.db", tmp_path, KINDS)) == ("00ff01", SEEN)


class Away:
    """Stops a server when the reader has staged some rows."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, act: Callable[[], None]) -> None:
        self._act, self._stage, self._done = act, reading.Reader._stage, 0
        away = self

        def stage(reader: reading.Reader, *given: Any) -> None:
            away._stage(reader, *given)
            away._done += 1
            if away._done == 40:
                away._act()

        monkeypatch.setattr(reading.Reader, "_stage", stage)


MANY = {"tables": {"many": {"record": "user", "id": "$id", "name": "n", "metadata": {"text": "$name"}}}}


def many(server: Server, rows: int, size: int) -> None:
    """Makes a table of some rows, each with a text of that many characters."""
    server.run("CREATE TABLE many (id INT PRIMARY KEY, name TEXT)")
    if server.scheme == "mysql":
        server.run(f"INSERT INTO many SELECT seq, REPEAT('x', {size}) FROM seq_1_to_{rows}")
    else:
        server.run(f"INSERT INTO many SELECT n, repeat('x', {size}) FROM generate_series(1, {rows}) n")


@pytest.mark.parametrize("start", [servers.postgresql, servers.mariadb])
def test_a_database_that_goes_away_is_named_with_table_and_row(
    start: Callable[[], AbstractContextManager[Server]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "m.json").write_text(json.dumps(MANY), encoding="utf-8")
    with start() as server:
        many(server, 20_000, 3_000)  # more than the buffers of a connection hold
        Away(monkeypatch, server.stop)
        arguments = [server.url, "--from", str(tmp_path / "m.json"), "--run", str(tmp_path / "run")]

        assert importing.main(arguments) == 1

    said = capsys.readouterr().err
    found = re.search(r"parley-import: (\S+)/many cannot be read after row ([0-9,]+) \(id ([0-9]+)\): ", said)
    assert found is not None, said
    assert (found[1], found[2].replace(",", "")) == (server.name, found[3])
    assert server.password not in said
    assert said.rstrip().endswith("Nothing of it is in Parley.")


READ = """
import sys
from parley_host.moving.databases.source import database
with database(sys.argv[1]).opened() as opened:
    many = opened.found()["many"]
    count = sum(1 for row in opened.rows(many, many.columns))
[peak] = [line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")]
print(count, peak)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells the peak of a process's memory")
@pytest.mark.parametrize("start", [servers.postgresql, servers.mariadb])
def test_a_table_is_never_in_memory_as_a_whole(start: Callable[[], AbstractContextManager[Server]]) -> None:
    with start() as server:
        many(server, 20_000, 6_000)  # 120 MB
        command = [sys.executable, "-c", READ, server.url]
        run = subprocess.run(command, env={"PYTHONPATH": str(SOURCE)}, capture_output=True, text=True, check=False)

    assert run.returncode == 0, run.stderr
    count, peak_kb = map(int, run.stdout.split())
    assert (count, peak_kb < 100_000) == (20_000, True), peak_kb


def test_reading_sees_one_moment_and_begins_again_after_an_interruption(
    school: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "m.json").write_text(json.dumps(MANY), encoding="utf-8")
    options = ("--from", str(tmp_path / "m.json"))
    many(school, 6_000, 10)

    def change() -> None:
        school.run("DELETE FROM many WHERE id > 5000")

    def interrupt() -> None:
        raise KeyboardInterrupt

    try:
        with monkeypatch.context() as patched:
            Away(patched, change)
            assert dry_run(tmp_path / "run", school.url, options=options).counts["users"] == 6_000
        with monkeypatch.context() as patched:
            monkeypatch.setattr(reading, "ROWS_AT_ONCE", 10)
            Away(patched, interrupt)
            assert importing.main([school.url, *options, "--run", str(tmp_path / "run"), "--dry-run"]) == 130
        found = dry_run(tmp_path / "run", school.url, options=options)
    finally:
        school.run("DROP TABLE many")
    assert (found.status, found.counts["users"]) == (0, 5_000)


def test_an_interruption_does_not_wait_for_the_rest_of_a_table(
    travel: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "m.json").write_text(json.dumps(MANY), encoding="utf-8")
    many(travel, 6_000, 10)

    def interrupt() -> None:
        raise KeyboardInterrupt

    try:
        Away(monkeypatch, interrupt)
        arguments = [travel.url, "--from", str(tmp_path / "m.json"), "--run", str(tmp_path / "run")]
        assert importing.main(arguments) == 130
    finally:
        travel.run("DROP TABLE many")


def old_database(folder: Path, *statements: str) -> str:
    connection = sqlite3.connect(folder / "old.db")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()
    return f"sqlite:///{folder}/old.db"


def test_names_are_quoted_and_rows_are_in_the_order_of_the_key(tmp_path: Path) -> None:
    address = old_database(
        tmp_path,
        'CREATE TABLE "odd ""name; --" ("select" TEXT, part INT, "na""me" TEXT, PRIMARY KEY (part, "select"))',
        "INSERT INTO \"odd \"\"name; --\" VALUES ('b', 1, ''), ('a', 2, 'two'), ('a', 1, 'one')",
    )
    table = {"record": "user", "id": "$select", "name": '$na"me'}

    found = read_rows(address, tmp_path, {"tables": {'odd "name; --': table}})

    place = f'{address}/odd "name; --'
    told = [(each["file"], each["line"], each.get("key"), each["code"]) for each in found.problems]
    assert told == [
        (place, 0, None, "left_out"),
        (place, 2, "part 1, select 'b'", "blank"),
        (place, 3, "part 2, select 'a'", "contradiction"),
    ]


def test_rows_that_are_no_text_are_named(tmp_path: Path) -> None:
    address = old_database(
        tmp_path,
        "CREATE TABLE many (id INTEGER PRIMARY KEY, name)",
        "INSERT INTO many VALUES (1, CAST(x'ff' AS TEXT)), (2, x'ff'), (3, zeroblob(1048577)), (4, 'Ann')",
    )

    found = read_rows(address, tmp_path, MANY)

    told = [(each["line"], each["key"], each["code"], each["pointer"]) for each in found.problems]
    assert told == [
        (1, "id 1", "not_utf8", ""),
        (2, "id 2", "not_utf8", "/name"),
        (3, "id 3", "line_too_long", "/name"),
    ]
    assert found.counts["users"] == 1


def test_tables_that_the_mapping_leaves_out_are_not_reported(tmp_path: Path) -> None:
    address = old_database(tmp_path, "CREATE TABLE many (id, name)", "CREATE TABLE orders (x)", "CREATE TABLE log (x)")

    found = read_rows(address, tmp_path, {**MANY, "left_out": ["orders"]})

    assert [each["pointer"] for each in found.problems] == ["/log"]


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("oracle://a:secret@db/x", "oracle:// is no database that parley-import knows: postgresql://"),
        ("mysql:/a:secret@db/x", "mysql: is followed by something else than two slashes"),
        ("mysql:a:secret@db/x", "mysql: is followed by something else than two slashes"),
        ("MySQL:/a:secret@db/x", "MySQL: is followed by something else than two slashes"),
        ("oracle:/a:secret@db/x", "oracle: is followed by something else than two slashes"),
        ("mysql:/a:secret@db/x?back=https://db", "mysql: is followed by something else than two slashes"),
        ("sqlite://host/missing.db", "sqlite:// has no host"),
        ("mysql://a:sec ret@db/x", "the address of a database is SCHEME://USER@HOST:PORT/DATABASE"),
        ("mysql://a:secret@db", "the address of a database is"),
        ("mysql://a:sec/ret@db/x", "the address of a database is"),
        ("postgresql://a:sec#ret@db/x", "the address of a database is"),
        ("mysql://a:secret@127.0.0.1:1/x?colour=red", "no parameter of mysql:// is called 'colour'"),
        ("mysql://a:secret@127.0.0.1:1/x", "mysql://a@127.0.0.1:1/x cannot be opened: "),
        ("mariadb://a:s%40e%2Fcret@127.0.0.1:1/x", "mariadb://a@127.0.0.1:1/x cannot be opened: "),
        ("postgres://a:secret@127.0.0.1:1/x?schema=y", "postgres://a@127.0.0.1:1/x?schema=y cannot be opened: "),
        ("postgresql://a@127.0.0.1:1/x?password=secret", "postgresql://a@127.0.0.1:1/x cannot be opened: "),
        ("postgresql://a:secret@127.0.0.1:1/x?secret=1", "postgresql://a@127.0.0.1:1/x cannot be opened: "),
        ("sqlite:///missing.db", "missing.db cannot be opened: unable to open database file."),
        ("sqlite:///missing.db?mode=rw", "no parameter of sqlite:// is called 'mode'"),
    ],
)
def test_an_address_that_leads_nowhere_is_refused_without_its_password(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], address: str, sentence: str
) -> None:
    assert importing.main([address, "--from", "b", "--run", str(tmp_path / "run")]) == 1

    said = capsys.readouterr().err
    assert sentence in said
    assert "cret" not in said.replace("%2F", "/")
    assert not any("cret" in file.read_text(errors="replace") for file in (tmp_path / "run").glob("*.json*"))


def test_a_database_without_tables_of_the_mapping_or_without_a_mapping_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    address = old_database(tmp_path, "CREATE TABLE orders (x)")

    assert importing.main([address, "--from", "b", "--run", str(tmp_path / "run")]) == 1
    tables = "users, conversations, messages, support_tickets, support_messages"
    assert f"has no table of the mapping ({tables}); its tables: orders." in capsys.readouterr().err
    assert importing.main([address, "--run", str(tmp_path / "run")]) == 1
    assert f"{address} needs a mapping: name one with --from." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("address", "package", "extra"),
    [("mysql://a@db/x", "pymysql", "mysql"), ("postgresql://a@db/x", "psycopg", "postgresql")],
)
def test_without_a_driver_the_extra_is_named(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    address: str,
    package: str,
    extra: str,
) -> None:
    class Missing(MetaPathFinder):
        def find_spec(self, fullname: str, path: Any, target: Any = None) -> None:
            if fullname == package:
                raise ModuleNotFoundError(f"No module named {package!r}", name=package)

    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, f"parley_host.moving.databases.{extra}", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Missing(), *sys.meta_path])

    assert importing.main([address, "--from", "b", "--run", str(tmp_path / "run")]) == 1
    assert f"needs a driver: pip install 'parley-host[{extra}]'." in capsys.readouterr().err


@pytest.mark.parametrize(("ci", "outcome", "status"), [("", "2 skipped", 0), ("true", "2 errors", 1)])
def test_without_a_server_a_run_says_what_it_left_out_and_ci_fails(ci: str, outcome: str, status: int) -> None:
    tests = [f"{__file__}::test_values_of_{name}_are_as_in_a_dump" for name in ("mariadb", "postgresql")]
    run = run_tests(*tests, SERVERS="", CI=ci)

    assert run.returncode == status, run.stdout
    assert outcome in run.stdout
    for name, package in (("MariaDB", "mariadb-server-core"), ("PostgreSQL", "postgresql")):
        assert servers.MISSING.format(name, package) in run.stdout
