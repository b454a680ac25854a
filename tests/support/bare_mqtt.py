"""MQTT client libraries with nothing behind them: what each can do at best, as floors and as alternatives to ours.

All speak MQTT 3.1.1 at QoS 1 over one connection, with so many publishes unacknowledged at most; `aiomqtt5` is aiomqtt
with MQTT 5, which the daemon speaks where a broker can, as only there a denied publish is said to be one. `lean` is no
library but tests/support/lean_mqtt.py: about what Python can do with no feature at all.
"""

from __future__ import annotations

import asyncio
import importlib
import threading
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import Any, Protocol

import aiomqtt
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from tests.support.lean_mqtt import LeanMqtt, connect

HOST = "127.0.0.1"
PATIENCE_S = 10.0
Hear = Callable[[bytes | bytearray], None]


class BareClient(Protocol):
    """A connection; `hear` gets the payload of each message, on whatever thread the library calls."""

    async def start(self, port: int, window: int, hear: Hear) -> None:
        """Connect."""
        ...

    async def subscribe(self, topic: str) -> None:
        """Hear a topic filter."""
        ...

    async def publish(self, topic: str, payload: bytes) -> None:
        """Publish a retained message; waits while the window is full."""
        ...

    async def stop(self) -> None:
        """Disconnect."""
        ...


class Aiomqtt:
    """aiomqtt as its documentation has it: a task for each publish under way, messages from its iterator."""

    protocol = aiomqtt.ProtocolVersion.V311

    def __init__(self) -> None:
        self._publishes: set[asyncio.Task[None]] = set()

    async def start(self, port: int, window: int, hear: Hear) -> None:
        self._room = asyncio.Semaphore(window)
        self._client = await aiomqtt.Client(
            HOST, port, identifier="floor", max_inflight_messages=window, protocol=self.protocol
        ).__aenter__()
        self._client.pending_calls_threshold = window  # else it warns of what is meant
        self._hearing = asyncio.create_task(self._listen(hear))

    async def subscribe(self, topic: str) -> None:
        await self._client.subscribe(topic, qos=1)

    async def publish(self, topic: str, payload: bytes) -> None:
        await self._room.acquire()
        task = asyncio.create_task(self._publish(topic, payload))
        self._publishes.add(task)
        task.add_done_callback(self._publishes.discard)

    async def stop(self) -> None:
        self._hearing.cancel()
        await asyncio.gather(self._hearing, *self._publishes, return_exceptions=True)
        await self._client.__aexit__(None, None, None)

    async def _publish(self, topic: str, payload: bytes) -> None:
        try:
            await self._client.publish(topic, payload, qos=1, retain=True)
        finally:
            self._room.release()

    async def _listen(self, hear: Hear) -> None:
        async for message in self._client.messages:
            assert isinstance(message.payload, bytes)
            hear(message.payload)


class Aiomqtt5(Aiomqtt):
    """The same, speaking MQTT 5."""

    protocol = aiomqtt.ProtocolVersion.V5


class Paho:
    """paho with the network thread it brings; what aiomqtt stands on."""

    async def start(self, port: int, window: int, hear: Hear) -> None:
        self._room = threading.Semaphore(window)
        self._agreed = threading.Event()
        client = paho.Client(CallbackAPIVersion.VERSION2, client_id="bare", protocol=paho.MQTTv311)
        client.max_inflight_messages_set(window)
        client.on_message = lambda _client, _data, message: hear(message.payload)
        client.on_publish = lambda *_: self._room.release()
        client.on_connect = client.on_subscribe = lambda *_: self._agreed.set()
        client.connect(HOST, port)
        client.loop_start()
        self._client = client
        await self._agreement()

    async def subscribe(self, topic: str) -> None:
        self._client.subscribe(topic, qos=1)
        await self._agreement()

    async def publish(self, topic: str, payload: bytes) -> None:
        self._room.acquire()  # nothing else runs on this loop: the library's own thread makes room
        self._client.publish(topic, payload, qos=1, retain=True)

    async def stop(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    async def _agreement(self) -> None:
        assert await asyncio.to_thread(self._agreed.wait, PATIENCE_S), "the broker does not answer"
        self._agreed.clear()


class Gmqtt:
    """gmqtt, on asyncio alone; not among the development requirements."""

    async def start(self, port: int, window: int, hear: Hear) -> None:
        gmqtt = importlib.import_module("gmqtt")
        self._room = asyncio.Semaphore(window)
        self._agreed = asyncio.Event()
        storage = importlib.import_module("gmqtt.storage").PersistentStorage()
        remove = storage.remove_message_by_mid

        def acknowledged(mid: int) -> None:
            remove(mid)
            self._room.release()

        storage.remove_message_by_mid = acknowledged
        self._client: Any = gmqtt.Client("bare", persistent_storage=storage)
        self._client.on_message = lambda _client, _topic, payload, *_: hear(payload)
        self._client.on_subscribe = lambda *_: self._agreed.set()
        await self._client.connect(HOST, port, version=4)

    async def subscribe(self, topic: str) -> None:
        self._client.subscribe(topic, qos=1)
        async with asyncio.timeout(PATIENCE_S):
            await self._agreed.wait()

    async def publish(self, topic: str, payload: bytes) -> None:
        await self._room.acquire()
        self._client.publish(topic, payload, qos=1, retain=True)

    async def stop(self) -> None:
        await self._client.disconnect()


class Lean:
    """The least client that will do."""

    async def start(self, port: int, window: int, hear: Hear) -> None:
        self._client: LeanMqtt = await connect(HOST, port, "bare", lambda _topic, payload: hear(payload), window)

    async def subscribe(self, topic: str) -> None:
        self._client.subscribe(topic)
        async with asyncio.timeout(PATIENCE_S):
            await self._client.ready.wait()

    async def publish(self, topic: str, payload: bytes) -> None:
        self._client.publish(topic, payload, retain=True)  # it keeps its window itself

    async def stop(self) -> None:
        self._client.close()


CLIENTS: dict[str, type[BareClient]] = {
    "aiomqtt": Aiomqtt, "aiomqtt5": Aiomqtt5, "paho": Paho, "gmqtt": Gmqtt, "lean": Lean,
}  # fmt: skip
FLOOR = "aiomqtt"
OTHERS = tuple(name for name in CLIENTS if name != FLOOR)
MODULES = {"gmqtt": "gmqtt"}


def missing(names: Sequence[str], broker: str) -> str:
    """Say which of these clients are not installed here, or cannot speak with this broker; "" when all can."""
    if "aiomqtt5" in names and broker == "nats":
        return "aiomqtt5 speaks MQTT 5, and NATS speaks 3.1.1 alone: --broker mosquitto"
    absent = [name for name in names if name in MODULES and find_spec(MODULES[name]) is None]
    return "".join(f"{name} is not installed here: pip install {name}, in an environment of its own" for name in absent)
