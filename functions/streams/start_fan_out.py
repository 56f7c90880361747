"""Start what follows a stored message or change, and count messages by the contexts of their conversations.

A group's fan-out is queued in jobs of a hundred members each, a changed profile or ticket in one job, and attachments
that were sent or released in steps. Notifications, events that an endpoint of webhooks or the bus asks for, and looks
at links are queued together for the whole batch. The count comes from the table, so it is exact even if the sender's
function died; it goes to CloudWatch as a metric.
"""

from collections import Counter

from parley.actions.attachments import steps
from parley.actions.live import fan_out, link_jobs
from parley.actions.notifications import closing, starting
from parley.actions.webhooks import first_attempts
from parley.triggers import request_log
from parley.triggers.stream import Gathering, Row, stream


@stream(
    fan_out.start_fan_out,
    fan_out.start_user_update,
    fan_out.start_ticket_follow_up,
    steps.start_attachment_steps,
    gathering=[
        Gathering(starting.occasions_of, starting.queue_occasions),
        Gathering(closing.closings_of, closing.queue_closings),
        Gathering(first_attempts.attempts_of, first_attempts.queue_attempts),
        Gathering(first_attempts.events_of, first_attempts.queue_events),
        Gathering(link_jobs.looks_of, link_jobs.queue_looks),
    ],
)
def handler(rows: list[Row]) -> None:
    stored = Counter(row.get("context_type", "general") for row in rows if "kind" in row)
    for context_type, count in stored.items():
        request_log.count("start_fan_out", "MessagesStored", count, context_type=context_type)
