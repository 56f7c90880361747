"""Compares what client models hold with a fresh read, field by field."""

from collections.abc import Iterable
from typing import Any

from tests.client_model import Client
from tests.harness import Parley, User

Json = dict[str, Any]


def fresh_conversations(user: User) -> dict[str, Json]:
    """Returns all conversations of a person, archived ones too, as they are."""
    pages = [user.get(f"/conversations?limit=100&state={state}").json for state in ("active", "archived")]
    assert [page["next"] for page in pages] == [None, None]
    return {one["id"]: one for page in pages for one in page["conversations"]}


def fresh_messages(user: User, conversation_id: str) -> dict[int, Json]:
    page = user.get(f"/conversations/{conversation_id}/messages?limit=100").json
    assert page["found_oldest"]
    return {one["seq"]: one for one in page["messages"]}


def fresh_receipts(user: User, conversation_id: str, seq: int) -> dict[str, tuple[bool, bool]]:
    """Returns who has received and who has read a message."""
    reply = user.get(f"/messages/{conversation_id}.{seq}/receipts?limit=100")
    assert reply.status == 200, reply
    return {
        one["user_id"]: (one["delivered_at"] is not None, one["read_at"] is not None) for one in reply.json["receipts"]
    }


class Reader:
    """Reads everything afresh, once for each person."""

    def __init__(self, user: User) -> None:
        self.conversations = fresh_conversations(user)
        self.messages = {one: fresh_messages(user, one) for one in self.conversations}
        self.blocked = {one["user_id"] for one in user.get("/me/blocks?limit=100").json["blocks"]}
        groups = [one for one in self.conversations if one.startswith("g_")]
        self.receipts = {
            one: {seq: fresh_receipts(user, one, seq) for seq in self._edges(one)}
            for one in self.conversations
            if one not in groups
        }
        self.members = {one: user.get(f"/conversations/{one}/members?limit=100").json["members"] for one in groups}

    def _edges(self, conversation_id: str) -> list[int]:
        """Returns where receipts begin and end: at each marker, and right after it."""
        sides = self.conversations[conversation_id]["members"]
        markers = {side[name] for side in sides for name in ("read_seq", "delivered_seq")}
        near = {seq + step for seq in markers for step in (0, 1)}
        return sorted(near & self.messages[conversation_id].keys())

    def agrees_with(self, client: Client, *, is_synced: bool) -> None:
        """Holds every field of a replica to what was read."""
        assert client.blocked.ids == self.blocked, client.name
        shown = {one: held.shown(self.blocked) for one, held in client.conversations.items()}
        expected = self.conversations
        if not is_synced:  # the log's last number may be of what another has hidden from themselves
            shown, expected = (
                {one: known | {"last_change_seq": 0} for one, known in each.items()} for each in (shown, expected)
            )
        assert shown == expected, (client.name, different(shown, expected))
        for conversation_id, held in client.conversations.items():
            fresh = self.messages[conversation_id]
            for seq, message in held.shown_messages(self.blocked).items():
                assert message == as_known(fresh[seq], held.messages[seq]), (client.name, conversation_id, seq)
            for seq, receipts in self.receipts.get(conversation_id, {}).items():
                if seq in held.messages:
                    assert held.shown_receipts(seq) == receipts, (client.name, conversation_id, seq)
            if held.members is not None:
                assert held.members == self.members[conversation_id], client.name


def different(shown: dict[str, Json], expected: dict[str, Json]) -> Json:
    """Returns what is shown and what is expected of each field in which they differ, for the failure's message."""
    return {
        f"{place}.{name}": (of.get(name, "nothing"), wanted.get(name, "nothing"))
        for place in shown | expected
        for of, wanted in [(shown.get(place, {}), expected.get(place, {}))]
        for name in of | wanted
        if of.get(name) != wanted.get(name)
    }


def as_known(fresh: Json, held: Any) -> Json:
    """Returns of a message what a client can know that was notified of it only, or has heard of its changes only."""
    if held.is_cut:
        fresh = fresh | {"text": fresh["text"][:100]}
    if not held.knows_mine:
        own = {one["emoji"]: one["mine"] for one in held.shown(is_blocked=False)["reactions"]}
        fresh = fresh | {"reactions": [one | {"mine": own[one["emoji"]]} for one in fresh["reactions"]]}
    return fresh


def compare(parley: Parley, clients: Iterable[Client], *, is_synced: bool) -> None:
    """Compares every replica with a fresh read; a queue brings a group back from the archive, in the list."""
    parley.drain()
    readers: dict[str, Reader] = {}
    for client in clients:
        if client.user_id not in readers:
            readers[client.user_id] = Reader(client.user)
        readers[client.user_id].agrees_with(client, is_synced=is_synced)
