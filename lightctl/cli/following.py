"""Waiting for the street: asks how far a change got until nothing is pending; for people a line a lamp, or a bar.

Of many lamps only the numbers are asked for meanwhile: lamp by lamp, a city is 17 MB.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from lightctl.cli.chain import CHAIN, SMALL
from lightctl.cli.output import drawn, on_terminal, talk, terminal
from lightctl.cli.targets import segment

if TYPE_CHECKING:
    from lightctl.cli.client import Client

FIRST_POLL_S = 0.1
LAST_POLL_S = 1.0
LAMPS_PER_S = 20_000  # asked after, at most: it takes a fifth of the daemon's time


def follow(client: Client, change: dict[str, Any], timeout_s: float) -> dict[str, Any]:
    """Wait until no light point is pending or time runs out; gives how far it got. Without a daemon nothing moves."""
    if not client.daemon:
        return change
    try:
        return _follow(client, change, timeout_s)
    except KeyboardInterrupt:
        talk("no longer waiting; the change stays in force (`lightctl resume` ends it)")
        raise


def _follow(client: Client, change: dict[str, Any], timeout_s: float) -> dict[str, Any]:
    end = time.monotonic() + timeout_s
    path, many = f"/v1/changes/{segment(change['change'])}", change["affected"] > SMALL
    pause, longest = FIRST_POLL_S, max(LAST_POLL_S, change["affected"] / LAMPS_PER_S)
    with _shown(change["affected"]) as show:
        show(change)
        while change["pending"]:
            left = end - time.monotonic()
            if left <= 0:
                talk(f"{change['pending']:,} pending after {timeout_s:g} s; tried again until their deadline")
                break
            time.sleep(min(pause, left))
            pause = min(pause * 2, longest)
            change = client.get(path, points=not many)
            show(change)
    return change if change["points"] else client.get(path)


@contextmanager
def _shown(total: int) -> Iterator[Callable[[dict[str, Any]], None]]:
    """Give what draws how far it got, as long as somebody watches; nothing stays on the screen."""
    if not on_terminal(sys.stderr):
        yield lambda _change: None
    elif total <= SMALL:
        with _lines() as show:
            yield show
    else:
        with _bar(total) as show:
            yield show


@contextmanager
def _lines() -> Iterator[Callable[[dict[str, Any]], None]]:
    from rich.live import Live  # noqa: PLC0415 - start-up stays short

    with Live(console=terminal(sys.stderr), transient=True, auto_refresh=False) as live:
        yield lambda change: live.update(drawn(change["points"], CHAIN), refresh=True)


@contextmanager
def _bar(total: int) -> Iterator[Callable[[dict[str, Any]], None]]:
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415 - start-up stays short

    columns = (
        BarColumn(bar_width=30),
        TextColumn("[green]{task.fields[confirmed]} ok[/]"),
        TextColumn("[yellow]{task.fields[pending]} pending[/]"),
        TextColumn("[red]{task.fields[failed]} failed[/]"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=terminal(sys.stderr), transient=True) as progress:
        task = progress.add_task("", total=total, confirmed=0, pending=total, failed=0)

        def show(change: dict[str, Any]) -> None:
            progress.update(
                task,
                completed=change["affected"] - change["pending"],
                confirmed=change["confirmed"],
                pending=change["pending"],
                failed=change["failed"] + change["expired"],
            )

        yield show
