"""Kill scenarios of exports."""

from tests.functional.kills.acts import answered, poll, said
from tests.functional.kills.scenario import Scenario
from tests.functional.kills.world import World


def export(world: World) -> object:
    body = {"format": "html", "client_id": "e1"}
    return answered(world.alice.post(f"/conversations/{world.conversation_id}/export", json=body))


SCENARIOS = [
    Scenario("rest/export_conversation", export, said),
    Scenario("queues/write_export", lambda world: bool(poll(world)), said, each=export),
]
