from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from lightctl.domain.assets import Node
from lightctl.domain.events import ActionFinished, SendFailed
from lightctl.domain.orders import Order
from lightctl.domain.states import ActionKind, DesiredState, NodeAction
from lightctl.links.outbox import Outbox

NOW = dt.datetime(2026, 11, 23, 16, 0, tzinfo=dt.UTC)
LATER = NOW + dt.timedelta(minutes=1)


def node(name: str) -> Node:
    return Node(name, "native", "mqtt", "", {0: f"LP-{name}"})


def order(name: str, revision: int, priority: int = 0) -> Order:
    return Order(node(name), DesiredState(name, revision, NOW, LATER, {}), priority)


def action(name: str, number: int = 1, until: dt.datetime = LATER, priority: int = 0) -> Order:
    return Order(node(name), NodeAction(f"a{number}", name, ActionKind.IDENTIFY, until), priority)


def drain(outbox: Outbox, now: dt.datetime = NOW) -> list[Order]:
    taken = []
    while (found := outbox.pop(now)[0]) is not None:
        taken.append(found)
    return taken


def test_only_the_newest_desired_state_of_a_node_waits_and_it_keeps_its_place() -> None:
    outbox = Outbox()
    for each in (order("A", 1), order("B", 1), order("A", 2)):
        assert outbox.put(each, NOW) == ()
    assert drain(outbox) == [order("A", 2), order("B", 1)]


def test_an_older_revision_never_replaces_a_newer_one() -> None:
    outbox = Outbox()
    outbox.put(order("A", 5), NOW)
    outbox.put(order("A", 4, priority=9), NOW)
    assert drain(outbox) == [order("A", 5)]


def test_higher_priority_leaves_first_and_equals_in_order_of_arrival() -> None:
    outbox = Outbox()
    for each in (order("A", 1), order("B", 1, 5), order("C", 1), order("D", 1, 5)):
        outbox.put(each, NOW)
    assert [each.node.id for each in drain(outbox)] == ["B", "D", "A", "C"]


def test_a_newer_order_of_another_priority_takes_that_priority() -> None:
    outbox = Outbox()
    for each in (order("A", 1), order("B", 1), order("B", 2, 7)):
        outbox.put(each, NOW)
    assert drain(outbox) == [order("B", 2, 7), order("A", 1)]


def test_actions_are_kept_apart_from_the_desired_state() -> None:
    outbox = Outbox()
    for each in (order("A", 1), action("A", 1), action("A", 2), order("A", 2)):
        outbox.put(each, NOW)
    assert drain(outbox) == [order("A", 2), action("A", 1), action("A", 2)]


def test_an_expired_action_is_dropped_with_its_event() -> None:
    outbox = Outbox()
    outbox.put(action("A"), NOW)
    outbox.put(order("B", 1), NOW)
    found, events = outbox.pop(LATER)
    assert found == order("B", 1)
    assert events == [ActionFinished("A", "a1", "failed", LATER, "it expired before it could be sent")]
    assert len(outbox) == 0


def test_actions_over_the_cap_are_rejected_with_their_event() -> None:
    outbox = Outbox(max_actions=2)
    for number in (1, 2):
        assert outbox.put(action("A", number), NOW) == ()
    assert outbox.put(action("A", 3), NOW) == (
        ActionFinished("A", "a3", "rejected", NOW, "2 actions wait on this link"),
    )
    assert outbox.pop(NOW)[0] == action("A", 1)
    assert outbox.put(action("A", 4), NOW) == ()


def test_an_order_that_is_not_ready_waits_and_lets_others_pass() -> None:
    outbox = Outbox()
    outbox.put(order("A", 1, 9), NOW)
    outbox.put(order("B", 1), NOW)
    assert outbox.pop(NOW, lambda each: each.node.id != "A")[0] == order("B", 1)
    assert outbox.pop(NOW, lambda each: each.node.id != "A")[0] is None
    assert outbox.pop(NOW)[0] == order("A", 1, 9)


def test_what_waits_for_a_node_that_left_is_dropped_with_its_events() -> None:
    outbox = Outbox()
    for each in (order("A", 3), action("A"), order("B", 1)):
        outbox.put(each, NOW)
    events = outbox.drop_node("A", NOW, "gone")
    assert events == [
        SendFailed("A", 3, NOW, "gone", permanent=True),
        ActionFinished("A", "a1", "rejected", NOW, "gone"),
    ]
    assert drain(outbox) == [order("B", 1)]


def test_what_comes_back_leaves_from_the_place_it_had_once_and_never_before_what_is_more_urgent() -> None:
    outbox = Outbox()
    for each in (order("A", 1), order("B", 1)):
        outbox.put(each, NOW)
    outbox.drop_node("A", NOW, "gone")
    for each in (order("C", 1, 5), order("A", 2)):
        outbox.put(each, NOW)
    assert [outbox.pop(NOW)[0] for _ in range(2)] == [order("C", 1, 5), order("A", 2)]
    for each in (order("D", 1), order("A", 3)):
        outbox.put(each, NOW)
    assert drain(outbox) == [order("B", 1), order("A", 3), order("D", 1)], "it was put thrice, and has three places"
    for each in (order("D", 2), order("A", 4)):
        outbox.put(each, NOW)
    assert drain(outbox) == [order("D", 2), order("A", 4)]


def test_memory_stays_bounded_when_one_node_changes_priority_for_ever() -> None:
    outbox = Outbox()
    for revision in range(5_000):
        outbox.put(order("A", revision, revision % 7), NOW)
    assert sum(map(len, outbox._queues.values())) < 200
    assert drain(outbox) == [order("A", 4_999, 4_999 % 7)]


@given(st.lists(st.tuples(st.sampled_from("ABCD"), st.integers(1, 6), st.integers(0, 2)), max_size=40))
def test_whatever_is_put_each_node_leaves_once_with_its_highest_revision(puts: list[tuple[str, int, int]]) -> None:
    outbox = Outbox()
    newest: dict[str, Order] = {}
    for name, revision, priority in puts:
        outbox.put(order(name, revision, priority), NOW)
        known = newest.get(name)
        if known is None or revision >= known.content.revision:  # type: ignore[union-attr]
            newest[name] = order(name, revision, priority)
    taken = drain(outbox)
    assert {each.node.id: each for each in taken} == newest
    assert len(taken) == len(newest)
    assert [each.priority for each in taken] == sorted((each.priority for each in taken), reverse=True)
