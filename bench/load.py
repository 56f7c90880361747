"""The load on the local stack: 500 sockets, 50 messages a second. A process of its own, started by `delivery.py`.

    python -m bench.load http://localhost:3000 ws://localhost:3001/v1 result.json

250 pairs of people are connected; 50 of the pairs talk, each writing on its turn, and a person's next message waits for
the acknowledgement of the one before. The time of a message is measured from the call that sends it to the event in the
other person's socket, by one clock.
"""

import asyncio
import itertools
import json
import resource
import sys
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx
import msgspec
from websockets.asyncio.client import ClientConnection, connect

PAIRS = 250
TALKING = 50
MESSAGES_PER_S = 50
DURATION_S = 24
AT_ONCE = 8  # people who sign in and connect at the same time, before the clock starts
LAST_EVENTS_S = 10  # how long the last events may take before they count as lost
OPEN_FILES = 4096
TEXT = "It was the best of times, it was the worst of times, it was the age of wisdom, it was the age of foo"

Frame = dict[str, Any]  # whatever the server sends

Thing = TypeVar("Thing")
Made = TypeVar("Made")


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """The result of the load; `delays_ms` are the delays of all delivered messages, ascending."""

    sockets: int
    sent: int
    refused: int
    lost: int
    twice: int
    out_of_order: int
    seconds: float
    lag_ms: float  # how late the generator itself was, at worst
    delays_ms: list[float]
    ack_ms: list[float]


@dataclass
class Person:
    """One end of a pair, with one open socket."""

    user_id: str
    token: str
    socket: ClientConnection
    conversation_id: str = ""
    replies: dict[str, "asyncio.Future[Frame]"] = field(default_factory=dict)
    received: list[tuple[str, int, float]] = field(default_factory=list)  # message id, seq, when
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def listen(self) -> None:
        """Records every reply and every message until the socket closes."""
        async for text in self.socket:
            at_s = time.perf_counter()
            frame = json.loads(text)
            if frame["type"] == "event":
                if frame["event"] in ("new_message", "message_notification"):
                    message = frame["data"]["message"]
                    self.received.append((message["id"], message["seq"], at_s))
            elif (reply := self.replies.pop(frame.get("request_id", ""), None)) is not None:
                reply.set_result(frame)

    async def act(self, request_id: str, action: str, **data: str) -> Frame:
        """Returns the reply to an action."""
        reply: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
        self.replies[request_id] = reply
        await self.socket.send(json.dumps({"action": action, "request_id": request_id, "data": data}))
        return await reply


