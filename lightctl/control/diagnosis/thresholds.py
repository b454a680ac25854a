"""Thresholds: the figures by which faults are called. The settings section [diagnosis] has the same names."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When something counts as a fault, and when it is well again.

    confirm_reports, confirm_s: what is measured opens a fault once it showed in so many reports in a row, over so many
    seconds. clear_reports: so many good ones in a row close it. clear_share: a measured value is well again when it is
    off by no more than this share of what opens a fault.

    dark_share, on_share: a lamp is dark below, a lamp that is off burns above, this share of what its light should
    draw. power_tolerance_percent: how far a lamp of no type may be off its expected power (TALQ lampPowerTolerance).
    power_floor_w: no lamp is judged by fewer watts than this. segment_noise_percent: what a segment's power may differ
    from its learned value before lamps are counted as out. learn_reports: good reports after which an expectation
    counts as learned.

    power_factor_min: lowest good power factor at full level where the type names none; dimmed lamps have less, by the
    curve TALQ 2.7.1 gives as an example. power_factor_from_level: not judged below this level (percent).
    nominal_voltage_v, voltage_tolerance_percent: EN 50160's 230 V +-10 %. dead_voltage_share: less than this share of
    it is no supply at all. leakage_a: residual current; the 300 mA of IEC 60364-4-42.

    cycling_changes, cycling_window_s: a lamp that went out or came back so often in this time is cycling.

    window_s: nodes that fall silent within this time, give or take a heartbeat, did so together. least_nodes: fewer
    have no cause in common. feeder_share: the share of a segment's or cabinet's nodes, link_share: of a gateway's or
    link's. most_members: so many light points at most are named; the number is always whole.
    """

    confirm_reports: int = 2
    confirm_s: float = 60.0
    clear_reports: int = 1
    clear_share: float = 0.7
    dark_share: float = 0.3
    on_share: float = 0.05
    power_tolerance_percent: float = 20.0
    power_floor_w: float = 2.0
    segment_noise_percent: float = 2.0
    learn_reports: int = 12
    power_factor_min: float = 0.7
    power_factor_from_level: int = 50
    nominal_voltage_v: float = 230.0
    voltage_tolerance_percent: float = 10.0
    dead_voltage_share: float = 0.2
    leakage_a: float = 0.3
    cycling_changes: int = 4
    cycling_window_s: float = 7200.0
    window_s: float = 60.0
    least_nodes: int = 3
    feeder_share: float = 0.3
    link_share: float = 0.8
    most_members: int = 1000


STANDARD = Thresholds()
