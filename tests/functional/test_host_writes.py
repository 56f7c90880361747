"""The host's own server writes in the name of a person or of a system sender, and each reader learns that it did."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.functional.erasures import erased
from tests.functional.exports import exported, fetched, lines
from tests.functional.replies import invalid, refusal, stored
from tests.functional.suspending import suspended
from tests.functional.talk import bare, contents, joined, make_group, open_direct, say
from tests.harness import Parley, Reply, User

BOOKINGS = "~parley.system-bookings"
POLICY = """
roles = []

[general]
context_id = "forbidden"
may_open = { "*" = ["*"] }
must_share = []
unknown_users = true

[senders.bookings]
name = "Bookings"
avatar_url = "https://example.com/bookings.png"
"""


@pytest.fixture(autouse=True)
def declared(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Lets the deployment's policy declare a system sender."""
    from parley.adapters.people import policies
    from parley.domain.people.policy_file import load

    monkeypatch.setattr(policies, "current", lambda: load(POLICY, "mine.toml"))
    yield


def host_of(parley: Parley) -> User:
    return parley.user("backend", role="service")


def write(host: User, conversation_id: str, sender_id: str, text: str = "hello", **more: object) -> Reply:
    return host.post(f"/conversations/{conversation_id}/messages", json={"text": text, "sender_id": sender_id, **more})


