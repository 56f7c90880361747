"""Deciding about occasions, and telling people: a job of the queue, from the facts to the notes.

A push is claimed before it is made and noted after it. What is claimed and not noted is done again by the next try of
the same job, or by any job after the claim has ended. So a person is told twice only if a function dies between the
answer of a push service and its note.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from parley.actions import push
from parley.actions.notifications import badges, closing, counting, facts, pushing, starting, wording
from parley.actions.notifications.facts import Known, Pair
from parley.actions.notifications.pushing import Pushed
from parley.actions.parallel import in_parallel
from parley.adapters.conversations import messages
from parley.adapters.dynamodb import conditions, retrying
from parley.adapters.live import connections, queues
from parley.adapters.notifications import jobs, notices
from parley.adapters.notifications.notices import Entry, NoticeTrace, Told
from parley.domain.live.posts import NotYet, Post
from parley.domain.notifications.answers import answer_of
from parley.domain.notifications.decision import COLLAPSE_MS, REPEATED, Facts, Verdict, decide
from parley.domain.notifications.events import NotificationTold
from parley.domain.notifications.notice import CHANNELS, Channel, Kind
from parley.domain.notifications.occasion import NotificationJob, Occasion
from parley.domain.notifications.preferences import QUIET_RULES

LEASE_MS = 90_000  # of a claim: longer than the function's time (template.yaml)
MOVED_MS = 60_000  # an entry moves up the inbox at most once in this time
TAKES_S = pushing.DEADLINE_S + 12  # a job, at most: with the last push, and the reads and writes around them
MAX_CHANGES = 100  # of a ticket, or reactions to a message, of which an entry knows, the newest
MAX_TRIES = 3  # of a push that failed
RETRY_S = 60  # after which a push that failed is tried again, unless the push service asks for more time
MAX_RETRY_S = 900  # a message of a queue waits no longer (SQS quotas)
COUNTED: frozenset[Kind] = notices.NUMBERED | {"missed_call"}  # an entry of these has their numbers
GATHERED: frozenset[Kind] = frozenset({"message", "mention", "reaction"})  # of these, a conversation's are one push

QueueMails = Callable[[Sequence[str], int], None]  # of people who may get a mail, and the time in ms


class _Plan(Struct, kw_only=True):
    """The outcome of one pair: the channels' decisions, its entry of the inbox, and that of its conversation."""

    known: Known
    told: dict[Channel, Told]
    entry: Entry | None = None
    shared: Entry | None = None  # with the news of pushes
    sums: bool = False  # the push says how many there are
    pushes: bool = False
    trails: bool = False
    mails: bool = False

    @property
    def trace(self) -> NoticeTrace:
        return replace(self.known.trace, channels={**self.known.trace.channels, **self.told}, owner="", until_ms=0)

    def has_news(self, channel: Channel) -> bool:
        """Says whether a channel tells now."""
        told = self.told.get(channel)
        return told is not None and told.rule == "told"


def decide_notifications(job: NotificationJob, owner: str, now_ms: int, mails: QueueMails | None = None) -> None:
    """Tells people of occasions, or notes why not; `owner` is the id of the queue's message, the same in each try.

    Six round trips and the pushes, four if none is pushed, one if everybody has read. A person who is erased leaves
    no trace. Raises NotYet if another job is at some of it. A job may also take away what was read (`closing.py`).
    """
    if job.closes is not None:
        closing.close_notices(job.closes)
        return
    pairs = _pairs(_with_authors(job.occasions))
    if job.splits:
        pairs = _away(pairs, now_ms)
    unread = facts.still_unread(pairs, trails=job.trails)
    if unread and _tell(job, unread, owner, now_ms, mails):
        raise NotYet(owner)


def put_back(job: NotificationJob) -> None:
    """Queues a job again, as it is; one call."""
    jobs.queue_jobs([(job, 0)])


