"""Kill scenarios of exports."""

from tests.functional.kills.acts import answered, poll, put_files, said
from tests.functional.kills.erasure import bob_attached
from tests.functional.kills.scenario import Scenario
from tests.functional.kills.world import World


def export(world: World) -> object:
    body = {"format": "html", "client_id": "e1"}
    return answered(world.alice.post(f"/conversations/{world.conversation_id}/export", json=body))


def export_files(world: World) -> object:
    put_files(world)
    body = {"format": "html", "files": True, "client_id": "e1"}
    return answered(world.alice.post(f"/conversations/{world.conversation_id}/export", json=body))


SCENARIOS = [
    Scenario("rest/export_conversation", export, said),
    Scenario("queues/write_export", lambda world: bool(poll(world)), said, each=export),
    Scenario("queues/write_export", lambda world: bool(poll(world)), bob_attached, each=export_files, variant="files"),
]
