"""Kill scenarios of reports and banned words."""

from collections.abc import Callable

from parley.domain.conversations import reports
from tests.functional.kills.acts import answered, in_group, moderator, poll, said, sign_moderator_in
from tests.functional.kills.scenario import Scenario
from tests.functional.kills.world import World

UNTIL = "2036-01-01T00:00:00Z"


def report_message(world: World) -> object:
    body = {"reason": "spam", "note": "Again."}
    return answered(world.alice.post(f"/messages/{world.conversation_id}.2/report", json=body))


def put_banned_words(world: World) -> object:
    body = {"version": 0, "rules": [{"text": "fool", "action": "mask"}]}
    return answered(moderator(world).put("/admin/banned-words", json=body))


def try_banned_words(world: World) -> object:
    body = {"rules": [{"text": "two", "action": "mask"}], "conversation_ids": [world.conversation_id]}
    return answered(moderator(world).post("/admin/banned-words/try", json=body))


def have_reported(world: World) -> None:
    said(world)
    report_message(world)
    sign_moderator_in(world)  # so that it is no call later


def get_report(world: World) -> object:
    report_id = reports.report_id_of("alice", world.conversation_id, 2)
    return answered(moderator(world).get(f"/admin/reports/{report_id}"))


def resolve_report(world: World) -> object:
    report_id = reports.report_id_of("alice", world.conversation_id, 2)
    body = {"version": 1, "status": "resolved", "resolution": "Warned."}
    return answered(moderator(world).patch(f"/admin/reports/{report_id}", json=body))


def suspend_bob(scope: str) -> Callable[[World], object]:
    def suspend(world: World) -> object:
        report_id = reports.report_id_of("alice", world.conversation_id, 2)
        body = {"until": UNTIL, "reason": "Insults.", "scope": scope}
        decision = {"report_id": report_id, "resolution": "Suspended."}
        suspension = answered(moderator(world).put("/admin/suspensions/bob", json=body | decision))
        return {name: value for name, value in suspension.items() if name != "suspended_at"}

    return suspend


def have_suspended(world: World) -> None:
    have_reported(world)
    suspend_bob("write")(world)


def lift_suspension(world: World) -> object:
    return answered(moderator(world).delete("/admin/suspensions/bob"))


def warn_bob(world: World) -> object:
    report_id = reports.report_id_of("alice", world.conversation_id, 2)
    body = {"user_id": "bob", "reason": "No insults here.", "client_id": "c1"}
    decision = {"report_id": report_id, "resolution": "Warned."}
    warning = answered(moderator(world).post("/admin/warnings", json=body | decision))
    return {name: value for name, value in warning.items() if name != "warned_at"}


def have_reported_in_group(world: World) -> None:
    """Lets bob say something in a group of alice's, who reports it."""
    in_group(world)
    have_reported(world)


def decided(world: World) -> dict[str, str]:
    return {"report_id": reports.report_id_of("alice", world.conversation_id, 2), "resolution": "Enough."}


def remove_message(world: World) -> object:
    query = "&".join(f"{name}={value}" for name, value in decided(world).items())
    answer = answered(moderator(world).delete(f"/admin/messages/{world.conversation_id}.2?{query}"))
    return {name: value for name, value in answer.items() if name != "deleted_at"}


def remove_messages(world: World) -> object:
    body = {"user_id": "bob", "hours": 24, "reason": "Spam.", "client_id": "c1"}
    answer = answered(moderator(world).post("/admin/removals", json=body | decided(world)))
    return {name: answer[name] for name in ("id", "report_id", "state", "removed")}


def have_removed(world: World) -> None:
    have_reported(world)
    remove_message(world)


def restore_message(world: World) -> object:
    return answered(moderator(world).post(f"/admin/messages/{world.conversation_id}.2/restore"))


def set_conversation_state(world: World) -> object:
    body = {"state": "closed", **decided(world)}
    return answered(moderator(world).put(f"/admin/conversations/{world.conversation_id}/state", json=body))


def expel_member(world: World) -> object:
    query = "&".join(f"{name}={value}" for name, value in decided(world).items())
    path = f"/admin/conversations/{world.conversation_id}/members/bob?{query}"
    return answered(moderator(world).delete(path))


def mute_member(world: World) -> object:
    path = f"/admin/conversations/{world.conversation_id}/mutes/bob"
    return answered(moderator(world).put(path, json=decided(world)))


def have_muted(world: World) -> None:
    have_reported_in_group(world)
    mute_member(world)


def unmute_member(world: World) -> object:
    return answered(moderator(world).delete(f"/admin/conversations/{world.conversation_id}/mutes/bob"))


def list_moderated_messages(world: World) -> object:
    return answered(moderator(world).get(f"/admin/conversations/{world.conversation_id}/messages"))


def list_any_conversations(world: World) -> object:
    return answered(moderator(world).get("/admin/conversations?user_id=bob"))


def search_moderated_messages(world: World) -> object:
    return answered(moderator(world).get("/admin/search?q=one&user_id=bob"))


SCENARIOS = [
    Scenario("rest/list_any_conversations", list_any_conversations, have_reported),
    Scenario("rest/search_moderated_messages", search_moderated_messages, have_reported),
    Scenario("rest/remove_message", remove_message, have_reported),
    Scenario("rest/remove_messages", remove_messages, have_reported),
    Scenario(
        "queues/erase_person", lambda world: bool(poll(world)), have_reported, each=remove_messages, variant="removal"
    ),
    Scenario("rest/restore_message", restore_message, have_removed),
    Scenario("rest/set_conversation_state", set_conversation_state, have_reported),
    Scenario("rest/expel_member", expel_member, have_reported_in_group),
    Scenario("rest/mute_member", mute_member, have_reported_in_group),
    Scenario("rest/unmute_member", unmute_member, have_muted),
    Scenario("rest/list_moderated_messages", list_moderated_messages, have_reported),
    Scenario("rest/report_message", report_message, said),
    Scenario("rest/get_report", get_report, have_reported),
    Scenario("rest/resolve_report", resolve_report, have_reported),
    Scenario("rest/suspend_user", suspend_bob("write"), have_reported),
    Scenario("rest/suspend_user", suspend_bob("all"), have_reported, variant="all", parting="suspended"),
    Scenario("rest/lift_suspension", lift_suspension, have_suspended),
    Scenario("rest/warn_user", warn_bob, have_reported),
    Scenario("rest/put_banned_words", put_banned_words, sign_moderator_in),
    Scenario("rest/try_banned_words", try_banned_words, have_reported),
]
