"""SES on this machine: what its client sends becomes a file, as it is, and a page that runs nothing of it."""

from collections.abc import Iterator
from pathlib import Path

import botocore.session
import httpx
import pytest
from botocore.exceptions import ClientError

from local import mails
from local.mails import Outbox
from tests.harness.fixtures import System
from tests.local.test_server import Served, running

RAW = (
    b"From: Parley\r\n <parley@example.com>\r\nTo: ana@example.org\r\nSubject: =?utf-8?b?PGI+SGk8L2I+?=\r\n"
    b"List-Unsubscribe: <https://x.example/u>\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nplain <b>\r\n"
    b"--b\r\nContent-Type: text/html\r\n\r\n<p>html</p><script>alert(1)</script>\r\n--b--\r\n"
)


@pytest.fixture
def served(system: System, tmp_path: Path) -> Iterator[Served]:
    with running(system, outbox=Outbox(tmp_path / "outbox")) as served:
        yield served


def client(served: Served) -> object:
    session = botocore.session.get_session()
    url = f"http://127.0.0.1:{served.rest_port}/local/ses"
    return session.create_client("sesv2", "us-east-1", endpoint_url=url)


def sent(served: Served, raw: bytes = RAW) -> str:
    answer = client(served).send_email(  # type: ignore[attr-defined]
        FromEmailAddress="parley@example.com",
        Destination={"ToAddresses": ["ana@example.org"]},
        Content={"Raw": {"Data": raw}},
        ConfigurationSetName="parley",
    )
    return str(answer["MessageId"])


def get(served: Served, path: str) -> httpx.Response:
    return httpx.get(f"http://127.0.0.1:{served.rest_port}/local/outbox{path}")


def test_a_mail_of_the_client_is_a_file_as_it_was_sent(served: Served, tmp_path: Path) -> None:
    name = sent(served)

    assert (tmp_path / "outbox" / f"{name}.eml").read_bytes() == RAW
    [mail] = Outbox(tmp_path / "outbox").mails()
    assert mail["List-Unsubscribe"] == "<https://x.example/u>"


def test_the_pages_show_a_mail_and_run_nothing_of_it(served: Served) -> None:
    assert "No e-mail" in get(served, "").text
    name = sent(served)

    listed, whole, html = get(served, ""), get(served, f"/{name}"), get(served, f"/{name}.html")

    assert f'href="/local/outbox/{name}"' in listed.text and "&lt;b&gt;Hi&lt;/b&gt;" in listed.text
    assert "plain &lt;b&gt;" in whole.text and "https://x.example/u" in whole.text and "<script" not in whole.text
    assert "<p>html</p>" in html.text
    assert "sandbox allow-popups" in html.headers["content-security-policy"]
    for page in (listed, whole, html):
        assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert get(served, f"/{name}.eml").content == RAW


@pytest.mark.parametrize(
    "path", ["/x", "/..%2f..%2fjwt_secret", "/20260101-000000-000001", "/20260101-000000-000001.eml"]
)
def test_other_names_are_no_mails(served: Served, path: str) -> None:
    assert get(served, path).status_code == 404


def test_what_the_local_stack_does_not_know_is_refused(served: Served) -> None:
    ses = client(served)

    with pytest.raises(ClientError, match="raw message"):
        ses.send_email(  # type: ignore[attr-defined]
            FromEmailAddress="parley@example.com",
            Destination={"ToAddresses": ["ana@example.org"]},
            Content={"Simple": {"Subject": {"Data": "x"}, "Body": {"Text": {"Data": "x"}}}},
        )
    unsigned = httpx.post(f"http://127.0.0.1:{served.rest_port}/local/ses{mails.SEND_EMAIL}", json={})
    assert unsigned.status_code == 403


def test_the_outbox_keeps_the_newest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mails, "MAX_MAILS", 3)
    outbox = Outbox(tmp_path)

    names = [outbox.keep(b"Subject: %d\r\n\r\n" % number) for number in range(5)]

    assert outbox.names() == names[:1:-1]
    outbox.empty()
    assert outbox.mails() == []


def test_a_refusal_is_what_the_client_gets(served: Served, tmp_path: Path) -> None:
    outbox = Outbox(tmp_path)
    outbox.refusal = (429, "TooManyRequestsException", "slow down")

    answer = outbox.send_email("POST", mails.SEND_EMAIL, {"authorization": "x"}, b"{}")

    assert (answer.status, answer.headers["x-amzn-ErrorType"]) == (429, "TooManyRequestsException")
