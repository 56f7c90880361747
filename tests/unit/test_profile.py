"""Which statement about a person counts: that of their token, of the host, or their own."""

import re
from importlib.resources import files
from typing import Any

import pytest

from parley.domain.api.identity import MAX_TIME_ZONE_CHARACTERS, TIME_ZONE_PATTERN
from parley.domain.people import profile
from parley.domain.people.profile import FIELDS, SILENT, Profile, Rules, Statement, Statements

LATER = Rules(editable=frozenset({"avatar_url", "locale", "time_zone"}))
HOST = Rules(host_decides=True, editable=LATER.editable)

TEACHER = Statement(at_s=10, name="Tina", role="teacher", contexts={"class": ("7b",)})
BARE = Statement(at_s=30)
PUT = Statement(at_s=20, name="Frau T.", role="tutor", contexts={"class": ("8a",)})


def value(name: str, rules: Rules = LATER, **parties: Statement) -> Any:
    return Statements(**parties).value(name, rules)


@pytest.mark.parametrize("name", ["name", "role", "contexts"])
def test_later_of_token_and_host_counts(name: str) -> None:
    newer = Statement(at_s=30, name="T.", role="admin", contexts={})

    assert value(name, token=TEACHER, host=PUT) == getattr(PUT, name)
    assert value(name, token=newer, host=PUT) == getattr(newer, name)


@pytest.mark.parametrize("name", ["name", "role", "contexts"])
def test_silent_token_wipes_nothing_and_silent_host_neither(name: str) -> None:
    assert value(name, token=BARE, host=PUT) == getattr(PUT, name)
    assert value(name, token=TEACHER, host=Statement(at_s=20)) == getattr(TEACHER, name)


def test_list_of_no_contexts_is_a_statement() -> None:
    assert value("contexts", token=Statement(at_s=30, contexts={}), host=PUT) == {}


def test_authoritative_host_counts_if_it_is_not_silent() -> None:
    newer = Statement(at_s=30, role="admin", locale="de")
    own = Statement(locale="fr", avatar_url="https://a/b")

    assert value("role", HOST, token=newer, host=PUT) == "tutor"
    assert value("locale", HOST, token=newer, host=PUT, own=own) == "fr"
    assert value("locale", HOST, token=newer, host=Statement(at_s=1, locale="en"), own=own) == "en"


def test_own_statement_counts_for_editable_fields_only() -> None:
    own = Statement(name="Nobody", locale="fr")
    token = Statement(at_s=99, name="Tina", locale="de")

    assert (value("name", token=token, own=own), value("locale", token=token, own=own)) == ("Tina", "fr")


def test_nobody_says_anything() -> None:
    assert {value(name) for name in FIELDS} == {None}

    made = profile.with_host(None, "bob", SILENT, LATER, 5_000)

    assert (made.name, made.role, made.contexts) == ("bob", "user", {})


def put(before: Profile | None, now_ms: int, **said: Any) -> Profile:
    return profile.with_host(before, "bob", Statement(**said), LATER, now_ms)


