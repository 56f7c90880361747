"""Each function under its own role: a call that its policies do not allow is refused, a right nothing uses is found.

A transaction needs each item's own right, a query of an index the index's, a post to a connection the right of its
method. What triggers need of a stream or a queue is the event source's, not a call of the function, and not looked at.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from local.events import matches
from local.functions import Functions
from local.template import Template
from tests.harness.calls import Call, aws_refusal

_TRANSACTED = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}


@dataclass(frozen=True)
class Right:
    """One action on one resource pattern, as some statement of a function's role grants it."""

    function: str
    effect: str
    action: str
    resource: str

    def covers(self, action: str, resource: str) -> bool:
        return matches(self.action.lower(), action.lower()) and matches(self.resource, resource)

    def __str__(self) -> str:
        return f"{self.function}: {self.action} on {self.resource}"


def rights(template: Template, functions: Functions) -> set[Right]:
    """Returns every right that the template's inline policies give to functions."""
    return {
        Right(function.logical_id, statement["Effect"], action, resource)
        for function in functions
        for policy in template.by_arn(function.role_arn).properties.get("Policies", [])
        for statement in _listed(policy["PolicyDocument"]["Statement"])
        for action in _listed(statement["Action"])
        for resource in _listed(statement["Resource"])
    }


class Checker:
    """A hook that answers for IAM: `violations` says what was refused, `used` which rights were needed."""

    def __init__(self, template: Template, functions: Functions) -> None:
        self.grant(rights(template, functions))
        self.used: set[Right] = set()
        self.violations: list[str] = []
        self._place = template.place
        self._for_lambda = {
            Right(function, "Allow", "sqs:SendMessage", arn) for function, arn in destinations(template)
        }

    def grant(self, granted: Iterable[Right]) -> None:
        """Puts these rights in the place of the ones that were there."""
        self.rights = frozenset(granted)
        self._rights_of: dict[str, list[Right]] = {}
        self._covering: dict[tuple[str, str, str], set[Right]] = {}  # by function, action and resource
        for right in self.rights:
            self._rights_of.setdefault(right.function, []).append(right)

    def before(self, call: Call) -> None:
        for action, resource in _needs(call, self._arn):
            found = self._found(call.function, action, resource)
            if not found or any(right.effect == "Deny" for right in found):
                self.violations.append(f"{call.function} may not {action} on {resource}")
                raise aws_refusal(call, "AccessDeniedException", f"not authorized to perform: {action} on {resource}")
            self.used |= found

    def _found(self, function: str, action: str, resource: str) -> set[Right]:
        asked = function, action, resource
        if asked not in self._covering:
            own = self._rights_of.get(function, ())
            self._covering[asked] = {right for right in own if right.covers(action, resource)}
        return self._covering[asked]

    def after(self, call: Call) -> None:
        pass

    def unused(self) -> list[str]:
        """Returns the rights that no call has needed, one line each."""
        never_called = {right for right in self.rights if right.action in _TRIGGER_ACTIONS} | self._for_lambda
        return sorted(str(right) for right in self.rights - self.used - never_called)

    def _arn(self, service: str, rest: str) -> str:
        return self._place.arn(service, rest)


def destinations(template: Template) -> set[tuple[str, str]]:
    """Returns each function with the ARN to which Lambda, under the function's role, sends what it failed at."""
    configs = template.of_type("AWS::Lambda::EventInvokeConfig") + template.of_type("AWS::Lambda::EventSourceMapping")
    logical_ids = {
        name: each.logical_id for each in template.of_type("AWS::Lambda::Function") for name in (each.ref, each.arn)
    }
    return {
        (logical_ids[config.properties["FunctionName"]], on_failure["Destination"])
        for config in configs
        if (on_failure := config.properties.get("DestinationConfig", {}).get("OnFailure"))
    }


