"""The checks of single values: each returns the value as it is staged, and raises Wrong."""

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from parley_host.moving import emoji
from parley_host.moving.problems import Wrong

Check = Callable[[Any], Any]

MAX_OLD_ID = 256  # characters
MAX_TEXT = 10_000  # code points, as in a message that a person sends
MAX_METADATA_BYTES = 4_096
MAX_METADATA_OF_A_USER = 2_048  # bytes
MAX_METADATA_DEPTH = 8  # objects and lists within each other, the whole object included
MAX_WHOLE_NUMBER = 2**53 - 1  # in metadata: what every client's doubles hold exactly
MAX_DEPTH = 64  # of any field; none of the format's own is deeper than five levels
MAX_ATTACHMENTS = 30
MAX_ATTACHMENT_BYTES = 5_368_709_120  # the largest that one upload to S3 can have (5 GiB)

_RFC3339 = re.compile(
    r"[0-9]{4}-[01][0-9]-[0-3][0-9][Tt ][0-2][0-9]:[0-5][0-9]:[0-6][0-9](\.[0-9]{1,9})?"
    r"([Zz]|[+-][0-2][0-9]:?[0-5][0-9])?"
)
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")  # neither UTF-8 nor SQLite takes all of them
_CONTROL = re.compile(r"[\x00-\x1f]")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
_UNSEEN = re.compile(r"[\s\x00-\x1f\x7f-\xa0\u00ad\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufe00-\ufe0f\ufeff]*")


def require_sound(value: Any, *, max_depth: int = MAX_DEPTH, most: int | None = None) -> None:
    """Raises Wrong if a text, a name or a number anywhere in a value has no place in Parley, in JSON or in SQLite.

    `most` is the largest whole number, and its negative the smallest. Nothing here calls itself: a value of any depth
    is refused and never too much.
    """
    waiting: list[tuple[Any, str, int]] = [(value, "", 1)]
    while waiting:
        each, place, depth = waiting.pop()
        if isinstance(each, dict | list) and depth > max_depth:
            raise Wrong("too_deep", f"This is nested deeper than {max_depth} levels.", place)
        if isinstance(each, dict):
            for name in each:
                _sound_text(name, place)
            waiting += [(item, f"{place}/{name}", depth + 1) for name, item in each.items()]
        elif isinstance(each, list):
            waiting += [(item, f"{place}/{number}", depth + 1) for number, item in enumerate(each)]
        elif isinstance(each, str):
            _sound_text(each, place)
        elif isinstance(each, float) and not math.isfinite(each):
            raise Wrong("out_of_range", "The number is larger than any that Parley can hold.", place)
        elif isinstance(each, int) and most is not None and abs(each) > most:
            raise Wrong("out_of_range", f"A whole number is from -{most:,} to {most:,}.", place)
        elif each is not None and not isinstance(each, int | float):
            raise Wrong("wrong_type", "This is no value of JSON.", place)


def _sound_text(text: str, place: str) -> None:
    if _NO_TEXT.search(text):
        raise Wrong("not_unicode", "The text, or a name, has half a surrogate pair or the character zero.", place)


