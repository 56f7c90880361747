"""Clients that follow events end up where a fresh read ends up, whatever people do and however the events come.

Three people with two devices each do random things. Each device folds what it hears, and the answers to what it did
itself, into what it shows, with `apply` of `client_model.py`; after every step that must be what a GET says. A device
that reads too slowly gets its events late, out of order, through the queue, and has to agree once they have come.
"""

from collections.abc import Callable
from itertools import permutations
from random import Random
from typing import Any

import msgspec
import pytest

from parley.domain.api.types import Conversation, Message, NamedUser
from parley.domain.conversations import events
from parley.domain.conversations.client_model import apply, apply_to_message, apply_to_users
from parley.domain.conversations.events import (
    BlockChanged,
    ConversationCreated,
    ConversationRead,
    ConversationUpdated,
    Event,
    MemberAdded,
    MemberRemoved,
    MessageChange,
    MessageDeleted,
    MessageDelivered,
    MessageNotification,
    NewMessage,
    Own,
)
from parley.domain.conversations.sync import Mine
from tests.functional.notifying import besides_notifications
from tests.functional.talk import make_group, meet, named, names, open_direct, say
from tests.harness import Frame, Parley, User

EVENTS: dict[str, type[Event]] = {kind.name: kind for kind in events.kinds()}
PEOPLE = ("alice", "bob", "carol")


