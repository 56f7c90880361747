"""Presigned forms and addresses in the hands of a browser.

ministack checks what S3 checks, by the real time. moto checks nothing, so this checks the signature, the policy and the
size first. It also checks the time, on both engines, by the clock of the test.
"""

import base64
import binascii
import hashlib
import hmac
import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import httpx
from botocore.awsrequest import AWSPreparedRequest
from botocore.compat import HTTPHeaders
from moto.core.models import botocore_stubber

from tests.harness import ministack

ALGORITHM = "AWS4-HMAC-SHA256"
_BOUNDARY = "----parley"
_NEVER_IN_A_POLICY = {"policy", "x-amz-signature", "file"}
_ALWAYS_SIGNED = {"policy", "x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-signature"}


@dataclass(frozen=True)
class Download:
    """The answer to a request without a token; header names are in lower case."""

    status: int
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


class Expiries:
    """The moments at which signatures expire by the clock of a test; botocore signs by the real time."""

    def __init__(self) -> None:
        self._clock: Callable[[], int] | None = None
        self._ms: dict[str, int] = {}

    def follow(self, clock: Callable[[], int] | None) -> None:
        """Forgets everything and goes by another clock."""
        self._clock = clock
        self._ms.clear()

    def note(self, signed: Any, expires_in_s: int) -> None:
        """Takes down a form or an address that was signed now."""
        if self._clock:
            self._ms[signature_of(signed)] = self._clock() + expires_in_s * 1000

    def is_over(self, signed: Any) -> bool:
        expires_at_ms = self._ms.get(signature_of(signed))
        return expires_at_ms is not None and self._clock is not None and self._clock() >= expires_at_ms


def signature_of(signed: Any) -> str:
    """Returns the signature of a form (its fields are in `fields`) or of an address."""
    if isinstance(signed, str):
        return _query(signed).get("X-Amz-Signature", "")
    return str(signed["fields"].get("x-amz-signature", ""))


def bucket_of(url: str) -> str:
    """Returns the bucket of an address by path (ministack) or by host (moto)."""
    address = urlsplit(url)
    return str(address.hostname).split(".")[0] if _is_moto(url) else address.path.split("/")[1]


def post(url: str, fields: Mapping[str, str], body: bytes) -> int:
    """Posts a form with a file as a browser does; returns the status."""
    if _is_moto(url) and (status := _refusal_of_form(bucket_of(url), fields, len(body))):
        return status
    names = [_part(f'name="{name}"', value.encode()) for name, value in fields.items()]
    file = _part('name="file"; filename="file"', body)
    content = b"".join([*names, file, f"--{_BOUNDARY}--\r\n".encode()])
    return _send("POST", url, {"Content-Type": f"multipart/form-data; boundary={_BOUNDARY}"}, content).status


def get(url: str, headers: Mapping[str, str]) -> Download:
    """Opens a presigned address as a browser does."""
    if _is_moto(url) and not hmac.compare_digest(_url_signature(url), signature_of(url)):
        return Download(403, b"")
    found = _send("GET", url, headers, None)
    # S3 says that an object is missing only if the role that signed may list the bucket, and none of ours may.
    return Download(403, b"") if found.status == 404 else found


def _is_moto(url: str) -> bool:
    return str(urlsplit(url).hostname).endswith(".amazonaws.com")


def _part(disposition: str, value: bytes) -> bytes:
    return f"--{_BOUNDARY}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n".encode() + value + b"\r\n"


def _send(method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Download:
    if _is_moto(url):
        request = AWSPreparedRequest(method, url, HTTPHeaders.from_dict(dict(headers)), body, False)
        answer: Any = botocore_stubber("before-send", request)
        return Download(answer.status_code, answer.content, {n.lower(): v for n, v in answer.headers.items()})
    if urlsplit(url).netloc != ministack.HOST:  # a server of its own, as tests/local has
        response = httpx.request(method, url, headers=dict(headers), content=body)
        return Download(response.status_code, response.content, dict(response.headers))
    status, answered, content = ministack.answer(method, url, headers, body or b"")
    return Download(status, content, {name.lower(): value for name, value in answered.items()})


# --- what S3 checks (S3 API reference, "Authenticating Requests: Browser-Based Uploads Using POST") -------------------


def _refusal_of_form(bucket: str, fields: Mapping[str, str], size: int) -> int | None:
    """Returns the status with which S3 refuses a form; None if it takes it."""
    given = {name.lower(): value for name, value in fields.items()}
    if not given.keys() >= _ALWAYS_SIGNED or given["x-amz-algorithm"] != ALGORITHM:
        return 403
    signature = _sign(given["x-amz-credential"], given["policy"])
    if not hmac.compare_digest(signature, given["x-amz-signature"]):
        return 403
    conditions = _conditions(given["policy"])
    sizes = [one for one in conditions if one[0] == "content-length-range"]
    if any(not int(least) <= size <= int(most) for _, least, most in sizes):
        return 400
    return None if _is_as_signed({**given, "bucket": bucket}, [one for one in conditions if one not in sizes]) else 403


def _conditions(policy: str) -> list[tuple[str, Any, Any]]:
    def each(condition: Any) -> Iterator[tuple[str, Any, Any]]:
        if isinstance(condition, dict):
            yield from (("eq", f"${name}", value) for name, value in condition.items())
        else:
            yield (condition[0], condition[1], condition[2])

    try:
        document = json.loads(base64.b64decode(policy, validate=True))
    except (binascii.Error, ValueError) as problem:
        raise AssertionError("a function signed a policy that cannot be read") from problem
    return [one for condition in document["conditions"] for one in each(condition)]


def _is_as_signed(given: Mapping[str, str], conditions: list[tuple[str, Any, Any]]) -> bool:
    """Says whether each condition holds, and whether each field has one."""
    named = {str(name).removeprefix("$").lower(): (how, value) for how, name, value in conditions}
    for name, (how, value) in named.items():
        actual = given.get(name)
        if actual is None or not (actual == value if how == "eq" else actual.startswith(value)):
            return False
    return not given.keys() - named.keys() - _NEVER_IN_A_POLICY - {"bucket"}


def _url_signature(url: str) -> str:
    """Returns the signature that an address must have (S3 API reference, "Using Query Parameters")."""
    address, given = urlsplit(url), _query(url)
    query = sorted(
        f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}"
        for name, value in given.items()
        if name != "X-Amz-Signature"
    )
    canonical = ["GET", address.path, "&".join(query), f"host:{address.netloc}", "", "host", "UNSIGNED-PAYLOAD"]
    hashed = hashlib.sha256("\n".join(canonical).encode()).hexdigest()
    credential = given.get("X-Amz-Credential", "")
    scope = credential.partition("/")[2]
    return _sign(credential, "\n".join([ALGORITHM, given.get("X-Amz-Date", ""), scope, hashed]))


def _sign(credential: str, text: str) -> str:
    """Signs a text with the functions' key, for the day, the region and the service of a credential."""
    key = f"AWS4{os.environ['AWS_SECRET_ACCESS_KEY']}".encode()
    key_id, *scope = credential.split("/")
    if key_id != os.environ["AWS_ACCESS_KEY_ID"]:
        return ""
    for part in [*scope, text]:
        key = hmac.digest(key, part.encode(), "sha256")
    return key.hex()


def _query(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
