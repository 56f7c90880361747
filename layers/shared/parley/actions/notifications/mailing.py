"""E-mails: one digest for each person of what has gathered since the last, later and later while they read nothing.

A digest is claimed before it is sent and noted after that. So a person gets one twice only if the function dies between
SES's answer and the note, and then with the same Message-ID.
"""

import hmac
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from aws_lambda_powertools import Logger
from msgspec import Struct
from msgspec.structs import replace

from parley.actions.notifications import counting, facts, gathering, inbox, wording
from parley.actions.notifications.facts import Known, Pair
from parley.actions.notifications.gathering import Look
from parley.actions.parallel import in_parallel
from parley.adapters.dynamodb import conditions, retrying
from parley.adapters.notifications import mail_queue, mail_settings, mail_states, mail_templates, mails, notices
from parley.adapters.notifications.notices import Told
from parley.adapters.threads import Threads
from parley.domain.notifications import mail_jobs
from parley.domain.notifications.addresses import sendable
from parley.domain.notifications.decision import decide
from parley.domain.notifications.digest import MAX_ENTRIES, Wish, digest
from parley.domain.notifications.mail_feedback import Feedback
from parley.domain.notifications.mail_jobs import MailJob, MailMessage
from parley.domain.notifications.mail_state import MailState, email_state, switched_off
from parley.domain.notifications.mime import Envelope, message
from parley.domain.notifications.notice import Kind, Notice
from parley.domain.notifications.preferences import QUIET_RULES
from parley.domain.notifications.unsubscribing import LIFE_S, Link, read_token

QueueMails = Callable[[Sequence[str], int], None]  # of people, and the time in ms
Change = Callable[[MailState], MailState]
Words = Mapping[tuple[str, Kind], Sequence[str]]  # of messages, by conversation and kind of the entry

MAX_NOTES = 100  # traces in which one e-mail is noted; of a flood older ones stay as they are

MAX_SHOWN = 3  # messages of one conversation whose words an e-mail shows, the newest

logger = Logger()
_notes = Threads(max_workers=MAX_NOTES, thread_name_prefix="mail-notes")


class _Digest(Struct, frozen=True, kw_only=True):
    """The content of an e-mail: what it tells, what it leaves out and by which rule, and what stays for later."""

    told: Sequence[Known]
    left_out: Sequence[tuple[Known, str]]
    quiet: Sequence[Known]

    @property
    def quiet_until_ms(self) -> int | None:
        """Returns when the person may be disturbed by what stays for later; None if never, or nothing does."""
        if not self.quiet:
            return None
        first = self.quiet[0].facts
        return first.preferences.quiet_until_ms(first.now_ms)


def queueing() -> QueueMails | None:
    """Returns what queues a look whether people are to get an e-mail; None in a deployment that sends none."""
    return mail_queue.queue_looks if mail_settings.is_on() else None


def send_mail(asked: MailMessage, now_ms: int) -> None:
    """Does what a message of the queue asks for: a job, or news of an e-mail."""
    if asked.detail is not None:
        take_feedback(asked.detail)
    elif mail_settings.is_on():
        job = MailJob(user_id=asked.user_id, due_ms=asked.due_ms, failures=asked.failures, waits=asked.waits)
        run_mail(job, now_ms)


def run_mail(job: MailJob, now_ms: int) -> None:
    """Sends a person their digest if it is due, and there is anything to tell; else it may queue the job for later.

    Five round trips and one call of SES; one if nothing is new, three if nothing is to be told. Raises NotNow after the
    last try if SES does not take it.
    """
    if job.due_ms > now_ms:
        if _is_awaited(job):
            mail_queue.queue_jobs([job], now_ms)
        return
    for _ in conditions.tries():
        try:
            _run(job, now_ms)
        except conditions.LostRace:
            continue
        return
    raise retrying.busy()


def _is_awaited(job: MailJob) -> bool:
    """Says whether a job is to be queued again; one round trip if it waits. Another may have taken its place."""
    read = mail_states.get_state(job.user_id) if job.waits else None
    return not job.waits or (read is not None and mail_jobs.is_awaited(read.state, job))


