"""watch: what changes, as it changes: figures, faults, commands, and the way to the daemon itself."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from lightctl.cli import output
from lightctl.cli.door import Door, with_door
from lightctl.cli.failures import Failure, failure_of
from lightctl.cli.output import Format, Json, local_time
from lightctl.cli.times import parse_duration
from lightctl.domain.errors import LightctlError

POLL_S = 1.0
NEWEST = 1000
MOST_OPEN = 100_000
_FIGURES = (
    "light_points",
    "in_use",
    "lit",
    "settled",
    "unsettled",
    "unreachable",
    "unknown",
    "unclaimed_nodes",
    "open_commands",
    "overrides",
    "quarantined",
)
For = Annotated[
    str | None, typer.Option("--for", help="End after: 90s, 10m, 1h30m; default with Ctrl-C.", metavar="DURATION")
]
OutputOrAuto = Annotated[
    Format | None,
    typer.Option("--output", "-o", help="How data is written; lines for people on a terminal, jsonl else."),
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("watch", rich_help_panel="Look")(watch)


@with_door
def watch(door: Door, *, duration: For = None, fmt: OutputOrAuto = None) -> None:
    """Print what changes, a line each, until Ctrl-C or --for."""
    lasting = None if duration is None else parse_duration(duration, where="--for").total_seconds()
    if fmt in (Format.JSON, Format.CSV):
        raise Failure("invalid_input", f"watch writes lines: {fmt} cannot be written bit by bit", hint="Use -o jsonl.")
    lines = fmt is Format.TABLE or (fmt is None and output.on_terminal())
    end = None if lasting is None else time.monotonic() + lasting
    follower = _Follower()
    while True:
        for event in follower.look(door):
            output.write(_line(event) if lines else output.to_json(event))
        output.flush()
        left = POLL_S if end is None else min(POLL_S, end - time.monotonic())
        if left <= 0:
            return
        time.sleep(left)


class _Follower:
    """Knows what was seen last and gives what differs now."""

    def __init__(self) -> None:
        self._figures: dict[str, Any] = {}
        self._open: dict[int, Json] = {}
        self._newest_fault = 0
        self._commands: dict[str, str] = {}
        self._where = ""
        self._begun = False

    def look(self, door: Door) -> Iterator[dict[str, Any]]:
        """Ask once. The first look fails as any command does; later ones tell of a lost way and try again."""
        try:
            with door.open() as client:
                status = client.get("/v1/status")
                open_faults = client.get("/v1/faults", open_only=True, limit=MOST_OPEN)
                newest_faults = client.get("/v1/faults", limit=NEWEST)
                commands = client.get("/v1/commands", limit=NEWEST)
                where = client.where
        except (Failure, LightctlError) as error:
            if not self._begun:
                raise
            if self._where:
                self._where = ""
                failure = error if isinstance(error, Failure) else failure_of(error)
                yield {"at": output.now(), "kind": "connection", "up": False, "detail": failure.message}
            return
        at = status["now"]
        if where != self._where:
            self._where = where
            yield {"at": at, "kind": "connection", "up": True, "detail": where}
        yield from self._status(at, status)
        yield from self._faults(at, open_faults, newest_faults)
        yield from self._new_commands(at, commands)
        self._begun = True

    def _status(self, at: str, status: Json) -> Iterator[dict[str, Any]]:
        figures = {name: status[name] for name in _FIGURES}
        figures |= {f"link {link['name']}": "up" if link["up"] else "down" for link in status["links"]}
        changed = {name: value for name, value in figures.items() if self._figures.get(name) != value}
        if changed:
            before = {name: self._figures.get(name) for name in changed}
            yield {"at": at, "kind": "status", "changed": changed, "before": before}
        self._figures = figures

    def _faults(self, at: str, open_faults: list[Json], newest: list[Json]) -> Iterator[dict[str, Any]]:
        now_open = {fault["id"]: fault for fault in open_faults}
        recent = {fault["id"]: fault for fault in newest}
        # One that opened and closed between two looks is only in the list of the newest.
        missed = {name: fault for name, fault in recent.items() if name > self._newest_fault} if self._begun else {}
        for name, fault in sorted((missed | now_open).items()):
            if name not in self._open:
                yield {"at": at, "kind": "fault", "state": "open", **fault}
        for name, fault in sorted((missed | self._open).items()):
            if name not in now_open:
                yield {"at": at, "kind": "fault", "state": "cleared", **recent.get(name, fault)}
        self._open = now_open
        self._newest_fault = max([self._newest_fault, *recent, *now_open])

    def _new_commands(self, at: str, commands: list[Json]) -> Iterator[dict[str, Any]]:
        if self._begun:
            for command in reversed(commands):
                if self._commands.get(command["id"]) != command["state"]:
                    yield {"at": at, "kind": "command", **command}
        self._commands = {command["id"]: command["state"] for command in commands}


def _line(event: Json) -> str:
    clock = local_time(event["at"])
    match event["kind"]:
        case "status":
            parts = [
                f"{name.replace('_', ' ')} {value}"
                if event["before"][name] is None
                else f"{name.replace('_', ' ')} {event['before'][name]} -> {value}"
                for name, value in event["changed"].items()
            ]
            return f"{clock}  status      {', '.join(parts)}"
        case "fault":
            colour = "red" if event["state"] == "open" else "green"
            text = f"{event['event']} {event['state']}: {event['subject_kind']} {event['subject']} {event['detail']}"
            return f"{clock}  {output.coloured('fault', colour)}       {output.clean(text.rstrip())}"
        case "command":
            text = f"{event['id']} {event['state']} ({event['cause']}) {event['detail']}"
            return f"{clock}  command     {output.clean(text.rstrip())}"
        case _:
            return f"{clock}  connection  {'up' if event['up'] else 'down'}: {output.clean(event['detail'])}"
