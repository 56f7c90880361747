"""template.yaml, read as CloudFormation would: what every function, route, table, queue and alarm must have."""

import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from local.events import function_of, listed, matches
from local.template import Place, Resource, Template, TemplateError, load
from parley.domain.exports import job
from parley.triggers.request_log import QUIET
from tests.template import source
from tests.template.gate import translated
from tests.template.upgrades import LASTING

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "template.yaml"
BACKGROUND = ("scheduled", "streams", "queues")


def written() -> dict[str, Any]:
    """Returns template.yaml as it is written."""
    return source.read(TEMPLATE)


@cache
def deployed() -> Template:
    """Returns the template as it would be deployed with the parameters' defaults."""
    return load(TEMPLATE)


@cache
def deployed_as(stack: str) -> Template:
    """Returns the template as it would be deployed under a name."""
    return load(TEMPLATE, place=Place(stack=stack))


@cache
def deployed_with(parameter: str, value: str) -> Template:
    """Returns the template as it would be deployed with one parameter given."""
    return load(TEMPLATE, {parameter: value})


def of_type(kind: str) -> list[Resource]:
    return deployed().of_type(kind)


def names(kind: str) -> list[str]:
    return [resource.logical_id for resource in of_type(kind)]


@cache
def functions_written() -> dict[str, dict[str, Any]]:
    return dict(source.functions())


def kind_of(function: str) -> str:
    return str(functions_written()[function]["Handler"]).split(".")[0]


FUNCTIONS = sorted(functions_written())
ROUTES = names("AWS::ApiGatewayV2::Route")
TABLES = names("AWS::DynamoDB::Table")
QUEUES = names("AWS::SQS::Queue")
ALARMS = names("AWS::CloudWatch::Alarm")
BUCKETS = names("AWS::S3::Bucket")
QUEUE_MAPPINGS = [
    each.logical_id for each in of_type("AWS::Lambda::EventSourceMapping") if "StartingPosition" not in each.properties
]


# --- how large it is -------------------------------------------------------------------------------------------------


MOST = 450  # resources of a stack; fifty are left for what deployers add
MEASURED = 312  # resources with 82 functions, when the API had got its roles
# The layer of decoders; a table and two alarms on its indexes; a bucket and its policy; two queues, each with dead
# letters and two alarms; a queue's policy. Two functions that nobody waits for, with three alarms, a mapping, a rule,
# its permission and its configuration of failures. Of the scanner a mapping, an alarm, and a rule for GuardDuty.
OF_ATTACHMENTS = 25
SINCE = 5 + OF_ATTACHMENTS  # a table, a queue, alarms came; three route responses, a function and its alarms went


def test_a_function_takes_two_resources_and_no_more() -> None:
    count = len(deployed().resources) - len(source.stacks())

    # 500 a stack (aws-facts.md#cloudformation-and-cloudwatch). A function and its role; all else is shared.
    assert count <= MEASURED + SINCE + 2 * (len(FUNCTIONS) - 82), f"{count} resources"


@pytest.mark.parametrize("template", [TEMPLATE, *source.stacks().values()], ids=lambda path: path.stem)
def test_a_translated_template_stays_clear_of_cloudformations_limit(template: Path) -> None:
    characters = len(json.dumps(translated(template)))

    assert characters <= 800_000, characters  # 1 MB a template, the same place


def of_stacks() -> Counter[str]:
    """Returns how many resources each stack has; the parent's name is empty."""
    return Counter(each.stack for each in deployed().resources.values())


@pytest.mark.parametrize("stack", ["", *source.stacks()])
def test_a_stack_stays_clear_of_cloudformations_limit(stack: str) -> None:
    assert of_stacks()[stack] <= MOST


def test_two_hundred_functions_have_room() -> None:
    growth = 200 / len(FUNCTIONS)
    of_routes = sum(each.type.startswith("AWS::ApiGatewayV2::") for each in deployed().resources.values())

    # As many of each kind and area as there are now, in proportion; the REST API's routes are no resources.
    assert of_stacks()[""] + of_routes * (growth - 1) <= MOST
    assert all(count * growth <= MOST for stack, count in of_stacks().items() if stack)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_functions_policy_and_environment_stay_clear_of_their_limits(function: str) -> None:
    long_name = deployed_as("s" * 40)
    policies = long_name.resources[f"{function}Role"].properties.get("Policies", [])
    policy = sum(len(json.dumps(each["PolicyDocument"], separators=(",", ":"))) for each in policies)
    variables = environment_of(function, long_name)

    # 10,240 characters and 4 KB, the same place.
    assert policy <= 8_000, policy
    assert sum(len(name) + len(str(value)) for name, value in variables.items()) <= 3_500


def test_the_decision_on_log_groups_says_how_many_resources_there_are() -> None:
    decisions = (ROOT / "docs" / "contribute" / "decisions" / "template.md").read_text(encoding="utf-8")
    entry = decisions.partition("**Log groups are named after the stack**")[2].partition("\n### ")[0]
    more, processed = (int(number) for number in re.findall(r"some (\d+)", entry))

    assert more == pytest.approx(len(FUNCTIONS), abs=10), f"{len(FUNCTIONS)} functions"
    assert processed == pytest.approx(len(deployed().resources), abs=20), f"{len(deployed().resources)} resources"


# --- nested stacks ---------------------------------------------------------------------------------------------------

STACKS = sorted(source.stacks())


def test_all_that_lasts_is_in_template_yaml() -> None:
    lasting = [each for each in deployed().resources.values() if each.type in LASTING]

    # What moves to another stack is made anew, empty.
    assert lasting and {each.stack for each in lasting} == {""}


@pytest.mark.parametrize("stack", STACKS)
def test_a_nested_stack_holds_functions_and_what_is_theirs_alone(stack: str) -> None:
    kinds = {each.type for each in deployed().resources.values() if each.stack == stack}

    assert {"AWS::Lambda::Function", "AWS::IAM::Role"} <= kinds
    assert kinds <= {"AWS::Lambda::Function", "AWS::IAM::Role", "AWS::Lambda::EventInvokeConfig"}


@pytest.mark.parametrize("stack", STACKS)
def test_a_nested_stack_declares_what_it_is_given_and_the_same_globals_as_all_others(stack: str) -> None:
    child = source.read(source.stacks()[stack])
    given = written()["Resources"][stack]["Properties"]["Parameters"]

    assert list(child["Parameters"]) == list(given)
    assert len(given) <= 200
    assert child["Globals"] == source.read(source.stacks()["AccountStack"])["Globals"]
    assert child["Outputs"] == source.read(source.stacks()["AccountStack"])["Outputs"]
    assert "Globals" not in written()


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_is_in_the_stack_of_its_area(function: str) -> None:
    """An area of the package: that of the action of the handler's name; what has none keeps sockets alive."""
    module = ROOT / "functions" / Path(*functions_written()[function]["Handler"].split(".")[:2]).with_suffix(".py")
    text = module.read_text(encoding="utf-8")
    found = re.findall(r"^from parley\.actions\.(\w+)(?: import (\w+)$)?", text, flags=re.MULTILINE)
    named = [area for area, name in found if f"{name}.{module.stem}" in text]
    area = (named or [area for area, _ in found] or ["live"])[0].title()

    assert deployed().resources[function].stack == f"{area}Stack"


