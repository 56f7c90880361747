"""DELETE /support/macros/{macro_id}: a macro goes; twice is as once."""

from functools import partial

import pytest

from tests.functional.canned import admin
from tests.functional.macros import PATH, all_kept, kept
from tests.functional.replies import at_once, invalid, refusal
from tests.harness import Parley


def test_deleted_macro_is_gone_and_counts_no_more(parley: Parley) -> None:
    ada = admin(parley)
    gone, stays = kept(ada), kept(ada)

    replies = [ada.delete(f"{PATH}/{gone['id']}") for _ in range(2)]

    assert [(reply.status, reply.json) for reply in replies] == [(200, {"id": gone["id"]})] * 2
    assert [each["id"] for each in all_kept(ada)] == [stays["id"]]
    assert counted(parley) == 1


def test_two_who_delete_at_once_count_once(parley: Parley) -> None:
    ada, alan = admin(parley), admin(parley, "alan")
    gone, _ = kept(ada), kept(ada)

    replies = at_once(partial(one.delete, f"{PATH}/{gone['id']}") for one in (ada, alan))

    assert [reply.status for reply in replies] == [200, 200]
    assert counted(parley) == 1


def counted(parley: Parley) -> int:
    row = parley.store.client("dynamodb").get_item(
        TableName=parley.template.resources["Tickets"].ref, Key={"key": {"S": "macros"}, "place": {"S": "count"}}
    )["Item"]
    return int(row["macro_count"]["N"])


@pytest.mark.parametrize("role", ["user", "agent"])
def test_only_support_admins_and_the_host_delete_macros(parley: Parley, role: str) -> None:
    macro_id = kept(admin(parley))["id"]

    refused = parley.user("eve", role=role).delete(f"{PATH}/{macro_id}")

    assert (refusal(refused), refused.json["rule"]) == (("support_admins_only", 403, []), "SupportAdminRoles")
    assert parley.user("backend", role="service").delete(f"{PATH}/{macro_id}").status == 200


def test_id_that_parley_did_not_make_is_refused(parley: Parley) -> None:
    assert refusal(admin(parley).delete(f"{PATH}/hello")) == invalid(("{macro_id}", "bad_format"))
