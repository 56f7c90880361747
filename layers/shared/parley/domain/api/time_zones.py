"""The names of IANA's time zones, of the layer's own database, so that every machine knows the same ones."""

import functools


def is_time_zone(name: str) -> bool:
    """Says whether IANA's database of time zones has this name; only what is about to be written is checked."""
    return name in names()


@functools.cache
def names() -> frozenset[str]:
    """Returns the names of all time zones."""
    from importlib.resources import files  # only a new time zone pays for it

    return frozenset((files("tzdata") / "zones").read_text(encoding="ascii").split("\n")) - {""}
