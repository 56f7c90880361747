"""Damaged rows of calls, typing, attachments and exports: their work ends, and no sweep meets them each minute."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from parley.domain.attachments.attachment import UNSENT_S
from tests.functional.attachment_ends import row as attachment_row
from tests.functional.attachments import ask_upload, set_row
from tests.functional.calling import CALL, SDP, call_and_answer, code, ring, signal, state
from tests.functional.erasures import erased
from tests.functional.exports import export, shown
from tests.functional.talk import forget_events, make_group, names, open_direct
from tests.harness import Call, Parley, Socket, User

SET = {"SS": ["damaged"]}  # no attribute of any table is a set of texts
OTHER_CALL = "5c3b9e0e-0000-4000-8000-000000000002"
DAY_S = 24 * 3600


class Rows:
    """The rows of a table, in DynamoDB's own notation."""

    def __init__(self, parley: Parley, table: str) -> None:
        self._dynamodb, self._name = parley.store.client("dynamodb"), parley.template.resources[table].ref

    def all(self) -> list[dict[str, Any]]:
        return list(self._dynamodb.scan(TableName=self._name, ConsistentRead=True)["Items"])

    def damage(self, attribute: str, value: Mapping[str, Any] | None, **key: str) -> None:
        """Sets an attribute of a row that exists; None removes it."""
        self._dynamodb.update_item(
            TableName=self._name,
            Key={name: {"S": part} for name, part in key.items()},
            UpdateExpression="REMOVE #a" if value is None else "SET #a = :a",
            ConditionExpression="attribute_exists(#k)",
            ExpressionAttributeNames={"#a": attribute, "#k": next(iter(key))},
            **({} if value is None else {"ExpressionAttributeValues": {":a": value}}),
        )

    def put(self, item: Mapping[str, Any]) -> None:
        self._dynamodb.put_item(TableName=self._name, Item=item)

    def delete(self, **key: str) -> None:
        self._dynamodb.delete_item(TableName=self._name, Key={name: {"S": part} for name, part in key.items()})


def unreadable_rows(capsys: pytest.CaptureFixture[str], table: str) -> float:
    """Returns how many unreadable rows of a table were counted since it was last asked."""
    return counted(capsys.readouterr().out, table)


def counted(out: str, table: str) -> float:
    lines = [json.loads(line) for line in out.splitlines() if '"RowsUnreadable"' in line]
    return sum(sum(line["RowsUnreadable"]) for line in lines if line["table"] == table)


class Pair:
    """Alice has called bob, and the row of the call is damaged; carol knows bob."""

    def __init__(self, parley: Parley) -> None:
        self.parley = parley
        self.alice, self.bob, self.carol = (parley.user(name) for name in ("alice", "bob", "carol"))
        self.direct, self.other = open_direct(self.alice, self.bob), open_direct(self.carol, self.bob)
        self.phone, self.screen, self.tablet = (user.connect() for user in (self.alice, self.bob, self.carol))
        self.rows = Rows(parley, "Calls")
        call_and_answer(self.phone, self.screen, self.direct)

    def damage(self, attribute: str, value: Mapping[str, Any] | None) -> None:
        self.rows.damage(attribute, value, conversation_id=self.direct, call_id=CALL)

    def lines(self) -> int:
        return sum("live_call_id" in row for row in self.rows.all())

    def has_row(self) -> bool:
        return any(
            row["call_id"]["S"] == CALL and row["conversation_id"]["S"] == self.direct for row in self.rows.all()
        )


@pytest.fixture
def pair(parley: Parley) -> Pair:
    return Pair(parley)


DAMAGES: dict[str, tuple[str, dict[str, Any] | None]] = {
    "version": ("version", SET),
    "no version": ("version", None),
    "state": ("state", {"S": "nonsense"}),
    "caller": ("caller_id", SET),
    "no callee": ("callee_id", None),
    "device": ("callee_device", SET),
    "start": ("started_at_ms", SET),
}
damaged_call = pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)


