"""What field work added to the schema, as its migration runs it; frozen once released."""

from __future__ import annotations

# mountings: which node switched a light point, and when; the times of those older than this table are not known.
MAINTENANCE = """\
CREATE TABLE maintenances (
  id TEXT PRIMARY KEY NOT NULL,
  until TEXT NOT NULL,
  ended_at TEXT,
  ended_by TEXT,
  doc TEXT NOT NULL
);
CREATE INDEX maintenances_running ON maintenances (until) WHERE ended_at IS NULL;
CREATE TRIGGER maintenances_end_once BEFORE UPDATE ON maintenances
WHEN OLD.ended_at IS NOT NULL AND NEW.ended_at IS NOT OLD.ended_at
BEGIN SELECT RAISE(ABORT, 'a maintenance that ended stays ended'); END;
ALTER TABLE faults ADD COLUMN suppressed_by TEXT NOT NULL DEFAULT '';

CREATE TABLE self_tests (
  id TEXT PRIMARY KEY NOT NULL,
  node TEXT NOT NULL,
  until TEXT NOT NULL,
  doc TEXT NOT NULL
);
CREATE INDEX self_tests_by_node ON self_tests (node, until);

CREATE TABLE mountings (
  light_point TEXT NOT NULL,
  node TEXT NOT NULL,
  channel INTEGER NOT NULL,
  since TEXT,
  until TEXT
);
CREATE INDEX mountings_by_light_point ON mountings (light_point);
CREATE UNIQUE INDEX mountings_now ON mountings (light_point) WHERE until IS NULL;
INSERT INTO mountings (light_point, node, channel)
  SELECT id, node, json_extract(doc, '$.channel') FROM points WHERE node <> '';
"""
