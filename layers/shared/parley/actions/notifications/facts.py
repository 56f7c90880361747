"""The facts of a decision, read as late as possible: what a person may see, has seen, and wants to be told."""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from parley.actions import access
from parley.actions.notifications import pushing
from parley.actions.parallel import in_parallel
from parley.adapters.conversations import conversations, messages, personal_marks
from parley.adapters.dynamodb import batches, tables, unreadable
from parley.adapters.live import connections
from parley.adapters.notifications import devices, notices, preferences
from parley.adapters.notifications.notices import Entry, NoticeTrace
from parley.adapters.people import agents, blocks, erased_people, profiles, senders, suspensions
from parley.adapters.support import ticket_history, tickets
from parley.domain.api.types import Settings
from parley.domain.conversations.head import Head, Membership
from parley.domain.conversations.message import StoredMessage
from parley.domain.conversations.steps import Change
from parley.domain.live.presence import Presence
from parley.domain.notifications.decision import Facts
from parley.domain.notifications.gathered import Gathered
from parley.domain.notifications.notice import Kind, Recipient
from parley.domain.notifications.occasion import Occasion
from parley.domain.notifications.ticket_news import TicketNews, news_of
from parley.domain.people.profile import Profile
from parley.domain.support.ticket import StoredTicket

OF_MESSAGES = ("message", "missed_call", "invitation")  # occasions of which a message tells


class Pair(Struct, frozen=True):
    """A person who may be told of an occasion; `kind` is that of their entry of the inbox, if it is read from there.

    An entry keeps its kind. Of a mention that was deleted or edited away nothing is left, so it tells nothing.
    """

    user_id: str
    occasion: Occasion
    kind: Kind | None = None


class Known(Struct, frozen=True, kw_only=True):
    """All that is known of a person and an occasion; without a `head` the conversation is gone."""

    pair: Pair
    facts: Facts
    recipient: Recipient
    name: str  # of who caused it
    trace: NoticeTrace
    presence: Presence
    head: Head | None = None
    message: StoredMessage | None = None
    change: Change | None = None
    ticket: StoredTicket | None = None
    news: TicketNews | None = None  # of a change of the ticket
    membership: Membership | None = None
    entry: Entry | None = None  # that it has
    shared: Entry | None = None  # of the conversation's messages: it knows of the last push
    seen_before_ms: int = 0  # what was told before counts as seen
    gathered: Gathered = Gathered()  # unread messages, if they were counted (`counting.py`)

    @property
    def unread_total(self) -> int:
        """Returns the conversation's unread messages by arithmetic, as lists show them; 0 without a membership."""
        return 0 if self.head is None or self.membership is None else self.head.unread(self.membership)

    @property
    def read_seq(self) -> int | None:
        """Returns up to where the person has nothing left to read; None without a membership."""
        return None if self.head is None or self.membership is None else self.head.settled_seq(self.membership)

    @property
    def told_seq(self) -> int:
        """Returns the newest message of the conversation of which the person is told.

        The conversation has an entry for mentions, and one for other messages: one that is read from the inbox tells of
        its own.
        """
        told = 0 if self.shared is None else self.shared.seq
        if self.pair.occasion.kind != "message":
            return told
        return self.entry_seq if self.pair.kind is not None else max(told, self.entry_seq)

    @property
    def is_taken_back(self) -> bool:
        """Says whether it is a reaction that is not there any more, to a message that is."""
        is_there = self.message is not None and self.message.deleted_at_ms is None
        return self.facts.kind == "reaction" and self.facts.is_deleted and is_there

    @property
    def has_seen_entry(self) -> bool:
        """Says whether the person has marked its entry, also if there is news since."""
        return self.entry is not None and (self.entry.is_seen or self.entry.told_ms < self.seen_before_ms)

    @property
    def entry_seq(self) -> int:
        """Returns the newest message of which its own entry tells."""
        return max(0 if self.entry is None else self.entry.seq, self.pair.occasion.seq)


