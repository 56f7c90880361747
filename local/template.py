"""Reads template.yaml as CloudFormation does: SAM translated, parameters filled in, every reference resolved.

A nested stack (`AWS::Serverless::Application` with a template of this repository) is read along with its parent: its
parameters are what the parent gives, and its resources are among the parent's, whose logical ids they may not repeat.
"""

import contextlib
import hashlib
import io
import json
import logging
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml

# A CloudFormation document: the template decides its shape, so it stays untyped below this point.
Document = dict[str, Any]

LOCAL_BUCKET = (
    "local"  # SAM accepts code only from S3, so a folder travels through the translation as s3://local/<folder>
)

_NO_VALUE = object()


class TemplateError(Exception):
    """The template cannot be deployed; the message is one sentence for the person who wrote it."""


@dataclass(frozen=True)
class Place:
    """The stack's name, region and account: pseudo parameters and physical names are made of them."""

    region: str = "us-east-1"
    account: str = "000000000000"
    stack: str = "parley"
    queue_url_prefix: str = "https://sqs.us-east-1.amazonaws.com"

    def arn(self, service: str, rest: str) -> str:
        """Returns the ARN of something of ours; IAM and S3 ARNs carry no region, S3's no account either."""
        region = "" if service in ("iam", "s3") else self.region
        account = "" if service == "s3" else self.account
        return f"arn:aws:{service}:{region}:{account}:{rest}"


class Properties(Document):
    """A resource's properties; a missing one raises TemplateError."""

    def __init__(self, logical_id: str, properties: Document) -> None:
        super().__init__(properties)
        self._logical_id = logical_id

    def __missing__(self, name: str) -> Any:
        raise TemplateError(f"{self._logical_id} has no {name}")


@dataclass(frozen=True)
class Resource:
    """One resource, resolved. `ref` is what `Ref` gives (a name, a URL or an id), `arn` what `GetAtt Arn` gives."""

    logical_id: str
    type: str
    properties: Document
    ref: str
    arn: str
    stack: str = ""  # the logical id of the nested stack that it is in

    @property
    def name(self) -> str:
        """The physical name: the last part of the ARN, which for queues is not what `Ref` gives."""
        return re.split("[:/]", self.arn)[-1]


@dataclass(frozen=True)
class Template:
    """A translated template with every reference resolved."""

    path: Path
    place: Place
    parameters: Mapping[str, str]
    resources: Mapping[str, Resource]
    outputs: Mapping[str, str]

    @property
    def root(self) -> Path:
        """The folder that CodeUri and ContentUri are relative to."""
        return self.path.parent

    @cached_property
    def _by_arn(self) -> dict[str, Resource]:
        return {resource.arn: resource for resource in self.resources.values()}

    @cached_property
    def _by_type(self) -> dict[str, list[Resource]]:
        by_type: dict[str, list[Resource]] = {}
        for resource in sorted(self.resources.values(), key=lambda resource: resource.logical_id):
            by_type.setdefault(resource.type, []).append(resource)
        return by_type

    def of_type(self, type_name: str) -> list[Resource]:
        """Returns every resource of a type, by logical id."""
        return list(self._by_type.get(type_name, ()))

    def by_arn(self, arn: str) -> Resource:
        """Returns the resource of an ARN; a stream's ARN leads to its table."""
        arn = arn.split("/stream/")[0]
        if resource := self._by_arn.get(arn):
            return resource
        raise TemplateError(f"{self.path.name}: nothing in the template has the ARN {arn}")


def load(
    path: Path, parameters: Mapping[str, str] | None = None, place: Place | None = None, cache: Path | None = None
) -> Template:
    """Returns the template at `path` as if deployed; raises TemplateError with a sentence that says why not.

    `cache` is a file with the last translation by SAM, which takes 1 s, most of it to import.
    """
    translations = _Translations(cache)
    template = _resolver(path, path.name, parameters or {}, place or Place(), translations).template()
    translations.keep()
    return template


# The translations that this process has made, by their keys: JSON, because a resolved document is changed.
_translations: dict[str, str] = {}
_TRANSLATIONS_KEPT = 100  # a load needs 15


def _resolver(
    path: Path, file: str, parameters: Mapping[str, str], place: Place, translations: "_Translations"
) -> "_Resolver":
    document = parse(path)
    values = _parameter_values(file, document, parameters)
    translated = translations.of(file, document, values, place)
    return _Resolver(path, file, translated, values, place, translations)


