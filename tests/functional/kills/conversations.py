"""Kill scenarios of conversations, groups, members and one's own settings."""

from collections.abc import Callable
from json import dumps, loads

from tests.functional.kills.acts import (
    alice_said,
    and_then,
    answered,
    archive,
    ask_rest,
    host_of,
    in_group,
    meet_carol,
    settled,
    sign_host_in,
)
from tests.functional.kills.scenario import Scenario
from tests.functional.kills.world import World


def create(world: World) -> object:
    return answered(world.alice.post("/conversations", json={"type": "direct", "user_id": "carol"}))


def belong(world: World) -> None:
    """Lets alice, a customer, and carol, the creator, belong to one pattern."""
    host = host_of(world)
    people = [{"id": "alice", "role": "customer"}, {"id": "carol", "role": "creator"}]
    answered(host.put("/users", json={"users": people}))
    answered(host.put("/contexts/pattern/shawl-12/people", json={"add": ["alice", "carol"]}))


def create_about(world: World) -> object:
    body = {"type": "direct", "context": {"type": "pattern", "id": "shawl-12"}}
    return answered(world.alice.post("/conversations", json=body))


def create_group(world: World) -> object:
    body = {"type": "group", "title": "Chess", "member_ids": ["bob", "carol"], "client_id": "g1"}
    return answered(world.alice.post("/conversations", json=body))


def create_group_of_everyone(world: World) -> object:
    body = {"type": "group", "title": "Chess", "everyone": {"role": "teacher"}, "client_id": "g1"}
    return answered(world.alice.post("/conversations", json=body))


def ask_as_host(method: str, path: str, json: object = None) -> Callable[[World], object]:
    """Returns an act of the host's own server, which is in no conversation; `{}` is the conversation's id."""

    def act(world: World) -> object:
        filled = loads(dumps(json).replace("{}", world.conversation_id))
        return settled(answered(host_of(world).request(method, path.replace("{}", world.conversation_id), json=filled)))

    return act


OF_TWO = {"type": "direct", "user_ids": ["alice", "carol"]}
GROUP = {"type": "group", "title": "Chess", "member_ids": ["bob"], "owner_ids": ["carol"], "client_id": "g1"}
CUSTOM = {"custom_type": "order", "metadata": {"state": "paid"}}

SCENARIOS = [
    Scenario("rest/create_conversation", create, meet_carol),
    Scenario("rest/create_conversation", create_group, meet_carol, variant="group"),
    Scenario("rest/create_conversation", create_about, and_then(meet_carol, belong), variant="counterpart"),
    Scenario("rest/create_conversation", create_group_of_everyone, meet_carol, variant="everyone"),
    Scenario("rest/update_conversation", ask_rest("PATCH", "/conversations/{}", {"title": "Go"}), in_group),
    Scenario("rest/update_conversation", ask_rest("PATCH", "/conversations/{}", CUSTOM), in_group, variant="data"),
    Scenario("rest/archive_conversation", archive, alice_said),
    Scenario("rest/clear_history", ask_rest("DELETE", "/conversations/{}/history"), alice_said),
    Scenario("rest/clear_history", ask_rest("DELETE", "/conversations/{}/history"), in_group, variant="group"),
    Scenario("rest/update_settings", ask_rest("PATCH", "/conversations/{}/settings", {"pinned": True}), alice_said),
    Scenario(
        "rest/add_members",
        ask_rest("POST", "/conversations/{}/members", {"user_ids": ["carol"]}),
        and_then(in_group, meet_carol),
    ),
    Scenario(
        "rest/put_member",
        ask_rest("PUT", "/conversations/{}/members/carol", {"role": "admin"}),
        and_then(in_group, meet_carol),
    ),
    Scenario("rest/set_role", ask_rest("PATCH", "/conversations/{}/members/dave", {"role": "admin"}), in_group),
    Scenario("rest/remove_member", ask_rest("DELETE", "/conversations/{}/members/dave"), in_group),
    Scenario("rest/dissolve_group", ask_rest("DELETE", "/conversations/{}"), in_group),
    Scenario("rest/remove_member", ask_rest("DELETE", "/conversations/{}/members/alice"), alice_said, variant="direct"),
    *(
        Scenario(operation, ask_as_host(*asked), and_then(arrange, sign_host_in), variant="by the host")
        for operation, arrange, asked in (
            ("rest/create_conversation", meet_carol, ("POST", "/conversations", OF_TWO)),
            ("rest/update_conversation", in_group, ("PATCH", "/conversations/{}", {"title": "Go"})),
            (
                "rest/add_members",
                and_then(in_group, meet_carol),
                ("POST", "/conversations/{}/members", {"user_ids": ["carol"]}),
            ),
            (
                "rest/put_member",
                and_then(in_group, meet_carol),
                ("PUT", "/conversations/{}/members/carol", {"role": "admin"}),
            ),
            ("rest/set_role", in_group, ("PATCH", "/conversations/{}/members/dave", {"role": "admin"})),
            ("rest/remove_member", in_group, ("DELETE", "/conversations/{}/members/dave")),
            ("rest/dissolve_group", in_group, ("DELETE", "/conversations/{}")),
            ("rest/get_conversation", alice_said, ("GET", "/conversations/{}")),
            ("rest/list_members", alice_said, ("GET", "/conversations/{}/members")),
            ("rest/list_messages", alice_said, ("GET", "/conversations/{}/messages")),
        )
    ),
    Scenario(
        "rest/create_conversation",
        ask_as_host("POST", "/conversations", GROUP),
        and_then(meet_carol, sign_host_in),
        variant="group by the host",
    ),
]
