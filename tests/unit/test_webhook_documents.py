"""docs/webhooks.json: its schemas hold what is posted, and a library of others makes the same signatures."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from standardwebhooks import Webhook

from docs.operations import ROOT
from parley.domain.webhooks import signatures
from parley.domain.webhooks.deliveries import BACK_OFF_S, GIVEN_UP_AFTER_MS
from parley.domain.webhooks.event_types import BUCKETS, EVENT_TYPES, Occurrence, matches

DOCUMENT: dict[str, Any] = json.loads((ROOT / "docs" / "webhooks.json").read_text(encoding="utf-8"))
GUIDE = (ROOT / "docs" / "guides" / "webhooks.md").read_text(encoding="utf-8")


def test_the_document_is_a_json_schema() -> None:
    Draft202012Validator.check_schema(DOCUMENT)


@pytest.mark.parametrize("number", range(len(DOCUMENT["examples"])))
def test_vectors_are_what_another_library_signs(number: int) -> None:
    vector = DOCUMENT["examples"][number]
    at = datetime.fromtimestamp(int(vector["headers"]["webhook-timestamp"]), UTC)

    signed = [Webhook(each).sign(vector["headers"]["webhook-id"], at, vector["body"]) for each in vector["secrets"]]

    assert vector["headers"]["webhook-signature"].split() == signed
    Draft202012Validator(DOCUMENT).validate(json.loads(vector["body"]))


def test_each_event_has_a_schema_and_a_place_in_the_guide() -> None:
    assert {*EVENT_TYPES, "webhook.test"} <= set(DOCUMENT["$defs"])
    families = {event_type.partition(".")[0] for event_type in EVENT_TYPES}
    assert [family for family in families if f"`{family}." not in GUIDE] == []


def test_patterns_take_types_families_or_all() -> None:
    assert matches(["*"], "call.ended") and matches(["call.*"], "call.ended") and matches(["call.ended"], "call.ended")
    assert not matches(["message.*", "call"], "call.ended")


def test_events_of_one_conversation_are_in_one_bucket_and_many_are_in_all() -> None:
    def bucket(key: str) -> int:
        return Occurrence(type="message.created", key=key, number=1, at_ms=0).bucket

    assert bucket("d_a") == bucket("d_a#c") == bucket("#call#d_a/c1")
    assert {bucket(f"d_{number}") for number in range(200)} == set(range(BUCKETS))


def test_an_event_has_one_id_and_others_have_others() -> None:
    told = [
        Occurrence(type="message.created", key="d_a", number=1, at_ms=5),
        Occurrence(type="call.ended", key="d_a", number=1, at_ms=5),
        Occurrence(type="message.created", key="d_a", number=2, at_ms=5),
        Occurrence(type="user.updated", key="#user_updated#a", number=1, at_ms=5, version=1),
        Occurrence(type="user.updated", key="#user_updated#a", number=1, at_ms=5, version=2),
    ]

    assert len({event.id for event in told}) == len(told)
    assert Occurrence(type="message.created", key="d_a", number=1, at_ms=6).id == told[0].id


def test_further_attempts_end_within_a_day() -> None:
    assert 0.9 * GIVEN_UP_AFTER_MS < sum(BACK_OFF_S) * 1000 < GIVEN_UP_AFTER_MS


def test_secrets_are_as_long_as_the_standard_says() -> None:
    assert signatures.check_secret(signatures.secret_of(b"a" * signatures.NEW_BYTES), "/secret")
    assert len(signatures.secret_of(b"a" * signatures.MAX_BYTES)) == signatures.MAX_SECRET_CHARACTERS
