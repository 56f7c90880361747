"""The addresses that S3's client signs."""

from collections.abc import Iterator
from typing import Any

import pytest

from parley.adapters.dynamodb import clients


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[Any]:
    for name, value in {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_REGION": request.param}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_DEFAULT_REGION", request.param)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    clients.forget_clients()
    yield clients.s3()
    clients.forget_clients()


@pytest.mark.parametrize("s3", ["eu-central-1"], indirect=True)
def test_they_name_the_region_of_the_bucket(s3: Any) -> None:
    """S3 redirects from the global name while a bucket is new, and a browser's preflight follows no redirect."""
    url = s3.generate_presigned_url("get_object", Params={"Bucket": "files", "Key": "a"})

    assert s3.generate_presigned_post("files", "a")["url"] == "https://files.s3.eu-central-1.amazonaws.com/"
    assert url.startswith("https://files.s3.eu-central-1.amazonaws.com/a?")
    assert "X-Amz-Algorithm=AWS4-HMAC-SHA256" in url
