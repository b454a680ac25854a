from __future__ import annotations

import datetime as dt
from dataclasses import replace

from lightctl.domain.states import ChannelDesired, Command, CommandState, DesiredState, HeldOverride, Switch
from lightctl.domain.timescale import TimeScale

START = dt.datetime(2026, 1, 5, 16, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
SWITCHES = (Switch(START, 100), Switch(START + 4 * HOUR, 50), Switch(START + 12 * HOUR, 0))


def test_a_switch_holds_from_its_instant_until_the_next():
    channel = ChannelDesired(SWITCHES)
    assert channel.level_at(START - dt.timedelta(seconds=1)) is None
    assert [channel.level_at(START + hours * HOUR) for hours in (0, 3, 4, 11, 12, 99)] == [100, 100, 50, 50, 0, 0]


def test_an_override_on_a_node_ends_by_itself():
    held = ChannelDesired(SWITCHES, HeldOverride("o", 30, START + 5 * HOUR))
    assert held.level_at(START + 4 * HOUR) == 30
    assert held.level_at(START + 5 * HOUR) == 50
    assert held.next_change(START) == START + 5 * HOUR
    assert held.next_change(START + 5 * HOUR) == START + 12 * HOUR
    assert held.next_change(START + 12 * HOUR) is None


def test_light_is_to_come_with_the_first_switch_that_has_some_or_when_an_override_that_has_none_ends():
    after = [START + hours * HOUR for hours in (-1, 0, 5, 12)]
    assert [ChannelDesired(SWITCHES).lit_from(at) for at in after] == [START, START, START + 5 * HOUR, None]
    dark = ChannelDesired(SWITCHES, HeldOverride("o", 0, START + 2 * HOUR))
    lit = ChannelDesired(SWITCHES, HeldOverride("o", 30, START + 14 * HOUR))
    assert dark.lit_from(START) == START + 2 * HOUR
    assert [lit.lit_from(START + hours * HOUR) for hours in (13, 14)] == [START + 13 * HOUR, None]


def test_a_document_loses_what_has_ended_and_is_itself_where_nothing_has():
    held = ChannelDesired(SWITCHES, HeldOverride("o", 30, START + HOUR))
    longer = ChannelDesired(SWITCHES, HeldOverride("p", 30, START + 2 * HOUR))
    desired = DesiredState("n1", 7, START, START + 24 * HOUR, {0: held, 1: longer, 2: ChannelDesired(SWITCHES)})
    assert desired.without_ended(START) is desired
    later = desired.without_ended(START + HOUR)
    assert later == replace(desired, channels={**desired.channels, 0: ChannelDesired(SWITCHES)})
    assert later.without_ended(START + HOUR) is later


def test_the_cause_of_a_switch_is_for_people_and_does_not_make_it_another_switch():
    assert Switch(START, 50, 0, "step 22:00") == Switch(START, 50, 0, "window opens")
    assert Switch(START, 50, 0) != Switch(START, 50, 30)


def test_only_the_last_four_states_of_a_command_are_final():
    assert [state for state in CommandState if not state.terminal] == [CommandState.QUEUED, CommandState.SENT]


def test_a_command_is_named_by_its_node_and_revision():
    assert Command("n1", 7, CommandState.QUEUED, "schedule", START, START + HOUR).id == "n1/7"


def test_an_accelerated_clock_maps_machine_time_both_ways():
    scale = TimeScale(START, machine_epoch=1000.0, speed=600.0)
    assert scale.instant(1000.0) == START
    assert scale.instant(1006.0) == START + HOUR
    assert scale.machine_seconds(3600) == 6.0
