"""The last release, deployed and used; then this version, deployed over it: everything is still there and goes on.

Templates and code of the last release are kept in its folder (`releases/`).
"""

import json
import shutil
import tarfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.cloud import (
    ACCOUNT,
    PARAMETERS,
    ROOT,
    SECRET,
    STACK,
    Cloud,
    Deployment,
    Person,
    administrator,
    buildable,
    for_ministack,
    overrides,
    sam,
    until,
)
from tests.e2e.flat import flattened
from tests.template.upgrades import LASTING, last_release

Json = dict[str, Any]


class Upgrade:
    """Two builds, and a cloud to deploy them onto, one over the other."""

    def __init__(self, released: Path, this: Path, cloud: Cloud) -> None:
        self.endpoint_url = cloud.endpoint_url
        self._released = released
        self._this = this
        self.cloudformation = administrator(cloud.endpoint_url, "cloudformation")
        secret = administrator(cloud.endpoint_url, "secretsmanager").create_secret(Name="key", SecretString=SECRET)
        self._parameters = {**PARAMETERS, "JwtSecretArn": secret["ARN"]}

    def before(self) -> Deployment:
        """Deploys the last release."""
        return self._deploy(self._released)

    def after(self, meanwhile: Callable[[], object]) -> Deployment:
        """Deploys this version over it, by the change set that is there; does `meanwhile` until it is over."""
        changes = {"StackName": STACK, "ChangeSetName": self._waiting()}
        with ThreadPoolExecutor(1) as deployer:  # ministack answers when all is done
            deploying = deployer.submit(lambda: self.cloudformation.execute_change_set(**changes))
            while not deploying.done():
                meanwhile()
            deploying.result()
        self.cloudformation.get_waiter("stack_update_complete").wait(StackName=STACK, WaiterConfig={"Delay": 1})
        return Deployment(self.endpoint_url, self._template)

    def changes(self) -> list[Json]:
        """Makes the change set, and returns what it would do to each resource."""
        self.key = administrator(self.endpoint_url, "kms").create_key()["KeyMetadata"]["Arn"]
        self._parameters["KmsKeyArn"] = self.key
        self._deploy(self._this, "--no-execute-changeset")
        describe = self.cloudformation.get_paginator("describe_change_set")
        pages = describe.paginate(StackName=STACK, ChangeSetName=self._waiting())
        return [change["ResourceChange"] for page in pages for change in page["Changes"]]

    def _waiting(self) -> str:
        """Returns the id of the change set that nobody has executed yet."""
        made = self.cloudformation.list_change_sets(StackName=STACK)["Summaries"]
        [waiting] = [each["ChangeSetId"] for each in made if each["ExecutionStatus"] == "AVAILABLE"]
        return str(waiting)

    def _deploy(self, build: Path, *more: str) -> Deployment:
        self._template = for_ministack(flattened(build), self.endpoint_url)
        path = build / "ministack.json"
        path.write_text(json.dumps(self._template), encoding="utf-8")
        sam(
            "deploy",
            *("--template-file", str(path), "--stack-name", STACK, "--region", "us-east-1", "--resolve-s3", *more),
            *("--capabilities", "CAPABILITY_IAM", "--no-confirm-changeset", "--no-progressbar"),
            *overrides(self._parameters),
            endpoint_url=self.endpoint_url,
        )
        return Deployment(self.endpoint_url, self._template)


@pytest.fixture
def upgrade(tmp_path: Path) -> Iterator[Upgrade]:
    release = tmp_path / "release"
    with tarfile.open(last_release() / "code.tar.xz") as code:
        code.extractall(release, filter="data")
    shutil.copytree(
        last_release(), release, dirs_exist_ok=True
    )  # its template, with its nested stacks once it has some
    released, this = build(tmp_path / "released", release), build(tmp_path / "this", buildable(tmp_path / "source"))
    cloud = Cloud(ROOT, account=ACCOUNT, guarded=False)
    with cloud:
        yield Upgrade(released, this, cloud)


def build(folder: Path, source: Path) -> Path:
    """Returns the folder with what SAM builds of a template and of the code beside it."""
    cache = folder.with_name(f"{folder.name}-cache")
    places = ("--template-file", str(source / "template.yaml"), "--build-dir", str(folder), "--cache-dir", str(cache))
    sam("build", *places, *overrides(PARAMETERS))
    return folder


def lasting(deployment: Deployment) -> dict[str, str]:
    """Returns the physical ids of what must never be made again.

    ministack makes a REST API again when its document changes, which CloudFormation updates; a layer is always new.
    """
    kinds = LASTING.keys() - {"AWS::ApiGateway::RestApi", "AWS::Lambda::LayerVersion"}
    wanted = {name for name, each in deployment.template["Resources"].items() if each["Type"] in kinds}
    return {name: deployment.ids[name] for name in wanted & deployment.ids.keys()}