class _Translations:
    """SAM's translations of templates; `cache` keeps the latest ones.

    SAM decides by a parameter only if that has a choice of values. All others stay references, but one that a policy
    template names. So a translation has marks in their place, and serves whatever values they are given.
    """

    def __init__(self, cache: Path | None) -> None:
        self._cache = cache
        self._remembered: dict[str, str] = {}
        self._asked: dict[str, str] = {}
        with contextlib.suppress(OSError, ValueError):
            self._remembered = dict(json.loads(cache.read_text(encoding="utf-8"))) if cache else {}

    def of(self, file: str, document: Document, values: Mapping[str, str], place: Place) -> Document:
        marks = {name: f"\u27e8{name}\u27e9" for name in values if "AllowedValues" not in document["Parameters"][name]}
        marked = {**values, **marks}
        asked = json.dumps([file, document, marked, place.region, version("aws-sam-translator")])
        key = hashlib.sha256(asked.encode()).hexdigest()
        found = self._remembered.get(key) or _translations.get(key)
        if found is None:
            found = json.dumps(_translate(file, document, marked, place), ensure_ascii=False)
        self._asked[key] = found
        for name, mark in marks.items():
            if mark in found:
                found = found.replace(mark, json.dumps(values[name])[1:-1])
        return dict(json.loads(found))

    def keep(self) -> None:
        while len(_translations) > _TRANSLATIONS_KEPT:
            del _translations[next(iter(_translations))]
        _translations.update(self._asked)
        if self._cache and self._asked.keys() - self._remembered.keys():
            self._cache.write_text(json.dumps(self._asked), encoding="utf-8")


# --- YAML ------------------------------------------------------------------------------------------------------------


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # libyaml is five times as fast
    """YAML with CloudFormation's short forms (`!Ref x` is `{Ref: x}`); a key twice is an error, not the last one."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key.value} stands here twice", key.start_mark)
            seen.add(key.value)
        mapping: dict[Any, Any] = super().construct_mapping(node, deep)
        return mapping


def _short_form(loader: _Loader, tag: str, node: yaml.Node) -> Document:
    name = tag if tag in ("Ref", "Condition") else f"Fn::{tag}"
    if isinstance(node, yaml.ScalarNode):
        text = loader.construct_scalar(node)
        return {name: text.split(".", 1) if tag == "GetAtt" else text}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    assert isinstance(node, yaml.MappingNode)
    return {name: loader.construct_mapping(node, deep=True)}


_Loader.add_multi_constructor("!", _short_form)


def parse(path: Path) -> Document:
    """Returns a template as it is written, with the long forms of functions; raises TemplateError."""
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), _Loader)  # a SafeLoader: it builds plain values only
    except (OSError, UnicodeDecodeError) as problem:
        raise TemplateError(f"{path}: cannot be read ({problem.__class__.__name__})") from problem
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise TemplateError(f"{path.name}: {where}{problem.problem}") from problem
    except yaml.YAMLError as problem:
        raise TemplateError(f"{path.name}: {' '.join(str(problem).split())}") from problem
    if not isinstance(document, dict) or not isinstance(document.get("Resources"), dict):
        raise TemplateError(f"{path.name}: there is no Resources section")
    return document


def _parameter_values(file: str, document: Document, given: Mapping[str, str]) -> dict[str, str]:
    declared = document.get("Parameters") or {}
    for name in given:
        if name not in declared:
            raise TemplateError(f"{file}: has no parameter {name}")
    values = {}
    for name, parameter in declared.items():
        if name not in given and "Default" not in parameter:
            raise TemplateError(f"{file}: the parameter {name} has no default and was not given")
        values[name] = str(given.get(name, parameter.get("Default")))
        if wrong := _wrong_with(values[name], parameter):
            raise TemplateError(f"{file}: the parameter {name} is {values[name]!r}, but {wrong}")
    return values


def _wrong_with(text: str, parameter: Document) -> str | None:
    """Returns CloudFormation's objection to a parameter's value (user guide, "Parameters section syntax")."""
    kind = str(parameter.get("Type", "String"))
    each = [part.strip() for part in text.split(",")] if kind.startswith(("CommaDelimited", "List<")) else [text]
    allowed = [str(value) for value in parameter.get("AllowedValues", [])]
    pattern = parameter.get("AllowedPattern")
    if allowed and not set(each) <= set(allowed):
        return f"may be {', '.join(allowed)}"
    if pattern and not all(re.fullmatch(pattern, value) for value in each):
        return f"must match {pattern}"
    if "Number" in kind:
        return next(filter(None, (_wrong_with_number(value, parameter) for value in each)), None)
    if len(text) < int(parameter.get("MinLength", 0)):
        return f"must have at least {parameter['MinLength']} characters"
    if len(text) > int(parameter.get("MaxLength", len(text))):
        return f"must have at most {parameter['MaxLength']} characters"
    return None


def _wrong_with_number(text: str, parameter: Document) -> str | None:
    # CloudFormation takes fractions too; what reads these parameters takes whole numbers only.
    if not re.fullmatch("-?[0-9]+", text):
        return "must be a whole number"
    if int(text) < int(parameter.get("MinValue", text)):
        return f"must be at least {parameter['MinValue']}"
    if int(text) > int(parameter.get("MaxValue", text)):
        return f"must be at most {parameter['MaxValue']}"
    return None


# --- SAM -------------------------------------------------------------------------------------------------------------


class _NoManagedPolicies:
    """Keeps the names of AWS's managed policies: nothing local asks IAM for the list."""

    def load(self) -> dict[str, str]:
        return {}


