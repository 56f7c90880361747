"""A device that follows its user's conversations: connecting, hearing events, catching up, sending."""

from collections.abc import Iterator
from itertools import count
from typing import Any

from tests.client_model.blocked import BlockedPeople
from tests.client_model.conversations import HeldConversation, copied
from tests.client_model.messages import Json
from tests.harness import Frame, Socket, User

MESSAGE_CHANGES = ("message_updated", "message_deleted", "reaction_added", "reaction_removed")
MARKERS = {"message_read": "read_seq", "conversation_read": "read_seq", "message_delivered": "delivered_seq"}
MAX_ROUNDS = 50  # of `sync`; each goes on


class Client:
    """One device of a user, and what it holds; all of it outlives its connection."""

    def __init__(self, user: User, name: str, *, syncs_over_rest: bool = False, list_limit: int | None = None) -> None:
        self.user = user
        self.name = name
        self.syncs_over_rest = syncs_over_rest
        self.list_limit = list_limit  # "ask for the list with the first `sync`"
        self.socket: Socket | None = None
        self.conversations: dict[str, HeldConversation] = {}
        self.users: dict[str, Json] = {}
        self.blocked = BlockedPeople()
        self.outbox: list[Json] = []
        self.on_screen: set[str] = set()
        self.met: set[str] = set()  # the verdicts of its syncs, and `later`
        self._client_ids = count(1)

    @property
    def user_id(self) -> str:
        return self.user.user_id

    @property
    def is_online(self) -> bool:
        return self.socket is not None

    # --- Connecting --------------------------------------------------------------------------------------------------

    def connect(self) -> None:
        """ "Connect first, and only then read": `hello`, `sync`, `join_conversation`, then the outbox, in order."""
        self.arrive()
        self.catch_up()
        for conversation_id in sorted(self.on_screen & set(self.conversations)):
            self.ask("join_conversation", conversation_id=conversation_id)
        self.send_outbox()

    def arrive(self) -> None:
        """Connects; "events may arrive before" the `ack` of `sync`."""
        # With the token: where invocations are doubled, the second one finds a ticket used up.
        self.socket = self.user.connect(subprotocol=True)
        self.ask("hello")

    def go_away(self) -> None:
        """Loses the connection, and what had come over it and was not heard."""
        if self.socket is not None:
            self.socket.is_full = False
            self.socket.close(1006)
        self.socket = None

    def ask(self, action: str, **data: object) -> Json | None:
        """Returns the `ack`'s data, or None for what is refused."""
        reply = self._request(action, data)
        assert reply["type"] == "ack" or reply["error"]["status"] < 500, reply
        return copied(reply["data"]) if reply["type"] == "ack" else None

    def _request(self, action: str, data: Json) -> Frame:
        assert self.socket is not None
        is_full, self.socket.is_full = self.socket.is_full, False  # replies are not posts; they come
        reply = self.socket.request(action, data)
        self.socket.is_full = is_full
        return reply

    # --- Sending -----------------------------------------------------------------------------------------------------

    def write(self, conversation_id: str, text: str, mentions: list[str]) -> None:
        """ "Make a `client_id`, when the user presses "send", and put the message into the outbox"."""
        client_id = f"{self.name}.{next(self._client_ids)}"
        draft = {"conversation_id": conversation_id, "text": text, "mentions": mentions, "client_id": client_id}
        self.outbox.append(draft)

    def send_outbox(self) -> None:
        """ "Send one message of a conversation at a time"; "keep it" if it may pass, else "take it out"."""
        while self.outbox:
            reply = self._request("send_message", self.outbox[0])
            if reply["type"] == "error" and _may_pass(reply["error"]):
                return
            self.outbox.pop(0)
            if reply["type"] == "ack":
                self._take_acknowledged(self.rest_of(reply["data"]))

    def _take_acknowledged(self, answer: Json) -> None:
        """ "Replace the pending message by the one in `data`"."""
        if answer["conversation_id"] in self.conversations:
            del answer["replayed"]
            self.conversations[answer["conversation_id"]].take_sent(answer)

    def send_and_lose_the_ack(self) -> None:
        """The request gets through, and the connection breaks before its answer comes."""
        if self.outbox:
            self.ask("send_message", **self.outbox[0])
        self.go_away()

    def mark(self, action: str, **data: object) -> None:
        """Takes in what its own mark came to: "its own requests send it no event"."""
        answer = self.ask(action, **data)
        if answer is not None and answer["conversation_id"] in self.conversations:
            self.conversations[answer["conversation_id"]].take_marked(answer)

    # --- Receiving ---------------------------------------------------------------------------------------------------

    def listen(self) -> None:
        """Hears every event that has come, and catches up if something is missing."""
        if self.socket is None:
            return
        for frame in self.socket.events():
            self._hear(frame)
        if any(one.is_missing for one in self.conversations.values()):
            self.catch_up()
        self._read_previews()

    def _read_previews(self) -> None:
        """ "If you do not have it, read the conversation again"."""
        for conversation_id in [one for one, held in self.conversations.items() if held.is_preview_unknown]:
            self.read(conversation_id)

    def _hear(self, frame: Frame) -> None:
        event, data = str(frame["event"]), self.rest_of(frame["data"])
        if event == "block_changed":
            self.blocked.take_change(data["user_id"], data["at"], is_blocked=data["blocked"])
        elif event == "conversation_created":
            conversation = data["conversation"]
            self.conversations.setdefault(conversation["id"], HeldConversation(conversation, self.user_id))
        elif event in ("member_added", "member_removed", "conversation_updated"):
            self._take_change_of_conversation(event, data)
        elif event in (*MESSAGE_CHANGES, *MARKERS, "new_message", "message_notification"):
            if self._known(data["conversation_id"]):
                self._take(self.conversations[data["conversation_id"]], event, data)

    def _take(self, held: HeldConversation, event: str, data: Json) -> None:
        if event in MESSAGE_CHANGES:
            held.take_change(event, data)
        elif event in MARKERS:
            held.move_marker(data["user_id"], **{MARKERS[event]: data["seq"]})
        else:
            held.take_new(data["message"], is_notification=event == "message_notification")

    def _known(self, conversation_id: str) -> bool:
        """ "If an event names a conversation that you do not know, read the conversation; on 404 drop the event"."""
        return conversation_id in self.conversations or self.read(conversation_id)

    def read(self, conversation_id: str) -> bool:
        """Reads a conversation afresh; returns whether it is still the user's."""
        reply = self.user.get(f"/conversations/{conversation_id}")
        if reply.status == 404:
            self.conversations.pop(conversation_id, None)
            return False
        held, conversation = self.conversations.get(conversation_id), self.rest_of(reply.json)
        if held is None:
            self.conversations[conversation_id] = HeldConversation(conversation, self.user_id)
        else:
            held.replace(conversation)
        return True

    # --- Changes -----------------------------------------------------------------------------------------------------

    def _take_change_of_conversation(self, event: str, data: Json) -> None:
        conversation_id = data["conversation_id"]
        held = self.conversations.get(conversation_id)
        if event == "member_removed" and data["removed_id"] == self.user_id:
            self._take_own_removal(held, data)
        elif held is None:
            self._known(conversation_id)
        elif event == "member_added" and self.user_id in data["user_ids"]:
            self._take_own_return(held, data)
        elif held.take_shared(data) and not held.is_group:
            self.read(
                conversation_id
            )  # "in a conversation of two, read it again whenever a `shared` comes that is newer"
        if held is not None and data.get("own") is not None:
            held.take_own(data["own"])

    def _take_own_removal(self, held: HeldConversation | None, data: Json) -> None:
        """ "Forget the conversation, unless the `shared_seq` that you have is as great"."""
        if held is not None and data["shared"]["shared_seq"] > held.object["shared_seq"]:
            del self.conversations[held.id]

    def _take_own_return(self, held: HeldConversation, data: Json) -> None:
        """ "A greater one than you have: you were out without hearing of it; read the conversation again"."""
        if data["shared"]["shared_seq"] > held.object["shared_seq"]:
            self.read(held.id)
        else:
            held.take_shared(data)

    # --- Catching up -------------------------------------------------------------------------------------------------

    def catch_up(self) -> None:
        """Asks for what it misses until there is no more, and for its list with the first answer."""
        wanted = {one: held.cursor for one, held in self.conversations.items()}
        for number in range(MAX_ROUNDS):
            caught = self._sync(wanted, None if number else self.list_limit)
            wanted = dict(self._take_caught_up(caught))
            if not wanted:
                self._read_previews()
                return
        raise AssertionError("no end")

    def _sync(self, cursors: Json, list_limit: int | None) -> Json:
        """ "`sync` (or `POST /sync`) takes up to 100 cursors"."""
        asked = {"cursors": cursors} | ({"list_limit": list_limit} if list_limit else {})
        if self.syncs_over_rest:
            reply = self.user.post("/sync", json=asked)
            assert reply.status == 200, reply
            return dict(reply.json)
        caught = self.ask("sync", **asked)
        assert caught is not None
        return caught

    def _take_caught_up(self, caught: Json) -> Iterator[tuple[str, Any]]:
        """ "Process it in this order"; yields the cursors to ask with next."""
        self._take_users(caught["users"])
        for conversation_id in caught["left"]:
            self.conversations.pop(conversation_id, None)
        self._take_joined(caught["joined"])
        if caught["listed"] is not None:
            self._take_listed(caught["listed"]["conversations"])
        if caught["joined_capped"]:
            self._list()
        for conversation_id, part in caught["conversations"].items():
            self._take_part(self.conversations[conversation_id], part)
            self.met.add(part["verdict"])
            if part["verdict"] == "truncated" and conversation_id in self.conversations:
                yield conversation_id, part["next"]
        for conversation_id in caught["later"]:
            self.met.add("later")
            yield conversation_id, self.conversations[conversation_id].cursor
        if caught["blocked"] is not None:
            self.blocked.take_all(caught["blocked"], caught["as_of"])
        else:
            self.read_blocked(caught["as_of"])

    def rest_of(self, told: Json) -> Json:
        """Takes in the `users` of an answer or event, and returns the rest of it."""
        rest: Json = copied(told)
        self._take_users(rest.pop("users", {}))
        return rest

    def _take_users(self, users: dict[str, Json]) -> None:
        """ "Of two versions of a user keep the one with the greater `profile_seq`"."""
        for user_id, named in users.items():
            known = self.users.get(user_id)
            if known is None or named["profile_seq"] > known["profile_seq"]:
                self.users[user_id] = named

    def _take_joined(self, conversations: list[Json]) -> None:
        """ "If an event has brought you one of them in the meantime, keep yours"."""
        for conversation in conversations:
            self.conversations.setdefault(conversation["id"], HeldConversation(conversation, self.user_id))

    def _take_listed(self, conversations: list[Json]) -> None:
        """ "Those that you do not hold are new"; "of the others take the names of `members`"."""
        self.met.add("listed")
        self._take_joined(conversations)
        for conversation in conversations:
            self.conversations[conversation["id"]].take_names(conversation["members"])

    def _list(self) -> None:
        """ "If `joined_capped` is true, there are more: `GET /conversations` lists them", the archived ones too."""
        self.met.add("joined_capped")
        for state in ("active", "archived"):
            query: str | None = f"state={state}&limit=100"
            while query is not None:
                page = self.user.get(f"/conversations?{query}").json
                self._take_users(page["users"])
                self._take_joined(page["conversations"])
                query = f"state={state}&limit=100&cursor={page['next']}" if page["next"] is not None else None

    def _take_part(self, held: HeldConversation, part: Json) -> None:
        for message in part["messages"]:
            held.take_read(message)
        for change in part["changes"]:
            if change["event"] in MESSAGE_CHANGES:
                held.take_missed_change(change["event"], change["data"])
            else:
                self._take_change_of_conversation(change["event"], change["data"])
        held.take_mine(part["mine"], part["last_seq"], part["last_change_seq"])
        held.take_markers(part["markers"])
        held.take_next(part)
        held.members = None  # "what to read again"

    def read_blocked(self, as_of: str) -> None:
        """ "If `blocked` is null, there are too many: read `GET /me/blocks`"."""
        self.blocked.take_all([one["user_id"] for one in self.user.get("/me/blocks?limit=100").json["blocks"]], as_of)

    # --- opening -----------------------------------------------------------------------------------------------------

    def open(self, conversation_id: str) -> None:
        """ "When the user opens the conversation, read the history", and what else `sync` does not bring."""
        self.on_screen.add(conversation_id)
        if self.ask("join_conversation", conversation_id=conversation_id) is None:
            return
        held = self.conversations[conversation_id]
        query, found_oldest = "limit=20", False
        while not found_oldest:
            page = self.user.get(f"/conversations/{conversation_id}/messages?{query}").json
            self._take_users(page["users"])
            for message in page["messages"]:
                held.take_read(message)
            found_oldest = page["found_oldest"]
            query = f"limit=20&before={page['messages'][0]['seq']}" if page["messages"] else query
        if held.is_group:
            page = self.user.get(f"/conversations/{conversation_id}/members?limit=100").json
            self._take_users(page["users"])
            held.members = page["members"]


def _may_pass(error: Json) -> bool:
    """Says whether a refusal may pass by itself, so that the same request is worth another try."""
    return "retry_after_ms" in error or error["status"] == 429 or error["status"] >= 500
