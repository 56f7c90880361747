"""POST /users/{user_id}/sign-out: the host ends every sign-in of a person."""

import jwt
import pytest

from local.websocket import State
from parley.adapters.dynamodb.documents import to_wire
from tests.functional.attempts import everything
from tests.functional.erasures import host
from tests.functional.replies import Meanwhile, invalid, refusal
from tests.functional.talk import in_s, joined, open_direct, say
from tests.harness import Frame, Parley, Refused, User

NO_DATA = {"websocket/hello"}  # it reads nothing of anybody: limits and timers only


def sign_out(parley: Parley, user_id: str) -> Frame:
    """Signs a person out, a second after whatever they have signed in with."""
    parley.clock.ms += 1000
    reply = host(parley).post(f"/users/{user_id}/sign-out")
    assert reply.status == 200, reply
    return dict(reply.json)


def note_sign_out(parley: Parley, user_id: str) -> None:
    """Does the first half of a sign-out: it is noted, and the sockets are still open."""
    parley.clock.ms += 1000
    row = {"user_id": user_id, "signed_out_at_s": parley.clock() // 1000, "expires_at_s": parley.clock() // 1000 + 99}
    table = parley.functions.environment["ACCOUNT_STATES_TABLE"]
    item = {name: to_wire(value) for name, value in row.items()}
    parley.store.client("dynamodb").put_item(TableName=table, Item=item)


@pytest.mark.parametrize(
    ("role", "others"),
    [("user", {"service_only", "moderators_only"}), ("service", {"moderators_only"}), ("moderator", {"service_only"})],
    ids=["user", "service", "moderator"],
)
def test_every_operation_refuses_a_token_from_before(parley: Parley, role: str, others: set[str]) -> None:
    amy, bob = parley.user("amy", role=role), parley.user("bob")
    conversation_id = open_direct(amy, bob)
    say(bob, conversation_id, "one", "two")
    phone = amy.connect()
    note_sign_out(parley, "amy")

    answers = {str(one): one.ask(amy, phone, conversation_id) for one in everything(parley.template)}

    # A refusal by the role reads nothing, so it need not ask; nor do a ticket of a program without a requester and
    # its vote.
    of_programs = {"rest/create_ticket", "rest/vote_on_article"}
    unread = NO_DATA | (of_programs if role == "service" else set())
    let_in = {name: one for name, one in answers.items() if one.code != "signed_out" and one.code not in others}
    assert let_in.keys() == unread


def test_nothing_is_written_for_a_token_from_before(parley: Parley) -> None:
    amy, bob = parley.user("amy"), parley.user("bob")
    conversation_id = open_direct(amy, bob)
    say(bob, conversation_id, "one", "two")
    phone, screen = amy.connect(), joined(bob, conversation_id)
    note_sign_out(parley, "amy")

    # A ping extends the caller's own lease, if there is one. Buckets count what a caller tries.
    quiet = [one for one in everything(parley.template) if str(one) not in NO_DATA | {"websocket/ping"}]
    with parley.watch() as calls:
        for one in quiet:
            screen.frames.clear()
            one.ask(amy, phone, conversation_id)
            assert screen.frames == [], one

    buckets, table = parley.functions.environment["RATES_TABLE"], "TableName"
    writes = ("Put", "Update", "Delete", "Transact", "Send")
    written = [one for one in calls if one.operation.startswith(writes) and one.params.get(table) != buckets]
    assert written == []


def test_sockets_are_closed_and_watchers_told(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    say(alice, conversation_id, "hello")
    say(bob, conversation_id, "hello")
    screen = bob.connect()
    phone, laptop = alice.connect(), alice.connect()

    sign_out(parley, "alice")

    assert [phone.connection.state, laptop.connection.state] == [State.CLOSED] * 2
    assert [one["data"]["status"] for one in screen.events("user_status_change")][-1] == "offline"


@pytest.mark.parametrize("within_ms", [0, 1, 999])
def test_a_sign_out_ends_tokens_of_its_own_second_and_the_next_token_counts(parley: Parley, within_ms: int) -> None:
    parley.clock.ms = parley.clock() // 1000 * 1000 + within_ms
    old, unseen = parley.user("alice"), parley.token("alice")

    signed_out = host(parley).post("/users/alice/sign-out").json
    new = parley.user("alice")

    assert [refusal(one.get("/me"))[0] for one in (old, parley.bearer(unseen, "alice"))] == ["signed_out"] * 2
    assert new.get("/me").status == 200
    assert signed_out["signed_out_at"] == in_s(parley, 0)


def test_token_that_is_issued_afterwards_counts(parley: Parley) -> None:
    parley.user("alice")
    sign_out(parley, "alice")

    again = parley.user("alice")

    assert again.get("/me").status == 200
    assert again.connect().request("ping")["type"] == "ack"


def test_ticket_from_before_opens_no_socket(parley: Parley) -> None:
    alice = parley.user("alice")
    ticket = alice.post("/ws-tickets").json["ticket"]
    sign_out(parley, "alice")

    with pytest.raises(Refused) as refused:
        alice.open(query=f"?ticket={ticket}")

    assert refused.value.status == 401


def test_token_from_before_that_nobody_has_seen_yet_opens_no_socket_and_reads_nothing(parley: Parley) -> None:
    token = parley.token("alice")  # no authorizer has seen it yet
    sign_out(parley, "alice")

    with pytest.raises(Refused) as refused:
        parley.bearer(token, "alice").connect(subprotocol=True)

    assert refused.value.status == 401
    assert refusal(parley.bearer(token, "alice").get("/me"))[:2] == ("signed_out", 401)


def test_device_that_connects_meanwhile_is_taken_back(parley: Parley) -> None:
    alice = parley.user("alice")
    service = host(parley)
    parley.clock.ms += 1000
    # The authorizer has let the device in, and `$connect` is about to note it.
    meanwhile = Meanwhile("PutItem", lambda: service.post("/users/alice/sign-out"))
    ticket = alice.post("/ws-tickets").json["ticket"]
    parley.hooks.append(meanwhile)

    with pytest.raises(Refused) as refused:
        alice.open(query=f"?ticket={ticket}")

    assert meanwhile.happened
    assert refused.value.status == 401
    assert parley.user("alice").get("/me/connections").json["connections"] == []


def test_others_and_programs_stay_signed_in(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")

    sign_out(parley, "alice")

    assert (alice.get("/me").status, bob.get("/me").status) == (401, 200)


def test_a_program_of_the_host_can_be_signed_out_by_another(parley: Parley) -> None:
    old = parley.user("backend", role="service")
    sign_out(parley, "backend")

    assert refusal(old.get("/me"))[:2] == ("signed_out", 401)
    assert parley.user("backend", role="service").get("/me").status == 200


@pytest.mark.parametrize("method", ["post", "delete"])
def test_a_program_neither_signs_itself_out_nor_erases_itself(parley: Parley, method: str) -> None:
    server = host(parley)
    answer = server.post("/users/host/sign-out") if method == "post" else server.delete("/users/host")

    assert refusal(answer) == invalid(("{user_id}", "not_allowed"))
    assert server.get("/users/host").status == 404


def test_repeated_sign_out_lets_in_who_has_signed_in_between_no_longer(parley: Parley) -> None:
    parley.user("alice")
    first = sign_out(parley, "alice")
    between = parley.user("alice")

    second = sign_out(parley, "alice")

    assert first["signed_out_at"] < second["signed_out_at"]
    assert between.get("/me").status == 401


def test_token_without_iat_counts_as_issued_its_longest_life_before_its_end(parley: Parley) -> None:
    now_s = parley.clock() // 1000
    short = signed(parley, exp=now_s + 3600)
    long = signed(parley, exp=now_s + 86_400 + 3600)
    sign_out(parley, "alice")

    assert (short.get("/me").status, long.get("/me").status) == (401, 200)


def test_longer_token_ends_with_its_longest_life(parley: Parley) -> None:
    now_s = parley.clock() // 1000
    long = signed(parley, iat=now_s, exp=now_s + 30 * 86_400)
    assert long.get("/me").status == 200

    parley.advance(86_400 + 60)

    assert long.get("/me").status == 401


@pytest.mark.parametrize("role", ["user", "admin", "moderator"])
def test_nobody_but_the_host_may(parley: Parley, role: str) -> None:
    bob = parley.user("bob")

    refused = refusal(parley.user("mona", role=role).post("/users/bob/sign-out"))

    assert refused == ("service_only", 403, [])
    assert bob.get("/me").status == 200


def test_what_is_no_id_is_refused(parley: Parley) -> None:
    assert refusal(host(parley).post("/users/%20/sign-out")) == invalid(("{user_id}", "bad_format"))


def test_person_whom_nobody_has_seen_can_be_signed_out(parley: Parley) -> None:
    token = parley.token("nina")

    sign_out(parley, "nina")

    assert parley.bearer(token, "nina").get("/me").status == 401


def signed(parley: Parley, **times: int) -> User:
    """Returns alice with a token that carries just these times."""
    environment = parley.functions.environment
    claims = {"sub": "alice", "iss": environment["JWT_ISSUER"], "aud": environment["JWT_AUDIENCE"], **times}
    return parley.bearer(jwt.encode(claims, parley.secret, "HS256"), "alice")