def _translate(file: str, document: Document, values: Mapping[str, str], place: Place) -> Document:
    # samtranslator takes 1 s to import, so only a translation imports it; it also prints about feature flags.
    from samtranslator.model.exceptions import InvalidDocumentException
    from samtranslator.translator.transform import transform

    logging.getLogger("samtranslator").setLevel(logging.ERROR)
    os.environ.setdefault("AWS_DEFAULT_REGION", place.region)
    _point_code_at_s3(document, Path(file).parent)
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            translated: Document = transform(document, dict(values), _NoManagedPolicies())
    except InvalidDocumentException as problem:
        causes = "; ".join(str(cause.message) for cause in problem.causes)
        raise TemplateError(f"{file}: {' '.join(causes.split())}") from problem
    except (AttributeError, KeyError, TypeError, ValueError) as problem:
        # The translator expects a shape that no schema checked; its exceptions are still the template's fault.
        raise TemplateError(f"{file}: SAM cannot translate it ({type(problem).__name__}: {problem})") from problem
    return translated


def _point_code_at_s3(node: object, folder: Path) -> None:
    """Makes addresses in S3 of paths, which are relative to the folder of their template."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("CodeUri", "ContentUri") and isinstance(value, str) and not value.startswith("s3://"):
                node[key] = f"s3://{LOCAL_BUCKET}/{os.path.normpath(folder / value)}"
            else:
                _point_code_at_s3(value, folder)
    elif isinstance(node, list):
        for value in node:
            _point_code_at_s3(value, folder)


# --- references ------------------------------------------------------------------------------------------------------

# type: (the property with the physical name, the service of the ARN, the part before the name in the ARN)
_NAMED = {
    "AWS::DynamoDB::Table": ("TableName", "dynamodb", "table/"),
    "AWS::S3::Bucket": ("BucketName", "s3", ""),
    "AWS::SQS::Queue": ("QueueName", "sqs", ""),
    "AWS::SNS::Topic": ("TopicName", "sns", ""),
    "AWS::Lambda::Function": ("FunctionName", "lambda", "function:"),
    "AWS::Lambda::LayerVersion": ("LayerName", "lambda", "layer:"),
    "AWS::IAM::Role": ("RoleName", "iam", "role/"),
    "AWS::SecretsManager::Secret": ("Name", "secretsmanager", "secret:"),
    "AWS::Logs::LogGroup": ("LogGroupName", "logs", "log-group:"),
    "AWS::Events::Rule": ("Name", "events", "rule/"),
    "AWS::Scheduler::Schedule": ("Name", "scheduler", "schedule/default/"),
    "AWS::CloudWatch::Alarm": ("AlarmName", "cloudwatch", "alarm:"),
    "AWS::ApiGateway::Stage": ("StageName", "apigateway", "stages/"),
    "AWS::ApiGatewayV2::Stage": ("StageName", "apigateway", "stages/"),
}
_REF_IS_ARN = {"AWS::SNS::Topic", "AWS::SecretsManager::Secret", "AWS::Lambda::LayerVersion"}
_REF_IS_ID = {"AWS::ApiGateway::RestApi", "AWS::ApiGatewayV2::Api"}
_NESTED = "AWS::CloudFormation::Stack"
LATEST_STREAM = "latest"  # a real label is the stream's creation time, unknown before the table exists


class _Resolver:
    """CloudFormation's functions over one translated document; references are resolved on demand."""

    def __init__(
        self,
        path: Path,
        file: str,
        document: Document,
        values: Mapping[str, str],
        place: Place,
        translations: _Translations,
    ) -> None:
        self.path = path
        self.file = file  # the path as the root template names it
        self.translations = translations
        self.nested: dict[str, Template] = {}
        self.document = document
        self.values = values
        self.place = place
        self.raw: dict[str, Document] = document["Resources"]
        self.where = "the template"
        self.pseudo = {
            "AWS::Region": place.region,
            "AWS::AccountId": place.account,
            "AWS::Partition": "aws",
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::StackName": place.stack,
            "AWS::StackId": place.arn("cloudformation", f"stack/{place.stack}/local"),
        }
        self.functions: dict[str, Callable[[Any], Any]] = {
            "Ref": self.ref,
            "Condition": self.condition,
            "Fn::GetAtt": self.get_att,
            "Fn::Sub": self.sub,
            "Fn::Join": lambda a: str(self(a[0])).join(str(each) for each in self(a[1])),
            "Fn::Split": lambda a: str(self(a[1])).split(str(self(a[0]))),
            "Fn::Select": lambda a: self(a[1])[int(self(a[0]))],
            "Fn::If": lambda a: self(a[1] if self.condition(a[0]) else a[2]),
            "Fn::Equals": lambda a: str(self(a[0])) == str(self(a[1])),
            "Fn::And": lambda a: all(self(each) for each in a),
            "Fn::Or": lambda a: any(self(each) for each in a),
            "Fn::Not": lambda a: not self(a[0]),
            "Fn::FindInMap": self.find_in_map,
        }

    def template(self) -> Template:
        resources = {name: self.resource(name) for name in self.raw if self.exists(name)}
        for stack in [name for name, each in resources.items() if each.type == _NESTED]:
            inner = self.child(stack).resources
            for twice in sorted(inner.keys() & resources.keys()):
                raise TemplateError(f"{self.file}: {stack} has a resource {twice}, and so has the rest")
            resources |= {name: replace(each, stack=stack) for name, each in inner.items()}
        self.where = "Outputs"
        outputs = {
            name: str(self(output["Value"]))
            for name, output in (self.document.get("Outputs") or {}).items()
            if "Condition" not in output or self.condition(output["Condition"])
        }
        return Template(self.path, self.place, self.values, resources, outputs)

    def resource(self, logical_id: str) -> Resource:
        self.where = logical_id
        raw = self.raw[logical_id]
        properties = Properties(logical_id, self(raw.get("Properties") or {}))
        return Resource(logical_id, str(raw["Type"]), properties, self.ref(logical_id), self.arn(logical_id))

    def child(self, logical_id: str) -> Template:
        """Returns a nested stack, deployed with the parameters that this template gives it."""
        if logical_id not in self.nested:
            properties = self.known(logical_id)["Properties"]
            location = str(properties["TemplateURL"])
            given = {name: str(self(value)) for name, value in (properties.get("Parameters") or {}).items()}
            place = replace(self.place, stack=f"{self.place.stack}-{logical_id}")
            path = self.path.parent / location
            self.nested[logical_id] = _resolver(path, location, given, place, self.translations).template()
        return self.nested[logical_id]

    def exists(self, logical_id: str) -> bool:
        condition = self.raw[logical_id].get("Condition")
        return condition is None or self.condition(condition)

    def __call__(self, node: Any) -> Any:
        """Returns `node` with every function in it evaluated and every AWS::NoValue left out."""
        if isinstance(node, list):
            return [value for value in map(self, node) if value is not _NO_VALUE]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            [(key, argument)] = node.items()
            if key in self.functions and not (key == "Condition" and isinstance(argument, dict)):
                try:
                    return self.functions[key](argument)
                except (IndexError, KeyError, TypeError, ValueError) as problem:
                    raise self.error(f"cannot evaluate {key} of {argument!r}") from problem
            if key.startswith("Fn::"):
                raise self.error(f"uses {key}, which the local stack does not know")
        resolved = {key: self(value) for key, value in node.items()}
        return {key: value for key, value in resolved.items() if value is not _NO_VALUE}

    def error(self, sentence: str) -> TemplateError:
        return TemplateError(f"{self.file}: {self.where} {sentence}")

    def condition(self, name: str) -> bool:
        conditions = self.document.get("Conditions") or {}
        if name not in conditions:
            raise self.error(f"asks for the condition {name}, which the template does not define")
        return bool(self(conditions[name]))

    def find_in_map(self, argument: list[Any]) -> Any:
        name, top, second = (self(each) for each in argument[:3])
        return self.document["Mappings"][name][top][second]

    def sub(self, argument: Any) -> str:
        text, variables = (argument, {}) if isinstance(argument, str) else (argument[0], argument[1])

        def value(match: re.Match[str]) -> str:
            name = match[1].strip()
            if name.startswith("!"):
                return "${" + name[1:] + "}"
            if name in variables:
                return str(self(variables[name]))
            if "." in name:
                return str(self.get_att(name.split(".", 1)))
            return str(self.ref(name))

        return re.sub(r"\$\{([^{}]+)\}", value, text)

    def ref(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return _NO_VALUE
        if name in self.pseudo:
            return self.pseudo[name]
        if name in self.values:
            return self.parameter(name)
        kind = self.known(name)["Type"]
        if kind == "AWS::SQS::Queue":
            return f"{self.place.queue_url_prefix}/{self.place.account}/{self.name(name)}"
        if kind in _REF_IS_ARN:
            return self.arn(name)
        if kind in _REF_IS_ID:
            return hashlib.sha256(name.encode()).hexdigest()[:10]
        return self.name(name)

    def parameter(self, name: str) -> Any:
        kind = self.document["Parameters"][name]["Type"]
        value = self.values[name]
        return [each.strip() for each in value.split(",")] if kind.startswith(("CommaDelimited", "List<")) else value

    def known(self, name: str) -> Document:
        if name not in self.raw:
            raise self.error(f"refers to {name}, which the template does not have")
        if not self.exists(name):
            raise self.error(f"refers to {name}, whose condition is false")
        return self.raw[name]

    def name(self, logical_id: str) -> str:
        raw = self.known(logical_id)
        if raw["Type"] not in _NAMED:
            return logical_id
        given = self((raw.get("Properties") or {}).get(_NAMED[raw["Type"]][0], _NO_VALUE))
        if given is not _NO_VALUE:
            return str(given)
        if raw["Type"] == "AWS::S3::Bucket":  # one name space for the world, and lower case only
            return f"{self.place.stack}-{logical_id}-{self.place.account}".lower()
        if (raw.get("Properties") or {}).get("FifoQueue"):  # CloudFormation ends the name that it makes as SQS asks
            return f"{self.place.stack}-{logical_id}.fifo"
        return f"{self.place.stack}-{logical_id}"

    def arn(self, logical_id: str) -> str:
        kind = self.known(logical_id)["Type"]
        if kind not in _NAMED:
            return self.place.arn(kind.split("::")[1].lower(), f"{kind.split('::')[-1].lower()}/{self.ref(logical_id)}")
        _, service, prefix = _NAMED[kind]
        return self.place.arn(service, prefix + self.name(logical_id))

    def get_att(self, argument: Any) -> str:
        logical_id, attribute = argument.split(".", 1) if isinstance(argument, str) else argument
        kind = self.known(logical_id)["Type"]
        if kind == _NESTED:
            return self.output(logical_id, attribute)
        match attribute:
            case "Arn":
                return self.arn(logical_id) + (":*" if kind == "AWS::Logs::LogGroup" else "")
            case "StreamArn" if kind == "AWS::DynamoDB::Table":
                return f"{self.arn(logical_id)}/stream/{LATEST_STREAM}"
            case "QueueUrl" if kind == "AWS::SQS::Queue":
                return str(self.ref(logical_id))
            case "QueueName" | "TopicName" if kind in _NAMED:
                return self.name(logical_id)
        if kind in ("AWS::DynamoDB::Table", "AWS::SQS::Queue", "AWS::Lambda::Function"):
            raise self.error(f"asks {logical_id} for {attribute}, which {kind} does not have")
        return f"{logical_id}.{attribute}"

    def output(self, stack: str, attribute: str) -> str:
        outputs, name = self.child(stack).outputs, attribute.removeprefix("Outputs.")
        if name not in outputs:
            raise self.error(f"asks {stack} for {attribute}, which that stack does not have")
        return outputs[name]
