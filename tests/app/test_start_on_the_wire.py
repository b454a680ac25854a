"""A start, on a real broker: what each node is told, by a listener beside it."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from lightctl.api.http import build_app
from lightctl.app.daemon import Daemon
from lightctl.devices.codec import Outgoing
from lightctl.devices.native_node import encode_presence, encode_reported
from lightctl.files.settings_model import Settings
from lightctl.store.base import AuditDraft
from lightctl.store.sqlite import SqliteStore
from tests.support.brokers import NatsBroker
from tests.support.serving import operator
from tests.support.stores import NOW, point, report
from tests.support.wire_log import WireLog

LAMPS = [point(f"LP{number}", profile="native", link="mqtt", address="north") for number in range(1, 51)]
BETWEEN_REPORTS_S = 0.005


@contextlib.asynccontextmanager
async def a_street_that_talks(broker: NatsBroker) -> AsyncIterator[None]:
    """Nodes that are online and report one after the other; none does what it is told."""
    client = Client(CallbackAPIVersion.VERSION2, "street")
    client.connect(broker.host, broker.port)
    client.loop_start()

    def say(message: Outgoing) -> None:
        client.publish(message.topic, message.payload, message.qos, message.retain).wait_for_publish(10)

    async def talk() -> None:
        for number in range(1_000_000):
            lamp = LAMPS[number % len(LAMPS)]
            said = report(lamp.node, 1 + number, boot_id="b1", applied_revision=0)
            await asyncio.to_thread(say, encode_reported("north", said))
            await asyncio.sleep(BETWEEN_REPORTS_S)

    for lamp in LAMPS:
        await asyncio.to_thread(say, encode_presence("north", lamp.node, online=True, boot_id="b1"))
    talking = asyncio.create_task(talk())
    try:
        yield
    finally:
        talking.cancel()
        await asyncio.gather(talking, return_exceptions=True)
        client.disconnect()
        client.loop_stop()


async def test_a_daemon_that_starts_gives_each_node_its_document_once(tmp_path):
    folder = tmp_path / "store"
    store = SqliteStore(folder)
    store.put_points(LAMPS, AuditDraft(NOW, "olga", "cli", "inventory import", "city"))
    store.close()
    with NatsBroker(tmp_path / "broker") as broker, WireLog(broker.host, broker.port) as wire:
        link = {"type": "mqtt", "url": broker.url, "protocol": "3.1.1"}
        settings = Settings.model_validate(
            {"store": {"directory": str(folder)}, "http": {"port": 0}, "links": {"mqtt": link}}
        )
        daemon = Daemon(settings, build_app)
        async with a_street_that_talks(broker):
            serving = asyncio.create_task(daemon.run())
            async with await operator(folder) as client, asyncio.timeout(20):
                while len(+wire.given) < len(LAMPS):  # noqa: ASYNC110 - the listener has a thread of its own
                    await asyncio.sleep(0.01)
                # What somebody asks for now leaves after all that the start and its links brought about.
                held = await client.post("/v1/lights/level", json={"target": {"ids": ["LP1"]}, "level": 40})
                assert held.status_code == 200, held.text
                while wire.given["N-LP1"] < 2:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            daemon._stop.set()
            await serving
    assert wire.given == Counter({lamp.node: 2 if lamp.id == "LP1" else 1 for lamp in LAMPS})
