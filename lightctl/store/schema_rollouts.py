"""The schema of roll-outs: what one brings stays as it was started; how far it got is told until it ends."""

from __future__ import annotations

# rollouts_one_at_a_time: two plans beside the one in force would be one too many. doc: what it began with.
ROLLOUTS = """\
CREATE TABLE rollouts (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  state TEXT NOT NULL CHECK (state IN ('running', 'paused', 'done', 'undone')),
  edition INTEGER NOT NULL,
  wave INTEGER NOT NULL,
  batches INTEGER NOT NULL,
  moved_at TEXT,
  soaks_from TEXT,
  changed_at TEXT NOT NULL,
  max_failures_percent REAL NOT NULL,
  detail TEXT NOT NULL,
  version INTEGER REFERENCES schedule_versions (version),
  doc TEXT NOT NULL
);
CREATE UNIQUE INDEX rollouts_one_at_a_time ON rollouts (state IN ('running', 'paused'))
WHERE state IN ('running', 'paused');
CREATE TRIGGER rollouts_end_once BEFORE UPDATE ON rollouts WHEN OLD.state IN ('done', 'undone')
BEGIN SELECT RAISE(ABORT, 'a roll-out that ended stays as it ended'); END;
CREATE TRIGGER rollouts_bring_what_they_began_with BEFORE UPDATE ON rollouts WHEN NEW.doc <> OLD.doc
BEGIN SELECT RAISE(ABORT, 'a roll-out brings what it began with'); END;
CREATE TRIGGER rollouts_are_kept BEFORE DELETE ON rollouts
BEGIN SELECT RAISE(ABORT, 'a roll-out is never deleted'); END;

CREATE TABLE rollout_batches (
  rollout INTEGER NOT NULL REFERENCES rollouts (id),
  wave INTEGER NOT NULL,
  batches INTEGER NOT NULL,
  at TEXT NOT NULL,
  PRIMARY KEY (rollout, wave, batches)
) WITHOUT ROWID;

CREATE TABLE rollout_standings (
  rollout INTEGER NOT NULL REFERENCES rollouts (id),
  node TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('followed', 'failed', 'gone')),
  detail TEXT NOT NULL,
  PRIMARY KEY (rollout, node)
) WITHOUT ROWID;
"""
