"""POST /admin/removals: a job removes what a person wrote in the last hours."""

import pytest

from tests.functional.erasures import erase, everything, host
from tests.functional.moderation import TEXT, moderator, report, reported, talk
from tests.functional.replies import Meanwhile, Refusal, invalid, refusal
from tests.functional.suspending import suspend
from tests.functional.talk import joined, make_group, open_direct, say
from tests.harness import Frame, Parley, User

STEPS = "parley.actions.moderation.removal_steps"
TOO_HIGH: Refusal = ("rank_too_high", 403, [])
ASKED = {"user_id": "mallory", "hours": 2, "reason": "Spam."}


def ask(mona: User, **more: object) -> Frame:
    reply = mona.post("/admin/removals", json=ASKED | more)
    assert reply.status == 202, reply
    return dict(reply.json)


def done(parley: Parley, mona: User, asked: Frame) -> Frame:
    """Returns a removal after all its steps."""
    parley.drain()
    reply = mona.get(f"/admin/removals/{asked['id']}")
    assert reply.status == 200, reply
    return dict(reply.json)


def texts(reader: User, conversation_id: str) -> list[str]:
    """Returns the texts of what people wrote, the oldest first; of a removed message `removed`."""
    found = reader.get(f"/conversations/{conversation_id}/messages?limit=100").json["messages"]
    written = [each for each in found if each["kind"] == "text"]
    return sorted("removed" if each.get("removed") else each["text"] for each in written)


def entries(mona: User, action: str) -> list[Frame]:
    return [each for each in mona.get("/admin/audit").json["entries"] if each["action"] == action]


def test_everything_that_a_person_wrote_in_the_last_hours_is_removed(parley: Parley) -> None:
    alice, mallory, carol = (parley.user(each) for each in ("alice", "mallory", "carol"))
    direct, group, left = open_direct(alice, mallory), make_group(alice, mallory, carol), make_group(carol, mallory)
    say(mallory, direct, "long ago")
    parley.advance(3 * 3600)
    say(alice, direct, "mine")
    for conversation_id in (direct, group, left):
        say(mallory, conversation_id, TEXT, "buy now")
    assert mallory.delete(f"/conversations/{left}/members/mallory").status == 200
    phone, mona = joined(alice, direct), moderator(parley)

    asked = ask(mona)
    parley.advance(1)
    late = say(mallory, direct, "after the request")[0]
    removal = done(parley, mona, asked)

    assert (asked["state"], asked["removed"]) == ("running", 0)
    assert (removal["state"], removal["removed"], removal["code"]) == ("done", 6, None)
    assert texts(alice, direct) == ["after the request", "long ago", "mine", "removed", "removed"]
    assert texts(alice, group) == texts(carol, left) == ["removed", "removed"]
    events = phone.events("message_deleted")
    assert {event["data"]["user_id"] for event in events} == {"~parley.system-moderators"}
    assert [event["data"]["message"]["id"] for event in events] != [late] and len(events) == 4


def test_each_removal_and_the_job_are_in_the_audit_log(parley: Parley) -> None:
    _, _, ids = talk(parley, TEXT, "again")
    mona = moderator(parley)

    asked = ask(mona)
    done(parley, mona, asked)

    removals = entries(mona, "remove_message")
    assert {each["target"] for each in removals} == set(ids)
    assert {tuple(each["details"].items()) for each in removals} == {(("removal_id", asked["id"]),)}
    of_job = sorted((each["details"] for each in entries(mona, "remove_messages")), key=len)
    assert of_job == [
        {"removal_id": asked["id"], "hours": "2"},
        {"removal_id": asked["id"], "removed": "2", "state": "done"},
    ]
    assert {each["actor_id"] for each in removals + entries(mona, "remove_messages")} == {"mona"}


def test_removed_message_can_be_restored_and_is_removed_once(parley: Parley) -> None:
    alice, _, [message_id] = talk(parley)
    report(alice, message_id)
    mona = moderator(parley)
    done(parley, mona, ask(mona))

    again = done(parley, mona, ask(mona))

    assert again["removed"] == 0
    assert mona.post(f"/admin/messages/{message_id}/restore").json["text"] == TEXT
    assert len(entries(mona, "remove_message")) == 1


def test_report_is_decided_and_its_reporter_told_in_the_same_act(parley: Parley) -> None:
    report_id = reported(parley, TEXT)
    phone, mona = parley.user("alice").connect(), moderator(parley)

    asked = ask(mona, report_id=report_id, resolution="Removed.")

    decided = mona.get(f"/admin/reports/{report_id}").json["report"]
    assert (decided["status"], decided["resolution"], asked["report_id"]) == ("resolved", "Removed.", report_id)
    assert [event["data"]["report"]["status"] for event in phone.events("report_updated")] == ["resolved"]


