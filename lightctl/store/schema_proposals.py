"""The second schema: schedule versions say why they came, and refused plans wait for a second person."""

from __future__ import annotations

# proposals_need_two: the law of the second person, in the database, so that no other program can break it either.
PROPOSALS = """\
ALTER TABLE schedule_versions ADD COLUMN cause TEXT NOT NULL DEFAULT 'apply';
ALTER TABLE schedule_versions ADD COLUMN reason TEXT NOT NULL DEFAULT '';
ALTER TABLE schedule_versions ADD COLUMN affected INTEGER;
ALTER TABLE schedule_versions ADD COLUMN approved_by TEXT NOT NULL DEFAULT '';

CREATE TABLE proposals (
  plan TEXT PRIMARY KEY NOT NULL,
  base_version INTEGER NOT NULL,
  proposed_at TEXT NOT NULL,
  user TEXT NOT NULL,
  reason TEXT NOT NULL,
  doc TEXT NOT NULL,
  approved_at TEXT,
  approved_by TEXT,
  CHECK (approved_by IS NULL OR approved_by <> user)
);
CREATE TRIGGER proposals_are_approved_once BEFORE UPDATE ON proposals WHEN OLD.approved_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'an approved plan stays as it was approved'); END;
CREATE TRIGGER proposals_are_kept BEFORE DELETE ON proposals
BEGIN SELECT RAISE(ABORT, 'a proposed plan is never deleted'); END;
"""