class Load:
    """The people, what they have sent, and when."""

    def __init__(self, rest_url: str, websocket_url: str) -> None:
        self._rest_url = rest_url
        self._websocket_url = websocket_url
        self._ids = (f"r{number}" for number in itertools.count())
        self.sent: dict[str, tuple[Person, float]] = {}  # by message id: whose socket it goes to, and when it was sent
        self.ack_ms: list[float] = []
        self.refused = 0
        self.lag_s = 0.0

    async def run(self) -> Result:
        async with httpx.AsyncClient(timeout=30) as client:
            people = await _some_at_once(self._sign_in(client), [f"person-{n}" for n in range(2 * PAIRS)])
            pairs = list(zip(people[::2], people[1::2], strict=True))
            await _some_at_once(self._open(client), pairs)
        listeners = [asyncio.create_task(person.listen()) for person in people]
        talking = pairs[:TALKING]
        await _some_at_once(self._join, [person for pair in talking for person in pair])
        started_s = time.perf_counter()
        await self._talk(talking, started_s)
        seconds = time.perf_counter() - started_s
        await self._wait_for_last_events()
        for person in people:
            await person.socket.close()
        await asyncio.gather(*listeners)
        return self._result(people, seconds)

    # --- before the clock starts -------------------------------------------------------------------------------------

    def _sign_in(self, client: httpx.AsyncClient) -> Callable[[str], Awaitable[Person]]:
        async def sign_in(user_id: str) -> Person:
            asked = await client.post(f"{self._rest_url}/local/token", json={"user_id": user_id})
            token = str(asked.raise_for_status().json()["token"])
            socket = await connect(
                self._websocket_url,
                subprotocols=["bearer", token],  # type: ignore[list-item]  # Subprotocol is a NewType of str
                compression=None,
                ping_interval=None,
                open_timeout=30,
            )
            return Person(user_id, token, socket)

        return sign_in

    def _open(self, client: httpx.AsyncClient) -> Callable[[tuple[Person, Person]], Awaitable[None]]:
        async def open_conversation(pair: tuple[Person, Person]) -> None:
            one, other = pair
            opened = await client.post(
                f"{self._rest_url}/v1/conversations",
                json={"type": "direct", "user_id": other.user_id},
                headers={"Authorization": f"Bearer {one.token}"},
            )
            one.conversation_id = other.conversation_id = opened.raise_for_status().json()["id"]

        return open_conversation

    async def _join(self, person: Person) -> None:
        await person.act(next(self._ids), "join_conversation", conversation_id=person.conversation_id)

    # --- while it runs -----------------------------------------------------------------------------------------------

    async def _talk(self, pairs: list[tuple[Person, Person]], started_s: float) -> None:
        """Sends on a fixed beat, without waiting for earlier messages: a slow stack gets no relief."""
        turns = itertools.cycle([*pairs, *((other, one) for one, other in pairs)])
        async with asyncio.TaskGroup() as tasks:
            for number, (sender, reader) in zip(range(MESSAGES_PER_S * DURATION_S), turns, strict=False):
                due_s = started_s + number / MESSAGES_PER_S
                await asyncio.sleep(max(0.0, due_s - time.perf_counter()))
                self.lag_s = max(self.lag_s, time.perf_counter() - due_s)
                tasks.create_task(self._send(sender, reader))

    async def _send(self, sender: Person, reader: Person) -> None:
        async with sender.turn:
            request_id = next(self._ids)
            sent_s = time.perf_counter()
            reply = await sender.act(
                request_id,
                "send_message",
                conversation_id=sender.conversation_id,
                text=TEXT,
                client_id=f"{sender.user_id}-{request_id}",
            )
            if reply["type"] != "ack":
                self.refused += 1
                return
            self.ack_ms.append((time.perf_counter() - sent_s) * 1000)
            self.sent[reply["data"]["id"]] = (reader, sent_s)

    async def _wait_for_last_events(self) -> None:
        deadline_s = time.perf_counter() + LAST_EVENTS_S
        readers = {id(reader): reader for reader, _ in self.sent.values()}.values()
        while time.perf_counter() < deadline_s and sum(len(one.received) for one in readers) < len(self.sent):
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.5)  # for what should not come: a second time

    # --- afterwards --------------------------------------------------------------------------------------------------

    def _result(self, people: Iterable[Person], seconds: float) -> Result:
        everybody = list(people)
        arrived = {message_id: at_s for one in everybody for message_id, _, at_s in reversed(one.received)}
        rightly = [
            message_id
            for message_id, (reader, _) in self.sent.items()
            if any(message_id == received for received, _, _ in reader.received)
        ]
        return Result(
            sockets=len(everybody),
            sent=len(self.sent),
            refused=self.refused,
            lost=len(self.sent) - len(rightly),
            twice=sum(len(one.received) for one in everybody) - len(arrived),
            out_of_order=sum(_descents(dict.fromkeys(seq for _, seq, _ in one.received)) for one in everybody),
            seconds=seconds,
            lag_ms=self.lag_s * 1000,
            delays_ms=sorted((arrived[one] - self.sent[one][1]) * 1000 for one in rightly),
            ack_ms=sorted(self.ack_ms),
        )


def _descents(seqs: Iterable[int]) -> int:
    return sum(later < earlier for earlier, later in itertools.pairwise(seqs))


async def _some_at_once(make: Callable[[Thing], Awaitable[Made]], things: Iterable[Thing]) -> list[Made]:
    """Returns the results for all items in order, `AT_ONCE` at a time."""
    places = asyncio.Semaphore(AT_ONCE)

    async def made(thing: Thing) -> Made:
        async with places:
            return await make(thing)

    return list(await asyncio.gather(*(made(thing) for thing in things)))


def main(rest_url: str, websocket_url: str, result: str) -> None:
    """Writes the result of one run."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, OPEN_FILES), hard), hard))
    found = asyncio.run(Load(rest_url, websocket_url).run())
    Path(result).write_bytes(msgspec.json.encode(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