def still_unread(pairs: Sequence[Pair], *, trails: bool) -> dict[Pair, int | None]:
    """Returns the pairs without those whose message was read, each with how far the person has read, if that is known.

    One round trip, half a read unit for each. The read may be a moment old, so of those that are left some may have
    been read as well. A pair that `trails` others stays in any case: it tells of what came after its message.
    """
    asked = [(each.user_id, each.occasion.conversation_id) for each in pairs if each.occasion.kind == "message"]
    if not asked:
        return dict.fromkeys(pairs)
    found = conversations.memberships(dict.fromkeys(asked), stale=True)

    def read_seq(each: Pair) -> int | None:
        mine = found.get((each.user_id, each.occasion.conversation_id))
        return None if mine is None or each.occasion.kind != "message" else mine.read_seq

    read = {each: read_seq(each) for each in pairs}
    return {each: seq for each, seq in read.items() if trails or seq is None or seq < each.occasion.seq}


def read_facts(pairs: Sequence[Pair], now_ms: int) -> list[Known]:
    """Returns what is known of each pair now; one round trip for each 100 keys, all at once."""
    user_ids = list(dict.fromkeys(each.user_id for each in pairs))
    rows, present = in_parallel(
        lambda: batches.read_rows(_keys(pairs)),
        lambda: connections.readable(user_ids),
    )
    others = (other for each in pairs for other in (each.occasion.by, each.occasion.assignee_id) if other)
    people = profiles.readable(rows, dict.fromkeys([*user_ids, *others]))
    return [
        _Reading(rows, each, people, present.get(each.user_id) or Presence(user_id=each.user_id), now_ms).known()
        for each in pairs
    ]


def membership_in(head: Head, user_id: str, found: Membership | None) -> Membership | None:
    """Returns a person's membership; one of a direct conversation says little, so a damaged one is replaced."""
    if found is None and user_id in head.participants and not head.has_members:
        return Membership(user_id=user_id, conversation_id=head.conversation_id)
    return found


def _keys(pairs: Iterable[Pair]) -> dict[type[tables.Table], list[batches.Key]]:
    keys: dict[type[tables.Table], list[batches.Key]] = {}

    def want(model: type[tables.Table], *key: str | int) -> None:
        keys.setdefault(model, []).append(key)

    for each in pairs:
        user_id, occasion = each.user_id, each.occasion
        want(tables.Conversation, occasion.conversation_id)
        want(tables.Membership, user_id, occasion.conversation_id)
        if occasion.seq:
            want(tables.Message, occasion.conversation_id, occasion.seq)
            want(tables.Receipt, *personal_marks.hidden_key(occasion.conversation_id, user_id, occasion.seq))
        if occasion.kind == "reaction":
            want(tables.Message, *messages.change_key(occasion.conversation_id, occasion.number))
            if occasion.emoji:
                mark = (occasion.conversation_id, occasion.by, occasion.seq, occasion.emoji)
                want(tables.Receipt, *personal_marks.emoji_key(*mark))
        if occasion.kind in ("ticket", "waiting_ticket"):
            want(tables.Ticket, *tickets.key(occasion.conversation_id))
        if occasion.kind == "ticket":
            want(tables.Message, *ticket_history.key(occasion.conversation_id, occasion.number))
        for known_id in filter(None, (user_id, occasion.by, occasion.assignee_id)):
            want(tables.User, known_id)
        if occasion.by:
            want(tables.Block, *blocks.key(user_id, occasion.by))
        want(tables.Erasure, erased_people.key(user_id))
        want(tables.AccountState, user_id)
        for key in (preferences.key(user_id), devices.key(user_id), notices.seen_key(user_id)):
            want(tables.Notification, *key)
        for place in {occasion.trace_place, *(occasion.entry_place(kind) for kind in _kinds_of(occasion))}:
            want(tables.Notification, user_id, place)
    return keys


def _kinds_of(occasion: Occasion) -> tuple[Kind, ...]:
    """Returns the kinds of notices that an occasion may become."""
    match occasion.kind:
        case "message":
            return ("message", "mention")
        case "waiting_ticket":
            return ("ticket",)
    return (occasion.kind,)


