"""Nested values in DynamoDB's own notation, and PynamoDB attributes that hold them."""

from collections.abc import Mapping, Sequence
from typing import Any

from pynamodb.attributes import Attribute
from pynamodb.constants import LIST, MAP


def to_wire(value: Any) -> dict[str, Any]:
    """Returns a value as DynamoDB writes it: `{"S": "a"}`, `{"N": "1"}`, `{"M": {…}}` ….

    Raises TypeError for any other value.
    """
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case str():
            return {"S": value}
        case int():
            return {"N": str(value)}
        case Mapping():
            return {"M": {key: to_wire(inner) for key, inner in value.items()}}
        case list() | tuple():
            return {"L": [to_wire(inner) for inner in value]}
    raise TypeError(f"no DynamoDB form for {type(value).__name__}")


def from_wire(wire: Mapping[str, Any]) -> Any:
    """Returns the value that `to_wire` wrote, or a newer version (upgrade.md); Parley's numbers are all whole."""
    [(kind, value)] = wire.items()
    match kind:
        case "N":
            return _number(value)
        case "NULL":
            return None
        case "M":
            return {key: from_wire(inner) for key, inner in value.items()}
        case "L":
            return [from_wire(inner) for inner in value]
    return value


def _number(text: str) -> int | float:
    try:
        return int(text)
    except ValueError:
        return float(text)


class DocumentAttribute(Attribute[dict[str, Any]]):
    """A map of anything that `to_wire` takes.

    PynamoDB's own raw MapAttribute wraps every value in an object of its own.
    """

    attr_type = MAP

    def serialize(self, value: Mapping[str, Any]) -> dict[str, Any]:
        return {key: to_wire(inner) for key, inner in value.items()}

    def deserialize(self, value: Mapping[str, Any]) -> dict[str, Any]:
        return {key: from_wire(inner) for key, inner in value.items()}


class BytesMapAttribute(Attribute[dict[str, bytes]]):
    """A map of byte strings."""

    attr_type = MAP

    def serialize(self, value: Mapping[str, bytes]) -> dict[str, dict[str, bytes]]:
        return {key: {"B": inner} for key, inner in value.items()}

    def deserialize(self, value: Mapping[str, Mapping[str, bytes]]) -> dict[str, bytes]:
        return {key: inner["B"] for key, inner in value.items()}


class StringsAttribute(Attribute[list[str]]):
    """A list of strings, in order."""

    attr_type = LIST

    def serialize(self, value: Sequence[str]) -> list[dict[str, str]]:
        return [{"S": text} for text in value]

    def deserialize(self, value: Sequence[Mapping[str, str]]) -> list[str]:
        return [text["S"] for text in value]


class NumbersAttribute(Attribute[list[int]]):
    """A list of whole numbers, in order."""

    attr_type = LIST

    def serialize(self, value: Sequence[int]) -> list[dict[str, str]]:
        return [{"N": str(number)} for number in value]

    def deserialize(self, value: Sequence[Mapping[str, str]]) -> list[int]:
        return [int(number["N"]) for number in value]


class RowsAttribute(Attribute[list[list[Any]]]):
    """A list of lists of anything that `to_wire` takes."""

    attr_type = LIST

    def serialize(self, value: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
        return [to_wire(list(row)) for row in value]

    def deserialize(self, value: Sequence[Mapping[str, Any]]) -> list[list[Any]]:
        return [[from_wire(item) for item in row["L"]] for row in value]
