"""The providers' table in docs/guides/sign-in.md: with a row's parameters, that provider's tokens open both doors."""

import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from local.template import load
from parley.adapters.people import tokens
from parley.domain.people.mapped_ids import mapped_id
from tests.functional.provider_tokens import COGNITO, COGNITO_ID, COGNITO_ISSUER, SHAPES, UUID, Shape
from tests.functional.talk import open_direct, say
from tests.harness import Parley, User
from tests.harness.documents import TEMPLATE
from tests.template import source

GUIDE = (Path(__file__).parents[2] / "docs" / "guides" / "sign-in.md").read_text(encoding="utf-8")
KEYS: dict[str, Any] = {
    "RS256": rsa.generate_private_key(public_exponent=65537, key_size=2048),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
}


def rows() -> dict[str, dict[str, str]]:
    """Returns the parameters of each row of the guide's table, by its first cell."""
    table = GUIDE.split("| your provider | parameters | notes |\n")[1].split("\n\n")[0]
    cells = [line.strip("| ").split(" | ") for line in table.splitlines()[1:]]
    return {row: dict(one.split("=", 1) for one in re.findall(r"`(Jwt[^`]+)`", given)) for row, given, _ in cells}


def parameters_of(shape: Shape) -> dict[str, str]:
    """Returns the parameters for a token: those of its row, the placeholders replaced, and its own."""

    def filled(value: str) -> str:
        return re.sub(r"<([^>]+)>", lambda found: shape.placeholders[found[1]], value)

    return {name: filled(value) for name, value in rows()[shape.row].items()} | shape.parameters


@dataclass(frozen=True)
class Keys:
    """The address of the public keys, and how often they were asked for."""

    url: str
    asked: list[str]


@pytest.fixture(scope="module")
def keys() -> Iterator[Keys]:
    """Serves the public keys on loopback, as Entra ID does: without `alg`."""
    members = [
        RSAAlgorithm.to_jwk(KEYS["RS256"].public_key(), as_dict=True) | {"kid": "RS256", "use": "sig"},
        ECAlgorithm.to_jwk(KEYS["ES256"].public_key(), as_dict=True) | {"kid": "ES256"},
    ]
    asked: list[str] = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps({"keys": members}).encode())

        def log_message(self, format: str, *args: object) -> None:
            """Keeps quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield Keys(f"http://127.0.0.1:{server.server_address[1]}/keys", asked)
    server.shutdown()
    server.server_close()
    thread.join()


@cache
def variables_of(parameters: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """Returns the authorizer's variables about tokens, as the template sets them by these parameters."""
    deployed = load(TEMPLATE, dict(parameters)).resources["Authorize"].properties["Environment"]["Variables"]
    return {name: value for name, value in deployed.items() if name.startswith("JWT_")}