def _with_authors(occasions: Iterable[Occasion]) -> list[Occasion]:
    """Returns occasions with the authors of the messages that got reactions; one round trip for each of these."""
    found = []
    for each in occasions:
        if each.kind == "reaction" and not each.user_ids:
            message = messages.get_message(each.conversation_id, each.seq)
            each = replace(each, user_ids=() if message is None else (message.sender_id,))
        found.append(each)
    return found


def _pairs(occasions: Iterable[Occasion]) -> list[Pair]:
    # A row of the stream may come twice, so an occasion may, too.
    pairs = (Pair(user_id, replace(each, user_ids=())) for each in occasions for user_id in each.user_ids)
    return list(dict.fromkeys(pairs))


def _away(pairs: Sequence[Pair], now_ms: int) -> list[Pair]:
    """Returns the pairs of people who are not connected, and queues a job for the others; two round trips."""
    present = connections.readable(dict.fromkeys(each.user_id for each in pairs), stale=True)
    here = starting.connected(present, now_ms)
    later = [replace(each.occasion, user_ids=(each.user_id,)) for each in pairs if each.user_id in here]
    # A try again queues it again: then the later of the two finds all of it done.
    jobs.queue_jobs(starting.later_jobs(starting.packed(later)))
    return [each for each in pairs if each.user_id not in here]


def _tell(
    job: NotificationJob, unread: Mapping[Pair, int | None], owner: str, now_ms: int, mails: QueueMails | None
) -> bool:
    """Tells people, and returns whether another job is at some of it."""
    for _ in conditions.tries():
        known = [each for each in _counted(unread, now_ms, trails=job.trails) if not each.facts.is_erased]
        free = [each for each in known if not each.trace.is_anothers(owner, now_ms)]
        plans = [_plan(each, job, now_ms, may_mail=mails is not None) for each in free]
        _gather(plans, job, now_ms)
        pushed = [plan for plan in plans if plan.pushes]
        try:
            totals = _claim(pushed, job, owner, now_ms)
        except conditions.LostRace:
            continue
        # A push is the last thing before its note: all else may happen twice.
        _announce(plans, now_ms)
        _queue_later(plans, now_ms, mails)
        _push(pushed, job, totals, now_ms)
        _note(plans, now_ms)
        return len(free) < len(known)
    raise retrying.busy()


def _claim(plans: Sequence[_Plan], job: NotificationJob, owner: str, now_ms: int) -> Mapping[str, int]:
    """Claims some pushes, and returns the unread totals of their people; two round trips, none for no push.

    Beside that it looks once more at what it is about to push. Raises LostRace if another job has claimed one
    meanwhile, or if one is not to be pushed any more.
    """
    if not plans:
        return {}
    known = [plan.known for plan in plans]
    (_, fresh), totals = in_parallel(
        lambda: in_parallel(
            lambda: notices.claim([_claimed(plan, owner, now_ms) for plan in plans], now_ms),
            lambda: facts.read_facts([each.pair for each in known], now_ms),
        ),
        lambda: badges.unread_totals(known, now_ms),
    )
    for plan, now in zip(plans, fresh, strict=True):
        seen = replace(now, gathered=plan.known.gathered)
        if seen.facts.is_erased or not decide(_seen_by(job, seen), "push").told:
            raise conditions.LostRace
        plan.known = replace(seen, trace=plan.known.trace)  # it may be read before its claim or after it
    return totals


def _counted(unread: Mapping[Pair, int | None], now_ms: int, *, trails: bool) -> list[Known]:
    """Returns what is known of each pair, with the unread messages of those who have several; one round trip.

    One more if a person has read nothing of the conversation yet, or is told of later messages than this one.
    """
    # The entry may tell of a newer message than that of the occasion by then, so all are read up to the newest.
    several = [
        counting.Span(each.occasion.conversation_id, read_seq + 1)
        for each, read_seq in unread.items()
        if read_seq is not None and (trails or each.occasion.seq - read_seq > 1)
    ]
    known, parts = in_parallel(
        lambda: facts.read_facts([*unread], now_ms),
        lambda: counting.read_parts(several),
    )
    return counting.counted(known, parts)