def test_a_stacks_name_is_as_long_as_its_functions_names_allow() -> None:
    most = {source.read(path)["Parameters"]["StackName"]["MaxLength"] for path in source.stacks().values()}

    assert most == {40}
    with pytest.raises(TemplateError, match="at most 40"):
        deployed_as("s" * 41)


def test_a_deployer_acknowledges_nested_stacks() -> None:
    config = tomllib.loads((ROOT / "samconfig.toml").read_text(encoding="utf-8"))

    assert config["default"]["deploy"]["parameters"]["capabilities"].split() == [
        "CAPABILITY_IAM",
        "CAPABILITY_AUTO_EXPAND",
    ]


# --- functions -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_has_statements_of_its_own_one_for_each_resource(function: str) -> None:
    written = functions_written()[function].get("Policies", [])
    of_ours = [policy for policy in written if policy not in OF_EVENT_SOURCES]
    policies = [policy["Fn::If"][1] if "Fn::If" in policy else policy for policy in of_ours]
    resources = [statement["Resource"] for statement in statements(function)]

    # SAM's policy templates grant more or less than their names say, and one policy for all grants everything to all.
    assert all(set(policy) == {"Statement"} for policy in policies)
    assert len(resources) == len(set(resources))
    for statement in statements(function):
        assert statement["Effect"] == "Allow"
        assert listed(statement["Action"]) == sorted(set(listed(statement["Action"])), key=VERBS.index)
        assert isinstance(statement["Resource"], str) and statement["Resource"].startswith("arn:")
        # Any connection, and any file of a bucket: their names are not known.
        of_a_bucket = statement["Resource"].startswith("arn:aws:s3:::")
        before_ids = statement["Resource"].removesuffix("/*" if of_a_bucket else "/@connections/*")
        assert "*" not in before_ids


# AWS's own, for those that a queue calls: what Lambda needs to read it in the function's name.
OF_EVENT_SOURCES = ("AWSLambdaSQSQueueExecutionRole",)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_may_read_a_queue_if_a_queue_calls_it(function: str) -> None:
    mappings = [deployed().resources[name].properties["FunctionName"] for name in QUEUE_MAPPINGS]
    named = [policy for policy in functions_written()[function].get("Policies", []) if isinstance(policy, str)]

    assert named == list(OF_EVENT_SOURCES) * mappings.count(deployed().resources[function].arn)


# Every right that a function may have, in the order in which a statement lists them, with its word in an anchor's name.
WORDS = {
    "dynamodb:BatchGetItem": "read",
    "dynamodb:GetItem": "get",
    "dynamodb:Query": "query",
    "dynamodb:ConditionCheckItem": "check",
    "dynamodb:PutItem": "put",
    "dynamodb:UpdateItem": "update",
    "dynamodb:DeleteItem": "delete",
    "dynamodb:Scan": "scan",
    "dynamodb:DescribeStream": "describe",
    "dynamodb:GetRecords": "follow",
    "dynamodb:GetShardIterator": "find",
    "dynamodb:ListStreams": "list",
    "s3:AbortMultipartUpload": "abort",
    "s3:DeleteObject": "delete",
    "s3:GetObject": "get",
    "s3:PutObject": "put",
    "sqs:SendMessage": "send_to",
    "execute-api:ManageConnections": "manage",
    "secretsmanager:GetSecretValue": "get",
    "kms:Decrypt": "decrypt",
    "kms:GenerateDataKey": "encrypt",
}
VERBS = list(WORDS)
ANCHORS = re.findall(
    r'- &(\w+) \{Effect: Allow, Action: (.*?), Resource: !Sub "\$\{Tables\}/\$\{(\w+)\}(?:/index/(\w+))?"\}',
    "\n".join(path.read_text(encoding="utf-8") for path in source.stacks().values()),
)


@pytest.mark.parametrize(("anchor", "actions", "table", "index"), ANCHORS)
def test_an_anchor_says_what_it_grants(anchor: str, actions: str, table: str, index: str) -> None:
    verbs = [WORDS[action] for action in actions.strip("[]").split(", ")]
    resource = re.sub(r"(?<!^)(?=[A-Z])", "_", table).lower()

    assert anchor == "_".join([*verbs, resource, *([index] if index else [])])


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_has_the_common_settings(function: str) -> None:
    properties = deployed().resources[function].properties

    assert properties["TracingConfig"] == {"Mode": "PassThrough"}
    assert properties["MemorySize"] >= 512
    layers = ["Shared", "Media"] if function == "ScanAttachment" else ["Shared"]
    assert properties["Layers"] == [deployed().resources[layer(name)].ref for name in layers]
    assert 1 <= properties["Timeout"] <= 60
    assert properties["Environment"]["Variables"].items() >= globals_environment().items()


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_logs_to_the_shared_group_of_its_kind(function: str) -> None:
    group = {"rest": "RestLogs", "websocket": "WebSocketLogs"}.get(kind_of(function), "BackgroundLogs")

    expected = {"LogGroup": deployed().resources[group].ref}
    if deployed().resources[function].properties["Handler"].split(".")[1] in QUIET:
        # Lambda logs those alone that did not go well; a filter by application level would take the metrics, too.
        expected |= {"LogFormat": "JSON", "SystemLogLevel": "WARN"}
    assert deployed().resources[function].properties["LoggingConfig"] == expected


def test_every_log_group_forgets() -> None:
    assert all(group.properties["RetentionInDays"] for group in of_type("AWS::Logs::LogGroup"))


def test_only_the_authorizers_know_the_key() -> None:
    holders = {name for name in FUNCTIONS if any(key.startswith("JWT_") for key in environment_of(name))}
    readers = {
        name
        for name in FUNCTIONS
        if any("secretsmanager:GetSecretValue" in listed(s["Action"]) for s in statements(name))
    }

    assert holders == readers == {"Authorize", "OnAuthorize"}


def test_public_keys_need_no_right_to_read_a_secret() -> None:
    with_jwks = deployed_with("JwtJwksUrl", "https://example.com/keys")

    assert "JwtSecret" not in with_jwks.resources
    assert with_jwks.resources["Authorize"].properties["Environment"]["Variables"]["JWT_SECRET_ARN"] == ""
    assert "secretsmanager" not in json.dumps(with_jwks.resources["AuthorizeRole"].properties)


def test_a_secret_of_ones_own_is_used_in_place_of_a_new_one() -> None:
    arn = "arn:aws:secretsmanager:us-east-1:000000000000:secret:mine"
    with_secret = deployed_with("JwtSecretArn", arn)

    assert "JwtSecret" not in with_secret.resources
    assert with_secret.resources["OnAuthorize"].properties["Environment"]["Variables"]["JWT_SECRET_ARN"] == arn
    assert arn in json.dumps(with_secret.resources["OnAuthorizeRole"].properties)


def test_only_who_makes_turn_credentials_reads_the_secret_of_the_turn_servers() -> None:
    arn = "arn:aws:secretsmanager:us-east-1:000000000000:secret:turn"
    with_turn = deployed_with("TurnSecretArn", arn)
    readers = {name for name, each in with_turn.resources.items() if arn in json.dumps(each.properties)}

    assert readers == {"LiveStack", "CreateTurnCredentials", "CreateTurnCredentialsRole"}
    assert "secretsmanager" not in json.dumps(deployed().resources["CreateTurnCredentialsRole"].properties)


