"""Erasing a person: a job that visits every row that names them. Each unit is one transaction with the job's row.

So every counted unit is done, wherever the job was killed. The job makes two rounds: API Gateway still admits requests
under an old answer of the authorizer for at most 300 s, and the second round finds their rows.
"""

import re
from base64 import b32encode
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Literal, get_args

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from parley.domain.api.errors import Conflict, Field, NotFound
from parley.domain.api.identity import PSEUDONYM_PREFIX
from parley.domain.api.times import rfc3339, rfc3339_or_none
from parley.domain.api.types import MessageAttachment, Origin, PreviewImage
from parley.domain.conversations.head import Head
from parley.domain.conversations.message import Removed, StoredMessage, Tally

ErasureState = Literal["running", "done", "failed"]

ROUNDS = 2
AGAIN_S = 310  # API Gateway keeps the authorizer's answers for 300 s (template.yaml, ReauthorizeEvery)
# Characters of text that a step reads before it leaves the rest to the next step: a few MB in UTF-8, which take even a
# small Lambda function some seconds of its 60. 20 units of 500 long messages would be 400 MB.
MAX_READ = 1_000_000
# A file counts as so many of them, because its end takes up to eight calls: 100 files are a step.
FILE_CHARACTERS = 10_000
# A step is tried five times, six minutes apart (template.yaml, ErasureSteps).
STALLED_MS = 45 * 60_000
# A record of a `client_id` counts for 24 hours and is deleted a few days later (aws-facts.md#dynamodb-time-to-live).
RECORDS_MS = 7 * 24 * 3_600_000

Part = Literal[
    "presence", "profile", "memberships", "conversations", "blocks", "calls", "reports", "audit", "word_lists",
    "exports", "tickets", "words_left_behind", "attachments", "suspensions",
    "contexts", "canned_replies", "figures", "notifications", "macros", "articles",
]  # fmt: skip
PARTS: tuple[Part, ...] = get_args(Part)
# Of a conversation, in order; `tell` tells its members that much has changed.
WalkPart = Literal["messages", "history", "changes", "marks", "head", "tell", "done"]


ERASURE_ID_PATTERN = r"^z_[a-z2-7]{26}$(?!\n)"

_erasure_id = re.compile(ERASURE_ID_PATTERN)


class ErasureReceipt(Struct, frozen=True, kw_only=True):
    """The receipt of a finished erasure: how many rows of each kind.

    `sha256` is of all the other fields, in this order.

    Only a hash tells whose it was.
    """

    erasure_id: str
    user_sha256: str
    pseudonym: str
    requested_at: str
    finished_at: str
    removed: dict[str, int]
    sha256: str


class ErasureProgress(Struct, frozen=True, kw_only=True):
    """The number of parts of the work that are done, and of all parts."""

    done: int
    total: int


class Erasure(Struct, frozen=True, kw_only=True):
    """The erasure of a person. `user_id` is present while the job needs it; `receipt` once all is done."""

    id: str
    user_id: str | None
    state: ErasureState
    progress: ErasureProgress
    removed: dict[str, int]
    created_at: str
    finished_at: str | None
    receipt: ErasureReceipt | None


class Walk(Struct, frozen=True, kw_only=True):
    """The progress on one conversation: everything up to `seq` of this part."""

    conversation_id: str
    part: WalkPart = "messages"
    seq: int = 0
    has_changed: bool = False


class ErasureStep(Struct, frozen=True, kw_only=True):
    """The queue's message: the erasure to continue, and the round that this step may begin.

    A step of the second round has lain in the queue until that round may begin. With a `removal_id` it continues the
    removal of what a person wrote (`domain/moderation/removals.py`), and has no erasure.
    """

    erasure_id: str = ""
    round: int = 1
    removal_id: str | None = None


