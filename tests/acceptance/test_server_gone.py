"""Two nights without daemon and broker; `python -m tests.acceptance.server_gone` is the same with 500 lamps."""

from tests.support.server_gone import run


def test_lamps_live_two_nights_without_daemon_and_broker_each_as_its_kind_must(tmp_path):
    figures = run(tmp_path, lamps=60, seconds=90)
    assert figures.ok, figures
    assert figures.carrying_dark == 0
    assert figures.live_hole_h > 1, "live lamps cannot follow without a server: nothing was taken from them here"
