"""Values that name a person who is erased."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.domain.api.types import Note, Origin
from parley.domain.conversations.message import StoredMessage, Tally
from parley.domain.erasure.job import (
    PARTS,
    ROUNDS,
    Found,
    Job,
    find_person,
    is_erasure_id,
    names_person,
    new_job,
    receipt_digest,
    without_person,
)

HER = "zoe"
NEW = "~parley.erased-x"
AT_MS = 1_795_246_200_000

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from([HER, "bob", "zoe2", ""]),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([HER, "a", "b"]), inner),
    max_leaves=20,
)


def message(**more: Any) -> StoredMessage:
    fields: dict[str, Any] = {
        "conversation_id": "d_" + "a" * 26,
        "seq": 3,
        "sender_id": "bob",
        "kind": "text",
        "text": "hello",
        "created_at_ms": AT_MS - 1000,
    }
    return StoredMessage(**(fields | more))


def found(one: StoredMessage, *emojis: str) -> Found:
    result = find_person(one, HER, NEW, frozenset(emojis), AT_MS)
    assert result is not None
    return result


@given(plain)
def test_no_id_is_left_in_a_value_whatever_its_shape(value: Any) -> None:
    without = without_person(value, HER, NEW)

    assert f'"{HER}"' not in json.dumps(without)
    assert without_person(without, NEW, HER) == without_person(value, NEW, HER)
    assert names_person(value, HER) == (f'"{HER}"' in json.dumps(value))


def test_own_message_becomes_a_tombstone_under_the_pseudonym() -> None:
    her = message(sender_id=HER, client_id="c1", pinned=True, reactions={"👍": Tally(1, 1)}, mentions=("bob",))

    after = found(her).after

    assert (after.sender_id, after.text, after.deleted_at_ms, after.client_id) == (NEW, "", AT_MS, None)
    assert (after.pinned, after.reactions, after.mentions) == (False, {}, ())
    assert (after.seq, after.created_at_ms, after.kind) == (her.seq, her.created_at_ms, "text")


def test_copy_that_another_forwarded_becomes_one_too_and_stays_the_others() -> None:
    copy = message(forwarded_from=Origin(sender_id=HER, created_at="2026-11-26T10:00:00.000Z"))

    result = found(copy)

    assert (result.after.sender_id, result.after.text) == ("bob", "")
    assert result.after.forwarded_from == Origin(sender_id=NEW, created_at="2026-11-26T10:00:00.000Z")
    assert result.after.for_all().forwarded_from is None
    assert result.was_blanked and result.is_theirs


def test_tombstone_keeps_its_time_and_changes_its_name() -> None:
    result = found(message(sender_id=HER, text="", deleted_at_ms=AT_MS - 500))

    assert (result.after.sender_id, result.after.deleted_at_ms, result.was_blanked) == (NEW, AT_MS - 500, False)
    assert result.has_versions


def test_system_message_stays_and_names_the_pseudonym() -> None:
    note = Note(event="members_added", user_ids=[HER, "bob"])
    result = found(message(sender_id=HER, kind="system", text="Members were added.", system=note))

    assert (result.after.text, result.after.deleted_at_ms, result.after.sender_id) == ("Members were added.", None, NEW)
    assert result.after.system is not None and result.after.system.user_ids == [NEW, "bob"]


def test_of_others_messages_only_what_names_the_person_changes() -> None:
    other = message(mentions=(HER, "carol"), reactions={"👍": Tally(2, 1), "🎉": Tally(1, 2)})

    after = found(other, "👍", "🎉").after

    assert (after.text, after.mentions, after.reactions) == ("hello", (NEW, "carol"), {"👍": Tally(1, 1)})
    assert find_person(message(), HER, NEW, frozenset(), AT_MS) is None


def test_what_was_erased_is_not_found_again() -> None:
    for one in (message(sender_id=HER), message(mentions=(HER,))):
        assert find_person(found(one).after, HER, NEW, frozenset(), AT_MS) is None


def job() -> Job:
    return new_job(HER, bytes(range(32)), AT_MS)


def test_job_goes_through_every_part_in_every_round_and_forgets_whom() -> None:
    now, parts = job(), []
    while not now.is_over:
        parts.append((now.round, PARTS[now.part]))
        now = now.moved(AT_MS + 1, {}, None).at_next_part()

    assert parts == [(number, part) for number in range(1, ROUNDS + 1) for part in PARTS]
    assert (now.user_id, now.state, now.revision) == (None, "done", len(parts))
    with pytest.raises(ValueError, match="is over"):
        _ = now.whom


def test_counts_add_up_and_nothing_is_counted_as_nothing() -> None:
    now = job().moved(AT_MS, {"messages": 2, "mentions": 0}, "x").moved(AT_MS, {"messages": 3}, "y")

    assert now.removed == {"messages": 5}


def test_receipt_is_proved_by_its_own_hash() -> None:
    now = msgspec.structs.replace(job(), round=ROUNDS, part=len(PARTS) - 1).moved(AT_MS + 5, {"messages": 2}, None)
    receipt = now.at_next_part().view(AT_MS + 9).receipt
    assert receipt is not None
    content = {name: value for name, value in msgspec.to_builtins(receipt).items() if name != "sha256"}

    assert receipt.sha256 == receipt_digest(content)
    assert receipt.sha256 != receipt_digest(content | {"removed": {"messages": 3}})
    assert HER not in json.dumps(content)


def test_ids_are_made_of_what_is_random_and_not_of_whose_they_are() -> None:
    one, other = job(), new_job("bob", bytes(range(32)), AT_MS)

    assert (one.erasure_id, one.pseudonym) == (other.erasure_id, other.pseudonym)
    assert is_erasure_id(one.erasure_id) and one.pseudonym.startswith("~parley.erased-")
    assert one.user_sha256 != other.user_sha256
