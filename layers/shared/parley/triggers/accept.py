"""The header Accept (RFC 9110, 12.5.1): JSON rather than the bytes of a file, or a table rather than JSON."""

import re
from collections.abc import Iterator

JSON = "application/json"
CSV = "text/csv"
_QUALITY = re.compile(r"0(\.[0-9]{0,3})?|1(\.0{0,3})?")  # qvalue (RFC 9110, 12.4.2)


def asks_for_json(header: str) -> bool:
    """Says whether a client names JSON and likes no type more.

    `*/*` names nothing: browsers send it for images and videos.
    """
    qualities = list(_ranges(header))
    wanted = max((quality for media, quality in qualities if media == JSON), default=0.0)
    return wanted > 0 and wanted == max(quality for _, quality in qualities)


def asks_for_table(header: str) -> bool:
    """Says whether a client likes CSV more than JSON. Of two ranges of one quality, the more specific counts."""
    quality, specific = _liking(header, CSV)
    return quality > 0 and (quality, specific) > _liking(header, JSON)


def _liking(header: str, media: str) -> tuple[float, int]:
    """Returns the quality of a type, by the most specific range that has it, and how specific that range is."""
    ranges = (media, f"{media.partition('/')[0]}/*", "*/*")
    found = [(len(ranges) - ranges.index(each), quality) for each, quality in _ranges(header) if each in ranges]
    specific, quality = max(found, default=(0, 0.0))
    return quality, specific


def _ranges(header: str) -> Iterator[tuple[str, float]]:
    """Yields each media range with its quality; a quality that is no number counts as 0."""
    for part in header.split(","):
        media, *parameters = (piece.strip().lower() for piece in part.split(";"))
        weights = [value.strip() for name, _, value in (each.partition("=") for each in parameters) if name == "q"]
        weight = weights[0] if weights else "1"
        yield media, float(weight) if _QUALITY.fullmatch(weight) else 0.0
