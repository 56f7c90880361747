"""The common parts of REST and WebSocket events: headers, query strings, times, ids, permissions to invoke."""

import re
import secrets
import string
import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

from local.template import Document, Template

Headers = list[tuple[str, str]]

API_GATEWAY = "apigateway.amazonaws.com"

# Quotas: "Total combined size of all header values". The request line and the names count here too, so that a request
# that passes here passes there. API Gateway's status for it is unverified; the words are those of its 413.
MAX_HEADER_BYTES = 10_240

# Request headers that API Gateway keeps to itself (docs: "Amazon API Gateway important notes").
_NOT_PASSED_ON = {
    "connection",
    "content-length",
    "content-md5",
    "expect",
    "max-forwards",
    "proxy-authenticate",
    "server",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "www-authenticate",
}
_CAPITALISED = {
    "authorization": "Authorization",
    "host": "Host",
    "sec-websocket-protocol": "Sec-WebSocket-Protocol",
    "user-agent": "User-Agent",
}


@dataclass(frozen=True)
class MultiMap:
    """Names with all their values, as the two fields of an event that API Gateway makes of them."""

    pairs: Headers

    @property
    def last(self) -> dict[str, str]:
        return dict(self.pairs)

    @property
    def all(self) -> dict[str, list[str]]:
        values: dict[str, list[str]] = {}
        for name, value in self.pairs:
            values.setdefault(name, []).append(value)
        return values

    def get(self, name: str) -> str | None:
        """Returns the last value of a header, whatever its case."""
        values = [value for key, value in self.pairs if key.lower() == name.lower()]
        return values[-1] if values else None


def event_headers(headers: Iterable[tuple[str, str]], source_ip: str) -> MultiMap:
    """Returns the headers of an event: as sent, without those that API Gateway removes, and with its own."""
    kept = [(_CAPITALISED.get(n.lower(), n), value) for n, value in headers if n.lower() not in _NOT_PASSED_ON]
    came_by = [value for name, value in kept if name.lower() == "x-forwarded-for"]
    own = {
        "X-Amzn-Trace-Id": f"Root=1-{int(time.time()):08x}-{secrets.token_hex(12)}",
        "X-Forwarded-For": ", ".join([*came_by, source_ip]),
        "X-Forwarded-Port": "443",  # API Gateway speaks nothing but HTTPS
        "X-Forwarded-Proto": "https",
    }
    replaced = {name.lower() for name in own}
    return MultiMap([(name, value) for name, value in kept if name.lower() not in replaced] + list(own.items()))


def header_bytes(target: str, headers: Iterable[tuple[str, str]]) -> int:
    """Returns the bytes of a request without its body."""
    return len(target) + sum(len(name) + len(value) for name, value in headers)


def event_query(query_string: str) -> MultiMap:
    """Returns the decoded query parameters; a name without `=` has the empty value."""
    return MultiMap(parse_qsl(query_string, keep_blank_values=True, errors="replace"))


def request_time(now_ms: int) -> str:
    """Returns `requestTime` as in an access log: 21/Nov/2026:07:31:00 +0000."""
    return time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(now_ms / 1000))


def request_id() -> str:
    """Returns an id like REST's: a UUID."""
    return str(uuid.uuid4())


def short_id(length: int = 15) -> str:
    """Returns an id like `L0SM9cOFvHcCIhw=`, the form of extended request ids, message ids and connection ids."""
    alphabet = string.ascii_letters + string.digits + "-_"
    return "".join(secrets.choice(alphabet) for _ in range(length)) + "="


def function_of(uri: str, template: Template) -> str:
    """Returns the logical id of the function in an integration's or authorizer's URI."""
    found = re.search(r"/functions/(arn:[^/]+)/invocations$", uri)
    return template.by_arn(found[1] if found else uri).logical_id


def matches(pattern: str, arn: str) -> bool:
    """Says whether an ARN pattern of IAM covers an ARN; `*` and `?` are its only wildcards, and cross `/`."""
    return _compiled(pattern).fullmatch(arn) is not None


@lru_cache(maxsize=10_000)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)


class Permissions:
    """The functions that each API may invoke: by a role, or by an `AWS::Lambda::Permission` of the function."""

    def __init__(self, template: Template) -> None:
        self._granted = [resource.properties for resource in template.of_type("AWS::Lambda::Permission")]
        self._template = template

    def allow(self, function: str, source_arn: str, role_arn: str | None) -> bool:
        """Says whether API Gateway may invoke a function (by logical id): in a role, or on behalf of `source_arn`."""
        if role_arn is not None:
            return self._role_allows(role_arn, self._template.resources[function].arn)
        resource = self._template.resources[function]
        return any(
            grant["Principal"] == API_GATEWAY
            and grant["FunctionName"] in (resource.ref, resource.arn)
            and matches(grant.get("SourceArn", "*"), source_arn)
            for grant in self._granted
        )

    def _role_allows(self, role_arn: str, function_arn: str) -> bool:
        role = self._template.by_arn(role_arn).properties
        assumed = any(
            self._is_assumed(statement) for statement in listed(role["AssumeRolePolicyDocument"]["Statement"])
        )
        return assumed and any(
            statement["Effect"] == "Allow"
            and any(matches(action, "lambda:InvokeFunction") for action in listed(statement["Action"]))
            and any(matches(resource, function_arn) for resource in listed(statement["Resource"]))
            for policy in role.get("Policies", [])
            for statement in listed(policy["PolicyDocument"]["Statement"])
        )

    def _is_assumed(self, statement: Document) -> bool:
        """Says whether API Gateway may assume a role for an API of this account."""
        accounts = statement.get("Condition", {}).get("StringEquals", {}).get("aws:SourceAccount")
        return (
            statement["Effect"] == "Allow"
            and API_GATEWAY in listed(statement["Principal"].get("Service", []))
            and accounts in (None, self._template.place.account)
        )


def listed(value: Any) -> list[Any]:
    """Returns a single value or a list of IAM as a list."""
    return value if isinstance(value, list) else [value]


def stringified(context: Document) -> dict[str, str]:
    """Returns an authorizer's context as functions get it: every value a string, `true` and `false` for booleans."""
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in context.items()
        if value is not None
    }
