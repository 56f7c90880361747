"""Nobody reads, writes, learns of, or is pushed anything of a conversation that is not theirs.

An outsider and a removed member try each operation that names a conversation or a message. All operations are also
tried with a token that has run out or was meant for another service.
"""

from dataclasses import dataclass

import jwt
import pytest

from tests.functional.attempts import ABSENT, Answer, Attempt, everything, leaving_last, naming
from tests.functional.moderation import moderator
from tests.functional.talk import joined, make_group, open_direct, say
from tests.harness import Frame, Parley, Socket, User

# The refusals of a member who may not do a thing, or not here.
MAY_NOT = {
    *(
        "groups_only",
        "direct_only",
        "admins_only",
        "owners_only",
        "not_your_message",
        "own_message",
        "not_a_voice_message",
        "system_message",
        "no_life_cycle",
        "moderators_only",
    ),
}


@dataclass
class Talk:
    """Alice and bob, with their conversation open on one device each and not on another; eve, who is not in it.

    Of a group mallory was a member, and had it open on a device when she was removed.
    """

    kind: str
    parley: Parley
    alice: User
    bob: User
    eve: User
    conversation_id: str
    devices: list[Socket]
    spy: Socket

    def quietly(self, one: Attempt, person: User, socket: Socket, conversation_id: str) -> Answer:
        """Returns the answer; nothing may be written for it, and nobody told."""
        return one.ask_quietly(person, socket, conversation_id, [*self.devices, self.spy])


@pytest.fixture(params=["direct", "group"])
def talk(parley: Parley, request: pytest.FixtureRequest) -> Talk:
    alice, bob, eve = parley.user("alice"), parley.user("bob"), parley.user("eve")
    if request.param == "direct":
        conversation_id = open_direct(alice, bob)
        spy = eve.connect()
    else:  # eve is mallory here: she was in it, with a device that has it open
        conversation_id = make_group(bob, alice, eve)
        spy = joined(eve, conversation_id)
        assert bob.delete(f"/conversations/{conversation_id}/members/eve").status == 200
        parley.drain()
    say(alice, conversation_id, "a secret", "another")
    devices = [person.connect() for person in (alice, bob)] + [joined(one, conversation_id) for one in (alice, bob)]
    open_direct(eve, parley.user("frank"))
    return Talk(request.param, parley, alice, bob, eve, conversation_id, devices, spy)


def test_outsider_cannot_tell_a_conversation_from_one_that_does_not_exist(parley: Parley, talk: Talk) -> None:
    found = {str(one) for one in naming(parley.template)}
    assert {"rest/get_conversation", "rest/mark_read", "websocket/send_message", "websocket/mark_read"} <= found

    for one in naming(parley.template):
        theirs = talk.quietly(one, talk.eve, talk.spy, talk.conversation_id)
        nobodys = talk.quietly(one, talk.eve, talk.spy, ABSENT[talk.kind])

        assert theirs == nobodys, one
        if one.is_for_moderators:
            assert (theirs.status, theirs.code) == (403, "moderators_only"), one
            continue
        assert theirs.status == 404, one
        assert theirs.code in ("conversation_not_found", "message_not_found"), one


def test_moderator_cannot_tell_a_conversation_without_a_report_from_one_that_does_not_exist(
    parley: Parley, talk: Talk
) -> None:
    mona = moderator(parley)

    for one in naming(parley.template):
        theirs = talk.quietly(one, mona, talk.spy, talk.conversation_id) if one.is_rest else None
        if theirs is not None:
            assert theirs == talk.quietly(one, mona, talk.spy, ABSENT[talk.kind]), one
            assert theirs.status == 404, one


def test_token_that_has_run_out_opens_nothing(parley: Parley, talk: Talk) -> None:
    late = parley.user("alice", expires_in_s=60)
    socket = late.connect()
    late.get("/unread-count")  # API Gateway keeps the authorizer's answer for longer than the token lasts
    parley.advance(90)

    for one in everything(parley.template):
        refused = talk.quietly(one, late, socket, talk.conversation_id)

        assert (refused.status, refused.code) == (401, "token_expired"), one


@pytest.mark.parametrize("claim", [{"aud": "another"}, {"iss": "another"}], ids=["audience", "issuer"])
def test_token_that_was_meant_for_another_service_opens_nothing(parley: Parley, talk: Talk, claim: Frame) -> None:
    now_s = parley.clock() // 1000
    claims = {"sub": "alice", "iss": "parley", "aud": "parley", "iat": now_s, "exp": now_s + 60} | claim
    misled = parley.bearer(jwt.encode(claims, parley.secret, algorithm="HS256"), "alice")

    for one in everything(parley.template):
        if one.is_rest:
            assert talk.quietly(one, misled, talk.spy, talk.conversation_id).status == 401, one


def test_member_does_everything_and_an_outsider_hears_nothing(parley: Parley, talk: Talk) -> None:
    phone = talk.bob.connect()
    talk.spy.frames.clear()

    for one in leaving_last(naming(parley.template)):
        answer = one.ask(talk.bob, phone, talk.conversation_id)
        assert answer.status < 300 or answer.code in MAY_NOT or one.refuses_example, (one, answer)

    parley.drain()
    assert talk.devices[0].events()
    assert talk.spy.frames == []


def test_lists_of_an_outsider_hold_nothing_of_it(parley: Parley, talk: Talk) -> None:
    pages = [talk.eve.get(path).text for path in ("/conversations", "/unread", "/unread-count")]
    pages.append(talk.eve.post("/sync", json={"cursors": {talk.conversation_id: 0}}).text.replace(
        f'"left":["{talk.conversation_id}"]', ""))  # fmt: skip
    pages.append(str(talk.spy.request("request_user_status", {"user_ids": ["alice", "bob"]})))

    for page in pages:
        assert talk.conversation_id not in page and "secret" not in page and "alice" not in page
