"""The EventBridge bus that gets the events of webhooks, if the deployment has one (D-708)."""

from collections.abc import Iterator, Sequence

from botocore.exceptions import BotoCoreError, ClientError
from msgspec import Struct

from parley.adapters import environment
from parley.adapters.dynamodb import clients

SOURCE = "parley"
MAX_ENTRIES = 10  # of one call (EventBridge API reference, "PutEvents")
MAX_BYTES = 256 * 1024 - 1  # of one call (user guide, "Calculating PutEvents event entry size")
TIME_BYTES = 14  # that the time of an entry counts, the same place


class Entry(Struct, frozen=True, kw_only=True):
    """An event as the bus gets it: its type, when it happened, and its body as JSON."""

    type: str
    at_ms: int
    body: bytes

    @property
    def size(self) -> int:
        """Returns how many bytes of a call the entry counts."""
        return TIME_BYTES + len(SOURCE) + len(self.type) + len(self.body)


def is_on() -> bool:
    """Says whether the deployment has a bus."""
    return bool(environment.optional("EVENT_BUS_ARN"))


def put_entries(entries: Sequence[Entry]) -> dict[int, str]:
    """Puts entries onto the bus; returns the code of each that it did not take, by its number in `entries`.

    One call for each ten, or for each 256 KB. Of a call that fails as a whole, none of the entries is taken.
    """
    not_taken: dict[int, str] = {}
    for numbers in _calls(entries):
        codes = _put([entries[number] for number in numbers])
        not_taken |= {number: code for number, code in zip(numbers, codes, strict=True) if code}
    return not_taken


def _calls(entries: Sequence[Entry]) -> Iterator[list[int]]:
    """Yields the numbers of the entries of each call."""
    numbers: list[int] = []
    size = 0
    for number, entry in enumerate(entries):
        if numbers and (len(numbers) == MAX_ENTRIES or size + entry.size > MAX_BYTES):
            yield numbers
            numbers, size = [], 0
        numbers.append(number)
        size += entry.size
    if numbers:
        yield numbers


def _put(entries: Sequence[Entry]) -> list[str]:
    """Returns a code for each entry, empty if the bus has taken it; one call."""
    bus = environment.required("EVENT_BUS_ARN")
    asked = [
        {
            "EventBusName": bus,
            "Source": SOURCE,
            "DetailType": entry.type,
            "Detail": entry.body.decode(),
            "Time": entry.at_ms // 1000,
        }
        for entry in entries
    ]
    try:
        answer = clients.client("events").put_events(Entries=asked)
    except ClientError as error:
        return [str(error.response.get("Error", {}).get("Code", "unknown"))] * len(entries)
    except BotoCoreError as error:
        return [type(error).__name__] * len(entries)
    return [str(each.get("ErrorCode") or "") for each in answer["Entries"]]
