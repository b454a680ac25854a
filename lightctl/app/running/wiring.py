"""Wiring: settings into the things they describe: links, policy, the clock's scale.

Modbus is loaded where a link speaks it: most cities have none, and its library takes room in the daemon for ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import TYPE_CHECKING, TypeVar, assert_never

from pydantic import BaseModel

from lightctl.control.diagnosis.thresholds import Thresholds
from lightctl.control.policy import Policy
from lightctl.devices.profile import Profile
from lightctl.domain.timescale import REAL_TIME, TimeScale
from lightctl.files.settings import (
    LinkSettings,
    ModbusRtuLinkSettings,
    ModbusTcpLinkSettings,
    MqttLinkSettings,
    Settings,
)
from lightctl.links.base import Clock, Emit, Link
from lightctl.links.mqtt import MqttEndpoint, MqttLink

if TYPE_CHECKING:
    from lightctl.links.modbus import ModbusEndpoint

E = TypeVar("E", MqttEndpoint, "ModbusEndpoint")


def time_scale_of(settings: Settings) -> TimeScale:
    """Give the scale of the run's clock: the machine's own time unless settings say otherwise."""
    clock = settings.clock
    return REAL_TIME if clock is None else TimeScale(clock.start, clock.machine_epoch, clock.speed)


def policy_of(settings: Settings) -> Policy:
    """Give the controller's figures."""
    delivery = settings.delivery
    return Policy(
        settle_s=delivery.settle_s,
        retry_cap_s=delivery.retry_cap_s,
        deadline_s=delivery.deadline_s,
        heartbeat_s=delivery.heartbeat_s,
        lease_factor=delivery.lease_factor,
        nights=delivery.nights,
        topup_spread_s=delivery.topup_spread_s,
        clock_warn_s=delivery.clock_warn_s,
        clock_untrusted_s=delivery.clock_untrusted_s,
        sensor_changes_per_h=delivery.sensor_changes_per_h,
        diagnosis=Thresholds(**settings.diagnosis.model_dump()),
    )


def build_links(settings: Settings, profiles: Mapping[str, Profile], emit: Emit, clock: Clock) -> dict[str, Link]:
    """Make every link that settings name; none is connected yet."""
    switch_ons = settings.delivery.switch_ons_per_s
    return {name: _link(name, link, profiles, emit, clock, switch_ons) for name, link in settings.links.items()}


def _link(
    name: str,
    link: LinkSettings,
    profiles: Mapping[str, Profile],
    emit: Emit,
    clock: Clock,
    switch_ons_per_s: float,
) -> Link:
    match link:
        case MqttLinkSettings():
            return MqttLink(
                name, replace(mqtt_endpoint(link), switch_ons_per_s=switch_ons_per_s), profiles, emit, clock
            )
        case ModbusTcpLinkSettings() | ModbusRtuLinkSettings():
            from lightctl.links.modbus import ModbusEndpoint, ModbusLink  # noqa: PLC0415

            kind = "tcp" if isinstance(link, ModbusTcpLinkSettings) else "serial"
            endpoint = _endpoint(ModbusEndpoint, link, kind=kind, switch_ons_per_s=switch_ons_per_s)
            return ModbusLink(name, endpoint, profiles, emit, clock)
        case _:
            assert_never(link)


def mqtt_endpoint(link: MqttLinkSettings) -> MqttEndpoint:
    """Give the broker of a link; raises InvalidInput where its password cannot be read."""
    return _endpoint(MqttEndpoint, link, password=link.secret())


def _endpoint(endpoint: type[E], link: BaseModel, **values: object) -> E:
    """Fill an endpoint from the settings of the same names, and from `values` for the others."""
    known = {field.name for field in fields(endpoint)}
    return endpoint(**{name: value for name, value in link if name in known} | values)
