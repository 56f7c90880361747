"""The adding of everyone of a role or a context to a group, part by part, as its head keeps it."""

from hashlib import sha256

from msgspec import Struct
from msgspec.structs import replace

from parley.domain.api.request import Request
from parley.domain.api.requests import Everyone
from parley.domain.api.types import AddingState, AddingStatus

MAX_LOOKED = 10_000  # people whom one adding looks at, at 4 read units each
STUCK_MS = 15 * 60 * 1000  # by then the queue has given a part up (template.yaml, Deliveries)
NUDGED_MS = 60_000  # a client that asks again after this time starts the next part again


class Adding(Struct, frozen=True, kw_only=True):
    """One adding: `after` is the place of the last person looked at, `change_seq` the step that the next part follows.

    Without a `user_id` it has ended. `code` says why it stopped early.
    """

    id: str
    role: str | None
    context_type: str | None
    context_id: str | None
    user_id: str | None
    user_role: str
    change_seq: int
    moved_at_ms: int
    after: str | None = None
    looked: int = 0
    found: int = 0
    added: int = 0
    code: str | None = None

    @property
    def is_running(self) -> bool:
        return self.user_id is not None

    @property
    def selector(self) -> tuple[str | None, str | None, str | None]:
        return self.role, self.context_type, self.context_id

    def ended(self, code: str | None) -> "Adding":
        """Returns the adding after its end, without the person who asked for it."""
        return replace(self, user_id=None, after=None, code=code)


def adding_id(user_id: str, client_id: str) -> str:
    """Returns the only id that a person's adding by one `client_id` can have."""
    return sha256(f"{user_id}\n{client_id}".encode()).hexdigest()[:16]


def new_adding(request: Request, everyone: Everyone, client_id: str, change_seq: int) -> Adding:
    """Returns an adding at its start."""
    context = everyone.context
    return Adding(
        id=adding_id(request.user_id, client_id),
        role=everyone.role,
        context_type=None if context is None else context.type,
        context_id=None if context is None else context.id,
        user_id=request.user_id,
        user_role=request.caller.role,
        change_seq=change_seq,
        moved_at_ms=request.now_ms,
    )


def adding_status(adding: Adding) -> AddingStatus:
    """Returns how far an adding is."""
    state: AddingState = "running" if adding.is_running else "done" if adding.code is None else "stopped"
    return AddingStatus(state=state, found=adding.found, added=adding.added, code=adding.code)
