"""Waiting for the street: asks how far a change got until nothing is pending, with a bar for people."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from lightctl.cli.output import on_terminal, talk, terminal
from lightctl.cli.targets import segment

if TYPE_CHECKING:
    from lightctl.cli.client import Client

FIRST_POLL_S = 0.1
LAST_POLL_S = 1.0


def follow(client: Client, change: dict[str, Any], timeout_s: float) -> tuple[dict[str, Any], bool]:
    """Wait until no light point is pending; gives how far it got and whether time ran out first."""
    if not client.daemon:
        return change, True
    try:
        return _follow(client, change, timeout_s)
    except KeyboardInterrupt:
        talk("no longer waiting; the change stays in force (`lightctl resume` ends it)")
        raise


def _follow(client: Client, change: dict[str, Any], timeout_s: float) -> tuple[dict[str, Any], bool]:
    end = time.monotonic() + timeout_s
    pause = FIRST_POLL_S
    with _bar(change["affected"]) as show:
        while True:
            show(change)
            if not change["pending"]:
                return change, False
            left = end - time.monotonic()
            if left <= 0:
                talk(f"{change['pending']:,} pending after {timeout_s:g} s; tried again until their deadline")
                return change, True
            time.sleep(min(pause, left))
            pause = min(pause * 2, LAST_POLL_S)
            change = client.get(f"/v1/changes/{segment(change['change'])}")


@contextmanager
def _bar(total: int) -> Iterator[Callable[[dict[str, Any]], None]]:
    if not on_terminal(sys.stderr):
        yield lambda _change: None
        return
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
