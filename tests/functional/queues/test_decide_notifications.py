"""People are told of what happens while they are not looking: once, and by the rules of that moment."""

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from local.functions import InvocationError
from tests.functional.erasures import erased
from tests.functional.mailing import clocked
from tests.functional.moderation import moderator
from tests.functional.notifying import (
    decided,
    entries_of,
    notice_the_rows,
    pushes,
    pushing,
    register,
    rows_of,
    spoil,
)
from tests.functional.replies import Meanwhile
from tests.functional.suspending import suspend
from tests.functional.talk import joined, make_group, meet, say
from tests.harness import Parley, User
from tests.harness.calls import Call
from tests.harness.web_push import PushService

TOLD = ("sent", "told")
PREFERENCES = "/me/notification-preferences"


@dataclass
class Scene:
    """Alice writes; bob, who has a browser, is away, or connected and not looking. They have talked before."""

    parley: Parley
    service: PushService
    alice: User
    bob: User
    conversation_id: str

    def send(self, text: str = "hello", **fields: Any) -> int:
        """Lets alice send a message, and returns its seq."""
        sent = self.alice.post(f"/conversations/{self.conversation_id}/messages", json={"text": text, **fields})
        assert sent.status == 201, sent
        return int(sent.json["seq"])

    def decided(self, seq: int) -> dict[str, tuple[str, str]]:
        return decided(self.parley, "bob", f"{self.conversation_id}#{seq}")

    @property
    def pushed(self) -> list[str]:
        """Returns the texts that bob's browser got."""
        return [str(each["text"]) for each in pushes(self.service, "bob")]


@pytest.fixture
def scene(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    with pushing(parley, monkeypatch) as service:
        alice, bob = parley.user("alice"), parley.user("bob")
        conversation_id = meet(alice, bob)
        bob.patch(f"/conversations/{conversation_id}/read-all")
        parley.drain()
        register(parley, service, "bob")
        yield Scene(parley, service, alice, bob, conversation_id)


def test_whoever_is_away_is_told_at_once(scene: Scene) -> None:
    seq = scene.send()
    scene.parley.drain()

    assert scene.pushed == ["hello"]
    assert scene.decided(seq) == {"in_app": TOLD, "push": TOLD, "email": ("skipped", "no_email")}
    assert f"c#{scene.conversation_id}" in entries_of(scene.parley, "bob")
    assert decided(scene.parley, "alice", f"{scene.conversation_id}#{seq}") == {}


def test_whoever_is_connected_and_reads_in_time_costs_no_write(scene: Scene) -> None:
    scene.bob.connect()
    before = rows_of(scene.parley, "bob")
    scene.send()
    notice_the_rows(scene.parley)
    scene.bob.patch(f"/conversations/{scene.conversation_id}/read-all")

    with scene.parley.watch() as calls:
        scene.parley.drain()

    of_job = [call.operation for call in calls if call.function == "DecideNotifications"]
    assert of_job == ["BatchGetItem"] and scene.pushed == []
    assert rows_of(scene.parley, "bob") == before


def test_whoever_answers_in_time_costs_no_write(scene: Scene) -> None:
    scene.bob.connect()
    before = rows_of(scene.parley, "bob")
    scene.send()
    notice_the_rows(scene.parley)
    say(scene.bob, scene.conversation_id, "here")
    scene.parley.drain()

    assert rows_of(scene.parley, "bob").keys() == before.keys() | {f"t#{scene.conversation_id}#3"}
    assert scene.pushed == [] and scene.decided(3)["push"] == ("skipped", "read")


def test_whoever_is_connected_and_does_not_look_is_told_after_a_while(scene: Scene) -> None:
    phone = scene.bob.connect()
    scene.send()
    notice_the_rows(scene.parley)
    assert scene.pushed == [] and phone.events("notification") == []

    scene.parley.drain()

    assert scene.pushed == ["hello"]
    [event] = phone.events("notification")
    told = event["data"]["notification"]
    assert (told["kind"], told["text"], told["title"], told["seen"]) == ("message", "hello", "Alice", False)
    assert told["message_id"] == f"{scene.conversation_id}.3" and told["conversation_id"] == scene.conversation_id


def test_a_device_that_shows_the_message_keeps_the_rest_away(scene: Scene) -> None:
    screen = joined(scene.bob, scene.conversation_id)
    seq = scene.send()
    screen.request("mark_delivered", {"message_id": f"{scene.conversation_id}.{seq}"})
    scene.parley.drain()

    assert scene.pushed == [] and screen.events("notification") == []
    assert scene.decided(seq) == dict.fromkeys(("in_app", "push", "email"), ("skipped", "open_on_a_device"))


def test_a_device_that_has_vanished_keeps_nothing_away(scene: Scene) -> None:
    joined(scene.bob, scene.conversation_id)  # and gets nothing any more
    seq = scene.send()
    scene.parley.drain()

    assert scene.pushed == ["hello"] and scene.decided(seq)["push"] == TOLD


def mute(scene: Scene) -> object:
    return scene.bob.patch(
        f"/conversations/{scene.conversation_id}/settings", json={"muted_until": "2999-01-01T00:00:00Z"}
    )


def only_mentions(scene: Scene) -> object:
    return scene.bob.patch(f"/conversations/{scene.conversation_id}/settings", json={"notifications": "mentions"})


def rest(scene: Scene) -> object:
    return scene.bob.patch(PREFERENCES, json={"do_not_disturb_until": "2999-01-01T00:00:00Z"})


def sleep(scene: Scene) -> object:
    days = dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), [["00:00", "24:00"]])
    return scene.bob.patch(PREFERENCES, json={"quiet_hours": {"time_zone": "UTC", "days": days}})


