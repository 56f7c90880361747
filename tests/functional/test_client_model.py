"""A client written from clients.md alone shows what a fresh read shows, in every field, whatever happens.

Three people with two devices each do random things. Acknowledgements get lost, invocations are doubled, disconnects are
lost, devices read too slowly, go away and come back. In the end each catches up, and new devices begin; then every
replica is compared with a fresh read. After that they follow a few events more, without any fault and any `sync`, and
are compared again.
"""

from collections.abc import Callable
from random import Random
from typing import Any
from urllib.parse import quote

import pytest

from tests.client_model import Client
from tests.functional.attachments import clean_attachment
from tests.functional.replicas import compare, fresh_messages
from tests.functional.talk import LEASE_S, named
from tests.harness import Parley, Refused, User

PEOPLE = ("alice", "bob", "carol")
EMOJIS = ("👍", "🎉")
STEPS = 60
QUIET_STEPS = 12
EXPECTED = (200, 201, 400, 403, 404, 409)

Json = dict[str, Any]


class World:
    """Acts of people, and faults; each act takes a device, and a number that picks what it is about."""

    def __init__(self, parley: Parley, choose: Random) -> None:
        self.parley = parley
        self.choose = choose
        self.people = [parley.user(user_id) for user_id in PEOPLE]
        self.clients = [
            Client(
                person, f"{person.user_id}{number}", syncs_over_rest=number == 2, list_limit=3 if number == 2 else None
            )
            for person in self.people
            for number in (1, 2)
        ]
        for client in self.clients:
            client.connect()
        alice, bob, carol = self.people
        self._post(alice, "/conversations", {"type": "direct", "user_id": bob.user_id})
        self._post(alice, "/conversations", {"type": "direct", "user_id": carol.user_id})
        self._post(alice, "/conversations", {"type": "group", "title": "All", "member_ids": ["bob", "carol"]})
        self.listen()

    # --- what people do ----------------------------------------------------------------------------------------------

    def write(self, client: Client, pick: int) -> None:
        if conversation_id := self._of(client, pick):
            mentions = ([], [], ["*"], [PEOPLE[pick % 3]])[pick % 4] if conversation_id.startswith("g_") else []
            client.write(conversation_id, "ä" * (pick % 150 + 1), mentions)
            client.send_outbox()

    def write_over_rest(self, client: Client, pick: int) -> None:
        if conversation_id := self._of(client, pick):
            body: Json = {"text": f"number {pick}"}
            if pick % 3 == 0 and self._may_write(client, conversation_id):
                files = [clean_attachment(self.parley, client.user, conversation_id, thumbnail=None)]
                body = {"attachment_ids": files} | ({} if pick % 2 else body)
            self._post(client.user, f"/conversations/{conversation_id}/messages", body)

    def edit(self, client: Client, pick: int) -> None:
        mentions = ([], ["*"], [PEOPLE[pick % 3]])[pick % 7 % 3]
        self._change(client, pick, "PATCH", "", {"text": f"edited {pick}", "mentions": mentions})

    def delete(self, client: Client, pick: int) -> None:
        self._change(client, pick, "DELETE", "")

    def hide(self, client: Client, pick: int) -> None:
        self._change(client, pick, "DELETE", "?scope=me")

    def react(self, client: Client, pick: int) -> None:
        self._change(client, pick, ("PUT", "PUT", "DELETE")[pick % 5 % 3], f"/reactions/{quote(EMOJIS[pick % 2])}")

    def pin(self, client: Client, pick: int) -> None:
        self._change(client, pick, ("PUT", "DELETE")[pick % 3 == 0], "/pin")

    def mark_delivered(self, client: Client, pick: int) -> None:
        if message_id := self._message(client, pick):
            client.mark("mark_delivered", message_id=message_id)

    def mark_read(self, client: Client, pick: int) -> None:
        if message_id := self._message(client, pick):
            client.mark("mark_read", message_id=message_id)

    def mark_conversation_read(self, client: Client, pick: int) -> None:
        if conversation_id := self._of(client, pick):
            client.mark("mark_conversation_read", conversation_id=conversation_id)

    def mark_read_over_rest(self, client: Client, pick: int) -> None:
        if message_id := self._message(client, pick):
            self._expect(client.user.patch(f"/messages/{message_id}/read").status)

    def leave_direct(self, client: Client, pick: int) -> None:
        conversation_id = self._of(client, pick)
        if conversation_id and conversation_id.startswith("d_"):
            path = f"/conversations/{conversation_id}/members/{client.user_id}"
            self._expect(client.user.delete(path).status)

    def mark_unread(self, client: Client, pick: int) -> None:
        if message_id := self._message(client, pick):
            conversation_id, _, seq = message_id.rpartition(".")
            client.mark("mark_unread", conversation_id=conversation_id, seq=int(seq))

    def mark_unread_over_rest(self, client: Client, pick: int) -> None:
        if message_id := self._message(client, pick):
            conversation_id, _, seq = message_id.rpartition(".")
            path = f"/conversations/{conversation_id}/unread"
            self._expect(client.user.put(path, json={"seq": int(seq)}).status)

    def archive(self, client: Client, pick: int) -> None:
        self._set(client, pick, "/archive", {"archived": pick % 3 != 0})

    def clear(self, client: Client, pick: int) -> None:
        if conversation_id := self._of(client, pick):
            seq = client.conversations[conversation_id].object["last_seq"]
            query = f"?seq={max(1, seq - pick % 3)}" if seq and pick % 4 else ""
            self._expect(client.user.delete(f"/conversations/{conversation_id}/history{query}").status)

    def set_for_oneself(self, client: Client, pick: int) -> None:
        self._set(client, pick, "/settings", {"pinned": pick % 2 == 0, "notifications": ("all", "none")[pick % 3 % 2]})

    def _set(self, client: Client, pick: int, what: str, body: Json) -> None:
        if conversation_id := self._of(client, pick):
            self._expect(client.user.patch(f"/conversations/{conversation_id}{what}", json=body).status)

    def block(self, client: Client, pick: int) -> None:
        other = self.choose.choice([one for one in PEOPLE if one != client.user_id])
        method = ("PUT", "DELETE", "DELETE")[pick % 7 % 3]
        self._expect(client.user.request(method, f"/users/{other}/block").status)

    def open_direct(self, client: Client, pick: int) -> None:
        other = self.choose.choice([one for one in PEOPLE if one != client.user_id])
        context = {"type": "general"} if pick % 2 else None
        body = {"type": "direct", "user_id": other} | ({"context": context} if context else {})
        self._post(client.user, "/conversations", body)

    def make_group(self, client: Client, pick: int) -> None:
        others = [one for one in PEOPLE if one != client.user_id]
        self._post(client.user, "/conversations", {"type": "group", "title": "More", "member_ids": others[: pick % 3]})

    def run_group(self, client: Client, pick: int) -> None:
        groups = sorted(one for one in client.conversations if one.startswith("g_"))
        if not groups:
            return
        path, other = f"/conversations/{groups[pick % len(groups)]}", PEOPLE[pick % 3]
        acts: list[tuple[str, str, Json | None]] = [
            ("POST", "/members", {"user_ids": [other]}),
            ("POST", "/members", {"user_ids": [other]}),
            ("PATCH", f"/members/{other}", {"role": ("admin", "member", "owner")[pick % 7 % 3]}),
            ("DELETE", f"/members/{other}", None),
            ("DELETE", "" if pick % 5 == 0 else f"/members/{other}", None),
            ("PATCH", "", {"title": f"Title {pick}"}),
            ("PATCH", "", {"posting": ("everyone", "everyone", "admins")[pick % 5 % 3]}),
        ]
        method, what, body = acts[pick // 3 % len(acts)]
        self._expect(client.user.request(method, path + what, json=body).status)

    def open(self, client: Client, pick: int) -> None:
        if conversation_id := self._of(client, pick):
            client.open(conversation_id)

    # --- what goes wrong ---------------------------------------------------------------------------------------------

    def lose_an_ack(self, client: Client, pick: int) -> None:
        if conversation_id := self._of(client, pick):
            client.write(conversation_id, f"again {pick}", [])
            client.send_and_lose_the_ack()

    def go_away(self, client: Client, pick: int) -> None:
        client.go_away()

    def read_too_slowly(self, client: Client, pick: int) -> None:
        if client.socket is not None:
            client.socket.is_full = True

    def run_queues(self, client: Client, pick: int) -> None:
        self.parley.drain()

    def come_back(self, client: Client) -> None:
        """Comes back; if lost disconnects have used up the user's connections, after their leases have run out."""
        try:
            client.connect()
        except Refused:
            for one in self.clients:
                one.go_away()
            self.parley.advance(LEASE_S + 1)
            client.connect()

    def listen(self) -> None:
        for client in self.clients:
            client.listen()

    def settle(self) -> None:
        """Lets every device catch up: those that were away come back, and the queue delivers what it kept."""
        for client in self.clients:
            if client.socket is not None:
                client.socket.is_full = False
        self.parley.drain()
        self.listen()
        for client in self.clients:
            if client.is_online:
                client.catch_up()
                client.send_outbox()
            else:
                self.come_back(client)
        self.listen()

    def begin_on_new_devices(self) -> None:
        """ "An empty `cursors` is how a new device begins"."""
        for person in self.people:
            self.clients.append(Client(person, f"{person.user_id}3"))
            self.come_back(self.clients[-1])

    # --- helpers -----------------------------------------------------------------------------------------------------

    def _of(self, client: Client, pick: int) -> str | None:
        mine = sorted(client.conversations)
        return mine[pick % len(mine)] if mine else None

    def _may_write(self, client: Client, conversation_id: str) -> bool:
        reply = client.user.get(f"/conversations/{conversation_id}")
        return reply.status == 200 and "send_message" in reply.json["capabilities"]

    def _message(self, client: Client, pick: int) -> str | None:
        """Returns one of the newest messages of a conversation: there happens what is difficult."""
        conversation_id = self._of(client, pick)
        last_seq = client.conversations[conversation_id].object["last_seq"] if conversation_id else 0
        return f"{conversation_id}.{max(1, last_seq - pick % 13 % 4)}" if last_seq else None

    def _change(self, client: Client, pick: int, method: str, what: str, body: Json | None = None) -> None:
        if message_id := self._message(client, pick):
            reply = client.user.request(method, f"/messages/{message_id}{what}", json=body)
            self._expect(reply.status)
            held = client.conversations.get(message_id.rpartition(".")[0])
            if reply.status == 200 and held is not None and pick % 2:
                held.take_read(client.rest_of(reply.json))  # "the answer to a request"

    def _post(self, user: User, path: str, body: Json) -> None:
        self._expect(user.post(path, json=body).status)

    def _expect(self, status: int) -> None:
        assert status in EXPECTED, status


Act = Callable[[World, Client, int], None]
LIVE: list[Act] = [
    World.write,
    World.write,
    World.write,
    World.write_over_rest,
    World.edit,
    World.edit,
    World.delete,
    World.hide,
    World.react,
    World.react,
    World.react,
    World.pin,
    World.mark_delivered,
    World.mark_read,
    World.mark_conversation_read,
    World.mark_read_over_rest,
    World.mark_unread,
    World.mark_unread_over_rest,
    World.archive,
    World.archive,
    World.leave_direct,
    World.clear,
    World.set_for_oneself,
    World.open_direct,
    World.make_group,
    World.run_group,
    World.run_group,
    World.run_group,
    World.open,
]
FAULTS: list[Act] = [
    World.lose_an_ack,
    World.go_away,
    World.go_away,
    World.go_away,
    World.read_too_slowly,
    World.run_queues,
]
BLOCKS: list[Act] = [World.block, World.block]


def senders_shown_to(client: Client) -> set[str]:
    return {
        message["sender_id"]
        for conversation_id in client.conversations
        for message in fresh_messages(client.user, conversation_id).values()
    }


def live(world: World, acts: list[Act], steps: int) -> None:
    for _ in range(steps):
        world.parley.clock.ms += 1000
        act, client = world.choose.choice(acts), world.choose.choice(world.clients)
        if not client.is_online:
            world.come_back(client)
        print(act.__name__, client.name)
        act(world, client, world.choose.randrange(10**6))
        world.listen()


@pytest.mark.parametrize("seed", range(4))
def test_replicas_are_what_a_fresh_read_shows(parley: Parley, seed: int) -> None:
    world = World(parley, Random(seed))
    parley.deliver_twice = seed % 2 == 1
    parley.lose_disconnects = seed in (2, 3)
    acts = LIVE + FAULTS + (BLOCKS if seed % 2 else [])

    live(world, acts, STEPS)
    world.settle()
    world.begin_on_new_devices()
    compare(parley, world.clients, is_synced=True)
    for client in world.clients:
        for conversation_id in list(client.conversations):
            client.open(conversation_id)
    world.listen()
    compare(parley, world.clients, is_synced=True)
    for client in world.clients:
        assert client.users == {**client.users, **named(parley, *senders_shown_to(client))}
    live(world, LIVE, QUIET_STEPS)
    compare(parley, world.clients, is_synced=False)
