"""The alarms and the dashboard of template.yaml."""

import json
import re
from typing import Any

import pytest

from local.template import Place, load
from tests.template.deployed import (
    ALARMS,
    FUNCTIONS,
    ROOT,
    TABLES,
    TEMPLATE,
    dead_letter_queues,
    deployed,
    kind_of,
    of_type,
    written,
)

BACKGROUND = ("scheduled", "streams", "queues")


def test_the_pages_say_what_the_alarms_cost() -> None:
    # An expression counts each metric in it (aws-facts.md#cloudformation-and-cloudwatch); ten are free.
    alarms = [each.properties for each in of_type("AWS::CloudWatch::Alarm")]
    watched = [one for alarm in alarms for one in alarm.get("Metrics", [{"MetricStat": {}}])]
    metrics = sum("MetricStat" in one for one in watched)
    usd = (metrics - 10) / 10

    for page in ("operate/costs.md", "contribute/decisions/template.md"):
        text = (ROOT / "docs" / page).read_text(encoding="utf-8")
        assert f"{metrics} metrics" in text, page
        assert f"${usd:.2f}" in text, page
    assert f"about {usd:.0f} USD" in written()["Parameters"]["Alarms"]["Description"]


def test_operating_says_which_alarms_leave_out_faults_that_pass() -> None:
    """They count lines of level ERROR, and a function logs a fault that passes as a refusal, at INFO."""
    page = (ROOT / "docs" / "operate" / "watch.md").read_text(encoding="utf-8")
    filters = of_type("AWS::Logs::MetricFilter")
    by_level = {
        f"{one.properties['MetricTransformations'][0]['MetricName']}Alarm"
        for one in filters
        if "$.level" in one.properties["FilterPattern"]
    }
    [paragraph] = [one for one in page.split("\n\n") if one.startswith("A fault of AWS that passes by itself")]

    assert set(re.findall(r"`(\w+Alarm)`", paragraph.partition(" counts it.")[0])) == by_level


def watched() -> set[tuple[str, str]]:
    """Returns (metric, physical name) of everything that an alarm looks at; "" where a metric has no dimensions."""
    pairs = set()
    for alarm in of_type("AWS::CloudWatch::Alarm"):
        metrics = [m["MetricStat"]["Metric"] for m in alarm.properties.get("Metrics", []) if "MetricStat" in m]
        for metric in metrics or [alarm.properties]:
            pairs.add((metric["MetricName"], next((d["Value"] for d in metric.get("Dimensions", [])), "")))
    return pairs


@pytest.mark.parametrize("function", [name for name in FUNCTIONS if kind_of(name) in BACKGROUND])
def test_a_function_that_nobody_waits_for_has_an_alarm_on_errors(function: str) -> None:
    assert ("Errors", deployed().resources[function].ref) in watched()


@pytest.mark.parametrize("function", [name for name in FUNCTIONS if kind_of(name) == "scheduled"])
def test_a_sweep_that_does_not_run_rings_an_alarm(function: str) -> None:
    alarms = [each.properties for each in of_type("AWS::CloudWatch::Alarm")]
    own = [
        one
        for one in alarms
        if {"Name": "FunctionName", "Value": deployed().resources[function].ref} in one.get("Dimensions", [])
    ]
    [alarm] = [one for one in own if one["MetricName"] == "Invocations"]

    assert (alarm["ComparisonOperator"], float(alarm["Threshold"])) == ("LessThanThreshold", 1)
    assert (alarm["Statistic"], alarm["TreatMissingData"]) == ("Sum", "breaching")
    assert alarm["Period"] * alarm["DatapointsToAlarm"] <= 300


@pytest.mark.parametrize("queue", sorted(dead_letter_queues()))
def test_a_dead_letter_queue_has_an_alarm_on_its_first_message(queue: str) -> None:
    assert ("ApproximateNumberOfMessagesVisible", deployed().resources[queue].name) in watched()


def test_one_alarm_watches_what_the_functions_count_as_throttled() -> None:
    [alarm] = [one for one in of_type("AWS::CloudWatch::Alarm") if one.properties.get("MetricName") == "StoreThrottled"]
    variables = deployed().resources["SendMessage"].properties["Environment"]["Variables"]

    # The names under which Powertools writes a metric that has no dimension of its own.
    assert alarm.properties["Namespace"] == variables["POWERTOOLS_METRICS_NAMESPACE"]
    service = variables["POWERTOOLS_SERVICE_NAME"]
    assert alarm.properties["Dimensions"] == [{"Name": "service", "Value": service}]
    assert (float(alarm.properties["Threshold"]), alarm.properties["Statistic"]) == (0, "Sum")


INDEXES = [
    (table, index["IndexName"])
    for table in TABLES
    for index in deployed().resources[table].properties.get("GlobalSecondaryIndexes", [])
]


@pytest.mark.parametrize(("table", "index"), [*((table, None) for table in TABLES), *INDEXES])
@pytest.mark.parametrize("metric", ["ReadThrottleEvents", "WriteThrottleEvents"])
def test_a_table_and_an_index_have_a_line_of_the_dashboard_for_what_is_throttled(
    table: str, index: str | None, metric: str
) -> None:
    # The dimension TableName alone leaves the indexes out (aws-facts.md#dynamodb-limits).
    dimensions = ["TableName", deployed().resources[table].ref, *(["GlobalSecondaryIndexName", index] if index else [])]
    lines = [line for widget in widgets() for line in widget["properties"]["metrics"]]

    assert ["AWS/DynamoDB", metric, *dimensions] in [[part for part in line if isinstance(part, str)] for line in lines]


