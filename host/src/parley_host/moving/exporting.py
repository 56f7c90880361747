"""`parley-export`: the command that writes the conversations of a deployment in the format that parley-import reads."""

import argparse
import os
import sqlite3
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, TextIO

from parley_host.bulk import PART
from parley_host.client import Parley
from parley_host.errors import ParleyError
from parley_host.moving.downloading import Files, path_of
from parley_host.moving.importing import DONE, HAS_PROBLEMS, INTERRUPTED, client
from parley_host.moving.problems import Stop
from parley_host.moving.progress import Progress
from parley_host.moving.staging import compact

FILES = ("users.jsonl", "conversations.jsonl", "messages.jsonl")
FILES_OF_MESSAGES = "files"  # the folder of them
PLACE_OF = {"ticket": "ticket_id", "notes": "notes_of"}
FIELDS_OF_HISTORY = ("subject", "status", "priority", "category", "team", "assignee_id", "tags", "rating")

Record = Mapping[str, Any]


def parser() -> argparse.ArgumentParser:
    """Returns the options of the command."""
    made = argparse.ArgumentParser(prog="parley-export", description="Writes the conversations of a deployment.")
    made.add_argument("folder", type=Path, metavar="FOLDER", help="an empty folder, or one that is not there")
    made.add_argument("--url", default=os.environ.get("PARLEY_URL"), help="Parley's address (PARLEY_URL)")
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit status: 0, 1 if it stopped, 130 after Ctrl-C."""
    asked = parser().parse_args(arguments)
    try:
        with client(asked) as parley:
            left_out = write(parley, asked.folder)
    except (Stop, ParleyError) as stop:
        print(f"parley-export: {stop}", file=sys.stderr)
        return HAS_PROBLEMS
    except KeyboardInterrupt:
        print("parley-export: interrupted. Begin again with an empty folder.", file=sys.stderr)
        return INTERRUPTED
    for kind, count in sorted(left_out.items()):
        print(f"{count:,} {kind} are left out.")
    return DONE


def write(parley: Parley, folder: Path) -> Mapping[str, int]:
    """Writes three files, and the files of messages, into a folder; returns what is left out, by its name.

    The files have their names when the export is over: what was interrupted cannot pass for a whole. Raises Stop if the
    folder is not empty.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise Stop(f"{folder} is not empty.")
    (folder / f"{FILES_OF_MESSAGES}.part").mkdir()
    left_out: dict[str, int] = {}
    with closing(sqlite3.connect(folder / "people.db", isolation_level=None)) as people:
        people.execute("PRAGMA synchronous = OFF")
        people.execute("CREATE TABLE people (id TEXT PRIMARY KEY) WITHOUT ROWID")  # of conversations
        people.execute("CREATE TABLE written (id TEXT PRIMARY KEY) WITHOUT ROWID")
        with _parts(folder, FILES[1]) as conversations, _parts(folder, FILES[2]) as messages:
            progress = Progress("conversations, tickets and notes", 0)
            files = Files(parley, folder / f"{FILES_OF_MESSAGES}.part")
            for each in parley.list_stored_conversations():
                if (why := _why_left_out(each)) is None:
                    _write_conversation(parley, each, people, conversations, messages, files)
                else:
                    left_out[why] = left_out.get(why, 0) + 1
                progress.add(1)
            progress.end()
        with _parts(folder, FILES[0]) as users:
            _write_users(parley, people, users)
    (folder / "people.db").unlink()
    for name in FILES:
        (folder / f"{name}.part").rename(folder / name)
    (folder / f"{FILES_OF_MESSAGES}.part").rename(folder / FILES_OF_MESSAGES)
    return {**left_out, **({"files that are deleted": files.gone} if files.gone else {})}


def _parts(folder: Path, name: str) -> TextIO:
    return (folder / f"{name}.part").open("w", encoding="utf-8")


def _write_lines(file: TextIO, records: Iterable[Record]) -> None:
    file.writelines(compact(record) + "\n" for record in records)


def _write_conversation(
    parley: Parley, stored: Any, people: sqlite3.Connection, conversations: TextIO, messages: TextIO, files: Files
) -> None:
    """Writes a conversation with its members, messages, files and reactions, and keeps the people whom it names."""
    conversation_id = stored["id"]
    known: set[str] = set()

    def named(records: Iterator[Record]) -> Iterator[Record]:
        for record in records:
            known.update(_people_of(record))
            yield record

    def with_files(found: Iterator[Any]) -> Iterator[Any]:
        for each in found:
            if each["deleted_at"] is None:
                files.add(conversation_id, each["attachments"])
            yield each
        files.finish(conversation_id)

    # The sides come first: a message that is written in the meantime is after all markers.
    sides = [*parley.list_stored_members(conversation_id)]
    _write_lines(conversations, named(_conversations(stored, sides)))
    _write_lines(conversations, named(_members(stored, sides)))
    if stored["type"] == "ticket":
        _write_lines(conversations, named(_history(parley, stored)))
    said = map(message, with_files(iter(parley.list_messages(conversation_id))))
    _write_lines(messages, named(_placed(each, stored) for each in said))
    _write_lines(messages, named(_placed(each, stored) for each in _reactions(parley, conversation_id)))
    people.executemany("INSERT OR IGNORE INTO people VALUES (?)", [(each,) for each in known])


