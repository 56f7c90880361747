"""errors.md explains every code that the code can raise, with its status, and none that it cannot."""

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import get_args

from parley.adapters.people import tokens
from parley.domain.api import errors, invalid_fields
from parley.domain.api.errors import Refusal
from parley.domain.attachments.scans import SCAN_FAILED
from parley.domain.conversations import rights
from parley.domain.people import policy
from parley.domain.people.policy import Decision
from parley.triggers import problems
from parley_media.results import Code as RejectedCode

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reference" / "errors.md").read_text(encoding="utf-8")
SOURCES = sorted((ROOT / "layers" / "shared" / "parley").rglob("*.py"))
REFUSALS = {name: kind for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Refusal)}

Code = tuple[str, int]


def calls(sources: Sequence[Path] = SOURCES) -> Iterator[ast.Call]:
    for path in sources:
        yield from (
            node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)
        )


def texts(node: ast.expr) -> set[str]:
    """Returns the texts that an argument may be: more than one in `"a" if … else "b"`."""
    if isinstance(node, ast.IfExp):
        return texts(node.body) | texts(node.orelse)
    return {node.value} if isinstance(node, ast.Constant) and isinstance(node.value, str) else set()


def raised(sources: Sequence[Path] = SOURCES) -> set[Code]:
    """Returns what is raised by its class: `Unavailable("store_busy", …)`."""
    return {
        (code, REFUSALS[call.func.id].status)
        for call in calls(sources)
        if isinstance(call.func, ast.Name) and call.func.id in REFUSALS and call.args
        for code in texts(call.args[0])
    }


def ruled() -> set[Code]:
    """Returns what the rules of a conversation refuse with."""
    return {(line.code, 403) for lines in rights.RULES.values() for line in lines}


def decided() -> set[Code]:
    """Returns what a policy refuses with."""
    refused = set()
    for code in set(get_args(policy.Code)) - {"allowed"}:
        try:
            Decision(code=code, rule="").require()
        except Refusal as refusal:
            refused.add((refusal.code, refusal.status))
    return refused


OF_ADDRESSES = {"bad_url", "https_only", "private_address"}  # by `http.check_url`
OF_ENDPOINTS = {"unknown_push_service"}  # by `web_push.check_endpoint`


def answered_by_the_gateway() -> set[Code]:
    template = (ROOT / "template.yaml").read_text(encoding="utf-8")
    return {(code, int(status)) for status, code in re.findall(r'"status": (\d+),[^}]*?"code": "(\w+)"', template)}


def field_codes() -> set[str]:
    made = {
        code
        for call in calls()
        if ast.unparse(call.func) in ("Field", "Invalid.field") and len(call.args) > 1
        for code in texts(call.args[1])
    }
    return made | set(invalid_fields._SENTENCES) | OF_ADDRESSES | OF_ENDPOINTS


def test_every_code_is_explained_with_its_status_and_no_other() -> None:
    fault = problems.fault("/", "")
    of_tokens = {(code, 401) for _, code, _ in tokens._CODES}
    known = raised() | ruled() | decided() | of_tokens | answered_by_the_gateway() | {(fault.code, fault.status)}

    explained = {(code, int(status)) for code, status in re.findall(r"^\| `(\w+)` \| (\d{3}) \|", PAGE, re.MULTILINE)}

    assert explained == known


def test_codes_of_the_desk_stand_in_a_section_of_their_own() -> None:
    desk = [path for path in SOURCES if path.parent.name == "support"]
    others = [path for path in SOURCES if path not in desk]
    section = PAGE.partition("\n## Support desk\n")[2].partition("\n## ")[0]

    there = {code for code, _ in raised(desk) - raised(others) - decided()}

    assert there - set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)) == set()


def test_every_code_of_a_rejected_attachment_is_explained_and_no_other() -> None:
    section = PAGE.partition("## Codes of a rejected attachment")[2].partition("\n## ")[0]
    explained = [
        code for row in re.findall(r"^\| (`.*?`) \|", section, re.MULTILINE) for code in row.strip("`").split("`, `")
    ]

    # An infected file is in a state of its own.
    assert sorted(explained) == sorted({*get_args(RejectedCode), SCAN_FAILED} - {"infected"})


def test_every_field_code_is_explained_and_no_other() -> None:
    section = PAGE.partition("## Fields")[2].partition("\n## ")[0]

    explained = {
        code for row in re.findall(r"^\| (`.*?`) \|", section, re.MULTILINE) for code in row.strip("`").split("`, `")
    }

    assert explained == field_codes()