def use(alice: Person, bob: Person) -> list[str]:
    """Lets two people talk; returns the paths that show what came of it."""
    first = alice.ask("POST", "/messages", {"user_id": "bob", "text": "Hello, Bob"})
    conversation_id = first["conversation_id"]
    answer = bob.ask(
        "POST", f"/conversations/{conversation_id}/messages", {"text": "Hello, Alice", "reply_to": first["id"]}
    )
    alice.ask("PUT", f"/messages/{answer['id']}/reactions/%F0%9F%91%8D")
    bob.ask("PATCH", f"/messages/{answer['id']}", {"text": "Hello, dear Alice"})
    bob.ask("PATCH", f"/messages/{first['id']}/read")
    alice.ask("PUT", f"/messages/{first['id']}/pin")
    group = alice.ask("POST", "/conversations", {"type": "group", "title": "Chess", "member_ids": ["bob"]})["id"]
    bob.ask("POST", f"/conversations/{group}/messages", {"text": "Your move"})
    bob.ask("PUT", "/users/carol/block")
    bob.ask("POST", f"/messages/{first['id']}/report", {"reason": "spam"})
    export = alice.ask("POST", f"/conversations/{conversation_id}/export", {"format": "jsonl"})
    until(lambda: alice.ask("GET", f"/exports/{export['id']}")["state"] == "done")

    return [
        "/conversations",
        "/unread",
        "/unread-count",
        "/me/blocks",
        f"/conversations/{conversation_id}/messages",
        f"/conversations/{conversation_id}/pins",
        f"/conversations/{group}/messages",
        f"/conversations/{group}/members",
        f"/messages/{first['id']}/receipts",
        f"/exports/{export['id']}",
    ]


def seen(deployment: Deployment, paths: list[str]) -> Json:
    """Returns what the two get there."""
    answers: Json = {}
    for user_id in ("alice", "bob"):
        person = Person(deployment, user_id)
        for path in paths:
            if user_id == "alice" or not path.startswith("/exports/"):  # which is hers
                answer = person.ask("GET", path)
                for made_anew in ("url", "url_expires_at"):
                    answer.pop(made_anew, None)
                answers[f"{user_id} {path}"] = answer
        person.leave()
    return answers


def cut_to(old: Any, new: Any) -> Any:
    """Returns `new` with the fields and the words (capabilities) of `old`: a newer version may answer with more."""
    if isinstance(old, dict) and isinstance(new, dict):
        return {name: cut_to(old.get(name), value) for name, value in new.items() if name in old}
    if isinstance(old, list) and isinstance(new, list) and all(isinstance(each, str) for each in [*old, *new]):
        return [word for word in new if word in old]
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return [cut_to(*both) for both in zip(old, new, strict=True)]
    return new


def test_the_last_release_is_updated_to_this_one_and_nothing_is_lost(upgrade: Upgrade) -> None:
    released = upgrade.before()
    alice, bob = Person(released, "alice"), Person(released, "bob")
    for person in (alice, bob):
        person.connect_by_ticket()
    paths = use(alice, bob)
    before = seen(released, paths)

    changes = upgrade.changes()
    lost = [each for each in changes if each["Action"] == "Remove" or each.get("Replacement") == "True"]
    assert not {each["LogicalResourceId"] for each in lost} & lasting(released).keys()

    # People are served all the while: old functions go when nothing names them any more.
    served: list[Json] = []
    updated = upgrade.after(meanwhile=lambda: served.append(alice.act("ping")))
    assert served
    # The stream's reader keeps its place, and does nothing twice.
    assert updated.ids["HandOutErrandsMessages"] == released.ids["HandOutErrandsMessages"]
    assert lasting(updated).items() >= lasting(released).items()
    assert cut_to(before, seen(updated, paths)) == before
    # A parameter has changed as well: what holds data is under a key of the deployer's own now.
    sqs = updated.client("sqs")
    queue = sqs.get_queue_attributes(QueueUrl=updated.ids["Deliveries"], AttributeNames=["KmsMasterKeyId"])
    assert queue["Attributes"] == {"KmsMasterKeyId": upgrade.key}

    # Sockets that were open stay open, and conversations go on where they were.
    conversation_id = before["alice /conversations"]["conversations"][-1]["id"]
    sent = alice.act("send_message", conversation_id=conversation_id, text="Still here")
    assert (sent["seq"], sent["replayed"]) == (3, False)
    assert bob.hears("message_notification")["message"]["id"]
    for person in (alice, bob):
        person.leave()
