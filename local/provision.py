"""Makes the resources that the template's functions need, on any endpoint: tables, buckets, queues, secrets, rules.

Idempotent: an existing resource is kept, with its contents, so state survives a restart. A difference that cannot be
changed in place (a table's key) is one clear error.
"""

import json
import threading
from collections.abc import Callable
from typing import Any

import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError

from local.template import Document, Resource, Template, TemplateError

_TABLE_FIELDS = ("AttributeDefinitions", "KeySchema", "BillingMode", "GlobalSecondaryIndexes", "LocalSecondaryIndexes")
_QUEUE_ATTRIBUTES = (
    "DelaySeconds",
    "FifoQueue",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "ReceiveMessageWaitTimeSeconds",
    "RedrivePolicy",
    "VisibilityTimeout",
)


class Store:
    """Clients of the services beside the gateway, at the addresses in the environment (`AWS_ENDPOINT_URL…`)."""

    def __init__(self) -> None:
        self._session = botocore.session.get_session()
        self._clients: dict[str, Any] = {}
        self._making = threading.Lock()

    def client(self, service: str) -> Any:
        """Returns the one client of a service. Its shape is botocore's model, which mypy cannot see by name."""
        with self._making:
            if service not in self._clients:
                config = Config(
                    connect_timeout=5,
                    read_timeout=30,
                    retries={"mode": "standard", "max_attempts": 5},
                    user_agent="parley-local",  # botocore makes a new one for every call, a quarter of its time
                )
                self._clients[service] = self._session.create_client(service, config=config)
            return self._clients[service]


def provision(template: Template, store: Store) -> None:
    """Makes everything; raises TemplateError if a stored resource no longer fits the template."""
    for table in template.of_type("AWS::DynamoDB::Table"):
        _table(table, store.client("dynamodb"))
    for queue in queues(template):  # before the buckets: S3 tests a queue when a bucket names it
        make_queue(template, queue, store.client("sqs"))
    for bucket in template.of_type("AWS::S3::Bucket"):
        _bucket(bucket, store.client("s3"))
    for secret in template.of_type("AWS::SecretsManager::Secret"):
        _secret(secret, store.client("secretsmanager"))
    for rule in template.of_type("AWS::Events::Rule"):
        if "EventPattern" in rule.properties:
            _rule(template, rule, store.client("events"))


def _unless(code: str, call: Callable[[], Any]) -> bool:
    """Makes a call; returns False if it fails with `code`, which means that there is nothing to do."""
    try:
        call()
    except ClientError as error:
        if error.response["Error"]["Code"] != code:
            raise
        return False
    return True


def _table(resource: Resource, dynamodb: Any) -> None:
    wanted = {field: resource.properties[field] for field in _TABLE_FIELDS if field in resource.properties}
    stream = resource.properties.get("StreamSpecification")
    if stream:
        wanted["StreamSpecification"] = {"StreamEnabled": True, **stream}
    if not _unless("ResourceInUseException", lambda: dynamodb.create_table(TableName=resource.ref, **wanted)):
        _check_table(resource, dynamodb.describe_table(TableName=resource.ref)["Table"])
    ttl = resource.properties.get("TimeToLiveSpecification")
    if ttl:
        known = dynamodb.describe_time_to_live(TableName=resource.ref)["TimeToLiveDescription"]
        if known.get("TimeToLiveStatus") != "ENABLED":
            dynamodb.update_time_to_live(TableName=resource.ref, TimeToLiveSpecification=ttl)


def _check_table(resource: Resource, table: Document) -> None:
    def indexes(of: Document) -> dict[str, Any]:
        return {each["IndexName"]: each["KeySchema"] for each in of.get("GlobalSecondaryIndexes") or []}

    if table["KeySchema"] != resource.properties["KeySchema"] or indexes(table) != indexes(resource.properties):
        raise TemplateError(
            f"{resource.logical_id}: the stored table has other keys or indexes than the template; "
            "`make reset` forgets what is stored"
        )


def _bucket(resource: Resource, s3: Any) -> None:
    try:
        s3.head_bucket(Bucket=resource.ref)
    except ClientError:
        s3.create_bucket(Bucket=resource.ref)
    rules = resource.properties.get("CorsConfiguration", {}).get("CorsRules")
    if rules:
        s3.put_bucket_cors(Bucket=resource.ref, CORSConfiguration={"CORSRules": [_cors_rule(rule) for rule in rules]})
    wanted = _notifications(resource)
    known = s3.get_bucket_notification_configuration(Bucket=resource.ref)
    known.pop("ResponseMetadata")
    if known != wanted:  # each change sends a test event to the queues
        s3.put_bucket_notification_configuration(Bucket=resource.ref, NotificationConfiguration=wanted)


