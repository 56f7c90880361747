"""A device goes away, things happen on other devices, it comes back: then it shows what a fresh read shows.

One case for each kind of thing that `sync` must bring back, with the client model of clients.md.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from urllib.parse import quote

import msgspec
import pytest

from parley.domain.conversations import sync
from parley.domain.conversations.history import Room
from tests.client_model import Client
from tests.functional.attachments import FILE, ask_upload, put_object, set_row
from tests.functional.replicas import compare
from tests.functional.replies import Meanwhile
from tests.functional.talk import make_group, open_direct, say
from tests.harness import Call, Parley, Reply
from tests.harness.calls import aws_refusal, replaced

THUMB = quote("👍")
SMALL_ANSWER_BYTES = {"websocket": 2_000, "rest": 3_000}  # JSON within JSON is longer
LONG = "\1" * 9_999 + "x"  # 60 KB as JSON


class Scene:
    """Alice with a phone, which goes away, and a tablet, which stays; Bob with one device.

    They have a conversation of two and are in a group with Carol. All devices hold everything that was said.
    """

    def __init__(self, parley: Parley, *, over_rest: bool) -> None:
        self.parley = parley
        self.alice, self.bob, self.carol = (parley.user(user_id) for user_id in ("alice", "bob", "carol"))
        self.direct = open_direct(self.alice, self.bob)
        self.group = make_group(self.alice, self.bob, self.carol)
        self.phone = Client(self.alice, "phone", syncs_over_rest=over_rest)
        self.tablet = Client(self.alice, "tablet")
        self.of_bob = Client(self.bob, "bob")
        self.devices = [self.phone, self.tablet, self.of_bob]
        for device in self.devices:
            device.connect()
        [self.first] = say(self.alice, self.direct, "one")
        [self.second] = say(self.bob, self.direct, "two")
        [self.in_group] = say(self.bob, self.group, "to all")
        self.listen()

    def listen(self) -> None:
        for device in self.devices:
            device.listen()

    def bring_back(self) -> None:
        """Lets the phone come back and catch up."""
        self.parley.drain()
        self.listen()
        self.phone.connect()

    def compare(self) -> None:
        """Compares all devices, also after they have opened everything, and with a device that begins now."""
        self.listen()
        compare(self.parley, self.devices, is_synced=True)
        new = Client(self.alice, "new", syncs_over_rest=self.phone.syncs_over_rest)
        new.connect()
        for device in (self.phone, new):
            for conversation_id in list(device.conversations):
                device.open(conversation_id)
        self.listen()
        compare(self.parley, [self.phone, new], is_synced=True)


@pytest.fixture
def scene(parley: Parley, request: pytest.FixtureRequest) -> Scene:
    return Scene(parley, over_rest=getattr(request, "param", False))


both_ways = pytest.mark.parametrize("scene", [False, True], indirect=True, ids=["websocket", "rest"])


def done(*replies: Reply) -> None:
    assert {reply.status for reply in replies} <= {200, 201, 204}, replies


@contextmanager
def hooked(parley: Parley, hook: object) -> Iterator[None]:
    parley.hooks.append(hook)  # type: ignore[arg-type]
    try:
        yield
    finally:
        parley.hooks.remove(hook)  # type: ignore[arg-type]


# --- what sync brings ------------------------------------------------------------------------------------------------


@both_ways
def test_own_reaction_comes_back_though_the_message_changed_again(scene: Scene) -> None:
    scene.phone.go_away()
    for message_id in (scene.second, scene.in_group):
        done(scene.alice.put(f"/messages/{message_id}/reactions/{THUMB}"))
        done(scene.bob.put(f"/messages/{message_id}/reactions/{THUMB}"))
        done(scene.bob.patch(f"/messages/{message_id}", json={"text": "edited"}))

    scene.bring_back()

    scene.compare()


@both_ways
def test_markers_come_back_of_both_people(scene: Scene) -> None:
    say(scene.alice, scene.direct, "three", "four", "five")
    scene.listen()
    scene.phone.go_away()
    done(scene.bob.patch(f"/messages/{scene.direct}.3/read"))
    scene.of_bob.mark("mark_delivered", message_id=f"{scene.direct}.4")
    scene.tablet.mark("mark_conversation_read", conversation_id=scene.group)

    scene.bring_back()

    scene.compare()


@both_ways
def test_blocks_and_their_end_come_back(scene: Scene) -> None:
    done(scene.alice.put("/users/carol/block"))
    say(scene.carol, scene.group, "from carol")
    scene.listen()
    scene.phone.go_away()
    scene.parley.advance(1)
    done(scene.alice.put("/users/bob/block"))
    done(scene.alice.delete("/users/carol/block"))

    scene.bring_back()

    assert scene.phone.blocked.ids == {"bob"}
    scene.compare()


@both_ways
def test_archived_conversations_and_settings_come_back(scene: Scene) -> None:
    scene.phone.go_away()
    new = open_direct(scene.alice, scene.carol)
    for conversation_id in (new, scene.direct):
        done(scene.alice.patch(f"/conversations/{conversation_id}/archive", json={"archived": True}))
        done(scene.alice.patch(f"/conversations/{conversation_id}/settings", json={"notifications": "none"}))

    scene.bring_back()

    assert scene.phone.conversations[new].object["archived"]
    scene.compare()


@both_ways
def test_messages_hidden_elsewhere_come_back_as_hidden(scene: Scene) -> None:
    scene.phone.go_away()
    [unseen] = say(scene.bob, scene.direct, "hidden before the phone gets it")
    [gone] = say(scene.bob, scene.group, "hidden, then deleted")
    for message_id in (scene.first, unseen, gone):
        done(scene.alice.delete(f"/messages/{message_id}?scope=me"))
    done(scene.bob.delete(f"/messages/{gone}"))

    scene.bring_back()

    assert all(held.is_hidden for seq, held in scene.phone.conversations[scene.direct].messages.items() if seq != 2)
    scene.compare()


@both_ways
def test_edit_of_a_hidden_message_mentions_the_user_and_no_longer(scene: Scene) -> None:
    [named, unnamed] = (
        scene.bob.post(f"/conversations/{scene.group}/messages", json={"text": "x", "mentions": mentions}).json["id"]
        for mentions in (["alice"], [])
    )
    for message_id in (named, unnamed):
        done(scene.alice.delete(f"/messages/{message_id}?scope=me"))
    scene.listen()
    scene.phone.go_away()
    done(scene.bob.patch(f"/messages/{unnamed}", json={"text": "y", "mentions": ["alice"]}))
    done(scene.bob.patch(f"/messages/{named}", json={"text": "y", "mentions": []}))
    scene.listen()

    assert scene.tablet.conversations[scene.group].object["unread_mentions"] == 1
    scene.bring_back()
    scene.compare()


@pytest.mark.parametrize("is_away", [False, True], ids=["connected", "away"])
def test_a_message_that_a_moderator_removed_comes_back_when_it_is_restored(scene: Scene, is_away: bool) -> None:
    done(scene.alice.post(f"/messages/{scene.second}/report", json={"reason": "spam"}))
    moderator = scene.parley.user("mona", role="moderator")
    done(moderator.delete(f"/admin/messages/{scene.second}"))
    scene.listen()
    assert scene.phone.conversations[scene.direct].messages[2].shown(is_blocked=False)["removed"]
    if is_away:
        scene.phone.go_away()
    done(moderator.post(f"/admin/messages/{scene.second}/restore"))

    if is_away:
        scene.bring_back()

    scene.compare()
    assert scene.phone.conversations[scene.direct].messages[2].shown(is_blocked=False)["text"] == "two"


def test_unmarked_message_behind_a_block_is_marked(scene: Scene) -> None:
    """The message is on its way when the block begins, and says what was true before."""
    scene.phone.go_away()
    scene.phone.connect()
    meanwhile = Meanwhile("TransactWriteItems", lambda: done(scene.alice.put("/users/bob/block")))
    with hooked(scene.parley, meanwhile):
        say(scene.bob, scene.group, "crossed by a block")
    assert scene.phone.socket is not None
    came = scene.phone.socket.frames
    heard = [frame["event"] for frame in came if frame["event"] in ("block_changed", "message_notification")]
    unmarked = [frame["data"]["message"]["blocked"] for frame in came if frame["event"] == "message_notification"]
    assert (heard, unmarked) == (["block_changed", "message_notification"], [False])

    scene.compare()


@both_ways
def test_event_of_an_unknown_conversation_makes_it_known(scene: Scene) -> None:
    """The event comes after the handshake, and before the answer to `sync`."""
    scene.phone.go_away()
    new = open_direct(scene.carol, scene.alice)
    scene.phone.arrive()
    say(scene.carol, new, "hello")

    scene.phone.listen()

    compare(scene.parley, [scene.phone], is_synced=True)
    scene.phone.catch_up()
    scene.compare()


def test_event_of_a_conversation_that_is_no_longer_ones_own_is_dropped(scene: Scene) -> None:
    scene.phone.go_away()
    new = make_group(scene.bob, scene.alice, title="Short")
    scene.phone.arrive()
    say(scene.bob, new, "hello")
    done(scene.bob.delete(f"/conversations/{new}/members/alice"))

    scene.phone.listen()

    assert new not in scene.phone.conversations
    scene.phone.catch_up()
    scene.compare()


# --- answers that hold a part ----------------------------------------------------------------------------------------


def small(cut: object, found: sync.Found, budget: sync.Budget) -> tuple[sync.CaughtUp, Room]:
    """Returns the answer of a frame that holds little."""
    assert callable(cut)
    max_bytes = SMALL_ANSWER_BYTES["rest" if budget.wrapped else "websocket"]
    answer: tuple[sync.CaughtUp, Room] = cut(found, msgspec.structs.replace(budget, max_bytes=max_bytes))
    return answer


@both_ways
def test_what_does_not_fit_comes_with_the_next_answers(scene: Scene) -> None:
    friends = [scene.parley.user(f"friend{number}") for number in range(6)]
    others = [open_direct(scene.alice, friend) for friend in friends[:4]]
    scene.phone.catch_up()
    scene.phone.go_away()
    others += [open_direct(scene.alice, friend) for friend in friends[4:]]
    for conversation_id in (scene.direct, scene.group, *others):
        say(scene.alice, conversation_id, "more", "and more", "and still more")
    for text in ("edited", "edited again"):
        done(scene.bob.patch(f"/messages/{scene.second}", json={"text": text}))
        done(scene.bob.put(f"/messages/{scene.first}/reactions/{THUMB}"))

    action = import_module("parley.actions.conversations.sync")
    with replaced(action, "cut", partial(small, sync.cut)):
        scene.bring_back()

    assert scene.phone.met >= {"complete", "truncated", "later", "joined_capped"}
    scene.compare()


def test_long_messages_are_caught_up_frame_by_frame(scene: Scene) -> None:
    scene.phone.go_away()
    say(scene.bob, scene.direct, *[LONG] * 3)

    scene.bring_back()

    assert "truncated" in scene.phone.met
    scene.compare()


# --- the outbox ------------------------------------------------------------------------------------------------------


def texts(scene: Scene) -> list[str]:
    page = scene.bob.get(f"/conversations/{scene.direct}/messages?limit=100").json
    return [one["text"] for one in page["messages"]][2:]


def test_send_that_is_limited_stays_in_the_outbox(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.phone.go_away()
    for text in "abcde":
        scene.phone.write(scene.direct, text, [])
    scene.parley.advance(60)
    monkeypatch.setenv("SEND_BURST", "3")

    scene.phone.connect()
    waiting = [draft["text"] for draft in scene.phone.outbox]
    sent = texts(scene)
    scene.parley.advance(60)
    scene.phone.send_outbox()

    assert waiting == ["d", "e"]
    assert (sent, texts(scene), scene.phone.outbox) == (list("abc"), list("abcde"), [])
    scene.compare()


def test_send_whose_file_is_being_checked_stays_in_the_outbox(scene: Scene) -> None:
    attachment_id = ask_upload(scene.phone.user, scene.direct)
    set_row(scene.parley, attachment_id, state="scanning", version=2)
    scene.phone.go_away()
    scene.phone.write(scene.direct, "look", [])
    scene.phone.outbox[-1]["attachment_ids"] = [attachment_id]

    scene.phone.connect()
    waiting = [draft["text"] for draft in scene.phone.outbox]
    put_object(scene.parley, f"files/{attachment_id}", FILE)
    set_row(scene.parley, attachment_id, state="clean", version=3)
    scene.phone.send_outbox()

    assert (waiting, texts(scene), scene.phone.outbox) == (["look"], ["look"], [])
    scene.compare()


class BusyStore:
    """A hook: while it lasts, no transaction gets through."""

    def before(self, call: Call) -> None:
        if call.operation == "TransactWriteItems":
            raise aws_refusal(call, "ThrottlingException", "as the test wants it")

    def after(self, call: Call) -> None:
        pass


def test_send_that_meets_a_busy_store_stays_in_the_outbox(scene: Scene) -> None:
    scene.phone.write(scene.direct, "a", [])
    with hooked(scene.parley, BusyStore()):
        scene.phone.send_outbox()
    waiting = len(scene.phone.outbox)

    scene.phone.go_away()
    scene.bring_back()

    assert (waiting, texts(scene), scene.phone.outbox) == (1, ["a"], [])
    scene.compare()
