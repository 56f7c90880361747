"""Parts that every function of template.yaml has: settings, a name, an environment."""

import re

import pytest

from local.template import Template
from tests.template.deployed import (
    FUNCTIONS,
    ROOT,
    TABLES,
    deployed,
    deployed_as,
    deployed_with,
    environment_of,
    globals_environment,
    layer,
)

UNHURRIED = ("OnPing", "OnTypingStart", "OnTypingStop")


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_has_the_common_settings(function: str) -> None:
    properties = deployed().resources[function].properties

    assert properties["TracingConfig"] == {"Mode": "PassThrough"}
    # A cold start is slow with less, which those that nobody waits for may be (D-259).
    assert properties["MemorySize"] == 256 if function in UNHURRIED else properties["MemorySize"] >= 512
    layers = ["Shared", "Media"] if function == "ScanAttachment" else ["Shared"]
    assert properties["Layers"] == [deployed().resources[layer(name)].ref for name in layers]
    assert 1 <= properties["Timeout"] <= 60
    assert properties["Environment"]["Variables"].items() >= globals_environment().items()


def test_the_connections_endpoint_is_the_stage_unless_a_custom_domain_is_given() -> None:
    own = deployed_with("ConnectionsEndpoint", "https://chat.example.com/ws")
    api_id = deployed().resources["WebSocketApi"].ref

    assert globals_environment()["CONNECTIONS_ENDPOINT"] == f"https://{api_id}.execute-api.us-east-1.amazonaws.com/v1"
    assert environment_of("SendMessage", own)["CONNECTIONS_ENDPOINT"] == "https://chat.example.com/ws"


def test_every_variable_that_the_code_asks_for_is_set() -> None:
    """The code reads its environment by literal names through `environment`, so the names can be read off it."""
    asked = {
        name
        for path in (ROOT / "layers" / "shared" / "parley").rglob("*.py")
        for name in re.findall(
            r"environment\.(?:required|optional)\(\s*\"([A-Z_]+)\"", path.read_text(encoding="utf-8")
        )
    }
    not_ours = {
        "AWS_LAMBDA_INITIALIZATION_TYPE",  # Lambda sets it
        "JWT_SECRET",  # the key of a developer's machine
        "TURN_SECRET",  # the same
        "WEBHOOK_KEY",  # the same
        "WEB_PUSH_SECRET",  # the same
        "ALLOW_PRIVATE_ADDRESSES",  # the local stack sets it
    }
    of_some = {
        name
        for function in (
            "OnAuthorize",
            "CreateTurnCredentials",
            "ScanAttachment",
            "PutDevice",
            "StartFanOut",
            "DecideNotifications",
            "SendMail",
            "PostWebhook",
            "RetryWebhook",
        )
        for name in environment_of(function)
    }

    assert asked - not_ours <= globals_environment().keys() | of_some


@pytest.mark.parametrize("function", ["GetMe", "UpdateMe", "OnHello", "ScanAttachment"])
def test_what_clients_are_told_of_images_is_what_the_scanner_refuses(function: str) -> None:
    found = environment_of(function, deployed_with("MaxImageFrames", "7"))

    assert (found["MAX_IMAGE_FRAMES"], found["MAX_IMAGE_PIXELS"], found["MAX_ANIMATION_PIXELS"]) == (
        "7",
        "60000000",
        "100000000",
    )


@pytest.mark.parametrize("table", TABLES)
def test_every_table_is_known_to_the_functions(table: str) -> None:
    variable = re.sub(r"(?<!^)(?=[A-Z])", "_", table).upper() + "_TABLE"

    assert globals_environment()[variable] == deployed().resources[table].ref


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_has_its_name_in_a_stack_of_forty_characters_too(function: str) -> None:
    assert deployed().resources[function].ref == f"parley_{function}"
    assert len(deployed_as("s" * 40).resources[function].ref) <= 64


def test_traces_are_sent_if_the_parameter_says_so_but_never_of_pings_and_typing() -> None:
    def traced(template: Template) -> set[str]:
        functions = template.of_type("AWS::Lambda::Function")
        return {one.logical_id for one in functions if one.properties["TracingConfig"]["Mode"] == "Active"}

    assert traced(deployed()) == set()
    assert traced(deployed_with("Tracing", "Active")) == set(FUNCTIONS) - {"OnPing", "OnTypingStart", "OnTypingStop"}
