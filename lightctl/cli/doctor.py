"""doctor: what stands between this machine and a lit street, each with what to do about it."""

from __future__ import annotations

import typer

from lightctl.cli import options, output
from lightctl.cli.door import Door, with_door
from lightctl.cli.failures import ExitCode
from lightctl.cli.output import Column, Format

_STYLES = {"ok": "green", "warn": "yellow", "fail": "bold red"}
_LIST = (
    Column("", lambda check: check["state"], lambda check: _STYLES[check["state"]]),
    Column("CHECK", lambda check: check["name"]),
    Column("FOUND", lambda check: check["found"]),
    Column("WHAT TO DO", lambda check: check["remedy"]),
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor", rich_help_panel="Run")(doctor)


@with_door
def doctor(door: Door, *, fmt: options.Output = Format.TABLE) -> None:
    """Check settings, store, daemon, links, clock and time zones; exit 1 when one of them fails."""
    from lightctl.cli.checks import examine  # noqa: PLC0415 - start-up stays short

    checks = [check.shape() for check in examine(door)]
    ok = all(check["state"] != "fail" for check in checks)
    if fmt is Format.JSON:
        output.show_one({"ok": ok, "checks": checks}, fmt, ())
    else:
        output.show_list(checks, fmt, _LIST)
    if not ok:
        raise typer.Exit(ExitCode.FAILED)
