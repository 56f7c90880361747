"""Runs ministack until its parent is gone; `ministack.py` starts it with ministack's own Python, standard library only.

The parent holds the other end of our standard input and never writes to it. So the input ends when the parent ends.
SIGTERM lets the store end in order.
"""

import gc
import os
import runpy
import signal
import sys
import threading
from importlib import import_module
from pathlib import Path
from typing import Any


def watch_parent() -> None:
    os.read(0, 1)  # not sys.stdin: a buffered reader that waits here would crash the interpreter at its end
    os.kill(os.getpid(), signal.SIGTERM)


def _allow_resources(most: int) -> None:
    """Lets a stack have more resources than AWS's 500: the deployment tests put those of all nested stacks into one."""
    engine: Any = import_module("ministack.services.cloudformation.engine")
    engine._SECTION_QUOTAS = tuple(
        (*names, most if names[0] == "Resources" else quota) for *names, quota in engine._SECTION_QUOTAS
    )


def main() -> None:
    # A full collection walks over the whole store, stops all requests for 100 ms, and finds almost nothing.
    gc.set_threshold(10_000, 10, 1_000)
    threading.Thread(target=watch_parent, daemon=True).start()
    if "PARLEY_STORE_SECRET" not in os.environ:
        if most := os.environ.get("PARLEY_STORE_RESOURCES"):
            _allow_resources(int(most))
        runpy.run_module("ministack", run_name="__main__", alter_sys=True)
        return
    sys.path.append(str(Path(__file__).resolve().parents[1]))  # at the end: only `local` comes from there
    from local import store_server

    store_server.serve()


if __name__ == "__main__":
    main()
