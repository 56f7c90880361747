"""The server's side of Parley: sign tokens, put people and contexts, send, open, suspend, erase."""

from parley_host import types
from parley_host.async_client import AsyncParley
from parley_host.bulk import problem_of_item, refused
from parley_host.client import Parley
from parley_host.errors import (
    Conflict,
    FieldProblem,
    Forbidden,
    Interrupted,
    Invalid,
    NotFound,
    NotInTime,
    ParleyError,
    Problem,
    ServerError,
    TooMany,
    Unauthenticated,
    Unreachable,
)
from parley_host.ids import UserId, parley_id
from parley_host.requests import VERSION
from parley_host.retries import Retries
from parley_host.tokens import ServiceTokens, Signer

__version__ = VERSION

__all__ = [
    "AsyncParley",
    "Conflict",
    "FieldProblem",
    "Forbidden",
    "Interrupted",
    "Invalid",
    "NotFound",
    "NotInTime",
    "Parley",
    "ParleyError",
    "Problem",
    "Retries",
    "ServerError",
    "ServiceTokens",
    "Signer",
    "TooMany",
    "Unauthenticated",
    "Unreachable",
    "UserId",
    "parley_id",
    "problem_of_item",
    "refused",
    "types",
]
