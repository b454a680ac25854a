"""Sensors of a street: what each says and when, put on the broker as a real one would.

A sensor says each value at its instant, and where it has an interval says it again and again until the next. What fell
due while nothing was connected is not made up for: only the newest value is said.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lightctl.devices.codec import Outgoing, encode_sensor
from lightctl.domain.assets import ID_PATTERN
from lightctl.domain.sensors import SensorKind, SensorReading
from simulators.strict_yaml import Section


@dataclass(frozen=True, slots=True)
class SensorSpec:
    """A sensor of a node, or with node "" of an area. says: instants and values, ascending; every_s 0: each once."""

    name: str
    kind: SensorKind
    area: str
    node: str
    says: tuple[tuple[dt.datetime, float], ...]
    every_s: float = 0.0


class Sensors:
    """The sensors of a run and what they have still to say."""

    def __init__(self, specs: Iterable[SensorSpec], now: dt.datetime) -> None:
        self._specs = tuple(specs)
        self._due = [_next_after(spec, now - dt.timedelta(microseconds=1)) for spec in self._specs]

    def take(self, now: dt.datetime) -> Iterator[tuple[str, Outgoing]]:
        """Give what is due by an instant: the node that says it, "" for an area's sensor, and the message."""
        for number, spec in enumerate(self._specs):
            due = self._due[number]
            if due is None or due > now:
                continue
            self._due[number] = _next_after(spec, now)  # before it is said: whoever takes it may not come back
            value = next(value for at, value in reversed(spec.says) if at <= now)
            yield spec.node, encode_sensor(SensorReading(spec.area, spec.node, spec.name, spec.kind, value, now, now))


def read_sensor(section: Section, start: dt.datetime) -> SensorSpec:
    """Read one sensor of a scenario; raises InvalidInput with the place."""
    spec = SensorSpec(
        name=section.text("name"),
        kind=SensorKind(section.choice("kind", [each.value for each in SensorKind])),
        area=section.text("area", "main"),
        node=section.text("node", ""),
        says=tuple(sorted(_said(each, start) for each in section.sections("says"))),
        every_s=section.duration("every", 0.0) or 0.0,
    )
    for key, name in (("name", spec.name), ("area", spec.area), ("node", spec.node or "-")):
        if not ID_PATTERN.fullmatch(name):
            raise section.error(key, f"{name!r} is not an id", hint="Use letters, digits, - and _, 64 at most.")
    if not spec.says:
        raise section.error("says", "a sensor says something", hint="Give says: [{at: 22:30, value: 12}].")
    if spec.kind is SensorKind.PRESENCE and any(value not in (0, 1) for _, value in spec.says):
        raise section.error("says", "presence is 1 (somebody is there) or 0")
    section.close()
    return spec


def _said(section: Section, start: dt.datetime) -> tuple[dt.datetime, float]:
    said = (section.instant("at", start) or start, section.number("value", 0.0, most=1e9))
    section.close()
    return said


def _next_after(spec: SensorSpec, now: dt.datetime) -> dt.datetime | None:
    """Give when a sensor speaks next: its next value, or its value again."""
    coming = next((at for at, _ in spec.says if at > now), None)
    before = next((at for at, _ in reversed(spec.says) if at <= now), None)
    if not spec.every_s or before is None:
        return coming
    every = dt.timedelta(seconds=spec.every_s)
    again = before + every * ((now - before) // every + 1)
    return again if coming is None else min(again, coming)
