"""The contents of pushes: what a web page's service worker, an app and a host's own server get. No AWS, no clock."""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from parley.domain.notifications.notice import Kind, Notice

Urgency = Literal["low", "normal", "high"]  # RFC 8030, section 5.3

LIFE_S = 24 * 3_600  # for which a push service keeps a push for a device that it does not reach
_URGENCY: Mapping[Kind, Urgency] = {"missed_call": "high", "reaction": "low"}


def urgency(kind: Kind) -> Urgency:
    """Returns how soon a device with little battery should be told."""
    return _URGENCY.get(kind, "normal")


def content(notice: Notice, badge: int) -> dict[str, Any]:
    """Returns a notice as every receiver of a push gets it; `badge` is the person's unread total.

    Only a notice by a rule of the desk has a `rule_id`.

    Without control characters, and so 1,600 bytes at most: below all limits of push services.
    """
    return {
        "kind": notice.kind,
        "conversation_id": notice.conversation_id,
        "message_id": notice.message_id,
        "title": _one_line(notice.title),
        "text": _one_line(notice.text),
        "count": notice.count,
        "badge": badge,
        **({} if notice.rule_id is None else {"rule_id": notice.rule_id}),
    }


def web_push(notice: Notice, badge: int) -> bytes:
    """Returns the content of a Web Push, before its encryption."""
    return msgspec.json.encode(content(notice, badge))


def apns(notice: Notice, badge: int) -> str:
    """Returns the payload for APNs. A conversation's notices are one thread."""
    shown = content(notice, badge)
    alert = {"title": shown.pop("title"), "body": shown.pop("text")}
    aps = {"alert": alert, "badge": badge, "sound": "default", "thread-id": notice.conversation_id}
    return _json({"aps": aps, **shown})


def apns_close(conversation_id: str, badge: int) -> str:
    """Returns the payload of a background push, by which an app takes a conversation's notices away.

    The badge is beside `aps`, because `aps` must not change the badge in a background push.
    """
    return _json({"aps": {"content-available": 1}, **_closed(conversation_id, badge)})


def fcm(notice: Notice, badge: int) -> str:
    """Returns the payload for FCM's HTTP v1 API, as SNS takes it. A later notice of a topic replaces an earlier one."""
    shown = content(notice, badge)
    alert = {"title": shown.pop("title"), "body": shown.pop("text")}
    android = {
        "collapse_key": notice.topic,
        "priority": "normal" if urgency(notice.kind) == "low" else "high",
        "ttl": f"{LIFE_S}s",
        "notification": {"tag": notice.topic, "notification_count": badge},
    }
    return _fcm({"notification": alert, "data": _texts(shown), "android": android})


def fcm_close(conversation_id: str, badge: int) -> str:
    """Returns the payload of a data message, by which an app takes a conversation's notices away."""
    android = {"collapse_key": f"close-{conversation_id}", "priority": "normal", "ttl": f"{LIFE_S}s"}
    return _fcm({"data": _texts(_closed(conversation_id, badge)), "android": android})


def host(user_id: str, notice: Notice, badge: int) -> str:
    """Returns the message on the topic of a host that pushes itself."""
    return _json({"type": "push", "user_id": user_id, **content(notice, badge)})


def host_close(user_id: str, conversation_id: str, badge: int) -> str:
    """Returns the message that tells such a host to take a conversation's notices away."""
    return _json({"type": "close", "user_id": user_id, **_closed(conversation_id, badge)})


def _closed(conversation_id: str, badge: int) -> dict[str, Any]:
    return {"close": conversation_id, "badge": badge}


def _fcm(message: Mapping[str, Any]) -> str:
    return _json({"fcmV1Message": {"message": message}})


def _texts(values: Mapping[str, Any]) -> dict[str, str]:
    """Returns the values as texts: FCM takes no others in `data`."""
    return {name: str(value) for name, value in values.items() if value is not None}


def _one_line(text: str) -> str:
    """Returns a text with a space in place of each character that JSON writes with six."""
    return "".join(" " if each < " " else each for each in text)


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
