"""Digests: one e-mail for what gathered, later and later while nothing is read, with the words of that moment."""

import json
from collections.abc import Iterator
from email.message import EmailMessage

import pytest

from bench.calls import longest_chain, recording
from tests.functional import suspending
from tests.functional.desk import agent, assign, change, open_ticket, take
from tests.functional.erasures import erased
from tests.functional.mailing import clocked, later, mail_state, person, poll_once, text_of, token_for
from tests.functional.notifying import rows_of, spoil
from tests.functional.talk import make_group, open_direct, say
from tests.harness import Call, Parley, User

MINUTE, HOUR = 60, 3600


@pytest.fixture(autouse=True)
def _clock(parley: Parley) -> Iterator[None]:
    with clocked(parley):
        yield


@pytest.fixture
def alice(parley: Parley) -> User:
    return person(parley, "alice")


@pytest.fixture
def bob(parley: Parley) -> User:
    return person(parley, "bob")


def test_who_has_not_read_a_message_gets_an_e_mail_after_two_minutes(parley: Parley, alice: User, bob: User) -> None:
    say(alice, open_direct(alice, bob), "lunch?")

    assert later(parley, 90) == []
    [mail] = later(parley, MINUTE)

    assert mail["To"] == "bob@example.org" and mail["Subject"] == "Alice · Parley"
    assert "lunch?" in text_of(mail) and "Hello Bob," in text_of(mail)
    assert "https://app.example.com/c/d_" in text_of(mail)
    assert later(parley, 26 * 60 * MINUTE) == []


def test_who_reads_in_time_gets_none(parley: Parley, alice: User, bob: User) -> None:
    conversation_id = open_direct(alice, bob)
    say(alice, conversation_id, "lunch?")
    parley.drain()

    assert bob.patch(f"/conversations/{conversation_id}/read-all").status == 200

    assert later(parley, 5 * MINUTE) == []
    assert mail_state("bob") is None


def test_one_e_mail_tells_of_all_that_gathered(parley: Parley, alice: User, bob: User) -> None:
    direct, group = open_direct(alice, bob), make_group(alice, bob)
    say(alice, direct, "one", "two")
    say(alice, group, "three")

    [mail] = later(parley, 5 * MINUTE)

    assert mail["Subject"] == "3 new notifications · Parley"  # one of them is the invitation
    assert text_of(mail).count("2 new messages") == 1 and "Alice: three" in text_of(mail)
    assert text_of(mail).count("\r\nChess") == 2


def test_e_mails_pause_while_nothing_is_read_and_come_soon_after_that(parley: Parley, alice: User, bob: User) -> None:
    conversation_id = open_direct(alice, bob)
    came = []
    for hour in range(6):
        say(alice, conversation_id, f"message {hour}")
        came.append([mail["Subject"] for mail in later(parley, 10 * MINUTE)])

    # The pauses are 15 minutes, then an hour: 2, 17 and 77 minutes after the first message.
    assert [len(each) for each in came] == [1, 1, 0, 0, 0, 0]
    [mail] = later(parley, 20 * MINUTE)
    assert "6 new messages" in text_of(mail)

    assert bob.patch(f"/conversations/{conversation_id}/read-all").status == 200
    say(alice, conversation_id, "still there?")
    assert later(parley, 11 * MINUTE) == []  # the last one is three minutes old, and they are 15 apart
    [again] = later(parley, 2 * MINUTE)
    assert "still there?" in text_of(again)


def email_of(parley: Parley, conversation_id: str, seq: int) -> object:
    """Returns what the trace of a message says of bob's e-mail."""
    from parley.adapters.dynamodb import tables

    document = tables.Notification.get("bob", f"t#{conversation_id}#{seq}").document
    assert isinstance(document, dict)
    told = document["email"]
    return told["state"], told["rule"]


def test_the_traces_tell_what_became_of_the_e_mail(parley: Parley, alice: User, bob: User) -> None:
    conversation_id = open_direct(alice, bob)
    say(alice, conversation_id, "one", "two")
    parley.drain()
    assert [email_of(parley, conversation_id, seq) for seq in (1, 2)] == [("waiting", "told")] * 2

    later(parley, 3 * MINUTE)
    assert [email_of(parley, conversation_id, seq) for seq in (1, 2)] == [("sent", "told")] * 2

    assert bob.patch(f"/conversations/{conversation_id}/read-all").status == 200
    say(alice, conversation_id, "three")
    parley.drain()
    assert bob.patch(f"/conversations/{conversation_id}/read-all").status == 200
    later(parley, 15 * MINUTE)
    assert email_of(parley, conversation_id, 3) == ("skipped", "read")