def sign_in(before: Profile | None, now_ms: int, **said: Any) -> Profile:
    return profile.with_token(before, "bob", Statement(at_s=now_ms // 1000, **said), LATER, now_ms)


def test_role_that_the_provider_took_away_is_gone() -> None:
    promoted = sign_in(None, 1_000, role="moderator")

    assert (promoted.role, sign_in(promoted, 2_000).role) == ("moderator", "user")


def test_put_is_later_than_the_newest_token_though_it_came_in_the_same_second() -> None:
    bob = sign_in(None, 1_000, name="Bobby")

    assert (put(bob, 1_000, name="Bob").name, put(bob, 1_000).name) == ("Bob", "Bobby")


def test_token_of_the_second_of_a_put_loses_whenever_it_is_seen_and_the_next_one_counts() -> None:
    bob = put(sign_in(None, 1_000, role="moderator"), 60_500, role="user", contexts={"class": ("7b",)})

    late = sign_in(bob, 60_900, role="moderator", contexts={"class": ("7a",)})
    after = sign_in(late, 61_000, role="moderator", contexts={"class": ("7a",)})

    assert (late.role, late.contexts) == ("user", {"class": ("7b",)})
    assert (after.role, after.contexts) == ("moderator", {"class": ("7a",)})


def test_newer_token_keeps_what_it_is_silent_on_except_role_and_contexts() -> None:
    described = {
        "name": "Bob",
        "avatar_url": "https://a/b",
        "locale": "de",
        "time_zone": "Europe/Berlin",
        "email": "b@c",
    }
    bob = sign_in(None, 1_000, role="teacher", contexts={"class": ("7b",)}, **described)

    silent = sign_in(bob, 2_000)
    renamed = sign_in(silent, 3_000, name="Robert")

    assert {name: getattr(silent, name) for name in described} == described
    assert (silent.role, silent.contexts) == ("user", {})
    assert (renamed.name, renamed.email) == ("Robert", "b@c")


def test_silent_token_does_not_renew_what_the_host_has_contradicted() -> None:
    bob = put(sign_in(None, 1_000, name="Bobby", email="b@c"), 2_000, name="Bob")

    silent = sign_in(bob, 3_000)

    assert (silent.name, silent.email) == ("Bob", "b@c")
    assert sign_in(put(sign_in(None, 1_000), 2_000, name="Bob"), 3_000).name == "Bob"


@pytest.mark.parametrize(
    ("before", "told"),
    [
        ([("put", "user")], False),
        ([("token", "moderator"), ("put", "user")], False),
        ([("put", "user"), ("put", "user")], False),
        ([("token", "moderator")], True),
        ([("token", "user")], True),
        ([("put", "user"), ("token", "user")], True),
        ([("token", "moderator"), ("token", "user")], True),
        ([("put", "moderator"), ("token", "user")], True),
    ],
)
def test_role_is_news_if_a_token_may_carry_another_one(before: list[tuple[str, str]], told: bool) -> None:
    bob: Profile | None = None
    for second, (party, role) in enumerate(before, 1):
        bob = (put if party == "put" else sign_in)(bob, second * 1_000, role=role)
    assert bob is not None

    assert put(bob, 9_000, role="user").role_is_news(bob) is told
    assert put(bob, 9_000).role_is_news(bob) is (put(bob, 9_000).role != bob.role)


def test_older_token_says_nothing() -> None:
    bob = sign_in(None, 9_000, name="Bobby")

    assert profile.with_token(bob, "bob", Statement(at_s=8, name="B."), LATER, 10_000) is bob


def test_profile_seq_grows_with_what_others_see_and_revision_with_each_write() -> None:
    first = sign_in(None, 1_000, name="Bob")
    renewed = sign_in(first, 2_000, name="Bob")
    moved = put(renewed, 3_000, contexts={"class": ("7b",)}, locale="de")
    renamed = put(moved, 3_000, name="Robert")

    assert [one.revision for one in (first, renewed, moved, renamed)] == [1_000, 2_000, 3_000, 3_001]
    assert [one.profile_seq for one in (first, renewed, moved, renamed)] == [1_000, 1_000, 1_000, 3_001]


def test_profile_that_only_tokens_describe_holds_no_statement_twice() -> None:
    bob = sign_in(None, 1_000, name="Bob", role="student")

    assert (bob.by_token, bob.by_host, bob.by_self) == (None, SILENT, SILENT)
    assert bob.statements.token == Statement(at_s=1, name="Bob", role="student", contexts={})
    assert put(bob, 2_000).by_token == bob.statements.token


def test_statement_of_the_person_falls_back_to_the_others() -> None:
    bob = put(None, 1_000, locale="de")
    french = profile.with_own(bob, Statement(locale="fr"), LATER, 2_000)

    assert (french.locale, profile.with_own(french, SILENT, LATER, 3_000).locale) == ("fr", "de")


def test_every_time_zone_has_the_form_that_the_api_documents_say() -> None:
    names = (files("tzdata") / "zones").read_text(encoding="ascii").split()

    assert len(names) > 500
    for name in names:
        assert re.search(TIME_ZONE_PATTERN, name) and len(name) <= MAX_TIME_ZONE_CHARACTERS, name


@pytest.mark.parametrize("url", [None, "http://a/b", "https://", "https://a/ b", "https://a/" + "x" * 1_024])
def test_urls_that_no_profile_holds(url: str | None) -> None:
    assert profile.usable_avatar_url(url) is None