def _run(job: MailJob, now_ms: int) -> None:
    seen = gathering.look(job.user_id)
    news = seen.news
    if seen.profile is None or not news:
        return
    state = email_state(seen.mail.state, seen.profile.email, available=True)
    if state != "on":
        _note_traces([(inbox.occasion_of(each).trace_place, _skipped(state, now_ms)) for each in news], job.user_id)
        return
    found, has_read = in_parallel(
        lambda: inbox.found_of(job.user_id, news),
        lambda: gathering.has_read_since(job.user_id, seen.mail.state, seen.entries, now_ms),
    )
    planned = mail_jobs.plan(seen.mail.state, job, now_ms, has_read=has_read)
    if planned.do == "send":
        content = _content(inbox.known_pairs(found, now_ms))
        if content.told:
            _send(job, seen, content, now_ms, has_read=has_read)
            return
        _note_traces(_traces_left_out(content, now_ms), job.user_id)
        after = _until_quiet_ends(job, seen, content, now_ms)
        if after != seen.mail.state:
            mail_states.save(job.user_id, seen.mail, after)
    if planned.do == "wait":
        _wait(job, seen, planned.until_ms, now_ms)


def _content(found: Sequence[Known]) -> _Digest:
    verdicts = [(known, decide(known.facts, "email")) for known in found]
    return _Digest(
        told=[known for known, verdict in verdicts if verdict.told],
        left_out=[(known, each.rule) for known, each in verdicts if not each.told and each.rule not in QUIET_RULES],
        quiet=[known for known, verdict in verdicts if verdict.rule in QUIET_RULES],
    )


def _until_quiet_ends(job: MailJob, seen: Look, content: _Digest, now_ms: int) -> MailState:
    """Queues a look at what stays for later, unless one is queued; returns the state that knows of it.

    It comes first: a process that dies after it has queued one look too many, and not too few.
    """
    state = seen.mail.state
    planned = mail_jobs.until_quiet_ends(state, job, content.quiet_until_ms, now_ms)
    if not content.quiet or planned.do != "wait":
        return state
    mail_queue.queue_jobs([MailJob(user_id=job.user_id, due_ms=planned.until_ms, waits=True)], now_ms)
    return mail_jobs.quiet(state, planned.until_ms)


def _wait(job: MailJob, seen: Look, until_ms: int, now_ms: int) -> None:
    """Queues the job for a time, and notes that a job waits for that time, so that others leave it to this one."""
    waits = seen.mail.state.sending is None
    mail_queue.queue_jobs([replace(job, due_ms=until_ms, waits=waits)], now_ms)
    if waits:
        mail_states.save(job.user_id, seen.mail, mail_jobs.waiting(seen.mail.state, until_ms))


def _send(job: MailJob, seen: Look, content: _Digest, now_ms: int, *, has_read: bool) -> None:
    assert seen.profile is not None
    address = sendable(seen.profile.email) or ""
    state = _until_quiet_ends(job, seen, content, now_ms)
    claim, newest = in_parallel(
        lambda: mail_states.save(job.user_id, seen.mail, mail_jobs.claimed(state, now_ms)),
        lambda: _newest_words(content.told, now_ms),
    )
    raw = _message(seen, content, newest, address, now_ms)
    from_address = mail_settings.sender().address
    told = _told(seen, content, now_ms)
    if seen.is_cut:
        logger.warning("mail_news_cut", code="mail_news_cut", looked_at=gathering.MAX_LOOKED)
    try:
        answer = mails.send(raw, from_address, address)
    except mails.NotNow as error:
        _try_again(job, error, now_ms)
        return
    except mails.RefusedAddress as error:
        outcome = Told(state="failed", rule="told", at_ms=now_ms, answer=error.code)
        change: Change = partial(_switched_off, address=address)
    except mails.RefusedMessage as error:
        logger.error("mail_refused", code="mail_refused", reason=error.code)
        outcome = Told(state="failed", rule="told", at_ms=now_ms, answer=error.code)
        change = partial(told, has_read=has_read)
    else:
        outcome = Told(state="sent", rule="told", at_ms=now_ms, answer=answer)
        change = partial(told, has_read=has_read)
    traces = [each for known in content.told for each in _traces_of(known, outcome)]
    in_parallel(
        lambda: _change(job.user_id, claim, change),
        lambda: _note_traces([*traces, *_traces_left_out(content, now_ms)], job.user_id),
    )


