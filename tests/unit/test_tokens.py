"""Tokens: whose are believed, whose are not and why, and how often keys are fetched for them."""

import base64
import hashlib
import hmac
import json
import os
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from secrets import token_hex
from typing import Any

import boto3
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm
from moto import mock_aws

from parley.adapters.dynamodb import clients
from parley.adapters.people import tokens
from parley.adapters.people.tokens import Key, Keys, KeysNotFetched, Verifier, public_keys, shared_secrets
from parley.domain.api.errors import Unauthenticated, Unavailable
from parley.domain.people.claims import ClaimNames, SignIn, Stated, read_claims

NOW_S = 1_800_000_000
SECRET = "a secret of thirty-two characters"
OTHER_SECRET = "another secret, of as many letters"


def claims(**changed: object) -> dict[str, object]:
    """Returns good claims; a change to None leaves the claim out."""
    good: dict[str, object] = {
        "sub": "alice",
        "name": "Alice Ärmel",
        "role": "teacher",
        "contexts": {"class": ["7b", "8a"]},
        "iss": "parley",
        "aud": "parley",
        "iat": NOW_S - 60,
        "exp": NOW_S + 600,
    }
    return {name: value for name, value in (good | changed).items() if value is not None}


def hs256(content: dict[str, object], secret: str = SECRET) -> str:
    return jwt.encode(content, secret, algorithm="HS256")


def raw_token(header: object, content: object, secret: bytes | None = None) -> str:
    """Returns a token as a forger makes it, with any header; PyJWT would not."""
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, content)]
    signature = b"" if secret is None else hmac.digest(secret, b".".join(parts), hashlib.sha256)
    return b".".join([*parts, base64.urlsafe_b64encode(signature).rstrip(b"=")]).decode()


def by_secret(*secrets: str, leeway_s: int = 0, names: ClaimNames | None = None) -> Verifier:
    keys = secret_keys(*secrets)
    return Verifier(
        keys=keys, issuers=("parley",), audiences=("parley",), leeway_s=leeway_s, names=names or ClaimNames()
    )


def secret_keys(*secrets: str) -> Keys:
    return Keys(tokens.SHARED_SECRET, lambda: [Key("HS256", secret.encode()) for secret in secrets or (SECRET,)])


def refusal(verifier: Verifier, token: str, now_s: int = NOW_S) -> str:
    with pytest.raises(Unauthenticated) as refused:
        verifier.verify(token, now_s)
    assert refused.value.detail.endswith(".")
    assert token == "" or token not in refused.value.detail
    return refused.value.code


def test_good_token_says_who_it_is() -> None:
    sign_in = by_secret().verify(hs256(claims()), NOW_S)

    identity = sign_in.identity
    assert (identity.user_id, identity.name, identity.role) == ("alice", "Alice Ärmel", "teacher")
    assert identity.contexts == {"class": ("7b", "8a")}
    assert identity.expires_at_s == NOW_S + 600
    assert sign_in.issued_at_s == NOW_S - 60


def test_only_the_user_id_and_the_expiry_are_needed() -> None:
    sign_in = by_secret().verify(hs256(claims(name=None, role=None, contexts=None, iat=None)), NOW_S)

    identity = sign_in.identity
    assert (identity.name, identity.role, identity.contexts) == ("alice", "user", {})
    assert sign_in.issued_at_s == NOW_S + 600


def test_silent_token_states_nothing() -> None:
    content = claims(name=None, role=None, contexts=None)

    assert by_secret().verify(hs256(content), NOW_S).stated == Stated()
    assert by_secret().verify(hs256(content | {"name": "  ", "contexts": {}}), NOW_S).stated == Stated(contexts={})


def test_token_states_what_it_says_itself_and_the_standard_claims() -> None:
    standard = {
        "picture": "https://cdn.example/alice.png?size=64",
        "locale": "pt-BR",
        "zoneinfo": "America/Argentina/Buenos_Aires",
        "email": "alice@example.com",
        "email_verified": True,
    }

    assert by_secret().verify(hs256(claims(**standard)), NOW_S).stated == Stated(
        name="Alice Ärmel",
        role="teacher",
        contexts={"class": ("7b", "8a")},
        avatar_url="https://cdn.example/alice.png?size=64",
        locale="pt-BR",
        time_zone="America/Argentina/Buenos_Aires",
        email="alice@example.com",
    )


UNUSABLE_STANDARD_CLAIMS: dict[str, dict[str, object]] = {
    "picture http": {"picture": "http://cdn.example/alice.png"},
    "picture script": {"picture": "javascript:alert(1)"},
    "picture quote": {"picture": 'https://cdn.example/"onerror='},
    "picture object": {"picture": {"data": {"url": "https://cdn.example/alice.png"}}},
    "picture long": {"picture": "https://" + "a" * 2_041},
    "locale sentence": {"locale": "the language of my mother"},
    "locale ill-formed": {"locale": "xx-yy-zz-11"},
    "locale line feed": {"locale": "en\n"},
    "zone number": {"zoneinfo": 2},
    "zone path": {"zoneinfo": "../../etc/passwd"},
    "email without @": {"email": "alice"},
    "email with two": {"email": "alice@bob@example.com"},
    "email header": {"email": "alice@example.com\r\nBcc: eve@example.com"},
    "email unverified": {"email": "alice@example.com", "email_verified": False},
    "email unverified by text": {"email": "alice@example.com", "email_verified": "false"},
}


