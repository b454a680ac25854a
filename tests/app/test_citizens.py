"""Citizen reports: which light point is meant, which reports are the same, and what closes them."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from lightctl.app.asking import Actor, Guard, Role
from lightctl.app.citizens.intake import Given
from lightctl.app.citizens.ruling import Sought
from lightctl.app.citizens.views import CitizenReportView
from lightctl.domain.errors import InvalidInput, NotPermitted, UnknownTarget
from lightctl.domain.states import Fault, FaultEvent
from lightctl.files.settings_citizens import CitizenSettings
from lightctl.store.base import Recorded
from tests.support.desk import NOW, OPERATOR, SETTINGS, TECHNICIAN, VIEWER, Office

PUBLIC = Actor("public", Role.VIEWER, "open311")
FAR = {"lat": "51.5", "long": "6.9"}
MORE = """id,lat,lon,node,cabinet,plate,state
MAST7,51.4400,6.7700,n-7,C1,0417-B,in_use
NEXT8,51.4402,6.7700,n-8,C1,0418,in_use
TWIN1,51.4500,6.7700,n-9,,77,in_use
TWIN2,51.4500,6.7800,n-10,,77,in_use
OFF9,51.4600,6.7700,,,0999,retired
PLAN,51.4700,6.7700,,,1000,installed
"""


@pytest.fixture
def office():
    made = Office()
    made.import_inventory()
    made.import_inventory(MORE)
    yield made
    made.store.close()


def take(office: Office, attributes: dict[str, str] | None = None, **fields: str) -> CitizenReportView:
    given = Given({"service_code": "lamp_out"} | fields, attributes or {})
    taken = office.operations.citizen_take(PUBLIC, given)
    return office.operations.citizen_show(OPERATOR, int(taken.service_request_id or 0))


def break_(office: Office, event: FaultEvent, kind: str, subject: str, **changes: object) -> Fault:
    fault = replace(Fault(event, kind, subject, NOW), **changes)
    office.store.commit(Recorded(faults=(fault,)))
    return fault


def test_the_nearest_light_point_in_use_is_meant_within_the_distance_of_the_settings(office):
    found = take(office, lat="51.43442", long="6.7623")
    assert (found.light_point, found.distance_m) == ("LP1", 2.2)
    assert take(office, lat="51.4347", long="6.7623").light_point == "ZEBRA"
    assert take(office, lat="51.43486", long="6.7623").light_point == "ZEBRA"
    assert take(office, lat="51.43488", long="6.7623").light_point == ""
    assert take(office, lat="51.4700", long="6.7700").light_point == ""


@pytest.mark.parametrize(
    ("fields", "attributes", "wanted"),
    [
        ({"address_id": "MAST7"}, {}, "MAST7"),
        ({"address_id": "mast 7"}, {}, "MAST7"),
        ({"address_id": "0417b"}, {}, "MAST7"),
        ({"lat": "51.4402", "long": "6.77"}, {"plate": "0417 B"}, "MAST7"),
        ({"lat": "51.4346", "long": "6.7623"}, {"plate": "0417-B"}, "ZEBRA"),
        ({"lat": "51.4346", "long": "6.7623"}, {"plate": "no such"}, "ZEBRA"),
        ({"address_id": "77"}, {}, ""),
        ({"address_id": "0999"}, {}, ""),
        ({"address_id": "1000"}, {}, "PLAN"),
        ({"address_string": "in front of number 7"}, {}, ""),
        ({"address_string": "x", "address_id": "?!"}, {}, ""),
    ],
)
def test_the_number_on_the_mast_comes_before_the_place_unless_it_stands_elsewhere(office, fields, attributes, wanted):
    assert take(office, attributes, **fields).light_point == wanted


def test_an_import_is_known_to_the_next_report(office):
    new = "id,lat,lon\nNEW,51.5000,6.9000\n"
    assert take(office, **FAR).light_point == ""
    office.import_inventory(new)
    assert take(office, **FAR).light_point == "NEW"


def test_like_reports_of_one_light_follow_the_first_and_others_do_not(office):
    first = take(office, lat="51.4344", long="6.7623")
    assert take(office, lat="51.43441", long="6.7623").parent == first.id
    assert take(office, address_id="LP1").parent == first.id
    assert take(office, service_code="flickering", address_id="LP1").parent is None
    assert take(office, address_id="LP2").parent is None
    assert office.operations.citizen_show(VIEWER, first.id).others == (2, 3)
    office.now += dt.timedelta(days=31)
    assert take(office, address_id="LP1").parent is None


def test_like_reports_of_no_known_light_follow_the_first_nearby(office):
    first = take(office, **FAR)
    assert take(office, lat="51.50015", long="6.9001").parent == first.id
    assert take(office, lat="51.5010", long="6.9000").parent is None
    assert take(office, service_code="damaged", **FAR).parent is None
    assert take(office, address_string="somewhere").parent is None


def test_a_closed_report_is_no_longer_followed(office):
    first = take(office, address_id="LP1")
    office.operations.citizen_close(OPERATOR, first.id, "seen to")
    assert take(office, address_id="LP1").parent is None


@pytest.mark.parametrize(
    ("event", "kind", "subject", "service", "linked"),
    [
        (FaultEvent.LAMP_FAILURE, "light point", "MAST7", "lamp_out", True),
        (FaultEvent.COMMUNICATION_FAILURE, "node", "n-7", "lamp_out", True),
        (FaultEvent.SUPPLY_LOSS, "cabinet", "C1", "lamp_out", True),
        (FaultEvent.CABINET_DOOR_OPEN, "cabinet", "C1", "damaged", True),
        (FaultEvent.LAMP_FAILURE, "light point", "LP1", "lamp_out", False),
        (FaultEvent.LAMP_FAILURE, "node", "MAST7", "lamp_out", False),
        (FaultEvent.LAMP_UNEXPECTED_ON, "light point", "MAST7", "lamp_out", False),
    ],
)
@pytest.mark.parametrize("fault_first", [True, False])
def test_a_report_meets_the_fault_it_may_be_the_sight_of_whichever_comes_first(
    office, event, kind, subject, service, linked, fault_first
):
    if fault_first:
        break_(office, event, kind, subject)
    number = take(office, service_code=service, address_id="MAST7").id
    if not fault_first:
        break_(office, event, kind, subject)
    assert office.operations.citizen_show(VIEWER, number).fault == (1 if linked else None)
    assert [each.id for each in office.operations.citizen_list(VIEWER, Sought(fault=1))] == [number] * linked


@pytest.mark.parametrize("when", ["before", "after", "joined later"])
def test_a_report_meets_the_fault_of_many_that_its_light_point_is_one_of(office, when):
    members = ("LP2", "MAST7")
    if when == "before":
        break_(office, FaultEvent.SUPPLY_LOSS, "segment", "C1/west", members=members)
    number = take(office, address_id="MAST7").id
    other = take(office, address_id="LP1").id
    if when == "joined later":
        break_(office, FaultEvent.SUPPLY_LOSS, "segment", "C1/west", members=("LP2",))
        assert office.operations.citizen_show(VIEWER, number).fault is None
    if when != "before":
        break_(office, FaultEvent.SUPPLY_LOSS, "segment", "C1/west", members=members)
    assert office.operations.citizen_show(VIEWER, number).fault == 1
    assert office.operations.citizen_show(VIEWER, other).fault is None


def test_the_likeliest_fault_is_taken_where_there_are_several(office):
    break_(office, FaultEvent.COMMUNICATION_FAILURE, "node", "n-7")
    break_(office, FaultEvent.LAMP_FAILURE, "light point", "MAST7")
    assert take(office, address_id="MAST7").fault == 2


def test_no_fault_and_no_order_begins_with_a_citizens_word(office):
    take(office, address_id="LP1", description="dark since weeks")
    assert office.store.faults() == ()
    assert office.operations.work_list(VIEWER, state="all") == ()
    assert office.told == [] or all("Fault" not in type(event).__name__ for event in office.told)


def test_a_linked_report_closes_when_the_fault_clears_and_stays_closed_when_it_comes_back(office):
    fault = break_(office, FaultEvent.LAMP_FAILURE, "light point", "LP1")
    first, second = take(office, address_id="LP1").id, take(office, address_id="LP1").id
    later = NOW + dt.timedelta(hours=3)
    office.store.commit(Recorded(faults=(replace(fault, cleared_at=later),)))
    for number in (first, second):
        shown = office.operations.citizen_show(VIEWER, number)
        assert (shown.status, shown.closing, shown.closed_at, shown.updated_at) == ("closed", "fault", later, later)
    break_(office, FaultEvent.LAMP_FAILURE, "light point", "LP1", opened_at=later)
    assert office.operations.citizen_show(VIEWER, first).status == "closed"


def test_an_operator_says_which_light_or_fault_a_report_means_and_what_is_known_there_is_linked(office):
    break_(office, FaultEvent.LAMP_FAILURE, "light point", "LP2")
    break_(office, FaultEvent.RELAY_FAILURE, "cabinet", "C9")
    number = take(office, address_string="by the church").id
    follower = take(office, **FAR).id
    assert [each.id for each in office.operations.citizen_list(VIEWER, Sought(unmatched=True))] == [follower, number]
    linked = office.operations.citizen_link(OPERATOR, number, light_point="LP2")
    assert (linked.light_point, linked.fault) == ("LP2", 1)
    assert office.operations.citizen_link(OPERATOR, follower, fault=2).fault == 2
    assert office.verbs[-2:] == ["citizen link", "citizen link"]
    for bad in ({"light_point": "LP99"}, {"fault": 99}):
        with pytest.raises(UnknownTarget):
            office.operations.citizen_link(OPERATOR, number, **bad)
    with pytest.raises(InvalidInput, match="one of the two"):
        office.operations.citizen_link(OPERATOR, number)


def test_reports_that_follow_go_where_the_first_is_sent_and_one_that_is_sent_alone_follows_no_more(office):
    first, second, third = (take(office, **FAR).id for _ in range(3))
    office.operations.citizen_link(OPERATOR, first, light_point="LP2")
    assert office.operations.citizen_show(VIEWER, second).light_point == "LP2"
    assert office.operations.citizen_show(VIEWER, second).parent == first
    alone = office.operations.citizen_link(OPERATOR, third, light_point="LP1")
    assert (alone.light_point, alone.parent) == ("LP1", None)
    fault = break_(office, FaultEvent.LAMP_FAILURE, "light point", "LP2")
    with pytest.raises(InvalidInput, match="follows report 1"):
        office.operations.citizen_link(OPERATOR, second, fault=1)
    office.store.commit(Recorded(faults=(replace(fault, cleared_at=NOW),)))
    with pytest.raises(InvalidInput, match="cleared"):
        office.operations.citizen_link(OPERATOR, third, fault=1)


def test_only_operators_rule_and_only_they_see_who_reported(office):
    number = take(office, address_id="LP1", email="ada@example.org").id
    for actor in (VIEWER, TECHNICIAN):
        assert office.operations.citizen_show(actor, number).contact is None
        for verb in (
            lambda a=actor: office.operations.citizen_close(a, number, "x"),
            lambda a=actor: office.operations.citizen_accept(a, [number]),
            lambda a=actor: office.operations.citizen_link(a, number, light_point="LP1"),
        ):
            with pytest.raises(NotPermitted):
                verb()
    assert office.operations.citizen_show(OPERATOR, number).contact is not None
    with pytest.raises(NotPermitted):
        office.operations.citizen_take(VIEWER, Given({"service_code": "lamp_out", "address_id": "LP1"}, {}))


def test_a_try_changes_nothing_and_an_end_is_never_left(office):
    number, dry = take(office, address_id="LP1").id, Guard(dry_run=True)
    entries = len(office.store.audit())
    assert office.operations.citizen_close(OPERATOR, number, "x", dry).status == "closed"
    office.operations.citizen_link(OPERATOR, number, light_point="LP2", guard=dry)
    office.operations.citizen_accept(OPERATOR, [number], dry)
    assert len(office.store.audit()) == entries
    assert office.operations.citizen_show(VIEWER, number).light_point == "LP1"
    office.operations.citizen_close(OPERATOR, number, "x")
    for verb in (
        lambda: office.operations.citizen_close(OPERATOR, number, "y"),
        lambda: office.operations.citizen_link(OPERATOR, number, light_point="LP2"),
    ):
        with pytest.raises(InvalidInput, match="stays so"):
            verb()
    for note in ("", "\x1b", "x" * 501):
        with pytest.raises(InvalidInput, match="what came of it"):
            office.operations.citizen_close(OPERATOR, take(office, address_id="LP2").id, note)


def test_old_closed_reports_go_and_open_ones_stay(office):
    closed, open_ = take(office, address_id="LP1").id, take(office, address_id="LP2").id
    follower = take(office, address_id="LP1").id
    office.operations.citizen_close(OPERATOR, closed, "x")
    office.now += dt.timedelta(days=401)
    assert office.operations.citizen_forget() == 2
    for number in (closed, follower):
        with pytest.raises(UnknownTarget):
            office.operations.citizen_show(VIEWER, number)
    assert office.operations.citizen_show(VIEWER, open_).status == "open"
    with office.store._main.transaction(), pytest.raises(Exception, match="never deleted"):
        office.store._main.run("DELETE FROM citizen_reports")


def test_every_report_has_one_audit_entry_that_names_nobody(office):
    take(office, address_id="LP1", first_name="Ada", description="call me: 0203 1")
    (entry,) = [each for each in office.store.audit() if each.verb == "citizen report"]
    assert (entry.user, entry.origin, entry.target) == ("public", "open311", "citizen report 1")
    assert entry.detail == "lamp_out at LP1"
    assert office.store.verify_audit().ok


def test_moderated_reports_wait_for_an_operator():
    citizens = CitizenSettings(moderated=True)
    office = Office(settings=SETTINGS.model_copy(update={"citizens": citizens}))
    office.import_inventory()
    taken = office.operations.citizen_take(PUBLIC, Given({"service_code": "lamp_out", "address_id": "LP1"}, {}))
    assert taken.service_request_id is None
    assert office.operations.citizen_token(PUBLIC, taken.token or "") is None
    assert [each.id for each in office.operations.citizen_list(VIEWER, Sought(waiting=True))] == [1]
    assert office.operations.citizen_accept(OPERATOR, [1, 1])[0].accepted
    assert office.operations.citizen_list(VIEWER, Sought(waiting=True)) == ()
    assert office.operations.citizen_token(PUBLIC, taken.token or "") == "1"
    office.operations.citizen_accept(OPERATOR, [1])
    assert office.verbs.count("citizen accept") == 1
    office.store.close()
