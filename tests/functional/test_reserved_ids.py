"""Ids of Parley's own making are nobody's: no outsider signs in with one, or names one where it would do something."""

import jwt
import pytest

from tests.functional.erasures import erased, host
from tests.functional.talk import make_group, open_direct, say
from tests.harness import Parley, Refused, Reply, User

OLD = "erased-" + "a" * 26  # a pseudonym as they were before there was a prefix
MADE = "~parley.erased-" + "a" * 26
RESERVED = (OLD, MADE, "~parley.system", "~parley.")
IN_PATHS = [*RESERVED, "%2E", "%2E%2E"]


def bearer(parley: Parley, user_id: str, **claims: object) -> User:
    """Returns the user of a good token with this id."""
    now_s = parley.clock() // 1000
    content = {"sub": user_id, "iss": "parley", "aud": "parley", "iat": now_s, "exp": now_s + 3600} | claims
    return parley.bearer(jwt.encode(content, parley.secret, algorithm="HS256"), user_id)


def assert_is_no_id(reply: Reply, pointer: str) -> None:
    assert reply.status == 400, reply
    assert [(one["pointer"], one["code"]) for one in reply.json["errors"]] == [(pointer, "bad_format")]


def test_pseudonym_of_an_erased_person_reads_nothing(parley: Parley) -> None:
    alice, vic = parley.user("alice"), parley.user("vic")
    conversation_id = open_direct(alice, vic)
    say(alice, conversation_id, "between us")
    say(vic, conversation_id, "only us")
    pseudonym = erased(parley, "vic")["receipt"]["pseudonym"]

    assert pseudonym.startswith("~parley.erased-")
    shown = alice.get(f"/conversations/{conversation_id}").json
    assert pseudonym in {one["user_id"] for one in shown["members"]}
    thief = bearer(parley, pseudonym)
    for path in ("/conversations", f"/conversations/{conversation_id}/messages", "/search?q=us", "/me"):
        assert thief.get(path).status == 401
    assert host(parley).put(f"/users/{pseudonym}", json={}).status == 400
    assert alice.get(f"/users/{pseudonym}").status == 404
    assert alice.get(f"/users/presence?ids={pseudonym},alice").json["statuses"][0]["user_id"] == "alice"


def test_member_list_goes_on_behind_a_pseudonym(parley: Parley) -> None:
    alice, vic = parley.user("~z"), parley.user("vic")
    conversation_id = open_direct(alice, vic)
    pseudonym = erased(parley, "vic")["receipt"]["pseudonym"]

    first = alice.get(f"/conversations/{conversation_id}/members?limit=1").json
    second = alice.get(f"/conversations/{conversation_id}/members?limit=1&cursor={first['next']}").json

    assert [one["user_id"] for one in first["members"] + second["members"]] == [pseudonym, "~z"]


@pytest.mark.parametrize("user_id", [*RESERVED, ".", ".."])
def test_nobody_signs_in_with_an_id_of_parleys_own(parley: Parley, user_id: str) -> None:
    assert bearer(parley, user_id).get("/conversations").status == 401
    assert bearer(parley, user_id, role="service").get("/conversations").status == 401
    with pytest.raises(Refused) as refused:
        bearer(parley, user_id).connect(ticket=False, subprotocol=True)
    assert refused.value.status == 401


@pytest.mark.parametrize("user_id", ["~parley", "~parleys.x", "Erased-x", "x.erased-", "...", ".a"])
def test_what_only_looks_like_one_is_a_persons(parley: Parley, user_id: str) -> None:
    alice, person = parley.user("alice"), bearer(parley, user_id)

    assert person.get("/conversations").status == 200
    assert host(parley).put(f"/users/{user_id}", json={"name": "Someone"}).status == 200
    assert person.get(f"/conversations/{open_direct(alice, person)}").status == 200


@pytest.mark.parametrize("user_id", IN_PATHS)
def test_path_that_names_one_is_refused(parley: Parley, user_id: str) -> None:
    alice, server = parley.user("alice"), host(parley)
    group_id = make_group(alice)
    member = f"/conversations/{group_id}/members/{user_id}"

    for reply in (
        server.put(f"/users/{user_id}", json={"name": "Vic"}),
        server.delete(f"/users/{user_id}"),
        alice.put(f"/users/{user_id}/block"),
        alice.delete(f"/users/{user_id}/block"),
        alice.put(member, json={}),
        alice.patch(member, json={"role": "admin"}),
        alice.delete(member),
    ):
        assert_is_no_id(reply, "{user_id}")
    assert alice.get(f"/users/{user_id}").status == (404 if user_id in RESERVED else 400)


@pytest.mark.parametrize("user_id", [*RESERVED, ".", ".."])
def test_request_that_names_one_is_refused(parley: Parley, user_id: str) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    group_id, direct_id = make_group(alice, bob), open_direct(alice, bob)
    [message_id] = say(alice, direct_id, "hello")
    title = {"type": "group", "title": "Ours"}

    assert_is_no_id(alice.post("/conversations", json={"type": "direct", "user_id": user_id}), "/user_id")
    assert_is_no_id(alice.post("/messages", json={"user_id": user_id, "text": "hi"}), "/user_id")
    assert_is_no_id(alice.post("/conversations", json=title | {"member_ids": ["bob", user_id]}), "/member_ids/1")
    added = alice.post(f"/conversations/{group_id}/members", json={"user_ids": [user_id]})
    assert_is_no_id(added, "/user_ids/0")
    mention = {"text": "hi", "mentions": [user_id]}
    assert_is_no_id(alice.post(f"/conversations/{direct_id}/messages", json=mention), "/mentions/0")
    assert_is_no_id(alice.patch(f"/messages/{message_id}", json=mention), "/mentions/0")
    assert_is_no_id(alice.get(f"/policy/explain?user_id={user_id}"), "?user_id")
    assert alice.get(f"/users/presence?ids={user_id},alice").json["statuses"][0]["user_id"] == "alice"
    asked = alice.connect().request("request_user_status", {"user_ids": [user_id]})
    assert asked["data"] == {"statuses": [], "users": {}}


def test_moderator_asks_for_what_a_pseudonym_did(parley: Parley) -> None:
    moderator = parley.user("mo", role="moderator")

    assert moderator.get(f"/admin/audit?actor={MADE}").json["entries"] == []


def test_host_makes_no_person_of_its_own_id(parley: Parley) -> None:
    reply = host(parley).put("/users/host", json={})

    assert reply.status == 400
    assert [one["code"] for one in reply.json["errors"]] == ["not_allowed"]
    assert host(parley).get("/conversations").status == 200
