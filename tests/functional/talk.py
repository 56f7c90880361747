"""The beginning that many tests share, and how they look at the end."""

from collections.abc import Sequence
from typing import Any

from parley.domain.api.times import rfc3339
from parley.domain.live.presence import Heartbeat
from tests.harness import Frame, Parley, Socket, User

# Of the harness (tests/harness/fixtures.py): a lease ends before API Gateway's ten minutes of silence do.
HEARTBEAT_S = 60
LEASE_S = Heartbeat(HEARTBEAT_S).lease_s
LEAST_S = Heartbeat(HEARTBEAT_S).least_s  # of a lease; a frame that finds less renews it


def open_direct(one: User, other: User) -> str:
    """Returns the id of the conversation of two people, opened by the first of them."""
    reply = one.post("/conversations", json={"type": "direct", "user_id": other.user_id})
    assert reply.status in (200, 201), reply
    return str(reply.json["id"])


def meet(one: User, other: User) -> str:
    """Returns the id of a conversation in which both have written, so that each sees whether the other is there."""
    conversation_id = open_direct(one, other)
    for person in (one, other):
        say(person, conversation_id, "hello")
    return conversation_id


def make_group(owner: User, *others: User, **fields: object) -> str:
    """Returns the id of a new group of these people."""
    member_ids = [one.user_id for one in others]
    reply = owner.post("/conversations", json={"type": "group", "title": "Chess", "member_ids": member_ids, **fields})
    assert reply.status == 201, reply
    return str(reply.json["id"])


def named(parley: Parley, *user_ids: str) -> dict[str, dict[str, object]]:
    """Returns `users` of an answer that names these people: as the host reads their profiles."""
    found = parley.user("backend", role="service").get(f"/users?ids={','.join(user_ids)}").json["users"]
    fields = ("name", "role", "avatar_url", "profile_seq")
    return {person["id"]: {name: person.get(name) for name in fields} for person in found}


def say(sender: User, conversation_id: str, *texts: str) -> list[str]:
    """Sends texts over REST; returns the ids of the messages."""
    replies = [sender.post(f"/conversations/{conversation_id}/messages", json={"text": text}) for text in texts]
    assert {reply.status for reply in replies} == {201}, replies
    return [str(reply.json["id"]) for reply in replies]


def fill(parley: Parley, conversation_id: str, texts: Sequence[str], *, from_ms: int = 0, step_ms: int = 1) -> None:
    """Writes messages where sends leave them, as copies of the first one, in place of it: thousands take no minute.

    They are `step_ms` apart, the first one from `from_ms`.
    """
    dynamodb = parley.store.client("dynamodb")
    messages, heads = (parley.template.resources[one].ref for one in ("Messages", "Conversations"))
    place = {"conversation_id": {"S": conversation_id}}
    row = dynamodb.get_item(TableName=messages, Key={**place, "seq": {"N": "1"}})["Item"]
    rows = [
        {**row, "seq": {"N": str(seq)}, "text": {"S": text}, "created_at_ms": {"N": str(from_ms + seq * step_ms)}}
        for seq, text in enumerate(texts, 1)
    ]
    for first in range(0, len(rows), 25):
        puts = [{"PutRequest": {"Item": one}} for one in rows[first : first + 25]]
        dynamodb.batch_write_item(RequestItems={messages: puts})
    dynamodb.update_item(
        TableName=heads,
        Key=place,
        UpdateExpression="SET last_seq = :n",
        ExpressionAttributeValues={":n": {"N": str(len(rows))}},
    )


def let_many_block(parley: Parley, user_id: str, count: int) -> None:
    """Lets strangers block a person; only the rows on that person's side are written."""
    table = parley.template.resources["Blocks"].ref
    dynamodb = parley.store.client("dynamodb")
    for first in range(0, count, 25):
        rows = [
            {"user_id": {"S": user_id}, "other_id": {"S": f"a{number}"}, "of_me": {"BOOL": True}}
            for number in range(first, min(first + 25, count))
        ]
        dynamodb.batch_write_item(RequestItems={table: [{"PutRequest": {"Item": row}} for row in rows]})


def joined(person: User, conversation_id: str) -> Socket:
    """Returns a device that has a conversation open."""
    socket = person.connect()
    reply = socket.request("join_conversation", {"conversation_id": conversation_id})
    assert reply["type"] == "ack", reply
    return socket


def forget_events(*sockets: Socket) -> None:
    """Lets go of what came while a test was set up."""
    for socket in sockets:
        socket.events()


def names(frames: list[Frame]) -> list[str]:
    """Returns which events came, in order."""
    return [frame["event"] for frame in frames]


def contents(frames: list[Frame]) -> list[Frame]:
    """Returns the `data` of events, in order, without the people whom they name (`test_named_users.py`)."""
    return [{name: value for name, value in frame["data"].items() if name != "users"} for frame in frames]


def bare(answer: dict[str, Any]) -> dict[str, Any]:
    """Returns an answer without its `users`, which it must have: the message, conversation or member alone."""
    assert "users" in answer, answer
    return {name: value for name, value in answer.items() if name != "users"}


def frame_refusal(frame: Frame) -> tuple[str, int, list[tuple[str, str]]]:
    """Returns code, status, and pointer and code of each wrong field of an error frame."""
    assert frame["type"] == "error", frame
    problem = frame["error"]
    fields = [(field["pointer"], field["code"]) for field in problem.get("errors", [])]
    return problem["code"], problem["status"], fields


def in_s(parley: Parley, seconds: float) -> str:
    """Returns the time so many seconds from now, as it stands on the wire."""
    return rfc3339(parley.clock() + int(seconds * 1000))