def rings(caller: Socket, conversation_id: str, call_id: str) -> bool:
    reply = signal(caller, conversation_id, "offer", call_id, media="audio", payload=SDP)
    return reply["type"] == "ack" and state(reply) == ("ringing", None)


@damaged_call
@pytest.mark.parametrize("call_id", [CALL, OTHER_CALL], ids=["same id", "new id"])
@pytest.mark.parametrize("who", ["caller", "callee"])
def test_two_people_whose_call_is_damaged_can_call_again(pair: Pair, damage: Any, call_id: str, who: str) -> None:
    pair.damage(*damage)

    assert rings(pair.phone if who == "caller" else pair.screen, pair.direct, call_id)

    assert pair.lines() == 2


@damaged_call
def test_third_person_reaches_someone_whose_call_is_damaged(pair: Pair, damage: Any) -> None:
    pair.damage(*damage)

    assert rings(pair.tablet, pair.other, OTHER_CALL)


@damaged_call
def test_signal_of_a_damaged_call_finds_no_call(pair: Pair, damage: Any, capsys: pytest.CaptureFixture[str]) -> None:
    pair.damage(*damage)
    capsys.readouterr()

    assert code(signal(pair.phone, pair.direct, "hang_up")) == ("call_not_found", 404)

    assert unreadable_rows(capsys, "Calls") == 1
    assert (pair.lines(), pair.has_row()) == (0, False)


@pytest.mark.parametrize("value", [SET, {"S": "no-such-call"}, None], ids=["damaged", "to no call", "missing"])
@pytest.mark.parametrize("who", ["alice", "bob"])
def test_line_that_leads_to_no_call_is_freed(pair: Pair, value: Any, who: str) -> None:
    assert state(signal(pair.phone, pair.direct, "hang_up")) == ("ended", "hung_up")
    ring(pair.phone, pair.direct, OTHER_CALL)
    pair.rows.damage("live_call_id", value, conversation_id=f"{who}#line", call_id="line")
    pair.rows.delete(conversation_id=pair.direct, call_id=OTHER_CALL)

    assert rings(pair.screen, pair.direct, "5c3b9e0e-0000-4000-8000-000000000003")
    assert pair.lines() == 2


