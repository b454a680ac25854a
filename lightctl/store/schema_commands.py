"""What the database itself demands of commands, as migrations 5 and 11 make it; frozen once released.

The moves are those of `lightctl.domain.moves`, written out: what is released must not change with the code.
"""

from __future__ import annotations

COMMAND_STATES = """\
DROP TRIGGER commands_stay_ended;
CREATE TRIGGER commands_move BEFORE UPDATE OF state ON commands
WHEN NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (VALUES
  ('queued', 'sent'), ('queued', 'confirmed'), ('queued', 'failed'), ('queued', 'expired'), ('queued', 'superseded'),
  ('sent', 'confirmed'), ('sent', 'failed'), ('sent', 'expired'), ('sent', 'superseded'))
BEGIN SELECT RAISE(ABORT, 'a command goes forward only, and one that ended stays as it ended'); END;
CREATE TRIGGER commands_begin_whole BEFORE INSERT ON commands
WHEN (NEW.state IN ('queued', 'sent')) <> (NEW.finished_at IS NULL) OR (NEW.state = 'sent' AND NEW.sent_at IS NULL)
BEGIN SELECT RAISE(ABORT, 'a command has its end when it ended and no sooner, and one that was sent says when'); END;
CREATE TRIGGER commands_stay_whole BEFORE UPDATE ON commands
WHEN (NEW.state IN ('queued', 'sent')) <> (NEW.finished_at IS NULL) OR (NEW.state = 'sent' AND NEW.sent_at IS NULL)
BEGIN SELECT RAISE(ABORT, 'a command has its end when it ended and no sooner, and one that was sent says when'); END;
CREATE TRIGGER commands_keep_what_happened BEFORE UPDATE ON commands
WHEN (OLD.sent_at IS NOT NULL AND NEW.sent_at IS NULL)
  OR (OLD.broker_acked_at IS NOT NULL AND NEW.broker_acked_at IS NULL)
  OR NEW.attempts < OLD.attempts
BEGIN SELECT RAISE(ABORT, 'what happened to a command stays recorded'); END;
"""

# The same rule without a table of pairs, which SQLite makes anew for each row: moving a command takes a third less.
LIGHT_MOVES = """\
DROP TRIGGER commands_move;
CREATE TRIGGER commands_move BEFORE UPDATE OF state ON commands
WHEN NEW.state <> OLD.state AND (OLD.state NOT IN ('queued', 'sent') OR NEW.state = 'queued')
BEGIN SELECT RAISE(ABORT, 'a command goes forward only, and one that ended stays as it ended'); END;
"""
