"""Labels of nodes: what is read from a QR code, and what is refused with a clear word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightctl.domain.assets import ID_PATTERN
from lightctl.domain.errors import InvalidInput
from lightctl.files.labels import Label, read_label


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("N-0099", Label("N-0099")),
        ("  N-0099\n", Label("N-0099")),
        ("lightctl:N-0099", Label("N-0099")),
        ("LIGHTCTL:N-0099", Label("N-0099")),
        ("lightctl:N-0099:native", Label("N-0099", "native")),
        ("lightctl:N-0099:native:mqtt", Label("N-0099", "native", "mqtt")),
        ("lightctl:U-7:modbus-lamp:harbour:7", Label("U-7", "modbus-lamp", "harbour", "7")),
        ("lightctl:U-7::harbour:", Label("U-7", "", "harbour")),
        ("https://maker.example/n/N-0099", Label("N-0099")),
        ("https://maker.example/n/N-0099/", Label("N-0099")),
        ("HTTP://maker.example/N-0099?batch=7", Label("N-0099")),
        ("https://maker.example/app?x=1&node=N-0099#top", Label("N-0099")),
        ("https://maker.example/N%2D0099", Label("N-0099")),
    ],
)
def test_each_form_of_a_label_gives_the_node_and_what_else_it_says(text, label):
    assert read_label(text) == label


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "it is empty"),
        ("   ", "it is empty"),
        ("x" * 501, "501 characters"),
        ("N 0099", "is no id"),
        ("N-0099;N-0098", "is no id"),
        ("x" * 65, "is no id"),
        ("lightctl:", "its node ('') is no id"),
        ("lightctl:N-1:na tive", "its profile ('na tive')"),
        ("lightctl:N-1:native:m/qtt", "its link"),
        ("lightctl:N-1:native:mqtt:a+b", "its address"),
        ("lightctl:N-1:native:mqtt:main:more", "5 parts"),
        ("https://maker.example/", "the node of this web address ('')"),
        ("https://maker.example/a?node=N-1&node=N-2", "names 2 nodes"),
        ("https://maker.example/a?node=N/1", "is no id"),
        ("ftp://maker.example/N-1", "ftp:// is no web address"),
        ("https://[maker/N-1", "cannot be read"),
        ("LW:D0:1122334455667788:AABB", "is no id"),
        ("mailto:N-1@maker.example", "is no id"),
        ("Ñ-1", "is no id"),
    ],
)
def test_anything_else_is_refused_with_what_is_wrong_and_the_forms_there_are(text, word):
    with pytest.raises(InvalidInput) as refused:
        read_label(text)
    assert word in str(refused.value)
    assert "lightctl:NODE[:PROFILE[:LINK[:ADDRESS]]]" in str(refused.value)


@given(st.text(max_size=60) | st.text("lightctl:/N-1?node=&#%.", max_size=40).map(lambda text: f"https://a/{text}"))
def test_whatever_a_label_says_a_node_comes_out_that_can_be_one_or_it_is_refused(text):
    try:
        label = read_label(text)
    except InvalidInput:
        return
    assert ID_PATTERN.fullmatch(label.node)
    assert all(not part or ID_PATTERN.fullmatch(part) for part in (label.profile, label.link, label.address))
