"""JSON Schemas of the classes in both documents, in terms that every reader of JSON Schema knows.

Generators of clients support less than the standard allows. So a pattern uses only what ECMAScript without `u`, RE2 and
Rust know, `items` describes a tuple, every enumeration has a type, and every number a format. A request has no
`default`, which would make the field a required one in TypeScript: the sentence states it.
"""

import inspect
import json
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.inspect import Metadata, StructType, Type, multi_type_info

from docs import fields

Schema = dict[str, Any]
REF = "#/components/schemas/{name}"
_PYTHON_END = r"$(?!\n)"  # Python's `$` matches before a final line feed too; other engines' does not


class Schemas:
    """The schemas of some types: one for each, and the components that they refer to."""

    def __init__(self, types: Iterable[Any], sent: type[Struct]) -> None:
        """Describes `types`. Clients send the classes derived from `sent`, and get all others."""
        named = list(types)
        known = list(dict.fromkeys([*named, *_undecoded(multi_type_info(named))]))
        schemas, components = msgspec.json.schema_components(known, ref_template=REF)
        self.components: dict[str, Schema] = {}
        self._of: dict[Any, Schema] = {kind: self._portable(one) for kind, one in zip(known, schemas, strict=True)}
        for name, schema in components.items():
            self.name(name, self._portable(schema))
        for struct in dict.fromkeys(one.cls for one in _structs(multi_type_info(known))):
            self._finish(struct, got=not issubclass(struct, sent))

    def of(self, kind: Any) -> Schema:
        """Returns the schema of one of the types: mostly a reference to a component."""
        return self._of[kind]

    def whole(self, kind: type[Struct]) -> Schema:
        """Returns the schema of a struct itself, not a reference to it."""
        name: str = self._of[kind]["$ref"].removeprefix(REF.format(name=""))
        return self.components[name]

    def name(self, name: str, schema: Schema) -> Schema:
        """Makes a component of a schema and returns the reference to it, so that it has a name in every client."""
        assert name not in self.components, f"there are two schemas called {name}"
        self.components[name] = schema
        return {"$ref": REF.format(name=name)}

    def _portable(self, node: Any) -> Any:
        """Returns a schema without what only some readers of JSON Schema understand."""
        if isinstance(node, list):
            return [self._portable(one) for one in node]
        if not isinstance(node, dict):
            return node
        schema = {name: self._portable(one) for name, one in node.items()}
        if isinstance(pattern := schema.get("pattern"), str):
            schema["pattern"] = portable_pattern(pattern)
        if "prefixItems" in schema:
            schema["items"], *others = schema.pop("prefixItems")
            assert all(one == schema["items"] for one in others), "a tuple of several kinds: say it as an object"
        if schema.get("type") == "integer":
            schema["format"] = "int32" if schema.get("maximum", 2**31) < 2**31 else "int64"
        if isinstance(values := schema.pop("enum", None), list):
            schema |= self._enumeration(values)
        return schema

    def _enumeration(self, values: list[str]) -> Schema:
        """Returns a reference to the enumeration, or the one text that it allows."""
        if len(values) == 1:
            return {"type": "string", "const": values[0]}
        name, sentence = fields.enumeration(values)
        self.components[name] = {"type": "string", "description": sentence, "enum": values}
        return {"$ref": REF.format(name=name)}

    def _finish(self, struct: type[Struct], *, got: bool) -> None:
        schema = self.components[struct.__name__]
        del schema["title"]  # it repeats the name
        if "description" in schema:
            schema["description"] = inspect.cleandoc(schema["description"])
        if got and not struct.__struct_config__.omit_defaults:
            # A field with a default is sent anyway, unless the default says that it is not there.
            absent = {field.encode_name for field in msgspec.structs.fields(struct) if field.default is msgspec.UNSET}
            schema["required"] = [name for name in schema["properties"] if name not in absent]
        for name, field in schema["properties"].items():
            default = field.pop("default", None)
            schema["properties"][name] = _described(struct.__name__, name, field, None if got else default)


def portable_pattern(pattern: str) -> str:
    r"""Returns a pattern that matches at least what `pattern` does, in terms that all engines know.

    NOT_BLANK names characters past U+FFFF, which each engine writes differently. All engines know `\S`; the server also
    refuses invisible characters besides spaces. Not all engines support look-ahead, which NOT_RESERVED uses.
    """
    from parley.domain.api.fields import EMPTY_OR_NOT_BLANK, NOT_BLANK
    from parley.domain.api.identity import NOT_RESERVED

    if pattern == EMPTY_OR_NOT_BLANK:
        return r"\S|^$"
    return r"\S" if pattern == NOT_BLANK else pattern.replace(_PYTHON_END, "$").replace(NOT_RESERVED, "")


def _described(struct: str, name: str, field: Schema, default: object) -> Schema:
    """Returns a field with its sentence, its default if it is left out, and its format."""
    sentence = fields.sentence(struct, name)
    if default not in (None, [], {}):
        sentence += f" {json.dumps(default)} if left out."
    if text_format := fields.text_format(struct, name):
        field = _formatted(field, text_format)
    return {**field, "description": sentence}


def _formatted(field: Schema, text_format: str) -> Schema:
    """Returns a field whose texts, alone, in a list or beside null, have a format; it says more than their pattern."""
    if "anyOf" in field:
        return {**field, "anyOf": [_formatted(one, text_format) for one in field["anyOf"]]}
    if field.get("type") == "array":
        return {**field, "items": _formatted(field["items"], text_format)}
    if field.get("type") != "string":
        return field
    kept = {name: value for name, value in field.items() if name not in ("pattern", "maxLength")}
    return {**kept, "format": text_format}


def _undecoded(described: object) -> Iterator[type[Struct]]:
    """Yields the class of every part that is decoded later, which its annotation names."""
    if isinstance(described, Metadata) and described.extra is not None and "class" in described.extra:
        yield described.extra["class"]
    elif isinstance(described, StructType):
        for field in described.fields:
            yield from _undecoded(field.type)
    elif isinstance(described, Type):
        for name in described.__struct_fields__:
            yield from _undecoded(getattr(described, name))
    elif isinstance(described, list | tuple):
        for one in described:
            yield from _undecoded(one)


def _structs(described: object) -> Iterator[StructType]:
    """Yields every struct in msgspec's description of some types, itself included."""
    if isinstance(described, StructType):
        yield described
        for field in described.fields:
            yield from _structs(field.type)
    elif isinstance(described, Type):
        for name in described.__struct_fields__:
            yield from _structs(getattr(described, name))
    elif isinstance(described, list | tuple):
        for one in described:
            yield from _structs(one)
