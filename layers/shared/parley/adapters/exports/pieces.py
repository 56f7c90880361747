"""Pieces of an archive in the making: objects beside it, written by one step and read by a later one."""

from botocore.exceptions import ClientError

from parley.adapters import s3_errors
from parley.adapters.dynamodb import clients
from parley.adapters.exports.files import UploadLost, bucket
from parley.domain.exports.archive import PieceKind
from parley.domain.exports.job import Job

_MAX_KEYS = 1_000  # of one deletion (S3 API reference, DeleteObjects)


def put_piece(job: Job, kind: PieceKind, number: int, piece: bytes) -> None:
    """Writes a piece, which replaces one of the same number; one round trip."""
    _put(_key(job, kind, number), piece)


def get_piece(job: Job, kind: PieceKind, number: int) -> bytes:
    """Returns a piece; raises UploadLost if it is gone. One round trip."""
    return _get(_key(job, kind, number))


def put_waiting(job: Job, waiting: bytes | bytearray) -> None:
    """Keeps bytes for the step after the present one; one round trip."""
    _put(_waiting_key(job, job.revision + 1), waiting)


def get_waiting(job: Job) -> bytes:
    """Returns the bytes that the step before has kept; raises UploadLost if they are gone. One round trip."""
    return _get(_waiting_key(job, job.revision))


def delete_pieces(job: Job) -> None:
    """Deletes all pieces of a job, and those of a step that was not noted; one round trip for 1,000."""
    if job.archive is None:
        return
    numbers = range(1, job.archive.most_pieces + 2)
    kinds: tuple[PieceKind, ...] = ("transcript", "directory")
    keys = [_waiting_key(job, revision) for revision in (0, 1)]
    keys += [_key(job, kind, number) for number in numbers for kind in kinds]
    for first in range(0, len(keys), _MAX_KEYS):
        _delete(keys[first : first + _MAX_KEYS])


def delete_all(export_id: str) -> None:
    """Deletes whatever pieces an export has whose job is gone; two round trips for 1,000, and one to find none."""
    while keys := _keys(export_id):
        _delete(keys)


def _keys(export_id: str) -> list[str]:
    """Returns up to 1,000 keys of an export's pieces."""
    found = clients.s3().list_objects_v2(Bucket=bucket(), Prefix=_prefix(export_id), MaxKeys=_MAX_KEYS)
    return [str(each["Key"]) for each in found.get("Contents", ())]


def _prefix(export_id: str) -> str:
    return f"work/{export_id}/"


def _key(job: Job, kind: str, number: int) -> str:
    return f"{_prefix(job.export_id)}{kind}-{number}"


def _waiting_key(job: Job, revision: int) -> str:
    # Two places in turn: a step that dies after it wrote to the one has not touched what its retry reads in the other.
    return _key(job, "waiting", revision % 2)


def _put(key: str, body: bytes | bytearray) -> None:
    clients.s3().put_object(Bucket=bucket(), Key=key, Body=body)


def _get(key: str) -> bytes:
    try:
        found = clients.s3().get_object(Bucket=bucket(), Key=key)
    except ClientError as error:
        if s3_errors.is_missing(error):
            raise UploadLost(key) from error
        raise
    with found["Body"] as body:
        return bytes(body.read())


def _delete(keys: list[str]) -> None:
    objects = [{"Key": key} for key in keys]
    answer = clients.s3().delete_objects(Bucket=bucket(), Delete={"Objects": objects, "Quiet": True})
    if answer.get("Errors"):  # S3 answers 200 also if it failed for some of them
        raise OSError(f"S3 has not deleted {answer['Errors'][0]['Key']}: {answer['Errors'][0]['Code']}")
