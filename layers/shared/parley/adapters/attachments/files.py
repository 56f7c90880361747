"""The bucket of clean files: for each attachment that was uploaded, its file and perhaps a thumbnail."""

from parley.adapters import environment
from parley.adapters.dynamodb import clients


def file_key(attachment_id: str) -> str:
    """Returns the key of the file of an attachment that was uploaded."""
    return f"files/{attachment_id}"


def thumbnail_key(attachment_id: str) -> str:
    """Returns the key of its thumbnail."""
    return f"thumbnails/{attachment_id}"


def delete(attachment_id: str) -> None:
    """Deletes the file and the thumbnail of an attachment that was uploaded; those that do not exist are no error.

    Two calls, because a deletion of several keys answers 200 also if it has failed for one of them (S3 API reference,
    "DeleteObjects").
    """
    for key in (file_key(attachment_id), thumbnail_key(attachment_id)):
        clients.s3().delete_object(Bucket=_bucket(), Key=key)


def _bucket() -> str:
    return environment.required("ATTACHMENTS_BUCKET")
