"""The authorizer of $connect: by one-time ticket, by subprotocol or by `Authorization: Bearer`, and by nothing else."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest

from local.functions import FunctionError
from parley.adapters.people import tokens
from tests.functional.talk import open_direct
from tests.harness import Parley, Refused, User

ROOT = Path(__file__).parents[3]
PROTOCOL = "Sec-WebSocket-Protocol"


def token_of(parley: Parley, **claims: object) -> str:
    """Returns a good token of alice; a claim of None is left out."""
    now_s = parley.clock() // 1000
    good: dict[str, object] = {"sub": "alice", "iss": "parley", "aud": "parley", "iat": now_s, "exp": now_s + 3600}
    content = {name: value for name, value in (good | claims).items() if value is not None}
    return jwt.encode(content, parley.secret, algorithm="HS256")


def ticket_of(user: User) -> str:
    ticket: str = user.post("/ws-tickets").json["ticket"]
    return ticket


def status_of(user: User, **handshake: Any) -> int:
    """Returns the status with which a handshake is refused."""
    with pytest.raises(Refused) as refused:
        user.open(**handshake)
    return refused.value.status


def hello(socket: Any) -> str:
    reply: str = socket.request("hello")["type"]
    return reply


@pytest.fixture
def secret_of_the_stack(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Lets the authorizer take its secret from where template.yaml says, and returns it."""
    monkeypatch.delenv("JWT_SECRET")
    tokens.forget_settings()
    resource = parley.template.resources["JwtSecret"]
    yield parley.store.client("secretsmanager").get_secret_value(SecretId=resource.name)["SecretString"]
    tokens.forget_settings()


def test_secret_comes_from_secrets_manager(parley: Parley, secret_of_the_stack: str) -> None:
    of_the_tests = parley.bearer(token_of(parley))
    parley.secret = secret_of_the_stack

    with parley.watch() as calls:
        socket = parley.bearer(token_of(parley)).connect(subprotocol=True)

    assert hello(socket) == "ack"
    assert status_of(of_the_tests, headers=[(PROTOCOL, f"bearer, {of_the_tests.token}")]) == 401
    assert "GetSecretValue" in [call.operation for call in calls if call.function == "OnAuthorize"]


def test_ticket_opens_a_socket_as_its_owner(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    screen = bob.connect()

    socket = alice.open(query=f"?ticket={ticket_of(alice)}")
    conversation = alice.post("/conversations", json={"type": "direct", "user_id": "bob"}).json["id"]
    sent = socket.request("send_message", {"conversation_id": conversation, "text": "hello"})

    assert sent["type"] == "ack"
    assert [event["data"]["message"]["sender_id"] for event in screen.events("message_notification")] == ["alice"]
    assert socket.subprotocol is None


@pytest.mark.parametrize("header", [PROTOCOL, "sec-websocket-protocol", "SEC-WEBSOCKET-PROTOCOL"])
@pytest.mark.parametrize("value", ["bearer, {token}", "bearer,{token}", "  bearer  ,  {token}  ", "{token}, bearer"])
def test_token_as_subprotocol_opens_a_socket(parley: Parley, header: str, value: str) -> None:
    alice = parley.user("alice")

    socket = alice.open(headers=[(header, value.replace("{token}", alice.token))])

    assert hello(socket) == "ack"
    assert socket.subprotocol == "bearer"


def test_subprotocols_may_stand_in_two_headers(parley: Parley) -> None:
    alice = parley.user("alice")

    assert hello(alice.open(headers=[(PROTOCOL, "bearer"), (PROTOCOL, alice.token)])) == "ack"


def test_token_as_subprotocol_stores_the_profile(parley: Parley) -> None:
    bob = parley.user("bob")
    parley.bearer(token_of(parley, name="Alice Ärmel")).connect(subprotocol=True)

    conversation = bob.post("/conversations", json={"type": "direct", "user_id": "alice"})

    assert {member["name"] for member in conversation.json["members"]} == {"Alice Ärmel", "Bob"}


def test_ticket_needs_one_call(parley: Parley) -> None:
    alice = parley.user("alice")
    ticket = ticket_of(alice)

    with parley.watch() as calls:
        alice.open(query=f"?ticket={ticket}")

    assert [call.operation for call in calls if call.function == "OnAuthorize"] == ["UpdateItem"]


def test_ticket_opens_one_socket(parley: Parley) -> None:
    alice = parley.user("alice")
    ticket = ticket_of(alice)

    alice.open(query=f"?ticket={ticket}")

    assert status_of(alice, query=f"?ticket={ticket}") == 401


def test_ticket_is_good_for_30_seconds(parley: Parley) -> None:
    alice = parley.user("alice")
    parley.clock.ms -= parley.clock.ms % 1000
    early, late = ticket_of(alice), ticket_of(alice)

    parley.advance(29.999)
    assert hello(alice.open(query=f"?ticket={early}")) == "ack"

    parley.advance(0.001)
    assert status_of(alice, query=f"?ticket={late}") == 401


def test_ticket_lets_in_once_however_often_the_authorizer_is_asked(parley: Parley) -> None:
    event = connect_event(parley, {"ticket": [ticket_of(parley.user("alice"))]})

    assert parley.functions.invoke("OnAuthorize", event)["principalId"] == "alice"
    for _ in range(2):
        with pytest.raises(FunctionError) as refused:
            parley.functions.invoke("OnAuthorize", event)
        assert refused.value.message == "Unauthorized"


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?",
        "?ticket",
        "?ticket=",
        "?ticket=x",
        "?ticket={ticket}x",
        "?ticket={ticket}%0A",
        "?Ticket={ticket}",
        "?ticket={ticket}&ticket={ticket}",
        "?ticket={ticket}&ticket=",
        "?ticket={token}",
        "?token={token}",
        "?access_token={token}",
        "?Authorization=Bearer%20{token}",
        "?ticket=%F0%9F%91%8B",
        "?ticket=" + "x" * 3000,
    ],
)
def test_other_queries_open_nothing_and_leave_the_ticket(parley: Parley, query: str) -> None:
    alice = parley.user("alice")
    ticket = ticket_of(alice)

    assert status_of(alice, query=query.replace("{ticket}", ticket).replace("{token}", alice.token)) == 401
    assert hello(alice.open(query=f"?ticket={ticket}")) == "ack"


