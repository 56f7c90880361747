"""Kill scenarios of messages: sends, changes, receipts, reactions, pins and forwards."""

import json
from collections.abc import Callable
from pathlib import Path

from parley.domain.previews.pictures import Place
from tests.functional.attachments import put_object, say_aloud, set_row
from tests.functional.kills.acts import (
    act_on_conversation,
    alice_said,
    an_hour_later,
    and_then,
    answered,
    archive,
    ask_rest,
    attach,
    be_blocked,
    host_of,
    in_group,
    invoke,
    let_leases_run_low,
    meet_carol,
    moderator,
    said,
    settled,
    sign_host_in,
    sign_moderator_in,
)
from tests.functional.kills.scenario import Scenario
from tests.functional.kills.world import World
from tests.functional.talk import say

EVENTS = Path(__file__).parents[3] / "events"
THUMB = "%F0%9F%91%8D"


def spoken(world: World) -> None:
    """Lets bob send a voice message."""
    say_aloud(world.parley, world.bob, world.conversation_id)


def send_rest(world: World) -> object:
    path = f"/conversations/{world.conversation_id}/messages"
    return settled(answered(world.alice.post(path, json={"text": "hello", "client_id": "c1"})))


def send_card(world: World) -> object:
    path = f"/conversations/{world.conversation_id}/messages"
    card = {"custom_type": "booking", "metadata": {"state": "asked"}, "client_id": "c1"}
    return settled(answered(world.alice.post(path, json=card)))


def send_as(sender_id: str) -> Callable[[World], object]:
    """Returns the act in which the host writes in the name of a sender."""

    def act(world: World) -> object:
        path = f"/conversations/{world.conversation_id}/messages"
        body = {"text": "hello", "sender_id": sender_id, "client_id": "c1"}
        return settled(answered(host_of(world).post(path, json=body)))

    return act


def send_to_two(world: World) -> object:
    """Lets the host open a conversation of two others, with its data and the first message."""
    body = {
        "user_ids": ["alice", "carol"],
        "sender_id": "~parley.system-host",
        "text": "hello",
        "client_id": "c1",
        "conversation": {"custom_type": "order", "metadata": {"state": "paid"}},
    }
    return settled(answered(host_of(world).post("/messages", json=body)))


def send_websocket(world: World) -> object:
    return settled(world.ask("send_message", conversation_id=world.conversation_id, text="hello", client_id="c1"))


def attached(world: World) -> dict[str, object]:
    return {"attachment_ids": world.files, "client_id": "c1"}


def send_files_rest(world: World) -> object:
    path = f"/conversations/{world.conversation_id}/messages"
    return settled(answered(world.alice.post(path, json=attached(world))))


def send_files_websocket(world: World) -> object:
    return settled(world.ask("send_message", conversation_id=world.conversation_id, **attached(world)))


def sent_files(world: World) -> None:
    attach(world, 2)
    send_files_rest(world)


def lose_a_device(world: World) -> None:
    """Leaves bob with a connection that is gone, and old enough that a 410 means it."""
    world.parley.lose_disconnects = True
    world.bob.connect().close()
    world.parley.clock.ms += 60_000


def send_to_slow_and_gone(world: World) -> object:
    world.devices["tab"].is_full = True
    try:
        return send_rest(world)
    finally:
        world.devices["tab"].is_full = False


def send_to_user(world: World) -> object:
    return settled(answered(world.alice.post("/messages", json={"user_id": "bob", "text": "hello", "client_id": "c1"})))


def send_to_new(world: World) -> object:
    body = {"user_id": "carol", "text": "hello", "client_id": "c1"}
    return settled(answered(world.alice.post("/messages", json=body)))


def send_to_user_websocket(world: World) -> object:
    return settled(world.ask("send_message", user_id="bob", text="hello", client_id="c1"))


def send_to_new_websocket(world: World) -> object:
    return settled(world.ask("send_message", user_id="carol", text="hello", client_id="c1"))


def send_file_to_new_websocket(world: World) -> object:
    return settled(world.ask("send_message", user_id="carol", **attached(world)))


def send_file_to_new(world: World) -> object:
    return settled(answered(world.alice.post("/messages", json={"user_id": "carol", **attached(world)})))


def attach_for_carol(world: World) -> None:
    """Lets alice have a clean file for carol, with whom she has no conversation."""
    meet_carol(world)
    body = {"user_id": "carol", "name": "plan.pdf", "type": "application/pdf", "size": 10}
    attachment_id = answered(world.alice.post("/attachments", json=body))["attachment"]["id"]
    set_row(world.parley, attachment_id, state="clean", version=3)
    world.files[:] = [attachment_id]


