"""POST /support/articles/suggest: articles that may help, while a ticket is being written."""

import pytest

from tests.functional.articles import PATH, admin, suggested, written
from tests.functional.desk import agent
from tests.functional.replies import invalid, refusal
from tests.harness import Parley, User

HELP = {
    "Cancel a booking": "Open My bookings and choose Cancel. You get the money back within five days.",
    "Change the date of a booking": "Open My bookings, choose Change, and take another day.",
    "Pay by card": "We take every card. The bank asks for a code on your phone.",
    "The invoice": "Your invoice comes by e-mail. Write to us if the address is wrong.",
    "Forgotten password": "Choose Forgotten, and we send a link to your address.",
    "Rechnung ändern": "Die Rechnung kommt per E-Mail. Adressen ändern Sie im Profil.",
    "予約の取り消し": "予約は「マイページ」から取り消しできます。",
}


def knowledge(author: User) -> dict[str, str]:
    """Returns the ids of the articles by title."""
    languages = {"Rechnung ändern": "de", "予約の取り消し": "ja"}
    return {
        title: str(written(author, title=title, text=text, language=languages.get(title, "en"))["id"])
        for title, text in HELP.items()
    }


@pytest.mark.parametrize(
    ("subject", "description", "first"),
    [
        ("I want to cancel my booking", "", "Cancel a booking"),
        ("Help", "I forgot my password and cannot come in.", "Forgotten password"),
        ("", "Is it possible to pay with a credit card?", "Pay by card"),
        ("No invoice", "I have been waiting for the invoices for weeks.", "The invoice"),
        ("Rechnungen", "Meine Adresse auf den Rechnungen ist falsch", "Rechnung ändern"),
        ("予約を取り消したい", "", "予約の取り消し"),
        ("PASSWORD!!!", "", "Forgotten password"),
    ],
)
def test_best_article_comes_first(parley: Parley, subject: str, description: str, first: str) -> None:
    ids = knowledge(admin(parley))

    assert suggested(parley.user("alice"), subject, description)[:1] == [ids[first]]


@pytest.mark.parametrize(
    ("subject", "description"),
    [
        ("", ""),
        ("?", "!!!"),
        ("The dog", "It barks at night, and my neighbours complain."),
        ("to you", "we get it by the day"),
        ("Hello", "world"),
    ],
)
def test_nothing_is_suggested_that_does_not_fit(parley: Parley, subject: str, description: str) -> None:
    knowledge(admin(parley))

    assert suggested(parley.user("alice"), subject, description) == []


def test_five_are_suggested_at_most_and_none_twice(parley: Parley) -> None:
    ada = admin(parley)
    ids = {written(ada, title=f"Booking of luggage {number}")["id"] for number in range(6)}
    for number in range(18):
        written(ada, title=f"Other {number}", text="Nothing of it.")

    found = suggested(ada, "luggage", "my luggage was lost")

    assert (len(found), len(set(found)), set(found) <= ids) == (5, 5, True)


def test_language_narrows_the_suggestions(parley: Parley) -> None:
    ada = admin(parley)
    german = written(ada, title="Booking", language="de-CH")["id"]
    english = written(ada, title="Booking", language="en")["id"]

    assert suggested(ada, "booking", language="de") == [german]
    assert set(suggested(ada, "booking")) == {german, english}


def test_drafts_are_never_suggested(parley: Parley) -> None:
    ada = admin(parley)
    written(ada, state="draft")

    for reader in (parley.user("alice"), agent(parley), parley.user("backend", role="service")):
        assert suggested(reader, "cancel booking") == []


def test_suggestion_is_shown_like_a_result(parley: Parley) -> None:
    ada = admin(parley)
    article = written(ada, category="booking")

    reply = parley.user("alice").post(f"{PATH}/suggest", json={"subject": "Cancel"})

    names = ("id", "title", "excerpt", "category", "language", "updated_at")
    assert reply.json == {"suggestions": [{name: article[name] for name in names}]}


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"subject": "x" * 201}, ("/subject", "too_long")),
        ({"description": "x" * 10_001}, ("/description", "too_long")),
        ({"description": "x" * 1_000_000}, ("/description", "too_long")),
        ({"subject": None}, ("/subject", "wrong_type")),
        ({"language": "de_DE"}, ("/language", "bad_format")),
        ({"text": "x"}, ("/text", "unknown_field")),
    ],
    ids=lambda value: str(value)[:30],
)
def test_bad_field_is_named(parley: Parley, body: dict[str, object], error: tuple[str, str]) -> None:
    assert refusal(parley.user("alice").post(f"{PATH}/suggest", json=body)) == invalid(error)
