"""Reading the small pictures of attachments."""

from botocore.exceptions import ClientError

from parley.adapters import environment
from parley.adapters.attachments import files
from parley.adapters.dynamodb import clients


def read_thumbnail(attachment_id: str, most_bytes: int) -> bytes | None:
    """Returns the thumbnail of an attachment; None if it is gone, or larger than `most_bytes`. One round trip."""
    try:
        found = clients.s3().get_object(
            Bucket=environment.required("ATTACHMENTS_BUCKET"), Key=files.thumbnail_key(attachment_id)
        )
    except ClientError as error:
        # A caller who may not list a bucket gets 403 for a missing key (S3 API reference, GetObject).
        if error.response["ResponseMetadata"]["HTTPStatusCode"] in (403, 404):
            return None
        raise
    with found["Body"] as body:
        return bytes(body.read()) if found["ContentLength"] <= most_bytes else None
