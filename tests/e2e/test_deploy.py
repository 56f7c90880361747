"""template.yaml deploys, every function does its work there under its own role, and it is updated and deleted.

`sam build` and `sam deploy` onto ministack (`tests/e2e/cloud.py`).
"""

import copy
import json
import re
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote
from uuid import uuid4

import httpx
import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests import media_files
from tests.e2e.cloud import (
    ACCOUNT,
    PARAMETERS,
    PATIENCE_S,
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
    signed,
    until,
)
from tests.e2e.flat import flattened
from tests.functional.push_devices import browser

SDP = "v=0\r\no=- 4611 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Stack"]:
    folder = tmp_path_factory.mktemp("deploy")
    build = folder / "build"
    # Before the server starts, for it would wait idle.
    template = buildable(folder / "source") / "template.yaml"
    places = ("--template-file", str(template), "--build-dir", str(build), "--cache-dir", str(folder / "cache"))
    sam("build", *places, *overrides(PARAMETERS))
    with Cloud(ROOT, account=ACCOUNT, guarded=False) as cloud:
        secrets = administrator(cloud.endpoint_url, "secretsmanager")
        secret_arns = {
            # `Ref` of a secret is its name there, not its ARN, so the secret that the stack would make is given to it.
            "JwtSecretArn": secrets.create_secret(Name="key", SecretString=SECRET)["ARN"],
            "TurnSecretArn": secrets.create_secret(Name="turn", SecretString="shared with the TURN server")["ARN"],
            "WebPushSecretArn": secrets.create_secret(Name="web-push", SecretString="w" * 40)["ARN"],
        }
        others = {"TurnUrls": "turn:turn.example.com", "WebPushContact": "mailto:operator@example.org"}
        others |= {"WebPushServices": "push.example.org"}
        stack = Stack(cloud.endpoint_url, build, {**PARAMETERS, **secret_arns, **others})
        stack.deploy()
        yield stack


@pytest.fixture
def deployment(stack: "Stack") -> Deployment:
    return stack.deployed


class Stack:
    """The built stack, and its deployment."""

    deployed: Deployment

    def __init__(self, endpoint_url: str, build: Path, parameters: dict[str, str]) -> None:
        self.endpoint_url = endpoint_url
        self.build = build
        self.parameters = parameters
        # Of the server that has the issuer's keys. All functions trust it from the start: an update then changes two.
        self.certificate = own_certificate(build)
        self.built = flattened(build)

    def deploy(self) -> None:
        """Makes or updates the stack, as a deployer does."""
        trusted = {"SSL_CERT_FILE": str(self.certificate)}
        template = for_ministack(copy.deepcopy(self.built), self.endpoint_url, **trusted)
        path = self.build / "ministack.json"
        path.write_text(json.dumps(template), encoding="utf-8")
        sam(
            "deploy",
            *("--template-file", str(path), "--stack-name", STACK, "--region", "us-east-1"),
            *("--resolve-s3", "--capabilities", "CAPABILITY_IAM", "--no-confirm-changeset", "--no-progressbar"),
            *overrides(self.parameters),
            endpoint_url=self.endpoint_url,
        )
        self.deployed = Deployment(self.endpoint_url, template)

    def code_of(self, function: str) -> Path:
        """Returns the built file of a function's handler."""
        properties = self.built["Resources"][function]["Properties"]
        folder, name, _ = properties["Handler"].split(".")
        return self.build / str(properties["CodeUri"]) / str(folder) / f"{name}.py"


class Make(Protocol):
    """Makes people: by id, and by role."""

    def __call__(self, user_id: str, role: str = "user") -> Person: ...


@pytest.fixture
def people(deployment: Deployment) -> Iterator[Make]:
    """Yields what makes people; they leave when the test is over."""
    made: list[Person] = []

    def person(user_id: str, role: str = "user") -> Person:
        made.append(Person(deployment, user_id, role))
        return made[-1]

    yield person
    for each in made:
        each.leave()


def test_all_that_the_template_declares_is_there(deployment: Deployment) -> None:
    wanted = {name for name, each in deployment.template["Resources"].items() if "Condition" not in each}
    layer_versions = {"Shared", "Media"}  # SAM adds a hash of its contents to the name

    assert wanted - layer_versions <= deployment.ids.keys()


def test_two_people_talk_over_rest_and_websocket(people: Make) -> None:
    alice, bob = people("alice"), people("bob")
    alice.connect_by_ticket()
    bob.connect_by_token()

    conversation_id = alice.ask("POST", "/conversations", {"type": "direct", "user_id": "bob"})["id"]
    assert bob.hears("conversation_created")["conversation_id"] == conversation_id
    bob.act("join_conversation", conversation_id=conversation_id)

    alice.act("typing_start", conversation_id=conversation_id)
    assert bob.hears("user_typing")["user_id"] == "alice"
    sent = alice.act("send_message", conversation_id=conversation_id, text="Hello, Bob", client_id="1")
    assert (sent["seq"], sent["replayed"]) == (1, False)
    assert bob.hears("new_message")["message"]["text"] == "Hello, Bob"
    assert bob.ask("GET", "/unread-count")["total"] == 1

    bob.act("mark_read", message_id=sent["id"])
    assert bob.ask("GET", f"/messages/{sent['id']}/notification-trace")["channels"]
    assert alice.hears("message_read")["seq"] == 1
    answered = bob.ask("POST", f"/conversations/{conversation_id}/messages", {"text": "Hello, Alice"})
    assert alice.hears("message_notification")["message"]["id"] == answered["id"]

    history = alice.ask("GET", f"/conversations/{conversation_id}/messages")["messages"]
    assert [(message["seq"], message["sender_id"]) for message in history] == [(1, "alice"), (2, "bob")]
    receipts = alice.ask("GET", f"/messages/{sent['id']}/receipts")["receipts"]
    assert [receipt["user_id"] for receipt in receipts if receipt["read_at"]] == ["bob"]
    assert alice.ask("GET", f"/messages/{sent['id']}/reactions")["reactions"] == []


