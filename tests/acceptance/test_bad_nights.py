"""Nights on which something dies, in real processes: the judge is the lamps' own log."""

import datetime as dt
import os
import signal
import time

from lightctl.app.running.boot import revision_floor
from lightctl.cli.demo.mishaps import Mishap
from lightctl.cli.failures import ExitCode
from lightctl.domain.states import Command, FaultEvent
from lightctl.store.sqlite import SqliteStore
from tests.support.bystander import Bystander
from tests.support.doors import Cli
from tests.support.night import Night, bystander, night, town

HOUR = dt.timedelta(hours=1)
MINUTE = dt.timedelta(minutes=1)
WIRE_GRACE_S = 2.5
HELD = 33


def wrong(command: Command, late: dt.datetime, again: dt.datetime) -> bool:
    """Say whether a command was left open, or has a number that the daemon's earlier run may have given already."""
    left_open = not command.state.terminal and command.deadline < late
    return left_open or (command.created_at > again and command.revision < revision_floor(again))


def wrong_commands(run: Night, again: dt.datetime) -> list[Command]:
    store = SqliteStore(run.stage.store)
    try:
        return [command for command in store.commands() if wrong(command, run.now - MINUTE, again)]
    finally:
        store.close()


def carries(point) -> bool:
    return point.tags.get("make") == "carries"


def confirmed(run: Night, changes: list[str]) -> list[int]:
    made_it = (run.stage.client.get(f"/v1/changes/{change}").raise_for_status().json() for change in changes)
    return [change["confirmed"] for change in made_it]


def unsettled(run: Night) -> list[str]:
    lights = run.stage.client.get("/v1/lights").raise_for_status().json()
    return [light["id"] for light in lights if not light["settled"]]


def stop_daemon_over_an_end(
    run: Night, beside: Bystander, live: str, grace: dt.timedelta
) -> tuple[dt.datetime, dt.datetime]:
    """Stop the daemon while a live lamp's override ends; gives when that lamp is late, whatever the machine held up."""
    asked, over = run.now, run.now + 2 * grace
    change = run.hold([live], HELD, over)
    run.wait_for(lambda: confirmed(run, [change]) == [1], lambda: run.by(asked, over, beside.held_up()))
    daemon = run.stage.pid("daemon")
    os.kill(daemon, signal.SIGSTOP)
    try:
        while run.now < (late := run.by(over, over + grace, beside.held_up())) + grace / 4:
            time.sleep(0.05)
        return late, run.now
    finally:
        os.kill(daemon, signal.SIGCONT)


def test_a_broker_killed_and_restarted_empty_darkens_no_lamp_and_is_filled_again(tmp_path):
    with night(tmp_path, lamps=60, hours=9.5, seconds=40) as run:
        run.wait_until(run.begin + 3 * HOUR)
        run.stage.broker.kill()
        run.wait_until(run.begin + 4 * HOUR)
        run.stage.broker.restart(empty=True)
        run.wait_until(run.end)
        lights = run.stage.client.get("/v1/lights").raise_for_status().json()
        assert [light["id"] for light in lights if not light["reachable"]] == []
        assert unsettled(run) == []
        verdicts = {v.id: v for v in run.verdicts()}
    assert len(verdicts) == len(run.points)
    assert {v.id: v.dark_s for v in verdicts.values() if run.wire_s(v.dark_s) > WIRE_GRACE_S} == {}
    # A live lamp keeps its level until the link is back, whenever the back-off finds the broker; it is never dark.
    carrying = [verdicts[point.id] for point in run.points if carries(point)]
    assert carrying
    assert {v.id: v.wrong_s for v in carrying if run.wire_s(v.wrong_s) > WIRE_GRACE_S} == {}


