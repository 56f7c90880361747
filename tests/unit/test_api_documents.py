"""The API documents agree with the code and with the standards."""

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

from docs import examples
from docs.fields import TERMS
from tests.harness.documents import stale_examples

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
Document = dict[str, Any]


def read(name: str) -> Document:
    document: Document = json.loads((DOCS / name).read_text(encoding="utf-8"))
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

    assert [path.name for path in made] == [
        *("asyncapi.json", "openapi.json", "parameters.md", "rest.md", "websocket.md", "webhooks.json"),
        *("client.py", "addresses.py", "code_points.py", "emoji.py", "media_types.py", "types.py"),
    ]
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


def test_a_person_of_many_is_described_as_a_person_alone() -> None:
    """Each is decoded by itself, so their class is not part of the body's."""
    classes = OPENAPI["components"]["schemas"]
    one, listed = classes["PutUser"], classes["ListedUser"]

    assert classes["PutUsers"]["properties"]["users"]["items"] == {"$ref": "#/components/schemas/ListedUser"}
    assert listed["properties"].keys() == one["properties"].keys() | {"id"}
    assert {name: listed["properties"][name] for name in one["properties"]} == one["properties"]
    assert listed["required"] == ["id"]


def schemas(node: object, path: str = "") -> Iterator[tuple[str, Document]]:
    """Yields every schema of a document, with where it is."""
    if isinstance(node, dict):
        if "type" in node or "$ref" in node or "anyOf" in node:
            yield path, node
        for name, inner in node.items():
            yield from schemas(inner, f"{path}/{name}")
    elif isinstance(node, list):
        for index, inner in enumerate(node):
            yield from schemas(inner, f"{path}/{index}")


def components(document: Document) -> Iterator[tuple[str, Document]]:
    yield from schemas(document["components"]["schemas"])


def fields(document: Document) -> dict[str, Document]:
    """Returns every field of every class, by `Class.name`."""
    whole = document["components"]["schemas"].items()
    return {f"{kind}.{name}": one for kind, schema in whole for name, one in schema.get("properties", {}).items()}


DOCUMENTS = pytest.mark.parametrize("document", [OPENAPI, ASYNCAPI], ids=["openapi", "asyncapi"])


@DOCUMENTS
def test_every_field_has_a_sentence_and_so_has_every_class(document: Document) -> None:
    without = {name for name, field in fields(document).items() if not re.search(r"\w.*[.]$", field["description"])}

    assert without == set()
    assert all(schema.get("description") for schema in document["components"]["schemas"].values())


def test_every_parameter_has_a_sentence_and_a_part_of_a_path_a_pattern() -> None:
    parameters = [parameter for _, _, one in METHODS for parameter in one.get("parameters", [])]

    assert parameters and all(parameter["description"].endswith(".") for parameter in parameters)
    assert all("pattern" in one["schema"] for one in parameters if one["in"] == "path")


def test_no_sentence_is_there_for_nothing() -> None:
    known = {**fields(OPENAPI), **fields(ASYNCAPI)}
    parameters = {parameter["name"] for _, _, one in METHODS for parameter in one.get("parameters", [])}
    names = {name.rpartition(".")[2] for name in known} | parameters

    assert {term for term in TERMS if "." not in term} <= names
    assert {term.rpartition(".")[2] for term in TERMS} <= names


@DOCUMENTS
def test_numbers_have_a_format_and_enumerations_a_type_and_a_name(document: Document) -> None:
    for path, schema in components(document):
        assert schema.get("type") != "integer" or schema["format"] in ("int32", "int64"), path
        assert "enum" not in schema or (schema["type"] == "string" and path.count("/") == 1), path
        assert "prefixItems" not in schema and schema.get("items") is not False, path


@DOCUMENTS
def test_what_is_a_time_says_so(document: Document) -> None:
    times = [field for name, field in fields(document).items() if name.endswith("_at")]

    assert times and all("date-time" in json.dumps(field) for field in times)


def test_no_field_of_a_body_has_a_default_that_would_make_it_a_required_one() -> None:
    assert not [path for path, schema in components(OPENAPI) if "default" in schema]
    assert "left out" in fields(OPENAPI)["SetRole.role"]["description"]


@DOCUMENTS
def test_patterns_are_written_as_every_engine_understands_them(document: Document) -> None:
    patterns = {str(one["pattern"]) for _, one in schemas(document) if "pattern" in one}

    assert patterns and not [one for one in patterns if not one.isascii() or re.search(r"\(\?|\\u|\\x|\\p", one)]


def test_every_message_of_the_socket_is_a_class_with_a_name() -> None:
    assert all("$ref" in message["payload"] for message in ASYNCAPI["components"]["messages"].values())


def test_every_operation_action_and_event_has_an_example_that_is_still_true() -> None:
    # Nobody writes them: `make examples` records them again from the functional tests.
    assert stale_examples(examples.load()) == set()


def test_examples_stand_in_both_documents() -> None:
    of_json = [one for _, _, one in METHODS if one.get("security") != []]  # the others answer pages
    successes = [one["responses"][status] for one in of_json for status in one["responses"] if status < "3"]

    assert sum("examples" in reply["content"]["application/json"] for reply in successes) == len(of_json)
    assert all(message["examples"] for message in ASYNCAPI["components"]["messages"].values())
