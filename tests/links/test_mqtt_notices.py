"""A notice on a topic is taken when the broker has acknowledged it, whichever MQTT it speaks, and never retained."""

from __future__ import annotations

import asyncio
import datetime as dt

import aiomqtt
import pytest

from lightctl.links.mqtt import MqttEndpoint
from lightctl.links.mqtt_notices import MqttCarrier
from lightctl.links.notice import Notice, NotTaken
from tests.support.brokers import Broker, free_port
from tests.support.receivers import silent_server

NOW = dt.datetime(2026, 12, 4, 18, 0, tzinfo=dt.UTC)
NOTICE = Notice("n-1", "", "", b'{"specversion":"1.0"}')


async def test_a_listener_hears_it_once_and_one_who_comes_later_does_not(broker: Broker) -> None:
    carrier = MqttCarrier(MqttEndpoint(broker.host, broker.port), "city/notices", timeout_s=10)
    async with aiomqtt.Client(broker.host, broker.port) as listener:
        await listener.subscribe("city/#", qos=1)
        for _ in range(2):
            assert (await carrier.carry(NOTICE, NOW)).startswith("acknowledged by the broker")
        async with asyncio.timeout(10):
            heard = [await anext(aiter(listener.messages)) for _ in range(2)]
    assert [(str(each.topic), each.payload, each.retain) for each in heard] == [
        ("city/notices", NOTICE.body, False),
        ("city/notices", NOTICE.body, False),
    ]


async def test_a_broker_that_is_not_there_or_never_answers_is_temporary() -> None:
    with pytest.raises(NotTaken) as failure:
        await MqttCarrier(MqttEndpoint("127.0.0.1", free_port()), "t", timeout_s=5).carry(NOTICE, NOW)
    assert not failure.value.refused

    async with silent_server() as port, asyncio.timeout(15):
        with pytest.raises(NotTaken):
            await MqttCarrier(MqttEndpoint("127.0.0.1", port), "t", timeout_s=0.3).carry(NOTICE, NOW)
