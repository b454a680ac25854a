"""The vital signs of a running daemon, read from outside: its process, its files, and its queues by its metrics."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

MB = 1024 * 1024
DATABASES = ("lightctl", "telemetry")


@dataclass(frozen=True, slots=True)
class Sample:
    """How things stood at an instant: hours of the city since its slice began, seconds of the machine, megabytes.

    answer_s: how long the daemon took to give its metrics. waiting: measurements heard and not written yet. orders:
    documents that wait for a wire.
    """

    slice: int
    city_h: float
    wall_s: float
    cpu_s: float
    rss_mb: float
    descriptors: int
    threads: int
    inbox: float
    waiting: float
    orders: float
    answer_s: float
    lightctl_wal_mb: float
    telemetry_wal_mb: float
    lightctl_mb: float
    telemetry_mb: float
    reports: float
    broker_mb: float
    street_mb: float


@dataclass(frozen=True, slots=True)
class Size:
    """Rows of a table, and its bytes with those of its indices."""

    rows: int
    bytes: int


def resident_mb(pid: int) -> float:
    """Give the resident memory of a process; 0 when it is gone."""
    return int(_status(pid).get("VmRSS", "0").split()[0]) / 1024


def cpu_s(pid: int) -> float:
    """Give the processor seconds a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def take(
    number: int,
    city_h: float,
    wall_s: float,
    *,
    client: httpx.Client,
    store: Path,
    daemon: int,
    broker: int,
    street: int,
) -> Sample:
    """Take a sample; daemon, broker, street: process ids."""
    began = time.monotonic()
    said = client.get("/metrics").raise_for_status().text
    answer_s = time.monotonic() - began
    values: dict[str, float] = {}
    for family in text_string_to_metric_families(said):
        for each in family.samples:
            name = f"{each.name}:{each.labels['kind']}" if "kind" in each.labels else each.name
            values[name] = values.get(name, 0.0) + each.value
    return Sample(
        slice=number,
        city_h=round(city_h, 4),
        wall_s=round(wall_s, 2),
        cpu_s=cpu_s(daemon),
        rss_mb=round(resident_mb(daemon), 2),
        descriptors=sum(1 for _ in Path(f"/proc/{daemon}/fd").iterdir()),
        threads=int(_status(daemon)["Threads"]),
        inbox=values["lightctl_inbox_events"],
        waiting=values["lightctl_telemetry_waiting"],
        orders=values["lightctl_outbox_orders"],
        answer_s=round(answer_s, 4),
        reports=values["lightctl_events_total:node_reported"],
        broker_mb=round(resident_mb(broker), 2),
        street_mb=round(resident_mb(street), 2),
        **{f"{name}_mb": _megabytes(store / f"{name}.db") for name in DATABASES},
        **{f"{name}_wal_mb": _megabytes(store / f"{name}.db-wal") for name in DATABASES},
    )


def tables(store: Path) -> dict[str, Size]:
    """Give rows and bytes of every table of both databases, beside the daemon."""
    found: dict[str, Size] = {}
    for name in DATABASES:
        with contextlib.closing(sqlite3.connect(f"file:{store / name}.db?mode=ro", uri=True, timeout=30)) as db:
            owners: Mapping[str, str] = dict(db.execute("SELECT name, tbl_name FROM sqlite_master"))
            sizes: dict[str, int] = {}
            for part, size in db.execute("SELECT name, sum(pgsize) FROM dbstat GROUP BY name"):
                owner = owners.get(part, part)
                sizes[owner] = sizes.get(owner, 0) + size
            for table in sorted({*owners.values()} - {"sqlite_sequence"}):
                with contextlib.suppress(sqlite3.OperationalError):  # a view
                    (rows,) = db.execute(f'SELECT count(*) FROM "{table}"').fetchone()
                    found[f"{name}.{table}"] = Size(rows, sizes.get(table, 0))
    return found


def keep(path: Path, sample: Sample) -> None:
    """Append a sample to a file of JSON lines."""
    with path.open("a") as file:
        file.write(json.dumps(asdict(sample)) + "\n")


def kept(path: Path) -> list[Sample]:
    """Give the samples of such a file; none if there is none."""
    return [Sample(**json.loads(line)) for line in path.read_text().splitlines()] if path.exists() else []


def _status(pid: int) -> dict[str, str]:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except FileNotFoundError:
        return {}
    return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}


def _megabytes(path: Path) -> float:
    return round(path.stat().st_size / MB, 3) if path.exists() else 0.0
