"""Events: whatever happens, as values. All of them take the same path, `Controller.step(events, now)`.

Boot is the same path too: the store replays what it remembers as FleetChanged, IntentChanged, OverrideSet and
NodeRestored before anything new arrives.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from lightctl.domain.assets import Capabilities, Fleet
from lightctl.domain.crews import Maintenance
from lightctl.domain.programs import Intent
from lightctl.domain.rollouts import Rollout
from lightctl.domain.sensors import SensorReading
from lightctl.domain.states import Command, DesiredState, Ended, Fault, NodeAction, Override, Reading, ReportedState


@dataclass(frozen=True, slots=True)
class FleetChanged:
    """The inventory is now this; `replaced` gives the node that came in place of one that left."""

    fleet: Fleet
    cause: str = "inventory"
    replaced: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class IntentChanged:
    """The schedules are now these; `cause` names the change in commands and audit."""

    intent: Intent
    cause: str = "schedule"


@dataclass(frozen=True, slots=True)
class RolloutChanged:
    """People started, paused, resumed or undid a roll-out, or one is under way at boot; `intent` is what it brings."""

    rollout: Rollout
    intent: Intent


@dataclass(frozen=True, slots=True)
class OverrideSet:
    """An override is in the store; `asked` when somebody asked for it just now, not at boot.

    What is asked for is always sent: at once, or when it begins.
    """

    override: Override
    asked: bool = True


@dataclass(frozen=True, slots=True)
class OverrideEnded:
    """An override was taken back before its end."""

    override_id: str


@dataclass(frozen=True, slots=True)
class MaintenanceSet:
    """A maintenance is in the store; the override of its level, if it has one, comes as OverrideSet beside it."""

    maintenance: Maintenance


@dataclass(frozen=True, slots=True)
class MaintenanceEnded:
    """A maintenance was ended before its time."""

    maintenance_id: str


@dataclass(frozen=True, slots=True)
class ActionRequested:
    """Somebody wants a node to do something once."""

    action: NodeAction


@dataclass(frozen=True, slots=True)
class NodeAnnounced:
    """A node said hello: it (re)connected, and this is what it is and holds. `clock` is the node's own."""

    node: str
    boot_id: str
    capabilities: Capabilities
    applied_revision: int
    received_at: dt.datetime
    clock: dt.datetime | None = None
    model: str = ""
    firmware: str = ""


@dataclass(frozen=True, slots=True)
class NodeReported:
    """A node reported its state."""

    report: ReportedState


@dataclass(frozen=True, slots=True)
class NodePresence:
    """A node's last will or its return: a hint, never proof."""

    node: str
    online: bool
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class NodeRestored:
    """What the store remembers of a node, at boot. `highest_revision` was ever used or seen for it."""

    node: str
    highest_revision: int
    capabilities: Capabilities | None = None
    desired: DesiredState | None = None
    command: Command | Ended | None = None
    reported: ReportedState | None = None
    boot_id: str = ""
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class CommandSent:
    """A link put a command's bytes on the wire; grace starts now."""

    node: str
    revision: int
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class BrokerAcked:
    """A broker has the command. It says nothing about the lamp."""

    node: str
    revision: int
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class SendFailed:
    """A command did not get out; `permanent` when the same bytes would be refused again."""

    node: str
    revision: int
    at: dt.datetime
    detail: str
    permanent: bool = False


@dataclass(frozen=True, slots=True)
class ActionFinished:
    """A node answered an action: status is `done`, `rejected` or `failed`."""

    node: str
    action_id: str
    status: str
    at: dt.datetime
    detail: str = ""


@dataclass(frozen=True, slots=True)
class MeterRead:
    """A meter gave its values."""

    reading: Reading


@dataclass(frozen=True, slots=True)
class SensorRead:
    """A sensor of a node or of an area spoke."""

    reading: SensorReading


@dataclass(frozen=True, slots=True)
class LinkChanged:
    """A link came up or went down. A broker that comes up is taken to be empty."""

    link: str
    up: bool
    at: dt.datetime
    detail: str = ""


@dataclass(frozen=True, slots=True)
class NodeUnreachable:
    """A link asked a node and got no usable answer (Modbus: time-out or exception)."""

    node: str
    at: dt.datetime
    detail: str


@dataclass(frozen=True, slots=True)
class MessageQuarantined:
    """A message could not be accepted; it changes nothing. `payload` is cut to a cap."""

    link: str
    source: str
    why: str
    at: dt.datetime
    payload: bytes = b""


@dataclass(frozen=True, slots=True)
class NodeDiscovered:
    """A node that is in no inventory spoke on a link; it is listed as unclaimed and nothing more."""

    node: str
    link: str
    source: str
    at: dt.datetime
    model: str = ""


@dataclass(frozen=True, slots=True)
class ReviewDue:
    """The alarm clock rang: look again at whatever is due."""


@dataclass(frozen=True, slots=True)
class NightlyRun:
    """Top up the coming nights of every node that carries them."""


@dataclass(frozen=True, slots=True)
class ClockJudged:
    """The time we live by was judged. fault: what opened or ended with that. moved: it is another time than before."""

    fault: Fault | None
    moved: bool


Event = (
    FleetChanged
    | IntentChanged
    | RolloutChanged
    | OverrideSet
    | OverrideEnded
    | MaintenanceSet
    | MaintenanceEnded
    | ActionRequested
    | NodeAnnounced
    | NodeReported
    | NodePresence
    | NodeRestored
    | CommandSent
    | BrokerAcked
    | SendFailed
    | ActionFinished
    | MeterRead
    | SensorRead
    | LinkChanged
    | NodeUnreachable
    | MessageQuarantined
    | NodeDiscovered
    | ReviewDue
    | NightlyRun
    | ClockJudged
)