def test_a_message_that_was_told_is_not_told_again(parley: Parley, alice: User, bob: User) -> None:
    direct, group = open_direct(alice, bob), make_group(alice, bob)
    say(alice, direct, "one")
    [first] = later(parley, 3 * MINUTE)
    say(alice, group, "two")

    [second] = later(parley, 20 * MINUTE)

    assert "\r\nAlice\r\n" in text_of(first) and "one" in text_of(first)
    assert "\r\nChess\r\n" in text_of(second) and "\r\nAlice\r\n" not in text_of(second)


def test_the_words_are_those_of_the_moment(parley: Parley, alice: User, bob: User) -> None:
    conversation_id = open_direct(alice, bob)
    [deleted, edited] = say(alice, conversation_id, "a mistake", "helo")
    parley.drain()
    assert alice.patch(f"/messages/{edited}", json={"text": "hello"}).status == 200
    assert alice.delete(f"/messages/{deleted}").status == 200

    [mail] = later(parley, 5 * MINUTE)

    assert "mistake" not in text_of(mail) and "helo" not in text_of(mail)


def test_a_deleted_message_is_not_told(parley: Parley, alice: User, bob: User) -> None:
    [only] = say(alice, open_direct(alice, bob), "a mistake")
    parley.drain()
    assert alice.delete(f"/messages/{only}").status == 200

    assert later(parley, 5 * MINUTE) == []


def mention(sender: User, conversation_id: str, user_id: str, text: str) -> str:
    """Sends a message that names a user, and returns its id."""
    wanted = {"text": text, "mentions": [user_id]}
    sent = sender.post(f"/conversations/{conversation_id}/messages", json=wanted)
    assert sent.status == 201, sent
    return str(sent.json["id"])


def test_a_mention_that_was_deleted_before_the_e_mail_brings_no_second_one(
    parley: Parley, alice: User, bob: User
) -> None:
    group = make_group(alice, bob)
    say(alice, group, "first")
    assert len(later(parley, 5 * MINUTE)) == 1
    assert bob.patch(f"/conversations/{group}/read-all").status == 200
    say(alice, group, "one")
    later(parley, 2)
    mentioned = mention(alice, group, "bob", "two")
    later(parley, 2)
    say(alice, group, "three")
    later(parley, 2)
    assert alice.delete(f"/messages/{mentioned}").status == 200

    assert len(later(parley, 26 * 60 * MINUTE)) == 1


def test_an_e_mail_comes_for_a_message_after_everything_was_marked_as_seen(
    parley: Parley, alice: User, bob: User
) -> None:
    conversation_id = open_direct(alice, bob)
    say(alice, conversation_id, "one")
    parley.drain()
    parley.advance(1)
    assert bob.post("/me/notifications/seen").status == 200
    parley.advance(1)
    say(alice, conversation_id, "two")

    assert len(later(parley, 5 * MINUTE)) == 1


def test_other_messages_are_told_if_the_newest_was_deleted(parley: Parley, alice: User, bob: User) -> None:
    [_, newest] = say(alice, open_direct(alice, bob), "lunch?", "a mistake")
    parley.drain()
    assert alice.delete(f"/messages/{newest}").status == 200

    [mail] = later(parley, 5 * MINUTE)

    assert "lunch?" in text_of(mail) and "mistake" not in text_of(mail)


def test_an_e_mail_counts_and_the_traces_name_the_messages_that_are_there(
    parley: Parley, alice: User, bob: User
) -> None:
    conversation_id = open_direct(alice, bob)
    ids = say(alice, conversation_id, *[f"message {number}" for number in range(13)])
    parley.drain()
    for each in (ids[3], ids[-1]):
        assert alice.delete(f"/messages/{each}").status == 200

    [mail] = later(parley, 5 * MINUTE)

    assert "11 new messages" in text_of(mail)
    told = {seq: email_of(parley, conversation_id, seq) for seq in range(1, 14)}
    assert {seq for seq, outcome in told.items() if outcome == ("skipped", "message_deleted")} == {4, 13}
    assert {outcome for seq, outcome in told.items() if seq not in (4, 13)} == {("sent", "told")}


