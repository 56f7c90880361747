"""POST /admin/messages/{message_id}/restore: a moderator brings a removed message back."""

from typing import Any

import pytest

from tests.functional.attachment_ends import objects
from tests.functional.attachments import clean_attachment
from tests.functional.erasures import erased, everything
from tests.functional.exports import exported, fetched, lines
from tests.functional.moderation import TEXT, moderator, report, talk
from tests.functional.replies import Refusal, refusal
from tests.functional.suspending import DAY_S
from tests.functional.talk import joined, make_group, say
from tests.harness import Parley, User

NOT_RESTORABLE: Refusal = ("not_restorable", 409, [])


@pytest.fixture
def group(parley: Parley) -> tuple[User, User, User, str]:
    alice, bob, mallory = (parley.user(one) for one in ("alice", "bob", "mallory"))
    return alice, bob, mallory, make_group(alice, bob, mallory)


def rich_message(parley: Parley, alice: User, mallory: User, group: str) -> str:
    """Returns the id of a reported message of mallory's with all that a message can have."""
    [first] = say(alice, group, "Who is it?")
    body = {
        "text": TEXT,
        "mentions": ["bob"],
        "reply_to": first,
        "attachment_ids": [clean_attachment(parley, mallory, group)],
        "custom_type": "card",
        "metadata": {"price": 3},
    }
    message_id = str(mallory.post(f"/conversations/{group}/messages", json=body).json["id"])
    assert mallory.patch(f"/messages/{message_id}", json={"text": "You fool."}).status == 200
    for act in ("reactions/%F0%9F%91%8D", "pin"):
        assert alice.put(f"/messages/{message_id}/{act}").status == 200
    parley.drain()
    report(alice, message_id)
    return message_id


def without_change(message: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in message.items() if name != "change_seq"}


def removed(parley: Parley, message_id: str) -> User:
    """Returns the moderator who has removed a message."""
    mona = moderator(parley)
    assert mona.delete(f"/admin/messages/{message_id}").status == 200
    parley.drain()
    return mona


def test_everything_is_as_it_was(parley: Parley, group: tuple[User, User, User, str]) -> None:
    alice, bob, mallory, group_id = group
    message_id = rich_message(parley, alice, mallory, group_id)
    before = {one.user_id: one.get(f"/messages/{message_id}").json for one in (alice, bob, mallory)}
    seen = bob.get(f"/conversations/{group_id}").json
    mona = removed(parley, message_id)
    phone = joined(bob, group_id)

    restored = mona.post(f"/admin/messages/{message_id}/restore")

    assert restored.status == 200, restored
    for person in (alice, bob, mallory):
        assert without_change(person.get(f"/messages/{message_id}").json) == without_change(before[person.user_id])
    now = bob.get(f"/conversations/{group_id}").json
    changed = {"last_change_seq", "last_message"}
    assert {name: now[name] for name in now.keys() - changed} == {name: seen[name] for name in seen.keys() - changed}
    assert without_change(now["last_message"]) == without_change(seen["last_message"])
    assert [one["id"] for one in bob.get(f"/conversations/{group_id}/pins").json["messages"]] == [message_id]
    assert [one["message"]["id"] for one in bob.get("/search?q=fool").json["results"]] == [message_id]
    [attachment] = bob.get(f"/conversations/{group_id}/attachments").json["attachments"]
    assert attachment["message_id"] == message_id
    assert bob.get(f"/attachments/{attachment['id']}").status in (200, 302)
    [event] = phone.events("message_updated")
    assert (event["data"]["message"]["text"], event["data"]["user_id"]) == ("You fool.", "~parley.system-moderators")


def test_export_shows_the_tombstone_and_then_the_message(parley: Parley, group: tuple[User, User, User, str]) -> None:
    alice, _, mallory, group_id = group
    [message_id] = say(mallory, group_id, TEXT)
    report(alice, message_id)
    mona = removed(parley, message_id)

    def texts() -> list[str]:
        job = exported(parley, alice, group_id)
        written = lines(fetched(parley, job["url"]))
        return [one["text"] for one in written if one.get("id") == message_id]

    blank = texts()
    assert mona.post(f"/admin/messages/{message_id}/restore").status == 200

    assert (blank, texts()) == ([""], [TEXT])


@pytest.mark.parametrize("deleter", ["author", "owner"])
def test_deletion_by_those_who_may_delete_ends_the_restore(
    parley: Parley, group: tuple[User, User, User, str], deleter: str
) -> None:
    alice, bob, mallory, group_id = group
    message_id = rich_message(parley, alice, mallory, group_id)
    mona = removed(parley, message_id)
    phone = joined(bob, group_id)

    deleted = [(mallory if deleter == "author" else alice).delete(f"/messages/{message_id}") for _ in range(2)]
    parley.drain()

    assert [(one.status, one.json["removed"]) for one in deleted] == [(200, False)] * 2
    assert [event["data"]["message"]["removed"] for event in phone.events("message_deleted")] == [False]
    assert refusal(mona.post(f"/admin/messages/{message_id}/restore")) == NOT_RESTORABLE
    assert alice.get(f"/messages/{message_id}").json["text"] == ""
    assert objects(parley) == set()
    texts = [one["text"] for one in mona.get(f"/messages/{message_id}/versions").json["versions"]]
    assert texts == [TEXT, "You fool."]


