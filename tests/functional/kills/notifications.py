"""Kill scenarios of notifications."""

from json import dumps

from tests.functional.kills.acts import and_then, answered, host_of, invoke, sign_host_in
from tests.functional.kills.scenario import Scenario
from tests.functional.kills.world import Died, World
from tests.functional.mailing import clocked, person, token_for, visit
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


def be_quiet(world: World) -> None:
    asked = {"do_not_disturb_until": "2099-01-01T00:00:00Z"}
    answered(world.alice.patch("/me/notification-preferences", json=asked))


def end_quiet_time(world: World) -> object:
    """Ends alice's quiet time; returns her preferences, and whether a look at her e-mails waits."""
    path = "/me/notification-preferences"
    answered(world.alice.patch(path, json={"do_not_disturb_until": None}))
    return answered(world.alice.get(path)), world.parley.dequeue("MailJobs") != []


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


def have_notifications(world: World) -> None:
    bob_said(world)
    world.parley.drain()


def mark_one(world: World) -> object:
    """Marks the entry of bob's messages as seen; returns alice's inbox."""
    answered(world.alice.post(f"/me/notifications/c.{world.conversation_id}/seen"))
    return [each["seen"] for each in answered(world.alice.get("/me/notifications"))["notifications"]]


def mark_all(world: World) -> object:
    answered(world.alice.post("/me/notifications/seen"))
    return answered(world.alice.get("/me/notifications"))["unseen"]


def trace_for_bob(world: World) -> object:
    path = f"/messages/{world.conversation_id}.1/notification-trace?user_id=alice"
    return answered(host_of(world).get(path))


def bounce(world: World) -> object:
    """Lets the queue bring the news that an e-mail to alice has bounced; returns what her preferences say then."""
    link = f"<https://x.example/unsubscribe/{token_for(world.parley, 'alice')}>"
    tags = {"ses:configuration-set": [world.parley.template.resources["MailConfiguration"].ref]}
    to = {"destination": ["alice@example.org"], "tags": tags}
    mail = to | {"headers": [{"name": "List-Unsubscribe", "value": link}]}
    body = dumps({"detail": {"eventType": "Bounce", "mail": mail, "bounce": {"bounceType": "Permanent"}}})
    with clocked(world.parley):
        invoke(world, "SendMail", {"Records": [{"messageId": "m1", "body": body}]})
    return answered(world.alice.get("/me/notification-preferences"))


def have_an_address(world: World) -> None:
    person(world.parley, "alice")


SCENARIOS = [
    Scenario("queues/send_mail", bounce, have_an_address),
    Scenario("rest/mark_notification", mark_one, have_notifications),
    Scenario("rest/mark_notifications", mark_all, have_notifications),
    Scenario("rest/get_notification_trace", trace_for_bob, and_then(sign_host_in, have_notifications)),
    Scenario("rest/update_preferences", prefer),
    Scenario("rest/update_preferences", prefer_again, variant="on", arrange=unsubscribe),
    Scenario("rest/update_preferences", end_quiet_time, variant="quiet", arrange=be_quiet),
    Scenario("rest/unsubscribe", unsubscribe),
    Scenario("queues/decide_notifications", decide, bob_said),
]
