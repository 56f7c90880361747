"""The steps of a removal of what a person wrote in the last hours.

Each removal is the act of `acts.remove_message`, in one transaction with its audit entry and the job's row. The job is
an act against a person, as a suspension is. So it takes in all conversations of the person, and shows the moderator
nothing but a count.
"""

from collections.abc import Callable, Mapping

from msgspec.structs import replace

from parley.actions.messages import changes
from parley.actions.moderation import ranks
from parley.actions.parallel import in_parallel
from parley.adapters.conversations import conversations, messages, removals
from parley.adapters.dynamodb import conditions
from parley.adapters.live import queues
from parley.adapters.people import moderators, profiles, suspensions
from parley.domain.api.errors import Forbidden, NotFound
from parley.domain.api.identity import SERVICE_ROLE
from parley.domain.api.types import EVERYONE
from parley.domain.conversations import change_steps
from parley.domain.conversations.change_steps import Found
from parley.domain.conversations.head import Head
from parley.domain.conversations.message import StoredMessage
from parley.domain.conversations.steps import Step
from parley.domain.erasure.job import ErasureStep
from parley.domain.moderation.acts import Act, as_moderators
from parley.domain.moderation.audit import new_entry, of_try
from parley.domain.moderation.removals import Job, Place, Shelf
from parley.domain.people.profile import Profile

# The bounds of one step, which may take 60 seconds: a removal takes some tens of milliseconds, with its posts more.
MAX_REMOVED = 50
MAX_CHARACTERS = 1_000_000  # of text, as in a step of an erasure
MAX_PAGES = 50
PAGE = 100  # messages, or conversations, that are read at once

_LISTS: Mapping[Shelf, Callable[[str, str | None, int], list[str]]] = {
    "memberships": removals.mine,
    "left_behind": removals.left_behind,
}
_AFTER: Mapping[Shelf, Shelf] = {"memberships": "left_behind", "left_behind": "end"}


