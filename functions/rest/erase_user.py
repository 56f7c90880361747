"""DELETE /users/{user_id}: erase a person everywhere; only the host's own server may. 202, 400, 403.

A job does it, in two rounds some five minutes apart. A repeated request returns the same erasure.
"""

from parley.actions.erasure import job
from parley.domain.api.request import Request
from parley.domain.erasure.job import Erasure
from parley.triggers.rest import Reply, accepted, operation


@operation()
def handler(request: Request, user_id: str) -> Reply[Erasure]:
    return accepted(job.erase_user(request, user_id))
