"""The operations of both APIs, read from template.yaml, the handlers' docstrings and their annotations."""

import importlib
import inspect
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, get_args, get_origin, get_type_hints

from local import template
from local.template import Resource, Template

ROOT = Path(__file__).parents[1]
SOCKET_EVENTS = ("$connect", "$disconnect", "$default")  # routes that no client names

# "201, 200 (replayed), 400." at the end of a line
_STATUSES = re.compile(r"(\d{3}(?: \([^)]*\))?)(, \d{3}(?: \([^)]*\))?)*\.$", re.MULTILINE)


class Undocumented(Exception):
    """A handler lacks something that the documents need; the message names it."""


@dataclass(frozen=True)
class Operation:
    """One operation of one API. `statuses` has a remark, or "", on each; `takes` is the body, or an action's data."""

    name: str
    route: str  # as the docstring has it: `POST /messages`, `ping {}`
    summary: str  # one sentence
    description: str  # the whole docstring
    statuses: dict[int, str]
    takes: type | None
    query: type | None
    replies: Any  # a type


@dataclass(frozen=True)
class RestOperation(Operation):
    """One method of one path."""

    method: str
    path: str


def load() -> Template:
    """Returns the template, and sets the environment of the handlers' imports from it."""
    loaded = template.load(ROOT / "template.yaml")
    for function in loaded.of_type("AWS::Lambda::Function"):
        for name, value in function.properties["Environment"]["Variables"].items():
            os.environ.setdefault(name, str(value))
    os.environ.setdefault("AWS_DEFAULT_REGION", loaded.place.region)
    sys.path[:0] = [str(ROOT / "functions"), str(ROOT / "layers" / "shared"), str(ROOT / "layers" / "media")]
    return loaded


def rest_operations(loaded: Template) -> Iterator[RestOperation]:
    """Yields every operation of the REST API, by path and method."""
    [api] = loaded.of_type("AWS::ApiGateway::RestApi")
    for path, methods in sorted(api.properties["Body"]["paths"].items()):
        for method, integrated in methods.items():
            integration = integrated["x-amazon-apigateway-integration"]
            if integration["type"] == "aws_proxy":
                operation = _operation(_function(loaded, integration["uri"]), "body")
                yield RestOperation(**vars(operation), method=method, path=path)


def actions(loaded: Template) -> Iterator[Operation]:
    """Yields every action of the WebSocket API, by name."""
    for route in sorted(loaded.of_type("AWS::ApiGatewayV2::Route"), key=lambda one: str(one.properties["RouteKey"])):
        if route.properties["RouteKey"] not in SOCKET_EVENTS:
            integration = loaded.resources[route.properties["Target"].removeprefix("integrations/")]
            yield _operation(_function(loaded, integration.properties["IntegrationUri"]), "data")


def _function(loaded: Template, uri: str) -> Resource:
    """Returns the function that an integration's address invokes."""
    return loaded.by_arn(uri.partition("/functions/")[2].removesuffix("/invocations"))


def _operation(function: Resource, taken: str) -> Operation:
    module = importlib.import_module(function.properties["Handler"].removesuffix(".handler"))
    route, summary, statuses = _docstring(module)
    hints = get_type_hints(inspect.unwrap(module.handler))
    return Operation(
        name=module.__name__.rpartition(".")[2],
        route=route,
        summary=_first_sentence(summary),
        description=summary,
        statuses=statuses,
        takes=hints.get(taken),
        query=hints.get("query"),
        replies=_reply(module, hints.get("return")),
    )


def _docstring(module: ModuleType) -> tuple[str, str, dict[int, str]]:
    """Returns the route, the sentences and the statuses that a handler's module starts with."""
    text = inspect.cleandoc(module.__doc__ or "")
    found = _STATUSES.search(text)
    route, colon, sentences = (text.replace(found[0], "") if found else text).partition(": ")
    if not colon:
        raise Undocumented(f"{module.__name__} does not start with its route and a colon")
    statuses = re.findall(r"(\d{3})(?: \(([^)]*)\))?", found[0] if found else "")
    summary = " ".join(sentences.split())
    return route, summary[:1].upper() + summary[1:], {int(status): remark for status, remark in statuses}


def _first_sentence(text: str) -> str:
    return re.split(r"(?<=[.])\s+(?=[A-Z`])", text, maxsplit=1)[0]


def _reply(module: ModuleType, annotated: Any) -> Any:
    """Returns the type of a handler's answer: for a REST handler, the type inside `Reply[…]`."""
    if annotated is None:
        raise Undocumented(f"{module.__name__} does not say what its handler returns")
    inner = get_args(annotated)
    return inner[0] if inner and getattr(get_origin(annotated), "__name__", "") == "Reply" else annotated


def is_page(one: Operation) -> bool:
    """Says whether an operation answers a page in HTML, to people without a token."""
    return getattr(one.replies, "__name__", "") == "Html"


def without_table(replies: Any) -> tuple[Any, bool]:
    """Returns the type of the JSON that an operation answers, and whether it can answer a table (CSV) in its place."""
    kinds = get_args(replies)
    tables = [kind for kind in kinds if getattr(kind, "__name__", "") == "Csv"]
    others = [kind for kind in kinds if kind not in tables]
    return (others[0], True) if tables and len(others) == 1 else (replies, False)
