"""Round trips and capacity units, counted from the calls that the operations really make.

Two people with a device each; ids are UUIDs, the text has 100 characters, every send has a `client_id`.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from statistics import mean
from urllib.parse import quote

from bench import attachments
from bench.calls import Recorded, answering, recording
from bench.rows import Row, Section
from bench.scene import PAGE, TEXT, Operation, Scene
from bench.stage import Stage, memory_mb, staged

POSTS = {"apigatewaymanagementapi": {"ResponseMetadata": {"HTTPStatusCode": 200}}}  # every post gets through
HOUR_MS = 3_600_000
LISTS = (60, 200, 10_000)  # conversations of three people whose lists are compared
APART_MS = 10 * 60 * 1000  # between the last activities of two conversations: six fall into one hour
LISTED = 100  # members of the largest group that its sender tells itself
MAX_NAMED = 90  # members whom one request names


class Counting:
    """Measures one operation after the other on a stage, and collects the rows."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.scene = Scene(stage)
        self.alice, self.bob, self.conversation_id = self.scene.alice, self.scene.bob, self.scene.conversation_id
        self.new_id, self.send_over_rest = self.scene.new_id, self.scene.send_over_rest
        self.rows: list[Row] = []
        self.numbers: dict[str, float] = {}
        self.compared = 0
        self.disagreements: list[str] = []

    def run(self) -> Section:
        self.sends("REST", self.send_over_rest)
        self.sends("WebSocket", self.scene.send_over_socket)
        self.talking()
        self.changes()
        self.endings()
        self.group()
        self.opening()
        self.lists()
        self.attachments()
        self.rows.append(
            Row(
                key="engine",
                what="writes whose units the local store counts otherwise",
                number=len(self.disagreements),
                unit=f"of {self.compared}",
                budget=0,
                note="; ".join(self.disagreements),
            )
        )
        return Section(rows=self.rows, numbers=self.numbers)

    # --- what is measured --------------------------------------------------------------------------------------------

    def sends(self, transport: str, send: Callable[[], str]) -> None:
        self.pass_time(1000)
        send()  # now the hour has begun
        self.count(f"send.{transport}", f"send over {transport}", send, round_trips=3, read=5, write=7)
        self.pass_time(HOUR_MS)
        what = f"send over {transport}, first of the hour"
        self.count(f"send_first.{transport}", what, send, round_trips=3, read=5, write=14)

    def talking(self) -> None:
        message_id = self.send_over_rest()
        read = partial(self.stage.rest, self.bob, "MarkRead", {"message_id": message_id})
        self.count("mark_read.REST", "mark read over REST", read, round_trips=2)
        here = {"conversation_id": self.conversation_id}
        mark = partial(self.stage.rest, self.bob, "MarkUnread", here, body={"seq": 1})
        self.count("mark_unread.REST", "mark as unread over REST", mark, round_trips=2, write=2)
        everything = partial(self.stage.rest, self.bob, "MarkAllRead")
        self.count("mark_all_read.REST", "ask for everything to be read over REST", everything, round_trips=1, write=0)
        for one in self.scene.talking():
            if one.key != "send":
                self.count_operation(one)

    def opening(self) -> None:
        """Counts the requests of an app that opens, and of a device that comes and goes."""
        self.scene.open_conversations()
        for one in self.scene.opening():
            self.count_operation(one)
        self.numbers |= {name: self.scene.timer_s(name) for name in ("heartbeat_s", "typing_resend_s")}
        for one in self.scene.background():
            self.count_operation(one)

    def changes(self) -> None:
        """Counts the changes of a message that was sent."""
        message = {"message_id": self.send_over_rest()}
        thumb = {**message, "emoji": quote("👍")}
        edit = partial(self.stage.rest, self.alice, "EditMessage", message, body={"text": TEXT.upper()})
        for name, change in (
            ("edit", edit),
            ("react to", partial(self.stage.rest, self.bob, "AddReaction", thumb)),
            ("list who reacted to", partial(self.stage.rest, self.bob, "ListReactions", message)),
            ("take a reaction off", partial(self.stage.rest, self.bob, "RemoveReaction", thumb)),
            ("pin", partial(self.stage.rest, self.bob, "PinMessage", message)),
            ("delete", partial(self.stage.rest, self.alice, "DeleteMessage", message)),
        ):
            self.count(name.replace(" ", "_"), f"{name} a message over REST", change, round_trips=3)

    def endings(self) -> None:
        """Counts how a person ends a conversation: its history for themselves, their part in it, a whole group."""
        rest = self.stage.rest
        here = {"conversation_id": self.conversation_id}
        self.send_over_rest()
        clear = partial(rest, self.bob, "ClearHistory", here)
        self.count("clear_history", "clear a history over REST", clear, round_trips=3)
        leave = partial(rest, self.bob, "RemoveMember", {**here, "user_id": self.bob})
        self.count("leave_direct", "leave a direct conversation over REST", leave, round_trips=3)
        self.send_over_rest()  # which brings it back
        body = {"type": "group", "title": "Bench", "member_ids": [self.bob, self.new_id()]}
        group = {"conversation_id": rest(self.alice, "CreateConversation", body=body)["id"]}
        self.pass_time(60_000)  # so that alice's own bucket is full again
        dissolve = partial(rest, self.alice, "DissolveGroup", group)
        self.count("dissolve", "dissolve a group of three over REST", dissolve, round_trips=3)
        find = {"q": '"wisdom begins"', "from": self.alice, "kind": "text", "after": "2020-01-01T00:00:00.000Z", **here}
        search = partial(rest, self.alice, "SearchMessages", query=find)
        self.count(
            "search.narrow", "search a conversation for a phrase by its sender, kind and time", search, round_trips=3
        )

    def group(self) -> None:
        """Counts a send to the largest group whose sender tells it, one other member online."""
        members = [self.bob, *(self.new_id() for _ in range(LISTED - 2))]
        group: dict[str, str] = {}
        for first in range(0, len(members), MAX_NAMED):
            named = members[first : first + MAX_NAMED]
            if not group:
                body = {"type": "group", "title": "Bench", "member_ids": named}
                group = {"conversation_id": self.stage.rest(self.alice, "CreateConversation", body=body)["id"]}
            else:
                self.stage.rest(self.alice, "AddMembers", group, body={"user_ids": named})
        self.pass_time(60_000)  # time passes, so that alice's own bucket is full again
        body = {"text": TEXT, "client_id": self.new_id()}
        send = partial(self.stage.rest, self.alice, "SendMessage", group, body=body)
        self.count("send.group", f"send over REST to a group of {LISTED}", send, round_trips=3)

    def lists(self) -> None:
        most: float | None = None
        for conversations in LISTS:
            user_id = self.new_id()
            self.open_conversations(user_id, conversations)
            page = partial(self.stage.rest, user_id, "ListConversations", query={"limit": str(PAGE)})
            assert len(page()["conversations"]) == PAGE
            what = f"list {PAGE} of {conversations:,} conversations"
            self.count(f"list.{conversations}", what, page, round_trips=4, read=most)
            # One index query reads at most 101 entries, so from there on nothing may grow.
            most = self.numbers[f"list.{conversations}.read"] if conversations > 100 else None

    def attachments(self) -> None:
        """Counts what attachments take; a send's write units are those of a send and two for each attachment."""
        self.pass_time(1000)
        for one in attachments.Uploads(self.scene).operations():
            one.setup()
            budget = self.numbers["send.REST.write"] + 2 * attachments.PER_MESSAGE
            write = budget if one.key == "attachment.send_five" else None
            self.count(one.key, one.what, one.run, round_trips=one.round_trips, write=write)
        self.numbers |= {f"{key}.memory_mb": memory_mb(name) for key, name in attachments.FUNCTIONS.items()}

    # --- how it is counted -------------------------------------------------------------------------------------------

    def count_operation(self, one: Operation) -> None:
        one.setup()
        self.stage.reply_bytes = 0
        self.count(one.key, one.what, one.run, round_trips=one.round_trips)
        self.numbers[f"{one.key}.reply_bytes"] = self.stage.reply_bytes
        counted = [{name: self.numbers[f"{one.key}.{name}"] for name in NUMBERS}]
        for _ in range(one.times - 1):
            one.setup()
            with recording() as recorded:
                one.run()
            counted.append(_numbers(recorded))
        self.numbers |= {f"{one.key}.{name}": mean(each[name] for each in counted) for name in NUMBERS}

    def count(
        self,
        key: str,
        what: str,
        operation: Callable[[], object],
        *,
        round_trips: float | None,
        read: float | None = None,
        write: float | None = None,
    ) -> None:
        """Records one operation; its rows are its round trips and those units for which there is a budget."""
        with recording() as recorded:
            operation()
        units, posts = recorded.units, len(recorded.of("apigatewaymanagementapi"))
        refused = [one for one in recorded.of("apigatewaymanagementapi") if b'"type":"error"' in one.params["Data"]]
        assert not refused, refused
        self.numbers |= {f"{key}.{name}": number for name, number in _numbers(recorded).items()}
        note = f"{units.read:g} read units, {units.write:g} write units, {posts} posts"
        trips = recorded.round_trips
        self.rows.append(
            Row(key=f"{key}.trips", what=what, number=trips, unit="round trips", budget=round_trips, note=note)
        )
        if write is not None:
            self.rows.append(Row(key=f"{key}.write", what=what, number=units.write, unit="write units", budget=write))
        if read is not None:
            self.rows.append(Row(key=f"{key}.read", what=what, number=units.read, unit="read units", budget=read))
        self.compared += len(recorded.priced_writes)
        self.disagreements += [
            f"{what}: {call.operation} {call.units} here, {call.engine_units} there" for call in recorded.disagreements
        ]

    # --- the means ---------------------------------------------------------------------------------------------------

    def pass_time(self, ms: int) -> None:
        """Moves the time while both devices ping."""
        self.stage.now_ms += ms
        for device in (self.scene.phone, self.scene.laptop):
            self.stage.say(device, "OnPing", "ping")

    def open_conversations(self, user_id: str, count: int) -> None:
        """Writes conversations of one person whose last activities lie `APART_MS` apart, the way actions write them."""
        from parley.adapters.conversations import (
            conversations,  # its tables have their names from the stage's environment
        )
        from parley.domain.api import ids
        from parley.domain.api.times import hour
        from parley.domain.conversations.head import Head

        def head(number: int, peer_id: str) -> Head:
            at_ms = self.stage.now_ms - number * APART_MS
            return Head(
                conversation_id=ids.direct_conversation_id(user_id, peer_id, "general", ""),
                type="direct",
                context=None,
                participants=(user_id, peer_id),
                last_seq=0,
                last_change_seq=0,
                last_message=None,
                sent_seqs={},
                created_at_ms=at_ms,
                last_activity_ms=at_ms,
                active_hour=hour(at_ms),
            )

        heads = [head(number, self.new_id()) for number in range(count)]
        with ThreadPoolExecutor(4) as threads:
            assert all(threads.map(conversations.open_direct, heads))


NUMBERS = ("read", "write", "posts", "waits_ms", "puts", "gets")


def _numbers(recorded: Recorded) -> dict[str, float]:
    units, posts = recorded.units, len(recorded.of("apigatewaymanagementapi"))
    of_s3 = [call.operation for call in recorded.of("s3")]
    return {
        "read": units.read,
        "write": units.write,
        "posts": posts,
        "waits_ms": recorded.waits_ms,
        "puts": sum(operation in attachments.PUTS for operation in of_s3),
        "gets": sum(operation in attachments.GETS for operation in of_s3),
    }


def measure() -> Section:
    """Returns the rows of everything that is counted."""
    with staged() as stage, answering(POSTS):
        return Counting(stage).run()
