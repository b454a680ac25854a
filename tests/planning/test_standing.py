from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from lightctl.domain.assets import LightPoint
from lightctl.domain.programs import Assignment, Calendar, Intent, Protection
from lightctl.domain.selectors import EVERYTHING, Operator, Selector, Term, parse_selector
from lightctl.planning.standing import Standings
from tests.support.programs import DUISBURG, lamp

BERLIN = "Europe/Berlin"
VALUES = ("a", "b", "c", " ")


def intent(*selectors: Selector, protected: tuple[Selector, ...] = ()) -> Intent:
    return Intent(
        {},
        {"c": Calendar("c", "p")},
        tuple(Assignment(each, "c") for each in selectors),
        tuple(Protection(each, 10 * number) for number, each in enumerate(protected, 1)),
    )


def term(key: str, operator: Operator, values: list[str]) -> Term:
    count = {Operator.PRESENT: 0, Operator.IN: len(values)}.get(operator, 1)
    return Term(key, operator, tuple(values[:count]))


terms = st.builds(
    term,
    st.sampled_from(("kind", "id", "group", "ward")),
    st.sampled_from(Operator),
    st.lists(st.sampled_from(VALUES[:3]), min_size=1, max_size=3),
)
selectors = st.lists(terms, max_size=2).map(lambda found: Selector(tuple(found)))
tags = st.fixed_dictionaries(
    {}, optional={"ward": st.sampled_from(("", *VALUES)), "group": st.sampled_from(("", "a", "b;x", "x;y"))}
)
point = st.builds(
    lambda name, kind, tags: lamp(name, kind=kind, tags=tags),
    st.sampled_from("abcdef"),
    st.sampled_from(("", *VALUES)),
    tags,
)
points = st.lists(point, min_size=1, max_size=12)


@settings(max_examples=200, deadline=None)
@given(st.lists(selectors, max_size=4), st.lists(selectors, max_size=3), points)
def test_a_light_point_stands_where_its_selectors_put_it_whoever_was_asked_for_before(assigned, protected, city):
    wanted = intent(*assigned, protected=tuple(protected))
    standings = Standings(wanted, BERLIN)
    for point in city:
        lot = standings.of(point).lot
        assert lot.assignment is next((each for each in wanted.assignments if point.selected_by(each.select)), None)
        assert lot.protections == tuple(each for each in wanted.protections if point.selected_by(each.select))
        assert lot.floor.level == max((each.min_level for each in lot.protections), default=0)


def test_selectors_are_read_once_for_all_light_points_that_look_alike_to_them():
    standings = Standings(intent(parse_selector("id=L7"), parse_selector("kind in (road,path)"), EVERYTHING), BERLIN)
    city = [lamp(f"L{n}", kind=("road", "path", "park", "alley")[n % 4], tags={"pole": str(n)}) for n in range(400)]
    found = [standings.of(each).lot.assignment for each in city]
    assert [str(each.select) for each in (found[7], found[8], found[10], found[11])] == [
        "id=L7",
        "kind in (road,path)",
        "*",
        "*",
    ]
    assert len(standings._seen) == 4  # L7, road, path and any other kind


def test_light_points_of_one_cell_with_the_same_assignment_and_protections_share_one_standing():
    standings = Standings(intent(parse_selector("kind=road"), protected=(parse_selector("ward=1"),)), BERLIN)
    road, near, far, protected, other = (
        lamp("A", kind="road"),
        LightPoint("B", DUISBURG.latitude + 1e-5, DUISBURG.longitude, kind="road", tags={"ward": "2"}),
        LightPoint("C", DUISBURG.latitude + 0.1, DUISBURG.longitude, kind="road"),
        lamp("D", kind="road", tags={"ward": "1"}),
        lamp("E", kind="path"),
    )
    assert standings.of(road) is standings.of(near)
    assert len({id(standings.of(each)) for each in (road, far, protected, other)}) == 4


def test_a_light_point_that_is_replaced_is_read_anew():
    standings, before = Standings(intent(parse_selector("kind=road")), BERLIN), lamp(kind="road")
    assert standings.of(before).lot.assignment is not None
    assert standings.of(replace(before, kind="path")).lot.assignment is None