def test_a_daemon_killed_over_a_switching_time_darkens_no_lamp_and_keeps_every_override_and_plan(tmp_path):
    made = {make: [point for point in town(60) if point.tags.get("make") == make] for make in ("carries", "live")}
    (kept, ending, begun), (kept_live, begun_live, left) = made["carries"][:3], made["live"][:3]
    rebooting = Mishap("reboot", int(9.7 * 3600), 0, (kept.node, kept_live.node), excused=True)
    with night(tmp_path, lamps=60, hours=13, seconds=52, mishaps=(rebooting,)) as run, bystander(run) as beside:
        grace = dt.timedelta(seconds=run.stage.pace.on_the_wire(WIRE_GRACE_S))
        set_at, killed, again = run.begin + 5.5 * HOUR, run.begin + 6.5 * HOUR, run.begin + 8.5 * HOUR
        over, kept_until, begins = run.begin + 7.5 * HOUR, run.begin + 12 * HOUR, run.begin + 10 * HOUR
        begun_until = run.begin + 12.5 * HOUR
        run.wait_until(set_at)
        changes = [run.hold([kept.id, kept_live.id], HELD, kept_until), run.hold([ending.id], HELD, over)]
        run.hold([begun.id, begun_live.id], HELD, begun_until, begins)
        run.wait_until(killed)
        run.wait_for(lambda: confirmed(run, changes) == [2, 1], lambda: run.by(set_at, killed, beside.held_up()))
        before = run.stage.client.get("/v1/audit").raise_for_status().json()
        run.stage.kill("daemon")
        run.wait_until(again)
        run.stage.start_daemon()
        back = run.now
        run.wait_until(run.end)
        after = run.stage.client.get("/v1/audit").raise_for_status().json()
        assert after == before, "a restart is no change"
        assert run.stage.client.get("/v1/audit/verify").raise_for_status().json()["ok"]
        run.wait_for(lambda: unsettled(run) == [], lambda: run.by(back, run.end, beside.held_up()))
        late = stop_daemon_over_an_end(run, beside, left.id, grace)
        held_up = beside.held_up()
        verdicts = {v.id: v for v in run.verdicts(held_up)}
        run.stage.end("daemon")
    assert {v.id: v.dark_s for v in verdicts.values() if run.wire_s(v.dark_s) > WIRE_GRACE_S} == {}
    held = {kept.id, ending.id, begun.id}
    carrying = [verdicts[point.id] for point in run.points if carries(point) and point.id not in held]
    assert carrying
    assert {v.id: v.wrong_s for v in carrying if run.wire_s(v.wrong_s) > WIRE_GRACE_S} == {}

    def by(instant: dt.datetime) -> dt.datetime:
        told = max(instant, back) if instant > again else instant  # by a daemon that is there
        return run.by(told, told + grace, held_up)

    rebooted = run.begin + 9.7 * HOUR
    assert run.levels(kept.id, by(set_at), kept_until) == {HELD}, "over the daemon's death and its own reboot"
    assert HELD not in run.levels(kept.id, kept_until + MINUTE, run.end)
    assert run.levels(kept_live.id, by(set_at), rebooted) == {HELD}
    assert run.levels(kept_live.id, rebooted, by(rebooted)) > {HELD}, "it forgot, and was told again"
    assert run.levels(kept_live.id, by(rebooted), kept_until) == {HELD}
    assert run.levels(ending.id, by(set_at), over) == {HELD}
    assert HELD not in run.levels(ending.id, over + MINUTE, run.end), "it ended on time with no daemon"
    for planned in (begun, begun_live):
        assert HELD not in run.levels(planned.id, set_at, begins)
        assert run.levels(planned.id, by(begins), begun_until) == {HELD}
        assert HELD not in run.levels(planned.id, by(begun_until), run.end)
    assert HELD in run.levels(left.id, *late), "a daemon that stands still is no machine that does"
    assert wrong_commands(run, again) == []


def test_one_dead_unit_of_a_modbus_line_is_named_and_its_neighbours_follow_their_plan(tmp_path):
    dead = Mishap("unit_dead", 3600, 4 * 3600, ("W2",), frozenset({FaultEvent.COMMUNICATION_FAILURE}), excused=True)
    with night(tmp_path, lamps=10, hours=6, seconds=30, mishaps=(dead,)) as run, bystander(run) as beside:
        run.wait_until(run.begin + 4 * HOUR)
        faults = run.stage.client.get("/v1/faults", params={"open_only": True}).raise_for_status().json()
        assert [(fault["event"], fault["subject"]) for fault in faults] == [("communicationFailure", "W2")]
        light = run.stage.client.get("/v1/lights/W2").raise_for_status().json()
        assert light["reachable"] is False
        assert light["settled"] is False
        due = run.stage.client.get("/v1/lights/W1").raise_for_status().json()["desired"]["level"]
        target = ("-l", "id in (W1,W2,W3)", str(due))
        ran = Cli(run.stage.folder, "host")("dim", *target, "--wait", "--timeout", "2", "--yes", "-o", "json")
        assert ran.code == ExitCode.PARTLY, "a group with a dead member is partly done"
        states = {point["id"]: point["state"] for point in ran.json()["points"]}
        assert (states["W1"], states["W3"]) == ("confirmed", "confirmed")
        assert states["W2"] in ("pending", "expired")
        (lost,) = (point for point in ran.json()["points"] if point["id"] == "W2")
        assert (lost["sent_at"], lost["confirmed_at"], lost["level"]) == (None, None, None)
        run.wait_until(run.end)
        faults = run.stage.client.get("/v1/faults").raise_for_status().json()
        cleared = {fault["subject"]: fault["cleared_at"] is not None for fault in faults}
        assert cleared.pop("W2")
        assert cleared == {} or (cleared == {"mqtt": True} and beside.held_up()), "or a broker that stood still"
        verdicts = run.verdicts(beside.held_up())
    assert {v.id: v.wrong_s for v in verdicts if run.wire_s(v.wrong_s) > WIRE_GRACE_S} == {}
