"""Tallies: what the store can count fast, whatever its size. Nothing here reads a table from end to end."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from lightctl.store.room import Room

_OPEN_FAULTS = (
    "SELECT event, severity, suppressed_by <> '', count(*) FROM faults WHERE cleared_at IS NULL GROUP BY 1, 2, 3"
)
_PARTS = {"database": "", "wal": "-wal"}


class TallyRoom(Room):
    """Figures for those who watch the daemon."""

    def open_fault_counts(self) -> Mapping[tuple[str, str, bool], int]:
        """Count open faults by event, severity and whether a maintenance keeps them from being alarms."""
        return {(row[0], row[1], bool(row[2])): row[3] for row in self._main.rows(_OPEN_FAULTS)}

    def audit_length(self) -> int:
        """Give how many entries the audit has."""
        return self._main.number("SELECT seq FROM audit_head")

    def schedule_version(self) -> int:
        """Give the version of the schedules in force, 0 before the first."""
        return self._main.number("SELECT coalesce(max(version), 0) FROM schedule_versions")

    def sizes(self) -> Mapping[tuple[str, str], int]:
        """Give bytes on disk by (`lightctl` or `telemetry`, `database` or `wal`); 0 for a store in memory."""
        return {
            (name, part): _size(Path(file.name + suffix))
            for name, file in (("lightctl", self._main), ("telemetry", self._telemetry))
            for part, suffix in _PARTS.items()
        }


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
