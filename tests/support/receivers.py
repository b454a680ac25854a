"""Receivers of notices for tests, on free loopback ports: real HTTP and SMTP servers that behave well, or badly."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller

from tests.support.brokers import free_port

OK = b"HTTP/1.1 204 No Content\r\n\r\n"


def answer(status: str, body: str = "", *headers: str) -> bytes:
    """Write an HTTP answer."""
    lines = [f"HTTP/1.1 {status}", f"content-length: {len(body.encode())}", "connection: close", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


@dataclass(frozen=True, slots=True)
class Posted:
    """One request that came."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class HttpReceiver:
    """Takes what is posted. `says` is what it answers, the last one again and again; None: nothing, ever."""

    url: str = ""
    says: list[bytes | None] = field(default_factory=lambda: [OK])
    posted: list[Posted] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)
    talks: dict[asyncio.Task[Any] | None, asyncio.StreamWriter] = field(default_factory=dict)

    async def wait_for(self, number: int, within_s: float = 10.0) -> list[Posted]:
        """Wait until so many requests came."""
        async with asyncio.timeout(within_s):
            while len(self.posted) < number:
                self.came.clear()
                await self.came.wait()
        return self.posted

    async def end(self) -> None:
        """Hang up on everybody who is still connected, and wait until nothing of it is left."""
        for writer in self.talks.values():
            writer.transport.abort()
        await asyncio.gather(*(talk for talk in self.talks if talk is not None))
        await asyncio.sleep(0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.talks[asyncio.current_task()] = writer
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            request, *lines = head.strip().split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            self.posted.append(Posted(request.split()[1], headers, body))
            self.came.set()
            said = self.says.pop(0) if len(self.says) > 1 else self.says[0]
            if said is None:
                await reader.read()  # until the other side has had enough
            else:
                writer.write(said)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@contextlib.asynccontextmanager
async def silent_server() -> AsyncIterator[int]:
    """Run a server that accepts and never says a word; gives its port."""
    talks: set[asyncio.Task[Any] | None] = set()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.add(asyncio.current_task())
        with contextlib.suppress(ConnectionError):
            await reader.read()
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await asyncio.gather(*(talk for talk in talks if talk is not None))


@contextlib.asynccontextmanager
async def http_receiver(*says: bytes | None, context: ssl.SSLContext | None = None) -> AsyncIterator[HttpReceiver]:
    """Run an HTTP receiver, with `context` one for https."""
    receiver = HttpReceiver(says=list(says) or [OK])
    server = await asyncio.start_server(receiver._serve, "127.0.0.1", 0, ssl=context)
    receiver.url = f"{'http' if context is None else 'https'}://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
    try:
        yield receiver
    finally:
        server.close()
        await receiver.end()


@dataclass
class MailHandler:
    """Takes mail, or says what it was told to say at each step of the talk ("" for yes)."""

    rcpt: dict[str, str] = field(default_factory=dict)
    data: str = ""
    mails: list[EmailMessage] = field(default_factory=list)
    envelopes: list[Any] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: object, _session: object, envelope: Any, address: str, _options: object
    ) -> str:
        if self.rcpt.get(address):
            return self.rcpt[address]
        envelope.rcpt_tos.append(address)
        return "250 fine"

    async def handle_DATA(self, _server: object, _session: object, envelope: Any) -> str:  # noqa: N802
        if self.data:
            return self.data
        self.mails.append(BytesParser(policy=default).parsebytes(envelope.content))  # type: ignore[arg-type]
        self.envelopes.append(envelope)
        return "250 taken"


@contextlib.contextmanager
def mail_server(handler: MailHandler, **more: Any) -> Iterator[int]:
    """Run a mail server in a thread of its own; gives its port."""
    port = free_port()
    controller = Controller(handler, hostname="127.0.0.1", port=port, **more)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()
