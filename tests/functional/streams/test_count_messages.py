"""CountMessages: every stored message is counted once, by what its conversation is about."""

import json

import pytest

from tests.functional.talk import open_direct, say
from tests.harness import Parley


def counted(output: str) -> dict[str, float]:
    """Returns the metric MessagesStored by context type, summed over what the functions have printed (EMF)."""
    totals: dict[str, float] = {}
    for line in output.splitlines():
        if "MessagesStored" in line:
            metric = json.loads(line)
            totals[metric["context_type"]] = totals.get(metric["context_type"], 0) + sum(metric["MessagesStored"])
    return totals


def test_messages_are_counted_by_context_and_records_of_client_ids_are_not(
    parley: Parley, capsys: pytest.CaptureFixture[str]
) -> None:
    alice = parley.user("alice", role="teacher", contexts={"class": ["7b"]})
    bob = parley.user("bob", role="student", contexts={"class": ["7b"]})
    general = open_direct(alice, bob)
    of_class = {"type": "direct", "user_id": "bob", "context": {"type": "class", "id": "7b"}}
    lesson = alice.post("/conversations", json=of_class).json["id"]
    say(alice, general, "one", "two")
    bob.post(f"/conversations/{lesson}/messages", json={"text": "three", "client_id": "c1"})
    capsys.readouterr()

    parley.drain()

    assert counted(capsys.readouterr().out) == {"general": 2, "class": 1}


def test_nothing_that_was_said_stands_in_what_is_printed(parley: Parley, capsys: pytest.CaptureFixture[str]) -> None:
    alice, bob = parley.user("alice", name="Alice Example"), parley.user("bob")
    say(alice, open_direct(alice, bob), "a secret")

    parley.drain()

    printed = capsys.readouterr().out
    assert "a secret" not in printed and "Alice Example" not in printed


def test_replayed_send_is_counted_once(parley: Parley, capsys: pytest.CaptureFixture[str]) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    for _ in range(3):
        alice.post(f"/conversations/{conversation_id}/messages", json={"text": "hello", "client_id": "c1"})
    capsys.readouterr()

    parley.drain()

    assert counted(capsys.readouterr().out) == {"general": 1}
