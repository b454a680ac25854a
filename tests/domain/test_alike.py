from __future__ import annotations

import sys

import pytest

from lightctl.domain.alike import alike, slot
from lightctl.domain.assets import LightPoint
from lightctl.domain.selectors import parse_selector
from lightctl.store.codec import pack, unpack

PLACES = {"group": slot(0), "mast": slot(1)}
TAGS = {"group": "centre;harbour", "mast": "M7"}
ALIKE = alike(PLACES, tuple(TAGS.values()))


def test_it_is_what_a_dictionary_of_the_same_would_be():
    assert ALIKE == TAGS
    assert TAGS == ALIKE
    assert {**ALIKE} == dict(ALIKE.items()) == TAGS
    assert (list(ALIKE), list(ALIKE.values()), len(ALIKE)) == (list(TAGS), list(TAGS.values()), 2)
    assert ("mast" in ALIKE, "street" in ALIKE, ALIKE["mast"]) == (True, False, "M7")
    assert (ALIKE.get("mast"), ALIKE.get("street"), ALIKE.get("street", "")) == ("M7", None, "")
    assert alike(PLACES, ("north", "M7")) != TAGS
    assert repr(ALIKE) == f"Alike({TAGS!r})"
    with pytest.raises(KeyError):
        ALIKE["street"]


def test_a_light_point_with_it_is_selected_written_and_equal_as_with_a_dictionary():
    point, usual = LightPoint("A", 51.0, 7.0, tags=ALIKE), LightPoint("A", 51.0, 7.0, tags=TAGS)
    assert point == usual
    assert point.groups == ("centre", "harbour")
    assert point.selected_by(parse_selector("group=harbour, mast=M7"))
    assert pack(point) == pack(usual)
    assert unpack(pack(point), LightPoint) == usual


def test_it_takes_less_room_than_a_dictionary():
    assert sys.getsizeof(ALIKE) < 1 / 3 * sys.getsizeof(dict(TAGS))
