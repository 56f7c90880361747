"""Damaged rows: a row of each table that cannot be read, and the reads that touch it and are about others too."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest

from tests.functional.exports import exported, fetched
from tests.functional.moderation import moderator, report
from tests.functional.talk import make_group, meet, say
from tests.harness import Parley, Reply, User

DAMAGE = {"SS": ["damaged"]}  # no attribute of any table is a set of texts
Item = Mapping[str, Any]


@dataclass
class World:
    """Alice, and the people, conversations and messages around her."""

    parley: Parley
    alice: User
    bob: User
    dave: User
    direct: str  # with bob
    other: str  # with dave
    group: str
    messages: list[str]  # of bob, in the group

    def damage(self, table: str, attribute: str, **key: str | int) -> None:
        """Damages one attribute of a row that exists."""
        wire = {name: {"N": str(part)} if isinstance(part, int) else {"S": part} for name, part in key.items()}
        self.parley.store.client("dynamodb").update_item(
            TableName=self.parley.template.resources[table].ref,
            Key=wire,
            UpdateExpression="SET #a = :damage",
            ConditionExpression="attribute_exists(#k)",
            ExpressionAttributeNames={"#a": attribute, "#k": next(iter(key))},
            ExpressionAttributeValues={":damage": DAMAGE},
        )

    def rows(self, table: str) -> list[dict[str, str]]:
        """Returns the rows of a table, without the types of their attributes."""
        items = self.parley.store.client("dynamodb").scan(TableName=self.parley.template.resources[table].ref)["Items"]
        return [{name: next(iter(value.values())) for name, value in item.items()} for item in items]


def world(parley: Parley) -> World:
    alice, bob, dave = (parley.user(name) for name in ("alice", "bob", "dave"))
    direct, other = meet(alice, bob), meet(alice, dave)
    for conversation_id in (direct, other):
        answered(alice.patch(f"/conversations/{conversation_id}/read-all"))
    group = make_group(alice, bob, dave)
    messages = say(bob, group, "first word", "second word", "third word")
    return World(parley, alice, bob, dave, direct, other, group, messages)


def answered(reply: Reply) -> Any:
    assert reply.status in (200, 201), reply
    return reply.json


def found(at: World, path: str, name: str, field: str) -> set[str]:
    """Returns one field of each part of alice's answer."""
    return {part[field] for part in answered(at.alice.get(path))[name]}


def sync(at: World, *conversation_ids: str) -> Any:
    cursors = {conversation_id: {"seq": 0, "change_seq": 0} for conversation_id in conversation_ids}
    return answered(at.alice.post("/sync", json={"cursors": cursors}))


def seqs(parts: list[Any]) -> set[int]:
    return {part["seq"] for part in parts}


def history(at: World) -> set[int]:
    return seqs(answered(at.alice.get(f"/conversations/{at.group}/messages"))["messages"])


def forward(at: World, message_id: str, *targets: str) -> dict[str, list[str]]:
    reply = answered(at.alice.post(f"/messages/{message_id}/forward", json={"conversation_ids": list(targets)}))
    return {name: [part["conversation_id"] for part in reply[name]] for name in ("messages", "failed")}


# --- a conversation ---------------------------------------------------------------------------------------------------


def damage_head(at: World) -> None:
    at.damage("Conversations", "last_seq", conversation_id=at.direct)


def damage_membership(at: World) -> None:
    at.damage("Memberships", "read_seq", user_id="alice", conversation_id=at.direct)


def damage_list_entry(at: World) -> None:
    at.damage("Memberships", "peer_id", user_id="alice", conversation_id=at.direct)


def read_list(at: World) -> None:
    assert found(at, "/conversations", "conversations", "id") >= {at.other, at.group}


def read_list_by_name(at: World) -> None:
    assert found(at, "/conversations?q=dave", "conversations", "id") >= {at.other}


