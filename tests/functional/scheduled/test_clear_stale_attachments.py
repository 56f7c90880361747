"""ClearStaleAttachments: uploads that were never sent disappear, and files whose retention is over."""

import json
from typing import Any

import pytest

from parley.domain.attachments.attachment import ARRIVAL_S, FORM_S, UNSENT_S
from tests.functional.attachment_ends import forwarded, keys_of, objects, row, sent, settle, step, unsent
from tests.functional.attachments import FILE, ask_upload, clean_attachment, set_row
from tests.functional.replies import stored
from tests.functional.talk import open_direct
from tests.functional.test_attachment_life import send
from tests.functional.test_sweeps import Fails, broken, failures
from tests.harness import Parley, User, calls

SWEEP = "ClearStaleAttachments"
DAY_S = 24 * 3600


@pytest.fixture
def talk(parley: Parley) -> tuple[User, str]:
    alice = parley.user("alice")
    return alice, open_direct(alice, parley.user("bob"))


def put_upload(parley: Parley, attachment_id: str) -> None:
    """Puts the upload of an attachment into the quarantine, as its form does."""
    bucket = parley.template.resources["Quarantine"].ref
    calls.written.buckets.add(bucket)
    parley.store.client("s3").put_object(Bucket=bucket, Key=attachment_id, Body=FILE)


def attachment_rows(parley: Parley) -> list[str]:
    rows = [json.loads(each) for each in stored(parley)["Files"]]
    return [each["attachment_id"]["S"] for each in rows if "#" not in each["attachment_id"]["S"]]


def sweep(parley: Parley) -> None:
    parley.run_schedule(SWEEP)


def test_what_was_not_sent_in_a_day_is_gone_with_its_objects(parley: Parley, talk: tuple[User, str]) -> None:
    alice, conversation_id = talk
    clean = clean_attachment(parley, alice, conversation_id)
    waiting, scanning = (ask_upload(alice, conversation_id) for _ in range(2))
    set_row(parley, scanning, state="scanning", version=2)
    put_upload(parley, scanning)
    rejected = ask_upload(alice, conversation_id)
    set_row(parley, rejected, state="rejected", version=3, code="damaged", is_counted=False)
    assert unsent(parley, alice) == 4

    parley.advance(UNSENT_S - 1)
    sweep(parley)
    assert set(attachment_rows(parley)) == {clean, waiting, scanning, rejected}
    parley.advance(1)
    sweep(parley)

    assert attachment_rows(parley) == []
    assert objects(parley) == objects(parley, "Quarantine") == set()
    assert unsent(parley, alice) == 1  # the rejected one was no longer counted


def test_outbox_tells_that_an_upload_has_gone(parley: Parley, talk: tuple[User, str]) -> None:
    alice, conversation_id = talk
    attachment_id = ask_upload(alice, conversation_id)
    parley.advance(UNSENT_S)

    sweep(parley)
    sweep(parley)

    rows = [json.loads(each) for each in stored(parley)["Messages"]]
    told = {each["seq"]["N"]: each["about"]["M"]["state"]["S"] for each in rows if each.get("outbox")}
    assert told == {"1": "pending", "2": "deleted"}
    assert {each["conversation_id"]["S"] for each in rows if "outbox" in each} == {f"#attachment#{attachment_id}"}


def test_uploader_hears_that_an_upload_has_expired(parley: Parley, talk: tuple[User, str]) -> None:
    alice, conversation_id = talk
    attachment_id = clean_attachment(parley, alice, conversation_id)
    parley.advance(UNSENT_S)
    phone, other = parley.user("alice").connect(), parley.user("bob").connect()

    sweep(parley)

    [event] = phone.events("attachment_updated")
    assert event["data"]["attachment"]["id"] == attachment_id
    assert event["data"]["attachment"]["state"] == "expired"
    assert other.events("attachment_updated") == []


def test_sent_attachment_whose_step_was_lost_is_settled(parley: Parley, talk: tuple[User, str]) -> None:
    alice, conversation_id = talk
    [made] = sent(parley, alice, conversation_id)
    parley.advance(UNSENT_S)

    sweep(parley)

    found = row(parley, made)
    assert found is not None
    assert (found["state"], found["shelf"], found["is_counted"]) == ("clean", f"{conversation_id}#file", False)
    assert "sweep_at_s" not in found
    assert objects(parley) == keys_of(made)
    assert unsent(parley, alice) == 0


