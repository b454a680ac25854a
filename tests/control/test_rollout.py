"""Roll-outs, decided: who moves when, what stops them, and what is seen of each node. Small cities, no waiting."""

import datetime as dt
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightctl.control.rollout import advance, look_again_at, opens_at
from lightctl.control.waves import Member, members_of, waves_of
from lightctl.domain import events as ev
from lightctl.domain.assets import Fleet, LifeCycle
from lightctl.domain.errors import InvalidInput
from lightctl.domain.rollouts import (
    Figures,
    MemberState,
    OnFailure,
    Portion,
    Rollout,
    RolloutState,
    parse_percent,
    parse_portion,
    parse_window,
)
from lightctl.domain.states import Reason
from tests.support.controlled import AFTERNOON, SCHEDULE, ZONE, Street, intent, lamp

COMING = SCHEDULE.replace("level: 50", "level: 30")
SECOND = dt.timedelta(seconds=1)
SOAK_S = 600.0
HEARTBEAT = dt.timedelta(seconds=300)
ALL = (Portion(percent=100),)


def rollout(waves, **changes):
    made = Rollout(
        "1", "plan-1", 1, {"coming.yaml": COMING}, waves, sum(len(b) for w in waves for b in w), AFTERNOON, AFTERNOON,
        "olga", soak_s=SOAK_S,
    )  # fmt: skip
    return replace(made, **changes)


def figures(moved, failed=0, pending=0):
    return Figures(moved, moved - failed - pending, failed)


ONE_EACH = ((("n-a",),), (("n-b",), ("n-c",)))


def test_the_first_move_releases_the_first_batch_of_the_canary_at_once():
    after = advance(rollout(ONE_EACH), Figures(), AFTERNOON, ZONE)
    assert (after.place, after.moved) == ((0, 1), {"n-a"})
    assert after.soaks_from == AFTERNOON


def test_a_wave_is_watched_until_its_time_is_over_and_everybody_answered():
    out = rollout(ONE_EACH, batches=1, soaks_from=AFTERNOON)
    over = AFTERNOON + dt.timedelta(seconds=SOAK_S)
    assert advance(out, figures(1), over - SECOND, ZONE) is out
    assert look_again_at(out, figures(1), AFTERNOON, ZONE) == over
    assert advance(out, figures(1, pending=1), over, ZONE) is out
    assert look_again_at(out, figures(1, pending=1), over, ZONE) is None, "time alone brings nothing now"
    assert advance(out, figures(1), over, ZONE).place == (1, 0)


def test_batches_leave_a_second_apart_however_late_the_look_is():
    out = rollout(ONE_EACH, wave=1)
    first = advance(out, figures(1), AFTERNOON, ZONE)
    assert first.moved == {"n-a", "n-b"}
    assert advance(first, figures(2), AFTERNOON + SECOND / 2, ZONE) is first
    assert look_again_at(first, figures(2), AFTERNOON, ZONE) == AFTERNOON + SECOND
    assert advance(first, figures(2), AFTERNOON + 60 * SECOND, ZONE).place == (1, 2)


def test_after_the_last_wave_it_is_done_and_says_so_in_figures():
    out = rollout(ONE_EACH, wave=1, batches=2, soaks_from=AFTERNOON, max_failures_percent=50.0)
    after = advance(out, figures(3, failed=1), AFTERNOON + dt.timedelta(seconds=SOAK_S), ZONE)
    assert (after.state, after.detail) == (RolloutState.DONE, "2 of 3 nodes followed, 1 failed")


@pytest.mark.parametrize(
    ("failed", "moved", "percent", "stops"),
    [(1, 1, 5, True), (5, 100, 5, False), (6, 100, 5, True), (29, 100, 29, False), (0, 0, 0, False), (1, 99, 0, True)],
)
def test_more_failures_than_allowed_stop_it(failed, moved, percent, stops):
    out = rollout(ONE_EACH, max_failures_percent=float(percent))
    assert (advance(out, figures(moved, failed), AFTERNOON, ZONE).state is RolloutState.PAUSED) == stops


def test_where_it_was_asked_for_too_many_failures_take_it_back():
    out = rollout(ONE_EACH, batches=1, soaks_from=AFTERNOON, on_failure=OnFailure.UNDO)
    after = advance(out, figures(1, failed=1), AFTERNOON, ZONE)
    assert (after.state, after.moved) == (RolloutState.UNDONE, frozenset())
    assert after.detail == "0 of 1 nodes followed, 1 failed: 100 %, and 5 % are allowed"


