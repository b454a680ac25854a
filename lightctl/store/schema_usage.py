"""Schema of usage: when each measurement speaks of, and what was added up from measurements.

Instants here are integers, milliseconds since 1970 UTC, for SQL reckons with them. usage.resolution: 0 quarter of an
hour, 1 night, 2 month; usage.levels: milliseconds by level in force, a JSON object. usage.channel is channels.id; a
meter is channel -1 of its node. touched: spans of a day whose quarters are to be reckoned anew; stale: nights and
months that are to be added up anew. rolled: up to which row of each table that was noted, and (`kept_since`) from which
instant on all measurements are still there.
"""

from __future__ import annotations

METER_CHANNEL = -1

_MS = "CAST(round((julianday({}) - 2440587.5) * 86400000.0) AS INTEGER)"

_OBSERVED = """\
CREATE TABLE reports_then (
  id INTEGER PRIMARY KEY,
  node TEXT NOT NULL,
  boot_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  channel INTEGER NOT NULL,
  observed_at INTEGER NOT NULL,
  received_at TEXT NOT NULL,
  at TEXT,
  applied_revision INTEGER,
  level INTEGER,
  commanded INTEGER,
  reason TEXT,
  power_w REAL,
  energy_wh REAL,
  voltage_v REAL,
  current_a REAL,
  power_factor REAL,
  temperature_c REAL,
  operating_h REAL,
  faults TEXT NOT NULL
);
INSERT INTO reports_then
SELECT
  rowid, node, boot_id, seq, channel,
  CASE WHEN {at} BETWEEN {received} - 300000 AND {received} THEN {at} ELSE {received} END,
  received_at, at, applied_revision, level, commanded, reason, power_w, energy_wh, voltage_v, current_a, power_factor,
  temperature_c, operating_h, faults
FROM reports ORDER BY rowid;
DROP TABLE reports;
ALTER TABLE reports_then RENAME TO reports;
CREATE UNIQUE INDEX reports_once ON reports (node, boot_id, seq, channel) WHERE boot_id <> '';
CREATE INDEX reports_by_time ON reports (node, observed_at);

CREATE TABLE readings_then (
  id INTEGER PRIMARY KEY,
  node TEXT NOT NULL,
  at TEXT NOT NULL,
  observed_at INTEGER NOT NULL,
  energy_wh REAL,
  power_w REAL,
  doc TEXT NOT NULL
);
INSERT INTO readings_then
SELECT
  rowid, node, at, {at}, json_extract(doc, '$.energy_kwh') * 1000.0, json_extract(doc, '$.power_w'), doc
FROM readings ORDER BY rowid;
DROP TABLE readings;
ALTER TABLE readings_then RENAME TO readings;
CREATE UNIQUE INDEX readings_once ON readings (node, at);
CREATE INDEX readings_by_time ON readings (node, observed_at);
"""
OBSERVED = _OBSERVED.format(at=_MS.format("at"), received=_MS.format("received_at"))

USAGE = """\
CREATE TABLE channels (
  id INTEGER PRIMARY KEY,
  node TEXT NOT NULL,
  channel INTEGER NOT NULL,
  counts INTEGER NOT NULL DEFAULT 0,
  UNIQUE (node, channel)
);
CREATE TABLE usage (
  resolution INTEGER NOT NULL,
  channel INTEGER NOT NULL,
  start INTEGER NOT NULL,
  energy_wh REAL,
  metered_ms INTEGER NOT NULL,
  reports INTEGER NOT NULL,
  levels TEXT NOT NULL,
  PRIMARY KEY (resolution, channel, start)
) WITHOUT ROWID;
CREATE TABLE touched (
  channel INTEGER NOT NULL,
  day INTEGER NOT NULL,
  since INTEGER NOT NULL,
  until INTEGER NOT NULL,
  PRIMARY KEY (channel, day)
) WITHOUT ROWID;
CREATE TABLE stale (
  resolution INTEGER NOT NULL,
  channel INTEGER NOT NULL,
  start INTEGER NOT NULL,
  PRIMARY KEY (resolution, start, channel)
) WITHOUT ROWID;
CREATE TABLE rolled (
  source TEXT PRIMARY KEY NOT NULL,
  up_to INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO rolled VALUES ('reports', 0), ('readings', 0), ('kept_since', 0);
"""
