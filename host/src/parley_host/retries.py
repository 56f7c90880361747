"""When a request is tried again, and how long the client waits before it."""

from dataclasses import dataclass

from parley_host.errors import ParleyError, Problem

# Full jitter: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/


@dataclass(frozen=True)
class Retries:
    """Up to `tries` tries within `patience_s`. Every method is safe to repeat: by its nature, or by a `client_id`."""

    tries: int = 5
    first_s: float = 0.2  # the longest wait before the second try; it doubles with each try
    longest_s: float = 5.0
    patience_s: float = 30.0  # no try begins later; an answer that asks for a longer wait is raised at once

    def wait_s(self, error: ParleyError, *, tried: int, passed_s: float, chance: float) -> float | None:
        """Returns the seconds until the next try, None if there is none; `chance` is random, from 0 to 1."""
        if tried >= self.tries or not error.may_pass:
            return None
        wait_s = min(self.longest_s, self.first_s * 2 ** (tried - 1)) * chance
        if isinstance(error, Problem):
            wait_s += error.retry_after_s or 0
        return wait_s if passed_s + wait_s <= self.patience_s else None


DEFAULT_RETRIES = Retries()
