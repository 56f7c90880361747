"""One unit of an erasure: its input and its result."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from parley.actions import access
from parley.actions.roles import SERVICE
from parley.adapters.erasure.erasures import Op
from parley.domain.api.identity import Identity
from parley.domain.api.request import Request
from parley.domain.conversations.head import Head
from parley.domain.conversations.steps import Change, ChangeKind
from parley.domain.erasure.job import FILE_CHARACTERS, Job


class Unit(Struct, frozen=True):
    """The result of one unit: its writes, counts of what they remove, and the next cursor; no cursor ends the part."""

    ops: Sequence[Op] = ()
    removed: Mapping[str, int] = {}
    cursor: str | None = None

    @property
    def was_needless(self) -> bool:
        """Says whether this part had nothing to do, and has nothing left to do."""
        return not self.ops and self.cursor is None and not any(self.removed.values())


class Work:
    """The input of the units of one step: the job, the times, and the person as a caller."""

    def __init__(self, job: Job, now_ms: int, most: int) -> None:
        self.job = job
        self.now_ms = now_ms
        self.read = 0  # characters of text
        self._most = most
        self.user_id = job.whom
        self.pseudonym = job.pseudonym
        # Every write carries the time of the request, however often it is retried.
        self.at_ms = job.created_at_ms
        # The role is the host's, so that no rate limit of the person stops their erasure.
        identity = Identity(user_id=job.whom, name="", role=SERVICE, expires_at_s=0)
        self.call = Request(caller=identity, now_ms=self.at_ms, request_id=job.erasure_id)

    @property
    def by_desk(self) -> Request:
        """Returns a request of the desk itself: figures count what is written now, so it has the time of now."""
        return access.as_desk(self.now_ms, self.call.request_id)

    def saw(self, text: str | None) -> None:
        """Counts a text that was read."""
        self.read += len(text or "")

    def deleted_file(self) -> None:
        """Counts a file that was deleted as the text that can be read in the same time."""
        self.read += FILE_CHARACTERS

    @property
    def has_read_enough(self) -> bool:
        """Says whether the step should read no more."""
        return self.read >= self._most

    def change(self, head: Head, kind: ChangeKind, change_seq: int, *, message_seq: int | None = None) -> Change:
        """Returns an entry of the change log for the erasure."""
        return Change(
            conversation_id=head.conversation_id,
            change_seq=change_seq,
            kind=kind,
            user_id=self.pseudonym,
            at_ms=max(self.at_ms, head.last_activity_ms),
            message_seq=message_seq,
        )
