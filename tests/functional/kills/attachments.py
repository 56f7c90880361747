"""Kill scenarios of attachments: uploads, the scanner, and what becomes of their files."""

import json
from collections.abc import Callable

from parley.adapters.dynamodb.documents import to_wire
from parley.domain.attachments.attachment import UNSENT_S
from parley.domain.previews.pictures import Place
from tests.functional.attachment_ends import SEQ, forwarded, put_carrier, settle, step
from tests.functional.attachments import EICAR, FILE, picture, put_object, set_row, upload
from tests.functional.kills.acts import and_then, answered, attach, invoke, poll, put_files
from tests.functional.kills.scenario import Scenario
from tests.functional.kills.world import World
from tests.functional.pages import IMAGE
from tests.harness import calls


def create_attachment(world: World) -> object:
    body = {"name": "plan.pdf", "type": "application/pdf", "size": 10, "client_id": "f1"}
    # Not the form: its policy names the real time.
    return answered(world.alice.post(f"/conversations/{world.conversation_id}/attachments", json=body))["attachment"]


def create_attachment_for_user(world: World) -> object:
    body = {"user_id": "eve", "name": "plan.pdf", "type": "application/pdf", "size": 10, "client_id": "f1"}
    return answered(world.alice.post("/attachments", json=body))["attachment"]


def discard(world: World) -> object:
    return answered(world.alice.delete(f"/attachments/{world.files[0]}"))


def attach_and_send(world: World) -> None:
    """Lets a message carry two attachments, as its send leaves them; the stream has not seen it yet."""
    attach(world, 2)
    send_attached(world)


def send_attached(world: World) -> None:
    put_carrier(world.parley, world.conversation_id)
    for position, attachment_id in enumerate(world.files):
        set_row(world.parley, attachment_id, seq=SEQ, position=position)


def forward_and_delete(world: World) -> None:
    """Lets another message show the first file of a message that was deleted."""
    attach_and_send(world)
    world.parley.dequeue("AttachmentSteps")
    forwarded(world.parley, world.files[0], world.conversation_id, "c")
    settle(world.parley, step("released", world.conversation_id, *world.files))


def take_step(kind: str, *attachment_ids: str) -> Callable[[World], None]:
    """Puts the files back, and into the queue a step for these attachments, or for all that were uploaded."""

    def each(world: World) -> None:
        put_files(world)
        world.parley.enqueue("AttachmentSteps", step(kind, world.conversation_id, *(attachment_ids or world.files)))

    return each


def take_step_of_stream(world: World) -> object:
    """Lets the stream bring the entry of the outbox that says that a message was deleted."""
    row = {
        "conversation_id": f"#attachments_released#{world.conversation_id}.{SEQ}",
        "seq": 1,
        "outbox": "attachments_released",
        "created_at_ms": world.parley.clock(),
        "about": {"attachment_ids": list(world.files)},
    }
    image = {name: to_wire(value) for name, value in row.items()}
    change = {"NewImage": image, "SequenceNumber": "1", "ApproximateCreationDateTime": world.parley.clock() / 1000}
    return invoke(world, "StartFanOut", {"Records": [{"dynamodb": change}]})


def let_a_day_pass(world: World) -> None:
    world.parley.clock.ms += UNSENT_S * 1000


def upload_picture(world: World) -> None:
    upload(world.alice, world.conversation_id, picture("JPEG"), "image/jpeg", client_id="f1")


def upload_virus(world: World) -> None:
    upload(world.alice, world.conversation_id, EICAR, "text/plain", client_id="f1")


def upload_for_nobody(world: World) -> None:
    """Leaves an upload whose attachment is gone, and a copy that a dead run had written of it."""
    done = upload(world.alice, world.conversation_id, picture("JPEG"), "image/jpeg", client_id="f1")
    table = world.parley.template.resources["Files"].ref
    world.parley.store.client("dynamodb").delete_item(TableName=table, Key={"attachment_id": {"S": done.id}})
    put_object(world.parley, f"files/{done.id}", b"a copy")


def upload_page_picture(world: World) -> None:
    """Leaves the picture of a page, as a look at a link gives it to the scanner."""
    bucket = world.parley.template.resources["Quarantine"].ref
    place = Place.of(world.conversation_id, 2, 5, "https://example.com/")
    calls.written.buckets.add(bucket)
    world.parley.store.client("s3").put_object(Bucket=bucket, Key=place.key, Body=picture("PNG"))


def drop_picture(world: World) -> object:
    """Lets the stream bring a change that has taken a picture off its message."""
    row = {
        "conversation_id": f"{world.conversation_id}#c",
        "seq": 3,
        "errands": f"picture:{IMAGE['id']}",
        "change": {"kind": "message_deleted", "message_seq": SEQ, "at_ms": world.parley.clock()},
    }
    image = {name: to_wire(value) for name, value in row.items()}
    change = {"NewImage": image, "SequenceNumber": "1", "ApproximateCreationDateTime": world.parley.clock() / 1000}
    return invoke(world, "StartFanOut", {"Records": [{"dynamodb": change}]})


def end_picture(world: World) -> None:
    put_object(world.parley, f"previews/{world.conversation_id}.{SEQ}/{IMAGE['id']}", FILE)
    body = {"kind": "released", "conversation_id": world.conversation_id, "seq": SEQ, "attachment_ids": []}
    world.parley.enqueue("AttachmentSteps", json.dumps(body | {"picture_id": IMAGE["id"]}))


SCENARIOS = [
    Scenario("rest/create_attachment", create_attachment),
    Scenario("rest/create_attachment_for_user", create_attachment_for_user),
    Scenario("rest/delete_attachment", discard, attach, each=put_files),
    Scenario("queues/scan_attachment", lambda world: bool(poll(world)), each=upload_picture),
    Scenario("queues/scan_attachment", lambda world: bool(poll(world)), each=upload_virus, variant="infected"),
    Scenario("queues/scan_attachment", lambda world: bool(poll(world)), each=upload_for_nobody, variant="unknown"),
    Scenario("queues/scan_attachment", lambda world: bool(poll(world)), each=upload_page_picture, variant="of a page"),
    Scenario("streams/start_fan_out", drop_picture, variant="picture dropped"),
    Scenario("queues/settle_attachments", lambda world: bool(poll(world)), each=end_picture, variant="picture"),
    Scenario(
        "streams/start_fan_out",
        take_step_of_stream,
        attach_and_send,
        each=put_files,
        variant="attachments released",
    ),
    Scenario(
        "queues/settle_attachments",
        lambda world: bool(poll(world)),
        attach_and_send,
        each=take_step("sent"),
        variant="sent",
    ),
    Scenario(
        "queues/settle_attachments",
        lambda world: bool(poll(world)),
        attach_and_send,
        each=take_step("released"),
        variant="released",
    ),
    Scenario(
        "queues/settle_attachments",
        lambda world: bool(poll(world)),
        forward_and_delete,
        each=take_step("released", "a_" + "c" * 26),
        variant="last forward released",
    ),
    Scenario(
        "scheduled/clear_stale_attachments",
        lambda world: world.sweep("ClearStaleAttachments"),
        and_then(attach, let_a_day_pass),
        each=put_files,
        variant="unsent",
    ),
    Scenario(
        "scheduled/clear_stale_attachments",
        lambda world: world.sweep("ClearStaleAttachments"),
        and_then(attach, send_attached, let_a_day_pass),
        each=put_files,
        variant="sent",
    ),
]