def _switched_off(state: MailState, address: str) -> MailState:
    """Returns the state after SES has refused an address: nothing is sent to it any more."""
    return switched_off(mail_jobs.released(state), "refused", address)


def _traces_of(known: Known, outcome: Told) -> list[tuple[str, Told]]:
    """Returns the outcome for each thing that an entry tells, the newest first, and for messages that were deleted."""
    occasion, found = known.pair.occasion, known.gathered
    if occasion.kind == "ticket" and known.entry is not None:
        numbers = sorted({*known.entry.numbers, occasion.number}, reverse=True)
        return [(replace(occasion, number=number).trace_place, outcome) for number in numbers]
    if occasion.kind == "missed_call" and known.entry is not None:
        seqs = sorted({*known.entry.numbers, occasion.seq}, reverse=True)
        return [(replace(occasion, seq=seq).trace_place, outcome) for seq in seqs]
    if known.facts.kind not in counting.GATHERED:
        return [(occasion.trace_place, outcome)]
    traces = {occasion.seq: outcome}
    gone = _skipped("message_deleted", outcome.at_ms)
    traces |= {each.seq: gone for each in found.messages if each.deleted_at_ms is not None}
    traces |= {each.seq: outcome for each in found.told_together}
    return [(replace(occasion, seq=seq).trace_place, traces[seq]) for seq in sorted(traces, reverse=True)]


def _told(seen: Look, content: _Digest, now_ms: int) -> Callable[..., MailState]:
    """Returns what notes that an e-mail was sent: with how far it told of each entry.

    A thing that stays for later, because of quiet hours, must be found again: it counts as new from its own time on.
    """
    newest: dict[str, int] = {}
    for known in content.told:
        occasion, kind = known.pair.occasion, known.facts.kind
        mark = occasion.number if known.entry is None else known.entry.number
        of_one = mark if kind in notices.NUMBERED else occasion.seq
        newest[occasion.entry_place(kind)] = known.entry_seq if kind in counting.GATHERED else of_one
    told_ms = min([now_ms, *(known.pair.occasion.at_ms for known in content.quiet)])
    recent = {entry.place for entry in seen.entries if entry.at_ms >= told_ms - gathering.OVERLAP_MS}

    def sent(state: MailState, *, has_read: bool) -> MailState:
        kept = {place: seq for place, seq in state.told.items() if place in recent}
        return mail_jobs.sent(state, kept | newest, told_ms, now_ms, has_read=has_read)

    return sent


def _newest_words(told: Sequence[Known], now_ms: int) -> Words:
    """Returns the words of the newest messages of each entry that tells of several, the oldest first.

    Each message is decided by itself, as the person may see it now. One round trip, none if they want no previews.
    """
    of_several = [
        known
        for known in told[:MAX_ENTRIES]
        if known.facts.kind in counting.GATHERED and known.facts.preferences.previews and _count(known) > 1
    ]
    pairs = [
        Pair(
            known.pair.user_id, replace(known.pair.occasion, seq=each.seq, by=each.sender_id, at_ms=each.created_at_ms)
        )
        for known in of_several
        for each in known.gathered.told_together[-MAX_SHOWN:]
        if each.seq != known.pair.occasion.seq
    ]
    others = facts.read_facts(pairs, now_ms) if pairs else []
    shown = [known for known in others if decide(known.facts, "email").told and known.facts.preferences.previews]
    words: dict[tuple[str, Kind], list[str]] = {}
    for known in sorted([*shown, *of_several], key=lambda each: each.pair.occasion.seq):
        text = wording.notice_of(known, count=1, sums=False).text
        words.setdefault((known.pair.occasion.conversation_id, known.facts.kind), []).append(text)
    return words