def test_every_other_operation_may_do_what_it_does(people: Make) -> None:
    carol, dave = people("carol"), people("dave")
    carol.connect_by_token()
    dave.connect_by_ticket()

    sent = carol.ask("POST", "/messages", {"user_id": "dave", "text": "Are you there?"})
    conversation_id = sent["conversation_id"]
    assert dave.hears("message_notification")["message"]["id"] == sent["id"]
    assert dave.act("hello")["connection_id"]
    dave.act("ping")
    dave.act("join_conversation", conversation_id=conversation_id)
    dave.act("typing_start", conversation_id=conversation_id)
    dave.act("typing_stop", conversation_id=conversation_id)
    dave.act("mark_delivered", message_id=sent["id"])
    assert carol.hears("message_delivered")["user_id"] == "dave"
    dave.act("mark_conversation_read", conversation_id=conversation_id)
    assert carol.hears("conversation_read")["user_id"] == "dave"
    assert dave.act("mark_unread", conversation_id=conversation_id, seq=1)["own"]["unread_from_seq"] == 1
    assert dave.ask("PUT", f"/conversations/{conversation_id}/unread", {"seq": 1})["own"]["unread_from_seq"] == 1
    assert dave.act("request_user_status", user_ids=["carol"])
    assert dave.act("sync", cursors={conversation_id: 0})["conversations"][conversation_id]["verdict"] == "complete"
    dave.act("leave_conversation", conversation_id=conversation_id)

    assert carol.ask("GET", "/conversations")["conversations"][0]["id"] == conversation_id
    assert carol.ask("GET", f"/conversations/{conversation_id}")["last_seq"] == 1
    assert carol.ask("GET", f"/messages/{sent['id']}")["text"] == "Are you there?"
    assert carol.ask("GET", "/unread")
    assert carol.ask("POST", "/sync", {"cursors": {conversation_id: 0}})["conversations"]
    carol.ask("PATCH", f"/messages/{sent['id']}/read")
    with pytest.raises(AssertionError, match="not_a_voice_message"):
        dave.answer("PUT", f"/messages/{sent['id']}/played")
    export = carol.ask("POST", f"/conversations/{conversation_id}/export", {"format": "html"})
    until(lambda: carol.ask("GET", f"/exports/{export['id']}")["state"] == "done")
    carol.ask("PATCH", f"/conversations/{conversation_id}/read-all")
    assert carol.ask("POST", "/me/read-all")["requested_at"]
    carol.ask("DELETE", f"/messages/{sent['id']}/preview")
    with pytest.raises(AssertionError, match="preview_image_not_found"):
        carol.answer("GET", f"/messages/{sent['id']}/preview/image")

    file = {"name": "plan.pdf", "type": "application/pdf", "size": 10}
    uploads = [
        carol.ask("POST", f"/conversations/{conversation_id}/attachments", file),
        carol.ask("POST", "/attachments", {"user_id": "dave", **file}),
    ]
    asked = [each["attachment"]["id"] for each in uploads]
    for path in (f"/attachments/{asked[0]}", f"/attachments/{asked[1]}/thumbnail"):
        assert carol.answer("GET", path, Accept="application/json").json()["attachment"]["state"] == "pending"
    assert carol.ask("POST", "/attachments/urls", {"ids": asked})["attachments"] == dict.fromkeys(asked)
    assert carol.ask("GET", f"/conversations/{conversation_id}/attachments") == {
        "attachments": [],
        "next": None,
        "users": {},
    }
    assert {each["id"] for each in carol.ask("GET", "/me/attachments")["attachments"]} == set(asked)
    assert carol.ask("DELETE", f"/attachments/{asked[0]}")["state"] == "expired"


def test_upload_is_examined_with_the_layer_as_it_is_packed(people: Make) -> None:
    """In a process of its own, whose libraries are those that `sam build` has put into the layers (D-444)."""
    nina = people("nina")
    conversation_id = nina.ask("POST", "/messages", {"user_id": "omar", "text": "Look at these."})["conversation_id"]
    photo, video = media_files.image("PNG"), media_files.video()

    def uploaded(name: str, mime: str, body: bytes) -> str:
        wanted = {"name": name, "type": mime, "size": len(body)}
        asked = nina.ask("POST", f"/conversations/{conversation_id}/attachments", wanted)
        form = asked["upload"]
        files = {"file": (name, body)}
        assert httpx.post(form["url"], data=form["fields"], files=files, timeout=PATIENCE_S).status_code == 204
        return str(asked["attachment"]["id"])

    def shown(attachment_id: str) -> dict[str, Any]:
        answer = nina.answer("GET", f"/attachments/{attachment_id}", Accept="application/json")
        return dict(answer.json()["attachment"])

    ids = [
        uploaded("photo.png", "image/png", photo),
        uploaded("film.mp4", "video/mp4", video),
        uploaded("no photo.png", "image/png", b"words"),
    ]
    until(lambda: not {"pending", "scanning"} & {shown(each)["state"] for each in ids})
    found = [shown(each) for each in ids]

    assert [(each["state"], each.get("code")) for each in found] == [
        ("clean", None),
        ("clean", None),
        ("rejected", "type_mismatch"),
    ]
    assert (found[0]["width"], found[0]["height"], found[0]["has_thumbnail"]) == (64, 48, True)
    assert (found[1]["kind"], found[1]["duration_ms"]) == ("video", 1000)
    body = {"attachment_ids": ids[:2]}
    assert len(nina.ask("POST", f"/conversations/{conversation_id}/messages", body)["attachments"]) == 2


