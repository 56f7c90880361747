"""POST /turn-credentials: ICE servers for a call, with credentials that the TURN server checks by itself."""

import hmac
from base64 import b64encode
from collections.abc import Iterator

import pytest

from local.functions import Functions
from local.template import load
from parley.adapters.live import turn
from tests.functional.replies import refusal
from tests.functional.talk import in_s, make_group, open_direct
from tests.harness import Parley, Reply
from tests.harness.documents import TEMPLATE
from tests.harness.iam import Checker


@pytest.fixture(autouse=True)
def without_a_kept_secret() -> Iterator[None]:
    turn.forget_secret()
    yield
    turn.forget_secret()


def ask(parley: Parley) -> Reply:
    """Returns what alice gets for a call with bob."""
    alice = parley.user("alice")
    return alice.post("/turn-credentials", json={"conversation_id": open_direct(alice, parley.user("bob"))})


def credential(secret: str, username: str) -> str:
    """Returns the password that a TURN server works out, by draft-uberti-behave-turn-rest-00."""
    return b64encode(hmac.new(secret.encode(), username.encode(), "sha1").digest()).decode()


def test_there_are_no_servers_where_none_are_set_up(parley: Parley) -> None:
    parley.clock.ms -= parley.clock.ms % 1000

    reply = ask(parley)

    assert reply.status == 201
    assert reply.json == {"ice_servers": [], "expires_at": in_s(parley, 3600)}


def test_credentials_are_those_that_the_server_works_out(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TURN_URLS", "turn:turn.example.com:3478, turns:turn.example.com:5349?transport=tcp")
    monkeypatch.setenv("TURN_SECRET", "a secret of ours")
    monkeypatch.setenv("TURN_TTL_S", "600")
    parley.clock.ms -= parley.clock.ms % 1000

    reply = ask(parley)

    username = f"{parley.clock() // 1000 + 600}:alice"
    assert reply.json["ice_servers"] == [
        {
            "urls": ["turn:turn.example.com:3478", "turns:turn.example.com:5349?transport=tcp"],
            "username": username,
            "credential": credential("a secret of ours", username),
        }
    ]
    assert reply.json["expires_at"] == in_s(parley, 600)
    assert reply.headers["cache-control"] == "no-store"


def test_known_answer_of_the_credential(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TURN_URLS", "turn:turn.example.com")
    monkeypatch.setenv("TURN_SECRET", "logen")
    monkeypatch.setenv("TURN_TTL_S", "60")
    parley.clock.ms = 1_795_246_200_000

    [server] = ask(parley).json["ice_servers"]

    # printf 1795246260:alice | openssl dgst -sha1 -hmac logen -binary | base64
    assert (server["username"], server["credential"]) == ("1795246260:alice", "jk604tLFDH8LYX3OCzv2YH4ak0E=")


def test_secret_comes_from_secrets_manager_under_the_functions_own_role(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets = parley.store.client("secretsmanager")
    arn = secrets.create_secret(Name="turn", SecretString="the server's")["ARN"]
    with_turn = load(TEMPLATE, {"TurnUrls": "turn:turn.example.com", "TurnSecretArn": arn}, parley.template.place)
    checker = Checker(with_turn, Functions(with_turn))
    monkeypatch.setenv("TURN_URLS", "turn:turn.example.com")
    monkeypatch.setenv("TURN_SECRET_ARN", arn)
    open_direct(parley.user("alice"), parley.user("bob"))
    parley.hooks[:] = [checker]

    with parley.watch() as calls:
        replies = [ask(parley) for _ in range(2)]
        parley.advance(301)
        secrets.put_secret_value(SecretId=arn, SecretString="a newer one")
        replies.append(ask(parley))

    servers = [reply.json["ice_servers"][0] for reply in replies]
    kept, again, newer = [(one["credential"], one["username"]) for one in servers]
    assert kept == again == (credential("the server's", kept[1]), kept[1])
    assert newer == (credential("a newer one", newer[1]), newer[1])
    assert checker.violations == []
    assert [call.operation for call in calls if call.service == "secretsmanager"] == ["GetSecretValue"] * 2
    secrets.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)


def test_servers_without_their_secret_are_a_fault_of_ours(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TURN_URLS", "turn:turn.example.com")

    reply = ask(parley)

    assert (reply.status, reply.json["code"]) == (500, "internal_error")


def test_credentials_are_only_for_a_conversation_in_which_one_may_call(parley: Parley) -> None:
    alice, bob, eve = parley.user("alice"), parley.user("bob"), parley.user("eve")
    direct, group = open_direct(alice, bob), make_group(alice, bob)

    def refused(conversation_id: str | None) -> tuple[str, int]:
        body = {} if conversation_id is None else {"conversation_id": conversation_id}
        code, status, _ = refusal(alice.post("/turn-credentials", json=body))
        return code, status

    assert eve.post("/turn-credentials", json={"conversation_id": direct}).status == 404
    assert refused(group) == ("direct_only", 403)
    assert refused(None) == ("invalid_request", 400)
    bob.put("/users/alice/block")
    assert refused(direct) == ("blocked", 403)
