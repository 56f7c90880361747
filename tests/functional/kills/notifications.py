"""Kill scenarios of notifications."""

from tests.functional.kills.acts import answered
from tests.functional.kills.scenario import Scenario
from tests.functional.kills.world import World


def prefer(world: World) -> object:
    """Sets alice's preferences; returns them as a later request reads them."""
    path = "/me/notification-preferences"
    answered(world.alice.patch(path, json={"channels": {"email": {"message": False}}, "previews": False}))
    return answered(world.alice.get(path))


SCENARIOS = [
    Scenario("rest/update_preferences", prefer),
]
