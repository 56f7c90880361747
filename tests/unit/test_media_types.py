"""Types of files: one name for each, what a client shows, and what a deployment allows."""

import pytest

from parley.domain.attachments.media_types import (
    ALLOWED,
    INLINE,
    allowed_types,
    canonical,
    extension_of,
    kind_of,
    may_be_inline,
)

DANGEROUS = ["text/html", "image/svg+xml", "application/xhtml+xml", "text/xml", "application/xml", "text/javascript"]


@pytest.mark.parametrize(
    ("declared", "mime"),
    [
        ("image/png", "image/png"),
        ("IMAGE/JPG", "image/jpeg"),
        ("audio/webm;codecs=opus", "audio/webm"),
        (" audio/x-m4a ", "audio/mp4"),
        ("text/plain; charset=utf-8", "text/plain"),
        ("nonsense", "nonsense"),
        ("", ""),
    ],
)
def test_a_type_has_one_name(declared: str, mime: str) -> None:
    assert canonical(declared) == mime


def test_each_allowed_type_is_its_own_name() -> None:
    assert all(canonical(mime) == mime for mime in ALLOWED)


@pytest.mark.parametrize(
    ("mime", "kind"),
    [
        ("image/heic", "image"),
        ("audio/mp3", "audio"),
        ("video/quicktime", "video"),
        ("application/pdf", "file"),
        ("text/csv", "file"),
        ("image/svg+xml", "file"),
        ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "file"),
    ],
)
def test_a_type_has_a_kind(mime: str, kind: str) -> None:
    assert kind_of(mime) == kind


@pytest.mark.parametrize("mime", DANGEROUS)
def test_what_a_browser_would_run_is_neither_allowed_nor_inline(mime: str) -> None:
    assert canonical(mime) not in ALLOWED
    assert not may_be_inline(mime)


def test_only_images_are_inline() -> None:
    assert {mime for mime in ALLOWED if may_be_inline(mime)} == INLINE
    assert {kind_of(mime) for mime in INLINE} == {"image"}


def test_a_deployment_allows_types_and_families() -> None:
    assert allowed_types("*") == ALLOWED
    assert allowed_types(" image/png , audio/mp3 ") == {"image/png", "audio/mpeg"}
    assert allowed_types("video/*") == {"video/mp4", "video/webm", "video/quicktime"}


@pytest.mark.parametrize("setting", ["", " , ", "image/svg+xml", "text/html", "model/*", "image/png,nonsense", "/*"])
def test_a_deployment_cannot_allow_what_is_not_examined(setting: str) -> None:
    with pytest.raises(ValueError):
        allowed_types(setting)


def test_every_type_has_an_extension() -> None:
    assert {extension_of(mime)[0] for mime in ALLOWED} == {"."}
