"""Timekeeping: watches the machine's clock, asks nodes when it was set, and says what is doubtful about it.

What was judged is kept in the store's folder (`clock.json`), as the next run must know what time it was.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import msgspec
import structlog

from lightctl.app.clock import Alarm, steady_s
from lightctl.app.live import Live
from lightctl.app.running.wiring import time_scale_of
from lightctl.control.own_time import Kept, OwnTime
from lightctl.domain.events import ClockJudged
from lightctl.domain.states import Fault, FaultEvent
from lightctl.files.settings import Settings

log = structlog.get_logger("lightctl.clock")
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
FILE, TOPIC = "clock.json", "clock"
LOOK_EVERY_S, ASK_EVERY_S, KEEP_EVERY_S = 1.0, 30.0, 3600.0  # of the machine
STEPPED_S = 1.0
MOST_WITNESSES = 1000


def own_time_of(settings: Settings) -> OwnTime:
    """Begin to live by this machine's clock, with what the run before kept of the time."""
    delivery, machine_seconds = settings.delivery, time_scale_of(settings).machine_seconds
    limit_s = machine_seconds(delivery.clock_untrusted_s)
    own = OwnTime(time.time(), steady_s(), limit_s, machine_seconds(delivery.lease_factor * delivery.heartbeat_s))
    try:
        kept = msgspec.json.decode((Path(settings.store.directory) / FILE).read_bytes(), type=Kept)
    except FileNotFoundError:
        return own
    except (OSError, msgspec.MsgspecError) as error:
        log.warning(
            "what the last run knew of the time cannot be read; it is as if there had been none", why=str(error)
        )
        return own
    own.take_up(kept, _boot(), time.time(), steady_s())
    return own


class Timekeeper:
    """Looks at the clock for ever; belongs to the event loop."""

    def __init__(
        self,
        own: OwnTime,
        directory: Path,
        live: Live,
        alarm: Alarm,
        ask: Callable[[int], Iterable[float]],
        tell: Callable[[ClockJudged], None],
    ) -> None:
        """Judge `own`; ask: how far some nodes' clocks are ahead of ours (machine s). tell: hears each verdict."""
        self._own, self._path = own, directory / FILE
        self._live, self._alarm, self._ask, self._tell = live, alarm, ask, tell
        self._fault: Fault | None = None
        self._kept: Kept | None = None

    def take_up(self, open_faults: Iterable[Fault]) -> None:
        """Know the fault that an earlier run left open."""
        for fault in open_faults:
            if fault.event is FaultEvent.CLOCK_UNTRUSTED and fault.subject == TOPIC:
                self._fault = fault

    def sure(self) -> bool:
        """Say whether the time is sure enough to delete by it what is old."""
        return self._own.sure(time.time(), steady_s())

    async def run(self) -> None:
        """Look each second; nodes are asked now and then, and each time while it is open what time it is."""
        asked_s, apart_s = 0.0, time.time() - steady_s()
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            wall_s, now_s = time.time(), steady_s()
            if abs(wall_s - now_s - apart_s) > STEPPED_S:
                log.warning("the machine's clock was set", by_s=round(wall_s - now_s - apart_s, 3))
                apart_s = wall_s - now_s
                self._alarm.set_anew()
                asked_s = 0.0
            if now_s - asked_s >= ASK_EVERY_S or self._own.open_question(wall_s, now_s):
                asked_s = now_s
                self.look(wall_s, now_s)

    def look(self, wall_s: float, now_s: float) -> None:
        """Judge once, and keep and tell what is new."""
        moved = self._own.look(tuple(self._ask(MOST_WITNESSES)), wall_s, now_s)
        fault = self._verdict()
        if fault is not None or moved:
            log.warning("time", doubt=self._own.doubt, moved=moved)
            self._tell(ClockJudged(fault, moved))
            if moved:
                self._alarm.set_anew()
        self._keep(self._own.keep(_boot(), wall_s, now_s))

    def _verdict(self) -> Fault | None:
        """Give the fault that opened or ended, if one did."""
        doubt, open_one = self._own.doubt, self._fault
        self._live.note(TOPIC, doubt)
        if bool(doubt) == (open_one is not None):
            return None
        now = self._live.clock_now()
        if open_one is not None:
            self._fault = None
            return replace(open_one, cleared_at=now)
        self._fault = Fault(FaultEvent.CLOCK_UNTRUSTED, "site", TOPIC, now, doubt, "critical")
        return self._fault

    def _keep(self, kept: Kept) -> None:
        known = self._kept
        if known is not None and kept.at_s - known.at_s < KEEP_EVERY_S and replace(kept, at_s=known.at_s) == known:
            return
        draft = self._path.with_suffix(".new")
        try:
            draft.write_bytes(msgspec.json.encode(kept))
            draft.replace(self._path)
        except OSError as error:
            log.warning("what is known of the time cannot be kept", why=str(error))
        self._kept = kept


def _boot() -> str:
    """Name this start of the machine, "" where the system does not say."""
    try:
        return BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""
