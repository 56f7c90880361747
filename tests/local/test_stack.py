"""`python -m local run` where tests/e2e does not go: another store, a store that dies, and what the terminal shows."""

import os
import re
import resource
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import httpx
import jwt
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from local.ministack import Ministack
from tests.e2e.stack import PATIENCE_S, ROOT, Person, environment, running


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]


def test_another_endpoint_takes_the_place_of_the_store(tmp_path: Path) -> None:
    with Ministack(ROOT, account="000000000000", guarded=False) as elsewhere:
        with running(tmp_path / "state", AWS_ENDPOINT_URL=elsewhere.endpoint_url) as stack:
            assert children_of(stack.process.pid) == []
            conversation_id = stack.person("alice").opens(stack.person("bob"))
            assert conversation_id
    assert not (tmp_path / "state" / "store").exists()


def test_audit_of_attachments_reads_the_store_of_a_stack_that_is_stopped(tmp_path: Path) -> None:
    def audit() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "tools.audit_attachments", "--local", str(tmp_path / "state")]
        return subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=60)

    with running(tmp_path / "state") as stack:
        alice = stack.person("alice")
        alice.opens(stack.person("bob"))
        beside = audit()
    after = audit()

    assert (beside.returncode, beside.stdout) == (1, "")
    assert beside.stderr.startswith("parley: ")
    assert (after.returncode, after.stdout) == (0, "0 found, 0 repaired\n"), after.stderr


def test_a_store_that_dies_ends_the_stack_with_one_line(tmp_path: Path) -> None:
    with running(tmp_path / "state") as stack:
        [store] = children_of(stack.process.pid)
        os.kill(store, signal.SIGKILL)

        assert stack.process.wait(15) == 1
        assert stack.process.stdout
        last = stack.process.stdout.read().splitlines()[-1]

    assert last.startswith("parley: The store has stopped by itself")


def test_what_a_function_fails_at_is_one_line_and_its_trace_is_in_the_log(tmp_path: Path) -> None:
    with running(tmp_path / "state", JWT_JWKS_URL="") as stack:
        claims = {"sub": "alice", "iss": "parley", "aud": "parley", "exp": int(time.time()) + 600}
        token = jwt.encode(claims, (tmp_path / "state" / "jwt_secret").read_text())
        [store] = children_of(stack.process.pid)
        os.kill(store, signal.SIGSTOP)  # the store does not answer any more, and a new token's authorizer needs it
        answer = httpx.get(f"{stack.rest_url}/unread-count", headers={"Authorization": f"Bearer {token}"}, timeout=60)
        os.kill(store, signal.SIGCONT)
        assert answer.status_code == 503
        assert stack.stop() == 0
        assert stack.process.stdout
        said = stack.process.stdout.read().splitlines()[1:]  # the first says where the page is

    assert len([line for line in said if line.startswith("parley: Authorize failed")]) == 1
    assert all(line.startswith("parley: ") for line in said)
    assert "Traceback" in (tmp_path / "state" / "parley.log").read_text(encoding="utf-8")


def test_what_was_acknowledged_survives_a_kill_of_the_store_under_load(tmp_path: Path) -> None:
    acknowledged: list[str] = []
    with running(tmp_path / "state") as stack:
        alice, bob = stack.person("alice"), stack.person("bob")
        conversation_id = alice.opens(bob)
        [store] = children_of(stack.process.pid)

        def send(person: Person) -> None:
            for number in range(10_000):
                text = f"{threading.get_ident()} {number}"
                try:
                    answer = person.request("POST", f"/conversations/{conversation_id}/messages", {"text": text})
                except httpx.HTTPError:
                    return
                if answer.status == 201:
                    acknowledged.append(text)
                elif answer.status >= 500:
                    return

        threads = [threading.Thread(target=send, args=(person,)) for person in (alice, bob, alice)]
        for thread in threads:
            thread.start()
        while len(acknowledged) < 15:
            time.sleep(0.05)
        os.kill(store, signal.SIGKILL)
        assert stack.process.wait(30) == 1
        for thread in threads:
            thread.join(PATIENCE_S)

    with running(tmp_path / "state") as again:
        alice.stack = again
        page = alice.get(f"/conversations/{conversation_id}/messages?limit=100")

    messages = page["messages"]
    assert page["found_oldest"]
    assert [message["seq"] for message in messages] == list(range(1, len(messages) + 1))
    assert set(acknowledged) <= {message["text"] for message in messages}


