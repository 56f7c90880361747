"""The cost of attachments: the operations of an upload, a scan, a send, a gallery, and the price of an image.

Alice uploads photos and sends them to Bob. The scanner examines real pictures; the examination's own time comes from
the section `media`.
"""

import io
import json
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from PIL import Image

from bench import prices
from bench.latency import duration_ms
from bench.rows import Row
from bench.scene import TEXT, Operation, Scene

PER_MESSAGE = 5
URLS = 50
MONTHS_KEPT = 1.0  # of the price: what is stored longer costs the storage again each month

# S3 prices its calls in two classes and asks nothing for deletions ("Amazon S3 pricing", requests).
PUTS = frozenset({"PutObject", "ListObjectsV2"})
GETS = frozenset({"GetObject", "HeadObject"})


class Uploads:
    """Alice's uploads in the conversation of a scene."""

    def __init__(self, scene: Scene) -> None:
        self._scene, self._stage = scene, scene.stage
        self._here = {"conversation_id": scene.conversation_id}
        self._image = _image()
        self._sent: list[str] = []
        self._last = ""

    def operations(self) -> Iterator[Operation]:
        """Yields what is counted, in an order in which each finds what it needs."""
        yield Operation("attachment.ask", "ask for an upload", self.ask, 3)
        yield Operation("attachment.scan", "scan an upload", self.scan, setup=self.upload)
        yield Operation("attachment.unsent", "list unsent attachments", self._list_unsent, 2)
        yield Operation("attachment.discard", "discard an attachment", self._discard, setup=self.upload)
        send, five = partial(self._send, 1), partial(self._send, PER_MESSAGE)
        yield Operation("attachment.send", "send an attachment", send, 3, partial(self._prepare, 1))
        yield Operation("attachment.settle", "put an attachment into the gallery", self._settle)
        prepare = partial(self._prepare, PER_MESSAGE)
        yield Operation("attachment.send_five", f"send {PER_MESSAGE} attachments", five, 3, prepare)
        yield Operation("attachment.url", "address of an attachment", partial(self._urls, 1), 3)
        yield Operation("attachment.urls", f"addresses of {URLS} attachments", partial(self._urls, URLS), 3, self._fill)
        yield Operation("attachment.gallery", f"gallery page of {URLS}", self._gallery, 3)

    # --- what is done ------------------------------------------------------------------------------------------------

    def ask(self) -> str:
        body = {"name": "IMG_2041.jpg", "type": "image/jpeg", "size": len(self._image)}
        body["client_id"] = self._scene.new_id()
        answer = self._stage.rest(self._scene.alice, "CreateAttachment", self._here, body=body)
        return str(answer["attachment"]["id"])

    def upload(self) -> None:
        """Asks for an upload and puts its file into the bucket, as the client's form does."""
        from parley.adapters.attachments import quarantine
        from parley.adapters.dynamodb import clients

        self._last = self.ask()
        clients.s3().put_object(Bucket=quarantine.bucket(), Key=self._last, Body=self._image)

    def scan(self) -> None:
        from parley.adapters.attachments import quarantine

        place = {"bucket": {"name": quarantine.bucket()}, "object": {"key": self._last}}
        self._from_queue("ScanAttachment", {"Records": [{"eventName": "ObjectCreated:Post", "s3": place}]})

    def _prepare(self, count: int) -> None:
        """Uploads and scans so many pictures, and lets the time pass that a user's limits ask for."""
        self._ready = []
        for _ in range(count):
            self.upload()
            self.scan()
            self._ready.append(self._last)

    def _send(self, count: int) -> dict[str, Any]:
        assert len(self._ready) == count
        body = {"text": TEXT, "client_id": self._scene.new_id(), "attachment_ids": self._ready}
        self._message = self._stage.rest(self._scene.alice, "SendMessage", self._here, body=body)
        self._sent += self._ready
        return self._message

    def _settle(self) -> None:
        step = {"kind": "sent", **self._here, "seq": self._message["seq"], "attachment_ids": self._ready}
        self._from_queue("SettleAttachments", step)

    def _fill(self) -> None:
        """Sends and settles attachments until there are enough for a screen."""
        self._settle()
        while len(self._sent) < URLS:
            self._prepare(PER_MESSAGE)
            self._send(PER_MESSAGE)
            self._settle()

    def _urls(self, count: int) -> object:
        answer = self._stage.rest(self._scene.bob, "CreateAttachmentUrls", body={"ids": self._sent[-count:]})
        assert all(answer["attachments"].values())
        return answer

    def _gallery(self) -> object:
        answer = self._stage.rest(self._scene.bob, "ListAttachments", self._here, query={"limit": str(URLS)})
        assert len(answer["attachments"]) == URLS
        return answer

    def _list_unsent(self) -> object:
        return self._stage.rest(self._scene.alice, "ListUnsentAttachments")

    def _discard(self) -> object:
        return self._stage.rest(self._scene.alice, "DeleteAttachment", {"attachment_id": self._last})

    def _from_queue(self, logical_id: str, body: Mapping[str, Any]) -> None:
        attributes = {"ApproximateReceiveCount": "1"}
        event = {"Records": [{"messageId": "m1", "body": json.dumps(body), "attributes": attributes}]}
        assert self._stage.invoke(logical_id, event) == {"batchItemFailures": []}


