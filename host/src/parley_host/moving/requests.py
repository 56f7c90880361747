"""The bodies of the requests of an import, made of staged rows: ids become Parley's, and replies become seqs."""

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from parley_host.ids import parley_id
from parley_host.moving import files, tickets
from parley_host.moving.contents import file_name
from parley_host.moving.files import Outcomes, Wanted
from parley_host.moving.staging import Staging
from parley_host.moving.values import rfc3339

MAX_MESSAGES = 250  # of one request
MAX_FILES = 500  # that one request may carry
MAX_PEOPLE = 1_000  # whom one request may name
MAX_BYTES = 3_000_000  # of one request; Lambda takes 6 MB, and half of it is room for escapes
MAX_MENTIONS = 100  # unread ones of one person

FIELDS = ("title", "description", "custom_type", "metadata", "posting", "slow_mode_s", "history", "closed")

Body = dict[str, Any]


@dataclass
class Part:
    """Messages that fit into a request, their places, and the files that they want."""

    messages: list[Body] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    files: list[Wanted] = field(default_factory=list)
    people: set[str] = field(default_factory=set)
    size: int = 0

    def add(self, body: Body, row: sqlite3.Row, wanted: Sequence[Wanted]) -> None:
        """Adds a message with its files."""
        self.messages.append(body)
        self.places.append(row["place"])
        self.files += wanted
        self.people |= _named(body)
        self.size += len(row["body"].encode()) + 500 + 50 * len(wanted)

    def has_room(self, body: Body, row: sqlite3.Row, wanted: Sequence[Wanted]) -> bool:
        """Says whether a message fits in, too; the first one always does."""
        return not self.messages or (
            len(self.messages) < MAX_MESSAGES
            and len(self.people | _named(body)) <= MAX_PEOPLE
            and len(self.files) + len(wanted) <= MAX_FILES
            and self.size + len(row["body"]) * 4 <= MAX_BYTES
        )


def conversation(staging: Staging, row: sqlite3.Row, run_id: str) -> Body:
    """Returns the body that begins the import of a conversation."""
    body = json.loads(row["body"])
    named = {name: body[name] for name in FIELDS if name in body}
    about = {"context": body["context"]} if "context" in body else {}
    if "requester_id" in body:
        about["requester_id"] = parley_id(body["requester_id"])
    return {
        "run": run_id,
        "source_id": tickets.old_id_of(row["id"]),
        "type": row["type"],
        "members": [*_members(staging, row, body.get("created_by"))],
        "created_at": rfc3339(row["created_ms"]),
        **named,
        **about,
    }


def _members(staging: Staging, row: sqlite3.Row, created_by: str | None) -> Iterator[Body]:
    """Yields the members with their roles; without an owner the creator, an admin or the first member becomes it."""
    query = "SELECT user_id, role FROM members WHERE conversation_id = ? ORDER BY user_id"
    roles = {each["user_id"]: each["role"] for each in staging.rows(query, (row["id"],))}
    if row["type"] == "group" and "owner" not in roles.values():
        admins = [user_id for user_id, role in roles.items() if role == "admin"]
        roles[created_by if created_by in roles else [*admins, *roles][0]] = "owner"
    for user_id, role in roles.items():
        yield {"user_id": parley_id(user_id), "role": role}


def messages(staging: Staging, conversation_id: str, after: int) -> Iterator[Part]:
    """Yields the messages after a seq in parts that fit into a request."""
    part = Part()
    query = (
        "SELECT m.*, n.seq, p.seq AS reply_to_seq,"
        " EXISTS (SELECT 1 FROM reactions r WHERE r.message_id = m.id) AS reacts,"
        " EXISTS (SELECT 1 FROM attachments a WHERE a.message_id = m.id) AS attaches,"
        " EXISTS (SELECT 1 FROM dropped d WHERE d.place = m.place) AS drops"
        " FROM messages m JOIN numbers n ON n.place = m.place LEFT JOIN messages o ON o.id = m.reply_to"
        " LEFT JOIN numbers p ON p.place = o.place WHERE m.conversation_id = ? AND n.seq > ? ORDER BY m.at_ms, m.place"
    )
    for row in staging.rows(query, (conversation_id, after)):
        given = _reactions(staging, row["id"]) if row["reacts"] else ()
        body = message(row, _dropped(staging, row["place"]) if row["drops"] else (), given)
        wanted = files.wanted(staging, row) if row["attaches"] or '"attachments":' in row["body"] else ()
        if not part.has_room(body, row, wanted):
            yield part
            part = Part()
        part.add(body, row, wanted)
    if part.messages:
        yield part


def _dropped(staging: Staging, place: int) -> Sequence[str]:
    return [row["user_id"] for row in staging.rows("SELECT user_id FROM dropped WHERE place = ?", (place,))]


def _reactions(staging: Staging, message_id: str) -> list[tuple[str, str]]:
    query = "SELECT emoji, user_id FROM reactions WHERE message_id = ? ORDER BY emoji, user_id"
    return [(row["emoji"], row["user_id"]) for row in staging.rows(query, (message_id,))]


