"""template.yaml as CloudFormation would resolve it, and one clear line for what it would refuse."""

from pathlib import Path
from typing import Any

import pytest

from local import template as template_module
from local.template import Place, Template, TemplateError, load

FIXTURE = Path(__file__).parent / "fixture" / "template.yaml"


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "template.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def fixture() -> Template:
    return load(FIXTURE, place=Place(region="eu-central-1", account="111122223333", stack="mine"))


def properties(template: Template, logical_id: str) -> dict[str, Any]:
    return template.resources[logical_id].properties


def test_names_and_arns_tell_of_the_place(fixture: Template) -> None:
    assert fixture.resources["Items"].ref == "mine-Items"
    assert fixture.resources["Items"].arn == "arn:aws:dynamodb:eu-central-1:111122223333:table/mine-Items"
    assert fixture.resources["Files"].ref == "mine-files-111122223333"
    assert fixture.resources["Files"].arn == "arn:aws:s3:::mine-files-111122223333"
    assert fixture.resources["Jobs"].ref.endswith("/111122223333/mine-Jobs")
    assert fixture.resources["Jobs"].name == "mine-Jobs"
    assert fixture.resources["Ordered"].name == "mine-Ordered.fifo"  # SQS refuses another name
    assert fixture.resources["EchoRole"].arn == "arn:aws:iam::111122223333:role/mine-EchoRole"


def test_references_are_resolved(fixture: Template) -> None:
    variables = properties(fixture, "Echo")["Environment"]["Variables"]

    assert variables["ITEMS_TABLE"] == "mine-Items"
    assert variables["JOBS_QUEUE_URL"] == fixture.resources["Jobs"].ref
    assert variables["GREETING"] == "hello"
    api_id = fixture.resources["Sockets"].ref
    assert variables["CONNECTIONS_ENDPOINT"] == f"https://{api_id}.execute-api.eu-central-1.amazonaws.com/v1"
    assert properties(fixture, "Jobs")["RedrivePolicy"]["deadLetterTargetArn"] == fixture.resources["Dead"].arn
    assert fixture.outputs["RestUrl"].endswith(".execute-api.eu-central-1.amazonaws.com/v1")


def test_conditions_choose(fixture: Template) -> None:
    assert "Archive" not in fixture.resources

    other = load(FIXTURE, {"WithArchive": "yes", "Endpoint": "https://chat.example"})
    assert "Archive" in other.resources
    assert properties(other, "Echo")["Environment"]["Variables"]["CONNECTIONS_ENDPOINT"] == "https://chat.example"


def test_an_arn_leads_back_to_its_resource(fixture: Template) -> None:
    items = fixture.resources["Items"]

    assert fixture.by_arn(items.arn) is items
    assert fixture.by_arn(f"{items.arn}/stream/latest") is items
    with pytest.raises(TemplateError, match="nothing in the template"):
        fixture.by_arn("arn:aws:dynamodb:eu-central-1:111122223333:table/other")


def test_functions_of_cloudformation(tmp_path: Path) -> None:
    text = """
    Parameters: {Names: {Type: CommaDelimitedList, Default: "a, b"}, Wish: {Type: String, Default: "yes"}}
    Mappings: {Sizes: {eu: {small: 1}}}
    Conditions:
      Wished: !Equals [!Ref Wish, "yes"]
      Unwished: !Not [!Condition Wished]
      Both: !And [!Condition Wished, !Condition Unwished]
    Resources:
      Queue: {Type: AWS::SQS::Queue, Properties: {QueueName: given}}
      All:
        Type: Custom::Thing
        Properties:
          Join: !Join ["-", [x, !Ref Queue]]
          JoinList: !Join ["+", !Ref Names]
          Select: !Select [1, !Ref Names]
          Split: !Split [",", "p,q"]
          Map: !FindInMap [Sizes, eu, small]
          Sub: !Sub ["${A}/${AWS::AccountId}/${!Literal}/${Queue.QueueName}", {A: !Ref Wish}]
          If: !If [Both, 1, 2]
          Gone: !If [Unwished, x, !Ref AWS::NoValue]
          List: [1, !If [Unwished, x, !Ref AWS::NoValue], 3]
          Long: {"Fn::GetAtt": [Queue, Arn]}
    """
    all_ = properties(load(written(tmp_path, text)), "All")

    assert all_ == {
        "Join": "x-https://sqs.us-east-1.amazonaws.com/000000000000/given",
        "JoinList": "a+b",
        "Select": "b",
        "Split": ["p", "q"],
        "Map": 1,
        "Sub": "yes/000000000000/${Literal}/given",
        "If": 2,
        "List": [1, 3],
        "Long": "arn:aws:sqs:us-east-1:000000000000:given",
    }


