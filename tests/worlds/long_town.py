"""The town of a long world: nodes that carry their nights as single lamps, columns and cabinets do, and some live ones.

Lamps stand at a few spots of a site. Some nodes hold few nights, few switches or a coarse grid; some clocks drift.
The same site, number of lamps and seed give the same town.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace

from lightctl.domain.assets import Capabilities, LightPoint, Place
from lightctl.domain.luminaires import LuminaireType
from simulators.lamp import LampType
from simulators.node import NodeSetup
from tests.worlds.kernel import Stood, Town
from tests.worlds.sites import Site, plan_of

LED = LuminaireType("led-40", 40.0, 0.4, ((10, 6.1), (50, 18.2), (70, 26.4)), 20.0, 0.85)
CARRYING = Capabilities(nights=7, slots=96, ramp=True, persists=True)
SPOTS = ((0.0, 0.0), (0.04, 0.05))
KINDS = ("street", "street", "street", "crossing", "path", "square", "square", "yard")
DRIFT_PPM, OFFSET_S, DRIFTING = 5.0, 1.0, 0.25


@dataclass(frozen=True, slots=True)
class Build:
    """A kind of node: what it can, and what share of a town's lamps hangs on such nodes."""

    prefix: str
    capabilities: Capabilities
    share: float


BUILDS = (
    Build("single", CARRYING, 0.08),
    Build("twin", replace(CARRYING, channels=2), 0.16),
    Build("mast", replace(CARRYING, channels=4), 0.32),
    Build("cabinet", replace(CARRYING, channels=8), 0.34),
    Build("brief", replace(CARRYING, channels=2, nights=2, slots=40), 0.03),
    Build("sparse", replace(CARRYING, channels=2, slots=14), 0.03),
    Build("coarse", replace(CARRYING, channels=2, resolution_s=60, ramp=False, min_level=20), 0.02),
    Build("live", Capabilities(ramp=True), 0.02),
)


def build_town(site: Site, lamps: int, seed: int, heartbeat_s: float) -> Town:
    """Give a town of so many lamps at a site."""
    rng = random.Random(f"{seed}/{site.name}/town")
    stood: list[Stood] = []
    points: list[LightPoint] = []
    for build, left in _shares(lamps):
        for number in range(-(-left // build.capabilities.channels)):
            channels = min(build.capabilities.channels, left - number * build.capabilities.channels)
            each, those = _node(site, build, number + 1, channels, rng, heartbeat_s)
            stood.append(each)
            points += those
    return Town(site.zone, tuple(points), tuple(stood), plan_of(site), {LED.name: LED})


def _shares(lamps: int) -> Iterator[tuple[Build, int]]:
    """Share lamps out over the kinds of nodes; masts have what is left over."""
    counts = {build.prefix: max(build.capabilities.channels, round(build.share * lamps)) for build in BUILDS}
    counts["mast"] = max(4, lamps - sum(counts.values()) + counts["mast"])
    return ((build, counts[build.prefix]) for build in BUILDS)


def _node(
    site: Site, build: Build, number: int, channels: int, rng: random.Random, heartbeat_s: float
) -> tuple[Stood, list[LightPoint]]:
    node, (north, east) = f"{build.prefix}-{number:04d}", SPOTS[number % len(SPOTS)]
    place = Place(site.latitude + north, site.longitude + east, site.zone)
    kind = KINDS[rng.randrange(len(KINDS))]  # what hangs on one node lights one kind of place
    points = [
        LightPoint(
            f"{node}-{channel}", place.latitude, place.longitude, kind=kind, rated_power_w=LED.rated_power_w,
            standby_power_w=LED.standby_power_w or 0.0, node=node, channel=channel, tags={"luminaire": LED.name},
        )
        for channel in range(channels)
    ]  # fmt: skip
    lamp = LampType(LED.rated_power_w or 0.0, LED.standby_power_w or 0.0, 1, LED.power_table)
    setup = NodeSetup(
        node, replace(build.capabilities, channels=channels), {it.channel: lamp for it in points},
        {it.channel: it.id for it in points}, place, heartbeat_s,
    )  # fmt: skip
    drifts = rng.random() < DRIFTING
    clock = (rng.uniform(-OFFSET_S, OFFSET_S), rng.uniform(-DRIFT_PPM, DRIFT_PPM)) if drifts else (0.0, 0.0)
    return Stood(setup, "native", clock=clock), points