def _plan(known: Known, job: NotificationJob, now_ms: int, *, may_mail: bool) -> _Plan:
    told = {}
    seen = _seen_by(job, known)
    seen = seen if may_mail else replace(seen, has_email=False)
    for channel in CHANNELS:
        before = known.trace.channels.get(channel)
        again = channel == "push" and _comes_again(known, job)
        if (known.trace.is_settled(channel) and not again) or (channel == "email" and _waits(before)):
            continue
        verdict = decide(seen, channel)
        if verdict.told or not again:
            told[channel] = _decided(verdict, channel, now_ms)
    plan = _Plan(known=known, told=told)
    plan.pushes, plan.mails = plan.has_news("push"), _waits(plan.told.get("email"))
    if _is_pushed(known):
        plan.pushes = False
        plan.told["push"] = Told(state="sent", rule="told", at_ms=now_ms)
    return plan


def _is_pushed(known: Known) -> bool:
    """Says whether a push was made that only the conversation's entry knows of: the function died between two notes."""
    claim, shared = known.trace.channels.get("push"), known.shared
    if claim is None or claim.state != "claimed" or shared is None or known.facts.kind not in GATHERED:
        return False
    return (shared.pushed_at_ms or 0) >= claim.at_ms and shared.pushed_seq >= known.pair.occasion.seq


def _comes_again(known: Known, job: NotificationJob) -> bool:
    """Says whether a push that some devices took is to be tried with the others, and has not been by this job."""
    before = known.trace.channels.get("push")
    if before is None or before.state != "sent" or not known.pair.occasion.devices:
        return False
    return before.tries < job.tries


def _apart_from_itself(known: Known) -> Facts:
    """Returns the facts of a push; one that is tried again is not held back by what other devices took of it."""
    is_newest = known.shared is None or known.shared.pushed_seq <= known.pair.occasion.seq
    return replace(known.facts, pushed_at_ms=None) if known.pair.occasion.devices and is_newest else known.facts


def _seen_by(job: NotificationJob, known: Known) -> Facts:
    return _trailing(known) if job.trails else _apart_from_itself(known)


def _trailing(known: Known) -> Facts:
    """Returns the facts of a push that tells what was held back.

    The first of that may be deleted or read, if others are not.
    """
    pushed_seq = 0 if known.shared is None else known.shared.pushed_seq
    others = known.pair.occasion.kind == "message" and any(each.seq > pushed_seq for each in known.gathered.told)
    is_deleted, has_read = known.facts.is_deleted and not others, known.facts.has_read and not others
    return replace(known.facts, pushed_at_ms=None, is_deleted=is_deleted, has_read=has_read)


def _decided(verdict: Verdict, channel: Channel, now_ms: int) -> Told:
    if channel == "email" and verdict.rule in QUIET_RULES:  # an e-mail comes after them
        return Told(state="waiting", rule=verdict.rule, at_ms=now_ms)
    if not verdict.told:
        return Told(state="skipped", rule=verdict.rule, at_ms=now_ms)
    return Told(state="waiting" if channel == "email" else "sent", rule=verdict.rule, at_ms=now_ms)


def _waits(told: Told | None) -> bool:
    return told is not None and told.state == "waiting"


def _gather(plans: Sequence[_Plan], job: NotificationJob, now_ms: int) -> None:
    """Leaves one push for each person and conversation, the newest; and one that trails what was held back.

    A plan gets its entry, which says until when a trailing push is due.
    """
    newest: dict[tuple[str, str], _Plan] = {}
    for plan in sorted(plans, key=lambda each: each.known.pair.occasion.seq):
        occasion, user_id = plan.known.pair.occasion, plan.known.pair.user_id
        if plan.pushes and plan.known.facts.kind in GATHERED:
            former = newest.get((user_id, occasion.conversation_id))
            if former is not None:
                _hold_back(former, now_ms)
            plan.sums = former is not None or job.trails
            newest[user_id, occasion.conversation_id] = plan
        elif plan.pushes and plan.known.facts.kind in REPEATED:
            place = occasion.entry_place(plan.known.facts.kind)
            if (user_id, place) in newest:
                _hold_back(newest[user_id, place], now_ms)
            newest[user_id, place] = plan
    due: set[tuple[str, str]] = set()
    for plan in plans:
        key = (plan.known.pair.user_id, plan.known.pair.occasion.conversation_id)
        told = plan.told.get("push")
        may_trail = not plan.pushes and key not in newest and plan.known.facts.kind not in REPEATED
        if told is not None and told.rule == "collapsed" and may_trail:
            entry = plan.known.shared
            is_due = key in due or (entry is not None and (entry.trails_ms or 0) > now_ms)
            if not is_due:
                due.add(key)
                plan.trails = True
                plan.told["push"] = replace(told, state="waiting")
        plan.entry = _entry(plan)
        if plan.trails:
            plan.shared = replace(_shared(plan), trails_ms=_trails_ms(plan.known))


