"""Parley as its clients meet it, in one process: people, their requests, their sockets, and the clock."""

import gzip
import json as json_
import uuid
from collections import deque
from collections.abc import Callable, Container, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypedDict, TypeVar, Unpack

from local import queues, tokens
from local.functions import Functions
from local.mails import Outbox
from local.patterns import Filter
from local.provision import Store
from local.queues import QueueMapping
from local.rest import Request, RestApi
from local.schedules import Schedule
from local.streams import StreamMapping
from local.template import Template
from local.websocket import MAX_FRAME_BYTES, Connection, Everyone, Handshake, Refused, State, WebSocketApi
from parley.triggers.request_log import QUIET
from tests.harness import calls, examples, presigned
from tests.harness.calls import Call, Hook, Kill, Recorder, hooks
from tests.harness.documents import TEMPLATE, check_frame, check_redirect, check_reply
from tests.harness.presigned import Download

Frame = dict[str, Any]
T = TypeVar("T")
__all__ = ["Frame", "Parley", "Refused", "Reply", "Socket", "User"]

MAX_ROUNDS = 200  # of `drain`; what has a retry limit ends long before
SECRET = "the local secret of the tests, 32 bytes and more"


@dataclass
class Clock:
    """Milliseconds since the epoch, moved by hand."""

    ms: int

    def __call__(self) -> int:
        return self.ms


@dataclass(frozen=True)
class Reply:
    """The answer to a REST request; header names are in lower case."""

    status: int
    text: str
    headers: Mapping[str, str] = field(repr=False)
    body_bytes: int = field(default=0, repr=False, compare=False)  # as it was sent, compressed or not

    @property
    def json(self) -> Any:
        return json_.loads(self.text) if self.text else None


