"""The host's own server changes and reads conversations that it is not in; each of its reads is in the audit log."""

from typing import Any

import pytest

from tests.functional.erasures import erased
from tests.functional.moderation import moderator
from tests.functional.replies import refusal, stored
from tests.functional.talk import bare, contents, make_group, names, open_direct, say
from tests.harness import Parley, User
from tests.harness.calls import Call, aws_refusal

PATTERN = {"type": "pattern", "id": "shawl-12"}
HOST = "~parley.system-host"


def host_of(parley: Parley) -> User:
    return parley.user("backend", role="service")


def about_a_pattern(parley: Parley, host: User) -> str:
    parley.user("anna")
    parley.user("ben")
    body = {"type": "direct", "user_ids": ["anna", "ben"], "context": PATTERN | {"title": "Shawl"}}
    return str(host.post("/conversations", json=body).json["id"])


def group(parley: Parley) -> str:
    return make_group(parley.user("anna"), parley.user("ben"))


def test_host_renames_and_describes_a_conversation_about_something(parley: Parley) -> None:
    host = host_of(parley)
    direct = about_a_pattern(parley, host)
    screen = parley.user("ben").connect()
    wanted = {
        "title": "Shawl, blue",
        "description": "Order 1041",
        "custom_type": "purchase",
        "metadata": {"paid": True},
    }

    changed = host.patch(f"/conversations/{direct}", json=wanted)
    before = stored(parley)
    again = host.patch(f"/conversations/{direct}", json=wanted)

    assert (changed.status, again.status) == (200, 200)
    assert {name: changed.json[name] for name in wanted} == wanted
    assert stored(parley) == before
    for name in ("anna", "ben"):
        shown = parley.user(name).get(f"/conversations/{direct}").json
        assert {name: shown[name] for name in wanted} == wanted
    told = contents(screen.events("conversation_updated"))
    assert told[-1]["user_id"] == HOST
    assert told[-1]["shared"]["title"] == "Shawl, blue"
    [note] = parley.user("ben").get(f"/conversations/{direct}/messages").json["messages"]
    assert (note["sender_id"], note["via"], note["system"]["event"]) == (HOST, "host", "conversation_changed")
    assert host.patch(f"/conversations/{direct}", json={"title": None}).json["title"] is None


def test_host_closes_and_opens_again(parley: Parley) -> None:
    host = host_of(parley)
    for place in (about_a_pattern(parley, host), group(parley)):
        anna = parley.user("anna")
        closed = host.patch(f"/conversations/{place}", json={"state": "closed"})

        assert (closed.status, closed.json["state"]) == (200, "closed")
        refused = anna.post(f"/conversations/{place}/messages", json={"text": "hello"})
        assert refusal(refused) == ("conversation_closed", 403, [])
        renamed = host.patch(f"/conversations/{place}", json={"title": "x"})
        assert refusal(renamed) == ("conversation_closed", 403, [])
        assert host.patch(f"/conversations/{place}", json={"state": "open"}).json["state"] == "open"
        say(anna, place, "hello")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"title": "x"}, "groups_only"),
        ({"metadata": {"a": 1}}, "groups_only"),
        ({"state": "closed"}, "no_life_cycle"),
    ],
)
def test_general_conversation_of_two_has_neither_title_nor_end(
    parley: Parley, fields: dict[str, Any], code: str
) -> None:
    host = host_of(parley)
    direct = open_direct(parley.user("anna"), parley.user("ben"))
    before = stored(parley)

    assert refusal(host.patch(f"/conversations/{direct}", json=fields)) == (code, 403, [])
    assert stored(parley) == before


@pytest.mark.parametrize("fields", [{"posting": "admins"}, {"slow_mode_s": 5}])
def test_rules_of_groups_are_none_of_two(parley: Parley, fields: dict[str, Any]) -> None:
    host = host_of(parley)
    direct = about_a_pattern(parley, host)

    assert refusal(host.patch(f"/conversations/{direct}", json=fields)) == ("groups_only", 403, [])
    assert host.patch(f"/conversations/{group(parley)}", json=fields).status == 200


