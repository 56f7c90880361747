"""The parameters and the outputs of template.yaml."""

import re

import pytest

from local.template import load
from tests.template.deployed import ROOT, TEMPLATE, deployed, written


@pytest.mark.parametrize("parameter", sorted(written()["Parameters"]))
def test_a_parameter_is_described_bounded_grouped_and_in_the_handbook(parameter: str) -> None:
    declared = written()["Parameters"][parameter]
    groups = written()["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]

    assert declared["Description"].endswith(".")
    assert "Default" in declared
    assert {"AllowedValues", "AllowedPattern", "MinLength", "MinValue"} & declared.keys()
    assert [parameter in group["Parameters"] for group in groups].count(True) == 1
    assert f"`{parameter}`" in (ROOT / "docs" / "operate" / "deploy.md").read_text(encoding="utf-8")


def test_the_outputs_say_where_the_apis_are() -> None:
    outputs = deployed().outputs

    assert re.fullmatch(r"https://\w+\.execute-api\.us-east-1\.amazonaws\.com/v1", outputs["RestUrl"])
    assert re.fullmatch(r"wss://\w+\.execute-api\.us-east-1\.amazonaws\.com/v1", outputs["WebSocketUrl"])
    assert outputs.keys() >= {"JwtSecretArn", "AlarmTopicArn", "AttachmentsBucket", "ExportFilesBucket", "DashboardUrl"}


def test_web_acl_and_reserved_runs_are_there_when_they_are_asked_for() -> None:
    arn = "arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/front/0a1b"
    asked = load(TEMPLATE, {"WebAclArn": arn, "AuthorizerConcurrency": "50"})
    [association] = asked.of_type("AWS::WAFv2::WebACLAssociation")
    api = next(iter(asked.of_type("AWS::ApiGateway::RestApi")))

    assert association.properties["WebACLArn"] == arn
    assert str(association.properties["ResourceArn"]).endswith(f"::/restapis/{api.ref}/stages/v1")
    reserved = {
        one.logical_id: int(one.properties["ReservedConcurrentExecutions"])
        for one in asked.of_type("AWS::Lambda::Function")
        if "ReservedConcurrentExecutions" in one.properties
    }
    assert reserved == {"Authorize": 50, "OnAuthorize": 50}
    assert not load(TEMPLATE).of_type("AWS::WAFv2::WebACLAssociation")
    assert not any(
        "ReservedConcurrentExecutions" in f.properties for f in load(TEMPLATE).of_type("AWS::Lambda::Function")
    )


@pytest.mark.parametrize(
    ("value", "is_good"),
    [
        ("", True),
        ("Head Teacher=teacher,Admins=admin", True),
        ("Head Teacher = teacher, cn=staff=teacher", True),
        ("Admins", False),
        ("=admin", False),
        (" =admin", False),
        ("Admins=", False),
        ("Admins=head teacher", False),
        ("Admins=admin,", False),
        ("Admins=admin,,x=y", False),
    ],
)
def test_map_of_roles_is_checked_by_its_form_before_anything_is_deployed(value: str, is_good: bool) -> None:
    pattern = written()["Parameters"]["JwtRoleMap"]["AllowedPattern"]

    assert (re.match(pattern, value) is not None) == is_good
