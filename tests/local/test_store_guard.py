"""Web pages at the store's port: they fetch and upload what was signed for them, and nothing else."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import botocore.session
import pytest
from botocore.config import Config

from local import provision
from local.ministack import Ministack
from local.template import load
from tests.e2e.stack import ROOT

ACCOUNT = "000000000000"
PAGE = "https://app.example"
RULE = {"AllowedOrigins": [PAGE], "AllowedMethods": ["GET", "POST"], "AllowedHeaders": ["*"], "ExposeHeaders": ["ETag"]}
RULES = {"CORSRules": [RULE]}


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    headers: dict[str, str]

    @property
    def is_for_pages(self) -> bool:
        return "access-control-allow-origin" in self.headers


@dataclass(frozen=True)
class Store:
    """A guarded store, with a client of the local stack's and requests as browsers send them."""

    server: Ministack

    def client(self, service: str, **keys: str) -> Any:
        known = self.server.client_environment
        return botocore.session.get_session().create_client(
            service,
            region_name="us-east-1",
            endpoint_url=self.server.endpoint_url,
            aws_access_key_id=keys.get("key_id", known["AWS_ACCESS_KEY_ID"]),
            aws_secret_access_key=keys.get("key", known["AWS_SECRET_ACCESS_KEY"]),
            config=Config(signature_version="s3v4") if service == "s3" else None,
        )

    def browse(self, method: str, url: str, body: bytes | None = None, **headers: str) -> Answer:
        """Returns the answer to a request without the secret; `url` may be a path."""
        url = self.server.endpoint_url + url if url.startswith("/") else url
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            with urllib.request.urlopen(urllib.request.Request(url, body, named, method=method), timeout=10) as answer:
                return Answer(answer.status, answer.read(), {n.lower(): v for n, v in answer.headers.items()})
        except urllib.error.HTTPError as answer:
            return Answer(answer.code, answer.read(), {n.lower(): v for n, v in answer.headers.items()})


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    with Ministack(ROOT, account=ACCOUNT) as server:
        store = Store(server)
        s3 = store.client("s3")
        s3.create_bucket(Bucket="files")
        s3.put_bucket_cors(Bucket="files", CORSConfiguration=RULES)
        s3.put_object(Bucket="files", Key="a/secret.txt", Body=b"the content")
        yield store


def presigned(client: Any, **more: str) -> str:
    params = {"Bucket": "files", "Key": "a/secret.txt", **more}
    url: str = client.generate_presigned_url("get_object", Params=params, ExpiresIn=300)
    return url


def form(fields: dict[str, str], content: bytes) -> tuple[bytes, str]:
    """Returns the body and the type of a form as a browser sends it."""
    parts = [f'--B\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}' for name, value in fields.items()]
    parts.append('--B\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n')
    return "\r\n".join(parts).encode() + content + b"\r\n--B--\r\n", "multipart/form-data; boundary=B"


def kept(store: Store) -> set[str]:
    """Returns the keys in the bucket."""
    return {each["Key"] for each in store.client("s3").list_objects_v2(Bucket="files")["Contents"]}


def test_the_stack_itself_can_use_every_service(store: Store) -> None:
    dynamodb, sqs = store.client("dynamodb"), store.client("sqs")
    dynamodb.create_table(
        TableName="things",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    dynamodb.put_item(TableName="things", Item={"id": {"S": "1"}})
    url = sqs.create_queue(QueueName="jobs")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="hello")

    assert dynamodb.get_item(TableName="things", Key={"id": {"S": "1"}})["Item"]
    assert store.client("secretsmanager").create_secret(Name="key", SecretString="x")["ARN"]


@pytest.mark.parametrize("method", ["POST", "GET", "PUT", "DELETE"])
@pytest.mark.parametrize(
    "path", ["/_ministack/reset", "/_ministack/config", "//_ministack/reset", "/%5fministack/reset"]
)
def test_nobody_resets_it(store: Store, method: str, path: str) -> None:
    body = b"{}" if method in ("POST", "PUT") else None
    answer = store.browse(method, path, body, Content_Type="text/plain", Origin=PAGE)
    secret = store.server.secret_header
    with_it = store.browse(method, path, body, **{name.replace("-", "_"): value for name, value in secret.items()})

    assert (answer.status, answer.is_for_pages, with_it.status) == (403, False, 403)
    assert kept(store) >= {"a/secret.txt"}