def _notifications(resource: Resource) -> Document:
    """Returns the notifications of a bucket as S3 names their fields."""
    given: Document = resource.properties.get("NotificationConfiguration", {})
    if others := given.keys() - {"QueueConfigurations", "EventBridgeConfiguration"}:
        raise TemplateError(f"{resource.logical_id}: the local stack has no {', '.join(sorted(others))}, queues only")
    wanted: Document = {}
    if queues := given.get("QueueConfigurations"):
        wanted["QueueConfigurations"] = [
            _to_queue(f"{resource.logical_id}-{number}", queue) for number, queue in enumerate(queues)
        ]
    if given.get("EventBridgeConfiguration", {}).get("EventBridgeEnabled"):
        wanted["EventBridgeConfiguration"] = {}
    return wanted


def _to_queue(name: str, given: Document) -> Document:
    wanted = {"Id": name, "QueueArn": given["Queue"], "Events": [given["Event"]]}
    rules = given.get("Filter", {}).get("S3Key", {}).get("Rules")
    return {**wanted, "Filter": {"Key": {"FilterRules": rules}}} if rules else wanted


def _cors_rule(rule: Document) -> Document:
    """Converts a rule: CloudFormation and S3 name the same two fields differently."""
    renamed = {"MaxAge": "MaxAgeSeconds", "Id": "ID", "ExposedHeaders": "ExposeHeaders"}
    return {renamed.get(name, name): value for name, value in rule.items()}


def queues(template: Template) -> list[Resource]:
    """Returns the queues, dead-letter queues first, because the others name them."""
    return sorted(template.of_type("AWS::SQS::Queue"), key=lambda queue: "RedrivePolicy" in queue.properties)


def make_queue(template: Template, resource: Resource, sqs: Any) -> None:
    """Makes a queue with its policy, or updates an existing one to the template; its messages stay."""
    attributes = {
        name: json.dumps(value) if isinstance(value, dict) else str(value).lower() if value is True else str(value)
        for name, value in resource.properties.items()
        if name in _QUEUE_ATTRIBUTES
    }
    if policy := _policy_of(template, resource):
        attributes["Policy"] = json.dumps(policy)
    name = resource.name
    if not _unless("QueueAlreadyExists", lambda: sqs.create_queue(QueueName=name, Attributes=attributes)):
        sqs.set_queue_attributes(QueueUrl=resource.ref, Attributes=attributes)


def _policy_of(template: Template, queue: Resource) -> Document | None:
    """Returns a queue's policy without what asks for TLS, because local endpoints speak plain HTTP."""
    documents = [
        policy.properties["PolicyDocument"]
        for policy in template.of_type("AWS::SQS::QueuePolicy")
        if queue.ref in policy.properties["Queues"]
    ]
    statements = [
        statement
        for document in documents
        for statement in document["Statement"]
        if "aws:SecureTransport" not in statement.get("Condition", {}).get("Bool", {})
    ]
    return {"Version": "2012-10-17", "Statement": statements} if statements else None


def _rule(template: Template, resource: Resource, events: Any) -> None:
    targets = [{"Id": target["Id"], "Arn": target["Arn"]} for target in resource.properties["Targets"]]
    for target in targets:
        if template.by_arn(target["Arn"]).type != "AWS::SQS::Queue":
            raise TemplateError(f"{resource.logical_id}: the local stack sends events to queues only")
    state = resource.properties.get("State", "ENABLED")
    pattern = json.dumps(resource.properties["EventPattern"])
    events.put_rule(Name=resource.name, EventPattern=pattern, State=state)
    events.put_targets(Rule=resource.name, Targets=targets)


def _secret(resource: Resource, secrets: Any) -> None:
    generate = resource.properties.get("GenerateSecretString", {})
    text = resource.properties.get("SecretString")
    if text is None:
        length = int(generate.get("PasswordLength", 32))
        password = secrets.get_random_password(PasswordLength=length, ExcludePunctuation=True)["RandomPassword"]
        key = generate.get("GenerateStringKey")
        template = json.loads(generate.get("SecretStringTemplate", "{}"))
        text = json.dumps({**template, key: password}) if key else password
    _unless("ResourceExistsException", lambda: secrets.create_secret(Name=resource.name, SecretString=text))
