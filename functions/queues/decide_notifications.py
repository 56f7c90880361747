"""Decide whom to tell of what, and tell them: in the app, by push, by e-mail."""

from parley.actions.notifications import deciding, mailing
from parley.domain.notifications.occasion import NotificationJob
from parley.triggers.queue import owned_queue


@owned_queue(NotificationJob, takes_s=deciding.TAKES_S, put_back=deciding.put_back)
def handler(job: NotificationJob, owner: str, now_ms: int) -> None:
    deciding.decide_notifications(job, owner, now_ms, mailing.queueing())