def test_a_mention_and_a_message_are_told_each_once(parley: Parley, alice: User, bob: User) -> None:
    conversation_id = open_direct(alice, bob)
    say(alice, conversation_id, "lunch?")
    parley.drain()
    mention(alice, conversation_id, "bob", "hey @Bob")

    [mail] = later(parley, 5 * MINUTE)

    assert mail["Subject"] == "2 new notifications · Parley"
    assert text_of(mail).count("hey @Bob") == 1 and text_of(mail).count("lunch?") == 1


def test_a_flood_of_mentions_by_one_person_leaves_room_for_all_others(parley: Parley, alice: User, bob: User) -> None:
    group = make_group(alice, bob)
    others = [parley.user(f"friend{number}") for number in range(20)]
    for other in others:
        say(other, open_direct(other, bob), f"hello from {other.user_id}")
    parley.drain()
    for number in range(300):
        mention(alice, group, "bob", f"look, @Bob, {number}")
        parley.advance(0.2)
        if number % 50 == 49:
            parley.drain()

    [mail] = later(parley, 3 * MINUTE)
    found = bob.get("/me/notifications?limit=50").json

    assert found["unseen"] == 22 and not found["capped"]
    assert [each["kind"] for each in found["notifications"]].count("message") == 20
    [entry] = [each for each in found["notifications"] if each["kind"] == "mention"]
    assert (entry["count"], entry["text"]) == (100, "Alice mentioned you: look, @Bob, 299")
    lines = {line.strip() for line in text_of(mail).splitlines()}
    assert {f"hello from friend{number}" for number in range(20)} <= lines
    assert "100 mentions" in lines and text_of(mail).count("look, @Bob") == 3


def test_a_deleted_mention_is_not_in_the_e_mail(parley: Parley, alice: User, bob: User) -> None:
    conversation_id = open_direct(alice, bob)
    say(alice, conversation_id, "one", "two")
    parley.drain()
    mentioned = mention(alice, conversation_id, "bob", "hey @Bob")
    parley.drain()
    assert alice.delete(f"/messages/{mentioned}").status == 200

    [mail] = later(parley, 5 * MINUTE)

    assert mail["Subject"] == "Alice · Parley" and text_of(mail).count("2 new messages") == 1


def leave(parley: Parley, group: str) -> None:
    assert parley.user("bob").delete(f"/conversations/{group}/members/bob").status == 200


def mute(parley: Parley, group: str) -> None:
    settings = {"muted_until": "2099-01-01T00:00:00Z"}
    assert parley.user("bob").patch(f"/conversations/{group}/settings", json=settings).status == 200


def block(parley: Parley, group: str) -> None:
    assert parley.user("bob").put("/users/alice/block").status in (200, 201)


def suspend(parley: Parley, group: str) -> None:
    assert suspending.suspend(parley, "bob", "all").status == 200


def switch_off(parley: Parley, group: str) -> None:
    asked = {"channels": {"email": {"message": False}}}
    assert parley.user("bob").patch("/me/notification-preferences", json=asked).status == 200


def see(parley: Parley, group: str) -> None:
    assert parley.user("bob").patch(f"/conversations/{group}/read-all").status == 200


@pytest.mark.parametrize("happens", [leave, mute, block, suspend, switch_off, see])
def test_nothing_reaches_a_person_who_may_or_wants_not_any_more(
    parley: Parley, alice: User, bob: User, happens: object
) -> None:
    asked = {"channels": {"email": {"invitation": False}}}
    assert bob.patch("/me/notification-preferences", json=asked).status == 200
    group = make_group(alice, bob)
    say(alice, group, "a secret")
    parley.drain()

    assert callable(happens)
    happens(parley, group)

    assert later(parley, 10 * MINUTE) == []


def test_an_erased_person_gets_none_and_leaves_nothing(parley: Parley, alice: User, bob: User) -> None:
    from parley.adapters.dynamodb import tables
    from parley.adapters.people import erased_people

    say(alice, open_direct(alice, bob), "a secret")
    parley.drain()
    tables.Erasure(erasure_id=erased_people.key("bob")).save()

    assert later(parley, 5 * MINUTE) == []
    assert mail_state("bob") is None