class Parley:
    """One system: the template's functions over an engine, with its two APIs."""

    def __init__(
        self,
        template: Template,
        functions: Functions,
        store: Store,
        clock: Clock,
        streams: list[StreamMapping],
        queue_mappings: list[QueueMapping],
        schedules: list[Schedule],
    ) -> None:
        self.template = template
        self.is_documented = template.path == TEMPLATE  # then every reply and frame is held to both API documents
        self.functions = functions
        self.store = store
        self.clock = clock
        self.rest = RestApi.of(template, functions.inline, clock)
        self.websocket = WebSocketApi.of(template, functions.inline, clock)
        self.secret = SECRET
        # A job of e-mails waits for the clock of the test. Other queues get at once what is sent with a delay.
        self.held = calls.Held(clock, [each.ref for name, each in template.resources.items() if name == "MailJobs"])
        self.outbox: Outbox  # the e-mails that functions have sent
        self.hooks: list[Hook] = hooks
        self.schedules = schedules
        self.queues = queue_mappings
        self.streams = streams
        for stream in self.streams:
            stream.start("LATEST")  # what is there already is an earlier test's
        self.deliver_out_of_order = False
        self._ended: deque[tuple[Connection, int, str]] = deque()

    # --- people ------------------------------------------------------------------------------------------------------

    def user(
        self,
        user_id: str,
        role: str | None = None,
        *,
        name: str | None = None,
        contexts: Mapping[str, Sequence[str]] | None = None,
        expires_in_s: int = tokens.DEFAULT_EXPIRES_IN_S,
    ) -> "User":
        """Returns a person who has signed in once, so that their profile is stored."""
        token = self.token(user_id, role, name=name, contexts=contexts, expires_in_s=expires_in_s)
        self.run(self.rest.sign_in(f"Bearer {token}"))
        return self.bearer(token, user_id)

    def token(
        self,
        user_id: str,
        role: str | None = None,
        *,
        name: str | None = None,
        contexts: Mapping[str, Sequence[str]] | None = None,
        expires_in_s: int = tokens.DEFAULT_EXPIRES_IN_S,
    ) -> str:
        """Returns a token that no authorizer has seen yet."""
        return tokens.mint(
            self.functions.environment,
            self.secret,
            now_s=self.clock() // 1000,
            user_id=user_id,
            name=user_id.title() if name is None else name,
            role=role,
            contexts=contexts,
            expires_in_s=expires_in_s,
        )

    def bearer(self, token: str, user_id: str = "") -> "User":
        """Returns the user of this token; nobody has signed in with it yet."""
        return User(self, token, user_id)

    # --- time and triggers -------------------------------------------------------------------------------------------

    def advance(self, seconds: float) -> None:
        """Moves the clock, and closes what API Gateway would have closed meanwhile."""
        self.clock.ms += int(seconds * 1000)
        self.websocket.close_stale()
        self.run(_nothing())

    def run_schedule(self, function: str) -> None:
        """Runs the schedule of a function (by logical id) now, with its retries."""
        found = [each for each in self.schedules if each.function == function]
        if not found:
            raise AssertionError(f"no schedule of the template invokes {function}")
        found[0].run(self.functions, self.store, datetime.fromtimestamp(self.clock() / 1000, UTC))
        self.run(_nothing())

    def drain(self) -> int:
        """Runs streams and queues until there is nothing left to do; returns the number of invocations."""
        total, retries = 0, iter(range(MAX_ROUNDS))
        for queue_url, body in self.held.due():
            self.store.client("sqs").send_message(QueueUrl=queue_url, MessageBody=body)
        if self.deliver_out_of_order:
            # A FIFO queue keeps its order.
            for queue in {mapping.queue.logical_id for mapping in self.queues if not mapping.is_fifo}:
                self.enqueue(queue, *reversed(self.dequeue(queue)))

        def may_retry(_: float) -> bool:
            return next(retries, None) is not None

        for _ in range(MAX_ROUNDS):
            count = sum(stream.poll(flush=True, sleep=may_retry) for stream in self.streams)
            count += self.poll_queues()
            self.run(_nothing())
            if count == 0 and next(retries, None) is not None:
                return total
            total += count
        raise AssertionError(f"streams and queues were still busy after {total} invocations")

    def poll_queues(self) -> int:
        """Lets each queue that may hold something have one batch delivered; returns how many batches there were."""
        held = calls.written.held(self.template)
        return sum(mapping.poll(retry_at_once=True) for mapping in self.queues if mapping.queue in held)

    # --- files and events --------------------------------------------------------------------------------------------

    def upload(self, form: Mapping[str, Any], body: bytes, **tampered_fields: str | None) -> int:
        """Posts a presigned form as a browser does; returns the status. A field that is None is left out."""
        given = {**form["fields"], **tampered_fields}
        fields = {name: value for name, value in given.items() if value is not None}
        url = str(form["url"])
        calls.written.buckets.add(presigned.bucket_of(url))
        return 403 if calls.expiries.is_over({"fields": fields}) else presigned.post(url, fields, body)

    def download(self, url: str, headers: Mapping[str, str] | None = None) -> Download:
        """Opens a presigned address as a browser does."""
        return Download(403, b"") if calls.expiries.is_over(url) else presigned.get(url, headers or {})

    def publish(self, source: str, detail_type: str, detail: Mapping[str, Any]) -> None:
        """Puts an event of an AWS service (`PutEvents` takes none) into the queues of the rules that it matches."""
        place = self.template.place
        event = {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": detail_type,
            "source": source,
            "account": place.account,
            "time": datetime.fromtimestamp(self.clock() / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": place.region,
            "resources": [],
            "detail": detail,
        }
        for rule in self.template.of_type("AWS::Events::Rule"):
            pattern = rule.properties.get("EventPattern")
            if pattern and Filter({"Filters": [{"Pattern": json_.dumps(pattern)}]}).passes(event):
                for target in rule.properties["Targets"]:
                    self.enqueue(self.template.by_arn(target["Arn"]).logical_id, json_.dumps(event))

    def enqueue(self, queue: str, *bodies: str) -> None:
        """Sends messages to a queue (by logical id)."""
        send = queues.sender(self.template, self.store)
        for body in bodies:
            send(queue, body)

    def dequeue(self, queue: str) -> list[str]:
        """Takes all messages out of a queue (by logical id); returns their bodies."""
        url, sqs, bodies = self.template.resources[queue].ref, self.store.client("sqs"), []
        while page := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in page:
                bodies.append(message["Body"])
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return bodies

    # --- faults ------------------------------------------------------------------------------------------------------

    @property
    def deliver_twice(self) -> bool:
        return self.functions.deliver_twice

    @deliver_twice.setter
    def deliver_twice(self, twice: bool) -> None:
        self.functions.deliver_twice = twice

    @property
    def lose_disconnects(self) -> Container[str]:
        return self.websocket.lose_disconnects

    @lose_disconnects.setter
    def lose_disconnects(self, which: bool | Container[str]) -> None:
        self.websocket.lose_disconnects = which if not isinstance(which, bool) else Everyone() if which else ()

    @contextmanager
    def watch(self) -> Iterator[list[Call]]:
        """Collects the AWS calls that functions make, in the order in which they return."""
        recorder = Recorder()
        with self._hooked(recorder):
            yield recorder.calls

    @contextmanager
    def kill(
        self, at: int, *, after: bool = False, counts: Callable[[Call], bool] = lambda call: True
    ) -> Iterator[Kill]:
        """Lets the next function die at its AWS call number `at`, or right `after` it, of those that it `counts`."""
        kill = Kill(at, after=after, counts=counts)
        with self._hooked(kill):
            yield kill

    @contextmanager
    def _hooked(self, hook: Hook) -> Iterator[None]:
        self.hooks.append(hook)
        try:
            yield
        finally:
            self.hooks.remove(hook)

    # --- the loop ----------------------------------------------------------------------------------------------------

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Steps a coroutine of the gateway to its end, then plays the $disconnects that it brought about."""
        result = _step(coroutine)
        while self._ended:
            _step(self.websocket.disconnected(*self._ended.popleft()))
        return result

    def ended(self, connection: Connection, code: int, reason: str) -> None:
        """Notes that a connection has ended; its $disconnect runs when the current invocation is over, as in AWS."""
        self._ended.append((connection, code, reason))


class Sent(TypedDict, total=False):
    """The parts of a REST request beside its method and path: a body as JSON or as it is, and headers."""

    json: object
    raw: bytes | str | None
    headers: Mapping[str, str | None] | None


class User:
    """A person with a token, at the door of the two APIs."""

    def __init__(self, parley: Parley, token: str, user_id: str) -> None:
        self.parley = parley
        self.token = token
        self.user_id = user_id

    def get(self, path: str, *, headers: Mapping[str, str | None] | None = None) -> Reply:
        return self.request("GET", path, headers=headers)

    def post(self, path: str, **sent: Unpack[Sent]) -> Reply:
        return self.request("POST", path, **sent)

    def put(self, path: str, **sent: Unpack[Sent]) -> Reply:
        return self.request("PUT", path, **sent)

    def patch(self, path: str, **sent: Unpack[Sent]) -> Reply:
        return self.request("PATCH", path, **sent)

    def delete(self, path: str, *, headers: Mapping[str, str | None] | None = None) -> Reply:
        return self.request("DELETE", path, headers=headers)

    def request(
        self,
        method: str,
        path: str,
        *,
        json: object = None,
        raw: bytes | str | None = None,
        headers: Mapping[str, str | None] | None = None,
    ) -> Reply:
        """Returns the answer; `path` stands below the stage and may carry a query string."""
        body = b"" if raw is None else raw if isinstance(raw, bytes) else raw.encode()
        own: dict[str, str | None] = {"Authorization": f"Bearer {self.token}"}
        if json is not None:
            body = json_.dumps(json).encode()
            own["Content-Type"] = "application/json"
        sent = [(name, value) for name, value in {**own, **(headers or {})}.items() if value is not None]
        api = self.parley.rest
        response = self.parley.run(api.handle(Request(method, f"/{api.stage}{path}", sent, body)))
        answered = {name.lower(): value for name, value in response.headers}
        content = gzip.decompress(response.body) if answered.get("content-encoding") == "gzip" else response.body
        reply = Reply(response.status, content.decode(), answered, len(response.body))
        if reply.text and self.parley.is_documented:
            assert reply.headers["x-content-type-options"] == "nosniff", (method, path)
            assert reply.headers["strict-transport-security"] == "max-age=63072000", (method, path)
            kind = reply.headers["content-type"].partition(";")[0]
            is_text = kind in ("text/csv", "text/html")
            told = reply.text if is_text else reply.json
            check_reply(method, path, reply.status, kind, told)
            if not is_text:
                examples.keep_request(method, path, body, reply.status, told)
        elif 300 <= reply.status < 400 and self.parley.is_documented:
            check_redirect(method, path, reply.status, reply.headers)
        return reply

    def connect(self, *, ticket: bool = True, subprotocol: bool = False) -> "Socket":
        """Returns an open socket, by a fresh ticket or with the token as a subprotocol; raises Refused."""
        if subprotocol:
            return self.open(headers=[("Sec-WebSocket-Protocol", f"bearer, {self.token}")])
        if not ticket:
            return self.open()
        issued = self.post("/ws-tickets")
        if issued.status >= 300:
            raise AssertionError(f"no ticket: {issued}")
        return self.open(query=f"?ticket={issued.json['ticket']}")

    def open(self, *, query: str = "", headers: Sequence[tuple[str, str]] = ()) -> "Socket":
        """Returns an open socket by a handshake of the test's own making; raises Refused."""
        socket = Socket(self)
        api = self.parley.websocket
        handshake = Handshake(f"/{api.stage}{query}", [("Host", "localhost"), *headers])
        socket.connection = self.parley.run(api.connect(handshake, socket.peer))
        return socket


class _Peer:
    """The gateway's end of a test's socket."""

    def __init__(self, socket: "Socket") -> None:
        self._socket = socket

    def send(self, text: str) -> bool:
        if not self._socket.is_full:
            self._socket.arrived.append(text)
        return not self._socket.is_full

    def close(self, code: int, reason: str) -> None:
        self._socket.closed = code
        self._socket.user.parley.ended(self._socket.connection, code, reason)


class Socket:
    """A person's end of one WebSocket connection."""

    connection: Connection

    def __init__(self, user: User) -> None:
        self.user = user
        self.peer = _Peer(self)
        self.arrived: deque[str] = deque()
        self.is_full = False
        self.closed: int | None = None
        self._taken: list[Frame] = []
        self._requests = 0

    @property
    def connection_id(self) -> str:
        return self.connection.connection_id

    @property
    def subprotocol(self) -> str | None:
        return self.connection.subprotocol

    @property
    def frames(self) -> list[Frame]:
        """Every frame that came and was not yet taken by `request` or `events`, in order."""
        while self.arrived:
            self._taken.append(json_.loads(self.arrived.popleft()))
        return self._taken

    def send(self, message: object, *, largest_frame_bytes: int | None = None) -> None:
        """Sends one message; text and bytes go as they are, all else as JSON. A long one is cut into legal frames."""
        if not isinstance(message, str | bytes):
            message = json_.dumps(message)
        largest = min(len(message), MAX_FRAME_BYTES) if largest_frame_bytes is None else largest_frame_bytes
        parley = self.user.parley
        parley.run(parley.websocket.receive(self.connection, message, largest))

    def request(self, action: str, data: object = None, *, request_id: str | None = None) -> Frame:
        """Sends an action and returns the one reply that carries its request id; AssertionError without exactly one."""
        self._requests += 1
        request_id = request_id or f"r{self._requests}"
        message: Frame = {"action": action, "request_id": request_id}
        if data is not None:
            message["data"] = data
        self.send(message)
        replies = [frame for frame in self.frames if frame.get("request_id") == request_id]
        if (
            action in QUIET and self.user.parley.deliver_twice
        ):  # such a function posts its reply, so each run of it does
            self._taken.remove(replies.pop())
        if len(replies) != 1:
            raise AssertionError(f"{len(replies)} replies to {message}; came: {self.frames}, closed: {self.closed}")
        self.frames.remove(replies[0])
        if self.user.parley.is_documented:
            check_frame(replies[0], action)
            examples.keep_action(message, replies[0])
        return replies[0]

    def events(self, name: str | None = None) -> list[Frame]:
        """Returns and forgets the event frames that came, all of them or those of one name."""
        found = [f for f in self.frames if f.get("type") == "event" and name in (None, f.get("event"))]
        for frame in found:
            if self.user.parley.is_documented:
                check_frame(frame)
                examples.keep_event(frame)
            self._taken.remove(frame)
        return found

    def close(self, code: int = 1000, reason: str = "") -> None:
        """The client goes away, and $disconnect runs unless it is lost."""
        if self.connection.state is State.OPEN:
            self.closed = code
            self.user.parley.ended(self.connection, code, reason)
            self.user.parley.run(_nothing())


async def _nothing() -> None:
    """Runs what is waiting to be run."""


def _step(coroutine: Coroutine[Any, Any, T]) -> T:
    """Returns the result of a coroutine that never waits: with functions called in place, the gateway's do not."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    raise AssertionError("the gateway waits for something that no in-process test can bring")
