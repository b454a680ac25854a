"""A street of lean nodes in one process: each `desired` is answered at once by a `reported` of its revision.

python -m tests.support.responder SETTINGS-AS-JSON

It knows no flash, no drift and no faults, so that what is measured is not it. The same nodes answer the daemon (topics
of the native contract) and a floor (topics under FLOOR_ROOT). Orders come line by line on stdin, each is answered by a
line of JSON on stdout: see `Responder.obey`.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import sys
import time
from dataclasses import asdict, dataclass
from typing import TextIO

import msgspec

from lightctl.devices.topics import ROOT
from lightctl.domain.timescale import TimeScale
from tests.support.lean_mqtt import LeanMqtt, connect

FLOOR_ROOT = "floor/v1"
AREA = "main"
RATED_W, STANDBY_W = 50.0, 0.5
VOLTAGE_V, POWER_FACTOR = 230.0, 0.97
ROOM = 1000


@dataclass(frozen=True, slots=True)
class Wiring:
    """Where the broker is, how many nodes there are, whether they carry nights, and the run's clock."""

    port: int
    nodes: int
    nights: int
    start: str
    machine_epoch: float
    speed: float = 1.0
    host: str = "127.0.0.1"

    def as_json(self) -> str:
        """Give it as the process takes it."""
        return json.dumps(asdict(self))

    @property
    def clock(self) -> TimeScale:
        """The clock of the run."""
        return TimeScale(dt.datetime.fromisoformat(self.start), self.machine_epoch, self.speed)


class _Channel(msgspec.Struct):
    nights: list[tuple[int, int, int]]


class _Desired(msgspec.Struct):
    revision: int
    channels: dict[str, _Channel]


def name_of(number: int) -> str:
    """Give the name of a node."""
    return f"N-{number:06}"


class Responder:
    """All nodes; `answered` are the machine times at which a document came, since the last `mark`."""

    def __init__(self, wiring: Wiring) -> None:
        self.answered: list[float] = []
        self._wiring = wiring
        self._clock = wiring.clock
        self._decoder = msgspec.json.Decoder(_Desired)
        self._held: dict[str, tuple[int, int]] = {}
        self._seq = 0
        self._client: LeanMqtt | None = None

    async def run(self) -> None:
        """Connect, say hello for every node, and obey until stdin ends."""
        wiring = self._wiring
        self._client = await connect(wiring.host, wiring.port, "responder", self._hear)
        self._client.subscribe(f"{ROOT}/+/+/desired", f"{FLOOR_ROOT}/+/+/desired")
        async with asyncio.timeout(10):
            await self._client.ready.wait()
        _say({"ready": wiring.nodes})
        loop = asyncio.get_running_loop()
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            _say(await self.obey(*line.split()))

    async def obey(self, order: str, *arguments: str) -> dict[str, object]:
        """Do what is asked.

        hello: every node announces itself. mark: forget what was answered. say: give the machine times of what was.
        stream ROOT COUNT: nodes report in turn what they hold, COUNT reports in all.
        """
        client = self._client
        assert client is not None
        match order:
            case "hello":
                for number in range(self._wiring.nodes):
                    client.publish(f"{ROOT}/{AREA}/{name_of(number)}/hello", self._hello())
                await self._let_go(client)
                return {"hello": self._wiring.nodes}
            case "mark":
                self.answered.clear()
                return {"mark": True}
            case "say":
                return {"answered": self.answered}
            case "stream":
                root, count = arguments[0], int(arguments[1])
                began = time.time()
                for number in range(count):
                    name = name_of(number % self._wiring.nodes)
                    client.publish(f"{root}/{AREA}/{name}/reported", self._report(*self._held[name]))
                    if number % 200 == 0:
                        while client.waiting > ROOM:  # noqa: ASYNC110 - a process with nothing else to do
                            await asyncio.sleep(0.001)
                await self._let_go(client)
                return {"streamed": count, "began": began, "ended": time.time()}
        return {"unknown": order}

    def _hear(self, topic: str, payload: bytes) -> None:
        if not payload:
            return
        self.answered.append(time.time())
        name = topic.split("/")[3]
        desired = self._decoder.decode(payload)
        now = self._clock.instant(time.time()).timestamp()
        level = next((entry[1] for entry in reversed(desired.channels["0"].nights) if entry[0] <= now), 0)
        assert self._client is not None
        self._client.publish(topic.removesuffix("desired") + "reported", self._report(desired.revision, level))
        if topic.startswith(ROOT):
            self._held[name] = desired.revision, level

    def _report(self, revision: int, level: int) -> bytes:
        self._seq += 1
        power = STANDBY_W + (RATED_W - STANDBY_W) * level / 100
        at = self._clock.instant(time.time()).timestamp()
        return (
            b'{"boot_id":"boot-1","seq":%d,"at":%.3f,"applied_revision":%d,"channels":{"0":{"level":%d,"commanded":%d,'
            b'"reason":"program","power_w":%.1f,"energy_wh":%.1f,"voltage_v":%.1f,"current_a":%.3f,'
            b'"power_factor":%.2f,"temperature_c":31.5,"operating_h":812.5,"faults":[]}}}'
            % (
                self._seq, at, revision, level, level, power, 1000.0 + 0.01 * self._seq, VOLTAGE_V,
                power / VOLTAGE_V / POWER_FACTOR, POWER_FACTOR,
            )
        )  # fmt: skip

    def _hello(self) -> bytes:
        at = self._clock.instant(time.time()).timestamp()
        nights = self._wiring.nights
        return (
            b'{"boot_id":"boot-1","model":"lean","firmware":"1","capabilities":{"nights":%d,"slots":96,'
            b'"resolution_s":1,"ramp":true,"min_level":0,"channels":1,"persists":true},"applied_revision":0,'
            b'"clock":%.3f}' % (nights, at)
        )

    @staticmethod
    async def _let_go(client: LeanMqtt) -> None:
        while not client.idle:  # noqa: ASYNC110 - a process with nothing else to do
            await asyncio.sleep(0.002)


def _say(words: dict[str, object], out: TextIO = sys.stdout) -> None:
    out.write(json.dumps(words) + "\n")
    out.flush()


if __name__ == "__main__":
    asyncio.run(Responder(Wiring(**json.loads(sys.argv[1]))).run())
