"""Kill scenarios of the support desk."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from json import dumps
from types import SimpleNamespace

import pytest

from parley.domain.api import ids
from tests.functional.attachments import clean_attachment
from tests.functional.automating import rule
from tests.functional.desk import DESCRIPTION
from tests.functional.kills.acts import alice_said, and_then, answered, invoke, settled, sign_host_in, sweep_rows
from tests.functional.kills.conversations import ask_as_host
from tests.functional.kills.scenario import Scenario
from tests.functional.kills.world import Died, World
from tests.functional.talk import open_direct, say
from tests.harness import User


def create_ticket(world: World) -> object:
    body = {"subject": "My booking", "description": DESCRIPTION, "client_id": "t1", "tags": ["vip"]}
    return answered(world.alice.post("/support/tickets", json=body))


def agent_of(world: World) -> User:
    return world.parley.bearer(world.parley.token("agnes", role="agent"), "agnes")


def open_of_alice(world: World) -> None:
    """Lets alice open a ticket, and an agent sign in."""
    world.parley.user("agnes", role="agent")
    world.conversation_id = answered(world.alice.post("/support/tickets", json={"subject": "Go", "description": "?"}))[
        "id"
    ]


def come_in(world: World) -> object:
    """Answers as an agent who is not in the ticket yet."""
    path, body = f"/conversations/{world.conversation_id}/messages", {"text": "Let me look.", "client_id": "m1"}
    return settled(answered(agent_of(world).post(path, json=body)))


REPLY_ID = ids.canned_reply_id("ada", "r1")


def admin_of(world: World) -> User:
    return world.parley.bearer(world.parley.token("ada", role="support_admin"), "ada")


def sign_admin_in(world: World) -> None:
    world.parley.user("ada", role="support_admin")


def create_canned_reply(world: World) -> object:
    body = {"title": "Greeting", "text": "Hello {{requester.name}}.", "shortcut": "/hello", "client_id": "r1"}
    return answered(admin_of(world).post("/support/canned-replies", json=body))


def have_canned_reply(world: World) -> None:
    sign_admin_in(world)
    create_canned_reply(world)


def put_canned_reply(world: World) -> object:
    body = {"version": 1, "title": "Greeting", "text": "Good day.", "shortcut": "/day"}
    return answered(admin_of(world).put(f"/support/canned-replies/{REPLY_ID}", json=body))


def delete_canned_reply(world: World) -> object:
    return answered(admin_of(world).delete(f"/support/canned-replies/{REPLY_ID}"))


MACRO_ID = ids.macro_id("ada", "m1")


def create_macro(world: World) -> object:
    effects = {"reply": "Hello {{requester.name}}, it is done.", "status": "resolved", "take": True, "add_tags": ["x"]}
    body = {"title": "Done", "effects": effects, "client_id": "m1"}
    return answered(admin_of(world).post("/support/macros", json=body))


def have_macro(world: World) -> None:
    sign_admin_in(world)
    create_macro(world)


def put_macro(world: World) -> object:
    """Replaces the macro by one that gives the ticket to another agent, and writes nothing."""
    body = {"version": 1, "title": "To Ben", "effects": {"assignee_id": "ben", "priority": "high"}}
    return answered(admin_of(world).put(f"/support/macros/{MACRO_ID}", json=body))


def put_tags(world: World) -> None:
    """Replaces the macro by one that adds a tag."""
    body = {"version": 1, "title": "Tag", "effects": {"add_tags": ["vip"]}}
    answered(admin_of(world).put(f"/support/macros/{MACRO_ID}", json=body))


def delete_macro(world: World) -> object:
    return answered(admin_of(world).delete(f"/support/macros/{MACRO_ID}"))


def ben_signed_in(world: World) -> None:
    world.devices["ben"] = world.parley.user("ben", role="agent").connect()


def count(world: World) -> object:
    """Lets the stream bring all that was written, as one batch."""
    rows = world.items()[world.parley.template.resources["Messages"].ref].values()
    counted = sorted((row for row in rows if "kind" in row or "outbox" in row), key=dumps)
    written_at_s = world.parley.clock() / 1000
    changes = [
        {"NewImage": row, "SequenceNumber": str(number), "ApproximateCreationDateTime": written_at_s}
        for number, row in enumerate(counted, start=1)
    ]
    records = [{"dynamodb": change} for change in changes]
    return invoke(world, "CountFigures", {"Records": records, "shardId": "shardId-1", "state": {}})


def add_note(text: str) -> Callable[[World], object]:
    def act(world: World) -> object:
        path = f"/support/tickets/{world.conversation_id}/notes"
        return settled(answered(agent_of(world).post(path, json={"text": text, "client_id": "n1"})))

    return act


def ask_as_agent(method: str, path: str, json: object = None) -> Callable[[World], object]:
    """Returns an act of the agent's; `{}` in the path is the ticket's id."""

    def act(world: World) -> object:
        reply = agent_of(world).request(method, path.replace("{}", world.conversation_id), json=json)
        return settled(answered(reply))

    return act


def noted_by_another(world: World) -> None:
    """Lets alice open a ticket, of which another agent writes a note."""
    open_of_alice(world)
    ben = world.parley.user("ben", role="agent")
    answered(ben.post(f"/support/tickets/{world.conversation_id}/notes", json={"text": "They have called."}))


def taken(world: World) -> None:
    """Lets the agent take alice's ticket, who has her device open."""
    open_of_alice(world)
    assert agent_of(world).post(f"/support/tickets/{world.conversation_id}/take", json={}).status == 200


