"""A retry of a request that an earlier version has served is still the same request."""

from hashlib import sha256

from parley.domain.support.requests import CreateTicket
from parley.domain.support.ticket_steps import fingerprint

# As version 0.2.0 encoded it before there were follow-ups.
ENCODED = (
    b'{"subject":"Go","description":"?","category":null,"priority":"medium","client_id":"t1","context":null,'
    b'"tags":["vip"],"attachment_ids":[],"requester_id":null}'
)


def test_a_field_that_came_later_does_not_tell_requests_without_it_apart() -> None:
    wanted = CreateTicket(subject="Go", description="?", client_id="t1", tags=["vip"])

    assert fingerprint(wanted) == sha256(ENCODED).hexdigest()[:32]


def test_a_follow_up_is_another_request() -> None:
    plain = CreateTicket(subject="Go", description="?", client_id="t1")
    follow_up = CreateTicket(subject="Go", description="?", client_id="t1", follow_up_of="t_" + "a" * 26)

    assert fingerprint(plain) != fingerprint(follow_up)
