"""Tickets: their records, how they are staged as conversations, and the state and history that end their import.

A ticket and its notes are two conversations. Their ids and those of their messages may be those of other conversations
in the old system, so they are staged with a word before them.
"""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from parley_host.ids import parley_id
from parley_host.moving.problems import Fault
from parley_host.moving.staging import Staging
from parley_host.moving.values import (
    Check,
    form,
    json_object,
    list_of,
    object_of,
    old_id,
    one_of,
    rfc3339,
    text_of,
    time_ms,
    whole_number,
)

MAX_HISTORY = 250  # entries of a ticket
MAX_MEMBERS = 100  # of a ticket, and of its notes
TICKET, NOTES = "ticket:", "notes:"
STATUSES = ("open", "in_progress", "waiting_on_customer", "resolved", "closed")
_IDS = ("id", "message_id", "reply_to", "delivered_id", "joined_after", "cleared_until", "unread_from")
_OF_TICKET = {"ticket_id": TICKET, "notes_of": NOTES}
_NAME = form(r"[a-z0-9][a-z0-9_-]{0,31}", "a word of small letters, digits, _ and -, up to 32 of them")
_TAG = form(r"[^\s,=#]{1,50}", "a tag: 1 to 50 characters, and no space, comma, = or #")
_STATUS, _PRIORITY = one_of(*STATUSES), one_of("low", "medium", "high", "urgent")
_TAGS = list_of(_TAG, 10)
_REMARK = text_of(1_000, blank=False)
# The places of a record within a ticket: of its conversation, or of its notes.
PLACES: Mapping[str, Check] = {"ticket_id": old_id, "notes_of": old_id}


def _move(check: Check) -> Check:
    return object_of({"from": check, "to": check}, ())


CHANGES = object_of(
    {
        "subject": _move(text_of(200, blank=False)),
        "status": _move(_STATUS),
        "priority": _move(_PRIORITY),
        "category": _move(_NAME),
        "team": _move(_NAME),
        "assignee_id": _move(old_id),
        "tags": _move(_TAGS),
        "rating": _move(one_of("1", "2", "3", "4", "5")),
    },
    (),
)
TICKET_FIELDS: Mapping[str, Check] = {
    "id": old_id,
    "requester_id": old_id,
    "subject": text_of(200, blank=False),
    "description": text_of(10_000),
    "created_at": time_ms,
    "status": _STATUS,
    "status_at": time_ms,
    "priority": _PRIORITY,
    "category": _NAME,
    "team": _NAME,
    "assignee_id": old_id,
    "user_ids": list_of(old_id, MAX_MEMBERS),
    "tags": _TAGS,
    "replied_at": time_ms,
    "metadata": json_object,
}
HISTORY_FIELDS: Mapping[str, Check] = {
    "ticket_id": old_id,
    "user_id": old_id,
    "at": time_ms,
    "event": one_of("created", "updated", "responded"),
    "changes": CHANGES,
    "note": _REMARK,
}
RATING_FIELDS: Mapping[str, Check] = {
    "ticket_id": old_id,
    "user_id": old_id,
    "at": time_ms,
    "rating": whole_number(1, 5),
    "comment": _REMARK,
}


def faults_of_ticket(record: dict[str, Any]) -> Sequence[Fault]:
    """Returns the faults of a ticket as a whole."""
    if record.get("assignee_id") == record["requester_id"]:
        return [Fault("contradiction", "/assignee_id", "Nobody has a ticket of their own.")]
    return [
        Fault("times_contradict", f"/{name}", f"`{name}` is before `created_at`.")
        for name in ("status_at", "replied_at")
        if record.get(name, record["created_at"]) < record["created_at"]
    ]


def faults_of_place(record: Mapping[str, Any], *, needed: bool) -> list[Fault]:
    """Returns the fault of a record that is in no conversation, or in two."""
    named = [name for name in ("conversation_id", *PLACES) if record.get(name) is not None]
    if len(named) > 1:
        return [Fault("contradiction", f"/{named[1]}", f"The record has `{named[0]}` already.")]
    if needed and not named:
        return [Fault("required", "/conversation_id", "`conversation_id` is missing.")]
    return []


def placed(name: str, found: dict[str, Any]) -> dict[str, Any]:
    """Returns a record of a ticket as one of the conversation that it is staged as; others as they are."""
    if name == "ticket" and "id" in found:
        return {**found, "id": TICKET + found["id"]}
    for field, space in _OF_TICKET.items():
        if field in found:
            space = NOTES if name == "note" else space
            moved = {key: space + item if key in _IDS else item for key, item in found.items() if key != field}
            within = {} if name in ("reaction", "attachment") else {"conversation_id": space + found[field]}
            return moved | within
    return found


def join(staging: Staging) -> None:
    """Brings into each ticket its requester and the agent who has it, and all who have written in it or its notes.

    A system message is nobody's writing: the agent who merged a ticket into it, say, may have no part in it.
    """
    person = "json_extract(c.body, '$.{}')"
    for name in ("requester_id", "assignee_id"):
        _join(staging, f"SELECT c.id, {person.format(name)} AS user_id, c.source, c.line FROM conversations c"
                       " WHERE c.type = 'ticket'")  # fmt: skip
    _join(staging, "SELECT m.conversation_id AS id, m.sender_id AS user_id, min(m.source) AS source,"
                   " min(m.line) AS line FROM messages m JOIN conversations c ON c.id = m.conversation_id"
                   " WHERE c.type IN ('ticket', 'notes') AND json_extract(m.body, '$.kind') IS NOT 'system'"
                   " GROUP BY 1, 2")  # fmt: skip