QUEUE = "Resources: {Q: {Type: AWS::SQS::Queue, Properties: {QueueName: %s}}}"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Resources:\n  A: [}", "line 2, column 7"),
        ("Resources:\n  A: {Type: X}\n  A: {Type: X}\n", "line 3, column 3: A stands here twice"),
        ("Outputs: {}", "no Resources section"),
        ("- a", "no Resources section"),
        (QUEUE % "!Ref Nobody", "Q refers to Nobody, which the template does not have"),
        (QUEUE % "!GetAtt Nobody.Arn", "Q refers to Nobody"),
        (QUEUE % "!GetAtt Q.Colour", "asks Q for Colour"),
        (QUEUE % "!ImportValue x", "uses Fn::ImportValue"),
        (QUEUE % "!If [Nope, a, b]", "asks for the condition Nope"),
        (QUEUE % "!Select [7, [a]]", "cannot evaluate Fn::Select"),
        (QUEUE % "!Sub '${Nobody}'", "refers to Nobody"),
        (
            "Conditions: {Nope: !Equals [a, b]}\n"
            "Resources:\n  A: {Type: AWS::SQS::Queue, Condition: Nope}\n"
            "  B: {Type: Custom::X, Properties: {Of: !Ref A}}",
            "B refers to A, whose condition is false",
        ),
        ("Parameters: {P: {Type: String}}\nResources: {}", "parameter P has no default"),
        (
            "Parameters: {P: {Type: String, Default: c, AllowedValues: [a, b]}}\nResources: {}",
            "parameter P is 'c', but may be a, b",
        ),
        (
            "Transform: AWS::Serverless-2016-10-31\n"
            "Resources: {F: {Type: AWS::Serverless::Function, Properties: {CodeUri: x}}}",
            "F",
        ),
        ("Transform: AWS::Serverless-2016-10-31\nResources: {F: {Type: AWS::Serverless::Function}}", "F"),
    ],
)
def test_a_broken_template_is_one_clear_line(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(TemplateError) as error:
        load(written(tmp_path, text))

    assert sentence in str(error.value)
    assert "\n" not in str(error.value)
    assert str(error.value).startswith("template.yaml: ")


def test_a_template_that_is_not_there_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="cannot be read"):
        load(tmp_path / "template.yaml")


def test_a_parameter_that_nobody_declared_is_refused() -> None:
    with pytest.raises(TemplateError, match="has no parameter Stagge"):
        load(FIXTURE, {"Stagge": "v1"})


