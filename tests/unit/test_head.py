"""The rows of the tables: markers stay in order whatever was reported, and unread is arithmetic."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from parley.domain.api.identity import Identity
from parley.domain.api.request import Request
from parley.domain.api.requests import Draft
from parley.domain.api.types import NamedUser
from parley.domain.conversations import views
from parley.domain.conversations.head import Head, Membership, UnreadFrom
from parley.domain.conversations.message import PREVIEW_CHARACTERS, Reader, StoredMessage
from parley.domain.conversations.send_steps import send_message

PEOPLE = ("alice", "bob")
CONVERSATION = "d_" + "a" * 26


def head(last_seq: int = 0, sent_seqs: dict[str, int] | None = None) -> Head:
    return Head(
        conversation_id=CONVERSATION,
        type="direct",
        context=None,
        participants=PEOPLE,
        last_seq=last_seq,
        last_change_seq=0,
        last_message=None,
        sent_seqs=sent_seqs or {},
        created_at_ms=0,
        last_activity_ms=0,
        active_hour=0,
    )


def membership(user_id: str = "alice", *, read_seq: int = 0, delivered_seq: int = 0) -> Membership:
    return Membership(user_id=user_id, conversation_id=CONVERSATION, read_seq=read_seq, delivered_seq=delivered_seq)


def reader(user_id: str) -> Reader:
    return Reader(user_id=user_id, blocked=frozenset())


def sent(before: Head, sender_id: str, *, now_ms: int = 0) -> Head:
    """Returns the head after a send, as one transaction writes it."""
    call = Request(caller=Identity(user_id=sender_id, name="", expires_at_s=0), now_ms=now_ms, request_id="r")
    return send_message(before, Draft(text="hello"), call).after


@st.composite
def talks(draw: st.DrawFn) -> tuple[Head, Membership]:
    """Draws a conversation after some sends, and what Alice has reported of it."""
    now = head()
    for sender_id in draw(st.lists(st.sampled_from(PEOPLE), max_size=30)):
        now = sent(now, sender_id)
    reported = st.integers(0, now.last_seq)
    return now, membership(read_seq=draw(reported), delivered_seq=draw(reported))


@given(talks())
def test_markers_stay_in_order(talk: tuple[Head, Membership]) -> None:
    now, mine = talk

    assert 0 <= now.read_seq(mine) <= now.delivered_seq(mine) <= now.last_seq


@given(talks())
def test_unread_is_what_lies_behind_the_marker(talk: tuple[Head, Membership]) -> None:
    now, mine = talk

    assert now.unread(mine) == now.last_seq - now.read_seq(mine) >= 0


@given(talks(), st.integers(1, 40), st.integers(0, 40))
def test_mark_as_unread_holds_until_the_marker_moves(talk: tuple[Head, Membership], seq: int, read_seq: int) -> None:
    now, mine = talk
    marked = replace(mine, unread_from=UnreadFrom(seq=seq, read_seq=now.read_seq(mine), at_ms=0))
    later = replace(marked, read_seq=max(marked.read_seq, read_seq))

    assert now.read_seq(marked) == now.read_seq(mine)
    assert now.unread(marked) == now.last_seq - min(now.read_seq(mine), seq - 1)
    if now.read_seq(later) > now.read_seq(mine):
        assert (now.unread_from_seq(later), now.unread(later)) == (None, now.last_seq - now.read_seq(later))
    written = sent(now, "alice")
    assert (written.unread_from_seq(marked), written.unread(marked)) == (None, 0)
    assert sent(now, "bob").unread(marked) == now.unread(marked) + 1


@given(talks())
def test_who_writes_has_read_and_the_other_has_one_more_to_read(talk: tuple[Head, Membership]) -> None:
    now, mine = talk
    hers = membership("bob")

    after = sent(now, "alice")

    assert after.read_seq(mine) == after.delivered_seq(mine) == after.last_seq
    assert after.unread(mine) == 0
    assert after.read_seq(hers) == now.read_seq(hers)
    assert after.unread(hers) == now.unread(hers) + 1


@given(talks(), st.integers(0, 40), st.integers(0, 40))
def test_markers_never_go_back(talk: tuple[Head, Membership], read_seq: int, delivered_seq: int) -> None:
    now, mine = talk
    later = replace(mine, read_seq=max(mine.read_seq, read_seq), delivered_seq=max(mine.delivered_seq, delivered_seq))

    assert now.read_seq(later) >= now.read_seq(mine)
    assert now.delivered_seq(later) >= now.delivered_seq(mine)
    assert sent(now, "bob").read_seq(mine) >= now.read_seq(mine)


def named(name: str) -> NamedUser:
    return NamedUser(name=name, role="user", avatar_url=None, profile_seq=1)


def test_each_member_sees_their_own_side() -> None:
    now = sent(sent(head(), "alice"), "bob")
    sides = {"alice": membership("alice"), "bob": membership("bob")}

    shown = views.view_conversation(now, reader("alice"), sides, {"alice": named("Alice")})

    assert (shown.last_seq, shown.read_seq, shown.unread) == (2, 1, 1)
    assert [(one.user_id, one.name, one.read_seq) for one in shown.members] == [("alice", "Alice", 1), ("bob", None, 2)]
    theirs = views.view_conversation(now, reader("bob"), sides, {})
    assert (theirs.read_seq, theirs.unread) == (2, 0)


def test_others_are_all_but_one() -> None:
    assert head().others("alice") == ("bob",)
    assert head().others("eve") == PEOPLE


@given(st.text(max_size=300))
def test_a_preview_is_the_messages_beginning(text: str) -> None:
    message = StoredMessage(
        conversation_id=CONVERSATION, seq=7, sender_id="alice", kind="text", text=text, created_at_ms=1
    )

    assert text.startswith(message.preview().text)
    assert len(message.preview().text) == min(len(text), PREVIEW_CHARACTERS)
    assert message.preview().id == message.for_all().id == f"{CONVERSATION}.7"