def _join(staging: Staging, people: str) -> None:
    staging.run(
        "INSERT OR IGNORE INTO members (conversation_id, user_id, source, line, role)"
        f" SELECT p.id, p.user_id, p.source, p.line, 'member' FROM ({people}) p"
        " WHERE EXISTS (SELECT 1 FROM users u WHERE u.id = p.user_id)"
    )


def drop_empty_notes(staging: Staging) -> None:
    """Forgets the notes of which all were left out."""
    staging.run(
        "DELETE FROM conversations AS t WHERE type = 'notes'"
        " AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.conversation_id = t.id)"
    )


def begin_histories(staging: Staging) -> None:
    """Makes each ticket as old as its history."""
    staging.run(
        "UPDATE conversations AS t SET created_ms = min(created_ms, h.first) FROM (SELECT conversation_id,"
        " min(at_ms) AS first FROM history WHERE at_ms IS NOT NULL GROUP BY 1) h WHERE h.conversation_id = t.id"
    )


def old_id_of(staged: str) -> str:
    """Returns the id in the old system of what is staged with a word before it."""
    return staged.removeprefix(TICKET).removeprefix(NOTES)


def named(staged: str, otherwise: str) -> tuple[str, str]:
    """Returns what a staged id is of, and the id in the old system; `otherwise` of what is of no ticket.

    A description is a message of its ticket whose id is the ticket's with `~description` after it.
    """
    of_message = otherwise == "message"
    if staged.startswith(TICKET):
        return ("ticket_message" if of_message else "ticket"), staged.removeprefix(TICKET)
    if staged.startswith(NOTES):
        return ("note" if of_message else "notes"), staged.removeprefix(NOTES)
    return otherwise, staged


def notes_of(row: sqlite3.Row) -> str:
    """Returns the staged id of a ticket's notes."""
    return NOTES + old_id_of(row["id"])


def state(staging: Staging, row: sqlite3.Row) -> dict[str, Any]:
    """Returns the state of a ticket with its history, as it ends the ticket's import."""
    body = json.loads(row["body"])
    last_ms = int(staging.one(
        "SELECT max(coalesce((SELECT max(at_ms) FROM messages WHERE conversation_id = ?1), 0),"
        " coalesce((SELECT max(at_ms) FROM history WHERE conversation_id = ?1), 0), ?2)",
        (row["id"], row["created_ms"]),
    ))  # fmt: skip
    found: dict[str, Any] = {
        name: body[name] for name in ("status", "priority", "category", "team", "tags") if name in body
    }
    if "assignee_id" in body:
        found["assignee_id"] = parley_id(body["assignee_id"])
    replied_ms = body.get("replied_at", _first_reply(staging, row["id"], body["requester_id"]))
    if replied_ms is not None:
        found["replied_at"] = rfc3339(max(replied_ms, row["created_ms"]))
    found["status_at"] = rfc3339(body.get("status_at", last_ms))
    found["history"] = [_entry(each, body, last_ms) for each in _history(staging, row["id"])]
    ratings = [each["rating"] for each in found["history"] if "rating" in each]
    return found | ({"rating": ratings[-1]} if ratings else {})


def _first_reply(staging: Staging, ticket_id: str, requester_id: str) -> int | None:
    query = (
        "SELECT min(at_ms) FROM messages WHERE conversation_id = ? AND sender_id != ?"
        " AND sender_id NOT LIKE '~parley.%' AND json_extract(body, '$.kind') IS NOT 'system'"
    )
    found: int | None = staging.one(query, (ticket_id, requester_id))
    return found


def _history(staging: Staging, ticket_id: str) -> list[sqlite3.Row]:
    """Returns the entries by their time, and those without one at the end."""
    query = "SELECT * FROM history WHERE conversation_id = ? ORDER BY at_ms IS NULL, at_ms, place"
    return [*staging.rows(query, (ticket_id,))]


def moves(changes: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Returns the fields that changed, each with both of its values, and with Parley's ids of people."""
    found: dict[str, Any] = {name: {"from": None, "to": None, **each} for name, each in changes.items()}
    if "assignee_id" in found:
        people = found["assignee_id"].items()
        found["assignee_id"] = {name: None if each is None else parley_id(each) for name, each in people}
    return found


def _entry(row: sqlite3.Row, ticket: Mapping[str, Any], last_ms: int) -> dict[str, Any]:
    body = json.loads(row["body"])
    event = "rated" if "rating" in body else body.get("event", "updated")
    more = {name: body[name] for name in ("note", "rating", "comment") if name in body}
    at_ms = last_ms if row["at_ms"] is None else row["at_ms"]
    who = row["user_id"] or ticket["requester_id"]
    about = {"event": event, "user_id": parley_id(who), "at": rfc3339(at_ms)}
    return {**about, "changes": moves(body.get("changes", {})), **more}