@damaged_call
def test_sweep_of_calls_removes_a_damaged_one_once(pair: Pair, damage: Any, capsys: pytest.CaptureFixture[str]) -> None:
    call = next(row for row in pair.rows.all() if row["call_id"]["S"] == CALL)
    pair.damage(*damage)
    pair.parley.advance(int(call["due_at_s"]["N"]) - pair.parley.clock() // 1000 + 1)
    capsys.readouterr()

    pair.parley.run_schedule("ClearStaleCalls")
    first = capsys.readouterr().out
    pair.parley.run_schedule("ClearStaleCalls")

    assert '"RowsFailed"' not in first
    assert counted(first, "Calls") == 1
    assert (pair.has_row(), pair.lines(), unreadable_rows(capsys, "Calls")) == (False, 0, 0)


def test_sweep_ends_other_calls_beside_a_damaged_one(pair: Pair) -> None:
    dave, erin = pair.parley.user("dave"), pair.parley.user("erin")
    phone = dave.connect()
    ring(phone, open_direct(dave, erin), OTHER_CALL)
    pair.damage("state", SET)
    forget_events(phone)
    pair.parley.advance(200)

    pair.parley.run_schedule("ClearStaleCalls")

    assert pair.lines() == 0


class MendedMeanwhile:
    """A hook: right before a damaged row is deleted, another one is put into its place."""

    def __init__(self, rows: Rows, item: Mapping[str, Any]) -> None:
        self._rows, self._item, self.done = rows, item, False

    def before(self, call: Call) -> None:
        if call.operation == "DeleteItem" and call.params["Key"].get("call_id", {"S": CALL})["S"] == CALL:
            self._rows.put(self._item)
            self.done = True

    def after(self, call: Call) -> None:
        pass


def test_call_that_began_meanwhile_is_not_removed(pair: Pair) -> None:
    good = next(row for row in pair.rows.all() if row["call_id"]["S"] == CALL)
    pair.damage("state", SET)
    newer = {**good, "started_at_ms": {"N": str(int(good["started_at_ms"]["N"]) + 60_000)}}

    with pair.parley._hooked(hook := MendedMeanwhile(pair.rows, newer)):
        signal(pair.phone, pair.direct, "hang_up")

    assert hook.done
    assert pair.has_row()


def test_call_and_typing_end_although_their_conversation_is_damaged(
    pair: Pair, capsys: pytest.CaptureFixture[str]
) -> None:
    pair.phone.request("typing_start", {"conversation_id": pair.direct})
    Rows(pair.parley, "Conversations").damage("last_seq", SET, conversation_id=pair.direct)
    pair.parley.advance(2 * 3600)
    capsys.readouterr()

    for sweep in ("ClearStaleTyping", "ClearStaleCalls") * 2:
        pair.parley.run_schedule(sweep)
        pair.parley.advance(60)

    assert '"RowsFailed"' not in capsys.readouterr().out
    assert (pair.lines(), Rows(pair.parley, "Typing").all()) == (0, [])


# --- typing ---


TYPING_DAMAGES: dict[str, tuple[str, dict[str, Any] | None]] = {
    "end": ("until_ms", SET),
    "place": ("since_seq", SET),
    "stopped": ("stopped", SET),
    "time to live": ("expires_at_s", SET),
}
damaged_typing = pytest.mark.parametrize("damage", TYPING_DAMAGES.values(), ids=TYPING_DAMAGES)


class Typing:
    """Alice types in a group with bob, and her row is damaged."""

    def __init__(self, parley: Parley) -> None:
        self.parley = parley
        alice, bob = parley.user("alice"), parley.user("bob")
        self.group = make_group(alice, bob)
        self.phone, self.screen = alice.connect(), bob.connect()
        self.rows = Rows(parley, "Typing")
        self.type()

    def type(self, action: str = "typing_start") -> str:
        reply = self.phone.request(action, {"conversation_id": self.group})
        return str(reply["type"])

    def damage(self, attribute: str, value: Mapping[str, Any] | None) -> None:
        self.rows.damage(attribute, value, conversation_id=self.group, user_id="alice")
        forget_events(self.screen)


@pytest.fixture
def typing(parley: Parley) -> Typing:
    return Typing(parley)


@damaged_typing
def test_person_whose_typing_is_damaged_types_on(typing: Typing, damage: Any) -> None:
    typing.damage(*damage)

    assert (typing.type(), typing.type(), typing.type("typing_stop")) == ("ack", "ack", "ack")

    assert names(typing.screen.events())[0] == "user_typing"


@damaged_typing
def test_sweep_of_typing_removes_a_damaged_row_once(
    typing: Typing, damage: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    typing.damage(*damage)
    typing.parley.advance(60)
    capsys.readouterr()

    typing.parley.run_schedule("ClearStaleTyping")
    first = capsys.readouterr().out
    typing.parley.run_schedule("ClearStaleTyping")

    assert '"RowsFailed"' not in first
    assert counted(first, "Typing") == 1
    assert (typing.rows.all(), unreadable_rows(capsys, "Typing")) == ([], 0)


# --- attachments ---


def test_sweep_of_attachments_meets_a_damaged_row_once_a_day_until_it_is_mended(
    parley: Parley, capsys: pytest.CaptureFixture[str]
) -> None:
    alice = parley.user("alice")
    conversation_id = open_direct(alice, parley.user("bob"))
    damaged, good = (ask_upload(alice, conversation_id) for _ in range(2))
    set_row(parley, damaged, state="nonsense")
    parley.advance(UNSENT_S)
    counts = []
    capsys.readouterr()

    for seconds in (0, 60, 60, DAY_S - 120, 60):
        parley.advance(seconds)
        parley.run_schedule("ClearStaleAttachments")
        out = capsys.readouterr().out
        counts.append(counted(out, "Files"))
        assert '"RowsFailed"' not in out
    set_row(parley, damaged, state="pending")
    parley.advance(DAY_S)
    parley.run_schedule("ClearStaleAttachments")

    assert counts == [1, 0, 0, 1, 0]
    assert (attachment_row(parley, good), attachment_row(parley, damaged)) == (None, None)


@pytest.mark.parametrize("attribute", ["version", "unsent", "day", "size", "expires_at_s"])
def test_person_whose_count_of_uploads_is_damaged_uploads(
    parley: Parley, capsys: pytest.CaptureFixture[str], attribute: str
) -> None:
    alice = parley.user("alice")
    conversation_id = open_direct(alice, parley.user("bob"))
    first = ask_upload(alice, conversation_id)
    rows = Rows(parley, "Files")
    rows.damage(attribute, SET, attachment_id="alice#")
    capsys.readouterr()

    second = ask_upload(alice, conversation_id, client_id="c2")

    assert unreadable_rows(capsys, "Files") == 1
    [own] = [row for row in rows.all() if row["attachment_id"]["S"] == "alice#"]
    assert "SS" not in str(own) and own["unsent"] == {"N": "1" if attribute == "unsent" else "2"}
    assert [alice.delete(f"/attachments/{each}").status for each in (first, second)] == [200, 200]


def test_erasure_deletes_a_damaged_count_of_uploads(parley: Parley) -> None:
    alice = parley.user("alice")
    ask_upload(alice, open_direct(alice, parley.user("bob")))
    rows = Rows(parley, "Files")
    rows.damage("day", SET, attachment_id="alice#")

    erased(parley, "alice")

    assert rows.all() == []


# --- exports ---


def ask(person: User, conversation_id: str, client_id: str, format: str = "jsonl") -> str:
    return str(export(person, conversation_id, format, client_id=client_id)["id"])


@pytest.mark.parametrize("value", [SET, {"M": {"format": {"S": "nonsense"}}}], ids=["of another type", "senseless"])
def test_damaged_request_for_an_export_hides_no_others(
    parley: Parley, capsys: pytest.CaptureFixture[str], value: Any
) -> None:
    alice, bob, carol = (parley.user(name) for name in ("alice", "bob", "carol"))
    one, two = open_direct(alice, bob), open_direct(alice, carol)
    first, second = ask(alice, one, client_id="e1"), ask(alice, two, client_id="e2")
    rows = Rows(parley, "Exports")
    [own] = [row for row in rows.all() if "asked" in row]
    rows.put({**own, "asked": {"M": {**own["asked"]["M"], first: value}}})
    capsys.readouterr()

    again = ask(alice, two, client_id="e2")
    counted = unreadable_rows(capsys, "Exports")
    third = ask(alice, one, client_id="e3")

    assert (again, counted) == (second, 1)
    assert {shown(alice, each)["id"] for each in (first, second, third)} == {first, second, third}
    assert unreadable_rows(capsys, "Exports") == 1
    ask(alice, two, client_id="e2")
    assert unreadable_rows(capsys, "Exports") == 0


@pytest.mark.parametrize("attribute", ["asked", "revision", "user_id", "expires_at_s"])
def test_person_whose_list_of_requests_is_damaged_asks_for_exports(parley: Parley, attribute: str) -> None:
    alice = parley.user("alice")
    conversation_id = open_direct(alice, parley.user("bob"))
    first = ask(alice, conversation_id, client_id="e1")
    Rows(parley, "Exports").damage(attribute, SET, export_id="alice#")

    second = ask(alice, conversation_id, format="html", client_id="e2")
    third = ask(alice, conversation_id, format="html", client_id="e2")

    assert second == third != first
    assert shown(alice, first)["id"] == first
    [own] = [row for row in Rows(parley, "Exports").all() if row["export_id"]["S"] == "alice#"]
    assert "SS" not in str(own)