def _hold_back(plan: _Plan, now_ms: int) -> None:
    plan.pushes = False
    plan.told["push"] = Told(state="skipped", rule="collapsed", at_ms=now_ms)


def _entry(plan: _Plan) -> Entry | None:
    """Returns the entry of a thing that some channel tells; None if none does."""
    in_app, known = plan.has_news("in_app"), plan.known
    if not (in_app or plan.pushes or plan.mails or plan.trails):
        return None
    occasion, before = known.pair.occasion, known.entry or _new_entry(known, known.facts.kind)
    if before.kind in COUNTED:
        before = _with_change(before, known)
    return replace(
        before,
        seq=max(before.seq, occasion.seq),
        number=max(before.number, occasion.number) if before.kind in notices.NUMBERED else before.number,
        at_ms=before.at_ms if occasion.at_ms - before.at_ms < MOVED_MS else occasion.at_ms,
        is_seen=False,
        is_hidden=before.is_hidden and not in_app,
        told_ms=max(known.facts.now_ms, occasion.at_ms),
    )


def _with_change(entry: Entry, known: Known) -> Entry:
    """Returns the entry of a ticket, of reactions or of missed calls with one change more.

    Those of a ticket, and calls, that the person has seen or read count no more. A call has the number of its message.
    """
    occasion = known.pair.occasion
    last_seq = {"ticket": entry.last_seq, "missed_call": entry.seq}.get(entry.kind)
    is_read = last_seq is not None and (known.read_seq or 0) >= last_seq
    goes_on = not (known.has_seen_entry or is_read)
    numbers = sorted({*(entry.numbers if goes_on else ()), occasion.number or occasion.seq})
    last_seq = 0 if known.head is None or entry.kind != "ticket" else known.head.last_seq
    return replace(entry, numbers=frozenset(numbers[-MAX_CHANGES:]), last_seq=last_seq)


def _new_entry(known: Known, kind: Kind) -> Entry:
    """Returns an entry that nobody sees yet."""
    occasion = known.pair.occasion
    return Entry(
        user_id=known.pair.user_id,
        place=occasion.entry_place(kind),
        kind=kind,
        conversation_id=occasion.conversation_id,
        seq=occasion.seq,
        number=0 if kind == "message" else occasion.number,
        at_ms=occasion.at_ms,
        is_hidden=True,
        waits=occasion.kind == "waiting_ticket",
    )


def _shared(plan: _Plan) -> Entry:
    """Returns the entry of all messages of the conversation, which knows of its pushes.

    A mention or a reaction is not among them: an entry that it makes tells of no message yet.
    """
    if plan.known.facts.kind == "message" and plan.entry is not None:
        return plan.entry
    return plan.known.shared or replace(_new_entry(plan.known, "message"), seq=0)


def _trails_ms(known: Known) -> int:
    return (known.facts.pushed_at_ms or known.facts.now_ms) + COLLAPSE_MS


def _claimed(plan: _Plan, owner: str, now_ms: int) -> NoticeTrace:
    before = plan.known.trace.channels.get("push")
    # A push that some devices took stays sent while others are tried again.
    is_sent = before is not None and before.state == "sent"
    claim = before if before is not None and is_sent else Told(state="claimed", rule="told", at_ms=now_ms)
    channels = {**plan.known.trace.channels, "push": claim}
    return replace(plan.known.trace, channels=channels, owner=owner, until_ms=now_ms + LEASE_MS)


