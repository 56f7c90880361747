"""Everyone of a role or a context comes into a group: in parts, by a job, with one system message at the end."""

import pytest

from tests.functional.erasures import erased, host
from tests.functional.replies import Meanwhile, invalid, refusal, stored
from tests.functional.suspending import suspended
from tests.functional.talk import make_group, say
from tests.harness import Frame, Parley, Reply, User

TEACHERS = {"role": "teacher"}
CLASS = {"context": {"type": "class", "id": "7b"}}


def staff(parley: Parley, number: int, role: str = "teacher") -> list[str]:
    """Lets the host put that many people of a role; returns their ids."""
    user_ids = [f"{role}{each:04}" for each in range(number)]
    for first in range(0, number, 100):
        users = [{"id": user_id, "name": user_id, "role": role} for user_id in user_ids[first : first + 100]]
        assert host(parley).put("/users", json={"users": users}).status == 200
    return user_ids


def add(person: User, group: str, everyone: object = None, **more: object) -> Reply:
    body = {"everyone": everyone or TEACHERS, "client_id": "all", **more}
    return person.post(f"/conversations/{group}/members", json=body)


def members(person: User, group: str) -> list[str]:
    found, cursor = [], ""
    while True:
        page = person.get(f"/conversations/{group}/members?limit=100{cursor}").json
        found += [one["user_id"] for one in page["members"]]
        if page["next"] is None:
            return found
        cursor = f"&cursor={page['next']}"


def notes(person: User, group: str) -> list[Frame]:
    """Returns what the messages of a group tell, the newest first; None for a message that a user wrote."""
    return [one["system"] for one in reversed(person.get(f"/conversations/{group}/messages").json["messages"])]


def in_class(parley: Parley, *user_ids: str) -> None:
    reply = host(parley).put("/contexts/class/7b/people", json={"add": list(user_ids)})
    assert {one["status"] for one in reply.json["results"]} <= {200, 201}, reply


def test_everyone_of_a_role_comes_in_with_one_system_message(parley: Parley) -> None:
    alice, tina = parley.user("alice"), parley.user("teacher0000", role="teacher")
    user_ids = staff(parley, 200)
    group = make_group(alice, parley.user("bob"))
    screen, phone = alice.connect(), tina.connect()

    begun = add(alice, group)
    parley.drain()

    assert begun.status == 202
    assert begun.json["adding"] == {"state": "running", "found": 0, "added": 0, "code": None}
    assert sorted(members(alice, group)) == sorted(["alice", "bob", *user_ids])
    assert alice.get(f"/conversations/{group}").json["member_count"] == 202
    assert notes(alice, group) == [
        {"event": "everyone_added", "count": 200},
        {"event": "group_created", "user_ids": ["bob"], "title": "Chess"},
    ]
    ended = add(alice, group)
    assert (ended.status, ended.json["member_count"]) == (202, 202)
    assert ended.json["adding"] == {"state": "done", "found": 200, "added": 200, "code": None}
    heard = {one["data"]["change_seq"]: one["data"]["user_ids"] for one in screen.events("member_added")}
    assert sorted(user_id for came in heard.values() for user_id in came) == user_ids
    [shown] = phone.events("conversation_created")
    assert shown["data"]["conversation_id"] == group


def test_everyone_of_a_context_comes_in(parley: Parley) -> None:
    alice = parley.user("alice")
    for user_id in ("bob", "carol", "dave"):
        parley.user(user_id)
    in_class(parley, "alice", "bob", "carol")
    group = make_group(alice)

    assert add(alice, group, CLASS).status == 202
    parley.drain()

    assert members(alice, group) == ["alice", "bob", "carol"]
    assert notes(alice, group)[0] == {"event": "everyone_added", "count": 2}


