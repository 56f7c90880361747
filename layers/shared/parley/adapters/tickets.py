"""One-time tickets for `$connect`: stored by hash, used up by the delete that reads them."""

import msgspec
from pynamodb.constants import ALL_OLD
from pynamodb.exceptions import DeleteError

from parley.adapters import tables, writes
from parley.adapters.documents import from_wire
from parley.domain.identity import Identity


def save(ticket_hash: str, identity: Identity, expires_at_s: int) -> None:
    """Stores who may come in with the ticket of that hash, and until when; one round trip."""
    row = tables.WsTicket(ticket_hash=ticket_hash, identity=msgspec.to_builtins(identity), expires_at_s=expires_at_s)
    row.save()


def use_up(ticket_hash: str, now_s: int) -> Identity | None:
    """Deletes a ticket and returns whose it was, or None where there is none, or none any longer; one round trip.

    Of any number of callers one gets the identity: the delete is conditional and hands over what it deleted. DynamoDB
    may take days to remove an expired row by itself, so the condition looks at the time as well.
    """
    live = tables.WsTicket.expires_at_s > now_s  # no row at all is no match either
    try:
        deleted = tables.WsTicket._get_connection().delete_item(ticket_hash, condition=live, return_values=ALL_OLD)
    except DeleteError as error:
        if writes.failed_condition(error):
            return None
        raise
    return msgspec.convert(from_wire(deleted["Attributes"]["identity"]), type=Identity)