def resolved(world: World) -> None:
    taken(world)
    path = f"/support/tickets/{world.conversation_id}"
    assert agent_of(world).patch(path, json={"status": "resolved"}).status == 200


def rate(world: World) -> object:
    path, body = f"/support/tickets/{world.conversation_id}/rating", {"rating": 5, "comment": "Quick."}
    return answered(world.alice.post(path, json=body))


def open_again(world: World) -> object:
    """Writes as the requester of a resolved ticket."""
    path, body = f"/conversations/{world.conversation_id}/messages", {"text": "Not yet.", "client_id": "m2"}
    return settled(answered(world.alice.post(path, json=body)))


def change_tickets(world: World) -> object:
    """Changes the ticket with a request for many; Died if the ticket was refused for a fault that passes."""
    body = {"ids": [world.conversation_id], "changes": {"priority": "high", "assignee_id": "agnes", "tags": ["vip"]}}
    answer = answered(agent_of(world).post("/support/tickets/bulk", json=body))
    if any(each["status"] >= 500 for each in answer["results"]):
        raise Died
    return answer


def put_agent(world: World) -> object:
    body = {"available": True, "limit": 5}
    return answered(agent_of(world).put("/support/agents/agnes", json=body))


def two_on_duty(world: World) -> None:
    """Lets two agents be on duty with a device, while alice's new ticket waits for one of them."""
    os.environ["SUPPORT"] = "office"  # the harness puts the environment back
    open_of_alice(world)
    for user_id in ("agnes", "ben"):
        person = world.parley.user(user_id, role="agent")
        answered(person.put(f"/support/agents/{user_id}", json={"available": True}))
        world.devices[user_id] = person.connect()


def follow_ticket(world: World) -> object:
    """Lets the queue bring the job that follows alice's new ticket."""
    return bring_job(world, number=1, event="created", user_id="alice", seeks=True)


def release(world: World) -> object:
    """Lets the queue bring the job that takes alice's ticket from an agent who is offline."""
    return bring_job(world, number=2, event="absent", user_id="agnes")


def bring_job(world: World, number: int, **fields: object) -> object:
    """Lets the queue bring a job of the ticket, at a time that is the same in each try."""
    fan_out = {"conversation_id": f"#ticket#{world.conversation_id}", "seq": number, "errands": ["ticket"]}
    ticket = {"ticket_id": world.conversation_id, "number": number, **fields}
    body = dumps({"errand": fan_out, "user_ids": [], "ticket": ticket})
    frozen = SimpleNamespace(time_ns=lambda: world.parley.clock() * 1_000_000)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("parley.triggers.queue.time", frozen)
        return invoke(world, "RunFanOut", {"Records": [{"messageId": "m1", "body": body}]})


