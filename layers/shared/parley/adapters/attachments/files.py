"""The bucket of clean files: one object for a file, one for its thumbnail.

A copy is written only where no other is, or in place of the one that was seen: so a scan that was overtaken by
another one of the same attachment replaces nothing.
"""

from hashlib import sha256

from botocore.exceptions import ClientError
from msgspec import Struct

from parley.adapters import environment, s3_errors
from parley.adapters.dynamodb import clients
from parley.adapters.dynamodb.conditions import LostRace

# S3 API reference, "PutObject", If-Match and If-None-Match: 412 is a failed condition, 409 a write at the same time,
# 404 an object that was to be replaced and is gone.
_OVERTAKEN = (404, 409, 412)


class Copy(Struct, frozen=True, kw_only=True):
    """A file to be kept; its hash tells whether the bucket has it already."""

    key: str
    type: str
    body: bytes

    @property
    def sha256(self) -> str:
        return sha256(self.body).hexdigest()


class Kept(Struct, frozen=True, kw_only=True):
    """An object of the bucket."""

    etag: str
    sha256: str | None


def file_key(attachment_id: str) -> str:
    """Returns the key of the file of an attachment that was uploaded."""
    return f"files/{attachment_id}"


def thumbnail_key(attachment_id: str) -> str:
    """Returns the key of its thumbnail."""
    return f"thumbnails/{attachment_id}"


def kept(key: str) -> Kept | None:
    """Returns what the bucket has under a key; one round trip."""
    try:
        found = clients.s3().head_object(Bucket=bucket(), Key=key)
    except ClientError as error:
        if s3_errors.is_missing(error):
            return None
        raise
    return Kept(etag=found["ETag"], sha256=found["Metadata"].get("sha256"))


def put_copy(copy: Copy, instead_of: Kept | None = None) -> None:
    """Writes a copy where nothing is, or instead of one that was seen; raises LostRace. One round trip."""
    condition = {"IfNoneMatch": "*"} if instead_of is None else {"IfMatch": instead_of.etag}
    try:
        clients.s3().put_object(
            Bucket=bucket(),
            Key=copy.key,
            Body=copy.body,
            ContentType=copy.type,
            Metadata={"sha256": copy.sha256},
            **condition,
        )
    except ClientError as error:
        if s3_errors.status(error) in _OVERTAKEN:
            raise LostRace from error
        raise


def delete(attachment_id: str) -> None:
    """Deletes the file and the thumbnail of an attachment that was uploaded; those that do not exist are no error.

    Two calls, because a deletion of several keys answers 200 also if it has failed for one of them (S3 API reference,
    "DeleteObjects").
    """
    for key in (file_key(attachment_id), thumbnail_key(attachment_id)):
        clients.s3().delete_object(Bucket=bucket(), Key=key)


def delete_thumbnail(attachment_id: str) -> None:
    """Deletes the thumbnail of an attachment; does nothing if it does not exist."""
    clients.s3().delete_object(Bucket=bucket(), Key=thumbnail_key(attachment_id))


def bucket() -> str:
    """Returns the name of the bucket."""
    return environment.required("ATTACHMENTS_BUCKET")
