"""StrictClient: aiomqtt 2.5 for one connection, with the failures it hides made visible.

aiomqtt 2.5 drops the reason code of a PUBACK (a denied publish looks like success), leaves a pending publish asleep
when the connection dies, acknowledges and queues messages without a bound, and re-sends hidden messages when a client
is re-entered. So: one StrictClient per connection, an answer to each publish that carries its reason code, messages
handed over inside the read (acknowledged only after `on_message` returned, nothing queued), and a close that leaves
nothing.
It leans on private names of aiomqtt and paho; tests/links proves each of them against real brokers.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, cast

import aiomqtt
import paho.mqtt.client as paho
from aiomqtt import ProtocolVersion
from paho.mqtt.matcher import MQTTMatcher
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from lightctl.domain.errors import LinkDown, NodeRefused
from lightctl.links.pieces import Pieces

OnMessage = Callable[[str, bytes, bool], None]
Ended = Callable[[LinkDown | NodeRefused | None], None]
CONNECT_TIMEOUT_S = 5.0
CLOSE_TIMEOUT_S = 1.0
LOOK_EVERY_S, ACK_LOOKS = 1.0, 10
NO_LIMIT = 0
FAILURE = 0x80
# What may be accepted next time (MQTT 5, 2.4): unspecified error, implementation specific, quota exceeded.
TEMPORARY = frozenset({0x80, 0x83, 0x97})
UNSPECIFIED = 0x80
UNSUPPORTED_VERSION = 0x84
MAX_PACKET_BYTES = 65_536
LOGGER = logging.getLogger("lightctl.links.mqtt.wire")
LOGGER.setLevel(logging.CRITICAL)  # everything it would say reaches the link as an event


class _Packed(NamedTuple):
    """Properties as they go on the wire; of what a publish is given, paho asks for no more than that."""

    packed: bytes

    def pack(self) -> bytes:
        return self.packed


class _NoFilters(MQTTMatcher):
    """The callbacks for topics, of which there are none; looking for them costs paho a cycle of objects a message."""

    def iter_match(self, topic: str) -> Iterator[object]:  # noqa: ARG002 - paho's signature
        return iter(())


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
            max_inflight_messages=NO_LIMIT,  # those who send keep to `window`; paho would look through all of it
            properties=_connect_properties() if mqtt5 else None,
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],  # else small publishes wait up to 40 ms
        )
        self.window = window
        self.mqtt5 = mqtt5
        self._on_text = on_message
        self._acks: dict[int, Ended] = {}
        self._expiry: tuple[int, _Packed] | None = None
        self._client.connect_timeout = CONNECT_TIMEOUT_S
        self._client.disable_logger()
        self._client._on_message_filtered = _NoFilters()  # type: ignore[no-untyped-call]  # noqa: SLF001
        self._thread = threading.get_ident()
        Pieces(self._client)

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
        properties: Any = self._expiring(expiry_s) if self.mqtt5 and expiry_s is not None else None
        # Straight to paho: aiomqtt's publish costs a task per call and looks through all pending calls each time.
        try:
            info = self._client.publish(topic, payload, qos, retain, properties)
        except ValueError as error:  # a wildcard or a NUL in the topic
            raise NodeRefused(f"cannot publish to {topic!r}: {error}. Correct the node's address.") from error
        if info.rc != paho.MQTT_ERR_SUCCESS:
            raise LinkDown(f"could not publish: {paho.error_string(info.rc)}")
        if qos == 0:
            self._loop.call_soon(ended, None)
        elif self._disconnected.done():
            self._loop.call_soon(ended, LinkDown("the connection ended"))
        else:
            self._acks[info.mid] = ended

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

    def _expiring(self, expiry_s: int) -> _Packed:
        """Give the properties of a message that expires; those of the last one where they are the same."""
        if self._expiry is None or self._expiry[0] != expiry_s:  # making them takes as long as all else of a publish
            made = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
            made.MessageExpiryInterval = max(1, min(expiry_s, 0xFFFF_FFFF))
            self._expiry = (expiry_s, _Packed(made.pack()))  # type: ignore[no-untyped-call]
        return self._expiry[1]

    async def wait_closed(self) -> None:
        """Wait for the connection to end or to fall silent; always raises LinkDown with the reason."""
        oldest: int | None = None
        looks = 0  # not seconds: while the loop stands still, what the broker has answered waits unread
        while not self._disconnected.done():
            await asyncio.wait((self._disconnected,), timeout=LOOK_EVERY_S)
            before, oldest = oldest, next(iter(self._acks), None)
            looks = looks + 1 if oldest is not None and oldest == before else 0
            if looks >= ACK_LOOKS:
                raise LinkDown(f"the broker has answered no publish for {looks * LOOK_EVERY_S:.0f} s")
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
        for ended in waiting.values():
            ended(LinkDown("the connection ended before the broker answered"))

    def _on_socket_register_write(self, client: paho.Client, userdata: Any, sock: Any) -> None:  # noqa: ANN401, ARG002
        """Write all that waits in the loop's next turn; paho asks for it from another thread while it connects.

        aiomqtt would first watch whether there is room, as nearly always, and a socket that was closed meanwhile.
        """
        if threading.get_ident() == self._thread:
            self._loop.call_soon(self._write)
        else:
            self._loop.call_soon_threadsafe(self._write)

    def _write(self) -> None:
        client = self._client
        try:
            client.loop_write()
            sock = client.socket()
            if sock is not None and client.want_write():
                self._loop.add_writer(sock.fileno(), self._write)
        except (OSError, ValueError) as error:  # what paho lets through from a broken socket
            if not self._disconnected.done():
                self._disconnected.set_exception(error)

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

    def _on_publish(
        self,
        client: paho.Client,  # noqa: ARG002 - paho's signature
        userdata: Any,  # noqa: ANN401, ARG002
        mid: int,
        reason_code: ReasonCode,
        properties: Properties,  # noqa: ARG002
    ) -> None:
        ended = self._acks.pop(mid, None)
        if ended is None:
            return
        code = _value(reason_code)
        if code < FAILURE:
            ended(None)
        elif code in TEMPORARY:
            ended(LinkDown(f"the broker refused the publish for now: {reason_code}"))
        else:
            ended(NodeRefused(f"the broker refused the publish: {reason_code}"))

    def _on_message(self, client: paho.Client, userdata: Any, message: paho.MQTTMessage) -> None:  # noqa: ANN401, ARG002
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = ""
        self._on_text(topic, bytes(message.payload), bool(message.retain))


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
