"""Half an emoji, which JavaScript's `slice` makes of one: refused by field wherever a body takes a text, or a name."""

from collections.abc import Iterator

from msgspec import inspect

from docs.operations import RestOperation
from parley.domain.api.fields import struct_type
from tests.functional.attempts import ABSENT, PATH_PARTS, Attempt, everything
from tests.functional.replies import refusal
from tests.functional.talk import frame_refusal
from tests.harness import Parley

HALF, SHOWN = "cut \ud83d", "cut \ufffd"
IDS: dict[str, object] = {"conversation_id": ABSENT["direct"], "message_id": f"{ABSENT['direct']}.1"}


def halves(kind: inspect.Type) -> Iterator[tuple[object, str]]:
    """Yields a value for each place of a text in `kind`, with half an emoji there, and the pointer to the place."""
    if isinstance(kind, inspect.Metadata):
        yield from halves(kind.type)
    elif isinstance(kind, inspect.UnionType):
        for member in kind.types:
            yield from halves(member)
    elif isinstance(kind, inspect.StructType):
        for field in kind.fields:
            for value, pointer in halves(field.type):
                yield {field.encode_name: value}, f"/{field.encode_name}{pointer}"
    elif isinstance(kind, inspect.DictType):
        yield {HALF: 1}, f"/{SHOWN}"
        for value, pointer in halves(kind.value_type):
            yield {"name": value}, f"/name{pointer}"
    elif isinstance(kind, inspect.CollectionType):
        for value, pointer in halves(kind.item_type):
            yield [value], f"/0{pointer}"
    elif isinstance(kind, inspect.StrType | inspect.LiteralType):
        yield HALF, ""


def bodies(attempt: Attempt) -> Iterator[tuple[dict[str, object], str]]:
    """Yields bodies that are good but for half an emoji, with the pointer to it; each place of a text has its own."""
    assert attempt.operation.takes
    sound = attempt.fields | {name: one for name, one in IDS.items() if name in attempt.ids and not attempt.is_rest}
    for wrong, pointer in halves(struct_type(attempt.operation.takes)):
        assert isinstance(wrong, dict)
        yield sound | wrong, pointer
    yield sound | {HALF: 1}, f"/{SHOWN}"


def test_half_an_emoji_is_refused_by_field_in_every_body(parley: Parley) -> None:
    tried = 0

    for attempt in everything(parley.template):
        operation = attempt.operation
        if not isinstance(operation, RestOperation) or not operation.takes:
            continue
        person = parley.user("alice")
        for body, pointer in bodies(attempt):
            path = (operation.path + attempt.query).format(**IDS | PATH_PARTS)
            code, status, fields = refusal(person.request(operation.method.upper(), path, json=body))

            assert (code, status) == ("invalid_request", 400), (attempt, body)
            assert pointer in [place for place, _ in fields], (attempt, body, fields)
            tried += 1
    assert tried > 50


def test_half_an_emoji_is_refused_by_field_and_request_id_in_every_frame(parley: Parley) -> None:
    phone, tried = parley.user("alice").connect(), 0

    for attempt in everything(parley.template):
        if attempt.is_rest or not attempt.operation.takes:
            continue
        for data, pointer in bodies(attempt):
            reply = phone.request(attempt.operation.name, data)  # refuses a reply without its request_id

            code, status, fields = frame_refusal(reply)
            assert (code, status) == ("invalid_request", 400), (attempt, data)
            assert f"/data{pointer}" in [place for place, _ in fields], (attempt, data, fields)
            tried += 1
    assert tried > 30
