"""Kill scenarios of notifications."""

from json import dumps

from tests.functional.kills.acts import answered, invoke
from tests.functional.kills.scenario import Scenario
from tests.functional.kills.world import Died, World
from tests.functional.mailing import token_for, visit
from tests.functional.talk import say


def prefer(world: World) -> object:
    """Sets alice's preferences; returns them as a later request reads them."""
    path = "/me/notification-preferences"
    answered(world.alice.patch(path, json={"channels": {"email": {"message": False}}, "previews": False}))
    return answered(world.alice.get(path))


def prefer_again(world: World) -> object:
    """Switches alice's e-mails on again; returns her preferences as a later request reads them."""
    path = "/me/notification-preferences"
    answered(world.alice.patch(path, json={"channels": {"email": {"message": True}}}))
    return answered(world.alice.get(path))


def unsubscribe(world: World) -> object:
    """Ends alice's e-mails by a link; returns what her preferences say then."""
    link = token_for(world.parley, "alice")
    answer = visit(world.parley, link, "POST", "List-Unsubscribe=One-Click")
    if answer.status >= 500:
        raise Died(answer)
    return answer.status, answered(world.alice.get("/me/notification-preferences"))


def bob_said(world: World) -> None:
    say(world.bob, world.conversation_id, "hello", "are you there?")


def decide(world: World) -> object:
    """Lets the queue bring the job that tells alice of bob's messages."""
    occasions = [
        {
            "kind": "message",
            "conversation_id": world.conversation_id,
            "seq": seq,
            "by": "bob",
            "at_ms": world.parley.clock(),
            "user_ids": ["alice", "eve"],
        }
        for seq in (1, 2)
    ]
    body = dumps({"occasions": occasions})
    return invoke(world, "DecideNotifications", {"Records": [{"messageId": "m1", "body": body}]})


SCENARIOS = [
    Scenario("rest/update_preferences", prefer),
    Scenario("rest/update_preferences", prefer_again, variant="on", arrange=unsubscribe),
    Scenario("rest/unsubscribe", unsubscribe),
    Scenario("queues/decide_notifications", decide, bob_said),
]
