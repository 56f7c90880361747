"""The price of a month, all in, at list prices: from counted and measured numbers, and from an assumed day.

The headline of `cost.py` is a message and nothing else. An app is also there while nobody writes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, exp

from bench import notifications, prices
from bench.latency import POST_MS, duration_ms
from bench.scene import SWEEPS
from bench.stage import ROOT
from local.template import Resource, Template, load

BUDGET_USD = 350.0
DAYS = 30

# Assumed: a person's day, beside what `Use` says.
OPENS = 3  # of the app
TALK = 5  # messages that one writes one after the other, `PACE_S` apart
PACE_S = 60.0
LOOKED_INTO = 3  # conversations in each opening
CUT_H = 2.0  # API Gateway cuts a connection; the client opens another, syncs and joins again
KNOWN = 30  # people with whom one has written lately; who of them is online learns that one came or went
MARKERS = 0.5  # `mark_read` for each message: two at a time, as people read them
# A person types a message for 4.33 s on average, and may stop at any moment: the times are exponentially distributed.
# With a `typing_start` at once and every 3 s those were two for each message.
TYPED_S = 4.33
TYPING_STOPS = (
    0.1  # for each message: a draft in ten is given up. A message that is sent ends its typing (client guide)
)
# Pings with a `request_id`: one in each opening, and where nothing has come for a quarter of an hour (client guide). Of
# `KNOWN` people the third who are online come and go six times a day: a frame every 8 minutes, without one message. So
# a quarter of an hour brings none to 15 % at most, and every fourth ping would ask.
ASKED_PINGS = 0.15
SEARCHES = 0.1  # of an opening

# Assumed: what the platform does beside.
BUSY_H = 8.0  # of a day, in which all of it happens
STORED_BYTES = 900  # of a message: its row, its marker's, and what goes with them
POLLERS, POLLS_PER_MINUTE = (
    5,
    3,
)  # of an event source at rest: Lambda's pollers wait 20 s each ("Using Lambda with SQS")
REFUSED_METRICS = 10  # operations that refuse something all day, each a metric of its own
STORED_METRICS = 2  # `MessagesStored`, by the type of the context


@dataclass(frozen=True)
class Use:
    """The use of an app: people on a day, the messages of all of them, and for how many hours each is connected."""

    key: str
    what: str
    people: int
    messages: int
    hours: float
    online: float  # the share of people who are connected while one comes or goes


USES = (
    Use("8h", "10,000 people, 8 h connected", 10_000, 200_000, 8, 8 / 24),
    Use("2h", "10,000 people, 2 h connected", 10_000, 200_000, 2, 2 / 24),
    Use("0.5h", "10,000 people, half an hour", 10_000, 200_000, 0.5, 0.5 / 24),
    # System E: 50 connected at the peak, taken for all of the day's eight hours.
    Use("school", "a school: 500 people, 50 connected", 500, 10_000, 50 * BUSY_H / 500, 50 / 500),
)


@dataclass(frozen=True)
class Month:
    """The parts of a month's price in USD, in the order of the table."""

    use: Use
    parts: Mapping[str, float]

    @property
    def total(self) -> float:
        return sum(self.parts.values())


def of(use: Use, numbers: Mapping[str, float], template: Template | None = None) -> Month:
    """Returns what a month of such days costs, with the template's own parameters unless another one is given."""
    template = template or load(ROOT / "template.yaml")
    bill = _Bill(numbers, template)
    bill.add("sends", "send.WebSocket", use.messages)
    bill.add("markers", "mark_read", use.messages * MARKERS)
    bill.add("typing", "typing_start", use.messages * typing_starts(numbers["typing_resend_s"]))
    bill.add("typing", "typing_stop", use.messages * TYPING_STOPS)
    bill.usd("typing", use.messages * _swept_typing_usd(numbers))
    pings = use.people * pings_of_a_day(use, numbers["heartbeat_s"])
    bill.add("pings", "ping", pings)
    bill.usd("pings", (pings * ASKED_PINGS + use.people * OPENS) * _post_usd(numbers["ping.memory_mb"]))
    bill.usd("connection minutes", use.people * use.hours * 60 * prices.CONNECTION_MINUTE)
    _open(bill, use)
    for sweep in SWEEPS:
        bill.add("sweeps", f"sweep.{sweep}", 24 * 60, socket=False)
    bill.usd("figures", figures_usd(use.messages, use.messages / (BUSY_H * 3600)) + use.people * FIRST_OF_DAY_USD)
    bill.usd("notifications", use.messages * notifications.of_message_usd(numbers))
    polls = POLLERS * POLLS_PER_MINUTE * 24 * 60 * _queue_readers(template)
    bill.usd("queue polling", polls * prices.QUEUE_REQUEST)
    parts = {name: usd * DAYS for name, usd in bill.parts.items()}
    parts["traces"] = bill.traced * DAYS * _sampled(bill.traced) * prices.TRACE
    parts["metrics"] = (REFUSED_METRICS + len(SWEEPS) + STORED_METRICS) * prices.METRIC
    parts["alarms"] = alarm_metrics(template) * prices.ALARM_METRIC
    parts["secrets"] = len(template.of_type("AWS::SecretsManager::Secret")) * prices.SECRET
    parts["storage"] = use.messages * DAYS * STORED_BYTES / 1e9 * prices.STORED_GB
    return Month(use, {name: parts[name] for name in PARTS})