@pytest.mark.parametrize("state", [state for state in RolloutState if state is not RolloutState.RUNNING])
def test_one_that_does_not_run_makes_no_move(state):
    out = rollout(ONE_EACH, state=state)
    assert advance(out, figures(1, failed=1), AFTERNOON, ZONE) is out
    assert look_again_at(out, Figures(), AFTERNOON, ZONE) is None


@pytest.mark.parametrize(
    ("window", "now", "opens"),
    [
        ("22:00-05:00", "2026-12-04T20:59:59Z", "2026-12-04T21:00:00Z"),
        ("22:00-05:00", "2026-12-04T21:00:00Z", "2026-12-04T21:00:00Z"),
        ("22:00-05:00", "2026-12-05T03:59:59Z", "2026-12-05T03:59:59Z"),
        ("22:00-05:00", "2026-12-05T04:00:00Z", "2026-12-05T21:00:00Z"),
        ("09:00-15:00", "2026-12-04T14:00:00Z", "2026-12-05T08:00:00Z"),
        ("02:30-04:00", "2026-03-28T23:00:00Z", "2026-03-29T01:30:00Z"),
    ],
)
def test_a_window_opens_and_closes_by_the_citys_clock(window, now, opens):
    found = opens_at(parse_window(window, "window"), dt.datetime.fromisoformat(now), ZONE)
    assert found == dt.datetime.fromisoformat(opens)


def test_outside_its_window_nobody_moves_but_a_wave_is_still_watched():
    window = parse_window("22:00-05:00", "window")
    out = rollout(ONE_EACH, window=window)
    assert advance(out, Figures(), AFTERNOON, ZONE) is out
    assert look_again_at(out, Figures(), AFTERNOON, ZONE) == dt.datetime(2026, 12, 4, 21, tzinfo=dt.UTC)
    watched = rollout(ONE_EACH, window=window, batches=1, soaks_from=AFTERNOON - dt.timedelta(seconds=SOAK_S))
    assert advance(watched, figures(1), AFTERNOON, ZONE).place == (1, 0)


@pytest.mark.parametrize("text", ["", "0", "0%", "101%", "-1", "10 percent", "1e3", "x"])
def test_what_is_no_share_is_refused(text):
    with pytest.raises(InvalidInput, match="no share"):
        parse_portion(text, "waves")


@pytest.mark.parametrize("text", ["22:00", "22:00-22:00", "24:00-05:00", "22-5", "a-b", "1:00-2:00-3:00"])
def test_what_is_no_window_is_refused(text):
    with pytest.raises(InvalidInput, match="no window"):
        parse_window(text, "window")


def test_shares_and_windows_are_read_as_they_are_written():
    assert [parse_portion(text, "").of(50) for text in ("10%", "0.5%", "7", "900", "100 %")] == [5, 1, 7, 50, 50]
    assert str(parse_window("22:00-05:30", "")) == "22:00-05:30"
    assert (parse_percent("0%", ""), parse_percent("2.5%", "")) == (0.0, 2.5)
    with pytest.raises(InvalidInput, match="no percentage"):
        parse_percent("5", "")


# -- who moves when ---------------------------------------------------------------------------------------------------


def street_lamps():
    """Three streets behind two cabinets, in no order."""
    points = [
        lamp(f"{street}{pole}", cabinet=cabinet, tags={"group": street})
        for pole in range(4)
        for street, cabinet in (("x", "K2"), ("b", "K1"), ("a", "K1"))
    ]
    return Fleet.of(points, ZONE)


def test_waves_go_street_by_street_behind_a_canary_that_is_spread():
    fleet = street_lamps()
    members = members_of(fleet, set(fleet.points))
    assert [member.node for member in members][:5] == ["n-a0", "n-a1", "n-a2", "n-a3", "n-b0"]
    canary, first, rest = waves_of(members, Portion(count=2), (Portion(percent=50), *ALL), pace=1)
    assert sum(map(len, canary)) == 2
    names = [node for batch in first for node in batch]
    assert len(names) == 4, "half of twelve, with the canary in it"
    assert sorted(names) == names
    moved = [node for wave in (canary, first, rest) for batch in wave for node in batch]
    assert sorted(moved) == sorted(fleet.nodes)
    assert waves_of(members, Portion(count=2), (Portion(percent=50), *ALL), pace=1) == (canary, first, rest)


