"""The REST API's authorizer: who gets in, who does not, and what Parley remembers of them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest

from local.functions import FunctionError
from parley.adapters.dynamodb.documents import from_wire, to_wire
from parley.adapters.people import tokens
from parley.domain.people.directory import role_shard, shard
from tests.harness import Parley, Reply, User

ROOT = Path(__file__).parents[3]
PATHS = ["/conversations", "/unread-count", "/unread"]


def token_of(parley: Parley, **claims: object) -> str:
    """Returns a good token of alice; a claim of None is left out."""
    now_s = parley.clock() // 1000
    good: dict[str, object] = {"sub": "alice", "iss": "parley", "aud": "parley", "iat": now_s, "exp": now_s + 3600}
    content = {name: value for name, value in (good | claims).items() if value is not None}
    return jwt.encode(content, parley.secret, algorithm="HS256")


def alice(parley: Parley, **claims: object) -> User:
    return parley.bearer(token_of(parley, **claims), "alice")


def profile(parley: Parley, user_id: str = "alice") -> dict[str, Any] | None:
    """Returns what is stored of a person; no operation shows all of it."""
    found = parley.store.client("dynamodb").get_item(
        TableName=users_table(parley), Key={"user_id": to_wire(user_id)}, ConsistentRead=True
    )
    item = found.get("Item")
    return None if item is None else {name: from_wire(value) for name, value in item.items()}


def users_table(parley: Parley) -> str:
    return parley.functions.environment["USERS_TABLE"]


def assert_unauthorized(reply: Reply) -> None:
    assert reply.status == 401
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.headers["access-control-allow-origin"] == "*"
    assert (reply.json["status"], reply.json["code"]) == (401, "unauthenticated")
    assert reply.json["request_id"]


def test_one_token_opens_every_path(parley: Parley) -> None:
    person = alice(parley)

    assert [person.get(path).status for path in PATHS] == [200, 200, 200]
    assert person.post("/ws-tickets").status == 201


def test_answer_is_kept_for_five_minutes(parley: Parley) -> None:
    person = alice(parley)

    with parley.watch() as calls:
        for path in (*PATHS, *PATHS):
            person.get(path)
    assert {call.operation for call in calls if call.function == "Authorize"} == {"BatchGetItem", "PutItem"}

    parley.advance(301)
    with parley.watch() as calls:
        person.get(PATHS[0])
    assert [call.operation for call in calls if call.function == "Authorize"] == ["BatchGetItem"]


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "{token}",
        "Basic {token}",
        "Bearer {token}x",
        "Bearer x.{token}",
        "Bearer {token} {token}",
        "Bearer {token}, Bearer {token}",
        "Bearer " + "x" * 8_193,
        "Bearer e30.e30.e30",
        "Bearer 👋",
    ],
    ids=[
        "none", "empty", "no token", "space", "no scheme", "basic", "one letter more", "four parts", "two tokens",
        "two schemes", "oversized", "no algorithm", "emoji",
    ],
)  # fmt: skip
def test_without_a_good_token_nobody_gets_in(parley: Parley, authorization: str | None) -> None:
    person = alice(parley)
    if authorization is not None:
        authorization = authorization.replace("{token}", person.token)

    assert_unauthorized(person.get("/conversations", headers={"Authorization": authorization}))
    assert profile(parley) is None


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": None},
        {"exp": 1},
        {"sub": None},
        {"sub": "~parley.id-a=2Fb"},
        {"iss": "evil"},
        {"aud": "evil"},
        {"role": "head teacher"},
        {"name": 7},
        {"contexts": {"class": "7b"}},
    ],
    ids=["no exp", "expired", "no sub", "sub", "issuer", "audience", "role", "name", "contexts"],
)
def test_token_with_wrong_claims_opens_nothing(parley: Parley, claims: dict[str, object]) -> None:
    assert_unauthorized(alice(parley, **claims).get("/conversations"))
    assert profile(parley) is None


def test_forged_tokens_open_nothing(parley: Parley) -> None:
    content = jwt.decode(token_of(parley), options={"verify_signature": False})
    forged = [
        jwt.encode(content, "", algorithm="none"),
        jwt.encode(content, "some other secret of thirty-two bytes", algorithm="HS256"),
        jwt.encode(content, parley.secret * 2, algorithm="HS512"),
    ]

    for token in forged:
        assert_unauthorized(parley.bearer(token).get("/conversations"))


@pytest.mark.parametrize("authorization", ["bearer {token}", "BEARER {token}", "Bearer  {token} "])
@pytest.mark.parametrize("header", ["Authorization", "authorization", "AUTHORIZATION"])
def test_scheme_and_header_may_be_written_in_any_case(parley: Parley, header: str, authorization: str) -> None:
    person = alice(parley)
    headers = {"Authorization": None} | {header: authorization.replace("{token}", person.token)}

    assert person.get("/conversations", headers=headers).status == 200


def test_expired_token_is_refused_even_while_the_cache_remembers_it(parley: Parley) -> None:
    parley.clock.ms -= parley.clock.ms % 1000
    person = alice(parley, exp=parley.clock() // 1000 + 100)

    parley.advance(109)  # 100 and almost the leeway
    assert person.get("/conversations").status == 200

    parley.advance(1)
    reply = person.get("/conversations")
    assert (reply.status, reply.json["code"]) == (401, "token_expired")

    parley.advance(300)
    assert_unauthorized(person.get("/conversations"))


def test_profile_is_what_the_token_said(parley: Parley) -> None:
    contexts = {"class": ["7b", "8a"], "booking": []}
    alice(parley, name="Alice Ärmel 👋", role="teacher", contexts=contexts).get("/conversations")

    now_s = parley.clock() // 1000
    assert profile(parley) == {
        "user_id": "alice",
        "name": "Alice Ärmel 👋",
        "role": role_shard("teacher", "alice"),
        "contexts": contexts,
        "issued_at_s": now_s,
        "name_key": "alice armel 👋\nalice",
        "name_shard": shard("alice"),
        "profile_seq": now_s * 1000,
        "revision": now_s * 1000,
        "words": 1,  # a row for "armel"
    }


def test_profile_follows_newer_tokens_and_never_older_ones(parley: Parley) -> None:
    now_s = parley.clock() // 1000

    seen = []
    for name, issued_at_s in [("B", now_s - 20), ("A", now_s - 30), ("C", now_s - 10), ("B", now_s - 20)]:
        assert alice(parley, name=name, iat=issued_at_s).get("/conversations").status == 200
        found = profile(parley)
        seen.append(found["name"] if found else None)

    assert seen == ["B", "B", "C", "C"]


def test_older_token_costs_no_write(parley: Parley) -> None:
    alice(parley, name="New").get("/unread-count")

    with parley.watch() as calls:
        alice(parley, name="Old", iat=parley.clock() // 1000 - 10).get("/unread-count")

    assert [call.operation for call in calls if call.function == "Authorize"] == ["BatchGetItem"]


def test_newer_token_that_says_the_same_still_outdates_those_before_it(parley: Parley) -> None:
    now_s = parley.clock() // 1000

    for name, issued_at_s in [("A", now_s - 30), ("A", now_s - 10), ("B", now_s - 20)]:
        alice(parley, name=name, iat=issued_at_s).get("/conversations")

    found = profile(parley)
    assert found is not None
    assert (found["name"], found["issued_at_s"]) == ("A", now_s - 10)


def test_of_two_tokens_at_the_same_moment_the_newer_one_stays(parley: Parley) -> None:
    """The newer token is stored between the older one's read and its write."""
    now_s = parley.clock() // 1000

    class Overtaking:
        def before(self, call: Any) -> None:
            if call.operation == "PutItem":
                parley.hooks.remove(self)
                new = {"user_id": "alice", "name": "New", "role": "user", "contexts": {}, "issued_at_s": now_s}
                item = {name: to_wire(value) for name, value in new.items()}
                parley.store.client("dynamodb").put_item(TableName=users_table(parley), Item=item)

        def after(self, call: Any) -> None:
            """Looks on."""

    parley.hooks.append(Overtaking())
    reply = alice(parley, name="Old", iat=now_s - 10).get("/conversations")

    assert reply.status == 200
    found = profile(parley)
    assert found is not None
    assert found["name"] == "New"