def test_nobody_gets_in_without_a_good_token(deployment: Deployment) -> None:
    rest, socket = deployment.url("RestApi", "http"), deployment.url("WebSocketApi", "ws")
    forged = jwt.encode({"sub": "eve", "iss": "parley", "aud": "parley", "exp": int(time.time()) + 600}, "x" * 32)

    assert httpx.get(f"{rest}/conversations", timeout=PATIENCE_S).status_code == 401
    bearer = {"Authorization": f"Bearer {forged}"}
    assert httpx.get(f"{rest}/conversations", headers=bearer, timeout=PATIENCE_S).status_code == 401
    assert httpx.get(f"{rest}/nowhere", timeout=PATIENCE_S).status_code == 403
    assert httpx.get(f"{rest}/unsubscribe/no-link", timeout=PATIENCE_S).status_code == 404
    assert httpx.post(f"{rest}/unsubscribe/no-link", timeout=PATIENCE_S).status_code == 404
    with pytest.raises(InvalidStatus) as refused, connect(f"{socket}?ticket=invented", open_timeout=PATIENCE_S):
        pass
    # API Gateway answers 401 to an authorizer that raises "Unauthorized"; ministack answers every exception with 500.
    assert refused.value.response.status_code in (401, 500)


def test_what_nobody_waits_for_runs_under_its_role_too(deployment: Deployment, people: Make) -> None:
    erin = people("erin")
    erin.ask("POST", "/messages", {"user_id": "frank", "text": "Call me."})
    sqs = deployment.client("sqs")
    post = {"user_id": "erin", "connection_id": "Z29uZQ==", "since_ms": 1, "last_sign_ms": 1, "frame": "{}"}
    sqs.send_message(QueueUrl=deployment.ids["PostRetries"], MessageBody=json.dumps(post))
    rows = {"kind": "presence", "keys": [["nobody"]], "at_s": int(time.time())}
    sqs.send_message(QueueUrl=deployment.ids["Sweeps"], MessageBody=json.dumps(rows))
    unknown = {"kind": "released", "conversation_id": f"d_{'a' * 26}", "seq": 1, "attachment_ids": [f"a_{'a' * 26}"]}
    sqs.send_message(QueueUrl=deployment.ids["AttachmentSteps"], MessageBody=json.dumps(unknown))
    link = {"conversation_id": f"d_{'a' * 26}", "seq": 1, "at_ms": 1}
    attributes = {"ApproximateReceiveCount": "1"}
    looked: dict[str, object] = {"Records": [{"messageId": "m1", "body": json.dumps(link), "attributes": attributes}]}
    assert deployment.invoke("PreviewLink", looked) == {"batchItemFailures": []}

    for sweep in ("ClearStaleTyping", "ClearStalePresence", "ClearStaleAttachments", "SweepTickets"):
        assert deployment.invoke(sweep, {"time": "2030-01-01T00:00:00Z"}).keys() == {"swept"}
    until(lambda: '"MessagesStored"' in deployment.log("BackgroundLogs"))
    until(lambda: {"sweep_rows", "settle_attachments"} <= set(operations(deployment, "BackgroundLogs")))
    until(lambda: '"received":1' in deployment.log("BackgroundLogs").replace(" ", ""))
    jobs = ("PostRetries", "ExportSteps", "AttachmentSteps", "Stream", "Schedule")
    for queue in (f"{name}DeadLetters" for name in jobs):
        assert "Messages" not in sqs.receive_message(QueueUrl=deployment.ids[queue])


def test_members_of_a_large_group_are_told_by_stream_and_queue(people: Make) -> None:
    gina, hugo = people("gina"), people("hugo")
    hugo.connect_by_token()
    group = gina.ask("POST", "/conversations", {"type": "group", "title": "Everybody", "member_ids": ["hugo"]})["id"]
    for first in (0, 60):
        user_ids = [f"member-{number}" for number in range(first, first + 60)]
        gina.ask("POST", f"/conversations/{group}/members", {"user_ids": user_ids})

    sent = gina.ask("POST", f"/conversations/{group}/messages", {"text": "To all of you"})
    while hugo.hears("message_notification")["message"]["id"] != sent["id"]:
        pass  # what was written when the others were added

    path = f"/conversations/{group}"
    assert gina.ask("GET", f"{path}/members")["next"]
    gina.ask("PUT", f"{path}/members/ida", {"role": "member"})
    gina.ask("PATCH", f"{path}/members/ida", {"role": "admin"})
    gina.ask("DELETE", f"{path}/members/ida")
    assert gina.ask("PATCH", path, {"title": "Nearly everybody"})["title"] == "Nearly everybody"
    hugo.ask("PATCH", f"{path}/settings", {"pinned": True})
    hugo.ask("PATCH", f"{path}/archive", {})
    hugo.ask("DELETE", f"{path}/history?seq=1")
    gina.ask("PUT", f"/messages/{sent['id']}/pin")
    assert gina.ask("GET", f"{path}/pins")["messages"]
    assert gina.ask("GET", f"{path}/mentions")["messages"] == []
    gina.ask("DELETE", f"/messages/{sent['id']}/pin")
    assert gina.ask("DELETE", path)["conversation_id"] == group


