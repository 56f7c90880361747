"""A person's unsent attachments are counted in one row; what takes an attachment out of the count does so once."""

from typing import Any

import pytest

from tests.functional.replies import at_once
from tests.functional.talk import open_direct
from tests.harness import Parley, User


def uploads(parley: Parley, person: User, count: int) -> list[str]:
    """Lets a person ask for uploads; returns the ids of the attachments."""
    conversation_id = open_direct(person, parley.user("bob"))
    body = {"name": "a.txt", "type": "text/plain", "size": 1}
    replies = [person.post(f"/conversations/{conversation_id}/attachments", json=body) for _ in range(count)]
    return [reply.json["attachment"]["id"] for reply in replies]


def file_row(parley: Parley, key: str) -> dict[str, Any]:
    table = parley.template.resources["Files"].ref
    found = parley.store.client("dynamodb").get_item(TableName=table, Key={"attachment_id": {"S": key}})
    return dict(found.get("Item", {}))


def uncount(parley: Parley, user_id: str, *attachment_ids: str) -> None:
    from parley.adapters.attachments import attachments
    from parley.adapters.dynamodb import batches, tables

    rows = batches.read_rows({tables.File: [attachments.usage_key(user_id)]})
    usage = attachments.usage_of(rows, user_id).without(len(attachment_ids))
    attachments.uncounted(attachment_ids, usage, parley.clock())


def test_attachments_are_taken_out_of_the_count_once(parley: Parley) -> None:
    from parley.adapters.dynamodb.conditions import LostRace

    first, second, third = uploads(parley, parley.user("alice"), 3)
    uncount(parley, "alice", first, second)

    with pytest.raises(LostRace):
        uncount(parley, "alice", second, third)

    assert file_row(parley, "alice#")["unsent"] == {"N": "1"}
    assert "expires_at_s" not in file_row(parley, "alice#")
    counted = [file_row(parley, each)["is_counted"]["BOOL"] for each in (first, second, third)]
    assert counted == [False, False, True]


def test_row_of_a_person_without_unsent_attachments_expires(parley: Parley) -> None:
    [only] = uploads(parley, parley.user("alice"), 1)

    uncount(parley, "alice", only)

    row = file_row(parley, "alice#")
    assert (row["unsent"], row["size"]) == ({"N": "0"}, {"N": "1"})
    assert int(row["expires_at_s"]["N"]) == parley.clock() // 1000 + 2 * 24 * 3600


def test_simultaneous_acts_of_one_person_lose_no_count(parley: Parley) -> None:
    from parley.adapters.dynamodb.conditions import LostRace

    alice = parley.user("alice")
    attachment_ids = uploads(parley, alice, 4)

    def take_out(attachment_id: str) -> int:
        for lost in range(20):
            try:
                uncount(parley, "alice", attachment_id)
            except LostRace:
                continue
            return lost
        raise AssertionError("no try won")

    at_once([lambda each=each: take_out(each) for each in attachment_ids])  # type: ignore[misc]

    assert file_row(parley, "alice#")["unsent"] == {"N": "0"}
    assert [file_row(parley, each)["is_counted"] for each in attachment_ids] == [{"BOOL": False}] * 4