def _image() -> bytes:
    out = io.BytesIO()
    Image.effect_noise((400, 300), 40).convert("RGB").save(out, "JPEG", quality=90)
    return out.getvalue()


# --- the price of an image -------------------------------------------------------------------------------------------

IMAGE_BYTES = 1_000_000
THUMBNAIL_BYTES = 20_000  # assumed: a JPEG of 320 pixels
QUEUE_REQUESTS = 3  # a message is sent, received and deleted


def price_rows(numbers: Mapping[str, float]) -> list[Row]:
    """Returns the price of an image of 1 MB that one other person opens once, beside the price of its message."""
    parts = dict(_parts(numbers))
    total = sum(usd for usd, _ in parts.values())
    what = "1 million images of 1 MB to one person each, beside their messages"
    rows = [_row("image", what, total, f"kept for {MONTHS_KEPT:g} month, opened once; thumbnail and file downloaded")]
    return rows + [_row(f"image.{name}", f"– {name}", usd, how) for name, (usd, how) in parts.items()]


def _parts(numbers: Mapping[str, float]) -> Iterator[tuple[str, tuple[float, str]]]:
    """Yields each part's name with its price of one image in USD, and how it comes about."""
    puts, gets = numbers["attachment.scan.puts"] + 1, numbers["attachment.scan.gets"] + 2
    s3_usd = puts * prices.S3_PUT + gets * prices.S3_GET
    yield (
        "S3 requests",
        (s3_usd, f"{puts:g} like PUT with the upload, {gets:g} like GET with two downloads"),
    )
    stored_gb = (IMAGE_BYTES + THUMBNAIL_BYTES) / 1e9
    yield "S3 storage", (stored_gb * prices.S3_STORED_GB * MONTHS_KEPT, f"{stored_gb * 1000:g} MB for a month")
    yield "transfer", (stored_gb * prices.TRANSFER_GB, f"{stored_gb * 1000:g} MB to the internet; uploads are free")
    yield "scanner", _scanner(numbers)
    yield "DynamoDB of an image", _units(numbers)
    requests = ("attachment.ask", "attachment.url")
    yield "REST requests", (len(requests) * prices.REST_REQUEST, "ask for the upload, ask for the addresses")
    yield "other functions", _functions(numbers)
    posts = numbers["attachment.scan.posts"]
    yield "events", (posts * prices.SOCKET_MESSAGE, f"{posts:g} attachment_updated to the uploader's device")
    queued = 2 * QUEUE_REQUESTS
    yield "queues", (queued * prices.QUEUE_REQUEST, f"{QUEUE_REQUESTS} requests for the scan, as many for the gallery")


def _scanner(numbers: Mapping[str, float]) -> tuple[float, str]:
    memory_mb, examine_s = numbers["attachment.scan.memory_mb"], numbers["media.megabyte.s"]
    cold_s = prices.COLD_STARTS * numbers["media.import.s"]
    seconds = examine_s + numbers["attachment.scan.waits_ms"] / 1000 + cold_s
    gb_s = seconds * memory_mb / 1024
    how = f"{seconds:.2f} s at {memory_mb:g} MB, {gb_s:.2f} GB-seconds"
    return gb_s * prices.GB_S + prices.INVOCATION, how


def _units(numbers: Mapping[str, float]) -> tuple[float, str]:
    operations = ("attachment.ask", "attachment.scan", "attachment.settle", "attachment.url")
    write = sum(numbers[f"{key}.write"] for key in operations)
    read = sum(numbers[f"{key}.read"] for key in operations)
    write += numbers["attachment.send.write"] - numbers["send.REST.write"]
    read += numbers["attachment.send.read"] - numbers["send.REST.read"]
    return write * prices.WRITE_UNIT + read * prices.READ_UNIT, f"{write:g} write units, {read:g} read units"


def _functions(numbers: Mapping[str, float]) -> tuple[float, str]:
    """Returns the price of the two requests and of the gallery's step; each is assumed to compute as long as a send."""
    usd = 0.0
    for key in ("attachment.ask", "attachment.url", "attachment.settle"):
        memory_mb = numbers[f"{key}.memory_mb"]
        milliseconds = duration_ms(numbers["send.REST.processor_ms"], numbers[f"{key}.waits_ms"], memory_mb)
        usd += prices.INVOCATION + milliseconds / 1000 * memory_mb / 1024 * prices.GB_S
        usd += (prices.PLATFORM_LOG_BYTES + numbers["send.REST.log_bytes"]) * prices.LOG_BYTE
    return usd, "three invocations with their logs; each is assumed to compute as long as a send"


def _row(key: str, what: str, usd: float, note: str) -> Row:
    return Row(key=f"cost.{key}", what=what, number=round(usd * 1e6, 2), unit="USD per million", note=note)


FUNCTIONS: dict[str, str] = {
    "attachment.ask": "CreateAttachment",
    "attachment.scan": "ScanAttachment",
    "attachment.settle": "SettleAttachments",
    "attachment.url": "CreateAttachmentUrls",
}
