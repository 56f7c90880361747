"""The stack that `sam build` has built, without nested stacks: ministack ignores those.

Each function gets what its stack's Globals say, a stack's parameters are replaced by what template.yaml gives, a
reference to its outputs by what they are. Whatever names an output waits for all that its stack has.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

Json = dict[str, Any]
NESTED = "AWS::Serverless::Application"


def flattened(build: Path) -> Json:
    """Returns the built template with the resources of its nested stacks."""
    parent = _read(build / "template.yaml")
    stacks = {name: each for name, each in parent["Resources"].items() if each["Type"] == NESTED}
    inner = {name: _inlined(build / each["Properties"]["Location"], each) for name, each in stacks.items()}
    resources = {name: each for name, each in parent["Resources"].items() if name not in stacks}
    for stack, child in inner.items():
        resources = {name: _told(stack, child, each) for name, each in resources.items()}
    for child in inner.values():
        _add(resources, child["Resources"])
        _merge(parent.setdefault("Conditions", {}), child["Conditions"])
        _merge(parent.setdefault("Globals", {}), child["Globals"])
    return {**parent, "Resources": resources}


def _read(path: Path) -> Json:
    document: Json = yaml_parse(path.read_text(encoding="utf-8"))
    return document


def _inlined(path: Path, stack: Json) -> Json:
    """Returns a nested template with the values of its parameters in their place, and paths as its parent has them."""
    child = _read(path)
    given = stack["Properties"].get("Parameters", {})
    assert given.keys() == child["Parameters"].keys(), f"{path}: {given.keys() ^ child['Parameters'].keys()}"
    for each in child["Resources"].values():
        each["Properties"]["CodeUri"] = f"{path.parent.name}/{each['Properties']['CodeUri']}"
    child["Globals"]["Function"].pop("CodeUri", None)  # each function has been built
    inlined: Json = _with(child, given)
    return inlined


def _with(node: Any, given: Mapping[str, Any]) -> Any:
    if isinstance(node, list):
        return [_with(each, given) for each in node]
    if not isinstance(node, dict):
        return node
    if node.keys() == {"Ref"}:
        return given.get(node["Ref"], node)
    if node.keys() == {"Fn::Sub"} and isinstance(node["Fn::Sub"], str):
        text = re.sub(r"\$\{(\w+)\}", lambda found: _text(found, given), node["Fn::Sub"])
        decided = {name: given[name] for name in re.findall(r"\$\{(\w+)\}", text) if _is_decided(given.get(name))}
        return {"Fn::Sub": [text, decided] if decided else text}
    return {key: _with(value, given) for key, value in node.items()}


def _text(found: re.Match[str], given: Mapping[str, Any]) -> str:
    """Returns a parameter's value as a part of a text in which references are resolved."""
    if found[1] not in given:
        return found[0]
    value = given[found[1]]
    if _is_decided(value):
        return found[0]
    return str(value["Fn::Sub"] if "Fn::Sub" in value else f"${{{value['Ref']}}}")


def _is_decided(value: Any) -> bool:
    """Says whether a parameter's value is one of two, by a condition: that is no part of a text."""
    return isinstance(value, dict) and "Fn::If" in value


def _told(stack: str, child: Json, resource: Json) -> Json:
    """Returns a resource of the parent with a nested stack's outputs in it."""
    text = json.dumps(resource)
    told = re.sub(
        rf"\$\{{{stack}\.Outputs\.(\w+)\}}", lambda found: child["Outputs"][found[1]]["Value"]["Fn::Sub"], text
    )
    if told == text:
        return resource
    after = resource.get("DependsOn", [])
    waits = {"DependsOn": [*([after] if isinstance(after, str) else after), *child["Resources"]]}
    found: Json = json.loads(told) | waits
    return found


def _merge(into: Json, more: Json) -> None:
    for name, value in more.items():
        assert into.setdefault(name, value) == value, name


def _add(into: Json, more: Json) -> None:
    assert not into.keys() & more.keys()
    into |= more
