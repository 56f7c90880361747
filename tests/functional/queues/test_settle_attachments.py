"""SettleAttachments: sent attachments come into the gallery, released ones are deleted with their files."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from local.functions import stand_outside
from tests.functional.attachment_ends import SEQ, forwarded, keys_of, objects, row, sent, settle, step, unsent
from tests.functional.attachments import ask_upload, carry, clean_attachment
from tests.functional.replies import Meanwhile
from tests.functional.talk import open_direct
from tests.harness import Parley, User

ROOT = Path(__file__).parents[3]


@pytest.fixture
def talk(parley: Parley) -> tuple[User, User, str]:
    alice, bob = parley.user("alice"), parley.user("bob")
    return alice, bob, open_direct(alice, bob)


def test_sent_attachments_come_into_the_gallery_and_out_of_count_and_sweep(
    parley: Parley, talk: tuple[User, User, str]
) -> None:
    alice, _, conversation_id = talk
    made = sent(parley, alice, conversation_id, 3)
    clean_attachment(parley, alice, conversation_id)
    assert unsent(parley, alice) == 4

    settle(parley, step("sent", conversation_id, *made))

    for position, attachment_id in enumerate(made):
        found = row(parley, attachment_id)
        assert found is not None
        assert (found["shelf"], found["place"]) == (f"{conversation_id}#file", str(SEQ * 100 + 99 - position))
        assert found["is_counted"] is False
        assert found.keys().isdisjoint({"sweep_shard", "sweep_at_s"})
    assert unsent(parley, alice) == 1


def test_step_that_comes_twice_counts_once(parley: Parley, talk: tuple[User, User, str]) -> None:
    alice, _, conversation_id = talk
    made = sent(parley, alice, conversation_id)
    clean_attachment(parley, alice, conversation_id)
    parley.deliver_twice = True

    settle(parley, *[step("sent", conversation_id, *made)] * 2)

    assert unsent(parley, alice) == 1


def test_send_of_five_takes_one_transaction_in_three_round_trips(parley: Parley, talk: tuple[User, User, str]) -> None:
    alice, _, conversation_id = talk
    made = sent(parley, alice, conversation_id, 5)

    with parley.watch() as calls:
        settle(parley, step("sent", conversation_id, *made))

    own = [call.operation for call in calls if call.function == "SettleAttachments"]
    assert own == ["BatchGetItem", "BatchGetItem", "TransactWriteItems"]


def test_forwarded_attachment_only_comes_into_the_gallery(parley: Parley, talk: tuple[User, User, str]) -> None:
    alice, bob, conversation_id = talk
    [original] = sent(parley, alice, conversation_id)
    elsewhere = open_direct(alice, parley.user("carol"))
    copy = forwarded(parley, original, elsewhere, "c")

    settle(parley, step("sent", elsewhere, copy))

    found = row(parley, copy)
    assert found is not None and found["shelf"] == f"{elsewhere}#file"
    assert unsent(parley, alice) == 1


def test_released_attachment_is_deleted_with_its_file(parley: Parley, talk: tuple[User, User, str]) -> None:
    alice, _, conversation_id = talk
    first, second = sent(parley, alice, conversation_id, 2)
    settle(parley, step("sent", conversation_id, first, second))

    settle(parley, step("released", conversation_id, first))

    assert row(parley, first) is None
    assert row(parley, second) is not None
    assert objects(parley) == keys_of(second)


@pytest.mark.parametrize("order", ["released first", "twice", "sent between"])
def test_steps_in_any_order_end_the_same(parley: Parley, talk: tuple[User, User, str], order: str) -> None:
    alice, _, conversation_id = talk
    made = sent(parley, alice, conversation_id, 2)
    sent_step, released = (step(kind, conversation_id, *made) for kind in ("sent", "released"))
    orders = {
        "released first": [released, sent_step],
        "twice": [released, released, sent_step, sent_step],
        "sent between": [sent_step, released, sent_step, released],
    }

    for each in orders[order]:
        settle(parley, each)

    assert [row(parley, each) for each in made] == [None, None]
    assert objects(parley) == set()
    assert unsent(parley, alice) == 0


def test_file_stays_as_long_as_a_forward_shows_it(parley: Parley, talk: tuple[User, User, str]) -> None:
    alice, _, conversation_id = talk
    elsewhere = open_direct(alice, parley.user("carol"))
    [original] = sent(parley, alice, conversation_id)
    settle(parley, step("sent", conversation_id, original))
    copy = forwarded(parley, original, elsewhere, "c")
    again = forwarded(parley, copy, conversation_id, "d")

    settle(parley, step("released", conversation_id, original))
    kept = row(parley, original)
    assert objects(parley) == keys_of(original)
    assert kept is not None and (kept["state"], kept["refs"], kept["name"]) == ("deleted", "2", "")
    assert kept.keys().isdisjoint({"shelf", "place", "sha256", "placeholder", "fingerprint", "sweep_at_s"})

    settle(parley, step("released", conversation_id, again))
    assert row(parley, again) is None
    assert objects(parley) == keys_of(original)

    settle(parley, step("released", elsewhere, copy), step("released", elsewhere, copy))
    assert row(parley, original) is None and row(parley, copy) is None
    assert objects(parley) == set()


def test_forward_may_go_before_the_original(parley: Parley, talk: tuple[User, User, str]) -> None:
    alice, _, conversation_id = talk
    [original] = sent(parley, alice, conversation_id)
    copy = forwarded(parley, original, conversation_id, "c")

    settle(parley, step("released", conversation_id, copy))

    assert row(parley, copy) is None
    kept = row(parley, original)
    assert kept is not None and (kept["state"], kept["refs"]) == ("clean", "1")
    assert objects(parley) == keys_of(original)


def test_forward_at_the_same_moment_keeps_the_file(parley: Parley, talk: tuple[User, User, str]) -> None:
    alice, _, conversation_id = talk
    [original] = sent(parley, alice, conversation_id)
    settle(parley, step("sent", conversation_id, original))
    made: list[str] = []

    def happen() -> None:  # in a thread of its own: it is no call of the function
        with ThreadPoolExecutor(initializer=stand_outside) as thread:
            made.append(thread.submit(forwarded, parley, original, conversation_id, "c").result())

    forward = Meanwhile("TransactWriteItems", happen)
    parley.hooks.append(forward)

    settle(parley, step("released", conversation_id, original))

    assert forward.happened
    assert objects(parley) == keys_of(original)
    settle(parley, step("released", conversation_id, *made))
    assert objects(parley) == set()
    assert row(parley, original) is None


def test_step_of_another_message_touches_nothing(parley: Parley, talk: tuple[User, User, str]) -> None:
    alice, _, conversation_id = talk
    [made] = sent(parley, alice, conversation_id)
    before = row(parley, made)

    settle(parley, *(step(kind, conversation_id, made, seq=2) for kind in ("sent", "released")))

    assert row(parley, made) == before
    assert objects(parley) == keys_of(made)


def test_step_of_an_unknown_attachment_leaves_no_row(parley: Parley, talk: tuple[User, User, str]) -> None:
    alice, _, conversation_id = talk
    unknown = "a_" + "u" * 26

    settle(parley, *(step(kind, conversation_id, unknown) for kind in ("sent", "released")))

    assert row(parley, unknown) is None
    assert parley.dequeue("AttachmentStepsDeadLetters") == []


def test_upload_at_the_same_moment_is_counted(parley: Parley, talk: tuple[User, User, str]) -> None:
    alice, _, conversation_id = talk
    made = sent(parley, alice, conversation_id)
    upload = Meanwhile("TransactWriteItems", lambda: ask_upload(alice, conversation_id))
    parley.hooks.append(upload)

    settle(parley, step("sent", conversation_id, *made))

    assert upload.happened
    assert unsent(parley, alice) == 1


def test_retention_gives_a_sent_attachment_a_time_of_the_sweep(
    parley: Parley, talk: tuple[User, User, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, _, conversation_id = talk
    monkeypatch.setenv("ATTACHMENT_RETENTION_DAYS", "30")
    [made] = sent(parley, alice, conversation_id)

    settle(parley, step("sent", conversation_id, made))

    found = row(parley, made)
    assert found is not None
    assert int(found["sweep_at_s"]) == parley.clock() // 1000 + 31 * 24 * 3600
    assert "sweep_shard" in found


def test_kind_decides_the_shelf(parley: Parley, talk: tuple[User, User, str]) -> None:
    alice, _, conversation_id = talk
    [made] = sent(parley, alice, conversation_id, kind="image")
    other = clean_attachment(parley, alice, conversation_id)
    carry(parley, other, f"{conversation_id}.2")

    settle(parley, step("sent", conversation_id, made))

    found = row(parley, made)
    assert found is not None and found["shelf"] == f"{conversation_id}#image"


def test_event_for_sam_local_invoke_is_a_step(parley: Parley) -> None:
    event = json.loads((ROOT / "events" / "queues" / "settle_attachments.json").read_text(encoding="utf-8"))

    assert parley.functions.invoke("SettleAttachments", event) == {"batchItemFailures": []}