def message(row: sqlite3.Row, dropped: Sequence[str] = (), given: Sequence[tuple[str, str]] = ()) -> Body:
    """Returns a message as a request has it; `dropped` are people who are left out of reactions and mentions.

    `given` are reactions that have records of their own: emoji and person.
    """
    kept = json.loads(row["body"])
    body: Body = {"seq": row["seq"], "sender_id": parley_id(row["sender_id"]), "created_at": rfc3339(row["at_ms"])}
    body |= {name: kept[name] for name in ("text", "kind", "custom_type", "metadata", "pinned") if name in kept}
    body |= {name: rfc3339(kept[name]) for name in ("edited_at", "deleted_at") if name in kept}
    if row["reply_to_seq"] is not None:
        body["reply_to_seq"] = row["reply_to_seq"]
    if "system" in kept:
        note = {**kept["system"], "user_ids": [parley_id(each) for each in kept["system"].get("user_ids", ())]}
        body["system"] = note | ({"changes": tickets.moves(note["changes"])} if "changes" in note else {})
    if "forwarded_from" in kept:
        origin = kept["forwarded_from"]
        body["forwarded_from"] = {
            "sender_id": parley_id(origin["sender_id"]),
            "created_at": rfc3339(origin["created_at"]),
        }
    if mentions := [_mentioned(each) for each in kept.get("mentions", ()) if each not in dropped]:
        body["mentions"] = mentions
    if "deleted_at" not in body and (reactions := _joined(kept.get("reactions", ()), given, dropped)):
        body["reactions"] = reactions
    return body


def with_files(part: Part, found: Mapping[int, Outcomes]) -> list[Body]:
    """Returns the messages with the files that have come, by message and number.

    A message without a text has the names of those that have not.
    """
    wanted: dict[int, list[Wanted]] = {}
    for each in part.files:
        wanted.setdefault(each.place, []).append(each)
    return [
        with_some(body, wanted.get(place, ()), found.get(place, {}))
        for body, place in zip(part.messages, part.places, strict=True)
    ]


def with_some(body: Body, wanted: Sequence[Wanted], found: Outcomes) -> Body:
    """Returns a message with those of its files that have come."""
    carried = [came for each in wanted if (came := found.get(each.number)) is not None]
    missing = [file_name(each.about) for each in wanted if found.get(each.number) is None]
    body = {**body, **({"attachment_ids": carried} if carried else {})}
    if body.get("kind") == "voice" and (missing or len(carried) != 1):
        body["kind"] = "text"
    return body if body.get("text", "").strip() or not missing else {**body, "text": "\n".join(missing)}


def _mentioned(user_id: str) -> str:
    return user_id if user_id == "*" else parley_id(user_id)


def _joined(kept: Sequence[Mapping[str, Any]], given: Sequence[tuple[str, str]], dropped: Sequence[str]) -> list[Body]:
    """Returns the reactions to a message, each person once for an emoji."""
    people: dict[str, dict[str, None]] = {}
    for emoji, user_id in [*((each["emoji"], one) for each in kept for one in each["user_ids"]), *given]:
        if user_id not in dropped:
            people.setdefault(emoji, {})[parley_id(user_id)] = None
    return [{"emoji": emoji, "user_ids": [*each]} for emoji, each in people.items()]


def _named(body: Body) -> set[str]:
    reacting = {user_id for each in body.get("reactions", ()) for user_id in each["user_ids"]}
    return {body["sender_id"], *body.get("mentions", ()), *reacting}


def sides(staging: Staging, row: sqlite3.Row) -> list[Any]:
    """Returns the members' sides of a conversation: how far each has read, and their settings."""
    query = (
        "SELECT m.user_id, m.read_seq, m.delivered_seq, m.cleared_seq, m.unread_from_seq, s.body, (SELECT n.seq"
        " FROM messages o JOIN numbers n"
        " ON n.place = o.place WHERE o.id = m.joined_after) AS since_seq FROM members m LEFT JOIN settings s"
        " ON s.conversation_id = m.conversation_id AND s.user_id = m.user_id WHERE m.conversation_id = ?"
    )
    return [_side(staging, row["id"], each) for each in staging.rows(query, (row["id"],))]


def _side(staging: Staging, conversation_id: str, member: sqlite3.Row) -> Body:
    settings = json.loads(member["body"] or "{}")
    own = {name: settings[name] for name in ("pinned", "notifications") if name in settings}
    if "muted_until" in settings:
        own["muted_until"] = rfc3339(settings["muted_until"])
    mentions = _unread_mentions(staging, conversation_id, member["user_id"], member["read_seq"])
    return {
        "user_id": parley_id(member["user_id"]),
        "read_seq": member["read_seq"],
        "delivered_seq": max(member["read_seq"], member["delivered_seq"]),
        "since_seq": member["since_seq"] or 0,
        "archived": settings.get("archived", False),
        **({"visible_from_seq": member["cleared_seq"] + 1} if member["cleared_seq"] else {}),
        **({"unread_from_seq": member["unread_from_seq"]} if member["unread_from_seq"] is not None else {}),
        **({"settings": own} if own else {}),
        **({"mention_seqs": mentions} if mentions else {}),
    }


def _unread_mentions(staging: Staging, conversation_id: str, user_id: str, read_seq: int) -> list[int]:
    """Returns the seqs of the newest unread messages that name a person, and are not their own."""
    query = (
        "SELECT n.seq FROM named w JOIN messages m ON m.place = w.place JOIN numbers n ON n.place = w.place"
        " WHERE w.user_id IN (?, '*') AND w.field = 'mentions' AND m.conversation_id = ? AND m.sender_id != ?"
        " AND n.seq > ? ORDER BY n.seq DESC LIMIT ?"
    )
    values = (user_id, conversation_id, user_id, read_seq, MAX_MENTIONS)
    return sorted(row["seq"] for row in staging.rows(query, values))