def wait_for_agents(parley: Parley, ticket_id: str) -> None:
    """Puts an open ticket that nobody has into the inbox of agnes, and queues a look."""
    from parley.adapters.notifications import notices
    from parley.domain.notifications.occasion import Occasion

    now_ms = parley.clock()
    occasion = Occasion(kind="waiting_ticket", conversation_id=ticket_id, seq=1, number=1, at_ms=now_ms)
    entry = notices.Entry(
        user_id="agnes",
        place=occasion.entry_place("ticket"),
        kind="ticket",
        conversation_id=ticket_id,
        seq=1,
        number=1,
        at_ms=now_ms,
        waits=True,
    )
    notices.write_entries([entry])
    parley.enqueue("MailJobs", json.dumps({"user_id": "agnes", "due_ms": now_ms}))


def test_agents_are_told_of_a_ticket_until_one_takes_it(parley: Parley, alice: User) -> None:
    agnes = person(parley, "agnes", role="agent")
    waits, taken = open_ticket(alice, client_id="one"), open_ticket(alice, client_id="two")
    assert take(agnes, taken).status == 200
    parley.drain()
    wait_for_agents(parley, waits)
    wait_for_agents(parley, taken)

    mails = [mail for mail in later(parley, 5 * MINUTE) if mail["To"] == "agnes@example.org"]

    [mail] = mails
    assert waits in text_of(mail) and taken not in text_of(mail)


def test_an_erasure_takes_all_of_it(parley: Parley, alice: User, bob: User) -> None:
    conversation_id = open_direct(alice, bob)
    say(alice, conversation_id, "lunch?")
    [mail] = later(parley, 3 * MINUTE)
    say(alice, conversation_id, "a secret")
    parley.drain()

    erased(parley, "bob")

    assert later(parley, 30 * MINUTE) == []
    assert rows_of(parley, "bob") == {}
    path = str(mail["List-Unsubscribe"]).strip("<>").removeprefix("https://parley.example.com/v1")
    assert parley.bearer("").post(path).status == 410
    assert rows_of(parley, "bob") == {}


def test_quiet_hours_hold_an_e_mail_back_until_they_end(parley: Parley, alice: User, bob: User) -> None:
    from parley.domain.api.times import rfc3339

    until = rfc3339(parley.clock() + 30 * MINUTE * 1000)
    assert bob.patch("/me/notification-preferences", json={"do_not_disturb_until": until}).status == 200
    say(alice, open_direct(alice, bob), "lunch?", "or dinner?")

    assert later(parley, 29 * MINUTE) == []
    [mail] = later(parley, 2 * MINUTE)
    assert "2 new messages" in text_of(mail)


def disturb_not(parley: Parley, person: User, seconds: int, **more: object) -> None:
    from parley.domain.api.times import rfc3339

    until = rfc3339(parley.clock() + seconds * 1000)
    asked = {"do_not_disturb_until": until, **more}
    assert person.patch("/me/notification-preferences", json=asked).status == 200


def test_a_message_of_quiet_hours_is_not_lost_beside_a_mention_that_disturbs(
    parley: Parley, alice: User, bob: User
) -> None:
    direct, group = open_direct(alice, bob), make_group(alice, bob)
    later(parley, 20 * MINUTE)
    assert bob.patch(f"/conversations/{group}/read-all").status == 200
    disturb_not(parley, bob, 6 * HOUR, exceptions={"mention": True})
    for number in range(3):
        say(alice, direct, f"please call me back {number}")
        hey = {"text": f"hey @bob {number}", "mentions": ["bob"]}
        assert alice.post(f"/conversations/{group}/messages", json=hey).status == 201

    [mail] = later(parley, HOUR)
    assert "hey @bob" in text_of(mail) and "call me" not in text_of(mail)
    assert [due_ms for due_ms, *_ in parley.held.messages][1:] == []  # one job waits

    came = later(parley, 6 * HOUR)
    assert ["3 new messages" in text_of(mail) for mail in came] == [True]
    assert email_of(parley, direct, 3) == ("sent", "told")


