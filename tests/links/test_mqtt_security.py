"""Credentials, denied publishes and TLS, on Mosquitto, whose access rules and certificates a test can write."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from lightctl.app.clock import RunClock
from lightctl.devices.profile import shipped_profiles
from lightctl.domain.events import ActionFinished, BrokerAcked, Event, LinkChanged, SendFailed
from lightctl.links.base import Emit
from lightctl.links.mqtt import MqttEndpoint, MqttLink
from tests.support.brokers import MosquittoBroker, find_mosquitto, start_mosquitto
from tests.support.certificates import certificates
from tests.support.street import action, node, order
from tests.support.watching import Watcher, running

PROFILES = shipped_profiles()
SECRET = "canary-8d1f"


def make_link(broker: MosquittoBroker, watcher: Emit, **settings: object) -> MqttLink:
    given = {"reconnect_cap_s": 0.3, **settings}
    endpoint = MqttEndpoint(broker.host, broker.port, **given)  # type: ignore[arg-type]
    link = MqttLink("street", endpoint, PROFILES, watcher, RunClock(), seed=7)
    link.attach({"A": node("A"), "B": node("B")})
    return link


def password_file(folder: Path) -> Path:
    find_mosquitto()
    tool = shutil.which("mosquitto_passwd")
    if tool is None:
        pytest.skip("mosquitto_passwd is not installed here")
    path = folder / "passwords"
    subprocess.run([tool, "-b", "-c", str(path), "daemon", SECRET], check=True, capture_output=True)
    path.chmod(0o644)
    return path


async def test_a_denied_publish_fails_for_good_and_the_others_get_through(tmp_path: Path) -> None:
    """Mosquitto 2.0 ends the connection over each denied publish, and loses what was in flight with it."""
    rules = tmp_path / "acl"
    rules.write_text("topic read lightctl/v1/#\ntopic write lightctl/v1/main/A/#\n")
    watcher, refused = Watcher(), set[str]()

    def as_the_controller_does(event: Event) -> None:
        watcher(event)
        if isinstance(event, SendFailed) and event.permanent:
            refused.add(event.node)
        if isinstance(event, LinkChanged) and event.up:
            for name in {"A", "B"} - refused:
                link.submit(order(node(name), 1))

    with start_mosquitto(tmp_path / "broker", lines=(f"acl_file {rules}",)) as broker:
        link = make_link(broker, as_the_controller_does)
        async with running(link):
            failed = await watcher.until(SendFailed, lambda event: event.permanent)
            assert (await watcher.until(BrokerAcked)).node == "A"
            link.submit(action(node("B")))
            await watcher.until(ActionFinished)
    assert failed.node == "B"
    assert "Not authorized" in failed.detail or "denied" in failed.detail
    assert refused == {"B"}
    assert len(watcher.of(LinkChanged)) <= 10


async def test_a_wrong_password_is_said_once_and_never_a_busy_loop(tmp_path: Path) -> None:
    watcher, passwords = Watcher(), password_file(tmp_path)
    with start_mosquitto(tmp_path / "broker", lines=(f"password_file {passwords}",), anonymous=False) as broker:
        async with running(make_link(broker, watcher, username="daemon", password="wrong", reconnect_cap_s=5.0)):
            down = await watcher.until(LinkChanged)
            with pytest.raises(AssertionError):
                await watcher.until(LinkChanged, lambda event: event is not down, seconds=1.5)
        tries = (tmp_path / "broker" / "mosquitto.log").read_text().count("New connection")
    assert not down.up
    assert "user name or password" in down.detail or "authori" in down.detail.lower()
    assert tries <= 12


async def test_the_right_password_connects_and_shows_in_no_text(tmp_path: Path) -> None:
    watcher, passwords = Watcher(), password_file(tmp_path)
    with start_mosquitto(tmp_path / "broker", lines=(f"password_file {passwords}",), anonymous=False) as broker:
        link = make_link(broker, watcher, username="daemon", password=SECRET)
        async with running(link):
            assert (await watcher.until(LinkChanged)).up
    assert SECRET not in repr(link._endpoint)
    assert SECRET not in repr(watcher.events)


async def test_tls_with_the_right_authority_connects(tmp_path: Path) -> None:
    watcher, (ca, cert, key) = Watcher(), certificates(tmp_path)
    with start_mosquitto(tmp_path / "broker", lines=(f"certfile {cert}", f"keyfile {key}")) as broker:
        link = make_link(broker, watcher, tls=True, ca_file=str(ca))
        async with running(link):
            assert (await watcher.until(LinkChanged)).up
            link.submit(order(node("A"), 1))
            await watcher.until(BrokerAcked)


async def test_tls_refuses_a_broker_the_authority_does_not_vouch_for(tmp_path: Path) -> None:
    watcher, (_, cert, key) = Watcher(), certificates(tmp_path)
    with start_mosquitto(tmp_path / "broker", lines=(f"certfile {cert}", f"keyfile {key}")) as broker:
        async with running(make_link(broker, watcher, tls=True)):
            down = await watcher.until(LinkChanged)
    assert not down.up
    assert "certificate" in down.detail.lower()


async def test_a_missing_certificate_file_is_a_reason_not_a_crash(tmp_path: Path) -> None:
    watcher = Watcher()
    with start_mosquitto(tmp_path / "broker") as broker:
        async with running(make_link(broker, watcher, tls=True, ca_file=str(tmp_path / "none.crt"))):
            down = await watcher.until(LinkChanged)
    assert "TLS files" in down.detail


async def test_a_link_pushed_out_by_its_own_client_id_says_what_to_look_for(tmp_path: Path) -> None:
    first, second = Watcher(), Watcher()
    with start_mosquitto(tmp_path / "broker") as broker:
        async with running(make_link(broker, first, client_id="same", reconnect_cap_s=30.0)):
            await first.until(LinkChanged)
            async with running(make_link(broker, second, client_id="same", reconnect_cap_s=30.0)):
                down = await first.until(LinkChanged, lambda event: not event.up)
    assert "another client named same" in down.detail