class _Stopped(Exception):
    """The moderator may not remove this person's messages any more; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def take_on(removal_id: str, now_ms: int) -> None:
    """Runs a bounded part of a removal and queues the next one.

    After a kill the next step continues at the last removed message, and tells of it again. If two workers race, the
    loser leaves the rest to the winner.
    """
    job = removals.get_job(removal_id)
    if job is None or job.is_over or job.has_expired(now_ms // 1000):
        return
    work = _Work(job, now_ms)
    try:
        work.run()
    except _Stopped as reason:
        work.end(reason.code)
    except _Overtaken:
        return
    if not work.job.is_over:
        queues.erase_on(ErasureStep(removal_id=removal_id))


class _Overtaken(Exception):
    """Another worker has moved the job, or an erasure has deleted it."""


class _Work:
    """One step of a job: how far it is, and what it may still do."""

    def __init__(self, job: Job, now_ms: int) -> None:
        self.job = job
        self._now_ms = now_ms
        self._request = job.request(job.moderator_role)
        self._person: Profile | None = None
        self._head: Head | None = None  # of the conversation that the job is in, as the last removal left it
        self._ids: list[str] = []  # conversations that come next
        self._heads: Mapping[str, Head] = {}
        self._removed = self._pages = self._characters = 0

    def run(self) -> None:
        """Goes on from the job's place until the step has done enough, or all is done."""
        self._check()
        while not self._is_full:
            if self.job.place.shelf == "end":
                self.end(None)
                return
            if self.job.place.seq is None:
                self._go_to_next()
            else:
                self._clear(self.job.place.conversation_id or "", self.job.place.seq)
        self._note()

    def end(self, code: str | None) -> None:
        """Writes the job's end, and its count into the audit log; does nothing if another worker has moved the job."""
        after = self.job.ended(self._now_ms, code)
        details = {"removal_id": after.removal_id, "removed": str(after.removed), "state": after.state}
        details |= {"code": code} if code is not None else {}
        try:
            removals.end(after, new_entry(self._request, "remove_messages", after.user_id, **details))
        except conditions.LostRace:
            return
        self.job = after

    @property
    def _is_full(self) -> bool:
        return self._removed >= MAX_REMOVED or self._pages >= MAX_PAGES or self._characters >= MAX_CHARACTERS

    def _note(self) -> None:
        try:
            self.job = removals.save(self.job.moved(self._now_ms))
        except conditions.LostRace as error:
            raise _Overtaken from error

    def _check(self) -> None:
        """Reads both people again; raises _Stopped if the one may no longer act on the other. One round trip."""
        job = self.job
        (moderator, known), self._person = in_parallel(
            lambda: in_parallel(
                lambda: profiles.get_profile(job.moderator_id), lambda: suspensions.get_suspension(job.moderator_id)
            ),
            lambda: profiles.get_profile(job.user_id),
        )
        role = job.moderator_role
        if role != SERVICE_ROLE:  # the host's programs have no profile
            role = "" if moderator is None else moderator.role
            if not moderators.is_moderator(role):
                raise _Stopped("moderators_only")
        if known.suspension is not None and known.suspension.holds(self._now_ms):
            raise _Stopped("suspended")
        self._request = job.request(role)
        try:
            ranks.check_known(self._request, job.user_id, self._person)
        except (Forbidden, NotFound) as refusal:
            raise _Stopped(refusal.code) from refusal

    def _go_to_next(self) -> None:
        """Moves the job to the next conversation, or past one in which nothing happened in that time."""
        place = self.job.place
        if not self._ids:
            self._ids = _LISTS[place.shelf](self.job.user_id, place.conversation_id, PAGE)
            self._heads = removals.heads(self._ids) if self._ids else {}
            self._pages += 1
        if not self._ids:
            self.job = self.job.at(Place(shelf=_AFTER[place.shelf]))
            return
        conversation_id = self._ids.pop(0)
        head = self._heads.get(conversation_id)
        is_due = head is not None and head.last_activity_ms >= self.job.since_ms
        seq = head.last_seq if head is not None and is_due else None
        self.job = self.job.at(Place(shelf=place.shelf, conversation_id=conversation_id, seq=seq))

    def _clear(self, conversation_id: str, seq: int) -> None:
        """Removes the person's messages of one page, the newest first, or leaves the conversation at its end."""
        found = messages.before(conversation_id, seq, PAGE, MAX_CHARACTERS)
        self._pages += 1
        for message in found:
            self._characters += message.characters
            if message.created_at_ms < self.job.since_ms:
                found = []
                break
            self._at(message.seq)
            if (
                message.sender_id == self.job.user_id
                and message.kind != "system"
                and self.job.takes(message.created_at_ms)
            ):
                self._remove(message)
            self._at(message.seq - 1)
            if self._is_full:
                return
        if not found:
            self._at(None)

    def _at(self, seq: int | None) -> None:
        place = self.job.place
        self.job = self.job.at(Place(shelf=place.shelf, conversation_id=place.conversation_id, seq=seq))

    def _remove(self, message: StoredMessage) -> None:
        """Removes a message and tells its conversation; only tells again if an earlier try has removed it.

        One round trip and the posts, one more if it names people, or if it is the first of its conversation.
        """
        found = self._found(message)
        for number in conditions.tries():
            if found is None:
                return
            if found.message.deleted_at_ms is not None:
                self._tell_again(found)
                return
            step = change_steps.remove_message(as_moderators(self._request), found)
            try:
                self._write(step, found.message.message_id, number)
            except conditions.LostRace:
                self._check_still()
                found = self._read(message)
                continue
            self._tell(found, step)
            return
        raise conditions.busy()

    def _found(self, message: StoredMessage) -> Found | None:
        """Returns a message with its conversation as the last removal there left it, or as it is read now."""
        if self._head is None or self._head.conversation_id != message.conversation_id:
            return self._read(message)
        return self._with_named(Found(caller_id=self._request.user_id, head=self._head, message=message))

    def _read(self, message: StoredMessage) -> Found | None:
        head, _, now, _ = messages.head_and_message(message.conversation_id, message.seq, self._request.user_id)
        if head is None or now is None:
            return None
        self._head = head
        return self._with_named(Found(caller_id=self._request.user_id, head=head, message=now))

    def _with_named(self, found: Found) -> Found:
        keys = [(each, found.head.conversation_id) for each in found.message.mentions if each != EVERYONE]
        there = conversations.memberships(keys) if keys else {}
        return replace(found, named={key[0]: there.get(key) for key in keys})

    def _write(self, step: Step | None, message_id: str, number: int) -> None:
        """Writes a removal with its audit entry and the job's row; raises LostRace."""
        if step is None:
            raise ValueError(f"{message_id} is there, and yet there is nothing to remove")
        entry = new_entry(self._request, "remove_message", message_id, removal_id=self.job.removal_id)
        act = Act(entry=of_try(entry, number), person=self._person)
        self.job = removals.remove(self.job.moved(self._now_ms, removed=1), step, act, self._request.now_s)
        self._head = step.after
        self._removed += 1

    def _check_still(self) -> None:
        """Raises _Overtaken if another worker has moved the job, _Stopped if the moderator may no longer act."""
        known = removals.get_job(self.job.removal_id)
        if known is None or known.revision != self.job.revision:
            raise _Overtaken
        self._check()

    def _tell(self, found: Found, step: Step | None) -> None:
        if step is not None and step.change is not None:
            changes.tell(self._request, found.after(step), step.change)

    def _tell_again(self, found: Found) -> None:
        """Tells again of a removal by an earlier try, which may have died between its write and its posts."""
        if (found.message.deleted_at_ms or 0) >= self.job.created_at_ms:
            changes.tell_again(self._request, found, found.message.change_seq)
