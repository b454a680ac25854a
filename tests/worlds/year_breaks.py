"""Ways to break what years must find: planning (plan_breaks), and the firmware of the nodes themselves."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from dataclasses import replace

from lightctl.domain.states import DesiredState
from lightctl.planning import calendars, resolve, sun
from simulators.firmware import Firmware
from simulators.lamp import Lamp
from simulators.node import NEVER, Memory
from tests.support.plan_breaks import BREAKS as PLAN_BREAKS
from tests.support.plan_breaks import Patch

HALF = 50


def _leap_day_skipped() -> list[Patch]:
    own = calendars.choose

    def choose(calendar, date):
        return own(calendar, date + dt.timedelta(days=1) if (date.month, date.day) == (2, 29) else date)

    return [(resolve, "choose", choose)]


def _sun_two_minutes_late() -> list[Patch]:
    own = sun.sky_of

    def sky_of(date, time_zone):
        sky = own(date, time_zone)
        return replace(sky, hour_angle=replace(sky.hour_angle, a=sky.hour_angle.a - math.tau * 120 / 86400))

    return [(sun, "sky_of", sky_of)]


def _nights_forgotten_on_reboot() -> list[Patch]:
    own = Firmware.boot

    def boot(self, memory, now, **more):
        return own(self, memory and Memory(memory.boots, None, memory.energy_wh, memory.lit_h), now, **more)

    return [(Firmware, "boot", boot)]


def _valid_until_ignored() -> list[Patch]:
    own = Firmware.receive

    def receive(self, desired: DesiredState, now):
        return own(self, replace(desired, valid_until=NEVER), now)

    return [(Firmware, "receive", receive)]


def _override_never_ends() -> list[Patch]:
    own = Firmware.receive

    def receive(self, desired: DesiredState, now):
        channels = {
            number: replace(each, override=each.override and replace(each.override, until=NEVER))
            for number, each in desired.channels.items()
        }
        return own(self, replace(desired, channels=channels), now)

    return [(Firmware, "receive", receive)]


def _dimmer_stops_at_half() -> list[Patch]:
    own = Lamp.drive

    def drive(self, level, ramp_s, now):
        own(self, max(level, HALF) if level else level, ramp_s, now)

    return [(Lamp, "drive", drive)]


OWN: dict[str, Callable[[], list[Patch]]] = {
    function.__name__.removeprefix("_").replace("_", "-"): function
    for function in (
        _leap_day_skipped,
        _sun_two_minutes_late,
        _nights_forgotten_on_reboot,
        _valid_until_ignored,
        _override_never_ends,
        _dimmer_stops_at_half,
    )
}
BREAKS = {**PLAN_BREAKS, **OWN}
