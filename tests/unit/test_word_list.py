"""The list of banned words, where it touches what others declare."""

from parley.domain.api import requests
from parley.domain.moderation import banned_words


def test_requests_are_held_to_what_rules_can_be() -> None:
    assert (requests.MAX_RULES, requests.MAX_RULE_CHARACTERS) == (
        banned_words.MAX_RULES,
        banned_words.MAX_RULE_CHARACTERS,
    )


def test_spans_are_where_rules_match_in_order_and_once_each() -> None:
    rules = banned_words.compile_rules(
        [
            banned_words.Rule(rule_id="1", kind="word", text="fool", action="flag"),
            banned_words.Rule(rule_id="2", kind="pattern", text="foo*", action="mask"),
            banned_words.Rule(rule_id="3", kind="word", text="bad", action="reject"),
        ]
    )

    assert rules.spans("b a d fools, fool") == [(0, 5), (6, 11), (13, 17)]
    assert rules.spans("good") == []
