"""A group of a thousand, of whom two hundred are online: the sender waits for nobody, and all two hundred hear it."""

from bench.calls import recording
from tests.functional.talk import contents, say
from tests.harness import Parley

ENGINES = ("ministack",)  # what is counted here are calls, the same on any engine; moto takes half as long again
MEMBERS = 1_000
ONLINE = 200


def test_a_thousand_members_of_whom_two_hundred_are_online(parley: Parley) -> None:
    alice = parley.user("alice")
    people = [f"u{number:04}" for number in range(MEMBERS - 1)]
    body = {"type": "group", "title": "All of us", "member_ids": people[:90]}
    group = alice.post("/conversations", json=body).json["id"]
    for first in range(90, len(people), 90):
        added = alice.post(f"/conversations/{group}/members", json={"user_ids": people[first : first + 90]})
        assert added.status == 200, added
        parley.drain()
    assert alice.get(f"/conversations/{group}").json["member_count"] == MEMBERS
    parley.drain()
    online = people[:: len(people) // ONLINE][:ONLINE]
    screens = [parley.user(one).connect(subprotocol=True) for one in online]
    parley.hooks.clear()  # the recorder looks at items under the functions' names, which their roles do not allow

    with recording() as sent:
        [message_id] = say(alice, group, "hello, all of you")
    with parley.watch() as told:
        parley.drain()

    assert sent.round_trips <= 3
    assert [call.operation for call in sent.calls if call.service != "dynamodb"] == []
    heard = [contents(screen.events("message_notification")) for screen in screens]
    assert [[one["message"]["id"] for one in events] for events in heard] == [[message_id]] * ONLINE
    posts = [call for call in told if b'"message_notification"' in call.params.get("Data", b"")]
    assert len(posts) == ONLINE
    of_fan_out = [call for call in told if call.function == "RunFanOut"]
    batches = [call for call in of_fan_out if "Connections" in str(call.params.get("RequestItems", ""))]
    assert len(batches) == MEMBERS // 100
    print(f"{len(batches)} batches of presence, {len(posts)} posts")
