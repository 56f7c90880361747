"""The tables of template.yaml."""

import pytest

from local.template import load
from tests.template.deployed import TABLES, TEMPLATE, before, deployed

INFREQUENT = "STANDARD_INFREQUENT_ACCESS"


@pytest.mark.parametrize("table", TABLES)
def test_a_table_costs_by_use_and_can_be_restored(table: str) -> None:
    properties = deployed().resources[table].properties

    assert properties["BillingMode"] == "PAY_PER_REQUEST"
    assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    # Encrypted under a key that AWS owns: True would mean one that KMS charges each use of.
    assert properties["SSESpecification"] == {"SSEEnabled": False}


def test_tables_with_indexes_are_made_one_after_the_other() -> None:
    indexed = [
        table
        for table in TABLES
        if {"GlobalSecondaryIndexes", "LocalSecondaryIndexes"} & deployed().resources[table].properties.keys()
    ]

    # aws-facts.md#dynamodb-limits. In a row the first waits for none of the others, the second for one, and so on.
    assert sorted(len(before(table) & set(indexed)) for table in indexed) == list(range(len(indexed)))


def test_messages_are_stored_in_the_class_that_the_operator_names() -> None:
    of_parameter = {given: load(TEMPLATE, {"TableClass": given} if given else {}) for given in ("", INFREQUENT)}

    assert of_parameter[""].resources["Messages"].properties["TableClass"] == "STANDARD"
    assert of_parameter[INFREQUENT].resources["Messages"].properties["TableClass"] == INFREQUENT
    # The other tables hold little that is old, or are read and written all day.
    assert [table for table in TABLES if "TableClass" in deployed().resources[table].properties] == ["Messages"]
