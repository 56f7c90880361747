"""The two gateways on real ports, by Starlette and uvicorn: bytes in and out; the rules are elsewhere."""

import asyncio
import contextlib
import json
import logging
import socket
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import msgspec
import uvicorn
from msgspec import Struct
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets import http11
from websockets.frames import Frame

from local import management, rest, tokens
from local.demo import Demo
from local.functions import Functions
from local.hosts import Hosts
from local.mails import Answer, Outbox
from local.queues import SendMessage
from local.rest import MAX_BODY_BYTES, GatewayError, Request, RestApi
from local.terminal import Answered, Observe, nobody, problem_of
from local.tokens import Wanted
from local.web import Site
from local.websocket import (
    MAX_FRAME_BYTES,
    MAX_MESSAGE_BYTES,
    Connection,
    Everyone,
    Handshake,
    Refused,
    WebSocketApi,
)
from parley.domain.api.bodies import decode
from parley.domain.api.errors import Forbidden, Malformed, Refusal, Unprocessable

log = logging.getLogger(__name__)
# It logs the address of every handshake, which may hold a ticket.
logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
# It treats each handshake that is answered with a status as an error of ours.
logging.getLogger("uvicorn.error").addFilter(lambda record: "without completing handshake" not in record.getMessage())

# Bytes that may wait for a slow client, before a post to it answers 429. AWS names no number; this is ours.
MAX_WAITING_BYTES = 256 * 1024
ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = ("openapi.json", "asyncapi.json")  # of docs/, served below /local/
STALE_CHECK_S = 0.25
KEEP_ALIVE_S = 75  # botocore keeps its connections; uvicorn's 5 s would cut them while they are in use
SHUTDOWN_S = 3


def listen(port: int) -> socket.socket:
    """Returns a loopback socket on `port`, 0 for any free one; OSError if the port is in use."""
    # asyncio sets TCP_NODELAY only where the protocol is named (selector_events: `proto == IPPROTO_TCP`). Without it
    # every answer on a kept-alive connection waits 40 ms: uvicorn writes headers and body apart, and the kernel holds
    # the second write back until the client acknowledges the first.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen(2048)
    except OSError:
        listener.close()
        raise
    return listener


@asynccontextmanager
async def serving(apps: Sequence[tuple[Any, socket.socket]]) -> AsyncIterator[None]:
    """Serves each app on its socket; at the end it tells clients to go away, and lets running requests finish."""
    servers = [_server(app) for app, _ in apps]
    tasks = [asyncio.create_task(server.serve([listener])) for server, (_, listener) in zip(servers, apps, strict=True)]
    try:
        while not all(server.started for server in servers):
            if any(task.done() for task in tasks):
                break
            await asyncio.sleep(0.01)
        yield
    finally:
        for server in servers:
            server.should_exit = True
        await asyncio.gather(*tasks)


class _Server(uvicorn.Server):
    """uvicorn without signal handlers: two servers run side by side, and the stack stops both."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _server(app: Any) -> _Server:
    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        with contextlib.suppress(ClientDisconnect):  # the client has left within its body: nobody waits for an answer
            await app(scope, receive, send)

    config = uvicorn.Config(
        serve,
        http=_HalfClosing,
        ws=_FrameLimited,
        ws_max_size=MAX_MESSAGE_BYTES,  # larger: close 1009
        ws_ping_interval=None,  # API Gateway sends no pings
        ws_per_message_deflate=False,  # nor does it compress
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=SHUTDOWN_S,
        access_log=False,
        log_config=None,
        lifespan="off",
        server_header=False,
    )
    return _Server(config)


class _HalfClosing(H11Protocol):
    """uvicorn's HTTP protocol for clients that close their side after their last request, and then read the answer.

    uvicorn closes such a connection at once.
    """

    _has_ended = False

    def eof_received(self) -> bool:  # type: ignore[override]
        """Says whether asyncio must keep the connection for the answer to a whole request."""
        self._has_ended = True
        return self._is_answering()

    def on_response_complete(self) -> None:
        super().on_response_complete()  # which begins the next request, if the client has sent several
        if self._has_ended and not self._is_answering():
            self.transport.close()

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.more_body and not self.cycle.response_complete


# The library's own limits for a handshake (8,192 bytes a line, 128 headers) are below API Gateway's 10,240 bytes for
# all headers, which `websocket.py` holds. The library gives up a handshake over its limits without an answer.
http11.MAX_LINE_LENGTH, http11.MAX_NUM_HEADERS = 65_536, 4_096
_TOO_LARGE = b"HTTP/1.1 413 Payload Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class _FrameLimited(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket protocol with API Gateway's limit for one frame, which ASGI applications never see.

    It answers a handshake that the library cannot read; uvicorn would leave the client waiting.
    """

    _is_given_up = False

    def data_received(self, data: bytes) -> None:
        if self._is_given_up:
            return
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.handshake_initiated:
            self._is_given_up = True
            self.transport.write(_TOO_LARGE)
            self.transport.close()

    def shutdown(self) -> None:
        # uvicorn answers an open handshake with 500 here, which fails for one that the library has given up.
        if self._is_given_up:
            self.transport.close()
        else:
            super().shutdown()

    def handle_text(self, event: Frame) -> None:
        if self._fits(event):
            super().handle_text(event)

    def handle_cont(self, event: Frame) -> None:
        if self._fits(event):
            super().handle_cont(event)

    def _fits(self, event: Frame) -> bool:
        if len(event.data) <= MAX_FRAME_BYTES:
            return True
        if not self.close_sent:
            self.conn.fail(1009, "Message too long")
            self.handle_parser_exception()
        return False


