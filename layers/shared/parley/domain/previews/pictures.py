"""The pictures of pages: where they are kept, and what may be one."""

from base64 import b32encode
from hashlib import sha256

from msgspec import Struct

from parley.domain.api import ids

FOLDER = "previews/"
MAX_BYTES = 1_000_000  # of a picture as its site sends it

# By their first bytes (RFC 9649 for WebP). Browsers show them all, and the scanner writes each of them again.
_JPEG, _PNG, _GIF = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", (b"GIF87a", b"GIF89a")


class Place(Struct, frozen=True, kw_only=True):
    """The place of a picture: of a message, and of the link that it got at a time. No other picture has its id."""

    conversation_id: str
    seq: int
    at_ms: int
    link: str  # the hash of the link

    @classmethod
    def of(cls, conversation_id: str, seq: int, at_ms: int, url: str) -> "Place":
        """Returns the place of the picture for a message's link."""
        digest = b32encode(sha256(url.encode()).digest()[:16]).decode().rstrip("=").lower()
        return cls(conversation_id=conversation_id, seq=seq, at_ms=at_ms, link=digest)

    @property
    def id(self) -> str:
        return f"{self.at_ms}-{self.link}"

    @property
    def key(self) -> str:
        """Returns the key of its object, in the bucket of uploads and in that of clean files."""
        return key(self.conversation_id, self.seq, self.id)


def key(conversation_id: str, seq: int, picture_id: str) -> str:
    """Returns the key of the object of a picture."""
    return f"{FOLDER}{ids.message_id(conversation_id, seq)}/{picture_id}"


def place_of(object_key: str) -> Place | None:
    """Returns the place that a key names; None if it is no picture's."""
    message_id, _, picture_id = object_key.removeprefix(FOLDER).partition("/")
    at_ms, _, link = picture_id.partition("-")
    split = ids.as_message_id(message_id)
    if not object_key.startswith(FOLDER) or split is None or not at_ms.isdecimal() or not link.isalnum():
        return None
    return Place(conversation_id=split[0], seq=split[1], at_ms=int(at_ms), link=link)


def type_of(body: bytes) -> str | None:
    """Returns the type of a picture by its first bytes; None for any other file."""
    if body.startswith(_JPEG):
        return "image/jpeg"
    if body.startswith(_PNG):
        return "image/png"
    if body.startswith(_GIF):
        return "image/gif"
    return "image/webp" if body[:4] == b"RIFF" and body[8:12] == b"WEBP" else None
