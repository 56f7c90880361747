"""Writes the first version of a new operation in all its places: `make operation NAME= ROUTE= ACTION=`.

What it writes runs and fails: the action raises NotImplementedError, and the test says so. The page
docs/contribute/adding-an-operation.md takes it from there.
"""

import json
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

ROOT = Path(__file__).parents[1]
USAGE = """make operation NAME=list_links ROUTE='GET /conversations/{conversation_id}/links' ACTION=messages.links
make operation NAME=typing_pause ROUTE='typing_pause {conversation_id}' ACTION=live.open_conversations"""
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
# Ids of the conversation and the message that all of events/ tell of; another part of a path is its own name.
SAMPLES = {
    "conversation_id": "d_rcacaty2c4itxxpmvchtux4jlq",
    "message_id": "d_rcacaty2c4itxxpmvchtux4jlq.1",
    "user_id": "bob",
    "emoji": "👍",
}


class Refused(Exception):
    """The operation cannot be written; the message says why."""


@dataclass(frozen=True)
class Operation:
    """A new operation. `action` is area and module below `parley.actions`; `method` is "" for a WebSocket action."""

    name: str
    method: str
    path: str  # of a WebSocket action, the ids that it takes: `{conversation_id}`
    action: str

    @classmethod
    def of(cls, name: str, route: str, action: str) -> "Operation":
        """Returns the operation; Refused names the argument that is wrong."""
        if not re.fullmatch(r"[a-z]+(_[a-z]+)*", name):
            raise Refused(f"NAME={name} is no name in snake case: list_mentions")
        if not re.fullmatch(r"[a-z_]+\.[a-z_]+", action):
            raise Refused(f"ACTION={action} is no area and module below parley/actions: messages.mentions")
        first, _, rest = route.partition(" ")
        if first in METHODS and re.fullmatch(r"(/([a-z-]+|\{[a-z_]+\}))+", rest):
            return cls(name, first, rest, action)
        if first == name and re.fullmatch(r"\{.*\}", rest):
            return cls(name, "", rest, action)
        raise Refused(f"ROUTE={route} is neither a method and a path nor the action's own name with its fields")

    @property
    def kind(self) -> str:
        return "rest" if self.method else "websocket"

    @property
    def logical_id(self) -> str:
        """Returns the function's name in the template, as tests/template/test_layout.py wants it."""
        return ("" if self.method else "On") + self.name.title().replace("_", "")

    @property
    def parts(self) -> list[str]:
        """Returns the ids that its path, or its data, holds."""
        return re.findall(r"[a-z_]+_id|emoji", self.path)

    @property
    def module(self) -> str:
        return self.action.partition(".")[2]

    @property
    def is_list(self) -> bool:
        """Says whether it answers with pages: it takes `cursor` and `limit` then, and says `next`."""
        return self.method == "GET" and self.name.startswith("list_")

    @property
    def answer(self) -> str:
        """Returns the name of the class that the action returns: `LinkList` of list_links."""
        if self.is_list:
            return self.name.removeprefix("list_").removesuffix("s").title().replace("_", "") + "List"
        return self.name.title().replace("_", "") + "Answer"


def main(arguments: list[str]) -> int:
    """Writes the files and prints what is left to do; 2 if the arguments are wrong."""
    try:
        operation = Operation.of(*arguments)
        written = write(operation, ROOT)
    except (Refused, TypeError) as error:
        print(
            f"{error if isinstance(error, Refused) else 'NAME, ROUTE and ACTION are needed'}\n\n{USAGE}",
            file=sys.stderr,
        )
        return 2
    print("written:", *written, "", "next: docs/contribute/adding-an-operation.md, from step 3 on", sep="\n  ")
    return 0


def write(operation: Operation, root: Path) -> list[str]:
    """Writes the operation below `root`, and returns the files; Refused if one of that name is there."""
    handler = f"functions/{operation.kind}/{operation.name}.py"
    if (root / handler).exists():
        raise Refused(f"{handler} is there already")
    action = f"layers/shared/parley/actions/{operation.action.replace('.', '/')}.py"
    texts = {
        handler: handler_text(operation),
        action: action_text(operation, (root / action).read_text(encoding="utf-8") if (root / action).exists() else ""),
        f"events/{operation.kind}/{operation.name}.json": event_text(operation, root),
        f"tests/functional/{operation.kind}/test_{operation.name}.py": test_text(operation),
        **template_texts(operation, root),
    }
    for path, text in texts.items():
        (root / path).write_text(text, encoding="utf-8")
    return list(texts)


