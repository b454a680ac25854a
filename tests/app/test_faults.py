"""People find faults, take them on and keep them quiet; each word is in the audit and none outlives its end."""

from __future__ import annotations

import datetime as dt

import pytest

from lightctl.app.asking import Guard, Target
from lightctl.app.faults.listing import shown
from lightctl.app.faults.remedies import REMEDIES
from lightctl.app.faults.whereabouts import Whereabouts
from lightctl.app.steps import finish
from lightctl.app.work.orders import Opening
from lightctl.domain.errors import InvalidInput, NotPermitted, UnknownTarget
from lightctl.domain.faults import FaultRecord
from lightctl.domain.states import FaultEvent
from lightctl.files.settings import Settings
from lightctl.store.base import Recorded
from tests.support.desk import NOW, OPERATOR, TECHNICIAN, VIEWER, Office
from tests.support.measured import MINUTE, report
from tests.support.stores import fault

HOUR = dt.timedelta(hours=1)
WHY = Guard(reason="crew is on its way")
TRY = Guard(dry_run=True)
STREET = Target(group="street")


@pytest.fixture
def office() -> Office:
    made = Office()
    made.furnish()
    made.store.commit(
        Recorded(
            faults=(
                fault("LP1", opened_at=NOW - 2 * HOUR, watts=50.0),
                fault("n-3", subject_kind="node", event=FaultEvent.COMMUNICATION_FAILURE, opened_at=NOW - HOUR),
                fault("ZEBRA", opened_at=NOW, suppressed_by="maintenance-1"),
            )
        )
    )
    return made


LAMP, NODE, KEPT = 1, 2, 3


def states(office: Office, **wanted: object) -> dict[int, str]:
    return {each.id: each.state for each in office.operations.fault_list(VIEWER, suppressed=True, **wanted)}


def clear(office: Office, subject: str = "LP1") -> None:
    office.store.commit(Recorded(faults=(fault(subject, opened_at=NOW - 2 * HOUR, cleared_at=office.now),)))


def test_each_word_is_one_entry_of_the_audit_with_who_what_and_why(office):
    office.operations.fault_acknowledge(TECHNICIAN, [LAMP, NODE], WHY)
    office.operations.fault_silence(OPERATOR, [LAMP], NOW + HOUR, WHY)
    office.operations.fault_unsilence(OPERATOR, [LAMP], [], WHY)
    assert office.verbs[-3:] == ["fault ack", "fault silence", "fault unsilence"]
    newest = office.store.audit()[2]
    assert (newest.user, newest.target, newest.reason) == ("timo", "2, 1", "crew is on its way") or (
        newest.target == "1, 2"
    )
    assert "lampFailure at LP1" in newest.detail
    assert office.store.verify_audit().ok


def test_acknowledged_silenced_and_open_again(office):
    marked = office.operations.fault_acknowledge(TECHNICIAN, [LAMP], WHY)
    assert [(each.state, each.acknowledged_by) for each in marked.faults] == [("acknowledged", "timo")]
    assert states(office) == {LAMP: "acknowledged", NODE: "open", KEPT: "suppressed"}
    office.operations.fault_silence(OPERATOR, [LAMP], NOW + HOUR, WHY)
    assert states(office)[LAMP] == "silenced"
    office.now = NOW + HOUR
    assert states(office)[LAMP] == "acknowledged"


def test_a_fault_that_cleared_meanwhile_is_left_out_and_named_and_the_others_are_marked(office):
    clear(office)
    marked = office.operations.fault_acknowledge(TECHNICIAN, [LAMP, NODE, KEPT], WHY)
    assert [each.id for each in marked.faults] == [NODE]
    assert [(each.id, each.why.split(",")[0]) for each in marked.unchanged] == [
        (LAMP, "has cleared"),
        (KEPT, "is kept back by maintenance-1"),
    ]


def test_when_none_of_them_takes_it_nothing_changes(office):
    clear(office)
    before = office.verbs
    for refused in (
        lambda: office.operations.fault_acknowledge(TECHNICIAN, [LAMP], WHY),
        lambda: office.operations.fault_unsilence(OPERATOR, [NODE], [], WHY),
        lambda: office.operations.fault_silence(OPERATOR, [NODE], NOW, WHY),
        lambda: office.operations.fault_silence(OPERATOR, [NODE], NOW + 1000 * HOUR, WHY),
        lambda: office.operations.fault_silence_event(OPERATOR, "lampFailures", STREET, NOW + HOUR, WHY),
    ):
        with pytest.raises(InvalidInput):
            refused()
    for unknown in (
        lambda: office.operations.fault_acknowledge(TECHNICIAN, [NODE, 99], WHY),
        lambda: office.operations.fault_show(VIEWER, 99),
        lambda: office.operations.fault_unsilence(OPERATOR, [], ["silence-9"], WHY),
        lambda: office.operations.fault_silence_event(
            OPERATOR, "lampFailure", Target(select="kind=tree"), NOW + HOUR, WHY
        ),
    ):
        with pytest.raises(UnknownTarget):
            unknown()
    assert office.verbs == before
    assert states(office)[NODE] == "open"


