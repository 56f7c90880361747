"""Files of a message that is older than AttachmentRetentionDays: nobody gets them, whether the sweep has run or not."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.functional.attachments import clean_attachment
from tests.functional.moderation import moderator, report
from tests.functional.replies import refusal
from tests.functional.streams.test_start_fan_out import large_group
from tests.functional.talk import bare, contents, joined, make_group, open_direct
from tests.harness import Parley, Reply, User

DAY_S = 24 * 3600


class Old:
    """Alice has sent a file to a group with bob; `age` makes its message older than the retention of 30 days."""

    def __init__(self, parley: Parley, monkeypatch: pytest.MonkeyPatch, place: str = "group") -> None:
        self.parley, self._monkeypatch = parley, monkeypatch
        self.keep_for("30")
        self.alice, self.bob = parley.user("alice"), parley.user("bob")
        self.where = self._place(place)
        self.file = clean_attachment(parley, self.alice, self.where)
        body = {"attachment_ids": [self.file]}
        reply = self.alice.post(f"/conversations/{self.where}/messages", json=body)
        assert reply.status == 201, reply
        self.message_id: str = reply.json["id"]
        parley.drain()

    def _place(self, place: str) -> str:
        if place == "direct":
            return open_direct(self.alice, self.bob)
        if place == "group":
            return make_group(self.alice, self.bob)
        return large_group(self.alice, ["bob", *(f"u{number:03}" for number in range(100))])

    def keep_for(self, days: str) -> None:
        self._monkeypatch.setenv("ATTACHMENT_RETENTION_DAYS", days)

    def age(self, seconds: float = 30 * DAY_S) -> None:
        self.parley.advance(seconds)
        self.alice, self.bob = self.parley.user("alice"), self.parley.user("bob")

    def date_back(self) -> None:
        """Lets the message be 30 days old on every clock: a function of a queue has the machine's in these tests."""
        where, _, seq = self.message_id.partition(".")
        self.parley.store.client("dynamodb").update_item(
            TableName=self.parley.template.resources["Messages"].ref,
            Key={"conversation_id": {"S": where}, "seq": {"N": seq}},
            UpdateExpression="ADD created_at_ms :age",
            ExpressionAttributeValues={":age": {"N": str(-30 * DAY_S * 1000)}},
        )


JSON = {"accept": "application/json"}


def download(old: Old, reader: User) -> object:
    return refusal(reader.get(f"/attachments/{old.file}"))[:2]


def thumbnail(old: Old, reader: User) -> object:
    return refusal(reader.get(f"/attachments/{old.file}/thumbnail"))[:2]


def as_json(old: Old, reader: User) -> object:
    return refusal(reader.get(f"/attachments/{old.file}", headers=JSON))[:2]


def urls(old: Old, reader: User) -> object:
    return reader.post("/attachments/urls", json={"ids": [old.file]}).json["attachments"]


def gallery(old: Old, reader: User) -> object:
    return reader.get(f"/conversations/{old.where}/attachments").json["attachments"]


def forward(old: Old, reader: User) -> object:
    there = open_direct(reader, old.parley.user("carol"))
    return refusal(reader.post(f"/messages/{old.message_id}/forward", json={"conversation_ids": [there]}))[:2]


def reported(old: Old, reader: User) -> object:
    found = report(old.bob, old.message_id)
    shown = moderator(old.parley).get(f"/admin/reports/{found.json['id']}").json
    return shown["attachments"]


NOT_FOUND = ("attachment_not_found", 404)
DOORS: list[tuple[Callable[[Old, User], object], object]] = [
    (download, NOT_FOUND),
    (thumbnail, NOT_FOUND),
    (as_json, NOT_FOUND),
    (urls, {"FILE": None}),
    (gallery, []),
    (forward, ("attachment_expired", 409)),
    (reported, {}),
]


