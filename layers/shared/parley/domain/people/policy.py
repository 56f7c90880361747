"""Decides who may open a conversation with whom, and about what: a policy is data (`parley/policies/*.toml`)."""

from collections.abc import Mapping
from typing import Literal, NoReturn, Protocol

from msgspec import Struct

from parley.domain.api.errors import Field, Forbidden, Invalid, NotFound
from parley.domain.people import held
from parley.domain.people.held import Held

EVERYONE = "*"
NO_CONTEXT = "general"  # the context type of a conversation about nothing in particular

Code = Literal[
    "allowed",
    "self_conversation",
    "unknown_context_type",
    "context_id_required",
    "context_id_forbidden",
    "role_not_allowed",
    "context_not_shared",
    "unknown_user",
]
# Refusals at a field of the request, with the field's own code; all others are Forbidden.
_WRONG_FIELDS: dict[Code, tuple[str, str]] = {
    "self_conversation": ("/user_id", "not_allowed"),
    "unknown_context_type": ("/context/type", "not_allowed"),
    "context_id_required": ("/context/id", "required"),
    "context_id_forbidden": ("/context/id", "not_allowed"),
    "unknown_user": ("/user_id", "not_allowed"),
}


class Topic(Protocol):
    """The subject of a conversation, existing or wanted; the `id` is None if the type has none."""

    @property
    def type(self) -> str: ...

    @property
    def id(self) -> str | None: ...


class Party(Struct, frozen=True):
    """One side of a conversation: a person, their role, and their contexts.

    `contexts` are those that a token or a `PUT` names, `held` those that rows of their own give the person.
    """

    user_id: str
    role: str
    contexts: Mapping[str, tuple[str, ...]] = {}
    held: Held = {}

    def holds(self, context_type: str, context_id: str | None) -> bool:
        """Says whether the person belongs to that class, block, pattern, …"""
        if context_id is None:
            return False
        return context_id in self.contexts.get(context_type, ()) or held.has(self.held, context_type, context_id)

    def holds_some(self, context_type: str) -> bool:
        """Says whether the person belongs to any context of this type."""
        return bool(self.contexts.get(context_type)) or context_type in self.held

    def shares(self, other: "Party", context_type: str) -> bool:
        """Says whether both belong to the same context of this type, whichever way each got it."""
        return bool(self.named_in_common(other, context_type)) or held.shares(self.held, other.held, context_type)

    def named_in_common(self, other: "Party", context_type: str) -> list[str]:
        """Returns the shared ids of this type that a token or a `PUT` of at least one of the two names."""
        mine, theirs = self.contexts.get(context_type, ()), other.contexts.get(context_type, ())
        both = [context_id for context_id in mine if other.holds(context_type, context_id)]
        return both + [each for each in theirs if each not in both and self.holds(context_type, each)]


class Rule(Struct, frozen=True, kw_only=True):
    """One context type's part of a policy.

    `presence` says from when on the two see whether the other is online; None leaves it to `_vouches`.
    """

    may_open: Mapping[str, tuple[str, ...]]
    must_share: tuple[str, ...]
    context_id: Literal["required", "forbidden"]
    unknown_users: bool
    presence: Literal["at_once", "after_answer"] | None = None

    def names(self, caller: Party, other: Party | None) -> bool:
        """Says whether the rule names both roles, and lets the first open a conversation with the second."""
        return other is not None and other.role in self.may_open.get(caller.role, ())

    def reach_of(self, role: str) -> tuple[str, ...]:
        """Returns the roles with whom `role` may open: those of its own row and those of everyone's."""
        return (*self.may_open.get(role, ()), *self.may_open.get(EVERYONE, ()))

    def must_hold(self, role: str) -> bool:
        """Says whether a person of this role must hold the context's id."""
        return EVERYONE in self.must_share or role in self.must_share

    def may_open_some(self, context_type: str, caller: Party, other: Party) -> bool:
        """Says whether `caller` may open a conversation with `other` about some context of this type."""
        reach = self.reach_of(caller.role)
        if EVERYONE not in reach and other.role not in reach:
            return False
        must_hold = [party for party in (caller, other) if self.must_hold(party.role)]
        if len(must_hold) == 2:
            return caller.shares(other, context_type)
        return all(party.holds_some(context_type) for party in must_hold)


