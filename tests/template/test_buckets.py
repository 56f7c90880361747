"""The buckets of template.yaml, and the way of an upload to its scan."""

from typing import Any

import pytest

from local.events import matches
from parley.domain.exports import job
from tests.template.deployed import BUCKETS, deployed, deployed_with, environment_of, of_type, written


@pytest.mark.parametrize("bucket_id", BUCKETS)
def test_a_bucket_is_private_encrypted_and_answers_over_tls_only(bucket_id: str) -> None:
    bucket = deployed().resources[bucket_id]
    [policy] = [one for one in of_type("AWS::S3::BucketPolicy") if one.properties["Bucket"] == bucket.ref]
    [statement] = policy.properties["PolicyDocument"]["Statement"]

    assert set(bucket.properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket.properties["BucketEncryption"]
    assert all(rule["Status"] == "Enabled" for rule in bucket.properties["LifecycleConfiguration"]["Rules"])
    assert statement["Effect"] == "Deny" and statement["Resource"] == [bucket.arn, f"{bucket.arn}/*"]
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_what_is_deleted_is_gone() -> None:
    sent, made = deployed().resources["Attachments"].properties, deployed().resources["ExportFiles"].properties
    arrived = deployed().resources["Quarantine"].properties
    markers = [rule for rule in sent["LifecycleConfiguration"]["Rules"] if rule.get("ExpiredObjectDeleteMarker")]

    # Version 0.1.0 made it with versions, and S3 cannot take them away (aws-facts.md#s3).
    assert sent["VersioningConfiguration"] == {"Status": "Suspended"}
    assert [rule["NoncurrentVersionExpiration"] for rule in markers] == [{"NoncurrentDays": 1}]
    assert "VersioningConfiguration" not in made
    assert "VersioningConfiguration" not in arrived
    # The row says when the file is gone; the rule, which works by whole days, must not come before it.
    assert expiration_days(made) == [job.KEPT_S // 86_400 + 1]
    assert expiration_days(arrived) == [1]


def test_pictures_of_previews_go_with_the_files_of_their_age() -> None:
    kept, short = (deployed_with("AttachmentRetentionDays", days).resources["Attachments"] for days in ("0", "30"))

    assert expiration_days(kept.properties) == []
    assert [int(days) for days in expiration_days(short.properties)] == [30]
    assert [rule.get("Prefix") for rule in short.properties["LifecycleConfiguration"]["Rules"]][-1] == "previews/"


def expiration_days(bucket: dict[str, Any]) -> list[int]:
    rules = bucket["LifecycleConfiguration"]["Rules"]
    return [rule["ExpirationInDays"] for rule in rules if "ExpirationInDays" in rule]


@pytest.mark.parametrize("bucket", BUCKETS)
def test_a_bucket_drops_uploads_that_were_never_finished(bucket: str) -> None:
    rules = deployed().resources[bucket].properties["LifecycleConfiguration"]["Rules"]
    unfinished = [rule["AbortIncompleteMultipartUpload"] for rule in rules if "AbortIncompleteMultipartUpload" in rule]

    assert unfinished == [{"DaysAfterInitiation": 1}]


def test_pages_of_the_given_origin_upload_and_download() -> None:
    resources = deployed_with("CorsAllowOrigin", "https://app.example").resources
    [post] = resources["Quarantine"].properties["CorsConfiguration"]["CorsRules"]
    [get] = resources["Attachments"].properties["CorsConfiguration"]["CorsRules"]

    assert (post["AllowedMethods"], post["AllowedOrigins"]) == (["POST"], ["https://app.example"])
    assert post["ExposedHeaders"] == ["ETag"]
    assert (get["AllowedMethods"], get["AllowedOrigins"]) == (["GET", "HEAD"], ["https://app.example"])
    # A player asks for ranges, and reads what it got.
    assert get["AllowedHeaders"] == ["*"]
    assert {"Accept-Ranges", "Content-Range"} <= set(get["ExposedHeaders"])


def test_each_upload_is_told_to_a_queue_to_which_no_other_bucket_writes() -> None:
    bucket, queue = deployed().resources["Quarantine"], deployed().resources["AttachmentScans"]
    configuration = bucket.properties["NotificationConfiguration"]
    [policy] = [one.properties for one in of_type("AWS::SQS::QueuePolicy") if queue.ref in one.properties["Queues"]]
    statements = [one for one in policy["PolicyDocument"]["Statement"] if one["Effect"] == "Allow"]
    [allowed] = [one for one in statements if one["Principal"] == {"Service": "s3.amazonaws.com"}]
    pattern = allowed["Condition"]["ArnLike"]["aws:SourceArn"]
    others = [one.arn for one in of_type("AWS::S3::Bucket") if one is not bucket]

    assert configuration["QueueConfigurations"] == [{"Event": "s3:ObjectCreated:*", "Queue": queue.arn}]
    # GuardDuty turns it on by itself; an update without it would turn it off.
    assert configuration["EventBridgeConfiguration"] == {"EventBridgeEnabled": True}
    assert allowed["Action"] == "sqs:SendMessage"
    assert allowed["Condition"]["StringEquals"] == {"aws:SourceAccount": deployed().place.account}
    assert allowed["Resource"] == queue.arn
    assert matches(pattern, bucket.arn) and not any(matches(pattern, arn) for arn in others)
    # S3 asks the queue when it takes the configuration, so the policy must be there before.
    assert written()["Resources"]["Quarantine"]["DependsOn"] == "AttachmentScansPolicy"


def test_the_results_of_guardduty_about_uploads_reach_the_queue_of_scans() -> None:
    rule, queue = deployed().resources["MalwareResults"], deployed().resources["AttachmentScans"]
    [policy] = [one.properties for one in of_type("AWS::SQS::QueuePolicy") if queue.ref in one.properties["Queues"]]
    statements = [one for one in policy["PolicyDocument"]["Statement"] if one["Effect"] == "Allow"]
    [allowed] = [one for one in statements if one["Principal"] == {"Service": "events.amazonaws.com"}]
    pattern = allowed["Condition"]["ArnLike"]["aws:SourceArn"]
    others = [one.arn for one in of_type("AWS::Events::Rule") if one is not rule]

    assert rule.properties["EventPattern"] == {
        "source": ["aws.guardduty"],
        "detail-type": ["GuardDuty Malware Protection Object Scan Result"],
        "detail": {"s3ObjectDetails": {"bucketName": [deployed().resources["Quarantine"].ref]}},
    }
    assert [target["Arn"] for target in rule.properties["Targets"]] == [queue.arn]
    assert (allowed["Action"], allowed["Resource"]) == ("sqs:SendMessage", queue.arn)
    # CloudFormation puts a random part after the logical id.
    assert matches(pattern, f"{rule.arn}-1A2B3C") and not any(matches(pattern, f"{arn}-1A2B3C") for arn in others)


@pytest.mark.parametrize("value", ["none", "guardduty", "external"])
def test_guardduty_protects_the_uploads_if_the_parameter_says_so(value: str) -> None:
    deployed_so = deployed_with("MalwareScan", value)
    plans = [one for one in deployed_so.resources.values() if one.type == "AWS::GuardDuty::MalwareProtectionPlan"]

    assert environment_of("ScanAttachment", deployed_so)["MALWARE_SCAN"] == value
    assert len(plans) == (value == "guardduty")
    for plan in plans:
        bucket = deployed_so.resources["Quarantine"].ref
        assert plan.properties["ProtectedResource"] == {"S3Bucket": {"BucketName": bucket}}
        assert plan.properties["Role"] == deployed_so.resources["MalwareProtectionRole"].arn
