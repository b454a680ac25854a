from __future__ import annotations

import datetime as dt

from lightctl.devices.levels import level_writes
from lightctl.devices.profile import shipped_profiles
from lightctl.devices.register_image import RegisterImage
from lightctl.domain.events import NodeReported
from lightctl.links.modbus_talk import heard
from lightctl.links.modbus_units import Unit, units_of
from tests.support.street import node

NOW = dt.datetime(2026, 11, 23, 16, 0, tzinfo=dt.UTC)
LATER = NOW + dt.timedelta(seconds=30)
LAMP = shipped_profiles()["modbus-lamp"].modbus
assert LAMP is not None


def a_lamp() -> tuple[Unit, RegisterImage]:
    units, _ = units_of({"U7": node("U7", "modbus-lamp", "line", "7")}, {"modbus-lamp": LAMP}, {}, NOW, "line")
    return units["U7"], RegisterImage(LAMP, 7)


def what_it_says(unit: Unit, image: RegisterImage, at: dt.datetime, *, verified: bool = False) -> NodeReported:
    words = {block: image.read(block) for block in unit.blocks}
    (event,) = heard(unit, words, at, verified=verified)
    assert isinstance(event, NodeReported)
    return event


def test_the_same_words_are_the_same_state_at_another_instant() -> None:
    unit, image = a_lamp()
    first, second = (what_it_says(unit, image, at).report for at in (NOW, LATER))
    assert (first.received_at, second.received_at) == (NOW, LATER)
    assert second.channels is first.channels


def test_other_words_are_read_anew_and_so_are_the_first_again() -> None:
    unit, image = a_lamp()
    dark = what_it_says(unit, image, NOW).report
    for write in level_writes(LAMP, 0, 40):
        image.apply(write)
    lit = what_it_says(unit, image, NOW).report
    assert (dark.channels[0].commanded, lit.channels[0].commanded) == (0, 40)
    assert what_it_says(unit, RegisterImage(LAMP, 7), LATER).report.channels[0].commanded == 0


def test_whether_it_is_proven_is_said_of_this_poll_and_never_remembered() -> None:
    unit, image = a_lamp()
    assert [what_it_says(unit, image, NOW, verified=it).report.verified for it in (False, True, False)] == [
        False,
        True,
        False,
    ]
