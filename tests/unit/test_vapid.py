"""VAPID (RFC 8292): the key that a secret gives, and the signature of each push."""

import subprocess
import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import jwt
import pytest
from botocore.exceptions import ClientError

from bench.cold_start import _variables
from parley.adapters.dynamodb import clients
from parley.adapters.notifications import vapid
from parley.domain.notifications.vapid_keys import WeakSecret, private_number
from tests.harness.web_push import claims_of, decoded

SECRET = "s" * 64
NOW_S = 1_795_246_200
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
KNOWN = 0x963060105DFC666CC1801CF7F0E06A7679DC49DB3DFEF951DFBEC473DE194483


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    monkeypatch.setenv("WEB_PUSH_SECRET", SECRET)
    monkeypatch.setenv("WEB_PUSH_CONTACT", "mailto:operator@example.org")
    vapid.forget_key()
    yield monkeypatch
    vapid.forget_key()


def test_a_secret_gives_one_key_of_the_curve_for_good() -> None:
    # from cryptography's HKDF(SHA256(), 48, b"Parley: Web Push", b"VAPID key, P-256"), modulo n - 1, plus 1
    assert private_number(SECRET) == KNOWN
    assert 1 <= private_number(SECRET) < ORDER
    assert private_number(SECRET) != private_number(SECRET + "s")


def test_a_short_secret_is_refused() -> None:
    assert private_number("s" * 32)
    with pytest.raises(WeakSecret):
        private_number("s" * 31)


def test_the_public_key_is_an_uncompressed_point_and_signs_for_the_origin_alone() -> None:
    point = decoded(vapid.public_key() or "")

    claims, signer = claims_of(vapid.authorization("https://push.example.org/send/abc?x=1", NOW_S))

    assert (len(point), point[0]) == (65, 4)
    assert signer == point
    assert claims.keys() == {"aud", "exp", "sub"}
    assert (claims["aud"], claims["sub"]) == ("https://push.example.org", "mailto:operator@example.org")


@pytest.mark.parametrize("later_s", [0, 4 * 3600 - 1, 4 * 3600, 86_400])
def test_a_token_is_good_for_8_to_12_hours_and_never_for_more_than_24(later_s: int) -> None:
    now_s = NOW_S // (4 * 3600) * 4 * 3600 + later_s

    claims, _ = claims_of(vapid.authorization("https://push.example.org/abc", now_s))

    assert 8 * 3600 < claims["exp"] - now_s <= 12 * 3600


def test_each_origin_has_one_token_for_hours(monkeypatch: pytest.MonkeyPatch) -> None:
    signed: list[object] = []
    encode = jwt.encode

    def count(*args: Any, **settings: Any) -> str:
        signed.append(args)
        return encode(*args, **settings)

    monkeypatch.setattr(jwt, "encode", count)

    first = [vapid.authorization(f"https://push.example.org/{number}", NOW_S + number) for number in range(3)]
    vapid.authorization("https://push.example.com/1", NOW_S)
    vapid.authorization("https://push.example.org:8443/1", NOW_S)

    assert len(set(first)) == 1
    assert len(signed) == 3


def test_a_secret_that_cannot_be_read_gives_no_key_now_and_one_later(settings: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def read(*, SecretId: str) -> dict[str, str]:  # noqa: N803 - boto's name
        asked.append(SecretId)
        if len(asked) == 1:
            raise ClientError({"Error": {"Code": "ThrottlingException"}}, "GetSecretValue")
        return {"SecretString": SECRET}

    settings.delenv("WEB_PUSH_SECRET")
    settings.setenv("WEB_PUSH_SECRET_ARN", "arn:web-push")
    settings.setattr(clients, "client", lambda service: SimpleNamespace(get_secret_value=read))

    assert vapid.public_key() is None
    assert vapid.public_key() == vapid.public_key() is not None
    assert asked == ["arn:web-push"] * 2


def test_a_short_secret_gives_no_key(settings: pytest.MonkeyPatch) -> None:
    settings.setenv("WEB_PUSH_SECRET", "short")

    assert vapid.public_key() is None


def test_without_a_secret_there_is_no_web_push(settings: pytest.MonkeyPatch) -> None:
    settings.delenv("WEB_PUSH_SECRET")

    assert (vapid.is_on(), vapid.public_key()) == (False, None)


def test_the_modules_cost_a_cold_start_nothing(tmp_path_factory: pytest.TempPathFactory) -> None:
    seen = "import sys, parley.adapters.notifications.vapid as v; print(*({'jwt', 'cryptography'} & set(sys.modules)))"
    variables = _variables(str(tmp_path_factory.mktemp("byte_code")))
    found = subprocess.run([sys.executable, "-c", seen], env=variables, check=True, capture_output=True, text=True)

    assert found.stdout.split() == []
