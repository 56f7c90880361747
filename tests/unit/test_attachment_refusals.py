"""Refusals of requests that name an attachment say what its uploader can do."""

import pytest

from parley.domain.attachments import refusals
from parley.domain.attachments.attachment import Stored, StoredAttachment


def attachment(state: Stored, code: str | None = None) -> StoredAttachment:
    return StoredAttachment(
        attachment_id="a_1",
        user_id="alice",
        conversation_id="d_1",
        name="a.png",
        type="image/png",
        size=1,
        kind="image",
        state=state,
        version=1,
        created_at_ms=1_000_000,
        code=code,
    )


@pytest.mark.parametrize(
    ("state", "code", "detail"),
    [
        ("rejected", "type_mismatch", "This file was checked and refused as `type_mismatch`."),
        ("pending", None, "No file has come yet; upload it first."),
        ("scanning", None, "This file has not been checked yet; try again."),
    ],
)
def test_refusal_says_what_keeps_the_file(state: Stored, code: str | None, detail: str) -> None:
    assert str(refusals.not_clean(attachment(state, code), 1_000_001).detail) == detail
