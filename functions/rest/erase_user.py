"""DELETE /users/{user_id}: erase a person everywhere, as the host's own server asks. 202, 400, 403.

A job does it, in two rounds some five minutes apart. Asked for again, it is the same erasure that comes back.
"""

from parley.actions.erasure import job
from parley.domain.api.request import Request
from parley.domain.erasure.job import Erasure
from parley.triggers.rest import Reply, accepted, operation


@operation()
def handler(request: Request, user_id: str) -> Reply[Erasure]:
    return accepted(job.erase_user(request, user_id))