def want_no_push(scene: Scene) -> object:
    return scene.bob.patch(PREFERENCES, json={"channels": {"push": {"message": False}}})


def delete(scene: Scene) -> object:
    return scene.alice.delete(f"/messages/{scene.conversation_id}.3")


def block(scene: Scene) -> object:
    return scene.bob.put("/users/alice/block")


def archive(scene: Scene) -> object:
    return scene.bob.patch(f"/conversations/{scene.conversation_id}/archive", json={"archived": True})


def shut_out(scene: Scene) -> object:
    return suspend(scene.parley, "bob", "all", moderator(scene.parley))


@pytest.mark.parametrize(
    ("happens", "in_app", "push"),
    [
        (mute, "muted", "muted"),
        (archive, "archived", "archived"),
        (only_mentions, "level", "level"),
        (rest, "told", "do_not_disturb"),
        (sleep, "told", "quiet_hours"),
        (want_no_push, "told", "preference_off"),
        (delete, "message_deleted", "message_deleted"),
        (block, "blocked", "blocked"),
        (shut_out, "suspended", "suspended"),
    ],
)
def test_all_that_happens_meanwhile_counts(
    scene: Scene, happens: Callable[[Scene], Any], in_app: str, push: str
) -> None:
    scene.bob.connect()
    seq = scene.send()
    notice_the_rows(scene.parley)
    assert happens(scene).status < 300
    scene.parley.drain()

    rules = {channel: rule for channel, (_, rule) in scene.decided(seq).items()}
    assert (rules["in_app"], rules["push"]) == (in_app, push)
    assert scene.pushed == []


def test_the_text_is_that_of_the_moment(scene: Scene) -> None:
    scene.bob.connect()
    seq = scene.send("helo")
    notice_the_rows(scene.parley)
    scene.alice.patch(f"/messages/{scene.conversation_id}.{seq}", json={"text": "hello"})
    scene.parley.drain()

    assert scene.pushed == ["hello"]


def test_whoever_is_erased_meanwhile_leaves_no_trace(scene: Scene) -> None:
    scene.send()
    notice_the_rows(scene.parley)
    waiting = scene.parley.dequeue("NotificationJobs")
    erased(scene.parley, "bob")
    scene.parley.enqueue("NotificationJobs", *waiting)
    scene.parley.drain()

    assert scene.pushed == [] and rows_of(scene.parley, "bob") == {}


