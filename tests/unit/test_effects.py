"""The effects of macros and rules: what a desk can have of them, and what they make of a ticket."""

from typing import Any

import pytest
from msgspec.structs import replace

from parley.domain.api.errors import Conflict, IllegalStatus, Invalid, Refusal
from parley.domain.api.requests import MAX_TEXT_CHARACTERS
from parley.domain.support.desk import Category, Desk
from parley.domain.support.effects import Effects, check_effects, fields_after, reply_of
from parley.domain.support.hours import Hours
from parley.domain.support.replies import PLACEHOLDERS
from parley.domain.support.ticket import StoredTicket

DESK = Desk(
    source="",
    hours=Hours(time_zone="UTC", week=()),
    categories={"general": Category(name="General"), "billing": Category(name="Billing", team="money")},
    teams=("money", "tech"),
)
TICKET = StoredTicket(
    ticket_id="t_1",
    number="1",
    status="open",
    priority="low",
    category="general",
    requester_id="alice",
    tags=("vip", "old"),
    version=1,
    created_at_ms=1,
    updated_at_ms=1,
)
FULL = replace(TICKET, tags=tuple(f"t{number}" for number in range(10)))


class Taking(Effects, frozen=True, kw_only=True):
    """Effects with one more, as macros have them."""

    take: bool = False


@pytest.mark.parametrize(
    "effects",
    [
        Effects(reply="Dear {{requester.name}}"),
        Effects(assignee_id=None),
        Effects(team=None),
        Effects(add_tags=["vip"], remove_tags=["old"]),
        Effects(category="billing", team="tech"),
        Taking(take=True),
    ],
)
def test_effects_that_a_desk_can_have(effects: Effects) -> None:
    check_effects(effects, DESK, "/effects")


@pytest.mark.parametrize(
    ("effects", "code", "pointer"),
    [
        (Effects(), "invalid_request", "/effects"),
        (Taking(take=False), "invalid_request", "/effects"),
        (Effects(reply="{{user.name}}"), "unknown_placeholder", "/effects/reply"),
        (Effects(category="legal"), "unknown_category", "/effects/category"),
        (Effects(team="legal"), "unknown_team", "/effects/team"),
        (Effects(add_tags=["a", "b"], remove_tags=["c", "b"]), "invalid_request", "/effects/remove_tags/1"),
    ],
)
def test_effects_that_a_desk_cannot_have_are_refused_by_name(effects: Effects, code: str, pointer: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_effects(effects, DESK, "/effects")

    assert (refused.value.code, refused.value.fields[0].pointer) == (code, pointer)


def test_placeholders_can_be_fewer() -> None:
    without_agent = [name for name in PLACEHOLDERS if name != "agent.name"]
    with pytest.raises(Invalid) as refused:
        check_effects(Effects(reply="{{agent.name}}"), DESK, "/then", without_agent)

    assert refused.value.code == "unknown_placeholder"
    assert "ticket.number" in refused.value.detail


@pytest.mark.parametrize(
    ("effects", "fields"),
    [
        (Effects(reply="Hi"), {}),
        (Effects(status="resolved", priority="urgent"), {"status": "resolved", "priority": "urgent"}),
        (Effects(assignee_id=None, team="tech"), {"assignee_id": None, "team": "tech"}),
        (Effects(category="billing"), {"category": "billing", "team": "money"}),
        (Effects(category="billing", team=None), {"category": "billing", "team": None}),
        (Effects(add_tags=["new", "vip", "new"], remove_tags=["old", "gone"]), {"tags": ("vip", "new")}),
    ],
)
def test_effects_give_fields_their_values(effects: Effects, fields: dict[str, Any]) -> None:
    assert fields_after(TICKET, effects, DESK, "{macro_id}") == fields


def test_a_team_that_an_agent_has_set_stays_after_a_change_of_category() -> None:
    moved = replace(TICKET, team="tech")

    assert fields_after(moved, Effects(category="billing"), DESK, "{macro_id}")["team"] == "tech"


def test_ten_tags_are_the_most() -> None:
    swapped = Effects(add_tags=["more"], remove_tags=["t0"])

    assert len(fields_after(FULL, swapped, DESK, "{macro_id}")["tags"]) == 10
    with pytest.raises(Conflict) as refused:
        fields_after(FULL, Effects(add_tags=["more"]), DESK, "{macro_id}")
    assert (refused.value.code, refused.value.fields[0].limit) == ("too_many_tags", 10)


@pytest.mark.parametrize(
    ("ticket", "effects", "kind", "code"),
    [
        (replace(TICKET, status="closed"), Effects(status="open"), IllegalStatus, "illegal_status"),
        (replace(TICKET, status="resolved"), Effects(status="waiting_on_customer"), IllegalStatus, "illegal_status"),
        (TICKET, Effects(category="legal"), Invalid, "unknown_category"),
        (TICKET, Effects(team="legal"), Invalid, "unknown_team"),
        (FULL, Effects(add_tags=["more"]), Conflict, "too_many_tags"),
    ],
)
def test_effects_that_a_ticket_cannot_take_are_refused(
    ticket: StoredTicket, effects: Effects, kind: type[Refusal], code: str
) -> None:
    with pytest.raises(kind) as refused:
        fields_after(ticket, effects, DESK, "{macro_id}")

    assert refused.value.code == code
    assert [field.pointer for field in refused.value.fields] == ["{macro_id}"]


@pytest.mark.parametrize("values", [{}, {"agent.name": ""}, {"agent.name": "\u200b "}])
def test_a_reply_with_an_open_placeholder_is_not_sent(values: dict[str, str]) -> None:
    with pytest.raises(Conflict) as refused:
        reply_of("Best, {{ agent.name }}", values, "{macro_id}")

    assert refused.value.code == "placeholder_unfilled"
    assert "{{agent.name}}" in refused.value.detail


def test_a_filled_reply_has_the_length_of_a_message_at_most() -> None:
    text = "x" * (MAX_TEXT_CHARACTERS - len("{{agent.name}}")) + "{{agent.name}}"
    fits = "n" * len("{{agent.name}}")

    assert len(reply_of(text, {"agent.name": fits}, "{macro_id}")) == MAX_TEXT_CHARACTERS
    with pytest.raises(Conflict) as refused:
        reply_of(text, {"agent.name": fits + "n"}, "{macro_id}")
    assert refused.value.code == "reply_too_long"