def test_each_feeder_moves_no_more_than_the_pace_in_one_batch():
    fleet = street_lamps()
    members = members_of(fleet, set(fleet.points))
    feeders = {member.node: member.feeder for member in members}
    for pace in (1, 2, 3):
        for wave in waves_of(members, Portion(count=1), ALL, pace):
            assert max(max(Counter(feeders[node] for node in batch).values()) for batch in wave) <= pace
    (_, rest) = waves_of(members, Portion(count=1), ALL, 2)
    assert len({feeders[node] for node in rest[0]}) == 2, "feeders go side by side"


def test_only_nodes_of_light_points_that_change_are_members_and_they_move_whole():
    points = (
        lamp("a", node="n-1", channel=0),
        lamp("b", node="n-1", channel=1),
        lamp("c", node="n-2", state=LifeCycle.MAINTENANCE),
        lamp("d", node=""),
        lamp("e", node="n-3"),
    )
    fleet = Fleet.of(points, ZONE)
    assert [member.node for member in members_of(fleet, {"b", "c", "d"})] == ["n-1"]


def test_waves_that_go_down_are_refused():
    members = [Member(f"n-{n}", "K", ("K", "", f"{n:03}")) for n in range(100)]
    with pytest.raises(InvalidInput, match="only grow"):
        waves_of(members, Portion(count=1), (Portion(percent=50), Portion(percent=10)), 10)


@given(
    count=st.integers(1, 60),
    canary=st.one_of(st.builds(Portion, percent=st.floats(0.1, 100)), st.builds(Portion, count=st.integers(1, 90))),
    shares=st.lists(st.integers(1, 100), max_size=4).map(sorted),
    pace=st.integers(1, 7),
)
def test_every_member_is_in_exactly_one_batch_and_no_wave_is_empty(count, canary, shares, pace):
    members = [Member(f"n-{n}", f"K{n % 3}", ("", "", f"{n:03}")) for n in range(count)]
    waves = waves_of(members, canary, [Portion(percent=share) for share in shares], pace)
    moved = [node for wave in waves for batch in wave for node in batch]
    assert sorted(moved) == sorted(member.node for member in members)
    assert all(batch for wave in waves for batch in wave)
    assert all(waves)


# -- a small city -----------------------------------------------------------------------------------------------------

NAMES = "abcdefghij"
WAVES = ((("n-a",),), (("n-b", "n-c"), ("n-d",)), (("n-e", "n-f", "n-g"), ("n-h", "n-i", "n-j")))


class City(Street):
    """Ten lamps that obey, apart from those named dead; what a roll-out made of them is kept."""

    def begin(self, dead=()):
        self.dead = set(dead)
        self.rollout = None
        self.standings = {}
        self.told = []
        self.start()
        self.obey()
        return self

    def take(self, effects):
        for moved in effects.rollouts:
            self.rollout = moved
        for standing in effects.standings:
            self.standings[standing.node] = standing
        self.told += [(self.now, s.node.id) for s in effects.submissions]
        return super().take(effects)

    def roll(self, **changes):
        self.told.clear()
        self.step(ev.RolloutChanged(rollout(WAVES, **changes), intent(COMING)))
        self.obey()

    def obey(self):
        """Let whoever was sent a document report it, until nobody is sent anything."""
        while sent := [each for each in self.sent if each.node not in self.dead]:
            events = []
            for each in sent:
                events += [ev.CommandSent(each.node, each.revision, self.now), self.report(each.node)]
            self.step(*events, after=0.01)

    def live(self, seconds):
        """Let so long pass: every alarm rings, each lamp that lives reports every five minutes and obeys."""
        until = self.now + dt.timedelta(seconds=seconds)
        while self.now < until:
            heartbeat = min(until, self.now + HEARTBEAT)
            while self.last.review_at is not None and self.last.review_at <= heartbeat:
                self.step(after=max(0.0, (self.last.review_at - self.now).total_seconds()))
                self.obey()
            self.now = heartbeat
            self.step(*(self.report(node) for node in self.desired if node not in self.dead))
            self.obey()

    def follows(self, level):
        """Name the nodes whose document has a level in its nights."""
        return {
            node.removeprefix("n-")
            for node, wanted in self.desired.items()
            if any(switch.level == level for switch in wanted.channels[0].switches)
        }


@pytest.fixture
def city():
    return City(points=tuple(lamp(name, cabinet=f"K{'abcdefghij'.index(name) % 2}") for name in NAMES)).begin()


def test_the_canary_moves_alone_and_the_rest_are_told_nothing(city):
    city.roll()
    assert {node for _, node in city.told} == {"n-a"}
    assert city.follows(30) == {"a"}
    assert city.standings["n-a"].state is MemberState.FOLLOWED
    assert city.command("n-a").cause == "rollout 1, the canary"


