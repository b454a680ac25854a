"""Migrations: how a database of any earlier version becomes one of today. Append only; what is released never changes.

Rules that guard the truth stand here, in the database, so that no other program can break them either: a command that
ended stays ended, revisions of a node never go back, the audit only grows, schedule versions are never rewritten.
"""

from __future__ import annotations

import sqlite3

from sqlite_utils import Database, Migrations

from lightctl.store import schema, schema_maintenance, schema_usage
from lightctl.store.schema_citizens import CITIZENS
from lightctl.store.schema_commands import COMMAND_STATES, LIGHT_MOVES
from lightctl.store.schema_faults import FAULT_LIFE
from lightctl.store.schema_notices import NOTICES
from lightctl.store.schema_proposals import PROPOSALS
from lightctl.store.schema_rollouts import ROLLOUTS
from lightctl.store.schema_work import WORK

MAIN = Migrations("lightctl")
TELEMETRY = Migrations("lightctl-telemetry")


@MAIN()
def m0001_first(db: Database) -> None:
    """Hold intent, audit, decisions and what nodes said."""
    run_script(db, schema.OWNED)
    run_script(db, schema.INTENT)
    run_script(db, schema.AUDIT)
    run_script(db, schema.JOURNAL)
    run_script(db, schema.STRANGERS)


@MAIN()
def m0002_proposals(db: Database) -> None:
    """Let schedule versions say why they came, and plans wait for a second person."""
    run_script(db, PROPOSALS)


@MAIN()
def m0003_who_changed(db: Database) -> None:
    """Know who made a lighting change, and so who ended an override."""
    run_script(db, schema.WHO_CHANGED)


@MAIN()
def m0004_maintenance(db: Database) -> None:
    """Hold maintenances and the faults they keep back, self-tests, and which node switched a light point when."""
    run_script(db, schema_maintenance.MAINTENANCE)


@MAIN()
def m0005_command_states(db: Database) -> None:
    """Let commands move as the table of their states says, with the instants that belong to each state."""
    run_script(db, COMMAND_STATES)


@MAIN()
def m0006_rollouts(db: Database) -> None:
    """Bring schedules to the street in waves."""
    run_script(db, ROLLOUTS)


@MAIN()
def m0007_fault_life(db: Database) -> None:
    """Know what one cause explains and draws for nothing, and what people said about a fault."""
    run_script(db, FAULT_LIFE)


@MAIN()
def m0008_notices(db: Database) -> None:
    """Tell people elsewhere what happened to faults, each target at its own pace."""
    run_script(db, NOTICES)


@MAIN()
def m0009_work(db: Database) -> None:
    """Hold work orders and what crews write down on them."""
    run_script(db, WORK)


@MAIN()
def m0010_citizens(db: Database) -> None:
    """Hold what citizens report of the lights, and apart from it who they are."""
    run_script(db, CITIZENS)


@MAIN()
def m0011_light_moves(db: Database) -> None:
    """Let commands move by the same rule, at a smaller price."""
    run_script(db, LIGHT_MOVES)


@TELEMETRY()
def t0001_first(db: Database) -> None:
    """Hold what was measured."""
    run_script(db, schema.OWNED)
    run_script(db, schema.MEASUREMENTS)


@TELEMETRY()
def t0002_usage(db: Database) -> None:
    """Know of each measurement which instant it speaks of, and hold what was added up."""
    run_script(db, schema_usage.OBSERVED)
    run_script(db, schema_usage.USAGE)


def run_script(db: Database, script: str) -> None:
    """Run statements one by one: `executescript` would commit the migration's transaction half way."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            db.execute(statement)
            statement = ""
    assert not statement.strip(), f"unfinished statement: {statement}"
