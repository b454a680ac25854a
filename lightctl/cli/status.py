"""status: the city at a glance."""

from __future__ import annotations

import typer

from lightctl.cli import options, output
from lightctl.cli.door import Door, with_door
from lightctl.cli.output import Column, Format, Json, count, local_time, show_one


def _lights(status: Json) -> str:
    return f"{status['light_points']:,}, {status['in_use']:,} in use, {status['lit']:,} lit"


def _following(status: Json) -> str:
    parts = [f"{status['settled']:,} settled"]
    parts += [
        f"{status[key]:,} {words}"
        for key, words in (("unsettled", "not yet"), ("unreachable", "unreachable"), ("unknown", "never heard"))
        if status[key]
    ]
    return ", ".join(parts)


def _following_style(status: Json) -> str:
    if status["unreachable"]:
        return "red"
    return "yellow" if status["unsettled"] or status["unknown"] else "green"


def _alarms(status: Json) -> str:
    counts = [(status["alarms"][name], name) for name in sorted(status["alarms"], key=_rank)]
    counts += [(status["acknowledged_faults"], "acknowledged"), (status["silenced_faults"], "silenced (no alarm)")]
    return ", ".join(f"{number:,} {name}" for number, name in counts if number)


def _rank(severity: str) -> tuple[int, str]:
    order = ("critical", "major", "minor")
    return (order.index(severity) if severity in order else len(order), severity)


def _faults(status: Json) -> str:
    return ", ".join(f"{number:,} {event}" for event, number in status["open_faults"].items()) or "none open"


def _maintenance(status: Json) -> str:
    if not status["maintenances"] and not status["suppressed_faults"]:
        return ""
    kept = f", {count(status['suppressed_faults'], 'fault')} kept back" if status["suppressed_faults"] else ""
    return f"{status['maintenances']:,} running{kept}"


def _telemetry(status: Json) -> str:
    parts = [
        f"{status[key]:,} {words}"
        for key, words in (
            ("telemetry_dropped", "reports and readings dropped since the start"),
            ("telemetry_waiting", "waiting to be written"),
        )
        if status[key]
    ]
    return ", ".join(parts)


def _links(status: Json) -> str:
    return ", ".join(
        f"{link['name']} {'up' if link['up'] else 'DOWN'}{' (' + link['detail'] + ')' if link['detail'] else ''}"
        for link in status["links"]
    )


def _daemon(status: Json) -> str:
    if not status["daemon"]:
        return "not running; `lightctl serve` starts it"
    since = f" since {local_time(status['started_at'])}" if status["started_at"] else ""
    return f"running{since}, version {status['version']}"


_SHOW = (
    Column("site", lambda status: f"{status['site']} ({status['time_zone']})"),
    Column("now", lambda status: local_time(status["now"])),
    Column("daemon", _daemon, lambda status: "green" if status["daemon"] else "yellow"),
    Column("links", _links, lambda status: "green" if all(link["up"] for link in status["links"]) else "red"),
    Column("light points", _lights),
    Column("following", _following, _following_style),
    Column("nodes", lambda status: f"{status['nodes']:,}, {status['unclaimed_nodes']:,} unclaimed"),
    Column("faults", _faults, lambda status: "red" if status["open_faults"] else "green"),
    Column("alarms", _alarms, lambda status: "red" if status["alarms"].get("critical") else ""),
    Column("on their way", lambda status: count(status["open_commands"], "command")),
    Column("manual levels", lambda status: count(status["overrides"], "override")),
    Column("maintenance", _maintenance, lambda _status: "yellow"),
    Column("telemetry", _telemetry, lambda _status: "yellow"),
    Column("quarantined", lambda status: count(status["quarantined"], "message") if status["quarantined"] else ""),
    Column("notes", lambda status: "; ".join(status["notes"])),
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("status", rich_help_panel="Look")(status)


@with_door
def status(door: Door, *, fmt: options.Output = Format.TABLE) -> None:
    """Show the city at a glance: lamps, links, faults, what is on its way."""
    with door.open() as client:
        found = client.get("/v1/status")
        where = client.where
    show_one(found, fmt, _SHOW)
    if fmt is Format.TABLE:
        output.talk(f"asked {where}")