def test_people_still_cannot_rename_a_conversation_of_two(parley: Parley) -> None:
    direct = about_a_pattern(parley, host_of(parley))

    renamed = parley.user("anna").patch(f"/conversations/{direct}", json={"title": "x"})
    assert refusal(renamed) == ("groups_only", 403, [])


def test_host_adds_and_removes_people_and_gives_roles(parley: Parley) -> None:
    host, place = host_of(parley), f"/conversations/{group(parley)}"
    cleo, dora = parley.user("cleo"), parley.user("dora")
    screen = cleo.connect()

    added = host.post(f"{place}/members", json={"user_ids": ["cleo"]})
    before = stored(parley)
    again = host.post(f"{place}/members", json={"user_ids": ["cleo"]})
    put = host.put(f"{place}/members/dora", json={"role": "admin"})

    assert (added.status, again.json, put.status) == (200, added.json, 201)
    assert stored(parley) != before  # dora
    assert names(screen.events())[0] == "conversation_created"
    assert dora.get(place).json["role"] == "admin"
    assert host.patch(f"{place}/members/anna", json={"role": "member"}).json["role"] == "member"  # the only owner
    removed = host.delete(f"{place}/members/cleo")
    repeated = host.delete(f"{place}/members/cleo")
    assert (removed.status, repeated.status, removed.json) == (200, 200, repeated.json)
    assert refusal(cleo.get(place)) == ("conversation_not_found", 404, [])
    notes = [one for one in dora.get(f"{place}/messages").json["messages"] if one["sender_id"] == HOST]
    assert [(one["system"]["event"], one["via"]) for one in notes] == [
        ("members_added", "host"),
        ("members_added", "host"),
        ("role_changed", "host"),
        ("member_removed", "host"),
    ]


def test_host_acts_in_a_group_that_is_too_large_for_its_head(parley: Parley) -> None:
    host, people = host_of(parley), [f"u{number:03}" for number in range(120)]
    made = host.post(
        "/conversations", json={"type": "group", "title": "All", "owner_ids": ["u000"], "member_ids": people[:60]}
    )
    place = f"/conversations/{made.json['id']}"
    assert host.post(f"{place}/members", json={"user_ids": people[60:]}).json["member_count"] == 120
    parley.drain()
    first, _, last = (parley.user(one) for one in ("u000", "u001", "u119"))
    screens = [first.connect(), last.connect()]

    sent = [
        host.post(f"{place}/messages", json={"text": "hello", "sender_id": sender_id, "mentions": mentions})
        for sender_id, mentions in ((HOST, ["*"]), ("u001", []))
    ]
    renamed = host.patch(place, json={"title": "All of us"})
    removed = host.delete(f"{place}/members/u002")
    parley.drain()

    assert [one.status for one in (*sent, renamed, removed)] == [201, 201, 200, 200]
    assert (renamed.json["title"], removed.json["member_count"]) == ("All of us", 119)
    for screen in screens:
        told = screen.events()
        assert [one["message"]["via"] for one in contents(told) if "message" in one] == ["host"] * 4
        assert {"conversation_updated", "member_removed"} <= set(names(told))
    assert last.get(place).json["unread_mentions"] == 1
    assert len(host.get(f"{place}/members?limit=100").json["members"]) == 100


