"""Kill scenarios of exports."""

from tests.functional.kills.acts import answered, moderator, poll, put_files, said, sign_moderator_in
from tests.functional.kills.erasure import bob_attached
from tests.functional.kills.moderation import report_message
from tests.functional.kills.scenario import Scenario
from tests.functional.kills.world import World


def export(world: World) -> object:
    body = {"format": "html", "client_id": "e1"}
    return answered(world.alice.post(f"/conversations/{world.conversation_id}/export", json=body))


def export_files(world: World) -> object:
    put_files(world)
    body = {"format": "html", "files": True, "client_id": "e1"}
    return answered(world.alice.post(f"/conversations/{world.conversation_id}/export", json=body))


def export_search(world: World) -> object:
    body = {"q": "two", "user_id": "bob", "client_id": "e1"}
    return answered(moderator(world).post("/admin/search/export", json=body))


def have_said_and_reported(world: World) -> None:
    said(world)
    report_message(world)
    sign_moderator_in(world)


SCENARIOS = [
    Scenario("rest/export_conversation", export, said),
    Scenario("queues/write_export", lambda world: bool(poll(world)), said, each=export),
    Scenario("queues/write_export", lambda world: bool(poll(world)), bob_attached, each=export_files, variant="files"),
    Scenario("rest/export_search", export_search, have_said_and_reported),
    Scenario(
        "queues/write_export",
        lambda world: bool(poll(world)),
        have_said_and_reported,
        each=export_search,
        variant="search",
    ),
]
