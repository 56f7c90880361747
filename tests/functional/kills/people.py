"""Kill scenarios of profiles and blocks."""

from collections.abc import Callable

from parley.domain.people.held import digest
from tests.functional.kills.acts import and_then, answered, host_of, sign_host_in
from tests.functional.kills.scenario import Scenario
from tests.functional.kills.world import Died, World
from tests.harness import Reply


def put_user(world: World) -> object:
    return answered(
        host_of(world).put("/users/dave", json={"name": "Dave", "role": "student", "contexts": {"class": ["7b"]}})
    )


def rename_dave(world: World) -> object:
    """Gives dave fewer words and another role; returns the ids of his rows."""
    answered(host_of(world).put("/users/dave", json={"name": "Dave Lowe", "role": "student"}))
    table = world.parley.template.resources["Users"].ref
    rows = world.parley.store.client("dynamodb").scan(TableName=table, ConsistentRead=True)["Items"]
    return sorted(row["user_id"]["S"] for row in rows if row["user_id"]["S"].startswith("dave"))


def rename_alice(world: World) -> object:
    """Gives alice another name, of which her own devices hear, and bob's that has the conversation open."""
    return answered(host_of(world).put("/users/alice", json={"name": "Alice Lee"}))["name"]


def demote_dave(world: World) -> object:
    answered(host_of(world).put("/users/dave", json={"role": "user"}))
    reply = world.parley.bearer(world.parley.token("dave", "moderator"), "dave").get("/admin/reports")
    if reply.status >= 500:
        raise Died
    return reply.status


def put_users(world: World) -> object:
    people = [{"id": "dave", "name": "Dave", "metadata": {"house": "red"}}, {"id": "erin", "role": "student"}]
    return all_done(host_of(world).put("/users", json={"users": people}))


def all_done(reply: Reply) -> list[str]:
    """Returns the ids of a bulk answer's items; Died if an item was not done because a call failed."""
    results = answered(reply)["results"]
    if any(item["status"] >= 500 for item in results):
        raise Died
    assert {item["status"] for item in results} <= {200, 201}, results
    return [item["id"] for item in results]


def contexts_of_bob(world: World) -> object:
    """Returns bob's contexts as the rows say, and whether his own row agrees: a policy goes by that alone."""
    listed = answered(host_of(world).get("/users/bob/contexts"))["contexts"]
    users = world.parley.store.client("dynamodb").get_item(
        TableName=world.parley.template.resources["Users"].ref, Key={"user_id": {"S": "bob"}}, ConsistentRead=True
    )
    digests = users["Item"].get("held", {"M": {}})["M"].get("class", {"B": b""})["B"]
    assert digests == b"".join(sorted(digest("class", one["id"]) for one in listed))
    return listed


def put_context_person(world: World) -> object:
    answered(host_of(world).put("/contexts/class/7b/people/bob"))
    return contexts_of_bob(world)


def remove_context_person(world: World) -> object:
    answered(host_of(world).delete("/contexts/class/7b/people/bob"))
    return contexts_of_bob(world)


def put_context_people(world: World) -> object:
    all_done(host_of(world).put("/contexts/class/7b/people", json={"add": ["bob"], "remove": ["alice"]}))
    people = answered(host_of(world).get("/contexts/class/7b/people"))["people"]
    return people, contexts_of_bob(world)


def belong(*user_ids: str) -> Callable[[World], object]:
    return lambda world: host_of(world).put("/contexts/class/7b/people", json={"add": list(user_ids)})


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
    Scenario(
        "rest/put_user",
        rename_dave,
        and_then(sign_host_in, lambda world: host_of(world).put("/users/dave", json={"name": "Dave van Lee"})),
        variant="renamed",
    ),
    Scenario("rest/put_user", rename_alice, sign_host_in, variant="told"),
    Scenario("rest/put_users", put_users, sign_host_in),
    Scenario("rest/put_context_person", put_context_person, sign_host_in),
    Scenario("rest/remove_context_person", remove_context_person, and_then(sign_host_in, belong("bob"))),
    Scenario("rest/put_context_people", put_context_people, and_then(sign_host_in, belong("alice"))),
    Scenario("rest/block_user", lambda world: answered(world.alice.put("/users/bob/block"))),
    Scenario("rest/unblock_user", lambda world: answered(world.alice.delete("/users/bob/block")), be_blocked_too),
    Scenario(
        "rest/unblock_user",
        lambda world: answered(world.alice.delete("/users/bob/block")),
        lambda world: world.alice.put("/users/bob/block"),
        variant="the only one",
    ),
]