@pytest.mark.parametrize(("door", "expected"), DOORS, ids=[door.__name__ for door, _ in DOORS])
@pytest.mark.parametrize("who", ["alice", "bob"])
@pytest.mark.parametrize("place", ["direct", "group"])
def test_file_whose_time_is_over_is_gone_before_the_sweep(
    parley: Parley, monkeypatch: pytest.MonkeyPatch, door: Any, expected: Any, who: str, place: str
) -> None:
    old = Old(parley, monkeypatch, place)
    wanted = {old.file: None} if expected == {"FILE": None} else expected

    old.age()
    before = door(old, parley.user(who))
    old.age(DAY_S)
    parley.run_schedule("ClearStaleAttachments")
    after = door(old, parley.user(who))

    assert (before, after) == (wanted, wanted)


@pytest.mark.parametrize("door", [door for door, _ in DOORS[:3]], ids=[door.__name__ for door, _ in DOORS[:3]])
def test_file_is_there_until_its_last_second(parley: Parley, monkeypatch: pytest.MonkeyPatch, door: Any) -> None:
    old = Old(parley, monkeypatch)
    paths = {download: "", thumbnail: "/thumbnail", as_json: ""}
    old.age(30 * DAY_S - 1)

    reply = old.bob.get(f"/attachments/{old.file}{paths[door]}", headers=JSON if door is as_json else None)

    assert reply.status == (200 if door is as_json else 302)


def test_file_that_no_sweep_has_deleted_is_back_if_the_deployment_keeps_files_again(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = Old(parley, monkeypatch)
    old.age()

    old.keep_for("0")

    assert old.bob.get(f"/attachments/{old.file}").status == 302


def test_forward_of_a_file_counts_its_own_days(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    old = Old(parley, monkeypatch)
    old.age(29 * DAY_S)
    there = open_direct(old.bob, parley.user("carol"))
    copied = old.bob.post(f"/messages/{old.message_id}/forward", json={"conversation_ids": [there]})
    [copy] = copied.json["messages"][0]["attachments"]
    parley.drain()

    old.age(2 * DAY_S)
    parley.run_schedule("ClearStaleAttachments")

    assert download(old, old.bob) == NOT_FOUND
    assert parley.user("carol").get(f"/attachments/{copy['id']}").status == 302


def pin(old: Old) -> Reply:
    return old.alice.put(f"/messages/{old.message_id}/pin")


def react(old: Old) -> Reply:
    return old.alice.put(f"/messages/{old.message_id}/reactions/%F0%9F%91%8D")


def describe(old: Old) -> Reply:
    return old.alice.patch(f"/messages/{old.message_id}", json={"metadata": {"kind": "plan"}})


@pytest.mark.parametrize("place", ["direct", "group", "large group"])
@pytest.mark.parametrize("act", [pin, react, describe])
def test_change_of_an_old_message_shows_its_files_as_expired_to_all(
    parley: Parley, monkeypatch: pytest.MonkeyPatch, act: Callable[[Old], Reply], place: str
) -> None:
    monkeypatch.setenv("EDIT_WINDOW_S", "0")
    old = Old(parley, monkeypatch, place)
    old.date_back()
    screen = joined(old.bob, old.where)

    answer = act(old)
    parley.drain()

    assert answer.status == 200, answer
    assert [each["expired"] for each in answer.json["attachments"]] == [True]
    [told] = contents(screen.events())
    assert told["message"]["attachments"] == answer.json["attachments"]


def test_moderator_sees_the_files_of_an_old_message_as_expired(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    old = Old(parley, monkeypatch)
    old.age()
    report_id = report(old.bob, old.message_id).json["id"]

    shown = moderator(parley).get(f"/admin/reports/{report_id}").json

    assert shown["message"] == bare(old.bob.get(f"/messages/{old.message_id}").json)
    assert [each["expired"] for each in shown["message"]["attachments"]] == [True]
    assert shown["context"][-1] == shown["message"]
