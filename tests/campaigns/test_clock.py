"""A slice of the campaign on a daemon's clock, and the controls that it must find; tests/control and tests/app have the
same rules in one process (test_own_time, test_set_clock, test_timekeeping), where no clock needs to be set."""

import os

import pytest

from tests.campaigns import clock
from tests.support.fake_clock import MISSING, find_libfaketime

FEW = 10


@pytest.fixture
def libfaketime():
    """Leave the test out where a clock cannot be set; in CI, which installs libfaketime, fail it."""
    if not find_libfaketime():
        if os.environ.get("CI") == "true":
            pytest.fail(MISSING)
        pytest.skip(MISSING)


def test_where_no_clock_can_be_set_the_campaign_says_so_and_ends_with_its_own_code(monkeypatch, capsys):
    monkeypatch.delenv("LIBFAKETIME", raising=False)
    monkeypatch.setattr("glob.glob", lambda _pattern: [])
    assert clock.main([]) == clock.UNAVAILABLE
    assert "apt install libfaketime" in capsys.readouterr().err


@pytest.mark.usefixtures("libfaketime")
def test_a_clock_set_back_by_half_a_day_changes_nothing_on_the_street():
    report = clock.run(seed=1, first=9, rounds=1, lamps=FEW)
    assert report.violations == []
    assert report.injected["-12 h"] == 1


@pytest.mark.usefixtures("libfaketime")
@pytest.mark.parametrize(
    ("breaking", "first", "sign"),
    [("believe-the-clock", 9, "I1"), ("prune-by-the-clock", 24, "deleted")],
)
def test_a_daemon_that_takes_the_clock_at_its_word_is_found_out(breaking, first, sign):
    report = clock.run(seed=1, first=first, rounds=1, lamps=FEW, breaking=breaking, until_found=True)
    assert any(what.startswith(sign) for _, what in report.violations), report.violations
