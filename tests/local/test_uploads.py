"""Presigned forms and addresses, and the events of buckets and rules, on both engines."""

import json
from typing import Any

import pytest

from local.functions import InvocationError
from tests.harness import Parley, fixtures
from tests.harness.fixtures import System
from tests.harness.iam import Checker

Calls = list[tuple[str, dict[str, Any]]]


def form(parley: Parley, key: str = "in/a.txt") -> Any:
    return parley.functions.waited("Sign", {"for": "upload", "bucket": bucket(parley), "key": key})


def address(parley: Parley, key: str = "in/a.txt") -> str:
    return str(parley.functions.waited("Sign", {"for": "download", "bucket": bucket(parley), "key": key}))


def bucket(parley: Parley) -> str:
    return parley.template.resources["Uploads"].ref


def stored(parley: Parley) -> list[str]:
    found = parley.store.client("s3").list_objects_v2(Bucket=bucket(parley)).get("Contents", [])
    return [each["Key"] for each in found]


def told(calls: Calls) -> list[Any]:
    """Returns what the function was told, message by message."""
    return [json.loads(record["body"]) for name, event in calls if name == "on_job" for record in event["Records"]]


def keys(calls: Calls) -> list[str]:
    return [record["s3"]["object"]["key"] for body in told(calls) for record in body["Records"]]


def test_a_form_takes_the_file_that_it_was_signed_for(parley: Parley) -> None:
    status = parley.upload(form(parley), b"0123456789")
    object_ = parley.store.client("s3").get_object(Bucket=bucket(parley), Key="in/a.txt")

    assert status == 204
    assert (object_["Body"].read(), object_["ContentType"]) == (b"0123456789", "text/plain")
    assert "VersionId" not in object_


TAMPERED = {
    "another key": {"key": "in/b.txt"},
    "another type": {"Content-Type": "text/html"},
    "one field more": {"acl": "public-read"},
    "no type": {"Content-Type": None},
    "no policy": {"policy": None},
    "no signature": {"x-amz-signature": None},
    "another signature": {"x-amz-signature": "0" * 64},
    "another policy": {"policy": "e30="},
    "another day": {"x-amz-credential": "test/20200101/us-east-1/s3/aws4_request"},
}


@pytest.mark.parametrize("fields", TAMPERED.values(), ids=TAMPERED.keys())
def test_a_form_that_was_changed_is_refused(parley: Parley, fields: dict[str, str | None]) -> None:
    assert parley.upload(form(parley), b"0123456789", **fields) in (400, 403)
    assert stored(parley) == []


@pytest.mark.parametrize("size", [0, 1, 11])
def test_a_file_of_another_size_is_refused(parley: Parley, size: int) -> None:
    assert parley.upload(form(parley), b"x" * size) == 400
    assert stored(parley) == []


def test_a_form_and_an_address_expire_by_the_clock_of_the_test(parley: Parley) -> None:
    parley.advance(3600)  # what is signed now must last from now, whatever the real time is
    early, late = form(parley), form(parley)

    parley.advance(899)
    assert parley.upload(early, b"early") == 204
    url = address(parley)
    parley.advance(1)
    assert parley.upload(late, b"late") == 403
    parley.advance(58)
    assert parley.download(url).body == b"early"
    parley.advance(1)
    assert (parley.download(url).status, parley.download(url).body) == (403, b"")


def test_an_address_gives_the_file_under_its_name(parley: Parley) -> None:
    parley.upload(form(parley), b"0123456789")
    found = parley.download(address(parley))
    part = parley.download(address(parley), {"Range": "bytes=2-4"})

    assert (found.status, found.body) == (200, b"0123456789")
    assert found.headers["content-disposition"] == "attachment; filename*=UTF-8''%C3%A9.txt"
    assert found.headers["content-type"] == "text/plain"
    assert (part.status, part.body, part.headers["content-range"]) == (206, b"234", "bytes 2-4/10")


@pytest.mark.parametrize("change", [("a.txt", "b.txt"), ("Signature=", "Signature=0"), ("Expires=60", "Expires=600")])
def test_an_address_that_was_changed_is_refused(parley: Parley, change: tuple[str, str]) -> None:
    parley.upload(form(parley), b"0123456789")
    parley.upload(form(parley, "in/b.txt"), b"0123456789")

    assert parley.download(address(parley)).status == 200
    assert parley.download(address(parley).replace(*change)).status == 403


def test_an_address_of_nothing_is_refused(parley: Parley) -> None:
    assert parley.download(address(parley, "in/none.txt")).status == 403


# --- rights ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wish", ["upload", "download"])
def test_to_sign_is_to_use_the_right(parley: Parley, wish: str) -> None:
    [checker] = [hook for hook in parley.hooks if isinstance(hook, Checker)]
    action = {"upload": "s3:PutObject", "download": "s3:GetObject"}[wish]
    sign = {"upload": form, "download": address}[wish]
    sign(parley, "in/a.txt")
    with pytest.raises(InvocationError):
        sign(parley, "out/a.txt")

    assert checker.violations == [f"Sign may not {action} on arn:aws:s3:::{bucket(parley)}/out/a.txt"]
    assert f"Sign: {action} on arn:aws:s3:::{bucket(parley)}/in/*" in {str(right) for right in checker.used}
    checker.violations.clear()


