"""POST /ws-tickets: a one-time ticket for one WebSocket."""

import json
import re
from datetime import datetime
from pathlib import Path

import pytest

from parley.adapters.dynamodb.documents import from_wire
from tests.functional.talk import LEASE_S
from tests.harness import Parley, Refused

ROOT = Path(__file__).parents[3]


def test_ticket_is_long_random_and_good_for_30_seconds(parley: Parley) -> None:
    alice = parley.user("alice")
    parley.clock.ms -= parley.clock.ms % 1000

    reply = alice.post("/ws-tickets")

    assert reply.status == 201
    assert reply.headers["cache-control"] == "no-store"
    assert reply.json.keys() == {"ticket", "expires_at"}
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", reply.json["ticket"])  # 256 bits
    assert datetime.fromisoformat(reply.json["expires_at"]).timestamp() * 1000 == parley.clock() + 30_000


def test_no_two_tickets_are_the_same(parley: Parley) -> None:
    alice = parley.user("alice")

    assert len({alice.post("/ws-tickets").json["ticket"] for _ in range(20)}) == 20


def test_each_ticket_is_its_makers(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    ticket = alice.post("/ws-tickets").json["ticket"]

    socket = bob.open(query=f"?ticket={ticket}")
    conversation = alice.post("/conversations", json={"type": "direct", "user_id": "bob"}).json["id"]
    sent = socket.request("send_message", {"conversation_id": conversation, "text": "hello"})

    assert sent["data"]["sender_id"] == "alice"


def test_table_holds_a_hash_that_opens_nothing_and_an_end(parley: Parley) -> None:
    alice = parley.user("alice", role="teacher", contexts={"class": ["7b"]})
    ticket = alice.post("/ws-tickets").json["ticket"]

    table = parley.functions.environment["WS_TICKETS_TABLE"]
    [item] = parley.store.client("dynamodb").scan(TableName=table, ConsistentRead=True)["Items"]
    row = {name: from_wire(value) for name, value in item.items()}

    assert ticket not in str(row)
    assert row["identity"]["user_id"] == "alice"
    assert 29 <= row["expires_at_s"] - parley.clock() // 1000 <= 30
    with pytest.raises(Refused) as refused:
        alice.open(query=f"?ticket={row['ticket_hash']}")
    assert refused.value.status == 401


def test_ticket_costs_one_read_and_one_write(parley: Parley) -> None:
    alice = parley.user("alice")

    with parley.watch() as calls:
        alice.post("/ws-tickets")

    assert {call.function for call in calls} == {"CreateWsTicket"}
    assert [call.operation for call in calls] == ["BatchGetItem", "PutItem"]


def test_event_for_sam_local_invoke_gets_a_ticket(parley: Parley) -> None:
    event = json.loads((ROOT / "events" / "rest" / "create_ws_ticket.json").read_text())

    assert parley.functions.invoke("CreateWsTicket", event)["statusCode"] == 201


def test_query_is_refused(parley: Parley) -> None:
    reply = parley.user("alice").post("/ws-tickets?for=bob")

    assert reply.status == 400
    assert reply.json["errors"] == [{"pointer": "?for", "code": "unknown_field"}]


def test_without_a_token_there_is_no_ticket(parley: Parley) -> None:
    assert parley.user("alice").post("/ws-tickets", headers={"Authorization": None}).status == 401


def test_no_ticket_for_one_connection_too_many_so_that_a_browser_learns_why(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = parley.user("alice")
    parley.clock.ms -= parley.clock.ms % 1000
    monkeypatch.setenv("CONNECTIONS_PER_USER", "3")
    parley.lose_disconnects = True
    alice.connect().close()  # a ghost, whose lease ends before anybody else's
    parley.advance(LEASE_S - 10)
    parley.lose_disconnects = False
    [phone, _] = [alice.connect(), alice.connect()]
    parley.advance(20)
    monkeypatch.setenv("CONNECTIONS_PER_USER", "2")

    refused = alice.post("/ws-tickets")
    phone.close()
    after = alice.post("/ws-tickets")

    assert (refused.status, refused.json["code"], refused.json["rule"]) == (429, "too_many_connections", "connections")
    assert refused.headers["retry-after"] == str(LEASE_S - 20)
    assert refused.json["retry_after_ms"] == (LEASE_S - 20) * 1000
    assert after.status == 201


def test_device_whose_end_nobody_reported_keeps_nobody_from_a_ticket(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONNECTIONS_PER_USER", "1")
    alice = parley.user("alice")
    parley.lose_disconnects = True
    phone = alice.connect()
    parley.advance(60)
    refused = alice.post("/ws-tickets")
    phone.close()

    laptop = alice.connect()  # by a ticket: API Gateway knows that the phone is gone

    assert refused.status == 429
    assert laptop.request("ping")["type"] == "ack"


def test_ghosts_keep_nobody_from_a_ticket(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONNECTIONS_PER_USER", "1")
    alice = parley.user("alice")
    parley.lose_disconnects = True
    alice.connect().close()
    parley.advance(LEASE_S + 10)

    assert alice.connect().request("ping")["type"] == "ack"
