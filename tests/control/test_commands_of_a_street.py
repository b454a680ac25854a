"""Commands of up to three nodes of different makes under any order of events, judged by what the nodes really held.

The nodes obey, but what is sent to them and what they say arrives late, twice, in any order or never; they lose their
memory, links fail, people change their minds, and the daemon is killed before or after it recorded a step.
"""

from __future__ import annotations

import datetime as dt
from contextlib import closing
from dataclasses import fields, replace

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from lightctl.app.running.boot import boot_events
from lightctl.control.effects import Effects
from lightctl.control.hearing import follow_command
from lightctl.control.reconcile import levels_follow
from lightctl.domain import events as ev
from lightctl.domain.errors import StoreError
from lightctl.domain.moves import moved
from lightctl.domain.selectors import parse_selector
from lightctl.domain.states import CommandState, DesiredState, Override, Scope
from lightctl.store.base import AuditDraft, Recorded
from lightctl.store.sqlite import SqliteStore
from tests.support.controlled import AFTERNOON, CARRYING, LIVE, SCHEDULE, ZONE, Street, intent, lamp
from tests.support.obedient import Obedient

RECORDED = {each.name for each in fields(Recorded)} & {each.name for each in fields(Effects)}
AUDIT = AuditDraft(AFTERNOON, "test", "test", "prepare", "")
SECOND = dt.timedelta(seconds=1)
STILL_OPEN_FOR = 60 * SECOND
MAKES = (
    (lamp("a"), CARRYING, False),
    (lamp("b"), LIVE, False),
    (lamp("c", profile="modbus-lamp", link="line", address="3"), LIVE, True),
)
which = st.integers(0, 2)
any_of = st.integers(0, 50)


class CommandsOfAStreet(RuleBasedStateMachine):
    """Nodes with their truth, their links, an operator, and a daemon that may be killed at any time."""

    def __init__(self) -> None:
        super().__init__()
        self.store = SqliteStore(None)
        self.street = Street()
        self.nodes: list[Obedient] = []
        self.contents: dict[tuple[str, int], object] = {}

    @initialize(count=st.integers(1, 3), first=which)
    def a_street(self, count: int, first: int) -> None:
        makes = [MAKES[(first + number) % 3] for number in range(count)]
        self.nodes = [Obedient(*make) for make in makes]
        self.store.put_points([each.point for each in self.nodes], AUDIT)
        self.store.put_schedules({"test.yaml": SCHEDULE}, AUDIT)
        self.boot()

    def boot(self) -> None:
        self.street.controller = Street().controller
        self.step(*boot_events(self.store.replay(self.street.now), ZONE))

    def step(self, *events: ev.Event) -> None:
        effects = self.street.step(*events)
        self.store.commit(Recorded(**{name: getattr(effects, name) for name in RECORDED}))
        for submission in effects.submissions:
            if isinstance(submission.content, DesiredState):
                self.put_on_the_wire(submission.content)

    def put_on_the_wire(self, document: DesiredState) -> None:
        known = self.contents.setdefault((document.node, document.revision), document.channels)
        assert known == document.channels, f"revision {document.revision} of {document.node} means two things"
        next(each for each in self.nodes if each.name == document.node).wire.append(document)

    def node(self, number: int) -> Obedient:
        return self.nodes[number % len(self.nodes)]

    def revision(self, node: Obedient, back: int) -> int:
        return max(0, self.street.desired[node.name].revision - back)

    # -- links -------------------------------------------------------------------------------------------------------

    @rule(number=which, back=st.integers(0, 2))
    def sent(self, number: int, back: int) -> None:
        node = self.node(number)
        self.step(ev.CommandSent(node.name, self.revision(node, back), self.street.now))

    @rule(number=which, back=st.integers(0, 2))
    def acknowledged(self, number: int, back: int) -> None:
        node = self.node(number)
        self.step(ev.BrokerAcked(node.name, self.revision(node, back), self.street.now))

    @rule(number=which, back=st.integers(0, 2), permanent=st.booleans())
    def failed(self, number: int, back: int, *, permanent: bool) -> None:
        node = self.node(number)
        self.step(ev.SendFailed(node.name, self.revision(node, back), self.street.now, "it broke", permanent=permanent))

    @rule()
    def links_are_back(self) -> None:
        self.step(*(ev.LinkChanged(name, up=True, at=self.street.now) for name in ("mqtt", "line")))

    # -- nodes -------------------------------------------------------------------------------------------------------

    @rule(number=which, index=any_of)
    def something_arrives(self, number: int, index: int) -> None:
        node = self.node(number)
        if node.wire:
            node.take(node.wire[-1 - index % len(node.wire)])

    @rule(number=which, verified=st.booleans(), at_once=st.booleans())
    def it_reports(self, number: int, *, verified: bool, at_once: bool) -> None:
        node = self.node(number)
        node.report(self.street.now, verified=verified)
        if at_once:
            self.step(node.heard(-1, self.street.now))

    @rule(number=which)
    def it_says_hello(self, number: int) -> None:
        self.node(number).hello(self.street.now)

    @rule(number=which, index=any_of)
    def something_is_heard(self, number: int, index: int) -> None:
        node = self.node(number)
        if node.said:
            self.step(node.heard(index, self.street.now))

    @rule(number=which)
    def it_loses_its_memory(self, number: int) -> None:
        self.node(number).forget()

    @rule(number=which, ahead=st.integers(1, 3))
    def somebody_else_sets_it(self, number: int, ahead: int) -> None:
        node = self.node(number)
        if not node.reads_back:
            node.hold_foreign(self.revision(node, -ahead))
            self.contents |= {(node.name, self.revision(node, -each)): None for each in range(1, ahead + 1)}
            node.report(self.street.now)
            self.step(node.heard(-1, self.street.now))

    # -- people, time, the daemon ------------------------------------------------------------------------------------

    @rule(number=which, level=st.sampled_from([0, 20, 100]), minutes=st.sampled_from([1, 30]))
    def dim(self, number: int, level: int, minutes: int) -> None:
        select = parse_selector(f"id={self.node(number).point.id}")
        name, until = f"o{len(self.street.commands)}", self.street.now + minutes * 60 * SECOND
        made = Override(name, Scope.LIGHT_POINT, select, level, self.street.now, until, user="test")
        self.step(ev.OverrideSet(made))

    @rule(late=st.sampled_from([40, 50]))
    def plan(self, late: int) -> None:
        self.step(ev.IntentChanged(intent(SCHEDULE.replace("level: 50", f"level: {late}"))))

    @rule(seconds=st.sampled_from([1, 35, 300, 1000, 90_000]))
    def time_passes(self, seconds: int) -> None:
        self.street.now += seconds * SECOND
        self.step(ev.ReviewDue())

    @rule(seconds=st.sampled_from([0, 35, 1000]))
    def killed(self, seconds: int) -> None:
        self.street.now += seconds * SECOND
        self.boot()

    @rule(seconds=st.sampled_from([1, 300, 1000]), level=st.sampled_from([10, 90]))
    def killed_before_it_recorded(self, seconds: int, level: int) -> None:
        self.street.now += seconds * SECOND
        changed = intent(SCHEDULE.replace("level: 50", f"level: {level}"))
        self.street.controller.step([ev.ReviewDue(), ev.IntentChanged(changed)], self.street.now)
        self.boot()

    # -- what must hold ----------------------------------------------------------------------------------------------

    @invariant()
    def what_is_confirmed_the_node_did_hold(self) -> None:
        for node in self.nodes:
            for command in self.street.commands.values():
                if command.node == node.name and command.state is CommandState.CONFIRMED:
                    assert max(node.ever, default=0) >= command.revision, f"{command.id} was never held"

    @invariant()
    def none_is_open_for_long_after_its_deadline_and_each_node_has_one(self) -> None:
        open_ones = [command for command in self.store.commands() if not command.state.terminal]
        assert all(self.street.now <= command.deadline + STILL_OPEN_FOR for command in open_ones)
        assert len({command.node for command in open_ones}) == len(open_ones)

    @invariant()
    def a_command_is_ever_the_same(self) -> None:
        assert {command.id: command for command in self.store.commands()} == self.street.commands

    def teardown(self) -> None:
        with closing(self.store):
            if self.nodes:
                self.everything_comes_to_rest()

    def everything_comes_to_rest(self) -> None:
        """From now on everything arrives: within a heartbeat and the longest pause, nodes hold what they shall."""
        for node in self.nodes:
            node.hello(self.street.now)
            self.step(*(node.heard(-1, self.street.now) for _ in node.said[:1]))
        for minute in range(90):
            for node in self.nodes:
                for document in node.wire[-1:]:
                    node.take(document)
                    self.step(ev.CommandSent(node.name, document.revision, self.street.now))
                if minute % 5 == 0 or node.wire:
                    node.wire.clear()
                    node.report(self.street.now)
                    self.step(node.heard(-1, self.street.now))
            self.street.now += 60 * SECOND
            self.step(ev.ReviewDue())
        for node in self.nodes:
            desired = self.street.desired[node.name]
            assert node.held is not None
            assert node.held.channels[0].level_at(self.street.now) == desired.channels[0].level_at(self.street.now)