def _why_left_out(stored: Any) -> str | None:
    """Returns which conversations are left out that are like this one; None if an import can take it."""
    if stored["requester_id"] is not None and _is_reserved(stored["requester_id"]):
        return f"conversations of the type {stored['type']} whose requester was erased"
    if stored["type"] == "group" and not stored["member_count"]:
        return "groups without members"  # dissolved, or everybody has left
    return None


def _people_of(record: Record) -> Iterator[str]:
    names = [record.get("sender_id"), record.get("user_id"), *record.get("user_ids", ()), *record.get("mentions", ())]
    names += [record.get("requester_id"), record.get("assignee_id")]
    names += record.get("changes", {}).get("assignee_id", {}).values()
    yield from (each for each in names if each is not None and each != "*" and not _is_reserved(each))


def _is_reserved(user_id: str) -> bool:
    return user_id.startswith(("~parley.system-", "~parley.erased-"))


def _placed(record: Record, stored: Any) -> Record:
    """Returns a record of a conversation; in a ticket or its notes it says which ticket that is."""
    place = PLACE_OF.get(stored["type"])
    if place is None:
        return record
    found = {name: item for name, item in record.items() if name != "conversation_id"}
    ticket_id = "t_" + stored["id"][2:]
    if place == "notes_of" and found["record"] == "message":
        return {**found, "record": "note", "ticket_id": ticket_id}
    return {**found, place: ticket_id}


def _conversations(stored: Any, sides: Sequence[Record]) -> Iterator[Record]:
    """Yields the record of a conversation; notes have none."""
    if stored["type"] == "ticket":
        yield _ticket(stored, sides)
    elif stored["type"] != "notes":
        yield _conversation(stored, sides)


def _ticket(stored: Any, sides: Sequence[Record]) -> Record:
    state = stored["ticket"]
    found = {
        "id": stored["id"],
        "requester_id": stored["requester_id"],
        "subject": stored["title"] or "-",
        "created_at": stored["created_at"],
        "context": stored["context"],
        "metadata": stored["metadata"],
        **{name: item for name, item in state.items() if name not in ("number", "rating")},
    }
    people = [each["user_id"] for each in sides]
    return {"record": "ticket", **{name: item for name, item in found.items() if item is not None}, "user_ids": people}


def _history(parley: Parley, stored: Any) -> Iterator[Record]:
    """Yields the history of a ticket, without what an import does not take: clocks, and links to other tickets."""
    for each in parley.list_ticket_history(stored["id"]):
        changes = {name: item for name, item in each["changes"].items() if name in FIELDS_OF_HISTORY}
        record: dict[str, Any] = {"ticket_id": stored["id"], "user_id": each["user_id"], "at": each["at"]}
        if each["event"] == "rated":
            remark = {"comment": each["comment"]} if each.get("comment") is not None else {}
            yield {"record": "rating", **record, "rating": each["rating"], **remark}
        elif each["event"] in ("created", "responded") or changes:
            event = each["event"] if each["event"] in ("created", "responded") else "updated"
            why = {"note": each["note"]} if each.get("note") is not None else {}
            yield {"record": "history", **record, "event": event, "changes": changes, **why}


def _conversation(stored: Record, sides: Sequence[Record]) -> Record:
    names = ("id", "type", "context", "description", "created_at", "custom_type", "metadata")
    found = {name: stored[name] for name in names if stored[name] is not None}
    if stored["type"] == "direct":
        if "context" in found:
            found["context"] = {name: item for name, item in found["context"].items() if item is not None}
            if stored["title"] is not None:
                found["context"]["title"] = stored["title"]
        return {"record": "conversation", **found, "user_ids": [each["user_id"] for each in sides]}
    closed = {"closed": True} if stored["state"] == "closed" else {}
    rules = {name: stored[name] for name in ("title", "posting", "slow_mode_s", "history")}
    return {"record": "conversation", **found, **rules, **closed}


