"""The records of the format, their fields, and the check of one line. docs/operate/moving-in.md has them as a table."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from parley_host.moving import addresses, fetching, tickets
from parley_host.moving.problems import Fault, Wrong
from parley_host.moving.values import (
    ATTACHMENT_FIELDS,
    MAX_ATTACHMENTS,
    MAX_METADATA_OF_A_USER,
    MAX_TEXT,
    Check,
    attachment,
    flag,
    form,
    is_blank,
    json_object,
    list_of,
    metadata_of,
    object_of,
    old_id,
    one_emoji,
    one_of,
    require_sound,
    text_of,
    time_ms,
    whole_number,
)

CONTENT = (
    *("text", "kind", "system", "forwarded_from", "pinned", "attachments", "reactions", "mentions"),
    *("metadata", "custom_type", "reply_to"),
)  # of a message; a deletion takes all of it
MAX_MEMBERS = 2_000  # of a group
MAX_ADMINS = 50  # owners and admins of a group together
RESERVED_ID = re.compile(r"~parley\.(?!id-|sha256-)|erased-")  # of Parley's own senders and of erased people
NO_URL = "Nothing is fetched from this URL."
MAX_REACTING = 100  # people of one emoji on a message
MAX_PINS = 50  # of a conversation
MAX_EMOJIS = 20  # different ones on a message
CUSTOM_TYPE = form(r"[A-Za-z0-9._:-]{1,64}", "a word of letters, digits and ._:-, up to 64 of them")
CONTEXT_TYPE = form(r"[a-z][a-z0-9_]{0,31}", "a word of small letters, digits and _")
CONTEXT_ID = form(r"[A-Za-z0-9._~@|:+=-]{1,128}", "the id of a context: letters, digits and ._~@|:+=-")


def _context_id(value: Any) -> str:
    return str(CONTEXT_ID(old_id(value)))


def _user_id(value: Any) -> str:
    found = old_id(value)
    if found in (".", "..") or RESERVED_ID.match(found):
        raise Wrong("not_allowed", "No user has this id in Parley.")
    return found


def _user(record: dict[str, Any]) -> Sequence[Fault]:
    """Returns a warning for a time zone that this machine does not know; Parley may know more."""
    zone, known = record.get("time_zone"), _time_zones()
    if zone is None or not known or zone in known:
        return ()
    return [Fault("unknown_time_zone", "/time_zone", f"This machine knows no time zone {zone!r}.", "warning")]


@cache
def _time_zones() -> set[str]:
    return available_timezones()


CONTEXT = object_of({"type": CONTEXT_TYPE, "id": _context_id, "title": text_of(200, blank=False)}, ("type",))
REACTION = object_of({"emoji": one_emoji, "user_ids": list_of(old_id, MAX_REACTING, least=1)}, ("emoji", "user_ids"))

NOTE = object_of(
    {
        "event": one_of(
            *("group_created", "group_dissolved", "members_added", "everyone_added", "member_left", "member_removed"),
            *("role_changed", "title_changed", "description_changed", "posting_changed", "slow_mode_changed"),
            *("history_changed", "conversation_changed", "closed", "reopened", "call_missed", "call_ended"),
            *("ticket_updated", "ticket_merged"),
        ),
        "user_ids": list_of(old_id, 100),
        "role": one_of("owner", "admin", "member"),
        "title": text_of(200, blank=False),
        "count": whole_number(0, 1_000_000),
        "call_id": CUSTOM_TYPE,
        "media": one_of("audio", "video"),
        "duration_s": whole_number(0, 1_000_000),
        "changes": tickets.CHANGES,
    },
    ("event",),
)
ORIGIN = object_of({"sender_id": old_id, "created_at": time_ms}, ("sender_id", "created_at"))


@dataclass(frozen=True)
class Kind:
    """One kind of record: its fields, those it needs, and a check of fields that depend on each other."""

    fields: Mapping[str, Check]
    needed: Sequence[str]
    whole: Callable[[dict[str, Any]], Sequence[Fault]] = lambda record: ()


def _conversation(record: dict[str, Any]) -> Sequence[Fault]:
    if record["type"] == "direct":
        people = record.get("user_ids")
        if people is not None and (len({*people}) != 2 or len(people) != 2):
            return [Fault("two_people", "/user_ids", "A direct conversation has two different people.")]
        if "title" in record or "description" in record:
            return [Fault("not_allowed", "/title", "A direct conversation has neither title nor description.")]
    elif "title" not in record:
        return [Fault("required", "/title", "A group has a title.")]
    elif "context" in record:
        return [Fault("not_allowed", "/context", "A group has no context.")]
    return ()


def _message(record: dict[str, Any]) -> Sequence[Fault]:
    """Returns the faults of a message as a whole; a deleted one loses its content, as in Parley."""
    faults = [
        Fault("times_contradict", f"/{name}", f"`{name}` is before `created_at`.")
        for name in ("edited_at", "deleted_at")
        if record.get(name, record["created_at"]) < record["created_at"]
    ]
    if record.get("reply_to") == record["id"]:
        faults.append(Fault("cycle", "/reply_to", "The message replies to itself."))
    if "deleted_at" in record:
        for name in CONTENT:
            record.pop(name, None)
    elif ("system" in record) != (record.get("kind") == "system"):
        faults.append(Fault("required", "/system", "A system message, and no other, tells of an event in `system`."))
    elif "system" in record and (record.get("text") or record.get("attachments")):
        faults.append(Fault("not_allowed", "/text", "A system message has neither text nor files."))
    elif not {"system", "custom_type"} & set(record) and not _is_seen(record):
        record["is_blank"] = True  # an error unless a record `attachment` is about it (checks.py)
    if record.get("kind") == "voice" and len(record.get("attachments", ())) > 1:
        faults.append(Fault("too_many", "/attachments", "A voice message has one file."))
    faults += _faults_of_urls(record.get("attachments", ()))
    _join_reactions(record)
    if len(record.get("reactions", ())) > MAX_EMOJIS:
        faults.append(Fault("too_many", "/reactions", f"A message has at most {MAX_EMOJIS} different emojis."))
    return faults


def _faults_of_urls(attachments: Sequence[Mapping[str, Any]]) -> Iterator[Fault]:
    """Yields a warning for each URL from which Parley would fetch nothing, such as one of a private address."""
    for place, each in enumerate(attachments):
        try:
            fetching.target(each.get("url", "https://example.com/"))
        except addresses.Refused as refused:
            yield Fault(refused.code, f"/attachments/{place}/url", NO_URL, "warning")


def _attachment(record: dict[str, Any]) -> Sequence[Fault]:
    """Returns the faults of a file that has a record of its own."""
    try:
        about = attachment({name: item for name, item in record.items() if name in ATTACHMENT_FIELDS})
    except Wrong as wrong:
        return [Fault(wrong.code, wrong.below, wrong.detail)]
    return [
        Fault(each.code, each.pointer.removeprefix("/attachments/0"), each.detail, each.severity)
        for each in _faults_of_urls([about])
    ]


def _is_seen(record: Mapping[str, Any]) -> bool:
    return bool(record.get("attachments")) or not is_blank(record.get("text", ""))


def _join_reactions(record: dict[str, Any]) -> None:
    """Joins reactions with one emoji in two spellings, and drops the second of one person."""
    joined: dict[str, dict[str, None]] = {}
    for each in record.get("reactions", ()):
        joined.setdefault(each["emoji"], {}).update(dict.fromkeys(each["user_ids"]))
    if joined:
        record["reactions"] = [{"emoji": emoji, "user_ids": [*people]} for emoji, people in joined.items()]


def _read(record: dict[str, Any]) -> Sequence[Fault]:
    until = ("message_id" in record) + ("at" in record)
    if until > 1 or not until and "delivered_id" not in record:
        return [Fault("message_or_time", "", "A read marker has either a `message_id` or a time `at`.")]
    return ()


IN = ("conversation_id",)  # or a ticket, whose conversation it is, or its notes
MESSAGE: Mapping[str, Check] = {
    "id": old_id,
    "sender_id": old_id,
    "created_at": time_ms,
    "text": text_of(MAX_TEXT),
    "kind": one_of("text", "voice", "system"),
    "system": NOTE,
    "forwarded_from": ORIGIN,
    "pinned": flag,
    "edited_at": time_ms,
    "deleted_at": time_ms,
    "reply_to": old_id,
    "mentions": list_of(old_id, 20),
    "reactions": list_of(REACTION, 200),
    "attachments": list_of(attachment, MAX_ATTACHMENTS),
    "custom_type": CUSTOM_TYPE,
    "metadata": json_object,
}
KINDS: Mapping[str, Kind] = {
    "user": Kind(
        {
            "id": _user_id,
            "name": text_of(200, blank=False),
            "role": form(r"(?!service$)[A-Za-z0-9][A-Za-z0-9._:-]{0,63}", "a role: letters, digits and ._:-"),
            "avatar_url": form(r"https://[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]{1,1016}", "an address with https"),
            "locale": text_of(35, blank=False),
            "time_zone": text_of(64, blank=False),
            "email": form(r"(?=.{1,254}$)[^\s@]+@[^\s@]+", "an e-mail address"),
            "metadata": metadata_of(MAX_METADATA_OF_A_USER),
            "private_metadata": metadata_of(MAX_METADATA_OF_A_USER),
        },
        ("id",),
        _user,
    ),
    "context": Kind(
        {"type": CONTEXT_TYPE, "id": _context_id, "user_ids": list_of(old_id, 100_000)}, ("type", "id", "user_ids")
    ),
    "conversation": Kind(
        {
            "id": old_id,
            "type": one_of("direct", "group"),
            "user_ids": list_of(old_id, MAX_MEMBERS),
            "context": CONTEXT,
            "title": text_of(200, blank=False),
            "description": text_of(1_000),
            "created_at": time_ms,
            "created_by": old_id,
            "custom_type": CUSTOM_TYPE,
            "metadata": json_object,
            "posting": one_of("everyone", "admins", "nobody"),
            "slow_mode_s": whole_number(0, 120),
            "history": one_of("all", "joined"),
            "closed": flag,
        },
        ("id", "type"),
        _conversation,
    ),
    "member": Kind(
        {
            "conversation_id": old_id,
            **tickets.PLACES,
            "user_id": old_id,
            "role": one_of("owner", "admin", "member"),
            "joined_after": old_id,
            "history": one_of("all", "joined"),
        },
        (*IN, "user_id"),
    ),
    "message": Kind(
        {**MESSAGE, **tickets.PLACES, "conversation_id": old_id}, ("id", *IN, "sender_id", "created_at"), _message
    ),
    "note": Kind({**MESSAGE, "ticket_id": old_id}, ("id", "ticket_id", "sender_id", "created_at"), _message),
    "ticket": Kind(
        {**tickets.TICKET_FIELDS, "context": CONTEXT},
        ("id", "requester_id", "subject", "created_at"),
        tickets.faults_of_ticket,
    ),
    "history": Kind(tickets.HISTORY_FIELDS, ("ticket_id", "user_id", "at")),
    "rating": Kind(tickets.RATING_FIELDS, ("ticket_id", "rating")),
    "attachment": Kind({"message_id": old_id, **ATTACHMENT_FIELDS, **tickets.PLACES}, ("message_id",), _attachment),
    "reaction": Kind(
        {"message_id": old_id, "user_id": old_id, "emoji": one_emoji, **tickets.PLACES},
        ("message_id", "user_id", "emoji"),
    ),
    "read": Kind(
        {
            "conversation_id": old_id,
            **tickets.PLACES,
            "user_id": old_id,
            "message_id": old_id,
            "at": time_ms,
            "delivered_id": old_id,
        },
        (*IN, "user_id"),
        _read,
    ),
    "setting": Kind(
        {
            "conversation_id": old_id,
            **tickets.PLACES,
            "user_id": old_id,
            "archived": flag,
            "pinned": flag,
            "muted_until": time_ms,
            "notifications": one_of("all", "mentions", "none"),
            "cleared_until": old_id,
            "unread_from": old_id,
        },
        (*IN, "user_id"),
    ),
}
PAST = ("created_at", "edited_at", "deleted_at", "at", "status_at", "replied_at")  # times that lie in the past


def parsed(line: str) -> Any:
    """Returns the JSON of a line; raises Wrong."""
    try:
        return json.loads(line, parse_constant=_no_constant)
    except RecursionError:
        raise Wrong("bad_json", "The line is nested too deeply.") from None
    except json.JSONDecodeError as error:
        raise Wrong("bad_json", f"The line is no JSON: {str(error)[:100]}.") from None
    except ValueError:  # Python reads no more than some thousand digits
        raise Wrong("bad_json", "A number of the line has too many digits.") from None


def _no_constant(name: str) -> Any:
    raise Wrong("bad_json", f"The line is no JSON: {name} is no number in JSON.")


def checked(value: Any, now_ms: int) -> tuple[str, dict[str, Any], list[Fault]]:
    """Returns the kind of a record, its fields as they are staged, and its faults; fields that are null are absent."""
    if not isinstance(value, dict):
        raise Wrong("wrong_type", "A line is a JSON object.")
    name = value.get("record")
    kind = KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise Wrong("unknown_record", f"`record` is one of {', '.join(KINDS)}.", "/record")
    found: dict[str, Any] = {}
    faults = [
        Fault("required", f"/{field}", f"`{field}` is missing.")
        for field in kind.needed
        if value.get(field) is None and field not in IN
    ]
    if "notes_of" in kind.fields:
        faults += tickets.faults_of_place(value, needed=IN[0] in kind.needed)
    for field, given in value.items():
        if field == "record" or given is None:
            continue
        check = kind.fields.get(field)
        if check is None:
            faults.append(Fault("unknown_field", f"/{field[:40]}", f"A {name} has no field {field[:40]!r}."))
            continue
        try:
            require_sound(given)
            found[field] = check(given)
        except Wrong as wrong:
            faults.append(Fault(wrong.code, f"/{field}{wrong.below}", wrong.detail))
    faults += [
        Fault("in_the_future", f"/{field}", "The time lies in the future.")
        for field in PAST
        if isinstance(found.get(field), int) and found[field] > now_ms
    ]
    faults = faults or [*kind.whole(found)]
    return str(name), tickets.placed(str(name), found), faults
