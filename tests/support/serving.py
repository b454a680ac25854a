"""A client of a daemon that runs in the test's own process."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import httpx


async def operator(folder: Path) -> httpx.AsyncClient:
    """Wait until a daemon says where it is, and speak to it as an operator."""
    async with asyncio.timeout(10):
        while not (folder / "daemon.json").exists():  # noqa: ASYNC110 - another task writes it
            await asyncio.sleep(0.01)
    told = json.loads((folder / "daemon.json").read_text())
    bearer = {"Authorization": f"Bearer {(folder / 'operator.token').read_text().strip()}"}
    return httpx.AsyncClient(base_url=told["url"], headers=bearer, trust_env=False)