class Device:
    """A client: it shows what it has read once, changed by what it has heard since."""

    def __init__(self, person: User) -> None:
        self.person = person
        self.socket = person.connect()
        self.shown: dict[str, Conversation] = {}
        self.messages: dict[str, Message] = {}  # those that it has read once, whole
        self.newest: dict[str, Message] = {}  # those of whose changes it has heard, as they were then
        self.users: dict[str, NamedUser] = {}  # those whom lists and events have named
        self.was_slow = False

    def listen(self) -> None:
        """Takes in every event that has come; those of the inbox change nothing of a conversation."""
        for frame in besides_notifications(self.socket):
            self.hear(msgspec.convert(frame["data"], type=EVENTS[frame["event"]]))

    def hear(self, event: Event) -> None:
        """Takes in an event; of its person's own coming and going what is newer than what it shows."""
        self.users = apply_to_users(getattr(event, "users", {}), self.users)
        if isinstance(event, ConversationCreated):
            self.shown.setdefault(event.conversation_id, event.conversation)
        elif isinstance(event, MemberRemoved) and event.removed_id == self.person.user_id:
            if self.is_news(event):
                self.shown.pop(event.conversation_id, None)
        elif isinstance(event, MemberAdded) and self.person.user_id in event.user_ids and self.is_news(event):
            self.shown[event.conversation_id] = read_conversation(self.person, event.conversation_id)
        elif isinstance(event, BlockChanged):
            self.mark(event)
        else:
            news = isinstance(event, ConversationUpdated) and self.is_of_two_and_news(event)
            self.take(event)
            if isinstance(event, ConversationUpdated) and news:
                # A block may have gone, under which the other one's markers have moved without a word.
                self.shown[event.conversation_id] = read_conversation(self.person, event.conversation_id)

    def is_of_two_and_news(self, event: ConversationUpdated) -> bool:
        known = self.shown.get(event.conversation_id)
        if known is None or known.type != "direct" or event.shared is None:
            return False
        return event.shared.shared_seq > known.shared_seq

    def mark(self, event: BlockChanged) -> None:
        """Marks what a person has said in groups, or does so no longer."""

        def marked(message: Any) -> Any:
            if message is None or message.sender_id != event.user_id or message.kind == "system":
                return message
            return msgspec.structs.replace(message, blocked=event.blocked)

        for conversation_id, one in self.shown.items():
            if one.type == "group":
                last = marked(one.last_message)
                self.shown[conversation_id] = msgspec.structs.replace(one, last_message=last)
        for message_id, message in self.messages.items():
            if message.conversation_id.startswith("g_"):
                self.messages[message_id] = marked(message)

    def is_news(self, event: MemberAdded | MemberRemoved) -> bool:
        known = self.shown.get(event.conversation_id)
        return known is not None and event.shared.shared_seq > known.shared_seq

    def catch_up(self, conversation_id: str) -> None:
        """Asks for all that it has missed in a conversation that it shows, and takes that in."""
        cursor = {
            "seq": self.shown[conversation_id].last_seq,
            "change_seq": self.shown[conversation_id].last_change_seq,
        }
        caught = self.ask("sync", cursors={conversation_id: cursor})["conversations"][conversation_id]
        assert caught["verdict"] == "complete"
        for message in msgspec.convert(caught["messages"], type=list[Message]):
            self.hear(NewMessage(conversation_id=conversation_id, message=message))
        for change in caught["changes"]:
            self.hear(msgspec.convert(change["data"], type=EVENTS[change["event"]]))
        if conversation_id in self.shown:
            mine = msgspec.convert(caught["mine"], type=Mine)
            assert mine.own_seq >= self.shown[conversation_id].own_seq
            own = msgspec.structs.asdict(mine) | {"unread_mentions": len(mine.mention_seqs)}
            self.shown[conversation_id] = msgspec.structs.replace(self.shown[conversation_id], **own)

    def take(self, event: Event) -> None:
        if isinstance(event, NewMessage | MessageNotification) and event.message.id in self.newest:
            event = msgspec.structs.replace(event, message=self.newest[event.message.id])
        if isinstance(event, MessageChange) and not (isinstance(event, MessageDeleted) and event.scope == "me"):
            known = self.newest.get(event.message_id)
            if known is not None and event.change_seq <= known.change_seq:
                return
            self.newest[event.message_id] = event.message
        conversation_id = getattr(event, "conversation_id", None)
        if isinstance(event, MessageChange) and event.message_id in self.messages:
            old = self.messages[event.message_id]
            self.messages[event.message_id] = apply_to_message(event, old, self.person.user_id)
        if conversation_id in self.shown:
            now = apply(event, self.shown[conversation_id], self.person.user_id)
            if now.last_message is None and now.last_seq >= now.visible_from_seq:  # the person has deleted it
                now = msgspec.structs.replace(
                    now, last_message=read_conversation(self.person, conversation_id).last_message
                )
            self.shown[conversation_id] = now

    def ask(self, action: str, **data: object) -> Frame:
        answer = self.try_to(action, **data)
        assert answer is not None, action
        return answer

    def try_to(self, action: str, **data: object) -> Frame | None:
        """Returns the ack's data, or None where the caller may not."""
        is_full, self.socket.is_full = self.socket.is_full, False  # replies are not posts; they come
        reply = self.socket.request(action, data)
        self.socket.is_full = is_full
        assert reply["type"] == "ack" or reply["error"]["status"] == 403, reply
        return dict(reply["data"]) if reply["type"] == "ack" else None

    def marked(self, answer: Frame) -> None:
        """Takes in what its own mark came to; the event goes to everybody else."""
        where = {"conversation_id": answer["conversation_id"], "user_id": self.person.user_id}
        self.take(ConversationRead(**where, seq=answer["read_seq"], read_at=""))
        self.take(MessageDelivered(**where, seq=answer["delivered_seq"], message_id="", delivered_at=""))
        if answer["own"] is not None:
            self.take(ConversationUpdated(**where, own=msgspec.convert(answer["own"], type=Own)))


