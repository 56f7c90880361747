"""Kill scenarios of moving in."""

from collections.abc import Callable

from tests.functional.kills.acts import and_then, answered, host_of, poll, sign_host_in
from tests.functional.kills.scenario import Scenario
from tests.functional.kills.world import World
from tests.functional.moving import ask_file, clean_file, direct, group, message, notes, ticket

PAIR = [{"user_id": "dave"}, {"user_id": "erin"}]
REACTED = [{"emoji": "👍", "user_ids": ["bob", "dave"]}]
MESSAGES = [message(1, "dave"), message(2, "erin", reactions=REACTED), message(3, "dave", reply_to_seq=1)]


def put_people(world: World) -> None:
    answered(host_of(world).put("/users", json={"users": [{"id": "dave"}, {"id": "erin"}]}))


def begin_direct(world: World) -> object:
    reply = host_of(world).post("/migration/conversations", json=direct(members=PAIR))
    world.conversation_id = answered(reply)["conversation_id"]
    return reply.json


def begin_group(world: World) -> object:
    reply = host_of(world).post("/migration/conversations", json=group("dave", "erin"))
    world.conversation_id = answered(reply)["conversation_id"]
    return reply.json


def bring(world: World) -> object:
    path = f"/migration/conversations/{world.conversation_id}/messages"
    return answered(host_of(world).post(path, json={"run": "rehearsal-1", "messages": MESSAGES}))


def ask(world: World) -> object:
    answer = answered(ask_file(world.parley, world.conversation_id, "dave"))
    return {name: value for name, value in answer["attachment"].items() if name != "created_at"}


def read_files(world: World) -> object:
    path = f"/migration/conversations/{world.conversation_id}/attachments/urls"
    return [*answered(host_of(world).post(path, json={"ids": world.files}))["attachments"]]


def bring_files(world: World) -> object:
    path = f"/migration/conversations/{world.conversation_id}/messages"
    brought = [message(1, "dave", "", attachment_ids=world.files), *MESSAGES[1:]]
    return answered(host_of(world).post(path, json={"run": "rehearsal-1", "messages": brought}))


def have_file(world: World) -> None:
    world.files.append(clean_file(world.parley, world.conversation_id, "dave"))


def finish(world: World) -> object:
    sides = [
        {"user_id": "dave", "read_seq": 3, "settings": {"pinned": True}},
        {"user_id": "erin", "read_seq": 1, "archived": True},
    ]
    path = f"/migration/conversations/{world.conversation_id}/finish"
    return answered(host_of(world).post(path, json={"run": "rehearsal-1", "last_seq": 3, "members": sides}))


def begin_ticket(world: World) -> object:
    reply = host_of(world).post("/migration/conversations", json=ticket("dave", "erin"))
    world.conversation_id = answered(reply)["conversation_id"]
    return reply.json


def begin_notes(world: World) -> object:
    return answered(host_of(world).post("/migration/conversations", json=notes("erin")))


def finish_ticket(world: World) -> object:
    sides = [{"user_id": "dave", "read_seq": 3}, {"user_id": "erin", "read_seq": 1}]
    taken = {"assignee_id": {"from": None, "to": "erin"}, "status": {"from": "open", "to": "resolved"}}
    entry = {"event": "updated", "user_id": "erin", "at": "2024-03-01T08:02:00Z", "changes": taken}
    state = {"status": "resolved", "assignee_id": "erin", "tags": ["old-117"], "history": [entry]}
    path = f"/migration/conversations/{world.conversation_id}/finish"
    return answered(
        host_of(world).post(path, json={"run": "rehearsal-1", "last_seq": 3, "members": sides, "ticket": state})
    )


def undo(world: World) -> object:
    reply = host_of(world).delete(f"/migration/conversations/{world.conversation_id}?run=rehearsal-1")
    return answered(reply)


def read_stored(path: str) -> Callable[[World], object]:
    """Returns an act of an export; `{}` in the path is the conversation's id."""
    return lambda world: answered(host_of(world).get(path.replace("{}", world.conversation_id)))


CONVERSATIONS = "/migration/conversations"
SCENARIOS = [
    Scenario("rest/list_stored_conversations", read_stored(CONVERSATIONS), sign_host_in),
    Scenario("rest/list_stored_members", read_stored(f"{CONVERSATIONS}/{{}}/members"), sign_host_in),
    Scenario("rest/list_stored_reactions", read_stored(f"{CONVERSATIONS}/{{}}/reactions"), sign_host_in),
    Scenario("rest/import_conversation", begin_direct, and_then(sign_host_in, put_people)),
    Scenario("rest/import_conversation", begin_group, and_then(sign_host_in, put_people), variant="group"),
    Scenario("rest/import_messages", bring, and_then(sign_host_in, put_people, begin_direct)),
    Scenario("rest/import_messages", bring, and_then(sign_host_in, put_people, begin_group), variant="group"),
    Scenario("rest/import_attachment", ask, and_then(sign_host_in, put_people, begin_direct)),
    Scenario(
        "rest/import_messages",
        bring_files,
        and_then(sign_host_in, put_people, begin_direct, have_file),
        variant="files",
    ),
    Scenario(
        "rest/create_stored_file_urls",
        read_files,
        and_then(sign_host_in, put_people, begin_direct, have_file, bring_files, finish, poll),
    ),
    Scenario("rest/finish_import", finish, and_then(sign_host_in, put_people, begin_direct, bring)),
    Scenario("rest/finish_import", finish, and_then(sign_host_in, put_people, begin_group, bring), variant="group"),
    Scenario("rest/undo_import", undo, and_then(sign_host_in, put_people, begin_direct, bring, finish)),
    Scenario("rest/undo_import", undo, and_then(sign_host_in, put_people, begin_group, bring, finish), variant="group"),
    Scenario("rest/undo_import", undo, and_then(sign_host_in, put_people, begin_direct, bring), variant="unfinished"),
    Scenario("rest/import_conversation", begin_ticket, and_then(sign_host_in, put_people), variant="ticket"),
    Scenario(
        "rest/import_conversation", begin_notes, and_then(sign_host_in, put_people, begin_ticket), variant="notes"
    ),
    Scenario("rest/import_messages", bring, and_then(sign_host_in, put_people, begin_ticket), variant="ticket"),
    Scenario(
        "rest/finish_import", finish_ticket, and_then(sign_host_in, put_people, begin_ticket, bring), variant="ticket"
    ),
    Scenario(
        "rest/undo_import",
        undo,
        and_then(sign_host_in, put_people, begin_ticket, bring, finish_ticket),
        variant="ticket",
    ),
    Scenario(
        "rest/list_stored_conversations",
        read_stored(CONVERSATIONS),
        and_then(sign_host_in, put_people, begin_ticket, bring, finish_ticket),
        variant="ticket",
    ),
]
