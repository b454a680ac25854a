"""Pages tell the truth: every command block is run, what it shows is compared, and nothing people can use goes unsaid.

What blocks may need (`needs=NAME`; tests/support/pages.py explains the fences):
  broker    an MQTT broker at the page's address 127.0.0.1:1883 (moved to a free port, as is the daemon's own address)
  city      a running city of five lamps at the page's address https://lights.example.org:8480, its tokens in `token`
            and `operator-token`
  network   packages are installed; run where CI=true
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import aiomqtt
import pytest
import typer

from lightctl.app.running.broker import NatsBroker, free_port
from lightctl.cli.failures import ExitCode
from lightctl.cli.main import build
from lightctl.devices.profile import shipped_profiles
from lightctl.domain.states import FaultEvent
from lightctl.files.schedules import read_schedules
from simulators.scenario import FAULT_KINDS
from tests.support.brokers import find_mosquitto, start_mosquitto
from tests.support.city import ROOT, City, commands, environment, living_city
from tests.support.cli_page import cli_page
from tests.support.pages import Block, Session, blocks, shows
from tests.support.settings_page import settings_page
from tests.support.support_table import page_with_table

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
ALL = "\n".join(page.read_text() for page in PAGES)
LANGUAGES = {"console", "text", "yaml", "toml", "csv", "ini", "json"}
LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?P<target>[^)\s]+)\)")
IN_CI = os.environ.get("CI") == "true"


def every_block(language: str) -> Iterator[tuple[str, Block]]:
    for name in NAMES:
        for block in blocks((ROOT / name).read_text()):
            if block.language == language:
                yield f"{name}:{block.line}", block


def needs(page: str, *wanted: str) -> bool:
    return any(block.flags.get("needs") in wanted for block in blocks((ROOT / page).read_text()))


@pytest.fixture(scope="module")
def environ(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("person")
    return environment(commands(folder / "bin"), folder)


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsBroker]:
    with NatsBroker(tmp_path_factory.mktemp("broker")) as broker:
        yield broker


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory, environ: dict[str, str]) -> Iterator[City]:
    with living_city(tmp_path_factory.mktemp("city"), environ) as city:
        yield city


@pytest.mark.parametrize("page", NAMES)
def test_every_command_of_a_page_does_what_the_page_shows(
    page: str, tmp_path: Path, environ: dict[str, str], request: pytest.FixtureRequest
) -> None:
    offered = {None, "broker"} if needs(page, "broker") else {None}
    http, mqtt = free_port(), request.getfixturevalue("broker").port if "broker" in offered else free_port()
    text = (ROOT / page).read_text()
    text = text.replace("127.0.0.1:1883", f"127.0.0.1:{mqtt}").replace("127.0.0.1:9099", f"127.0.0.1:{free_port()}")
    mine = {
        **environ,
        "LIGHTCTL_HTTP__PORT": str(http),
        "LIGHTCTL_LINKS__MQTT__TYPE": "mqtt",
        "LIGHTCTL_LINKS__MQTT__URL": f"mqtt://127.0.0.1:{mqtt}",
    }
    if needs(page, "city"):
        city: City = request.getfixturevalue("city")
        text = text.replace("https://lights.example.org:8480", city.url)
        (tmp_path / "token").write_text(city.technician_token)
        (tmp_path / "operator-token").write_text(city.operator_token)
        offered.add("city")
    with Session(tmp_path, mine) as session:
        for block in blocks(text):
            if "file" in block.flags:
                session.write(block)
            elif block.language == "console" and "by" not in block.flags and block.flags.get("needs") in offered:
                session.run(block)


@pytest.mark.skipif(not IN_CI, reason="installs packages: only where CI=true")
def test_the_installation_of_operations_works_from_a_clone(tmp_path: Path, environ: dict[str, str]) -> None:
    clone = tmp_path / "clone"
    shutil.copytree(ROOT, clone, ignore=shutil.ignore_patterns(".venv", ".git", ".*cache", ".lightctl", "tests"))
    reach = {
        key: value for key, value in os.environ.items() if key.startswith(("PIP_", "SSL_")) or "proxy" in key.lower()
    }
    text = (ROOT / "docs" / "operations.md").read_text().replace("/opt/lightctl", str(tmp_path / "opt"))
    mine = {**environ, **reach}
    del mine["PYTHONPATH"]
    ran = 0
    with Session(clone, mine) as session:
        for block in blocks(text):
            if block.flags.get("needs") == "network":
                session.run(block)
                ran += 1
    assert ran
    demo = subprocess.run(
        [tmp_path / "opt" / "bin" / "lightctl", "demo", "--help"],
        cwd=tmp_path,
        env=mine,
        capture_output=True,
        check=False,
    )
    assert demo.returncode == 0, demo.stderr


@pytest.fixture
def passwords(tmp_path: Path) -> None:
    find_mosquitto()
    path = tmp_path / "passwd"
    path.write_text("".join(f"{user}:{user}\n" for user in ("lightctl", "N-1")))
    subprocess.run(["mosquitto_passwd", "-U", path], check=True)


@pytest.mark.usefixtures("passwords")
async def test_with_the_acl_of_operations_a_node_speaks_and_hears_for_itself_alone(tmp_path: Path) -> None:
    (acl,) = [block.body for _, block in every_block("text") if block.flags.get("file") == "acl"]
    (configuration,) = [block.body for _, block in every_block("text") if block.flags.get("file") == "mosquitto.conf"]
    (tmp_path / "acl").write_text(acl)
    wanted = ("password_file", "acl_file")
    lines = [
        line.replace("/etc/mosquitto", str(tmp_path)) for line in configuration.splitlines() if line.startswith(wanted)
    ]
    assert len(lines) == len(wanted)
    with start_mosquitto(tmp_path / "mosquitto", lines=tuple(lines), anonymous=False) as broker:
        at = {"hostname": broker.host, "port": broker.port}
        own = {**at, "username": "N-1", "password": "N-1"}
        async with aiomqtt.Client(**at, username="lightctl", password="lightctl") as daemon:
            await daemon.subscribe("lightctl/v1/#", qos=1)
            for topic in ("N-2/reported", "N-1/desired"):
                with contextlib.suppress(aiomqtt.MqttError):  # Mosquitto 2.0.11 ends a connection over a denied publish
                    async with aiomqtt.Client(**own) as intruder:
                        await intruder.publish(f"lightctl/v1/main/{topic}", b"forged", qos=1)
            async with aiomqtt.Client(**own) as node:
                await node.subscribe("lightctl/v1/#", qos=1)
                for other in ("N-2", "N-1"):
                    await daemon.publish(f"lightctl/v1/main/{other}/desired", b"lit", qos=1)
                assert await _next(node) == ("lightctl/v1/main/N-1/desired", b"lit")
                await node.publish("lightctl/v1/main/N-1/reported", b"so", qos=1)
            heard = [await _next(daemon) for _ in range(3)]
        assert ("lightctl/v1/main/N-1/reported", b"so") in heard
        assert [topic for topic, payload in heard if payload == b"forged"] == []


async def _next(client: aiomqtt.Client) -> tuple[str, bytes]:
    async with asyncio.timeout(10):
        message = await anext(aiter(client.messages))
    return str(message.topic), bytes(message.payload)


def test_every_need_of_a_block_is_one_that_is_offered_here() -> None:
    needed = {block.flags["needs"] for _, block in every_block("console") if "needs" in block.flags}
    assert needed <= {"broker", "city", "network"}


def test_what_a_page_leaves_to_ci_is_run_by_ci() -> None:
    script = (ROOT / ".ci" / "run").read_text()
    left = [
        command.text
        for _, block in every_block("console")
        if block.flags.get("by") == "ci"
        for command in block.commands()
    ]
    assert left
    assert [text for text in left if text not in script] == []


def test_every_block_says_what_it_is() -> None:
    unnamed = [
        f"{name}:{block.line}"
        for name in NAMES
        for block in blocks((ROOT / name).read_text())
        if block.language not in LANGUAGES or (block.language == "text" and block.body.startswith("$ "))
    ]
    assert unnamed == []


def test_every_schedule_on_a_page_can_be_applied() -> None:
    found = [(where, block) for where, block in every_block("yaml") if "programs:" in block.body]
    assert found
    for where, block in found:
        wrong = read_schedules({where: block.body}).errors
        assert bool(wrong) == block.flags.get("file", "").startswith("drafts/"), f"{where}: {wrong}"


def test_every_settings_block_on_a_page_is_toml() -> None:
    for _, block in every_block("toml"):
        assert tomllib.loads(block.body)


def test_every_json_block_on_a_page_is_json() -> None:
    for _, block in every_block("json"):
        assert json.loads(block.body)


def test_every_key_of_a_scenario_stands_on_the_page_of_simulators() -> None:
    page = (ROOT / "docs" / "simulators.md").read_text()
    source = (ROOT / "simulators" / "scenario.py").read_text()
    calls = r"\.(?:section|sections|text|texts|integer|number|boolean|choice|duration|instant|span)\(\s*\"(\w+)\""
    keys = {*re.findall(calls, source), *FAULT_KINDS}
    assert len(keys) > 40
    assert sorted(key for key in keys if not re.search(rf"\b{key}\b", page)) == []


@pytest.mark.parametrize("page", NAMES)
def test_every_link_inside_the_repository_leads_somewhere(page: str) -> None:
    for match in LINK.finditer((ROOT / page).read_text()):
        path, _, anchor = match["target"].partition("#")
        assert "://" not in path, f"{page} links outside: {path}"
        target = ((ROOT / page).parent / path).resolve() if path else ROOT / page
        assert target.exists(), f"{page} links to {path}"
        if anchor:
            assert anchor in {_anchor(line) for line in target.read_text().splitlines() if line.startswith("#")}


def test_every_command_stands_on_some_page() -> None:
    group = typer.main.get_command(build())
    assert [name for name in _leaves(group) if f"lightctl {name}" not in ALL] == []


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (("schedule", "check", "schedules/residential.yaml"), "schedule check"),
        (
            ("schedule", "preview", "schedules/residential.yaml", "--program", "residential", "--place", "51,7"),
            "schedule preview",
        ),
        (
            ("schedule", "lint", "schedules/bad/lint-daylight.yaml", "--place", "51,7", "--year", "2027"),
            "schedule lint",
        ),
    ],
)
def test_the_keys_of_json_without_a_shape_are_those_on_the_page(arguments, name, environ) -> None:
    done = subprocess.run(
        ["lightctl", *arguments, "-o", "json"], cwd=ROOT, env=environ, capture_output=True, text=True, check=True
    )
    told = re.search(rf"^{name} (.+(?:\n {{10,}}.+)*)", (ROOT / "docs" / "cli.md").read_text(), re.MULTILINE)
    assert told is not None
    found = set(re.findall(r'"(\w+)": ?(?=[\["{}\dtfn])', re.sub(r"\\.", "", done.stdout)))
    assert found <= set(re.findall(r'"(\w+)"', told[1]))


def test_every_exit_code_stands_on_the_technicians_page() -> None:
    page = (ROOT / "docs" / "technician.md").read_text()
    told = {int(number) for number in re.findall(r"^\| (\d+) \|", page, re.MULTILINE)}
    assert told == {int(code) for code in ExitCode}


def test_the_page_of_settings_is_that_of_the_settings() -> None:
    assert (ROOT / "docs" / "settings.md").read_text() == settings_page(), (
        "python -m tests.support.settings_page > docs/settings.md"
    )


def test_the_page_of_commands_is_that_of_the_commands() -> None:
    assert (ROOT / "docs" / "cli.md").read_text() == cli_page(), "python -m tests.support.cli_page > docs/cli.md"


def test_the_table_of_devices_is_that_of_the_profiles() -> None:
    assert (ROOT / "docs" / "nodes.md").read_text() == page_with_table(), "python -m tests.support.support_table"


def test_every_fault_stands_on_the_operations_page() -> None:
    page = (ROOT / "docs" / "operations.md").read_text()
    assert [event.value for event in FaultEvent if f"`{event.value}`" not in page] == []


def test_the_page_of_faults_has_a_row_for_every_fault() -> None:
    rows = [line for line in (ROOT / "docs" / "faults.md").read_text().splitlines() if line.startswith("| `")]
    assert all(line.count("|") == 6 for line in rows)
    explained = {name for line in rows for name in re.findall(r"`(\w+)`", line.split("|")[1])}
    assert explained == {event.value for event in FaultEvent}


def test_every_profile_stands_on_the_operations_page() -> None:
    page = (ROOT / "docs" / "operations.md").read_text()
    assert [name for name in shipped_profiles() if f"`{name}`" not in page] == []


def test_shown_output_must_come_as_shown() -> None:
    assert shows("ok: 3\n...\nend", "ok:   3\nanything\nat all\nend\n")
    assert shows("a ... c", "a b c")
    assert not shows("ok: 3", "ok: 4")
    assert not shows("ok: 3", "ok: 3\nand a warning")
    assert not shows("...serving...", "stopped")


def test_a_session_keeps_folder_and_variables_and_sees_a_wrong_exit_code(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    page = "```console\n$ mkdir there; cd there; export A=b\n$ echo $A $(basename $PWD)\nb there\n```\n"
    with Session(tmp_path, dict(environ)) as session:
        for block in blocks(page):
            session.run(block)
        with pytest.raises(AssertionError, match="exit code 1, wanted 0"):
            session.run(blocks("```console\n$ false\n```")[0])
        with pytest.raises(AssertionError, match="what the page shows"):
            session.run(blocks("```console\n$ echo yes\nno\n```")[0])


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w -]", "", heading.lstrip("#").strip().lower()).replace(" ", "-")


def _leaves(command: object, path: str = "") -> Iterator[str]:
    for name, sub in getattr(command, "commands", {}).items():
        if getattr(sub, "commands", None):
            yield from _leaves(sub, f"{path}{name} ")
        elif not getattr(sub, "hidden", False):
            yield f"{path}{name}"
