"""What a target is: a door through which bytes from outside come in, and what must hold whatever they are.

A target takes bytes and returns, or raises: what it may not raise it turns away itself, so anything that leaves it is a
fault of lightctl. Beside not failing it says what else must be true of input that is taken, and of input that is not:
rejected with a reason, no change of state, no hang (I13 of the contracts).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

WIRE_S, FILE_S = 0.1, 3.0


class BrokenError(AssertionError):
    """Something that must hold does not."""


@dataclass(frozen=True)
class Target:
    """A door: what is done with bytes, how many it takes, how long they may keep it (processor seconds)."""

    run: Callable[[bytes], None]
    seeds: Callable[[], Iterable[bytes]]
    most_bytes: int = 4096
    limit_s: float = FILE_S


def must(holds: object, what: str) -> None:
    """Insist on something."""
    if not holds:
        raise BrokenError(what)


def judge(target: Target, data: bytes) -> None:
    """Run one input and insist on its time."""
    began = time.process_time()
    target.run(data)
    took = time.process_time() - began
    must(took < target.limit_s, f"{took:.2f} s for {len(data)} bytes, more than {target.limit_s} s")