def test_what_was_held_back_comes_when_a_person_ends_their_quiet_time(parley: Parley, alice: User, bob: User) -> None:
    disturb_not(parley, bob, 20 * 24 * HOUR)
    say(alice, open_direct(alice, bob), "lunch?")
    assert later(parley, 2 * HOUR) == []

    disturb_not(parley, bob, 5 * HOUR)
    assert later(parley, 4 * HOUR) == []
    assert len(parley.held.messages) == 1  # the job for the former end was dropped

    assert bob.patch("/me/notification-preferences", json={"do_not_disturb_until": None}).status == 200
    [mail] = later(parley, 3 * MINUTE)
    assert "lunch?" in text_of(mail)
    assert later(parley, 2 * HOUR) == [] and len(parley.held.messages) == 0


@pytest.mark.parametrize(("seconds", "waiting"), [(30 * 24 * HOUR - 600, 1), (31 * 24 * HOUR, 0)])
def test_no_job_waits_for_the_end_of_a_quiet_time_that_is_too_far_away(
    parley: Parley, alice: User, bob: User, seconds: int, waiting: int
) -> None:
    disturb_not(parley, bob, seconds)
    conversation_id = open_direct(alice, bob)
    say(alice, conversation_id, "lunch?")

    later(parley, 10 * MINUTE)

    assert len(parley.held.messages) == waiting
    known = ("waiting", "do_not_disturb") if waiting else ("skipped", "do_not_disturb")
    assert email_of(parley, conversation_id, 1) == known
    assert bob.patch("/me/notification-preferences", json={"do_not_disturb_until": None}).status == 200
    [mail] = later(parley, 3 * MINUTE)
    assert "lunch?" in text_of(mail) and email_of(parley, conversation_id, 1) == ("sent", "told")


def test_e_mails_are_a_quarter_of_an_hour_apart_whatever_a_person_reads(parley: Parley, alice: User, bob: User) -> None:
    strangers = [person(parley, f"stranger{number}") for number in range(3)]
    spam = [open_direct(stranger, bob) for stranger in strangers]
    friend = open_direct(alice, bob)
    came = 0
    for _ in range(20):
        for stranger, conversation_id in zip(strangers, spam, strict=True):
            say(stranger, conversation_id, "spam")
        say(alice, friend, "hello")
        came += len(later(parley, 170))
        assert bob.patch(f"/conversations/{friend}/read-all").status == 200
        later(parley, 10)

    assert came == 4  # in an hour


@pytest.mark.parametrize("texts", [["a secret"], ["a secret", "a secret, too", "one more secret"]])
def test_previews_are_left_out_if_the_person_wants_none(
    parley: Parley, alice: User, bob: User, texts: list[str]
) -> None:
    assert bob.patch("/me/notification-preferences", json={"previews": False}).status == 200
    say(alice, open_direct(alice, bob), *texts)

    [mail] = later(parley, 3 * MINUTE)

    assert "secret" not in text_of(mail) and "secret" not in html_of(mail)


def html_of(mail: EmailMessage) -> str:
    part = mail.get_body(("html",))
    assert part is not None
    return str(part.get_content())


def test_an_e_mail_shows_the_newest_three_of_several_messages(parley: Parley, alice: User, bob: User) -> None:
    direct, group = open_direct(alice, bob), make_group(alice, bob)
    say(alice, direct, "one", "two", "three", "four", "<b>five</b>")
    say(alice, group, "six", "seven")

    [mail] = later(parley, 3 * MINUTE)

    text = text_of(mail).replace("\r\n", "\n")
    assert "Alice\n  5 new messages\n  three\n  four\n  <b>five</b>\n" in text and "two" not in text
    assert "Chess\n  2 new messages\n  Alice: six\n  Alice: seven\n" in text
    assert "<bdi>&lt;b&gt;five&lt;/b&gt;</bdi>" in html_of(mail)


def test_the_newest_messages_are_those_that_the_person_may_see(parley: Parley, alice: User, bob: User) -> None:
    carol = person(parley, "carol")
    group = make_group(alice, bob, carol)
    say(alice, group, "from alice")
    [gone, _] = say(carol, group, "a mistake", "from carol")
    say(alice, group, "more from alice")
    say(carol, group, "the end")
    parley.drain()
    assert carol.delete(f"/messages/{gone}").status == 200
    assert bob.put("/users/alice/block").status in (200, 201)

    [mail] = [mail for mail in later(parley, 3 * MINUTE) if mail["To"] == "bob@example.org"]

    assert "from carol" in text_of(mail) and "the end" in text_of(mail)
    assert "from alice" not in text_of(mail) and "mistake" not in text_of(mail)


