"""The AWS clients: one for DynamoDB that every table shares, the others made on first use.

Their time-outs suit a request.
"""

import threading
import uuid
from functools import cache
from typing import Any

import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError
from pynamodb.connection import Connection

from parley.adapters import environment
from parley.adapters.dynamodb import admission, retrying, throttles

# botocore waits 60 s by default, longer than API Gateway's 29 s. Within one region an answer takes milliseconds. Three
# attempts without any answer take 12 s, which is less than the time a function has (20 s, template.yaml).
CONNECT_TIMEOUT_S = 1
READ_TIMEOUT_S = 3
FILE_TIMEOUT_S = 20  # S3 answers when it has all of a part of some MB
# Up to 100 posts run at once (`sockets.py`); a smaller pool would queue them.
MAX_CONNECTIONS = 100
# botocore makes its own endpoint again, twice, for every call: a quarter of the processor time of a small call.
USER_AGENT = "parley"

_making = threading.Lock()


def config(attempts: int = 3, connections: int = 10, read_timeout_s: int = READ_TIMEOUT_S) -> Config:
    """Returns the settings of a client; `attempts` counts the first one."""
    return Config(
        connect_timeout=CONNECT_TIMEOUT_S,
        read_timeout=read_timeout_s,
        retries={"total_max_attempts": attempts, "mode": "standard"},
        max_pool_connections=connections,
        tcp_keepalive=True,
        parameter_validation=False,
        user_agent=USER_AGENT,
    )


@cache
def _session() -> botocore.session.Session:
    return botocore.session.get_session()


@cache
def _client(service: str, endpoint_url: str | None, attempts: int, connections: int) -> Any:
    made = _session().create_client(service, endpoint_url=endpoint_url, config=config(attempts, connections))
    if service == "dynamodb":
        made.meta.events.register(throttles.EVENT, throttles.count)
    return made


@cache
def _s3() -> Any:
    # Without an explicit version, botocore signs addresses by version 2 in the oldest regions ("Presigned URLs").
    # With the style "auto" it signs for the global name of a bucket, from which S3 redirects while the bucket is new.
    signing = Config(signature_version="s3v4", s3={"addressing_style": "virtual"})
    settings = config(read_timeout_s=FILE_TIMEOUT_S, connections=MAX_CONNECTIONS)
    return _session().create_client("s3", config=settings.merge(signing))


def client(service: str, endpoint_url: str | None = None, attempts: int = 3, connections: int = 10) -> Any:
    """Returns the single client of a service; threads may share botocore's clients, but not make them at once."""
    with _making:
        return _client(service, endpoint_url, attempts, connections)


def s3() -> Any:
    """Returns the single client of S3; an import of this module costs nothing for it."""
    with _making:
        return _s3()


class SharedConnection(Connection):
    """PynamoDB's connection, over one client for all tables.

    PynamoDB's own makes one per table, at 58 ms and a TCP connection each.
    """

    @property
    def client(self) -> Any:
        return client("dynamodb", connections=MAX_CONNECTIONS)

    def _make_api_call(self, operation_name: str, operation_kwargs: dict[str, Any]) -> dict[str, Any]:
        """Makes a call, and repeats it if it wrote nothing and the fault passes by itself (`retrying`)."""
        if operation_name == "TransactWriteItems":
            # DynamoDB makes a transaction once per token, for 10 minutes (API reference, "ClientRequestToken").
            # botocore would make up a token too; Parley's stays the same over all tries.
            operation_kwargs.setdefault("ClientRequestToken", str(uuid.uuid4()))
        failure: ClientError | None = None
        for _ in retrying.waits():
            try:
                return super()._make_api_call(operation_name, operation_kwargs)
            except ClientError as error:
                if not retrying.calls_again(error):
                    raise
                failure = error
        assert failure is not None
        raise failure

    def dispatch(self, operation_name: str, operation_kwargs: Any) -> Any:
        check = admission.current()
        if check is None:
            return super().dispatch(operation_name, operation_kwargs)
        return check.guarded(operation_name, operation_kwargs, super().dispatch)

    def unguarded(self, operation_name: str, operation_kwargs: Any) -> Any:
        """Makes a call without the check of the caller's sign-in: the call is part of that check."""
        return super().dispatch(operation_name, operation_kwargs)


dynamodb = SharedConnection()


def forget_clients() -> None:
    """Forgets every client, so that the next use makes one for the endpoint in the environment."""
    with _making:
        _client.cache_clear()
        _s3.cache_clear()
        _session.cache_clear()


# Lambda runs the start of a function at full speed and before the first request (Lambda developer guide, "Understanding
# the Lambda execution environment lifecycle"): the place to make the client that every request needs.
if environment.optional("AWS_LAMBDA_INITIALIZATION_TYPE"):
    client("dynamodb", connections=MAX_CONNECTIONS)