TINA = {"name": "Tina", "role": "teacher", "contexts": {"class": ["7b"]}}


def test_silent_token_wipes_nothing(parley: Parley) -> None:
    parley.user("backend", role="service").put("/users/alice", json=TINA)
    parley.advance(60)

    me = alice(parley).get("/me").json

    found = profile(parley)
    assert found is not None
    assert (me["name"], me["role"], me["contexts"]) == ("Tina", "teacher", {"class": ["7b"]})
    assert (found["name"], found["role"]) == ("Tina", role_shard("teacher", "alice"))


def test_each_field_of_a_later_token_counts_by_itself(parley: Parley) -> None:
    parley.user("backend", role="service").put("/users/alice", json=TINA)
    parley.advance(60)

    me = alice(parley, role="head").get("/me").json

    assert (me["name"], me["role"], me["contexts"]) == ("Tina", "head", {"class": ["7b"]})
    parley.advance(400)
    assert alice(parley).get("/me").json["role"] == "teacher"  # the provider has taken the role away


def test_authoritative_host_counts_more_than_every_token(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOST_PROFILES", "authoritative")
    parley.user("backend", role="service").put("/users/alice", json={"role": "teacher"})
    parley.advance(60)

    me = alice(parley, name="Alice Ärmel", role="admin").get("/me").json

    assert (me["name"], me["role"]) == ("Alice Ärmel", "teacher")


def test_next_sign_in_follows_another_choice_of_the_deployment(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    parley.user("backend", role="service").put("/users/alice", json={"role": "teacher"})
    parley.advance(60)
    person = alice(parley, role="admin")
    assert person.get("/me").json["role"] == "admin"

    monkeypatch.setenv("HOST_PROFILES", "authoritative")
    parley.advance(301)

    assert person.get("/me").json["role"] == "teacher"


def test_profile_of_an_earlier_version_counts_as_what_a_token_stated(parley: Parley) -> None:
    now_s = parley.clock() // 1000
    old: dict[str, object] = {"user_id": "alice", "name": "Old", "role": "teacher#1", "contexts": {"class": ["7b"]}}
    old |= {"issued_at_s": now_s - 10, "name_key": "old\nalice", "name_shard": "1"}
    item = {name: to_wire(value) for name, value in old.items()}
    parley.store.client("dynamodb").put_item(TableName=users_table(parley), Item=item)

    put = parley.user("backend", role="service").put("/users/alice", json={"name": "New"}).json
    me = alice(parley, role="tutor").get("/me").json

    assert (put["name"], put["role"], put["contexts"]) == ("New", "teacher", {"class": ["7b"]})
    assert (me["name"], me["role"], me["contexts"]) == ("New", "tutor", {})


def test_caller_whose_contexts_api_gateway_cannot_carry_gets_in(parley: Parley) -> None:
    contexts = {"class": [f"{'x' * 60}{number}" for number in range(110)]}
    assert parley.user("backend", role="service").put("/users/alice", json={"contexts": contexts}).status == 201

    assert alice(parley, name="👋" * 200).get("/me").status == 200


def test_programs_of_the_host_have_no_profile(parley: Parley) -> None:
    person = alice(parley, role="service")

    with parley.watch() as calls:
        assert person.get("/unread-count").status == 200

    assert [call.operation for call in calls if call.function == "Authorize"] == ["BatchGetItem"]
    assert profile(parley) is None


def test_program_needs_the_second_audience_where_there_is_one(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JWT_SERVICE_AUDIENCE", "programs")
    tokens.forget_settings()

    claimed = alice(parley, sub="backend", role="service").put("/users/bob", json={})
    allowed = alice(parley, sub="backend", role="service", aud=["parley", "programs"]).put("/users/bob", json={})

    assert_unauthorized(claimed)
    assert allowed.status == 201
    assert alice(parley).get("/conversations").status == 200
    monkeypatch.undo()
    tokens.forget_settings()


def test_program_with_the_id_of_a_person_gets_in_as_nobody(parley: Parley) -> None:
    alice(parley).get("/unread-count")

    assert_unauthorized(alice(parley, role="service").get("/conversations"))
    assert_unauthorized(alice(parley, role="service").put("/users/bob", json={}))
    assert alice(parley).get("/conversations").status == 200


@pytest.fixture
def secret_of_the_stack(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Lets the authorizers take their secret from where template.yaml says, and returns it."""
    monkeypatch.delenv("JWT_SECRET")
    tokens.forget_settings()
    resource = parley.template.resources["JwtSecret"]
    yield parley.store.client("secretsmanager").get_secret_value(SecretId=resource.name)["SecretString"]
    tokens.forget_settings()


def test_secret_comes_from_secrets_manager(parley: Parley, secret_of_the_stack: str) -> None:
    of_the_tests = alice(parley)
    parley.secret = secret_of_the_stack

    with parley.watch() as calls:
        assert alice(parley).get("/conversations").status == 200
    assert_unauthorized(of_the_tests.get("/conversations"))

    read = [call.params["VersionStage"] for call in calls if call.operation == "GetSecretValue"]
    assert read[0] == "AWSCURRENT"


def test_failure_of_ours_is_no_401(parley: Parley) -> None:
    class Broken:
        def before(self, call: Any) -> None:
            raise RuntimeError("the network is down")

        def after(self, call: Any) -> None:
            """Never comes."""

    parley.hooks.append(Broken())
    reply = alice(parley).get("/conversations")

    assert (reply.status, reply.json["code"], reply.headers["retry-after"]) == (503, "store_busy", "1")


def test_event_for_sam_local_invoke_is_let_in(parley: Parley) -> None:
    event = json.loads((ROOT / "events" / "rest" / "authorize.json").read_text())

    context = parley.functions.invoke("Authorize", event)["context"]

    assert (context["user_id"], context["role"], context["contexts"]) == ("alice", "teacher", '{"class":["7b"]}')


def test_policy_covers_the_whole_stage_and_nothing_else(parley: Parley) -> None:
    event = {
        "type": "REQUEST",
        "methodArn": "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/v1/GET/conversations",
        "headers": {"authorization": f"Bearer {token_of(parley)}"},
        "multiValueHeaders": {"authorization": [f"Bearer {token_of(parley)}"]},
        "requestContext": {"requestId": "r-1", "requestTimeEpoch": parley.clock()},
    }

    answer = parley.functions.invoke("Authorize", event)

    assert answer["principalId"] == "alice"
    assert answer["policyDocument"]["Statement"] == [
        {
            "Action": "execute-api:Invoke",
            "Effect": "Allow",
            "Resource": "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/v1/*/*",
        }
    ]
    assert all(isinstance(value, str) for value in answer["context"].values())


def test_two_authorization_headers_are_one_too_many(parley: Parley) -> None:
    event = {
        "type": "REQUEST",
        "methodArn": "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/v1/GET/conversations",
        "multiValueHeaders": {"Authorization": [f"Bearer {token_of(parley)}"], "authorization": ["Bearer x"]},
        "requestContext": {"requestId": "r-1", "requestTimeEpoch": parley.clock()},
    }

    with pytest.raises(FunctionError) as refused:
        parley.functions.invoke("Authorize", event)

    assert refused.value.message == "Unauthorized"


def test_refusal_is_logged_by_its_code_and_never_with_the_token(
    parley: Parley, caplog: pytest.LogCaptureFixture
) -> None:
    person = alice(parley, aud="evil")

    person.get("/conversations")

    logged = [str(vars(record)) for record in caplog.records]
    assert [line for line in logged if "'code': 'token_audience'" in line and "'operation': 'authorize'" in line]
    assert [line for line in logged if person.token.split(".")[2] in line] == []