class Scene:
    """Acts of people; each action takes a device, and a number that picks among what there is."""

    def __init__(self, parley: Parley, twice: bool) -> None:
        self.parley = parley
        people = [parley.user(user_id) for user_id in PEOPLE]
        self.devices = [Device(person) for person in people for _ in range(2)]
        self._open(people[0], people[1])
        self.parley.deliver_twice = twice

    def send(self, device: Device, pick: int) -> None:
        if conversation_id := self._of(device, pick):
            text = "ä" * (pick % 150 + 1)
            draft: dict[str, Any] = {"conversation_id": conversation_id, "text": text, "client_id": f"c{pick}"}
            draft |= {"custom_type": f"card{pick % 2}", "metadata": {"n": pick}} if pick % 3 == 0 else {}
            answer = device.try_to("send_message", **draft)
            if answer is None:
                return  # it may not be written here, or no more
            del answer["replayed"]
            message = msgspec.convert(answer, type=Message)
            device.take(NewMessage(conversation_id=conversation_id, message=message))

    def send_over_rest(self, device: Device, pick: int) -> None:
        if conversation_id := self._of(device, pick):
            path = f"/conversations/{conversation_id}/messages"
            assert device.person.post(path, json={"text": f"number {pick}", "client_id": f"c{pick}"}).status < 500

    def mark_read(self, device: Device, pick: int) -> None:
        if message_id := self._message(device, pick):
            device.marked(device.ask("mark_read", message_id=message_id))

    def mark_read_over_rest(self, device: Device, pick: int) -> None:
        if message_id := self._message(device, pick):
            assert device.person.patch(f"/messages/{message_id}/read").status == 200

    def mark_delivered(self, device: Device, pick: int) -> None:
        if message_id := self._message(device, pick):
            device.marked(device.ask("mark_delivered", message_id=message_id))

    def mark_conversation_read(self, device: Device, pick: int) -> None:
        if conversation_id := self._of(device, pick):
            device.marked(device.ask("mark_conversation_read", conversation_id=conversation_id))

    def mark_unread(self, device: Device, pick: int) -> None:
        if message_id := self._message(device, pick):
            conversation_id, _, seq = message_id.rpartition(".")
            device.marked(device.ask("mark_unread", conversation_id=conversation_id, seq=int(seq)))

    def join(self, device: Device, pick: int) -> None:
        if conversation_id := self._of(device, pick):
            device.ask("join_conversation", conversation_id=conversation_id)

    def leave(self, device: Device, pick: int) -> None:
        if conversation_id := self._of(device, pick):
            device.ask("leave_conversation", conversation_id=conversation_id)

    def edit(self, device: Device, pick: int) -> None:
        mentions = ([], ["*"], [PEOPLE[pick % 3]])[pick % 7 % 3]
        self.change(device, pick, "PATCH", "", {"text": f"edited {pick}", "mentions": mentions})

    def change_data(self, device: Device, pick: int) -> None:
        data = ({"metadata": {"state": pick}}, {"custom_type": "order"}, {"custom_type": None, "metadata": None})
        self.change(device, pick, "PATCH", "", data[pick % 7 % 3])

    def delete(self, device: Device, pick: int) -> None:
        self.change(device, pick, "DELETE", "?scope=me" if pick % 2 else "")

    def react(self, device: Device, pick: int) -> None:
        emoji = ("%F0%9F%91%8D", "%F0%9F%8E%89")[pick % 2]
        self.change(device, pick, ("PUT", "DELETE")[pick % 5 == 0], f"/reactions/{emoji}")

    def pin(self, device: Device, pick: int) -> None:
        self.change(device, pick, ("PUT", "DELETE")[pick % 3 == 0], "/pin")

    def change(self, device: Device, pick: int, method: str, what: str, body: object = None) -> None:
        """Asks for a change over REST, so that all devices hear of it; what may not be done changes nothing."""
        if message_id := self._message(device, pick):
            reply = device.person.request(method, f"/messages/{message_id}{what}", json=body)
            assert reply.status in (200, 400, 403, 409), reply

    def look(self, device: Device, pick: int) -> None:
        """Reads a message, and shows from then on what it is by the events that come."""
        if message_id := self._message(device, pick):
            device.messages[message_id] = read_message(device.person, message_id)

    def make_group(self, device: Device, pick: int) -> None:
        others = [one.person.user_id for one in self.devices if one.person is not device.person]
        body = {"type": "group", "title": f"Group {pick}", "member_ids": others[: pick % 3]}
        assert device.person.post("/conversations", json=body).status in (201, 403)

    def run_group(self, device: Device, pick: int) -> None:
        """Does one of the things that are done in groups; what may not be done changes nothing."""
        groups = sorted(one for one in device.shown if one.startswith("g_"))
        if not groups:
            return
        path, other = f"/conversations/{groups[pick % len(groups)]}", PEOPLE[pick % 3]
        act: list[tuple[str, str, object]] = [
            ("POST", "/members", {"user_ids": [other]}),
            ("PATCH", f"/members/{other}", {"role": ("admin", "member", "owner")[pick % 7 % 3]}),
            ("DELETE", f"/members/{other}", None),
            ("PATCH", "", {"title": f"Title {pick}"}),
            ("PATCH", "", {"metadata": {"n": pick}}),
            ("PATCH", "", {"custom_type": ("order", None)[pick % 2]}),
            ("PATCH", "", {"posting": ("everyone", "admins")[pick % 2]}),
            ("PATCH", "", {"state": ("open", "closed")[pick % 5 == 0]}),
            ("PATCH", "/archive", {"archived": pick % 2 == 0}),
            ("PATCH", "/settings", {"pinned": pick % 2 == 0}),
        ]
        method, what, body = act[pick % len(act)]
        reply = device.person.request(method, path + what, json=body)
        assert reply.status in (200, 403, 404, 409), reply

    def let_host_act(self, device: Device, pick: int) -> None:
        """Lets the host's own server, which is in no conversation, open, write or change one."""
        host = self.parley.user("backend", role="service")
        one, other = device.person.user_id, PEOPLE[pick % 3]
        if pick % 5 == 0 and one != other:
            about = {"type": "pattern", "id": f"p{pick % 2}", "title": "Shawl"}
            wanted = {"type": "direct", "user_ids": [one, other], "context": about, "custom_type": "order"}
            assert host.post("/conversations", json=wanted).status in (200, 201, 403)
        conversation_id = self._of(device, pick)
        if conversation_id is None:
            return
        sender_id, path = (one, "~parley.system-host")[pick % 2], f"/conversations/{conversation_id}"
        names = ["*"] if conversation_id.startswith("g_") and sender_id != one else [one]
        act: list[tuple[str, str, object]] = [
            ("POST", "/messages", {"text": f"number {pick}", "sender_id": sender_id}),
            ("POST", "/messages", {"text": "you!", "sender_id": sender_id, "mentions": names}),
            ("POST", "/members", {"user_ids": [other]}),
            ("PATCH", f"/members/{other}", {"role": ("admin", "member", "owner")[pick % 7 % 3]}),
            ("DELETE", f"/members/{other}", None),
            ("PATCH", "", {"title": f"Title {pick}", "metadata": {"n": pick}}),
            ("PATCH", "", {"description": f"For {pick}"}),
            ("PATCH", "", {"state": ("open", "closed")[pick % 7 == 0]}),
        ]
        method, what, body = act[pick % len(act)]
        reply = host.request(method, path + what, json=body)
        assert reply.status in (200, 201, 403, 404, 409), reply

    def let_moderators_act(self, device: Device, pick: int) -> None:
        """Lets a moderator, who is in no conversation, remove, restore, take out, mute or lock."""
        mona, other = self.parley.user("mona", role="moderator"), PEOPLE[pick % 3]
        conversation_id, message_id = self._of(device, pick), self._message(device, pick)
        if conversation_id is None or message_id is None:
            return
        path = f"/admin/conversations/{conversation_id}"
        act: list[tuple[str, str, object]] = [
            ("DELETE", f"/admin/messages/{message_id}", None),
            ("DELETE", f"/admin/messages/{message_id}", None),
            ("POST", f"/admin/messages/{message_id}/restore", None),
            ("POST", f"/admin/messages/{message_id}/restore", None),
            ("POST", "/admin/removals", {"user_id": other, "hours": 1, "reason": "Spam."}),
            ("DELETE", f"{path}/members/{other}", None),
            ("PUT", f"{path}/mutes/{other}", {}),
            ("DELETE", f"{path}/mutes/{other}", None),
            ("PUT", f"{path}/state", {"state": ("open", "closed")[pick % 5 == 0]}),
            ("PUT", f"{path}/state", {"state": "open"}),
        ]
        method, place, body = act[pick % 11 % len(act)]
        reply = mona.request(method, place, json=body)
        assert reply.status in (200, 202, 400, 403, 404, 409), reply

    def mention(self, device: Device, pick: int) -> None:
        if conversation_id := self._of(device, pick):
            everyone = conversation_id.startswith("g_") and pick % 2 == 0
            body = {"text": "you!", "mentions": ["*"] if everyone else [PEOPLE[pick % 3]]}
            reply = device.person.post(f"/conversations/{conversation_id}/messages", json=body)
            assert reply.status in (201, 400, 403), reply

    def open(self, device: Device, pick: int) -> None:
        others = [one.person for one in self.devices if one.person is not device.person]
        self._open(device.person, others[pick % len(others)])

    def read_too_slowly(self, device: Device, pick: int) -> None:
        device.socket.is_full = device.was_slow = True

    def block(self, device: Device, pick: int) -> None:
        """Blocks a person, or takes it back, which is done oftener: most else may not be done under a block."""
        others = [one.person for one in self.devices if one.person is not device.person]
        path = f"/users/{others[pick % len(others)].user_id}/block"
        assert device.person.request(("PUT", "DELETE", "DELETE")[pick % 7 % 3], path).status == 200

    def _open(self, person: User, other: User) -> None:
        reply = person.post("/conversations", json={"type": "direct", "user_id": other.user_id})
        assert reply.status in (200, 201, 403), reply

    def _of(self, device: Device, pick: int) -> str | None:
        mine = sorted(device.shown)
        return mine[pick % len(mine)] if mine else None

    def _message(self, device: Device, pick: int) -> str | None:
        mine = [one.last_message.id for one in device.shown.values() if one.last_message]
        if not mine:
            return None
        conversation_id, _, last_seq = mine[pick % len(mine)].rpartition(".")
        return f"{conversation_id}.{pick % int(last_seq) + 1}"

    def listen(self) -> None:
        for device in self.devices:
            device.listen()

    def catch_up(self) -> None:
        """Lets every device read again, and the queue deliver what it kept."""
        for device in self.devices:
            device.socket.is_full = False
        self.parley.drain()
        self.listen()

    def assert_devices_agree(self, *, slow_ones: bool) -> None:
        fresh_reads: dict[tuple[str, str], Conversation] = {}
        for device in self.devices:
            if not device.was_slow or slow_ones:
                for message_id, message in device.messages.items():
                    if message.conversation_id in device.shown:
                        assert message == read_message(device.person, message_id), device.person.user_id
            for conversation_id, shown in device.shown.items():
                who_what = (device.person.user_id, conversation_id)
                if who_what not in fresh_reads:
                    fresh_reads[who_what] = read_conversation(device.person, conversation_id)
                if slow_ones or not device.was_slow:
                    assert known(shown) == known(fresh_reads[who_what]), device.person.user_id


