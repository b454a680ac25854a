"""The rules that the database itself keeps, whoever writes to it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lightctl.domain.errors import StoreError
from lightctl.domain.states import CommandState
from lightctl.store.base import Recorded
from tests.support.stores import HOUR, NOW, command, desired, draft, fault, override

OPEN = [state for state in CommandState if not state.terminal]
ENDED = [state for state in CommandState if state.terminal]


def execute(store, sql):
    with store._main.transaction():
        store._main.run(sql)


@pytest.mark.parametrize("ended", ENDED)
@pytest.mark.parametrize("other", list(CommandState))
def test_a_terminal_state_is_never_left(store, ended, other):
    store.commit(Recorded(commands=(command(state=ended),)))
    if other is ended:
        store.commit(Recorded(commands=(replace(command(state=other), detail="later"),)))
        assert store.commands()[0].detail == "later"
        return
    with pytest.raises(StoreError, match="ended stays"):
        store.commit(Recorded(commands=(command(state=other),)))
    assert store.commands() == (command(state=ended),)


@pytest.mark.parametrize("before", OPEN)
@pytest.mark.parametrize("after", list(CommandState))
def test_an_open_command_may_go_to_every_state(store, before, after):
    store.commit(Recorded(commands=(command(state=before),)))
    store.commit(Recorded(commands=(command(state=after),)))
    assert store.commands() == (command(state=after),)


def test_a_terminal_state_is_not_left_within_one_commit_either(store):
    steps = (command(), command(state=CommandState.CONFIRMED), command(state=CommandState.EXPIRED))
    with pytest.raises(StoreError, match="ended stays"):
        store.commit(Recorded(commands=steps))
    store.commit(Recorded(commands=steps[:2]))
    assert store.commands() == (steps[1],)


def test_a_state_nobody_knows_is_refused(store):
    store.commit(Recorded(commands=(command(),)))
    with pytest.raises(StoreError, match="CHECK"):
        execute(store, "UPDATE commands SET state = 'done'")


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