def chat_with_agent(world: World) -> None:
    """Lets alice write to an agent in private, with a file, and the agent answer."""
    agnes = world.parley.user("agnes", role="agent")
    world.conversation_id = open_direct(agnes, world.alice)
    files = [clean_attachment(world.parley, world.alice, world.conversation_id)]
    body = {"text": "Here it is.", "attachment_ids": files}
    answered(world.alice.post(f"/conversations/{world.conversation_id}/messages", json=body))
    say(agnes, world.conversation_id, "I see.")


def take_chat(world: World) -> object:
    body = {"subject": "A chat", "client_id": "t3", "from": {"conversation_id": world.conversation_id}}
    return answered(agent_of(world).post("/support/tickets", json=body))


TWIN_ID = ids.ticket_id("alice", "twin")


def have_twin(world: World) -> None:
    """Lets alice open a second ticket."""
    body = {"subject": "Again", "description": "?", "client_id": "twin"}
    assert answered(world.alice.post("/support/tickets", json=body))["id"] == TWIN_ID


def follow_up(world: World) -> object:
    body = {"subject": "Again", "description": "?", "client_id": "t2", "follow_up_of": world.conversation_id}
    return answered(world.alice.post("/support/tickets", json=body))


def closed(world: World) -> None:
    taken(world)
    path = f"/support/tickets/{world.conversation_id}"
    assert agent_of(world).patch(path, json={"status": "closed"}).status == 200


DAY_MS = 86_400_000


@contextmanager
def office() -> Iterator[None]:
    """Runs the desk of `office.toml`, which has targets, escalates, and closes resolved tickets."""
    before = os.environ.get("SUPPORT")
    os.environ["SUPPORT"] = "office"
    try:
        yield
    finally:
        if before is None:
            del os.environ["SUPPORT"]
        else:
            os.environ["SUPPORT"] = before


def opened_before(days: int, status: str | None = None, *, swept_after: int = 0) -> Callable[[World], None]:
    """Returns what lets carol open a ticket days ago, which an agent takes, and may change; both are here now.

    The sweep has looked at it some days later.
    """

    def prepare(world: World) -> None:
        world.parley.clock.ms -= days * DAY_MS
        carol = world.parley.user("carol")
        world.parley.user("agnes", role="agent")
        with office():
            made = carol.post("/support/tickets", json={"subject": "Go", "description": "?", "priority": "low"})
            world.conversation_id = answered(made)["id"]
            path = f"/support/tickets/{world.conversation_id}"
            assert agent_of(world).post(f"{path}/take", json={}).status == 200
            if status is not None:
                assert agent_of(world).patch(path, json={"status": status}).status == 200
            world.parley.clock.ms += swept_after * DAY_MS
            if swept_after:
                world.parley.run_schedule("SweepTickets")
        world.parley.clock.ms += (days - swept_after) * DAY_MS
        carol.token = world.parley.token("carol")
        world.devices |= {"desk": agent_of(world).connect(), "customer": carol.connect()}

    return prepare


def sweep_tickets(world: World) -> None:
    with office():
        world.sweep("SweepTickets")


def sweep_on(world: World) -> object:
    with office():
        return sweep_rows("tickets", lambda world: (world.conversation_id,))(world)


RULES = [
    rule("new", add_tags=["new"], reply="Hello {{requester.name}}, {{agent.name}} will answer.", assignee_id="agnes"),
    rule("told", notify={"user_ids": ["agnes"], "assignee": True}),
    rule("reply", "customer_reply", priority="high", reply="Soon."),
    rule("warned", "sla_warning", reply="Soon.", priority="high", assignee_id="ben"),
    rule("resting", "idle", {"without_tags": ["rested"]}, add_tags=["rested"], reply="Still there?"),
]


def put_automations(world: World) -> object:
    body = {"version": 0, "rules": RULES}
    return answered(admin_of(world).put("/support/automations", json=body))


