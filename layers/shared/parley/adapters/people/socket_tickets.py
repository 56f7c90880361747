"""One-time tickets for `$connect`: stored by hash, used up by the write that reads them.

Only the hash is kept, so a reader of the table cannot come in.
"""

import uuid
from hashlib import sha256

import msgspec
from pynamodb.exceptions import UpdateError

from parley.adapters.dynamodb import conditions, tables
from parley.domain.api.identity import Identity


def save(ticket: str, identity: Identity, expires_at_s: int) -> None:
    """Stores a ticket's identity, and its expiry; one round trip."""
    row = tables.WsTicket(ticket_hash=_hash(ticket), identity=msgspec.to_builtins(identity), expires_at_s=expires_at_s)
    row.save()


def use_up(ticket: str, now_s: int) -> Identity | None:
    """Marks a ticket as used and returns its identity; None if it is unknown, used or expired. One round trip.

    Of any number of callers one gets the identity. The mark is this call's own: botocore makes a call a second time if
    the first answer was lost, and the second call must not find the ticket used by another. DynamoDB may take days to
    remove an expired row, so the condition checks the time as well.
    """
    row, used_by, mark = tables.WsTicket(ticket_hash=_hash(ticket)), tables.WsTicket.used_by, uuid.uuid4().hex
    unused = used_by.does_not_exist() | (used_by == mark)
    try:
        # A missing row has no `expires_at_s`, so it does not match either.
        row.update(actions=[used_by.set(mark)], condition=(tables.WsTicket.expires_at_s > now_s) & unused)
    except UpdateError as error:
        if conditions.failed_condition(error):
            return None
        raise
    return msgspec.convert(row.identity, type=Identity)


def _hash(ticket: str) -> str:
    return sha256(ticket.encode()).hexdigest()
