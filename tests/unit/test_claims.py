"""Claims as providers write them: roles in lists and paths, contexts as text, clients for audiences, odd ids."""

import json
import re
from typing import Any

import pytest

from parley.domain.api.errors import Unauthenticated
from parley.domain.api.identity import USER_ID_PATTERN, is_reserved, is_stored_user_id, is_user_id
from parley.domain.people.claims import ClaimNames, SignIn, check_origin, read_claims
from parley.domain.people.mapped_ids import can_be_given, mapped_id
from parley.domain.people.role_claims import RoleMapError, RoleRules, read_role_map

NOW_S = 1_800_000_000
KNOWN = frozenset({"teacher", "student", "admin"})


def signed_in(
    content: dict[str, Any], names: ClaimNames | None = None, role_map: str = "", service_audience: str = ""
) -> SignIn:
    roles = RoleRules(mapped=read_role_map(role_map, lambda: KNOWN), known=lambda: KNOWN)
    return read_claims(
        {"sub": "alice", "exp": NOW_S + 600, "iat": NOW_S} | content,
        names or ClaimNames(),
        now_s=NOW_S,
        leeway_s=0,
        roles=roles,
        service_audience=service_audience,
    )


def role_of(claimed: object, role_map: str = "") -> str:
    return signed_in({"role": claimed}, role_map=role_map).identity.role


def refused(content: dict[str, Any], names: ClaimNames | None = None) -> Unauthenticated:
    with pytest.raises(Unauthenticated) as refusal:
        signed_in(content, names)
    return refusal.value


@pytest.mark.parametrize(
    ("claimed", "role_map", "role"),
    [
        ("teacher", "", "teacher"),
        ("parent", "", "parent"),
        ("Head Teacher", "Head Teacher=teacher", "teacher"),
        ("teacher", "teacher=admin", "admin"),
        (["offline_access", "student", "teacher"], "", "student"),
        (["teacher", "admin"], "", "teacher"),
        (["admin", "teacher"], "", "admin"),
        (["parent", "Head Teacher", "admin"], "Head Teacher=teacher", "teacher"),
        (["cn=staff"], "cn=staff=teacher", "teacher"),
        (["/school/7b", "Everyone", "admin"], "Everyone=user", "user"),
        (["Teacher", "TEACHER", " teacher", "teacher "], "", "user"),
        (["parent", "user"], "", "user"),
        ([], "", "user"),
    ],
)
def test_role_is_the_first_that_means_something_here(claimed: object, role_map: str, role: str) -> None:
    assert role_of(claimed, role_map) == role


@pytest.mark.parametrize("claimed", [None, [], ["parent", "offline_access"], ["service", "parent"]])
def test_claim_that_names_no_role_of_this_deployment_states_none(claimed: object) -> None:
    assert signed_in({"role": claimed}).stated.role is None


@pytest.mark.parametrize(
    ("claimed", "role_map", "role"),
    [
        ("service", "", "service"),
        (["service"], "", "service"),
        (["service", "service"], "", "service"),
        (["service", "teacher"], "", "teacher"),
        (["teacher", "service"], "", "teacher"),
        (["service", "offline_access"], "", "user"),
        (["parley-programs", "offline_access"], "parley-programs=service", "service"),
        ("system", "", "user"),
        (["system", "teacher"], "", "teacher"),
        (["system"], "", "user"),
        (["service"], "service=teacher", "teacher"),
        ("service", "service=teacher", "teacher"),
    ],
)
def test_list_makes_a_program_only_alone_or_by_the_map(claimed: object, role_map: str, role: str) -> None:
    assert role_of(claimed, role_map) == role


def test_no_person_is_a_system_sender_even_if_a_policy_names_that_role() -> None:
    rules = RoleRules(known=lambda: {"system", "teacher"})

    assert (rules.role_of("system", "role"), rules.role_of(["system", "teacher"], "role")) == (None, "teacher")
    with pytest.raises(RoleMapError, match="neither the policy"):
        read_role_map("bots=system", lambda: {"system", "teacher"})


def test_an_id_of_programs_is_let_in_for_the_role_service_only() -> None:
    program = {"sub": "~parley.service-host"}

    assert signed_in(program | {"role": "service"}).identity.user_id == "~parley.service-host"
    assert signed_in(program | {"role": ["service"]}).identity.user_id == "~parley.service-host"
    assert {refused(program | role).noted["claim"] for role in ({}, {"role": "teacher"}, {"role": "system"})} == {"sub"}
    for wrong in ("~parley.service-", "~parley.service-a/b", "~parley.system-host", "~parley.erased-1", "erased-1"):
        assert refused({"sub": wrong, "role": "service"}).noted["claim"] == "sub"


def test_service_among_others_is_no_program_even_if_a_policy_names_that_role() -> None:
    rules = RoleRules(known=lambda: {"service", "teacher"})

    assert rules.role_of(["service", "teacher"], "role") == "teacher"