@pytest.mark.parametrize("content", UNUSABLE_STANDARD_CLAIMS.values(), ids=UNUSABLE_STANDARD_CLAIMS.keys())
def test_standard_claim_that_cannot_be_used_is_left_out_and_refuses_nobody(content: dict[str, object]) -> None:
    stated = by_secret().verify(hs256(claims(**content)), NOW_S).stated

    assert (stated.avatar_url, stated.locale, stated.time_zone, stated.email) == (None, None, None, None)
    assert stated.name == "Alice Ärmel"


def test_claims_may_have_other_names() -> None:
    names = ClaimNames(user_id="uid", name="https://example.com/name", role="cognito:role", contexts="groups")
    content = claims(sub=42, uid="bob", role=["x"], **{"https://example.com/name": "Bob", "cognito:role": "admin"})

    identity = by_secret(names=names).verify(hs256(content), NOW_S).identity

    assert (identity.user_id, identity.name, identity.role, identity.contexts) == ("bob", "Bob", "admin", {})


def test_audience_may_be_one_of_several() -> None:
    assert by_secret().verify(hs256(claims(aud=["other", "parley"])), NOW_S).identity.user_id == "alice"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (claims(role="service"), "token_audience"),
        (claims(role="service", aud=["parley", "another"]), "token_audience"),
        (claims(role="service", aud=["programs"]), "token_audience"),
        (claims(role="service", aud=["parley", "programs"]), None),
        (claims(role="admin"), None),
        (claims(role=None, aud=["parley"]), None),
    ],
    ids=["one", "another", "only that", "both", "moderator", "user"],
)
def test_program_needs_the_audience_of_programs_too(content: dict[str, object], code: str | None) -> None:
    keys = Keys(tokens.SHARED_SECRET, lambda: [Key("HS256", SECRET.encode())])
    verifier = Verifier(keys=keys, issuers=("parley",), audiences=("parley",), service_audience="programs")

    if code is None:
        assert verifier.verify(hs256(content), NOW_S).identity.user_id == "alice"
    else:
        assert refusal(verifier, hs256(content)) == code


def test_without_a_second_audience_programs_need_none() -> None:
    assert by_secret().verify(hs256(claims(role="service")), NOW_S).identity.role == "service"


def test_same_context_twice_counts_once() -> None:
    identity = by_secret().verify(hs256(claims(contexts={"class": ["7b", "7b"]})), NOW_S).identity

    assert identity.contexts == {"class": ("7b",)}


