"""The tools that know SAM, CloudFormation and AWS's security rules have nothing to say against template.yaml."""

from collections.abc import Callable

import pytest

from tests.template.gate import STEPS, Verdict, run


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
def test_the_template_is_clean(step: Callable[[], Verdict]) -> None:
    verdict = step()

    assert verdict.passed, verdict.said


def test_a_tool_that_is_not_there_has_not_passed() -> None:
    assert not run(".venv-nowhere", "sam").passed
