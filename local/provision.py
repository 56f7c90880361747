"""Makes the resources that the template's functions need: tables, buckets, queues and secrets, on any endpoint.

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
    for bucket in template.of_type("AWS::S3::Bucket"):
        _bucket(bucket, store.client("s3"))
    for queue in queues(template):
        make_queue(queue, store.client("sqs"))
    for secret in template.of_type("AWS::SecretsManager::Secret"):
        _secret(secret, store.client("secretsmanager"))


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


def _cors_rule(rule: Document) -> Document:
    """Converts a rule: CloudFormation and S3 name the same two fields differently."""
    renamed = {"MaxAge": "MaxAgeSeconds", "Id": "ID", "ExposedHeaders": "ExposeHeaders"}
    return {renamed.get(name, name): value for name, value in rule.items()}


def queues(template: Template) -> list[Resource]:
    """Returns the queues, dead-letter queues first, because the others name them."""
    return sorted(template.of_type("AWS::SQS::Queue"), key=lambda queue: "RedrivePolicy" in queue.properties)


def make_queue(resource: Resource, sqs: Any) -> None:
    """Makes a queue, or updates an existing one to the template; its messages stay."""
    attributes = {
        name: json.dumps(value) if isinstance(value, dict) else str(value).lower() if value is True else str(value)
        for name, value in resource.properties.items()
        if name in _QUEUE_ATTRIBUTES
    }
    name = resource.name
    if not _unless("QueueAlreadyExists", lambda: sqs.create_queue(QueueName=name, Attributes=attributes)):
        sqs.set_queue_attributes(QueueUrl=resource.ref, Attributes=attributes)


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
