"""Decides which attachments a message may carry, and what a forward makes of them."""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from parley.domain.api.errors import Conflict, Field, Invalid, Refusal, Unprocessable
from parley.domain.attachments import refusals
from parley.domain.attachments.attachment import StoredAttachment, attachment_id
from parley.domain.attachments.media_types import VOICE, VOICE_GRACE_MS


def check_ids(attachment_ids: Sequence[str], pointer: str, most: int) -> None:
    """Refuses more than `most` attachments, and an id that comes twice."""
    if len(attachment_ids) > most:
        raise Invalid(
            "too_many_attachments",
            f"A message can carry {most} attachments.",
            fields=(Field(pointer, "too_many_items", most),),
        )
    for place, given_id in enumerate(attachment_ids):
        if given_id in attachment_ids[:place]:
            raise Invalid.field(f"{pointer}/{place}", "repeated", "An attachment can be in a message once only.")


def check_one(attachment_ids: Sequence[str], pointer: str) -> None:
    """Refuses a voice message without an attachment, or with several."""
    if len(attachment_ids) != 1:
        code = "too_many_items" if attachment_ids else "too_few_items"
        detail = "A voice message has exactly one attachment."
        raise Invalid("voice_needs_one_audio", detail, fields=(Field(pointer, code, 1),))


def check_sendable(
    attachment_ids: Sequence[str],
    found: Mapping[str, StoredAttachment],
    *,
    user_id: str,
    conversation_id: str,
    now_ms: int,
    pointer: str,
) -> tuple[StoredAttachment, ...]:
    """Returns the attachments of a new message, in its order.

    They must be the sender's own, of this conversation, clean and not sent yet. The refusal is that of the first that
    is not, and names all of them.
    """
    taken = []
    refused: dict[str, Refusal] = {}
    for place, given_id in enumerate(attachment_ids):
        attachment = found.get(given_id)
        if attachment is None or attachment.user_id != user_id:
            refused[f"{pointer}/{place}"] = refusals.no_attachment()
        elif refusal := _refusal(attachment, conversation_id, now_ms):
            refused[f"{pointer}/{place}"] = refusal
        else:
            taken.append(attachment)
    if refused:
        raise _first(refused)
    return tuple(taken)


def _first(refused: Mapping[str, Refusal]) -> Refusal:
    """Returns the first refusal, with the fields and the codes of all of them, by pointer."""
    from parley.domain.api.invalid_fields import MAX_REPORTED  # only for refusals

    fields = [Field(pointer, refusal.code) for pointer, refusal in refused.items()]
    first = next(iter(refused.values()))
    first.fields = tuple(fields[:MAX_REPORTED])
    return first


def _at(pointer: str, refusal: Refusal) -> Refusal:
    """Returns the refusal with the field that it is about, under the same code: each attachment tells why."""
    refusal.fields = (Field(pointer, refusal.code),)
    return refusal


def _refusal(attachment: StoredAttachment, conversation_id: str, now_ms: int) -> Refusal | None:
    """Returns why one of the sender's own attachments cannot be sent; None if it can."""
    if attachment.conversation_id != conversation_id:
        detail = "This attachment was uploaded for another conversation."
        return Unprocessable("attachment_of_other_conversation", detail)
    state = attachment.state_at(now_ms)
    if state == "expired":
        detail = "This attachment has expired; upload the file again."
        return Conflict("attachment_expired", detail, rule="an unsent attachment expires")
    if state != "clean":
        return refusals.not_clean(attachment, now_ms)
    if attachment.seq is not None:
        return refusals.sent()
    return None


def check_voice(recording: StoredAttachment, pointer: str, longest_ms: int | None) -> None:
    """Refuses a voice message whose attachment is no recording, or too long; None is no limit."""
    duration_ms = recording.duration_ms
    if recording.type not in VOICE or duration_ms is None:
        detail = "A voice message needs a recording in WebM, Ogg, MP4, AAC, MP3 or WAV."
        raise _at(f"{pointer}/0", Unprocessable("voice_needs_audio", detail))
    if longest_ms is not None and duration_ms > longest_ms + VOICE_GRACE_MS:
        detail = f"A voice message can last {longest_ms // 1000} seconds."
        raise Unprocessable("voice_too_long", detail, fields=(Field(f"{pointer}/0", "too_long", longest_ms),))


def check_files(originals: Sequence[StoredAttachment], files: Mapping[str, StoredAttachment]) -> None:
    """Refuses a forward of attachments whose files are deleted, or about to be; `files` are by id."""
    for original in originals:
        file = files.get(original.of_file)
        if file is None or file.refs < 1:
            raise file_deleted()


def file_deleted() -> Conflict:
    """Returns the refusal of a forward of a message whose files are deleted."""
    detail = "A file of this message was deleted."
    return Conflict("attachment_expired", detail, rule="a deleted file stays deleted")


def forwarded(
    originals: Sequence[StoredAttachment], *, user_id: str, conversation_id: str, seq: int, now_ms: int
) -> tuple[StoredAttachment, ...]:
    """Returns the attachments of a forwarded message: new ones, which show the files of the original's.

    Their ids derive from the new message, so a retry makes the same.
    """
    return tuple(
        replace(
            original,
            attachment_id=attachment_id(user_id, conversation_id, f"#{seq}#{position}"),
            user_id=user_id,
            conversation_id=conversation_id,
            state="clean",
            version=1,
            created_at_ms=now_ms,
            fingerprint=None,
            file_id=original.of_file,
            refs=1,
            seq=seq,
            position=position,
            is_counted=False,
            sweep_at_s=None,
        )
        for position, original in enumerate(originals)
    )
