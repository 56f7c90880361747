"""The bucket of uploads: only the scanner reads it. Clients upload to S3 itself, with a form that is signed here."""

from botocore.exceptions import ClientError

from parley.adapters import environment, s3_errors
from parley.adapters.dynamodb import clients


class NoSuchUpload(Exception):
    """No file is there under this key."""


class OtherBytes(Exception):
    """Another file is there than the one that was asked for: the form was used again."""


class TooLarge(Exception):
    """The file is larger than it may be; it was not read."""


def form(attachment_id: str, content_type: str, size: int, valid_s: int) -> tuple[str, dict[str, str]]:
    """Returns the address and the fields of a form that uploads one file; no round trip.

    S3 refuses another key, another content type, more than `size` bytes, no bytes at all, and the form after `valid_s`
    seconds (S3 API reference, "POST Object").
    """
    signed = clients.s3().generate_presigned_post(
        Bucket=bucket(),
        Key=attachment_id,
        Fields={"Content-Type": content_type},
        Conditions=[{"Content-Type": content_type}, ["content-length-range", 1, size]],
        ExpiresIn=valid_s,
    )
    return str(signed["url"]), dict(signed["fields"])


def read_upload(attachment_id: str, etag: str | None, most_bytes: int) -> bytes:
    """Returns an upload, if its bytes have this `etag`; raises NoSuchUpload, OtherBytes or TooLarge. One round trip."""
    condition = {} if etag is None else {"IfMatch": etag}
    try:
        found = clients.s3().get_object(Bucket=bucket(), Key=attachment_id, **condition)
    except ClientError as error:
        if s3_errors.is_missing(error):
            raise NoSuchUpload(attachment_id) from error
        if s3_errors.status(error) == 412:
            raise OtherBytes(attachment_id) from error
        raise
    if found["ContentLength"] > most_bytes:
        found["Body"].close()
        raise TooLarge(attachment_id)
    return bytes(found["Body"].read())


def delete(attachment_id: str) -> None:
    """Deletes an upload; does nothing if it does not exist."""
    clients.s3().delete_object(Bucket=bucket(), Key=attachment_id)


def bucket() -> str:
    """Returns the name of the bucket."""
    return environment.required("QUARANTINE_BUCKET")
