"""The state of a person's e-mails: what they were told last, when they may be told again, and why they get none."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from parley.domain.notifications.addresses import sendable

# Why a person gets no e-mail: their address bounced, they or their provider complained, they left by the link of an
# e-mail, or the provider takes no such address.
Off = Literal["bounced", "complained", "unsubscribed", "refused"]
EmailState = Literal["on", "unavailable", "no_address", "unsubscribed", "bounced", "complained", "refused"]
# After the first e-mail the next ones wait longer and longer, until the person has read something. The first pause is
# the least one: whatever they read, two e-mails are never closer to each other.
PAUSES_MS = tuple(minutes * 60_000 for minutes in (15, 60, 4 * 60, 24 * 60))
LEASE_MS = 90_000  # of one try; longer than the function may run, shorter than its message is hidden


class Sending(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A try that is under way. If it has not ended by `until_ms`, its process has died."""

    until_ms: int


class MailState(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The state, as it is stored.

    `number` counts the e-mails. `told` has the newest `seq` of each entry of the last one, by the entry's place.
    `told_ms` is the time at which its entries were read. `next_ms` is the earliest time of the next, and `waiting_ms`
    the time for which a job is in the queue; so is one for `quiet_ms`, when the person may be disturbed again.
    `off_for` says of which address `off` is; None of every address.
    """

    number: int = 0
    level: int = 0
    told_ms: int = 0
    told: Mapping[str, int] = {}
    next_ms: int = 0
    waiting_ms: int = 0
    quiet_ms: int = 0
    sending: Sending | None = None
    off: Off | None = None
    off_for: str | None = None


NONE_YET = MailState()


def address_hash(address: str) -> str:
    """Returns what the state keeps of an address: enough to know it again, and no address."""
    written = sendable(address) or address
    return sha256(written.strip().lower().encode("utf-8", "surrogatepass")).hexdigest()[:32]


def email_state(state: MailState, address: str | None, *, available: bool) -> EmailState:
    """Returns whether a person gets e-mails, and why not.

    A fault of one address says nothing of the next. Who left by a link gets none at any.
    """
    if not available:
        return "unavailable"
    if state.off == "unsubscribed":
        return "unsubscribed"
    if sendable(address) is None:
        return "no_address"
    if state.off is not None and state.off_for in (None, address_hash(address or "")):
        return state.off
    return "on"


def pause_ms(level: int) -> int:
    """Returns how long the next e-mail waits after the `level`-th in a row that nobody has read, 1 for the first."""
    return PAUSES_MS[min(max(level, 1), len(PAUSES_MS)) - 1]


def unsubscribed(state: MailState) -> MailState:
    """Returns the state of a person who has left by the link of an e-mail."""
    return replace(state, off="unsubscribed", off_for=None)


def switched_off(state: MailState, reason: Off, address: str) -> MailState:
    """Returns the state after an address has shown that it takes no e-mails; a person who has left stays so."""
    return state if state.off == "unsubscribed" else replace(state, off=reason, off_for=address_hash(address))


def switched_on(state: MailState) -> MailState:
    """Returns the state of a person who wants e-mails again."""
    return replace(state, off=None, off_for=None)