def test_no_policy_keeps_the_host_from_adding(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    host, place = host_of(parley), f"/conversations/{group(parley)}"
    monkeypatch.setenv("POLICY", "school")
    parley.user("sam", "student")

    assert host.post(f"{place}/members", json={"user_ids": ["sam"]}).status == 200


def test_person_who_may_not_be_added_is_named(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    host, direct = host_of(parley), about_a_pattern(parley, host_of(parley))
    place = f"/conversations/{group(parley)}"
    parley.user("gone")
    erased(parley, "gone")
    before = stored(parley)
    monkeypatch.setenv("POLICY", "school")

    for user_id in ("gone", "nobody"):
        refused = host.post(f"{place}/members", json={"user_ids": ["anna", user_id]})
        assert refusal(refused) == ("unknown_user", 404, [("/user_ids/1", "not_allowed")])
        put = host.put(f"{place}/members/{user_id}", json={})
        assert refusal(put) == ("unknown_user", 404, [("{user_id}", "not_allowed")])
    assert refusal(host.delete(f"{place}/members/nobody")) == ("member_not_found", 404, [])
    added = host.post(f"/conversations/{direct}/members", json={"user_ids": ["cleo"]})
    assert refusal(added) == ("groups_only", 403, [])
    assert stored(parley) == before


NOWHERE = "g_k5eabqrm6yhbcyzwf2cgh2ycru"
ACTS = [
    ("patch", "", {"title": "x"}),
    ("post", "/members", {"user_ids": ["anna"]}),
    ("put", "/members/anna", {}),
    ("patch", "/members/anna", {"role": "admin"}),
    ("delete", "/members/anna", None),
    ("get", "", None),
    ("get", "/members", None),
    ("get", "/messages", None),
]


@pytest.mark.parametrize(("method", "path", "body"), ACTS)
def test_moderators_and_strangers_have_none_of_it(parley: Parley, method: str, path: str, body: Any) -> None:
    place, others = group(parley), (parley.user("eve"), moderator(parley))
    before = stored(parley)

    for person in others:
        assert refusal(person.request(method.upper(), f"/conversations/{place}{path}", json=body)) == (
            "conversation_not_found",
            404,
            [],
        )
    assert stored(parley) == before
    gone = host_of(parley).request(method.upper(), f"/conversations/{NOWHERE}{path}", json=body)
    assert refusal(gone) == ("conversation_not_found", 404, [])


def test_host_reads_a_conversation_as_nobody_in_it(parley: Parley) -> None:
    host, anna, ben = host_of(parley), parley.user("anna"), parley.user("ben")
    for place in (open_direct(anna, ben), make_group(anna, ben)):
        message_ids = say(anna, place, "one", "two")
        assert ben.put(f"/messages/{message_ids[0]}/reactions/%F0%9F%91%8D").status == 200

        shown = host.get(f"/conversations/{place}").json
        history = host.get(f"/conversations/{place}/messages").json["messages"]
        people = host.get(f"/conversations/{place}/members").json["members"]

        assert (shown["unread"], shown["role"], shown["last_message"]["text"]) == (0, "member", "two")
        assert history[-2:] == [bare(anna.get(f"/messages/{message_id}").json) for message_id in message_ids]
        assert [one["user_id"] for one in people] == ["anna", "ben"]
        assert shown["member_count"] == 2


def audited(parley: Parley) -> list[tuple[str, str, str, str]]:
    entries = moderator(parley).get("/admin/audit?action=read_conversation").json["entries"]
    return sorted((one["actor_id"], one["actor_role"], one["target"], one["details"]["what"]) for one in entries)


def test_each_read_is_in_the_audit_log(parley: Parley) -> None:
    host, place = host_of(parley), group(parley)

    for path in ("", "/messages", "/messages?custom_type=card", "/members"):
        parley.advance(1)
        assert host.get(f"/conversations/{place}{path}").status == 200

    assert audited(parley) == [
        ("backend", "service", place, what) for what in ("conversation", "members", "messages", "messages")
    ]


def test_program_that_is_a_member_reads_as_one(parley: Parley) -> None:
    host = host_of(parley)
    place = make_group(host, parley.user("anna"))

    assert host.get(f"/conversations/{place}").json["role"] == "owner"
    assert host.get(f"/conversations/{place}/messages").status == 200
    assert audited(parley) == []


class FullLog:
    """A hook: the audit log takes no entry."""

    def __init__(self) -> None:
        self.refused = 0

    def before(self, call: Call) -> None:
        if call.operation == "PutItem":
            self.refused += 1
            raise aws_refusal(call, "ItemCollectionSizeLimitExceededException", "no room")

    def after(self, call: Call) -> None:
        pass


def test_read_that_cannot_be_logged_shows_nothing(parley: Parley) -> None:
    host, place = host_of(parley), group(parley)
    assert host.get(f"/conversations/{place}").status == 200
    entries = audited(parley)

    parley.hooks.append(log := FullLog())
    for path in ("", "/messages", "/members"):
        reply = host.get(f"/conversations/{place}{path}")
        assert (reply.status, reply.json["code"]) == (500, "internal_error")
    parley.hooks.remove(log)

    assert log.refused == 3
    assert audited(parley) == entries
