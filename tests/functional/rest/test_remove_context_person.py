"""DELETE /contexts/{context_type}/{context_id}/people/{user_id}: the host's own server takes a person out."""

import pytest

from tests.functional.replies import Meanwhile, invalid, refusal, stored
from tests.harness import Parley, User

CLASS = {"type": "class", "id": "7b"}


def host(parley: Parley) -> User:
    return parley.user("backend", role="service")


def test_person_no_longer_belongs_and_opens_nothing_more(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLICY", "school")
    parley.user("tina", role="teacher", contexts={"class": ["7b"]})
    bob = parley.user("bob", role="student")
    host(parley).put("/contexts/class/7b/people/bob")
    bob.get("/unread-count")

    reply = host(parley).delete("/contexts/class/7b/people/bob")

    assert (reply.status, reply.json) == (200, {"user_id": "bob", "context": CLASS})
    assert stored(parley)["ContextPeople"] == []
    assert "held" not in "".join(stored(parley)["Users"])
    opened = bob.post("/conversations", json={"type": "direct", "user_id": "tina", "context": CLASS})
    assert refusal(opened)[1] in (403, 404)


def test_repeat_changes_nothing(parley: Parley) -> None:
    parley.user("bob")
    service = host(parley)
    before = stored(parley)

    reply = service.delete("/contexts/class/7b/people/bob")

    assert (reply.status, reply.json["context"]) == (200, CLASS)
    assert stored(parley) == before


def test_removal_and_put_at_once_both_count(parley: Parley) -> None:
    parley.user("bob")
    service = host(parley)
    service.put("/contexts/class/7b/people/bob")
    meanwhile = Meanwhile("TransactWriteItems", lambda: service.put("/contexts/class/8a/people/bob"))
    parley.hooks.append(meanwhile)

    service.delete("/contexts/class/7b/people/bob")

    assert meanwhile.happened
    assert service.get("/users/bob/contexts").json["contexts"] == [{"type": "class", "id": "8a"}]


def test_nobody_but_the_host_may(parley: Parley) -> None:
    mallory = parley.user("mallory", role="moderator")

    assert refusal(mallory.delete("/contexts/class/7b/people/mallory")) == ("service_only", 403, [])


def test_person_without_a_profile_is_unknown(parley: Parley) -> None:
    assert refusal(host(parley).delete("/contexts/class/7b/people/bob")) == ("unknown_user", 404, [])


@pytest.mark.parametrize(
    "path, field",
    [
        ("/contexts/7class/7b/people/bob", ("{context_type}", "bad_format")),
        ("/contexts/class/%00/people/bob", ("{context_id}", "bad_format")),
        ("/contexts/class/7b/people/a%2Fb", ("{user_id}", "bad_format")),
    ],
)
def test_odd_parts_of_the_path_are_named(parley: Parley, path: str, field: tuple[str, str]) -> None:
    assert refusal(host(parley).delete(path)) == invalid(field)
