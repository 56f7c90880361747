"""The obstacles between a deployed stack and a newer template, read before anybody deploys it (upgrade.md)."""

import re
from collections.abc import Iterator
from pathlib import Path

from local.template import Document, Resource, Template

ROOT = Path(__file__).parents[2]
RELEASES = ROOT / "releases"

# Resources that hold data, or have an address that others keep, by type; and the properties whose change would let
# CloudFormation make a new, empty one (CloudFormation reference, "Update requires: Replacement").
LASTING: dict[str, tuple[str, ...]] = {
    "AWS::DynamoDB::Table": ("TableName", "KeySchema", "LocalSecondaryIndexes", "ImportSourceSpecification"),
    "AWS::S3::Bucket": ("BucketName", "BucketNamePrefix", "BucketNamespace"),
    "AWS::SQS::Queue": ("QueueName", "FifoQueue"),
    "AWS::SecretsManager::Secret": ("Name",),
    "AWS::ApiGateway::RestApi": (),
    "AWS::ApiGatewayV2::Api": ("ProtocolType",),
    "AWS::SNS::Topic": ("TopicName", "FifoTopic"),
    "AWS::Logs::LogGroup": ("LogGroupName",),
    "AWS::Lambda::LayerVersion": (),  # each content is a new version, under a logical id that SAM makes of it
}


# Logical ids that may go, because nothing has used them since the release before the last.
RETIRED: frozenset[str] = frozenset()


def last_release() -> Path:
    """Returns the folder of the newest release."""
    return max(RELEASES.iterdir(), key=lambda folder: version(folder.name))


def version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))


def refusals(before: Template, after: Template, retired: frozenset[str] = RETIRED) -> list[str]:
    """Returns why a stack of `before` cannot become one of `after` in one update, or would lose something by it."""
    return [*_resources(before, after, retired), *_functions(before, after), *_interface(before, after)]


def _resources(before: Template, after: Template, retired: frozenset[str]) -> Iterator[str]:
    there, wanted = _lasting(before), _lasting(after)
    for name, old in there.items():
        new = wanted.get(name)
        if new is None and name in retired:
            continue
        if new is None or new.type != old.type:
            yield f"{name} is gone: under another logical id it would be made anew, empty"
            continue
        for prop in LASTING[old.type]:
            if old.properties.get(prop) != new.properties.get(prop):
                yield f"{name}: another {prop} replaces it by an empty one"
        if old.type == "AWS::DynamoDB::Table":
            yield from _table(name, old.properties, new.properties)


def _functions(before: Template, after: Template) -> Iterator[str]:
    old = {each.ref: each for each in before.of_type("AWS::Lambda::Function")}
    for new in after.of_type("AWS::Lambda::Function"):
        if new.ref in old and old[new.ref].stack != new.stack:
            yield f"{new.logical_id} moves to another stack, and its name is taken until the old one goes"


def _lasting(template: Template) -> dict[str, Resource]:
    found = [each for each in template.resources.values() if each.type in LASTING]
    return {_written_id(each): each for each in found}


def _written_id(resource: Resource) -> str:
    """Returns a logical id as template.yaml has it; SAM adds ten signs to a layer's."""
    is_layer = resource.type == "AWS::Lambda::LayerVersion"
    return re.sub("[0-9a-f]{10}$", "", resource.logical_id) if is_layer else resource.logical_id


def _table(name: str, old: Document, new: Document) -> Iterator[str]:
    kinds, wanted_kinds = _by_name(old, "Attribute"), _by_name(new, "Attribute")
    for attribute in kinds.keys() & wanted_kinds.keys():
        if kinds[attribute] != wanted_kinds[attribute]:
            yield f"{name}: the key {attribute} cannot change its type"
    yield from _indexes(name, _by_name(old, "Index"), _by_name(new, "Index"))
    for prop, what in (("StreamSpecification", "stream"), ("TimeToLiveSpecification", "time to live")):
        if prop in old and prop in new and old[prop] != new[prop]:
            yield f"{name}: the {what} cannot change while it is on; switch it off in a release before"


def _indexes(name: str, old: dict[str, Document], new: dict[str, Document]) -> Iterator[str]:
    for index in sorted(old.keys() & new.keys()):
        if old[index] != new[index]:
            yield f"{name}: the index {index} cannot change; make one of another name, and drop it a release later"
    steps = sorted(old.keys() ^ new.keys())
    if len(steps) > 1:
        yield f"{name}: {', '.join(steps)} are {len(steps)} steps, and DynamoDB makes or drops one index an update"


def _by_name(properties: Document, kind: str) -> dict[str, Document]:
    """Returns the attribute definitions, or the global indexes, by name."""
    listed = properties.get({"Attribute": "AttributeDefinitions", "Index": "GlobalSecondaryIndexes"}[kind], [])
    return {each[f"{kind}Name"]: each for each in listed}


def _interface(before: Template, after: Template) -> Iterator[str]:
    for parameter in before.parameters.keys() - after.parameters.keys():
        yield f"the parameter {parameter} is gone: CloudFormation refuses a deployment that still gives it"
    for output in before.outputs.keys() - after.outputs.keys():
        yield f"the output {output} is gone: scripts may read it"
