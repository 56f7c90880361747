"""Notifications: the calls that one takes, from the stream to the note, and its price by channel.

Bob is connected with a laptop, reads what Alice writes, and needs no job but to find that out. Everybody else is away.
Pushes go to the topic of a host by SNS: a Web Push takes a call, too, which AWS charges nothing for.
"""

import itertools
import json
import os
import time
from collections.abc import Mapping, Sequence
from typing import Any

from bench import prices
from bench.calls import Call, Recorded, answering, recording
from bench.counting import MAX_NAMED, POSTS, Counting
from bench.latency import duration_ms
from bench.rows import Row, Section
from bench.scene import TEXT
from bench.stage import Stage, memory_mb, staged

HOST = "host"
BATCH = 10  # rows of the stream that are told together
MESSAGES = 100
MEMBERS = 1_000  # of a group, with the sender
JOB = 100  # people of one job
DIGEST = 50  # messages of an e-mail, each in a conversation of its own
TOPIC_ARN = "arn:aws:sns:eu-central-1:000000000000:pushes"
SETTINGS = {
    "PUSH_TOPIC_ARN": TOPIC_ARN,
    "MAIL_FROM": "chat@example.org",
    "MAIL_AFTER_S": "1",
    "MAIL_SECRET_ARN": "mail",
    "MAIL_CONFIGURATION_SET": "mail",
    "REST_ADDRESS": "https://api.example.org/v1",
}
CANNED = {
    **POSTS,
    "sns": {"MessageId": "pushed"},
    "sesv2": {"MessageId": "mailed"},
    "secretsmanager": {"SecretString": "k" * 64},
}
READER, DECIDER, MAILER = "StartFanOut", "DecideNotifications", "SendMail"

Image = Mapping[str, Any]  # of a row, as the stream has it


