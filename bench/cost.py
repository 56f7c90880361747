"""The price of a million messages between two people, at list prices, from the numbers of the other sections.

And the price of a month, all in (`month.py`). Numbers that cannot be counted here are assumed below, by name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench import attachments, month, notifications, prices, support
from bench.latency import duration_ms
from bench.rows import Row, Section

BUDGET_USD = 10.0

# Assumed: how people talk. Each of the two is connected with one device and writes a message a minute.
CONNECTION_MINUTES = 1.0  # per message: two devices, two messages a minute
PACE_S = 60.0  # between two messages of a person
FIRST_OF_HOUR = 1 / 20  # messages that move the conversation up in both lists
RETRIED_POSTS = 0.01  # throttled ones, which go through the queue: sent, received, deleted

BUSY_MESSAGES_PER_S = 100  # in the whole deployment, while it is in use

TRACES = (1 + 0.05 * (BUSY_MESSAGES_PER_S - 1)) / BUSY_MESSAGES_PER_S  # Lambda: one a second, and 5 % of the others


@dataclass(frozen=True)
class Part:
    """A part of the price of one message, in USD, and how it comes about."""

    name: str
    usd: float
    how: str


def measure(numbers: Mapping[str, float]) -> Section:
    """Returns the rows of the price, from the other sections' numbers; the parts have no budgets of their own."""
    parts = message_parts(numbers)
    heartbeat = heartbeat_usd(numbers)
    rest = rest_usd(numbers)
    pings = PACE_S / numbers["heartbeat_s"]
    rows = [
        _row("total", "1 million messages, WebSocket to WebSocket", sum(part.usd for part in parts), BUDGET_USD),
        *(_row(part.name, f"– {part.name}", part.usd, note=part.how) for part in parts),
        _row(
            "rest",
            "the same sent over REST",
            rest,
            note="a REST request alone is 3.50, and the sender's own device is told too",
        ),
        _row(
            "heartbeats",
            "beside the messages: heartbeats at that pace",
            pings * heartbeat,
            note=f"one every {numbers['heartbeat_s']:.0f} s for each connected device, so {pings:g} per message",
        ),
    ]
    months = month_rows([month.of(use, numbers) for use in month.USES])
    beside = (attachments, notifications, support)
    return Section(
        rows=[*latency_rows(numbers), *rows, *(row for each in beside for row in each.price_rows(numbers)), *months]
    )


# System D promises delivery in 100 ms and REST in 50 ms; API Gateway takes some milliseconds beside the function.
LATENCY_MS = {"send.WebSocket": 90.0, "list": 50.0, "history": 50.0, "unread": 50.0, "unread_count": 50.0}


def latency_rows(numbers: Mapping[str, float]) -> list[Row]:
    """Returns the times of warm functions by the model of `latency.py`; a send has delivered when it is answered."""
    names = {"send.WebSocket": "send and deliver over WebSocket", "unread_count": "unread total"}
    return [
        Row(
            key=f"latency.{key}",
            what=f"by the model, {names.get(key, key)}: p50",
            number=round(_duration_ms(numbers, key), 1),
            unit="ms",
            budget=budget,
            note="{:g} ms of waits, {:.1f} ms on a whole processor, {:g} MB".format(
                *(numbers[f"{key}.{name}"] for name in ("waits_ms", "processor_ms", "memory_mb"))
            ),
        )
        for key, budget in LATENCY_MS.items()
    ]


def month_rows(months: Sequence[month.Month]) -> list[Row]:
    """Returns a row for each month, the parts in its note, and the parts of the first one."""
    totals = [
        Row(
            key=f"month.{one.use.key}",
            what=f"a month of {one.use.what}, {one.use.messages:,} messages a day",
            number=round(one.total, 1),
            unit="USD",
            budget=month.BUDGET_USD if one is months[0] else None,
            note=", ".join(f"{name} {usd:.1f}" for name, usd in one.parts.items()),
        )
        for one in months
    ]
    return [
        *totals,
        *(
            Row(key=f"month.{name}", what=f"– {name}, {months[0].use.what}", number=round(usd, 1), unit="USD")
            for name, usd in months[0].parts.items()
        ),
    ]