def test_the_connections_endpoint_is_the_stage_unless_a_custom_domain_is_given() -> None:
    own = deployed_with("ConnectionsEndpoint", "https://chat.example.com/ws")
    api_id = deployed().resources["WebSocketApi"].ref

    assert globals_environment()["CONNECTIONS_ENDPOINT"] == f"https://{api_id}.execute-api.us-east-1.amazonaws.com/v1"
    assert environment_of("SendMessage", own)["CONNECTIONS_ENDPOINT"] == "https://chat.example.com/ws"


def test_every_variable_that_the_code_asks_for_is_set() -> None:
    """The code reads its environment by literal names through `environment`, so the names can be read off it."""
    asked = {
        name
        for path in (ROOT / "layers" / "shared" / "parley").rglob("*.py")
        for name in re.findall(
            r"environment\.(?:required|optional)\(\s*\"([A-Z_]+)\"", path.read_text(encoding="utf-8")
        )
    }
    not_ours = {
        "AWS_LAMBDA_INITIALIZATION_TYPE",  # Lambda sets it
        "JWT_SECRET",  # the key of a developer's machine
        "TURN_SECRET",  # the same
    }
    of_some = {
        name
        for function in ("OnAuthorize", "CreateTurnCredentials", "ScanAttachment")
        for name in environment_of(function)
    }

    assert asked - not_ours <= globals_environment().keys() | of_some


@pytest.mark.parametrize("table", TABLES)
def test_every_table_is_known_to_the_functions(table: str) -> None:
    variable = re.sub(r"(?<!^)(?=[A-Z])", "_", table).upper() + "_TABLE"

    assert globals_environment()[variable] == deployed().resources[table].ref


# --- the layers ------------------------------------------------------------------------------------------------------

LAYERS = {"Shared": ROOT / "layers" / "shared", "Media": ROOT / "layers" / "media"}


def layer(name: str) -> str:
    """Returns a layer's logical id in the translated template, which SAM makes of its contents."""
    [only] = (each for each in names("AWS::Lambda::LayerVersion") if re.fullmatch(f"{name}[0-9a-f]{{10}}", each))
    return only


def test_each_layer_has_a_folder() -> None:
    assert {layer(name) for name in LAYERS} == set(names("AWS::Lambda::LayerVersion"))
    assert set(LAYERS.values()) == {path for path in (ROOT / "layers").iterdir() if path.is_dir()}


def test_lambda_has_the_c_library_of_the_decoders_for_each_version() -> None:
    """The wheels ask for glibc 2.28; Lambda's Python 3.11 is on Amazon Linux 2, which has 2.26."""
    assert "manylinux_2_28" in (LAYERS["Media"] / "Makefile").read_text(encoding="utf-8")
    assert min(tuple(map(int, version.split("."))) for version in versions()) >= (3, 12)


def versions() -> list[str]:
    return [str(each) for each in written()["Parameters"]["PythonVersion"]["AllowedValues"]]


@pytest.mark.parametrize("architecture", ["arm64", "x86_64"])
@pytest.mark.parametrize("version", versions())
@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_is_built_for_the_runtime_of_the_functions(name: str, version: str, architecture: str) -> None:
    choice = load(TEMPLATE, {"PythonVersion": version, "Architecture": architecture})
    [built] = (each for each in choice.of_type("AWS::Lambda::LayerVersion") if each.logical_id.startswith(name))
    context_path = written()["Resources"][name]["Metadata"]["ContextPath"]["Fn::Sub"]
    target = context_path.replace("${PythonVersion}", version).replace("${Architecture}", architecture)

    assert built.properties["CompatibleRuntimes"] == [f"python{version}"]
    assert built.properties["CompatibleArchitectures"] == [architecture]
    assert {f.properties["Runtime"] for f in choice.of_type("AWS::Lambda::Function")} == {f"python{version}"}
    assert all(f.properties["Architectures"] == [architecture] for f in choice.of_type("AWS::Lambda::Function"))
    # SAM resolves the path by the same parameters, and the Makefile takes its target from the folder's name.
    assert (ROOT / target / "Makefile").read_text(encoding="utf-8") == "include Makefile\n"
    assert Path(target).name == f"python{version}-{architecture}"


@pytest.mark.parametrize("source", LAYERS.values(), ids=LAYERS)
def test_no_target_of_a_layer_is_left_over(source: Path) -> None:
    folders = {path.name for path in (source / "targets").iterdir()}

    assert folders == {f"python{version}-{arch}" for version in versions() for arch in ("arm64", "x86_64")}


def test_the_layer_keeps_the_services_that_the_code_makes_clients_of() -> None:
    makefile = (ROOT / "layers" / "shared" / "Makefile").read_text(encoding="utf-8")
    kept = re.search(r"^SERVICES := (.*)$", makefile, flags=re.MULTILINE)
    asked = {
        name
        for path in (ROOT / "layers" / "shared" / "parley").rglob("*.py")
        for name in re.findall(r"\bclient\(\s*\"([a-z0-9-]+)\"", path.read_text(encoding="utf-8"))
    }

    assert asked and kept
    assert asked <= set(kept[1].split())


# --- REST ------------------------------------------------------------------------------------------------------------


def rest_body() -> dict[str, Any]:
    body: dict[str, Any] = deployed().resources["RestApi"].properties["Body"]
    return body


