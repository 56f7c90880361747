"""The lists of the desk's queue: by the index of the statuses, and by the entries of the facets (`tickets.py`)."""

from itertools import islice

from parley.adapters.dynamodb import tables, unreadable
from parley.domain.support.queue import Order, Part

_MS = slice(13)  # of a place


def in_status(status: str, limit: int, after: str | None, order: Order) -> Part:
    """Returns about `limit` places of the tickets of a status; one round trip. The index may be a second late.

    The index does not say which of two tickets of one millisecond comes first, so a part ends between milliseconds.
    More than `limit` tickets of one millisecond come at once, and take more round trips.
    """
    time, newest_first = tables.Ticket.queued_at_ms, order.newest_first
    condition = None
    if after is not None:
        first_ms = int(after[_MS])
        if "#" not in after:  # all of that time were looked at
            first_ms += -1 if newest_first else 1
        condition = time <= first_ms if newest_first else time >= first_ms
    rows = tables.Ticket.by_queue.query(status, condition, scan_index_forward=not newest_first, page_size=limit)
    entries = unreadable.decoded("Tickets", rows, lambda row: (int(row.queued_at_ms), str(row.key)))
    found = list(islice(entries, limit))
    is_whole = len(found) < limit
    while not is_whole and found[-1][0] == found[0][0]:
        more = next(entries, None)
        is_whole = more is None
        found += [] if more is None else [more]
    entries.close()
    through = None
    if not is_whole:
        cut_ms = found[-1][0]
        found = [entry for entry in found if entry[0] != cut_ms]
        through = f"{cut_ms + 1:013d}" if newest_first else f"{cut_ms - 1:013d}~"
    places = (f"{at_ms:013d}#{ticket_id}" for at_ms, ticket_id in found)
    return Part(order.sort(place for place in places if after is None or order.is_beyond(place, after)), through)


def with_word(word: str, limit: int, after: str | None, order: Order) -> Part:
    """Returns up to `limit` places of the tickets that an entry finds; strongly consistent, one round trip."""
    place = tables.Ticket.place
    condition = None
    if after is not None:
        condition = place < after if order.newest_first else place > after
    found = tables.Ticket.query(
        word,
        condition,
        consistent_read=True,
        scan_index_forward=not order.newest_first,
        limit=limit,
        page_size=limit,
    )
    places = [row.place for row in found]
    return Part(places, places[-1] if len(places) == limit else None)