def message_parts(numbers: Mapping[str, float]) -> list[Part]:
    """Returns the parts of the price of a message that is sent and delivered over WebSocket."""
    posts = numbers["send.WebSocket.posts"]
    return [
        Part("API Gateway messages", (2 + posts) * prices.SOCKET_MESSAGE, f"frame, acknowledgement, {posts:g} event"),
        Part(
            "connection minutes", CONNECTION_MINUTES * prices.CONNECTION_MINUTE, f"{CONNECTION_MINUTES:g} per message"
        ),
        *_dynamodb(numbers, "WebSocket"),
        *_lambda(numbers, "WebSocket"),
        Part("SQS", RETRIED_POSTS * posts * 3 * prices.QUEUE_REQUEST, f"{RETRIED_POSTS:.0%} of the posts retried"),
        _logs(numbers["send.WebSocket.log_bytes"], prices.SOCKET_ACCESS_LOG_BYTES),
        Part(
            "figures",
            month.figures_usd(1, BUSY_MESSAGES_PER_S),
            f"counted in batches of {prices.FIGURES_WINDOW_S:g} s of {prices.STREAM_SHARDS} shards",
        ),
        Part(
            "notifications",
            notifications.of_message_usd(numbers),
            f"read in time; {notifications.BATCH} messages in one job",
        ),
        Part("traces", TRACES * prices.TRACE, f"{TRACES:.0%} sampled at {BUSY_MESSAGES_PER_S} messages/s"),
    ]


def rest_usd(numbers: Mapping[str, float]) -> float:
    """Returns the price of a message that is sent over REST and delivered over WebSocket."""
    posts = numbers["send.REST.posts"]
    parts = [
        *_dynamodb(numbers, "REST"),
        *_lambda(numbers, "REST"),
        _logs(numbers["send.REST.log_bytes"], prices.ACCESS_LOG_BYTES),
    ]
    rest = prices.REST_REQUEST + posts * prices.SOCKET_MESSAGE + CONNECTION_MINUTES * prices.CONNECTION_MINUTE
    return rest + TRACES * prices.TRACE + sum(part.usd for part in parts)


def heartbeat_usd(numbers: Mapping[str, float]) -> float:
    """Returns the price of one `ping` that asks for no answer."""
    invocation = prices.INVOCATION + _gb_s(_duration_ms(numbers, "ping"), numbers["ping.memory_mb"]) * prices.GB_S
    units = numbers["ping.write"] * prices.WRITE_UNIT + numbers["ping.read"] * prices.READ_UNIT
    frame = (1 + numbers["ping.posts"]) * prices.SOCKET_MESSAGE
    logged = (numbers["ping.log_bytes"] + prices.SOCKET_ACCESS_LOG_BYTES) * prices.LOG_BYTE
    return frame + units + invocation + logged


def _duration_ms(numbers: Mapping[str, float], key: str) -> float:
    return duration_ms(*(numbers[f"{key}.{name}"] for name in ("processor_ms", "waits_ms", "memory_mb")))


def _dynamodb(numbers: Mapping[str, float], transport: str) -> list[Part]:
    often, seldom = numbers[f"send.{transport}.write"], numbers[f"send_first.{transport}.write"]
    write = often + FIRST_OF_HOUR * (seldom - often)
    read = numbers[f"send.{transport}.read"]
    return [
        Part("DynamoDB writes", write * prices.WRITE_UNIT, f"{write:g} units, 1 in {1 / FIRST_OF_HOUR:.0f} the first"),
        Part("DynamoDB reads", read * prices.READ_UNIT, f"{read:g} units; the stream's reads by Lambda are free"),
    ]


def _lambda(numbers: Mapping[str, float], transport: str) -> list[Part]:
    milliseconds = _duration_ms(numbers, f"send.{transport}")
    memory_mb = numbers[f"send.{transport}.memory_mb"]
    invocations = 1 + 1 / prices.STREAM_BATCH
    gb_s = _gb_s(milliseconds + prices.COLD_STARTS * prices.COLD_START_MS, memory_mb) * invocations
    cold = f"1 in {1 / prices.COLD_STARTS:.0f} with {prices.COLD_START_MS} ms of cold start"
    how = f"{milliseconds:.0f} ms at {memory_mb:g} MB, {cold}"
    return [
        Part("Lambda requests", invocations * prices.INVOCATION, f"the send, and the stream in tens: {invocations:g}"),
        Part("Lambda duration", gb_s * prices.GB_S, how),
    ]


def _gb_s(milliseconds: float, memory_mb: float) -> float:
    return milliseconds / 1000 * memory_mb / 1024


def _logs(own_bytes: float, access_bytes: int) -> Part:
    written = own_bytes + prices.PLATFORM_LOG_BYTES + access_bytes
    beside = f"{prices.PLATFORM_LOG_BYTES} of Lambda's, {access_bytes} of API Gateway's"
    how = f"{own_bytes:.0f} bytes of ours, {beside}"
    return Part("logs", written * prices.LOG_BYTE, how)


def _row(key: str, what: str, usd: float, budget: float | None = None, note: str = "") -> Row:
    return Row(
        key=f"cost.{key}", what=what, number=round(usd * 1e6, 2), unit="USD per million", budget=budget, note=note
    )
