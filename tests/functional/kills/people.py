"""Kill scenarios of profiles and blocks."""

from tests.functional.kills.acts import and_then, answered, host_of, sign_host_in
from tests.functional.kills.scenario import Scenario
from tests.functional.kills.world import World


def put_user(world: World) -> object:
    return answered(
        host_of(world).put("/users/dave", json={"name": "Dave", "role": "student", "contexts": {"class": ["7b"]}})
    )


def demote_dave(world: World) -> object:
    answered(host_of(world).put("/users/dave", json={"role": "user"}))
    return world.parley.bearer(world.parley.token("dave", "moderator"), "dave").get("/admin/reports").status


def put_users(world: World) -> object:
    people = [{"id": "dave", "name": "Dave", "metadata": {"house": "red"}}, {"id": "erin", "role": "student"}]
    results = answered(host_of(world).put("/users", json={"users": people}))["results"]
    assert {one["status"] for one in results} <= {200, 201}, results
    return [one["id"] for one in results]


def be_blocked_too(world: World) -> None:
    world.alice.put("/users/bob/block")
    world.bob.put("/users/alice/block")


SCENARIOS = [
    Scenario("rest/put_user", put_user, sign_host_in),
    Scenario(
        "rest/put_user", put_user, and_then(sign_host_in, lambda world: world.parley.user("dave")), variant="known"
    ),
    Scenario(
        "rest/put_user",
        demote_dave,
        and_then(sign_host_in, lambda world: world.parley.user("dave", role="moderator")),
        variant="demoted",
    ),
    Scenario("rest/put_users", put_users, sign_host_in),
    Scenario("rest/block_user", lambda world: answered(world.alice.put("/users/bob/block"))),
    Scenario("rest/unblock_user", lambda world: answered(world.alice.delete("/users/bob/block")), be_blocked_too),
    Scenario(
        "rest/unblock_user",
        lambda world: answered(world.alice.delete("/users/bob/block")),
        lambda world: world.alice.put("/users/bob/block"),
        variant="the only one",
    ),
]