def handler_text(operation: Operation) -> str:
    """Returns the handler: one call of the action of its own name."""
    imports = f"from parley.actions.{operation.action.partition('.')[0]} import {operation.module}\n"
    answer, called = f"{operation.module}.{operation.answer}", f"{operation.module}.{operation.name}"
    if operation.method:
        asks = "" if operation.method == "GET" else "asks=LIVE"
        takes, gives = "".join(f", {part}: str" for part in operation.parts), ["request", *operation.parts]
        query, statuses = "", "200, 404"
        if operation.is_list:
            asks, query, statuses = "query=Page", "?cursor=&limit=", "200, 400, 404"
            takes, gives = f"{takes}, query: Page", [*gives, "query"]
        return (
            f'"""{operation.method} {operation.path}{query}: what it does, in a sentence.\n\n{statuses}.\n"""\n\n'
            f"{imports}"
            "from parley.domain.api.request import Request\n"
            + ("from parley.domain.api.limits import LIVE\n" if "LIVE" in asks else "")
            + ("from parley.domain.api.requests import Page\n" if operation.is_list else "")
            + "from parley.triggers.rest import Reply, ok, operation\n\n\n"
            f"@operation({asks})\n"
            f"def handler(request: Request{takes}) -> Reply[{answer}]:\n"
            f"    return ok({called}({', '.join(gives)}))\n"
        )
    return (
        f'"""{operation.name} {operation.path}: what it does, in a sentence."""\n\n{imports}'
        "from parley.domain.api.request import Request\n"
        "from parley.domain.api.limits import LIVE\n"
        "from parley.domain.api.requests import OfConversation\n"
        "from parley.triggers.websocket import action\n\n\n"
        "@action(OfConversation, asks=LIVE)\n"
        f"def handler(request: Request, data: OfConversation) -> {answer}:\n"
        f"    return {called}(request, data.conversation_id)\n"
    )


def action_text(operation: Operation, before: str) -> str:
    """Returns the action's module with the new function at its end; `before` is the module as it is, or ""."""
    taken = "".join(f", {part}: str" for part in operation.parts) + (", query: Page" if operation.is_list else "")
    imports = ["from msgspec import Struct", "from parley.domain.api.request import Request"]
    if operation.is_list:
        imports.append("from parley.domain.api.requests import Page")
    fields = "    next: str | None\n\n" if operation.is_list else ""
    function = (
        f"\n\nclass {operation.answer}(Struct, frozen=True, kw_only=True):\n"
        f'    """The answer of {operation.name}."""\n\n{fields}\n'
        f"def {operation.name}(request: Request{taken}) -> {operation.answer}:\n"
        f'    """Returns what it returns; errors and round trips."""\n'
        f"    raise NotImplementedError\n"
    )
    if not before:
        before = '"""What the operations of this module do, in a sentence."""\n\n'
    return _importing(before, *imports) + function


def _importing(text: str, *lines: str) -> str:
    """Returns a module's text with these imports too; `ruff check --fix` puts them in order."""
    missing = [line for line in lines if not re.search(rf"^{re.escape(line)}\b", text, re.MULTILINE)]
    first = re.search(r"^(from|import) ", text, re.MULTILINE)
    at = first.start() if first else len(text)
    return text[:at] + "".join(f"{line}\n" for line in missing) + text[at:]


def event_text(operation: Operation, root: Path) -> str:
    """Returns the event as API Gateway sends it, made from another operation's."""
    model = "rest/list_pins.json" if operation.method else "websocket/typing_stop.json"
    event: dict[str, Any] = json.loads((root / "events" / model).read_text(encoding="utf-8"))
    values = {part: SAMPLES.get(part, part) for part in operation.parts}
    context = event["requestContext"]
    if not operation.method:
        context["routeKey"] = operation.name
        event["body"] = json.dumps({"action": operation.name, "request_id": "r7", "data": values}, ensure_ascii=False)
        return _json(event)
    path = operation.path
    for part, value in values.items():
        path = path.replace(f"{{{part}}}", value)
    event |= {"resource": operation.path, "path": path, "httpMethod": operation.method}
    event["pathParameters"] = values or None
    context |= {"resourcePath": operation.path, "path": f"/v1{path}", "httpMethod": operation.method}
    if operation.method in ("POST", "PUT", "PATCH"):
        event["body"] = "{}"
    return _json(event)


def _json(event: dict[str, Any]) -> str:
    return json.dumps(event, indent=2, ensure_ascii=False) + "\n"


def test_text(operation: Operation) -> str:
    """Returns a test that comes through the door and fails as long as the action is not written."""
    talk, arranged = _arranged(operation)
    if operation.method:
        title, good, asked = f"{operation.method} {operation.path}", "reply.status == 200", _asked(operation)
    else:
        title, good = f"{operation.name} {operation.path}", 'reply["type"] == "ack"'
        asked = f'bob.connect().request("{operation.name}", {{"conversation_id": direct}})'
    imported = f"from tests.functional.talk import {', '.join(talk)}\n" if talk else ""
    return (
        f'"""{title}: what it does, in a sentence."""\n\n'
        f"{imported}from tests.harness import Parley\n\n\n"
        f"def test_{operation.name}_does_what_it_says(parley: Parley) -> None:\n"
        f"{arranged}\n"
        f"    reply = {asked}\n\n"
        f"    assert {good}, reply\n"
    )


