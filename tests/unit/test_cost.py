"""The price of a million messages: arithmetic over what was counted, with nothing forgotten and nothing twice."""

from collections import defaultdict

import pytest

from bench import cost, month, notifications, prices, report, scene
from bench.latency import POST_MS, duration_ms
from bench.stage import ROOT
from local.template import Template, load

OPERATIONS = (
    *("mark_read", "typing_start", "typing_stop", "sweep.typed", "authorize", "authorize_token", "ticket"),
    *("connect", "connect_again", "disconnect", "disconnect_again"),
    *("hello", "join", "sync", "sync_list", "list", "history", "me", "unread", "unread_count", "search", "list_q"),
    *(f"sweep.{one}" for one in scene.SWEEPS),
)
MEMORY_MB = 512.0
EACH = {"read": 2.0, "write": 1.0, "posts": 0.0, "waits_ms": 16.0, "processor_ms": 2.0, "log_bytes": 250.0} | {
    "memory_mb": MEMORY_MB
}

NUMBERS = {
    **{f"{operation}.{name}": number for operation in OPERATIONS for name, number in EACH.items()},
    "heartbeat_s": 240.0,
    "typing_resend_s": 4.0,
    "ping.posts": 0.0,
    "send.WebSocket.read": 4.0,
    "send.WebSocket.write": 6.0,
    "send.WebSocket.posts": 1.0,
    "send_first.WebSocket.write": 14.0,
    "send.REST.read": 4.0,
    "send.REST.write": 6.0,
    "send.REST.posts": 2.0,
    "send_first.REST.write": 14.0,
    "send.WebSocket.waits_ms": 50.0,
    "send.REST.waits_ms": 50.0,
    "send.WebSocket.processor_ms": 3.0,
    "send.REST.processor_ms": 4.0,
    "send.WebSocket.log_bytes": 450.0,
    "send.REST.log_bytes": 450.0,
    "ping.read": 0.0,
    "ping.write": 1.0,
    "ping.waits_ms": 7.5,
    "ping.processor_ms": 1.0,
    "ping.log_bytes": 450.0,
    **{f"{operation}.memory_mb": MEMORY_MB for operation in ("ping", "send.WebSocket", "send.REST")},
    **{
        f"notify.present.{part}.{name}": number
        for part in ("reader", "job")
        for name, number in (("read", 1.0), ("write", 0.0), ("posts", 0.0), ("queued", 0.1), ("waits_ms", 2.0))
    },
    "notify.memory_mb": MEMORY_MB,
    **{f"attachment.{operation}.memory_mb": MEMORY_MB for operation in ("ask", "url", "settle", "scan")},
}


def test_parts_add_up_to_the_total() -> None:
    measured = cost.measure(defaultdict(float, NUMBERS)).rows
    rows = {row.key: row for row in measured if not row.key.startswith("cost.image")}

    parts = [row.number for row in rows.values() if row.key.startswith("cost.") and row.what.startswith("–")]
    assert rows["cost.total"].number == pytest.approx(sum(parts), abs=0.01 * len(parts))


def test_message_is_a_frame_an_acknowledgement_and_an_event_for_each_device() -> None:
    assert _part("API Gateway messages", NUMBERS) == pytest.approx(3.00)
    assert _part("API Gateway messages", {**NUMBERS, "send.WebSocket.posts": 4.0}) == pytest.approx(6.00)


def test_first_message_of_an_hour_has_its_share() -> None:
    units = 6 + (14 - 6) * cost.FIRST_OF_HOUR

    assert _part("DynamoDB writes", NUMBERS) == pytest.approx(units * 0.625)
    assert _part("DynamoDB reads", NUMBERS) == pytest.approx(4 * 0.125)


def test_invocation_is_billed_for_its_waits_for_aws() -> None:
    slower = {**NUMBERS, "send.WebSocket.waits_ms": 150.0}

    gb_s = 0.1 * MEMORY_MB / 1024 * (1 + 1 / prices.STREAM_BATCH)
    more = _part("Lambda duration", slower) - _part("Lambda duration", NUMBERS)
    assert more == pytest.approx(gb_s * prices.GB_S * 1e6)


def test_every_row_but_the_total_only_informs() -> None:
    budgets = {row.key: row.budget for row in cost.measure(defaultdict(float, NUMBERS)).rows if row.budget is not None}

    assert budgets == {"cost.total": cost.BUDGET_USD, "month.8h": month.BUDGET_USD} | {
        f"latency.{key}": most for key, most in cost.LATENCY_MS.items()
    }


def test_a_month_is_the_sum_of_all_its_parts() -> None:
    eight_hours = month.of(month.USES[0], NUMBERS)

    assert list(eight_hours.parts) == list(month.PARTS)
    assert all(usd > 0 for name, usd in eight_hours.parts.items() if name != "traces")
    assert eight_hours.total == pytest.approx(sum(eight_hours.parts.values()))


