"""Event patterns as Lambda's filter criteria use them (docs: "Filter rule syntax"; the same as EventBridge's).

A list holds alternatives; all fields of an object must match. Strings and numbers differ: a DynamoDB number is a string
in a stream's record, so `numeric` never matches it, on AWS as here.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from local.template import TemplateError

_MISSING = object()
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "=": lambda a, b: a == b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


class Filter:
    """The filter criteria of an event source mapping: an event passes if any pattern matches, or there is none."""

    def __init__(self, criteria: Mapping[str, Any]) -> None:
        self._patterns = [_parsed(each["Pattern"]) for each in criteria.get("Filters", [])]

    def passes(self, event: Mapping[str, Any]) -> bool:
        return not self._patterns or any(matches(pattern, event) for pattern in self._patterns)


def matches(pattern: Mapping[str, Any], event: Any) -> bool:
    """Says whether the event matches every field of the pattern."""
    for name, expected in pattern.items():
        if name == "$or":
            if not any(matches(each, event) for each in expected):
                return False
            continue
        value = event.get(name, _MISSING) if isinstance(event, Mapping) else _MISSING
        if isinstance(expected, Mapping):
            if not matches(expected, {} if value is _MISSING else value):
                return False
        elif not _any_of(expected, value):
            return False
    return True


def _any_of(alternatives: Any, value: Any) -> bool:
    if not isinstance(alternatives, list):
        raise TypeError("a field's pattern is a list of alternatives")
    values = value if isinstance(value, list) else [value]  # an array matches if one of its elements does
    return any([_is(alternative, each) for alternative in alternatives for each in values])


def _is(expected: Any, value: Any) -> bool:
    if not isinstance(expected, Mapping):
        alike = type(expected) is type(value) or (_number(expected) and _number(value))
        return alike and bool(expected == value)
    [(operator, operand)] = expected.items()
    match operator:
        case "exists":
            return (value is not _MISSING) is bool(operand)
        case "prefix":
            return isinstance(value, str) and value.startswith(operand)
        case "suffix":
            return isinstance(value, str) and value.endswith(operand)
        case "equals-ignore-case":
            return isinstance(value, str) and value.lower() == operand.lower()
        case "anything-but":
            excluded = operand if isinstance(operand, list) else [operand]
            return value is not _MISSING and not any(_is(each, value) for each in excluded)
        case "numeric":
            pairs = zip(operand[::2], operand[1::2], strict=True)
            return _number(value) and all(_COMPARE[sign](value, limit) for sign, limit in pairs)
    raise TemplateError(f"the local stack does not know the filter operator {operator}")


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _parsed(pattern: str) -> Mapping[str, Any]:
    try:
        parsed: Mapping[str, Any] = json.loads(pattern)
        _check(parsed)
    except (AttributeError, TypeError, ValueError) as problem:
        raise TemplateError(f"not a filter pattern: {pattern}") from problem
    return parsed


def _check(pattern: Mapping[str, Any]) -> None:
    """Raises for an unknown operator, now and not at the first record."""
    for name, expected in pattern.items():
        if isinstance(expected, Mapping):
            _check(expected)
        elif name == "$or":
            for each in expected:
                _check(each)
        else:
            _any_of(expected, 0)
            _any_of(expected, "")