@pytest.mark.parametrize("everyone", [TEACHERS, CLASS], ids=["role", "context"])
def test_group_is_created_with_everyone(parley: Parley, everyone: object) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    user_ids = staff(parley, 3)
    in_class(parley, "alice", *user_ids)
    body = {"type": "group", "title": "All", "member_ids": ["bob"], "everyone": everyone, "client_id": "c1"}

    made = alice.post("/conversations", json=body)
    parley.drain()

    group = made.json["id"]
    assert (made.status, made.json["member_count"]) == (201, 2)
    assert sorted(members(bob, group)) == ["alice", "bob", *user_ids]
    assert [note["event"] for note in notes(bob, group)] == ["everyone_added", "group_created"]
    assert made.json["adding"] == {"state": "running", "found": 0, "added": 0, "code": None}
    assert "adding" not in alice.get(f"/conversations/{group}").json
    again = alice.post("/conversations", json=body)
    parley.drain()
    assert again.json["adding"] == {"state": "done", "found": 3, "added": 3, "code": None}
    assert (again.status, again.json["id"], again.json["member_count"]) == (200, group, 5)
    assert refusal(alice.post("/conversations", json=body | {"everyone": {"role": "user"}}))[0] == "client_id_reused"


def test_blocked_people_and_members_are_left_out(parley: Parley) -> None:
    alice = parley.user("alice")
    staff(parley, 4)
    group = make_group(alice, parley.user("teacher0001", role="teacher"))
    assert alice.put("/users/teacher0002/block").status == 200
    assert parley.user("teacher0003", role="teacher").put("/users/alice/block").status == 200

    add(alice, group)
    parley.drain()

    assert members(alice, group) == ["alice", "teacher0000", "teacher0001"]
    assert add(alice, group).json["adding"] == {"state": "done", "found": 2, "added": 1, "code": None}


def test_nobody_new_is_no_system_message(parley: Parley) -> None:
    alice = parley.user("alice")
    group = make_group(alice)

    add(alice, group)
    parley.drain()

    assert [note["event"] for note in notes(alice, group)] == ["group_created"]
    assert add(alice, group).json["adding"] == {"state": "done", "found": 0, "added": 0, "code": None}


