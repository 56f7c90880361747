"""template.yaml and the templates of its nested stacks as they are written: not translated, no reference resolved."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from local import template as local_template

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "template.yaml"
NESTED = "AWS::Serverless::Application"

Json = dict[str, Any]


@cache
def read(path: Path) -> Json:
    return local_template.parse(path)


@cache
def stacks(template: Path = TEMPLATE) -> dict[str, Path]:
    """Returns the template of each nested stack, by logical id."""
    found = {name: each for name, each in read(template)["Resources"].items() if each["Type"] == NESTED}
    return {name: template.parent / each["Properties"]["Location"] for name, each in found.items()}


@cache
def resources(template: Path = TEMPLATE) -> Json:
    """Returns the resources of a template and of its nested stacks, by logical id."""
    found: Json = {}
    for path in (template, *stacks(template).values()):
        found |= read(path)["Resources"]
    return found


def functions(template: Path = TEMPLATE) -> Iterator[tuple[str, Json]]:
    """Yields each function's logical id with its properties."""
    for name, each in resources(template).items():
        if each["Type"] == "AWS::Serverless::Function":
            yield name, each["Properties"]
