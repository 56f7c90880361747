"""WriteExport: a conversation becomes a file, in steps that may die anywhere and come twice."""

import json
from hashlib import sha256
from typing import Any

import pytest

from local.functions import Killed
from parley.domain.exports.job import MAX_RESTARTS, PART_BYTES
from tests.functional.exports import export, exported, fetched, lines, shown
from tests.functional.replies import Meanwhile
from tests.functional.talk import make_group, open_direct, say
from tests.harness import Call, Frame, Parley, User
from tests.harness.calls import aws_refusal

LONG = "👋" * 75_000  # 300 KB: longer than people may write, so that fewer will do


def a_long_conversation(parley: Parley) -> tuple[User, str]:
    """Returns a person with a conversation that fills more than one part of a file.

    One message is sent; its row is copied, and the head moved on.
    """
    alice = parley.user("alice")
    conversation_id = open_direct(alice, parley.user("bob"))
    say(alice, conversation_id, "the first")
    dynamodb = parley.store.client("dynamodb")
    messages = parley.template.resources["Messages"].ref
    key = {"conversation_id": {"S": conversation_id}}
    row = dynamodb.get_item(TableName=messages, Key={**key, "seq": {"N": "1"}})["Item"]
    last_seq = 1 + PART_BYTES // 300_000 + 3
    for seq in range(2, last_seq + 1):
        dynamodb.put_item(TableName=messages, Item={**row, "seq": {"N": str(seq)}, "text": {"S": LONG}})
    move_head(parley, conversation_id, last_seq)
    return alice, conversation_id


def move_head(parley: Parley, conversation_id: str, last_seq: int) -> None:
    parley.store.client("dynamodb").update_item(
        TableName=parley.template.resources["Conversations"].ref,
        Key={"conversation_id": {"S": conversation_id}},
        UpdateExpression="SET last_seq = :seq",
        ExpressionAttributeValues={":seq": {"N": str(last_seq)}},
    )


def poll(parley: Parley) -> int:
    """Lets the queue of exports have one step done; returns whether there was one."""
    [queue] = [one for one in parley.queues if one.queue.logical_id == "ExportSteps"]
    return queue.poll(retry_at_once=True)


def dead_letters(parley: Parley) -> list[Any]:
    url = parley.template.resources["ExportStepsDeadLetters"].ref
    received = parley.store.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10)
    return [json.loads(message["Body"]) for message in received.get("Messages", [])]


def seqs(content: bytes) -> list[int]:
    return [line["seq"] for line in lines(content)[1:]]


def test_lines_are_the_messages_as_the_api_shows_them(parley: Parley) -> None:
    alice, bob = parley.user("alice", name="Alice"), parley.user("bob", name="Bob")
    conversation_id = open_direct(alice, bob)
    say(alice, conversation_id, "one", "two\nlines", "ein „Zitat“\u2028</script>")
    say(bob, conversation_id, "👨‍👩‍👧‍👦")

    done = exported(parley, alice, conversation_id)

    about, *messages = lines(fetched(parley, done["url"]))
    assert messages == alice.get(f"/conversations/{conversation_id}/messages").json["messages"]
    assert about["parley_export"] == 1
    assert (about["exported_by"], about["exported_at"], about["message_count"]) == ("alice", done["created_at"], 4)
    assert about["conversation"] == {
        name: alice.get(f"/conversations/{conversation_id}").json[name]
        for name in ("id", "type", "title", "description", "context", "created_at", "custom_type", "metadata")
    }
    assert about["members"] == [
        {"user_id": "alice", "name": "Alice", "role": "member"},
        {"user_id": "bob", "name": "Bob", "role": "member"},
    ]


def test_page_names_everybody_and_shows_every_text(parley: Parley) -> None:
    alice, bob = parley.user("alice", name="Alice Å"), parley.user("bob", name="<b>Bob</b>")
    conversation_id = open_direct(alice, bob)
    say(alice, conversation_id, "Tea?", "<script>alert(1)</script>")
    say(bob, conversation_id, "Yes & no")

    page = fetched(parley, exported(parley, bob, conversation_id, "html")["url"]).decode()

    for shown_text in ("Alice Å", "&lt;b&gt;Bob&lt;/b&gt;", "Tea?", "&lt;script&gt;alert(1)", "Yes &amp; no"):
        assert shown_text in page
    assert "<script" not in page and "<b>Bob" not in page
    assert page.endswith("</html>\n")


