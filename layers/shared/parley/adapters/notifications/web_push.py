"""Web Push: one POST to the push service of a browser (RFC 8030), through the guarded HTTP client."""

import secrets
from collections.abc import Mapping

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from parley.adapters import environment
from parley.adapters.notifications import vapid
from parley.adapters.notifications.encrypted_content import AUTH_BYTES, SALT_BYTES, WrongPoint, encrypt, new_key
from parley.adapters.notifications.outcomes import Outcome
from parley.adapters.outbound import http
from parley.domain.notifications.notice import Device
from parley.domain.notifications.payloads import LIFE_S, Urgency
from parley.domain.notifications.push_devices import octets
from parley.domain.notifications.push_services import is_allowed
from parley.domain.notifications.vapid_keys import WeakSecret

TIMEOUT_S = 5.0  # of one push, from its start to the end of the answer
MAX_ANSWER_BYTES = 1_024
MAX_RETRY_AFTER_S = 24 * 3_600
_GONE = {404, 410}
_PASSING = {"timed_out", "unreachable", "unresolvable"}

logger = Logger()


def check_endpoint(endpoint: str) -> None:
    """Raises http.Refused for an endpoint that no push may go to: as of `http.check_url`, or unknown_push_service.

    The rule of services is this one's (WebPushServices): a person could have their pushes sent to a server that never
    answers, and pushes to others would wait for it.
    """
    target = http.check_url(endpoint)
    services = environment.required("WEB_PUSH_SERVICES").split()
    if not (http.is_loopback(target) or is_allowed(target.host, services)):
        raise http.Refused("unknown_push_service")


def post(device: Device, content: bytes, *, topic: str, urgency: Urgency, now_s: int) -> Outcome:
    """Posts a content to a browser, encrypted for it; one call, `TIMEOUT_S` at most.

    `topic` has up to 32 characters of base64url: a later push of a topic replaces an earlier one that waits.
    """
    if not vapid.is_on():
        return Outcome(state="refused", answer="web_push_off")
    try:
        authorization = vapid.authorization(device.endpoint or "", now_s)
        body = _body(device, content)
    except (BotoCoreError, ClientError, WeakSecret):
        logger.exception("vapid_key_unavailable", code="vapid_key_unavailable")
        return Outcome(state="failed", answer="vapid_key_unavailable")
    except WrongPoint:
        return Outcome(state="refused", answer="wrong_key")
    headers = {
        "authorization": authorization,
        "content-encoding": "aes128gcm",
        "content-type": "application/octet-stream",
        "ttl": str(LIFE_S),
        "topic": topic,
        "urgency": urgency,
    }
    try:
        answer = http.post(device.endpoint or "", headers, body, timeout_s=TIMEOUT_S, max_bytes=MAX_ANSWER_BYTES)
    except http.Refused as refused:
        return Outcome(state="failed" if refused.code in _PASSING else "refused", answer=refused.code)
    return _outcome(answer.status, answer.headers)


def _body(device: Device, content: bytes) -> bytes:
    auth = octets(device.auth or "")
    if len(auth) != AUTH_BYTES:
        raise WrongPoint("the secret of a subscription has 16 bytes")
    salt = secrets.token_bytes(SALT_BYTES)
    return encrypt(content, octets(device.p256dh or ""), auth, salt=salt, key=new_key())


def _outcome(status: int, headers: Mapping[str, str]) -> Outcome:
    if 200 <= status < 300:
        return Outcome(state="sent", answer=str(status))
    if status in _GONE:
        return Outcome(state="gone", answer=str(status))
    if status == 429 or status >= 500:
        return Outcome(state="failed", answer=str(status), retry_after_s=_seconds(headers.get("retry-after", "")))
    return Outcome(state="refused", answer=str(status))


def _seconds(text: str) -> int | None:
    """Returns the seconds of a header `Retry-After`. As a date it says nothing: push services send seconds."""
    return min(int(text), MAX_RETRY_AFTER_S) if text.isascii() and text.isdigit() and len(text) <= 9 else None
