"""Every operation of both APIs as a person might try it, read from the template and the handlers.

So an operation is tried by everybody who must not get through, from the day it is added.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import msgspec

from docs import operations
from docs.operations import Operation, RestOperation
from local.template import Template
from tests.functional.push_devices import browser
from tests.functional.replies import RULED
from tests.harness import Frame, Socket, User

IDS = ("conversation_id", "message_id")
ABSENT = {"direct": "d_" + "a" * 26, "group": "g_" + "a" * 26}
# Of fields that an operation requires beside the ids, and of other parts of a path; a new one needs its own here.
FIELDS: dict[str, object] = {
    "text": "let me in",
    "seq": 1,
    "assignee_id": "bob",
    "rating": 5,
    "available": True,
    "until": "2036-01-01T00:00:00Z",
    "user_id": "bob",
    "user_ids": ["carol"],
    "users": [{"id": "carol"}],
    "conversation_ids": [ABSENT["direct"]],
    "ids": ["a_" + "a" * 26],
    "call_id": "c1",
    "signal": "offer",
    "format": "jsonl",
    "reason": "spam",
    "hours": 24,
    "q": "secret",
    "scope": "write",
    "show_last_seen": True,
    "status": "resolved",
    "state": "closed",
    "version": 1,
    "name": "plan.pdf",
    "type": "application/pdf",
    "size": 10,
    "subject": "My booking",
    "title": "Ours",
    "description": "let me in",
    "into": "t_" + "b" * 26,
    "url": "https://hooks.example.org/",
    "events": ["*"],
    "since": "2026-11-20T00:00:00Z",
    "run": "rehearsal-1",
    "last_seq": 0,
    "effects": {"status": "resolved"},
    "rules": [{"text": "damn", "action": "flag"}],
    "language": "en",
    "helped": True,
}
# Of operations that change nothing, or make no sense, with what they require alone.
MORE_FIELDS: dict[str, dict[str, object]] = {
    "respond_to_ticket": {"text": "let me in"},
    "update_ticket": {"status": "closed"},
    "put_automations": {"version": 0, "rules": []},
    "put_article": {"state": "draft"},
    "create_webhook": {"url": "https://hooks.example.org/", "events": ["*"]},
    "update_webhook": {"enabled": True},
    "replay_deliveries": {"since": "2026-11-20T00:00:00Z", "until": "2026-11-21T00:00:00Z"},
    "create_ticket": {"subject": "My booking", "description": "let me in"},  # or a message
    "change_tickets": {"ids": ["t_" + "a" * 26], "changes": {"status": "closed"}},
    "create_attachment_for_user": {"user_id": "bob"},
    "create_conversation": {"type": "direct", "user_id": "bob"},
    "update_conversation": {"title": "Ours"},
    "add_members": {"user_ids": ["carol"]},  # or everyone
    "edit_message": {"text": "let me in"},  # or other fields
    "update_settings": {"pinned": True},
    "send_message": {"text": "let me in"},  # or attachments
    "send_message_to_user": {"text": "let me in", "user_id": "bob"},
    "put_context_people": {"add": ["bob"]},
    "put_device": browser(),
    "import_attachment": {"user_id": "bob", "client_id": "f-1", "name": "a.pdf", "type": "application/pdf", "size": 10},
    "import_conversation": {
        "source_id": "c-1",
        "type": "direct",
        "members": [{"user_id": "alice"}, {"user_id": "bob"}],
        "created_at": "2024-03-01T08:00:00Z",
    },
    "import_messages": {"messages": [{"seq": 1, "sender_id": "bob", "created_at": "2024-03-01T08:00:00Z"}]},
    "finish_import": {"members": [{"user_id": "bob", "read_seq": 0}]},
    "call_signal": {"media": "audio", "payload": "v=0"},
}
QUERIES = {
    "undo_import": "?run=rehearsal-1",
    "explain_policy": "?user_id=bob",
    "get_presence": "?ids=bob",
    "list_any_conversations": "?user_id=bob",
    "list_warnings": "?user_id=bob",
    "search_moderated_messages": "?q=secret&user_id=bob",
    "search_articles": "?q=secret",
    "search_messages": "?q=secret&conversation_id={conversation_id}",
}
PATH_PARTS = {
    "device_id": "laptop",
    "notification_id": "c.d_rcacaty2c4itxxpmvchtux4jlq",
    "user_id": "alice",
    "emoji": "%F0%9F%91%8D",
    "report_id": "r_" + "a" * 26,
    "attachment_id": "a_" + "a" * 26,
    "export_id": "x_" + "a" * 26,
    "ticket_id": "t_" + "a" * 26,
    "reply_id": "c_" + "a" * 26,
    "macro_id": "mc_" + "a" * 26,
    "article_id": "k_" + "a" * 26,
    "erasure_id": "z_" + "a" * 26,
    "removal_id": "m_" + "a" * 26,
    "webhook_id": "wh_" + "a" * 26,
    "delivery_id": f"wh_{'a' * 26}.1795246260123.evt_{'0' * 32}",
    "connection_id": "Zb2J3cH9DoECJzA=",
    "context_type": "class",
    "context_id": "7b",
}
# Operations that write, as botocore names them.
_WRITES = ("Put", "Update", "Delete", "BatchWrite", "TransactWrite", "Send")


@dataclass(frozen=True)
class Answer:
    """Returns the parts of a refusal by which a client can distinguish it; of another answer, the status alone."""

    status: int
    code: str = ""
    detail: str = ""
    rule: str | None = None

    @classmethod
    def of(cls, problem: Frame) -> "Answer":
        """Returns what a problem document says; a refusal by a rule must name it."""
        answer = cls(problem["status"], problem["code"], problem["detail"], problem.get("rule"))
        assert answer.detail, answer
        assert bool(answer.rule) == (answer.status in RULED) or answer.status == 422, answer
        return answer


@dataclass(frozen=True)
class Attempt:
    """An operation with what it takes; `ids` are those of a conversation and a message that it names."""

    operation: Operation
    fields: dict[str, object]
    query: str
    ids: frozenset[str]

    @property
    def is_rest(self) -> bool:
        return isinstance(self.operation, RestOperation)

    @property
    def is_for_moderators(self) -> bool:
        return isinstance(self.operation, RestOperation) and self.operation.path.startswith("/admin/")

    @property
    def is_of_host(self) -> bool:
        """Says whether only the host's own server may, which brings conversations along."""
        return isinstance(self.operation, RestOperation) and self.operation.path.startswith("/migration/")

    @property
    def refuses_example(self) -> bool:
        """Says whether the example lacks what the operation is about.

        It is about other conversations too, of which the example is nobody's, or about a picture of the message.
        """
        return "conversation_ids" in self.fields or self.operation.name == "get_preview_image"

    def ask(self, person: User, socket: Socket, conversation_id: str) -> Answer:
        """Returns what came back: over REST for the person, over WebSocket for the socket."""
        ids = {"conversation_id": conversation_id, "message_id": f"{conversation_id}.2"}
        if isinstance(self.operation, RestOperation):
            path = (self.operation.path + self.query).format(**ids | PATH_PARTS)
            takes = self.operation.takes
            in_body = {one.name for one in msgspec.structs.fields(takes)} & ids.keys() if takes else set()
            body = self.fields | {name: ids[name] for name in in_body} if takes else None
            reply = person.request(self.operation.method.upper(), path, json=body)
            return Answer.of(reply.json) if reply.status >= 400 else Answer(reply.status)
        named = {name: one for name, one in ids.items() if name in self.ids}
        answer = socket.request(self.operation.name, self.fields | named)
        return Answer.of(answer["error"]) if answer["type"] == "error" else Answer(200)

    def ask_quietly(self, person: User, socket: Socket, conversation_id: str, others: list[Socket]) -> Answer:
        """Returns the answer; nothing may be written for it, and none of the others told."""
        for device in others:
            device.frames.clear()
        with person.parley.watch() as calls:
            answer = self.ask(person, socket, conversation_id)
        assert [call.operation for call in calls if call.operation.startswith(_WRITES)] == [], self
        assert [device.frames for device in others] == [[]] * len(others), self
        return answer

    def __str__(self) -> str:
        return f"{'rest' if self.is_rest else 'websocket'}/{self.operation.name}"


