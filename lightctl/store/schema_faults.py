"""What dealing with faults added to the schema, as its migration runs it; frozen once released."""

from __future__ import annotations

FAULT_LIFE = """\
ALTER TABLE faults ADD COLUMN members TEXT NOT NULL DEFAULT '[]';
ALTER TABLE faults ADD COLUMN watts REAL;
CREATE INDEX faults_by_opening ON faults (opened_at);

CREATE TABLE fault_marks (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  fault INTEGER NOT NULL REFERENCES faults (id) ON DELETE CASCADE,
  kind TEXT NOT NULL CHECK (kind IN ('acknowledged', 'silenced', 'unsilenced')),
  at TEXT NOT NULL,
  user TEXT NOT NULL,
  note TEXT NOT NULL,
  until TEXT CHECK ((until IS NULL) <> (kind = 'silenced'))
);
CREATE INDEX fault_marks_by_fault ON fault_marks (fault);
CREATE TRIGGER fault_marks_on_open_faults BEFORE INSERT ON fault_marks
WHEN (SELECT cleared_at FROM faults WHERE id = NEW.fault) IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a cleared fault takes no marks'); END;
CREATE TRIGGER fault_marks_stay BEFORE UPDATE ON fault_marks
BEGIN SELECT RAISE(ABORT, 'what was said about a fault stays'); END;

CREATE TABLE silences (
  id TEXT PRIMARY KEY NOT NULL,
  until TEXT NOT NULL,
  ended_at TEXT,
  ended_by TEXT,
  doc TEXT NOT NULL
);
CREATE INDEX silences_by_end ON silences (until);
CREATE TRIGGER silences_end_once BEFORE UPDATE ON silences
WHEN OLD.ended_at IS NOT NULL AND NEW.ended_at IS NOT OLD.ended_at
BEGIN SELECT RAISE(ABORT, 'a silence that ended stays ended'); END;
"""
