"""The calls of the bus: ten entries and 256 KB at most, and each entry's own answer."""

from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from parley.adapters.dynamodb import clients
from parley.adapters.webhooks import event_bus
from parley.adapters.webhooks.event_bus import MAX_BYTES, TIME_BYTES, Entry


class Bus:
    """It takes all entries but those whose details it refuses by a code, and keeps the calls."""

    def __init__(self, codes: dict[str, str]) -> None:
        self.codes = codes
        self.fault: Exception | None = None
        self.calls: list[list[dict[str, Any]]] = []

    def put_events(self, *, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - boto's name
        self.calls.append(Entries)
        if self.fault is not None:
            raise self.fault
        codes = [self.codes.get(entry["Detail"]) for entry in Entries]
        answers = [{"EventId": "1"} if code is None else {"ErrorCode": code, "ErrorMessage": "no"} for code in codes]
        return {"FailedEntryCount": len([code for code in codes if code]), "Entries": answers}


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Bus:
    stub = Bus({})
    monkeypatch.setenv("EVENT_BUS_ARN", "arn:aws:events:us-east-1:123456789012:event-bus/host")
    monkeypatch.setattr(clients, "client", lambda _: stub)
    return stub


def entry(body: str) -> Entry:
    return Entry(type="message.created", at_ms=1_795_246_260_123, body=body.encode())


def test_eleventh_entry_goes_into_a_second_call(bus: Bus) -> None:
    assert event_bus.put_entries([entry(str(number)) for number in range(11)]) == {}
    assert [len(call) for call in bus.calls] == [10, 1]


@pytest.mark.parametrize(("beyond", "calls"), [(0, [4]), (1, [3, 1])])
def test_call_has_less_than_256_kb(bus: Bus, beyond: int, calls: list[int]) -> None:
    own = MAX_BYTES // 4 - TIME_BYTES - len("parley") - len("message.created")
    event_bus.put_entries([entry("x" * own)] * 3 + [entry("x" * (own + MAX_BYTES % 4 + beyond))])
    assert MAX_BYTES < 256 * 1024
    assert [len(call) for call in bus.calls] == calls


def test_entry_says_what_it_is(bus: Bus) -> None:
    event_bus.put_entries([entry('{"id":"evt_1"}')])
    [[put]] = bus.calls
    assert put == {
        "EventBusName": "arn:aws:events:us-east-1:123456789012:event-bus/host",
        "Source": "parley",
        "DetailType": "message.created",
        "Detail": '{"id":"evt_1"}',
        "Time": 1_795_246_260,
    }


def test_each_entry_has_its_own_code(bus: Bus) -> None:
    bus.codes = {"3": "ThrottlingException", "10": "InternalFailure"}
    found = event_bus.put_entries([entry(str(number)) for number in range(11)])
    assert found == {3: "ThrottlingException", 10: "InternalFailure"}


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (ClientError({"Error": {"Code": "AccessDeniedException"}}, "PutEvents"), "AccessDeniedException"),
        (ReadTimeoutError(endpoint_url="https://events"), "ReadTimeoutError"),
    ],
)
def test_call_that_fails_took_nothing(bus: Bus, fault: Exception, code: str) -> None:
    bus.fault = fault
    assert event_bus.put_entries([entry("1"), entry("2")]) == {0: code, 1: code}


def test_nothing_to_put_is_no_call(bus: Bus) -> None:
    assert event_bus.put_entries([]) == {} and bus.calls == []