def everything(template: Template) -> Iterator[Attempt]:
    """Yields every operation that asks for a token."""
    for operation in (*operations.rest_operations(template), *operations.actions(template)):
        if operations.is_page(operation):
            continue
        fields = msgspec.structs.fields(operation.takes) if operation.takes else ()
        query, address = "", ""
        if isinstance(operation, RestOperation):
            query = QUERIES.get(operation.name, "")
            address = operation.path + query
        named = {field.name for field in fields}
        ids = frozenset(name for name in IDS if name in named or f"{{{name}}}" in address)
        more = MORE_FIELDS.get(operation.name, {})
        needed = [field.name for field in fields if field.required and field.name not in (*IDS, *more)]
        yield Attempt(operation, {name: FIELDS[name] for name in needed} | more, query, ids)


def naming(template: Template) -> Iterator[Attempt]:
    """Yields every operation that names a conversation or a message, without those of the host's own server alone."""
    return (one for one in everything(template) if one.ids and not one.is_of_host)


def leaving_last(attempts: Iterable[Attempt]) -> list[Attempt]:
    """Returns attempts in an order in which each finds what it needs: what takes messages and people away is last."""
    last = ("rest/clear_history", "rest/remove_member", "rest/dissolve_group")
    places = {name: place for place, name in enumerate(last, start=1)}
    return sorted(attempts, key=lambda one: (places.get(str(one), 0), "delete" in str(one), str(one)))
