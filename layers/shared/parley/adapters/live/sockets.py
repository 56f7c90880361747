"""Posting to sockets through API Gateway's `@connections`.

It posts to all devices at once, to each its frames in order, and returns an outcome for each frame.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from enum import Enum
from typing import Any

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, HTTPClientError

from parley.adapters import environment
from parley.adapters.dynamodb import clients
from parley.adapters.threads import Threads

MAX_POSTS_AT_ONCE = 32  # threads; each waits for the network nearly all of its time

_posts = Threads(max_workers=MAX_POSTS_AT_ONCE, thread_name_prefix="post")
_closes = Threads(max_workers=MAX_POSTS_AT_ONCE, thread_name_prefix="close")  # no post waits for those
logger = Logger()


class Outcome(Enum):
    """The outcome of a post."""

    DELIVERED = "delivered"
    GONE = "gone"  # 410: closed, or not yet through `$connect`
    LATER = "later"  # 429 (too fast, or the client's buffer is full), 5xx, no answer, 403 (we may not)
    REFUSED = "refused"  # a frame over 128 KB or an invalid id: no retry would help


def post_all(posts: Sequence[tuple[str, bytes]]) -> list[Outcome]:
    """Posts each (connection id, frame) and returns the outcomes in the same order; one failure never stops another.

    A connection gets its frames in the order given (a `member_added` before the message that tells of it), one post
    after the other; connections do not wait for one another. After a frame that must wait, or that finds the connection
    gone, the connection's other frames are not posted and have the same outcome: they would come first, or late.
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
    for id_and_frame in posts:
        stuck = outcomes and outcomes[-1] in (Outcome.LATER, Outcome.GONE)
        outcomes.append(outcomes[-1] if stuck else post(*id_and_frame))
    return outcomes


def post(connection_id: str, frame: bytes) -> Outcome:
    """Posts one frame to one connection, once.

    A failed post goes to the queue, which waits better than a request does.
    """
    try:
        _client().post_to_connection(ConnectionId=connection_id, Data=frame)
    except ClientError as error:
        return _outcome(_status(error))
    except BotoCoreError:  # time-outs and broken connections
        return Outcome.LATER
    return Outcome.DELIVERED


def close_all(connection_ids: Iterable[str]) -> int:
    """Closes connections from this side, at once (the clients see 1000); returns how many may still be open.

    A failure is logged and raises nothing: API Gateway closes the connection within two hours, nobody sees it as live
    any more, and a caller that waits for its end waits no longer.
    """
    return sum(_closes.map(_is_left_open, connection_ids))


def _is_left_open(connection_id: str) -> bool:
    try:
        _client().delete_connection(ConnectionId=connection_id)
    except ClientError as error:
        status = _status(error)
        if status == 410:
            return False
        # A missing right or a wrong address is the deployer's to mend, and an error rings the alarm.
        log = logger.warning if status == 429 or status >= 500 else logger.error
        log("not_closed", code="not_closed", connection_id=connection_id, status=status)
        return True
    except (HTTPClientError, ConnectionError) as no_answer:
        reason = type(no_answer).__name__
        logger.warning("not_closed", code="not_closed", connection_id=connection_id, reason=reason)
        return True
    return False


def gone(connection_ids: Iterable[str]) -> frozenset[str]:
    """Returns the connections that API Gateway no longer knows, at once; a connection without an answer is not gone."""
    asked = list(connection_ids)
    answers = _closes.map(_is_gone, asked)
    return frozenset(connection_id for connection_id, is_gone in zip(asked, answers, strict=True) if is_gone)


def _is_gone(connection_id: str) -> bool:
    try:
        _client().get_connection(ConnectionId=connection_id)
    except ClientError as error:
        if (status := _status(error)) == 410:
            return True
        log = logger.warning if status == 429 or status >= 500 else logger.error
        log("not_asked", code="not_asked", connection_id=connection_id, status=status)
    except (HTTPClientError, ConnectionError) as no_answer:
        reason = type(no_answer).__name__
        logger.warning("not_asked", code="not_asked", connection_id=connection_id, reason=reason)
    return False


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
    return clients.client("apigatewaymanagementapi", endpoint_url, attempts=1, connections=MAX_POSTS_AT_ONCE)
