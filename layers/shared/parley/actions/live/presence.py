"""Presence: devices connect, stay by pinging, and go; people who share a direct conversation are told."""

from collections.abc import Iterable

from msgspec import Struct

from parley.actions import leases, named, push, sweep
from parley.actions.parallel import in_parallel
from parley.actions.sweep import Run, Sweep
from parley.adapters import limits
from parley.adapters.conversations import conversations
from parley.adapters.dynamodb import admission, conditions, retrying
from parley.adapters.live import connections, sockets
from parley.adapters.people import account_states, agents, blocks
from parley.domain.api import ids
from parley.domain.api.errors import Suspended, TooMany, Unauthenticated
from parley.domain.api.identity import is_reserved
from parley.domain.api.request import Request
from parley.domain.api.times import rfc3339
from parley.domain.api.types import NamedUser, UserStatus
from parley.domain.conversations.events import UserStatusChange
from parley.domain.conversations.listing import Entry
from parley.domain.live import visibility
from parley.domain.live.posts import Unasked
from parley.domain.live.presence import MAX_SILENCE_S, Connection, Presence

MAX_WATCHERS = 100  # most recent conversations whose other sides are told of a change (bounded, never everyone)
MAX_KNOWN = 1000  # most recent conversations in which the caller's acquaintances are looked up


class Pong(Struct, frozen=True, kw_only=True):
    """The answer to a ping: the end of the lease, and the conversations that the device has joined."""

    expires_at: str
    joined: list[str]


class TakenInAgain(Pong, Unasked, frozen=True, kw_only=True):
    """The answer to a ping of a device that counted as gone: it must join its conversations again."""


class StatusList(Struct, frozen=True):
    """The status of the people whom the caller may ask about; others are left out, whether they exist or not."""

    statuses: list[UserStatus]
    users: dict[str, NamedUser]


def connect(request: Request) -> None:
    """Records a new device of the caller and, if it is the only one, tells the watchers; raises TooMany.

    Five round trips at most. A try that died before its posts leaves its device in the row; `is_announced` makes the
    next try tell the watchers anyway.
    """
    person = _admit(request)
    _check_sign_in(request)
    is_first = {connection.connection_id for connection in person.live(request.now_s)} == {request.device_id}
    if is_first or not person.is_announced:
        _announce(request, person)


def _admit(request: Request) -> Presence:
    """Writes the calling device's connection, in place of dead ones if there is no room; raises TooMany."""
    while True:
        try:
            return connections.save(request.user_id, _connection(request), limits.current().connections)
        except connections.Full as full:
            if not _make_room(request, full.person):
                raise _too_many(request, full.person) from None


def _make_room(request: Request, person: Presence) -> bool:
    """Forgets the devices whose lease has ended; if there are none, those that API Gateway does not know any more.

    Returns False if there are none of either. Two round trips.
    """
    if len(person.live(request.now_s)) < len(person.connections):
        _forget_dead(request, person)
        return True
    gone = _gone(request, person)
    if gone:  # not forgotten if one has pinged meanwhile: then `connections.save` finds the row as it is now
        connections.forget(person.user_id, gone, last_seen_ms=person.last_sign_ms())
    return bool(gone)


def _gone(request: Request, person: Presence) -> list[Connection]:
    """Returns the live devices of a person that API Gateway does not know any more: nobody reported their end."""
    asked = [
        connection for connection in person.live(request.now_s) if not connection.may_be_connecting(request.now_ms)
    ]
    gone = sockets.gone(connection.connection_id for connection in asked)
    return [connection for connection in asked if connection.connection_id in gone]


def _check_sign_in(request: Request) -> None:
    """Removes the calling device if its user was signed out or suspended meanwhile. One round trip.

    Raises Unauthenticated or Suspended. Both are written before the devices are read and closed. So either this device
    is found there, or this read finds the row.
    """
    try:
        account_states.check_again()
    except (Unauthenticated, Suspended):
        with admission.harmless():
            connections.remove(request.user_id, request.device_id)
        raise


def check_room(request: Request) -> None:
    """Raises TooMany if the caller's devices are as many as may be, as `$connect` would.

    One round trip; two if the devices are so many, to ask API Gateway which of them it still knows.
    """
    person = connections.of([request.user_id])[request.user_id]
    most = limits.current().connections
    live = len(person.live(request.now_s))
    if live >= most and live - len(_gone(request, person)) >= most:
        raise _too_many(request, person)


def _too_many(request: Request, person: Presence) -> TooMany:
    live = person.live(request.now_s)
    # API Gateway ends a silent connection sooner than its lease ends, and is asked then.
    silent_until_ms = request.now_ms + MAX_SILENCE_S * 1000
    first_ends_ms = min((connection.until_s * 1000 for connection in live), default=request.now_ms)
    return TooMany(
        "too_many_connections",
        f"You are connected with {len(live)} devices, the most allowed; close one first.",
        rule="connections",
        retry_after_ms=max(0, min(first_ends_ms, silent_until_ms) - request.now_ms),
    )


