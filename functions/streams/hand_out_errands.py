"""Hand out what is left to do for the members of a group, in jobs of a hundred members each."""

from parley.actions import errands
from parley.triggers.stream import Row, stream


@stream
def handler(rows: list[Row]) -> None:
    for row in rows:
        errands.hand_out(errands.of_row(row))
