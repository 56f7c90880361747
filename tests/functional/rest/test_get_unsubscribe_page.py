"""GET /unsubscribe/{token}: it asks, and changes nothing, because scanners of e-mails open links before people do."""

import pytest

from tests.functional.mailing import mail_state, token_for, visit
from tests.harness import Parley


@pytest.mark.parametrize(("language", "direction"), [("en", "ltr"), ("es", "ltr"), ("fr", "ltr"), ("ar", "rtl")])
def test_the_page_asks_in_the_language_of_the_e_mail(parley: Parley, language: str, direction: str) -> None:
    parley.user("alice")

    answer = visit(parley, token_for(parley, "alice", language=language))

    assert answer.status == 200 and answer.headers["content-type"] == "text/html; charset=utf-8"
    assert f'<html lang="{language}" dir="{direction}">' in answer.text
    assert '<form method="post"' in answer.text and "alice" not in answer.text


def test_opening_a_link_changes_nothing(parley: Parley) -> None:
    parley.user("alice")
    token = token_for(parley, "alice")

    with parley.watch() as calls:
        answers = [visit(parley, token, method) for method in ("GET", "GET", "HEAD", "PUT", "DELETE")]

    assert [each.status for each in answers[:2]] == [200, 200]
    assert {call.operation for call in calls if call.service == "dynamodb"} == {"BatchGetItem"}
    assert mail_state("alice") is None


def test_a_link_that_nobody_made_asks_the_store_nothing(parley: Parley) -> None:
    with parley.watch() as calls:
        answers = {(each.status, each.text) for token in ("x", "a" * 90) if (each := visit(parley, token))}

    assert [status for status, _ in answers] == [404]
    assert not [call for call in calls if call.service == "dynamodb"]


def test_a_token_of_the_api_makes_no_difference(parley: Parley) -> None:
    alice = parley.user("alice")
    token = token_for(parley, "alice")

    assert alice.get(f"/unsubscribe/{token}").text == visit(parley, token).text
    assert parley.bearer("no token at all").get(f"/unsubscribe/{token}").status == 200


def test_without_mail_no_link_is_right(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    token = token_for(parley, "alice")
    monkeypatch.setenv("MAIL_FROM", "")

    assert visit(parley, token).status == 404
    assert visit(parley, token, "POST").status == 404