def test_sent_attachment_whose_message_is_deleted_ends(parley: Parley, talk: tuple[User, str]) -> None:
    alice, conversation_id = talk
    made = clean_attachment(parley, alice, conversation_id)
    message_id = send(alice, conversation_id, made)
    assert alice.delete(f"/messages/{message_id}").status == 200
    # The stream lives, each try of both steps dies.
    with parley.kill(3, counts=lambda call: call.function == "SettleAttachments"):
        parley.drain()
    assert len(parley.dequeue("AttachmentStepsDeadLetters")) == 2
    parley.advance(UNSENT_S)

    sweep(parley)

    assert (objects(parley), row(parley, made), unsent(parley, alice)) == (set(), None, 0)


def test_row_that_fails_holds_up_no_other_and_is_tried_again(
    parley: Parley, talk: tuple[User, str], capsys: pytest.CaptureFixture[str]
) -> None:
    alice, conversation_id = talk
    made = [clean_attachment(parley, alice, conversation_id) for _ in range(4)]
    parley.advance(UNSENT_S)
    fails = Fails(broken, made[1], "DeleteObject")
    parley.hooks.append(fails)
    capsys.readouterr()

    sweep(parley)
    left = attachment_rows(parley)
    counted = failures(capsys, "clear_stale_attachments")
    fails.lasts = False
    parley.advance(60)
    sweep(parley)

    assert (left, counted) == ([made[1]], 1)
    assert attachment_rows(parley) == []
    assert objects(parley) == set()
    assert unsent(parley, alice) == 0


def test_damaged_row_holds_up_no_other(
    parley: Parley, talk: tuple[User, str], capsys: pytest.CaptureFixture[str]
) -> None:
    alice, conversation_id = talk
    made = [ask_upload(alice, conversation_id) for _ in range(3)]
    set_row(parley, made[0], state="nonsense")
    parley.advance(UNSENT_S)
    capsys.readouterr()

    sweep(parley)

    assert attachment_rows(parley) == [made[0]]
    assert failures(capsys, "clear_stale_attachments") == 0  # `test_damaged_work.py` says what becomes of the row


def test_more_than_one_part_is_swept_in_one_run(parley: Parley, talk: tuple[User, str]) -> None:
    alice, conversation_id = talk
    made = ask_upload(alice, conversation_id)
    table, dynamodb = parley.template.resources["Files"].ref, parley.store.client("dynamodb")
    item = dynamodb.get_item(TableName=table, Key={"attachment_id": {"S": made}})["Item"]
    for number in range(120):
        dynamodb.put_item(
            TableName=table, Item={**item, "attachment_id": {"S": f"a_{number:026}"}, "is_counted": {"BOOL": False}}
        )
    parley.advance(UNSENT_S)

    sweep(parley)

    assert attachment_rows(parley) == []


