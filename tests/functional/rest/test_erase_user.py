"""DELETE /users/{user_id}: the host's own server has a person erased, once for as often as it asks."""

import pytest

from tests.functional.erasures import erase, erased, host, shown
from tests.functional.replies import invalid, refusal
from tests.functional.talk import in_s
from tests.harness import Parley


def test_host_gets_an_erasure_that_has_begun(parley: Parley) -> None:
    parley.user("zoe")

    asked = erase(parley, "zoe")

    assert asked == {
        "id": asked["id"],
        "user_id": "zoe",
        "state": "running",
        "progress": {"done": 0, "total": asked["progress"]["total"]},
        "removed": {},
        "created_at": in_s(parley, 0),
        "finished_at": None,
        "receipt": None,
    }


@pytest.mark.parametrize("role", ["user", "admin", "moderator", "teacher"])
def test_nobody_but_the_host_may(parley: Parley, role: str) -> None:
    zoe = parley.user("zoe")

    refused = parley.user("mona", role=role).delete("/users/zoe")

    assert refusal(refused) == ("service_only", 403, [])
    assert refused.json["rule"] == "role service → DELETE /users"
    assert zoe.get("/unread-count").status == 200


@pytest.mark.parametrize("wrong", ["a%20b", "a%2Fb", "%23", "a" * 129], ids=["space", "slash", "key", "long"])
def test_what_is_no_id_is_refused(parley: Parley, wrong: str) -> None:
    assert refusal(host(parley).delete(f"/users/{wrong}")) == invalid(("{user_id}", "bad_format"))


def test_person_whom_nobody_knows_is_erased_all_the_same(parley: Parley) -> None:
    done = erased(parley, "stranger")

    assert (done["state"], done["removed"]) == ("done", {})


def test_person_who_has_come_back_can_be_erased_again(parley: Parley) -> None:
    parley.user("zoe")
    first = erased(parley, "zoe")
    assert host(parley).put("/users/zoe", json={"name": "Zoe", "role": "user"}).status == 201

    second = erased(parley, "zoe")

    assert first["id"] != second["id"]
    assert (first["removed"]["profile"], second["removed"]["profile"]) == (1, 1)


def test_person_comes_back_only_when_the_erasure_is_over(parley: Parley) -> None:
    parley.user("zoe")
    asked = erase(parley, "zoe")

    early = host(parley).put("/users/zoe", json={"name": "Zoe", "role": "user"})
    parley.drain()
    late = host(parley).put("/users/zoe", json={"name": "Zoe", "role": "user"})

    assert refusal(early) == ("erasure_running", 409, [])
    assert (late.status, shown(parley, asked["id"])["state"]) == (201, "done")
