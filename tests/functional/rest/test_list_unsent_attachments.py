"""GET /me/attachments: the caller's attachments that are not sent, newest first."""

from typing import Any

import pytest

from parley.domain.attachments.attachment import UNSENT_S
from tests.functional.attachment_ends import settle, step
from tests.functional.attachments import ask_upload, clean_attachment, set_row
from tests.functional.replies import invalid, refusal
from tests.functional.talk import in_s, make_group, open_direct
from tests.harness import Parley, User


def page(person: User, query: str = "") -> Any:
    reply = person.get(f"/me/attachments{query}")
    assert reply.status == 200, reply
    return reply.json


def ids(person: User, query: str = "") -> list[str]:
    return [each["id"] for each in page(person, query)["attachments"]]


@pytest.fixture
def alice(parley: Parley) -> User:
    return parley.user("alice")


@pytest.fixture
def conversation_id(parley: Parley, alice: User) -> str:
    return open_direct(alice, parley.user("bob"))


def test_unsent_attachments_of_all_conversations_come_newest_first(
    parley: Parley, alice: User, conversation_id: str
) -> None:
    first = ask_upload(alice, conversation_id, name="Stundenplan.pdf")
    parley.advance(1)
    group_id = make_group(alice, parley.user("carol"))
    second = clean_attachment(parley, alice, group_id)
    ask_upload(parley.user("bob"), conversation_id)

    found = page(alice)

    assert [each["id"] for each in found["attachments"]] == [second, first]
    assert found["next"] is None
    assert found["attachments"][1] == {
        "id": first,
        "conversation_id": conversation_id,
        "name": "Stundenplan.pdf",
        "type": "application/pdf",
        "kind": "file",
        "size": 1000,
        "state": "pending",
        "created_at": in_s(parley, -1),
    }


def test_each_state_is_shown_until_the_attachment_is_sent_or_deleted(
    parley: Parley, alice: User, conversation_id: str
) -> None:
    made = {state: ask_upload(alice, conversation_id) for state in ("pending", "scanning", "rejected", "infected")}
    for state, attachment_id in made.items():
        set_row(parley, attachment_id, state=state, version=3)
    made |= {"clean": clean_attachment(parley, alice, conversation_id)}

    assert {each["state"]: each["id"] for each in page(alice)["attachments"]} == made

    message = alice.post(f"/conversations/{conversation_id}/messages", json={"attachment_ids": [made["clean"]]})
    assert message.status == 201, message
    assert made["clean"] not in ids(alice)
    settle(parley, step("sent", conversation_id, made["clean"]))
    alice.delete(f"/attachments/{made['rejected']}")
    assert set(ids(alice)) == {made[state] for state in ("pending", "scanning", "infected")}
    parley.advance(UNSENT_S)
    parley.run_schedule("ClearStaleAttachments")
    assert ids(alice) == []


def test_gallery_and_list_do_not_mix(parley: Parley, alice: User, conversation_id: str) -> None:
    attachment_id = clean_attachment(parley, alice, conversation_id)
    assert alice.get(f"/conversations/{conversation_id}/attachments").json["attachments"] == []

    alice.post(f"/conversations/{conversation_id}/messages", json={"attachment_ids": [attachment_id]})
    parley.drain()

    assert [each["id"] for each in alice.get(f"/conversations/{conversation_id}/attachments").json["attachments"]] == [
        attachment_id
    ]


def test_pages_follow_each_other_though_all_were_asked_for_at_once(
    parley: Parley, alice: User, conversation_id: str
) -> None:
    made = {ask_upload(alice, conversation_id) for _ in range(5)}

    found: list[str] = []
    cursor: str | None = ""
    pages = 0
    while cursor is not None:
        one = page(alice, f"?limit=2{cursor}")
        found += [each["id"] for each in one["attachments"]]
        pages += 1
        cursor = f"&cursor={one['next']}" if one["next"] else None

    assert (len(found), set(found), pages) == (5, made, 3)


def test_upload_that_never_came_is_expired(parley: Parley, alice: User, conversation_id: str) -> None:
    ask_upload(alice, conversation_id)
    parley.advance(20 * 60)

    assert [each["state"] for each in page(alice)["attachments"]] == ["expired"]


def test_removed_member_still_finds_what_they_have_uploaded(parley: Parley, alice: User) -> None:
    bob = parley.user("bob")
    group_id = make_group(alice, bob)
    attachment_id = ask_upload(bob, group_id)

    assert alice.delete(f"/conversations/{group_id}/members/bob").status == 200

    assert ids(bob) == [attachment_id]


def test_query_is_checked(alice: User) -> None:
    assert refusal(alice.get("/me/attachments?limit=0")) == invalid(("?limit", "too_small"))
    assert refusal(alice.get("/me/attachments?cursor=abc")) == invalid(("?cursor", "bad_cursor"))
