"""The outcome of a push."""

from typing import Literal

from msgspec import Struct

State = Literal["sent", "gone", "failed", "refused"]


class Outcome(Struct, frozen=True, kw_only=True):
    """`sent`: the push service has it. `gone`: the device will never take one. `failed`: a later try may succeed.

    `refused`: no retry would help. `answer` is the push service's status or code, or ours if it gave none.
    """

    state: State
    answer: str
    retry_after_s: int | None = None  # as the push service asks
