"""Previews: after the send, the server looks once at the page of the first link, and shows its words."""

import json
import time
from collections.abc import Iterator

import pytest

from parley.domain.previews.page import MAX_DESCRIPTION_CHARACTERS, MAX_TITLE_CHARACTERS
from tests.functional.exports import exported, fetched, lines
from tests.functional.moderation import moderator
from tests.functional.pages import Site, forget_pages, preview_of, serving
from tests.functional.talk import contents, make_group, open_direct, say
from tests.harness import Parley, User
from tests.harness.fixtures import forget_told

ENGINES = ("moto", "ministack")  # so that each right of the function is used on both


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("ALLOW_PRIVATE_ADDRESSES", "true")
    with serving() as site:
        site.says("The game", description="Words about it", site_name="Example")
        yield site


def test_a_link_gets_a_preview_that_both_see_at_once(parley: Parley, site: Site) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    screens = [user.connect() for user in (alice, bob)]
    [message_id] = say(alice, direct, f"look: {site.url}/a.")
    assert preview_of(bob, message_id) is None

    parley.drain()

    wanted = {"url": f"{site.url}/a", "title": "The game", "description": "Words about it", "site": "Example"}
    assert preview_of(bob, message_id) == wanted
    for screen in screens:
        [event] = contents(screen.events("message_updated"))
        assert event["message"]["preview"] == wanted and event["user_id"] == "alice"
        assert event["message"]["edited_at"] is None
    listed = bob.get(f"/conversations/{direct}/messages").json["messages"]
    assert [message.get("preview") for message in listed] == [wanted]


def test_a_group_and_a_forward_have_previews_too(parley: Parley, site: Site) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    group = make_group(alice, bob)
    [message_id] = say(alice, group, f"{site.url}/a")
    parley.drain()
    direct = open_direct(bob, parley.user("carol"))

    forwarded = bob.post(f"/messages/{message_id}/forward", json={"conversation_ids": [direct], "client_id": "f1"})
    parley.drain()

    assert preview_of(bob, message_id) is not None
    [copy] = bob.get(f"/conversations/{direct}/messages").json["messages"]
    assert forwarded.status == 200 and copy["preview"]["title"] == "The game"
    assert site.asked == ["/a"]  # the page was known by then


def test_a_member_who_has_cleared_the_link_is_told_nothing_of_its_preview(parley: Parley, site: Site) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    group = make_group(alice, bob)
    [message_id] = say(alice, group, f"{site.url}/a")
    assert bob.delete(f"/conversations/{group}/history").status == 200
    screens = [user.connect() for user in (alice, bob)]

    parley.drain()

    assert preview_of(alice, message_id) is not None
    assert [len(screen.events("message_updated")) for screen in screens] == [1, 0]


@pytest.mark.parametrize("text", ["no link", "`{url}`", "```\n{url}\n```", "mailto:a@example.com"])
def test_code_and_texts_without_a_link_are_left_alone(parley: Parley, site: Site, text: str) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    [message_id] = say(alice, open_direct(alice, bob), text.format(url=site.url))

    parley.drain()

    assert site.asked == [] and preview_of(bob, message_id) is None


def test_looks_are_queued_ten_at_a_time(parley: Parley, site: Site) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    say(alice, direct, *(f"{site.url}/{number}" for number in range(12)))

    with parley.watch() as calls:
        parley.drain()

    queued = [call for call in calls if call.operation == "SendMessageBatch" and "LinkLooks" in call.params["QueueUrl"]]
    assert sorted(len(call.params["Entries"]) for call in queued) == [2, 10]