def known(conversation: Conversation) -> Conversation:
    """Returns what a client can know: the log's last number may be of what a person hid from their own view."""
    return msgspec.structs.replace(conversation, last_change_seq=0)


def read_conversation(person: User, conversation_id: str) -> Conversation:
    return msgspec.convert(person.get(f"/conversations/{conversation_id}").json, type=Conversation)


def read_message(person: User, message_id: str) -> Message:
    return msgspec.convert(person.get(f"/messages/{message_id}").json, type=Message)


ACTIONS: list[Callable[[Scene, Device, int], None]] = [
    Scene.send,
    Scene.send,
    Scene.send_over_rest,
    Scene.mark_read,
    Scene.mark_read_over_rest,
    Scene.mark_delivered,
    Scene.mark_conversation_read,
    Scene.mark_unread,
    Scene.join,
    Scene.leave,
    Scene.open,
    Scene.read_too_slowly,
    Scene.edit,
    Scene.change_data,
    Scene.delete,
    Scene.react,
    Scene.react,
    Scene.pin,
    Scene.look,
    Scene.look,
    Scene.make_group,
    Scene.run_group,
    Scene.run_group,
    Scene.run_group,
    Scene.mention,
]
WITH_BLOCKS = [*ACTIONS, *[Scene.block] * 4, Scene.mark_read, Scene.mark_delivered, Scene.mark_conversation_read]
WITH_HOST = [*ACTIONS, *[Scene.let_host_act] * 12]
WITH_MODERATORS = [*ACTIONS, *[Scene.let_moderators_act] * 12]
STEPS = 30
LOOK_EVERY = 3  # steps; a look reads everything afresh, which costs more than the steps do