def test_page_that_quotes_many_older_messages_takes_no_more_round_trips(parley: Parley) -> None:
    alice = parley.user("alice")
    conversation_id = open_direct(alice, parley.user("bob"))
    [_, hidden] = say(alice, conversation_id, "the first", "hidden one")
    assert alice.delete(f"/messages/{hidden}?scope=me").status == 200
    table = parley.template.resources["Messages"].ref
    dynamodb = parley.store.client("dynamodb")
    row = dynamodb.get_item(TableName=table, Key={"conversation_id": {"S": conversation_id}, "seq": {"N": "1"}})["Item"]
    puts = [{**row, "seq": {"N": str(seq)}, "text": {"S": f"said in {seq}."}} for seq in range(3, 101)]
    for answered, item in zip(range(2, 42), puts[-40:], strict=True):
        seq = answered + 99
        puts.append({**item, "seq": {"N": str(seq)}, "text": {"S": "yes"}, "reply_to_seq": {"N": str(answered)}})
    for item in puts:
        dynamodb.put_item(TableName=table, Item=item)
    move_head(parley, conversation_id, 140)

    with parley.watch() as calls:
        done = exported(parley, alice, conversation_id, "html")

    page = fetched(parley, done["url"]).decode()
    assert [page.count(f"said in {seq}.") for seq in (3, 41, 42)] == [2, 2, 1]
    assert "hidden one" not in page
    assert sum(call.function == "WriteExport" and call.service == "dynamodb" for call in calls) <= 12


def test_conversation_without_messages_has_a_file_all_the_same(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)

    done, page = exported(parley, alice, conversation_id), exported(parley, alice, conversation_id, "html")

    assert len(lines(fetched(parley, done["url"]))) == 1
    assert "Nobody has written anything yet." in fetched(parley, page["url"]).decode()


