"""The commands of `make run`, `make reset` and `make token`: see `python -m local --help`."""

import argparse
import json
import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "layers" / "shared"))  # the package decides what a token may hold

from local import stack, template, tokens  # noqa: E402  # after the line above, which makes `parley` importable
from local.functions import Functions  # noqa: E402
from local.stack import Options, StackError  # noqa: E402
from local.template import TemplateError  # noqa: E402
from local.websocket import Limits  # noqa: E402
from parley.domain.api.errors import Refusal  # noqa: E402


def main(arguments: Sequence[str]) -> int:
    """Runs one command; returns its exit code, 1 with one line on the terminal if it fails."""
    chosen = _parser().parse_args(arguments)
    try:
        match chosen.command:
            case "run":
                stack.run(_options(chosen))
            case "reset":
                stack.reset(_options(chosen))
            case "recover":
                print("\n".join(stack.recover(_options(chosen)) or ["Nothing is damaged."]))
            case "token":
                print(_token(chosen, _options(chosen)))
    except (StackError, TemplateError) as problem:
        print(f"parley: {problem}", file=sys.stderr)
        return 1
    except Refusal as refusal:
        print(f"parley: {refusal.detail}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local", description="Parley on this machine.")
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="serve REST (REST_PORT, 3000) and WebSocket (WS_PORT, 3001) until Ctrl-C")
    run.add_argument("--idle-s", type=float, default=600, help="close connections idle for so long (AWS: 600)")
    run.add_argument("--lifetime-s", type=float, default=7200, help="close connections as old as this (AWS: 7200)")
    run.add_argument("-q", "--quiet", action="store_true", help="do not print a line for each request")
    run.add_argument("--parameter", action="append", default=[], metavar="NAME=VALUE", help="of template.yaml")
    token = commands.add_parser("token", help="print a token for a person")
    token.add_argument("--user", required=True)
    token.add_argument("--name")
    token.add_argument("--role")
    token.add_argument("--context", action="append", default=[], metavar="TYPE=ID", help="class=7b, say; repeatable")
    token.add_argument("--expires-in-s", type=int, default=tokens.DEFAULT_EXPIRES_IN_S)
    reset = commands.add_parser("reset", help="forget everything that is stored")
    recover = commands.add_parser("recover", help="set damaged files of the store aside, and say what is lost by that")
    for command in (run, token, reset, recover):
        command.add_argument("--state", type=Path, default=ROOT / ".parley", help="where everything is kept")
    return parser


def _options(chosen: argparse.Namespace) -> Options:
    if chosen.command != "run":
        return Options(root=ROOT, state=chosen.state)
    return Options(
        root=ROOT,
        state=chosen.state.resolve(),
        rest_port=_port("REST_PORT", 3000),
        websocket_port=_port("WS_PORT", 3001),
        parameters=_pairs(chosen.parameter),
        is_quiet=chosen.quiet,
        limits=Limits(idle_ms=int(chosen.idle_s * 1000), lifetime_ms=int(chosen.lifetime_s * 1000)),
    )


def _port(variable: str, default: int) -> int:
    text = os.environ.get(variable) or str(default)
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise StackError(f"{variable} is {text!r}, but a port is a number from 0 to 65535.")
    return int(text)


def _pairs(texts: Sequence[str]) -> dict[str, str]:
    for text in texts:
        if "=" not in text:
            raise StackError(f"{text!r} is not NAME=VALUE.")
    return dict(text.split("=", 1) for text in texts)


def _token(chosen: argparse.Namespace, options: Options) -> str:
    """Returns a token: from the running stack, which then knows the person, else one made here."""
    contexts: dict[str, list[str]] = {}
    for text in chosen.context:
        kind, identifier = next(iter(_pairs([text]).items()))
        contexts.setdefault(kind, []).append(identifier)
    asked = {"user_id": chosen.user, "name": chosen.name, "role": chosen.role, "contexts": contexts or None}
    body = json.dumps({**asked, "expires_in_s": chosen.expires_in_s}).encode()
    port = stack.running_port(options)
    return _asked_for(port, body) if port else _minted(options, tokens.read_wanted(body))


def _asked_for(port: int, body: bytes) -> str:
    headers = {"Content-Type": "application/json"}
    asked = urllib.request.Request(f"http://127.0.0.1:{port}/local/token", body, headers)
    try:
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return str(json.load(answer)["token"])
    except urllib.error.HTTPError as problem:
        raise StackError(json.load(problem)["detail"]) from None
    except urllib.error.URLError as problem:
        raise StackError(f"The running stack does not answer on port {port}: {problem.reason}") from None


def _minted(options: Options, wanted: tokens.Wanted) -> str:
    environment: Mapping[str, str] = Functions(template.load(ROOT / "template.yaml"), threads=1).environment
    secret = tokens.local_secret(os.environ.get("JWT_SECRET"), options.secret_file)
    return tokens.mint_for(wanted, environment, secret, now_s=int(time.time()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
