"""A run of a scenario: builds the street, opens the wires, steps everything by the run's clock until it ends.

One loop with one nap: what is due is handled at its own instant, so napping longer changes when the wires hear of it,
never what the lamps do.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import random
import time
from collections.abc import Callable

from lightctl.devices.profile import Profile, shipped_profiles
from lightctl.domain.errors import InvalidInput
from lightctl.domain.timescale import REAL_TIME
from simulators.faces import DimmerFace, Face, NativeFace
from simulators.faults import Troubles
from simulators.firmware import Firmware
from simulators.flash import Flash
from simulators.fleet import Built, build_fleet, build_unit, unit_clock
from simulators.modbus_server import ModbusServer
from simulators.modbus_side import ModbusSide
from simulators.mqtt_side import MqttSide
from simulators.sensors import Sensors
from simulators.specs import NATIVE, FaultSpec, LineSpec, Scenario
from simulators.street import Street
from simulators.truth import TruthLog

SHORTEST_NAP_S, LONGEST_NAP_S = 0.01, 0.02
MOST_AT_ONCE = 500


class Run:
    """A scenario come to life; `machine_now` gives seconds since 1970 of the machine.

    Raises InvalidInput for what shows only now: an inventory that cannot be read, an id twice, a fault nobody can have.
    """

    def __init__(self, scenario: Scenario, machine_now: Callable[[], float] = time.time) -> None:
        self._scenario = scenario
        self._scale = scenario.clock or REAL_TIME
        self._machine_now = machine_now
        self._stopping = asyncio.Event()
        self._flash = Flash(scenario.flash)
        self.street = Street(TruthLog(scenario.truth), self._flash)
        self.troubles = Troubles(self.street, scenario.seed)
        self._profiles = shipped_profiles()
        try:
            self.mqtt = self._mqtt_side()
            self._lines = [(line, self._line(line)) for line in scenario.lines]
            for fault in scenario.faults:
                if (pending := fault.pending(self.now())) is not None:
                    self.troubles.schedule(pending)
        except InvalidInput:
            self.street.close()
            raise

    def now(self) -> dt.datetime:
        """Give the run's present instant."""
        return self._scale.instant(self._machine_now())

    def stop(self) -> None:
        """Ask the run to end in good order."""
        self._stopping.set()

    async def run(self, ready: Callable[[dict[str, object]], None]) -> None:
        """Run until stopped or the scenario ends; `ready` is told ports and counts once every wire is up."""
        servers = [
            (line, ModbusServer(line.host, line.port, side.ask), [unit.unit for unit in line.units])
            for line, side in self._lines
        ]
        try:
            ports: list[dict[str, object]] = [
                {"host": line.host, "port": await server.start(), "units": units} for line, server, units in servers
            ]
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._tell_ready(ready, ports), name="ready")]
                if self.mqtt is not None:
                    tasks.append(group.create_task(self.mqtt.run(), name="mqtt"))
                await self._step_until_stopped()
                if self.mqtt is not None:
                    await self.mqtt.farewell()
                for task in tasks:
                    task.cancel()
        finally:
            for _, server, _ in servers:
                await server.stop()
            self.street.finish(self.now())

    def inject(self, fault: FaultSpec) -> tuple[str, ...]:
        """Put in a fault while running; gives the nodes it hits. Raises InvalidInput."""
        return self.troubles.schedule(fault)

    async def _step_until_stopped(self) -> None:
        ends = self._scenario.ends
        while not self._stopping.is_set():
            now = self.now()
            if ends is not None and now >= ends:
                return
            done = self.street.advance(now, MOST_AT_ONCE)
            if self.mqtt is None:
                self.street.take_said()
            else:
                self.mqtt.flush()
            nap_s = 0.0
            if done < MOST_AT_ONCE:
                until_due = self._scale.machine_seconds((self.street.next_due() - now).total_seconds())
                nap_s = min(LONGEST_NAP_S, max(SHORTEST_NAP_S, until_due))
            await asyncio.sleep(nap_s)

    async def _tell_ready(self, ready: Callable[[dict[str, object]], None], ports: list[dict[str, object]]) -> None:
        if self.mqtt is not None:
            await self.mqtt.ready.wait()
        ready({"ready": True, "nodes": len(self.street.stations), "modbus": ports})

    def _mqtt_side(self) -> MqttSide | None:
        scenario = self._scenario
        if scenario.mqtt is None or not scenario.fleets:
            return None
        now, rng = self.now(), random.Random(f"{scenario.seed}/heartbeats")
        faces: dict[str, Face] = {}
        for spec in scenario.fleets:
            profile = None if spec.kind == NATIVE else self._profile(spec.profile)
            if profile is not None and profile.mqtt is None:
                raise InvalidInput(f"fleet {spec.profile}", "this profile is not an MQTT one")
            for built in build_fleet(spec, now, scenario.seed):
                firmware = self._switch_on(built, spec.kind, now, rng.uniform(0, spec.heartbeat_s))
                faces[built.setup.id] = NativeFace(firmware) if profile is None else DimmerFace(firmware, profile)
        for sensor in scenario.sensors:
            if sensor.node and sensor.node not in faces:
                raise InvalidInput(f"sensor {sensor.name}", f"its node {sensor.node} is not simulated here")
        return MqttSide(self.street, faces, scenario.mqtt, scenario.seed, self.now, Sensors(scenario.sensors, now))

    def _line(self, line: LineSpec) -> ModbusSide:
        now = self.now()
        side = ModbusSide(self.street, self.now)
        for spec in line.units:
            profile = self._profile(spec.profile)
            if profile.modbus is None:
                raise InvalidInput(f"unit {spec.node}", f"profile {spec.profile} is not a Modbus one")
            built = Built(build_unit(spec, profile), unit_clock(spec, now, self._scenario.seed))
            self._switch_on(built, spec.profile, now, profile.heartbeat_s)
            metered = spec.meters or tuple(it.node for it in line.units if it.node != spec.node)
            side.add(spec.unit, profile.modbus, spec.node, metered)
        for spec in line.units:
            for node in spec.meters:
                if node not in self.street.stations:
                    raise InvalidInput(f"unit {spec.node}", f"it shall meter {node}, which is not simulated here")
        return side

    def _switch_on(self, built: Built, family: str, now: dt.datetime, first_heartbeat_s: float) -> Firmware:
        try:
            return self.street.switch_on(built, family, now, first_heartbeat_s).firmware
        except ValueError as error:
            raise InvalidInput(f"node {built.setup.id}", "two simulated nodes have this id") from error

    def _profile(self, name: str) -> Profile:
        try:
            return self._profiles[name]
        except KeyError as error:
            raise InvalidInput(
                f"profile {name}", f"it does not ship; there are: {', '.join(self._profiles)}"
            ) from error
