"""Expired rows outlast a test: DynamoDB deletes them up to days late, and the tests' clock is not the engine's."""

from tests.harness import Parley


def test_no_table_deletes_expired_rows_during_tests(parley: Parley) -> None:
    dynamodb = parley.store.client("dynamodb")
    expiring = [
        table.ref
        for table in parley.template.of_type("AWS::DynamoDB::Table")
        if "TimeToLiveSpecification" in table.properties
    ]

    settings = {name: dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"] for name in expiring}

    assert expiring
    assert {each["TimeToLiveStatus"] for each in settings.values()} <= {"DISABLED"}
