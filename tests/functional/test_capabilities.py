"""The acts that a conversation names as `capabilities` can be done there, and all others are refused."""

from collections.abc import Callable, Mapping

import pytest

from parley.domain.conversations.rights import RULES
from tests.functional.calling import signal
from tests.functional.streams.test_start_fan_out import large_group
from tests.functional.talk import make_group, say
from tests.harness import Parley, Socket, User

ABOUT = {"booking": ["b1"]}
PEOPLE = ("u1", "u2", "u3", "u4")  # whom something is done to


class Stage:
    """A conversation in which bob tries what he may; he and alice have written in it before."""

    def __init__(self, alice: User, bob: User, conversation_id: str) -> None:
        self.bob = bob
        self.path = f"/conversations/{conversation_id}"
        self.conversation_id = conversation_id
        self.own = say(bob, conversation_id, "one", "two")
        self.theirs = say(alice, conversation_id, "one", "two")
        self.socket: Socket = bob.connect()
        self.is_over = False

    def member(self, number: int) -> str:
        """Returns the path of a person other than bob: of two people, the other one."""
        user_id = PEOPLE[number] if self.conversation_id.startswith("g_") else "alice"
        return f"{self.path}/members/{user_id}"

    def state(self) -> str:
        return str(self.bob.get(self.path).json["state"])

    def act(self, action: str) -> int:
        reply = self.socket.request(action, {"conversation_id": self.conversation_id})
        return 200 if reply["type"] == "ack" else int(reply["error"]["status"])

    def dissolve(self) -> int:
        status = self.bob.delete(self.path).status
        self.is_over = status == 200
        return status

    def leave(self) -> int:
        """Returns the status; of a group that he has dissolved, bob is out already."""
        return 200 if self.is_over else self.bob.delete(f"{self.path}/members/bob").status

    def call(self) -> int:
        reply = signal(self.socket, self.conversation_id, "offer", media="audio", payload="v=0")
        return 200 if reply["type"] == "ack" else int(reply["error"]["status"])


# The try of each, in an order in which none takes away what another needs.
TRIED: Mapping[str, Callable[[Stage], int]] = {
    "send_message": lambda on: on.bob.post(f"{on.path}/messages", json={"text": "hello"}).status,
    "mark_read": lambda on: on.bob.patch(f"/messages/{on.theirs[0]}/read").status,
    "typing": lambda on: on.act("typing_start"),
    "react": lambda on: on.bob.put(f"/messages/{on.theirs[0]}/reactions/%F0%9F%91%8D").status,
    "edit_own": lambda on: on.bob.patch(f"/messages/{on.own[0]}", json={"text": "another"}).status,
    "delete_own": lambda on: on.bob.delete(f"/messages/{on.own[1]}").status,
    "delete_any": lambda on: on.bob.delete(f"/messages/{on.theirs[1]}").status,
    "pin_message": lambda on: on.bob.put(f"/messages/{on.theirs[0]}/pin").status,
    "mention_everyone": lambda on: on.bob.post(f"{on.path}/messages", json={"text": "all!", "mentions": ["*"]}).status,
    "edit_conversation": lambda on: on.bob.patch(on.path, json={"title": "Another"}).status,
    "close": lambda on: on.bob.patch(on.path, json={"state": on.state()}).status,
    "add_members": lambda on: on.bob.post(f"{on.path}/members", json={"user_ids": ["newcomer"]}).status,
    "remove_members": lambda on: on.bob.delete(on.member(0)).status,
    "change_roles": lambda on: on.bob.patch(on.member(1), json={"role": "admin"}).status,
    "change_owners": lambda on: on.bob.patch(on.member(2), json={"role": "owner"}).status,
    "read_versions": lambda on: on.bob.get(f"/messages/{on.theirs[0]}/versions").status,
    "export": lambda on: on.bob.post(f"{on.path}/export", json={"format": "jsonl"}).status,
    "call": lambda on: on.call(),
    "clear_history": lambda on: on.bob.delete(f"{on.path}/history?seq=1").status,
    "dissolve": lambda on: on.dissolve(),
    "leave": lambda on: on.leave(),
}
STATES: dict[str, dict[str, object]] = {
    "open": {},
    "announcements": {"posting": "admins"},
    "read only": {"posting": "nobody"},
    "closed": {"state": "closed"},
}


def assert_named_is_what_can_be_done(stage: Stage) -> None:
    named = set(stage.bob.get(stage.path).json["capabilities"])
    answers = {name: attempt(stage) for name, attempt in TRIED.items()}
    assert {name for name, status in answers.items() if status < 300} == named, answers
    assert {status for name, status in answers.items() if name not in named} <= {403}, answers


@pytest.mark.parametrize("is_large", [False, True], ids=["small", "large"])
@pytest.mark.parametrize("role", ["member", "admin", "owner"])
@pytest.mark.parametrize("settings", STATES.values(), ids=list(STATES))
def test_in_a_group(parley: Parley, settings: dict[str, object], role: str, is_large: bool) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    if is_large:
        group = large_group(alice, ["bob", *PEOPLE, *(f"v{number:03}" for number in range(100))])
    else:
        group = make_group(alice, bob, *(parley.bearer("", one) for one in PEOPLE))
    stage = Stage(alice, bob, group)
    if role != "member":
        assert alice.patch(f"{stage.path}/members/bob", json={"role": role}).status == 200
    if settings:
        assert alice.patch(stage.path, json=settings).status == 200

    assert_named_is_what_can_be_done(stage)


@pytest.mark.parametrize("state", ["open", "closed", "blocked"])
def test_between_two(parley: Parley, state: str) -> None:
    alice, bob = parley.user("alice", contexts=ABOUT), parley.user("bob", contexts=ABOUT)
    body = {"type": "direct", "user_id": "bob", "context": {"type": "booking", "id": "b1"}}
    stage = Stage(alice, bob, alice.post("/conversations", json=body).json["id"])
    if state == "closed":
        assert alice.patch(stage.path, json={"state": "closed"}).status == 200
    if state == "blocked":
        assert alice.put("/users/bob/block").status == 200

    assert_named_is_what_can_be_done(stage)


def test_every_capability_is_tried() -> None:
    assert TRIED.keys() == RULES.keys()