def test_files_stay_after_the_time_for_a_restore(parley: Parley, group: tuple[User, User, User, str]) -> None:
    alice, _, mallory, group_id = group
    message_id = rich_message(parley, alice, mallory, group_id)
    mona = removed(parley, message_id)
    assert mona.post(f"/admin/messages/{message_id}/restore").status == 200

    parley.advance(31 * DAY_S)
    parley.run_schedule("ClearStaleAttachments")

    assert len(objects(parley)) == 2


def test_earlier_texts_are_the_same(parley: Parley, group: tuple[User, User, User, str]) -> None:
    alice, _, mallory, group_id = group
    message_id = rich_message(parley, alice, mallory, group_id)
    mona = removed(parley, message_id)
    assert mona.post(f"/admin/messages/{message_id}/restore").status == 200

    assert mallory.patch(f"/messages/{message_id}", json={"text": "Sorry."}).status == 200
    texts = [one["text"] for one in mona.get(f"/messages/{message_id}/versions").json["versions"]]
    assert texts == [TEXT, "You fool.", "Sorry."]


def test_message_is_restorable_for_30_days(parley: Parley) -> None:
    alice, _, ids = talk(parley, TEXT, TEXT)
    report(alice, ids[0])
    for message_id in ids:
        removed(parley, message_id)
    parley.advance(30 * DAY_S - 1)
    in_time = moderator(parley).post(f"/admin/messages/{ids[0]}/restore")

    parley.advance(1)

    assert in_time.status == 200
    assert refusal(moderator(parley).post(f"/admin/messages/{ids[1]}/restore")) == NOT_RESTORABLE


def test_message_that_its_author_has_deleted_is_not_restored(parley: Parley) -> None:
    alice, mallory, [message_id] = talk(parley)
    report(alice, message_id)
    assert mallory.delete(f"/messages/{message_id}").status == 200

    assert refusal(moderator(parley).post(f"/admin/messages/{message_id}/restore")) == NOT_RESTORABLE


def test_message_of_an_erased_person_is_not_restored(parley: Parley) -> None:
    alice, _, [message_id] = talk(parley)
    report(alice, message_id)
    mona = removed(parley, message_id)
    erased(parley, "mallory")

    assert refusal(mona.post(f"/admin/messages/{message_id}/restore")) == NOT_RESTORABLE


def test_second_try_writes_nothing_more(parley: Parley) -> None:
    alice, _, [message_id] = talk(parley)
    report(alice, message_id)
    mona = removed(parley, message_id)
    first = mona.post(f"/admin/messages/{message_id}/restore").json
    parley.advance(1)
    before = everything(parley)

    assert mona.post(f"/admin/messages/{message_id}/restore").json == first
    assert everything(parley) == before


def test_reaction_of_an_erased_person_does_not_come_back(parley: Parley, group: tuple[User, User, User, str]) -> None:
    alice, bob, mallory, group_id = group
    [message_id] = say(mallory, group_id, TEXT)
    for person in (alice, bob):
        assert person.put(f"/messages/{message_id}/reactions/%F0%9F%91%8D").status == 200
    report(alice, message_id)
    mona = removed(parley, message_id)
    erased(parley, "bob")

    restored = mona.post(f"/admin/messages/{message_id}/restore").json

    assert [one["count"] for one in restored["reactions"]] == [1]


def test_another_moderator_of_the_rank_of_the_author_cannot_restore(parley: Parley) -> None:
    mona, max_ = moderator(parley), moderator(parley, "max")
    alice = parley.user("alice")
    group = make_group(alice, mona, max_)
    [message_id] = say(max_, group, TEXT)
    report(alice, message_id)
    assert moderator(parley, "ada", "admin").delete(f"/admin/messages/{message_id}").status == 200

    assert refusal(mona.post(f"/admin/messages/{message_id}/restore"))[:2] == ("rank_too_high", 403)


def test_mention_counts_again_if_it_was_not_read(parley: Parley, group: tuple[User, User, User, str]) -> None:
    alice, bob, mallory, group_id = group
    body = {"text": "Hey @bob", "mentions": ["bob"]}
    message_id = mallory.post(f"/conversations/{group_id}/messages", json=body).json["id"]
    report(alice, message_id)
    mona = moderator(parley)

    assert mona.delete(f"/admin/messages/{message_id}").status == 200
    assert bob.get(f"/conversations/{group_id}").json["unread_mentions"] == 0
    assert mona.post(f"/admin/messages/{message_id}/restore").status == 200
    assert bob.get(f"/conversations/{group_id}").json["unread_mentions"] == 1
