"""Outages: the faults of a period that took light, which light points each concerned, and from when to when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from lightctl.app.desk import Desk
from lightctl.domain.assets import LightPoint
from lightctl.domain.states import Fault, FaultEvent
from lightctl.reports.light_time import Span
from lightctl.reports.street import DARK_EVENTS, OtherFaults, Outage

LIGHT_POINTS_NAMED = 5
ADDRESS_TAGS = ("street", "location")
# A tripped breaker of a cabinet need not be that of the lamps: only what it names or switches is dark for sure.
_WHOLE_CABINET = frozenset({FaultEvent.SUPPLY_LOSS})


@dataclass(frozen=True, slots=True)
class Told:
    """A fault of the period with its number and the light points it concerns, as far as they are asked about."""

    number: int
    fault: Fault
    light_points: tuple[LightPoint, ...]


class FaultsOfPeriod:
    """The faults that were open at some time of a period, on some light points."""

    def __init__(self, desk: Desk, points: Sequence[LightPoint], since: dt.datetime, until: dt.datetime) -> None:
        """Read them; `until` is now at the latest."""
        self._since, self._until = since, until
        self._points = {point.id: point for point in points}
        self._by_node: dict[str, list[LightPoint]] = {}
        self._by_cabinet: dict[str, list[LightPoint]] = {}
        for point in points:
            self._by_node.setdefault(point.node, []).append(point)
            self._by_cabinet.setdefault(point.cabinet, []).append(point)
        found = (
            (number, fault)
            for number, fault in desk.store.faults()
            if fault.opened_at < until and (fault.cleared_at is None or fault.cleared_at >= since)
        )
        every = len(points) == len(desk.fleet.points)
        told = (Told(number, fault, self._concerned(fault)) for number, fault in found)
        self._told = [each for each in told if each.light_points or (every and each.fault.event not in DARK_EVENTS)]

    def out(self) -> Mapping[str, list[tuple[Span, float]]]:
        """Give for each light point the spans in which faults say it was dark, with the share of its lamps."""
        found: dict[str, list[tuple[Span, float]]] = {}
        for told in self._told:
            if told.fault.event not in DARK_EVENTS:
                continue
            span = max(told.fault.opened_at, self._since), min(self._end(told.fault), self._until)
            for point in told.light_points:
                share = 1 / point.lamps if told.fault.event is FaultEvent.LAMP_FAILURE else 1.0
                if span[0] < span[1]:
                    found.setdefault(point.id, []).append((span, share))
        return found

    def outages(self) -> tuple[Outage, ...]:
        """Give the outages that were alarms, the open ones first, then the longest."""
        found = [
            self._outage(told)
            for told in self._told
            if told.fault.event in DARK_EVENTS and not told.fault.suppressed_by
        ]
        return tuple(sorted(found, key=lambda each: (each.cleared_at is not None, -each.seconds, each.fault)))

    def others(self) -> tuple[OtherFaults, ...]:
        """Count the other alarms by event: opened in the period, cleared in it, and open at its end."""
        found: dict[str, list[int]] = {}
        for told in self._told:
            fault = told.fault
            if fault.event in DARK_EVENTS or fault.suppressed_by:
                continue
            counts = found.setdefault(str(fault.event), [0, 0, 0])
            cleared = fault.cleared_at is not None and fault.cleared_at < self._until
            counts[0] += fault.opened_at >= self._since
            counts[1] += cleared
            counts[2] += not cleared
        return tuple(OtherFaults(event, *counts) for event, counts in sorted(found.items()))

    def _end(self, fault: Fault) -> dt.datetime:
        return self._until if fault.cleared_at is None else fault.cleared_at

    def _outage(self, told: Told) -> Outage:
        fault, points = told.fault, told.light_points
        cleared = fault.cleared_at if fault.cleared_at is not None and fault.cleared_at <= self._until else None
        failed = fault.event is FaultEvent.LAMP_FAILURE
        return Outage(
            fault=told.number,
            event=str(fault.event),
            subject_kind=fault.subject_kind,
            subject=fault.subject,
            light_points=tuple(point.id for point in points[:LIGHT_POINTS_NAMED]),
            address=address_of(points[0]),
            cabinet=points[0].cabinet,
            lamps=len(points) if failed else sum(point.lamps for point in points),
            opened_at=fault.opened_at,
            cleared_at=cleared,
            seconds=((cleared or self._until) - fault.opened_at).total_seconds(),
            detail=fault.detail,
        )

    def _concerned(self, fault: Fault) -> tuple[LightPoint, ...]:
        if fault.members:
            named = {point.id: point for member in fault.members for point in self._named(member)}
            return tuple(named.values())
        match fault.subject_kind:
            case "light point":
                return tuple(self._named(fault.subject))
            case "node":
                return tuple(self._by_node.get(fault.subject, ()))
            case "cabinet" if fault.event in _WHOLE_CABINET:
                return tuple(self._by_cabinet.get(fault.subject, ()))
            case _:
                return ()

    def _named(self, name: str) -> Iterator[LightPoint]:
        point = self._points.get(name)
        return iter((point,)) if point is not None else iter(self._by_node.get(name, ()))


def address_of(point: LightPoint) -> str:
    """Give where a light point stands as people say it, "" where the inventory does not."""
    return next((point.tags[tag] for tag in ADDRESS_TAGS if point.tags.get(tag)), "")