@pytest.mark.parametrize(
    ("role_map", "entry"),
    [
        ("Head Teacher", "Head Teacher"),
        ("=teacher", "=teacher"),
        ("Admins=", "Admins="),
        ("Admins=admin,", ""),
        ("Admins=head teacher", "Admins=head teacher"),
        ("Admins=admim", "Admins=admim"),
        ("Admins=*", "Admins=*"),
        ("Admins=admin, Admins=teacher", "Admins=teacher"),
        ("Admins=admin,Admins=admin", "Admins=admin"),
        ("admin=admin", "admin=admin"),
        ("teacher=student,student=teacher", "teacher=student"),
        ("x=teacher,teacher=student,student=admin,admin=teacher", "teacher=student"),
    ],
    ids=[
        "no =", "no value", "no role", "comma at the end", "space", "unknown", "star", "twice", "the same twice",
        "itself", "two in a circle", "three in a circle",
    ],
)  # fmt: skip
def test_map_with_a_mistake_is_refused_by_its_entry(role_map: str, entry: str) -> None:
    with pytest.raises(RoleMapError, match=re.escape(f"`{entry}`")):
        read_role_map(role_map, lambda: KNOWN)


def test_map_is_looked_up_once() -> None:
    assert role_of("Staff", "Staff=teacher,teacher=student") == "teacher"


PATHS: list[tuple[str, dict[str, Any], str]] = [
    ("realm_access.roles", {"realm_access": {"roles": ["teacher"]}}, "teacher"),
    ("https://example.com/role", {"https://example.com/role": "teacher"}, "teacher"),
    ("https://example.com/claims.role", {"https://example.com/claims": {"role": "teacher"}}, "teacher"),
    ("resource_access.my.app.roles", {"resource_access": {"my.app": {"roles": ["teacher"]}}}, "teacher"),
    ("a.b", {"a.b": "teacher", "a": {"b": "admin"}}, "teacher"),
    ("a.b", {"a.b": None, "a": {"b": "admin"}}, "user"),
    ("a.b.c", {"a.b": {"x": 1}, "a": {"b": {"c": "admin"}}}, "user"),
    ("realm_access.roles", {"realm_access": {}}, "user"),
    ("realm_access.roles", {"realm_access": None}, "user"),
    ("realm_access.roles", {}, "user"),
    ("cognito:groups", {"cognito:groups": ["teacher"]}, "teacher"),
    (".", {"": {"": "admin"}}, "admin"),
]


@pytest.mark.parametrize(("name", "content", "role"), PATHS)
def test_claim_is_found_by_its_name_or_by_a_path(name: str, content: dict[str, Any], role: str) -> None:
    assert signed_in(content, ClaimNames(role=name)).identity.role == role


def test_every_claim_of_parley_may_be_a_path() -> None:
    names = ClaimNames(user_id="user.id", name="user_metadata.full_name", contexts="app_metadata.parley.contexts")
    content = {
        "user": {"id": 42},
        "user_metadata": {"full_name": "Alice"},
        "app_metadata": {"parley": {"contexts": {"class": ["7b"]}}},
    }

    identity = signed_in(content, names).identity

    assert (identity.user_id, identity.name, identity.contexts) == ("42", "Alice", {"class": ("7b",)})


@pytest.mark.parametrize("through", [["roles"], "roles", 7, True], ids=["list", "text", "number", "true"])
def test_path_through_anything_but_an_object_is_refused(through: object) -> None:
    refusal = refused({"realm_access": through}, ClaimNames(role="realm_access.roles"))

    assert (refusal.code, refusal.noted) == ("token_claims", {"claim": "realm_access.roles"})
    assert refusal.detail == "The token's claim `realm_access.roles` is a path through a value that is not an object."


def test_contexts_may_be_text_of_json() -> None:
    content = {"custom:contexts": json.dumps({"class": ["7b", "8a"]})}

    assert signed_in(content, ClaimNames(contexts="custom:contexts")).stated.contexts == {"class": ("7b", "8a")}


@pytest.mark.parametrize("empty", ["", "  ", None])
def test_empty_text_states_no_contexts(empty: str | None) -> None:
    assert signed_in({"contexts": empty}).stated.contexts is None


@pytest.mark.parametrize(
    "content",
    [
        {"aud": "web"},
        {"aud": "app"},
        {"aud": ["other", "app"]},
        {"aud": "app", "azp": "somebody-else", "client_id": "somebody-else"},
        {"client_id": "app"},
        {"azp": "web"},
        {"client_id": "app", "azp": "web"},
    ],
)
def test_token_for_one_of_the_audiences_is_taken(content: dict[str, Any]) -> None:
    check_origin({"iss": "us"} | content, "us", ("web", "app"))


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ({"aud": "account", "azp": "app"}, "token_audience"),
        ({"aud": "account", "client_id": "app"}, "token_audience"),
        ({"aud": None, "client_id": "app"}, "token_audience"),
        ({"aud": [], "client_id": "app"}, "token_claims"),
        ({"aud": "", "azp": "app"}, "token_audience"),
        ({"aud": {"app": True}, "azp": "app"}, "token_audience"),
        ({"aud": [["app"], {"app": 1}, 7]}, "token_audience"),
        ({"aud": "web,app"}, "token_audience"),
        ({"client_id": "other"}, "token_audience"),
        ({"client_id": "other", "azp": "app"}, "token_audience"),
        ({"client_id": "app", "azp": "other"}, "token_audience"),
        ({"client_id": ["app"]}, "token_audience"),
        ({"cid": "app"}, "token_claims"),
        ({}, "token_claims"),
    ],
)
def test_client_stands_for_the_audience_only_if_there_is_none(content: dict[str, Any], code: str) -> None:
    with pytest.raises(Unauthenticated) as refusal:
        check_origin({"iss": "us"} | content, "us", ("web", "app"))

    assert (refusal.value.code, refusal.value.noted) == (code, {"claim": "aud"})


