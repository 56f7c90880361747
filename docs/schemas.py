"""JSON Schemas of the classes that stand in both documents."""

import inspect
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.inspect import StructType, Type, multi_type_info

Schema = dict[str, Any]
REF = "#/components/schemas/{name}"


class Schemas:
    """The schemas of some types: one for each, and the components that they refer to."""

    def __init__(self, types: Iterable[Any], sent: type[Struct]) -> None:
        """Describes `types`. What derives from `sent` is what clients send; all else is what they get."""
        known = list(dict.fromkeys(types))
        schemas, components = msgspec.json.schema_components(known, ref_template=REF)
        self.components: dict[str, Schema] = dict(components)
        self._of: dict[Any, Schema] = dict(zip(known, schemas, strict=True))
        for struct in dict.fromkeys(one.cls for one in _structs(multi_type_info(known))):
            self._finish(struct, got=not issubclass(struct, sent))

    def of(self, kind: Any) -> Schema:
        """Returns the schema of one of the types: mostly a reference to a component."""
        return self._of[kind]

    def whole(self, kind: type[Struct]) -> Schema:
        """Returns the schema of a struct itself, not a reference to it."""
        name: str = self._of[kind]["$ref"].removeprefix(REF.format(name=""))
        return self.components[name]

    def _finish(self, struct: type[Struct], *, got: bool) -> None:
        schema = self.components[struct.__name__]
        del schema["title"]  # it repeats the name
        if "description" in schema:
            schema["description"] = inspect.cleandoc(schema["description"])
        if got and not struct.__struct_config__.omit_defaults:
            schema["required"] = list(schema["properties"])  # a field with a default is sent all the same
        if got:
            for field in schema["properties"].values():
                field.pop("default", None)


def _structs(described: object) -> Iterator[StructType]:
    """Yields every struct in what msgspec says of some types, itself included."""
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
