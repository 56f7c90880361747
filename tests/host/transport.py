"""Both clients over a transport that answers what a test says, and records what it was asked."""

import asyncio
import inspect
import json
from collections.abc import AsyncIterator, Callable, Iterable
from itertools import chain, repeat
from typing import Any

import httpx

from parley_host import AsyncParley, Parley, Retries, Signer

SECRET = "a secret of more than thirty-two bytes"
URL = "https://parley.example/v1"
AT_ONCE = Retries(first_s=0, longest_s=0, patience_s=5)

Answer = httpx.Response | Exception


def ok(body: object, status: int = 200) -> httpx.Response:
    return httpx.Response(status, json=body)


def refusal(status: int, code: str, **members: object) -> httpx.Response:
    document = {"type": f"urn:parley:problem:{code}", "title": "T", "detail": "D.", "code": code, "request_id": "q"}
    return httpx.Response(status, json={**document, "status": status, **members})


class Server:
    """A server that gives its answers in their order, and the last one for ever; or computes each of them."""

    def __init__(self, *answers: Answer | Callable[[httpx.Request], Answer]) -> None:
        self._answers = chain(answers, repeat(answers[-1]))
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = next(self._answers)
        given = answer if isinstance(answer, httpx.Response | Exception) else answer(request)
        if isinstance(given, Exception):
            raise given
        return httpx.Response(given.status_code, content=given.content, headers=given.headers)

    @property
    def bodies(self) -> list[Any]:
        return [json.loads(request.content) for request in self.requests]

    @property
    def lines(self) -> list[str]:
        return [f"{request.method} {request.url.raw_path.decode()}" for request in self.requests]


Ask = Callable[..., Any]


def sync_ask(server: Server, retries: Retries = AT_ONCE) -> Ask:
    """Returns a function that calls a method of the client without asyncio."""

    def ask(method: str, *arguments: object, **named: object) -> Any:
        with Parley(URL, Signer(SECRET), retries=retries, transport=httpx.MockTransport(server)) as parley:
            given = getattr(parley, method)(*arguments, **named)
            return list(given) if inspect.isgenerator(given) else given

    return ask


def async_ask(server: Server, retries: Retries = AT_ONCE) -> Ask:
    """Returns a function that calls a method of the client for asyncio."""

    async def asked(method: str, arguments: Iterable[object], named: dict[str, object]) -> Any:
        async with AsyncParley(URL, Signer(SECRET), retries=retries, transport=httpx.MockTransport(server)) as parley:
            given = getattr(parley, method)(*arguments, **named)
            return [item async for item in given] if isinstance(given, AsyncIterator) else await given

    def ask(method: str, *arguments: object, **named: object) -> Any:
        return asyncio.run(asked(method, arguments, named))

    return ask
