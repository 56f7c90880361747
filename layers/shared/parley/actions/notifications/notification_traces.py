"""The trace of a message's notifications: what each channel has decided for a person, when, and by which rule."""

from msgspec import Struct

from parley.actions import access
from parley.actions.notifications import facts
from parley.actions.notifications.facts import Known, Pair
from parley.actions.parallel import in_parallel
from parley.adapters.conversations import messages
from parley.adapters.moderation import audit
from parley.adapters.notifications import notices
from parley.adapters.notifications.notices import NoticeTrace, State, Told
from parley.adapters.people import account_states
from parley.domain.api import ids
from parley.domain.api.request import Request
from parley.domain.api.times import rfc3339
from parley.domain.conversations.message import StoredMessage
from parley.domain.moderation.audit import new_entry
from parley.domain.notifications.decision import decide
from parley.domain.notifications.notice import CHANNELS, Channel, Kind
from parley.domain.notifications.occasion import Occasion
from parley.domain.notifications.requests import TraceQuery

MAX_NOTICES = 20  # of one kind
# Rules that nobody has to write down, and that nothing undoes.
_LASTING = frozenset({"erased", "own_message", "not_member", "message_deleted", "read"})


class ChannelTrace(Struct, frozen=True, kw_only=True):
    """The decision of one channel. It is `waiting` until it is made; then `rule` says why, and `at` when.

    `answer` is that of the push services, or of the mail service.
    """

    channel: Channel
    state: State
    rule: str | None
    at: str | None
    answer: str | None


class NoticeTraced(Struct, frozen=True, kw_only=True):
    """The decisions of the channels about another notice: a reaction to the message, or a change of its ticket.

    `number` tells it from others: that of the reaction's change, or of the entry in the ticket's history.
    """

    kind: Kind
    number: int
    channels: list[ChannelTrace]


class NotificationTrace(Struct, frozen=True, kw_only=True):
    """The decisions of all channels about one message, for one person.

    `notices` are those of reactions to the message, for its author, and in a ticket those of the ticket itself,
    whichever of its messages is asked for; each the newest 20.
    """

    message_id: str
    channels: list[ChannelTrace]
    notices: list[NoticeTraced]


def get_notification_trace(request: Request, message_id: str, query: TraceQuery) -> NotificationTrace:
    """Returns what became of a message's notifications, for the caller; two round trips.

    Moderators of the conversation and the host's own server may ask for anybody: one round trip more, for the entry of
    the audit log that comes before anything is shown.
    """
    user_id = query.user_id or request.user_id
    message = _access(request, message_id, user_id)
    occasion = Occasion(
        kind="message",
        conversation_id=message.conversation_id,
        seq=message.seq,
        by=message.sender_id,
        at_ms=message.created_at_ms,
    )
    [known], traced = in_parallel(
        lambda: facts.read_facts([Pair(user_id, occasion)], request.now_ms),
        lambda: notices.numbered_traces(user_id, occasion, MAX_NOTICES),
    )
    return NotificationTrace(
        message_id=message_id,
        channels=[_channel(known, channel) for channel in CHANNELS],
        notices=[_notice(number, trace) for number, trace in traced],
    )


def _notice(number: int, trace: NoticeTrace) -> NoticeTraced:
    channels = [_told(channel, told) for channel in CHANNELS if (told := trace.channels.get(channel)) is not None]
    return NoticeTraced(kind="ticket" if trace.is_of_ticket else "reaction", number=number, channels=channels)


def _access(request: Request, message_id: str, user_id: str) -> StoredMessage:
    if user_id == request.user_id:
        return access.access_message(request, message_id)[1]
    access.require_moderator(request, or_service=True)
    conversation_id, seq = ids.split_message_id(message_id, access.field_of(request, "message_id"))
    head, _, message, _ = messages.head_and_message(conversation_id, seq, request.user_id)
    access.access_moderated(request, head, missing=access.no_message())
    if message is None:
        raise access.no_message()
    about = {"user_id": user_id}
    audit.write_entry(new_entry(account_states.as_put(request), "read_notification_trace", message_id, **about))
    return message


def _told(channel: Channel, told: Told) -> ChannelTrace:
    return ChannelTrace(channel=channel, state=told.state, rule=told.rule, at=rfc3339(told.at_ms), answer=told.answer)


def _channel(known: Known, channel: Channel) -> ChannelTrace:
    told, rule = known.trace.channels.get(channel), decide(known.facts, channel).rule
    # If it waits for something that does not come any more, that has decided.
    if told is not None and not (told.state == "waiting" and rule in _LASTING):
        return _told(channel, told)
    state: State = "skipped" if rule in _LASTING else "waiting"
    return ChannelTrace(channel=channel, state=state, rule=rule if rule in _LASTING else None, at=None, answer=None)
