"""A PUT of the host counts at once, with the token in hand and on an open socket."""

import pytest

from tests.functional.moderation import report
from tests.functional.replies import refusal
from tests.functional.talk import say
from tests.harness import Parley, User

CLASS = {"type": "class", "id": "7b"}
WANTED = {"type": "direct", "user_id": "tina", "context": CLASS}


@pytest.fixture
def school(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> Parley:
    monkeypatch.setenv("POLICY", "school")
    parley.user("tina", role="teacher", contexts={"class": ["7b"]})
    return parley


def host(parley: Parley) -> User:
    return parley.user("backend", role="service")


def test_context_opens_a_conversation_and_the_open_socket_writes_in_it(school: Parley) -> None:
    bob = school.user("bob", role="student")
    phone = bob.connect()
    assert refusal(bob.post("/conversations", json=WANTED))[1] in (403, 404)

    host(school).put("/users/bob", json={"contexts": {"class": ["7b"]}})

    explained = bob.get("/policy/explain?user_id=tina&context_type=class&context_id=7b").json
    opened = bob.post("/conversations", json=WANTED)
    sent = phone.request("send_message", {"conversation_id": opened.json["id"], "text": "hello"})
    assert (explained["allowed"], opened.status, sent["type"]) == (True, 201, "ack")


def test_message_to_a_person_opens_the_conversation(school: Parley) -> None:
    bob = school.user("bob", role="student")
    bob.get("/unread-count")

    host(school).put("/users/bob", json={"contexts": {"class": ["7b"]}})

    assert bob.post("/messages", json={"user_id": "tina", "context": CLASS, "text": "hello"}).status == 201


def test_context_that_the_host_takes_away_opens_nothing_more(school: Parley) -> None:
    host(school).put("/users/bob", json={"role": "student", "contexts": {"class": ["7b"]}})
    bob = school.bearer(school.token("bob", "student"), "bob")
    bob.get("/unread-count")

    host(school).put("/users/bob", json={"role": "student", "contexts": {"class": []}})

    assert refusal(bob.post("/conversations", json=WANTED))[1] in (403, 404)


def test_directory_and_profiles_follow(school: Parley) -> None:
    bob = school.user("bob", role="visitor")
    assert bob.get("/users/tina").status == 404
    assert bob.get("/users").json["users"] == []

    host(school).put("/users/bob", json={"role": "student", "contexts": {"class": ["7b"]}})

    shown = {"id": "tina", "name": "Tina", "role": "teacher", "contexts": {"class": ["7b"]}}
    found = [bob.get("/users/tina").json, *bob.get("/users").json["users"]]
    assert [{name: one[name] for name in shown} for one in found] == [shown, shown]


def test_me_is_as_the_host_has_put_it(parley: Parley) -> None:
    bob = parley.user("bob")
    bob.get("/me")

    host(parley).put("/users/bob", json={"name": "Robert", "role": "tutor", "contexts": {"class": ["7b"]}})

    me = bob.get("/me").json
    assert (me["name"], me["role"], me["contexts"]) == ("Robert", "tutor", {"class": ["7b"]})


def test_demoted_moderator_is_refused_at_once(parley: Parley) -> None:
    mia = parley.user("mia", role="moderator")
    phone = mia.connect()
    assert mia.get("/admin/reports").status == 200

    host(parley).put("/users/mia", json={"role": "user"})

    assert refusal(mia.get("/admin/reports")) == ("moderators_only", 403, [])
    assert refusal(mia.put("/admin/banned-words", json={"version": 0, "rules": []}))[0] == "moderators_only"
    assert phone.request("ping")["type"] == "ack"


def test_demotion_reaches_an_older_token_though_a_newer_one_has_lost_the_role(parley: Parley) -> None:
    mia = parley.user("mia", role="moderator")
    assert mia.get("/admin/reports").status == 200
    parley.advance(2)
    assert parley.user("mia").get("/me").json["role"] == "user"

    host(parley).put("/users/mia", json={"role": "user"})

    assert refusal(mia.get("/admin/reports")) == ("moderators_only", 403, [])
    assert refusal(mia.put("/admin/banned-words", json={"version": 0, "rules": []}))[0] == "moderators_only"


def test_token_of_the_same_second_does_not_beat_a_put(parley: Parley) -> None:
    parley.clock.ms = parley.clock.ms // 1000 * 1000
    unused = parley.token("eve", "moderator")
    parley.clock.ms += 500

    host(parley).put("/users/eve", json={"role": "user"})

    eve = parley.bearer(unused, "eve")
    assert (eve.get("/me").json["role"], eve.get("/admin/reports").status) == ("user", 403)


def test_promoted_person_moderates_at_once_and_the_audit_log_names_the_role(parley: Parley) -> None:
    mia = parley.user("mia")
    assert mia.get("/admin/reports").status == 403

    host(parley).put("/users/mia", json={"role": "moderator"})

    assert mia.put("/admin/banned-words", json={"version": 0, "rules": []}).status == 200
    [entry] = mia.get("/admin/audit").json["entries"]
    assert (entry["actor_id"], entry["actor_role"]) == ("mia", "moderator")


def test_moderators_export_goes_by_the_role_of_now(parley: Parley) -> None:
    alice, bob, mia = parley.user("alice"), parley.user("bob"), parley.user("mia", role="moderator")
    opened = alice.post("/conversations", json={"type": "direct", "user_id": bob.user_id}).json["id"]
    path = f"/conversations/{opened}/export"
    report(alice, say(bob, opened, "Fool!")[0])
    host(parley).put("/users/mia", json={"role": "user"})

    assert mia.post(path, json={"format": "jsonl"}).status == 404

    host(parley).put("/users/mia", json={"role": "admin"})
    assert mia.post(path, json={"format": "jsonl"}).status == 202


def test_later_token_is_not_held_to_what_the_host_put_before(parley: Parley) -> None:
    parley.user("mia", role="moderator")
    host(parley).put("/users/mia", json={"role": "user"})
    parley.advance(60)

    assert parley.user("mia", role="moderator").get("/admin/reports").status == 200


def test_sign_out_and_role_stand_side_by_side(parley: Parley) -> None:
    mia = parley.user("mia", role="moderator")
    parley.advance(60)
    host(parley).post("/users/mia/sign-out")
    host(parley).put("/users/mia", json={"role": "user"})
    assert refusal(mia.get("/admin/reports"))[0] == "signed_out"

    parley.user("nina", role="moderator")
    nina = parley.user("nina", role="moderator")
    host(parley).put("/users/nina", json={"role": "user"})
    parley.advance(60)
    host(parley).post("/users/nina/sign-out")
    assert refusal(nina.get("/conversations"))[0] == "signed_out"


def test_no_role_of_a_program_can_be_put(parley: Parley) -> None:
    parley.user("mia")

    assert host(parley).put("/users/mia", json={"role": "service"}).status == 400
