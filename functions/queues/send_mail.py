"""Send people digests of what they have missed, and take the news of e-mails that bounced or drew a complaint."""

from parley.actions.notifications import mailing
from parley.domain.notifications.mail_jobs import MailMessage
from parley.triggers.queue import queue


@queue(MailMessage)
def handler(asked: MailMessage, now_ms: int) -> None:
    mailing.send_mail(asked, now_ms)
