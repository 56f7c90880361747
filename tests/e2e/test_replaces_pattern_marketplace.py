"""A session of the craft-pattern marketplace (replacing.md, C): a purchase opens messaging about a pattern."""

from tests.e2e.attachments import PNG, upload
from tests.e2e.pushes import PushedBrowser, decided
from tests.e2e.stack import Person, Stack
from tests.harness.web_push import push_service


def creator_of(stack: Stack, pattern: str) -> Person:
    return stack.person("creator", role="creator", contexts={"pattern": [pattern]})


def buyer_of(stack: Stack, *patterns: str) -> Person:
    return stack.person("buyer", role="customer", contexts={"pattern": patterns})


def test_a_purchase_opens_messaging_about_the_pattern(stack: Stack) -> None:
    creator, visitor = creator_of(stack, "shawl"), buyer_of(stack)
    about = {"type": "pattern", "id": "shawl"}
    wanted = {"type": "direct", "user_id": creator.user_id, "context": {**about, "title": "Autumn shawl"}}
    question = f"/policy/explain?user_id={creator.user_id}&context_type=pattern&context_id=shawl"

    asked, refused = visitor.get(question), visitor.request("POST", "/conversations", wanted)
    buyer = stack.known(visitor.user_id, name="Buyer", role="customer", contexts={"pattern": ["shawl"]})
    asked_again, opened = buyer.get(question), buyer.request("POST", "/conversations", wanted)
    again = buyer.request("POST", "/conversations", wanted)
    by_creator = creator.request("POST", "/conversations", {**wanted, "user_id": buyer.user_id, "context": about})

    assert (asked["allowed"], asked["code"], refused.status) == (False, refused.json["code"], 403)
    assert (refused.json["code"], asked_again["allowed"]) == ("context_not_shared", True)
    assert [one.status for one in (opened, again, by_creator)] == [201, 200, 200]
    assert {one.json["id"] for one in (opened, again, by_creator)} == {opened.json["id"]}
    assert opened.json["context"] == about
    assert {one.json["title"] for one in (opened, again, by_creator)} == {"Autumn shawl"}
    assert [one["title"] for one in creator.get("/conversations?q=autumn")["conversations"]] == ["Autumn shawl"]


def test_messages_about_two_patterns_are_counted_apart_and_together(stack: Stack) -> None:
    contexts = {"pattern": ["hat", "scarf"]}
    creator = stack.person("creator", role="creator", contexts=contexts)
    buyer = stack.person("buyer", role="customer", contexts=contexts)
    chats = {}
    for pattern in contexts["pattern"]:
        about = {"type": "pattern", "id": pattern}
        sent = buyer.post("/messages", user_id=creator.user_id, context=about, text=f"about the {pattern}")
        chats[pattern] = sent["conversation_id"]
    second = buyer.post(f"/conversations/{chats['hat']}/messages", text="what yarn?")

    listed = creator.get("/conversations")["conversations"]
    only_hat = creator.get("/conversations?context_type=pattern&context_id=hat")["conversations"]
    total = creator.get("/unread-count")
    creator.patch(f"/messages/{second['id']}/read")
    after_one = creator.get("/unread-count")["total"]
    creator.patch(f"/conversations/{chats['scarf']}/read-all")
    [receipt] = buyer.get(f"/messages/{second['id']}/receipts")["receipts"]

    assert {one["context"]["id"]: one["unread"] for one in listed} == {"hat": 2, "scarf": 1}
    assert [one["id"] for one in only_hat] == [chats["hat"]]
    assert (total["total"], total["conversations"], after_one) == (3, 2, 1)
    assert creator.get("/unread-count")["total"] == 0
    assert (receipt["user_id"], receipt["read_at"] is None) == (creator.user_id, False)


def test_inside_and_outside_the_conversation_and_while_away(stack: Stack) -> None:
    creator, buyer = creator_of(stack, "sock"), buyer_of(stack, "sock")
    about = {"type": "pattern", "id": "sock"}
    chat = buyer.post("/conversations", type="direct", user_id=creator.user_id, context=about)["id"]

    with creator.online() as studio, buyer.online() as phone:
        studio.ask("join_conversation", conversation_id=chat)
        phone.ask("typing_start", conversation_id=chat)
        typing = studio.event("user_typing")
        phone.ask("typing_stop", conversation_id=chat)
        stopped = studio.event("user_stopped_typing")
        sent = phone.ask("send_message", conversation_id=chat, text="Row 12? " * 30)
        inside = studio.event("new_message")["message"]
        studio.ask("mark_read", message_id=sent["id"])
        read = phone.event("message_read")
        studio.ask("send_message", conversation_id=chat, text="Knit two together. " * 30)
        outside = phone.event("message_notification")["message"]
    away = [creator.post(f"/conversations/{chat}/messages", text=f"and row {number}") for number in (13, 14)]
    with buyer.online(by_ticket=True) as phone:
        caught = phone.ask("sync", cursors={chat: outside["seq"]})["conversations"][chat]

    assert [one["user_id"] for one in (typing, stopped, read)] == [buyer.user_id, buyer.user_id, creator.user_id]
    assert (inside["text"], len(outside["text"])) == ("Row 12? " * 30, 100)
    assert [one["id"] for one in caught["messages"]] == [one["id"] for one in away]
    assert (caught["verdict"], caught["mine"]["unread"]) == ("complete", 3)


def test_the_first_message_about_a_pattern_carries_a_picture(stack: Stack) -> None:
    creator, buyer = creator_of(stack, "mitten"), buyer_of(stack, "mitten")
    wanted = {"user_id": creator.user_id, "context": {"type": "pattern", "id": "mitten"}}
    attachment_id = upload(buyer, None, "thumb.png", "image/png", PNG, **wanted)

    sent = buyer.post("/messages", **wanted, text="Is this right?", attachment_ids=[attachment_id])
    [listed] = creator.get("/conversations")["conversations"]
    shown = creator.post("/attachments/urls", ids=[attachment_id])["attachments"][attachment_id]

    [attachment] = sent["attachments"]
    assert (attachment["kind"], attachment["name"], attachment["type"]) == ("image", "thumb.png", "image/png")
    assert (attachment["width"], attachment["height"], attachment["has_thumbnail"]) == (1, 1, True)
    assert listed["last_message"]["id"] == sent["id"]
    assert shown["thumbnail_url"] and shown["url"]


def test_who_is_away_is_notified_as_they_prefer(stack: Stack) -> None:
    creator, buyer = creator_of(stack, "scarf"), buyer_of(stack, "scarf")
    about = {"type": "pattern", "id": "scarf"}
    chat = buyer.post("/conversations", type="direct", user_id=creator.user_id, context=about)["id"]
    with push_service() as service:
        browser = PushedBrowser(creator, service)
        creator.patch("/me/notification-preferences", previews=False, channels={"email": {"message": False}})
        asked = buyer.post(f"/conversations/{chat}/messages", text="Which needles?")
        [push] = browser.pushes(1)
        rules = decided(creator, asked["id"])
        unseen = creator.get("/me/notifications")["unseen"]
        creator.post("/me/notifications/seen")
        seen = creator.get("/me/notifications")

    assert push["message_id"] == asked["id"] and "needles" not in push["text"]
    assert (rules["push"], rules["email"][1]) == (("sent", "told"), "preference_off")
    assert (unseen, seen["unseen"], [each["seen"] for each in seen["notifications"]]) == (1, 0, [True])