def test_messages_change_are_found_and_go_on_to_others(people: Make) -> None:
    judy, kim = people("judy"), people("kim")
    group = judy.ask("POST", "/conversations", {"type": "group", "title": "Animals", "member_ids": ["kim"]})["id"]
    sent = judy.ask("POST", f"/conversations/{group}/messages", {"text": "A quick brown fox"})
    elsewhere = judy.ask("POST", "/conversations", {"type": "group", "title": "Foxes", "member_ids": ["kim"]})["id"]
    path = f"/messages/{sent['id']}"

    judy.ask("PATCH", path, {"text": "A quick red fox"})
    assert [one["text"] for one in judy.ask("GET", f"{path}/versions")["versions"]] == [
        "A quick brown fox",
        "A quick red fox",
    ]
    kim.ask("PUT", f"{path}/reactions/%F0%9F%A6%8A")
    assert judy.ask("GET", path)["reactions"] == [{"emoji": "🦊", "count": 1, "mine": False}]
    kim.ask("DELETE", f"{path}/reactions/%F0%9F%A6%8A")
    assert [one["message"]["id"] for one in kim.ask("GET", "/search?q=fox")["results"]] == [sent["id"]]
    judy.ask("POST", f"{path}/forward", {"conversation_ids": [elsewhere]})
    judy.ask("DELETE", path)
    assert kim.ask("GET", path)["deleted_at"]


def test_people_are_found_blocked_and_signed_out(people: Make) -> None:
    lena, max_, host = people("lena"), people("max"), people("host", "service")
    lena.connect_by_ticket()
    other = people("lena")
    other.connect_by_token()
    host.ask("PUT", "/users/nora", {"name": "Nora", "role": "user"})

    people_of_class = "/contexts/class/7b/people"
    assert host.ask("PUT", "/users", {"users": [{"id": "nils", "name": "Nils"}]})["results"][0]["status"] == 201
    host.ask("PUT", f"{people_of_class}/nora")
    assert host.ask("PUT", people_of_class, {"add": ["nils"]})["results"][0]["status"] == 201
    assert [one["user_id"] for one in host.ask("GET", people_of_class)["people"]] == ["nils", "nora"]
    host.ask("DELETE", f"{people_of_class}/nils")
    assert host.ask("GET", "/users/nora/contexts")["contexts"] == [{"type": "class", "id": "7b"}]

    lena.ask("PATCH", "/me", {"show_last_seen": False})
    assert lena.ask("GET", "/me")["name"] == "Lena"
    preferred = lena.ask("PATCH", "/me/notification-preferences", {"previews": False})
    assert lena.ask("GET", "/me/notification-preferences") == preferred
    nora = people("nora")  # who is not connected, so she is told at once
    lena.ask("POST", "/conversations", {"type": "group", "title": "Hosts", "member_ids": ["nora"]})
    until(lambda: bool(nora.ask("GET", "/me/notifications")["notifications"]))
    [entry] = nora.ask("GET", "/me/notifications")["notifications"]
    assert nora.ask("POST", f"/me/notifications/{entry['id']}/seen")["seen"]
    assert lena.ask("POST", "/me/notifications/seen")["seen_before"]
    assert lena.ask("GET", "/users/nora")["name"] == "Nora"
    assert "nora" in [one["id"] for one in lena.ask("GET", "/users?q=Nora")["users"]]
    assert lena.ask("GET", "/policy/explain?user_id=nora")["allowed"]
    assert lena.ask("GET", "/users/presence?ids=lena")["statuses"]
    lena.ask("PUT", "/users/max/block")
    assert [one["user_id"] for one in lena.ask("GET", "/me/blocks")["blocks"]] == ["max"]
    lena.ask("DELETE", "/users/max/block")
    assert lena.is_refused("no_such_action") == "unknown_action"

    def devices() -> list[str]:
        return [one["connection_id"] for one in lena.ask("GET", "/me/connections")["connections"]]

    third = people("lena")
    third.connect_by_token()
    assert len(devices()) == 3
    third.leave()
    until(lambda: len(devices()) == 2)
    lena.ask("DELETE", f"/me/connections/{quote(devices()[0], safe='')}")
    until(lambda: len(devices()) == 1)
    assert max_.ask("GET", "/unread-count")["total"] == 0
    assert lena.ask("GET", "/me")["notifications"]["web_push_public_key"]
    lena.ask("PUT", "/me/devices/laptop", browser())
    assert [one["device_id"] for one in lena.ask("GET", "/me/devices")["devices"]] == ["laptop"]
    lena.ask("DELETE", "/me/devices/laptop")
    host.ask("POST", "/users/max/sign-out")
    with pytest.raises(AssertionError, match="signed_out"):
        max_.ask("GET", "/unread-count")


def test_conversation_of_another_system_is_brought_along(people: Make) -> None:
    host = people("backend", "service")
    assert host.ask("PUT", "/users", {"users": [{"id": "ivan"}, {"id": "ines"}]})["results"][0]["status"] == 201
    wanted = {
        "run": "switch",
        "source_id": "c-1",
        "type": "direct",
        "members": [{"user_id": "ivan"}, {"user_id": "ines"}],
        "created_at": "2024-03-01T08:00:00Z",
    }
    path = f"/migration/conversations/{host.ask('POST', '/migration/conversations', wanted)['conversation_id']}"
    file = {"user_id": "ivan", "client_id": "f-1", "name": "a.pdf", "type": "application/pdf", "size": 10}
    assert host.ask("POST", f"{path}/attachments", {"run": "switch", **file})["upload"]["url"]
    message = {"seq": 1, "sender_id": "ivan", "created_at": "2024-03-01T08:01:00Z", "text": "Hello"}
    assert host.ask("POST", f"{path}/messages", {"run": "switch", "messages": [message]})["last_seq"] == 1
    sides = [{"user_id": "ivan", "read_seq": 1}, {"user_id": "ines", "read_seq": 0}]
    ended = host.ask("POST", f"{path}/finish", {"run": "switch", "last_seq": 1, "members": sides})
    assert ended["state"] == "done"
    [found] = people("ines").ask("GET", "/conversations")["conversations"]
    assert (found["unread"], found["last_message"]["text"]) == (1, "Hello")
    stored = host.ask("GET", "/migration/conversations?limit=100")["conversations"]
    assert path.rpartition("/")[2] in [one["id"] for one in stored]
    assert [one["user_id"] for one in host.ask("GET", f"{path}/members")["members"]] == ["ines", "ivan"]
    assert host.ask("GET", f"{path}/reactions")["reactions"] == []
    assert (
        host.ask("POST", f"{path}/attachments/urls", {"ids": ["a_" + "a" * 26]})["attachments"]["a_" + "a" * 26] is None
    )
    assert host.ask("DELETE", f"{path}?run=switch")["done"]