class Stack:
    """Parley with the parameters of a provider."""

    def __init__(self, parley: Parley, keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
        self.parley, self._keys, self._monkeypatch = parley, keys, monkeypatch

    def has(self, parameters: dict[str, str]) -> None:
        """Sets the authorizers' environment to what template.yaml makes of these parameters."""
        variables = dict(variables_of(tuple(sorted(parameters.items()))))
        if variables["JWT_JWKS_URL"]:
            variables["JWT_JWKS_URL"] = self._keys.url
        for name, value in variables.items():
            self._monkeypatch.setenv(name, value)
        tokens.forget_settings()

    def bearer(self, claims: dict[str, Any], algorithm: str, user_id: str = "") -> User:
        now_s = self.parley.clock() // 1000
        content = claims | {"iat": now_s, "exp": now_s + 3600}
        key = self.parley.secret if algorithm == "HS256" else KEYS[algorithm]
        headers = None if algorithm == "HS256" else {"kid": algorithm}
        return self.parley.bearer(jwt.encode(content, key, algorithm=algorithm, headers=headers), user_id)


@pytest.fixture
def stack(parley: Parley, keys: Keys, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    yield Stack(parley, keys, monkeypatch)
    monkeypatch.undo()
    tokens.forget_settings()


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: f"{shape.row}: {shape.case}")
def test_token_of_a_provider_signs_in_with_the_parameters_of_its_row(stack: Stack, shape: Shape) -> None:
    stack.has(parameters_of(shape))
    person = stack.bearer(shape.claims, shape.algorithm, shape.user_id)

    reply = person.get("/me")

    assert reply.status == 200, reply
    found = reply.json
    assert (found["id"], found["name"], found["role"]) == (shape.user_id, shape.name, shape.role)
    assert found["contexts"] == shape.contexts
    assert shape.source.startswith("https://")
    socket = person.connect(ticket=False, subprotocol=True)
    assert socket.request("hello")["type"] == "ack"


def test_every_row_of_the_table_has_a_token_and_every_token_a_row() -> None:
    assert {shape.row for shape in SHAPES} == rows().keys()
    assert len(SHAPES) >= 22


@pytest.mark.parametrize("row", rows())
def test_parameters_of_a_row_are_some_that_a_stack_takes(row: str) -> None:
    declared = source.read(TEMPLATE)["Parameters"]

    for name, value in parameters_of(next(shape for shape in SHAPES if shape.row == row)).items():
        assert "<" not in value
        assert re.match(declared[name].get("AllowedPattern", ""), value), name


PROVIDER = {
    "JwtIssuer": COGNITO_ISSUER,
    "JwtJwksUrl": "https://example.com/keys",
    "JwtAudience": COGNITO["app client"],
    "JwtRoleClaim": "cognito:groups",
}
SECRET_ARN = {"JwtSecretArn": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:hosts"}
PROGRAM = {"sub": "backend", "role": "service", "iss": COGNITO_ISSUER, "aud": COGNITO["app client"]}


def test_host_of_a_provider_creates_and_erases_people_with_a_secret_beside_the_keys(stack: Stack) -> None:
    stack.has(PROVIDER | SECRET_ARN)
    host, alice = stack.bearer(PROGRAM, "HS256"), stack.bearer(COGNITO_ID, "RS256", UUID)

    assert host.put(f"/users/{UUID}", json={"name": "Alice"}).status == 201
    assert alice.get("/me").status == 200
    assert host.delete(f"/users/{UUID}").status == 202


@pytest.mark.parametrize(
    ("claims", "algorithm"),
    [
        (PROGRAM | {"cognito:groups": ["service"]}, "RS256"),
        (COGNITO_ID | {"cognito:groups": "service"}, "RS256"),
        (COGNITO_ID, "HS256"),
        (PROGRAM | {"role": "admin"}, "HS256"),
    ],
    ids=["program by the keys", "person by the keys", "person by the secret", "moderator by the secret"],
)
def test_key_that_signs_for_the_other_opens_nothing_and_the_log_says_so(
    stack: Stack, caplog: pytest.LogCaptureFixture, claims: dict[str, Any], algorithm: str
) -> None:
    stack.has(PROVIDER | SECRET_ARN)

    assert stack.bearer(claims, algorithm).get("/me").status == 401

    assert refused(caplog)["code"] == "token_wrong_key"


def refused(caplog: pytest.LogCaptureFixture) -> dict[str, Any]:
    """Returns what the log says of the one refusal."""
    [found] = [vars(record) for record in caplog.records if record.getMessage() == "refused"]
    return found


@pytest.mark.parametrize(
    ("claims", "claim", "detail"),
    [
        ({"realm_access": ["admin"]}, "realm_access.roles", "is a path through a value that is not an object"),
        ({"realm_access": "admin"}, "realm_access.roles", "is a path through a value that is not an object"),
        ({"realm_access": {"roles": ["x"] * 501}}, "realm_access.roles", "lists more than 500 roles"),
        ({"realm_access": {"roles": ["admin", 1]}}, "realm_access.roles", "lists a value that is not a text"),
        ({"realm_access": {"roles": {"admin": True}}}, "realm_access.roles", "must be one role"),
        ({"contexts": '{"class":' * 300 + "1" + "}" * 300}, "contexts", "must be an object of context types"),
        ({"contexts": "[" * 2_400 + "]" * 2_400}, "contexts", "not JSON, is nested too deep, or holds a name twice"),
        ({"contexts": '{"class":["7b"],"class":[]}'}, "contexts", "holds a name twice"),
        ({"aud": {"chat": 1}}, "aud", "meant for another audience"),
        ({"aud": None, "client_id": "5fk0s3b6ccbqhiuq8dp6rmd5dr"}, "aud", "meant for another audience"),
        ({"sub": "~parley.id-a=2Fb"}, "sub", "an id that only Parley makes"),
        ({"sub": True}, "sub", "must be a user id"),
    ],
    ids=[
        "path into a list", "path into a text", "501 roles", "number among roles", "roles as an object", "deep object",
        "deep list", "name twice", "audience object", "audience null", "mapped id", "true",
    ],
)  # fmt: skip
def test_hostile_claim_is_a_401_and_the_log_says_why(
    stack: Stack, caplog: pytest.LogCaptureFixture, claims: dict[str, Any], claim: str, detail: str
) -> None:
    stack.has(PROVIDER | {"JwtRoleClaim": "realm_access.roles"})

    assert stack.bearer(COGNITO_ID | claims, "RS256").get("/me").status == 401

    noted = refused(caplog)
    assert noted["claim"] == claim
    assert detail in noted["detail"]


def test_wrong_map_of_roles_stops_every_sign_in_and_the_log_names_the_entry(
    stack: Stack, caplog: pytest.LogCaptureFixture
) -> None:
    stack.has(PROVIDER | {"JwtRoleMap": "Teachers=teacher,Admins=admim"})

    assert stack.bearer(COGNITO_ID, "RS256").get("/me").status == 503

    assert "JwtRoleMap: `Admins=admim` leads to a role" in caplog.text


ODD = ["user/1", "Zoë Müller", "https://clerk.example.com/user_1", "arn:aws:iam::123456789012:user/alice", "/" * 60]


@pytest.mark.parametrize("given", ODD)
def test_person_with_an_odd_id_is_one_like_all_others(stack: Stack, given: str) -> None:
    stack.has(PROVIDER | SECRET_ARN)
    host, bob = stack.bearer(PROGRAM, "HS256"), stack.bearer(COGNITO_ID | {"sub": "bob"}, "RS256", "bob")
    user_id = told_by_the_guide(given)

    assert host.put(f"/users/{user_id}", json={"name": "Odd One"}).status == 201
    person = stack.bearer(COGNITO_ID | {"sub": given}, "RS256", user_id)
    assert person.get("/me").json["id"] == user_id == mapped_id(given)
    conversation_id = open_direct(bob, person)
    say(person, conversation_id, "hello")
    say(bob, conversation_id, "welcome")
    assert bob.get(f"/conversations/{conversation_id}/messages").json["messages"][0]["sender_id"] == user_id
    assert bob.get(f"/users/presence?ids={user_id}").json["statuses"][0]["user_id"] == user_id
    assert bob.put(f"/users/{user_id}/block").status == 200
    assert stack.bearer(COGNITO_ID | {"sub": user_id}, "RS256", user_id).get("/me").status == 401


def told_by_the_guide(given: str) -> str:
    """Returns what the guide's function makes of an id."""
    [code] = [block for block in re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL) if "def parley_id" in block]
    known: dict[str, Any] = {}
    exec(code, known)
    return str(known["parley_id"](given))


@pytest.mark.parametrize("given", [*ODD, "alice", "a=b", "a=/b", "a" * 128, "a" * 129, "auth0|1", "👋", "a\u0308"])
def test_function_of_the_guide_maps_ids_as_parley_does(given: str) -> None:
    assert told_by_the_guide(given) == mapped_id(given)
