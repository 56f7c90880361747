"""Macros: support admins keep them, and agents read them; `applying.py` applies one to a ticket."""

import secrets
from collections.abc import Iterable

import msgspec
from msgspec import UNSET

from parley.actions import named
from parley.actions.support.roles import admin, require_admin, require_agent
from parley.adapters.dynamodb import conditions
from parley.adapters.people import agents
from parley.adapters.support import desks, kept_macros
from parley.domain.api import cursors, ids
from parley.domain.api.errors import Conflict, Field, Invalid, NotFound
from parley.domain.api.fingerprints import check_same
from parley.domain.api.request import Request
from parley.domain.api.requests import Page
from parley.domain.conversations.history import Room
from parley.domain.support import macros
from parley.domain.support.macros import (
    MAX_MACROS,
    CreateMacro,
    DeletedMacro,
    MacroAnswer,
    MacroEffects,
    MacroList,
    MacroPosition,
    PutMacro,
    StoredMacro,
)


def no_macro() -> NotFound:
    """Returns the refusal for a macro that is not there, or not any more."""
    return NotFound("macro_not_found", "There is no such macro.")


def list_macros(request: Request, query: Page) -> MacroList:
    """Returns a page of the macros by id, to agents and the host's own server.

    Two round trips, and one more for each 1 MB of macros.
    """
    require_agent(request)
    after = cursors.decode(query.cursor, MacroPosition)
    found = kept_macros.list_macros(None if after is None else after.macro_id, query.limit + 1)
    shown = list(Room().fitting(map(macros.view, found[: query.limit])))
    return MacroList(
        macros=shown,
        next=cursors.encode(MacroPosition(macro_id=shown[-1].id)) if len(found) > len(shown) else None,
        users=named.users(request, _people(found[: len(shown)])),
    )


def create_macro(request: Request, wanted: CreateMacro) -> tuple[MacroAnswer, bool]:
    """Returns a new macro, and whether this call made it: a call with the same `client_id` may have.

    To support admins and the host's own server. Three round trips, two if it is there. Raises Invalid for effects that
    the desk cannot have, and for an `assignee_id` that is no agent's.
    """
    request = admin(request)
    macros.check_content(wanted, desks.current(), request.field_prefix)
    macro_id = ids.macro_id(request.user_id, wanted.client_id or secrets.token_hex(16))
    new = macros.new_macro(wanted, macro_id, request.user_id, request.now_ms)

    def step() -> tuple[StoredMacro, bool]:
        known = kept_macros.read_macro(macro_id, _assignee(wanted.effects))
        if known.macro is not None:
            return check_same(known.macro, new, "macro", request.field_prefix), False
        _check_assignee(request, wanted.effects, known)
        if known.count >= MAX_MACROS:
            raise Conflict("too_many_macros", f"The desk can have {MAX_MACROS} macros.", rule="macros")
        kept_macros.put_new(new)
        return new, True

    macro, is_new = conditions.until_written(step)
    return _answer(request, macro), is_new


def put_macro(request: Request, macro_id: str, wanted: PutMacro) -> MacroAnswer:
    """Replaces a macro, to support admins and the host's own server; three round trips.

    A repeat answers the same. Raises Conflict if another has replaced the version meanwhile, and Invalid as
    `create_macro` does.
    """
    request = admin(request)
    ids.check_macro_id(macro_id, "{macro_id}")
    macros.check_content(wanted, desks.current(), request.field_prefix)

    def step() -> StoredMacro:
        known = kept_macros.read_macro(macro_id, _assignee(wanted.effects))
        if known.macro is None:
            raise no_macro()
        after = macros.replaced(known.macro, wanted, request.user_id, request.now_ms)
        if after is not known.macro:
            _check_assignee(request, wanted.effects, known)
            kept_macros.replace(known.macro, after)
        return after

    return _answer(request, conditions.until_written(step))


def delete_macro(request: Request, macro_id: str) -> DeletedMacro:
    """Deletes a macro, to support admins and the host's own server; two round trips, one if it is not there."""
    require_admin(request)
    ids.check_macro_id(macro_id, "{macro_id}")

    def step() -> None:
        known = kept_macros.get_macro(macro_id)
        if known is not None:
            kept_macros.delete(known)

    conditions.until_written(step)
    return DeletedMacro(id=macro_id)


def _assignee(effects: MacroEffects) -> str | None:
    return None if effects.assignee_id is UNSET else effects.assignee_id


def _check_assignee(request: Request, effects: MacroEffects, known: kept_macros.Read) -> None:
    """Raises Invalid if a macro would give tickets to a person who is no agent."""
    if _assignee(effects) is None or (known.assignee_role is not None and agents.is_agent(known.assignee_role)):
        return
    fields = (Field(f"{request.field_prefix}/effects/assignee_id", "not_allowed"),)
    raise Invalid("unknown_assignee", "There is no such agent.", fields=fields)


def _answer(request: Request, macro: StoredMacro) -> MacroAnswer:
    """Returns a macro; one round trip if it names others."""
    return MacroAnswer(**msgspec.structs.asdict(macros.view(macro)), users=named.users(request, macro.people))


def _people(found: Iterable[StoredMacro]) -> list[str]:
    return [user_id for macro in found for user_id in macro.people]
