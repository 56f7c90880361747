"""The beginning that the tests of suspensions share."""

from tests.functional.moderation import moderator
from tests.functional.replies import refusal
from tests.functional.talk import in_s
from tests.harness import Frame, Parley, Reply, User

HOUR_S = 3_600
DAY_S = 24 * HOUR_S


def suspend(parley: Parley, user_id: str, scope: str = "write", by: User | None = None, **more: object) -> Reply:
    """Suspends a person for an hour from now."""
    body = {"until": in_s(parley, HOUR_S), "reason": "Insults.", "scope": scope, **more}
    return (by or moderator(parley)).put(f"/admin/suspensions/{user_id}", json=body)


def suspended(parley: Parley, user_id: str, scope: str = "write") -> Frame:
    """Suspends a person for an hour from now; returns the suspension."""
    reply = suspend(parley, user_id, scope)
    assert reply.status == 200, reply
    return dict(reply.json)


def is_suspended(reply: Reply) -> bool:
    """Says whether a reply refuses because its caller is suspended."""
    return refusal(reply)[:2] == ("suspended", 403)
