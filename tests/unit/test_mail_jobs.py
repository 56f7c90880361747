"""When a person's next e-mail goes out: pauses grow while nothing is read, one job waits, and one try runs."""

import pytest

from parley.domain.notifications.mail_jobs import (
    LEAVE,
    MAX_DELAY_S,
    MAX_WAIT_MS,
    SEND,
    MailJob,
    Plan,
    after_failure,
    claimed,
    delay_s,
    is_awaited,
    plan,
    quiet,
    released,
    sent,
    until,
    until_quiet_ends,
    waiting,
)
from parley.domain.notifications.mail_state import (
    LEASE_MS,
    NONE_YET,
    PAUSES_MS,
    MailState,
    address_hash,
    email_state,
    pause_ms,
    switched_off,
    switched_on,
    unsubscribed,
)

NOW = 1_800_000_000_000
JOB = MailJob(user_id="ana", due_ms=NOW)


def mailed(state: MailState = NONE_YET, *, now_ms: int = NOW, has_read: bool = False) -> MailState:
    return sent(claimed(state, now_ms), {"c#d_1": 5}, now_ms - 100, now_ms, has_read=has_read)


def test_the_first_e_mail_goes_out_at_once() -> None:
    assert plan(NONE_YET, JOB, NOW, has_read=False) == SEND


def test_pauses_grow_while_nothing_is_read_and_begin_again_after() -> None:
    state, now_ms, pauses = NONE_YET, NOW, []
    for _ in range(6):
        state = mailed(state, now_ms=now_ms)
        pauses.append(state.next_ms - now_ms)
        assert plan(state, JOB, state.next_ms - 1, has_read=False).do == "wait"
        assert plan(state, JOB, state.next_ms, has_read=False) == SEND
        now_ms = state.next_ms

    assert pauses == [*PAUSES_MS, PAUSES_MS[-1], PAUSES_MS[-1]]
    sent_ms = state.next_ms - PAUSES_MS[-1]
    assert plan(state, JOB, sent_ms + PAUSES_MS[0], has_read=True) == SEND
    assert plan(state, JOB, sent_ms + PAUSES_MS[0] - 1, has_read=True) == Plan("wait", sent_ms + PAUSES_MS[0])
    assert mailed(state, now_ms=now_ms, has_read=True).next_ms == now_ms + PAUSES_MS[0]


def test_one_job_waits_for_all_that_come_in_between() -> None:
    state = mailed()
    wait = plan(state, JOB, NOW + 1, has_read=False)
    assert wait == Plan("wait", state.next_ms)

    state = waiting(state, wait.until_ms)

    assert plan(state, MailJob(user_id="ana", due_ms=NOW + 5), NOW + 5, has_read=False) == LEAVE
    waiter = MailJob(user_id="ana", due_ms=state.next_ms)
    assert plan(state, waiter, state.next_ms, has_read=False) == SEND
    assert until(state, waiter, state.next_ms) == Plan("wait", state.next_ms)  # it was delivered too early


def test_a_job_is_dropped_if_another_has_taken_its_place() -> None:
    state = quiet(waiting(NONE_YET, NOW + 1), NOW + 2)

    assert [is_awaited(state, MailJob(due_ms=NOW + n, waits=True)) for n in (1, 2, 3)] == [True, True, False]
    assert is_awaited(state, MailJob(due_ms=NOW + 3))
    assert not after_failure(MailJob(due_ms=NOW + 3, waits=True), NOW).waits


def test_one_job_waits_for_the_end_of_a_quiet_time_and_none_for_ever() -> None:
    end_ms = NOW + MAX_WAIT_MS
    assert until_quiet_ends(NONE_YET, JOB, end_ms, NOW) == Plan("wait", end_ms)
    assert until_quiet_ends(NONE_YET, JOB, end_ms + 1, NOW) == LEAVE
    assert until_quiet_ends(NONE_YET, JOB, None, NOW) == LEAVE
    assert until_quiet_ends(quiet(NONE_YET, end_ms), JOB, end_ms, NOW) == LEAVE


def test_a_second_try_waits_until_the_lease_of_the_first_ends() -> None:
    state = claimed(NONE_YET, NOW)

    assert plan(state, JOB, NOW + LEASE_MS - 1, has_read=True) == Plan("wait", NOW + LEASE_MS)
    assert plan(state, JOB, NOW + LEASE_MS, has_read=False) == SEND
    assert plan(released(state), JOB, NOW + 1, has_read=False) == SEND


def test_each_e_mail_has_a_number_of_its_own_and_each_try_the_same() -> None:
    assert claimed(NONE_YET, NOW).number == 0
    assert (mailed().number, mailed(mailed()).number) == (1, 2)
    assert mailed().told == {"c#d_1": 5} and mailed().sending is None


@pytest.mark.parametrize(("left_ms", "seconds"), [(-5, 0), (0, 0), (1, 1), (120_000, 120), (86_400_000, MAX_DELAY_S)])
def test_a_job_is_hidden_as_long_as_sqs_hides_it(left_ms: int, seconds: int) -> None:
    assert delay_s(NOW + left_ms, NOW) == seconds


def test_tries_after_failures_grow_apart() -> None:
    job, waits = JOB, []
    for _ in range(5):
        job = after_failure(job, NOW)
        waits.append((job.due_ms - NOW) // 1000)

    assert waits == [120, 240, 480, 900, 900] and job.failures == 5
    assert min(waits) * 1000 > LEASE_MS


@pytest.mark.parametrize(
    ("state", "address", "shown"),
    [
        (NONE_YET, "ana@example.org", "on"),
        (NONE_YET, None, "no_address"),
        (NONE_YET, "josé@example.org", "no_address"),
        (unsubscribed(NONE_YET), "ana@example.org", "unsubscribed"),
        (unsubscribed(NONE_YET), None, "unsubscribed"),
        (switched_off(NONE_YET, "bounced", "ana@example.org"), "Ana@Example.org", "bounced"),
        (switched_off(NONE_YET, "complained", "ana@example.org"), "ana@example.org", "complained"),
        (switched_off(NONE_YET, "bounced", "ana@example.org"), "ana@example.com", "on"),
        (switched_off(NONE_YET, "bounced", "ana@xn--bcher-kva.example"), "ana@bücher.example", "bounced"),
        (switched_off(unsubscribed(NONE_YET), "bounced", "ana@example.org"), "ana@example.org", "unsubscribed"),
        (switched_on(unsubscribed(NONE_YET)), "ana@example.org", "on"),
        (switched_on(switched_off(NONE_YET, "refused", "ana@example.org")), "ana@example.org", "on"),
    ],
)
def test_the_state_tells_why_no_e_mail_comes(state: MailState, address: str | None, shown: str) -> None:
    assert email_state(state, address, available=True) == shown
    assert email_state(state, address, available=False) == "unavailable"


def test_the_state_holds_no_address() -> None:
    assert "ana" not in address_hash("ana@example.org")
    assert pause_ms(0) == pause_ms(1) == PAUSES_MS[0]