def test_whoever_leaves_a_group_is_told_no_more(scene: Scene) -> None:
    group = make_group(scene.alice, scene.bob)
    scene.bob.connect()
    say(scene.alice, group, "secret")
    notice_the_rows(scene.parley)
    assert scene.alice.delete(f"/conversations/{group}/members/bob").status in (200, 204)
    scene.parley.drain()

    assert "secret" not in str(pushes(scene.service, "bob"))
    assert decided(scene.parley, "bob", f"{group}#2")["in_app"] == ("skipped", "not_member")


def test_nothing_of_a_person_whom_one_has_blocked_comes_out_of_a_group(scene: Scene) -> None:
    group = make_group(scene.alice, scene.bob)
    scene.bob.put("/users/alice/block")
    say(scene.alice, group, "hello")
    scene.parley.drain()

    assert decided(scene.parley, "bob", f"{group}#2")["push"] == ("skipped", "blocked")


def test_a_message_without_previews_says_only_that_it_is_there(scene: Scene) -> None:
    scene.bob.patch(PREFERENCES, json={"previews": False})
    scene.send("secret")
    scene.parley.drain()

    assert scene.pushed == ["New message"]


def test_a_mention_comes_through_where_messages_do_not(scene: Scene) -> None:
    group = make_group(scene.alice, scene.bob)
    scene.bob.patch(f"/conversations/{group}/settings", json={"notifications": "mentions"})
    scene.bob.patch(PREFERENCES, json={"do_not_disturb_until": "2999-01-01T00:00:00Z", "exceptions": {"mention": True}})
    for text, mentions in (("all", []), ("bob!", ["bob"])):
        reply = scene.alice.post(f"/conversations/{group}/messages", json={"text": text, "mentions": mentions})
        assert reply.status == 201, reply
    scene.parley.drain()

    assert decided(scene.parley, "bob", f"{group}#2")["push"] == ("skipped", "level")
    assert "Alice mentioned you: bob!" in scene.pushed
    assert f"n#{group}#0#mention" in entries_of(scene.parley, "bob")


def test_a_flood_is_one_push_and_another_that_says_how_many(scene: Scene) -> None:
    scene.send("one")
    scene.parley.drain()
    for number in range(11):
        scene.send(f"more {number}")
    scene.parley.drain()

    assert scene.pushed == ["one", "12 new messages"]


def test_mentions_alone_are_told_as_such(scene: Scene) -> None:
    scene.send("one", mentions=["bob"])
    scene.parley.drain()
    for number in range(2):
        scene.send(f"more {number}", mentions=["bob"])
    scene.parley.drain()
    scene.parley.advance(30)
    scene.send("and this")
    scene.parley.drain()

    assert scene.pushed[:2] == ["Alice mentioned you: one", "3 mentions"] and scene.pushed[-1] != "4 mentions"


def test_a_push_and_the_event_stand_for_as_many_messages(scene: Scene) -> None:
    want_no_push(scene)
    scene.send("one")
    scene.parley.drain()
    scene.bob.patch(PREFERENCES, json={"channels": {"push": {"message": True}}})
    phone = scene.bob.connect()
    scene.send("two")
    scene.parley.drain()

    last = pushes(scene.service, "bob")[-1]
    [event] = phone.events("notification")
    assert (last["text"], last["count"], last["badge"]) == ("two", 2, 2)
    assert last["message_id"] == event["data"]["notification"]["message_id"]
    assert event["data"]["notification"]["count"] == 2


def test_a_push_counts_no_message_that_was_deleted(scene: Scene) -> None:
    gone = scene.send("one")
    scene.parley.drain()
    for number in range(3):
        scene.send(f"more {number}")
    notice_the_rows(scene.parley)
    assert scene.alice.delete(f"/messages/{scene.conversation_id}.{gone}").status == 200
    scene.parley.drain()

    assert scene.pushed == ["one", "3 new messages"]


