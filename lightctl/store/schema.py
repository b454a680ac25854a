"""The first schema and what came after it, as migrations run them; frozen once released. A change is a new piece."""

from __future__ import annotations

OWNED = "PRAGMA application_id = 1279480908; -- LCTL\n"

INTENT = """\
CREATE TABLE points (
  id TEXT PRIMARY KEY NOT NULL,
  node TEXT NOT NULL,
  state TEXT NOT NULL,
  doc TEXT NOT NULL
);
CREATE INDEX points_by_node ON points (node) WHERE node <> '';

CREATE TABLE schedule_versions (
  version INTEGER PRIMARY KEY,
  applied_at TEXT NOT NULL,
  user TEXT NOT NULL
);
CREATE TABLE schedule_files (
  version INTEGER NOT NULL REFERENCES schedule_versions (version),
  name TEXT NOT NULL,
  content TEXT NOT NULL,
  PRIMARY KEY (version, name)
) WITHOUT ROWID;
CREATE TRIGGER schedule_versions_stay BEFORE UPDATE ON schedule_versions
BEGIN SELECT RAISE(ABORT, 'a schedule version is never rewritten'); END;
CREATE TRIGGER schedule_versions_are_kept BEFORE DELETE ON schedule_versions
BEGIN SELECT RAISE(ABORT, 'a schedule version is never deleted'); END;
CREATE TRIGGER schedule_files_stay BEFORE UPDATE ON schedule_files
BEGIN SELECT RAISE(ABORT, 'a schedule version is never rewritten'); END;
CREATE TRIGGER schedule_files_are_kept BEFORE DELETE ON schedule_files
BEGIN SELECT RAISE(ABORT, 'a schedule version is never deleted'); END;

CREATE TABLE overrides (
  id TEXT PRIMARY KEY NOT NULL,
  until TEXT NOT NULL,
  change TEXT NOT NULL,
  ended_at TEXT,
  ended_by TEXT,
  doc TEXT NOT NULL
);
CREATE INDEX overrides_in_force ON overrides (until) WHERE ended_at IS NULL;
CREATE INDEX overrides_by_change ON overrides (change);
CREATE TRIGGER overrides_end_once BEFORE UPDATE ON overrides
WHEN OLD.ended_at IS NOT NULL AND NEW.ended_at IS NOT OLD.ended_at
BEGIN SELECT RAISE(ABORT, 'an override that ended stays ended'); END;

CREATE TABLE changes (
  change TEXT PRIMARY KEY NOT NULL,
  kind TEXT NOT NULL,
  at TEXT NOT NULL,
  level INTEGER,
  until TEXT,
  light_points TEXT NOT NULL
);

CREATE TABLE tokens (
  name TEXT PRIMARY KEY NOT NULL,
  role TEXT NOT NULL,
  secret_hash TEXT NOT NULL UNIQUE,
  created_at TEXT NOT NULL,
  expires_at TEXT,
  revoked_at TEXT,
  last_used_at TEXT
);
CREATE TRIGGER tokens_stay_revoked BEFORE UPDATE ON tokens
WHEN OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS NOT OLD.revoked_at
BEGIN SELECT RAISE(ABORT, 'a revoked token stays revoked'); END;
"""

AUDIT = """\
CREATE TABLE audit (
  seq INTEGER PRIMARY KEY,
  at TEXT NOT NULL,
  user TEXT NOT NULL,
  origin TEXT NOT NULL,
  verb TEXT NOT NULL,
  target TEXT NOT NULL,
  reason TEXT NOT NULL,
  detail TEXT NOT NULL,
  prev_hash TEXT NOT NULL,
  hash TEXT NOT NULL
);
CREATE TABLE audit_head (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  seq INTEGER NOT NULL,
  hash TEXT NOT NULL
);
INSERT INTO audit_head VALUES (1, 0, '0000000000000000000000000000000000000000000000000000000000000000');
CREATE TRIGGER audit_follows BEFORE INSERT ON audit
WHEN NEW.seq IS NOT (SELECT seq + 1 FROM audit_head) OR NEW.prev_hash IS NOT (SELECT hash FROM audit_head)
BEGIN SELECT RAISE(ABORT, 'an audit entry must follow on the last one'); END;
CREATE TRIGGER audit_moves_head AFTER INSERT ON audit
BEGIN UPDATE audit_head SET seq = NEW.seq, hash = NEW.hash; END;
CREATE TRIGGER audit_stays BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'an audit entry is never changed'); END;
CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'an audit entry is never deleted'); END;
CREATE TRIGGER audit_head_advances BEFORE UPDATE ON audit_head WHEN NEW.seq IS NOT OLD.seq + 1
BEGIN SELECT RAISE(ABORT, 'the head of the audit only advances'); END;
CREATE TRIGGER audit_head_is_kept BEFORE DELETE ON audit_head
BEGIN SELECT RAISE(ABORT, 'the head of the audit is never deleted'); END;
"""

