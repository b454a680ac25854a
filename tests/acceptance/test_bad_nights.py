"""Nights on which something dies, in real processes: the judge is the lamps' own log."""

import datetime as dt
import time

from lightctl.cli.demo.mishaps import Mishap
from lightctl.domain.states import FaultEvent
from lightctl.store.sqlite import SqliteStore
from tests.support.night import night

HOUR = dt.timedelta(hours=1)
WIRE_GRACE_S = 2.5


def carries(point) -> bool:
    return point.tags.get("make") == "carries"


def test_a_broker_killed_and_restarted_empty_darkens_no_lamp_and_is_filled_again(tmp_path):
    with night(tmp_path, lamps=60, hours=9.5, seconds=40) as run:
        run.wait_until(run.begin + 3 * HOUR)
        run.stage.broker.kill()
        run.wait_until(run.begin + 4 * HOUR)
        run.stage.broker.restart(empty=True)
        run.wait_until(run.end)
        lights = run.stage.client.get("/v1/lights").raise_for_status().json()
        assert [light["id"] for light in lights if not light["reachable"]] == []
        assert [light["id"] for light in lights if not light["settled"]] == []
        verdicts = {v.id: v for v in run.verdicts()}
    assert len(verdicts) == len(run.points)
    assert {v.id: v.dark_s for v in verdicts.values() if run.wire_s(v.dark_s) > WIRE_GRACE_S} == {}
    # A live lamp keeps its level until the link is back, whenever the back-off finds the broker; it is never dark.
    carrying = [verdicts[point.id] for point in run.points if carries(point)]
    assert carrying
    assert {v.id: v.wrong_s for v in carrying if run.wire_s(v.wrong_s) > WIRE_GRACE_S} == {}


def test_a_daemon_killed_over_a_switching_time_darkens_no_lamp_and_takes_up_where_it_was(tmp_path):
    with night(tmp_path, lamps=60, hours=11.5, seconds=46) as run:
        run.wait_until(run.begin + 6.5 * HOUR)
        before = run.stage.client.get("/v1/audit").raise_for_status().json()
        run.stage.kill("daemon")
        run.wait_until(run.begin + 8.5 * HOUR)
        run.stage.start_daemon()
        run.wait_until(run.end)
        after = run.stage.client.get("/v1/audit").raise_for_status().json()
        assert after == before, "a restart is no change"
        assert run.stage.client.get("/v1/audit/verify").raise_for_status().json()["ok"]
        lights = run.stage.client.get("/v1/lights").raise_for_status().json()
        assert [light["id"] for light in lights if not light["settled"]] == []
        verdicts = {v.id: v for v in run.verdicts()}
        run.stage.end("daemon")
    assert {v.id: v.dark_s for v in verdicts.values() if run.wire_s(v.dark_s) > WIRE_GRACE_S} == {}
    carrying = [verdicts[point.id] for point in run.points if carries(point)]
    assert carrying
    assert {v.id: v.wrong_s for v in carrying if run.wire_s(v.wrong_s) > WIRE_GRACE_S} == {}
    store = SqliteStore(run.stage.store)
    try:
        clock = run.stage.pace.clock
        late = clock.instant(time.time()) - dt.timedelta(seconds=60)
        assert [c for c in store.commands() if not c.state.terminal and c.deadline < late] == []
    finally:
        store.close()


def test_one_dead_unit_of_a_modbus_line_is_named_and_its_neighbours_follow_their_plan(tmp_path):
    dead = Mishap("unit_dead", 3600, 4 * 3600, ("W2",), frozenset({FaultEvent.COMMUNICATION_FAILURE}), excused=True)
    with night(tmp_path, lamps=10, hours=6, seconds=30, mishaps=(dead,)) as run:
        run.wait_until(run.begin + 4 * HOUR)
        faults = run.stage.client.get("/v1/faults", params={"open_only": True}).raise_for_status().json()
        assert [(fault["event"], fault["subject"]) for fault in faults] == [("communicationFailure", "W2")]
        light = run.stage.client.get("/v1/lights/W2").raise_for_status().json()
        assert light["reachable"] is False
        assert light["settled"] is False
        run.wait_until(run.end)
        faults = run.stage.client.get("/v1/faults").raise_for_status().json()
        assert [(fault["subject"], fault["cleared_at"] is not None) for fault in faults] == [("W2", True)]
        verdicts = run.verdicts()
    assert {v.id: v.wrong_s for v in verdicts if run.wire_s(v.wrong_s) > WIRE_GRACE_S} == {}
