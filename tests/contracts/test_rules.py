"""The rule sets that other people recommend find nothing in the two documents, and all engines read their patterns."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.contracts.tools import ASYNCAPI, NODE, OPENAPI, node, python, run


def test_openapi_spec_validator_reads_the_rest_document() -> None:
    said = run(Path(__file__).parents[2] / ".venv/bin/openapi-spec-validator", OPENAPI, folder=NODE)

    assert "OK" in said


@pytest.mark.parametrize("document", [OPENAPI, ASYNCAPI], ids=["openapi", "asyncapi"])
def test_spectral_has_no_error_and_no_warning(document: Path) -> None:
    node("spectral", "lint", "--ruleset", NODE / "spectral.yaml", "--fail-severity", "warn", document)


def test_redocly_has_no_error_and_no_warning() -> None:
    said = node("redocly", "lint", "--extends", "recommended", "--format", "json", OPENAPI)

    totals = json.JSONDecoder().raw_decode(said[said.index("{") :])[0]["totals"]
    assert totals == {"errors": 0, "warnings": 0, "ignored": 0}


def test_no_model_of_the_websocket_document_is_anonymous(tmp_path: Path) -> None:
    found = json.loads(run("node", NODE / "models.js", ASYNCAPI, folder=NODE))

    assert found["problems"] == []
    assert "SendMessageRequest" in found["named"] and len(found["named"]) > 80
    assert found["anonymous"] == []


def test_every_engine_reads_every_pattern(tmp_path: Path) -> None:
    patterns = tmp_path / "patterns.json"
    patterns.write_text(
        json.dumps(sorted(set(_patterns([json.loads(one.read_text()) for one in (OPENAPI, ASYNCAPI)]))))
    )

    ecmascript = "for (const one of JSON.parse(require('fs').readFileSync(process.argv[1]))) new RegExp(one)"
    run("node", "-e", ecmascript, patterns, folder=NODE)
    engines = """
import json, sys
import re2
from pydantic import StringConstraints, TypeAdapter
from typing import Annotated
for one in json.load(open(sys.argv[1])):
    re2.compile(one)
    TypeAdapter(Annotated[str, StringConstraints(pattern=one)])
"""
    python("python", "-c", engines, patterns, folder=tmp_path)


def _patterns(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("pattern"), str):
            yield node["pattern"]
        node = list(node.values())
    if isinstance(node, list):
        for inner in node:
            yield from _patterns(inner)
