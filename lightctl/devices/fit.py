"""Fit: what of a plan a node can really hold, and an exact report of what is lost on the way."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from lightctl.domain.assets import Capabilities
from lightctl.domain.states import Switch

LossKind = Literal["nights", "slots", "resolution", "ramp", "min_level", "levels"]


@dataclass(frozen=True, slots=True)
class Loss:
    """Something of the plan the node cannot do; `count` switches (or nights) are concerned."""

    kind: LossKind
    detail: str
    count: int


@dataclass(frozen=True, slots=True)
class Fitted:
    """What the node is given: its switches, until when they hold, and what was lost."""

    switches: tuple[Switch, ...]
    valid_until: dt.datetime
    losses: tuple[Loss, ...] = ()


def fit(
    switches: Sequence[Switch],
    capabilities: Capabilities,
    *,
    min_level: int,
    start: dt.datetime,
    end: dt.datetime,
) -> Fitted:
    """Fit the switches of `start`..`end` to a node; raises NodeRefused when it cannot hold even the first night."""
    raise NotImplementedError


def fit_level(level: int, capabilities: Capabilities, min_level: int) -> int:
    """Give the level a node will really take for the level asked for; never darker, and 0 stays 0."""
    raise NotImplementedError