def test_moderators_work_through_reports_and_words(people: Make) -> None:
    olga, mona = people("olga"), people("mona", "moderator")
    paul = people("paul")
    rude = paul.ask("POST", "/messages", {"user_id": "olga", "text": "You fool"})
    olga.ask("POST", f"/messages/{rude['id']}/report", {"reason": "harassment"})

    [report] = mona.ask("GET", "/admin/reports?status=open")["reports"]
    path = f"/admin/reports/{report['id']}"
    assert mona.ask("GET", path)["report"]["id"] == report["id"]
    mona.ask("PATCH", path, {"version": report["version"], "status": "resolved", "resolution": "warned"})
    rules = [{"kind": "word", "text": "fool", "action": "mask"}]
    assert mona.ask("POST", "/admin/banned-words/try", {"rules": rules})
    version = mona.ask("GET", "/admin/banned-words")["version"]
    mona.ask("PUT", "/admin/banned-words", {"version": version, "rules": rules})
    assert mona.ask("GET", "/admin/audit")["entries"]
    ends_at = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    mona.ask("PUT", "/admin/suspensions/paul", {"until": ends_at, "reason": "Rude.", "scope": "write"})
    assert mona.ask("GET", "/admin/suspensions/paul")["scope"] == "write"
    assert [one["user_id"] for one in mona.ask("GET", "/admin/suspensions")["suspensions"]] == ["paul"]
    mona.ask("DELETE", "/admin/suspensions/paul")
    warning = mona.ask("POST", "/admin/warnings", {"user_id": "paul", "reason": "Be kind."})
    assert [one["id"] for one in paul.ask("GET", "/me")["warnings"]] == [warning["id"]]
    assert [one["id"] for one in mona.ask("GET", "/admin/warnings?user_id=paul")["warnings"]] == [warning["id"]]
    export = mona.ask("POST", "/admin/search/export", {"q": "fool", "user_id": "paul"})
    until(lambda: mona.ask("GET", f"/exports/{export['id']}")["state"] == "done")
    removal = mona.ask("POST", "/admin/removals", {"user_id": "paul", "hours": 1, "reason": "Rude."})
    until(lambda: mona.ask("GET", f"/admin/removals/{removal['id']}")["state"] == "done")
    assert [one["status"] for one in olga.ask("GET", "/me/reports")["reports"]] == ["resolved"]


def test_moderators_act_in_a_group_with_a_reported_message(people: Make) -> None:
    sara, tom, mona = people("sara"), people("tom"), people("mona", "moderator")
    group = {"type": "group", "title": "Class", "member_ids": ["tom"]}
    group_id = sara.ask("POST", "/conversations", group)["id"]
    rude = tom.ask("POST", f"/conversations/{group_id}/messages", {"text": "you old turnip"})
    sara.ask("POST", f"/messages/{rude['id']}/report", {"reason": "harassment"})
    place = f"/admin/conversations/{group_id}"

    mona.ask("DELETE", f"/admin/messages/{rude['id']}")
    assert mona.ask("POST", f"/admin/messages/{rude['id']}/restore")["text"] == "you old turnip"
    assert rude["id"] in {one["id"] for one in mona.ask("GET", f"{place}/messages")["messages"]}
    assert [one["id"] for one in mona.ask("GET", "/admin/conversations?user_id=tom")["conversations"]] == [group_id]
    assert mona.ask("GET", "/admin/search?user_id=tom&q=turnip")["results"]
    assert mona.ask("PUT", f"{place}/mutes/tom", {})["muted"] is True
    assert mona.ask("DELETE", f"{place}/mutes/tom")["muted"] is False
    assert [mona.ask("PUT", f"{place}/state", {"state": one})["state"] for one in ("closed", "open")] == [
        "closed",
        "open",
    ]
    assert mona.ask("DELETE", f"{place}/members/tom")["member_count"] == 1


