"""The schema of work orders: no two under way for one fault, or for one event of one subject; an end stays an end."""

from __future__ import annotations

# work_faults_*: a fault that clears, comes back or comes after its order was opened by hand is told to the order in the
# transaction that says so, whoever writes it. An order keeps both instants, because old faults are forgotten.
WORK = """\
CREATE TABLE work_orders (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  state TEXT NOT NULL CHECK (state IN ('open', 'assigned', 'done', 'cancelled')),
  event TEXT NOT NULL COLLATE NOCASE CHECK (event <> ''),
  subject_kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  opened_at TEXT NOT NULL,
  opened_by TEXT NOT NULL,
  fault INTEGER,
  fault_opened_at TEXT,
  fault_cleared_at TEXT,
  assignee TEXT NOT NULL DEFAULT '',
  cause TEXT CHECK (cause IN ('lamp', 'control_gear', 'controller', 'fuse', 'cable', 'pole', 'vandalism', 'planned',
    'no_fault_found', 'other')),
  closed_at TEXT,
  closed_by TEXT NOT NULL DEFAULT '',
  CHECK ((state = 'done') = (cause IS NOT NULL)),
  CHECK ((state IN ('done', 'cancelled')) = (closed_at IS NOT NULL)),
  CHECK (state <> 'assigned' OR assignee <> ''),
  CHECK ((fault IS NULL) = (fault_opened_at IS NULL))
);
CREATE UNIQUE INDEX work_orders_one_for_a_fault ON work_orders (fault)
WHERE fault IS NOT NULL AND state IN ('open', 'assigned');
CREATE UNIQUE INDEX work_orders_one_for_an_event ON work_orders (subject, subject_kind, event)
WHERE state IN ('open', 'assigned');
CREATE INDEX work_orders_by_fault ON work_orders (fault) WHERE fault IS NOT NULL;
CREATE INDEX work_orders_by_closing ON work_orders (closed_at);
CREATE TRIGGER work_orders_end_once BEFORE UPDATE ON work_orders
WHEN OLD.state IN ('done', 'cancelled')
  AND (NEW.state, NEW.cause, NEW.closed_at, NEW.closed_by, NEW.assignee, NEW.fault)
    IS NOT (OLD.state, OLD.cause, OLD.closed_at, OLD.closed_by, OLD.assignee, OLD.fault)
BEGIN SELECT RAISE(ABORT, 'a work order that ended stays as it ended'); END;
CREATE TRIGGER work_orders_go_forward BEFORE UPDATE OF state ON work_orders
WHEN OLD.state = 'assigned' AND NEW.state = 'open'
BEGIN SELECT RAISE(ABORT, 'a work order that was assigned is not taken back'); END;
CREATE TRIGGER work_orders_keep_their_beginning BEFORE UPDATE ON work_orders
WHEN (NEW.id, NEW.event, NEW.subject_kind, NEW.subject, NEW.opened_at, NEW.opened_by)
  IS NOT (OLD.id, OLD.event, OLD.subject_kind, OLD.subject, OLD.opened_at, OLD.opened_by)
BEGIN SELECT RAISE(ABORT, 'a work order keeps what it was opened for'); END;
CREATE TRIGGER work_orders_are_kept BEFORE DELETE ON work_orders
BEGIN SELECT RAISE(ABORT, 'a work order is never deleted'); END;

CREATE TABLE work_notes (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  work_order INTEGER NOT NULL REFERENCES work_orders (id),
  at TEXT NOT NULL,
  user TEXT NOT NULL,
  text TEXT NOT NULL,
  photo TEXT NOT NULL
);
CREATE INDEX work_notes_by_order ON work_notes (work_order);
CREATE TRIGGER work_notes_stay BEFORE UPDATE ON work_notes
BEGIN SELECT RAISE(ABORT, 'a note is never rewritten'); END;
CREATE TRIGGER work_notes_are_kept BEFORE DELETE ON work_notes
BEGIN SELECT RAISE(ABORT, 'a note is never deleted'); END;

CREATE TRIGGER work_faults_clear AFTER UPDATE OF cleared_at ON faults
WHEN NEW.cleared_at IS NOT NULL AND OLD.cleared_at IS NULL
BEGIN UPDATE work_orders SET fault_cleared_at = NEW.cleared_at WHERE fault = NEW.id; END;
CREATE TRIGGER work_faults_come_back AFTER INSERT ON faults WHEN NEW.cleared_at IS NULL
BEGIN
  UPDATE work_orders
  SET fault = NEW.id, fault_opened_at = coalesce(fault_opened_at, NEW.opened_at), fault_cleared_at = NULL
  WHERE state IN ('open', 'assigned') AND subject = NEW.subject AND subject_kind = NEW.subject_kind
    AND event = NEW.event;
END;
"""
