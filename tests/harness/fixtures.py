"""The start of a system under test: each engine once, a template on it, a fresh `Parley` per test."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from pytest import MonkeyPatch

from local import provision, queues, schedules
from local.functions import Functions
from local.mails import Outbox
from local.provision import Store
from local.queues import QueueMapping
from local.schedules import Schedule
from local.streams import StreamMapping, mappings
from local.template import Place, Template, load
from parley.adapters.dynamodb import clients
from tests.harness import calls, engines
from tests.harness.documents import TEMPLATE
from tests.harness.emptying import Written
from tests.harness.iam import Checker
from tests.harness.parley import SECRET, Clock, Parley

MAIL = {
    "MailFrom": "parley@example.com",
    "RestAddress": "https://parley.example.com/v1",
    "AppAddress": "https://app.example.com/c/{conversation_id}",
}


@dataclass
class System:
    """Parts that last for a session: the engine, the template on it, and the checker of rights.

    A session can have several, one per template: each has an environment of its own, there while a test uses it.
    """

    engine: str
    template: Template
    functions: Functions
    store: Store
    checker: Checker
    streams: list[StreamMapping]
    queues: list[QueueMapping]
    schedules: list[Schedule]
    environment: dict[str, str]
    written: Written  # by the last test


# Off unless a deployer wants it; the tests have it.
SWITCHED_ON = {"LinkPreviews": "on", "WebPushServices": "*"}


@contextmanager
def system(template_path: Path, engine: str) -> Iterator[System]:
    """Runs an engine with everything that the template declares, in an environment like the functions'."""
    with ExitStack() as stack:
        with _environment({name: value for name, value in os.environ.items() if not name.startswith("AWS_")}):
            # A developer's own profile or region has no say here.
            os.environ.update(engines.ENVIRONMENT)
            stack.enter_context(engines.running(engine))
            parameters = MAIL | SWITCHED_ON if template_path == TEMPLATE else {}
            template = load(template_path, parameters, place=Place(account=engines.ACCOUNT))
            functions = Functions(template)
            functions.prepare()
            os.environ["JWT_SECRET"] = os.environ["WEB_PUSH_SECRET"] = SECRET
            # The clock stands still, so what a test does is done at once.
            os.environ |= {"SEND_BURST": "10000", "LIVE_BURST": "10000", "COST_UNIT_BURST": "1000000"}
            os.environ["HEARTBEAT_S"] = "60"  # then API Gateway's ten minutes of silence end after the lease
            store = Store()
            with engines.answering(engine):
                provision.provision(template, store)
                _keep_expired_rows(template, store)
            written = Written()
            written.note_provisioned(template)
            running = System(
                engine=engine,
                template=template,
                functions=functions,
                store=store,
                checker=Checker(template, functions),
                streams=mappings(template, functions, store),
                queues=queues.mappings(template, functions, store),
                schedules=schedules.schedules(template, functions),
                environment=dict(os.environ),
                written=written,
            )
        yield running
        functions.close()


def _keep_expired_rows(template: Template, store: Store) -> None:
    """Keeps expired rows: ministack deletes them by the real time, and the clock of a test stands still."""
    for table in template.of_type("AWS::DynamoDB::Table"):
        if spec := table.properties.get("TimeToLiveSpecification"):
            store.client("dynamodb").update_time_to_live(
                TableName=table.ref, TimeToLiveSpecification={**spec, "Enabled": False}
            )


@contextmanager
def systems(template_path: Path) -> Iterator[Callable[[str], System]]:
    """Returns what gives the system on an engine, which is started when it is first asked for: that takes seconds."""
    with ExitStack() as stack:
        yield cache(lambda engine: stack.enter_context(system(template_path, engine)))


@contextmanager
def fresh(running: System) -> Iterator[Parley]:
    """Returns an empty Parley over a running system; AssertionError at its end if a function overstepped its role."""
    with active(running):
        running.written.empty(running.template, running.store)
        running.functions.deliver_twice = False
        running.checker.violations.clear()
        forget_told()
        clock = Clock(int(time.time() * 1000))
        triggers = running.streams, running.queues, running.schedules
        parley = Parley(running.template, running.functions, running.store, clock, *triggers)
        calls.hooks[:] = [running.checker]
        calls.expiries.follow(clock)
        with TemporaryDirectory() as folder, calls.connections_of(parley.websocket), _waits_by(clock):
            calls.held = parley.held
            calls.outbox = parley.outbox = Outbox(Path(folder))
            yield parley
        calls.outbox = calls.held = None
        calls.hooks.clear()
        calls.expiries.follow(None)
    assert not running.checker.violations, "; ".join(running.checker.violations)


@contextmanager
def _waits_by(clock: Clock) -> Iterator[None]:
    """While it lasts, a sign-out that waits for the next second moves the clock of the test."""
    if "CONVERSATIONS_TABLE" not in os.environ:  # the fixture of tests/local has no tables, so it signs nobody out
        yield
        return

    def sleep(seconds: float) -> None:
        clock.ms += round(seconds * 1000)

    with MonkeyPatch.context() as patch:
        patch.setattr("parley.adapters.people.account_states.sleep", sleep)
        yield


@contextmanager
def active(running: System) -> Iterator[None]:
    """While it lasts, functions find this system's environment, and their calls are seen."""
    with _environment(running.environment), engines.answering(running.engine), calls.intercepted():
        calls.written = running.written
        yield


_clients_belong_to: dict[str, str] = {}


@contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    """While it lasts, the environment is this one; clients that were made in another are forgotten."""
    global _clients_belong_to
    if _clients_belong_to is not variables:
        clients.forget_clients()
        _clients_belong_to = variables
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def forget_told() -> None:
    """Lets the functions' process forget what it has told, seen and knows, as one that was started again."""
    # Each is only there once a function has needed it.
    push = sys.modules.get("parley.actions.push")
    if push is not None:
        push.forget_told()
    limiting = sys.modules.get("parley.actions.limits")
    if limiting is not None:
        limiting.forget()
    metering = sys.modules.get("parley.adapters.dynamodb.metering")
    if metering is not None:
        metering.forget()
    mail_settings = sys.modules.get("parley.adapters.notifications.mail_settings")
    if mail_settings is not None:
        mail_settings.forget_key()  # each engine has its own secret
    screening = sys.modules.get("parley.adapters.moderation.word_list_cache")
    if screening is not None:
        screening.forget()
    rules = sys.modules.get("parley.adapters.support.automations")
    if rules is not None:
        rules.forget()
    webhooks = sys.modules.get("parley.adapters.webhooks.endpoints")
    if webhooks is not None:
        webhooks.forget()
    article_index = sys.modules.get("parley.adapters.articles.article_index")
    if article_index is not None:
        article_index.forget()