def test_the_e_mail_speaks_the_persons_language_from_right_to_left(parley: Parley, alice: User) -> None:
    bob = person(parley, "bob", locale="ar-EG", time_zone="Africa/Cairo")
    say(alice, open_direct(alice, bob), "lunch?")

    [mail] = later(parley, 3 * MINUTE)

    html = mail.get_body(("html",))
    assert html is not None and '<html lang="ar" dir="rtl">' in html.get_content()
    assert "UTC" not in text_of(mail)


def test_nobody_without_an_address_gets_one(parley: Parley, alice: User) -> None:
    bob = parley.user("bob")
    say(alice, open_direct(alice, bob), "lunch?")

    assert later(parley, 5 * MINUTE) == []


def test_the_link_in_the_e_mail_ends_e_mails(parley: Parley, alice: User, bob: User) -> None:
    conversation_id = open_direct(alice, bob)
    say(alice, conversation_id, "lunch?")
    [mail] = later(parley, 3 * MINUTE)
    link = str(mail["List-Unsubscribe"]).strip("<>")
    assert link.startswith("https://parley.example.com/v1/unsubscribe/")

    path = link.removeprefix("https://parley.example.com/v1")
    assert parley.bearer("").post(path, raw="List-Unsubscribe=One-Click").status == 200

    say(alice, conversation_id, "dinner?")
    assert later(parley, 60 * MINUTE) == []


def test_fifty_messages_are_one_e_mail_in_five_round_trips(parley: Parley, bob: User) -> None:
    friends = [parley.user(f"friend{number}") for number in range(50)]
    chains = []
    for units in (550, 1_100, 1_300):
        for friend in friends:
            say(friend, open_direct(friend, bob), "hello")
        parley.drain()
        parley.advance(70 * MINUTE)
        hooks, parley.hooks[:] = [*parley.hooks], []  # the recorder looks at items, which their roles do not allow
        del parley.held.messages[1:]  # of the fifty jobs, the others find nothing new
        token_for(parley, "bob")  # so that the secret is known
        with recording() as spent:
            poll_once(parley)
        parley.hooks[:] = hooks

        others = [call for call in spent.dynamodb if call.operation != "UpdateItem"]
        notes = [call for call in spent.dynamodb if call.operation == "UpdateItem"]
        chains.append(longest_chain(others))
        assert parley.outbox.mails()[-1]["Subject"] == "50 new notifications · Parley"
        # The notes in the traces are made side by side, beside the last of the others.
        assert len(notes) >= 50 and all(call.after >> spent.of("sesv2")[0].number & 1 for call in notes)
        # From the second time on, each conversation has several messages, of which it shows up to two more.
        assert (spent.units.write <= 170, spent.units.read <= units) == (True, True), spent.units
    assert len(parley.outbox.mails()) == 3
    assert max(chains) <= 5


def test_the_words_of_several_messages_take_no_round_trip_more(parley: Parley, bob: User) -> None:
    friends = [parley.user(f"friend{number}") for number in range(10)]
    chains = []
    for _ in range(3):
        for friend in friends:
            say(friend, open_direct(friend, bob), "one", "two", "three", "four")
        parley.drain()
        parley.advance(70 * MINUTE)
        hooks, parley.hooks[:] = [*parley.hooks], []
        del parley.held.messages[1:]
        token_for(parley, "bob")
        with recording() as spent:
            poll_once(parley)
        parley.hooks[:] = hooks

        others = [call for call in spent.dynamodb if call.operation != "UpdateItem"]
        chains.append(longest_chain(others))
        assert text_of(parley.outbox.mails()[-1]).count("  four") == 10
        for friend in friends:
            assert bob.patch(f"/conversations/{open_direct(friend, bob)}/read-all").status == 200
    assert len(parley.outbox.mails()) == 3 and max(chains) <= 5


def test_a_look_for_a_person_who_has_read_costs_little(parley: Parley, alice: User, bob: User) -> None:
    conversation_id = open_direct(alice, bob)
    chains = []
    for _ in range(3):
        say(alice, conversation_id, "hello")
        parley.drain()
        assert bob.patch(f"/conversations/{conversation_id}/read-all").status == 200
        parley.advance(130)
        hooks, parley.hooks[:] = [*parley.hooks], []
        with recording() as spent:
            poll_once(parley)
        parley.hooks[:] = hooks

        chains.append(spent.round_trips)
        assert (spent.units.write <= 1, spent.units.read <= 23) == (True, True), spent.units
    assert max(chains) <= 4