def widgets() -> list[dict[str, Any]]:
    [dashboard] = of_type("AWS::CloudWatch::Dashboard")
    found: list[dict[str, Any]] = json.loads(dashboard.properties["DashboardBody"])["widgets"]
    return found


def test_refused_connects_ring_no_alarm_on_errors() -> None:
    # IntegrationError counts what a function answers with 4xx, and $connect answers 401 and 429.
    assert not [one for one in watched() if one[0] == "IntegrationError"]
    assert "ExecutionError" in {metric for metric, _ in watched()}


def test_slow_answers_and_too_many_requests_ring_an_alarm() -> None:
    by_percentile = {
        one.properties["MetricName"]: one.properties["ExtendedStatistic"]
        for one in of_type("AWS::CloudWatch::Alarm")
        if "ExtendedStatistic" in one.properties
    }
    [counted] = [one for one in of_type("AWS::Logs::MetricFilter") if one.logical_id == "TooManyRequests"]

    assert by_percentile == {"Latency": "p99", "IntegrationLatency": "p99"}
    assert counted.properties["LogGroupName"] == deployed().resources["AccessLogs"].ref
    assert counted.properties["FilterPattern"] == '{ $.status = "429" }'  # the access log's status is a text
    for stage in (*of_type("AWS::ApiGateway::Stage"), *of_type("AWS::ApiGatewayV2::Stage")):
        settings = stage.properties.get("AccessLogSetting") or stage.properties["AccessLogSettings"]
        assert '"status": "$context.status"' in settings["Format"]
    assert "TooManyRequests" in {metric for metric, _ in watched()}


def test_metrics_and_dashboard_are_the_stack_s_own() -> None:
    elsewhere = load(TEMPLATE, place=Place(stack="parley-eu", region="eu-central-1"))
    [dashboard] = elsewhere.of_type("AWS::CloudWatch::Dashboard")
    environment = [one.properties["Environment"]["Variables"] for one in elsewhere.of_type("AWS::Lambda::Function")]

    # A dashboard's name is one of the account, for all its regions.
    assert dashboard.properties["DashboardName"] == "parley-eu-eu-central-1"
    assert elsewhere.outputs["DashboardUrl"].endswith("region=eu-central-1#dashboards:name=parley-eu-eu-central-1")
    names = ("POWERTOOLS_METRICS_NAMESPACE", "POWERTOOLS_SERVICE_NAME")
    assert {tuple(one[name] for name in names) for one in environment} == {("parley-eu", "parley-eu")}
    searches = re.findall(r"SEARCH\('(\{.*?\})", json.dumps(json.loads(dashboard.properties["DashboardBody"])))
    # Lambda's own metrics are the account's; a search finds the stack's by how the names of its functions begin.
    assert set(searches) == {'{\\"parley-eu\\",operation,service}', "{AWS/Lambda,FunctionName}"}
    assert 'Invocations "parley-eu_"' in dashboard.properties["DashboardBody"].replace('\\"', '"')


@pytest.mark.parametrize("alarm", ALARMS)
def test_an_alarm_looks_at_no_more_metrics_than_cloudwatch_allows(alarm: str) -> None:
    assert len([m for m in deployed().resources[alarm].properties.get("Metrics", []) if "MetricStat" in m]) <= 10


def test_both_apis_the_stream_and_the_functions_as_a_whole_have_alarms() -> None:
    resources = deployed().resources

    assert {
        ("5XXError", resources["RestApi"].properties["Name"]),
        ("ExecutionError", resources["WebSocketApi"].ref),
        ("WebSocketFaults", ""),
        ("BackgroundFaults", ""),
        ("IteratorAge", resources["StartFanOut"].ref),
        ("Throttles", ""),
    } <= watched()


@pytest.mark.parametrize("alarm", ALARMS)
def test_an_alarm_tells_the_topic_and_is_in_the_handbook(alarm: str) -> None:
    properties = deployed().resources[alarm].properties
    topic = deployed().resources["AlarmTopic"].ref

    assert properties["AlarmActions"] == properties["OKActions"] == [topic]
    # An alarm that waits for too much must not ring when there is nothing; one that waits for too little must.
    waits_for_less = properties["ComparisonOperator"].startswith("LessThan")
    assert properties["TreatMissingData"] == ("breaching" if waits_for_less else "notBreaching")
    assert f"`{alarm}`" in (ROOT / "docs" / "operate" / "watch.md").read_text(encoding="utf-8")


def test_the_dashboard_is_json_and_its_widgets_do_not_overlap() -> None:
    [dashboard] = of_type("AWS::CloudWatch::Dashboard")
    widgets = json.loads(dashboard.properties["DashboardBody"])["widgets"]
    cells = [
        (x, y)
        for widget in widgets
        for x in range(widget["x"], widget["x"] + widget["width"])
        for y in range(widget["y"], widget["y"] + widget["height"])
    ]

    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24
