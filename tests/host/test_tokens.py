"""The tokens that host/ signs, and the ids under which Parley keeps people."""

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.domain.api.identity import is_service_id
from parley.domain.people.mapped_ids import can_be_given, mapped_id
from parley_host import Signer, parley_id
from tests.host.transport import SECRET


def claims_of(token: str, audience: str = "parley") -> dict[str, object]:
    claims: dict[str, object] = jwt.decode(token, SECRET, ["HS256"], audience=audience, options={"verify_exp": False})
    return claims


def test_a_users_token_has_what_is_stated_and_nothing_else() -> None:
    signer = Signer(SECRET, now=lambda: 1_000.9)

    whole = signer.user_token(
        42, name="Ann", role="teacher", contexts={"class": ("7b",)}, claims={"locale": "de"}, lifetime_s=60
    )
    bare = signer.user_token("ann")

    times = {"iat": 1_000, "exp": 1_060, "iss": "parley", "aud": "parley"}
    stated = {"sub": "42", "name": "Ann", "role": "teacher", "contexts": {"class": ["7b"]}, "locale": "de"}
    assert claims_of(whole) == {**times, **stated}
    assert claims_of(bare) == {**times, "exp": 4_600, "sub": "ann"}


def test_a_user_never_gets_the_servers_role() -> None:
    with pytest.raises(ValueError, match="service"):
        Signer(SECRET).user_token("ann", role="service")


@pytest.mark.parametrize("service_id", ["~parley.service-host", "backend"])
def test_a_user_never_gets_the_servers_id(service_id: str) -> None:
    with pytest.raises(ValueError, match="id of your server"):
        Signer(SECRET, service_id=service_id).user_token(service_id)


def test_the_servers_id_is_one_that_no_user_can_have() -> None:
    service_id = str(claims_of(Signer(SECRET).service_token())["sub"])

    assert not can_be_given(service_id)
    assert is_service_id(service_id)


def test_a_claim_of_yours_does_not_replace_the_person_or_the_time() -> None:
    token = Signer(SECRET, now=lambda: 0).user_token("ann", claims={"sub": "bob", "exp": 10**10})

    assert (claims_of(token)["sub"], claims_of(token)["exp"]) == ("ann", 3600)


@pytest.mark.parametrize("role", ["service", ["service"]])
def test_a_claim_of_yours_does_not_give_the_servers_role(role: object) -> None:
    with pytest.raises(ValueError, match="service"):
        Signer(SECRET).user_token("ann", claims={"role": role})


def test_the_servers_token_is_used_for_55_minutes() -> None:
    now_s = 1_000.0
    signer = Signer(SECRET, issuer="i", audience="a", service_id="backend", service_audience="s", now=lambda: now_s)

    first = signer.service_token()
    now_s += 3_299
    second = signer.service_token()
    now_s += 1
    third = signer.service_token()

    expected = {"sub": "backend", "role": "service", "iss": "i", "aud": ["a", "s"], "iat": 1_000, "exp": 4_600}
    assert claims_of(first, "a") == expected
    assert first == second != third


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Signer("x" * 31)


@given(st.text(min_size=1, max_size=200).filter(can_be_given) | st.integers(0, 10**30))
def test_an_id_is_mapped_as_parley_maps_it(user_id: str | int) -> None:
    assert parley_id(user_id) == mapped_id(str(user_id))


@given(st.text(min_size=1, max_size=200).filter(can_be_given))
def test_a_mapped_id_stays_as_it_is(user_id: str) -> None:
    assert parley_id(parley_id(user_id)) == parley_id(user_id)
