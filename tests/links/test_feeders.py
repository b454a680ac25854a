"""No feeder turns on more than so many lamps a second, whatever is asked of it and when."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from lightctl.app.clock import RunClock
from lightctl.devices.profile import shipped_profiles
from lightctl.domain.assets import Node
from lightctl.domain.events import CommandSent
from lightctl.domain.orders import Order
from lightctl.domain.states import DesiredState
from lightctl.domain.timescale import TimeScale
from lightctl.links.feeders import JITTER
from lightctl.links.mqtt import MqttEndpoint, MqttLink
from lightctl.links.outbox import Outbox
from tests.support.brokers import Broker
from tests.support.street import node as native
from tests.support.street import order as level
from tests.support.watching import Watcher, running

NOW = dt.datetime(2026, 12, 4, 16, 0, tzinfo=dt.UTC)
LATER = NOW + dt.timedelta(hours=1)
STEP = dt.timedelta(milliseconds=10)


def order(name: str, revision: int = 1, *, on: bool = True, priority: int = 0, cabinet: str = "K1") -> Order:
    node = Node(name, "native", "mqtt", "", {0: f"LP-{name}"}, cabinet)
    return Order(node, DesiredState(name, revision, NOW, LATER, {}), priority, NOW if on else None)


def drained(outbox: Outbox, until: dt.datetime) -> list[tuple[dt.datetime, Order]]:
    """Give what leaves and when, asking each time something may."""
    now, left = NOW, []
    while now <= until:
        while (found := outbox.pop(now)[0]) is not None:
            left.append((now, found))
        if outbox.next_turn is None:
            break
        now = max(now + STEP, outbox.next_turn)
    return left


def test_without_a_limit_nothing_waits() -> None:
    outbox = Outbox()
    for number in range(50):
        outbox.put(order(f"n{number}"), NOW)
    assert {at for at, _ in drained(outbox, NOW)} == {NOW}
    assert outbox.next_turn is None


def test_a_feeder_turns_on_one_lamp_after_the_other_and_feeders_do_so_side_by_side() -> None:
    outbox = Outbox(switch_ons_per_s=5)
    for number in range(20):
        outbox.put(order(f"n{number:02}", cabinet=f"K{number % 2}"), NOW)
    left = drained(outbox, NOW + dt.timedelta(seconds=10))
    assert [each.node.id for _, each in left if each.node.cabinet == "K0"] == [f"n{n:02}" for n in range(0, 20, 2)]
    for cabinet in ("K0", "K1"):
        instants = [at for at, each in left if each.node.cabinet == cabinet]
        gaps = [(b - a).total_seconds() for a, b in pairwise(instants)]
        assert min(gaps) >= 0.2
        assert max(gaps) <= 0.2 * (1 + JITTER) + STEP.total_seconds()
    assert (left[0][0], left[1][0]) == (NOW, NOW)
    assert len(outbox) == 0


def test_what_turns_no_lamp_on_waits_for_nobody() -> None:
    outbox = Outbox(switch_ons_per_s=1)
    for name in ("a", "b"):
        outbox.put(order(name), NOW)
    outbox.put(order("dim", on=False), NOW)
    assert {each.node.id for at, each in drained(outbox, NOW) if at == NOW} == {"a", "dim"}


def test_what_turns_a_lamp_on_only_by_the_time_it_can_leave_waits_for_its_turn_then() -> None:
    outbox = Outbox(switch_ons_per_s=1)
    dusk = NOW + dt.timedelta(minutes=30)
    for name in "abc":
        outbox.put(replace(order(name), lights_at=dusk), NOW)
    assert outbox.next_turn is None
    left = [outbox.pop(dusk + dt.timedelta(seconds=after))[0] for after in (0, 0.5, 1.3, 1.4, 2.6)]
    assert [each and each.node.id for each in left] == ["a", None, "b", None, "c"]
    for name in "de":
        outbox.put(replace(order(name), lights_at=dusk), NOW)
    assert [outbox.pop(NOW)[0] is not None for _ in "de"] == [True, True], "by day nobody waits"


def test_the_most_urgent_is_turned_on_first() -> None:
    outbox = Outbox(switch_ons_per_s=1)
    for each in (order("a"), order("b"), order("c", priority=10)):
        outbox.put(each, NOW)
    assert [each.node.id for _, each in drained(outbox, LATER)] == ["c", "a", "b"]


def test_a_newer_word_replaces_the_one_that_waits() -> None:
    outbox = Outbox(switch_ons_per_s=1)
    for each in (
        order("a"),
        order("b", 1),
        order("c"),
        order("b", 2),
        order("c", 2, on=False),
        order("b", 1, on=False),
    ):
        outbox.put(each, NOW)
    left = [(each.node.id, each.content.revision) for _, each in drained(outbox, LATER)]
    assert sorted(left) == [("a", 1), ("b", 2), ("c", 2)]
    outbox.put(order("d", 1, on=False), NOW)
    outbox.put(order("d", 2), NOW)
    assert [each.content.revision for _, each in drained(outbox, LATER)] == [2]


def test_a_node_that_leaves_takes_what_waits_with_it() -> None:
    outbox = Outbox(switch_ons_per_s=1)
    for each in (order("a"), order("b")):
        outbox.put(each, NOW)
    (event,) = outbox.drop_node("b", NOW, "gone")
    assert (event.node, event.revision, event.permanent) == ("b", 1, True)
    assert [each.node.id for _, each in drained(outbox, LATER)] == ["a"]


def test_lamps_that_could_not_be_told_before_come_on_one_after_the_other_when_they_can() -> None:
    outbox = Outbox(switch_ons_per_s=1)
    for name in "abc":
        outbox.put(order(name), NOW)
    for after_s in range(10):
        assert outbox.pop(NOW + dt.timedelta(seconds=after_s), lambda _: False)[0] is None
    back = NOW + dt.timedelta(seconds=10)
    left = [outbox.pop(back + dt.timedelta(seconds=after))[0] for after in (0, 0.5, 1.3, 1.4, 2.6)]
    assert [each and each.node.id for each in left] == ["a", None, "b", None, "c"]


def test_a_lamp_that_cannot_be_told_takes_no_turn_from_its_neighbours_and_wakes_nobody() -> None:
    outbox = Outbox(switch_ons_per_s=1)
    for name in "abc":
        outbox.put(order(name), NOW)
    later = NOW + dt.timedelta(seconds=1.3)
    assert [outbox.pop(at, lambda each: each.node.id != "a")[0].node.id for at in (NOW, later)] == ["b", "c"]  # type: ignore[union-attr]
    assert outbox.pop(LATER, lambda each: each.node.id != "a")[0] is None
    assert (len(outbox), outbox.next_turn) == (1, None)
    assert outbox.pop(LATER)[0] == order("a")


def test_a_lamp_that_had_its_turn_and_cannot_be_told_any_more_gives_it_back() -> None:
    outbox = Outbox(switch_ons_per_s=1)
    outbox.put(order("urgent", on=False, priority=1), NOW)
    for name in "ab":
        outbox.put(order(name), NOW)
    assert outbox.pop(NOW)[0] == order("urgent", on=False, priority=1)
    assert outbox.pop(NOW, lambda each: each.node.id != "a")[0] == order("b")
    assert outbox.pop(NOW + dt.timedelta(seconds=1.3))[0] == order("a")


def test_a_turn_is_over_when_the_lamp_was_told_not_when_that_began() -> None:
    outbox = Outbox(switch_ons_per_s=1)
    for name in "ab":
        outbox.put(order(name), NOW)
    first, _ = outbox.pop(NOW)
    assert first == order("a")
    outbox.left(first, NOW + dt.timedelta(seconds=2))
    left = [outbox.pop(NOW + dt.timedelta(seconds=after))[0] for after in (2, 2.9, 3.3)]
    assert left == [None, None, order("b")]


def test_what_waits_behind_much_else_has_its_turn_when_it_leaves() -> None:
    outbox = Outbox(switch_ons_per_s=1)
    for number in range(5):
        outbox.put(order(f"dim-{number}", on=False), NOW)
    for name in "abc":
        outbox.put(order(name), NOW)
    left = [(at, outbox.pop(NOW + dt.timedelta(seconds=at))[0]) for at in (0, 1, 2, 3, 4, 4.1, 4.2, 4.3)]
    lit = [at for at, each in left if each is not None and each.lights(LATER)]
    assert len(lit) == 3
    assert all(b - a >= 1 for a, b in pairwise(lit))


def test_a_feeder_for_which_nothing_waits_any_more_wakes_nobody() -> None:
    outbox = Outbox(switch_ons_per_s=1.0)
    outbox.put(order("n1"), NOW)
    outbox.put(order("n1", 2, on=False), NOW)
    assert outbox.pop(NOW)[0] == order("n1", 2, on=False)
    outbox.put(order("n2"), NOW)
    assert outbox.next_turn is not None
    outbox.drop_node("n2", NOW, "it left")
    assert (len(outbox), outbox.next_turn) == (0, None)


def test_a_lamp_told_on_and_off_all_day_while_the_link_is_down_costs_one_place() -> None:
    outbox = Outbox(switch_ons_per_s=1)
    outbox.put(order("other"), NOW)
    for revision in range(1, 3000):
        outbox.put(order("a", revision, on=revision % 2 == 1), NOW)
    assert len(outbox) == 2
    assert outbox._feeders is not None
    assert max(map(len, outbox._feeders._queues.values())) < 100


@given(
    asked=st.lists(
        st.tuples(st.integers(0, 12), st.integers(0, 4000), st.booleans(), st.integers(0, 2)), min_size=1, max_size=60
    ),
    per_s=st.sampled_from([0.5, 1.0, 3.0, 10.0]),
    away=st.dictionaries(st.integers(0, 12), st.tuples(st.integers(0, 4000), st.integers(0, 9000))),
)
def test_whatever_is_asked_and_whoever_is_away_no_second_of_a_feeder_has_more_than_its_share(
    asked: list[tuple[int, int, bool, int]], per_s: float, away: dict[int, tuple[int, int]]
) -> None:
    outbox = Outbox(switch_ons_per_s=per_s)
    coming = sorted(asked, key=lambda each: each[1])
    turned: defaultdict[str, list[float]] = defaultdict(list)
    newest: dict[str, int] = {}
    left: dict[str, int] = {}
    for at_ms in range(0, 60_000, 50):
        now = NOW + dt.timedelta(milliseconds=at_ms)
        while coming and coming[0][1] <= at_ms:
            number, _, on, priority = coming.pop(0)
            name = f"n{number}"
            newest[name] = newest.get(name, 0) + 1
            outbox.put(order(name, newest[name], on=on, priority=priority, cabinet=f"K{number % 3}"), now)
        gone = {f"n{number}" for number, (begin, lasts) in away.items() if begin <= at_ms < begin + lasts}
        while (found := outbox.pop(now, lambda each, gone=gone: each.node.id not in gone)[0]) is not None:  # type: ignore[misc]
            assert found.node.id not in gone
            left[found.node.id] = found.content.revision
            if found.lights(now):
                turned[found.node.cabinet].append(at_ms / 1000)
        if not coming and not len(outbox):
            break
    assert left == newest, "every lamp got the newest word"
    for instants in turned.values():
        for first in instants:
            assert sum(1 for at in instants if first <= at < first + 1) <= max(1.0, per_s)


async def test_a_broker_link_keeps_to_the_limit_on_the_runs_own_clock(broker: Broker) -> None:
    watcher, clock = Watcher(), RunClock(TimeScale(NOW, dt.datetime.now(dt.UTC).timestamp(), 20.0))
    lamps = [replace(native(name), cabinet="K1") for name in "abcd"]
    endpoint = MqttEndpoint(broker.host, broker.port, switch_ons_per_s=0.2)
    link = MqttLink("street", endpoint, shipped_profiles(), watcher, clock, seed=7)
    link.attach({each.id: each for each in lamps})
    async with running(link):
        for lamp in lamps:
            link.submit(replace(level(lamp, 1), lights_at=NOW))
        await watcher.until(CommandSent, lambda sent: sent.node == "d")
    sent = [event for event in watcher.events if isinstance(event, CommandSent)]
    assert Counter(event.node for event in sent) == Counter("abcd")
    gaps = [(b.at - a.at).total_seconds() for a, b in pairwise(sent)]
    assert min(gaps) > 2, "five seconds of the run, a quarter of one on the wire"


def test_a_clock_set_back_makes_no_lamp_wait_longer_than_a_turn() -> None:
    outbox = Outbox(switch_ons_per_s=1)
    ahead = NOW + dt.timedelta(hours=5)
    for name in ("a", "b", "c"):
        outbox.put(order(name), ahead)
    assert outbox.pop(ahead)[0] is not None
    outbox.put(order("d", cabinet="K2"), NOW)
    left = drained(outbox, NOW + dt.timedelta(seconds=10))
    assert [each.node.id for _, each in left] == ["d", "b", "c"]
