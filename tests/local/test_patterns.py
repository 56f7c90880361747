"""Filter criteria: the operators, and the difference between a number and the text of one."""

import json
from typing import Any

import pytest

from local.patterns import Filter
from local.template import TemplateError

EVENT = {
    "eventName": "INSERT",
    "dynamodb": {"Keys": {"seq": {"N": "5"}}, "NewImage": {"tags": {"L": []}}},
    "count": 5,
    "name": "Anna",
    "roles": ["a", "b"],
    "flag": True,
    "nothing": None,
}


@pytest.mark.parametrize(
    ("pattern", "passes"),
    [
        ({"eventName": ["INSERT", "MODIFY"]}, True),
        ({"eventName": ["REMOVE"]}, False),
        ({"eventName": ["INSERT"], "name": ["Bob"]}, False),
        ({"dynamodb": {"Keys": {"seq": {"N": ["5"]}}}}, True),
        ({"dynamodb": {"Keys": {"seq": {"N": [{"numeric": [">", 0]}]}}}}, False),
        ({"dynamodb": {"Keys": {"seq": {"N": [{"anything-but": ["0"]}]}}}}, True),
        ({"dynamodb": {"Keys": {"seq": {"N": [{"anything-but": "5"}]}}}}, False),
        ({"count": [{"numeric": [">", 0, "<=", 5]}]}, True),
        ({"count": [{"numeric": ["<", 5]}]}, False),
        ({"count": [{"numeric": ["=", 5]}]}, True),
        ({"count": [5.0]}, True),
        ({"count": ["5"]}, False),
        ({"flag": [True]}, True),
        ({"flag": [1]}, False),
        ({"nothing": [None]}, True),
        ({"name": [{"prefix": "An"}]}, True),
        ({"name": [{"suffix": "na"}]}, True),
        ({"name": [{"equals-ignore-case": "ANNA"}]}, True),
        ({"name": [{"prefix": "X"}, {"suffix": "a"}]}, True),
        ({"name": [{"exists": True}]}, True),
        ({"name": [{"exists": False}]}, False),
        ({"absent": [{"exists": False}]}, True),
        ({"dynamodb": {"OldImage": {"x": [{"exists": False}]}}}, True),
        ({"absent": [{"anything-but": "x"}]}, False),
        ({"roles": ["b"]}, True),
        ({"roles": ["c"]}, False),
        ({"$or": [{"name": ["Bob"]}, {"count": [5]}]}, True),
        ({"$or": [{"name": ["Bob"]}, {"count": [6]}]}, False),
    ],
)
def test_a_pattern(pattern: dict[str, Any], passes: bool) -> None:
    assert Filter({"Filters": [{"Pattern": json.dumps(pattern)}]}).passes(EVENT) is passes


def test_any_of_several_filters_is_enough_and_none_lets_everything_through() -> None:
    patterns = [{"Pattern": json.dumps({"name": [name]})} for name in ("Bob", "Anna")]

    assert Filter({"Filters": patterns}).passes(EVENT)
    assert Filter({}).passes(EVENT)


@pytest.mark.parametrize("pattern", ["{", "[]", '{"a": [{"unheard-of": 1}]}', '{"a": "b"}'])
def test_what_is_no_pattern_is_an_error_of_the_template(pattern: str) -> None:
    with pytest.raises(TemplateError):
        Filter({"Filters": [{"Pattern": pattern}]})
