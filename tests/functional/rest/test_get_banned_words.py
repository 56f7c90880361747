"""GET /admin/banned-words: the list of banned words and its version."""

import pytest

from tests.functional.moderation import moderator
from tests.functional.replies import refusal
from tests.functional.talk import bare, in_s
from tests.harness import Parley


def test_deployment_begins_without_a_list(parley: Parley) -> None:
    reply = moderator(parley).get("/admin/banned-words")

    assert reply.status == 200
    assert bare(reply.json) == {"version": 0, "rules": [], "updated_at": None, "updated_by": None}


def test_what_was_put_is_there(parley: Parley) -> None:
    mona = moderator(parley)
    rule = {"id": "r1", "kind": "pattern", "text": "spam*", "action": "flag"}
    put = mona.put("/admin/banned-words", json={"version": 0, "rules": [rule]})

    reply = moderator(parley, "ada", "admin").get("/admin/banned-words")

    assert bare(reply.json) == bare(put.json) == {
        "version": 1,
        "rules": [rule],
        "updated_at": in_s(parley, 0),
        "updated_by": "mona",
    }  # fmt: skip


@pytest.mark.parametrize("role", ["user", "service"])
def test_list_is_for_moderators(parley: Parley, role: str) -> None:
    assert refusal(parley.user("nosy", role=role).get("/admin/banned-words")) == ("moderators_only", 403, [])
