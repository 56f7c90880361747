"""The row of an import: the time for a thousand messages, and what one of them looks like."""

from bench import moving


def test_row_tells_the_time_for_a_thousand_messages() -> None:
    row = moving.row_of(200_000, 150.0)

    assert (row.number, row.verdict, row.note) == (0.75, "met", "1,333 messages/s")
    assert moving.row_of(1_000, 1.1).verdict == "MISSED"


def test_messages_come_in_the_order_of_their_seqs() -> None:
    brought = [moving.message(seq, ["ann", "ben"]) for seq in range(1, moving.OF_CONVERSATION + 1)]

    times = [each["created_at"] for each in brought]
    assert times == sorted(set(times))
    assert {each["sender_id"] for each in brought} == {"ann", "ben"}
