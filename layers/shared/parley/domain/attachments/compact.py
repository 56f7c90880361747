"""The attachments of a message as one text: names of attributes would cost more bytes than the values.

A message with five ordinary ones stays under 1 KB, which is one write unit (two in a transaction).
"""

import msgspec
from msgspec import Struct
from msgspec.structs import astuple

from parley.domain.api.types import AttachmentKind, MessageAttachment


class _Compact(Struct, frozen=True, array_like=True):
    """An attachment by place; values at the end that are the defaults are not written."""

    id: str
    name: str
    type: str
    kind: AttachmentKind
    size: int
    has_thumbnail: int = 0
    placeholder: str | None = None
    width: int | None = None
    height: int | None = None
    duration_ms: int | None = None
    pages: int | None = None
    waveform: str | None = None  # two hexadecimal digits for each peak


_decoder = msgspec.json.Decoder(tuple[_Compact, ...])


def encode(attachments: tuple[MessageAttachment, ...]) -> str | None:
    """Returns attachments as a text; None if there are none."""
    if not attachments:
        return None
    return msgspec.json.encode([_values(attachment) for attachment in attachments]).decode()


def decode(text: str | None) -> tuple[MessageAttachment, ...]:
    """Returns the attachments in a text; raises a MsgspecError if it is damaged."""
    return tuple(_attachment(compact) for compact in _decoder.decode(text)) if text else ()


def _values(attachment: MessageAttachment) -> list[object]:
    values, defaults = list(astuple(_compact(attachment))), list(_Compact.__struct_defaults__)
    while defaults and values[-1] == defaults.pop():
        values.pop()
    return values


def _compact(attachment: MessageAttachment) -> _Compact:
    waveform = attachment.waveform
    return _Compact(
        attachment.id,
        attachment.name,
        attachment.type,
        attachment.kind,
        attachment.size,
        int(attachment.has_thumbnail),
        attachment.placeholder,
        attachment.width,
        attachment.height,
        attachment.duration_ms,
        attachment.pages,
        None if waveform is None else bytes(waveform).hex(),
    )


def _attachment(compact: _Compact) -> MessageAttachment:
    return MessageAttachment(
        id=compact.id,
        name=compact.name,
        type=compact.type,
        kind=compact.kind,
        size=compact.size,
        width=compact.width,
        height=compact.height,
        duration_ms=compact.duration_ms,
        pages=compact.pages,
        waveform=None if compact.waveform is None else list(bytes.fromhex(compact.waveform)),
        placeholder=compact.placeholder,
        has_thumbnail=bool(compact.has_thumbnail),
    )
