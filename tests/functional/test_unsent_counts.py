"""A person's unsent attachments are counted in one row; what takes an attachment out of the count does so once."""

from typing import Any

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


def discard(person: User, *attachment_ids: str) -> None:
    for attachment_id in attachment_ids:
        reply = person.delete(f"/attachments/{attachment_id}")
        assert reply.status == 200, reply


def test_attachments_are_taken_out_of_the_count_once(parley: Parley) -> None:
    alice = parley.user("alice")
    first, second, third = uploads(parley, alice, 3)

    discard(alice, first, second, second)

    assert file_row(parley, "alice#")["unsent"] == {"N": "1"}
    assert "expires_at_s" not in file_row(parley, "alice#")
    counted = [file_row(parley, each)["is_counted"]["BOOL"] for each in (first, second, third)]
    assert counted == [False, False, True]


def test_row_of_a_person_without_unsent_attachments_expires(parley: Parley) -> None:
    alice = parley.user("alice")

    discard(alice, *uploads(parley, alice, 1))

    row = file_row(parley, "alice#")
    assert (row["unsent"], row["size"]) == ({"N": "0"}, {"N": "1"})
    assert int(row["expires_at_s"]["N"]) == parley.clock() // 1000 + 2 * 24 * 3600


def test_simultaneous_acts_of_one_person_lose_no_count(parley: Parley) -> None:
    alice = parley.user("alice")
    attachment_ids = uploads(parley, alice, 4)

    at_once([lambda each=each: discard(alice, each) for each in attachment_ids])  # type: ignore[misc]

    assert file_row(parley, "alice#")["unsent"] == {"N": "0"}
    assert [file_row(parley, each)["is_counted"] for each in attachment_ids] == [{"BOOL": False}] * 4
