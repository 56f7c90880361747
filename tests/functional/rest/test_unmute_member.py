"""DELETE /admin/conversations/{conversation_id}/mutes/{user_id}: a muted member may write again."""

from tests.functional.erasures import everything
from tests.functional.moderation import moderator, report
from tests.functional.talk import bare, make_group, say
from tests.harness import Parley


def test_member_writes_again(parley: Parley) -> None:
    alice, mallory = parley.user("alice"), parley.user("mallory")
    group_id = make_group(alice, mallory)
    [message_id] = say(mallory, group_id, "Fool!")
    report(alice, message_id)
    mona, phone = moderator(parley), mallory.connect()
    path = f"/admin/conversations/{group_id}/mutes/mallory"
    assert mona.put(path, json={}).status == 200

    ended = mona.delete(path)

    assert bare(ended.json) == {"conversation_id": group_id, "user_id": "mallory", "muted": False}
    assert say(mallory, group_id, "Sorry.")
    assert [event["data"]["shared"]["muted_ids"] for event in phone.events("conversation_updated")] == [["mallory"], []]
    before = everything(parley)
    assert (mona.delete(path).json, everything(parley)) == (ended.json, before)
