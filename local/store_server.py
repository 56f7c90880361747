"""ministack's application served behind the guard, in ministack's process and with its server (hypercorn)."""

import asyncio
import os
from importlib import import_module
from typing import Any

from local.hosts import Hosts
from local.store_guard import Guard

KEEP_ALIVE_S = 75  # botocore keeps its connections


def serve() -> None:
    """Serves until SIGTERM; the environment says where, and what the secret is (`ministack.py`)."""
    ministack: Any = import_module("ministack.app")
    hosts = Hosts(os.environ.get("LOCAL_HOSTS", ""))
    guard = Guard(ministack.app, os.environ.pop("PARLEY_STORE_SECRET"), hosts, _has_bucket(ministack))
    config = import_module("hypercorn.config").Config()
    config.bind = [f"127.0.0.1:{os.environ['GATEWAY_PORT']}"]
    config.keep_alive_timeout = KEEP_ALIVE_S
    config.loglevel = "WARNING"
    asyncio.run(import_module("hypercorn.asyncio").serve(guard, config))


def _has_bucket(ministack: Any) -> Any:
    return lambda path: ministack._s3_cors_target("", path) is not None
