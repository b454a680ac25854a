"""What every store promises of roll-outs."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from lightctl.domain.errors import StoreError
from lightctl.domain.rollouts import MemberState, OnFailure, Rollout, RolloutState, Standing, Window
from lightctl.store.base import Recorded
from lightctl.store.sqlite import SqliteStore
from tests.support.stores import HOUR, NOW, draft

FILES = {"a.yaml": "version: 1\n"}


def rollout(rollout_id: str = "1", **changes: object) -> Rollout:
    made = Rollout(
        rollout_id, "plan-1", 1, FILES, ((("n-1", "n-2"), ("n-3",)), (("n-4",),)), 5, NOW, NOW, "ada", "because",
        window=Window(79200, 18000), on_failure=OnFailure.UNDO, soak_s=60.0,
    )  # fmt: skip
    return replace(made, **changes)


def test_a_roll_out_comes_back_as_it_was_started(store):
    assert store.next_rollout() == "1"
    store.start_rollout(rollout(), draft())
    assert store.rollout("1") == store.rollout_under_way() == store.replay(NOW).rollout == rollout()
    assert store.next_rollout() == "2"
    assert [store.rollout(name) for name in ("2", "", "one", "1 ", "9" * 40)] == [None] * 5
    assert len(store.audit()) == 1


def test_how_far_it_got_is_kept_with_how_its_nodes_stand(store):
    store.start_rollout(rollout(), draft())
    moved = rollout(batches=2, moved_at=NOW + HOUR, soaks_from=NOW + dt.timedelta(microseconds=1), detail="so far")
    stands = (Standing("1", "n-1", MemberState.FOLLOWED), Standing("1", "n-2", MemberState.FAILED, "no answer"))
    store.commit(Recorded(rollouts=(moved,), standings=stands))
    assert store.rollout_under_way() == moved
    assert store.standings("1") == {standing.node: standing for standing in stands}
    store.commit(Recorded(standings=(Standing("1", "n-2", MemberState.FOLLOWED),)))
    assert store.standings("1")["n-2"] == Standing("1", "n-2", MemberState.FOLLOWED)
    assert len(store.audit()) == 1, "time passes without anybody's change"


def test_what_people_said_stays_until_the_controller_has_heard_of_it(store):
    store.start_rollout(rollout(), draft())
    paused = rollout(edition=2, state=RolloutState.PAUSED)
    store.tell_rollout(paused, draft())
    store.commit(Recorded(rollouts=(rollout(batches=1),)))
    assert store.rollout_under_way() == paused
    store.commit(Recorded(rollouts=(replace(paused, batches=1),)))
    assert store.rollout_under_way() == replace(paused, batches=1)


@pytest.mark.parametrize(
    ("state", "verb", "user"),
    [
        (RolloutState.PAUSED, "rollout pause", "lightctl"),
        (RolloutState.UNDONE, "rollout undo", "lightctl"),
        (RolloutState.DONE, "rollout done", "ada"),
    ],
)
def test_what_it_does_by_itself_has_one_entry(store, state, verb, user):
    store.put_schedules({"old.yaml": ""}, draft())
    store.start_rollout(rollout(), draft())
    ended = rollout(state=state, wave=1, batches=1, changed_at=NOW + HOUR, detail="all well")
    for _ in range(2):  # a recorder that could not write comes again
        store.commit(Recorded(rollouts=(ended,)))
    entry = store.audit()[0]
    assert (entry.verb, entry.user, entry.origin, entry.target) == (verb, user, "daemon", "rollout 1")
    assert (entry.at, entry.detail, entry.reason) == (NOW + HOUR, "all well", "because")
    assert len(store.audit()) == 3
    assert store.verify_audit().ok


def test_one_that_is_done_is_the_schedules_from_then_on(store):
    store.put_schedules({"old.yaml": ""}, draft())
    store.start_rollout(rollout(approved_by="sven"), draft())
    store.commit(Recorded(rollouts=(rollout(state=RolloutState.DONE, approved_by="sven"),)))
    assert store.schedules().files == FILES
    newest = store.schedule_versions(1)[0]
    assert (newest.version, newest.cause, newest.user, newest.affected) == (2, "rollout 1", "ada", 5)
    assert newest.approved_by == "sven"
    assert store.rollout("1").version == 2
    assert store.rollout_under_way() is None
    assert store.replay(NOW).rollout is None


def test_one_that_ended_is_left_as_it_is(store):
    store.start_rollout(rollout(), draft())
    undone = rollout(edition=2, state=RolloutState.UNDONE)
    store.tell_rollout(undone, draft())
    store.commit(Recorded(rollouts=(rollout(edition=2, state=RolloutState.DONE),)))
    assert store.rollout("1") == undone
    assert store.schedules().version == 0
    with pytest.raises(StoreError, match="ended stays"):
        store.tell_rollout(replace(undone, state=RolloutState.RUNNING), draft())


def test_when_a_node_moved_is_known_by_its_place(store):
    store.start_rollout(rollout(), draft())
    for minutes, place in enumerate([(0, 1), (0, 2), (1, 1)]):
        at = NOW + dt.timedelta(minutes=minutes)
        store.commit(Recorded(rollouts=(rollout(wave=place[0], batches=place[1], moved_at=at),)))
        later = rollout(wave=place[0], batches=place[1], moved_at=at, soaks_from=at + HOUR)
        store.commit(Recorded(rollouts=(later,)))
    places = [rollout().place_of(node) for node in ("n-1", "n-2", "n-3", "n-4", "n-5")]
    assert places == [(0, 1), (0, 1), (0, 2), (1, 1), None]
    minutes = [(store.released_at("1", place) - NOW).seconds // 60 for place in places if place is not None]
    assert minutes == [0, 0, 1, 2]
    assert store.released_at("1", (1, 2)) is None
    assert store.released_at("2", (0, 1)) is None


def test_roll_outs_of_a_time_are_those_that_had_not_ended_by_then(store):
    store.start_rollout(rollout(), draft())
    store.tell_rollout(rollout(edition=2, state=RolloutState.UNDONE, changed_at=NOW + HOUR), draft())
    store.start_rollout(rollout("2"), draft())
    assert [each.id for each in store.rollouts_since(NOW)] == ["1", "2"]
    assert [each.id for each in store.rollouts_since(NOW + HOUR)] == ["2"]


def test_there_is_one_at_a_time(store):
    store.start_rollout(rollout(), draft())
    with pytest.raises(StoreError, match="UNIQUE"):
        store.start_rollout(rollout("2"), draft())
    store.tell_rollout(rollout(state=RolloutState.UNDONE), draft())
    store.start_rollout(rollout("2"), draft())
    assert [each.id for each in store.rollouts()] == ["2", "1"]
    assert [each.id for each in store.rollouts(1)] == ["2"]


def test_readers_can_see_that_schedules_or_roll_outs_changed(store):
    editions = [store.intent_edition]

    def moved() -> bool:
        editions.append(store.intent_edition)
        return editions[-1] > editions[-2]

    store.put_schedules(FILES, draft())
    assert moved()
    store.start_rollout(rollout(), draft())
    assert moved()
    store.commit(Recorded(rollouts=(rollout(batches=1),)))
    assert moved()
    store.tell_rollout(rollout(edition=2, state=RolloutState.PAUSED), draft())
    assert moved()
    store.commit(Recorded(rollouts=(rollout(batches=2),)))
    assert not moved()


def test_roll_outs_survive_a_restart(folder):
    store = SqliteStore(folder)
    store.start_rollout(rollout(), draft())
    store.close()
    again = SqliteStore(folder)
    assert again.rollout_under_way() == rollout()
    again.close()
