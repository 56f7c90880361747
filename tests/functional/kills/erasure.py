"""Kill scenarios of erasing a user."""

from tests.functional.attachments import clean_attachment
from tests.functional.kills.acts import and_then, answered, host_of, poll, put_files, said, sign_host_in
from tests.functional.kills.scenario import Scenario
from tests.functional.kills.world import World


def bob_attached(world: World) -> None:
    """Lets bob have sent two files, of which alice has forwarded them, and have another one."""
    made = [clean_attachment(world.parley, world.bob, world.conversation_id) for _ in range(3)]
    path = f"/conversations/{world.conversation_id}"
    message = answered(world.bob.post(f"{path}/messages", json={"attachment_ids": made[:2]}))
    body = {"conversation_ids": [world.conversation_id]}
    answered(world.alice.post(f"/messages/{message['id']}/forward", json=body))
    world.parley.dequeue("AttachmentSteps")
    world.files[:] = made


def erase_with_files(world: World) -> object:
    put_files(world)
    return erase(world)


def erase(world: World) -> object:
    return answered(host_of(world).delete("/users/bob"))["state"]


SCENARIOS = [
    Scenario("rest/erase_user", erase, and_then(said, sign_host_in)),
    Scenario("queues/erase_person", lambda world: bool(poll(world)), said, each=erase),
    Scenario(
        "queues/erase_person",
        lambda world: bool(poll(world)),
        bob_attached,
        each=erase_with_files,
        variant="files",
    ),
]
