"""The price list of DynamoDB, as `bench` counts by it: the developer guide's examples, and every rule by itself."""

import pytest

from bench.capacity import (
    Index,
    Item,
    Table,
    Units,
    item_size,
    read_units,
    refused_write_units,
    value_size,
    write_units,
)

PLAIN = Table("plain", ("user_id",))
LISTED = Table("listed", ("user_id", "conversation_id"), (Index("by_activity", ("user_id", "hour"), ("peer_id",)),))
WHOLE = Table("whole", ("user_id",), (Index("by_role", ("role",), None),))


def row(**attributes: str | int) -> Item:
    return {name: {"S": value} if isinstance(value, str) else {"N": str(value)} for name, value in attributes.items()}


def of_size(size: int, **attributes: str | int) -> Item:
    """Returns an item of exactly so many bytes."""
    item = row(**attributes)
    return {**item, "pad": {"S": "x" * (size - item_size(item) - len("pad"))}}


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ({"S": ""}, 0),
        ({"S": "abc"}, 3),
        ({"S": "é😀"}, 6),
        ({"B": b"abcd"}, 4),
        ({"BOOL": True}, 1),
        ({"NULL": True}, 1),
        ({"SS": ["ab", "c"]}, 3),
        ({"NS": ["1", "100"]}, 4),
        ({"BS": [b"ab", b"c"]}, 3),
        ({"L": []}, 3),
        ({"L": [{"S": "ab"}, {"S": "c"}]}, 3 + 2 + 3),
        ({"M": {}}, 3),
        ({"M": {"name": {"S": "ab"}}}, 3 + 1 + 4 + 2),
    ],
    ids=lambda value: str(value)[:24],
)
def test_value_is_as_large_as_the_guide_says(value: dict[str, object], size: int) -> None:
    assert value_size(value) == size


@pytest.mark.parametrize(
    ("number", "size"),
    [
        ("0", 1),
        ("7", 2),
        ("27", 2),
        ("-27", 3),
        ("461", 3),
        ("100", 2),
        ("1000", 2),
        ("1230", 3),
        ("0.5", 2),
        ("-0.05", 3),
        ("1E+3", 2),
        ("1763712000000", 5),
        ("1763712000123", 8),
    ],
)
def test_number_takes_a_byte_for_two_significant_digits_and_one_more(number: str, size: int) -> None:
    assert value_size({"N": number}) == size


def test_item_is_its_names_and_its_values() -> None:
    assert item_size({"Köln": {"S": "ab"}, "n": {"N": "10"}}) == 5 + 2 + 1 + 2


def test_unknown_notation_is_refused() -> None:
    with pytest.raises(ValueError, match="X is no type"):
        value_size({"X": "1"})


@pytest.mark.parametrize(
    ("size", "consistent", "units"),
    [(0, True, 1), (0, False, 0.5), (4096, True, 1), (4097, True, 2), (4097, False, 1), (8192, True, 2)],
)
def test_read_costs_a_unit_for_each_4_kb_and_half_when_eventual(size: int, consistent: bool, units: float) -> None:
    assert read_units(size, consistent=consistent) == units


@pytest.mark.parametrize(("size", "units"), [(100, 1), (1024, 1), (1025, 2), (10_000, 10)])
def test_write_costs_a_unit_for_each_kb_and_twice_in_a_transaction(size: int, units: float) -> None:
    item = of_size(size, user_id="alice")

    assert write_units(PLAIN, None, item) == units
    assert write_units(PLAIN, None, item, transactional=True) == 2 * units


def test_update_costs_the_larger_of_before_and_after() -> None:
    small, large = of_size(200, user_id="alice"), of_size(3000, user_id="alice")

    assert write_units(PLAIN, small, large) == write_units(PLAIN, large, small) == 3


def test_delete_costs_what_was_there_and_one_unit_where_nothing_was() -> None:
    assert write_units(PLAIN, of_size(2500, user_id="alice"), None) == 3
    assert write_units(PLAIN, None, None) == 1


def test_index_entry_costs_nothing_while_what_it_holds_stays_the_same() -> None:
    before = row(user_id="alice", conversation_id="c", hour=1, read_seq=1)
    after = row(user_id="alice", conversation_id="c", hour=1, read_seq=2)

    assert write_units(LISTED, before, after) == 1


def test_new_index_entry_costs_one_write() -> None:
    assert write_units(LISTED, None, row(user_id="alice", conversation_id="c", hour=1)) == 2


def test_index_entry_that_changes_in_place_costs_one_write() -> None:
    before = row(user_id="alice", conversation_id="c", hour=1, peer_id="bob")
    after = row(user_id="alice", conversation_id="c", hour=1, peer_id="carol")

    assert write_units(LISTED, before, after) == 2


def test_index_entry_whose_key_changes_is_deleted_and_put() -> None:
    before = row(user_id="alice", conversation_id="c", hour=1)
    after = row(user_id="alice", conversation_id="c", hour=2)

    assert write_units(LISTED, before, after) == 1 + 2
    assert write_units(LISTED, before, after, transactional=True) == 2 + 2


def test_sparse_index_holds_only_items_with_all_its_keys() -> None:
    outside = row(user_id="alice", conversation_id="c")
    inside = row(user_id="alice", conversation_id="c", hour=1)

    assert write_units(LISTED, None, outside) == 1
    assert write_units(LISTED, inside, outside) == 1 + 1


def test_index_pays_for_what_it_holds_not_for_the_item() -> None:
    large = of_size(5000, user_id="alice", conversation_id="c", hour=1, role="teacher")

    assert write_units(LISTED, None, large) == 5 + 1
    assert write_units(WHOLE, None, large) == 5 + 5


def test_refused_write_costs_the_stored_item() -> None:
    assert refused_write_units(None) == 1
    assert refused_write_units(of_size(2500, user_id="alice")) == 3
    assert refused_write_units(None, transactional=True) == 2


def test_table_is_read_from_its_description() -> None:
    described = {
        "TableName": "listed",
        "KeySchema": [
            {"AttributeName": "user_id", "KeyType": "HASH"},
            {"AttributeName": "conversation_id", "KeyType": "RANGE"},
        ],
        "GlobalSecondaryIndexes": [
            {
                "IndexName": "by_activity",
                "KeySchema": [
                    {"AttributeName": "user_id", "KeyType": "HASH"},
                    {"AttributeName": "hour", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["peer_id"]},
            }
        ],
    }

    assert Table.of(described) == LISTED


def test_units_add_up() -> None:
    assert Units(1, 2) + Units(0.5, 3) == Units(1.5, 5)
