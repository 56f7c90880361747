"""DELETE /messages/{message_id}/preview: the author takes the preview of a link off, for good."""

from collections.abc import Iterator

import pytest

from tests.functional.pages import Site, preview_of, serving
from tests.functional.talk import contents, open_direct, say
from tests.harness import Parley


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("ALLOW_PRIVATE_ADDRESSES", "true")
    with serving() as site:
        site.says("The game")
        yield site


def test_the_preview_goes_and_does_not_come_back(parley: Parley, site: Site) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    [message_id] = say(alice, direct, f"{site.url}/a")
    parley.drain()
    screen = bob.connect()

    removed = alice.delete(f"/messages/{message_id}/preview")

    assert removed.status == 200 and "preview" not in removed.json
    [event] = contents(screen.events("message_updated"))
    assert "preview" not in event["message"]
    again = alice.delete(f"/messages/{message_id}/preview")
    assert again.json["change_seq"] == removed.json["change_seq"]
    alice.patch(f"/messages/{message_id}", json={"text": f"look at {site.url}/a"})
    parley.drain()
    assert preview_of(bob, message_id) is None


def test_a_preview_that_is_still_being_made_never_comes(parley: Parley, site: Site) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    [message_id] = say(alice, open_direct(alice, bob), f"{site.url}/a")

    assert alice.delete(f"/messages/{message_id}/preview").status == 200
    parley.drain()

    assert preview_of(bob, message_id) is None and site.asked == []


def test_another_link_has_a_preview_again(parley: Parley, site: Site) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    [message_id] = say(alice, open_direct(alice, bob), f"{site.url}/a")
    alice.delete(f"/messages/{message_id}/preview")

    alice.patch(f"/messages/{message_id}", json={"text": f"{site.url}/b"})
    parley.drain()

    assert preview_of(bob, message_id) is not None


def test_only_the_author_removes_it(parley: Parley, site: Site) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    [message_id] = say(alice, open_direct(alice, bob), f"{site.url}/a")
    parley.drain()

    assert bob.delete(f"/messages/{message_id}/preview").json["code"] == "not_your_message"
    assert parley.user("carol").delete(f"/messages/{message_id}/preview").status == 404
    assert preview_of(bob, message_id) is not None


def test_a_message_without_a_link_stays_as_it_is(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    [message_id] = say(alice, open_direct(alice, bob), "hello")

    assert alice.delete(f"/messages/{message_id}/preview").json["change_seq"] == 0
