"""Nights in registers, on a real Modbus TCP line: given whole or not at all, run alone, believed when read back."""

from __future__ import annotations

import datetime as dt
from importlib import resources

import pytest

from lightctl.devices.profile import parse_profile, shipped_profiles
from lightctl.domain.states import CommandState
from tests.support.wired import AFTERNOON, SCHEDULE, Wired, unit, wired

CONTROLLER = "modbus-night-controller"
WRITES, BODY, CHECKSUM, COMMIT, CLOCK = (6, 16), 100, 600, 601, 603
UNIT = unit(5, CONTROLLER, "ctl", channels=2)
LATER = SCHEDULE.replace('"22:00", level: 50', '"22:00", level: 30')
# 22:00 and 05:00 in Duisburg are 21:00 and 04:00 UTC; the sun sets at about 15:25 and rises at about 07:20.
NIGHT = ((15, 0, 0), (18, 0, 100), (21, 1, 50), (27, 55, 50), (28, 5, 100), (33, 0, 0))


def instant(hour: int, minute: int, days: int = 0) -> dt.datetime:
    midnight = AFTERNOON.replace(hour=0, minute=0)
    return midnight + dt.timedelta(days=days, hours=hour, minutes=minute)


def place(request: bytes) -> int:
    return int.from_bytes(request[1:3], "big")


def lights_through(line: Wired, days: int = 0) -> list[float]:
    lights = []
    for hour, minute, _ in NIGHT:
        line.jump(instant(hour, minute, days))
        lights.append(line.light("ctl", 1))
    return lights


async def test_nights_are_confirmed_by_the_revision_the_unit_runs_and_a_body_read_back_whole() -> None:
    async with wired(UNIT) as line:
        command = await line.confirmed("ctl")
        report = line.reported["ctl"]
        assert (report.applied_revision, report.verified) == (command.revision, True)
        document = line.firmware("ctl").document
        assert document is not None
        assert document.revision == command.revision
        assert document.valid_until - line.clock.now() > dt.timedelta(days=6)
        places = [place(request) for _, request in line.asked if request[0] in WRITES and place(request) <= COMMIT]
        first = places[: places.index(COMMIT) + 1]
        assert first == sorted(first)
        assert (first[0], first[-2:]) == (BODY, [CHECKSUM, COMMIT])


async def test_a_unit_runs_its_nights_with_the_daemon_gone_and_after_a_reboot() -> None:
    async with wired(UNIT) as line:
        await line.confirmed("ctl")
        await line.stop_daemon()
        assert lights_through(line) == [float(level) for _, _, level in NIGHT]
        line.fault("reboot", "ctl")
        line.street.advance(line.clock.now())
        assert lights_through(line, days=1) == [float(level) for _, _, level in NIGHT]


async def test_a_line_cut_between_body_and_commit_leaves_the_old_nights_and_all_is_written_again() -> None:
    async with wired(UNIT) as line:
        old = await line.confirmed("ctl")
        cuts: list[bytes] = []

        def cut(_unit: int, request: bytes, answer: bytes | None) -> bytes | None:
            if request[0] in WRITES and not cuts and place(request) == CHECKSUM:
                cuts.append(request)
                raise ConnectionError
            return answer

        line.tamper = cut
        line.asked.clear()
        line.replan(LATER)
        await line.until(lambda: bool(cuts))
        assert line.firmware("ctl").applied_revision == old.revision
        new = await line.confirmed("ctl", above=old.revision)
        document = line.firmware("ctl").document
        assert document is not None
        assert (document.revision, new.revision) == (line.reported["ctl"].applied_revision, document.revision)
        assert {switch.level for switch in document.channels[1].switches} == {0, 30, 100}
        begun = [request for _, request in line.asked if request[0] in WRITES and place(request) == BODY]
        assert len(begun) == 2, "the body is written from its beginning again"


async def test_with_the_daemon_killed_amid_a_write_the_old_nights_go_on() -> None:
    async with wired(UNIT) as line:
        await line.confirmed("ctl")

        def refuse(_unit: int, request: bytes, answer: bytes | None) -> bytes | None:
            if request[0] in WRITES and place(request) >= CHECKSUM:
                raise ConnectionError
            return answer

        line.asked.clear()
        line.tamper = refuse
        line.replan(LATER)
        await line.until(lambda: any(request[0] in WRITES for _, request in line.asked))
        await line.stop_daemon()
        assert lights_through(line) == [float(level) for _, _, level in NIGHT]


async def test_a_commit_alone_confirms_nothing_when_the_body_reads_back_otherwise() -> None:
    async with wired(UNIT) as line:
        old = await line.confirmed("ctl")

        def twist(_unit: int, request: bytes, answer: bytes | None) -> bytes | None:
            body = request[0] == 3 and BODY <= place(request) < CHECKSUM
            return answer[:-1] + bytes((answer[-1] ^ 1,)) if answer and body else answer

        line.tamper = twist
        line.replan(LATER)
        await line.until(lambda: "read back otherwise" in line.newest("ctl").detail)
        line.pass_by(seconds=25)
        await line.until(lambda: line.reported["ctl"].applied_revision == old.revision + 1)
        assert line.newest("ctl").state is CommandState.SENT
        assert not line.reported["ctl"].verified
        line.tamper = lambda _unit, _request, answer: answer
        line.pass_by(seconds=25)
        await line.confirmed("ctl", above=old.revision)


