"""template.yaml as CloudFormation would read it, and how the tests of this folder look things up in it."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from local.events import function_of
from local.template import Place, Resource, Template, load
from tests.template import source

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "template.yaml"


def written() -> dict[str, Any]:
    """Returns template.yaml as it is written."""
    return source.read(TEMPLATE)


@cache
def deployed() -> Template:
    """Returns the template as it would be deployed with the parameters' defaults."""
    return load(TEMPLATE)


@cache
def deployed_as(stack: str) -> Template:
    """Returns the template as it would be deployed under a name."""
    return load(TEMPLATE, place=Place(stack=stack))


@cache
def deployed_with(parameter: str, value: str) -> Template:
    """Returns the template as it would be deployed with one parameter given."""
    return load(TEMPLATE, {parameter: value})


def of_type(kind: str) -> list[Resource]:
    return deployed().of_type(kind)


def names(kind: str) -> list[str]:
    return [resource.logical_id for resource in of_type(kind)]


@cache
def functions_written() -> dict[str, dict[str, Any]]:
    return dict(source.functions())


def kind_of(function: str) -> str:
    return str(functions_written()[function]["Handler"]).split(".")[0]


FUNCTIONS = sorted(functions_written())
ROUTES = names("AWS::ApiGatewayV2::Route")
TABLES = names("AWS::DynamoDB::Table")
QUEUES = names("AWS::SQS::Queue")
ALARMS = names("AWS::CloudWatch::Alarm")
BUCKETS = names("AWS::S3::Bucket")
QUEUE_MAPPINGS = [
    each.logical_id for each in of_type("AWS::Lambda::EventSourceMapping") if "StartingPosition" not in each.properties
]


def layer(name: str) -> str:
    """Returns a layer's logical id in the translated template, which SAM makes of its contents."""
    [only] = (each for each in names("AWS::Lambda::LayerVersion") if re.fullmatch(f"{name}[0-9a-f]{{10}}", each))
    return only


def before(resource: str) -> set[str]:
    """Returns what CloudFormation makes before a resource: what it depends on, by `DependsOn` or by a reference."""
    found: set[str] = set()
    waiting = [resource]
    while waiting:
        each = written()["Resources"][waiting.pop()]
        named = each.get("DependsOn", [])
        text = json.dumps(each)
        referred = re.findall(r'"Ref": "(\w+)"', text) + re.findall(r"\$\{(\w+)[.}]", text)
        needed = {*([named] if isinstance(named, str) else named), *referred} & written()["Resources"].keys()
        waiting.extend(needed - found)
        found |= needed
    return found


def dead_letter_queues() -> set[str]:
    """Returns the queues that something gives up to: a queue, a stream's reader, an asynchronous call, a schedule."""
    text = json.dumps(
        [
            [queue.properties.get("RedrivePolicy") for queue in of_type("AWS::SQS::Queue")],
            [each.properties.get("DestinationConfig") for each in of_type("AWS::Lambda::EventSourceMapping")],
            [each.properties["DestinationConfig"] for each in of_type("AWS::Lambda::EventInvokeConfig")],
            [t.get("DeadLetterConfig") for rule in of_type("AWS::Events::Rule") for t in rule.properties["Targets"]],
        ]
    )
    return {queue.logical_id for queue in of_type("AWS::SQS::Queue") if f'"{queue.arn}"' in text}


def statements(function: str) -> list[dict[str, Any]]:
    """Returns the statements that stand under a function: those of its role that SAM did not add for its events."""
    policies = deployed().resources[f"{function}Role"].properties.get("Policies", [])
    of_events = ("OnFailure", "EventInvokeConfig")
    return [
        statement
        for policy in policies
        if not any(word in policy["PolicyName"] for word in of_events)
        for statement in policy["PolicyDocument"]["Statement"]
    ]


def environment_of(function: str, template: Template | None = None) -> dict[str, str]:
    variables: dict[str, str] = (template or deployed()).resources[function].properties["Environment"]["Variables"]
    return variables


def globals_environment() -> dict[str, str]:
    """Returns the environment that all functions share: that of one without its own."""
    return environment_of("SendMessage")


def called_by(uri: str) -> Resource:
    """Returns the function that API Gateway calls by the URI of an integration or an authorizer."""
    return deployed().resources[function_of(uri, deployed())]


def invoked_by(role: str, template: Template | None = None) -> str:
    """Returns the pattern of the functions that API Gateway may call in a role."""
    [policy] = (template or deployed()).resources[role].properties["Policies"]
    [statement] = policy["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Action"]) == ("Allow", "lambda:InvokeFunction")
    return str(statement["Resource"])
