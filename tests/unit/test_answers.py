"""The answers of push services in a trace."""

from parley.domain.notifications.answers import MAX_CHARACTERS, answer_of


def test_a_device_that_is_alone_is_not_named() -> None:
    assert answer_of([("phone", "sent 201")]) == "sent 201"
    assert answer_of([]) == ""


def test_a_later_answer_of_a_device_takes_the_place_of_the_earlier_one() -> None:
    earlier = answer_of([("phone", "sent 201"), ("a:b", "failed 503")])

    assert earlier == "phone: sent 201, a:b: failed 503"
    assert answer_of([("a:b", "sent 201")], earlier) == "phone: sent 201, a:b: sent 201"


def test_the_text_has_a_bound() -> None:
    assert len(answer_of((f"{'d' * 60}{number}", "failed timed_out") for number in range(26))) == MAX_CHARACTERS
