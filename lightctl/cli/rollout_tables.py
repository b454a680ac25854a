"""Roll-outs on a screen: the list of them, one wave by wave, and what failed by name."""

from __future__ import annotations

from lightctl.cli import output
from lightctl.cli.output import Column, Format, Json, count, local_time, show_list, talk
from lightctl.domain.programs import format_duration

_SHOWN = 20
_STYLES = {"running": "green", "paused": "yellow", "undone": "red"}


def _state(view: Json) -> str:
    detail = f": {view['detail']}" if view["detail"] else ""
    return f"{view['state']}{detail}"


def _waits(view: Json) -> str:
    until = f", {local_time(view['next_at'])}" if view["next_at"] else ""
    return f"{view['waits_for']}{until}" if view["waits_for"] else ""


LIST = (
    Column("ID", lambda each: each["id"], right=True),
    Column("STATE", lambda each: each["state"], lambda each: _STYLES.get(each["state"], "")),
    Column("STARTED", lambda each: local_time(each["started_at"])),
    Column("USER", lambda each: each["user"]),
    Column("NODES", lambda each: str(each["nodes"]), right=True),
    Column("MOVED", lambda each: str(each["moved"]), right=True),
    Column("FOLLOWED", lambda each: str(each["followed"]), right=True),
    Column("FAILED", lambda each: str(each["failed"]), lambda each: "red" if each["failed"] else "", right=True),
    Column("REASON", lambda each: each["reason"]),
)
_ONE = (
    Column("roll-out", lambda each: each["id"]),
    Column("state", _state, lambda each: _STYLES.get(each["state"], "")),
    Column("waits for", _waits),
    Column("plan", lambda each: f"{each['plan']} on version {each['base_version']}"),
    Column("version", lambda each: "" if each["version"] is None else str(each["version"])),
    Column("started", lambda each: f"{local_time(each['started_at'])} by {each['user']}"),
    Column("approved by", lambda each: each["approved_by"]),
    Column("reason", lambda each: each["reason"]),
    Column("window", lambda each: each["window"] or ""),
    Column(
        "limits",
        lambda each: (
            f"{each['max_failures_percent']:g} % may fail, else {each['on_failure']}; each wave watched for "
            f"{format_duration(round(each['soak_s']))}; {each['pace']} nodes a second and feeder"
        ),
    ),
    Column("lamps", lambda each: f"{count(each['light_points'], 'light point')} on {count(each['nodes'], 'node')}"),
)
WAVES = (
    Column("WAVE", lambda each: str(each["wave"]) if each["wave"] else "canary"),
    Column("NODES", lambda each: str(each["nodes"]), right=True),
    Column("MOVED", lambda each: str(each["moved"]), right=True),
    Column("FOLLOWED", lambda each: str(each["followed"]), right=True),
    Column("PENDING", lambda each: str(each["pending"]), right=True),
    Column("FAILED", lambda each: str(each["failed"]), lambda each: "red" if each["failed"] else "", right=True),
)
_FAILURES = (
    Column("FAILED", lambda each: each["node"]),
    Column("WAVE", lambda each: str(each["wave"]) if each["wave"] else "canary"),
    Column("LIGHT POINTS", lambda each: " ".join(each["light_points"])),
    Column("WHY", lambda each: each["detail"]),
)


def show_rollout(view: Json, fmt: Format) -> None:
    """Show one roll-out."""
    if fmt is not Format.TABLE:
        output.show_one(view, fmt, (), view["waves"])
        return
    output.show_one(view, fmt, _ONE)
    show_list(view["waves"], fmt, WAVES)
    failed = view["failures"]
    shown = failed[:_SHOWN] if output.on_terminal() else failed
    show_list(shown, fmt, _FAILURES)
    if len(shown) < len(failed):
        talk(f"... and {len(failed) - len(shown):,} more; -o json lists all")
    if view["dry_run"]:
        talk("nothing was changed (--dry-run)")