def _members(stored: Any, sides: Sequence[Any]) -> Iterator[Record]:
    """Yields the members of a group or of notes, and the markers and settings of all."""
    conversation_id, kind, last_seq = stored["id"], stored["type"], stored["last_seq"]
    for side in sides:
        whose = _placed({"conversation_id": conversation_id, "user_id": side["user_id"], "record": ""}, stored)
        whose = {name: item for name, item in whose.items() if name != "record"}
        if kind == "group":
            since = {"joined_after": f"{conversation_id}.{side['since_seq']}"} if side["since_seq"] else {}
            if stored["history"] == "joined" and side["visible_from_seq"] <= side["since_seq"]:
                since["history"] = "all"  # they came while newcomers saw all, and keep what they see
            yield {"record": "member", **whose, "role": side["role"], **since}
        elif kind == "notes":  # the agent who has the ticket is in its notes, also without having written one
            yield {"record": "member", **whose}
        read = {
            name: f"{conversation_id}.{side[seq]}"
            for name, seq in (("message_id", "read_seq"), ("delivered_id", "delivered_seq"))
            if side[seq]
        }
        if read:
            yield {"record": "read", **whose, **read}
        settings = {name: item for name, item in side["settings"].items() if item is not None}
        marks = _marks(conversation_id, last_seq, side)
        yield {"record": "setting", **whose, **settings, **marks, "archived": side["archived"]}


def _marks(conversation_id: str, last_seq: int, side: Any) -> Record:
    """Returns up to where a member has cleared, and from where on it is unread to them; nothing cleared is unread."""
    visible_seq, unread_seq = side["visible_from_seq"], side["unread_from_seq"]
    cleared = {"cleared_until": f"{conversation_id}.{visible_seq - 1}"} if visible_seq > 1 else {}
    if unread_seq is None or max(unread_seq, visible_seq) > last_seq:
        return cleared
    return {**cleared, "unread_from": f"{conversation_id}.{max(unread_seq, visible_seq)}"}


def message(stored: Any) -> Record:
    """Returns a message in the format; a deleted one has no content."""
    record: dict[str, Any] = {
        "record": "message",
        "id": stored["id"],
        "conversation_id": stored["conversation_id"],
        "sender_id": stored["sender_id"],
        "created_at": stored["created_at"],
    }
    if stored["deleted_at"] is not None:
        edited = {"edited_at": stored["edited_at"]} if stored["edited_at"] is not None else {}
        return {**record, **edited, "deleted_at": stored["deleted_at"]}
    names = ("text", "edited_at", "reply_to", "forwarded_from", "mentions", "custom_type", "metadata", "pinned")
    record |= {name: stored[name] for name in names if stored[name]}
    if stored["metadata"] is not None:
        record["metadata"] = stored["metadata"]
    if stored["kind"] == "system" and stored["system"] is not None:
        note = {name: item for name, item in stored["system"].items() if item not in (None, {})}
        if "changes" in note:
            note["changes"] = {name: item for name, item in note["changes"].items() if name in FIELDS_OF_HISTORY}
        record |= {"kind": "system", "system": note}
        record.pop("text", None)  # Parley's sentence about the event
    if stored["kind"] == "voice":
        record["kind"] = "voice"
    if stored["attachments"]:
        record["attachments"] = [
            {"path": path_of(each), "name": each["name"], "type": each["type"], "size": each["size"]}
            for each in stored["attachments"]
        ]
    return record


def _reactions(parley: Parley, conversation_id: str) -> Iterator[Record]:
    for each in parley.list_stored_reactions(conversation_id):
        named = {"message_id": f"{conversation_id}.{each['seq']}", "user_id": each["user_id"], "emoji": each["emoji"]}
        yield {"record": "reaction", **named}


def _write_users(parley: Parley, people: sqlite3.Connection, users: TextIO) -> None:
    """Writes everybody of the directory, and those of the conversations whom it does not name yet."""
    progress = Progress("users", 0)
    for each in parley.list_directory():
        if people.execute("INSERT OR IGNORE INTO written VALUES (?)", (each["id"],)).rowcount:
            _write_lines(users, _user(parley, each))
        progress.add(1)
    rest = people.execute("SELECT id FROM people WHERE id NOT IN (SELECT id FROM written) ORDER BY id")
    while part := [row[0] for row in rest.fetchmany(PART)]:
        known = {each["id"]: each for each in parley.list_users(part)}
        for user_id in part:  # also who has never signed in, and has no profile yet
            _write_lines(users, _user(parley, known.get(user_id, {"id": user_id})))
            progress.add(1)
    progress.end()


def _user(parley: Parley, person: Any) -> Iterator[Record]:
    """Yields a person as the host stated them, and who belongs to which context."""
    names = ("id", "name", "role", "avatar_url", "locale", "time_zone", "email", "metadata", "private_metadata")
    yield {"record": "user", **{name: person[name] for name in names if person.get(name)}}
    for each in parley.list_user_contexts(person["id"]):
        yield {"record": "context", "type": each["type"], "id": each["id"], "user_ids": [person["id"]]}


if __name__ == "__main__":
    sys.exit(main())