def test_policy_decides_for_each_person(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLICY", "school")
    admin, pupil = parley.user("ada", role="admin"), parley.user("sam", role="student")
    staff(parley, 2)
    staff(parley, 2, "student")
    group = make_group(admin, pupil)
    assert admin.patch(f"/conversations/{group}/members/sam", json={"role": "admin"}).status == 200

    refused = add(pupil, group, {"role": "student"})

    assert refusal(refused)[:2] == ("role_not_allowed", 403)
    parley.drain()
    assert members(admin, group) == ["ada", "sam"]


def test_context_of_others_is_refused_so_that_it_tells_nothing(parley: Parley) -> None:
    alice = parley.user("alice")
    parley.user("bob")
    in_class(parley, "bob")
    group = make_group(alice)

    for context_id in ("7b", "nowhere"):
        reply = add(alice, group, {"context": {"type": "class", "id": context_id}})
        assert refusal(reply)[:2] == ("context_not_shared", 403)
    parley.drain()
    assert members(alice, group) == ["alice"]


def test_members_who_may_not_add_people_are_refused(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    group = make_group(alice, bob)
    before = stored(parley)["Conversations"]

    assert refusal(add(bob, group))[:2] == ("admins_only", 403)
    assert refusal(add(parley.user("carol"), group))[:2] == ("conversation_not_found", 404)
    assert stored(parley)["Conversations"] == before


def test_one_adding_at_a_time(parley: Parley) -> None:
    alice = parley.user("alice")
    staff(parley, 3)
    group = make_group(alice)
    add(alice, group)

    other = add(alice, group, {"role": "user"}, client_id="others")
    reused = add(alice, group, {"role": "user"})
    parley.drain()

    assert refusal(other)[:2] == ("adding_in_progress", 409)
    assert refusal(reused) == ("client_id_reused", 422, [("/client_id", "client_id_reused")])
    assert add(alice, group, {"role": "user"}, client_id="others").status == 202


def begun(parley: Parley) -> tuple[User, User, str]:
    """Returns alice, bob and their group, to which the first 90 of 200 teachers were added."""
    alice, bob = parley.user("alice"), parley.user("bob")
    staff(parley, 200)
    group = make_group(alice, bob)
    assert alice.patch(f"/conversations/{group}/members/bob", json={"role": "owner"}).status == 200
    assert add(alice, group).status == 202
    for stream in parley.streams:
        stream.poll(flush=True, sleep=lambda _: False)
    for queue in parley.queues:
        queue.poll(retry_at_once=True)
    assert alice.get(f"/conversations/{group}").json["member_count"] == 92
    return alice, bob, group


def test_caller_sees_how_far_it_is(parley: Parley) -> None:
    alice, _, group = begun(parley)

    assert add(alice, group).json["adding"] == {"state": "running", "found": 90, "added": 90, "code": None}


def test_person_who_is_removed_meanwhile_stays_away(parley: Parley) -> None:
    alice, bob, group = begun(parley)
    assert bob.delete(f"/conversations/{group}/members/teacher0005").status == 200

    parley.drain()

    assert "teacher0005" not in members(alice, group)
    assert len(members(alice, group)) == 201
    assert notes(alice, group)[0] == {"event": "everyone_added", "count": 200}


def test_caller_who_loses_the_right_adds_nobody_more(parley: Parley) -> None:
    alice, bob, group = begun(parley)
    assert bob.patch(f"/conversations/{group}/members/alice", json={"role": "member"}).status == 200

    parley.drain()

    assert len(members(bob, group)) == 92
    assert notes(bob, group)[0] == {"event": "everyone_added", "count": 90}


def test_caller_who_is_suspended_adds_nobody_more(parley: Parley) -> None:
    _, bob, group = begun(parley)
    suspended(parley, "alice")

    parley.drain()

    assert len(members(bob, group)) == 92


@pytest.mark.parametrize("how", ["removed", "erased"])
def test_caller_who_is_gone_adds_nobody_more_and_leaves_no_id(parley: Parley, how: str) -> None:
    _, bob, group = begun(parley)
    if how == "removed":
        assert bob.delete(f"/conversations/{group}/members/alice").status == 200
    else:
        erased(parley, "alice")

    parley.drain()

    assert len(members(bob, group)) == 91
    assert [note["event"] for note in notes(bob, group)] == ["member_removed", "role_changed", "group_created"]
    if how == "erased":
        assert "alice" not in str(stored(parley)["Conversations"])


def test_closed_group_takes_nobody_more(parley: Parley) -> None:
    alice, bob, group = begun(parley)
    assert bob.patch(f"/conversations/{group}", json={"state": "closed"}).status == 200

    parley.drain()

    assert len(members(alice, group)) == 92
    assert refusal(add(alice, group))[0] == "conversation_closed"


def test_group_takes_two_thousand_and_no_more(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parley.domain.conversations.group_steps.MAX_MEMBERS", 120)
    alice, _, group = begun(parley)

    parley.drain()

    assert len(members(alice, group)) == 120
    assert add(alice, group).json["adding"] == {
        "state": "stopped",
        "found": 180,
        "added": 118,
        "code": "too_many_members",
    }
    assert notes(alice, group)[0] == {"event": "everyone_added", "count": 118}


def test_send_meanwhile_is_no_part_of_it(parley: Parley) -> None:
    alice, bob, group = begun(parley)
    say(bob, group, "Welcome")

    parley.drain()

    assert len(members(alice, group)) == 202
    assert [note["event"] for note in notes(alice, group) if note] == [
        "everyone_added",
        "role_changed",
        "group_created",
    ]


def test_send_in_the_middle_of_a_part_lets_it_decide_again(parley: Parley) -> None:
    alice, bob, group = begun(parley)
    meanwhile = Meanwhile("TransactWriteItems", lambda: bob.patch(f"/conversations/{group}", json={"title": "Staff"}))
    parley.hooks.append(meanwhile)

    parley.drain()

    assert meanwhile.happened
    assert len(members(alice, group)) == 202
    assert alice.get(f"/conversations/{group}").json["title"] == "Staff"


def test_lost_part_is_started_again_by_the_same_request(parley: Parley) -> None:
    alice, bob, group = begun(parley)
    for stream in parley.streams:
        stream.poll(flush=True, sleep=lambda _: False)
    assert '"add"' in str(parley.dequeue("Deliveries"))  # as if all of its tries had failed
    parley.drain()
    assert alice.get(f"/conversations/{group}").json["member_count"] == 92
    parley.advance(300)  # queues go by the real clock

    assert add(alice, group).json["adding"]["state"] == "running"
    parley.drain()

    assert add(alice, group).json["adding"] == {"state": "done", "found": 200, "added": 200, "code": None}
    assert len(members(bob, group)) == 202


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({}, "/user_ids", "required"),
        ({"everyone": {}}, "/everyone/role", "required"),
        ({"everyone": TEACHERS | CLASS}, "/everyone/context", "contradiction"),
        ({"everyone": TEACHERS, "user_ids": ["bob"]}, "/everyone", "contradiction"),
        ({"everyone": {"role": "A B"}}, "/everyone/role", "bad_format"),
        ({"everyone": {"context": {"type": "class"}}}, "/everyone/context/id", "required"),
        ({"everyone": {"all": True}}, "/everyone/all", "unknown_field"),
        ({"everyone": TEACHERS, "client_id": ""}, "/client_id", "bad_format"),
    ],
    ids=str,
)
def test_wrong_fields_are_named(parley: Parley, body: dict[str, object], field: str, code: str) -> None:
    alice = parley.user("alice")
    group = make_group(alice)

    assert refusal(alice.post(f"/conversations/{group}/members", json=body)) == invalid((field, code))


def test_host_adds_everyone_to_a_group_that_it_is_not_in(parley: Parley) -> None:
    alice = parley.user("alice")
    user_ids = staff(parley, 100)
    group = make_group(alice)

    assert add(host(parley), group).status == 202
    parley.drain()

    assert members(alice, group) == ["alice", *user_ids]
    assert notes(alice, group)[0] == {"event": "everyone_added", "count": 100}


def test_host_makes_a_group_of_everyone_for_an_owner(parley: Parley) -> None:
    alice = parley.user("alice")
    parley.user("bob")
    in_class(parley, "alice", "bob")
    body = {"type": "group", "title": "7b", "owner_ids": ["alice"], "everyone": CLASS, "client_id": "c1"}

    group = host(parley).post("/conversations", json=body).json["id"]
    parley.drain()

    assert members(alice, group) == ["alice", "bob"]


def test_only_a_few_can_be_begun_at_once_and_their_reads_are_charged(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COST_UNIT_BURST", "10000")
    alice, backend = parley.user("alice"), host(parley)
    staff(parley, 120)
    groups = [make_group(alice) for _ in range(6)]
    body = {"type": "group", "title": "All", "everyone": TEACHERS, "client_id": "c1"}

    begun = [add(alice, group) for group in groups[:4]]
    made, over = alice.post("/conversations", json=body), add(alice, groups[5])

    assert [one.status for one in (*begun, made)] == [202, 202, 202, 202, 201]
    assert (refusal(over)[:2], over.json["rule"]) == (("rate_limited", 429), "cost")
    assert add(alice, groups[0]).status == 202  # it says how far it is
    by_host = make_group(alice)
    assert add(backend, by_host).status == 202
    parley.drain()
    parley.advance(30)  # 3,000 units
    assert refusal(add(alice, groups[5]))[:2] == ("rate_limited", 429)  # 120 people are 480 units for each of the five
    parley.advance(60)
    assert add(alice, groups[5]).status == 202