def test_retention_deletes_the_files_of_old_messages(
    parley: Parley, talk: tuple[User, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, conversation_id = talk
    monkeypatch.setenv("ATTACHMENT_RETENTION_DAYS", "30")
    old, lost = sent(parley, alice, conversation_id, 2)
    settle(parley, step("sent", conversation_id, old))

    parley.advance(UNSENT_S)
    sweep(parley)
    found = row(parley, lost)
    assert found is not None and int(found["sweep_at_s"]) == parley.clock() // 1000 + 30 * DAY_S
    parley.advance(30 * DAY_S - 1)
    sweep(parley)
    assert objects(parley) == keys_of(old, lost)
    parley.advance(1)
    sweep(parley)

    assert attachment_rows(parley) == []
    assert objects(parley) == set()


def test_retention_of_a_forward_begins_with_the_forward(
    parley: Parley, talk: tuple[User, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, conversation_id = talk
    monkeypatch.setenv("ATTACHMENT_RETENTION_DAYS", "30")
    [original] = sent(parley, alice, conversation_id)
    settle(parley, step("sent", conversation_id, original))
    parley.advance(10 * DAY_S)
    copy = forwarded(parley, original, conversation_id, "c")
    set_row(parley, copy, created_at_ms=parley.clock())
    settle(parley, step("sent", conversation_id, copy))

    parley.advance(21 * DAY_S)
    sweep(parley)
    assert objects(parley) == keys_of(original)
    assert set(attachment_rows(parley)) == {original, copy}
    parley.advance(10 * DAY_S)
    sweep(parley)

    assert objects(parley) == set()
    assert attachment_rows(parley) == []


def test_retention_that_was_switched_off_keeps_the_files(
    parley: Parley, talk: tuple[User, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, conversation_id = talk
    monkeypatch.setenv("ATTACHMENT_RETENTION_DAYS", "1")
    [made] = sent(parley, alice, conversation_id)
    settle(parley, step("sent", conversation_id, made))
    monkeypatch.setenv("ATTACHMENT_RETENTION_DAYS", "0")
    parley.advance(3 * DAY_S)

    sweep(parley)

    found = row(parley, made)
    assert found is not None and "sweep_at_s" not in found
    assert objects(parley) == keys_of(made)


def test_nothing_due_costs_four_queries(parley: Parley, talk: tuple[User, str]) -> None:
    alice, conversation_id = talk
    clean_attachment(parley, alice, conversation_id)

    with parley.watch() as made:
        sweep(parley)

    assert [call.operation for call in made] == ["Query"] * 4


# --- scans that do not end -------------------------------------------------------------------------------------------


def overdue(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Returns the lines of the metric of overdue scans since the last look, one for each run that has written it."""
    return [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"ScansOverdue"' in line]


def waiting_for_verdicts(parley: Parley, alice: User, conversation_id: str, count: int) -> list[str]:
    made = [ask_upload(alice, conversation_id) for _ in range(count)]
    for attachment_id in made:
        set_row(parley, attachment_id, state="scanning", version=2)
        put_upload(parley, attachment_id)
    return made


def test_scans_without_an_end_are_counted_after_an_hour_and_then_hourly(
    parley: Parley, talk: tuple[User, str], capsys: pytest.CaptureFixture[str]
) -> None:
    alice, conversation_id = talk
    waiting_for_verdicts(parley, alice, conversation_id, 2)
    clean_attachment(parley, alice, conversation_id)
    counted = []
    for seconds in (FORM_S + ARRIVAL_S, 3600 - ARRIVAL_S - 1, 1, 60, 3600 - 60, 3600):
        parley.advance(seconds)
        capsys.readouterr()
        sweep(parley)
        counted.append([line["ScansOverdue"] for line in overdue(capsys)])

    assert counted == [[], [], [[2.0]], [], [[2.0]], [[2.0]]]
    assert unsent(parley, alice) == 3
    parley.advance(UNSENT_S)
    sweep(parley)
    assert (overdue(capsys), attachment_rows(parley)) == ([], [])


def test_scan_that_has_ended_late_is_counted_no_more(
    parley: Parley, talk: tuple[User, str], capsys: pytest.CaptureFixture[str]
) -> None:
    alice, conversation_id = talk
    first, second = waiting_for_verdicts(parley, alice, conversation_id, 2)
    parley.advance(FORM_S + 3600)
    sweep(parley)
    assert [line["ScansOverdue"] for line in overdue(capsys)] == [[2.0]]

    set_row(parley, first, state="clean", version=3)
    parley.advance(3600)
    sweep(parley)

    assert [line["ScansOverdue"] for line in overdue(capsys)] == [[1.0]]
    found = row(parley, first)
    assert found is not None and int(found["sweep_at_s"]) == int(found["created_at_ms"]) // 1000 + UNSENT_S
    assert second in attachment_rows(parley)


def test_alarm_watches_the_metric_of_overdue_scans_as_it_is_written(
    parley: Parley, talk: tuple[User, str], capsys: pytest.CaptureFixture[str]
) -> None:
    alice, conversation_id = talk
    waiting_for_verdicts(parley, alice, conversation_id, 1)
    parley.advance(FORM_S + 3600)
    sweep(parley)

    [line] = overdue(capsys)
    alarm = parley.template.resources["ScansOverdueAlarm"].properties
    [metrics] = line["_aws"]["CloudWatchMetrics"]
    assert [one["Name"] for one in metrics["Metrics"]] == [alarm["MetricName"]]
    watched = {one["Name"]: one["Value"] for one in alarm["Dimensions"]}
    assert [set(names) for names in metrics["Dimensions"]] == [set(watched)]
    assert watched["operation"] == line["operation"]
    function = parley.template.resources[SWEEP].properties["Environment"]["Variables"]
    assert watched["service"] == function["POWERTOOLS_SERVICE_NAME"]
    assert alarm["Namespace"] == function["POWERTOOLS_METRICS_NAMESPACE"]
