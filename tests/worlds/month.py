"""The scripted month: every kind of fault, at known times and on known lamps, among everything that is none.

`write_script` gives the script of a town. Beside the faults that are kept apart stand some that overlap on purpose.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from lightctl.domain.states import FaultEvent
from tests.worlds.city import FAR_GATEWAY
from tests.worlds.kernel import Town
from tests.worlds.pen import CYCLING_CLOSES, DAY, NODE, Pen
from tests.worlds.people import operate, work
from tests.worlds.script import ALWAYS, BRIGHT, DARK, HOUR, LIT, Expected, Injected, Script

LAMP_KINDS: tuple[tuple[str, FaultEvent, str, str, dict[str, object]], ...] = (
    ("lamp_failure", FaultEvent.LAMP_FAILURE, LIT, LIT, {}),
    ("wrong_power", FaultEvent.LAMP_POWER_TOO_LOW, LIT, LIT, {"share": 0.6}),
    ("wrong_power", FaultEvent.LAMP_POWER_TOO_HIGH, LIT, LIT, {"share": 1.5}),
    ("low_power_factor", FaultEvent.POWER_FACTOR_TOO_LOW, BRIGHT, BRIGHT, {"share": 0.6}),
    ("dimmer_stuck", FaultEvent.DIMMING_FAILURE, LIT, LIT, {"level": 35}),
    ("day_burner", FaultEvent.LAMP_UNEXPECTED_ON, DARK, DARK, {"level": 100}),
    ("cycling", FaultEvent.CYCLING_FAILURE, LIT, LIT, {"period_s": 480.0}),
    ("relay_open", FaultEvent.RELAY_FAILURE, LIT, LIT, {}),
    ("relay_closed", FaultEvent.RELAY_FAILURE, DARK, LIT, {}),
    ("leakage", FaultEvent.LEAKAGE_DETECTED, ALWAYS, ALWAYS, {}),
)


def write_script(town: Town, seed: int, start: dt.datetime, nights: int) -> Script:
    """Write the month of a town from an instant on."""
    pen = Pen(town, seed, start, nights)
    _hit_lamps(pen)
    _hit_nodes(pen)
    _hit_other_makes(pen)
    _hit_many(pen)
    _overlap(pen)
    work(pen)
    _disturb(pen)
    operate(pen)
    return pen.script


def _hit_lamps(pen: Pen) -> None:
    for kind, event, opens, closes, more in LAMP_KINDS:
        for _ in range(pen.times * (2 if kind == "lamp_failure" else 1)):
            point, at = pen.victim(), pen.begin()
            least = 26 * HOUR + (CYCLING_CLOSES if kind == "cycling" else dt.timedelta())
            pen.put(kind, [point.node], at, pen.until(at, least), pen.of(event, point, opens, closes), **more)


def _hit_nodes(pen: Pen) -> None:
    silent, offset, untrusted = (
        FaultEvent.COMMUNICATION_FAILURE,
        FaultEvent.CLOCK_OFFSET,
        FaultEvent.CLOCK_UNTRUSTED,
    )
    low, high = FaultEvent.SUPPLY_VOLTAGE_TOO_LOW, FaultEvent.SUPPLY_VOLTAGE_TOO_HIGH
    for kind, event, more in (
        ("silent", silent, {}),
        ("supply_loss", silent, {}),
        ("wrong_clock", offset, {"offset_s": 110.0}),
        ("wrong_clock", untrusted, {"offset_s": 7200.0}),
        ("supply_voltage", low, {"volts": 188.0}),
        ("supply_voltage", high, {"volts": 262.0}),
    ):
        for _ in range(pen.times):
            node, at = pen.victim().node, pen.begin()
            pen.put(kind, [node], at, pen.until(at, 6 * HOUR), Expected(event, NODE, node), **more)


def _hit_other_makes(pen: Pen) -> None:
    """Hit a few of each other kind: two-channel nodes, segments of many lamps, units and cabinets on lines."""
    late = pen.start + 0.3 * pen.nights * DAY
    doubles = pen.some("d", pen.times)
    for node in doubles:
        at = late + pen.rng.random() * 0.2 * pen.nights * DAY
        point = pen.points[f"{node}-1"]
        expected = pen.of(FaultEvent.LAMP_FAILURE, point, LIT, LIT)
        pen.put("lamp_failure", [node], at, pen.until(at), expected, channel=1)
    for number, node in enumerate(pen.some("s", 99)):
        # What a segment draws is learned in its first night, at most of its levels: one lamp in ten shows then.
        at = pen.start + DAY + pen.rng.random() * 0.2 * pen.nights * DAY
        for channel, out in ((0, 3), (1, 1)):
            point = pen.points[f"{node}-{channel}"]
            expected = pen.of(FaultEvent.LAMP_FAILURE, point, LIT, LIT)
            expected = replace(expected, opens=4 * HOUR) if out == 1 else expected
            pen.put("lamp_failure", [node], at, pen.until(at), expected, channel=channel, lamps=out)
        if number == 0:
            point = pen.points[f"{node}-2"]
            pen.put(
                "day_burner",
                [node],
                at,
                pen.until(at),
                pen.of(FaultEvent.LAMP_UNEXPECTED_ON, point, DARK, DARK),
                channel=2,
            )
    units = pen.some("u", 99)
    for node in units[: pen.times]:
        at = late + pen.rng.random() * 0.2 * pen.nights * DAY
        pen.put(
            "unit_dead",
            [node],
            at,
            pen.until(at, 6 * HOUR),
            Expected(FaultEvent.COMMUNICATION_FAILURE, NODE, node),
        )
    for node in units[pen.times : 2 * pen.times]:
        at = late + pen.rng.random() * 0.2 * pen.nights * DAY
        point = pen.points[f"{node}-0"]
        pen.put(
            "wrong_power",
            [node],
            at,
            pen.until(at),
            pen.of(FaultEvent.LAMP_POWER_TOO_LOW, point, LIT, LIT),
            share=0.55,
        )
    for node in pen.some("c", 99):
        at = late + pen.rng.random() * 0.1 * pen.nights * DAY
        door = Expected(FaultEvent.CABINET_DOOR_OPEN, NODE, node)
        pen.put("door_open", [node], at, at + 3 * HOUR, door)
        at += 5 * HOUR
        tripped = Expected(FaultEvent.CIRCUIT_BREAKER_TRIPPED, NODE, node)
        pen.put("breaker_trip", [node], at, at + 4 * HOUR, tripped)
        at += 6 * HOUR
        point = pen.points[f"{node}-0"]
        open_relay = pen.of(FaultEvent.RELAY_FAILURE, point, LIT, LIT)
        pen.put("relay_open", [node], at, pen.until(at), open_relay, channel=0)


def _hit_many(pen: Pen) -> None:
    """Take the supply of whole segments, the voltage of others, gateways and lines."""
    for number, name in enumerate(pen.reserved):
        points = pen.segments[name]
        nodes = [point.node for point in points]
        at = pen.start + (0.1 + 0.15 * (number % 3)) * pen.nights * DAY + pen.rng.random() * DAY / 2
        lost = Expected(FaultEvent.SUPPLY_LOSS, "segment", name)
        failed, ill = points[0], pen.of(FaultEvent.LAMP_FAILURE, points[0], LIT, LIT)
        pen.put("lamp_failure", [failed.node], pen.start + 3 * HOUR, None, ill)  # and it outlasts the outage
        pen.put("supply_loss", nodes, at, at + 5 * HOUR, lost, within_s=60.0)
        at += 9 * HOUR
        low = Expected(FaultEvent.SUPPLY_VOLTAGE_TOO_LOW, "segment", name)
        pen.put("supply_voltage", nodes, at, at + 4 * HOUR, low, volts=189.0)
    far = [it.setup.id for it in pen.nodes.values() if _gateway(pen, it.setup.id) == FAR_GATEWAY]
    at = pen.start + 0.12 * pen.nights * DAY
    gone = Expected(FaultEvent.COMMUNICATION_FAILURE, "gateway", FAR_GATEWAY)
    pen.put("gateway_lost", far, at, at + 3 * HOUR, gone)
    at = pen.start + 0.2 * pen.nights * DAY
    down = Expected(FaultEvent.COMMUNICATION_FAILURE, "link", "line1")
    pen.script.injected.append(
        Injected("gateway of line1 lost", at, at + 2 * HOUR, (down,), line="line1")
    )  # fmt: skip


def _overlap(pen: Pen) -> None:
    """Let faults lie over each other: none may hide, double or end another."""
    for _ in range(pen.times):
        point, at = pen.victim(), pen.begin(last=0.4)
        pen.put("lamp_failure", [point.node], at, None, pen.of(FaultEvent.LAMP_FAILURE, point, LIT, LIT))
        silence = at + 20 * HOUR
        pen.put(
            "silent",
            [point.node],
            silence,
            silence + 7 * HOUR,
            Expected(FaultEvent.COMMUNICATION_FAILURE, NODE, point.node),
        )
        point, at = pen.victim(), pen.begin(last=0.4)
        pen.put(
            "wrong_power",
            [point.node],
            at,
            None,
            pen.of(FaultEvent.LAMP_POWER_TOO_LOW, point, LIT, LIT),
            share=0.6,
        )
        pen.put(
            "low_power_factor",
            [point.node],
            at + 5 * HOUR,
            None,
            pen.of(FaultEvent.POWER_FACTOR_TOO_LOW, point, BRIGHT, BRIGHT),
            share=0.6,
        )


def _disturb(pen: Pen) -> None:
    """Do what is no fault: reboots, lost flashes, silences below the lease, switches turned, mains in its band."""
    for _ in range(3 * pen.times):
        for kind, minutes, more in (
            ("reboot", 0, {}),
            ("silent", 20, {}),
            ("local_override", 90, {"level": 100}),
            ("local_override", 90, {"level": 0}),
            ("supply_voltage", 300, {"volts": 213.0}),
            ("supply_voltage", 300, {"volts": 247.0}),
            ("wrong_clock", 600, {"offset_s": 12.0}),
            ("flapping", 120, {"period_s": 1200.0}),
        ):
            node, at = pen.quiet(minutes, alone=kind in ("silent", "flapping"))
            until = at + dt.timedelta(minutes=minutes) if minutes else None
            pen.put(kind, [node], at, until, noise=True, **more)
    for _ in range(pen.times):
        pen.put("flash_lost", [pen.rng.choice(pen.free).node], pen.begin(last=0.9), None, noise=True)


def _gateway(pen: Pen, node: str) -> str:
    return next((it.tags.get("gateway", "") for it in pen.points.values() if it.node == node), "")