@pytest.mark.parametrize(
    ("parameter", "value", "sentence"),
    [
        ("{Type: Number, Default: 1, MinValue: 1, MaxValue: 10}", "0", "must be at least 1"),
        ("{Type: Number, Default: 1, MinValue: 1, MaxValue: 10}", "11", "must be at most 10"),
        ("{Type: Number, Default: 1}", "many", "must be a whole number"),
        ("{Type: Number, Default: 1}", "1.5", "must be a whole number"),
        ("{Type: Number, Default: 1}", "", "must be a whole number"),
        ("{Type: Number, Default: 1, AllowedValues: [1, 3]}", "2", "may be 1, 3"),
        ("{Type: String, Default: a, AllowedPattern: '[a-z]+'}", "ab1", "must match [a-z]+"),
        ("{Type: String, Default: a, MinLength: 1}", "", "must have at least 1 characters"),
        ("{Type: String, Default: a, MaxLength: 2}", "abc", "must have at most 2 characters"),
        ("{Type: CommaDelimitedList, Default: a, AllowedPattern: '[a-z]'}", "a, b,1", "must match [a-z]"),
        ("{Type: CommaDelimitedList, Default: a, AllowedValues: [a, b]}", "a,c", "may be a, b"),
        ("{Type: List<Number>, Default: 1, MaxValue: 3}", "1,2,4", "must be at most 3"),
    ],
)
def test_a_parameter_outside_its_range_is_refused(tmp_path: Path, parameter: str, value: str, sentence: str) -> None:
    path = written(tmp_path, f"Parameters: {{P: {parameter}}}\nResources: {{Q: {{Type: AWS::SQS::Queue}}}}")
    load(path)  # the default is fine

    with pytest.raises(TemplateError) as error:
        load(path, {"P": value})

    assert str(error.value) == f"template.yaml: the parameter P is {value!r}, but {sentence}"


def test_values_at_the_ends_of_a_range_are_taken(tmp_path: Path) -> None:
    parameter = "{Type: Number, Default: 1, MinValue: -1, MaxValue: 10}"
    path = written(tmp_path, f"Parameters: {{P: {parameter}}}\nResources: {{Q: {{Type: AWS::SQS::Queue}}}}")

    assert [load(path, {"P": value}).parameters["P"] for value in ("-1", "10")] == ["-1", "10"]


def test_a_remembered_translation_is_the_same_and_a_changed_template_is_translated_anew(tmp_path: Path) -> None:
    cache = tmp_path / "cache.json"
    first = load(FIXTURE, cache=cache)

    assert load(FIXTURE, cache=cache) == first
    assert properties(load(FIXTURE, {"Greeting": "hi"}, cache=cache), "Echo")["Environment"]["Variables"][
        "GREETING"
    ] == ("hi")
    cache.write_text("{", encoding="utf-8")
    assert load(FIXTURE, cache=cache) == first


NAMED = """
Parameters: {Queue: {Type: String}, Limit: {Type: Number}, Mode: {Type: String, AllowedValues: ["yes", "no"]}}
Conditions: {IsOn: !Equals [!Ref Mode, "yes"]}
Resources:
  Work:
    Type: AWS::Serverless::Function
    Condition: IsOn
    Properties:
      Handler: work.handler
      Runtime: python3.13
      CodeUri: functions
      Environment: {Variables: {LIMIT: !Ref Limit, PLACE: !Sub "at ${Queue}"}}
      Policies: [SQSSendMessagePolicy: {QueueName: !Ref Queue}]
"""