def _message(seen: Look, content: _Digest, newest: Words, address: str, now_ms: int) -> bytes:
    """Returns the bytes of an e-mail; with the same key in each try."""
    assert seen.profile is not None
    template = mail_templates.current()
    language = template.language_of(seen.profile.locale)
    link = Link(user_id=seen.user_id, language=language, expires_at_s=now_ms // 1000 + LIFE_S)
    links, sender = mail_settings.links(link), mail_settings.sender()
    shown = [_notice(known, newest) for known in content.told]
    wish = Wish(sender=sender.name, links=links)
    words = digest(template, content.told[0].recipient, seen.profile.name, shown, wish)
    number = f"{seen.user_id}\n{seen.mail.state.number}".encode()
    key = hmac.digest(mail_settings.key(), b"message " + number, "sha256").hex()[:32]
    return message(words, Envelope(sender=sender, to=address, key=key, at_ms=now_ms, unsubscribe_url=links.unsubscribe))


def _notice(known: Known, newest: Words) -> Notice:
    count = _count(known)
    words = newest.get((known.pair.occasion.conversation_id, known.facts.kind), ()) if count > 1 else ()
    # Of several changes of a ticket the newest says all that counts.
    sums = known.facts.kind in counting.GATHERED
    return replace(wording.notice_of(known, count=count, sums=sums), newest=tuple(words))


def _count(known: Known) -> int:
    return wording.count_of(known, known.entry)


def _try_again(job: MailJob, error: mails.NotNow, now_ms: int) -> None:
    """Queues the job for later. Its claim ends by itself before that."""
    if job.failures >= mail_jobs.MAX_FAILURES:
        raise error
    logger.warning("mail_provider_busy", code="mail_provider_busy", reason=error.code, failures=job.failures + 1)
    mail_queue.queue_jobs([mail_jobs.after_failure(job, now_ms)], now_ms)


def _change(user_id: str, read: mail_states.Read, change: Change) -> None:
    """Changes a state, read again if it has changed meanwhile; nothing is left of an erased person's."""
    for _ in conditions.tries():
        try:
            mail_states.save(user_id, read, change(read.state))
            return
        except conditions.LostRace:
            found = mail_states.get_state(user_id)
            if found is None:
                return
            read = found
    raise retrying.busy()


def _skipped(rule: str, now_ms: int) -> Told:
    return Told(state="skipped", rule=rule, at_ms=now_ms)


def _traces_left_out(content: _Digest, now_ms: int) -> list[tuple[str, Told]]:
    """Returns what the traces say of things that are not told; those that wait stay as they are."""
    left_out = [*content.left_out]
    if not mail_jobs.is_near(content.quiet_until_ms, now_ms):
        left_out += [(known, decide(known.facts, "email").rule) for known in content.quiet]
    return [each for known, rule in left_out for each in _traces_of(known, _skipped(rule, now_ms))]


def _note_traces(traces: Sequence[tuple[str, Told]], user_id: str) -> None:
    """Notes in up to MAX_NOTES traces what became of the e-mail, side by side; one that has expired stays away."""
    once = list(dict.fromkeys(traces))  # both entries of a conversation name its deleted messages
    list(_notes.map(lambda each: notices.note(user_id, each[0], "email", each[1]), once[:MAX_NOTES]))


def take_feedback(feedback: Feedback) -> None:
    """Switches a person's e-mails off if one bounced for good, or drew a complaint; two round trips.

    Does nothing for news of an e-mail that Parley has not sent.
    """
    off, token, address = feedback.off, feedback.token, feedback.address
    link = read_token(token, mail_settings.key()) if token is not None and mail_settings.is_on() else None
    if off is None or address is None or link is None:
        return
    read = mail_states.get_state(link.user_id)
    if read is not None and switched_off(read.state, off, address) != read.state:
        _change(link.user_id, read, lambda state: switched_off(state, off, address))