def sign_agents_in(world: World) -> None:
    sign_admin_in(world)
    for user_id in ("agnes", "ben"):
        world.devices[user_id] = world.parley.user(user_id, role="agent").connect()


def have_rules(world: World) -> None:
    """Lets the desk have rules, and the agents whom they name have their devices open."""
    sign_agents_in(world)
    put_automations(world)


def have_tagging(world: World) -> None:
    """Lets the desk have a rule that adds a tag to each new ticket."""
    sign_agents_in(world)
    answered(admin_of(world).put("/support/automations", json={"version": 0, "rules": [rule("tag", add_tags=["x"])]}))


def fire_for_new(world: World) -> object:
    """Lets the queue bring the job that follows alice's new ticket."""
    return bring_job(world, number=1, event="created", user_id="alice", rules=1)


def fire_for_reply(world: World) -> object:
    """Lets the queue bring the job that follows alice's reply."""
    return bring_job(world, number=2, event="reply", user_id="alice", rules=1)


def alice_replied(world: World) -> None:
    open_of_alice(world)
    say(world.alice, world.conversation_id, "Hello?")


def rules_and_old_ticket(world: World) -> None:
    """Lets the desk have rules that all processes know, and carol an old ticket that warns and rests."""
    have_rules(world)
    opened_before(20)(world)
    world.parley.clock.ms += 5 * 60_000


def walk(world: World) -> None:
    """Lets the sweep walk through the open tickets, and find that one rests, without a look at it."""
    with office(), pytest.MonkeyPatch.context() as patch:
        patch.setattr("parley.actions.sweep.OWN_ROWS", 0)
        patch.setattr("parley.actions.sweep.queues.sweep_on", lambda *_, **__: None)
        world.parley.run_schedule("SweepTickets")


TICKET = "/support/tickets/{}"

