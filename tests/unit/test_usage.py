"""The limits of a person's uploads, in words for people."""

import pytest

from parley.domain.api.errors import TooMany
from parley.domain.api.types import AttachmentLimits
from parley.domain.attachments.usage import HOUR_MS, Usage, size_text

IMAGES = {"max_pixels": 1, "max_frames": 1, "max_animation_pixels": 1}


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (1, "1 byte"),
        (1023, "1023 bytes"),
        (1024, "1 KB"),
        (10_485_760, "10 MB"),
        (10_485_759, "9.9 MB"),
        (2**30, "1 GB"),
        (2**40, "1024 GB"),
    ],
)
def test_size_for_people_is_never_more_than_the_limit(size: int, text: str) -> None:
    assert size_text(size) == text


LIMITS = AttachmentLimits(bytes=10, per_message=5, types=[], unsent=2, bytes_per_day=100, voice_ms=1000, **IMAGES)


def test_uploads_that_were_rejected_or_discarded_count_until_the_hour_ends() -> None:
    now_ms = 10 * HOUR_MS + 1_000
    usage = Usage(user_id="alice", unsent=2).wasting(now_ms).wasting(now_ms)
    assert (usage.unsent, usage.wasted, usage.revision) == (0, 2, 2)

    with pytest.raises(TooMany) as refused:
        usage.with_upload(1, now_ms, LIMITS)

    assert (refused.value.code, refused.value.rule) == ("too_many_unsent", "MaxUnsentAttachments")
    assert refused.value.retry_after_ms == HOUR_MS - 1_000
    assert "2 that were rejected or discarded in this hour" in refused.value.detail
    assert usage.with_upload(1, 11 * HOUR_MS, LIMITS).unsent == 1


def test_the_next_hour_begins_at_zero() -> None:
    usage = Usage(user_id="alice", unsent=2).wasting(10 * HOUR_MS).wasting(11 * HOUR_MS)

    assert (usage.hour, usage.wasted) == (11, 1)


def test_waiting_does_not_help_a_person_with_too_many_unsent() -> None:
    usage = Usage(user_id="alice", unsent=3).wasting(0)

    with pytest.raises(TooMany) as refused:
        usage.with_upload(1, 0, LIMITS)

    assert refused.value.retry_after_ms is None


def test_person_with_too_many_unsent_attachments_hears_that_they_can_be_discarded() -> None:
    with pytest.raises(TooMany) as refused:
        Usage(user_id="alice", unsent=2).with_upload(1, 0, LIMITS)

    assert "discard some (DELETE /attachments/{attachment_id})" in refused.value.detail
    assert refused.value.retry_after_ms is None
