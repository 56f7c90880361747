"""A search that reads conversations in parts finds what a plain look at all of their messages finds, in one order."""

from collections.abc import Callable, Sequence

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from parley.domain.conversations.message import StoredMessage
from parley.domain.conversations.search import Bounds, Look, Trail, newest
from parley.domain.text.queries import Query
from tests.unit.test_words import patient

WORDS = ["big", "dog", "dogs", "c++", "c"]
IDS = ["d_" + letter * 26 for letter in "abc"]


@st.composite
def histories(draw: st.DrawFn) -> dict[str, list[StoredMessage]]:
    """Returns conversations whose times never fall, as those of Parley."""
    found: dict[str, list[StoredMessage]] = {}
    for conversation_id in IDS:
        at_ms, messages = 0, []
        for seq in range(1, draw(st.integers(1, 12)) + 1):
            at_ms += draw(st.integers(0, 3))
            messages.append(
                StoredMessage(
                    conversation_id=conversation_id,
                    seq=seq,
                    sender_id=draw(st.sampled_from(["alice", "bob"])),
                    kind=draw(st.sampled_from(["text", "text", "voice", "system"])),
                    text=" ".join(draw(st.lists(st.sampled_from(WORDS), max_size=3))),
                    created_at_ms=at_ms,
                    deleted_at_ms=draw(st.sampled_from([None, None, None, 99])),
                )
            )
        found[conversation_id] = messages
    return found


BOUNDS = st.builds(
    Bounds,
    sender_id=st.sampled_from([None, "alice"]),
    since_ms=st.none() | st.integers(0, 20),
    until_ms=st.none() | st.integers(0, 30),
    kind=st.sampled_from([None, "text", "voice", "image"]),
)
# A query, and whether a list of words has it.
QUERIES: dict[str | None, Callable[[Sequence[str]], bool]] = {
    None: lambda words: True,
    "big": lambda words: "big" in words,
    "dog": lambda words: not {"dog", "dogs"}.isdisjoint(words),
    "c++ big": lambda words: {"c++", "big"} <= set(words),
    '"big dog"': lambda words: ("big", "dog") in zip(words, words[1:], strict=False),
    '"c"': lambda words: not {"c", "c++"}.isdisjoint(words),  # the signs after a word are no letters
}


def found_by(look: Look, messages: dict[str, list[StoredMessage]], part_size: int) -> list[StoredMessage]:
    """Returns what a look finds in all conversations, each read in parts."""
    trails = [Trail(conversation_id=each, unread_seq=its[-1].seq) for each, its in messages.items()]
    while not look.is_over:
        for part in look.due(trails):
            its = messages[part.trail.conversation_id]
            part.trail.add(its[max(0, part.trail.unread_seq - part_size) : part.trail.unread_seq][::-1])
        trail = newest(trails)
        if trail is None:
            break
        look.at(trail)
    return [message for message, _ in look.found]


def plainly(messages: Sequence[StoredMessage], q: str | None, bounds: Bounds) -> list[StoredMessage]:
    """Returns what a search should find, without any of its parts."""
    since_ms, until_ms = bounds.since_ms or 0, 99 if bounds.until_ms is None else bounds.until_ms
    return [
        message
        for message in messages
        if message.kind != "system" and message.deleted_at_ms is None
        if bounds.sender_id in (None, message.sender_id)
        if bounds.kind in (None, message.kind)
        if since_ms <= message.created_at_ms < until_ms
        if QUERIES[q](message.text.split())
    ]


@given(histories(), st.sampled_from(list(QUERIES)), BOUNDS, st.integers(1, 5))
@patient
def test_search_finds_what_a_plain_look_at_everything_finds(
    messages: dict[str, list[StoredMessage]], q: str | None, bounds: Bounds, part_size: int
) -> None:
    look = Look(None if q is None else Query.parse(q), 100, bounds)

    found = found_by(look, messages, part_size)

    everything = sorted(
        (message for its in messages.values() for message in its),
        key=lambda message: (message.created_at_ms, message.conversation_id, message.seq),
        reverse=True,
    )
    assert found == plainly(everything, q, bounds)


def test_file_is_found_under_its_kind_and_a_voice_message_under_its_own() -> None:
    text = StoredMessage(conversation_id=IDS[0], seq=1, sender_id="alice", kind="text", text="word", created_at_ms=1)

    assert Bounds(kind="text").takes(text)
    assert not Bounds(kind="voice").takes(text)
    assert Bounds(kind="voice").takes(replace(text, kind="voice"))
    assert not Bounds(kind="text").takes(replace(text, kind="voice"))
    assert not Bounds(kind="audio").takes(replace(text, kind="voice"))