class Telling:
    """The people of a scene, and the functions that tell them."""

    def __init__(self, stage: Stage) -> None:
        stage.now_ms = int(time.time() * 1000)  # a job goes by the clock of the machine
        self._stage = stage
        self._counting = Counting(stage)
        self._alice = self._counting.alice
        self._here = self._counting.conversation_id
        self._numbers = itertools.count(1)
        self.rows: list[Row] = []
        self.numbers: dict[str, float] = {}

    # --- what is measured --------------------------------------------------------------------------------------------

    def present(self) -> None:
        """Counts messages to people who are connected and read them: to one of them, and to ten."""
        sent = [self._send(self._here) for _ in range(MESSAGES)]
        calls = sum(len(self._notice(sent[first : first + BATCH])[0].calls) for first in range(0, MESSAGES, BATCH))
        what = f"{MESSAGES} messages to a person who is there, in tens: calls of the stream"
        self._row("present", what, calls, "calls", 100)
        people = [self._person() for _ in range(BATCH)]
        for user_id, _ in people:
            self._stage.connect(user_id)
        told, jobs = self._notice([self._send(conversation_id) for _, conversation_id in people])
        for user_id, conversation_id in people:
            self._stage.rest(user_id, "MarkConversationRead", {"conversation_id": conversation_id})
        decided = self._decided(jobs)
        assert {call.operation for call in decided.calls} == {"BatchGetItem"}, decided.calls
        assert len(_queued(told)) == 1, told.calls
        self._keep("present.reader", told, BATCH)
        self._keep("present.job", decided, BATCH)
        read = told.units.read + decided.units.read
        note = f"{read / BATCH:g} read units and no write for each, with the job that finds that it was read"
        self._row(
            "read",
            f"message that is read in time, one of {BATCH}: calls of the stream",
            len(told.calls) / BATCH,
            "calls",
            1,
            note,
        )

    def away(self) -> None:
        """Counts a message to a person who is away, who gets a push, and an e-mail later."""
        _, conversation_id = self._person()
        told, jobs = self._notice([self._send(conversation_id)])
        decided = self._decided(jobs)
        assert [call.operation for call in decided.of("sns")] == ["Publish"], decided.calls
        assert len(_queued(decided)) == 1, "no e-mail was queued"
        self._keep("push.reader", told, 1)
        self._keep("push.job", decided, 1)
        note = f"{decided.units.read:g} read units, {decided.units.write:g} write units, beside the push"
        what = "message to a person who is away: round trips of its job"
        self._row("push", what, decided.round_trips, "round trips", None, note)

    def in_app(self) -> None:
        """Counts a message to a person who is connected and has not read it after a while, without other channels."""
        user_id, conversation_id = self._person()
        self._stage.connect(user_id)
        told, jobs = self._notice([self._send(conversation_id)])
        os.environ |= dict.fromkeys(("PUSH_TOPIC_ARN", "MAIL_FROM"), "")
        decided = self._decided(jobs)
        os.environ |= SETTINGS
        assert len(decided.of("apigatewaymanagementapi")) == 1, decided.calls
        self._keep("in_app.reader", told, 1)
        self._keep("in_app.job", decided, 1)
        note = f"{decided.units.read:g} read units, {decided.units.write:g} write units, an event"
        what = "message that is not read in time: round trips of its job"
        self._row("in_app", what, decided.round_trips, "round trips", 5, note)

    def thousand(self) -> None:
        """Counts a message to a large group."""
        group = self._group([self._counting.new_id() for _ in range(MEMBERS - 1)])
        told, jobs = self._notice([self._send(group)])
        assert len(jobs) == MEMBERS // JOB, len(jobs)
        self._row("thousand", f"message to a group of {MEMBERS:,}: calls of the stream", len(told.calls), "calls", 20)
        decided = self._decided([{**jobs[0], "splits": False}])
        assert len(decided.of("sns")) == len(jobs[0]["occasions"][0]["user_ids"]), len(decided.of("sns"))
        what = f"job of {JOB} people: round trips beside a call for each push"
        self._row("job", what, decided.round_trips, "round trips", 5)

    def digest(self) -> None:
        """Counts an e-mail of many messages, each of another person."""
        user_id = self._known("reader")
        sent = [self._send_to(user_id) for _ in range(DIGEST)]
        for first in range(0, DIGEST, BATCH):
            self._decided(self._notice(sent[first : first + BATCH])[1])
        with recording() as recorded:
            self._invoke(MAILER, [json.dumps({"user_id": user_id, "due_ms": 0})])
        assert len(recorded.of("sesv2")) == 1, recorded.calls
        self._keep("mail", recorded, 1)
        note = f"{recorded.units.read:g} read units, {recorded.units.write:g} write units"
        what = f"e-mail of {DIGEST} messages: round trips beside SES"
        self._row("digest", what, recorded.round_trips, "round trips", 5, note)

    # --- the means ---------------------------------------------------------------------------------------------------

    def _person(self) -> tuple[str, str]:
        user_id = self._known(self._counting.new_id())
        body = {"type": "direct", "user_id": user_id}
        return user_id, self._stage.rest(self._alice, "CreateConversation", body=body)["id"]

    def _known(self, user_id: str) -> str:
        """Returns a person of whom the host has told the address."""
        self._stage.roles[HOST] = "service"
        body = {"name": user_id[:8], "email": f"{user_id}@example.org"}
        self._stage.rest(HOST, "PutUser", {"user_id": user_id}, body=body)
        return user_id

    def _group(self, members: Sequence[str]) -> str:
        path: dict[str, str] = {}
        for first in range(0, len(members), MAX_NAMED):
            named = members[first : first + MAX_NAMED]
            if path:
                self._stage.rest(self._alice, "AddMembers", path, body={"user_ids": named})
            else:
                body = {"type": "group", "title": "Bench", "member_ids": named}
                path = {"conversation_id": self._stage.rest(self._alice, "CreateConversation", body=body)["id"]}
            self._stage.now_ms += 60_000  # and her own bucket is full again
        return path["conversation_id"]

    def _send(self, conversation_id: str) -> Image:
        body = {"text": TEXT, "client_id": self._counting.new_id()}
        path = {"conversation_id": conversation_id}
        return self._row_of(self._stage.rest(self._alice, "SendMessage", path, body=body))

    def _send_to(self, user_id: str) -> Image:
        sender = self._counting.new_id()
        return self._row_of(self._stage.rest(sender, "SendMessageToUser", body={"user_id": user_id, "text": TEXT}))

    def _row_of(self, message: Mapping[str, Any]) -> Image:
        """Returns the row of a message as the stream has it."""
        from parley.adapters.dynamodb import tables  # its tables have their names from the stage's environment

        row = tables.Message.get(message["conversation_id"], message["seq"], consistent_read=True)
        return row.serialize()

    def _notice(self, rows: Sequence[Image]) -> tuple[Recorded, list[dict[str, Any]]]:
        """Returns the calls of the stream's reader for some rows, and the jobs that it has queued."""
        records = [
            {
                "eventID": str(next(self._numbers)),
                "eventName": "INSERT",
                "dynamodb": {
                    "SequenceNumber": str(next(self._numbers)),
                    "ApproximateCreationDateTime": int(row["created_at_ms"]["N"]) // 1000,
                    "NewImage": row,
                },
            }
            for row in rows
        ]
        with recording() as recorded:
            answered = self._stage.invoke(READER, {"Records": records})
        assert answered == {"batchItemFailures": []}, answered
        return recorded, self._jobs_of(recorded)

    def _jobs_of(self, recorded: Recorded) -> list[dict[str, Any]]:
        sent = [entry for call in _queued(recorded) for entry in call.params["Entries"]]
        return [json.loads(entry["MessageBody"]) for entry in sent]

    def _decided(self, jobs: Sequence[Mapping[str, Any]]) -> Recorded:
        """Returns the calls that some jobs made."""
        with recording() as recorded:
            self._invoke(DECIDER, [json.dumps(job) for job in jobs])
        return recorded

    def _invoke(self, function: str, bodies: Sequence[str]) -> None:
        sent = {"SentTimestamp": str(int(time.time() * 1000)), "ApproximateReceiveCount": "1"}
        records = [{"messageId": f"m{next(self._numbers)}", "body": body, "attributes": sent} for body in bodies]
        answered = self._stage.invoke(function, {"Records": records})
        assert answered == {"batchItemFailures": []}, answered

    def _keep(self, key: str, recorded: Recorded, times: int) -> None:
        """Keeps the units and calls of a step, for one of the `times` that it did together."""
        numbers = {
            "read": recorded.units.read,
            "write": recorded.units.write,
            "posts": len(recorded.of("apigatewaymanagementapi")),
            "queued": len(_queued(recorded)),
            "waits_ms": recorded.waits_ms,
        }
        self.numbers |= {f"notify.{key}.{name}": number / times for name, number in numbers.items()}

    def _row(self, key: str, what: str, number: float, unit: str, budget: float | None, note: str = "") -> None:
        self.rows.append(Row(key=f"notify.{key}", what=what, number=number, unit=unit, budget=budget, note=note))


