"""Every refusal that a client can act on; one root carries the stable `code` and the HTTP status.

    Refusal
    ├── Invalid              400  a field, parameter or header is wrong; `fields` says which
    │   └── Malformed        400  the body is no JSON object at all
    ├── Unauthenticated      401  no token, or one that is not valid, or no longer
    ├── Forbidden            403  known caller, not allowed; `rule` says which rule refused
    │   └── Suspended        403  a moderator has suspended the caller; it says until when, why and from what
    ├── NotFound             404  it does not exist, or the caller may not know that it does
    ├── Conflict             409  it is not in a state that allows this
    │   ├── ChooseOne        409  several people could be meant; `users` are those whom the caller may choose
    │   ├── AlreadyAssigned  409  another agent has the ticket
    │   └── IllegalStatus    409  a ticket cannot take this status; `possible` are those that it can
    ├── TooLarge             413  more bytes than the transport or the store can carry
    ├── Unprocessable        422  well formed, but it contradicts an earlier request
    ├── TooMany              429  too often, or too many; try again after `retry_after_ms`
    └── Unavailable          503  try again after `retry_after_ms`

Clients switch on `code`, so a code never changes its meaning. `detail` is a sentence that a user may read.
"""

from typing import ClassVar, Literal

import msgspec


class Field(msgspec.Struct, frozen=True, omit_defaults=True):
    """One wrong field: a JSON pointer (RFC 6901) into the body, `?name` in the query, or `{name}` in the path."""

    pointer: str
    code: str
    limit: int | None = None


class Refusal(Exception):
    """The root of refusals: raised anywhere, turned into a problem document (RFC 9457) in `triggers.problems` only."""

    status: ClassVar[int] = 400
    title: ClassVar[str] = "Bad Request"

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        fields: tuple[Field, ...] = (),
        rule: str | None = None,
        retry_after_ms: int | None = None,
    ) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.fields = fields
        self.rule = rule
        self.retry_after_ms = retry_after_ms


class RuledRefusal(Refusal):
    """A valid request that a rule refuses. `rule` is required; the client and the log see it."""

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        rule: str,
        fields: tuple[Field, ...] = (),
        retry_after_ms: int | None = None,
    ) -> None:
        super().__init__(code, detail, fields=fields, rule=rule, retry_after_ms=retry_after_ms)


class Invalid(Refusal):
    """A field is missing, of the wrong type, too long, unknown, or makes no sense."""

    @classmethod
    def field(cls, pointer: str, code: str, detail: str, limit: int | None = None) -> "Invalid":
        """Returns the refusal of one field. Its code is `invalid_request`; the field's own code names the fault."""
        return cls("invalid_request", detail, fields=(Field(pointer, code, limit),))


class Malformed(Invalid):
    """The body is not a JSON object in UTF-8."""


class Unauthenticated(Refusal):
    """`noted` is for the log only: the wrong claim, and the token's issuer and audience."""

    status = 401
    title = "Unauthorized"

    def __init__(self, code: str, detail: str, *, claim: str | None = None) -> None:
        super().__init__(code, detail)
        self.noted: dict[str, object] = {} if claim is None else {"claim": claim}


class Forbidden(RuledRefusal):
    status = 403
    title = "Forbidden"


class Suspended(Forbidden):
    def __init__(
        self, code: str, detail: str, *, rule: str, until: str, reason: str, scope: Literal["write", "all"]
    ) -> None:
        super().__init__(code, detail, rule=rule)
        self.until = until
        self.reason = reason
        self.scope = scope


class NotFound(Refusal):
    status = 404
    title = "Not Found"


class Conflict(RuledRefusal):
    status = 409
    title = "Conflict"


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """A person whom the caller may choose."""

    id: str
    name: str
    role: str
    avatar_url: str | None


class ChooseOne(Conflict):
    def __init__(
        self, code: str, detail: str, *, rule: str, fields: tuple[Field, ...], users: tuple[Choice, ...], capped: bool
    ) -> None:
        super().__init__(code, detail, rule=rule, fields=fields)
        self.users = users
        self.capped = capped


class AlreadyAssigned(Conflict):
    """Another agent was faster: `assignee_id` is who."""

    def __init__(self, code: str, detail: str, *, rule: str, assignee_id: str) -> None:
        super().__init__(code, detail, rule=rule)
        self.assignee_id = assignee_id


class IllegalStatus(Conflict):
    def __init__(
        self, code: str, detail: str, *, rule: str, fields: tuple[Field, ...], possible: tuple[str, ...]
    ) -> None:
        super().__init__(code, detail, rule=rule, fields=fields)
        self.possible = possible


class TooLarge(Refusal):
    status = 413
    title = "Content Too Large"


class Unprocessable(Refusal):
    status = 422
    title = "Unprocessable Content"


def client_id_reused(what: str, prefix: str) -> Unprocessable:
    """Returns the refusal of a `client_id` that an earlier request has used for another `what`, a word of the API."""
    detail = f"This client_id was used for another {what}."
    return Unprocessable("client_id_reused", detail, fields=(Field(f"{prefix}/client_id", "client_id_reused"),))


class TooMany(RuledRefusal):
    status = 429
    title = "Too Many Requests"


class Unavailable(Refusal):
    status = 503
    title = "Service Unavailable"