SCENARIOS = [
    Scenario("rest/put_automations", put_automations, sign_agents_in),
    Scenario("queues/run_fan_out", fire_for_new, and_then(have_rules, open_of_alice), variant="rules"),
    Scenario("queues/run_fan_out", fire_for_reply, and_then(have_rules, alice_replied), variant="rules, a reply"),
    Scenario("queues/run_fan_out", fire_for_new, and_then(have_tagging, open_of_alice), variant="rules, tags alone"),
    # One after the other: a walk that fails may come after the look, whose warning then fires alone.
    Scenario("scheduled/sweep_tickets", walk, rules_and_old_ticket, variant="a walk"),
    Scenario("scheduled/sweep_tickets", sweep_tickets, and_then(rules_and_old_ticket, walk), variant="rules"),
    Scenario("queues/sweep_rows", sweep_on, and_then(rules_and_old_ticket, walk), variant="tickets with rules"),
    Scenario("rest/create_ticket", create_ticket, lambda world: None),
    Scenario(
        "rest/get_ticket",
        ask_as_host("GET", "/support/tickets/{}"),
        and_then(open_of_alice, sign_host_in),
        variant="by the host",
    ),
    Scenario("rest/put_agent", put_agent, open_of_alice),
    Scenario("queues/run_fan_out", follow_ticket, two_on_duty, variant="ticket"),
    Scenario(
        "rest/get_ticket_sla",
        ask_as_host("GET", "/support/tickets/{}/sla"),
        and_then(open_of_alice, sign_host_in),
        variant="by the host",
    ),
    Scenario(
        "rest/simulate_sla",
        ask_as_host("POST", "/support/sla/simulate", {"limit": 10}),
        and_then(open_of_alice, sign_host_in),
        variant="by the host",
    ),
    Scenario(
        "rest/try_automations",
        ask_as_host("POST", "/support/automations/try", {"limit": 10}),
        and_then(open_of_alice, sign_host_in),
        variant="by the host",
    ),
    Scenario("queues/run_fan_out", release, taken, variant="absent"),
    Scenario("rest/create_canned_reply", create_canned_reply, sign_admin_in),
    Scenario("rest/put_canned_reply", put_canned_reply, have_canned_reply),
    Scenario("rest/delete_canned_reply", delete_canned_reply, have_canned_reply),
    Scenario("rest/create_macro", create_macro, sign_admin_in),
    Scenario("rest/put_macro", put_macro, and_then(have_macro, ben_signed_in)),
    Scenario("rest/delete_macro", delete_macro, have_macro),
    Scenario(
        "rest/apply_macro",
        ask_as_agent("POST", f"/support/tickets/{{}}/macros/{MACRO_ID}", {"client_id": "a1", "version": 1}),
        and_then(open_of_alice, have_macro),
        variant="a reply and changes",
    ),
    Scenario(
        "rest/apply_macro",
        ask_as_agent("POST", f"/support/tickets/{{}}/macros/{MACRO_ID}", {"client_id": "a1", "version": 1}),
        and_then(open_of_alice, have_macro, ben_signed_in, put_macro),
        variant="changes alone",
    ),
    Scenario(
        "rest/apply_macro",
        ask_as_agent("POST", f"/support/tickets/{{}}/macros/{MACRO_ID}", {"client_id": "a1", "version": 1}),
        and_then(open_of_alice, have_macro, put_tags),
        variant="tags alone",
    ),
    Scenario("streams/count_figures", count, and_then(open_of_alice, alice_said)),
    Scenario(
        "rest/list_all_tickets",
        ask_as_host("GET", "/support/tickets/admin/all"),
        and_then(open_of_alice, sign_host_in),
        variant="by the host",
    ),
    Scenario(
        "rest/update_ticket",
        ask_as_agent("PATCH", TICKET, {"status": "resolved", "priority": "high", "tags": ["vip"], "subject": "Late"}),
        taken,
    ),
    Scenario("rest/update_ticket", ask_as_agent("PATCH", TICKET, {"tags": ["vip"]}), taken, variant="tags alone"),
    Scenario("rest/create_ticket", take_chat, chat_with_agent, variant="of a chat"),
    Scenario("rest/create_ticket", follow_up, closed, variant="a follow-up"),
    Scenario(
        "rest/merge_ticket",
        ask_as_agent("POST", f"{TICKET}/merge", {"into": TWIN_ID}),
        and_then(taken, have_twin),
    ),
    Scenario("rest/change_tickets", change_tickets, open_of_alice),
    Scenario("rest/rate_ticket", rate, resolved),
    Scenario(
        "rest/list_ticket_history",
        ask_as_host("GET", f"{TICKET}/history"),
        and_then(open_of_alice, sign_host_in),
        variant="by the host",
    ),
    Scenario("rest/take_ticket", ask_as_agent("POST", f"{TICKET}/take", {}), open_of_alice),
    Scenario(
        "rest/assign_ticket",
        ask_as_agent("POST", f"{TICKET}/assign", {"assignee_id": None, "note": "Who else?"}),
        taken,
    ),
    Scenario(
        "rest/respond_to_ticket",
        ask_as_agent("POST", f"{TICKET}/respond", {"text": "Let me look.", "client_id": "r1"}),
        open_of_alice,
    ),
    Scenario("rest/send_message", open_again, resolved, variant="the requester opens it again"),
    Scenario("rest/send_message", come_in, open_of_alice, variant="an agent comes in"),
    Scenario("rest/add_note", add_note("They have called twice."), open_of_alice, variant="the first"),
    Scenario("rest/add_note", add_note("I call back."), noted_by_another, variant="an agent comes in"),
    Scenario(
        "rest/list_notes",
        ask_as_host("GET", "/support/tickets/{}/notes"),
        and_then(noted_by_another, sign_host_in),
        variant="by the host",
    ),
    Scenario("scheduled/sweep_tickets", sweep_tickets, opened_before(20), variant="missed targets"),
    Scenario("scheduled/sweep_tickets", sweep_tickets, opened_before(4, "resolved"), variant="a notice"),
    Scenario("scheduled/sweep_tickets", sweep_tickets, opened_before(8, "resolved", swept_after=4), variant="the end"),
    Scenario("scheduled/sweep_tickets", sweep_tickets, opened_before(31, "closed"), variant="archived"),
    Scenario("queues/sweep_rows", sweep_on, opened_before(20), variant="tickets"),
]
