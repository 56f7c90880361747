"""Kill scenarios of reports and banned words."""

from parley.domain.conversations import reports
from tests.functional.kills.acts import answered, moderator, said, sign_moderator_in
from tests.functional.kills.scenario import Scenario
from tests.functional.kills.world import World


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


SCENARIOS = [
    Scenario("rest/report_message", report_message, said),
    Scenario("rest/get_report", get_report, have_reported),
    Scenario("rest/resolve_report", resolve_report, have_reported),
    Scenario("rest/put_banned_words", put_banned_words, sign_moderator_in),
    Scenario("rest/try_banned_words", try_banned_words, have_reported),
]
