"""Links to unsubscribe: nobody can make or change one, none tells whom it is for; and the page that it leads to."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.adapters.notifications import mail_templates
from parley.domain.notifications.unsubscribing import (
    MAX_TOKEN_CHARACTERS,
    TOKEN_PATTERN,
    Link,
    key_of,
    page_of,
    read_token,
    token_of,
)

KEY = key_of("a secret of the deployment")
LINK = Link(user_id="ana@example.org", language="ar", expires_at_s=1_780_000_000)
TEMPLATE = mail_templates.named("default")


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=128))
def test_a_link_reads_back(user_id: str) -> None:
    link = Link(user_id=user_id, language="de", expires_at_s=1)
    token = token_of(link, KEY)

    assert read_token(token, KEY) == link
    assert re.fullmatch(TOKEN_PATTERN, token)


def test_a_link_shows_nothing_of_the_person() -> None:
    from base64 import urlsafe_b64decode

    token = token_of(LINK, KEY)

    assert b"ana" not in urlsafe_b64decode(token + "==") and "ana" not in token


def test_a_link_that_is_changed_anywhere_is_none() -> None:
    token = token_of(LINK, KEY)

    for place in range(len(token)):
        for other in ("A", "b", "_", "!", "\n", ""):
            changed = token[:place] + other + token[place + 1 :]
            assert changed == token or read_token(changed, KEY) is None, changed


@pytest.mark.parametrize(
    "token", ["", "x", "é" * 40, "=" * 40, "A" * 40, "A" * 41, "A" * (MAX_TOKEN_CHARACTERS + 1), "\ud83d" * 30]
)
def test_any_other_text_is_no_link(token: str) -> None:
    assert read_token(token, KEY) is None


def test_a_link_of_another_deployment_is_none() -> None:
    assert read_token(token_of(LINK, key_of("another secret")), KEY) is None


@pytest.mark.parametrize("language", ["en", "es", "fr", "de", "ar"])
def test_only_the_question_has_a_button(language: str) -> None:
    pages = {
        state: page_of(TEMPLATE, language, state, "<Parley> {{form}}")
        for state in ("question", "done", "over", "wrong", "busy")
    }

    assert {state for state, html in pages.items() if "<form" in html} == {"question"}
    assert len({*pages.values()}) == 5
    for html in pages.values():
        assert f'lang="{language}"' in html and "<Parley>" not in html
    assert "<bdi>&lt;Parley&gt; {{form}}</bdi>" in pages["question"]


def test_a_page_in_an_unknown_language_is_in_english() -> None:
    assert 'lang="en" dir="ltr"' in page_of(TEMPLATE, "xx", "wrong", "Parley")
