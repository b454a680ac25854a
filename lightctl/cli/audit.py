"""audit list|verify: who changed what and why, and proof that nobody edited it."""

from __future__ import annotations

import typer

from lightctl.cli import options
from lightctl.cli.door import Door, with_door
from lightctl.cli.failures import ExitCode
from lightctl.cli.output import Column, Format, count, local_time, show_list, show_one

_LIST = (
    Column("SEQ", lambda entry: str(entry["seq"]), right=True),
    Column("AT", lambda entry: local_time(entry["at"])),
    Column("USER", lambda entry: f"{entry['user']} ({entry['origin']})"),
    Column("VERB", lambda entry: entry["verb"]),
    Column("TARGET", lambda entry: entry["target"]),
    Column("REASON", lambda entry: entry["reason"]),
    Column("DETAIL", lambda entry: entry["detail"]),
)
_VERDICT = (
    Column("audit", lambda verdict: "holds" if verdict["ok"] else "IS BROKEN"),
    Column("entries", lambda verdict: count(verdict["entries"], "entry").replace("entrys", "entries")),
    Column("head", lambda verdict: verdict["head"]),
    Column("broken at", lambda verdict: "" if verdict["broken_at"] is None else str(verdict["broken_at"])),
    Column("detail", lambda verdict: verdict["detail"]),
)


def register(app: typer.Typer) -> None:
    """Add the noun."""
    noun = typer.Typer(no_args_is_help=True, help="The audit: who changed what, when and why.")
    noun.command("list")(audit_list)
    noun.command("verify")(audit_verify)
    app.add_typer(noun, name="audit", rich_help_panel="Look")


@with_door
def audit_list(door: Door, *, limit: options.Limit = 100, fmt: options.Output = Format.TABLE) -> None:
    """List the audit, the newest first."""
    with door.open() as client:
        entries = client.get("/v1/audit", limit=limit)
    show_list(entries, fmt, _LIST, empty="no changes yet")


@with_door
def audit_verify(door: Door, *, fmt: options.Output = Format.TABLE) -> None:
    """Check the audit's hash chain; exit 1 when it is broken."""
    with door.open() as client:
        verdict = client.get("/v1/audit/verify")
    show_one(verdict, fmt, _VERDICT)
    if not verdict["ok"]:
        raise typer.Exit(ExitCode.FAILED)