# desired: lamps share their nights, so a document names its plan by hash; 100,000 lamps have a handful of plans.
# commands_advance: one that has already ended is history and harms nothing, so it may be recorded late.
JOURNAL = """\
CREATE TABLE nodes (
  node TEXT PRIMARY KEY NOT NULL,
  used_revision INTEGER NOT NULL DEFAULT 0,
  seen_revision INTEGER NOT NULL DEFAULT 0,
  boot_id TEXT NOT NULL DEFAULT '',
  capabilities TEXT,
  model TEXT NOT NULL DEFAULT '',
  firmware TEXT NOT NULL DEFAULT '',
  announced_at TEXT,
  last_seen TEXT
);
CREATE TRIGGER nodes_advance BEFORE UPDATE OF used_revision, seen_revision ON nodes
WHEN NEW.used_revision < OLD.used_revision OR NEW.seen_revision < OLD.seen_revision
BEGIN SELECT RAISE(ABORT, 'the highest revision of a node never goes down'); END;
CREATE TRIGGER nodes_are_kept BEFORE DELETE ON nodes
BEGIN SELECT RAISE(ABORT, 'the highest revision of a node is never forgotten'); END;

CREATE TABLE plans (
  hash TEXT PRIMARY KEY NOT NULL,
  doc TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE desired (
  node TEXT PRIMARY KEY NOT NULL,
  revision INTEGER NOT NULL CHECK (typeof(revision) = 'integer'),
  doc TEXT NOT NULL
);
CREATE TRIGGER desired_advances BEFORE INSERT ON desired
WHEN EXISTS (SELECT 1 FROM nodes WHERE node = NEW.node AND used_revision >= NEW.revision)
  AND NOT EXISTS (SELECT 1 FROM desired WHERE node = NEW.node AND revision = NEW.revision AND doc = NEW.doc)
BEGIN SELECT RAISE(ABORT, 'a revision of a node is never reused'); END;
CREATE TRIGGER desired_never_goes_back BEFORE UPDATE ON desired
WHEN NEW.node <> OLD.node OR NEW.revision < OLD.revision OR (NEW.revision = OLD.revision AND NEW.doc <> OLD.doc)
BEGIN SELECT RAISE(ABORT, 'a revision of a node is never reused'); END;
CREATE TRIGGER desired_uses_inserted AFTER INSERT ON desired
BEGIN
  INSERT INTO nodes (node, used_revision) VALUES (NEW.node, NEW.revision)
  ON CONFLICT (node) DO UPDATE SET used_revision = max(used_revision, excluded.used_revision);
END;
CREATE TRIGGER desired_uses_updated AFTER UPDATE ON desired
BEGIN
  INSERT INTO nodes (node, used_revision) VALUES (NEW.node, NEW.revision)
  ON CONFLICT (node) DO UPDATE SET used_revision = max(used_revision, excluded.used_revision);
END;

CREATE TABLE commands (
  id INTEGER PRIMARY KEY,
  node TEXT NOT NULL,
  revision INTEGER NOT NULL CHECK (typeof(revision) = 'integer'),
  state TEXT NOT NULL CHECK (state IN ('queued', 'sent', 'confirmed', 'failed', 'expired', 'superseded')),
  cause TEXT NOT NULL,
  created_at TEXT NOT NULL,
  deadline TEXT NOT NULL,
  priority INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  sent_at TEXT,
  broker_acked_at TEXT,
  finished_at TEXT,
  detail TEXT NOT NULL,
  UNIQUE (node, revision)
);
CREATE INDEX commands_by_state ON commands (state);
CREATE TRIGGER commands_stay_ended BEFORE UPDATE OF state ON commands
WHEN OLD.state NOT IN ('queued', 'sent') AND NEW.state <> OLD.state
BEGIN SELECT RAISE(ABORT, 'a command that ended stays as it ended'); END;
CREATE TRIGGER commands_keep_their_name BEFORE UPDATE OF node, revision ON commands
WHEN NEW.node <> OLD.node OR NEW.revision <> OLD.revision
BEGIN SELECT RAISE(ABORT, 'a command keeps its node and revision'); END;
CREATE TRIGGER commands_are_kept_while_open BEFORE DELETE ON commands WHEN OLD.state IN ('queued', 'sent')
BEGIN SELECT RAISE(ABORT, 'an open command is never deleted'); END;
CREATE TRIGGER commands_advance AFTER INSERT ON commands
WHEN NEW.state IN ('queued', 'sent')
  AND EXISTS (SELECT 1 FROM nodes WHERE node = NEW.node AND used_revision > NEW.revision)
BEGIN SELECT RAISE(ABORT, 'a new command cannot have an older revision than its node'); END;
CREATE TRIGGER commands_use AFTER INSERT ON commands
WHEN NOT EXISTS (SELECT 1 FROM nodes WHERE node = NEW.node AND used_revision >= NEW.revision)
BEGIN
  INSERT INTO nodes (node, used_revision) VALUES (NEW.node, NEW.revision)
  ON CONFLICT (node) DO UPDATE SET used_revision = max(used_revision, excluded.used_revision);
END;

CREATE TABLE last_reports (
  node TEXT PRIMARY KEY NOT NULL,
  doc TEXT NOT NULL
);

CREATE TABLE faults (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  event TEXT NOT NULL,
  subject_kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  severity TEXT NOT NULL,
  opened_at TEXT NOT NULL,
  cleared_at TEXT,
  detail TEXT NOT NULL
);
CREATE UNIQUE INDEX faults_open ON faults (event, subject_kind, subject) WHERE cleared_at IS NULL;
CREATE INDEX faults_by_subject ON faults (subject, event);
CREATE TRIGGER faults_stay_cleared BEFORE UPDATE ON faults
WHEN OLD.cleared_at IS NOT NULL AND NEW.cleared_at IS NOT OLD.cleared_at
BEGIN SELECT RAISE(ABORT, 'a cleared fault stays cleared'); END;

CREATE TABLE actions (
  id TEXT PRIMARY KEY NOT NULL,
  node TEXT NOT NULL,
  not_after TEXT NOT NULL,
  doc TEXT NOT NULL,
  status TEXT NOT NULL DEFAULT '',
  detail TEXT NOT NULL DEFAULT '',
  finished_at TEXT
);
CREATE TRIGGER actions_are_answered_once BEFORE UPDATE ON actions WHEN OLD.status <> ''
BEGIN SELECT RAISE(ABORT, 'an action is answered once'); END;
"""

