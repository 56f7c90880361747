"""Posting to sockets through API Gateway's `@connections`.

All devices at once, each its frames in their order, and what became of each frame.
"""

from collections import defaultdict
from collections.abc import Sequence
from enum import Enum
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, HTTPClientError

from parley.adapters import aws, environment
from parley.adapters.threads import Threads

MAX_POSTS_AT_ONCE = 32  # threads; each waits for the network nearly all of its time

_posts = Threads(max_workers=MAX_POSTS_AT_ONCE, thread_name_prefix="post")


class Outcome(Enum):
    """What became of a post."""

    DELIVERED = "delivered"
    GONE = "gone"  # 410: closed, or not yet through `$connect`
    LATER = "later"  # 429 (too fast, or the client's buffer is full), 5xx, no answer, 403 (we may not)
    REFUSED = "refused"  # a frame over 128 KB or an id that is none: no retry would help


def post_all(posts: Sequence[tuple[str, bytes]]) -> list[Outcome]:
    """Posts each (connection id, frame) and returns the outcomes in the same order; one failure never stops another.

    A connection gets its frames in the order given (that somebody was added before the message that says so), at one
    post after the other; connections do not wait for one another. Behind a frame that must wait, or that finds the
    connection gone, the rest of the connection's is not posted and has the same outcome: it would come first, or late.
    """
    places: defaultdict[str, list[int]] = defaultdict(list)
    for place, (connection_id, _) in enumerate(posts):
        places[connection_id].append(place)
    if len(places) == 1:  # the common case of two people with a device each: no thread needed
        return _post_in_order(posts)
    outcomes = _posts.map(lambda mine: _post_in_order([posts[place] for place in mine]), places.values())
    by_place = {
        place: outcome
        for mine, each in zip(places.values(), outcomes, strict=True)
        for place, outcome in zip(mine, each, strict=True)
    }
    return [by_place[place] for place in range(len(posts))]


def _post_in_order(posts: Sequence[tuple[str, bytes]]) -> list[Outcome]:
    """Posts frames to one connection, up to the first that does not get through."""
    outcomes: list[Outcome] = []
    for one in posts:
        stuck = outcomes and outcomes[-1] in (Outcome.LATER, Outcome.GONE)
        outcomes.append(outcomes[-1] if stuck else post(*one))
    return outcomes


def post(connection_id: str, frame: bytes) -> Outcome:
    """Posts one frame to one connection, once: what fails goes to the queue, which waits better than a request does."""
    try:
        _client().post_to_connection(ConnectionId=connection_id, Data=frame)
    except ClientError as error:
        return _outcome(_status(error))
    except BotoCoreError:  # time-outs and broken connections
        return Outcome.LATER
    return Outcome.DELIVERED


def close(connection_id: str) -> None:
    """Closes a connection from this side (the client sees 1000); nothing where it is gone already."""
    try:
        _client().delete_connection(ConnectionId=connection_id)
    except ClientError as error:
        # What cannot be closed now is closed by API Gateway within two hours; nobody is told of it as live any more.
        status = _status(error)
        if status not in (410, 429) and status < 500:
            raise
    except (HTTPClientError, ConnectionError):  # no answer: the same
        return


def _status(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500))


def _outcome(status: int) -> Outcome:
    match status:
        case 410:
            return Outcome.GONE
        case 400 | 413:
            return Outcome.REFUSED
    # 403 as well: a missing right or a wrong address is the deployer's to mend, and the dead letters ring the alarm.
    return Outcome.LATER


def _client() -> Any:
    endpoint_url = environment.required("CONNECTIONS_ENDPOINT")
    return aws.client("apigatewaymanagementapi", endpoint_url, attempts=1, connections=MAX_POSTS_AT_ONCE)