def typing_starts(resend_s: float) -> float:
    """Returns how often a client says that its user types one message: at the beginning, and after each `resend_s`."""
    return 1 / (1 - exp(-resend_s / TYPED_S))


def pings_of_a_day(use: Use, heartbeat_s: float) -> float:
    """Returns the pings of a person on a day: one after each `heartbeat_s` in which their device sent nothing.

    While they write it sends none. Of the silence that follows, and that ends with the next talk or the connection, the
    last part is shorter than `heartbeat_s`: half of it on average.
    """
    talks = use.messages / use.people / TALK
    silent_s = use.hours * 3600 - talks * (TALK - 1) * PACE_S
    return max(0.0, silent_s / heartbeat_s - talks / 2)


# Assumed of a batch of messages that are counted: a mark and the row of a day, each written in a transaction; these and
# the registers of its people are read. Three round trips.
FIGURES_MS, FIGURES_MB = 50.0, 512.0
FIGURES_WRITES, FIGURES_READS = 4.0, 3.0
FIGURES_LOG_BYTES = 300
# And of each message: the head of its conversation, and two people of a run of some 80, which is written and merged.
COUNTED_USD = 0.5 * prices.READ_UNIT + (2 / 80 * 2 + 0.01) * prices.WRITE_UNIT
FIRST_OF_DAY_USD = 2 * prices.WRITE_UNIT  # a person's first message of a day raises a register

# The functions of which Lambda logs only what fails, by their operations here.
FUNCTIONS = {
    "ping": "OnPing",
    "typing_start": "OnTypingStart",
    "typing_stop": "OnTypingStop",
    "hello": "OnHello",
    "join": "OnJoinConversation",
    "mark_read": "OnMarkRead",
    "authorize": "Authorize",
    "authorize_token": "OnAuthorize",
}
QUIET = ("ping", "typing_start", "typing_stop")  # neither traced, whatever the parameter says, nor answered unasked
PARTS = (
    "sends",
    "markers",
    "typing",
    "pings",
    "connection minutes",
    "connect",
    "hello and join",
    "sync and list",
    "history",
    "other reads",
    "logs",
    "traces",
    "metrics",
    "alarms",
    "sweeps",
    "queue polling",
    "figures",
    "notifications",
    "secrets",
    "storage",
)


def _open(bill: "_Bill", use: Use) -> None:
    """Adds what opening the app takes, and what the cut every two hours does."""
    opens, connects = use.people * OPENS, use.people * max(OPENS, ceil(use.hours / CUT_H))
    # API Gateway keeps the REST authorizer's answer for 300 s: it is asked once in an opening.
    bill.add("connect", "authorize", opens)
    bill.add("connect", "authorize_token", connects)
    # A connection that takes the place of one that will be cut tells nobody, and asks for nobody.
    for operation in ("connect", "disconnect"):
        bill.add("connect", operation, opens)
        bill.add("connect", f"{operation}_again", connects - opens)
    bill.usd("connect", 2 * opens * KNOWN * use.online * prices.SOCKET_MESSAGE)
    bill.add("hello and join", "hello", connects)
    bill.add("hello and join", "join", connects + opens * (LOOKED_INTO - 1))
    bill.add("sync and list", "sync_list", opens, rest=True)
    bill.add("sync and list", "sync", connects - opens)
    bill.add("history", "history", opens * LOOKED_INTO, rest=True)
    bill.add("other reads", "search", opens * SEARCHES, rest=True)
    bill.add("other reads", "list_q", opens * SEARCHES, rest=True)


