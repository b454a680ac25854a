"""Control programs from their YAML: windows, steps, ramps and clamps; dynamic rules have a file of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from lightctl.domain.errors import InvalidInput
from lightctl.domain.programs import (
    SUNSET_TO_SUNRISE,
    ActivePeriod,
    ClockTime,
    ControlProgram,
    Moment,
    Step,
    TimeExpression,
)
from lightctl.files.dynamic_files import read_dynamics
from lightctl.files.expressions import parse_clock_time, parse_duration, parse_time_expression, seconds_after_noon
from lightctl.files.fields import items_of, level_of, one_or_list, parsed, text_of
from lightctl.files.findings import Code, Sheet, quoted
from lightctl.files.keys import Keys, entries_of
from lightctl.files.yaml_nodes import Listing, Node, Table, Text

CLAMPS = ("earliest", "latest")
_DYNAMICS = "Write dynamics: with a list of rules."
PROGRAM = Keys(
    optional=("description", "active", "start_level", "steps", "dynamics"),
    elsewhere=dict.fromkeys(("sensors", "dynamicControls", "dynamic_controls"), _DYNAMICS),
)
_CLAMPED_EDGE = 'Clamp one end of the window: from: {at: sunset-10m, earliest: "16:30"}'
WINDOW = Keys(("from", "to"), elsewhere=dict.fromkeys(("at", *CLAMPS), _CLAMPED_EDGE))
EDGE = Keys(("at",), CLAMPS)
STEP = Keys(("at", "level"), ("ramp", *CLAMPS))


def read_program(sheet: Sheet, key: Text, node: Node) -> ControlProgram | None:
    """Read one program; None when nothing of it can be used. What is wrong goes to the sheet."""
    what = f"program {quoted(key.text)}"
    entries = entries_of(sheet, node, what, PROGRAM)
    if entries is None:
        return None
    description = text_of(sheet, entries["description"], f"description of {what}") if "description" in entries else ""
    start_level = level_of(sheet, entries["start_level"], f"start_level of {what}") if "start_level" in entries else 100
    source = sheet.source(key)
    usual = (replace(SUNSET_TO_SUNRISE, source=source),)  # a window nobody wrote down stands where its program does
    active = _active(sheet, entries["active"], what) if "active" in entries else usual
    steps = _steps(sheet, entries.get("steps"), what)
    dynamics = read_dynamics(sheet, entries.get("dynamics"), what, _windows)
    if description is None or start_level is None:
        return None
    return ControlProgram(key.text, active, start_level, steps, description, source, dynamics)


def _active(sheet: Sheet, node: Node, what: str) -> tuple[ActivePeriod, ...]:
    if isinstance(node, Listing) and not node.items:
        sheet.report(
            Code.ACTIVE, node, f"active of {what} has no window", "For a lamp that stays off write start_level: 0."
        )
    return _windows(sheet, node, f"active of {what}")


def _windows(sheet: Sheet, node: Node, what: str) -> tuple[ActivePeriod, ...]:
    windows = [_window(sheet, item, what) for item in one_or_list(node)]
    return tuple(window for window in windows if window is not None)


def _window(sheet: Sheet, node: Node, what: str) -> ActivePeriod | None:
    if isinstance(node, Table):
        entries = entries_of(sheet, node, what, WINDOW)
        if entries is None:
            return None
        start = _edge(sheet, entries["from"], f"from in {what}")
        end = _edge(sheet, entries["to"], f"to in {what}")
    else:
        text = text_of(sheet, node, what)
        if text is None:
            return None
        edges = text.split("..")
        if len(edges) != 2 or "..." in text:  # noqa: PLR2004 - a window has two edges
            sheet.report(Code.ACTIVE, node, f"{what}: {quoted(text)} is not a window", _window_hint(text))
            return None
        start, end = (_moment(sheet, Text(node.line, node.column, edge.strip(), plain=False), what) for edge in edges)
    if start is None or end is None:
        return None
    return ActivePeriod(start, end, sheet.source(node))


def _window_hint(text: str) -> str:
    """Put two dots between two times where people wrote something else."""
    for between in ("...", "\u2026", " to ", " bis ", " - ", "\u2013", "\u2014", "-"):
        edges = [edge.strip() for edge in text.split(between)]
        if len(edges) == 2 and all(map(_is_time, edges)):  # noqa: PLR2004 - a window has two edges
            return f"Write: {edges[0]} .. {edges[1]}"
    return "Write: sunset-10m .. sunrise+10m"


def _is_time(text: str) -> bool:
    try:
        parse_time_expression(text)
    except InvalidInput:
        return False
    return True


def _edge(sheet: Sheet, node: Node, what: str) -> Moment | None:
    if not isinstance(node, Table):
        return _moment(sheet, node, what)
    entries = entries_of(sheet, node, what, EDGE)
    return None if entries is None else _clamped(sheet, entries, what)


def _moment(sheet: Sheet, node: Node, what: str) -> Moment | None:
    at = parsed(sheet, Code.TIME, node, what, parse_time_expression)
    return None if at is None else Moment(at)


def _clamped(sheet: Sheet, entries: Mapping[str, Node], what: str) -> Moment | None:
    moment = _moment(sheet, entries["at"], f"at of {what}")
    clamps: dict[str, ClockTime] = {}
    for name in CLAMPS:
        if name in entries:
            clock = parsed(sheet, Code.CLAMP, entries[name], f"{name} of {what}", parse_clock_time)
            if clock is not None:
                clamps[name] = clock
    earliest, latest = clamps.get("earliest"), clamps.get("latest")
    if earliest is not None and latest is not None and seconds_after_noon(earliest) > seconds_after_noon(latest):
        sheet.report(
            Code.CLAMP,
            entries["earliest"],
            f"{what}: earliest {earliest} is after latest {latest} (a night runs from 12:00 to 12:00)",
            "Swap the two.",
        )
    return None if moment is None else Moment(moment.at, earliest, latest)


def _steps(sheet: Sheet, node: Node | None, what: str) -> tuple[Step, ...]:
    steps: list[Step] = []
    first: dict[TimeExpression, Step] = {}
    for item in items_of(sheet, node, f"steps of {what}"):
        step = _step(sheet, item, f"a step of {what}")
        if step is None:
            continue
        earlier = first.setdefault(step.at.at, step)
        if earlier is not step:
            sheet.report(
                Code.SAME_STEP,
                item,
                f"{what} has two steps at {step.at.at}; the first in line {earlier.source.line}",
                "Keep one of the two.",
            )
        steps.append(step)
    return tuple(steps)


def _step(sheet: Sheet, node: Node, what: str) -> Step | None:
    entries = entries_of(sheet, node, what, STEP)
    if entries is None:
        return None
    moment = _clamped(sheet, entries, what)
    level = level_of(sheet, entries["level"], f"level of {what}")
    ramp: int | None = 0
    if "ramp" in entries:
        ramp = parsed(sheet, Code.DURATION, entries["ramp"], f"ramp of {what}", parse_duration)
    if moment is None or level is None or ramp is None:
        return None
    return Step(moment, level, ramp, sheet.source(node))