def _push(plans: Sequence[_Plan], job: NotificationJob, totals: Mapping[str, int], now_ms: int) -> None:
    """Pushes, and sets the outcome of each plan."""
    wanted = [
        (
            plan.known.recipient,
            wording.notice_of(plan.known, count=_stands_for(plan), sums=plan.sums),
            totals.get(plan.known.pair.user_id, plan.known.unread_total),
        )
        for plan in plans
    ]
    outcomes = iter(pushing.push(wanted, now_ms) if wanted else [])
    failed: defaultdict[str, list[Occasion]] = defaultdict(list)
    waits_s: defaultdict[str, int] = defaultdict(lambda: RETRY_S)
    for plan in plans:
        own = [next(outcomes) for _ in range(pushing.count_of(plan.known.recipient))]
        plan.told["push"] = _outcome(plan.known, own, job, now_ms)
        if any(each.state == "sent" for each in own):
            _note_push(plan, now_ms)
        # A device that takes a push does not end the tries of another.
        rest = tuple(each.device_id for each in own if each.state == "failed")
        if rest and job.tries + 1 < MAX_TRIES:
            user_id = plan.known.pair.user_id
            failed[user_id].append(replace(_again(plan), devices=rest))
            waits_s[user_id] = max([waits_s[user_id], *(each.retry_after_s or 0 for each in own)])
    # Each person has a job of their own now, so nobody waits once more for the slow devices of another.
    retry = NotificationJob(occasions=(), trails=job.trails, tries=job.tries + 1)
    jobs.queue_jobs(
        [
            (replace(retry, occasions=tuple(each)), min(MAX_RETRY_S, waits_s[user_id]))
            for user_id, each in failed.items()
        ]
    )


def _stands_for(plan: _Plan) -> int:
    """Returns how many messages a push stands for: it replaces the former ones of its conversation on a device."""
    is_written = plan.known.facts.kind in ("message", "mention")
    return max(1, plan.known.gathered.count_with_mentions) if is_written or plan.sums else 1


def _newest_seq(plan: _Plan) -> int:
    """Returns the newest message of which a push tells."""
    told = plan.known.gathered.told if plan.sums else []
    return max([plan.known.pair.occasion.seq, *(each.seq for each in told)])


def _outcome(known: Known, own: Sequence[Pushed], job: NotificationJob, now_ms: int) -> Told:
    """Returns the outcome of pushes, with those of other devices from earlier tries."""
    before = known.trace.channels.get("push")
    states = {each.state for each in own}
    if before is not None and before.state == "sent":
        states.add("sent")
    may_pass = "failed" in states and job.tries + 1 < MAX_TRIES
    state: notices.State = "sent" if "sent" in states else "waiting" if may_pass else "failed"
    earlier = before.answer if before is not None and known.pair.occasion.devices else None
    answer = answer_of(((each.device_id, f"{each.state} {each.answer}") for each in own), earlier or "")
    return Told(state=state, rule="told", at_ms=now_ms, answer=answer, tries=job.tries)


def _note_push(plan: _Plan, now_ms: int) -> None:
    """Notes in the entry of a conversation that it was pushed, so that the next ones within a while are held back.

    An entry of what can be done and undone at will says so of itself.
    """
    if plan.known.facts.kind in REPEATED and plan.entry is not None:
        plan.entry = replace(plan.entry, pushed_at_ms=now_ms)
    if plan.known.facts.kind in GATHERED:
        before = _shared(plan)
        plan.shared = replace(before, pushed_seq=max(before.pushed_seq, _newest_seq(plan)), pushed_at_ms=now_ms)


