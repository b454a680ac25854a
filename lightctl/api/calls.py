"""One call of an operation: on the store's own thread, as the actor who asks, answered as JSON."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Protocol, TypeVar

from fastapi import Depends, Request, Response
from fastapi.responses import StreamingResponse
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer

from lightctl.api.shapes import Shape
from lightctl.app.asking import Actor
from lightctl.app.operations import Operations
from lightctl.app.steps import Steps, advance, in_parts
from lightctl.domain.errors import InvalidInput

T = TypeVar("T")


class Run(Protocol):
    """Runs sync work on the thread that owns the store: the daemon's, or right here where there is no daemon."""

    def __call__(self, work: Callable[[], T], /) -> Awaitable[T]:
        """Run the work and give what it gives, or raise what it raises."""
        ...


@dataclass(frozen=True, slots=True)
class Call:
    """The operations, open for one actor."""

    operations: Operations
    run: Run
    actor: Actor

    async def answer(self, work: Callable[[Operations, Actor], T], shape: Shape[T], status: int = 200) -> Response:
        """Run an operation and answer with its value in its shape.

        The value is written straight to JSON: it is ours and typed, and checking a city's lamps again would take longer
        than reading them.
        """
        body = await self.run(lambda: shape.json(work(self.operations, self.actor)))
        return Response(body, status, media_type="application/json")

    async def stepped(self, begin: Callable[[Operations, Actor], Steps[T]], shape: Shape[T]) -> Response:
        """Do long work in steps on the store's thread, so that others come in between, and answer with its result."""
        steps = await self.value(begin)
        while (result := await self.run(lambda: advance(steps))) is None:
            pass
        return Response(shape.json(result.value), media_type="application/json")

    async def listed(self, begin: Callable[[Operations, Actor], Iterable[T]], shape: Shape[tuple[T, ...]]) -> Response:
        """Answer with a list as `in_parts` does."""
        return await self.in_parts(lambda ops, actor: _array(begin(ops, actor), shape), "application/json")

    async def in_parts(self, begin: Callable[[Operations, Actor], Iterator[bytes]], media_type: str) -> Response:
        """Answer with a document that may be of a whole city, each part made once those before have been taken.

        Others come in between on the store's thread, and whoever reads slowly, or not at all, costs the room of a part.
        The first part comes before the answer, so that what cannot be begun is a problem and no document.
        """
        parts = await self.value(begin)
        first = await self.run(lambda: next(parts, b""))
        return StreamingResponse(self._following(first, parts), media_type=media_type)

    async def _following(self, part: bytes, parts: Iterator[bytes]) -> AsyncIterator[bytes]:
        while part:
            yield part
            part = await self.run(lambda: next(parts, b""))

    async def away(self, work: Callable[[], T]) -> T:
        """Run long work that touches no store on a thread of its own, so that recording and other calls go on."""
        return await asyncio.to_thread(work)

    async def value(self, work: Callable[[Operations, Actor], T]) -> T:
        """Run an operation and give its value."""
        return await self.run(lambda: work(self.operations, self.actor))


def _array(things: Iterable[T], shape: Shape[tuple[T, ...]]) -> Iterator[bytes]:
    before = b"["
    for part in in_parts(things):
        yield before + shape.json(part)[1:-1]
        before = b","
    yield b"]" if before == b"," else b"[]"


bearer = HTTPBearer(auto_error=False, description="A token of `lightctl token create`; api/auth.py checks it.")


def _call(request: Request, _documented: Annotated[object, Depends(bearer)]) -> Call:
    _refuse_unknown_query(request)
    state = request.app.state
    return Call(state.operations, state.run, request.state.actor)


def _refuse_unknown_query(request: Request) -> None:
    """Refuse a parameter nobody reads: a filter with a typing error would silently list everything."""
    route = request.scope["route"]
    assert isinstance(route, APIRoute)
    known = [parameter.alias for parameter in route.dependant.query_params]
    unknown = sorted(set(request.query_params) - set(known))
    if unknown:
        takes = f"It takes {', '.join(known)}." if known else "It takes none."
        raise InvalidInput(f"query.{unknown[0]}", "this address has no such parameter", hint=takes)


Calling = Annotated[Call, Depends(_call)]
