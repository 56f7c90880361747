"""Kill scenarios of conversations, groups, members and one's own settings."""

from tests.functional.kills.acts import alice_said, and_then, answered, archive, ask_rest, in_group, meet_carol
from tests.functional.kills.scenario import Scenario
from tests.functional.kills.world import World


def create(world: World) -> object:
    return answered(world.alice.post("/conversations", json={"type": "direct", "user_id": "carol"}))


def create_group(world: World) -> object:
    body = {"type": "group", "title": "Chess", "member_ids": ["bob", "carol"], "client_id": "g1"}
    return answered(world.alice.post("/conversations", json=body))


CUSTOM = {"custom_type": "order", "metadata": {"state": "paid"}}

SCENARIOS = [
    Scenario("rest/create_conversation", create, meet_carol),
    Scenario("rest/create_conversation", create_group, meet_carol, variant="group"),
    Scenario("rest/update_conversation", ask_rest("PATCH", "/conversations/{}", {"title": "Go"}), in_group),
    Scenario("rest/update_conversation", ask_rest("PATCH", "/conversations/{}", CUSTOM), in_group, variant="data"),
    Scenario("rest/archive_conversation", archive, alice_said),
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
]