def test_ticket_is_opened_and_read(people: Make) -> None:
    vera, agnes, host = people("vera"), people("agnes", "agent"), people("host", "service")

    ticket = vera.ask("POST", "/support/tickets", {"subject": "My booking", "description": "I cannot see it."})
    path = f"/support/tickets/{ticket['id']}"
    answered = agnes.ask("POST", f"/conversations/{ticket['id']}/messages", {"text": "Let me look."})

    assert [one["id"] for one in vera.ask("GET", "/support/tickets")["tickets"]] == [ticket["id"]]
    assert [each.ask("GET", path)["last_seq"] for each in (vera, agnes, host)] == [answered["seq"]] * 3
    assert agnes.ask("POST", f"{path}/take", {})["assignee_id"] == "agnes"
    assert agnes.ask("POST", f"{path}/respond", {"text": "Found it."})["from"] == "support"
    assert agnes.ask("POST", f"{path}/assign", {"assignee_id": None})["assignee_id"] is None
    assert vera.ask("PATCH", path, {"status": "resolved"})["status"] == "resolved"
    assert vera.ask("POST", f"{path}/rating", {"rating": 5})["rating"] == 5
    assert len(vera.ask("GET", f"{path}/history")["entries"]) == 6
    assert agnes.ask("GET", f"{path}/sla")["ticket_id"] == ticket["id"]
    queue = agnes.ask("GET", "/support/tickets/admin/all?requester=vera")["tickets"]
    assert [one["id"] for one in queue] == [ticket["id"]]
    bulk = {"ids": [ticket["id"]], "changes": {"tags": ["vip"]}}
    [changed] = host.ask("POST", "/support/tickets/bulk", bulk)["results"]
    assert (changed["status"], changed["ticket"]["tags"]) == (200, ["vip"])
    twin = vera.ask("POST", "/support/tickets", {"subject": "Again", "description": "I cannot see it."})["id"]
    taken = vera.ask("POST", "/support/tickets", {"subject": "My chat", "from": {"message_id": f"{twin}.1"}})
    assert taken["source_message_id"] == f"{twin}.1"
    merged = agnes.ask("POST", f"/support/tickets/{twin}/merge", {"into": ticket["id"]})
    assert (merged["status"], merged["merged_into"]) == ("closed", ticket["id"])
    noted = agnes.ask("POST", f"{path}/notes", {"text": "They have called twice."})
    assert [one["id"] for one in agnes.ask("GET", f"{path}/notes")["messages"]] == [noted["id"]]


def test_canned_reply_is_kept_filled_replaced_and_deleted(people: Make) -> None:
    wanda, agnes, ada = people("wanda"), people("agnes", "agent"), people("ada", "support_admin")
    ticket = wanda.ask("POST", "/support/tickets", {"subject": "My booking", "description": "I cannot see it."})
    place, text = "/support/canned-replies", "About {{ticket.subject}}:"

    kept = ada.ask("POST", place, {"title": "About", "text": text, "shortcut": "/about", "client_id": "about"})
    [listed] = agnes.ask("GET", f"{place}?ticket_id={ticket['id']}")["canned_replies"]
    saved = ada.ask("PUT", f"{place}/{kept['id']}", {"version": 1, "title": "About", "text": text})

    assert (listed["text"], listed["filled"]) == (text, "About My booking:")
    assert (saved["version"], saved["shortcut"]) == (2, None)
    assert ada.ask("DELETE", f"{place}/{kept['id']}") == {"id": kept["id"]}


def test_article_is_written_published_found_voted_on_and_deleted(people: Make) -> None:
    wanda, ada = people("wanda"), people("ada", "support_admin")
    place, content = "/support/articles", {"title": "Lost luggage", "text": "Ask at the **desk**.", "language": "en"}

    draft = ada.ask("POST", place, {**content, "client_id": "luggage"})
    path = f"{place}/{draft['id']}"
    saved = ada.ask("PUT", path, {**content, "version": 1, "state": "published"})
    suggested = wanda.ask("POST", f"{place}/suggest", {"subject": "My luggage is lost"})["suggestions"]
    wanda.ask("PUT", f"{path}/vote", {"helped": True, "instead_of_ticket": True})

    assert [saved["version"], *(each["id"] for each in suggested)] == [2, draft["id"]]
    assert wanda.ask("GET", f"{place}/search?q=luggage")["total"] == 1
    assert wanda.ask("GET", path)["votes"] == {"helped": 1, "not_helped": 0, "saved_tickets": 1}
    assert [each["id"] for each in wanda.ask("GET", place)["articles"]] == [draft["id"]]
    assert [each["version"] for each in ada.ask("GET", f"{path}/versions")["versions"]] == [2, 1]
    assert ada.ask("DELETE", path) == {"id": draft["id"]}


def test_macro_is_kept_applied_replaced_and_deleted(people: Make) -> None:
    wanda, agnes, ada = people("wanda"), people("agnes", "agent"), people("ada", "support_admin")
    ticket = wanda.ask("POST", "/support/tickets", {"subject": "My booking", "description": "I cannot see it."})
    place, effects = "/support/macros", {"reply": "About {{ticket.subject}}: done.", "status": "resolved", "take": True}

    kept = ada.ask("POST", place, {"title": "Done", "effects": effects, "client_id": "done"})
    applied = agnes.ask("POST", f"/support/tickets/{ticket['id']}/macros/{kept['id']}", {"client_id": "a-1"})
    saved = ada.ask("PUT", f"{place}/{kept['id']}", {"version": 1, "title": "Done", "effects": {"take": True}})

    assert (applied["message"]["text"], applied["ticket"]["status"]) == ("About My booking: done.", "resolved")
    assert [each["version"] for each in agnes.ask("GET", place)["macros"]] == [saved["version"]] == [2]
    assert ada.ask("DELETE", f"{place}/{kept['id']}") == {"id": kept["id"]}


