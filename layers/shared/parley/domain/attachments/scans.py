"""The messages of the scanner's queue: S3 tells of uploads, and virus scanners tell of what they found.

S3                  {"Records": [{"eventName": "ObjectCreated:Post", "s3": {…}}]}
S3, once            {"Service": "Amazon S3", "Event": "s3:TestEvent", …}, which means nothing
GuardDuty           {"source": "aws.guardduty", "detail": {…}}, by EventBridge
any other scanner   {"source": "parley.scanner", "attachment_id": …, "etag": …, "verdict": "clean" or "infected"}
"""

from typing import Literal
from urllib.parse import unquote_plus

from msgspec import Struct, field

MAX_TRIES = 5  # after which the queue gives a message up (maxReceiveCount in template.yaml)

SCAN_FAILED = "scan_failed"  # the code of an attachment for which no scan came to an end

Verdict = Literal["clean", "infected", "unknown"]
MalwareScan = Literal["none", "guardduty", "external"]  # the parameter: whose verdict an upload waits for

# GuardDuty user guide, "S3 object scan result": UNSUPPORTED, ACCESS_DENIED and FAILED are no answer about the file.
_GUARDDUTY: dict[str, Verdict] = {"NO_THREATS_FOUND": "clean", "THREATS_FOUND": "infected"}


class Scan(Struct, frozen=True, kw_only=True):
    """One upload to look at. `verdict` is a virus scanner's, about the bytes that have this `etag`."""

    attachment_id: str
    bucket: str | None = None  # None: the sender names none, because it can only mean ours
    verdict: Verdict | None = None
    etag: str | None = None


class _Bucket(Struct):
    name: str


class _Object(Struct):
    key: str


class _Place(Struct):
    bucket: _Bucket
    object: _Object


class _Record(Struct):
    event: str = field(name="eventName")
    s3: _Place


class _ScannedObject(Struct):
    bucket: str = field(name="bucketName")
    key: str = field(name="objectKey")
    etag: str | None = field(name="eTag", default=None)


class _Result(Struct):
    status: str = field(name="scanResultStatus", default="")


class _Detail(Struct):
    object: _ScannedObject = field(name="s3ObjectDetails")
    result: _Result = field(name="scanResultDetails")


class ScanMessage(Struct):
    """A message of the queue, from any of its senders; `scans` tells them apart."""

    source: str = "aws.s3"
    records: tuple[_Record, ...] = field(name="Records", default=())
    detail: _Detail | None = None
    attachment_id: str | None = None
    etag: str | None = None
    verdict: Literal["clean", "infected"] | None = None

    def scans(self) -> list[Scan]:
        """Returns the uploads that the message is about; ValueError for a message that makes no sense."""
        match self.source:
            case "aws.s3":
                return [_uploaded(record) for record in self.records if record.event.startswith("ObjectCreated:")]
            case "aws.guardduty" if self.detail is not None:
                return [_scanned(self.detail)]
            case "parley.scanner" if self.attachment_id and self.etag and self.verdict:
                return [Scan(attachment_id=self.attachment_id, verdict=self.verdict, etag=self.etag)]
        raise ValueError(f"a message of {self.source} without its fields")


def _uploaded(record: _Record) -> Scan:
    # S3 quotes keys as a form does (S3 user guide, "Event message structure").
    return Scan(bucket=record.s3.bucket.name, attachment_id=unquote_plus(record.s3.object.key))


def _scanned(detail: _Detail) -> Scan:
    verdict = _GUARDDUTY.get(detail.result.status, "unknown")
    scanned = detail.object
    return Scan(bucket=scanned.bucket, attachment_id=scanned.key, verdict=verdict, etag=scanned.etag)
