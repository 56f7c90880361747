"""moto with the same answers in less time: a profile of the functional tests named these three places."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import Any

import moto.core.responses
from moto.core.serialize import ResponseSerializer
from moto.dynamodb.parsing import ast_nodes

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
