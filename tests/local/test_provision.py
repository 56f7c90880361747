"""Provisioning makes notifications and rules from the template; a second start changes nothing."""

from dataclasses import replace
from typing import Any

import pytest

from local.provision import provision
from local.template import Template, TemplateError
from tests.harness import Parley

ENGINES = ("ministack",)  # moto does not say whether a bucket tells EventBridge


def test_a_second_start_changes_nothing_and_sends_no_test_event(parley: Parley) -> None:
    parley.dequeue("UploadEvents")
    provision(parley.template, parley.store)

    assert parley.dequeue("UploadEvents") == []


def test_a_bucket_has_the_notifications_that_the_template_has_now(parley: Parley) -> None:
    assert notifications(parley) == {"QueueConfigurations", "EventBridgeConfiguration"}

    provision(changed(parley.template, "Uploads", NotificationConfiguration={}), parley.store)
    assert notifications(parley) == set()

    provision(parley.template, parley.store)
    assert notifications(parley) == {"QueueConfigurations", "EventBridgeConfiguration"}


def test_what_the_local_stack_cannot_deliver_is_refused(parley: Parley) -> None:
    function = parley.template.resources["OnUpload"].arn
    lambdas = {"LambdaConfigurations": [{"Event": "s3:ObjectCreated:*", "Function": function}]}

    with pytest.raises(TemplateError, match="^Uploads: the local stack has no LambdaConfigurations, queues only$"):
        provision(changed(parley.template, "Uploads", NotificationConfiguration=lambdas), parley.store)
    with pytest.raises(TemplateError, match="^Verdicts: the local stack sends events to queues only$"):
        provision(changed(parley.template, "Verdicts", Targets=[{"Id": "a", "Arn": function}]), parley.store)


def changed(template: Template, logical_id: str, **properties: Any) -> Template:
    resource = template.resources[logical_id]
    other = replace(resource, properties={**resource.properties, **properties})
    return replace(template, resources={**template.resources, logical_id: other})


def notifications(parley: Parley) -> set[str]:
    bucket = parley.template.resources["Uploads"].ref
    found = parley.store.client("s3").get_bucket_notification_configuration(Bucket=bucket)
    return {name for name in found if name != "ResponseMetadata"}
