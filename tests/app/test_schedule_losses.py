"""What a plan loses on the nodes it meets is shown by model, and accepted by the operator or the plan is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lightctl.app.asking import Guard
from lightctl.app.schedules import plan as schedule_plan
from lightctl.app.schedules.scheduling import PlanRefused
from lightctl.app.schedules.views import ModelLossesView, PlanView
from lightctl.domain.assets import Capabilities, Dates
from lightctl.domain.events import NodeAnnounced
from lightctl.store.base import Recorded
from tests.support.desk import NOW, OPERATOR, SCHEDULES, Office

ABLE = Capabilities(nights=7, slots=96, ramp=True, persists=True)
RELAYS = """id,lat,lon,node,channel,profile,link,address,kind
C1,51.4344,6.7623,k-1,0,cabinet,line,3,
C2,51.4344,6.7623,k-1,1,cabinet,line,3,
"""
DIMMER = "D1,51.4344,6.7623,d-1,0,json-dimmer,mqtt,,\n"
EVENING_ONLY = {"city.yaml": SCHEDULES["city.yaml"].replace("level: 50", "level: 100")}
OTHERS = EVENING_ONLY["city.yaml"].split("protections")[1]
ONE_NIGHT = {
    "city.yaml": """
version: 1
programs:
  street: {}
  eve: {steps: [{at: "23:00", level: 40}]}
calendars:
  street: {rules: [{dates: 06-21, program: eve}], default: street}
assignments:
  - {select: "*", calendar: street}
protections"""
    + OTHERS
}


def office(inventory: str = "") -> Office:
    made = Office()
    made.furnish()
    if inventory:
        made.operations.inventory_import(
            OPERATOR, inventory, format="csv", name="more.csv", mapping=None, skip_bad_rows=False, guard=Guard()
        )
    return made


def planned(made: Office, files: dict[str, str] = SCHEDULES, **guard: bool) -> PlanView:
    drafted = made.operations.schedule_draft(OPERATOR, files)
    plan = schedule_plan.make(drafted, Guard(dry_run=True, **guard)).view.plan
    assert plan is not None
    return plan


def announce(made: Office, capabilities: Capabilities, node: str = "n-1") -> None:
    hello = NodeAnnounced(node, "b1", capabilities, 0, NOW, NOW, "Lux 3", "1.2")
    made.store.commit(Recorded(announced=(hello,)))


def counted(lost: ModelLossesView) -> dict[str, int]:
    return {loss.kind: loss.count for loss in lost.losses}


def test_nodes_that_can_do_all_of_it_lose_nothing():
    assert planned(office()).losses == ()


def test_what_is_lost_is_shown_by_model_with_its_light_points_and_in_the_words_of_the_plan():
    made = office(RELAYS + DIMMER)
    relay, dimmer = planned(made).losses
    assert (relay.model, relay.light_points, relay.changes_light) == ("cabinet", 2, True)
    assert counted(relay) == {"nights": 7, "levels": 366}
    assert (dimmer.model, dimmer.light_points, dimmer.changes_light) == ("json-dimmer", 1, False)
    drafted = made.operations.schedule_draft(OPERATOR, SCHEDULES)
    words = "\n".join(schedule_plan.make(drafted, Guard(dry_run=True)).view.summary)
    assert "cabinet (2 light points) loses of a lamp's year:\n    nights (7): it carries none" in words
    assert "needs a second person, or --accept-losses: cabinet cannot do all of it: levels (366): taken to" in words


def test_a_meter_loses_nothing_as_it_switches_nothing():
    assert planned(office(RELAYS.replace("cabinet", "sdm630").split("C2")[0])).losses == ()


def test_a_plan_with_losses_is_refused_until_the_operator_accepts_them_and_the_audit_says_so():
    made = office(RELAYS)
    version = made.store.schedules().version
    brighter = {"city.yaml": SCHEDULES["city.yaml"].replace("level: 50", "level: 60")}
    with pytest.raises(PlanRefused, match=r"cabinet cannot do all of it: levels .*or say --accept-losses"):
        made.operations.schedule_apply(OPERATOR, brighter, Guard())
    assert made.store.schedules().version == version
    view = made.operations.schedule_apply(OPERATOR, brighter, Guard(accept_losses=True))
    assert view.applied
    assert made.store.audit(1)[0].detail.endswith("losses accepted on cabinet")


def test_a_plan_keeps_its_name_whether_its_losses_are_accepted_yet_or_not():
    made = office(RELAYS)
    assert planned(made).id == planned(made, accept_losses=True).id != planned(made, EVENING_ONLY).id
    assert [guard.rule for guard in planned(made).guards] == ["losses"]
    assert planned(made, accept_losses=True).guards == ()


def test_what_only_shortens_how_long_a_node_goes_on_alone_is_shown_and_stops_nobody():
    made = office()
    announce(made, replace(ABLE, nights=2, persists=False))
    (lost,) = planned(made).losses
    assert (lost.model, counted(lost), lost.changes_light) == ("Lux 3 1.2", {"nights": 5, "persists": 7}, False)
    assert made.operations.schedule_apply(OPERATOR, EVENING_ONLY, Guard()).applied


@pytest.mark.parametrize(
    ("lacking", "kinds"),
    [
        ({"levels": (0, 100)}, {"levels"}),
        ({"dates": Dates.DAILY}, {"dates"}),
        ({"resolution_s": 600}, {"resolution"}),
        ({"min_level": 60}, {"min_level"}),
    ],
)
def test_each_announced_model_is_judged_by_its_own_word(lacking, kinds):
    made = office()
    announce(made, replace(ABLE, **lacking))
    (lost,) = planned(made).losses
    assert (lost.model, lost.light_points, set(counted(lost))) == ("Lux 3 1.2", 1, kinds)


def test_a_single_night_of_the_year_is_seen():
    made = office(RELAYS)
    (lost,) = planned(made, ONE_NIGHT).losses
    assert counted(lost) == {"nights": 7, "levels": 1}
    (nothing,) = planned(made, EVENING_ONLY).losses
    assert not nothing.changes_light


def test_a_plan_that_some_nodes_cannot_hold_at_all_says_so_and_has_to_be_accepted():
    made = office()
    announce(made, replace(ABLE, slots=2))
    (lost,) = planned(made).losses
    assert "holds 2 switches" in lost.refused
    with pytest.raises(PlanRefused, match=r"Lux 3 1\.2 cannot do all of it: refused: it holds 2 switches"):
        made.operations.schedule_apply(OPERATOR, {"city.yaml": SCHEDULES["city.yaml"] + "\n"}, Guard())