class Job(Struct, frozen=True, kw_only=True):
    """An erasure as it is stored. `revision` counts its moves: of two workers at once, one loses."""

    erasure_id: str
    user_id: str | None
    user_sha256: str
    pseudonym: str
    created_at_ms: int
    moved_at_ms: int
    revision: int = 0
    state: ErasureState = "running"
    round: int = 1
    part: int = 0
    cursor: str | None = None
    removed: dict[str, int] = {}
    finished_at_ms: int | None = None

    @property
    def whom(self) -> str:
        """Returns the person whom the job erases; raises ValueError once the job has forgotten them."""
        if self.user_id is None:
            raise ValueError(f"{self.erasure_id} is over")
        return self.user_id

    @property
    def is_over(self) -> bool:
        return self.state != "running"

    @property
    def is_last_round(self) -> bool:
        return self.round == ROUNDS

    def moved(self, now_ms: int, removed: Mapping[str, int], cursor: str | None) -> "Job":
        """Returns the job after one unit, within a part."""
        total = {name: self.removed.get(name, 0) + count for name, count in removed.items() if count}
        return replace(
            self, revision=self.revision + 1, moved_at_ms=now_ms, removed={**self.removed, **total}, cursor=cursor
        )

    def at_next_part(self) -> "Job":
        """Returns the job at its next part, or at its end, when it forgets the person."""
        if self.part + 1 < len(PARTS):
            return replace(self, part=self.part + 1, cursor=None)
        if not self.is_last_round:
            return replace(self, round=self.round + 1, part=0, cursor=None)
        return replace(self, state="done", user_id=None, cursor=None, finished_at_ms=self.moved_at_ms)

    @property
    def has_begun_round(self) -> bool:
        return self.round == 1 or self.part > 0

    @property
    def next_step(self) -> ErasureStep:
        return ErasureStep(erasure_id=self.erasure_id, round=self.round)

    def may_go_on_with(self, step: ErasureStep) -> bool:
        """Says whether a step may do more. No early step begins the second round: neither a retry's nor a second copy.

        It begins only when nobody can be let in as the person any more.
        """
        return self.has_begun_round or step.round >= self.round

    def waits_s(self, now_ms: int) -> int:
        """Returns how many seconds the next step has to wait."""
        if self.has_begun_round:
            return 0
        left_ms = self.moved_at_ms + AGAIN_S * 1000 - now_ms
        return min(max(0, -(-left_ms // 1000)), AGAIN_S)  # never more, even if two clocks differ

    def view(self, now_ms: int) -> Erasure:
        """Returns the erasure as the host's own server sees it."""
        has_died = self.state == "running" and now_ms >= self.moved_at_ms + STALLED_MS
        done = len(PARTS) * ROUNDS if self.is_over else (self.round - 1) * len(PARTS) + self.part
        return Erasure(
            id=self.erasure_id,
            user_id=self.user_id,
            state="failed" if has_died else self.state,
            progress=ErasureProgress(done=done, total=len(PARTS) * ROUNDS),
            removed=dict(sorted(self.removed.items())),
            created_at=rfc3339(self.created_at_ms),
            finished_at=rfc3339_or_none(self.finished_at_ms),
            receipt=self._receipt() if self.state == "done" else None,
        )

    def _receipt(self) -> ErasureReceipt:
        said: dict[str, Any] = {
            "erasure_id": self.erasure_id,
            "user_sha256": self.user_sha256,
            "pseudonym": self.pseudonym,
            "requested_at": rfc3339(self.created_at_ms),
            "finished_at": rfc3339(self.finished_at_ms or 0),
            "removed": dict(sorted(self.removed.items())),
        }
        return ErasureReceipt(**said, sha256=receipt_digest(said))


def receipt_digest(receipt: Mapping[str, Any]) -> str:
    """Returns the SHA-256 of a receipt's other fields: of their JSON, keys in order, without white space."""
    return sha256(msgspec.json.encode(receipt, order="sorted")).hexdigest()


def user_hash(user_id: str) -> str:
    """Returns the hash that is kept of an erased person's id: it recognises the id and does not reveal it."""
    return sha256(user_id.encode()).hexdigest()


def nobody(pointer: str) -> NotFound:
    """Returns the refusal of a request that would bring an erased person into a conversation."""
    field = Field(pointer, "not_allowed")
    rule = "an erased user does not exist until they get a new profile"
    return NotFound("unknown_user", "There is no such user.", rule=rule, fields=(field,))


def ended() -> Conflict:
    """Returns the refusal to open a conversation that has only one person left."""
    detail = "This conversation ended when one of its people was erased."
    return Conflict("conversation_erased", detail, rule="a conversation of two ends when one of them is erased")


def new_job(user_id: str, random: bytes, now_ms: int) -> Job:
    """Returns the job that erases a person; its id and the pseudonym come from `random`, 32 bytes.

    Anyone who can guess ids could find out a pseudonym derived from the id.
    """
    erasure_id, pseudonym = (b32encode(half).decode().rstrip("=").lower() for half in (random[:16], random[16:]))
    return Job(
        erasure_id=f"z_{erasure_id}",
        user_id=user_id,
        user_sha256=user_hash(user_id),
        pseudonym=f"{PSEUDONYM_PREFIX}{pseudonym}",
        created_at_ms=now_ms,
        moved_at_ms=now_ms,
    )


def is_erasure_id(text: str) -> bool:
    """Says whether Parley could have made `text` as an erasure's id."""
    return _erasure_id.fullmatch(text) is not None


def without_person(value: Any, user_id: str, pseudonym: str) -> Any:
    """Returns a value of plain types with the pseudonym in place of the id, as a value or as a key."""
    match value:
        case str():
            return pseudonym if value == user_id else value
        case dict():
            return {
                without_person(key, user_id, pseudonym): without_person(item, user_id, pseudonym)
                for key, item in value.items()
            }
        case list() | tuple():
            return [without_person(item, user_id, pseudonym) for item in value]
    return value


def names_person(value: Any, user_id: str) -> bool:
    """Says whether a value of plain types contains an id."""
    return bool(without_person(value, user_id, "") != without_person(value, user_id, user_id))


def head_without(head: Head, user_id: str, pseudonym: str) -> Head:
    """Returns a head with the pseudonym in place of the person; a word that happens to be their id stays."""
    words = {name: getattr(head, name) for name in WORDS_OF_HEAD}
    plain = without_person(msgspec.to_builtins(head), user_id, pseudonym)
    return msgspec.convert(plain | words, type=Head)


# Fields of a head that hold no id: a person may be called `group`. The person who adds everyone has left the group by
# now, which ends the adding.
WORDS_OF_HEAD = ("type", "posting", "custom_type", "metadata", "adding")


class Found(Struct, frozen=True, kw_only=True):
    """A message that concerns the person, and its new content."""

    before: StoredMessage
    after: StoredMessage
    is_theirs: bool  # written by them, or a copy of their words

    @property
    def was_blanked(self) -> bool:
        return self.before.deleted_at_ms is None and self.after.deleted_at_ms is not None

    @property
    def lost_attachments(self) -> tuple[MessageAttachment, ...]:
        """Returns the files of a message that the erasure has blanked, or whose removed content it has deleted."""
        removed = self.before.removed
        if removed is not None and self.after.removed is None:
            return removed.attachments
        return self.before.attachments if self.was_blanked else ()

    @property
    def lost_picture(self) -> PreviewImage | None:
        """Returns the picture of the link's page that the message no longer shows."""
        preview = self.before.link_preview
        return preview.image or None if preview is not None and self.was_blanked else None

    @property
    def has_versions(self) -> bool:
        """Says whether older texts of theirs may exist."""
        return self.is_theirs and (self.before.edit_count > 0 or self.before.deleted_at_ms is not None)


def find_person(
    message: StoredMessage, user_id: str, pseudonym: str, emojis: frozenset[str], at_ms: int
) -> Found | None:
    """Returns the new content of a message; None if it does not concern the person.

    Their messages, and copies of them that others forwarded, become tombstones in their place, so seqs stay without a
    gap. System messages stay. The pseudonym replaces their id everywhere; their reactions (`emojis`) are taken off.
    """
    is_own = message.sender_id == user_id
    is_copy = message.forwarded_from is not None and message.forwarded_from.sender_id == user_id
    is_theirs = (is_own and message.kind != "system") or is_copy
    after = message
    if emojis:
        after = replace(after, reactions=_fewer(after.reactions, emojis))
    if is_theirs:
        after = replace(after, removed=None)
        if message.deleted_at_ms is None:
            after = after.blanked(max(at_ms, message.created_at_ms))
    if is_own:
        after = replace(after, sender_id=pseudonym, client_id=None)
    if after.removed is not None:
        after = replace(after, removed=_removed_without(after.removed, user_id, pseudonym, emojis))
    if user_id in after.mentions:
        after = replace(after, mentions=tuple(without_person(after.mentions, user_id, pseudonym)))
    if after.system is not None:
        plain = without_person(msgspec.to_builtins(after.system), user_id, pseudonym)
        system = msgspec.convert(plain, type(after.system))
        after = after if system == after.system else replace(after, system=system)
    if after.forwarded_from is not None and is_copy:
        after = replace(after, forwarded_from=Origin(sender_id=pseudonym, created_at=after.forwarded_from.created_at))
    if after == message:
        return None
    return Found(before=message, after=after, is_theirs=is_theirs)


def _removed_without(removed: Removed, user_id: str, pseudonym: str, emojis: frozenset[str]) -> Removed:
    """Returns the content of another person's removed message without the person."""
    mentions = tuple(without_person(removed.mentions, user_id, pseudonym))
    return replace(removed, mentions=mentions, reactions=_fewer(removed.reactions, emojis))


def _fewer(reactions: Mapping[str, Tally], emojis: frozenset[str]) -> dict[str, Tally]:
    counted = {
        emoji: Tally(tally.count - 1, tally.since) if emoji in emojis else tally for emoji, tally in reactions.items()
    }
    return {emoji: tally for emoji, tally in counted.items() if tally.count > 0}
