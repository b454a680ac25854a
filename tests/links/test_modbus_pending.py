from __future__ import annotations

import asyncio

import pytest
from pymodbus.pdu import ModbusPDU

from lightctl.links.modbus_pending import Pending

TIMEOUT_S = 0.05


async def test_an_answer_ends_the_question_and_a_second_one_is_for_nobody() -> None:
    pending, answer = Pending(TIMEOUT_S), ModbusPDU()
    coming = pending.begin()
    pending.take(answer)
    pending.take(ModbusPDU())
    assert await coming is answer


async def test_a_question_nobody_answers_is_overdue_after_its_own_time_however_many_came_before() -> None:
    pending, loop = Pending(TIMEOUT_S), asyncio.get_running_loop()
    for _ in range(3):
        coming = pending.begin()
        pending.take(ModbusPDU())
        await coming
        await asyncio.sleep(TIMEOUT_S / 3)
    began = loop.time()
    with pytest.raises(TimeoutError):
        await pending.begin()
    assert loop.time() - began >= TIMEOUT_S * 0.99


async def test_a_lost_line_ends_the_question_at_once() -> None:
    pending = Pending(60.0)
    coming = pending.begin()
    pending.fail(ConnectionError("gone"))
    with pytest.raises(ConnectionError):
        await coming


async def test_what_comes_in_when_nothing_was_asked_is_dropped() -> None:
    pending = Pending(TIMEOUT_S)
    pending.take(ModbusPDU())
    pending.fail(ConnectionError("gone"))
    coming = pending.begin()
    assert not coming.done()
    pending.take(ModbusPDU())
    await coming
