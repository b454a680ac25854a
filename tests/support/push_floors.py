"""Floors of `push`: a bare client publishes a document to every node and counts replies; nothing is decided or kept."""

from __future__ import annotations

import asyncio
import ctypes.util
import shutil
import subprocess
import time
from pathlib import Path

import aiomqtt

from lightctl.devices.topics import ROOT
from tests.support.bare_mqtt import CLIENTS, FLOOR
from tests.support.responder import AREA, FLOOR_ROOT, name_of

WINDOW = 100
SOURCE = Path(__file__).with_name("push_floor.c")
REVISION = b"@"


def document_of(port: int, node: str) -> bytes:
    """Give the document that a node was sent last, with @ in place of its revision."""
    payload = asyncio.run(_retained(port, f"{ROOT}/{AREA}/{node}/desired"))
    head, _, rest = payload.partition(b'"revision":')
    return head + b'"revision":' + REVISION + b"," + rest.partition(b",")[2]


async def _retained(port: int, topic: str) -> bytes:
    async with aiomqtt.Client("127.0.0.1", port, identifier="looks") as client:
        await client.subscribe(topic, qos=1)
        async with asyncio.timeout(10):
            message = await anext(client.messages)
    assert isinstance(message.payload, bytes)
    return message.payload


class LibraryFloor:
    """A client library: so many publishes at a time, replies counted as they come."""

    def __init__(self, port: int, nodes: int, document: bytes, client: str = FLOOR, window: int = WINDOW) -> None:
        self._port, self._nodes, self._document, self._window = port, nodes, document, window
        self._client = CLIENTS[client]
        self._revision = 0
        self.used_s: list[float] = []
        self.rates: list[float] = []

    def rate(self) -> float:
        """Give how many nodes a second have replied, from the first publish on; `used_s` is processor time by turns."""
        self._revision += 1
        took_s = asyncio.run(self._push(self._document.replace(REVISION, b"%d" % self._revision)))
        self.rates.append(self._nodes / took_s)
        return self.rates[-1]

    async def _push(self, payload: bytes) -> float:
        loop, all_heard, heard = asyncio.get_running_loop(), asyncio.Event(), 0

        def hear(_: bytes | bytearray) -> None:
            nonlocal heard
            heard += 1
            if heard == self._nodes:
                loop.call_soon_threadsafe(all_heard.set)

        client = self._client()
        await client.start(self._port, self._window, hear)
        try:
            await client.subscribe(f"{FLOOR_ROOT}/{AREA}/+/reported")
            began, used_s = time.perf_counter(), time.process_time()
            async with asyncio.timeout(600):
                for number in range(self._nodes):
                    await client.publish(f"{FLOOR_ROOT}/{AREA}/{name_of(number)}/desired", payload)
                await all_heard.wait()
            self.used_s.append(time.process_time() - used_s)
            return time.perf_counter() - began
        finally:
            await client.stop()


class CFloor:
    """libmosquitto, where a C compiler and its library are installed (`available`)."""

    def __init__(self, folder: Path, port: int, nodes: int, document: bytes, window: int = WINDOW) -> None:
        self._port, self._nodes, self._document, self._window = port, nodes, document, window
        self._revision = 0
        self._program = folder / "push_floor"
        library = ctypes.util.find_library("mosquitto")
        compiler = shutil.which("cc")
        self.available = library is not None and compiler is not None
        if self.available:
            command = [str(compiler), "-O2", "-o", str(self._program), str(SOURCE), f"-l:{library}"]
            subprocess.run(command, check=True)

    def seconds(self) -> float:
        """Give how long it takes from the first publish to the last reply."""
        self._revision += 1
        asked = [self._port, FLOOR_ROOT, AREA, self._nodes, self._window, self._revision]
        done = subprocess.run(
            [str(self._program), *map(str, asked)],
            input=self._document,
            stdout=subprocess.PIPE,
            check=True,
            timeout=600,
        )
        return float(done.stdout)
