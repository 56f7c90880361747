"""The files that `make docs` makes for the package in host/: types, the client without asyncio, and copied rules.

The types are the schemas of openapi.json that the methods of the client name, and those that they lead to.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from keyword import iskeyword
from pathlib import Path
from typing import Any

from docs.operations import ROOT

FOLDER = Path("host/src/parley_host")
# Rules that an import checks, too.
COPIED = (
    "parley/domain/attachments/media_types.py",
    "parley/domain/outbound/addresses.py",
    "parley/domain/text/code_points.py",
    "parley/domain/text/emoji.py",
)
WITHOUT_MSGSPEC = (
    ("import re\nfrom ipaddress", "import re\nfrom dataclasses import dataclass\nfrom ipaddress"),
    ("\nfrom msgspec import Struct\n", ""),
    ("class Target(Struct, frozen=True, kw_only=True):", "@dataclass(frozen=True, kw_only=True)\nclass Target:"),
)
MADE = '"""{title} Made by `make docs`: change {source} instead."""\n'
IMPORTS = """from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

from parley_host.ids import UserId
"""
# Your own ids may be whole numbers: the client maps these fields of a body (host/src/parley_host/ids.py).
IDS = {
    "user_id",
    "sender_id",
    "requester_id",
    "assignee_id",
    "user_ids",
    "member_ids",
    "owner_ids",
    "add",
    "remove",
    "mentions",
}
PLAIN = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}
SYNCHRONOUS = (
    (r"AsyncParley", "Parley"),
    (r"AsyncIterator", "Iterator"),
    (r"httpx\.Async(Client|BaseTransport)", r"httpx.\1"),
    (r"__a(enter|exit)__", r"__\1__"),
    (r"\baclose\b", "close"),
    (r"\bpause_async\b", "pause"),
    (r"\basync (def|for|with)\b", r"\1"),
    (r"\bawait ", ""),
    (r"for item in (\S+):\n\s+yield item", r"yield from \1"),
    (r"Awaitable\[(list\[\w+\])\]", r"\1"),
    (r"(?m)^(from collections\.abc import .*)\bAwaitable, (.*)$", r"\1\2"),
)

Schema = Mapping[str, Any]


def files(openapi: Mapping[str, Any]) -> dict[str, str]:
    """Returns the text of each made file, by its name."""
    source = (ROOT / FOLDER / "async_client.py").read_text(encoding="utf-8")
    made = {"types.py": types(openapi["components"]["schemas"], source), "client.py": client(source)}
    made |= {f"moving/{Path(module).name}": copied(module) for module in COPIED}
    return {name: _formatted(text) for name, text in made.items()}


def _formatted(text: str) -> str:
    command = [sys.executable, "-m", "ruff", "format", "--quiet", "-"]
    return subprocess.run(command, cwd=ROOT, input=text, capture_output=True, text=True, check=True).stdout


def copied(module: str) -> str:
    """Returns a module of the layer for the package, which imports nothing of Parley."""
    text = (ROOT / "layers" / "shared" / module).read_text(encoding="utf-8")
    for before, after in (("from parley.domain.text.", "from parley_host.moving."), *WITHOUT_MSGSPEC):
        text = text.replace(before, after)
    return f"# Made by `make docs`: change layers/shared/{module} instead.\n{text}"


def client(source: str) -> str:
    """Returns the client without asyncio, from the text of the one with it."""
    _, _, code = source.partition('"""\n')
    for pattern, replacement in SYNCHRONOUS:
        code = re.sub(pattern, replacement, code)
    # The list of imports is sorted: `Iterator` comes after `Iterable`.
    code = re.sub(r"(?m)^from collections\.abc import (.*)$", _sorted, code)
    return MADE.format(title="The client.", source="async_client.py") + code


def _sorted(line: re.Match[str]) -> str:
    return f"from collections.abc import {', '.join(sorted(line[1].split(', ')))}"


def types(schemas: Mapping[str, Schema], source: str) -> str:
    """Returns a module with a class for each schema that the client needs."""
    wanted = sorted(_reachable(schemas, _imported(source)))
    head = MADE.format(title="The requests and answers of the REST API.", source="the handlers")
    classes = "\n\n".join(_class(name, schemas[name]) for name in wanted)
    return f"{head}\n{IMPORTS}\n{classes}"


def _imported(source: str) -> set[str]:
    return {
        alias.name
        for node in ast.parse(source).body
        if isinstance(node, ast.ImportFrom) and node.module == "parley_host.types"
        for alias in node.names
    }


def _reachable(schemas: Mapping[str, Schema], names: set[str]) -> set[str]:
    found: set[str] = set()
    waiting = set(names)
    while waiting:
        found.add(name := waiting.pop())
        waiting |= set(_references(schemas[name])) - found
    return found


def _references(node: object) -> Iterator[str]:
    if isinstance(node, Mapping):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"].rpartition("/")[2]
        node = list(node.values())
    if isinstance(node, list):
        for value in node:
            yield from _references(value)


def _class(name: str, schema: Schema) -> str:
    if "enum" in schema:
        return f"{name} = {_type(schema)}\n"
    sentence = " ".join(schema["description"].split("\n\n")[0].split())
    required = set(schema.get("required", ()))
    types = {field: _field_type(name, schema, field) for field in schema["properties"]}
    kinds = {field: kind if field in required else f"NotRequired[{kind}]" for field, kind in types.items()}
    if any(map(iskeyword, kinds)):  # `from` is no name in a class
        return f'\n{name} = TypedDict("{name}", {kinds!r})\n"""{sentence}"""\n'
    fields = [f"    {field}: {kind}\n" for field, kind in kinds.items()]
    return f'\nclass {name}(TypedDict):\n    """{sentence}"""\n\n{"".join(fields)}'


def _field_type(name: str, schema: Schema, field: str) -> str:
    kind = _type(schema["properties"][field])
    is_in_a_request = schema.get("additionalProperties") is False
    is_mapped = is_in_a_request and (field in IDS or (name, field) == ("ListedUser", "id"))
    return kind.replace("str", "UserId") if is_mapped else kind


def _type(schema: Schema) -> str:
    match schema:
        case {"$ref": str(reference)}:
            return reference.rpartition("/")[2]
        case {"anyOf": list(options)}:
            return " | ".join(_type(option) for option in options)
        case {"enum": list(values)}:
            return f"Literal[{', '.join(map(repr, values))}]"
        case {"type": "array", "items": items}:
            return f"list[{_type(items)}]"
        case {"type": "object", "additionalProperties": dict(values)}:
            return f"dict[str, {_type(values)}]"
        case {"type": "object"}:
            return "dict[str, Any]"
        case {"type": str(plain)}:
            return PLAIN[plain]
    raise ValueError(f"no type for {schema}")
