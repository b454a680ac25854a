"""Usage as it was added up: what roll-ups made of reports and meter readings, by span."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection, Iterator

from lightctl.domain.usage import MeterUsage, Resolution, Usage
from lightctl.store.codec import from_ms, unpack, up_to_ms
from lightctl.store.connection import Row
from lightctl.store.room import Room
from lightctl.store.schema_usage import METER_CHANNEL

CODE_OF = {Resolution.QUARTER: 0, Resolution.NIGHT: 1, Resolution.MONTH: 2}
_MS = 1000
_USAGE = """\
SELECT c.node, c.channel, u.start, u.energy_wh, u.metered_ms, u.reports, u.levels
FROM channels c CROSS JOIN usage u ON u.resolution = ?1 AND u.channel = c.id AND u.start >= ?2 AND u.start < ?3
WHERE {which} {nodes} ORDER BY c.node, c.channel, u.start
"""
_LAMPS, _METERS = f"c.channel <> {METER_CHANNEL}", f"c.channel = {METER_CHANNEL}"
_SOME = "AND c.node IN (SELECT value FROM json_each(?4))"


class UsageRoom(Room):
    """What was added up; `roll_up` first what came since."""

    def usage(
        self, resolution: Resolution, since: dt.datetime, until: dt.datetime, nodes: Collection[str] | None = None
    ) -> Iterator[Usage]:
        """Give the usage in spans that begin from `since` to before `until`, by node, channel and start."""
        for node, channel, start, energy_wh, metered_ms, reports, levels in self._usage(
            _LAMPS, resolution, since, until, nodes
        ):
            held = {level: ms / _MS for level, ms in unpack(levels, dict[int, int]).items()}
            yield Usage(node, channel, from_ms(start), energy_wh, metered_ms / _MS, held, reports)

    def meter_usage(
        self, resolution: Resolution, since: dt.datetime, until: dt.datetime, nodes: Collection[str] | None = None
    ) -> Iterator[MeterUsage]:
        """Give what meters counted in spans that begin from `since` to before `until`, by node and start."""
        for node, _, start, energy_wh, metered_ms, _, _ in self._usage(_METERS, resolution, since, until, nodes):
            if energy_wh is not None:
                yield MeterUsage(node, from_ms(start), energy_wh, metered_ms / _MS)

    def _usage(
        self,
        which: str,
        resolution: Resolution,
        since: dt.datetime,
        until: dt.datetime,
        nodes: Collection[str] | None,
    ) -> Iterator[Row]:
        statement = _USAGE.format(which=which, nodes="" if nodes is None else _SOME)
        parameters: list[object] = [CODE_OF[resolution], up_to_ms(since), up_to_ms(until)]
        if nodes is not None:
            parameters.append(json.dumps(sorted(nodes)))
        return self._telemetry.each(statement, parameters)
