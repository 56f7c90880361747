"""What a million messages between two people cost, at list prices, from what the other sections counted and measured.

Prices: us-east-1, on demand, without free tiers, November 2026. What cannot be counted here is assumed, below, by name.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from bench.latency import duration_ms
from bench.rows import Row, Section
from bench.stage import memory_mb

BUDGET_USD = 10.0

USD_PER_WRITE_UNIT = 0.625e-6
USD_PER_READ_UNIT = 0.125e-6
USD_PER_SOCKET_MESSAGE = 1.00e-6  # either way, up to 32 KB
USD_PER_CONNECTION_MINUTE = 0.25e-6
USD_PER_REST_REQUEST = 3.50e-6
USD_PER_INVOCATION = 0.20e-6
USD_PER_GB_S = 0.0000133334  # arm64
USD_PER_QUEUE_REQUEST = 0.40e-6
USD_PER_LOG_BYTE = 0.50 / 1e9  # CloudWatch Logs, ingested
USD_PER_TRACE = 5.00e-6  # X-Ray, recorded

# Assumed: how people talk. Each of the two is connected with one device and writes a message a minute.
CONNECTION_MINUTES = 1.0  # per message: two devices, two messages a minute
PINGS = 1.0  # per message: each device sends one a minute (domain/presence.py, HEARTBEAT_S)
FIRST_OF_HOUR = 1 / 20  # messages that move the conversation up in both lists
RETRIED_POSTS = 0.01  # throttled ones, which go through the queue: sent, received, deleted

# Assumed: what AWS takes. How long a warm function takes: `bench/latency.py`.
COLD_STARTS = 1 / 200  # invocations that find no warm instance
COLD_START_MS = 1500  # billed too: interpreter, layer and imports on the share of a processor
STREAM_BATCH = 10  # messages that `count_messages` finds in one batch
BUSY_MESSAGES_PER_S = 100  # in the whole deployment, while it is in use

# Assumed: what the platform writes to logs and traces beside our own lines.
PLATFORM_LOG_BYTES = 400  # START, END and REPORT of one invocation
ACCESS_LOG_BYTES = 350  # one line in the format of template.yaml
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
            PINGS * heartbeat,
            note=f"one a minute for each connected device, so {PINGS:g} per message",
        ),
    ]
    return Section(rows=rows)


def message_parts(numbers: Mapping[str, float]) -> list[Part]:
    """Returns the parts of the price of a message that is sent and delivered over WebSocket."""
    posts = numbers["send.WebSocket.posts"]
    milliseconds = _duration_ms(numbers, "send.WebSocket")
    return [
        Part("API Gateway messages", (2 + posts) * USD_PER_SOCKET_MESSAGE, f"frame, acknowledgement, {posts:g} event"),
        Part(
            "connection minutes", CONNECTION_MINUTES * USD_PER_CONNECTION_MINUTE, f"{CONNECTION_MINUTES:g} per message"
        ),
        *_dynamodb(numbers, "WebSocket"),
        *_lambda(milliseconds),
        Part("SQS", RETRIED_POSTS * posts * 3 * USD_PER_QUEUE_REQUEST, f"{RETRIED_POSTS:.0%} of the posts retried"),
        _logs(numbers["send.WebSocket.log_bytes"]),
        Part("traces", TRACES * USD_PER_TRACE, f"{TRACES:.0%} sampled at {BUSY_MESSAGES_PER_S} messages/s"),
    ]


def rest_usd(numbers: Mapping[str, float]) -> float:
    """Returns the price of a message that is sent over REST and delivered over WebSocket."""
    posts = numbers["send.REST.posts"]
    milliseconds = _duration_ms(numbers, "send.REST")
    parts = [*_dynamodb(numbers, "REST"), *_lambda(milliseconds), _logs(numbers["send.REST.log_bytes"])]
    rest = USD_PER_REST_REQUEST + posts * USD_PER_SOCKET_MESSAGE + CONNECTION_MINUTES * USD_PER_CONNECTION_MINUTE
    return rest + TRACES * USD_PER_TRACE + sum(part.usd for part in parts)


def heartbeat_usd(numbers: Mapping[str, float]) -> float:
    """Returns the price of one `ping` with its answer."""
    invocation = USD_PER_INVOCATION + _gb_s(_duration_ms(numbers, "ping")) * USD_PER_GB_S
    units = numbers["ping.write"] * USD_PER_WRITE_UNIT + numbers["ping.read"] * USD_PER_READ_UNIT
    return 2 * USD_PER_SOCKET_MESSAGE + units + invocation + _logs(numbers["ping.log_bytes"]).usd


def _duration_ms(numbers: Mapping[str, float], key: str) -> float:
    return duration_ms(numbers[f"{key}.processor_ms"], numbers[f"{key}.waits_ms"])


def _dynamodb(numbers: Mapping[str, float], transport: str) -> list[Part]:
    often, seldom = numbers[f"send.{transport}.write"], numbers[f"send_first.{transport}.write"]
    write = often + FIRST_OF_HOUR * (seldom - often)
    read = numbers[f"send.{transport}.read"]
    return [
        Part("DynamoDB writes", write * USD_PER_WRITE_UNIT, f"{write:g} units, 1 in {1 / FIRST_OF_HOUR:.0f} the first"),
        Part("DynamoDB reads", read * USD_PER_READ_UNIT, f"{read:g} units; the stream's reads by Lambda are free"),
    ]


def _lambda(milliseconds: float) -> list[Part]:
    invocations = 1 + 1 / STREAM_BATCH
    gb_s = _gb_s(milliseconds + COLD_STARTS * COLD_START_MS) * invocations
    how = f"{milliseconds:.0f} ms at {memory_mb()} MB, 1 in {1 / COLD_STARTS:.0f} with {COLD_START_MS} ms of cold start"
    return [
        Part("Lambda requests", invocations * USD_PER_INVOCATION, f"the send, and the stream in tens: {invocations:g}"),
        Part("Lambda duration", gb_s * USD_PER_GB_S, how),
    ]


def _gb_s(milliseconds: float) -> float:
    return milliseconds / 1000 * memory_mb() / 1024


def _logs(own_bytes: float) -> Part:
    written = own_bytes + PLATFORM_LOG_BYTES + ACCESS_LOG_BYTES
    how = f"{own_bytes:.0f} bytes of ours, {PLATFORM_LOG_BYTES} of Lambda's, {ACCESS_LOG_BYTES} of API Gateway's"
    return Part("logs", written * USD_PER_LOG_BYTE, how)


def _row(key: str, what: str, usd: float, budget: float | None = None, note: str = "") -> Row:
    return Row(
        key=f"cost.{key}", what=what, number=round(usd * 1e6, 2), unit="USD per million", budget=budget, note=note
    )
