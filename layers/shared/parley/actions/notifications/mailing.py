"""E-mails: one digest for each person of what has gathered since the last, later and later while they read nothing.

A digest is claimed before it is sent and noted after that. So a person gets one twice only if the function dies between
SES's answer and the note, and then with the same Message-ID.
"""

from collections.abc import Iterable

from parley.adapters.notifications import mail_queue, mail_settings
from parley.domain.notifications.mail_jobs import MailJob


def queue_mails(user_ids: Iterable[str], due_ms: int, now_ms: int) -> None:
    """Looks at `due_ms` whether these people are to get an e-mail; one call of the queue for each ten.

    Does nothing in a deployment that sends no e-mails.
    """
    if mail_settings.is_on():
        mail_queue.queue_jobs([MailJob(user_id=user_id, due_ms=due_ms) for user_id in user_ids], now_ms)