def read_pinned(at: World) -> None:
    answered(at.alice.patch(f"/conversations/{at.other}/settings", json={"pinned": True}))
    assert found(at, "/conversations?state=pinned", "conversations", "id") >= {at.other}


def read_sync(at: World) -> None:
    caught = sync(at, at.direct, at.other, at.group)
    assert caught["conversations"].keys() >= {at.other, at.group}
    assert caught["left"] == []  # the client would delete it


def read_sync_of_new(at: World) -> None:
    assert {part["id"] for part in sync(at)["joined"]} >= {at.other, at.group}


def read_sync_with_list(at: World) -> None:
    caught = answered(at.alice.post("/sync", json={"list_limit": 10}))
    assert {part["id"] for part in caught["listed"]["conversations"]} >= {at.other, at.group}


def read_unread(at: World) -> None:
    assert answered(at.alice.get("/unread-count"))["total"] == 3
    assert found(at, "/unread", "conversations", "conversation_id") == {at.group}


def read_search(at: World) -> None:
    results = answered(at.alice.get("/search?q=hello"))["results"]
    assert {part["message"]["conversation_id"] for part in results} >= {at.other}


def read_presence(at: World) -> None:
    assert found(at, "/users/presence?ids=dave,bob", "statuses", "user_id") >= {"dave"}


def try_forward(at: World) -> None:
    assert forward(at, at.messages[0], at.other)["messages"] == [at.other]


CONVERSATION = (
    read_list,
    read_list_by_name,
    read_pinned,
    read_sync,
    read_sync_of_new,
    read_sync_with_list,
    read_unread,
    read_search,
    read_presence,
    try_forward,
)

# --- a user -----------------------------------------------------------------------------------------------------------


def damage_name(at: World) -> None:
    at.damage("Users", "name", user_id="bob")


def damage_contexts(at: World) -> None:
    at.damage("Users", "contexts", user_id="bob")


def damage_other_membership(at: World) -> None:
    at.damage("Memberships", "read_seq", user_id="bob", conversation_id=at.group)


def read_members(at: World) -> None:
    assert found(at, f"/conversations/{at.group}/members", "members", "user_id") >= {"alice", "dave"}


def read_group(at: World) -> None:
    assert answered(at.alice.get(f"/conversations/{at.group}"))["id"] == at.group


def read_directory(at: World) -> None:
    assert found(at, "/users", "users", "id") >= {"dave"}


def read_receipts(at: World) -> None:
    [message_id] = say(at.alice, at.group, "mine")
    answered(at.dave.patch(f"/messages/{message_id}/read"))
    assert found(at, f"/messages/{message_id}/receipts", "receipts", "user_id") >= {"dave"}


def read_explanation(at: World) -> None:
    assert answered(at.alice.get("/policy/explain?user_id=dave"))["allowed"] is True


def try_send_to_group(at: World) -> None:
    fields = {"text": "@dave hello", "mentions": ["dave"]}
    answered(at.alice.post(f"/conversations/{at.group}/messages", json=fields))


def read_last_receipts(at: World) -> None:
    answered(at.dave.patch(f"/messages/{at.group}.5/read"))
    assert found(at, f"/messages/{at.group}.5/receipts", "receipts", "user_id") >= {"dave"}


def try_group(at: World) -> None:
    assert make_group(at.alice, at.dave)


# --- a message --------------------------------------------------------------------------------------------------------


def damage_message(at: World) -> None:
    pin_all(at)
    at.damage("Messages", "text", conversation_id=at.group, seq=3)


def damage_change(at: World) -> None:
    pin_all(at)
    at.damage("Messages", "change", conversation_id=f"{at.group}#c", seq=2)


def damage_version(at: World) -> None:
    for text in ("edited", "edited again"):
        answered(at.bob.patch(f"/messages/{at.messages[1]}", json={"text": text}))
    at.damage("Messages", "text", conversation_id=f"{at.group}#v3", seq=1)


