"""Asking Parley: a refusal is raised as it is, and no answer ends the command."""

from collections.abc import Callable
from typing import Any

from parley_host.errors import ParleyError, Problem
from parley_host.moving.problems import Stop

NOT_ANSWERED = "Parley does not answer ({}). The same command continues."


def asked(ask: Callable[[], Any]) -> Any:
    """Returns the answer of Parley; raises Problem if it refuses, Stop if it does not answer after all tries."""
    try:
        return ask()
    except Problem as problem:
        if problem.may_pass or problem.status == 401:
            raise Stop(NOT_ANSWERED.format(problem)) from problem
        raise
    except ParleyError as error:
        raise Stop(NOT_ANSWERED.format(error)) from error
