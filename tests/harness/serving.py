"""Servers on this machine that behave well or badly, for what asks the servers of others."""

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

MOST_READ = 100_000  # of a body
Serve = Callable[[socket.socket, bytes], None]


class Server:
    """A server on a free port that keeps what it was sent; `serve` answers, and may do it badly."""

    def __init__(self, serve: Serve, wrap: Callable[[socket.socket], socket.socket] = lambda sock: sock) -> None:
        self._serve, self._wrap = serve, wrap
        self.asked: list[bytes] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                sock, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(sock,), daemon=True).start()

    def _answer(self, sock: socket.socket) -> None:
        try:
            with self._wrap(sock) as wrapped:
                request = b""
                while b"\r\n\r\n" not in request and (more := wrapped.recv(65536)):
                    request += more
                sent = re.search(rb"content-length: (\d+)", request)
                _, _, body = request.partition(b"\r\n\r\n")
                while sent and len(body) < int(sent[1]) < MOST_READ and (more := wrapped.recv(65536)):
                    request, body = request + more, body + more
                self.asked.append(request)
                self._serve(wrapped, request)
        except OSError:
            return  # the client left, which most of these servers are made for

    def close(self) -> None:
        self._listening.close()


@contextmanager
def serving(serve: Serve | bytes, **options: Any) -> Iterator[Server]:
    """A server while it is needed: it sends these bytes, or does what `serve` does."""
    server = Server((lambda sock, _: sock.sendall(serve)) if isinstance(serve, bytes) else serve, **options)
    try:
        yield server
    finally:
        server.close()


def answer(status: str = "200 OK", body: bytes = b"", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body
