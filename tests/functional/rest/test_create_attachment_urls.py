"""POST /attachments/urls: the addresses of a screen's attachments, null for those that the caller may not have."""

from tests.functional.attachments import FILE, THUMBNAIL, carry, clean_attachment, set_row
from tests.functional.replies import invalid, malformed_bodies, refusal, stored
from tests.functional.talk import in_s, make_group, open_direct, say
from tests.harness import Parley, Reply, User


def ask(person: User, *attachment_ids: str) -> Reply:
    return person.post("/attachments/urls", json={"ids": list(attachment_ids)})


def test_each_has_its_addresses_or_null(parley: Parley) -> None:
    alice, bob, carol = parley.user("alice"), parley.user("bob"), parley.user("carol")
    direct, group, elsewhere = open_direct(alice, bob), make_group(alice, bob), open_direct(alice, carol)
    names = ("picture", "plain", "deleted", "hidden", "secret", "unsent", "pending")
    places = (direct, group, group, group, elsewhere, direct, direct)
    found = {
        name: clean_attachment(parley, alice, place, thumbnail=None if name == "plain" else THUMBNAIL)
        for name, place in zip(names, places, strict=True)
    }
    messages = {name: say(alice, place, name)[0] for name, place in zip(names[:5], places[:5], strict=True)}
    for name, message_id in messages.items():
        carry(parley, found[name], message_id)
    set_row(parley, found["pending"], state="pending")
    own = clean_attachment(parley, bob, direct)
    alice.delete(f"/messages/{messages['deleted']}")
    bob.delete(f"/messages/{messages['hidden']}?scope=me")
    nobodys = "a_" + "a" * 26

    reply = ask(bob, *found.values(), own, nobodys, nobodys)

    assert reply.status == 200
    urls = reply.json["attachments"]
    assert list(urls) == [*found.values(), own, nobodys]
    assert [name for name, attachment_id in found.items() if urls[attachment_id]] == ["picture", "plain"]
    assert (urls[own]["expires_at"], urls[nobodys]) == (in_s(parley, 60), None)
    assert parley.download(urls[found["picture"]]["url"]).body == FILE
    assert parley.download(urls[found["picture"]]["thumbnail_url"]).body == THUMBNAIL
    assert urls[found["plain"]]["thumbnail_url"] is None


def test_removed_member_gets_null_at_once(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    group = make_group(alice, bob)
    attachment_id = clean_attachment(parley, alice, group)
    carry(parley, attachment_id, say(alice, group, "look")[0])
    assert ask(bob, attachment_id).json["attachments"][attachment_id]

    assert alice.delete(f"/conversations/{group}/members/bob").status == 200

    assert ask(bob, attachment_id).json == {"attachments": {attachment_id: None}}


def test_row_that_cannot_be_read_hides_no_other_attachment(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    found = [clean_attachment(parley, alice, conversation_id) for _ in range(3)]
    messages = say(alice, conversation_id, *(str(number) for number in range(3)))
    for attachment_id, message_id in zip(found, messages, strict=True):
        carry(parley, attachment_id, message_id)
    set_row(parley, found[0], state="lost")
    parley.store.client("dynamodb").update_item(
        TableName=parley.template.resources["Messages"].ref,
        Key={"conversation_id": {"S": conversation_id}, "seq": {"N": messages[1].rpartition(".")[2]}},
        UpdateExpression="REMOVE sender_id",
    )

    urls = ask(bob, *found).json["attachments"]

    assert [urls[attachment_id] is not None for attachment_id in found] == [False, False, True]


def test_nothing_is_written(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    attachment_id = clean_attachment(parley, alice, open_direct(alice, bob))
    before = stored(parley)

    assert ask(alice, attachment_id).status == 200

    assert stored(parley) == before


def test_wrong_lists_are_named(parley: Parley) -> None:
    alice = parley.user("alice")
    one = "a_" + "a" * 26

    assert refusal(ask(alice)) == invalid(("/ids", "too_few_items"))
    assert refusal(ask(alice, *[one] * 51)) == invalid(("/ids", "too_many_items"))
    assert refusal(ask(alice, one, "plan.pdf")) == invalid(("/ids/1", "bad_format"))
    assert malformed_bodies(lambda raw: alice.post("/attachments/urls", raw=raw)) == {}
