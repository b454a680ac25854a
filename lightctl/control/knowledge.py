"""Knowledge: what the controller knows, and how each event changes it. Events are taken in here; nothing is decided.

`absorb` answers the nodes an event concerns, so that the controller attends to those and to no others.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import assert_never

from lightctl.control import hearing
from lightctl.control.collected import Collected
from lightctl.control.crews import Crews
from lightctl.control.desire import Compiler
from lightctl.control.diagnosis.correlation import Correlation
from lightctl.control.diagnosis.expected import Expectations
from lightctl.control.diagnosis.groups import members_of
from lightctl.control.diagnosis.shared import VOLTAGES, Shared
from lightctl.control.memory import NO_OVERRIDES, NodeMemory
from lightctl.control.policy import Policy, fraction
from lightctl.control.rolling import Rolling
from lightctl.control.roster import Roster
from lightctl.control.sensing import Sensors
from lightctl.devices.profile import Profile
from lightctl.domain import events as ev
from lightctl.domain.assets import Fleet
from lightctl.domain.luminaires import NO_LUMINAIRES, LuminaireType
from lightctl.domain.orders import OVERRIDE_PRIORITY
from lightctl.domain.programs import NO_INTENT, Intent
from lightctl.domain.rollouts import Rollout
from lightctl.domain.selectors import Selector
from lightctl.domain.sensors import SensorReading
from lightctl.domain.states import SHARED_KINDS, Fault, NodeAction, Override
from lightctl.planning.resolve import Plan
from lightctl.planning.staged import StagedPlan

Concerned = Sequence[str]
NOBODY: Concerned = ()


class Knowledge:
    """The fleet, the intent, the overrides, the crews at work, and one memory per node."""

    def __init__(
        self,
        policy: Policy,
        profiles: Mapping[str, Profile],
        time_zone: str,
        revision_floor: int = 0,
        luminaires: Mapping[str, LuminaireType] = NO_LUMINAIRES,
    ) -> None:
        """Start knowing nothing; everything arrives as events."""
        self.memories: dict[str, NodeMemory] = {}
        self.crews = Crews()
        self.sensors = Sensors()
        self.expectations = Expectations(policy.diagnosis, luminaires)
        self.correlation = Correlation(policy, self.expectations)
        self.shared = Shared(policy)
        self.compiler = Compiler(StagedPlan(Plan(NO_INTENT, time_zone)), policy)
        self.rolling = Rolling(policy, time_zone)
        self._policy = policy
        self._roster = Roster(profiles, revision_floor)
        self._fleet = Fleet.of((), time_zone)
        self._intent: Intent = NO_INTENT
        self._overrides: dict[str, Override] = {}
        self._remembered: list[Fault] = []

    def absorb(self, event: ev.Event, now: dt.datetime, out: Collected) -> Concerned:  # noqa: C901, PLR0912 - a case per event
        """Take an event in and give the nodes it concerns."""
        match event:  # the commonest first
            case ev.NodeReported(report):
                memory = self.memories.get(report.node)
                heard = memory is not None and hearing.hear_report(memory, report, self._policy, out)
                return (report.node,) if heard else NOBODY
            case ev.CommandSent() | ev.BrokerAcked() | ev.SendFailed():
                memory = self.memories.get(event.node)
                moves = memory is not None and hearing.follow_command(memory, event, self._policy, out)
                return (event.node,) if moves else NOBODY
            case ev.FleetChanged():
                return self._take_fleet(event, now, out)
            case ev.IntentChanged(intent, cause):
                self._intent = intent
                self.rolling.make_way()
                return self._replan(cause)
            case ev.RolloutChanged(rollout, intent):
                return self.stage(self.rolling.take(rollout, now, out), intent)
            case ev.OverrideSet(override, asked):
                self._overrides[override.id] = override
                return self._touch(override, now, asked=asked, holds=True)
            case ev.OverrideEnded(override_id):
                ended = self._overrides.pop(override_id, None)
                return NOBODY if ended is None else self._touch(ended, now, asked=True, holds=False)
            case ev.MaintenanceSet(maintenance):
                self.crews.begin(maintenance)
                return NOBODY
            case ev.MaintenanceEnded(maintenance_id):
                over = self.crews.end(maintenance_id)
                return NOBODY if over is None else self._nodes_of(over.select)
            case ev.NodeRestored():
                return self._restore(event)
            case ev.NodeAnnounced():
                out.announced.append(event)
                return self._of(event.node, lambda memory: hearing.hear_hello(memory, event))
            case ev.NodePresence(node, online, _):
                return self._of(node, hearing.hear_return) if online else NOBODY
            case ev.NodeUnreachable(node, _, detail):
                return self._of(node, lambda memory: hearing.lose(memory, detail))
            case ev.ActionRequested(action):
                return self._request(action, out)
            case ev.ActionFinished():
                out.action_results.append(event)
                return NOBODY
            case ev.MeterRead(measured):
                out.readings.append(measured)
                return self._of(measured.node, lambda memory: hearing.hear_meter(memory, measured))
            case ev.SensorRead(reading):
                return self._hear_sensor(reading, now)
            case ev.LinkChanged(link, up, _, detail):
                self.correlation.link_changed(link, now, detail, up=up)
                return self._refresh(link) if up else NOBODY
            case ev.MessageQuarantined():
                out.quarantined.append(event)
                return NOBODY
            case ev.NodeDiscovered():
                out.discovered.append(event)
                return NOBODY
            case ev.NightlyRun():
                return self._schedule_topups(now)
            case ev.ReviewDue():
                return NOBODY
            case ev.ClockJudged(fault, moved):
                out.faults += [fault] if fault is not None else []
                return self._live_on(now, out) if moved else NOBODY
            case _:
                assert_never(event)

    def _of(self, node: str, note: Callable[[NodeMemory], bool]) -> Concerned:
        """Note something of one node; one that is in no inventory concerns nobody."""
        memory = self.memories.get(node)
        return (node,) if memory is not None and note(memory) else NOBODY

    def _take_fleet(self, event: ev.FleetChanged, now: dt.datetime, out: Collected) -> Concerned:
        self._fleet = event.fleet
        self.memories = self._roster.enrol(event, self.memories, now, out)
        self.rolling.recount()
        groups = members_of(self.memories.values())
        alike = [fault for fault in self._remembered if fault.event in VOLTAGES]
        others = [fault for fault in self._remembered if fault.event not in VOLTAGES]
        self._remembered = []
        out.faults += self.correlation.recount(self.memories, groups, others, now)
        out.faults += self.shared.recount(self.memories, groups, alike, now)
        return self._replan(event.cause)

    def stage(self, rollout: Rollout, intent: Intent | None = None) -> Concerned:
        """Let nodes of a roll-out follow its schedules as far as they have moved; gives those for which this is new.

        intent: what it brings, where that is not known yet.
        """
        before, moved = self.compiler.plans, rollout.moved
        coming = before.coming
        if intent is not None and (coming is None or coming.intent != intent):
            coming = Plan(intent, self._fleet.time_zone)
        self.compiler.plans = StagedPlan(before.base, coming, moved)
        concerned = [node for node in rollout.released() if (node in moved) != (node in before.moved)]
        for memory in map(self.memories.get, concerned):
            if memory is not None:
                memory.stale = True
                memory.cause = self.rolling.cause
                memory.stop_resting()
        return concerned

    def _replan(self, cause: str) -> Concerned:
        time_zone, staged = self._fleet.time_zone, self.compiler.plans
        plans = StagedPlan(Plan(self._intent, time_zone))
        if staged.coming is not None and self.rolling.rollout is not None:
            plans = replace(plans, coming=Plan(staged.coming.intent, time_zone), moved=staged.moved)
        self.compiler = Compiler(plans, self._policy)
        self._attach_sensors()
        for memory in self.memories.values():
            memory.stale = True
            memory.readings = self.sensors.of(memory.node)
            memory.cause = cause
            memory.stop_resting()
            memory.overrides = NO_OVERRIDES
        for override in self._overrides.values():
            for memory, channel in self._held_by(override):
                memory.overrides = {**memory.overrides, channel: (*memory.overrides.get(channel, ()), override)}
        return tuple(self.memories)

    def _held_by(self, override: Override) -> Iterator[tuple[NodeMemory, int]]:
        for point in self._fleet.select(override.select):
            memory = self.memories.get(point.node)
            if memory is not None and point.channel in memory.points:
                yield memory, point.channel

    def _nodes_of(self, select: Selector) -> Concerned:
        nodes = (point.node for point in self._fleet.select(select))
        return tuple(dict.fromkeys(node for node in nodes if node in self.memories))

    def _touch(self, override: Override, now: dt.datetime, *, asked: bool, holds: bool) -> Concerned:
        """Note on the nodes of an override that it holds or ended; one yet to begin changes only when to look again."""
        touched: dict[str, None] = {}
        for memory, channel in self._held_by(override):
            others = [each for each in memory.overrides.get(channel, ()) if each.id != override.id]
            memory.overrides = {**memory.overrides, channel: [*others, override] if holds else others}
            touched[memory.node.id] = None
            if override.start > now:
                memory.next_change = None
                continue
            memory.stale = True
            memory.assert_now = memory.assert_now or asked
            memory.cause = override_cause(override.id) + ("" if holds else " ended")
            memory.stop_resting()
        return tuple(touched)

    def set_back(self, now: dt.datetime) -> Concerned:
        """Take the clock being set back: every node is to be looked at again."""
        self.rolling.set_back(now)
        self.correlation.set_back(now)
        self.sensors.forget()
        for memory in self.memories.values():
            memory.live_from(now)
        return tuple(self.memories)

    def _live_on(self, now: dt.datetime, out: Collected) -> Concerned:
        """Take our own time having become another, `now`: the time between has not passed, for nodes either."""
        for memory in self.memories.values():
            before = memory.command
            memory.live_on(now, self._policy)
            if memory.open_command is not None and memory.open_command is not before:
                out.commands[memory.open_command.id] = memory.open_command
        return tuple(self.memories)

    def forget_ended(self, now: dt.datetime) -> Concerned:
        """Drop what is over, and give the nodes whose maintenance it was.

        Of an override nodes drop their part when they are next attended to.
        """
        for ended in [override.id for override in self._overrides.values() if override.until <= now]:
            del self._overrides[ended]
        return tuple(node for over in self.crews.over(now) for node in self._nodes_of(over.select))

    def _restore(self, event: ev.NodeRestored) -> Concerned:
        shared = [fault for fault in event.faults if fault.subject_kind in SHARED_KINDS]
        if shared:
            self._remembered += shared
            event = replace(event, faults=tuple(fault for fault in event.faults if fault not in shared))
        memory = self.memories.get(event.node)
        if memory is None:
            self._roster.lay_aside(event)
            return NOBODY
        memory.take(event)
        return (event.node,)

    def _attach_sensors(self) -> None:
        """Let sensors know whose word counts: what programs name, those of a roll-out too."""
        plans = self.compiler.plans
        intents = [plan.intent for plan in (plans.base, plans.coming) if plan is not None]
        programs = [program for intent in intents for program in intent.programs.values()]
        self.sensors.attach(programs, self._fleet.nodes.values())

    def _hear_sensor(self, reading: SensorReading, now: dt.datetime) -> Concerned:
        if not self.sensors.take(reading):
            return NOBODY
        concerned: list[str] = []
        for memory in [self.memories[reading.node]] if reading.node else self.memories.values():
            readings = self.sensors.of(memory.node)
            said = readings.get(reading.name, ())
            if not said or said[-1] is not reading:
                continue  # of another area, or it has a sensor of that name of its own
            memory.readings = readings
            if any(self.compiler.plans.of(each).follows(each, reading.name, now) for each in memory.points.values()):
                memory.stale = True
                memory.cause = f"sensor {reading.name}"
                concerned.append(memory.node.id)
        return concerned

    def _request(self, action: NodeAction, out: Collected) -> Concerned:
        memory = self.memories.get(action.node)
        out.actions.append(action)
        if memory is not None:
            out.submit(memory.node, action, OVERRIDE_PRIORITY)
        return NOBODY

    def _refresh(self, link: str) -> Concerned:
        """Take a link that came up for an empty one: every node is owed its newest document again, same revision.

        But for what the link has not answered for yet: that waits there still, or left after the link came up, as its
        `CommandSent` would have come before. At a start this is most of the city, decided while its links connect.
        """
        concerned: list[str] = []
        for memory in self.memories.values():
            if memory.node.link != link:
                continue
            memory.stop_resting()
            memory.time = memory.time.connected()
            memory.asked_at = None  # the question may be lost with the link that was
            concerned.append(memory.node.id)
            # A unit keeps what it holds itself, and its nights are not to be written twice; a broker may be a new one.
            forgotten = memory.profile.modbus is None and not memory.on_its_way
            memory.answer_hello = memory.answer_hello or memory.owed or forgotten
        return concerned

    def _schedule_topups(self, now: dt.datetime) -> Concerned:
        spread = dt.timedelta(seconds=self._policy.topup_spread_s)
        carrying = [memory for memory in self.memories.values() if memory.capabilities.carries_nights]
        for memory in carrying:
            memory.topup_at = now + spread * fraction(f"topup {memory.node.id}")
        return [memory.node.id for memory in carrying]


def override_cause(override_id: str) -> str:
    """Give the words by which a command names the override that brought it about."""
    return f"override {override_id}"
