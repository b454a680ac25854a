"""Losses: what a plan loses on nodes of one model, by name, for people to see before they accept it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from lightctl.devices.fit import Loss, LossKind, clip, fit, switch_losses
from lightctl.devices.profile import Profile
from lightctl.domain.assets import Capabilities
from lightctl.domain.states import Switch

Period = tuple[Sequence[Switch], Sequence[dt.datetime]]


@dataclass(frozen=True, slots=True)
class NodeModel:
    """What nodes have in common that lose the same: their profile, and what they announced where they do.

    name: as people read it, the profile's or the make's own with its firmware.
    """

    name: str
    profile: str
    capabilities: Capabilities


def node_model(
    profile: Profile, announced: Capabilities | None = None, model: str = "", firmware: str = ""
) -> NodeModel:
    """Give the model of a node: of one whose hello was heard its own words count, else its profile's."""
    held = profile.capabilities_of(announced)
    said = f"{model} {firmware}".strip() if held is announced else ""
    return NodeModel(said or profile.name, profile.name, held)


def losses_of(periods: Iterable[Period], capabilities: Capabilities, min_level: int) -> tuple[Loss, ...]:
    """Give what nodes of these capabilities lose of plans, each (switches, noons as `fit` has them), merged by kind.

    min_level: the light point's own (percent). Counts are added up, the detail is that of the greatest. A live node
    loses the nights themselves: it only follows while lightctl is there. Raises NodeRefused where `fit` does.
    """
    return merged_losses(
        loss for switches, noons in periods for loss in _losses_of_one(switches, noons, capabilities, min_level)
    )


def merged_losses(losses: Iterable[Loss]) -> tuple[Loss, ...]:
    """Give one loss of each kind, in the order in which they come up."""
    counts: dict[LossKind, int] = {}
    worst: dict[LossKind, Loss] = {}
    for loss in losses:
        counts[loss.kind] = counts.get(loss.kind, 0) + loss.count
        if loss.kind not in worst or loss.count > worst[loss.kind].count:
            worst[loss.kind] = loss
    return tuple(Loss(kind, worst[kind].detail, count) for kind, count in counts.items())


def _losses_of_one(
    switches: Sequence[Switch], noons: Sequence[dt.datetime], capabilities: Capabilities, min_level: int
) -> Iterator[Loss]:
    start, end = noons[0], noons[-1]
    if not switches or switches[0].at >= end or end <= start:
        return
    nights = len(noons) - 1
    if not capabilities.carries_nights:
        yield Loss("nights", "it carries none, and follows only while lightctl is there to switch it", nights)
        yield from switch_losses(clip(switches, start, end), capabilities, min_level)
        return
    fitted = fit(switches, capabilities, min_level=min_level, noons=noons)
    yield from fitted.losses
    if not capabilities.persists:
        yield Loss("persists", "after a power cut it holds no night until it is told again", nights)