def test_viewers_look_technicians_acknowledge_and_only_operators_silence(office):
    assert office.operations.fault_show(VIEWER, LAMP).state == "open"
    with pytest.raises(NotPermitted):
        office.operations.fault_acknowledge(VIEWER, [LAMP], WHY)
    for forbidden in (
        lambda: office.operations.fault_silence(TECHNICIAN, [LAMP], NOW + HOUR, WHY),
        lambda: office.operations.fault_silence_event(TECHNICIAN, "lampFailure", STREET, NOW + HOUR, WHY),
        lambda: office.operations.fault_unsilence(TECHNICIAN, [LAMP], [], WHY),
    ):
        with pytest.raises(NotPermitted):
            forbidden()


def test_an_event_is_quiet_at_a_target_also_where_it_opens_later_and_only_there(office):
    made = office.operations.fault_silence_event(OPERATOR, "lampfailure", STREET, NOW + 48 * HOUR, WHY).silence
    assert made is not None
    assert (made.event, made.target, made.light_points, made.faults) == ("lampFailure", "group=street", 2, (LAMP,))
    office.store.commit(Recorded(faults=(fault("LP2", opened_at=NOW), fault("n-1", subject_kind="node"))))
    found = {each.subject: each.state for each in office.operations.fault_list(VIEWER)}
    assert found == {"LP1": "silenced", "LP2": "silenced", "n-1": "silenced", "n-3": "open"}
    status = finish(office.operations.status(VIEWER))
    assert (dict(status.open_faults), status.silenced_faults) == ({"communicationFailure": 1}, 3)
    assert dict(status.alarms) == {"major": 1}
    office.operations.fault_unsilence(OPERATOR, [], [made.id], WHY)
    assert states(office)[LAMP] == "open"
    assert office.operations.silence_list(VIEWER) == ()
    (over,) = office.operations.silence_list(VIEWER, ended=True)
    assert (over.running, over.ended_by) == (False, "olga")


def test_a_fault_that_also_concerns_lamps_elsewhere_is_not_kept_quiet(office):
    many = fault("n-1", subject_kind="node", members=("LP1", "ZEBRA"), opened_at=NOW)
    office.store.commit(Recorded(faults=(many,)))
    office.operations.fault_silence_event(OPERATOR, "lampFailure", STREET, NOW + HOUR, WHY)
    assert {each.subject: each.state for each in office.operations.fault_list(VIEWER)}["n-1"] == "open"


def test_what_a_silence_keeps_quiet_is_ended_by_its_name_not_by_the_faults_number(office):
    made = office.operations.fault_silence_event(OPERATOR, "lampFailure", STREET, NOW + HOUR, WHY).silence
    with pytest.raises(InvalidInput, match=made.id):
        office.operations.fault_unsilence(OPERATOR, [LAMP], [], WHY)
    assert office.operations.fault_show(VIEWER, LAMP).silences[0].id == made.id


def test_a_try_changes_nothing_and_shows_what_it_would_do(office):
    before = office.verbs
    assert [each.id for each in office.operations.fault_acknowledge(TECHNICIAN, [LAMP], TRY).faults] == [LAMP]
    tried = office.operations.fault_silence_event(OPERATOR, "lampFailure", STREET, NOW + HOUR, TRY)
    assert (tried.dry_run, [(each.id, each.state) for each in tried.faults]) == (True, [(LAMP, "silenced")])
    assert states(office) == {LAMP: "open", NODE: "open", KEPT: "suppressed"}
    assert office.verbs == before


def test_faults_are_found_by_state_event_target_and_opening(office):
    office.operations.fault_acknowledge(TECHNICIAN, [NODE], WHY)
    assert states(office, state="acknowledged") == {NODE: "acknowledged"}
    assert states(office, state="suppressed") == {KEPT: "suppressed"}
    assert states(office, event="lampFailure") == {LAMP: "open", KEPT: "suppressed"}
    assert states(office, target=Target(select="kind=crossing")) == {NODE: "acknowledged", KEPT: "suppressed"}
    assert states(office, since=NOW - HOUR) == {NODE: "acknowledged", KEPT: "suppressed"}
    clear(office)
    assert states(office, state="cleared") == {LAMP: "cleared"}
    assert states(office, state="cleared", open_only=True) == {}
    assert [each.id for each in office.operations.fault_list(VIEWER)] == [NODE, LAMP]
    with pytest.raises(InvalidInput, match="state"):
        states(office, state="weird")


