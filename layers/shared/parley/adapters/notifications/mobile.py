"""Pushes to mobile apps by SNS: an endpoint for each app's token, and the topic of a host that pushes itself."""

from collections.abc import Iterable
from typing import Any, Literal

import msgspec
from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from parley.adapters import environment
from parley.adapters.dynamodb import clients
from parley.adapters.notifications.outcomes import Outcome
from parley.domain.notifications.notice import Device
from parley.domain.notifications.payloads import LIFE_S

MobileKind = Literal["apns", "fcm"]

MAX_AT_ONCE = 100
_APPLICATIONS: dict[MobileKind, str] = {"apns": "APNS_APPLICATION_ARN", "fcm": "FCM_APPLICATION_ARN"}
_GONE = {"EndpointDisabled", "NotFound"}
_PREFIX = "AWS.SNS.MOBILE"  # of the attributes by which SNS sets a push service's headers (SNS, "Message attributes")

logger = Logger()


class WrongToken(ValueError):
    """A token that the platform does not take."""


def application(kind: MobileKind) -> str:
    """Returns the ARN of the platform application for a kind of device; empty: the deployment has none."""
    return environment.optional(_APPLICATIONS[kind])


def host_topic() -> str:
    """Returns the ARN of the topic of a host that pushes itself; empty: there is none."""
    return environment.optional("PUSH_TOPIC_ARN")


def create_endpoint(kind: MobileKind, token: str) -> str:
    """Returns the ARN of the endpoint of a token, new or as it was, and enables it; two calls. Raises WrongToken."""
    client = clients.client("sns")
    try:
        made = client.create_platform_endpoint(PlatformApplicationArn=application(kind), Token=token)
    except ClientError as error:
        if _code(error) in ("InvalidParameter", "InvalidParameterException"):
            raise WrongToken from error
        raise
    arn: str = made["EndpointArn"]
    # SNS disables an endpoint whose token the platform refuses; that the app has sent the token again makes it good.
    client.set_endpoint_attributes(EndpointArn=arn, Attributes={"Enabled": "true", "Token": token})
    return arn


def delete_endpoint(arn: str) -> None:
    """Deletes an endpoint, also one that is not there; one call."""
    clients.client("sns").delete_endpoint(EndpointArn=arn)


def delete_endpoints_of(devices: Iterable[Device]) -> None:
    """Deletes the endpoints of those devices that are apps; one call for each. Raises an error of botocore."""
    for device in devices:
        if device.kind != "web_push" and device.endpoint:
            delete_endpoint(device.endpoint)


def delete_endpoints(arns: Iterable[str]) -> None:
    """Deletes endpoints; one call for each. A failure is logged: nothing is pushed to an endpoint of nobody."""
    for arn in arns:
        try:
            delete_endpoint(arn)
        except (BotoCoreError, ClientError):
            logger.exception("endpoint_not_deleted", code="endpoint_not_deleted")


def publish_alert(arn: str, payload: str, topic: str) -> Outcome:
    """Publishes a push that the device shows, in place of an earlier one of this topic; one call, 4 s at most."""
    headers = {"PUSH_TYPE": "alert", "PRIORITY": "10", "COLLAPSE_ID": topic, "TTL": str(LIFE_S)}
    return _publish_to_device(arn, payload, headers)


def publish_background(arn: str, payload: str) -> Outcome:
    """Publishes a push that the app gets and the device does not show; one call, 4 s at most."""
    # Apple's documents ask for priority 5 ("Pushing background updates to your app").
    return _publish_to_device(arn, payload, {"PUSH_TYPE": "background", "PRIORITY": "5", "TTL": str(LIFE_S)})


def publish_to_host(message: str) -> Outcome:
    """Publishes a push on the topic of the host; one call, 4 s at most."""
    return _published(TopicArn=host_topic(), Message=message)


def _publish_to_device(arn: str, payload: str, headers: dict[str, str]) -> Outcome:
    platform = arn.split("/")[1]  # arn:aws:sns:<region>:<account>:endpoint/APNS_SANDBOX/<application>/<id>
    attributes = {}
    if platform.startswith("APNS"):
        attributes = {
            f"{_PREFIX}.{platform if name == 'TTL' else 'APNS'}.{name}": {"DataType": "String", "StringValue": value}
            for name, value in headers.items()
        }
    message = msgspec.json.encode({"default": "", platform: payload}).decode()
    return _published(TargetArn=arn, Message=message, MessageStructure="json", MessageAttributes=attributes)


def _published(**request: Any) -> Outcome:
    try:
        answer = _publisher().publish(**request)
    except ClientError as error:
        code, status = _code(error), error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
        if code in _GONE and "TargetArn" in request:
            return Outcome(state="gone", answer=code)
        passing = status >= 500 or status == 429 or "Throttl" in code
        return Outcome(state="failed" if passing else "refused", answer=code)
    except BotoCoreError as error:
        return Outcome(state="failed", answer=type(error).__name__)
    return Outcome(state="sent", answer=answer["MessageId"])


def _publisher() -> Any:
    return clients.client("sns", attempts=1, connections=MAX_AT_ONCE)


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
