from __future__ import annotations

import asyncio

import pytest

from lightctl.domain.errors import LinkDown
from lightctl.links.stopping import end_if_cancelled, until_one_ends


async def for_ever() -> None:
    await asyncio.Event().wait()


async def test_a_cancellation_that_meets_a_result_still_ends_the_loop() -> None:
    asked: asyncio.Queue[asyncio.Future[None]] = asyncio.Queue()

    async def loop() -> None:
        while True:
            end_if_cancelled()
            answer = asyncio.get_running_loop().create_future()
            asked.put_nowait(answer)
            await asyncio.wait_for(answer, 1.0)

    task = asyncio.create_task(loop())
    answer = await asked.get()
    answer.set_result(None)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert asked.empty(), "it asked again after it was told to end"


async def test_the_first_error_ends_all_jobs_and_is_raised() -> None:
    async def failing() -> None:
        raise LinkDown("gone")

    before = asyncio.all_tasks()
    with pytest.raises(LinkDown, match="gone"):
        await until_one_ends(waiting=for_ever(), failing=failing())
    assert asyncio.all_tasks() == before


async def test_a_cancellation_that_meets_an_error_of_a_job_is_not_lost() -> None:
    broken = asyncio.Event()

    async def failing() -> None:
        await broken.wait()
        raise LinkDown("gone")

    task = asyncio.create_task(until_one_ends(waiting=for_ever(), failing=failing()))
    await asyncio.sleep(0.01)
    broken.set()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