def _announce(request: Request, person: Presence) -> None:
    _tell_watchers(request, person)
    connections.mark_online(request.user_id)


def ping(request: Request) -> Pong:
    """Keeps the calling device, and records it again if it counted as gone.

    One round trip, two if little is left of its lease, or if the device connected a moment ago.
    """
    person = leases.renew(request, _own_devices(request))
    if person is None:
        connect(request)
        return TakenInAgain(expires_at=rfc3339(_connection(request).until_s * 1000), joined=[])
    if not person.is_announced:
        _announce(request, person)
    return next(_pong(connection) for connection in person.connections if connection.connection_id == request.device_id)


def _own_devices(request: Request) -> Presence:
    """Returns the caller's devices, which may be a moment old, for half the price.

    An older lease is renewed once too often at worst. Strongly consistent if the calling device is not among them, or
    nobody was told that the caller came: more follows from these.
    """
    person = connections.of([request.user_id], stale=True)[request.user_id]
    if person.is_announced and person.device(request.connection_id) is not None:
        return person
    return connections.of([request.user_id])[request.user_id]


def close(request: Request, user_id: str, connection_id: str | None = None) -> None:
    """Closes one connection of a person, or all of them, live or not; after the last one, tells the watchers.

    Two round trips, one for each connection, and those of a leave. It tells the watchers even if nothing is left to
    close, because an earlier try may have died before its posts.
    """
    left = connections.of([user_id])[user_id]
    closed = [
        connection.connection_id for connection in left.connections if connection_id in (None, connection.connection_id)
    ]
    sockets.close_all(closed)
    for device in closed:
        left = connections.remove(user_id, device, last_seen_ms=request.now_ms) or left
    if left.is_watched and not left.connections:
        _leave(request, left, last_seen_ms=request.now_ms)


def disconnect(request: Request) -> None:
    """Deletes a device of the caller and, if it was the last one, tells the watchers.

    A device that was gone already (a post found it gone, or an earlier try died here) may still have been the last.
    The agents who have the same tickets open learn that an agent is gone: one read more for an agent.
    """
    tickets = _open_tickets(request)
    left = connections.remove(request.user_id, request.device_id, last_seen_ms=request.now_ms)
    person = left or connections.of([request.user_id])[request.user_id]
    if person.is_watched and not person.connections:
        # If the device was gone already, its row says when the user was last online.
        last_seen_ms = request.now_ms if left is not None else person.last_seen_ms or request.now_ms
        _leave(request, person, last_seen_ms=last_seen_ms)
    if tickets:
        from parley.actions.live import ticket_viewers  # most people have no tickets open

        gone = tickets - _tickets_on(person.live(request.now_s))
        ticket_viewers.forget(request.user_id, gone)
        ticket_viewers.tell_gone(request, gone)


def _open_tickets(request: Request) -> frozenset[str]:
    """Returns the tickets that the calling device of an agent has open, none for others; one round trip, or none."""
    if not agents.is_agent(request.caller.role):
        return frozenset()
    device = connections.of([request.user_id])[request.user_id].device(request.device_id)
    return _tickets_on([] if device is None else [device])


def _tickets_on(devices: Iterable[Connection]) -> frozenset[str]:
    return frozenset(opened for device in devices for opened in device.joined if ids.is_ticket_id(opened))


def get_presence(request: Request, user_ids: Iterable[str]) -> StatusList:
    """Returns the status of people with whom the caller shares a direct conversation, or of the caller.

    A caller who hides when they were last online does not see it of others. Users who have blocked the caller, or whom
    the caller has blocked, are left out, as are pseudonyms. Two round trips, three if many have blocked the caller.
    """
    known = {entry.peer_id for entry in recent(request.user_id, MAX_KNOWN)} | {request.user_id}
    wanted = [user_id for user_id in dict.fromkeys(user_ids) if user_id in known and not is_reserved(user_id)]
    if not wanted:
        return StatusList([], {})
    (unseen, people), seen = in_parallel(
        lambda: push.beside(lambda: blocks.cut_off(request.user_id, wanted), [*wanted, request.user_id]),
        lambda: named.read_known(request, wanted),
    )
    people = [
        (leases.renew(request, person) or person) if person.user_id == request.user_id else person for person in people
    ]
    to_hider = any(person.hides_last_seen for person in people if person.user_id == request.user_id)
    asked = [person for person in people if person.user_id in wanted and person.user_id not in unseen]
    return StatusList(
        [person.status(request.now_s, to_hider=to_hider) for person in asked],
        named.users(request, (person.user_id for person in asked), seen),
    )


