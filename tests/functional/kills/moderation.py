"""Kill scenarios of reports and banned words."""

from collections.abc import Callable

from parley.domain.conversations import reports
from tests.functional.kills.acts import answered, moderator, said, sign_moderator_in
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


SCENARIOS = [
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
