"""Ids of people that Parley cannot use as they are: each gets one of Parley's own, and no two get the same."""

from parley.domain.api.identity import (
    HASHED_ID_PREFIX,
    MAPPED_ID_PREFIX,
    MAX_USER_ID_CHARACTERS,
    OLD_PSEUDONYM_PREFIX,
    PLAIN_ID_CHARACTERS,
    RESERVED_PREFIX,
    is_user_id,
)

MAX_GIVEN_CHARACTERS = 1_024  # OpenID Connect allows 255 for `sub`, and an ARN may have 2,048 bytes in theory


def mapped_id(given: str) -> str:
    """Returns the user id for the id that a token holds; it is the same if its characters are a user id's.

    All others are written in ASCII: `=` and the two hexadecimal digits of each byte in UTF-8 that is no such
    character, after `~parley.id-`. An id that gets longer than 128 characters by that is replaced by its SHA-256.
    """
    if is_user_id(given) and not given.startswith(RESERVED_PREFIX):
        return given
    escaped = MAPPED_ID_PREFIX + "".join(_escaped(character) for character in given)
    if len(escaped) <= MAX_USER_ID_CHARACTERS:
        return escaped
    import hashlib  # only for long ids

    return HASHED_ID_PREFIX + hashlib.sha256(given.encode()).hexdigest()


def can_be_given(text: str) -> bool:
    """Says whether a token may hold this id: 1–1,024 visible characters, and not as Parley's own ids begin."""
    if text in (".", "..") or text.startswith((RESERVED_PREFIX, OLD_PSEUDONYM_PREFIX)):
        return False
    return 1 <= len(text) <= MAX_GIVEN_CHARACTERS and text == text.strip() and text.isprintable()


def _escaped(character: str) -> str:
    if character in PLAIN_ID_CHARACTERS:
        return character
    return "".join(f"={byte:02X}" for byte in character.encode())
