"""moto with the same answers in less time: a profile of the functional tests named these places."""

from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import Any

import moto.core.responses
from moto.core.serialize import ResponseSerializer
from moto.dynamodb.comparisons import ConditionExpressionParser
from moto.dynamodb.parsing import ast_nodes, expressions
from moto.dynamodb.parsing.validators import ActionCountValidator

from tests.harness.calls import replaced


@contextmanager
def quick() -> Iterator[None]:
    with ExitStack() as stack:
        names = vars(moto.core.responses)[
            "method_names_from_class"
        ]  # of a class of responses: the same for each request
        stack.enter_context(replaced(moto.core.responses, "method_names_from_class", cache(names)))
        stack.enter_context(_values_without_aliases())
        stack.enter_context(_kinds_of_nodes_once())
        stack.enter_context(_actions_counted_once())
        stack.enter_context(_expressions_read_once())
        yield


@contextmanager
def _values_without_aliases() -> Iterator[None]:
    """A value of DynamoDB is a dict with one of ten keys; moto would look for twenty names of them in each."""

    def get_value(serializer: ResponseSerializer, value: Any, key: str, shape: Any) -> Any:
        parent = getattr(shape, "parent", None)
        if type(value) is dict and parent is not None and parent.name == "AttributeValue":
            return value.get(key)
        return original(serializer, value, key, shape)

    with replaced(ResponseSerializer, "get_value", get_value) as original:
        yield


@contextmanager
def _kinds_of_nodes_once() -> Iterator[None]:
    """A traverser of an expression asks itself at each node which kinds of nodes it processes."""

    def nodes_to_be_processed(traverser: Any) -> Any:
        known = vars(traverser)
        if "_kinds" not in known:
            known["_kinds"] = original(traverser)
        return known["_kinds"]

    with replaced(vars(ast_nodes)["DepthFirstTraverser"], "nodes_to_be_processed", nodes_to_be_processed) as original:
        yield


@contextmanager
def _actions_counted_once() -> Iterator[None]:
    """The root of an expression has all actions of the parts below it; moto would count those of each part again."""

    def verify_action_counts(validator: ActionCountValidator, node: Any) -> Any:
        return node if node.parent else original(validator, node)

    with replaced(ActionCountValidator, "verify_action_counts", verify_action_counts) as original:
        yield


@contextmanager
def _expressions_read_once() -> Iterator[None]:
    """The functions' expressions are few. moto changes no tree of an update, and of a condition only a word's list."""

    @cache
    def read(expression: str) -> tuple[Any, ...]:
        return tuple(original(ConditionExpressionParser(expression, None, None)))

    def words(parser: ConditionExpressionParser) -> deque[Any]:
        return deque(word._replace(children=[]) for word in read(parser.condition_expression or ""))

    updates = vars(expressions)["UpdateExpressionParser"]
    with replaced(ConditionExpressionParser, "_lex_condition_expression", words) as original:
        with replaced(updates, "make", staticmethod(cache(updates.make))):
            yield
