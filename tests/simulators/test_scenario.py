from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from lightctl.domain.assets import Place
from lightctl.domain.errors import InvalidInput
from simulators.scenario import read_scenario
from simulators.specs import FaultSpec, Scenario
from simulators.strict_yaml import parse_duration, parse_instant

NOW = dt.datetime(2026, 12, 21, 14, 0, tzinfo=dt.UTC)
START = dt.datetime(2026, 12, 21, 15, 0, tzinfo=dt.UTC)
BROKER = "mqtt: {url: mqtt://127.0.0.1}\n"


def read(text: str, folder: Path = Path("/nowhere")) -> Scenario:
    return read_scenario(text, "street.yaml", folder, NOW)


def refusal(text: str) -> str:
    with pytest.raises(InvalidInput) as caught:
        read(text)
    return str(caught.value)


def test_a_scenario_reads_into_values(tmp_path):
    (tmp_path / "secret").write_text("hunter2\n")
    scenario = read(
        """
clock: {start: "2026-12-21T16:00:00+01:00", machine_epoch: 1790000000.5, speed: 600}
seed: 7
truth: out/truth.jsonl
flash: flash
heartbeat_s: 60
place: {lat: 51.45, lon: 7.01, time_zone: Europe/Berlin}
mqtt: {url: "mqtts://broker.example:8884", username: street, password_file: secret, connections: 2}
fleets:
  - {kind: native, count: 2, prefix: a-, clock_drift_ppm: [-20, 20], clock_offset_s: 3,
     power_table: {50: 30.5, 20: 12}, power_spread_percent: 3, power_noise_percent: 1, diagnoses: false}
  - {kind: native, ids: [x1, "22:30"], carries_nights: false}
modbus:
  - {port: 0, units: [{unit: 3, profile: cabinet, node: cab1, channels: 2, lamps_per_channel: 42}]}
faults:
  - {at: +2h30m, for: 10m, kind: silent, nodes: [a-00001]}
  - {at: "2026-12-21T20:00:00Z", kind: lamp_failure, count: 1, prefix: a-}
  - {kind: supply_loss, count: 2, prefix: a-, within: 1m, for: 2h}
sensors:
  - {name: traffic, kind: vehicles, every: 15m, says: [{at: +1h, value: 3}, {value: 30}]}
ends: +14h
""".replace('"22:30"', "n2230"),
        tmp_path,
    )
    assert scenario.clock is not None
    assert (scenario.clock.start, scenario.clock.machine_epoch, scenario.clock.speed) == (START, 1790000000.5, 600)
    assert scenario.truth == tmp_path / "out/truth.jsonl"
    assert scenario.mqtt is not None
    assert (scenario.mqtt.host, scenario.mqtt.port, scenario.mqtt.tls) == ("broker.example", 8884, True)
    assert (scenario.mqtt.username, scenario.mqtt.password, scenario.mqtt.connections) == ("street", "hunter2", 2)
    (sensor,) = scenario.sensors
    assert (sensor.name, sensor.kind, sensor.area, sensor.node, sensor.every_s) == (
        "traffic",
        "vehicles",
        "main",
        "",
        900,
    )
    assert sensor.says == ((START, 30), (START + dt.timedelta(hours=1), 3))
    first, second = scenario.fleets
    assert first.ids == ("a-00001", "a-00002")
    assert (first.clock_drift_ppm, first.clock_offset_s) == ((-20, 20), (3, 3))
    assert (first.place, first.heartbeat_s) == (Place(51.45, 7.01, "Europe/Berlin"), 60)
    assert (second.ids, second.carries_nights) == (("x1", "n2230"), False)
    assert scenario.lines[0].units[0].lamps_per_channel == 42
    silent, failure, feeder = scenario.faults
    assert (feeder.within_s, feeder.share, feeder.volts) == (60, 0.6, 190)
    assert first.power_table == ((20, 12.0), (50, 30.5))
    assert (first.power_spread_percent, first.power_noise_percent, first.diagnoses) == (3, 1, False)
    assert (silent.at, silent.lasts_s) == (START + dt.timedelta(hours=2.5), 600)
    assert (failure.at.hour, failure.lasts_s, failure.count) == (20, None, 1)
    assert scenario.ends == START + dt.timedelta(hours=14)


