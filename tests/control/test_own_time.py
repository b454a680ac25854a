"""Which time lightctl lives by when the machine's clock is set: nodes decide, and what has passed in between."""

import pytest

from lightctl.control.own_time import MONTH_S, WEEK_S, Kept, OwnTime

BEGAN, LIMIT, PATIENCE = 1_800_000_000.0, 300.0, 750.0
HOUR, DAY = 3600.0, 86400.0
AGREE = (0.0, 1.0, -2.0, 0.5)
STEPS = (HOUR, -HOUR, DAY, -DAY, 30 * DAY, -30 * DAY, -BEGAN, 14 * 365 * DAY)


def behind(step_s: float) -> tuple[float, ...]:
    return tuple(each - step_s for each in AGREE)


def begun() -> OwnTime:
    """Begin at steady 0, and have nodes agree."""
    own = OwnTime(BEGAN, 0.0, LIMIT, PATIENCE)
    assert not own.look(AGREE, BEGAN, 0.0)
    return own


def kept_by(own: OwnTime, at_s: float) -> Kept:
    return own.keep("boot-1", BEGAN + at_s, at_s)


@pytest.mark.parametrize("step_s", STEPS)
def test_a_clock_that_is_set_while_nodes_agree_with_us_is_not_followed_however_long_it_stays_so(step_s):
    own = begun()
    for at_s in (10.0, 20.0, HOUR, 40 * DAY):
        assert own.now_s(BEGAN + at_s + step_s, at_s) == BEGAN + at_s
        assert not own.look(AGREE, BEGAN + at_s + step_s, at_s)
        assert "goes on by the latter" in own.doubt
    assert own.now_s(BEGAN + 41 * DAY, 41 * DAY) == BEGAN + 41 * DAY
    assert not own.look(AGREE, BEGAN + 41 * DAY, 41 * DAY)
    assert own.doubt == ""


@pytest.mark.parametrize("step_s", STEPS)
def test_silent_nodes_take_back_nothing_they_vouched_for(step_s):
    own = begun()
    own.look(AGREE, BEGAN + 10 + step_s, 10.0)
    own.look((), BEGAN + DAY + step_s, DAY)
    assert own.now_s(BEGAN + DAY + step_s, DAY) == BEGAN + DAY


@pytest.mark.parametrize("step_s", [0.0, 1.0, -1.0, LIMIT, -LIMIT])
def test_what_is_within_the_limit_is_followed_at_once(step_s):
    own = begun()
    assert own.now_s(BEGAN + 10 + step_s, 10.0) == BEGAN + 10 + step_s
    own.look(AGREE, BEGAN + 10 + step_s, 10.0)
    assert own.doubt == ""


def test_a_smear_is_followed_as_far_as_the_limit_and_no_further():
    own, farthest = begun(), 0.0
    for at_s in range(1, 2000):
        wall_s = BEGAN + at_s * 1.5
        own.look(AGREE, wall_s, float(at_s))
        farthest = max(farthest, own.now_s(wall_s, float(at_s)) - BEGAN - at_s)
    assert farthest <= LIMIT
    assert own.now_s(wall_s, float(at_s)) == BEGAN + at_s


def test_a_clock_that_nodes_agree_with_was_set_right_and_is_followed_at_once():
    own = OwnTime(BEGAN, 0.0, LIMIT, PATIENCE)  # two hours late, as a machine without a battery starts
    own.look([2 * HOUR] * 4, BEGAN, 0.0)
    assert "most nodes' clocks are 7200 s ahead" in own.doubt
    wall_s = BEGAN + 10 + 2 * HOUR
    assert own.look([2 * HOUR] * 4, wall_s, 10.0)
    assert own.now_s(wall_s, 10.0) == wall_s
    assert own.doubt == ""


def test_where_no_node_tells_the_time_a_clock_that_is_set_is_followed_after_some_patience():
    own = OwnTime(BEGAN, 0.0, LIMIT, PATIENCE)
    own.look((), BEGAN, 0.0)
    own.look((), BEGAN + DAY + 1, 1.0)
    assert own.now_s(BEGAN + DAY + PATIENCE, PATIENCE) == BEGAN + PATIENCE
    assert own.look((), BEGAN + DAY + PATIENCE + 1, PATIENCE + 1)
    assert own.now_s(BEGAN + DAY + PATIENCE + 1, PATIENCE + 1) == BEGAN + DAY + PATIENCE + 1
    assert own.doubt == ""


