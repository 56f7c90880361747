"""Runs ministack until its parent is gone; `ministack.py` starts it with ministack's own Python, standard library only.

The parent holds the other end of our standard input and never writes to it. So the input ends when the parent ends.
SIGTERM lets the store end in order.
"""

import gc
import hashlib
import os
import runpy
import signal
import sys
import tempfile
import threading
import zipfile
from functools import cached_property
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
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


def _unpack_once() -> None:
    """Lets functions share the files of their code and layers: ministack unpacks them for each: 10 GB in all.

    That took half of the deployment tests' time, most of it to delete the files again.
    """
    runtime: Any = import_module("ministack.core.lambda_runtime")
    lock = threading.Lock()

    class Archive(zipfile.ZipFile):
        """An archive that is unpacked once; a link stands for every later folder of its files."""

        @cached_property
        def _packed(self) -> Path:
            return Path(str(self.filename))

        @cached_property
        def _shared(self) -> Path:
            return Path(tempfile.gettempdir()) / f"unpacked-{hashlib.sha256(self._packed.read_bytes()).hexdigest()}"

        def namelist(self) -> list[str]:
            """Returns the names of all files, nothing if they were unpacked: ministack looks where each would go."""
            return [] if self._shared.exists() else super().namelist()

        def extractall(self, path: Any = None, members: Any = None, pwd: bytes | None = None) -> None:
            with lock:
                if not self._shared.exists():
                    super().extractall(self._shared, members, pwd)
            Path(path).rmdir()
            Path(path).symlink_to(self._shared)
            self._packed.unlink()

    # ministack 1.5.33 names the last one wrongly, and would raise AttributeError in place of the fault.
    errors = {"BadZipFile": zipfile.BadZipFile, "LargeFileError": zipfile.LargeZipFile}
    runtime.zipfile = SimpleNamespace(ZipFile=Archive, **errors)


def _wait_for_lines() -> None:
    """Gives a function's log a second to arrive: ministack waits 50 ms, and a busy machine's lines were missed."""
    drain: Any = import_module("ministack.core.lambda_runtime").Worker._drain_stderr_bounded
    drain.__defaults__ = (1.0, 0.02, 1.5)  # seconds to the first line, after the last one, and at most


def main() -> None:
    # A full collection walks over the whole store, stops all requests for 100 ms, and finds almost nothing.
    gc.set_threshold(10_000, 10, 1_000)
    threading.Thread(target=watch_parent, daemon=True).start()
    if "PARLEY_STORE_SECRET" not in os.environ:
        if most := os.environ.get("PARLEY_STORE_RESOURCES"):
            _allow_resources(int(most))
            _unpack_once()
            _wait_for_lines()
        runpy.run_module("ministack", run_name="__main__", alter_sys=True)
        return
    sys.path.append(str(Path(__file__).resolve().parents[1]))  # at the end: only `local` comes from there
    from local import store_server

    store_server.serve()


if __name__ == "__main__":
    main()
