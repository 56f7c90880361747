"""The job that marks everything of a person as read, part by part."""

from typing import Literal

from msgspec import Struct

from parley.domain.api.identity import Identity

Shelf = Literal["active", "archived", "notes"]
SHELVES: tuple[Shelf, ...] = ("active", "archived", "notes")


class Reader(Struct, frozen=True, kw_only=True):
    """The person whose conversations are read, as others see them."""

    user_id: str
    name: str
    role: str
    avatar_url: str | None = None
    profile_seq: int = 0

    @classmethod
    def of(cls, caller: Identity) -> "Reader":
        return cls(
            user_id=caller.user_id,
            name=caller.name,
            role=caller.role,
            avatar_url=caller.avatar_url,
            profile_seq=caller.profile_seq,
        )

    def identity(self, now_ms: int) -> Identity:
        """Returns the person as the caller of a request of now."""
        return Identity(
            user_id=self.user_id,
            name=self.name,
            role=self.role,
            avatar_url=self.avatar_url,
            profile_seq=self.profile_seq,
            expires_at_s=now_ms // 1000,
        )


class ReadAllJob(Struct, frozen=True, kw_only=True):
    """One part: the conversations to mark now, and the place in the person's list where the search goes on.

    `after` is the last entry that was looked at on the shelf, its active hour and conversation id. `shelf` is None
    after the last one. A part names its conversations, so that a repeat marks, and tells of, the same ones.
    """

    caller: Reader
    at_ms: int
    conversation_ids: tuple[str, ...] = ()
    shelf: Shelf | None = "active"
    after: tuple[int, str] | None = None

    @property
    def is_done(self) -> bool:
        """Says whether nothing is left to do."""
        return self.shelf is None and not self.conversation_ids
