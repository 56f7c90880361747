"""Macros: a reply and changes of a ticket, which an agent applies together; as they are stored, requested and shown."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct
from msgspec.structs import replace

from parley.domain.api.errors import Conflict, Invalid
from parley.domain.api.fingerprints import hash_of
from parley.domain.api.ids import MACRO_ID_PATTERN
from parley.domain.api.requests import Body, ClientId, Title
from parley.domain.api.times import rfc3339
from parley.domain.api.types import Message, NamedUser
from parley.domain.support import effects, status
from parley.domain.support.desk import Desk
from parley.domain.support.effects import Effects, check_effects
from parley.domain.support.requests import Version
from parley.domain.support.ticket import StoredTicket, SupportTicket

MAX_MACROS = 200


class MacroEffects(Effects, frozen=True, kw_only=True):
    """The effects of a macro: with `take` the agent who applies it gets the ticket."""

    take: bool = False


class CreateMacro(Body, frozen=True, kw_only=True):
    """POST /support/macros: a new macro. A `client_id` makes one only."""

    title: Title
    effects: MacroEffects
    client_id: ClientId | None = None


class PutMacro(Body, frozen=True, kw_only=True):
    """PUT /support/macros/{macro_id}: the whole macro; `version` is that of the macro as read."""

    version: Version
    title: Title
    effects: MacroEffects


class ApplyMacro(Body, frozen=True, kw_only=True):
    """POST /support/tickets/{ticket_id}/macros/{macro_id}: apply a macro. A `client_id` applies it once only.

    With `version` it is refused if the ticket has changed since that version.
    """

    client_id: ClientId | None = None
    version: Version | None = None


class MacroPosition(Struct, frozen=True, kw_only=True):
    """The last macro of a page."""

    macro_id: Annotated[str, Meta(pattern=MACRO_ID_PATTERN)]


class Content(Struct, frozen=True, kw_only=True):
    """The part of a macro that support admins write."""

    title: str
    effects: MacroEffects


class StoredMacro(Struct, frozen=True, kw_only=True):
    """A macro as it is stored. `fingerprint` is that of the request that made it."""

    macro_id: str
    content: Content
    version: int
    fingerprint: str
    created_at_ms: int
    created_by: str
    updated_at_ms: int
    updated_by: str

    @property
    def people(self) -> tuple[str, ...]:
        """Returns the people whom the macro names: its authors, and the agent who gets the ticket."""
        person = self.content.effects.assignee_id
        return (self.created_by, self.updated_by, *((person,) if isinstance(person, str) else ()))


class Macro(Struct, frozen=True, kw_only=True):
    """A macro as agents see it."""

    id: str
    title: str
    effects: MacroEffects
    version: int
    created_at: str
    created_by: str
    updated_at: str
    updated_by: str


class MacroAnswer(Macro, frozen=True, kw_only=True):
    """A macro, and the people whom it names."""

    users: dict[str, NamedUser]


class MacroList(Struct, frozen=True, kw_only=True):
    """A page of the macros."""

    macros: list[Macro]
    next: str | None
    users: dict[str, NamedUser]


class DeletedMacro(Struct, frozen=True, kw_only=True):
    """A macro that is no longer there."""

    id: str


class AppliedMacro(Struct, frozen=True, kw_only=True):
    """A ticket after a macro, the reply that the macro has written, and the people whom both name."""

    ticket: SupportTicket
    message: Message | None
    replayed: bool
    users: dict[str, NamedUser]


def check_content(wanted: CreateMacro | PutMacro, desk: Desk, prefix: str) -> None:
    """Raises Invalid for effects that the desk cannot have, and for two people who would get the ticket."""
    check_effects(wanted.effects, desk, f"{prefix}/effects")
    if wanted.effects.take and wanted.effects.assignee_id is not UNSET:
        detail = "With `take` the agent who applies the macro gets the ticket; leave `assignee_id` out."
        raise Invalid.field(f"{prefix}/effects/take", "contradiction", detail)


def applied_fingerprint(macro_id: str) -> str:
    """Returns the hash of a request to apply a macro, which a repeat has after the macro was changed or deleted."""
    return sha256(f"macro {macro_id}".encode()).hexdigest()[:32]


def new_macro(wanted: CreateMacro, macro_id: str, author_id: str, now_ms: int) -> StoredMacro:
    """Returns a new macro."""
    return StoredMacro(
        macro_id=macro_id,
        content=Content(title=wanted.title, effects=wanted.effects),
        version=1,
        fingerprint=hash_of(wanted),
        created_at_ms=now_ms,
        created_by=author_id,
        updated_at_ms=now_ms,
        updated_by=author_id,
    )


def replaced(known: StoredMacro, wanted: PutMacro, author_id: str, now_ms: int) -> StoredMacro:
    """Returns a macro after a PUT: `known` itself if this PUT made it; raises Conflict for a stale version."""
    content = Content(title=wanted.title, effects=wanted.effects)
    if known.version == wanted.version + 1 and (content, author_id) == (known.content, known.updated_by):
        return known
    if known.version != wanted.version:
        raise Conflict(
            "macro_changed", "The macro has changed meanwhile; read it again.", rule="version: as it was read"
        )
    return replace(known, content=content, version=known.version + 1, updated_at_ms=now_ms, updated_by=author_id)


def renamed(known: StoredMacro, user_id: str, pseudonym: str) -> StoredMacro:
    """Returns a macro with a pseudonym in a person's place, also as the agent who would get the ticket."""
    changed = {name: pseudonym for name in ("created_by", "updated_by") if getattr(known, name) == user_id}
    content = known.content
    if content.effects.assignee_id == user_id:
        content = replace(content, effects=replace(content.effects, assignee_id=pseudonym))
    return replace(known, content=content, **changed)


def fields_after(
    ticket: StoredTicket, wanted: MacroEffects, desk: Desk, user_id: str, pointer: str, *, is_free: bool
) -> Mapping[str, Any]:
    """Returns the values that a macro gives to fields of a ticket when this agent applies it.

    `is_free` says that no other agent has the ticket: one who takes it works on it. A reply moves the status as every
    reply does, unless the macro sets one. Raises what `effects.fields_after` does.
    """
    fields = effects.fields_after(ticket, wanted, desk, pointer)
    if wanted.take:
        fields["assignee_id"] = user_id
    if wanted.status is not UNSET:
        return fields
    if wanted.take and is_free and ticket.status == "open":
        fields["status"] = "in_progress"
    if wanted.reply is not None:
        fields["status"] = status.after_message(fields.get("status", ticket.status), "support", desk.after_reply)
    return fields


def view(macro: StoredMacro) -> Macro:
    """Returns a macro as agents see it."""
    return Macro(
        id=macro.macro_id,
        title=macro.content.title,
        effects=macro.content.effects,
        version=macro.version,
        created_at=rfc3339(macro.created_at_ms),
        created_by=macro.created_by,
        updated_at=rfc3339(macro.updated_at_ms),
        updated_by=macro.updated_by,
    )