def act_on_last(action: str) -> Callable[[World], object]:
    return lambda world: settled(world.ask(action, message_id=f"{world.conversation_id}.2"))


def forward(world: World) -> object:
    body = {"conversation_ids": [world.conversation_id], "client_id": "f1"}
    path = f"/messages/{world.conversation_id}.1/forward"
    return [settled(one) for one in answered(world.alice.post(path, json=body))["messages"]]


def hide_first(world: World) -> None:
    """Lets alice delete for herself the message that `forward` forwards."""
    assert world.alice.delete(f"/messages/{world.conversation_id}.1?scope=me").status == 200


def patch(path: str) -> Callable[[World], object]:
    return lambda world: settled(answered(world.alice.patch(path.format(world.conversation_id))))


def marked_unread(world: World) -> None:
    """Lets alice read two messages of bob's, and mark them as unread again."""
    said(world)
    world.ask("mark_conversation_read", conversation_id=world.conversation_id)
    world.ask("mark_unread", conversation_id=world.conversation_id, seq=1)


def mark_unread_websocket(world: World) -> object:
    return settled(world.ask("mark_unread", conversation_id=world.conversation_id, seq=1))


def play(seq: int) -> Callable[[World], object]:
    return ask_rest("PUT", f"/messages/{{}}.{seq}/played")


def attach_two(world: World) -> None:
    attach(world, 2)


def report_last(world: World) -> None:
    """Lets alice report the message whose versions a moderator then may read."""
    body = {"reason": "harassment"}
    answered(world.alice.post(f"/messages/{world.conversation_id}.2/report", json=body))


def list_versions(world: World) -> object:
    return answered(moderator(world).get(f"/messages/{world.conversation_id}.2/versions"))


def flag_hello(world: World) -> None:
    body = {"version": 0, "rules": [{"text": "hello", "action": "flag"}]}
    answered(moderator(world).put("/admin/banned-words", json=body))


def said_link(url: str) -> Callable[[World], None]:
    """Lets alice write a link."""

    def say_it(world: World) -> None:
        say(world.alice, world.conversation_id, "one", url)

    return say_it


def know_the_page(world: World) -> None:
    from parley.adapters.conversations import pages  # the names of the tables are not set yet, when this file is read
    from parley.domain.previews.page import Page

    pages.put_page("https://example.com/", Page(title="The game", site="example.com"), 4_000_000_000)


def know_the_picture(world: World) -> None:
    from parley.adapters.conversations import pages  # likewise
    from parley.domain.previews.page import Page

    picture = pages.Copied(key="previews/of-another", width=4, height=3)
    put_object(world.parley, picture.key, b"a picture")
    pages.put_page("https://example.com/", Page(title="The game", site="example.com"), 4_000_000_000, picture)


def look_at_link(world: World) -> object:
    """Lets the queue bring the link of the last message."""
    return _bring(world, {"at_ms": world.parley.clock()})


def show_the_picture(world: World) -> object:
    """Lets the queue bring the picture of the last message's link."""
    place = Place.of(world.conversation_id, 2, 5, "https://example.com/")
    return _bring(world, {"at_ms": 5, "picture": {"id": place.id, "width": 4, "height": 3}})


def _bring(world: World, about: dict[str, object]) -> object:
    body = json.dumps({"conversation_id": world.conversation_id, "seq": 2, **about})
    event = json.loads((EVENTS / "queues" / "preview_link.json").read_text(encoding="utf-8"))
    [record] = event["Records"]
    return invoke(world, "PreviewLink", {"Records": [{**record, "body": body}]})