def _arranged(operation: Operation) -> tuple[list[str], str]:
    """Returns what a test takes from `talk`, and its first lines: no variable that its request does not use."""
    needs_message = bool(operation.method) and "message_id" in operation.parts
    if operation.method and not needs_message and "conversation_id" not in operation.parts:
        return [], '    bob = parley.user("bob")\n'
    lines = '    alice, bob = parley.user("alice"), parley.user("bob")\n    direct = open_direct(alice, bob)\n'
    if needs_message:
        return ["open_direct", "say"], lines + '    [message_id] = say(alice, direct, "hello")\n'
    return ["open_direct"], lines


def _asked(operation: Operation) -> str:
    """Returns the request of a route, as a test writes it."""
    path = operation.path.replace("{conversation_id}", "{direct}")
    for part in set(operation.parts) - {"conversation_id", "message_id"}:
        path = path.replace(f"{{{part}}}", quote(SAMPLES.get(part, part)))
    more = ", json={}" if operation.method in ("POST", "PUT", "PATCH") else ""
    return f'bob.{operation.method.lower()}({"f" if "{" in path else ""}"{path}"{more})'


# --- template.yaml and stacks/ ---------------------------------------------------------------------------------------


def template_texts(operation: Operation, root: Path) -> dict[str, str]:
    """Returns both templates with the function and what calls it, by their paths."""
    area = operation.action.partition(".")[0]
    stack = f"stacks/{area}.yaml"
    if not (root / stack).exists():
        raise Refused(f"there is no {stack}: an area of its own is described in docs/contribute/architecture.md")
    parent = (root / "template.yaml").read_text(encoding="utf-8")
    uri = f"${{{area.title()}Stack.Outputs.IntegrationUris}}{operation.logical_id}/invocations"
    called = _with_route(parent, operation, uri) if operation.method else _with_action(parent, operation, uri)
    functions = _before((root / stack).read_text(encoding="utf-8"), r"^Outputs:$", _function(operation))
    return {"template.yaml": called, stack: functions}


def _function(operation: Operation) -> str:
    """Returns the function with what every one may do: read who is signed out, read and count the caller's limits."""
    logs = "RestLogs" if operation.method else "WebSocketLogs"
    return (
        f"  {operation.logical_id}:\n    Type: AWS::Serverless::Function\n    Properties:\n"
        f"      Handler: {operation.kind}.{operation.name}.handler\n"
        f"      FunctionName: !Sub ${{StackName}}_{operation.logical_id}\n"
        f"      LoggingConfig: {{LogGroup: !Ref {logs}}}\n      Policies:\n        - Statement:\n"
        "            - *decrypt\n            - *read_account_states\n            - *read_update_rates\n\n"
    )


def _with_route(template: str, operation: Operation, uri: str) -> str:
    """Returns the template with one method more, after the path's other methods or after the last path."""
    method = (
        f"            {operation.method.lower()}: "
        f'{{x-amazon-apigateway-integration: {{<<: *lambda, uri: !Sub "{uri}"}}}}\n'
    )
    path = f"          {operation.path}:\n"
    last = list(
        re.finditer(r"^            \w+: \{x-amazon-apigateway-integration: \{<<: \*lambda.*\n", template, re.MULTILINE)
    )
    at = template.index(path) + len(path) if path in template else last[-1].end()
    return template[:at] + ("" if path in template else path) + method + template[at:]


def _with_action(template: str, operation: Operation, uri: str) -> str:
    """Returns the template with the action's integration, route and route response, which the stage waits for."""
    name = operation.logical_id
    resources = (
        f"  {name}Integration:\n    Type: AWS::ApiGatewayV2::Integration\n    Properties:\n"
        "      ApiId: !Ref WebSocketApi\n      IntegrationType: AWS_PROXY\n      IntegrationMethod: POST\n"
        "      CredentialsArn: !GetAtt WebSocketInvoker.Arn\n"
        f"      IntegrationUri: !Sub {uri}\n\n"
        f"  {name}Route:\n    Type: AWS::ApiGatewayV2::Route\n    Properties:\n"
        f"      ApiId: !Ref WebSocketApi\n      RouteKey: {operation.name}\n"
        f"      Target: !Sub integrations/${{{name}Integration}}\n      RouteResponseSelectionExpression: $default\n\n"
        f"  {name}RouteResponse:\n    Type: AWS::ApiGatewayV2::RouteResponse\n"
        f"    Properties: {{ApiId: !Ref WebSocketApi, RouteId: !Ref {name}Route, RouteResponseKey: $default}}\n\n"
    )
    waits = re.search(r"^      - On\w+RouteResponse\n", template, re.MULTILINE)
    if waits is None:
        raise Refused("template.yaml has no DependsOn of route responses")
    template = template[: waits.start()] + f"      - {name}RouteResponse\n" + template[waits.start() :]
    return _before(template, r"^  On\w+Integration:$", resources)


def _before(text: str, pattern: str, added: str) -> str:
    found: Iterable[re.Match[str]] = re.finditer(pattern, text, re.MULTILINE)
    for match in found:
        return text[: match.start()] + added + text[match.start() :]
    raise Refused(f"there is no line {pattern} to write before")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
