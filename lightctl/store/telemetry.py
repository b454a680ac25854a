"""Telemetry: every report and reading, in a database of its own that may lose its last second in a power cut.

Each row carries the instant it speaks of (`observed_at`, see observed.py), so that what came late counts for its time.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from lightctl.domain.states import ChannelReport, Reading, Reason, ReportedState
from lightctl.store.codec import pack, to_instant, to_instant_or_none, to_ms, to_text, unpack, up_to_ms
from lightctl.store.connection import Row
from lightctl.store.observed import CLOCK_LIMIT_S, Word, heard
from lightctl.store.room import Room

_MAX_INTEGER = 2**63 - 1
_PUT_REPORT = (
    "INSERT OR IGNORE INTO reports (node, boot_id, seq, channel, observed_at, received_at, at, applied_revision, "
    "level, commanded, reason, power_w, energy_wh, voltage_v, current_a, power_factor, temperature_c, operating_h, "
    "faults) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_REPORTS = (
    "SELECT node, boot_id, seq, channel, received_at, at, applied_revision, level, commanded, reason, power_w, "
    "energy_wh, voltage_v, current_a, power_factor, temperature_c, operating_h, faults FROM reports "
    "WHERE node = ? AND observed_at >= ? AND observed_at < ? ORDER BY observed_at, id"
)
_LAST_WORDS = (
    "SELECT boot_id, seq, at, received_at, observed_at FROM reports WHERE node = ? ORDER BY observed_at DESC, id DESC "
    "LIMIT 1"
)
_PUT_READING = (
    "INSERT OR IGNORE INTO readings (node, at, observed_at, energy_wh, power_w, doc) VALUES (?, ?, ?, ?, ?, ?)"
)
_READINGS = "SELECT node, at, doc FROM readings WHERE node = ? AND at >= ? AND at < ? ORDER BY at"
METER_COUNTER, WH_PER_KWH = "energy_kwh", 1000.0


class TelemetryRoom(Room):
    """Measurements by node and time."""

    _words: dict[str, tuple[Word, ...]]  # of a node's last two boots; a mapping each would be 18 MB of a large city

    def add_reports(self, reports: Sequence[ReportedState], clock_limit_s: float = CLOCK_LIMIT_S) -> None:
        """Keep reports; one with the node, boot and number of an earlier one is dropped as its repetition.

        clock_limit_s: how far a node's clock may be off for its own time to be believed without more ado.
        """
        self.add_measurements(reports, (), clock_limit_s)

    def add_readings(self, readings: Sequence[Reading]) -> None:
        """Keep meter readings, one per node and instant; values that are no numbers are left out."""
        self.add_measurements((), readings)

    def add_measurements(
        self, reports: Sequence[ReportedState], readings: Sequence[Reading], clock_limit_s: float = CLOCK_LIMIT_S
    ) -> None:
        """Keep reports and readings together, all or nothing."""
        with self._telemetry.transaction():
            if reports:
                self._telemetry.run_many(_PUT_REPORT, self._report_rows(reports, int(clock_limit_s * 1000)))
            if readings:
                self._telemetry.run_many(_PUT_READING, map(_reading_row, readings))

    def reports(self, node: str, since: dt.datetime, until: dt.datetime) -> tuple[ReportedState, ...]:
        """Give a node's reports of the time from `since` to before `until`, in order; node-wide flags are not kept."""
        rows = self._telemetry.rows(_REPORTS, (node, to_ms(since), up_to_ms(until)))
        return tuple(_report(list(group)) for _, group in groupby(rows, key=lambda row: (row[1], row[2], row[4])))

    def readings(self, node: str, since: dt.datetime, until: dt.datetime) -> tuple[Reading, ...]:
        """Give a node's readings from `since` to before `until`, in order."""
        rows = self._telemetry.rows(_READINGS, (node, to_text(since), to_text(until)))
        return tuple(Reading(name, to_instant(at), unpack(doc, dict[str, float])) for name, at, doc in rows)

    def _report_rows(self, reports: Iterable[ReportedState], limit: int) -> Iterator[Row]:
        for report in reports:
            seq, revision = report.seq, report.applied_revision
            if not 0 <= seq <= _MAX_INTEGER or not 0 <= (revision or 0) <= _MAX_INTEGER:
                continue  # one node's nonsense must not keep the others' reports out
            node, boot_id, at = report.node, report.boot_id, report.at
            observed = self._observed(report, limit)
            received_at, at_text = to_text(report.received_at), None if at is None else to_text(at)
            for number, channel in report.channels.items():
                reason, faults = channel.reason, channel.faults
                yield (
                    node,
                    boot_id,
                    seq,
                    number,
                    observed,
                    received_at,
                    at_text,
                    revision,
                    channel.level,
                    channel.commanded,
                    None if reason is None else reason.value,
                    channel.power_w,
                    channel.energy_wh,
                    channel.voltage_v,
                    channel.current_a,
                    channel.power_factor,
                    channel.temperature_c,
                    channel.operating_h,
                    pack(faults) if faults else "",
                )

    def _observed(self, report: ReportedState, limit: int) -> int:
        """Place a report in time by the words of its node before it: the newest of its last two boots."""
        node, boot_id, seq, at = report.node, report.boot_id, report.seq, report.at
        words = self._words.get(node)
        if words is None:
            words = self._last_words(node)
        before = next((each for each in words if each.boot_id == boot_id), None)
        word = heard(boot_id, seq, None if at is None else to_ms(at), to_ms(report.received_at), before, limit)
        if before is None:
            self._words[node] = (*words[-1:], word)
        elif seq > before.seq or not boot_id:
            self._words[node] = tuple(word if each is before else each for each in words)
        else:
            self._words[node] = words
        return word.observed

    def _last_words(self, node: str) -> tuple[Word, ...]:
        row = self._telemetry.row(_LAST_WORDS, (node,))
        if row is None:
            return ()
        boot_id, seq, at_text, received_at, observed = row
        at = None if at_text is None else to_ms(to_instant(at_text))
        return (Word(boot_id, seq, at, to_ms(to_instant(received_at)), observed, at == observed),)


def _reading_row(reading: Reading) -> Row:
    values = _finite(reading.values)
    energy_kwh = values.get(METER_COUNTER)
    energy_wh = None if energy_kwh is None else energy_kwh * WH_PER_KWH
    return (reading.node, to_text(reading.at), to_ms(reading.at), energy_wh, values.get("power_w"), pack(values))


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