def test_without_the_parameter_nothing_is_looked_at(
    parley: Parley, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINK_PREVIEWS", "off")
    alice, bob = parley.user("alice"), parley.user("bob")
    say(alice, open_direct(alice, bob), site.url)

    parley.drain()

    assert site.asked == []


def test_a_page_is_asked_again_after_a_day(parley: Parley, site: Site) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    say(alice, direct, f"{site.url}/a")
    parley.drain()
    say(alice, direct, f"{site.url}/a")
    parley.drain()
    assert site.asked == ["/a"]
    [until_s] = forget_pages(parley).values()
    assert abs(until_s - time.time() - 24 * 3600) < 300

    say(alice, direct, f"{site.url}/a")
    parley.drain()

    assert site.asked == ["/a", "/a"]


def test_a_page_that_said_nothing_is_asked_again_after_an_hour(parley: Parley, site: Site) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    site.status = 503
    [first] = say(alice, direct, f"{site.url}/a")
    parley.drain()
    [until_s] = forget_pages(parley).values()
    assert abs(until_s - time.time() - 3600) < 300
    site.status = 200

    [second] = say(alice, direct, f"{site.url}/a")
    parley.drain()

    found = preview_of(bob, second)
    assert found is not None and found["title"] == "The game"
    assert preview_of(bob, first) is None and site.asked == ["/a", "/a"]


def test_exports_of_lines_have_the_words(parley: Parley, site: Site) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    say(alice, direct, f"{site.url}/a")
    parley.drain()

    found = exported(parley, bob, direct)

    [message] = [line for line in lines(fetched(parley, found["url"])) if "text" in line]
    assert message["preview"]["title"] == "The game"


@pytest.mark.parametrize(
    ("status", "content_type", "body"),
    [
        (404, "text/html", b"<title>Not here</title>"),
        (500, "text/html", b"<title>Broken</title>"),
        (200, "image/png", b"\x89PNG"),
        (200, "text/html", b"<p>no title"),
        (200, "text/html", b""),
        (200, "text/html", "<title>\u200b\u2060</title>".encode()),
    ],
)
def test_a_page_that_says_nothing_has_no_preview(
    parley: Parley, site: Site, status: int, content_type: str, body: bytes
) -> None:
    site.status, site.headers, site.body = status, {"content-type": content_type}, body
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    [message_id] = say(alice, direct, site.url)
    parley.drain()
    say(alice, direct, site.url)

    parley.drain()

    assert preview_of(bob, message_id) is None
    assert len(site.asked) == 1  # that it says nothing is known for an hour


def test_a_page_of_long_numbers_is_read_like_any_other(parley: Parley, site: Site) -> None:
    site.body = b"<title>&#" + b"1" * 5000 + b";</title>"
    alice, bob = parley.user("alice"), parley.user("bob")
    [message_id] = say(alice, open_direct(alice, bob), site.url)

    parley.drain()

    found = preview_of(bob, message_id)
    assert found is not None and found["title"] == "\ufffd"
    assert len(site.asked) == 1


@pytest.mark.parametrize(
    "broken", ["parley.actions.messages.previews.read_page", "parley.adapters.outbound.http.fetch"]
)
def test_a_page_that_breaks_its_reader_says_nothing(
    parley: Parley, site: Site, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    tries: list[str] = []

    def break_down(*_: object, **__: object) -> None:
        tries.append("one")
        raise RecursionError

    parley.functions.invoke("PreviewLink", {"Records": []})
    monkeypatch.setattr(broken, break_down)
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    [message_id] = say(alice, direct, site.url)
    parley.drain()
    say(alice, direct, site.url)

    parley.drain()

    assert preview_of(bob, message_id) is None
    assert tries == ["one"]  # that it says nothing is known for an hour


def test_a_page_is_where_its_redirects_lead(parley: Parley, site: Site) -> None:
    with serving() as other:
        other.says("Sign in", image="/shot.png")
        site.status, site.headers = 302, {"location": f"{other.url}/deep/page"}
        alice, bob = parley.user("alice"), parley.user("bob")
        url = site.url.replace("127.0.0.1", "localhost") + "/a"
        [message_id] = say(alice, open_direct(alice, bob), url)

        parley.drain()

        found = preview_of(bob, message_id)
        assert found is not None and (found["url"], found["site"]) == (url, "127.0.0.1")
        assert other.asked == ["/deep/page", "/shot.png"]  # what is relative is so to where the page was found


@pytest.mark.parametrize(
    "url", ["http://169.254.169.254/latest/meta-data/", "http://[::ffff:10.0.0.1]/", "http://localhost:1/"]
)
def test_private_addresses_are_not_asked(parley: Parley, url: str) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    [message_id] = say(alice, open_direct(alice, bob), url)

    parley.drain()

    assert preview_of(bob, message_id) is None


def test_a_hostile_page_is_cut(parley: Parley, site: Site) -> None:
    site.says("t" * 5000 + "<script>", description="d" * 3000, site_name="s" * 3000)
    alice, bob = parley.user("alice"), parley.user("bob")
    [message_id] = say(alice, open_direct(alice, bob), site.url)

    parley.drain()

    found = preview_of(bob, message_id)
    assert found is not None
    assert len(found["title"]) == MAX_TITLE_CHARACTERS
    assert len(found["description"]) == MAX_DESCRIPTION_CHARACTERS


def test_a_page_without_an_end_is_read_as_far_as_a_megabyte(parley: Parley, site: Site) -> None:
    site.body = b"<title>Long</title>" + b"<p>" * 700_000
    alice, bob = parley.user("alice"), parley.user("bob")
    [message_id] = say(alice, open_direct(alice, bob), site.url)

    parley.drain()

    found = preview_of(bob, message_id)
    assert found is not None and found["title"] == "Long"


# --- edits, deletions, and the author's wish --------------------------------------------------------------------------


def test_an_edit_brings_the_preview_of_its_new_link(parley: Parley, site: Site) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    [message_id] = say(alice, open_direct(alice, bob), f"{site.url}/a")
    parley.drain()
    site.says("Another game")

    edited = alice.patch(f"/messages/{message_id}", json={"text": f"no, {site.url}/b"})
    assert "preview" not in edited.json
    parley.drain()

    found = preview_of(bob, message_id)
    assert found is not None and (found["url"], found["title"]) == (f"{site.url}/b", "Another game")


def test_an_edit_around_the_link_keeps_the_preview(parley: Parley, site: Site) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    [message_id] = say(alice, open_direct(alice, bob), f"{site.url}/a")
    parley.drain()

    edited = alice.patch(f"/messages/{message_id}", json={"text": f"please look at {site.url}/a"})
    parley.drain()

    assert edited.json["preview"]["title"] == "The game"
    assert site.asked == ["/a"]


def test_an_edit_without_a_link_takes_the_preview_off(parley: Parley, site: Site) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    [message_id] = say(alice, open_direct(alice, bob), f"{site.url}/a")
    parley.drain()

    assert "preview" not in alice.patch(f"/messages/{message_id}", json={"text": "never mind"}).json
    assert preview_of(bob, message_id) is None


def test_a_link_that_an_edit_or_a_deletion_takes_away_meanwhile_is_not_shown(parley: Parley, site: Site) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    edited, deleted = say(alice, direct, f"{site.url}/a", f"{site.url}/a")
    alice.patch(f"/messages/{edited}", json={"text": "never mind"})
    alice.delete(f"/messages/{deleted}")

    parley.drain()

    assert site.asked == []
    assert [preview_of(bob, message_id) for message_id in (edited, deleted)] == [None, None]


def test_a_deleted_message_loses_its_preview(parley: Parley, site: Site) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    [message_id] = say(alice, open_direct(alice, bob), f"{site.url}/a")
    parley.drain()

    alice.delete(f"/messages/{message_id}")

    assert preview_of(bob, message_id) is None


def test_a_job_that_comes_again_tells_again_and_changes_nothing(parley: Parley, site: Site) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    [message_id] = say(alice, direct, f"{site.url}/a")
    parley.drain()
    before = bob.get(f"/messages/{message_id}").json
    parley.enqueue(
        "LinkLooks", *(json.dumps({"conversation_id": direct, "seq": seq, "at_ms": parley.clock()}) for seq in (1, 99))
    )

    parley.drain()

    assert bob.get(f"/messages/{message_id}").json == before


def test_device_that_is_gone_is_forgotten(parley: Parley, site: Site) -> None:
    parley.clock.ms -= 120_000  # functions that a queue calls go by the clock on the wall
    parley.queues = [queue for queue in parley.queues if queue.queue.logical_id == "LinkLooks"]
    alice, bob = parley.user("alice"), parley.user("bob")
    direct, dead = open_direct(alice, bob), bob.connect()
    say(alice, direct, f"{site.url}/a")
    parley.lose_disconnects = True
    dead.close()

    parley.drain()
    with parley.watch() as calls:
        say(alice, direct, "and you?")

    assert dead.connection_id not in [call.params.get("ConnectionId") for call in calls]


# --- banned words -----------------------------------------------------------------------------------------------------


def ban(judge: User, *rules: tuple[str, str]) -> None:
    """Puts a list of banned words, each with its action, in force for processes that begin from now on."""
    version = judge.get("/admin/banned-words").json["version"]
    listed = [{"text": text, "action": action} for text, action in rules]
    assert judge.put("/admin/banned-words", json={"version": version, "rules": listed}).status == 200
    forget_told()


def linked(parley: Parley, person: User, conversation_id: str, url: str) -> str:
    """Lets a person write a link, and a new process look at it."""
    [message_id] = say(person, conversation_id, url)
    forget_told()
    parley.drain()
    return message_id


def test_masked_words_of_a_page_are_masked(parley: Parley, site: Site) -> None:
    site.says("The maskme game", description="Words, maskme and flagme", site_name="Maskme")
    alice, bob = parley.user("alice"), parley.user("bob")
    judge = moderator(parley)
    ban(judge, ("maskme", "mask"), ("flagme", "flag"))
    screen = bob.connect()

    message_id = linked(parley, alice, open_direct(alice, bob), f"{site.url}/a")

    found = preview_of(bob, message_id)
    assert found is not None
    assert (found["title"], found["description"]) == ("The ****** game", "Words, ****** and flagme")
    assert found["site"] == "******"
    [event] = contents(screen.events("message_updated"))
    assert event["message"]["preview"] == found
    assert judge.get("/admin/reports").json["reports"] == []  # they are not words of alice's


@pytest.mark.parametrize("field", ["title", "description", "site_name"])
def test_a_page_with_rejected_words_has_no_preview(parley: Parley, site: Site, field: str) -> None:
    site.says(**{"title": "The game", "image": "/shot.png"} | {field: "do r.e.j.e.c.t.m.e"})
    site.files["/shot.png"] = ("image/png", b"not asked for")
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    judge = moderator(parley)
    ban(judge, ("rejectme", "reject"))

    rejected = linked(parley, alice, direct, f"{site.url}/a")
    ban(judge)
    allowed = linked(parley, alice, direct, f"{site.url}/a")

    assert preview_of(bob, rejected) is None
    assert preview_of(bob, allowed) is not None  # the page is kept as it is
    assert site.asked == ["/a", "/shot.png"]


def test_a_known_page_is_held_to_a_new_list(parley: Parley, site: Site) -> None:
    site.says("The maskme game")
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    first = linked(parley, alice, direct, f"{site.url}/a")
    ban(moderator(parley), ("maskme", "mask"))

    second = linked(parley, alice, direct, f"{site.url}/a")

    titles = [found["title"] for message_id in (first, second) if (found := preview_of(bob, message_id))]
    assert titles == ["The maskme game", "The ****** game"]
    assert site.asked == ["/a"]


def test_a_list_that_is_known_takes_no_round_trip_of_its_own(parley: Parley, site: Site) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    ban(moderator(parley), ("maskme", "mask"))
    linked(parley, alice, direct, f"{site.url}/a")
    say(alice, direct, f"{site.url}/a", f"{site.url}/a")

    with parley.watch() as calls:
        parley.drain()

    made = [call for call in calls if call.function == "PreviewLink" and call.operation in ("BatchGetItem", "GetItem")]
    lists = parley.template.resources["WordLists"].ref
    assert [call for call in made if call.operation == "GetItem"] == []
    assert not any(lists in call.params["RequestItems"] for call in made)
