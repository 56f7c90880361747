"""The size of template.yaml, and the contents of its nested stacks."""

import json
import re
import tomllib
from collections import Counter
from pathlib import Path

import pytest

from local.template import TemplateError
from tests.template import source
from tests.template.deployed import (
    FUNCTIONS,
    ROOT,
    TEMPLATE,
    deployed,
    deployed_as,
    environment_of,
    functions_written,
    written,
)
from tests.template.gate import translated
from tests.template.upgrades import LASTING

MOST = 450  # resources of a stack; fifty are left for what deployers add
MEASURED = 312  # resources with 82 functions, when the API had got its roles
# The layer of decoders; a table and two alarms on its indexes; a bucket and its policy; two queues, each with dead
# letters and two alarms; a queue's policy. Two functions that nobody waits for, with three alarms, a mapping, a rule,
# its permission and its configuration of failures. Of the scanner a mapping, an alarm, and a rule for GuardDuty.
# An alarm on scans that do not end.
OF_ATTACHMENTS = 26
THROTTLED = -7  # one alarm came in place of eight (D-482)
# Two tables, a queue and alarms came; three route responses, a function and its alarms went.
OF_SUPPORT = 1  # a table
OF_FIGURES = 4  # a table, a mapping from the stream, two alarms
OF_CLOCKS = 5  # a schedule, its permission, a configuration of failures, two alarms
OF_MAIL = 3  # a mapping, an alarm, the policy of a queue
OF_NOTIFICATIONS = 16  # two tables, seven queues, six alarms, a mapping
OF_WEBHOOKS = 5  # a secret, two mappings from queues, two alarms
OF_PREVIEWS = 3  # a queue, a mapping, an alarm
OF_MARKS = 3  # an integration, a route and its reply, of `mark_unread`
SINCE = 6 + OF_ATTACHMENTS + THROTTLED + OF_SUPPORT + OF_FIGURES + OF_CLOCKS + OF_NOTIFICATIONS + OF_PREVIEWS + OF_MAIL
SINCE += OF_WEBHOOKS + OF_MARKS


def test_a_function_takes_two_resources_and_no_more() -> None:
    count = len(deployed().resources) - len(source.stacks())

    # 500 a stack (aws-facts.md#cloudformation-and-cloudwatch). A function and its role; all else is shared.
    assert count <= MEASURED + SINCE + 2 * (len(FUNCTIONS) - 82), f"{count} resources"


@pytest.mark.parametrize("template", [TEMPLATE, *source.stacks().values()], ids=lambda path: path.stem)
def test_a_translated_template_stays_clear_of_cloudformations_limit(template: Path) -> None:
    characters = len(json.dumps(translated(template)))

    assert characters <= 800_000, characters  # 1 MB a template, the same place


def of_stacks() -> Counter[str]:
    """Returns how many resources each stack has; the parent's name is empty."""
    return Counter(each.stack for each in deployed().resources.values())


@pytest.mark.parametrize("stack", ["", *source.stacks()])
def test_a_stack_stays_clear_of_cloudformations_limit(stack: str) -> None:
    assert of_stacks()[stack] <= MOST


def test_two_hundred_functions_have_room() -> None:
    growth = 200 / len(FUNCTIONS)
    of_routes = sum(each.type.startswith("AWS::ApiGatewayV2::") for each in deployed().resources.values())

    # As many of each kind and area as there are now, in proportion; the REST API's routes are no resources.
    assert of_stacks()[""] + of_routes * (growth - 1) <= MOST
    assert all(count * growth <= MOST for stack, count in of_stacks().items() if stack)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_functions_policy_and_environment_stay_clear_of_their_limits(function: str) -> None:
    long_name = deployed_as("s" * 40)
    policies = long_name.resources[f"{function}Role"].properties.get("Policies", [])
    policy = sum(len(json.dumps(each["PolicyDocument"], separators=(",", ":"))) for each in policies)
    variables = environment_of(function, long_name)

    # 10,240 characters and 4 KB, the same place. A parameter that one function needs stands at that function.
    assert policy <= 8_000, policy
    assert sum(len(name) + len(str(value)) for name, value in variables.items()) <= 3_750


def test_the_decision_on_log_groups_says_how_many_resources_there_are() -> None:
    decisions = (ROOT / "docs" / "contribute" / "decisions" / "template.md").read_text(encoding="utf-8")
    entry = decisions.partition("**Log groups are named after the stack**")[2].partition("\n### ")[0]
    more, processed = (int(number) for number in re.findall(r"some (\d+)", entry))

    assert more == pytest.approx(len(FUNCTIONS), abs=10), f"{len(FUNCTIONS)} functions"
    assert processed == pytest.approx(len(deployed().resources), abs=20), f"{len(deployed().resources)} resources"


STACKS = sorted(source.stacks())


def test_all_that_lasts_is_in_template_yaml() -> None:
    lasting = [each for each in deployed().resources.values() if each.type in LASTING]

    # A resource that moves to another stack is made again, empty.
    assert lasting and {each.stack for each in lasting} == {""}


@pytest.mark.parametrize("stack", STACKS)
def test_a_nested_stack_holds_functions_and_what_is_theirs_alone(stack: str) -> None:
    kinds = {each.type for each in deployed().resources.values() if each.stack == stack}

    assert {"AWS::Lambda::Function", "AWS::IAM::Role"} <= kinds
    assert kinds <= {"AWS::Lambda::Function", "AWS::IAM::Role", "AWS::Lambda::EventInvokeConfig"}


@pytest.mark.parametrize("stack", STACKS)
def test_a_nested_stack_declares_what_it_is_given_and_the_same_globals_as_all_others(stack: str) -> None:
    child = source.read(source.stacks()[stack])
    given = written()["Resources"][stack]["Properties"]["Parameters"]

    assert list(child["Parameters"]) == list(given)
    assert len(given) <= 200
    assert child["Globals"] == source.read(source.stacks()["AccountStack"])["Globals"]
    assert child["Outputs"] == source.read(source.stacks()["AccountStack"])["Outputs"]
    assert "Globals" not in written()


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_is_in_the_stack_of_its_area(function: str) -> None:
    """An area of the package: that of the action of the handler's name; what has none keeps sockets alive."""
    module = ROOT / "functions" / Path(*functions_written()[function]["Handler"].split(".")[:2]).with_suffix(".py")
    text = module.read_text(encoding="utf-8")
    found = re.findall(r"^from parley\.actions\.(\w+)(?: import (\w+)$)?", text, flags=re.MULTILINE)
    named = [area for area, name in found if f"{name}.{module.stem}" in text]
    area = (named or [area for area, _ in found] or ["live"])[0].title()

    assert deployed().resources[function].stack == f"{area}Stack"


def test_a_stacks_name_is_as_long_as_its_functions_names_allow() -> None:
    most = {source.read(path)["Parameters"]["StackName"]["MaxLength"] for path in source.stacks().values()}

    assert most == {40}
    with pytest.raises(TemplateError, match="at most 40"):
        deployed_as("s" * 41)


def test_a_deployer_acknowledges_nested_stacks() -> None:
    config = tomllib.loads((ROOT / "samconfig.toml").read_text(encoding="utf-8"))

    assert config["default"]["deploy"]["parameters"]["capabilities"].split() == [
        "CAPABILITY_IAM",
        "CAPABILITY_AUTO_EXPAND",
    ]
