"""What a story's lightctl is made of, so that a control may put something broken in its place."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from lightctl.app.running.boot import revision_floor
from lightctl.control.controller import Controller
from lightctl.devices.codec import Outgoing
from lightctl.links.inbound import Inbound
from lightctl.links.modbus import ModbusLink
from lightctl.links.outbox import Outbox
from simulators.firmware import Firmware


@dataclass(frozen=True, slots=True)
class Parts:
    """Controller, outbox, inbound, the link to a line, the floor under new revisions, and the firmware of the nodes.

    encoded: what becomes of each message before it leaves. stores_late: people are answered before their write is
    stored. audits_twice: each write has two entries in the audit.
    """

    controller: type[Controller] = Controller
    outbox: type[Outbox] = Outbox
    inbound: type[Inbound] = Inbound
    line: type[ModbusLink] = ModbusLink
    floor: Callable[[dt.datetime], int] = revision_floor
    firmware: type[Firmware] = Firmware
    encoded: Callable[[Outgoing], Outgoing] = lambda message: message
    stores_late: bool = False
    audits_twice: bool = False


WHOLE = Parts()
