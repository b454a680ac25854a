from __future__ import annotations

import pytest

from lightctl.domain.errors import InvalidInput
from lightctl.files.settings import load_settings


def load(tmp_path, text: str):
    (tmp_path / "lightctl.toml").write_text(f"[citizens]\n{text}\n")
    return load_settings(tmp_path / "lightctl.toml", {}, tmp_path).citizens


def test_nothing_is_public_unless_settings_say_so(tmp_path):
    found = load(tmp_path, "")
    assert (found.public, found.publish_texts, found.api_keys()) == (False, False, {})


def test_keys_are_read_from_the_file_beside_the_settings(tmp_path):
    (tmp_path / "keys").write_text("# who\napp 0123456789abcdef\n\nother  fedcba9876543210\n")
    found = load(tmp_path, 'api_keys_file = "keys"')
    assert found.api_keys() == {"0123456789abcdef": "app", "fedcba9876543210": "other"}


@pytest.mark.parametrize(
    "line", ["short 0123", "0123456789abcdef", "a b c", "one 0123456789abcdef\ntwo 0123456789abcdef"]
)
def test_a_line_that_is_no_key_is_named_and_never_shown(tmp_path, line):
    (tmp_path / "keys").write_text(line)
    with pytest.raises(InvalidInput, match=r"at least 16 characters") as caught:
        load(tmp_path, 'api_keys_file = "keys"').api_keys()
    assert "0123" not in str(caught.value)


def test_a_file_of_keys_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InvalidInput, match="cannot be read"):
        load(tmp_path, 'api_keys_file = "nowhere"').api_keys()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('trusted_proxies = ["proxy.example.org"]', "no address"),
        ("retention_days = -1", "retention_days"),
        ("match_distance_m = 0", "match_distance_m"),
        ('public = "yes"', "public"),
        ("posts_per_hour = 0", "posts_per_hour"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_by_name(tmp_path, text, words):
    with pytest.raises(InvalidInput, match=words):
        load(tmp_path, text)


def test_proxies_are_addresses_or_networks(tmp_path):
    assert load(tmp_path, 'trusted_proxies = ["10.0.0.7", "10.1.0.0/16", "::1"]').trusted_proxies[1] == "10.1.0.0/16"
