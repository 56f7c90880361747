"""POST /migration/conversations: an import begins, and nobody but its run sees the conversation."""

import pytest

from tests.functional.moving import RUN, begin, bring, direct, finish, group, host_of, message, people
from tests.functional.replies import invalid, malformed_bodies, refusal, stored
from tests.functional.talk import open_direct
from tests.harness import Frame, Parley

PATH = "/migration/conversations"


def test_begun_import_is_found_again_by_its_run(parley: Parley) -> None:
    people(parley, "alice", "bob")
    host = host_of(parley)

    first = host.post(PATH, json=direct())
    again = host.post(PATH, json=direct())

    assert (first.status, again.status) == (201, 200)
    assert (
        first.json
        == again.json
        == {"conversation_id": first.json["conversation_id"], "state": "importing", "last_seq": 0}
    )


GROUP: dict[str, object] = {"description": "On Fridays", "metadata": {"a": [1, None]}, "custom_type": "club"}


@pytest.mark.parametrize(
    "first, other, fields",
    [
        (
            direct(metadata={"a": 1}),
            {"metadata": {"a": 2}, "created_at": "2024-03-02T08:00:00Z"},
            "created_at metadata",
        ),
        (group("alice", "bob", **GROUP), {"title": "Go"}, "title"),
        (group("alice", "bob", **GROUP), {"members": group("alice", "carol")["members"]}, "members"),
        (group("alice", "bob", **GROUP), {"members": group("bob", "alice")["members"]}, "members"),
        (group("alice", "bob", posting="admins"), {"posting": "everyone", "closed": True}, "posting closed"),
        (group("alice", "bob", slow_mode_s=10), {"slow_mode_s": 0, "history": "joined"}, "slow_mode_s history"),
        (group("alice", "bob", **GROUP), {"description": None, "custom_type": None}, "custom_type description"),
    ],
)
def test_import_that_was_begun_with_other_content_is_refused_and_named(
    parley: Parley, first: Frame, other: Frame, fields: str
) -> None:
    people(parley, "alice", "bob", "carol")
    conversation_id, host = begin(parley, first), host_of(parley)
    bring(parley, conversation_id, message(1, pinned=True), message(2, "bob"))

    named = [(f"/{name}", "contradiction") for name in fields.split()]
    assert refusal(host.post(PATH, json={**first, **other})) == ("import_differs", 422, named)
    in_other_order = {**first, "members": [*reversed(first["members"])]}
    assert host.post(PATH, json=in_other_order).json["last_seq"] == 2
    sides = [{"user_id": each["user_id"], "read_seq": 0} for each in first["members"]]
    assert finish(parley, conversation_id, 2, *sides).status == 200
    assert host.post(PATH, json={**first, **other}).json["state"] == "done"


def test_id_follows_from_the_two_people_or_from_the_id_of_the_group(parley: Parley) -> None:
    people(parley, "alice", "bob", "carol")

    two, other = begin(parley, direct()), begin(parley, group("alice", "bob"))
    third = begin(parley, group("alice", "carol", source_id="g-2"))

    assert two[:2] == "d_" and other[:2] == third[:2] == "g_" and other != third
    assert finish(parley, two, 0, *({"user_id": each, "read_seq": 0} for each in ("alice", "bob"))).status == 200
    assert open_direct(parley.user("alice"), parley.user("bob")) == two


def test_nobody_sees_a_conversation_that_is_being_imported(parley: Parley) -> None:
    people(parley, "alice", "bob")
    alice, host = parley.user("alice"), host_of(parley)
    moderator = parley.user("mona", role="moderator")
    for conversation_id in (begin(parley, direct()), begin(parley, group("alice", "bob"))):
        bring(parley, conversation_id, message(1))

        assert alice.get(f"/conversations/{conversation_id}").status == 404
        assert alice.post(f"/conversations/{conversation_id}/messages", json={"text": "hello"}).status == 404
        assert alice.get(f"/messages/{conversation_id}.1").status == 404
        assert host.post(f"/conversations/{conversation_id}/export", json={"format": "jsonl"}).status == 404
        assert moderator.get(f"/admin/conversations/{conversation_id}/messages").status == 404
    assert alice.get("/conversations").json["conversations"] == []


def test_opening_it_is_refused_meanwhile(parley: Parley) -> None:
    people(parley, "alice", "bob")
    begin(parley, direct())

    reply = parley.user("alice").post("/conversations", json={"type": "direct", "user_id": "bob"})

    assert refusal(reply) == ("conversation_importing", 409, [])


