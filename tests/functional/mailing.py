"""Links of e-mails, and the state of a person's e-mails, as the tests need them."""

from typing import Any

from tests.harness import Parley, Reply


def token_for(parley: Parley, user_id: str, *, ends_in_s: int = 3600, language: str = "en") -> str:
    """Returns the token of a link in an e-mail to this person."""
    from parley.adapters.notifications import mail_settings
    from parley.domain.notifications.unsubscribing import Link, token_of

    link = Link(user_id=user_id, language=language, expires_at_s=parley.clock() // 1000 + ends_in_s)
    return token_of(link, mail_settings.key())


def visit(parley: Parley, token: str, method: str = "GET", raw: str | None = None) -> Reply:
    """Opens a link as a browser or a mail program does: without a token of the API."""
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