@pytest.mark.parametrize(("gone", "text"), [("deleted", "2 new messages"), ("read", "two")])
def test_the_push_that_trails_others_comes_even_if_the_first_of_them_is_gone(
    scene: Scene, gone: str, text: str
) -> None:
    scene.send("one")
    scene.parley.drain()
    held_back = scene.send("a mistake")
    notice_the_rows(scene.parley)
    [first] = scene.parley.dequeue("NotificationJobs")
    scene.send("two")
    notice_the_rows(scene.parley)
    [second] = scene.parley.dequeue("NotificationJobs")
    for number, body in enumerate((first, second)):
        event = {"Records": [{"messageId": f"m{number}", "body": body}]}
        assert scene.parley.functions.invoke("DecideNotifications", event) == {"batchItemFailures": []}
    assert scene.decided(held_back)["push"] == ("waiting", "collapsed")
    message = f"/messages/{scene.conversation_id}.{held_back}"
    done = scene.alice.delete(message) if gone == "deleted" else scene.bob.patch(f"{message}/read")
    assert done.status == 200
    scene.parley.drain()

    assert scene.pushed == ["one", text]
    assert pushes(scene.service, "bob")[-1]["message_id"] == f"{scene.conversation_id}.5"


def test_the_language_is_the_persons(scene: Scene) -> None:
    host = scene.parley.user("backend", role="service")
    assert host.put("/users/bob", json={"name": "Bob", "locale": "de-AT"}).status == 200
    scene.bob.patch(PREFERENCES, json={"previews": False})
    scene.send()
    scene.parley.drain()

    assert scene.pushed == ["Neue Nachricht"]


def test_a_job_that_comes_twice_tells_once(scene: Scene) -> None:
    scene.parley.deliver_twice = True
    scene.send(client_id="c1")
    scene.parley.drain()

    assert scene.pushed == ["hello"]


def test_rows_that_come_twice_tell_once(scene: Scene) -> None:
    scene.send()
    notice_the_rows(scene.parley)
    waiting = scene.parley.dequeue("NotificationJobs")
    scene.parley.enqueue("NotificationJobs", *waiting, *waiting)
    scene.parley.drain()

    assert scene.pushed == ["hello"]


@pytest.mark.parametrize("place", ["~preferences", "~devices", "c#", "t#", "~seen"])
def test_a_row_that_cannot_be_read_holds_nobody_up(scene: Scene, place: str) -> None:
    scene.bob.patch(PREFERENCES, json={"previews": False})
    scene.send()
    scene.parley.drain()
    known = [each for each in rows_of(scene.parley, "bob") if each.startswith(place)]
    for each in known:
        for attribute in rows_of(scene.parley, "bob")[each].keys() - {"place", "key", "at_ms"}:
            spoil(scene.parley, "bob", each, attribute)
    scene.parley.clock.ms += 60_000
    seq = scene.send("again")
    scene.parley.drain()

    assert scene.decided(seq)["in_app"] == TOLD
    assert scene.parley.dequeue("NotificationDeadLetters") == []


def test_a_device_that_is_gone_is_noted_and_one_that_fails_is_tried_again(scene: Scene) -> None:
    scene.service.answer("bob-browser", 503)
    seq = scene.send()
    scene.parley.drain()

    assert scene.decided(seq)["push"] == ("failed", "told") and len(scene.pushed) == 3


class Delays:
    """A hook: the delays with which DecideNotifications queues its jobs, in seconds."""

    def __init__(self, parley: Parley) -> None:
        self._queue = parley.template.resources["NotificationJobs"].ref
        self.seen: list[int] = []

    def before(self, call: Call) -> None:
        if call.function == "DecideNotifications" and call.params.get("QueueUrl") == self._queue:
            self.seen += [entry["DelaySeconds"] for entry in call.params["Entries"]]

    def after(self, call: Call) -> None:
        pass


