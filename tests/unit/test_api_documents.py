"""What is made from the code is what the code makes it, and what the standards ask for."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
Document = dict[str, Any]


def read(name: str) -> Document:
    document: Document = json.loads((DOCS / name).read_text(encoding="ascii"))
    return document


OPENAPI = read("openapi.json")
ASYNCAPI = read("asyncapi.json")
METHODS = [(method, path, one) for path, methods in OPENAPI["paths"].items() for method, one in methods.items()]


def named(operation: tuple[str, str, Document]) -> str:
    return str(operation[2]["operationId"])


def references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        yield from (value for key, value in node.items() if key == "$ref")
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def resolve(document: Document, reference: str) -> object:
    """Returns what a local reference points to; KeyError where it points nowhere."""
    found: Any = document
    for part in reference.removeprefix("#/").split("/"):
        found = found[part.replace("~1", "/").replace("~0", "~")]
    return found


def first_line(kind: str, name: str) -> str:
    return (ROOT / "functions" / kind / f"{name}.py").read_text(encoding="utf-8").partition("\n")[0]


def test_the_documents_are_those_that_the_code_makes(tmp_path: Path) -> None:
    # A process of its own: handlers are imported there in the template's environment, not in the tests' own.
    subprocess.run([sys.executable, "-m", "docs.generate", str(tmp_path)], cwd=ROOT, check=True)

    made = sorted(path for path in tmp_path.rglob("*") if path.is_file())

    assert [path.name for path in made] == ["README.md", "asyncapi.json", "openapi.json"]
    for path in made:
        name = path.relative_to(tmp_path)
        assert path.read_bytes() == (ROOT / name).read_bytes(), f"{name} is stale: make docs"


def test_the_rest_document_is_openapi() -> None:
    OpenAPIV31SpecValidator(OPENAPI).validate()


@pytest.mark.parametrize("document", [OPENAPI, ASYNCAPI], ids=["openapi", "asyncapi"])
def test_every_reference_leads_somewhere_and_every_schema_is_one(document: Document) -> None:
    assert all(resolve(document, reference) for reference in references(document))
    for schema in document["components"]["schemas"].values():
        OAS31Validator.check_schema(schema)


@pytest.mark.parametrize("operation", METHODS, ids=named)
def test_a_handler_names_the_route_that_the_template_gives_it(operation: tuple[str, str, Document]) -> None:
    method, path, one = operation

    assert re.match(rf'"""{method.upper()} {re.escape(path)}[:?]', first_line("rest", one["operationId"]))


@pytest.mark.parametrize("operation", METHODS, ids=named)
def test_an_operation_tells_how_it_ends_well(operation: tuple[str, str, Document]) -> None:
    _, _, one = operation

    assert any(status.startswith("2") for status in one["responses"])
    assert one["summary"].endswith(".")


def test_every_action_is_answered_and_every_event_sent() -> None:
    received = {name for name, one in ASYNCAPI["operations"].items() if one["action"] == "receive"}
    messages = ASYNCAPI["channels"]["socket"]["messages"]

    assert received and all(first_line("websocket", name).startswith(f'"""{name} {{') for name in received)
    assert all({name, f"{name}_ack"} <= messages.keys() for name in received)
    assert sum(name.endswith("_event") for name in messages) == len(ASYNCAPI["operations"]) - len(received)