def test_no_function_dies_at_signing(parley: Parley) -> None:
    with parley.watch() as calls, parley.kill(at=1) as kill:
        form(parley)
        address(parley)

    assert (calls, kill.happened) == ([], False)


# --- events ----------------------------------------------------------------------------------------------------------


def test_an_upload_is_told_as_s3_tells_it(parley: Parley, calls: Calls) -> None:
    parley.upload(form(parley, "in/red flower é.txt"), b"0123456789")
    parley.drain()
    [body] = told(calls)
    [record] = body["Records"]
    object_ = record["s3"]["object"]

    assert (record["eventSource"], record["eventName"]) == ("aws:s3", "ObjectCreated:Post")
    assert record["s3"]["bucket"]["name"] == bucket(parley)
    assert record["s3"]["bucket"]["arn"] == f"arn:aws:s3:::{bucket(parley)}"
    assert object_["key"] == "in/red+flower+%C3%A9.txt"
    assert (object_["size"], object_["eTag"]) == (10, "781e5e245d69b566979b86e28d23f2c7")
    assert "versionId" not in object_
    assert int(object_["sequencer"], 16) > 0


def test_only_uploads_with_the_prefix_are_told(parley: Parley, calls: Calls) -> None:
    s3 = parley.store.client("s3")
    s3.put_object(Bucket=bucket(parley), Key="out/a.txt", Body=b"x")
    s3.put_object(Bucket=bucket(parley), Key="in/a.txt", Body=b"x")
    parley.drain()

    assert keys(calls) == ["in/a.txt"]


def test_two_uploads_to_one_form_are_two_events_in_order(parley: Parley, calls: Calls) -> None:
    given = form(parley)
    assert [parley.upload(given, body) for body in (b"one", b"three")] == [204, 204]
    parley.drain()
    objects = [record["s3"]["object"] for body in told(calls) for record in body["Records"]]

    assert [each["size"] for each in objects] == [3, 5]
    assert objects[0]["sequencer"] < objects[1]["sequencer"]


def test_events_can_come_out_of_order(parley: Parley, calls: Calls) -> None:
    for name in "abc":
        parley.upload(form(parley, f"in/{name}"), b"text")
    parley.deliver_out_of_order = True
    parley.drain()

    assert keys(calls) == ["in/c", "in/b", "in/a"]


def test_an_event_can_come_again_much_later(parley: Parley, calls: Calls) -> None:
    parley.upload(form(parley), b"text")
    waiting = parley.dequeue("UploadEvents")
    parley.enqueue("UploadEvents", *waiting)
    parley.drain()
    parley.enqueue("UploadEvents", *waiting)
    parley.drain()

    assert keys(calls) == ["in/a.txt", "in/a.txt"]


def test_every_test_begins_without_files_and_events(system: System) -> None:
    with fixtures.fresh(system) as parley:
        assert parley.dequeue("UploadEvents") == []  # S3's own test event is gone, too
        parley.upload(form(parley), b"text")
        detail = json.dumps({"s3ObjectDetails": {"bucketName": bucket(parley)}})
        entry = {"Source": "scanner", "DetailType": "Verdict", "Detail": detail}
        parley.store.client("events").put_events(Entries=[entry])
    with fixtures.fresh(system) as parley:
        assert stored(parley) == []
        assert parley.dequeue("UploadEvents") == []


def test_the_events_of_a_service_reach_the_queue_of_a_rule(parley: Parley, calls: Calls) -> None:
    verdict = {"scanStatus": "COMPLETED", "s3ObjectDetails": {"bucketName": bucket(parley), "objectKey": "in/a.txt"}}
    elsewhere = {**verdict, "s3ObjectDetails": {"bucketName": "other", "objectKey": "in/a.txt"}}
    for detail in (elsewhere, verdict):
        parley.publish("aws.guardduty", "GuardDuty Malware Protection Object Scan Result", detail)
    parley.drain()
    [event] = told(calls)

    assert (event["source"], event["detail"]) == ("aws.guardduty", verdict)
    assert event["account"] == parley.template.place.account


def test_events_of_others_reach_the_queue_of_a_rule(parley: Parley, calls: Calls) -> None:
    details = [{"s3ObjectDetails": {"bucketName": name}} for name in ("other", bucket(parley))]
    entries = [{"Source": "scanner", "DetailType": "Verdict", "Detail": json.dumps(detail)} for detail in details]
    parley.store.client("events").put_events(Entries=entries)
    parley.drain()

    assert [(event["source"], event["detail"]) for event in told(calls)] == [("scanner", details[1])]
