"""Pushing notices to devices: browsers by Web Push, apps by SNS, and the topic of a host that pushes itself."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct

from parley.adapters.notifications import devices, mobile, web_push
from parley.adapters.notifications.outcomes import Outcome, State
from parley.adapters.threads import Threads
from parley.domain.notifications import payloads
from parley.domain.notifications.notice import Device, Fault, Notice, Recipient
from parley.domain.notifications.push_devices import MAX_FAULT_CHARACTERS

MAX_AT_ONCE = mobile.MAX_AT_ONCE  # threads; each waits for the network nearly all of its time
LANES = 2  # pushes to one person that are made at the same time
DEADLINE_S = 15  # no push begins later than this after the first; the last one then ends within 5 s
OUR_OWN = frozenset({"no_time", "vapid_key_unavailable", "web_push_off"})  # answers that say nothing of the device
HOST = "#host"  # the device id of a push to the host's topic; no client can choose it

_pushes = Threads(max_workers=MAX_AT_ONCE, thread_name_prefix="push")


class Pushed(Struct, frozen=True, kw_only=True):
    """The outcome of a push to one device, as `Outcome` has it."""

    user_id: str
    device_id: str
    state: State
    answer: str
    retry_after_s: int | None = None


class _Push(Struct, frozen=True):
    user_id: str
    device: Device | None  # None: the host's topic
    call: Callable[[], Outcome]


def reaches(recipient: Recipient) -> bool:
    """Says whether a push can reach a person: they have a device, or the host pushes itself."""
    return bool(recipient.devices) or _tells_host(recipient)


def count_of(recipient: Recipient) -> int:
    """Returns how many pushes `push` makes to tell a person of one notice."""
    return len(recipient.devices) + _tells_host(recipient)


def _tells_host(recipient: Recipient) -> bool:
    return recipient.at_host and bool(mobile.host_topic())


def closes(devices: Iterable[Device]) -> bool:
    """Says whether `close` has anybody to tell."""
    return any(device.kind != "web_push" for device in devices) or bool(mobile.host_topic())


def push(to: Sequence[tuple[Recipient, Notice, int]], now_ms: int) -> list[Pushed]:
    """Pushes each notice to all devices of its recipient, with their unread total; returns an outcome for each push.

    One call for each push, up to `MAX_AT_ONCE` at the same time, `LANES` of one person; what has not begun after
    `DEADLINE_S` is `failed`. One failure never stops another. Devices that are gone are removed, and it is noted that
    one takes no pushes any more, or takes them again: two round trips for each person who has one.
    """
    return _run(
        [each for recipient, notice, badge in to for each in _pushes_of(recipient, notice, badge, now_ms // 1000)],
        now_ms,
    )


def close(user_id: str, to: Iterable[Device], conversation_id: str, badge: int) -> list[Pushed]:
    """Tells a person's apps to take the notices of a conversation away, and shows nothing; one call for each app.

    Browsers get none: they punish a Web Push that shows nothing, so a page closes its notices by events.
    """
    closing = []
    for device in to:
        if device.kind != "web_push":
            closing.append(_Push(user_id, device, _closing(device, conversation_id, badge)))
    if mobile.host_topic():
        message = payloads.host_close(user_id, conversation_id, badge)
        closing.append(_Push(user_id, None, lambda: mobile.publish_to_host(message)))
    return _run(closing)


def _pushes_of(recipient: Recipient, notice: Notice, badge: int, now_s: int) -> list[_Push]:
    found = [_Push(recipient.user_id, device, _telling(device, notice, badge, now_s)) for device in recipient.devices]
    if _tells_host(recipient):
        message = payloads.host(recipient.user_id, notice, badge)
        found.append(_Push(recipient.user_id, None, lambda: mobile.publish_to_host(message)))
    return found


def _telling(device: Device, notice: Notice, badge: int, now_s: int) -> Callable[[], Outcome]:
    if device.kind == "web_push":
        content, urgency = payloads.web_push(notice, badge), payloads.urgency(notice.kind)
        return lambda: web_push.post(device, content, topic=notice.topic, urgency=urgency, now_s=now_s)
    payload = (payloads.apns if device.kind == "apns" else payloads.fcm)(notice, badge)
    return lambda: mobile.publish_alert(device.endpoint or "", payload, notice.topic)


def _closing(device: Device, conversation_id: str, badge: int) -> Callable[[], Outcome]:
    payload = (payloads.apns_close if device.kind == "apns" else payloads.fcm_close)(conversation_id, badge)
    return lambda: mobile.publish_background(device.endpoint or "", payload)


def _run(pushes: Sequence[_Push], now_ms: int | None = None) -> list[Pushed]:
    """Pushes, and returns the outcomes; with `now_ms` it notes which devices take pushes."""
    until_s = time.monotonic() + DEADLINE_S
    outcomes: dict[int, Outcome] = {}

    def call(lane: Sequence[int]) -> None:
        for number in lane:
            in_time = time.monotonic() < until_s
            outcomes[number] = pushes[number].call() if in_time else Outcome(state="failed", answer="no_time")

    lanes = _lanes(pushes)
    # A single push needs no thread.
    list(map(call, lanes) if len(lanes) < 2 else _pushes.map(call, lanes))
    gone: defaultdict[str, list[Device]] = defaultdict(list)
    noted: defaultdict[str, dict[Device, Fault | None]] = defaultdict(dict)
    for number, each in enumerate(pushes):
        if each.device is None:
            continue
        if outcomes[number].state == "gone":
            gone[each.user_id].append(each.device)
        elif now_ms is not None and _is_news(each.device, outcomes[number]):
            noted[each.user_id][each.device] = _fault(outcomes[number], now_ms)
    list(_pushes.map(_remove, gone.items()))
    list(_pushes.map(lambda each: devices.note_faults(*each), noted.items()))
    return [
        Pushed(
            user_id=each.user_id,
            device_id=HOST if each.device is None else each.device.device_id,
            state=outcomes[number].state,
            answer=outcomes[number].answer,
            retry_after_s=outcomes[number].retry_after_s,
        )
        for number, each in enumerate(pushes)
    ]


def _is_news(device: Device, outcome: Outcome) -> bool:
    """Says whether a push ended otherwise than the one before it: only that is written down."""
    if outcome.answer in OUR_OWN:
        return False
    before = device.fault
    return outcome.state != ("sent" if before is None else before.state)


def _fault(outcome: Outcome, now_ms: int) -> Fault | None:
    if outcome.state not in ("failed", "refused"):
        return None
    return Fault(state=outcome.state, answer=outcome.answer[:MAX_FAULT_CHARACTERS], since_ms=now_ms)


def _lanes(pushes: Sequence[_Push]) -> list[list[int]]:
    """Returns the numbers of pushes in lanes, of which each is done one after the other.

    A person has `LANES`, so one with many slow devices waits for them alone. All first lanes come before the second.
    """
    of_people: defaultdict[str, list[list[int]]] = defaultdict(list)
    for number, each in enumerate(pushes):
        lanes = of_people[each.user_id]
        if len(lanes) < LANES:
            lanes.append([])
        min(lanes, key=len).append(number)
    return [lanes[turn] for turn in range(LANES) for lanes in of_people.values() if turn < len(lanes)]


def _remove(user_id_and_gone: tuple[str, list[Device]]) -> None:
    """Removes a person's devices that are gone, first at SNS: a token that comes again gets an endpoint that works."""
    user_id, gone = user_id_and_gone
    mobile.delete_endpoints(device.endpoint or "" for device in gone if device.kind != "web_push")
    devices.remove_gone(user_id, gone)
