"""The schema of citizen reports. Who reported stands in a table of its own, so that what is public never touches it."""

from __future__ import annotations

# citizen_reports_*: what a report is about may clear, come, be repaired or be given to a crew at any time and by any
# hand; the report follows in the same transaction. One that was closed stays closed. Children (parent) follow the
# first of them. events: the faults a report may be the sight of, between commas.
CITIZENS = """\
CREATE TABLE citizen_reports (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  service TEXT NOT NULL,
  events TEXT NOT NULL,
  requested_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  description TEXT NOT NULL,
  detail TEXT NOT NULL,
  plate TEXT NOT NULL,
  address TEXT NOT NULL,
  media_url TEXT NOT NULL,
  lat REAL,
  lon REAL,
  light_point TEXT NOT NULL,
  node TEXT NOT NULL,
  cabinet TEXT NOT NULL,
  distance_m REAL,
  parent INTEGER REFERENCES citizen_reports (id) ON DELETE SET NULL,
  fault INTEGER,
  work_order INTEGER REFERENCES work_orders (id),
  token TEXT UNIQUE,
  accepted_at TEXT,
  closed_at TEXT,
  closing TEXT CHECK (closing IN ('fault', 'work', 'operator')),
  note TEXT NOT NULL DEFAULT '',
  client TEXT NOT NULL,
  CHECK ((lat IS NULL) = (lon IS NULL)),
  CHECK ((closed_at IS NULL) = (closing IS NULL)),
  CHECK (parent IS NOT id)
);
CREATE INDEX citizen_reports_by_time ON citizen_reports (requested_at);
CREATE INDEX citizen_reports_by_parent ON citizen_reports (parent) WHERE parent IS NOT NULL;
CREATE INDEX citizen_reports_by_fault ON citizen_reports (fault) WHERE fault IS NOT NULL;
CREATE INDEX citizen_reports_by_order ON citizen_reports (work_order) WHERE work_order IS NOT NULL;
CREATE INDEX citizen_reports_open ON citizen_reports (light_point, service) WHERE closed_at IS NULL;
CREATE INDEX citizen_reports_open_by_node ON citizen_reports (node) WHERE closed_at IS NULL;
CREATE INDEX citizen_reports_open_by_cabinet ON citizen_reports (cabinet) WHERE closed_at IS NULL;
CREATE INDEX citizen_reports_open_by_place ON citizen_reports (service, lat)
WHERE closed_at IS NULL AND light_point = '' AND parent IS NULL;
CREATE INDEX citizen_reports_closed ON citizen_reports (closed_at) WHERE closed_at IS NOT NULL;

CREATE TABLE citizen_contacts (
  report INTEGER PRIMARY KEY REFERENCES citizen_reports (id) ON DELETE CASCADE,
  received_at TEXT NOT NULL,
  email TEXT NOT NULL,
  first_name TEXT NOT NULL,
  last_name TEXT NOT NULL,
  phone TEXT NOT NULL
);
CREATE INDEX citizen_contacts_by_age ON citizen_contacts (received_at);

CREATE TRIGGER citizen_reports_stay_closed BEFORE UPDATE OF closed_at, closing, note ON citizen_reports
WHEN OLD.closed_at IS NOT NULL
  AND (NEW.closed_at, NEW.closing, NEW.note) IS NOT (OLD.closed_at, OLD.closing, OLD.note)
BEGIN SELECT RAISE(ABORT, 'a report that was closed stays closed'); END;
CREATE TRIGGER citizen_reports_are_kept_while_open BEFORE DELETE ON citizen_reports WHEN OLD.closed_at IS NULL
BEGIN SELECT RAISE(ABORT, 'an open report is never deleted'); END;
CREATE TRIGGER citizen_reports_follow_the_first AFTER UPDATE OF closed_at ON citizen_reports
WHEN NEW.closed_at IS NOT NULL AND OLD.closed_at IS NULL AND NEW.parent IS NULL
BEGIN
  UPDATE citizen_reports
  SET closed_at = NEW.closed_at, closing = NEW.closing, note = NEW.note, updated_at = NEW.closed_at
  WHERE parent = NEW.id AND closed_at IS NULL;
END;
CREATE TRIGGER citizen_reports_end_with_their_fault AFTER UPDATE OF cleared_at ON faults
WHEN NEW.cleared_at IS NOT NULL AND OLD.cleared_at IS NULL
BEGIN
  UPDATE citizen_reports SET closed_at = NEW.cleared_at, closing = 'fault', updated_at = NEW.cleared_at
  WHERE fault = NEW.id AND closed_at IS NULL AND parent IS NULL;
END;
CREATE TRIGGER citizen_reports_meet_the_fault_of_their_light_point AFTER INSERT ON faults
WHEN NEW.cleared_at IS NULL AND NEW.subject_kind = 'light point'
BEGIN
  UPDATE citizen_reports SET fault = NEW.id, updated_at = max(updated_at, NEW.opened_at)
  WHERE closed_at IS NULL AND parent IS NULL AND fault IS NULL AND light_point = NEW.subject
    AND instr(events, ',' || NEW.event || ',') > 0;
END;
CREATE TRIGGER citizen_reports_meet_the_fault_of_their_node AFTER INSERT ON faults
WHEN NEW.cleared_at IS NULL AND NEW.subject_kind = 'node'
BEGIN
  UPDATE citizen_reports SET fault = NEW.id, updated_at = max(updated_at, NEW.opened_at)
  WHERE closed_at IS NULL AND parent IS NULL AND fault IS NULL AND node = NEW.subject
    AND instr(events, ',' || NEW.event || ',') > 0;
END;
CREATE TRIGGER citizen_reports_meet_the_fault_of_their_cabinet AFTER INSERT ON faults
WHEN NEW.cleared_at IS NULL AND NEW.subject_kind = 'cabinet'
BEGIN
  UPDATE citizen_reports SET fault = NEW.id, updated_at = max(updated_at, NEW.opened_at)
  WHERE closed_at IS NULL AND parent IS NULL AND fault IS NULL AND cabinet = NEW.subject
    AND instr(events, ',' || NEW.event || ',') > 0;
END;
CREATE TRIGGER citizen_reports_meet_the_fault_of_many AFTER INSERT ON faults
WHEN NEW.cleared_at IS NULL AND NEW.members <> '[]'
BEGIN
  UPDATE citizen_reports SET fault = NEW.id, updated_at = max(updated_at, NEW.opened_at)
  WHERE closed_at IS NULL AND parent IS NULL AND fault IS NULL
    AND light_point IN (SELECT value FROM json_each(NEW.members)) AND instr(events, ',' || NEW.event || ',') > 0;
END;
CREATE TRIGGER citizen_reports_meet_the_fault_that_grew AFTER UPDATE OF members ON faults
WHEN NEW.cleared_at IS NULL AND NEW.members <> OLD.members
BEGIN
  UPDATE citizen_reports SET fault = NEW.id, updated_at = max(updated_at, NEW.opened_at)
  WHERE closed_at IS NULL AND parent IS NULL AND fault IS NULL
    AND light_point IN (SELECT value FROM json_each(NEW.members)) AND instr(events, ',' || NEW.event || ',') > 0;
END;
CREATE TRIGGER citizen_reports_go_with_an_order AFTER INSERT ON work_orders
BEGIN
  UPDATE citizen_reports SET work_order = NEW.id
  WHERE closed_at IS NULL AND parent IS NULL AND work_order IS NULL AND fault = NEW.fault;
  UPDATE citizen_reports SET work_order = NEW.id
  WHERE closed_at IS NULL AND parent IS NULL AND work_order IS NULL
    AND NEW.subject_kind = 'light point' AND light_point = NEW.subject
    AND instr(events || service || ',', ',' || NEW.event || ',') > 0;
END;
CREATE TRIGGER citizen_reports_end_with_their_order AFTER UPDATE OF state ON work_orders
WHEN NEW.state = 'done' AND OLD.state <> 'done'
BEGIN
  UPDATE citizen_reports
  SET closed_at = NEW.closed_at, closing = 'work', note = NEW.cause, updated_at = NEW.closed_at
  WHERE closed_at IS NULL AND parent IS NULL
    AND (work_order = NEW.id OR (NEW.fault IS NOT NULL AND fault = NEW.fault));
END;
CREATE TRIGGER citizen_reports_outlive_a_cancelled_order AFTER UPDATE OF state ON work_orders
WHEN NEW.state = 'cancelled' AND OLD.state <> 'cancelled'
BEGIN UPDATE citizen_reports SET work_order = NULL WHERE work_order = NEW.id AND closed_at IS NULL; END;
"""
