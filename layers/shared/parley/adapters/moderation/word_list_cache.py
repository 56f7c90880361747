"""The list of banned words as this process knows it.

Once in `CHECK_S` seconds the current version is one key more in a batch that is read anyway (`due`, `take`), at half a
unit. Only a new version makes it read the list. The modules that compare words are imported once a list exists.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from parley.adapters.dynamodb import batches, tables, unreadable
from parley.adapters.dynamodb.batches import Rows

if TYPE_CHECKING:
    from parley.domain.moderation.banned_words import Rules, Verdict

CHECK_S = 60


class Known(Struct, frozen=True, kw_only=True):
    """This process's list; `rules` is None if it has none, `flagging` are the ids of those that flag."""

    version: int = 0
    rules: "Rules | None" = None
    flagging: frozenset[str] = frozenset()
    checked_at_s: int | None = None


_known = Known()


def due(now_s: int) -> list[batches.Key]:
    """Returns the key of `tables.WordList` that a batch should also hold: once in `CHECK_S` seconds."""
    at_s = _known.checked_at_s
    return [] if at_s is not None and 0 <= now_s - at_s < CHECK_S else [(tables.WORD_LIST_VERSION,)]


def take(rows: Rows, now_s: int) -> None:
    """Takes the current version from a batch that held `due`; one more round trip if it is new.

    A list that cannot be read leaves the known one as it is: otherwise nobody could send.
    """
    global _known
    if due(now_s):
        try:
            row = rows.get(tables.WordList, tables.WORD_LIST_VERSION)
            version = 0 if row is None else int(row.version)
            newest = _known if version == _known.version else _read()
        except unreadable.ERRORS:
            unreadable.report("WordLists", [tables.WORD_LIST_VERSION])
            newest = _known
        _known = replace(newest, checked_at_s=now_s)


def check_now(now_s: int) -> None:
    """Checks the current version, if a check is due and no batch is read anyway; one round trip."""
    if keys := due(now_s):
        take(batches.read_rows({tables.WordList: keys}, stale=(tables.WordList,)), now_s)


def forget() -> None:
    """Clears the in-process memory; tests use it to simulate a new process."""
    global _known
    _known = Known()


def verdict(text: str) -> "Verdict | None":
    """Returns the rules' verdict on a text; None without rules."""
    return None if _known.rules is None else _known.rules.check(text)


def flagging(rule_ids: Iterable[str]) -> tuple[str, ...]:
    """Returns those of the rules that flag."""
    return tuple(rule_id for rule_id in rule_ids if rule_id in _known.flagging)


def _read() -> Known:
    from parley.adapters.moderation import word_lists
    from parley.domain.moderation.banned_words import compile_rules

    found = word_lists.get_word_list()
    return Known(
        version=found.version,
        rules=compile_rules(found.rules) if found.rules else None,
        flagging=frozenset(rule.rule_id for rule in found.rules if rule.action == "flag"),
    )
