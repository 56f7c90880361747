"""GET /erasures/{erasure_id}: the host's own server sees how far an erasure is, and its receipt."""

import pytest

from parley.domain.erasure.job import STALLED_MS
from tests.functional.erasures import erase, erased, host, shown
from tests.functional.replies import invalid, refusal
from tests.harness import Parley


def test_progress_only_grows_and_ends_with_a_receipt(parley: Parley) -> None:
    parley.user("zoe").connect()
    asked = erase(parley, "zoe")
    [queue] = [one for one in parley.queues if one.queue.logical_id == "ErasureSteps"]
    seen = []
    while queue.poll(retry_at_once=True):
        seen.append(shown(parley, asked["id"]))

    assert [one["receipt"] is None for one in seen] == [True] * (len(seen) - 1) + [False]
    done = [one["progress"]["done"] for one in seen]
    assert done == sorted(done) and done[-1] == seen[-1]["progress"]["total"]
    assert seen[-1]["receipt"]["removed"]["profile"] == 1


def test_erasure_that_has_died_is_seen_as_failed_and_goes_on_when_asked_for_again(parley: Parley) -> None:
    parley.user("zoe")
    asked = erase(parley, "zoe")
    parley.advance(STALLED_MS / 1000)

    before = shown(parley, asked["id"])["state"]
    again = erase(parley, "zoe")
    parley.drain()

    assert (before, again["id"]) == ("failed", asked["id"])
    assert shown(parley, asked["id"])["state"] == "done"


@pytest.mark.parametrize("role", ["user", "admin", "moderator"])
def test_nobody_but_the_host_may_look(parley: Parley, role: str) -> None:
    parley.user("zoe")
    done = erased(parley, "zoe")

    assert refusal(parley.user("mona", role=role).get(f"/erasures/{done['id']}")) == ("service_only", 403, [])


def test_erasure_that_is_not_there(parley: Parley) -> None:
    assert refusal(host(parley).get("/erasures/z_" + "a" * 26)) == ("erasure_not_found", 404, [])


@pytest.mark.parametrize("wrong", ["nothing", "%23" + "a" * 64, "x_" + "a" * 26], ids=["word", "mark", "export"])
def test_what_is_no_id_is_refused(parley: Parley, wrong: str) -> None:
    assert refusal(host(parley).get(f"/erasures/{wrong}")) == invalid(("{erasure_id}", "bad_format"))
