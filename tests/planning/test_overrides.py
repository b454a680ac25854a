"""Which override decides: read once more by hand, without an order of tuples."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from lightctl.domain.assets import LightPoint
from lightctl.domain.programs import NO_INTENT
from lightctl.domain.selectors import parse_selector
from lightctl.domain.states import Override, Reason, Scope
from lightctl.planning.overrides import in_force
from lightctl.planning.resolve import Plan
from tests.support.programs import lamp, utc

NOON = utc("2026-01-05T12:00")
MOST_SPECIFIC_FIRST = (Scope.LIGHT_POINT, Scope.GROUP, Scope.SITE)
TARGETS = ((Scope.SITE, "*"), (Scope.GROUP, "group=a"), (Scope.GROUP, "kind=road"), (Scope.LIGHT_POINT, "id=A"))
POINTS = tuple(
    replace(lamp(name, kind=kind), tags={"group": group})
    for name in ("A", "B")
    for kind in ("road", "path")
    for group in ("a", "b")
)

overrides = st.lists(
    st.builds(
        lambda number, target, level, begins, lasts: Override(
            f"o{number}",
            target[0],
            parse_selector(target[1]),
            level,
            NOON + dt.timedelta(minutes=begins),
            NOON + dt.timedelta(minutes=begins + lasts),
        ),
        st.integers(0, 99),
        st.sampled_from(TARGETS),
        st.integers(0, 100),
        st.integers(-3, 3),
        st.integers(1, 4),
    ),
    max_size=7,
    unique_by=lambda each: each.id,
)


def beats(one: Override, other: Override) -> bool:
    if one.scope is not other.scope:
        return MOST_SPECIFIC_FIRST.index(one.scope) < MOST_SPECIFIC_FIRST.index(other.scope)
    if one.start != other.start:
        return one.start > other.start
    return one.id > other.id


@given(st.sampled_from(POINTS), overrides, st.integers(-4, 8), st.randoms(use_true_random=False))
def test_the_most_specific_wins_then_the_newest_whatever_the_order_they_are_given_in(
    point: LightPoint, held: list[Override], minute: int, random
) -> None:
    now = NOON + dt.timedelta(minutes=minute)
    holding = [each for each in held if not (now < each.start or now >= each.until) and point.selected_by(each.select)]
    unbeaten = [one for one in holding if not any(beats(other, one) for other in holding)]
    random.shuffle(held)
    found = in_force(point, held, now)
    assert found[:1] == unbeaten
    assert sorted(each.id for each in found) == sorted(each.id for each in holding)
    assert all(beats(one, other) for index, one in enumerate(found) for other in found[index + 1 :])
    level, reason = Plan(NO_INTENT, "Europe/Berlin").level_at(point, held, now)
    assert (reason is Reason.OVERRIDE) == bool(unbeaten)
    assert not unbeaten or level == unbeaten[0].level
