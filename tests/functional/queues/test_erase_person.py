"""ErasePerson: nothing that names a person or that they wrote is left anywhere, and everything else is as it was."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from local.functions import Killed
from parley.domain.erasure import job
from tests.functional.calling import ring, signal
from tests.functional.erasures import erase, erased, everything, host, shown
from tests.functional.exports import export, exported
from tests.functional.replies import Meanwhile
from tests.functional.talk import contents, joined, make_group, open_direct, say
from tests.harness import Call, Frame, Parley, Refused, Reply, User

ID = "zoe.quibble@example.org"
NAME = "Zoë Quibble"
WORD = "wombat"  # stands in everything that she writes, and nowhere else


def zoe(parley: Parley) -> User:
    return parley.user(ID, name=NAME, role="teacher", contexts={"class": ["7b"]})


def newly_signed(parley: Parley, expires_in_s: int) -> User:
    """Returns her with a token that no authorizer has seen yet."""
    return parley.bearer(parley.token(ID, name=NAME, expires_in_s=expires_in_s), ID)


def history(person: User, conversation_id: str) -> list[Frame]:
    """Returns the messages of a conversation, whose seqs have no gap."""
    reply = person.get(f"/conversations/{conversation_id}/messages?limit=100")
    assert reply.status == 200, reply
    messages: list[Frame] = reply.json["messages"]
    assert [one["seq"] for one in messages] == list(range(1, len(messages) + 1))
    return messages


def a_full_life(parley: Parley) -> dict[str, Any]:
    """Lets a person do all that can be done in Parley, and others with them; returns the people and the places."""
    her, bob, carol = zoe(parley), parley.user("bob"), parley.user("carol")
    direct, group = open_direct(her, bob), make_group(her, bob, carol, title="Chess")
    left, elsewhere = make_group(bob, her, carol, title="Left"), open_direct(bob, carol)
    screen = her.connect()
    screen.request("join_conversation", {"conversation_id": direct})
    screen.request("typing_start", {"conversation_id": direct})
    [first, second] = say(her, direct, f"{WORD} one", f"{WORD} two")
    [answer] = say(bob, direct, "an answer")
    [note] = say(her, group, f"{WORD} to the group")
    [young] = say(her, left, f"{WORD} before I left")
    named = {"text": "hello you", "mentions": [ID], "client_id": "m1"}
    assert bob.post(f"/conversations/{group}/messages", json=named).status == 201
    sent = {"text": f"{WORD} with a client id", "client_id": "mine-1"}
    assert her.post(f"/conversations/{group}/messages", json=sent).status == 201
    for edit in range(3):
        assert her.patch(f"/messages/{first}", json={"text": f"{WORD} edited {edit}"}).status == 200
    assert her.delete(f"/messages/{second}").status == 200
    assert her.put(f"/messages/{answer}/reactions/%F0%9F%91%8D").status < 300
    assert bob.put(f"/messages/{answer}/reactions/%F0%9F%91%8D").status < 300
    assert her.put(f"/messages/{note}/pin").status < 300
    assert her.delete(f"/messages/{answer}?scope=me").status < 300
    her.patch(f"/conversations/{direct}/read-all")
    bob.patch(f"/conversations/{direct}/read-all")
    assert bob.post(f"/messages/{note}/forward", json={"conversation_ids": [elsewhere]}).status < 300
    assert her.delete(f"/conversations/{left}/members/{ID}").status < 300
    her.patch(f"/conversations/{group}/settings", json={"pinned": True})
    for one, other in ((her, "dave"), (parley.user("erin"), ID)):
        parley.user("dave")
        assert one.put(f"/users/{other}/block").status < 300
    assert carol.post(f"/messages/{note}/report", json={"reason": "spam", "note": "look"}).status < 300
    assert her.post(f"/messages/{answer}/report", json={"reason": "spam", "note": WORD}).status < 300
    [copy] = [one["id"] for one in history(bob, elsewhere) if WORD in one["text"]]
    assert carol.post(f"/messages/{copy}/report", json={"reason": "other", "note": "a copy"}).status < 300
    exported(parley, her, group)
    exported(parley, bob, group, "html")
    exported(parley, bob, elsewhere, "html")
    exported(parley, carol, make_group(carol, bob, title="Others"))
    return {
        "her": her, "bob": bob, "carol": carol, "screen": screen, "direct": direct, "group": group, "left": left,
        "elsewhere": elsewhere, "first": first, "second": second, "answer": answer, "note": note, "young": young,
    }  # fmt: skip


def test_nothing_is_left_of_somebody_who_has_done_everything_and_the_receipt_counts_it(parley: Parley) -> None:
    a_full_life(parley)
    before = everything(parley)
    assert all(trace in before for trace in (ID, NAME, WORD))

    done = erased(parley, ID)

    after = everything(parley)
    for trace in (ID, NAME, WORD):
        found = after.find(trace)
        assert found < 0, after[max(0, found - 300) : found + 300]
    assert done["user_id"] is None and ID not in json.dumps(done)
    receipt = done["receipt"]
    assert (
        receipt["removed"]
        == done["removed"]
        == {
            "blocks": 2,
            "conversations": 4,
            "devices": 1,
            "direct_conversations": 1,
            "edit_versions": 4,
            "exports": 3,
            "forwarded_copies": 1,
            "groups_handed_over": 1,
            "limits": 1,
            "mentions": 1,
            "messages": 4,
            "notifications": 1,
            "presence": 1,
            "profile": 1,
            "reactions": 1,
            "reports": 3,
            "receipts": receipt["removed"]["receipts"],
            "tickets": 1,
        }
    )
    assert receipt["user_sha256"] == job.user_hash(ID)
    content = {name: value for name, value in receipt.items() if name != "sha256"}
    assert receipt["sha256"] == job.receipt_digest(content)
    assert (receipt["erasure_id"], receipt["finished_at"]) == (done["id"], done["finished_at"])
    assert done["progress"]["done"] == done["progress"]["total"]


def test_what_a_moderator_did_called_and_left_unused_names_them_no_more(parley: Parley) -> None:
    her, bob, carol = parley.user(ID, "moderator", name=NAME), parley.user("bob"), parley.user("carol")
    [message] = say(bob, open_direct(bob, carol), "an insult")
    report = carol.post(f"/messages/{message}/report", json={"reason": "spam"}).json["id"]
    assert her.get(f"/admin/reports/{report}").status == 200
    body = {"version": 1, "status": "resolved", "note": "mine"}
    assert her.patch(f"/admin/reports/{report}", json=body).status == 200
    words = {"version": 0, "rules": [{"text": "damn", "action": "flag"}]}
    assert her.put("/admin/banned-words", json=words).status == 200
    phone, other, direct = her.connect(), bob.connect(), open_direct(her, bob)
    ring(phone, direct)
    assert signal(phone, direct, "candidate", payload="c")["type"] == "ack"
    assert signal(phone, direct, "hang_up")["type"] == "ack"
    ring(other, direct, "second-call")
    assert host(parley).post(f"/users/{ID}/sign-out").status == 200
    her = parley.user(ID, "moderator", name=NAME)
    assert her.post("/ws-tickets").status == 201  # beside the one that her phone has used

    done = erased(parley, ID)

    after = everything(parley)
    assert ID not in after and NAME not in after
    counted = {name: done["removed"].get(name) for name in ("tickets", "audit_entries", "reports")}
    assert counted == {"tickets": 2, "audit_entries": 3, "reports": 1}
    assert done["removed"]["calls"] >= 1
    entries = parley.user("mona", "moderator").get("/admin/audit").json["entries"]
    acted = [one for one in entries if one["actor_id"] == done["receipt"]["pseudonym"]]
    assert sorted(one["action"] for one in acted) == ["put_banned_words", "read_report", "resolve_report"]


def test_large_group_without_admins_passes_to_who_was_there_first(parley: Parley) -> None:
    her = zoe(parley)
    first = parley.user("u000")
    group = make_group(her, first)
    for start in (1, 61):
        people = [f"u{number:03}" for number in range(start, start + 60)]
        parley.clock.ms += 1000
        assert her.post(f"/conversations/{group}/members", json={"user_ids": people}).status == 200

    done = erased(parley, ID)

    assert done["removed"]["groups_handed_over"] == 1
    assert first.get(f"/conversations/{group}").json["role"] == "owner"
    assert first.get(f"/conversations/{group}").json["member_count"] == 121


def test_others_keep_their_own_see_tombstones_without_a_gap_and_go_on_with_the_groups(parley: Parley) -> None:
    life = a_full_life(parley)
    bob, carol = life["bob"], life["carol"]
    synced = bob.post("/sync", json={"cursors": {one: 0 for one in (life["direct"], life["group"])}}).json
    cursors = {one: each["next"] for one, each in synced["conversations"].items()}

    pseudonym = erased(parley, ID)["receipt"]["pseudonym"]

    talk = history(bob, life["direct"])
    assert [(one["sender_id"], one["text"], one["deleted_at"] is not None) for one in talk] == [
        (pseudonym, "", True),
        (pseudonym, "", True),
        ("bob", "an answer", False),
    ]
    assert [(one["emoji"], one["count"], one["mine"]) for one in talk[2]["reactions"]] == [("👍", 1, True)]
    group = history(bob, life["group"])
    assert [one["mentions"] for one in group if one["text"] == "hello you"] == [[pseudonym]]
    assert [one["text"] for one in history(bob, life["elsewhere"]) if one["kind"] == "text"] == [""]
    # The copies in the others' clients become the same by `sync`.
    caught = bob.post("/sync", json={"cursors": cursors}).json["conversations"]
    for conversation_id, shown_now in ((life["direct"], talk), (life["group"], group)):
        changes = [one["data"]["message"] for one in caught[conversation_id]["changes"] if "message" in one["data"]]
        changed = {message["id"]: message for message in changes}
        for message in shown_now:
            if message["sender_id"] == pseudonym and message["kind"] == "text":
                assert changed[message["id"]] == message
    # One conversation has nobody left to write to, and the other one has a new owner.
    direct = bob.get(f"/conversations/{life['direct']}").json
    assert {one["user_id"]: one["name"] for one in direct["members"]} == {"bob": "Bob", pseudonym: None}
    assert direct["state"] == "closed" and "send_message" not in direct["capabilities"]
    refused = bob.post(f"/conversations/{life['direct']}/messages", json={"text": "are you there?"})
    assert (refused.status, refused.json["code"]) == (403, "conversation_closed")
    members = carol.get(f"/conversations/{life['group']}/members").json["members"]
    assert sorted((one["user_id"], one["role"]) for one in members) == [("bob", "owner"), ("carol", "member")]
    assert bob.get("/conversations").status == carol.get("/conversations").status == 200
    assert bob.get(f"/messages/{life['first']}/receipts").status == 200


def test_copies_that_others_have_deleted_go_with_what_they_said(parley: Parley) -> None:
    her, bob, carol, mona = zoe(parley), parley.user("bob"), parley.user("carol"), parley.user("mona", "moderator")
    [note] = say(her, open_direct(her, bob), WORD)
    elsewhere = open_direct(bob, carol)
    assert bob.post(f"/messages/{note}/forward", json={"conversation_ids": [elsewhere]}).status < 300
    [copy] = [one["id"] for one in history(bob, elsewhere)]
    assert carol.post(f"/messages/{copy}/report", json={"reason": "other"}).status < 300
    assert bob.delete(f"/messages/{copy}").status == 200
    assert [one["forwarded_from"] for one in history(carol, elsewhere)] == [None]
    assert WORD in mona.get(f"/messages/{copy}/versions").text

    done = erased(parley, ID)

    assert mona.get(f"/messages/{copy}/versions").json["versions"] == []
    assert WORD not in everything(parley) and ID not in everything(parley)
    assert (done["removed"]["edit_versions"], done["removed"]["reports"]) == (1, 1)
    [tombstone] = history(carol, elsewhere)
    assert (tombstone["sender_id"], tombstone["text"], tombstone["forwarded_from"]) == ("bob", "", None)


def test_members_who_are_there_are_told(parley: Parley) -> None:
    her, bob = zoe(parley), parley.user("bob")
    direct, group = open_direct(her, bob), make_group(her, bob)
    say(her, direct, WORD)
    screen = joined(bob, direct)
    screen.events()

    pseudonym = erased(parley, ID)["receipt"]["pseudonym"]

    heard = screen.events()
    removed = contents([one for one in heard if one["event"] == "member_removed"])
    assert [(one["conversation_id"], one["removed_id"]) for one in removed] == [(group, ID)]
    updated = contents([one for one in heard if one["event"] == "conversation_updated"])
    assert direct in {one["conversation_id"] for one in updated}
    assert pseudonym not in str(removed)


def test_members_of_a_large_group_who_are_there_are_told_once_for_all_of_it(parley: Parley) -> None:
    her, owner = zoe(parley), parley.user("owner")
    group = make_group(owner, her)
    for start in (0, 60):
        people = [f"u{number:03}" for number in range(start, start + 60)]
        assert owner.post(f"/conversations/{group}/members", json={"user_ids": people}).status == 200
    say(her, group, f"{WORD} one", f"{WORD} two")
    parley.drain()
    screen = parley.user("u007").connect()
    screen.events()

    erased(parley, ID)

    [told] = contents(screen.events("conversation_updated"))
    assert told["conversation_id"] == group
    assert told["change_seq"] == owner.get(f"/conversations/{group}").json["last_change_seq"]


@pytest.mark.parametrize("admins", [["carol"], []], ids=["longest admin", "longest member"])
def test_group_passes_to_who_has_been_there_longest(parley: Parley, admins: list[str]) -> None:
    her, bob, carol, dave = zoe(parley), parley.user("bob"), parley.user("carol"), parley.user("dave")
    group = make_group(her, bob)
    for person in (carol, dave):
        parley.advance(10)
        her.put(f"/conversations/{group}/members/{person.user_id}", json={"role": "member"})
    for one in admins:
        assert her.patch(f"/conversations/{group}/members/{one}", json={"role": "admin"}).status == 200

    erased(parley, ID)

    roles = {one["user_id"]: one["role"] for one in bob.get(f"/conversations/{group}/members").json["members"]}
    assert roles == {"bob": "member", "carol": "member", "dave": "member"} | {(admins or ["bob"])[0]: "owner"}


def test_whoever_has_used_up_what_they_may_do_leaves_all_the_same(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEND_BURST", "3")
    her, bob = zoe(parley), parley.user("bob")
    group = make_group(her, bob)
    sent = [her.post(f"/conversations/{group}/messages", json={"text": WORD}).status for _ in range(4)]
    assert sent[-1] == 429

    erased(parley, ID)

    assert WORD not in everything(parley) and ID not in everything(parley)


def test_heir_who_takes_the_group_from_its_owner_does_not_hold_the_erasure_up(parley: Parley) -> None:
    her, bob = zoe(parley), parley.user("bob")
    group = make_group(her, bob)
    demotes = WhenHeirOwns(lambda: bob.patch(f"/conversations/{group}/members/{ID}", json={"role": "member"}))
    parley.hooks.append(demotes)

    erased(parley, ID)

    assert demotes.statuses == [200]
    members = bob.get(f"/conversations/{group}/members").json["members"]
    assert [(one["user_id"], one["role"]) for one in members] == [("bob", "owner")]


class WhenHeirOwns:
    """A hook: the erasure dies when it has made a person the owner of a group, and they act before it goes on."""

    def __init__(self, act: Callable[[], Reply]) -> None:
        self._act = act
        self.statuses: list[int] = []

    def before(self, call: Call) -> None: ...

    def after(self, call: Call) -> None:
        if call.function == "ErasePerson" and not self.statuses and "role_changed" in str(call.params):
            self.statuses.append(self._act().status)
            raise Killed("killed")


def test_group_of_one_is_left_without_anybody(parley: Parley) -> None:
    her = zoe(parley)
    group = make_group(her)
    say(her, group, WORD)

    erased(parley, ID)

    assert WORD not in everything(parley) and ID not in everything(parley)


def test_nobody_gets_in_as_the_person_until_the_host_says_so(parley: Parley) -> None:
    her, bob = zoe(parley), parley.user("bob")
    direct = open_direct(her, bob)
    erased(parley, ID)

    late = newly_signed(parley, 3000)
    assert late.get("/unread-count").status == 401
    with pytest.raises(Refused):
        late.connect(subprotocol=True)
    assert NAME not in everything(parley) and ID not in everything(parley)
    assert bob.get(f"/users/{ID}").status == 404
    for body in ({"type": "direct", "user_id": ID, "context": {"type": "general"}},):
        assert bob.post("/conversations", json=body).status == 409
    carol = parley.user("carol")
    refused = carol.post("/conversations", json={"type": "direct", "user_id": ID})
    assert (refused.status, refused.json["code"]) == (404, "unknown_user")
    group = make_group(carol, bob)
    added = carol.post(f"/conversations/{group}/members", json={"user_ids": [ID]})
    assert (added.status, added.json["code"]) == (404, "unknown_user")

    assert host(parley).put(f"/users/{ID}", json={"name": "Zoë again", "role": "teacher"}).status == 201
    back = newly_signed(parley, 3100)
    assert back.get("/unread-count").json["total"] == 0
    assert back.get(f"/conversations/{direct}").status == 404
    reopened = back.post("/conversations", json={"type": "direct", "user_id": "bob"})
    assert (reopened.status, reopened.json["code"]) == (409, "conversation_erased")
    assert open_direct(back, carol)


def test_what_was_let_in_under_an_old_answer_is_found_by_the_second_round(parley: Parley) -> None:
    her, bob = zoe(parley), parley.user("bob")
    her.get("/unread-count")  # API Gateway keeps the authorizer's answer
    asked = erase(parley, ID)
    [queue] = [one for one in parley.queues if one.queue.logical_id == "ErasureSteps"]
    while shown(parley, asked["id"])["progress"]["done"] < len(job.PARTS):
        assert queue.poll(retry_at_once=True)

    late = her.post("/messages", json={"user_id": "bob", "text": f"{WORD} late"})
    assert late.status == 201
    assert WORD in everything(parley)
    parley.drain()

    assert shown(parley, asked["id"])["state"] == "done"
    assert WORD not in everything(parley) and ID not in everything(parley)
    assert [one["text"] for one in history(bob, late.json["conversation_id"])] == [""]


def delays(calls: list[Call], function: str) -> list[int]:
    """Returns for how many seconds a function has had steps of erasures wait, where it did."""
    found = [
        int(entry.get("DelaySeconds", 0))
        for call in calls
        if call.operation == "SendMessageBatch" and call.function == function
        for entry in call.params["Entries"]
    ]
    return [delay for delay in found if delay]


@pytest.mark.parametrize(("twice", "expected"), [(False, [310]), (True, [310, 310])], ids=["once", "delivered twice"])
def test_second_round_begins_when_no_old_answer_counts_any_more(
    parley: Parley, twice: bool, expected: list[int]
) -> None:
    zoe(parley)
    erase(parley, ID)
    parley.deliver_twice = twice

    with parley.watch() as calls:
        parley.drain()

    assert delays(calls, "ErasePerson") == expected


def test_asking_again_between_the_rounds_begins_the_second_no_earlier(parley: Parley) -> None:
    zoe(parley)
    asked = erase(parley, ID)
    [queue] = [one for one in parley.queues if one.queue.logical_id == "ErasureSteps"]
    while shown(parley, asked["id"])["progress"]["done"] < len(job.PARTS):
        assert queue.poll(retry_at_once=True)

    parley.advance(100)
    with parley.watch() as calls:
        erase(parley, ID)

    [delay] = delays(calls, "EraseUser")
    assert 200 < delay < 310


def test_long_conversation_is_gone_through_in_many_steps(parley: Parley) -> None:
    her, bob = zoe(parley), parley.user("bob")
    direct = open_direct(her, bob)
    for number in range(70):
        say(her if number % 2 else bob, direct, f"{WORD if number % 2 else 'hello'} {number}")

    done = erased(parley, ID)

    assert done["removed"]["messages"] == 35
    talk = history(bob, direct)
    assert [one["text"] for one in talk if one["sender_id"] == "bob"] == [
        f"hello {number}" for number in range(0, 70, 2)
    ]
    assert WORD not in everything(parley)
    head = bob.get(f"/conversations/{direct}").json
    assert (head["last_seq"], head["last_message"]["text"]) == (70, "")


def copy_last(parley: Parley, conversation_id: str, text: str, count: int) -> None:
    """Writes the last message so many times more, with another text, and moves the head on."""
    dynamodb = parley.store.client("dynamodb")
    messages, conversations = (parley.template.resources[name].ref for name in ("Messages", "Conversations"))
    key = {"conversation_id": {"S": conversation_id}}
    last_seq = int(dynamodb.get_item(TableName=conversations, Key=key)["Item"]["last_seq"]["N"])
    row = dynamodb.get_item(TableName=messages, Key={**key, "seq": {"N": str(last_seq)}})["Item"]
    for seq in range(last_seq + 1, last_seq + count + 1):
        dynamodb.put_item(TableName=messages, Item={**row, "seq": {"N": str(seq)}, "text": {"S": text}})
    dynamodb.update_item(
        TableName=conversations,
        Key=key,
        UpdateExpression="SET last_seq = :seq",
        ExpressionAttributeValues={":seq": {"N": str(last_seq + count)}},
    )


def test_step_reads_only_so_much_of_long_messages(parley: Parley) -> None:
    her, bob = zoe(parley), parley.user("bob")
    group = make_group(bob, her)
    say(bob, group, "the first")
    long = "👋" * 75_000  # 300 KB: longer than people may write, so that fewer will do
    copy_last(parley, group, long, 3 * job.MAX_READ // len(long))
    say(her, group, WORD)
    erase(parley, ID)

    with parley.watch() as calls:
        parley.drain()

    read: dict[int, int] = {}  # by step, which ends when it asks for the next one
    step = 0
    for call in calls:
        if call.function != "ErasePerson":
            continue
        if call.operation == "Query" and "MESSAGES" in call.params["TableName"].upper():
            read[step] = read.get(step, 0) + sum(
                len(item.get("text", {}).get("S", "")) for item in call.response["Items"]
            )
        step += call.operation == "SendMessageBatch"
    assert len(read) >= 6 and WORD not in everything(parley)
    assert max(read.values()) < 2.1 * job.MAX_READ  # a page of a query is up to 1 MB


def test_message_of_a_hundred_edits_fits_into_units(parley: Parley) -> None:
    her, bob = zoe(parley), parley.user("bob")
    [message_id] = say(her, open_direct(her, bob), WORD)
    for number in range(100):
        assert her.patch(f"/messages/{message_id}", json={"text": f"{WORD} {number}"}).status == 200

    done = erased(parley, ID)

    assert (done["removed"]["edit_versions"], done["removed"]["messages"]) == (100, 1)
    assert WORD not in everything(parley)


def test_conversation_that_moves_on_meanwhile_loses_nothing(parley: Parley) -> None:
    her, bob, carol = zoe(parley), parley.user("bob"), parley.user("carol")
    group = make_group(bob, her, carol)
    say(her, group, WORD)
    busy = Busy(lambda: say(bob, group, "meanwhile"))
    parley.hooks.append(busy)

    erased(parley, ID)

    texts = [one["text"] for one in history(carol, group) if one["kind"] == "text"]
    assert busy.count and texts.count("meanwhile") == busy.count
    assert WORD not in everything(parley)


class Busy:
    """A hook: a person acts just before each of the first transactions of the erasure."""

    def __init__(self, act: Any) -> None:
        self._act = act
        self.count = 0

    def before(self, call: Call) -> None:
        if call.function == "ErasePerson" and call.operation == "TransactWriteItems" and self.count < 12:
            self.count += 1
            self._act()

    def after(self, call: Call) -> None: ...


@pytest.mark.parametrize("every", [17, 23])
def test_killed_again_and_again_it_ends_with_the_same_receipt(parley: Parley, every: int) -> None:
    a_full_life(parley)
    killer = Killer(every)
    parley.hooks.append(killer)

    asked = erase(parley, ID)
    for _ in range(60):
        parley.drain()
        requeue(parley)
        if shown(parley, asked["id"])["state"] == "done":
            break

    done = shown(parley, asked["id"])
    assert killer.kills > 5
    assert done["state"] == "done"
    removed = {
        name: done["removed"].get(name) for name in ("messages", "edit_versions", "reactions", "mentions", "exports")
    }
    assert removed == {"messages": 4, "edit_versions": 4, "reactions": 1, "mentions": 1, "exports": 3}
    after = everything(parley)
    assert not [trace for trace in (ID, NAME, WORD) if trace in after]


def requeue(parley: Parley) -> None:
    """Puts the dead letters back, as an operator does."""
    sqs = parley.store.client("sqs")
    dead, queue = (parley.template.resources[name].ref for name in ("ErasureStepsDeadLetters", "ErasureSteps"))
    for message in sqs.receive_message(QueueUrl=dead, MaxNumberOfMessages=10).get("Messages", []):
        sqs.send_message(QueueUrl=queue, MessageBody=message["Body"])


class Killer:
    """A hook: the erasing function dies at every so many calls, in turn just before and just after one."""

    def __init__(self, every: int) -> None:
        self._every = every
        self._count = 0
        self.kills = 0

    def before(self, call: Call) -> None:
        if call.function == "ErasePerson":
            self._count += 1
            self._die(0)

    def after(self, call: Call) -> None:
        if call.function == "ErasePerson":
            self._die(self._every)

    def _die(self, remainder: int) -> None:
        if self._count % (2 * self._every) == remainder:
            self._count += 1
            self.kills += 1
            raise Killed("killed")


def test_erasure_can_be_asked_for_again_while_it_goes_on(parley: Parley) -> None:
    zoe(parley)

    first, second = erase(parley, ID), erase(parley, ID)
    parley.drain()
    third = erase(parley, ID)

    assert first["id"] == second["id"] == third["id"]
    assert (first["state"], third["state"]) == ("running", "done")


def test_delivered_twice_it_counts_once(parley: Parley) -> None:
    a_full_life(parley)
    parley.deliver_twice = True

    done = erased(parley, ID)

    assert (done["removed"]["messages"], done["removed"]["edit_versions"]) == (4, 4)


def test_export_under_way_is_given_up(parley: Parley) -> None:
    her, bob = zoe(parley), parley.user("bob")
    direct = open_direct(her, bob)
    say(her, direct, WORD)
    waiting = export(bob, direct)
    erase(parley, ID)

    parley.drain()

    assert WORD not in everything(parley)
    assert bob.get(f"/exports/{waiting['id']}").status in (200, 404)


def test_export_that_would_be_complete_while_it_is_erased_leaves_no_file(parley: Parley) -> None:
    her, bob = zoe(parley), parley.user("bob")
    direct = open_direct(her, bob)
    say(her, direct, WORD)
    waiting, erasure = export(bob, direct), erase(parley, ID)
    asked = {"erasure_id": erasure["id"], "round": job.ROUNDS}
    meanwhile = Meanwhile("CompleteMultipartUpload", lambda: [invoke(parley, "ErasePerson", asked) for _ in range(5)])
    parley.hooks.append(meanwhile)

    invoke(parley, "WriteExport", {"export_id": waiting["id"]})

    assert meanwhile.happened and shown(parley, erasure["id"])["state"] == "done"
    assert WORD not in everything(parley)
    assert bob.get(f"/exports/{waiting['id']}").status == 404


def invoke(parley: Parley, function: str, body: Any) -> Any:
    """Returns what a function answers to one message of its queue."""
    return parley.functions.invoke(function, {"Records": [{"messageId": "m1", "body": json.dumps(body)}]})


def test_parts_with_nothing_to_do_are_not_noted_one_by_one(parley: Parley) -> None:
    """A person who has only a profile leaves that to delete, and the end of each round to write down."""
    parley.user("zoe")

    with parley.watch() as calls:
        receipt = erased(parley, "zoe")["receipt"]

    assert receipt["removed"]["profile"] == 1
    written = [call for call in calls if call.function == "ErasePerson" and call.operation.startswith("TransactWrite")]
    assert len(written) == 3


def test_step_of_an_erasure_that_is_not_there_is_let_go(parley: Parley) -> None:
    sqs = parley.store.client("sqs")
    queue, dead = (parley.template.resources[name].ref for name in ("ErasureSteps", "ErasureStepsDeadLetters"))
    sqs.send_message(QueueUrl=queue, MessageBody=json.dumps({"erasure_id": "z_" + "a" * 26}))

    parley.drain()

    assert "Messages" not in sqs.receive_message(QueueUrl=dead)
