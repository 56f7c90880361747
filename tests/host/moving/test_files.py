"""Files of messages against `make run`: from a folder and by URL, examined, resumed after a kill, named if missing."""

import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from parley_host import Parley, Signer
from parley_host.moving import addresses, contents, fetching, files, importing, runs
from tests import media_files
from tests.e2e.attachments import PNG
from tests.e2e.stack import Stack
from tests.functional.attachments import EICAR
from tests.harness.serving import Server, answer
from tests.host.moving.school import Record, attachment, direct, message, user, write
from tests.host.moving.test_loading import dying, moved

IMAGES = "http://img.example"


@pytest.fixture(autouse=True)
def access(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLEY_URL", stack.rest_url)
    monkeypatch.setenv("PARLEY_SECRET", (stack.state / "jwt_secret").read_text(encoding="ascii"))


@pytest.fixture
def images(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """The image host of an old system; only for these tests its name may lead to this machine."""
    resolve = socket.getaddrinfo

    def getaddrinfo(host: Any, *rest: Any, **options: Any) -> Any:
        return resolve("127.0.0.1" if host == "img.example" else host, *rest, **options)

    def serve(sock: socket.socket, request: bytes) -> None:
        path = request.split(b" ")[1].decode()
        if path == "/half":
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        elif path.startswith("/v1/"):
            sock.sendall(answer(body=PNG, Content_Type="application/octet-stream"))
        elif path == "/inside":
            sock.sendall(answer("302 Found", Location="http://10.0.0.1/a.png"))
        else:
            sock.sendall(answer("404 Not Found"))

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(fetching, "may_connect", addresses.is_loopback)
    monkeypatch.setattr(files, "TRIES", 2)
    server = Server(serve)
    yield server
    server.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "files"
    (made / "2024").mkdir(parents=True)
    (made / "2024" / "plan 7b.png").write_bytes(PNG)
    (made / "notes.txt").write_text("Bring your books.", encoding="utf-8")
    (made / "virus.txt").write_bytes(EICAR)
    return made


@pytest.fixture
def people(request: pytest.FixtureRequest) -> list[Record]:
    """Returns two people of this test's own, and their conversation `c1`."""
    mark = f"{request.node.name[5:15]}.{abs(hash(request.node.name)) % 10_000}"
    ann, ben = user(f"ann.{mark}"), user(f"ben.{mark}")
    return [ann, ben, direct(f"c1.{mark}", ann["id"], ben["id"])]


def said(people: list[Record], message_id: int, **fields: Any) -> Record:
    return message(message_id, people[message_id % 2]["id"], message_id, within=people[2]["id"], **fields)


def stored(stack: Stack, people: list[Record]) -> list[Any]:
    """Returns the messages of the one conversation that ann sees; none if there is no conversation."""
    ann = stack.known(people[0]["id"])
    listed = ann.get("/conversations")["conversations"]
    return [each for one in listed for each in ann.get(f"/conversations/{one['id']}/messages")["messages"]]


def shown(message: Any) -> list[tuple[str, str]]:
    return [(each["name"], each["type"]) for each in message["attachments"]]


def problems(run: Path) -> list[tuple[int, str, str]]:
    lines = (run / runs.PROBLEMS).read_text(encoding="utf-8").splitlines()
    return [(each["line"], each["code"], each["pointer"]) for each in map(json.loads, lines)]


def test_files_come_with_their_messages(
    stack: Stack,
    tmp_path: Path,
    people: list[Record],
    folder: Path,
    images: Server,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = write(
        tmp_path / "chat.jsonl",
        [
            *people,
            said(people, 1, attachments=[{"path": "2024/plan 7b.png", "type": "image/jpeg"}, {"path": "notes.txt"}]),
            said(people, 2, text="", attachments=[{"url": f"{IMAGES}:{images.port}/v1/a1b2c3?w=100"}]),
            said(people, 3, text=""),
            attachment(3, path="notes.txt", name="Notes.txt"),
        ],
    )
    run = tmp_path / "run"

    assert moved(path, "--files", folder, "--run", run) == 0
    assert moved("--run", run, "--verify") == 0

    first, second, third = stored(stack, people)
    assert shown(first) == [("plan 7b.png", "image/png"), ("notes.txt", "text/plain")]
    assert (second["text"], shown(second)) == ("", [("a1b2c3.png", "image/png")])
    assert (third["text"], shown(third)) == ("", [("Notes.txt", "text/plain")])
    assert problems(run) == []
    ids = [json.loads(line) for line in (run / runs.IDS).read_text(encoding="utf-8").splitlines()]
    assert [each for each in ids if each["record"] == "attachment"] == [
        {"record": "attachment", "old": old, "name": name, "new": found["id"]}
        for old, name, found in (
            ("2024/plan 7b.png", "plan 7b.png", first["attachments"][0]),
            ("notes.txt", "notes.txt", first["attachments"][1]),
            (f"{IMAGES}:{images.port}/v1/a1b2c3?w=100", "a1b2c3", second["attachments"][0]),
            ("notes.txt", "Notes.txt", third["attachments"][0]),
        )
    ]
    asked = len(images.asked)
    assert moved("--run", run) == 0
    assert len(images.asked) == asked


def test_a_file_that_does_not_come_is_named_and_its_message_stays(
    stack: Stack, tmp_path: Path, people: list[Record], folder: Path, images: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "run.exe").write_bytes(b"MZ")
    (folder / "liar.png").write_text("no picture", encoding="utf-8")
    (folder / "out.txt").symlink_to("/etc/passwd")
    host = f"{IMAGES}:{images.port}"
    names: list[Record] = [{"path": name} for name in ("gone.png", "virus.txt", "run.exe", "liar.png", "out.txt")]
    names += [{"url": f"{host}/{name}"} for name in ("none.png", "half", "inside")] + [{"url": "http://10.0.0.1/a.png"}]
    lines = [said(people, n, text="" if n % 2 else "Look", attachments=[about]) for n, about in enumerate(names, 1)]
    path = write(tmp_path / "chat.jsonl", [*people, *lines])
    run = tmp_path / "run"

    assert moved(path, "--files", folder, "--run", run) == 0

    assert problems(run) == [
        (4, "file_missing", "/attachments/0/path"),
        (5, "file:infected", "/attachments/0/path"),
        (6, "file_type", "/attachments/0/path"),
        (7, "file:rejected", "/attachments/0/path"),
        (8, "file_outside", "/attachments/0/path"),
        (9, "file:missing", "/attachments/0/url"),
        (10, "file:unreachable", "/attachments/0/url"),
        (11, "file:private_address", "/attachments/0/url"),
        (12, "private_address", "/attachments/0/url"),
    ]
    printed = capsys.readouterr().out
    assert "9 files did not come with their messages" in printed
    assert f"{path}:10 /attachments/0/url: The URL cannot be fetched (cut). ({host}/half)" in printed
    found = stored(stack, people)
    assert [each["text"] for each in found][:5] == ["gone.png", "Look", "run.exe", "Look", "out.txt"]
    assert [each["attachments"] for each in found] == [[]] * 9
    assert moved("--run", run, "--verify") == 0
    assert "9 files did not come with their messages." in capsys.readouterr().out


def test_a_voice_message_is_one_recording(stack: Stack, tmp_path: Path, people: list[Record], folder: Path) -> None:
    (folder / "voice.webm").write_bytes(media_files.recording("audio/webm", seconds=1))
    names = ("voice.webm", "notes.txt", "gone.webm")
    some = [said(people, n, text="", kind="voice", attachments=[{"path": name}]) for n, name in enumerate(names, 1)]
    path = write(tmp_path / "chat.jsonl", [*people, *some, said(people, 4, kind="voice")])

    assert moved(path, "--files", folder, "--run", tmp_path / "run") == 0
    assert moved("--run", tmp_path / "run", "--verify") == 0

    found = stored(stack, people)
    assert [(each["kind"], each["text"]) for each in found] == [
        ("voice", ""),
        ("text", "notes.txt"),
        ("text", "gone.webm"),
        ("text", "Text 4"),
    ]
    assert (shown(found[0]), found[0]["attachments"][0]["kind"]) == ([("voice.webm", "audio/webm")], "audio")
    assert problems(tmp_path / "run")[0] == (5, "file:refused", "/attachments/0/path")


def test_a_strict_import_waits_for_its_files(
    stack: Stack, tmp_path: Path, people: list[Record], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    some = [said(people, n, attachments=[{"path": name}]) for n, name in enumerate(("notes.txt", "late.png"), 1)]
    path = write(tmp_path / "chat.jsonl", [*people, *some])
    run = tmp_path / "run"

    for _ in range(2):
        assert moved(path, "--files", folder, "--run", run, "--strict") == 1
        assert f"{path}:5 /attachments/0/path: the file does not come (missing)." in capsys.readouterr().out
        assert stored(stack, people) == []
    (folder / "late.png").write_bytes(PNG)
    assert moved("--run", run, "--strict") == 0

    assert [shown(each) for each in stored(stack, people)] == [
        [("notes.txt", "text/plain")],
        [("late.png", "image/png")],
    ]
    assert moved("--run", run, "--verify") == 0


@pytest.fixture
def uploaded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Returns the names in storage of all files that are uploaded."""
    keys: list[str] = []
    upload = files.upload

    def counted(form: Any, *rest: Any) -> None:
        upload(form, *rest)
        keys.append(form["fields"]["key"])

    monkeypatch.setattr(files, "upload", counted)
    return keys


@pytest.mark.parametrize("is_done", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("requests", [2, 3, 4, 5, 6, 7, 8, 9])
def test_an_import_with_files_that_was_killed_continues(
    stack: Stack,
    tmp_path: Path,
    people: list[Record],
    folder: Path,
    uploaded: list[str],
    monkeypatch: pytest.MonkeyPatch,
    requests: int,
    is_done: bool,
) -> None:
    some = [said(people, n, attachments=[{"path": "notes.txt"}]) for n in (1, 2)]
    path = write(tmp_path / "chat.jsonl", [*people, *some])

    with monkeypatch.context() as patched:
        patched.setattr(importing, "client", dying(stack, requests, is_done=is_done))
        moved(path, "--files", folder, "--run", tmp_path / "run", "--workers", 1)
    assert moved("--run", tmp_path / "run") == 0

    assert moved("--run", tmp_path / "run", "--verify") == 0
    assert [len(each["attachments"]) for each in stored(stack, people)] == [1, 1]
    assert len({*uploaded}) == len(uploaded) == 2


@pytest.mark.parametrize("is_uploaded", [False, True], ids=["before", "after"])
def test_a_kill_in_the_middle_of_an_upload_leaves_one_file(
    stack: Stack,
    tmp_path: Path,
    people: list[Record],
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    is_uploaded: bool,
) -> None:
    path = write(tmp_path / "chat.jsonl", [*people, said(people, 1, attachments=[{"path": "notes.txt"}])])
    upload: Callable[..., None] = files.upload

    def dies(*asked: Any) -> None:
        if is_uploaded:
            upload(*asked)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(files, "upload", dies)
        assert moved(path, "--files", folder, "--run", tmp_path / "run") == 130
    assert moved("--run", tmp_path / "run") == 0

    [found] = stored(stack, people)
    assert shown(found) == [("notes.txt", "text/plain")]


def test_a_storage_that_is_away_stops_the_import_and_the_next_try_continues(
    stack: Stack,
    tmp_path: Path,
    people: list[Record],
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = write(tmp_path / "chat.jsonl", [*people, said(people, 1, attachments=[{"path": "notes.txt"}])])
    post = httpx.post

    with monkeypatch.context() as patched:
        patched.setattr(files, "TRIES", 2)
        patched.setattr(httpx, "post", lambda url, **asked: post("http://127.0.0.1:1/", **asked))
        assert moved(path, "--files", folder, "--run", tmp_path / "run") == 1
    assert "The storage of Parley does not take a file" in capsys.readouterr().err
    assert stored(stack, people) == []
    assert moved("--run", tmp_path / "run") == 0
    assert [len(each["attachments"]) for each in stored(stack, people)] == [1]


def test_undoing_takes_the_files_away_and_a_new_import_brings_them_again(
    stack: Stack, tmp_path: Path, people: list[Record], folder: Path
) -> None:
    path = write(tmp_path / "chat.jsonl", [*people, said(people, 1, attachments=[{"path": "notes.txt"}])])
    run = tmp_path / "run"
    assert moved(path, "--files", folder, "--run", run) == 0
    [before] = stored(stack, people)

    assert moved("--run", run, "--undo") == 0
    ann = stack.known(people[0]["id"])
    assert ann.request("GET", f"/attachments/{before['attachments'][0]['id']}").status == 404
    assert moved("--run", run) == 0

    [after] = stored(stack, people)
    assert shown(after) == [("notes.txt", "text/plain")]
    assert after["attachments"][0]["id"] != before["attachments"][0]["id"]
    assert moved("--run", run, "--verify") == 0


def test_files_of_a_conversation_of_several_requests_come(
    stack: Stack, tmp_path: Path, people: list[Record], folder: Path
) -> None:
    at = "2026-03-01T09:00:00Z"
    some = [said(people, 1, created_at=at, attachments=[{"path": "notes.txt"}])]
    some += [message(n, people[n % 2]["id"], within=people[2]["id"], created_at=at) for n in range(2, 261)]
    some[254] |= {"attachments": [{"path": "notes.txt"}, {"path": "gone.txt"}], "text": ""}
    path = write(tmp_path / "chat.jsonl", [*people, *some])

    assert moved(path, "--files", folder, "--run", tmp_path / "run") == 0
    assert moved("--run", tmp_path / "run", "--verify") == 0

    ann = stack.known(people[0]["id"])
    [chat] = ann.get("/conversations")["conversations"]
    last = ann.get(f"/conversations/{chat['id']}/messages?limit=20&after=245")["messages"]
    assert {each["text"]: shown(each) for each in last if each["attachments"]} == {
        "gone.txt": [("notes.txt", "text/plain")]
    }


def test_files_of_a_ticket_and_its_notes_come(stack: Stack, tmp_path: Path, people: list[Record], folder: Path) -> None:
    ann, sam, _ = people
    at = {"created_at": "2026-03-01T09:00:00Z"}
    ticket = {"record": "ticket", "id": ann["id"], "requester_id": ann["id"], "subject": "Bicycle", "status": "open"}
    of_ticket = {"record": "message", "ticket_id": ann["id"], "text": "", **at}
    path = write(
        tmp_path / "desk.jsonl",
        [
            ann,
            {**sam, "role": "agent"},
            {**ticket, **at, "assignee_id": sam["id"], "description": "Broken."},
            {**of_ticket, "id": 1, "sender_id": ann["id"], "attachments": [{"path": "2024/plan 7b.png"}]},
            {**of_ticket, "id": 2, "sender_id": sam["id"]},
            attachment(2, ticket_id=ann["id"], path="notes.txt"),
            {**of_ticket, "record": "note", "id": 2, "sender_id": sam["id"], "attachments": [{"path": "notes.txt"}]},
        ],
    )
    run = tmp_path / "run"

    assert moved(path, "--files", folder, "--run", run) == 0
    assert moved("--run", run, "--verify") == 0

    ids = [json.loads(line) for line in (run / runs.IDS).read_text(encoding="utf-8").splitlines()]
    [ticket_id] = [each["new"] for each in ids if each["record"] == "ticket"]
    secret = (stack.state / "jwt_secret").read_text(encoding="ascii")
    with Parley(stack.rest_url, Signer(secret)) as parley:
        said = [shown(each) for each in parley.list_messages(ticket_id)]
        noted = [shown(each) for each in parley.list_messages("n_" + ticket_id[2:])]
    assert said == [[], [("plan 7b.png", "image/png")], [("notes.txt", "text/plain")]]
    assert noted == [[("notes.txt", "text/plain")]]
    assert len([each for each in ids if each["record"] == "attachment"]) == 3


def test_a_difference_in_files_is_named(
    stack: Stack, tmp_path: Path, people: list[Record], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "chat.jsonl", [*people, said(people, 1, attachments=[{"path": "notes.txt"}])])
    assert moved(path, "--files", folder, "--run", tmp_path / "run") == 0
    [found] = stored(stack, people)
    stack.known(people[1]["id"]).request("DELETE", f"/messages/{found['id']}?scope=everyone")

    assert moved("--run", tmp_path / "run", "--verify") == 1
    assert "1 files of the source were brought, 0 are in Parley." in capsys.readouterr().out


def test_a_file_that_grows_while_it_is_uploaded_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"more than was said")

    with (tmp_path / "a.txt").open("rb") as file, pytest.raises(contents.Missing) as caught:
        files.upload({"url": "http://127.0.0.1:1/", "fields": {}}, file, 4, lambda: None)
    assert caught.value.code == "changed"
