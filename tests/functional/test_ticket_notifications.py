"""Tickets are told: to agents while they wait for one, and to assignee and requester when they change."""

import json
import re
from pathlib import Path

import pytest

from tests.functional.automating import have, rule
from tests.functional.desk import agent, assign, change, open_ticket, put_on_duty, take, use_desk
from tests.functional.macros import apply, macro
from tests.functional.notifying import BROWSER, decided, entries_of, pushing, register
from tests.functional.talk import say
from tests.harness import Parley, User

DESK = 'teams = ["travel", "billing"]\n'


@pytest.fixture(autouse=True)
def desk(parley: Parley, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    use_desk(monkeypatch, tmp_path, DESK)


def texts(reader: User) -> list[str]:
    reply = reader.get("/me/notifications")
    assert reply.status == 200, reply
    return [each["text"] for each in reply.json["notifications"] if each["kind"] == "ticket"]


def told(reader: User) -> list[tuple[str, int]]:
    """Returns the texts of a person's tickets without the number, each with how many changes it tells."""
    found = [each for each in reader.get("/me/notifications").json["notifications"] if each["kind"] == "ticket"]
    return [(re.sub(r"icket [-0-9]+", "icket", each["text"]), each["count"]) for each in found]


def test_a_ticket_that_waits_is_told_to_the_agents_until_one_takes_it(parley: Parley) -> None:
    alice, agnes, ada = parley.user("alice"), agent(parley), agent(parley, "ada")
    for each in (agnes, ada):
        assert put_on_duty(each).status == 200
    ticket_id = open_ticket(alice)
    parley.drain()

    assert texts(agnes) == texts(ada) == ["A ticket waits for an agent"] and texts(alice) == []
    [waiting] = agnes.get("/me/notifications").json["notifications"]
    assert agnes.post(f"/me/notifications/{waiting['id']}/seen").status == 200
    assert agnes.get("/me/notifications").json["unseen"] == 0
    assert take(agnes, ticket_id).status == 200
    parley.drain()
    assert "A ticket waits for an agent" not in [*texts(agnes), *texts(ada)]


def test_a_ticket_of_a_team_goes_to_its_agents_alone(parley: Parley) -> None:
    alice, agnes, ada, anna = parley.user("alice"), agent(parley), agent(parley, "ada"), agent(parley, "anna")
    put_on_duty(agnes, teams=["travel"])
    put_on_duty(ada, teams=["billing"])
    put_on_duty(anna)  # without a team she is in all
    ticket_id = open_ticket(alice)
    assert assign(agnes, ticket_id, None, team="travel").status == 200
    parley.drain()
    assert change(agnes, ticket_id, status="resolved").status == 200
    parley.drain()
    before = entries_of(parley, "ada")
    assert change(agnes, ticket_id, status="open").status == 200
    parley.drain()

    assert "A ticket waits for an agent" in texts(agnes) and entries_of(parley, "ada") == before
    assert texts(anna).count("A ticket waits for an agent") == 1


def test_a_macro_tells_the_requester_and_the_new_assignee_as_acts_by_hand_do(parley: Parley) -> None:
    alice, agnes, ada = parley.user("alice"), agent(parley), agent(parley, "ada")
    ticket_id, macro_id = open_ticket(alice), macro(parley, reply="Ada helps.", assignee_id="ada", status="in_progress")
    parley.drain()

    assert apply(agnes, ticket_id, macro_id).status == 200
    parley.drain()

    assert told(ada) == [("Ticket is yours now", 1)] and told(agnes) == []
    assert [text for text, _ in told(alice)] == ["Ada takes care of ticket"]


def test_a_ticket_of_a_team_without_agents_goes_to_all(parley: Parley) -> None:
    alice, agnes, ada = parley.user("alice"), agent(parley), agent(parley, "ada")
    put_on_duty(agnes, teams=["travel"])
    ticket_id = open_ticket(alice)
    assert assign(agnes, ticket_id, "ada", team="billing").status == 200
    assert assign(ada, ticket_id, None).status == 200
    assert change(ada, ticket_id, status="resolved").status == 200
    parley.drain()
    assert change(alice, ticket_id, status="open").status == 200
    parley.drain()

    assert "A ticket waits for an agent" in texts(agnes)


def test_a_requester_is_told_of_the_status_and_an_assignee_of_every_change(parley: Parley) -> None:
    alice, agnes, ada = parley.user("alice"), agent(parley), agent(parley, "ada")
    ticket_id = open_ticket(alice)
    assert assign(agnes, ticket_id, "ada").status == 200
    parley.drain()
    number = alice.get(f"/support/tickets/{ticket_id}").json["number"]
    assert texts(ada) == [f"Ticket {number} is yours now"]
    assert texts(alice) == [f"Ada takes care of ticket {number}"]

    assert change(agnes, ticket_id, priority="urgent").status == 200
    parley.drain()

    assert told(ada) == [("Ticket is urgent now", 2)] and len(texts(alice)) == 1 and texts(agnes) == []


def test_the_changes_of_a_ticket_are_one_entry_that_counts_those_that_were_not_seen(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    ticket_id = open_ticket(alice)
    assert take(agnes, ticket_id).status == 200
    for status in ("waiting_on_customer", "resolved"):
        assert change(agnes, ticket_id, status=status).status == 200
    parley.drain()
    assert told(alice) == [("Ticket is resolved now", 3)]

    [entry] = [each for each in alice.get("/me/notifications").json["notifications"] if each["kind"] == "ticket"]
    assert alice.post(f"/me/notifications/{entry['id']}/seen").status == 200
    parley.advance(1)
    phone = alice.connect()
    assert change(agnes, ticket_id, status="in_progress").status == 200
    parley.advance(30)
    parley.drain()
    assert told(alice) == [("Ticket is being worked on", 1)]
    last = [each["data"]["notification"] for each in phone.events("notification")][-1]
    assert (last["id"], last["count"], last["seen"]) == (entry["id"], 1, False)

    assert alice.patch(f"/conversations/{ticket_id}/read-all").status == 200
    assert change(agnes, ticket_id, status="closed").status == 200
    parley.drain()
    assert told(alice) == [("Ticket is closed", 1)]


def test_the_event_of_several_changes_counts_them(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    ticket_id = open_ticket(alice)
    parley.drain()
    phone = alice.connect()
    assert take(agnes, ticket_id).status == 200
    assert change(agnes, ticket_id, status="waiting_on_customer").status == 200
    parley.advance(30)
    parley.drain()

    [*_, last] = [each["data"]["notification"] for each in phone.events("notification")]
    assert (last["kind"], last["count"]) == ("ticket", 2) and "waits for your answer" in last["text"]


def test_an_entry_of_the_history_that_cannot_be_read_leaves_the_notice(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    ticket_id = open_ticket(alice)
    assert take(agnes, ticket_id).status == 200
    parley.drain()
    parley.store.client("dynamodb").update_item(
        TableName=parley.template.resources["Messages"].ref,
        Key={"conversation_id": {"S": f"#ticket#{ticket_id}"}, "seq": {"N": "2"}},
        UpdateExpression="SET created_at_ms = :damage",
        ExpressionAttributeValues={":damage": {"S": "damaged"}},
    )

    assert told(alice) == [("Ticket has changed", 1)]


def test_a_requester_is_not_told_that_a_ticket_moves_between_agents(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    agent(parley, "ada")
    ticket_id = open_ticket(alice)
    assert take(agnes, ticket_id).status == 200
    parley.drain()
    before = len(texts(alice))
    assert before >= 1
    assert assign(agnes, ticket_id, "ada").status == 200
    parley.drain()

    assert len(texts(alice)) == before


def test_what_became_of_a_tickets_notices_can_be_asked_by_any_of_its_messages(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    put_on_duty(agnes)
    ticket_id = open_ticket(alice)
    parley.drain()
    assert take(agnes, ticket_id).status == 200
    parley.drain()

    def notices(reader: User) -> list[tuple[str, dict[str, str]]]:
        reply = reader.get(f"/messages/{ticket_id}.1/notification-trace")
        assert reply.status == 200, reply
        return [
            (each["kind"], {told["channel"]: told["rule"] for told in each["channels"]})
            for each in reply.json["notices"]
        ]

    [waiting] = [each for kind, each in notices(agnes) if kind == "ticket"]
    assert waiting["in_app"] == "told"
    assert [each["in_app"] for _, each in notices(alice)] == ["told"]


def test_a_former_agent_is_told_no_more(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    agent(parley, "ada")
    ticket_id = open_ticket(alice)
    assert assign(agnes, ticket_id, "ada").status == 200
    host = parley.user("backend", role="service")
    assert host.put("/users/ada", json={"name": "Ada", "role": "user"}).status == 200
    parley.drain()

    rules = {decided(parley, "ada", f"{ticket_id}#0#{number}").get("in_app") for number in (1, 2)} - {None}
    assert rules == {("skipped", "not_member")}


def test_a_rule_that_notifies_names_itself_and_its_ticket_on_each_channel_to_agents_alone(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, agnes, ben = parley.user("alice"), agent(parley), agent(parley, "ben")
    ben.get("/me")
    ticket_id = open_ticket(alice, subject="No water")
    assert assign(agnes, ticket_id, "agnes").status == 200
    assert agnes.patch(f"/conversations/{ticket_id}/read-all").status == 200
    parley.drain()
    before = alice.get("/me/notifications").json["notifications"]
    notify = {"user_ids": ["ben", "alice"], "assignee": True}
    monkeypatch.setattr("parley.actions.support.automations.check", lambda *_, **__: None)  # alice is no agent
    have(parley, rule("look", "customer_reply", status="waiting_on_customer", notify=notify))
    device = ben.connect()
    with pushing(parley, monkeypatch) as service:
        register(parley, service, "ben")
        say(alice, ticket_id, "It is urgent.")
        parley.drain()
        pushed = [json.loads(BROWSER.open(body)) for _, _, body in service.got]

    for reader in (ben, agnes):
        [entry] = [each for each in reader.get("/me/notifications").json["notifications"] if each["rule_id"]]
        assert told(reader)[0][0] == "The automation “Rule look” asks you to look at ticket"
        assert (entry["title"], entry["rule_id"], entry["kind"]) == ("No water", "look", "ticket")
    [event] = [frame["data"]["notification"] for frame in device.events() if frame["event"] == "notification"]
    assert (event["rule_id"], event["title"]) == ("look", "No water")
    assert [(each["rule_id"], each["title"], each["text"]) for each in pushed] == [("look", "No water", event["text"])]
    after = [each for each in alice.get("/me/notifications").json["notifications"] if each not in before]
    assert [text for text, _ in told(alice)] == ["Ticket waits for your answer"]
    assert "look" not in json.dumps(after)


def test_tags_alone_are_told_to_nobody(parley: Parley) -> None:
    alice, agnes, ada = parley.user("alice"), agent(parley), agent(parley, "ada")
    ticket_id = open_ticket(alice)
    assert assign(agnes, ticket_id, "ada").status == 200
    parley.drain()
    before = [told(ada), told(alice)]
    assert change(agnes, ticket_id, tags=["vip"]).status == 200
    parley.drain()
    assert [told(ada), told(alice)] == before
    assert change(agnes, ticket_id, tags=[], priority="high").status == 200
    parley.drain()
    assert told(ada) == [("Ticket has high priority now", 2)] and told(alice) == before[1]
