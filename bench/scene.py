"""The operations of a bench, each with a name: those of two people, and those of an app that a third one opens.

Alice writes from a phone and Bob reads on a laptop; ids are UUIDs, a text has 100 characters, and every send has a
`client_id`. Carol opens her app: she has `CONVERSATIONS` of them, a message in each, one of which she has not read.
"""

import itertools
import os
import random
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from bench.stage import Device, Stage

TEXT = "It was the best of times, it was the worst of times, it was the age of wisdom, it was the age of foo"
CONVERSATIONS = 50
SWEEPS = ("ClearStaleTyping", "ClearStaleCalls", "ClearStalePresence", "ClearStaleAttachments", "SweepTickets")
PAGE = 50
SECRET = "a secret of benches, of 32 bytes or more"


@dataclass(frozen=True)
class Operation:
    """An operation that can be repeated; `setup` runs before each time and is not measured."""

    key: str
    what: str
    run: Callable[[], object]
    round_trips: float | None = None  # at most
    setup: Callable[[], object] = field(default=lambda: None)
    times: int = 1  # that it is counted, for the mean


class Scene:
    """The people on a stage."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self._random = random.Random(1)  # the same ids each time, so that two runs count the same
        os.environ.setdefault("JWT_SECRET", SECRET)
        self.alice, self.bob, self.carol = self.new_id(), self.new_id(), self.new_id()
        opened = stage.rest(self.alice, "CreateConversation", body={"type": "direct", "user_id": self.bob})
        self.conversation_id: str = opened["id"]
        self.phone, self.laptop = stage.connect(self.alice), stage.connect(self.bob)
        self._act(self.laptop, "OnJoinConversation", "join_conversation", conversation_id=self.conversation_id)

    def new_id(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    # --- what two people do ------------------------------------------------------------------------------------------

    def send_over_rest(self) -> str:
        body = {"text": TEXT, "client_id": self.new_id()}
        sent = self.stage.rest(self.alice, "SendMessage", {"conversation_id": self.conversation_id}, body=body)
        return str(sent["id"])

    def send_over_socket(self) -> str:
        frame = {"conversation_id": self.conversation_id, "text": TEXT, "client_id": self.new_id()}
        return str(self._act(self.phone, "OnSendMessage", "send_message", **frame)["id"])

    def talking(self) -> Iterator[Operation]:
        """Yields the operations in an open conversation."""
        here = {"conversation_id": self.conversation_id}
        last: dict[str, str] = {}

        def new_message() -> None:
            last["message_id"] = self.send_over_rest()

        yield Operation("send", "send over WebSocket", self.send_over_socket, 3)
        yield Operation(
            "mark_read",
            "mark_read over WebSocket",
            lambda: self._act(self.laptop, "OnMarkRead", "mark_read", **last),
            2,
            new_message,
        )

        def say(key: str, logical_id: str) -> Callable[[], object]:
            return partial(self.stage.say, self.laptop, logical_id, key, **here)

        start, stop = say("typing_start", "OnTypingStart"), say("typing_stop", "OnTypingStop")
        starts = itertools.count()

        def type_on() -> None:
            if next(starts) % 5 in (0, 2, 4):
                stop()  # five starts for three messages (`month.typing_starts`): a second one writes less
            self.stage.now_ms += self.timer_s("typing_resend_s") * 1000

        yield Operation("typing_start", "typing_start over WebSocket", start, 2, type_on, times=10)
        yield Operation("typing_stop", "typing_stop over WebSocket", stop, 2, start)
        # Not each ping need write: their mean counts.
        ping = partial(self.stage.say, self.laptop, "OnPing", "ping")
        yield Operation("ping", "ping over WebSocket", ping, 2, self.wait_for_heartbeat, times=10)

    def timer_s(self, name: str) -> int:
        """Returns a timer of clients, in seconds, as the server tells it."""
        return int(self._act(self.phone, "OnHello", "hello")[name])

    def wait_for_heartbeat(self) -> None:
        """Moves the time by a heartbeat for Bob's laptop; Alice's phone pings."""
        self.stage.now_ms += self.timer_s("heartbeat_s") * 1000
        self.stage.say(self.phone, "OnPing", "ping")

    def background(self) -> Iterator[Operation]:
        """Yields the runs of the sweeps while nothing has expired."""
        for logical_id in SWEEPS:
            run = partial(self.stage.sweep, logical_id)
            yield Operation(f"sweep.{logical_id}", f"{logical_id}, nothing to do", run)
        run_typing = partial(self.stage.sweep, "ClearStaleTyping")

        yield Operation("sweep.typed", "ClearStaleTyping, one message was typed", run_typing, setup=self.type_a_message)

    def type_a_message(self) -> None:
        """Lets Bob type and send, and moves the time until his typing is swept."""
        here = {"conversation_id": self.conversation_id}
        self.stage.say(self.laptop, "OnTypingStart", "typing_start", **here)
        self.stage.now_ms += 1000
        self._act(self.laptop, "OnSendMessage", "send_message", **here, text=TEXT, client_id=self.new_id())
        self.stage.now_ms += 6000

    # --- what opening the app takes ----------------------------------------------------------------------------------

    def open_conversations(self) -> None:
        """Gives Carol her conversations, a message of hers in each and an unread one in the first."""
        for number in range(CONVERSATIONS):
            peer = self.new_id()
            sent = self.stage.rest(self.carol, "SendMessageToUser", body={"user_id": peer, "text": TEXT})
            there = {"conversation_id": sent["conversation_id"]}
            # Both have written, so each sees the other's presence.
            self.stage.rest(peer, "SendMessage", there, body={"text": TEXT})
            if number == 0:
                self._first, self._peer = there, peer
            if number % 10 == 9:
                self.stage.now_ms += 60_000  # time passes, so that her own limits are full again
        self._at = {one["id"]: {"seq": one["last_seq"], "change_seq": 0} for one in self._list()["conversations"]}
        for _ in range(PAGE):
            self.stage.rest(self._peer, "SendMessage", self._first, body={"text": TEXT})

    def opening(self) -> Iterator[Operation]:
        """Yields the requests of an app that opens and of the devices that come and go; call `open_conversations`."""
        rest = partial(self.stage.rest, self.carol)
        tablet: list[Device] = []

        def connect() -> None:
            tablet.append(self.stage.connect(self.carol))

        def disconnect() -> None:
            self.stage.disconnect(tablet.pop())

        token = self._token()
        ticket: dict[str, str] = {}

        def new_ticket() -> None:
            ticket["ticket"] = rest("CreateWsTicket")["ticket"]

        self.stage.authorize(token)  # the first time makes the profile
        yield Operation("authorize", "REST authorizer", lambda: self.stage.authorize(token))
        yield Operation("authorize_token", "$connect's authorizer, a token", lambda: self.stage.sign_in(token))
        yield Operation("ticket", "ticket over REST", partial(rest, "CreateWsTicket"))
        yield Operation(
            "authorize_ticket",
            "$connect's authorizer, a ticket",
            lambda: self.stage.redeem(ticket["ticket"]),
            setup=new_ticket,
        )
        yield Operation("disconnect", "$disconnect of the only device", disconnect, setup=connect)
        yield Operation("connect", "$connect of the only device", connect)
        yield Operation("connect_again", "$connect of one device more", connect)
        yield Operation("disconnect_again", "$disconnect of one of several devices", disconnect, setup=connect)
        disconnect()
        connect()  # not the same again: the measured operation may have used kept answers
        yield Operation("hello", "hello over WebSocket", lambda: self._act(tablet[-1], "OnHello", "hello"))
        yield Operation("sync", f"sync of {CONVERSATIONS} conversations over WebSocket", self._sync(tablet), 4)
        yield Operation(
            "sync_list",
            f"sync of {CONVERSATIONS} conversations over REST, with a list of {PAGE}",
            self._sync_and_list,
            4,
        )
        yield Operation("list", f"list {PAGE} of {CONVERSATIONS} conversations", self._list, 4)
        yield Operation("history", f"history page of {PAGE}", partial(rest, "ListMessages", self._first), 2)
        yield Operation(
            "unread_count", f"unread total of {CONVERSATIONS} conversations", partial(rest, "CountUnread"), 2
        )
        yield Operation("unread", "unread by conversation", partial(rest, "ListUnread"), 2)
        yield Operation("me", "GET /me", partial(rest, "GetMe"), 2)
        yield Operation(
            "join",
            "join_conversation over WebSocket",
            lambda: self._act(tablet[-1], "OnJoinConversation", "join_conversation", **self._first),
        )
        yield Operation("search", "search, a page of 20", partial(rest, "SearchMessages", query={"q": "wisdom"}))
        yield Operation(
            "list_q",
            f"list q= of {CONVERSATIONS} conversations",
            partial(rest, "ListConversations", query={"q": "none"}),
        )

    def _list(self) -> dict[str, Any]:
        return self.stage.rest(self.carol, "ListConversations", query={"limit": str(PAGE)})

    def _sync(self, devices: list[Device]) -> Callable[[], object]:
        return lambda: self._act(devices[-1], "OnSync", "sync", cursors=self._at)

    def _sync_and_list(self) -> dict[str, Any]:
        caught = self.stage.rest(self.carol, "Sync", body={"cursors": self._at, "list_limit": PAGE})
        assert len(caught["listed"]["conversations"]) == PAGE
        return caught

    def _act(self, device: Device, logical_id: str, action: str, **data: Any) -> dict[str, Any]:
        return self.stage.act(device, logical_id, action, **data)

    def _token(self) -> str:
        from local import tokens  # which imports Parley's package, on the path since the stage is there

        now_s = self.stage.now_ms // 1000
        return tokens.mint(os.environ, os.environ["JWT_SECRET"], now_s=now_s, user_id=self.carol, role="user")
