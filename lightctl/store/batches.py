"""Batches: one writing statement for many rows, with as many of them at once as it takes well.

Row by row Python's sqlite3 starts a statement anew and lets go of the interpreter each time: a third of what a row
costs, and a wait wherever the program has other work. So rows of values are put into a statement many at a time. What
is left over goes row by row, and so does a statement that has no row of values (UPDATE ... WHERE id = ?).
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain, islice

MANY, FEW = 32, 8  # more than 32 at once gain nothing more
_ROW = re.compile(r"VALUES (\(\?(?:, \?)*\))")


def write(connection: sqlite3.Connection, sql: str, rows: Iterable[Sequence[object]]) -> int:
    """Run a statement for all rows, in their order; gives how many rows of the database it touched in all."""
    touched, waiting = 0, iter(rows)
    many, few = of_rows(sql, MANY), of_rows(sql, FEW)
    if not many:
        return max(0, connection.executemany(sql, waiting).rowcount)
    while len(rest := tuple(islice(waiting, MANY))) == MANY:
        touched += connection.execute(many, tuple(chain.from_iterable(rest))).rowcount
    while len(rest) >= FEW:
        touched += connection.execute(few, tuple(chain.from_iterable(rest[:FEW]))).rowcount
        rest = rest[FEW:]
    return touched + connection.executemany(sql, rest).rowcount if rest else touched


@lru_cache(maxsize=256)
def of_rows(sql: str, number: int) -> str:
    """Give a statement for so many rows at once, "" where it has no row of values."""
    row = _ROW.search(sql)
    return "" if row is None else f"{sql[: row.start(1)]}{', '.join([row[1]] * number)}{sql[row.end(1) :]}"