WRONG_CLAIMS: dict[str, tuple[dict[str, object], str]] = {
    "no sub": (claims(sub=None), "token_claims"),
    "sub true": (claims(sub=True), "token_claims"),
    "sub fraction": (claims(sub=42.0), "token_claims"),
    "sub huge": (claims(sub=2**63), "token_claims"),
    "sub list": (claims(sub=["alice"]), "token_claims"),
    "sub empty": (claims(sub=""), "token_claims"),
    "sub space": (claims(sub="alice "), "token_claims"),
    "sub invisible": (claims(sub="ali\u200bce"), "token_claims"),
    "sub surrogate": (claims(sub="\ud800"), "token_claims"),
    "sub line feed": (claims(sub="alice\n"), "token_claims"),
    "sub long": (claims(sub="a" * 1_025), "token_claims"),
    "sub mapped id": (claims(sub="~parley.id-a=2Fb"), "token_claims"),
    "sub hashed id": (claims(sub="~parley.sha256-" + "a" * 64), "token_claims"),
    "sub pseudonym": (claims(sub="~parley.erased-" + "a" * 26), "token_claims"),
    "no exp": (claims(exp=None), "token_claims"),
    "exp text": (claims(exp="soon"), "token_claims"),
    "exp digits": (claims(exp=str(NOW_S + 600)), "token_claims"),
    "exp true": (claims(exp=True), "token_claims"),
    "exp NaN": (claims(exp=float("nan")), "token_claims"),
    "exp infinite": (claims(exp=float("inf")), "token_claims"),
    "exp huge": (claims(exp=10**30), "token_claims"),
    "exp negative": (claims(exp=-1), "token_claims"),
    "expired": (claims(exp=NOW_S - 1), "token_expired"),
    "expires now": (claims(exp=NOW_S), "token_expired"),
    "not before": (claims(nbf=NOW_S + 1), "token_not_yet_valid"),
    "nbf text": (claims(nbf="x"), "token_claims"),
    "issued later": (claims(iat=NOW_S + 1), "token_not_yet_valid"),
    "iat text": (claims(iat="x"), "token_claims"),
    "no issuer": (claims(iss=None), "token_claims"),
    "other issuer": (claims(iss="evil"), "token_issuer"),
    "longer issuer": (claims(iss="parley.evil"), "token_issuer"),
    "no audience": (claims(aud=None), "token_claims"),
    "other audience": (claims(aud="evil"), "token_audience"),
    "other audiences": (claims(aud=["evil", "parley2"]), "token_audience"),
    "audience object": (claims(aud={"parley": 1}), "token_audience"),
    "name number": (claims(name=1), "token_claims"),
    "name surrogate": (claims(name="\ud800"), "token_claims"),
    "role object": (claims(role={"name": "teacher"}), "token_claims"),
    "role number": (claims(role=1), "token_claims"),
    "role list of objects": (claims(role=["teacher", {"name": "admin"}]), "token_claims"),
    "501 roles": (claims(role=["x"] * 501), "token_claims"),
    "role empty": (claims(role=""), "token_claims"),
    "role star": (claims(role="*"), "token_claims"),
    "role spaces": (claims(role="head teacher"), "token_claims"),
    "role long": (claims(role="a" * 65), "token_claims"),
    "contexts list": (claims(contexts=["7b"]), "token_claims"),
    "contexts text": (claims(contexts={"class": "7b"}), "token_claims"),
    "contexts no JSON": (claims(contexts="class=7b"), "token_claims"),
    "contexts text of a list": (claims(contexts='["7b"]'), "token_claims"),
    "contexts text of a text": (claims(contexts='"{}"'), "token_claims"),
    "contexts text twice": (claims(contexts='{"class": ["7b"], "class": ["8a"]}'), "token_claims"),
    "contexts text deep": (claims(contexts='{"class": ' + "[" * 2_500 + "]" * 2_500 + "}"), "token_claims"),
    "contexts text 501": (claims(contexts=json.dumps({"class": [str(n) for n in range(501)]})), "token_claims"),
    "contexts number": (claims(contexts={"class": [7]}), "token_claims"),
    "contexts slash": (claims(contexts={"class": ["7/b"]}), "token_claims"),
    "contexts type": (claims(contexts={"Class": ["7b"]}), "token_claims"),
    "contexts null": (claims(contexts={"class": None}), "token_claims"),
    "21 context types": (claims(contexts={f"t{number}": [] for number in range(21)}), "token_claims"),
    "501 contexts": (claims(contexts={"class": [str(number) for number in range(501)]}), "token_claims"),
}


@pytest.mark.parametrize(("content", "code"), WRONG_CLAIMS.values(), ids=WRONG_CLAIMS.keys())
def test_wrong_claims_are_refused(content: dict[str, object], code: str) -> None:
    assert refusal(by_secret(), hs256(content)) == code


def test_contexts_larger_than_an_authorizer_can_hand_on_are_refused() -> None:
    def sign_in(ids_of_100_characters: int) -> SignIn:
        ids = [f"{number:0>100}" for number in range(ids_of_100_characters)]
        return read_claims(claims(contexts={"class": ids}), ClaimNames(), now_s=NOW_S, leeway_s=0)

    assert len(json.dumps(sign_in(75).identity.authorizer_context())) <= 8_192
    with pytest.raises(Unauthenticated, match="too large for API Gateway") as refused:
        sign_in(80)
    assert refused.value.code == "token_claims"


@pytest.mark.parametrize(
    ("content", "now_s", "code"),
    [
        (claims(exp=NOW_S), NOW_S + 9, None),
        (claims(exp=NOW_S), NOW_S + 10, "token_expired"),
        (claims(nbf=NOW_S + 10), NOW_S, None),
        (claims(nbf=NOW_S + 11), NOW_S, "token_not_yet_valid"),
        (claims(iat=NOW_S + 10), NOW_S, None),
    ],
)
def test_clocks_may_differ_by_the_leeway(content: dict[str, object], now_s: int, code: str | None) -> None:
    verifier = by_secret(leeway_s=10)

    if code is None:
        assert verifier.verify(hs256(content), now_s).identity.expires_at_s == int(str(content["exp"])) + 10
    else:
        assert refusal(verifier, hs256(content), now_s) == code


MALFORMED = {
    "empty": "",
    "word": "hello",
    "dots": "..",
    "two parts": "e30.e30",
    "four parts": hs256(claims()) + ".e30",
    "no base64": "!.!.!",
    "header no JSON": "aGVsbG8.e30.e30",
    "header list": raw_token([], {}),
    "kid number": raw_token({"alg": "HS256", "kid": 1}, {}),
    "unknown critical extension": raw_token({"alg": "HS256", "crit": ["x"], "x": 1}, claims(), SECRET.encode()),
    "payload list": raw_token({"alg": "HS256"}, ["sub"], SECRET.encode()),
    "payload deep": "eyJhbGciOiJIUzI1NiJ9." + base64.urlsafe_b64encode(b"[" * 5000).rstrip(b"=").decode() + ".e30",
    "emoji": "👋.👋.👋",
    "surrogate": "\ud800.\ud800.\ud800",
    "line feed": hs256(claims()) + "\n",
}