def damage_reaction(at: World) -> None:
    pin_all(at)
    for emoji in "👍👎":
        answered(at.alice.put(f"/messages/{at.messages[1]}/reactions/{quote(emoji)}"))
    at.damage("Receipts", "at_ms", conversation_id=at.group, marker="alice#m#0000000000000003#e👍")


def damage_time(at: World) -> None:
    answered(at.bob.patch(f"/messages/{at.messages[2]}/read"))
    [message_id] = say(at.alice, at.group, "mine")
    answered(at.bob.patch(f"/messages/{message_id}/read"))
    at.damage("Receipts", "at_ms", conversation_id=at.group, marker="bob#r#0000000000000005")


def pin_all(at: World) -> None:
    for message_id in at.messages:
        answered(at.alice.put(f"/messages/{message_id}/pin"))


def read_history(at: World) -> None:
    assert seqs(answered(at.alice.get(f"/conversations/{at.group}/messages"))["messages"]) >= {1, 2, 4}


def read_page_of_one(at: World) -> None:
    assert seqs(answered(at.alice.get(f"/conversations/{at.group}/messages?before=3&limit=1"))["messages"]) == {2}


def read_pins(at: World) -> None:
    assert seqs(answered(at.alice.get(f"/conversations/{at.group}/pins"))["messages"]) >= {2, 4}


def read_missed(at: World) -> None:
    caught = sync(at, at.group)["conversations"][at.group]
    assert seqs(caught["messages"]) >= {1, 2, 4}
    assert caught["verdict"] == "complete"


def read_missed_changes(at: World) -> None:
    cursors = {at.group: {"seq": 4, "change_seq": 0}}
    caught = answered(at.alice.post("/sync", json={"cursors": cursors}))["conversations"][at.group]
    assert {part["data"]["message"]["seq"] for part in caught["changes"]} >= {2, 4}


def read_search_in_group(at: World) -> None:
    results = answered(at.alice.get(f"/search?q=word&conversation_id={at.group}"))["results"]
    assert seqs([part["message"] for part in results]) >= {2, 4}


def read_versions(at: World) -> None:
    assert found(at, f"/messages/{at.messages[1]}/versions", "versions", "text") >= {"edited"}


def read_own_reactions(at: World) -> None:
    [message] = [
        part for part in answered(at.alice.get(f"/conversations/{at.group}/messages"))["messages"] if part["seq"] == 3
    ]
    assert {part["emoji"]: part["mine"] for part in message["reactions"]}["👎"] is True


def read_export(at: World) -> None:
    url = exported(at.parley, at.alice, at.group)["url"]
    assert b"third word" in fetched(at.parley, url)


# --- moderation -------------------------------------------------------------------------------------------------------


def damage_report(at: World) -> None:
    ids = [answered(report(at.alice, message_id))["id"] for message_id in at.messages]
    at.damage("Reports", "reason", report_id=ids[1])


def read_reports(at: World) -> None:
    queue, path = [], "/admin/reports?limit=1"
    mona = moderator(at.parley)
    while path:
        page = answered(mona.get(path))
        queue += page["reports"]
        path = f"/admin/reports?limit=1&cursor={page['next']}" if page["next"] else ""
    assert {part["message_id"] for part in queue} >= {at.messages[0], at.messages[2]}


def damage_audit_entry(at: World) -> None:
    mona = moderator(at.parley)
    answered(report(at.alice, at.messages[0]))
    for status in ("in_review", "resolved"):
        [entry] = answered(mona.get(f"/admin/reports?status={'open' if status == 'in_review' else 'in_review'}"))[
            "reports"
        ]
        answered(mona.patch(f"/admin/reports/{entry['id']}", json={"status": status, "version": entry["version"]}))
    [newest, _] = at.rows("Audit")
    at.damage("Audit", "details", month=newest["month"], entry_id=newest["entry_id"])


def read_audit(at: World) -> None:
    assert len(answered(moderator(at.parley, "ada", "admin").get("/admin/audit"))["entries"]) >= 1


# --- signing in, typing, sending --------------------------------------------------------------------------------------