def test_without_a_clock_times_count_from_the_start_of_the_process():
    scenario = read("ends: +1h")
    assert (scenario.clock, scenario.ends) == (None, NOW + dt.timedelta(hours=1))


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ("seed: 1\nsped: 2", "street.yaml:2:7", "sped is not known"),
        ("seed: 1\nseed: 2", "street.yaml:2:1", "given twice"),
        ("seed: x", "street.yaml:1:7", "must be a number"),
        ("seed: 1.5", "street.yaml:1:7", "whole number"),
        ("seed: &a 1", "street.yaml:1:1", "anchors"),
        ("- 1", "street.yaml:1:1", "mapping of keys"),
        ("seed: [", "street.yaml:1:8", "not YAML"),
        ("seed:", "street.yaml:1:6", "one value"),
        ("clock: {speed: 2}", "street.yaml:1:8", "start and machine_epoch"),
        ("clock: {start: yesterday, machine_epoch: 0}", "street.yaml:1:16", "not an instant"),
        ('clock: {start: "2026-12-21T16:00:00", machine_epoch: 0}', "street.yaml:1:16", "not an instant"),
        ("place: {lat: 1, lon: 2, time_zone: Mars/Olympus}", "street.yaml:1:36", "is not a time zone"),
        ("place: {lat: 1}", "street.yaml:1:14", "needs lat and lon"),
        ("mqtt: {url: http://x}", "street.yaml:1:13", "not the address of a broker"),
        ("mqtt: {url: mqtt://x:99999}", "street.yaml:1:13", "not the address of a broker"),
        ("mqtt: {}", "street.yaml:1:7", "mqtt.url is missing"),
        ("mqtt: {url: mqtt://x, password_file: no-such}", "street.yaml:1:38", "cannot be read"),
        ("fleets: [{kind: native, count: 1}]", "street.yaml:1:9", "need a broker"),
        (BROKER + "fleets: [{kind: zigbee, count: 1}]", "street.yaml:2:17", "native"),
        (BROKER + "fleets: [{kind: native}]", "street.yaml:2:17", "exactly one"),
        (BROKER + "fleets: [{kind: native, count: 1, ids: [a]}]", "street.yaml:2:32", "either count or ids"),
        (BROKER + "fleets: [{kind: native, ids: [a/b]}]", "street.yaml:2:30", "is not an id"),
        (BROKER + "fleets: [{kind: native, count: 1, clock_drift_ppm: [5, 1]}]", "street.yaml:2:52", "from <= to"),
        (
            BROKER + "fleets: [{kind: json-dimmer, count: 1, carries_nights: true}]",
            "street.yaml:2:56",
            "cannot carry",
        ),
        ("modbus: [{units: [{unit: 300, profile: cabinet, node: c}]}]", "street.yaml:1:26", "from 1 to 247"),
        ("modbus: [{units: [{unit: 1, profile: toaster, node: c}]}]", "street.yaml:1:38", "sdm630"),
        (
            "modbus: [{units: [{unit: 1, profile: cabinet, node: c}, {unit: 1, profile: cabinet, node: d}]}]",
            "street.yaml:1:18",
            "same number",
        ),
        ("faults: [{kind: rain, nodes: [a]}]", "street.yaml:1:17", "lamp_failure"),
        ("faults: [{kind: silent}]", "street.yaml:1:10", "nodes: [ids] or count"),
        ("faults: [{kind: reboot, nodes: [a], for: 5m}]", "street.yaml:1:42", "over at once"),
        ("faults: [{kind: silent, nodes: [a], for: soon}]", "street.yaml:1:42", "not a duration"),
    ],
)
def test_a_mistake_is_refused_with_its_place(text, where, what):
    message = refusal(text)
    assert message.startswith(where + ":")
    assert what in message


@pytest.mark.parametrize(
    ("kind", "lasts_s", "late_s", "left"),
    [
        ("silent", 600.0, -1, (1, 600.0)),
        ("silent", 600.0, 100, (0, 500.0)),
        ("silent", 600.0, 600, None),
        ("silent", None, 100, (0, None)),
        ("reboot", None, 100, None),
        ("reboot", None, 0, (0, None)),
    ],
)
def test_of_a_fault_that_began_before_the_process_only_the_rest_happens(kind, lasts_s, late_s, left):
    now = START + dt.timedelta(seconds=late_s)
    pending = FaultSpec(kind, START, lasts_s, nodes=("n1",)).pending(now)
    found = None if pending is None else ((pending.at - now).total_seconds(), pending.lasts_s)
    assert found == left


def test_an_alias_is_refused():
    assert "anchors and aliases" in refusal("place: &p {lat: 1, lon: 2}\nfleets: *p")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("90s", 90), ("10m", 600), ("2h30m", 9000), ("1d", 86400), ("1.5s", 1.5), ("", None), ("5x", None)],
)
def test_durations_are_read_as_people_write_them(text, seconds):
    assert parse_duration(text) == seconds


def test_an_instant_needs_its_offset():
    assert parse_instant("2026-12-21T16:00:00+01:00") == START
    assert parse_instant("2026-12-21T16:00:00") is None
    assert parse_instant("16:00") is None


@pytest.mark.parametrize("cut", range(0, 700, 7))
def test_a_scenario_cut_anywhere_is_read_or_refused_and_nothing_else(cut):
    text = BROKER + (
        "seed: 3\nplace: {lat: 51, lon: 7}\nfleets:\n  - {kind: native, count: 3, clock_drift_ppm: [-5, 5]}\n"
        "modbus:\n  - {units: [{unit: 1, profile: cabinet, node: c1}]}\nfaults:\n  - {at: +1h, kind: stuck, count: 1}\n"
    )
    try:
        scenario = read(text[:cut])
    except InvalidInput as error:
        assert str(error).startswith("street.yaml")  # noqa: PT017 - both outcomes are allowed
    else:
        assert isinstance(scenario, Scenario)
