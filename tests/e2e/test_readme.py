"""The examples of README.md and quickstart.md, run as they stand: `make run` in a copy, then each block of shell."""

import json
import re
import subprocess
import time

import httpx
import jwt

from tests.e2e.clone import Clone, blocks, missing
from tests.e2e.stack import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
QUICKSTART = (ROOT / "docs" / "quickstart.md").read_text(encoding="utf-8")
SIGN_IN = (ROOT / "docs" / "guides" / "sign-in.md").read_text(encoding="utf-8")


def shell(clone: Clone, script: str) -> str:
    """Returns what a script prints, pasted into a shell in the clone; fails where any of its lines does."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=clone.folder,
        env=clone.environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    return done.stdout


def with_ports(page: str, clone: Clone) -> str:
    """Returns a page with the ports of this run in the place of the default ones."""
    ports = {"3000": clone.environment["REST_PORT"], "3001": clone.environment["WS_PORT"]}
    return re.sub(r"\b300[01]\b", lambda port: ports[port[0]], page)


def test_make_run_says_where_it_is(clone: Clone) -> None:
    told = [
        line
        for page in (README, QUICKSTART)
        for _, block in blocks(page)
        for line in block.splitlines()
        if line.startswith("parley is ready: ")
    ]

    assert [with_ports(line, clone) for line in told] == [clone.ready] * 2


def test_the_conversations_and_the_picture_go_as_they_stand_there(clone: Clone) -> None:
    scripts = [block for language, block in blocks(QUICKSTART) if language == "sh"]

    # One shell, as a reader has: each block uses what those before it have set.
    said = shell(clone, "\necho ---\n".join(scripts))

    rest, sockets, picture = said.split("---\n")
    assert '"code"' not in said
    [count] = re.findall(r"unread count, `(.+?)`", QUICKSTART)
    assert rest.splitlines()[1] == count
    assert rest.splitlines()[-1].count('"seq"') == 2
    [shown] = (block for language, block in blocks(QUICKSTART) if not language and "bob got: " in block)
    assert missing(sockets, shown) == []
    status, sent, address, end = picture.splitlines()
    [attachment] = json.loads(sent)["attachments"]
    assert (status, attachment["name"], attachment["width"], end) == ("204", "dot.png", 1, "")
    assert json.loads(address)["attachment"]["id"] == attachment["id"]
    assert json.loads(address)["url"].startswith("http://127.0.0.1:")
    assert (clone.folder / ".parley" / "seen.png").read_bytes().startswith(b"\x89PNG")


def test_the_readmes_eight_lines_print_what_it_says(clone: Clone) -> None:
    found = blocks(README)
    [number] = (number for number, (language, _) in enumerate(found) if language == "sh")

    assert shell(clone, with_ports(found[number][1], clone)) == found[number + 1][1]


def test_a_token_signed_as_the_guide_shows_lets_its_user_in(clone: Clone) -> None:
    [example] = (block for language, block in blocks(SIGN_IN) if language == "python" and '"sub": "alice"' in block)
    known = {"jwt": jwt, "now": int(time.time()), "secret": (clone.folder / ".parley" / "jwt_secret").read_text()}

    exec(example, known)

    answer = httpx.get(
        f"http://localhost:{clone.environment['REST_PORT']}/v1/conversations",
        headers={"Authorization": f"Bearer {known['token']}"},
    )
    assert answer.status_code == 200


def test_make_help_lists_what_the_pages_name(clone: Clone) -> None:
    listed = set(re.findall(r"^make ([a-z]+)", shell(clone, "make help"), re.MULTILINE))

    assert set(re.findall(r"(?:`|^|\()make ([a-z]+)", README + QUICKSTART, re.MULTILINE)) <= listed