@pytest.mark.parametrize("seed", range(8))
def test_devices_show_what_a_fresh_read_shows(parley: Parley, seed: int) -> None:
    follow(parley, seed, ACTIONS)


@pytest.mark.parametrize("seed", range(8, 14))
def test_devices_show_what_a_fresh_read_shows_where_people_block_each_other(parley: Parley, seed: int) -> None:
    follow(parley, seed, WITH_BLOCKS)


@pytest.mark.parametrize("seed", range(14, 20))
def test_devices_show_what_a_fresh_read_shows_if_the_host_acts_too(parley: Parley, seed: int) -> None:
    follow(parley, seed, WITH_HOST)


@pytest.mark.parametrize("seed", range(20, 24))
def test_devices_show_what_a_fresh_read_shows_if_moderators_act_too(
    parley: Parley, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setenv("MODERATOR_READS", "any")
    follow(parley, seed, WITH_MODERATORS)


def follow(parley: Parley, seed: int, actions: list[Callable[[Scene, Device, int], None]]) -> None:
    """Lets people do random things, and compares what their devices show with fresh reads."""
    choose = Random(seed)
    scene = Scene(parley, twice=seed % 2 == 1)
    scene.listen()
    for step in range(STEPS):
        parley.clock.ms += 1000
        act, device = choose.choice(actions), choose.choice(scene.devices)
        print(act.__name__, device.person.user_id, scene.devices.index(device))
        act(scene, device, choose.randrange(10**6))
        scene.listen()
        if step % LOOK_EVERY == 0:
            scene.assert_devices_agree(slow_ones=False)
    scene.catch_up()
    scene.assert_devices_agree(slow_ones=True)


@pytest.mark.parametrize("seed", range(2))
def test_devices_know_the_people_as_a_fresh_read_does(parley: Parley, seed: int) -> None:
    choose = Random(seed)
    alice, bob, carol = (parley.user(one) for one in PEOPLE)
    group = make_group(alice, bob, carol)
    meet(alice, bob)
    phone, screen, far = Device(bob), Device(carol), Device(carol)  # bob talks with alice, carol's screen has the group
    screen.ask("join_conversation", conversation_id=group)
    devices = [phone, screen, far]
    for device in devices:
        device.users = users_of(device.person)
    parley.deliver_twice = parley.deliver_out_of_order = True

    for number in range(4):
        phone.socket.is_full = choose.random() < 0.5
        parley.clock.ms += 1000
        if choose.random() < 0.5:
            parley.user("alice", name=f"Alice {number}").get("/unread-count")
        else:
            assert (
                parley.user("backend", role="service").put("/users/alice", json={"name": f"A {number}"}).status == 200
            )
        if choose.random() < 0.4 and number < 3:
            parley.drain()
        for device in devices:
            device.listen()
    phone.socket.is_full = False
    parley.drain()
    for device in devices:
        device.listen()

    fresh = users_of(bob)
    assert fresh["alice"].name.endswith("3")
    assert (phone.users, screen.users) == (fresh, fresh)
    assert far.users["alice"] != fresh["alice"]  # it has neither a conversation with her nor the group open
    answer = far.ask("sync", cursors={}, list_limit=50)
    assert apply_to_users(msgspec.convert(answer["users"], type=dict[str, NamedUser]), far.users) == fresh


def users_of(person: User) -> dict[str, NamedUser]:
    """Returns the people whom the host shows: all of these, as they are now."""
    found = named(person.parley, *PEOPLE)
    return msgspec.convert(found, type=dict[str, NamedUser])


def test_what_was_deleted_for_me_stays_deleted_in_whatever_order_i_hear_of_it(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    [message_id] = say(alice, direct, "not for me")
    phone = Device(bob)
    message = read_message(bob, message_id)
    conversation = read_conversation(bob, direct)
    alice.patch(f"/messages/{message_id}", json={"text": "not for you"})
    bob.delete(f"/messages/{message_id}?scope=me")
    alice.put(f"/messages/{message_id}/reactions/%F0%9F%91%8D")
    alice.put(f"/messages/{message_id}/pin")
    heard = [msgspec.convert(one["data"], type=EVENTS[one["event"]]) for one in phone.socket.events()]
    assert [event.name for event in heard] == [
        "message_updated",
        "message_deleted",
        "reaction_added",
        "message_updated",
    ]
    fresh = read_message(bob, message_id)

    for order in permutations(heard):
        phone.messages, phone.shown, phone.newest = {message_id: message}, {direct: conversation}, {}
        for event in order:
            phone.take(event)
        assert phone.messages[message_id] == fresh, [event.name for event in order]
        assert phone.shown[direct].last_message is None, [event.name for event in order]

    assert fresh.text == ""
    assert bob.get(f"/conversations/{direct}").json["last_message"] is None


def test_unread_mentions_follow_edits_in_whatever_order_i_hear_of_them(parley: Parley) -> None:
    alice, bob, carol = (parley.user(one) for one in PEOPLE)
    group = make_group(alice, bob, carol)
    phone = Device(bob)
    conversation = read_conversation(bob, group)
    one, other = (
        alice.post(f"/conversations/{group}/messages", json={"text": "look", "mentions": mentions}).json
        for mentions in (["bob"], [])
    )
    for message, mentions in ((one, ["carol"]), (other, ["bob"]), (one, []), (other, ["bob", "*"])):
        body = {"text": f"look {mentions}", "mentions": mentions}
        assert alice.patch(f"/messages/{message['id']}", json=body).status == 200
    heard = [msgspec.convert(one["data"], type=EVENTS[one["event"]]) for one in phone.socket.events()]
    fresh = read_conversation(bob, group)

    for order in permutations(heard):
        phone.newest, phone.shown = {}, {group: conversation}
        for event in order:
            phone.take(event)
        assert known(phone.shown[group]) == known(fresh), [event.name for event in order]

    assert fresh.mention_seqs == [other["seq"]]


def test_what_i_set_on_another_device_is_shown_in_whatever_order_i_hear_of_it(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    phone = Device(bob)
    conversation = read_conversation(bob, direct)
    bob.patch(f"/conversations/{direct}/settings", json={"pinned": True})
    bob.patch(f"/conversations/{direct}/archive", json={"archived": True})
    bob.patch(f"/conversations/{direct}/settings", json={"notifications": "none"})
    say(alice, direct, "back again")
    bob.patch(f"/conversations/{direct}/settings", json={"pinned": False})
    heard = [msgspec.convert(one["data"], type=EVENTS[one["event"]]) for one in phone.socket.events()]
    assert [event.name for event in heard] == [
        *["conversation_updated"] * 3,
        "message_notification",
        "conversation_updated",
    ]
    fresh = read_conversation(bob, direct)

    for count in (4, 5):  # without the last one the message alone brings it back
        for order in permutations(heard[:count]):
            phone.newest, phone.shown = {}, {direct: conversation}
            for event in order:
                phone.take(event)
            assert not phone.shown[direct].archived
            assert phone.shown[direct].settings.notifications == "none"
            assert count == 4 or phone.shown[direct] == fresh
    assert (fresh.own_seq, fresh.settings.pinned) == (4, False)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["in order", "late"])
@pytest.mark.parametrize("first", ["me", "everyone"])
def test_what_was_deleted_for_me_and_for_everyone_was_deleted_when_it_was_for_everyone(
    parley: Parley, first: str, order: tuple[int, int]
) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    [message_id] = say(alice, open_direct(alice, bob), "hello")
    phone = Device(bob)
    shown = read_message(bob, message_id)
    deletions = [(bob, f"/messages/{message_id}?scope=me"), (alice, f"/messages/{message_id}")]
    for person, path in deletions if first == "me" else reversed(deletions):
        parley.advance(5)
        assert person.delete(path).status == 200

    heard = [msgspec.convert(one["data"], type=events.MessageDeleted) for one in phone.socket.events()]
    for place in order:
        shown = apply_to_message(heard[place], shown, "bob")

    assert shown == read_message(bob, message_id)
    assert shown.deleted_at == alice.get(f"/messages/{message_id}").json["deleted_at"]


@pytest.mark.parametrize("is_hidden", [False, True], ids=["shown", "hidden"])
def test_a_message_that_a_moderator_removed_comes_back_unless_i_have_hidden_it(parley: Parley, is_hidden: bool) -> None:
    alice, bob, mona = parley.user("alice"), parley.user("bob"), parley.user("mona", role="moderator")
    [message_id] = say(alice, open_direct(alice, bob), "hello")
    bob.post(f"/messages/{message_id}/report", json={"reason": "spam"})
    phone = Device(bob)
    shown = read_message(bob, message_id)
    if is_hidden:
        bob.delete(f"/messages/{message_id}?scope=me")
    mona.delete(f"/admin/messages/{message_id}")
    mona.post(f"/admin/messages/{message_id}/restore")

    heard = [msgspec.convert(one["data"], type=EVENTS[one["event"]]) for one in besides_notifications(phone.socket)]
    changes = [event for event in heard if isinstance(event, MessageChange)]
    for event in changes:
        shown = apply_to_message(event, shown, "bob")

    fresh = read_message(bob, message_id)
    assert (shown.text, shown.hidden) == (fresh.text, fresh.hidden)
    assert shown == fresh or is_hidden  # nobody tells a device when it was hidden
    assert (fresh.text == "hello") is not is_hidden


def history(person: User, conversation_id: str) -> list[Frame]:
    return list(person.get(f"/conversations/{conversation_id}/messages?limit=100").json["messages"])


def synced(device: Device, conversation_id: str, seq: int) -> list[Any]:
    """Returns what a device misses that has everything up to `seq`, asked for until there is no more."""
    messages: list[Any] = []
    cursor: object = seq
    while True:
        answer = device.ask("sync", cursors={conversation_id: cursor})["conversations"][conversation_id]
        messages += answer["messages"]
        if answer["verdict"] == "complete":
            return messages
        assert answer["messages"], "neither complete nor any further"
        cursor = answer["next"]


def test_whoever_was_out_of_a_group_while_away_shows_it_when_they_are_back(parley: Parley) -> None:
    alice, bob, carol = (parley.user(one) for one in PEOPLE)
    phone = Device(bob)
    group = make_group(alice, bob, carol)
    phone.listen()
    phone.socket.close()
    alice.delete(f"/conversations/{group}/members/bob")
    say(alice, group, "without bob")
    alice.put(f"/conversations/{group}/members/bob", json={"role": "admin"})
    say(carol, group, "with bob again")

    phone.socket = bob.connect()
    phone.catch_up(group)

    fresh = read_conversation(bob, group)
    assert phone.shown == {group: fresh}
    assert fresh.role == "admin"


def test_word_of_a_removal_that_comes_when_one_is_back_ends_nothing(parley: Parley) -> None:
    alice, bob, carol = (parley.user(one) for one in PEOPLE)
    phone = Device(bob)
    group = make_group(alice, bob, carol)
    phone.listen()
    phone.socket.is_full = True
    alice.delete(f"/conversations/{group}/members/bob")
    phone.socket.is_full = False
    alice.put(f"/conversations/{group}/members/bob", json={})
    parley.drain()
    assert names(phone.socket.frames)[-1] == "member_removed"

    phone.listen()

    assert phone.shown == {group: read_conversation(bob, group)}


@pytest.mark.parametrize("seed", range(3))
def test_device_that_was_away_has_the_same_messages_after_sync(parley: Parley, seed: int) -> None:
    choose = Random(seed)
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    for _ in range(choose.randint(1, 25)):
        say(choose.choice([alice, bob]), conversation_id, "ä" * choose.randint(1, 10_000))
    stored = history(bob, conversation_id)
    had = choose.randint(0, len(stored))

    assert stored[:had] + synced(Device(bob), conversation_id, had) == stored


def test_every_event_says_what_it_does_to_a_conversation_shown() -> None:
    classes = [kind for kind in vars(events).values() if isinstance(kind, type) and issubclass(kind, Event)]
    assert set(EVENTS) == {kind.name for kind in classes if hasattr(kind, "name")}


def test_under_a_block_i_show_what_i_saw_before_and_all_of_it_once_the_block_is_gone(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    one, *_, last = say(alice, direct, "one", "two", "three")
    phone, screen, others = Device(alice), Device(bob), Device(bob)
    for device in (phone, screen, others):
        device.shown[direct] = read_conversation(device.person, direct)

    def fresh(device: Device) -> Conversation:
        device.listen()
        assert device.shown[direct] == read_conversation(device.person, direct), device.person.user_id
        return device.shown[direct]

    screen.marked(screen.ask("mark_read", message_id=one))
    bob.put("/users/alice/block")
    before = [fresh(device) for device in (phone, screen, others)][0]
    screen.marked(screen.ask("mark_read", message_id=last))
    assert fresh(phone) == before
    assert [fresh(device).read_seq for device in (screen, others)] == [3, 3]
    bob.delete("/users/alice/block")

    assert [(one.user_id, one.read_seq) for one in fresh(phone).members] == [("alice", 3), ("bob", 3)]
    fresh(screen), fresh(others)
