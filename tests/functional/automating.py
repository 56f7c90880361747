"""The rules of the desk for tests."""

from typing import Any

from tests.functional.canned import admin
from tests.functional.desk import history
from tests.harness import Frame, Parley, Reply, User

PATH = "/support/automations"
DESK = "~parley.system-desk"


def rule(rule_id: str, on: str = "created", conditions: Any = None, **effects: Any) -> Frame:
    """Returns a rule as a request has it; `after_minutes`, `clock` and `enabled` are its own."""
    own: dict[str, Any] = {name: effects.pop(name) for name in ("after_minutes", "clock", "enabled") if name in effects}
    if on == "idle":
        own.setdefault("after_minutes", 60)
    return {"id": rule_id, "name": f"Rule {rule_id}", "on": on, **own, "if": conditions or {}, "then": effects}


def put(author: User, version: int, *rules: Frame) -> Reply:
    """Replaces the list."""
    return author.put(PATH, json={"version": version, "rules": list(rules)})


def have(parley: Parley, *rules: Frame, user_id: str = "ada") -> Frame:
    """Replaces the list whatever it is, and returns it."""
    ada = admin(parley, user_id)
    version = ada.get(PATH).json["version"]
    reply = put(ada, version, *rules)
    assert reply.status == 200, reply
    return dict(reply.json)


def fired(reader: User, ticket_id: str) -> list[str]:
    """Returns the rules that have fired for a ticket, as the history tells them."""
    return [entry["rule_id"] for entry in history(reader, ticket_id) if entry["event"] == "rule_fired"]


def ticket_of(reader: User, ticket_id: str) -> Frame:
    """Returns a ticket."""
    reply = reader.get(f"/support/tickets/{ticket_id}")
    assert reply.status == 200, reply
    return dict(reply.json)


def words_of_desk(reader: User, ticket_id: str) -> list[str]:
    """Returns the messages of the desk itself in a ticket."""
    reply = reader.get(f"/conversations/{ticket_id}/messages?limit=100")
    assert reply.status == 200, reply
    mine = [each for each in reply.json["messages"] if each["sender_id"] == DESK and each["kind"] == "text"]
    return [each["text"] for each in mine]
