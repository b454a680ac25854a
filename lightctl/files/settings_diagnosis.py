"""Settings of diagnosis: when something counts as a fault; the names are those of the controller's thresholds."""

from __future__ import annotations

from pydantic import Field

from lightctl.files.settings_parts import Seconds, Section


class DiagnosisSettings(Section):
    """When something counts as a fault, and when it is well again."""

    confirm_reports: int = Field(
        default=2, ge=1, le=100, description="Reports in a row that must show what is measured before it is a fault."
    )
    confirm_s: float = Field(default=60.0, ge=0, le=86_400, description="Seconds these reports must span at least.")
    clear_reports: int = Field(default=1, ge=1, le=100, description="Good reports in a row that close a fault.")
    clear_share: float = Field(
        default=0.7,
        gt=0,
        le=1,
        description="A measured value is well again within this share of what opened the fault.",
    )
    dark_share: float = Field(
        default=0.3, gt=0, lt=1, description="A lamp is dark that draws less than this share of what its light should."
    )
    on_share: float = Field(
        default=0.05, gt=0, lt=1, description="A lamp that is off burns if it draws more than this share of full light."
    )
    power_tolerance_percent: float = Field(
        default=20.0,
        gt=0,
        le=100,
        description="Percent a lamp's power may be off, where its luminaire type says nothing.",
    )
    power_floor_w: float = Field(
        default=2.0, ge=0, le=1000, description="Watts for each lamp below which its power is not judged."
    )
    segment_noise_percent: float = Field(
        default=2.0, gt=0, le=50, description="Percent a segment's power may vary before lamps are counted as out."
    )
    learn_reports: int = Field(
        default=12, ge=1, le=1000, description="Good reports after which a lamp's own power counts as learned."
    )
    power_factor_min: float = Field(
        default=0.7,
        ge=0,
        le=1,
        description="Lowest good power factor at full level, where the type names none; 0: none.",
    )
    power_factor_from_level: int = Field(
        default=50, ge=1, le=100, description="Level (percent) below which the power factor is not judged."
    )
    nominal_voltage_v: float = Field(default=230.0, gt=0, le=1000, description="Nominal supply voltage.")
    voltage_tolerance_percent: float = Field(
        default=10.0, gt=0, le=50, description="Percent the voltage may be off; 10 is EN 50160."
    )
    dead_voltage_share: float = Field(
        default=0.2, gt=0, lt=1, description="Share of the nominal voltage below which there is no supply."
    )
    leakage_a: float = Field(default=0.3, gt=0, le=100, description="Residual current (A) that is still good.")
    cycling_changes: int = Field(
        default=4, ge=2, le=100, description="Times a lamp goes out or comes back within the window that are cycling."
    )
    cycling_window_s: Seconds = Field(default=7200.0, description="The window, in seconds.")
    window_s: Seconds = Field(
        default=60.0, description="Seconds within which nodes fall silent together, give or take a heartbeat."
    )
    least_nodes: int = Field(default=3, ge=2, le=10_000, description="Silent nodes that can have one cause, at least.")
    feeder_share: float = Field(
        default=0.3, gt=0, le=1, description="Share of a segment's or cabinet's nodes that fall silent with one cause."
    )
    link_share: float = Field(
        default=0.8, gt=0, le=1, description="Share of a gateway's or link's nodes that fall silent with one cause."
    )
    most_members: int = Field(
        default=1000, ge=1, le=100_000, description="Light points a fault names at most; their number is always whole."
    )
