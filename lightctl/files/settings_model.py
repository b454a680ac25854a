"""Settings as values: every key with its type, limits, default and the sentence that documents it."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from lightctl.domain.assets import ID_PATTERN
from lightctl.domain.errors import InvalidInput
from lightctl.files.expressions import parse_clock_time
from lightctl.files.findings import did_you_mean

_PORTS = {"mqtt": 1883, "mqtts": 8883}


def _wall_seconds(value: object) -> int:
    try:
        return parse_clock_time(value if isinstance(value, str) else str(value)).seconds
    except InvalidInput as error:
        raise ValueError(f"{error.why}. {error.hint}") from None


WALL_TIME = BeforeValidator(_wall_seconds)
WallTime = Annotated[int, WALL_TIME]
Seconds = Annotated[float, Field(gt=0, le=86_400)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False, hide_input_in_errors=True)


class SiteSettings(_Section):
    """The city."""

    name: str = Field(default="", max_length=100, description="Name of the city or site, shown in status and reports.")
    time_zone: str = Field(default="Europe/Berlin", description="IANA time zone of all clock times in schedules.")

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        known = zoneinfo.available_timezones()
        if name not in known:
            raise ValueError(f"no such time zone. {did_you_mean(name, _near(name, known))}")
        return name


class StoreSettings(_Section):
    """The store."""

    directory: str = Field(
        default=".lightctl",
        min_length=1,
        description="Folder of the store, made at need; relative to the file that says it.",
    )
    journal_days: int = Field(default=400, ge=1, le=36_500, description="Days that ended commands and faults are kept.")
    telemetry_days: int = Field(default=90, ge=1, le=36_500, description="Days that reports and readings are kept.")


class HttpSettings(_Section):
    """The HTTP door of the daemon."""

    host: str = Field(default="127.0.0.1", description="Address to listen on; 127.0.0.1 serves this machine alone.")
    port: int = Field(default=8480, ge=0, le=65_535, description="Port to listen on; 0 takes any free one.")
    tls_cert: str = Field(default="", description="Certificate file (PEM); with tls_key the door speaks https.")
    tls_key: str = Field(default="", description="Key file (PEM) of the certificate.")

    @model_validator(mode="after")
    def _both_or_none(self) -> HttpSettings:
        if bool(self.tls_cert) != bool(self.tls_key):
            raise ValueError("tls_cert and tls_key belong together. Give both, or none")
        return self


class MqttLinkSettings(_Section):
    """A broker and how to behave there."""

    type: Literal["mqtt"] = Field(description="Kind of link: mqtt.")
    url: str = Field(
        default="", description="mqtt://host:port or mqtts://host:port (TLS), in place of host, port, tls."
    )
    host: str = Field(default="127.0.0.1", min_length=1, description="Host of the broker.")
    port: int = Field(default=1883, ge=1, le=65_535, description="Port of the broker.")
    tls: bool = Field(default=False, description="Whether to speak TLS.")
    username: str = Field(default="", description="User name at the broker.")
    password: str = Field(default="", repr=False, description="Password at the broker; password_file is the safer way.")
    password_file: str = Field(default="", description="File whose first line is the password.")
    ca_file: str = Field(default="", description="Certificates (PEM) to trust; else those of the system.")
    cert_file: str = Field(default="", description="Our own certificate (PEM).")
    key_file: str = Field(default="", description="Key (PEM) of our own certificate.")
    client_id: str = Field(default="", description="MQTT client id; else one is made.")
    keepalive_s: int = Field(default=20, ge=5, le=3600, description="MQTT keep-alive in seconds.")
    window: int = Field(default=100, ge=1, le=10_000, description="Publishes in flight at most.")
    rate_per_s: float = Field(default=0.0, ge=0, description="Publishes a second at most; 0 for no limit.")
    reconnect_cap_s: Seconds = Field(default=30.0, description="Longest pause between attempts to connect, in seconds.")
    protocol: Literal["auto", "5", "3.1.1"] = Field(
        default="auto", description="MQTT version; auto takes 5 where the broker does."
    )

    @model_validator(mode="before")
    @classmethod
    def _url_in_parts(cls, given: object) -> object:
        if not isinstance(given, dict) or not isinstance(given.get("url"), str) or not given["url"]:
            return given
        for key in ("host", "port", "tls"):
            if key in given:
                raise ValueError(f"url and {key} say the same thing. Keep one of the two")
        return {**given, **_parts_of(given["url"])}

    @model_validator(mode="after")
    def _one_password(self) -> MqttLinkSettings:
        if self.password and self.password_file:
            raise ValueError("password and password_file say the same thing. Keep password_file")
        if bool(self.cert_file) != bool(self.key_file):
            raise ValueError("cert_file and key_file belong together. Give both, or none")
        return self

    def secret(self) -> str:
        """Give the password, from password_file where that is named; raises InvalidInput when it cannot be read."""
        if not self.password_file:
            return self.password
        try:
            return Path(self.password_file).read_text(encoding="utf-8").partition("\n")[0].strip()
        except (OSError, ValueError) as error:
            raise InvalidInput(
                self.password_file, f"the password file cannot be read: {error}", hint="Correct password_file."
            ) from None


class _ModbusSettings(_Section):
    timeout_s: Seconds = Field(default=0.5, description="Seconds a unit has to answer.")
    poll_s: Seconds = Field(default=30.0, description="Seconds between two polls of a unit.")
    dead_poll_s: Seconds = Field(default=120.0, description="Seconds between two polls of a unit that does not answer.")
    late_s: Seconds = Field(default=5.0, description="Seconds after which no late answer can still come.")
    reconnect_cap_s: Seconds = Field(default=30.0, description="Longest pause between attempts to connect, in seconds.")


class ModbusTcpLinkSettings(_ModbusSettings):
    """A Modbus TCP device or gateway."""

    type: Literal["modbus_tcp"] = Field(description="Kind of link: modbus_tcp.")
    host: str = Field(default="127.0.0.1", min_length=1, description="Host of the device or gateway.")
    port: int = Field(default=502, ge=1, le=65_535, description="Port of the device or gateway.")
    framer: Literal["socket", "rtu"] = Field(
        default="socket", description="socket for Modbus TCP, rtu for RTU frames through a plain serial server."
    )


class ModbusRtuLinkSettings(_ModbusSettings):
    """A Modbus serial line."""

    type: Literal["modbus_rtu"] = Field(description="Kind of link: modbus_rtu.")
    device: str = Field(min_length=1, description="Serial device, for example /dev/ttyUSB0.")
    baudrate: int = Field(default=9600, ge=300, le=4_000_000, description="Bits a second.")
    parity: Literal["N", "E", "O"] = Field(default="N", description="Parity: none, even or odd.")
    stopbits: Literal[1, 2] = Field(default=1, description="Stop bits.")


LinkSettings = Annotated[
    MqttLinkSettings | ModbusTcpLinkSettings | ModbusRtuLinkSettings, Field(discriminator="type")
]  # fmt: skip


class DeliverySettings(_Section):
    """How orders get to the street and how long they may take."""

    nights: int = Field(
        default=7,
        ge=7,
        le=60,
        description="Nights a node is given ahead, as far as it and one message of 8 kB hold them.",
    )
    settle_s: Seconds = Field(
        default=30.0, description="Seconds a lamp has to follow after a send; doubles per attempt."
    )
    deadline_s: Seconds = Field(default=900.0, description="Seconds after which an unanswered command is expired.")
    retry_cap_s: Seconds = Field(default=600.0, description="Longest pause between two attempts, in seconds.")
    heartbeat_s: Seconds = Field(default=300.0, description="Seconds between two reports of a healthy node.")
    lease_factor: float = Field(default=2.5, gt=1, le=100, description="Heartbeats of silence that make a node absent.")
    topup_spread_s: Seconds = Field(default=600.0, description="Seconds over which the nightly delivery is spread.")
    switch_ons_per_s: float = Field(
        default=0.0,
        ge=0,
        le=1000,
        description="Lamps a feeder (a cabinet, else a link) is told to turn on a second, at most; 0 for no limit.",
    )
    clock_warn_s: Seconds = Field(
        default=30.0, description="Seconds a node's clock may be off before it is warned of, and set where it can be."
    )
    clock_untrusted_s: Seconds = Field(
        default=300.0, description="Seconds a node's clock may be off before it is a fault."
    )
    sensor_changes_per_h: int = Field(
        default=12, ge=2, le=3600, description="Changes of a lamp's level that sensors may make in an hour."
    )


class SafetySettings(_Section):
    """Limits on what one person can do at once."""

    max_affected: int = Field(
        default=500, ge=1, description="Light points a change may touch without --max-affected N."
    )
    max_dark_minutes: int = Field(
        default=30,
        ge=0,
        le=1440,
        description="Minutes of darkness a night that new schedules may add for any lamp without a second person.",
    )
    allow_below_protection: bool = Field(
        default=False,
        description="Whether schedules may ask for less than a protection keeps; the protection holds in any case.",
    )
    max_override_h: float = Field(default=12.0, gt=0, le=168, description="Longest manual level, in hours.")
    max_override_ahead_h: float = Field(
        default=168.0, ge=0, le=8784, description="How far ahead a manual level may begin, in hours; 0 allows none."
    )
    max_maintenance_h: float = Field(default=24.0, gt=0, le=744, description="Longest maintenance, in hours.")


class NightlySettings(_Section):
    """The run that compiles and delivers the coming nights."""

    at: WallTime = Field(default="14:00", validate_default=True, description="Local time of the nightly run, HH:MM.")


class ClockSettings(_Section):
    """A clock that runs at another speed, for tries; without this section lightctl lives in real time."""

    start: AwareDatetime = Field(
        strict=False, description="Instant at machine_epoch, with its offset: 2026-12-01T14:00:00Z."
    )
    machine_epoch: float = Field(description="Machine time (seconds since 1970) at which the clock shows start.")
    speed: float = Field(default=1.0, gt=0, le=100_000, description="Seconds of the run in one machine second.")

    @field_validator("start")
    @classmethod
    def _in_utc(cls, start: dt.datetime) -> dt.datetime:
        return start.astimezone(dt.UTC)


class LogSettings(_Section):
    """What the daemon says on stderr."""

    level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="Least severe line shown.")
    format: Literal["auto", "text", "json"] = Field(
        default="auto", description="text for people, json for machines, auto by whether stderr is a terminal."
    )


class Settings(_Section):
    """Everything lightctl can be told before it starts."""

    site: SiteSettings = Field(default_factory=SiteSettings)
    store: StoreSettings = Field(default_factory=StoreSettings)
    http: HttpSettings = Field(default_factory=HttpSettings)
    links: dict[str, LinkSettings] = Field(default_factory=dict)
    delivery: DeliverySettings = Field(default_factory=DeliverySettings)
    safety: SafetySettings = Field(default_factory=SafetySettings)
    nightly: NightlySettings = Field(default_factory=NightlySettings)
    clock: ClockSettings | None = None
    log: LogSettings = Field(default_factory=LogSettings)

    @field_validator("links")
    @classmethod
    def _names(cls, links: dict[str, LinkSettings]) -> dict[str, LinkSettings]:
        for name in links:
            if not ID_PATTERN.fullmatch(name):
                raise ValueError(f"{name!r} cannot be a link's name. Use letters, digits, - and _")
        return links


def _parts_of(url: str) -> dict[str, str | int | bool]:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError(f"url: {error}") from None
    if parts.scheme not in _PORTS or not host or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError("url must read mqtt://host:port or mqtts://host:port")
    if parts.username is not None or parts.password is not None:
        raise ValueError("url carries credentials. Write username and password_file")
    return {"host": host, "port": port or _PORTS[parts.scheme], "tls": parts.scheme == "mqtts"}


def _near(name: str, known: set[str]) -> list[str]:
    tail = name.rpartition("/")[2][:2].casefold()
    return [zone for zone in known if zone.rpartition("/")[2].casefold().startswith(tail)]