def test_request_with_the_same_client_id_begins_one_job(parley: Parley) -> None:
    talk(parley)
    mona = moderator(parley)
    first = ask(mona, client_id="c1")
    before = everything(parley)

    assert ask(mona, client_id="c1") == first
    assert everything(parley) == before
    other = mona.post("/admin/removals", json=ASKED | {"client_id": "c1", "hours": 3})
    assert refusal(other) == ("client_id_reused", 422, [("/client_id", "client_id_reused")])
    assert ask(moderator(parley, "max"), client_id="c1")["id"] != first["id"]


def test_a_step_has_a_bound_and_the_next_goes_on(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{STEPS}.MAX_REMOVED", 2)
    monkeypatch.setattr(f"{STEPS}.PAGE", 2)
    alice, mallory, _ = talk(parley, *"abc")
    group = make_group(alice, mallory)
    say(mallory, group, *"de")
    mona = moderator(parley)
    asked = ask(mona)
    [queue] = [one for one in parley.queues if one.queue.logical_id == "ErasureSteps"]

    queue.poll(retry_at_once=True)
    halfway = mona.get(f"/admin/removals/{asked['id']}").json

    assert (halfway["state"], halfway["removed"]) == ("running", 2)
    assert done(parley, mona, asked)["removed"] == 5


def test_step_that_comes_twice_does_it_once(parley: Parley) -> None:
    talk(parley, *"abc")
    mona = moderator(parley)
    asked = ask(mona)
    parley.deliver_twice = True

    removal = done(parley, mona, asked)

    assert (removal["state"], removal["removed"]) == ("done", 3)
    assert len(entries(mona, "remove_message")) == 3 and len(entries(mona, "remove_messages")) == 2


def test_message_that_is_sent_meanwhile_is_waited_for(parley: Parley) -> None:
    alice, _, [message_id] = talk(parley)
    mona, conversation_id = moderator(parley), message_id.split(".")[0]
    asked = ask(mona)
    meanwhile = Meanwhile("TransactWriteItems", lambda: say(alice, conversation_id, "hello"))
    parley.hooks.append(meanwhile)

    removal = done(parley, mona, asked)

    assert meanwhile.happened and removal["removed"] == 1
    assert texts(alice, conversation_id) == ["hello", "removed"]


@pytest.mark.parametrize("code", ["suspended", "moderators_only", "rank_too_high"])
def test_job_stops_when_its_moderator_may_no_longer_act(parley: Parley, code: str) -> None:
    alice, _, [message_id] = talk(parley)
    mona = moderator(parley)
    asked = ask(mona)
    if code == "suspended":
        suspend(parley, "mona", by=moderator(parley, "ada", "admin"))
    elif code == "moderators_only":
        host(parley).put("/users/mona", json={"name": "Mona", "role": "user"})
    else:
        host(parley).put("/users/mallory", json={"name": "Mallory", "role": "admin"})

    removal = done(parley, moderator(parley, "max"), asked)

    assert (removal["state"], removal["code"], removal["removed"]) == ("stopped", code, 0)
    assert texts(alice, message_id.split(".")[0]) == [TEXT]


def test_host_removes_messages_too(parley: Parley) -> None:
    talk(parley)

    assert done(parley, host(parley), ask(host(parley)))["removed"] == 1


def test_nobody_removes_what_they_wrote_or_a_person_of_their_rank_did(parley: Parley) -> None:
    mona, _ = moderator(parley), moderator(parley, "max")

    for user_id in ("mona", "max"):
        assert refusal(mona.post("/admin/removals", json=ASKED | {"user_id": user_id})) == TOO_HIGH


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"hours": 0}, invalid(("/hours", "too_small"))),
        ({"hours": 721}, invalid(("/hours", "too_large"))),
        ({"hours": "2"}, invalid(("/hours", "wrong_type"))),
        ({"reason": " "}, invalid(("/reason", "blank"))),
        ({"since": "2026-01-01T00:00:00Z"}, invalid(("/since", "unknown_field"))),
        ({"resolution": "Removed."}, invalid(("/resolution", "contradiction"))),
        ({"user_id": "nobody"}, ("unknown_user", 404, [])),
        ({"report_id": "r_" + "a" * 26}, ("report_not_found", 404, [])),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_wrong_request_is_refused(parley: Parley, wrong: Frame, expected: Refusal) -> None:
    talk(parley)
    mona = moderator(parley)
    before = everything(parley)

    assert refusal(mona.post("/admin/removals", json=ASKED | wrong)) == expected
    assert everything(parley) == before


def test_report_about_another_person_is_refused(parley: Parley) -> None:
    report_id = reported(parley)

    refused = moderator(parley).post("/admin/removals", json=ASKED | {"user_id": "alice", "report_id": report_id})

    assert refusal(refused) == invalid(("/report_id", "contradiction"))


@pytest.mark.parametrize("user_id", ["mallory", "mona"], ids=["of the person", "of the moderator"])
def test_erasure_leaves_no_trace_of_a_removal(parley: Parley, user_id: str) -> None:
    talk(parley)
    mona = moderator(parley)
    asked = ask(mona)
    done(parley, mona, asked)

    erase(parley, user_id)
    parley.drain()

    assert moderator(parley, "max").get(f"/admin/removals/{asked['id']}").status == 404
    assert f'"{user_id}"' not in everything(parley)
