"""Commands under any order of events: they move as the table says, in the controller and in the database alike."""

from __future__ import annotations

import datetime as dt
from dataclasses import fields

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from lightctl.app.running.boot import boot_events
from lightctl.control.effects import Effects
from lightctl.domain import events as ev
from lightctl.domain.selectors import parse_selector
from lightctl.domain.states import CommandState, Override, Scope
from lightctl.store.base import AuditDraft, Recorded
from lightctl.store.sqlite import SqliteStore
from tests.support.controlled import AFTERNOON, CARRYING, SCHEDULE, ZONE, Street, intent, lamp

RECORDED = {each.name for each in fields(Recorded)} & {each.name for each in fields(Effects)}
AUDIT = AuditDraft(AFTERNOON, "test", "test", "prepare", "")
SECOND = dt.timedelta(seconds=1)


class Commands(RuleBasedStateMachine):
    """One node, its link, its operator and a daemon that may be killed between recording and acting."""

    def __init__(self) -> None:
        super().__init__()
        self.store = SqliteStore(None)
        self.store.put_points((lamp("a"),), AUDIT)
        self.store.put_schedules({"test.yaml": SCHEDULE}, AUDIT)
        self.reported: set[int] = set()
        self.street = Street()
        self.boot()

    def boot(self) -> None:
        self.street.controller = Street().controller
        self.step(*boot_events(self.store.replay(self.street.now), ZONE))

    def step(self, *events: ev.Event) -> None:
        effects = self.street.step(*events)
        self.store.commit(Recorded(**{name: getattr(effects, name) for name in RECORDED}))

    def revision(self, back: int) -> int:
        return max(0, self.street.desired["n-a"].revision - back)

    @rule(back=st.integers(0, 2))
    def sent(self, back: int) -> None:
        self.step(ev.CommandSent("n-a", self.revision(back), self.street.now))

    @rule(back=st.integers(0, 2))
    def acknowledged(self, back: int) -> None:
        self.step(ev.BrokerAcked("n-a", self.revision(back), self.street.now))

    @rule(back=st.integers(0, 2), permanent=st.booleans())
    def failed(self, back: int, *, permanent: bool) -> None:
        self.step(ev.SendFailed("n-a", self.revision(back), self.street.now, "failed by test", permanent=permanent))

    @rule(back=st.integers(-1, 2), level=st.sampled_from([None, 33]))
    def report(self, back: int, level: int | None) -> None:
        revision = self.revision(back)
        self.reported.add(revision)
        self.step(self.street.report(revision=revision, level=level))

    @rule(back=st.integers(-1, 2), boot=st.sampled_from(["b1", "b2"]))
    def hello(self, back: int, boot: str) -> None:
        self.step(self.street.hello(revision=self.revision(back), boot=boot, capabilities=CARRYING))

    @rule(level=st.sampled_from([0, 20, 100]), minutes=st.sampled_from([1, 30]))
    def dim(self, level: int, minutes: int) -> None:
        until = self.street.now + minutes * 60 * SECOND
        name = f"o{len(self.street.commands)}"
        self.step(
            ev.OverrideSet(
                Override(name, Scope.LIGHT_POINT, parse_selector("id=a"), level, self.street.now, until, user="test")
            )
        )

    @rule(late=st.sampled_from([40, 50]))
    def plan(self, late: int) -> None:
        self.step(ev.IntentChanged(intent(SCHEDULE.replace("level: 50", f"level: {late}"))))

    @rule()
    def link_is_back(self) -> None:
        self.step(ev.LinkChanged("mqtt", up=True, at=self.street.now))

    @rule(seconds=st.sampled_from([1, 35, 300, 1000, 90_000]))
    def time_passes(self, seconds: int) -> None:
        self.street.now += seconds * SECOND
        self.step(ev.ReviewDue())

    @rule()
    def killed(self) -> None:
        self.boot()

    @invariant()
    def confirmed_is_only_what_the_node_reported(self) -> None:
        confirmed = {c.revision for c in self.street.commands.values() if c.state is CommandState.CONFIRMED}
        assert confirmed <= self.reported

    @invariant()
    def none_is_open_after_its_deadline(self) -> None:
        open_ones = [c for c in self.street.commands.values() if not c.state.terminal]
        assert all(self.street.now <= command.deadline for command in open_ones)
        assert len(open_ones) <= 1, "a node has one command on its way"

    @invariant()
    def the_store_says_the_same(self) -> None:
        assert {command.id: command for command in self.store.commands()} == self.street.commands

    def teardown(self) -> None:
        self.store.close()


TestCommands = Commands.TestCase
TestCommands.settings = settings(max_examples=30, stateful_step_count=25, deadline=None)
