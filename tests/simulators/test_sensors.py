"""Sensors of a scenario say their values at their instants, and again at their interval."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from lightctl.devices.codec import NativeCodec
from lightctl.domain.errors import InvalidInput
from simulators.scenario import read_scenario
from simulators.sensors import Sensors

NOW = dt.datetime(2026, 12, 21, 15, 0, tzinfo=dt.UTC)
HEAD = "mqtt: {url: mqtt://127.0.0.1}\nfleets: [{kind: native, count: 1}]\n"
MINUTE = dt.timedelta(minutes=1)


def sensors(body: str) -> Sensors:
    text = f"{HEAD}clock: {{start: {NOW:%Y-%m-%dT%H:%M:%SZ}, machine_epoch: 0}}\nsensors: [{{{body}}}]\n"
    return Sensors(read_scenario(text, "street.yaml", Path("/nowhere"), NOW).sensors, NOW)


def said(street: Sensors, minutes: int) -> list[tuple[int, float]]:
    """Step minute by minute and give what was said, as (minute, value)."""
    found = []
    for minute in range(minutes):
        for _, message in street.take(NOW + minute * MINUTE):
            event = NativeCodec().decode(message.topic, message.payload, NOW, {})
            found.append((minute, event.reading.value))
    return found


def test_a_sensor_says_each_value_once_at_its_instant():
    body = "name: traffic, kind: vehicles, says: [{at: +5m, value: 30}, {at: +9m, value: 2}]"
    assert said(sensors(body), 20) == [(5, 30), (9, 2)]


def test_a_sensor_with_an_interval_says_its_value_until_the_next():
    body = "name: traffic, kind: vehicles, every: 3m, says: [{value: 4}, {at: +7m, value: 2}]"
    assert said(sensors(body), 12) == [(0, 4), (3, 4), (6, 4), (7, 2), (10, 2)]


def test_what_was_missed_is_not_made_up_for():
    street = sensors("name: traffic, kind: vehicles, says: [{value: 4}, {at: +1m, value: 2}]")
    assert next(message.payload for _, message in street.take(NOW + 9 * MINUTE)).endswith(b'"value":2.0}')
    assert list(street.take(NOW + 10 * MINUTE)) == []


@pytest.mark.parametrize(
    "body",
    [
        "name: a/b, kind: lux, says: [{value: 4}]",
        "name: a, kind: wind, says: [{value: 4}]",
        "name: a, kind: lux",
        "name: a, kind: presence, says: [{value: 4}]",
    ],
)
def test_a_sensor_that_cannot_be_is_refused_with_its_place(body):
    with pytest.raises(InvalidInput, match=r"street\.yaml"):
        sensors(body)
