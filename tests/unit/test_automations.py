"""The rules of the desk: what can be saved, and which of them a cause fires."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET
from msgspec.structs import replace

from parley.domain.api.errors import Invalid, Refusal, TooLarge
from parley.domain.support import automations
from parley.domain.support.automations import (
    MAX_FIRINGS,
    MAX_LIST_BYTES,
    MAX_RULES,
    AutomationRule,
    Cause,
    Conditions,
    Facts,
    Notified,
    RuleEffects,
    StoredAutomations,
    check_rules,
    decide,
    decoded,
    encoded,
)
from parley.domain.support.desk import Category, Desk
from parley.domain.support.hours import Hours, around_the_clock
from parley.domain.support.rule_loops import check_loops, ends
from parley.domain.support.ticket import FieldChange, StoredTicket

DESK = Desk(
    source="",
    hours=around_the_clock(),
    categories={"general": Category(name="General"), "billing": Category(name="Billing", team="money")},
    teams=("money", "tech"),
)
CLOSED = replace(DESK, hours=Hours(time_zone="UTC", week=((),) * 7))
TICKET = StoredTicket(
    ticket_id="t_1",
    number="123456789",
    status="open",
    priority="low",
    category="general",
    requester_id="alice",
    version=1,
    created_at_ms=1,
    updated_at_ms=1,
)
FACTS = Facts(
    subject="My booking", names={"alice": "Alice", "ann": "Ann", "bob": "Bob"}, agents=frozenset({"ann", "bob"})
)
CREATED = Cause(on="created", at_ms=1000, text="I want a refund, please.")


def rule(rule_id: str, on: str = "created", *, conditions: Any = None, **more: Any) -> AutomationRule:
    """Returns a rule as it comes in a request."""
    about: dict[str, Any] = {name: more.pop(name) for name in ("after_minutes", "clock", "enabled") if name in more}
    if on == "idle":
        about.setdefault("after_minutes", 60)
    said = {"id": rule_id, "name": rule_id, "on": on, **about, "if": conditions or {}, "then": more}
    return msgspec.convert(said, AutomationRule)


def fired(rules: list[AutomationRule], ticket: StoredTicket = TICKET, cause: Cause = CREATED, **more: Any) -> list[str]:
    """Returns the ids of the rules that a cause fires."""
    decision = decide(rules, ticket, more.get("facts", FACTS), cause, more.get("desk", DESK))
    return [firing.rule_id for firing in decision.firings]


@pytest.mark.parametrize(
    ("conditions", "holds"),
    [
        ({}, True),
        ({"category": ["general", "billing"]}, True),
        ({"category": ["billing"]}, False),
        ({"priority": ["low"]}, True),
        ({"priority": ["high", "urgent"]}, False),
        ({"status": ["open"]}, True),
        ({"status": ["resolved"]}, False),
        ({"context": ["general"]}, True),
        ({"context": ["booking"]}, False),
        ({"tags": ["vip"]}, True),
        ({"tags": ["vip", "new"]}, False),
        ({"without_tags": ["new"]}, True),
        ({"without_tags": ["new", "vip"]}, False),
        ({"words": ["refund"]}, True),
        ({"words": ["REFÚND"]}, True),
        ({"words": ["nothing", "book"]}, True),
        ({"words": ["nothing"]}, False),
        ({"words": ["refund booking"]}, True),
        ({"words": ['"please I"']}, False),
        ({"words": ["refund nothing"]}, False),
        ({"hours": "open"}, True),
        ({"hours": "closed"}, False),
        ({"words": ["refund"], "category": ["billing"]}, False),
    ],
)
def test_each_condition(conditions: dict[str, Any], holds: bool) -> None:
    assert fired([rule("a", conditions=conditions, priority="high")], replace(TICKET, tags=("vip",))) == ["a"] * holds


def test_context_and_hours_come_from_the_facts_and_the_desk() -> None:
    assert fired(
        [rule("a", conditions={"context": ["booking"]}, priority="high")], facts=replace(FACTS, context="booking")
    ) == ["a"]
    rules = [rule("shut", conditions={"hours": "closed"}, add_tags=["night"])]
    assert fired(rules, desk=CLOSED) == ["shut"]


def test_every_effect_and_what_it_leaves() -> None:
    effects: dict[str, Any] = {
        "reply": "Dear {{requester.name}}, {{agent.name}} looks at {{ticket.number}} ({{ticket.category}}).",
        "status": "in_progress",
        "priority": "urgent",
        "category": "billing",
        "add_tags": ["money"],
        "remove_tags": ["old"],
        "assignee_id": "ann",
        "notify": {"user_ids": ["bob", "gone"], "team": "tech", "assignee": True},
    }
    ticket = replace(TICKET, tags=("old",))
    decision = decide([rule("a", **effects)], ticket, FACTS, CREATED, DESK)
    (firing,) = decision.firings
    assert firing.reply == "Dear Alice, Ann looks at 123456789 (Billing)."
    assert firing.changes == {
        "status": FieldChange("open", "in_progress"),
        "priority": FieldChange("low", "urgent"),
        "category": FieldChange("general", "billing"),
        "assignee_id": FieldChange(None, "ann"),
        "team": FieldChange(None, "money"),
        "tags": FieldChange(["old"], ["money"]),
    }
    assert (firing.notified, firing.notified_team) == (("bob", "ann"), "tech")
    assert (decision.after.version, decision.after.entries, decision.after.updated_at_ms) == (2, 2, 1000)
    assert firing.is_seen


@pytest.mark.parametrize(
    ("effects", "code"),
    [
        ({"assignee_id": "gone"}, "unknown_assignee"),
        ({"assignee_id": "alice"}, "own_ticket"),
        ({"status": "open", "add_tags": [f"t{number}" for number in range(10)]}, "too_many_tags"),
        ({"reply": "{{agent.name}} writes."}, "placeholder_unfilled"),
        ({"category": "gone"}, "unknown_category"),
        ({"team": "gone"}, "unknown_team"),
    ],
)
def test_a_rule_that_cannot_be_done_does_nothing_and_the_next_one_fires(effects: dict[str, Any], code: str) -> None:
    rules = [rule("a", priority="high", **effects), rule("b", add_tags=["b"])]
    facts = replace(FACTS, agents=frozenset({"ann", "alice"}))
    decision = decide(rules, replace(TICKET, tags=("x",)), facts, CREATED, DESK)
    assert [(each.rule_id, each.code) for each in decision.left_out] == [("a", code)]
    assert [firing.rule_id for firing in decision.firings] == ["b"]
    assert decision.after.priority == "low"


def test_an_illegal_status_is_left_out() -> None:
    decision = decide(
        [rule("a", status="waiting_on_customer")], replace(TICKET, status="resolved"), FACTS, CREATED, DESK
    )
    assert [each.code for each in decision.left_out] == ["illegal_status"]


def test_a_requester_without_a_name_gets_no_reply_that_names_them() -> None:
    decision = decide([rule("a", reply="Dear {{requester.name}}")], TICKET, Facts(subject=""), CREATED, DESK)
    assert [each.code for each in decision.left_out] == ["placeholder_unfilled"]


def test_a_chain_goes_in_the_order_of_the_list_once() -> None:
    rules = [
        rule("second", conditions={"tags": ["first"]}, add_tags=["second"]),
        rule("first", add_tags=["first"]),
        rule("third", conditions={"tags": ["first"]}, add_tags=["third"]),
    ]
    assert fired(rules) == ["first", "third"]


def test_a_chain_has_a_bound() -> None:
    rules = [rule(f"r{number}", reply=f"{number}") for number in range(MAX_FIRINGS + 5)]
    assert fired(rules) == [f"r{number}" for number in range(MAX_FIRINGS)]
    assert fired(rules, cause=replace(CREATED, most=2)) == ["r0", "r1"]
    assert fired(rules, cause=replace(CREATED, most=0)) == []


def test_a_ticket_that_is_closed_fires_nothing_more() -> None:
    rules = [rule("a", status="closed"), rule("b", reply="Bye")]
    assert fired(rules) == ["a"]
    assert fired(rules, replace(TICKET, status="closed")) == []


def test_disabled_rules_and_those_without_anything_to_do_do_not_fire() -> None:
    rules = [
        rule("off", enabled=False, reply="Hi"),
        rule("same", priority="low"),
        rule("nobody", notify={"assignee": True}),
        rule("left", notify={"user_ids": ["gone"]}),
    ]
    assert fired(rules) == []
    own = replace(TICKET, assignee_id="alice")  # as after an import
    assert fired(rules[2:3], own) == []


def test_a_rule_that_only_notifies_shows_the_requester_nothing() -> None:
    (firing,) = decide([rule("a", notify={"team": "tech"})], TICKET, FACTS, CREATED, DESK).firings
    assert not firing.is_seen
    assert (firing.after.version, firing.after.entries) == (TICKET.version, TICKET.entries + 1)


def test_triggers() -> None:
    rules = [
        rule("created", reply="a"),
        rule("replied", "customer_reply", reply="b"),
        rule("hour", "idle", after_minutes=60, add_tags=["hour"]),
        rule("day", "idle", after_minutes=1440, add_tags=["day"]),
        rule("any", "sla_warning", priority="high"),
        rule("first", "sla_warning", clock="first_response", priority="urgent"),
    ]
    hour = 3_600_000
    assert fired(rules) == ["created"]
    assert fired(rules, cause=Cause(on="customer_reply", at_ms=5)) == ["replied"]
    assert fired(rules, cause=Cause(on="idle", at_ms=hour)) == ["hour"]
    assert fired(rules, cause=Cause(on="idle", at_ms=hour + 4, since_ms=5)) == []
    assert fired(rules, cause=Cause(on="idle", at_ms=24 * hour)) == ["hour", "day"]
    assert fired(rules, cause=Cause(on="idle", at_ms=24 * hour, fired={"hour"})) == ["day"]
    assert fired(rules, cause=Cause(on="sla_warning", at_ms=5, clock="resolution")) == ["any"]
    assert fired(rules, cause=Cause(on="sla_warning", at_ms=5, clock="first_response")) == ["any", "first"]


def test_changes_are_made_when_the_job_runs() -> None:
    cause = replace(CREATED, made_at_ms=9000)
    assert decide([rule("a", priority="high")], TICKET, FACTS, cause, DESK).after.updated_at_ms == 9000


# ---- what can be saved


@pytest.mark.parametrize(
    ("wanted", "pointer", "code"),
    [
        (rule("a", "created", after_minutes=60, reply="x"), "/rules/1/after_minutes", "not_allowed"),
        (
            msgspec.convert({"id": "a", "name": "a", "on": "idle", "then": {"reply": "x"}}, AutomationRule),
            "/rules/1/after_minutes",
            "required",
        ),
        (rule("a", "created", clock="resolution", reply="x"), "/rules/1/clock", "not_allowed"),
        (rule("a", "idle", conditions={"words": ["x"]}, reply="x"), "/rules/1/if/words", "not_allowed"),
        (rule("a", conditions={"category": ["general", "gone"]}, reply="x"), "/rules/1/if/category/1", "not_allowed"),
        (rule("a", conditions={"context": ["booking", "gone"]}, reply="x"), "/rules/1/if/context/1", "not_allowed"),
        (rule("a", conditions={"words": ["?!"]}, reply="x"), "/rules/1/if/words/0", "blank"),
        (
            rule("a", conditions={"words": ["a b c d e f g h i j k"]}, reply="x"),
            "/rules/1/if/words/0",
            "too_many_items",
        ),
        (
            rule("a", conditions={"tags": ["a"], "without_tags": ["b", "a"]}, reply="x"),
            "/rules/1/if/without_tags/1",
            "contradiction",
        ),
        (rule("a"), "/rules/1/then", "required"),
        (rule("a", reply="{{nobody}}"), "/rules/1/then/reply", "unknown_placeholder"),
        (rule("a", category="gone"), "/rules/1/then/category", "not_allowed"),
        (rule("a", team="gone"), "/rules/1/then/team", "not_allowed"),
        (rule("a", notify={}), "/rules/1/then/notify", "required"),
        (rule("a", notify={"team": "gone"}), "/rules/1/then/notify/team", "not_allowed"),
        (rule("ok", reply="x"), "/rules/1/id", "duplicate"),
    ],
)
def test_what_cannot_be_saved(wanted: AutomationRule, pointer: str, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        check_rules([rule("ok", reply="x"), wanted], DESK, {"booking"}, "/rules")
    assert [(each.pointer, each.code) for each in refused.value.fields] == [(pointer, code)]


def test_what_can_be_saved() -> None:
    rules = [
        rule("a", conditions={"context": ["booking", "general"], "words": ["c++"]}, assignee_id=None),
        rule("b", "sla_warning", clock="resolution", notify={"assignee": True}),
        rule("c", "idle", conditions={"without_tags": ["told"]}, add_tags=["told"]),
    ]
    check_rules(rules, DESK, {"booking"}, "/rules")
    check_loops(rules, "/rules")
    assert decoded(encoded(rules)) == tuple(rules)
    assert decoded(encoded(rules))[0].effects.assignee_id is None
    assert decoded(encoded(rules))[1].effects.assignee_id is UNSET


def test_the_list_has_a_bound_in_bytes() -> None:
    rules = [rule(f"r{number}", reply="x") for number in range(MAX_RULES)]
    left = MAX_LIST_BYTES - len(encoded(rules).encode())
    each, rest = divmod(left, MAX_RULES)
    largest = [replace(one, effects=RuleEffects(reply="x" * (1 + each))) for one in rules]
    largest[0] = replace(largest[0], effects=RuleEffects(reply="x" * (1 + each + rest)))
    check_rules(largest, DESK, (), "/rules")
    assert len(encoded(largest)) == MAX_LIST_BYTES
    largest[0] = replace(largest[0], effects=RuleEffects(reply="x" * (2 + each + rest)))
    with pytest.raises(TooLarge, match="automations_too_large"):
        check_rules(largest, DESK, (), "/rules")


def test_the_people_whom_rules_name() -> None:
    rules = [rule("a", assignee_id=None), rule("b", assignee_id="ann", notify={"user_ids": ["bob"], "team": "tech"})]
    assert list(automations.people_in(rules)) == [(1, "assignee_id", "ann"), (1, "notify/user_ids/0", "bob")]


def test_the_shortest_time_of_the_idle_rules() -> None:
    rules = (
        rule("off", "idle", after_minutes=10, enabled=False, reply="x"),
        rule("b", "idle", after_minutes=90, reply="x"),
        rule("c", "idle", after_minutes=60, reply="x"),
    )
    assert StoredAutomations(rules=rules).idle_ms == 3_600_000
    assert StoredAutomations(rules=rules[:1]).idle_ms is None


# ---- loops


@pytest.mark.parametrize(
    "looping",
    [
        rule("a", "idle", reply="Still there?"),
        rule("a", "idle", conditions={"status": ["open"]}, priority="high"),
        rule("a", "idle", conditions={"status": ["open", "resolved"]}, status="resolved"),
        rule("a", "idle", conditions={"tags": ["x"]}, add_tags=["y"]),
        rule("a", "idle", conditions={"without_tags": ["x"]}, notify={"team": "tech"}),
    ],
)
def test_an_idle_rule_that_ends_none_of_its_conditions_loops(looping: AutomationRule) -> None:
    with pytest.raises(Invalid, match="rule_loops") as refused:
        check_loops([rule("b", reply="x"), looping], "/rules")
    assert [each.pointer for each in refused.value.fields] == ["/rules/1"]
    check_loops([replace(looping, enabled=False)], "/rules")


def test_rules_that_undo_each_other_loop() -> None:
    up = rule("up", "idle", conditions={"priority": ["low"]}, priority="high")
    down = rule("down", "idle", conditions={"priority": ["high"]}, priority="low")
    with pytest.raises(Invalid, match="up, down") as refused:
        check_loops([up, rule("x", reply="x"), down], "/rules")
    assert [each.pointer for each in refused.value.fields] == ["/rules/2"]
    tagged = [
        rule("add", "idle", conditions={"without_tags": ["x"]}, add_tags=["x"]),
        rule("remove", "idle", conditions={"tags": ["x"]}, remove_tags=["x"]),
    ]
    with pytest.raises(Invalid, match="rule_loops"):
        check_loops(tagged, "/rules")
    three = [
        rule("a", "idle", conditions={"priority": ["low"]}, priority="medium"),
        rule("b", "idle", conditions={"priority": ["medium"]}, priority="high"),
        rule("c", "idle", conditions={"priority": ["high"]}, priority="low"),
    ]
    with pytest.raises(Invalid, match="a, b, c"):
        check_loops(three, "/rules")


def test_rules_that_never_meet_and_those_that_lead_on_do_not_loop() -> None:
    apart = [
        rule("up", "idle", conditions={"priority": ["low"], "category": ["billing"]}, priority="high"),
        rule("down", "idle", conditions={"priority": ["high"], "category": ["general"]}, priority="low"),
    ]
    check_loops(apart, "/rules")
    on = [
        rule("a", "idle", conditions={"priority": ["low"]}, priority="medium"),
        rule("b", "idle", conditions={"priority": ["medium"]}, priority="high"),
        rule("end", "idle", status="closed"),
    ]
    check_loops(on, "/rules")
    assert ends(on[0]) == {("priority", "")}


# ---- for all rules

TAGS = ("x", "y", "z")
some_tags = st.lists(st.sampled_from(TAGS), unique=True, max_size=2)
priorities = st.sampled_from(("low", "medium", "high"))
states = st.sampled_from(("open", "in_progress", "waiting_on_customer", "resolved", "closed"))
a_condition = st.builds(
    Conditions,
    category=st.none() | st.lists(st.sampled_from(("general", "billing")), min_size=1, unique=True),
    priority=st.none() | st.lists(priorities, min_size=1, unique=True),
    status=st.none() | st.lists(states, min_size=1, unique=True),
    tags=some_tags,
    without_tags=some_tags,
)
unset = st.just(UNSET)
an_effect = st.builds(
    RuleEffects,
    reply=st.none() | st.just("{{agent.name}}") | st.just("Hi"),
    status=unset | states,
    priority=unset | priorities,
    category=unset | st.sampled_from(("general", "billing")),
    add_tags=some_tags,
    remove_tags=some_tags,
    assignee_id=unset | st.sampled_from((None, "ann", "gone", "alice")),
    team=unset | st.sampled_from((None, "tech")),
    notify=st.none() | st.just(Notified(team="tech")),
).filter(lambda effects: not set(effects.add_tags) & set(effects.remove_tags))
triggers = st.sampled_from(("created", "customer_reply", "idle", "sla_warning"))


def _rules(on: st.SearchStrategy[Any]) -> st.SearchStrategy[list[AutomationRule]]:
    one = st.builds(
        AutomationRule,
        id=st.just("a"),
        name=st.just("a"),
        enabled=st.sampled_from((True, True, True, False)),
        on=on,
        after_minutes=st.just(10),
        conditions=a_condition,
        effects=an_effect,
    )
    many = st.lists(one, max_size=14)
    return many.map(lambda rules: [replace(each, id=f"r{place}") for place, each in enumerate(rules)])


a_ticket = st.builds(
    lambda status, priority, category, tags: replace(
        TICKET, status=status, priority=priority, category=category, tags=tuple(tags)
    ),
    states,
    priorities,
    st.sampled_from(("general", "billing")),
    some_tags,
)


@settings(deadline=None, max_examples=100)
@given(_rules(triggers), a_ticket, triggers)
def test_no_rule_fires_twice_and_a_chain_has_a_bound_and_an_order(
    rules: list[AutomationRule], ticket: StoredTicket, on: Any
) -> None:
    cause = Cause(on=on, at_ms=36_000_000, text="refund")
    decision = decide(rules, ticket, FACTS, cause, DESK)
    ids = [firing.rule_id for firing in decision.firings]
    order = [each.id for each in rules]
    assert len(ids) == len(set(ids)) <= MAX_FIRINGS
    assert ids == sorted(ids, key=order.index)
    assert all(each.on == on and each.enabled for each in rules if each.id in ids)
    assert decide(rules, ticket, FACTS, cause, DESK) == decision  # it has no memory
    state = ticket
    for firing in decision.firings:
        assert firing.before == state
        assert firing.before.status != "closed"
        assert firing.after.entries == state.entries + 1
        assert (firing.after.version > state.version) == bool(firing.changes)
        assert len(firing.after.tags) <= 10
        state = firing.after
    assert state == decision.after
    if on == "idle":  # the same cause again fires nothing twice
        again = decide(rules, state, FACTS, replace(cause, fired=frozenset(ids)), DESK)
        assert not set(ids) & {firing.rule_id for firing in again.firings}


@settings(deadline=None, max_examples=100)
@given(_rules(st.just("idle")).map(lambda rules: rules[:6]), a_ticket)
def test_rules_that_may_be_saved_come_to_an_end_without_any_memory(
    rules: list[AutomationRule], ticket: StoredTicket
) -> None:
    try:
        check_loops(rules, "/rules")
    except Invalid:
        return
    cause = Cause(on="idle", at_ms=36_000_000)
    for _ in range(200):
        decision = decide(rules, ticket, FACTS, cause, DESK)
        if not decision.firings:
            return
        ticket = decision.after
    pytest.fail("the rules fire for good")
