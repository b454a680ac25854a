"""The rules that the database itself keeps, whoever writes to it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lightctl.domain.errors import StoreError
from lightctl.domain.moves import MOVES
from lightctl.domain.states import CommandState
from lightctl.store.base import Recorded
from lightctl.store.codec import to_text
from tests.support.stores import HOUR, NOW, command, desired, draft, fault, override

OPEN = [state for state in CommandState if not state.terminal]
ENDED = [state for state in CommandState if state.terminal]


def execute(store, sql):
    with store._main.transaction():
        store._main.run(sql)


def told(before, after):
    """A command that has moved on, with everything that happened to it before."""
    moved = command(state=after)
    return replace(moved, sent_at=before.sent_at or moved.sent_at)


@pytest.mark.parametrize("before", list(CommandState))
@pytest.mark.parametrize("after", list(CommandState))
def test_the_database_lets_a_command_move_exactly_as_the_table_says(store, before, after):
    known = command(state=before)
    store.commit(Recorded(commands=(known,)))
    if after is before or after in MOVES[before]:
        store.commit(Recorded(commands=(told(known, after),)))
        assert store.commands() == (told(known, after),)
        return
    with pytest.raises(StoreError, match="forward only"):
        store.commit(Recorded(commands=(told(known, after),)))
    assert store.commands() == (known,)


@pytest.mark.parametrize("ended", ENDED)
def test_what_is_told_of_an_end_may_be_told_better(store, ended):
    store.commit(Recorded(commands=(command(state=ended),)))
    store.commit(Recorded(commands=(replace(command(state=ended), detail="later"),)))
    assert store.commands()[0].detail == "later"


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"finished_at": NOW}, "its end when it ended"),
        ({"state": CommandState.SENT, "sent_at": None}, "says when"),
        ({"state": CommandState.EXPIRED, "sent_at": NOW}, "its end when it ended"),
    ],
)
def test_a_command_has_the_instants_of_its_state_and_no_others(store, wrong, why):
    with pytest.raises(StoreError, match=why):
        store.commit(Recorded(commands=(replace(command(), **wrong),)))
    store.commit(Recorded(commands=(command(),)))
    with pytest.raises(StoreError, match=why):
        store.commit(Recorded(commands=(replace(command(), **wrong),)))
    assert store.commands() == (command(),)


@pytest.mark.parametrize("lost", [{"sent_at": None}, {"broker_acked_at": None}, {"attempts": 1}])
def test_what_happened_to_a_command_is_not_forgotten(store, lost):
    known = replace(command(state=CommandState.FAILED), sent_at=NOW, broker_acked_at=NOW, attempts=2)
    store.commit(Recorded(commands=(known,)))
    with pytest.raises(StoreError, match="stays recorded"):
        store.commit(Recorded(commands=(replace(known, **lost),)))
    assert store.commands() == (known,)


def test_a_terminal_state_is_not_left_within_one_commit_either(store):
    steps = (command(), command(state=CommandState.CONFIRMED), command(state=CommandState.EXPIRED))
    with pytest.raises(StoreError, match="ended stays"):
        store.commit(Recorded(commands=steps))
    store.commit(Recorded(commands=steps[:2]))
    assert store.commands() == (steps[1],)


def test_a_state_nobody_knows_is_refused(store):
    store.commit(Recorded(commands=(command(),)))
    with pytest.raises(StoreError, match="CHECK"):
        execute(store, f"UPDATE commands SET state = 'done', finished_at = '{to_text(NOW)}'")
    with pytest.raises(StoreError, match="CHECK"):
        execute(
            store,
            f"INSERT INTO commands SELECT 9, 'N9', 1, 'done', cause, created_at, deadline, priority, attempts, "
            f"sent_at, broker_acked_at, '{to_text(NOW)}', detail FROM commands",
        )


def test_a_refused_commit_leaves_nothing_of_itself(store):
    store.commit(Recorded(desired=(desired(revision=2),)))
    with pytest.raises(StoreError, match="never reused"):
        store.commit(Recorded(desired=(desired("N2", 1), desired("N1", 1)), faults=(fault(),)))
    assert store.desired_of("N2") is None
    assert store.faults() == ()


@pytest.mark.parametrize("revision", [1, 2])
def test_a_desired_revision_is_never_reused(store, revision):
    store.commit(Recorded(desired=(desired(revision=2),)))
    with pytest.raises(StoreError, match="never reused"):
        store.commit(Recorded(desired=(desired(revision=revision, steps=6),)))
    assert store.desired_of("N1") == desired(revision=2)


def test_a_revision_used_by_a_command_alone_is_used(store):
    store.commit(Recorded(commands=(command(revision=3),)))
    with pytest.raises(StoreError, match="never reused"):
        store.commit(Recorded(desired=(desired(revision=3),)))


@pytest.mark.parametrize("state", OPEN)
def test_a_new_command_cannot_be_older_than_its_node(store, state):
    store.commit(Recorded(desired=(desired(revision=5),)))
    with pytest.raises(StoreError, match="older revision"):
        store.commit(Recorded(commands=(command(revision=4, state=state),)))
    store.commit(Recorded(commands=(command(revision=5, state=state),)))
    assert store.latest_commands()["N1"].revision == 5


def test_an_older_command_that_has_ended_may_be_recorded_late(store):
    store.commit(
        Recorded(desired=(desired(revision=5),), commands=(command(revision=4, state=CommandState.SUPERSEDED),))
    )
    assert [c.revision for c in store.commands()] == [4]


def test_an_earlier_command_still_moves_on_while_a_newer_revision_exists(store):
    store.commit(Recorded(commands=(command(revision=1),)))
    store.commit(Recorded(commands=(command(revision=1, state=CommandState.SUPERSEDED), command(revision=2))))
    assert [c.state for c in store.commands()] == [CommandState.QUEUED, CommandState.SUPERSEDED]


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("UPDATE nodes SET used_revision = 1", "never goes down"),
        ("UPDATE nodes SET seen_revision = -1", "never goes down"),
        ("DELETE FROM nodes", "never forgotten"),
        ("UPDATE desired SET revision = 1", "never reused"),
        ("UPDATE desired SET doc = '{}'", "never reused"),
        ("UPDATE commands SET revision = 9", "keeps its node"),
        ("UPDATE commands SET node = 'N9'", "keeps its node"),
        ("DELETE FROM commands", "never deleted"),
        ("UPDATE audit SET user = 'eve'", "never changed"),
        ("DELETE FROM audit", "never deleted"),
        (
            "INSERT INTO audit SELECT seq + 5, at, user, origin, verb, target, reason, detail, hash, hash FROM audit",
            "follow",
        ),
        (
            "INSERT INTO audit SELECT seq + 1, at, user, origin, verb, target, reason, detail, '', hash FROM audit",
            "follow",
        ),
        ("INSERT OR REPLACE INTO audit SELECT * FROM audit", "follow"),
        ("UPDATE audit_head SET seq = 0", "only advances"),
        ("UPDATE audit_head SET hash = ''", "only advances"),
        ("DELETE FROM audit_head", "never deleted"),
        ("INSERT INTO audit_head VALUES (2, 0, '')", "CHECK"),
        ("UPDATE schedule_files SET content = ''", "never rewritten"),
        ("DELETE FROM schedule_files", "never deleted"),
        ("UPDATE schedule_versions SET user = ''", "never rewritten"),
        ("DELETE FROM schedule_versions", "never deleted"),
        ("UPDATE overrides SET ended_at = NULL", "stays ended"),
        ("UPDATE tokens SET revoked_at = NULL", "stays revoked"),
        ("UPDATE faults SET cleared_at = NULL", "stays cleared"),
    ],
)
def test_no_program_can_break_a_rule(store, sql, why):
    store.put_schedules({"a.yaml": "version: 1"}, draft())
    with store.transaction():
        store.add_overrides([override()], "c1", None)
        store.end_overrides(["O1"], NOW, "c1", None)
        store.add_token("ada", "viewer", "h", NOW, None, draft())
        store.revoke_token("ada", NOW, draft())
    store.commit(Recorded(desired=(desired(revision=2),), commands=(command(revision=2),)))
    store.commit(Recorded(faults=(fault(cleared_at=NOW + HOUR),)))
    with pytest.raises(StoreError, match=why):
        execute(store, sql)
    assert store.verify_audit().ok
    assert store.desired_of("N1") == desired(revision=2)
