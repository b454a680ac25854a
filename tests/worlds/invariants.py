"""Invariants of the contracts as checkers that any world can carry: attached to a daemon's steps and the lamps' truth.

`Watch` looks at what each step decides before it is acted on, and from time to time at every lamp. It never changes
anything. Checked are, by their numbers in the contracts: I1 (a lamp does what the plan asks, by its own light), I2
(each command ends once, in time), I3 (confirmed is only what the node has applied), I5 (revisions grow, at the daemon
and at the node), I16 (a silent node is shown as such within its lease).
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection

from lightctl.control.effects import Effects
from lightctl.devices.profile import shipped_profiles
from lightctl.domain.states import Command, CommandState, FaultEvent
from lightctl.files.schedules import read_schedules
from lightctl.planning.resolve import Plan
from tests.worlds.kernel import World

MINUTE = dt.timedelta(minutes=1)
SETTLING = dt.timedelta(seconds=150)
AHEAD = dt.timedelta(seconds=30)
SLACK = dt.timedelta(seconds=90)
PROFILES = shipped_profiles()


class Watch:
    """The invariants of one world. `violations` names each that was broken, with its instant."""

    def __init__(self, world: World, *, mean_look_s: float | None = 5 * 3600.0) -> None:
        """Look at every lamp about so often; None: somebody else does."""
        self.violations: list[str] = []
        self.looks = 0
        self.left_out: Collection[str] = ()
        self.lost: set[str] = set()
        self._world = world
        self._plan = Plan(read_schedules(world.town.schedules).intent, world.town.time_zone)
        self._commands: dict[str, Command] = {}
        self._open: dict[str, Command] = {}
        self._newest: dict[str, int] = defaultdict(int)
        self._applied: dict[str, int] = defaultdict(int)
        self._boots: dict[str, str] = {}
        self._last_heard: dict[str, dt.datetime] = defaultdict(lambda: world.now)
        world.daemon.before_act = self.step
        if mean_look_s is not None:
            self._look_later(mean_look_s)

    def step(self, effects: Effects) -> None:
        """Look at what a step decided."""
        for desired in effects.desired:
            if desired.revision <= self._newest[desired.node]:
                self._violate("I5", f"revision {desired.revision} of {desired.node} is used again")
            self._newest[desired.node] = desired.revision
        for report in effects.reports:
            self._last_heard[report.node] = report.received_at
            self._boots[report.node] = report.boot_id
        for reading in effects.readings:
            self._last_heard[reading.node] = reading.at
        for command in effects.commands:
            self._follow(command)
        for fault in effects.faults:
            if fault.event is FaultEvent.COMMUNICATION_FAILURE:
                nodes = {fault.subject} if fault.subject_kind == "node" else set(fault.members)
                self.lost = self.lost | nodes if fault.cleared_at is None else self.lost - nodes
            own = fault.event is FaultEvent.COMMUNICATION_FAILURE and fault.subject_kind == "node"
            if own and fault.cleared_at is None:
                self._judge_silence(fault.subject)

    def forget(self, before: dt.datetime) -> None:
        """Forget commands that ended before an instant."""
        self._commands = {
            name: each for name, each in self._commands.items() if each.finished_at is None or each.finished_at > before
        }

    def finish(self) -> None:
        """Look once more at what is still open."""
        for command in self._open.values():
            if self._world.now > command.deadline + MINUTE:
                self._violate("I2", f"{command.id} is still {command.state}")

    def _follow(self, command: Command) -> None:
        known = self._commands.get(command.id)
        if known is not None and known.state.terminal and command.state is not known.state:
            self._violate("I2", f"{command.id} left {known.state} for {command.state}")
        if command.state.terminal:
            self._open.pop(command.id, None)
            if command.finished_at is not None and command.finished_at > command.deadline + MINUTE:
                self._violate("I2", f"{command.id} ended {command.finished_at - command.deadline} after its deadline")
        else:
            self._open[command.id] = command
        confirmed = command.state is CommandState.CONFIRMED and (known is None or not known.state.terminal)
        if confirmed and self._by_revision(command.node):
            applied = self._had_applied(command.node)
            if applied < command.revision:
                self._violate("I3", f"{command.id} is confirmed, {command.node} has {applied}")
            if applied < self._applied[command.node] and command.node not in self.left_out:
                self._violate("I5", f"{command.node} went from {self._applied[command.node]} back to {applied}")
            self._applied[command.node] = max(applied, self._applied[command.node])
        self._commands[command.id] = command

    def _had_applied(self, node: str) -> int:
        """Give what a node has applied, by its own truth; started anew since it was heard, what it had then."""
        firmware = self._world.street.stations[node].firmware
        boot = self._boots.get(node, firmware.boot_id)
        if boot == firmware.boot_id:
            return firmware.applied_revision
        return self._world.spoke_of.get((node, boot), firmware.applied_revision)

    def _by_revision(self, node: str) -> bool:
        return PROFILES[self._world.fleet.nodes[node].profile].confirmation == "revision"

    def _judge_silence(self, node: str) -> None:
        profile = PROFILES[self._world.fleet.nodes[node].profile]
        lease = 2.5 * max(self._world.heartbeat_s, profile.heartbeat_s)
        silence = self._world.now - self._last_heard[node]
        if silence > dt.timedelta(seconds=lease) + SLACK:
            self._violate("I16", f"{node} was silent for {silence}")

    # -- the lamps themselves --------------------------------------------------------------------------------------

    def _look_later(self, mean_s: float) -> None:
        self._world.heap.after(self._world.rng.expovariate(1 / mean_s), lambda: self._look(mean_s))

    def _look(self, mean_s: float) -> None:
        now = self._world.now
        held = [each for each in self._world.overrides if each.start <= now + AHEAD and each.until > now - SETTLING]
        for point in self._world.town.points:
            if not point.rated_power_w or point.node in self.left_out:
                continue
            lamp = self._world.street.stations[point.node].firmware.lamp(point.channel)
            shown = round(lamp.level(now))
            due = [self._plan.level_at(point, held, at)[0] for at in (now - SETTLING, now, now + AHEAD)]
            if point.profile == "cabinet":
                due = [100 if level else 0 for level in due]
            self.looks += 1
            if not min(due) - 1 <= shown <= max(due) + 1:
                self._violate("I1", f"{point.id} shows {shown} %, and {sorted(set(due))} is due")
        self._look_later(mean_s)

    def _violate(self, rule: str, what: str) -> None:
        self.violations.append(f"{rule} at {self._world.now:%d.%m. %H:%M:%S}: {what}")
