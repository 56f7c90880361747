"""The three examples of host/, each as a process beside the local stack: its users sign up, change, buy and leave."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from parley_host import Parley, Signer
from tests.contracts.tools import PYTHON
from tests.e2e.stack import PATIENCE_S, START_S, Person, Stack, environment, free_port

EXAMPLES = Path(__file__).parents[2] / "host" / "examples"
NAMES = ("fastapi", "django", "express")


@dataclass
class School:
    """One example that runs; `ids` are Parley's ids of its users."""

    name: str
    url: str
    stack: Stack

    def request(self, method: str, path: str, who: str | None = None, **form: object) -> httpx.Response:
        user = (f"{who}-{self.name}", f"{who}'s password") if who else None
        return httpx.request(method, self.url + path, auth=user, json=form or None, timeout=PATIENCE_S)

    def sign_up(self, who: str, role: str, class_id: str) -> Person:
        """Returns a new user as a client of Parley, with the token that the example gives the browser."""
        form = {"user_id": f"{who}-{self.name}", "name": who.title(), "password": f"{who}'s password"}
        answer = self.request("POST", "/sign-up", **form, role=role, class_id=class_id)
        assert answer.status_code == 201, answer.text
        return self.sign_in(who, answer.json()["user_id"])

    def sign_in(self, who: str, user_id: str) -> Person:
        given = self.request("POST", "/chat-token", who)
        assert (given.status_code, given.json()["url"]) == (200, self.stack.rest_url), given.text
        return Person(self.stack, user_id, given.json()["token"])


def commands(name: str, port: int) -> list[list[str]]:
    """Returns what a reader types to run an example; the last one serves."""
    match name:
        case "fastapi":
            return [[sys.executable, "-m", "uvicorn", "--log-level", "warning", "--port", str(port), "app:app"]]
        case "django":
            manage = [sys.executable, "manage.py"]
            return [[*manage, "migrate", "-v", "0"], [*manage, "runserver", "--noreload", "-v", "0", str(port)]]
    assert (EXAMPLES / "express" / "node_modules").exists(), "`make setup` installs Express"
    return [[str(PYTHON / "node"), "server.js"]]


def variables(stack: Stack, folder: Path, port: int, **more: str) -> dict[str, str]:
    return environment(
        PARLEY_URL=stack.rest_url,
        PARLEY_SECRET=(stack.state / "jwt_secret").read_text(encoding="ascii"),
        PORT=str(port),
        **more,
        DATABASE=str(folder / "school.sqlite3"),
        DJANGO_SECRET_KEY="a secret of Django's",
        PYTHONPATH=str(EXAMPLES.parent / "src"),
        PYTHONDONTWRITEBYTECODE="1",
    )


def served(name: str, stack: Stack, folder: Path, until: ExitStack, **more: str) -> School:
    """Starts an example, with more variables; it ends with `until`."""
    port = free_port()
    *before, serve = commands(name, port)
    example, given = EXAMPLES / name, variables(stack, folder, port, **more)
    for command in before:
        subprocess.run(command, cwd=example, env=given, check=True, timeout=60)
    process = subprocess.Popen(serve, cwd=example, env=given)
    until.callback(process.wait, 30)
    until.callback(process.terminate)
    school = School(name, f"http://127.0.0.1:{port}", stack)
    deadline = time.monotonic() + START_S
    while not answers(school):
        assert process.poll() is None and time.monotonic() < deadline, f"{name} does not serve"
        time.sleep(0.05)
    return school


def answers(school: School) -> bool:
    try:
        return school.request("POST", "/chat-token").status_code == 401
    except httpx.TransportError:
        return False