def _announce(plans: Sequence[_Plan], now_ms: int) -> None:
    """Posts each entry that is news to the person's devices, once."""
    newest: dict[tuple[str, str], tuple[_Plan, Entry]] = {}
    for plan in sorted(plans, key=lambda each: (each.known.pair.occasion.seq, each.known.pair.occasion.number)):
        if plan.entry is not None and plan.has_news("in_app"):
            key = (plan.entry.user_id, plan.entry.place)
            newest[key] = (plan, _merged(newest[key][1] if key in newest else None, plan.entry))
    posts = [post for plan, entry in newest.values() for post in _posts(plan.known, entry, now_ms)]
    if later := push.deliver(posts, now_ms):
        queues.retry_later(later)


def _note(plans: Sequence[_Plan], now_ms: int) -> None:
    """Writes entries and traces, and beside them of which messages apps were told; two round trips."""
    entries: dict[tuple[str, str], Entry] = {}
    for entry in (each for plan in plans for each in (plan.entry, plan.shared) if each is not None):
        key = (entry.user_id, entry.place)
        entries[key] = _merged(entries.get(key), entry)
    told = [plan for plan in plans if plan.pushes and plan.told["push"].state == "sent"]
    in_parallel(
        lambda: _write(list(entries.values()), [plan.trace for plan in plans if plan.told], now_ms),
        lambda: closing.note_pushes(
            (plan.known.recipient, plan.known.head, _newest_seq(plan)) for plan in told if plan.known.head is not None
        ),
    )


def _write(entries: Sequence[Entry], traces: Sequence[NoticeTrace], now_ms: int) -> None:
    """Writes entries, and then traces: a trace that is settled keeps the next try of a job from its entry.

    An entry that another job has changed meanwhile is merged with that change.
    """
    lost = notices.write_entries(entries)
    for _ in conditions.tries():
        if not lost:
            notices.write_traces(traces, now_ms)
            return
        found = notices.entries((each.user_id, each.place) for each in lost)
        lost = notices.write_entries([_after(found.get((each.user_id, each.place)), each) for each in lost])
    raise retrying.busy()


def _after(there: Entry | None, entry: Entry) -> Entry:
    """Returns an entry as it is to be written in place of the one that is there, or of a damaged or deleted one."""
    if there is None:
        return replace(entry, item=None)
    return replace(_merged(there, entry), version=there.version, item=there.item)


def _merged(former: Entry | None, later: Entry) -> Entry:
    """Returns one entry of two plans of the same conversation."""
    if former is None:
        return later
    return replace(
        later if later.seq >= former.seq else former,
        number=max(former.number, later.number),
        is_hidden=former.is_hidden and later.is_hidden,
        pushed_seq=max(former.pushed_seq, later.pushed_seq),
        pushed_at_ms=max(former.pushed_at_ms or 0, later.pushed_at_ms or 0) or None,
        trails_ms=max(former.trails_ms or 0, later.trails_ms or 0) or None,
        told_ms=max(former.told_ms, later.told_ms),
        numbers=frozenset(sorted(former.numbers | later.numbers)[-MAX_CHANGES:]),
        last_seq=max(former.last_seq, later.last_seq),
    )


def _posts(known: Known, entry: Entry, now_ms: int) -> list[Post]:
    shown = wording.notification_of(known, entry, seen=False)
    frame = NotificationTold(notification=shown).frame()
    return push.posts_to(now_ms // 1000, [known.presence], lambda *_: frame, known.pair.occasion.conversation_id)


def _queue_later(plans: Sequence[_Plan], now_ms: int, mails: QueueMails | None) -> None:
    """Queues the pushes that trail others, and e-mails."""
    jobs.queue_jobs(
        [
            (NotificationJob(occasions=(_again(plan),), trails=True), _seconds(_trails_ms(plan.known) - now_ms))
            for plan in plans
            if plan.trails
        ]
    )
    to_mail = list(dict.fromkeys(plan.known.pair.user_id for plan in plans if plan.mails))
    if mails is not None and to_mail:
        mails(to_mail, now_ms)


def _seconds(ms: int) -> int:
    """Returns the whole seconds after which so many milliseconds are over, one at least."""
    return max(1, -(-ms // 1000))


def _again(plan: _Plan) -> Occasion:
    return replace(plan.known.pair.occasion, user_ids=(plan.known.pair.user_id,))
