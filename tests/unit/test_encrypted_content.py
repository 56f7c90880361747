"""Web Push's encryption against the vectors of RFC 8291 and RFC 8188, and what it hides."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from parley.adapters.notifications import encrypted_content
from parley.adapters.notifications.encrypted_content import (
    MAX_BODY_BYTES,
    MAX_CONTENT_BYTES,
    WrongPoint,
    check_point,
    encrypt,
    new_key,
    point_of,
    seal,
)
from tests.harness.web_push import Browser, decoded, encoded, key_id_of, open_body

# RFC 8291, section 5 and appendix A.
WATERMELON = b"When I grow up, I want to be a watermelon"
SERVER_KEY = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
SERVER_POINT = "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8"
BROWSER_KEY = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"
BROWSER_POINT = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
SALT = "DGv6ra1nlYgDCS1FRnbzlw"
AUTH = "BTBZMqHH6r4Tts7J_aSIgg"
BODY = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95b"
    "Qpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)


def key_of(text: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(decoded(text), "big"), ec.SECP256R1())


def browser() -> Browser:
    return Browser(int.from_bytes(decoded(BROWSER_KEY), "big"), decoded(AUTH))


def test_body_of_rfc_8291_to_the_last_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encrypted_content, "PADDED_SIZES", (len(WATERMELON),))

    body = encrypt(WATERMELON, decoded(BROWSER_POINT), decoded(AUTH), salt=decoded(SALT), key=key_of(SERVER_KEY))

    assert encoded(body) == BODY
    assert encoded(point_of(key_of(SERVER_KEY))) == SERVER_POINT


def test_browser_of_the_tests_reads_the_body_of_rfc_8291() -> None:
    assert encoded(browser().point) == BROWSER_POINT
    assert browser().open(decoded(BODY)) == WATERMELON


def test_single_record_of_rfc_8188_section_3_1() -> None:
    key, body = (
        decoded("yqdlZ-tYemfogSmv7Ws5PQ"),
        "I1BsxtFttlv3u_Oo94xnmwAAEAAA-NAVub2qFgBEuQKRapoZu-IxkIva3MEB1PD-ly8Thjg",
    )

    assert encoded(seal(b"I am the walrus", key, salt=decoded(body)[:16], key_id=b"")) == body
    assert open_body(decoded(body), key) == b"I am the walrus"


def test_browser_of_the_tests_reads_the_padded_records_of_rfc_8188_section_3_2() -> None:
    body = decoded("uNCkWiNYzKTnBN9ji3-qWAAAABkCYTHOG8chz_gnvgOqdGYovxyjuqRyJFjEDyoF1Fvkj6hQPdPHI51OEUKEpgz3SsLWIqS_uA")

    assert key_id_of(body) == b"a1"
    assert open_body(body, decoded("BO3ZVPxUlnLORbVGMpbT1Q")) == b"I am the walrus"


@pytest.mark.parametrize("length", [0, 1, 1_024, 1_025, 2_048, 2_049, MAX_CONTENT_BYTES])
def test_content_of_any_length_comes_back_and_its_body_tells_one_of_three_lengths(length: int) -> None:
    content = b"x" * length

    body = encrypt(content, browser().point, browser().auth, salt=bytes(16), key=new_key())

    assert browser().open(body) == content
    assert len(body) in {1_024 + 103, 2_048 + 103, MAX_BODY_BYTES}


def test_content_longer_than_a_push_is_refused() -> None:
    with pytest.raises(ValueError, match="3994 bytes are more than a push takes"):
        encrypt(b"x" * (MAX_CONTENT_BYTES + 1), browser().point, browser().auth, salt=bytes(16), key=new_key())


@pytest.mark.parametrize(
    "point",
    [b"", b"\x04" + bytes(64), b"\x04" + b"\xff" * 64, bytes(65), browser().point[:33], browser().point + b"\x00"],
    ids=["empty", "zero", "beyond the field", "infinity", "short", "long"],
)
def test_what_is_no_point_of_the_curve_is_refused(point: bytes) -> None:
    with pytest.raises(WrongPoint):
        check_point(point)


def test_point_in_its_compressed_form_is_refused() -> None:
    with pytest.raises(WrongPoint):
        check_point(b"\x02" + browser().point[1:33])