@pytest.mark.parametrize("token", MALFORMED.values(), ids=MALFORMED.keys())
def test_what_is_no_token_is_refused(token: str) -> None:
    assert refusal(by_secret(), token) in ("token_malformed", "token_signature", "token_algorithm")


@pytest.mark.parametrize(
    "payload",
    [
        b'{"sub": "alice", "iss": "parley", "aud": "parley", "exp": 1800000600, "role": "user", "role": "admin"}',
        b'{"sub": "alice", "iss": "parley", "aud": "parley", "exp": 1800000600, "a": {"b": 1, "b": 1}}',
        b'{"sub": "alice", "a": ' + b"[" * 2_900 + b"]" * 2_900 + b"}",
        b'["sub"]',
        b'{"sub": "\xff"}',
        b"{'sub': 'alice'}",
    ],
    ids=["role twice", "name twice inside", "deep", "list", "no UTF-8", "no JSON"],
)
def test_signed_text_that_is_not_one_object_with_each_name_once_is_refused(payload: bytes) -> None:
    token = jwt.PyJWS().encode(payload, SECRET.encode(), algorithm="HS256")

    assert refusal(by_secret(), token) == "token_malformed"


def test_token_over_8_kb_is_refused_before_it_is_read() -> None:
    assert refusal(by_secret(), "x" * (tokens.MAX_TOKEN_BYTES + 1)) == "token_too_large"


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", "", None, ["HS256"], "HS384", "RS256", "hs256"])
def test_other_algorithms_are_refused(algorithm: object) -> None:
    for secret in (None, SECRET.encode()):
        assert refusal(by_secret(), raw_token({"alg": algorithm, "typ": "JWT"}, claims(), secret)) == "token_algorithm"


def test_token_without_an_algorithm_is_refused() -> None:
    assert refusal(by_secret(), raw_token({"typ": "JWT"}, claims(), SECRET.encode())) == "token_algorithm"


def test_other_secret_is_refused() -> None:
    assert refusal(by_secret(), hs256(claims(), OTHER_SECRET)) == "token_signature"


def test_changed_content_is_refused() -> None:
    header, _, signature = hs256(claims()).split(".")
    _, content, _ = hs256(claims(sub="bob")).split(".")

    assert refusal(by_secret(), f"{header}.{content}.{signature}") == "token_signature"


def test_secret_before_the_last_rotation_still_counts() -> None:
    verifier = by_secret(OTHER_SECRET, SECRET)

    assert verifier.verify(hs256(claims()), NOW_S).identity.user_id == "alice"
    assert verifier.verify(hs256(claims(), OTHER_SECRET), NOW_S).identity.user_id == "alice"


def test_secret_that_can_be_guessed_is_a_loud_mistake() -> None:
    with pytest.raises(jwt.InvalidKeyError):
        by_secret("short").verify(raw_token({"alg": "HS256"}, claims(), b"short"), NOW_S)


class Source:
    """Keys that a test can change, and break."""

    def __init__(self, *secrets: str) -> None:
        self.secrets = secrets
        self.is_broken = False
        self.fetches = 0

    def fetch(self) -> list[Key]:
        self.fetches += 1
        if self.is_broken:
            raise KeysNotFetched("broken")
        return [Key("HS256", secret.encode()) for secret in self.secrets]

    def verifier(self) -> Verifier:
        return Verifier(keys=Keys(tokens.SHARED_SECRET, self.fetch), issuers=("parley",), audiences=("parley",))


def test_keys_are_kept_for_five_minutes() -> None:
    source = Source(SECRET)
    verifier = source.verifier()

    for after_s in (0, 1, 299):
        verifier.verify(hs256(claims()), NOW_S + after_s)
    assert source.fetches == 1

    verifier.verify(hs256(claims()), NOW_S + 300)
    assert source.fetches == 2


def test_new_secret_counts_at_once_but_a_forger_cannot_make_us_fetch_more_than_once_a_minute() -> None:
    source = Source(SECRET)
    verifier = source.verifier()
    verifier.verify(hs256(claims()), NOW_S)
    source.secrets = (OTHER_SECRET, SECRET)

    assert refusal(verifier, hs256(claims(), OTHER_SECRET), NOW_S + 59) == "token_signature"
    assert source.fetches == 1
    assert verifier.verify(hs256(claims(), OTHER_SECRET), NOW_S + 60).identity.user_id == "alice"
    for after_s in range(61, 119):
        assert (
            refusal(verifier, hs256(claims(), "a third secret that nobody ever used"), NOW_S + after_s)
            == "token_signature"
        )
    assert source.fetches == 2


