from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightctl.domain.assets import LightPoint
from lightctl.domain.errors import InvalidInput
from lightctl.domain.selectors import EVERYTHING, Operator, Selector, Term, parse_selector

POINT = LightPoint(
    "LP1",
    51.4,
    6.7,
    kind="crossing",
    road_class="local",
    tags={"group": "centre; north", "district": "Am Markt", "x": ""},
)


@pytest.mark.parametrize(
    ("text", "selected"),
    [
        ("*", True),
        ("id=LP1", True),
        ("id=LP", False),
        ("kind=crossing", True),
        ("kind!=crossing", False),
        ("kind!=road", True),
        ("road_class in (collector,local), district!=harbour", True),
        ("road_class in (collector,arterial)", False),
        ("kind=crossing,road_class=arterial", False),
        ("district=Am Markt", True),
        ("district", True),
        ("node", False),  # a field without a value
        ("x", False),  # a tag without a value
        ("nowhere", False),
        ("nowhere!=here", True),
        ("nowhere=here", False),
        ("group=centre", True),
        ("group=north", True),
        ("group!=north", False),
        ("group in (south,north)", True),
        ("lamps=1", True),
        ("state=in_use", True),
    ],
)
def test_a_selector_names_the_light_points_its_terms_all_hold_for(text, selected):
    assert POINT.selected_by(parse_selector(text)) is selected


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        (" * ", ()),
        ("a = b , c!=d", (Term("a", Operator.EQUALS, ("b",)), Term("c", Operator.DIFFERS, ("d",)))),
        ("a in(b, c d)", (Term("a", Operator.IN, ("b", "c d")),)),
        ("in=x", (Term("in", Operator.EQUALS, ("x",)),)),
        ("a", (Term("a", Operator.PRESENT),)),
        ("addr.street=Bahnhofstraße", (Term("addr.street", Operator.EQUALS, ("Bahnhofstraße",)),)),
    ],
)
def test_blanks_around_terms_do_not_count_and_blanks_inside_values_do(text, terms):
    assert parse_selector(text) == Selector(terms)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("a,,b", "column 3"),
        (",a", "column 1"),
        ("a=b,", "ends with a comma"),
        ("a=", "column 1"),
        ("kind=road, b=(", "column 11"),
        ("a==b", "column 1"),
        ("a=b=c", "column 1"),
        ("1a=b", "column 1"),
        ("a in ()", "empty value"),
        ("a in (b,)", "empty value"),
        ("a in b", "column 1"),
        ("a, *", "column 3"),
        ("a not in (b)", "column 1"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_place_and_what_to_write(text, words):
    with pytest.raises(InvalidInput) as refused:
        parse_selector(text, where="centre.yaml:7:13")
    assert words in str(refused.value)
    assert refused.value.where == "centre.yaml:7:13"
    assert refused.value.hint


@pytest.mark.parametrize("text", ["a" + " " * 50_000 + "(", "a=b" + " b" * 50_000 + "(", "a in (" + "b," * 50_000])
def test_a_long_hostile_selector_is_refused_at_once(text):
    began = time.process_time()
    with pytest.raises(InvalidInput):
        parse_selector(text)
    assert time.process_time() - began < 0.5


keys = st.from_regex(r"[A-Za-z_][A-Za-z0-9_.-]{0,8}", fullmatch=True)
values = st.from_regex(r"[A-Za-z0-9äß/.:-]{1,6}( [a-z]{1,3})?", fullmatch=True)
terms = st.one_of(
    st.builds(Term, keys, st.sampled_from([Operator.EQUALS, Operator.DIFFERS]), st.tuples(values)),
    st.builds(Term, keys, st.just(Operator.IN), st.lists(values, min_size=1, max_size=3).map(tuple)),
    st.builds(Term, keys, st.just(Operator.PRESENT)),
)


@given(st.lists(terms, max_size=4).map(lambda found: Selector(tuple(found))))
def test_a_selector_reads_back_what_it_writes(selector):
    assert parse_selector(str(selector)) == selector


@given(st.text(alphabet="ab=!,() *in", max_size=20))
def test_any_text_is_read_or_refused_and_never_crashes(text):
    try:
        selector = parse_selector(text)
    except InvalidInput:
        return
    assert parse_selector(str(selector)) == selector


def test_everything_selects_everything():
    assert parse_selector("*") == EVERYTHING
    assert str(EVERYTHING) == "*"
