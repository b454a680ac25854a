"""What a node can hold and what the plan loses on it, as people see it; and the chain of a change over the store."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from lightctl.app.asking import Guard
from lightctl.app.views import NodeDetail
from lightctl.domain.assets import Capabilities, Dates
from lightctl.domain.errors import UnknownTarget
from lightctl.domain.events import NodeAnnounced
from lightctl.store.base import Recorded
from tests.support.desk import NOW, OPERATOR, VIEWER, Office

ABLE = Capabilities(nights=7, slots=96, ramp=True, persists=True)
POOR = """id,lat,lon,node,channel,profile,link,address
C1,51.4344,6.7623,k-1,0,cabinet,line,3
C2,51.4344,6.7623,k-1,1,cabinet,line,3
"""


def office() -> Office:
    made = Office()
    made.furnish()
    return made


def shown(made: Office, capabilities: Capabilities | None = None, node: str = "n-1") -> NodeDetail:
    if capabilities is not None:
        hello = NodeAnnounced(node, "b1", capabilities, 0, NOW, NOW, "Lux 3", "1.2")
        made.store.commit(Recorded(announced=(hello,)))
    return made.operations.node_show(VIEWER, node)


def test_a_node_that_can_do_what_is_planned_loses_nothing():
    found = shown(office(), ABLE)
    assert (found.capabilities, found.losses, found.refused) == (ABLE, (), "")
    assert found.id == "n-1"


@pytest.mark.parametrize(
    ("lacking", "kinds"),
    [
        ({"levels": (0, 100)}, {"levels": 7}),
        ({"min_level": 60}, {"min_level": 7}),
        ({"nights": 2}, {"nights": 5}),
        ({"persists": False}, {"persists": 7}),
        ({"dates": Dates.DAILY}, {"dates": 6}),
        ({"dates": Dates.DAILY, "sun": True}, {}),
        ({"levels": (0, 100), "dates": Dates.DAILY}, {"levels": 7, "dates": 6}),
    ],
)
def test_what_an_announced_node_lacks_is_shown_by_name_and_count(lacking, kinds):
    found = shown(office(), replace(ABLE, **lacking))
    assert {loss.kind: loss.count for loss in found.losses} == kinds
    assert all(loss.detail for loss in found.losses)


def test_the_losses_of_all_channels_of_a_node_are_counted_together():
    made = office()
    made.operations.inventory_import(
        OPERATOR, POOR, format="csv", name="p.csv", mapping=None, skip_bad_rows=False, guard=Guard()
    )
    found = shown(made, node="k-1")
    assert {loss.kind: loss.count for loss in found.losses} == {"nights": 14, "levels": 14}
    assert found.carries_nights is False


def test_a_plan_a_node_cannot_hold_at_all_is_said_instead_of_losses():
    found = shown(office(), replace(ABLE, slots=2))
    assert "holds 2 switches" in found.refused
    assert found.losses == ()


def test_a_node_nobody_knows_is_an_unknown_target():
    with pytest.raises(UnknownTarget, match="no node 'n-9'"):
        office().operations.node_show(VIEWER, "n-9")


def test_more_nights_asked_for_are_more_nights_lost_where_the_node_has_no_room():
    made = office()
    delivery = made.settings.delivery.model_copy(update={"nights": 14})
    made = Office(settings=made.settings.model_copy(update={"delivery": delivery}))
    made.furnish()
    assert [(loss.kind, loss.count) for loss in shown(made, ABLE).losses] == [("nights", 7)]


def test_the_losses_are_those_of_the_coming_nights_not_of_tonight_alone():
    made = office()
    special = dt.date(2026, 12, 8)
    files = {
        "city.yaml": f"""
version: 1
programs:
  street: {{steps: [{{at: "22:00", level: 50}}]}}
  fair: {{steps: [{{at: "23:00", level: 70}}]}}
calendars:
  street: {{rules: [{{dates: "{special}", program: fair}}], default: street}}
assignments:
  - {{select: "*", calendar: street}}
protections:
  - {{select: kind=crossing, min_level: 80, reason: zebra crossings stay lit}}
"""
    }
    made.operations.schedule_apply(OPERATOR, files, Guard())
    (loss,) = shown(made, replace(ABLE, dates=Dates.DAILY, sun=True)).losses
    assert loss.kind == "dates"
