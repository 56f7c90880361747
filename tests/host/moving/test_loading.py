"""The whole way of an import against `make run`: stored, continued after a kill at any request, and verified."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from parley_host import Parley, Retries, Signer
from parley_host.moving import importing, runs
from tests.e2e.stack import ROOT, Person, Stack
from tests.host.moving import school
from tests.host.moving.school import Record, direct, message, write

SOURCE = ROOT / "host" / "src"


@pytest.fixture(autouse=True)
def access(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLEY_URL", stack.rest_url)
    monkeypatch.setenv("PARLEY_SECRET", (stack.state / "jwt_secret").read_text(encoding="ascii"))


@pytest.fixture
def records(request: pytest.FixtureRequest) -> list[Record]:
    """Returns the school with ids of this test's own, and a conversation of more than one request."""
    mark = request.node.name.partition("[")[2].rstrip("]") or request.node.name[5:25]
    many = [message(1000 + n, ("ann", "ben")[n % 2], n % 60, within="c2") for n in range(260)]
    longer = direct("c2", "ann", "ben", context={"type": "class", "id": "7b", "title": "Maths"})
    text = json.dumps([*school.school(), longer, *many])
    for name in ("ann", "ben", "cem", "c1", "c2", "g1", "7b"):
        text = text.replace(f'"{name}"', f'"{name}.{mark}"')
    found: list[Record] = json.loads(text)
    return found


def moved(*arguments: object) -> int:
    return importing.main([*map(str, arguments)])


def seen(stack: Stack, records: list[Record]) -> dict[str, Any]:
    """Returns all that each person finds: conversations with unread counts, and every message."""
    people = [each["id"] for each in records if each["record"] == "user"]
    return {user_id: _seen_by(stack.known(user_id)) for user_id in people}


def _seen_by(person: Person) -> Any:
    listed = person.get("/conversations?limit=100")["conversations"]
    listed += person.get("/conversations?limit=100&state=archived")["conversations"]
    return {
        each["id"]: {
            "unread": each["unread"],
            "archived": each["archived"],
            "settings": each["settings"],
            "messages": _messages(person, each["id"]),
        }
        for each in listed
    }


def _messages(person: Person, conversation_id: str) -> list[Any]:
    found: list[Any] = []
    while page := person.get(f"/conversations/{conversation_id}/messages?limit=100&after={len(found)}")["messages"]:
        found += page
    return found


def test_an_import_can_be_read_and_is_verified(
    stack: Stack, tmp_path: Path, records: list[Record], capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "school.jsonl", records)
    ann, ben = records[0]["id"], records[1]["id"]

    assert moved(path, "--run", tmp_path / "run") == 0
    assert moved("--run", tmp_path / "run", "--verify") == 0

    assert "Parley has what the source has." in capsys.readouterr().out
    new = {(each["record"], each["old"]): each["new"] for each in _ids(tmp_path / "run")}
    here = seen(stack, records)
    pair = here[ben][new["conversation", records[4]["id"]]]
    assert (pair["unread"], pair["archived"]) == (1, True)
    assert [each["text"] for each in pair["messages"]] == ["Text 1", "Text 2", "Text 3", ""]
    assert [each["id"] for each in pair["messages"]] == [new["message", str(n)] for n in (1, 2, 3, 4)]
    assert pair["messages"][1]["reply_to"] == new["message", "1"]
    assert pair["messages"][1]["edited_at"] == "2026-03-01T10:00:00.000Z"
    assert pair["messages"][2]["reactions"] == [{"emoji": "❤️", "count": 1, "mine": True}]
    assert pair["messages"][2]["metadata"] == {"page": 3}
    assert pair["messages"][3]["deleted_at"] == "2026-03-01T11:00:00.000Z"
    longer = here[ann][new["conversation", records[14]["id"]]]
    assert len(longer["messages"]) == 260
    times = [each["created_at"] for each in longer["messages"]]
    assert times == sorted(times)


def _ids(folder: Path) -> list[Any]:
    return [json.loads(line) for line in (folder / runs.IDS).read_text(encoding="utf-8").splitlines()]


class Dying(httpx.HTTPTransport):
    """A network that fails for good after some requests, before or after Parley has done the last one."""

    def __init__(self, requests: int, *, is_done: bool) -> None:
        super().__init__()
        self.left = requests
        self.is_done = is_done

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.left -= 1
        if self.left < 0 and (self.left < -1 or not self.is_done):
            raise KeyboardInterrupt
        answer = super().handle_request(request)
        if self.left < 0:
            answer.read()
            raise KeyboardInterrupt
        return answer


