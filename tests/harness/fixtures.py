"""How a system under test comes up: an engine per session, a template per engine, a fresh `Parley` per test."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from local import provision
from local.functions import Functions
from local.provision import Store
from local.streams import StreamMapping, mappings
from local.template import Place, Template, load
from parley.adapters import aws
from tests.harness import calls, engines
from tests.harness.iam import Checker
from tests.harness.parley import SECRET, Clock, Parley


@dataclass
class System:
    """What lasts for a session: the engine, the template on it, and the checker of rights."""

    template: Template
    functions: Functions
    store: Store
    checker: Checker
    streams: list[StreamMapping]


@contextmanager
def system(template_path: Path, engine: str) -> Iterator[System]:
    """Runs an engine with everything that the template declares, in an environment like the functions'."""
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]  # a developer's own profile or region has no say here
    os.environ.update(engines.ENVIRONMENT)
    try:
        with engines.running(engine), calls.intercepted():
            template = load(template_path, place=Place(account=engines.ACCOUNT))
            functions = Functions(template)
            functions.prepare()
            os.environ["JWT_SECRET"] = SECRET
            aws.forget_clients()
            store = Store()
            provision.provision(template, store)
            streams = mappings(template, functions, store)
            yield System(template, functions, store, Checker(template, functions), streams)
            functions.close()
    finally:
        os.environ.clear()
        os.environ.update(before)
        aws.forget_clients()


@contextmanager
def fresh(running: System) -> Iterator[Parley]:
    """Returns an empty Parley over a running system; AssertionError at its end if a function overstepped its role."""
    provision.empty(running.template, running.store, set(calls.written))
    calls.written.clear()
    running.functions.deliver_twice = False
    running.checker.violations.clear()
    forget_told()
    parley = Parley(running.template, running.functions, running.store, Clock(int(time.time() * 1000)), running.streams)
    calls.hooks[:] = [running.checker]
    with calls.connections_of(parley.websocket):
        yield parley
    calls.hooks.clear()
    assert not running.checker.violations, "; ".join(running.checker.violations)


def forget_told() -> None:
    """Lets the functions' process forget what it has told, as one that was started anew."""
    push = sys.modules.get("parley.actions.push")  # only there once a function has needed it
    if push is not None:
        push.forget_told()
