"""A paho client on a pair of sockets: what comes out at the other end, and in how many system calls."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

from lightctl.links.pieces import Pieces

ROOM = 1 << 20


class Counted(socket.socket):
    """A socket that counts what is sent by it."""

    sends = 0

    def send(self, data: bytes | bytearray, flags: int = 0) -> int:  # type: ignore[override]
        self.sends += 1
        return super().send(data, flags)


@contextmanager
def wired(*, pieces: bool = True) -> Iterator[tuple[paho.Client, Counted, socket.socket]]:
    """Give a client that is connected, its socket and the other end."""
    ours, theirs = socket.socketpair()
    near = Counted(fileno=ours.detach())
    near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="pieces", protocol=paho.MQTTv5)
    client.on_socket_register_write = lambda *_: None  # an event loop of our own, which is these tests
    if pieces:
        Pieces(client)
    client._sock = near
    near.setblocking(False)
    theirs.setblocking(False)
    with near, theirs:
        yield client, near, theirs


def publish(client: paho.Client, many: int) -> None:
    for number in range(many):
        assert client.publish(f"street/{number}", b"x" * 500, qos=1).rc == paho.MQTT_ERR_SUCCESS


def written(client: paho.Client, theirs: socket.socket) -> bytes:
    """Read at the other end until the client has nothing more to write."""
    came = bytearray()
    while True:
        assert client.loop_write() == paho.MQTT_ERR_SUCCESS
        try:
            came += theirs.recv(ROOM)
        except BlockingIOError:
            if not client.want_write():
                return bytes(came)


def test_what_is_published_in_one_turn_goes_out_in_one_system_call() -> None:
    with wired() as (client, near, theirs):
        publish(client, 5)
        assert written(client, theirs).count(b"street/") == 5
        assert near.sends == 1
    with wired(pieces=False) as (client, near, theirs):  # by itself it makes one for each
        publish(client, 5)
        written(client, theirs)
        assert near.sends == 5


def test_a_wire_without_room_is_waited_for_and_gets_every_byte_once() -> None:
    with wired(pieces=False) as (plain, _, theirs):
        publish(plain, 200)
        expected = written(plain, theirs)
    with wired() as (client, _, theirs):
        publish(client, 200)
        client.loop_write()
        assert client.want_write()
        assert written(client, theirs) == expected


def test_the_word_that_ends_the_connection_goes_out_behind_all_before_it() -> None:
    with wired() as (client, _, theirs):
        publish(client, 2)
        client.disconnect()
        client.loop_write()
        came = theirs.recv(ROOM)
        assert came.count(b"street/") == 2
        assert came[-2:] == bytes((paho.DISCONNECT, 0))
        assert theirs.recv(ROOM) == b""


def test_a_wire_that_breaks_while_a_piece_is_written_ends_the_connection() -> None:
    ended: list[object] = []
    with wired() as (client, _, theirs):
        client.on_disconnect = lambda _client, _data, _flags, code, _properties: ended.append(code)
        theirs.close()
        publish(client, 1)
        assert client.loop_write() == MQTTErrorCode.MQTT_ERR_CONN_LOST
        assert len(ended) == 1
        assert client.socket() is None
