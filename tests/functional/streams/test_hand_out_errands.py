"""What is left to do for a group's members is cut into jobs of a hundred, whose number grows with the members only."""

from tests.functional.talk import make_group, open_direct, say
from tests.harness import Parley, User


def large_group(owner: User, people: list[str]) -> str:
    group = make_group(owner)
    for first in range(0, len(people), 90):
        assert (
            owner.post(f"/conversations/{group}/members", json={"user_ids": people[first : first + 90]}).status == 200
        )
    return group


def test_a_large_group_is_told_in_parts_of_a_hundred_by_one_call_of_the_queue(parley: Parley) -> None:
    alice = parley.user("alice")
    group = large_group(alice, [f"u{number:03}" for number in range(249)])
    parley.drain()

    say(alice, group, "to all of you")
    with parley.watch() as calls:
        parley.drain()

    handed_out = [call for call in calls if call.function == "HandOutErrands"]
    assert [call.operation for call in handed_out if call.service == "sqs"] == ["SendMessageBatch"]
    assert len([call for call in handed_out if call.service == "sqs"][0].params["Entries"]) == 3


def test_whoever_writes_waits_for_none_of_it(parley: Parley) -> None:
    alice = parley.user("alice")
    group = large_group(alice, [f"u{number:03}" for number in range(120)])

    with parley.watch() as calls:
        say(alice, group, "to all of you")

    # The query, beside the batch, is for those who have blocked the sender; a group may be a small one.
    assert {call.operation for call in calls} == {"BatchGetItem", "Query", "TransactWriteItems"}


def test_two_people_leave_nothing_to_do(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    say(alice, open_direct(alice, bob), "hello")

    with parley.watch() as calls:
        parley.drain()

    assert [call for call in calls if call.function == "HandOutErrands"] == []