def test_export_ends_where_the_conversation_ended_when_it_was_asked_for(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    say(alice, conversation_id, "one", "two")
    asked = export(alice, conversation_id)
    say(bob, conversation_id, "too late")

    parley.drain()

    done = shown(alice, asked["id"])
    assert done["progress"] == {"done": 2, "total": 2}
    assert seqs(fetched(parley, done["url"])) == [1, 2]


def test_long_conversation_is_written_in_steps_that_can_be_watched(parley: Parley) -> None:
    alice, conversation_id = a_long_conversation(parley)
    asked = export(alice, conversation_id)
    states = []
    with parley.watch() as calls:
        while poll(parley):
            states.append(shown(alice, asked["id"]))

    progress = [state["progress"]["done"] for state in states]
    assert [state["state"] for state in states] == ["running", "done"]
    assert progress == sorted(set(progress)) and progress[-1] == states[-1]["progress"]["total"]
    assert {(state["url"], state["size_bytes"], state["sha256"]) for state in states[:-1]} == {(None, None, None)}
    # A step holds a part in memory, and not the file.
    parts = [len(call.params["Body"]) for call in calls if call.operation == "UploadPart"]
    assert len(parts) == 2 and max(parts) < PART_BYTES + 310_000
    content = fetched(parley, states[-1]["url"])
    assert seqs(content) == list(range(1, states[-1]["progress"]["total"] + 1))
    assert (states[-1]["size_bytes"], states[-1]["sha256"]) == (len(content), sha256(content).hexdigest())


def test_page_of_several_parts_is_one_page(parley: Parley) -> None:
    alice, conversation_id = a_long_conversation(parley)

    done = exported(parley, alice, conversation_id, "html")

    page = fetched(parley, done["url"]).decode()
    total = done["progress"]["total"]
    assert [page.count(one) for one in ("<!doctype html>", "<h2>", "</html>", "<article ")] == [1, 1, 1, total]
    assert page.count('<div class="who">') == 1  # one person in one breath, across the parts


@pytest.mark.parametrize(
    ("operation", "after"),
    [
        ("UploadPart", True),
        ("PutItem", False),
        ("PutItem", True),
        ("SendMessage", False),
        ("SendMessage", True),
        ("CompleteMultipartUpload", True),
        ("GetObject", False),
    ],
)
def test_killed_at_any_call_of_a_long_export_it_goes_on_where_it_stopped(
    parley: Parley, operation: str, after: bool
) -> None:
    alice, conversation_id = a_long_conversation(parley)
    asked = export(alice, conversation_id)
    kill = KillAtEach(operation, after=after)
    parley.hooks.append(kill)

    parley.drain()

    done = shown(alice, asked["id"])
    content = fetched(parley, done["url"])
    assert kill.happened
    assert seqs(content) == list(range(1, done["progress"]["total"] + 1))
    assert (done["size_bytes"], done["sha256"]) == (len(content), sha256(content).hexdigest())
    assert dead_letters(parley) == []


class KillAtEach:
    """A hook: every other call of this operation kills its function."""

    def __init__(self, operation: str, *, after: bool) -> None:
        self._operation = operation
        self._after = after
        self._count = 0
        self._dead = False
        self.happened = False

    def before(self, call: Call) -> None:
        if call.function != "WriteExport":
            return
        if call.operation == "BatchGetItem" and "Exports" in json.dumps(call.params):
            self._dead = False  # another invocation
        self._die(call, at_end=False)

    def after(self, call: Call) -> None:
        if call.function == "WriteExport":
            self._die(call, at_end=True)

    def _die(self, call: Call, *, at_end: bool) -> None:
        if call.operation == self._operation and at_end == self._after:
            self._count += 1
            self._dead = self._dead or self._count % 2 == 1
        if self._dead:
            self.happened = True
            raise Killed(f"killed at {call.operation}")


@pytest.mark.parametrize("operation", ["CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"])
def test_two_at_the_same_step_make_one_file(parley: Parley, operation: str) -> None:
    alice, conversation_id = a_long_conversation(parley)
    asked = export(alice, conversation_id)
    step: Frame = {"Records": [{"messageId": "m1", "body": json.dumps({"export_id": asked["id"]})}]}
    hook = Meanwhile(operation, lambda: parley.functions.invoke("WriteExport", step))
    parley.hooks.append(hook)

    parley.drain()

    done = shown(alice, asked["id"])
    assert hook.happened
    assert seqs(fetched(parley, done["url"])) == list(range(1, done["progress"]["total"] + 1))


def test_delivered_twice_it_is_the_same_file(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    say(alice, conversation_id, "one", "two")
    parley.deliver_twice = True

    done = exported(parley, alice, conversation_id)

    assert seqs(fetched(parley, done["url"])) == [1, 2]
    assert dead_letters(parley) == []


def test_upload_that_s3_has_dropped_is_begun_anew(parley: Parley) -> None:
    alice, conversation_id = a_long_conversation(parley)
    asked = export(alice, conversation_id)
    poll(parley)
    parley.hooks.append(Refusing("UploadPart", "NoSuchUpload", times=1))

    parley.drain()

    done = shown(alice, asked["id"])
    assert done["state"] == "done"
    assert seqs(fetched(parley, done["url"])) == list(range(1, done["progress"]["total"] + 1))


def test_upload_that_is_dropped_again_and_again_fails(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    asked = export(alice, open_direct(alice, bob))
    parley.hooks.append(Refusing("UploadPart", "NoSuchUpload"))

    parley.drain()

    failed = shown(alice, asked["id"])
    assert (failed["state"], failed["url"]) == ("failed", None)
    assert dead_letters(parley) == []


class Refusing:
    """A hook: S3 refuses an operation with a code, so many times."""

    def __init__(self, operation: str, code: str, times: int = 1000) -> None:
        self._operation = operation
        self._code = code
        self._times = times
        self.count = 0

    def before(self, call: Call) -> None:
        if call.operation == self._operation and self.count < self._times:
            self.count += 1
            raise aws_refusal(call, self._code, "no")

    def after(self, call: Call) -> None: ...


def test_restarts_are_counted(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    export(alice, open_direct(alice, bob))
    hook = Refusing("CompleteMultipartUpload", "InvalidPart")
    parley.hooks.append(hook)

    parley.drain()

    assert hook.count == MAX_RESTARTS + 1


def test_store_that_fails_for_a_moment_is_tried_again(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    asked = export(alice, open_direct(alice, bob))
    hook = Refusing("UploadPart", "SlowDown")
    parley.hooks.append(hook)
    poll(parley)
    parley.hooks.remove(hook)

    parley.drain()

    assert shown(alice, asked["id"])["state"] == "done"


def test_store_that_goes_on_failing_ends_as_a_dead_letter_and_is_seen_as_failed(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    asked = export(alice, open_direct(alice, bob))
    parley.hooks.append(Refusing("UploadPart", "AccessDenied"))

    parley.drain()

    assert dead_letters(parley) == [{"export_id": asked["id"]}]
    parley.advance(45 * 60 + 60)
    assert shown(parley.user("alice"), asked["id"])["state"] == "failed"


def test_step_of_an_export_that_is_not_there_is_let_go(parley: Parley) -> None:
    url = parley.template.resources["ExportSteps"].ref
    parley.store.client("sqs").send_message(QueueUrl=url, MessageBody=json.dumps({"export_id": "x_" + "a" * 26}))

    parley.drain()

    assert dead_letters(parley) == []


def test_everything_that_happened_to_messages_is_as_its_reader_sees_it(parley: Parley) -> None:
    alice, bob, carol = parley.user("alice"), parley.user("bob"), parley.user("carol", name="Carol C")
    elsewhere, conversation_id = open_direct(alice, carol), make_group(alice, bob, carol)
    [origin] = say(carol, elsewhere, "a word from elsewhere")
    assert alice.post(f"/messages/{origin}/forward", json={"conversation_ids": [conversation_id]}).status < 300
    [first, mine, gone, secret] = say(
        alice, conversation_id, "the first", "to be hidden", "to be deleted", "to be edited"
    )
    answer = {"text": "an answer", "reply_to": first}
    assert bob.post(f"/conversations/{conversation_id}/messages", json=answer).status == 201
    unseen = {"text": "an answer to what is hidden", "reply_to": mine}
    assert bob.post(f"/conversations/{conversation_id}/messages", json=unseen).status == 201
    assert alice.put(f"/messages/{first}/reactions/%F0%9F%91%8D").status < 300
    assert alice.delete(f"/messages/{mine}?scope=me").status < 300
    assert alice.delete(f"/messages/{gone}").status < 300
    assert alice.patch(f"/messages/{secret}", json={"text": "is edited"}).status < 300
    assert alice.delete(f"/conversations/{conversation_id}/members/carol").status < 300

    about, *told = lines(fetched(parley, exported(parley, alice, conversation_id)["url"]))
    page = fetched(parley, exported(parley, alice, conversation_id, "html")["url"]).decode()
    bobs = lines(fetched(parley, exported(parley, bob, conversation_id)["url"]))[1:]

    shown = alice.get(f"/conversations/{conversation_id}/messages").json["messages"]
    assert told == [message for message in shown if message["id"] != mine]
    assert [message["text"] for message in bobs if message["id"] == mine] == ["to be hidden"]
    assert [(one["user_id"], one["role"]) for one in about["members"]] == [("alice", "owner"), ("bob", "member")]
    for words in (
        "Alice</bdi> made the group",
        "Forwarded from",
        "Carol C</bdi>, ",
        "Alice</bdi> removed",
        "a word from elsewhere",
        "This message was deleted.",
        "is edited",
        "👍</bdi> 1",
        '<a class="quote"',
        "In reply to a message that was deleted.",
    ):
        assert words in page, words
    for words in ("to be hidden", "to be deleted", "to be edited"):
        assert words not in page, words


def test_large_group_is_named_in_full(parley: Parley) -> None:
    alice = parley.user("alice")
    people = [parley.user(f"m{number:03}") for number in range(104)]
    conversation_id = make_group(alice, *people[:85])
    added = alice.post(
        f"/conversations/{conversation_id}/members", json={"user_ids": [one.user_id for one in people[85:]]}
    )
    assert added.status < 300, added

    about = lines(fetched(parley, exported(parley, people[3], conversation_id)["url"]))[0]

    assert len(about["members"]) == 105
    assert {"user_id": "alice", "name": "Alice", "role": "owner"} in about["members"]
