"""Sweeps: the disconnects that one function tells of in a second, and the time for a hundred thousand of them.

People whose leases have expired, each watched by ten who are online, are the rows of one job of the queue. The
function's processor time decides, because a function of 512 MB has 0.29 of a processor and waits for AWS in 32 threads.
"""

import io
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.httpsession import URLLib3Session

from bench import machine
from bench.rows import Row, Section
from bench.stage import ROOT, Stage, memory_mb, staged
from local.functions import Context
from local.template import load

JOB_ROWS = 100  # of `parley.domain.live.sweeps`
WATCHERS = 10  # online watchers of each disconnected person (D-106)
JOBS = 3
ONLINE = 1_000_000
DEATHS = 100_000
WITHIN_S = 300  # seconds from the end of the leases; up to 60 of them pass before the schedule runs
SCHEDULE_S = 60
MB_OF_A_PROCESSOR = 1769  # Lambda developer guide, "Configure Lambda function memory"


def measure() -> Section:
    """Returns the rate of one function, and the number of functions that the promise needs."""
    with staged() as stage, _sockets_answered() as posts:
        watchers = [stage.connect(f"watcher{number}").user_id for number in range(WATCHERS)]
        slowness = machine.slowness()
        taken_s = min(_job_s(stage, watchers, number) for number in range(JOBS))
        slowness = (slowness + machine.slowness()) / 2
    assert len(posts) == JOBS * JOB_ROWS * (WATCHERS + 1), len(posts)  # and one that closes each
    each_ms = taken_s / JOB_ROWS / slowness * 1000
    memory = memory_mb("SweepRows")
    rate = memory / MB_OF_A_PROCESSOR / each_ms * 1000
    needed = DEATHS / (WITHIN_S - SCHEDULE_S) / rate
    note = f"{each_ms:.1f} ms of a processor each, of which {memory} MB have {memory / MB_OF_A_PROCESSOR:.2f}"
    interval_s, lease_s, pings = _heartbeat()
    return Section(
        rows=[
            Row(
                key="sweep.rate",
                what=f"deaths that one function tells {WATCHERS} watchers of",
                number=round(rate, 1),
                unit="a second",
                note=note,
            ),
            Row(
                key="sweep.functions",
                what=f"functions for {DEATHS:,} deaths within {WITHIN_S // 60} minutes",
                number=round(needed, 1),
                unit="at once",
                budget=most_at_once("SweepRows"),
                note="the queue lets so many run; a minute goes by until the schedule comes",
            ),
            Row(
                key="sweep.renewals",
                what=f"renewals of leases with {ONLINE:,} people online",
                number=round(ONLINE / (interval_s * pings)),
                unit="a second",
                note=f"each after {pings} pings ({interval_s} s, leases of {lease_s} s); none of these people is due",
            ),
        ],
        numbers={"sweep.death_ms": each_ms},
    )


@contextmanager
def _sockets_answered() -> Iterator[list[str]]:
    """Answers for `@connections` in place of the network; yields the addresses of these requests."""
    go, urls = URLLib3Session.send, []

    def send(session: URLLib3Session, request: AWSPreparedRequest) -> AWSResponse:
        if "/@connections/" not in request.url:
            return go(session, request)
        urls.append(request.url)
        return AWSResponse(request.url, 200, HTTPHeaders(), RawBody())

    with mock.patch.object(URLLib3Session, "send", send):
        yield urls


class RawBody(io.BytesIO):
    """An empty body as botocore reads it from urllib3."""

    def stream(self, **_: object) -> Iterator[bytes]:
        yield self.read()


def _heartbeat() -> tuple[int, int, int]:
    """Returns the seconds between pings, the seconds of a lease, and the number of pings per renewal."""
    from parley.adapters import limits  # it is there once the stage is

    heartbeat = limits.heartbeat()
    pings = (heartbeat.lease_s - heartbeat.least_s) // heartbeat.interval_s + 1
    return heartbeat.interval_s, heartbeat.lease_s, pings


def most_at_once(function: str) -> float:
    """Returns the number of functions that a queue lets run at once for one function's jobs."""
    [mapping] = [
        one
        for one in load(ROOT / "template.yaml").of_type("AWS::Lambda::EventSourceMapping")
        if one.logical_id.startswith(function)
    ]
    return float(mapping.properties["ScalingConfig"]["MaximumConcurrency"])


def _job_s(stage: Stage, watchers: list[str], number: int) -> float:
    """Returns the processor time of a job whose rows are all people with newly expired leases."""
    people = [f"dead{number}-{place}" for place in range(JOB_ROWS)]
    for person in people:
        stage.connect(person)
        _befriend(stage, person, watchers)
    stage.now_ms += (_heartbeat()[1] + 1) * 1000
    for watcher in watchers:
        stage.connect(watcher)  # they are there
    body = json.dumps({"kind": "presence", "keys": [[user_id] for user_id in people], "at_s": stage.now_ms // 1000})
    function = stage.functions["SweepRows"]
    handler = stage.functions.handler(function)
    context = Context(function, "bench", time.monotonic() + 3600)
    started_s = time.process_time()
    sent = {"SentTimestamp": str(int(time.time() * 1000))}
    handler({"Records": [{"messageId": "m1", "body": body, "attributes": sent}]}, context)
    return time.process_time() - started_s


def _befriend(stage: Stage, person: str, watchers: list[str]) -> None:
    """Makes these people a person's watchers: writes entries of conversations in which both have written."""
    from parley.adapters.dynamodb import tables

    hour = stage.now_ms // 3_600_000
    with tables.Membership.batch_write() as batch:
        for watcher in watchers:
            fields: dict[str, Any] = {"active_hour": hour, "shelf": person, "peer_id": watcher}
            fields |= {"read_seq": 0, "delivered_seq": 0, "since_ms": stage.now_ms}
            batch.save(tables.Membership(user_id=person, conversation_id=f"d_{person}_{watcher}", **fields))
