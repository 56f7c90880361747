"""Connected people and their devices: one row per person, so that a conversation's devices are one batch away."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from pynamodb.exceptions import PutError, UpdateError
from pynamodb.expressions.condition import Condition, size
from pynamodb.expressions.operand import Path
from pynamodb.expressions.update import Action

from parley.adapters.dynamodb import batches, conditions, tables, unreadable
from parley.adapters.dynamodb.due import due_rows
from parley.domain.api.errors import Conflict, NotFound
from parley.domain.live.presence import MAX_JOINED, Connection, Presence
from parley.domain.live.sweeps import shard, shards


class Full(Exception):
    """A person has as many connections as they may; `person` lists them."""

    def __init__(self, person: Presence) -> None:
        super().__init__(person.user_id)
        self.person = person


def of(user_ids: Iterable[str], *, stale: bool = False) -> dict[str, Presence]:
    """Returns the presence of each person, strongly consistent; one round trip per 100 people, at once.

    Consistent, because a device that has connected and then read must be told of every later write. With `stale` they
    may be a moment old, which costs half: for what a device finds out by itself if it is not told.
    A person whose row is unreadable has no devices: events for many people must not fail because of one.
    """
    wanted = list(dict.fromkeys(user_ids))
    found = readable(wanted, stale=stale)
    return {user_id: found.get(user_id) or Presence(user_id=user_id) for user_id in wanted}


def around_ticket(ticket_id: str, user_ids: Iterable[str]) -> tuple[list[Presence], set[str]]:
    """Returns what `of` does, and the agents who have a ticket open, or had it open a while ago; one round trip."""
    wanted, key = list(dict.fromkeys(user_ids)), _ticket_key(ticket_id)
    rows = batches.read_rows({tables.Connections: [*((user_id,) for user_id in wanted), key]})
    found = _found(rows, wanted)
    return [found.get(user_id) or Presence(user_id=user_id) for user_id in wanted], _viewers(rows, ticket_id)


def viewers_of(ticket_ids: Iterable[str]) -> dict[str, set[str]]:
    """Returns the agents who have each of these tickets open, or had it open a while ago; one round trip."""
    wanted = list(ticket_ids)
    rows = batches.read_rows({tables.Connections: map(_ticket_key, wanted)})
    return {ticket_id: _viewers(rows, ticket_id) for ticket_id in wanted}


def _ticket_key(ticket_id: str) -> tuple[str]:
    return (f"#{ticket_id}",)  # no id of a person holds a `#`


def _viewers(rows: batches.Rows, ticket_id: str) -> set[str]:
    try:
        row = rows.get(tables.Connections, *_ticket_key(ticket_id))
    except unreadable.ERRORS:
        unreadable.report("connections", [ticket_id])
        return set()
    return set() if row is None else set(row.viewers or ())


def look_on(user_id: str, ticket_id: str) -> set[str]:
    """Notes that a device of an agent has a ticket open, and returns all agents noted there; one round trip.

    After `join`, which notes it in the agent's own row: so that row always tells where to forget the agent.
    """
    [key] = _ticket_key(ticket_id)
    row = tables.Connections(key)
    column = tables.Connections.connections
    row.update(actions=[tables.Connections.viewers.add({user_id}), column.set(column | {})])
    return set(row.viewers or ())


def look_away(user_id: str, ticket_id: str) -> None:
    """Notes that no device of an agent has a ticket open any more; two round trips.

    First in the ticket's row: after a death in between, the agent's own still tells where to forget them.
    """
    [key] = _ticket_key(ticket_id)
    _settle(key, [tables.Connections.viewers.delete({user_id})], tables.Connections.user_id.exists())
    _settle(user_id, [tables.Connections.looked_at.delete({ticket_id})], tables.Connections.user_id.exists())


def readable(user_ids: Iterable[str], *, stale: bool = False) -> dict[str, Presence]:
    """Returns what `of` does, without the people whose rows are unreadable; reports unreadable rows and devices."""
    wanted = list(dict.fromkeys(user_ids))
    models = (tables.Connections,) if stale else ()
    rows = batches.read_rows({tables.Connections: [(user_id,) for user_id in wanted]}, stale=models)
    return _found(rows, wanted)


def _found(rows: batches.Rows, wanted: Iterable[str]) -> dict[str, Presence]:
    """Returns the people in a batch whose rows can be read; reports the others, and damaged devices."""
    found = {user_id: person for user_id in wanted if (person := _readable(rows, user_id)) is not None}
    damaged = [user_id for user_id in wanted if user_id not in found or not found[user_id].is_readable]
    unreadable.report("connections", damaged)
    return found


def read_presence(user_id: str) -> Presence:
    """Returns the presence of one person, and repairs a row that is unreadable as a whole.

    One round trip; three with a repair.
    """
    for _ in conditions.tries():
        rows = batches.read_rows({tables.Connections: [(user_id,)]})
        try:
            return _presence(user_id, rows.get(tables.Connections, user_id))
        except unreadable.ERRORS:
            _repair(user_id, rows.item(tables.Connections, user_id) or {})
    raise conditions.busy()


def _repair(user_id: str, item: Mapping[str, Any]) -> None:
    """Replaces the damaged attributes of a person's row, and keeps the others; does nothing if it has changed since.

    Without devices its user is offline, and their clients connect again. If it cannot be read whether they hide when
    they were last here, they do.
    """
    unreadable.report("connections", [user_id])
    row = tables.Connections
    optional = (row.last_seen_ms, row.hides_last_seen, row.announced, row.looked_at)
    damaged = [each for each in optional if each.attr_type not in item.get(each.attr_name, {each.attr_type: None})]
    actions: list[Action] = [each.set(True) if each is row.hides_last_seen else each.remove() for each in damaged]
    condition = row.user_id.exists()
    for each in damaged:
        condition &= ~Path(each).is_type(each.attr_type)
    if row.connections.attr_type not in item.get("connections", {}):
        actions.append(row.connections.set({}))
        condition &= ~Path(row.connections).is_type("M")
    _settle(user_id, actions, condition)


def has_device(rows: batches.Rows, user_id: str, connection_id: str) -> bool:
    """Says whether a person's device is in a batch; not if their row is unreadable."""
    person = _readable(rows, user_id)
    return person is not None and any(device.connection_id == connection_id for device in person.connections)