UNSIGNED = [
    ("POST", "/", {"X_Amz_Target": "DynamoDB_20120810.ListTables", "Content_Type": "text/plain"}, b"{}"),
    ("POST", "/", {"Content_Type": "application/x-www-form-urlencoded"}, b"Action=ListQueues"),
    ("GET", "/?Action=ListQueues", {}, None),
    ("GET", "/", {}, None),
    ("GET", "/files", {}, None),
    ("GET", "/files/a/secret.txt", {}, None),
    ("GET", "/files/a/secret.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256", {}, None),
    ("HEAD", "/files/a/secret.txt", {}, None),
    ("PUT", "/files/a/new.txt", {}, b"x"),
    ("DELETE", "/files/a/secret.txt", {}, None),
    ("POST", "/files?delete", {"Content_Type": "text/plain"}, b"<Delete/>"),
    ("POST", "/files/a/secret.txt?uploads", {"Content_Type": "multipart/form-data; boundary=B"}, b""),
    ("OPTIONS", "/", {}, None),
    ("OPTIONS", "/nothing/here", {}, None),
    ("GET", "/health", {}, None),
]


@pytest.mark.parametrize(("method", "path", "headers", "body"), UNSIGNED, ids=lambda each: str(each)[:40])
def test_a_page_gets_nothing_without_a_signature(
    store: Store, method: str, path: str, headers: dict[str, str], body: bytes | None
) -> None:
    answer = store.browse(method, path, body, Origin=PAGE, **headers)

    assert (answer.status, answer.is_for_pages) == (403, False)
    assert kept(store) >= {"a/secret.txt"} and "a/new.txt" not in kept(store)


@pytest.mark.parametrize("secret", ["", "x", "wrong" * 10])
def test_a_guessed_secret_opens_nothing(store: Store, secret: str) -> None:
    [name] = store.server.secret_header
    answer = store.browse("GET", "/files", None, **{name.replace("-", "_"): secret})

    assert answer.status == 403


def test_a_signature_of_the_right_key_is_not_enough_for_other_services(store: Store) -> None:
    url = store.client("sqs").generate_presigned_url("list_queues")

    assert store.browse("GET", url).status == 403


def test_a_presigned_object_can_be_fetched_by_a_page(store: Store) -> None:
    url = presigned(store.client("s3"), ResponseContentDisposition="attachment")
    answer = store.browse("GET", url, Origin=PAGE, Range="bytes=4-")

    assert (answer.status, answer.body) == (206, b"content")
    assert answer.headers["access-control-allow-origin"] == PAGE
    assert answer.headers["content-disposition"] == "attachment"
    assert not store.browse("GET", url, Origin="https://evil.example").is_for_pages


@pytest.mark.parametrize(
    "change", [("secret.txt", "other.txt"), ("Signature=", "Signature=0"), ("Expires=300", "Expires=301")]
)
def test_a_changed_address_is_refused(store: Store, change: tuple[str, str]) -> None:
    url = presigned(store.client("s3"))

    assert store.browse("GET", url).status == 200
    assert store.browse("GET", url.replace(*change)).status == 403
    assert store.browse("GET", f"{url}&acl").status == 403


@pytest.mark.parametrize("keys", [{"key": "guessed"}, {"key_id": "test", "key": "test"}])
def test_a_forged_signature_is_refused(store: Store, keys: dict[str, str]) -> None:
    s3 = store.client("s3", **keys)
    post = s3.generate_presigned_post("files", "a/forged.txt")
    body, content_type = form(post["fields"], b"x")

    assert store.browse("GET", presigned(s3)).status == 403
    assert store.browse("POST", "/files", body, Content_Type=content_type).status == 403
    assert "a/forged.txt" not in kept(store)


def test_a_page_uploads_with_a_signed_form(store: Store) -> None:
    limits = [["content-length-range", 1, 10]]
    post = store.client("s3").generate_presigned_post("files", "a/upload.txt", Conditions=limits)
    preflight = {"Access_Control_Request_Method": "POST", "Origin": PAGE}
    asked = store.browse("OPTIONS", post["url"], None, **preflight)
    body, content_type = form(post["fields"], b"0123456789")
    answer = store.browse("POST", post["url"], body, Content_Type=content_type, Origin=PAGE)
    too_large, _ = form(post["fields"], b"0123456789+")

    assert (asked.status, asked.headers["access-control-allow-origin"]) == (200, PAGE)
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (204, PAGE)
    assert answer.headers["access-control-expose-headers"] == "ETag" and answer.headers["etag"]
    assert store.client("s3").get_object(Bucket="files", Key="a/upload.txt")["Body"].read() == b"0123456789"
    assert store.browse("POST", post["url"], too_large, Content_Type=content_type).status == 400