def _queued(recorded: Recorded) -> list[Call]:
    """Returns the calls that queued jobs of notifications or e-mails."""
    return [call for call in recorded.of("sqs") if call.params["QueueUrl"].endswith(("NotificationJobs", "MailJobs"))]


def measure() -> Section:
    """Returns the rows of what telling takes, and the numbers that its price is calculated from."""
    with staged() as stage, answering(CANNED):
        os.environ |= SETTINGS
        telling = Telling(stage)
        telling.present()
        telling.in_app()
        telling.away()
        telling.thousand()
        telling.digest()
    telling.numbers["notify.memory_mb"] = memory_mb(DECIDER)
    return Section(rows=telling.rows, numbers=telling.numbers)


# --- the price -------------------------------------------------------------------------------------------------------


def of_message_usd(numbers: Mapping[str, float], together: int = BATCH) -> float:
    """Returns what notifications cost for a message that is read in time.

    The stream's reader looks its people up, and queues one job for the `together` messages of a batch, which finds that
    there is nobody to tell.
    """
    units = sum(numbers[f"notify.present.{part}.read"] * prices.READ_UNIT for part in ("reader", "job"))
    return units + (3 * prices.QUEUE_REQUEST + _invocation_usd("present.job", numbers, BATCH)) / together


def price_rows(numbers: Mapping[str, float]) -> list[Row]:
    """Returns the prices of a million notifications, by channel; each job is alone."""

    def told(key: str) -> float:
        steps = (_step_usd(f"{key}.{part}", numbers) for part in ("reader", "job"))
        return sum(steps) + _invocation_usd(f"{key}.job", numbers)

    mail = _step_usd("mail", numbers) + _invocation_usd("mail", numbers) + prices.MAIL
    alone = of_message_usd(numbers, together=1)
    rows = (
        ("read", "messages that are read in time", of_message_usd(numbers), f"{BATCH} in a batch of the stream"),
        ("read_alone", "messages that are read in time, each alone in a batch of the stream", alone, ""),
        ("in_app", "notifications in the app", told("in_app"), "an event for each"),
        ("web_push", "notifications by Web Push", told("push"), "with the entry in the app and the job of an e-mail"),
        ("sns", "notifications by SNS to a phone", told("push") + prices.PUSH, "the same"),
        ("mail", f"e-mails of {DIGEST} messages", mail, "SES alone is 100; beside the entries in the app"),
    )
    return [
        Row(
            key=f"cost.notify.{key}",
            what=f"1 million {what}",
            number=round(usd * 1e6, 2),
            unit="USD per million",
            note=note,
        )
        for key, what, usd, note in rows
    ]


def _step_usd(key: str, numbers: Mapping[str, float]) -> float:
    """Returns the price of what a step reads, writes, posts and queues; a queued job is sent, received and deleted."""
    of = {name: numbers[f"notify.{key}.{name}"] for name in ("read", "write", "posts", "queued")}
    usd = of["read"] * prices.READ_UNIT + of["write"] * prices.WRITE_UNIT
    return usd + of["posts"] * prices.SOCKET_MESSAGE + of["queued"] * 3 * prices.QUEUE_REQUEST


def _invocation_usd(key: str, numbers: Mapping[str, float], together: int = 1) -> float:
    """Returns the price of the invocation for a step that was counted for each of `together` things, with its log.

    It computes as long as a send.
    """
    memory_mb = numbers["notify.memory_mb"]
    waits_ms = numbers[f"notify.{key}.waits_ms"] * together
    milliseconds = duration_ms(numbers["send.WebSocket.processor_ms"], waits_ms, memory_mb)
    logged = numbers["send.WebSocket.log_bytes"] + prices.PLATFORM_LOG_BYTES
    return prices.invocation_usd(milliseconds, memory_mb) + logged * prices.LOG_BYTE
