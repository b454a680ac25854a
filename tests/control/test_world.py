"""Whole stories of a street with a bad network, seed by seed: whatever happens, the lamps' own truth stays as promised.

To see one again: `World(SEED).tell()` in a shell; `told` of the world names what happened, `violations` what it broke.
"""

from dataclasses import replace

import pytest

from lightctl.control.collected import Collected
from lightctl.control.controller import Controller
from lightctl.domain import events as ev
from lightctl.domain.states import CommandState, DesiredState
from simulators.firmware import Firmware
from tests.support.world import USUAL, World

SEEDS = (*range(60), 306, 759)  # the last: a dimmer that came back in the middle of a long pause between attempts
FEW = range(12)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_promise_holds_whatever_happens_to_network_nodes_and_daemon(seed):
    world = World(seed)
    assert not world.tell(), f"seed {seed}: {world.violations}; what happened: {world.told}"


def test_a_seed_tells_the_same_story_again():
    first, second = World(3), World(3)
    first.tell()
    second.tell()
    assert first.told == second.told
    assert first.published == second.published


RESTORED = ("backup restored", "cut off", "cut off", "crash")


@pytest.mark.parametrize("seed", FEW)
def test_a_restored_backup_makes_no_revision_mean_two_things(seed):
    world = World(seed, words=RESTORED)
    assert not world.tell(), f"seed {seed}: {world.violations}; what happened: {world.told}"


def test_without_a_floor_under_new_revisions_a_world_sees_one_used_again_after_a_restored_backup():
    stories = (World(seed, words=RESTORED, floor=lambda _: 0).tell() for seed in FEW)
    assert any(violation.startswith("I5") for violations in stories for violation in violations)


class Gullible(Controller):
    """Takes a message that was sent for a lamp that followed."""

    def step(self, events, now):
        events = list(events)
        effects = super().step(events, now)
        for event in events:
            if isinstance(event, ev.CommandSent):
                memory = self._knowledge.memories.get(event.node)
                if memory is not None and memory.open_command is not None:
                    self._end(memory, CommandState.CONFIRMED, now, "", out := Collected())
                    effects = replace(effects, commands=(*effects.commands, *out.commands.values()))
        return effects


class Forgetful(Firmware):
    """Applies whatever arrives last."""

    def receive(self, desired: DesiredState, now):
        if desired.revision < self.applied_revision:
            self._desired = None
        return super().receive(desired, now)


class Headstrong(Controller):
    """Holds an override to its end, even if people took it back."""

    def step(self, events, now):
        return super().step([event for event in events if not isinstance(event, ev.OverrideEnded)], now)


class Impatient(Controller):
    """Forgets what is to begin later."""

    def step(self, events, now):
        return super().step(
            [event for event in events if not (isinstance(event, ev.OverrideSet) and event.override.start > now)], now
        )


@pytest.mark.parametrize(
    ("kind", "broken", "rule"),
    [
        ("controller", Gullible, "I3"),
        ("firmware", Forgetful, "I5"),
        ("controller", Headstrong, "I7"),
        ("controller", Impatient, "I1"),
    ],
)
def test_a_world_sees_a_part_that_breaks_its_promise(kind, broken, rule):
    stories = (World(seed, words=USUAL, **{kind: broken}).tell() for seed in SEEDS)
    assert any(violation.startswith(rule) for violations in stories for violation in violations)
