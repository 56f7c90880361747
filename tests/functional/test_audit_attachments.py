"""The audit of attachments: it finds objects without rows and rows without objects, and repairs what is old."""

import pytest

from tests.functional.attachment_ends import forwarded, keys_of, objects, row, sent, settle, step
from tests.functional.attachments import ask_upload, clean_attachment, kept, picture, put_object, scanned, set_row
from tests.functional.pages import show_picture
from tests.functional.talk import open_direct, say
from tests.functional.test_attachment_life import send
from tests.harness import Parley, User, calls
from tools import audit_attachments

DAY_S = audit_attachments.DAY_S


@pytest.fixture
def talk(parley: Parley) -> tuple[User, str]:
    alice = parley.user("alice")
    return alice, open_direct(alice, parley.user("bob"))


def audit(parley: Parley, *, after_s: int = 0) -> set[tuple[str, str]]:
    found = audit_attachments.audit(parley.clock() // 1000 + after_s)
    return {(finding.kind, finding.key) for finding in found}


def repair(parley: Parley, *, after_s: int = 2 * DAY_S) -> int:
    now_s = parley.clock() // 1000 + after_s
    return audit_attachments.repair(audit_attachments.audit(now_s), now_s)


def delete_row(parley: Parley, attachment_id: str) -> None:
    table = parley.template.resources["Files"].ref
    parley.store.client("dynamodb").delete_item(TableName=table, Key={"attachment_id": {"S": attachment_id}})


def delete_object(parley: Parley, key: str) -> None:
    parley.store.client("s3").delete_object(Bucket=parley.template.resources["Attachments"].ref, Key=key)


def test_nothing_is_found_where_everything_is_in_order(parley: Parley, talk: tuple[User, str]) -> None:
    alice, conversation_id = talk
    ask_upload(alice, conversation_id)
    clean_attachment(parley, alice, conversation_id)
    first, second = sent(parley, alice, conversation_id, 2)
    settle(parley, step("sent", conversation_id, first, second))
    copy = forwarded(parley, first, conversation_id, "c")
    settle(parley, step("sent", conversation_id, copy), step("released", conversation_id, first))

    assert audit(parley) == set()
    assert repair(parley) == 0


def test_objects_without_rows_are_deleted_when_they_are_a_day_old(parley: Parley, talk: tuple[User, str]) -> None:
    alice, conversation_id = talk
    kept, lost = (clean_attachment(parley, alice, conversation_id) for _ in range(2))
    delete_row(parley, lost)
    bucket = parley.template.resources["Quarantine"].ref
    calls.written.buckets.add(bucket)
    parley.store.client("s3").put_object(Bucket=bucket, Key="a_" + "q" * 26, Body=b"x")

    orphans = {("object_without_row", key) for key in keys_of(lost)}
    assert audit(parley) == orphans | {("upload_without_row", "a_" + "q" * 26)}
    assert repair(parley, after_s=DAY_S - 60) == 0
    assert repair(parley) == 3

    assert objects(parley) == keys_of(kept)
    assert objects(parley, "Quarantine") == set()
    assert audit(parley) == set()


def test_rows_without_objects_end(parley: Parley, talk: tuple[User, str]) -> None:
    alice, conversation_id = talk
    unsent = clean_attachment(parley, alice, conversation_id)
    [carried] = sent(parley, alice, conversation_id)
    settle(parley, step("sent", conversation_id, carried))
    copy = forwarded(parley, carried, conversation_id, "c")
    settle(parley, step("sent", conversation_id, copy))
    for lost in (unsent, carried):
        delete_object(parley, f"files/{lost}")

    assert audit(parley) == {("row_without_object", unsent), ("row_without_object", carried)}
    assert repair(parley) == 2

    assert row(parley, unsent) is None
    left = row(parley, carried)
    assert left is not None and (left["state"], left["refs"]) == ("deleted", "1")


def test_row_whose_file_has_no_row_ends(parley: Parley, talk: tuple[User, str]) -> None:
    alice, conversation_id = talk
    [carried] = sent(parley, alice, conversation_id)
    copy = forwarded(parley, carried, conversation_id, "c")
    settle(parley, step("sent", conversation_id, copy))
    delete_row(parley, carried)

    assert audit(parley) == {("row_without_file", copy)} | {("object_without_row", key) for key in keys_of(carried)}
    repair(parley)

    assert row(parley, copy) is None
    assert objects(parley) == set()


def test_step_that_never_came_is_made_up_for_by_the_sweep(parley: Parley, talk: tuple[User, str]) -> None:
    alice, conversation_id = talk
    [carried] = sent(parley, alice, conversation_id)
    copy = forwarded(parley, carried, conversation_id, "c")

    assert ("not_settled", copy) in audit(parley)
    repair(parley)
    parley.advance(2 * DAY_S)
    parley.run_schedule("ClearStaleAttachments")

    found = row(parley, copy)
    assert found is not None and found["shelf"] == f"{conversation_id}#file"
    assert audit(parley) == set()


def test_release_that_was_given_up_is_finished(parley: Parley, talk: tuple[User, str]) -> None:
    alice, conversation_id = talk
    [carried] = sent(parley, alice, conversation_id)
    settle(parley, step("sent", conversation_id, carried))
    set_row(parley, carried, state="deleted", refs=0)

    assert audit(parley) == {("not_deleted", carried)}
    repair(parley)

    assert row(parley, carried) is None
    assert objects(parley) == set()


def test_release_whose_step_was_given_up_is_finished(parley: Parley) -> None:
    alice = parley.user("alice")
    conversation_id = open_direct(alice, parley.user("bob"))
    done = scanned(alice, conversation_id, picture(), "image/png", "a.png")
    message_id = send(alice, conversation_id, done.id)
    parley.drain()
    assert alice.delete(f"/messages/{message_id}").status == 200
    with parley.kill(2):  # the stream lives, each try of the step dies
        parley.drain()
    assert len(parley.dequeue("AttachmentStepsDeadLetters")) == 1

    assert audit(parley) == {("not_deleted", done.id)}
    assert repair(parley) == 1

    assert (kept(parley)[1], done.row) == (set(), {})
    assert audit(parley) == set()


def test_pictures_of_previews_are_found_only_if_their_message_does_not_show_them(
    parley: Parley, talk: tuple[User, str]
) -> None:
    alice, conversation_id = talk
    shown, edited, deleted = (show_picture(parley, each) for each in say(alice, conversation_id, "a", "b", "c"))
    put_object(parley, stray := edited + "b", b"a picture")
    put_object(parley, misplaced := "previews/x", b"a picture")
    assert alice.delete(f"/messages/{conversation_id}.3").status == 200  # its step never comes
    bucket = parley.template.resources["Quarantine"].ref
    calls.written.buckets.add(bucket)
    parley.store.client("s3").put_object(Bucket=bucket, Key=shown, Body=b"waits for the scanner")

    assert audit(parley) == set()  # a picture is there before its message shows it
    orphans = {("picture_without_message", key.removeprefix("previews/")) for key in (stray, misplaced, deleted)}
    assert audit(parley, after_s=3 * 3600) == orphans
    assert repair(parley) == 3

    assert objects(parley) == {shown, edited}


def test_damaged_row_ends_no_audit_and_what_belongs_to_it_is_left_alone(parley: Parley, talk: tuple[User, str]) -> None:
    alice, conversation_id = talk
    [damaged] = sent(parley, alice, conversation_id)
    settle(parley, step("sent", conversation_id, damaged))
    copy = forwarded(parley, damaged, conversation_id, "c")
    settle(parley, step("sent", conversation_id, copy))
    set_row(parley, damaged, created_at_ms="yesterday")
    lost = clean_attachment(parley, alice, conversation_id)
    delete_row(parley, lost)

    assert audit(parley) == {("damaged_row", damaged)} | {("object_without_row", key) for key in keys_of(lost)}
    assert repair(parley) == 2

    assert objects(parley) == keys_of(damaged)
    assert row(parley, copy) is not None
    assert audit(parley) == {("damaged_row", damaged)}


def test_missing_thumbnail_is_told(parley: Parley, talk: tuple[User, str]) -> None:
    alice, conversation_id = talk
    [carried] = sent(parley, alice, conversation_id)
    copy = forwarded(parley, carried, conversation_id, "c")
    settle(parley, step("sent", conversation_id, carried, copy))
    delete_object(parley, f"thumbnails/{carried}")

    assert audit(parley) == {("row_without_thumbnail", carried), ("row_without_thumbnail", copy)}
    assert repair(parley) == 0


def test_files_that_settled_before_the_retention_was_on_are_found(
    parley: Parley, talk: tuple[User, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, conversation_id = talk
    [carried] = sent(parley, alice, conversation_id)
    settle(parley, step("sent", conversation_id, carried))
    monkeypatch.setenv("ATTACHMENT_RETENTION_DAYS", "30")
    assert audit(parley, after_s=30 * DAY_S) == set()

    assert audit(parley, after_s=32 * DAY_S) == {("kept_too_long", carried)}
    repair(parley, after_s=32 * DAY_S)
    parley.advance(32 * DAY_S)
    parley.run_schedule("ClearStaleAttachments")

    assert row(parley, carried) is None
    assert objects(parley) == set()


def test_wrong_count_of_references_is_told_and_left_alone(parley: Parley, talk: tuple[User, str]) -> None:
    alice, conversation_id = talk
    [carried] = sent(parley, alice, conversation_id)
    settle(parley, step("sent", conversation_id, carried))
    set_row(parley, carried, refs=2)

    assert audit(parley) == {("wrong_count", carried)}
    assert repair(parley) == 0


def test_attachment_without_an_entry_of_the_sweep_is_given_one(parley: Parley, talk: tuple[User, str]) -> None:
    alice, conversation_id = talk
    attachment_id = ask_upload(alice, conversation_id)
    parley.store.client("dynamodb").update_item(
        TableName=parley.template.resources["Files"].ref,
        Key={"attachment_id": {"S": attachment_id}},
        UpdateExpression="REMOVE sweep_shard, sweep_at_s",
    )

    assert audit(parley) == {("never_swept", attachment_id)}
    repair(parley)
    parley.advance(2 * DAY_S)
    parley.run_schedule("ClearStaleAttachments")

    assert row(parley, attachment_id) is None


def test_command_prints_what_it_finds_of_a_deployed_stack(
    parley: Parley, talk: tuple[User, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    put_object(parley, f"files/a_{'x' * 26}", b"x")
    asked: list[str] = []

    class Lambda:
        def get_function_configuration(self, FunctionName: str) -> dict[str, object]:
            asked.append(FunctionName)
            return {"Environment": {"Variables": dict(parley.functions.environment)}}

    session = type("Session", (), {"create_client": lambda self, service: Lambda()})
    monkeypatch.setattr("botocore.session.get_session", session)
    status = audit_attachments.main(["--stack", "chat"])

    assert status == 1
    assert asked == ["chat_ClearStaleAttachments"]
    printed = capsys.readouterr().out.splitlines()
    assert printed == [f"object_without_row       files/a_{'x' * 26}  0 h", "1 found, 0 repaired"]
