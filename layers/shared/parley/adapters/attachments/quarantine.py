"""The bucket of uploads: only the scanner reads it. Clients upload straight to S3, with a form that is signed here."""

from parley.adapters import environment
from parley.adapters.dynamodb import clients


def form(attachment_id: str, content_type: str, size: int, valid_s: int) -> tuple[str, dict[str, str]]:
    """Returns the address and the fields of a form that uploads one file; no round trip.

    S3 refuses another key, another content type, more than `size` bytes, no bytes at all, and the form after `valid_s`
    seconds (S3 API reference, "POST Object").
    """
    signed = clients.s3().generate_presigned_post(
        Bucket=_bucket(),
        Key=attachment_id,
        Fields={"Content-Type": content_type},
        Conditions=[{"Content-Type": content_type}, ["content-length-range", 1, size]],
        ExpiresIn=valid_s,
    )
    return str(signed["url"]), dict(signed["fields"])


def delete(attachment_id: str) -> None:
    """Deletes an upload; does nothing if it does not exist."""
    clients.s3().delete_object(Bucket=_bucket(), Key=attachment_id)


def _bucket() -> str:
    return environment.required("QUARANTINE_BUCKET")