def test_a_limit_counts_those_that_are_wanted(office):
    found = office.operations.fault_list(VIEWER, event="lampFailure", suppressed=True, limit=1)
    assert [each.id for each in found] == [KEPT]
    assert [each.id for each in office.operations.fault_list(VIEWER, state="open", event="lampFailure", limit=1)] == [1]


def test_a_fault_shows_its_age_watts_and_cost_and_no_cost_without_a_price(office):
    found = office.operations.fault_show(VIEWER, LAMP)
    assert (found.age_s, found.watts, found.kwh, found.cost) == (7200, 50.0, 0.1, None)
    record = FaultRecord(1, fault("LP1", opened_at=NOW - 2 * HOUR, watts=50.0))
    assert shown(record, NOW, 0.31).cost == 0.03


def test_a_lamp_that_burns_by_day_costs_nothing_for_the_night_it_was_to_burn_in():
    office = Office()
    office.furnish()
    opened = NOW - 10 * HOUR
    office.import_inventory("id,lat,lon,node\nDAY,51.44,6.77,n-day\n")
    said = [(number * 5, 0 if number * 5 < 120 else 100) for number in range(121)]
    office.store.add_reports(
        [report(opened + minutes * MINUTE, seq, level=level, node="n-day") for seq, (minutes, level) in enumerate(said)]
    )
    office.store.roll_up("Europe/Berlin")
    office.store.commit(Recorded(faults=(fault("DAY", opened_at=opened, watts=500.0),)))
    assert office.operations.fault_show(VIEWER, 1).kwh == pytest.approx(1.0, abs=0.13)
    assert next(office.operations.fault_list(VIEWER)).kwh == pytest.approx(1.0, abs=0.13)
    office.store.close()


def test_a_fault_is_shown_with_what_it_explains_where_and_what_to_do(office):
    wide = fault("K1", subject_kind="cabinet", event=FaultEvent.SUPPLY_LOSS, members=("n-1", "LP2"), opened_at=NOW)
    office.store.commit(Recorded(faults=(wide,)))
    found = office.operations.fault_show(VIEWER, 4)
    assert (found.members, found.explains, found.light_points) == (2, ("n-1", "LP2"), ("LP1", "LP2"))
    assert "grid operator" in found.remedy
    assert office.operations.fault_show(VIEWER, NODE).remedy.count("node show n-3") == 1


def test_the_marks_of_a_fault_are_its_history(office):
    office.operations.fault_acknowledge(TECHNICIAN, [LAMP], WHY)
    clear(office)
    found = office.operations.fault_show(VIEWER, LAMP)
    assert [(each.kind, each.user, each.note) for each in found.marks] == [
        ("acknowledged", "timo", "crew is on its way")
    ]
    assert (found.state, found.remedy != "") == ("cleared", True)


def test_every_event_has_a_remedy():
    assert [event.value for event in FaultEvent if event.value not in REMEDIES] == []


def test_what_is_nowhere_in_the_inventory_concerns_no_lamp(office):
    places = Whereabouts(office.operations._desk.fleet)
    for strange in (fault("gone"), fault("store", subject_kind="site"), fault("K9", subject_kind="cabinet")):
        assert places.lamps(strange) == ()


def test_a_fault_names_the_work_order_that_is_under_way_for_it(office):
    assert office.operations.fault_show(VIEWER, LAMP).work_order is None
    order = office.operations.work_open(TECHNICIAN, Opening(fault=LAMP))
    assert office.operations.fault_show(VIEWER, LAMP).work_order == order.id


def test_the_cost_so_far_is_counted_at_the_price_of_today():
    tariffs = {
        name: {"valid_from": day, "price_per_kwh": price, "price_year": 2026, "price_source": "contract"}
        for name, day, price in (("old", "2020-01-01", 0.1), ("now", "2026-12-01", 0.5), ("later", "2027-01-01", 9.0))
    }
    given = {"tariffs": tariffs, "safety": {"allow_below_protection": True}}
    office = Office(settings=Settings.model_validate(given))
    office.furnish()
    office.store.commit(Recorded(faults=(fault("LP1", opened_at=NOW - 2 * HOUR, watts=5000.0),)))
    assert office.operations.fault_show(VIEWER, 1).cost == 5.0