def test_conversation_in_use_is_refused(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    open_direct(alice, bob)

    assert refusal(host_of(parley).post(PATH, json=direct())) == ("conversation_live", 409, [])


def test_another_run_is_refused_while_one_imports_and_after_it(parley: Parley) -> None:
    people(parley, "alice", "bob")
    conversation_id, host = begin(parley, direct()), host_of(parley)

    assert refusal(host.post(PATH, json=direct(run="second"))) == ("conversation_importing", 409, [])
    finish(parley, conversation_id, 0, *({"user_id": each, "read_seq": 0} for each in ("alice", "bob")))
    assert refusal(host.post(PATH, json=direct(run="second"))) == ("conversation_live", 409, [])
    assert host.post(PATH, json=direct()).json["state"] == "done"


@pytest.mark.parametrize(
    "body, fields",
    [
        (direct(run="a b"), [("/run", "bad_format")]),
        (direct(source_id=" "), [("/source_id", "blank")]),
        (direct(created_at="yesterday"), [("/created_at", "bad_format")]),
        (direct(created_at="2024-02-30T00:00:00Z"), [("/created_at", "bad_format")]),
        (direct(created_at="2199-01-01T00:00:00Z"), [("/created_at", "too_large")]),
        (direct(members=[{"user_id": "alice"}]), [("/members", "too_few_items")]),
        (direct(members=[{"user_id": each} for each in ("alice", "bob", "carol")]), [("/members", "too_many_items")]),
        (
            direct(members=[{"user_id": "alice", "role": "owner"}, {"user_id": "bob"}]),
            [("/members/0/role", "contradiction")],
        ),
        (direct(posting="admins"), [("/posting", "contradiction")]),
        (direct(history="joined"), [("/history", "contradiction")]),
        (group("alice", history="nothing"), [("/history", "not_allowed")]),
        (direct(title="Maths"), [("/title", "not_allowed")]),
        (group("alice", context={"type": "class", "id": "7b"}), [("/context", "contradiction")]),
        (group("alice", title=None), [("/title", "required")]),
        (group("alice", "alice"), [("/members/1/user_id", "repeated")]),
        (group("alice", members=[{"user_id": "alice"}]), [("/members", "required")]),
        (
            group("alice", members=[{"user_id": f"p{number}", "role": "owner"} for number in range(51)]),
            [("/members", "too_many_items")],
        ),
        (
            group("alice", members=[{"user_id": f"p{number}"} for number in range(2001)]),
            [("/members", "too_many_items")],
        ),
        (group("alice", type="forum"), [("/type", "not_allowed")]),
        (group("alice", requester_id="alice"), [("/requester_id", "contradiction")]),
        (direct(requester_id="alice"), [("/requester_id", "contradiction")]),
    ],
)
def test_wrong_conversation_is_refused_and_named(parley: Parley, body: Frame, fields: list[tuple[str, str]]) -> None:
    people(parley, "alice", "bob", "carol")
    host, before = host_of(parley), stored(parley)

    assert refusal(host.post(PATH, json=body)) == invalid(*fields)
    assert stored(parley) == before


def test_members_whom_nobody_knows_are_named(parley: Parley) -> None:
    people(parley, "alice")
    host = host_of(parley)

    assert refusal(host.post(PATH, json=direct())) == ("unknown_user", 404, [("/members/1/user_id", "not_allowed")])
    reply = host.post(PATH, json=group("alice", "zoe"))
    assert refusal(reply) == ("unknown_user", 404, [("/members/1/user_id", "not_allowed")])


def test_conversation_with_oneself_is_refused(parley: Parley) -> None:
    people(parley, "alice")
    members = [{"user_id": "alice"}, {"user_id": "alice"}]

    assert refusal(host_of(parley).post(PATH, json=direct(members=members)))[0] == "self_conversation"


def test_nobody_but_the_host_may(parley: Parley) -> None:
    assert refusal(parley.user("mallory", role="moderator").post(PATH, json=direct())) == ("service_only", 403, [])


def test_body_that_makes_no_sense_is_refused(parley: Parley) -> None:
    host = host_of(parley)

    assert malformed_bodies(lambda raw: host.post(PATH, raw=raw)) == {}


def test_largest_group_is_imported(parley: Parley) -> None:
    names = [f"p{number}" for number in range(2000)]
    for first in range(0, 2000, 100):
        people(parley, *names[first : first + 100])

    conversation_id = begin(parley, group(*names))
    reply = finish(parley, conversation_id, 0, *({"user_id": each, "read_seq": 0} for each in names))

    assert reply.json == {"conversation_id": conversation_id, "state": "done", "last_seq": 0}
    assert parley.user("p1999").get(f"/conversations/{conversation_id}").json["member_count"] == 2000
    assert host_of(parley).post(PATH, json=group(*names, run=RUN)).status == 200