def test_old_keys_are_believed_for_an_hour_while_new_ones_cannot_be_had() -> None:
    source = Source(SECRET)
    verifier = source.verifier()
    token = hs256(claims(exp=NOW_S + 9_000))
    verifier.verify(token, NOW_S)
    source.is_broken = True

    assert verifier.verify(token, NOW_S + 3_599).identity.user_id == "alice"
    with pytest.raises(Unavailable) as refused:
        verifier.verify(token, NOW_S + 3_604)
    assert refused.value.code == "keys_unavailable"

    source.is_broken = False
    assert verifier.verify(token, NOW_S + 3_609).identity.user_id == "alice"


def test_without_any_keys_a_flood_of_tokens_fetches_once_in_five_seconds() -> None:
    source = Source(SECRET)
    source.is_broken = True
    verifier = source.verifier()

    for after_s in (0, 0, 1, 4, 5, 6):
        with pytest.raises(Unavailable):
            verifier.verify(hs256(claims()), NOW_S + after_s)

    assert source.fetches == 2


PRIVATE_KEYS: dict[str, Any] = {
    "RS256": rsa.generate_private_key(public_exponent=65537, key_size=2048),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
}
TO_JWK: dict[str, Callable[..., Any]] = {
    "RS256": RSAAlgorithm.to_jwk,
    "ES256": ECAlgorithm.to_jwk,
    "EdDSA": OKPAlgorithm.to_jwk,
}


def jwk(algorithm: str, **members: object) -> dict[str, object]:
    public: dict[str, object] = TO_JWK[algorithm](PRIVATE_KEYS[algorithm].public_key(), as_dict=True)
    return public | {"kid": algorithm} | members


def signed(algorithm: str, content: dict[str, object] | None = None, /, **headers: object) -> str:
    headers = {"kid": algorithm} | headers
    return jwt.encode(content or claims(), PRIVATE_KEYS[algorithm], algorithm=algorithm, headers=headers)


class KeyServer:
    """A JWKS on loopback, and how often it was asked."""

    def __init__(self) -> None:
        self.body: bytes = b""
        self.status = 200
        self.requests = 0
        outer = self

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.requests += 1
                self.send_response(outer.status)
                self.send_header("Location", "/elsewhere")
                self.end_headers()
                self.wfile.write(outer.body)

            def log_message(self, format: str, *args: object) -> None:
                """Keeps quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/jwks.json"

    def holds(self, *keys: dict[str, object]) -> None:
        self.body = json.dumps({"keys": keys}).encode()

    def verifier(self) -> Verifier:
        return Verifier(
            keys=Keys(tokens.PUBLIC_KEYS, lambda: public_keys(self.url)), issuers=("parley",), audiences=("parley",)
        )


@pytest.fixture
def key_server() -> Iterator[KeyServer]:
    served = KeyServer()
    served.holds(*(jwk(algorithm) for algorithm in PRIVATE_KEYS))
    thread = threading.Thread(target=served.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield served
    served.server.shutdown()
    served.server.server_close()
    thread.join()


@pytest.mark.parametrize("algorithm", PRIVATE_KEYS)
def test_token_of_a_published_key_is_believed(key_server: KeyServer, algorithm: str) -> None:
    verifier = key_server.verifier()

    for _ in range(3):
        assert verifier.verify(signed(algorithm), NOW_S).identity.user_id == "alice"
    assert key_server.requests == 1


@pytest.mark.parametrize("algorithm", PRIVATE_KEYS)
def test_token_need_not_name_its_key(key_server: KeyServer, algorithm: str) -> None:
    token = jwt.encode(claims(), PRIVATE_KEYS[algorithm], algorithm=algorithm)

    assert key_server.verifier().verify(token, NOW_S).identity.user_id == "alice"


def test_key_published_later_is_found(key_server: KeyServer) -> None:
    verifier = key_server.verifier()
    key_server.holds(jwk("RS256"))
    verifier.verify(signed("RS256"), NOW_S)
    key_server.holds(jwk("RS256"), jwk("ES256"))

    assert refusal(verifier, signed("ES256"), NOW_S + 59) == "token_signature"
    assert verifier.verify(signed("ES256"), NOW_S + 60).identity.user_id == "alice"
    assert key_server.requests == 2


def test_tokens_with_invented_key_ids_do_not_hammer_the_issuer(key_server: KeyServer) -> None:
    verifier = key_server.verifier()

    for number in range(100):
        assert refusal(verifier, signed("RS256", kid=f"invented-{number}")) == "token_signature"

    assert key_server.requests == 1


def test_withdrawn_key_counts_no_longer_after_five_minutes(key_server: KeyServer) -> None:
    verifier = key_server.verifier()
    verifier.verify(signed("RS256"), NOW_S)
    key_server.holds(jwk("ES256"))

    assert verifier.verify(signed("RS256"), NOW_S + 299).identity.user_id == "alice"
    assert refusal(verifier, signed("RS256"), NOW_S + 300) == "token_signature"


@pytest.mark.parametrize("form", [serialization.PublicFormat.SubjectPublicKeyInfo, serialization.PublicFormat.PKCS1])
def test_public_key_is_no_secret(key_server: KeyServer, form: serialization.PublicFormat) -> None:
    """The classic: sign with HS256 and take the issuer's public key, which everybody has, as the secret."""
    pem = PRIVATE_KEYS["RS256"].public_key().public_bytes(serialization.Encoding.PEM, form)

    for key_id in ("RS256", None):
        header = {"alg": "HS256", "typ": "JWT"} | ({"kid": key_id} if key_id else {})
        assert refusal(key_server.verifier(), raw_token(header, claims(), pem)) == "token_algorithm"


