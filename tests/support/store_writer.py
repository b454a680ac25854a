"""A process that commits to a store in a loop and says after each commit that it is durable; it waits to be killed.

With `early` it gives its word for the fifth commit before it commits, which the test that kills it must find out.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from lightctl.domain.states import CommandState
from lightctl.store.base import Recorded
from lightctl.store.sqlite import SqliteStore
from tests.support.stores import command, desired, draft, report

EARLY_AT = 5


def say(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def main(folder: Path, first: int, *, early: bool) -> None:
    store = SqliteStore(folder)
    number = first
    while True:
        number += 1
        with store.transaction():
            store.put_schedules({"number.yaml": str(number)}, draft(detail=str(number)))
            ended = (command(revision=number - 1, state=CommandState.SUPERSEDED),) if number > 1 else ()
            store.commit(
                Recorded(
                    desired=(desired(revision=number),),
                    commands=(*ended, command(revision=number)),
                    reported=(report(seq=number, applied_revision=number),),
                )
            )
            if early and number == first + EARLY_AT:
                say(number)
                signal.pause()
        say(number)


main(Path(sys.argv[1]), int(sys.argv[2]), early="early" in sys.argv[3:])
