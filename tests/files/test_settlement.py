"""Control files: the same bytes out as in, every error at its place, and nothing but an answer to whatever comes."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightctl.domain.errors import InvalidInput
from lightctl.domain.settlement import ControlFile, ControlUnit
from lightctl.files.settlement import MAX_ERRORS, read_control, write_control

GOOD = """Habc123420260401007
LP00000000010000019994200500400100
LP00000000020000429984200500400100
T000004
"""
CONTROL = ControlFile(
    "abc1234",
    dt.date(2026, 4, 1),
    7,
    (
        ControlUnit("LP0000000001", 1, "999", "4200500400100"),
        ControlUnit("LP0000000002", 42, "998", "4200500400100"),
    ),
)


def where(text: str, name: str | None = None) -> list[tuple[int, int]]:
    read = read_control(text, name)
    assert (read.control is None) == bool(read.errors)
    assert all(error.why and error.hint for error in read.errors)
    return [(error.line, error.column) for error in read.errors]


def test_a_control_file_is_read_and_named():
    read = read_control(GOOD, "controlabc123420260401.log")
    assert (read.control, read.errors, read.lines) == (CONTROL, (), (2, 3))
    assert CONTROL.name == "controlabc123420260401.log"


def test_its_lines_are_as_wide_as_the_rules_say():
    assert [len(line) for line in GOOD.splitlines()] == [19, 34, 34, 7]
    assert write_control(CONTROL) == GOOD


@pytest.mark.parametrize(
    "text", [GOOD, GOOD.replace("\n", "\r\n"), GOOD.removesuffix("\n"), GOOD.replace("\n", "\r\n").removesuffix("\r\n")]
)
def test_what_was_read_is_written_as_the_same_bytes(text):
    control = read_control(text).control
    assert control is not None
    assert write_control(control).encode() == text.encode()


SUB_METERS = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=7, max_size=7)
UNITS = st.text("ABCXYZabcxyz0123456789", min_size=12, max_size=12)


@given(
    sub_meter=SUB_METERS,
    effective=st.dates(),
    version=st.integers(0, 999),
    units=st.lists(
        st.builds(
            ControlUnit,
            UNITS,
            st.integers(1, 999_999),
            st.sampled_from(["998", "999"]),
            st.text("0123456789", min_size=13, max_size=13),
        ),
        max_size=20,
        unique_by=lambda unit: (unit.unit, unit.charge_code),
    ),
    line_end=st.sampled_from(["\n", "\r\n"]),
    ended=st.booleans(),
)
def test_every_control_file_comes_back(sub_meter, effective, version, units, line_end, ended):
    control = ControlFile(sub_meter, effective, version, tuple(units), line_end, ended)
    read = read_control(write_control(control), control.name)
    assert (read.control, read.errors) == (control, ())


@pytest.mark.parametrize("text", [GOOD, GOOD.replace("\n", "\r\n")])
def test_a_file_cut_anywhere_is_refused_unless_only_its_last_line_end_is_gone(text):
    whole = len(text) - len(read_control(text).control.line_end)
    for end in range(len(text)):
        read = read_control(text[:end])
        if end == whole:
            assert read.control is not None
            assert not read.control.ended
        else:
            assert read.errors, end


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("Habc1234", "habc1234", (1, 1)),
        ("Habc1234", "HABC1234", (1, 2)),
        ("20260401", "20260431", (1, 9)),
        ("20260401", "2026-4-1", (1, 9)),
        ("007\n", "0 7\n", (1, 17)),
        ("007\n", "07\n", (1, 19)),
        ("LP0000000001", "LP-000000001", (2, 1)),
        ("LP0000000001", "LP 000000001", (2, 1)),
        ("LP0000000001", "Lß0000000001", (2, 2)),
        ("0000001000001999", "0000001000000999", (2, 13)),
        ("0000001000001999", "0000001 00001999", (2, 13)),
        ("001999", "001997", (2, 19)),
        ("042998", "0429 8", (3, 19)),
        ("4200500400100\nLP0000000002", "420050040010x\nLP0000000002", (2, 22)),
        ("4200500400100\nLP0000000002", "4200500400100 \nLP0000000002", (2, 35)),
        ("4200500400100\nLP0000000002", "420050040010\nLP0000000002", (2, 34)),
        ("LP0000000002000042998", "LP0000000001000042998", (3, 1)),
        ("T000004", "T000002", (4, 2)),
        ("T000004", "T00004", (4, 1)),
        ("T000004", "t000004", (4, 1)),
        ("T000004", "T00000\uff14", (4, 7)),
        ("T000004\n", "T000004\n\n", (5, 1)),
        ("Habc", "\ufeffHabc", (1, 1)),
    ],
)
def test_an_error_names_line_and_column(old, new, place):
    assert GOOD.count(old) >= 1
    assert place in where(GOOD.replace(old, new, 1))


def test_mixed_line_ends_are_refused():
    assert (1, 20) in where(GOOD.replace("\n", "\r\n").replace("\r\nLP0000000001", "\nLP0000000001")) or where(
        GOOD.replace("\n", "\r\n", 1)
    )
    assert where(GOOD.replace("\n", "\r\n", 1))


def test_all_errors_come_at_once_but_not_without_end():
    assert where(GOOD.replace("999", "123").replace("998", "1 3")) == [(2, 19), (3, 19)]
    many = "Habc123420260401007\n" + "x\n" * 5000 + "T005002\n"
    assert len(where(many)) == MAX_ERRORS


def test_a_file_of_another_name_is_refused():
    assert where(GOOD, "control.log") == [(1, 1)]
    assert where(GOOD, "Controlabc123420260401.log") == [(1, 1)]
    assert "Rename it to controlabc123420260401.log" in read_control(GOOD, "x").errors[0].hint


@given(st.text())
def test_whatever_comes_is_answered(text):
    assert where(text) or read_control(text).control


@given(st.data())
def test_a_good_file_with_a_wrong_character_is_answered_and_comes_back_if_it_is_good(data):
    at = data.draw(st.integers(0, len(GOOD) - 1))
    text = GOOD[:at] + data.draw(st.characters(max_codepoint=255)) + GOOD[at + 1 :]
    control = read_control(text).control
    assert control is None or write_control(control) == text


@pytest.mark.parametrize(
    "wrong",
    [
        replace(CONTROL, sub_meter="ABC1234"),
        replace(CONTROL, version=1000),
        replace(CONTROL, version=-1),
        *(
            replace(CONTROL, units=(replace(CONTROL.units[0], **change),))
            for change in ({"unit": "short"}, {"items": 0}, {"items": 1_000_000}, {"regime": "1"}, {"charge_code": "4"})
        ),
    ],
)
def test_what_does_not_fit_its_columns_is_never_written(wrong):
    with pytest.raises(InvalidInput):
        write_control(wrong)
