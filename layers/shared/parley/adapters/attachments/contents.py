"""Reading the files of attachments, and their small pictures."""

from hashlib import sha256
from typing import Any

from aws_lambda_powertools import Logger
from botocore.exceptions import ClientError

from parley.adapters import s3_errors
from parley.adapters.attachments import files
from parley.adapters.dynamodb import clients
from parley.domain.attachments.attachment import StoredAttachment

logger = Logger()


def read_file(attachment: StoredAttachment) -> bytes | None:
    """Returns the file of an attachment; None if it is gone, or is not what the scanner has found clean.

    One round trip. It holds the whole file in memory: MaxAttachmentBytes at most.
    """
    found = _object(files.file_key(attachment.of_file))
    if found is None:
        return None
    with found["Body"] as body:
        content = bytes(body.read()) if found["ContentLength"] == attachment.size else None
    if content is None or attachment.sha256 not in (None, sha256(content).hexdigest()):
        # The deployer must find the cause, and an error rings the alarm.
        logger.error("file_damaged", code="file_damaged", attachment_id=attachment.of_file)
        return None
    return content


def read_thumbnail(attachment_id: str, most_bytes: int) -> bytes | None:
    """Returns the thumbnail of an attachment; None if it is gone, or larger than `most_bytes`. One round trip."""
    found = _object(files.thumbnail_key(attachment_id))
    if found is None:
        return None
    with found["Body"] as body:
        return bytes(body.read()) if found["ContentLength"] <= most_bytes else None


def _object(key: str) -> Any:
    """Returns S3's answer with an object of the bucket of clean files, or None."""
    try:
        return clients.s3().get_object(Bucket=files.bucket(), Key=key)
    except ClientError as error:
        if s3_errors.is_missing(error):
            return None
        raise
