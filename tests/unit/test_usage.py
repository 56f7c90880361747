"""The limits of a person's uploads, in words for people."""

import pytest

from parley.domain.api.errors import TooMany
from parley.domain.api.types import AttachmentLimits
from parley.domain.attachments.usage import Usage, size_text

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


def test_person_with_too_many_unsent_attachments_hears_that_they_can_be_discarded() -> None:
    limits = AttachmentLimits(bytes=10, per_message=5, types=[], unsent=2, bytes_per_day=100, voice_ms=1000, **IMAGES)

    with pytest.raises(TooMany) as refused:
        Usage(user_id="alice", unsent=2).with_upload(1, 0, limits)

    assert "discard some (DELETE /attachments/{attachment_id})" in refused.value.detail
    assert refused.value.retry_after_ms is None