TestCommandsOfAStreet = CommandsOfAStreet.TestCase
TestCommandsOfAStreet.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)


def taking_the_brokers_word(memory, event, policy, out):
    command = memory.open_command
    if isinstance(event, ev.BrokerAcked) and command is not None and command.revision == event.revision:
        memory.command = out.commands[command.id] = moved(command, CommandState.CONFIRMED, event.at)
        return True
    return follow_command(memory, event, policy, out)


def taking_the_level_alone(desired, report, _command, _confirmation, policy):
    return levels_follow(desired, report, policy)


BREAKS = {
    "a message the broker has is taken for a lamp that followed": (
        "lightctl.control.hearing.follow_command",
        taking_the_brokers_word,
    ),
    "no report is asked for its revision": ("lightctl.control.reconcile.confirms", taking_the_level_alone),
    "no deadline is kept": ("lightctl.control.controller.Controller._notice_time", lambda *_: None),
    "a revision is given twice": (
        "lightctl.control.memory.NodeMemory.next_revision",
        lambda memory: max(1, memory.highest_revision),
    ),
    "a revision of somebody else is passed over": (
        "lightctl.control.memory.NodeMemory.see_revision",
        lambda *_: None,
    ),
    "an end is left": (
        "lightctl.control.delivery.brief",
        lambda command: replace(command, state=CommandState.SENT),
    ),
}
SEARCH = settings(
    max_examples=150,
    stateful_step_count=30,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.parametrize("broken", BREAKS)
def test_a_broken_machine_is_found(broken, monkeypatch):
    monkeypatch.setattr(*BREAKS[broken])
    with pytest.raises((AssertionError, StoreError, ValueError)):
        run_state_machine_as_test(CommandsOfAStreet, settings=SEARCH)