def test_wave_after_wave_moves_until_all_have_and_the_end_changes_nothing_on_the_street(city):
    city.roll()
    city.live(SOAK_S + 5)
    assert city.rollout.place == (1, 2)
    assert city.follows(30) == set("abcd")
    city.live(SOAK_S + 5)
    assert city.follows(30) == set(NAMES)
    city.live(SOAK_S + 5)
    assert (city.rollout.state, city.rollout.detail) == (RolloutState.DONE, "10 of 10 nodes followed, 0 failed")
    assert {standing.state for standing in city.standings.values()} == {MemberState.FOLLOWED}
    city.told.clear()
    city.step(ev.IntentChanged(intent(COMING), "schedule version 2"))
    city.live(60)
    assert city.told == []
    assert city.follows(30) == set(NAMES)


def test_batches_of_a_wave_leave_one_a_second(city):
    city.roll(soak_s=0.0)
    city.live(30)
    moved = Counter(at for at, _ in city.told)
    assert len(moved) == 5
    assert min(b - a for a, b in zip(sorted(moved), sorted(moved)[1:], strict=False)) >= SECOND
    assert city.rollout.state is RolloutState.DONE


def test_a_broken_canary_pauses_the_roll_out_and_nobody_else_is_touched():
    city = City(points=tuple(map(lamp, NAMES))).begin()
    city.dead = {"n-a"}
    city.roll()
    city.live(2000)
    assert city.rollout.state is RolloutState.PAUSED
    assert "1 failed" in city.rollout.detail
    failed = city.standings["n-a"]
    assert failed.state is MemberState.FAILED
    assert "no report of revision" in failed.detail or "nothing heard" in failed.detail
    assert city.follows(30) == {"a"}


def test_a_broken_canary_is_taken_back_by_itself_where_that_was_asked_for():
    city = City(points=tuple(map(lamp, NAMES))).begin()
    before = city.desired["n-a"].channels
    city.dead = {"n-a"}
    city.roll(on_failure=OnFailure.UNDO)
    city.live(2000)
    assert city.rollout.state is RolloutState.UNDONE
    assert city.follows(30) == set()
    assert city.desired["n-a"].channels == before
    assert city.command("n-a").cause == "rollout 1 undone"


def test_dead_nodes_within_the_limit_are_named_and_the_others_go_on():
    city = City(points=tuple(map(lamp, NAMES))).begin()
    city.dead = {"n-c", "n-j"}
    city.roll(max_failures_percent=30.0)
    city.live(6000)
    assert city.rollout.state is RolloutState.DONE
    assert {name for name, each in city.standings.items() if each.state is MemberState.FAILED} == city.dead
    assert all(city.standings[name].detail for name in city.dead)
    assert set(city.standings) == {f"n-{name}" for name in NAMES}


def test_a_failed_node_that_comes_back_counts_as_one_that_followed(city):
    city.dead = {"n-a"}
    city.roll(max_failures_percent=100.0, soak_s=20_000.0)
    city.live(3000)
    assert city.standings["n-a"].state is MemberState.FAILED
    city.dead.clear()
    city.live(6000)
    assert city.standings["n-a"].state is MemberState.FOLLOWED


def test_a_pause_holds_everybody_where_they_are_and_a_resume_goes_on(city):
    city.roll()
    paused = rollout(WAVES, batches=1, edition=2, state=RolloutState.PAUSED, soaks_from=AFTERNOON)
    city.step(ev.RolloutChanged(paused, intent(COMING)))
    city.live(3 * SOAK_S)
    assert city.follows(30) == {"a"}
    assert city.last.review_at is None or city.rollout.state is RolloutState.RUNNING
    resumed = replace(paused, edition=3, state=RolloutState.RUNNING, soaks_from=city.now)
    city.step(ev.RolloutChanged(resumed, intent(COMING)))
    city.live(SOAK_S + 5)
    assert city.follows(30) == set("abcd")


def test_a_word_of_people_never_takes_back_how_far_the_nodes_have_got(city):
    city.roll(soak_s=0.0)
    city.live(2)
    place = city.rollout.place
    assert place > (0, 1)
    late = rollout(WAVES, batches=1, edition=2, state=RolloutState.PAUSED)
    city.step(ev.RolloutChanged(late, intent(COMING)))
    assert (city.rollout.edition, city.rollout.place, city.rollout.state) == (2, place, RolloutState.PAUSED)
    moved = city.follows(30)
    city.live(60)
    assert city.follows(30) == moved


