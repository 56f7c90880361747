"""Effects: the changes of a ticket, and the reply, that a macro or a rule of the desk brings about together."""

from collections.abc import Collection, Mapping
from typing import Any

from msgspec import UNSET, UnsetType

from parley.domain.api.errors import Conflict, Field, Invalid
from parley.domain.api.requests import MAX_TEXT_CHARACTERS, Body, StoredUserId, Text
from parley.domain.api.types import TicketStatus
from parley.domain.support.desk import Desk, Priority
from parley.domain.support.replies import PLACEHOLDERS, check_placeholders, fill, unfilled
from parley.domain.support.requests import MAX_TAGS, CategoryName, Tags, TeamName
from parley.domain.support.status import check_move
from parley.domain.support.ticket import StoredTicket
from parley.domain.support.ticket_steps import check_category, check_team

_MOVED = ("status", "priority", "category", "assignee_id", "team")  # each takes the place of what the ticket has


class Effects(Body, frozen=True, kw_only=True):
    """The changes of a ticket that are made together: what is named, the rest stays.

    `reply` is a message to the requester, and may have placeholders. `null` as assignee or team is nobody, or none.
    Effects that are kept may name a person who was erased since, by their pseudonym.
    """

    reply: Text | None = None
    status: TicketStatus | UnsetType = UNSET
    priority: Priority | UnsetType = UNSET
    category: CategoryName | UnsetType = UNSET
    add_tags: Tags = []
    remove_tags: Tags = []
    assignee_id: StoredUserId | None | UnsetType = UNSET
    team: TeamName | None | UnsetType = UNSET


def check_effects(effects: Effects, desk: Desk, prefix: str, known: Collection[str] = PLACEHOLDERS) -> None:
    """Returns for effects that the desk can have; raises Invalid with the pointer of what it cannot.

    That is no effect at all (also of those that a subclass adds), a category or team that the desk does not have, a
    placeholder that is not `known`, and a tag that is both added and removed.
    """
    if effects == type(effects)():
        raise Invalid.field(prefix, "required", "Name at least one effect.")
    if effects.reply is not None:
        check_placeholders(effects.reply, f"{prefix}/reply", known)
    if effects.category is not UNSET:
        check_category(effects.category, desk, f"{prefix}/category")
    if effects.team is not UNSET:
        check_team(effects.team, desk, f"{prefix}/team")
    for place, tag in enumerate(effects.remove_tags):
        if tag in effects.add_tags:
            pointer = f"{prefix}/remove_tags/{place}"
            raise Invalid.field(pointer, "contradiction", "This tag is both added and removed.")


def fields_after(ticket: StoredTicket, effects: Effects, desk: Desk, pointer: str) -> dict[str, Any]:
    """Returns the values that the effects give to fields of a ticket, also those that the ticket has already.

    The team follows the category, as after a change by hand. Raises IllegalStatus, Conflict for too many tags, and
    Invalid for a category or team that the desk has no more; each names `pointer`.
    """
    fields = {name: getattr(effects, name) for name in _MOVED if getattr(effects, name) is not UNSET}
    if effects.status is not UNSET:
        check_move(ticket.status, effects.status, "support", pointer)
    if effects.category is not UNSET:
        check_category(effects.category, desk, pointer)
        fields.setdefault("team", team_after(ticket, effects.category, desk))
    if effects.team is not UNSET:
        check_team(effects.team, desk, pointer)
    if effects.add_tags or effects.remove_tags:
        fields["tags"] = _tags_after(ticket, effects, pointer)
    return fields


def _tags_after(ticket: StoredTicket, effects: Effects, pointer: str) -> tuple[str, ...]:
    kept = [tag for tag in ticket.tags if tag not in effects.remove_tags]
    tags = tuple(dict.fromkeys((*kept, *effects.add_tags)))
    if len(tags) > MAX_TAGS:
        raise Conflict(
            "too_many_tags",
            f"A ticket can have {MAX_TAGS} tags; it would have {len(tags)}.",
            rule=f"a ticket has {MAX_TAGS} tags at most",
            fields=(Field(pointer, "too_many_items", MAX_TAGS),),
        )
    return tags


def team_after(ticket: StoredTicket, category: str, desk: Desk) -> str | None:
    """Returns the team after a change of category: the new category's, unless an agent has set another one."""
    before = desk.categories.get(ticket.category)
    was_default = before is None or ticket.team in (None, before.team)
    return desk.categories[category].team if was_default else ticket.team


def reply_of(text: str, values: Mapping[str, str], pointer: str) -> str:
    """Returns the text of a reply with its placeholders filled.

    Raises Conflict if a placeholder has no value, or if the filled text is longer than a message may be.
    """
    missing = unfilled(text, values)
    if missing is not None:
        raise Conflict(
            "placeholder_unfilled",
            f"The placeholder {{{{{missing}}}}} has no value for this ticket.",
            rule="a reply that is sent has no open placeholder",
            fields=(Field(pointer, "not_allowed"),),
        )
    filled = fill(text, values)
    if len(filled) > MAX_TEXT_CHARACTERS:
        raise Conflict(
            "reply_too_long",
            f"A message can have {MAX_TEXT_CHARACTERS} characters; the filled reply has {len(filled)}.",
            rule=f"a message has {MAX_TEXT_CHARACTERS} characters at most",
            fields=(Field(pointer, "too_long", MAX_TEXT_CHARACTERS),),
        )
    return filled
