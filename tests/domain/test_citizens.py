from __future__ import annotations

import unicodedata
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightctl.domain.citizens import SERVICES, plain


@pytest.mark.parametrize(
    ("given_text", "lines", "wanted"),
    [
        ("  dark\tand  broken ", False, "dark and broken"),
        ("one\r\ntwo\rthree\u2028four", True, "one\ntwo\nthree\nfour"),
        ("one\ntwo", False, "one two"),
        ("\x1b[31mred\x1b[0m\x9b2J\x07", True, "[31mred[0m2J"),
        ("a\u202eb\u2066c\u200fd", True, "abcd"),
        ("\ud800\ufffe\uffff\ue000x", True, "x"),
        ("Straße, naïve, 日本, \U0001f468\u200d\U0001f469", True, "Straße, naïve, 日本, \U0001f468\u200d\U0001f469"),
    ],
)
def test_a_strangers_text_is_left_without_what_steers_terminals_and_breaks_files(given_text, lines, wanted):
    assert plain(given_text, lines=lines) == wanted


@given(st.text())
def test_whatever_is_left_can_be_printed_and_written_as_xml(text):
    left = plain(text, lines=True)
    assert not [each for each in left if unicodedata.category(each) == "Cc" and each != "\n"]
    element = ET.Element("description")
    element.text = left
    assert (ET.fromstring(ET.tostring(element, encoding="utf-8")).text or "") == left
    assert plain(left, lines=True) == left


def test_services_have_codes_that_fit_into_an_address_and_details_to_choose_from():
    for code, service in SERVICES.items():
        assert code.isidentifier()
        assert service.details
        assert service.event
