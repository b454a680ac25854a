"""What the campaign on namespaces tells the kernel, that nothing of it is ever named in the machine's own list, and the
control that it must find. The namespaces have no way out of the machine."""

import json
import os
import subprocess
import sys

import pytest

from tests.campaigns import namespaces
from tests.support.brokers import find_mosquitto
from tests.support.namespaces import KINDS, rules, unavailable

PORT = 1883


@pytest.fixture
def kernel():
    """Leave the test out where the kernel gives no namespaces; in CI, which runs as root and installs nft, fail it."""
    find_mosquitto()
    why = unavailable()
    if why:
        if os.environ.get("CI") == "true":
            pytest.fail(why)
        pytest.skip(why)


def chains(kind: str, open_ports=()) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in rules(kind, "daemon", PORT, open_ports):
        words = line.split(maxsplit=5)
        if words[:2] == ["add", "rule"]:
            found.setdefault(words[4], []).append(words[5])
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_every_rule_concerns_one_link_and_the_brokers_port_alone(kind):
    for chain, lines in chains(kind, (50001,)).items():
        for line in lines:
            assert line.startswith({
                "to_daemon": f"iifname daemon tcp dport {PORT} ",
                "from_daemon": f"oifname daemon tcp sport {PORT} ",
            }[chain])  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "to", "back"),
    [
        ("nothing to the broker", True, False),
        ("nothing from the broker", False, True),
        ("cut", True, True),
        ("rejected", True, False),
        ("slow", False, False),
    ],
)
def test_each_way_is_bad_alone_where_its_name_says_so(kind, to, back):
    found = chains(kind)
    assert ("to_daemon" in found, "from_daemon" in found) == (to, back)


@pytest.mark.parametrize("percent", [1, 5, 20, 50])
def test_a_loss_is_so_many_packets_in_a_hundred_each_way(percent):
    found = chains(f"loss of {percent} %")
    assert all(line.endswith(f" numgen random mod 100 < {percent} drop") for lines in found.values() for line in lines)
    assert len(found) == 2


def test_half_open_concerns_those_who_are_connected_now_and_nobody_else():
    assert chains("half-open", (50001, 50002))["to_daemon"] == [
        f"iifname daemon tcp dport {PORT} tcp sport {{ 50001, 50002 }} drop"
    ]
    assert chains("half-open") == {}


def test_without_root_or_tools_the_campaign_says_so_and_ends_with_its_own_code(monkeypatch, capsys):
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert namespaces.main([]) == namespaces.UNAVAILABLE
    assert "need root" in capsys.readouterr().err
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("shutil.which", lambda _tool: None)
    assert namespaces.main([]) == namespaces.UNAVAILABLE
    assert "not installed here: ip, nft, tc" in capsys.readouterr().err


@pytest.mark.usefixtures("kernel")
def test_a_daemon_that_believes_its_broker_is_found_out_when_packets_are_lost():
    # A process of its own, as it leaves the machine's network for one without a way out.
    told = (namespaces.NAME, "--rounds", "1", "--seed", "1", "--break", "believe-the-broker", "-o", "json")
    done = subprocess.run(
        [sys.executable, "-m", "tests.campaigns", *told], capture_output=True, text=True, timeout=120, check=False
    )
    report = json.loads(done.stdout)
    assert done.returncode == 1, done.stderr
    assert report["injected"] == {"loss of 20 % for daemon": 1}
    assert any(each["what"].startswith("I3") for each in report["first_violations"]), report
