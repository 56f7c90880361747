"""The resources of template.yaml that outlive the stack, and the handbook's words about them."""

import re

import pytest

from tests.template.deployed import BUCKETS, ROOT, TABLES, deployed, deployed_with, of_type, written


def kept() -> set[str]:
    """Returns what outlives the stack, of all that holds data."""
    return {
        name for name, each in written()["Resources"].items() if each.get("DeletionPolicy") == "RetainExceptOnCreate"
    }


def test_what_people_said_outlives_the_stack() -> None:
    assert kept() >= {"Conversations", "Memberships", "Messages", "Receipts", "Users", "Attachments", "ExportFiles"}
    assert kept() >= {"Blocks", "Reports", "Audit", "WordLists", "Erasures", "Traces", "JwtSecret"}
    assert kept().isdisjoint({"Connections", "Typing", "Calls", "WsTickets", "Rates", "Exports"})


@pytest.mark.parametrize("kind", ["AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::SecretsManager::Secret"])
def test_what_holds_data_is_not_replaced_away_and_does_not_outlive_a_failed_first_deployment(kind: str) -> None:
    for resource in of_type(kind):
        policies = written()["Resources"][resource.logical_id]
        of_both = (policies["DeletionPolicy"], policies["UpdateReplacePolicy"])

        # Retain would leave an orphan if the first deployment fails (aws-facts.md#cloudformation-and-cloudwatch).
        assert of_both in [("RetainExceptOnCreate", "Retain"), ("Delete", "Delete")], resource.logical_id


def test_only_a_setting_of_the_whole_account_outlives_a_failed_first_deployment() -> None:
    orphans = {name for name, each in written()["Resources"].items() if each.get("DeletionPolicy") == "Retain"}

    assert orphans == {"ApiGatewayAccount", "ApiGatewayLogs"}


@pytest.mark.parametrize("table", TABLES)
def test_a_table_is_protected_if_it_is_kept_and_the_deployer_says_so(table: str) -> None:
    protecting = deployed_with("DeletionProtection", "true").resources[table].properties

    assert protecting["DeletionProtectionEnabled"] is (table in kept())
    # A rollback of the first deployment deletes every table, and DynamoDB refuses to delete a protected one.
    assert deployed().resources[table].properties["DeletionProtectionEnabled"] is False


def test_operating_names_every_table_and_bucket_that_outlives_the_stack() -> None:
    page = (ROOT / "docs" / "operate" / "deploy.md").read_text(encoding="utf-8")
    section = page.partition("## Delete everything")[2].partition("\n## ")[0]
    tables, others = (set(re.findall(r"`([A-Z]\w+)`", part)) for part in section.split("the buckets", 1))
    kept = {
        name for name, each in written()["Resources"].items() if each.get("DeletionPolicy", "").startswith("Retain")
    }

    assert tables == kept & set(TABLES)
    assert kept & set(BUCKETS) <= others


def test_operating_lists_the_tables_that_outlive_the_stack() -> None:
    page = (ROOT / "docs" / "operate" / "deploy.md").read_text(encoding="utf-8")
    listed = page.partition("\n## Delete everything\n")[2].partition("the tables ")[2].partition(", the buckets")[0]

    assert set(re.findall(r"`(\w+)`", listed)) == kept() & set(TABLES)