def test_rules_are_saved_read_and_fire(people: Make) -> None:
    wanda, agnes, ada = people("wanda"), people("agnes", "agent"), people("ada", "support_admin")
    place = "/support/automations"
    fired = {
        "id": "refunds",
        "name": "Refunds",
        "on": "created",
        "if": {"words": ["refund"]},
        "then": {"priority": "high"},
    }

    before = agnes.ask("GET", place)
    saved = ada.ask("PUT", place, {"version": before["version"], "rules": [fired]})
    opened: list[str] = []

    def has_fired() -> bool:
        """Opens a ticket more: the function that reads the stream knows a saved list within a minute."""
        opened.append(wanda.ask("POST", "/support/tickets", {"subject": "A refund", "description": "Please."})["id"])
        time.sleep(5)
        return any(agnes.ask("GET", f"/support/tickets/{each}")["priority"] == "high" for each in opened)

    until(has_fired, 60 + PATIENCE_S)

    assert [each["id"] for each in saved["rules"]] == ["refunds"]
    histories = [agnes.ask("GET", f"/support/tickets/{each}/history")["entries"] for each in opened]
    assert [None, "refunds"] in [[each.get("rule_id") for each in entries] for entries in histories]
    ada.ask("PUT", place, {"version": saved["version"], "rules": []})


def test_webhook_is_kept_tested_and_replayed(deployment: Deployment, people: Make) -> None:
    host = people("host", "service")
    place, span = "/admin/webhooks", {"since": "2026-11-20T00:00:00Z", "until": "2026-11-21T00:00:00Z"}

    # Of this webhook the events tell; nobody answers at its port.
    made = host.ask(
        "POST", place, {"url": "https://hooks.example.org:9009/", "events": ["ticket.*"], "client_id": "crm"}
    )
    path = f"{place}/{made['id']}"
    rotated = host.ask("POST", f"{path}/rotate-secret", {"version": 1})
    off = host.ask("PATCH", path, {"enabled": False})
    for operation, function in (("post_webhook", "PostWebhook"), ("retry_webhook", "RetryWebhook")):
        example = (ROOT / "events" / "queues" / f"{operation}.json").read_text(encoding="utf-8")
        event = json.loads(re.sub(r"wh_[a-z2-7]+", made["id"], example))
        assert deployment.invoke(function, event)["batchItemFailures"] == []
    [failed] = host.ask("GET", f"{path}/deliveries?status=failed")["deliveries"]
    host.ask("PATCH", path, {"enabled": True})

    assert rotated["secret"] != made["secret"] and off["disabled_reason"] == "by_request"
    assert (failed["code"], failed["type"]) == ("disabled", "message.created")
    assert host.ask("GET", path)["version"] == 4
    assert made["id"] in {webhook["id"] for webhook in host.ask("GET", place)["webhooks"]}
    assert host.ask("POST", f"/admin/deliveries/{failed['id']}/replay")["status"] == "pending"
    assert host.ask("POST", f"{path}/replay", span)["webhook_id"] == made["id"]
    assert host.ask("POST", f"{path}/test")["type"] == "webhook.test"
    assert host.ask("DELETE", path) == {"id": made["id"]}


def test_agent_comes_on_duty(people: Make) -> None:
    agnes = people("agnes", "agent")

    assert agnes.ask("PUT", "/support/agents/agnes", {"available": True, "limit": 5})["available"] is True
    assert "agnes" in [one["user_id"] for one in agnes.ask("GET", "/support/agents")["agents"]]


def test_targets_are_tried_on_the_past(people: Make) -> None:
    ada = people("ada", "support_admin")
    policy = {"targets": {"medium": {"first_response": "1h"}}}

    assert "total" in ada.ask("POST", "/support/sla/simulate", {"policy": policy})
    assert "total" in ada.ask("POST", "/support/automations/try", {})


def test_messages_are_counted_and_figures_read(deployment: Deployment, people: Make) -> None:
    ada, host = people("ada", "support_admin"), people("host", "service")
    # ministack knows no tumbling windows, so its batches name no shard: this one is as Lambda sends it.
    event = json.loads((ROOT / "events" / "streams" / "count_figures.json").read_text(encoding="utf-8"))

    counted = deployment.invoke("CountFigures", event)

    assert counted == {"state": {}, "batchItemFailures": []}
    assert host.ask("GET", "/admin/stats?from=2026-11-21&to=2026-11-21")["total"]["messages"] == 1
    assert "people" in host.ask("GET", "/admin/stats/users?from=2026-11-21&to=2026-11-21")
    assert ada.ask("GET", "/support/queue-counts")["users"] is not None
    assert len(ada.ask("GET", "/support/metrics")["rows"]) == 30


def test_a_job_of_e_mails_ends_where_none_are_sent(deployment: Deployment) -> None:
    record = {"messageId": "m1", "body": json.dumps({"user_id": "nobody", "due_ms": 0})}

    assert deployment.invoke("SendMail", {"Records": [record]}) == {"batchItemFailures": []}


def test_two_people_call_each_other(deployment: Deployment, people: Make) -> None:
    quinn, rosa = people("quinn"), people("rosa")
    quinn.connect_by_token()
    rosa.connect_by_ticket()
    chat = quinn.ask("POST", "/conversations", {"type": "direct", "user_id": "rosa"})["id"]
    call = {"conversation_id": chat, "call_id": str(uuid4())}

    assert quinn.act("call_signal", **call, signal="offer", media="audio", payload=SDP)["state"] == "ringing"
    assert rosa.hears("call_signal")["signal"] == "offer"
    assert rosa.act("call_signal", **call, signal="answer", payload=SDP)["state"] == "active"
    assert quinn.hears("call_signal")["signal"] == "answer"
    [relay] = quinn.ask("POST", "/turn-credentials", {"conversation_id": chat})["ice_servers"]
    assert relay["urls"] == ["turn:turn.example.com"]
    assert quinn.act("call_signal", **call, signal="hang_up")["state"] == "ended"
    assert deployment.invoke("ClearStaleCalls", {"time": "2030-01-01T00:00:00Z"}).keys() == {"swept"}


