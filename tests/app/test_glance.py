"""The city at a glance: a slice of its lamps a step, and what is counted so is what counting all at once gives."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from lightctl.app import glance, reading
from lightctl.app.asking import Guard, Target
from lightctl.app.desk import Desk
from lightctl.app.glance import SLICE
from lightctl.app.steps import advance, finish
from lightctl.domain.assets import Fleet, LifeCycle, LightPoint
from lightctl.domain.states import ChannelReport, CommandState, ReportedState
from lightctl.store.base import AuditDraft, Recorded
from tests.support.desk import NOW, TECHNICIAN, VIEWER, Office
from tests.support.stores import command, point

AUDIT = AuditDraft(NOW, "olga", "cli", "inventory import", "city")
LAMPS = 2 * SLICE + 1


def enlarge(office: Office, points: list[LightPoint]) -> None:
    """Add light points to the inventory, past all that an import would say of them."""
    office.store.put_points(points, AUDIT)
    office.operations.know(Fleet.of(office.store.points(), office.settings.site.time_zone))


def said(node: str, level: int, revision: int = 4, channels: int = 1) -> Recorded:
    """What is recorded of a node that confirmed its command and reports a level on each channel."""
    done = replace(command(node, revision, CommandState.CONFIRMED), created_at=NOW)
    channel = ChannelReport(level=level, commanded=level)
    report = ReportedState(node, NOW, dict.fromkeys(range(channels), channel), "b", 1, NOW, revision)
    return Recorded(commands=(done,), reported=(report,), seen=((node, NOW),))


def test_each_step_reads_what_a_slice_of_lamps_was_asked_and_said_and_others_come_in_between(office, monkeypatch):
    enlarge(office, [point(f"X{number}", node=f"x-{number}") for number in range(LAMPS - 3)])
    read: list[int] = []

    def counted(desk: Desk, street: reading.Street, nodes: set[str]) -> reading.Street:
        read.append(len(nodes))
        return reading_of_nodes(desk, street, nodes)

    reading_of_nodes = reading.of_nodes
    monkeypatch.setattr(reading, "of_nodes", counted)
    steps = office.operations.status(VIEWER)
    done = [0]
    while (result := advance(steps)) is None:
        done.append(sum(read))
        if len(done) == 2:
            office.store.commit(said(f"x-{LAMPS - 4}", 100))
    assert max(after - before for before, after in pairwise(done)) == SLICE
    assert read == [SLICE, SLICE, 1]
    assert (result.value.in_use, result.value.lit, result.value.unknown) == (LAMPS, 1, LAMPS - 1)


@pytest.mark.parametrize("size", [1, 2, 3])
def test_slices_of_any_size_count_the_same(office, monkeypatch, size):
    segments = [point(f"K{number}", node="k-1", channel=number) for number in range(3)]
    others = [point("BARE", node=""), point("OLD", node="n-9", state=LifeCycle.RETIRED), point("GONE", node="n-8")]
    enlarge(office, [*segments, *others])
    office.operations.set_level(TECHNICIAN, Target(id="LP2"), 40, None, Guard())
    for node, level, channels in (("n-1", 100, 1), ("n-2", 100, 1), ("k-1", 100, 3), ("n-9", 100, 1)):
        office.store.commit(said(node, level, channels=channels))
    office.store.commit(Recorded(commands=(command("n-3", 5),)))
    whole = finish(office.operations.status(VIEWER))
    assert (whole.in_use, whole.lit, whole.settled, whole.unsettled, whole.unknown) == (8, 5, 4, 1, 3)
    assert whole.open_commands == 1
    monkeypatch.setattr(glance, "SLICE", size)
    assert finish(office.operations.status(VIEWER)) == whole