@pytest.fixture(scope="module", params=NAMES)
def school(request: pytest.FixtureRequest, stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[School]:
    with ExitStack() as until:
        yield served(request.param, stack, tmp_path_factory.mktemp(request.param), until)


def opening(person: Person, other: Person, **context: str) -> int:
    """Returns the status with which a person opens a conversation about something."""
    body = {"type": "direct", "user_id": other.user_id, "context": context}
    return person.request("POST", "/conversations", body).status


def test_the_life_of_a_user(school: School) -> None:
    # They sign up, and Parley knows who they are before they have ever signed in there.
    teacher, student = school.sign_up("ada", "teacher", "7b"), school.sign_up("ben", "student", "7b")
    mine = student.get("/me")
    assert (mine["id"], mine["name"], mine["role"]) == (student.user_id, "Ben", "student")
    assert teacher.get("/me")["role"] == "teacher"
    assert opening(student, teacher, type="class", id="7b") == 201

    # The student changes classes, and the token in hand opens nothing in the old one.
    assert school.request("PATCH", "/me", "ben", name="Benny", class_id="8a").status_code == 200
    mine = student.get("/me")
    assert (mine["name"], mine["contexts"]) == ("Benny", {"class": ["8a"]})
    assert opening(student, teacher, type="class", id="8a") == 403

    # The student buys a lesson, and pays twice by mistake.
    booking = f"lesson-{school.name}"
    assert opening(student, teacher, type="booking", id=booking) == 403
    for _ in range(2):
        bought = school.request("POST", "/purchases", "ben", booking_id=booking, teacher_id=teacher.user_id)
        assert bought.status_code == 201, bought.text
    conversation_id = bought.json()["conversation_id"]
    student.post(f"/conversations/{conversation_id}/messages", text="When shall we begin?")
    [first, second] = teacher.get(f"/conversations/{conversation_id}/messages")["messages"]
    assert (first["text"], first["sender_id"]) == ("Benny has bought a lesson.", "~parley.system-host")
    assert (second["text"], second["sender_id"]) == ("When shall we begin?", student.user_id)

    # The student leaves, here and there. API Gateway, which remembers tokens for five minutes, has not seen this one.
    unused = school.sign_in("ben", student.user_id)
    assert school.request("DELETE", "/me", "ben").status_code == 202
    assert school.request("POST", "/chat-token", "ben").status_code == 401
    assert unused.request("GET", "/me").status == 401
    with Parley(school.stack.rest_url, signer_of(school.stack)) as parley:
        erasure = parley.erase_user(student.user_id)  # the one that runs, or has just ended
        assert parley.wait_for_erasure(erasure["id"], timeout_s=PATIENCE_S, every_s=0.2)["state"] == "done"


def signer_of(stack: Stack) -> Signer:
    return Signer((stack.state / "jwt_secret").read_text(encoding="ascii"))


def test_a_wrong_password_gets_no_token(school: School) -> None:
    school.sign_up("eve", "student", "7b")

    wrong = httpx.post(f"{school.url}/chat-token", auth=(f"eve-{school.name}", "a guess"), timeout=PATIENCE_S)

    assert (wrong.status_code, "token" in wrong.text) == (401, False)
    for header in ("Basic !", "Basic /w==", "Bearer x", "Basic"):
        spoilt = httpx.post(f"{school.url}/chat-token", headers={"Authorization": header}, timeout=PATIENCE_S)
        assert spoilt.status_code == 401, header


def test_a_name_that_is_taken_changes_nobody(school: School) -> None:
    first = school.sign_up("max", "student", "7b")

    form = {"user_id": f"max-{school.name}", "name": "Mallory", "password": "x", "role": "teacher", "class_id": "7b"}
    assert school.request("POST", "/sign-up", **form).status_code == 409
    assert (first.get("/me")["name"], first.get("/me")["role"]) == ("Max", "student")


def test_the_servers_own_id_is_no_users(school: School) -> None:
    form = {"name": "Mallory", "password": "x", "role": "student", "class_id": "7b"}

    taken = school.request("POST", "/sign-up", user_id="~parley.service-host", **form)

    assert (taken.status_code, school.name) in {(422, "fastapi"), (422, "express"), (201, "django")}  # ids are numbers
    school.sign_up("amy", "student", "7b")


def test_a_user_whom_parley_refuses_is_told_so_and_kept(school: School) -> None:
    """Parley refuses a context id: the example answers, and its user can sign in."""
    form = {"user_id": f"zoe-{school.name}", "name": "Zoe", "password": "zoe's password", "role": "student"}

    failed = school.request("POST", "/sign-up", **form, class_id="7 b")

    assert (failed.status_code, "invalid_request" in failed.text) == (422, True)
    assert school.request("POST", "/chat-token", "zoe").status_code == 200