@pytest.mark.parametrize("algorithm", ["none", "HS256", "RS384", "PS256", "ES384", ""])
def test_issuer_with_public_keys_accepts_no_other_algorithm(key_server: KeyServer, algorithm: str) -> None:
    token = raw_token({"alg": algorithm, "kid": "RS256"}, claims(), SECRET.encode())

    assert refusal(key_server.verifier(), token) == "token_algorithm"


def test_key_of_one_algorithm_does_not_verify_another(key_server: KeyServer) -> None:
    assert refusal(key_server.verifier(), signed("RS256", kid="ES256")) == "token_signature"


def test_secret_or_encryption_key_in_the_set_is_not_used(key_server: KeyServer) -> None:
    encoded = base64.urlsafe_b64encode(SECRET.encode()).rstrip(b"=").decode()
    key_server.holds({"kty": "oct", "k": encoded, "kid": "s", "alg": "HS256"}, jwk("RS256", use="enc"), jwk("ES256"))

    header: dict[str, object] = {"alg": "HS256", "kid": "s"}
    assert refusal(key_server.verifier(), raw_token(header, claims(), SECRET.encode())) == "token_algorithm"
    assert refusal(key_server.verifier(), signed("RS256")) == "token_signature"


WEAK_KEY = rsa.generate_private_key(public_exponent=65537, key_size=1024)
UNUSABLE: dict[str, object] = {
    "RSA of 1024 bits": RSAAlgorithm.to_jwk(WEAK_KEY.public_key(), as_dict=True) | {"kid": "weak"},
    "alg is a list": jwk("RS256") | {"kid": "weak", "alg": ["RS256"]},
    "alg of another kind": jwk("ES256") | {"kid": "weak", "alg": "RS256"},
    "modulus is a number": jwk("RS256") | {"kid": "weak", "n": 7},
    "modulus is an object": jwk("RS256") | {"kid": "weak", "n": {}},
    "point off the curve": jwk("ES256") | {"kid": "weak", "y": "A" * 43},
    "curve of another algorithm": jwk("ES256") | {"kid": "weak", "alg": "EdDSA"},
    "crv is a list": jwk("EdDSA") | {"kid": "weak", "crv": ["Ed25519"]},
    "kind is a list": {"kty": ["RSA"], "kid": "weak"},
    "number": 7,
    "null": None,
}


@pytest.mark.parametrize("unusable", UNUSABLE.values(), ids=UNUSABLE.keys())
def test_key_that_cannot_be_used_is_skipped(key_server: KeyServer, unusable: object) -> None:
    key_server.body = json.dumps({"keys": [unusable, *(jwk(algorithm) for algorithm in PRIVATE_KEYS)]}).encode()
    verifier = key_server.verifier()

    for algorithm, key in PRIVATE_KEYS.items():
        unnamed = jwt.encode(claims(), key, algorithm=algorithm)
        assert verifier.verify(unnamed, NOW_S).identity.user_id == "alice"
        assert verifier.verify(signed(algorithm), NOW_S).identity.user_id == "alice"
        assert refusal(verifier, signed(algorithm, kid="weak")) == "token_signature"


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
def test_token_signed_with_a_weak_key_of_the_set_is_refused(key_server: KeyServer) -> None:
    key_server.body = json.dumps({"keys": [UNUSABLE["RSA of 1024 bits"], jwk("ES256")]}).encode()

    for headers in ({}, {"kid": "weak"}):
        token = jwt.encode(claims(), WEAK_KEY, algorithm="RS256", headers=headers)
        assert refusal(key_server.verifier(), token) == "token_signature"


def test_set_nested_too_deep_leaves_the_keys_of_before(key_server: KeyServer) -> None:
    verifier = key_server.verifier()
    verifier.verify(signed("RS256"), NOW_S)
    key_server.body = b'{"keys": ' + b"[" * 10_000 + b"]" * 10_000 + b"}"

    assert verifier.verify(signed("RS256"), NOW_S + 300).identity.user_id == "alice"
    assert key_server.requests == 2


@pytest.mark.parametrize("name", ["jku", "x5u"])
def test_keys_that_the_token_points_to_are_not_fetched(key_server: KeyServer, name: str) -> None:
    trusted = Keys(tokens.PUBLIC_KEYS, lambda: [])
    verifier = Verifier(keys=trusted, issuers=("parley",), audiences=("parley",))

    assert refusal(verifier, signed("RS256", **{name: key_server.url})) == "token_signature"
    assert key_server.requests == 0