@pytest.mark.parametrize(
    "value",
    [
        "",
        "bearer",
        "bearer,",
        "bearer, ",
        "{token}",
        "Bearer, {token}",
        "bearer {token}",
        "bearer, x",
        "bearer, {token}x",
        "bearer, {token}, {token}",
        "bearer, {token}, graphql-ws",
        "graphql-ws",
        "bearer, " + "x" * 8_193,
    ],
)
def test_other_subprotocols_open_nothing(parley: Parley, value: str) -> None:
    alice = parley.user("alice")

    assert status_of(alice, headers=[(PROTOCOL, value.replace("{token}", alice.token))]) == 401


@pytest.mark.parametrize("header", ["Authorization", "authorization"])
@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", "  BEARER   "])
def test_token_in_the_header_authorization_opens_a_socket(parley: Parley, header: str, scheme: str) -> None:
    alice = parley.bearer(token_of(parley, name="Alice Ärmel"), "alice")

    socket = alice.open(headers=[(header, f"{scheme}{alice.token}")])

    assert hello(socket) == "ack"
    assert socket.subprotocol is None  # the client has offered none
    assert alice.get("/me").json["name"] == "Alice Ärmel"


@pytest.mark.parametrize(
    "value",
    ["", "Bearer", "Bearer ", "{token}", "Basic {token}", "Bearer {token}x", "Bearer {token} x", "bearer, {token}"],
)
def test_other_values_of_authorization_open_nothing(parley: Parley, value: str) -> None:
    alice = parley.user("alice")

    assert status_of(alice, headers=[("Authorization", value.replace("{token}", alice.token))]) == 401


@pytest.mark.parametrize("query", ["", "?ticket={ticket}"], ids=["header", "ticket"])
@pytest.mark.parametrize(
    "header", [(PROTOCOL, "bearer, {token}"), ("Authorization", "Bearer {token}")], ids=["subprotocol", "authorization"]
)
def test_two_credentials_open_nothing(parley: Parley, query: str, header: tuple[str, str]) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    name, value = header[0], header[1].replace("{token}", bob.token)
    second = [] if query else [("authorization", f"Bearer {alice.token}")]

    asked = {"query": query.replace("{ticket}", ticket_of(alice)), "headers": [(name, value), *second]}

    assert status_of(alice, **asked) == 401


def test_authorization_of_another_scheme_is_not_in_the_way_of_a_ticket(parley: Parley) -> None:
    alice = parley.user("alice")
    headers = [("Authorization", "Basic YWxpY2U6c2VjcmV0")]

    assert hello(alice.open(query=f"?ticket={ticket_of(alice)}", headers=headers)) == "ack"


def test_other_subprotocols_beside_a_ticket_are_not_in_the_way(parley: Parley) -> None:
    alice = parley.user("alice")

    assert hello(alice.open(query=f"?ticket={ticket_of(alice)}", headers=[(PROTOCOL, "chat.v2")])) == "ack"


@pytest.mark.parametrize(
    "claims",
    [{"exp": None}, {"exp": 1}, {"sub": None}, {"iss": "evil"}, {"aud": "evil"}, {"role": {"name": "teacher"}}],
    ids=["no exp", "expired", "no sub", "issuer", "audience", "role"],
)
def test_token_with_wrong_claims_opens_nothing(parley: Parley, claims: dict[str, object]) -> None:
    alice = parley.bearer(token_of(parley, **claims), "alice")

    assert status_of(alice, headers=[(PROTOCOL, f"bearer, {alice.token}")]) == 401