@pytest.mark.parametrize(
    ("asked", "delay_s"),
    [("300", 300), ("5", 60), ("86400", 900), ("Sun, 29 Nov 2026 20:00:00 GMT", 60), (None, 60)],
)
def test_a_push_service_is_not_asked_again_before_it_says(scene: Scene, asked: str | None, delay_s: int) -> None:
    register(scene.parley, scene.service, "bob", "laptop")
    scene.service.answer("bob-laptop", 503)
    scene.service.answer("bob-browser", 429, **({} if asked is None else {"retry_after": asked}))
    delays = Delays(scene.parley)
    scene.parley.hooks.append(delays)
    scene.send()
    scene.parley.drain()

    assert len(scene.pushed) == 3 and delays.seen == [delay_s, delay_s]


def test_a_device_that_fails_is_tried_again_though_another_took_the_push(scene: Scene) -> None:
    register(scene.parley, scene.service, "bob", "laptop")
    scene.service.answer("bob-browser", 503)
    seq = scene.send()
    scene.parley.drain()

    assert (len(scene.pushed), len(pushes(scene.service, "bob", "laptop"))) == (3, 1)
    assert scene.decided(seq)["push"] == TOLD
    channels = scene.bob.get(f"/messages/{scene.conversation_id}.{seq}/notification-trace").json["channels"]
    answers = {each["channel"]: each["answer"] for each in channels}
    assert sorted(answers["push"].split(", ")) == ["browser: failed 503", "laptop: sent 201"]


def test_what_failed_is_not_pushed_after_it_was_read_and_a_job_that_comes_twice_tries_once(scene: Scene) -> None:
    register(scene.parley, scene.service, "bob", "laptop")
    scene.service.answer("bob-browser", 503)
    seq = scene.send()
    notice_the_rows(scene.parley)
    [body] = scene.parley.dequeue("NotificationJobs")
    decide = scene.parley.functions.invoke
    decide("DecideNotifications", {"Records": [{"messageId": "m1", "body": body}]})
    [retry] = scene.parley.dequeue("NotificationJobs")
    for _ in range(2):
        decide("DecideNotifications", {"Records": [{"messageId": "m2", "body": retry}]})
    [retry] = scene.parley.dequeue("NotificationJobs")
    assert len(scene.pushed) == 2
    scene.bob.patch(f"/conversations/{scene.conversation_id}/read-all")
    decide("DecideNotifications", {"Records": [{"messageId": "m3", "body": retry}]})

    assert (len(scene.pushed), len(pushes(scene.service, "bob", "laptop"))) == (2, 1)
    assert scene.decided(seq)["push"] == TOLD


def test_a_missed_call_and_an_invitation_are_told(scene: Scene) -> None:
    group = make_group(scene.alice, scene.bob)
    scene.parley.drain()

    assert "Alice added you to Chess" in scene.pushed
    assert f"n#{group}#0#invitation" in entries_of(scene.parley, "bob")


def test_a_reaction_to_ones_own_message_is_told_in_the_app_alone(scene: Scene) -> None:
    [message_id] = say(scene.bob, scene.conversation_id, "well?")
    scene.parley.drain()
    assert scene.alice.put(f"/messages/{message_id}/reactions/%F0%9F%91%8D").status in (200, 201, 204)
    scene.parley.drain()

    assert [each for each in entries_of(scene.parley, "bob") if each.endswith("#reaction")]
    [name] = [
        place.removeprefix("t#") for place in rows_of(scene.parley, "bob") if place.count("#") == 3 and place[0] == "t"
    ]
    assert decided(scene.parley, "bob", name)["push"] == ("skipped", "preference_off")


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("at", range(1, 10))
def test_a_function_that_dies_loses_nothing_and_tells_twice_at_most(scene: Scene, at: int, after: bool) -> None:
    seq = scene.send()
    notice_the_rows(scene.parley)
    [body] = scene.parley.dequeue("NotificationJobs")
    event = {"Records": [{"messageId": "m1", "body": body}]}
    with (
        scene.parley.watch() as calls,
        scene.parley.kill(at, after=after) as kill,
        contextlib.suppress(InvocationError),
    ):
        scene.parley.functions.invoke("DecideNotifications", event)
    last = calls[-1].operation if calls else ""

    assert scene.parley.functions.invoke("DecideNotifications", event) == {"batchItemFailures": []}

    is_before_note = kill.happened and scene.pushed and last != "BatchWriteItem"
    assert len(scene.pushed) <= (2 if is_before_note else 1) and set(scene.pushed) == {"hello"}
    assert scene.decided(seq)["push"] == TOLD and entries_of(scene.parley, "bob")


