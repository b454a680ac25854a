"""StrictClient: aiomqtt 2.5 for one connection, with the failures it hides made visible, and its traffic made light.

aiomqtt 2.5 drops the reason code of a PUBACK (a denied publish looks like success), leaves a pending publish asleep
when the connection dies, acknowledges and queues messages without a bound, and re-sends hidden messages when a client
is re-entered. So: one StrictClient per connection, an answer to each publish that carries its reason, messages handed
over inside the read (acknowledged only after `on_message` returned, nothing queued), and a close that leaves nothing.

aiomqtt and paho connect, log in, keep alive, subscribe and disconnect. Publishes and their acknowledgements, which are
nearly all of a city's traffic, pass them by (`mqtt_packets`): what came is read in one go, what is to leave in one turn
of the loop is written in one go, and paho holds no publish that it could send again.
It leans on private names of aiomqtt and paho; tests/links proves each of them against real brokers.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
import time
from collections.abc import Callable
from typing import Any, cast

import aiomqtt
import paho.mqtt.client as paho
from aiomqtt import ProtocolVersion
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from lightctl.domain.errors import LinkDown, NodeRefused
from lightctl.links import mqtt_packets as packets

OnMessage = Callable[[str, bytes, bool], None]
Ended = Callable[[LinkDown | NodeRefused | None], None]
CONNECT_TIMEOUT_S = 5.0
CLOSE_TIMEOUT_S = 1.0
ACK_TIMEOUT_S = 10.0
PIECE_BYTES = 16_384  # read in one turn of the loop: some fifty reports, a few milliseconds
FAILURE = 0x80
# What may be accepted next time (MQTT 5, 2.4): unspecified error, implementation specific, quota exceeded.
TEMPORARY = frozenset({0x80, 0x83, 0x97})
UNSPECIFIED = 0x80
UNSUPPORTED_VERSION = 0x84
MAX_PACKET_BYTES = 65_536
NOT_IN_TOPICS = "+#\0"
LOGGER = logging.getLogger("lightctl.links.mqtt.wire")
LOGGER.setLevel(logging.CRITICAL)  # everything it would say reaches the link as an event


class UnsupportedProtocol(LinkDown):
    """The broker does not take this version of MQTT."""


class StrictClient(aiomqtt.Client):
    """One MQTT connection. `protocol` is MQTT 5 or 3.1.1; on 3.1.1 a broker cannot say that it denied a publish."""

    def __init__(
        self,
        host: str,
        port: int,
        on_message: OnMessage,
        protocol: ProtocolVersion,
        client_id: str,
        window: int,
        keepalive_s: int,
        username: str | None = None,
        password: str | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        mqtt5 = protocol is ProtocolVersion.V5
        super().__init__(
            host,
            port,
            username=username or None,
            password=password or None,
            identifier=client_id,
            protocol=protocol,
            clean_session=None if mqtt5 else True,
            clean_start=True if mqtt5 else paho.MQTT_CLEAN_START_FIRST_ONLY,
            timeout=CONNECT_TIMEOUT_S,
            keepalive=keepalive_s,
            tls_context=tls,
            logger=LOGGER,
            properties=_connect_properties() if mqtt5 else None,
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],  # else small publishes wait up to 40 ms
        )
        self.window = window
        self.mqtt5 = mqtt5
        self._on_text = on_message
        self._acks: dict[int, tuple[float, Ended]] = {}
        self._unread = bytearray()
        self._unwritten: list[bytes] = []
        self._client.connect_timeout = CONNECT_TIMEOUT_S
        self._client.disable_logger()
        self._client.loop_read = self._read  # type: ignore[method-assign]

    async def open(self) -> None:
        """Connect; raises LinkDown with the broker's reason, UnsupportedProtocol for a refused MQTT version."""
        # The TCP connect runs in a thread that cannot be cancelled: wait for its end, or its socket would stay.
        entering = asyncio.ensure_future(self.__aenter__())
        try:
            await asyncio.shield(entering)
        except asyncio.CancelledError:
            with contextlib.suppress(aiomqtt.MqttError):
                await entering
            await self.close()
            raise
        except aiomqtt.MqttError as error:
            await self.close()
            raise _down(error) from error
        self._disconnected.add_done_callback(self._wake_publishers)

    async def subscribe_all(self, topics: tuple[str, ...]) -> None:
        """Subscribe at QoS 1; raises LinkDown when the broker refuses one."""
        if not topics:
            return
        try:
            codes = await self.subscribe([(topic, 1) for topic in topics])
        except aiomqtt.MqttError as error:
            raise LinkDown(f"subscribing failed: {error}") from error
        for topic, code in zip(topics, codes, strict=True):
            if _value(cast("ReasonCode | int", code)) >= FAILURE:
                raise LinkDown(f"the broker refuses the subscription to {topic}: {code}")

    def send(self, topic: str, payload: bytes, *, qos: int, retain: bool, expiry_s: int | None, ended: Ended) -> None:
        """Put a publish on the wire; `ended` is told its PUBACK (None), NodeRefused (denied) or LinkDown, once.

        Raises LinkDown when it cannot be put on the wire, NodeRefused for a topic MQTT does not allow. On MQTT 5 the
        broker drops the message after `expiry_s` seconds.
        """
        if not topic or any(sign in topic for sign in NOT_IN_TOPICS):
            raise NodeRefused(f"cannot publish to {topic!r}: it has a wildcard or a NUL. Correct the node's address.")
        if self._disconnected.done() or self._client.socket() is None:
            raise LinkDown("could not publish: the connection ended")
        number = self._next_number() if qos else 0
        properties = packets.expiring(expiry_s) if self.mqtt5 else None
        self._write(packets.publish(topic, payload, qos=qos, retain=retain, number=number, properties=properties))
        if qos:
            self._acks[number] = (time.monotonic(), ended)
        else:
            self._loop.call_soon(ended, None)

    async def publish_one(self, topic: str, payload: bytes, *, qos: int, retain: bool) -> None:
        """Publish and wait for the PUBACK; raises NodeRefused (denied) or LinkDown."""
        answered: asyncio.Future[None] = self._loop.create_future()

        def ended(error: LinkDown | NodeRefused | None) -> None:
            if answered.done():
                return
            if error is None:
                answered.set_result(None)
            else:
                answered.set_exception(error)

        self.send(topic, payload, qos=qos, retain=retain, expiry_s=None, ended=ended)
        await answered

    def _next_number(self) -> int:
        """Give a packet identifier that nobody uses; paho numbers its own packets out of the same."""
        while (number := self._client._mid_generate()) in self._acks:  # noqa: SLF001
            pass
        return number

    async def wait_closed(self) -> None:
        """Wait for the connection to end or to fall silent; always raises LinkDown with the reason."""
        while not self._disconnected.done():
            await asyncio.wait((self._disconnected,), timeout=1.0)
            oldest = next(iter(self._acks.values()), None)
            if oldest is not None and time.monotonic() - oldest[0] > ACK_TIMEOUT_S:
                raise LinkDown(f"the broker has answered no publish for {ACK_TIMEOUT_S:.0f} s")
        try:
            self._disconnected.result()
        except aiomqtt.MqttError as error:
            if getattr(error.rc if isinstance(error, aiomqtt.MqttCodeError) else None, "value", 0) == UNSPECIFIED:
                why = f"the connection was lost (should this repeat: is another client named {self.identifier}?)"
                raise LinkDown(why) from error
            raise _down(error) from error
        except (OSError, ValueError) as error:  # what paho lets through from a broken socket
            raise LinkDown(str(error)) from error
        raise LinkDown("the connection was closed")

    async def close(self) -> None:
        """Disconnect and leave no socket, task or sleeping publisher behind; never raises MqttError."""
        self.timeout = CLOSE_TIMEOUT_S
        self._flush()
        if self._connected.done() and not self._connected.cancelled() and self._connected.exception() is None:
            with contextlib.suppress(aiomqtt.MqttError):
                await self.__aexit__(None, None, None)
        self._client._sock_close()  # noqa: SLF001 - a refused or frozen broker leaves the socket open otherwise
        await asyncio.sleep(0)  # lets the reader be removed and the keepalive task be cancelled
        if self._misc_task is not None:
            self._misc_task.cancel()
            await asyncio.wait([self._misc_task])
        if self._disconnected.done() and not self._disconnected.cancelled():
            self._disconnected.exception()  # marks it as seen
        self._wake_publishers()

    def _wake_publishers(self, _: object = None) -> None:
        waiting, self._acks = self._acks, {}
        for _, ended in waiting.values():
            ended(LinkDown("the connection ended before the broker answered"))

    def _write(self, packet: bytes) -> None:
        """Have a packet written, together with all others of this turn of the loop."""
        if not self._unwritten:
            self._loop.call_soon(self._flush)
        self._unwritten.append(packet)

    def _flush(self) -> None:
        """Hand paho what waits as one packet of a kind that it asks nothing about; it writes and tries again."""
        joined, self._unwritten = b"".join(self._unwritten), []
        if not joined:
            return
        self._client._out_packet.append({  # noqa: SLF001
            "command": packets.PUBACK, "mid": 0, "qos": 1, "pos": 0, "to_process": len(joined), "packet": joined,
            "info": None,
        })  # fmt: skip
        self._client.loop_write()

    def _read(self, max_packets: int = 1) -> MQTTErrorCode:  # noqa: ARG002 - paho's signature
        """Read a piece of what has come and handle every packet that is whole; paho would take one a turn."""
        client = self._client
        if client.socket() is None:
            return paho.MQTT_ERR_NO_CONN
        try:
            piece = client._sock_recv(PIECE_BYTES)  # noqa: SLF001
        except BlockingIOError:
            return paho.MQTT_ERR_SUCCESS
        except OSError:
            piece = b""
        if not piece:
            return client._loop_rc_handle(paho.MQTT_ERR_CONN_LOST)  # noqa: SLF001
        client._last_bytes_received = time.monotonic()  # noqa: SLF001
        self._unread += piece
        code = paho.MQTT_ERR_SUCCESS
        try:
            for first, body in packets.take_packets(self._unread):
                code = self._handle(first, body)
                if code != paho.MQTT_ERR_SUCCESS:
                    break
        except ValueError:
            code = paho.MQTT_ERR_PROTOCOL
        return code if code == paho.MQTT_ERR_SUCCESS else client._loop_rc_handle(code)  # noqa: SLF001

    def _handle(self, first: int, body: bytes) -> MQTTErrorCode:
        kind = first & packets.KIND
        if kind == packets.PUBLISH:
            message = packets.read_publish(first, body, mqtt5=self.mqtt5)
            self._on_text(message.topic, message.payload, message.retained)
            if message.number:
                self._write(packets.acknowledge(message.number))
        elif kind == packets.PUBACK:
            self._end(*packets.read_acknowledgement(body))
        else:
            self._client._in_packet = {  # noqa: SLF001
                "command": first, "have_remaining": 1, "remaining_count": [], "remaining_mult": 1,
                "remaining_length": len(body), "packet": bytearray(body), "to_process": 0, "pos": 0,
            }  # fmt: skip
            return self._client._packet_handle()  # noqa: SLF001
        return paho.MQTT_ERR_SUCCESS

    def _end(self, number: int, code: int) -> None:
        """Tell what became of a publish."""
        _, ended = self._acks.pop(number, (0.0, None))
        if ended is None:
            return
        if code < FAILURE:
            ended(None)
            return
        reason = ReasonCode(PacketTypes.PUBACK, identifier=code)
        if code in TEMPORARY:
            ended(LinkDown(f"the broker refused the publish for now: {reason}"))
        else:
            ended(NodeRefused(f"the broker refused the publish: {reason}"))

    def _on_connect(
        self,
        client: paho.Client,
        userdata: Any,  # noqa: ANN401 - paho's signature
        flags: paho.ConnectFlags,
        reason_code: ReasonCode,
        properties: Properties | None = None,
    ) -> None:
        limit = getattr(properties, "ReceiveMaximum", None)
        if limit is not None:  # MQTT 5, 3.2.2.3.3: more unacknowledged publishes than this end the connection
            self.window = max(1, min(self.window, int(limit)))
        super()._on_connect(client, userdata, flags, reason_code, properties)


def _connect_properties() -> Properties:
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.MaximumPacketSize = MAX_PACKET_BYTES
    return properties


def _down(error: aiomqtt.MqttError) -> LinkDown:
    code = getattr(error, "rc", None)
    text = str(error).partition("] ")[2] or str(error)  # without aiomqtt's "[code:134] "
    if isinstance(code, ReasonCode) and code.value == UNSUPPORTED_VERSION:
        return UnsupportedProtocol(text)
    return LinkDown(text or "the connection ended")


def _value(code: ReasonCode | int) -> int:
    return code.value if isinstance(code, ReasonCode) else int(code)