def test_key_inside_the_token_is_not_used(key_server: KeyServer) -> None:
    key_server.holds(jwk("ES256"))

    assert refusal(key_server.verifier(), signed("RS256", jwk=jwk("RS256"))) == "token_signature"


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b"oops"),
        (302, b""),
        (200, b"<html>"),
        (200, b"[]"),
        (200, b"{}"),
        (200, b'{"keys": 7}'),
        (200, b'{"keys": []}'),
        (200, b'{"keys": [{"kty": "??"}]}'),
        (200, b'{"keys": [{"kty": "RSA", "alg": ["RS256"]}]}'),
        (200, b"\xff\xfe"),
        (200, b'{"keys": ' + b"[" * 10_000 + b"]" * 10_000 + b"}"),
    ],
    ids=["500", "redirect", "html", "list", "no keys", "number", "empty", "unknown kind", "odd alg", "no text", "deep"],
)
def test_without_a_key_set_nobody_is_refused_for_good(key_server: KeyServer, status: int, body: bytes) -> None:
    key_server.status, key_server.body = status, body

    with pytest.raises(Unavailable) as refused:
        key_server.verifier().verify(signed("RS256"), NOW_S)

    assert refused.value.code == "keys_unavailable"


def test_without_a_server_nobody_is_refused_for_good() -> None:
    verifier = Verifier(
        keys=Keys(tokens.PUBLIC_KEYS, lambda: public_keys("http://127.0.0.1:9/")),
        issuers=("parley",),
        audiences=("parley",),
    )

    with pytest.raises(Unavailable):
        verifier.verify(signed("RS256"), NOW_S)


@pytest.fixture
def secrets_manager(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_DEFAULT_REGION": "eu-west-1",
    }.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        clients.forget_clients()
        yield boto3.client("secretsmanager")
    clients.forget_clients()


def test_secret_that_was_never_rotated_is_one_key(secrets_manager: Any) -> None:
    arn = secrets_manager.create_secret(Name=token_hex(), SecretString=SECRET)["ARN"]

    assert shared_secrets(arn) == [Key("HS256", SECRET.encode())]


def test_rotated_secret_is_two_keys(secrets_manager: Any) -> None:
    arn = secrets_manager.create_secret(Name=token_hex(), SecretString=SECRET)["ARN"]
    secrets_manager.put_secret_value(SecretId=arn, SecretString=OTHER_SECRET)

    assert shared_secrets(arn) == [Key("HS256", OTHER_SECRET.encode()), Key("HS256", SECRET.encode())]


