"""The directory: people by name, their order, and the range of keys that a page reads."""

from zlib import crc32

from msgspec import Struct

SHARDS = ("0", "1", "2", "3")  # of both indexes: one partition takes 1,000 writes a second (DynamoDB quotas)
WORD_SHARDS = tuple(f"w{shard}" for shard in SHARDS)  # of the later words of names: lists without a search skip them
MAX_WORDS = 8  # of a name: a person is found by the beginning of each of the first so many
MAX_EXAMINED = 100  # people of one page: one BatchGetItem (DynamoDB quotas)

# Keys of names have no line feed (`prefix_key`), so a name's end sorts before every longer name. No text that can
# begin a key lies before the first of these or after the last.
_END = "\n"
_FIRST, _LAST = "\x00", "\U0010ffff"


def name_key(name: str, user_id: str) -> str:
    """Returns the key by which a person is found and sorted: their folded name, then their id, as names repeat."""
    from parley.domain.text.folding import prefix_key  # 4 ms that an authorizer pays only for a new profile

    return f"{prefix_key(name)}{_END}{user_id}"


def word_keys(name: str, user_id: str) -> list[str]:
    """Returns the keys by which a person is found by the later words of their name, at most `MAX_WORDS` - 1.

    A word begins where a letter or digit follows something else. Its key is the rest of the folded name from there.
    """
    from parley.domain.text.folding import is_letter, prefix_key

    key = prefix_key(name)
    starts = [at for at in range(1, len(key)) if is_letter(key[at]) and not is_letter(key[at - 1])]
    return [f"{key[at:]}{_END}{user_id}" for at in starts[: MAX_WORDS - 1]]


def found_by(name: str, user_id: str, prefix: str) -> str | None:
    """Returns the one key of a person that a search shows, or None if none begins with `prefix`.

    The whole name comes first, so that each person is shown once, also one whose later words have no rows yet.
    """
    keys = [name_key(name, user_id), *(sorted(word_keys(name, user_id)) if prefix else ())]
    return next((key for key in keys if key.startswith(prefix)), None)


def shard(user_id: str) -> str:
    """Returns a person's part of the index of all people."""
    return SHARDS[crc32(user_id.encode()) % len(SHARDS)]


def role_shard(role: str, user_id: str) -> str:
    """Returns a person's part of the index of a role; no role holds a `#`."""
    return f"{role}#{shard(user_id)}"


def word_shard(user_id: str) -> str:
    """Returns a person's part of the index of all people by later words of their name."""
    return f"w{shard(user_id)}"


def word_role_shard(role: str, user_id: str) -> str:
    """Returns a person's part of the index of a role by later words of their name."""
    return f"{role}#{word_shard(user_id)}"


def role_shards(role: str, *, words: bool) -> tuple[str, ...]:
    """Returns all parts of the index of a role, and the part that an earlier version used for all people.

    With `words` also the parts of the later words of names.
    """
    return (*(f"{role}#{part}" for part in (SHARDS + WORD_SHARDS if words else SHARDS)), role)


def role_of(role_shard: str) -> str:
    """Returns the role of a part of the index."""
    return role_shard.partition("#")[0]


class Entry(Struct, frozen=True, order=True):
    """One line of the index."""

    name_key: str
    user_id: str


class Range(Struct, frozen=True):
    """The keys from `first` to `last`, both included."""

    first: str
    last: str

    @classmethod
    def behind(cls, position: str | None, prefix: str) -> "Range":
        """Returns the keys of names that begin with `prefix`, after the key of `position`."""
        first = prefix or _FIRST
        return cls(first if position is None else max(first, position + "\x00"), prefix + _LAST)

    @property
    def is_empty(self) -> bool:
        return self.first > self.last
