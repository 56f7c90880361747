"""The hosted web client: off by default, and with the headers that the local stack's pages have."""

from typing import Any

import pytest

from local.template import Place, Template, load
from local.web import SECURITY_HEADERS, policy
from tests.template.deployed import TEMPLATE, deployed, deployed_with

PARTS = {"WebFiles", "WebFilesPolicy", "WebAccess", "WebHeaders", "WebDistribution"}
LONGEST_POLICY = 1_783  # CloudFront quotas, "Maximum length of the Content-Security-Policy header value"
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/0a1b"


def hosting() -> Template:
    return deployed_with("WebClient", "on")


def headers(template: Template) -> dict[str, Any]:
    found: dict[str, Any] = template.resources["WebHeaders"].properties["ResponseHeadersPolicyConfig"]
    return found


def content_policy(template: Template) -> str:
    return str(headers(template)["SecurityHeadersConfig"]["ContentSecurityPolicy"]["ContentSecurityPolicy"])


def test_nothing_of_it_is_there_unless_a_deployer_wants_it() -> None:
    assert PARTS.isdisjoint(deployed().resources)
    assert PARTS <= hosting().resources.keys()
    assert {"WebUrl", "WebFilesBucket", "WebDistributionId"} == hosting().outputs.keys() - deployed().outputs.keys()


@pytest.mark.parametrize(("region", "of_bucket"), [("us-east-1", "DomainName"), ("eu-central-1", "RegionalDomainName")])
def test_the_policy_is_that_of_the_local_pages_with_the_stacks_own_addresses(region: str, of_bucket: str) -> None:
    template = load(TEMPLATE, {"WebClient": "on"}, Place(region=region))
    rest = template.outputs["RestUrl"].removesuffix("/v1")
    socket = template.outputs["WebSocketUrl"].removesuffix("/v1")
    uploads, files, exports = (f"https://{name}.{of_bucket}" for name in ("Quarantine", "Attachments", "ExportFiles"))

    assert content_policy(template) == policy([rest, socket, uploads, files, exports], [files])


def test_the_policy_is_short_enough_for_the_longest_names() -> None:
    buckets = content_policy(hosting()).count("https://") - 1  # but for the REST API
    longest = len("https://") + 63 + len(".s3.ap-southeast-1.amazonaws.com")

    assert len(content_policy(hosting())) + buckets * longest < LONGEST_POLICY


def test_the_other_headers_are_those_of_the_local_pages() -> None:
    security = headers(hosting())["SecurityHeadersConfig"]
    custom = {each["Header"]: each["Value"] for each in headers(hosting())["CustomHeadersConfig"]["Items"]}

    assert {
        "X-Content-Type-Options": "nosniff" if security["ContentTypeOptions"]["Override"] else "",
        "X-Frame-Options": security["FrameOptions"]["FrameOption"],
        "Referrer-Policy": security["ReferrerPolicy"]["ReferrerPolicy"],
        **custom,
    } == SECURITY_HEADERS
    assert security["StrictTransportSecurity"]["AccessControlMaxAgeSec"] == 63_072_000


def test_pages_of_the_given_origin_load_the_modules() -> None:
    template = load(TEMPLATE, {"WebClient": "on", "CorsAllowOrigin": "https://app.example"})
    cors = headers(template)["CorsConfig"]

    assert cors["AccessControlAllowOrigins"] == {"Items": ["https://app.example"]}
    assert (cors["AccessControlAllowMethods"], cors["OriginOverride"]) == ({"Items": ["GET", "HEAD"]}, True)


def test_only_the_distribution_reads_the_bucket_and_only_over_tls() -> None:
    bucket = hosting().resources["WebFiles"]
    deny, allow = hosting().resources["WebFilesPolicy"].properties["PolicyDocument"]["Statement"]

    assert set(bucket.properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert (deny["Effect"], deny["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    assert (allow["Principal"], allow["Action"]) == ({"Service": "cloudfront.amazonaws.com"}, "s3:GetObject")
    assert allow["Resource"] == f"{bucket.arn}/*"
    [source] = allow["Condition"]["StringEquals"].values()
    assert source == "arn:aws:cloudfront::000000000000:distribution/WebDistribution"


def test_a_domain_of_ones_own_comes_with_its_certificate() -> None:
    own = load(TEMPLATE, {"WebClient": "on", "WebDomain": "chat.example.com", "WebCertificateArn": CERTIFICATE})
    settings = own.resources["WebDistribution"].properties["DistributionConfig"]
    plain = hosting().resources["WebDistribution"].properties["DistributionConfig"]

    assert settings["Aliases"] == ["chat.example.com"]
    assert settings["ViewerCertificate"]["AcmCertificateArn"] == CERTIFICATE
    assert settings["ViewerCertificate"]["MinimumProtocolVersion"] == "TLSv1.2_2021"
    assert own.outputs["WebUrl"] == "https://chat.example.com"
    assert "Aliases" not in plain and plain["ViewerCertificate"] == {"CloudFrontDefaultCertificate": True}


def test_it_is_served_over_https_and_compressed() -> None:
    behaviour = hosting().resources["WebDistribution"].properties["DistributionConfig"]["DefaultCacheBehavior"]

    assert behaviour["ViewerProtocolPolicy"] == "redirect-to-https"
    assert behaviour["Compress"] is True
    assert behaviour["ResponseHeadersPolicyId"] == hosting().resources["WebHeaders"].ref