def _sweep_person(request: Request, run: Run, key: tuple[str, ...], read: Presence | None) -> int:
    """Deletes and closes each connection of a person whose lease or token has expired, and tells the watchers.

    Returns how many. After a kill, an unfinished person stays in the index, and the next sweep finds them there.
    """
    [user_id] = key
    # Not `of`: it repairs a row that is unreadable as a whole, so that the sweep is done with it.
    person = read or connections.read_presence(user_id)
    if not person.is_watched:  # another run was faster
        return 0
    left, forgotten, left_open = _forget_dead(request, person)
    run.failed(left_open)
    if left.connections:
        connections.sweep_again(user_id, min(connection.until_s for connection in left.connections))
    else:
        _leave(request, left, last_seen_ms=person.last_sign_ms())
    return forgotten


SWEEP = Sweep(
    kind="presence",
    names=("user_id",),
    due=lambda request: ((user_id,) for user_id in connections.due(request.now_s)),
    read=lambda keys: {(user_id,): person for user_id, person in connections.readable(key[0] for key in keys).items()},
    sweep_one=_sweep_person,
    put_off=lambda request, key: connections.put_off(key[0], request.now_s),
)


def clear_stale_presence(request: Request, run: Run) -> int:
    """Deletes and closes the connections whose lease or token has expired; returns how many."""
    return sweep.sweep_due(request, run, SWEEP)


def _forget_dead(request: Request, person: Presence) -> tuple[Presence, int, int]:
    """Deletes and closes the dead devices of a person; two round trips.

    Returns the remaining presence, and the numbers of deleted devices and of those that could not be closed.
    """
    for _ in conditions.tries():
        dead = [connection for connection in person.connections if not connection.is_live(request.now_s)]
        if not dead:
            return person, 0, 0
        # No ping renews an expired token, and a deleted connection could not be found again. So close these first.
        expired = [connection.connection_id for connection in dead if connection.token_s <= request.now_s]
        left_open = sockets.close_all(expired)
        left = connections.forget(person.user_id, dead, last_seen_ms=person.last_sign_ms())
        if left is not None:
            left_open += sockets.close_all(
                connection.connection_id for connection in dead if connection.connection_id not in expired
            )
            return left, len(dead), left_open
        person = connections.of([person.user_id])[person.user_id]  # a device has pinged, or another sweep was faster
    raise retrying.busy()


def _leave(request: Request, person: Presence, last_seen_ms: int | None) -> None:
    """Tells the watchers that a person without connections is gone, then removes them from the sweep's index.

    The order matters: after a kill in between, the sweep finds the person again and tells once more, which is harmless.
    """
    gone = Presence(user_id=person.user_id, last_seen_ms=last_seen_ms, hides_last_seen=person.hides_last_seen)
    _tell_watchers(request, gone)
    for ticket_id in person.looked_at:
        connections.look_away(person.user_id, ticket_id)
    if not connections.mark_offline(person.user_id, last_seen_ms):
        back = connections.of([person.user_id])[person.user_id]
        if back.live(request.now_s):  # they came back meanwhile
            _tell_watchers(request, back)


def _tell_watchers(request: Request, person: Presence) -> None:
    """Posts a person's status to the other sides of their `MAX_WATCHERS` most recent conversations.

    Not to users who have blocked the person, nor to users whom the person has blocked.
    """
    entries = recent(person.user_id, MAX_WATCHERS)
    watchers = {entry.peer_id for entry in entries if entry.peer_id is not None}
    if not watchers:
        return
    # A watcher who is not told of a leave finds out when the status of before expires. Nothing ends a missed coming.
    is_leave = not person.connections
    unseen, people = push.beside(lambda: blocks.cut_off(person.user_id, watchers), watchers, stale=is_leave)
    audience = visibility.of_status(person.user_id, watchers, unseen)
    for hides in (False, True):
        told = [watcher for watcher in people if watcher.hides_last_seen is hides]
        status = UserStatusChange.of(person.status(request.now_s, to_hider=hides))
        status = named.told_by_caller(request, status)
        push.tell_present_each(request, told, audience.frames(status))


def recent(user_id: str, limit: int) -> list[Entry]:
    """Returns up to `limit` of a person's most recent conversations; one round trip.

    Archived ones are among them: archiving a conversation does not hide presence from its other side.
    """
    active, archived = in_parallel(
        lambda: conversations.recent(user_id, limit), lambda: conversations.recent(user_id, limit, archived=True)
    )
    return sorted([*active, *archived], key=lambda entry: entry.active_hour, reverse=True)[:limit]


def _pong(device: Connection) -> Pong:
    return Pong(expires_at=rfc3339(device.until_s * 1000), joined=sorted(device.joined))


def _connection(request: Request) -> Connection:
    return Connection(
        connection_id=request.device_id,
        lease_s=request.now_s + limits.heartbeat().lease_s,
        sign_s=request.now_s,
        token_s=request.caller.expires_at_s,
        since_ms=request.connected_at_ms,
        issued_at_s=request.caller.issued_at_s,
    )
