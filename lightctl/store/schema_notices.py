"""What telling people elsewhere added to the schema, as its migration runs it; frozen once released.

Triggers write the news, so that no change of a fault can be committed without it, whoever makes it. A change of
severity has no instant of its own; the opening's stands in for it.
"""

from __future__ import annotations

NOTICES = """\
CREATE TABLE fault_news (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  uid TEXT NOT NULL DEFAULT (lower(hex(randomblob(12)))),
  kind TEXT NOT NULL CHECK (kind IN ('opened', 'changed', 'acknowledged', 'unsilenced', 'cleared')),
  fault INTEGER NOT NULL REFERENCES faults (id) ON DELETE CASCADE,
  at TEXT NOT NULL
);
CREATE INDEX fault_news_by_fault ON fault_news (fault);
CREATE TRIGGER faults_tell_opening AFTER INSERT ON faults
BEGIN
  INSERT INTO fault_news (kind, fault, at) VALUES ('opened', NEW.id, NEW.opened_at);
  INSERT INTO fault_news (kind, fault, at) SELECT 'cleared', NEW.id, NEW.cleared_at WHERE NEW.cleared_at IS NOT NULL;
END;
CREATE TRIGGER faults_tell_clearing AFTER UPDATE OF cleared_at ON faults
WHEN OLD.cleared_at IS NULL AND NEW.cleared_at IS NOT NULL
BEGIN INSERT INTO fault_news (kind, fault, at) VALUES ('cleared', NEW.id, NEW.cleared_at); END;
CREATE TRIGGER faults_tell_severity AFTER UPDATE OF severity ON faults
WHEN NEW.cleared_at IS NULL AND NEW.severity <> OLD.severity
BEGIN INSERT INTO fault_news (kind, fault, at) VALUES ('changed', NEW.id, NEW.opened_at); END;
CREATE TRIGGER fault_marks_tell AFTER INSERT ON fault_marks WHEN NEW.kind = 'acknowledged'
BEGIN INSERT INTO fault_news (kind, fault, at) VALUES ('acknowledged', NEW.fault, NEW.at); END;

CREATE TABLE notice_targets (
  name TEXT PRIMARY KEY NOT NULL,
  settled INTEGER NOT NULL,
  doc TEXT NOT NULL
);
CREATE TABLE notice_look (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  at TEXT NOT NULL
);
"""
