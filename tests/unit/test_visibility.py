"""Live events reach those who may know that a person is there, whatever list of people they are posted to."""

import ast
from pathlib import Path

from parley.domain.api.types import ConversationType
from parley.domain.conversations import events
from parley.domain.conversations.events import ContentEvent, LiveEvent, UserTyping
from parley.domain.conversations.head import Head
from parley.domain.live import visibility
from parley.domain.live.presence import Connection

PACKAGE = Path(events.__file__).parents[2]
DEVICE = Connection(connection_id="c", lease_s=0, token_s=0, since_ms=0)


def head(kind: ConversationType, *participants: str, blocked_by: tuple[str, ...] = ()) -> Head:
    return Head(
        conversation_id="x",
        type=kind,
        context=None,
        participants=participants,
        last_seq=0,
        last_change_seq=0,
        last_message=None,
        sent_seqs={},
        created_at_ms=0,
        last_activity_ms=0,
        active_hour=0,
        blocked_by=blocked_by,
    )


def told(audience: visibility.Audience) -> set[str]:
    frames = audience.frames(UserTyping(conversation_id="x", user_id="alice", expires_at=""))
    return {one for one in ("alice", "bob", "carol", "eve") if frames(one, DEVICE) is not None}


def test_block_leaves_the_person_themselves() -> None:
    assert told(visibility.of_member(head("direct", "alice", "bob"), "alice", ())) == {"alice", "bob"}
    for blocked_by in (("alice",), ("bob",), ("alice", "bob")):
        talk = head("direct", "alice", "bob", blocked_by=blocked_by)
        assert told(visibility.of_member(talk, "alice", ())) == {"alice"}


def test_in_a_group_it_hides_from_the_one_who_is_meant() -> None:
    group = head("group", "alice", "bob", "carol")

    assert told(visibility.of_member(group, "alice", {"bob", "eve"})) == {"alice", "carol"}


def test_every_event_is_either_what_members_share_or_live() -> None:
    kinds = set(events.kinds())

    assert kinds == set(events.kinds(ContentEvent)) | set(events.kinds(LiveEvent))
    assert not any(hasattr(kind, "frame") for kind in events.kinds(LiveEvent))


def test_only_an_audience_encodes_live_events() -> None:
    encoding = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.Attribute) and ast.unparse(node) == "events.encode")
        or (
            isinstance(node, ast.ImportFrom)
            and node.module == "parley.domain.conversations.events"
            and "encode" in {alias.name for alias in node.names}
        )
    }

    assert encoding == {"domain/live/visibility.py"}