def rest_methods() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in rest_body()["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


OPERATIONS = [(path, method) for path, method, _ in rest_methods() if method != "options"]


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_a_rest_operation_calls_the_function_whose_first_line_names_it(path: str, method: str) -> None:
    integration = rest_body()["paths"][path][method]["x-amazon-apigateway-integration"]
    function = called_by(integration["uri"])
    module = ROOT / "functions" / Path(*function.properties["Handler"].split(".")[:2]).with_suffix(".py")
    first_line = module.read_text(encoding="utf-8").partition("\n")[0]
    named = re.match(r'"""([A-Z]+) (/[^:?]*)[:?]', first_line)

    assert named and named.groups() == (method.upper(), path), first_line
    assert (integration["type"], integration["httpMethod"]) == ("aws_proxy", "POST")
    assert integration["credentials"] == deployed().resources["RestInvoker"].arn


def test_every_rest_function_but_the_authorizer_has_one_operation() -> None:
    called = [called_by(each["x-amazon-apigateway-integration"]["uri"]).logical_id for each in operations()]
    authorizer = rest_body()["components"]["securitySchemes"]["Token"]["x-amazon-apigateway-authorizer"]

    assert sorted([*called, "Authorize"]) == [name for name in FUNCTIONS if kind_of(name) == "rest"]
    assert called_by(authorizer["authorizerUri"]).logical_id == "Authorize"
    assert authorizer["authorizerCredentials"] == deployed().resources["RestInvoker"].arn


def operations() -> list[dict[str, Any]]:
    return [operation for _, method, operation in rest_methods() if method != "options"]


@pytest.mark.parametrize("role", ["RestInvoker", "WebSocketInvoker"])
def test_api_gateway_calls_functions_of_this_stack_in_a_role_for_this_account_alone(role: str) -> None:
    ours, others = deployed_as("parley"), deployed_as("parley-x")
    [trust] = ours.resources[role].properties["AssumeRolePolicyDocument"]["Statement"]

    assert trust["Principal"] == {"Service": "apigateway.amazonaws.com"}
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": "000000000000"}}
    assert not any(matches(invoked_by(role, ours), each.arn) for each in others.of_type("AWS::Lambda::Function"))


def test_the_role_of_the_websocket_api_calls_websocket_functions_alone() -> None:
    callable_ = {name for name in FUNCTIONS if matches(invoked_by("WebSocketInvoker"), deployed().resources[name].arn)}

    assert callable_ == {name for name in FUNCTIONS if kind_of(name) == "websocket"}


def test_only_schedules_need_a_permission_at_the_function() -> None:
    assert {each.properties["Principal"] for each in of_type("AWS::Lambda::Permission")} == {"events.amazonaws.com"}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_has_its_name_in_a_stack_of_forty_characters_too(function: str) -> None:
    assert deployed().resources[function].ref == f"parley_{function}"
    assert len(deployed_as("s" * 40).resources[function].ref) <= 64


def test_every_rest_operation_asks_the_authorizer_and_no_preflight_does() -> None:
    for path, method, operation in rest_methods():
        assert bool(operation.get("security")) == (method != "options"), (path, method)


def test_every_rest_path_answers_preflights() -> None:
    assert all("options" in methods for methods in rest_body()["paths"].values())


def test_the_rest_authorizer_gets_the_whole_request_and_is_remembered_by_the_header() -> None:
    authorizer = rest_body()["components"]["securitySchemes"]["Token"]["x-amazon-apigateway-authorizer"]

    assert authorizer["type"] == "request"  # the time of a request stands in its context; a token alone has none
    assert authorizer["identitySource"] == "method.request.header.Authorization"
    assert authorizer["authorizerResultTtlInSeconds"] == 300


@pytest.mark.parametrize(
    "kind",
    [
        "ACCESS_DENIED",
        "DEFAULT_4XX",
        "DEFAULT_5XX",
        "INTEGRATION_TIMEOUT",
        "MISSING_AUTHENTICATION_TOKEN",
        "REQUEST_TOO_LARGE",
        "THROTTLED",
        "UNAUTHORIZED",
    ],
)
def test_what_the_gateway_answers_itself_is_a_problem_that_browsers_may_see(kind: str) -> None:
    response = rest_body()["x-amazon-apigateway-gateway-responses"][kind]
    problem = json.loads(response["responseTemplates"]["application/json"])
    headers = response["responseParameters"]

    more = {"rule", "retry_after_ms"} if kind == "THROTTLED" else set()
    # A default answers under many statuses, so its body names none.
    status = set() if kind.startswith("DEFAULT_") else {"status"}
    assert problem.keys() == {"type", "title", "detail", "code", "request_id", *status, *more}
    assert problem["type"] == f"urn:parley:problem:{problem['code']}"
    assert str(problem.get("status")) == str(response.get("statusCode"))
    assert headers["gatewayresponse.header.Access-Control-Allow-Origin"] == "'*'"
    assert "x-amzn-requestid" in headers["gatewayresponse.header.Access-Control-Expose-Headers"]
    assert headers["gatewayresponse.header.Content-Type"] == "'application/problem+json'"


def test_who_is_throttled_by_the_gateway_is_told_for_how_long() -> None:
    response = rest_body()["x-amazon-apigateway-gateway-responses"]["THROTTLED"]
    headers = response["responseParameters"]

    assert headers["gatewayresponse.header.Retry-After"] == "'1'"
    assert "Retry-After" in headers["gatewayresponse.header.Access-Control-Expose-Headers"]
    assert json.loads(response["responseTemplates"]["application/json"])["retry_after_ms"] == 1000


def test_pages_may_send_what_tracing_libraries_and_caches_add_to_a_request() -> None:
    allowed = {
        response["responseParameters"]["method.response.header.Access-Control-Allow-Headers"]
        for path, method, operation in rest_methods()
        if method == "options"
        for response in operation["x-amazon-apigateway-integration"]["responses"].values()
    }

    assert [set(value.strip("'").split(",")) for value in allowed] == [
        {
            "Authorization", "Content-Type", "Cache-Control", "Idempotency-Key", "X-Request-Id", "X-Amzn-Trace-Id",
            "traceparent", "tracestate", "baggage", "sentry-trace",
        }
    ]  # fmt: skip


def test_the_rest_api_compresses_what_is_longer_than_a_packet() -> None:
    assert deployed().resources["RestApi"].properties["MinimumCompressionSize"] == 1024


def test_the_rest_api_has_one_stage() -> None:
    [stage] = of_type("AWS::ApiGateway::Stage")

    assert stage.properties["StageName"] == "v1"
    assert stage.properties["TracingEnabled"] is False
    [traced] = deployed_with("Tracing", "Active").of_type("AWS::ApiGateway::Stage")
    assert traced.properties["TracingEnabled"] is True


# --- WebSocket -------------------------------------------------------------------------------------------------------


def target_of(route: Resource) -> Resource:
    """Returns the function of a route."""
    return called_by(integration_of(route).properties["IntegrationUri"])


def integration_of(route: Resource) -> Resource:
    return deployed().resources[route.properties["Target"].removeprefix("integrations/")]


@pytest.mark.parametrize("route_id", ROUTES)
def test_a_route_has_its_function_and_the_role_to_call_it(route_id: str) -> None:
    route = deployed().resources[route_id]
    function = target_of(route)
    key = route.properties["RouteKey"]

    assert deployed().resources[function.logical_id].properties["Handler"] == f"websocket.{key.strip('$')}.handler"
    assert integration_of(route).properties["IntegrationType"] == "AWS_PROXY"
    assert integration_of(route).properties["CredentialsArn"] == deployed().resources["WebSocketInvoker"].arn
    assert matches(invoked_by("WebSocketInvoker"), function.arn)


@pytest.mark.parametrize("route_id", ROUTES)
def test_a_route_that_clients_await_gives_the_functions_answer_back(route_id: str) -> None:
    route = deployed().resources[route_id]
    replies = [r for r in of_type("AWS::ApiGatewayV2::RouteResponse") if r.properties["RouteId"] == route.ref]
    awaited = route.properties["RouteKey"] not in ("$connect", "$disconnect", *QUIET)

    # Without both of them API Gateway drops what the function returns.
    assert ("RouteResponseSelectionExpression" in route.properties) == awaited
    assert [reply.properties["RouteResponseKey"] for reply in replies] == (["$default"] if awaited else [])


def test_only_connect_is_authorised_and_the_function_alone_decides() -> None:
    authorised = {
        r.properties["RouteKey"] for r in of_type("AWS::ApiGatewayV2::Route") if "AuthorizerId" in r.properties
    }
    [authorizer] = of_type("AWS::ApiGatewayV2::Authorizer")

    assert authorised == {"$connect"}
    # A list of identity sources is a list of demands; people come with a ticket or with a token.
    assert authorizer.properties["IdentitySource"] == []
    assert authorizer.properties["AuthorizerType"] == "REQUEST"
    assert called_by(authorizer.properties["AuthorizerUri"]).logical_id == "OnAuthorize"
    assert authorizer.properties["AuthorizerCredentialsArn"] == deployed().resources["WebSocketInvoker"].arn


def test_routes_are_chosen_by_action_and_deployed_by_themselves() -> None:
    [stage] = of_type("AWS::ApiGatewayV2::Stage")
    [api] = of_type("AWS::ApiGatewayV2::Api")

    assert api.properties["RouteSelectionExpression"] == "$request.body.action"
    assert stage.properties["StageName"] == "v1"
    assert stage.properties["AutoDeploy"] is True


def test_the_stage_is_deployed_once_when_all_that_belongs_to_it_is_there() -> None:
    answers = names("AWS::ApiGatewayV2::RouteResponse")

    # A stage that is made before its routes has nothing to deploy, and one that is made before their responses drops
    # answers until it has been deployed again.
    assert {*ROUTES, *answers} <= before("WebSocketStage")


def before(resource: str) -> set[str]:
    """Returns what CloudFormation makes before a resource: what it depends on, by `DependsOn` or by a reference."""
    found: set[str] = set()
    waiting = [resource]
    while waiting:
        each = written()["Resources"][waiting.pop()]
        named = each.get("DependsOn", [])
        text = json.dumps(each)
        referred = re.findall(r'"Ref": "(\w+)"', text) + re.findall(r"\$\{(\w+)[.}]", text)
        needed = {*([named] if isinstance(named, str) else named), *referred} & written()["Resources"].keys()
        waiting.extend(needed - found)
        found |= needed
    return found


def test_traces_are_sent_if_the_parameter_says_so_but_never_of_pings_and_typing() -> None:
    def traced(template: Template) -> set[str]:
        functions = template.of_type("AWS::Lambda::Function")
        return {one.logical_id for one in functions if one.properties["TracingConfig"]["Mode"] == "Active"}

    assert traced(deployed()) == set()
    assert traced(deployed_with("Tracing", "Active")) == set(FUNCTIONS) - {"OnPing", "OnTypingStart", "OnTypingStop"}


@pytest.mark.parametrize("integration", names("AWS::ApiGatewayV2::Integration"))
def test_a_function_is_called_by_post(integration: str) -> None:
    # Lambda's Invoke is a POST, whatever the client sent (aws-facts.md#websocket-api).
    assert deployed().resources[integration].properties["IntegrationMethod"] == "POST"


# --- tables, files, queues -------------------------------------------------------------------------------------------


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


def test_the_pages_say_what_the_alarms_cost() -> None:
    # An expression counts each metric in it (aws-facts.md#cloudformation-and-cloudwatch); ten are free.
    alarms = [each.properties for each in of_type("AWS::CloudWatch::Alarm")]
    watched = [one for alarm in alarms for one in alarm.get("Metrics", [{"MetricStat": {}}])]
    metrics = sum("MetricStat" in one for one in watched)
    usd = (metrics - 10) / 10

    for page in ("operate/costs.md", "contribute/decisions/template.md"):
        text = (ROOT / "docs" / page).read_text(encoding="utf-8")
        assert f"{metrics} metrics" in text, page
        assert f"${usd:.2f}" in text, page
    assert f"about {usd:.0f} USD" in written()["Parameters"]["Alarms"]["Description"]


def test_operating_names_every_table_and_bucket_that_outlives_the_stack() -> None:
    page = (ROOT / "docs" / "operate" / "deploy.md").read_text(encoding="utf-8")
    section = page.partition("## Delete everything")[2].partition("\n## ")[0]
    tables, others = (set(re.findall(r"`([A-Z]\w+)`", part)) for part in section.split("the buckets", 1))
    kept = {
        name for name, each in written()["Resources"].items() if each.get("DeletionPolicy", "").startswith("Retain")
    }

    assert tables == kept & set(TABLES)
    assert kept & set(BUCKETS) <= others


def test_operating_counts_the_sweeps_of_every_minute() -> None:
    sweeps = [name for name in FUNCTIONS if kind_of(name) == "scheduled"]
    page = (ROOT / "docs" / "operate" / "costs.md").read_text(encoding="utf-8")
    [told] = re.findall(r"the (\w+) sweeps that run every minute", page)
    [metrics] = re.findall(r"The sweeps' (\w+) custom metrics", page)

    numbers = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight"]
    assert numbers.index(told) == len(sweeps)
    assert numbers.index(metrics) == len(sweeps)  # `Swept` of each


def test_operating_lists_the_tables_that_outlive_the_stack() -> None:
    page = (ROOT / "docs" / "operate" / "deploy.md").read_text(encoding="utf-8")
    listed = page.partition("\n## Delete everything\n")[2].partition("the tables ")[2].partition(", the buckets")[0]

    assert set(re.findall(r"`(\w+)`", listed)) == kept() & set(TABLES)


def test_operating_says_which_alarms_leave_out_faults_that_pass() -> None:
    """They count lines of level ERROR, and a function logs a fault that passes as a refusal, at INFO."""
    page = (ROOT / "docs" / "operate" / "watch.md").read_text(encoding="utf-8")
    filters = of_type("AWS::Logs::MetricFilter")
    by_level = {
        f"{one.properties['MetricTransformations'][0]['MetricName']}Alarm"
        for one in filters
        if "$.level" in one.properties["FilterPattern"]
    }
    [paragraph] = [one for one in page.split("\n\n") if one.startswith("A fault of AWS that passes by itself")]

    assert set(re.findall(r"`(\w+Alarm)`", paragraph.partition(" counts it.")[0])) == by_level


@pytest.mark.parametrize("bucket_id", BUCKETS)
def test_a_bucket_is_private_encrypted_and_answers_over_tls_only(bucket_id: str) -> None:
    bucket = deployed().resources[bucket_id]
    [policy] = [one for one in of_type("AWS::S3::BucketPolicy") if one.properties["Bucket"] == bucket.ref]
    [statement] = policy.properties["PolicyDocument"]["Statement"]

    assert set(bucket.properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket.properties["BucketEncryption"]
    assert all(rule["Status"] == "Enabled" for rule in bucket.properties["LifecycleConfiguration"]["Rules"])
    assert statement["Effect"] == "Deny" and statement["Resource"] == [bucket.arn, f"{bucket.arn}/*"]
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_what_is_deleted_is_gone() -> None:
    sent, made = deployed().resources["Attachments"].properties, deployed().resources["ExportFiles"].properties
    arrived = deployed().resources["Quarantine"].properties
    markers = [rule for rule in sent["LifecycleConfiguration"]["Rules"] if rule.get("ExpiredObjectDeleteMarker")]

    # Version 0.1.0 made it with versions, and S3 cannot take them away (aws-facts.md#s3).
    assert sent["VersioningConfiguration"] == {"Status": "Suspended"}
    assert [rule["NoncurrentVersionExpiration"] for rule in markers] == [{"NoncurrentDays": 1}]
    assert "VersioningConfiguration" not in made
    assert "VersioningConfiguration" not in arrived
    # The row says when the file is gone; the rule, which works by whole days, must not come before it.
    assert expiration_days(made) == [job.KEPT_S // 86_400 + 1]
    assert expiration_days(arrived) == [1]


def expiration_days(bucket: dict[str, Any]) -> list[int]:
    rules = bucket["LifecycleConfiguration"]["Rules"]
    return [rule["ExpirationInDays"] for rule in rules if "ExpirationInDays" in rule]


@pytest.mark.parametrize("bucket", BUCKETS)
def test_a_bucket_drops_uploads_that_were_never_finished(bucket: str) -> None:
    rules = deployed().resources[bucket].properties["LifecycleConfiguration"]["Rules"]
    unfinished = [rule["AbortIncompleteMultipartUpload"] for rule in rules if "AbortIncompleteMultipartUpload" in rule]

    assert unfinished == [{"DaysAfterInitiation": 1}]


def test_pages_of_the_given_origin_upload_and_download() -> None:
    resources = deployed_with("CorsAllowOrigin", "https://app.example").resources
    [post] = resources["Quarantine"].properties["CorsConfiguration"]["CorsRules"]
    [get] = resources["Attachments"].properties["CorsConfiguration"]["CorsRules"]

    assert (post["AllowedMethods"], post["AllowedOrigins"]) == (["POST"], ["https://app.example"])
    assert post["ExposedHeaders"] == ["ETag"]
    assert (get["AllowedMethods"], get["AllowedOrigins"]) == (["GET", "HEAD"], ["https://app.example"])
    # A player asks for ranges, and reads what it got.
    assert get["AllowedHeaders"] == ["*"]
    assert {"Accept-Ranges", "Content-Range"} <= set(get["ExposedHeaders"])


def test_each_upload_is_told_to_a_queue_to_which_no_other_bucket_writes() -> None:
    bucket, queue = deployed().resources["Quarantine"], deployed().resources["AttachmentScans"]
    configuration = bucket.properties["NotificationConfiguration"]
    [policy] = [one.properties for one in of_type("AWS::SQS::QueuePolicy") if queue.ref in one.properties["Queues"]]
    statements = [one for one in policy["PolicyDocument"]["Statement"] if one["Effect"] == "Allow"]
    [allowed] = [one for one in statements if one["Principal"] == {"Service": "s3.amazonaws.com"}]
    pattern = allowed["Condition"]["ArnLike"]["aws:SourceArn"]
    others = [one.arn for one in of_type("AWS::S3::Bucket") if one is not bucket]

    assert configuration["QueueConfigurations"] == [{"Event": "s3:ObjectCreated:*", "Queue": queue.arn}]
    # GuardDuty turns it on by itself; an update without it would turn it off.
    assert configuration["EventBridgeConfiguration"] == {"EventBridgeEnabled": True}
    assert allowed["Action"] == "sqs:SendMessage"
    assert allowed["Condition"]["StringEquals"] == {"aws:SourceAccount": deployed().place.account}
    assert allowed["Resource"] == queue.arn
    assert matches(pattern, bucket.arn) and not any(matches(pattern, arn) for arn in others)
    # S3 asks the queue when it takes the configuration, so the policy must be there before.
    assert written()["Resources"]["Quarantine"]["DependsOn"] == "AttachmentScansPolicy"


def test_the_results_of_guardduty_about_uploads_reach_the_queue_of_scans() -> None:
    rule, queue = deployed().resources["MalwareResults"], deployed().resources["AttachmentScans"]
    [policy] = [one.properties for one in of_type("AWS::SQS::QueuePolicy") if queue.ref in one.properties["Queues"]]
    statements = [one for one in policy["PolicyDocument"]["Statement"] if one["Effect"] == "Allow"]
    [allowed] = [one for one in statements if one["Principal"] == {"Service": "events.amazonaws.com"}]
    pattern = allowed["Condition"]["ArnLike"]["aws:SourceArn"]
    others = [one.arn for one in of_type("AWS::Events::Rule") if one is not rule]

    assert rule.properties["EventPattern"] == {
        "source": ["aws.guardduty"],
        "detail-type": ["GuardDuty Malware Protection Object Scan Result"],
        "detail": {"s3ObjectDetails": {"bucketName": [deployed().resources["Quarantine"].ref]}},
    }
    assert [target["Arn"] for target in rule.properties["Targets"]] == [queue.arn]
    assert (allowed["Action"], allowed["Resource"]) == ("sqs:SendMessage", queue.arn)
    # CloudFormation puts a random part after the logical id.
    assert matches(pattern, f"{rule.arn}-1A2B3C") and not any(matches(pattern, f"{arn}-1A2B3C") for arn in others)


@pytest.mark.parametrize("value", ["none", "guardduty", "external"])
def test_guardduty_protects_the_uploads_if_the_parameter_says_so(value: str) -> None:
    deployed_so = deployed_with("MalwareScan", value)
    plans = [one for one in deployed_so.resources.values() if one.type == "AWS::GuardDuty::MalwareProtectionPlan"]

    assert environment_of("ScanAttachment", deployed_so)["MALWARE_SCAN"] == value
    assert len(plans) == (value == "guardduty")
    for plan in plans:
        bucket = deployed_so.resources["Quarantine"].ref
        assert plan.properties["ProtectedResource"] == {"S3Bucket": {"BucketName": bucket}}
        assert plan.properties["Role"] == deployed_so.resources["MalwareProtectionRole"].arn


def test_only_the_scanner_reads_uploads_and_has_the_decoders() -> None:
    media, quarantine = deployed().resources[layer("Media")].ref, deployed().resources["Quarantine"].arn
    with_decoders = {name for name in FUNCTIONS if media in deployed().resources[name].properties["Layers"]}
    readers = {
        name
        for name in FUNCTIONS
        for statement in statements(name)
        if statement["Resource"] == f"{quarantine}/*" and "s3:GetObject" in listed(statement["Action"])
    }

    assert with_decoders == readers == {"ScanAttachment"}


def test_an_export_counts_as_dead_when_all_its_tries_are_over() -> None:
    queue = deployed().resources["ExportSteps"].properties
    tries_ms = queue["RedrivePolicy"]["maxReceiveCount"] * queue["VisibilityTimeout"] * 1000

    assert tries_ms < job.STALLED_MS < 2 * tries_ms


def dead_letter_queues() -> set[str]:
    """Returns the queues that something gives up to: a queue, a stream's reader, an asynchronous call, a schedule."""
    text = json.dumps(
        [
            [queue.properties.get("RedrivePolicy") for queue in of_type("AWS::SQS::Queue")],
            [each.properties.get("DestinationConfig") for each in of_type("AWS::Lambda::EventSourceMapping")],
            [each.properties["DestinationConfig"] for each in of_type("AWS::Lambda::EventInvokeConfig")],
            [t.get("DeadLetterConfig") for rule in of_type("AWS::Events::Rule") for t in rule.properties["Targets"]],
        ]
    )
    return {queue.logical_id for queue in of_type("AWS::SQS::Queue") if f'"{queue.arn}"' in text}


@pytest.mark.parametrize("queue", QUEUES)
def test_a_queue_is_encrypted_and_gives_up_to_a_dead_letter_queue_or_is_one(queue: str) -> None:
    properties = deployed().resources[queue].properties

    assert properties["SqsManagedSseEnabled"] is True
    assert ("RedrivePolicy" in properties) != (queue in dead_letter_queues())


def test_every_queue_is_reached_over_tls_only() -> None:
    denied = {
        url
        for policy in of_type("AWS::SQS::QueuePolicy")
        for url in policy.properties["Queues"]
        if any(
            s["Sid"] == "TlsOnly" and s["Effect"] == "Deny" for s in policy.properties["PolicyDocument"]["Statement"]
        )
    }

    assert denied == {queue.ref for queue in of_type("AWS::SQS::Queue")}


@pytest.mark.parametrize("mapping", QUEUE_MAPPINGS)
def test_a_queues_message_stays_hidden_while_it_may_still_be_worked_on(mapping: str) -> None:
    properties = deployed().resources[mapping].properties
    queue = deployed().by_arn(properties["EventSourceArn"])
    [function] = [one for one in of_type("AWS::Lambda::Function") if properties["FunctionName"] in (one.ref, one.arn)]

    # Six times the function's time limit (Lambda developer guide, "Using Lambda with Amazon SQS").
    assert queue.properties["VisibilityTimeout"] >= 6 * function.properties["Timeout"]


# --- background work -------------------------------------------------------------------------------------------------


def readers_of_the_stream() -> dict[str, Resource]:
    """Returns the mappings from the stream of messages, by the function that reads it."""
    mappings = [m for m in of_type("AWS::Lambda::EventSourceMapping") if "StartingPosition" in m.properties]
    return {deployed().by_arn(mapping.properties["FunctionName"]).logical_id: mapping for mapping in mappings}


def test_the_stream_has_no_more_readers_than_it_bears() -> None:
    # No more than two at a shard, or they throttle (DynamoDB developer guide, "Change data capture"). One is ours, so
    # that an application can have the other.
    assert set(readers_of_the_stream()) == {"StartFanOut"}


def test_the_stream_gives_up_a_poisoned_record_and_not_its_shard() -> None:
    properties = readers_of_the_stream()["StartFanOut"].properties

    assert properties["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert properties["BisectBatchOnFunctionError"] is True
    assert 0 < properties["MaximumRetryAttempts"] < 10
    assert 0 < properties["MaximumRecordAgeInSeconds"] < 86_400
    assert properties["DestinationConfig"]["OnFailure"]["Destination"] == deployed().resources["StreamDeadLetters"].arn


def test_the_reader_of_the_stream_gets_messages_and_what_leaves_something_to_do() -> None:
    patterns = readers_of_the_stream()["StartFanOut"].properties["FilterCriteria"]["Filters"]

    wanted = {"kind": {"exists": True}, "errands": {"exists": True}, "outbox": "attachments_released"}
    assert [json.loads(pattern["Pattern"]) for pattern in patterns] == [
        {"eventName": ["INSERT"], "dynamodb": {"NewImage": {attribute: {"S": [value]}}}}
        for attribute, value in wanted.items()
    ]


@pytest.mark.parametrize("mapping", QUEUE_MAPPINGS)
def test_the_queue_gets_back_only_what_failed(mapping: str) -> None:
    assert deployed().resources[mapping].properties["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_schedules_run_every_minute_and_keep_what_failed() -> None:
    rules = [rule for rule in of_type("AWS::Events::Rule") if "EventPattern" not in rule.properties]
    dead_letters = deployed().resources["ScheduleDeadLetters"].arn

    assert {rule.properties["ScheduleExpression"] for rule in rules} == {"rate(1 minute)"}
    assert {deployed().by_arn(target["Arn"]).logical_id for rule in rules for target in rule.properties["Targets"]} == {
        name for name in FUNCTIONS if kind_of(name) == "scheduled"
    }
    for rule in rules:
        [target] = rule.properties["Targets"]
        assert target["DeadLetterConfig"] == {"Arn": dead_letters}
        assert target["RetryPolicy"]["MaximumEventAgeInSeconds"] == 60
    for config in of_type("AWS::Lambda::EventInvokeConfig"):
        assert config.properties["MaximumRetryAttempts"] == 0
        assert config.properties["DestinationConfig"]["OnFailure"]["Destination"] == dead_letters


# --- watching --------------------------------------------------------------------------------------------------------


def watched() -> set[tuple[str, str]]:
    """Returns (metric, physical name) of everything that an alarm looks at; "" where a metric has no dimensions."""
    pairs = set()
    for alarm in of_type("AWS::CloudWatch::Alarm"):
        metrics = [m["MetricStat"]["Metric"] for m in alarm.properties.get("Metrics", []) if "MetricStat" in m]
        for metric in metrics or [alarm.properties]:
            pairs.add((metric["MetricName"], next((d["Value"] for d in metric.get("Dimensions", [])), "")))
    return pairs


@pytest.mark.parametrize("function", [name for name in FUNCTIONS if kind_of(name) in BACKGROUND])
def test_a_function_that_nobody_waits_for_has_an_alarm_on_errors(function: str) -> None:
    assert ("Errors", deployed().resources[function].ref) in watched()


@pytest.mark.parametrize("function", [name for name in FUNCTIONS if kind_of(name) == "scheduled"])
def test_a_sweep_that_does_not_run_rings_an_alarm(function: str) -> None:
    alarms = [each.properties for each in of_type("AWS::CloudWatch::Alarm")]
    own = [
        one
        for one in alarms
        if {"Name": "FunctionName", "Value": deployed().resources[function].ref} in one.get("Dimensions", [])
    ]
    [alarm] = [one for one in own if one["MetricName"] == "Invocations"]

    assert (alarm["ComparisonOperator"], float(alarm["Threshold"])) == ("LessThanThreshold", 1)
    assert (alarm["Statistic"], alarm["TreatMissingData"]) == ("Sum", "breaching")
    assert alarm["Period"] * alarm["DatapointsToAlarm"] <= 300


@pytest.mark.parametrize("queue", sorted(dead_letter_queues()))
def test_a_dead_letter_queue_has_an_alarm_on_its_first_message(queue: str) -> None:
    assert ("ApproximateNumberOfMessagesVisible", deployed().resources[queue].name) in watched()


@pytest.mark.parametrize("table", TABLES)
def test_a_table_has_an_alarm_on_throttled_reads_and_writes(table: str) -> None:
    name = deployed().resources[table].ref

    assert {("ReadThrottleEvents", name), ("WriteThrottleEvents", name)} <= watched()


INDEXES = [
    (table, index["IndexName"])
    for table in TABLES
    for index in deployed().resources[table].properties.get("GlobalSecondaryIndexes", [])
]


@pytest.mark.parametrize(("table", "index"), INDEXES)
@pytest.mark.parametrize("metric", ["ReadThrottleEvents", "WriteThrottleEvents"])
def test_an_index_has_an_alarm_and_a_line_of_the_dashboard_for_what_is_throttled(
    table: str, index: str, metric: str
) -> None:
    of_index = [
        {"Name": "TableName", "Value": deployed().resources[table].ref},
        {"Name": "GlobalSecondaryIndexName", "Value": index},
    ]
    alarmed = [
        part["MetricStat"]["Metric"]
        for alarm in of_type("AWS::CloudWatch::Alarm")
        for part in alarm.properties.get("Metrics", [])
        if "MetricStat" in part
    ]

    # The dimension TableName alone leaves the indexes out (aws-facts.md#dynamodb-limits).
    assert [one for one in alarmed if (one["MetricName"], one["Dimensions"]) == (metric, of_index)]
    dimensions = [text for one in of_index for text in (one["Name"], one["Value"])]
    shown = [line[:6] for widget in widgets() for line in widget["properties"]["metrics"]]
    assert ["AWS/DynamoDB", metric, *dimensions] in shown


def widgets() -> list[dict[str, Any]]:
    [dashboard] = of_type("AWS::CloudWatch::Dashboard")
    found: list[dict[str, Any]] = json.loads(dashboard.properties["DashboardBody"])["widgets"]
    return found


def test_refused_connects_ring_no_alarm_on_errors() -> None:
    # IntegrationError counts what a function answers with 4xx, and $connect answers 401 and 429.
    assert not [one for one in watched() if one[0] == "IntegrationError"]
    assert "ExecutionError" in {metric for metric, _ in watched()}


def test_slow_answers_and_too_many_requests_ring_an_alarm() -> None:
    by_percentile = {
        one.properties["MetricName"]: one.properties["ExtendedStatistic"]
        for one in of_type("AWS::CloudWatch::Alarm")
        if "ExtendedStatistic" in one.properties
    }
    [counted] = [one for one in of_type("AWS::Logs::MetricFilter") if one.logical_id == "TooManyRequests"]

    assert by_percentile == {"Latency": "p99", "IntegrationLatency": "p99"}
    assert counted.properties["LogGroupName"] == deployed().resources["AccessLogs"].ref
    assert counted.properties["FilterPattern"] == '{ $.status = "429" }'  # the access log's status is a text
    for stage in (*of_type("AWS::ApiGateway::Stage"), *of_type("AWS::ApiGatewayV2::Stage")):
        settings = stage.properties.get("AccessLogSetting") or stage.properties["AccessLogSettings"]
        assert '"status": "$context.status"' in settings["Format"]
    assert "TooManyRequests" in {metric for metric, _ in watched()}


def test_metrics_and_dashboard_are_the_stack_s_own() -> None:
    elsewhere = load(TEMPLATE, place=Place(stack="parley-eu", region="eu-central-1"))
    [dashboard] = elsewhere.of_type("AWS::CloudWatch::Dashboard")
    environment = [one.properties["Environment"]["Variables"] for one in elsewhere.of_type("AWS::Lambda::Function")]

    # A dashboard's name is one of the account, for all its regions.
    assert dashboard.properties["DashboardName"] == "parley-eu-eu-central-1"
    assert elsewhere.outputs["DashboardUrl"].endswith("region=eu-central-1#dashboards:name=parley-eu-eu-central-1")
    names = ("POWERTOOLS_METRICS_NAMESPACE", "POWERTOOLS_SERVICE_NAME")
    assert {tuple(one[name] for name in names) for one in environment} == {("parley-eu", "parley-eu")}
    searches = re.findall(r"SEARCH\('(\{.*?\})", json.dumps(json.loads(dashboard.properties["DashboardBody"])))
    # Lambda's own metrics are the account's; a search finds the stack's by how the names of its functions begin.
    assert set(searches) == {'{\\"parley-eu\\",operation,service}', "{AWS/Lambda,FunctionName}"}
    assert 'Invocations "parley-eu_"' in dashboard.properties["DashboardBody"].replace('\\"', '"')


@pytest.mark.parametrize("alarm", ALARMS)
def test_an_alarm_looks_at_no_more_metrics_than_cloudwatch_allows(alarm: str) -> None:
    assert len([m for m in deployed().resources[alarm].properties.get("Metrics", []) if "MetricStat" in m]) <= 10


def test_both_apis_the_stream_and_the_functions_as_a_whole_have_alarms() -> None:
    resources = deployed().resources

    assert {
        ("5XXError", resources["RestApi"].properties["Name"]),
        ("ExecutionError", resources["WebSocketApi"].ref),
        ("WebSocketFaults", ""),
        ("BackgroundFaults", ""),
        ("IteratorAge", resources["StartFanOut"].ref),
        ("Throttles", ""),
    } <= watched()


@pytest.mark.parametrize("alarm", ALARMS)
def test_an_alarm_tells_the_topic_and_is_in_the_handbook(alarm: str) -> None:
    properties = deployed().resources[alarm].properties
    topic = deployed().resources["AlarmTopic"].ref

    assert properties["AlarmActions"] == properties["OKActions"] == [topic]
    # An alarm that waits for too much must not ring when there is nothing; one that waits for too little must.
    waits_for_less = properties["ComparisonOperator"].startswith("LessThan")
    assert properties["TreatMissingData"] == ("breaching" if waits_for_less else "notBreaching")
    assert f"`{alarm}`" in (ROOT / "docs" / "operate" / "watch.md").read_text(encoding="utf-8")


def test_faults_are_counted_by_the_level_that_the_logger_writes() -> None:
    counted = {
        (f.properties["LogGroupName"], f.properties["FilterPattern"]) for f in of_type("AWS::Logs::MetricFilter")
    }
    groups = {deployed().resources[name].ref for name in ("WebSocketLogs", "BackgroundLogs")}

    assert {(group, '{ $.level = "ERROR" }') for group in groups} <= counted
    assert {group for group, pattern in counted if "$.level" in pattern} == groups


def test_the_dashboard_is_json_and_its_widgets_do_not_overlap() -> None:
    [dashboard] = of_type("AWS::CloudWatch::Dashboard")
    widgets = json.loads(dashboard.properties["DashboardBody"])["widgets"]
    cells = [
        (x, y)
        for widget in widgets
        for x in range(widget["x"], widget["x"] + widget["width"])
        for y in range(widget["y"], widget["y"] + widget["height"])
    ]

    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24


# --- parameters and outputs ------------------------------------------------------------------------------------------


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


# --- what the tests above read ---------------------------------------------------------------------------------------


def statements(function: str) -> list[dict[str, Any]]:
    """Returns the statements that stand under a function: those of its role that SAM did not add for its events."""
    policies = deployed().resources[f"{function}Role"].properties.get("Policies", [])
    of_events = ("OnFailure", "EventInvokeConfig")
    return [
        statement
        for policy in policies
        if not any(word in policy["PolicyName"] for word in of_events)
        for statement in policy["PolicyDocument"]["Statement"]
    ]


def environment_of(function: str, template: Template | None = None) -> dict[str, str]:
    variables: dict[str, str] = (template or deployed()).resources[function].properties["Environment"]["Variables"]
    return variables


def globals_environment() -> dict[str, str]:
    """Returns the environment that all functions share: that of one without its own."""
    return environment_of("SendMessage")


def called_by(uri: str) -> Resource:
    """Returns the function that API Gateway calls by the URI of an integration or an authorizer."""
    return deployed().resources[function_of(uri, deployed())]


def invoked_by(role: str, template: Template | None = None) -> str:
    """Returns the pattern of the functions that API Gateway may call in a role."""
    [policy] = (template or deployed()).resources[role].properties["Policies"]
    [statement] = policy["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Action"]) == ("Allow", "lambda:InvokeFunction")
    return str(statement["Resource"])


def test_audit_rows_are_added_and_only_erasure_may_change_them() -> None:
    audit = load(TEMPLATE).resources["Audit"].arn
    allowed: dict[str, set[str]] = {}
    for role in load(TEMPLATE).of_type("AWS::IAM::Role"):
        for policy in role.properties.get("Policies", []):
            for statement in policy["PolicyDocument"]["Statement"]:
                if str(statement.get("Resource")).startswith(audit):
                    for action in listed(statement["Action"]):
                        allowed.setdefault(action, set()).add(role.logical_id)

    assert set(allowed) == {"dynamodb:PutItem", "dynamodb:Query", "dynamodb:Scan", "dynamodb:UpdateItem"}
    assert allowed["dynamodb:UpdateItem"] == {"ErasePersonRole"}


def test_what_the_gateway_answers_by_itself_keeps_browsers_from_guessing_and_from_http() -> None:
    api = next(iter(load(TEMPLATE).of_type("AWS::ApiGateway::RestApi")))
    answers = api.properties["Body"]["x-amazon-apigateway-gateway-responses"]

    assert answers
    for kind, answer in answers.items():
        headers = answer["responseParameters"]
        assert headers["gatewayresponse.header.X-Content-Type-Options"] == "'nosniff'", kind
        assert headers["gatewayresponse.header.Strict-Transport-Security"].startswith("'max-age="), kind


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