class OnlyHosts:
    """An application that answers only requests for this machine's names, over HTTP and WebSocket."""

    def __init__(self, app: ASGIApp, hosts: Hosts) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._hosts.allow(scope["headers"]):
            await self._app(scope, receive, send)
            return
        refusal = JSONResponse(
            {"message": f"The Host must be one of {_listed(self._hosts)}; LOCAL_HOSTS adds names."}, 403
        )
        if scope["type"] == "websocket":
            socket = WebSocket(scope, receive, send)
            await socket.receive()  # the handshake
            await socket.send_denial_response(refusal)
        else:
            await refusal(scope, receive, send)


def _listed(hosts: Hosts) -> str:
    return ", ".join(sorted(hosts.names))


class Faults(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """PUT /local/faults: the faults that happen from now on."""

    lose_disconnects: bool | list[str] = False  # of all connections, or of the connections with these ids
    deliver_twice: bool = False


# --- REST ------------------------------------------------------------------------------------------------------------


def rest_app(
    api: RestApi,
    sockets: WebSocketApi,
    functions: Functions,
    secret: str,
    hosts: Hosts,
    send_to_queue: SendMessage,
    outbox: Outbox,
    observe: Observe = nobody,
    site: Site | None = None,
) -> ASGIApp:
    """Returns the application of the REST port: the API on its stage, and what does not exist on AWS.

    That is `/local/…`, and with a `site` its pages at `/` and below `/web/`, and their demo below `/local/demo`.
    """

    async def everything(scope: Scope, receive: Receive, send: Send) -> None:
        request = HttpRequest(scope, receive)
        source_ip = request.client.host if request.client else ""
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
        body = await _body(request)
        answer = await api.handle(Request(request.method, _target(scope), headers, body, source_ip))
        await _as_it_is(answer)(scope, receive, send)

    async def page(scope: Scope, receive: Receive, send: Send) -> None:
        assert site
        request = HttpRequest(scope, receive)
        answer = site.answer(request.method, scope["path"], request.headers)
        await _as_it_is(answer)(scope, receive, send)

    async def mint(wanted: Wanted) -> str:
        minted = tokens.mint_for(wanted, functions.environment, secret, now_s=int(time.time()))
        await _sign_in(api, minted)
        return minted

    async def token(request: HttpRequest) -> Response:
        try:
            minted = await mint(tokens.read_wanted(await request.body()))
        except Refusal as refusal:
            return _problem(refusal, request.url.path)
        return JSONResponse({"token": minted})

    async def faults(request: HttpRequest) -> Response:
        try:
            wanted = decode(await request.body(), Faults)
        except Refusal as refusal:
            return _problem(refusal, request.url.path)
        lose = wanted.lose_disconnects
        sockets.lose_disconnects = Everyone() if lose is True else frozenset(lose or ())
        functions.deliver_twice = wanted.deliver_twice
        return JSONResponse({"lose_disconnects": lose, "deliver_twice": wanted.deliver_twice})

    async def message(request: HttpRequest) -> Response:
        try:
            body = _object(await request.body())
            await asyncio.to_thread(send_to_queue, request.path_params["queue"], body)
        except Refusal as refusal:
            return _problem(refusal, request.url.path)
        return Response(status_code=202)

    async def document(request: HttpRequest) -> Response:
        text = (ROOT / "docs" / request.url.path.rpartition("/")[2]).read_bytes()
        return Response(text, media_type="application/json")

    async def mail(request: HttpRequest) -> Response:
        path = request.url.path.partition("/local/ses")[2]
        return _answered(
            await asyncio.to_thread(outbox.send_email, request.method, path, request.headers, await request.body())
        )

    async def mails(request: HttpRequest) -> Response:
        name, _, kind = request.path_params.get("name", "").partition(".")
        return _answered(await asyncio.to_thread(outbox.page, name, kind))

    ours = Starlette(
        routes=[
            Route("/token", token, methods=["POST"]),
            Route("/faults", faults, methods=["PUT"]),
            Route("/queues/{queue}", message, methods=["POST"]),
            Route("/ses/{path:path}", mail, methods=["POST"]),
            Route("/outbox", mails),
            Route("/outbox/{name}", mails),
            *(Route(f"/{name}", document) for name in DOCUMENTS),
            *(_demo_routes(Demo(api, mint, site.websocket_port, sockets.stage)) if site else ()),
        ],
        middleware=[Middleware(_Observed, observe=observe), Middleware(_OwnPages, hosts=hosts)],
    )
    local = Starlette(routes=[Mount("/local", ours)])

    async def either(scope: Scope, receive: Receive, send: Send) -> None:
        # Starlette's routes match no path with a newline, which a client can send as `%0A`.
        is_local = scope["type"] != "http" or scope["path"].startswith("/local/")
        is_page = site and scope["type"] == "http" and site.has(scope["method"], scope["path"])
        await (local if is_local else page if is_page else everything)(scope, receive, send)

    return OnlyHosts(either, hosts)


def _demo_routes(demo: Demo) -> list[Route]:
    async def described(_: HttpRequest) -> Response:
        return JSONResponse(demo.described())

    async def token(request: HttpRequest) -> Response:
        try:
            return JSONResponse({"token": await demo.token(await request.body())})
        except Refusal as refusal:
            return _problem(refusal, request.url.path)

    async def seed(request: HttpRequest) -> Response:
        try:
            await demo.seed()
        except Refusal as refusal:
            return _problem(refusal, request.url.path)
        return Response(status_code=204)

    return [
        Route("/demo", described),
        Route("/demo/token", token, methods=["POST"]),
        Route("/demo/seed", seed, methods=["POST"]),
    ]


def _as_it_is(answer: rest.Response) -> Response:
    """Returns an answer with its own headers only, and its length."""
    response = Response(answer.body, answer.status)
    response.raw_headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers]
    if answer.status not in (204, 304):
        response.raw_headers.append((b"content-length", str(len(answer.body)).encode()))
    return response


