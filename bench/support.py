"""The support desk: round trips and units of a ticket, pages of its queue, and the price of a ticket over its life.

Alice, who has a phone, opens tickets at the desk `office.toml`; an agent answers from a laptop. A life is one ticket of
`MESSAGES` messages, from its opening to its rating.
"""

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

from bench import machine, prices
from bench.calls import answering
from bench.counting import POSTS, Counting
from bench.latency import duration_ms
from bench.rows import Row, Section
from bench.scene import TEXT
from bench.stage import Stage, memory_mb, staged
from bench.sweeping import MB_OF_A_PROCESSOR, SCHEDULE_S, most_at_once
from local.functions import Context

HOST = "host"
PAGE = 50
QUEUES = (100, 100_000)  # open tickets whose pages are compared
REPLIES = 4  # of each side
MESSAGES = 2 + 2 * REPLIES  # with the description and the desk's acknowledgement
APART_MS = 60_000  # between two acts: everybody's buckets are full again
FIRST_RESPONSE_MS = 100 * 3_600_000  # more than any target of the desk, with its nights and a weekend
DUE = 10_000  # tickets whose clocks come due in one minute
WITHIN_S = 180  # seconds from the beginning of that minute: the next two are the sweep's
JOB_ROWS = 100  # of `parley.domain.live.sweeps`
JOBS = 3
MORE_THAN_A_SEND = {"same": 4, "changed": 12}  # write units that a reply may take beside those of a send


@dataclass(frozen=True)
class Act:
    """An act of a ticket's life, and the function that does it."""

    key: str
    what: str
    function: str
    run: Callable[[], object]
    times: int = 1  # in a life
    round_trips: float | None = None
    setup: Callable[[], object] = lambda: None


