"""Every minute: record the warnings and breaches of tickets' clocks, escalate, close what is resolved, and archive.

Also take away what deleted articles have left.
"""

from parley.actions.articles import remains
from parley.actions.support import due
from parley.domain.api.request import Request
from parley.triggers.attempts import Attempts
from parley.triggers.schedule import schedule


@schedule
def handler(request: Request, run: Attempts) -> int:
    return due.sweep_tickets(request, run) + remains.sweep_articles(run)
