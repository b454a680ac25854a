"""Starting: nothing heavy before a command runs; Ctrl-C; init; doctor."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import jsonschema_rs
import pytest

from lightctl import __version__
from lightctl.cli.failures import ExitCode
from lightctl.cli.main import NOUNS, build
from lightctl.files.inventory import read_inventory
from lightctl.files.schedules import read_schedules
from lightctl.files.settings import load_settings
from tests.support.doors import TEMPLATES, Cli, write_settings
from tests.support.editor import as_an_editor_reads

ROOT = Path(__file__).parents[2]
HEAVY = (
    "aiomqtt",
    "apscheduler",
    "asyncio",
    "fastapi",
    "holidays",
    "httpx",
    "msgspec",
    "pydantic",
    "pydantic_settings",
    "pymodbus",
    "rich",
    "ruamel",
    "sqlite3",
    "sqlite_utils",
    "starlette",
    "structlog",
    "uvicorn",
)


@pytest.mark.parametrize("argv", [["--version"], ["version"], ["light", "list", "--nope"]])
def test_nothing_heavy_is_loaded_before_a_command_runs(argv: list[str]) -> None:
    # Typer itself reads the arguments of a command with pydantic; before that not even this is loaded.
    heavy = [name for name in HEAVY if name != "pydantic" or argv == ["--version"]]
    script = (
        "import sys\nfrom lightctl.cli.main import run\n"
        f"run({argv!r})\nprint([name for name in {heavy!r} if name in sys.modules])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert ran.stdout.splitlines()[-1] == "[]"


def test_asking_a_daemon_loads_no_http_library_and_nothing_of_a_server() -> None:
    light = [name for name in HEAVY if name not in ("pydantic", "rich")]  # rich draws what is shown to a person
    script = (
        "import sys\nfrom lightctl.cli.main import run\n"
        "run(['light', 'show', 'LP-0001', '-o', 'json', '--url', 'http://127.0.0.1:1'])\n"
        f"print([name for name in {light!r} if name in sys.modules])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert ran.stdout.splitlines()[-1] == "[]"


def test_every_word_leads_to_its_noun_and_every_noun_is_found_by_its_words() -> None:
    for noun, words in NOUNS.items():
        named = {command.name for command in build((noun,)).registered_commands} - {"version"}
        named |= {group.name for group in build((noun,)).registered_groups}
        assert named == set(words), noun


def test_completion_loads_nothing_heavy() -> None:
    script = (
        "import sys\nfrom lightctl.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"print([name for name in {HEAVY!r} if name != 'pydantic' and name in sys.modules])"
    )
    environ = os.environ | {
        "_LIGHTCTL_COMPLETE": "complete_bash",
        "COMP_WORDS": "lightctl sched",
        "COMP_CWORD": "1",
        "PYTHONPATH": str(ROOT),
    }
    ran = subprocess.run(
        [sys.executable, "-c", script], env=environ, capture_output=True, text=True, check=True, timeout=60
    )
    assert ran.stdout.splitlines() == ["schedule", "[]"]


def test_the_version_is_that_of_the_package(tmp_path: Path) -> None:
    cli = Cli(tmp_path, "nothing")
    assert cli.done("--version").out == f"lightctl {__version__}\n"
    assert cli.done("version", "-o", "json").json() == {"version": __version__}


def test_help_of_every_command_is_there(tmp_path: Path) -> None:
    cli = Cli(tmp_path, "nothing")
    assert "schedule" in cli.done("--help").out
    assert "--until" in cli.done("dim", "-h").out


def test_ctrl_c_is_130(tmp_path: Path) -> None:
    write_settings(tmp_path)
    process = subprocess.Popen(
        [sys.executable, "-c", "from lightctl.cli.main import main; main()", "watch"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert "connection" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait()
    assert (process.returncode, said) == (ExitCode.INTERRUPTED, "")


def test_init_writes_what_works_as_it_is(tmp_path: Path) -> None:
    cli = Cli(tmp_path, "store")
    ran = cli.done("init", "city")
    assert ran.out.splitlines() == [
        "city/lightctl.toml",
        "city/schedules/residential.yaml",
        "city/schedules/schedule.schema.json",
        "city/inventory.csv",
    ]
    tomllib.loads((tmp_path / "city" / "lightctl.toml").read_text())
    assert load_settings(tmp_path / "city" / "lightctl.toml", {}, tmp_path).links
    city = Cli(tmp_path / "city", "store")
    city.done("schedule", "check", "schedules")
    city.done("inventory", "import", "inventory.csv")
    city.done("schedule", "apply", "schedules")
    assert len(city.done("light", "list", "-o", "json").json()) == 5


def test_init_puts_the_schema_where_the_schedule_tells_editors_to_look(tmp_path: Path) -> None:
    cli = Cli(tmp_path, "store")
    cli.done("init", "city")
    schedule = (tmp_path / "city" / "schedules" / "residential.yaml").read_text()
    named = schedule.splitlines()[0].removeprefix("# yaml-language-server: $schema=")
    written = (tmp_path / "city" / "schedules" / named).read_text()
    assert written == cli.done("schedule", "schema").out
    jsonschema_rs.Draft202012Validator(json.loads(written)).validate(as_an_editor_reads(schedule))


def test_init_overwrites_nothing(tmp_path: Path) -> None:
    (tmp_path / "inventory.csv").write_text("mine")
    ran = Cli(tmp_path, "store").done("init")
    assert (tmp_path / "inventory.csv").read_text() == "mine"
    assert "kept inventory.csv" in ran.err
    assert "inventory.csv" not in ran.out
    assert (tmp_path / "lightctl.toml").exists()


def test_init_where_nothing_can_be_written_is_exit_code_2(tmp_path: Path) -> None:
    (tmp_path / "city").write_text("a file")
    assert Cli(tmp_path, "store")("init", "city").code == ExitCode.USAGE


def test_the_shipped_examples_have_no_errors_and_no_warnings() -> None:
    found = read_schedules({"residential.yaml": (TEMPLATES / "residential.yaml").read_text()})
    assert (found.errors, found.warnings) == ((), ())
    rows = read_inventory((TEMPLATES / "inventory.csv").read_text(), format="csv", mapping=None, name="inventory.csv")
    assert (rows.errors, len(rows.points)) == ((), 5)


def states(cli: Cli) -> dict[str, tuple[str, str]]:
    return {check["name"]: (check["state"], check["remedy"]) for check in cli("doctor", "-o", "json").json()["checks"]}


def test_doctor_without_settings_warns_and_says_how_to_get_some(tmp_path: Path) -> None:
    cli = Cli(tmp_path, "store")
    found = states(cli)
    assert found["settings"][0] == "warn"
    assert "lightctl init" in found["settings"][1]
    assert cli("doctor").code == ExitCode.OK


def test_doctor_fails_on_what_would_keep_the_street_dark_and_says_what_to_do(tmp_path: Path) -> None:
    write_settings(tmp_path, '[links.mqtt]\ntype = "mqtt"\nurl = "mqtt://127.0.0.1:1"\n')
    (tmp_path / "store").write_text("a file stands here")
    cli = Cli(tmp_path, "store")
    found = states(cli)
    assert found["store"][0] == "fail"
    assert found["link mqtt"][0] == "fail"
    assert found["link mqtt"][1]
    assert cli("doctor").code == ExitCode.FAILED


def test_doctor_names_what_is_wrong_in_the_settings(tmp_path: Path) -> None:
    (tmp_path / "lightctl.toml").write_text("[site]\nnaem = 'x'\n")
    cli = Cli(tmp_path, "store")
    ran = cli("doctor", "-o", "json")
    failed = [check for check in ran.json()["checks"] if check["state"] == "fail"]
    assert (ran.code, len(failed)) == (ExitCode.FAILED, 1)
    assert "naem" in failed[0]["found"]


def test_doctor_of_a_url_nobody_answers_fails(tmp_path: Path) -> None:
    ran = Cli(tmp_path, "url")("doctor", "--url", "http://127.0.0.1:1", "-o", "json")
    assert ran.code == ExitCode.FAILED
    assert [check["name"] for check in ran.json()["checks"] if check["state"] == "fail"] == ["daemon"]
