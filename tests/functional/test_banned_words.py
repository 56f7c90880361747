"""Banned words wherever people write: rejected, masked, or brought before the moderators."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.functional.moderation import moderator
from tests.functional.replies import refusal, stored
from tests.functional.talk import bare, contents, joined, make_group, open_direct, say
from tests.harness import Frame, Parley, Reply, Socket, User
from tests.harness.fixtures import forget_told

RULES = [
    {"id": "r-reject", "text": "rejectme", "action": "reject"},
    {"id": "r-mask", "text": "maskme", "action": "mask"},
    {"id": "r-flag", "text": "flagme", "action": "flag"},
]

Answer = tuple[int, Frame]


@dataclass
class World:
    """Alice, who writes to bob and into a group, with her phone; the rules are in force."""

    parley: Parley
    alice: User
    bob: User
    mona: User
    direct: str
    group: str
    phone: Socket

    def put(self, rules: list[Frame]) -> None:
        version = self.mona.get("/admin/banned-words").json["version"]
        assert self.mona.put("/admin/banned-words", json={"version": version, "rules": rules}).status == 200

    def reports(self) -> list[Frame]:
        return [
            self.mona.get(f"/admin/reports/{one['id']}").json["report"]
            for one in self.mona.get("/admin/reports").json["reports"]
        ]

    def rest(self, method: str, path: str, body: Frame) -> Answer:
        reply = self.alice.request(method, path, json=body)
        return reply.status, reply.json

    def websocket(self, action: str, data: Frame) -> Answer:
        frame = self.phone.request(action, data)
        problem = frame.get("error")
        return (problem["status"], problem) if problem else (200, frame["data"])


@pytest.fixture
def world(parley: Parley) -> World:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct, group = open_direct(alice, bob), make_group(alice, bob)
    world = World(parley, alice, bob, moderator(parley), direct, group, alice.connect())
    world.put(RULES)
    forget_told()
    return world


def send(world: World, text: str) -> Answer:
    return world.rest("POST", f"/conversations/{world.direct}/messages", {"text": text})


def send_to_group(world: World, text: str) -> Answer:
    return world.rest("POST", f"/conversations/{world.group}/messages", {"text": text})


def send_frame(world: World, text: str) -> Answer:
    return world.websocket("send_message", {"conversation_id": world.direct, "text": text})


def send_to_user(world: World, text: str) -> Answer:
    return world.rest("POST", "/messages", {"user_id": "bob", "text": text})


def send_to_stranger(world: World, text: str) -> Answer:
    return world.rest("POST", "/messages", {"user_id": "carol", "text": text})


def send_frame_to_stranger(world: World, text: str) -> Answer:
    return world.websocket("send_message", {"user_id": "carol", "text": text})


def edit(world: World, text: str) -> Answer:
    [message_id] = say(world.alice, world.direct, "harmless")
    forget_told()
    return world.rest("PATCH", f"/messages/{message_id}", {"text": text})


def forward(world: World, text: str) -> Answer:
    world.put([])
    forget_told()
    [message_id] = say(world.alice, world.group, text)
    world.put(RULES)
    forget_told()
    status, forwarded = world.rest("POST", f"/messages/{message_id}/forward", {"conversation_ids": [world.direct]})
    if forwarded["failed"]:
        assert status == 200
        return 422, forwarded["failed"][0]
    return status, forwarded["messages"][0]


WAYS: list[Callable[[World, str], Answer]] = [
    send, send_to_group, send_frame, send_to_user, send_to_stranger, send_frame_to_stranger, edit, forward,
]  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_rejected_text_is_not_written(world: World, way: Callable[[World, str], Answer]) -> None:
    status, problem = way(world, "please rejectme now")

    assert (status, problem["code"], problem["rule"]) == (422, "banned_words", "banned_words: r-reject")
    kept = str(stored(world.parley)["Messages"]) if way is not forward else ""
    assert "rejectme" not in kept
    assert world.reports() == []


@pytest.mark.parametrize("way", WAYS)
def test_masked_text_is_written_masked(world: World, way: Callable[[World, str], Answer]) -> None:
    status, message = way(world, "you MаskMe!")

    assert (status, message["text"]) == (
        200 if way in (edit, send_frame, send_frame_to_stranger, forward) else 201,
        "you ******!",
    )
    assert world.bob.get(f"/messages/{message['id']}").status in (200, 404)
    assert world.alice.get(f"/messages/{message['id']}").json["text"] == "you ******!"
    assert world.reports() == []


@pytest.mark.parametrize("way", WAYS)
def test_flagged_text_is_written_and_reported(world: World, way: Callable[[World, str], Answer]) -> None:
    status, message = way(world, "flagme maskme")

    assert (status, message["text"]) == (
        200 if way in (edit, send_frame, send_frame_to_stranger, forward) else 201,
        "flagme ******",
    )
    [report] = world.reports()
    assert {name: report[name] for name in ("message_id", "sender_id", "reporter_id", "reason", "rule", "text")} == {
        "message_id": message["id"],
        "sender_id": "alice",
        "reporter_id": None,
        "reason": "banned_words",
        "rule": "r-flag",
        "text": "flagme ******",
    }


def test_others_are_told_of_what_was_stored(world: World) -> None:
    screen = joined(world.bob, world.direct)

    send(world, "maskme")

    assert [one["message"]["text"] for one in contents(screen.events("new_message"))] == ["******"]


def test_retry_of_a_masked_message_is_the_same_message(world: World) -> None:
    path, draft = f"/conversations/{world.direct}/messages", {"text": "maskme", "client_id": "c1"}

    first, again = world.alice.post(path, json=draft), world.alice.post(path, json=draft)

    assert (first.status, again.status, again.json["replayed"]) == (201, 200, True)
    assert (again.json["id"], again.json["text"]) == (first.json["id"], "******")


def test_edit_to_what_is_stored_masked_changes_nothing(world: World) -> None:
    _, message = send(world, "you maskme")

    status, edited = world.rest("PATCH", f"/messages/{message['id']}", {"text": "you maskme"})

    assert (status, edited["text"], edited["edited_at"]) == (200, "you ******", None)


def test_message_that_is_flagged_again_by_an_edit_is_reported_again(world: World) -> None:
    _, message = send(world, "flagme")

    world.rest("PATCH", f"/messages/{message['id']}", {"text": "flagme twice"})
    world.rest("PATCH", f"/messages/{message['id']}", {"text": "harmless"})

    assert sorted(report["text"] for report in world.reports()) == ["flagme", "flagme twice"]


@pytest.mark.parametrize("field", ["title", "description"])
def test_names_of_groups_are_held_to_the_rules(world: World, field: str) -> None:
    def make(text: str) -> Answer:
        forget_told()
        return world.rest(
            "POST", "/conversations", {"type": "group", "member_ids": ["bob"], "title": "T"} | {field: text}
        )

    def change(text: str) -> Answer:
        forget_told()
        return world.rest("PATCH", f"/conversations/{world.group}", {field: text})

    for act, done in ((make, 201), (change, 200)):
        status, problem = act("rejectme")
        assert (status, problem["code"], problem["errors"]) == (
            422, "banned_words", [{"pointer": f"/{field}", "code": "not_allowed"}],
        )  # fmt: skip
        status, conversation = act("the maskme club")
        assert (status, conversation[field]) == (done, "the ****** club")
        assert act("the flagme club")[0] == done
    assert [(one["text"], one["rule"]) for one in world.reports()] == [("the flagme club", "r-flag")] * 2


def test_title_that_a_conversation_is_opened_with_is_held_to_the_rules(world: World) -> None:
    held = {"pattern": ["p1", "p2"]}
    buyer = world.parley.user("buyer", "customer", contexts=held)
    world.parley.user("maker", "creator", contexts=held)

    def make(pattern: str, title: str) -> Reply:
        forget_told()
        context = {"type": "pattern", "id": pattern, "title": title}
        return buyer.post("/conversations", json={"type": "direct", "user_id": "maker", "context": context})

    refused, masked = make("p1", "rejectme"), make("p2", "the maskme jumper")

    assert (refused.status, refused.json["code"]) == (422, "banned_words")
    assert refused.json["errors"] == [{"pointer": "/context/title", "code": "not_allowed"}]
    assert (masked.status, masked.json["title"]) == (201, "the ****** jumper")
    assert buyer.get("/conversations").json["conversations"] == [bare(masked.json)]


def test_list_is_known_everywhere_within_a_minute(world: World) -> None:
    assert send(world, "newword")[0] == 201
    world.put([{"id": "new", "text": "newword", "action": "reject"}])
    assert send(world, "newword")[0] == 201

    world.parley.advance(61)

    assert send(world, "newword")[1]["code"] == "banned_words"
    assert send(world, "rejectme")[0] == 201

    world.put([])
    world.parley.advance(61)

    assert send(world, "newword")[0] == 201


def test_looking_for_a_new_list_takes_no_round_trip_of_its_own(world: World) -> None:
    send(world, "hello")
    world.parley.advance(61)

    with world.parley.watch() as calls:
        send(world, "hello")
    with world.parley.watch() as again:
        send(world, "hello")

    assert [call.operation for call in calls] == [call.operation for call in again]
    tables = [set(call.params["RequestItems"]) for call in (calls[0], again[0])]
    assert len(tables[0] - tables[1]) == 1


def test_refusal_names_the_field(world: World) -> None:
    reply = world.alice.post(f"/conversations/{world.direct}/messages", json={"text": "rejectme"})
    frame = world.phone.request("send_message", {"conversation_id": world.direct, "text": "rejectme"})

    assert refusal(reply) == ("banned_words", 422, [("/text", "not_allowed")])
    assert frame["error"]["errors"] == [{"pointer": "/data/text", "code": "not_allowed"}]


def test_outsider_is_told_nothing_but_that_it_is_not_there(world: World) -> None:
    eve = world.parley.user("eve")

    assert eve.post(f"/conversations/{world.direct}/messages", json={"text": "rejectme"}).status == 404