class _Bill:
    """Adds up what happens on a day."""

    def __init__(self, numbers: Mapping[str, float], template: Template) -> None:
        self._numbers = numbers
        self._is_traced = "send_message" not in untraced(template)
        self._unreported = unreported(template)
        self.parts: dict[str, float] = {}
        self.traced = 0.0

    def usd(self, part: str, usd: float) -> None:
        self.parts[part] = self.parts.get(part, 0.0) + usd

    def add(self, part: str, operation: str, times: float, *, rest: bool = False, socket: bool = True) -> None:
        """Adds an operation that is done so often; a log line of each invocation goes to the part of the logs."""
        one = {name: self._numbers[f"{operation}.{name}"] for name in ("read", "write", "posts", "waits_ms")}
        one |= {name: self._numbers[f"{operation}.{name}"] for name in ("processor_ms", "log_bytes", "memory_mb")}
        authorizer = operation.startswith("authorize")
        is_frame = not (rest or not socket or authorizer or "connect" in operation)
        frames = is_frame * 1.0
        if is_frame and operation not in QUIET:  # the acknowledgement, each 32 KB of it
            frames += max(1, ceil(self._numbers.get(f"{operation}.reply_bytes", 0) / prices.SOCKET_MESSAGE_BYTES))
        usd = (frames + one["posts"]) * prices.SOCKET_MESSAGE
        usd += prices.REST_REQUEST if rest else 0.0
        usd += one["read"] * prices.READ_UNIT + one["write"] * prices.WRITE_UNIT
        memory_mb = one["memory_mb"]
        usd += prices.invocation_usd(duration_ms(one["processor_ms"], one["waits_ms"], memory_mb), memory_mb)
        if operation == "send.WebSocket":
            reading_ms = duration_ms(one["processor_ms"], 0, memory_mb)
            usd += prices.invocation_usd(reading_ms, memory_mb) / prices.STREAM_BATCH  # the stream's reader
        self.usd(part, times * usd)
        access = prices.ACCESS_LOG_BYTES if rest else prices.SOCKET_ACCESS_LOG_BYTES
        if authorizer or not socket:
            access = 0
        platform = 0 if FUNCTIONS.get(operation) in self._unreported else prices.PLATFORM_LOG_BYTES
        self.usd("logs", times * (one["log_bytes"] + platform + access) * prices.LOG_BYTE)
        if self._is_traced and operation not in QUIET:
            self.traced += times


def figures_usd(messages: float, messages_per_s: float) -> float:
    """Returns the price of counting messages that come at this pace; those of a window in a shard are one batch."""
    batch = max(1.0, messages_per_s * prices.FIGURES_WINDOW_S / prices.STREAM_SHARDS)
    usd = prices.invocation_usd(FIGURES_MS, FIGURES_MB) + FIGURES_WRITES * prices.WRITE_UNIT
    usd += FIGURES_READS * prices.READ_UNIT + (FIGURES_LOG_BYTES + prices.PLATFORM_LOG_BYTES) * prices.LOG_BYTE
    return messages / batch * usd + messages * COUNTED_USD


def _post_usd(memory_mb: float) -> float:
    """Returns the price of one post more that a function makes."""
    return prices.SOCKET_MESSAGE + POST_MS / 1000 * memory_mb / 1024 * prices.GB_S


def _swept_typing_usd(numbers: Mapping[str, float]) -> float:
    """Returns what the sweep takes for one row more: that of the typing which a message has ended."""

    def more(name: str) -> float:
        return max(0.0, numbers[f"sweep.typed.{name}"] - numbers[f"sweep.ClearStaleTyping.{name}"])

    memory_mb = numbers["sweep.typed.memory_mb"]
    gb_s = duration_ms(more("processor_ms"), more("waits_ms"), memory_mb) / 1000 * memory_mb / 1024
    return more("read") * prices.READ_UNIT + more("write") * prices.WRITE_UNIT + gb_s * prices.GB_S


def _sampled(traced: float) -> float:
    """Returns the share of a day's requests that is traced: Lambda takes one a second, and 5 % of the others."""
    per_s = max(1.0, traced / (BUSY_H * 3600))
    return (1 + 0.05 * (per_s - 1)) / per_s


# --- what stands in template.yaml ------------------------------------------------------------------------------------


def untraced(template: Template) -> frozenset[str]:
    """Returns the handlers that are not traced, by the names of their files."""
    functions = template.of_type("AWS::Lambda::Function")
    return frozenset(one.properties["Handler"].split(".")[1] for one in functions if _mode(one) != "Active")


def unreported(template: Template) -> frozenset[str]:
    """Returns the functions of whose invocations Lambda logs none that went well, by their logical ids."""
    functions = template.of_type("AWS::Lambda::Function")
    silent = [one for one in functions if one.properties["LoggingConfig"].get("SystemLogLevel") == "WARN"]
    return frozenset(one.logical_id for one in silent)


def _mode(function: Resource) -> str:
    return str(function.properties.get("TracingConfig", {}).get("Mode", "PassThrough"))


def alarm_metrics(template: Template) -> int:
    """Returns how many metrics the alarms watch: each of an expression counts."""
    alarms = template.of_type("AWS::CloudWatch::Alarm")
    return sum(sum("MetricStat" in one for one in alarm.properties.get("Metrics", [])) or 1 for alarm in alarms)


def _queue_readers(template: Template) -> int:
    """Returns how many functions wait at a queue: those of what is switched off do not."""
    sources = template.of_type("AWS::Lambda::EventSourceMapping")
    at_queues = [one for one in sources if ":sqs:" in str(one.properties["EventSourceArn"])]
    return sum(one.properties.get("Enabled", True) in (True, "true") for one in at_queues)