@pytest.mark.parametrize(
    ("content", "role"),
    [
        ({"client_id": "programs"}, "service"),
        ({"aud": ["app", "programs"]}, "service"),
        ({"aud": "programs"}, "service"),
    ],
)
def test_client_of_programs_has_the_audience_of_programs(content: dict[str, Any], role: str) -> None:
    assert signed_in({"role": "service"} | content, service_audience="programs").identity.role == role


@pytest.mark.parametrize("content", [{}, {"client_id": "app"}, {"aud": "app", "client_id": "programs"}])
def test_program_without_the_audience_of_programs_is_refused(content: dict[str, Any]) -> None:
    with pytest.raises(Unauthenticated) as refusal:
        signed_in({"role": "service"} | content, service_audience="programs")
    assert refusal.value.code == "token_audience"


@pytest.mark.parametrize(
    ("given", "user_id"),
    [
        (42, "42"),
        (0, "0"),
        (-1, "-1"),
        (2**63 - 1, "9223372036854775807"),
        ("42", "42"),
        ("auth0|507f1f77bcf86cd799439020", "auth0|507f1f77bcf86cd799439020"),
        ("a=b", "a=b"),
        ("user/1", "~parley.id-user=2F1"),
        ("user=2F1", "user=2F1"),
        ("a=/b", "~parley.id-a=3D=2Fb"),
        ("Zoë Müller", "~parley.id-Zo=C3=AB=20M=C3=BCller"),
        ("https://clerk.example.com/user_1", "~parley.id-https:=2F=2Fclerk.example.com=2Fuser_1"),
        ("arn:aws:iam::123456789012:user/alice", "~parley.id-arn:aws:iam::123456789012:user=2Falice"),
        ("👋", "~parley.id-=F0=9F=91=8B"),
        ("a" * 128, "a" * 128),
        ("a" * 129, "~parley.sha256-c12cb024a2e5551cca0e08fce8f1c5e314555cc3fef6329ee994a3db752166ae"),
        ("/" * 40, "~parley.sha256-ef4343cfc0e29c28f5bc030921d782815134eb1df1ffb9c094f3845d39be9d3f"),
    ],
)
def test_id_of_a_token_becomes_a_user_id(given: object, user_id: str) -> None:
    found = signed_in({"sub": given}).identity.user_id

    assert found == user_id
    assert is_user_id(found)
    assert is_stored_user_id(found)
    assert not is_reserved(found)


def test_no_two_ids_become_the_same() -> None:
    pieces = ["", "a", "=", "=2F", "/", " ", "%", "ä", "a\u0308", "~parley", ".", "b" * 60]
    given = {first + second + third for first in pieces for second in pieces for third in pieces}
    usable = [text for text in given if can_be_given(text)]

    assert len(usable) > 1_000
    assert len({mapped_id(text) for text in usable}) == len(usable)
    assert all(is_user_id(mapped_id(text)) for text in usable)


@pytest.mark.parametrize(
    "user_id",
    [
        "~parley.", "~parley.id-", "~parley.id-abc", "~parley.id-a=2f", "~parley.id-a=2", "~parley.id-a=41",
        "~parley.id-a=0A", "~parley.id-a=2F/", "~parley.sha256-", "~parley.sha256-" + "a" * 63,
        "~parley.sha256-" + "A" * 64, "~parley.sha256-" + "a" * 65, "~parley.erased-a=2F", "~parley.system",
        "~parley.id-a=2F\n", "~parley.id-a=2F" + "a" * 115,
    ],
)  # fmt: skip
def test_id_that_only_looks_mapped_is_nobodys(user_id: str) -> None:
    assert not is_user_id(user_id)
    assert re.fullmatch(USER_ID_PATTERN, user_id) is None


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a" * 200, "a" * 200),
        ("a" * 201, "a" * 200),
        ("a" * 199 + "e\u0301" + "x", "a" * 199),
        ("a" * 196 + "👩\u200d👩\u200d👧" + "x", "a" * 196),
        ("a" * 199 + "👍🏽", "a" * 199),
        ("\u200b" * 200 + "a", "alice"),
        ("a" + "\u0301" * 5_000, "a" + "\u0301" * 179),
    ],
    ids=["200", "201", "accent", "family", "skin", "invisible beginning", "marks only"],
)
def test_long_name_is_cut_between_characters(name: str, shown: str) -> None:
    assert signed_in({"name": name}).identity.name == shown
