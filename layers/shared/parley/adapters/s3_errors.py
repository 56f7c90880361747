"""Errors of S3: their status, and whether they mean a missing object."""

from botocore.exceptions import ClientError


def status(error: ClientError) -> int | None:
    """Returns the HTTP status of S3's answer; None if the answer has none."""
    found: int | None = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return found


def is_missing(error: ClientError) -> bool:
    """Says whether a read failed because there is no such object.

    A caller who may not list a bucket gets 403 for a missing key (S3 API reference, GetObject and HeadObject).
    """
    return status(error) in (403, 404)
