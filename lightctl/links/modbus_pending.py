"""Pending: the one question that waits for its answer on a Modbus line.

A line asks one question after another, so one timer does for all of them: it is not moved with every question, only set
again when it rings before the question of that moment is overdue.
"""

from __future__ import annotations

import asyncio

from pymodbus.pdu import ModbusPDU


class Pending:
    """At most one question, on one event loop; `take` and `fail` do nothing when none waits."""

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._loop = asyncio.get_running_loop()  # asking for it costs a system call
        self._answer: asyncio.Future[ModbusPDU] | None = None
        self._overdue_s = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> asyncio.Future[ModbusPDU]:
        """Give the answer to the question that is sent now; it fails with TimeoutError when none comes in time."""
        self._answer = answer = self._loop.create_future()
        self._overdue_s = self._loop.time() + self._timeout_s
        if self._timer is None:
            self._timer = self._loop.call_at(self._overdue_s, self._ring)
        return answer

    def take(self, pdu: ModbusPDU) -> None:
        """Take what came in for the answer."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(pdu)

    def fail(self, error: Exception) -> None:
        """Let the question fail."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)

    def _ring(self) -> None:
        self._timer = None
        if self._answer is None or self._answer.done():
            return
        if self._loop.time() < self._overdue_s:
            self._timer = self._loop.call_at(self._overdue_s, self._ring)
        else:
            self.fail(TimeoutError())
