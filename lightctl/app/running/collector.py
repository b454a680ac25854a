"""Python's garbage collector and the C library's room, for a process that holds a city.

What the controller knows are a few dozen objects for each node, which live on. With its usual figures the collector
looks through all of them every time some thousands of new ones were kept: a change of a plan for 10,000 nodes spent a
fifth of its time in that, in pauses of tenths of a second in which nothing else ran. Nearly everything here is freed by
counting references; cycles are few and small, so they may wait.

The C library keeps for itself what is freed in the middle of its room, and gives each thread a room of its own: after a
start that was a tenth of all a daemon held. One room, and large pieces apart from it, leave next to nothing behind.
"""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Iterator
from contextlib import contextmanager, suppress

YOUNG, YOUNG_ROUNDS, OLD_ROUNDS = 20_000, 20, 20  # Python's own: 700, 10, 10
M_MMAP_THRESHOLD, M_ARENA_MAX = -3, -8  # glibc's <malloc.h>
LARGE_BYTES = 128 * 1024  # glibc's own at first, raised with each large piece that is freed; set, it stays


def relax() -> None:
    """Look for cycles after so many new objects, and through everything only after 400 times as many."""
    gc.set_threshold(YOUNG, YOUNG_ROUNDS, OLD_ROUNDS)


def keep_little() -> None:
    """Let all threads share one room, and large pieces go back as soon as they are freed; to be called before threads.

    Does nothing where the C library has no such call.
    """
    with suppress(OSError, AttributeError):
        library = ctypes.CDLL(None)
        library.mallopt(M_ARENA_MAX, 1)
        library.mallopt(M_MMAP_THRESHOLD, LARGE_BYTES)


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