class _Reading:
    """One pair, as the rows of a batch tell of it."""

    def __init__(
        self, rows: batches.Rows, pair: Pair, people: dict[str, Profile], presence: Presence, now_ms: int
    ) -> None:
        self._rows, self._pair, self._people, self._presence, self._now_ms = rows, pair, people, presence, now_ms
        self._occasion, self._user_id = pair.occasion, pair.user_id
        conversation_id = self._occasion.conversation_id
        self._head = conversations.readable_heads(rows, [conversation_id]).get(conversation_id)
        key = (self._user_id, conversation_id)
        self._membership = conversations.readable_memberships(rows, [key]).get(key)
        self._message = self._read_message()
        self._change = (
            messages.change_of(rows, conversation_id, self._occasion.number)
            if self._occasion.kind == "reaction"
            else None
        )
        self._ticket = tickets.readable(rows, [conversation_id]).get(conversation_id) if self._is_of_desk else None

    @property
    def _is_of_desk(self) -> bool:
        return self._occasion.kind in ("ticket", "waiting_ticket")

    def _read_message(self) -> StoredMessage | None:
        return messages.readable_message(self._rows, self._occasion.conversation_id, self._occasion.seq)

    def known(self) -> Known:
        kind = self._kind()
        profile = self._people.get(self._user_id)
        registered = unreadable.readable("Notifications", [self._user_id], lambda each: devices.of(self._rows, each))
        only = self._occasion.devices  # those that are tried again
        found = registered[self._user_id].devices if registered else ()
        recipient = Recipient(
            user_id=self._user_id,
            locale=None if profile is None else profile.locale,
            time_zone=None if profile is None else profile.time_zone,
            email=None if profile is None else profile.email,
            devices=tuple(each for each in found if not only or each.device_id in only),
            at_host=not only or pushing.HOST in only,
        )
        entry = notices.entry_of(self._rows, self._user_id, self._occasion.entry_place(kind))
        pushed = notices.entry_of(self._rows, self._user_id, self._occasion.entry_place("message"))
        return Known(
            pair=self._pair,
            facts=self._facts(kind, recipient, entry, pushed),
            recipient=recipient,
            name=self._name(),
            trace=notices.trace_of(self._rows, self._user_id, self._occasion.trace_place),
            presence=self._presence,
            head=self._head,
            message=self._message,
            change=self._change,
            ticket=self._ticket,
            news=self._news(),
            membership=self._mine,
            entry=entry,
            shared=pushed,
            seen_before_ms=notices.seen_before_ms(self._rows, self._user_id),
        )

    def _facts(self, kind: Kind, recipient: Recipient, entry: Entry | None, pushed: Entry | None) -> Facts:
        mine = self._mine
        return Facts(
            kind=kind,
            now_ms=self._now_ms,
            is_own=self._occasion.by == self._user_id,
            is_erased=erased_people.is_marked(self._rows, self._user_id),
            is_suspended=self._is_suspended(),
            is_member=self._is_member(),
            is_deleted=self._is_deleted(),
            is_blocked=self._is_blocked(),
            has_read=self._has_read(),
            has_seen=self._has_seen(entry),
            is_taken=self._is_taken(),
            is_archived=mine is not None and self._head is not None and self._head.is_archived(mine),
            is_urgent=self._ticket is not None and self._ticket.priority == "urgent",
            settings=Settings() if mine is None else mine.settings,
            preferences=preferences.of(self._rows, self._user_id),
            is_open=self._is_open(),
            has_device=pushing.reaches(recipient),
            has_email=recipient.email is not None,
            pushed_at_ms=None if pushed is None or self._has_read_up_to(pushed.pushed_seq) else pushed.pushed_at_ms,
            told_at_ms=None if entry is None else entry.pushed_at_ms,
        )

    @property
    def _mine(self) -> Membership | None:
        return None if self._head is None else membership_in(self._head, self._user_id, self._membership)

    def _kind(self) -> Kind:
        if self._pair.kind is not None:
            return self._pair.kind
        if self._occasion.kind == "waiting_ticket":
            return "ticket"
        if self._occasion.kind != "message":
            return self._occasion.kind
        return "mention" if self._message is not None and self._message.names(self._user_id) else "message"

    def _news(self) -> TicketNews | None:
        occasion, ticket, head = self._occasion, self._ticket, self._head
        if occasion.kind != "ticket" or ticket is None or head is None:
            return None
        entry = ticket_history.entry_of(self._rows, occasion.conversation_id, occasion.number)
        about = {} if entry is None else entry.about
        assignee = self._people.get(occasion.assignee_id)
        name = None if assignee is None else assignee.name
        return news_of(about, ticket.number, self._user_id, name, asked=self._user_id == head.requester_id)

    def _name(self) -> str:
        by = self._occasion.by
        if by in self._people:
            return self._people[by].name
        sender = senders.system_sender(by)
        return by if sender is None else sender.name

    def _is_suspended(self) -> bool:
        return suspensions.is_shut_out(self._rows, self._user_id, self._now_ms)

    def _is_agent(self) -> bool:
        profile = self._people.get(self._user_id)
        return profile is not None and agents.is_agent(profile.role)

    def _is_member(self) -> bool:
        head = self._head
        if head is None:
            return False
        if self._occasion.kind == "waiting_ticket":
            return self._is_agent() and self._user_id != head.requester_id
        if not head.is_desks:
            return access.is_member(head, self._user_id, self._membership)
        if self._user_id == head.requester_id:
            return head.is_ticket
        # An assignee need not be in the ticket.
        is_in = self._membership is not None or self._occasion.kind == "ticket"
        return is_in and self._is_agent()

    def _is_deleted(self) -> bool:
        if self._is_of_desk:
            return self._ticket is None
        message = self._message
        if message is None or message.deleted_at_ms is not None or self._is_hidden() or self._is_before_all(message):
            return True
        if self._pair.kind == "mention":
            return not message.names(self._user_id)
        if self._occasion.kind == "reaction":
            return self._change is None or not self._reacts(message)
        return False

    def _reacts(self, message: StoredMessage) -> bool:
        """Says whether the person who reacted still does: others may have the same emoji."""
        occasion = self._occasion
        if not occasion.emoji:  # a job that an earlier version has queued does not say which
            return self._change is not None and (self._change.emoji or "") in message.reactions
        mark = (occasion.conversation_id, occasion.by, occasion.seq, occasion.emoji)
        return personal_marks.reacts(self._rows, *mark)

    def _is_hidden(self) -> bool:
        """Says whether the person has deleted the message for themselves."""
        occasion = self._occasion
        return personal_marks.is_hidden(self._rows, occasion.conversation_id, self._user_id, occasion.seq)

    def _is_before_all(self, message: StoredMessage) -> bool:
        """Says whether the person sees only messages after this one."""
        head, user_id = self._head, self._user_id
        return head is not None and message.seq < head.visible_from_seq(user_id, self._mine)

    def _is_blocked(self) -> bool:
        if self._head is None or self._head.is_desks or not self._occasion.by:
            return False
        if self._head.is_group:
            # A system message is nobody's words, but an invitation of a blocked person is not told.
            return blocks.of(self._rows, self._user_id, self._occasion.by).by_me
        return bool(self._head.blocked_by)

    def _has_read_up_to(self, seq: int) -> bool:
        mine = self._mine
        return self._head is not None and mine is not None and self._head.settled_seq(mine) >= seq

    def _has_read(self) -> bool:
        mine, occasion = self._mine, self._occasion
        if self._head is None or mine is None or occasion.kind in ("reaction", "waiting_ticket") or occasion.by_rule:
            return False
        if occasion.kind == "invitation":  # a newcomer has read everything up to then
            return self._head.read_seq(mine) > max(occasion.seq, mine.since_seq or 0)
        return self._has_read_up_to(self._head.last_seq if occasion.kind == "ticket" else occasion.seq)

    def _has_seen(self, entry: Entry | None) -> bool:
        # An entry that is in no inbox yet was not there to be seen, whenever its message was written.
        if entry is None or (entry.seq, entry.number) < (self._occasion.seq, self._occasion.number):
            return False
        return entry.is_seen or entry.told_ms < notices.seen_before_ms(self._rows, self._user_id)

    def _is_taken(self) -> bool:
        if self._occasion.kind != "waiting_ticket" or self._ticket is None:
            return False
        return self._ticket.assignee_id is not None or self._ticket.status != "open"

    def _is_open(self) -> bool:
        """Says whether a live device has the conversation open, and the person's devices have the message."""
        mine = self._mine
        if self._occasion.kind not in OF_MESSAGES or self._head is None or mine is None:
            return False
        live = self._presence.live(self._now_ms // 1000)
        is_joined = any(self._occasion.conversation_id in device.joined for device in live)
        return is_joined and self._head.delivered_seq(mine) >= self._occasion.seq