class Reach(Struct, frozen=True, kw_only=True):
    """The people with whom a person may open a conversation, by role: all of a role, or those who share a context."""

    freely: frozenset[str]
    by_sharing: frozenset[str]

    @property
    def is_everyone(self) -> bool:
        return EVERYONE in self.freely | self.by_sharing

    def roles(self, role: str | None = None) -> list[str]:
        """Returns the roles that are reached; only `role`, if given."""
        reached = self.freely | self.by_sharing
        if role is None:
            return sorted(reached - {EVERYONE})
        return [role] if self.is_everyone or role in reached else []

    def is_free(self, role: str | None = None) -> bool:
        """Says whether no person of these roles (`roles`) needs a closer check."""
        return EVERYONE in self.freely or (not self.is_everyone and set(self.roles(role)) <= self.freely)


ANYBODY = Reach(freely=frozenset({EVERYONE}), by_sharing=frozenset())


class Decision(Struct, frozen=True, kw_only=True):
    """Yes or no, with the rule that decided; a user can check `rule` against the policy's file."""

    code: Code
    rule: str
    detail: str = ""
    vouches: bool = False  # for the pair: each sees whether the other is online before both have written

    @property
    def allowed(self) -> bool:
        return self.code == "allowed"

    def require(self, pointer: str = "") -> None:
        """Returns if allowed; otherwise raises Invalid, NotFound or Forbidden; `pointer` is the place of the body."""
        if not self.allowed:
            self._refuse(pointer)

    def _refuse(self, pointer: str) -> NoReturn:
        if self.code not in _WRONG_FIELDS:
            raise Forbidden(self.code, self.detail, rule=self.rule)
        name, what = _WRONG_FIELDS[self.code]
        kind = NotFound if self.code == "unknown_user" else Invalid
        raise kind(self.code, self.detail, rule=self.rule, fields=(Field(f"{pointer}{name}", what),))


class SystemSender(Struct, frozen=True, kw_only=True):
    """A sender that is no person, such as the booking system: the host writes in its name."""

    user_id: str
    name: str
    avatar_url: str | None = None


class Policy(Struct, frozen=True):
    """A policy as it was read from `source`: one rule for each context type, and the roles that it names.

    `senders` are the system senders by id.
    """

    source: str
    rules: Mapping[str, Rule]
    roles: tuple[str, ...] = ()
    senders: Mapping[str, SystemSender] = {}

    def decide(self, caller: Party, other: Party | None, context: Topic | None) -> Decision:
        """Returns whether `caller` may open a conversation with `other` (None: no profile yet) about `context`.

        Checks of the caller alone come first. So no caller learns whether a person exists to whom they could not write
        anyway.
        """
        if other is not None and caller.user_id == other.user_id:
            return self._self_conversation()
        context_type, context_id = _named(context)
        rule = self.rules.get(context_type)
        if rule is None:
            return self._unknown_context_type(context_type)
        return _Case(f"{self.source} [{context_type}]", rule, context_type, context_id).decide(caller, other)

    def decide_for_host(self, first: Party, second: Party, context: Topic | None) -> Decision:
        """Returns whether the host's own server may open a conversation of these two about `context`.

        It may under every policy: who may open one with whom is not asked. But a conversation needs two people, and its
        context must be one that the policy knows.
        """
        if first.user_id == second.user_id:
            return self._self_conversation()
        context_type, context_id = _named(context)
        rule = self.rules.get(context_type)
        if rule is None and context_type != NO_CONTEXT:
            return self._unknown_context_type(context_type)
        if rule is None:
            return Decision(code="allowed", rule=f"{self.source}: the host's own server")
        return _Case(f"{self.source} [{context_type}]", rule, context_type, context_id).decide_for_host(first, second)

    def knows(self, context: Topic) -> bool:
        """Says whether the policy has such a context type."""
        return context.type in self.rules

    def takes_unknown_users(self, context: Topic | None) -> bool:
        """Says whether a conversation about `context` may be opened with people whom Parley does not know."""
        rule = self.rules.get(_named(context)[0])
        return rule is not None and rule.unknown_users

    def _self_conversation(self) -> Decision:
        return Decision(
            code="self_conversation",
            rule=f"{self.source}: a conversation needs two people",
            detail="You cannot open a conversation with yourself.",
        )

    def _unknown_context_type(self, context_type: str) -> Decision:
        return Decision(
            code="unknown_context_type",
            rule=f"{self.source} has no [{context_type}]",
            detail=f"There are no conversations of the type `{context_type}`.",
        )

    def decide_discreetly(self, caller: Party, other: Party | None, context: Topic | None) -> Decision:
        """Decides as `decide` does, and refuses a person whom the directory hides like a person who does not exist.

        So the answer does not tell the caller that the person exists.
        """
        decision = self.decide(caller, other, context)
        if decision.allowed or other is None or caller.user_id == other.user_id:
            return decision
        if self.may_open_anything(caller, other):
            return decision
        as_nobody = self.decide(caller, None, context)
        # A policy may let people write to users it knows nothing of: then it refuses nobody and can hide nothing.
        return decision if as_nobody.allowed else as_nobody

    def reach_of(self, caller: Party) -> Reach:
        """Returns the roles with which `caller` may open a conversation about something, or about nothing."""
        freely, by_sharing = set[str](), set[str]()
        for context_type, rule in self.rules.items():
            if rule.must_hold(caller.role) and not caller.holds_some(context_type):
                continue
            for role in rule.reach_of(caller.role):
                needs = rule.must_share if role == EVERYONE else rule.must_hold(role)
                (by_sharing if needs or rule.must_hold(caller.role) else freely).add(role)
        return Reach(freely=frozenset(freely), by_sharing=frozenset(by_sharing))

    def may_open_anything(self, caller: Party, other: Party) -> bool:
        """Says whether `caller` may open a conversation with `other` about anything at all, or about nothing."""
        return caller.user_id != other.user_id and any(
            rule.may_open_some(context_type, caller, other) for context_type, rule in self.rules.items()
        )


