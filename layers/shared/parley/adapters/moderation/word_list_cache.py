"""The list of banned words as this process knows it.

Once in `CHECK_S` seconds the version that is current is one key more in a batch that is read anyway (`due`, `take`), at
half a unit; only where it is a new one is the list read. What compares words is imported once there is a list.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from parley.adapters.dynamodb import batches, tables
from parley.adapters.dynamodb.batches import Rows

if TYPE_CHECKING:
    from parley.domain.moderation.banned_words import Rules, Verdict

CHECK_S = 60


class Known(Struct, frozen=True, kw_only=True):
    """What this process knows; `rules` is None where there are none, `flagging` are the ids of those that flag."""

    version: int = 0
    rules: "Rules | None" = None
    flagging: frozenset[str] = frozenset()
    checked_at_s: int | None = None


_known = Known()


def due(now_s: int) -> list[batches.Key]:
    """Returns the key of `tables.WordList` that a batch should hold beside what it is for: now and then."""
    at_s = _known.checked_at_s
    return [] if at_s is not None and 0 <= now_s - at_s < CHECK_S else [(tables.WORD_LIST_VERSION,)]


def take(rows: Rows, now_s: int) -> None:
    """Takes from a batch that held `due` which version is current; one round trip more where it is a new one."""
    global _known
    if due(now_s):
        row = rows.get(tables.WordList, tables.WORD_LIST_VERSION)
        version = 0 if row is None else int(row.version)
        _known = replace(_known if version == _known.version else _read(), checked_at_s=now_s)


def check_now(now_s: int) -> None:
    """Looks which version is current, where it is time for that and no batch is read anyway; one round trip."""
    if keys := due(now_s):
        take(batches.read_rows({tables.WordList: keys}, stale=(tables.WordList,)), now_s)


def forget() -> None:
    """Forgets everything, as a process that is started anew."""
    global _known
    _known = Known()


def verdict(text: str) -> "Verdict | None":
    """Returns what the rules say of a text; None where there are none."""
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