class Tickets:
    """The tickets of a scene's Alice, and an agent who answers them."""

    def __init__(self, counting: Counting) -> None:
        self._stage, self._scene = counting.stage, counting.scene
        self._alice = counting.alice
        self._agent = counting.new_id()
        self._stage.roles |= {self._agent: "agent", HOST: "service"}
        for person, role in ((self._alice, "user"), (self._agent, "agent")):
            self._stage.rest(HOST, "PutUser", {"user_id": person}, body={"name": person[:8], "role": role})
        self._stage.connect(self._agent)
        self._ticket: dict[str, str] = {}

    def send_to_group(self) -> Callable[[], object]:
        """Returns a send of the agent's to a group of theirs and Alice's: a reply is compared with it."""
        body = {"type": "group", "title": "Bench", "member_ids": [self._alice]}
        here = {"conversation_id": self._stage.rest(self._agent, "CreateConversation", body=body)["id"]}
        message = {"text": TEXT, "client_id": self._scene.new_id()}
        return partial(self._stage.rest, self._agent, "SendMessage", here, body=message)

    def life(self) -> Iterator[Act]:
        """Yields the acts of a ticket's life; a reply that changes its state comes after each message of Alice's."""
        yield Act("open", "open a ticket", "CreateTicket", self.open, round_trips=4)
        yield Act("take", "take a ticket", "TakeTicket", partial(self._agents, "TakeTicket"))
        changed = "reply that changes the ticket's state"
        yield Act("reply_changed", changed, "RespondToTicket", self._reply, REPLIES, 4, self.agent_reads)
        yield Act(
            "answer",
            "message of the requester that opens the ticket",
            "SendMessage",
            self._answer,
            REPLIES,
            4,
            self._read,
        )
        yield Act("read", "mark a ticket read", "MarkConversationRead", self.agent_reads, 2 * REPLIES)
        resolve = partial(self._agents, "UpdateTicket", {"status": "resolved"})
        yield Act("resolve", "resolve a ticket", "UpdateTicket", resolve)
        rate = partial(self._stage.rest, self._alice, "RateTicket", self._ticket, body={"rating": 5})
        yield Act("rate", "rate a ticket", "RateTicket", rate)

    def open(self) -> str:
        body = {"subject": "Where is my bus?", "description": TEXT, "client_id": self._scene.new_id()}
        self._ticket |= {"ticket_id": self._stage.rest(self._alice, "CreateTicket", body=body)["id"]}
        return self._ticket["ticket_id"]

    def reply_without_change(self) -> Act:
        """Returns one more reply to a ticket that waits for its requester already."""
        return Act("reply_same", "reply", "RespondToTicket", self._reply, 1, 4, self.agent_reads)

    def page(self) -> object:
        query = {"limit": str(PAGE), "status": "open"}
        answer = self._stage.rest(self._agent, "ListAllTickets", query=query)
        assert len(answer["tickets"]) == PAGE
        return answer

    def has_missed(self, ticket_id: str) -> bool:
        """Says whether the history of a ticket tells of a missed target."""
        entries = self._agents("ListTicketHistory", path={"ticket_id": ticket_id})["entries"]
        return any(entry["event"] == "sla_breach" for entry in entries)

    def _agents(
        self, function: str, body: Mapping[str, Any] | None = None, path: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        return self._stage.rest(self._agent, function, self._ticket if path is None else path, body=body)

    def _reply(self) -> object:
        return self._agents("RespondToTicket", {"text": TEXT, "client_id": self._scene.new_id()})

    def _answer(self) -> object:
        here = {"conversation_id": self._ticket["ticket_id"]}
        body = {"text": TEXT, "client_id": self._scene.new_id()}
        return self._stage.rest(self._alice, "SendMessage", here, body=body)

    def agent_reads(self) -> object:
        """Marks the ticket read for the agent: a send of one who has not read moves their marker, too."""
        return self._agents("MarkConversationRead", path={"conversation_id": self._ticket["ticket_id"]})

    def _read(self) -> object:
        here = {"conversation_id": self._ticket["ticket_id"]}
        return self._stage.rest(self._alice, "MarkConversationRead", here)


def measure() -> Section:
    """Returns the rows of the desk, and the numbers of a ticket's life."""
    with staged() as stage, answering(POSTS):
        os.environ["SUPPORT"] = "office"
        counting = Counting(stage)
        tickets = Tickets(counting)
        _count_life(counting, tickets)
        _count_queue(counting, tickets)
        _count_sweep(counting, tickets)
    return Section(rows=counting.rows, numbers=counting.numbers)


def _count_life(counting: Counting, tickets: Tickets) -> None:
    counting.pass_time(APART_MS)
    send_to_group = tickets.send_to_group()
    counting.pass_time(APART_MS)
    counting.count("support.send", "send over REST to a group of two", send_to_group, round_trips=3)
    send = counting.numbers["support.send.write"]
    for act in tickets.life():
        counting.pass_time(APART_MS)
        act.setup()
        write = send + MORE_THAN_A_SEND["changed"] if act.key == "reply_changed" else None
        counting.count(f"support.{act.key}", act.what, act.run, round_trips=act.round_trips, write=write)
        counting.numbers[f"support.{act.key}.memory_mb"] = memory_mb(act.function)
        counting.numbers[f"support.{act.key}.times"] = act.times
        if act.key == "reply_changed":
            counting.pass_time(APART_MS)
            reply = tickets.reply_without_change()
            reply.setup()
            most = send + MORE_THAN_A_SEND["same"]
            counting.count("support.reply_same", reply.what, reply.run, round_trips=reply.round_trips, write=most)


def _count_queue(counting: Counting, tickets: Tickets) -> None:
    for _ in range(PAGE):
        counting.stage.now_ms += APART_MS
        tickets.open()
    known, most = PAGE, None
    for open_tickets in QUEUES:
        _fill(counting.stage, range(known, open_tickets))
        known = open_tickets
        counting.pass_time(APART_MS)
        key, what = f"support.queue.{open_tickets}", f"queue page of {PAGE}, of {open_tickets:,} open tickets"
        counting.count(key, what, tickets.page, round_trips=4, read=most)
        most = counting.numbers[f"{key}.read"]


def _fill(stage: Stage, numbers: range) -> None:
    """Writes the states of more open tickets, each newer than those before it."""
    from parley.adapters.dynamodb import tables  # its tables have their names from the stage's environment

    def write(part: range) -> None:
        with tables.Ticket.batch_write() as batch:
            for number in part:
                at_ms = stage.now_ms + number
                ticket_id = f"t_{number:026d}".translate(str.maketrans("0189", "zyxw"))
                fields: dict[str, Any] = {"queue": "open", "queued_at_ms": at_ms, "created_at_ms": at_ms}
                batch.save(tables.Ticket(key=ticket_id, place="ticket", **fields))

    parts = [numbers[first : first + 1000] for first in range(0, len(numbers), 1000)]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(write, parts))


