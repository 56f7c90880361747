"""Attachments as a message's row holds them: nothing is lost, and they are small."""

from hypothesis import given
from hypothesis import strategies as st

from parley.domain.api.types import AttachmentKind, MessageAttachment
from parley.domain.attachments import compact
from parley.domain.attachments.file_names import MAX_NAME_BYTES

numbers = st.none() | st.integers(0, 10**9)
kinds: st.SearchStrategy[AttachmentKind] = st.sampled_from(("image", "audio", "video", "file"))
attachments = st.builds(
    MessageAttachment,
    id=st.text(max_size=28),
    name=st.text(st.characters(exclude_categories=["Cs"]), max_size=255),
    type=st.text(max_size=73),
    kind=kinds,
    size=st.integers(0, 10**9),
    width=numbers,
    height=numbers,
    duration_ms=numbers,
    pages=numbers,
    waveform=st.none() | st.lists(st.integers(0, 100), min_size=1, max_size=64),
    placeholder=st.none() | st.text(min_size=1, max_size=40),
    has_thumbnail=st.booleans(),
)


def photo(number: int) -> MessageAttachment:
    return MessageAttachment(
        id=f"a_{number}" + "a" * 25,
        name="IMG_2041.jpg",
        type="image/jpeg",
        kind="image",
        size=3_145_728,
        width=4032,
        height=3024,
        placeholder="1QcSHQRnh493V4dIh4eXh1h4kJUI",
        has_thumbnail=True,
    )


@given(st.lists(attachments, max_size=5))
def test_nothing_is_lost(given: list[MessageAttachment]) -> None:
    assert compact.decode(compact.encode(tuple(given))) == tuple(given)


def test_message_without_attachments_stores_nothing() -> None:
    assert compact.encode(()) is None
    assert compact.decode(None) == ()


def test_five_photos_leave_room_in_a_kilobyte_for_their_message() -> None:
    text = compact.encode(tuple(photo(number) for number in range(5)))

    assert text is not None and len(text.encode()) <= 690


def test_thirty_with_the_longest_names_stay_far_below_an_item() -> None:
    longest = MessageAttachment(
        id="a_" + "a" * 26,
        name="x" * MAX_NAME_BYTES,
        type="application/vnd.openxmlformats-officedocument.presentationml.presentation",
        kind="image",
        size=52_428_800,
        width=65_535,
        height=65_535,
        duration_ms=10_800_000,
        pages=10_000,
        waveform=[100] * 64,
        placeholder="x" * 40,
        has_thumbnail=True,
    )

    text = compact.encode((longest,) * 30)

    assert text is not None and len(text.encode()) < 24_000