def test_a_full_disk_is_said_at_once_and_loses_nothing(tmp_path: Path) -> None:
    with running(tmp_path / "state") as stack:
        alice, bob = stack.person("alice"), stack.person("bob")
        conversation_id = alice.opens(bob)
        path = f"/conversations/{conversation_id}/messages"
        alice.post(path, text="before")
        processes = [stack.process.pid, *children_of(stack.process.pid)]
        for process in processes:  # neither the store nor parley.log can grow
            resource.prlimit(process, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        refused = [alice.request("POST", path, {"text": f"refused {number}"}) for number in range(3)]
        listed = alice.get(path)["messages"]
        for process in processes:
            resource.prlimit(process, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        alice.post(path, text="after")
        assert stack.stop(signal.SIGKILL) == -signal.SIGKILL
        assert stack.process.stdout
        said = stack.process.stdout.read().splitlines()[1:]  # the first says where the page is

    with running(tmp_path / "state") as again:
        alice.stack = again
        messages = alice.get(path)["messages"]

    texts = [message["text"] for message in messages]
    assert [(answer.status, answer.json["code"]) for answer in refused] == [(503, "store_busy")] * 3
    assert all("Retry-After" in answer.headers for answer in refused) and listed
    assert (texts[0], texts[-1]) == ("before", "after")
    assert [message["seq"] for message in messages] == list(range(1, len(messages) + 1))
    assert sum("The store cannot write" in line and "refused" in line for line in said) == 1
    assert sum("parley.log cannot be written" in line for line in said) == 1
    assert sum("The store can write again" in line for line in said) == 1
    assert all(line.startswith("parley: ") for line in said), said


def test_a_damaged_store_is_refused_in_one_line_and_can_be_recovered(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with running(state) as stack:
        alice = stack.person("alice")
        alice.opens(stack.person("bob"))
        stack.stop()
    log = state / "store" / "log-000000"
    lines = log.read_bytes().splitlines(keepends=True)
    lines[len(lines) // 2] = b"00000000 {}\n"
    log.write_bytes(b"".join(lines))

    def local(command: str) -> "subprocess.CompletedProcess[str]":
        arguments = [sys.executable, "-m", "local", command, "--state", str(state)]
        return subprocess.run(arguments, cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=60)

    refused = local("run")
    [line] = refused.stderr.splitlines()
    assert refused.returncode == 1
    assert "log-000000 is damaged" in line and "python -m local recover" in line and "Nothing has been changed" in line
    assert log.read_bytes() == b"".join(lines)

    recovered = local("recover")
    assert (recovered.returncode, recovered.stderr) == (0, "")
    assert "are lost" in recovered.stdout
    assert local("recover").stdout == "Nothing is damaged.\n"
    with running(state) as again:
        assert again.person("carol").get("/unread-count")["total"] == 0


@pytest.mark.parametrize(
    ("role_map", "entry"),
    [
        ("Admins=admin,Teachers=techer", "`Teachers=techer` leads to a role"),
        ("teacher=student,student=teacher", "`teacher=student` is part of a cycle"),
        ("Admins=admin,Admins=teacher", "`Admins=teacher` maps `Admins` a second time"),
        ("Admins", "template.yaml: the parameter JwtRoleMap is 'Admins'"),
    ],
    ids=["unknown role", "cycle", "twice", "form"],
)
def test_map_of_roles_with_a_mistake_is_refused_at_the_start(tmp_path: Path, role_map: str, entry: str) -> None:
    command = [sys.executable, "-m", "local", "run", "--state", str(tmp_path), "--parameter", f"JwtRoleMap={role_map}"]

    started = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=60)

    assert started.returncode == 1
    [line] = started.stderr.splitlines()
    assert line.startswith("parley: ") and entry in line


@pytest.mark.parametrize("types", ["image/svg+xml", "image/*,imge/*"])
def test_types_that_nobody_can_examine_are_refused_at_the_start(tmp_path: Path, types: str) -> None:
    command = [
        sys.executable,
        "-m",
        "local",
        "run",
        "--state",
        str(tmp_path),
        "--parameter",
        f"AttachmentTypes={types}",
    ]

    started = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=60)

    assert started.returncode == 1
    entry = types.rpartition(",")[2]
    assert started.stderr == f"parley: AttachmentTypes: `{entry}` is not a type of file that can be examined\n"


# Starts a stack whose desks are in the folder that the first argument names.
WITH_DESKS = """
import sys
from pathlib import Path
from local.__main__ import main
from parley.adapters.support import desks
desks.FOLDER = Path(sys.argv.pop(1))
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize(
    ("support", "text", "line"),
    [
        ("nowhere", None, "SUPPORT=nowhere: no such desk; the desks are default, office"),
        ("wrong", '[hours]\nmonday = ["09:00-25:00"]\n', "wrong.toml:2: "),
    ],
    ids=["no file", "a mistake"],
)
def test_desk_with_a_mistake_is_refused_at_the_start(tmp_path: Path, support: str, text: str | None, line: str) -> None:
    given = ["run", "--state", str(tmp_path), "--parameter", f"Support={support}"]
    if text is None:
        command = [sys.executable, "-m", "local", *given]
    else:
        # A folder of desks of its own: the shipped one is read by other tests meanwhile.
        own = tmp_path / "desks"
        own.mkdir()
        (own / f"{support}.toml").write_text(text + '[categories.general]\nname = "General"\n', encoding="utf-8")
        command = [sys.executable, "-c", WITH_DESKS, str(own), *given]

    started = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=60)

    assert started.returncode == 1
    [said] = started.stderr.splitlines()
    assert said.startswith(f"parley: {line}")


# Starts a stack whose templates of e-mails are in the folder that the first argument names.
WITH_MAILS = WITH_DESKS.replace("support import desks", "notifications import mail_templates").replace(
    "desks.FOLDER", "mail_templates.FOLDER"
)


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("nowhere", None, "MAIL_TEMPLATE=nowhere: no such template; the templates are default"),
        ("wrong", "[html]\npage = 5\n", "wrong.toml:"),
    ],
    ids=["no file", "a mistake"],
)
def test_template_of_e_mails_with_a_mistake_is_refused_at_the_start(
    tmp_path: Path, name: str, text: str | None, line: str
) -> None:
    given = ["run", "--state", str(tmp_path), "--parameter", f"MailTemplate={name}"]
    command = [sys.executable, "-m", "local", *given]
    if text is not None:
        own = tmp_path / "mails"
        own.mkdir()
        (own / f"{name}.toml").write_text(text, encoding="utf-8")
        command = [sys.executable, "-c", WITH_MAILS, str(own), *given]

    started = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=60)

    assert started.returncode == 1
    [said] = started.stderr.splitlines()
    assert said.startswith(f"parley: {line}")


def test_local_token_of_a_stack_with_two_keys_is_a_programs(tmp_path: Path) -> None:
    parameters = (
        "JwtJwksUrl=https://127.0.0.1:9/keys",
        "JwtSecretArn=arn:aws:secretsmanager:us-east-1:000000000000:secret:hosts",
        "JwtRoleClaim=realm_access.roles",
        "JwtAudience=web,ios",
    )
    given = [part for parameter in parameters for part in ("--parameter", parameter)]

    with running(tmp_path / "state", *given) as stack:
        assert stack.person("backend", role="service").get("/unread-count")["total"] == 0


def test_the_terminal_shows_a_line_for_each_request_and_no_traceback(tmp_path: Path) -> None:
    with running(tmp_path / "state", quiet=False) as stack:
        alice = stack.person("alice")
        conversation_id = alice.opens(stack.person("bob"))
        httpx.post(f"{stack.rest_url}/conversations", json={}, headers={"Authorization": f"Bearer {alice.token}"})
        httpx.get(f"{stack.rest_url}/me", headers={"Authorization": "Bearer nonsense"})
        httpx.post(stack.rest_url.replace("/v1", "/local/token"), json={"user_id": "no id"})
        with suppress(InvalidStatus), connect(f"{stack.websocket_url}?ticket=nonsense", proxy=None):
            raise AssertionError("a ticket that is none has let somebody in")
        with alice.online() as device:
            device.ask("join_conversation", conversation_id=conversation_id)
        [store] = children_of(stack.process.pid)
        os.kill(store, signal.SIGKILL)
        httpx.get(f"{stack.rest_url}/me", headers={"Authorization": f"Bearer {alice.token}"}, timeout=60)
        stack.process.wait(30)
        assert stack.process.stdout
        said = stack.process.stdout.read()
        lines = [line.split() for line in said.splitlines()]

    told = [[*line[:3], *line[5:]] for line in lines if line[4:5] == ["ms"]]
    user_id = alice.user_id
    assert ["POST", "/local/token", "200", "-"] in told
    assert ["POST", "/conversations", "201", user_id] in told
    assert ["POST", "/conversations", "400", user_id, "invalid_request"] in told
    assert ["GET", "/me", "401", "-", "token_malformed"] in told
    assert ["POST", "/local/token", "400", "-", "invalid_request"] in told
    assert ["WS", "$connect", "401", "-", "ticket_invalid"] in told
    assert ["WS", "$connect", "101", user_id] in told
    assert ["WS", "join_conversation", "200", user_id] in told
    assert "Traceback" not in said and 'File "' not in said


def test_a_quiet_stack_prints_only_that_it_is_ready(tmp_path: Path) -> None:
    with running(tmp_path / "state") as stack:
        stack.person("alice").opens(stack.person("bob"))
        stack.stop()
        assert stack.process.stdout
        assert re.fullmatch(r"Open http://localhost:\d+/ in a browser to try it.\n", stack.process.stdout.read())


def test_no_ticket_or_token_is_in_the_log(tmp_path: Path) -> None:
    with running(tmp_path / "state") as stack:
        alice = stack.person("alice")
        ticket = alice.ticket()
        for address in (f"{stack.websocket_url}?ticket={ticket}", f"{stack.websocket_url}?ticket=refused-{ticket}"):
            with suppress(InvalidStatus), connect(address, proxy=None) as socket:
                socket.send('{"action": "ping", "request_id": "1"}')
                socket.recv(10)
        with alice.online():
            pass
        assert stack.stop() == 0
        said = (tmp_path / "state" / "parley.log").read_text(encoding="utf-8")

    assert "connect" in said  # the functions' own lines are there
    assert ticket not in said and alice.token not in said