# --- the provider ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (429, "TooManyRequestsException"),
        (400, "LimitExceededException"),
        (400, "SendingPausedException"),
        (400, "AccountSuspendedException"),
        (500, "InternalFailure"),
    ],
)
def test_a_busy_provider_gets_the_e_mail_later(parley: Parley, alice: User, bob: User, status: int, kind: str) -> None:
    say(alice, open_direct(alice, bob), "lunch?")
    parley.outbox.refusal = (status, kind, "slow down")
    assert later(parley, 10 * MINUTE) == []

    parley.outbox.refusal = None

    [mail] = later(parley, 20 * MINUTE)
    assert "lunch?" in text_of(mail)
    assert later(parley, 60 * MINUTE) == []


def test_a_refused_address_switches_e_mails_off_until_it_changes(parley: Parley, alice: User, bob: User) -> None:
    conversation_id = open_direct(alice, bob)
    say(alice, conversation_id, "lunch?")
    parley.outbox.refusal = (400, "BadRequestException", "Illegal address")
    later(parley, 3 * MINUTE)
    parley.outbox.refusal = None

    say(alice, conversation_id, "dinner?")
    assert later(parley, 60 * MINUTE) == []
    assert bob.get("/me/notification-preferences").json["email_state"] == "refused"

    bob = person(parley, "bob", email="bob@example.com")
    assert bob.get("/me/notification-preferences").json["email_state"] == "on"
    say(alice, conversation_id, "supper?")
    [mail] = later(parley, 3 * MINUTE)
    assert mail["To"] == "bob@example.com"


def test_a_refused_message_is_not_tried_for_ever(parley: Parley, alice: User, bob: User) -> None:
    say(alice, open_direct(alice, bob), "lunch?")
    parley.outbox.refusal = (400, "MessageRejected", "virus")
    later(parley, 3 * MINUTE)
    parley.outbox.refusal = None

    assert later(parley, 120 * MINUTE) == []
    assert bob.get("/me/notification-preferences").json["email_state"] == "on"


# --- the news of e-mails ---------------------------------------------------------------------------------------------


def news(parley: Parley, mail: object, kind: str, **more: object) -> None:
    """Publishes what SES tells of an e-mail."""
    headers = [{"name": name, "value": str(value)} for name, value in mail.items()]  # type: ignore[attr-defined]
    sent = {
        "messageId": "0100",
        "destination": ["bob@example.org"],
        "headersTruncated": False,
        "headers": headers,
        "tags": {"ses:configuration-set": [parley.template.resources["MailConfiguration"].ref]},
    }
    detail = {"eventType": kind, "mail": sent, **more}
    parley.publish("aws.ses", {"Bounce": "Email Bounced", "Complaint": "Email Complaint Received"}[kind], detail)
    parley.drain()


@pytest.mark.parametrize(
    ("kind", "more", "state"),
    [
        ("Bounce", {"bounce": {"bounceType": "Permanent", "bouncedRecipients": []}}, "bounced"),
        ("Bounce", {"bounce": {"bounceType": "Transient", "bouncedRecipients": []}}, "on"),
        ("Bounce", {"bounce": {"bounceType": "Undetermined"}}, "on"),
        ("Complaint", {"complaint": {"complaintFeedbackType": "abuse"}}, "complained"),
        ("Complaint", {"complaint": {}}, "complained"),
        ("Complaint", {"complaint": {"complaintFeedbackType": "not-spam"}}, "on"),
    ],
)
def test_bounces_for_good_and_complaints_switch_e_mails_off(
    parley: Parley, alice: User, bob: User, kind: str, more: dict[str, object], state: str
) -> None:
    conversation_id = open_direct(alice, bob)
    say(alice, conversation_id, "lunch?")
    [mail] = later(parley, 3 * MINUTE)

    news(parley, mail, kind, **more)
    news(parley, mail, kind, **more)

    assert bob.get("/me/notification-preferences").json["email_state"] == state
    say(alice, conversation_id, "dinner?")
    assert len(later(parley, 60 * MINUTE)) == (state == "on")