SCENARIOS = [
    Scenario("queues/preview_link", look_at_link, and_then(know_the_page, said_link("https://example.com/"))),
    Scenario("queues/preview_link", look_at_link, said_link("http://127.0.0.1/"), variant="a page that says nothing"),
    Scenario(
        "queues/preview_link",
        look_at_link,
        said_link("https://example.com/"),
        each=know_the_picture,
        variant="a known picture",
    ),
    Scenario(
        "queues/preview_link",
        show_the_picture,
        and_then(know_the_page, said_link("https://example.com/")),
        variant="its picture",
    ),
    Scenario("queues/preview_link", show_the_picture, said, variant="a picture that comes too late"),
    Scenario("rest/remove_preview", ask_rest("DELETE", "/messages/{}.2/preview"), said_link("https://example.com/")),
    Scenario("rest/send_message", send_rest),
    Scenario("rest/send_message", send_files_rest, attach_two, variant="files"),
    Scenario("rest/send_message", send_card, variant="card"),
    Scenario("rest/send_message", send_rest, an_hour_later, variant="first of the hour"),
    Scenario("rest/send_message", send_to_slow_and_gone, lose_a_device, variant="slow and gone devices"),
    Scenario("rest/send_message", send_as("alice"), sign_host_in, variant="as a person"),
    Scenario("rest/send_message", send_as("alice"), and_then(in_group, sign_host_in), variant="as a person of a group"),
    Scenario(
        "rest/send_message", send_as("~parley.system-host"), and_then(in_group, sign_host_in), variant="as system"
    ),
    Scenario("rest/send_message_to_user", send_to_two, and_then(meet_carol, sign_host_in), variant="of two others"),
    Scenario("rest/send_message_to_user", send_to_user),
    Scenario("rest/send_message_to_user", send_to_new, meet_carol, variant="new conversation"),
    Scenario("rest/send_message_to_user", send_file_to_new, attach_for_carol, variant="file, new conversation"),
    Scenario("rest/mark_read", patch("/messages/{}.2/read"), said),
    Scenario("rest/mark_conversation_read", patch("/conversations/{}/read-all"), said),
    Scenario("rest/mark_read", patch("/messages/{}.2/read"), marked_unread, variant="marked as unread"),
    Scenario("rest/mark_unread", ask_rest("PUT", "/conversations/{}/unread", {"seq": 1}), alice_said),
    Scenario("rest/mark_played", play(1), spoken),
    Scenario("rest/mark_played", play(1), and_then(spoken, be_blocked), variant="under a block"),
    Scenario("rest/mark_played", play(2), and_then(in_group, spoken), variant="group"),
    Scenario("rest/mark_read", patch("/messages/{}.2/read"), and_then(said, be_blocked), variant="under a block"),
    Scenario("rest/send_message", send_rest, and_then(in_group, an_hour_later), variant="group"),
    Scenario(
        "rest/send_message",
        send_rest,
        and_then(alice_said, archive),
        variant="archived",
    ),
    Scenario("rest/edit_message", ask_rest("PATCH", "/messages/{}.2", {"text": "new"}), alice_said),
    Scenario(
        "rest/edit_message", ask_rest("PATCH", "/messages/{}.2", {"metadata": {"a": 1}}), alice_said, variant="data"
    ),
    Scenario("rest/delete_message", ask_rest("DELETE", "/messages/{}.2"), alice_said),
    Scenario("rest/delete_message", ask_rest("DELETE", "/messages/{}.1"), sent_files, variant="files"),
    Scenario("rest/delete_message", ask_rest("DELETE", "/messages/{}.2?scope=me"), alice_said, variant="for me"),
    Scenario("rest/add_reaction", ask_rest("PUT", f"/messages/{{}}.2/reactions/{THUMB}"), alice_said),
    Scenario(
        "rest/remove_reaction",
        ask_rest("DELETE", f"/messages/{{}}.2/reactions/{THUMB}"),
        and_then(alice_said, ask_rest("PUT", f"/messages/{{}}.2/reactions/{THUMB}")),
    ),
    Scenario("rest/pin_message", ask_rest("PUT", "/messages/{}.2/pin"), alice_said),
    Scenario(
        "rest/unpin_message",
        ask_rest("DELETE", "/messages/{}.2/pin"),
        and_then(alice_said, ask_rest("PUT", "/messages/{}.2/pin")),
    ),
    Scenario("rest/forward_message", forward, alice_said),
    Scenario("rest/forward_message", forward, sent_files, variant="files"),
    Scenario("rest/forward_message", forward, and_then(alice_said, forward, hide_first), variant="repeated, gone"),
    Scenario("rest/send_message", send_rest, and_then(sign_moderator_in, flag_hello), variant="flagged"),
    Scenario("rest/list_versions", list_versions, and_then(said, report_last, sign_moderator_in)),
    Scenario("websocket/send_message", send_websocket, let_leases_run_low, variant="little left of the lease"),
    Scenario("websocket/send_message", send_websocket),
    Scenario("websocket/send_message", send_to_user_websocket, variant="to a user"),
    Scenario("websocket/send_message", send_to_new_websocket, meet_carol, variant="new conversation"),
    Scenario("websocket/send_message", send_file_to_new_websocket, attach_for_carol, variant="file, new conversation"),
    Scenario("websocket/send_message", send_files_websocket, attach_two, variant="files"),
    Scenario("websocket/send_message", send_websocket, an_hour_later, variant="first of the hour"),
    Scenario("websocket/mark_delivered", act_on_last("mark_delivered"), said),
    Scenario("websocket/mark_read", act_on_last("mark_read"), said),
    Scenario("websocket/mark_conversation_read", act_on_conversation("mark_conversation_read"), said),
    Scenario(
        "websocket/mark_conversation_read",
        act_on_conversation("mark_conversation_read"),
        marked_unread,
        variant="marked as unread",
    ),
    Scenario("websocket/mark_unread", mark_unread_websocket, alice_said),
]
