"""Tools check template.yaml: `python -m tests.template.gate` asks each of them, test_gate.py holds them to it.

`sam validate --lint` calls some broken templates valid (a policy template misspelt, a GetAtt in an event that leads
nowhere), so cfn-lint also reads what SAM makes of the template.
"""

import contextlib
import io
import json
import logging
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

from tests.template import source

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "template.yaml"
REGION = "us-east-1"
MANAGED_POLICIES = "arn:aws:iam::aws:policy/service-role/"


class Verdict(NamedTuple):
    """The answer of a tool; `passed` is its exit status, `said` all that it wrote."""

    passed: bool
    said: str


class ManagedPolicies:
    """The names of AWS's managed policies as ARNs, without asking IAM for the list."""

    def load(self) -> dict[str, str]:
        names = ("AWSLambdaBasicExecutionRole", "AWSLambdaDynamoDBExecutionRole", "AWSLambdaSQSQueueExecutionRole")
        return {
            **{name: MANAGED_POLICIES + name for name in names},
            "AWSXRayDaemonWriteAccess": "arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess",
        }


def templates() -> list[Path]:
    """Returns template.yaml and the templates of its nested stacks."""
    return [TEMPLATE, *source.stacks().values()]


def translated(template: Path = TEMPLATE) -> dict[str, Any]:
    """Returns the CloudFormation template that SAM makes of `template`, references unresolved."""
    logging.getLogger("samtranslator").setLevel(logging.ERROR)
    os.environ.setdefault("AWS_DEFAULT_REGION", REGION)
    document = yaml_parse(template.read_text(encoding="utf-8"))
    # SAM takes code from S3 only; `sam deploy` would have put it there.
    if "Globals" in document:
        document["Globals"]["Function"]["CodeUri"] = "s3://bucket/functions"
    for resource in document["Resources"].values():
        if resource["Type"] == "AWS::Serverless::LayerVersion":
            resource["Properties"]["ContentUri"] = "s3://bucket/layer"
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        result: dict[str, Any] = transform(document, {"AWS::Region": REGION}, ManagedPolicies())
    return result


def run(venv: str, tool: str, *arguments: str) -> Verdict:
    """Returns what a tool of one of our virtual environments answers; a tool that is not there has not passed."""
    path = ROOT / venv / "bin" / tool
    if not path.exists():
        return Verdict(False, f"there is no {venv}/bin/{tool}: make setup")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    done = subprocess.run(
        [path, *arguments],
        cwd=ROOT,
        env={**environment, "SAM_CLI_TELEMETRY": "0", "LOG_LEVEL": "WARNING"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )
    return Verdict(done.returncode == 0, done.stdout)


def sam_validate() -> Verdict:
    # samconfig.toml, for people, has it lint, which it does instead and not besides.
    return run(".venv-sam", "sam", "validate", "--config-env", "none", "--region", REGION, "--template", str(TEMPLATE))


def sam_validate_lint() -> Verdict:
    return run(".venv-sam", "sam", "validate", "--lint", "--region", REGION, "--template", str(TEMPLATE))


def cfn_lint_of_the_nested_stacks() -> Verdict:
    nested = [str(path) for path in source.stacks().values()]
    return run(".venv-sam", "cfn-lint", "--regions", REGION, "--", *nested)


def cfn_lint_of_the_translated_templates() -> Verdict:
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / template.relative_to(ROOT) for template in templates()]
        for path, template in zip(paths, templates(), strict=True):
            path.parent.mkdir(exist_ok=True)
            path.write_text(json.dumps(translated(template)), encoding="utf-8")
        # W3002 says that a path as the address of a nested stack needs packaging, which `sam deploy` does.
        only = ("--regions", REGION, "--ignore-checks", "W3002", "--")
        return run(".venv-sam", "cfn-lint", *only, *(str(path) for path in paths))


def checkov() -> Verdict:
    files = [str(path) for path in templates()]
    return run(".venv-checkov", "checkov", "--file", *files, "--config-file", str(ROOT / ".checkov.yaml"))


STEPS: tuple[Callable[[], Verdict], ...] = (
    sam_validate,
    sam_validate_lint,
    cfn_lint_of_the_nested_stacks,
    cfn_lint_of_the_translated_templates,
    checkov,
)


def main() -> int:
    """Prints one line for each step, and what a step said that did not pass; returns how many did not."""
    failed = 0
    for step in STEPS:
        start_s = time.monotonic()
        verdict = step()
        outcome = "clean" if verdict.passed else "NOT CLEAN"
        print(f"{step.__name__.replace('_', ' ')}: {outcome} ({time.monotonic() - start_s:.1f} s)", flush=True)
        if not verdict.passed:
            print(verdict.said, file=sys.stderr)
            failed += 1
    return failed


if __name__ == "__main__":
    sys.exit(main())
