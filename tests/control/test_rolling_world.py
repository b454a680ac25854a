"""Stories of a street on which schedules are rolled out while the network, the nodes and the daemon fail.

To see one again: `RollingWorld(SEED).tell()` in a shell; `told` names what happened, `violations` what it broke.
"""

import pytest

from lightctl.control.controller import Controller
from lightctl.domain import events as ev
from tests.support.rolling_world import RollingWorld

SEEDS = range(16)
FEW = range(12)


@pytest.mark.parametrize("seed", SEEDS)
def test_lamps_follow_the_plan_their_roll_out_gave_them_whatever_happens(seed):
    world = RollingWorld(seed)
    assert not world.tell(), f"seed {seed}: {world.violations}; what happened: {world.told}"


class Deaf(Controller):
    """Hears of a roll-out once and of nothing that people say of it later."""

    def step(self, events, now):
        heard = [event for event in events if not isinstance(event, ev.RolloutChanged) or event.rollout.edition == 1]
        return super().step(heard, now)


class Forgetful(Controller):
    """Starts without the roll-out that was under way."""

    def step(self, events, now):
        events = list(events)
        if any(isinstance(event, ev.NodeRestored) for event in events):
            events = [event for event in events if not isinstance(event, ev.RolloutChanged)]
        return super().step(events, now)


@pytest.mark.parametrize("broken", [Deaf, Forgetful])
def test_a_world_sees_a_controller_that_forgets_its_roll_out(broken):
    assert any(RollingWorld(seed, broken).tell() for seed in FEW)
