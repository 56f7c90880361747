"""The uploads of one person: the attachments that they have not sent, and the bytes of the day."""

from msgspec import Struct
from msgspec.structs import replace

from parley.domain.api.errors import TooMany
from parley.domain.api.types import AttachmentLimits

HOUR_MS = 3600 * 1000
DAY_MS = 24 * HOUR_MS


def size_text(size: int) -> str:
    """Returns a number of bytes for people, rounded down: `10 MB`, of 1,048,576 bytes each."""
    for unit, name in ((2**30, "GB"), (2**20, "MB"), (2**10, "KB")):
        if size >= unit:
            return f"{size * 10 // unit / 10:g} {name}"
    return "1 byte" if size == 1 else f"{size} bytes"


class Usage(Struct, frozen=True, kw_only=True):
    """A person's row; `bytes` were asked for on `day` (UTC, days since the epoch). `revision` 0 is no row yet.

    `wasted` uploads were rejected, or discarded after their upload, in `hour` (UTC, hours since the epoch): each took
    time of the scanner, and nobody will see it (D-516).
    """

    user_id: str
    revision: int = 0
    unsent: int = 0
    day: int = 0
    bytes: int = 0
    hour: int = 0
    wasted: int = 0

    def with_upload(self, size: int, now_ms: int, limits: AttachmentLimits) -> "Usage":
        """Returns the usage after one more upload; raises TooMany if a limit forbids it."""
        self._check_unsent(now_ms, limits.unsent)
        after = self.counted(size, now_ms)
        if after.bytes > limits.bytes_per_day:
            ends_in_ms = (after.day + 1) * DAY_MS - now_ms
            detail = f"You may upload {size_text(limits.bytes_per_day)} a day."
            raise TooMany("upload_limit_reached", detail, rule="UploadBytesPerDay", retry_after_ms=ends_in_ms)
        return after

    def _check_unsent(self, now_ms: int, most: int) -> None:
        wasted = self.wasted if self.hour == now_ms // HOUR_MS else 0
        if self.unsent + wasted < most:
            return
        also = f", and {wasted} that were rejected or discarded in this hour" if wasted else ""
        detail = (
            f"You have {self.unsent} attachments that are not sent{also};"
            " send some of them first, or discard some (DELETE /attachments/{attachment_id})."
        )
        ends_in_ms = (now_ms // HOUR_MS + 1) * HOUR_MS - now_ms if self.unsent < most else None
        raise TooMany("too_many_unsent", detail, rule="MaxUnsentAttachments", retry_after_ms=ends_in_ms)

    def counted(self, size: int, now_ms: int) -> "Usage":
        """Returns the usage after one more upload, whatever the limits are."""
        day = now_ms // DAY_MS
        used = self.bytes if self.day == day else 0
        return replace(self, revision=self.revision + 1, unsent=self.unsent + 1, day=day, bytes=used + size)

    def without(self, attachments: int = 1) -> "Usage":
        """Returns the usage after some attachments are no longer unsent: they were sent, refused or deleted."""
        return replace(self, revision=self.revision + 1, unsent=max(0, self.unsent - attachments))

    def wasting(self, now_ms: int) -> "Usage":
        """Returns the usage after an upload was rejected, or discarded: it counts until the end of the hour."""
        hour = now_ms // HOUR_MS
        return replace(self.without(), hour=hour, wasted=1 + (self.wasted if self.hour == hour else 0))