def damage_typing(at: World) -> None:
    for person in (at.bob, at.dave):
        device = person.connect()
        assert device.request("typing_start", {"conversation_id": at.group})["type"] == "ack"
    at.damage("Typing", "until_ms", conversation_id=at.group, user_id="bob")


def try_join(at: World) -> None:
    reply = at.alice.connect().request("join_conversation", {"conversation_id": at.group})
    assert "dave" in [part["user_id"] for part in reply["data"]["typing"]]


def damage_bucket(at: World) -> None:
    answered(at.alice.post("/messages", json={"user_id": "dave", "text": "moves on"}))
    for row in at.rows("Rates"):
        at.damage("Rates", "tat_ms", user_id=row["user_id"])


def try_send(at: World) -> None:
    for conversation_id in (at.direct, at.other, at.direct):
        say(at.alice, conversation_id, "still")


def damage_word_list(at: World) -> None:
    rules = [{"kind": "word", "text": "fool", "action": "reject"}]
    answered(moderator(at.parley, "ada", "admin").put("/admin/banned-words", json={"version": 0, "rules": rules}))
    at.damage("WordLists", "version", name="version")
    at.parley.advance(61)  # then the version is read again


def damage_block(at: World) -> None:
    for user_id in ("bob", "eve"):
        at.parley.user(user_id)
        answered(at.alice.put(f"/users/{user_id}/block"))
    at.damage("Blocks", "by_me", user_id="alice", other_id="bob")
    at.damage("Blocks", "of_me", user_id="bob", other_id="alice")


def try_blocked(at: World) -> None:
    for sender, to in ((at.alice, "bob"), (at.bob, "alice")):
        assert sender.post("/messages", json={"user_id": to, "text": "no"}).status == 403


def read_blocks(at: World) -> None:
    assert found(at, "/me/blocks", "blocks", "user_id") == {"bob", "eve"}


def try_unblock(at: World) -> None:
    answered(at.alice.delete("/users/bob/block"))
    answered(at.alice.post("/messages", json={"user_id": "bob", "text": "yes"}))


def read_presence_under_block(at: World) -> None:
    assert found(at, "/users/presence?ids=dave,bob", "statuses", "user_id") == {"dave"}


CASES: dict[Callable[[World], None], tuple[Callable[[World], None], ...]] = {
    damage_head: CONVERSATION,
    damage_membership: CONVERSATION,
    damage_list_entry: CONVERSATION,
    damage_name: (read_list, read_list_by_name, read_members, read_group, read_directory, read_export, try_group),
    damage_contexts: (read_directory, read_explanation, try_group),
    damage_other_membership: (read_list, read_sync, read_members, read_group, read_receipts, try_send_to_group),
    damage_message: (
        read_history,
        read_page_of_one,
        read_pins,
        read_missed,
        read_missed_changes,
        read_search_in_group,
        read_export,
        read_list,
    ),
    damage_change: (read_missed, read_missed_changes, read_list, read_pins),
    damage_version: (read_versions,),
    damage_reaction: (read_history, read_own_reactions, read_missed, read_export, read_pins),
    damage_time: (read_last_receipts,),
    damage_report: (read_reports,),
    damage_audit_entry: (read_audit,),
    damage_typing: (try_join,),
    damage_bucket: (try_send, read_list),
    damage_word_list: (try_send,),
    damage_block: (read_list, read_blocks, try_blocked, read_presence_under_block, read_directory, try_unblock),
}


@pytest.mark.parametrize(
    ("damage", "read"),
    [
        pytest.param(damage, read, id=f"{damage.__name__}-{read.__name__}")
        for damage, reads in CASES.items()
        for read in reads
    ],
)
def test_damaged_row_takes_down_no_answer_about_others(
    parley: Parley, caplog: pytest.LogCaptureFixture, damage: Callable[[World], None], read: Callable[[World], None]
) -> None:
    at = world(parley)
    damage(at)
    caplog.clear()

    read(at)
