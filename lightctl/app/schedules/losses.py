"""What a plan loses on the nodes it meets, by model: shown with the plan, and accepted by the operator or refused.

Light points whose nodes are alike and that have the same calendar, floor and lowest level lose the same but for the sun
of their own corner; one of them stands for all, through a year of nights cut as they are delivered.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from lightctl.app.desk import Desk
from lightctl.app.views import LossView
from lightctl.devices.fit import Loss, LossKind
from lightctl.devices.losses import NodeModel, losses_of, node_model
from lightctl.domain.assets import LifeCycle, LightPoint
from lightctl.domain.errors import NodeRefused
from lightctl.domain.programs import Intent
from lightctl.planning.impact import YEAR
from lightctl.planning.resolve import Plan
from lightctl.planning.standing import Lot, Standings
from lightctl.planning.wall import ONE_DAY, noons_from
from lightctl.store.base import BrokenRule, Make

LOSSES = "losses"
UNSAID = Make(None, "", "")


@dataclass(frozen=True, slots=True)
class ModelLosses:
    """What a plan loses on nodes of one model: the most that any of its light points loses in a year, by kind.

    refused: why some of them cannot hold it at all, or empty.
    """

    model: str
    light_points: int
    losses: tuple[Loss, ...]
    refused: str = ""

    @property
    def changes_light(self) -> bool:
        """Whether lamps do something else than the plan says, and not only go on alone for a shorter time."""
        return bool(self.refused) or any(loss.changes_light for loss in self.losses)


def loss_views(losses: Iterable[Loss]) -> tuple[LossView, ...]:
    """Show losses."""
    return tuple(LossView(loss.kind, loss.detail, loss.count) for loss in losses)


def models_of(desk: Desk) -> dict[str, NodeModel]:
    """Give the model of every node of the inventory that switches lamps and is known; on the store's thread."""
    makes = desk.store.makes()
    known: dict[tuple[str, int], NodeModel] = {}
    found: dict[str, NodeModel] = {}
    for node in desk.fleet.nodes.values():
        profile, make = desk.profiles.get(node.profile), makes.get(node.id, UNSAID)
        if profile is not None and profile.capabilities.channels:
            model = known.get((profile.name, id(make)))
            if model is None:
                model = known[profile.name, id(make)] = node_model(
                    profile, make.capabilities, make.model, make.firmware
                )
            found[node.id] = model
    return found


def losses_by_model(
    intent: Intent,
    points: Iterable[LightPoint],
    models: Mapping[str, NodeModel],
    time_zone: str,
    first: dt.date,
    nights: int,
) -> tuple[ModelLosses, ...]:
    """Give what an intent loses on each model that loses anything, in a year of nights delivered `nights` at a time."""
    plan, standings = Plan(intent, time_zone), Standings(intent, time_zone)
    alike: dict[tuple[object, ...], list[LightPoint]] = {}
    by_lot: dict[tuple[int, int, Lot], list[LightPoint]] = {}
    for point in points:
        model = models.get(point.node)
        if model is not None and point.state is LifeCycle.IN_USE:
            lot = standings.lot(point)
            members = by_lot.get((id(model), point.min_level, lot))
            if members is None:
                calendar = lot.assignment.calendar if lot.assignment is not None else ""
                members = alike.setdefault((model, point.min_level, calendar, lot.protections), [])
                by_lot[id(model), point.min_level, lot] = members
            members.append(point)
    found: dict[str, list[ModelLosses]] = {}
    for members in alike.values():
        model = models[members[0].node]
        lost = _year(plan, members[0], model, first, nights)
        if lost.losses or lost.refused:
            found.setdefault(model.name, []).append(ModelLosses(model.name, len(members), lost.losses, lost.refused))
    return tuple(_together(each) for each in found.values())


def broken_by_losses(lost: Iterable[ModelLosses]) -> Iterator[BrokenRule]:
    """Give what the operator has to accept: each model on which lamps do something else than the plan says."""
    for each in lost:
        if each.changes_light:
            what = "; ".join(words_of(each, light_only=True))
            yield BrokenRule(LOSSES, 0, each.light_points, f"{each.model} cannot do all of it: {what}")


def words_of(lost: ModelLosses, *, light_only: bool = False) -> Iterator[str]:
    """Say each loss in a few words."""
    for loss in lost.losses:
        if loss.changes_light or not light_only:
            yield f"{loss.kind} ({loss.count}): {loss.detail}"
    if lost.refused:
        yield f"refused: {lost.refused}"


def _year(plan: Plan, point: LightPoint, model: NodeModel, first: dt.date, nights: int) -> ModelLosses:
    counts: dict[LossKind, int] = {}
    details: dict[LossKind, Loss] = {}
    refused = ""
    for ahead in range(0, YEAR, nights):
        date = first + ONE_DAY * ahead
        held = min(nights, YEAR - ahead)
        noons = noons_from(date, held, plan.time_zone)
        try:
            losses = losses_of([(plan.switches(point, date, held), noons)], model.capabilities, point.min_level)
        except NodeRefused as why:
            refused = refused or why.why
            continue
        for loss in losses:
            known = counts.get(loss.kind, 0)
            counts[loss.kind] = known + loss.count if loss.changes_light else max(known, loss.count)
            if loss.kind not in details or loss.count > details[loss.kind].count:
                details[loss.kind] = loss
    return ModelLosses(
        model.name, 1, tuple(Loss(kind, details[kind].detail, count) for kind, count in counts.items()), refused
    )


def _together(parts: list[ModelLosses]) -> ModelLosses:
    most: dict[LossKind, Loss] = {}
    for loss in (loss for part in parts for loss in part.losses):
        if loss.kind not in most or loss.count > most[loss.kind].count:
            most[loss.kind] = loss
    refused = next((part.refused for part in parts if part.refused), "")
    return ModelLosses(parts[0].model, sum(part.light_points for part in parts), tuple(most.values()), refused)
