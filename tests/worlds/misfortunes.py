"""What happens to a long world beside its nights: reboots, cuts, lost flash, wrong clocks, and people who dim lamps.

All of it is drawn from the seed, a night at a time, and put on the world's heap. What a lamp owes its street
meanwhile is written down for the judge: `excused`, spans in which nobody can ask anything of a node; `alone`, from when
and until when a node had nothing valid to follow any more; `overrides`, the world's own list.
"""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter, defaultdict
from collections.abc import Callable

from lightctl.domain import events as ev
from lightctl.domain.selectors import parse_selector
from lightctl.domain.states import Override, Scope
from simulators.node import NEVER
from tests.worlds.invariants import Watch
from tests.worlds.kernel import World
from tests.worlds.long_town import OFFSET_S

HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)
SETTLING = dt.timedelta(seconds=30)
DELIVERED = dt.timedelta(minutes=5)
SET_RIGHT_EVERY = 30
FEW_NIGHTS, SLOTS_A_NIGHT = 7, 8
LIKELY = {
    "reboot": 0.010,
    "dip": 0.004,
    "cut": 0.004,
    "forlorn": 0.0004,
    "mains": 0.004,
    "flash": 0.002,
    "clock": 0.001,
}
OVERRIDES_PER_NIGHT = 0.7
FOR_A_KIND = 0.5  # of what people ask for, so much is for a whole kind of places
Span = tuple[dt.datetime, dt.datetime]


