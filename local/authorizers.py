"""Lambda authorizers: the meaning of their answers, and how long REST caches them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from local.events import matches, stringified
from local.functions import FunctionError, PayloadTooLarge
from local.template import Document

MAX_CONTEXT_BYTES = 8 * 1024  # names and values (aws-facts.md#websocket-authorizer; REST likewise)


class Unauthorized(Exception):
    """401: an identity source is missing, or the authorizer raised "Unauthorized"."""


class Denied(Exception):
    """403: the policy denies, or does not allow."""

    def __init__(self, *, explicit: bool) -> None:
        # In API Gateway's own words; `explicit` distinguishes a Deny from a missing Allow.
        super().__init__("User is not authorized to access this resource" + " with an explicit deny" * explicit)


class Misconfigured(Exception):
    """500: the authorizer failed, or returned no valid answer."""


@dataclass(frozen=True)
class Grant:
    """An authorizer's answer: the principal, the policy, and the context for functions."""

    principal_id: str
    statements: tuple[Document, ...]
    context: dict[str, str]

    def check(self, method_arn: str) -> None:
        """Returns if the policy allows `method_arn`; raises Denied."""
        effects = {
            statement["Effect"]
            for statement in self.statements
            if _covers(statement.get("Action"), "execute-api:Invoke") and _covers(statement.get("Resource"), method_arn)
        }
        if "Deny" in effects or "Allow" not in effects:
            raise Denied(explicit="Deny" in effects)

    def event_context(self) -> dict[str, str]:
        """Returns `requestContext.authorizer`."""
        return {"principalId": self.principal_id, **self.context}


async def ask_authorizer(call: Callable[[], Awaitable[Any]]) -> Grant:
    """Returns the grant in the authorizer's answer; raises Unauthorized or Misconfigured."""
    try:
        answer = await call()
    except FunctionError as problem:
        if problem.message == "Unauthorized":  # the one message that API Gateway understands
            raise Unauthorized from problem
        raise Misconfigured(str(problem)) from problem
    except PayloadTooLarge as problem:
        raise Misconfigured(str(problem)) from problem
    return read_grant(answer)


def read_grant(answer: Any) -> Grant:
    """Returns an authorizer's answer as a grant; raises Misconfigured if API Gateway would not understand it."""
    try:
        principal = answer["principalId"]
        document = answer["policyDocument"]
        statements = document["Statement"]
        statements = [statements] if isinstance(statements, dict) else statements
        context = answer.get("context") or {}
        for statement in statements:
            if statement["Effect"] not in ("Allow", "Deny") or "Action" not in statement or "Resource" not in statement:
                raise Misconfigured(f"a statement of the policy is incomplete: {statement}")
        if any(isinstance(value, dict | list) for value in context.values()):
            raise Misconfigured("the context holds a list or an object; API Gateway takes plain values only")
    except (AttributeError, KeyError, TypeError) as problem:
        raise Misconfigured(f"the authorizer's answer is not a policy: {problem!r}") from problem
    strings = stringified(context)
    if sum(len(f"{name}{value}".encode()) for name, value in strings.items()) > MAX_CONTEXT_BYTES:
        raise Misconfigured(f"the context is larger than {MAX_CONTEXT_BYTES} bytes")
    return Grant(str(principal), tuple(statements), strings)


def _covers(patterns: Any, what: str) -> bool:
    return any(matches(str(each), what) for each in (patterns if isinstance(patterns, list) else [patterns]))


@dataclass
class Cache:
    """Grants by identity; a Deny is a grant too, so it is cached as well (aws-facts.md#rest-authorizer)."""

    ttl_s: float
    now_ms: Callable[[], int]
    _grants: dict[tuple[str, ...], tuple[int, Grant]] = field(default_factory=dict)

    def get(self, identity: tuple[str, ...]) -> Grant | None:
        until_ms, grant = self._grants.get(identity, (0, None))
        return grant if self.now_ms() < until_ms else None

    def put(self, identity: tuple[str, ...], grant: Grant) -> None:
        if self.ttl_s > 0:
            self._grants[identity] = (self.now_ms() + int(self.ttl_s * 1000), grant)
