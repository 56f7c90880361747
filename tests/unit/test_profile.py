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
