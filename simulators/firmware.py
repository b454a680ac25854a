"""A node's firmware, sans-io: what `docs/contracts` section 4 asks of a node, stepped by instants and messages.

Comes in: `boot`, `advance(now)` whenever `next_due()` has come, a `DesiredState`, a `NodeAction`, and what the street
does to it (supply, local switch, clock). Goes out: a list of outputs, in the order in which they must be carried out;
a `Persist` stands before the report it makes true. Rules that hold:
- a desired state is applied only if its revision is greater than the applied one;
- what is in force is a function of memory, own clock and photocell alone (duty), so the network is never needed;
- an override ends by itself, and ended it stays;
- a lamp that blinks is due what it would be due anyway, and reports that;
- without anything valid to follow the lamp is fully lit while the sun is down (reason `fallback`).
`advance` handles each thing due at its own instant, however late it is called.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import replace
from zlib import crc32

from lightctl.domain.events import NodeAnnounced
from lightctl.domain.states import ActionKind, ChannelDesired, DesiredState, NodeAction, ReportedState, Switch
from simulators.actions import DONE, Answers, named_channels
from simulators.blink import Blinks
from simulators.duty import Due, Duty
from simulators.lamp import Lamp
from simulators.node import NEVER, Channel, LampChanged, Memory, NodeSetup, Output, Persist, Restart, Say
from simulators.node_clock import NodeClock
from simulators.table import held

LONG_AGO = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class Firmware:
    """One node with its lamps. All instants given are true time; what it does it does by its own clock."""

    def __init__(self, setup: NodeSetup, now: dt.datetime, clock: NodeClock | None = None) -> None:
        self.setup = setup
        self.powered = False
        self.rejected = 0
        self.boot_id = ""
        self._salt = crc32(setup.id.encode()) << 32
        self._clock = clock or NodeClock(now)
        self._duty = Duty(setup)
        self._channels = {number: Channel(Lamp(kind, now)) for number, kind in sorted(setup.outputs.items())}
        self._boots = 0
        self._seq = 0
        self._answers = Answers()
        self._blinks = Blinks(self._clock, self._channels, setup.capabilities.min_level)
        self._change_at = NEVER
        self._ramp_end = NEVER
        self._heartbeat_at = NEVER

    @property
    def document(self) -> DesiredState | None:
        """The document in force; None when there is none."""
        return self._duty.desired

    @property
    def applied_revision(self) -> int:
        """The revision in force; 0 when there is none."""
        desired = self._duty.desired
        return 0 if desired is None else desired.revision

    def lamp(self, channel: int) -> Lamp:
        """Give the lamp on a channel, to read it. To change it use `trouble`."""
        return self._channels[channel].lamp

    def contact(self, channel: int) -> bool | None:
        """Say where the contact of a channel's relay is stuck, closed (True) or open; None if it follows."""
        return self._channels[channel].relay

    def supply_v(self, channel: int) -> float:
        """Give what the mains of a channel has (V), if it is there."""
        return self._channels[channel].supply_v

    def shows(self, now: dt.datetime) -> dt.datetime:
        """Give what the node's clock shows."""
        return self._clock.shows(now)

    def next_due(self) -> dt.datetime:
        """Give the true instant at which `advance` has something to do."""
        return min(self._change_at, self._ramp_end, self._heartbeat_at, self._blinks.due)

    def boot(self, memory: Memory | None, now: dt.datetime, *, first_heartbeat_s: float | None = None) -> list[Output]:
        """Start, or start again, from what the flash holds (None: it is empty)."""
        memory = memory or Memory()
        fresh = self._boots == 0
        self.powered = True
        self._boots = memory.boots + 1
        self.boot_id = f"{self._boots}-{int(now.timestamp())}"
        self._seq = 0
        self._answers = Answers()
        self._blinks.stop(now)
        self._duty.hold(memory.desired if self.setup.capabilities.persists else None)
        for number, channel in self._channels.items():
            if fresh:
                counters = (memory.energy_wh.get(number, 0.0), memory.lit_h.get(number, 0.0))
                channel.lamp = Lamp(channel.lamp.kind, now, energy_wh=counters[0], lit_h=counters[1])
            channel.lamp.supply(on=channel.live, now=now)
        wait = self.setup.heartbeat_s if first_heartbeat_s is None else first_heartbeat_s
        self._heartbeat_at = now + dt.timedelta(seconds=wait)
        changes = self._decide(now, every=True)
        return [Persist(self.memory(now)), *changes, Say.HELLO, Say.REPORT]

    def advance(self, now: dt.datetime) -> list[Output]:
        """Do everything that has come due, each at its own instant."""
        outputs: list[Output] = []
        while (due := self.next_due()) <= now:
            if due >= self._change_at:
                outputs += self._decide(due)
            if due >= self._ramp_end:
                outputs += [
                    self._truth(number, due) for number, it in self._channels.items() if it.lamp.ramp_end == due
                ]
                outputs.append(Say.REPORT)
                self._ramp_end = self._next_ramp_end(due)
            if due >= self._heartbeat_at:
                self._heartbeat_at = due + dt.timedelta(seconds=self.setup.heartbeat_s)
                outputs.append(Say.REPORT)
            if due >= self._blinks.due:
                outputs += self._blinks.step(due)
        return outputs

    def receive(self, desired: DesiredState, now: dt.datetime) -> list[Output]:
        """Take a desired state: apply a greater revision; to any other say what it holds, and change nothing."""
        if not self.powered:
            return []
        if desired.revision <= self.applied_revision:
            return [Say.REPORT]
        kept = held(desired, self.setup.capabilities)
        if self.setup.capabilities.carries_nights and any(
            len(channel.switches) > self.setup.capabilities.slots for channel in kept.channels.values()
        ):
            self.rejected += 1
            return []
        outputs = self.advance(now)
        self._duty.hold(kept)
        changes = self._decide(now)
        persist = [Persist(self.memory(now))] if self.setup.capabilities.persists else []
        return [*outputs, *persist, *(it for it in changes if not isinstance(it, Persist)), Say.REPORT]

    def order(self, levels: Mapping[int, int], now: dt.datetime, *, ramp_s: int = 0) -> list[Output]:
        """Take levels without revision and end, as makes do that know neither; they hold until the next order.

        They have no beginning either, but for the fading: such makes know no time, and no clock set back may end them.
        """
        if not self.powered:
            return []
        outputs = self.advance(now)
        held = {} if self._duty.desired is None else dict(self._duty.desired.channels)
        for number, level in levels.items():
            held[number] = ChannelDesired((Switch(LONG_AGO, level), Switch(self.shows(now), level, ramp_s)))
        self._duty.hold(DesiredState(self.setup.id, self.applied_revision + 1, self.shows(now), NEVER, held))
        return [*outputs, *self._decide(now), Say.REPORT]

    def act(self, action: NodeAction, now: dt.datetime) -> list[Output]:
        """Do a one-shot action, answered as it starts; a repeated id is answered again and not done again."""
        if not self.powered:
            return []
        if (known := self._answers.again(action)) is not None:
            return [known]
        answer = self._answers.give(action, self.shows(now), self._channels)
        if answer.status != DONE:
            return [answer]
        match action.kind:
            case ActionKind.REBOOT:
                return [answer, Restart(now)]
            case ActionKind.REPORT:
                return [answer, Say.HELLO, Say.REPORT]
            case ActionKind.IDENTIFY:
                outputs = self.advance(now)
                return [*outputs, answer, *self._blinks.start(named_channels(action, self._channels), now)]
            case ActionKind.SET_CLOCK:
                return []  # it comes on a wire of its own, see set_time

    def lose_supply(self, now: dt.datetime) -> list[Output]:
        """Cut the mains of node and lamps; only a boot brings them back."""
        outputs = self.advance(now)
        self.powered = False
        self._change_at = self._ramp_end = self._heartbeat_at = NEVER
        self._blinks.stop(now)
        for channel in self._channels.values():
            channel.lamp.supply(on=False, now=now)
        return [*outputs, *(self._truth(number, now) for number in self._channels)]

    def trouble(
        self,
        channel: int,
        now: dt.datetime,
        *,
        failed: int | None = None,
        stuck: bool | None = None,
        tripped: bool | None = None,
    ) -> list[Output]:
        """Break or mend one lamp: so many lamps failed, the driver stuck, the breaker of its circuit."""

        def change(it: Channel) -> None:
            if failed is not None:
                it.lamp.fail(failed, now)
            if stuck is not None:
                it.lamp.hold(stuck=stuck, now=now)
            if tripped is not None:
                it.tripped = tripped

        return self.disturb(channel, change, now)

    def disturb(self, channel: int, change: Callable[[Channel], None], now: dt.datetime) -> list[Output]:
        """Let something happen to an output and its lamp; `change` carries it out, the node reports what came of it."""
        outputs = self.advance(now)
        it = self._channels[channel]
        change(it)
        it.lamp.supply(on=self.powered and it.live, now=now)
        self._ramp_end = self._next_ramp_end(now)
        return [*outputs, self._truth(channel, now), *([Say.REPORT] if self.powered else [])]

    def local_switch(self, level: int | None, now: dt.datetime) -> list[Output]:
        """Somebody turns the local switch to a level, or back to automatic (None)."""
        outputs = self.advance(now)
        self._duty.local = level
        return [*outputs, *self._decide(now)] if self.powered else outputs

    def set_clock_error(self, seconds: float, now: dt.datetime) -> list[Output]:
        """Let the node's clock be wrong by so much more (0: right again)."""
        return self._go_by(replace(self._clock, error_s=seconds), now)

    def set_time(self, shown: dt.datetime, now: dt.datetime) -> list[Output]:
        """Set the node's clock, which drifts on from there."""
        return self._go_by(self._clock.set(now, shown), now)

    def memory(self, now: dt.datetime) -> Memory:
        """Give what the flash shall hold now."""
        return Memory(
            self._boots,
            self._duty.desired if self.setup.capabilities.persists else None,
            {number: channel.lamp.energy_wh(now) for number, channel in self._channels.items()},
            {number: channel.lamp.lit_h(now) for number, channel in self._channels.items()},
        )

    def hello(self, now: dt.datetime) -> NodeAnnounced:
        """Say what the node is and holds."""
        return NodeAnnounced(
            self.setup.id,
            self.boot_id,
            self.setup.capabilities,
            self.applied_revision,
            now,
            self.shows(now),
            self.setup.model,
            self.setup.firmware,
        )

    def report(self, now: dt.datetime) -> ReportedState:
        """Say how every channel is; each call is one report and counts `seq` up."""
        self._seq += 1
        shown = self.shows(now)
        salt = self._salt + (self._boots << 48) + (self._seq << 5)
        channels = {
            number: channel.report(now, self.setup, salt + number) for number, channel in self._channels.items()
        }
        return ReportedState(
            self.setup.id, now, channels, self.boot_id, self._seq, shown, applied_revision=self.applied_revision
        )

    def truths(self, now: dt.datetime) -> list[LampChanged]:
        """Give the truth about every lamp now."""
        return [self._truth(number, now) for number in self._channels]

    def _go_by(self, clock: NodeClock, now: dt.datetime) -> list[Output]:
        outputs = self.advance(now)
        self._clock = clock
        return [*outputs, *self._decide(now), Say.REPORT] if self.powered else outputs

    def _decide(self, now: dt.datetime, *, every: bool = False) -> list[Output]:
        shown = self.shows(now)
        dropped = self._duty.drop_ended(shown) and self.setup.capabilities.persists
        outputs: list[Output] = [Persist(self.memory(now))] if dropped else []
        changed = False
        documents = {} if self._duty.desired is None else self._duty.desired.channels
        dues: dict[int, Due] = {}  # lamps that do the same share what they are to do
        for number, channel in self._channels.items():
            document = documents.get(number)
            due = dues.get(id(document))
            if due is None:
                due = dues[id(document)] = self._duty.of(document, shown)
            level, reason, ramp_s = due
            if 0 < level < self.setup.capabilities.min_level:
                level = self.setup.capabilities.min_level
            if not every and (level, reason) == (channel.commanded, channel.reason):
                continue
            changed = True
            channel.reason = reason
            if every or level != channel.commanded:
                channel.commanded = level
                channel.lamp.drive(level, ramp_s if self.setup.capabilities.ramp and not every else 0.0, now)
            outputs.append(self._truth(number, now))
        self._ramp_end = self._next_ramp_end(now)
        self._change_at = self._next_change(now, shown)
        return [*outputs, Say.REPORT] if changed else outputs

    def _next_change(self, now: dt.datetime, shown: dt.datetime) -> dt.datetime:
        """Give the true instant at which what is due may change."""
        soonest = self._duty.next_change(shown, (channel.reason for channel in self._channels.values()))
        if soonest >= NEVER:
            return NEVER
        return max(self._clock.when(soonest), now + dt.timedelta(microseconds=1))

    def _next_ramp_end(self, now: dt.datetime) -> dt.datetime:
        return min((it.lamp.ramp_end for it in self._channels.values() if it.lamp.ramp_end > now), default=NEVER)

    def _truth(self, number: int, now: dt.datetime) -> LampChanged:
        return self._channels[number].truth(number, now)