class Misfortunes:
    """Draws what goes wrong in each night; `counts` says how often what did."""

    def __init__(self, world: World, watch: Watch, seed: int, often: float = 1.0) -> None:
        self.counts: Counter[str] = Counter()
        self.excused: dict[str, list[Span]] = defaultdict(list)
        self.alone: dict[str, list[Span]] = defaultdict(list)
        self.violations: list[str] = []
        self._world = world
        self._watch = watch
        self._rng = random.Random(f"{seed}/misfortunes")
        self._often = often
        self._busy: dict[str, dt.datetime] = {}
        self._nights = 0
        self._nodes = [stood.setup for stood in world.town.nodes]
        self._drifting = [stood.setup.id for stood in world.town.nodes if stood.clock != (0.0, 0.0)]

    def tonight(self, start: dt.datetime) -> None:
        """Draw a night that begins at an instant."""
        self._nights += 1
        if self._nights % SET_RIGHT_EVERY == 0:
            self._world.heap.at(start + HOUR, self._set_clocks_right)
        for kind, likely in LIKELY.items():
            for _ in range(self._times(likely * len(self._nodes))):
                self._happen(kind, start)
        for _ in range(self._times(OVERRIDES_PER_NIGHT)):
            self._dim(start)

    def forget(self, before: dt.datetime) -> None:
        """Forget what was over before an instant."""
        for spans in (self.excused, self.alone):
            for node in list(spans):
                spans[node] = [each for each in spans[node] if each[1] >= before]
                if not spans[node]:
                    del spans[node]
        self._world.overrides[:] = [each for each in self._world.overrides if each.until >= before]

    def _times(self, mean: float) -> int:
        """Draw how often something happens that happens so often on average."""
        mean *= self._often
        return int(mean) + (self._rng.random() < mean % 1)

    def _happen(self, kind: str, start: dt.datetime) -> None:
        setup = self._rng.choice(self._nodes)
        able = setup.capabilities.carries_nights
        at = start + self._rng.uniform(2.0, 20.0) * HOUR
        if self._busy.get(setup.id, start) > start or (kind in ("dip", "cut", "forlorn", "clock") and not able):
            return
        begin: dict[str, Callable[[str, dt.datetime], dt.datetime]] = {
            "reboot": self._reboot, "dip": self._dip, "cut": self._cut, "forlorn": self._forlorn,
            "mains": self._mains, "flash": self._flash, "clock": self._clock,
        }  # fmt: skip
        self._busy[setup.id] = begin[kind](setup.id, at) + DAY
        self.counts[kind] += 1

    def _reboot(self, node: str, at: dt.datetime) -> dt.datetime:
        self._at(at, lambda: self._boot(node))
        return at

    def _dip(self, node: str, at: dt.datetime) -> dt.datetime:
        """A node starts anew while nobody can tell it anything."""
        until = self._cut(node, at)
        self._at(at + self._rng.uniform(0.1, 0.9) * (until - at), lambda: self._boot(node))
        return until

    def _cut(self, node: str, at: dt.datetime) -> dt.datetime:
        until = at + self._rng.uniform(0.5, 60.0 if self._nights_of(node) >= FEW_NIGHTS else 8.0) * HOUR
        self._wire(node, at, until)
        return until

    def _forlorn(self, node: str, at: dt.datetime) -> dt.datetime:
        """Nobody reaches a node until its nights are over, and for some nights more."""
        until = at + (self._nights_of(node) + self._rng.uniform(1.0, 3.0)) * DAY
        self._wire(node, at, until)

        def note() -> None:
            document = self._world.street.stations[node].firmware.document
            if document is None or document.valid_until < at + (min(self._nights_of(node), 4) - 2) * DAY:
                self.violations.append(f"I15 at {at}: {node} holds nights until {document and document.valid_until}")
            self.alone[node].append((document.valid_until if document else at, until))
            self.excused[node].append((until, until + SETTLING))

        self._at(at + DELIVERED, note)
        return until

    def _mains(self, node: str, at: dt.datetime) -> dt.datetime:
        until = at + self._rng.uniform(1.0, 200.0) * HOUR / 60
        street = self._world.street
        self._at(at, lambda: street.carry_out(node, street.stations[node].firmware.lose_supply(self._world.now)))
        self._at(until, lambda: street.boot(node, self._world.now))
        remembers = street.stations[node].firmware.setup.capabilities.persists
        self.excused[node].append((at, until + (dt.timedelta() if remembers else SETTLING)))
        return until

    def _flash(self, node: str, at: dt.datetime) -> dt.datetime:
        self._at(at, lambda: self._world.street.boot(node, self._world.now, flash_lost=True))
        self.excused[node].append((at, at + SETTLING))
        return at

    def _clock(self, node: str, at: dt.datetime) -> dt.datetime:
        error, until = self._rng.uniform(-240.0, 240.0), at + self._rng.uniform(1.0, 10.0) * HOUR
        self._at(at, lambda: self._err(node, error))
        self._at(until, lambda: self._err(node, 0.0))
        off = dt.timedelta(seconds=abs(error))
        self.excused[node].append((at - off, until + off))
        return until

    def _dim(self, start: dt.datetime) -> None:
        """Let a person set a level for a while: one lamp's, whose wire may be cut meanwhile, or a whole kind's."""
        at = (start + self._rng.uniform(4.0, 14.0) * HOUR).replace(microsecond=0)
        until = at + self._rng.randrange(20, 240) * HOUR / 60
        setup = self._rng.choice(self._nodes)
        if any(each.until > at for each in self._world.overrides) or self._busy.get(setup.id, start) > start:
            return
        if self._rng.random() < FOR_A_KIND:
            select, scope = f"kind={self._rng.choice(('street', 'crossing', 'square'))}", Scope.GROUP
        else:
            select, scope = f"node={setup.id}", Scope.LIGHT_POINT
            self._busy[setup.id] = until + DAY
            if setup.capabilities.carries_nights:
                self._wire(setup.id, at + DELIVERED, until + HOUR)
        self.counts["override"] += 1
        level = self._rng.choice((0, 15, 35, 60, 100))
        override = Override(f"o{self.counts['override']}", scope, parse_selector(select), level, at, until)

        def ask() -> None:
            self._world.store.add_overrides([override], override.id, self._world.audit("dim"))
            self._world.daemon.tell(ev.OverrideSet(override))
            for each in self._nodes:  # who is cut off hears of it when it is back, if then
                if not self._world.street.reachable(each.id):
                    self.excused[each.id].append((at, until + SETTLING))

        self._world.overrides.append(override)
        self._at(at, ask)

    # -- the street ---------------------------------------------------------------------------------------------------

    def _at(self, instant: dt.datetime, work: Callable[[], None]) -> None:
        self._world.heap.at(instant, work)

    def _nights_of(self, node: str) -> int:
        """Give how many nights a node surely carries, busy ones too."""
        capabilities = self._world.street.stations[node].firmware.setup.capabilities
        return min(capabilities.nights, capabilities.slots // SLOTS_A_NIGHT)

    def _boot(self, node: str) -> None:
        station = self._world.street.stations[node]
        if not station.firmware.setup.capabilities.persists:
            self.excused[node].append((self._world.now, self._world.now + SETTLING))
        self._world.street.boot(node, self._world.now)

    def _wire(self, node: str, at: dt.datetime, until: dt.datetime) -> None:
        self._at(at, lambda: self._world.street.cut(node, "misfortune", on=True))

        def mend() -> None:
            lost = self._watch.lost
            lease = 2.5 * self._world.heartbeat_s + 90.0
            if (until - at).total_seconds() > lease + self._world.heartbeat_s and node not in lost:
                self.violations.append(f"I16 at {until}: {node} was cut off since {at}, and nobody says so")
            self._world.street.cut(node, "misfortune", on=False)

        self._at(until, mend)

    def _err(self, node: str, seconds: float) -> None:
        street = self._world.street
        street.carry_out(node, street.stations[node].firmware.set_clock_error(seconds, self._world.now))

    def _set_clocks_right(self) -> None:
        """Set the clocks that drift nearly right, as the network does that a node is on."""
        street, now = self._world.street, self._world.now
        for node in self._drifting:
            firmware = street.stations[node].firmware
            if firmware.powered and firmware.next_due() < NEVER:
                shown = now + dt.timedelta(seconds=self._rng.uniform(-OFFSET_S, OFFSET_S))
                street.carry_out(node, firmware.set_time(shown, now))
