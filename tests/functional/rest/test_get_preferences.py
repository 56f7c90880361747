"""GET /me/notification-preferences: by which channel the caller is told of what, and their quiet hours."""

from tests.functional.notifying import spoil
from tests.harness import Parley


def test_a_person_who_has_chosen_nothing_is_told_of_everything_but_reactions_outside_of_the_app(parley: Parley) -> None:
    reply = parley.user("bob").get("/me/notification-preferences")

    assert reply.status == 200, reply
    kinds = {"message", "mention", "missed_call", "ticket", "invitation"}
    assert reply.json["channels"] == {
        "in_app": dict.fromkeys(kinds | {"reaction"}, True),
        "push": dict.fromkeys(kinds, True) | {"reaction": False},
        "email": dict.fromkeys(kinds, True) | {"reaction": False},
    }
    assert (reply.json["quiet_hours"], reply.json["do_not_disturb_until"]) == (None, None)
    assert reply.json["exceptions"] == {"mention": False, "urgent_ticket": False} and reply.json["previews"]


def test_preferences_that_cannot_be_read_count_as_none(parley: Parley) -> None:
    bob = parley.user("bob")
    bob.patch("/me/notification-preferences", json={"previews": False})
    spoil(parley, "bob", "~preferences", "document")

    assert bob.get("/me/notification-preferences").json["previews"]


def test_preferences_are_each_persons_own(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    alice.patch("/me/notification-preferences", json={"previews": False})

    assert bob.get("/me/notification-preferences").json["previews"]
    assert not alice.get("/me/notification-preferences").json["previews"]
