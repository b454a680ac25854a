from __future__ import annotations

import sys

import pytest

from lightctl.domain.single import Single, lean


def test_a_single_is_what_a_dictionary_of_its_entry_is():
    single, ordinary = Single(2, "a"), {2: "a"}
    assert single == ordinary
    assert ordinary == single
    assert single != {3: "a"}
    assert single == Single(2, "a")
    assert (list(single), len(single), single[2], single.get(3)) == ([2], 1, "a", None)
    assert (dict(single), list(single.items()), list(single.values())) == (ordinary, [(2, "a")], ["a"])
    assert (2 in single, 3 in single, "2" in single) == (True, False, False)
    assert single.keys() | {3} == {2, 3}
    with pytest.raises(KeyError):
        _ = single[3]


@pytest.mark.parametrize("mapping", [{}, {0: "a", 1: "b"}])
def test_what_has_not_one_entry_stays_as_it_is(mapping):
    assert lean(mapping) is mapping


def test_one_entry_takes_a_quarter_of_the_room_it_took():
    assert sys.getsizeof(lean({0: "a"})) < sys.getsizeof({0: "a"}) / 4