def test_nodes_that_never_agreed_with_us_move_nothing():
    own = OwnTime(BEGAN, 0.0, LIMIT, PATIENCE)
    for at_s in (0.0, HOUR, DAY):
        assert not own.look([HOUR] * 9, BEGAN + at_s, at_s)
        assert own.now_s(BEGAN + at_s, at_s) == BEGAN + at_s
    assert "most nodes' clocks are 3600 s ahead" in own.doubt


def test_nodes_that_come_to_show_another_time_while_ours_passes_as_it_should_move_nothing():
    own = begun()
    assert not own.look([HOUR] * 9, BEGAN + DAY, DAY)
    assert own.now_s(BEGAN + DAY, DAY) == BEGAN + DAY
    assert own.doubt


@pytest.mark.parametrize("step_s", STEPS)
def test_a_daemon_started_again_on_a_clock_that_was_set_meanwhile_lives_by_the_time_that_has_passed(step_s):
    kept = kept_by(begun(), HOUR)
    wall_s = BEGAN + 2 * HOUR + step_s
    again = OwnTime(wall_s, 2 * HOUR, LIMIT, PATIENCE)
    again.take_up(kept, "boot-1", wall_s, 2 * HOUR)
    assert again.now_s(wall_s, 2 * HOUR) == BEGAN + 2 * HOUR
    again.look((), wall_s + DAY, 2 * HOUR + DAY)
    assert again.now_s(wall_s + DAY, 2 * HOUR + DAY) == BEGAN + 2 * HOUR + DAY


@pytest.mark.parametrize("step_s", STEPS)
def test_on_a_machine_started_again_nodes_that_agreed_before_say_what_time_it_is(step_s):
    kept = kept_by(begun(), HOUR)
    true_s = BEGAN + 3 * HOUR
    again = OwnTime(true_s + step_s, 5.0, LIMIT, PATIENCE)
    again.take_up(kept, "boot-2", true_s + step_s, 5.0)
    now_s = again.now_s(true_s + step_s, 5.0)
    assert now_s >= kept.at_s, "time does not go back"
    assert again.look([true_s - now_s] * 4, true_s + step_s, 5.0)
    assert again.now_s(true_s + step_s + 9, 14.0) == true_s + 9
    assert again.doubt


def test_two_nodes_are_too_few_to_say_and_so_are_nodes_that_contradict_each_other():
    for offsets in ([HOUR] * 2, [HOUR, 0.0, -HOUR, 9 * HOUR]):
        own = OwnTime(BEGAN, 0.0, LIMIT, PATIENCE)
        own.look(offsets, BEGAN, 0.0)
        assert own.doubt == ""
        assert not own.sure(BEGAN, 0.0)


@pytest.mark.parametrize("step_s", STEPS)
def test_nothing_is_deleted_by_a_clock_that_is_doubted(step_s):
    own = begun()
    assert own.sure(BEGAN, 0.0)
    assert not own.sure(BEGAN + 10 + step_s, 10.0), "nobody has looked yet"
    own.look(AGREE, BEGAN + 10 + step_s, 10.0)
    assert not own.sure(BEGAN + 10 + step_s, 10.0)
    own.look(AGREE, BEGAN + 20, 20.0)
    assert own.sure(BEGAN + 20, 20.0)


def test_by_a_time_that_nobody_vouches_for_nothing_is_deleted_for_a_week():
    own = OwnTime(BEGAN, 0.0, LIMIT, PATIENCE)
    assert not own.sure(BEGAN + WEEK_S, WEEK_S)
    assert own.sure(BEGAN + WEEK_S + 1, WEEK_S + 1)
    own.look((), BEGAN + WEEK_S + 10 * DAY, WEEK_S + 2)
    own.look((), BEGAN + WEEK_S + 10 * DAY + DAY, WEEK_S + DAY)
    assert not own.sure(BEGAN + WEEK_S + 10 * DAY + DAY, WEEK_S + DAY), "it was set, and the week begins anew"


@pytest.mark.parametrize(("gap_s", "sure"), [(DAY, True), (MONTH_S + 1, False), (14 * 365 * DAY, False)])
def test_a_start_long_after_the_last_run_deletes_nothing_before_somebody_vouches(gap_s, sure):
    kept = kept_by(begun(), 0.0)
    again = OwnTime(BEGAN + gap_s, 5.0, LIMIT, PATIENCE)
    again.take_up(kept, "boot-2", BEGAN + gap_s, 5.0)
    assert again.sure(BEGAN + gap_s, 5.0) is sure
    again.look(AGREE, BEGAN + gap_s, 5.0)
    assert again.sure(BEGAN + gap_s, 5.0)