def test_an_undo_takes_everybody_back_and_leaves_the_others_alone(city):
    before = {node: wanted.channels for node, wanted in city.desired.items()}
    city.roll()
    city.live(SOAK_S + 5)
    city.told.clear()
    undone = rollout(WAVES, wave=1, batches=2, edition=2, state=RolloutState.UNDONE)
    city.step(ev.RolloutChanged(undone, intent(COMING)))
    city.obey()
    assert {node.removeprefix("n-") for _, node in city.told} == set("abcd")
    assert {node: wanted.channels for node, wanted in city.desired.items()} == before
    assert city.last.review_at is not None


def test_a_controller_that_starts_in_the_middle_goes_on_with_the_same_wave(city):
    city.roll()
    city.live(SOAK_S + 5)
    assert city.rollout.place == (1, 2)
    again = restarted(city, city.rollout, city.now + dt.timedelta(minutes=3))
    assert again.told == [], "nobody is told anything again"
    assert {name for name, each in again.standings.items() if each.state is MemberState.FOLLOWED} == {
        "n-a", "n-b", "n-c", "n-d",
    }  # fmt: skip
    again.live(SOAK_S - 10)
    assert again.follows(30) == set("abcd"), "what nobody watched is watched again"
    again.live(30)
    assert again.follows(30) == set(NAMES)


def restarted(city, stored, now):
    """The same city at an instant, under a controller that knows only what the store would tell it."""
    again = City(points=city.points, now=now)
    again.dead, again.rollout, again.standings, again.told = set(), None, {}, []
    known = [
        ev.NodeRestored(node, wanted.revision, None, wanted, city.command(node), city.report(node).report, "b1")
        for node, wanted in city.desired.items()
    ]
    again.seq, again.desired, again.commands = city.seq, dict(city.desired), dict(city.commands)
    again.step(
        *known,
        ev.FleetChanged(Fleet.of(city.points, ZONE)),
        ev.IntentChanged(intent(SCHEDULE), "daemon start"),
        ev.RolloutChanged(stored, intent(COMING)),
    )
    return again


def test_a_controller_that_starts_in_the_middle_does_not_wait_for_what_one_before_noted_by_a_clock_ahead(city):
    city.roll()
    ahead = city.now + dt.timedelta(days=2)
    again = restarted(city, replace(city.rollout, moved_at=ahead, soaks_from=ahead), city.now + dt.timedelta(minutes=1))
    again.live(SOAK_S + 10)
    assert again.rollout.place == (1, 2)


def test_a_word_of_people_who_read_what_a_clock_ahead_noted_makes_nobody_wait_for_it(city):
    city.roll()
    ahead = city.now + dt.timedelta(days=2)
    told = replace(city.rollout, edition=2, moved_at=ahead, soaks_from=ahead)
    city.step(ev.RolloutChanged(told, intent(COMING)))
    city.live(SOAK_S + 10)
    assert city.rollout.place == (1, 2)


def test_a_member_that_leaves_the_inventory_holds_nobody_up(city):
    city.dead = {"n-a"}
    city.roll(max_failures_percent=0.0)
    points = tuple(point for point in city.points if point.id != "a")
    city.step(ev.FleetChanged(Fleet.of(points, ZONE)))
    assert city.standings["n-a"].state is MemberState.GONE
    city.live(SOAK_S + 5)
    assert city.rollout.wave == 1
    assert city.follows(30) >= set("bcd")


def test_a_changed_inventory_leaves_those_who_moved_on_the_coming_schedules(city):
    city.roll()
    city.told.clear()
    city.step(ev.FleetChanged(Fleet.of((*city.points, lamp("new")), ZONE)))
    assert {node for _, node in city.told} == {"n-new"}
    assert city.follows(30) == {"a"}


def test_a_node_under_local_control_is_named_and_not_waited_for_for_ever(city):
    held = city.report("n-a", reason=Reason.LOCAL, level=70, commanded=70)
    city.step(held)
    city.dead = {"n-a"}
    city.roll(max_failures_percent=100.0)
    city.live(SOAK_S)
    assert city.standings["n-a"].state is MemberState.FAILED


def test_a_clock_set_back_makes_nobody_wait_for_what_was_the_future(city):
    city.roll()
    city.live(100)
    city.now -= dt.timedelta(days=2)
    city.step()
    city.live(SOAK_S + 10)
    assert city.rollout.wave == 1