def test_everybody_reads_the_message_as_the_senders_with_the_mark_of_the_host(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    screen, own, away = joined(bob, direct), alice.connect(), bob.connect()

    sent = write(host_of(parley), direct, "alice", client_id="c1")

    message = bare(sent.json)
    assert (sent.status, message.pop("replayed")) == (201, False)
    assert (message["sender_id"], message["via"], message["text"]) == ("alice", "host", "hello")
    for device, name in ((screen, "new_message"), (own, "message_notification"), (away, "message_notification")):
        [told] = contents(device.events(name))
        assert told["message"] == message
    for reader in (alice, bob):
        assert bare(reader.get(f"/messages/{message['id']}").json) == message
        assert reader.get(f"/conversations/{direct}/messages").json["messages"] == [message]
        assert reader.post("/sync", json={"cursors": {direct: 0}}).json["conversations"][direct]["messages"] == [
            message
        ]
    assert [one.get(f"/conversations/{direct}").json["unread"] for one in (alice, bob)] == [1, 1]


@pytest.mark.parametrize("place", [open_direct, make_group])
def test_message_by_the_host_says_not_that_its_sender_has_read_or_answered(
    parley: Parley, place: Callable[[User, User], str]
) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = place(alice, bob)
    [asked] = say(bob, conversation_id, "Are you there?")
    before = alice.get(f"/conversations/{conversation_id}").json
    phone = alice.connect()

    write(host_of(parley), conversation_id, "alice")

    after = alice.get(f"/conversations/{conversation_id}").json
    assert (after["read_seq"], after["unread"]) == (before["read_seq"], before["unread"] + 1)
    [receipt] = bob.get(f"/messages/{asked}/receipts").json["receipts"]
    assert (receipt["user_id"], receipt["read_at"]) == ("alice", None)
    assert phone.request("mark_read", {"message_id": f"{conversation_id}.{after['last_seq']}"})["type"] == "ack"
    assert alice.get(f"/conversations/{conversation_id}").json["unread"] == 0
    if place is open_direct:
        statuses = bob.get("/users/presence?ids=alice").json
        assert "online" not in str(statuses)


def test_message_of_a_person_has_no_mark(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    [message_id] = say(alice, open_direct(alice, bob), "hello")

    assert bob.get(f"/messages/{message_id}").json["via"] is None


def test_system_sender_writes_in_conversations_that_it_is_not_in(parley: Parley) -> None:
    alice, bob, host = parley.user("alice"), parley.user("bob"), host_of(parley)
    for conversation_id in (open_direct(alice, bob), make_group(alice, bob)):
        before = {one.user_id: one.get(f"/conversations/{conversation_id}").json for one in (alice, bob)}

        sent = write(host, conversation_id, BOOKINGS, "Your table is booked.")

        assert (sent.status, sent.json["sender_id"], sent.json["via"]) == (201, BOOKINGS, "host")
        for reader in (alice, bob):
            shown, known = reader.get(f"/conversations/{conversation_id}").json, before[reader.user_id]
            assert shown["last_message"]["sender_id"] == BOOKINGS
            listed = reader.get("/conversations").json
            synced = reader.post("/sync", json={"list_limit": 10}).json
            for answer in (shown, listed, synced):
                assert answer["users"][BOOKINGS]["name"] == "Bookings"
            assert shown["unread"] == known["unread"] + 1
            assert {**shown, "members": []}["member_count"] == 2
            assert [one["user_id"] for one in shown["members"]] == [one["user_id"] for one in known["members"]]


def test_everybody_may_know_the_name_and_the_picture_of_a_system_sender(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    shown = {"id": BOOKINGS, "name": "Bookings", "role": "system", "contexts": {}, "profile_seq": 0}
    shown["avatar_url"] = "https://example.com/bookings.png"
    built_in = {"id": "~parley.system-host", "name": "Host", "role": "system", "contexts": {}, "profile_seq": 0}

    assert alice.get(f"/users/{BOOKINGS}").json == shown
    assert alice.get("/users/~parley.system-host").json == built_in
    both = alice.get(f"/users?ids=bob,{BOOKINGS},~parley.system-nobody").json["users"]
    assert [one["id"] for one in both] == [BOOKINGS, bob.user_id]
    assert refusal(alice.get("/users/~parley.system-nobody")) == ("unknown_user", 404, [])


def test_same_client_id_gets_the_first_answer_again(parley: Parley) -> None:
    alice, bob, host = parley.user("alice"), parley.user("bob"), host_of(parley)
    direct = open_direct(alice, bob)
    first = write(host, direct, "alice", client_id="c1")
    system = write(host, direct, BOOKINGS, client_id="c1")
    own = alice.post(f"/conversations/{direct}/messages", json={"text": "mine", "client_id": "c1"})
    screen = bob.connect()
    before = stored(parley)

    again = [write(host, direct, sender_id, client_id="c1") for sender_id in ("alice", BOOKINGS)]

    assert [one.status for one in (first, system, own)] == [201, 201, 201]
    assert [(one.status, one.json) for one in again] == [
        (200, {**first.json, "replayed": True}),
        (200, {**system.json, "replayed": True}),
    ]
    assert (stored(parley), screen.frames) == (before, [])
    other = write(host, direct, "alice", "something else", client_id="c1")
    assert refusal(other) == ("client_id_reused", 422, [("/client_id", "client_id_reused")])


@pytest.mark.parametrize(
    ("user_id", "name"), [("~parley.system-host", "Host"), ("~parley.system-moderators", "Moderators")]
)
def test_built_in_senders_have_names(parley: Parley, user_id: str, name: str) -> None:
    assert parley.user("alice").get(f"/users/{user_id}").json["name"] == name


SENDER = [("/sender_id", "not_allowed")]


def leaves(parley: Parley, group: str) -> None:
    assert parley.user("alice").delete(f"/conversations/{group}/members/alice").status == 200


def is_suspended(parley: Parley, _: str) -> None:
    suspended(parley, "alice")


@pytest.mark.parametrize("happens", [leaves, is_suspended])
def test_retry_gets_the_first_answer_if_the_sender_may_not_write_any_more(
    parley: Parley, happens: Callable[[Parley, str], None]
) -> None:
    alice, bob, host = parley.user("alice"), parley.user("bob"), host_of(parley)
    group, direct = make_group(bob, alice), open_direct(alice, bob)
    pair = {"text": "hello", "sender_id": "alice", "client_id": "c2"}
    two = [{**pair, "user_id": "bob"}, {**pair, "user_ids": ["bob", "alice"]}]
    first = write(host, group, "alice", client_id="c1")
    written = write(host, direct, "alice", client_id="c2")
    happens(parley, group)
    before = stored(parley)

    again = write(host, group, "alice", client_id="c1")
    other = write(host, group, "alice", "something else", client_id="c1")
    to_bob = [host.post("/messages", json=body) for body in two]

    assert (again.status, again.json) == (200, {**first.json, "replayed": True})
    assert [(one.status, one.json) for one in to_bob] == [(200, {**written.json, "replayed": True})] * 2
    assert refusal(other) == ("client_id_reused", 422, [("/client_id", "client_id_reused")])
    code = "sender_not_member" if happens is leaves else "sender_suspended"
    for new in ({}, {"client_id": "c3"}):
        assert refusal(write(host, group, "alice", **new)) == (code, 403, SENDER)
    assert stored(parley) == before


def unknown(parley: Parley, _host: User) -> str:
    return "nobody"


def outside(parley: Parley, _host: User) -> str:
    return parley.user("carol").user_id


def gone(parley: Parley, _host: User) -> str:
    parley.user("carol")
    erased(parley, "carol")
    return "carol"


def stopped(parley: Parley, _host: User) -> str:
    suspended(parley, "alice")
    return "alice"


@pytest.mark.parametrize(
    ("sender_of", "expected"),
    [
        (unknown, ("unknown_user", 404, SENDER)),
        (outside, ("sender_not_member", 403, SENDER)),
        (gone, ("sender_erased", 409, SENDER)),
        (stopped, ("sender_suspended", 403, SENDER)),
        (lambda *_: "~parley.system-nobody", ("unknown_user", 404, SENDER)),
        (lambda *_: "~parley.system-moderators", ("moderators_only", 403, SENDER)),
        (lambda *_: "~parley.erased-abc", invalid(("/sender_id", "bad_format"))),
        (lambda *_: "backend", invalid(("/sender_id", "not_allowed"))),
    ],
    ids=["unknown", "not in it", "erased", "suspended", "undeclared", "moderators", "reserved", "the program itself"],
)
@pytest.mark.parametrize("place", [open_direct, make_group])
def test_sender_who_may_not_write_is_named(
    parley: Parley,
    place: Callable[[User, User], str],
    sender_of: Callable[[Parley, User], str],
    expected: tuple[str, int, list[Any]],
) -> None:
    alice, bob, host = parley.user("alice"), parley.user("bob"), host_of(parley)
    conversation_id = place(alice, bob)
    sender_id = sender_of(parley, host)
    before = stored(parley)

    assert refusal(write(host, conversation_id, sender_id)) == expected
    assert stored(parley) == before


def test_suspension_that_has_ended_stops_nothing(parley: Parley) -> None:
    alice, bob, host = parley.user("alice"), parley.user("bob"), host_of(parley)
    direct = open_direct(alice, bob)
    suspended(parley, "alice")
    assert host.delete("/admin/suspensions/alice").status == 200

    assert write(host, direct, "alice").status == 201


def test_rights_of_the_sender_hold_for_the_host_too(parley: Parley) -> None:
    alice, bob, host = parley.user("alice"), parley.user("bob"), host_of(parley)
    direct, group = open_direct(alice, bob), make_group(alice, bob, posting="admins")
    assert alice.put("/users/bob/block").status == 200

    assert refusal(write(host, direct, "alice")) == ("blocked", 403, [])
    assert refusal(write(host, group, "bob")) == ("posting_restricted", 403, [])
    assert [write(host, place, BOOKINGS).status for place in (direct, group)] == [201, 201]
    assert write(host, group, BOOKINGS, mentions=["*"]).status == 201
    assert alice.patch(f"/conversations/{group}", json={"state": "closed"}).status == 200
    assert refusal(write(host, group, BOOKINGS)) == ("conversation_closed", 403, [])


@pytest.mark.parametrize("role", ["user", "moderator"])
def test_only_the_host_names_a_sender(parley: Parley, role: str) -> None:
    alice, bob, mia = parley.user("alice"), parley.user("bob"), parley.user("mia", role=role)
    direct = open_direct(alice, bob)
    before = stored(parley)

    for person, sender_id in ((mia, "alice"), (alice, "bob"), (alice, "alice"), (alice, BOOKINGS)):
        assert refusal(write(person, direct, sender_id)) == ("service_only", 403, [])
    assert stored(parley) == before


def test_host_writes_into_no_conversation_that_is_not_there(parley: Parley) -> None:
    parley.user("alice")
    nowhere = "d_k5eabqrm6yhbcyzwf2cgh2ycru"
    for sender_id in ("alice", BOOKINGS):
        assert refusal(write(host_of(parley), nowhere, sender_id)) == ("conversation_not_found", 404, [])


def test_export_names_the_sender_and_the_mark(parley: Parley) -> None:
    alice, bob, host = parley.user("alice"), parley.user("bob"), host_of(parley)
    direct = open_direct(alice, bob)
    write(host, direct, "alice", "in her name")
    write(host, direct, BOOKINGS, "by the system")

    _, *told = lines(fetched(parley, exported(parley, bob, direct)["url"]))
    page = fetched(parley, exported(parley, bob, direct, "html")["url"]).decode()

    assert [(one["sender_id"], one["via"]) for one in told] == [("alice", "host"), (BOOKINGS, "host")]
    assert page.count("written by the host") == 2
    assert '<bdi dir="auto">Bookings</bdi>' in page


def test_erasure_takes_what_the_host_wrote_in_the_persons_name(parley: Parley) -> None:
    alice, bob, host = parley.user("alice"), parley.user("bob"), host_of(parley)
    direct = open_direct(alice, bob)
    sent = write(host, direct, "alice", "in her name", client_id="c1")

    erased(parley, "alice")

    shown = bob.get(f"/messages/{sent.json['id']}").json
    assert (shown["text"], shown["via"]) == ("", "host")
    assert shown["deleted_at"] is not None
    assert "alice" not in str(stored(parley))