def test_a_form_and_an_address_expire(store: Store) -> None:
    s3 = store.client("s3")
    url = s3.generate_presigned_url("get_object", Params={"Bucket": "files", "Key": "a/secret.txt"}, ExpiresIn=1)
    fields = s3.generate_presigned_post("files", "a/late.txt", ExpiresIn=0)["fields"]
    body, content_type = form(fields, b"x")
    time.sleep(2.1)

    assert store.browse("GET", url).status == 403
    assert store.browse("POST", "/files", body, Content_Type=content_type).status == 403
    assert "a/late.txt" not in kept(store)


@pytest.mark.parametrize("left_out", ["x-amz-signature", "policy", "all"])
def test_a_form_without_its_signature_is_refused(store: Store, left_out: str) -> None:
    fields = store.client("s3").generate_presigned_post("files", "a/unsigned.txt")["fields"]
    fields = {"key": "a/unsigned.txt"} if left_out == "all" else {n: v for n, v in fields.items() if n != left_out}
    body, content_type = form(fields, b"x")

    assert store.browse("POST", "/files", body, Content_Type=content_type, Origin=PAGE).status in (400, 403)
    assert "a/unsigned.txt" not in kept(store)


def test_a_foreign_host_gets_nothing_even_with_a_signature(store: Store) -> None:
    url = presigned(store.client("s3"))
    [(name, secret)] = store.server.secret_header.items()

    assert store.browse("GET", url, Host="evil.example").status == 403
    headers = {name.replace("-", "_"): secret, "Host": "evil.example"}
    assert store.browse("GET", "/files", None, **headers).status == 403


def test_the_secret_is_in_no_address_and_goes_nowhere_else(store: Store) -> None:
    [(name, secret)] = store.server.secret_header.items()
    sent: list[dict[str, str]] = []
    elsewhere: Any = botocore.session.get_session().create_client(
        "sqs",
        region_name="us-east-1",
        endpoint_url="http://127.0.0.1:9",
        aws_access_key_id="a",
        aws_secret_access_key="b",
    )

    def answer(request: Any, **_: object) -> None:
        sent.append({key.lower(): str(value) for key, value in request.headers.items()})
        raise ConnectionError("far enough")

    elsewhere.meta.events.register_last("before-send", answer)
    with pytest.raises(ConnectionError):
        elsewhere.list_queues()

    assert secret not in json.dumps(presigned(store.client("s3")))
    assert [name in headers for headers in sent] == [False]
    assert urlsplit(store.server.endpoint_url).hostname == "127.0.0.1"


def test_pages_upload_to_and_download_from_the_buckets_of_the_template(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**store.server.client_environment, "AWS_DEFAULT_REGION": "us-east-1"}.items():
        monkeypatch.setenv(name, value)
    template = load(ROOT / "template.yaml", {"CorsAllowOrigin": PAGE})
    provision.provision(template, provision.Store())
    s3 = store.client("s3")
    uploads, files, queue = (template.resources[name].ref for name in ("Quarantine", "Attachments", "AttachmentScans"))

    post = s3.generate_presigned_post(uploads, "a/1")
    body, content_type = form(post["fields"], b"0123456789")
    asked = [
        store.browse("OPTIONS", post["url"], None, Access_Control_Request_Method=method, Origin=PAGE).status
        for method in ("POST", "PUT", "GET")
    ]
    uploaded = store.browse("POST", post["url"], body, Content_Type=content_type, Origin=PAGE)
    s3.put_object(Bucket=files, Key="b/1", Body=b"0123456789")
    url = s3.generate_presigned_url("get_object", Params={"Bucket": files, "Key": "b/1"})
    ranged = {"Access_Control_Request_Method": "GET", "Access_Control_Request_Headers": "range"}
    preflight = store.browse("OPTIONS", url, None, **ranged, Origin=PAGE)
    part = store.browse("GET", url, Origin=PAGE, Range="bytes=2-4")
    messages = store.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    told = [json.loads(message["Body"]) for message in messages]

    assert asked == [200, 403, 403]
    assert (uploaded.status, uploaded.headers["access-control-expose-headers"]) == (204, "ETag")
    assert (preflight.status, part.status, part.body) == (200, 206, b"234")
    assert "Content-Range" in part.headers["access-control-expose-headers"]
    assert [body.get("Event") for body in told] == ["s3:TestEvent", None]
    assert [record["s3"]["object"]["key"] for record in told[1]["Records"]] == ["a/1"]
