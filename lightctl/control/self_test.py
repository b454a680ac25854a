"""Self-test: what the lamps of a node are driven through, and whether their reports show that they followed.

A self-test is a plan, not a run: each trial is an override that begins at its own instant and ends with the whole test,
so whoever dies in the middle, the last one ends by itself and the lamp does what it did before. What came of it is read
afterwards from what the node reported and when; nothing remembers how far it got.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from lightctl.control.diagnosis.expected import expect
from lightctl.control.diagnosis.measured import burns, is_dark, seen
from lightctl.control.diagnosis.thresholds import STANDARD
from lightctl.control.reconcile import level_in_force
from lightctl.devices.fit import fit_level
from lightctl.domain.assets import FULL_LEVEL, Capabilities, LightPoint
from lightctl.domain.crews import Trial
from lightctl.domain.states import ChannelReport, ReportedState

HALF_LEVEL = 50
ON, DIMMED, OFF = "on", "dimmed", "off"
TRIALS = (ON, DIMMED, OFF)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a check: ok is None while nobody can say."""

    ok: bool | None
    detail: str


def plan_trials(
    lamps: Sequence[LightPoint],
    capabilities: Capabilities,
    floors: Mapping[str, int],
    start: dt.datetime,
    step_s: float,
) -> tuple[Trial, ...]:
    """Give the trials of a node's lamps, each kind at the same time on all of them, one after the other.

    floors: the level (percent) no trial may go below, by light point. A kind that no lamp may or can do takes no time.
    """
    untimed = [_trial(lamp, name, capabilities, floors.get(lamp.id, 0), start) for name in TRIALS for lamp in lamps]
    planned: list[Trial] = []
    for name in TRIALS:
        of_kind = [trial for trial in untimed if trial.name == name]
        end = start + dt.timedelta(seconds=0.0 if all(trial.skipped for trial in of_kind) else step_s)
        planned += [replace(trial, start=start, end=end) for trial in of_kind]
        start = end
    return tuple(planned)


def _trial(lamp: LightPoint, name: str, capabilities: Capabilities, floor: int, at: dt.datetime) -> Trial:
    asked = {ON: FULL_LEVEL, DIMMED: max(HALF_LEVEL, floor), OFF: 0}[name]
    level = fit_level(asked, capabilities, lamp.min_level)
    protected = f"a protection asks for at least {floor} % now"
    skipped = ""
    if name == DIMMED and level >= FULL_LEVEL:
        skipped = protected if floor >= FULL_LEVEL else "it cannot be dimmed"
    elif name == OFF and floor:
        skipped = protected
    elif name == OFF and level:
        skipped = "it cannot be switched off"
    return Trial(lamp.id, name, level, at, at, skipped)


def judge_trial(
    trial: Trial, lamp: LightPoint, reports: Sequence[ReportedState], now: dt.datetime, tolerance: int
) -> Verdict:
    """Judge one trial by the reports of its node; `tolerance` is how far (percent points) a level may be off."""
    full_w = max(
        (lamp.rated_power_w or 0.0) * lamp.lamps, *(said.power_w or 0.0 for _, said in _said(lamp, reports)), 0.0
    )
    during = [said for at, said in _said(lamp, reports) if trial.start <= at < trial.end]
    driven = [said for said in during if _near(level_in_force(said), trial.level, tolerance)]
    good = next((said for said in driven if _follows(trial, lamp, said, full_w, tolerance)), None)
    if good is not None:
        return Verdict(True, f"{trial.level} % in force, {seen(good)}")
    if now < trial.end:
        return Verdict(None, "no report of it yet")
    if driven:
        return Verdict(False, f"{trial.level} % in force, but {seen(driven[-1])}")
    if during:
        return Verdict(False, f"asked for {trial.level} %, and {level_in_force(during[-1])} % was in force")
    return Verdict(False, f"asked for {trial.level} %, and the node reported nothing")


def judge_restored(
    lamp: LightPoint,
    reports: Sequence[ReportedState],
    due: Collection[int],
    over: dt.datetime,
    patience_s: float,
    now: dt.datetime,
    tolerance: int,
) -> Verdict:
    """Judge whether a lamp does again what it is due (any of `due`, percent) after the test was over."""
    if now < over:
        return Verdict(None, "not over yet")
    said = list(_said(lamp, reports))
    level = level_in_force(said[-1][1]) if said else None
    if any(_near(level, each, tolerance) for each in due):
        return Verdict(True, f"{level} % in force again, as it is due")
    wanted = " or ".join(f"{each} %" for each in sorted(set(due)))
    heard = "the node reported nothing" if level is None else f"{level} % is in force"
    waiting = now < over + dt.timedelta(seconds=patience_s)
    return Verdict(None if waiting else False, f"{wanted} is due, and {heard}")


def _said(lamp: LightPoint, reports: Sequence[ReportedState]) -> Iterator[tuple[dt.datetime, ChannelReport]]:
    for report in reports:
        said = report.channels.get(lamp.channel)
        if said is not None:
            yield report.received_at, said


def _near(level: int | None, wanted: int, tolerance: int) -> bool:
    return level is not None and abs(level - wanted) <= tolerance


def _follows(trial: Trial, lamp: LightPoint, said: ChannelReport, full_w: float, tolerance: int) -> bool:
    """Say whether what was measured is what the level in force should give; what nobody measures is not held back."""
    if said.level is not None and not _near(said.level, trial.level, tolerance):
        return False
    expected = expect(lamp, None, STANDARD)
    if trial.level == 0:
        return not burns(expected, said)
    if is_dark(expected, said, trial.level):
        return False
    if said.power_w is None or trial.level >= FULL_LEVEL or not full_w:
        return True
    return said.power_w <= full_w * (1 + trial.level / FULL_LEVEL) / 2
