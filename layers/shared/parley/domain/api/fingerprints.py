"""Fingerprints: what is made under a `client_id` keeps the hash of its request, which tells it from another request."""

from hashlib import sha256
from typing import Protocol, TypeVar

import msgspec

from parley.domain.api.errors import client_id_reused


class _Made(Protocol):
    """A thing that a request has made."""

    @property
    def fingerprint(self) -> str: ...


Made = TypeVar("Made", bound=_Made)


def hash_of(content: object) -> str:
    """Returns the hash of a content that JSON can hold. Rows keep it, so it is the same in every release."""
    return sha256(msgspec.json.encode(content)).hexdigest()[:32]


def check_same(known: Made, new: Made, what: str, prefix: str) -> Made:
    """Returns what an earlier request has made; raises Unprocessable if it asked for another `what` than this one."""
    if known.fingerprint != new.fingerprint:
        raise client_id_reused(what, prefix)
    return known