def _named(context: Topic | None) -> tuple[str, str | None]:
    """Returns the type and the id of a context; a conversation about nothing has a type, too."""
    return (NO_CONTEXT, None) if context is None else (context.type, context.id)


class _Case(Struct, frozen=True):
    """One question to one rule."""

    where: str
    rule: Rule
    context_type: str
    context_id: str | None

    def decide(self, caller: Party, other: Party | None) -> Decision:
        reach = self.rule.reach_of(caller.role)
        if (self.context_id is not None) != (self.rule.context_id == "required"):
            return self._wrong_context_id()
        if not reach:
            return self._role_not_allowed(caller, reach)
        if self.rule.must_hold(caller.role) and not caller.holds(self.context_type, self.context_id):
            return self._not_shared(f"You do not belong to this {self.context_type}.")
        if other is None and not (self.rule.unknown_users and EVERYONE in reach):
            return self._unknown_user()
        if EVERYONE not in reach and (other is None or other.role not in reach):
            return self._role_not_allowed(caller, reach)
        if (
            other is not None
            and self.rule.must_hold(other.role)
            and not other.holds(self.context_type, self.context_id)
        ):
            return self._not_shared(f"The other person does not belong to this {self.context_type}.")
        rule = f"{self.where} may_open {caller.role} → {', '.join(reach)}"
        return Decision(code="allowed", rule=rule, vouches=self._vouches(caller, other))

    def decide_for_host(self, first: Party, second: Party) -> Decision:
        if (self.context_id is not None) != (self.rule.context_id == "required"):
            return self._wrong_context_id()
        rule = f"{self.where}: the host's own server"
        return Decision(code="allowed", rule=rule, vouches=self._vouches(first, second))

    def _vouches(self, caller: Party, other: Party | None) -> bool:
        """Says whether policy or context vouch for the pair: both share something, or their roles belong together."""
        if self.rule.presence is not None:
            return self.rule.presence == "at_once"
        return self.context_type != NO_CONTEXT or self.rule.names(caller, other)

    def _wrong_context_id(self) -> Decision:
        rule = f'{self.where} context_id = "{self.rule.context_id}"'
        if self.rule.context_id == "required":
            detail = f"A conversation about a {self.context_type} needs the id of the {self.context_type}."
            return Decision(code="context_id_required", rule=rule, detail=detail)
        detail = f"A conversation of the type `{self.context_type}` takes no context id."
        return Decision(code="context_id_forbidden", rule=rule, detail=detail)

    def _role_not_allowed(self, caller: Party, reach: tuple[str, ...]) -> Decision:
        return Decision(
            code="role_not_allowed",
            rule=f"{self.where} may_open {caller.role} → {', '.join(reach) or 'nobody'}",
            detail=f"As `{caller.role}` you may not open this conversation.",
        )

    def _not_shared(self, detail: str) -> Decision:
        must_share = ", ".join(self.rule.must_share)
        return Decision(code="context_not_shared", rule=f"{self.where} must_share {must_share}", detail=detail)

    def _unknown_user(self) -> Decision:
        unknown_users = str(self.rule.unknown_users).lower()
        rule = f"{self.where} unknown_users = {unknown_users}"
        return Decision(code="unknown_user", rule=rule, detail="There is no such user.")
