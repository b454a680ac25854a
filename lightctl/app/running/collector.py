"""Python's garbage collector and the C library's room, for a process that holds a city.

What the controller knows are a few dozen objects for each node, which live on. With its usual figures the collector
looks through all of them every time some thousands of new ones were kept: a change of a plan for 10,000 nodes spent a
fifth of its time in that, in pauses of tenths of a second in which nothing else ran. Nearly everything here is freed by
counting references; cycles are few and small, so they may wait.

The C library gives each thread a room of its own, and keeps for itself what is freed in it: after a start that was a
good part of all a daemon held. One room for all leaves little behind. Large pieces are left to it: to get and give back
each of them apart cost every change of a plan a twentieth.
"""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

ORDERS_OF_A_CITY = 10_000
YOUNG, YOUNG_ROUNDS, OLD_ROUNDS = 20_000, 20, 20  # Python's own: 700, 10, 10
M_ARENA_MAX = -8  # glibc's <malloc.h>


def relax() -> None:
    """Look for cycles after so many new objects, and through everything only after 400 times as many."""
    gc.set_threshold(YOUNG, YOUNG_ROUNDS, OLD_ROUNDS)


def keep_little() -> None:
    """Let all threads share one room; to be called before there are any.

    Does nothing where the C library has no such call.
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Keep the collector away while a whole city is built up: it would look through all of it many times.

    What is there afterwards stays, so every later look leaves it out, and none holds the control loop up.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def give_back() -> None:
    """Return to the system what a start needed for a while and the C library still keeps.

    Does nothing where the C library has no such call.
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


class Ebb:
    """Calls `give_back` when the last order of many is on the wire: what so many needed, few will need again soon."""

    def __init__(self, give_back: Callable[[], None] = give_back) -> None:
        """Begin with none on their way."""
        self._give_back = give_back
        self._orders = 0

    def passed(self, orders: int, waiting: Callable[[], int]) -> None:
        """Take note of how many orders a step gave; `waiting` counts those that are not on the wire yet."""
        self._orders += orders
        if self._orders >= ORDERS_OF_A_CITY and not waiting():
            self._orders = 0
            self._give_back()
