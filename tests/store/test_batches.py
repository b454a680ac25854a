"""Many rows in one statement are the same rows: all of them, in their order, and counted right."""

import sqlite3
from collections.abc import Iterator

import pytest

from lightctl.store import batches

SIZES = (0, 1, batches.FEW - 1, batches.FEW, batches.FEW + 1, batches.MANY - 1, batches.MANY, batches.MANY + 1, 101)
PUT = "INSERT INTO lamp (name, level) VALUES (?, ?)"
UPSERT = f"{PUT} ON CONFLICT (name) DO UPDATE SET level = excluded.level"
MOVE = "UPDATE lamp SET level = column2 FROM (VALUES (?, ?)) WHERE name = column1"


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    found = sqlite3.connect(":memory:", isolation_level=None)
    found.execute("CREATE TABLE lamp (id INTEGER PRIMARY KEY, name TEXT UNIQUE, level INTEGER CHECK (level <= 100))")
    yield found
    found.close()


def kept(connection):
    return connection.execute("SELECT id, name, level FROM lamp ORDER BY id").fetchall()


def lamps(number: int, level: int = 0):
    return [(f"lamp {each}", level) for each in range(number)]


@pytest.mark.parametrize("number", SIZES)
def test_rows_are_written_in_their_order_and_counted(connection, number):
    assert batches.write(connection, PUT, iter(lamps(number, 7))) == number
    assert kept(connection) == [(each + 1, f"lamp {each}", 7) for each in range(number)]


@pytest.mark.parametrize("sql", [UPSERT, MOVE, "UPDATE lamp SET level = ?2 WHERE name = ?1"])
@pytest.mark.parametrize("number", SIZES)
def test_rows_that_are_there_are_changed_and_counted(connection, number, sql):
    batches.write(connection, PUT, lamps(101))
    assert batches.write(connection, sql, lamps(number, 50)) == number
    assert [level for _, _, level in kept(connection)] == [50] * number + [0] * (101 - number)


def test_of_rows_with_the_same_name_the_last_counts(connection):
    batches.write(connection, UPSERT, [("lamp", level) for level in range(99)])
    assert [(name, level) for _, name, level in kept(connection)] == [("lamp", 98)]


@pytest.mark.parametrize("number", SIZES)
def test_what_is_ignored_is_not_counted(connection, number):
    batches.write(connection, PUT, lamps(10))
    written = batches.write(connection, PUT.replace("INSERT", "INSERT OR IGNORE"), lamps(number))
    assert written == max(0, number - 10)
    assert len(kept(connection)) == max(10, number)


def test_what_moves_nothing_is_not_counted(connection):
    batches.write(connection, PUT, lamps(10))
    assert batches.write(connection, MOVE, lamps(40, 30)) == 10


@pytest.mark.parametrize("wrong", [0, batches.MANY, batches.MANY + batches.FEW, 100])
def test_a_row_that_breaks_a_rule_is_named_by_the_error_wherever_it_stands(connection, wrong):
    rows = [(name, 101 if each == wrong else 0) for each, (name, _) in enumerate(lamps(101))]
    with pytest.raises(sqlite3.IntegrityError, match="level <= 100"):
        batches.write(connection, PUT, rows)


def test_each_row_of_values_is_repeated_and_nothing_else(connection):
    assert batches.of_rows(PUT, 2) == "INSERT INTO lamp (name, level) VALUES (?, ?), (?, ?)"
    assert batches.of_rows("INSERT INTO lamp (name, level) VALUES (?, 1)", 2) == ""
    assert batches.of_rows("DELETE FROM lamp WHERE name = ?", 2) == ""
