"""One connection to a broker, shared by many nodes: paho driven by the asyncio loop, without a task per message.

A new client is made for each connection, so nothing an old one had queued is sent later. `outstanding` counts publishes
the broker has not acknowledged (`idle`: none); who publishes keeps it within a window.
"""

from __future__ import annotations

import asyncio
import random
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from lightctl.devices.codec import Outgoing
from simulators.specs import Broker

if TYPE_CHECKING:
    from paho.mqtt.client import SocketLike

KEEPALIVE_S = 30
HOUSEKEEPING_S = 1.0
CONNECT_TIMEOUT_S = 10.0
FIRST_BACKOFF_S, LONGEST_BACKOFF_S = 0.5, 15.0
WINDOW = 64  # paho walks all messages in flight at each acknowledgement, so more is slower

Hear = Callable[[str, bytes, bool], None]


@dataclass(frozen=True, slots=True)
class Listening:
    """What a connection is for: its name, the filters it listens on, its will, and whom it tells.

    hear: topic, payload, whether it was retained. room: half of the window has been acknowledged.
    """

    name: str
    filters: tuple[str, ...]
    will: Outgoing | None
    hear: Hear
    up: Callable[[], None]
    down: Callable[[], None]
    room: Callable[[], None]


class SocketWatch:
    """Lets the loop read and write a paho client's socket; the socket may be opened in a worker thread."""

    def __init__(self, client: Client, loop: asyncio.AbstractEventLoop) -> None:
        self._client = client
        self._loop = loop
        self._thread = threading.get_ident()
        self._sock: SocketLike | None = None
        client.on_socket_open = lambda _c, _u, sock: self._on_loop(self._open, sock)
        client.on_socket_close = lambda _c, _u, _sock: self._on_loop(self.stop)
        client.on_socket_register_write = lambda _c, _u, _sock: self._on_loop(self._want_write)

    def stop(self) -> None:
        """Leave the socket alone."""
        if self._sock is not None:
            self._loop.remove_reader(self._sock)
            self._loop.remove_writer(self._sock)
            self._sock = None

    def _on_loop(self, work: Callable[..., None], *arguments: object) -> None:
        if threading.get_ident() == self._thread:
            work(*arguments)
        else:
            self._loop.call_soon_threadsafe(work, *arguments)

    def _open(self, sock: SocketLike) -> None:
        if self._client.socket() is sock:
            self._sock = sock
            self._loop.add_reader(sock, self._read)
            self._want_write()

    def _want_write(self) -> None:
        if self._sock is not None:
            self._loop.add_writer(self._sock, self._write)

    def _read(self) -> None:
        self._client.loop_read()

    def _write(self) -> None:
        self._client.loop_write()
        if self._sock is not None and not self._client.want_write():
            self._loop.remove_writer(self._sock)


class BrokerConnection:
    """Stays connected until cancelled."""

    def __init__(self, broker: Broker, listening: Listening, seed: int) -> None:
        self.is_up = False
        self.outstanding = 0
        self.idle = asyncio.Event()
        self._broker = broker
        self._it = listening
        self._rng = random.Random(f"{seed}/connection/{listening.name}")
        self._client: Client | None = None
        self._ended = asyncio.Event()

    async def run(self) -> None:
        """Connect, listen, and connect again after a loss, with full jitter."""
        failures = 0
        while True:
            if await self._connected_once():
                failures = 0
            failures += 1
            await asyncio.sleep(self._rng.uniform(0, min(LONGEST_BACKOFF_S, FIRST_BACKOFF_S * 2**failures)))

    def publish(self, message: Outgoing) -> bool:
        """Hand a message to the connection; False when there is none."""
        if self._client is None or not self.is_up:
            return False
        result = self._client.publish(message.topic, message.payload, message.qos, message.retain)
        if result.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            return False
        self.outstanding += 1
        self.idle.clear()
        return True

    async def _connected_once(self) -> bool:
        """Give whether the connection was ever up; returns when it is down."""
        loop = asyncio.get_running_loop()
        client = self._client = self._new_client()
        watch = SocketWatch(client, loop)
        self._ended.clear()
        was_up = False
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await loop.run_in_executor(None, client.connect, self._broker.host, self._broker.port, KEEPALIVE_S)
            while not self._ended.is_set():
                client.loop_misc()
                was_up = was_up or self.is_up
                try:
                    async with asyncio.timeout(HOUSEKEEPING_S):
                        await self._ended.wait()
                except TimeoutError:
                    continue
        except (OSError, TimeoutError) as error:
            print(f"{self._it.name}: no connection: {str(error) or 'timed out'}", file=sys.stderr)  # noqa: T201
        except asyncio.CancelledError:
            self.is_up = False  # leaving on purpose is no loss
            client.disconnect()
            client.loop_write()
            raise
        finally:
            self._forget(client, watch)
        return was_up

    def _forget(self, client: Client, watch: SocketWatch) -> None:
        watch.stop()
        client.on_disconnect = client.on_message = client.on_publish = client.on_connect = client.on_subscribe = None
        sock = client.socket()
        if sock is not None:
            sock.close()
        self._lost()

    def _lost(self) -> None:
        was_up, self.is_up, self.outstanding = self.is_up, False, 0
        self.idle.set()
        if was_up:
            self._it.down()
        self._ended.set()

    def _new_client(self) -> Client:
        suffix = self._rng.getrandbits(48)
        client = Client(
            CallbackAPIVersion.VERSION2, f"{self._it.name}-{suffix:012x}", True, protocol=MQTTProtocolVersion.MQTTv311
        )
        client.connect_timeout = CONNECT_TIMEOUT_S / 2
        client.max_inflight_messages_set(2 * WINDOW)
        if self._broker.username:
            client.username_pw_set(self._broker.username, self._broker.password)
        if self._broker.tls:
            client.tls_set(self._broker.ca_file or None)
        if self._it.will is not None:
            client.will_set(self._it.will.topic, self._it.will.payload, self._it.will.qos, self._it.will.retain)
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_disconnect = lambda *_: self._lost()
        client.on_message = self._on_message
        client.on_publish = self._on_publish
        return client

    def _on_connect(self, client: Client, _u: object, _f: object, reason: ReasonCode, _p: Properties | None) -> None:
        if reason.is_failure:
            print(f"{self._it.name}: the broker refuses: {reason}", file=sys.stderr)  # noqa: T201
            self._lost()
        elif self._it.filters:
            client.subscribe([(topic, 1) for topic in self._it.filters])
        else:
            self._now_up()

    def _on_subscribe(
        self, _c: Client, _u: object, _mid: int, reasons: list[ReasonCode], _p: Properties | None
    ) -> None:
        if any(reason.is_failure for reason in reasons):
            print(f"{self._it.name}: the broker refuses a subscription: {reasons}", file=sys.stderr)  # noqa: T201
            self._lost()
        else:
            self._now_up()

    def _now_up(self) -> None:
        self.is_up = True
        self._it.up()

    def _on_message(self, _c: Client, _u: object, message: MQTTMessage) -> None:
        self._it.hear(message.topic, bytes(message.payload), message.retain)

    def _on_publish(self, _c: Client, _u: object, _mid: int, _r: ReasonCode, _p: Properties | None) -> None:
        self.outstanding = max(0, self.outstanding - 1)
        if self.outstanding <= WINDOW // 2:
            self._it.room()
        if not self.outstanding:
            self.idle.set()
