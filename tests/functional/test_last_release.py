"""This version reads the rows of the last release: everybody sees the same, and continues from there."""

import pytest

from tests.functional import last_release
from tests.functional.last_release import Json, person, restore
from tests.harness import Parley
from tests.template import upgrades

FOLDER = upgrades.last_release()


def missing(before: object, now: object, at: str = "") -> list[str]:
    """Returns where an answer no longer says what it said; it may say more."""
    if isinstance(before, dict) and isinstance(now, dict):
        return [
            found
            for name, value in before.items()
            for found in (missing(value, now[name], f"{at}/{name}") if name in now else [f"{at}/{name} is gone"])
        ]
    if isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        pairs = enumerate(zip(before, now, strict=True))
        return [found for i, (one, other) in pairs for found in missing(one, other, f"{at}/{i}")]
    if at.endswith("/capabilities") and isinstance(before, list) and isinstance(now, list):
        return [f"{at}/{one} is gone" for one in before if one not in now]
    return [] if before == now else [f"{at}: {before!r} is now {now!r}"]


def test_everybody_sees_what_they_saw(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "MODERATOR_READS", "any"
    )  # moderators of 0.1.0 did, and its reports mark no conversation (D-470)
    recorded = restore(parley, FOLDER)
    people = {one["user_id"]: person(parley, one["user_id"]) for one in recorded["answers"]}

    for one in recorded["answers"]:
        reply = people[one["user_id"]].get(one["path"])
        assert reply.status == 200, (one["path"], reply)
        # An erasure has more parts now; one that is done has done all of them.
        changed = [each for each in missing(one["answer"], reply.json) if not each.startswith("/progress/")]
        assert changed == [], (one["user_id"], one["path"])


def test_this_version_can_be_recorded_with_rows_of_every_kind(parley: Parley) -> None:
    recorded = last_release.record(parley, last_release.live(parley))

    assert [name for name, rows in recorded["rows"].items() if not rows] == ["AccountStates"]  # they run out
    assert all(one["answer"] for one in recorded["answers"])


def test_what_is_said_and_done_goes_on(parley: Parley) -> None:
    answers = {(one["user_id"], one["path"]): one["answer"] for one in restore(parley, FOLDER)["answers"]}
    alice, bob, carol = (person(parley, name) for name in ("alice", "bob", "carol"))
    group = next(one for one in conversations(answers, "carol") if one["type"] == "group")
    direct = next(one for one in conversations(answers, "alice") if one["type"] == "direct")
    old = answers["alice", f"/conversations/{direct['id']}/messages"]["messages"][0]
    [block] = answers["carol", "/me/blocks"]["blocks"]
    [pin] = answers["alice", f"/conversations/{direct['id']}/pins"]["messages"]

    parley.advance(60)
    sent = alice.post(f"/conversations/{direct['id']}/messages", json={"text": "On we go", "reply_to": old["id"]})
    done = [
        bob.patch(f"/messages/{sent.json['id']}/read"),
        alice.patch(f"/messages/{old['id']}", json={"text": "Hello again"}),
        alice.patch(f"/messages/{old['id']}", json={"custom_type": "offer", "metadata": {"state": "open"}}),
        bob.delete(f"/messages/{old['id']}/reactions/{last_release.THUMB}"),
        alice.delete(f"/messages/{pin['id']}/pin"),
        carol.delete(f"/users/{block['user_id']}/block"),
        carol.post(f"/conversations/{group['id']}/messages", json={"text": "My move"}),
        bob.post("/sync", json={"cursors": {direct["id"]: {"seq": 1, "change_seq": 0}}}),
        alice.delete(f"/conversations/{group['id']}/members/bob"),
    ]
    parley.drain()

    assert [reply.status for reply in (sent, *done)] == [201, 200, 200, 200, 200, 200, 200, 201, 200, 200]
    assert sent.json["seq"] == direct["last_seq"] + 1


def conversations(answers: dict[tuple[str, str], Json], user_id: str) -> list[Json]:
    listed: list[Json] = answers[user_id, "/conversations"]["conversations"]
    return listed
