PRAGMA application_id = 1279480908; -- LCTL
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
