"""The shape of a mapping: each wrong value ends the command with a sentence that names its place."""

import json
from collections.abc import Collection, Mapping
from typing import Any

from parley_host.moving.problems import Stop, Wrong
from parley_host.moving.records import KINDS
from parley_host.moving.values import require_sound

MEMBERS = ("tables", "words", "time_zone", "left_out")
WHEN = "`when` is a column, or a column with `is` or `is_not`, which are lists"


def parsed(text: str) -> Any:
    """Returns the JSON of a mapping; raises Stop."""
    try:
        return json.loads(text)
    except RecursionError:
        raise Stop("this is nested too deeply.") from None
    except json.JSONDecodeError as error:
        raise Stop(f"this is no JSON: {error}.") from None
    except ValueError:  # Python reads no more than some thousand digits
        raise Stop("a number has too many digits.") from None


def check(given: Any, conversions: Collection[str]) -> None:
    """Raises Stop for the first mistake of a mapping; `conversions` are the words of `as`."""
    if not isinstance(given, dict) or not isinstance(given.get("tables"), dict):
        raise Stop("the mapping has no object `tables`.")
    try:
        require_sound(given)
    except Wrong as wrong:
        raise Stop(f"{wrong.below.lstrip('/') or 'a name'} of the mapping: {wrong.detail}") from None
    if unknown := set(given) - {*MEMBERS}:
        raise Stop(f"the mapping has no member {min(unknown)!r}.")
    words = given.get("words", {})
    _check_words(words)
    left_out = given.get("left_out", [])
    if not isinstance(left_out, list) or not all(isinstance(each, str) for each in left_out):
        raise _wrong("left_out", "this is a list of tables and `table.column`")
    if not isinstance(given.get("time_zone", ""), str):
        raise _wrong("time_zone", "this is the name of a time zone, such as Europe/Berlin")
    shape = _Shape(words, conversions)
    for table, records in given["tables"].items():
        for number, record in enumerate(records if isinstance(records, list) else [records]):
            shape.check_record(record, f"tables.{table}[{number}]")


def _wrong(place: str, sentence: str) -> Stop:
    return Stop(f"{place} of the mapping: {sentence}.")


def _check_words(words: Any) -> None:
    if not isinstance(words, dict):
        raise _wrong("words", "this is an object of lists of words")
    for name, each in words.items():
        if not isinstance(each, dict) or not all(isinstance(word, str) for word in each.values()):
            raise _wrong(f"words.{name}", "this is an object that gives a word for each word of the old system")


class _Shape:
    """The checks of records and what is in them."""

    def __init__(self, words: Mapping[str, Any], conversions: Collection[str]) -> None:
        self._words = words
        self._conversions = conversions

    def check_record(self, record: Any, place: str) -> None:
        """Raises Stop for a mistake in one record of a table."""
        name = record.get("record") if isinstance(record, dict) else None
        if not isinstance(name, str) or name not in KINDS:
            raise _wrong(place, f"`record` is one of {', '.join(KINDS)}")
        if unknown := set(record) - {*KINDS[name].fields, "record", "when"}:
            raise _wrong(place, f"a {name} has no field {min(unknown)!r}")
        for field, template in record.items():
            if field == "when":
                self._check_condition(template, f"{place}.when")
            elif field != "record":
                self._check_template(template, f"{place}.{field}")

    def _check_template(self, template: Any, place: str) -> None:
        if isinstance(template, str) and template.startswith("$"):
            _check_column(template[1:], place)
        elif isinstance(template, list):
            for number, each in enumerate(template):
                self._check_template(each, f"{place}[{number}]")
        elif isinstance(template, dict) and "column" in template:
            self._check_expression(template, place)
        elif isinstance(template, dict) and "each" in template:
            if set(template) != {"each", "make"}:
                raise _wrong(place, "`each` is a list, with `make` for each of its items and nothing else")
            self._check_template(template["each"], f"{place}.each")
            self._check_template(template["make"], f"{place}.make")
        elif isinstance(template, dict):
            for name, each in template.items():
                self._check_template(each, f"{place}.{name}")

    def _check_expression(self, expression: Mapping[str, Any], place: str) -> None:
        _check_members(expression, ("column", "as", "word", "default", "when"), place)
        named = expression["column"]
        if isinstance(named, list) and named:
            for number, each in enumerate(named):
                _check_column(each, f"{place}.column[{number}]")
        else:
            _check_column(named, f"{place}.column")
        self._check_conversion(expression, place)
        if "when" in expression:
            self._check_condition(expression["when"], f"{place}.when")

    def _check_condition(self, condition: Any, place: str) -> None:
        if isinstance(condition, str):
            _check_column(condition.removeprefix("!"), place)
            return
        is_object = isinstance(condition, dict) and "column" in condition
        if not is_object or ("is" in condition) == ("is_not" in condition):
            raise _wrong(place, WHEN)
        _check_members(condition, ("column", "is", "is_not", "as", "word"), place)
        _check_column(condition["column"], f"{place}.column")
        values = condition.get("is", condition.get("is_not"))
        if not isinstance(values, list) or any(isinstance(each, dict | list) for each in values):
            raise _wrong(place, WHEN)
        self._check_conversion(condition, place)

    def _check_conversion(self, expression: Mapping[str, Any], place: str) -> None:
        given, word = expression.get("as", "text"), expression.get("word", "")
        if not isinstance(given, str) or given not in self._conversions:
            raise _wrong(f"{place}.as", f"`as` is one of {', '.join(self._conversions)}")
        if "word" in expression and (not isinstance(word, str) or word not in self._words):
            raise _wrong(f"{place}.word", f"`words` has no {str(word)[:40]!r}")


def _check_members(given: Mapping[str, Any], known: Collection[str], place: str) -> None:
    if unknown := set(given) - set(known):
        raise _wrong(place, f"no member is called {min(unknown)!r}; there are {', '.join(known)}")


def _check_column(name: Any, place: str) -> None:
    if not isinstance(name, str) or not name.rstrip("?"):
        raise _wrong(place, "this is no name of a column")
