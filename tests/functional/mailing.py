"""Links of e-mails, and the state of a person's e-mails, as the tests need them."""

from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from types import SimpleNamespace
from typing import Any

from pytest import MonkeyPatch

from tests.harness import Parley, Reply, User


def token_for(parley: Parley, user_id: str, *, ends_in_s: int = 3600, language: str = "en") -> str:
    """Returns the token of a link in an e-mail to this person."""
    from parley.adapters.notifications import mail_settings
    from parley.domain.notifications.unsubscribing import Link, token_of

    link = Link(user_id=user_id, language=language, expires_at_s=parley.clock() // 1000 + ends_in_s)
    return token_of(link, mail_settings.key())


def visit(parley: Parley, token: str, method: str = "GET", raw: str | None = None) -> Reply:
    """Opens a link as a browser or a mail program does: without a token of the API."""
    from parley.adapters.notifications import mail_settings

    mail_settings.forget_key()  # so that the function reads the secret by its own right
    headers = {"Authorization": None, "Content-Type": "application/x-www-form-urlencoded"}
    return parley.bearer("").request(method, f"/unsubscribe/{token}", raw=raw, headers=headers)


def mail_state(user_id: str) -> dict[str, Any] | None:
    """Returns what the row of a person's e-mails holds, or None without a row."""
    from parley.adapters.dynamodb import tables

    try:
        document = tables.Notification.get(user_id, "~mail").document
    except tables.Notification.DoesNotExist:
        return None
    assert isinstance(document, dict)
    return document


def person(parley: Parley, user_id: str, *, email: str | None = None, **fields: Any) -> User:
    """Returns a person with an address of e-mail, of whom the host has said more."""
    known = parley.user(user_id)
    said = {"name": user_id.title(), "email": email or f"{user_id}@example.org", **fields}
    answer = parley.user("host", role="service").put(f"/users/{user_id}", json=said)
    assert answer.status in (200, 201), answer
    return known


@contextmanager
def clocked(parley: Parley) -> Iterator[None]:
    """While it lasts, queues and streams go by the clock of the test."""
    frozen = SimpleNamespace(time_ns=lambda: parley.clock() * 1_000_000, time=lambda: parley.clock() / 1000)
    with MonkeyPatch.context() as patch:
        patch.setattr("parley.triggers.queue.time", frozen)
        yield


def later(parley: Parley, seconds: float) -> list[EmailMessage]:
    """Moves the clock, does what is due then, and returns the e-mails that were sent meanwhile."""
    before = len(parley.outbox.mails())
    end_ms = parley.clock() + int(seconds * 1000)
    parley.drain()
    while (due := [due_ms for due_ms, *_ in parley.held.messages if due_ms <= end_ms]) or parley.clock() < end_ms:
        parley.advance(max(0, (min([*due, end_ms]) - parley.clock())) / 1000)
        parley.drain()
    return parley.outbox.mails()[before:]


def text_of(mail: EmailMessage) -> str:
    """Returns the text of an e-mail."""
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def poll_once(parley: Parley) -> None:
    """Hands the function of e-mails the jobs that are due, once; a job that fails comes again later."""
    for queue_url, body in parley.held.due():
        parley.store.client("sqs").send_message(QueueUrl=queue_url, MessageBody=body)
    [mapping] = [each for each in parley.queues if each.queue.logical_id == "MailJobs"]
    mapping.poll(retry_at_once=True)
