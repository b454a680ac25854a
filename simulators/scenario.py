"""Reads scenario files: every key with its bounds and what goes together; the result is a value of `specs`.

`docs/simulators.md` explains every key. Paths are relative to the scenario file.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from lightctl.devices.profile import shipped_profiles
from lightctl.domain.assets import ID_PATTERN, Dates, Place
from lightctl.domain.timescale import TimeScale
from simulators.lamp import FULL_LEVEL
from simulators.sensors import read_sensor
from simulators.specs import (
    ALL_CHANNELS,
    DIMMER,
    FAULT_KINDS,
    MOMENTARY_FAULTS,
    NATIVE,
    Broker,
    FaultSpec,
    FleetSpec,
    LineSpec,
    Scenario,
    UnitSpec,
)
from simulators.strict_yaml import Section, read_section

PORTS = {"mqtt": 1883, "mqtts": 8883}


def read_scenario(text: str, name: str, folder: Path, now: dt.datetime) -> Scenario:
    """Read a scenario; `now` is where the clock starts when the file gives none. Raises InvalidInput with the place."""
    top = read_section(text, name)
    clock = _clock(top.section("clock"))
    start = now if clock is None else clock.start
    place = _place(top, None)
    heartbeat_s = top.number("heartbeat_s", 300.0, least=1.0)
    scenario = Scenario(
        clock=clock,
        seed=top.integer("seed", 0),
        truth=_path(top, "truth", folder),
        flash=_path(top, "flash", folder),
        mqtt=_broker(top.section("mqtt"), folder),
        fleets=tuple(_fleet(it, folder, place, heartbeat_s) for it in top.sections("fleets")),
        lines=tuple(_line(it, place) for it in top.sections("modbus")),
        faults=tuple(read_fault(it, start) for it in top.sections("faults")),
        sensors=tuple(read_sensor(it, start) for it in top.sections("sensors")),
        ends=top.instant("ends", start),
    )
    if scenario.sensors and not scenario.fleets:
        raise top.error("sensors", "sensors speak beside nodes on a broker", hint="Give fleets and mqtt.")
    if scenario.fleets and scenario.mqtt is None:
        raise top.error("fleets", "fleets need a broker", hint="Give mqtt: {url: mqtt://host:1883}.")
    top.close()
    return scenario


def read_fault(section: Section, start: dt.datetime) -> FaultSpec:
    """Read one fault; without `at` it begins at `start`. Raises InvalidInput."""
    fault = FaultSpec(
        kind=section.choice("kind", FAULT_KINDS),
        at=section.instant("at", start) or start,
        lasts_s=section.duration("for"),
        nodes=section.texts("nodes"),
        count=section.integer("count", 0),
        prefix=section.text("prefix", ""),
        channel=section.integer("channel", ALL_CHANNELS, least=ALL_CHANNELS),
        lamps=section.integer("lamps", 0),
        level=section.integer("level", 100, most=100),
        delay_s=section.duration("delay", 2.0) or 0.0,
        period_s=section.duration("period", 60.0) or 60.0,
        offset_s=section.number("offset_s", 7200.0, least=-1e9, most=1e9),
        within_s=section.duration("within", 0.0) or 0.0,
        share=section.number("share", 0.6, most=10.0),
        volts=section.number("volts", 190.0, most=1000.0),
    )
    if bool(fault.nodes) == bool(fault.count):
        raise section.error("nodes", "a fault names its nodes or how many", hint="Give nodes: [ids] or count: N.")
    if fault.kind in MOMENTARY_FAULTS and fault.lasts_s is not None:
        raise section.error("for", f"{fault.kind} is over at once", hint="Leave `for` out.")
    section.close()
    return fault


def _clock(section: Section | None) -> TimeScale | None:
    if section is None:
        return None
    start = section.instant("start", dt.datetime.fromtimestamp(0, dt.UTC))
    if start is None or not section.has("machine_epoch"):
        raise section.error("start", "a clock needs start and machine_epoch")
    scale = TimeScale(start, section.number("machine_epoch", 0.0), section.number("speed", 1.0, least=0.001, most=1e6))
    section.close()
    return scale


def _place(parent: Section, default: Place | None) -> Place | None:
    section = parent.section("place")
    if section is None:
        return default
    if not (section.has("lat") and section.has("lon")):
        raise section.error("lat", "a place needs lat and lon")
    zone = section.text("time_zone", "UTC")
    if zone not in available_timezones():
        raise section.error("time_zone", f"{zone!r} is not a time zone", hint="Write one such as Europe/Berlin.")
    place = Place(
        section.number("lat", 0.0, least=-90, most=90), section.number("lon", 0.0, least=-180, most=180), zone
    )
    section.close()
    return place


def _path(section: Section, key: str, folder: Path) -> Path | None:
    text = section.text(key, "")
    return folder / text if text else None


def _broker(section: Section | None, folder: Path) -> Broker | None:
    if section is None:
        return None
    parts = urlsplit(section.text("url"))
    try:
        port = parts.port or PORTS[parts.scheme]
    except (ValueError, KeyError) as error:
        raise section.error("url", "this is not the address of a broker", hint="Write mqtt://host:1883.") from error
    password = _path(section, "password_file", folder)
    ca_file = _path(section, "ca_file", folder)
    try:
        secret = "" if password is None else password.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise section.error("password_file", f"it cannot be read: {error.strerror}") from error
    broker = Broker(
        parts.hostname or "127.0.0.1",
        port,
        parts.scheme == "mqtts",
        section.text("username", ""),
        secret,
        str(ca_file or ""),
        section.integer("connections", 4, least=1, most=64),
    )
    section.close()
    return broker


def _fleet(section: Section, folder: Path, place: Place | None, heartbeat_s: float) -> FleetSpec:
    kind = section.choice("kind", (NATIVE, DIMMER))
    carries = section.boolean("carries_nights", default=kind == NATIVE)
    where = section.section("where")
    fleet = FleetSpec(
        kind=kind,
        ids=_ids(section),
        inventory=_path(section, "inventory", folder),
        where={} if where is None else where.rest(),
        area=section.text("area", "main"),
        profile=section.text("profile", kind),
        carries_nights=carries,
        nights=section.integer("nights", 7, least=1, most=400),
        slots=section.integer("slots", 64, least=1),
        resolution_s=section.integer("resolution_s", 1, least=1, most=3600),
        ramp=section.boolean("ramp", default=True),
        min_level=section.integer("min_level", 0, most=100),
        levels=section.integers("levels", least=0, most=100),
        persists=section.boolean("persists", default=carries),
        dates=Dates(section.choice("dates", Dates, Dates.ABSOLUTE)),
        sun=section.boolean("sun", default=False),
        place=_place(section, place),
        rated_power_w=section.number("rated_power_w", 60.0),
        standby_power_w=section.number("standby_power_w", 0.5),
        power_table=_power_table(section),
        power_spread_percent=section.number("power_spread_percent", 0.0, most=50.0),
        power_noise_percent=section.number("power_noise_percent", 0.0, most=25.0),
        voltage_noise_percent=section.number("voltage_noise_percent", 0.0, most=25.0),
        diagnoses=section.boolean("diagnoses", default=True),
        heartbeat_s=section.number("heartbeat_s", heartbeat_s, least=1.0),
        clock_drift_ppm=section.span("clock_drift_ppm", least=-1e5, most=1e5),
        clock_offset_s=section.span("clock_offset_s", least=-1e9, most=1e9),
    )
    if bool(fleet.ids) == (fleet.inventory is not None):
        raise section.error("kind", "a fleet has either count, ids or an inventory", hint="Give exactly one of them.")
    if kind == DIMMER and carries:
        raise section.error("carries_nights", "a json-dimmer cannot carry nights")
    section.close()
    return fleet


def _power_table(section: Section) -> tuple[tuple[int, float], ...]:
    """Read watts by level, which need not be given in order of levels."""
    table = section.section("power_table")
    if table is None:
        return ()
    watts: dict[int, float] = {}
    for key in table.rest():
        if not key.isascii() or not key.isdigit() or not 0 < int(key) < FULL_LEVEL or int(key) in watts:
            raise table.error(key, f"power_table has {key!r}", hint="Write levels from 1 to 99, each once: {50: 31.5}.")
        watts[int(key)] = table.number(key, 0.0)
    return tuple(sorted(watts.items()))


def _ids(section: Section) -> tuple[str, ...]:
    ids = section.texts("ids")
    count = section.integer("count", 0)
    prefix = section.text("prefix", "node-")
    if ids and count:
        raise section.error("count", "a fleet has either count or ids", hint="Give one of them.")
    ids = ids or tuple(f"{prefix}{number:05d}" for number in range(1, count + 1))
    for node in ids:
        if not ID_PATTERN.fullmatch(node):
            raise section.error("ids", f"{node!r} is not an id", hint="Use letters, digits, - and _, 64 at most.")
    return ids


def _line(section: Section, place: Place | None) -> LineSpec:
    units = tuple(_unit(it, place) for it in section.sections("units"))
    if len({unit.unit for unit in units}) != len(units):
        raise section.error("units", "two units of one line have the same number")
    line = LineSpec(section.text("host", "127.0.0.1"), section.integer("port", 0, most=65535), units)
    section.close()
    return line


def _unit(section: Section, place: Place | None) -> UnitSpec:
    unit = UnitSpec(
        unit=section.integer("unit", 1, least=1, most=247),
        profile=section.choice("profile", _modbus_profiles()),
        node=section.text("node"),
        channels=section.integer("channels", 1, least=1, most=256),
        lamps_per_channel=section.integer("lamps_per_channel", 1, least=1),
        rated_power_w=section.number("rated_power_w", 60.0),
        standby_power_w=section.number("standby_power_w", 0.5),
        points=section.texts("points"),
        meters=section.texts("meters"),
        place=_place(section, place),
        clock_drift_ppm=section.span("clock_drift_ppm", least=-1e5, most=1e5),
        clock_offset_s=section.span("clock_offset_s", least=-1e9, most=1e9),
    )
    if unit.points and len(unit.points) != unit.channels:
        raise section.error("points", f"{unit.channels} light points are expected, one per channel")
    section.close()
    return unit


def _modbus_profiles() -> list[str]:
    return [name for name, profile in shipped_profiles().items() if profile.modbus is not None]
