"""The store against plain dicts: whatever is written, refused, pruned, reopened or cut off, they say the same."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from lightctl.domain.assets import Capabilities
from lightctl.domain.errors import StoreError
from lightctl.domain.events import NodeAnnounced
from lightctl.domain.moves import MOVES
from lightctl.domain.states import Command, CommandState
from lightctl.store import retention
from lightctl.store.base import Recorded
from lightctl.store.failures import explained
from lightctl.store.sqlite import SqliteStore
from tests.support.store_model import StoreModel
from tests.support.stores import HOUR, NOW, desired, draft, fault, override, point, report

nodes = st.sampled_from(["N1", "N2"])
few = st.integers(0, 3)


class AbortedError(Exception):
    """Something went wrong in the middle of a transaction."""


class StoreAsAMachine(RuleBasedStateMachine):
    """A store in a folder, its model, and time that passes."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp(prefix="lightctl-store-"))
        self.folder = self.root / "0"
        self.store, self.model = SqliteStore(self.folder), StoreModel()
        self.now = NOW
        self.made = 0

    def number(self) -> int:
        self.made += 1
        return self.made

    @contextlib.contextmanager
    def audited(self, verb: str) -> Iterator[object]:
        entry = draft(verb, detail=str(self.number()))
        yield replace(entry, at=self.now)
        self.model.audit.append((verb, entry.detail))

    # -- people ------------------------------------------------------------------------------------------------------

    @rule(names=st.lists(st.sampled_from("ABCD"), min_size=1, max_size=3, unique=True), lamps=st.integers(1, 9))
    def points(self, names: list[str], lamps: int) -> None:
        made = [point(name, lamps=lamps) for name in names]
        with self.audited("inventory.import") as entry:
            self.store.put_points(made, entry)
        self.model.points |= {each.id: each for each in made}

    @rule(names=st.lists(st.sampled_from("abc"), max_size=3, unique=True))
    def schedules(self, names: list[str]) -> None:
        files = {f"{name}.yaml": str(self.number()) for name in names}
        with self.audited("schedule.apply") as entry:
            self.store.put_schedules(files, entry)
        self.model.files = files

    @rule(hours=st.integers(1, 40))
    def dim(self, hours: int) -> None:
        made = override(f"O{self.number()}", start=self.now, until=self.now + hours * HOUR)
        with self.audited("light.dim") as entry:
            self.store.add_overrides([made], f"c{self.made}", entry)
        self.model.overrides[made.id] = made

    @precondition(lambda self: self.model.overrides)
    @rule(index=few)
    def resume(self, index: int) -> None:
        name = list(self.model.overrides)[-1 - index % len(self.model.overrides)]
        with self.audited("light.resume") as entry:
            self.store.end_overrides([name, "nobody's"], self.now, f"c{self.number()}", entry)
        self.model.ended.add(name)

    # -- the controller ----------------------------------------------------------------------------------------------

    def commit(self, recorded: Recorded) -> None:
        self.store.commit(recorded)
        self.model.commit(recorded)

    def next_revision(self, node: str) -> int:
        known = self.model.nodes.get(node)
        return 1 if known is None else max(known.used, known.seen) + 1

    def ordered(self, node: str, steps: int) -> Recorded:
        revision = self.next_revision(node)
        new = Command(node, revision, CommandState.QUEUED, "schedule", self.now, self.now + HOUR)
        last = self.model.latest(node)
        ended = ()
        if last is not None and not last.state.terminal:
            ended = (replace(last, state=CommandState.SUPERSEDED, finished_at=self.now),)
        return Recorded(desired=(desired(node, revision, steps),), commands=(*ended, new))

    @rule(node=nodes, steps=st.integers(1, 6))
    def order(self, node: str, steps: int) -> None:
        self.commit(self.ordered(node, steps))

    @rule(node=nodes, state=st.sampled_from(CommandState))
    def move(self, node: str, state: CommandState) -> None:
        command = self.model.latest(node)
        if command is None or state not in MOVES[command.state]:
            return
        if state is CommandState.SENT:
            moved = replace(command, state=state, sent_at=self.now, attempts=command.attempts + 1)
        else:
            moved = replace(command, state=state, finished_at=self.now, detail=f"at {self.now:%H:%M}")
        self.commit(Recorded(commands=(moved,)))

    @rule(node=nodes, revision=few, boot=st.sampled_from(["", "b1", "b2"]))
    def hear(self, node: str, revision: int, boot: str) -> None:
        said = report(
            node, seq=self.number(), received_at=self.now, at=self.now, applied_revision=revision, boot_id=boot
        )
        self.commit(Recorded(reported=(said,)))

    @rule(node=nodes, revision=st.sampled_from([0, 5, 40]), nights=few)
    def greet(self, node: str, revision: int, nights: int) -> None:
        able = Capabilities(nights=nights)
        self.commit(Recorded(announced=(NodeAnnounced(node, "b3", able, revision, self.now, self.now),)))

    @rule(subject=st.sampled_from(["A", "B"]), cleared=st.booleans())
    def judge(self, subject: str, *, cleared: bool) -> None:
        self.commit(Recorded(faults=(fault(subject, opened_at=self.now, cleared_at=self.now if cleared else None),)))

    # -- what is refused or goes wrong -------------------------------------------------------------------------------

    @rule(node=nodes)
    def a_revision_is_used_again(self, node: str) -> None:
        known = self.model.nodes.get(node)
        if known is None or not known.used:
            return
        good = self.ordered("N1" if node != "N1" else "N2", 3)
        with pytest.raises(StoreError):
            self.store.commit(replace(good, desired=(*good.desired, desired(node, known.used, steps=7))))

    @rule(node=nodes)
    def an_end_is_left(self, node: str) -> None:
        command = self.model.latest(node)
        if command is None or not command.state.terminal:
            return
        again = replace(command, state=CommandState.SENT, sent_at=self.now, finished_at=None)
        with pytest.raises(StoreError):
            self.store.commit(Recorded(commands=(again,), faults=(fault("never"),)))

    @rule(node=nodes, inner=st.booleans())
    def a_transaction_is_given_up(self, node: str, *, inner: bool) -> None:
        with contextlib.suppress(AbortedError), self.store.transaction():
            self.store.put_schedules({"never.yaml": ""}, draft())
            with contextlib.suppress(StoreError):
                self.store.commit(Recorded(desired=(desired(node, 0),)) if inner else self.ordered(node, 2))
            raise AbortedError

    @rule(node=nodes)
    def several_changes_are_one(self, node: str) -> None:
        files = {"one.yaml": str(self.number())}
        ordered = self.ordered(node, 4)
        with self.audited("schedule.apply") as entry, self.store.transaction():
            self.store.put_schedules(files, entry)
            self.store.commit(ordered)
        self.model.files = files
        self.model.commit(ordered)

    # -- time, housekeeping, restarts --------------------------------------------------------------------------------

    @rule(hours=st.sampled_from([1, 10, 50]))
    def time_passes(self, hours: int) -> None:
        self.now += hours * HOUR

    @rule(hours=st.sampled_from([0, 1, 20]))
    def prune(self, hours: int) -> None:
        self.now += HOUR
        before = self.now - hours * HOUR
        gone = self.model.prune(before)
        assert self.store.prune_journal(before) >= gone, "plans that nobody follows any more go as well"

    @rule()
    def reopen(self) -> None:
        self.store.close()
        self.store = SqliteStore(self.folder)

    @rule(inside=st.booleans())
    def killed(self, *, inside: bool) -> None:
        """Go on with the files as they lie there, the store never closed; inside: in the middle of a transaction."""
        left = self.root / str(self.number())
        if inside:
            with contextlib.suppress(AbortedError), self.store.transaction():
                self.store.put_schedules({"never.yaml": ""}, draft())
                self.store.commit(self.ordered("N1", 5))
                shutil.copytree(self.folder, left)
                raise AbortedError
        else:
            shutil.copytree(self.folder, left)
        self.store.close()
        shutil.rmtree(self.folder)
        self.folder = left
        self.store = SqliteStore(left)

    # -- what must hold ----------------------------------------------------------------------------------------------

    @invariant()
    def it_says_what_the_dicts_say(self) -> None:
        assert self.store.replay(self.now) == self.model.snapshot(self.now)
        assert {each.id: each for each in self.store.commands()} == self.model.commands
        stored = [each for _, each in self.store.faults() if each.cleared_at is not None]
        assert sorted(map(repr, stored)) == sorted(map(repr, self.model.cleared))

    @invariant()
    def every_change_has_its_entry_and_the_chain_holds(self) -> None:
        assert [(each.verb, each.detail) for each in reversed(self.store.audit())] == self.model.audit
        check = self.store.verify_audit()
        assert (check.ok, check.entries) == (True, len(self.model.audit))

    def teardown(self) -> None:
        self.store.close()
        shutil.rmtree(self.root)


