"""The events of events/, which `sam local invoke` takes too: every function accepts its own."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from parley.domain.api.identity import Identity
from parley.domain.api.request import Request
from parley.domain.erasure.job import new_job
from parley.domain.moderation import audit
from parley.domain.webhooks.deliveries import Delivery
from parley.domain.webhooks.event_types import Occurrence
from tests.functional.attachments import set_row
from tests.functional.desk import agent, change, open_ticket
from tests.functional.mailing import token_for
from tests.functional.moderation import report
from tests.functional.pages import show_picture
from tests.functional.talk import make_group, open_direct, say
from tests.harness import Parley

FOLDER = Path(__file__).parents[2] / "events"
FILES = sorted(FOLDER.glob("*/*.json"))
WRITTEN_MS = 1_795_246_200_000  # what the files tell of happened at 2026-11-21T07:30Z and a minute later
MODERATED = (  # a moderator acts in a conversation with a reported message
    "expel_member",
    "list_moderated_messages",
    "mute_member",
    "remove_message",
    "restore_message",
    "set_conversation_state",
    "unmute_member",
)
OF_AGENTS = ("add_note", "get_ticket_sla", "list_notes")
OF_TICKETS = (
    *OF_AGENTS,
    "apply_macro",
    "assign_ticket",
    "change_tickets",
    "get_ticket",
    "list_ticket_history",
    "merge_ticket",
    "rate_ticket",
    "respond_to_ticket",
    "take_ticket",
    "update_ticket",
)
OF_ARTICLES = ("delete_article", "get_article", "list_article_versions", "put_article", "vote_on_article")
LINK = "A-link-of-an-e-mail-that-was-sent-to-alice"
OF_IMPORTS = ("finish_import", "import_attachment", "import_messages", "undo_import")
OF_WEBHOOKS = (
    "delete_webhook",
    "get_webhook",
    "list_deliveries",
    "replay_deliveries",
    "replay_delivery",
    "rotate_webhook_secret",
    "test_webhook",
    "update_webhook",
)
TOKEN = re.compile(r"eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+")


def function_of(parley: Parley, path: Path) -> str:
    """Returns the logical id of the function that a file is named for; a word after a dot tells its events apart."""
    handler = f"{path.parent.name}.{path.stem.partition('.')[0]}.handler"
    return next(one.logical_id for one in parley.functions if one.handler == handler)


def invoke(parley: Parley, path: Path, token: str) -> Any:
    # A token in a file is signed with nobody's secret, and runs out. So does a link.
    text = TOKEN.sub(token, path.read_text(encoding="utf-8"))
    if LINK in text:
        text = text.replace(LINK, token_for(parley, "alice"))
    return parley.functions.invoke(function_of(parley, path), json.loads(text))


def have_webhook(parley: Parley, token: str) -> None:
    """Makes the webhook of which the files tell, with a delivery."""
    from parley.adapters.webhooks import deliveries  # it needs the environment that the fixture makes

    made = json.loads(invoke(parley, FOLDER / "rest" / "create_webhook.json", token)["body"])
    event = Occurrence(type="message.created", key="d_rcacaty2c4itxxpmvchtux4jlq", number=1, at_ms=1_795_246_260_123)
    deliveries.put_delivery(Delivery(webhook_id=made["id"], event=event, status="failed"), None)


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_function_accepts_its_event(parley: Parley, path: Path) -> None:
    parley.clock.ms = WRITTEN_MS
    alice, bob = parley.user("alice"), parley.user("bob")
    say(bob, open_direct(alice, bob), "hello")  # of which the files tell
    if path.stem in ("get_report", "resolve_report", "try_banned_words"):
        invoke(parley, FOLDER / "rest" / "report_message.json", alice.token)
    if path.stem == "get_suspension":
        invoke(parley, FOLDER / "rest" / "suspend_user.json", alice.token)
    if path.stem in ("get_export", "write_export"):
        invoke(parley, FOLDER / "rest" / "export_conversation.json", alice.token)
    if path.stem == "get_removal":
        invoke(parley, FOLDER / "rest" / "remove_messages.json", alice.token)
    if path.stem in OF_TICKETS:
        parley.user("agnes", role="agent")
        made = invoke(parley, FOLDER / "rest" / "create_ticket.json", alice.token)
        if path.stem == "merge_ticket":
            open_ticket(alice, client_id="twice")
        if path.stem == "rate_ticket":
            assert change(alice, json.loads(made["body"])["id"], status="resolved").status == 200
    if path.stem in ("put_canned_reply", "delete_canned_reply"):
        invoke(parley, FOLDER / "rest" / "create_canned_reply.json", alice.token)
    if path.stem in ("put_macro", "delete_macro", "apply_macro"):
        invoke(parley, FOLDER / "rest" / "create_macro.json", alice.token)
    if path.stem in OF_ARTICLES:
        invoke(parley, FOLDER / "rest" / "create_article.json", alice.token)
    if path.stem in OF_IMPORTS:
        invoke(parley, FOLDER / "rest" / "import_conversation.json", alice.token)
    if path.stem in OF_WEBHOOKS:
        have_webhook(parley, alice.token)
    if path.stem == "mark_notification":
        from parley.adapters.notifications import notices  # likewise

        talk = open_direct(alice, bob)
        entry = notices.Entry(
            user_id="alice", place=f"c#{talk}", kind="message", conversation_id=talk, seq=1, at_ms=WRITTEN_MS
        )
        notices.write_entries([entry])
    if path.stem == "mark_played":
        parley.store.client("dynamodb").update_item(
            TableName=parley.template.resources["Messages"].ref,
            Key={"conversation_id": {"S": open_direct(alice, bob)}, "seq": {"N": "1"}},
            UpdateExpression="SET kind = :voice",
            ExpressionAttributeValues={":voice": {"S": "voice"}},
        )
    if path.stem in ("get_attachment", "get_thumbnail", "delete_attachment"):
        made = invoke(parley, FOLDER / "rest" / "create_attachment.json", alice.token)
        set_row(parley, json.loads(made["body"])["attachment"]["id"], state="clean", thumbnail_type="image/webp")
    if path.stem == "get_preview_image":
        show_picture(parley, f"{open_direct(alice, bob)}.1")
    if path.stem in ("get_erasure", "erase_person"):
        from parley.adapters.erasure import erasures  # it needs the environment that the fixture makes

        job = new_job("frank", bytes(32), WRITTEN_MS)  # whose id is made of nothing random then
        host = Identity(user_id="host", name="", role="service", expires_at_s=0)
        call = Request(caller=host, now_ms=WRITTEN_MS, request_id="r1")
        erasures.add(job, audit.new_entry(call, "erase_user", job.erasure_id))
    group = make_group(alice, bob, client_id="chess")
    [in_group] = say(alice, group, "hello")
    parley.user("carol")
    if path.stem in MODERATED:
        invoke(parley, FOLDER / "rest" / "report_message.json", alice.token)
        assert report(bob, in_group).status == 201
    if path.stem == "restore_message":
        invoke(parley, FOLDER / "rest" / "remove_message.json", alice.token)

    caller = agent(parley) if path.stem in OF_AGENTS else alice
    result = invoke(parley, path, caller.token)

    match path.parent.name:
        case _ if path.stem == "authorize":
            assert [one["Effect"] for one in result["policyDocument"]["Statement"]] == ["Allow"]
        case "rest":
            assert result["statusCode"] in (200, 201, 202, 302), result
        case "websocket":
            assert result["statusCode"] == 200, result
            assert json.loads(result.get("body", "{}")).get("error", {}).get("status", 0) < 500, result
        case "scheduled":
            assert result == {"swept": 0}
        case _:
            assert result["batchItemFailures"] == []


def test_no_event_holds_an_account_or_a_key_that_could_be_somebodys() -> None:
    for path in FILES:
        text = path.read_text(encoding="utf-8")
        assert set(re.findall(r"\b\d{12}\b", text)) <= {"123456789012"}, path
        assert not re.search(r"AKIA[A-Z0-9]{16}", text), path