def save(user_id: str, connection: Connection, most: int) -> Presence:
    """Writes a device's connection and returns the person's presence with it; raises Full beyond `most` of them.

    One round trip, two for a newcomer. The row counts the connections, however many come at once.
    """
    added = _add_device(user_id, connection, most) or _add_person(user_id, connection)
    if added is not None:
        return added
    person = read_presence(user_id)  # not `of`: it repairs a row that is unreadable as a whole
    is_in = any(known.connection_id == connection.connection_id for known in person.connections)
    if len(person.connections) >= most and not is_in:  # it is present if botocore has just written it twice
        raise Full(person)
    return save(user_id, connection, most)  # another first device was faster, or one has just left


def _add_device(user_id: str, connection: Connection, most: int) -> Presence | None:
    """Writes a connection into the row of a person who has one; None if the row is missing or full."""
    device = Path(["connections", connection.connection_id])
    has_room = device.exists() | (size(tables.Connections.connections) < most)
    actions: list[Action] = [
        device.set(_stored(connection)),
        tables.Connections.sweep_shard.set(shard("presence", user_id)),
        # Not moved forward: the lease of another device may end sooner.
        tables.Connections.sweep_at_s.set(tables.Connections.sweep_at_s | connection.until_s),
    ]
    return _update(user_id, actions, Path(tables.Connections.connections).is_type("M") & has_room)


def _add_person(user_id: str, connection: Connection) -> Presence | None:
    """Writes the row of a person who has none; None if it exists."""
    row = tables.Connections(
        user_id=user_id,
        connections={connection.connection_id: _stored(connection)},
        sweep_shard=shard("presence", user_id),
        sweep_at_s=connection.until_s,
    )
    try:
        row.save(condition=tables.Connections.user_id.does_not_exist())
    except PutError as error:
        if conditions.failed_condition(error):
            return None
        raise
    return _presence(user_id, row)


def _stored(connection: Connection) -> dict[str, Any]:
    return {
        "lease_s": connection.lease_s,
        "token_s": connection.token_s,
        "since_ms": connection.since_ms,
        "issued_at_s": connection.issued_at_s,
        "sign_s": connection.sign_s,
        "joined": dict.fromkeys(sorted(connection.joined), True),
    }


def renew(person: Presence, connection_id: str, now_s: int, lease_s: int) -> Presence | None:
    """Lets a device's lease go on until `lease_s`, and the sweep look when the first of the person's leases ends.

    Returns the person's presence; None if the connection is no longer known. One round trip, 3 write units: the
    sweep's index entry moves too.
    """
    device = Path(["connections", connection_id])
    ends = [connection.until_s for connection in person.connections if connection.connection_id != connection_id]
    ends += [
        min(lease_s, connection.token_s)
        for connection in person.connections
        if connection.connection_id == connection_id
    ]
    actions: list[Action] = [
        Path(["connections", connection_id, "lease_s"]).set(lease_s),
        Path(["connections", connection_id, "sign_s"]).set(now_s),
        tables.Connections.sweep_at_s.set(min(ends)),
    ]
    return _update(person.user_id, actions, device.exists())