def test_one_translation_serves_all_values_that_sam_does_not_decide_by(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, made = written(tmp_path, NAMED), list[str]()
    translate = template_module._translate

    def counted(file: str, *given: Any) -> Any:
        made.append(file)
        return translate(file, *given)

    monkeypatch.setattr(template_module, "_translate", counted)
    for queue, limit in (("jobs", "1"), ('a "quoted"\n\\queue', "22")):
        loaded = load(path, {"Queue": queue, "Limit": limit, "Mode": "yes"}, cache=tmp_path / "cache.json")
        assert properties(loaded, "Work")["Environment"]["Variables"] == {"LIMIT": limit, "PLACE": f"at {queue}"}
        [policy] = properties(loaded, "WorkRole")["Policies"]
        resource = policy["PolicyDocument"]["Statement"][0]["Resource"]
        assert resource == f"arn:aws:sqs:us-east-1:000000000000:{queue}"  # SAM writes the name into the policy
    assert made == ["template.yaml"]

    assert "Work" not in load(path, {"Queue": "jobs", "Limit": "1", "Mode": "no"}).resources
    assert made == ["template.yaml"] * 2


def test_a_process_keeps_a_bounded_number_of_translations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(template_module, "_TRANSLATIONS_KEPT", 3)
    for number in range(5):
        load(written(tmp_path, f"Resources: {{Q{number}: {{Type: AWS::SQS::Queue}}}}"))

    assert len(template_module._translations) <= 3 + 1


def test_marks_in_the_place_of_values_do_not_change_what_sam_makes_of_our_stacks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = Path(__file__).parents[2] / "template.yaml"
    given = {"SendBurst": "1000", "RestAddress": "http://127.0.0.1:1", "MailFrom": "a@example.org"}
    marked = load(path, given)
    monkeypatch.setattr(template_module._Translations, "of", lambda _, *given: template_module._translate(*given))

    assert load(path, given) == marked


# --- nested stacks ---------------------------------------------------------------------------------------------------

PARENT = """
Resources:
  Jobs: {Type: AWS::SQS::Queue}
  Inner:
    Type: AWS::Serverless::Application
    Properties: {Location: inner/template.yaml, Parameters: {Name: !Sub "${AWS::StackName}_Work", Queue: !Ref Jobs}}
  Reader:
    Type: AWS::Lambda::EventSourceMapping
    Properties: {EventSourceArn: !GetAtt Jobs.Arn, FunctionName: !GetAtt Inner.Outputs.Arn}
"""
CHILD = """
Parameters: {Name: {Type: String, MaxLength: 12}, Queue: {Type: String}}
Resources:
  Work:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: !Ref Name
      Handler: work.handler
      Runtime: python3.13
      CodeUri: ../functions
      Environment: {Variables: {QUEUE: !Ref Queue}}
  Own: {Type: AWS::SQS::Queue}
Outputs: {Arn: {Value: !GetAtt Work.Arn}}
"""


def nested(tmp_path: Path, parent: str = PARENT, child: str = CHILD) -> Path:
    (tmp_path / "inner").mkdir()
    written(tmp_path / "inner", child)
    return written(tmp_path, parent)


def test_a_nested_stack_gets_its_parameters_and_tells_its_outputs(tmp_path: Path) -> None:
    template = load(nested(tmp_path), cache=tmp_path / "cache.json")
    work = template.resources["Work"]

    assert (work.ref, work.stack, template.resources["Reader"].stack) == ("parley_Work", "Inner", "")
    assert work.properties["Environment"]["Variables"] == {"QUEUE": template.resources["Jobs"].ref}
    assert template.resources["Reader"].properties["FunctionName"] == work.arn
    assert template.by_arn(work.arn) == work
    # Names that nobody gives begin with the nested stack's own, and paths are those of the parent's folder.
    assert template.resources["Own"].ref.endswith("/parley-Inner-Own")
    assert work.properties["Code"]["S3Key"] == "functions"
    assert load(tmp_path / "template.yaml", cache=tmp_path / "cache.json") == template


@pytest.mark.parametrize(
    ("found", "instead", "told"),
    [
        ("Queue: !Ref Jobs", "Other: x", "inner/template.yaml: has no parameter Other"),
        (", Queue: !Ref Jobs", "", "the parameter Queue has no default and was not given"),
        ("_Work", "_FarTooLong", "must have at most 12 characters"),
        ("Outputs.Arn", "Outputs.Arm", "asks Inner for Outputs.Arm, which that stack does not have"),
        ("Reader:", "Work:", "Inner has a resource Work, and so has the rest"),
        ("inner/template.yaml", "inner/other.yaml", "cannot be read"),
    ],
)
def test_what_does_not_fit_a_nested_stack_is_one_clear_line(
    tmp_path: Path, found: str, instead: str, told: str
) -> None:
    with pytest.raises(TemplateError) as error:
        load(nested(tmp_path, PARENT.replace(found, instead)))

    assert told in str(error.value)