_TRIGGER_ACTIONS = {
    "dynamodb:DescribeStream",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:ListStreams",
    "sqs:ChangeMessageVisibility",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:ReceiveMessage",
}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _needs(call: Call, arn: Any) -> Iterator[tuple[str, str]]:
    """Yields each action with the resource that a call needs it on."""
    params = call.params
    match call.service:
        case "dynamodb":
            yield from _dynamodb_needs(call, arn)
        case "sqs":
            action = call.operation.removesuffix("Batch")
            yield f"sqs:{action}", arn("sqs", params["QueueUrl"].rsplit("/", 1)[1])
        case "sns":
            names = ("TargetArn", "TopicArn", "EndpointArn", "PlatformApplicationArn")
            resource = next(params[name] for name in names if name in params)
            # ministack names an endpoint by its application.
            is_endpoint = resource.count("/") == 3
            yield f"sns:{call.operation}", resource.replace(":app/", ":endpoint/") if is_endpoint else resource
        case "secretsmanager":
            secret = params["SecretId"]
            yield (
                f"secretsmanager:{call.operation}",
                secret if secret.startswith("arn:") else arn("secretsmanager", f"secret:{secret}"),
            )
        case "sesv2":
            # It asks for the identity and the configuration set (service authorization reference, "SES v2").
            yield "ses:SendEmail", arn("ses", f"identity/{params['FromEmailAddress']}")
            yield "ses:SendEmail", arn("ses", f"configuration-set/{params['ConfigurationSetName']}")
        case "events":
            for bus in sorted({entry["EventBusName"] for entry in params["Entries"]}):
                yield f"events:{call.operation}", bus
        case "apigatewaymanagementapi":
            yield from _connection_needs(call, arn)
        case "s3":
            yield from _s3_needs(call, arn)
        case _:
            raise AssertionError(f"tests/harness/iam.py does not know what {call.service} {call.operation} needs")


# S3's rights are not always named as its calls (service authorization reference, "Actions defined by Amazon S3").
_S3_ACTIONS = {
    "CopyObject": "PutObject",
    "HeadObject": "GetObject",
    "CreateMultipartUpload": "PutObject",
    "UploadPart": "PutObject",
    "UploadPartCopy": "PutObject",
    "CompleteMultipartUpload": "PutObject",
    "ListParts": "ListMultipartUploadParts",
    "ListObjectsV2": "ListBucket",
    "ListObjectVersions": "ListBucketVersions",
    "HeadBucket": "ListBucket",
}


def _s3_needs(call: Call, arn: Any) -> Iterator[tuple[str, str]]:
    params = call.params
    bucket, key = params["Bucket"], params.get("Key")
    if call.operation in ("CopyObject", "UploadPartCopy"):
        source = params["CopySource"]
        version = source.get("VersionId") if isinstance(source, dict) else source.partition("?versionId=")[2]
        name = f"{source['Bucket']}/{source['Key']}" if isinstance(source, dict) else unquote(source.partition("?")[0])
        yield f"s3:GetObject{'Version' if version else ''}", arn("s3", name.removeprefix("/"))
    action = _S3_ACTIONS.get(call.operation, call.operation)
    if call.operation == "DeleteObjects":
        for each in params["Delete"]["Objects"]:
            of_version = "Version" if "VersionId" in each else ""
            yield f"s3:DeleteObject{of_version}", arn("s3", f"{bucket}/{each['Key']}")
        return
    of_version = "Version" if "VersionId" in params and action in ("GetObject", "DeleteObject") else ""
    yield f"s3:{action}{of_version}", arn("s3", f"{bucket}/{key}" if key else bucket)


def _dynamodb_needs(call: Call, arn: Any) -> Iterator[tuple[str, str]]:
    def table(name: str) -> str:
        return str(arn("dynamodb", f"table/{name}"))

    params = call.params
    match call.operation:
        case "BatchGetItem" | "BatchWriteItem":
            for name in params["RequestItems"]:
                yield f"dynamodb:{call.operation}", table(name)
        case "TransactWriteItems":
            for item in params["TransactItems"]:
                for kind, operation in item.items():
                    yield f"dynamodb:{_TRANSACTED[kind]}", table(operation["TableName"])
        case "TransactGetItems":
            for item in params["TransactItems"]:
                yield "dynamodb:GetItem", table(item["Get"]["TableName"])
        case "Query" | "Scan" if "IndexName" in params:
            yield f"dynamodb:{call.operation}", f"{table(params['TableName'])}/index/{params['IndexName']}"
        case _:
            yield f"dynamodb:{call.operation}", table(params["TableName"])


def _connection_needs(call: Call, arn: Any) -> Iterator[tuple[str, str]]:
    method = {"PostToConnection": "POST", "DeleteConnection": "DELETE", "GetConnection": "GET"}[call.operation]
    found = re.fullmatch(r"https://([^.]+)\.execute-api\.[^/]+/(.+)", call.endpoint_url)
    if not found:
        raise AssertionError(
            f"{call.endpoint_url} is not the WebSocket API's own address; no right can be told from it"
        )
    api_id, stage = found[1], found[2].strip("/")
    yield (
        "execute-api:ManageConnections",
        arn("execute-api", f"{api_id}/{stage}/{method}/@connections/{call.params['ConnectionId']}"),
    )
