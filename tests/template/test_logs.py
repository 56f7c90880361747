"""The log groups of template.yaml, and what is counted in them."""

import pytest

from bench.month import FUNCTIONS as FREQUENT
from tests.template.deployed import FUNCTIONS, deployed, kind_of, of_type


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_logs_to_the_shared_group_of_its_kind(function: str) -> None:
    group = {"rest": "RestLogs", "websocket": "WebSocketLogs"}.get(kind_of(function), "BackgroundLogs")

    expected = {"LogGroup": deployed().resources[group].ref}
    if function in FREQUENT.values():
        # Lambda logs those alone that did not go well; a filter by application level would take the metrics, too.
        expected |= {"LogFormat": "JSON", "SystemLogLevel": "WARN"}
    assert deployed().resources[function].properties["LoggingConfig"] == expected


def test_every_log_group_forgets() -> None:
    assert all(group.properties["RetentionInDays"] for group in of_type("AWS::Logs::LogGroup"))


def test_faults_are_counted_by_the_level_that_the_logger_writes() -> None:
    counted = {
        (f.properties["LogGroupName"], f.properties["FilterPattern"]) for f in of_type("AWS::Logs::MetricFilter")
    }
    groups = {deployed().resources[name].ref for name in ("WebSocketLogs", "BackgroundLogs")}

    assert {(group, '{ $.level = "ERROR" }') for group in groups} <= counted
    assert {group for group, pattern in counted if "$.level" in pattern} == groups
