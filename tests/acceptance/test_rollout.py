"""A roll-out in real processes, its daemon killed in the middle; `python -m tests.acceptance.rollout` runs a city's."""

from tests.support.rollout_run import Wishes, run_rollout


def test_a_plan_reaches_every_node_in_waves_or_names_it_though_the_daemon_is_killed_on_the_way(tmp_path):
    wishes = Wishes(60, speed=4.0, deadline_s=3.0, patience=1.0, soak_s=2.0, waves="50%,100%", kill=True)
    figures = run_rollout(wishes, tmp_path, say=lambda _text: None)
    assert figures.lamps_elsewhere == []
    assert (figures.state, figures.version, figures.unaccounted) == ("done", 2, 0)
    assert (figures.confirmed, figures.failed) == (59, 1)
    assert figures.failed_are_the_dead
    assert figures.as_promised
    assert [wave["nodes"] for wave in figures.waves] == [1, 29, 30]
    assert 0 < figures.most_of_one_feeder_in_a_second <= wishes.pace
    assert figures.daemon_killed_at_moved is not None
    assert figures.daemon_killed_at_moved < wishes.nodes, "the control: it was killed before the end"