def test_missing_secret_is_not_fetched(secrets_manager: Any) -> None:
    with pytest.raises(KeysNotFetched):
        shared_secrets("arn:aws:secretsmanager:eu-west-1:123456789012:secret:nosuch-AAAAAA")


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    for name in [name for name in os.environ if name.startswith("JWT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("JWT_ISSUER", "https://issuer.example")
    monkeypatch.setenv("JWT_AUDIENCE", "chat")
    tokens.forget_settings()
    yield monkeypatch
    tokens.forget_settings()


def verified(content: dict[str, object]) -> SignIn:
    return tokens.verify(hs256(content | {"iss": "https://issuer.example", "aud": "chat"}), NOW_S)


def test_environment_chooses_secret_issuer_audience_leeway_and_claims(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("JWT_SECRET", SECRET)
    environment.setenv("JWT_LEEWAY_S", "30")
    environment.setenv("JWT_USER_ID_CLAIM", "uid")
    environment.setenv("JWT_ROLE_CLAIM", "")
    environment.setenv("JWT_SERVICE_AUDIENCE", "programs")

    identity = verified(claims(uid="carol")).identity

    assert (identity.user_id, identity.role, identity.expires_at_s) == ("carol", "teacher", NOW_S + 630)
    with pytest.raises(Unauthenticated):
        tokens.verify(hs256(claims(uid="carol")), NOW_S)
    with pytest.raises(Unauthenticated) as refused:
        verified(claims(uid="carol", role="service"))
    assert refused.value.code == "token_audience"


def test_secret_may_come_from_secrets_manager(environment: pytest.MonkeyPatch, secrets_manager: Any) -> None:
    arn = secrets_manager.create_secret(Name=token_hex(), SecretString=SECRET)["ARN"]
    environment.setenv("JWT_SECRET_ARN", arn)

    assert verified(claims()).identity.user_id == "alice"


@pytest.fixture
def two_keys(environment: pytest.MonkeyPatch, key_server: KeyServer, secrets_manager: Any) -> pytest.MonkeyPatch:
    """Sets the environment of a stack that has a provider's keys, and a secret of the host beside them."""
    arn = secrets_manager.create_secret(Name=token_hex(), SecretString=SECRET)["ARN"]
    environment.setenv("JWT_JWKS_URL", key_server.url)
    environment.setenv("JWT_SECRET_ARN", arn)
    environment.setenv("JWT_ROLE_CLAIM", "realm_access.roles")
    environment.setenv("MODERATOR_ROLES", "admin")
    environment.setenv("AGENT_ROLES", "agent")
    environment.setenv("SUPPORT_ADMIN_ROLES", "support_admin")
    return environment


ORIGIN = {"iss": "https://issuer.example", "aud": "chat"}


def test_secret_beside_public_keys_signs_programs_and_the_keys_sign_people(two_keys: pytest.MonkeyPatch) -> None:
    program = tokens.verify(hs256(claims(sub="backend", role="service", **ORIGIN)), NOW_S).identity
    person = tokens.verify(signed("RS256", claims(realm_access={"roles": ["x", "admin"]}, **ORIGIN)), NOW_S).identity

    assert (program.user_id, program.role) == ("backend", "service")
    assert (person.user_id, person.role) == ("alice", "admin")


@pytest.mark.parametrize("role", ["teacher", "admin", None, ["service", "admin"]])
def test_secret_beside_public_keys_signs_nobody_else(two_keys: pytest.MonkeyPatch, role: object) -> None:
    with pytest.raises(Unauthenticated) as refused:
        tokens.verify(hs256(claims(role=role, realm_access={"roles": ["admin"]}, **ORIGIN)), NOW_S)

    assert (refused.value.code, refused.value.noted) == ("token_wrong_key", {"claim": "role"})


@pytest.mark.parametrize("roles", ["service", ["service"], ["programs"]], ids=["text", "list", "mapped"])
def test_public_key_beside_a_secret_signs_no_program(two_keys: pytest.MonkeyPatch, roles: object) -> None:
    two_keys.setenv("JWT_ROLE_MAP", "programs=service")
    token = signed("RS256", claims(sub="robot", realm_access={"roles": roles}, **ORIGIN))

    with pytest.raises(Unauthenticated) as refused:
        tokens.verify(token, NOW_S)
    assert (refused.value.code, refused.value.noted) == ("token_wrong_key", {"claim": "realm_access.roles"})


def test_public_key_beside_a_secret_signs_programs_that_have_the_audience_of_programs(
    two_keys: pytest.MonkeyPatch,
) -> None:
    two_keys.setenv("JWT_SERVICE_AUDIENCE", "programs")
    content = claims(sub="robot", realm_access={"roles": ["service"]}, **ORIGIN)

    assert tokens.verify(signed("RS256", content | {"aud": ["chat", "programs"]}), NOW_S).identity.role == "service"
    with pytest.raises(Unauthenticated) as refused:
        tokens.verify(signed("RS256", content), NOW_S)
    assert refused.value.code == "token_audience"


def test_neither_key_beside_the_other_is_taken_for_it(two_keys: pytest.MonkeyPatch) -> None:
    pem = (
        PRIVATE_KEYS["RS256"]
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    program = claims(sub="backend", role="service", **ORIGIN)
    forged = {
        "public key as a secret": (raw_token({"alg": "HS256", "kid": "RS256"}, program, pem), "token_signature"),
        "secret under another name": (raw_token({"alg": "RS256"}, program, SECRET.encode()), "token_signature"),
        "HS512": (jwt.encode(program, SECRET * 2, algorithm="HS512"), "token_algorithm"),
        "none": (raw_token({"alg": "none"}, program), "token_algorithm"),
    }

    for token, code in forged.values():
        with pytest.raises(Unauthenticated) as refused:
            tokens.verify(token, NOW_S)
        assert refused.value.code == code


def test_person_signs_in_while_the_hosts_secret_cannot_be_read(two_keys: pytest.MonkeyPatch) -> None:
    two_keys.setenv("JWT_SECRET_ARN", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:gone")

    assert tokens.verify(signed("RS256", claims(**ORIGIN)), NOW_S).identity.user_id == "alice"
    with pytest.raises(Unavailable):
        tokens.verify(hs256(claims(role="service", **ORIGIN)), NOW_S)


def test_public_keys_leave_no_room_for_a_secret(environment: pytest.MonkeyPatch, key_server: KeyServer) -> None:
    environment.setenv("JWT_JWKS_URL", key_server.url)
    environment.setenv("JWT_SECRET", SECRET)

    with pytest.raises(Unauthenticated) as refused:
        verified(claims())
    assert refused.value.code == "token_algorithm"

    content = claims(iss="https://issuer.example", aud="chat")
    assert tokens.verify(signed("ES256", content), NOW_S).identity.user_id == "alice"


@pytest.mark.parametrize("name", ["JWT_SECRET", "JWT_ISSUER", "JWT_AUDIENCE"])
def test_missing_setting_is_a_loud_mistake(environment: pytest.MonkeyPatch, name: str) -> None:
    environment.setenv("JWT_SECRET", SECRET)
    environment.setenv(name, "")

    with pytest.raises(Exception, match="is not set"):
        verified(claims())