def mark_online(user_id: str) -> None:
    """Notes that the people who watch a person know of their coming; does nothing if they have left again."""
    _settle(user_id, [tables.Connections.announced.set(True)], tables.Connections.sweep_at_s.exists())


def show_last_seen(user_id: str, shows: bool) -> None:
    """Notes whether others may see when a person was last here, also of one who never was; one round trip.

    It is in the row of connections, because every function that would show it reads that row.
    """
    row = tables.Connections
    hides = row.hides_last_seen
    # A row without the map would take in no device (`save`).
    actions: list[Action] = [row.connections.set(row.connections | {}), hides.remove() if shows else hides.set(True)]
    _settle(user_id, actions, None)


def remove(user_id: str, connection_id: str, *, last_seen_ms: int | None = None) -> Presence | None:
    """Forgets one connection, notes when the person was last there, and returns the presence left; None if unknown.

    One round trip. The time is written here and not later, because nothing else tells it once the connection is
    forgotten.
    """
    device = Path(["connections", connection_id])
    actions: list[Action] = [device.remove()]
    if last_seen_ms is not None:
        actions.append(tables.Connections.last_seen_ms.set(last_seen_ms))
    return _update(user_id, actions, device.exists())


def forget(user_id: str, dead: Collection[Connection], *, last_seen_ms: int | None) -> Presence | None:
    """Forgets connections, notes when the person was last there, and returns the presence left; one round trip.

    None if one of them is gone or has another lease, because it has pinged meanwhile; then nothing is written.
    """
    actions: list[Action] = [Path(["connections", connection.connection_id]).remove() for connection in dead]
    if last_seen_ms is not None:
        actions.append(tables.Connections.last_seen_ms.set(last_seen_ms))
    condition = tables.Connections.connections.exists()
    for connection in dead:
        condition &= _has_lease(connection)
    return _update(user_id, actions, condition)


def _has_lease(device: Connection) -> Condition:
    """Returns the condition that a device has the lease with which it was read."""
    lease = Path(["connections", device.connection_id, "lease_s"])
    same: Condition = lease == device.lease_s
    return same if device.is_readable else same | ~lease.is_type("N")


def join(user_id: str, connection_id: str, conversation_id: str, now_ms: int, *, looks_on: bool = False) -> int:
    """Notes that a device has a conversation open, and returns since when it has, in ms; `looks_on` in a ticket.

    Raises NotFound for an unknown connection, Conflict past `MAX_JOINED`. One round trip; two if it was open already.
    """
    device = Path(["connections", connection_id])
    joined = Path(["connections", connection_id, "joined"])
    here = Path(["connections", connection_id, "joined", conversation_id])
    has_room = device.exists() & here.does_not_exist() & (size(joined) < MAX_JOINED)
    noted: list[Action] = [tables.Connections.looked_at.add({conversation_id})] if looks_on else []
    for _ in conditions.tries():
        try:
            tables.Connections(user_id=user_id).update(actions=[here.set(now_ms), *noted], condition=has_room)
        except UpdateError as error:
            if not conditions.failed_condition(error):
                raise
        else:
            return now_ms
        opened = _opened(user_id, connection_id)
        if opened is None:
            raise unknown_connection()
        if conversation_id in opened:
            return int(opened[conversation_id])
        if len(opened) >= MAX_JOINED:
            raise Conflict("too_many_joined", f"A device can have {MAX_JOINED} conversations open.", rule="joined")
        # It was open when it was written, and closed before it was read.
    raise conditions.busy()


def _opened(user_id: str, connection_id: str) -> Mapping[str, int] | None:
    """Returns the conversations that a device has open; None if it is unknown or unreadable. One round trip."""
    try:
        row = batches.read_rows({tables.Connections: [(user_id,)]}).get(tables.Connections, user_id)
        return None if row is None else row.connections[connection_id]["joined"]
    except KeyError:
        return None
    except unreadable.ERRORS:
        unreadable.report("connections", [user_id])
        return None


