"""Event logs: switching events written by a formatter. The seam for the layout that Elexon gives to its parties.

That layout is not public, so lightctl ships one neutral formatter, `jsonl`, which is explicitly not it. Another one is
a function of this shape, named by an entry point of an installed package in the group `lightctl.settlement_log`:

    def formatter(day: SettlementDay, events: Iterable[SwitchingEvent]) -> Iterable[bytes]

It gets the events of a sub-meter's local day by unit and instant, and `day.units` with every unit, also those without
events. What it gives is written as it comes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from importlib import metadata

import msgspec

from lightctl.domain.errors import InvalidInput
from lightctl.domain.settlement import SettlementDay, SwitchingEvent

GROUP = "lightctl.settlement_log"
NEUTRAL = "jsonl"
Formatter = Callable[[SettlementDay, Iterable[SwitchingEvent]], Iterable[bytes]]


def formatter_of(name: str) -> Formatter:
    """Give a formatter by its name; raises InvalidInput with the known ones."""
    if name == NEUTRAL:
        return jsonl
    found = {entry.name: entry for entry in metadata.entry_points(group=GROUP)}
    if name not in found:
        known = ", ".join(sorted({NEUTRAL, *found}))
        hint = f"Known: {known}. Others come with a package that has an entry point in {GROUP}."
        raise InvalidInput("--format", f"no formatter is called {name!r}", hint=hint)
    try:
        formatter = found[name].load()
    except Exception as error:
        raise InvalidInput("--format", f"the formatter {name!r} cannot be loaded: {error!r}") from error
    if not callable(formatter):
        raise InvalidInput("--format", f"the formatter {name!r} is no function ({found[name].value})")
    return formatter  # type: ignore[no-any-return]


def jsonl(day: SettlementDay, events: Iterable[SwitchingEvent]) -> Iterator[bytes]:
    """Write a line on the day, a line per event, and a last line with the units that have none; instants in UTC."""
    head = {"log": "lightctl switching events 1", "sub_meter": day.sub_meter, "date": day.date}
    yield _line({**head, "start": day.start, "end": day.end, "units": len(day.units)})
    heard = set()
    for event in events:
        heard.add(event.unit)
        yield _line(msgspec.to_builtins(event))
    yield _line({"units_without_events": [unit for unit in day.units if unit not in heard]})


def _line(item: object) -> bytes:
    return msgspec.json.encode(item) + b"\n"