def test_news_of_e_mails_of_others_change_nothing(parley: Parley, alice: User, bob: User) -> None:
    say(alice, open_direct(alice, bob), "lunch?")
    [mail] = later(parley, 3 * MINUTE)
    before = mail_state("bob")
    permanent = {"bounceType": "Permanent"}

    news(parley, {"Subject": "x"}, "Bounce", bounce=permanent)
    news(
        parley,
        {"List-Unsubscribe": "<https://x.example/unsubscribe/AAAAAAAAAAAAAAAAAAAAAAAA>"},
        "Bounce",
        bounce=permanent,
    )
    news(parley, {**mail, "List-Unsubscribe": ""}, "Bounce", bounce=permanent)

    assert mail_state("bob") == before


# --- a process that dies, and a message that comes twice -------------------------------------------------------------


def of_mail(call: Call) -> bool:
    return call.function == "SendMail"


def test_a_process_that_dies_anywhere_loses_nothing_and_sends_one_e_mail_twice_at_most(
    parley: Parley, alice: User, bob: User
) -> None:
    conversation_id = open_direct(alice, bob)
    doubles = []
    for number in range(1, 30):
        for after in (False, True):
            say(alice, conversation_id, f"message {number} {after}")
            parley.drain()
            parley.advance(120)
            before = len(parley.outbox.mails())
            with parley.kill(number, after=after, counts=of_mail) as kill:
                poll_once(parley)
            parley.advance(100)
            came = [*parley.outbox.mails()[before:], *later(parley, MINUTE)]

            assert f"message {number} {after}" in text_of(came[-1]), (number, after)
            assert len({mail["Message-ID"] for mail in came}) == 1
            assert len(came) == 1 or kill.happened
            doubles.append(len(came) == 2)
            assert bob.patch(f"/conversations/{conversation_id}/read-all").status == 200
            parley.advance(15 * MINUTE)  # the least pause
        if not kill.happened:
            assert sum(doubles) <= 5  # after SES has taken it, and before it is noted
            return
    raise AssertionError("it was killed to the end")


def test_a_message_of_the_queue_that_comes_twice_sends_one_e_mail(parley: Parley, alice: User, bob: User) -> None:
    parley.deliver_twice = True
    say(alice, open_direct(alice, bob), "lunch?")

    assert len(later(parley, 60 * MINUTE)) == 1


def test_a_damaged_state_counts_as_none(parley: Parley, alice: User, bob: User) -> None:
    conversation_id = open_direct(alice, bob)
    say(alice, conversation_id, "lunch?")
    assert len(later(parley, 3 * MINUTE)) == 1
    spoil(parley, "bob", "~mail", "document")

    say(alice, conversation_id, "dinner?")

    assert len(later(parley, 3 * MINUTE)) == 1


def test_a_ticket_that_has_changed_is_mailed_to_its_requester(parley: Parley, alice: User) -> None:
    agnes = agent(parley)
    ticket_id = open_ticket(alice)
    assert assign(agnes, ticket_id, "agnes").status == 200

    [mail] = later(parley, 5 * MINUTE)

    number = alice.get(f"/support/tickets/{ticket_id}").json["number"]
    assert mail["To"] == "alice@example.org" and f"Agnes takes care of ticket {number}" in text_of(mail)


def test_changes_of_a_ticket_are_mailed_once_each(parley: Parley, alice: User) -> None:
    agnes = agent(parley)
    ticket_id = open_ticket(alice)
    number = alice.get(f"/support/tickets/{ticket_id}").json["number"]
    assert assign(agnes, ticket_id, "agnes").status == 200
    assert len(later(parley, 5 * MINUTE)) == 1
    for status in ("waiting_on_customer", "resolved"):
        assert change(agnes, ticket_id, status=status).status == 200

    [mail] = later(parley, 30 * MINUTE)

    lines = [line.strip() for line in text_of(mail).splitlines()]
    assert [line for line in lines if number in line] == [f"Ticket {number} is resolved now"]
    states = [rows_of(parley, "alice")[f"t#{ticket_id}#0#{entry}"]["document"]["email"]["M"] for entry in (2, 3, 4)]
    assert [state["state"]["S"] for state in states] == ["sent"] * 3
    assert later(parley, 12 * HOUR) == []
