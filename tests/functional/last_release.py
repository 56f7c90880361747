"""The rows and answers of a release, kept in its folder under `releases/`.

`python -m tests.functional.last_release <folder>` records it, with the code that is to be released (upgrade.md).
"""

import json
import sys
import tarfile
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

from tests.functional.attachments import clean_attachment
from tests.functional.erasures import erased
from tests.functional.push_devices import put
from tests.functional.talk import make_group, open_direct, say
from tests.harness import Parley, Reply, User
from tests.harness.documents import TEMPLATE
from tests.harness.fixtures import fresh, system
from tests.template import source

THUMB = "%F0%9F%91%8D"
ROLES = {"mia": "moderator", "host": "service"}
Json = dict[str, Any]


def person(parley: Parley, user_id: str) -> User:
    """Returns one of the people of the recording, signed in."""
    return parley.user(user_id, ROLES.get(user_id), contexts={"class": ["7b"]} if user_id == "alice" else None)


def live(parley: Parley) -> list[tuple[str, str]]:
    """Lets people do what leaves rows of every kind; returns who sees what of it, as pairs of a person and a path."""
    group = play_in_a_group(parley)
    direct, hello, again = talk(parley, group)
    alice = person(parley, "alice")
    body = {"attachment_ids": [clean_attachment(parley, alice, direct)], "text": "hello, look"}
    assert alice.post(f"/conversations/{direct}/messages", json=body).status == 201
    succeeded(put(alice))
    report = moderate(parley, direct, hello)
    ticket = got_new(alice.post("/support/tickets", json={"subject": "My booking", "description": "Where is it?"}))
    erasure = erased(parley, "dave")
    parley.drain()
    of_all = ("/conversations", "/unread-count", "/unread", "/me/blocks")
    of_each = (f"/conversations/{direct}", f"/conversations/{direct}/messages", f"/conversations/{direct}/pins")
    of_group = (f"/conversations/{group}", f"/conversations/{group}/messages", f"/conversations/{group}/members")
    return [
        *((one, path) for one in ("alice", "bob", "carol") for path in of_all),
        *((one, path) for one in ("alice", "bob") for path in (*of_each, *of_group, f"/messages/{hello}/receipts")),
        ("bob", "/conversations?state=archived"),
        ("bob", "/users/alice"),
        ("alice", "/search?q=hello"),
        ("alice", "/me/devices"),
        ("alice", "/support/tickets"),
        ("alice", f"/support/tickets/{ticket}"),
        ("mia", f"/messages/{again}/versions"),
        ("mia", f"/admin/reports/{report}"),
        ("mia", "/admin/banned-words"),
        ("host", f"/erasures/{erasure['id']}"),
    ]


def play_in_a_group(parley: Parley) -> str:
    """Returns the id of a group in which something of every kind has happened."""
    alice, bob, carol, dave = (person(parley, name) for name in ("alice", "bob", "carol", "dave"))
    group = make_group(alice, bob, carol, dave)
    [move] = say(bob, group, "Your move")
    say(dave, group, "Mine")
    look = {"text": "@bob, look", "mentions": ["bob"], "reply_to": move}
    succeeded(
        alice.post(f"/conversations/{group}/messages", json=look),
        alice.patch(f"/conversations/{group}", json={"title": "Chess club", "slow_mode_s": 30}),
        alice.patch(f"/conversations/{group}", json={"custom_type": "club", "metadata": {"season": 2027}}),
        alice.patch(f"/conversations/{group}/members/carol", json={"role": "admin"}),
        alice.delete(f"/conversations/{group}/members/dave"),
        bob.patch(f"/conversations/{group}/settings", json={"pinned": True, "notifications": "mentions"}),
    )
    return group


def talk(parley: Parley, group: str) -> tuple[str, str, str]:
    """Returns a conversation of two in which everything has been done to messages, and two of them."""
    alice, bob, carol = (person(parley, name) for name in ("alice", "bob", "carol"))
    direct = open_direct(alice, bob)
    hello, again, secret = say(alice, direct, "Hello, Bob", "Are you there?", "Not for everyone")
    [answer] = say(bob, direct, "Here I am")
    [of_group] = [
        one["id"] for one in got(alice.get(f"/conversations/{group}/messages"))["messages"] if one["mentions"]
    ]
    succeeded(
        bob.patch(f"/messages/{hello}/read"),
        bob.put(f"/messages/{hello}/reactions/{THUMB}"),
        alice.patch(f"/messages/{again}", json={"text": "Are you here?"}),
        alice.delete(f"/messages/{secret}"),
        alice.post(f"/conversations/{direct}/messages", json={"custom_type": "booking", "metadata": {"state": "open"}}),
        bob.delete(f"/messages/{again}?scope=me"),
        alice.put(f"/messages/{answer}/pin"),
        alice.post(f"/messages/{of_group}/forward", json={"conversation_ids": [direct]}),
        bob.patch(f"/conversations/{direct}/archive", json={"archived": True}),
        carol.put("/users/bob/block"),
    )
    return direct, hello, again