def test_erased_person_is_gone(deployment: Deployment, people: Make) -> None:
    host, sam_, tina = people("host", "service"), people("sam"), people("tina")
    sent = sam_.ask("POST", "/messages", {"user_id": "tina", "text": "Remember me"})

    erasure = host.ask("DELETE", "/users/sam")
    until(lambda: operations(deployment, "BackgroundLogs") >= {"erase_person"})
    # The second round is five minutes later; a step of it that comes by another way does what it would do.
    step = {"erasure_id": erasure["id"], "round": 2}
    sqs = deployment.client("sqs")
    until(lambda: tina.ask("GET", f"/messages/{sent['id']}")["text"] != "Remember me")
    sqs.send_message(QueueUrl=deployment.ids["ErasureSteps"], MessageBody=json.dumps(step))

    assert host.ask("GET", f"/erasures/{erasure['id']}")["state"] in ("running", "done")
    assert tina.ask("GET", f"/messages/{sent['id']}")["sender_id"] != "sam"


def operations(deployment: Deployment, group: str) -> set[str]:
    """Returns the operations that have written a line into a group of logs: done or refused."""
    lines = [line for line in deployment.log(group).splitlines() if line.startswith("{")]
    return {str(line["operation"]) for line in map(json.loads, lines) if "message" in line and "operation" in line}


GROUPS = {
    "rest": "RestLogs",
    "websocket": "WebSocketLogs",
    "queues": "BackgroundLogs",
    "streams": "BackgroundLogs",
    "scheduled": "BackgroundLogs",
}


def test_every_function_of_the_template_has_been_called(stack: Stack, deployment: Deployment) -> None:
    """After all that play; what they made the functions do stands in the logs."""
    handlers = [
        each["Properties"]["Handler"].split(".")
        for each in stack.built["Resources"].values()
        if each["Type"] == "AWS::Serverless::Function"
    ]
    called = {(group, name) for group in set(GROUPS.values()) for name in operations(deployment, group)}
    # Seen by people: an answer to each action, to an unknown one too, and a device that comes and goes.
    called |= {("WebSocketLogs", name) for name in deployment.acted | {"default", "connect", "disconnect"}}

    missing = sorted(f"{kind}.{name}" for kind, name, _ in handlers if (GROUPS[kind], name) not in called)
    assert missing == []


def test_no_function_was_refused_anything(deployment: Deployment) -> None:
    logs = {group: deployment.log(group) for group in ("RestLogs", "WebSocketLogs", "BackgroundLogs")}

    assert all('"level":"INFO"' in log for log in logs.values())
    assert not [line for log in logs.values() for line in log.splitlines() if "AccessDenied" in line]
    assert not [line for log in logs.values() for line in log.splitlines() if '"level":"ERROR"' in line]


# --- updates and the end, in this order ------------------------------------------------------------------------------


def test_changed_code_and_parameters_are_deployed_over_what_runs(stack: Stack) -> None:
    """One update, for each takes half a minute: a function answers otherwise, and people sign in with other keys."""
    before = seen(stack, "/conversations")
    key = ec.generate_private_key(ec.SECP256R1())

    def sign(claims: dict[str, object]) -> str:
        return jwt.encode(claims, key, algorithm="ES256", headers={"kid": "k1"})

    code = stack.code_of("CountUnread")
    wrapper = "\n\ncount = handler\nhandler = lambda *asked: {**count(*asked), 'body': '{\"total\": 4711}'}\n"
    code.write_text(code.read_text(encoding="utf-8") + wrapper, encoding="utf-8")
    with issuer(stack.certificate, key) as url:
        stack.parameters |= {"JwtSecretArn": "", "JwtJwksUrl": url}
        stack.deploy()

        assert seen(stack, "/unread-count", sign) == {"total": 4711}
        assert seen(stack, "/conversations", sign) == before
        with closing(Person(stack.deployed, "alice", sign=sign)) as alice:
            alice.connect_by_token()
            assert alice.act("hello")["connection_id"]
    with pytest.raises(AssertionError, match="401"):
        seen(stack, "/conversations")


def seen(stack: Stack, path: str, sign: Callable[[dict[str, object]], str] = signed) -> dict[str, Any]:
    """Returns what alice gets."""
    with closing(Person(stack.deployed, "alice", sign=sign)) as alice:
        return alice.ask("GET", path)


@contextmanager
def issuer(certificate: Path, key: ec.EllipticCurvePrivateKey) -> Iterator[str]:
    """Serves a key set over HTTPS; yields its address."""
    member = jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True) | {"kid": "k1", "alg": "ES256"}

    class Keys(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps({"keys": [member]}).encode())

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with ThreadingHTTPServer(("127.0.0.1", 0), Keys) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"https://127.0.0.1:{server.server_port}/jwks.json"
        server.shutdown()


def own_certificate(folder: Path) -> Path:
    """Returns a file with a certificate for 127.0.0.1 and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "issuer")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = folder / "issuer.pem"
    path.write_bytes(private + made.public_bytes(pem))
    return path


def test_deleted_stack_leaves_what_people_wrote(stack: Stack) -> None:
    kept = {"Conversations", "Messages", "Memberships", "Users"}
    tables = {name: stack.deployed.ids[name] for name in kept}

    sam("delete", "--stack-name", STACK, "--no-prompts", "--region", "us-east-1", endpoint_url=stack.endpoint_url)

    left = administrator(stack.endpoint_url, "dynamodb").list_tables()["TableNames"]
    functions = administrator(stack.endpoint_url, "lambda").list_functions()["Functions"]
    assert set(tables.values()) <= set(left)
    assert stack.deployed.ids["Typing"] not in left
    assert functions == []
