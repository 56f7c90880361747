"""DELETE /support/canned-replies/{reply_id}: a canned reply goes, with its shortcut; twice is as once."""

import pytest

from tests.functional.canned import PATH, admin, all_kept, keep, kept
from tests.functional.replies import invalid, refusal
from tests.harness import Parley


def test_deleted_reply_is_gone_and_its_shortcut_is_free(parley: Parley) -> None:
    ada = admin(parley)
    gone, stays = kept(ada, shortcut="/hello"), kept(ada)

    replies = [ada.delete(f"{PATH}/{gone['id']}") for _ in range(2)]

    assert [(reply.status, reply.json) for reply in replies] == [(200, {"id": gone["id"]})] * 2
    assert [each["id"] for each in all_kept(ada)] == [stays["id"]]
    assert keep(ada, shortcut="/hello").status == 201


def test_reply_that_was_deleted_twice_counts_once(parley: Parley) -> None:
    ada = admin(parley)
    ids = [kept(ada)["id"] for _ in range(2)]

    for _ in range(2):
        ada.delete(f"{PATH}/{ids[0]}")

    count = parley.store.client("dynamodb").get_item(
        TableName=parley.template.resources["Tickets"].ref, Key={"key": {"S": "canned"}, "place": {"S": "count"}}
    )["Item"]["reply_count"]
    assert count == {"N": "1"}


@pytest.mark.parametrize("role", ["user", "agent"])
def test_only_support_admins_and_the_host_delete_replies(parley: Parley, role: str) -> None:
    reply_id = kept(admin(parley))["id"]

    refused = parley.user("eve", role=role).delete(f"{PATH}/{reply_id}")

    assert (refusal(refused), refused.json["rule"]) == (("support_admins_only", 403, []), "SupportAdminRoles")
    assert parley.user("backend", role="service").delete(f"{PATH}/{reply_id}").status == 200


def test_id_that_parley_did_not_make_is_refused(parley: Parley) -> None:
    assert refusal(admin(parley).delete(f"{PATH}/hello")) == invalid(("{reply_id}", "bad_format"))
