"""Compares an import with its source."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from parley_host.client import Parley
from parley_host.errors import NotFound
from parley_host.ids import parley_id
from parley_host.moving import files, requests, tickets
from parley_host.moving.asking import asked
from parley_host.moving.problems import Stop
from parley_host.moving.progress import Progress
from parley_host.moving.staging import Staging

PREVIEW = 100  # characters of the last message that a conversation shows
DONE = "SELECT * FROM conversations WHERE state = 'done' AND merged_into IS NULL ORDER BY place"


def differences(staging: Staging, parley: Parley) -> Iterator[str]:
    """Yields a sentence for each difference between the source and Parley, conversation by conversation.

    It compares the number of messages and of their files, the last message, the members, and how much each has not
    read.
    """
    rows = [*staging.rows("SELECT id FROM conversations WHERE merged_into IS NULL AND state != 'done'")]
    yield from (f"{row['id']}: the conversation was not imported." for row in rows)
    progress = Progress("verifying", int(staging.one("SELECT count(*) FROM conversations WHERE state = 'done'")))
    for row in [*staging.rows(DONE)]:
        yield from (f"{row['id']} ({row['parley_id']}): {sentence}" for sentence in _compared(staging, parley, row))
        progress.add(1)
    progress.end()


def _compared(staging: Staging, parley: Parley, row: sqlite3.Row) -> Iterator[str]:
    try:
        found: Mapping[str, Any] = asked(lambda: parley.get_conversation(row["parley_id"]))
    except NotFound:
        yield "the conversation is not in Parley."
        return
    if found["last_seq"] != row["last_seq"]:
        yield f"{row['last_seq']:,} messages in the source, {found['last_seq']:,} in Parley."
    here, there = _last_message(staging, row), _last_of(found["last_message"])
    if here != there and found["last_seq"] == row["last_seq"]:
        yield f"the last message is {here} in the source, {there} in Parley."
    yield from _compared_files(staging, parley, row)
    if row["type"] == "ticket":
        yield from _compared_ticket(staging, parley, row)
    if row["type"] == "group":
        members: Sequence[Any] = [*parley.list_members(row["parley_id"])]
    else:
        members = found["members"] if row["type"] == "direct" else [*parley.list_stored_members(row["parley_id"])]
    yield from _compared_markers(
        staging, row, {each["user_id"]: found["last_seq"] - each["read_seq"] for each in members}
    )


def _compared_ticket(staging: Staging, parley: Parley, row: sqlite3.Row) -> Iterator[str]:
    """Compares the state of a ticket, as far as the source has it, and the length of its history."""
    here = tickets.state(staging, row)
    there: Mapping[str, Any] = asked(lambda: parley.get_ticket(row["parley_id"]))
    for name in ("status", "priority", "category", "team", "assignee_id", "rating"):
        if name in here and here[name] != there[name]:
            yield f"the ticket's {name} is {here[name]} in the source, {there[name]} in Parley."
    is_begun = bool(here["history"]) and here["history"][0]["event"] == "created"
    wanted, found = len(here["history"]) + (not is_begun), len([*parley.list_ticket_history(row["parley_id"])])
    if wanted != found:
        yield f"{wanted} entries of its history in the source, {found} in Parley."


def _compared_files(staging: Staging, parley: Parley, row: sqlite3.Row) -> Iterator[str]:
    """Counts the files of a conversation with which some have come: its messages are read for it."""
    query = (
        "SELECT count(*) FROM files f JOIN messages m ON m.place = f.place"
        " WHERE m.conversation_id = ? AND f.attachment_id IS NOT NULL"
    )
    if not (here := int(staging.one(query, (row["id"],)))):
        return
    there = asked(lambda: sum(len(each["attachments"]) for each in parley.list_messages(row["parley_id"])))
    if here != there:
        yield f"{here:,} files of the source were brought, {there:,} are in Parley."


def _last_message(staging: Staging, row: sqlite3.Row) -> tuple[str, str, str] | None:
    query = (
        "SELECT m.*, n.seq, NULL AS reply_to_seq FROM messages m JOIN numbers n ON n.place = m.place"
        " WHERE m.conversation_id = ? ORDER BY m.at_ms DESC, m.place DESC LIMIT 1"
    )
    last = next(staging.rows(query, (row["id"],)), None)
    if last is None:
        return None
    found = files.outcomes(staging, last["place"])
    return _last_of(requests.with_some(requests.message(last), files.wanted(staging, last), found))


def _last_of(message: Mapping[str, Any] | None) -> tuple[str, str, str] | None:
    if message is None:
        return None
    has_text = not message.get("deleted_at") and message.get("kind") != "system"
    return message["sender_id"], message["created_at"], message.get("text", "")[:PREVIEW] if has_text else ""


def _compared_markers(staging: Staging, row: sqlite3.Row, there: Mapping[str, int]) -> Iterator[str]:
    query = "SELECT user_id, read_seq FROM members WHERE conversation_id = ?"
    here = {
        parley_id(each["user_id"]): row["last_seq"] - each["read_seq"] for each in staging.rows(query, (row["id"],))
    }
    for user_id in sorted({*here, *there}):
        if here.get(user_id) != there.get(user_id):
            yield f"{user_id} has {here.get(user_id)} unread in the source, {there.get(user_id)} in Parley."


def check_loaded(staging: Staging) -> None:
    """Raises Stop unless the run has begun to store."""
    if staging.get("phase") not in ("loading", "loaded"):
        raise Stop("Nothing of this run is in Parley.")
