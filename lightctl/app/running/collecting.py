"""Collecting: when Python's collector of cycles may look through what the daemon holds."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


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
