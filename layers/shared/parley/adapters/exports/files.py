"""Files in S3: made part by part, read to be hashed, and given out by addresses that soon expire."""

from collections.abc import Sequence
from hashlib import sha256

from botocore.exceptions import ClientError

from parley.adapters import environment, s3_errors
from parley.adapters.dynamodb import clients
from parley.domain.exports.archive import MAX_PARTS
from parley.domain.exports.job import URL_S

_CHUNK_BYTES = 1024 * 1024


class UploadFull(Exception):
    """The upload has as many parts as S3 takes."""


class UploadLost(Exception):
    """S3 does not know the upload, or its parts differ from those recorded: the upload must begin again."""


def begin(key: str, content_type: str, file_name: str) -> str:
    """Returns the id of a new upload; a browser that opens the file's address saves it and does not show it."""
    answer = clients.s3().create_multipart_upload(
        Bucket=bucket(),
        Key=key,
        ContentType=content_type,
        ContentDisposition=f'attachment; filename="{file_name}"',
        CacheControl="no-store",
    )
    return str(answer["UploadId"])


def put_part(key: str, upload_id: str, number: int, part: bytes | bytearray) -> str:
    """Stores a part, which replaces one of the same number, and returns its ETag; raises UploadLost and UploadFull."""
    if number > MAX_PARTS:
        raise UploadFull(key)
    try:
        answer = clients.s3().upload_part(Bucket=bucket(), Key=key, UploadId=upload_id, PartNumber=number, Body=part)
    except ClientError as error:
        raise _lost(error) from error
    return str(answer["ETag"])


def complete(key: str, upload_id: str, etags: Sequence[str]) -> None:
    """Makes a file of its parts; does nothing if that was done before. Raises UploadLost."""
    parts = [{"PartNumber": number, "ETag": etag} for number, etag in enumerate(etags, start=1)]
    try:
        clients.s3().complete_multipart_upload(
            Bucket=bucket(), Key=key, UploadId=upload_id, MultipartUpload={"Parts": parts}
        )
    except ClientError as error:
        if _code(error) != "NoSuchUpload" or not exists(key):
            raise _lost(error) from error


def abort(key: str, upload_id: str) -> None:
    """Ends an upload, so that it can no longer become a file; does nothing if it is over."""
    try:
        clients.s3().abort_multipart_upload(Bucket=bucket(), Key=key, UploadId=upload_id)
    except ClientError as error:
        if _code(error) != "NoSuchUpload":
            raise


def exists(key: str) -> bool:
    """Says whether the file exists."""
    try:
        clients.s3().head_object(Bucket=bucket(), Key=key)
    except ClientError as error:
        if s3_errors.is_missing(error):
            return False
        raise
    return True


def delete(key: str) -> None:
    """Deletes a file; does nothing if it does not exist."""
    clients.s3().delete_object(Bucket=bucket(), Key=key)


def hashed(key: str) -> str:
    """Returns the SHA-256 of a file, in hexadecimal; reads it as a stream."""
    body = clients.s3().get_object(Bucket=bucket(), Key=key)["Body"]
    digest = sha256()
    for chunk in body.iter_chunks(_CHUNK_BYTES):
        digest.update(chunk)
    return digest.hexdigest()


def address(key: str) -> str:
    """Returns an address at which anybody can get a file for `URL_S` seconds; no round trip."""
    url = clients.s3().generate_presigned_url("get_object", Params={"Bucket": bucket(), "Key": key}, ExpiresIn=URL_S)
    return str(url)


def bucket() -> str:
    """Returns the name of the bucket."""
    return environment.required("EXPORT_FILES_BUCKET")


def _code(error: ClientError) -> str:
    return str(error.response["Error"]["Code"])


def _lost(error: ClientError) -> Exception:
    """Returns the error to raise for a failure: UploadLost, or the failure itself if another try may succeed."""
    lost = ("NoSuchUpload", "InvalidPart", "InvalidPartOrder", "EntityTooSmall")
    return UploadLost(_code(error)) if _code(error) in lost else error