def _answered(answer: Answer) -> Response:
    return Response(answer.body, answer.status, answer.headers)


class _UnsupportedMediaType(Refusal):
    status = 415
    title = "Unsupported Media Type"


class _Observed:
    """Reports each answer below `/local`, as the gateways report theirs."""

    def __init__(self, app: ASGIApp, observe: Observe) -> None:
        self._app = app
        self._observe = observe

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        began_s, status, body = time.perf_counter(), 0, b""

        async def look(message: Message) -> None:
            nonlocal status, body
            status, body = message.get("status", status), message.get("body", body)
            await send(message)

        await self._app(scope, receive, look)
        ms, code = (time.perf_counter() - began_s) * 1000, problem_of(body)[1] if status >= 400 else None
        self._observe(Answered(scope["method"], scope["path"], status, ms, None, code, ""))


class _OwnPages:
    """Keeps other sites' pages away from the routes that only the local stack has.

    A page may send a form or plain text anywhere without asking; for `application/json` its browser asks first
    (Fetch standard, "CORS-safelisted request-header"), and gets leave for origins of this machine only.
    """

    def __init__(self, app: ASGIApp, hosts: Hosts) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = HttpRequest(scope, receive)
        try:
            cors = self._cors(request.headers.get("origin"))
            if request.method == "OPTIONS":
                await Response(status_code=204, headers=cors)(scope, receive, send)
                return
            if request.method != "GET":  # which changes nothing and has no body
                _check_json(request.headers.get("content-type", ""))
        except Refusal as refusal:
            await _problem(refusal, request.url.path)(scope, receive, send)
            return

        async def send_with_cors(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(cors)
            await send(message)

        await self._app(scope, receive, send_with_cors)

    def _cors(self, origin: str | None) -> dict[str, str]:
        """Returns the headers that let a page of this machine in; raises Forbidden for other pages."""
        if origin is None:
            return {}
        if not self._hosts.allow_origin(origin):
            detail = "Only pages of this machine may ask for this; LOCAL_HOSTS adds names."
            raise Forbidden("forbidden", detail, rule="local_origin")
        return {
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Allow-Methods": "GET, POST, PUT, OPTIONS",
            "Access-Control-Allow-Headers": "Content-Type",
            "Vary": "Origin",
        }


def _check_json(content_type: str) -> None:
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise _UnsupportedMediaType("unsupported_media_type", "The Content-Type must be application/json.")


def _object(raw: bytes) -> str:
    """Returns a JSON object as text; raises Malformed for anything else."""
    try:
        return json.dumps(msgspec.json.decode(raw, type=dict[str, Any]))
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise Malformed("malformed_json", "The body is not a JSON object in UTF-8.") from None


def _problem(refusal: Refusal, instance: str) -> Response:
    # Only after the functions' environment is set: the import makes their logger, which reads it.
    from parley.triggers.problems import encode, problem

    text = encode(problem(refusal, instance, "local"))
    return Response(text, refusal.status, media_type="application/problem+json")


async def _sign_in(api: RestApi, token: str) -> None:
    """Shows a token to the authorizer, so that the profile is stored; raises Unprocessable if it refuses."""
    try:
        await api.sign_in(f"Bearer {token}")
    except GatewayError as problem:
        detail = f"The authorizer does not take such a token ({problem.kind}); its log says why."
        raise Unprocessable("token_refused", detail) from problem


async def _body(request: HttpRequest) -> bytes:
    """Returns the body, or a part that shows that it is too large; reads the rest anyway."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk[: MAX_BODY_BYTES + 1 - len(body)]
    return bytes(body)


def _target(scope: Scope) -> str:
    query = scope["query_string"].decode("latin-1")
    raw_path = scope["raw_path"].decode("latin-1")
    return f"{raw_path}?{query}" if query else raw_path


# --- WebSocket and @connections --------------------------------------------------------------------------------------


class _Peer:
    """The gateway's end of a socket: frames wait here, so that no request waits for a slow client."""

    def __init__(self) -> None:
        self._waiting: asyncio.Queue[str | tuple[int, str]] = asyncio.Queue()
        self._waiting_bytes = 0

    def send(self, text: str) -> bool:
        size = len(text.encode())
        if self._waiting_bytes + size > MAX_WAITING_BYTES and self._waiting_bytes:
            return False
        self._waiting_bytes += size
        self._waiting.put_nowait(text)
        return True

    def close(self, code: int, reason: str) -> None:
        self._waiting.put_nowait((code, reason))

    async def write(self, socket: WebSocket) -> None:
        """Sends the waiting frames, until the connection is closed from either side."""
        with contextlib.suppress(WebSocketDisconnect):  # the reader of the socket hears of it too, and acts
            while True:
                match await self._waiting.get():
                    case str(text):
                        await socket.send_text(text)
                        self._waiting_bytes -= len(text.encode())
                    case (code, reason):
                        await socket.close(code, reason)
                        return


class WebSocketApp:
    """The application of the WebSocket port: handshakes and messages, and `@connections` over HTTP."""

    def __init__(self, api: WebSocketApi) -> None:
        self._api = api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._socket(WebSocket(scope, receive, send))
        else:
            await self._management(HttpRequest(scope, receive), send)

    async def close_stale(self) -> None:
        """Closes idle and old connections, for ever."""
        while True:
            await asyncio.sleep(STALE_CHECK_S)
            self._api.close_stale()

    async def _management(self, request: HttpRequest, send: Send) -> None:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in request.scope["headers"]}
        path = request.scope["raw_path"].decode("latin-1")
        answer = management.answer(self._api, request.method, path, headers, await _body(request))
        await Response(answer.body, answer.status, answer.headers)(request.scope, request.receive, send)

    async def _socket(self, socket: WebSocket) -> None:
        await socket.receive()  # the handshake
        peer = _Peer()
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in socket.scope["headers"]]
        source_ip = socket.client.host if socket.client else ""
        try:
            connection = await self._api.connect(Handshake(_target(socket.scope), headers, source_ip), peer)
        except Refused as refused:
            await socket.send_denial_response(JSONResponse({"message": refused.message}, refused.status))
            return
        code, reason = 1006, ""
        writer: asyncio.Task[None] | None = None
        try:
            await socket.accept(connection.subprotocol)
            writer = asyncio.create_task(peer.write(socket))
            code, reason = await self._messages(socket, connection)
        except WebSocketDisconnect:
            log.info("a client did not wait for its handshake")
        finally:
            if writer:
                writer.cancel()
            await self._api.disconnected(connection, code, reason)

    async def _messages(self, socket: WebSocket, connection: Connection) -> tuple[int, str]:
        """Plays messages, each on its own, until the connection ends; returns the closing code and reason."""
        playing: set[asyncio.Task[None]] = set()
        while True:
            message = await socket.receive()
            if message["type"] == "websocket.disconnect":
                return message.get("code", 1006), message.get("reason") or ""
            text = message.get("text")
            task = asyncio.create_task(self._api.receive(connection, message["bytes"] if text is None else text))
            playing.add(task)
            task.add_done_callback(playing.discard)
