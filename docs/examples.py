"""`python -m docs.examples [all]`: docs/examples.json, one really exchanged example of each kind.

Examples are never written by hand. The functional tests run with PARLEY_EXAMPLES set, `tests/harness/examples.py` keeps
all that they exchange, and for each operation, action and event the exchange that shows most is chosen. Without `all`,
it runs only the tests whose examples are missing or no longer match the documents.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

ROOT = Path(__file__).parents[1]
FILE = ROOT / "docs" / "examples.json"
MAX_CHARACTERS = 2_400  # of an example; larger ones show nothing more
FUNCTIONAL = ("tests/functional/rest", "tests/functional/websocket")

Example = dict[str, Any]
Document = dict[str, Any]


def load() -> dict[str, Example]:
    """Returns the examples, by kind and name: `rest send_message`, `action ping`, `event new_message`."""
    return json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}


def illustrated_rest(document: Document, examples: dict[str, Example]) -> None:
    """Puts the examples into the REST document."""
    for path, methods in document["paths"].items():
        for operation in methods.values():
            if example := examples.get(f"rest {operation['operationId']}"):
                _illustrate(path, operation, example)


def _illustrate(path: str, operation: Document, example: Example) -> None:
    test = example["test"]
    if "requestBody" in operation and example["sent"] is not None:
        operation["requestBody"]["content"]["application/json"]["examples"] = _named(test, example["sent"])
    content = operation["responses"][str(example["status"])].get("content", {})
    if "application/json" in content:
        content["application/json"]["examples"] = _named(test, example["got"])
    told = _parameters(path, example["path"])
    for parameter in operation.get("parameters", []):
        if parameter["name"] in told:
            parameter["example"] = _typed(told[parameter["name"]], parameter["schema"])


def _named(test: str, value: object) -> Document:
    return {"sent": {"summary": f"As it went over the wire in {test}.", "value": value}}


def _parameters(template: str, path: str) -> dict[str, str]:
    """Returns the parameters of a request, by name, decoded."""
    route, _, query = path.partition("?")
    found = re.fullmatch(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template), route)
    parts = found.groupdict() if found else {}
    return {**{name: unquote(part) for name, part in parts.items()}, **dict(parse_qsl(query))}


def _typed(text: str, schema: Document) -> object:
    return int(text) if schema.get("type") == "integer" else text


def illustrated_socket(document: Document, examples: dict[str, Example]) -> None:
    """Puts the examples into the WebSocket document."""
    for name, message in document["components"]["messages"].items():
        kind, _, part = name.rpartition("_")
        if part == "ack" and (example := examples.get(f"action {kind}")):
            message["examples"] = [_frame(example, "got")]
        elif part == "event" and (example := examples.get(f"event {kind}")):
            message["examples"] = [_frame(example, "got")]
        elif name == "error" and (example := examples.get("error error")):
            message["examples"] = [_frame(example, "got")]
        elif example := examples.get(f"action {name}"):
            message["examples"] = [_frame(example, "sent")]


def _frame(example: Example, side: str) -> Document:
    return {"name": "sent", "summary": f"As it went over the wire in {example['test']}.", "payload": example[side]}


# --- choosing --------------------------------------------------------------------------------------------------------


def chosen(exchanges: Iterable[Example]) -> dict[str, Example]:
    """Returns the exchange that shows most for each kind and name, the shortest of several."""
    best: dict[str, tuple[tuple[int, int, str], Example]] = {}
    for exchange in exchanges:
        text = json.dumps(exchange, ensure_ascii=False)
        if not text.isprintable() or len(text) > MAX_CHARACTERS:
            continue
        key = f"{exchange['kind']} {exchange['name']}"
        rank = (_shown(exchange.get("sent")) + _shown(exchange["got"]), -len(text), text)
        if key not in best or rank > best[key][0]:
            best[key] = (rank, exchange)
    return {key: exchange for key, (_, exchange) in sorted(best.items())}


def _shown(value: object) -> int:
    """Counts the fields with a value, each name once."""
    return len(set(_names(value)))


def _names(value: object, path: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _names(inner, f"{path}/{name}")
    elif isinstance(value, list):
        for inner in value:
            yield from _names(inner, path)
    elif value not in (None, "", False, 0):
        yield path


def tests_of(keys: Iterable[str], examples: dict[str, Example]) -> list[str]:
    """Returns the test files that show these: the file that did before, or the one of that name."""
    files: set[str] = set()
    for key in keys:
        if key in examples:
            files.add(examples[key]["test"])
            continue
        name = key.split()[1]
        named = [f"{folder}/test_{name}.py" for folder in FUNCTIONAL if (ROOT / folder / f"test_{name}.py").exists()]
        files |= set(named or FUNCTIONAL)
    return sorted(files)


def played(tests: list[str]) -> dict[str, Example]:
    """Returns the examples that these tests show."""
    with tempfile.TemporaryDirectory(prefix="parley-examples-") as folder:
        file = Path(folder) / "exchanges"
        command = [sys.executable, "-m", "pytest", "-q", "-n", "auto", "--dist", "loadfile", *tests]
        # Some tests compare replies with the documents that contain these examples: their failures do not count here.
        subprocess.run(command, cwd=ROOT, env={**os.environ, "PARLEY_EXAMPLES": str(file)}, check=False)
        with file.open(encoding="utf-8") as lines:
            return chosen(json.loads(line) for line in lines)


def main(arguments: list[str]) -> int:
    """Makes docs/examples.json again; returns 1 if something still has no example."""
    sys.path[:0] = [str(ROOT / "functions"), str(ROOT / "layers" / "shared"), str(ROOT / "layers" / "media")]
    from tests.harness.documents import stale_examples

    examples = {} if "all" in arguments else load()
    stale = stale_examples(examples)
    if stale:
        found = played(tests_of(stale, examples))
        examples = {key: one for key, one in examples.items() if key not in stale} | {
            key: one for key, one in found.items() if key in stale
        }
        FILE.write_text(json.dumps(dict(sorted(examples.items())), indent=1, ensure_ascii=False) + "\n", "utf-8")
    missing = sorted(stale_examples(examples))
    if missing:
        print(f"no test shows these well: {', '.join(missing)}", file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
