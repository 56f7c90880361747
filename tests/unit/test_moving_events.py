"""An import takes every event of which the server's system messages tell."""

import re
from pathlib import Path
from typing import get_args

import pytest

from parley.domain.conversations.send_steps import SENTENCES
from parley.domain.moving.requests import ImportedEvent
from parley_host.moving import records

LITERAL = re.compile(r"\bNote\(\s*event=([^,)]+)")
OF_TICKETS = re.compile(r'event = ("ticket_\w+") if .* else ("ticket_\w+")')
OF_CHANGES = ("title_changed", "description_changed", "posting_changed", "slow_mode_changed", "history_changed")


def written() -> set[str]:
    """Returns the events that the code of the server names where it writes a system message."""
    found = {"conversation_changed", *OF_CHANGES}  # group_steps makes these names of the fields of a change
    for path in (Path(__file__).parents[2] / "layers/shared/parley").rglob("*.py"):
        code = path.read_text(encoding="utf-8")
        for places in (*LITERAL.findall(code), *OF_TICKETS.findall(code)):
            found.update(re.findall(r'"(\w+)"', " ".join(places) if isinstance(places, tuple) else places))
    return found


def test_every_event_of_the_server_has_a_sentence() -> None:
    assert written() <= {*SENTENCES}
    assert {"group_dissolved", "ticket_merged", "call_missed"} <= written()


def test_the_server_imports_every_event() -> None:
    assert {*get_args(ImportedEvent)} == {*SENTENCES}


@pytest.mark.parametrize("event", SENTENCES)
def test_the_command_knows_every_event(event: str) -> None:
    about = {"id": "1", "conversation_id": "c", "sender_id": "ann", "created_at": "2026-03-02T10:00:00Z"}

    record = {"record": "message", **about, "kind": "system", "system": {"event": event}}

    _, found, faults = records.checked(record, 2**53)

    assert faults == []
    assert found["system"] == {"event": event}