def moderate(parley: Parley, direct: str, hello: str) -> str:
    """Returns the id of a report; there are banned words, too, and people whom the host's own server knows."""
    alice, bob, moderator, host = (person(parley, name) for name in ("alice", "bob", "mia", "host"))
    words = {"version": 0, "rules": [{"kind": "word", "text": "bosh", "action": "mask"}]}
    succeeded(
        bob.post(f"/messages/{hello}/report", json={"reason": "spam", "note": "Look"}),
        moderator.put("/admin/banned-words", json=words),
        alice.post(f"/conversations/{direct}/messages", json={"text": "What bosh"}),
        host.put("/users/alice", json={"name": "Alice A.", "role": "teacher"}),
        host.put("/contexts/class/7b/people/alice"),
        host.post("/admin/webhooks", json={"url": "https://hooks.example.org/", "events": ["call.ended"]}),
    )
    [report] = got(moderator.get("/admin/reports"))["reports"]
    return str(report["id"])


def succeeded(*replies: Reply) -> None:
    assert all(reply.status < 300 for reply in replies), [reply for reply in replies if reply.status >= 300]


def record(parley: Parley, questions: list[tuple[str, str]]) -> Json:
    """Returns what a release's folder holds: rows by table, and what people get when they ask."""
    people = {name: person(parley, name) for name, _ in questions}
    answers = [{"user_id": name, "path": path, "answer": got(people[name].get(path))} for name, path in questions]
    return {"clock_ms": parley.clock(), "rows": rows(parley), "answers": answers}


def got(reply: Reply) -> Json:
    assert reply.status == 200, reply
    answer: Json = reply.json
    return answer


def got_new(reply: Reply) -> str:
    assert reply.status == 201, reply
    return str(reply.json["id"])


def rows(parley: Parley) -> dict[str, list[Json]]:
    """Returns the rows of all tables that outlive a stack, by logical id: the others hold what is minutes old."""
    resources = source.resources(parley.template.path)
    dynamodb = parley.store.client("dynamodb")
    kept = [
        table
        for table in parley.template.of_type("AWS::DynamoDB::Table")
        if resources[table.logical_id]["DeletionPolicy"].startswith("Retain")
    ]
    found = {table.logical_id: dynamodb.scan(TableName=table.ref, ConsistentRead=True)["Items"] for table in kept}
    # Rows that run out are not kept: an emulation may delete them by the clock on the wall.
    return {name: [row for row in items if "expires_at_s" not in row] for name, items in found.items()}


def restore(parley: Parley, folder: Path) -> Json:
    """Puts what a release stored into the tables, and the clock to where it was; returns what it answered then."""
    recorded: Json = json.loads((folder / "stored.json").read_text(encoding="utf-8"), object_hook=from_json)
    parley.clock.ms = recorded["clock_ms"]
    dynamodb = parley.store.client("dynamodb")
    for name, items in recorded["rows"].items():
        for item in items:
            dynamodb.put_item(TableName=parley.template.resources[name].ref, Item=item)
    return recorded


def to_json(value: bytes) -> Json:
    """Returns bytes as JSON holds them."""
    return {"base64": b64encode(value).decode()}


def from_json(value: Json) -> Json | bytes:
    """Returns the bytes of an object that `to_json` made; every other object as it is."""
    return b64decode(value["base64"]) if value.keys() == {"base64"} else value


def main(folder: Path) -> None:
    """Records a release into its folder; moto, because everything is asked one at a time."""
    with system(TEMPLATE, "moto") as running, fresh(running) as parley:
        stored = record(parley, live(parley))
    text = json.dumps(stored, indent=1, ensure_ascii=False, sort_keys=True, default=to_json)
    (folder / "stored.json").write_text(text + "\n", encoding="utf-8")
    keep_code(folder / "code.tar.xz")


def keep_code(path: Path) -> None:
    """Packs what a stack of this version runs; the same code makes the same file."""

    def plain(info: tarfile.TarInfo) -> tarfile.TarInfo | None:
        info.mtime = info.uid = info.gid = 0
        info.uname = info.gname = ""
        return None if "__pycache__" in info.name else info

    with tarfile.open(path, "w:xz") as packed:
        for part in ("functions", "layers/shared"):
            packed.add(TEMPLATE.parent / part, arcname=part, filter=plain)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