def test_pings_follow_the_heartbeat_and_the_hours() -> None:
    def pings(use: month.Use, **changed: float) -> float:
        return month.of(use, {**NUMBERS, **changed}).parts["pings"]

    # 10,000 people, 8 hours of 30 days. They write in four talks of four minutes, and after each the last part of the
    # silence is too short for a ping, half of one on average.
    eight = month.USES[0]
    silent_s = 8 * 3600 - 4 * 240
    assert month.pings_of_a_day(eight, 240.0) == pytest.approx(silent_s / 240 - 2)
    assert month.pings_of_a_day(month.Use("", "", 1, 100, 0.01, 1.0), 240.0) == 0
    post = prices.SOCKET_MESSAGE + POST_MS / 1000 * MEMORY_MB / 1024 * prices.GB_S
    opened = 10_000 * month.OPENS * 30 * post
    each = (
        prices.SOCKET_MESSAGE + prices.WRITE_UNIT + prices.invocation_usd(duration_ms(1.0, 7.5, MEMORY_MB), MEMORY_MB)
    )
    assert pings(eight) == pytest.approx(300_000 * 114 * (each + month.ASKED_PINGS * post) + opened)
    assert pings(eight, heartbeat_s=60.0) - opened == pytest.approx((464 - 2) / 114 * (pings(eight) - opened))
    assert month.unreported(template()) == set(month.FUNCTIONS.values())


def test_typing_is_said_again_as_long_as_it_lasts() -> None:
    assert month.typing_starts(3.0) == pytest.approx(2.0, abs=0.01)  # as it was assumed before the interval changed
    assert month.typing_starts(4.0) == pytest.approx(1.66, abs=0.01)
    assert month.typing_starts(1e9) == 1


def test_acknowledgement_is_paid_for_each_32_kb() -> None:
    def synced(reply_bytes: float) -> float:
        return month.of(month.USES[0], {**NUMBERS, "sync.reply_bytes": reply_bytes}).parts["sync and list"]

    cut = 300_000  # a month: one of four connections takes the place of one that API Gateway cuts
    assert synced(32 * 1024) == synced(0)
    assert synced(32 * 1024 + 1) - synced(0) == pytest.approx(cut * prices.SOCKET_MESSAGE)


def test_the_sweep_of_what_was_typed_costs_what_it_takes_more_than_an_idle_one() -> None:
    typed = {**NUMBERS, "sweep.typed.write": EACH["write"] + 2.0}

    more = month.of(month.USES[0], typed).parts["typing"] - month.of(month.USES[0], NUMBERS).parts["typing"]
    assert more == pytest.approx(200_000 * 30 * 2 * prices.WRITE_UNIT)


def test_the_table_has_a_column_for_each_use_and_a_line_for_each_part() -> None:
    months = [month.of(use, NUMBERS) for use in month.USES]

    lines = report.month_table(cost.month_rows(months)).splitlines()

    assert lines[0].count("|") == len(month.USES) + 2
    assert [line.split(" | ")[0].removeprefix("| ") for line in lines[2:]] == [*month.PARTS, "**all**"]
    assert [f"**{one.total:.1f}**".replace(".0*", "*") in lines[-1] for one in months] == [True] * len(months)


def test_notifications_of_a_batch_share_one_job() -> None:
    def read(**changed: float) -> float:
        return notifications.of_message_usd({**NUMBERS, **changed})

    assert read(**{"notify.present.job.read": 3.0}) - read() == pytest.approx(2 * prices.READ_UNIT)
    units = 2 * prices.READ_UNIT
    alone = notifications.of_message_usd(NUMBERS, together=1)
    assert alone - units == pytest.approx(notifications.BATCH * (read() - units))


def test_what_is_switched_off_waits_at_no_queue() -> None:
    switched_on = load(ROOT / "template.yaml", {"LinkPreviews": "on"})

    more = (
        month.of(month.USES[0], NUMBERS, switched_on).parts["queue polling"]
        - month.of(month.USES[0], NUMBERS).parts["queue polling"]
    )
    assert more == pytest.approx(5 * 3 * 24 * 60 * 30 * prices.QUEUE_REQUEST)


def test_a_cold_start_is_longer_with_less_of_a_processor() -> None:
    assert prices.cold_start_ms(512) == prices.cold_start_ms(1769) == prices.COLD_START_MS
    assert prices.cold_start_ms(256) == 2 * prices.COLD_START_MS


def test_what_stands_in_the_template_is_counted_there() -> None:
    parts = month.of(month.USES[0], NUMBERS).parts

    assert parts["traces"] == 0  # the parameter is off unless it is asked for
    assert parts["alarms"] == pytest.approx(month.alarm_metrics(template()) * prices.ALARM_METRIC)
    traced = load(ROOT / "template.yaml", {"Tracing": "Active"})
    assert month.untraced(traced) == set(month.QUIET)


def template() -> Template:
    return load(ROOT / "template.yaml")


def _part(name: str, numbers: dict[str, float]) -> float:
    """Returns what a part costs in USD per million messages."""
    [usd] = [part.usd for part in cost.message_parts(numbers) if part.name == name]
    return usd * 1e6


def test_a_line_of_the_websocket_access_log_is_as_long_as_it_is_reckoned() -> None:
    [stage] = load(ROOT / "template.yaml").of_type("AWS::ApiGatewayV2::Stage")
    line = stage.properties["AccessLogSettings"]["Format"].strip()
    values = {"requestId": 16, "routeKey": 22, "status": 3, "authorizer.user_id": 36, "integrationLatency": 4}
    values["error.responseType"] = 1

    for name, length in values.items():
        line = line.replace(f'$context.{name}"', "x" * length + '"')

    assert "$context" not in line
    assert len(line) + 26 == prices.SOCKET_ACCESS_LOG_BYTES