def old_id(value: Any) -> str:
    """Returns an id of the old system as text; whole numbers are ids, too."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise Wrong("wrong_type", "An id is text or a whole number.")
    if not 0 < len(value) <= MAX_OLD_ID or _CONTROL.search(value):
        raise Wrong("bad_format", f"An id has 1 to {MAX_OLD_ID} characters, and no line feed.")
    return value


def text_of(limit: int, *, blank: bool = True) -> Check:
    """Returns the check of a text of at most `limit` code points; `blank` says whether it may be blank."""

    def check(value: Any) -> str:
        if not isinstance(value, str):
            raise Wrong("wrong_type", "This is no text.")
        if len(value) > limit:
            raise Wrong("too_long", f"The text has {len(value):,} characters, and {limit:,} are allowed.")
        if not blank and is_blank(value):
            raise Wrong("blank", "The text is blank.")
        return value

    return check


def is_blank(text: str) -> bool:
    """Says whether nothing of a text is visible."""
    return _UNSEEN.fullmatch(text) is not None


def form(pattern: str, words: str) -> Check:
    """Returns the check of a text that a pattern matches as a whole."""
    compiled = re.compile(pattern)

    def check(value: Any) -> str:
        if not isinstance(value, str):
            raise Wrong("wrong_type", "This is no text.")
        if compiled.fullmatch(value) is None:
            raise Wrong("bad_format", f"This is not {words}.")
        return value

    return check


def one_of(*words: str) -> Check:
    """Returns the check of one of these words."""

    def check(value: Any) -> str:
        if value not in words or not isinstance(value, str):
            raise Wrong("unknown_word", f"{str(value)[:40]!r} is none of {', '.join(words)}.")
        return value

    return check


def flag(value: Any) -> bool:
    """Returns true or false."""
    if not isinstance(value, bool):
        raise Wrong("wrong_type", "This is neither true nor false.")
    return value


def whole_number(least: int, most: int) -> Check:
    """Returns the check of a whole number between two others, both among them."""

    def check(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise Wrong("wrong_type", "This is no whole number.")
        if not least <= value <= most:
            raise Wrong("out_of_range", f"The number is from {least:,} to {most:,}.")
        return value

    return check


def time_ms(value: Any) -> int:
    """Returns a time in ms since the epoch, cut and never rounded up. It needs an offset or `Z`."""
    if not isinstance(value, str):
        raise Wrong("wrong_type", "A time is text, such as 2026-11-21T07:30:00Z.")
    found = _RFC3339.fullmatch(value)
    if found is None:
        raise Wrong("bad_format", "A time is written as 2026-11-21T07:30:00Z.")
    if found[2] is None:
        raise Wrong("no_time_zone", "The time has no offset: add Z if it is in UTC.")
    try:
        ms = (datetime.fromisoformat(value.upper().replace("Z", "+00:00")).astimezone(UTC) - _EPOCH) // _MS
    except (ValueError, OverflowError):
        raise Wrong("bad_format", "No calendar has this time.") from None
    if ms < 0:
        raise Wrong("out_of_range", "The time is before 1970.")
    return ms


def rfc3339(at_ms: int) -> str:
    """Returns a time as the format and Parley write it: UTC, with milliseconds."""
    return (_EPOCH + timedelta(milliseconds=at_ms)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def one_emoji(value: Any) -> str:
    """Returns an emoji in its only spelling."""
    if not isinstance(value, str):
        raise Wrong("wrong_type", "An emoji is text.")
    try:
        return emoji.normalise(value)
    except ValueError:
        raise Wrong("no_emoji", f"{value[:20]!r} is not one emoji.") from None


def metadata_of(limit: int) -> Check:
    """Returns the check of a JSON object of at most `limit` bytes, with the depth and the numbers of metadata."""

    def check(value: Any) -> Mapping[str, Any]:
        if not isinstance(value, dict):
            raise Wrong("wrong_type", "This is no JSON object.")
        require_sound(value, max_depth=MAX_METADATA_DEPTH, most=MAX_WHOLE_NUMBER)
        if len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()) > limit:
            raise Wrong("too_long", f"The object has more than {limit:,} bytes of JSON.")
        return value

    return check


json_object = metadata_of(MAX_METADATA_BYTES)


def list_of(check: Check, most: int, *, least: int = 0) -> Check:
    """Returns the check of a list whose items pass `check`."""

    def check_all(value: Any) -> Sequence[Any]:
        if not isinstance(value, list):
            raise Wrong("wrong_type", "This is no list.")
        if not least <= len(value) <= most:
            raise Wrong("too_many", f"The list has {len(value):,} items; {least:,} to {most:,} are allowed.")
        return [_below(f"/{place}", check, item) for place, item in enumerate(value)]

    return check_all


def object_of(fields: Mapping[str, Check], needed: Sequence[str]) -> Check:
    """Returns the check of a JSON object with these fields."""

    def check(value: Any) -> Mapping[str, Any]:
        if not isinstance(value, dict):
            raise Wrong("wrong_type", "This is no JSON object.")
        for name in needed:
            if value.get(name) is None:
                raise Wrong("required", f"`{name}` is missing.", f"/{name}")
        for name in value:
            if name not in fields:
                raise Wrong("unknown_field", f"No field is called {name[:40]!r}.", f"/{name[:40]}")
        return {name: _below(f"/{name}", fields[name], item) for name, item in value.items() if item is not None}

    return check


def _below(place: str, check: Check, value: Any) -> Any:
    try:
        return check(value)
    except Wrong as wrong:
        raise Wrong(wrong.code, wrong.detail, place + wrong.below) from None


def attachment(value: Any) -> Mapping[str, Any]:
    """Returns a file of a message: a `path` in the folder of files or a `url`, one of the two."""
    found: Mapping[str, Any] = _ATTACHMENT(value)
    if ("path" in found) == ("url" in found):
        raise Wrong("path_or_url", "A file has either a `path` or a `url`.")
    if "path" in found and (found["path"].startswith(("/", "\\")) or ".." in re.split(r"[/\\]", found["path"])):
        raise Wrong("outside", "The path leads out of the folder of files.", "/path")
    return found


ATTACHMENT_FIELDS: Mapping[str, Check] = {
    "path": text_of(1_000, blank=False),
    "url": text_of(2_048, blank=False),
    "name": text_of(1_000, blank=False),
    "type": form(r"[a-zA-Z0-9!#$&^_.+-]+/[a-zA-Z0-9!#$&^_.+-]+(;.*)?", "a media type such as image/png"),
    "size": whole_number(0, MAX_ATTACHMENT_BYTES),
}
_ATTACHMENT = object_of(ATTACHMENT_FIELDS, ())
