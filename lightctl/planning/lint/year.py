"""A year of nights of many programs at many places, each different night compiled once.

What a night shows (`facts`) depends only on the order of its marks: sunset before or after the 22:00 step, not by how
much. So for each place the instants of every mark are read once a night, whatever programs share them; a program's
nights are grouped by the order of theirs, which is a sort of a few numbers; and one night of each group is compiled.
Exact, not an approximation: ties count as an order of their own, and so does how often an event happens.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import itemgetter, lt

from lightctl.domain.assets import Place
from lightctl.domain.programs import ClockTime, ControlProgram, Moment, Step
from lightctl.planning.lint.facts import NightFacts, facts_of
from lightctl.planning.reading import Reader
from lightctl.planning.wall import ONE_DAY

NIGHTS = 366
Cells = tuple[tuple[float, ...], ...]  # for each night the instants of one mark: none, one, or more around polar night
Order = tuple[int, ...]
Shape = tuple[tuple[int, ...], tuple[int, ...], Order]


@dataclass(frozen=True, slots=True)
class Sighting:
    """Some nights of a program at a place that all show the same."""

    place: Place
    facts: NightFacts
    nights: tuple[dt.date, ...]


def nights_of(year: int) -> tuple[dt.date, ...]:
    """Give the nights a lint looks at: 366 from the first of January on."""
    first = dt.date(year, 1, 1)
    return tuple(first + ONE_DAY * ahead for ahead in range(NIGHTS))


def sightings(
    chosen: Mapping[str, Sequence[dt.date]],
    programs: Mapping[str, ControlProgram],
    places: Iterable[Place],
    dates: Sequence[dt.date],
    tolerance: dt.timedelta,
) -> dict[str, list[Sighting]]:
    """Give for each program what the nights it is chosen for show at each place; `chosen` names dates of `dates`."""
    index = {date: number for number, date in enumerate(dates)}
    numbers = {name: tuple(index[date] for date in nights) for name, nights in chosen.items() if nights}
    known: dict[str, dict[Shape, NightFacts]] = {name: {} for name in numbers}
    found: dict[str, list[Sighting]] = {name: [] for name in numbers}
    clocks: dict[tuple[str, Moment], Cells] = {}
    readers: dict[str, list[Reader]] = {}
    for place in places:
        if place.time_zone not in readers:
            readers[place.time_zone] = [Reader.of(place, date) for date in dates]
        there = _PlaceYear(place, readers[place.time_zone], tolerance, clocks)
        for name, nights in numbers.items():
            for shape, group in _grouped(there.columns(programs[name]), nights).items():
                facts = known[name].get(shape)
                if facts is None:
                    facts = facts_of(programs[name], there.readers[group[0]], tolerance)
                    known[name][shape] = facts
                found[name].append(Sighting(place, facts, tuple(dates[number] for number in group)))
    return found


class _PlaceYear:
    """Every mark of every night at one place, each read when first asked for."""

    def __init__(
        self,
        place: Place,
        readers: Iterable[Reader],
        tolerance: dt.timedelta,
        clocks: dict[tuple[str, Moment], Cells],
    ) -> None:
        self.readers = [reader.elsewhere(place) for reader in readers]
        self._zone = place.time_zone
        self._clocks = clocks
        self._columns: dict[tuple[Moment, str], _Column] = {}
        self._same: dict[Cells, _Column] = {}
        spans = [reader.sun.dark() for reader in self.readers]
        starts = tuple(_seconds(since for since, _ in dark) for dark in spans)
        ends = tuple(_seconds(until for _, until in dark) for dark in spans)
        self._frame = [
            self._one(tuple(_seconds([reader.sun.start]) for reader in self.readers)),
            self._one(tuple(_seconds([reader.sun.end]) for reader in self.readers)),
            *(self._one(each) for each in (starts, ends)),
            self._one(_moved(starts, -tolerance.total_seconds())),
            self._one(_moved(ends, tolerance.total_seconds())),
        ]

    def columns(self, program: ControlProgram) -> list[_Column]:
        """Give the marks that decide what a night of this program shows."""
        found = list(self._frame)
        for each in program.active:
            found += [self._column(each.start, "opens"), self._column(each.end, "closes")]
        return found + [self._column(each.at, "step") for each in program.steps]

    def _column(self, moment: Moment, role: str) -> _Column:
        found = self._columns.get((moment, role))
        if found is None:
            found = self._columns[moment, role] = self._one(self._read(moment, role))
        return found

    def _read(self, moment: Moment, role: str) -> Cells:
        if not isinstance(moment.at, ClockTime):
            return self._instants(moment, role)
        known = self._clocks.get((self._zone, moment))
        if known is None:  # the same everywhere under one clock, and as an edge the same as a step
            known = self._clocks[self._zone, moment] = self._instants(moment, "step")
        return known

    def _instants(self, moment: Moment, role: str) -> Cells:
        if role == "step":
            step = Step(moment, 0)
            timed = (reader.step_instant(step) for reader in self.readers)
            return tuple(() if at is None else (at.timestamp(),) for at in timed)
        at_end = role == "closes"
        return tuple(_seconds(edge.at for edge in reader.edges(moment, at_end=at_end)) for reader in self.readers)

    def _one(self, cells: Cells) -> _Column:
        # One object for equal columns, so that marks that always coincide are seen to be one.
        found = self._same.get(cells)
        if found is None:
            single = all(len(cell) == 1 for cell in cells)
            found = self._same[cells] = _Column(cells, tuple(cell[0] for cell in cells) if single else None)
        return found


@dataclass(frozen=True, slots=True, eq=False)
class _Column:
    """The instants of one mark, night by night; `single` where each night has exactly one."""

    cells: Cells
    single: tuple[float, ...] | None


def _grouped(columns: Sequence[_Column], nights: Sequence[int]) -> dict[Shape, list[int]]:
    """Group nights by how often each mark falls in them and the order of all."""
    first = {column: number for number, column in reversed(tuple(enumerate(columns)))}
    same = tuple(first[column] for column in columns)
    singles = [column.single for column in first]
    if all(single is not None for single in singles):
        rows = tuple(zip(*(single for single in singles if single is not None), strict=True))
        return {(same, (), order): group for order, group in _by_order(rows, nights).items()}
    cells = tuple(zip(*(column.cells for column in first), strict=True))
    alike: dict[tuple[int, ...], list[int]] = {}
    for number in nights:
        alike.setdefault(tuple(map(len, cells[number])), []).append(number)
    return {
        (same, lengths, order): group
        for lengths, some in alike.items()
        for order, group in _by_order({each: tuple(chain(*cells[each])) for each in some}, some).items()
    }


def _by_order(
    rows: Sequence[tuple[float, ...]] | Mapping[int, tuple[float, ...]], nights: Sequence[int]
) -> dict[Order, list[int]]:
    """Group nights by the order of their instants: sorted positions or, where some are equal, the rank of each.

    Most nights have the order of the night before, and to see that is cheaper than to sort.
    """
    groups: dict[Order, list[int]] = {}
    group: list[int] = []
    sort: Callable[[tuple[float, ...]], tuple[float, ...]] | None = None
    for number in nights:
        row = rows[number]
        if sort is not None:
            ordered = sort(row)
            if all(map(lt, ordered, ordered[1:])):
                group.append(number)
                continue
        distinct = sorted(set(row))
        if len(distinct) == len(row):
            order = tuple(sorted(range(len(row)), key=row.__getitem__))
            sort = itemgetter(*order)
        else:
            ranks = {at: rank for rank, at in enumerate(distinct)}
            order, sort = tuple(ranks[at] for at in row), None
        group = groups.setdefault(order, [])
        group.append(number)
    return groups


def _moved(cells: Cells, seconds: float) -> Cells:
    return tuple(tuple(each + seconds for each in cell) for cell in cells)


def _seconds(instants: Iterable[dt.datetime]) -> tuple[float, ...]:
    return tuple(each.timestamp() for each in instants)


def dates_of(sightings: Iterable[Sighting]) -> Iterator[dt.date]:
    """Give the nights of sightings, those seen at several places several times."""
    for each in sightings:
        yield from each.nights