def test_forged_tokens_open_nothing(parley: Parley) -> None:
    content = jwt.decode(token_of(parley), options={"verify_signature": False})
    unsigned = jwt.encode(content, "", algorithm="none")
    other = jwt.encode(content, "some other secret of thirty-two bytes", algorithm="HS256")

    for token in (unsigned, other):
        assert status_of(parley.user("alice"), headers=[(PROTOCOL, f"bearer, {token}")]) == 401


def test_socket_of_a_ticket_lasts_as_long_as_the_token_behind_it(parley: Parley) -> None:
    alice = parley.user("alice", expires_in_s=100)
    socket = alice.connect()

    assert hello(socket) == "ack"
    parley.advance(111)  # 100 and the leeway

    assert socket.request("hello")["error"]["code"] == "token_expired"


@pytest.mark.parametrize("expires_at_s", [253_402_300_789, 253_402_300_790, 253_402_300_798.5, 253_402_300_799])
@pytest.mark.parametrize("says_since_when", [True, False], ids=["iat", "no iat"])
def test_token_that_ends_with_the_year_9999_opens_what_any_other_opens(
    parley: Parley, expires_at_s: float, says_since_when: bool
) -> None:
    claims: dict[str, object] = {"iss": "parley", "aud": "parley", "sub": "alice", "exp": expires_at_s}
    if says_since_when:
        claims["iat"] = parley.clock() / 1000
    alice = parley.bearer(jwt.encode(claims, parley.secret, algorithm="HS256"), "alice")
    conversation_id = open_direct(alice, parley.user("bob"))

    for socket in (alice.connect(), alice.connect(ticket=False, subprotocol=True)):
        greeting = socket.request("hello")["data"]

        assert greeting["reconnect_by"] < greeting["token_expires_at"] <= "9999-12-31T23:59:59.000Z"
        assert socket.request("ping")["type"] == "ack"
        assert socket.request("send_message", {"conversation_id": conversation_id, "text": "hi"})["type"] == "ack"
    [status] = alice.get("/users/presence?ids=alice").json["statuses"]
    assert status["status"] == "online"


def connect_event(
    parley: Parley, query: dict[str, list[str]] | None = None, headers: dict[str, list[str]] | None = None
) -> dict[str, Any]:
    """Returns what API Gateway hands the authorizer of $connect."""
    return {
        "type": "REQUEST",
        "methodArn": "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/v1/$connect",
        "headers": {name: values[-1] for name, values in (headers or {}).items()},
        "multiValueHeaders": headers or {},
        "queryStringParameters": {name: values[-1] for name, values in (query or {}).items()},
        "multiValueQueryStringParameters": query or {},
        "requestContext": {
            "routeKey": "$connect",
            "eventType": "CONNECT",
            "requestId": "r-1",
            "connectionId": "c-1",
            "requestTimeEpoch": parley.clock(),
            "connectedAt": parley.clock(),
        },
    }


def test_event_for_sam_local_invoke_is_let_in(parley: Parley) -> None:
    event = json.loads((ROOT / "events" / "websocket" / "authorize.json").read_text())

    assert parley.functions.invoke("OnAuthorize", event)["context"]["user_id"] == "alice"


def test_policy_covers_the_connect_route_only(parley: Parley) -> None:
    event = connect_event(parley, headers={PROTOCOL: [f"bearer, {token_of(parley)}"]})

    answer = parley.functions.invoke("OnAuthorize", event)

    [statement] = answer["policyDocument"]["Statement"]
    assert (statement["Effect"], statement["Resource"]) == ("Allow", event["methodArn"])
    assert (answer["principalId"], answer["context"]["user_id"]) == ("alice", "alice")


def test_ticket_of_a_service_is_the_service(parley: Parley) -> None:
    backend = parley.bearer(token_of(parley, sub="backend", role="service", contexts={"class": ["7b"]}))
    event = connect_event(parley, {"ticket": [ticket_of(backend)]})

    context = parley.functions.invoke("OnAuthorize", event)["context"]

    assert (context["user_id"], context["role"], context["contexts"]) == ("backend", "service", '{"class":["7b"]}')


def test_refusal_is_logged_by_its_code_and_never_with_the_ticket(
    parley: Parley, caplog: pytest.LogCaptureFixture
) -> None:
    alice = parley.user("alice")
    ticket = ticket_of(alice)
    alice.open(query=f"?ticket={ticket}")

    status_of(alice, query=f"?ticket={ticket}")

    logged = [str(vars(record)) for record in caplog.records]
    assert [line for line in logged if "'code': 'ticket_invalid'" in line and "'operation': 'authorize'" in line]
    assert [line for line in logged if ticket in line] == []
