"""POST /unsubscribe/{token}: one click ends a person's e-mails, whatever is sent along, and only by a link of ours."""

import pytest

from tests.functional.mailing import mail_state, token_for, visit
from tests.harness import Parley

ONE_CLICK = "List-Unsubscribe=One-Click"


def test_one_click_ends_e_mails(parley: Parley) -> None:
    alice = parley.user("alice")
    assert alice.get("/me/notification-preferences").json["email_state"] == "no_address"

    answer = visit(parley, token_for(parley, "alice", language="de"), "POST", ONE_CLICK)

    assert answer.status == 200 and 'lang="de"' in answer.text and "<form" not in answer.text
    assert mail_state("alice") == {"off": "unsubscribed"}
    assert alice.get("/me/notification-preferences").json["email_state"] == "unsubscribed"


def test_a_wrong_template_keeps_nobody_from_leaving(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    parley.user("alice")
    monkeypatch.setenv("MAIL_TEMPLATE", "nowhere")

    page = visit(parley, token_for(parley, "alice"))
    answer = visit(parley, token_for(parley, "alice"), "POST", ONE_CLICK)

    assert page.status == 200 and "<form" in page.text
    assert answer.status == 200 and mail_state("alice") == {"off": "unsubscribed"}


def test_a_second_click_answers_alike_and_writes_nothing(parley: Parley) -> None:
    parley.user("alice")
    token = token_for(parley, "alice")
    first = visit(parley, token, "POST", ONE_CLICK)

    with parley.watch() as calls:
        second = visit(parley, token, "POST", ONE_CLICK)

    assert (first.status, first.text) == (second.status, second.text) == (200, second.text)
    assert [call.operation for call in calls if call.service == "dynamodb"] == ["BatchGetItem"]


@pytest.mark.parametrize(
    "raw", [None, "", "anything=else", "{", "\x00", "List-Unsubscribe=One-Click&x=" + "y" * 10_000]
)
def test_no_wish_fails_by_its_form(parley: Parley, raw: str | None) -> None:
    parley.user("alice")

    assert visit(parley, token_for(parley, "alice"), "POST", raw).status == 200
    assert mail_state("alice") == {"off": "unsubscribed"}


def test_a_changed_link_is_wrong_and_an_old_one_is_over(parley: Parley) -> None:
    parley.user("alice")
    token = token_for(parley, "alice")
    wrong = [token[:-1] + ("A" if token[-1] != "A" else "B"), token[::-1], "x", "a" * 100, "%00", "é", "a" * 1_001]

    for each in wrong:
        assert visit(parley, each, "POST", ONE_CLICK).status == 404, each
    parley.advance(3600)
    assert visit(parley, token, "POST", ONE_CLICK).status == 410
    assert mail_state("alice") is None


def test_a_link_of_an_erased_person_is_over_and_writes_nothing(parley: Parley) -> None:
    from parley.adapters.dynamodb import tables
    from parley.adapters.people import erased_people

    tables.Erasure(erasure_id=erased_people.key("alice")).save()

    answers = [visit(parley, token_for(parley, "alice"), method) for method in ("GET", "POST")]

    late = visit(parley, token_for(parley, "alice", ends_in_s=-1))
    assert {(each.status, each.text) for each in answers} == {(410, late.text)}
    assert mail_state("alice") is None


def test_the_person_turns_e_mails_on_again(parley: Parley) -> None:
    alice = parley.user("alice")
    visit(parley, token_for(parley, "alice"), "POST", ONE_CLICK)

    silent = alice.patch("/me/notification-preferences", json={"channels": {"push": {"message": True}}})
    assert silent.json["email_state"] == "unsubscribed"
    less = alice.patch("/me/notification-preferences", json={"channels": {"email": {"message": False}}})
    assert less.json["email_state"] == "unsubscribed"
    again = alice.patch("/me/notification-preferences", json={"channels": {"email": {"message": True}}})

    assert again.json["email_state"] == "no_address"
    assert visit(parley, token_for(parley, "alice"), "POST", ONE_CLICK).status == 200
    assert alice.get("/me/notification-preferences").json["email_state"] == "unsubscribed"


def test_a_busy_store_answers_a_page_with_its_status(parley: Parley) -> None:
    from tests.harness.calls import Call, aws_refusal

    class Throttled:
        def before(self, call: Call) -> None:
            if call.service == "dynamodb":
                raise aws_refusal(call, "ThrottlingException", "slow down")

        def after(self, call: Call) -> None:
            assert call.service == "secretsmanager"

    token = token_for(parley, "alice")
    parley.hooks.append(Throttled())

    for method in ("GET", "POST"):
        answer = visit(parley, token, method)
        assert answer.status == 503 and "try again" in answer.text


def test_the_page_tells_no_other_site_its_address(parley: Parley) -> None:
    headers = visit(parley, token_for(parley, "alice"), "POST", ONE_CLICK).headers

    assert headers["referrer-policy"] == "no-referrer" and headers["cache-control"] == "no-store"
    assert "default-src 'none'" in headers["content-security-policy"]
