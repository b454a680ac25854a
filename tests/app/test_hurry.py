"""While a city's orders are being decided, what nodes and links say waits; what people ask for never does."""

from __future__ import annotations

import datetime as dt

from lightctl.app.running.hurry import HEARD_WAITS_S, Hurry
from lightctl.app.running.inbox import BATCH, Inbox
from lightctl.control.effects import Effects
from lightctl.control.policy import Policy
from lightctl.domain.assets import Node
from lightctl.domain.events import BrokerAcked, ReviewDue
from lightctl.domain.orders import Order
from lightctl.domain.states import DesiredState
from tests.support.desk import NOW

NODE = Node("n", "native", "mqtt", "", {0: "L"})
ORDER = Order(NODE, DesiredState("n", 1, NOW, NOW + dt.timedelta(days=1), {}))
MORE_TO_COME = Effects(submissions=(ORDER,), review_at=NOW)


def test_the_next_slice_of_orders_goes_before_what_was_heard():
    assert Hurry().goes_on(MORE_TO_COME, NOW, 0.0)


def test_there_is_no_hurry_when_nothing_is_sent_or_nothing_more_is_to_be_decided():
    later = NOW + dt.timedelta(seconds=1)
    for decided in (Effects(review_at=NOW), Effects(submissions=(ORDER,)), Effects((ORDER,), review_at=later)):
        assert not Hurry().goes_on(decided, NOW, 0.0)


def test_what_was_heard_waits_for_a_while_and_no_longer_than_a_node_is_given_to_answer():
    hurry = Hurry()
    assert hurry.goes_on(MORE_TO_COME, NOW, 100.0)
    assert hurry.goes_on(MORE_TO_COME, NOW, 100.0 + HEARD_WAITS_S - 0.1)
    assert not hurry.goes_on(MORE_TO_COME, NOW, 100.0 + HEARD_WAITS_S)
    assert not hurry.goes_on(MORE_TO_COME, NOW, 100.0 + 2 * HEARD_WAITS_S), "the same rush is not begun anew"
    assert not hurry.goes_on(Effects(), NOW, 200.0)
    assert hurry.goes_on(MORE_TO_COME, NOW, 201.0), "the next one is"
    assert min(Policy().patience_s(f"n-{number}", 1) for number in range(1000)) > 2 * HEARD_WAITS_S


def test_the_inbox_knows_whether_somebody_asked_for_what_waits():
    inbox = Inbox()
    for number in range(BATCH):
        inbox.put(BrokerAcked("n", number, NOW))
    assert not inbox.asked
    inbox.put_all((ReviewDue(), ReviewDue()))
    assert inbox.asked
    inbox.put(BrokerAcked("n", BATCH, NOW))
    assert len(inbox.take()) == BATCH
    assert inbox.asked
    assert len(inbox.take()) == 3
    assert not inbox.asked