TestStoreAsAMachine = StoreAsAMachine.TestCase
TestStoreAsAMachine.settings = settings(
    max_examples=20, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


@contextlib.contextmanager
def never_undone(file):
    file._depth += 1
    if not file.db.conn.in_transaction:
        file.db.execute("BEGIN IMMEDIATE")
    try:
        with explained(file.name):
            yield
    finally:
        file._depth -= 1
        if not file._depth:
            file.db.execute("COMMIT")


def everything_old(statements):
    return (statements[0].partition("AND revision")[0], *statements[1:])


LEAVES_NONE = everything_old(retention._OLD_MAIN)
LAST_SIGHTING = (
    "INSERT INTO nodes (node, seen_revision, boot_id, last_seen) VALUES (?, ?, ?, ?) ON CONFLICT (node) "
    "DO UPDATE SET seen_revision = excluded.seen_revision, boot_id = excluded.boot_id"
)
BREAKS = {
    "nothing is ever undone": ("lightctl.store.connection.SqliteFile.transaction", never_undone),
    "a node's latest command is pruned": ("lightctl.store.retention._OLD_MAIN", LEAVES_NONE),
    "an end by hand is forgotten": (
        "lightctl.store.intent._END_OVERRIDE",
        "UPDATE overrides SET ended_by = ?2 WHERE id = ?3 AND ?1 IS NULL",
    ),
    "revisions seen may go down": (
        "lightctl.store.journal._PUT_SIGHTING",
        LAST_SIGHTING,
    ),
    "a change leaves no entry": ("lightctl.store.chain.append", lambda *_: None),
}
SEARCH = settings(
    max_examples=300,
    stateful_step_count=25,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.parametrize("broken", BREAKS)
def test_a_broken_store_is_found(broken, monkeypatch):
    monkeypatch.setattr(*BREAKS[broken])
    with pytest.raises((AssertionError, StoreError, pytest.fail.Exception)):
        run_state_machine_as_test(StoreAsAMachine, settings=SEARCH)
