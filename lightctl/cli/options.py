"""The options commands share, each said once."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from lightctl.cli import output

WRITING = "Writing"

Output = Annotated[output.Format, typer.Option("--output", "-o", help="How data is written.")]
Select = Annotated[
    str | None,
    typer.Option("--select", "-l", help="Light points by selector, e.g. 'road_class=local,district!=harbour'."),
]
Ids = Annotated[
    str | None, typer.Option("--ids", help="Light points by a list of ids: a file, or - for stdin.", metavar="FILE|-")
]
Limit = Annotated[int, typer.Option("--limit", min=1, max=100_000, help="How many at most, the newest first.")]

DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Show what would change, change nothing.", rich_help_panel=WRITING)
]
Reason = Annotated[str, typer.Option("--reason", help="Why; goes into the audit.", rich_help_panel=WRITING)]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.", rich_help_panel=WRITING)]
MaxAffected = Annotated[
    int | None,
    typer.Option(
        "--max-affected",
        min=0,
        help="Allow so many lamps; needed above safety.max_affected.",
        rich_help_panel=WRITING,
    ),
]
AcceptLosses = Annotated[
    bool,
    typer.Option("--accept-losses", help="Accept what nodes cannot do of it, as the plan names it."),
]
Wait = Annotated[bool, typer.Option("--wait", help="Wait until the nodes report it.", rich_help_panel=WRITING)]
Timeout = Annotated[
    float, typer.Option("--timeout", min=0, help="Seconds to wait with --wait.", rich_help_panel=WRITING)
]


def guard(*, dry_run: bool, reason: str, max_affected: int | None) -> dict[str, Any]:
    """Give what every write sends along."""
    return {"dry_run": dry_run, "reason": reason} | ({} if max_affected is None else {"max_affected": max_affected})