def leave(user_id: str, connection_id: str, conversation_id: str) -> bool:
    """Notes that a device has closed a conversation; returns whether it was open."""
    here = Path(["connections", connection_id, "joined", conversation_id])
    return _update(user_id, [here.remove()], here.exists()) is not None


def unknown_connection() -> NotFound:
    """Returns the refusal for a device that was forgotten as dead: it must ping, or connect again."""
    return NotFound("connection_forgotten", "Parley took this connection for dead; send `ping` and join again.")


def due(now_s: int) -> Iterator[str]:
    """Yields the people whom the sweep must check; an index query per shard, and for each `due.MAX_PAGE` more."""
    rows = due_rows(tables.Connections.by_sweep, shards("presence"), tables.Connections.sweep_at_s <= now_s)
    return (row.user_id for row in rows)


def put_off(user_id: str, at_s: int) -> None:
    """Moves a person's entry in the sweep's index to `at_s`, with connections or not; does nothing without a row."""
    _settle(user_id, [tables.Connections.sweep_at_s.set(at_s)], tables.Connections.sweep_at_s.exists())


def sweep_again(user_id: str, at_s: int) -> None:
    """Moves a person's entry in the sweep's index to `at_s`; does nothing if no connection is left."""
    _settle(
        user_id,
        [tables.Connections.sweep_at_s.set(at_s)],
        tables.Connections.sweep_at_s.exists() & (size(tables.Connections.connections) > 0),
    )


def mark_offline(user_id: str, last_seen_ms: int | None) -> bool:
    """Takes a person without connections out of the sweep's index; returns False if a device connected meanwhile."""
    row = tables.Connections
    actions: list[Action] = [row.sweep_shard.remove(), row.sweep_at_s.remove(), row.announced.remove()]
    if last_seen_ms is not None:
        actions.append(tables.Connections.last_seen_ms.set(last_seen_ms))
    empty = tables.Connections.sweep_at_s.exists() & (size(tables.Connections.connections) == 0)
    return _settle(user_id, actions, empty)


def _settle(user_id: str, actions: list[Action], condition: Condition | None) -> bool:
    """Updates a person's row; returns False if the condition does not hold."""
    try:
        tables.Connections(user_id=user_id).update(actions=actions, condition=condition)
    except UpdateError as error:
        if conditions.failed_condition(error):
            return False
        raise
    except unreadable.ERRORS:  # it is written, and DynamoDB has answered with the whole row, which is damaged elsewhere
        unreadable.report("connections", [user_id])
    return True


def _update(user_id: str, actions: list[Action], condition: Condition) -> Presence | None:
    """Updates a person's row, and returns their presence; None if the condition does not hold."""
    row = tables.Connections(user_id=user_id)
    try:
        row.update(actions=actions, condition=condition)
        return _presence(user_id, row)
    except UpdateError as error:
        if conditions.failed_condition(error):
            return None
        raise
    except unreadable.ERRORS:  # likewise
        return read_presence(user_id)


def _readable(rows: batches.Rows, user_id: str) -> Presence | None:
    try:
        return _presence(user_id, rows.get(tables.Connections, user_id))
    except unreadable.ERRORS:
        return None


def _presence(user_id: str, row: tables.Connections | None) -> Presence:
    if row is None:
        return Presence(user_id=user_id)
    return Presence(
        user_id=user_id,
        connections=tuple(_device(device_id, body) for device_id, body in row.connections.items()),
        last_seen_ms=None if row.last_seen_ms is None else int(row.last_seen_ms),
        hides_last_seen=bool(row.hides_last_seen),
        is_announced=bool(row.announced),
        looked_at=frozenset(row.looked_at or ()),
        is_watched=row.sweep_at_s is not None,
    )


def _device(connection_id: str, body: Any) -> Connection:
    try:
        return _connection(connection_id, body)
    except unreadable.ERRORS:
        lease_s = body.get("lease_s") if isinstance(body, Mapping) else None
        return Connection.unreadable(connection_id, lease_s if isinstance(lease_s, int) else 0)


def _whole(value: Any) -> int:
    if isinstance(value, int):
        return value
    raise TypeError(f"a number was expected, not {type(value).__name__}")


def _connection(connection_id: str, body: Mapping[str, Any]) -> Connection:
    return Connection(
        connection_id=connection_id,
        lease_s=_whole(body["lease_s"]),
        token_s=_whole(body["token_s"]),
        since_ms=_whole(body["since_ms"]),
        issued_at_s=_whole(body.get("issued_at_s", 0)),
        sign_s=_whole(body.get("sign_s", 0)),
        joined=frozenset(body["joined"]),
    )
