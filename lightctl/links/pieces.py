"""Pieces: the socket of a paho client, read and written once for all that a turn of the event loop has.

By itself paho makes a system call for each packet it writes, and several for each it reads.
It leans on private names of paho; tests/links proves each of them against real brokers.
"""

from __future__ import annotations

import paho.mqtt.client as paho
from paho.mqtt.enums import MQTTErrorCode

PIECE_BYTES = 16_384  # read in one turn of the loop: some fifty reports, a few milliseconds
COMMAND = 0xF0


class Pieces:
    """Stands between a paho client and its socket; what paho decides stays paho's."""

    def __init__(self, client: paho.Client) -> None:
        """Take the client's socket over; it is not open yet."""
        self._client = client
        self._piece, self._taken, self._asked = b"", 0, False
        self._outgoing = bytearray()
        self._receive, self._send, self._packets = client._sock_recv, client._sock_send, client._packet_write  # noqa: SLF001
        self._paho_wants = client.want_write
        client._sock_recv = self._take  # type: ignore[method-assign]  # noqa: SLF001
        client._sock_send = self._gather  # type: ignore[assignment]  # noqa: SLF001
        client._packet_write = self._write  # type: ignore[method-assign]  # noqa: SLF001
        client.loop_read = self._read  # type: ignore[method-assign]
        client.want_write = self._wants  # type: ignore[method-assign]

    def _take(self, bufsize: int) -> bytes:
        """Give paho some bytes of what this turn of the loop has read; it asks for each field of a packet alone."""
        if self._taken == len(self._piece):
            if self._asked:
                raise BlockingIOError
            self._asked = True
            self._piece, self._taken = self._receive(PIECE_BYTES), 0
        taken = self._piece[self._taken : self._taken + bufsize]
        self._taken += len(taken)
        return taken

    def _read(self, max_packets: int = 1) -> MQTTErrorCode:  # noqa: ARG002 - paho's signature
        """Read a piece of what has come, and have paho handle all of it; by itself it takes one packet a turn."""
        client = self._client
        self._asked = False
        while True:
            if client.socket() is None:
                return paho.MQTT_ERR_NO_CONN
            code = client._packet_read()  # noqa: SLF001
            if code == paho.MQTT_ERR_AGAIN:
                return paho.MQTT_ERR_SUCCESS
            if code != paho.MQTT_ERR_SUCCESS:
                return client._loop_rc_handle(code)  # noqa: SLF001

    def _gather(self, packet: bytes | bytearray) -> int:
        """Take a packet off paho; the last one, after which paho closes the socket, goes out with all before it."""
        self._outgoing += packet
        if packet[0] & COMMAND == paho.DISCONNECT:
            self._flush()
        return len(packet)

    def _write(self) -> MQTTErrorCode:
        """Gather the packets that wait and write them as one piece."""
        code = self._packets()
        return self._flush() if code == paho.MQTT_ERR_SUCCESS else code

    def _flush(self) -> MQTTErrorCode:
        if self._outgoing:
            try:
                del self._outgoing[: self._send(self._outgoing)]
            except BlockingIOError:
                return paho.MQTT_ERR_AGAIN
            except OSError:
                return paho.MQTT_ERR_CONN_LOST
        return paho.MQTT_ERR_AGAIN if self._outgoing else paho.MQTT_ERR_SUCCESS

    def _wants(self) -> bool:
        """Say whether there is something to write, as paho's `want_write` does."""
        return bool(self._outgoing) or self._paho_wants()
