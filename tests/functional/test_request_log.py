"""The log of a refusal: why a token was refused, which fields were wrong, nothing that users wrote."""

import json
import logging
from typing import Any

import jwt
import pytest

from tests.functional.talk import open_direct
from tests.harness import Parley, Refused, User

PROTOCOL = "Sec-WebSocket-Protocol"


def token_of(parley: Parley, **claims: object) -> str:
    now_s = parley.clock() // 1000
    good: dict[str, object] = {"sub": "alice", "iss": "parley", "aud": "parley", "iat": now_s, "exp": now_s + 3600}
    content = {name: value for name, value in (good | claims).items() if value is not None}
    return jwt.encode(content, parley.secret, algorithm="HS256")


def refusal_of(caplog: pytest.LogCaptureFixture, operation: str) -> dict[str, Any]:
    """Returns the fields of the one line that an operation has logged of a refusal."""
    [record] = [one for one in caplog.records if one.getMessage() == "refused" and vars(one)["operation"] == operation]
    assert record.levelno == logging.INFO
    return vars(record)


@pytest.mark.parametrize(
    ("claims", "code", "claim", "detail"),
    [
        ({"iss": "https://other.example"}, "token_issuer", "iss", "another issuer"),
        ({"aud": ["web", "admin"]}, "token_audience", "aud", "another audience"),
        ({"aud": None}, "token_claims", "aud", "lacks the claim"),
        ({"iss": None}, "token_claims", "iss", "lacks the claim"),
        ({"exp": None}, "token_claims", "exp", "must be a time"),
        ({"exp": 1}, "token_expired", "exp", "has expired"),
        ({"iat": 1}, "token_expired", "iat", "has expired"),
        ({"nbf": 9_999_999_999}, "token_not_yet_valid", "nbf", "not valid yet"),
        ({"iat": 9_999_999_999, "exp": 9_999_999_999}, "token_not_yet_valid", "iat", "not valid yet"),
        ({"sub": ["Mr Secret"]}, "token_claims", "sub", "must be a user id"),
        ({"role": {"Mr": "Secret"}}, "token_claims", "role", "must be"),
        ({"name": 7}, "token_claims", "name", "must be a text"),
        ({"contexts": {"Mr Secret": []}}, "token_claims", "contexts", "must be an object"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_log_says_why_a_token_was_refused(
    parley: Parley, caplog: pytest.LogCaptureFixture, claims: dict[str, object], code: str, claim: str, detail: str
) -> None:
    token = token_of(parley, **claims)

    assert parley.bearer(token).get("/me").status == 401

    line = refusal_of(caplog, "authorize")
    assert (line["code"], line["claim"]) == (code, claim)
    assert detail in line["detail"]
    came = {"issuer": claims.get("iss", "parley"), "audience": claims.get("aud", "parley")}
    assert {name: line.get(name) for name in came} == {name: value and str(value) for name, value in came.items()}
    assert "Secret" not in str(line) and token not in str(line)


def test_log_of_connect_says_the_same(parley: Parley, caplog: pytest.LogCaptureFixture) -> None:
    token = token_of(parley, iss="https://other.example")

    with pytest.raises(Refused):
        parley.bearer(token).open(headers=[(PROTOCOL, f"bearer, {token}")])

    line = refusal_of(caplog, "authorize")
    assert (line["code"], line["claim"], line["issuer"]) == ("token_issuer", "iss", "https://other.example")
    assert "another issuer" in line["detail"] and token not in str(line)


@pytest.mark.parametrize("token", ["nonsense", "a.b.c", "x" * 9000], ids=["word", "three parts", "too large"])
def test_what_is_no_token_names_nobody(parley: Parley, caplog: pytest.LogCaptureFixture, token: str) -> None:
    assert parley.bearer(token).get("/me").status == 401

    line = refusal_of(caplog, "authorize")
    assert line["detail"] and not {"claim", "issuer", "audience"} & line.keys()
    assert token not in str(line)


def test_forged_token_is_logged_with_the_issuer_that_it_names(parley: Parley, caplog: pytest.LogCaptureFixture) -> None:
    claims = {"sub": "alice", "iss": "x" * 5_000, "aud": "parley", "exp": 9_999_999_999}
    token = jwt.encode(claims, "some other secret of thirty-two bytes", algorithm="HS256")

    assert parley.bearer(token).get("/me").status == 401

    line = refusal_of(caplog, "authorize")
    assert (line["code"], line["issuer"], line["audience"]) == ("token_signature", "x" * 256, "parley")


@pytest.mark.parametrize(
    "issuer",
    [
        'a\n{"level":"ERROR","message":"failed"}',
        "a\r\x1b[2J\x9b1A",
        "a\u2028b\u0085c",
        "half \ud83d",
        "\ud83d" * 500,
        [[["deep"] * 20] * 20],
        json.loads("[" * 400 + "]" * 400),
        {"a": {"b": "\n" * 2_000}},
    ],
    ids=["line", "terminal", "other line ends", "half an emoji", "long", "wide", "deep", "nested lines"],
)
def test_unverified_issuer_forges_no_line_of_the_log(
    parley: Parley, caplog: pytest.LogCaptureFixture, issuer: object
) -> None:
    claims = {"sub": "alice", "iss": issuer, "aud": "parley", "exp": 9_999_999_999}
    token = jwt.api_jws.encode(json.dumps(claims).encode(), "some other secret of thirty-two bytes", algorithm="HS256")

    assert parley.bearer(token).get("/me").status == 401

    noted = refusal_of(caplog, "authorize")["issuer"]
    assert noted.isprintable() and 0 < len(noted) <= 256


def test_program_with_the_id_of_a_person_is_logged_with_where_it_came_from(
    parley: Parley, caplog: pytest.LogCaptureFixture
) -> None:
    parley.user("alice")

    assert parley.bearer(token_of(parley, role="service")).get("/me").status == 401

    line = refusal_of(caplog, "authorize")
    assert (line["code"], line["claim"], line["issuer"]) == ("token_claims", "sub", "parley")


@pytest.fixture
def alice(parley: Parley) -> User:
    return parley.user("alice")


def test_log_names_the_fields_of_an_invalid_request(
    parley: Parley, alice: User, caplog: pytest.LogCaptureFixture
) -> None:
    conversation_id = open_direct(alice, parley.user("bob"))
    body = {"text": " ", "colour": "red", "my dear, how are you": 1, "kind": "shout"}

    assert alice.post(f"/conversations/{conversation_id}/messages", json=body).status == 400

    line = refusal_of(caplog, "send_message")
    assert line["code"] == "invalid_request"
    assert sorted(line["fields"]) == ["/colour unknown_field", "/kind not_allowed", "/text blank", "/… unknown_field"]
    assert "dear" not in str(line) and "detail" not in line


def test_log_names_a_parameter_and_a_part_of_the_path(alice: User, caplog: pytest.LogCaptureFixture) -> None:
    alice.get("/conversations?limit=1000&colour=red")
    alice.get("/messages/nonsense")

    assert refusal_of(caplog, "list_conversations")["fields"] == ["?limit too_large", "?colour unknown_field"]
    assert refusal_of(caplog, "get_message")["fields"] == ["{message_id} bad_format"]


def test_log_names_the_fields_of_a_frame(alice: User, caplog: pytest.LogCaptureFixture) -> None:
    alice.connect().request("mark_read", {"message_id": 7})

    assert refusal_of(caplog, "mark_read")["fields"] == ["/data/message_id wrong_type"]


def test_ticket_in_the_place_of_a_name_is_not_logged(alice: User, caplog: pytest.LogCaptureFixture) -> None:
    ticket = alice.post("/ws-tickets").json["ticket"]

    alice.get(f"/conversations?{ticket}=1")

    line = refusal_of(caplog, "list_conversations")
    assert line["fields"] == ["… unknown_field"] and ticket not in str(line)


@pytest.mark.parametrize("request_id", [None, "r1"])
def test_a_refused_ping_logs_its_status(
    parley: Parley, caplog: pytest.LogCaptureFixture, request_id: str | None
) -> None:
    socket = parley.user("alice").connect()

    with caplog.at_level(logging.INFO):
        socket.send({"action": "ping", "data": {"x": 1}} | ({"request_id": request_id} if request_id else {}))

    line = refusal_of(caplog, "ping")
    assert (line["code"], line["status"]) == ("invalid_request", 400)