async def test_a_unit_that_ignores_the_commit_is_never_confirmed_and_is_tried_again() -> None:
    async with wired(UNIT) as line:
        old = await line.confirmed("ctl")
        honest = line.side.ask

        async def deaf(number: int, request: bytes) -> bytes | None:
            if request[0] == 16 and place(request) == COMMIT:
                return request[:5]  # says it took it
            return await honest(number, request)

        line.side.ask = deaf  # type: ignore[method-assign]
        line.replan(LATER)
        await line.until(lambda: line.newest("ctl").detail != "")
        assert line.newest("ctl").state is not CommandState.CONFIRMED
        line.side.ask = honest  # type: ignore[method-assign]
        line.pass_by(minutes=2)
        await line.confirmed("ctl", above=old.revision)


async def test_a_unit_that_takes_a_moment_to_apply_is_asked_again_soon_and_not_at_its_next_turn() -> None:
    async with wired(UNIT) as line:
        old = await line.confirmed("ctl")
        polls: list[bytes] = []

        def not_yet(_unit: int, request: bytes, answer: bytes | None) -> bytes | None:
            if answer is None or request[0] != 4 or place(request) != 0:
                return answer
            polls.append(request)
            return answer[:2] + old.revision.to_bytes(4, "big") + answer[6:]  # what it says it runs

        line.tamper = not_yet
        line.replan(LATER)
        await line.until(lambda: bool(polls) and line.newest("ctl").state is CommandState.SENT)
        line.tamper = lambda _unit, _request, answer: answer
        line.pass_by(seconds=3)
        new = await line.confirmed("ctl", above=old.revision)
        assert new.finished_at is not None
        assert new.finished_at - new.created_at < dt.timedelta(seconds=10)
        assert new.attempts == 1


async def test_a_daemon_that_comes_back_reads_the_body_once_and_writes_nothing() -> None:
    async with wired(UNIT) as line:
        await line.confirmed("ctl")
        await line.stop_daemon()
        remembered, stopped = line.remembered("ctl"), line.clock.now()
        line.asked.clear()
        await line.start_daemon(SCHEDULE, remembered)
        for _ in range(3):
            line.pass_by(seconds=30)
            await line.heard("ctl")
        assert [request for _, request in line.asked if request[0] in WRITES and place(request) <= COMMIT] == []
        read = [request for _, request in line.asked if request[0] == 3 and place(request) == BODY]
        assert len(read) == 1
        assert line.reported["ctl"].received_at > stopped
        assert line.reported["ctl"].verified


async def test_a_unit_whose_flash_was_lost_lights_the_night_and_is_given_its_nights_again() -> None:
    async with wired(UNIT) as line:
        old = await line.confirmed("ctl")
        line.jump(instant(22, 0))
        line.fault("flash_lost", "ctl")
        assert line.light("ctl") == 100
        line.pass_by(seconds=30)
        await line.confirmed("ctl", above=old.revision)
        assert line.light("ctl") == 50


OVERRIDE = """    override:
      level: {table: holding, address: 102, stride: 200}
      until: {table: holding, address: 103, stride: 200, type: uint32}
"""


@pytest.mark.parametrize("dropped", ["", OVERRIDE], ids=["registers of its own", "written as switches"])
async def test_an_override_ends_on_time_with_the_daemon_gone(dropped: str) -> None:
    text = (resources.files("lightctl.devices") / "profiles" / f"{CONTROLLER}.yaml").read_text("utf-8")
    assert OVERRIDE in text
    given = parse_profile(text.replace(dropped, ""), CONTROLLER)
    assert given.capabilities.slots == (62 if dropped else 64)
    async with wired(UNIT, profiles={**shipped_profiles(), CONTROLLER: given}) as line:
        await line.confirmed("ctl")
        await line.until(lambda: any(place(it) == CLOCK for _, it in line.asked if it[0] in WRITES), 10.0)
        await line.heard("ctl")  # it has the time of before the jump, and is read again
        line.jump(instant(22, 0))
        held = line.dim("ctl-1", 100, minutes=30)
        await line.confirmed("ctl", above=line.newest("ctl").revision)
        assert (line.light("ctl", 0), line.light("ctl", 1)) == (50, 100)
        await line.stop_daemon()
        line.jump(held.until - dt.timedelta(seconds=5))
        assert line.light("ctl", 1) == 100
        line.jump(held.until + dt.timedelta(seconds=5))
        assert line.light("ctl", 1) == 50


async def test_a_program_with_more_switches_than_the_registers_hold_is_refused_by_name() -> None:
    steps = "\n".join(f'      - {{at: "{18 + n // 4}:{n % 4 * 15:02}", level: {20 + n}}}' for n in range(20))
    crowded = SCHEDULE.replace('      - {at: "22:00", level: 50}', steps)
    async with wired(UNIT, text=crowded) as line:
        await line.confirmed("ctl")
        document = line.firmware("ctl").document
        assert document is not None
        assert len(document.channels[0].switches) <= 64
        assert document.valid_until - line.clock.now() < dt.timedelta(days=4), "as many nights as there is room for"