def dying(stack: Stack, requests: int, *, is_done: bool) -> Callable[[Any], Parley]:
    """Returns what makes a client whose network fails after some requests."""
    signer = Signer((stack.state / "jwt_secret").read_text(encoding="ascii"))
    transport = Dying(requests, is_done=is_done)
    return lambda asked: Parley(asked.url, signer, transport=transport, retries=Retries(tries=1))


@pytest.mark.parametrize("is_done", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("requests", range(10))
def test_an_import_that_was_killed_continues(
    stack: Stack, tmp_path: Path, records: list[Record], monkeypatch: pytest.MonkeyPatch, requests: int, is_done: bool
) -> None:
    path = write(tmp_path / "school.jsonl", records)

    with monkeypatch.context() as patched:
        patched.setattr(importing, "client", dying(stack, requests, is_done=is_done))
        killed = moved(path, "--run", tmp_path / "run", "--workers", 1)
    assert moved("--run", tmp_path / "run") == 0

    assert killed == 130
    assert moved("--run", tmp_path / "run", "--verify") == 0
    assert {user_id: len(each) for user_id, each in seen(stack, records).items()} == {
        each["id"]: count for each, count in zip(records[:3], (3, 3, 1), strict=True)
    }


def test_a_process_that_was_killed_continues(stack: Stack, tmp_path: Path, records: list[Record]) -> None:
    path = write(tmp_path / "school.jsonl", records)
    command = [sys.executable, "-m", "parley_host.moving.importing", str(path), "--run", str(tmp_path / "run")]

    for after_s in (0.4, 0.7, 1.0):
        with subprocess.Popen(
            command, cwd=ROOT / "host" / "src", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            try:
                process.wait(after_s)
            except subprocess.TimeoutExpired:
                process.kill()

    assert moved(path, "--run", tmp_path / "run") == 0
    assert moved("--run", tmp_path / "run", "--verify") == 0


def test_a_conversation_in_use_is_named_with_its_line(
    stack: Stack, tmp_path: Path, records: list[Record], capsys: pytest.CaptureFixture[str]
) -> None:
    ann, ben = (stack.known(each["id"]) for each in records[:2])
    ann.opens(ben)
    path = write(tmp_path / "school.jsonl", records)

    assert moved(path, "--run", tmp_path / "run") == 1

    assert f"{path}:5: Parley refused it (conversation_live)." in capsys.readouterr().out
    assert moved("--run", tmp_path / "run", "--verify") == 1
    assert f"{records[4]['id']}: the conversation was not imported." in capsys.readouterr().out


def test_an_import_is_undone_and_done_again(
    stack: Stack, tmp_path: Path, records: list[Record], capsys: pytest.CaptureFixture[str]
) -> None:
    moved(write(tmp_path / "school.jsonl", records), "--run", tmp_path / "run")

    assert moved("--run", tmp_path / "run", "--undo") == 0
    assert seen(stack, records) == {each["id"]: {} for each in records[:3]}
    assert moved("--run", tmp_path / "run", "--verify") == 1
    assert moved("--run", tmp_path / "run") == 0
    assert moved("--run", tmp_path / "run", "--verify") == 0


def test_undoing_keeps_a_conversation_that_was_used(
    stack: Stack, tmp_path: Path, records: list[Record], capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "school.jsonl", records)
    moved(path, "--run", tmp_path / "run")
    ben = stack.known(records[1]["id"])
    first = {each["old"]: each["new"] for each in _ids(tmp_path / "run")}[records[4]["id"]]
    ben.post(f"/conversations/{first}/messages", text="Hello")

    assert moved("--run", tmp_path / "run", "--undo") == 1

    assert f"{path}:5: Parley refused it (conversation_live)." in capsys.readouterr().out
    assert {*_seen_by(ben)} == {first}


@pytest.mark.parametrize("requests", [2, 3, 5, 8])
def test_a_killed_import_is_undone(
    stack: Stack, tmp_path: Path, records: list[Record], monkeypatch: pytest.MonkeyPatch, requests: int
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(importing, "client", dying(stack, requests, is_done=True))
        moved(write(tmp_path / "school.jsonl", records), "--run", tmp_path / "run", "--workers", 1)

    assert moved("--run", tmp_path / "run", "--undo") == 0

    write(tmp_path / "school.jsonl", records[:14])
    assert moved("--run", tmp_path / "run") == 0
    assert moved("--run", tmp_path / "run", "--verify") == 0


def test_a_later_difference_is_named(
    stack: Stack, tmp_path: Path, records: list[Record], capsys: pytest.CaptureFixture[str]
) -> None:
    moved(write(tmp_path / "school.jsonl", records), "--run", tmp_path / "run")
    ann, ben = (stack.known(each["id"]) for each in records[:2])
    first = {each["old"]: each["new"] for each in _ids(tmp_path / "run")}[records[4]["id"]]
    ben.post(f"/conversations/{first}/messages", text="Hello")

    assert moved("--run", tmp_path / "run", "--verify") == 1

    said = capsys.readouterr().out
    assert f"({first}): 4 messages in the source, 5 in Parley." in said
    assert f"({first}): {ann.user_id} has 0 unread in the source, 1 in Parley." in said


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("PARLEY_URL", None, "set PARLEY_URL and PARLEY_SECRET"),
        ("PARLEY_SECRET", "short", "PARLEY_SECRET: The secret must have 32 bytes"),
        ("PARLEY_SECRET", "x" * 32, "Parley does not answer (401"),
    ],
)
def test_a_wrong_access_ends_with_a_sentence(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    variable: str,
    value: str | None,
    sentence: str,
) -> None:
    path = write(tmp_path / "school.jsonl", school.school())
    if value is None:
        monkeypatch.delenv(variable)
    else:
        monkeypatch.setenv(variable, value)

    assert moved(path, "--run", tmp_path / "run") == 1
    assert sentence in capsys.readouterr().err


def refused(records: list[Record]) -> tuple[list[Record], str, str]:
    """Returns a conversation whose message 256 Parley refuses, for nobody has put the person of its reaction."""
    ann, ben = records[0], records[1]
    dan, pair = {**ann, "id": f"{ann['id']}.dan"}, records[4]
    many = [message(n, (ann["id"], ben["id"])[n % 2], n // 60, within=pair["id"]) for n in range(260)]
    many[255]["reactions"] = [{"emoji": "👍", "user_ids": [dan["id"]]}]
    return [ann, ben, dan, pair, *many], ann["id"], ben["id"]


def put(tmp_path: Path, *user_ids: str) -> None:
    """Puts people by a run of their own."""
    people = write(tmp_path / f"{user_ids[-1]}.jsonl", map(school.user, user_ids))
    assert moved(people, "--run", tmp_path / f"run of {user_ids[-1]}") == 0


def test_a_refused_conversation_is_taken_back(
    stack: Stack, tmp_path: Path, records: list[Record], capsys: pytest.CaptureFixture[str]
) -> None:
    whole, ann, ben = refused(records)
    path = write(tmp_path / "school.jsonl", whole)
    put(tmp_path, ann, ben)

    assert moved(path, "--run", tmp_path / "run", "--people-are-there") == 1

    said = capsys.readouterr().out
    assert f"{path}:260 /messages/5/reactions/0/user_ids/0: Parley refused it" in said
    assert "1 conversations did not come. The same command tries them again." in said
    assert "wait in Parley" not in said
    corrected = write(tmp_path / "corrected.jsonl", whole[:-5])
    assert moved(corrected, "--run", tmp_path / "run", "--people-are-there") == 1
    assert "Undo it with --undo before this folder takes corrected files" in capsys.readouterr().err
    put(tmp_path, f"{ann}.dan")
    assert moved("--run", tmp_path / "run", "--people-are-there") == 0
    assert moved("--run", tmp_path / "run", "--verify") == 0


def test_people_of_a_refused_conversation_can_write(stack: Stack, tmp_path: Path, records: list[Record]) -> None:
    whole, ann, ben = refused(records)
    put(tmp_path, ann, ben)

    moved(write(tmp_path / "school.jsonl", whole), "--run", tmp_path / "run", "--people-are-there")

    assert stack.known(ann).opens(stack.known(ben))
    assert moved("--run", tmp_path / "run", "--undo") == 0


@pytest.mark.parametrize("is_done", [False, True], ids=["kept", "gone"])
@pytest.mark.parametrize("requests", range(1, 5))
def test_a_kill_while_a_conversation_is_taken_back(
    stack: Stack, tmp_path: Path, records: list[Record], monkeypatch: pytest.MonkeyPatch, requests: int, is_done: bool
) -> None:
    whole, ann, ben = refused(records)
    options = ("--run", tmp_path / "run", "--people-are-there")
    put(tmp_path, ann, ben)

    with monkeypatch.context() as patched:
        patched.setattr(importing, "client", dying(stack, requests, is_done=is_done))
        moved(write(tmp_path / "school.jsonl", whole), *options, "--workers", 1)
    assert moved(*options) == 1

    put(tmp_path, f"{ann}.dan")
    assert moved(*options) == 0
    assert moved("--run", tmp_path / "run", "--verify") == 0
