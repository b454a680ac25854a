"""Settings as values: every key with its type, limits, default and the sentence that documents it."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from typing import Literal

from pydantic import AwareDatetime, Field, ValidationInfo, field_validator, model_validator

from lightctl.domain.assets import ID_PATTERN
from lightctl.files.findings import did_you_mean
from lightctl.files.settings_citizens import CitizenSettings
from lightctl.files.settings_diagnosis import DiagnosisSettings
from lightctl.files.settings_energy import EnergySettings, TariffSettings, one_at_a_time
from lightctl.files.settings_links import LinkSettings, MqttLinkSettings
from lightctl.files.settings_luminaires import LuminaireSettings
from lightctl.files.settings_metrics import MetricsSettings
from lightctl.files.settings_notifications import MqttTopicSettings, NotificationSettings
from lightctl.files.settings_parts import Seconds, Section, WallTime
from lightctl.files.settings_reports import ReportsSettings


class SiteSettings(Section):
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


class StoreSettings(Section):
    """The store."""

    directory: str = Field(
        default=".lightctl",
        min_length=1,
        description="Folder of the store, made at need; relative to the file that says it.",
    )
    journal_days: int = Field(default=400, ge=1, le=36_500, description="Days that ended commands and faults are kept.")
    telemetry_days: int = Field(default=90, ge=1, le=36_500, description="Days that reports and readings are kept.")
    quarter_days: int = Field(
        default=190,
        ge=1,
        le=36_500,
        description="Days that usage by quarter of an hour is kept; 32 more than telemetry_days at least.",
    )
    night_days: int = Field(
        default=1100,
        ge=1,
        le=36_500,
        description="Days that usage by night is kept; 32 more than telemetry_days at least.",
    )
    month_days: int = Field(default=3660, ge=1, le=36_500, description="Days that usage by month is kept.")


class HttpSettings(Section):
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


class DeliverySettings(Section):
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


class SafetySettings(Section):
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
    max_silence_h: float = Field(default=744.0, gt=0, le=8784, description="Longest silence of a fault, in hours.")


class NightlySettings(Section):
    """The run that compiles and delivers the coming nights."""

    at: WallTime = Field(default="14:00", validate_default=True, description="Local time of the nightly run, HH:MM.")


class ClockSettings(Section):
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


class LogSettings(Section):
    """What the daemon says on stderr."""

    level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="Least severe line shown.")
    format: Literal["auto", "text", "json"] = Field(
        default="auto", description="text for people, json for machines, auto by whether stderr is a terminal."
    )


class Settings(Section):
    """Everything lightctl can be told before it starts."""

    site: SiteSettings = Field(default_factory=SiteSettings)
    store: StoreSettings = Field(default_factory=StoreSettings)
    http: HttpSettings = Field(default_factory=HttpSettings)
    links: dict[str, LinkSettings] = Field(default_factory=dict)
    delivery: DeliverySettings = Field(default_factory=DeliverySettings)
    diagnosis: DiagnosisSettings = Field(default_factory=DiagnosisSettings)
    safety: SafetySettings = Field(default_factory=SafetySettings)
    nightly: NightlySettings = Field(default_factory=NightlySettings)
    luminaires: dict[str, LuminaireSettings] = Field(default_factory=dict)
    energy: EnergySettings = Field(default_factory=EnergySettings)
    tariffs: dict[str, TariffSettings] = Field(default_factory=dict)
    reports: ReportsSettings = Field(default_factory=ReportsSettings)
    citizens: CitizenSettings = Field(default_factory=CitizenSettings)
    clock: ClockSettings | None = None
    notifications: dict[str, NotificationSettings] = Field(default_factory=dict)
    metrics: MetricsSettings = Field(default_factory=MetricsSettings)
    log: LogSettings = Field(default_factory=LogSettings)

    @field_validator("links")
    @classmethod
    def _names(cls, links: dict[str, LinkSettings]) -> dict[str, LinkSettings]:
        for name in links:
            if not ID_PATTERN.fullmatch(name):
                raise ValueError(f"{name!r} cannot be a link's name. Use letters, digits, - and _")
        return links

    @field_validator("notifications")
    @classmethod
    def _targets(
        cls, targets: dict[str, NotificationSettings], given: ValidationInfo
    ) -> dict[str, NotificationSettings]:
        brokers = {name for name, link in given.data.get("links", {}).items() if isinstance(link, MqttLinkSettings)}
        for name, target in targets.items():
            if not ID_PATTERN.fullmatch(name):
                raise ValueError(f"{name!r} cannot be a target's name. Use letters, digits, - and _")
            if isinstance(target, MqttTopicSettings) and target.link not in brokers:
                raise ValueError(f"{name}: no mqtt link is called {target.link!r}. Add [links.NAME], or name another")
        return targets

    @field_validator("luminaires")
    @classmethod
    def _types(cls, luminaires: dict[str, LuminaireSettings]) -> dict[str, LuminaireSettings]:
        for name in luminaires:
            if not name or name != name.strip() or not name.isprintable():
                raise ValueError(f"{name!r} cannot be a luminaire type's name. Write it as the tag luminaire has it")
        return luminaires

    @field_validator("tariffs")
    @classmethod
    def _one_at_a_time(cls, tariffs: dict[str, TariffSettings]) -> dict[str, TariffSettings]:
        return one_at_a_time(tariffs)


def _near(name: str, known: set[str]) -> list[str]:
    tail = name.rpartition("/")[2][:2].casefold()
    return [zone for zone in known if zone.rpartition("/")[2].casefold().startswith(tail)]