def _count_sweep(counting: Counting, tickets: Tickets) -> None:
    """Counts what the sweep takes for missed targets, of tickets that nobody has taken: each escalates."""
    stage, slowness = counting.stage, machine.slowness()
    opened = [[tickets.open() for _ in range(JOB_ROWS)] for _ in range(JOBS)]
    stage.now_ms += FIRST_RESPONSE_MS
    taken_s = min(_swept_s(stage, ticket_ids) for ticket_ids in opened)
    assert all(tickets.has_missed(ticket_ids[-1]) for ticket_ids in opened)
    each_ms = taken_s / JOB_ROWS / ((slowness + machine.slowness()) / 2) * 1000
    memory = memory_mb("SweepRows")
    rate = memory / MB_OF_A_PROCESSOR / each_ms * 1000

    from parley.actions.support.due import JOBS_A_SECOND

    handed_over_s = DUE / (JOBS_A_SECOND * JOB_ROWS)
    rows = (
        ("rate", "missed targets that one function records and escalates", rate, "a second", None),
        ("functions", "functions for them as fast as jobs come", JOBS_A_SECOND * JOB_ROWS / rate, "at once", _most()),
        ("key", "tickets a second that the queue hands over", JOBS_A_SECOND * JOB_ROWS, "a second", 500.0),
        ("seconds", f"until {DUE:,} of one minute are handled", _handled_s(handed_over_s, rate), "s", WITHIN_S),
    )
    note = f"{each_ms:.1f} ms of a processor each, of which {memory} MB have {memory / MB_OF_A_PROCESSOR:.2f}"
    notes = {"rate": note, "key": "each writes the list of the overdue tickets, the key with the most writes"}
    counting.rows += [
        Row(
            key=f"support.sla.{key}",
            what=what,
            number=round(number, 1),
            unit=unit,
            budget=budget,
            note=notes.get(key, ""),
        )
        for key, what, number, unit, budget in rows
    ]


def _handled_s(handed_over_s: float, rate: float) -> float:
    """Returns the seconds from the first due clock to the last record: the minute, the jobs, and the last of them."""
    return 60 + SCHEDULE_S + handed_over_s + JOB_ROWS / rate


def _most() -> float:
    return most_at_once("SweepRows")


def _swept_s(stage: Stage, ticket_ids: list[str]) -> float:
    """Returns the processor time of a job of the sweep, whose tickets have all missed their first response."""
    body = json.dumps({"kind": "tickets", "keys": [[each] for each in ticket_ids], "at_s": stage.now_ms // 1000})
    function = stage.functions["SweepRows"]
    handler = stage.functions.handler(function)
    context = Context(function, "bench", time.monotonic() + 3600)
    sent = {"SentTimestamp": str(int(time.time() * 1000))}
    started_s = time.process_time()
    handler({"Records": [{"messageId": "m1", "body": body, "attributes": sent}]}, context)
    return time.process_time() - started_s


# --- the price of a ticket -------------------------------------------------------------------------------------------


def price_rows(numbers: Mapping[str, float]) -> list[Row]:
    """Returns the price of a ticket over its life, which people work at over REST; each act computes as a send does."""
    acts = sorted({key.split(".")[1] for key in numbers if key.startswith("support.") and key.endswith(".times")})
    parts = dict.fromkeys(("requests", "DynamoDB", "functions", "events", "logs"), 0.0)
    for act in acts:
        of = {name: numbers[f"support.{act}.{name}"] for name in ("read", "write", "posts", "waits_ms", "memory_mb")}
        times = numbers[f"support.{act}.times"]
        milliseconds = duration_ms(numbers["send.REST.processor_ms"], of["waits_ms"], of["memory_mb"])
        logged = numbers["send.REST.log_bytes"] + prices.PLATFORM_LOG_BYTES + prices.ACCESS_LOG_BYTES
        parts["requests"] += times * prices.REST_REQUEST
        parts["DynamoDB"] += times * (of["read"] * prices.READ_UNIT + of["write"] * prices.WRITE_UNIT)
        gb_s = (milliseconds + prices.COLD_STARTS * prices.COLD_START_MS) / 1000 * of["memory_mb"] / 1024
        parts["functions"] += times * (prices.INVOCATION + gb_s * prices.GB_S)
        parts["events"] += times * of["posts"] * prices.SOCKET_MESSAGE
        parts["logs"] += times * logged * prices.LOG_BYTE
    done = sum(numbers[f"support.{act}.times"] for act in acts)
    what = f"1 million tickets of {MESSAGES} messages, from opening to rating, over REST"
    note = f"{done:g} requests each, beside what an app reads; each computes as long as a send"
    rows = [_row("ticket", what, sum(parts.values()), note)]
    return rows + [_row(f"ticket.{name}", f"– {name} of a ticket", usd) for name, usd in parts.items()]


def _row(key: str, what: str, usd: float, note: str = "") -> Row:
    return Row(key=f"cost.{key}", what=what, number=round(usd * 1e6, 2), unit="USD per million", note=note)
