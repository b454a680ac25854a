"""Telemetry: every report and reading, in a database of its own that may lose its last second in a power cut."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from lightctl.domain.states import ChannelReport, Reading, Reason, ReportedState
from lightctl.store.codec import pack, to_instant, to_instant_or_none, to_text, unpack
from lightctl.store.connection import Row
from lightctl.store.room import Room

_MAX_INTEGER = 2**63 - 1
_PUT_REPORT = (
    "INSERT OR IGNORE INTO reports (node, boot_id, seq, channel, received_at, at, applied_revision, level, commanded, "
    "reason, power_w, energy_wh, voltage_v, current_a, power_factor, temperature_c, operating_h, faults) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_REPORTS = (
    "SELECT node, boot_id, seq, channel, received_at, at, applied_revision, level, commanded, reason, power_w, "
    "energy_wh, voltage_v, current_a, power_factor, temperature_c, operating_h, faults FROM reports "
    "WHERE node = ? AND received_at >= ? AND received_at < ? ORDER BY received_at, rowid"
)
_PUT_READING = "INSERT OR IGNORE INTO readings (node, at, doc) VALUES (?, ?, ?)"
_READINGS = "SELECT node, at, doc FROM readings WHERE node = ? AND at >= ? AND at < ? ORDER BY at"


class TelemetryRoom(Room):
    """Measurements by node and time."""

    def add_reports(self, reports: Sequence[ReportedState]) -> None:
        """Keep reports; one with the node, boot and number of an earlier one is dropped as its repetition."""
        with self._telemetry.transaction():
            self._telemetry.run_many(_PUT_REPORT, _report_rows(reports))

    def add_readings(self, readings: Sequence[Reading]) -> None:
        """Keep meter readings, one per node and instant; values that are no numbers are left out."""
        with self._telemetry.transaction():
            self._telemetry.run_many(_PUT_READING, [(r.node, to_text(r.at), pack(_finite(r.values))) for r in readings])

    def reports(self, node: str, since: dt.datetime, until: dt.datetime) -> tuple[ReportedState, ...]:
        """Give a node's reports received from `since` to before `until`, in order; node-wide flags are not kept."""
        rows = self._telemetry.rows(_REPORTS, (node, to_text(since), to_text(until)))
        return tuple(_report(list(group)) for _, group in groupby(rows, key=lambda row: (row[1], row[2], row[4])))

    def readings(self, node: str, since: dt.datetime, until: dt.datetime) -> tuple[Reading, ...]:
        """Give a node's readings from `since` to before `until`, in order."""
        rows = self._telemetry.rows(_READINGS, (node, to_text(since), to_text(until)))
        return tuple(Reading(name, to_instant(at), unpack(doc, dict[str, float])) for name, at, doc in rows)


def _report_rows(reports: Iterable[ReportedState]) -> Iterator[Row]:
    for report in reports:
        if not 0 <= report.seq <= _MAX_INTEGER or not 0 <= (report.applied_revision or 0) <= _MAX_INTEGER:
            continue  # one node's nonsense must not keep the others' reports out
        head = (report.node, report.boot_id, report.seq)
        times = (to_text(report.received_at), to_text(report.at), report.applied_revision)
        for number, channel in report.channels.items():
            yield (
                *head,
                number,
                *times,
                channel.level,
                channel.commanded,
                None if channel.reason is None else str(channel.reason),
                channel.power_w,
                channel.energy_wh,
                channel.voltage_v,
                channel.current_a,
                channel.power_factor,
                channel.temperature_c,
                channel.operating_h,
                pack(channel.faults) if channel.faults else "",
            )


def _report(rows: list[Row]) -> ReportedState:
    node, boot_id, seq, _, received_at, at, applied_revision, *_ = rows[0]
    return ReportedState(
        node,
        to_instant(received_at),
        {row[3]: _channel(row) for row in rows},
        boot_id,
        seq,
        to_instant_or_none(at),
        applied_revision,
    )


def _channel(row: Row) -> ChannelReport:
    level, commanded, reason, power, energy, voltage, current, factor, temperature, hours, faults = row[7:]
    return ChannelReport(
        level,
        commanded,
        None if reason is None else Reason(reason),
        power,
        energy,
        voltage,
        current,
        factor,
        temperature,
        hours,
        unpack(faults, tuple[str, ...]) if faults else (),
    )


def _finite(values: Mapping[str, float]) -> dict[str, float]:
    return {name: value for name, value in values.items() if math.isfinite(value)}