def test_another_job_leaves_alone_what_one_is_at(scene: Scene) -> None:
    seq = scene.send()
    notice_the_rows(scene.parley)
    waiting = scene.parley.dequeue("NotificationJobs")
    record = {"messageId": "m1", "body": waiting[0]}
    with (
        scene.parley.kill(1, counts=lambda call: call.operation == "BatchWriteItem"),
        contextlib.suppress(InvocationError),
    ):
        scene.parley.functions.invoke("DecideNotifications", {"Records": [record]})
    assert scene.decided(seq)["push"] == ("claimed", "told") and scene.pushed == ["hello"]

    other = scene.parley.functions.invoke("DecideNotifications", {"Records": [record | {"messageId": "m2"}]})

    assert other == {"batchItemFailures": [{"itemIdentifier": "m2"}]} and scene.pushed == ["hello"]
    assert scene.parley.functions.invoke("DecideNotifications", {"Records": [record]}) == {"batchItemFailures": []}
    # The entry, which is written beside the trace, may say already that the push was made.
    assert scene.pushed in (["hello"], ["hello", "hello"]) and scene.decided(seq)["push"] == TOLD


def test_a_job_for_which_too_little_time_is_left_is_queued_again_as_it_is(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.send()
    notice_the_rows(scene.parley)
    [body] = scene.parley.dequeue("NotificationJobs")
    monkeypatch.setattr("local.functions.Context.get_remaining_time_in_millis", lambda _: 20_000)

    done = scene.parley.functions.invoke("DecideNotifications", {"Records": [{"messageId": "m1", "body": body}]})

    assert done == {"batchItemFailures": []}
    assert scene.parley.dequeue("NotificationJobs") == [body]
    assert pushes(scene.service, "bob") == []


def test_pushes_that_failed_are_tried_again_in_a_job_for_each_person(scene: Scene) -> None:
    carol = scene.parley.user("carol")
    group = make_group(scene.alice, scene.bob, carol)
    register(scene.parley, scene.service, "carol")
    for user_id in ("bob", "carol"):
        scene.service.answer(f"{user_id}-browser", 503)
    scene.parley.dequeue("NotificationJobs")
    say(scene.alice, group, "hello")
    notice_the_rows(scene.parley)
    [body] = scene.parley.dequeue("NotificationJobs")

    scene.parley.functions.invoke("DecideNotifications", {"Records": [{"messageId": "m1", "body": body}]})

    again = [json.loads(each) for each in scene.parley.dequeue("NotificationJobs")]
    people = [{user_id for each in job["occasions"] for user_id in each["user_ids"]} for job in again]
    assert sorted(map(sorted, people)) == [["bob"], ["carol"]]


class BeforeSecondLook:
    """A hook: something happens after the facts of a push were read, and before they are read once more."""

    def __init__(self, parley: Parley, happen: Callable[[], object]) -> None:
        self._messages = parley.template.resources["Messages"].ref
        self._happen = happen
        self._looks = 0

    def before(self, call: Call) -> None:
        if call.function == "DecideNotifications" and self._messages in call.params.get("RequestItems", ()):
            self._looks += 1
            if self._looks == 2:
                self._happen()

    def after(self, call: Call) -> None:
        pass


def read_all(scene: Scene) -> object:
    return scene.bob.patch(f"/conversations/{scene.conversation_id}/read-all")


@pytest.mark.parametrize(
    ("happen", "rule"),
    [(delete, "message_deleted"), (block, "blocked"), (read_all, "read"), (shut_out, "suspended")],
)
def test_a_change_at_the_last_moment_keeps_a_push_back(
    scene: Scene, happen: Callable[[Scene], object], rule: str
) -> None:
    seq = scene.send("secret")
    assert seq == 3
    notice_the_rows(scene.parley)
    scene.parley.hooks.append(BeforeSecondLook(scene.parley, lambda: happen(scene)))
    scene.parley.drain()

    assert scene.pushed == []
    assert scene.decided(seq)["push"] == ("skipped", rule)


def test_a_person_who_is_erased_at_the_last_moment_gets_no_push(scene: Scene) -> None:
    scene.send("secret")
    notice_the_rows(scene.parley)
    scene.parley.hooks.append(BeforeSecondLook(scene.parley, lambda: erased(scene.parley, "bob")))
    scene.parley.drain()

    assert scene.pushed == []


def test_of_two_jobs_at_the_same_time_the_newer_message_stays_in_the_entry(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = meet(alice, bob)
    bob.patch(f"/conversations/{conversation_id}/read-all")
    parley.drain()
    [first] = say(alice, conversation_id, "first")
    notice_the_rows(parley)

    def second() -> None:
        say(alice, conversation_id, "second")
        notice_the_rows(parley)
        for body in parley.dequeue("NotificationJobs"):
            parley.functions.invoke("DecideNotifications", {"Records": [{"messageId": "m2", "body": body}]})

    parley.hooks.append(Meanwhile("PutItem", second))
    parley.drain()

    [entry] = bob.get("/me/notifications").json["notifications"]
    assert (entry["text"], entry["count"], entry["seen"]) == ("second", 2, False)
    assert bob.patch(f"/messages/{first}/read").status == 200
    [entry] = bob.get("/me/notifications").json["notifications"]
    assert (entry["text"], entry["count"], entry["seen"]) == ("second", 1, False)


def test_reactions_on_and_off_are_one_entry_and_one_push(scene: Scene) -> None:
    with clocked(scene.parley):
        wanted = {"channels": {"push": {"reaction": True}}}
        assert scene.bob.patch(PREFERENCES, json=wanted).status == 200
        [message_id] = say(scene.bob, scene.conversation_id, "mine")
        scene.parley.drain()
        for _ in range(5):
            assert scene.alice.put(f"/messages/{message_id}/reactions/%F0%9F%91%8D").status < 300
            scene.parley.drain()
            scene.parley.advance(60)
            assert scene.alice.delete(f"/messages/{message_id}/reactions/%F0%9F%91%8D").status < 300
        assert scene.alice.put(f"/messages/{message_id}/reactions/%F0%9F%91%8D").status < 300
        scene.parley.drain()

        told = scene.bob.get("/me/notifications").json
        assert [each["kind"] for each in told["notifications"] if each["kind"] == "reaction"] == ["reaction"]
        assert len(pushes(scene.service, "bob")) == 1


def test_removing_and_adding_a_person_again_is_one_entry_and_one_push(scene: Scene) -> None:
    with clocked(scene.parley):
        group = make_group(scene.alice, scene.bob)
        scene.parley.drain()
        for _ in range(4):
            scene.parley.advance(60)
            assert scene.alice.delete(f"/conversations/{group}/members/bob").status < 300
            assert scene.alice.post(f"/conversations/{group}/members", json={"user_ids": ["bob"]}).status == 200
            scene.parley.drain()

        told = scene.bob.get("/me/notifications").json
        assert [(each["kind"], each["conversation_id"]) for each in told["notifications"]] == [("invitation", group)]
        assert [each["kind"] for each in pushes(scene.service, "bob")] == ["invitation"]
        scene.parley.advance(600)
        assert scene.alice.delete(f"/conversations/{group}/members/bob").status < 300
        assert scene.alice.post(f"/conversations/{group}/members", json={"user_ids": ["bob"]}).status == 200
        scene.parley.drain()
        assert len(pushes(scene.service, "bob")) == 2