STRANGERS = """\
CREATE TABLE quarantine (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  link TEXT NOT NULL,
  source TEXT NOT NULL,
  why TEXT NOT NULL,
  at TEXT NOT NULL,
  payload BLOB NOT NULL
);
CREATE TABLE unclaimed (
  node TEXT NOT NULL,
  link TEXT NOT NULL,
  source TEXT NOT NULL,
  model TEXT NOT NULL,
  first_seen TEXT NOT NULL,
  last_seen TEXT NOT NULL,
  times INTEGER NOT NULL,
  PRIMARY KEY (node, link)
);
CREATE INDEX unclaimed_by_age ON unclaimed (last_seen);
"""

# reports_once: makes without a boot id number nothing, so each of their reports is a new measurement.
MEASUREMENTS = """\
CREATE TABLE reports (
  node TEXT NOT NULL,
  boot_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  channel INTEGER NOT NULL,
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
CREATE UNIQUE INDEX reports_once ON reports (node, boot_id, seq, channel) WHERE boot_id <> '';
CREATE INDEX reports_by_time ON reports (node, received_at);

CREATE TABLE readings (
  node TEXT NOT NULL,
  at TEXT NOT NULL,
  doc TEXT NOT NULL,
  PRIMARY KEY (node, at)
);
"""

WHO_CHANGED = """\
ALTER TABLE changes ADD COLUMN user TEXT NOT NULL DEFAULT '';
CREATE INDEX overrides_by_ending ON overrides (ended_by) WHERE ended_by IS NOT NULL;
"""
